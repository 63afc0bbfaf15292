/* SPDX-License-Identifier: MIT */
/* specialist: the words of states and status, and small questions. */
#include "lib/specialist.h"

#include <string.h>

const char *const specialist_state_names[SPECIALIST_STATE_COUNT] = {
	[SPECIALIST_NONE] = "none",
	[SPECIALIST_AWAY] = "away",
	[SPECIALIST_IDLE] = "idle",
	[SPECIALIST_OFFERED] = "offered",
	[SPECIALIST_BUSY] = "busy",
	[SPECIALIST_WRAPPING] = "wrapping",
	[SPECIALIST_RESTING] = "resting",
	[SPECIALIST_ELSEWHERE] = "elsewhere",
};

const char *const status_names[STATUS_COUNT] = {
	[STATUS_OFF] = "off",
	[STATUS_AVAILABLE] = "available",
	[STATUS_PAUSED] = "paused",
};

int
specialist_level(const struct specialist *specialist, const char *queue)
{
	for (size_t i = 0; i < SPECIALIST_QUEUES_MAX; i++) {
		if (specialist->skills[i].queue[0] != '\0' &&
		    strcmp(specialist->skills[i].queue, queue) == 0)
			return specialist->skills[i].level;
	}
	return 0;
}

size_t
specialist_queue_count(const struct specialist *specialist)
{
	size_t count = 0;

	for (size_t i = 0; i < SPECIALIST_QUEUES_MAX; i++)
		count += specialist->skills[i].queue[0] != '\0';
	return count;
}

bool
specialist_is_absent(const struct policy *policy,
    const struct specialist *specialist, int64_t now_ms)
{
	return policy->presence_ms != 0 &&
	    specialist->seen_at_ms + policy->presence_ms <= now_ms;
}
