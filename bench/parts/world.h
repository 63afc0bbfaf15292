/* SPDX-License-Identifier: MIT */
/*
 * world: what the benches' C programs share: the company of a configuration
 * file, the steps of the core that make requests and specialists and dispatch
 * one to the other, and the commit script's arguments that come of them.
 * Nothing is sent here.
 */
#ifndef CALLBACKD_BENCH_WORLD_H
#define CALLBACKD_BENCH_WORLD_H

#include "daemon/settings.h"
#include "lib/record.h"
#include "lib/request.h"
#include "lib/specialist.h"
#include "lib/words.h"

struct world {
	struct settings *settings;
	struct policy *policy;
	char prefix[ID_SIZE + 4];       /* "{site}:" */
};

/* Reads the configuration; prints what is wrong with it and ends the program. */
void world_open(const char *conf_path, struct world *ret_world);

/* The i-th request's id: the same in every program. */
void world_request_id(size_t i, char ret_id[REQUEST_ID_SIZE]);

/* Each appends one situation. They return its records. */
size_t world_bear_request(const struct world *world, size_t i, int64_t at_ms, int64_t now_ms,
    struct words *words);
size_t world_bear_specialist(const struct world *world, const char *id, int64_t now_ms,
    struct words *words);

/* The two commits of a dispatch: from due to ordered, and the provider's answer
 * to it. The records are as read. */
size_t world_dispatch(const struct world *world, const struct request *request,
    const struct specialist *specialist, const char *sid, int64_t now_ms,
    struct words *ret_intent, struct words *ret_answer);

/* The arguments of EVALSHA for such situations; the arrays are reused. */
struct world_command {
	const char **argv;
	size_t *lengths, count, room;
	char head[5][24];
};
void world_commit(const struct world *world, const char *sha, const struct words *words,
    size_t situations, int64_t now_ms, struct world_command *command);

int64_t world_now_ms(void);             /* CLOCK_REALTIME: Redis is on this machine */

#endif
