/* SPDX-License-Identifier: MIT */
/* slot: the first that can be kept is found by halves, because expect_begun grows with
 * time and is dear; from there on the first that has room. */
#include "lib/slot.h"

#include <limits.h>

struct slot_span
slot_at(const struct slot_rules *rules, int64_t at_ms, size_t i)
{
	int64_t length_ms = rules->length_ms;
	int64_t from_ms;

	CHECK(length_ms > 0 && at_ms >= 0);
	from_ms = ((at_ms + length_ms - 1) / length_ms + (int64_t)i) * length_ms;
	return (struct slot_span){ from_ms, from_ms + length_ms };
}

int
slot_capacity(const struct slot_rules *rules, const struct expect_queue *queue)
{
	double places;

	CHECK(queue->handling_ms > 0);
	/* .6 of three people's 30 minutes by 6 is nine, and in doubles a little less. */
	places = rules->share * queue->specialists *
	    (double)rules->length_ms / queue->handling_ms + 1e-9;
	return places < INT_MAX ? (int)places : INT_MAX;
}

/* How many of the first slots cannot be kept. */
static size_t
unkept_count(const struct slot_rules *rules, const struct expect_queue *queue,
    int64_t now_ms, size_t count)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int64_t to_ms = slot_at(rules, now_ms, middle).to_ms;

		if (expect_begun(queue, to_ms - now_ms) < rules->least)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
slot_find(const struct slot_rules *rules, const struct expect_queue *queue,
    int64_t now_ms, const int *taken, size_t count, struct slot_span *ret_slot)
{
	int capacity = slot_capacity(rules, queue);

	for (size_t i = unkept_count(rules, queue, now_ms, count); i < count;
	    i++) {
		if (taken[i] < capacity) {
			*ret_slot = slot_at(rules, now_ms, i);
			return true;
		}
	}
	return false;
}
