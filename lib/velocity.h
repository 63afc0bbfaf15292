/* SPDX-License-Identifier: MIT */
/*
 * velocity: how many requests are taken of one number, of numbers that lie side by side,
 * of one visitor, and in all. The commit that takes a request carries a guard for each
 * (daemon/lua/commit.lua, `limit`): so many at once, and then one in every part of the
 * time (GCRA, as the pace of providers). So a limit that a stranger has used up opens
 * again by itself after that part, not after the whole.
 */
#ifndef CALLBACKD_LIB_VELOCITY_H
#define CALLBACKD_LIB_VELOCITY_H

#include "lib/network.h"
#include "lib/policy.h"
#include "lib/record.h"

struct velocity_limit {
	char key[KEY_SIZE];             /* limit:NAME:OF */
	int64_t emission_ms;            /* one in so long */
	int64_t patience_ms;            /* and so much ahead */
};

/* Who asks. */
struct velocity_asker {
	const char *phone;              /* E.164 */
	const char *region;             /* of the number; "": not known */
	const char *address;            /* of the visitor; "": not known */
	bool is_their_phone;            /* they called us from it: it is no stranger's word */
};

/* Those of the policy that hold for them; returns how many. */
size_t velocity_limits(const struct policy *policy, const struct velocity_asker *asker,
    struct velocity_limit ret_limits[LIMIT_COUNT]);

/* The setting whose key that is, "number_day"; "": none. */
const char *velocity_name(const char *key);

#endif
