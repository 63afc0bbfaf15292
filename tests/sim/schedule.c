/* SPDX-License-Identifier: MIT */
/*
 * schedule: a short run of `./dev bench schedule`. The order of the daemon is close
 * to the best there can be, and what is said to who asks is true. The seed is fixed:
 * it fails when the code has changed, not by chance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <math.h>

#include "bench/parts/queue_sim.h"
#include "lib/check.h"
#include "lib/erlang.h"

#define MINUTE_MS INT64_C(60000)

enum { SEED = 1, SAID_MIN = 2000 };

static struct sim_plan
plan_of(enum sim_order order, int specialists, double rho)
{
	return (struct sim_plan){ .order = order, .specialists = specialists,
		.rho = rho, .handling_ms = 6 * MINUTE_MS,
		.window_ms = { 10 * MINUTE_MS }, .window_count = 1,
		.requests = 200000, .seed = SEED };
}

static double
bound_of(int specialists, double rho)
{
	return erlang_best_on_time(specialists, specialists * rho, 10 / 6.0);
}

static void
at_most(const char *what, double points, double limit)
{
	print_message("# seed %d: %s: %.3f points\n", SEED, what, points);
	if (points > limit)
		fail_msg("%s: %.3f points, at most %.1f", what, points, limit);
}

/* Its own queue behaves as theory says, or what it says of ours is worth nothing. */
static void
the_simulation_is_true(void **state)
{
	struct sim_plan plan = plan_of(ORDER_DROP, 5, .9);
	struct sim_result once = sim_run(&plan), again = sim_run(&plan);

	(void)state;
	assert_memory_equal(&once, &again, sizeof(once));
	at_most("best order, run and computed",
	    100 * fabs(once.on_time - bound_of(5, .9)), .3);
	plan = plan_of(ORDER_FIFO, 5, .8);
	at_most("order of arrival, run and computed",
	    100 * fabs(sim_run(&plan).on_time -
	        erlang_fifo_on_time(5, 4, 10 / 6.0)), 1);
}

static void
ours_is_close_to_the_best(void **state)
{
	static const struct { int c; double rho, limit; } rows[] = {
		{ 3, .9, 2 }, { 5, .8, 1 }, { 5, .9, 1 }, { 10, .9, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim_plan plan = plan_of(ORDER_OURS, rows[i].c,
		    rows[i].rho);
		char what[40];

		snprintf(what, sizeof(what), "below the best, c %d, load %.2f",
		    rows[i].c, rows[i].rho);
		at_most(what, 100 * (bound_of(rows[i].c, rows[i].rho) -
		    sim_run(&plan).on_time), rows[i].limit);
	}
}

/* Windows of 5 and 15 minutes: beside the best on the same customers. */
static void
so_with_two_windows(void **state)
{
	struct sim_plan plan = plan_of(ORDER_OURS, 5, .9);
	double ours;

	(void)state;
	plan.window_ms[0] = 5 * MINUTE_MS;
	plan.window_ms[1] = 15 * MINUTE_MS;
	plan.window_count = 2;
	ours = sim_run(&plan).on_time;
	plan.order = ORDER_DROP;
	at_most("below the best, two windows",
	    100 * (sim_run(&plan).on_time - ours), 1);
}

static void
the_second_promise_ends_long_waits(void **state)
{
	struct sim_plan plan = plan_of(ORDER_OURS, 5, .9);
	int64_t without_ms = sim_run(&plan).longest_ms;

	(void)state;
	plan.late_ms = 60 * MINUTE_MS;
	assert_true(sim_run(&plan).longest_ms < without_ms / 3);
}

static void
what_was_said_is_true(void **state)
{
	struct sim_plan plan = plan_of(ORDER_OURS, 5, .9);
	struct sim_result result;
	size_t told = 0;

	(void)state;
	plan.expects = true;
	/* Few are told little: it takes many to see whether it was true. */
	plan.requests = 1000000;
	result = sim_run(&plan);
	for (size_t i = 0; i < SIM_DECILES; i++) {
		const struct sim_decile *decile = &result.deciles[i];
		char what[60];

		if (decile->count < SAID_MIN)
			continue;
		told++;
		snprintf(what, sizeof(what), "said %.3f, kept %.3f of %zu",
		    decile->said, decile->kept, decile->count);
		at_most(what, 100 * fabs(decile->said - decile->kept), 3);
	}
	assert_true(told >= 6);
	assert_true(result.in_range >= .8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_simulation_is_true),
		cmocka_unit_test(ours_is_close_to_the_best),
		cmocka_unit_test(so_with_two_windows),
		cmocka_unit_test(the_second_promise_ends_long_waits),
		cmocka_unit_test(what_was_said_is_true),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
