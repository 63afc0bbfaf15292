/* SPDX-License-Identifier: MIT */
/*
 * settings_cases: what cannot work, of cases that are passed on: tiers that climb to
 * themselves, or in a circle, would hand a customer round for ever.
 */
#include "daemon/settings_internal.h"

#include <string.h>

static void
path_of(const struct queue_policy *queue, char ret_path[SETTING_PATH_SIZE])
{
	snprintf(ret_path, SETTING_PATH_SIZE, "queues.%s.passed.climb",
	    queue->id);
}

/* Where it climbs to; NULL: no queue. */
static const struct queue_policy *
next_of(const struct policy *policy, const struct queue_policy *queue)
{
	return policy_queue(policy, queue->climb);
}

/* A circle is told of once, at the first of its queues in the file. */
static bool
begins_circle(const struct policy *policy, const struct queue_policy *queue,
    char *ret_way, size_t size)
{
	const struct queue_policy *at = queue;
	size_t used = (size_t)snprintf(ret_way, size, "%s", queue->id);

	for (size_t i = 0; i < policy->queue_count; i++) {
		at = next_of(policy, at);
		if (at == NULL || at < queue)
			return false;
		if (used < size)
			used += (size_t)snprintf(ret_way + used, size - used,
			    " - %s", at->id);
		if (at == queue)
			return true;
	}
	return false;
}

void
settings_check_cases(struct settings_reading *reading)
{
	const struct policy *policy = &reading->settings->policy;

	for (size_t i = 0; i < policy->queue_count; i++) {
		const struct queue_policy *queue = &policy->queues[i];
		char path[SETTING_PATH_SIZE], way[256];

		path_of(queue, path);
		if (next_of(policy, queue) == queue)
			settings_error(reading, path, "a queue does not climb "
			    "to itself");
		else if (begins_circle(policy, queue, way, sizeof(way)))
			settings_error(reading, path, "climbs in a circle: %s",
			    way);
	}
}
