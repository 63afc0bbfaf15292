/* SPDX-License-Identifier: MIT */
/*
 * rules: may a customer be called at that moment, and when next: the queue's opening
 * hours, with some grace after closing, and the quiet hours of whoever is called, by the
 * clock where they are. Pure questions about policy, request and moment; asked when a
 * request becomes due, while it waits, and at the dialling.
 */
#ifndef CALLBACKD_LIB_RULES_H
#define CALLBACKD_LIB_RULES_H

#include "lib/request.h"

/* There is no such moment within a year: a person must decide. */
#define RULES_NEVER INT64_MAX

/* May it be called at this moment; else a stable word why not (prefix, closed,
 * quiet_hours), and until when (0: for good; RULES_NEVER). */
bool rules_allow_call(const struct policy *policy, const struct request *request, int64_t now_ms,
    const char **ret_reason, int64_t *ret_until_ms);

/* The first moment from that one on at which the hours allow the call of a promise that
 * is made for it; RULES_NEVER. */
int64_t rules_next_ms(const struct policy *policy, const struct request *request, int64_t at_ms);

/* When the hours forbid what they allow now, or at which it must be looked again;
 * 0: they never do. now_ms: they forbid it. */
int64_t rules_end_ms(const struct policy *policy, const struct request *request, int64_t now_ms);

/* The clock of the request's customer; NULL: UTC. */
const struct zone *rules_zone(const struct policy *policy, const struct request *request);

#endif
