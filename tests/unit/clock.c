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

/* Redis says a time this far from `start_ms`, counted from now. */
static void
sample(struct clock_estimate *clock, int64_t offset_ms)
{
	clock_sample(clock, clock_monotonic_ms() + start_ms + offset_ms);
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

static void
hardly_follows_a_late_reply(void **state)
{
	struct clock_estimate clock = { 0 };

	(void)state;
	sample(&clock, 0);
	for (int i = 0; i < 10; i++)
		sample(&clock, -500);
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
		cmocka_unit_test(hardly_follows_a_late_reply),
		cmocka_unit_test(never_goes_back_a_little),
		cmocka_unit_test(follows_a_clock_that_was_set_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
