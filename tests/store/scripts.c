/* SPDX-License-Identifier: MIT */
/*
 * scripts: commit.lua and claim.lua on a real redis-server, against a model of
 * their contract and on random sequences.
 *
 *   scripts [SEED [STEPS]]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/check.h"
#include "scripts.h"
#include "tests/store/keyspace.h"
#include "tests/store/server.h"

enum { SKEW_MAX_MS = 2000, KEEP_EVENTS_MS = 3600000, ROUND = 250 };

static unsigned seed = 1;
static unsigned step_count = 3000;
static uint64_t chance;
static char commit_sha[41], claim_sha[41];
static struct keyspace keyspace;
static struct words words;
static char news[ITEM_SIZE * 64];

static unsigned
draw(unsigned below)
{
	chance = chance * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(chance >> 33) % below;
}

static void
add_head(int64_t now_ms, size_t situations)
{
	words_clear(&words);
	words_add_number(&words, now_ms);
	words_add_number(&words, SKEW_MAX_MS);
	words_add_number(&words, KEEP_EVENTS_MS);
	words_add_number(&words, (int64_t)situations);
}

static void
begin(void)
{
	freeReplyObject(server_ask("FLUSHALL"));
	keyspace_fini(&keyspace);
}

/* ---- comparing */

static void
compare_pairs(const struct entry *entry, const redisReply *reply)
{
	assert_int_equal(reply->elements, entry->count * 2);
	for (size_t i = 0; i < entry->count; i++) {
		const char *value = entry_get(entry,
		    reply->element[i * 2]->str);

		if (value == NULL ||
		    strcmp(value, reply->element[i * 2 + 1]->str) != 0)
			fail_msg("%s: %s is %s, not %s", entry->key,
			    reply->element[i * 2]->str,
			    reply->element[i * 2 + 1]->str,
			    value != NULL ? value : "absent");
	}
}

static void
compare_list(const struct entry *entry, const redisReply *reply)
{
	assert_int_equal(reply->elements, entry->count);
	for (size_t i = 0; i < entry->count; i++)
		assert_string_equal(reply->element[i]->str,
		    entry->items[i].value);
}

static void
compare_entry(const struct entry *entry)
{
	static const char *const commands[] = {
		[ENTRY_HASH] = "HGETALL %s%s",
		[ENTRY_ZSET] = "ZRANGE %s%s 0 -1 WITHSCORES",
		[ENTRY_STRING] = "GET %s%s",
		[ENTRY_LIST] = "LRANGE %s%s 0 -1" };
	redisReply *reply = server_ask(commands[entry->type], SITE,
	    entry->key);
	redisReply *ttl;

	switch (entry->type) {
	case ENTRY_HASH:
	case ENTRY_ZSET:
		compare_pairs(entry, reply);
		break;
	case ENTRY_STRING:
		if (reply->str == NULL)
			fail_msg("%s is absent", entry->key);
		assert_string_equal(reply->str, entry_get(entry, ""));
		break;
	case ENTRY_LIST:
		compare_list(entry, reply);
		break;
	}
	freeReplyObject(reply);
	ttl = server_ask("PTTL %s%s", SITE, entry->key);
	if ((ttl->integer >= 0) != entry->expires)
		fail_msg("%s: PTTL %lld", entry->key, ttl->integer);
	freeReplyObject(ttl);
}

/* The fields and values of one entry. */
static void
compare_news(const redisReply *entry)
{
	size_t at = 0;

	for (size_t i = 0; i < entry->elements; i++) {
		const char *word = entry->element[i]->str;

		assert_memory_equal(keyspace.last_events + at, word,
		    strlen(word));
		at += strlen(word);
		assert_int_equal(keyspace.last_events[at++], '\n');
	}
	assert_int_equal(keyspace.last_events[at], '\0');
}

static void
compare_events(void)
{
	redisReply *reply = server_ask("XREVRANGE %sevents + - COUNT 1", SITE);
	redisReply *length = server_ask("XLEN %sevents", SITE);

	assert_int_equal(length->integer, keyspace.events_count);
	freeReplyObject(length);
	length = server_ask("XLEN %srejected", SITE);
	assert_int_equal(length->integer, keyspace.rejected_count);
	freeReplyObject(length);
	if (keyspace.events_count > 0)
		compare_news(reply->element[0]->element[1]);
	freeReplyObject(reply);
}

static void
compare_all(void)
{
	redisReply *reply = server_ask("DBSIZE");

	for (size_t i = 0; i < keyspace.count; i++)
		compare_entry(keyspace.entries[i]);
	assert_int_equal(reply->integer, keyspace.count +
	    (keyspace.events_count > 0) + (keyspace.rejected_count > 0));
	freeReplyObject(reply);
	compare_events();
}

/* ---- situations of chance */

static const char *const record_ids[] = { "request:r1", "request:r2",
	"call:r1.1", "specialist:anna", "case:4821" };

static void
draw_record(const char *id)
{
	static const char *const fields[] = { "state", "queue", "name" };
	static const char *const indexes[] = { "due", "wait:cards" };
	static const char *const uniques[] = { "phone:1", "phone:2" };
	const struct entry *entry = keyspace_find(&keyspace, id);
	const char *version = entry_get(entry, "v");
	int expect = version != NULL ? atoi(version) : 0;
	const char *own = strchr(id, ':') + 1;
	unsigned count;

	size_t head;

	words_add(&words, id);
	words_add_number(&words, draw(12) == 0 ? expect + 1 : expect);
	head = words_add_counts(&words, COMMIT_RECORD_PARTS);
	if (draw(5) != 0) {             /* else checked only */
		count = draw(4);
		words_set_count(&words, head, PART_FIELDS, count);
		for (unsigned i = 0; i < count; i++) {
			words_add(&words, fields[i]);
			words_add_number(&words, draw(4));
		}
		count = draw(2);
		words_set_count(&words, head, PART_GONE, count);
		if (count > 0)
			words_add(&words, fields[draw(3)]);
	}
	count = draw(3);
	words_set_count(&words, head, PART_INDEXES, count);
	for (unsigned i = 0; i < count; i++) {
		words_add(&words, indexes[i]);
		if (draw(3) == 0)
			words_add(&words, "");
		else
			words_add_number(&words,
			    (int64_t)draw(9) * 100000000000000 +
			    1700000000000 + draw(9));
	}
	count = strncmp(id, "request", 7) == 0 ? draw(3) : 0;
	words_set_count(&words, head, PART_UNIQUES, count);
	for (unsigned i = 0; i < count; i++) {
		words_add(&words, uniques[i]);
		words_add(&words, draw(3) == 0 ? "" : own);
		words_add(&words, draw(3) == 0 ? "60000" : "0");
	}
	if (draw(10) == 0) {
		words_set_count(&words, head, PART_KEEP, 1);
		words_add(&words, "60000");
	}
}

static void
draw_rest(size_t head)
{
	unsigned count = draw(3);

	words_set_count(&words, head, PART_LIVES, count);
	for (unsigned i = 0; i < count; i++) {
		words_add(&words, i == 0 ? "said:r2" : "story:r1");
		words_add(&words, draw(2) ? "0" : "60000");
		words_add(&words, i == 0 ? "said:r1" : "");
	}
	count = draw(3);
	words_set_count(&words, head, PART_TEXTS, count);
	for (unsigned i = 0; i < count; i++) {
		words_add(&words, i == 0 ? "said:r1" : "answer:site-0001");
		words_add(&words, draw(2) ? "{}" : "{\"state\":\"waiting\"}");
		words_add(&words, draw(2) ? "0" : "60000");
	}
	count = draw(6) == 0;
	words_set_count(&words, head, PART_REJECTED, count);
	if (count > 0) {
		words_add(&words, "reason");
		words_add(&words, "not_json");
	}
	count = draw(3);
	words_set_count(&words, head, PART_COUNTERS, count);
	for (unsigned i = 0; i < count; i++) {
		words_add(&words, i == 0 ? "2026-01-02 asked" :
		    "2026-01-02 kept");
		words_add_number(&words, 1 + draw(3));
	}
	count = draw(3);
	words_set_count(&words, head, PART_LISTED, count);
	for (unsigned i = 0; i < count; i++) {
		static const char *const values[] = { "",
			"{\"until\":0}", "?{\"until\":0}",
			"{\"until\":1000}", "?{\"until\":4102444800000}",
			"{\"until\":4102444800000}", "{}",
			"?{\"until\":4102444900000}" };

		words_add(&words, "blocked");
		words_add(&words, i == 0 ? "1" : "2");
		words_add(&words, values[draw(COUNT_OF(values))]);
	}
	count = draw(4);
	words_set_count(&words, head, PART_LINES, count);
	if (count > 0)
		words_add(&words, draw(4) == 0 ? "" : draw(2) ? "r1" : "r2");
	for (unsigned i = 0; i < count; i++)
		words_add(&words, draw(2) ? "a line" : "another line");
}

static void
draw_guard(void)
{
	static const char *const guards[][2][4] = {
		{ { "take", "in", "m1", "" }, { "take", "in", "m2", "" } },
		{ { "absent", "phone:1", "r1", "" },
		    { "absent", "phone:2", "r2", "" } },
		{ { "absent", "phone:1", "r2", "" },
		    { "absent", "phone:2", "r1", "" } },
		{ { "pace", "pace:p", "60000", "100000" },
		    { "pace", "pace:q", "100000", "150000" } },
		{ { "room", "due", "2", "" }, { "room", "wait:cards", "1", "" } },
		{ { "places", "due", "0 2", "1" },
		    { "places", "wait:cards", "1 4", "2" } },
		{ { "probe", "probe:p", "call:r1.1", "60000" },
		    { "probe", "probe:p", "call:r2.1", "60000" } },
		{ { "spend", "spend:p:h1", "7", "20" },
		    { "spend", "spend:p:d1", "5", "1000" } },
		{ { "limit", "limit:number_day:1", "60000", "120000" },
		    { "limit", "limit:site_hour:all", "1000", "0" } },
		{ { "unlisted", "blocked", "1", "" },
		    { "unlisted", "blocked", "2", "" } },
		{ { "listed", "blocked", "1", "" },
		    { "listed", "blocked", "2", "{\"until\":0}" } },
	};
	const char *const *guard = guards[draw(COUNT_OF(guards))][draw(2)];

	for (size_t i = 0; i < 4; i++)
		words_add(&words, guard[i]);
}

static void
draw_situation(void)
{
	char op[16];
	unsigned count = draw(3);
	size_t head;

	snprintf(op, sizeof(op), "op%u", draw(8));
	words_add(&words, op);
	head = words_add_counts(&words, COMMIT_PARTS);
	words_set_count(&words, head, PART_GUARDS, count);
	for (unsigned i = 0; i < count; i++)
		draw_guard();
	count = draw(COUNT_OF(record_ids) + 1);
	words_set_count(&words, head, PART_RECORDS, count);
	for (unsigned i = 0; i < count; i++)
		draw_record(record_ids[i]);
	draw_rest(head);
}

/* Members for the guard `take`, which nobody but a website adds. */
static void
draw_member(void)
{
	const char *member = draw(2) ? "m1" : "m2";

	freeReplyObject(server_ask("ZADD %sin 0 %s", SITE, member));
	keyspace_zadd(&keyspace, "in", member, 0);
}

static size_t word_counts[8];

static void
count_word(const char *word)
{
	static const char *const names[] = { "ok", "again", "conflict", "held",
		"gone", "wait", "listed", "limited" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		word_counts[i] += strncmp(word, names[i],
		    strlen(names[i])) == 0;
}

static void
compare_words(const redisReply *reply, size_t situations)
{
	struct arguments arguments;
	char word[ITEM_SIZE];
	size_t at = 4;

	if (reply->type == REDIS_REPLY_ERROR)
		fail_msg("%s", reply->str);
	assert_int_equal(reply->elements, situations + 1);
	news[0] = '\0';
	/* Turns are counted by the script's clock. */
	keyspace.now_ms = atoll(reply->element[0]->str);
	keyspace_expire(&keyspace, keyspace.now_ms);
	for (size_t i = 0; i < situations; i++) {
		assert_true(arguments_read(&words, &at, &arguments));
		keyspace_commit(&keyspace, &arguments, news, sizeof(news),
		    word);
		if (strstr(word, " probe ") != NULL)
			/* Redis counts a key's time from a moment of its own. */
			assert_string_equal(strstr(word, " probe "),
			    strstr(reply->element[i + 1]->str, " probe "));
		else
			assert_string_equal(reply->element[i + 1]->str, word);
		count_word(word);
	}
	assert_int_equal(at, words.count);
	keyspace_events(&keyspace, news);
}

static void
commit_does_what_its_contract_says(void **state)
{
	(void)state;
	for (unsigned i = 0; i < step_count; i++) {
		size_t situations = 1 + draw(4);
		redisReply *reply;

		if (i % ROUND == 0)
			begin();
		if (draw(2))
			draw_member();
		add_head(server_now_ms(), situations);
		for (size_t j = 0; j < situations; j++)
			draw_situation();
		reply = server_run(commit_sha, &words);
		compare_words(reply, situations);
		freeReplyObject(reply);
		if (i % 25 == 24)
			compare_all();
	}
	for (size_t i = 0; i < COUNT_OF(word_counts); i++)
		assert_true(word_counts[i] > step_count / 50);
}

/* ---- keys of the wrong type */

struct situation_parts {
	const char *op, *record, *expect, *index, *unique, *owner;
	const char *guard[4];           /* kind "": none */
	const char *counter, *listed, *rejected, *story;
};

/* One that writes wherever a commit can write; what is NULL it leaves out. */
static void
add_situation(const struct situation_parts *parts)
{
	size_t head;

	words_add(&words, parts->op);
	head = words_add_counts(&words, COMMIT_PARTS);
	words_set_count(&words, head, PART_GUARDS, parts->guard[0] != NULL);
	words_set_count(&words, head, PART_RECORDS, 1);
	words_set_count(&words, head, PART_REJECTED, parts->rejected != NULL);
	words_set_count(&words, head, PART_COUNTERS,
	    parts->counter != NULL ? 2 : 0);
	words_set_count(&words, head, PART_LISTED, parts->listed != NULL);
	words_set_count(&words, head, PART_LINES, parts->story != NULL);
	for (size_t i = 0; parts->guard[0] != NULL && i < 4; i++)
		words_add(&words, parts->guard[i]);
	words_add(&words, parts->record);
	words_add(&words, parts->expect);
	head = words_add_counts(&words, COMMIT_RECORD_PARTS);
	words_set_count(&words, head, PART_FIELDS, 1);
	words_set_count(&words, head, PART_INDEXES, parts->index != NULL);
	words_set_count(&words, head, PART_UNIQUES, parts->unique != NULL);
	words_add(&words, "state");
	words_add(&words, "1");
	if (parts->index != NULL) {
		words_add(&words, parts->index);
		words_add(&words, "5");
	}
	if (parts->unique != NULL) {
		words_add(&words, parts->unique);
		words_add(&words, parts->owner);
		words_add(&words, "0");
	}
	if (parts->rejected != NULL) {
		words_add(&words, "reason");
		words_add(&words, parts->rejected);
	}
	for (int i = 0; parts->counter != NULL && i < 2; i++) {
		words_add(&words, i == 0 ? "2026-01-02 asked" : parts->counter);
		words_add(&words, "1");
	}
	if (parts->listed != NULL) {
		words_add(&words, "suppressed");
		words_add(&words, parts->listed);
		words_add(&words, "x");
	}
	if (parts->story != NULL) {
		words_add(&words, parts->story);
		words_add(&words, "a line");
	}
}

static const struct situation_parts whole = { .op = "op1",
	.record = "request:r1", .expect = "0", .index = "due",
	.unique = "phone:1", .owner = "r1", .counter = "2026-01-02 kept",
	.rejected = "not_json", .story = "r1" };

static void
assert_reply(const char *wanted, const char *command)
{
	redisReply *reply = server_ask(command);
	char number[24];

	snprintf(number, sizeof(number), "%lld", reply->integer);
	assert_string_equal(reply->type == REDIS_REPLY_INTEGER ? number :
	    reply->str != NULL ? reply->str : "nil", wanted);
	freeReplyObject(reply);
}

/* Each of what `whole` writes, once and no more. */
static void
assert_whole_once(void)
{
	assert_reply("1", "HGET " SITE "request:r1 v");
	assert_reply("5", "ZSCORE " SITE "due request:r1");
	assert_reply("r1", "GET " SITE "phone:1");
	assert_reply("1", "HGET " SITE "stats:2026-01-02 asked");
	assert_reply("1", "HGET " SITE "stats:2026-01-02 kept");
	assert_reply("1", "XLEN " SITE "rejected");
	assert_reply("1", "LLEN " SITE "story:r1");
	assert_reply("1", "XLEN " SITE "events");
}

/* Whatever stands where a commit writes: it is set aside, told of, and the whole is
 * written, nothing of it twice. */
static void
what_nobody_here_wrote_is_set_aside(void **state)
{
	static const struct { const char *key, *plant, *kept, *is; } wrong[] = {
		{ "due", "SET " SITE "due x", "GET " SITE "kept:due", "x" },
		{ "due", "RPUSH " SITE "due x y", "LLEN " SITE "kept:due", "2" },
		{ "phone:1", "SADD " SITE "phone:1 x",
		    "SCARD " SITE "kept:phone:1", "1" },
		{ "story:r1", "SET " SITE "story:r1 x",
		    "GET " SITE "kept:story:r1", "x" },
		{ "stats:2026-01-02", "SET " SITE "stats:2026-01-02 x",
		    "GET " SITE "kept:stats:2026-01-02", "x" },
		/* The second of two counters fails, the first was counted. */
		{ "stats:2026-01-02", "HSET " SITE "stats:2026-01-02 asked 0 kept x",
		    "HGET " SITE "kept:stats:2026-01-02 kept", "x" },
		{ "rejected", "HSET " SITE "rejected a b",
		    "HLEN " SITE "kept:rejected", "1" },
		{ "events", "SET " SITE "events x", "GET " SITE "kept:events", "x" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		redisReply *reply;

		begin();
		freeReplyObject(server_ask(wrong[i].plant));
		freeReplyObject(server_ask("SET " SITE "aside x"));
		add_head(server_now_ms(), 1);
		add_situation(&whole);
		reply = server_run(commit_sha, &words);
		assert_int_equal(reply->elements, 3);
		assert_string_equal(reply->element[1]->str, "ok");
		assert_string_equal(reply->element[2]->str, wrong[i].key);
		freeReplyObject(reply);
		if (strstr(wrong[i].plant, "asked 0") != NULL)
			freeReplyObject(server_ask("HSET " SITE
			    "stats:2026-01-02 asked 1"));
		assert_whole_once();
		assert_reply(wrong[i].is, wrong[i].kept);
		assert_reply("1", "ZCARD " SITE "aside");
	}
}

/* An index that only takes a member out of it, and a key that is let go. */
static void
what_is_let_go_is_set_aside_too(void **state)
{
	struct situation_parts parts = whole;
	redisReply *reply;

	(void)state;
	begin();
	freeReplyObject(server_ask("SADD " SITE "phone:1 x"));
	freeReplyObject(server_ask("SET " SITE "calls:p x"));
	parts.owner = "";
	parts.guard[0] = "room";
	parts.guard[1] = "calls:p";
	parts.guard[2] = "3";
	parts.guard[3] = "";
	add_head(server_now_ms(), 1);
	add_situation(&parts);
	reply = server_run(commit_sha, &words);
	assert_int_equal(reply->elements, 4);
	assert_string_equal(reply->element[1]->str, "ok");
	freeReplyObject(reply);
	assert_reply("1", "HGET " SITE "request:r1 v");
	assert_reply("1", "LLEN " SITE "story:r1");
	assert_reply("1", "SCARD " SITE "kept:phone:1");
	assert_reply("x", "GET " SITE "kept:calls:p");
}

/* Who wants no calls, what money was spent, what a website wrote: nothing is
 * guessed, nothing is written, and the others are not concerned. */
static void
what_must_not_be_guessed_refuses(void **state)
{
	static const struct {
		const char *plant, *guard[4], *listed;
	} wrong[] = {
		{ "SET " SITE "suppressed x", { NULL }, "calls:1" },
		{ "SET " SITE "suppressed x",
		    { "unlisted", "suppressed", "calls:1", "" }, NULL },
		{ "SET " SITE "blocked x", { "unlisted", "blocked", "1", "" },
		    NULL },
		{ "SET " SITE "spend:p:h1 12.5", { "spend", "spend:p:h1", "5",
		    "20" }, NULL },
		{ "SADD " SITE "spend:p:h1 1", { "spend", "spend:p:h1", "5",
		    "20" }, NULL },
		{ "SET " SITE "in x", { "take", "in", "m1", "" }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct situation_parts parts = whole, other = whole;
		redisReply *reply;

		begin();
		freeReplyObject(server_ask(wrong[i].plant));
		memcpy(parts.guard, wrong[i].guard, sizeof(parts.guard));
		parts.listed = wrong[i].listed;
		parts.record = "request:r2";
		parts.unique = "phone:2";
		parts.owner = parts.story = "r2";
		add_head(server_now_ms(), 2);
		add_situation(&parts);
		add_situation(&other);
		reply = server_run(commit_sha, &words);
		assert_int_equal(reply->elements, 3);
		assert_memory_equal(reply->element[1]->str, "error ", 6);
		assert_string_equal(reply->element[2]->str, "ok");
		freeReplyObject(reply);
		assert_whole_once();
		assert_reply("0", "EXISTS " SITE "request:r2");
		assert_reply("0", "EXISTS " SITE "phone:2");
		assert_reply("0", "EXISTS " SITE "story:r2");
		assert_reply("0", "EXISTS " SITE "aside");
	}
}

/* Who only reads a key has it set aside by a situation that does nothing else. */
static void
a_reader_may_ask_for_it(void **state)
{
	redisReply *reply;

	(void)state;
	begin();
	freeReplyObject(server_ask("SET " SITE "due x"));
	freeReplyObject(server_ask("ZADD " SITE "wait:cards 1 request:r1"));
	add_head(server_now_ms(), 2);
	for (int i = 0; i < 2; i++) {
		size_t head;

		words_add(&words, "op1");
		head = words_add_counts(&words, COMMIT_PARTS);
		words_set_count(&words, head, PART_GUARDS, 1);
		words_add(&words, "type");
		words_add(&words, i == 0 ? "due" : "wait:cards");
		words_add(&words, "zset");
		words_add(&words, "");
	}
	reply = server_run(commit_sha, &words);
	assert_int_equal(reply->elements, 4);
	assert_string_equal(reply->element[1]->str, "ok");
	assert_string_equal(reply->element[2]->str, "ok");
	assert_string_equal(reply->element[3]->str, "due");
	freeReplyObject(reply);
	assert_reply("0", "EXISTS " SITE "due");
	assert_reply("1", "ZCARD " SITE "wait:cards");
}

/* A customer whose request cannot go on may ask again. */
static void
a_buried_request_holds_no_number(void **state)
{
	struct situation_parts other = whole;
	redisReply *reply;

	(void)state;
	other.record = "request:r2";
	other.owner = other.story = "r2";
	begin();
	for (int i = 0; i < 3; i++) {
		if (i == 2)
			freeReplyObject(server_ask("ZADD " SITE
			    "buried 1 request:r1"));
		add_head(server_now_ms(), 1);
		add_situation(i == 0 ? &whole : &other);
		reply = server_run(commit_sha, &words);
		assert_string_equal(reply->element[1]->str,
		    i == 1 ? "held phone:1 r1" : "ok");
		freeReplyObject(reply);
	}
	assert_reply("r2", "GET " SITE "phone:1");
}

/* ---- a reply that was lost, and a server that lost its newest data */

static void
assert_says(const struct situation_parts *parts, const char *wanted)
{
	redisReply *reply;

	add_head(server_now_ms(), 1);
	add_situation(parts);
	reply = server_run(commit_sha, &words);
	assert_string_equal(reply->element[1]->str, wanted);
	freeReplyObject(reply);
}

/* Puts the record back to what it was at version 1. */
static void
lose_newest(void)
{
	freeReplyObject(server_ask("FLUSHALL"));
	assert_says(&whole, "ok");
}

/* "again" is said of what this very operation has made, and of nothing that took the
 * same version after it was lost. */
static void
again_is_said_of_the_same_operation_only(void **state)
{
	struct situation_parts mine = whole, other = whole, later = whole;

	(void)state;
	mine.op = "me.2";
	other.op = "other.7";
	mine.expect = other.expect = "1";
	later.op = "other.8";
	later.expect = "2";
	lose_newest();
	assert_says(&mine, "ok");
	assert_says(&mine, "again");
	assert_reply("2", "LLEN " SITE "story:r1");
	/* Lost, and nobody came meanwhile: it is done now. */
	lose_newest();
	assert_says(&mine, "ok");
	assert_reply("2", "HGET " SITE "request:r1 v");
	/* Lost, and the same version is somebody else's. */
	lose_newest();
	assert_says(&other, "ok");
	assert_says(&mine, "conflict request:r1");
	/* And a later one, as if it were built upon mine. */
	assert_says(&later, "ok");
	assert_says(&mine, "conflict request:r1");
	assert_reply("3", "HGET " SITE "request:r1 v");
	assert_reply("3", "LLEN " SITE "story:r1");
}

/* A record that is no hash is told as a conflict, before anything is written; whoever
 * buries it expects that, and keeps a copy. */
static void
what_is_no_hash_is_buried(void **state)
{
	static const char *const words_of[] = { "conflict request:r1", "ok",
		"conflict request:r2" };
	redisReply *reply;

	(void)state;
	begin();
	freeReplyObject(server_ask("RPUSH %srequest:r1 a b", SITE));
	freeReplyObject(server_ask("HSET %srequest:r2 v 1", SITE));
	add_head(server_now_ms(), 3);
	for (int i = 0; i < 3; i++) {
		size_t head;

		words_add(&words, "op1");
		head = words_add_counts(&words, COMMIT_PARTS);
		words_set_count(&words, head, PART_RECORDS, 1);
		words_set_count(&words, head, PART_LIVES, i == 1);
		words_add(&words, i < 2 ? "request:r1" : "request:r2");
		words_add(&words, i == 0 ? "1" : COMMIT_NO_HASH);
		head = words_add_counts(&words, COMMIT_RECORD_PARTS);
		words_set_count(&words, head, PART_INDEXES, 1);
		words_add(&words, "buried");
		words_add(&words, "5");
		if (i != 1)
			continue;
		words_add(&words, "kept:request:r1");
		words_add(&words, "0");
		words_add(&words, "request:r1");
	}
	reply = server_run(commit_sha, &words);
	assert_int_equal(reply->elements, 4);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(reply->element[i + 1]->str, words_of[i]);
	freeReplyObject(reply);
	reply = server_ask("LLEN %skept:request:r1", SITE);
	assert_int_equal(reply->integer, 2);
	freeReplyObject(reply);
	reply = server_ask("ZCARD %sburied", SITE);
	assert_int_equal(reply->integer, 1);
	freeReplyObject(reply);
}

/* ---- time */

static void
a_stopped_process_is_fenced(void **state)
{
	static const int64_t apart_ms[] = { 0, 1500, -1500, 2600, -2600,
		600000, -600000 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(apart_ms); i++) {
		int64_t now_ms;
		redisReply *reply;
		bool is_far = apart_ms[i] > SKEW_MAX_MS ||
		    apart_ms[i] < -SKEW_MAX_MS;

		begin();
		now_ms = server_now_ms();
		add_head(now_ms + apart_ms[i], 2);
		for (int j = 0; j < 2; j++) {
			size_t head;

			words_add(&words, "op1");
			head = words_add_counts(&words, COMMIT_PARTS);
			words_set_count(&words, head, PART_TEXTS, 1);
			words_add(&words, "answer:x");
			words_add(&words, "{}");
			words_add(&words, "0");
		}
		reply = server_run(commit_sha, &words);
		assert_int_equal(reply->elements, 3);
		for (int j = 1; j <= 2; j++)
			assert_string_equal(reply->element[j]->str,
			    is_far ? "skew" : "ok");
		assert_in_range(atoll(reply->element[0]->str), now_ms,
		    now_ms + 1000);
		freeReplyObject(reply);
		reply = server_ask("EXISTS %sanswer:x", SITE);
		assert_int_equal(reply->integer, !is_far);
		freeReplyObject(reply);
	}
}

/* ---- claim */

static void
draw_due(void)
{
	char member[16];
	int64_t score = 1000 + draw(40);

	snprintf(member, sizeof(member), "request:r%u", draw(30));
	freeReplyObject(server_ask("ZADD %sdue %lld %s", SITE,
	    (long long)score, member));
	keyspace_zadd(&keyspace, "due", member, score);
}

static void
compare_next(const redisReply *next)
{
	const struct entry *due = keyspace_find(&keyspace, "due");
	long long lowest = -1;

	for (size_t i = 0; due != NULL && i < due->count; i++) {
		long long score = atoll(due->items[i].value);

		if (lowest < 0 || score < lowest)
			lowest = score;
	}
	if (lowest < 0)
		assert_string_equal(next->str, "");
	else
		assert_int_equal(atoll(next->str), lowest);
}

static void
claim_hands_out_the_earliest_once(void **state)
{
	const char *ids[ITEMS_MAX];

	(void)state;
	begin();
	for (unsigned i = 0; i < 600; i++) {
		int64_t now_ms = 1000 + draw(60), lease_ms = now_ms + draw(30);
		size_t limit = draw(6), count;
		redisReply *reply;

		for (unsigned j = draw(4); j > 0; j--)
			draw_due();
		words_clear(&words);
		words_add_number(&words, now_ms);
		words_add_number(&words, (int64_t)limit);
		words_add_number(&words, lease_ms);
		count = keyspace_claim(&keyspace, now_ms, limit, lease_ms,
		    ids);
		reply = server_run(claim_sha, &words);
		if (reply->type == REDIS_REPLY_ERROR)
			fail_msg("%s", reply->str);
		assert_int_equal(reply->elements, count + 2);
		assert_true(atoll(reply->element[0]->str) > 1700000000000);
		compare_next(reply->element[1]);
		for (size_t j = 0; j < count; j++)
			assert_string_equal(reply->element[j + 2]->str,
			    ids[j]);
		freeReplyObject(reply);
		if (i % 20 == 19)
			compare_all();
	}
}

/* A claim moves what is there and makes nothing. */
static void
a_claim_of_nothing_is_empty(void **state)
{
	redisReply *reply;

	(void)state;
	begin();
	words_clear(&words);
	words_add(&words, "1");
	words_add(&words, "10");
	words_add(&words, "2");
	reply = server_run(claim_sha, &words);
	assert_int_equal(reply->elements, 2);
	assert_string_equal(reply->element[1]->str, "");
	freeReplyObject(reply);
	compare_all();
}

/* ---- running */

static int
set_up(void **state)
{
	(void)state;
	chance = seed;
	return 0;
}

static int
start(void **state)
{
	(void)state;
	if (server_start() == NULL)
		return -1;
	server_load(script_commit, commit_sha);
	server_load(script_claim, claim_sha);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	keyspace_fini(&keyspace);
	words_fini(&words);
	server_stop();
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(commit_does_what_its_contract_says,
		    set_up),
		cmocka_unit_test_setup(what_nobody_here_wrote_is_set_aside,
		    set_up),
		cmocka_unit_test_setup(what_is_let_go_is_set_aside_too, set_up),
		cmocka_unit_test_setup(what_must_not_be_guessed_refuses,
		    set_up),
		cmocka_unit_test_setup(a_reader_may_ask_for_it, set_up),
		cmocka_unit_test_setup(a_buried_request_holds_no_number,
		    set_up),
		cmocka_unit_test_setup(
		    again_is_said_of_the_same_operation_only, set_up),
		cmocka_unit_test_setup(what_is_no_hash_is_buried, set_up),
		cmocka_unit_test_setup(a_stopped_process_is_fenced, set_up),
		cmocka_unit_test_setup(claim_hands_out_the_earliest_once,
		    set_up),
		cmocka_unit_test_setup(a_claim_of_nothing_is_empty, set_up),
	};

	if (argc > 1)
		seed = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		step_count = (unsigned)strtoul(argv[2], NULL, 10);
	printf("# seed %u, %u steps\n", seed, step_count);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, stop);
}
