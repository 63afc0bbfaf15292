/* SPDX-License-Identifier: MIT */
/*
 * Three queues of faults.
 */
#include "sandbox/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/memory.h"

enum {
	COUNT_MAX = 1000000,
	TIMES_MAX = 100,
	DELAY_SECONDS_MAX = 24 * 60 * 60,
	SECOND_MS = 1000,
};

struct queue {
	struct fault at[FAULT_QUEUE_MAX];
	size_t count;
};

struct faults {
	struct queue create, sms, webhook;
};

static const char *const names[] = {
	[FAULT_NONE] = "none",
	[FAULT_500_BEFORE] = "500_before",
	[FAULT_500_AFTER] = "500_after",
	[FAULT_503] = "503",
	[FAULT_429] = "429",
	[FAULT_400] = "400",
	[FAULT_CLOSE_BEFORE] = "close_before",
	[FAULT_CLOSE_AFTER] = "close_after",
	[FAULT_LATE] = "late",
	[FAULT_GARBAGE] = "garbage",
	[FAULT_HUGE] = "huge",
	[FAULT_DRIP] = "drip",
	[FAULT_REDIRECT] = "redirect",
	[FAULT_DROP] = "drop",
	[FAULT_DUPLICATE] = "duplicate",
	[FAULT_DELAY] = "delay",
	[FAULT_REORDER] = "reorder",
	[FAULT_FORGED] = "forged",
};
_Static_assert(COUNT_OF(names) == FAULT_KIND_COUNT, "faults");

static bool
queue_order(struct queue *queue, const json_t *list, enum fault_kind first,
    enum fault_kind last, const char **ret_error);

static bool
fault_read(const json_t *order, enum fault_kind first, enum fault_kind last,
    struct fault *ret_fault, const char **ret_error);

static struct fault
queue_take(struct queue *queue);

static json_t *
queue_to_json(const struct queue *queue);

struct faults *
faults_new(void)
{
	return memory_new(sizeof(struct faults));
}

void
faults_free(struct faults *faults)
{
	free(faults);
}

bool
faults_order(struct faults *faults, const json_t *order,
    char ret_error[FAULT_ERROR_SIZE])
{
	struct faults changed = *faults;
	const char *key, *error = NULL;
	json_t *list;

	if (!json_is_object(order)) {
		snprintf(ret_error, FAULT_ERROR_SIZE, "an object is wanted");
		return false;
	}
	json_object_foreach((json_t *)(uintptr_t)order, key, list) {
		if (strcmp(key, "create") == 0)
			(void)!queue_order(&changed.create, list,
			    FAULT_500_BEFORE, FAULT_REDIRECT, &error);
		else if (strcmp(key, "sms") == 0)
			(void)!queue_order(&changed.sms, list,
			    FAULT_500_BEFORE, FAULT_REDIRECT, &error);
		else if (strcmp(key, "webhook") == 0)
			(void)!queue_order(&changed.webhook, list, FAULT_DROP,
			    FAULT_FORGED, &error);
		else
			error = "only create, sms and webhook are known";
		if (error != NULL) {
			snprintf(ret_error, FAULT_ERROR_SIZE, "%.40s: %s", key,
			    error);
			return false;
		}
	}
	*faults = changed;
	return true;
}

struct fault
faults_take_create(struct faults *faults)
{
	return queue_take(&faults->create);
}

struct fault
faults_take_sms(struct faults *faults)
{
	return queue_take(&faults->sms);
}

struct fault
faults_take_webhook(struct faults *faults)
{
	return queue_take(&faults->webhook);
}

void
faults_clear(struct faults *faults)
{
	faults->create.count = 0;
	faults->sms.count = 0;
	faults->webhook.count = 0;
}

json_t *
faults_to_json(const struct faults *faults)
{
	return json_pack("{s:o, s:o, s:o}", "create",
	    queue_to_json(&faults->create), "sms",
	    queue_to_json(&faults->sms), "webhook",
	    queue_to_json(&faults->webhook));
}

const char *
fault_name(enum fault_kind kind)
{
	return names[kind];
}

static bool
queue_order(struct queue *queue, const json_t *list, enum fault_kind first,
    enum fault_kind last, const char **ret_error)
{
	size_t count = json_is_array(list) ? json_array_size(list) : 1;

	if (queue->count + count > FAULT_QUEUE_MAX) {
		*ret_error = "too many faults are ordered";
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const json_t *order = json_is_array(list) ?
		    json_array_get(list, i) : list;

		if (!fault_read(order, first, last, &queue->at[queue->count],
		    ret_error))
			return false;
		queue->count++;
	}
	return true;
}

static bool
fault_read(const json_t *order, enum fault_kind first, enum fault_kind last,
    struct fault *ret_fault, const char **ret_error)
{
	const char *kind = json_string_value(json_object_get(order, "kind"));
	const json_t *count = json_object_get(order, "count");
	const json_t *times = json_object_get(order, "times");
	const json_t *delay = json_object_get(order, "delay");
	struct fault fault = {
		.kind = FAULT_NONE,
		.count = count != NULL ? (int)json_integer_value(count) : 1,
		.times = times != NULL ? (int)json_integer_value(times) : 1,
		.delay_ms = (int64_t)((delay != NULL ?
		    json_number_value(delay) : 2) * SECOND_MS),
	};

	for (enum fault_kind i = first; kind != NULL && i <= last; i++)
		if (strcmp(kind, names[i]) == 0)
			fault.kind = i;
	if (fault.kind == FAULT_NONE)
		*ret_error = "\"kind\" names no fault of this sort";
	else if (fault.count < 1 || fault.count > COUNT_MAX)
		*ret_error = "\"count\" is a whole number from 1 to 1000000";
	else if (fault.times < 1 || fault.times > TIMES_MAX)
		*ret_error = "\"times\" is a whole number from 1 to 100";
	else if (fault.delay_ms < 0 ||
	    fault.delay_ms > (int64_t)DELAY_SECONDS_MAX * SECOND_MS)
		*ret_error = "\"delay\" is seconds, from 0 to 86400";
	else
		*ret_fault = fault;
	return *ret_error == NULL;
}

static struct fault
queue_take(struct queue *queue)
{
	struct fault fault = { .kind = FAULT_NONE };

	if (queue->count == 0)
		return fault;
	fault = queue->at[0];
	if (--queue->at[0].count == 0) {
		queue->count--;
		memmove(queue->at, queue->at + 1,
		    queue->count * sizeof(queue->at[0]));
	}
	return fault;
}

static json_t *
queue_to_json(const struct queue *queue)
{
	json_t *list = json_array();

	for (size_t i = 0; i < queue->count; i++) {
		const struct fault *fault = &queue->at[i];

		json_array_append_new(list, json_pack(
		    "{s:s, s:i, s:f, s:i}", "kind", names[fault->kind],
		    "count", fault->count, "delay",
		    (double)fault->delay_ms / SECOND_MS, "times",
		    fault->times));
	}
	return list;
}
