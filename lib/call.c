/* SPDX-License-Identifier: MIT */
/* call: the words of its states and small questions about one. */
#include "lib/call.h"

#include <string.h>

const char *const call_state_names[CALL_STATE_COUNT] = {
	[CALL_NONE] = "none",
	[CALL_PLACING] = "placing",
	[CALL_UNSURE] = "unsure",
	[CALL_LIVE] = "live",
	[CALL_ENDED] = "ended",
};

bool
call_is_live(const struct call *call)
{
	return call->state != CALL_NONE && call->state != CALL_ENDED;
}

bool
call_is_by_hand(const struct call *call)
{
	return strcmp(call->provider, CALL_BY_HAND) == 0;
}

bool
call_has_person(const struct call *call)
{
	return call->machine != MACHINE_ANSWERED &&
	    (!call->wants_confirm || call->is_confirmed);
}

bool
call_has_talked(const struct call *call)
{
	return call_has_person(call) &&
	    (call->customer_up_at_ms != 0 || call->talk_ms > 0);
}
