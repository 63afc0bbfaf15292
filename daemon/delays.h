/* SPDX-License-Identifier: MIT */
/*
 * delays: why nobody is asked for those who wait, as stable words, now and for a while
 * back. What it knows of the past is this node's own, and is said in the story by the
 * offer that ends it; nothing else is kept.
 *
 * provider_down, spent     no provider of the queue works, or all have cost too much
 * in_flight, pace          the provider takes no more calls, or not yet
 * no_one_on_shift          nobody who serves the queue is at work
 * all_paused               at least one of them has paused, and nobody is at work
 * all_busy                 whoever is at work has something else to do
 * kept_for_line            who is free is left to callers on hold
 * preferred                it waits for who knows it (of one request)
 * declined                 who is free has said no to it, or nothing, just now
 * level                    who is free does not know its queue well enough yet
 * next                     nothing: it is about to be offered
 */
#ifndef CALLBACKD_DAEMON_DELAYS_H
#define CALLBACKD_DAEMON_DELAYS_H

#include "daemon/health.h"
#include "daemon/matcher.h"

struct delays;

struct delays *delays_new(struct store *store, struct matcher *matcher, struct health *health,
    const struct policy *policy);
/* NULL is allowed. Replies under way must not come any more. */
void delays_free(struct delays *delays);
void delays_set_policy(struct delays *delays, const struct policy *policy);

/* Somebody said no to an offer though nobody else of its queue is at work: told with the
 * next tick or the one after. */
typedef void delays_on_alone(void *context, const char *specialist);
void delays_set_on_alone(struct delays *delays, delays_on_alone *on_alone, void *context);
/* engine_hooks.on_committed */
void delays_on_committed(struct delays *delays, const struct outcome *outcome);

/* Once a second. */
void delays_tick(struct delays *delays);

/* Of a request that waits: one of the words above, or the reason it is held for; "": it
 * does not wait. */
const char *delays_why(struct delays *delays, const struct request *request, int64_t now_ms);

/* What it waited for until now, the longest first: "waited 360 s provider_down, 12 s
 * all_busy"; shorter parts in ms. "": nothing that is known. */
void delays_say(const struct delays *delays, const struct request *request, int64_t now_ms,
    char ret_text[DETAIL_SIZE]);

#endif
