/* SPDX-License-Identifier: MIT */
/*
 * keyspace: the contract of commit.lua and claim.lua once more, in C over a
 * small keyspace in memory. It shares nothing with the scripts but the order of
 * their arguments.
 */
#ifndef CALLBACKD_TESTS_KEYSPACE_H
#define CALLBACKD_TESTS_KEYSPACE_H

#include "tests/store/arguments.h"

enum { ENTRIES_MAX = 256, ITEMS_MAX = 512, ITEM_SIZE = 160, ENTRY_SIZE = 64 };

enum entry_type { ENTRY_HASH, ENTRY_ZSET, ENTRY_STRING, ENTRY_LIST };

struct entry {
	char key[ENTRY_SIZE];
	enum entry_type type;
	/* field and value, member and score, "" and text, "" and line */
	struct { char name[ITEM_SIZE], value[ITEM_SIZE]; } items[ITEMS_MAX];
	size_t count;
	bool expires;
};

struct keyspace {
	struct entry *entries[ENTRIES_MAX];  size_t count;
	size_t rejected_count, events_count;
	char last_events[ITEM_SIZE * 64];
};

void keyspace_fini(struct keyspace *keyspace);
/* NULL: no such key. */
struct entry *keyspace_find(const struct keyspace *keyspace, const char *key);
const char *entry_get(const struct entry *entry, const char *name);

/* Applies one situation; the word that the script answers. Its news is added to
 * `news`, field and value a line each. */
void keyspace_commit(struct keyspace *keyspace, const struct arguments *arguments,
    char *news, size_t news_size, char ret_word[ITEM_SIZE]);
/* What one run of the script leaves in `events`. */
void keyspace_events(struct keyspace *keyspace, const char *news);

/* The ids claimed, in order; their scores become the lease. */
size_t keyspace_claim(struct keyspace *keyspace, int64_t now_ms, size_t limit,
    int64_t lease_ms, const char **ret_ids);
void keyspace_zadd(struct keyspace *keyspace, const char *key, const char *member,
    int64_t score);

#endif
