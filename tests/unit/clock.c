/* SPDX-License-Identifier: MIT */
/* The estimate of Redis's time: what it follows at once, slowly, and never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/clock.h"

enum { SLOW_MS = 50, HOUR_MS = 3600 * 1000 };

static const int64_t start_ms = 1795448400000;

/* Redis said, some time ago, a time this far from `start_ms`. The answer took all
 * of that time, or came at once. */
static void
sample_late(struct clock_estimate *clock, int64_t offset_ms, int64_t late_ms)
{
	int64_t now_ms = clock_monotonic_ms();

	clock_sample(clock, now_ms - late_ms + start_ms + offset_ms,
	    now_ms - late_ms);
}

static void
sample(struct clock_estimate *clock, int64_t offset_ms)
{
	sample_late(clock, offset_ms, 0);
}

static int64_t
offset_of(struct clock_estimate *clock)
{
	return clock_now_ms(clock) - clock_monotonic_ms() - start_ms;
}

static void
assert_near(int64_t value_ms, int64_t expected_ms)
{
	if (value_ms < expected_ms - SLOW_MS || value_ms > expected_ms + SLOW_MS)
		fail_msg("%lld, not %lld", (long long)value_ms,
		    (long long)expected_ms);
}

static void
follows_forward_at_once(void **state)
{
	struct clock_estimate clock = { 0 };

	(void)state;
	sample(&clock, 0);
	assert_near(offset_of(&clock), 0);
	sample(&clock, 5000);
	assert_near(offset_of(&clock), 5000);
}

/* Slow by a little, or waiting for a process that was stopped. */
static void
does_not_follow_a_late_reply(void **state)
{
	static const int64_t late_ms[] = { 500, 5000, HOUR_MS };
	struct clock_estimate clock = { 0 };

	(void)state;
	sample(&clock, 0);
	for (size_t i = 0; i < sizeof(late_ms) / sizeof(*late_ms); i++) {
		sample_late(&clock, 0, late_ms[i]);
		assert_near(offset_of(&clock), 0);
	}
}

/* What was behind is found out by the first quick reply. */
static void
a_late_first_reply_is_put_right(void **state)
{
	struct clock_estimate clock = { 0 };

	(void)state;
	sample_late(&clock, 0, 5000);
	assert_near(offset_of(&clock), -5000);
	sample(&clock, 0);
	assert_near(offset_of(&clock), 0);
}

static void
never_goes_back_a_little(void **state)
{
	struct clock_estimate clock = { 0 };
	int64_t before_ms;

	(void)state;
	sample(&clock, 0);
	before_ms = clock_now_ms(&clock);
	sample(&clock, -1500);
	assert_true(clock_now_ms(&clock) >= before_ms);
}

static void
follows_a_clock_that_was_set_back(void **state)
{
	struct clock_estimate clock = { 0 };

	(void)state;
	sample(&clock, 0);
	(void)clock_now_ms(&clock);
	sample(&clock, -HOUR_MS);
	assert_near(offset_of(&clock), -HOUR_MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_forward_at_once),
		cmocka_unit_test(does_not_follow_a_late_reply),
		cmocka_unit_test(a_late_first_reply_is_put_right),
		cmocka_unit_test(never_goes_back_a_little),
		cmocka_unit_test(follows_a_clock_that_was_set_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
