/* SPDX-License-Identifier: MIT */
/* api_full: gathers a request, what was said, its calls and its story. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"

enum { CALLS_SHOWN = 16 };

struct gathering {
	struct api *api;
	struct request request;
	bool is_found, is_unreadable, has_failed;
	json_t *said, *also_said, *story, *askers, *messages, *customer;
	json_t *calls[CALLS_SHOWN];     /* a ring: call n lies at n */
	size_t first_call;
	size_t outstanding;
	full_on_end *on_end;
	void *context;
};

static void
finish(struct gathering *g)
{
	json_t *full = NULL, *calls = json_array();

	for (size_t i = 0; i < CALLS_SHOWN; i++) {
		json_t *call = g->calls[(g->first_call + i) % CALLS_SHOWN];

		if (call != NULL)
			json_array_append_new(calls, call);
	}
	if (g->is_found && !g->has_failed) {
		full = api_brief(g->api, &g->request);
		json_object_set(full, "said", g->said);
		if (json_array_size(g->also_said) > 0)
			json_object_set(full, "also_said", g->also_said);
		json_object_set(full, "askers", g->askers);
		json_object_set(full, "calls", calls);
		json_object_set(full, "story", g->story);
		if (json_array_size(g->messages) > 0)
			json_object_set(full, "messages", g->messages);
		if (g->customer != NULL)
			json_object_set(full, "customer", g->customer);
	}
	json_decref(calls);
	json_decref(g->said);
	json_decref(g->also_said);
	json_decref(g->story);
	json_decref(g->messages);
	json_decref(g->askers);
	json_decref(g->customer);
	g->on_end(g->context, full, g->is_unreadable);
	free(g);
}

static void
one_less(struct gathering *g)
{
	if (--g->outstanding == 0)
		finish(g);
}

static void
on_call(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct gathering *g = context;
	struct call call;

	(void)end;
	if (store_read_record(reply, RECORD_CALL, &call)) {
		call.n = (int)tag;
		g->calls[tag % CALLS_SHOWN] = api_json_call(&call);
	}
	one_less(g);
}

static void
on_also_said(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct gathering *g = context;

	(void)tag;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_STRING) {
		json_t *said = json_loadb(reply->str, reply->len, 0, NULL);

		if (said != NULL)
			json_array_append_new(g->also_said, said);
	}
	one_less(g);
}

static void
on_customer(void *context, json_t *stolen_customer)
{
	struct gathering *g = context;

	g->customer = stolen_customer;
	one_less(g);
}

static void
ask_more(struct gathering *g)
{
	const struct request *request = &g->request;
	int first = request->call_count > CALLS_SHOWN ?
	    request->call_count - CALLS_SHOWN + 1 : 1;

	g->first_call = (size_t)first;
	g->outstanding++;
	api_gather_customer(g->api, request, on_customer, g);
	for (int n = first; n <= request->call_count; n++) {
		struct record_ref ref = record_ref_call(request->id, n);

		if (store_load(g->api->options.store, &ref, on_call, g,
		        (uint64_t)n))
			g->outstanding++;
	}
	for (int k = 2; k <= request->also_said + 1 && k <= ALSO_SAID_MAX + 1; k++) {
		char key[KEY_SIZE];

		snprintf(key, sizeof(key), "said:%s:%d", request->id, k);
		if (STORE_SEND(g->api->options.store, on_also_said, g, 0,
		        "GET", key))
			g->outstanding++;
	}
}

static void
on_record(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct gathering *g = context;
	char id[REQUEST_ID_SIZE];

	(void)tag;
	memcpy(id, g->request.id, sizeof(id));
	if (end != REDIS_REPLY) {
		g->has_failed = true;
	} else {
		g->is_found = store_read_record(reply, RECORD_REQUEST,
		    &g->request);
		g->is_unreadable = !g->is_found && reply->elements > 0;
	}
	memcpy(g->request.id, id, sizeof(id));
	if (g->is_found)
		ask_more(g);
	one_less(g);
}

static void
on_said(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct gathering *g = context;

	(void)tag;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_STRING) {
		json_t *said = json_loadb(reply->str, reply->len, 0, NULL);

		if (said != NULL) {
			json_decref(g->said);
			g->said = said;
		}
	}
	one_less(g);
}

static void
on_story(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct gathering *g = context;

	(void)tag;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_ARRAY) {
		for (size_t i = 0; i < reply->elements; i++) {
			json_t *line = reply->element[i]->str == NULL ? NULL :
			    api_json_line(reply->element[i]->str);

			if (line != NULL)
				json_array_append_new(g->story, line);
		}
	}
	one_less(g);
}

static void
on_askers(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct gathering *g = context;

	(void)tag;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_STRING) {
		char *rest = reply->str, *word;

		while ((word = strsep(&rest, " ")) != NULL)
			json_array_append_new(g->askers, json_string(word));
	}
	one_less(g);
}

static void
on_messages(void *context, json_t *stolen_list)
{
	struct gathering *g = context;

	g->messages = stolen_list;
	one_less(g);
}

void
api_gather(struct api *api, const char *id, full_on_end *on_end,
    void *context)
{
	struct gathering *g = calloc(1, sizeof(*g));
	struct store *store = api->options.store;
	struct record_ref ref = record_ref_request(id);
	char key[KEY_SIZE];

	CHECK(g != NULL);
	g->api = api;
	g->on_end = on_end;
	g->context = context;
	g->said = json_object();
	g->also_said = json_array();
	g->story = json_array();
	g->askers = json_array();
	memcpy(g->request.id, ref.id, sizeof(g->request.id));
	g->outstanding = 1;             /* until everything is asked */
	if (store_load(store, &ref, on_record, g, 0))
		g->outstanding++;
	else
		g->has_failed = true;
	snprintf(key, sizeof(key), "said:%s", id);
	g->outstanding += STORE_SEND(store, on_said, g, 0, "GET", key);
	snprintf(key, sizeof(key), "story:%s", id);
	g->outstanding += STORE_SEND(store, on_story, g, 0, "LRANGE", key,
	    "-500", "-1");
	snprintf(key, sizeof(key), "askers:%s", id);
	g->outstanding += STORE_SEND(store, on_askers, g, 0, "GET", key);
	g->outstanding++;
	api_gather_messages(api, id, on_messages, g);
	one_less(g);
}
