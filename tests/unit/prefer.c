/* SPDX-License-Identifier: MIT */
/* prefer: who is waited for, until when, and what ends it before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/life.h"
#include "lib/match.h"
#include "lib/promise.h"

#define NOW_MS INT64_C(1700000000000)
#define MINUTE_MS INT64_C(60000)

static struct queue_policy queues[2];
static struct specialist_policy people[2];
static struct policy policy;
static struct situation before;
static struct outcome outcome;

static int
set_up(void **state)
{
	static const char *const names[] = { "anna", "boris" };

	(void)state;
	policy_defaults(&policy);
	for (int i = 0; i < 2; i++) {
		queue_policy_defaults(&queues[i]);
		specialist_policy_defaults(&people[i]);
		strcpy(queues[i].id, i == 0 ? "cards" : "loans");
		strcpy(people[i].id, names[i]);
		strcpy(people[i].addresses[0].to, "ext:101");
		people[i].address_count = 1;
		strcpy(people[i].queues[0].id, "cards");
		people[i].queues[0].level = 5 - i;
		people[i].queue_count = 1;
	}
	queues[0].is_default = true;
	policy.queues = queues;
	policy.queue_count = 2;
	policy.specialists = people;
	policy.specialist_count = 2;
	policy.retry_count = 2;
	strcpy(policy.voice.ids[0], "manual");
	policy.voice.count = 1;
	strcpy(policy.dispositions[0].id, "later");
	policy.dispositions[0].then = THEN_SCHEDULE;
	policy.disposition_count = 1;
	return 0;
}

/* A request asked just now, as if for anna. */
static struct request *
one_request(enum request_state state)
{
	struct request *r = &before.request;

	memset(&before, 0, sizeof(before));
	strcpy(r->id, "r");
	strcpy(r->queue, "cards");
	strcpy(r->phone, "+79161234567");
	strcpy(r->wished, "anna");
	r->state = state;
	r->record.version = 1;
	r->asked_at_ms = NOW_MS;
	r->at_ms = NOW_MS;
	promise_soon(&policy, r, NOW_MS);
	return r;
}

static struct specialist
one_specialist(const char *id, enum specialist_state state)
{
	struct specialist s = { .state = state, .status = STATUS_AVAILABLE };

	strcpy(s.id, id);
	strcpy(s.skills[0].queue, "cards");
	s.skills[0].level = 5;
	return s;
}

static bool
tell(enum event_kind kind, const char *specialist, int64_t now_ms)
{
	struct event event = { .kind = kind, .digit = -1,
		.to = record_ref_request("r"), .reason = "paused",
		.disposition = "later", .fresh_id = "r2" };

	strcpy(event.specialist, specialist);
	if (!situation_step(&policy, &before, &event, now_ms, &outcome))
		return false;
	before = outcome.after;
	return true;
}

static const struct request *
after(void)
{
	return &outcome.after.request;
}

/* It has joined the queue and waits for anna. */
static void
join(void)
{
	one_request(REQUEST_SCHEDULED);
	assert_true(tell(EVENT_DUE, "", NOW_MS));
	assert_int_equal(after()->state, REQUEST_WAITING);
}

static void
nobody_else_is_asked_while_there_is_time(void **state)
{
	const struct specialist boris = one_specialist("boris",
	    SPECIALIST_IDLE);
	int64_t until_ms = NOW_MS + 15 * MINUTE_MS - queues[0].prefer_ms;

	(void)state;
	join();
	assert_int_equal(after()->wished_until_ms, until_ms);
	assert_int_equal(after()->record.wake_at_ms, until_ms);
	assert_false(match_fits(after(), &boris, until_ms - 1));
	assert_true(match_fits(after(), &boris, until_ms));
	/* Whoever matches it is refused, too. */
	before.specialists[before.specialist_count++] = boris;
	assert_false(tell(EVENT_MATCHED, "boris", NOW_MS));
	/* By hand it may be taken. */
	assert_true(tell(EVENT_BY_HAND, "boris", NOW_MS));
}

static void
the_preferred_is_asked_at_once(void **state)
{
	struct specialist anna = one_specialist("anna", SPECIALIST_IDLE);

	(void)state;
	join();
	assert_true(match_fits(after(), &anna, NOW_MS));
	before.specialists[before.specialist_count++] = anna;
	assert_true(tell(EVENT_MATCHED, "anna", NOW_MS));
	assert_int_equal(after()->state, REQUEST_OFFERED);
}

static void
time_releases_it(void **state)
{
	(void)state;
	join();
	assert_false(tell(EVENT_RELEASED, "boris", NOW_MS));
	assert_true(tell(EVENT_DUE, "", after()->wished_until_ms));
	assert_string_equal(outcome.moves[0].action, "release_wished");
	assert_string_equal(outcome.moves[0].detail, "anna did not come free");
	assert_int_equal(after()->wished_until_ms, 0);
	assert_string_equal(after()->wished, "anna");
}

static void
who_is_not_at_work_is_not_waited_for(void **state)
{
	struct specialist anna = one_specialist("anna", SPECIALIST_BUSY);
	const char *why;

	(void)state;
	join();
	assert_true(match_is_worth_waiting(after(), &anna, NOW_MS, &why));
	anna.state = SPECIALIST_WRAPPING;
	assert_true(match_is_worth_waiting(after(), &anna, NOW_MS, &why));
	anna.status = STATUS_PAUSED;
	assert_false(match_is_worth_waiting(after(), &anna, NOW_MS, &why));
	assert_string_equal(why, "paused");
	anna.status = STATUS_OFF;
	assert_false(match_is_worth_waiting(after(), &anna, NOW_MS, &why));
	assert_string_equal(why, "off");
	anna.status = STATUS_AVAILABLE;
	anna.elsewhere_until_ms = NOW_MS + 1;
	assert_false(match_is_worth_waiting(after(), &anna, NOW_MS, &why));
	assert_string_equal(why, "elsewhere");
	anna.elsewhere_until_ms = 0;
	anna.skills[0].level = 0;
	assert_false(match_is_worth_waiting(after(), &anna, NOW_MS, &why));
	assert_string_equal(why, "not asked");
	anna = one_specialist("anna", SPECIALIST_AWAY);
	assert_false(match_is_worth_waiting(after(), &anna, NOW_MS, &why));
	assert_string_equal(why, "away");
	assert_true(tell(EVENT_RELEASED, "anna", NOW_MS));
	assert_string_equal(outcome.moves[0].detail, "anna is paused");
	assert_int_equal(after()->wished_until_ms, 0);
}

static void
who_says_no_is_not_waited_for(void **state)
{
	struct request *r = one_request(REQUEST_OFFERED);

	(void)state;
	r->wished_until_ms = NOW_MS + MINUTE_MS;
	strcpy(r->offers[0].specialist, "anna");
	r->offers[0].number = 1;
	r->offers[0].until_ms = NOW_MS + MINUTE_MS;
	assert_true(tell(EVENT_DECLINED, "anna", NOW_MS));
	assert_int_equal(after()->state, REQUEST_WAITING);
	assert_int_equal(after()->wished_until_ms, 0);
	/* Nor when it comes back for her. */
	assert_true(tell(EVENT_ASSIGNED, "anna", NOW_MS));
	assert_int_equal(after()->wished_until_ms, 0);
}

static void
whom_the_rules_do_not_admit_is_not_waited_for(void **state)
{
	(void)state;
	queues[0].level = 6;
	join();
	assert_int_equal(after()->wished_until_ms, 0);
	queues[0].level = 0;
	people[0].queue_count = 0;
	join();
	assert_int_equal(after()->wished_until_ms, 0);
	people[0].queue_count = 1;
	queues[0].prefer_ms = 0;
	join();
	assert_int_equal(after()->wished_until_ms, 0);
	assert_int_equal(set_up(NULL), 0);
}

static void
widening_ends_it(void **state)
{
	(void)state;
	queues[0].widenings[0] = (struct widening){ .before_ms = 14 * MINUTE_MS };
	strcpy(queues[0].widenings[0].tell, "loans");
	queues[0].widenings[1] = (struct widening){
		.before_ms = 10 * MINUTE_MS, .offers = 2 };
	queues[0].widening_count = 2;
	join();
	/* Telling somebody shows it to nobody else. */
	assert_int_equal(after()->wished_until_ms, NOW_MS + 5 * MINUTE_MS);
	assert_true(tell(EVENT_DUE, "", NOW_MS + MINUTE_MS));
	assert_int_equal(after()->rung, 1);
	assert_int_equal(after()->wished_until_ms, NOW_MS + 5 * MINUTE_MS);
	assert_true(tell(EVENT_DUE, "", NOW_MS + 5 * MINUTE_MS));
	assert_int_equal(after()->rung, 2);
	assert_int_equal(after()->wished_until_ms, 0);
	assert_int_equal(set_up(NULL), 0);
}

static void
a_supervisor_assigns_whom_it_waits_for(void **state)
{
	(void)state;
	join();
	assert_true(tell(EVENT_ASSIGNED, "boris", NOW_MS + MINUTE_MS));
	assert_string_equal(after()->wished, "boris");
	assert_int_equal(after()->wished_until_ms,
	    NOW_MS + 15 * MINUTE_MS - queues[0].prefer_ms);
	/* Not one that waits for another moment; it will. */
	one_request(REQUEST_SCHEDULED)->at_ms = NOW_MS + MINUTE_MS;
	assert_true(tell(EVENT_ASSIGNED, "boris", NOW_MS));
	assert_int_equal(after()->wished_until_ms, 0);
}

static void
a_retry_goes_to_who_knows_it(void **state)
{
	struct request *r = one_request(REQUEST_WRAPPING);

	(void)state;
	/* Who only tried does not displace whom the customer asked for. */
	strcpy(r->specialist, "boris");
	assert_true(tell(EVENT_DISPOSED, "", NOW_MS));
	assert_int_equal(after()->state, REQUEST_SCHEDULED);
	assert_string_equal(after()->wished, "anna");
	r = one_request(REQUEST_WRAPPING);
	r->wished[0] = '\0';
	strcpy(r->specialist, "boris");
	assert_true(tell(EVENT_DISPOSED, "", NOW_MS));
	assert_string_equal(after()->wished, "boris");
	/* Who has talked to the customer does. */
	r = one_request(REQUEST_WRAPPING);
	r->talk_at_ms = NOW_MS - 1;
	strcpy(r->specialist, "boris");
	assert_true(tell(EVENT_DISPOSED, "", NOW_MS));
	assert_string_equal(after()->wished, "boris");
	assert_true(tell(EVENT_DUE, "", after()->at_ms));
	assert_true(after()->wished_until_ms > after()->at_ms);
}

static void
a_case_goes_on_with_who_knows_it(void **state)
{
	struct request *r = one_request(REQUEST_CLOSED);

	(void)state;
	strcpy(r->specialist, "boris");
	assert_true(tell(EVENT_REOPENED, "", NOW_MS));
	assert_string_equal(outcome.birth.wished, "boris");
}

/* ---- refusals */

static struct request *
offered_to(const char *specialist)
{
	struct request *r = &before.request;

	r->state = REQUEST_OFFERED;
	strcpy(r->offers[0].specialist, specialist);
	r->offers[0].number = 1;
	r->offers[0].until_ms = NOW_MS + MINUTE_MS;
	return r;
}

static void
all_who_refuse_it_twice_widen_it(void **state)
{
	static const char *const who[] = { "anna", "boris", "anna", "boris" };

	(void)state;
	queues[0].widenings[0] = (struct widening){ .before_ms = MINUTE_MS,
		.offers = 3 };
	queues[0].widening_count = 1;
	one_request(REQUEST_WAITING)->wished[0] = '\0';
	for (int i = 0; i < 4; i++) {
		assert_int_equal(before.request.rung, 0);
		offered_to(who[i]);
		assert_true(tell(EVENT_DECLINED, who[i], NOW_MS + i));
	}
	assert_int_equal(after()->rung, 1);
	assert_int_equal(after()->room, 3);
	assert_string_equal(outcome.moves[0].detail,
	    "by boris, to 3 at once, all have refused it 2 times");
	/* The next rung is further away: they must refuse it as often again. */
	assert_int_equal(after()->refusal_count, 0);
	/* Where there is none left, nothing happens. */
	for (int i = 0; i < 4; i++) {
		offered_to(who[i]);
		assert_true(tell(EVENT_DECLINED, who[i], NOW_MS + i));
	}
	assert_string_equal(outcome.moves[0].detail, "by boris");
	assert_int_equal(set_up(NULL), 0);
}

static void
nobody_gets_it_right_after_a_no(void **state)
{
	char id[ID_SIZE];

	(void)state;
	one_request(REQUEST_WAITING);
	for (int i = 0; i < 12; i++) {
		snprintf(id, sizeof(id), "s%d", i);
		offered_to(id);
		assert_true(tell(EVENT_DECLINED, id, NOW_MS + i));
	}
	for (int i = 0; i < 12; i++) {
		snprintf(id, sizeof(id), "s%d", i);
		assert_false(request_may_ask(after(), id, NOW_MS + 1000));
		assert_true(request_may_ask(after(), id,
		    NOW_MS + i + policy.cool_off_declined_ms));
	}
}

/* Only the last one at work may have ignored so many. */
static void
the_last_one_who_ignores_is_rung(void **state)
{
	int64_t ms;

	(void)state;
	people[0].ring_ms = 35000;
	assert_int_equal(policy_offer(&policy, &people[0], 2, &ms),
	    OFFER_SCREEN);
	assert_int_equal(ms, people[0].offer_ms);
	assert_int_equal(policy_offer(&policy, &people[0], 3, &ms),
	    OFFER_PHONE);
	assert_int_equal(ms, 35000);
}

/* ---- keep_for_line */

static void
so_many_are_left_to_the_line(void **state)
{
	const struct request *r = one_request(REQUEST_WAITING);
	int64_t hurry_ms = NOW_MS + 15 * MINUTE_MS / 2;

	(void)state;
	assert_true(match_may_take(&policy, r, 1, NOW_MS));
	queues[0].keep_for_line = 2;
	assert_false(match_may_take(&policy, r, 2, NOW_MS));
	assert_true(match_may_take(&policy, r, 3, NOW_MS));
	/* Then they are taken, the last one too. */
	assert_false(match_may_take(&policy, r, 2, hurry_ms - 1));
	assert_true(match_may_take(&policy, r, 1, hurry_ms));
	/* Others are shown it before half of the time is over. */
	queues[0].widenings[0] = (struct widening){
		.before_ms = 14 * MINUTE_MS, .level = 1 };
	queues[0].widening_count = 1;
	assert_false(match_may_take(&policy, r, 1, NOW_MS + MINUTE_MS - 1));
	assert_true(match_may_take(&policy, r, 1, NOW_MS + MINUTE_MS));
	before.request.is_missed = true;
	assert_true(match_may_take(&policy, r, 1, NOW_MS));
	assert_int_equal(set_up(NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_else_is_asked_while_there_is_time),
		cmocka_unit_test(the_preferred_is_asked_at_once),
		cmocka_unit_test(time_releases_it),
		cmocka_unit_test(who_is_not_at_work_is_not_waited_for),
		cmocka_unit_test(who_says_no_is_not_waited_for),
		cmocka_unit_test(whom_the_rules_do_not_admit_is_not_waited_for),
		cmocka_unit_test(widening_ends_it),
		cmocka_unit_test(a_supervisor_assigns_whom_it_waits_for),
		cmocka_unit_test(a_retry_goes_to_who_knows_it),
		cmocka_unit_test(a_case_goes_on_with_who_knows_it),
		cmocka_unit_test(all_who_refuse_it_twice_widen_it),
		cmocka_unit_test(nobody_gets_it_right_after_a_no),
		cmocka_unit_test(the_last_one_who_ignores_is_rung),
		cmocka_unit_test(so_many_are_left_to_the_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("prefer", tests, set_up, NULL);
}
