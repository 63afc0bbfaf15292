/* SPDX-License-Identifier: MIT */
/*
 * scripts: commit.lua and claim.lua on a real redis-server, against a model of
 * their contract and on random sequences; and steps of the real tables, written
 * by commit, read back and compared with what is in memory.
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

#include "lib/commit.h"
#include "lib/standing.h"
#include "scripts.h"
#include "tests/store/keyspace.h"
#include "tests/store/server.h"

#define MINUTE_MS INT64_C(60000)

enum { SKEW_MAX_MS = 2000, KEEP_EVENTS_MS = 3600000, ROUND = 250 };

static unsigned seed = 1;
static unsigned step_count = 3000;
static uint64_t chance;
static char commit_sha[41], claim_sha[41];
static struct keyspace keyspace;
static struct words words;
static char lines[ITEM_SIZE * 64];

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
		assert_string_equal(
		    reply->element[0]->element[1]->element[1]->str,
		    keyspace.last_events);
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

	words_add(&words, id);
	words_add_number(&words, draw(12) == 0 ? expect + 1 : expect);
	if (draw(5) == 0) {             /* checked only */
		words_add(&words, "0");
		words_add(&words, "0");
	} else {
		char op[16];

		count = draw(3);
		words_add_number(&words, 2 + count);
		words_add(&words, "v");
		words_add_number(&words, expect + 1);
		words_add(&words, "op");
		snprintf(op, sizeof(op), "op%u", draw(8));
		words_add(&words, op);
		for (unsigned i = 0; i < count; i++) {
			words_add(&words, fields[i]);
			words_add_number(&words, draw(4));
		}
		count = draw(2);
		words_add_number(&words, count);
		if (count > 0)
			words_add(&words, fields[draw(3)]);
	}
	count = draw(3);
	words_add_number(&words, count);
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
	words_add_number(&words, count);
	for (unsigned i = 0; i < count; i++) {
		words_add(&words, uniques[i]);
		words_add(&words, draw(3) == 0 ? "" : own);
		words_add(&words, draw(3) == 0 ? "60000" : "0");
	}
	words_add(&words, draw(10) == 0 ? "60000" : "0");
}

static void
draw_rest(void)
{
	unsigned count = draw(3);

	words_add_number(&words, count);
	for (unsigned i = 0; i < count; i++) {
		words_add(&words, i == 0 ? "said:r2" : "story:r1");
		words_add(&words, draw(2) ? "0" : "60000");
		words_add(&words, i == 0 ? "said:r1" : "");
	}
	count = draw(3);
	words_add_number(&words, count);
	for (unsigned i = 0; i < count; i++) {
		words_add(&words, i == 0 ? "said:r1" : "answer:site-0001");
		words_add(&words, draw(2) ? "{}" : "{\"state\":\"waiting\"}");
		words_add(&words, draw(2) ? "0" : "60000");
	}
	count = draw(6) == 0;
	words_add_number(&words, count);
	if (count > 0) {
		words_add(&words, "reason");
		words_add(&words, "not_json");
	}
	count = draw(3);
	words_add_number(&words, count);
	for (unsigned i = 0; i < count; i++) {
		words_add(&words, i == 0 ? "2026-01-02 asked" :
		    "2026-01-02 kept");
		words_add_number(&words, 1 + draw(3));
	}
	count = draw(4);
	words_add_number(&words, count);
	for (unsigned i = 0; i < count; i++) {
		words_add(&words, draw(4) == 0 ? "" : draw(2) ? "r1" : "r2");
		words_add(&words, draw(2) ? "a line" : "another line");
	}
}

static void
draw_situation(void)
{
	char op[16];
	unsigned count = draw(3);

	snprintf(op, sizeof(op), "op%u", draw(8));
	words_add(&words, op);
	words_add_number(&words, count);
	for (unsigned i = 0; i < count; i++) {
		bool is_take = draw(2);

		words_add(&words, is_take ? "take" : "absent");
		words_add(&words, is_take ? "in" : draw(2) ? "phone:1" :
		    "phone:2");
		words_add(&words, is_take ? (draw(2) ? "m1" : "m2") :
		    draw(2) ? "r1" : "r2");
	}
	count = draw(COUNT_OF(record_ids) + 1);
	words_add_number(&words, count);
	for (unsigned i = 0; i < count; i++)
		draw_record(record_ids[i]);
	draw_rest();
}

/* Members for the guard `take`, which nobody but a website adds. */
static void
draw_member(void)
{
	const char *member = draw(2) ? "m1" : "m2";

	freeReplyObject(server_ask("ZADD %sin 0 %s", SITE, member));
	keyspace_zadd(&keyspace, "in", member, 0);
}

static size_t word_counts[5];

static void
count_word(const char *word)
{
	static const char *const names[] = { "ok", "again", "conflict", "held",
		"gone" };

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
	lines[0] = '\0';
	for (size_t i = 0; i < situations; i++) {
		assert_true(arguments_read(&words, &at, &arguments));
		keyspace_commit(&keyspace, &arguments, lines, sizeof(lines),
		    word);
		assert_string_equal(reply->element[i + 1]->str, word);
		count_word(word);
	}
	assert_int_equal(at, words.count);
	keyspace_events(&keyspace, lines);
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
			words_add(&words, "op1");
			words_add(&words, "0");
			words_add(&words, "0");
			words_add(&words, "0");
			words_add(&words, "1");
			words_add(&words, "answer:x");
			words_add(&words, "{}");
			words_add(&words, "0");
			for (int k = 0; k < 3; k++)
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

/* ---- steps of the real tables */

static struct queue_policy queues[2];
static struct specialist_policy people[2];
static struct policy policy;
static struct situation before;
static struct outcome outcome;
static int64_t clock_ms;
static unsigned request_number, op_number;

static void
fill_policy(void)
{
	policy_defaults(&policy);
	for (int i = 0; i < 2; i++) {
		queue_policy_defaults(&queues[i]);
		specialist_policy_defaults(&people[i]);
		strcpy(queues[i].id, i == 0 ? "cards" : "loans");
		strcpy(people[i].id, i == 0 ? "anna" : "boris");
		strcpy(people[i].name, i == 0 ? "Анна" : "Boris B.");
		strcpy(people[i].addresses[0].to, "ext:101");
		people[i].address_count = 1;
		for (int j = 0; j < 2; j++) {
			strcpy(people[i].queues[j].id, queues[j].id[0] != '\0' ?
			    queues[j].id : "loans");
			people[i].queues[j].level = 5 - j;
		}
		people[i].queue_count = 2;
	}
	people[1].offer = OFFER_PHONE;
	people[1].confirm = CONFIRM_ANSWER;
	policy.queues = queues;
	policy.queue_count = 2;
	policy.specialists = people;
	policy.specialist_count = 2;
	policy.give_up_ms = 90 * MINUTE_MS;
	for (int i = 0; i < 4; i++) {
		static const char *const ids[] = { "done", "pass", "later",
			"machine" };

		strcpy(policy.dispositions[i].id, ids[i]);
		policy.dispositions[i].key = i + 1;
		policy.dispositions[i].then = (enum disposition_then[]){
			THEN_CLOSE, THEN_PASS, THEN_SCHEDULE, THEN_RETRY }[i];
	}
	policy.disposition_count = 4;
	strcpy(policy.providers[0].id, "line");
	policy.providers[0].authorises_on_answer = true;
	policy.providers[0].can_find = true;
	policy.provider_count = 1;
	strcpy(policy.voice[0], "line");
	policy.voice_count = 1;
}

/* A request of another customer, its specialists as they were. */
static void
new_request(void)
{
	struct request *r = &before.request;

	memset(r, 0, sizeof(*r));
	memset(&before.case_file, 0, sizeof(before.case_file));
	before.call_count = 0;
	request_number++;
	snprintf(r->id, sizeof(r->id), "r%u", request_number);
	snprintf(r->phone, sizeof(r->phone), "+7916%07u",
	    request_number % 10000000);
	snprintf(r->site_id, sizeof(r->site_id), "site-%04u", request_number);
	snprintf(r->number, sizeof(r->number), "%u",
	    1000 + request_number % 9000);
	strcpy(r->queue, "cards");
	strcpy(r->name, "Вера \"V\" %s");
	r->asked_at_ms = clock_ms;
	r->asker_count = 1;
	before.askers.count = 0;
}

/* The engine forgets what has nothing to do with a request any more. */
static void
trim(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < before.call_count; i++) {
		if (call_is_live(&before.calls[i]) ||
		    before.calls[i].n == before.request.call)
			before.calls[kept++] = before.calls[i];
	}
	before.call_count = kept;
}

static struct event
draw_request_event(void)
{
	static const enum event_kind kinds[] = { EVENT_DUE, EVENT_MATCHED,
		EVENT_MATCHED, EVENT_CANCELLED, EVENT_REPEATED,
		EVENT_RESCHEDULED, EVENT_DISPOSED, EVENT_DISPOSED,
		EVENT_REQUEUED, EVENT_ASSIGNED, EVENT_NUMBER_BUSY,
		EVENT_NOTED };
	struct event event = { .kind = kinds[draw(COUNT_OF(kinds))] };

	event.to = record_ref_request(before.request.id);
	if (event.kind == EVENT_CANCELLED && draw(4) != 0)
		event.kind = EVENT_DUE;
	strcpy(event.specialist, draw(2) ? "anna" : "boris");
	strcpy(event.disposition,
	    policy.dispositions[draw(4)].id);
	event.at_ms = clock_ms + (int64_t)draw(3) * MINUTE_MS;
	if (event.kind == EVENT_REPEATED || event.kind == EVENT_CANCELLED)
		snprintf(event.site_id, sizeof(event.site_id), "%s%s",
		    before.request.site_id, draw(2) ? "b" : "");
	snprintf(event.detail, sizeof(event.detail), "a note: ☎");
	return event;
}

static struct event
draw_specialist_event(void)
{
	static const enum event_kind kinds[] = { EVENT_DUE, EVENT_STATUS,
		EVENT_PRESENT, EVENT_ACCEPT, EVENT_ACCEPT, EVENT_DECLINE,
		EVENT_READY, EVENT_EXTEND, EVENT_ROSTER };
	struct event event = { .kind = kinds[draw(COUNT_OF(kinds))] };

	event.to = record_ref_specialist(draw(2) ? "anna" : "boris");
	event.status = draw(3) ? STATUS_AVAILABLE : STATUS_PAUSED;
	event.at_ms = clock_ms + MINUTE_MS;
	return event;
}

static struct event
draw_call_event(void)
{
	static const enum event_kind kinds[] = { EVENT_DUE, EVENT_CREATED,
		EVENT_REJECTED, EVENT_UNKNOWN, EVENT_FOUND, EVENT_ABSENT,
		EVENT_PROGRESS, EVENT_PROGRESS, EVENT_ASKED, EVENT_ASKED,
		EVENT_GONE };
	const struct call *call =
	    &before.calls[draw((unsigned)before.call_count)];
	struct event event = { .kind = kinds[draw(COUNT_OF(kinds))] };

	event.to = record_ref_call(call->request, call->n);
	snprintf(event.sid, sizeof(event.sid), "CA%s.%d%s", call->request,
	    call->n, draw(10) == 0 ? "b" : "");
	event.progress = (enum call_progress)draw(PROGRESS_COUNT);
	event.outcome = (enum call_outcome)draw(OUTCOME_COUNT);
	event.question = (enum question)draw(QUESTION_COUNT);
	event.digit = (int)draw(6) - 1;
	event.is_customer_over = event.question == QUESTION_DIAL_OVER ||
	    draw(8) == 0;
	event.talk_ms = draw(2) ? 90000 : 0;
	return event;
}

static struct event
draw_event(void)
{
	struct event event;

	if (before.request.state == REQUEST_NONE)
		event = (struct event){ .kind = EVENT_ARRIVED,
			.to = record_ref_request(before.request.id) };
	else if (before.call_count > 0 && draw(2))
		event = draw_call_event();
	else
		event = draw(2) ? draw_request_event() :
		    draw_specialist_event();
	if (event.kind != EVENT_ASKED)
		event.digit = -1;
	snprintf(event.fresh_id, sizeof(event.fresh_id), "r%u",
	    request_number + 1);
	return event;
}

/* ---- and what Redis has of them */

static void
compare_record(const struct record_ref *ref, const void *expected)
{
	static union {
		struct record head;
		struct request request;
		struct call call;
		struct specialist specialist;
	} read;
	static struct pair pairs[FIELDS_MAX * 2];
	const struct field_table *table = record_fields(ref->kind);
	const struct record *head = expected;
	char key[KEY_SIZE];
	const char *why = "";
	redisReply *reply;

	record_key(ref, key);
	reply = server_ask("HGETALL %s%s", SITE, key);
	for (size_t i = 0; i < reply->elements / 2; i++)
		pairs[i] = (struct pair){ reply->element[i * 2]->str,
			reply->element[i * 2]->len,
			reply->element[i * 2 + 1]->str,
			reply->element[i * 2 + 1]->len };
	if (!record_from_pairs(ref->kind, pairs, reply->elements / 2, &read,
	        &why))
		fail_msg("%s: %s cannot be read", key, why);
	if (read.head.version != head->version)
		fail_msg("%s: version %lld, not %lld", key,
		    (long long)read.head.version, (long long)head->version);
	assert_string_equal(read.head.op, head->op);
	for (size_t i = 0; i < table->count; i++) {
		if (!record_field_equal(&table->fields[i], &read, expected))
			fail_msg("%s: %s", key, table->fields[i].name);
	}
	freeReplyObject(reply);
}

static void
compare_standing(const char *key, const struct standing *standing)
{
	static const char *const indexes[] = { "active", "due", "promises",
		"referred", "late", "wait:cards", "wait:loans", "ready:cards",
		"ready:loans" };

	for (size_t i = 0; i < COUNT_OF(indexes); i++) {
		redisReply *reply = server_ask("ZSCORE %s%s %s", SITE,
		    indexes[i], key);
		const char *score = NULL;
		char text[32];

		for (size_t j = 0; j < standing->count; j++) {
			if (strcmp(standing->in[j].index, indexes[i]) != 0)
				continue;
			snprintf(text, sizeof(text), "%lld",
			    (long long)standing->in[j].score);
			score = text;
		}
		if ((score == NULL) != (reply->type == REDIS_REPLY_NIL) ||
		    (score != NULL && strcmp(score, reply->str) != 0))
			fail_msg("%s in %s: %s, not %s", key, indexes[i],
			    reply->str != NULL ? reply->str : "absent",
			    score != NULL ? score : "absent");
		freeReplyObject(reply);
	}
}

static void
compare_uniques(const struct request *r, const struct standing *standing)
{
	char keys[2][KEY_SIZE];

	standing_number_key(r->phone, keys[0]);
	standing_number_queue_key(r->phone, r->queue, keys[1]);
	for (size_t i = 0; i < 2; i++) {
		redisReply *reply = server_ask("GET %s%s", SITE, keys[i]);
		bool is_held = reply->str != NULL &&
		    strcmp(reply->str, r->id) == 0;
		bool should = false;

		for (size_t j = 0; j < standing->unique_count; j++)
			should |= strcmp(standing->unique[j], keys[i]) == 0;
		if (is_held != should)
			fail_msg("%s of %s", keys[i], r->id);
		freeReplyObject(reply);
	}
}

static void
compare_situation(const struct situation *s)
{
	struct standing standing;
	struct record_ref ref = record_ref_request(s->request.id);
	char key[KEY_SIZE];

	record_key(&ref, key);
	compare_record(&ref, &s->request);
	standing_of_request(&s->request, &standing);
	compare_standing(key, &standing);
	compare_uniques(&s->request, &standing);
	for (size_t i = 0; i < s->call_count; i++) {
		ref = record_ref_call(s->calls[i].request, s->calls[i].n);
		record_key(&ref, key);
		compare_record(&ref, &s->calls[i]);
		standing_of_call(&s->calls[i], &standing);
		compare_standing(key, &standing);
	}
	for (size_t i = 0; i < s->specialist_count; i++) {
		ref = record_ref_specialist(s->specialists[i].id);
		record_key(&ref, key);
		compare_record(&ref, &s->specialists[i]);
		standing_of_specialist(&s->specialists[i], &standing);
		compare_standing(key, &standing);
	}
}

/* Runs the commit of the outcome; the word it is answered with. */
static void
run_commit(const char *op, char word[ITEM_SIZE])
{
	struct commit_extras extras = { .op = op };
	redisReply *reply;

	add_head(server_now_ms(), 1);
	commit_between(&policy, &before, &outcome, clock_ms, &extras, &words);
	reply = server_run(commit_sha, &words);
	if (reply->type == REDIS_REPLY_ERROR)
		fail_msg("%s", reply->str);
	assert_int_equal(reply->elements, 2);
	snprintf(word, ITEM_SIZE, "%s", reply->element[1]->str);
	freeReplyObject(reply);
}

/* The same again, and somebody else's of the same versions. */
static void
run_again(const char *op)
{
	char word[ITEM_SIZE];

	run_commit(op, word);
	assert_string_equal(word, "again");
	run_commit("other.1", word);
	assert_memory_equal(word, "conflict ", 9);
}

static void
commit_step(void)
{
	struct situation after;
	char op[OP_SIZE], word[ITEM_SIZE];
	bool is_changed = !commit_is_empty(&before, &outcome);

	snprintf(op, sizeof(op), "n1.%u", ++op_number);
	after = outcome.after;
	commit_done(&before, &after, op);
	run_commit(op, word);
	assert_string_equal(word, "ok");
	compare_situation(&after);
	if (is_changed && after.request.record.version !=
	    before.request.record.version && draw(10) == 0) {
		run_again(op);
		compare_situation(&after);
	}
	if (outcome.birth.id[0] != '\0') {
		struct record_ref birth = record_ref_request(outcome.birth.id);

		outcome.birth.record.version = 1;
		strcpy(outcome.birth.record.op, op);
		compare_record(&birth, &outcome.birth);
		request_number++;
	}
	before = after;
	trim();
}

/* Before the next customer comes, nobody is held by this one. */
static bool
is_over(void)
{
	for (size_t i = 0; i < before.specialist_count; i++) {
		if (before.specialists[i].request[0] != '\0')
			return false;
	}
	return before.request.state == REQUEST_CLOSED &&
	    before.call_count <= 1 && !before.request.is_leg_open &&
	    (before.call_count == 0 || !call_is_live(&before.calls[0]));
}

static void
take_step(void)
{
	struct event event = draw_event();
	bool is_born = event.kind == EVENT_ARRIVED;

	clock_ms += (int64_t)draw(4) * draw(20000);
	if (!situation_step(&policy, &before, &event, clock_ms, &outcome))
		return;
	if (is_born) {
		memcpy(outcome.after.askers.ids[0],
		    outcome.after.request.site_id, SITE_ID_SIZE);
		outcome.after.askers.count = 1;
	}
	for (int i = 0; i < 4; i++) {
		struct event due = { .kind = EVENT_DUE, .digit = -1 };

		if (outcome.move_count > MOVE_MAX / 2 ||
		    outcome.effect_count > EFFECT_MAX / 2 ||
		    outcome.birth.id[0] != '\0' ||
		    !situation_due(&outcome.after, clock_ms, &due.to))
			break;
		snprintf(due.fresh_id, sizeof(due.fresh_id), "r%u",
		    request_number + 1);
		if (!situation_fold(&policy, &due, clock_ms, &outcome))
			break;
	}
	commit_step();
}

static void
begin_people(void)
{
	before.specialist_count = 2;
	for (int i = 0; i < 2; i++) {
		struct event event = { .kind = EVENT_ROSTER, .digit = -1 };

		strcpy(before.specialists[i].id, people[i].id);
		event.to = record_ref_specialist(people[i].id);
		assert_true(situation_step(&policy, &before, &event, clock_ms,
		    &outcome));
		before = outcome.after;
		before.specialists[i].record.version = 0;
	}
}

static void
what_is_committed_is_what_is_read(void **state)
{
	unsigned requests = 0;

	(void)state;
	begin();
	fill_policy();
	memset(&before, 0, sizeof(before));
	clock_ms = server_now_ms();
	begin_people();
	new_request();
	for (unsigned i = 0; i < step_count; i++) {
		take_step();
		if (!is_over())
			continue;
		new_request();
		requests++;
	}
	print_message("# %u requests closed\n", requests);
	assert_true(requests > step_count / 500);
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
		cmocka_unit_test_setup(a_stopped_process_is_fenced, set_up),
		cmocka_unit_test_setup(claim_hands_out_the_earliest_once,
		    set_up),
		cmocka_unit_test_setup(a_claim_of_nothing_is_empty, set_up),
		cmocka_unit_test_setup(what_is_committed_is_what_is_read,
		    set_up),
	};

	if (argc > 1)
		seed = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		step_count = (unsigned)strtoul(argv[2], NULL, 10);
	printf("# seed %u, %u steps\n", seed, step_count);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, stop);
}
