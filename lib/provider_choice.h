/* SPDX-License-Identifier: MIT */
/*
 * provider_choice: by which provider a call is made: the first in its queue's
 * order that works and where the specialist has an address. Pure; which of them
 * work is told from outside, as a set.
 */
#ifndef CALLBACKD_LIB_PROVIDER_CHOICE_H
#define CALLBACKD_LIB_PROVIDER_CHOICE_H

#include "lib/check.h"
#include "lib/policy.h"
#include "lib/record.h"

/* The set that holds this provider alone, for `down` below; 0: it is not known. */
unsigned provider_set(const struct policy *policy, const char *id);

/* "pace:ID" of calls, "pace:ID:sms" of messages: what is kept of each of the two. */
void provider_key(const char *what, const char *id, enum channel channel,
    char ret_key[KEY_SIZE]);

/*
 * `who` may be NULL: whoever it will be. `down`: the set of those that do not
 * work now. `after`: those up to this one have refused; "": none has. Returns
 * CALL_BY_HAND where that is the order's end, or where there is no order; NULL:
 * nobody can make this call now.
 */
const char *provider_choice(const struct policy *policy, const char *queue,
    const struct specialist_policy *who, unsigned down, const char *after);

#endif
