/* SPDX-License-Identifier: MIT */
/*
 * api_last: who waits where the one who leaves was the last at work. Asked after
 * the commit, of Redis itself: it is told to a person, and changes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"
#include "lib/standing.h"

struct left_queue {
	char id[ID_SIZE];
	int64_t waiting, promise_ms;
	bool is_attended;
};

struct leaving {
	struct api *api;
	struct left_queue queues[SPECIALIST_QUEUES_MAX];
	size_t count, outstanding;
	left_on_end *on_end;
	void *context;
};

static void
one_less(struct leaving *leaving)
{
	json_t *list;

	if (--leaving->outstanding > 0)
		return;
	list = json_array();
	for (size_t i = 0; i < leaving->count; i++) {
		const struct left_queue *one = &leaving->queues[i];
		const struct queue_policy *queue =
		    policy_queue(leaving->api->policy, one->id);
		json_t *json;

		if (one->is_attended || one->waiting == 0)
			continue;
		json = json_pack("{s:s,s:s,s:I}", "queue", one->id, "title",
		    queue != NULL ? queue->title : one->id, "waiting",
		    (json_int_t)one->waiting);
		api_json_moment(json, "promise", one->promise_ms);
		json_array_append_new(list, json);
	}
	leaving->on_end(leaving->context, list);
	free(leaving);
}

static void
on_count(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct leaving *leaving = context;

	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_INTEGER)
		leaving->queues[tag].waiting = reply->integer;
	one_less(leaving);
}

static void
on_first(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct leaving *leaving = context;

	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_ARRAY &&
	    reply->elements == 2 && reply->element[1]->str != NULL)
		leaving->queues[tag].promise_ms = standing_waiting_promise(
		    strtoll(reply->element[1]->str, NULL, 10));
	one_less(leaving);
}

/* Who is busy or elsewhere is still at work, unless they have said that they
 * leave after it. */
static void
on_other(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct leaving *leaving = context;
	struct specialist other;

	(void)tag;
	if (end == REDIS_REPLY &&
	    store_read_record(reply, RECORD_SPECIALIST, &other) &&
	    other.state != SPECIALIST_AWAY &&
	    other.status == STATUS_AVAILABLE) {
		for (size_t i = 0; i < leaving->count; i++)
			leaving->queues[i].is_attended |= specialist_level(
			    &other, leaving->queues[i].id) > 0;
	}
	one_less(leaving);
}

static bool
serves_one(const struct leaving *leaving, const struct specialist_policy *other)
{
	for (size_t i = 0; i < leaving->count; i++) {
		if (policy_level(other, leaving->queues[i].id) > 0)
			return true;
	}
	return false;
}

void
api_gather_left(struct api *api, const struct specialist *leaver,
    left_on_end *on_end, void *context)
{
	struct leaving *leaving = calloc(1, sizeof(*leaving));
	struct store *store = api->options.store;
	const struct policy *policy = api->policy;

	CHECK(leaving != NULL);
	leaving->api = api;
	leaving->on_end = on_end;
	leaving->context = context;
	for (size_t i = 0; i < SPECIALIST_QUEUES_MAX; i++) {
		if (leaver->skills[i].queue[0] != '\0')
			memcpy(leaving->queues[leaving->count++].id,
			    leaver->skills[i].queue, ID_SIZE);
	}
	leaving->outstanding = 1;
	for (size_t i = 0; i < leaving->count; i++) {
		char key[KEY_SIZE];

		snprintf(key, sizeof(key), "wait:%s", leaving->queues[i].id);
		leaving->outstanding += STORE_SEND(store, on_count, leaving,
		    i, "ZCARD", key);
		leaving->outstanding += STORE_SEND(store, on_first, leaving,
		    i, "ZRANGE", key, "0", "0", "WITHSCORES");
	}
	for (size_t i = 0; i < policy->specialist_count; i++) {
		const struct specialist_policy *other =
		    &policy->specialists[i];
		struct record_ref ref = record_ref_specialist(other->id);

		if (strcmp(other->id, leaver->id) != 0 &&
		    serves_one(leaving, other))
			leaving->outstanding += store_load(store, &ref,
			    on_other, leaving, i);
	}
	one_less(leaving);
}
