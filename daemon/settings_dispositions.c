/* SPDX-License-Identifier: MIT */
/*
 * settings_dispositions: what may be said of a call, and where it leads. A word that
 * leads nowhere would be refused while the specialist has the customer on their mind, and
 * a queue without one that ends would hand its customers round for ever.
 */
#include "daemon/settings_internal.h"

#include <string.h>

/* Where the error is told: at the queue's own list, where it has one. */
static void
path_in(const struct settings *settings, const struct queue_policy *queue,
    const struct disposition *one, const char *name,
    char ret_path[SETTING_PATH_SIZE])
{
	settings_path_of("queues", queue->id, "dispositions", ret_path);
	if (settings_find(settings, ret_path) == NULL)
		settings_path_of("dispositions", one->id, name, ret_path);
}

/* A key says one thing in a queue; told once, however many queues have both. */
static void
check_key(struct settings_reading *reading, const struct disposition *one,
    const struct disposition *before)
{
	const struct policy *policy = &reading->settings->policy;
	char path[SETTING_PATH_SIZE];

	if (one->key == 0 || before->key != one->key)
		return;
	for (size_t i = 0; i < policy->queue_count; i++) {
		const char *queue = policy->queues[i].id;

		if (!policy_queue_has(policy, queue, one) ||
		    !policy_queue_has(policy, queue, before))
			continue;
		settings_path_of("dispositions", one->id, "key", path);
		settings_error(reading, path, "%d is that of \"%s\" in queue "
		    "\"%s\"", one->key, before->id, queue);
		return;
	}
}

static bool
is_in_a_queue(const struct policy *policy, const struct disposition *one)
{
	for (size_t i = 0; i < policy->queue_count; i++)
		if (policy_queue_has(policy, policy->queues[i].id, one))
			return true;
	return policy->queue_count == 0;
}

static void
check_one(struct settings_reading *reading, const struct disposition *one)
{
	const struct settings_names queues =
	    settings_queue_names(reading->settings);
	char path[SETTING_PATH_SIZE];

	settings_path_of("dispositions", one->id, "queue", path);
	if (one->queue[0] != '\0' && one->then != THEN_PASS)
		settings_error(reading, path, "only what is passed on goes to "
		    "a queue: then = \"pass\"");
	else if (one->queue[0] != '\0')
		settings_check_name(reading, path, "queue", &queues,
		    one->queue);
	settings_path_of("dispositions", one->id, "", path);
	if (one->id[0] != '\0' &&
	    !is_in_a_queue(&reading->settings->policy, one))
		settings_error(reading, path, "is in no queue's dispositions: "
		    "nobody could say it");
}

/* What is passed on from that queue goes nowhere. */
static void
check_way(struct settings_reading *reading, const struct queue_policy *queue,
    const struct disposition *one)
{
	char path[SETTING_PATH_SIZE];

	if (one->then != THEN_PASS)
		return;
	path_in(reading->settings, queue, one, one->queue[0] != '\0' ?
	    "queue" : "then", path);
	if (strcmp(one->queue, queue->id) == 0)
		settings_error(reading, path, "\"%s\" leads nowhere in queue "
		    "\"%s\": it is passed on to itself", one->id, queue->id);
	else if (one->queue[0] == '\0' && queue->pass_to_count == 0 &&
	    reading->settings->policy.queue_count == 1)
		settings_error(reading, path, "\"%s\" leads nowhere: there is "
		    "no other queue", one->id);
}

static bool
is_end(const struct disposition *one)
{
	return one->then != THEN_SCHEDULE && one->then != THEN_RETRY;
}

static void
check_queue(struct settings_reading *reading,
    const struct queue_policy *queue)
{
	const struct policy *policy = &reading->settings->policy;
	const struct settings_names names =
	    settings_disposition_names(reading->settings);
	char path[SETTING_PATH_SIZE];
	bool has_end = false;

	settings_path_of("queues", queue->id, "dispositions", path);
	for (size_t i = 0; i < queue->disposition_count; i++) {
		settings_check_name(reading, path, "disposition", &names,
		    queue->dispositions[i]);
		for (size_t k = 0; k < i; k++)
			if (strcmp(queue->dispositions[k],
			        queue->dispositions[i]) == 0)
				settings_error(reading, path, "\"%s\" stands "
				    "there twice", queue->dispositions[i]);
	}
	for (size_t i = 0; i < policy->disposition_count; i++) {
		const struct disposition *one = &policy->dispositions[i];

		if (!policy_queue_has(policy, queue->id, one))
			continue;
		check_way(reading, queue, one);
		has_end |= is_end(one);
	}
	if (!has_end && policy->disposition_count > 0)
		settings_error(reading, queue->disposition_count > 0 ? path :
		    "dispositions", "queue \"%s\" never ends a request: what "
		    "may be said there only calls again", queue->id);
}

void
settings_check_dispositions(struct settings_reading *reading)
{
	const struct policy *policy = &reading->settings->policy;
	const struct settings_names names =
	    settings_disposition_names(reading->settings);

	settings_check_unique(reading, "dispositions", &names);
	for (size_t i = 0; i < policy->disposition_count; i++) {
		check_one(reading, &policy->dispositions[i]);
		for (size_t k = 0; k < i; k++)
			check_key(reading, &policy->dispositions[i],
			    &policy->dispositions[k]);
	}
	for (size_t i = 0; i < policy->queue_count; i++)
		check_queue(reading, &policy->queues[i]);
}
