/* SPDX-License-Identifier: MIT */
/*
 * keyspace: the contract of commit.lua and claim.lua once more, in C over a
 * keyspace in memory. It shares nothing with the scripts but the order of
 * their arguments. tests/store/scripts holds it against them; the simulation
 * uses it for its store.
 */
#ifndef CALLBACKD_TESTS_KEYSPACE_H
#define CALLBACKD_TESTS_KEYSPACE_H

#include <stdint.h>

#include "tests/store/arguments.h"

enum { ITEMS_MAX = 512, ITEM_SIZE = 160, ENTRY_SIZE = 128, KEYS_SIZE = 8192 };

enum entry_type { ENTRY_HASH, ENTRY_ZSET, ENTRY_STRING, ENTRY_LIST };

/* Field and value, member and score, "" and text, "" and line. */
struct item {
	char *name, *value;
	uint32_t hash, name_length, value_length;
	int64_t score;                  /* of a ZSET, whose items are in order */
};

struct entry {
	char key[ENTRY_SIZE];
	uint32_t hash;
	enum entry_type type;
	struct item *items;  size_t count, room;
	bool expires;
	int64_t expires_at_ms;
	struct entry *next;             /* with the same hash */
	size_t place;                   /* in entries */
	/* Left to whoever checks the store. What was read of it is freed with it, and
	 * is_read ends with every change. */
	int64_t seen_version;
	int seen_state;
	void *read;  bool is_read;
};

struct keyspace {
	struct entry *buckets[KEYS_SIZE];
	struct entry **entries;  size_t count, room;
	size_t rejected_count, events_count;
	uint64_t changes;               /* so many, of anything */
	char last_events[ITEM_SIZE * 64];
	int64_t now_ms;                 /* what keeping counts from */
};

void keyspace_fini(struct keyspace *keyspace);
/* Into one that was cleared. */
void keyspace_copy(const struct keyspace *keyspace, struct keyspace *ret_copy);
/* NULL: no such key. */
struct entry *keyspace_find(const struct keyspace *keyspace, const char *key);
const char *entry_get(const struct entry *entry, const char *name);
/* False: no such member. */
bool entry_score(const struct entry *entry, const char *name, int64_t *ret_score);
/* Removes what was kept until before now. */
void keyspace_expire(struct keyspace *keyspace, int64_t now_ms);

/* Applies one situation; the word that the script answers. Its news is added to
 * `news`, field and value a line each; NULL: nobody wants it. */
void keyspace_commit(struct keyspace *keyspace, const struct arguments *arguments,
    char *news, size_t news_size, char ret_word[ITEM_SIZE]);
/* What one run of the script leaves in `events`. */
void keyspace_events(struct keyspace *keyspace, const char *news);

/* The ids claimed, in order; their scores become the lease. */
size_t keyspace_claim(struct keyspace *keyspace, int64_t now_ms, size_t limit,
    int64_t lease_ms, const char **ret_ids);
/* Removes one field or member; what holds nothing is no key. */
void keyspace_remove(struct keyspace *keyspace, const char *key, const char *name);
void keyspace_zadd(struct keyspace *keyspace, const char *key, const char *member,
    int64_t score);
void keyspace_hset(struct keyspace *keyspace, const char *key, const char *field,
    const char *value);
/* keep_ms 0: for ever. */
void keyspace_set(struct keyspace *keyspace, const char *key, const char *value,
    int64_t keep_ms);

#endif
