/* SPDX-License-Identifier: MIT */
/*
 * ready_pool: idle specialists as last heard of, for the matcher: who of them
 * should be offered a request, found without looking at each whole record. Holds
 * a bounded picture; whether it is still true is for the commit to check.
 */
#ifndef CALLBACKD_DAEMON_READY_POOL_H
#define CALLBACKD_DAEMON_READY_POOL_H

#include "lib/match.h"

enum { READY_POOL_MAX = 2048 };

struct ready_pool;

struct ready_pool *ready_pool_new(void);
void ready_pool_free(struct ready_pool *pool);

/* Copies an idle specialist in, free to be taken; of two versions of one the
 * newer stays. What finds no room is left out. */
void ready_pool_put(struct ready_pool *pool, const struct specialist *specialist);
void ready_pool_forget(struct ready_pool *pool, const char *id);
void ready_pool_clear(struct ready_pool *pool);
bool ready_pool_has(const struct ready_pool *pool, const char *id);

/* Who comes first for that request among those not taken; NULL: nobody. Lives
 * until the pool is changed. */
const struct specialist *ready_pool_best(struct ready_pool *pool, const struct request *request,
    int64_t now_ms);
/* Not to be found again until put in anew. */
void ready_pool_take(struct ready_pool *pool, const char *id);

/* How many serve that queue ("": any), and how many of them are taken. */
size_t ready_pool_count(const struct ready_pool *pool, const char *queue);
size_t ready_pool_taken(const struct ready_pool *pool, const char *queue);

#endif
