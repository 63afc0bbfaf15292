/* SPDX-License-Identifier: MIT */
/* promise_scan: one range of `promises`. */
#include "daemon/promise_scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/log.h"
#include "lib/fault.h"

/* The request's own moment comes first; this looks a second behind it. */
enum { BEHIND_MS = 1000 };

struct promise_scan {
	struct store *store;
	struct engine *engine;
	bool is_asking;
};

struct promise_scan *
promise_scan_new(struct store *store, struct engine *engine)
{
	struct promise_scan *scan = calloc(1, sizeof(*scan));

	CHECK(scan != NULL);
	scan->store = store;
	scan->engine = engine;
	return scan;
}

void
promise_scan_free(struct promise_scan *scan)
{
	free(scan);
}

static void
on_range(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct promise_scan *scan = context;

	(void)tag;
	scan->is_asking = false;
	if (end == REDIS_REPLY && store_is_of_another_type(reply))
		engine_set_aside(scan->engine, "promises");
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_ARRAY)
		return;
	if (reply->elements > 0)
		CRASH_POINT("promise_found");
	for (size_t i = 0; i < reply->elements; i++) {
		const struct redisReply *id = reply->element[i];
		struct engine_order order = { .event = { .kind = EVENT_DUE,
			.digit = -1 } };

		if (id->str == NULL || !record_ref_parse(id->str, id->len,
		        &order.event.to) ||
		    order.event.to.kind != RECORD_REQUEST)
			continue;
		if (!engine_post(scan->engine, &order))
			return;         /* next second */
	}
}

void
promise_scan_tick(struct promise_scan *scan)
{
	char now[24];

	if (scan->is_asking || !store_is_up(scan->store) ||
	    PLANTED("promise_scan_off"))
		return;
	CRASH_POINT("promise_before_scan");
	snprintf(now, sizeof(now), "%" PRId64,
	    store_now_ms(scan->store) - BEHIND_MS);
	scan->is_asking = STORE_SEND(scan->store, on_range, scan, 0, "ZRANGE",
	    "promises", "-inf", now, "BYSCORE", "LIMIT", "0", "64");
}
