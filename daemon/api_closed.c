/* SPDX-License-Identifier: MIT */
/*
 * api_closed: what somebody closed last, so that they can open again what they did not
 * mean to close; and where it went on, if it did.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"
#include "lib/message.h"

/* Whatever was closed before their working day is another matter. */
enum { SHOWN_MS = 12 * 3600 * 1000 };

struct closings {
	struct api *api;
	struct request list[CLOSED_MAX], next[CLOSED_MAX];
	bool is_barred[CLOSED_MAX];     /* they want no more calls */
	size_t outstanding;
	closed_on_end *on_end;
	void *context;
};

static json_t *
next_json(struct api *api, const struct request *next)
{
	const struct specialist_policy *who = policy_specialist(api->policy,
	    next->state == REQUEST_TAKEN ? next->wished : next->specialist);
	json_t *json = api_brief(api, next);

	if (who != NULL)
		api_json_text(json, "specialist_name", who->name);
	return json;
}

static json_t *
one_json(const struct closings *closings, size_t i)
{
	struct api *api = closings->api;
	const struct request *request = &closings->list[i];
	const struct disposition *said = policy_disposition(api->policy,
	    request->disposition);
	json_t *json = api_brief(api, request);

	if (said != NULL)
		api_json_text(json, "result", said->title);
	if (closings->is_barred[i])
		api_json_text(json, "barred", "suppressed");
	if (closings->next[i].record.version != 0)
		json_object_set_new(json, "went_on",
		    next_json(api, &closings->next[i]));
	return json;
}

static void
one_less(struct closings *closings)
{
	json_t *list;

	if (--closings->outstanding > 0)
		return;
	list = json_array();
	for (size_t i = 0; i < CLOSED_MAX; i++) {
		if (closings->list[i].record.version != 0)
			json_array_append_new(list, one_json(closings, i));
	}
	closings->on_end(closings->context, list);
	free(closings);
}

static void
on_barred(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct closings *closings = context;

	closings->is_barred[tag] = end == REDIS_REPLY &&
	    reply->type == REDIS_REPLY_INTEGER && reply->integer != 0;
	one_less(closings);
}

/* No version: it is not there any more. */
static void
read_request(const struct redisReply *reply, const char *id,
    struct request *ret_request)
{
	char kept[REQUEST_ID_SIZE];

	memcpy(kept, id, sizeof(kept));
	if (store_read_record(reply, RECORD_REQUEST, ret_request))
		memcpy(ret_request->id, kept, sizeof(kept));
	else
		memset(ret_request, 0, sizeof(*ret_request));
}

static void
on_next(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct closings *closings = context;

	(void)end;
	read_request(reply, closings->list[tag].next, &closings->next[tag]);
	one_less(closings);
}

static void
on_closed(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct closings *closings = context;
	struct request *request = &closings->list[tag];
	struct store *store = closings->api->options.store;
	char field[SUPPRESSED_FIELD_SIZE];

	(void)end;
	read_request(reply, request->id, request);
	if (request->state != REQUEST_CLOSED ||
	    request->closed_at_ms + SHOWN_MS <= store_now_ms(store)) {
		memset(request, 0, sizeof(*request));
	} else if (request->next[0] != '\0') {
		struct record_ref ref = record_ref_request(request->next);

		closings->outstanding += store_load(store, &ref, on_next,
		    closings, tag);
	} else {
		suppressed_calls_field(request->phone, field);
		closings->outstanding += STORE_SEND(store, on_barred, closings,
		    tag, "HEXISTS", SUPPRESSED_KEY, field);
	}
	one_less(closings);
}

void
api_gather_closed(struct api *api, const struct specialist *specialist,
    closed_on_end *on_end, void *context)
{
	struct closings *closings = calloc(1, sizeof(*closings));

	CHECK(closings != NULL);
	closings->api = api;
	closings->on_end = on_end;
	closings->context = context;
	closings->outstanding = 1;
	for (size_t i = 0; i < CLOSED_MAX; i++) {
		struct record_ref ref;

		if (specialist->closed[i][0] == '\0')
			continue;
		ref = record_ref_request(specialist->closed[i]);
		memcpy(closings->list[i].id, specialist->closed[i],
		    REQUEST_ID_SIZE);
		closings->outstanding += store_load(api->options.store, &ref,
		    on_closed, closings, i);
	}
	one_less(closings);
}
