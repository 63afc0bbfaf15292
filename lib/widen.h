/* SPDX-License-Identifier: MIT */
/*
 * widen: who else sees a request as its promise comes near. A queue's rungs are
 * moments counted back from the promise; how many lie behind a request is a field
 * of its record, and what they gave it are fields too, so that indexes follow from
 * the record alone.
 *
 * A new promise begins anew (lib/promise.c). When one is missed everybody is let
 * see it at once, and stays; of the rungs only `tell` comes again, counted back
 * from the second promise.
 */
#ifndef CALLBACKD_LIB_WIDEN_H
#define CALLBACKD_LIB_WIDEN_H

#include "lib/request.h"

/* The next rung, NULL: none is left. ret_rung: its place in the queue's list. */
const struct widening *widen_next(const struct policy *policy, const struct request *request,
    int *ret_rung);

/* When that is; in the past where a request comes too late for it. 0: never. */
int64_t widen_moment(const struct policy *policy, const struct request *request);

/* Gives the request what the rung says; who is told is the caller's. */
void widen_by(struct request *request, const struct widening *widening);

/* All that is left, but those who are told: the promise was missed. */
void widen_fully(const struct policy *policy, struct request *request);

#endif
