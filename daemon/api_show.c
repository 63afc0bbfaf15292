/* SPDX-License-Identifier: MIT */
/* api_show: everything that only looks. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "daemon/api_internal.h"
#include "lib/hours.h"
#include "lib/shift.h"

/* REPORT_MS: by then a missed promise has been told. */
enum { LIST_MAX = 200, LATE_SCORE_DIGITS = 15, REPORT_MS = 5000 };
#define LATE_LANE "100000000000000"

/* ---- small answers */

const char *
api_why(struct api *api, const struct request *request, int64_t now_ms)
{
	return delays_why(api->options.delays, request, now_ms);
}

json_t *
api_brief(struct api *api, const struct request *request)
{
	int64_t now_ms = store_now_ms(api->options.store);

	return api_json_request(request, now_ms,
	    api_why(api, request, now_ms));
}

void
api_get_health(struct http_request *request, void *context)
{
	struct api *api = context;

	if (!store_is_up(api->options.store) || !api->is_ready ||
	    api->is_stopping)
		api_unavailable(request);
	else
		http_reply_json(request, 200, json_pack("{s:b}", "ok", 1));
}

void
api_get_site(struct http_request *request, void *context)
{
	struct api *api = context;
	json_t *topics = json_array();

	for (size_t i = 0; i < api->policy->queue_count; i++) {
		const struct queue_policy *queue = &api->policy->queues[i];

		if (queue->is_public)
			json_array_append_new(topics, json_pack("{s:s,s:s}",
			    "id", queue->id, "title", queue->title));
	}
	http_reply_json(request, 200, json_pack("{s:s,s:s,s:o,s:s,s:b}",
	    "company", api->policy->company, "language",
	    api->policy->language, "topics", topics, "sandbox",
	    api->options.sandbox_url, "sms", api->policy->text.count > 0));
}

/* ---- one string of Redis */

struct one {
	struct api *api;
	struct http_handle handle;
};

static struct one *
hold(struct api *api, struct http_request *request)
{
	struct one *one = calloc(1, sizeof(*one));

	CHECK(one != NULL);
	one->api = api;
	one->handle = http_hold(request);
	return one;
}

static void
give_up(struct one *one)
{
	struct http_request *request = http_held(one->api->server,
	    one->handle);

	if (request != NULL)
		api_unavailable(request);
	free(one);
}

static void
on_answer(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct one *one = context;
	struct http_request *request = http_held(one->api->server,
	    one->handle);

	(void)tag;
	if (request == NULL || end != REDIS_REPLY) {
		give_up(one);
		return;
	}
	if (reply->type == REDIS_REPLY_STRING)
		http_reply(request, 200, "application/json", reply->str,
		    reply->len);
	else
		http_problem(request, 404, "not_found",
		    "nothing was asked with this id");
	free(one);
}

void
api_get_answer(struct http_request *request, void *context)
{
	struct api *api = context;
	const char *id = http_param(request, "id");
	struct one *one;
	char key[KEY_SIZE];

	if (strlen(id) >= SITE_ID_SIZE) {
		http_problem(request, 404, "not_found", NULL);
		return;
	}
	snprintf(key, sizeof(key), "answer:%s", id);
	one = hold(api, request);
	if (!STORE_SEND(api->options.store, on_answer, one, 0, "GET", key))
		give_up(one);
}

/* ---- refusals */

static void
on_rejected(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct one *one = context;
	struct http_request *request = http_held(one->api->server,
	    one->handle);
	json_t *list;

	(void)tag;
	if (request == NULL || end != REDIS_REPLY ||
	    reply->type != REDIS_REPLY_ARRAY) {
		give_up(one);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < reply->elements; i++) {
		const struct redisReply *entry = reply->element[i];
		const struct redisReply *fields;
		json_t *json;

		if (entry->elements != 2 || entry->element[1]->elements < 2)
			continue;
		fields = entry->element[1];
		json = json_object();
		for (size_t k = 0; k + 1 < fields->elements; k += 2) {
			const char *name = fields->element[k]->str;
			const char *value = fields->element[k + 1]->str;

			if (strcmp(name, "at") == 0)
				json_object_set_new(json, name, json_integer(
				    strtoll(value, NULL, 10)));
			else if (json_object_set_new(json, name,
			        json_string(value)) != 0)
				json_object_set_new(json, name,
				    json_string("(not UTF-8)"));
		}
		json_array_append_new(list, json);
	}
	http_reply_json(request, 200, json_pack("{s:o}", "rejected", list));
	free(one);
}

void
api_get_rejected(struct http_request *request, void *context)
{
	struct api *api = context;
	struct one *one = hold(api, request);

	if (!STORE_SEND(api->options.store, on_rejected, one, 0, "XREVRANGE",
	        "rejected", "+", "-", "COUNT", "100"))
		give_up(one);
}

/* ---- lists of requests */

struct list {
	struct api *api;
	struct http_handle handle;
	char id[ID_SIZE], title[NAME_SIZE];
	const char *only_reason;        /* NULL: all */
	json_t *items[LIST_MAX];
	char ids[LIST_MAX][REQUEST_ID_SIZE];
	size_t count, outstanding;
	int64_t total;
	bool has_failed;
};

static void
finish_list(struct list *list)
{
	struct http_request *request = http_held(list->api->server,
	    list->handle);
	json_t *json = json_object(), *items = json_array();

	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i] != NULL)
			json_array_append_new(items, list->items[i]);
	}
	api_json_text(json, "id", list->id);
	api_json_text(json, "title", list->title);
	json_object_set_new(json, "requests", items);
	json_object_set_new(json, "total", json_integer(list->total));
	if (request == NULL || list->has_failed) {
		json_decref(json);
		if (request != NULL)
			api_unavailable(request);
	} else {
		http_reply_json(request, 200, json);
	}
	free(list);
}

static void
one_less(struct list *list)
{
	if (--list->outstanding == 0)
		finish_list(list);
}

static void
on_listed(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct list *list = context;
	struct request request;

	(void)end;
	if (store_read_record(reply, RECORD_REQUEST, &request)) {
		memcpy(request.id, list->ids[tag], sizeof(request.id));
		if (list->only_reason == NULL ||
		    strcmp(request.reason, list->only_reason) == 0)
			list->items[tag] = api_brief(list->api, &request);
	}
	one_less(list);
}

static void
on_members(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct list *list = context;

	(void)tag;
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_ARRAY) {
		list->has_failed = true;
		one_less(list);
		return;
	}
	for (size_t i = 0; i < reply->elements && list->count < LIST_MAX;
	    i++) {
		struct record_ref ref;

		if (reply->element[i]->str == NULL ||
		    !record_ref_parse(reply->element[i]->str,
		        reply->element[i]->len, &ref) ||
		    ref.kind != RECORD_REQUEST)
			continue;
		memcpy(list->ids[list->count], ref.id, REQUEST_ID_SIZE);
		if (store_load(list->api->options.store, &ref, on_listed, list,
		        list->count)) {
			list->count++;
			list->outstanding++;
		}
	}
	one_less(list);
}

static void
on_total(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct list *list = context;

	(void)tag;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_INTEGER)
		list->total = reply->integer;
	one_less(list);
}

static void
list_index(struct api *api, struct http_request *request, const char *index,
    const struct queue_policy *queue, const char *only_reason)
{
	struct list *list = calloc(1, sizeof(*list));
	char last[16];

	CHECK(list != NULL);
	snprintf(last, sizeof(last), "%d", LIST_MAX - 1);
	list->api = api;
	list->only_reason = only_reason;
	list->handle = http_hold(request);
	if (queue != NULL) {
		memcpy(list->id, queue->id, sizeof(list->id));
		memcpy(list->title, queue->title, sizeof(list->title));
	}
	list->outstanding = 1;
	if (STORE_SEND(api->options.store, on_members, list, 0, "ZRANGE",
	        index, "0", last))
		list->outstanding++;
	else
		list->has_failed = true;
	if (STORE_SEND(api->options.store, on_total, list, 0, "ZCARD", index))
		list->outstanding++;
	one_less(list);
}

void
api_get_late(struct http_request *request, void *context)
{
	list_index(context, request, "late", NULL, NULL);
}

void
api_get_unknown(struct http_request *request, void *context)
{
	list_index(context, request, "referred", NULL, "maybe_called");
}

void
api_get_results(struct http_request *request, void *context)
{
	list_index(context, request, "referred", NULL, NULL);
}

void
api_get_queue(struct http_request *request, void *context)
{
	struct api *api = context;
	const struct queue_policy *queue = policy_queue(api->policy,
	    http_param(request, "queue"));
	char index[ID_SIZE + 8];

	if (queue == NULL) {
		http_problem(request, 404, "not_found", "no such queue");
		return;
	}
	snprintf(index, sizeof(index), "wait:%s", queue->id);
	list_index(api, request, index, queue, NULL);
}

/* ---- counts */

struct counts {
	struct api *api;
	struct http_handle handle;
	bool is_status, has_failed;
	size_t outstanding, queue_count;
	int64_t active, late, rejected, referred, unknown, buried;
	int64_t due_ms, promise_ms, unreported;  /* the oldest; 0: none */
	json_t *aside;                  /* names of keys */
	struct { int64_t waiting, late, ready; } *queues;
	struct specialist *specialists;  size_t specialist_count;
};

/* For staff: what a request that is asked now may expect, and what that rests on. */
static void
add_forecast(const struct api *api, const char *queue, json_t *json)
{
	struct forecast *forecast = api->options.forecast;
	int64_t now_ms = store_now_ms(api->options.store);
	struct expectation now = forecast_now(forecast, queue, now_ms);
	struct handling handling = forecast_handling(forecast, queue);

	json_object_set_new(json, "handling_s",
	    json_integer((json_int_t)(handling.mean_ms / 1000)));
	json_object_set_new(json, "handled", json_integer(handling.count));
	if (now.to_ms == 0)
		return;
	json_object_set_new(json, "expect", json_pack("[I,I]",
	    (json_int_t)((now_ms + now.from_ms) / 1000),
	    (json_int_t)((now_ms + now.to_ms) / 1000)));
	json_object_set_new(json, "on_time", json_real(now.on_time));
}

/* Nobody is at work there: who returns first, if anybody does. */
static void
add_return(const struct api *api, const char *queue, json_t *json)
{
	const struct policy *policy = api->policy;
	const struct specialist *first = NULL;
	int64_t now_ms = store_now_ms(api->options.store), first_ms = 0;

	for (size_t i = 0; i < policy->specialist_count; i++) {
		const struct specialist *one = people_at(api->options.people, i);
		int64_t at_ms;

		if (one == NULL || policy_level(&policy->specialists[i], queue) == 0)
			continue;
		if (one->state != SPECIALIST_AWAY)
			return;
		at_ms = specialist_returns_ms(policy, one, now_ms);
		if (at_ms == 0 || (first != NULL && at_ms >= first_ms))
			continue;
		first = one;
		first_ms = at_ms;
	}
	json_object_set_new(json, "attended", json_false());
	if (first == NULL)
		return;
	api_json_moment(json, "back_at", first_ms);
	api_json_text(json, "back", first->name);
	api_json_text(json, "back_from", first->status == STATUS_PAUSED &&
	    first->return_at_ms == first_ms ? first->reason : "");
}

static void
add_doors(const struct counts *counts, size_t at, json_t *json)
{
	const struct api *api = counts->api;
	const char *queue = api->policy->queues[at].id;
	const struct hours *hours = policy_hours(api->policy, queue);
	int64_t now_ms = store_now_ms(api->options.store);
	int64_t until_ms = hours_is_open(hours, now_ms) ? 0 :
	    hours_opens(hours, now_ms);
	struct slots_closed closed;

	json_object_set_new(json, "appointments",
	    json_integer((json_int_t)slots_taken_count(api->options.slots,
	        queue)));
	if (slots_is_closed(api->options.slots, queue, now_ms, &closed)) {
		until_ms = closed.until_ms;
		api_json_text(json, "closed_by", closed.who);
		api_json_text(json, "closed_why", closed.why);
	}
	api_json_moment(json, "closed_until", until_ms);
}

static json_t *
queues_json(const struct counts *counts)
{
	const struct policy *policy = counts->api->policy;
	struct health *health = counts->api->options.health;
	json_t *list = json_array(), *json;
	int64_t since_ms;

	for (size_t i = 0; i < counts->queue_count &&
	    i < policy->queue_count; i++) {
		const struct queue_policy *queue = &policy->queues[i];

		json = json_pack(
		    "{s:s,s:s,s:I,s:I,s:I,s:b,s:b}", "id", queue->id, "title",
		    queue->title, "waiting",
		    (json_int_t)counts->queues[i].waiting, "late",
		    (json_int_t)counts->queues[i].late, "ready",
		    (json_int_t)counts->queues[i].ready, "default",
		    queue->is_default, "public", queue->is_public);
		if (health_is_silent(health, queue->id, &since_ms))
			api_json_moment(json, "silent_since", since_ms);
		if (store_knows_time(counts->api->options.store)) {
			add_forecast(counts->api, queue->id, json);
			add_return(counts->api, queue->id, json);
			add_doors(counts, i, json);
		}
		json_array_append_new(list, json);
	}
	return list;
}

/* How long that moment has passed, in seconds; 0: it has not. */
static double
behind_s(const struct counts *counts, int64_t moment_ms)
{
	struct store *store = counts->api->options.store;

	if (moment_ms == 0 || !store_knows_time(store) ||
	    moment_ms >= store_now_ms(store))
		return 0;
	return (double)(store_now_ms(store) - moment_ms) / 1000;
}

static json_t *
audit_json(const struct audit_counts *counts)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I}",
	    "last_at", (json_int_t)(counts->last_at_ms / 1000),
	    "walked", (json_int_t)counts->walked,
	    "repaired", (json_int_t)counts->repaired,
	    "buried", (json_int_t)counts->buried,
	    "backpointers", (json_int_t)counts->backpointers);
}

static json_t *
status_json(const struct counts *counts)
{
	struct api *api = counts->api;
	const struct api_options *o = &api->options;
	int64_t by_state[SPECIALIST_STATE_COUNT] = { 0 };
	bool is_up = store_is_up(o->store);
	json_t *states = json_object();

	for (size_t i = 0; i < counts->specialist_count; i++)
		by_state[counts->specialists[i].state]++;
	for (int i = SPECIALIST_AWAY; i < SPECIALIST_STATE_COUNT; i++)
		json_object_set_new(states, specialist_state_names[i],
		    json_integer(by_state[i]));
	return json_pack("{s:s,s:s,s:s,s:I,s:s,s:{s:b,s:s},s:I,s:I,s:I,s:I,"
	    "s:I,s:I,s:I,s:I,s:O,s:o,s:o,s:o,s:{s:I},s:{s:f,s:f,s:I}}",
	    "version", PACKAGE_VERSION, "site", api->policy->site, "company",
	    api->policy->company, "now", (json_int_t)(store_knows_time(
	        o->store) ? store_now_ms(o->store) / 1000 : 0),
	    "state", api->is_stopping ? "stopping" : is_up ? "running" :
	        "no_redis",
	    "redis", "up", is_up, "why", is_up ? "" :
	        store_why_down(o->store),
	    "uptime_s", (json_int_t)((clock_monotonic_ms() -
	        api->started_at_ms) / 1000),
	    "in_hand", (json_int_t)engine_in_hand(o->engine),
	    "active", (json_int_t)counts->active,
	    "late", (json_int_t)counts->late,
	    "rejected", (json_int_t)counts->rejected,
	    "unknown", (json_int_t)counts->unknown,
	    "results", (json_int_t)counts->referred,
	    "buried", (json_int_t)counts->buried,
	    "aside", counts->aside,
	    "audit", audit_json(audit_counts(o->audit)),
	    "queues", queues_json(counts), "specialists", states, "carrier",
	    "in_flight", (json_int_t)calls_in_flight(o->calls),
	    "work", "oldest_due_s", behind_s(counts, counts->due_ms),
	    "oldest_promise_s", behind_s(counts, counts->promise_ms),
	    "unreported", (json_int_t)counts->unreported);
}

static void
finish_counts(struct counts *counts)
{
	struct http_request *request = http_held(counts->api->server,
	    counts->handle);

	if (request != NULL && counts->is_status)
		http_reply_json(request, 200, status_json(counts));
	else if (request != NULL && counts->has_failed)
		api_unavailable(request);
	else if (request != NULL)
		http_reply_json(request, 200, json_pack("{s:o}", "queues",
		    queues_json(counts)));
	json_decref(counts->aside);
	free(counts->queues);
	free(counts->specialists);
	free(counts);
}

static void
counted(struct counts *counts)
{
	if (--counts->outstanding == 0)
		finish_counts(counts);
}

/* The tag says where the number goes: which of these, or queue and column. */
enum { TAG_ACTIVE, TAG_LATE, TAG_REJECTED, TAG_REFERRED, TAG_UNREPORTED,
	TAG_BURIED, TAG_QUEUES };
enum { TAG_DUE, TAG_PROMISE };

static void
on_count(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct counts *counts = context;
	int64_t number = end == REDIS_REPLY &&
	    reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;

	if (end != REDIS_REPLY)
		counts->has_failed = true;
	if (tag == TAG_ACTIVE) {
		counts->active = number;
	} else if (tag == TAG_LATE) {
		counts->late = number;
	} else if (tag == TAG_REJECTED) {
		counts->rejected = number;
	} else if (tag == TAG_REFERRED) {
		counts->referred = number;
	} else if (tag == TAG_UNREPORTED) {
		counts->unreported = number;
	} else if (tag == TAG_BURIED) {
		counts->buried = number;
	} else {
		size_t queue = (size_t)(tag - TAG_QUEUES) / 3;

		if ((tag - TAG_QUEUES) % 3 == 0)
			counts->queues[queue].waiting = number;
		else if ((tag - TAG_QUEUES) % 3 == 1)
			counts->queues[queue].late = number;
		else
			counts->queues[queue].ready = number;
	}
	counted(counts);
}

/* The first of an index, with its score. */
static void
on_first(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct counts *counts = context;
	int64_t moment_ms = 0;

	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_ARRAY &&
	    reply->elements == 2 && reply->element[1]->str != NULL)
		moment_ms = strtoll(reply->element[1]->str, NULL, 10);
	*(tag == TAG_DUE ? &counts->due_ms : &counts->promise_ms) = moment_ms;
	counted(counts);
}

/* What is no UTF-8 was no key of ours. */
static void
on_aside(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct counts *counts = context;

	(void)tag;
	for (size_t i = 0; end == REDIS_REPLY &&
	    reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
		json_array_append_new(counts->aside, json_stringn(
		    reply->element[i]->str, reply->element[i]->len));
	counted(counts);
}

static void
on_someone(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct counts *counts = context;

	(void)end;
	if (!store_read_record(reply, RECORD_SPECIALIST, &counts->specialists[tag]))
		memset(&counts->specialists[tag], 0,
		    sizeof(counts->specialists[tag]));
	counted(counts);
}

static void
count_queue(struct counts *counts, size_t at)
{
	struct store *store = counts->api->options.store;
	const char *id = counts->api->policy->queues[at].id;
	uint64_t tag = TAG_QUEUES + at * 3;
	char wait[ID_SIZE + 8], ready[ID_SIZE + 8];

	snprintf(wait, sizeof(wait), "wait:%s", id);
	snprintf(ready, sizeof(ready), "ready:%s", id);
	counts->outstanding += STORE_SEND(store, on_count, counts, tag,
	    "ZCARD", wait);
	counts->outstanding += STORE_SEND(store, on_count, counts, tag + 1,
	    "ZCOUNT", wait, LATE_LANE, "+inf");
	counts->outstanding += STORE_SEND(store, on_count, counts, tag + 2,
	    "ZCARD", ready);
}

static struct counts *
begin_counts(struct api *api, struct http_request *request, bool is_status)
{
	struct counts *counts = calloc(1, sizeof(*counts));

	CHECK(counts != NULL);
	counts->api = api;
	counts->is_status = is_status;
	counts->handle = http_hold(request);
	counts->aside = json_array();
	counts->queue_count = api->policy->queue_count;
	counts->queues = calloc(counts->queue_count + 1,
	    sizeof(*counts->queues));
	CHECK(counts->queues != NULL);
	counts->outstanding = 1;
	for (size_t i = 0; i < counts->queue_count; i++)
		count_queue(counts, i);
	return counts;
}

void
api_get_queues(struct http_request *request, void *context)
{
	counted(begin_counts(context, request, false));
}

void
api_get_status(struct http_request *request, void *context)
{
	struct api *api = context;
	struct counts *counts = begin_counts(api, request, true);
	struct store *store = api->options.store;

	char reported[24];

	snprintf(reported, sizeof(reported), "(%" PRId64,
	    store_knows_time(store) ? store_now_ms(store) - REPORT_MS : 0);
	counts->outstanding += STORE_SEND(store, on_first, counts, TAG_DUE,
	    "ZRANGE", "due", "0", "0", "WITHSCORES");
	counts->outstanding += STORE_SEND(store, on_first, counts, TAG_PROMISE,
	    "ZRANGE", "promises", "0", "0", "WITHSCORES");
	counts->outstanding += STORE_SEND(store, on_count, counts,
	    TAG_UNREPORTED, "ZCOUNT", "promises", "-inf", reported);
	counts->outstanding += STORE_SEND(store, on_count, counts, TAG_ACTIVE,
	    "ZCARD", "active");
	counts->outstanding += STORE_SEND(store, on_count, counts, TAG_LATE,
	    "ZCARD", "late");
	counts->outstanding += STORE_SEND(store, on_count, counts,
	    TAG_REJECTED, "XLEN", "rejected");
	counts->outstanding += STORE_SEND(store, on_count, counts,
	    TAG_REFERRED, "ZCARD", "referred");
	counts->outstanding += STORE_SEND(store, on_count, counts, TAG_BURIED,
	    "ZCARD", "buried");
	counts->outstanding += STORE_SEND(store, on_aside, counts, 0,
	    "ZRANGE", "aside", "0", "9", "REV");
	counts->specialist_count = api->policy->specialist_count < LIST_MAX ?
	    api->policy->specialist_count : LIST_MAX;
	counts->specialists = calloc(counts->specialist_count + 1,
	    sizeof(*counts->specialists));
	CHECK(counts->specialists != NULL);
	for (size_t i = 0; i < counts->specialist_count; i++) {
		struct record_ref ref = record_ref_specialist(
		    api->policy->specialists[i].id);

		counts->outstanding += store_load(store, &ref, on_someone,
		    counts, i);
	}
	counted(counts);
}

/* ---- one request */

static void
on_full(void *context, json_t *full, bool is_unreadable)
{
	struct one *one = context;
	struct http_request *request = http_held(one->api->server,
	    one->handle);

	if (request == NULL)
		json_decref(full);
	else if (full == NULL && is_unreadable)
		api_unreadable(request);
	else if (full == NULL)
		api_unavailable(request);
	else {
		api_add_card(one->api->policy, NULL, full);
		http_reply_json(request, 200, full);
	}
	free(one);
}

static void
on_found(void *context, struct http_request *request, const char *id)
{
	struct one *one = context;

	if (id == NULL) {
		free(one);
		return;
	}
	one->handle = http_hold(request);
	api_gather(one->api, id, on_full, one);
}

void
api_get_request(struct http_request *request, void *context)
{
	struct one *one = calloc(1, sizeof(*one));

	CHECK(one != NULL);
	one->api = context;
	api_find(context, request, http_param(request, "key"), on_found, one);
}
