/* SPDX-License-Identifier: MIT */
/* expect: against closed forms, small cases by hand, and what must always hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "lib/check.h"
#include "lib/erlang.h"
#include "lib/expect.h"

#define MINUTE_MS INT64_C(60000)
#define HANDLING_MS (6 * MINUTE_MS)

static void
near(double is, double expected)
{
	if (fabs(is - expected) > 1e-9)
		fail_msg("%.12f is not %.12f", is, expected);
}

static struct expect_queue
all_busy(int specialists)
{
	return (struct expect_queue){ .specialists = specialists,
		.busy = specialists, .handling_ms = HANDLING_MS };
}

static void
who_is_idle_takes_it_at_once(void **state)
{
	const int64_t left_ms[] = { MINUTE_MS };
	struct expect_queue queue = all_busy(3);
	struct expectation told;

	(void)state;
	queue.busy = 1;
	queue.left_ms = left_ms;
	queue.left_count = 1;
	near(expect_begun(&queue, 0), 1);
	assert_true(expect(&queue, 10 * MINUTE_MS, &told));
	near(told.on_time, 1);
	assert_int_equal(told.expected_ms, 0);
	assert_int_equal(told.from_ms, 0);
	assert_int_equal(told.to_ms, MINUTE_MS);
	assert_int_equal(told.latest_ms, 10 * MINUTE_MS);
	/* The idle one goes to who is ahead; one talk must end. */
	queue.busy = 2;
	near(expect_begun(&queue, 2 * MINUTE_MS), 1 - exp(-3 * 2 / 6.0));
}

static void
nobody_works(void **state)
{
	struct expect_queue queue = all_busy(0);
	struct expectation told;

	(void)state;
	near(expect_begun(&queue, 10 * MINUTE_MS), 0);
	assert_false(expect(&queue, 10 * MINUTE_MS, &told));
}

/* Where nobody falls back it is the promise by Poisson. */
static void
who_stays_makes_it_poisson(void **state)
{
	int64_t left_ms[20];

	(void)state;
	for (size_t ahead = 0; ahead <= 20; ahead++) {
		struct expect_queue queue = all_busy(5);
		double expected = erlang_promise(5, 10 / 6.0, (int)ahead);

		queue.staying_count = ahead;
		near(expect_begun(&queue, 10 * MINUTE_MS), expected);
		/* Nor do those whose promises are as late as that of this one. */
		for (size_t i = 0; i < ahead; i++)
			left_ms[i] = 10 * MINUTE_MS;
		queue.staying_count = 0;
		queue.left_ms = left_ms;
		queue.left_count = ahead;
		near(expect_begun(&queue, 10 * MINUTE_MS), expected);
	}
	/* More than are looked at one by one. */
	struct expect_queue crowd = all_busy(20);

	crowd.staying_count = EXPECT_AHEAD_MAX + 1;
	near(expect_begun(&crowd, 60 * MINUTE_MS),
	    erlang_promise(20, 10, EXPECT_AHEAD_MAX + 1));
}

/* One ahead, with d left; served within t. By hand: a talk ends before d and one
 * after it, or two before d, or none before d and one after. */
static void
one_ahead_falls_back(void **state)
{
	const int64_t left_ms[] = { 2 * MINUTE_MS };
	struct expect_queue queue = all_busy(3);
	double before = 3 * 2 / 6.0, after = 3 * 8 / 6.0;

	(void)state;
	queue.left_ms = left_ms;
	queue.left_count = 1;
	near(expect_begun(&queue, 10 * MINUTE_MS),
	    erlang_poisson(before, 2) +
	    (1 - erlang_poisson(before, 2)) * (1 - exp(-after)));
	/* One who stays is first: had no talk ended, they are ahead still. */
	queue.staying_count = 1;
	near(expect_begun(&queue, 10 * MINUTE_MS),
	    erlang_poisson(before, 3) +
	    (erlang_poisson(before, 1) - erlang_poisson(before, 3)) *
	    (1 - exp(-after)) +
	    exp(-before) * erlang_poisson(after, 2));
}

static void
what_is_told_is_in_order(void **state)
{
	int64_t left_ms[60];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(left_ms); i++)
		left_ms[i] = (int64_t)(i / 3) * MINUTE_MS / 2;
	for (int c = 1; c <= 10; c += 3) {
		int64_t expected_before_ms = 0;

		for (size_t ahead = 0; ahead <= COUNT_OF(left_ms); ahead++) {
			struct expect_queue queue = all_busy(c);
			struct expectation told;
			double before = 0;

			/* The latest of them: more ahead never helps. */
			queue.left_ms = left_ms + COUNT_OF(left_ms) - ahead;
			queue.left_count = ahead;
			assert_true(expect(&queue, 10 * MINUTE_MS, &told));
			assert_true(told.from_ms <= told.expected_ms);
			assert_true(told.expected_ms <= told.to_ms);
			assert_int_equal(told.from_ms % MINUTE_MS, 0);
			assert_int_equal(told.to_ms % MINUTE_MS, 0);
			assert_true(told.expected_ms >= expected_before_ms);
			expected_before_ms = told.expected_ms;
			for (int64_t t = 0; t < 20; t++) {
				double begun = expect_begun(&queue,
				    t * MINUTE_MS);

				assert_true(begun >= before - 1e-12 &&
				    begun <= 1);
				before = begun;
			}
		}
	}
}

static void
handling_is_measured(void **state)
{
	struct handling handling = handling_from(HANDLING_MS);

	(void)state;
	near(handling.mean_ms, (double)HANDLING_MS);
	handling_add(&handling, HANDLING_MS + 17 * 1000);
	near(handling.mean_ms, HANDLING_MS + 1000.0);
	/* What the settings said is forgotten. */
	for (int i = 0; i < 5000; i++)
		handling_add(&handling, 3 * MINUTE_MS);
	assert_true(fabs(handling.mean_ms - 3 * MINUTE_MS) < 1);
	/* Then one does not change much. */
	handling_add(&handling, 3 * MINUTE_MS + 256 * 1000);
	assert_true(fabs(handling.mean_ms - 3 * MINUTE_MS - 1000) < 1);
}

/* Who returns finds those whose promises are over by then behind, and the
 * others as if they began at that moment. */
static void
they_come_back(void **state)
{
	const int64_t left_ms[] = {MINUTE_MS, 4 * MINUTE_MS, 9 * MINUTE_MS};
	const int64_t then_ms[] = {0, 5 * MINUTE_MS};
	struct expect_queue queue = {.specialists = 1,
	    .handling_ms = HANDLING_MS,
	    .left_ms = left_ms,
	    .left_count = 3,
	    .begins_ms = 4 * MINUTE_MS};
	struct expect_queue then = {.specialists = 1,
	    .handling_ms = HANDLING_MS,
	    .left_ms = then_ms,
	    .left_count = 2};
	struct expectation told;

	(void)state;
	near(expect_begun(&queue, 4 * MINUTE_MS - 1), 0);
	for (int64_t t = 0; t < 20; t++)
		near(expect_begun(&queue, (4 + t) * MINUTE_MS),
		    expect_begun(&then, t * MINUTE_MS));
	queue.left_count = 0;
	assert_true(expect(&queue, 10 * MINUTE_MS, &told));
	assert_int_equal(told.from_ms, 4 * MINUTE_MS);
	assert_int_equal(told.to_ms, 5 * MINUTE_MS);
	near(told.on_time, 1);
	near(expect_begun(&queue, 4 * MINUTE_MS), 1);
	/* Nobody can be on time who was promised less. */
	assert_true(expect(&queue, 3 * MINUTE_MS, &told));
	near(told.on_time, 0);
}

static void
sums_weigh_as_much_as_what_they_are_of(void **state)
{
	struct handling one = handling_from(HANDLING_MS), sum = one;

	(void)state;
	for (int i = 0; i < 84; i++)
		handling_add(&one, MINUTE_MS);
	handling_add_sum(&sum, 84, 84 * MINUTE_MS);
	near(sum.mean_ms, (16.0 * HANDLING_MS + 84.0 * MINUTE_MS) / 100);
	near(sum.mean_ms, one.mean_ms);
	/* What no account can be is none. */
	handling_add_sum(&sum, 0, MINUTE_MS);
	handling_add_sum(&sum, -1, MINUTE_MS);
	handling_add_sum(&sum, 1, -1);
	near(sum.mean_ms, one.mean_ms);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_idle_takes_it_at_once),
		cmocka_unit_test(nobody_works),
		cmocka_unit_test(who_stays_makes_it_poisson),
		cmocka_unit_test(one_ahead_falls_back),
		cmocka_unit_test(what_is_told_is_in_order),
		cmocka_unit_test(handling_is_measured),
		cmocka_unit_test(they_come_back),
		cmocka_unit_test(sums_weigh_as_much_as_what_they_are_of),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
