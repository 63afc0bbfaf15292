/* SPDX-License-Identifier: MIT */
/* erlang: against published values and those computed by birth and death. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "lib/check.h"
#include "lib/erlang.h"

/* Values are given with six digits after the point, or with as many as said. */
#define SIX 0.0000006
#define FOUR 0.00006

static void
near(double is, double expected, double within)
{
	if (fabs(is - expected) > within)
		fail_msg("%.8f is not %.8f", is, expected);
}

static void
blocked_and_waiting(void **state)
{
	static const struct { int c; double wait, on_time; } call_centre[] = {
		{ 11, .682118, .3896 }, { 12, .449388, .6402 },
		{ 13, .285270, .7956 }, { 14, .174132, .8884 },
	};

	(void)state;
	near(erlang_b(17, 10), .012949, SIX);
	near(erlang_b(30, 25), .052603, SIX);
	near(erlang_c(1, .3), .3, SIX);
	near(erlang_c(3, 2), 4 / 9.0, SIX);
	near(erlang_c(25, 20), .209103, SIX);
	near(erlang_c(55, 48), .238701, SIX);
	near(erlang_c(3, 3), 1, SIX);
	near(erlang_fifo_on_time(55, 48, 15 / 240.0), .845883, SIX);
	near(erlang_fifo_on_time(3, 3, 5), 0, SIX);
	/* 100 in 30 minutes, 3 minutes each, 20 seconds. */
	for (size_t i = 0; i < COUNT_OF(call_centre); i++) {
		near(erlang_c(call_centre[i].c, 10), call_centre[i].wait, SIX);
		near(erlang_fifo_on_time(call_centre[i].c, 10, 20 / 180.0),
		    call_centre[i].on_time, FOUR);
	}
}

static void
the_best_any_order_can_do(void **state)
{
	static const struct { int c; double load, window, missed; } rows[] = {
		{ 1, .5, 1, .178735 }, { 1, .8, 1, .275196 },
		{ 1, 1, 1, 1 / 3.0 }, { 1, 1, 4, 1 / 6.0 },
		{ 2, 1.6, 1, .154098 }, { 3, 2.7, 5 / 3.0, .089456 },
		{ 5, 4, 2, .015955 }, { 5, 4.5, 5 / 3.0, .047221 },
		{ 5, 5, 5 / 3.0, .084433 }, { 5, 6, 5 / 3.0, .185501 },
		{ 10, 9, 2.5, .005775 }, { 10, 12, 2.5, .167171 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		near(1 - erlang_best_on_time(rows[i].c, rows[i].load,
		    rows[i].window), rows[i].missed, SIX);
	/* Where load and specialists are nearly equal, as where they are. */
	near(erlang_best_on_time(5, 5 - 1e-12, 5 / 3.0),
	    erlang_best_on_time(5, 5, 5 / 3.0), 1e-9);
}

/* Boots and Tijms write the same share by Erlang C. */
static void
two_forms_of_the_bound_agree(void **state)
{
	(void)state;
	for (int c = 1; c <= 40; c++) {
		for (double rho = .05; rho < 1; rho += .05) {
			double q = erlang_c(c, c * rho) *
			    exp(-(c - c * rho) * 1.7);

			near(1 - erlang_best_on_time(c, c * rho, 1.7),
			    (1 - rho) * q / (1 - rho * q), 1e-9);
		}
	}
}

static void
one_new_request(void **state)
{
	static const struct { int ahead; double on_time; } rows[] = {
		{ 0, .9998 }, { 1, .9978 }, { 2, .9894 }, { 3, .9662 },
		{ 4, .9179 }, { 5, .8374 }, { 6, .7256 }, { 8, .4539 },
		{ 10, .2185 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		near(erlang_promise(5, 10 / 6.0, rows[i].ahead),
		    rows[i].on_time, FOUR);
	near(erlang_poisson(0, 0), 1, 0);
	near(erlang_poisson(0, 1), 0, 0);
	near(erlang_poisson(2000, 1), 1, 0);
	near(erlang_poisson(2000, 2000), .502974, .00001);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocked_and_waiting),
		cmocka_unit_test(the_best_any_order_can_do),
		cmocka_unit_test(two_forms_of_the_bound_agree),
		cmocka_unit_test(one_new_request),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
