/* SPDX-License-Identifier: MIT */
/* world: packing, stepping the real tables, and what must always hold. */
#include "tests/model/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/promise.h"

#define MINUTE_MS INT64_C(60000)
#define PAST (NOW_MS - 10 * MINUTE_MS)
#define FUTURE (NOW_MS + 10000 * MINUTE_MS)
#define IN_QUEUE(state)                                                        \
	((state) == REQUEST_WAITING || (state) == REQUEST_OFFERED)
enum { FOLDS_MAX = 12 };

/* Equal values, once each; they stay where they are. */
enum { BLOCK_ITEMS = 1024, BLOCKS_MAX = 4096 };
struct pool {
	size_t item_size;
	char *blocks[BLOCKS_MAX];  uint32_t count;
	uint32_t *slots, slot_count;    /* 0: free, else index + 1 */
};

struct asked {
	struct request request;
	struct askers askers;
};

struct model {
	const struct setting *setting;
	enum plant plant;
	struct policy open, closed;
	struct queue_policy queues[2][2];
	struct specialist_policy people[PEOPLE];
	struct pool requests, specialists, calls;
	struct outcome outcome;
	struct situation before;
	enum event_kind event;          /* the last that was tried */
	char fault[256];
};

unsigned long rows_used[RECORD_COUNT][ROWS_MAX];

/* ---- pools */

static uint64_t
hash_of(const void *bytes, size_t size)
{
	const char *at = bytes;
	uint64_t hash = 0x9E3779B97F4A7C15u, word;

	for (size_t i = 0; i + 8 <= size; i += 8) {
		memcpy(&word, at + i, 8);
		hash = (hash ^ word) * 0xFF51AFD7ED558CCDu;
		hash ^= hash >> 32;
	}
	return hash;
}

/* id: index + 1. */
static char *
pool_item(const struct pool *pool, uint32_t id)
{
	return pool->blocks[(id - 1) / BLOCK_ITEMS] +
	    (id - 1) % BLOCK_ITEMS * pool->item_size;
}

static void
pool_grow(struct pool *pool)
{
	uint32_t slot_count = pool->slot_count == 0 ? 1024 :
	    pool->slot_count * 2;

	free(pool->slots);
	pool->slots = calloc(slot_count, sizeof(*pool->slots));
	CHECK(pool->slots != NULL);
	pool->slot_count = slot_count;
	for (uint32_t id = 1; id <= pool->count; id++) {
		uint32_t at = (uint32_t)hash_of(pool_item(pool, id),
		    pool->item_size) & (slot_count - 1);

		while (pool->slots[at] != 0)
			at = (at + 1) & (slot_count - 1);
		pool->slots[at] = id;
	}
}

static uint32_t
intern(struct pool *pool, const void *item)
{
	uint32_t at;

	if (pool->count * 2 >= pool->slot_count)
		pool_grow(pool);
	at = (uint32_t)hash_of(item, pool->item_size) & (pool->slot_count - 1);
	while (pool->slots[at] != 0) {
		if (memcmp(pool_item(pool, pool->slots[at]), item,
		        pool->item_size) == 0)
			return pool->slots[at];
		at = (at + 1) & (pool->slot_count - 1);
	}
	if (pool->count % BLOCK_ITEMS == 0) {
		CHECK(pool->count / BLOCK_ITEMS < BLOCKS_MAX);
		pool->blocks[pool->count / BLOCK_ITEMS] =
		    malloc(BLOCK_ITEMS * pool->item_size);
		CHECK(pool->blocks[pool->count / BLOCK_ITEMS] != NULL);
	}
	memcpy(pool_item(pool, ++pool->count), item, pool->item_size);
	pool->slots[at] = pool->count;
	return pool->count;
}

static const void *
pool_at(const struct pool *pool, uint32_t id)
{
	return id == 0 ? NULL : pool_item(pool, id);
}

const struct request *
world_request(const struct model *model, const struct world *world)
{
	const struct asked *asked = pool_at(&model->requests, world->request);

	return &asked->request;
}

const struct specialist *
world_person(const struct model *model, const struct world *world, int i)
{
	return pool_at(&model->specialists, world->people[i]);
}

const struct call *
world_call(const struct model *model, const struct world *world, int n)
{
	return pool_at(&model->calls, world->calls[n - 1]);
}

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

static int
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

/* ---- the rules */

static void
fill_queue(struct queue_policy *queue, const char *id)
{
	queue_policy_defaults(queue);
	snprintf(queue->id, sizeof(queue->id), "%s", id);
	queue->is_default = true;
}

static void
fill_dispositions(struct policy *policy)
{
	static const struct disposition dispositions[] = {
		{ 1, "done", "Done", THEN_CLOSE },
		{ 2, "pass", "Pass on", THEN_PASS },
		{ 3, "later", "Call again", THEN_SCHEDULE },
		{ 4, "machine", "Answering machine", THEN_RETRY },
	};

	memcpy(policy->dispositions, dispositions, sizeof(dispositions));
	policy->disposition_count = COUNT_OF(dispositions);
}

static void
fill_people(struct model *model)
{
	const struct setting *setting = model->setting;

	for (int i = 0; i < PEOPLE; i++) {
		struct specialist_policy *who = &model->people[i];

		specialist_policy_defaults(who);
		snprintf(who->id, sizeof(who->id), "%s", person_id(i));
		snprintf(who->name, sizeof(who->name), "%s", person_id(i));
		snprintf(who->addresses[0].to, ADDRESS_SIZE, "ext:10%d", i);
		who->address_count = 1;
		snprintf(who->queues[0].id, ID_SIZE, "cards");
		who->queues[0].level = 5;
		who->queue_count = 1;
		who->offer = setting->offer;
		who->confirm = setting->confirm;
		who->accept = setting->accept;
	}
}

static void
fill_policies(struct model *model)
{
	const struct setting *setting = model->setting;
	struct policy *policy = &model->open;

	policy_defaults(policy);
	for (int i = 0; i < 2; i++) {
		fill_queue(&model->queues[i][0], "cards");
		fill_queue(&model->queues[i][1], "loans");
	}
	fill_dispositions(policy);
	fill_people(model);
	policy->queues = model->queues[0];
	policy->queue_count = 2;
	policy->specialists = model->people;
	policy->specialist_count = PEOPLE;
	policy->retry_count = 1;
	policy->ignored_pause = 1;
	policy->ignored_return_ms = 30 * MINUTE_MS;
	policy->presence_ms = 5 * MINUTE_MS;
	policy->give_up_ms = setting->with & WITH_DELAY ? 90 * MINUTE_MS : 0;
	if (setting->fence != BY_HAND) {
		policy->providers[0] = (struct provider_facts){ .id = "line",
			.authorises_on_answer = setting->fence == BY_ANSWER,
			.can_find = (setting->with & WITHOUT_FINDING) == 0,
			.can_hang_up = true };
		policy->provider_count = 1;
		memcpy(policy->voice[0], "line", 5);
		policy->voice_count = 1;
	}
	model->closed = *policy;
	model->queues[1][0].closed_until_ms = FUTURE;
	model->closed.queues = model->queues[1];
}

struct model *
model_new(const struct setting *setting, enum plant plant)
{
	struct model *model = calloc(1, sizeof(*model));

	CHECK(model != NULL);
	model->setting = setting;
	model->plant = plant;
	model->requests.item_size = sizeof(struct asked);
	model->specialists.item_size = sizeof(struct specialist);
	model->calls.item_size = sizeof(struct call);
	fill_policies(model);
	return model;
}

void
model_free(struct model *model)
{
	struct pool *pools[] = { &model->requests, &model->specialists,
		&model->calls };

	for (size_t i = 0; i < COUNT_OF(pools); i++) {
		for (size_t at = 0; at < BLOCKS_MAX; at++)
			free(pools[i]->blocks[at]);
		free(pools[i]->slots);
	}
	free(model);
}

const struct setting *
model_setting(const struct model *model)
{
	return model->setting;
}

const char *
model_fault(const struct model *model)
{
	return model->fault;
}

static bool PRINTF_LIKE(2, 3)
fault(struct model *model, const char *format, ...)
{
	va_list arguments;
	size_t length;

	if (model->fault[0] != '\0')
		return false;
	va_start(arguments, format);
	vsnprintf(model->fault, sizeof(model->fault), format, arguments);
	va_end(arguments);
	length = strlen(model->fault);
	snprintf(model->fault + length, sizeof(model->fault) - length,
	    " (last event: %s)", event_kind_names[model->event]);
	return false;
}

/* ---- records without their instants */

/* What a shorter text has left behind it is no part of its value. */
static void
clean_texts(enum record_kind kind, void *record)
{
	const struct field_table *table = record_fields(kind);

	for (size_t i = 0; i < table->count; i++) {
		const struct field *field = &table->fields[i];
		char *at = (char *)record + field->offset;
		size_t length;

		if (field->type != FIELD_TEXT)
			continue;
		length = strlen(at);
		memset(at + length, 0, field->size - length);
	}
}

static int64_t
was(int64_t at_ms)
{
	return at_ms == 0 ? 0 : PAST;
}

static int64_t
will_be(int64_t at_ms)
{
	return at_ms == 0 ? 0 : FUTURE;
}

static void
forget_head(struct record *record)
{
	record->version = 1;
	memset(record->op, 0, sizeof(record->op));
	record->wake_at_ms = will_be(record->wake_at_ms);
}

static int
at_most(int count, int most)
{
	return count < most ? count : most;
}

/* Offers keep their place; numbers only say whose is whose. */
static void
renumber_offers(struct situation *after)
{
	struct request *request = &after->request;

	for (size_t i = 0; i < after->specialist_count; i++) {
		struct specialist *s = &after->specialists[i];
		const struct offer *offer = request_offer_to(request, s->id);

		if (s->offer == 0)
			continue;
		s->offer = offer != NULL && offer->number == s->offer ?
		    (int)(offer - request->offers) + 1 : 99;
	}
	for (int i = 0; i < OFFER_MAX; i++) {
		struct offer *offer = &request->offers[i], clean = { 0 };

		if (offer->specialist[0] != '\0') {
			strcpy(clean.specialist, offer->specialist);
			clean.number = i + 1;
			clean.until_ms = FUTURE;
			clean.call = offer->call;
		}
		*offer = clean;
	}
	request->offer_count = OFFER_MAX;
}

static void
forget_promise(struct request *r)
{
	bool is_closed = r->state == REQUEST_CLOSED;

	r->promise_number = 1;
	r->target_at_ms = FUTURE;
	r->promise_at_ms = FUTURE;
	r->kept_at_ms = is_closed ? 0 : was(r->kept_at_ms);
	r->second_at_ms = is_closed ? 0 : will_be(r->second_at_ms);
	r->missed_count = 0;
	if (is_closed) {
		r->is_missed = false;
		r->is_second_missed = false;
		r->lane = 0;
	}
}

static void
forget_request(const struct model *model, struct request *r)
{
	bool is_closed = r->state == REQUEST_CLOSED;

	forget_head(&r->record);
	if (strcmp(r->reason, "maybe_called") != 0 || is_closed)
		r->reason[0] = '\0';
	r->from[0] = '\0';
	r->next[0] = '\0';
	r->wished[0] = '\0';
	r->asked_at_ms = PAST;
	r->at_ms = r->state == REQUEST_SCHEDULED ? FUTURE : PAST;
	r->hold_until_ms = will_be(r->hold_until_ms);
	r->state_until_ms = will_be(r->state_until_ms);
	forget_promise(r);
	if (r->state != REQUEST_WAITING && r->state != REQUEST_OFFERED)
		r->room = 1;
	memset(r->declined, 0, sizeof(r->declined));
	r->attempt_count = at_most(r->attempt_count,
	    (int)model->open.retry_count + 1);
	r->accepted_at_ms = 0;
	r->rung_at_ms = is_closed ? 0 : was(r->rung_at_ms);
	r->talk_at_ms = is_closed ? 0 : was(r->talk_at_ms);
	r->talk_ms = 0;
	r->closed_at_ms = 0;
	r->call_at_ms = will_be(r->call_at_ms);
	if (is_closed) {
		r->disposition[0] = '\0';
		r->pass_to[0] = '\0';
		r->call_at_ms = 0;
		r->attempt_count = 0;
	}
	clean_texts(RECORD_REQUEST, r);
}

static void
forget_specialist(struct specialist *s)
{
	forget_head(&s->record);
	if (strcmp(s->reason, "ignored") != 0)
		s->reason[0] = '\0';
	s->return_at_ms = will_be(s->return_at_ms);
	s->since_ms = PAST;
	s->until_ms = will_be(s->until_ms);
	s->seen_at_ms = NOW_MS - 1;
	s->ignored_count = at_most(s->ignored_count, 1);
	clean_texts(RECORD_SPECIALIST, s);
}

static void
forget_call(struct call *c)
{
	bool is_ended = c->state == CALL_ENDED;

	forget_head(&c->record);
	c->placed_at_ms = NOW_MS - 1;
	c->unsure_at_ms = c->state == CALL_UNSURE ? NOW_MS - 1 : 0;
	c->absent_count = is_ended ? 0 : at_most(c->absent_count, 1);
	c->remind_count = is_ended ? 0 : c->remind_count;
	c->absent_at_ms = 0;
	c->authorised_at_ms = 0;
	c->agent_up_at_ms = 0;
	c->customer_ringing_at_ms = is_ended ? 0 :
	    was(c->customer_ringing_at_ms);
	c->customer_up_at_ms = is_ended ? 0 : was(c->customer_up_at_ms);
	c->over_at_ms = c->is_customer_over && !is_ended ? NOW_MS - 1 : 0;
	c->talk_ms = c->talk_ms > 0 && !is_ended;
	if (is_ended) {
		c->is_revoked = false;
		c->is_customer_over = false;
		c->rank = PROGRESS_OVER;
		c->outcome = OUTCOME_NONE;
	}
	clean_texts(RECORD_CALL, c);
}

static void
pack(struct model *model, struct situation *after, struct world *world)
{
	struct asked asked;

	if (after->request.id[0] != '\0')
		renumber_offers(after);
	for (size_t i = 0; i < after->specialist_count; i++) {
		struct specialist *s = &after->specialists[i];

		forget_specialist(s);
		world->people[person_index(s->id)] =
		    intern(&model->specialists, s);
	}
	for (size_t i = 0; i < after->call_count; i++) {
		struct call *c = &after->calls[i];

		CHECK(c->n >= 1 && c->n <= CALLS);
		forget_call(c);
		world->calls[c->n - 1] = intern(&model->calls, c);
	}
	if (after->request.id[0] == '\0')
		return;
	memset(&asked, 0, sizeof(asked));
	forget_request(model, &after->request);
	asked.request = after->request;
	asked.askers.count = after->askers.count;
	for (size_t i = 0; i < after->askers.count; i++)
		strcpy(asked.askers.ids[i], after->askers.ids[i]);
	world->request = intern(&model->requests, &asked);
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
	case RECORD_COUNT:
		break;
	}
}

static void
load_all(const struct model *model, const struct world *world,
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
		c->unsure_at_ms = NOW_MS - policy->quarantine_ms;
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
	if (s->state == SPECIALIST_IDLE)
		s->seen_at_ms = PAST;
	s->record.wake_at_ms = specialist_wake(&model->open, s, NOW_MS);
}

/* False: a record whose moment never comes is not woken. */
static bool
pass_time(const struct model *model, struct situation *s,
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

/* ---- one step */

static int64_t
right_wake(const struct policy *policy, const struct situation *s,
    const struct record_ref *ref)
{
	const void *record = situation_record(s, ref);

	if (ref->kind == RECORD_REQUEST)
		return request_wake(policy, record, NOW_MS);
	if (ref->kind == RECORD_CALL)
		return call_wake(policy, record, NOW_MS);
	return specialist_wake(policy, record, NOW_MS);
}

static bool
was_seen(const struct line lines[LINES], const struct call *call)
{
	bool has_rung = false;

	for (int k = 0; k < LINES; k++)
		has_rung |= lines[k].has_rung;
	return has_rung || strcmp(call->provider, CALL_BY_HAND) == 0;
}

static void
check_kept(struct model *model, const struct world *world)
{
	const struct request *was_request = &model->before.request;
	const struct request *is = &model->outcome.after.request;
	const struct call *call = situation_call_const(&model->outcome.after,
	    was_request->call);

	if (was_request->id[0] == '\0' || was_request->kept_at_ms != 0 ||
	    is->kept_at_ms == 0 || is->promise_number !=
	    was_request->promise_number)
		return;
	if (was_request->call == 0) {
		call = situation_call_const(&model->outcome.after, is->call);
		if (call == NULL || call->authorised[0] == '\0')
			fault(model, "a promise is kept without a call");
	} else if (call == NULL) {
		fault(model, "a promise is kept without its call");
	} else if (model->setting->fence == BY_KEY ?
	    !was_seen(world->lines[call->n - 1], call) :
	    call->authorised[0] == '\0') {
		fault(model, "a promise is kept although nobody was rung");
	}
}

static void
check_step(struct model *model, const struct world *world,
    const struct policy *policy)
{
	const struct outcome *outcome = &model->outcome;
	struct record_ref ref;

	for (size_t i = 0; i < outcome->move_count; i++) {
		const struct move *move = &outcome->moves[i];
		const struct record *record =
		    situation_record(&outcome->after, &move->record);

		CHECK(move->row >= 0 && move->row < ROWS_MAX);
		rows_used[move->record.kind][move->row]++;
		if (strcmp(move->action, "report_lost") == 0)
			continue;
		if (record->wake_at_ms != right_wake(policy, &outcome->after,
		        &move->record))
			fault(model, "the wake after %s is not the record's",
			    move->action);
	}
	if (situation_due(&outcome->after, NOW_MS, &ref))
		fault(model, "a %s wakes for ever after %s",
		    ref.kind == RECORD_REQUEST ? "request" :
		    ref.kind == RECORD_CALL ? "call" : "specialist",
		    outcome->move_count > 0 ?
		    outcome->moves[outcome->move_count - 1].action : "nothing");
	check_kept(model, world);
}

static void
plant_records(struct model *model)
{
	struct outcome *outcome = &model->outcome;

	for (size_t i = 0; i < outcome->move_count; i++) {
		const struct move *move = &outcome->moves[i];
		const struct record_ref *ref = &move->record;
		struct specialist *s = situation_specialist(&outcome->after,
		    ref->id);
		struct call *c = situation_call(&outcome->after, ref->n);

		if ((model->plant == PLANT_WITHDRAWN_LOST && s != NULL &&
		        move->event == EVENT_WITHDRAWN) ||
		    (model->plant == PLANT_OVER_LOST && s != NULL &&
		        move->event == EVENT_CALL_OVER))
			*s = *situation_specialist_const(&model->before, s->id);
		if (model->plant == PLANT_REVOKED_LOST && c != NULL &&
		    move->event == EVENT_REVOKED)
			*c = *situation_call_const(&model->before, c->n);
		if (model->plant == PLANT_AUTHORISED_CLEARED && c != NULL &&
		    strcmp(move->action, "authorise") == 0)
			c->authorised[0] = '\0';
		if (model->plant == PLANT_WAKE_LOST && c != NULL)
			c->record.wake_at_ms = 0;
	}
}

static void
plant_event(const struct model *model, const struct world *world,
    struct event *event)
{
	const struct call *call;

	if (model->plant != PLANT_BINDING_IGNORED ||
	    event->kind != EVENT_ASKED)
		return;
	call = world_call(model, world, event->to.n);
	if (call->sid[0] != '\0')
		memcpy(event->sid, call->sid, sizeof(event->sid));
}

static bool
step(struct model *model, const struct world *world,
    const struct firing *firing)
{
	const struct policy *policy = firing->is_closed ? &model->closed :
	    &model->open;
	struct event event = firing->event;
	struct event due = { .kind = EVENT_DUE, .digit = -1,
		.others_available = event.others_available };
	enum verdict verdict;

	model->event = event.kind;
	load_all(model, world, firing, &model->before);
	if (situation_record(&model->before, &event.to) == NULL ||
	    !pass_time(model, &model->before, firing))
		return false;
	snprintf(event.fresh_id, sizeof(event.fresh_id), "next");
	if (firing->is_widened && (model->before.request.room != 1 ||
	        !IN_QUEUE(model->before.request.state)))
		return false;
	model->before.request.room += firing->is_widened;
	plant_event(model, world, &event);
	if (!situation_step(policy, &model->before, &event, NOW_MS,
	        &model->outcome)) {
		if (event.kind == EVENT_DUE)
			fault(model, "nothing to do when its moment comes");
		return false;
	}
	verdict = model->outcome.verdict;
	for (int i = 0; i < FOLDS_MAX && situation_due(&model->outcome.after,
	        NOW_MS, &due.to); i++) {
		if (!situation_fold(policy, &due, NOW_MS, &model->outcome))
			break;
	}
	model->outcome.verdict = verdict;
	check_step(model, world, policy);
	plant_records(model);
	return true;
}

/* ---- effects */

static void
hang_up(struct world *world, const struct effect *effect)
{
	char sid[SID_SIZE];

	for (int k = 0; k < LINES; k++) {
		struct line *line = &world->lines[effect->call.n - 1][k];

		line_sid(effect->call.n, k, sid);
		if (line->phase != PHASE_NONE && strcmp(sid, effect->sid) == 0)
			line->phase = PHASE_OVER;
	}
}

/* One more step on the world as it is, with all of its effects done. */
static void
answer(struct model *model, struct world *world, const struct firing *firing)
{
	struct fired fired;

	model_fire(model, world, firing, &fired);
	if (fired.count > 0)
		*world = fired.worlds[fired.count - 1];
}

static void
look_up(struct model *model, struct world *world, const struct record_ref *call)
{
	struct firing firing = { .event = { .kind = EVENT_ABSENT, .to = *call,
		.digit = -1 } };

	for (int k = 0; k < LINES; k++) {
		const struct line *line = &world->lines[call->n - 1][k];

		if (line->phase == PHASE_NONE)
			continue;
		firing.event.kind = EVENT_FOUND;
		firing.event.progress = line->phase == PHASE_UP &&
		    (model->setting->with & WITH_LIES) != 0 ?
		    PROGRESS_CUSTOMER_RINGING : line_progress(line);
		line_sid(call->n, k, firing.event.sid);
		answer(model, world, &firing);
	}
	if (firing.event.kind == EVENT_ABSENT)
		answer(model, world, &firing);
}

static void
poll(struct model *model, struct world *world, const struct effect *effect)
{
	struct firing firing = { .event = { .kind = EVENT_PROGRESS,
		.to = effect->call, .digit = -1 } };

	for (int k = 0; k < LINES; k++) {
		const struct line *line =
		    &world->lines[effect->call.n - 1][k];

		line_sid(effect->call.n, k, firing.event.sid);
		if (line->phase == PHASE_NONE ||
		    strcmp(firing.event.sid, effect->sid) != 0)
			continue;
		firing.event.progress = line_progress(line);
		answer(model, world, &firing);
	}
}

void
model_fire(struct model *model, const struct world *world,
    const struct firing *firing, struct fired *ret_fired)
{
	struct effect effects[EFFECT_MAX];
	size_t effect_count, lost_count = 0;
	struct world all;

	ret_fired->count = 0;
	ret_fired->verdict = VERDICT_NO_ROW;
	if (!step(model, world, firing))
		return;
	ret_fired->verdict = model->outcome.verdict;
	effect_count = model->outcome.effect_count;
	memcpy(effects, model->outcome.effects, sizeof(effects));
	all = *world;
	for (size_t i = 0; i < model->outcome.move_count; i++) {
		const struct move *move = &model->outcome.moves[i];

		if (strcmp(move->action, "report_lost") == 0)
			all.lost |= (uint8_t)(1 << (move->record.n - 1));
	}
	pack(model, &model->outcome.after, &all);
	for (size_t i = 0; i < effect_count; i++) {
		if (effects[i].kind == EFFECT_PLACE)
			all.posting |=
			    (uint8_t)(1 << (effects[i].call.n - 1));
		else
			lost_count++;
	}
	if (lost_count > 0)
		ret_fired->worlds[ret_fired->count++] = all;
	for (size_t i = 0; i < effect_count; i++) {
		if (effects[i].kind == EFFECT_HANG_UP)
			hang_up(&all, &effects[i]);
	}
	for (size_t i = 0; i < effect_count; i++) {
		if (effects[i].kind == EFFECT_LOOK_UP)
			look_up(model, &all, &effects[i].call);
		else if (effects[i].kind == EFFECT_POLL)
			poll(model, &all, &effects[i]);
	}
	ret_fired->worlds[ret_fired->count++] = all;
}

/* ---- beginnings */

void
model_first(struct model *model, struct world *ret_world)
{
	struct asked asked;
	struct specialist nobody;
	struct firing firing = { .event = { .kind = EVENT_ROSTER,
		.digit = -1 } };

	memset(ret_world, 0, sizeof(*ret_world));
	memset(&asked, 0, sizeof(asked));
	strcpy(asked.request.id, "r");
	strcpy(asked.request.number, "4821");
	strcpy(asked.request.queue, "cards");
	strcpy(asked.request.phone, "+79161234567");
	strcpy(asked.request.name, "Vera");
	strcpy(asked.request.site_id, "site-0001");
	strcpy(asked.askers.ids[0], "site-0001");
	asked.askers.count = 1;
	asked.request.asker_count = 1;
	asked.request.asked_at_ms = NOW_MS;
	ret_world->request = intern(&model->requests, &asked);
	for (int i = 0; i < model->setting->people; i++) {
		memset(&nobody, 0, sizeof(nobody));
		strcpy(nobody.id, person_id(i));
		ret_world->people[i] = intern(&model->specialists, &nobody);
		firing.event.to = record_ref_specialist(person_id(i));
		answer(model, ret_world, &firing);
		if (model->setting->accept == ACCEPT_AUTOMATIC)
			continue;
		firing.event.kind = EVENT_STATUS;
		firing.event.status = STATUS_AVAILABLE;
		answer(model, ret_world, &firing);
		firing.event.kind = EVENT_ROSTER;
	}
}

/* ---- what must always hold */

static bool
check_legs(struct model *model, const struct world *world)
{
	int legs = 0;

	for (int n = 1; n <= CALLS; n++) {
		const struct call *call = world_call(model, world, n);
		bool is_lost = (world->lost & (1 << (n - 1))) != 0;
		int rung = 0;

		for (int k = 0; k < LINES; k++) {
			const struct line *line = &world->lines[n - 1][k];
			bool is_up = line->phase == PHASE_CUSTOMER_RINGING ||
			    line->phase == PHASE_CUSTOMER_UP;
			char sid[SID_SIZE];

			rung += line->has_rung;
			legs += is_up && !is_lost;
			if (!line->has_rung)
				continue;
			if (is_up && !is_lost && !call_is_live(call))
				return fault(model, "call %d is over for us, "
				    "the customer's leg is not", n);
			line_sid(n, k, sid);
			if (model->setting->fence == BY_ANSWER &&
			    strcmp(call->authorised, sid) != 0)
				return fault(model, "call %d: the customer is "
				    "rung by a leg that nobody authorised", n);
			if (call->authorised[0] == '\0')
				return fault(model, "call %d: the customer is "
				    "rung without authorisation", n);
		}
		if (rung > 1)
			return fault(model, "call %d: the customer is rung "
			    "twice", n);
	}
	return legs <= 1 || fault(model, "two customer legs at once");
}

static bool
check_offers(struct model *model, const struct world *world)
{
	struct request request = *world_request(model, world);
	size_t open = request_offers_open(&request);

	if ((request.state == REQUEST_OFFERED) != (open > 0))
		return fault(model, "%zu offers in state %s", open,
		    request_state_names[request.state]);
	for (int i = 0; i < model->setting->people; i++) {
		const struct specialist *s = world_person(model, world, i);
		const struct offer *offer = request_offer_to(&request, s->id);

		if ((s->state == SPECIALIST_OFFERED) != (offer != NULL))
			return fault(model, "%s is %s, the request says %s",
			    s->id, specialist_state_names[s->state],
			    offer != NULL ? "offered" : "not offered");
		if (offer != NULL && (strcmp(s->request, request.id) != 0 ||
		        s->offer != offer->number || s->call != offer->call))
			return fault(model, "%s holds another offer", s->id);
		if (offer != NULL && offer->call != 0) {
			const struct call *call = world_call(model, world,
			    offer->call);

			if (!call_is_live(call) || call->is_revoked)
				return fault(model, "%s is offered a call "
				    "that is over", s->id);
		}
	}
	return true;
}

static bool
check_people(struct model *model, const struct world *world)
{
	for (int i = 0; i < model->setting->people; i++) {
		const struct specialist *s = world_person(model, world, i);
		int live = 0, named = 0;

		for (int n = 1; n <= CALLS; n++) {
			const struct call *call = world_call(model, world, n);

			if (call == NULL || !call_is_live(call) ||
			    strcmp(call->specialist, s->id) != 0)
				continue;
			live++;
			named += s->call == n;
		}
		if (live > 1)
			return fault(model, "%s has two calls", s->id);
		if (s->state == SPECIALIST_BUSY && named == 0)
			return fault(model, "%s is busy without a call",
			    s->id);
		if (live > 0 && named == 0)
			return fault(model, "%s is %s, a live call names them",
			    s->id, specialist_state_names[s->state]);
		if (s->state != SPECIALIST_BUSY &&
		    s->state != SPECIALIST_OFFERED && s->call != 0)
			return fault(model, "%s is %s and keeps a call", s->id,
			    specialist_state_names[s->state]);
	}
	return true;
}

/* The call of the attempt, or one that rings for an offer. */
static bool
is_wanted(const struct request *r, int n)
{
	bool is_offers = false;

	for (size_t i = 0; i < OFFER_MAX; i++)
		is_offers |= r->offers[i].call == n;
	return is_offers || r->call == n;
}

static bool
check_request(struct model *model, const struct world *world)
{
	const struct request *r = world_request(model, world);
	const struct call *call = r->call == 0 ? NULL :
	    world_call(model, world, r->call);
	const struct specialist *s;
	int live = 0;

	for (int n = 1; n <= CALLS; n++) {
		const struct call *other = world_call(model, world, n);

		if (other != NULL && call_is_live(other) &&
		    !other->is_revoked && !other->is_customer_over &&
		    !is_wanted(r, n))
			return fault(model, "call %d goes on, nobody wants it",
			    n);
		live += other != NULL && call_is_live(other) &&
		    other->authorised[0] != '\0' && !other->is_customer_over;
	}
	if (live > 1)
		return fault(model, "two authorised calls at once");
	if (r->is_leg_open && live == 0)
		return fault(model, "in state %s a leg stays open without a "
		    "call", request_state_names[r->state]);
	if (r->state != REQUEST_CALLING && r->state != REQUEST_TALKING)
		return true;
	if (call == NULL || !call_is_live(call))
		return fault(model, "%s without a live call",
		    request_state_names[r->state]);
	if (strcmp(call->specialist, r->specialist) != 0)
		return fault(model, "the call is another specialist's");
	s = world_person(model, world, person_index(r->specialist));
	if (s->state != SPECIALIST_BUSY || s->call != r->call ||
	    strcmp(s->request, r->id) != 0)
		return fault(model, "%s, and %s is %s",
		    request_state_names[r->state], s->id,
		    specialist_state_names[s->state]);
	return true;
}

bool
model_check(struct model *model, const struct world *world)
{
	return model->fault[0] == '\0' && check_legs(model, world) &&
	    check_offers(model, world) && check_people(model, world) &&
	    check_request(model, world);
}

bool
model_is_quiet(const struct model *model, const struct world *world)
{
	const struct request *r = world_request(model, world);

	for (int n = 1; n <= CALLS; n++) {
		const struct call *call = world_call(model, world, n);

		if (call != NULL && call_is_live(call))
			return false;
	}
	for (int i = 0; i < model->setting->people; i++) {
		const struct specialist *s = world_person(model, world, i);

		if (s->state != SPECIALIST_IDLE && s->state != SPECIALIST_AWAY)
			return false;
	}
	return r->state != REQUEST_OFFERED && r->state != REQUEST_CALLING &&
	    r->state != REQUEST_TALKING && r->state != REQUEST_WRAPPING;
}

bool
model_is_end(const struct model *model, const struct world *world)
{
	return model_is_quiet(model, world) &&
	    world_request(model, world)->state == REQUEST_CLOSED;
}
