/* SPDX-License-Identifier: MIT */
/* world_load: a situation as the engine would load it, and time that passes. */
#include "tests/model/world_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- names */

const char *
person_id(int i)
{
	static const char *const ids[PEOPLE] = { "anna", "boris" };

	return ids[i];
}

void
line_sid(int n, int k, char ret_sid[SID_SIZE])
{
	memset(ret_sid, 0, SID_SIZE);
	snprintf(ret_sid, SID_SIZE, "%d%c", n, 'a' + k);
}

void
leg_sid(int n, int k, char ret_sid[SID_SIZE])
{
	line_sid(n, k, ret_sid);
	strcat(ret_sid, "/leg");
}

bool
setting_rings(const struct setting *setting)
{
	return setting->fence == BY_KEY || setting->fence == BY_CUSTOMER;
}

int
person_index(const char *id)
{
	for (int i = 0; i < PEOPLE; i++) {
		if (strcmp(person_id(i), id) == 0)
			return i;
	}
	return -1;
}

enum call_progress
line_progress(const struct line *line)
{
	switch ((enum phase)line->phase) {
	case PHASE_RINGING:
		return PROGRESS_AGENT_RINGING;
	case PHASE_UP:
	case PHASE_KEYS:
	case PHASE_CUSTOMER_OVER:
	case PHASE_RESULT:
		return PROGRESS_AGENT_UP;
	case PHASE_CUSTOMER_RINGING:
	case PHASE_CUSTOMER_ASKS:
	case PHASE_CUSTOMER_KEYS:
	case PHASE_SECOND_RINGING:
	case PHASE_SECOND_UP:
		return PROGRESS_CUSTOMER_RINGING;
	case PHASE_CUSTOMER_UP:
		return PROGRESS_CUSTOMER_UP;
	case PHASE_OVER:
		return PROGRESS_OVER;
	case PHASE_NONE:
		break;
	}
	return PROGRESS_NONE;
}

/* ---- loading, as the engine does */

static void
load_request(const struct model *model, const struct world *world,
    struct situation *to)
{
	const struct asked *asked = pool_at(&model->requests, world->request);

	to->request = asked->request;
	to->askers = asked->askers;
}

static void
load(const struct model *model, const struct world *world,
    const struct record_ref *ref, struct situation *to)
{
	int i;

	switch (ref->kind) {
	case RECORD_REQUEST:
		load_request(model, world, to);
		break;
	case RECORD_CALL:
		if (world->calls[ref->n - 1] != 0)
			to->calls[to->call_count++] =
			    *world_call(model, world, ref->n);
		break;
	case RECORD_SPECIALIST:
		i = person_index(ref->id);
		if (i >= 0 && world->people[i] != 0)
			to->specialists[to->specialist_count++] =
			    *world_person(model, world, i);
		break;
	case RECORD_NONE:
	case RECORD_CASE:
	case RECORD_MESSAGE:            /* tests/unit/message walks those */
	case RECORD_COUNT:
		break;
	}
}

void
world_load(const struct model *model, const struct world *world,
    const struct firing *firing, struct situation *to)
{
	const struct record_ref *ref = &firing->event.to;
	struct record_ref missing[16], with;
	const struct specialist *addressed = NULL;
	size_t count;

	memset(&to->request, 0, sizeof(to->request));
	to->case_file.number[0] = '\0';
	to->specialist_count = 0;
	to->call_count = 0;
	to->askers.count = 0;
	if (ref->kind == RECORD_SPECIALIST)
		addressed = world_person(model, world, person_index(ref->id));
	if (addressed == NULL || addressed->request[0] != '\0')
		load_request(model, world, to);
	for (;;) {
		count = situation_missing(to, ref, missing, COUNT_OF(missing));
		if (count == 0)
			break;
		for (size_t i = 0; i < count; i++)
			load(model, world, &missing[i], to);
	}
	if (firing->with == NULL ||
	    situation_specialist(to, firing->with) != NULL)
		return;
	with = record_ref_specialist(firing->with);
	load(model, world, &with, to);
}

/* ---- time */

static void
pass_request(const struct model *model, struct request *r, enum passed passed)
{
	const struct policy *policy = &model->open;
	int64_t lead_ms = policy->agent_ring_ms + policy->ring_ms;

	switch (passed) {
	case PASSED_MOMENT:
		r->at_ms = NOW_MS;
		break;
	case PASSED_RUNG:
		r->promise_at_ms = NOW_MS + 1;
		break;
	case PASSED_PROMISE:
		r->promise_at_ms = NOW_MS - 1;
		break;
	case PASSED_NEAR:
		r->second_at_ms = r->second_at_ms == 0 ? 0 : NOW_MS + lead_ms;
		break;
	case PASSED_SECOND:
		r->second_at_ms = r->second_at_ms == 0 ? 0 : NOW_MS - 1;
		break;
	case PASSED_PATIENCE:
		r->promise_at_ms = NOW_MS - policy->give_up_ms - 2;
		r->second_at_ms = r->second_at_ms == 0 ? 0 :
		    NOW_MS - policy->give_up_ms - 1;
		break;
	case PASSED_HOLD:
		r->hold_until_ms = r->hold_until_ms == 0 ? 0 : NOW_MS;
		break;
	case PASSED_WISH:
		r->wished_until_ms = r->wished_until_ms == 0 ? 0 : NOW_MS;
		break;
	case PASSED_STATE:
		r->state_until_ms = r->state_until_ms == 0 ? 0 : NOW_MS;
		break;
	case PASSED_OFFER_1:
	case PASSED_OFFER_2:
		r->offers[passed - PASSED_OFFER_1].until_ms = NOW_MS;
		break;
	case PASSED_OFFERS:
		for (size_t i = 0; i < OFFER_MAX; i++)
			r->offers[i].until_ms = NOW_MS;
		break;
	case PASSED_NOTHING:
	case PASSED_LEASE:
	case PASSED_LOOK_UP:
	case PASSED_QUARANTINE:
	case PASSED_LENGTH:
	case PASSED_COUNT:
		break;
	}
	r->record.wake_at_ms = request_wake(policy, r, NOW_MS);
}

static void
pass_call(const struct model *model, struct call *c, enum passed passed)
{
	const struct policy *policy = &model->open;

	c->record.wake_at_ms = NOW_MS;
	if (passed == PASSED_LEASE)
		c->placed_at_ms = NOW_MS - policy->place_lease_ms;
	else if (passed == PASSED_LOOK_UP)
		c->unsure_at_ms = NOW_MS - policy->look_up_ms;
	else if (passed == PASSED_QUARANTINE)
		/* and the one look-up after it */
		c->unsure_at_ms = NOW_MS - policy->quarantine_ms -
		    policy->look_up_ms;
	if (passed != PASSED_LENGTH)
		return;
	c->placed_at_ms = NOW_MS - 10 * policy->call_max_ms;
	if (c->over_at_ms != 0)
		c->over_at_ms = c->placed_at_ms;
}

static void
pass_specialist(const struct model *model, struct specialist *s)
{
	s->until_ms = s->until_ms == 0 ? 0 : NOW_MS;
	s->return_at_ms = s->return_at_ms == 0 ? 0 : NOW_MS;
	if (s->elsewhere_until_ms != 0)
		s->elsewhere_until_ms = NOW_MS;
	if (s->state == SPECIALIST_IDLE)
		s->seen_at_ms = PAST;
	s->record.wake_at_ms = specialist_wake(&model->open, s, NOW_MS);
}

/* False: a record whose moment never comes is not woken. */
bool
world_pass_time(const struct model *model, struct situation *s,
    const struct firing *firing)
{
	const struct record_ref *to = &firing->event.to;
	const struct record *record = situation_record(s, to);

	if (firing->passed == PASSED_NOTHING)
		return true;
	if (record == NULL || (firing->event.kind == EVENT_DUE &&
	        record->wake_at_ms == 0))
		return false;
	if (to->kind == RECORD_REQUEST)
		pass_request(model, &s->request, firing->passed);
	else if (to->kind == RECORD_CALL)
		pass_call(model, situation_call(s, to->n), firing->passed);
	else
		pass_specialist(model, situation_specialist(s, to->id));
	return firing->event.kind != EVENT_DUE ||
	    (record->wake_at_ms != 0 && record->wake_at_ms <= NOW_MS);
}
