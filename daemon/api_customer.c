/* SPDX-License-Identifier: MIT */
/*
 * api_customer: what else a number has asked for lately: how many cases it opened, and
 * what became of them. Read from the window that each new case is written into
 * (standing_cases_key); a case number may have been given to somebody else since, which
 * the case's own record tells.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"
#include "lib/standing.h"

enum { OTHERS_MAX = 8, CASES_READ = OTHERS_MAX + 1 };

struct customer {
	struct api *api;
	char phone[PHONE_SIZE], number[NUMBER_SIZE];    /* the case that is looked at */
	json_int_t count;
	struct request others[CASES_READ];
	bool is_there[CASES_READ];
	size_t outstanding;
	customer_on_end *on_end;
	void *context;
};

static json_t *
other_json(struct api *api, const struct request *request)
{
	const struct queue_policy *queue = policy_queue(api->policy,
	    request->queue);
	json_t *json = api_brief(api, request);

	if (queue != NULL)
		api_json_text(json, "title", queue->title);
	return json;
}

static void
one_less(struct customer *customer)
{
	json_t *others, *answer;

	if (--customer->outstanding > 0)
		return;
	others = json_array();
	for (size_t i = 0; i < CASES_READ; i++) {
		if (customer->is_there[i])
			json_array_append_new(others, other_json(customer->api,
			    &customer->others[i]));
	}
	answer = json_pack("{s:I,s:i,s:o}", "cases", customer->count, "days",
	    (int)(CASES_WINDOW_MS / 86400000), "others", others);
	customer->on_end(customer->context, answer);
	free(customer);
}

static void
on_count(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct customer *customer = context;

	(void)tag;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_INTEGER)
		customer->count = reply->integer;
	one_less(customer);
}

static void
on_request(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct customer *customer = context;
	struct request *request = &customer->others[tag];
	char id[REQUEST_ID_SIZE];

	(void)end;
	memcpy(id, request->id, sizeof(id));
	customer->is_there[tag] = store_read_record(reply, RECORD_REQUEST,
	    request);
	memcpy(request->id, id, sizeof(id));
	one_less(customer);
}

static void
on_case(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct customer *customer = context;
	struct case_file file = { .number = "" };
	struct record_ref ref;

	(void)end;
	if (store_read_record(reply, RECORD_CASE, &file) &&
	    strcmp(file.phone, customer->phone) == 0) {
		ref = record_ref_request(file.request);
		memcpy(customer->others[tag].id, ref.id, REQUEST_ID_SIZE);
		customer->outstanding += store_load(
		    customer->api->options.store, &ref, on_request, customer,
		    tag);
	}
	one_less(customer);
}

static void
on_cases(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct customer *customer = context;
	struct record_ref ref;

	(void)tag;
	for (size_t i = 0; end == REDIS_REPLY &&
	    reply->type == REDIS_REPLY_ARRAY && i < reply->elements &&
	    i < CASES_READ; i++) {
		if (reply->element[i]->str == NULL ||
		    !record_ref_parse(reply->element[i]->str,
		        reply->element[i]->len, &ref) ||
		    ref.kind != RECORD_CASE ||
		    strcmp(ref.id, customer->number) == 0)
			continue;
		customer->outstanding += store_load(
		    customer->api->options.store, &ref, on_case, customer, i);
	}
	one_less(customer);
}

void
api_gather_customer(struct api *api, const struct request *request,
    customer_on_end *on_end, void *context)
{
	struct customer *customer = calloc(1, sizeof(*customer));
	struct store *store = api->options.store;
	char key[KEY_SIZE], from[24];

	CHECK(customer != NULL);
	customer->api = api;
	customer->on_end = on_end;
	customer->context = context;
	memcpy(customer->phone, request->phone, sizeof(customer->phone));
	memcpy(customer->number, request->number, sizeof(customer->number));
	standing_cases_key(request->phone, key);
	snprintf(from, sizeof(from), "%" PRId64,
	    store_now_ms(store) - CASES_WINDOW_MS);
	customer->outstanding = 1;
	customer->outstanding += STORE_SEND(store, on_count, customer, 0,
	    "ZCOUNT", key, from, "+inf");
	customer->outstanding += STORE_SEND(store, on_cases, customer, 0,
	    "ZRANGE", key, "+inf", from, "BYSCORE", "REV", "LIMIT", "0", "9");
	one_less(customer);
}
