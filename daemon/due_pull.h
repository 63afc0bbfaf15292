/* SPDX-License-Identifier: MIT */
/*
 * due_pull: claims what is due and posts one DUE for each id. Never claims more
 * than the engine has free slots for. A claimed id comes back by itself when
 * its lease is over, so nothing here has to be remembered.
 */
#ifndef CALLBACKD_DAEMON_DUE_PULL_H
#define CALLBACKD_DAEMON_DUE_PULL_H

#include "daemon/engine.h"

struct due_pull;

/* A claimed id is seen again after this: how far `due` may lie behind a wake
 * moment that has come. */
enum { DUE_LEASE_MS = 10000 };


struct due_pull *due_pull_new(struct store *store, struct engine *engine);
void due_pull_free(struct due_pull *pull);
/* Claims nothing more. */
void due_pull_stop(struct due_pull *pull);

/* A record was committed that wakes then (0: never). */
void due_pull_expect(struct due_pull *pull, int64_t wake_at_ms);

/* Once per pass. */
void due_pull_run(struct due_pull *pull);
/* Redis milliseconds at which it wants to run again. */
int64_t due_pull_next_ms(const struct due_pull *pull);

#endif
