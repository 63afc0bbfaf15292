/* SPDX-License-Identifier: MIT */
/*
 * Two timers of each call: one deed, and one key.
 */
#include "sandbox/person.h"

#include <event2/event.h>
#include <stdbool.h>

#include "sandbox/call.h"
#include "sandbox/flow.h"
#include "sandbox/phone.h"
#include "sandbox/sandbox.h"

static void
on_answer(evutil_socket_t fd, short what, void *arg);

static void
on_reject(evutil_socket_t fd, short what, void *arg);

static void
on_hang_up(evutil_socket_t fd, short what, void *arg);

static void
on_press(evutil_socket_t fd, short what, void *arg);

static void
deed_after(struct call *call, event_callback_fn on_deed, int64_t after_ms);

static bool
is_automatic(const struct call *call);

static void
press_next(struct call *call);

static bool
says_goodbye(struct call *call);

void
person_init(struct call *call)
{
	evtimer_assign(&call->deed, call->sandbox->base, on_answer, call);
	evtimer_assign(&call->press, call->sandbox->base, on_press, call);
}

void
person_rung(struct call *call)
{
	const struct phone_behaviour *does = &call->phone->behaviour;

	if (!is_automatic(call))
		return;
	if (does->manner == PHONE_REJECTS)
		deed_after(call, on_reject, does->answer_after_ms);
	else if (does->manner != PHONE_SILENT &&
	    call->phone->ring_count >= does->answers_from_try)
		deed_after(call, on_answer, does->answer_after_ms);
}

void
person_answered(struct call *call)
{
	const struct phone_behaviour *does = &call->phone->behaviour;

	if (!is_automatic(call))
		return;
	evtimer_del(&call->deed);
	if (does->hang_up_after_ms > 0)
		deed_after(call, on_hang_up, does->hang_up_after_ms);
}

void
person_asked(struct call *call)
{
	if (is_automatic(call))
		press_next(call);
}

void
person_joined(struct call *parent, struct call *child)
{
	if (child->phone->behaviour.manner == PHONE_VOICEMAIL)
		call_hears(parent, "☎ voicemail: leave a message after the "
		    "tone");
	if (!says_goodbye(child))
		(void)says_goodbye(parent);
}

void
person_leaves(struct call *call)
{
	evtimer_del(&call->deed);
	evtimer_del(&call->press);
}

static void
on_answer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	if (is_automatic(arg))
		call_answer(arg);
}

static void
on_reject(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	if (is_automatic(arg))
		call_reject(arg);
}

static void
on_hang_up(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	if (is_automatic(arg))
		call_hang_up(arg);
}

/* The next key is timed first: the pressed one may end what listens. */
static void
on_press(evutil_socket_t fd, short what, void *arg)
{
	struct call *call = arg;
	char digit = call->phone->behaviour.keys[call->key_index].digit;

	(void)fd;
	(void)what;
	if (!is_automatic(call) || !flow_is_listening(call) ||
	    call->key_index >= call->phone->behaviour.key_count)
		return;
	call->key_index++;
	press_next(call);
	flow_pressed(call, digit);
}

static void
deed_after(struct call *call, event_callback_fn on_deed, int64_t after_ms)
{
	struct timeval wait = sandbox_time(call->sandbox, after_ms);

	evtimer_del(&call->deed);
	evtimer_assign(&call->deed, call->sandbox->base, on_deed, call);
	CHECK(evtimer_add(&call->deed, &wait) == 0);
}

/* A person may take the phone in hand in the middle of a call. */
static bool
is_automatic(const struct call *call)
{
	return !call->phone->behaviour.is_by_hand;
}

static void
press_next(struct call *call)
{
	const struct phone_behaviour *does = &call->phone->behaviour;
	struct timeval wait;

	if (call->key_index >= does->key_count)
		return;
	wait = sandbox_time(call->sandbox,
	    does->keys[call->key_index].after_ms);
	CHECK(evtimer_add(&call->press, &wait) == 0);
}

/* False: this one would talk for ever. */
static bool
says_goodbye(struct call *call)
{
	const struct phone_behaviour *does = &call->phone->behaviour;

	if (!is_automatic(call))
		return false;
	if (!evtimer_pending(&call->deed, NULL) && does->talk_for_ms > 0)
		deed_after(call, on_hang_up, does->talk_for_ms);
	return evtimer_pending(&call->deed, NULL) != 0;
}
