/* SPDX-License-Identifier: MIT */
/*
 * alarms: tells staff what goes wrong, as messages: one for each cause however often
 * it happens, again after `at_most` when it has got worse, and one when it is over.
 * What was told lies in Redis (alarm:CAUSE), so that all nodes and the next start
 * know of it; who sends is decided by the commit alone.
 */
#ifndef CALLBACKD_DAEMON_ALARMS_H
#define CALLBACKD_DAEMON_ALARMS_H

#include "daemon/engine.h"
#include "daemon/matcher.h"
#include "daemon/people.h"

struct alarms;

struct alarms *alarms_new(struct store *store, struct engine *engine, struct matcher *matcher,
    struct people *people, const struct policy *policy);
/* NULL is allowed. Replies under way must not come any more. */
void alarms_free(struct alarms *alarms);
void alarms_set_policy(struct alarms *alarms, const struct policy *policy);

/* Something happened that has no end of its own: it is told of with the next tick.
 * detail: who or what, for people; "": nothing. Those of several that are told of
 * together stand side by side as far as there is room. */
void alarms_count(struct alarms *alarms, enum alarm_cause cause, const char *detail);
/* How it stands with what somebody else watches: so many, and who or what (detail,
 * for people). 0: it is over, or never was. */
void alarms_set(struct alarms *alarms, enum alarm_cause cause, int count, const char *detail);

/* engine_hooks.on_committed: what a person must look into is counted. */
void alarms_on_committed(struct alarms *alarms, const struct outcome *outcome);

/* Once a second. */
void alarms_tick(struct alarms *alarms);

#endif
