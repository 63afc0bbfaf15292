/* SPDX-License-Identifier: MIT */
/* block: what is in the hash is read, and changed only if it is still that. */
#include "daemon/block.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "lib/text.h"

enum { LOOK_EVERY_MS = 2000 };

const char *const block_verb_names[BLOCK_VERB_COUNT] = {
	[BLOCK_PUT] = "block",
	[BLOCK_CONFIRM] = "confirm",
	[BLOCK_LIFT] = "unblock",
};

struct blocks {
	struct store *store;
	struct engine *engine;
	char cursor[24];
	int64_t look_at_ms;             /* monotonic */
	bool is_looking;
};

/* One act, while what it changes is read. */
struct acting {
	struct blocks *blocks;
	enum block_verb verb;
	char phone[PHONE_SIZE], why[BLOCKED_WHY_MAX + 1], who[ID_SIZE];
	int64_t for_ms;
	engine_on_result *on_result;  void *context;  uint64_t tag;
};

struct blocks *
blocks_new(struct store *store, struct engine *engine)
{
	struct blocks *blocks = calloc(1, sizeof(*blocks));

	CHECK(blocks != NULL);
	blocks->store = store;
	blocks->engine = engine;
	strcpy(blocks->cursor, "0");
	return blocks;
}

void
blocks_free(struct blocks *blocks)
{
	free(blocks);
}

/* Read like every other line: record, from, to, event, action, who, why. */
static void
say(struct engine_listing *listing, const char *phone, const char *from,
    const char *to, const char *action, const char *who, const char *why)
{
	char masked[24];

	snprintf(listing->line, sizeof(listing->line),
	    "blocked:%s %s %s listed %s %.31s %.96s",
	    log_phone(phone, masked, sizeof(masked)), from, to, action,
	    who[0] != '\0' ? who : "-", why);
}

static const char *
state_of(const char *entry, struct blocked *ret_blocked)
{
	*ret_blocked = (struct blocked){ .why = "" };
	if (entry == NULL)
		return "-";
	return blocked_read(entry, ret_blocked) && ret_blocked->is_proposed ?
	    "proposed" : "confirmed";
}

/* Only if the entry is still what was read; NULL: whatever is there. */
static void
fill(struct engine_listing *listing, const char *phone, const char *entry,
    const struct blocked *blocked)
{
	listing->list = BLOCKED_KEY;
	if (entry != NULL) {
		snprintf(listing->listed_still, sizeof(listing->listed_still),
		    "%s", phone);
		snprintf(listing->still, sizeof(listing->still), "%s", entry);
	}
	listing->listed_count = 1;
	snprintf(listing->listed[0].field, sizeof(listing->listed[0].field),
	    "%s", phone);
	if (blocked != NULL)
		blocked_entry(blocked, listing->listed[0].value);
}

/* What that act makes of the entry. False: there is nothing to do. */
static bool
make(const struct acting *acting, const char *entry,
    struct engine_listing *listing)
{
	int64_t now_ms = store_now_ms(acting->blocks->store);
	struct blocked before, after;
	const char *from = state_of(entry, &before);
	bool is_there = entry != NULL && !blocked_is_over(&before, now_ms);
	bool is_lifted = acting->verb == BLOCK_LIFT;

	/* What is longer than ours was written by a hand, and cannot be compared. */
	if (entry != NULL && strlen(entry) >= LISTED_SIZE)
		entry = NULL;
	if ((is_lifted && !is_there) || (acting->verb == BLOCK_CONFIRM &&
	    (!is_there || !before.is_proposed)))
		return false;
	after = before;
	if (acting->verb == BLOCK_PUT)
		after = (struct blocked){ .for_ms = acting->for_ms };
	if (acting->for_ms != 0)
		after.for_ms = acting->for_ms;
	after.is_proposed = false;
	after.since_ms = now_ms;
	after.until_ms = now_ms + after.for_ms;
	if (acting->why[0] != '\0')
		memcpy(after.why, acting->why, sizeof(after.why));
	memcpy(after.who, acting->who, sizeof(after.who));
	fill(listing, acting->phone, entry, is_lifted ? NULL : &after);
	say(listing, acting->phone, is_there ? from : "-",
	    is_lifted ? "-" : "confirmed", block_verb_names[acting->verb],
	    acting->who, is_lifted ? acting->why : after.why);
	return true;
}

static void
on_changed(void *context, uint64_t tag, const struct engine_result *result)
{
	struct acting *acting = context;

	(void)tag;
	acting->on_result(acting->context, acting->tag, result);
	free(acting);
}

static void
on_read(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct acting *acting = context;
	struct engine_listing listing = { .listed_count = 0 };
	struct engine_result away = { .end = ENGINE_UNAVAILABLE,
		.reason = "redis" };
	struct engine_result gone = { .end = ENGINE_GONE, .reason = "gone" };
	const char *entry;

	(void)tag;
	if (end != REDIS_REPLY || (reply->type != REDIS_REPLY_STRING &&
	        reply->type != REDIS_REPLY_NIL)) {
		on_changed(acting, 0, &away);
		return;
	}
	entry = reply->type == REDIS_REPLY_STRING ? reply->str : NULL;
	if (!make(acting, entry, &listing))
		on_changed(acting, 0, &gone);
	else if (!engine_list(acting->blocks->engine, &listing, on_changed,
	        acting, 0))
		on_changed(acting, 0, &away);
}

bool
block(struct blocks *blocks, const struct block_act *act,
    engine_on_result *on_result, void *context, uint64_t tag)
{
	struct acting *acting = calloc(1, sizeof(*acting));

	CHECK(acting != NULL);
	CHECK(act->verb != BLOCK_PUT || act->for_ms > 0);
	*acting = (struct acting){ .blocks = blocks, .verb = act->verb,
		.for_ms = act->for_ms, .on_result = on_result,
		.context = context, .tag = tag };
	memcpy(acting->phone, act->phone, sizeof(acting->phone));
	text_copy(acting->why, sizeof(acting->why), act->why);
	text_copy(acting->who, sizeof(acting->who), act->who);
	if (STORE_SEND(blocks->store, on_read, acting, 0, "HGET", BLOCKED_KEY,
	        acting->phone))
		return true;
	free(acting);
	return false;
}

/* ---- what is over */

static void
on_lapsed(void *context, uint64_t tag, const struct engine_result *result)
{
	(void)context;
	(void)tag;
	/* GONE: another node did it, or it was changed. Else it is met again. */
	if (result->end == ENGINE_UNAVAILABLE)
		log_event(LOG_LEVEL_DEBUG, "block_not_lapsed", "why=%s",
		    result->reason);
}

static void
lapse_if_over(struct blocks *blocks, const char *phone, const char *entry)
{
	struct engine_listing listing = { .listed_count = 0 };
	struct blocked blocked;

	if (strlen(phone) >= PHONE_SIZE || strlen(entry) >= LISTED_SIZE ||
	    !blocked_read(entry, &blocked) ||
	    !blocked_is_over(&blocked, store_now_ms(blocks->store)))
		return;
	fill(&listing, phone, entry, NULL);
	say(&listing, phone, blocked.is_proposed ? "proposed" : "confirmed", "-",
	    "lapse", "", blocked.why);
	if (!engine_list(blocks->engine, &listing, on_lapsed, NULL, 0))
		log_event(LOG_LEVEL_DEBUG, "block_not_lapsed", "why=%s",
		    "no room");
}

static void
on_part(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct blocks *blocks = context;
	const struct redisReply *fields;

	(void)tag;
	blocks->is_looking = false;
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements != 2 || reply->element[0]->str == NULL ||
	    reply->element[1]->type != REDIS_REPLY_ARRAY)
		return;
	snprintf(blocks->cursor, sizeof(blocks->cursor), "%s",
	    reply->element[0]->str);
	fields = reply->element[1];
	for (size_t i = 0; i + 1 < fields->elements; i += 2) {
		if (fields->element[i]->str != NULL &&
		    fields->element[i + 1]->str != NULL)
			lapse_if_over(blocks, fields->element[i]->str,
			    fields->element[i + 1]->str);
	}
}

void
blocks_tick(struct blocks *blocks)
{
	int64_t now_ms = clock_monotonic_ms();

	if (blocks->is_looking || now_ms < blocks->look_at_ms ||
	    !store_is_up(blocks->store))
		return;
	blocks->look_at_ms = now_ms + LOOK_EVERY_MS;
	blocks->is_looking = STORE_SEND(blocks->store, on_part, blocks, 0,
	    "HSCAN", BLOCKED_KEY, blocks->cursor, "COUNT", "100");
}
