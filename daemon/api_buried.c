/* SPDX-License-Identifier: MIT */
/* api_buried: records that cannot go on, and the way back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"

enum { SHOWN_MAX = 100 };

struct graves {
	struct api *api;
	struct http_handle handle;
	json_t *items[SHOWN_MAX];       /* in their order; NULL: not come yet */
	size_t count, outstanding;
	bool has_failed;
};

static void
finish(struct graves *graves)
{
	struct http_request *request = http_held(graves->api->server,
	    graves->handle);
	json_t *list = json_array();

	for (size_t i = 0; i < graves->count; i++) {
		if (graves->items[i] != NULL)
			json_array_append_new(list, graves->items[i]);
	}
	if (request != NULL && !graves->has_failed) {
		http_reply_json(request, 200, json_pack("{s:O}", "buried",
		    list));
	} else if (request != NULL) {
		api_unavailable(request);
	}
	json_decref(list);
	free(graves);
}

static void
on_grave(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct graves *graves = context;

	if (end != REDIS_REPLY)
		graves->has_failed = true;
	else if (reply->type == REDIS_REPLY_STRING)
		graves->items[tag] = json_loadb(reply->str, reply->len, 0,
		    NULL);
	if (--graves->outstanding == 0)
		finish(graves);
}

static void
on_ids(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct graves *graves = context;

	(void)tag;
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_ARRAY) {
		graves->has_failed = true;
		finish(graves);
		return;
	}
	graves->outstanding = 1;
	for (size_t i = 0; i < reply->elements && graves->count < SHOWN_MAX;
	    i++) {
		struct record_ref ref;
		char id[KEY_SIZE], key[KEY_SIZE + 8];

		/* A key is made of it: nothing but a record's id. */
		if (reply->element[i]->str == NULL ||
		    !record_ref_parse(reply->element[i]->str,
		        reply->element[i]->len, &ref))
			continue;
		record_key(&ref, id);
		snprintf(key, sizeof(key), "buried:%s", id);
		if (STORE_SEND(graves->api->options.store, on_grave, graves,
		        graves->count, "GET", key)) {
			graves->count++;
			graves->outstanding++;
		} else {
			graves->has_failed = true;
		}
	}
	if (--graves->outstanding == 0)
		finish(graves);
}

static struct graves *
hold(struct api *api, struct http_request *request)
{
	struct graves *graves = calloc(1, sizeof(*graves));

	CHECK(graves != NULL);
	graves->api = api;
	graves->handle = http_hold(request);
	return graves;
}

void
api_get_buried(struct http_request *request, void *context)
{
	struct api *api = context;
	struct graves *graves = hold(api, request);

	/* The newest first. */
	if (!STORE_SEND(api->options.store, on_ids, graves, 0, "ZRANGE",
	        "buried", "0", "99", "REV")) {
		graves->has_failed = true;
		finish(graves);
	}
}

/* ---- the way back */

static void
on_unburied(void *context, uint64_t tag, const struct engine_result *result)
{
	struct graves *graves = context;
	struct http_request *request = http_held(graves->api->server,
	    graves->handle);

	(void)tag;
	free(graves);
	if (request == NULL)
		return;
	if (result->end == ENGINE_DONE || result->end == ENGINE_HELD)
		http_reply_json(request, 200, json_pack("{s:b}", "ok", 1));
	else if (result->end == ENGINE_ABSENT)
		http_problem(request, 404, "not_found",
		    "there is no such record any more");
	else if (strcmp(result->reason, "unreadable") == 0)
		http_problem(request, 409, "unreadable",
		    "it still cannot be read: mend it first");
	else
		api_unavailable(request);
}

static void
on_known(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct graves *graves = context;
	struct api *api = graves->api;
	struct http_request *request = http_held(api->server, graves->handle);
	struct record_ref ref;
	const char *id;

	(void)tag;
	if (request == NULL) {
		free(graves);
		return;
	}
	id = http_param(request, "id");
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_NIL) {
		free(graves);
		http_problem(request, 404, "not_found", "it is not buried");
	} else if (end != REDIS_REPLY ||
	    !record_ref_parse(id, strlen(id), &ref) ||
	    !audit_unbury(api->options.audit, &ref, on_unburied, graves, 0)) {
		free(graves);
		api_unavailable(request);
	}
}

void
api_post_unbury(struct http_request *request, void *context)
{
	struct api *api = context;
	const char *id = http_param(request, "id");
	struct record_ref ref;
	struct graves *graves;

	if (!record_ref_parse(id, strlen(id), &ref)) {
		http_problem(request, 404, "not_found",
		    "an id is wanted as buried has it: request:...");
		return;
	}
	graves = hold(api, request);
	if (!STORE_SEND(api->options.store, on_known, graves, 0, "ZSCORE",
	        "buried", id)) {
		free(graves);
		api_unavailable(request);
	}
}
