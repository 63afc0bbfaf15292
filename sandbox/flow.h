/* SPDX-License-Identifier: MIT */
/*
 * What a call is told to do: fetches TwiML and executes it, verb by verb. A
 * flow belongs to one call and ends with it; when its verbs have run out, a
 * call that was ordered hangs up, and a dialled one is joined with its parent.
 */
#ifndef CALLBACKD_SANDBOX_FLOW_H
#define CALLBACKD_SANDBOX_FLOW_H

#include <stdbool.h>

struct call;

/* `url` NULL executes `twiml`; both NULL: there is nothing to do. */
void
flow_begin(struct call *call, const char *url, const char *method,
    const char *twiml);

/* Stops whatever runs and forgets it; also when nothing does. */
void
flow_end(struct call *call);

/* The called party of a Dial took the phone, or is gone. */
void
flow_child_answered(struct call *call, struct call *child);

void
flow_child_ended(struct call *call, struct call *child);

/* True while a key would be heard. */
bool
flow_is_listening(const struct call *call);

/* One of 0-9, * and #. Dropped when nothing listens. */
void
flow_pressed(struct call *call, char digit);

#endif
