/* SPDX-License-Identifier: MIT */
/* customer: the window of a number's cases, their records, and the request of each. */
#include "daemon/customer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/case.h"
#include "lib/standing.h"

struct reading {
	struct store *store;
	char phone[PHONE_SIZE];
	struct customer customer;
	bool is_there[CUSTOMER_LATEST];
	size_t outstanding;
	customer_on_read *on_read;
	void *context;
};

static void
one_less(struct reading *reading)
{
	struct customer *customer = &reading->customer;

	if (--reading->outstanding > 0)
		return;
	for (size_t i = 0; i < CUSTOMER_LATEST; i++) {
		if (reading->is_there[i])
			customer->latest[customer->count++] =
			    customer->latest[i];
	}
	reading->on_read(reading->context, customer);
	free(reading);
}

static void
load(struct reading *reading, const struct record_ref *ref,
    redis_on_reply *on_reply, uint64_t tag)
{
	if (store_load(reading->store, ref, on_reply, reading, tag))
		reading->outstanding++;
	else
		reading->customer.is_known = false;
}

static void
on_count(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct reading *reading = context;

	(void)tag;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_INTEGER)
		reading->customer.case_count = reply->integer;
	else
		reading->customer.is_known = false;
	one_less(reading);
}

static void
on_request(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct reading *reading = context;
	struct request *request = &reading->customer.latest[tag];
	char id[REQUEST_ID_SIZE];

	reading->customer.is_known &= end == REDIS_REPLY;
	memcpy(id, request->id, sizeof(id));
	reading->is_there[tag] = store_read_record(reply, RECORD_REQUEST,
	    request);
	memcpy(request->id, id, sizeof(id));
	one_less(reading);
}

static void
on_case(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct reading *reading = context;
	struct case_file file = { .number = "" };
	struct record_ref ref;

	reading->customer.is_known &= end == REDIS_REPLY;
	if (store_read_record(reply, RECORD_CASE, &file) &&
	    strcmp(file.phone, reading->phone) == 0) {
		ref = record_ref_request(file.request);
		memcpy(reading->customer.latest[tag].id, ref.id,
		    REQUEST_ID_SIZE);
		load(reading, &ref, on_request, tag);
	}
	one_less(reading);
}

static void
on_cases(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct reading *reading = context;
	bool is_list = end == REDIS_REPLY && reply->type == REDIS_REPLY_ARRAY;

	(void)tag;
	reading->customer.is_known &= is_list;
	for (size_t i = 0; is_list && i < reply->elements &&
	    i < CUSTOMER_LATEST; i++) {
		const struct redisReply *one = reply->element[i];
		struct record_ref ref;

		if (one->str != NULL &&
		    record_ref_parse(one->str, one->len, &ref) &&
		    ref.kind == RECORD_CASE)
			load(reading, &ref, on_case, i);
	}
	one_less(reading);
}

void
customer_read(struct store *store, const char *phone,
    customer_on_read *on_read, void *context)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	char key[KEY_SIZE], from[24], most[8];
	int sent;

	CHECK(reading != NULL);
	reading->store = store;
	reading->on_read = on_read;
	reading->context = context;
	reading->customer.is_known = true;
	snprintf(reading->phone, sizeof(reading->phone), "%s", phone);
	standing_cases_key(reading->phone, key);
	snprintf(from, sizeof(from), "%" PRId64,
	    store_now_ms(store) - CASES_WINDOW_MS);
	snprintf(most, sizeof(most), "%d", CUSTOMER_LATEST);
	reading->outstanding = 1;
	sent = STORE_SEND(store, on_count, reading, 0, "ZCOUNT", key, from,
	    "+inf");
	reading->outstanding += (size_t)sent;
	reading->customer.is_known &= sent != 0;
	sent = STORE_SEND(store, on_cases, reading, 0, "ZRANGE", key, "+inf",
	    from, "BYSCORE", "REV", "LIMIT", "0", most);
	reading->outstanding += (size_t)sent;
	reading->customer.is_known &= sent != 0;
	one_less(reading);
}
