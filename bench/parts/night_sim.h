/* SPDX-License-Identifier: MIT */
/*
 * night_sim: one queue over a night in which it is closed and the day behind
 * it, under a clock of its own. Who asks at night is promised what the daemon
 * promises (lib/doors) or, to compare, a call within the window that begins at
 * the opening; the same customers in both. Day and order are the daemon's:
 * lib/promise and lib/match. Everybody is reached at the first attempt. The
 * same seed gives the same result.
 */
#ifndef CALLBACKD_BENCH_NIGHT_SIM_H
#define CALLBACKD_BENCH_NIGHT_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum night_rule {
	NIGHT_SLOTS,   /* lib/doors */
	NIGHT_OPENING, /* all at the opening */
};

struct night_plan {
	enum night_rule rule;
	int specialists; /* all from opening to closing */
	int requests;	 /* of the night */
	double
	    rho; /* load of the day, for each specialist, without the night's */
	int64_t handling_ms; /* mean */
	double share;	     /* slots.share */
	size_t nights;	     /* independent ones */
	uint64_t seed;
};

struct night_count {
	size_t promises;
	size_t kept; /* a slot with 5 minutes' tolerance, all else with none */
	size_t to_the_minute; /* with none at all */
};

struct night_result {
	struct night_count night, day;
	int64_t last_promise_ms; /* of a night, behind the opening: the mean */
};

struct night_result night_run(const struct night_plan *plan);

/* Of both together. */
double night_kept(const struct night_result *result);

#endif
