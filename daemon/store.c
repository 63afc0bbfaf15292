/* SPDX-License-Identifier: MIT */
/* store: formats commands; the link does the rest. */
#include "daemon/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "lib/fault.h"
#include "lib/text.h"
#include "scripts.h"

enum {
	WORDS_MAX = 20,
	KEEP_EVENTS_MS = 48 * 3600 * 1000,
};

struct store {
	struct redis_link *link;
	struct clock_estimate clock;
	char prefix[ID_SIZE + 4];
	char why[128];
	bool is_timed;                  /* this connection's time was read */
	int64_t asked_at_ms;            /* for that */
	int claim, commit;
	void *context;
	void (*on_state)(void *context, bool is_up, const char *why);
	/* argument arrays of scripts, kept for reuse */
	const char **argv;
	size_t *lengths, room;
};

static void
on_time(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct store *store = context;
	int64_t ms;

	(void)tag;
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements != 2 || reply->element[0]->str == NULL ||
	    reply->element[1]->str == NULL)
		return;
	ms = strtoll(reply->element[0]->str, NULL, 10) * 1000 +
	    strtoll(reply->element[1]->str, NULL, 10) / 1000;
	clock_sample(&store->clock, ms, store->asked_at_ms);
	if (store->is_timed)
		return;
	store->is_timed = true;
	store->why[0] = '\0';
	store->on_state(store->context, true, NULL);
}

static void
on_link_state(void *context, bool is_up, const char *why)
{
	static const char *const time_command[] = { "TIME" };
	struct store *store = context;

	if (is_up) {
		store->asked_at_ms = clock_monotonic_ms();
		if (!redis_link_send(store->link, 1, time_command, NULL,
		        STORE_DEADLINE_MS, on_time, store, 0))
			log_event(LOG_LEVEL_WARNING, "redis_time",
			    "error=\"TIME could not be asked\"");
		return;
	}
	store->is_timed = false;
	snprintf(store->why, sizeof(store->why), "%s",
	    why != NULL ? why : "down");
	store->on_state(store->context, false, store->why);
}

struct store *
store_new(struct event_base *base, const struct redis_address *address,
    const char *site, void *context,
    void (*on_state)(void *context, bool is_up, const char *why))
{
	struct store *store = calloc(1, sizeof(*store));
	struct redis_link_limits limits = redis_link_default_limits();

	CHECK(store != NULL);
	snprintf(store->prefix, sizeof(store->prefix), "{%s}:", site);
	snprintf(store->why, sizeof(store->why), "connecting");
	store->context = context;
	store->on_state = on_state;
	store->link = redis_link_new(base, address, "callbackd", &limits,
	    store, on_link_state);
	store->claim = redis_link_add_script(store->link, "claim",
	    script_claim);
	store->commit = redis_link_add_script(store->link, "commit",
	    script_commit);
	return store;
}

void
store_free(struct store *store)
{
	if (store == NULL)
		return;
	redis_link_free(store->link);
	free(store->argv);
	free(store->lengths);
	free(store);
}

bool
store_is_up(const struct store *store)
{
	return store->is_timed && redis_link_is_up(store->link);
}

const char *
store_why_down(const struct store *store)
{
	return store->why;
}

size_t
store_pending(const struct store *store)
{
	return redis_link_pending(store->link);
}

bool
store_knows_time(const struct store *store)
{
	return store->clock.is_set;
}

int64_t
store_now_ms(struct store *store)
{
	return clock_now_ms(&store->clock);
}

const char *
store_prefix(const struct store *store)
{
	return store->prefix;
}

bool
store_send(struct store *store, redis_on_reply *on_reply, void *context,
    uint64_t tag, const char *const *argv)
{
	const char *words[WORDS_MAX];
	char key[KEY_SIZE + ID_SIZE + 8];
	size_t prefix = strlen(store->prefix), length;
	int count = 0;

	while (argv[count] != NULL) {
		CHECK(count < WORDS_MAX);
		words[count] = argv[count];
		count++;
	}
	CHECK(count >= 2);
	length = strlen(argv[1]);
	CHECK(prefix + length < sizeof(key));
	memcpy(key, store->prefix, prefix);
	memcpy(key + prefix, argv[1], length + 1);
	words[1] = key;
	return redis_link_send(store->link, count, words, NULL,
	    STORE_DEADLINE_MS, on_reply, context, tag);
}

bool
store_ask_config(struct store *store, const char *name,
    redis_on_reply *on_reply, void *context, uint64_t tag)
{
	const char *argv[] = { "CONFIG", "GET", name };

	return redis_link_send(store->link, 3, argv, NULL, STORE_DEADLINE_MS,
	    on_reply, context, tag);
}

bool
store_ask_info(struct store *store, redis_on_reply *on_reply, void *context,
    uint64_t tag)
{
	static const char *const argv[] = { "INFO" };

	return redis_link_send(store->link, 1, argv, NULL, STORE_DEADLINE_MS,
	    on_reply, context, tag);
}

bool
store_scan(struct store *store, const char *cursor, redis_on_reply *on_reply,
    void *context, uint64_t tag)
{
	char pattern[ID_SIZE + 32];
	const char *argv[] = { "SCAN", cursor, "MATCH", pattern, "COUNT",
		"256" };

	/* The three words, and nothing else that callbackd writes. */
	snprintf(pattern, sizeof(pattern), "%s[rcs][eap][qle][ulc]*:*",
	    store->prefix);
	return redis_link_send(store->link, (int)COUNT_OF(argv), argv, NULL,
	    STORE_DEADLINE_MS, on_reply, context, tag);
}

bool
store_load(struct store *store, const struct record_ref *ref,
    redis_on_reply *on_reply, void *context, uint64_t tag)
{
	char key[KEY_SIZE];

	record_key(ref, key);
	return STORE_SEND(store, on_reply, context, tag, "HGETALL", key);
}

int
store_pairs(const struct redisReply *reply, struct pair *ret_pairs, size_t max)
{
	size_t count = 0;

	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements % 2 != 0)
		return -1;
	/* More fields than this version has: a newer one wrote them. */
	for (size_t i = 0; i + 1 < reply->elements && count < max; i += 2) {
		const struct redisReply *name = reply->element[i];
		const struct redisReply *value = reply->element[i + 1];

		if (name->str == NULL || value->str == NULL)
			return -1;
		ret_pairs[count++] = (struct pair){ name->str, name->len,
			value->str, value->len };
	}
	return (int)count;
}

bool
store_is_of_another_type(const struct redisReply *reply)
{
	return reply->type == REDIS_REPLY_ERROR &&
	    strstr(reply->str, "WRONGTYPE") != NULL;
}

bool
store_read_record(const struct redisReply *reply, enum record_kind kind,
    void *ret_record)
{
	struct pair pairs[STORE_PAIRS_MAX];
	int count = store_pairs(reply, pairs, STORE_PAIRS_MAX);
	const char *why;

	return count > 0 && record_from_pairs(kind, pairs, (size_t)count,
	    ret_record, &why);
}

bool
store_claim(struct store *store, int64_t now_ms, size_t limit,
    int64_t lease_until_ms, redis_on_reply *on_reply, void *context,
    uint64_t tag)
{
	char now[TEXT_NUMBER_SIZE], count[TEXT_NUMBER_SIZE];
	char until[TEXT_NUMBER_SIZE];
	const char *argv[] = { "1", store->prefix, now, count, until };

	text_number(now_ms, now);
	text_number((int64_t)limit, count);
	text_number(lease_until_ms, until);
	return redis_link_eval(store->link, store->claim, 5, argv, NULL,
	    STORE_DEADLINE_MS, on_reply, context, tag);
}

static void
make_room(struct store *store, size_t count)
{
	if (count <= store->room)
		return;
	store->room = count * 2;
	store->argv = realloc(store->argv,
	    store->room * sizeof(*store->argv));
	store->lengths = realloc(store->lengths,
	    store->room * sizeof(*store->lengths));
	CHECK(store->argv != NULL && store->lengths != NULL);
}

bool
store_commit(struct store *store, int64_t now_ms, size_t situations,
    const struct words *words, redis_on_reply *on_reply, void *context,
    uint64_t tag)
{
	enum { HEAD = 6 };
	char head[4][TEXT_NUMBER_SIZE];
	const char *first[HEAD] = { "1", store->prefix, head[0], head[1],
		head[2], head[3] };

	text_number(now_ms, head[0]);
	text_number(PLANTED("skew_unchecked") ? INT32_MAX : STORE_SKEW_MAX_MS,
	    head[1]);
	text_number(PLANTED("events_trimmed") ? 1 : KEEP_EVENTS_MS, head[2]);
	text_number((int64_t)situations, head[3]);
	make_room(store, words->count + HEAD);
	for (size_t i = 0; i < HEAD; i++) {
		store->argv[i] = first[i];
		store->lengths[i] = strlen(first[i]);
	}
	for (size_t i = 0; i < words->count; i++)
		store->argv[HEAD + i] =
		    words_at(words, i, &store->lengths[HEAD + i]);
	return redis_link_eval(store->link, store->commit,
	    (int)(words->count + HEAD), store->argv, store->lengths,
	    STORE_DEADLINE_MS, on_reply, context, tag);
}

bool
store_read_time(struct store *store, const struct redisReply *reply,
    int64_t asked_at_ms)
{
	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements < 1 || reply->element[0]->str == NULL)
		return false;
	clock_sample(&store->clock, strtoll(reply->element[0]->str, NULL, 10),
	    asked_at_ms);
	return true;
}
