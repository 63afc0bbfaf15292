/* SPDX-License-Identifier: MIT */
/*
 * One verb at a time. Every verb ends through the timer or an event of the
 * call, never by calling the next verb from inside itself, so a document of
 * any length uses one stack frame.
 */
#include "sandbox/flow.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/call.h"
#include "sandbox/dial.h"
#include "sandbox/flow_internal.h"
#include "sandbox/form.h"
#include "sandbox/ledger.h"
#include "sandbox/memory.h"
#include "sandbox/person.h"
#include "sandbox/sandbox.h"
#include "sandbox/webhook.h"

enum {
	SECOND_MS = 1000,
	SAY_MS_PER_CHARACTER = 60,
	PLAY_MS = 3000,
	LOOP_MAX = 100,
	GATHER_TIMEOUT_SECONDS = 5,
	QUESTION_COUNT_MAX = 200,	/* of a call: two documents may loop */
};

/* An answer finds its flow by these; the call may be gone by then. */
struct question {
	struct sandbox *sandbox;
	char sid[CALL_SID_SIZE];
	uint64_t flow_id;
	char *url;
};

static void
on_step(evutil_socket_t fd, short what, void *arg);

static void
on_gather_timeout(evutil_socket_t fd, short what, void *arg);

static void
on_answer(void *context, const struct fetch_result *result);

static void
document_begin(struct call *call, const char *xml, size_t length);

static void
verb_begin(struct call *call, const struct twiml_verb *verb);

static int64_t
speech_begin(struct call *call, const struct twiml_verb *verb);

static void
gather_listen(struct call *call);

static void
gather_over(struct call *call);

static void
gather_submit(struct call *call);

static void
flow_finished(struct call *call);

static void
flow_fail(struct call *call, const char *url, long status, const char *why);

static size_t
character_count(const char *text);

void
flow_begin(struct call *call, const char *url, const char *method,
    const char *twiml)
{
	static uint64_t last_id;
	struct flow *flow = memory_new(sizeof(*flow));

	CHECK(call->flow == NULL);
	call->flow = flow;
	flow->id = ++last_id;
	evtimer_assign(&flow->timer, call->sandbox->base, on_step, call);
	if (url != NULL)
		flow_ask(call, url, method, NULL);
	else
		document_begin(call, twiml != NULL ? twiml : "",
		    twiml != NULL ? strlen(twiml) : 0);
}

void
flow_end(struct call *call)
{
	struct flow *flow = call->flow;

	if (flow == NULL)
		return;
	call->flow = NULL;
	evtimer_del(&flow->timer);
	twiml_free(flow->document);
	free(flow->url);
	free(flow);
}

bool
flow_is_listening(const struct call *call)
{
	const struct flow *flow = call->flow;

	return flow != NULL && flow->verb != NULL &&
	    flow->verb->kind == TWIML_GATHER;
}

void
flow_pressed(struct call *call, char digit)
{
	struct flow *flow = call->flow;
	const char *finish;
	int wanted;

	if (!flow_is_listening(call))
		return;
	finish = twiml_attribute(flow->verb, "finishOnKey");
	if (finish == NULL)
		finish = "#";
	if (strchr(finish, digit) != NULL) {
		gather_over(call);
		return;
	}
	/* The first key silences what is being said. */
	flow->inner = NULL;
	flow->digits[flow->digit_count++] = digit;
	wanted = twiml_number(flow->verb, "numDigits", FLOW_DIGITS_MAX);
	if (flow->digit_count >= (size_t)wanted ||
	    flow->digit_count == FLOW_DIGITS_MAX)
		gather_submit(call);
	else
		gather_listen(call);
}

void
flow_child_answered(struct call *call, struct call *child)
{
	dial_child_answered(call, child);
}

void
flow_child_ended(struct call *call, struct call *child)
{
	dial_child_ended(call, child);
}

void
flow_ask(struct call *call, const char *url, const char *method,
    const struct form *more)
{
	struct flow *flow = call->flow;
	struct question *question;
	struct form form = { 0 };
	char *resolved = flow_resolve(flow, url);

	evtimer_del(&flow->timer);
	flow->verb = flow->inner = NULL;
	if (resolved == NULL || ++flow->question_count > QUESTION_COUNT_MAX) {
		flow_fail(call, url, 0, resolved == NULL ? "not a URL" :
		    "the call asked for too many documents");
		free(resolved);
		return;
	}
	webhook_describe(call, call_status_name(call->status), &form);
	if (call->detect_url == NULL && detect_word(call) != NULL)
		form_add(&form, "AnsweredBy", detect_word(call));
	for (size_t i = 0; more != NULL && i < more->count; i++)
		form_add(&form, more->fields[i].name, more->fields[i].value);
	question = memory_new(sizeof(*question));
	question->sandbox = call->sandbox;
	memcpy(question->sid, call->sid, CALL_SID_SIZE);
	question->flow_id = flow->id;
	question->url = resolved;
	webhook_send(call->sandbox, resolved, method != NULL ? method : "POST",
	    &form, on_answer, question);
	form_fini(&form);
}

void
flow_next(struct call *call)
{
	flow_step_after(call, sandbox_real_time(0));
}

void
flow_step_after(struct call *call, struct timeval wait)
{
	flow_timer_set(call, on_step, wait);
}

void
flow_timer_set(struct call *call, event_callback_fn on_timer,
    struct timeval wait)
{
	struct flow *flow = call->flow;

	evtimer_del(&flow->timer);
	evtimer_assign(&flow->timer, call->sandbox->base, on_timer, call);
	CHECK(evtimer_add(&flow->timer, &wait) == 0);
}

char *
flow_resolve(const struct flow *flow, const char *url)
{
	CURLU *parts = curl_url();
	char *resolved = NULL, *copy;

	CHECK(parts != NULL);
	if (flow->url != NULL)
		(void)curl_url_set(parts, CURLUPART_URL, flow->url, 0);
	/* An empty reference leaves the document's own URL. */
	if ((url[0] != '\0' &&
	    curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK) ||
	    curl_url_get(parts, CURLUPART_URL, &resolved, 0) != CURLUE_OK)
		resolved = NULL;
	copy = memory_copy(resolved);
	curl_free(resolved);
	curl_url_cleanup(parts);
	return copy;
}

/* What stood on the timer is over: the next piece of speech, or verb. */
static void
on_step(evutil_socket_t fd, short what, void *arg)
{
	struct call *call = arg;
	struct flow *flow = call->flow;

	(void)fd;
	(void)what;
	if (flow->loop_left > 0) {
		flow->loop_left--;
		flow_step_after(call, sandbox_time(call->sandbox,
		    flow->loop_ms));
	} else if (flow->inner != NULL) {
		flow->inner = flow->inner->next;
		if (flow->inner == NULL)
			gather_listen(call);
		else
			flow_step_after(call, sandbox_time(call->sandbox,
			    speech_begin(call, flow->inner)));
	} else {
		flow->verb = flow->verb == NULL ? flow->document->first :
		    flow->verb->next;
		if (flow->verb == NULL)
			flow_finished(call);
		else
			verb_begin(call, flow->verb);
	}
}

static void
on_gather_timeout(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	gather_over(arg);
}

static void
on_answer(void *context, const struct fetch_result *result)
{
	struct question *question = context;
	struct call *call = calls_find(question->sandbox, question->sid);
	bool is_awaited = call != NULL && call->flow != NULL &&
	    call->flow->id == question->flow_id;

	ledger_write(question->sandbox->ledger, "twiml", json_pack(
	    "{s:s, s:s, s:i, s:s?, s:b}", "sid", question->sid, "url",
	    question->url, "status", (int)result->status, "error",
	    result->error, "awaited", is_awaited));
	if (!is_awaited) {
		free(question->url);
	} else if (result->status < 200 || result->status > 299) {
		flow_fail(call, question->url, result->status, result->error);
		free(question->url);
	} else {
		free(call->flow->url);
		call->flow->url = question->url;
		document_begin(call, result->body, result->length);
	}
	free(question);
}

static void
document_begin(struct call *call, const char *xml, size_t length)
{
	struct flow *flow = call->flow;
	char error[TWIML_ERROR_SIZE];
	struct twiml_verb *document = twiml_parse(xml, length, error);

	if (document == NULL) {
		flow_fail(call, flow->url, 200, error);
		return;
	}
	twiml_free(flow->document);
	flow->document = document;
	flow->verb = flow->inner = NULL;
	flow_next(call);
}

static void
verb_begin(struct call *call, const struct twiml_verb *verb)
{
	struct flow *flow = call->flow;
	const char *reason;

	/* The first verb that needs it answers a call that came in. */
	if (call->is_inbound && call->status == CALL_RINGING &&
	    verb->kind != TWIML_PAUSE && verb->kind != TWIML_REDIRECT &&
	    verb->kind != TWIML_REJECT)
		call_pick_up(call);
	switch (verb->kind) {
	case TWIML_SAY:
	case TWIML_PLAY:
	case TWIML_PAUSE:
		flow_step_after(call, sandbox_time(call->sandbox,
		    speech_begin(call, verb)));
		return;
	case TWIML_GATHER:
		flow->digit_count = 0;
		flow->inner = verb->first;
		if (flow->inner == NULL)
			gather_listen(call);
		else
			flow_step_after(call, sandbox_time(call->sandbox,
			    speech_begin(call, flow->inner)));
		person_asked(call);
		return;
	case TWIML_DIAL:
		dial_begin(call, verb);
		return;
	case TWIML_REDIRECT:
		flow_ask(call, verb->text, twiml_attribute(verb, "method"),
		    NULL);
		return;
	case TWIML_HANGUP:
		call_hang_up(call);
		return;
	case TWIML_REJECT:
		reason = twiml_attribute(verb, "reason");
		call_end(call, CALL_BUSY, reason != NULL &&
		    strcmp(reason, "busy") == 0 ? 486 : 603);
		return;
	case TWIML_RESPONSE:
	case TWIML_NUMBER:
	case TWIML_KIND_COUNT:
		break;
	}
	CHECK(verb->kind == TWIML_SAY);	/* the parser lets no other in */
}

/* How long it takes once; the rest of a loop is left in the flow. */
static int64_t
speech_begin(struct call *call, const struct twiml_verb *verb)
{
	struct flow *flow = call->flow;
	int64_t ms;
	char *words;
	int loop;

	if (verb->kind == TWIML_PAUSE)
		return (int64_t)twiml_number(verb, "length", 1) * SECOND_MS;
	if (verb->kind == TWIML_PLAY) {
		words = memory_format("♪ %s", verb->text);
		call_hears(call, words);
		free(words);
		ms = PLAY_MS;
	} else {
		call_hears(call, verb->text);
		ms = (int64_t)character_count(verb->text) *
		    SAY_MS_PER_CHARACTER;
	}
	loop = twiml_number(verb, "loop", 1);
	if (loop == 0 || loop > LOOP_MAX)
		loop = LOOP_MAX;
	flow->loop_left = loop - 1;
	flow->loop_ms = ms;
	return ms;
}

static void
gather_listen(struct call *call)
{
	struct flow *flow = call->flow;
	struct timeval wait = sandbox_patience(call->sandbox,
	    (int64_t)twiml_number(flow->verb, "timeout",
	    GATHER_TIMEOUT_SECONDS) * SECOND_MS);

	flow->loop_left = 0;
	flow_timer_set(call, on_gather_timeout, wait);
}

/* Nothing more will be pressed; nothing at all is no answer. */
static void
gather_over(struct call *call)
{
	struct flow *flow = call->flow;
	const char *even_empty = twiml_attribute(flow->verb,
	    "actionOnEmptyResult");

	if (flow->digit_count > 0 ||
	    (even_empty != NULL && strcmp(even_empty, "true") == 0)) {
		gather_submit(call);
		return;
	}
	flow->inner = NULL;
	flow->loop_left = 0;
	flow_next(call);
}

static void
gather_submit(struct call *call)
{
	struct flow *flow = call->flow;
	const char *action = twiml_attribute(flow->verb, "action");
	const char *method = twiml_attribute(flow->verb, "method");
	struct form form = { 0 };

	flow->digits[flow->digit_count] = '\0';
	flow->loop_left = 0;
	form_add(&form, "Digits", flow->digits);
	form_add(&form, "msg", "Gather End");
	flow_ask(call, action != NULL ? action : "", method, &form);
	form_fini(&form);
}

/* The verbs have run out. */
static void
flow_finished(struct call *call)
{
	struct call *parent = call->parent;

	if (parent == NULL) {
		call_hang_up(call);
		return;
	}
	flow_end(call);
	dial_child_is_ready(parent, call);
}

/* An application that answers nonsense ends its call. */
static void
flow_fail(struct call *call, const char *url, long status, const char *why)
{
	ledger_write(call->sandbox->ledger, "bad_twiml", json_pack(
	    "{s:s, s:s?, s:i, s:s}", "sid", call->sid, "url", url, "status",
	    (int)status, "why", why != NULL ? why : "not a good status"));
	call_hang_up(call);
}

/* UTF-8: continuation bytes are not characters. */
static size_t
character_count(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}
