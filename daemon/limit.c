/* SPDX-License-Identifier: MIT */
/* limit: a counter that was given its end when it began. */
#include "daemon/limit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/log.h"

struct counting {
	struct store *store;
	struct limit limit;
	char key[KEY_SIZE], within[24];
	limit_on_end *on_end;
	void *context;
};

static void
ignore_reply(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	(void)context;
	(void)tag;
	(void)end;
	(void)reply;
}

static void
on_counted(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct counting *counting = context;
	bool is_within = end != REDIS_REPLY ||
	    reply->type != REDIS_REPLY_INTEGER ||
	    reply->integer <= counting->limit.max;

	(void)tag;
	/* The counter of before may have come to its end between the two commands:
	 * this one was not given any, and would refuse that name for ever. */
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_INTEGER &&
	    reply->integer == 1)
		(void)STORE_SEND(counting->store, ignore_reply, NULL, 0,
		    "PEXPIRE", counting->key, counting->within);
	if (!is_within && reply != NULL && reply->integer == counting->limit.max + 1)
		log_event(LOG_LEVEL_WARNING, "limit_reached",
		    "what=%s max=%" PRId64, counting->limit.what,
		    counting->limit.max);
	counting->on_end(counting->context, is_within);
	free(counting);
}

void
limit_take(struct store *store, const struct limit *limit, const char *name,
    limit_on_end *on_end, void *context)
{
	struct counting *counting = calloc(1, sizeof(*counting));

	CHECK(counting != NULL);
	*counting = (struct counting){ .store = store, .limit = *limit,
		.on_end = on_end, .context = context };
	snprintf(counting->key, sizeof(counting->key), "limit:%s:%s",
	    limit->what, name);
	snprintf(counting->within, sizeof(counting->within), "%" PRId64,
	    limit->within_ms);
	if (!STORE_SEND(store, ignore_reply, NULL, 0, "SET", counting->key,
	        "0", "NX", "PX", counting->within) ||
	    !STORE_SEND(store, on_counted, counting, 0, "INCR",
	        counting->key))
		on_counted(counting, 0, REDIS_UNSENT, NULL);
}
