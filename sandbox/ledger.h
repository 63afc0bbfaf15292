/* SPDX-License-Identifier: MIT */
/*
 * The ledger: what the network received, did and sent, one JSON object a line,
 * for whoever checks afterwards what really happened. A line is one write()
 * with O_APPEND, so a kill -9 breaks none. What is received and what a phone
 * does is written before anybody outside can see its effect; what is sent,
 * when its result is known.
 */
#ifndef CALLBACKD_SANDBOX_LEDGER_H
#define CALLBACKD_SANDBOX_LEDGER_H

#include <jansson.h>

#include "lib/check.h"

struct ledger;

/* `path` NULL keeps no ledger. NULL on failure, with errno set. */
struct ledger *
ledger_open(const char *path) MUST_USE;

/* Accepts NULL. */
void
ledger_close(struct ledger *ledger);

/*
 * Adds "at_ms" and "kind" in front. Steals `stolen`. A line that cannot be
 * written ends the program: a ledger with holes proves nothing.
 */
void
ledger_write(struct ledger *ledger, const char *kind, json_t *stolen);

#endif
