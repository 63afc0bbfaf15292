/* SPDX-License-Identifier: MIT */
/* retry: one table of outcomes. */
#include "lib/retry.h"

#include "lib/check.h"

enum habit { NEVER, IN_TURN, SHORTEST };

static const enum habit habits[OUTCOME_COUNT] = {
	[OUTCOME_NONE] = IN_TURN,
	[OUTCOME_ANSWERED] = IN_TURN,        /* a talk too short to count */
	[OUTCOME_NO_ANSWER] = IN_TURN,
	[OUTCOME_BUSY] = SHORTEST,
	[OUTCOME_REJECTED] = IN_TURN,
	[OUTCOME_FAILED] = IN_TURN,
	[OUTCOME_INVALID_NUMBER] = NEVER,
	[OUTCOME_VOICEMAIL] = IN_TURN,
	[OUTCOME_CANCELLED] = IN_TURN,
	[OUTCOME_UNKNOWN] = IN_TURN,
};

int64_t
retry_delay_ms(const struct policy *policy, enum call_outcome outcome,
    int attempt_count)
{
	int64_t shortest;

	CHECK(outcome < OUTCOME_COUNT && attempt_count >= 0);
	if (habits[outcome] == NEVER ||
	    (size_t)attempt_count > policy->retry_count)
		return -1;
	if (policy->retry_count == 0)
		return -1;
	if (habits[outcome] == IN_TURN)
		return policy->retry_after_ms[attempt_count > 0 ?
		    attempt_count - 1 : 0];
	shortest = policy->retry_after_ms[0];
	for (size_t i = 1; i < policy->retry_count; i++) {
		if (policy->retry_after_ms[i] < shortest)
			shortest = policy->retry_after_ms[i];
	}
	return shortest;
}
