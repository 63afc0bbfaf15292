/* SPDX-License-Identifier: MIT */
/*
 * retry: whether an attempt that did not reach the customer is followed by
 * another one, and when. Delays come from the policy (FIELD 7: +2 and +15
 * minutes); the outcome decides whether they apply.
 */
#ifndef CALLBACKD_LIB_RETRY_H
#define CALLBACKD_LIB_RETRY_H

#include "lib/policy.h"
#include "lib/progress.h"

/*
 * The delay before the next attempt in milliseconds; -1: there is none.
 * `attempt_count` includes the attempt that just ended. A busy line is free
 * again sooner than somebody comes to an unanswered telephone: a busy
 * customer is tried again after the shortest delay of all.
 */
int64_t retry_delay_ms(const struct policy *policy, enum call_outcome outcome,
    int attempt_count);

#endif
