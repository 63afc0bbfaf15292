/* SPDX-License-Identifier: MIT */
/* webhooks: held until the engine has said what became of the event. */
#include "daemon/webhooks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/spoken.h"
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

static enum flow
flow_of(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_WHISPER:
		return FLOW_WHISPER;
	case VERDICT_JOIN:
		return FLOW_JOIN;
	case VERDICT_RESULT:
		return FLOW_RESULT;
	case VERDICT_NO_ROW:
	case VERDICT_DONE:
	case VERDICT_GOODBYE:
	case VERDICT_THANKS:
	case VERDICT_COUNT:
		break;
	}
	return FLOW_GOODBYE;
}

/* The last words are thanks, in the language of the goodbye they replace. */
static void
say_thanks(struct provider_values *values)
{
	const char *language = "";

	for (size_t i = 0; i < values->count; i++) {
		if (strcmp(values->items[i].name, "lang") == 0)
			language = values->items[i].value;
	}
	for (size_t i = 0; i < values->count; i++) {
		if (strcmp(values->items[i].name, "goodbye_text") == 0)
			values->items[i].value = spoken_thanks(language);
	}
}

static void
reply_flow(struct webhooks *webhooks, struct http_request *request,
    const char *provider, enum flow flow, const struct situation *situation,
    const struct record_ref *ref, bool says_thanks)
{
	static const struct situation nothing_known;
	const struct calls_provider *entry =
	    calls_provider(webhooks->calls, provider);
	const struct call *call = situation == NULL ? NULL :
	    situation_call_const(situation, ref->n);
	struct call stranger = { .n = ref->n };
	struct calls_values values;
	const char *type;
	char *body;

	if (call == NULL) {
		memcpy(stranger.request, ref->id, sizeof(stranger.request));
		snprintf(stranger.provider, sizeof(stranger.provider), "%s",
		    provider);
		call = &stranger;
		if (situation == NULL)
			situation = &nothing_known;
	}
	calls_fill_values(webhooks->calls, situation, call, &values);
	if (says_thanks)
		say_thanks(&values.values);
	if (!provider_flow(entry->provider, flow, &values.values, &body,
	        &type)) {
		log_event(LOG_LEVEL_ERR, "flow_not_made",
		    "provider=%s flow=%s", provider, flow_names[flow]);
		http_problem(request, 500, "flow_not_made", NULL);
		return;
	}
	http_reply(request, 200, type, body, strlen(body));
	free(body);
}

static void
on_result(void *context, uint64_t tag, const struct engine_result *result)
{
	struct waiting *waiting = context;
	struct webhooks *webhooks = waiting->webhooks;
	struct http_request *request = http_held(webhooks->server,
	    waiting->handle);
	enum flow flow = FLOW_GOODBYE;

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
	} else {
		CRASH_POINT("flow_before_reply");
		if (result->end == ENGINE_DONE)
			flow = flow_of(result->verdict);
		/* Who waits asks again, and may then be joined: with a customer
		 * who has been rung already and whose end nobody has kept. Of a
		 * call that nobody can read nothing will come. */
		else if (result->end == ENGINE_UNAVAILABLE &&
		    !waiting->is_customer_over &&
		    strcmp(result->reason, "unreadable") != 0)
			flow = FLOW_WAIT;
		reply_flow(webhooks, request, waiting->provider, flow,
		    result->after, &waiting->call,
		    result->verdict == VERDICT_THANKS);
		CRASH_POINT("flow_replied");
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
		{ "result", QUESTION_RESULT }, { "wait", QUESTION_WAIT } };

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
	if (from->is_customer_leg || from->is_customer_over)
		event->talk_ms = from->outcome == OUTCOME_ANSWERED ?
		    from->duration_s * 1000 : 0;
	snprintf(event->by, sizeof(event->by), "provider");
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
		struct engine_result away = { .end = ENGINE_UNAVAILABLE,
			.reason = "" };

		on_result(waiting, 0, &away);
		return;
	}
	CRASH_POINT("webhook_posted");
	if (PLANTED("webhook_before_commit") &&
	    heard->kind == WEBHOOK_PROGRESS)
		http_reply(request, 204, NULL, "", 0);
}

/* ---- what the customer hears first: the words of their request's queue */

static void
on_queue(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct waiting *waiting = context;
	struct webhooks *webhooks = waiting->webhooks;
	struct http_request *request = http_held(webhooks->server,
	    waiting->handle);
	struct situation *known = calloc(1, sizeof(*known));

	(void)tag;
	CHECK(known != NULL);
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_STRING)
		snprintf(known->request.queue, sizeof(known->request.queue),
		    "%s", reply->str);
	/* Without Redis they are joined all the same, only without the words. */
	CRASH_POINT("greet_before_reply");
	if (request != NULL)
		reply_flow(webhooks, request, waiting->provider, FLOW_GREET,
		    known, &waiting->call, false);
	free(known);
	free(waiting);
}

/* Who is greeted has answered: that is news which, unlike a webhook, comes
 * always, and before the end of the call. */
static void
tell_progress(struct webhooks *webhooks, const struct record_ref *call,
    const struct webhook_event *heard)
{
	struct webhook_event news = *heard;
	struct engine_order order = { .must = true };

	news.kind = WEBHOOK_PROGRESS;
	if (!heard->has_progress || !to_event(&news, &order.event))
		return;
	order.event.to = *call;
	if (!engine_post(webhooks->engine, &order))
		log_event(LOG_LEVEL_DEBUG, "greeting_not_told",
		    "call=%s.%d", call->id, call->n);
}

static void
greet(struct webhooks *webhooks, struct http_request *request,
    const char *provider, const struct record_ref *call)
{
	struct record_ref ref = record_ref_request(call->id);
	struct waiting *waiting = calloc(1, sizeof(*waiting));
	char key[KEY_SIZE];

	CHECK(waiting != NULL);
	waiting->webhooks = webhooks;
	snprintf(waiting->provider, sizeof(waiting->provider), "%s", provider);
	waiting->call = *call;
	waiting->handle = http_hold(request);
	record_key(&ref, key);
	if (!STORE_SEND(webhooks->store, on_queue, waiting, 0, "HGET", key,
	        "queue"))
		on_queue(waiting, 0, REDIS_UNSENT, NULL);
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
		http_reply(request, 204, NULL, "", 0);
		return;
	case WEBHOOK_QUESTION:
		if (strcmp(heard.question, "greet") == 0) {
			greet(webhooks, request, provider, &call);
			tell_progress(webhooks, &call, &heard);
			return;
		}
		break;
	case WEBHOOK_PROGRESS:
		break;
	}
	post(webhooks, request, provider, &call, &heard);
}
