/* SPDX-License-Identifier: MIT */
/* webhooks: held until the engine has said what became of the event. */
#include "daemon/webhooks.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/flows.h"
#include "daemon/log.h"
#include "daemon/webhook_memory.h"
#include "daemon/webhook_parcel.h"
#include "lib/fault.h"
#include "lib/standing.h"

enum {
	HEADERS_MAX = 64,
	URL_MAX = 4096,
	DEDUP_MS = 3600 * 1000,         /* how long a provider repeats itself */
	INBOUND_PER_NUMBER = 30,        /* in a minute */
	INBOUND_PER_PEER = 600,         /* in a minute: a provider has many customers */
};

struct webhooks {
	struct calls *calls;
	struct engine *engine;
	struct store *store;
	struct http_server *server;
	struct webhook_memory *memory;
	struct webhook_counts *counts;  /* one for each provider */
	struct { webhook_handler *on_event; void *context; }
	    handlers[WEBHOOK_REFUSED + 1];
	webhook_tap *tap;  void *tap_context;
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
	struct webhook_parcel *parcel;  /* of news; NULL: a question */
};

struct webhooks *
webhooks_new(struct calls *calls, struct engine *engine, struct store *store)
{
	struct webhooks *webhooks = calloc(1, sizeof(*webhooks));

	CHECK(webhooks != NULL);
	webhooks->calls = calls;
	webhooks->engine = engine;
	webhooks->store = store;
	webhooks->memory = webhook_memory_new();
	webhooks->counts = calloc(calls_provider_count(calls) + 1,
	    sizeof(*webhooks->counts));
	CHECK(webhooks->counts != NULL);
	return webhooks;
}

void
webhooks_free(struct webhooks *webhooks)
{
	if (webhooks == NULL)
		return;
	webhook_memory_free(webhooks->memory);
	free(webhooks->counts);
	free(webhooks);
}

void
webhooks_set_handler(struct webhooks *webhooks, enum webhook_kind kind,
    webhook_handler *handler, void *context)
{
	webhooks->handlers[kind].on_event = handler;
	webhooks->handlers[kind].context = context;
}

/* ---- counts */

static struct webhook_counts *
counts_of(struct webhooks *webhooks, const char *provider)
{
	const struct calls_provider *first =
	    calls_provider_at(webhooks->calls, 0);

	return &webhooks->counts[
	    calls_provider(webhooks->calls, provider) - first];
}

const struct webhook_counts *
webhooks_counts(const struct webhooks *webhooks, size_t provider)
{
	return &webhooks->counts[provider];
}

static void
count_refusal(struct webhooks *webhooks, const char *provider,
    const char *reason, const struct http_request *request)
{
	struct webhook_counts *counts = counts_of(webhooks, provider);

	counts->refused++;
	snprintf(counts->last_refusal, sizeof(counts->last_refusal), "%s",
	    reason);
	if (store_knows_time(webhooks->store))
		counts->last_refusal_ms = store_now_ms(webhooks->store);
	log_event(LOG_LEVEL_WARNING, "webhook_refused",
	    "provider=%s peer=%s error=\"%s\"", provider,
	    request != NULL ? http_peer(request) : "-", reason);
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
	 * been rung already and whose end nobody has kept. Of a call that nobody
	 * can read nothing will come. */
	if (result->end == ENGINE_UNAVAILABLE && !waiting->is_customer_over &&
	    strcmp(result->reason, "unreadable") != 0)
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
count_foreign(struct webhooks *webhooks, const char *provider,
    const char *reason)
{
	counts_of(webhooks, provider)->foreign++;
	log_event(LOG_LEVEL_DEBUG, "webhook_foreign",
	    "provider=%s reason=\"%s\"", provider, reason);
}

static bool
is_of_another(const struct waiting *waiting, const struct engine_result *result)
{
	const struct situation *after = result->after;

	for (size_t i = 0; result->end == ENGINE_NO_ROW && after != NULL &&
	    i < after->call_count; i++)
		if (after->calls[i].n == waiting->call.n)
			return strcmp(after->calls[i].provider,
			    waiting->provider) != 0;
	return false;
}

static void
on_result(void *context, uint64_t tag, const struct engine_result *result)
{
	struct waiting *waiting = context;
	struct webhooks *webhooks = waiting->webhooks;
	struct http_request *request = http_held(webhooks->server,
	    waiting->handle);

	(void)tag;
	if (is_of_another(waiting, result))
		count_foreign(webhooks, waiting->provider,
		    "another provider's call");
	if (waiting->parcel != NULL) {
		webhook_parcel_end(waiting->parcel,
		    result->end != ENGINE_UNAVAILABLE);
	} else if (request == NULL) {
		/* It was told "one moment", and comes again. */
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

/* "R.kind.promise" with /sms at the end of the address is a message; a call else. */
static bool
parse_address(const struct calls *calls, const char *text, const char *token,
    const char *what, struct record_ref *ret_ref)
{
	if (strcmp(what, "sms") == 0 && text[0] != '\0' &&
	    strlen(text) < MESSAGE_ID_SIZE) {
		*ret_ref = record_ref_message(text);
		if (calls_token_is_right(calls, ret_ref, token))
			return true;
	}
	/* A trial writes in the name of a call. */
	return parse_call(text, ret_ref);
}

/* "R.n.TOKEN", as it was given to the provider to send back. */
static bool
parse_job(const struct calls *calls, const char *job,
    struct record_ref *ret_ref)
{
	const char *token = strrchr(job, '.');
	char call[PROVIDER_JOB_SIZE];

	if (token == NULL)
		return false;
	snprintf(call, sizeof(call), "%.*s", (int)(token - job), job);
	return parse_call(call, ret_ref) &&
	    calls_token_is_right(calls, ret_ref, token + 1);
}

static bool
read_webhook(struct webhooks *webhooks, struct http_request *request,
    const struct calls_provider *entry, struct webhook_news *ret_news)
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
	    store_now_ms(webhooks->store) : 0, ret_news);
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
	event->is_agent_over = from->is_agent_over;
	event->machine = from->machine;
	memcpy(event->leg, from->leg_sid, sizeof(event->leg));
	if (from->is_customer_leg || from->is_customer_over)
		event->talk_ms = from->outcome == OUTCOME_ANSWERED ?
		    from->duration_ms : 0;
	snprintf(event->by, sizeof(event->by), "provider");
	if (from->recording[0] != '\0') {
		event->kind = EVENT_RECORDED;
		event->note = from->recording;
		return true;
	}
	if (from->kind == WEBHOOK_PROGRESS) {
		event->kind = from->is_advisory ? EVENT_ADVISED :
		    EVENT_PROGRESS;
		return true;
	}
	event->kind = EVENT_ASKED;
	if (from->digits[0] >= '0' && from->digits[0] <= '9')
		event->digit = from->digits[0] - '0';
	return question_of(from->question, &event->question);
}

void
webhooks_set_tap(struct webhooks *webhooks, webhook_tap *tap, void *context)
{
	webhooks->tap = tap;
	webhooks->tap_context = context;
}

static bool
is_tapped(const struct webhooks *webhooks, const char *provider,
    const struct record_ref *call, const struct webhook_event *event)
{
	return webhooks->tap != NULL && webhooks->tap(webhooks->tap_context,
	    provider, call, event);
}

/* Nobody but whoever tries the provider is in that call. */
static void
reply_goodbye(struct webhooks *webhooks, struct http_request *request,
    const char *provider, const struct record_ref *call)
{
	const struct engine_result nobody = { .end = ENGINE_DONE,
		.verdict = VERDICT_GOODBYE };
	struct waiting waiting = { .call = *call };

	snprintf(waiting.provider, sizeof(waiting.provider), "%s", provider);
	reply_flow(webhooks, request, &waiting, &nobody, "");
}

/* Of news: parcel; of a question: the request. */
static void
post(struct webhooks *webhooks, struct http_request *request,
    struct webhook_parcel *parcel, const char *provider,
    const struct record_ref *call, const struct webhook_event *heard)
{
	struct engine_order order = { .on_result = on_result };
	struct waiting *waiting;

	if (is_tapped(webhooks, provider, call, heard)) {
		if (request != NULL)
			reply_goodbye(webhooks, request, provider, call);
		return;
	}
	waiting = calloc(1, sizeof(*waiting));
	CHECK(waiting != NULL);
	waiting->webhooks = webhooks;
	waiting->parcel = parcel;
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
	snprintf(order.event.provider, sizeof(order.event.provider), "%s",
	    provider);
	waiting->is_customer_over = order.event.is_customer_over ||
	    (waiting->is_question &&
	        order.event.question == QUESTION_DIAL_OVER);
	order.event.to = *call;
	if (parcel != NULL)
		webhook_parcel_open(parcel);
	else
		waiting->handle = http_hold(request);
	if (!engine_post(webhooks->engine, &order)) {
		struct engine_result away = { .end = ENGINE_UNAVAILABLE,
			.reason = "" };

		on_result(waiting, 0, &away);
		return;
	}
	CRASH_POINT("webhook_posted");
	if (PLANTED("webhook_before_commit") && parcel != NULL)
		http_reply(webhook_parcel_take(parcel), 204, NULL, "", 0);
}

/* ---- which call, where the address does not say it */

/* A search by the customer's number: the request that rings them, its call, the
 * provider of that. */
struct seeking {
	struct webhooks *webhooks;
	struct webhook_parcel *parcel;
	char provider[ID_SIZE];
	struct webhook_event event;
	struct record_ref call;
	int step;
};

static void seek(struct seeking *seeking);

static void
seek_end(struct seeking *seeking, bool is_kept, bool is_foreign)
{
	if (is_foreign)
		count_foreign(seeking->webhooks, seeking->provider,
		    "no call to that number");
	webhook_parcel_end(seeking->parcel, is_kept);
	free(seeking);
}

/* Of that provider, and not known to be another of its calls to that number: one
 * that a person makes by hand, or the last attempt's, told late. */
static bool
is_sought_call(const struct seeking *seeking, const struct redisReply *reply)
{
	const char *provider, *sid;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
		return false;
	provider = reply->element[0]->str;
	sid = reply->element[1]->str;
	return provider != NULL && strcmp(provider, seeking->provider) == 0 &&
	    (sid == NULL || sid[0] == '\0' || seeking->event.sid[0] == '\0' ||
	        strcmp(sid, seeking->event.sid) == 0);
}

static void
on_sought(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct seeking *seeking = context;
	struct record_ref *call = &seeking->call;
	bool is_text = end == REDIS_REPLY && reply->type == REDIS_REPLY_STRING;

	(void)tag;
	if (end != REDIS_REPLY) {
		seek_end(seeking, false, false);
		return;
	}
	if (is_text && seeking->step == 1 && reply->len < sizeof(call->id)) {
		snprintf(call->id, sizeof(call->id), "%s", reply->str);
		seek(seeking);
	} else if (is_text && seeking->step == 2 && atoi(reply->str) > 0) {
		*call = record_ref_call(call->id, atoi(reply->str));
		seek(seeking);
	} else if (seeking->step == 3 && is_sought_call(seeking, reply)) {
		post(seeking->webhooks, NULL, seeking->parcel,
		    seeking->provider, call, &seeking->event);
		seek_end(seeking, true, false);
	} else {
		seek_end(seeking, true, true);
	}
}

static void
seek(struct seeking *seeking)
{
	struct store *store = seeking->webhooks->store;
	struct record_ref request = record_ref_request(seeking->call.id);
	char key[KEY_SIZE];
	bool is_sent = false;

	switch (seeking->step++) {
	case 0:
		standing_number_key(seeking->event.customer, key);
		is_sent = STORE_SEND(store, on_sought, seeking, 0, "GET", key);
		break;
	case 1:
		record_key(&request, key);
		is_sent = STORE_SEND(store, on_sought, seeking, 0, "HGET",
		    key, "call");
		break;
	case 2:
		record_key(&seeking->call, key);
		is_sent = STORE_SEND(store, on_sought, seeking, 0, "HMGET",
		    key, "provider", "sid");
		break;
	}
	if (!is_sent)
		seek_end(seeking, false, false);
}

static void
seek_by_number(struct webhooks *webhooks, struct webhook_parcel *parcel,
    const char *provider, const struct webhook_event *event)
{
	struct seeking *seeking = calloc(1, sizeof(*seeking));

	CHECK(seeking != NULL);
	seeking->webhooks = webhooks;
	seeking->parcel = parcel;
	snprintf(seeking->provider, sizeof(seeking->provider), "%s", provider);
	seeking->event = *event;
	webhook_parcel_open(parcel);
	seek(seeking);
}

/* ---- handlers of others */

struct webhook_ticket {
	struct webhooks *webhooks;
	struct webhook_parcel *parcel;
	char provider[ID_SIZE];
};

void
webhook_ticket_end(struct webhook_ticket *ticket, bool is_kept)
{
	webhook_parcel_end(ticket->parcel, is_kept);
	free(ticket);
}

void
webhook_ticket_reply(struct webhook_ticket *ticket, enum verdict verdict,
    const struct flow_order *order)
{
	struct http_request *request = webhook_parcel_take(ticket->parcel);
	const char *type;
	char *body;

	if (request == NULL) {
		/* It was told 503: too late. */
	} else if (flows_make(ticket->webhooks->calls, verdict, order, &body,
	        &type)) {
		http_reply(request, 200, type, body, strlen(body));
		free(body);
	} else {
		http_problem(request, 500, "flow_not_made", NULL);
	}
	webhook_ticket_end(ticket, true);
}

void
webhook_ticket_answer(struct webhook_ticket *ticket, enum flow flow,
    const struct provider_values *values)
{
	const struct calls_provider *entry =
	    calls_provider(ticket->webhooks->calls, ticket->provider);
	struct http_request *request = webhook_parcel_take(ticket->parcel);
	struct provider_values all = entry->values;
	const char *type;
	char *body;

	for (size_t i = 0; i < values->count; i++)
		provider_values_add(&all, values->items[i].name,
		    values->items[i].value);
	if (request == NULL) {
		/* It was told 503: too late. */
	} else if (provider_flow(entry->provider, flow, &all, &body, &type)) {
		http_reply(request, 200, type, body, strlen(body));
		free(body);
	} else {
		log_event(LOG_LEVEL_ERR, "flow_not_made",
		    "provider=%s flow=%s", ticket->provider,
		    flow_names[flow]);
		http_problem(request, 500, "flow_not_made", NULL);
	}
	webhook_ticket_end(ticket, true);
}

/* Strangers write and call: a number that does so without end is not heard. */
static bool
is_too_often(struct webhooks *webhooks, const char *provider,
    const char *peer, const struct webhook_event *event)
{
	int64_t now_ms = store_now_ms(webhooks->store);

	if (event->kind == WEBHOOK_MESSAGE ||
	    (webhook_memory_count(webhooks->memory, "number", event->from,
	        INBOUND_PER_NUMBER, now_ms) &&
	        webhook_memory_count(webhooks->memory, "peer", peer,
	            INBOUND_PER_PEER, now_ms)))
		return false;
	counts_of(webhooks, provider)->limited++;
	return true;
}

static void
hand_over(struct webhooks *webhooks, struct webhook_parcel *parcel,
    const char *provider, const char *peer, const struct webhook_event *event)
{
	webhook_handler *on_event = webhooks->handlers[event->kind].on_event;
	struct webhook_ticket *ticket;

	if (is_too_often(webhooks, provider, peer, event) || on_event == NULL)
		return;
	ticket = calloc(1, sizeof(*ticket));
	CHECK(ticket != NULL);
	ticket->webhooks = webhooks;
	ticket->parcel = parcel;
	snprintf(ticket->provider, sizeof(ticket->provider), "%s", provider);
	webhook_parcel_open(parcel);
	on_event(webhooks->handlers[event->kind].context, provider, event,
	    ticket);
}

/* The address names the message and has proved it. */
static void
hand_over_message(struct webhooks *webhooks, struct webhook_parcel *parcel,
    const char *provider, const struct record_ref *address,
    const struct webhook_event *event)
{
	struct webhook_event named = *event;

	if (address != NULL && address->kind != RECORD_MESSAGE) {
		counts_of(webhooks, provider)->foreign++;
		return;
	}
	if (address != NULL)
		calls_job(webhooks->calls, address, named.job);
	hand_over(webhooks, parcel, provider, "", &named);
}

/* ---- one webhook */

/* What is remembered of it once it is kept. */
struct keeping {
	char provider[ID_SIZE];
	char nonce[PROVIDER_NONCE_SIZE], once[PROVIDER_ID_SIZE];
	int64_t nonce_ms;
};

static void
on_kept(void *context, void *data)
{
	struct webhooks *webhooks = context;
	const struct keeping *keeping = data;
	int64_t now_ms = store_now_ms(webhooks->store);

	if (keeping->nonce[0] != '\0')
		webhook_memory_keep(webhooks->memory, "nonce",
		    keeping->provider, keeping->nonce,
		    now_ms + keeping->nonce_ms);
	if (keeping->once[0] != '\0')
		webhook_memory_keep(webhooks->memory, "once",
		    keeping->provider, keeping->once, now_ms + DEDUP_MS);
}

/* The address, else what came with it, says which call. False: neither does. */
static bool
find_call(struct webhooks *webhooks, const struct webhook_event *event,
    const struct record_ref *address, struct record_ref *ret_call)
{
	bool has_job = event->job[0] != '\0' &&
	    parse_job(webhooks->calls, event->job, ret_call);

	if (address == NULL)
		return has_job;
	if (address->kind != RECORD_CALL)
		return false;
	if (event->job[0] != '\0' &&
	    (!has_job || !record_ref_equal(ret_call, address)))
		return false;
	*ret_call = *address;
	return true;
}

static void
hear(struct webhooks *webhooks, struct webhook_parcel *parcel,
    const char *provider, const char *peer,
    const struct record_ref *address, const struct webhook_event *event)
{
	struct record_ref call;

	switch (event->kind) {
	case WEBHOOK_REFUSED:
		count_refusal(webhooks, provider, event->reason, NULL);
		return;
	case WEBHOOK_NOTHING:
		if (event->reason[0] != '\0')
			log_event(LOG_LEVEL_INFO, "webhook_word_unknown",
			    "provider=%s text=\"%s\"", provider,
			    event->reason);
		return;
	case WEBHOOK_MESSAGE:
		if (find_call(webhooks, event, address, &call) &&
		    is_tapped(webhooks, provider, &call, event))
			return;
		hand_over_message(webhooks, parcel, provider, address, event);
		return;
	case WEBHOOK_INBOUND_MESSAGE:
	case WEBHOOK_INBOUND_CALL:
		hand_over(webhooks, parcel, provider, peer, event);
		return;
	case WEBHOOK_PROGRESS:
	case WEBHOOK_QUESTION:
		break;
	}
	if (find_call(webhooks, event, address, &call)) {
		post(webhooks, NULL, parcel, provider, &call, event);
	} else if (address == NULL && event->job[0] == '\0' &&
	    event->customer[0] != '\0') {
		seek_by_number(webhooks, parcel, provider, event);
	} else {
		counts_of(webhooks, provider)->foreign++;
		log_event(LOG_LEVEL_DEBUG, "webhook_foreign",
		    "provider=%s sid=%s", provider, event->sid);
	}
}

/* A question is all that its webhook says, and the answer is a flow. */
static bool
answer_question(struct webhooks *webhooks, struct http_request *request,
    const char *provider, const struct record_ref *address,
    const struct webhook_news *news)
{
	const struct webhook_event *heard = &news->events[0];
	struct record_ref call;

	if (news->count > 1 || heard->kind != WEBHOOK_QUESTION ||
	    !find_call(webhooks, heard, address, &call))
		return false;
	post(webhooks, request, NULL, provider, &call, heard);
	return true;
}

static void
hear_all(struct webhooks *webhooks, struct http_request *request,
    const char *provider, const struct record_ref *address,
    const struct webhook_news *news)
{
	struct keeping *keeping = calloc(1, sizeof(*keeping));
	struct webhook_parcel *parcel;
	char peer[64];

	CHECK(keeping != NULL);
	snprintf(peer, sizeof(peer), "%s", http_peer(request));
	snprintf(keeping->provider, sizeof(keeping->provider), "%s", provider);
	memcpy(keeping->nonce, news->nonce, sizeof(keeping->nonce));
	memcpy(keeping->once, news->once, sizeof(keeping->once));
	keeping->nonce_ms = news->nonce_ms;
	parcel = webhook_parcel_new(webhooks->server, request,
	    &news->events[0].reply, on_kept, webhooks, keeping);
	for (size_t i = 0; i < news->count; i++)
		hear(webhooks, parcel, provider, peer, address,
		    &news->events[i]);
	webhook_parcel_close(parcel);
}

/* False: answered. */
static bool
is_new(struct webhooks *webhooks, struct http_request *request,
    const char *provider, const struct webhook_news *news)
{
	const struct webhook_reply *reply = &news->events[0].reply;
	int64_t now_ms = store_now_ms(webhooks->store);

	if (news->nonce[0] != '\0' && webhook_memory_has(webhooks->memory,
	    "nonce", provider, news->nonce, now_ms)) {
		count_refusal(webhooks, provider, "sent before", request);
		http_problem(request, 403, "not_genuine", "sent before");
		return false;
	}
	if (news->once[0] != '\0' && webhook_memory_has(webhooks->memory,
	    "once", provider, news->once, now_ms)) {
		counts_of(webhooks, provider)->repeated++;
		http_reply(request, reply->status, reply->type,
		    reply->text != NULL ? reply->text : "",
		    reply->text != NULL ? strlen(reply->text) : 0);
		return false;
	}
	return true;
}

static void
hear_news(struct webhooks *webhooks, struct http_request *request,
    const char *provider, const struct record_ref *address,
    const struct webhook_news *news)
{
	const struct webhook_event *first = &news->events[0];

	CRASH_POINT("webhook_read");
	if (news->challenge[0] != '\0') {
		http_reply(request, 200, "text/plain", news->challenge,
		    strlen(news->challenge));
		return;
	}
	if (news->count == 1 && first->kind == WEBHOOK_REFUSED) {
		count_refusal(webhooks, provider, first->reason, request);
		http_problem(request, 403, "not_genuine", first->reason);
		return;
	}
	if (!is_new(webhooks, request, provider, news))
		return;
	counts_of(webhooks, provider)->heard++;
	if (!answer_question(webhooks, request, provider, address, news))
		hear_all(webhooks, request, provider, address, news);
}

void
webhooks_on_request(struct webhooks *webhooks, struct http_request *request)
{
	const char *provider = http_param(request, "provider");
	const char *in_address = http_param(request, "call");
	const struct calls_provider *entry =
	    calls_provider(webhooks->calls, provider);
	struct webhook_news news;
	struct record_ref call;

	/* Below /hooks/PROVIDER/message nothing is about a call. */
	if (in_address != NULL && strcmp(in_address, "message") == 0)
		in_address = NULL;
	if (entry == NULL || !provider_hears(entry->provider) ||
	    (in_address != NULL && calls_has_secret(webhooks->calls) &&
	        !parse_address(webhooks->calls, in_address,
	            http_param(request, "token"),
	            http_param(request, "what"), &call))) {
		http_problem(request, 404, "not_found", NULL);
		return;
	}
	if (!calls_has_secret(webhooks->calls) ||
	    !store_knows_time(webhooks->store)) {
		http_problem(request, 503, "unavailable", "starting");
		return;
	}
	if (in_address != NULL && !calls_token_is_right(webhooks->calls, &call,
	        http_param(request, "token"))) {
		count_refusal(webhooks, provider, "wrong token", request);
		http_problem(request, 404, "not_found", NULL);
		return;
	}
	if (!read_webhook(webhooks, request, entry, &news)) {
		count_refusal(webhooks, provider, "the head is too long",
		    request);
		http_problem(request, 400, "too_large", NULL);
		return;
	}
	hear_news(webhooks, request, provider,
	    in_address != NULL ? &call : NULL, &news);
	webhook_news_fini(&news);
}
