/* SPDX-License-Identifier: MIT */
/*
 * callers: customers who phone us while they wait for our call. Finds what a
 * telephone number waits for and tells it (CALLED_IN, CALLED_BACK); decides
 * nothing. A request that is found by its number is one that stands in phone:N
 * or phone:N:Q.
 */
#ifndef CALLBACKD_DAEMON_CALLERS_H
#define CALLBACKD_DAEMON_CALLERS_H

#include "daemon/engine.h"

enum { CALLERS_MAX = 16 };              /* live requests of one number; more are left alone */

struct callers;

struct caller_news {
	char phone[PHONE_SIZE];         /* E.164 */
	enum caller caller;
	int64_t at_ms;                  /* when it was so */
	char id[SITE_ID_SIZE];          /* of the telephone call; "": none. The same news of it
	                                 * again, or older news, changes nothing */
	char by[ID_SIZE];
};

enum callers_end {
	CALLERS_DONE,
	CALLERS_KNOWN,                  /* told before */
	CALLERS_LIMITED,                /* too often for one number */
	CALLERS_LATER,                  /* not everything was kept: tell it again */
};

/* The requests that it was news for, as they are then. */
typedef void callers_on_end(void *context, enum callers_end end, const struct request *requests,
    size_t count);

struct callers *callers_new(struct store *store, struct engine *engine,
    const struct policy *policy);
void callers_free(struct callers *callers);
void callers_set_policy(struct callers *callers, const struct policy *policy);

/* on_end is called exactly once, perhaps before this returns. */
void callers_tell(struct callers *callers, const struct caller_news *news,
    callers_on_end *on_end, void *context);

#endif
