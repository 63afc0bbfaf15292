/* SPDX-License-Identifier: MIT */
/*
 * matcher_read: reads who waits and who is ready, page by page; what does not belong
 * there is looked at again, and so is whether whoever is waited for is at work.
 */
#include "daemon/matcher_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"

struct reading {
	struct matcher *matcher;
	size_t queue;
	char id[ID_SIZE];               /* of the record */
};

bool
matcher_may_ask(const struct matcher *matcher, const struct specialist *specialist)
{
	return specialist->state == SPECIALIST_IDLE &&
	    policy_specialist(matcher->policy, specialist->id) != NULL;
}

static void
end_reading(struct reading *reading)
{
	struct queue_heads *heads =
	    &reading->matcher->queues[reading->queue];

	heads->replies--;
	if (heads->replies == 0)
		heads->is_reading = false;
	free(reading);
}

static struct reading *
begin_reading(struct matcher *matcher, size_t queue, const char *id)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	CHECK(reading != NULL);
	reading->matcher = matcher;
	reading->queue = queue;
	snprintf(reading->id, sizeof(reading->id), "%s", id);
	matcher->queues[queue].replies++;
	return reading;
}

static bool
is_reply(enum redis_end end, const struct redisReply *reply)
{
	return end == REDIS_REPLY && reply->type == REDIS_REPLY_ARRAY;
}

static bool
belongs(const struct request *request, const struct queue_heads *heads)
{
	return (request->state == REQUEST_WAITING ||
	           request->state == REQUEST_OFFERED) &&
	    request_is_seen_in(request, heads->id);
}

/* The list names what does not belong there: else it would stand in front of
 * the others for ever. */
static void
look_again(struct matcher *matcher, const char *id)
{
	struct engine_order order = { .event = { .kind = EVENT_DUE,
		.digit = -1, .to = record_ref_request(id) } };

	/* Refused: the next reading finds it again. */
	if (!engine_post(matcher->engine, &order))
		log_event(LOG_LEVEL_DEBUG, "stray_waits", "request=%s", id);
}

/* Whom a request waits for is not at work: it goes on without them. */
static void
release(struct matcher *matcher, const char *request, const char *specialist,
    const char *why)
{
	struct engine_order order = { .event = { .kind = EVENT_RELEASED,
		.digit = -1, .to = record_ref_request(request) } };

	snprintf(order.event.specialist, sizeof(order.event.specialist), "%s",
	    specialist);
	snprintf(order.event.reason, sizeof(order.event.reason), "%s", why);
	/* Refused: the next reading finds it again. */
	if (!engine_post(matcher->engine, &order))
		log_event(LOG_LEVEL_DEBUG, "release_waits", "request=%s",
		    request);
}

/* Each head whose wished specialist was looked up. */
static void
judge_wished(struct reading *reading, const struct specialist *wished)
{
	struct matcher *matcher = reading->matcher;
	const struct queue_heads *heads = &matcher->queues[reading->queue];
	int64_t now_ms = store_now_ms(matcher->store);

	for (size_t i = 0; i < heads->head_count; i++) {
		const struct request *request = &heads->heads[i].request;
		const char *why = "not there";

		if (!request_is_held(request, now_ms) ||
		    strcmp(request->wished, reading->id) != 0 ||
		    (wished != NULL && match_is_worth_waiting(request, wished,
		        now_ms, &why)))
			continue;
		release(matcher, request->id, reading->id, why);
	}
}

static void
on_wished(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct reading *reading = context;
	struct specialist wished;
	bool is_known;

	(void)tag;
	if (is_reply(end, reply)) {
		is_known = policy_specialist(reading->matcher->policy,
		    reading->id) != NULL && store_read_record(reply,
		    RECORD_SPECIALIST, &wished);
		if (is_known)
			memcpy(wished.id, reading->id, sizeof(wished.id));
		judge_wished(reading, is_known ? &wished : NULL);
	}
	end_reading(reading);
}

/* Once for all heads that wait for the same. */
static void
look_for_wished(struct reading *reading, const struct head *head)
{
	struct matcher *matcher = reading->matcher;
	struct queue_heads *heads = &matcher->queues[reading->queue];
	const char *wished = head->request.wished;
	struct record_ref ref = record_ref_specialist(wished);
	struct reading *next;

	if (!request_is_held(&head->request, store_now_ms(matcher->store)) ||
	    ready_pool_has(matcher->ready, wished))
		return;
	for (const struct head *other = heads->heads; other < head; other++) {
		if (strcmp(other->request.wished, wished) == 0)
			return;
	}
	next = begin_reading(matcher, reading->queue, wished);
	if (!store_load(matcher->store, &ref, on_wished, next, 0))
		end_reading(next);
}

static void
on_request(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct reading *reading = context;
	struct queue_heads *heads =
	    &reading->matcher->queues[reading->queue];
	struct head *head;

	(void)tag;
	if (is_reply(end, reply) && heads->head_count < HEADS) {
		head = &heads->heads[heads->head_count];
		if (store_read_record(reply, RECORD_REQUEST, &head->request)) {
			snprintf(head->request.id, sizeof(head->request.id),
			    "%.*s", REQUEST_ID_SIZE - 1, reading->id);
			head->is_proposed = false;
			if (belongs(&head->request, heads))
				look_for_wished(reading,
				    &heads->heads[heads->head_count++]);
			else
				look_again(reading->matcher, reading->id);
		} else if (reply->elements == 0) {
			look_again(reading->matcher, reading->id);
		}
	}
	end_reading(reading);
}

static void
on_specialist(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct reading *reading = context;
	struct specialist specialist;

	(void)tag;
	if (is_reply(end, reply)) {
		if (store_read_record(reply, RECORD_SPECIALIST, &specialist)) {
			memcpy(specialist.id, reading->id,
			    sizeof(specialist.id));
			if (matcher_may_ask(reading->matcher, &specialist))
				ready_pool_put(reading->matcher->ready,
				    &specialist);
		}
	}
	end_reading(reading);
}

static void
load_each(struct reading *reading, const struct redisReply *reply,
    redis_on_reply *on_record, bool is_request)
{
	struct matcher *matcher = reading->matcher;

	for (size_t i = 0; i < reply->elements; i++) {
		const struct redisReply *member = reply->element[i];
		struct record_ref ref;
		struct reading *next;

		if (member->str == NULL || !record_ref_parse(member->str,
		        member->len, &ref) || ref.kind != (is_request ?
		        RECORD_REQUEST : RECORD_SPECIALIST))
			continue;
		if (!is_request && ready_pool_has(matcher->ready, ref.id))
			continue;
		next = begin_reading(matcher, reading->queue, ref.id);
		if (!store_load(matcher->store, &ref, on_record, next, 0))
			end_reading(next);
	}
}

static void
set_aside_wrong(const struct reading *reading, enum redis_end end,
    const struct redisReply *reply, const char *what)
{
	struct matcher *matcher = reading->matcher;
	char index[ID_SIZE + 8];

	if (end != REDIS_REPLY || !store_is_of_another_type(reply))
		return;
	snprintf(index, sizeof(index), "%s:%s", what,
	    matcher->queues[reading->queue].id);
	engine_set_aside(matcher->engine, index);
}

static void
on_waiting(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct reading *reading = context;
	struct queue_heads *heads =
	    &reading->matcher->queues[reading->queue];

	(void)tag;
	if (is_reply(end, reply)) {
		heads->head_count = 0;
		heads->waiting_count = heads->from + reply->elements;
		heads->has_more = reply->elements == HEADS;
		load_each(reading, reply, on_request, true);
	} else {
		set_aside_wrong(reading, end, reply, "wait");
	}
	end_reading(reading);
}

static void
on_ready(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct reading *reading = context;

	(void)tag;
	if (is_reply(end, reply)) {
		struct queue_heads *heads =
		    &reading->matcher->queues[reading->queue];

		heads->has_more_ready = reply->elements >= READY_HEADS;
		load_each(reading, reply, on_specialist, false);
	} else {
		set_aside_wrong(reading, end, reply, "ready");
	}
	end_reading(reading);
}

void
matcher_read_heads(struct matcher *matcher, size_t queue)
{
	struct queue_heads *heads = &matcher->queues[queue];
	struct reading *reading;
	char key[ID_SIZE + 8], first[24], last[24];

	heads->is_reading = true;
	heads->replies = 1;             /* until all below are sent */
	snprintf(first, sizeof(first), "%zu", heads->from);
	snprintf(last, sizeof(last), "%zu", heads->from + HEADS - 1);
	if (heads->is_dirty) {
		snprintf(key, sizeof(key), "wait:%s", heads->id);
		reading = begin_reading(matcher, queue, "");
		if (!STORE_SEND(matcher->store, on_waiting, reading, 0,
		        "ZRANGE", key, first, last))
			end_reading(reading);
	}
	snprintf(key, sizeof(key), "ready:%s", heads->id);
	/* Those taken stand there until their commit. */
	snprintf(last, sizeof(last), "%zu", READY_HEADS - 1 +
	    ready_pool_taken(matcher->ready, heads->id));
	reading = begin_reading(matcher, queue, "");
	if (!STORE_SEND(matcher->store, on_ready, reading, 0, "ZRANGE", key,
	        "0", last))
		end_reading(reading);
	heads->is_dirty = false;
	heads->is_ready_dirty = false;
	heads->replies--;
	if (heads->replies == 0)
		heads->is_reading = false;
}
