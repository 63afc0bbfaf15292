/* SPDX-License-Identifier: MIT */
/* expect: how many are still ahead, as a distribution that is moved on from one
 * promise of theirs to the next. */
#include "lib/expect.h"

#include <math.h>
#include <string.h>

#include "lib/erlang.h"

/* Many wait where the last ones took long by chance. A mean of few would take that
 * for their nature and promise too little: with 64, five points. */
enum { HANDLING_START = 16, HANDLING_WEIGHT = 256 };

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS INT64_C(60000)
#define FAR_MS (INT64_C(365) * 24 * 60 * MINUTE_MS)

/* Probabilities of so many being ahead still; what is missing to 1 has begun. */
struct ahead {
	double of[EXPECT_AHEAD_MAX + 1];
	size_t max;
};

/* So many talks end in the mean; each takes the first of those ahead. */
static void
talks_end(struct ahead *ahead, double mean)
{
	double ended[EXPECT_AHEAD_MAX + 1];

	ended[0] = exp(-mean);
	for (size_t k = 1; k <= ahead->max; k++)
		ended[k] = ended[k - 1] * mean / (double)k;
	/* Ascending: what is read lies at or above what is written. */
	for (size_t left = 0; left <= ahead->max; left++) {
		double sum = 0;

		for (size_t k = 0; left + k <= ahead->max; k++)
			sum += ahead->of[left + k] * ended[k];
		ahead->of[left] = sum;
	}
}

/* The promise of one of them is over, behind whom so many wait: if they wait still,
 * they fall back. */
static void
one_falls_back(struct ahead *ahead, size_t behind)
{
	for (size_t left = behind + 1; left <= ahead->max; left++) {
		ahead->of[left - 1] += ahead->of[left];
		ahead->of[left] = 0;
	}
}

static double
begun(const struct expect_queue *queue, int64_t within_ms)
{
	size_t idle = (size_t)(queue->specialists - queue->busy);
	size_t total = queue->staying_count + queue->left_count;
	size_t timed = queue->left_count;
	struct ahead ahead = { .max = 0 };
	double waits = 0, rate;
	int64_t at_ms = 0;

	CHECK(queue->busy >= 0 && queue->busy <= queue->specialists);
	CHECK(queue->handling_ms > 0);
	if (queue->specialists == 0 || within_ms < 0)
		return 0;
	if (total < idle)
		return 1;
	total -= idle;
	if (timed > total)
		timed = total;
	rate = queue->specialists / queue->handling_ms;
	if (total > EXPECT_AHEAD_MAX)
		return erlang_poisson(rate * (double)within_ms,
		    (int)total + 1);
	ahead.max = total;
	ahead.of[total] = 1;
	for (size_t i = queue->left_count - timed; i < queue->left_count; i++) {
		int64_t left_ms = queue->left_ms[i];

		if (left_ms >= within_ms)
			break;
		if (left_ms > at_ms) {
			talks_end(&ahead, rate * (double)(left_ms - at_ms));
			at_ms = left_ms;
		}
		one_falls_back(&ahead, queue->left_count - 1 - i);
	}
	talks_end(&ahead, rate * (double)(within_ms - at_ms));
	for (size_t left = 0; left <= ahead.max; left++)
		waits += ahead.of[left];
	return waits < 1 ? 1 - waits : 0;
}

/* When they come back, those whose promises are over by then are behind. */
double
expect_begun(const struct expect_queue *queue, int64_t within_ms)
{
	struct expect_queue then = *queue;
	int64_t left_ms[EXPECT_AHEAD_MAX];
	size_t gone = 0;

	if (queue->begins_ms == 0)
		return begun(queue, within_ms);
	if (within_ms < queue->begins_ms)
		return 0;
	while (gone < queue->left_count &&
	    queue->left_ms[gone] < queue->begins_ms)
		gone++;
	then.left_count = queue->left_count - gone;
	then.left_ms = left_ms;
	for (size_t i = 0; i < then.left_count && i < COUNT_OF(left_ms); i++)
		left_ms[i] = queue->left_ms[gone + i] - queue->begins_ms;
	if (then.left_count > COUNT_OF(left_ms)) {
		/* None of so many is looked at by itself. */
		then.staying_count += then.left_count;
		then.left_count = 0;
	}
	return begun(&then, within_ms - queue->begins_ms);
}

/* The least time within which it begins with that probability, to a second. */
static int64_t
time_of(const struct expect_queue *queue, double probability)
{
	int64_t low_ms = 0, high_ms = MINUTE_MS;

	if (expect_begun(queue, 0) >= probability)
		return 0;
	while (expect_begun(queue, high_ms) < probability && high_ms < FAR_MS)
		high_ms *= 2;
	while (high_ms - low_ms > SECOND_MS) {
		int64_t middle_ms = low_ms + (high_ms - low_ms) / 2;

		if (expect_begun(queue, middle_ms) < probability)
			low_ms = middle_ms;
		else
			high_ms = middle_ms;
	}
	return high_ms;
}

bool
expect(const struct expect_queue *queue, int64_t window_ms,
    struct expectation *ret_expectation)
{
	int64_t from_ms, to_ms;

	if (queue->specialists == 0)
		return false;
	from_ms = time_of(queue, .1) / MINUTE_MS * MINUTE_MS;
	to_ms = (time_of(queue, .9) + MINUTE_MS - 1) / MINUTE_MS * MINUTE_MS;
	if (to_ms < from_ms + MINUTE_MS)
		to_ms = from_ms + MINUTE_MS;
	*ret_expectation = (struct expectation){
		.on_time = expect_begun(queue, window_ms),
		.expected_ms = time_of(queue, .5),
		.from_ms = from_ms,
		.to_ms = to_ms,
		.latest_ms = window_ms,
	};
	return true;
}

struct handling
handling_from(int64_t setting_ms)
{
	CHECK(setting_ms > 0);
	return (struct handling){ (double)setting_ms, HANDLING_START };
}

void
handling_add(struct handling *handling, int64_t took_ms)
{
	if (handling->count < HANDLING_WEIGHT)
		handling->count++;
	handling->mean_ms += ((double)took_ms - handling->mean_ms) /
	    handling->count;
}

void
handling_add_sum(struct handling *handling, int64_t count, int64_t sum_ms)
{
	if (count <= 0 || sum_ms < 0)
		return;
	handling->mean_ms = (handling->mean_ms * handling->count +
	    (double)sum_ms) / ((double)handling->count + (double)count);
	handling->count += count > HANDLING_WEIGHT ? HANDLING_WEIGHT :
	    (int)count;
}
