/* SPDX-License-Identifier: MIT */
/* api_listed: what the lists of numbers share: a page of the hash, and that one of its
 * entries was changed. */
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"

struct wish {
	struct api *api;
	struct http_handle handle;
	const char *name;               /* of the list in the answer */
	listed_page *page;
};

static struct wish *
wish_new(struct api *api, struct http_request *request)
{
	struct wish *wish = calloc(1, sizeof(*wish));

	CHECK(wish != NULL);
	wish->api = api;
	wish->handle = http_hold(request);
	return wish;
}

static void
on_scanned(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct wish *wish = context;
	struct http_request *request = http_held(wish->api->server,
	    wish->handle);

	(void)tag;
	if (request == NULL) {
		/* They are gone. */
	} else if (end != REDIS_REPLY || reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements != 2 ||
	    reply->element[1]->type != REDIS_REPLY_ARRAY) {
		api_unavailable(request);
	} else {
		const char *next = reply->element[0]->str;

		http_reply_json(request, 200, json_pack("{s:o, s:s}",
		    wish->name, wish->page(reply->element[1],
		    store_now_ms(wish->api->options.store)),
		    "next", next != NULL ? next : "0"));
	}
	free(wish);
}

void
api_listed_show(struct api *api, struct http_request *request, const char *hash,
    const char *name, listed_page *page)
{
	const char *cursor = http_query(request, "cursor");
	struct wish *wish;

	if (cursor == NULL || strspn(cursor, "0123456789") != strlen(cursor))
		cursor = "0";
	wish = wish_new(api, request);
	wish->name = name;
	wish->page = page;
	if (STORE_SEND(api->options.store, on_scanned, wish, 0, "HSCAN", hash,
	        cursor, "COUNT", "1000"))
		return;
	free(wish);
	api_unavailable(request);
}

void *
api_listed_change(struct api *api, struct http_request *request)
{
	return wish_new(api, request);
}

void
api_listed_on_changed(void *context, uint64_t tag,
    const struct engine_result *result)
{
	struct wish *wish = context;
	struct http_request *request = http_held(wish->api->server,
	    wish->handle);

	(void)tag;
	free(wish);
	if (request == NULL)
		return;
	if (result->end == ENGINE_DONE || result->end == ENGINE_GONE)
		http_reply_json(request, 200, json_pack("{s:b, s:b}", "ok", 1,
		    "changed", result->end == ENGINE_DONE));
	else
		api_unavailable(request);
}

void
api_listed_not_changed(void *context, struct http_request *request)
{
	free(context);
	api_unavailable(request);
}
