/* SPDX-License-Identifier: MIT */
/*
 * The life of a call, and a ring of all calls: the low half of a sid is the
 * serial number, so finding one is one look.
 */
#include "sandbox/call.h"

#include <event2/event.h>
#include <jansson.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/flow.h"
#include "sandbox/ledger.h"
#include "sandbox/memory.h"
#include "sandbox/person.h"
#include "sandbox/phone.h"
#include "sandbox/sandbox.h"
#include "sandbox/webhook.h"

#define HIDDEN "anonymous"

enum {
	SETUP_MS = 100,		/* from the order to the first sign */
	RING_DELAY_MS = 100,	/* from there to the ringing, or to "busy" */
	SIP_OK = 200,
	SIP_NOT_FOUND = 404,
	SIP_BUSY = 486,
	SIP_TERMINATED = 487,
	SIP_DECLINED = 603,
	SID_RANDOM_BYTES = 12,
};

struct calls {
	struct call *ring[CALL_KEPT_MAX];
	uint32_t last_serial;
	size_t live_count;
};

static const char *const status_names[] = {
	[CALL_QUEUED] = "queued",
	[CALL_RINGING] = "ringing",
	[CALL_IN_PROGRESS] = "in-progress",
	[CALL_COMPLETED] = "completed",
	[CALL_BUSY] = "busy",
	[CALL_NO_ANSWER] = "no-answer",
	[CALL_FAILED] = "failed",
	[CALL_CANCELED] = "canceled",
};
_Static_assert(COUNT_OF(status_names) == CALL_STATUS_COUNT, "statuses");

static void
on_dial(evutil_socket_t fd, short what, void *arg);

static void
on_arrival(evutil_socket_t fd, short what, void *arg);

static void
on_ring(evutil_socket_t fd, short what, void *arg);

static void
on_ring_timeout(evutil_socket_t fd, short what, void *arg);

static void
step_after(struct call *call, event_callback_fn on_step, struct timeval wait);

static void
ledger_tell(const struct call *call, const char *kind);

static void
call_free(struct call *call);

static void
sid_make(uint32_t serial, char ret_sid[CALL_SID_SIZE]);

struct calls *
calls_new(void)
{
	return memory_new(sizeof(struct calls));
}

void
calls_free(struct calls *calls)
{
	free(calls);
}

void
calls_reset(struct sandbox *sandbox)
{
	struct calls *calls = sandbox->calls;

	for (size_t i = 0; i < CALL_KEPT_MAX; i++) {
		if (calls->ring[i] != NULL)
			call_free(calls->ring[i]);
		calls->ring[i] = NULL;
	}
	calls->live_count = 0;
}

struct call *
calls_find(struct sandbox *sandbox, const char *sid)
{
	struct call *call;

	if (strlen(sid) != CALL_SID_SIZE - 1)
		return NULL;
	call = sandbox->calls->ring[strtoul(sid + CALL_SID_SIZE - 9, NULL,
	    16) % CALL_KEPT_MAX];
	return call != NULL && strcmp(call->sid, sid) == 0 ? call : NULL;
}

struct call *
calls_before(struct sandbox *sandbox, uint32_t serial)
{
	const struct calls *calls = sandbox->calls;
	uint32_t oldest = calls->last_serial < CALL_KEPT_MAX ? 1 :
	    calls->last_serial - CALL_KEPT_MAX + 1;

	if (serial == 0 || serial > calls->last_serial)
		serial = calls->last_serial + 1;
	while (--serial >= oldest) {
		struct call *call = calls->ring[serial % CALL_KEPT_MAX];

		if (call != NULL)
			return call;
	}
	return NULL;
}

size_t
calls_live_count(const struct sandbox *sandbox)
{
	return sandbox->calls->live_count;
}

struct call *
call_create(struct sandbox *sandbox, const struct call_order *order)
{
	struct calls *calls = sandbox->calls;
	uint32_t serial = calls->last_serial + 1;
	struct call **slot = &calls->ring[serial % CALL_KEPT_MAX];
	struct phone *phone = phones_get(sandbox->phones,
	    order->is_inbound ? order->from : order->to);
	struct call *call;

	if (phone == NULL || (*slot != NULL && !call_is_over(*slot)) ||
	    (order->is_inbound && phone->call != NULL))
		return NULL;
	if (*slot != NULL)
		call_free(*slot);
	call = *slot = memory_new(sizeof(*call));
	calls->last_serial = serial;
	calls->live_count++;
	call->sandbox = sandbox;
	call->serial = serial;
	sid_make(serial, call->sid);
	call->phone = phone;
	call->to = memory_copy(order->to);
	call->from = memory_copy(order->is_hidden ? HIDDEN : order->from);
	call->url = memory_copy(order->url);
	call->method = memory_copy(order->method);
	call->twiml = memory_copy(order->twiml);
	call->status_url = memory_copy(order->status_url);
	call->status_method = memory_copy(order->status_method);
	call->events = order->events != 0 ? order->events :
	    CALL_EVENT_COMPLETED;
	call->timeout_ms = order->timeout_ms;
	call->detection = order->detection;
	call->detect_url = memory_copy(order->detect_url);
	call->is_inbound = order->is_inbound;
	call->created_at_ms = sandbox_now_ms();
	TAILQ_INIT(&call->webhooks);
	TAILQ_INIT(&call->delayed);
	if (order->parent != NULL) {
		CHECK(order->parent->child_count < CALL_CHILD_MAX);
		order->parent->children[order->parent->child_count++] = call;
		call->parent = order->parent;
		memcpy(call->parent_sid, order->parent->sid, CALL_SID_SIZE);
	}
	person_init(call);
	detect_init(call);
	evtimer_assign(&call->step, sandbox->base, on_dial, call);
	step_after(call, call->is_inbound ? on_arrival : on_dial,
	    sandbox_time(sandbox, SETUP_MS));
	if (call->is_inbound)
		phone->call = call;
	return call;
}

void
call_pick_up(struct call *call)
{
	CHECK(call->is_inbound && call->status == CALL_RINGING);
	evtimer_del(&call->step);
	call->status = CALL_IN_PROGRESS;
	call->answered_at_ms = sandbox_now_ms();
	ledger_tell(call, "answer");
	person_answered(call);
}

void
call_answer(struct call *call)
{
	if (call->status != CALL_RINGING || call->is_inbound)
		return;
	evtimer_del(&call->step);
	call->status = CALL_IN_PROGRESS;
	call->answered_at_ms = sandbox_now_ms();
	ledger_tell(call, "answer");
	webhook_post(call, CALL_EVENT_ANSWERED);
	person_answered(call);
	if (!detect_begin(call))
		call_flow_begin(call);
}

void
call_flow_begin(struct call *call)
{
	if (call->parent != NULL)
		flow_child_answered(call->parent, call);
	else
		flow_begin(call, call->url, call->method, call->twiml);
}

void
call_reject(struct call *call)
{
	if (call->status == CALL_RINGING && !call->is_inbound)
		call_end(call, CALL_BUSY, SIP_DECLINED);
}

void
call_hang_up(struct call *call)
{
	if (call->status == CALL_IN_PROGRESS)
		call_end(call, CALL_COMPLETED, SIP_OK);
	else if (!call_is_over(call))
		call_end(call, CALL_CANCELED, SIP_TERMINATED);
}

void
call_join(struct call *parent, struct call *child)
{
	int64_t now_ms = sandbox_now_ms();

	CHECK(parent->status == CALL_IN_PROGRESS);
	CHECK(child->status == CALL_IN_PROGRESS);
	parent->joined = child;
	child->joined = parent;
	parent->joined_at_ms = child->joined_at_ms = now_ms;
	ledger_tell(child, "join");
	person_joined(parent, child);
}

static void
call_part(struct call *call)
{
	struct call *other = call->joined;

	if (other == NULL)
		return;
	if (call->recording_url != NULL)
		recording_end(call);
	if (other->recording_url != NULL)
		recording_end(other);
	call->joined = other->joined = NULL;
}

void
call_end(struct call *call, enum call_status status, int sip_code)
{
	struct call *parent = call->parent;

	CHECK(status >= CALL_COMPLETED);
	if (call_is_over(call))
		return;
	call->status = status;
	call->sip_code = sip_code;
	call->ended_at_ms = sandbox_now_ms();
	call->sandbox->calls->live_count--;
	evtimer_del(&call->step);
	person_leaves(call);
	if (call->phone->call == call)
		call->phone->call = NULL;
	detect_end(call);
	call_part(call);
	ledger_tell(call, "end");
	webhook_post(call, CALL_EVENT_COMPLETED);
	flow_end(call);
	for (size_t i = 0; i < call->child_count; i++) {
		struct call *child = call->children[i];

		child->parent = NULL;
		call_hang_up(child);
	}
	call->child_count = 0;
	call->parent = NULL;
	if (parent != NULL) {
		for (size_t i = 0; i < parent->child_count; i++)
			if (parent->children[i] == call)
				parent->children[i] =
				    parent->children[--parent->child_count];
		flow_child_ended(parent, call);
	}
}

bool
call_is_over(const struct call *call)
{
	return call->status >= CALL_COMPLETED;
}

const char *
call_status_name(enum call_status status)
{
	return status_names[status];
}

const char *
call_direction(const struct call *call)
{
	if (call->is_inbound)
		return "inbound";
	return call->parent_sid[0] != '\0' ? "outbound-dial" : "outbound-api";
}

unsigned
call_events_read(const char *list)
{
	static const struct {
		const char *name;
		enum call_event event;
	} events[] = {
		{ "initiated", CALL_EVENT_INITIATED },
		{ "ringing", CALL_EVENT_RINGING },
		{ "answered", CALL_EVENT_ANSWERED },
		{ "completed", CALL_EVENT_COMPLETED },
	};
	unsigned found = 0;

	for (size_t i = 0; list != NULL && i < COUNT_OF(events); i++)
		if (strstr(list, events[i].name) != NULL)
			found |= events[i].event;
	return found;
}

void
call_hears(struct call *call, const char *words)
{
	if (call->heard_count == CALL_HEARD_MAX) {
		free(call->heard[0]);
		memmove(call->heard, call->heard + 1,
		    (CALL_HEARD_MAX - 1) * sizeof(call->heard[0]));
		call->heard_count--;
	}
	call->heard[call->heard_count++] = memory_copy(words);
	call->heard_at_ms = sandbox_now_ms();
}

int64_t
call_duration(const struct call *call)
{
	int64_t until_ms = call->ended_at_ms;

	if (call->answered_at_ms == 0)
		return 0;
	if (until_ms == 0)
		until_ms = sandbox_now_ms();
	return sandbox_network_seconds(call->sandbox,
	    until_ms - call->answered_at_ms);
}

static void
on_dial(evutil_socket_t fd, short what, void *arg)
{
	struct call *call = arg;

	(void)fd;
	(void)what;
	webhook_post(call, CALL_EVENT_INITIATED);
	step_after(call, on_ring, sandbox_time(call->sandbox, RING_DELAY_MS));
}

/* At our number: what is to be done is asked for at once. */
static void
on_arrival(evutil_socket_t fd, short what, void *arg)
{
	struct call *call = arg;

	(void)fd;
	(void)what;
	call->status = CALL_RINGING;
	call->rung_at_ms = sandbox_now_ms();
	ledger_tell(call, "dial");
	if (call->timeout_ms > 0)
		step_after(call, on_ring_timeout, sandbox_patience(
		    call->sandbox, call->timeout_ms));
	flow_begin(call, call->url, call->method, NULL);
}

static void
on_ring(evutil_socket_t fd, short what, void *arg)
{
	struct call *call = arg;
	struct phone *phone = call->phone;

	(void)fd;
	(void)what;
	if (phone->behaviour.manner == PHONE_INVALID) {
		call_end(call, CALL_FAILED, SIP_NOT_FOUND);
		return;
	}
	if (phone->call != NULL || phone->behaviour.manner == PHONE_BUSY) {
		call_end(call, CALL_BUSY, SIP_BUSY);
		return;
	}
	phone->call = call;
	phone->ring_count++;
	call->status = CALL_RINGING;
	call->rung_at_ms = sandbox_now_ms();
	ledger_tell(call, "ring");
	webhook_post(call, CALL_EVENT_RINGING);
	step_after(call, on_ring_timeout, sandbox_patience(call->sandbox,
	    call->timeout_ms));
	person_rung(call);
}

static void
on_ring_timeout(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	call_end(arg, CALL_NO_ANSWER, SIP_TERMINATED);
}

static void
step_after(struct call *call, event_callback_fn on_step, struct timeval wait)
{
	evtimer_del(&call->step);
	evtimer_assign(&call->step, call->sandbox->base, on_step, call);
	CHECK(evtimer_add(&call->step, &wait) == 0);
}

static void
ledger_tell(const struct call *call, const char *kind)
{
	json_t *line = json_pack("{s:s, s:s, s:s, s:s, s:s?}",
	    "number", call->to, "from", call->from, "sid", call->sid,
	    "status", call_status_name(call->status),
	    "parent", call->parent_sid[0] != '\0' ? call->parent_sid : NULL);

	if (call_is_over(call))
		json_object_set_new(line, "sip_code",
		    json_integer(call->sip_code));
	ledger_write(call->sandbox->ledger, kind, line);
}

static void
call_free(struct call *call)
{
	evtimer_del(&call->step);
	person_leaves(call);
	detect_end(call);
	flow_end(call);
	webhook_forget(call);
	if (call->phone->call == call)
		call->phone->call = NULL;
	for (size_t i = 0; i < call->heard_count; i++)
		free(call->heard[i]);
	free(call->to);
	free(call->from);
	free(call->url);
	free(call->method);
	free(call->twiml);
	free(call->status_url);
	free(call->status_method);
	free(call->detect_url);
	free(call->recording_url);
	free(call);
}

static void
sid_make(uint32_t serial, char ret_sid[CALL_SID_SIZE])
{
	unsigned char bytes[SID_RANDOM_BYTES];
	char *at = ret_sid;

	CHECK(RAND_bytes(bytes, sizeof(bytes)) == 1);
	at += sprintf(at, "CA");
	for (size_t i = 0; i < sizeof(bytes); i++)
		at += sprintf(at, "%02x", bytes[i]);
	sprintf(at, "%08x", serial);
}
