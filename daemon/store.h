/* SPDX-License-Identifier: MIT */
/*
 * store: Redis as the daemon sees it. Owns the site's key prefix, the two
 * scripts, the estimate of Redis's time; speaks through one redis_link. Knows
 * how records travel, not what they mean.
 */
#ifndef CALLBACKD_DAEMON_STORE_H
#define CALLBACKD_DAEMON_STORE_H

#include "daemon/clock.h"
#include "daemon/redis_link.h"
#include "lib/record.h"
#include "lib/words.h"

enum {
	STORE_DEADLINE_MS = 2000,
	STORE_SKEW_MAX_MS = 2000,
	STORE_PAIRS_MAX = 96,           /* fields read of one record */
};

struct store;

struct store *store_new(struct event_base *base, const struct redis_address *address,
    const char *site, void *context, void (*on_state)(void *context, bool is_up, const char *why));
void store_free(struct store *store);

bool store_is_up(const struct store *store);         /* connected, and its time is known */
const char *store_why_down(const struct store *store);
size_t store_pending(const struct store *store);
int64_t store_now_ms(struct store *store);           /* CHECKs store_is_up was true once */
bool store_knows_time(const struct store *store);
const char *store_prefix(const struct store *store); /* "{site}:" */

/* Any command with one key; argv[1] is the key below the prefix. Ends at NULL.
 * False: not sent, the handler is not called. */
bool store_send(struct store *store, redis_on_reply *on_reply, void *context, uint64_t tag,
    const char *const *argv);
#define STORE_SEND(store, on_reply, context, tag, ...)                         \
	store_send(store, on_reply, context, tag, (const char *const[]){ __VA_ARGS__, NULL })

/* CONFIG GET; the server may refuse. */
bool store_ask_config(struct store *store, const char *name, redis_on_reply *on_reply,
    void *context, uint64_t tag);

/* INFO, all of it; the server may refuse. */
bool store_ask_info(struct store *store, redis_on_reply *on_reply, void *context, uint64_t tag);

/* One step of SCAN over the requests, calls and specialists; the keys come with the
 * prefix in front. */
bool store_scan(struct store *store, const char *cursor, redis_on_reply *on_reply,
    void *context, uint64_t tag);

/* HGETALL of a record. */
bool store_load(struct store *store, const struct record_ref *ref, redis_on_reply *on_reply,
    void *context, uint64_t tag);

/* Reads the reply of store_load; 0 pairs: no such record. -1: another reply. */
int store_pairs(const struct redisReply *reply, struct pair *ret_pairs, size_t max);
/* The key that was asked is of another type than the command is for. */
bool store_is_of_another_type(const struct redisReply *reply);

/* Reads that reply into a record of the kind (its id is the caller's to set).
 * False: there is none, or it cannot be read; a reply of NULL is none. */
bool store_read_record(const struct redisReply *reply, enum record_kind kind, void *ret_record);

/* claim: takes ids due at now, puts them off until then. */
bool store_claim(struct store *store, int64_t now_ms, size_t limit, int64_t lease_until_ms,
    redis_on_reply *on_reply, void *context, uint64_t tag);

/* commit: `words` is what commit_between appended for `situations`. */
bool store_commit(struct store *store, int64_t now_ms, size_t situations,
    const struct words *words, redis_on_reply *on_reply, void *context, uint64_t tag);

/* Every script reply begins with Redis's time: takes it. False: not a script's reply. */
bool store_read_time(struct store *store, const struct redisReply *reply, int64_t asked_at_ms);

#endif
