/* SPDX-License-Identifier: MIT */
/*
 * The verb Dial: calls the numbers it names, all at once; the first who takes
 * the phone may hear a document of its own and is then joined. Part of a flow.
 */
#ifndef CALLBACKD_SANDBOX_DIAL_H
#define CALLBACKD_SANDBOX_DIAL_H

struct call;
struct twiml_verb;

void
dial_begin(struct call *call, const struct twiml_verb *verb);

void
dial_child_answered(struct call *call, struct call *child);

/* The child has heard what it was to hear before the join. */
void
dial_child_is_ready(struct call *call, struct call *child);

void
dial_child_ended(struct call *call, struct call *child);

#endif
