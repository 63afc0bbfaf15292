/* SPDX-License-Identifier: MIT */
/* doors: what can be promised, and which slot is given where it cannot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "lib/doors.h"
#include "lib/hours.h"
#include "lib/promise.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS	  (60 * MINUTE_MS)
/* Midnight of a Monday, in UTC. */
#define MONDAY_MS (19999 * 24 * HOUR_MS - 3 * 24 * HOUR_MS)
#define AT(day, hour, minute) \
	(MONDAY_MS + (day)*24 * HOUR_MS + (hour)*HOUR_MS + (minute)*MINUTE_MS)

/* Monday to Friday from 9 to 18. */
static const struct hours_span week = {31, 9 * 3600, 18 * 3600};
static const struct hours hours = {NULL, &week, 1, NULL, 0};
static struct queue_policy queue;
static struct specialist_policy team[3];
static struct policy policy;

static int
set_up(void **state)
{
	(void)state;
	policy_defaults(&policy);
	queue_policy_defaults(&queue);
	strcpy(queue.id, "info");
	queue.is_default = true;
	memset(team, 0, sizeof(team));
	for (size_t i = 0; i < 3; i++) {
		specialist_policy_defaults(&team[i]);
		snprintf(team[i].id, sizeof(team[i].id), "s%zu", i);
		strcpy(team[i].queues[0].id, "info");
		team[i].queues[0].level = 1;
		team[i].queue_count = 1;
	}
	policy.queues = &queue;
	policy.queue_count = 1;
	policy.specialists = team;
	policy.specialist_count = 3;
	policy.hours = &hours;
	policy.after_close_ms = 15 * MINUTE_MS;
	policy.slot_length_ms = 30 * MINUTE_MS;
	policy.slot_share = .5;
	return 0;
}

static struct request
asked(int64_t at_ms)
{
	struct request request = {.asked_at_ms = at_ms, .at_ms = at_ms};

	strcpy(request.queue, "info");
	promise_soon(&policy, &request, at_ms);
	return request;
}

static const char *
bar_of(int64_t at_ms, const struct doors_hint *hint)
{
	struct request request = asked(at_ms);

	return doors_bar(&policy, &request, hint, NULL, at_ms);
}

static void
what_can_be_promised(void **state)
{
	const struct doors_hint by_hand = {.closed_until_ms = AT(0, 14, 0)};

	(void)state;
	assert_int_equal(AT(0, 0, 0) / (24 * HOUR_MS) % 7, 4);
	assert_null(bar_of(AT(0, 12, 0), NULL));
	assert_string_equal(bar_of(AT(0, 8, 59), NULL), "closed");
	assert_null(bar_of(AT(0, 9, 0), NULL));
	assert_string_equal(bar_of(AT(5, 12, 0), NULL), "closed");
	/* A quarter of an hour at most, and so long after closing. */
	assert_null(bar_of(AT(0, 17, 59), NULL));
	assert_string_equal(bar_of(AT(0, 18, 0), NULL), "closed");
	policy.after_close_ms = 5 * MINUTE_MS;
	assert_null(bar_of(AT(0, 17, 50), NULL));
	assert_string_equal(bar_of(AT(0, 17, 51), NULL), "closing");
	assert_string_equal(bar_of(AT(0, 13, 59), &by_hand), "closed_today");
	assert_null(bar_of(AT(0, 14, 0), &by_hand));
	policy.hours = NULL;
	assert_null(bar_of(AT(5, 3, 0), NULL));
}

static void
a_chosen_moment(void **state)
{
	struct doors_hint hint = {.is_full = true};
	struct request request = asked(AT(0, 12, 0));

	(void)state;
	/* As soon as may be takes no place. */
	assert_null(doors_bar(&policy, &request, &hint, NULL, AT(0, 12, 0)));
	request.at_ms = AT(0, 15, 0);
	promise_at(&policy, &request, request.at_ms);
	assert_string_equal(
	    doors_bar(&policy, &request, &hint, NULL, AT(0, 12, 0)), "full");
	hint.is_full = false;
	assert_null(doors_bar(&policy, &request, &hint, NULL, AT(0, 12, 0)));
	request.at_ms = AT(0, 22, 0);
	promise_at(&policy, &request, request.at_ms);
	assert_string_equal(
	    doors_bar(&policy, &request, &hint, NULL, AT(0, 12, 0)), "closed");
}

static void
who_would_be_late(void **state)
{
	struct request request = asked(AT(0, 12, 0));
	struct expectation seen = {.on_time = .4, .to_ms = HOUR_MS};

	(void)state;
	assert_null(doors_bar(&policy, &request, NULL, &seen, AT(0, 12, 0)));
	policy.slot_least = .5;
	assert_string_equal(
	    doors_bar(&policy, &request, NULL, &seen, AT(0, 12, 0)), "crowded");
	seen.on_time = .5;
	assert_null(doors_bar(&policy, &request, NULL, &seen, AT(0, 12, 0)));
	/* Nothing is known. */
	seen = (struct expectation){.on_time = 0};
	assert_null(doors_bar(&policy, &request, NULL, &seen, AT(0, 12, 0)));
}

static void
slots_are_filled_one_by_one(void **state)
{
	int64_t taken[40];
	struct slot_span slot;

	(void)state;
	/* Three people, half of them, ten minutes each: four in half an hour.
	 */
	assert_int_equal(
	    doors_capacity(&policy, "info", 10. * MINUTE_MS, AT(1, 9, 0)), 4);
	for (size_t i = 0; i < 40; i++) {
		assert_true(doors_find(&policy, "info", NULL, 10. * MINUTE_MS,
		    AT(0, 22, 0), taken, i, &slot));
		assert_int_equal(slot.from_ms,
		    AT(1, 9, 0) + (int64_t)(i / 4) * 30 * MINUTE_MS);
		assert_int_equal(slot.to_ms, slot.from_ms + 30 * MINUTE_MS);
		/* Wherever in the slot it begins. */
		taken[i] = slot.from_ms + (int64_t)(i % 4) * MINUTE_MS;
	}
}

static void
slots_lie_inside_of_the_hours(void **state)
{
	static const struct hours_span morning = {
	    127, 9 * 3600, 9 * 3600 + 2700};
	static const struct hours short_day = {NULL, &morning, 1, NULL, 0};
	static const struct hours_span never = {0, 0, 3600};
	static const struct hours no_day = {NULL, &never, 1, NULL, 0};
	int64_t taken[1] = {AT(1, 9, 0)};
	struct slot_span slot;

	(void)state;
	policy.hours = &short_day;
	policy.slot_share = .1;
	/* From 9:30 to 10 it would close in the middle: the next morning. */
	assert_int_equal(
	    doors_capacity(&policy, "info", 10. * MINUTE_MS, AT(1, 9, 0)), 1);
	assert_true(doors_find(
	    &policy, "info", NULL, 10. * MINUTE_MS, AT(0, 12, 0), taken, 1, &slot));
	assert_int_equal(slot.from_ms, AT(2, 9, 0));
	policy.hours = &no_day;
	assert_false(doors_find(
	    &policy, "info", NULL, 10. * MINUTE_MS, AT(0, 12, 0), taken, 1, &slot));
}

static void
shifts_decide_what_a_slot_takes(void **state)
{
	static const struct hours_span late = {31, 12 * 3600, 18 * 3600};
	static const struct hours shift = {NULL, &late, 1, NULL, 0};
	struct slot_span slot;

	(void)state;
	team[0].shift = team[1].shift = &shift;
	assert_int_equal(
	    doors_capacity(&policy, "info", 5. * MINUTE_MS, AT(1, 9, 0)), 3);
	assert_int_equal(
	    doors_capacity(&policy, "info", 5. * MINUTE_MS, AT(1, 12, 0)), 9);
	/* Nobody works in the morning. */
	team[2].shift = &shift;
	assert_int_equal(
	    doors_capacity(&policy, "info", 5. * MINUTE_MS, AT(1, 9, 0)), 0);
	assert_true(doors_find(
	    &policy, "info", NULL, 5. * MINUTE_MS, AT(0, 22, 0), NULL, 0, &slot));
	assert_int_equal(slot.from_ms, AT(1, 12, 0));
	/* Nor anybody for that queue. */
	assert_false(doors_find(
	    &policy, "other", NULL, 5. * MINUTE_MS, AT(0, 22, 0), NULL, 0, &slot));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(what_can_be_promised, set_up),
	    cmocka_unit_test_setup(a_chosen_moment, set_up),
	    cmocka_unit_test_setup(who_would_be_late, set_up),
	    cmocka_unit_test_setup(slots_are_filled_one_by_one, set_up),
	    cmocka_unit_test_setup(slots_lie_inside_of_the_hours, set_up),
	    cmocka_unit_test_setup(shifts_decide_what_a_slot_takes, set_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
