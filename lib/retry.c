/* SPDX-License-Identifier: MIT */
/* retry: one table of outcomes. */
#include "lib/retry.h"

#include "lib/check.h"

enum { NEVER = -1 };

static const int kinds[OUTCOME_COUNT] = {
	[OUTCOME_NONE] = RETRY_FAILED,
	[OUTCOME_ANSWERED] = RETRY_SHORT,
	[OUTCOME_NO_ANSWER] = RETRY_NO_ANSWER,
	[OUTCOME_BUSY] = RETRY_BUSY,
	[OUTCOME_REJECTED] = RETRY_REJECTED,
	[OUTCOME_FAILED] = RETRY_FAILED,
	[OUTCOME_INVALID_NUMBER] = NEVER,
	[OUTCOME_VOICEMAIL] = RETRY_VOICEMAIL,
	[OUTCOME_CANCELLED] = RETRY_FAILED,
	[OUTCOME_UNKNOWN] = RETRY_FAILED,
};

static int64_t
shortest(const int64_t *after_ms, size_t count)
{
	int64_t found = after_ms[0];

	for (size_t i = 1; i < count; i++) {
		if (after_ms[i] < found)
			found = after_ms[i];
	}
	return found;
}

int64_t
retry_delay_ms(const struct policy *policy, enum call_outcome outcome,
    int attempt_count)
{
	const int64_t *after_ms = policy->retry_after_ms;
	size_t count = policy->retry_count;
	const struct retry_list *own;

	CHECK(outcome < OUTCOME_COUNT && attempt_count >= 0);
	if (kinds[outcome] == NEVER)
		return -1;
	own = &policy->retries[kinds[outcome]];
	if (own->is_own) {
		after_ms = own->after_ms;
		count = own->count;
	}
	if (count == 0 || (size_t)attempt_count > count)
		return -1;
	if (kinds[outcome] == RETRY_BUSY && !own->is_own)
		return shortest(after_ms, count);
	return after_ms[attempt_count > 0 ? attempt_count - 1 : 0];
}

int64_t
retry_again_ms(const struct policy *policy, int attempt_count)
{
	size_t count = policy->retry_count;
	size_t next = attempt_count > 0 ? (size_t)attempt_count - 1 : 0;

	return count == 0 ? 0 :
	    policy->retry_after_ms[next < count ? next : count - 1];
}
