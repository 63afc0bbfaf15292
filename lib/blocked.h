/* SPDX-License-Identifier: MIT */
/*
 * blocked: a number of which no request is taken, as an entry of the hash `blocked`
 * (its field is the number in E.164). It is a proposal for as long as a specialist's
 * word holds by itself, or was confirmed by whoever may. Either ends at `until`: the
 * commit script reads it (daemon/lua/commit.lua), so that it begins the entry.
 */
#ifndef CALLBACKD_LIB_BLOCKED_H
#define CALLBACKD_LIB_BLOCKED_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/message.h"

#define BLOCKED_KEY "blocked"
enum { BLOCKED_WHY_MAX = 90 };          /* bytes */

struct blocked {
	int64_t until_ms;               /* Redis's clock; over from then on. 0: it does not end */
	int64_t since_ms;
	int64_t for_ms;                 /* a proposal: how long it lasts once confirmed */
	bool is_proposed;
	char why[BLOCKED_WHY_MAX + 1];  /* cut at a character */
	char who[ID_SIZE];
};

void blocked_entry(const struct blocked *blocked, char ret_entry[LISTED_SIZE]);

/* False: nobody here wrote that; the number is blocked all the same, for ever. */
bool blocked_read(const char *entry, struct blocked *ret_blocked);

/* Is it over by that clock. */
bool blocked_is_over(const struct blocked *blocked, int64_t now_ms);

#endif
