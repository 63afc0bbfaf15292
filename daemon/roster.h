/* SPDX-License-Identifier: MIT */
/*
 * roster: imports the specialists of the configuration into Redis, where they
 * live from then on: whoever is new is born, whoever is named learns what the
 * file says of them, whoever is no longer named goes off.
 */
#ifndef CALLBACKD_DAEMON_ROSTER_H
#define CALLBACKD_DAEMON_ROSTER_H

#include "daemon/engine.h"

struct roster;

struct roster *roster_new(struct store *store, struct engine *engine);
void roster_free(struct roster *roster);

/* Begins an import; `before` (NULL: none) is what was imported last. */
void roster_import(struct roster *roster, const struct policy *policy,
    const struct policy *before);
/* Once per pass: posts as many as the engine has room for. */
void roster_run(struct roster *roster);
bool roster_is_done(const struct roster *roster);

#endif
