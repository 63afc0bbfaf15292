/* SPDX-License-Identifier: MIT */
/*
 * queue_sim: one queue under a clock of its own. Customers ask at random (Poisson),
 * identical specialists take them at once and need a random (exponential) time for
 * each. The order is the daemon's: real requests, lib/promise and lib/match. It is
 * compared with others on the same customers. The same seed gives the same result.
 */
#ifndef CALLBACKD_BENCH_QUEUE_SIM_H
#define CALLBACKD_BENCH_QUEUE_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sim_order {
	ORDER_OURS,             /* match_order; who is late goes to the late lane */
	ORDER_FIFO,             /* who asked first */
	ORDER_EDF,              /* the earlier promise, however late */
	ORDER_DROP,             /* ours, and who is late is never called: the most there is */
};

enum { SIM_WINDOWS_MAX = 2, SIM_DECILES = 10 };

struct sim_plan {
	enum sim_order order;
	int specialists;
	double rho;             /* load for each specialist */
	int64_t handling_ms;    /* mean */
	int64_t window_ms[SIM_WINDOWS_MAX];  size_t window_count;  /* one of them, by lot */
	int64_t late_ms;        /* the second promise; 0: none */
	size_t requests;
	uint64_t seed;
	bool expects;           /* lib/expect tells each, by handling as it is measured */
};

struct sim_decile {             /* of those to whom a probability in that tenth was said */
	size_t count;
	double said, kept;      /* the mean of what was said, and the share on time */
};

struct sim_result {
	double on_time;         /* share, of all who asked */
	int64_t longest_ms;     /* wait until the call began */
	struct sim_decile deciles[SIM_DECILES];
	double in_range;        /* share of some to whom a time was said that was kept, from..to */
};

struct sim_result sim_run(const struct sim_plan *plan);

#endif
