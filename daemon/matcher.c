/* SPDX-License-Identifier: MIT */
/* matcher: heads, read again when something changed. */
#include "daemon/matcher_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "lib/fault.h"

enum {
	READY_LOW = 320,        /* fewer left, and more are there: read again */
	READY_NEED = 128,       /* fewer left: a claim may want them all */
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
		if (!matcher_may_ask(matcher, is)) {
			/* Who waits for them must know at once. */
			if (is->status != STATUS_AVAILABLE ||
			    is->elsewhere_until_ms != 0)
				mark_ready_dirty(matcher, is);
			continue;
		}
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

size_t
matcher_idle_count(const struct matcher *matcher, const char *queue)
{
	return ready_pool_count(matcher->ready, queue) -
	    ready_pool_taken(matcher->ready, queue);
}

/* Who comes first for it, if anybody may be taken now. */
static const struct specialist *
best_for(const struct matcher *matcher, const struct request *request,
    int64_t now_ms)
{
	if (!has_room(matcher, request->queue) ||
	    !match_may_take(matcher->policy, request,
	        matcher_idle_count(matcher, request->queue), now_ms))
		return NULL;
	return ready_pool_best(matcher->ready, request, now_ms);
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
	if (heads->waiting_count > 0 || heads->head_count > 0)
		return NULL;
	best = best_for(matcher, request, now_ms);
	if (best == NULL) {
		heads->is_ready_dirty = true;
		return NULL;
	}
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
	if (matcher->gate.say != NULL)
		matcher->gate.say(matcher->gate.context, &head->request,
		    store_now_ms(matcher->store), order.event.detail);
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

/* Somebody is left over whom nobody in front wants (they have declined those, or
 * these wait for somebody else): so who stands behind them is looked at. */
static void
turn_page(const struct matcher *matcher, struct queue_heads *heads)
{
	bool was_full = heads->head_count > 0 && heads->has_more;

	heads->head_count = 0;
	if (was_full && heads->from < (PAGES - 1) * HEADS &&
	    matcher_idle_count(matcher, heads->id) > 0 &&
	    has_room(matcher, heads->id)) {
		heads->from += HEADS;
		heads->is_dirty = true;
	} else {
		heads->from = 0;
	}
}

/* Who came meanwhile, or became free, may belong in front of what was read behind the
 * first page. */
static void
go_to_front(struct queue_heads *heads)
{
	if (heads->from > 0 && (heads->is_dirty || heads->head_count == 0)) {
		heads->head_count = 0;
		heads->from = 0;
	}
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
		best = best_for(matcher, &order[i]->request, now_ms);
		if (best != NULL && !propose(matcher, order[i], best))
			break;
	}
	free(order);
	/* The pictures were used; what is left is read again when needed. */
	for (size_t i = 0; i < matcher->queue_count; i++)
		turn_page(matcher, &matcher->queues[i]);
}

void
matcher_run(struct matcher *matcher)
{
	bool is_reading = false, has_heads = false;

	if (!store_is_up(matcher->store) || matcher->is_stopped)
		return;
	for (size_t i = 0; i < matcher->queue_count; i++)
		is_reading |= matcher->queues[i].is_reading;
	if (is_reading)
		return;
	for (size_t i = 0; i < matcher->queue_count; i++) {
		go_to_front(&matcher->queues[i]);
		has_heads |= matcher->queues[i].head_count > 0;
	}
	if (has_heads)
		match_heads(matcher);
	for (size_t i = 0; i < matcher->queue_count; i++) {
		struct queue_heads *heads = &matcher->queues[i];

		if (heads->is_dirty || heads->is_ready_dirty)
			matcher_read_heads(matcher, i);
	}
}

void
matcher_tick(struct matcher *matcher)
{
	for (size_t i = 0; i < matcher->queue_count; i++) {
		/* What lies behind the first page is being looked at. */
		if (matcher->queues[i].from == 0)
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
		matcher->queues[i].from = 0;
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

bool
matcher_has_for(const struct matcher *matcher, const struct request *request,
    int64_t now_ms)
{
	return ready_pool_best(matcher->ready, request, now_ms) != NULL;
}
