/* SPDX-License-Identifier: MIT */
/* queue_sim: two heaps, of who waits by order and by their next moment. */
#include "bench/parts/queue_sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"
#include "lib/expect.h"
#include "lib/match.h"
#include "lib/promise.h"

#define START_MS INT64_C(1700000000000)
#define NEVER INT64_MAX

enum { RANGE_EACH = 50 };

struct waiter {
	struct request request;
	int64_t wake_at_ms;     /* its promise's next moment; NEVER: none */
	int64_t took_ms;        /* will take, once begun */
	double said;            /* probability to be on time */
	bool is_range_said;
	struct expectation expectation;
	size_t places[2];       /* in the heaps */
	struct waiter *next;    /* free ones */
};

enum { BY_ORDER, BY_WAKE };

struct talk {
	bool is_on;
	int64_t until_ms, took_ms;
};

struct heap {
	int kind;
	struct waiter **items;
	size_t count, max;
};

struct sim {
	const struct sim_plan *plan;
	struct policy policy;
	struct queue_policy queues[SIM_WINDOWS_MAX];
	uint64_t random;
	struct heap heaps[2];
	struct waiter *unused;
	struct request blank;
	struct talk *talks;             /* of each specialist */
	int busy;
	struct handling handling;       /* as measured */
	size_t asked, on_time, ranges, ranges_kept;
	struct sim_result result;
};

/* ---- chance: splitmix64 (Steele, Lea and Flood, 2014) */

static double
chance(struct sim *sim)
{
	uint64_t z = sim->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return ((double)(z >> 11) + .5) / 9007199254740992.0;
}

static int64_t
random_ms(struct sim *sim, double mean_ms)
{
	return (int64_t)(-log(chance(sim)) * mean_ms + .5);
}

/* ---- order */

static int
compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
order_of(enum sim_order by, const struct request *a, const struct request *b)
{
	int order;

	if (by == ORDER_OURS || by == ORDER_DROP)
		return match_order(a, b);
	order = by == ORDER_FIFO ? 0 :
	    compare(a->promise_at_ms, b->promise_at_ms);
	if (order == 0)
		order = compare(a->asked_at_ms, b->asked_at_ms);
	return order != 0 ? order : strcmp(a->id, b->id);
}

static bool
is_before(const struct sim *sim, int kind, const struct waiter *a,
    const struct waiter *b)
{
	return kind == BY_WAKE ? a->wake_at_ms < b->wake_at_ms :
	    order_of(sim->plan->order, &a->request, &b->request) < 0;
}

static void
place(struct heap *heap, size_t at, struct waiter *waiter)
{
	heap->items[at] = waiter;
	waiter->places[heap->kind] = at;
}

static void
rise(const struct sim *sim, struct heap *heap, size_t at)
{
	struct waiter *waiter = heap->items[at];

	while (at > 0 && is_before(sim, heap->kind, waiter,
	        heap->items[(at - 1) / 2])) {
		place(heap, at, heap->items[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(heap, at, waiter);
}

static void
sink(const struct sim *sim, struct heap *heap, size_t at)
{
	struct waiter *waiter = heap->items[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count && is_before(sim, heap->kind,
		        heap->items[child + 1], heap->items[child]))
			child++;
		if (!is_before(sim, heap->kind, heap->items[child], waiter))
			break;
		place(heap, at, heap->items[child]);
		at = child;
	}
	place(heap, at, waiter);
}

/* Its key has changed. */
static void
move(const struct sim *sim, struct heap *heap, struct waiter *waiter)
{
	rise(sim, heap, waiter->places[heap->kind]);
	sink(sim, heap, waiter->places[heap->kind]);
}

static void
put(const struct sim *sim, struct heap *heap, struct waiter *waiter)
{
	if (heap->count == heap->max) {
		heap->max = heap->max == 0 ? 64 : heap->max * 2;
		heap->items = realloc(heap->items,
		    heap->max * sizeof(struct waiter *));
		CHECK(heap->items != NULL);
	}
	place(heap, heap->count++, waiter);
	rise(sim, heap, heap->count - 1);
}

static void
take(const struct sim *sim, struct heap *heap, const struct waiter *waiter)
{
	size_t at = waiter->places[heap->kind];
	struct waiter *last = heap->items[--heap->count];

	if (last == waiter)
		return;
	place(heap, at, last);
	move(sim, heap, last);
}

/* ---- what lib/expect is told */

struct seen_ahead {
	int64_t left_ms[EXPECT_AHEAD_MAX * 4];
	size_t count, staying;
};

/* Nobody below one who is not ahead is ahead. */
static void
see_ahead(const struct sim *sim, const struct waiter *waiter, size_t at,
    int64_t now_ms, struct seen_ahead *ahead)
{
	const struct heap *heap = &sim->heaps[BY_ORDER];
	const struct request *request;

	if (at >= heap->count ||
	    !is_before(sim, BY_ORDER, heap->items[at], waiter))
		return;
	request = &heap->items[at]->request;
	if (request->is_missed) {
		ahead->staying++;
	} else {
		size_t i = ahead->count++;
		int64_t left_ms = request->promise_at_ms - now_ms;

		CHECK(ahead->count <= COUNT_OF(ahead->left_ms));
		for (; i > 0 && ahead->left_ms[i - 1] > left_ms; i--)
			ahead->left_ms[i] = ahead->left_ms[i - 1];
		ahead->left_ms[i] = left_ms;
	}
	see_ahead(sim, waiter, 2 * at + 1, now_ms, ahead);
	see_ahead(sim, waiter, 2 * at + 2, now_ms, ahead);
}

static void
tell(struct sim *sim, struct waiter *waiter, int64_t now_ms)
{
	struct seen_ahead ahead = { .count = 0 };
	struct expect_queue queue = { .specialists = sim->plan->specialists,
		.busy = sim->busy, .handling_ms = sim->handling.mean_ms };
	int64_t window_ms = waiter->request.promise_at_ms - now_ms;

	see_ahead(sim, waiter, 0, now_ms, &ahead);
	queue.staying_count = ahead.staying;
	queue.left_ms = ahead.left_ms;
	queue.left_count = ahead.count;
	waiter->said = expect_begun(&queue, window_ms);
	/* A range costs more; some are enough. */
	waiter->is_range_said = sim->asked % RANGE_EACH == 0 &&
	    expect(&queue, window_ms, &waiter->expectation);
}

static void
keep_account(struct sim *sim, const struct waiter *waiter, int64_t waited_ms,
    bool is_on_time)
{
	const struct expectation *said = &waiter->expectation;
	size_t tenth = (size_t)(waiter->said * SIM_DECILES);
	struct sim_decile *decile;

	if (tenth == SIM_DECILES)
		tenth--;
	decile = &sim->result.deciles[tenth];
	decile->count++;
	decile->said += waiter->said;
	decile->kept += is_on_time;
	if (!waiter->is_range_said)
		return;
	sim->ranges++;
	sim->ranges_kept += waited_ms >= said->from_ms &&
	    waited_ms <= said->to_ms;
}

/* ---- what happens */

static struct waiter *
new_waiter(struct sim *sim)
{
	struct waiter *waiter = sim->unused;

	if (waiter != NULL) {
		sim->unused = waiter->next;
		return waiter;
	}
	waiter = calloc(1, sizeof(*waiter));
	CHECK(waiter != NULL);
	return waiter;
}

static void
forget(struct sim *sim, struct waiter *waiter)
{
	waiter->next = sim->unused;
	sim->unused = waiter;
}

/* The next moment of its promise that moves it, as wake has it in the daemon. */
static int64_t
next_moment(const struct sim *sim, const struct request *request)
{
	int64_t moment;

	if (!request->is_missed)
		return request->promise_at_ms;
	moment = promise_raise_moment(&sim->policy, request);
	return moment != 0 ? moment : NEVER;
}

static void
ask(struct sim *sim, int64_t now_ms)
{
	struct waiter *waiter = new_waiter(sim);
	struct request *request = &waiter->request;
	size_t window = (size_t)(chance(sim) *
	    (double)sim->plan->window_count);

	*request = sim->blank;
	snprintf(request->id, sizeof(request->id), "%010zu", sim->asked);
	strcpy(request->queue, sim->queues[window].id);
	request->asked_at_ms = now_ms;
	promise_soon(&sim->policy, request, now_ms);
	waiter->took_ms = random_ms(sim, (double)sim->plan->handling_ms);
	waiter->wake_at_ms = next_moment(sim, request);
	if (sim->plan->expects)
		tell(sim, waiter, now_ms);
	sim->asked++;
	put(sim, &sim->heaps[BY_ORDER], waiter);
	put(sim, &sim->heaps[BY_WAKE], waiter);
}

static void
leave(struct sim *sim, struct waiter *waiter)
{
	take(sim, &sim->heaps[BY_ORDER], waiter);
	take(sim, &sim->heaps[BY_WAKE], waiter);
	forget(sim, waiter);
}

static void
begin(struct sim *sim, struct talk *talk, struct waiter *waiter,
    int64_t now_ms)
{
	int64_t waited_ms = now_ms - waiter->request.asked_at_ms;
	bool is_on_time = now_ms <= waiter->request.promise_at_ms;

	sim->on_time += is_on_time;
	if (waited_ms > sim->result.longest_ms)
		sim->result.longest_ms = waited_ms;
	if (sim->plan->expects)
		keep_account(sim, waiter, waited_ms, is_on_time);
	*talk = (struct talk){ .is_on = true, .took_ms = waiter->took_ms,
		.until_ms = now_ms + waiter->took_ms };
	sim->busy++;
	leave(sim, waiter);
}

static void
match(struct sim *sim, int64_t now_ms)
{
	for (int i = 0; i < sim->plan->specialists &&
	    sim->heaps[BY_ORDER].count > 0; i++) {
		if (!sim->talks[i].is_on)
			begin(sim, &sim->talks[i],
			    sim->heaps[BY_ORDER].items[0], now_ms);
	}
}

static void
wake(struct sim *sim, struct waiter *waiter)
{
	struct request *request = &waiter->request;

	if (sim->plan->order == ORDER_DROP) {
		leave(sim, waiter);
		return;
	}
	if (request->is_missed)
		promise_raise(request);
	else
		promise_miss(&sim->policy, request);
	waiter->wake_at_ms = next_moment(sim, request);
	move(sim, &sim->heaps[BY_WAKE], waiter);
	move(sim, &sim->heaps[BY_ORDER], waiter);
}

static struct talk *
next_end(struct sim *sim)
{
	struct talk *first = NULL;

	for (int i = 0; i < sim->plan->specialists; i++) {
		struct talk *talk = &sim->talks[i];

		if (talk->is_on &&
		    (first == NULL || talk->until_ms < first->until_ms))
			first = talk;
	}
	return first;
}

static void
end(struct sim *sim, struct talk *talk)
{
	talk->is_on = false;
	sim->busy--;
	handling_add(&sim->handling, talk->took_ms);
}

static void
run(struct sim *sim)
{
	const struct sim_plan *plan = sim->plan;
	double between_ms = (double)plan->handling_ms /
	    (plan->specialists * plan->rho);
	int64_t asks_at_ms = START_MS + random_ms(sim, between_ms);
	const struct heap *wakes = &sim->heaps[BY_WAKE];

	for (;;) {
		struct talk *talk = next_end(sim);
		int64_t ends_at_ms = talk == NULL ? NEVER : talk->until_ms;
		int64_t wakes_at_ms = wakes->count == 0 ? NEVER :
		    wakes->items[0]->wake_at_ms;
		int64_t now_ms = ends_at_ms;

		/* Who is free at the moment of a promise still keeps it. */
		if (ends_at_ms != NEVER && ends_at_ms <= wakes_at_ms &&
		    ends_at_ms <= asks_at_ms) {
			end(sim, talk);
		} else if (wakes_at_ms != NEVER && wakes_at_ms <= asks_at_ms) {
			now_ms = wakes_at_ms;
			wake(sim, wakes->items[0]);
		} else if (asks_at_ms != NEVER) {
			now_ms = asks_at_ms;
			ask(sim, now_ms);
			asks_at_ms = sim->asked == plan->requests ? NEVER :
			    now_ms + random_ms(sim, between_ms);
		} else {
			break;
		}
		match(sim, now_ms);
	}
}

/* ---- one run */

static void
set_up(struct sim *sim)
{
	policy_defaults(&sim->policy);
	for (size_t i = 0; i < sim->plan->window_count; i++) {
		struct queue_policy *queue = &sim->queues[i];

		queue_policy_defaults(queue);
		snprintf(queue->id, sizeof(queue->id), "window-%zu", i + 1);
		queue->is_default = i == 0;
		queue->target_ms = sim->plan->window_ms[i];
		queue->limit_ms = sim->plan->window_ms[i];
		queue->late_ms = sim->plan->late_ms;
	}
	sim->policy.queues = sim->queues;
	sim->policy.queue_count = sim->plan->window_count;
	sim->blank.state = REQUEST_WAITING;
	sim->heaps[BY_WAKE].kind = BY_WAKE;
	/* The settings need not know. */
	sim->handling = handling_from(sim->plan->handling_ms * 4 / 3);
	sim->random = sim->plan->seed;
	sim->talks = calloc((size_t)sim->plan->specialists,
	    sizeof(struct talk));
	CHECK(sim->talks != NULL);
}

static void
clean_up(struct sim *sim)
{
	CHECK(sim->heaps[BY_ORDER].count == 0);
	free(sim->heaps[BY_ORDER].items);
	free(sim->heaps[BY_WAKE].items);
	free(sim->talks);
	while (sim->unused != NULL) {
		struct waiter *waiter = sim->unused;

		sim->unused = waiter->next;
		free(waiter);
	}
}

struct sim_result
sim_run(const struct sim_plan *plan)
{
	struct sim sim = { .plan = plan };
	struct sim_result *result = &sim.result;

	CHECK(plan->requests > 0 && plan->specialists > 0 && plan->rho > 0);
	CHECK(plan->window_count > 0 && plan->window_count <= SIM_WINDOWS_MAX);
	set_up(&sim);
	run(&sim);
	result->on_time = (double)sim.on_time / (double)plan->requests;
	for (size_t i = 0; i < SIM_DECILES; i++) {
		struct sim_decile *decile = &result->deciles[i];

		if (decile->count == 0)
			continue;
		decile->said /= (double)decile->count;
		decile->kept /= (double)decile->count;
	}
	if (sim.ranges > 0)
		result->in_range = (double)sim.ranges_kept /
		    (double)sim.ranges;
	clean_up(&sim);
	return *result;
}
