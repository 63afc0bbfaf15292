/* SPDX-License-Identifier: MIT */
/* api_act: everything that changes something: one event each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"
#include "lib/fault.h"
#include "lib/text.h"

/* ---- verbs upon a request */

struct act {
	struct api *api;
	struct http_handle handle;
	char verb[16];
	json_t *body;                   /* owned */
	char id[REQUEST_ID_SIZE];
	int call;                       /* the one under way */
	bool leaves;                    /* a specialist's status, and not to be available */
	json_t *left;                   /* how they are then; owned */
};

static void
act_free(struct act *act)
{
	json_decref(act->body);
	json_decref(act->left);
	free(act);
}

static const char *
text_of(const struct act *act, const char *name)
{
	return api_body_text(act->body, name);
}

static void
refuse(struct http_request *request, const char *code, const char *detail)
{
	http_problem(request, 400, code, detail);
}

static void
reply_result(struct api *api, struct http_request *request,
    const struct engine_result *result)
{
	switch (result->end) {
	case ENGINE_DONE:
		if (result->reason[0] != '\0') {
			http_problem(request, 409, result->reason, strcmp(
			    result->reason, "provider_down") == 0 ?
			    "no provider works; it can be called by hand" :
			    "the rules forbid it now");
			return;
		}
		if (result->after != NULL &&
		    result->after->request.id[0] != '\0')
			http_reply_json(request, 200, json_pack("{s:o}",
			    "request", api_brief(api,
			        &result->after->request)));
		else
			http_reply_json(request, 200, json_object());
		return;
	case ENGINE_NO_ROW:
		http_problem(request, 409, "no_row",
		    "that is not possible in the state it is in");
		return;
	case ENGINE_ABSENT:
		http_problem(request, 404, "not_found", NULL);
		return;
	case ENGINE_HELD:
	case ENGINE_GONE:
		http_problem(request, 409, "held", NULL);
		return;
	case ENGINE_UNAVAILABLE:
		break;
	}
	if (strcmp(result->reason, "unreadable") == 0 ||
	    strcmp(result->reason, "buried") == 0)
		api_unreadable(request);
	else
		api_unavailable(request);
}

/* A result that nobody may give in that queue, or that goes nowhere from there. */
static bool
refuse_result(struct act *act, struct http_request *request,
    const struct engine_result *result)
{
	const struct policy *policy = act->api->policy;
	const char *queue, *id = text_of(act, "disposition");
	const struct disposition *one;
	char said[400];
	size_t used;

	if (result->end != ENGINE_NO_ROW || result->after == NULL ||
	    (strcmp(act->verb, "close") != 0 && strcmp(act->verb, "pass") != 0))
		return false;
	queue = result->after->request.queue;
	one = policy_result(policy, queue, id);
	if (one != NULL && (one->then != THEN_PASS || strcmp(
	        text_of(act, "queue"), queue) != 0))
		return false;
	if (one != NULL) {
		refuse(request, "queue_same", "it is in that queue already");
		return true;
	}
	used = (size_t)snprintf(said, sizeof(said), "in queue \"%s\" %s", queue,
	    id[0] == '\0' ? "nothing passes on; there is" : "there is only");
	for (size_t i = 0; i < policy->disposition_count; i++) {
		if (used < sizeof(said) && policy_queue_has(policy, queue,
		        &policy->dispositions[i]))
			used += (size_t)snprintf(said + used,
			    sizeof(said) - used, " %s",
			    policy->dispositions[i].id);
	}
	refuse(request, "disposition_unknown", said);
	return true;
}

static void
on_acted(void *context, uint64_t tag, const struct engine_result *result)
{
	struct act *act = context;
	struct http_request *request = http_held(act->api->server,
	    act->handle);

	(void)tag;
	CRASH_POINT("act_before_answer");
	if (request != NULL && !refuse_result(act, request, result))
		reply_result(act->api, request, result);
	act_free(act);
}

/* Of an id that the policy has, which is never longer. */
static void
copy_id(char to[ID_SIZE], const char *from)
{
	CHECK(strlen(from) < ID_SIZE);
	memcpy(to, from, strlen(from) + 1);
}

/* A name that is too long is nobody's. */
static void
set_by(const struct act *act, const struct http_request *request,
    struct event *event)
{
	const char *as = text_of(act, "as");

	if (as[0] == '\0' || strlen(as) >= ID_SIZE)
		as = http_is_control(request) ? "callbackctl" : "http";
	copy_id(event->by, as);
}

/* Each verb fills the event; false: an answer was sent. */
typedef bool verb_handler(struct act *act, struct http_request *request,
    struct event *event);

static bool
to_specialist(struct act *act, struct http_request *request,
    struct event *event, enum event_kind kind)
{
	const char *as = text_of(act, "as");

	if (policy_specialist(act->api->policy, as) == NULL) {
		refuse(request, "as_unknown", "\"as\" must name a specialist");
		return false;
	}
	event->kind = kind;
	event->to = record_ref_specialist(as);
	memcpy(event->request, act->id, sizeof(event->request));
	return true;
}

static bool
take_note(struct act *act, struct http_request *request, const char *name,
    struct event *event)
{
	event->note = text_of(act, name);
	if (strlen(event->note) < NOTE_SIZE)
		return true;
	refuse(request, "note_too_long", "a note has at most 2047 bytes");
	return false;
}

static bool
verb_accept(struct act *act, struct http_request *request,
    struct event *event)
{
	return to_specialist(act, request, event, EVENT_ACCEPT);
}

static bool
verb_decline(struct act *act, struct http_request *request,
    struct event *event)
{
	/* Why, in their words. */
	return take_note(act, request, "note", event) &&
	    to_specialist(act, request, event, EVENT_DECLINE);
}

/* They dial themselves, whatever the providers do. */
static bool
verb_manual(struct act *act, struct http_request *request,
    struct event *event)
{
	const char *as = text_of(act, "as");

	if (policy_specialist(act->api->policy, as) == NULL) {
		refuse(request, "as_unknown", "\"as\" must name a specialist");
		return false;
	}
	event->kind = EVENT_BY_HAND;
	copy_id(event->specialist, as);
	return true;
}

/* They have taken it, or take it over, and call now. */
static bool
verb_start(struct act *act, struct http_request *request,
    struct event *event)
{
	if (!verb_manual(act, request, event))
		return false;
	event->kind = EVENT_START;
	return true;
}

static bool
take_queue(struct act *act, struct http_request *request, struct event *event)
{
	const char *queue = text_of(act, "queue");

	if (queue[0] != '\0' && policy_queue(act->api->policy, queue) == NULL) {
		refuse(request, "queue_unknown", "no such queue");
		return false;
	}
	copy_id(event->queue, queue);
	return true;
}

static bool
verb_close(struct act *act, struct http_request *request, struct event *event)
{
	const char *id = text_of(act, "disposition");
	json_t *at = json_object_get(act->body, "at");

	if (policy_disposition(act->api->policy, id) == NULL) {
		refuse(request, "disposition_unknown", "no such disposition");
		return false;
	}
	event->kind = EVENT_DISPOSED;
	copy_id(event->disposition, id);
	if (json_is_integer(at) && json_integer_value(at) > 0 &&
	    json_integer_value(at) < 100000000000)
		event->at_ms = json_integer_value(at) * 1000;
	return take_note(act, request, "note", event) &&
	    take_queue(act, request, event);
}

static bool
verb_pass(struct act *act, struct http_request *request, struct event *event)
{
	/* No word for it: what passes on there is its queue's to say. */
	event->kind = EVENT_DISPOSED;
	return take_note(act, request, "note", event) &&
	    take_queue(act, request, event);
}

static bool
verb_note(struct act *act, struct http_request *request, struct event *event)
{
	const char *text = text_of(act, "text");

	if (text[0] == '\0') {
		refuse(request, "text_missing", "\"text\" is empty");
		return false;
	}
	event->kind = EVENT_NOTED;
	return take_note(act, request, "text", event);
}

static bool
verb_assign(struct act *act, struct http_request *request,
    struct event *event)
{
	const char *specialist = text_of(act, "specialist");

	if (policy_specialist(act->api->policy, specialist) == NULL) {
		refuse(request, "specialist_unknown", "no such specialist");
		return false;
	}
	event->kind = EVENT_ASSIGNED;
	copy_id(event->specialist, specialist);
	return true;
}

static bool
verb_reopen(struct act *act, struct http_request *request,
    struct event *event)
{
	event->kind = EVENT_REOPENED;
	return take_queue(act, request, event);
}

static bool
verb_cancel(struct act *act, struct http_request *request,
    struct event *event)
{
	(void)act;
	(void)request;
	event->kind = EVENT_CANCELLED;
	return true;
}

static bool
verb_requeue(struct act *act, struct http_request *request,
    struct event *event)
{
	(void)act;
	(void)request;
	event->kind = EVENT_REQUEUED;
	return true;
}

/* A call made by hand: who dials says how it goes. */
static bool
verb_progress(struct act *act, struct http_request *request,
    struct event *event)
{
	static const struct { const char *name; enum call_progress progress; }
	    words[] = { { "ringing", PROGRESS_CUSTOMER_RINGING },
		{ "answered", PROGRESS_CUSTOMER_UP },
		{ "over", PROGRESS_OVER } };
	const char *name = text_of(act, "progress");
	const char *outcome = text_of(act, "outcome");

	event->kind = EVENT_PROGRESS;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcmp(words[i].name, name) == 0)
			event->progress = words[i].progress;
	}
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		if (strcmp(call_outcome_names[i], outcome) == 0)
			event->outcome = (enum call_outcome)i;
	}
	if (event->progress == PROGRESS_NONE) {
		refuse(request, "progress_unknown",
		    "\"progress\" is ringing, answered or over");
		return false;
	}
	return true;
}

static const struct {
	const char *name;
	verb_handler *fill;
} verbs[] = {
	{ "accept", verb_accept }, { "decline", verb_decline },
	{ "manual", verb_manual }, { "start", verb_start },
	{ "close", verb_close }, { "pass", verb_pass }, { "note", verb_note },
	{ "assign", verb_assign }, { "reopen", verb_reopen },
	{ "cancel", verb_cancel }, { "requeue", verb_requeue },
	{ "progress", verb_progress },
};

static void
post(struct act *act, struct http_request *request, struct event *event)
{
	struct engine_order order = { .on_result = on_acted, .context = act };

	order.event = *event;
	if (order.event.by[0] == '\0')
		set_by(act, request, &order.event);
	act->handle = http_hold(request);
	if (!engine_post(act->api->options.engine, &order)) {
		struct engine_result away = { .end = ENGINE_UNAVAILABLE,
			.reason = "" };

		on_acted(act, 0, &away);
	}
}

/* How any other call goes is its provider's to say. */
static void
on_call_provider(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct act *act = context;
	struct http_request *request = http_held(act->api->server,
	    act->handle);
	struct event event = { .digit = -1 };

	(void)tag;
	if (request == NULL) {
		act_free(act);
		return;
	}
	if (end != REDIS_REPLY) {
		api_unavailable(request);
		act_free(act);
		return;
	}
	if (reply->type != REDIS_REPLY_STRING ||
	    strcmp(reply->str, CALL_BY_HAND) != 0) {
		http_problem(request, 409, "no_row",
		    "the call under way is not made by hand");
		act_free(act);
		return;
	}
	event.to = record_ref_call(act->id, act->call);
	if (!verb_progress(act, request, &event)) {
		act_free(act);
		return;
	}
	post(act, request, &event);
}

/* The call a progress belongs to: the one under way, and only by hand. */
static void
on_call_number(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct act *act = context;
	struct http_request *request = http_held(act->api->server,
	    act->handle);
	struct record_ref ref;
	char key[KEY_SIZE];

	(void)tag;
	if (request == NULL) {
		act_free(act);
		return;
	}
	if (end != REDIS_REPLY) {
		api_unavailable(request);
		act_free(act);
		return;
	}
	act->call = reply->type == REDIS_REPLY_STRING ? atoi(reply->str) : 0;
	if (act->call <= 0) {
		http_problem(request, 409, "no_row",
		    "no call of this request is under way");
		act_free(act);
		return;
	}
	ref = record_ref_call(act->id, act->call);
	record_key(&ref, key);
	if (!STORE_SEND(act->api->options.store, on_call_provider, act, 0,
	        "HGET", key, "provider"))
		on_call_provider(act, 0, REDIS_UNSENT, NULL);
}

static void
on_found(void *context, struct http_request *request, const char *id)
{
	struct act *act = context;
	struct event event = { .digit = -1 };
	struct record_ref ref;
	char key[KEY_SIZE];

	if (id == NULL) {
		act_free(act);
		return;
	}
	ref = record_ref_request(id);
	memcpy(act->id, ref.id, sizeof(act->id));
	if (strcmp(act->verb, "progress") == 0) {
		record_key(&ref, key);
		act->handle = http_hold(request);
		if (!STORE_SEND(act->api->options.store, on_call_number, act,
		        0, "HGET", key, "call"))
			on_call_number(act, 0, REDIS_UNSENT, NULL);
		return;
	}
	event.to = ref;
	for (size_t i = 0; i < COUNT_OF(verbs); i++) {
		if (strcmp(verbs[i].name, act->verb) != 0)
			continue;
		if (verbs[i].fill(act, request, &event))
			post(act, request, &event);
		else
			act_free(act);
		return;
	}
	http_problem(request, 404, "verb_unknown", "no such verb");
	act_free(act);
}

void
api_post_verb(struct http_request *request, void *context)
{
	struct act *act;
	json_t *body = api_body(request);
	const char *verb = http_param(request, "verb");

	if (body == NULL)
		return;
	act = calloc(1, sizeof(*act));
	CHECK(act != NULL);
	act->api = context;
	act->body = body;
	snprintf(act->verb, sizeof(act->verb), "%s", verb);
	api_find(context, request, http_param(request, "key"), on_found, act);
}

/* ---- specialists */

/* Who leaves is told whom they leave behind, when nobody else is there. */
static void
on_left(void *context, json_t *stolen_list)
{
	struct act *act = context;
	struct http_request *request = http_held(act->api->server,
	    act->handle);
	json_t *answer = json_pack("{s:o}", "specialist", act->left);

	act->left = NULL;
	if (json_array_size(stolen_list) > 0)
		json_object_set(answer, "left_alone", stolen_list);
	json_decref(stolen_list);
	if (request != NULL)
		http_reply_json(request, 200, answer);
	else
		json_decref(answer);
	act_free(act);
}

static void
on_status_set(void *context, uint64_t tag, const struct engine_result *result)
{
	struct act *act = context;
	struct http_request *request = http_held(act->api->server,
	    act->handle);
	const struct specialist *s = result->after == NULL ? NULL :
	    situation_specialist_const(result->after, act->id);

	(void)tag;
	if (result->end == ENGINE_DONE && s != NULL &&
	    act->leaves && s->status != STATUS_AVAILABLE) {
		act->left = api_json_specialist(act->api->policy, s, NULL, "",
		    store_now_ms(act->api->options.store));
		api_gather_left(act->api, s, on_left, act);
		return;
	}
	if (request != NULL) {
		if (result->end == ENGINE_DONE && s != NULL)
			http_reply_json(request, 200, json_pack("{s:o}",
			    "specialist", api_json_specialist(act->api->policy, s, NULL, "",
		    store_now_ms(act->api->options.store))));
		else
			reply_result(act->api, request, result);
	}
	act_free(act);
}

static void
post_to_specialist(struct api *api, struct http_request *request,
    json_t *stolen_body, struct event *event)
{
	struct engine_order order = { .on_result = on_status_set };
	const char *id = http_param(request, "id");
	struct act *act = calloc(1, sizeof(*act));

	CHECK(act != NULL);
	act->api = api;
	act->body = stolen_body;
	act->leaves = event->kind == EVENT_STATUS &&
	    event->status != STATUS_AVAILABLE;
	snprintf(act->id, sizeof(act->id), "%s", id);
	order.context = act;
	order.event = *event;
	order.event.to = record_ref_specialist(id);
	set_by(act, request, &order.event);
	act->handle = http_hold(request);
	if (!engine_post(api->options.engine, &order)) {
		struct engine_result away = { .end = ENGINE_UNAVAILABLE,
			.reason = "" };

		on_status_set(act, 0, &away);
	}
}

static bool
is_known(struct api *api, struct http_request *request)
{
	if (policy_specialist(api->policy, http_param(request, "id")) != NULL)
		return true;
	http_problem(request, 404, "not_found", "no such specialist");
	return false;
}

/* Unix seconds of the body as milliseconds; 0: not said. */
static int64_t
moment_of(const json_t *body, const char *name)
{
	const json_t *at = json_object_get(body, name);

	return json_is_integer(at) && json_integer_value(at) > 0 &&
	    json_integer_value(at) < 100000000000 ?
	    json_integer_value(at) * 1000 : 0;
}

void
api_put_specialist(struct http_request *request, void *context)
{
	struct api *api = context;
	struct event event = { .kind = EVENT_STATUS, .digit = -1 };
	const char *status;
	json_t *body;
	int found = -1;

	if (!is_known(api, request) || (body = api_body(request)) == NULL)
		return;
	status = api_body_text(body, "status");
	for (int i = 0; i < STATUS_COUNT; i++) {
		if (strcmp(status_names[i], status) == 0)
			found = i;
	}
	if (found < 0) {
		refuse(request, "status_unknown",
		    "\"status\" is available, paused or off");
		json_decref(body);
		return;
	}
	event.status = (enum status)found;
	text_copy(event.reason, sizeof(event.reason),
	    api_body_text(body, "reason"));
	event.at_ms = moment_of(body, "return_at");
	post_to_specialist(api, request, body, &event);
}

/* They are on a call that is none of ours: the telephone system says so, or
 * they do. */
void
api_put_elsewhere(struct http_request *request, void *context)
{
	struct api *api = context;
	struct event event = { .kind = EVENT_ELSEWHERE, .digit = -1 };
	json_t *body;

	if (!is_known(api, request) || (body = api_body(request)) == NULL)
		return;
	event.at_ms = moment_of(body, "until");
	post_to_specialist(api, request, body, &event);
}

void
api_delete_elsewhere(struct http_request *request, void *context)
{
	struct api *api = context;
	struct event event = { .kind = EVENT_BACK, .digit = -1 };

	if (is_known(api, request))
		post_to_specialist(api, request, json_object(), &event);
}

void
api_post_specialist(struct http_request *request, void *context)
{
	static const struct { const char *name; enum event_kind kind; }
	    words[] = { { "ready", EVENT_READY }, { "extend", EVENT_EXTEND },
		{ "present", EVENT_PRESENT }, { "elsewhere", EVENT_ELSEWHERE },
		{ "back", EVENT_BACK } };
	struct api *api = context;
	const char *verb = http_param(request, "verb");
	struct event event = { .digit = -1 };
	json_t *body;

	if (!is_known(api, request))
		return;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcmp(words[i].name, verb) == 0)
			event.kind = words[i].kind;
	}
	if (event.kind == EVENT_NONE) {
		http_problem(request, 404, "verb_unknown", "no such verb");
		return;
	}
	body = api_body(request);
	if (body == NULL)
		return;
	if (event.kind == EVENT_ELSEWHERE)
		event.at_ms = moment_of(body, "until");
	post_to_specialist(api, request, body, &event);
}
