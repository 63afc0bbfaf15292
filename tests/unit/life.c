/* SPDX-License-Identifier: MIT */
/*
 * life: every state of every table meets every event, with ordinary records and
 * with whatever Redis could hold; and the rows that no walk comes to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/life.h"
#include "lib/standing.h"

#define NOW_MS INT64_C(1700000000000)
#define MINUTE_MS INT64_C(60000)

enum { ROUNDS = 24 };

static struct queue_policy queues[2];
static struct specialist_policy people[2];
static struct policy policy;
static struct situation before;
static struct outcome outcome;

static int
set_up(void **state)
{
	(void)state;
	policy_defaults(&policy);
	for (int i = 0; i < 2; i++) {
		queue_policy_defaults(&queues[i]);
		specialist_policy_defaults(&people[i]);
		strcpy(queues[i].id, i == 0 ? "cards" : "loans");
		strcpy(people[i].id, i == 0 ? "anna" : "boris");
		strcpy(people[i].addresses[0].to, "ext:101");
		people[i].address_count = 1;
		strcpy(people[i].queues[0].id, "cards");
		people[i].queues[0].level = 5;
		people[i].queue_count = 1;
	}
	people[1].offer = OFFER_PHONE;
	queues[0].is_default = true;
	policy.queues = queues;
	policy.queue_count = 2;
	policy.specialists = people;
	policy.specialist_count = 2;
	policy.presence_ms = 5 * MINUTE_MS;
	policy.give_up_ms = 30 * MINUTE_MS;
	strcpy(policy.dispositions[0].id, "done");
	policy.dispositions[0].key = 1;
	strcpy(policy.dispositions[1].id, "pass");
	policy.dispositions[1].key = 2;
	policy.dispositions[1].then = THEN_PASS;
	policy.disposition_count = 2;
	strcpy(policy.providers[0].id, "line");
	policy.providers[0].authorises_on_answer = true;
	policy.providers[0].can_find = true;
	policy.providers[0].can_poll = true;
	policy.provider_count = 1;
	strcpy(policy.voice.ids[0], "line");
	policy.voice.count = 1;
	return 0;
}

/* ---- records that only chance has made */

static uint64_t chance;

static unsigned
draw(unsigned below)
{
	chance = chance * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(chance >> 33) % below;
}

static const char *
draw_word(bool is_hostile)
{
	static const char *const ordinary[] = { "", "anna", "boris", "cards",
		"loans", "done", "pass", "line", "manual", "1a", "r" };
	static const char *const hostile[] = { "", "no such",
		"1234567890123456789012345678901", "%s%n", "\xff\xfe" };

	return is_hostile && draw(3) == 0 ? hostile[draw(COUNT_OF(hostile))] :
	    ordinary[draw(COUNT_OF(ordinary))];
}

static void
draw_field(const struct field *field, bool is_hostile, char *text)
{
	static const char *const moments[] = { "0", "1699999999000",
		"1700000000000", "1700000060000", "999999999999999999" };
	static const char *const counts[] = { "0", "1", "2", "3",
		"1000000000" };
	size_t moment_count = COUNT_OF(moments) - !is_hostile;
	size_t count_count = COUNT_OF(counts) - !is_hostile;

	switch (field->type) {
	case FIELD_TEXT:
		snprintf(text, field->size < VALUE_SIZE ? field->size :
		    VALUE_SIZE, "%s", draw_word(is_hostile));
		break;
	case FIELD_INT:
		strcpy(text, counts[draw((unsigned)count_count)]);
		break;
	case FIELD_MOMENT:
		strcpy(text, moments[draw((unsigned)moment_count)]);
		break;
	case FIELD_BOOL:
		strcpy(text, draw(2) ? "1" : "0");
		break;
	case FIELD_ENUM:
		strcpy(text, field->names[draw((unsigned)field->name_count)]);
		break;
	case FIELD_OFFER:
		snprintf(text, VALUE_SIZE, "%s %s %s %u",
		    draw(2) ? "anna" : "boris",
		    counts[1 + draw((unsigned)count_count - 1)],
		    moments[draw((unsigned)moment_count)], draw(3));
		break;
	case FIELD_DECLINED:
		snprintf(text, VALUE_SIZE, "boris %s",
		    moments[draw((unsigned)moment_count)]);
		break;
	case FIELD_DUTY:
		snprintf(text, VALUE_SIZE, "%s %s 1700000090000", draw(2) ? "cards" :
		    "loans", moments[draw((unsigned)moment_count)]);
		break;
	case FIELD_SKILL:
		snprintf(text, VALUE_SIZE, "%s %u", draw(2) ? "cards" :
		    "loans", 1 + draw(9));
		break;
	}
}

/* A record as it could lie in Redis. False: it would not be read. */
static bool
put_drawn(const struct record_ref *ref, bool is_hostile)
{
	static char texts[RECORD_FIELDS_MAX][VALUE_SIZE];
	struct pair pairs[RECORD_FIELDS_MAX + 1];
	const struct field_table *table = record_fields(ref->kind);
	const char *why = "";
	size_t count = 0;

	pairs[count++] = (struct pair){ "v", 1, "1", 1 };
	for (size_t i = 0; i < table->count; i++) {
		if (draw(3) == 0)
			continue;
		draw_field(&table->fields[i], is_hostile, texts[i]);
		pairs[count++] = (struct pair){ table->fields[i].name,
			strlen(table->fields[i].name), texts[i],
			strlen(texts[i]) };
	}
	return situation_put(&before, ref, pairs, count, &why);
}

static void
draw_situation(bool is_hostile)
{
	struct record_ref refs[] = { record_ref_request("r"),
		record_ref_call("r", 1), record_ref_call("r", 2),
		record_ref_specialist("anna"), record_ref_specialist("boris") };

	memset(&before, 0, sizeof(before));
	for (size_t i = 0; i < COUNT_OF(refs); i++) {
		if (i > 0 && draw(6) == 0)
			continue;
		put_drawn(&refs[i], is_hostile);
	}
	if (before.request.id[0] == '\0')
		strcpy(before.request.id, "r");
	if (draw(2)) {
		strcpy(before.askers.ids[0], "site-0001");
		strcpy(before.askers.ids[1], "site-0002");
		before.askers.count = 1 + draw(2);
	}
}

static struct event
draw_event(enum event_kind kind, const struct record_ref *to, bool is_hostile)
{
	struct event event = { .kind = kind, .to = *to, .digit = -1 };

	strcpy(event.specialist, draw(2) ? "anna" : "boris");
	strcpy(event.fresh_id, "r2");
	snprintf(event.disposition, ID_SIZE, "%s", draw_word(is_hostile));
	snprintf(event.queue, ID_SIZE, "%s", draw_word(is_hostile));
	snprintf(event.sid, SID_SIZE, "%s", draw_word(is_hostile));
	snprintf(event.owner, sizeof(event.owner), "%s",
	    draw(4) == 0 ? "other" : "");
	snprintf(event.site_id, SITE_ID_SIZE, "%s",
	    draw(2) ? "site-0001" : "");
	memset(event.detail, 'x', is_hostile ? DETAIL_SIZE - 1 : 3);
	event.at_ms = NOW_MS + (int64_t)draw(3) * MINUTE_MS - MINUTE_MS;
	event.talk_ms = draw(2) ? 60000 : 0;
	event.offer = (int)draw(3);
	event.call = (int)draw(3);
	event.status = (enum status)draw(STATUS_COUNT);
	event.progress = (enum call_progress)draw(PROGRESS_COUNT);
	event.outcome = (enum call_outcome)draw(OUTCOME_COUNT);
	event.question = (enum question)draw(QUESTION_COUNT);
	event.machine = (enum machine)draw(MACHINE_COUNT);
	memset(event.leg, 'l', is_hostile ? SID_SIZE - 1 : 3);
	event.digit = (int)draw(11) - 1;
	event.is_customer_over = draw(2);
	event.has_rung = draw(2);
	event.has_talked = draw(2);
	event.is_number_held = draw(2);
	event.is_suppressed = draw(8) == 0;
	event.is_blocked = draw(8) == 0;
	event.others_available = (int)draw(2);
	return event;
}

/* ---- totality */

static void
check_states(const struct situation *s)
{
	assert_in_range(s->request.state, 0, REQUEST_STATE_COUNT - 1);
	assert_true(s->request.record.wake_at_ms >= 0);
	assert_true(s->call_count <= CALLS_MAX);
	assert_true(s->specialist_count <= SPECIALISTS_MAX);
	for (size_t i = 0; i < s->call_count; i++)
		assert_in_range(s->calls[i].state, 0, CALL_STATE_COUNT - 1);
	for (size_t i = 0; i < s->specialist_count; i++)
		assert_in_range(s->specialists[i].state, 0,
		    SPECIALIST_STATE_COUNT - 1);
}

static int *
state_of(const struct record_ref *ref)
{
	const void *record = situation_record(&before, ref);

	if (record == NULL)
		return NULL;
	if (ref->kind == RECORD_REQUEST)
		return (int *)&before.request.state;
	if (ref->kind == RECORD_CALL)
		return (int *)&situation_call(&before, ref->n)->state;
	return (int *)&situation_specialist(&before, ref->id)->state;
}

static void
meet(const struct record_ref *ref, int state, enum event_kind kind,
    bool is_hostile)
{
	struct event event;
	struct record_ref due;
	int *at;

	draw_situation(is_hostile);
	at = state_of(ref);
	if (at == NULL)
		return;
	*at = state;
	event = draw_event(kind, ref, is_hostile);
	if (!situation_step(&policy, &before, &event, NOW_MS, &outcome)) {
		assert_memory_equal(&before, &outcome.after, sizeof(before));
		assert_int_equal(outcome.verdict, VERDICT_NO_ROW);
		assert_int_equal(outcome.move_count, 0);
		assert_int_equal(outcome.effect_count, 0);
		return;
	}
	assert_true(outcome.move_count >= 1);
	assert_int_equal(outcome.moves[0].from, state);
	check_states(&outcome.after);
	situation_due(&outcome.after, NOW_MS, &due);
}

static void
meet_all(const struct record_ref *ref, bool is_hostile)
{
	const struct life *life = life_of(ref->kind);

	for (int state = 0; state < life->state_count; state++) {
		for (int kind = 0; kind < EVENT_COUNT; kind++) {
			for (int i = 0; i < ROUNDS; i++)
				meet(ref, state, (enum event_kind)kind,
				    is_hostile);
		}
	}
}

static void
every_state_meets_every_event(void **state)
{
	struct record_ref refs[] = { record_ref_request("r"),
		record_ref_call("r", 1), record_ref_specialist("boris") };

	(void)state;
	chance = 1;
	for (size_t i = 0; i < COUNT_OF(refs); i++)
		meet_all(&refs[i], false);
}

static void
every_state_meets_every_event_with_anything_redis_may_hold(void **state)
{
	struct record_ref refs[] = { record_ref_request("r"),
		record_ref_call("r", 1), record_ref_specialist("boris") };

	(void)state;
	chance = 2;
	for (size_t i = 0; i < COUNT_OF(refs); i++)
		meet_all(&refs[i], true);
}

static void
an_absent_addressee_is_no_row(void **state)
{
	struct event event = { .kind = EVENT_DUE };

	(void)state;
	memset(&before, 0, sizeof(before));
	event.to = record_ref_specialist("nobody");
	assert_false(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	event.to = record_ref_call("r", 7);
	assert_false(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	event.to = record_ref_case("4821");
	assert_false(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
}

/* Names in a table are for people and for the list of moves. */
static void
rows_are_well_formed(void **state)
{
	static const enum record_kind kinds[] = { RECORD_REQUEST, RECORD_CALL,
		RECORD_SPECIALIST };

	(void)state;
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		const struct life *life = life_of(kinds[k]);

		for (size_t i = 0; i < life->count; i++) {
			const struct row *row = &life->rows[i];

			assert_true(row->from != 0);
			assert_true(row->from < 1u << life->state_count);
			assert_true(row->to == SAME ||
			    (row->to > 0 && row->to < life->state_count));
			assert_true(row->on > 0 && row->on < EVENT_COUNT);
			assert_non_null(row->action);
		}
		for (int i = 0; i < life->state_count; i++)
			assert_non_null(life->state_names[i]);
	}
}

/* A row after one without a guard, of the same state and event, is dead. */
static void
no_row_is_hidden(void **state)
{
	static const enum record_kind kinds[] = { RECORD_REQUEST, RECORD_CALL,
		RECORD_SPECIALIST };

	(void)state;
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		const struct life *life = life_of(kinds[k]);

		for (size_t i = 0; i < life->count; i++) {
			unsigned open = life->rows[i].from;

			for (size_t j = 0; j < i; j++) {
				if (life->rows[j].guard == NULL &&
				    life->rows[j].on == life->rows[i].on)
					open &= ~life->rows[j].from;
			}
			if (open == 0)
				fail_msg("%s row %zu", life->state_names[1],
				    i);
		}
	}
}

/* ---- situations by hand */

static struct specialist *
one_specialist(enum specialist_state specialist_state)
{
	struct specialist *s = &before.specialists[0];

	memset(&before, 0, sizeof(before));
	before.specialist_count = 1;
	strcpy(s->id, "anna");
	s->record.version = 1;
	s->state = specialist_state;
	s->status = STATUS_AVAILABLE;
	s->until_ms = NOW_MS;
	return s;
}

static struct request *
one_request(enum request_state request_state)
{
	struct request *r = &before.request;

	strcpy(r->id, "r");
	strcpy(r->queue, "cards");
	strcpy(r->phone, "+79161234567");
	strcpy(r->number, "4821");
	r->record.version = 1;
	r->state = request_state;
	r->asked_at_ms = NOW_MS - MINUTE_MS;
	r->at_ms = NOW_MS - MINUTE_MS;
	r->promise_number = 1;
	r->promise_at_ms = NOW_MS + 10 * MINUTE_MS;
	r->room = 1;
	return r;
}

static struct call *
one_call(enum call_state call_state)
{
	struct call *c = &before.calls[before.call_count++];

	strcpy(c->request, "r");
	strcpy(c->provider, "line");
	strcpy(c->specialist, "anna");
	c->record.version = 1;
	c->n = (int)before.call_count;
	c->state = call_state;
	c->placed_at_ms = NOW_MS - 1000;
	before.request.call_count = c->n;
	return c;
}

static void
tell(enum event_kind kind, struct record_ref to)
{
	struct event event = { .kind = kind, .to = to, .digit = -1 };

	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
}

static const struct specialist *
anna(void)
{
	return &outcome.after.specialists[0];
}

/* ---- backstops, which only broken records come to */

static void
an_offer_that_no_request_knows_lets_go(void **state)
{
	struct specialist *s = one_specialist(SPECIALIST_OFFERED);

	(void)state;
	strcpy(s->request, "r");
	s->offer = 3;
	one_request(REQUEST_WAITING);
	tell(EVENT_DUE, record_ref_specialist("anna"));
	assert_int_equal(anna()->state, SPECIALIST_IDLE);
	assert_string_equal(anna()->request, "");

	before.specialists[0].status = STATUS_OFF;
	tell(EVENT_DUE, record_ref_specialist("anna"));
	assert_int_equal(anna()->state, SPECIALIST_AWAY);

	/* The request itself may be gone. */
	memset(&before.request, 0, sizeof(before.request));
	before.specialists[0].status = STATUS_AVAILABLE;
	tell(EVENT_DUE, record_ref_specialist("anna"));
	assert_int_equal(anna()->state, SPECIALIST_IDLE);
}

static void
nobody_stays_busy_without_a_call(void **state)
{
	struct specialist *s = one_specialist(SPECIALIST_BUSY);

	(void)state;
	strcpy(s->request, "r");
	s->call = 1;
	one_request(REQUEST_CLOSED);
	tell(EVENT_DUE, record_ref_specialist("anna"));
	assert_int_equal(anna()->state, SPECIALIST_RESTING);
	assert_int_equal(anna()->call, 0);

	before.specialists[0].status = STATUS_PAUSED;
	tell(EVENT_DUE, record_ref_specialist("anna"));
	assert_int_equal(anna()->state, SPECIALIST_AWAY);

	one_call(CALL_LIVE);
	tell(EVENT_DUE, record_ref_specialist("anna"));
	assert_int_equal(anna()->state, SPECIALIST_BUSY);
	assert_true(anna()->record.wake_at_ms > NOW_MS);
}

static void
who_leaves_while_their_acceptance_is_withdrawn_is_away(void **state)
{
	struct specialist *s = one_specialist(SPECIALIST_BUSY);

	(void)state;
	s->status = STATUS_OFF;
	tell(EVENT_WITHDRAWN, record_ref_specialist("anna"));
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
}

/* ---- ignored offers */

static void
an_open_desk_is_no_sign_of_life(void **state)
{
	struct specialist *s = one_specialist(SPECIALIST_AWAY);
	struct event event = { .kind = EVENT_PRESENT, .digit = -1,
		.to = record_ref_specialist("anna") };

	(void)state;
	s->status = STATUS_PAUSED;
	strcpy(s->reason, "ignored");
	s->return_at_ms = NOW_MS + MINUTE_MS;
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	strcpy(event.by, "anna");
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(anna()->state, SPECIALIST_IDLE);

	/* The last one, who is not paused, says so as well. */
	one_specialist(SPECIALIST_IDLE)->ignored_count = 5;
	event.by[0] = '\0';
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(anna()->ignored_count, 5);
	strcpy(event.by, "anna");
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(anna()->ignored_count, 0);
}

/* ---- on a call that is none of ours */

static void
who_is_on_another_call_is_not_idle(void **state)
{
	static const enum specialist_state from[] = { SPECIALIST_IDLE,
		SPECIALIST_RESTING };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(from); i++) {
		one_specialist(from[i]);
		tell(EVENT_ELSEWHERE, record_ref_specialist("anna"));
		assert_int_equal(anna()->state, SPECIALIST_ELSEWHERE);
		assert_int_equal(anna()->record.wake_at_ms,
		    NOW_MS + policy.elsewhere_ms);
		before = outcome.after;
		tell(EVENT_BACK, record_ref_specialist("anna"));
		assert_int_equal(anna()->state, SPECIALIST_IDLE);
		assert_int_equal(anna()->elsewhere_until_ms, 0);
	}
}

static void
another_call_ends_by_itself(void **state)
{
	struct specialist *s = one_specialist(SPECIALIST_ELSEWHERE);

	(void)state;
	s->elsewhere_until_ms = NOW_MS;
	s->seen_at_ms = NOW_MS;
	tell(EVENT_DUE, record_ref_specialist("anna"));
	assert_int_equal(anna()->state, SPECIALIST_IDLE);
	/* Nobody has seen them since: they are asked whether they are there. */
	s->seen_at_ms = NOW_MS - policy.presence_ms;
	tell(EVENT_DUE, record_ref_specialist("anna"));
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	assert_int_equal(anna()->elsewhere_until_ms, 0);
}

static void
another_call_lasts_no_longer_than_the_limit(void **state)
{
	struct event event = { .kind = EVENT_ELSEWHERE, .digit = -1,
		.to = record_ref_specialist("anna") };

	(void)state;
	one_specialist(SPECIALIST_IDLE);
	event.at_ms = NOW_MS + 2 * policy.elsewhere_ms;
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(anna()->elsewhere_until_ms,
	    NOW_MS + policy.elsewhere_ms);
	event.at_ms = NOW_MS + MINUTE_MS;
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(anna()->elsewhere_until_ms, NOW_MS + MINUTE_MS);
}

static void
an_offer_is_left_without_being_counted(void **state)
{
	struct specialist *s = one_specialist(SPECIALIST_OFFERED);
	struct request *r = one_request(REQUEST_OFFERED);

	(void)state;
	strcpy(s->request, "r");
	s->offer = 3;
	s->ignored_count = 2;
	strcpy(r->offers[0].specialist, "anna");
	r->offers[0].number = 3;
	r->offers[0].until_ms = NOW_MS + MINUTE_MS;
	tell(EVENT_ELSEWHERE, record_ref_specialist("anna"));
	assert_int_equal(anna()->state, SPECIALIST_ELSEWHERE);
	assert_int_equal(anna()->ignored_count, 2);
	assert_string_equal(anna()->request, "");
	assert_int_equal(outcome.after.request.state, REQUEST_WAITING);
	assert_string_equal(outcome.after.request.offers[0].specialist, "");
	/* They have not said no: they may be asked again at once. */
	assert_string_equal(outcome.after.request.declined[0].specialist, "");
}

static void
another_call_is_noted_and_applied_after_the_work(void **state)
{
	struct specialist *s = one_specialist(SPECIALIST_WRAPPING);

	(void)state;
	s->until_ms = NOW_MS;
	tell(EVENT_ELSEWHERE, record_ref_specialist("anna"));
	assert_int_equal(anna()->state, SPECIALIST_WRAPPING);
	before = outcome.after;
	tell(EVENT_DUE, record_ref_specialist("anna"));
	assert_int_equal(anna()->state, SPECIALIST_ELSEWHERE);

	/* It was over before the work was. */
	tell(EVENT_BACK, record_ref_specialist("anna"));
	before = outcome.after;
	tell(EVENT_DUE, record_ref_specialist("anna"));
	assert_int_equal(anna()->state, SPECIALIST_IDLE);

	/* A pause is theirs, and the call goes on behind it. */
	s->elsewhere_until_ms = NOW_MS + MINUTE_MS;
	s->status = STATUS_PAUSED;
	tell(EVENT_DUE, record_ref_specialist("anna"));
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	before = outcome.after;
	s->return_at_ms = NOW_MS;
	tell(EVENT_DUE, record_ref_specialist("anna"));
	assert_int_equal(anna()->state, SPECIALIST_ELSEWHERE);
	assert_int_equal(anna()->elsewhere_until_ms, NOW_MS + MINUTE_MS);
}

/* ---- what the walk has found */

static void
a_busy_specialists_call_is_loaded(void **state)
{
	struct record_ref missing[4], to = record_ref_specialist("anna");
	struct specialist *s = one_specialist(SPECIALIST_BUSY);

	(void)state;
	strcpy(s->request, "r");
	s->call = 1;
	one_request(REQUEST_WAITING);
	assert_int_equal(situation_missing(&before, &to, missing, 4), 1);
	assert_int_equal(missing[0].kind, RECORD_CALL);
	assert_int_equal(missing[0].n, 1);
}

static void
an_offered_request_does_not_wake_to_be_given_up(void **state)
{
	struct request *r;

	(void)state;
	memset(&before, 0, sizeof(before));
	r = one_request(REQUEST_OFFERED);
	r->is_missed = true;
	r->promise_at_ms = NOW_MS - 10 * policy.give_up_ms;
	strcpy(r->offers[0].specialist, "anna");
	r->offers[0].until_ms = NOW_MS + 1000;
	assert_int_equal(request_wake(&policy, r, NOW_MS), NOW_MS + 1000);
	r->state = REQUEST_WAITING;
	assert_true(request_wake(&policy, r, NOW_MS) < NOW_MS);
}

static void
the_double_going_does_not_end_ours(void **state)
{
	struct event event = { .kind = EVENT_GONE, .digit = -1 };
	struct call *c;

	(void)state;
	one_specialist(SPECIALIST_BUSY);
	one_request(REQUEST_CALLING);
	c = one_call(CALL_LIVE);
	before.request.call = 1;
	strcpy(c->sid, "1a");
	event.to = record_ref_call("r", 1);
	strcpy(event.sid, "1b");
	assert_false(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	/* Nor does it say how far ours has come: it may still be joined. */
	event.kind = EVENT_PROGRESS;
	event.progress = PROGRESS_OVER;
	assert_false(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	event.kind = EVENT_GONE;
	strcpy(event.sid, "1a");
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(outcome.after.calls[0].state, CALL_ENDED);
}

static void
a_revoked_call_is_looked_at_too(void **state)
{
	struct call *c;

	(void)state;
	one_specialist(SPECIALIST_BUSY);
	one_request(REQUEST_CLOSED);
	c = one_call(CALL_LIVE);
	c->is_revoked = true;
	strcpy(c->sid, "1a");
	tell(EVENT_DUE, record_ref_call("r", 1));
	assert_int_equal(outcome.effect_count, 2);
	assert_int_equal(outcome.effects[0].kind, EFFECT_HANG_UP);
	assert_int_equal(outcome.effects[1].kind, EFFECT_POLL);
}

/* A provider that rings both by itself says that it never came to the customer:
 * it was no attempt, whatever was allowed. */
static void
only_the_specialist_was_rung(void **state)
{
	const struct event over = { .kind = EVENT_PROGRESS,
		.to = record_ref_call("r", 1), .sid = "1a", .digit = -1,
		.progress = PROGRESS_OVER, .is_agent_over = true,
		.outcome = OUTCOME_BUSY };

	(void)state;
	for (int round = 0; round < 4; round++) {
		bool was_rung = round % 2 == 1;
		struct call *c;

		one_specialist(SPECIALIST_BUSY);
		one_request(REQUEST_CALLING);
		strcpy(before.specialists[0].request, "r");
		before.specialists[0].call = 1;
		before.request.call = 1;
		c = one_call(round < 2 ? CALL_LIVE : CALL_PLACING);
		strcpy(c->authorised, CALL_AUTHORISED_WITH_INTENT);
		c->rank = was_rung ? PROGRESS_CUSTOMER_RINGING :
		    PROGRESS_AGENT_UP;
		assert_true(situation_step(&policy, &before, &over, NOW_MS,
		    &outcome));
		assert_int_equal(outcome.after.calls[0].state, CALL_ENDED);
		assert_string_equal(outcome.after.calls[0].sid, "1a");
		assert_int_equal(outcome.after.calls[0].authorised[0] != '\0',
		    was_rung);
		assert_int_equal(outcome.after.request.state, was_rung ?
		    REQUEST_SCHEDULED : REQUEST_WAITING);
	}
}

/* The answer to the order says it, without an id: nobody else places the call, which
 * would ring the same phone again; somebody else gets the request. */
static void
the_answer_says_who_was_not_reached(void **state)
{
	const struct event over = { .kind = EVENT_PROGRESS,
		.to = record_ref_call("r", 1), .digit = -1,
		.progress = PROGRESS_OVER, .is_agent_over = true,
		.outcome = OUTCOME_NO_ANSWER };

	(void)state;
	for (int round = 0; round < 2; round++) {
		struct call *c;

		one_specialist(SPECIALIST_BUSY);
		one_request(REQUEST_CALLING)->call = 1;
		strcpy(before.request.specialist, "anna");
		strcpy(before.specialists[0].request, "r");
		before.specialists[0].call = 1;
		c = one_call(round == 0 ? CALL_PLACING : CALL_UNSURE);
		strcpy(c->authorised, CALL_AUTHORISED_WITH_INTENT);
		assert_true(situation_step(&policy, &before, &over, NOW_MS,
		    &outcome));
		assert_int_equal(outcome.after.call_count, 1);
		assert_int_equal(outcome.after.calls[0].state, CALL_ENDED);
		assert_int_equal(outcome.after.calls[0].outcome,
		    OUTCOME_NO_ANSWER);
		assert_int_equal(outcome.after.request.state, REQUEST_WAITING);
		assert_string_equal(outcome.after.request.reason,
		    "specialist_not_reached");
		assert_int_equal(outcome.after.request.attempt_count, 0);
		assert_string_equal(outcome.after.request.declined[0].specialist,
		    "anna");
	}
}

/* Where the customer is rung first, it says so of the second leg: they were. */
static void
who_was_rung_first_was_rung(void **state)
{
	const struct event over = { .kind = EVENT_PROGRESS,
		.to = record_ref_call("r", 1), .sid = "1a", .digit = -1,
		.progress = PROGRESS_OVER, .is_agent_over = true,
		.outcome = OUTCOME_BUSY };

	(void)state;
	for (int round = 0; round < 2; round++) {
		struct call *c;

		one_specialist(SPECIALIST_BUSY);
		one_request(REQUEST_CALLING)->call = 1;
		c = one_call(round == 0 ? CALL_LIVE : CALL_PLACING);
		c->is_customer_first = true;
		strcpy(c->authorised, CALL_AUTHORISED_WITH_INTENT);
		assert_true(situation_step(&policy, &before, &over, NOW_MS,
		    &outcome));
		assert_string_equal(outcome.after.calls[0].authorised,
		    CALL_AUTHORISED_WITH_INTENT);
		assert_int_equal(outcome.after.request.state,
		    REQUEST_SCHEDULED);
		assert_int_equal(outcome.after.request.attempt_count, 1);
	}
}

/* Their number is held until the call ends that may ring them, and no other. */
static void
a_cancelled_leg_is_open_until_its_own_end(void **state)
{
	struct event over = { .kind = EVENT_CALL_OVER,
		.to = record_ref_request("r"), .digit = -1, .call = 1 };

	(void)state;
	one_specialist(SPECIALIST_BUSY);
	one_request(REQUEST_CLOSED)->call = 2;
	before.request.is_leg_open = true;
	assert_false(situation_step(&policy, &before, &over, NOW_MS,
	    &outcome));
	assert_true(standing_holds_number(&before.request));
	over.call = 2;
	assert_true(situation_step(&policy, &before, &over, NOW_MS, &outcome));
	assert_false(standing_holds_number(&outcome.after.request));
}

/* An offer that rings a phone goes on only by a provider that asks before the
 * customer's rings, and asks by questions. */
static void
a_refused_offer_is_rung_where_offers_are(void **state)
{
	static const struct {
		bool by_answer, has_second_leg, has_desk, is_rung;
	} cases[] = { { true, false, false, true },
		{ false, false, false, false }, { true, true, false, false },
		{ true, false, true, false } };
	struct provider_facts *next = &policy.providers[1];

	(void)state;
	strcpy(next->id, "spare");
	next->can_call_customer = true;
	policy.provider_count = 2;
	strcpy(policy.voice.ids[1], "spare");
	policy.voice.count = 2;
	queues[0].is_customer_first = true;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct specialist *s = one_specialist(SPECIALIST_OFFERED);
		struct offer *offer = &one_request(REQUEST_OFFERED)->offers[0];
		const struct call *born = &outcome.after.calls[1];

		next->authorises_on_answer = cases[i].by_answer;
		next->has_second_leg = cases[i].has_second_leg;
		people[1].offer = cases[i].has_desk ? OFFER_SCREEN :
		    OFFER_PHONE;
		strcpy(s->id, "boris");
		strcpy(s->request, "r");
		strcpy(one_call(CALL_PLACING)->specialist, "boris");
		*offer = (struct offer){ .specialist = "boris", .number = 1,
			.until_ms = NOW_MS + 1000, .call = 1 };
		tell(EVENT_REJECTED, record_ref_call("r", 1));
		assert_int_equal(outcome.after.call_count,
		    cases[i].is_rung ? 2 : 1);
		if (cases[i].is_rung)
			assert_string_equal(born->authorised, "");
	}
	people[1].offer = OFFER_PHONE;
	queues[0].is_customer_first = false;
	policy.provider_count = 1;
	policy.voice.count = 1;
}

/* The customer's leg is an order of our own: after the commit that authorises it,
 * for one of the provider's calls, and again only while nothing was heard of it. */
static void
a_second_leg_is_ordered(void **state)
{
	struct event up = { .kind = EVENT_PROGRESS, .sid = "1a", .digit = -1,
		.progress = PROGRESS_AGENT_UP };
	const struct record_ref ref = record_ref_call("r", 1);
	struct call *c;

	(void)state;
	policy.providers[0].has_second_leg = true;
	for (int round = 0; round < 2; round++) {
		one_specialist(SPECIALIST_BUSY);
		one_request(REQUEST_CALLING);
		before.request.call = 1;
		c = one_call(round == 0 ? CALL_PLACING : CALL_LIVE);
		up.to = ref;
		assert_true(situation_step(&policy, &before, &up, NOW_MS,
		    &outcome));
		assert_string_equal(outcome.after.calls[0].authorised, "1a");
		assert_int_equal(outcome.effect_count, 1);
		assert_int_equal(outcome.effects[0].kind, EFFECT_SECOND_LEG);
		assert_string_equal(outcome.effects[0].sid, "1a");
		/* Ordered is not rung; but nobody else calls them meanwhile. */
		assert_int_equal(outcome.after.request.kept_at_ms, 0);
		assert_int_equal(outcome.after.request.attempt_count, 0);
		assert_true(outcome.after.request.is_leg_open);
	}
	before = outcome.after;
	assert_false(situation_step(&policy, &before, &up, NOW_MS, &outcome));
	assert_false(outcome.effects[0].is_again);
	before.calls[0].record.wake_at_ms = NOW_MS;
	tell(EVENT_DUE, ref);
	assert_int_equal(outcome.effects[0].kind, EFFECT_SECOND_LEG);
	assert_true(outcome.effects[0].is_again);
	assert_int_equal(outcome.effects[1].kind, EFFECT_POLL);
	before.calls[0].authorised_at_ms = NOW_MS - policy.quarantine_ms;
	tell(EVENT_DUE, ref);
	assert_int_equal(outcome.effects[0].kind, EFFECT_POLL);
	before.calls[0].authorised_at_ms = NOW_MS;
	before.calls[0].rank = PROGRESS_CUSTOMER_RINGING;
	tell(EVENT_DUE, ref);
	assert_int_equal(outcome.effects[0].kind, EFFECT_POLL);
	/* Who was rung first is not rung again. */
	before.calls[0].rank = PROGRESS_AGENT_UP;
	before.calls[0].is_customer_first = true;
	tell(EVENT_DUE, ref);
	assert_int_equal(outcome.effects[0].kind, EFFECT_POLL);
	before.calls[0].is_customer_first = false;
	before.calls[0].rank = PROGRESS_CUSTOMER_RINGING;
	/* The specialist leaves first: nobody else ends it. */
	up.progress = PROGRESS_NONE;
	strcpy(up.leg, "1b");
	assert_true(situation_step(&policy, &before, &up, NOW_MS, &outcome));
	assert_string_equal(outcome.after.calls[0].leg, "1b");
	before = outcome.after;
	assert_false(situation_step(&policy, &before, &up, NOW_MS, &outcome));
	up.progress = PROGRESS_OVER;
	up.leg[0] = '\0';
	assert_true(situation_step(&policy, &before, &up, NOW_MS, &outcome));
	assert_int_equal(outcome.effects[0].kind, EFFECT_HANG_UP);
	assert_string_equal(outcome.effects[0].sid, "1b");
	/* Nor when it is heard of only then; once it has ended, nothing is. */
	c = &before.calls[0];
	c->state = CALL_ENDED;
	up.progress = PROGRESS_CUSTOMER_RINGING;
	strcpy(up.leg, "1c");
	assert_true(situation_step(&policy, &before, &up, NOW_MS, &outcome));
	assert_int_equal(outcome.effects[0].kind, EFFECT_HANG_UP);
	assert_string_equal(outcome.effects[0].sid, "1c");
	c->is_customer_over = true;
	assert_false(situation_step(&policy, &before, &up, NOW_MS, &outcome));
	c->is_customer_over = false;
	c->state = CALL_LIVE;
	one_specialist(SPECIALIST_BUSY);
	one_request(REQUEST_CALLING);
	before.request.call = 1;
	c = one_call(CALL_LIVE);
	c->is_revoked = true;
	up.is_customer_over = false;
	up.progress = PROGRESS_AGENT_UP;
	situation_step(&policy, &before, &up, NOW_MS, &outcome);
	assert_string_equal(outcome.after.calls[0].authorised, "");
	for (size_t i = 0; i < outcome.effect_count; i++)
		assert_int_not_equal(outcome.effects[i].kind,
		    EFFECT_SECOND_LEG);
	policy.providers[0].has_second_leg = false;
}

/* A specialist on the line, and the order for the customer's leg is given. */
static struct call *
one_ordered_leg(void)
{
	struct request *r;
	struct call *c;
	struct specialist *s = one_specialist(SPECIALIST_BUSY);

	policy.providers[0].has_second_leg = true;
	strcpy(s->request, "r");
	s->call = 1;
	r = one_request(REQUEST_CALLING);
	r->call = 1;
	r->is_leg_open = true;
	strcpy(r->specialist, "anna");
	c = one_call(CALL_LIVE);
	c->rank = PROGRESS_AGENT_UP;
	c->authorised_at_ms = NOW_MS;
	strcpy(c->sid, "1a");
	strcpy(c->authorised, "1a");
	return c;
}

/* The promise is kept by the customer's ringing phone, and a certain refusal is no
 * attempt. */
static void
a_second_leg_that_is_refused_keeps_nothing(void **state)
{
	struct event news = { .kind = EVENT_PROGRESS, .sid = "1a", .digit = -1,
		.to = record_ref_call("r", 1),
		.progress = PROGRESS_CUSTOMER_RINGING };
	const struct request *r = &outcome.after.request;
	const struct call *after = &outcome.after.calls[0];
	struct call *c = one_ordered_leg();

	(void)state;
	assert_true(situation_step(&policy, &before, &news, NOW_MS, &outcome));
	assert_int_equal(r->kept_at_ms, NOW_MS);
	assert_int_equal(r->attempt_count, 1);

	news.kind = EVENT_REJECTED;
	news.progress = PROGRESS_NONE;
	news.outcome = OUTCOME_FAILED;
	assert_true(situation_step(&policy, &before, &news, NOW_MS, &outcome));
	assert_int_equal(r->state, REQUEST_WAITING);
	assert_string_equal(r->reason, "not_placed");
	assert_int_equal(r->kept_at_ms, 0);
	assert_int_equal(r->attempt_count, 0);
	assert_false(r->is_leg_open);
	assert_string_equal(after->authorised, "");
	assert_true(after->is_customer_over);
	assert_int_equal(outcome.effect_count, 1);
	assert_int_equal(outcome.effects[0].kind, EFFECT_HANG_UP);
	assert_string_equal(outcome.effects[0].sid, "1a");

	news.outcome = OUTCOME_INVALID_NUMBER;
	assert_true(situation_step(&policy, &before, &news, NOW_MS, &outcome));
	assert_int_equal(r->state, REQUEST_CLOSED);
	assert_int_equal(r->kept_at_ms, 0);

	/* What rings was not refused, nor what the provider has an id of; and the
	 * late answer to the order of the first leg is none to this one. */
	c->rank = PROGRESS_CUSTOMER_RINGING;
	assert_false(situation_step(&policy, &before, &news, NOW_MS,
	    &outcome));
	c->rank = PROGRESS_AGENT_UP;
	strcpy(c->leg, "1b");
	assert_false(situation_step(&policy, &before, &news, NOW_MS,
	    &outcome));
	c->leg[0] = '\0';
	news.sid[0] = '\0';
	assert_false(situation_step(&policy, &before, &news, NOW_MS,
	    &outcome));
	policy.providers[0].has_second_leg = false;
}

/* Nobody stays in silence for ever: it is asked for where it has an id, then given
 * up; a person finds out. Should it come after all, it is ended. */
static void
a_second_leg_never_heard_of_is_given_up(void **state)
{
	struct event late = { .kind = EVENT_PROGRESS, .digit = -1, .leg = "1b",
		.to = record_ref_call("r", 1),
		.progress = PROGRESS_CUSTOMER_RINGING };
	const struct record_ref ref = record_ref_call("r", 1);
	const struct request *r = &outcome.after.request;
	struct call *c = one_ordered_leg();

	(void)state;
	strcpy(c->leg, "1b");
	tell(EVENT_DUE, ref);
	assert_int_equal(outcome.effect_count, 2);
	assert_int_equal(outcome.effects[0].kind, EFFECT_POLL);
	assert_string_equal(outcome.effects[0].sid, "1a");
	assert_int_equal(outcome.effects[1].kind, EFFECT_POLL);
	assert_string_equal(outcome.effects[1].sid, "1b");

	c->authorised_at_ms = NOW_MS - policy.quarantine_ms - policy.ring_ms;
	for (int round = 0; round < 2; round++) {
		tell(EVENT_DUE, ref);
		assert_int_equal(r->state, REQUEST_REFERRED);
		assert_string_equal(r->reason, "maybe_called");
		assert_int_equal(r->kept_at_ms, 0);
		assert_int_equal(outcome.effect_count, round == 0 ? 2 : 1);
		assert_int_equal(outcome.effects[0].kind, EFFECT_HANG_UP);
		assert_string_equal(outcome.effects[0].sid, "1a");
		if (round == 0)
			assert_string_equal(outcome.effects[1].sid, "1b");
		assert_int_equal(anna()->state, SPECIALIST_BUSY);
		c->leg[0] = '\0';
	}
	before = outcome.after;
	for (int round = 0; round < 2; round++) {
		assert_true(situation_step(&policy, &before, &late, NOW_MS,
		    &outcome));
		assert_int_equal(outcome.effect_count, 1);
		assert_int_equal(outcome.effects[0].kind, EFFECT_HANG_UP);
		assert_string_equal(outcome.effects[0].sid, "1b");
		assert_int_equal(r->state, REQUEST_REFERRED);
		before.calls[0].state = CALL_ENDED;
	}
	/* It rang in time. */
	c = one_ordered_leg();
	c->rank = PROGRESS_CUSTOMER_RINGING;
	c->authorised_at_ms = NOW_MS - policy.quarantine_ms - policy.ring_ms;
	tell(EVENT_DUE, ref);
	assert_int_equal(r->state, REQUEST_CALLING);
	policy.providers[0].has_second_leg = false;
}

/* The last webhook is lost, and the provider can be asked nothing. */
static void
a_call_that_nobody_can_tell_of_ends(void **state)
{
	const struct record_ref ref = record_ref_call("r", 1);
	const struct call *after = &outcome.after.calls[0];
	const struct request *r = &outcome.after.request;
	const int64_t last_ms = policy.agent_ring_ms + policy.ring_ms +
	    policy.call_max_ms + 8 * policy.poll_ms;
	struct call *c = one_ordered_leg();

	(void)state;
	policy.providers[0].has_second_leg = false;
	c->placed_at_ms = NOW_MS - last_ms;
	tell(EVENT_DUE, ref);
	assert_int_equal(after->state, CALL_LIVE);
	policy.providers[0].can_poll = false;
	c->placed_at_ms++;
	tell(EVENT_DUE, ref);
	assert_int_equal(after->state, CALL_LIVE);
	c->placed_at_ms--;
	tell(EVENT_DUE, ref);
	assert_int_equal(after->state, CALL_ENDED);
	assert_int_equal(after->outcome, OUTCOME_UNKNOWN);
	assert_int_equal(r->state, REQUEST_REFERRED);
	assert_string_equal(r->reason, "maybe_called");
	assert_int_equal(anna()->state, SPECIALIST_RESTING);
	/* They talked. */
	before.request.state = REQUEST_TALKING;
	c->rank = PROGRESS_CUSTOMER_UP;
	c->customer_up_at_ms = NOW_MS - last_ms;
	tell(EVENT_DUE, ref);
	assert_int_equal(after->state, CALL_ENDED);
	assert_int_equal(r->state, REQUEST_WRAPPING);
	assert_int_equal(anna()->state, SPECIALIST_WRAPPING);
	/* Nobody was rung: somebody else is asked. */
	before.request.state = REQUEST_CALLING;
	c->rank = PROGRESS_AGENT_RINGING;
	c->customer_up_at_ms = 0;
	c->authorised[0] = '\0';
	tell(EVENT_DUE, ref);
	assert_int_equal(after->state, CALL_ENDED);
	assert_int_equal(r->state, REQUEST_WAITING);
	/* The customer's leg had ended: what it came to is known. */
	before.request.state = REQUEST_WRAPPING;
	strcpy(c->authorised, "1a");
	c->is_customer_over = true;
	c->outcome = OUTCOME_ANSWERED;
	c->over_at_ms = NOW_MS - MINUTE_MS;
	tell(EVENT_DUE, ref);
	assert_int_equal(after->state, CALL_LIVE);
	c->over_at_ms = NOW_MS - 90000 - 8 * policy.poll_ms;
	tell(EVENT_DUE, ref);
	assert_int_equal(after->state, CALL_ENDED);
	assert_int_equal(after->outcome, OUTCOME_ANSWERED);
	assert_int_equal(r->state, REQUEST_WRAPPING);
	/* By hand it is a person who is reminded. */
	c->is_customer_over = false;
	strcpy(c->provider, CALL_BY_HAND);
	tell(EVENT_DUE, ref);
	assert_int_equal(after->state, CALL_LIVE);
	assert_int_equal(after->remind_count, 1);
	policy.providers[0].can_poll = true;
}

/* What the provider gave is kept, also when its webhook was faster. */
static void
what_is_remembered(void **state)
{
	const struct event created = { .kind = EVENT_CREATED, .sid = "1a",
		.to = record_ref_call("r", 1), .digit = -1,
		.remembered = "https://x/1" };

	(void)state;
	for (int round = 0; round < 2; round++) {
		struct call *c;

		one_specialist(SPECIALIST_BUSY);
		one_request(REQUEST_CALLING);
		before.request.call = 1;
		c = one_call(round == 0 ? CALL_PLACING : CALL_LIVE);
		if (round == 1)
			strcpy(c->sid, "1a");
		assert_true(situation_step(&policy, &before, &created, NOW_MS,
		    &outcome));
		assert_string_equal(outcome.after.calls[0].remembered,
		    "https://x/1");
	}
	before = outcome.after;
	assert_false(situation_step(&policy, &before, &created, NOW_MS,
	    &outcome));
}

/* News that anybody may have changed on the way is only a reason to look. */
static void
doubtful_news_are_looked_after(void **state)
{
	struct call *c;

	(void)state;
	one_specialist(SPECIALIST_BUSY);
	one_request(REQUEST_CALLING);
	c = one_call(CALL_LIVE);
	strcpy(c->sid, "1a");
	tell(EVENT_ADVISED, record_ref_call("r", 1));
	assert_int_equal(outcome.effect_count, 1);
	assert_int_equal(outcome.effects[0].kind, EFFECT_POLL);
	assert_int_equal(outcome.after.calls[0].state, CALL_LIVE);
}

/* What is told of one call, in any order and some of it twice, comes to the same
 * end. That the customer answered is known before the end: the provider asks how
 * to greet them. */
static void
webhooks_join_in_any_order(void **state)
{
	static const struct event news[] = {
		{ .progress = PROGRESS_AGENT_RINGING },
		{ .progress = PROGRESS_AGENT_UP },
		{ .progress = PROGRESS_CUSTOMER_RINGING },
		{ .progress = PROGRESS_CUSTOMER_UP },
		{ .is_customer_over = true, .talk_ms = 90000,
		    .outcome = OUTCOME_ANSWERED },
		{ .progress = PROGRESS_OVER, .outcome = OUTCOME_ANSWERED },
	};
	enum { UP = 3, END = 5, TOLD = COUNT_OF(news) * 2 };

	(void)state;
	for (int round = 0; round < 5000; round++) {
		size_t order[TOLD], first[COUNT_OF(news)];
		enum call_progress rank = PROGRESS_NONE;
		struct call *c;

		for (size_t i = 0; i < TOLD; i++)
			order[i] = i % COUNT_OF(news);
		for (size_t i = TOLD - 1; i > 0; i--) {
			size_t other = draw((unsigned)i + 1), kept = order[i];

			order[i] = order[other];
			order[other] = kept;
		}
		for (size_t i = TOLD; i-- > 0;)
			first[order[i]] = i;
		if (first[END] < first[UP]) {
			order[first[END]] = UP;
			order[first[UP]] = END;
		}
		one_specialist(SPECIALIST_BUSY);
		one_request(REQUEST_CALLING);
		strcpy(before.specialists[0].request, "r");
		before.specialists[0].call = 1;
		before.request.call = 1;
		c = one_call(CALL_LIVE);
		strcpy(c->sid, "1a");
		strcpy(c->authorised, "1a");
		for (size_t i = 0; i < TOLD; i++) {
			struct event event = news[order[i]];

			event.kind = EVENT_PROGRESS;
			event.to = record_ref_call("r", 1);
			event.digit = -1;
			strcpy(event.sid, "1a");
			if (!situation_step(&policy, &before, &event,
			        NOW_MS + (int64_t)i * MINUTE_MS, &outcome))
				continue;
			before = outcome.after;
			assert_true(before.calls[0].rank >= rank);
			rank = before.calls[0].rank;
		}
		assert_int_equal(before.calls[0].state, CALL_ENDED);
		assert_int_equal(before.calls[0].outcome, OUTCOME_ANSWERED);
		assert_true(call_has_talked(&before.calls[0]));
		assert_int_equal(before.request.state, REQUEST_WRAPPING);
		assert_int_not_equal(before.specialists[0].state,
		    SPECIALIST_BUSY);
	}
}

/* So the commit need not check the others (situation.h, is_alone). */
static void
created_looks_at_the_call_only(void **state)
{
	const struct field_table *table = record_fields(RECORD_CALL);
	struct event event = { .kind = EVENT_CREATED, .digit = -1,
		.sid = "CA1" };

	(void)state;
	for (int at = CALL_PLACING; at < CALL_STATE_COUNT; at++) {
		for (int variant = 0; variant < 4; variant++) {
			struct situation others;
			struct outcome first;
			struct call *c;
			bool has_row;

			one_specialist(SPECIALIST_BUSY);
			one_request(REQUEST_CALLING);
			before.request.call = 1;
			c = one_call((enum call_state)at);
			c->is_revoked = variant & 1;
			if (variant & 2)
				strcpy(c->sid, "CA2");
			event.to = record_ref_call(c->request, c->n);
			has_row = situation_step(&policy, &before, &event,
			    NOW_MS, &first);
			others = before;
			others.request.state = REQUEST_WRAPPING;
			others.request.call = 7;
			strcpy(others.request.disposition, "solved");
			others.specialists[0].state = SPECIALIST_AWAY;
			assert_int_equal(situation_step(&policy, &others,
			    &event, NOW_MS, &outcome), has_row);
			assert_true(outcome.is_alone);
			assert_int_equal(outcome.effect_count,
			    first.effect_count);
			for (size_t i = 0; i < table->count; i++)
				assert_true(record_field_equal(
				    &table->fields[i], &outcome.after.calls[0],
				    &first.after.calls[0]));
			assert_memory_equal(&outcome.after.request,
			    &others.request, sizeof(others.request));
		}
	}
}

static void
reopened_where_the_customer_waits_goes_on_there(void **state)
{
	struct event event = { .kind = EVENT_REOPENED, .digit = -1,
		.to = record_ref_request("r"), .owner = "other",
		.fresh_id = "fresh" };

	(void)state;
	one_request(REQUEST_CLOSED);
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_string_equal(outcome.birth.id, "");
	assert_string_equal(outcome.after.request.next, "other");
	assert_int_equal(outcome.after.request.state, REQUEST_CLOSED);
}

static void
says_done(const char *by)
{
	struct event event = { .kind = EVENT_DISPOSED, .digit = -1,
		.to = record_ref_request("r"), .disposition = "done" };

	strcpy(event.by, by);
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(outcome.after.request.state, REQUEST_CLOSED);
}

/* Also who is at other work by then; and nobody else. */
static void
who_says_the_end_remembers_what_it_was_the_end_of(void **state)
{
	struct specialist *s = one_specialist(SPECIALIST_BUSY);

	(void)state;
	strcpy(s->request, "another");
	strcpy(s->closed[0], "r1");
	strcpy(s->closed[1], "r2");
	strcpy(s->closed[2], "r3");
	one_request(REQUEST_REFERRED);
	says_done("anna");
	assert_string_equal(anna()->closed[0], "r");
	assert_string_equal(anna()->closed[1], "r1");
	assert_string_equal(anna()->closed[2], "r2");
	assert_string_equal(anna()->request, "another");
	assert_int_equal(anna()->state, SPECIALIST_BUSY);
	says_done("callbackctl");
	assert_string_equal(anna()->closed[0], "r1");
}

static void
who_said_the_end_during_the_talk_remembers_it_too(void **state)
{
	struct event over = { .kind = EVENT_CALL_OVER, .digit = -1,
		.to = record_ref_request("r"), .call = 1, .has_rung = true,
		.has_talked = true, .talk_ms = MINUTE_MS };

	(void)state;
	strcpy(one_specialist(SPECIALIST_BUSY)->request, "r");
	one_request(REQUEST_TALKING)->call = 1;
	strcpy(before.request.specialist, "anna");
	strcpy(before.request.disposition, "done");
	assert_true(situation_step(&policy, &before, &over, NOW_MS,
	    &outcome));
	assert_int_equal(outcome.after.request.state, REQUEST_CLOSED);
	assert_string_equal(anna()->closed[0], "r");
}

static void
requeued_after_maybe_called_holds_no_number(void **state)
{
	struct call *c;

	(void)state;
	one_specialist(SPECIALIST_BUSY);
	strcpy(before.specialists[0].request, "r");
	before.specialists[0].call = 1;
	one_request(REQUEST_CALLING)->is_leg_open = true;
	c = one_call(CALL_UNSURE);
	before.request.call = 1;
	strcpy(before.request.specialist, "anna");
	strcpy(c->authorised, CALL_AUTHORISED_WITH_INTENT);
	c->unsure_at_ms = NOW_MS - policy.quarantine_ms - policy.look_up_ms;
	tell(EVENT_DUE, record_ref_call("r", 1));
	assert_int_equal(outcome.after.request.state, REQUEST_REFERRED);
	assert_string_equal(outcome.after.request.reason, "maybe_called");
	assert_true(standing_holds_number(&outcome.after.request));
	before = outcome.after;
	tell(EVENT_REQUEUED, record_ref_request("r"));
	assert_int_equal(outcome.after.request.state, REQUEST_WAITING);
	assert_false(standing_holds_number(&outcome.after.request));
}

static void
call_in(enum caller caller, int64_t at_ms)
{
	struct event event = { .kind = EVENT_CALLED_IN, .digit = -1,
		.to = record_ref_request("r"), .caller = caller,
		.at_ms = at_ms };

	if (!situation_step(&policy, &before, &event, NOW_MS, &outcome))
		outcome.after = before;
}

static void
who_holds_while_their_moment_comes_is_held(void **state)
{
	(void)state;
	one_request(REQUEST_SCHEDULED)->at_ms = NOW_MS;
	strcpy(before.request.reason, "busy");
	call_in(CALLER_ON_HOLD, NOW_MS);
	assert_string_equal(outcome.after.request.reason, "busy");
	before = outcome.after;
	tell(EVENT_DUE, record_ref_request("r"));
	assert_int_equal(outcome.after.request.state, REQUEST_WAITING);
	assert_string_equal(outcome.after.request.reason, "on_hold");
	assert_int_equal(outcome.after.request.hold_until_ms,
	    NOW_MS + policy.hold_ms);
	before = outcome.after;
	call_in(CALLER_HUNG_UP, NOW_MS);
	assert_int_equal(outcome.after.request.hold_until_ms, 0);
	assert_int_equal(outcome.after.request.promise_number, 1);
}

static void
a_call_in_closes_what_waits_and_no_more(void **state)
{
	static const struct { enum request_state from; const char *reason;
		bool is_authorised; enum request_state to; } cases[] = {
		{ REQUEST_SCHEDULED, "busy", false, REQUEST_CLOSED },
		{ REQUEST_WAITING, "", false, REQUEST_CLOSED },
		{ REQUEST_CALLING, "", false, REQUEST_CLOSED },
		{ REQUEST_CALLING, "", true, REQUEST_CALLING },
		{ REQUEST_TALKING, "", true, REQUEST_TALKING },
		{ REQUEST_WRAPPING, "", false, REQUEST_WRAPPING },
		{ REQUEST_REFERRED, "gave_up", false, REQUEST_CLOSED },
		{ REQUEST_REFERRED, "maybe_called", false, REQUEST_CLOSED },
		{ REQUEST_REFERRED, "no_result", false, REQUEST_REFERRED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		memset(&before, 0, sizeof(before));
		one_request(cases[i].from);
		strcpy(before.request.reason, cases[i].reason);
		if (cases[i].from == REQUEST_CALLING ||
		    cases[i].from == REQUEST_TALKING) {
			struct call *c = one_call(CALL_LIVE);

			before.request.call = 1;
			if (cases[i].is_authorised)
				strcpy(c->authorised, "CA1");
		}
		/* From before they asked: not about this. */
		call_in(CALLER_SPOKE, before.request.asked_at_ms - 1);
		assert_int_equal(outcome.after.request.state, cases[i].from);
		call_in(CALLER_SPOKE, NOW_MS);
		assert_int_equal(outcome.after.request.state, cases[i].to);
		if (cases[i].from == REQUEST_CALLING &&
		    !cases[i].is_authorised)
			assert_true(outcome.after.calls[0].is_revoked);
	}
}

static void
a_call_back_waits_until_they_have_hung_up(void **state)
{
	struct event event = { .kind = EVENT_CALLED_BACK, .digit = -1,
		.to = record_ref_request("r"), .specialist = "anna",
		.at_ms = NOW_MS + 20000, .fresh_id = "fresh" };

	(void)state;
	one_request(REQUEST_SCHEDULED)->at_ms = NOW_MS + 10 * MINUTE_MS;
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(outcome.after.request.at_ms, NOW_MS);
	assert_int_equal(outcome.after.request.hold_until_ms, event.at_ms);
	assert_string_equal(outcome.after.request.wished, "anna");
	assert_int_equal(outcome.after.request.promise_number, 2);
	memset(&before, 0, sizeof(before));
	strcpy(one_request(REQUEST_CLOSED)->reason, "solved");
	assert_false(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	strcpy(before.request.reason, "unreachable");
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(outcome.birth.hold_until_ms, event.at_ms);
	assert_string_equal(outcome.birth.wished, "anna");
}

/* Both are on the telephone: nobody is rung but the specialist, by the caller's
 * own call. */
static void
who_calls_back_is_joined_with_who_called(void **state)
{
	struct provider_facts *facts = &policy.providers[0];
	struct event event = { .kind = EVENT_CALLED_BACK, .digit = -1,
		.to = record_ref_request("r"), .specialist = "anna",
		.provider = "line", .sid = "CA7",
		.at_ms = NOW_MS + 20000 };
	struct provider_facts before_facts = *facts;
	const struct call *call = &outcome.after.calls[0];

	(void)state;
	assert_string_equal(facts->id, "line");
	facts->can_call_customer = true;
	one_specialist(SPECIALIST_IDLE);
	one_request(REQUEST_SCHEDULED)->at_ms = NOW_MS + 10 * MINUTE_MS;
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(outcome.after.request.state, REQUEST_CALLING);
	assert_int_equal(outcome.after.request.attempt_count, 1);
	assert_int_equal(outcome.after.request.kept_at_ms, NOW_MS);
	assert_int_equal(anna()->state, SPECIALIST_BUSY);
	assert_int_equal(anna()->call, 1);
	assert_int_equal(call->state, CALL_LIVE);
	assert_string_equal(call->sid, "CA7");
	assert_string_equal(call->authorised, "CA7");
	assert_true(call->is_customer_first);
	assert_int_equal(outcome.verdict, VERDICT_JOIN_AGENT);
	assert_int_equal(outcome.effect_count, 0);
	/* The answer was lost, and they ask once more; not when another of their
	 * calls does, nor once the specialist was there. */
	{
		const struct situation first = before;

		before = outcome.after;
		assert_true(situation_step(&policy, &before, &event, NOW_MS,
		    &outcome));
		assert_int_equal(outcome.verdict, VERDICT_JOIN_AGENT);
		assert_int_equal(outcome.after.request.attempt_count, 1);
		assert_int_equal(outcome.after.call_count, 1);
		assert_int_equal(outcome.effect_count, 0);
		strcpy(event.sid, "CA8");
		assert_false(situation_step(&policy, &before, &event, NOW_MS,
		    &outcome));
		strcpy(event.sid, "CA7");
		before.calls[0].rank = PROGRESS_CUSTOMER_UP;
		assert_false(situation_step(&policy, &before, &event, NOW_MS,
		    &outcome));
		before = first;
	}
	/* Somebody else calls that number, or nobody is free: later. */
	event.is_number_held = true;
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(outcome.after.request.state, REQUEST_SCHEDULED);
	event.is_number_held = false;
	before.specialists[0].state = SPECIALIST_BUSY;
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(outcome.after.request.state, REQUEST_SCHEDULED);
	*facts = before_facts;
}

/* Their record outlives their place in the settings. */
static void
who_is_not_in_the_settings_is_offered_nothing(void **state)
{
	struct event event = { .kind = EVENT_MATCHED,
		.to = record_ref_request("r"), .digit = -1 };
	struct specialist *s = one_specialist(SPECIALIST_IDLE);

	(void)state;
	one_request(REQUEST_WAITING);
	strcpy(event.specialist, s->id);
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	strcpy(s->id, "clara");
	strcpy(event.specialist, s->id);
	assert_false(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
}

/* Redis's clock was set back while they talked: what is written can be read. */
static void
no_talk_is_shorter_than_nothing(void **state)
{
	struct event event = { .kind = EVENT_PROGRESS, .digit = -1,
		.progress = PROGRESS_OVER, .outcome = OUTCOME_ANSWERED,
		.to = record_ref_call("r", 1) };
	struct call *c;

	(void)state;
	one_specialist(SPECIALIST_BUSY);
	strcpy(before.specialists[0].request, "r");
	before.specialists[0].call = 1;
	one_request(REQUEST_TALKING)->talk_at_ms = NOW_MS + 5000;
	before.request.call = 1;
	strcpy(before.request.specialist, "anna");
	c = one_call(CALL_LIVE);
	strcpy(c->sid, "1a");
	strcpy(c->authorised, "1a");
	strcpy(event.sid, "1a");
	c->rank = PROGRESS_CUSTOMER_UP;
	c->customer_up_at_ms = NOW_MS + 5000;
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(outcome.after.request.talk_ms, 0);
	assert_int_equal(outcome.after.calls[0].talk_ms, 0);
	event.progress = PROGRESS_NONE;
	event.is_customer_over = true;
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(outcome.after.request.talk_ms, 0);
	assert_int_equal(outcome.after.calls[0].talk_ms, 0);
}

/* Who talked with this customer may be somebody else's by now. */
static void
only_its_own_specialist_is_due_with_a_request(void **state)
{
	struct specialist *s = one_specialist(SPECIALIST_OFFERED);
	struct record_ref due;

	(void)state;
	one_request(REQUEST_WRAPPING);
	before.request.record.wake_at_ms = NOW_MS + MINUTE_MS;
	s->record.wake_at_ms = NOW_MS;
	strcpy(s->request, "other");
	assert_false(situation_due(&before, NOW_MS, &due));
	strcpy(s->request, "r");
	assert_true(situation_due(&before, NOW_MS, &due));
}

/* ---- widening */

static void
rungs(void)
{
	queues[0].widenings[0] = (struct widening){ 8 * MINUTE_MS, .level = 1 };
	queues[0].widenings[1] = (struct widening){ 7 * MINUTE_MS,
		.queue = "loans" };
	queues[0].widenings[2] = (struct widening){ 6 * MINUTE_MS,
		.offers = 4 };
	queues[0].widenings[3] = (struct widening){ 5 * MINUTE_MS,
		.tell = "boris" };
	queues[0].widening_count = 4;
	queues[0].level = 5;
}

static void
a_rung_is_climbed_at_its_moment(void **state)
{
	static const char *const said[] = {
		"to level 1, 8 min before the promise",
		"to the queue loans, 7 min before the promise",
		"to 4 at once, 6 min before the promise",
		"boris could not be told, 5 min before the promise" };
	struct request *r = one_request(REQUEST_WAITING);

	(void)state;
	rungs();
	r->level = 5;
	assert_int_equal(request_wake(&policy, r, NOW_MS),
	    r->promise_at_ms - 8 * MINUTE_MS);
	for (int i = 0; i < 4; i++) {
		r->promise_at_ms = NOW_MS + (8 - i) * MINUTE_MS;
		tell(EVENT_DUE, record_ref_request("r"));
		assert_string_equal(outcome.moves[0].action, "widen");
		assert_string_equal(outcome.moves[0].detail, said[i]);
		before.request = outcome.after.request;
		assert_int_equal(r->rung, i + 1);
		assert_int_equal(r->record.wake_at_ms, i == 3 ?
		    r->promise_at_ms : NOW_MS + MINUTE_MS);
	}
	assert_int_equal(r->level, 1);
	assert_int_equal(r->room, 4);
	assert_string_equal(r->also[0], "loans");
}

/* Late, everybody sees it; tell comes again, before the second promise. */
static void
a_missed_promise_widens_fully(void **state)
{
	struct request *r = one_request(REQUEST_CALLING);

	(void)state;
	rungs();
	r->level = 5;
	r->promise_at_ms = NOW_MS;
	tell(EVENT_DUE, record_ref_request("r"));
	r = &outcome.after.request;
	assert_true(r->is_missed);
	assert_int_equal(r->level, 1);
	assert_int_equal(r->room, 4);
	assert_string_equal(r->also[0], "loans");
	r->state = REQUEST_WAITING;
	r->lane = 0;
	assert_int_equal(request_wake(&policy, r, NOW_MS),
	    r->second_at_ms - 5 * MINUTE_MS);
}

/* A reload took the rungs away: else it would be due for ever. */
static void
a_rung_that_is_gone_is_not_waited_for(void **state)
{
	struct request *r = one_request(REQUEST_WAITING);

	(void)state;
	r->record.wake_at_ms = NOW_MS;
	tell(EVENT_DUE, record_ref_request("r"));
	assert_int_equal(outcome.after.request.record.wake_at_ms,
	    r->promise_at_ms);
}

static void
a_new_promise_begins_narrow(void **state)
{
	struct request *r = one_request(REQUEST_REFERRED);

	(void)state;
	rungs();
	r->rung = 4;
	r->level = 1;
	r->room = 4;
	strcpy(r->also[0], "loans");
	tell(EVENT_REQUEUED, record_ref_request("r"));
	r = &outcome.after.request;
	assert_int_equal(r->rung, 0);
	assert_int_equal(r->level, 5);
	assert_int_equal(r->room, 1);
	assert_string_equal(r->also[0], "");
}

/* Four were asked, and four more are: the phones of the first still ring. */
static void
a_situation_keeps_whom_its_request_names(void **state)
{
	struct request *request = &before.request;

	(void)state;
	memset(&before, 0, sizeof(before));
	strcpy(request->id, "r");
	request->state = REQUEST_OFFERED;
	for (int i = 0; i < OFFER_MAX; i++) {
		struct specialist *rung = &before.specialists[i];
		struct call *call = &before.calls[i];

		snprintf(rung->id, sizeof(rung->id), "rung%d", i);
		strcpy(rung->request, "r");
		rung->state = SPECIALIST_BUSY;
		rung->call = call->n = i + 1;
		strcpy(call->request, "r");
		strcpy(call->specialist, rung->id);
		call->state = CALL_LIVE;
		call->is_revoked = true;
	}
	before.specialist_count = before.call_count = OFFER_MAX;
	strcpy(before.specialists[OFFER_MAX].id, "anna");
	strcpy(before.specialists[OFFER_MAX].request, "r");
	before.specialist_count++;
	before.calls[OFFER_MAX].n = OFFER_MAX + 1;
	before.calls[OFFER_MAX].state = CALL_LIVE;
	before.call_count++;
	strcpy(request->offers[0].specialist, "anna");
	request->offers[0].call = OFFER_MAX + 1;
	situation_trim(&before);
	assert_int_equal(before.specialist_count, 1);
	assert_string_equal(before.specialists[0].id, "anna");
	assert_int_equal(before.call_count, 1);
	assert_int_equal(before.calls[0].n, OFFER_MAX + 1);
	/* Addressed, they are there again. */
	assert_int_equal(situation_missing(&before, NULL,
	    (struct record_ref[4]){ 0 }, 4), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_well_formed),
		cmocka_unit_test(no_row_is_hidden),
		cmocka_unit_test(an_absent_addressee_is_no_row),
		cmocka_unit_test(every_state_meets_every_event),
		cmocka_unit_test(
		    every_state_meets_every_event_with_anything_redis_may_hold),
		cmocka_unit_test(an_offer_that_no_request_knows_lets_go),
		cmocka_unit_test(nobody_stays_busy_without_a_call),
		cmocka_unit_test(
		    who_leaves_while_their_acceptance_is_withdrawn_is_away),
		cmocka_unit_test(an_open_desk_is_no_sign_of_life),
		cmocka_unit_test(who_is_on_another_call_is_not_idle),
		cmocka_unit_test(another_call_ends_by_itself),
		cmocka_unit_test(another_call_lasts_no_longer_than_the_limit),
		cmocka_unit_test(an_offer_is_left_without_being_counted),
		cmocka_unit_test(another_call_is_noted_and_applied_after_the_work),
		cmocka_unit_test(a_busy_specialists_call_is_loaded),
		cmocka_unit_test(
		    an_offered_request_does_not_wake_to_be_given_up),
		cmocka_unit_test(the_double_going_does_not_end_ours),
		cmocka_unit_test(a_revoked_call_is_looked_at_too),
		cmocka_unit_test(a_rung_is_climbed_at_its_moment),
		cmocka_unit_test(a_missed_promise_widens_fully),
		cmocka_unit_test(a_rung_that_is_gone_is_not_waited_for),
		cmocka_unit_test(a_new_promise_begins_narrow),
		cmocka_unit_test(only_the_specialist_was_rung),
		cmocka_unit_test(the_answer_says_who_was_not_reached),
		cmocka_unit_test(who_was_rung_first_was_rung),
		cmocka_unit_test(a_cancelled_leg_is_open_until_its_own_end),
		cmocka_unit_test(a_refused_offer_is_rung_where_offers_are),
		cmocka_unit_test(doubtful_news_are_looked_after),
		cmocka_unit_test(a_second_leg_is_ordered),
		cmocka_unit_test(what_is_remembered),
		cmocka_unit_test(a_second_leg_that_is_refused_keeps_nothing),
		cmocka_unit_test(a_second_leg_never_heard_of_is_given_up),
		cmocka_unit_test(a_call_that_nobody_can_tell_of_ends),
		cmocka_unit_test(webhooks_join_in_any_order),
		cmocka_unit_test(created_looks_at_the_call_only),
		cmocka_unit_test(reopened_where_the_customer_waits_goes_on_there),
		cmocka_unit_test(who_says_the_end_remembers_what_it_was_the_end_of),
		cmocka_unit_test(who_said_the_end_during_the_talk_remembers_it_too),
		cmocka_unit_test(requeued_after_maybe_called_holds_no_number),
		cmocka_unit_test(who_holds_while_their_moment_comes_is_held),
		cmocka_unit_test(a_call_in_closes_what_waits_and_no_more),
		cmocka_unit_test(a_call_back_waits_until_they_have_hung_up),
		cmocka_unit_test(who_calls_back_is_joined_with_who_called),
		cmocka_unit_test(who_is_not_in_the_settings_is_offered_nothing),
		cmocka_unit_test(no_talk_is_shorter_than_nothing),
		cmocka_unit_test(only_its_own_specialist_is_due_with_a_request),
		cmocka_unit_test(a_situation_keeps_whom_its_request_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, NULL);
}
