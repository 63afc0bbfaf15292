/* SPDX-License-Identifier: MIT */
/*
 * forecast: when a request that is about to wait will probably be called, from
 * what this node sees of its queue: who is at work or returns (people), who
 * waits in front (wait:Q, once a second and by own commits), and how long
 * requests kept specialists in the last seven days (handled:Q and handled_ms:Q
 * of stats:DAY, of all nodes). The theory is lib/expect's. Somebody who serves
 * several queues counts for each of those where somebody waits by its part.
 */
#ifndef CALLBACKD_DAEMON_FORECAST_H
#define CALLBACKD_DAEMON_FORECAST_H

#include "daemon/people.h"
#include "lib/expect.h"

struct forecast;

/* works: may anybody of that queue be called at all, as far as providers go. */
typedef bool forecast_works(void *context, const char *queue);

struct forecast *forecast_new(struct store *store, const struct people *people,
    const struct policy *policy, forecast_works *works, void *context);
/* NULL is allowed. Replies under way must not come any more. */
void forecast_free(struct forecast *forecast);
/* people must know the policy by then. */
void forecast_set_policy(
    struct forecast *forecast, const struct policy *policy);

/* engine_hooks.on_committed */
void forecast_on_committed(
    struct forecast *forecast, const struct outcome *outcome);
/* Once a second. */
void forecast_tick(struct forecast *forecast);

/* engine_hooks.expect; to_ms 0: nothing is known, or nobody comes. */
struct expectation forecast_of(
    struct forecast *forecast, const struct request *request, int64_t now_ms);

/* Of a request of that queue that was asked for now. */
struct expectation forecast_now(
    struct forecast *forecast, const char *queue, int64_t now_ms);

/* How long one request keeps a specialist there; count 0: the setting, nothing
 * was measured. */
struct handling forecast_handling(
    const struct forecast *forecast, const char *queue);

#endif
