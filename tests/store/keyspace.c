/* SPDX-License-Identifier: MIT */
/* keyspace: keys by hash; sorted sets are sorted arrays. */
#include "tests/store/keyspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"
#include "lib/fault.h"
#include "lib/text.h"

/* ---- keys */

static uint32_t
hash_of(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

static struct entry **
bucket_of(const struct keyspace *keyspace, uint32_t hash)
{
	return (struct entry **)&keyspace->buckets[hash & (KEYS_SIZE - 1)];
}

static void
free_entry(struct entry *entry)
{
	for (size_t i = 0; i < entry->count; i++) {
		free(entry->items[i].name);
		free(entry->items[i].value);
	}
	free(entry->items);
	free(entry->read);
	free(entry);
}

void
keyspace_fini(struct keyspace *keyspace)
{
	for (size_t i = 0; i < keyspace->count; i++)
		free_entry(keyspace->entries[i]);
	free(keyspace->entries);
	memset(keyspace, 0, sizeof(*keyspace));
}

struct entry *
keyspace_find(const struct keyspace *keyspace, const char *key)
{
	uint32_t hash = hash_of(key);
	struct entry *entry = *bucket_of(keyspace, hash);

	while (entry != NULL && (entry->hash != hash ||
	    strcmp(entry->key, key) != 0))
		entry = entry->next;
	return entry;
}

static void
drop_entry(struct keyspace *keyspace, struct entry *entry)
{
	struct entry **link = bucket_of(keyspace, entry->hash);

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	keyspace->changes++;
	keyspace->entries[entry->place] = keyspace->entries[--keyspace->count];
	keyspace->entries[entry->place]->place = entry->place;
	free_entry(entry);
}

static void
drop_key(struct keyspace *keyspace, const char *key)
{
	struct entry *entry = keyspace_find(keyspace, key);

	if (entry != NULL)
		drop_entry(keyspace, entry);
}

static struct entry *
make(struct keyspace *keyspace, const char *key, enum entry_type type)
{
	struct entry *entry = keyspace_find(keyspace, key), **bucket;

	if (entry != NULL)
		return entry;
	if (keyspace->count == keyspace->room) {
		keyspace->room = keyspace->room * 2 + 64;
		keyspace->entries = realloc(keyspace->entries,
		    keyspace->room * sizeof(struct entry *));
		CHECK(keyspace->entries != NULL);
	}
	entry = calloc(1, sizeof(*entry));
	CHECK(entry != NULL);
	CHECK(strlen(key) < sizeof(entry->key));
	memcpy(entry->key, key, strlen(key) + 1);
	entry->hash = hash_of(key);
	entry->type = type;
	entry->place = keyspace->count;
	keyspace->entries[keyspace->count++] = entry;
	bucket = bucket_of(keyspace, entry->hash);
	entry->next = *bucket;
	*bucket = entry;
	return entry;
}

static void
keep(const struct keyspace *keyspace, struct entry *entry, const char *keep_ms)
{
	entry->expires = strcmp(keep_ms, "0") != 0;
	entry->expires_at_ms = keyspace->now_ms + atoll(keep_ms);
}

void
keyspace_expire(struct keyspace *keyspace, int64_t now_ms)
{
	for (size_t i = keyspace->count; i-- > 0;) {
		struct entry *entry = keyspace->entries[i];

		if (entry->expires && entry->expires_at_ms < now_ms)
			drop_entry(keyspace, entry);
	}
}

/* ---- items */

/* What was read of it, and of the whole, is of before. */
static void
is_changing(struct keyspace *keyspace, struct entry *entry)
{
	entry->is_read = false;
	keyspace->changes++;
}

static struct item *
find_item(const struct entry *entry, const char *name)
{
	uint32_t hash = hash_of(name);

	for (size_t i = 0; entry != NULL && i < entry->count; i++) {
		if (entry->items[i].hash == hash &&
		    strcmp(entry->items[i].name, name) == 0)
			return &entry->items[i];
	}
	return NULL;
}

const char *
entry_get(const struct entry *entry, const char *name)
{
	const struct item *item = find_item(entry, name);

	return item != NULL ? item->value : NULL;
}

bool
entry_score(const struct entry *entry, const char *name, int64_t *ret_score)
{
	const struct item *item = find_item(entry, name);

	if (item != NULL)
		*ret_score = item->score;
	return item != NULL;
}

static char *
copy_of(const char *text)
{
	char *copy = strdup(text);

	CHECK(copy != NULL);
	return copy;
}

/* Where a member of that score belongs. */
static size_t
place_of(const struct entry *entry, const char *name, int64_t score)
{
	size_t low = 0, high = entry->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct item *item = &entry->items[middle];

		if (item->score < score || (item->score == score &&
		        strcmp(item->name, name) < 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
insert_item(struct keyspace *keyspace, struct entry *entry, struct item item)
{
	size_t at = entry->count;

	is_changing(keyspace, entry);
	if (entry->count == entry->room) {
		entry->room = entry->room * 2 + 8;
		entry->items = realloc(entry->items,
		    entry->room * sizeof(struct item));
		CHECK(entry->items != NULL);
	}
	if (entry->type == ENTRY_ZSET) {
		at = place_of(entry, item.name, item.score);
		memmove(&entry->items[at + 1], &entry->items[at],
		    (entry->count - at) * sizeof(struct item));
	}
	entry->items[at] = item;
	entry->count++;
}

/* Takes it out of its place; the others stay in order, as Redis keeps small hashes. */
static struct item
extract_item(struct keyspace *keyspace, struct entry *entry, size_t at)
{
	struct item item = entry->items[at];

	is_changing(keyspace, entry);
	entry->count--;
	memmove(&entry->items[at], &entry->items[at + 1],
	    (entry->count - at) * sizeof(struct item));
	return item;
}

static void
add_item(struct keyspace *keyspace, struct entry *entry, const char *name,
    const char *value)
{
	struct item item = { .name = copy_of(name), .value = copy_of(value),
		.hash = hash_of(name), .name_length = (uint32_t)strlen(name),
		.value_length = (uint32_t)strlen(value),
		.score = entry->type == ENTRY_ZSET ? atoll(value) : 0 };

	insert_item(keyspace, entry, item);
}

/* In the memory of the one before, where it fits. */
static void
set_value(struct item *item, const char *value)
{
	size_t length = strlen(value);

	if (length > item->value_length) {
		free(item->value);
		item->value = copy_of(value);
	} else {
		memcpy(item->value, value, length + 1);
	}
	item->value_length = (uint32_t)length;
}

static void
set_item(struct keyspace *keyspace, struct entry *entry, const char *name,
    const char *value)
{
	struct item *item = find_item(entry, name), moved;

	if (item == NULL) {
		add_item(keyspace, entry, name, value);
		return;
	}
	if (strcmp(item->value, value) == 0)
		return;
	is_changing(keyspace, entry);
	set_value(item, value);
	if (entry->type != ENTRY_ZSET)
		return;
	moved = extract_item(keyspace, entry, (size_t)(item - entry->items));
	moved.score = atoll(value);
	insert_item(keyspace, entry, moved);
}

void
keyspace_remove(struct keyspace *keyspace, const char *key, const char *name)
{
	struct entry *entry = keyspace_find(keyspace, key);
	struct item *item = find_item(entry, name), removed;

	if (item == NULL)
		return;
	removed = extract_item(keyspace, entry, (size_t)(item - entry->items));
	free(removed.name);
	free(removed.value);
	if (entry->count == 0)
		drop_entry(keyspace, entry);
}

static void
set_string(struct keyspace *keyspace, const char *key, const char *value,
    const char *keep_ms)
{
	struct entry *entry = make(keyspace, key, ENTRY_STRING);

	set_item(keyspace, entry, "", value);
	keep(keyspace, entry, keep_ms);
}

void
keyspace_copy(const struct keyspace *keyspace, struct keyspace *ret_copy)
{
	for (size_t i = 0; i < keyspace->count; i++) {
		const struct entry *from = keyspace->entries[i];
		struct entry *to = make(ret_copy, from->key, from->type);

		for (size_t k = 0; k < from->count; k++)
			add_item(ret_copy, to, from->items[k].name,
			    from->items[k].value);
		to->expires = from->expires;
		to->expires_at_ms = from->expires_at_ms;
		to->seen_version = from->seen_version;
		to->seen_state = from->seen_state;
	}
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
	return keyspace_find(keyspace, id) != NULL &&
	    entry_get(keyspace_find(keyspace, "buried"), id) == NULL ?
	    owner : NULL;
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

static int64_t
number_at(const struct keyspace *keyspace, const char *key)
{
	const char *value = entry_get(keyspace_find(keyspace, key), "");

	return value == NULL ? 0 : atoll(value);
}

static int64_t
turn_in(const struct keyspace *keyspace, const char *key)
{
	int64_t ms = number_at(keyspace, key) - keyspace->now_ms;

	return ms > 0 ? ms : 0;
}

/* How long the guard keeps it waiting; -1: not at all. */
static int64_t
wait_of(const struct keyspace *keyspace, const char *const *guard)
{
	const struct entry *entry = keyspace_find(keyspace, guard[1]);
	const char *owner;

	if (strcmp(guard[0], "pace") == 0)
		return turn_in(keyspace, guard[1]) > atoll(guard[3]) ?
		    turn_in(keyspace, guard[1]) : -1;
	if (strcmp(guard[0], "room") == 0)
		return entry != NULL && entry->count >=
		    (size_t)atoll(guard[2]) ? 1000 : -1;
	if (strcmp(guard[0], "spend") == 0)
		return number_at(keyspace, guard[1]) + atoll(guard[2]) >
		    atoll(guard[3]) ? 60000 : -1;
	owner = entry_get(entry, "");
	return owner != NULL && strcmp(owner, guard[2]) != 0 ?
	    entry->expires_at_ms - keyspace->now_ms : -1;
}

/* Until when an entry of a list holds: INT64_MAX, it does not end; 0: it is none. */
static int64_t
lasts_until(const struct keyspace *keyspace, const char *value)
{
	static const char head[] = "{\"until\":";
	int64_t until_ms;

	if (value == NULL)
		return 0;
	if (strncmp(value, head, sizeof(head) - 1) != 0 ||
	    atoll(value + sizeof(head) - 1) == 0)
		return INT64_MAX;
	until_ms = atoll(value + sizeof(head) - 1);
	return until_ms > keyspace->now_ms ? until_ms : 0;
}

/* Members of an index with a score from..to - 1. */
static size_t
count_between(const struct entry *entry, const char *span)
{
	long long from, to;
	size_t count = 0;

	CHECK(sscanf(span, "%lld %lld", &from, &to) == 2);
	for (size_t i = 0; entry != NULL && i < entry->count; i++) {
		long long score = atoll(entry->items[i].value);

		count += score >= from && score < to;
	}
	return count;
}

static bool
check_guards(const struct keyspace *keyspace, const struct arguments *arguments,
    bool is_free, char *word)
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
		if (strcmp(guard[0], "unlisted") == 0) {
			if (lasts_until(keyspace, entry_get(entry,
			    guard[2])) == 0)
				continue;
			snprintf(word, ITEM_SIZE, "listed %s %s", guard[1],
			    guard[2]);
			return false;
		}
		if (strcmp(guard[0], "listed") == 0) {
			const char *value = entry_get(entry, guard[2]);

			if (guard[3][0] != '\0' ? value != NULL &&
			    strcmp(value, guard[3]) == 0 :
			    lasts_until(keyspace, value) != 0)
				continue;
			strcpy(word, "gone");
			return false;
		}
		if (strcmp(guard[0], "limit") == 0) {
			int64_t ms = turn_in(keyspace, guard[1]) -
			    atoll(guard[3]);

			if (ms <= 0 || !is_free)
				continue;
			snprintf(word, ITEM_SIZE, "limited %lld %s",
			    (long long)ms, guard[1]);
			return false;
		}
		if (strcmp(guard[0], "places") == 0) {
			if (!is_free || count_between(entry, guard[2]) <
			    (size_t)atoll(guard[3]))
				continue;
			snprintf(word, ITEM_SIZE, "full %s", guard[1]);
			return false;
		}
		if (strcmp(guard[0], "absent") != 0) {
			int64_t ms = wait_of(keyspace, guard);

			if (ms < 0)
				continue;
			snprintf(word, ITEM_SIZE, "wait %lld %s %s",
			    (long long)ms, guard[0], guard[1]);
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
write_listed(struct keyspace *keyspace, const char *const *listed)
{
	const char *value = listed[2];

	if (value[0] == '\0') {
		keyspace_remove(keyspace, listed[0], listed[1]);
		return;
	}
	if (value[0] == '?') {
		value++;
		if (lasts_until(keyspace, entry_get(keyspace_find(keyspace,
		    listed[0]), listed[1])) >= lasts_until(keyspace, value))
			return;
	}
	set_item(keyspace, make(keyspace, listed[0], ENTRY_HASH), listed[1],
	    value);
}

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
	char version[TEXT_NUMBER_SIZE];

	if (record->fields.count + record->gone.count > 0) {
		text_number(atoi(record->expect) + 1, version);
		entry = make(keyspace, record->id, ENTRY_HASH);
		set_item(keyspace, entry, "v", version);
		set_item(keyspace, entry, "op", op);
		for (size_t i = 0; i < record->fields.count; i++)
			set_item(keyspace, entry, record->fields.word[i][0],
			    record->fields.word[i][1]);
	}
	for (size_t i = 0; i < record->gone.count; i++)
		keyspace_remove(keyspace, record->id, record->gone.word[i][0]);
	for (size_t i = 0; i < record->indexes.count; i++) {
		const char *const *index = record->indexes.word[i];

		if (index[1][0] == '\0')
			keyspace_remove(keyspace, index[0], record->id);
		else
			set_item(keyspace, make(keyspace, index[0], ENTRY_ZSET),
			    record->id, index[1]);
	}
	write_uniques(keyspace, record);
	entry = keyspace_find(keyspace, record->id);
	if (entry != NULL && strcmp(record->keep_ms, "0") != 0)
		keep(keyspace, entry, record->keep_ms);
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
			for (size_t k = 0; k < source->count; k++)
				add_item(keyspace, entry, source->items[k].name,
				    source->items[k].value);
		}
		if (entry != NULL)
			keep(keyspace, entry, life[1]);
	}
}

static void
tell(char *news, size_t news_size, const char *field, const char *value)
{
	size_t length;

	if (news == NULL)
		return;
	length = strlen(news);
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
		add_item(keyspace, story, "", lines->word[i][0]);
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
		set_item(keyspace, entry, name + 11, sum);
	}
}

/* Returns how long what follows waits for its turn. */
static int64_t
take_guarded(struct keyspace *keyspace, const struct part *guards)
{
	int64_t wait_ms = 0, ms;
	char number[24], keep_ms[24];

	for (size_t i = 0; i < guards->count; i++) {
		const char *const *guard = guards->word[i];

		if (strcmp(guard[0], "take") == 0) {
			keyspace_remove(keyspace, guard[1], guard[2]);
		} else if (strcmp(guard[0], "pace") == 0) {
			ms = turn_in(keyspace, guard[1]);
			wait_ms = ms > wait_ms ? ms : wait_ms;
			ms += atoll(guard[2]);
			snprintf(number, sizeof(number), "%lld",
			    (long long)(keyspace->now_ms + ms));
			snprintf(keep_ms, sizeof(keep_ms), "%lld",
			    (long long)ms);
			set_string(keyspace, guard[1], number, keep_ms);
		} else if (strcmp(guard[0], "limit") == 0) {
			ms = turn_in(keyspace, guard[1]) + atoll(guard[2]);
			snprintf(number, sizeof(number), "%lld",
			    (long long)(keyspace->now_ms + ms));
			snprintf(keep_ms, sizeof(keep_ms), "%lld",
			    (long long)ms);
			set_string(keyspace, guard[1], number, keep_ms);
		} else if (strcmp(guard[0], "spend") == 0) {
			snprintf(number, sizeof(number), "%lld", (long long)
			    (number_at(keyspace, guard[1]) + atoll(guard[2])));
			set_string(keyspace, guard[1], number, "90000000");
		} else if (strcmp(guard[0], "probe") == 0) {
			set_string(keyspace, guard[1], guard[2], guard[3]);
		}
	}
	return wait_ms;
}

void
keyspace_commit(struct keyspace *keyspace, const struct arguments *arguments,
    char *news, size_t news_size, char ret_word[ITEM_SIZE])
{
	int64_t wait_ms;
	bool is_free = true;

	if (!PLANTED("op_replay_off") && was_done(keyspace, arguments)) {
		strcpy(ret_word, "again");
		return;
	}
	for (size_t i = 0; i < arguments->record_count && is_free; i++)
		is_free = check_record(keyspace, &arguments->records[i],
		    ret_word);
	if (!check_guards(keyspace, arguments, is_free, ret_word) || !is_free)
		return;
	wait_ms = take_guarded(keyspace, &arguments->guards);
	for (size_t i = 0; i < arguments->record_count; i++)
		write_record(keyspace, &arguments->records[i], arguments->op);
	for (size_t i = 0; i < arguments->texts.count; i++)
		set_string(keyspace, arguments->texts.word[i][0],
		    arguments->texts.word[i][1], arguments->texts.word[i][2]);
	keyspace->rejected_count += arguments->rejected.count > 0;
	write_counters(keyspace, &arguments->counters);
	for (size_t i = 0; i < arguments->listed.count; i++)
		write_listed(keyspace, arguments->listed.word[i]);
	write_lines(keyspace, arguments, news, news_size);
	write_lives(keyspace, &arguments->lives);
	strcpy(ret_word, "ok");
	if (wait_ms > 0)
		snprintf(ret_word, ITEM_SIZE, "ok %lld", (long long)wait_ms);
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

/* ---- plain commands, and claim */

void
keyspace_zadd(struct keyspace *keyspace, const char *key, const char *member,
    int64_t score)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)score);
	set_item(keyspace, make(keyspace, key, ENTRY_ZSET), member, text);
}

void
keyspace_hset(struct keyspace *keyspace, const char *key, const char *field,
    const char *value)
{
	set_item(keyspace, make(keyspace, key, ENTRY_HASH), field, value);
}

void
keyspace_set(struct keyspace *keyspace, const char *key, const char *value,
    int64_t keep_ms)
{
	char keep[TEXT_NUMBER_SIZE];

	text_number(keep_ms, keep);
	set_string(keyspace, key, value, keep);
}

size_t
keyspace_claim(struct keyspace *keyspace, int64_t now_ms, size_t limit,
    int64_t lease_ms, const char **ret_ids)
{
	struct entry *due = keyspace_find(keyspace, "due");
	char lease[24];
	size_t count = 0;

	if (due == NULL || limit == 0 || due->items[0].score > now_ms)
		return 0;
	snprintf(lease, sizeof(lease), "%lld", (long long)lease_ms);
	while (count < limit && count < due->count &&
	    due->items[count].score <= now_ms) {
		ret_ids[count] = due->items[count].name;
		count++;
	}
	for (size_t i = 0; i < count; i++)
		set_item(keyspace, due, ret_ids[i], lease);
	return count;
}
