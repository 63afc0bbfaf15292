/* SPDX-License-Identifier: MIT */
/*
 * settings_widen: who sees a request when: the rungs of a queue, and how long somebody
 * preferred is waited for before. What would change nothing, or contradict another
 * setting, is a mistake, and told as one.
 */
#include "daemon/settings_internal.h"

#include <string.h>

#include "daemon/settings_when.h"
#include "lib/promise.h"

/* What the rungs before it have given already. */
struct reached {
	int64_t before_ms;      /* 0: no rung yet */
	int level, offers;
	size_t other_count;
};

static void check_rung(struct settings_reading *reading,
    const struct queue_policy *queue, size_t index, struct reached *reached);
static void check_times(struct settings_reading *reading,
    const struct queue_policy *queue);
static void check_prefer(struct settings_reading *reading,
    const struct queue_policy *queue);
static bool find_prefer(const struct settings *settings,
    const struct queue_policy *queue, char ret_path[SETTING_PATH_SIZE]);

static bool
lowers_level(const struct queue_policy *queue)
{
	for (size_t i = 0; i < queue->widening_count; i++)
		if (queue->widenings[i].level != 0)
			return true;
	return false;
}

/* Whoever lowers a level begins above it: at that of the queue, else at the
 * highest that somebody has there. */
void
settings_complete_widenings(struct settings *settings)
{
	struct policy *policy = &settings->policy;

	for (size_t i = 0; i < policy->queue_count; i++) {
		struct queue_policy *queue = &policy->queues[i];

		char path[SETTING_PATH_SIZE];

		if (!find_prefer(settings, queue, path))
			queue->prefer_ms = promise_hurry_ms(queue);
		if (queue->level != 0 || !lowers_level(queue))
			continue;
		for (size_t k = 0; k < policy->specialist_count; k++) {
			int level = policy_level(&policy->specialists[k],
			    queue->id);

			if (level > queue->level && level <= LEVEL_MAX)
				queue->level = level;
		}
	}
}

void
settings_check_widenings(struct settings_reading *reading)
{
	const struct policy *policy = &reading->settings->policy;

	for (size_t i = 0; i < policy->queue_count; i++) {
		const struct queue_policy *queue = &policy->queues[i];
		struct reached reached = { 0, queue->level, 1, 0 };

		for (size_t k = 0; k < queue->widening_count; k++)
			check_rung(reading, queue, k, &reached);
		/* A trial may be late on purpose. */
		if (queue->widening_count > 0 ||
		    !reading->settings->allow_test_settings)
			check_times(reading, queue);
		check_prefer(reading, queue);
	}
}

static void
path_of(const struct queue_policy *queue, size_t index, const char *name,
    char ret_path[SETTING_PATH_SIZE])
{
	snprintf(ret_path, SETTING_PATH_SIZE, "queues.%s.widen.%zu.%s",
	    queue->id, index + 1, name);
}

static void
check_level(struct settings_reading *reading, const char *path, int level,
    struct reached *reached)
{
	if (reached->level == 0)
		settings_error(reading, path, "nobody serves that queue: there "
		    "is no level to begin at");
	else if (level >= reached->level)
		settings_error(reading, path, "%d must be below %d, which is "
		    "admitted already", level, reached->level);
	reached->level = level;
}

static void
check_queue(struct settings_reading *reading, const char *path,
    const struct queue_policy *queue, size_t index, struct reached *reached)
{
	const char *other = queue->widenings[index].queue;

	if (strcmp(other, queue->id) == 0)
		settings_error(reading, path, "a queue does not widen to "
		    "itself");
	for (size_t i = 0; i < index; i++)
		if (strcmp(queue->widenings[i].queue, other) == 0)
			settings_error(reading, path, "\"%s\" sees it already",
			    other);
	if (++reached->other_count > ALSO_MAX)
		settings_error(reading, path, "at most %d other queues see a "
		    "request", ALSO_MAX);
}

static void
check_rung(struct settings_reading *reading, const struct queue_policy *queue,
    size_t index, struct reached *reached)
{
	const struct widening *rung = &queue->widenings[index];
	int said = (rung->level != 0) + (rung->queue[0] != '\0') +
	    (rung->offers != 0) + (rung->tell[0] != '\0');
	char path[SETTING_PATH_SIZE], limit[WHEN_DURATION_SIZE];

	path_of(queue, index, "before", path);
	if (rung->before_ms >= queue->limit_ms) {
		when_duration_print(queue->limit_ms, limit);
		settings_error(reading, path, "must be less than the limit, "
		    "which is %s", limit);
	}
	if (reached->before_ms != 0 && rung->before_ms >= reached->before_ms)
		settings_error(reading, path, "must be less than that of the "
		    "rung before it");
	reached->before_ms = rung->before_ms;
	if (said != 1 && rung->before_ms != 0)
		settings_error(reading, path, "a rung has one of level, queue, "
		    "offers and tell, and this one has %d", said);
	path_of(queue, index, "level", path);
	if (rung->level != 0)
		check_level(reading, path, rung->level, reached);
	path_of(queue, index, "queue", path);
	if (rung->queue[0] != '\0')
		check_queue(reading, path, queue, index, reached);
	path_of(queue, index, "offers", path);
	if (rung->offers != 0 && rung->offers <= reached->offers)
		settings_error(reading, path, "%d must be above %d, which are "
		    "asked at once already", rung->offers, reached->offers);
	if (rung->offers != 0)
		reached->offers = rung->offers;
	path_of(queue, index, "tell", path);
	if (strstr(rung->tell, "://") != NULL)
		settings_error(reading, path, "a URL is told in alarms.to; here "
		    "a person, a queue, a number or a chat is");
}

static bool
sees(const struct queue_policy *queue, const struct specialist_policy *who)
{
	if (policy_level(who, queue->id) > 0)
		return true;
	for (size_t i = 0; i < queue->widening_count; i++)
		if (queue->widenings[i].queue[0] != '\0' &&
		    policy_level(who, queue->widenings[i].queue) > 0)
			return true;
	return false;
}

/* An offer that outlasts the promise keeps it from everybody else. */
static void
check_times(struct settings_reading *reading, const struct queue_policy *queue)
{
	const struct policy *policy = &reading->settings->policy;
	char path[SETTING_PATH_SIZE], time[WHEN_DURATION_SIZE];
	char limit[WHEN_DURATION_SIZE];

	for (size_t i = 0; i < policy->specialist_count; i++) {
		const struct specialist_policy *who = &policy->specialists[i];
		int64_t offer_ms = who->has_second &&
		    who->second_ms > who->offer_ms ? who->second_ms :
		    who->offer_ms;

		if (offer_ms < queue->limit_ms || !sees(queue, who))
			continue;
		when_duration_print(offer_ms, time);
		when_duration_print(queue->limit_ms, limit);
		snprintf(path, sizeof(path), "specialists.%s.offer", who->id);
		settings_error(reading, path, "has %s to accept, and \"%s\" "
		    "promises a call within %s", time, queue->id, limit);
	}
}

/* Where it is said: for the queue, or for all of them. False: nowhere. */
static bool
find_prefer(const struct settings *settings, const struct queue_policy *queue,
    char ret_path[SETTING_PATH_SIZE])
{
	snprintf(ret_path, SETTING_PATH_SIZE, "queues.%s.window.prefer",
	    queue->id);
	if (settings_find(settings, ret_path) != NULL)
		return true;
	snprintf(ret_path, SETTING_PATH_SIZE, "window.prefer");
	return settings_find(settings, ret_path) != NULL;
}

/* When somebody preferred did not come, there must be time for others: for whoever
 * serves the queue to be offered it, and for its rungs. */
static void
check_prefer(struct settings_reading *reading, const struct queue_policy *queue)
{
	const struct policy *policy = &reading->settings->policy;
	char path[SETTING_PATH_SIZE], time[WHEN_DURATION_SIZE];
	int64_t least_ms = promise_first_rung_ms(queue);

	if (!find_prefer(reading->settings, queue, path) ||
	    queue->prefer_ms == 0)
		return;
	if (queue->prefer_ms >= queue->limit_ms) {
		when_duration_print(queue->limit_ms, time);
		settings_error(reading, path, "must be less than the limit of "
		    "\"%s\", which is %s; 0: nobody is waited for", queue->id,
		    time);
		return;
	}
	if (queue->prefer_ms < least_ms) {
		when_duration_print(least_ms, time);
		settings_error(reading, path, "must be at least %s, when a "
		    "rung of \"%s\" shows its requests to others", time,
		    queue->id);
	}
	for (size_t i = 0; i < policy->specialist_count; i++) {
		const struct specialist_policy *who = &policy->specialists[i];

		if (who->offer_ms <= queue->prefer_ms ||
		    policy_level(who, queue->id) == 0)
			continue;
		when_duration_print(who->offer_ms, time);
		settings_error(reading, path, "must be at least %s, which "
		    "specialists.%s has to accept", time, who->id);
	}
}
