/* SPDX-License-Identifier: MIT */
/*
 * api_case: a customer's matter as one story: every request of it, the first first, found
 * by what each was born from.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"

enum { CASE_MAX = 64 };                 /* requests that are shown, the latest */

struct whole {
	struct api *api;
	struct http_handle handle;
	json_t *requests;
};

static void
finish(struct whole *whole)
{
	struct http_request *request = http_held(whole->api->server,
	    whole->handle);
	size_t count = json_array_size(whole->requests);
	const json_t *last = json_array_get(whole->requests, count - 1);
	json_t *answer = json_pack("{s:s,s:s,s:O}", "number", api_body_text(last,
	    "number"), "phone", api_body_text(last, "phone"), "requests",
	    whole->requests);
	json_t *customer = json_object_get(last, "customer");

	if (customer != NULL)
		json_object_set(answer, "customer", customer);
	json_decref(whole->requests);
	if (request != NULL)
		http_reply_json(request, 200, answer);
	else
		json_decref(answer);
	free(whole);
}

/* One that is kept no longer ends the story where it begins to be known. */
static void
on_full(void *context, json_t *full, bool is_unreadable)
{
	struct whole *whole = context;
	size_t count = json_array_size(whole->requests);
	const char *from = api_body_text(full, "from");

	if (full != NULL) {
		api_add_card(whole->api->policy, NULL, full);
		json_array_insert_new(whole->requests, 0, full);
	}
	if (count == 0 && full == NULL) {
		struct http_request *request = http_held(whole->api->server,
		    whole->handle);

		if (request != NULL && is_unreadable)
			api_unreadable(request);
		else if (request != NULL)
			api_unavailable(request);
		json_decref(whole->requests);
		free(whole);
	} else if (full == NULL || from[0] == '\0' || count + 1 >= CASE_MAX ||
	    strlen(from) >= REQUEST_ID_SIZE) {
		finish(whole);
	} else {
		api_gather(whole->api, from, on_full, whole);
	}
}

static void
on_found(void *context, struct http_request *request, const char *id)
{
	struct whole *whole = context;

	if (id == NULL) {
		json_decref(whole->requests);
		free(whole);
		return;
	}
	whole->handle = http_hold(request);
	api_gather(whole->api, id, on_full, whole);
}

void
api_get_case(struct http_request *request, void *context)
{
	struct whole *whole = calloc(1, sizeof(*whole));

	CHECK(whole != NULL);
	whole->api = context;
	whole->requests = json_array();
	api_find(context, request, http_param(request, "key"), on_found,
	    whole);
}
