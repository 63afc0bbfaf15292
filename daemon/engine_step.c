/* SPDX-License-Identifier: MIT */
/*
 * engine_step: what happens to an order once its situation is there: one step,
 * then every further step that is due at once, folded in memory, so that they
 * cost one commit together.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine_internal.h"
#include "daemon/log.h"
#include "daemon/poison.h"
#include "lib/commit.h"
#include "lib/fault.h"
#include "lib/promise.h"
#include "lib/standing.h"

void
slot_again(struct engine *engine, struct slot *slot)
{
	outcome_give(engine, slot->outcome);
	slot->outcome = NULL;
	slot->is_audit = false;
	slot->is_forget = false;
	slot_unmatch(engine, slot);
	slot->absent_key[0] = '\0';
	slot_forget_situation(slot);
	if (++slot->tries > TRIES_MAX) {
		log_event(LOG_LEVEL_WARNING, "commit_contended", "root=%s",
		    slot->root);
		slot_fail(engine, slot, ENGINE_UNAVAILABLE, "contended");
		return;
	}
	slot->state = SLOT_OPEN;
	TAILQ_INSERT_TAIL(&engine->runnable, slot, queue);
}

static void
prepare(struct engine *engine, struct slot *slot)
{
	snprintf(slot->op, sizeof(slot->op), "%s.%llu", engine->node,
	    (unsigned long long)++engine->op_count);
	slot->stepped_at_ms = store_now_ms(engine->store);
	slot->state = SLOT_PREPARED;
	TAILQ_INSERT_TAIL(&engine->prepared, slot, queue);
}

/* ---- finding the right root */

/* Hands the slot's first order to another root. */
static void
reroute(struct engine *engine, struct slot *slot,
    const struct record_ref *root)
{
	struct pending *pending = TAILQ_FIRST(&slot->pendings);
	struct slot *other = slot_get(engine, root);

	if (other == NULL || other == slot) {
		slot_fail(engine, slot, ENGINE_UNAVAILABLE, "full");
		return;
	}
	other->reroutes = slot->reroutes + 1;
	TAILQ_REMOVE(&slot->pendings, pending, link);
	slot->pending_count--;
	slot_forget_situation(slot);
	slot->reroutes = 0;
	CHECK(slot_enqueue(engine, root, pending));
	slot_runnable(engine, slot);
}

/* A specialist's event belongs to the request that holds them. */
static bool
is_at_its_root(struct engine *engine, struct slot *slot,
    const struct event *event)
{
	const struct specialist *specialist;
	struct record_ref root;

	if (event->to.kind != RECORD_SPECIALIST)
		return true;
	specialist = situation_specialist(&slot->before, event->to.id);
	if (specialist == NULL)
		return true;
	root = specialist->request[0] != '\0' ?
	    record_ref_request(specialist->request) : event->to;
	if (record_ref_equal(&root, &slot->root_ref))
		return true;
	if (slot->reroutes >= 4)
		slot_fail(engine, slot, ENGINE_UNAVAILABLE, "contended");
	else
		reroute(engine, slot, &root);
	return false;
}

/* ---- stepping */

static bool
add_partner(struct slot *slot, const struct specialist *partner)
{
	struct situation *s = &slot->before;

	if (situation_specialist(s, partner->id) != NULL)
		return true;
	if (s->specialist_count >= SPECIALISTS_MAX)
		slot_trim(slot);
	/* Full of others only when Redis was written by somebody else. */
	if (s->specialist_count >= SPECIALISTS_MAX)
		return false;
	s->specialists[s->specialist_count++] = *partner;
	return true;
}

static void
hint_providers(struct engine *engine, struct event *event)
{
	event->providers_down = engine->hooks.providers_down(
	    engine->hooks.context, engine_channel(&event->to),
	    &event->providers_spent);
}

static void
hint_duty(struct engine *engine, struct event *event)
{
	event->duty = engine->hooks.duty == NULL ? NULL :
	    engine->hooks.duty(engine->hooks.context);
}

/* What somebody who asks is to be told: all of it is about the request as they ask for it. */
static void
hint_asked(struct engine *engine, const struct request *request,
    struct event *event, int64_t now_ms)
{
	bool is_asked = event->kind == EVENT_ARRIVED ||
	    event->kind == EVENT_RESCHEDULED || event->kind == EVENT_REPEATED;
	struct request would = *request;

	if (request->id[0] == '\0')
		return;
	if (event->kind == EVENT_ARRIVED)
		promise_asked(engine->policy, &would, request->at_ms,
		    request->asked_at_ms, now_ms);
	else if (is_asked)
		promise_asked(engine->policy, &would, event->at_ms, now_ms,
		    now_ms);
	/* Only who does not wait yet is told something. */
	if (event->to.kind == RECORD_REQUEST &&
	    request->state <= REQUEST_SCHEDULED && engine->hooks.expect != NULL)
		event->expect = engine->hooks.expect(engine->hooks.context,
		    &would, now_ms);
	if (engine->hooks.doors != NULL)
		event->doors = engine->hooks.doors(engine->hooks.context,
		    &would, is_asked, &event->expect, event->full_until_ms,
		    now_ms);
}

/* Whatever the tables do not find in the records. */
static void
hint(struct engine *engine, const struct request *request,
    struct event *event, int64_t now_ms)
{
	event->others_available = engine->hooks.others(engine->hooks.context,
	    request->queue, event->to.kind == RECORD_SPECIALIST ?
	    event->to.id : "");
	hint_providers(engine, event);
	hint_duty(engine, event);
	hint_asked(engine, request, event, now_ms);
}

/* A request that waits and a specialist who is free meet here, without a round
 * through Redis, when the matcher knows of nobody who should come first. */
static bool
fold_match(struct engine *engine, struct slot *slot, int64_t now_ms)
{
	struct situation *after = &slot->outcome->after;
	const struct specialist *partner;
	struct event event = { .kind = EVENT_MATCHED, .digit = -1 };

	if (slot->no_match || slot->matched[0] != '\0' ||
	    after->request.state != REQUEST_WAITING ||
	    after->request.hold_until_ms != 0 ||
	    after->specialist_count >= SPECIALISTS_MAX)
		return false;
	partner = engine->hooks.find(engine->hooks.context, &after->request,
	    now_ms);
	if (partner == NULL)
		return false;
	if (situation_specialist(after, partner->id) != NULL) {
		engine->hooks.on_stale(engine->hooks.context, partner->id);
		return false;
	}
	slot->before.specialists[slot->before.specialist_count++] = *partner;
	after->specialists[after->specialist_count++] = *partner;
	event.to = record_ref_request(after->request.id);
	hint_providers(engine, &event);
	hint_duty(engine, &event);
	memcpy(event.specialist, partner->id, sizeof(event.specialist));
	if (!situation_fold(engine->policy, &event, now_ms, slot->outcome)) {
		slot->before.specialist_count--;
		after->specialist_count--;
		engine->hooks.on_stale(engine->hooks.context, partner->id);
		return false;
	}
	memcpy(slot->matched, partner->id, sizeof(slot->matched));
	standing_number_key(after->request.phone, slot->absent_key);
	return true;
}

static void
fold(struct engine *engine, struct slot *slot, int64_t now_ms)
{
	struct outcome *outcome = slot->outcome;
	const struct event *cause = &TAILQ_FIRST(&slot->pendings)->event;
	struct event due = { .kind = EVENT_DUE, .digit = -1 };
	enum verdict verdict = outcome->verdict;
	char reason[REASON_SIZE];

	due.is_suppressed = cause->is_suppressed;
	due.is_blocked = cause->is_blocked;
	due.wait_until_ms = cause->wait_until_ms;
	due.wait_for = cause->wait_for;
	memcpy(reason, outcome->reason, sizeof(reason));
	for (int i = 0; i < FOLD_MAX; i++) {
		if (outcome->move_count + INNER_MAX / 2 > MOVE_MAX ||
		    outcome->effect_count > EFFECT_MAX / 2)
			break;
		if (situation_due(&outcome->after, now_ms, &due.to)) {
			hint(engine, &outcome->after.request, &due, now_ms);
			engine_fresh_id(engine, due.fresh_id);
			if (situation_fold(engine->policy, &due, now_ms,
			        outcome))
				continue;
		}
		if (!fold_match(engine, slot, now_ms))
			break;
	}
	/* What the asker is told is about the first step. */
	outcome->verdict = verdict;
	memcpy(outcome->reason, reason, sizeof(reason));
}

static void
step_is_no_row(struct engine *engine, struct slot *slot,
    const struct event *event)
{
	struct engine_result result = { .end = ENGINE_NO_ROW, .reason = "" };

	/* Old news is old only against fresh records. */
	if (slot->is_cached) {
		outcome_give(engine, slot->outcome);
		slot->outcome = NULL;
		slot_forget_situation(slot);
		TAILQ_INSERT_TAIL(&engine->runnable, slot, queue);
		return;
	}
	if (event->kind == EVENT_DUE) {
		/* An index said otherwise than the record: the record is
		 * right, its whole standing is written again. */
		slot->is_audit = true;
		prepare(engine, slot);
		return;
	}
	result.after = &slot->before;
	slot_answer(engine, slot, &result);
}

/* A request born into a case that exists is its latest. */
static void
continue_case(struct situation *after)
{
	struct case_file *case_file = &after->case_file;

	if (case_file->record.version == 0)
		return;
	memcpy(case_file->request, after->request.id,
	    sizeof(case_file->request));
	case_file->request_count++;
}

static void
step(struct engine *engine, struct slot *slot, struct pending *pending)
{
	int64_t now_ms = store_now_ms(engine->store);
	struct event *event = &pending->event;
	struct engine_result done = { .end = ENGINE_DONE, .reason = "" };
	bool has_row;

	if (pending->fresh != NULL) {
		slot_forget_situation(slot);
		slot->before = *pending->fresh;
		slot->before.askers.count = 0;
	}
	if (pending->partner != NULL && !add_partner(slot, pending->partner)) {
		slot_fail(engine, slot, ENGINE_UNAVAILABLE, "partners");
		return;
	}
	hint(engine, &slot->before.request, event, now_ms);
	slot->outcome = outcome_take(engine);
	CRASH_POINT("in_step");
	if (PLANTED("step_aborts") && strcmp(slot->before.request.name,
	        pending->fresh != NULL ? "Abort at once" : "Abort") == 0)
		abort();
	has_row = situation_step(engine->policy, &slot->before, event, now_ms,
	    slot->outcome);
	if (!has_row) {
		step_is_no_row(engine, slot, event);
		return;
	}
	if (pending->fresh != NULL) {
		slot->outcome->after.askers = pending->fresh->askers;
		continue_case(&slot->outcome->after);
	}
	if (event->kind == EVENT_MATCHED)
		standing_number_key(slot->before.request.phone,
		    slot->absent_key);
	fold(engine, slot, now_ms);
	if (commit_is_empty(&slot->before, slot->outcome) &&
	    pending->take_member == NULL) {
		done.verdict = slot->outcome->verdict;
		done.after = &slot->before;
		slot_answer(engine, slot, &done);
		return;
	}
	prepare(engine, slot);
}

/* The record is right, its whole standing is written again. */
static void
audit(struct engine *engine, struct slot *slot)
{
	slot->is_audit = true;
	slot->outcome = outcome_take(engine);
	slot->outcome->note = NULL;
	prepare(engine, slot);
}

/* No such record: what still points at it in an index is taken out. */
static void
step_absent(struct engine *engine, struct slot *slot,
    const struct event *event)
{
	if (event->kind != EVENT_DUE) {
		slot_fail(engine, slot, ENGINE_ABSENT, "not_found");
		return;
	}
	slot->is_forget = true;
	prepare(engine, slot);
}

static bool
has_moved_on(const struct slot *slot, const struct pending *pending)
{
	const struct record *record =
	    situation_record(&slot->before, &pending->event.to);

	return pending->at_version != 0 &&
	    record->version != pending->at_version;
}

/* What is new is known by the bytes it came in: its id is another one each time. */
static void
enter(const struct slot *slot, const struct pending *pending)
{
	char key[KEY_SIZE];

	if (pending->take_member == NULL) {
		poison_enter(slot->root);
		return;
	}
	poison_member_key(pending->take_member, pending->take_length, key);
	poison_enter(key);
}

/* What happened outside waits; whoever asked is told, also behind it. */
static void
wait_for_redis(struct engine *engine, struct slot *slot)
{
	slot_forget_situation(slot);
	slot->failure = NULL;
	if (!TAILQ_FIRST(&slot->pendings)->must) {
		slot_fail(engine, slot, ENGINE_UNAVAILABLE, "redis");
		return;
	}
	slot_fail_impatient(slot);
	TAILQ_INSERT_TAIL(&engine->runnable, slot, queue);
}

void
slot_advance(struct engine *engine, struct slot *slot)
{
	struct pending *pending = TAILQ_FIRST(&slot->pendings);

	if (pending == NULL) {
		slot_runnable(engine, slot);
		return;
	}
	if (!store_is_up(engine->store)) {
		wait_for_redis(engine, slot);
		return;
	}
	if (poison_is_barred(slot->root)) {
		slot_fail(engine, slot, ENGINE_UNAVAILABLE, "buried");
		return;
	}
	/* A hand in Redis raises no version. */
	if ((pending->is_audit || pending->at_version != 0) &&
	    slot->is_cached)
		slot_forget_situation(slot);
	if (!slot_load(engine, slot))
		return;
	if (pending->is_refusal || pending->burial != NULL) {
		prepare(engine, slot);
		return;
	}
	if (pending->fresh == NULL) {
		if (situation_record(&slot->before, &pending->event.to) ==
		    NULL) {
			if (slot->is_cached)
				slot_again(engine, slot);
			else
				step_absent(engine, slot, &pending->event);
			return;
		}
		if (!is_at_its_root(engine, slot, &pending->event))
			return;
	}
	if (pending->is_audit) {
		audit(engine, slot);
		return;
	}
	if (has_moved_on(slot, pending)) {
		slot_fail(engine, slot, ENGINE_NO_ROW, "moved");
		return;
	}
	enter(slot, pending);
	step(engine, slot, pending);
	poison_leave();
}

void
engine_try(struct engine *engine, const struct situation *fresh,
    struct event *event, struct request *ret_request)
{
	int64_t now_ms = store_now_ms(engine->store);
	struct outcome *outcome = outcome_take(engine);
	struct event due = { .kind = EVENT_DUE, .digit = -1 };

	hint(engine, &fresh->request, event, now_ms);
	CHECK(situation_step(engine->policy, fresh, event, now_ms, outcome));
	if (situation_due(&outcome->after, now_ms, &due.to)) {
		hint(engine, &outcome->after.request, &due, now_ms);
		(void)situation_fold(engine->policy, &due, now_ms, outcome);
	}
	*ret_request = outcome->after.request;
	outcome_give(engine, outcome);
}
