/* SPDX-License-Identifier: MIT */
/* suppress: one commit for the hash, then the requests of that number. */
#include "daemon/suppress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "lib/standing.h"

struct asked {
	struct engine *engine;
	struct store *store;
	const struct policy *policy;
	char phone[PHONE_SIZE];
	char who[ID_SIZE];
	bool ends_requests;
	engine_on_result *on_result;
	void *context;
	uint64_t tag;
};

struct owner {
	struct engine *engine;
	char who[ID_SIZE];
};

static void
on_owner(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct owner *owner = context;
	struct engine_order order = { .event = { .kind = EVENT_SUPPRESSED,
		.digit = -1 } };

	(void)tag;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_STRING &&
	    reply->len > 0 && reply->len < REQUEST_ID_SIZE) {
		order.event.to = record_ref_request(reply->str);
		memcpy(order.event.by, owner->who, sizeof(order.event.by));
		/* If it is not told: the commit of its call finds out. */
		if (!engine_post(owner->engine, &order))
			log_event(LOG_LEVEL_DEBUG, "suppressed_not_told",
			    "request=%s", reply->str);
	}
	free(owner);
}

static void
ask_owner(const struct asked *asked, const char *key)
{
	struct owner *owner = calloc(1, sizeof(*owner));

	CHECK(owner != NULL);
	owner->engine = asked->engine;
	memcpy(owner->who, asked->who, sizeof(owner->who));
	if (!STORE_SEND(asked->store, on_owner, owner, 0, "GET", key))
		free(owner);
}

/* Whatever that number waits for. */
static void
end_requests(const struct asked *asked)
{
	char key[KEY_SIZE];

	standing_number_key(asked->phone, key);
	ask_owner(asked, key);
	for (size_t i = 0; i < asked->policy->queue_count; i++) {
		standing_number_queue_key(asked->phone,
		    asked->policy->queues[i].id, key);
		ask_owner(asked, key);
	}
}

static void
on_listed(void *context, uint64_t tag, const struct engine_result *result)
{
	struct asked *asked = context;

	(void)tag;
	if (asked->ends_requests && (result->end == ENGINE_DONE ||
	        result->end == ENGINE_GONE))
		end_requests(asked);
	if (asked->on_result != NULL)
		asked->on_result(asked->context, asked->tag, result);
	free(asked);
}

static void
list(struct engine_listing *listing, const char *field,
    const struct suppression *suppression, int64_t now_ms)
{
	size_t at = listing->listed_count++;

	snprintf(listing->listed[at].field, SUPPRESSED_FIELD_SIZE, "%s", field);
	if (!suppression->is_lifted)
		suppressed_entry(suppression->why, suppression->who, now_ms,
		    listing->listed[at].value);
}

static void
fill(struct engine_listing *listing, const struct suppression *suppression,
    int64_t now_ms)
{
	char field[SUPPRESSED_FIELD_SIZE], masked[24], *first;

	if ((suppression->what & SUPPRESS_CALLS) != 0) {
		suppressed_calls_field(suppression->phone, field);
		list(listing, field, suppression, now_ms);
	}
	if ((suppression->what & SUPPRESS_MESSAGES) != 0) {
		suppressed_messages_field(suppression->phone, field);
		list(listing, field, suppression, now_ms);
	}
	/* One field says whether there is anything to do, unless both change. */
	first = suppression->is_lifted ? listing->listed_still :
	    listing->unlisted;
	if (listing->listed_count == 1)
		memcpy(first, listing->listed[0].field,
		    SUPPRESSED_FIELD_SIZE);
	/* Read like every other line: record, from, to, event, action, who. */
	snprintf(listing->line, sizeof(listing->line),
	    "suppressed:%s - %s %s %s %.31s %.96s",
	    log_phone(suppression->phone, masked, sizeof(masked)),
	    listing->listed_count == 2 ? "both" :
	    (suppression->what & SUPPRESS_CALLS) != 0 ? "calls" : "messages",
	    suppression->is_lifted ? "unlisted" : "listed",
	    suppression->is_lifted ? "unsuppress" : "suppress",
	    suppression->who[0] != '\0' ? suppression->who : "-",
	    suppression->why);
}

bool
suppress(struct engine *engine, struct store *store,
    const struct policy *policy, const struct suppression *suppression,
    engine_on_result *on_result, void *context, uint64_t tag)
{
	struct engine_listing listing = { .listed_count = 0 };
	struct asked *asked = calloc(1, sizeof(*asked));
	struct situation *fresh = NULL;
	struct engine_order order = { .event = { .kind = EVENT_ARRIVED,
		.digit = -1 }, .listing = &listing, .on_result = on_listed,
		.context = asked };
	bool is_posted;

	CHECK(asked != NULL);
	*asked = (struct asked){ .engine = engine, .store = store,
		.policy = policy, .on_result = on_result, .context = context,
		.tag = tag, .ends_requests = !suppression->is_lifted &&
		    (suppression->what & SUPPRESS_CALLS) != 0 };
	memcpy(asked->phone, suppression->phone, sizeof(asked->phone));
	snprintf(asked->who, sizeof(asked->who), "%s", suppression->who);
	fill(&listing, suppression, store_now_ms(store));
	if (suppression->answer != NULL) {
		fresh = calloc(1, sizeof(*fresh));
		CHECK(fresh != NULL);
		fresh->message = *suppression->answer;
		order.fresh = fresh;
		order.event.to = record_ref_message(fresh->message.id);
		is_posted = engine_post(engine, &order);
		free(fresh);
	} else {
		is_posted = engine_list(engine, &listing, on_listed, asked, 0);
	}
	if (!is_posted)
		free(asked);
	return is_posted;
}

void
suppress_lift_calls(struct engine *engine, struct store *store,
    const struct policy *policy, const char *phone, const char *why)
{
	struct suppression suppression = { .what = SUPPRESS_CALLS,
		.is_lifted = true, .why = why, .who = "customer" };

	snprintf(suppression.phone, sizeof(suppression.phone), "%s", phone);
	if (!suppress(engine, store, policy, &suppression, NULL, NULL, 0))
		log_event(LOG_LEVEL_WARNING, "suppression_not_lifted", "why=%s",
		    why);
}
