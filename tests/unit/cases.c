/* SPDX-License-Identifier: MIT */
/* cases: what becomes of a request that was passed on to another queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/hours.h"
#include "lib/life.h"
#include "lib/promise.h"
#include "lib/standing.h"
#include "lib/zone.h"

#define NOW_MS INT64_C(1700000000000)
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

static struct queue_policy queues[3];
static struct specialist_policy anna;
static struct policy policy;
static struct situation before;
static struct outcome outcome;

static const struct request *
after(void)
{
	return &outcome.after.request;
}

/* cards - loans - directors - Gleb, who decides. */
static int
set_up(void **state)
{
	static const char *const ids[] = { "cards", "loans", "directors" };

	(void)state;
	policy_defaults(&policy);
	for (int i = 0; i < 3; i++) {
		queue_policy_defaults(&queues[i]);
		strcpy(queues[i].id, ids[i]);
	}
	queues[0].is_default = true;
	queues[1].passed_ms = 4 * HOUR_MS;
	queues[1].climb = "directors";
	queues[2].passed_ms = 2 * HOUR_MS;
	queues[2].climb = "+74950000109";
	policy.queues = queues;
	policy.queue_count = 3;
	specialist_policy_defaults(&anna);
	strcpy(anna.id, "anna");
	strcpy(anna.addresses[0].to, "ext:101");
	anna.address_count = 1;
	strcpy(anna.queues[0].id, "loans");
	anna.queues[0].level = 5;
	anna.queue_count = 1;
	policy.specialists = &anna;
	policy.specialist_count = 1;
	strcpy(policy.dispositions[0].id, "pass");
	policy.dispositions[0].then = THEN_PASS;
	policy.disposition_count = 1;
	memset(&before, 0, sizeof(before));
	strcpy(before.request.id, "r");
	strcpy(before.request.queue, "loans");
	strcpy(before.request.source, "passed");
	strcpy(before.request.phone, "+79161234567");
	strcpy(before.request.number, "4821");
	before.request.record.version = 1;
	before.request.state = REQUEST_WAITING;
	before.request.asked_at_ms = NOW_MS - 4 * HOUR_MS;
	promise_soon(&policy, &before.request, NOW_MS - 4 * HOUR_MS);
	return 0;
}

static void
tell_of(enum event_kind kind, const char *specialist, const char *owner)
{
	struct event event = { .kind = kind, .to = record_ref_request("r"),
		.digit = -1 };

	strcpy(event.fresh_id, "next");
	strcpy(event.specialist, specialist);
	strcpy(event.owner, owner);
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
}

static void
tell(enum event_kind kind)
{
	tell_of(kind, "", "");
}

/* ---- the promise of a case that was passed on */

static void
a_case_passed_on_has_the_limit_of_its_tier(void **state)
{
	struct event event = { .kind = EVENT_DISPOSED,
		.to = record_ref_request("r"), .digit = -1 };

	(void)state;
	strcpy(before.request.queue, "cards");
	strcpy(before.request.source, "redis");
	before.request.state = REQUEST_WRAPPING;
	strcpy(event.disposition, "pass");
	strcpy(event.queue, "loans");
	strcpy(event.fresh_id, "next");
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_string_equal(after()->reason, "passed");
	assert_int_equal(outcome.birth.promise_at_ms, NOW_MS + 4 * HOUR_MS);
	assert_int_equal(outcome.birth.target_at_ms,
	    NOW_MS + queues[1].target_ms);

	/* Who asked there by themselves was promised the queue's own. */
	strcpy(before.request.source, "redis");
	strcpy(before.request.queue, "loans");
	promise_soon(&policy, &before.request, NOW_MS);
	assert_int_equal(before.request.promise_at_ms,
	    NOW_MS + queues[1].limit_ms);

	/* A limit below the target is both. */
	strcpy(before.request.source, "passed");
	queues[1].passed_ms = MINUTE_MS;
	promise_soon(&policy, &before.request, NOW_MS);
	assert_int_equal(before.request.target_at_ms, NOW_MS + MINUTE_MS);
}

/* ---- climbing */

static void
a_tier_that_lets_its_limit_pass_climbs(void **state)
{
	(void)state;
	tell(EVENT_DUE);
	assert_int_equal(after()->state, REQUEST_CLOSED);
	assert_string_equal(after()->reason, "climbed");
	assert_string_equal(after()->next, "next");
	/* The verdict on its promise stands. */
	assert_true(after()->is_missed);
	assert_int_equal(after()->missed_count, 1);
	assert_string_equal(outcome.birth.queue, "directors");
	assert_string_equal(outcome.birth.source, "climbed");
	assert_string_equal(outcome.birth.from, "r");
	assert_string_equal(outcome.birth.number, "4821");
	assert_int_equal(outcome.birth.promise_at_ms, NOW_MS + 2 * HOUR_MS);
	assert_int_equal(outcome.birth.missed_count, 0);
	assert_string_equal(outcome.moves[0].detail,
	    "promise 1 missed, to directors");
}

static void
whoever_holds_its_offer_loses_it(void **state)
{
	struct specialist *s = &before.specialists[0];

	(void)state;
	before.specialist_count = 1;
	strcpy(s->id, "anna");
	s->state = SPECIALIST_OFFERED;
	s->record.version = 1;
	s->offer = 1;
	strcpy(s->request, "r");
	before.request.state = REQUEST_OFFERED;
	before.request.offer_count = 1;
	before.request.offers[0].number = 1;
	before.request.offers[0].until_ms = NOW_MS + MINUTE_MS;
	strcpy(before.request.offers[0].specialist, "anna");
	tell(EVENT_DUE);
	assert_string_equal(after()->reason, "climbed");
	assert_string_equal(after()->offers[0].specialist, "");
	assert_int_equal(outcome.after.specialists[0].state, SPECIALIST_IDLE);
}

static void
what_the_customer_asked_up_there_takes_the_case(void **state)
{
	(void)state;
	tell_of(EVENT_DUE, "", "other");
	assert_int_equal(after()->state, REQUEST_CLOSED);
	assert_string_equal(after()->reason, "continued_in");
	assert_string_equal(after()->next, "other");
	assert_true(after()->is_missed);
	assert_string_equal(outcome.birth.id, "");
}

static void
above_the_last_tier_a_person_must_decide(void **state)
{
	(void)state;
	strcpy(before.request.queue, "directors");
	strcpy(before.request.source, "climbed");
	tell(EVENT_DUE);
	assert_int_equal(after()->state, REQUEST_REFERRED);
	assert_string_equal(after()->reason, "climbed");
	assert_true(after()->is_missed);
	assert_int_equal(after()->state_until_ms,
	    NOW_MS + policy.result_remind_ms);
	assert_string_equal(outcome.birth.id, "");
	assert_string_equal(outcome.moves[0].detail, "promise 1 missed, "
	    "+74950000109 could not be told");
}

static void
only_what_was_passed_on_climbs(void **state)
{
	(void)state;
	strcpy(before.request.source, "redis");
	tell(EVENT_DUE);
	assert_int_equal(after()->state, REQUEST_WAITING);
	assert_true(after()->is_missed);

	/* And only before its customer was rung, while nobody calls them. */
	strcpy(before.request.source, "passed");
	before.request.state = REQUEST_REFERRED;
	tell(EVENT_DUE);
	assert_int_equal(after()->state, REQUEST_REFERRED);
	assert_string_equal(outcome.birth.id, "");
}

/* ---- taken first, dialled later */

static struct specialist *
offered_to_anna(void)
{
	struct specialist *s = &before.specialists[0];

	before.specialist_count = 1;
	strcpy(s->id, "anna");
	s->state = SPECIALIST_OFFERED;
	s->status = STATUS_AVAILABLE;
	s->record.version = 1;
	s->offer = 1;
	strcpy(s->request, "r");
	queues[1].is_when_ready = true;
	before.request.state = REQUEST_OFFERED;
	before.request.offer_count = 1;
	before.request.offers[0].number = 1;
	before.request.offers[0].until_ms = NOW_MS + MINUTE_MS;
	strcpy(before.request.offers[0].specialist, "anna");
	promise_soon(&policy, &before.request, NOW_MS);
	return s;
}

static void
accept(void)
{
	struct event event = { .kind = EVENT_ACCEPT,
		.to = record_ref_specialist("anna"), .digit = -1 };

	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
}

static void
taking_is_not_dialling(void **state)
{
	struct standing standing;

	(void)state;
	offered_to_anna();
	accept();
	assert_int_equal(after()->state, REQUEST_TAKEN);
	assert_string_equal(after()->wished, "anna");
	assert_int_equal(outcome.after.call_count, 0);
	/* They are free for others, and nobody else is asked. */
	assert_int_equal(outcome.after.specialists[0].state, SPECIALIST_IDLE);
	assert_string_equal(outcome.after.specialists[0].request, "");
	standing_of_request(after(), &standing);
	for (size_t i = 0; i < standing.count; i++)
		assert_true(strncmp(standing.in[i].index, "wait:", 5) != 0);
	assert_int_equal(after()->record.wake_at_ms, NOW_MS + 4 * HOUR_MS);

	/* Then they start. */
	before = outcome.after;
	tell_of(EVENT_START, "anna", "");
	assert_int_equal(after()->state, REQUEST_CALLING);
	assert_string_equal(after()->specialist, "anna");
	assert_int_equal(outcome.after.call_count, 1);
	assert_int_equal(outcome.after.specialists[0].state, SPECIALIST_BUSY);
}

static void
what_cannot_start_stays_taken(void **state)
{
	(void)state;
	offered_to_anna();
	accept();
	before = outcome.after;
	before.specialists[0].state = SPECIALIST_AWAY;
	tell_of(EVENT_START, "anna", "");
	assert_int_equal(after()->state, REQUEST_TAKEN);
	assert_string_equal(outcome.reason, "not_free");
	before.specialists[0].state = SPECIALIST_IDLE;
	queues[1].closed_until_ms = NOW_MS + HOUR_MS;
	tell_of(EVENT_START, "anna", "");
	assert_int_equal(after()->state, REQUEST_TAKEN);
	assert_string_equal(outcome.reason, "closed");
}

static void
what_was_taken_and_not_called_climbs(void **state)
{
	(void)state;
	offered_to_anna();
	accept();
	before = outcome.after;
	before.request.promise_at_ms = NOW_MS;
	tell(EVENT_DUE);
	assert_string_equal(after()->reason, "climbed");
	assert_string_equal(outcome.birth.queue, "directors");

	/* Or, where nothing stands above, goes back to everybody. */
	queues[1].climb = "";
	tell(EVENT_DUE);
	assert_int_equal(after()->state, REQUEST_WAITING);
	assert_true(after()->is_missed);
}

static void
who_is_late_is_called_at_once(void **state)
{
	(void)state;
	offered_to_anna();
	promise_miss(&policy, &before.request);
	accept();
	assert_int_equal(after()->state, REQUEST_CALLING);
}

/* ---- hours: NOW_MS is Tuesday, 2023-11-14, 22:13:20 */

static const struct hours_span days[] = { { 31, 9 * 3600, 18 * 3600 } };
static const struct hours day = { NULL, days, 1, NULL, 0 };

#define OPENS_MS (NOW_MS + 10 * HOUR_MS + 46 * MINUTE_MS + 40000)

static const char *
said_first(void)
{
	return outcome.moves[0].detail;
}

/* Passed on at 17:43:20: a quarter of an hour today, the rest tomorrow. */
static void
only_open_hours_count_for_its_limit(void **state)
{
	int64_t at_ms = NOW_MS - 4 * HOUR_MS - 30 * MINUTE_MS;

	(void)state;
	policy.hours = &day;
	queues[1].is_passed_open = true;
	promise_soon(&policy, &before.request, at_ms);
	assert_int_equal(before.request.promise_at_ms,
	    OPENS_MS + 4 * HOUR_MS - 16 * MINUTE_MS - 40000);
	assert_int_equal(before.request.target_at_ms,
	    at_ms + queues[1].target_ms);
	/* Closed meanwhile it waits until it opens, and the promise stands. */
	before.request.state = REQUEST_SCHEDULED;
	before.request.at_ms = NOW_MS;
	tell(EVENT_DUE);
	assert_int_equal(after()->state, REQUEST_SCHEDULED);
	assert_int_equal(after()->at_ms, OPENS_MS);
	assert_int_equal(after()->promise_at_ms, before.request.promise_at_ms);
	assert_int_equal(after()->promise_number,
	    before.request.promise_number);
	assert_string_equal(said_first(), "closed until 2023-11-15 09:00");
	/* Who asked there by themselves is promised by the clock on the wall. */
	strcpy(before.request.source, "http");
	promise_soon(&policy, &before.request, at_ms);
	assert_int_equal(before.request.promise_at_ms,
	    at_ms + queues[1].limit_ms);
}

static void
what_is_born_while_closed_is_promised_from_the_opening_on(void **state)
{
	struct event event = { .kind = EVENT_DISPOSED,
		.to = record_ref_request("r"), .digit = -1 };

	(void)state;
	policy.hours = &day;
	strcpy(before.request.queue, "cards");
	strcpy(before.request.zone, "Asia/Tokyo");
	before.request.state = REQUEST_WRAPPING;
	strcpy(event.disposition, "pass");
	strcpy(event.queue, "loans");
	strcpy(event.fresh_id, "next");
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(outcome.birth.at_ms, OPENS_MS);
	assert_int_equal(outcome.birth.promise_at_ms, OPENS_MS + 4 * HOUR_MS);
	assert_string_equal(outcome.birth.zone, "Asia/Tokyo");
}

/* At closing time those who wait are put off, and promised anew. */
static void
who_waits_is_put_off_when_it_closes(void **state)
{
	struct request *r = &before.request;

	(void)state;
	strcpy(r->source, "http");
	policy.hours = &day;
	r->promise_at_ms = NOW_MS + 10 * MINUTE_MS;
	r->asked_at_ms = NOW_MS - 5 * MINUTE_MS;
	assert_int_equal(request_wake(&policy, r, NOW_MS), NOW_MS);
	tell(EVENT_DUE);
	assert_int_equal(after()->state, REQUEST_SCHEDULED);
	assert_string_equal(after()->reason, "closed");
	assert_int_equal(after()->at_ms, OPENS_MS);
	assert_int_equal(after()->promise_at_ms,
	    OPENS_MS + queues[1].limit_ms);
	assert_int_equal(after()->promise_number, r->promise_number + 1);
	/* By day it is woken for it. */
	before.request = *after();
	before.request.state = REQUEST_WAITING;
	before.request.promise_at_ms = OPENS_MS + 24 * HOUR_MS;
	assert_int_equal(request_wake(&policy, &before.request, OPENS_MS),
	    OPENS_MS + 9 * HOUR_MS);
}

/* The promise missed is counted; that they are called tomorrow is told, not that we
 * are sorry and call in an hour. */
static void
late_and_closed_in_the_same_moment(void **state)
{
	struct request *r = &before.request;

	(void)state;
	strcpy(r->source, "http");
	policy.hours = &day;
	r->promise_at_ms = NOW_MS;
	tell(EVENT_DUE);
	assert_string_equal(outcome.moves[0].action, "go_late");
	assert_int_equal(after()->missed_count, 1);
	before = outcome.after;
	tell(EVENT_DUE);
	assert_string_equal(outcome.moves[0].action, "next_opening");
	assert_false(after()->is_missed);
}

/* Open when Tokyo is asleep. */
static void
a_person_decides_what_no_hour_allows(void **state)
{
	static const struct hours_span nights[] = { { 127, 13 * 3600, 23 * 3600 } };
	struct hours night = { NULL, nights, 1, NULL, 0 };

	(void)state;
	policy.zones = zones_new();
	assert_non_null(zones_learn(policy.zones, "Asia/Tokyo"));
	policy.hours = &night;
	policy.quiets[0] = (struct quiet_policy){ "", 21 * 3600, 9 * 3600 };
	policy.quiet_count = 1;
	strcpy(before.request.source, "http");
	strcpy(before.request.zone, "Asia/Tokyo");
	/* From 22 to 8 there. */
	before.request.promise_at_ms = NOW_MS + HOUR_MS;
	tell(EVENT_DUE);
	assert_int_equal(after()->state, REQUEST_REFERRED);
	assert_string_equal(after()->reason, "no_common_hours");
	before.request.state = REQUEST_SCHEDULED;
	before.request.at_ms = NOW_MS;
	tell(EVENT_DUE);
	assert_int_equal(after()->state, REQUEST_REFERRED);
	before.request.state = REQUEST_OFFERED;
	before.request.room = 1;
	strcpy(before.request.offers[0].specialist, "anna");
	before.request.offers[0].number = 1;
	before.request.offers[0].until_ms = NOW_MS + MINUTE_MS;
	strcpy(before.specialists[0].id, "anna");
	strcpy(before.specialists[0].request, "r");
	before.specialists[0].record.version = 1;
	before.specialists[0].state = SPECIALIST_OFFERED;
	before.specialists[0].status = STATUS_AVAILABLE;
	before.specialist_count = 1;
	tell_of(EVENT_ACCEPTED, "anna", "");
	assert_int_equal(after()->state, REQUEST_REFERRED);
	assert_int_equal(request_offers_open(after()), 0);
	zones_free(policy.zones);
}

/* Nobody answered at 22:13; tomorrow's attempt is told of first, and not rung before
 * that could be read. */
static void
tomorrows_attempt_is_announced(void **state)
{
	struct request *r = &before.request;
	struct event event = { .kind = EVENT_CALL_OVER, .call = 1,
		.to = record_ref_request("r"), .has_rung = true,
		.outcome = OUTCOME_NO_ANSWER, .digit = -1 };

	(void)state;
	policy.hours = &day;
	strcpy(policy.texts[0].language, "en");
	policy.texts[0].texts[TEXT_DEFERRED] = "{day} {from}";
	policy.text_language_count = 1;
	strcpy(policy.language, "en");
	policy.text.count = 1;
	strcpy(policy.text.ids[0], "sms");
	/* No messages by night, until a quarter of an hour before it opens, or until then. */
	policy.quiet_from_minute = 21 * 60;
	policy.quiet_to_minute = 8 * 60;
	r->may_text = true;
	r->state = REQUEST_CALLING;
	r->call = 1;
	strcpy(r->specialist, "anna");
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(after()->state, REQUEST_SCHEDULED);
	assert_string_equal(after()->reason, "no_answer");
	assert_int_equal(after()->at_ms, OPENS_MS);
	assert_string_equal(after()->wished, "anna");
	assert_int_equal(outcome.message_count, 1);
	assert_int_equal(outcome.messages[0].kind, TEXT_DEFERRED);
	policy.quiet_to_minute = 9 * 60;
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(after()->at_ms, OPENS_MS + 15 * MINUTE_MS);
	assert_int_equal(after()->promise_at_ms, OPENS_MS + 15 * MINUTE_MS +
	    policy.queues[1].passed_ms);
	/* Who cannot be told is called as soon as we open. */
	r->may_text = false;
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(after()->at_ms, OPENS_MS);
	r->may_text = true;
	policy.calls_next_day = true;
	queues[1].limit_ms = queues[1].passed_ms = 24 * HOUR_MS;
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
	assert_int_equal(outcome.message_count, 0);
	assert_int_equal(after()->at_ms, OPENS_MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    a_case_passed_on_has_the_limit_of_its_tier, set_up),
		cmocka_unit_test_setup(a_tier_that_lets_its_limit_pass_climbs,
		    set_up),
		cmocka_unit_test_setup(whoever_holds_its_offer_loses_it,
		    set_up),
		cmocka_unit_test_setup(
		    what_the_customer_asked_up_there_takes_the_case, set_up),
		cmocka_unit_test_setup(
		    above_the_last_tier_a_person_must_decide, set_up),
		cmocka_unit_test_setup(only_what_was_passed_on_climbs, set_up),
		cmocka_unit_test_setup(taking_is_not_dialling, set_up),
		cmocka_unit_test_setup(what_cannot_start_stays_taken, set_up),
		cmocka_unit_test_setup(what_was_taken_and_not_called_climbs,
		    set_up),
		cmocka_unit_test_setup(who_is_late_is_called_at_once, set_up),
		cmocka_unit_test_setup(only_open_hours_count_for_its_limit, set_up),
		cmocka_unit_test_setup(
		    what_is_born_while_closed_is_promised_from_the_opening_on,
		    set_up),
		cmocka_unit_test_setup(who_waits_is_put_off_when_it_closes, set_up),
		cmocka_unit_test_setup(late_and_closed_in_the_same_moment, set_up),
		cmocka_unit_test_setup(a_person_decides_what_no_hour_allows, set_up),
		cmocka_unit_test_setup(tomorrows_attempt_is_announced, set_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
