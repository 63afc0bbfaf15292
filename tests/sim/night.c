/* SPDX-License-Identifier: MIT */
/*
 * night: a short run of `./dev bench night`. What is promised at night is kept,
 * and what is promised by day as well: nine of ten, where a call at the opening
 * for all would keep fewer. The seed is fixed: it fails when the code has
 * changed, not by chance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "bench/parts/night_sim.h"
#include "lib/check.h"

#define MINUTE_MS INT64_C(60000)

enum { SEED = 1 };

/* Thirty requests of a night, six minutes each. */
static struct night_plan
plan_of(enum night_rule rule, int specialists, double rho)
{
	return (struct night_plan){.rule = rule,
	    .specialists = specialists,
	    .requests = 30,
	    .rho = rho,
	    .handling_ms = 6 * MINUTE_MS,
	    .share = .5,
	    .nights = 100,
	    .seed = SEED};
}

static double
share_of(const struct night_count *count)
{
	return (double)count->kept / (double)count->promises;
}

static void
nine_of_ten_are_kept(void **state)
{
	static const struct {
		int c;
		double rho;
	} rows[] = {
	    {3, .6},
	    {3, .7},
	    {5, .6},
	    {5, .7},
	    {5, .8},
	    {10, .8},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct night_plan plan =
		    plan_of(NIGHT_SLOTS, rows[i].c, rows[i].rho);
		struct night_result slots = night_run(&plan), opening;

		plan.rule = NIGHT_OPENING;
		opening = night_run(&plan);
		print_message("# seed %d: c %d, load %.1f: %.3f kept, night "
			      "%.3f, day %.3f; all at the opening %.3f\n",
		    SEED, rows[i].c, rows[i].rho, night_kept(&slots),
		    share_of(&slots.night), share_of(&slots.day),
		    night_kept(&opening));
		if (night_kept(&slots) < .9)
			fail_msg("%.3f kept", night_kept(&slots));
		assert_true(night_kept(&slots) > night_kept(&opening));
		/* The same customers. */
		assert_int_equal(slots.night.promises, 3000);
		assert_int_equal(slots.day.promises, opening.day.promises);
	}
}

/* Beside the opening the night alone is what was broken. */
static void
the_night_is_spread(void **state)
{
	struct night_plan plan = plan_of(NIGHT_SLOTS, 3, .6);
	struct night_result slots = night_run(&plan), again = night_run(&plan);
	struct night_result opening;

	(void)state;
	assert_memory_equal(&slots, &again, sizeof(slots));
	plan.rule = NIGHT_OPENING;
	opening = night_run(&plan);
	assert_true(share_of(&slots.night) > .9);
	assert_true(share_of(&opening.night) < .6);
	/* Half of three people: seven in half an hour, so five slots. */
	assert_int_equal(slots.last_promise_ms, 5 * 30 * MINUTE_MS);
	assert_int_equal(opening.last_promise_ms, 15 * MINUTE_MS);
}

/* A slot that takes more than there is time for breaks what was promised: so
 * the test above can fail. */
static void
more_than_there_is_cannot_be_kept(void **state)
{
	struct night_plan plan = plan_of(NIGHT_SLOTS, 3, .8);
	double with_half, with_all;
	struct night_result result = night_run(&plan);

	(void)state;
	with_half = night_kept(&result);
	plan.share = 1;
	result = night_run(&plan);
	with_all = night_kept(&result);
	assert_true(with_all < with_half);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nine_of_ten_are_kept),
	    cmocka_unit_test(the_night_is_spread),
	    cmocka_unit_test(more_than_there_is_cannot_be_kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
