/* SPDX-License-Identifier: MIT */
/*
 * retry: whether an attempt that did not reach the customer is followed by
 * another one, and when. Delays come from the policy (FIELD 7: +2 and +15
 * minutes); the outcome decides whether they apply, and may have delays of its own.
 */
#ifndef CALLBACKD_LIB_RETRY_H
#define CALLBACKD_LIB_RETRY_H

#include "lib/policy.h"
#include "lib/progress.h"

/*
 * The delay before the next attempt in milliseconds; -1: there is none.
 * `attempt_count` includes the attempt that just ended; it counts all, however they
 * ended. A busy line is free again sooner than somebody comes to an unanswered
 * telephone: without delays of its own a busy customer is tried again after the shortest
 * of all.
 */
int64_t retry_delay_ms(const struct policy *policy, enum call_outcome outcome,
    int attempt_count);

/* When to call again who was reached and asked for it, without a moment: the next of the
 * usual delays, or the last of them; 0: there are none. */
int64_t retry_again_ms(const struct policy *policy, int attempt_count);

#endif
