/* SPDX-License-Identifier: MIT */
/*
 * Dial as a race of child calls. The winner's sid is kept, not its pointer:
 * the others are hung up meanwhile, and it may itself end at any step.
 */
#include "sandbox/dial.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/flow.h"
#include "sandbox/flow_internal.h"
#include "sandbox/form.h"
#include "sandbox/memory.h"
#include "sandbox/phone.h"
#include "sandbox/sandbox.h"

enum {
	SECOND_MS = 1000,
	RING_TIMEOUT_SECONDS = 30,
	TIME_LIMIT_SECONDS = 4 * 60 * 60,
};

static void
on_nobody(evutil_socket_t fd, short what, void *arg);

static void
on_time_limit(evutil_socket_t fd, short what, void *arg);

static bool
number_dial(struct call *call, const struct twiml_verb *dial,
    const struct twiml_verb *number);

static void
dial_over(struct call *call, const struct call *child);

static const struct twiml_verb *
number_of(const struct flow *flow, const struct call *child);

static bool
is_dialling(const struct call *call);

static void
recording_begin(struct call *call);

void
dial_begin(struct call *call, const struct twiml_verb *verb)
{
	struct flow *flow = call->flow;
	bool is_ringing = false;

	flow->number_count = 0;
	flow->winner[0] = '\0';
	if (verb->first == NULL)
		is_ringing = number_dial(call, verb, verb);
	for (const struct twiml_verb *number = verb->first; number != NULL;
	    number = number->next)
		if (number_dial(call, verb, number))
			is_ringing = true;
	if (!is_ringing)
		flow_timer_set(call, on_nobody, sandbox_real_time(0));
}

void
dial_child_answered(struct call *call, struct call *child)
{
	struct call *others[CALL_CHILD_MAX];
	const struct twiml_verb *number;
	struct flow *flow = call->flow;
	const char *url, *method;
	size_t count = 0;

	if (!is_dialling(call) || flow->winner[0] != '\0') {
		call_hang_up(child);
		return;
	}
	memcpy(flow->winner, child->sid, CALL_SID_SIZE);
	for (size_t i = 0; i < call->child_count; i++)
		if (call->children[i] != child)
			others[count++] = call->children[i];
	for (size_t i = 0; i < count; i++)
		call_hang_up(others[i]);
	number = number_of(flow, child);
	url = twiml_attribute(number, "url");
	method = twiml_attribute(number, "method");
	if (url == NULL || url[0] == '\0') {
		dial_child_is_ready(call, child);
	} else {
		char *resolved = flow_resolve(flow, url);

		/* What is no URL fails where the flow asks for it. */
		flow_begin(child, resolved != NULL ? resolved : url, method,
		    NULL);
		free(resolved);
	}
}

void
dial_child_is_ready(struct call *call, struct call *child)
{
	int seconds;

	if (!is_dialling(call)) {
		call_hang_up(child);
		return;
	}
	seconds = twiml_number(call->flow->verb, "timeLimit",
	    TIME_LIMIT_SECONDS);
	flow_timer_set(call, on_time_limit, sandbox_patience(call->sandbox,
	    (int64_t)seconds * SECOND_MS));
	recording_begin(call);
	call_join(call, child);
}

static void
recording_begin(struct call *call)
{
	const struct twiml_verb *dial = call->flow->verb;
	const char *record = twiml_attribute(dial, "record");
	const char *url = twiml_attribute(dial, "recordingStatusCallback");

	if (record == NULL || strncmp(record, "record-from-", 12) != 0 ||
	    url == NULL)
		return;
	free(call->recording_url);
	call->recording_url = memory_copy(url);
}

void
dial_child_ended(struct call *call, struct call *child)
{
	if (!is_dialling(call))
		return;
	if (call->flow->winner[0] != '\0' ?
	    strcmp(call->flow->winner, child->sid) == 0 :
	    call->child_count == 0)
		dial_over(call, child);
}

/* None of the numbers could even be tried. */
static void
on_nobody(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	dial_over(arg, NULL);
}

static void
on_time_limit(evutil_socket_t fd, short what, void *arg)
{
	struct call *call = arg;

	(void)fd;
	(void)what;
	if (call->joined != NULL)
		call_hang_up(call->joined);
}

/* False: not an address, or the network is full. */
static bool
number_dial(struct call *call, const struct twiml_verb *dial,
    const struct twiml_verb *number)
{
	struct flow *flow = call->flow;
	const char *caller = twiml_attribute(dial, "callerId");
	const char *status_url = number == dial ? NULL :
	    twiml_attribute(number, "statusCallback");
	const char *status_method = twiml_attribute(number,
	    "statusCallbackMethod");
	const char *detect_url = number == dial ? NULL :
	    twiml_attribute(number, "amdStatusCallback");
	char to[PHONE_ADDRESS_SIZE], from[PHONE_ADDRESS_SIZE];
	char *resolved = status_url == NULL ? NULL :
	    flow_resolve(flow, status_url);
	struct call_order order = {
		.to = to,
		.from = from,
		.status_url = resolved,
		.status_method = status_method != NULL ? status_method :
		    "POST",
		.events = call_events_read(twiml_attribute(number,
		    "statusCallbackEvent")),
		.timeout_ms = (int64_t)twiml_number(dial, "timeout",
		    RING_TIMEOUT_SECONDS) * SECOND_MS,
		.detection = detect_url == NULL ? DETECT_NOTHING :
		    detection_read(twiml_attribute(number,
		    "machineDetection")),
		.detect_url = detect_url,
		.parent = call,
	};
	struct call *child = NULL;

	if (flow->number_count < CALL_CHILD_MAX &&
	    call->child_count < CALL_CHILD_MAX &&
	    phone_address_read(number->text, to) &&
	    phone_address_read(caller != NULL ? caller : call->from, from))
		child = call_create(call->sandbox, &order);
	free(resolved);
	if (child == NULL)
		return false;
	flow->numbers[flow->number_count] = number;
	memcpy(flow->dialled[flow->number_count++], child->sid,
	    CALL_SID_SIZE);
	return true;
}

/* `child` NULL: there never was one. */
static void
dial_over(struct call *call, const struct call *child)
{
	const struct twiml_verb *verb = call->flow->verb;
	const char *action = twiml_attribute(verb, "action");
	struct form form = { 0 };

	evtimer_del(&call->flow->timer);
	if (action == NULL) {
		flow_next(call);
		return;
	}
	form_add(&form, "DialCallStatus", child != NULL ?
	    call_status_name(child->status) : "failed");
	if (child != NULL) {
		form_add(&form, "DialCallSid", child->sid);
		if (child->answered_at_ms != 0)
			form_add_number(&form, "DialCallDuration",
			    call_duration(child));
		form_add(&form, "DialBridged", child->joined_at_ms != 0 ?
		    "true" : "false");
	}
	flow_ask(call, action, twiml_attribute(verb, "method"), &form);
	form_fini(&form);
}

static const struct twiml_verb *
number_of(const struct flow *flow, const struct call *child)
{
	for (size_t i = 0; i < flow->number_count; i++)
		if (strcmp(flow->dialled[i], child->sid) == 0)
			return flow->numbers[i];
	CHECK(flow->number_count == 0);	/* a child is of the Dial in hand */
	return flow->verb;
}

static bool
is_dialling(const struct call *call)
{
	return call->flow != NULL && call->flow->verb != NULL &&
	    call->flow->verb->kind == TWIML_DIAL;
}
