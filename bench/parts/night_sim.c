/* SPDX-License-Identifier: MIT */
/* night_sim: a few hundred requests a day, so nothing here is faster than a
 * list. */
#include "bench/parts/night_sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"
#include "lib/doors.h"
#include "lib/hours.h"
#include "lib/match.h"
#include "lib/promise.h"
#include "lib/rules.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS	  (60 * MINUTE_MS)

/* A Thursday evening; 20,000 days after 1970. Open from 9 to 18, in UTC. */
#define CLOSES_MS	((20000 * 24 + 18) * HOUR_MS)
#define OPENS_MS	(CLOSES_MS + 15 * HOUR_MS)
#define CLOSES_AGAIN_MS (CLOSES_MS + 24 * HOUR_MS)

enum { TOLERANCE_MS = 5 * 60000 };

struct one {
	struct request request;
	int64_t took_ms; /* will take, once begun */
	bool is_of_night;
	bool is_slot;
	int64_t began_ms; /* 0: not yet */
};

struct night {
	const struct night_plan *plan;
	struct policy policy;
	struct queue_policy queue;
	struct specialist_policy *team;
	struct hours hours;
	uint64_t random;
	struct one *ones;
	size_t count, max;
	int64_t *busy_until_ms; /* of each specialist */
	struct night_result result;
};

static const struct hours_span open_span = {127, 9 * 3600, 18 * 3600};

/* splitmix64 (Steele, Lea and Flood, 2014) */
static double
chance(struct night *night)
{
	uint64_t z = night->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return ((double)(z >> 11) + .5) / 9007199254740992.0;
}

static int64_t
random_ms(struct night *night, double mean_ms)
{
	return (int64_t)(-log(chance(night)) * mean_ms + .5);
}

/* ---- who asks, and when */

static void
add(struct night *night, int64_t asked_at_ms, bool is_of_night)
{
	struct one *one;

	if (night->count == night->max) {
		night->max = night->max * 2 + 64;
		night->ones =
		    realloc(night->ones, night->max * sizeof(*night->ones));
		CHECK(night->ones != NULL);
	}
	one = &night->ones[night->count++];
	memset(one, 0, sizeof(*one));
	one->request.asked_at_ms = asked_at_ms;
	one->took_ms = random_ms(night, (double)night->plan->handling_ms);
	one->is_of_night = is_of_night;
}

static int
by_asking(const void *a, const void *b)
{
	int64_t left = ((const struct one *)a)->request.asked_at_ms;
	int64_t right = ((const struct one *)b)->request.asked_at_ms;

	return (left > right) - (left < right);
}

static void
draw_customers(struct night *night)
{
	double between_ms = (double)night->plan->handling_ms /
			    (night->plan->rho * night->plan->specialists);
	int64_t at_ms = OPENS_MS + random_ms(night, between_ms);

	night->count = 0;
	for (int i = 0; i < night->plan->requests; i++)
		add(night,
		    CLOSES_MS + 1 +
			(int64_t)(chance(night) *
				  (double)(OPENS_MS - CLOSES_MS - 2)),
		    true);
	for (; at_ms < CLOSES_AGAIN_MS; at_ms += random_ms(night, between_ms))
		add(night, at_ms, false);
	qsort(night->ones, night->count, sizeof(*night->ones), by_asking);
	for (size_t i = 0; i < night->count; i++) {
		snprintf(
		    night->ones[i].request.id, REQUEST_ID_SIZE, "%08zu", i);
		memcpy(night->ones[i].request.queue, night->queue.id, ID_SIZE);
	}
}

/* ---- what is promised */

static int
by_moment(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static void
give_slot(struct night *night, struct one *one, int64_t now_ms)
{
	int64_t *taken = calloc(night->count + 1, sizeof(*taken));
	size_t count = 0;
	struct slot_span slot;

	CHECK(taken != NULL);
	for (size_t i = 0; i < night->count; i++) {
		if (night->ones[i].is_slot && night->ones[i].began_ms == 0)
			taken[count++] = night->ones[i].request.at_ms;
	}
	qsort(taken, count, sizeof(*taken), by_moment);
	CHECK(doors_find(&night->policy, night->queue.id, NULL,
	    (double)night->plan->handling_ms, now_ms, taken, count, &slot));
	free(taken);
	promise_slot(&one->request, &slot);
	one->is_slot = true;
}

static void
take_in(struct night *night, struct one *one)
{
	struct request *r = &one->request;
	int64_t now_ms = r->asked_at_ms;

	r->at_ms = now_ms;
	promise_soon(&night->policy, r, now_ms);
	if (doors_bar(&night->policy, r, NULL, NULL, now_ms) == NULL)
		return;
	if (night->plan->rule == NIGHT_SLOTS) {
		give_slot(night, one, now_ms);
	} else {
		r->at_ms = hours_opens(&night->hours, now_ms);
		promise_soon(&night->policy, r, r->at_ms);
	}
}

/* ---- the day */

/* Promises that are over by then, and second ones that come near. */
static void
look_at(struct night *night, struct request *r, int64_t now_ms)
{
	int64_t raise_ms;

	if (!r->is_missed && r->promise_at_ms <= now_ms)
		promise_miss(&night->policy, r);
	raise_ms = promise_raise_moment(&night->policy, r);
	if (raise_ms != 0 && raise_ms <= now_ms)
		promise_raise(r);
}

static struct one *
first_of(struct night *night, size_t asked, int64_t now_ms)
{
	struct one *first = NULL;
	const char *reason;
	int64_t until_ms;

	for (size_t i = 0; i < asked; i++) {
		struct one *one = &night->ones[i];

		if (one->began_ms != 0 || one->request.at_ms > now_ms ||
		    !rules_allow_call(&night->policy, &one->request, now_ms,
		        &reason, &until_ms))
			continue;
		look_at(night, &one->request, now_ms);
		if (first == NULL ||
		    match_order(&one->request, &first->request) < 0)
			first = one;
	}
	return first;
}

static void
call_some(struct night *night, size_t asked, int64_t now_ms)
{
	for (int i = 0; i < night->plan->specialists; i++) {
		struct one *one;

		if (night->busy_until_ms[i] > now_ms)
			continue;
		one = first_of(night, asked, now_ms);
		if (one == NULL)
			return;
		one->began_ms = now_ms;
		night->busy_until_ms[i] = now_ms + one->took_ms;
	}
}

/* The next moment at which anything changes; 0: the day is over. */
static int64_t
next_ms(const struct night *night, size_t asked, int64_t now_ms)
{
	int64_t next = 0;

	if (asked < night->count)
		next = night->ones[asked].request.asked_at_ms;
	for (size_t i = 0; i < asked; i++) {
		int64_t at_ms = night->ones[i].request.at_ms;

		if (night->ones[i].began_ms == 0 && at_ms > now_ms &&
		    (next == 0 || at_ms < next))
			next = at_ms;
	}
	for (int i = 0; i < night->plan->specialists; i++) {
		int64_t at_ms = night->busy_until_ms[i];

		if (at_ms > now_ms && (next == 0 || at_ms < next))
			next = at_ms;
	}
	return next;
}

static void
count_up(struct night *night)
{
	int64_t last_ms = OPENS_MS;

	for (size_t i = 0; i < night->count; i++) {
		const struct one *one = &night->ones[i];
		int64_t promise_ms = one->request.promise_at_ms;
		struct night_count *count = one->is_of_night
						? &night->result.night
						: &night->result.day;

		count->promises++;
		count->to_the_minute +=
		    one->began_ms != 0 && one->began_ms < promise_ms;
		count->kept +=
		    one->began_ms != 0 &&
		    one->began_ms <
			promise_ms + (one->is_slot ? TOLERANCE_MS : 0);
		if (one->is_of_night && promise_ms > last_ms)
			last_ms = promise_ms;
	}
	night->result.last_promise_ms += last_ms - OPENS_MS;
}

static void
run_one(struct night *night)
{
	int64_t now_ms = CLOSES_MS;
	size_t asked = 0;

	draw_customers(night);
	memset(night->busy_until_ms, 0,
	    (size_t)night->plan->specialists * sizeof(*night->busy_until_ms));
	while ((now_ms = next_ms(night, asked, now_ms)) != 0) {
		while (asked < night->count &&
		       night->ones[asked].request.asked_at_ms <= now_ms)
			take_in(night, &night->ones[asked++]);
		call_some(night, asked, now_ms);
	}
	count_up(night);
}

static void
set_up(struct night *night)
{
	const struct night_plan *plan = night->plan;
	size_t team_count = (size_t)plan->specialists;

	CHECK(plan->specialists > 0 && plan->rho > 0 && plan->nights > 0);
	night->random = plan->seed;
	policy_defaults(&night->policy);
	queue_policy_defaults(&night->queue);
	snprintf(night->queue.id, ID_SIZE, "info");
	night->queue.is_default = true;
	night->queue.handling_ms = plan->handling_ms;
	night->team = calloc(team_count, sizeof(*night->team));
	night->busy_until_ms =
	    calloc(team_count, sizeof(*night->busy_until_ms));
	CHECK(night->team != NULL && night->busy_until_ms != NULL);
	night->hours = (struct hours){.week = &open_span, .week_count = 1};
	for (size_t i = 0; i < team_count; i++) {
		struct specialist_policy *one = &night->team[i];

		specialist_policy_defaults(one);
		snprintf(one->id, sizeof(one->id), "s%zu", i);
		snprintf(one->queues[0].id, ID_SIZE, "info");
		one->queues[0].level = LEVEL_MIN;
		one->queue_count = 1;
		one->shift = &night->hours;
	}
	night->policy.queues = &night->queue;
	night->policy.queue_count = 1;
	night->policy.specialists = night->team;
	night->policy.specialist_count = team_count;
	night->policy.hours = &night->hours;
	night->policy.after_close_ms = 15 * MINUTE_MS;
	night->policy.slot_length_ms = 30 * MINUTE_MS;
	night->policy.slot_share = plan->share;
}

struct night_result
night_run(const struct night_plan *plan)
{
	struct night night = {.plan = plan};

	set_up(&night);
	for (size_t i = 0; i < plan->nights; i++)
		run_one(&night);
	night.result.last_promise_ms /= (int64_t)plan->nights;
	free(night.ones);
	free(night.team);
	free(night.busy_until_ms);
	return night.result;
}

double
night_kept(const struct night_result *result)
{
	size_t promises = result->night.promises + result->day.promises;

	return promises == 0 ? 1
			     : (double)(result->night.kept + result->day.kept) /
				   (double)promises;
}
