/* SPDX-License-Identifier: MIT */
/* matcher: heads, read again when something changed. */
#include "daemon/matcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/ready_pool.h"
#include "lib/fault.h"

enum {
	HEADS = 64,             /* of those who wait, as read at a time */
	READY_HEADS = 640,      /* of those who are ready */
	READY_LOW = 320,        /* fewer left, and more are there: read again */
	READY_NEED = 128,       /* fewer left: a claim may want them all */
};

struct head {
	struct request request;
	bool is_proposed;
};

/* One queue's picture. */
struct queue_heads {
	char id[ID_SIZE];
	bool is_dirty;
	bool is_ready_dirty;
	bool is_reading;
	size_t replies;                 /* outstanding */
	struct head heads[HEADS];  size_t head_count;
	size_t waiting_count;           /* ZCARD, as last read */
	bool has_more_ready;            /* than were read */
};

struct matcher {
	struct store *store;
	struct engine *engine;
	const struct policy *policy;
	struct queue_heads *queues;  size_t queue_count;
	struct ready_pool *ready;
	struct matcher_gate gate;       /* room NULL: open */
	bool is_stopped;
	size_t proposals;               /* under way */
};

struct reading {
	struct matcher *matcher;
	size_t queue;
	char id[ID_SIZE];               /* of the record */
};

static void
build_queues(struct matcher *matcher)
{
	const struct policy *policy = matcher->policy;

	/* A reading under way names its queue by place: the old array must
	 * outlive it, so queues are only added. */
	for (size_t i = 0; i < policy->queue_count; i++) {
		struct queue_heads *heads;
		bool is_known = false;

		for (size_t k = 0; k < matcher->queue_count; k++)
			is_known |= strcmp(matcher->queues[k].id,
			    policy->queues[i].id) == 0;
		if (is_known)
			continue;
		matcher->queues = realloc(matcher->queues,
		    (matcher->queue_count + 1) * sizeof(*matcher->queues));
		CHECK(matcher->queues != NULL);
		heads = &matcher->queues[matcher->queue_count++];
		memset(heads, 0, sizeof(*heads));
		memcpy(heads->id, policy->queues[i].id, sizeof(heads->id));
		heads->is_dirty = true;
		heads->is_ready_dirty = true;
	}
}

struct matcher *
matcher_new(struct store *store, const struct policy *policy)
{
	struct matcher *matcher = calloc(1, sizeof(*matcher));

	CHECK(matcher != NULL);
	matcher->store = store;
	matcher->policy = policy;
	matcher->ready = ready_pool_new();
	build_queues(matcher);
	return matcher;
}

void
matcher_free(struct matcher *matcher)
{
	if (matcher == NULL)
		return;
	ready_pool_free(matcher->ready);
	free(matcher->queues);
	free(matcher);
}

void
matcher_set_engine(struct matcher *matcher, struct engine *engine)
{
	matcher->engine = engine;
}

void
matcher_set_policy(struct matcher *matcher, const struct policy *policy)
{
	matcher->policy = policy;
	build_queues(matcher);
}

void
matcher_set_gate(struct matcher *matcher, const struct matcher_gate *gate)
{
	matcher->gate = *gate;
}

static bool
has_room(const struct matcher *matcher, const char *queue)
{
	return matcher->gate.room == NULL ||
	    matcher->gate.room(matcher->gate.context, queue) > 0;
}

static void
tell_gate(const struct matcher *matcher, const char *queue)
{
	if (matcher->gate.room != NULL)
		matcher->gate.on_offered(matcher->gate.context, queue);
}

void
matcher_stop(struct matcher *matcher)
{
	matcher->is_stopped = true;
}

static struct queue_heads *
queue_of(struct matcher *matcher, const char *id)
{
	for (size_t i = 0; i < matcher->queue_count; i++) {
		if (strcmp(matcher->queues[i].id, id) == 0)
			return &matcher->queues[i];
	}
	return NULL;
}

/* ---- hooks of the engine */

static bool
has_fewer(const struct matcher *matcher, const struct queue_heads *heads,
    size_t count)
{
	return ready_pool_count(matcher->ready, heads->id) <
	    ready_pool_taken(matcher->ready, heads->id) + count;
}

/* Whom the settings no longer name, or do not name yet, has no telephone here. */
static bool
may_be_asked(const struct matcher *matcher, const struct specialist *specialist)
{
	return specialist->state == SPECIALIST_IDLE &&
	    policy_specialist(matcher->policy, specialist->id) != NULL;
}

static void
mark_ready_dirty(struct matcher *matcher, const struct specialist *specialist)
{
	for (size_t i = 0; i < SPECIALIST_QUEUES_MAX; i++) {
		struct queue_heads *heads;

		if (specialist->skills[i].queue[0] == '\0')
			continue;
		heads = queue_of(matcher, specialist->skills[i].queue);
		if (heads != NULL && heads->waiting_count > 0)
			heads->is_dirty = true;
	}
}

/* One more is there, as far as is known. */
static void
mark_waiting(struct matcher *matcher, const char *queue)
{
	struct queue_heads *heads = queue[0] == '\0' ? NULL :
	    queue_of(matcher, queue);

	if (heads == NULL)
		return;
	heads->is_dirty = true;
	heads->waiting_count++;
}

void
matcher_on_committed(struct matcher *matcher, const struct situation *before,
    const struct outcome *outcome)
{
	const struct situation *after = &outcome->after;

	for (size_t i = 0; i < after->specialist_count; i++) {
		const struct specialist *is = &after->specialists[i];
		const struct specialist *was = situation_specialist_const(
		    before, is->id);

		if (was != NULL && was->record.version == is->record.version)
			continue;
		ready_pool_forget(matcher->ready, is->id);
		if (!may_be_asked(matcher, is))
			continue;
		ready_pool_put(matcher->ready, is);
		mark_ready_dirty(matcher, is);
	}
	if (after->request.id[0] == '\0')
		return;
	/* Offered, and one more may be asked: it was widened. */
	if (after->request.state != REQUEST_WAITING &&
	    !request_is_open(&after->request))
		return;
	mark_waiting(matcher, after->request.queue);
	for (size_t i = 0; i < ALSO_MAX; i++)
		mark_waiting(matcher, after->request.also[i]);
}

/* Before the last one that is known goes, the next are read. */
static void
take(struct matcher *matcher, const struct specialist *specialist)
{
	ready_pool_take(matcher->ready, specialist->id);
	for (size_t i = 0; i < SPECIALIST_QUEUES_MAX; i++) {
		const char *queue = specialist->skills[i].queue;
		struct queue_heads *heads = queue[0] == '\0' ? NULL :
		    queue_of(matcher, queue);

		if (heads != NULL && heads->has_more_ready &&
		    has_fewer(matcher, heads, READY_LOW))
			heads->is_ready_dirty = true;
	}
}

const struct specialist *
matcher_find(struct matcher *matcher, const struct request *request,
    int64_t now_ms)
{
	struct queue_heads *heads = queue_of(matcher, request->queue);
	const struct specialist *best;

	if (matcher->is_stopped || heads == NULL)
		return NULL;
	/* Somebody may have waited longer: the round decides. */
	if (heads->waiting_count > 0 || heads->head_count > 0 ||
	    !has_room(matcher, request->queue))
		return NULL;
	best = ready_pool_best(matcher->ready, request, now_ms);
	if (best == NULL)
		heads->is_ready_dirty = true;
	if (best == NULL)
		return NULL;
	take(matcher, best);
	tell_gate(matcher, request->queue);
	return best;
}

void
matcher_on_stale(struct matcher *matcher, const char *specialist)
{
	ready_pool_forget(matcher->ready, specialist);
}

int
matcher_others(struct matcher *matcher, const char *queue,
    const char *specialist)
{
	size_t count = ready_pool_count(matcher->ready, queue);

	/* A hint: whom we know is taken for one of them. */
	if (count > 0 && specialist[0] != '\0' &&
	    ready_pool_has(matcher->ready, specialist))
		count--;
	return (int)count;
}

/* ---- reading the heads */

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
				heads->head_count++;
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
			if (may_be_asked(reading->matcher, &specialist))
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
		heads->waiting_count = reply->elements;
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

static void
read_heads(struct matcher *matcher, size_t queue)
{
	struct queue_heads *heads = &matcher->queues[queue];
	struct reading *reading;
	char key[ID_SIZE + 8], last[24];

	heads->is_reading = true;
	heads->replies = 1;             /* until all below are sent */
	snprintf(last, sizeof(last), "%d", HEADS - 1);
	if (heads->is_dirty) {
		snprintf(key, sizeof(key), "wait:%s", heads->id);
		reading = begin_reading(matcher, queue, "");
		if (!STORE_SEND(matcher->store, on_waiting, reading, 0,
		        "ZRANGE", key, "0", last))
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

/* ---- proposing */

struct proposal {
	struct matcher *matcher;
	char specialist[ID_SIZE], queue[ID_SIZE];
};

static void
on_proposed(void *context, uint64_t tag, const struct engine_result *result)
{
	struct proposal *proposal = context;
	struct matcher *matcher = proposal->matcher;
	struct queue_heads *heads = queue_of(matcher, proposal->queue);

	(void)tag;
	matcher->proposals--;
	if (result->end != ENGINE_DONE || result->after == NULL ||
	    result->after->request.state == REQUEST_WAITING)
		ready_pool_forget(matcher->ready, proposal->specialist);
	/* What was refused would be refused at once again (calls of lapsed offers
	 * that are not over yet fill the request): the tick proposes it. */
	if (heads != NULL && heads->waiting_count > 0 &&
	    result->end == ENGINE_DONE)
		heads->is_dirty = true;
	free(proposal);
}

static bool
propose(struct matcher *matcher, struct head *head,
    const struct specialist *specialist)
{
	struct engine_order order = { .partner = specialist,
		.event = { .kind = EVENT_MATCHED, .digit = -1 },
		.on_result = on_proposed };
	struct proposal *proposal = calloc(1, sizeof(*proposal));

	CHECK(proposal != NULL);
	proposal->matcher = matcher;
	memcpy(proposal->specialist, specialist->id, ID_SIZE);
	memcpy(proposal->queue, head->request.queue, ID_SIZE);
	order.context = proposal;
	order.event.to = record_ref_request(head->request.id);
	memcpy(order.event.specialist, specialist->id, ID_SIZE);
	CRASH_POINT("match_before_post");
	if (!engine_post(matcher->engine, &order)) {
		free(proposal);
		return false;
	}
	matcher->proposals++;
	head->is_proposed = true;
	take(matcher, specialist);
	tell_gate(matcher, head->request.queue);
	return true;
}

static int
compare_heads(const void *a, const void *b)
{
	const struct head *const *left = a, *const *right = b;

	return match_order(&(*left)->request, &(*right)->request);
}

/* The earliest promise of all queues first: somebody who serves two queues
 * goes where it is more urgent. */
static void
match_heads(struct matcher *matcher)
{
	int64_t now_ms = store_now_ms(matcher->store);
	struct head **order;
	size_t count = 0, total = 0;

	for (size_t i = 0; i < matcher->queue_count; i++)
		total += matcher->queues[i].head_count;
	if (total == 0 || ready_pool_count(matcher->ready, "") == 0)
		return;
	order = malloc(total * sizeof(*order));
	CHECK(order != NULL);
	for (size_t i = 0; i < matcher->queue_count; i++) {
		struct queue_heads *heads = &matcher->queues[i];

		for (size_t k = 0; k < heads->head_count; k++) {
			if (!heads->heads[k].is_proposed)
				order[count++] = &heads->heads[k];
		}
	}
	qsort(order, count, sizeof(*order), compare_heads);
	for (size_t i = 0; i < count; i++) {
		const struct specialist *best;

		/* Read from each queue that sees it, and proposed once; what
		 * else it has room for, when that has been committed. */
		if (i > 0 && strcmp(order[i]->request.id,
		        order[i - 1]->request.id) == 0)
			continue;
		best = has_room(matcher, order[i]->request.queue) ?
		    ready_pool_best(matcher->ready, &order[i]->request,
		    now_ms) : NULL;

		if (best != NULL && !propose(matcher, order[i], best))
			break;
	}
	free(order);
	/* The pictures were used; what is left is read again when needed. */
	for (size_t i = 0; i < matcher->queue_count; i++)
		matcher->queues[i].head_count = 0;
}

void
matcher_run(struct matcher *matcher)
{
	bool is_reading = false, has_heads = false;

	if (!store_is_up(matcher->store) || matcher->is_stopped)
		return;
	for (size_t i = 0; i < matcher->queue_count; i++) {
		is_reading |= matcher->queues[i].is_reading;
		has_heads |= matcher->queues[i].head_count > 0;
	}
	if (is_reading)
		return;
	if (has_heads)
		match_heads(matcher);
	for (size_t i = 0; i < matcher->queue_count; i++) {
		struct queue_heads *heads = &matcher->queues[i];

		if (heads->is_dirty || heads->is_ready_dirty)
			read_heads(matcher, i);
	}
}

void
matcher_tick(struct matcher *matcher)
{
	for (size_t i = 0; i < matcher->queue_count; i++) {
		matcher->queues[i].is_dirty = true;
		matcher->queues[i].is_ready_dirty = true;
	}
}

void
matcher_start_over(struct matcher *matcher)
{
	ready_pool_clear(matcher->ready);
	for (size_t i = 0; i < matcher->queue_count; i++) {
		matcher->queues[i].head_count = 0;
		matcher->queues[i].has_more_ready = false;
	}
	matcher_tick(matcher);
}

bool
matcher_is_supplied(const struct matcher *matcher)
{
	for (size_t i = 0; i < matcher->queue_count; i++) {
		const struct queue_heads *heads = &matcher->queues[i];

		if (heads->is_reading && heads->has_more_ready &&
		    has_fewer(matcher, heads, READY_NEED))
			return false;
	}
	return true;
}

size_t
matcher_ready_count(const struct matcher *matcher, const char *queue)
{
	return (size_t)matcher_others((struct matcher *)(uintptr_t)matcher,
	    queue, "");
}

size_t
matcher_waiting_count(const struct matcher *matcher, const char *queue)
{
	const struct queue_heads *heads =
	    queue_of((struct matcher *)(uintptr_t)matcher, queue);

	return heads == NULL ? 0 : heads->waiting_count;
}
