/* SPDX-License-Identifier: MIT */
/* due_pull: one claim at a time. */
#include "daemon/due_pull.h"

#include <stdlib.h>

#include "daemon/log.h"
#include "lib/fault.h"

enum {
	CLAIM_MAX = 64,
	IDLE_MS = 1000,         /* other nodes' commits are not told to us */
};

struct due_pull {
	struct store *store;
	struct engine *engine;
	bool is_claiming, is_stopped;
	int64_t next_ms, asked_at_ms;
};

struct due_pull *
due_pull_new(struct store *store, struct engine *engine)
{
	struct due_pull *pull = calloc(1, sizeof(*pull));

	CHECK(pull != NULL);
	pull->store = store;
	pull->engine = engine;
	return pull;
}

void
due_pull_free(struct due_pull *pull)
{
	free(pull);
}

void
due_pull_stop(struct due_pull *pull)
{
	pull->is_stopped = true;
}

void
due_pull_expect(struct due_pull *pull, int64_t wake_at_ms)
{
	if (wake_at_ms != 0 && wake_at_ms < pull->next_ms)
		pull->next_ms = wake_at_ms;
}

static void
post_due(struct due_pull *pull, const struct redisReply *id)
{
	struct engine_order order = { .event = { .kind = EVENT_DUE,
		.digit = -1 } };

	if (id->str == NULL ||
	    !record_ref_parse(id->str, id->len, &order.event.to) ||
	    order.event.to.kind == RECORD_CASE) {
		log_event(LOG_LEVEL_ERR, "due_unreadable", "id=\"%s\"",
		    id->str != NULL ? id->str : "");
		return;
	}
	if (!engine_post(pull->engine, &order))
		log_event(LOG_LEVEL_DEBUG, "due_waits", "id=%s", id->str);
}

static void
on_claimed(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct due_pull *pull = context;
	int64_t now_ms, next_ms;

	(void)tag;
	pull->is_claiming = false;
	if (end != REDIS_REPLY || !store_read_time(pull->store, reply,
	        pull->asked_at_ms) || reply->elements < 2) {
		if (end == REDIS_REPLY && reply->type == REDIS_REPLY_ERROR)
			log_event(LOG_LEVEL_ERR, "claim_failed",
			    "error=\"%s\"", reply->str);
		if (end == REDIS_REPLY && store_is_of_another_type(reply))
			engine_set_aside(pull->engine, "due");
		return;
	}
	now_ms = store_now_ms(pull->store);
	next_ms = reply->element[1]->str != NULL &&
	    reply->element[1]->len > 0 ?
	    strtoll(reply->element[1]->str, NULL, 10) : INT64_MAX;
	if (next_ms > now_ms + IDLE_MS)
		next_ms = now_ms + IDLE_MS;
	/* A wake committed while the claim was on its way is kept. */
	if (pull->next_ms > next_ms || pull->next_ms <= now_ms)
		pull->next_ms = next_ms;
	if (reply->elements > 2)
		CRASH_POINT("claim_replied");
	for (size_t i = 2; i < reply->elements; i++)
		post_due(pull, reply->element[i]);
	if (reply->elements > 2)
		CRASH_POINT("claim_posted");
}

void
due_pull_run(struct due_pull *pull)
{
	size_t limit = engine_free_slots(pull->engine);
	int64_t now_ms, lease_ms;

	if (pull->is_claiming || pull->is_stopped || limit == 0 ||
	    !store_is_up(pull->store))
		return;
	now_ms = store_now_ms(pull->store);
	/* Further away it was before Redis's clock was set back. */
	if (pull->next_ms > now_ms && pull->next_ms <= now_ms + IDLE_MS)
		return;
	pull->next_ms = now_ms + IDLE_MS;
	pull->asked_at_ms = clock_monotonic_ms();
	lease_ms = PLANTED("lease_for_ever") ? INT32_MAX :
	    PLANTED("double_claim") ? 0 : DUE_LEASE_MS;
	CRASH_POINT("claim_before");
	pull->is_claiming = store_claim(pull->store, now_ms,
	    limit < CLAIM_MAX ? limit : CLAIM_MAX, now_ms + lease_ms,
	    on_claimed, pull, 0);
}

int64_t
due_pull_next_ms(const struct due_pull *pull)
{
	return pull->next_ms;
}
