/* SPDX-License-Identifier: MIT */
/* intake_pull: a handful of members at a time, the next when they are done. */
#include "daemon/intake_pull.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "lib/fault.h"

enum {
	MEMBERS = 60,           /* of 1 MiB each: less than the link reads at once */
	POLL_MS = 10,           /* without notifications */
	NOTIFIED_POLL_MS = 500, /* with them: in case one was lost */
	AGAIN_MS = 200,         /* after a member that had to stay */
};

struct intake_pull {
	struct store *store;
	struct engine *engine;
	struct submitter *submitter;
	struct redis_link *listener;
	char channel[ID_SIZE + 32];
	bool is_stopped, is_reading, is_listening, is_notified;
	bool was_woken, must_wait;
	size_t in_hand;
	int64_t next_ms;
};

/* Does the server send notifications for sorted sets? It may refuse to say. */
static void
on_config(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct intake_pull *pull = context;
	const char *flags;

	(void)tag;
	pull->is_notified = false;
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements < 2 || reply->element[1]->str == NULL)
		return;
	flags = reply->element[1]->str;
	pull->is_notified = strchr(flags, 'K') != NULL &&
	    (strchr(flags, 'z') != NULL || strchr(flags, 'A') != NULL);
}

static void
on_listener_state(void *context, bool is_up, const char *why)
{
	struct intake_pull *pull = context;

	(void)why;
	pull->is_listening = is_up;
	pull->was_woken = true;
	pull->next_ms = 0;
}

static void
on_message(void *context, const char *channel, const char *payload)
{
	struct intake_pull *pull = context;

	(void)channel;
	if (strcmp(payload, "zadd") == 0 || strcmp(payload, "zincr") == 0) {
		pull->was_woken = true;
		pull->next_ms = 0;
	}
}

struct intake_pull *
intake_pull_new(struct event_base *base, const struct redis_address *address,
    struct store *store, struct engine *engine, struct submitter *submitter)
{
	struct intake_pull *pull = calloc(1, sizeof(*pull));
	struct redis_link_limits limits = redis_link_default_limits();

	CHECK(pull != NULL);
	pull->store = store;
	pull->engine = engine;
	pull->submitter = submitter;
	snprintf(pull->channel, sizeof(pull->channel), "__keyspace@%d__:%sin",
	    address->database, store_prefix(store));
	pull->listener = redis_link_new(base, address, "callbackd-inbox",
	    &limits, pull, on_listener_state);
	if (!redis_link_subscribe(pull->listener, pull->channel, on_message))
		log_event(LOG_LEVEL_WARNING, "inbox_polled",
		    "error=\"no subscription\"");
	return pull;
}

void
intake_pull_free(struct intake_pull *pull)
{
	if (pull == NULL)
		return;
	redis_link_free(pull->listener);
	free(pull);
}

void
intake_pull_stop(struct intake_pull *pull)
{
	pull->is_stopped = true;
}

static void
on_end(void *context, uint64_t tag, const struct submit_result *result)
{
	struct intake_pull *pull = context;

	(void)tag;
	pull->in_hand--;
	if (result->end == SUBMIT_LATER)
		pull->must_wait = true;
	if (pull->in_hand == 0)
		pull->next_ms = pull->must_wait ?
		    clock_monotonic_ms() + AGAIN_MS : 0;
}

static void
on_members(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct intake_pull *pull = context;

	(void)tag;
	pull->is_reading = false;
	if (end != REDIS_REPLY)
		return;
	if (reply->type != REDIS_REPLY_ARRAY) {
		log_event(LOG_LEVEL_ERR, "inbox_unreadable", "error=\"%s\"",
		    reply->type == REDIS_REPLY_ERROR ? reply->str :
		    "an unexpected reply");
		pull->next_ms = clock_monotonic_ms() + AGAIN_MS;
		return;
	}
	pull->must_wait = false;
	if (reply->elements == 0)
		return;
	CRASH_POINT("intake_read");
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		const struct redisReply *member = reply->element[i];
		struct submission submission = { .member = member->str,
			.length = member->len,
			.score = reply->element[i + 1]->str,
			.source = "redis", .is_from_inbox = true,
			.on_end = on_end, .context = pull };

		pull->in_hand++;
		submit(pull->submitter, &submission);
	}
}

static void
read_members(struct intake_pull *pull, size_t count)
{
	char last[16];

	snprintf(last, sizeof(last), "%zu", count - 1);
	pull->is_reading = STORE_SEND(pull->store, on_members, pull, 0,
	    "ZRANGE", "in", "0", last, "WITHSCORES");
}

static void
ask_config(struct intake_pull *pull)
{
	/* Not a key, but the second word all the same: asked raw. */
	if (!store_ask_config(pull->store, "notify-keyspace-events", on_config,
	        pull, 0))
		pull->is_notified = false;
}

void
intake_pull_run(struct intake_pull *pull)
{
	int64_t now_ms = clock_monotonic_ms();
	size_t free_slots = engine_free_slots(pull->engine);

	if (pull->is_stopped || pull->is_reading || pull->in_hand > 0 ||
	    now_ms < pull->next_ms || free_slots == 0 ||
	    !store_is_up(pull->store))
		return;
	if (pull->was_woken && pull->is_listening && !pull->is_notified)
		ask_config(pull);
	pull->was_woken = false;
	pull->next_ms = now_ms + (pull->is_listening && pull->is_notified ?
	    NOTIFIED_POLL_MS : POLL_MS);
	read_members(pull, free_slots < MEMBERS ? free_slots : MEMBERS);
}

int64_t
intake_pull_next_ms(const struct intake_pull *pull)
{
	return pull->next_ms;
}

bool
intake_pull_is_busy(const struct intake_pull *pull)
{
	return pull->in_hand > 0 || pull->is_reading;
}
