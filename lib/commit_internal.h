/* SPDX-License-Identifier: MIT */
/* commit_internal: the parts of lib/commit.h among themselves. */
#ifndef CALLBACKD_LIB_COMMIT_INTERNAL_H
#define CALLBACKD_LIB_COMMIT_INTERNAL_H

#include "lib/commit.h"

/* The guards of one situation, in the order in which they are asked; their number
 * goes to the counts at `head`. */
void commit_add_guards(const struct policy *policy, const struct situation *before,
    const struct outcome *outcome, int64_t now_ms, const struct commit_extras *extras,
    size_t head, struct words *words);

/* What it puts into `suppressed` and `blocked`, or takes out. */
void commit_add_listed(const struct policy *policy, const struct outcome *outcome,
    int64_t now_ms, const struct commit_extras *extras, size_t head, struct words *words);

/* Would a website read something else of it by now. */
bool commit_answers_differ(const struct request *before, const struct request *after);

#endif
