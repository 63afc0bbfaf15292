/* SPDX-License-Identifier: MIT */
/* messages: one request for each text, and what is heard of it afterwards. */
#include "daemon/messages.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/customer.h"
#include "daemon/log.h"
#include "daemon/suppress.h"
#include "lib/fault.h"
#include "lib/inbound.h"
#include "lib/message_text.h"
#include "lib/text.h"

enum { URL_TIMEOUT_MS = 10000 };

struct messages {
	struct calls *calls;
	struct engine *engine;
	struct store *store;
	const struct policy *policy;
	bool is_trial;
};

/* ---- answers become events */

static void
tell(struct messages *messages, const struct record_ref *message,
    const struct event *facts)
{
	struct engine_order order = { .event = *facts, .must = true };

	CRASH_POINT("text_before_event");
	order.event.to = *message;
	order.event.digit = -1;
	snprintf(order.event.by, sizeof(order.event.by), "provider");
	if (!engine_post(messages->engine, &order))
		log_event(LOG_LEVEL_WARNING, "answer_dropped",
		    "message=%s event=%s", message->id,
		    event_kind_names[facts->kind]);
}

static void
tell_with_detail(struct messages *messages, const struct record_ref *message,
    struct event event, const char *detail)
{
	text_copy(event.detail, sizeof(event.detail), detail);
	log_event(LOG_LEVEL_WARNING, event.kind == EVENT_REJECTED ?
	    "message_rejected" : "message_unknown",
	    "message=%s error=\"%s\"", message->id, detail);
	tell(messages, message, &event);
}

static void
read_sent(struct messages *messages, const struct record_ref *message,
    const struct provider_answer *read, bool is_unreached)
{
	struct event event = { .kind = EVENT_CREATED,
		.message = read->message };
	char detail[DETAIL_SIZE];

	snprintf(detail, sizeof(detail), "%s%s%s", read->code,
	    read->code[0] != '\0' ? " " : "", read->text);
	text_cut_whole(detail);
	switch (read->outcome) {
	case PROVIDER_CREATED:
		memcpy(event.sid, read->id, sizeof(event.sid));
		tell(messages, message, &event);
		break;
	case PROVIDER_REJECTED:
		event.kind = EVENT_REJECTED;
		event.outcome = read->is_unsubscribed ? OUTCOME_REJECTED :
		    read->is_number_invalid ? OUTCOME_INVALID_NUMBER :
		    OUTCOME_FAILED;
		event.may_be_taken_later = event.outcome == OUTCOME_FAILED &&
		    (read->is_temporary || is_unreached);
		tell_with_detail(messages, message, event, detail);
		break;
	case PROVIDER_UNKNOWN:
		event.kind = EVENT_UNKNOWN;
		tell_with_detail(messages, message, event, detail);
		break;
	}
}

/* What the provider says of a text; an unclear answer says nothing. */
static void
read_state(struct messages *messages, const struct record_ref *message,
    const struct provider_answer *read)
{
	struct event event = { .kind = EVENT_PROGRESS,
		.message = read->message };

	if (read->is_gone)
		event.kind = EVENT_ABSENT;
	else if (read->outcome != PROVIDER_CREATED ||
	    read->message == MESSAGE_NOT_SAID)
		return;
	memcpy(event.sid, read->id, sizeof(event.sid));
	if (read->message == MESSAGE_FAILED)
		snprintf(event.detail, sizeof(event.detail), "%s%s%s",
		    read->code, read->code[0] != '\0' ? " " : "", read->text);
	text_cut_whole(event.detail);
	tell(messages, message, &event);
}

/* An address of ours has it when it says so, and has not when it says that. */
static void
read_url(struct messages *messages, const struct record_ref *message,
    const struct carrier_answer *answer)
{
	struct event event = { .kind = EVENT_CREATED };
	char detail[DETAIL_SIZE];
	bool is_refused = answer->end == TRANSPORT_UNREACHED ||
	    answer->status / 100 == 4;

	if (answer->end == TRANSPORT_ANSWERED && answer->status / 100 == 2) {
		tell(messages, message, &event);
		return;
	}
	snprintf(detail, sizeof(detail), "%d %s", answer->status,
	    answer->error != NULL ? answer->error : "");
	event.kind = is_refused ? EVENT_REJECTED : EVENT_UNKNOWN;
	event.outcome = OUTCOME_FAILED;
	tell_with_detail(messages, message, event, detail);
}

static void
on_text(void *context, const struct record_ref *message,
    const struct calls_provider *provider, enum provider_operation operation,
    const struct carrier_answer *answer)
{
	struct messages *messages = context;
	struct provider_answer read;

	CRASH_POINT("text_answer_read");
	if (provider == NULL) {
		read_url(messages, message, answer);
		return;
	}
	calls_read(messages->calls, provider, operation, answer, &read);
	log_event(LOG_LEVEL_DEBUG, "provider_answered",
	    "message=%s operation=%s status=%d ms=%" PRId64, message->id,
	    provider_operation_names[operation], answer->status,
	    answer->elapsed_ms);
	calls_hear_alarm(messages->calls, provider->id, &read);
	if (operation == PROVIDER_SMS) {
		calls_tell_news(messages->calls, provider, CHANNEL_SMS, answer,
		    &read);
		read_sent(messages, message, &read,
		    answer->end == TRANSPORT_UNREACHED);
	} else {
		read_state(messages, message, &read);
	}
	calls_tell_price(messages->calls, message, &read);
}

/* ---- requests */

struct text_values {
	struct provider_values values;
	char token[TOKEN_SIZE], job[PROVIDER_JOB_SIZE], hook[HOOK_SIZE];
	char since_ms[24], now_ms[24], text[MESSAGE_TEXT_SIZE];
};

/* Without the scheme that says where it may go. */
static const char *
bare(const char *address)
{
	return strncmp(address, "chat:", 5) == 0 ? address + 5 : address;
}

static const char *
sender(const struct messages *messages, const struct message *message)
{
	const struct queue_policy *queue =
	    policy_default_queue(messages->policy);

	if (message->caller_id[0] != '\0' || queue == NULL)
		return message->caller_id;
	return policy_caller_id(queue, message->to);
}

static void
fill_values(struct messages *messages, const struct message *message,
    const struct record_ref *ref, const struct calls_provider *provider,
    struct text_values *ret)
{
	struct provider_values *values = &ret->values;

	*values = provider->values;
	calls_token(messages->calls, ref, ret->token);
	calls_job(messages->calls, ref, ret->job);
	snprintf(ret->hook, sizeof(ret->hook), "%s/hooks/%s/%s/%s",
	    calls_public_url(messages->calls), provider->id, ref->id,
	    ret->token);
	snprintf(ret->since_ms, sizeof(ret->since_ms), "%" PRId64,
	    message->sending_at_ms);
	snprintf(ret->now_ms, sizeof(ret->now_ms), "%" PRId64,
	    store_now_ms(messages->store));
	message_text(messages->policy, message, message->sending_at_ms,
	    ret->text);
	provider_values_add(values, "to", bare(message->to));
	provider_values_add(values, "from", sender(messages, message));
	provider_values_add(values, "text", ret->text);
	provider_values_add(values, "token", ret->token);
	provider_values_add(values, "job", ret->job);
	provider_values_add(values, "hook", ret->hook);
	provider_values_add(values, "since_ms", ret->since_ms);
	provider_values_add(values, "now_ms", ret->now_ms);
	provider_values_add(values, "company", messages->policy->company);
	provider_values_add(values, "lang", message->locale);
	provider_values_add(values, "number", message->number);
	if (message->sid[0] != '\0')
		provider_values_add(values, "id", message->sid);
}

static void
not_sent(struct messages *messages, const struct record_ref *message,
    const char *why, bool may_be_taken_later)
{
	tell_with_detail(messages, message, (struct event){
		.kind = EVENT_REJECTED, .outcome = OUTCOME_FAILED,
		.may_be_taken_later = may_be_taken_later }, why);
}

static void
send(struct messages *messages, const struct message *message,
    const struct calls_provider *provider, enum provider_operation operation,
    struct calls_window window)
{
	struct record_ref ref = record_ref_message(message->id);
	struct provider_request built;
	struct carrier_request request;
	struct text_values values;
	const char *why = "";
	bool is_sent;

	fill_values(messages, message, &ref, provider, &values);
	/* A text that nobody can tell may have no name to ask by. */
	if (!provider_request_build(provider->provider, operation,
	        &values.values, &built, &why)) {
		if (operation == PROVIDER_SMS)
			not_sent(messages, &ref, why, false);
		return;
	}
	request = calls_request(provider, &built, window);
	is_sent = calls_send_text(messages->calls, &ref, provider, operation,
	    &request);
	provider_request_fini(&built);
	if (!is_sent && operation == PROVIDER_SMS)
		not_sent(messages, &ref, "the line to the provider is full",
		    true);
}

/* An alarm for a program: what it is, as it stands in the record, and the words. */
static void
post_url(struct messages *messages, const struct message *message,
    int64_t start_by_ms)
{
	static const char *const headers[] = {
		"Content-Type: application/json" };
	const struct alarm_policy *alarms = &messages->policy->alarms;
	struct record_ref ref = record_ref_message(message->id);
	struct carrier_request request;
	char text[MESSAGE_TEXT_SIZE], *body;
	json_t *json;
	size_t target = (size_t)message->target;
	const char *url = target >= 1 && target <= alarms->to_count ?
	    alarms->urls[target - 1] : NULL;

	if (url == NULL) {
		not_sent(messages, &ref, "the configuration has no such URL",
		    false);
		return;
	}
	message_text(messages->policy, message, message->sending_at_ms, text);
	json = json_pack("{s:s, s:s, s:s, s:b, s:i, s:s, s:I, s:s}",
	    "id", message->id, "site", messages->policy->site,
	    "cause", alarm_cause_names[message->cause],
	    "over", message->kind == TEXT_ALARM_OVER,
	    "count", message->count, "detail", message->detail,
	    "since", (json_int_t)(message->since_ms / 1000), "text", text);
	if (json != NULL && message->request[0] != '\0') {
		json_object_set_new(json, "request",
		    json_string(message->request));
		json_object_set_new(json, "number",
		    json_string(message->number));
		json_object_set_new(json, "queue", json_string(message->queue));
	}
	body = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (body == NULL) {
		not_sent(messages, &ref, "its words are not UTF-8", false);
		return;
	}
	request = (struct carrier_request){ .method = "POST", .url = url,
		.headers = headers, .header_count = COUNT_OF(headers),
		.body = body, .body_length = strlen(body),
		.timeout_ms = URL_TIMEOUT_MS,
		.connect_timeout_ms = URL_TIMEOUT_MS / 2,
		.start_by_ms = start_by_ms,
		.allow_private = messages->is_trial || alarms->is_private };
	if (!calls_send_text(messages->calls, &ref, NULL, PROVIDER_SMS,
	        &request))
		not_sent(messages, &ref, "the line is full", false);
	free(body);
}

void
messages_do(struct messages *messages, const struct message *message,
    const struct effect *effect, int64_t sent_boot_ms, int64_t wait_ms)
{
	const struct calls_provider *provider =
	    calls_provider(messages->calls, message->provider);
	struct record_ref ref = record_ref_message(message->id);
	bool is_send = effect->kind == EFFECT_SEND;
	struct calls_window window = CALLS_AT_ONCE;

	if (is_send) {
		window.start_at_ms = sent_boot_ms + wait_ms;
		window.start_by_ms = window.start_at_ms + PLACE_YOUTH_MS;
	}

	if (strcmp(message->provider, MESSAGE_BY_URL) == 0) {
		if (is_send)
			post_url(messages, message, window.start_by_ms);
	} else if (provider == NULL || !calls_has_secret(messages->calls)) {
		if (is_send)
			not_sent(messages, &ref, "no such provider is "
			    "configured", provider != NULL);
	} else if (is_send || provider_can(provider->provider,
	    PROVIDER_SMS_GET)) {
		send(messages, message, provider,
		    is_send ? PROVIDER_SMS : PROVIDER_SMS_GET, window);
	}
}

/* ---- webhooks about ours */

void
messages_on_progress(struct messages *messages, const char *provider,
    const struct webhook_event *heard, engine_on_result *on_result,
    void *context)
{
	struct engine_order order = { .event = { .kind = EVENT_PROGRESS,
		.message = heard->message, .digit = -1 },
		.on_result = on_result, .context = context };
	struct engine_result foreign = { .end = ENGINE_ABSENT };
	struct engine_result away = { .end = ENGINE_UNAVAILABLE };

	if (!calls_read_job(messages->calls, heard->job, &order.event.to)) {
		on_result(context, 0, &foreign);
		return;
	}
	memcpy(order.event.sid, heard->sid, sizeof(order.event.sid));
	snprintf(order.event.detail, sizeof(order.event.detail), "%s",
	    heard->error);
	if (heard->is_unsubscribed)
		order.event.outcome = OUTCOME_REJECTED;
	snprintf(order.event.provider, sizeof(order.event.provider), "%s",
	    provider);
	snprintf(order.event.by, sizeof(order.event.by), "provider");
	if (!engine_post(messages->engine, &order))
		on_result(context, 0, &away);
}

/* ---- what somebody wrote to us */

/* Ends when both commits have. */
struct wish {
	messages_on_kept *on_kept;
	void *context;
	int open;
	bool is_kept;
	struct engine *engine;          /* of call_off */
};

static void
on_wish(void *context, uint64_t tag, const struct engine_result *result)
{
	struct wish *wish = context;

	(void)tag;
	wish->is_kept &= result->end != ENGINE_UNAVAILABLE;
	if (--wish->open > 0)
		return;
	wish->on_kept(wish->context, wish->is_kept);
	free(wish);
}

static void
change(struct messages *messages, struct wish *wish, const char *phone,
    unsigned what, bool is_lifted, const struct message *answer)
{
	struct suppression suppression = { .what = what,
		.is_lifted = is_lifted, .why = is_lifted ? "START" : "STOP",
		.who = "customer", .answer = answer };
	struct engine_result away = { .end = ENGINE_UNAVAILABLE };

	snprintf(suppression.phone, sizeof(suppression.phone), "%s", phone);
	wish->open++;
	if (!suppress(messages->engine, messages->store, messages->policy,
	        &suppression, on_wish, wish, 0))
		on_wish(wish, 0, &away);
}

/* The answer to STOP is sent once it is kept, and once. */
static void
fill_answer(struct messages *messages, const char *phone, bool is_start,
    bool is_calls_too, struct message *ret_answer)
{
	int64_t now_ms = store_now_ms(messages->store);
	char id[REQUEST_ID_SIZE];

	memset(ret_answer, 0, sizeof(*ret_answer));
	ret_answer->kind = is_start ? TEXT_STARTED : TEXT_STOPPED;
	/* No number: an id stands in logs and lines. */
	engine_fresh_id(messages->engine, id);
	snprintf(ret_answer->id, sizeof(ret_answer->id), "%s.%s.1", id,
	    message_kind_names[ret_answer->kind]);
	snprintf(ret_answer->to, sizeof(ret_answer->to), "%s", phone);
	memcpy(ret_answer->locale, messages->policy->language,
	    sizeof(ret_answer->locale));
	ret_answer->count = is_calls_too;
	ret_answer->stale_at_ms = now_ms + 10 * 60 * 1000;
	ret_answer->prompt_until_ms = ret_answer->stale_at_ms;
}

static void
do_wish(struct messages *messages, enum inbound_wish kind, const char *phone,
    messages_on_kept *on_kept, void *context)
{
	struct wish *wish = calloc(1, sizeof(*wish));
	bool is_start = kind == INBOUND_START;
	struct message answer;
	struct engine_result done = { .end = ENGINE_DONE };

	CHECK(wish != NULL);
	*wish = (struct wish){ on_kept, context, 1, true, NULL };
	fill_answer(messages, phone, is_start, kind == INBOUND_NO_CALLS,
	    &answer);
	/* Calls first: once they hear of it, all of it is kept. */
	if (kind != INBOUND_STOP)
		change(messages, wish, phone, SUPPRESS_CALLS, is_start, NULL);
	change(messages, wish, phone, SUPPRESS_MESSAGES, is_start, &answer);
	on_wish(wish, 0, &done);
}

/* Were they told of this call, and does it still wait. */
static bool
is_told_of(const struct request *request)
{
	return (request->state == REQUEST_SCHEDULED ||
	        request->state == REQUEST_WAITING) &&
	    (request->told & (1 << TEXT_DEFERRED | 1 << TEXT_LATE)) != 0;
}

static void
on_customer(void *context, const struct customer *customer)
{
	struct wish *wish = context;
	struct engine_result done = { .end = customer->is_known ? ENGINE_DONE :
		ENGINE_UNAVAILABLE };

	for (size_t i = 0; i < customer->count; i++) {
		struct engine_order order = { .event = {
			.kind = EVENT_CANCELLED, .digit = -1, .by = "customer" },
			.on_result = on_wish, .context = wish };
		struct engine_result away = { .end = ENGINE_UNAVAILABLE };

		if (!is_told_of(&customer->latest[i]))
			continue;
		order.event.to = record_ref_request(customer->latest[i].id);
		wish->open++;
		if (!engine_post(wish->engine, &order))
			on_wish(wish, 0, &away);
	}
	on_wish(wish, 0, &done);
}

/* "No" to a call that was put off, or is late: it is not made. What they were not told
 * of goes on. */
static void
call_off(struct messages *messages, const char *phone,
    messages_on_kept *on_kept, void *context)
{
	struct wish *wish = calloc(1, sizeof(*wish));

	CHECK(wish != NULL);
	*wish = (struct wish){ on_kept, context, 1, true, messages->engine };
	customer_read(messages->store, phone, on_customer, wish);
}

/* "1" takes what this specialist was offered by SMS, "2" declines it. */
static void
answer_offer(struct messages *messages, const char *specialist,
    bool is_accepted, messages_on_kept *on_kept, void *context)
{
	struct wish *wish = calloc(1, sizeof(*wish));
	struct engine_order order = { .event = { .kind = is_accepted ?
		EVENT_ACCEPT : EVENT_DECLINE, .digit = -1 },
		.on_result = on_wish, .context = wish };
	struct engine_result away = { .end = ENGINE_UNAVAILABLE };

	CHECK(wish != NULL);
	*wish = (struct wish){ on_kept, context, 1, true, NULL };
	order.event.to = record_ref_specialist(specialist);
	snprintf(order.event.by, sizeof(order.event.by), "%s", specialist);
	if (!engine_post(messages->engine, &order))
		on_wish(wish, 0, &away);
}

/* Who is offered work by SMS at that number; NULL: nobody. */
static const struct specialist_policy *
specialist_at(const struct messages *messages, const char *number)
{
	const struct policy *policy = messages->policy;

	for (size_t i = 0; i < policy->specialist_count; i++) {
		const struct specialist_policy *one = &policy->specialists[i];

		for (size_t k = 0; k < one->address_count; k++) {
			if (policy_offers_by(one, OFFER_SMS) &&
			    strcmp(bare(one->addresses[k].to), number) == 0)
				return one;
		}
	}
	return NULL;
}

static bool
is_number(const char *text)
{
	size_t length = strlen(text);

	return text[0] == '+' && length >= 8 && length < PHONE_SIZE &&
	    strspn(text + 1, "0123456789") == length - 1;
}

void
messages_on_inbound(struct messages *messages, const char *from,
    const char *text, messages_on_kept *on_kept, void *context)
{
	enum inbound_wish wish = inbound_read(text);
	const struct specialist_policy *specialist =
	    specialist_at(messages, from);

	if (specialist != NULL && (wish == INBOUND_ONE || wish == INBOUND_TWO))
		answer_offer(messages, specialist->id, wish == INBOUND_ONE,
		    on_kept, context);
	else if (is_number(from) && wish == INBOUND_NO)
		call_off(messages, from, on_kept, context);
	else if (is_number(from) && wish != INBOUND_NOTHING &&
	    wish != INBOUND_ONE && wish != INBOUND_TWO)
		do_wish(messages, wish, from, on_kept, context);
	else
		on_kept(context, true);
}

/* ---- what is no longer so */

static void
withdraw(struct messages *messages, const struct request *request,
    enum message_kind kind)
{
	struct engine_order order = { .event = { .kind = EVENT_WITHDRAWN,
		.digit = -1 } };
	char id[MESSAGE_ID_SIZE];

	if ((request->told & 1 << kind) == 0)
		return;
	message_id(request->id, kind, request->promise_number, id);
	order.event.to = record_ref_message(id);
	if (!engine_post(messages->engine, &order))
		log_event(LOG_LEVEL_DEBUG, "withdrawal_dropped", "message=%s",
		    id);
}

void
messages_on_committed(struct messages *messages,
    const struct situation *before, const struct outcome *outcome)
{
	const struct request *was = &before->request;
	const struct request *is = &outcome->after.request;

	/* To say of a call that it comes later, once it has come or never will. */
	if (was->told == 0 || (is->promise_number == was->promise_number &&
	        is->state != REQUEST_CLOSED && is->kept_at_ms == was->kept_at_ms))
		return;
	withdraw(messages, was, TEXT_DEFERRED);
	withdraw(messages, was, TEXT_SOON);
	withdraw(messages, was, TEXT_LATE);
}

/* ---- the module */

struct messages *
messages_new(struct calls *calls, struct engine *engine, struct store *store,
    const struct policy *policy, bool is_trial)
{
	struct messages *messages = calloc(1, sizeof(*messages));

	CHECK(messages != NULL);
	*messages = (struct messages){ calls, engine, store, policy, is_trial };
	calls_set_on_text(calls, on_text, messages);
	return messages;
}

void
messages_free(struct messages *messages)
{
	free(messages);
}

void
messages_set_policy(struct messages *messages, const struct policy *policy)
{
	messages->policy = policy;
}
