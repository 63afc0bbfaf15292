/* SPDX-License-Identifier: MIT */
/*
 * A webhook is written when its event happens and sent when its turn comes:
 * one at a time for each call, so that what arrives out of order was ordered
 * so by a fault.
 */
#include "sandbox/webhook.h"

#include <event2/event.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sandbox/faults.h"
#include "sandbox/form.h"
#include "sandbox/ledger.h"
#include "sandbox/memory.h"
#include "sandbox/phone.h"
#include "sandbox/sandbox.h"

struct webhook {
	struct sandbox *sandbox;
	char sid[CALL_SID_SIZE];	/* the call may be gone by then */
	char *url, *method;
	const char *event;
	struct form form;
	enum fault_kind fault;
	bool in_turn;			/* the next one waits for its end */
	struct event timer;		/* of a fault that holds it back */
	TAILQ_ENTRY(webhook) in_call;
};

static void
call_send_next(struct call *call);

static void
send_with_fault(struct call *call, struct webhook *webhook,
    const struct fault *fault);

static void
send_now(struct webhook *webhook);

static void
send_forged(const struct webhook *webhook);

static void
send_later(struct call *call, struct webhook *webhook, int64_t delay_ms);

static struct webhook *
webhook_copy(const struct webhook *webhook);

static void
on_later(evutil_socket_t fd, short what, void *arg);

static void
on_done(void *context, const struct fetch_result *result);

static void
ledger_tell(const struct webhook *webhook, const struct fetch_result *result);

static void
webhook_free(struct webhook *webhook);

static int
field_order(const void *a, const void *b);

void
webhook_sign(const char *token, const char *url, const struct form *form,
    char ret_signature[WEBHOOK_SIGNATURE_SIZE])
{
	const struct form_field **sorted =
	    memory_new((form->count + 1) * sizeof(*sorted));
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_length;
	size_t size = strlen(url) + 1;
	char *text, *at;

	for (size_t i = 0; i < form->count; i++) {
		sorted[i] = &form->fields[i];
		size += strlen(sorted[i]->name) + strlen(sorted[i]->value);
	}
	qsort(sorted, form->count, sizeof(sorted[0]), field_order);
	text = memory_new(size);
	at = stpcpy(text, url);
	for (size_t i = 0; i < form->count; i++)
		at = stpcpy(stpcpy(at, sorted[i]->name), sorted[i]->value);
	CHECK(HMAC(EVP_sha1(), token, (int)strlen(token),
	    (unsigned char *)text, (size_t)(at - text), digest,
	    &digest_length) != NULL);
	EVP_EncodeBlock((unsigned char *)ret_signature, digest,
	    (int)digest_length);
	free(text);
	free(sorted);
}

void
webhook_describe(const struct call *call, const char *status,
    struct form *form)
{
	form_add(form, "AccountSid", call->sandbox->account);
	form_add(form, "ApiVersion", "2010-04-01");
	form_add(form, "CallSid", call->sid);
	form_add(form, "CallStatus", status);
	form_add(form, "Called", call->to);
	form_add(form, "Caller", call->from);
	form_add(form, "Direction", call_direction(call));
	form_add(form, "From", call->from);
	form_add(form, "To", call->to);
	if (call->parent_sid[0] != '\0')
		form_add(form, "ParentCallSid", call->parent_sid);
}

void
webhook_send(struct sandbox *sandbox, const char *url, const char *method,
    const struct form *form, fetch_handler *handler, void *context)
{
	webhook_send_as(sandbox, sandbox->token, url, method, form, handler,
	    context);
}

void
webhook_post(struct call *call, enum call_event event)
{
	time_t now = (time_t)(sandbox_now_ms() / 1000);
	struct webhook *webhook;
	struct tm utc;
	char stamp[48];

	if (call->status_url == NULL || (call->events & event) == 0)
		return;
	webhook = memory_new(sizeof(*webhook));
	webhook->sandbox = call->sandbox;
	memcpy(webhook->sid, call->sid, CALL_SID_SIZE);
	webhook->url = memory_copy(call->status_url);
	webhook->method = memory_copy(call->status_method);
	webhook->event = event == CALL_EVENT_INITIATED ? "initiated" :
	    event == CALL_EVENT_RINGING ? "ringing" :
	    event == CALL_EVENT_ANSWERED ? "answered" : "completed";
	/* "initiated" is a state that webhooks know and the API does not. */
	webhook_describe(call, event == CALL_EVENT_INITIATED ? "initiated" :
	    call_status_name(call->status), &webhook->form);
	gmtime_r(&now, &utc);
	strftime(stamp, sizeof(stamp), "%a, %d %b %Y %H:%M:%S +0000", &utc);
	form_add(&webhook->form, "Timestamp", stamp);
	form_add(&webhook->form, "CallbackSource", "call-progress-events");
	form_add_number(&webhook->form, "SequenceNumber", call->sequence++);
	if (call_is_over(call)) {
		form_add_number(&webhook->form, "CallDuration",
		    call_duration(call));
		form_add_number(&webhook->form, "Duration",
		    (call_duration(call) + 59) / 60);
		if (call->sip_code != 0)
			form_add_number(&webhook->form, "SipResponseCode",
			    call->sip_code);
	}
	if (call->detect_url == NULL && detect_word(call) != NULL)
		form_add(&webhook->form, "AnsweredBy", detect_word(call));
	TAILQ_INSERT_TAIL(&call->webhooks, webhook, in_call);
	call_send_next(call);
}

void
webhook_tell(const struct call *call, const char *url, const char *event,
    const struct form *form)
{
	struct webhook *webhook = memory_new(sizeof(*webhook));

	webhook->sandbox = call->sandbox;
	memcpy(webhook->sid, call->sid, CALL_SID_SIZE);
	webhook->url = memory_copy(url);
	webhook->method = memory_copy("POST");
	webhook->event = event;
	form_copy(form, &webhook->form);
	send_now(webhook);
}

void
webhook_forget(struct call *call)
{
	struct webhook *webhook;

	while ((webhook = TAILQ_FIRST(&call->webhooks)) != NULL) {
		TAILQ_REMOVE(&call->webhooks, webhook, in_call);
		webhook_free(webhook);
	}
	while ((webhook = TAILQ_FIRST(&call->delayed)) != NULL) {
		TAILQ_REMOVE(&call->delayed, webhook, in_call);
		webhook_free(webhook);
	}
	call->aside = NULL;
}

static void
call_send_next(struct call *call)
{
	struct webhook *webhook;

	while (!call->webhook_is_flying &&
	    (webhook = TAILQ_FIRST(&call->webhooks)) != NULL) {
		struct fault fault = faults_take_webhook(
		    call->sandbox->faults);

		TAILQ_REMOVE(&call->webhooks, webhook, in_call);
		send_with_fault(call, webhook, &fault);
	}
}

static void
send_with_fault(struct call *call, struct webhook *webhook,
    const struct fault *fault)
{
	webhook->fault = fault->kind;
	if (fault->kind == FAULT_DROP) {
		ledger_tell(webhook, NULL);
		webhook_free(webhook);
		return;
	}
	if (fault->kind == FAULT_DELAY) {
		send_later(call, webhook, fault->delay_ms);
		return;
	}
	if (fault->kind == FAULT_REORDER && call->aside == NULL) {
		call->aside = webhook;
		send_later(call, webhook, fault->delay_ms);
		return;
	}
	if (fault->kind == FAULT_FORGED)
		send_forged(webhook);
	if (fault->kind == FAULT_DUPLICATE)
		for (int i = 0; i < fault->times; i++)
			send_now(webhook_copy(webhook));
	webhook->in_turn = true;
	call->webhook_is_flying = true;
	send_now(webhook);
}

static void
send_now(struct webhook *webhook)
{
	webhook_send(webhook->sandbox, webhook->url, webhook->method,
	    &webhook->form, on_done, webhook);
}

/* It claims the worst, an end, and only its signature betrays it. */
static void
send_forged(const struct webhook *webhook)
{
	struct webhook *forged = webhook_copy(webhook);

	for (size_t i = 0; i < forged->form.count; i++) {
		struct form_field *field = &forged->form.fields[i];

		if (strcmp(field->name, "CallStatus") != 0)
			continue;
		free(field->value);
		field->value = memory_copy("completed");
	}
	forged->event = "forged";
	webhook_send_as(forged->sandbox, "not the token", forged->url,
	    forged->method, &forged->form, on_done, forged);
}

static void
send_later(struct call *call, struct webhook *webhook, int64_t delay_ms)
{
	struct timeval wait = sandbox_real_time(delay_ms);

	evtimer_assign(&webhook->timer, webhook->sandbox->base, on_later,
	    webhook);
	CHECK(evtimer_add(&webhook->timer, &wait) == 0);
	TAILQ_INSERT_TAIL(&call->delayed, webhook, in_call);
}

static struct webhook *
webhook_copy(const struct webhook *webhook)
{
	struct webhook *copy = memory_new(sizeof(*copy));

	copy->sandbox = webhook->sandbox;
	memcpy(copy->sid, webhook->sid, CALL_SID_SIZE);
	copy->url = memory_copy(webhook->url);
	copy->method = memory_copy(webhook->method);
	copy->event = webhook->event;
	copy->fault = webhook->fault;
	form_copy(&webhook->form, &copy->form);
	return copy;
}

static void
on_later(evutil_socket_t fd, short what, void *arg)
{
	struct webhook *webhook = arg;
	struct call *call = calls_find(webhook->sandbox, webhook->sid);

	(void)fd;
	(void)what;
	CHECK(call != NULL);	/* it would have taken this along */
	TAILQ_REMOVE(&call->delayed, webhook, in_call);
	if (call->aside == webhook)
		call->aside = NULL;
	send_now(webhook);
}

static void
on_done(void *context, const struct fetch_result *result)
{
	struct webhook *webhook = context;
	struct call *call = calls_find(webhook->sandbox, webhook->sid);

	ledger_tell(webhook, result);
	if (call != NULL && webhook->in_turn) {
		struct webhook *aside = call->aside;

		call->webhook_is_flying = false;
		if (aside != NULL) {
			call->aside = NULL;
			TAILQ_REMOVE(&call->delayed, aside, in_call);
			evtimer_del(&aside->timer);
			aside->in_turn = true;
			call->webhook_is_flying = true;
			send_now(aside);
		}
		call_send_next(call);
	}
	webhook_free(webhook);
}

/* NULL: it was never sent. */
static void
ledger_tell(const struct webhook *webhook, const struct fetch_result *result)
{
	json_t *line = json_pack("{s:s, s:s, s:s?, s:s?, s:s, s:i, s:s?}",
	    "sid", webhook->sid, "event", webhook->event,
	    "call_status", form_get(&webhook->form, "CallStatus"),
	    "sequence", form_get(&webhook->form, "SequenceNumber"),
	    "url", webhook->url,
	    "status", result != NULL ? (int)result->status : 0,
	    "error", result != NULL ? result->error : "not sent");

	if (webhook->fault != FAULT_NONE)
		json_object_set_new(line, "fault",
		    json_string(fault_name(webhook->fault)));
	ledger_write(webhook->sandbox->ledger, "webhook", line);
}

static void
webhook_free(struct webhook *webhook)
{
	if (event_initialized(&webhook->timer))
		evtimer_del(&webhook->timer);
	form_fini(&webhook->form);
	free(webhook->url);
	free(webhook->method);
	free(webhook);
}

static int
field_order(const void *a, const void *b)
{
	const struct form_field *left = *(const struct form_field *const *)a;
	const struct form_field *right = *(const struct form_field *const *)b;
	int order = strcmp(left->name, right->name);

	return order != 0 ? order : strcmp(left->value, right->value);
}

void
webhook_send_as(struct sandbox *sandbox, const char *token, const char *url,
    const char *method, const struct form *form, fetch_handler *handler,
    void *context)
{
	const struct form none = { 0 };
	char signature[WEBHOOK_SIGNATURE_SIZE];
	char *text = form_encode(form);
	/* The part after "#" is never sent, so it cannot be signed. */
	size_t length = strcspn(url, "#");
	char *target = memory_format("%.*s", (int)length, url);

	if (strcmp(method, "GET") == 0) {
		char *with_query = memory_format("%s%c%s", target,
		    strchr(target, '?') != NULL ? '&' : '?', text);

		webhook_sign(token, with_query, &none, signature);
		fetch(sandbox->fetcher, with_query, NULL, signature, handler,
		    context);
		free(with_query);
	} else {
		webhook_sign(token, target, form, signature);
		fetch(sandbox->fetcher, target, text, signature, handler,
		    context);
	}
	free(target);
	free(text);
}
