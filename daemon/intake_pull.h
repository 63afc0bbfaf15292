/* SPDX-License-Identifier: MIT */
/*
 * intake_pull: empties the website's inbox ({site}:in), whatever the scores.
 * Woken by keyspace notifications where the server sends them, otherwise by a
 * short poll. A member that cannot be dealt with now stays where it is.
 */
#ifndef CALLBACKD_DAEMON_INTAKE_PULL_H
#define CALLBACKD_DAEMON_INTAKE_PULL_H

#include "daemon/submit.h"

struct intake_pull;

struct intake_pull *intake_pull_new(struct event_base *base, const struct redis_address *address,
    struct store *store, struct engine *engine, struct submitter *submitter);
void intake_pull_free(struct intake_pull *pull);
void intake_pull_stop(struct intake_pull *pull);

void intake_pull_run(struct intake_pull *pull);
/* Monotonic milliseconds at which it wants to run again. */
int64_t intake_pull_next_ms(const struct intake_pull *pull);
bool intake_pull_is_busy(const struct intake_pull *pull);

#endif
