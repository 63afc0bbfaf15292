/* SPDX-License-Identifier: MIT */
/* keyspace: entries in an array; nothing is fast, everything is plain. */
#include "tests/store/keyspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"

void
keyspace_fini(struct keyspace *keyspace)
{
	for (size_t i = 0; i < keyspace->count; i++)
		free(keyspace->entries[i]);
	memset(keyspace, 0, sizeof(*keyspace));
}

struct entry *
keyspace_find(const struct keyspace *keyspace, const char *key)
{
	for (size_t i = 0; i < keyspace->count; i++) {
		if (strcmp(keyspace->entries[i]->key, key) == 0)
			return keyspace->entries[i];
	}
	return NULL;
}

static void
drop_key(struct keyspace *keyspace, const char *key)
{
	for (size_t i = 0; i < keyspace->count; i++) {
		if (strcmp(keyspace->entries[i]->key, key) != 0)
			continue;
		free(keyspace->entries[i]);
		keyspace->entries[i] = keyspace->entries[--keyspace->count];
		return;
	}
}

static struct entry *
make(struct keyspace *keyspace, const char *key, enum entry_type type)
{
	struct entry *entry = keyspace_find(keyspace, key);

	if (entry != NULL)
		return entry;
	CHECK(keyspace->count < ENTRIES_MAX);
	entry = calloc(1, sizeof(*entry));
	CHECK(entry != NULL);
	snprintf(entry->key, sizeof(entry->key), "%s", key);
	entry->type = type;
	keyspace->entries[keyspace->count++] = entry;
	return entry;
}

const char *
entry_get(const struct entry *entry, const char *name)
{
	for (size_t i = 0; entry != NULL && i < entry->count; i++) {
		if (strcmp(entry->items[i].name, name) == 0)
			return entry->items[i].value;
	}
	return NULL;
}

static void
add_item(struct entry *entry, const char *name, const char *value)
{
	CHECK(entry->count < ITEMS_MAX);
	snprintf(entry->items[entry->count].name, ITEM_SIZE, "%s", name);
	snprintf(entry->items[entry->count].value, ITEM_SIZE, "%s", value);
	entry->count++;
}

static void
set_item(struct entry *entry, const char *name, const char *value)
{
	for (size_t i = 0; i < entry->count; i++) {
		if (strcmp(entry->items[i].name, name) != 0)
			continue;
		snprintf(entry->items[i].value, ITEM_SIZE, "%s", value);
		return;
	}
	add_item(entry, name, value);
}

/* What holds nothing is no key. */
static void
remove_item(struct keyspace *keyspace, const char *key, const char *name)
{
	struct entry *entry = keyspace_find(keyspace, key);

	if (entry == NULL)
		return;
	for (size_t i = 0; i < entry->count; i++) {
		if (strcmp(entry->items[i].name, name) != 0)
			continue;
		entry->items[i] = entry->items[--entry->count];
		break;
	}
	if (entry->count == 0)
		drop_key(keyspace, key);
}

static void
set_string(struct keyspace *keyspace, const char *key, const char *value,
    const char *keep_ms)
{
	struct entry *entry = make(keyspace, key, ENTRY_STRING);

	set_item(entry, "", value);
	entry->expires = strcmp(keep_ms, "0") != 0;
}

/* ---- checking */

/* A number is not held by a request that is gone. */
static const char *
owner_of(const struct keyspace *keyspace, const char *key)
{
	const char *owner = entry_get(keyspace_find(keyspace, key), "");
	char id[ENTRY_SIZE];

	if (owner == NULL || strncmp(key, "phone:", 6) != 0)
		return owner;
	snprintf(id, sizeof(id), "request:%.40s", owner);
	return keyspace_find(keyspace, id) != NULL ? owner : NULL;
}

static bool
was_done(const struct keyspace *keyspace, const struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->record_count; i++) {
		const struct record_arguments *record = &arguments->records[i];
		const struct entry *entry = keyspace_find(keyspace, record->id);
		const char *version = entry_get(entry, "v");
		const char *op = entry_get(entry, "op");

		if (strcmp(version != NULL ? version : "0",
		        record->expect) != 0 && op != NULL &&
		    strcmp(op, arguments->op) == 0)
			return true;
	}
	return false;
}

static bool
check_guards(const struct keyspace *keyspace, const struct arguments *arguments,
    char *word)
{
	for (size_t i = 0; i < arguments->guards.count; i++) {
		const char *const *guard = arguments->guards.word[i];
		const struct entry *entry = keyspace_find(keyspace, guard[1]);
		const char *owner;

		if (strcmp(guard[0], "take") == 0) {
			if (entry_get(entry, guard[2]) != NULL)
				continue;
			strcpy(word, "gone");
			return false;
		}
		owner = owner_of(keyspace, guard[1]);
		if (owner == NULL || strcmp(owner, guard[2]) == 0)
			continue;
		snprintf(word, ITEM_SIZE, "held %s %s", guard[1], owner);
		return false;
	}
	return true;
}

static bool
check_record(const struct keyspace *keyspace,
    const struct record_arguments *record, char *word)
{
	const char *version = entry_get(keyspace_find(keyspace, record->id),
	    "v");

	if (strcmp(version != NULL ? version : "0", record->expect) != 0) {
		snprintf(word, ITEM_SIZE, "conflict %s", record->id);
		return false;
	}
	for (size_t i = 0; i < record->uniques.count; i++) {
		const char *const *unique = record->uniques.word[i];
		const char *owner = owner_of(keyspace, unique[0]);

		if (unique[1][0] == '\0' || owner == NULL ||
		    strcmp(owner, unique[1]) == 0)
			continue;
		snprintf(word, ITEM_SIZE, "held %s %s", unique[0], owner);
		return false;
	}
	return true;
}

/* ---- writing */

static void
write_uniques(struct keyspace *keyspace, const struct record_arguments *record)
{
	const char *own = strchr(record->id, ':') + 1;

	for (size_t i = 0; i < record->uniques.count; i++) {
		const char *const *unique = record->uniques.word[i];
		const char *owner = entry_get(keyspace_find(keyspace,
		    unique[0]), "");

		if (unique[1][0] != '\0')
			set_string(keyspace, unique[0], unique[1], unique[2]);
		else if (owner != NULL && strcmp(owner, own) == 0)
			drop_key(keyspace, unique[0]);
	}
}

static void
write_record(struct keyspace *keyspace, const struct record_arguments *record,
    const char *op)
{
	struct entry *entry;
	char version[24];

	if (record->fields.count + record->gone.count > 0) {
		snprintf(version, sizeof(version), "%d",
		    atoi(record->expect) + 1);
		set_item(make(keyspace, record->id, ENTRY_HASH), "v", version);
		set_item(make(keyspace, record->id, ENTRY_HASH), "op", op);
	}
	for (size_t i = 0; i < record->fields.count; i++)
		set_item(make(keyspace, record->id, ENTRY_HASH),
		    record->fields.word[i][0], record->fields.word[i][1]);
	for (size_t i = 0; i < record->gone.count; i++)
		remove_item(keyspace, record->id, record->gone.word[i][0]);
	for (size_t i = 0; i < record->indexes.count; i++) {
		const char *const *index = record->indexes.word[i];

		if (index[1][0] == '\0')
			remove_item(keyspace, index[0], record->id);
		else
			set_item(make(keyspace, index[0], ENTRY_ZSET),
			    record->id, index[1]);
	}
	write_uniques(keyspace, record);
	entry = keyspace_find(keyspace, record->id);
	if (entry != NULL && strcmp(record->keep_ms, "0") != 0)
		entry->expires = true;
}

static void
write_lives(struct keyspace *keyspace, const struct part *lives)
{
	for (size_t i = 0; i < lives->count; i++) {
		const char *const *life = lives->word[i];
		const struct entry *source = life[2][0] == '\0' ? NULL :
		    keyspace_find(keyspace, life[2]);
		struct entry *entry = keyspace_find(keyspace, life[0]);

		if (entry == NULL && source != NULL) {
			entry = make(keyspace, life[0], source->type);
			memcpy(entry->items, source->items,
			    sizeof(entry->items));
			entry->count = source->count;
		}
		if (entry != NULL)
			entry->expires = strcmp(life[1], "0") != 0;
	}
}

static void
tell(char *news, size_t news_size, const char *field, const char *value)
{
	size_t length = strlen(news);

	snprintf(news + length, news_size - length, "%s\n%s\n", field, value);
}

static void
write_lines(struct keyspace *keyspace, const struct arguments *arguments,
    char *news, size_t news_size)
{
	const struct part *lines = &arguments->lines;
	struct entry *story;
	char key[ENTRY_SIZE], places[32];

	if (lines->count == 0)
		return;
	if (arguments->story[0] == '\0') {
		for (size_t i = 0; i < lines->count; i++)
			tell(news, news_size, "", lines->word[i][0]);
		return;
	}
	snprintf(key, sizeof(key), "story:%s", arguments->story);
	story = make(keyspace, key, ENTRY_LIST);
	for (size_t i = 0; i < lines->count; i++)
		add_item(story, "", lines->word[i][0]);
	snprintf(places, sizeof(places), "%zu %zu",
	    story->count - lines->count, story->count - 1);
	tell(news, news_size, arguments->story, places);
}

static void
write_counters(struct keyspace *keyspace, const struct part *counters)
{
	for (size_t i = 0; i < counters->count; i++) {
		char key[ENTRY_SIZE], sum[24];
		const char *name = counters->word[i][0];
		struct entry *entry;
		const char *value;

		snprintf(key, sizeof(key), "stats:%.10s", name);
		entry = make(keyspace, key, ENTRY_HASH);
		value = entry_get(entry, name + 11);
		snprintf(sum, sizeof(sum), "%ld", (value != NULL ?
		    atol(value) : 0) + atol(counters->word[i][1]));
		set_item(entry, name + 11, sum);
	}
}

void
keyspace_commit(struct keyspace *keyspace, const struct arguments *arguments,
    char *news, size_t news_size, char ret_word[ITEM_SIZE])
{
	const struct part *guards = &arguments->guards;

	if (was_done(keyspace, arguments)) {
		strcpy(ret_word, "again");
		return;
	}
	if (!check_guards(keyspace, arguments, ret_word))
		return;
	for (size_t i = 0; i < arguments->record_count; i++) {
		if (!check_record(keyspace, &arguments->records[i], ret_word))
			return;
	}
	for (size_t i = 0; i < guards->count; i++) {
		if (strcmp(guards->word[i][0], "take") == 0)
			remove_item(keyspace, guards->word[i][1],
			    guards->word[i][2]);
	}
	for (size_t i = 0; i < arguments->record_count; i++)
		write_record(keyspace, &arguments->records[i], arguments->op);
	for (size_t i = 0; i < arguments->texts.count; i++)
		set_string(keyspace, arguments->texts.word[i][0],
		    arguments->texts.word[i][1], arguments->texts.word[i][2]);
	keyspace->rejected_count += arguments->rejected.count > 0;
	write_counters(keyspace, &arguments->counters);
	write_lines(keyspace, arguments, news, news_size);
	write_lives(keyspace, &arguments->lives);
	strcpy(ret_word, "ok");
}

void
keyspace_events(struct keyspace *keyspace, const char *news)
{
	if (news[0] == '\0')
		return;
	keyspace->events_count++;
	snprintf(keyspace->last_events, sizeof(keyspace->last_events), "%s",
	    news);
}

/* ---- claim */

void
keyspace_zadd(struct keyspace *keyspace, const char *key, const char *member,
    int64_t score)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)score);
	set_item(make(keyspace, key, ENTRY_ZSET), member, text);
}

size_t
keyspace_claim(struct keyspace *keyspace, int64_t now_ms, size_t limit,
    int64_t lease_ms, const char **ret_ids)
{
	struct entry *due = keyspace_find(keyspace, "due");
	size_t claimed[ITEMS_MAX], count = 0;

	while (due != NULL && count < limit) {
		size_t best = due->count;

		for (size_t i = 0; i < due->count; i++) {
			bool is_taken = atoll(due->items[i].value) > now_ms;
			long long apart;

			for (size_t j = 0; j < count; j++)
				is_taken |= claimed[j] == i;
			if (is_taken)
				continue;
			apart = best == due->count ? -1 :
			    atoll(due->items[i].value) -
			    atoll(due->items[best].value);
			if (apart < 0 || (apart == 0 &&
			        strcmp(due->items[i].name,
			            due->items[best].name) < 0))
				best = i;
		}
		if (best == due->count)
			break;
		claimed[count++] = best;
	}
	for (size_t i = 0; i < count; i++) {
		snprintf(due->items[claimed[i]].value, ITEM_SIZE, "%lld",
		    (long long)lease_ms);
		ret_ids[i] = due->items[claimed[i]].name;
	}
	return count;
}
