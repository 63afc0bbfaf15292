/* SPDX-License-Identifier: MIT */
/* api_people: specialists, and what one of them sees on the desk. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"

enum { PEOPLE_MAX = 500, RESULTS_MAX = 50 };

/* ---- everybody */

struct person {
	struct specialist specialist;
	struct call call;
	char number[NUMBER_SIZE];
	bool has_call, is_there;
};

struct everybody {
	struct api *api;
	struct http_handle handle;
	struct person *list;
	size_t count, outstanding;
};

static void
finish(struct everybody *people)
{
	struct http_request *request = http_held(people->api->server,
	    people->handle);
	json_t *list = json_array();

	for (size_t i = 0; i < people->count; i++) {
		const struct person *one = &people->list[i];

		if (one->is_there)
			json_array_append_new(list, api_json_specialist(
			    people->api->policy, &one->specialist,
			    one->has_call ? &one->call : NULL, one->number,
			    store_now_ms(people->api->options.store)));
	}
	if (request != NULL)
		http_reply_json(request, 200, json_pack("{s:o}",
		    "specialists", list));
	else
		json_decref(list);
	free(people->list);
	free(people);
}

static void
one_less(struct everybody *people)
{
	if (--people->outstanding == 0)
		finish(people);
}

static void
on_call(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct everybody *people = context;

	(void)end;
	people->list[tag].has_call = store_read_record(reply, RECORD_CALL,
	    &people->list[tag].call);
	one_less(people);
}

static void
on_number(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct everybody *people = context;

	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_STRING)
		snprintf(people->list[tag].number, NUMBER_SIZE, "%s",
		    reply->str);
	one_less(people);
}

static void
on_person(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct everybody *people = context;
	struct person *one = &people->list[tag];
	struct store *store = people->api->options.store;
	char id[ID_SIZE], key[KEY_SIZE];

	(void)end;
	memcpy(id, one->specialist.id, sizeof(id));
	if (store_read_record(reply, RECORD_SPECIALIST, &one->specialist)) {
		memcpy(one->specialist.id, id, sizeof(id));
		one->is_there = true;
		if (one->specialist.request[0] != '\0') {
			struct record_ref ref = record_ref_request(
			    one->specialist.request);

			record_key(&ref, key);
			people->outstanding += STORE_SEND(store, on_number,
			    people, tag, "HGET", key, "number");
			ref = record_ref_call(one->specialist.request,
			    one->specialist.call);
			if (one->specialist.call != 0)
				people->outstanding += store_load(store, &ref,
				    on_call, people, tag);
		}
	}
	one_less(people);
}

void
api_get_specialists(struct http_request *request, void *context)
{
	struct api *api = context;
	struct everybody *people = calloc(1, sizeof(*people));

	CHECK(people != NULL);
	people->api = api;
	people->handle = http_hold(request);
	people->count = api->policy->specialist_count < PEOPLE_MAX ?
	    api->policy->specialist_count : PEOPLE_MAX;
	people->list = calloc(people->count + 1, sizeof(*people->list));
	CHECK(people->list != NULL);
	people->outstanding = 1;
	for (size_t i = 0; i < people->count; i++) {
		struct record_ref ref = record_ref_specialist(
		    api->policy->specialists[i].id);

		memcpy(people->list[i].specialist.id, ref.id, ID_SIZE);
		people->outstanding += store_load(api->options.store, &ref,
		    on_person, people, i);
	}
	one_less(people);
}

/* ---- the desk of one */

struct desk {
	struct api *api;
	struct http_handle handle;
	struct specialist specialist;
	struct call call;
	bool is_there, has_call;
	json_t *full, *results, *closed;
	char ids[RESULTS_MAX][REQUEST_ID_SIZE];  size_t id_count;
	int64_t silent_since_ms;        /* a queue of theirs; 0: none is */
	char first[REQUEST_ID_SIZE];    /* that waits there; "": none */
	size_t outstanding;
};

static json_t *
work_json(struct desk *desk)
{
	const struct policy *policy = desk->api->policy;
	json_t *full = desk->full;
	const char *queue_id = json_string_value(json_object_get(full,
	    "queue"));
	const struct queue_policy *queue = queue_id == NULL ? NULL :
	    policy_queue(policy, queue_id);
	bool is_by_hand = desk->has_call && call_is_by_hand(&desk->call);

	if (queue != NULL) {
		api_json_text(full, "title", queue->title);
		api_add_card(policy, desk->specialist.name, full);
		json_object_set_new(full, "pass_to",
		    api_json_pass_to(policy, queue->id));
	}
	json_object_set_new(full, "dispositions",
	    api_json_dispositions(policy, queue_id == NULL ? "" : queue_id));
	json_object_set_new(full, "by_hand", json_boolean(is_by_hand));
	if (is_by_hand)
		api_json_text(full, "tel", desk->call.customer);
	return full;
}

/* No provider works for a queue of theirs: since when, and what may be called by
 * hand first. null: some does. */
static json_t *
silent_json(struct desk *desk, int64_t waiting)
{
	json_t *json;

	if (desk->silent_since_ms == 0)
		return json_null();
	json = json_pack("{s:I}", "waiting", (json_int_t)waiting);
	api_json_moment(json, "since", desk->silent_since_ms);
	api_json_text(json, "first", desk->first);
	return json;
}

/* They ignored so many offers that they may not be there: paused for it, or the
 * last one at work, who is not. */
static bool
is_asked_back(const struct policy *policy, const struct specialist *s)
{
	return (s->status == STATUS_PAUSED &&
	    strcmp(s->reason, "ignored") == 0) ||
	    (policy->ignored_pause != 0 &&
	        s->ignored_count >= policy->ignored_pause);
}

static void
finish_desk(struct desk *desk)
{
	struct api *api = desk->api;
	struct http_request *request = http_held(api->server, desk->handle);
	const struct specialist_policy *who =
	    policy_specialist(api->policy, desk->specialist.id);
	int64_t waiting = 0;
	json_t *json;

	if (request == NULL || !desk->is_there) {
		json_decref(desk->full);
		json_decref(desk->results);
		json_decref(desk->closed);
		if (request != NULL && store_is_up(api->options.store))
			http_problem(request, 404, "not_found",
			    "no such specialist");
		else if (request != NULL)
			api_unavailable(request);
		free(desk);
		return;
	}
	for (size_t i = 0; i < SPECIALIST_QUEUES_MAX; i++) {
		if (desk->specialist.skills[i].queue[0] != '\0')
			waiting += (int64_t)matcher_waiting_count(
			    api->options.matcher,
			    desk->specialist.skills[i].queue);
	}
	json = json_pack("{s:I,s:I,s:s,s:s,s:s,s:o,s:I,s:b,s:b,s:o,s:o,s:o,s:o}",
	    "now",
	    (json_int_t)(store_now_ms(api->options.store) / 1000),
	    "now_ms", (json_int_t)store_now_ms(api->options.store),
	    "company", api->policy->company, "language",
	    api->policy->language, "sandbox", api->options.sandbox_url,
	    "specialist", api_json_specialist(api->policy,
	        &desk->specialist, desk->has_call ? &desk->call : NULL, "",
	        store_now_ms(api->options.store)),
	    "waiting", (json_int_t)waiting, "ask_back",
	    is_asked_back(api->policy, &desk->specialist),
	    "supervisor", who != NULL && who->is_supervisor,
	    "silent", silent_json(desk, waiting),
	    "request", desk->full == NULL ? json_null() : work_json(desk),
	    "results", desk->results, "closed", desk->closed);
	http_reply_json(request, 200, json);
	free(desk);
}

static void
desk_one_less(struct desk *desk)
{
	if (--desk->outstanding == 0)
		finish_desk(desk);
}

static void
on_desk_full(void *context, json_t *full, bool is_unreadable)
{
	struct desk *desk = context;

	(void)is_unreadable;
	desk->full = full;
	desk_one_less(desk);
}

static void
on_desk_closed(void *context, json_t *list)
{
	struct desk *desk = context;

	desk->closed = list;
	desk_one_less(desk);
}

static void
on_desk_call(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct desk *desk = context;

	(void)tag;
	(void)end;
	desk->has_call = store_read_record(reply, RECORD_CALL, &desk->call);
	desk_one_less(desk);
}

static void
on_first_waiting(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct desk *desk = context;
	struct record_ref ref;

	(void)tag;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_ARRAY &&
	    reply->elements > 0 && reply->element[0]->str != NULL &&
	    desk->first[0] == '\0' && record_ref_parse(reply->element[0]->str,
	        reply->element[0]->len, &ref))
		snprintf(desk->first, sizeof(desk->first), "%.*s",
		    REQUEST_ID_SIZE - 1, ref.id);
	desk_one_less(desk);
}

static void
look_for_silence(struct desk *desk)
{
	struct api *api = desk->api;

	for (size_t i = 0; i < SPECIALIST_QUEUES_MAX; i++) {
		const char *queue = desk->specialist.skills[i].queue;
		char index[ID_SIZE + 8];
		int64_t since_ms;

		if (queue[0] == '\0' || !health_is_silent(api->options.health,
		        queue, &since_ms))
			continue;
		desk->silent_since_ms = since_ms;
		snprintf(index, sizeof(index), "wait:%s", queue);
		desk->outstanding += STORE_SEND(api->options.store,
		    on_first_waiting, desk, 0, "ZRANGE", index, "0", "0");
	}
}

static void
on_desk_person(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct desk *desk = context;
	struct specialist *s = &desk->specialist;
	char id[ID_SIZE];

	(void)tag;
	(void)end;
	memcpy(id, s->id, sizeof(id));
	desk->is_there = store_read_record(reply, RECORD_SPECIALIST, s);
	memcpy(s->id, id, sizeof(id));
	if (desk->is_there) {
		look_for_silence(desk);
		desk->outstanding++;
		api_gather_closed(desk->api, s, on_desk_closed, desk);
	}
	if (desk->is_there && s->request[0] != '\0') {
		struct record_ref ref = record_ref_call(s->request, s->call);

		desk->outstanding++;
		api_gather(desk->api, s->request, on_desk_full, desk);
		if (s->call != 0)
			desk->outstanding += store_load(
			    desk->api->options.store, &ref, on_desk_call, desk,
			    0);
	}
	desk_one_less(desk);
}

/* What was taken is shown to whoever serves its queue: they may start it, too. */
static bool
is_shown(const struct desk *desk, const struct request *request)
{
	const char *me = desk->specialist.id;

	if (request->state == REQUEST_TAKEN)
		return strcmp(request->wished, me) == 0 || policy_level(
		    policy_specialist(desk->api->policy, me),
		    request->queue) > 0;
	return request->specialist[0] == '\0' ||
	    strcmp(request->specialist, me) == 0;
}

static void
on_result(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct desk *desk = context;
	struct request request;

	(void)end;
	if (store_read_record(reply, RECORD_REQUEST, &request)) {
		memcpy(request.id, desk->ids[tag], sizeof(request.id));
		if (is_shown(desk, &request)) {
			json_t *json = api_brief(desk->api, &request);

			json_object_set_new(json, "pass_to",
			    api_json_pass_to(desk->api->policy,
			        request.queue));
			json_object_set_new(json, "dispositions",
			    api_json_dispositions(desk->api->policy,
			        request.queue));
			json_array_append_new(desk->results, json);
		}
	}
	desk_one_less(desk);
}

static void
on_open(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct desk *desk = context;

	(void)tag;
	for (size_t i = 0; end == REDIS_REPLY &&
	    reply->type == REDIS_REPLY_ARRAY && i < reply->elements &&
	    desk->id_count < RESULTS_MAX; i++) {
		struct record_ref ref;

		if (reply->element[i]->str == NULL || !record_ref_parse(
		        reply->element[i]->str, reply->element[i]->len, &ref))
			continue;
		snprintf(desk->ids[desk->id_count], REQUEST_ID_SIZE, "%.*s",
		    REQUEST_ID_SIZE - 1, ref.id);
		desk->outstanding += store_load(desk->api->options.store, &ref,
		    on_result, desk, desk->id_count++);
	}
	desk_one_less(desk);
}

static void
note_presence(struct api *api, const char *id)
{
	struct engine_order order = { .event = { .kind = EVENT_PRESENT,
		.digit = -1 } };

	/* Only where absence is noticed: it is a commit each time. */
	if (api->policy->presence_ms == 0)
		return;
	order.event.to = record_ref_specialist(id);
	if (!engine_post(api->options.engine, &order))
		return;
}

void
api_get_desk(struct http_request *request, void *context)
{
	struct api *api = context;
	const char *as = http_query(request, "as");
	struct record_ref ref;
	struct desk *desk;

	if (as == NULL || policy_specialist(api->policy, as) == NULL) {
		http_problem(request, 404, "not_found",
		    "?as= must name a specialist");
		return;
	}
	note_presence(api, as);
	desk = calloc(1, sizeof(*desk));
	CHECK(desk != NULL);
	desk->api = api;
	desk->handle = http_hold(request);
	desk->results = json_array();
	ref = record_ref_specialist(as);
	memcpy(desk->specialist.id, ref.id, ID_SIZE);
	desk->outstanding = 1;
	desk->outstanding += store_load(api->options.store, &ref,
	    on_desk_person, desk, 0);
	desk->outstanding += STORE_SEND(api->options.store, on_open, desk, 0,
	    "ZRANGE", "taken", "0", "24");
	desk->outstanding += STORE_SEND(api->options.store, on_open, desk, 0,
	    "ZRANGE", "referred", "0", "49");
	desk_one_less(desk);
}
