/* SPDX-License-Identifier: MIT */
/* webhooks: held until the engine has said what became of the event. */
#include "daemon/webhooks.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/flows.h"
#include "daemon/log.h"
#include "lib/fault.h"

enum {
	HEADERS_MAX = 64,
	URL_MAX = 4096,
};

struct webhooks {
	struct calls *calls;
	struct engine *engine;
	struct store *store;
	struct http_server *server;
};

/* One request that waits for its commit. */
struct waiting {
	struct webhooks *webhooks;
	struct http_handle handle;
	char provider[ID_SIZE];
	struct record_ref call;
	bool is_question;
	bool is_customer;               /* the customer's phone asks */
	bool is_customer_over;          /* it says that their leg has ended */
};

struct webhooks *
webhooks_new(struct calls *calls, struct engine *engine, struct store *store)
{
	struct webhooks *webhooks = calloc(1, sizeof(*webhooks));

	CHECK(webhooks != NULL);
	webhooks->calls = calls;
	webhooks->engine = engine;
	webhooks->store = store;
	return webhooks;
}

void
webhooks_free(struct webhooks *webhooks)
{
	free(webhooks);
}

void
webhooks_set_server(struct webhooks *webhooks, struct http_server *server)
{
	webhooks->server = server;
}

/* ---- answers */

static void
reply_flow(struct webhooks *webhooks, struct http_request *request,
    const struct waiting *waiting, const struct engine_result *result,
    const char *note)
{
	const struct flow_order order = {
		.provider = calls_provider(webhooks->calls, waiting->provider),
		.call = waiting->call, .situation = result->after,
		.is_customer = waiting->is_customer, .note = note,
	};
	const char *type;
	char *body;
	bool is_made;

	/* Who waits asks again, and may then be joined: with a customer who has
	 * been rung already and whose end nobody has kept. */
	if (result->end == ENGINE_UNAVAILABLE && !waiting->is_customer_over)
		is_made = flows_make_wait(webhooks->calls, &order, &body,
		    &type);
	else
		is_made = flows_make(webhooks->calls,
		    result->end == ENGINE_DONE ? result->verdict :
		    VERDICT_GOODBYE, &order, &body, &type);
	if (!is_made) {
		http_problem(request, 500, "flow_not_made", NULL);
		return;
	}
	CRASH_POINT("flow_before_reply");
	http_reply(request, 200, type, body, strlen(body));
	free(body);
	CRASH_POINT("flow_replied");
}

/* An answer that waits for what the customer wrote. */
struct reading_note {
	struct waiting *waiting;
	struct engine_result result;
	struct situation after;
};

static void
on_said(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct reading_note *reading = context;
	struct waiting *waiting = reading->waiting;
	struct http_request *request = http_held(waiting->webhooks->server,
	    waiting->handle);
	json_t *said = end == REDIS_REPLY && reply->type == REDIS_REPLY_STRING ?
	    json_loadb(reply->str, reply->len, 0, NULL) : NULL;
	const char *note = json_string_value(json_object_get(said, "note"));

	(void)tag;
	/* Without Redis they hear all but the note. */
	if (request != NULL)
		reply_flow(waiting->webhooks, request, waiting,
		    &reading->result, note != NULL ? note : "");
	json_decref(said);
	free(reading);
	free(waiting);
}

static void
read_note(struct waiting *waiting, const struct engine_result *result)
{
	struct reading_note *reading = calloc(1, sizeof(*reading));
	char key[KEY_SIZE];

	CHECK(reading != NULL);
	reading->waiting = waiting;
	reading->after = *result->after;
	reading->result = *result;
	reading->result.after = &reading->after;
	snprintf(key, sizeof(key), "said:%s", waiting->call.id);
	if (!STORE_SEND(waiting->webhooks->store, on_said, reading, 0, "GET",
	        key))
		on_said(reading, 0, REDIS_UNSENT, NULL);
}

static void
on_result(void *context, uint64_t tag, const struct engine_result *result)
{
	struct waiting *waiting = context;
	struct webhooks *webhooks = waiting->webhooks;
	struct http_request *request = http_held(webhooks->server,
	    waiting->handle);

	(void)tag;
	if (request == NULL) {
		/* It was told 503, or "one moment", and comes again. */
	} else if (!waiting->is_question) {
		CRASH_POINT("webhook_before_reply");
		if (result->end == ENGINE_UNAVAILABLE)
			http_problem(request, 503, "unavailable",
			    "not kept yet, send it again");
		else
			http_reply(request, 204, NULL, "", 0);
		CRASH_POINT("webhook_replied");
	} else if (result->end == ENGINE_DONE &&
	    flows_need_note(result->verdict)) {
		read_note(waiting, result);
		return;
	} else {
		reply_flow(webhooks, request, waiting, result, "");
	}
	free(waiting);
}

/* ---- reading */

static bool
parse_call(const char *text, struct record_ref *ret_ref)
{
	char key[KEY_SIZE];
	int length = snprintf(key, sizeof(key), "call:%s", text);

	return length > 0 && length < KEY_SIZE &&
	    record_ref_parse(key, (size_t)length, ret_ref);
}

static bool
read_webhook(struct webhooks *webhooks, struct http_request *request,
    const struct calls_provider *entry, struct webhook_event *ret_event)
{
	struct webhook_header headers[HEADERS_MAX];
	size_t count = http_header_count(request), length;
	struct webhook_input input = { .headers = headers };
	char url[URL_MAX];

	if (count > HEADERS_MAX || snprintf(url, sizeof(url), "%s%s",
	        calls_public_url(webhooks->calls), http_uri(request)) >= URL_MAX)
		return false;
	for (size_t i = 0; i < count; i++)
		http_header_at(request, i, &headers[i].name,
		    &headers[i].value);
	input.header_count = count;
	input.method = http_request_method(request) == HTTP_GET ? "GET" :
	    "POST";
	input.url = url;
	input.body = http_body(request, &length);
	input.body_length = length;
	provider_webhook_read(entry->provider, &input, &entry->values,
	    store_knows_time(webhooks->store) ?
	    store_now_ms(webhooks->store) : 0, ret_event);
	return true;
}

static bool
question_of(const char *name, enum question *ret_question)
{
	static const struct { const char *name; enum question question; }
	    questions[] = { { "up", QUESTION_UP }, { "keys", QUESTION_KEY },
		{ "silent", QUESTION_SILENT },
		{ "dial_over", QUESTION_DIAL_OVER },
		{ "result", QUESTION_RESULT }, { "wait", QUESTION_WAIT },
		{ "greet", QUESTION_GREET }, { "confirm", QUESTION_CONFIRM } };

	for (size_t i = 0; i < COUNT_OF(questions); i++) {
		if (strcmp(questions[i].name, name) == 0) {
			*ret_question = questions[i].question;
			return true;
		}
	}
	return false;
}

static bool
to_event(const struct webhook_event *from, struct event *ret_event)
{
	struct event *event = ret_event;

	event->digit = -1;
	memcpy(event->sid, from->sid, sizeof(event->sid));
	event->progress = from->progress;
	event->outcome = from->outcome;
	event->is_customer_over = from->is_customer_over;
	event->machine = from->machine;
	memcpy(event->leg, from->leg_sid, sizeof(event->leg));
	if (from->is_customer_leg || from->is_customer_over)
		event->talk_ms = from->outcome == OUTCOME_ANSWERED ?
		    from->duration_s * 1000 : 0;
	snprintf(event->by, sizeof(event->by), "provider");
	if (from->recording[0] != '\0') {
		event->kind = EVENT_RECORDED;
		event->note = from->recording;
		return true;
	}
	if (from->kind == WEBHOOK_PROGRESS) {
		event->kind = EVENT_PROGRESS;
		return true;
	}
	event->kind = EVENT_ASKED;
	if (from->digits[0] >= '0' && from->digits[0] <= '9')
		event->digit = from->digits[0] - '0';
	return question_of(from->question, &event->question);
}

static void
post(struct webhooks *webhooks, struct http_request *request,
    const char *provider, const struct record_ref *call,
    const struct webhook_event *heard)
{
	struct engine_order order = { .on_result = on_result };
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	CHECK(waiting != NULL);
	waiting->webhooks = webhooks;
	snprintf(waiting->provider, sizeof(waiting->provider), "%s", provider);
	waiting->call = *call;
	waiting->is_question = heard->kind == WEBHOOK_QUESTION;
	waiting->is_customer = heard->is_customer_leg;
	order.context = waiting;
	if (!to_event(heard, &order.event)) {
		http_problem(request, 400, "question_unknown", NULL);
		free(waiting);
		return;
	}
	waiting->is_customer_over = order.event.is_customer_over ||
	    (waiting->is_question &&
	        order.event.question == QUESTION_DIAL_OVER);
	order.event.to = *call;
	waiting->handle = http_hold(request);
	if (!engine_post(webhooks->engine, &order)) {
		struct engine_result away = { .end = ENGINE_UNAVAILABLE };

		on_result(waiting, 0, &away);
		return;
	}
	CRASH_POINT("webhook_posted");
	if (PLANTED("webhook_before_commit") &&
	    heard->kind == WEBHOOK_PROGRESS)
		http_reply(request, 204, NULL, "", 0);
}

void
webhooks_on_request(struct webhooks *webhooks, struct http_request *request)
{
	const char *provider = http_param(request, "provider");
	const struct calls_provider *entry =
	    calls_provider(webhooks->calls, provider);
	struct webhook_event heard;
	struct record_ref call;

	if (entry == NULL || !parse_call(http_param(request, "call"), &call)) {
		http_problem(request, 404, "not_found", NULL);
		return;
	}
	if (!calls_has_secret(webhooks->calls)) {
		http_problem(request, 503, "unavailable", "starting");
		return;
	}
	if (!calls_token_is_right(webhooks->calls, &call,
	        http_param(request, "token"))) {
		log_event(LOG_LEVEL_WARNING, "webhook_refused",
		    "provider=%s peer=%s error=\"wrong token\"", provider,
		    http_peer(request));
		http_problem(request, 404, "not_found", NULL);
		return;
	}
	if (!read_webhook(webhooks, request, entry, &heard)) {
		http_problem(request, 400, "too_large", NULL);
		return;
	}
	CRASH_POINT("webhook_read");
	switch (heard.kind) {
	case WEBHOOK_REFUSED:
		log_event(LOG_LEVEL_WARNING, "webhook_refused",
		    "provider=%s call=%s.%d error=\"%s\"", provider, call.id,
		    call.n, heard.reason);
		http_problem(request, 403, "not_genuine", heard.reason);
		return;
	case WEBHOOK_NOTHING:
	case WEBHOOK_MESSAGE:
	case WEBHOOK_INBOUND_MESSAGE:
	case WEBHOOK_INBOUND_CALL:
		http_reply(request, 204, NULL, "", 0);
		return;
	case WEBHOOK_QUESTION:
	case WEBHOOK_PROGRESS:
		break;
	}
	post(webhooks, request, provider, &call, &heard);
}
