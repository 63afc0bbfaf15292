/* SPDX-License-Identifier: MIT */
/* shift: specialists come and go by it, and by nothing else than their moments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/hours.h"
#include "lib/life.h"
#include "lib/shift.h"

/* Monday, 2026-11-30 00:00 UTC. */
#define MONDAY_MS INT64_C(1795996800000)
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define OFFER_MS (20 * INT64_C(1000))

static const struct hours_span week[] = { { 31, 9 * 3600, 18 * 3600 } };
static const struct hours nine_to_six = { NULL, week, 1, NULL, 0 };

static struct specialist_policy people[1];
static struct policy policy;
static struct situation before;
static struct outcome outcome;
static int64_t now_ms;

static struct specialist *
anna(void)
{
	return &before.specialists[0];
}

/* Everything that is due by that moment happens, each at its own. */
static void
until(int64_t at_ms)
{
	for (int steps = 0;; steps++) {
		struct event event = { .kind = EVENT_DUE, .digit = -1 };

		if (anna()->record.wake_at_ms == 0 ||
		    anna()->record.wake_at_ms > at_ms)
			break;
		assert_true(steps < 100);
		assert_true(anna()->record.wake_at_ms >= now_ms);
		now_ms = anna()->record.wake_at_ms;
		event.to = record_ref_specialist("anna");
		assert_true(situation_step(&policy, &before, &event, now_ms,
		    &outcome));
		before = outcome.after;
	}
	now_ms = at_ms;
}

static void
happens(struct event event)
{
	event.digit = -1;
	event.to = record_ref_specialist("anna");
	assert_true(situation_step(&policy, &before, &event, now_ms, &outcome));
	before = outcome.after;
	until(now_ms);
}

static void
says(enum status status, int64_t return_ms)
{
	happens((struct event){ .kind = EVENT_STATUS, .status = status,
	    .at_ms = return_ms });
}

/* In the roster since that moment. */
static int
set_up(void **state)
{
	(void)state;
	policy_defaults(&policy);
	specialist_policy_defaults(&people[0]);
	strcpy(people[0].id, "anna");
	strcpy(people[0].queues[0].id, "cards");
	people[0].queues[0].level = 5;
	people[0].queue_count = 1;
	people[0].offer_ms = OFFER_MS;
	people[0].shift = &nine_to_six;
	people[0].is_duty = false;
	policy.specialists = people;
	policy.specialist_count = 1;
	memset(&before, 0, sizeof(before));
	strcpy(before.specialists[0].id, "anna");
	before.specialist_count = 1;
	now_ms = MONDAY_MS;
	happens((struct event){ .kind = EVENT_ROSTER });
	return 0;
}

static void
they_come_and_go_by_it(void **state)
{
	(void)state;
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	assert_int_equal(specialist_returns_ms(&policy, anna(), now_ms),
	    MONDAY_MS + 9 * HOUR_MS);
	until(MONDAY_MS + 9 * HOUR_MS - 1);
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	for (int day = 0; day < 5; day++) {
		until(MONDAY_MS + day * DAY_MS + 9 * HOUR_MS);
		assert_int_equal(anna()->state, SPECIALIST_IDLE);
		assert_int_equal(specialist_returns_ms(&policy, anna(), now_ms),
		    now_ms);
		/* An offer must fit in. */
		until(MONDAY_MS + day * DAY_MS + 18 * HOUR_MS - OFFER_MS - 1);
		assert_int_equal(anna()->state, SPECIALIST_IDLE);
		until(now_ms + 1);
		assert_int_equal(anna()->state, SPECIALIST_AWAY);
		assert_int_equal(anna()->status, STATUS_AVAILABLE);
	}
	assert_int_equal(anna()->record.wake_at_ms,
	    MONDAY_MS + 7 * DAY_MS + 9 * HOUR_MS);
}

static void
what_they_chose_stays(void **state)
{
	(void)state;
	until(MONDAY_MS + 10 * HOUR_MS);
	says(STATUS_OFF, 0);
	until(MONDAY_MS + 3 * DAY_MS);
	assert_int_equal(anna()->status, STATUS_OFF);
	assert_int_equal(specialist_returns_ms(&policy, anna(), now_ms), 0);
	/* A pause over the end of the shift ends with the next one. */
	until(MONDAY_MS + 3 * DAY_MS + 17 * HOUR_MS);
	says(STATUS_PAUSED, now_ms + 2 * HOUR_MS);
	assert_int_equal(specialist_returns_ms(&policy, anna(), now_ms),
	    MONDAY_MS + 4 * DAY_MS + 9 * HOUR_MS);
	until(now_ms + 2 * HOUR_MS);
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	assert_int_equal(anna()->status, STATUS_AVAILABLE);
	until(MONDAY_MS + 4 * DAY_MS + 9 * HOUR_MS);
	assert_int_equal(anna()->state, SPECIALIST_IDLE);
	/* And one inside it by itself. */
	says(STATUS_PAUSED, now_ms + HOUR_MS);
	assert_int_equal(specialist_returns_ms(&policy, anna(), now_ms),
	    now_ms + HOUR_MS);
	until(now_ms + HOUR_MS);
	assert_int_equal(anna()->state, SPECIALIST_IDLE);
}

static void
who_says_so_works_overtime(void **state)
{
	int64_t until_ms;

	(void)state;
	until(MONDAY_MS + 19 * HOUR_MS);
	says(STATUS_AVAILABLE, 0);
	assert_int_equal(anna()->state, SPECIALIST_IDLE);
	assert_true(shift_is_on(&policy, anna(), now_ms, &until_ms));
	assert_int_equal(until_ms, MONDAY_MS + DAY_MS + 18 * HOUR_MS);
	/* Through the next shift, to its end. */
	until(MONDAY_MS + DAY_MS + 17 * HOUR_MS);
	assert_int_equal(anna()->state, SPECIALIST_IDLE);
	until(MONDAY_MS + DAY_MS + 18 * HOUR_MS);
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	assert_int_equal(anna()->overtime_until_ms, 0);
	/* Until they go. */
	says(STATUS_AVAILABLE, 0);
	says(STATUS_OFF, 0);
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	assert_int_equal(anna()->overtime_until_ms, 0);
}

static void
no_talk_is_cut(void **state)
{
	(void)state;
	until(MONDAY_MS + 17 * HOUR_MS);
	anna()->state = SPECIALIST_WRAPPING;
	anna()->until_ms = MONDAY_MS + 19 * HOUR_MS;
	anna()->record.wake_at_ms = anna()->until_ms;
	until(MONDAY_MS + 19 * HOUR_MS - 1);
	assert_int_equal(anna()->state, SPECIALIST_WRAPPING);
	until(MONDAY_MS + 19 * HOUR_MS);
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	assert_int_equal(anna()->status, STATUS_AVAILABLE);
}

static void
other_settings_hold_at_once(void **state)
{
	static const struct hours_span late[] = { { 127, 20 * 3600, 30 * 3600 } };
	static const struct hours at_night = { NULL, late, 1, NULL, 0 };

	(void)state;
	until(MONDAY_MS + 12 * HOUR_MS);
	people[0].shift = &at_night;
	happens((struct event){ .kind = EVENT_ROSTER });
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	until(MONDAY_MS + 26 * HOUR_MS);
	assert_int_equal(anna()->state, SPECIALIST_IDLE);
	until(MONDAY_MS + 30 * HOUR_MS);
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	people[0].shift = NULL;
	happens((struct event){ .kind = EVENT_ROSTER });
	assert_int_equal(anna()->state, SPECIALIST_IDLE);
}

/* Who must be seen is not brought by the clock, but by their desk. */
static void
a_shift_is_no_sign_of_life(void **state)
{
	(void)state;
	policy.presence_ms = 5 * MINUTE_MS;
	until(MONDAY_MS + 9 * HOUR_MS);
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	assert_int_equal(specialist_returns_ms(&policy, anna(), now_ms), 0);
	happens((struct event){ .kind = EVENT_PRESENT });
	assert_int_equal(anna()->state, SPECIALIST_IDLE);
	until(now_ms + 5 * MINUTE_MS);
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	/* Nor is a desk that was left open a shift. */
	until(MONDAY_MS + 20 * HOUR_MS);
	happens((struct event){ .kind = EVENT_PRESENT });
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
}

/* ---- duty */

static void
is_on_duty(int64_t from_ms, int64_t to_ms)
{
	struct event event = { .kind = EVENT_DUTY, .queue = "cards",
		.at_ms = from_ms, .until_ms = to_ms };

	happens(event);
}

static bool
is_refused(const char *queue, int64_t from_ms, int64_t to_ms)
{
	struct event event = { .kind = EVENT_DUTY, .digit = -1,
		.at_ms = from_ms, .until_ms = to_ms,
		.to = record_ref_specialist("anna") };

	strcpy(event.queue, queue);
	return !situation_step(&policy, &before, &event, now_ms, &outcome);
}

static void
who_comes_by_the_rota_comes_for_their_duty_only(void **state)
{
	const int64_t saturday_ms = MONDAY_MS + 5 * DAY_MS;
	int64_t until_ms;

	(void)state;
	people[0].shift = NULL;
	people[0].is_duty = true;
	happens((struct event){ .kind = EVENT_ROSTER });
	says(STATUS_AVAILABLE, 0);
	until(now_ms + 2 * DAY_MS);
	/* What they say outside of it is overtime, which ends. */
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	assert_int_equal(anna()->record.wake_at_ms, 0);
	is_on_duty(saturday_ms + 9 * HOUR_MS, saturday_ms + 18 * HOUR_MS);
	is_on_duty(saturday_ms + 18 * HOUR_MS, saturday_ms + 20 * HOUR_MS);
	assert_int_equal(specialist_returns_ms(&policy, anna(), now_ms),
	    saturday_ms + 9 * HOUR_MS);
	until(saturday_ms + 9 * HOUR_MS - 1);
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	until(saturday_ms + 9 * HOUR_MS);
	assert_int_equal(anna()->state, SPECIALIST_IDLE);
	assert_true(duty_is_of(anna(), "cards", now_ms));
	assert_false(duty_is_of(anna(), "loans", now_ms));
	assert_true(shift_is_on(&policy, anna(), now_ms, &until_ms));
	assert_int_equal(until_ms, saturday_ms + 20 * HOUR_MS);
	until(saturday_ms + 20 * HOUR_MS - OFFER_MS - 1);
	assert_int_equal(anna()->state, SPECIALIST_IDLE);
	until(now_ms + 1);
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	until(saturday_ms + 40 * DAY_MS);
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
}

static void
duty_comes_beside_a_shift(void **state)
{
	const int64_t saturday_ms = MONDAY_MS + 5 * DAY_MS;

	(void)state;
	until(MONDAY_MS + 12 * HOUR_MS);
	is_on_duty(MONDAY_MS + 17 * HOUR_MS, MONDAY_MS + 22 * HOUR_MS);
	is_on_duty(saturday_ms, saturday_ms + DAY_MS);
	until(MONDAY_MS + 21 * HOUR_MS);
	assert_int_equal(anna()->state, SPECIALIST_IDLE);
	until(MONDAY_MS + 22 * HOUR_MS);
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	assert_int_equal(anna()->record.wake_at_ms,
	    MONDAY_MS + DAY_MS + 9 * HOUR_MS);
	until(saturday_ms + HOUR_MS);
	assert_int_equal(anna()->state, SPECIALIST_IDLE);
	/* It is somebody else's now. */
	happens((struct event){ .kind = EVENT_OFF_DUTY, .queue = "cards" });
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
	assert_int_equal(anna()->record.wake_at_ms,
	    MONDAY_MS + 7 * DAY_MS + 9 * HOUR_MS);
	/* What begins at once does. */
	is_on_duty(now_ms - HOUR_MS, now_ms + HOUR_MS);
	assert_int_equal(anna()->state, SPECIALIST_IDLE);
}

static void
no_talk_is_cut_by_the_end_of_a_duty(void **state)
{
	(void)state;
	until(MONDAY_MS + 20 * HOUR_MS);
	is_on_duty(now_ms, now_ms + HOUR_MS);
	anna()->state = SPECIALIST_WRAPPING;
	anna()->until_ms = now_ms + 2 * HOUR_MS;
	anna()->record.wake_at_ms = anna()->until_ms;
	happens((struct event){ .kind = EVENT_OFF_DUTY, .queue = "cards" });
	assert_int_equal(anna()->state, SPECIALIST_WRAPPING);
	until(now_ms + 2 * HOUR_MS);
	assert_int_equal(anna()->state, SPECIALIST_AWAY);
}

static void
what_a_duty_may_be(void **state)
{
	struct event off = { .kind = EVENT_OFF_DUTY, .queue = "cards",
		.digit = -1, .to = record_ref_specialist("anna") };
	int64_t from_ms = MONDAY_MS + 30 * DAY_MS;
	struct duty_now duty = { .count = 0 };

	(void)state;
	assert_false(situation_step(&policy, &before, &off, now_ms, &outcome));
	assert_true(is_refused("loans", now_ms, now_ms + 1));
	assert_true(is_refused("cards", now_ms + 1, now_ms + 1));
	assert_true(is_refused("cards", now_ms - 2, now_ms));
	/* Each by itself; those that touch are one. */
	for (int i = 0; i < DUTY_MAX; i++)
		is_on_duty(from_ms + i * DAY_MS, from_ms + i * DAY_MS + HOUR_MS);
	assert_true(is_refused("cards", from_ms + 20 * DAY_MS,
	    from_ms + 21 * DAY_MS));
	is_on_duty(from_ms, from_ms + DAY_MS);
	assert_int_equal(duty_until_ms(anna(), from_ms),
	    from_ms + DAY_MS + HOUR_MS);
	is_on_duty(from_ms + 20 * DAY_MS, from_ms + 21 * DAY_MS);
	assert_true(is_refused("cards", from_ms + 30 * DAY_MS,
	    from_ms + 31 * DAY_MS));
	/* What is over makes room. */
	until(from_ms + 3 * DAY_MS);
	is_on_duty(from_ms + 30 * DAY_MS, from_ms + 31 * DAY_MS);
	assert_int_equal(duty_starts_ms(anna(), from_ms + 25 * DAY_MS),
	    from_ms + 30 * DAY_MS);
	/* Who is, at a moment. */
	duty_note(&duty, anna(), from_ms + 30 * DAY_MS);
	duty_note(&duty, anna(), from_ms + 30 * DAY_MS);
	assert_int_equal(duty.count, 1);
	assert_true(duty_has(&duty, "cards", "anna"));
	assert_true(duty_has_any(&duty, "cards"));
	assert_false(duty_has_any(&duty, "loans"));
	assert_false(duty_has(NULL, "cards", "anna"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(they_come_and_go_by_it, set_up),
		cmocka_unit_test_setup(what_they_chose_stays, set_up),
		cmocka_unit_test_setup(who_says_so_works_overtime, set_up),
		cmocka_unit_test_setup(no_talk_is_cut, set_up),
		cmocka_unit_test_setup(other_settings_hold_at_once, set_up),
		cmocka_unit_test_setup(a_shift_is_no_sign_of_life, set_up),
		cmocka_unit_test_setup(
		    who_comes_by_the_rota_comes_for_their_duty_only, set_up),
		cmocka_unit_test_setup(duty_comes_beside_a_shift, set_up),
		cmocka_unit_test_setup(no_talk_is_cut_by_the_end_of_a_duty, set_up),
		cmocka_unit_test_setup(what_a_duty_may_be, set_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
