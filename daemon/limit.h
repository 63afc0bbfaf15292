/* SPDX-License-Identifier: MIT */
/*
 * limit: how often something may happen for one name (a telephone number, say)
 * within a time. Counted in Redis (limit:WHAT:NAME), so for all nodes together;
 * the count ends by itself.
 */
#ifndef CALLBACKD_DAEMON_LIMIT_H
#define CALLBACKD_DAEMON_LIMIT_H

#include "daemon/store.h"

struct limit {
	const char *what;               /* static: "line" */
	int64_t max, within_ms;         /* so often, counted from the first time */
};

/* is_within false: it is once too often. Redis away: it is within. */
typedef void limit_on_end(void *context, bool is_within);

/* Counts once more. on_end is called exactly once, perhaps before this returns. */
void limit_take(struct store *store, const struct limit *limit, const char *name,
    limit_on_end *on_end, void *context);

#endif
