/* SPDX-License-Identifier: MIT */
/*
 * What flow.c and dial.c share, and nobody else sees: the state of a running
 * flow. It lives as long as its call does: whoever may have ended the call
 * must not touch it again.
 */
#ifndef CALLBACKD_SANDBOX_FLOW_INTERNAL_H
#define CALLBACKD_SANDBOX_FLOW_INTERNAL_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdint.h>

#include "sandbox/call.h"
#include "sandbox/twiml.h"

struct form;

enum { FLOW_DIGITS_MAX = 32 };

struct flow {
	uint64_t id;
	struct twiml_verb *document;
	char *url;		/* of the document; NULL: it was in the order */
	const struct twiml_verb *verb;	/* in hand; NULL: none yet */
	const struct twiml_verb *inner;	/* being said inside a Gather */
	struct event timer;
	int loop_left;
	int64_t loop_ms;
	char digits[FLOW_DIGITS_MAX + 1];
	size_t digit_count;
	int question_count;

	/* of the Dial in hand */
	const struct twiml_verb *numbers[CALL_CHILD_MAX];
	char dialled[CALL_CHILD_MAX][CALL_SID_SIZE];
	size_t number_count;
	char winner[CALL_SID_SIZE];	/* the first who answered; "": none */
};

/* Asks for the next document; `more` fields may be NULL. */
void
flow_ask(struct call *call, const char *url, const char *method,
    const struct form *more);

/* The verb in hand is over. */
void
flow_next(struct call *call);

void
flow_step_after(struct call *call, struct timeval wait);

void
flow_timer_set(struct call *call, event_callback_fn on_timer,
    struct timeval wait);

/*
 * A URL as its document means it; "" is the document itself. NULL: it is none.
 * The caller frees it.
 */
char *
flow_resolve(const struct flow *flow, const char *url) MUST_USE;

#endif
