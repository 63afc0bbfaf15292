/* SPDX-License-Identifier: MIT */
/*
 * people: each specialist of the configuration as this node last saw them: by
 * its own commits at once, by those of others within seconds. A picture to
 * reckon with; what is decided by it must bear that it is old.
 */
#ifndef CALLBACKD_DAEMON_PEOPLE_H
#define CALLBACKD_DAEMON_PEOPLE_H

#include "daemon/store.h"
#include "lib/situation.h"

struct people;

struct people *people_new(struct store *store, const struct policy *policy);
/* NULL is allowed. Replies under way must not come any more. */
void people_free(struct people *people);
void people_set_policy(struct people *people, const struct policy *policy);

/* engine_hooks.on_committed */
void people_on_committed(struct people *people, const struct outcome *outcome);
/* Once a second: reads some of them anew. */
void people_tick(struct people *people);

/* Who is on duty now, as far as they were seen. Lives until the next call. */
const struct duty_now *people_on_duty(struct people *people);

/* The i-th of the policy's specialists; NULL: not seen yet. */
const struct specialist *people_at(const struct people *people, size_t i);

#endif
