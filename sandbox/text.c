/* SPDX-License-Identifier: MIT */
/*
 * A message is queued, sent and delivered by a timer of its own, which tells its
 * StatusCallback at each step. Faults of "sms" are those of a create; those of
 * webhooks are dropped, doubled and forged ones.
 */
#include "sandbox/text.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "net/http.h"
#include "sandbox/api_internal.h"
#include "sandbox/control_internal.h"
#include "sandbox/faults.h"
#include "sandbox/form.h"
#include "sandbox/ledger.h"
#include "sandbox/line.h"
#include "sandbox/memory.h"
#include "sandbox/phone.h"
#include "sandbox/sandbox.h"
#include "sandbox/webhook.h"

enum {
	SID_SIZE = 35,
	TEXTS_MAX = 20000,
	SHOWN_MAX = 100,
	BODY_CHARACTERS_MAX = 1600,
	STEP_MS = 400,			/* of the network: queued, sent, delivered */
	ERROR_NOT_FOUND = 20404,
	ERROR_INVALID = 20001,
	ERROR_NO_BODY = 21602,
	ERROR_NO_FROM = 21603,
	ERROR_NO_TO = 21604,
	ERROR_BAD_TO = 21211,
	ERROR_BLOCKED = 21610,
	ERROR_TOO_LONG = 21617,
};

struct text {
	struct sandbox *sandbox;
	uint32_t serial;
	char sid[SID_SIZE];
	char *from, *to, *body;
	char *status_url;		/* NULL: nobody hears of it */
	const char *status;
	int error;			/* 0: none */
	bool is_inbound;
	int64_t created_at_ms;
	struct event *timer;
	TAILQ_ENTRY(text) link;
};

struct texts {
	TAILQ_HEAD(text_list, text) list;	/* newest first */
	size_t count;
	uint32_t serial;
	char *inbound_url;		/* NULL: nobody hears what phones write */
};

struct texts *
texts_new(void)
{
	struct texts *texts = memory_new(sizeof(*texts));

	TAILQ_INIT(&texts->list);
	return texts;
}

static void
drop(struct texts *texts, struct text *text)
{
	TAILQ_REMOVE(&texts->list, text, link);
	texts->count--;
	if (text->timer != NULL)
		event_free(text->timer);
	free(text->from);
	free(text->to);
	free(text->body);
	free(text->status_url);
	free(text);
}

void
texts_free(struct texts *texts)
{
	struct text *text;

	if (texts == NULL)
		return;
	while ((text = TAILQ_FIRST(&texts->list)) != NULL)
		drop(texts, text);
	free(texts->inbound_url);
	free(texts);
}

static struct text *
text_new(struct sandbox *sandbox, const char *from, const char *to,
    const char *body)
{
	struct texts *texts = sandbox->texts;
	struct text *text = memory_new(sizeof(*text));

	if (texts->count == TEXTS_MAX)
		drop(texts, TAILQ_LAST(&texts->list, text_list));
	text->sandbox = sandbox;
	text->serial = ++texts->serial;
	snprintf(text->sid, sizeof(text->sid), "SM%032x", text->serial);
	text->from = memory_copy(from);
	text->to = memory_copy(to);
	text->body = memory_copy(body);
	text->created_at_ms = sandbox_now_ms();
	TAILQ_INSERT_HEAD(&texts->list, text, link);
	texts->count++;
	return text;
}

static struct text *
find(const struct sandbox *sandbox, const char *sid)
{
	struct text *text;

	TAILQ_FOREACH(text, &sandbox->texts->list, link) {
		if (strcmp(text->sid, sid) == 0)
			return text;
	}
	return NULL;
}

/* ---- JSON */

/* Known once it has arrived. */
#define TEXT_PRICE "-0.00790"

json_t *
text_to_json(const struct text *text)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o,"
	    " s:s?, s:s, s:s, s:s?, s:I}",
	    "sid", text->sid, "account_sid", text->sandbox->account,
	    "from", text->from, "to", text->to, "body", text->body,
	    "status", text->status, "direction", text->is_inbound ?
	    "inbound" : "outbound-api", "error_code", text->error != 0 ?
	    json_integer(text->error) : json_null(),
	    "price", text->is_inbound || strcmp(text->status, "delivered") != 0 ?
	    NULL : TEXT_PRICE, "price_unit", "USD",
	    "api_version", "2010-04-01",
	    "status_callback", text->status_url,
	    "created_at_ms", (json_int_t)text->created_at_ms);

	CHECK(json != NULL);
	return json;
}

json_t *
texts_to_json(const struct sandbox *sandbox)
{
	json_t *list = json_array();
	const struct text *text;

	TAILQ_FOREACH(text, &sandbox->texts->list, link) {
		if (json_array_size(list) == SHOWN_MAX)
			break;
		json_array_append_new(list, text_to_json(text));
	}
	return list;
}

/* ---- what becomes of it */

struct telling {
	struct sandbox *sandbox;
	char sid[SID_SIZE];
	const char *status;
	enum fault_kind fault;
};

static void
on_told(void *context, const struct fetch_result *result)
{
	struct telling *telling = context;
	json_t *line = json_pack("{s:s, s:s, s:i, s:s?}", "sid", telling->sid,
	    "message_status", telling->status,
	    "status", result != NULL ? (int)result->status : 0,
	    "error", result != NULL ? result->error : "not sent");

	if (telling->fault != FAULT_NONE)
		json_object_set_new(line, "fault",
		    json_string(fault_name(telling->fault)));
	ledger_write(telling->sandbox->ledger, "webhook", line);
	free(telling);
}

static struct telling *
telling_new(const struct text *text, enum fault_kind fault)
{
	struct telling *telling = memory_new(sizeof(*telling));

	telling->sandbox = text->sandbox;
	memcpy(telling->sid, text->sid, sizeof(telling->sid));
	telling->status = text->status;
	telling->fault = fault;
	return telling;
}

static void
describe(const struct text *text, const char *status, struct form *form)
{
	form_add(form, "AccountSid", text->sandbox->account);
	form_add(form, "ApiVersion", "2010-04-01");
	form_add(form, "MessageSid", text->sid);
	form_add(form, "SmsSid", text->sid);
	form_add(form, "From", text->from);
	form_add(form, "To", text->to);
	if (status != NULL) {
		form_add(form, "MessageStatus", status);
		form_add(form, "SmsStatus", status);
	}
	if (text->error != 0)
		form_add_number(form, "ErrorCode", text->error);
}

static void
tell(struct text *text)
{
	struct fault fault;
	struct form form = { 0 };
	int times;

	if (text->status_url == NULL)
		return;
	fault = faults_take_webhook(text->sandbox->faults);
	if (fault.kind == FAULT_DROP) {
		on_told(telling_new(text, fault.kind), NULL);
		return;
	}
	describe(text, text->status, &form);
	if (fault.kind == FAULT_FORGED) {
		struct form forged = { 0 };

		describe(text, "failed", &forged);
		webhook_send_as(text->sandbox, "not the token",
		    text->status_url, "POST", &forged, on_told,
		    telling_new(text, fault.kind));
		form_fini(&forged);
	}
	times = fault.kind == FAULT_DUPLICATE ? fault.times + 1 : 1;
	for (int i = 0; i < times; i++)
		webhook_send(text->sandbox, text->status_url, "POST", &form,
		    on_told, telling_new(text, fault.kind));
	form_fini(&form);
}

static int
ending(const char *number)
{
	size_t length = strlen(number);

	return length < 2 ? 0 : atoi(number + length - 2);
}

static void
wait_for_step(struct text *text)
{
	struct timeval wait = sandbox_time(text->sandbox, STEP_MS);

	CHECK(evtimer_add(text->timer, &wait) == 0);
}

static void
end_as(struct text *text, const char *status, int error)
{
	text->status = status;
	text->error = error;
	ledger_write(text->sandbox->ledger, "sms", json_pack(
	    "{s:s, s:s, s:s, s:s}", "sid", text->sid, "to", text->to,
	    "text", text->body, "result", status));
	tell(text);
}

static void
on_step(evutil_socket_t fd, short what, void *arg)
{
	struct text *text = arg;

	(void)fd;
	(void)what;
	if (strcmp(text->status, "queued") == 0) {
		text->status = "sent";
		tell(text);
		if (ending(text->to) != 13)
			wait_for_step(text);
	} else if (ending(text->to) == 11) {
		end_as(text, "undelivered", 30003);
	} else if (ending(text->to) == 12) {
		end_as(text, "failed", 30008);
	} else {
		end_as(text, "delivered", 0);
	}
}

/* ---- the API */

static size_t
characters(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xC0) != 0x80;
	return count;
}

/* Code 0: it is good. */
static int
check(const struct form *form, char to[PHONE_ADDRESS_SIZE],
    char from[PHONE_ADDRESS_SIZE], const char **ret_why)
{
	const char *to_text = form_get_filled(form, "To");
	const char *from_text = form_get_filled(form, "From");
	const char *body = form_get_filled(form, "Body");

	if (to_text == NULL) {
		*ret_why = "A 'To' phone number is required.";
		return ERROR_NO_TO;
	}
	if (from_text == NULL || !phone_address_read(from_text, from)) {
		*ret_why = "A 'From' phone number is required.";
		return ERROR_NO_FROM;
	}
	if (body == NULL) {
		*ret_why = "Message body is required.";
		return ERROR_NO_BODY;
	}
	if (characters(body) > BODY_CHARACTERS_MAX) {
		*ret_why = "The message body exceeds the 1600 character limit.";
		return ERROR_TOO_LONG;
	}
	if (!phone_address_read(to_text, to) || to[0] != '+' ||
	    phone_behaviour_of(to).manner == PHONE_INVALID) {
		*ret_why = "Invalid 'To' Phone Number";
		return ERROR_BAD_TO;
	}
	if (ending(to) == 14) {
		*ret_why = "Attempt to send to unsubscribed recipient";
		return ERROR_BLOCKED;
	}
	return 0;
}

static void
create(struct api_answer *answer)
{
	char to[PHONE_ADDRESS_SIZE], from[PHONE_ADDRESS_SIZE];
	const char *why = "", *status_url;
	struct sandbox *sandbox = answer->sandbox;
	int code = check(answer->form, to, from, &why);

	if (code != 0) {
		api_refuse(answer, 400, code, why);
		return;
	}
	answer->text = text_new(sandbox, from, to,
	    form_get(answer->form, "Body"));
	answer->text->status = "queued";
	status_url = form_get_filled(answer->form, "StatusCallback");
	if (status_url != NULL)
		answer->text->status_url = memory_copy(status_url);
	answer->text->timer = evtimer_new(sandbox->base, on_step,
	    answer->text);
	CHECK(answer->text->timer != NULL);
	wait_for_step(answer->text);
	if (!api_fault_after(answer))
		api_reply(answer, 201, text_to_json(answer->text));
}

void
text_on_create(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	struct api_answer answer = { .sandbox = sandbox, .request = request };
	struct form form = { 0 };
	size_t length;
	const char *body = http_body(request, &length);

	if (!api_is_authorised(sandbox, request))
		return;
	if (!form_parse(body, length, &form)) {
		api_refuse(&answer, 400, ERROR_INVALID, "not a form");
		return;
	}
	answer.form = &form;
	answer.fault = faults_take_sms(sandbox->faults);
	if (!api_fault_before(&answer))
		create(&answer);
	form_fini(&form);
}

void
text_on_list(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	struct api_answer answer = { .sandbox = sandbox, .request = request };
	const char *to = http_query(request, "To");
	json_t *list = json_array();
	const struct text *text;

	if (!api_is_authorised(sandbox, request)) {
		json_decref(list);
		return;
	}
	TAILQ_FOREACH(text, &sandbox->texts->list, link) {
		if (json_array_size(list) == SHOWN_MAX)
			break;
		if (to == NULL || strcmp(to, text->to) == 0)
			json_array_append_new(list, text_to_json(text));
	}
	api_reply(&answer, 200, json_pack("{s:o, s:n, s:s}", "messages", list,
	    "next_page_uri", "uri", http_uri(request)));
}

void
text_on_read(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	struct api_answer answer = { .sandbox = sandbox, .request = request };
	const char *name = http_param(request, "sid");
	const char *dot = strchr(name, '.');
	char sid[SID_SIZE] = "";

	if (!api_is_authorised(sandbox, request))
		return;
	if (dot != NULL && strcmp(dot, ".json") == 0 &&
	    dot - name == SID_SIZE - 1)
		memcpy(sid, name, SID_SIZE - 1);
	answer.text = find(sandbox, sid);
	if (answer.text == NULL)
		api_refuse(&answer, 404, ERROR_NOT_FOUND, "no such message");
	else
		api_reply(&answer, 200, text_to_json(answer.text));
}

/* ---- control */

void
text_on_control_list(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;

	http_reply_json(request, 200, json_pack("{s:o}", "messages",
	    texts_to_json(sandbox)));
}

static json_t *
read_body(struct http_request *request)
{
	size_t length;
	const char *body = http_body(request, &length);
	json_t *json = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);

	if (json == NULL)
		http_problem(request, 400, "json_invalid", NULL);
	return json;
}

void
text_on_inbound(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	json_t *json;
	const char *url;

	if (!control_may(request) || (json = read_body(request)) == NULL)
		return;
	url = json_string_value(json_object_get(json, "url"));
	free(sandbox->texts->inbound_url);
	sandbox->texts->inbound_url = url != NULL ? memory_copy(url) : NULL;
	http_reply_json(request, 200, json_pack("{s:s?}", "url", url));
	json_decref(json);
}

/* Who wrote to that phone last, from which number. */
static const char *
last_sender(const struct sandbox *sandbox, const char *number)
{
	const struct text *text;

	TAILQ_FOREACH(text, &sandbox->texts->list, link) {
		if (!text->is_inbound && strcmp(text->to, number) == 0)
			return text->from;
	}
	return NULL;
}

static void
hand_in(struct sandbox *sandbox, const char *from, const char *to,
    const char *words)
{
	struct text *text = text_new(sandbox, from, to, words);
	struct fault fault = faults_take_webhook(sandbox->faults);
	int times = fault.kind == FAULT_DUPLICATE ? fault.times + 1 : 1;
	struct form form = { 0 };
	const char *url = sandbox->texts->inbound_url;

	if (url == NULL)
		url = lines_text_url(sandbox->lines, to);
	text->is_inbound = true;
	text->status = "received";
	ledger_write(sandbox->ledger, "sms", json_pack("{s:s, s:s, s:s, s:s}",
	    "sid", text->sid, "from", from, "text", words,
	    "result", "received"));
	if (url == NULL)
		return;
	describe(text, "received", &form);
	form_add(&form, "Body", words);
	form_add(&form, "NumMedia", "0");
	if (fault.kind == FAULT_FORGED)
		webhook_send_as(sandbox, "not the token", url, "POST", &form,
		    on_told, telling_new(text, fault.kind));
	for (int i = 0; i < times && fault.kind != FAULT_FORGED; i++)
		webhook_send(sandbox, url, "POST", &form, on_told,
		    telling_new(text, fault.kind));
	form_fini(&form);
}

void
text_on_write(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	char from[PHONE_ADDRESS_SIZE];
	const char *to, *words;
	json_t *json;

	if (!control_may(request))
		return;
	if (!phone_address_read(http_param(request, "number"), from)) {
		http_problem(request, 404, "phone_invalid",
		    "not a phone number or address");
		return;
	}
	json = read_body(request);
	if (json == NULL)
		return;
	to = json_string_value(json_object_get(json, "to"));
	words = json_string_value(json_object_get(json, "text"));
	if (to == NULL)
		to = last_sender(sandbox, from);
	if (words == NULL || to == NULL) {
		http_problem(request, 400, "text_invalid",
		    "text is wanted, and to while nobody has written there");
	} else {
		hand_in(sandbox, from, to, words);
		http_reply_json(request, 200, json_pack("{s:b}", "ok", 1));
	}
	json_decref(json);
}
