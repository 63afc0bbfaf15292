/* SPDX-License-Identifier: MIT */
/* world_internal: what the files of a world share. */
#ifndef CALLBACKD_TESTS_MODEL_WORLD_INTERNAL_H
#define CALLBACKD_TESTS_MODEL_WORLD_INTERNAL_H

#include "tests/model/world.h"

#define MINUTE_MS INT64_C(60000)
#define PAST (NOW_MS - 10 * MINUTE_MS)
#define FUTURE (NOW_MS + 10000 * MINUTE_MS)

/* Equal values, once each; they stay where they are. */
enum { BLOCK_ITEMS = 1024, BLOCKS_MAX = 4096 };
struct pool {
	size_t item_size;
	char *blocks[BLOCKS_MAX];  uint32_t count;
	uint32_t *slots, slot_count;    /* 0: free, else index + 1 */
};

struct asked {
	struct request request;
	struct askers askers;
};

struct model {
	const struct setting *setting;
	enum plant plant;
	struct policy open, closed;
	struct queue_policy queues[2][2];
	struct specialist_policy people[PEOPLE];
	struct pool requests, specialists, calls;
	struct outcome outcome;
	struct situation before;
	enum event_kind event;          /* the last that was tried */
	char fault[256];
};

/* Sets the fault, unless there is one; returns false. */
bool model_blame(struct model *model, const char *format, ...) PRINTF_LIKE(2, 3);

/* The item's id, from 1; equal items have the same. */
uint32_t pool_intern(struct pool *pool, const void *item);
/* NULL: id 0. */
const void *pool_at(const struct pool *pool, uint32_t id);
void pool_fini(struct pool *pool);

int person_index(const char *id);

/* Interns the records of a situation without their instants. */
void world_pack(struct model *model, struct situation *after, struct world *world);

/* The situation that the engine would load for that event. */
void world_load(const struct model *model, const struct world *world,
    const struct firing *firing, struct situation *ret_situation);
/* Lets time pass for its addressee. False: its moment never comes. */
bool world_pass_time(const struct model *model, struct situation *s,
    const struct firing *firing);

#endif
