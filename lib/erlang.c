/* SPDX-License-Identifier: MIT */
/* erlang: closed forms, each summed in the direction that cancels nothing. */
#include "lib/erlang.h"

#include <math.h>

#include "lib/check.h"

double
erlang_b(int specialists, double load)
{
	double blocked = 1;

	CHECK(specialists >= 1 && load > 0);
	for (int k = 1; k <= specialists; k++)
		blocked = load * blocked / (k + load * blocked);
	return blocked;
}

double
erlang_c(int specialists, double load)
{
	double blocked = erlang_b(specialists, load);

	if (load >= specialists)
		return 1;
	return blocked / (1 - load / specialists * (1 - blocked));
}

double
erlang_fifo_on_time(int specialists, double load, double window)
{
	CHECK(window >= 0);
	if (load >= specialists)
		return 0;
	return 1 - erlang_c(specialists, load) *
	    exp(-(specialists - load) * window);
}

double
erlang_best_on_time(int specialists, double load, double window)
{
	double spare = specialists - load;
	double free_terms = 0, term = 1, waiting, missed;

	CHECK(specialists >= 1 && load > 0 && window >= 0);
	for (int j = specialists - 1; j >= 0; j--) {
		free_terms += term;
		term *= j / load;
	}
	/* expm1 is exact also where hardly anything is spare. */
	waiting = spare == 0 ? load * window :
	    -load * expm1(-spare * window) / spare;
	missed = load / specialists * exp(-spare * window);
	return 1 - missed / (free_terms + waiting + missed);
}

double
erlang_poisson(double mean, int count)
{
	double fewer = 0, term = -mean;

	CHECK(mean >= 0);
	if (count <= 0)
		return 1;
	if (mean == 0)
		return 0;
	/* By logarithms: exp(-mean) alone is 0 for a large mean. */
	for (int k = 0; k < count; k++) {
		fewer += exp(term);
		term += log(mean / (k + 1));
	}
	return fewer < 1 ? 1 - fewer : 0;
}

double
erlang_promise(int specialists, double window, int ahead)
{
	CHECK(specialists >= 1 && ahead >= 0);
	return erlang_poisson(specialists * window, ahead + 1);
}
