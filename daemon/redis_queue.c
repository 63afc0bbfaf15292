/* SPDX-License-Identifier: MIT */
/*
 * Replies come in the order of the commands, so a ring is all it takes.
 */
#include "daemon/redis_queue.h"

#include <stdlib.h>

void
redis_queue_init(struct redis_queue *queue, size_t capacity_min)
{
	size_t capacity = 64;

	while (capacity < capacity_min)
		capacity *= 2;
	*queue = (struct redis_queue){ .capacity = capacity };
	queue->at = calloc(capacity, sizeof(queue->at[0]));
	CHECK(queue->at != NULL);
}

void
redis_queue_fini(struct redis_queue *queue)
{
	while (queue->count > 0)
		free(redis_queue_take(queue).saved);
	free(queue->at);
	queue->at = NULL;
}

void
redis_queue_push(struct redis_queue *queue, const struct redis_ask *ask)
{
	CHECK(queue->count < queue->capacity);
	queue->at[(queue->first + queue->count) & (queue->capacity - 1)] = *ask;
	queue->count++;
}

struct redis_ask
redis_queue_take(struct redis_queue *queue)
{
	struct redis_ask ask;

	CHECK(queue->count > 0);
	ask = queue->at[queue->first];
	queue->first = (queue->first + 1) & (queue->capacity - 1);
	queue->count--;
	return ask;
}

int64_t
redis_queue_deadline_at_ms(const struct redis_queue *queue)
{
	int64_t earliest = INT64_MAX;

	for (size_t i = 0; i < queue->count; i++) {
		const struct redis_ask *ask = &queue->at[(queue->first + i) &
		    (queue->capacity - 1)];

		if (ask->deadline_at_ms < earliest)
			earliest = ask->deadline_at_ms;
	}
	return earliest;
}
