/* SPDX-License-Identifier: MIT */
/*
 * Who sits at a phone: does what the phone's behaviour says, at its time. For
 * a phone held by hand it does nothing; the page does.
 */
#ifndef CALLBACKD_SANDBOX_PERSON_H
#define CALLBACKD_SANDBOX_PERSON_H

struct call;

void
person_init(struct call *call);

void
person_rung(struct call *call);

void
person_answered(struct call *call);

/* Something listens for keys from now on. */
void
person_asked(struct call *call);

/*
 * The two can talk. The called party says goodbye first; only when it never
 * would (held by hand, or talking for ever) the other one does.
 */
void
person_joined(struct call *parent, struct call *child);

/* Nothing more will be done. */
void
person_leaves(struct call *call);

#endif
