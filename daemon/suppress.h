/* SPDX-License-Identifier: MIT */
/*
 * suppress: who wants no calls or no messages. The hash `suppressed` is changed by
 * commits alone, each with a line in `events`; what a person asked for before ends
 * when they want no more calls.
 */
#ifndef CALLBACKD_DAEMON_SUPPRESS_H
#define CALLBACKD_DAEMON_SUPPRESS_H

#include "daemon/engine.h"

struct suppression {
	char phone[PHONE_SIZE];         /* E.164 */
	unsigned what;                  /* SUPPRESS_CALLS, SUPPRESS_MESSAGES (lib/message.h) */
	bool is_lifted;
	const char *why, *who;          /* borrowed */
	/* The customer is told once it is kept. NULL: they are not. */
	const struct message *answer;
};

/* False: Redis is away. The handler may be NULL; its end is DONE, or GONE when it was
 * so before. Live requests end when calls are suppressed. */
bool suppress(struct engine *engine, struct store *store, const struct policy *policy,
    const struct suppression *suppression, engine_on_result *on_result, void *context,
    uint64_t tag);

/* The customer's own verified act (they called us, they wrote START) takes back that
 * they wanted no calls; nothing happens when they did not. */
void suppress_lift_calls(struct engine *engine, struct store *store,
    const struct policy *policy, const char *phone, const char *why);

#endif
