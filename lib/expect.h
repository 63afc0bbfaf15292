/* SPDX-License-Identifier: MIT */
/*
 * expect: when a new request will probably be called, from what is seen of its
 * queue now. Pure. It holds for identical specialists whose talks end at random
 * (exponential handling) and for requests that are served in the order of
 * match_order; who comes later with a shorter window, or leaves before being
 * called, is not foreseen.
 *
 * Who goes first and is not called by their own promise falls back to the late
 * lane, so that fewer calls must end than requests are ahead: FIELD's Poisson
 * promise (erlang_promise) is the case where nobody falls back, and is too low
 * when many wait.
 */
#ifndef CALLBACKD_LIB_EXPECT_H
#define CALLBACKD_LIB_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/check.h"

enum { EXPECT_AHEAD_MAX = 64 };

/* What is seen of a queue. */
struct expect_queue {
	int specialists;        /* who work on it: idle or busy, none absent or paused */
	int busy;               /* of them */
	double handling_ms;     /* mean time for one request, until the next can be offered */
	size_t staying_count;   /* go first however late: raised second promises */
	const int64_t *left_ms; /* of those on time that go first: until their promise, ascending */
	size_t left_count;
	int64_t begins_ms;      /* from now; they come back then, nobody works before; 0: now */
};

/* Durations from now. to_ms 0: nothing is expected. */
struct expectation {
	double on_time;         /* probability; for us, never told to a customer */
	int64_t expected_ms;    /* median wait */
	int64_t from_ms, to_ms; /* what a customer is told: 8 of 10 begin in it; whole minutes,
	                         * a minute at least */
	int64_t latest_ms;      /* the promise itself */
};

/* Probability that the request's call begins within that time, as long as it is
 * on time itself. 0: nobody works. Of more than EXPECT_AHEAD_MAX ahead none is taken
 * to fall back: it is then a lower bound. */
double expect_begun(const struct expect_queue *queue, int64_t within_ms);

/* False: nobody works on that queue, so nothing is to be expected. It costs some 40
 * calls of expect_begun: at -O2, 0.1 ms with 16 ahead, 3 ms with 64. Not for each request in a
 * loop that others wait for, unless few are ahead. */
bool expect(const struct expect_queue *queue, int64_t window_ms,
    struct expectation *ret_expectation) MUST_USE;

/* How long one request keeps a specialist, as measured. */
struct handling {
	double mean_ms;
	int count;              /* that it was made of, as far as they matter */
};

/* Begins as what the settings say, which weighs as much as 16 that were measured. */
struct handling handling_from(int64_t setting_ms);

/* One more took that long. Later on each weighs a 256th. */
void handling_add(struct handling *handling, int64_t took_ms);

/* So many more took that long together: what is kept of several days. */
void handling_add_sum(struct handling *handling, int64_t count, int64_t sum_ms);

#endif
