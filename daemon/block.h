/* SPDX-License-Identifier: MIT */
/*
 * block: numbers of which we take no requests (lib/blocked.h). The hash `blocked` is
 * changed by commits alone, each with a line in `events`. What lived before keeps its
 * promise, up to the first attempt that rings. An entry that is over refuses nobody from
 * that moment on (the commit script looks); somebody's tick then takes it out.
 */
#ifndef CALLBACKD_DAEMON_BLOCK_H
#define CALLBACKD_DAEMON_BLOCK_H

#include "daemon/engine.h"
#include "lib/blocked.h"

struct blocks;

enum block_verb {
	BLOCK_PUT,              /* whatever was there before */
	BLOCK_CONFIRM,          /* what was proposed */
	BLOCK_LIFT,             /* either */
	BLOCK_VERB_COUNT
};
extern const char *const block_verb_names[BLOCK_VERB_COUNT];   /* block, confirm, unblock */

struct block_act {
	enum block_verb verb;
	char phone[PHONE_SIZE];         /* E.164 */
	const char *why, *who;          /* borrowed; why may be "" where it is confirmed */
	int64_t for_ms;                 /* PUT: from now; CONFIRM: 0: as was proposed */
};

struct blocks *blocks_new(struct store *store, struct engine *engine);
void blocks_free(struct blocks *blocks);

/* False: Redis is away. DONE; GONE: there is no such block, it is confirmed already, or
 * somebody changed it just now. on_result is called exactly once after true. */
bool block(struct blocks *blocks, const struct block_act *act, engine_on_result *on_result,
    void *context, uint64_t tag);

/* Takes out what is over, a part of the hash at a time. */
void blocks_tick(struct blocks *blocks);

#endif
