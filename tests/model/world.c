/* SPDX-License-Identifier: MIT */
/* world: the rules, one step of the real tables, and its effects. */
#include "tests/model/world_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IN_QUEUE(state)                                                        \
	((state) == REQUEST_WAITING || (state) == REQUEST_OFFERED)
enum { FOLDS_MAX = 12 };

row_counts *rows_used;

/* ---- the rules */

static void
fill_queue(const struct setting *setting, struct queue_policy *queue,
    const char *id)
{
	queue_policy_defaults(queue);
	queue->is_customer_first = setting->fence == BY_CUSTOMER;
	queue->is_customer_confirmed = (setting->with & WITH_CONFIRM) != 0;
	queue->detects_machine = (setting->with & WITH_MACHINES) != 0;
	snprintf(queue->id, sizeof(queue->id), "%s", id);
	queue->is_default = true;
	if ((setting->with & WITH_DESK) == 0)
		queue->prefer_ms = 0;
	if (setting->with & WITH_ROOM) {
		queue->widenings[0] = (struct widening){
			.before_ms = MINUTE_MS, .offers = 2 };
		queue->widening_count = 1;
	}
}

static void
fill_dispositions(struct policy *policy)
{
	static const struct disposition dispositions[] = {
		{ 1, "done", "Done", THEN_CLOSE, "", 0 },
		{ 2, "pass", "Pass on", THEN_PASS, "", 0 },
		{ 3, "later", "Call again", THEN_SCHEDULE, "", 0 },
		{ 4, "machine", "Answering machine", THEN_RETRY, "", 0 },
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
		fill_queue(setting, &model->queues[i][0], "cards");
		fill_queue(setting, &model->queues[i][1], "loans");
		model->queues[i][0].is_when_ready = (setting->with &
		    (WITH_TIER | WITH_TOP | WITH_ONE_TIER)) != 0;
		if (setting->with & WITH_TIER)
			model->queues[i][0].climb = "loans";
		if (setting->with & WITH_TOP)
			model->queues[i][0].climb = "+74950000109";
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
			.authorises_on_answer = setting->fence != BY_KEY,
			/* Who can order a second leg does not when the customer
			 * is the first. */
			.has_second_leg = setting->fence == BY_ORDER ||
			    setting->fence == BY_CUSTOMER,
			.can_call_customer = true, .confirms_customer = true,
			.can_find = (setting->with & WITHOUT_FINDING) == 0,
			.can_poll = (setting->with & WITHOUT_POLLING) == 0,
			.can_hang_up = true };
		policy->provider_count = 1;
		memcpy(policy->voice.ids[0], "line", 5);
		policy->voice.count = 1;
	}
	if (setting->with & WITH_SPARE) {
		policy->providers[1] = policy->providers[0];
		memcpy(policy->providers[1].id, "spare", 6);
		policy->provider_count = 2;
		memcpy(policy->voice.ids[1], "spare", 6);
		policy->voice.count = 2;
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
	pool_fini(&model->requests);
	pool_fini(&model->specialists);
	pool_fini(&model->calls);
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

bool
model_blame(struct model *model, const char *format, ...)
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
			model_blame(model, "a promise is kept without a call");
	} else if (call == NULL) {
		model_blame(model, "a promise is kept without its call");
	} else if (setting_rings(model->setting) ?
	    !was_seen(world->lines[call->n - 1], call) :
	    call->authorised[0] == '\0') {
		model_blame(model, "a promise is kept although nobody was rung");
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
		(*rows_used)[move->record.kind][move->row]++;
		if (strcmp(move->action, "report_lost") == 0)
			continue;
		if (record->wake_at_ms != right_wake(policy, &outcome->after,
		        &move->record))
			model_blame(model, "the wake after %s is not the record's",
			    move->action);
	}
	if (situation_due(&outcome->after, NOW_MS, &ref))
		model_blame(model, "a %s wakes for ever after %s",
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
	world_load(model, world, firing, &model->before);
	if (situation_record(&model->before, &event.to) == NULL ||
	    !world_pass_time(model, &model->before, firing))
		return false;
	snprintf(event.fresh_id, sizeof(event.fresh_id), "next");
	plant_event(model, world, &event);
	if (!situation_step(policy, &model->before, &event, NOW_MS,
	        &model->outcome)) {
		if (event.kind == EVENT_DUE)
			model_blame(model, "nothing to do when its moment comes");
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
		leg_sid(effect->call.n, k, sid);
		if (strcmp(sid, effect->sid) != 0 ||
		    line->phase == PHASE_OVER || !line->was_answered)
			continue;
		line->phase = PHASE_CUSTOMER_OVER;
		line->is_customer_over = true;
	}
}

/* A second order with the same token is none. */
static void
ring_customer(struct model *model, struct world *world,
    const struct effect *effect)
{
	char sid[SID_SIZE];

	if (model->setting->fence == BY_CUSTOMER)
		model_blame(model, "the customer is ordered twice");

	for (int k = 0; k < LINES; k++) {
		struct line *line = &world->lines[effect->call.n - 1][k];

		line_sid(effect->call.n, k, sid);
		if (line->phase != PHASE_UP || strcmp(sid, effect->sid) != 0)
			continue;
		line->phase = PHASE_CUSTOMER_RINGING;
		line->has_rung = 1;
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

	if ((model->setting->with & WITHOUT_POLLING) != 0)
		return;
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

		if (strcmp(move->action, "report_lost") == 0 ||
		    strcmp(move->action, "lose_second_leg") == 0)
			all.lost |= (uint8_t)(1 << (move->record.n - 1));
	}
	world_pack(model, &model->outcome.after, &all);
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
		else if (effects[i].kind == EFFECT_SECOND_LEG)
			ring_customer(model, &all, &effects[i]);
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
	if (model->setting->with & (WITH_TIER | WITH_TOP | WITH_ONE_TIER))
		strcpy(asked.request.source, "passed");
	strcpy(asked.askers.ids[0], "site-0001");
	asked.askers.count = 1;
	asked.request.asker_count = 1;
	asked.request.asked_at_ms = NOW_MS;
	ret_world->request = pool_intern(&model->requests, &asked);
	for (int i = 0; i < model->setting->people; i++) {
		memset(&nobody, 0, sizeof(nobody));
		strcpy(nobody.id, person_id(i));
		ret_world->people[i] = pool_intern(&model->specialists, &nobody);
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
