/* SPDX-License-Identifier: MIT */
/*
 * call: one telephone call placed through a provider: the specialist's leg,
 * and inside it the customer's, or the other way round where the customer is
 * rung first. `authorised` is the one field that "nobody is
 * rung twice" rests on: it is set by a commit before the customer's phone can
 * ring, and names the provider's call it is bound to.
 */
#ifndef CALLBACKD_LIB_CALL_H
#define CALLBACKD_LIB_CALL_H

#include "lib/progress.h"
#include "lib/record.h"

#define CALL_BY_HAND "manual"           /* the built-in provider: a person dials */
#define CALL_AUTHORISED_WITH_INTENT "*" /* no provider's call to bind to yet */

enum call_state {
	CALL_NONE,
	CALL_PLACING,           /* committed; the POST is under way */
	CALL_UNSURE,            /* nobody knows whether the provider has it */
	CALL_LIVE,
	CALL_ENDED,
	CALL_STATE_COUNT
};
extern const char *const call_state_names[CALL_STATE_COUNT];

struct call {
	struct record record;
	char request[REQUEST_ID_SIZE];
	int  n;
	enum call_state state;

	char provider[ID_SIZE];
	char specialist[ID_SIZE];
	char to[ADDRESS_SIZE];        /* the specialist's address */
	char customer[PHONE_SIZE];
	char caller_id[PHONE_SIZE];
	bool is_customer_first;       /* our leg is the customer's */
	bool wants_confirm;           /* the customer takes the call by a key */

	enum call_progress rank;      /* furthest progress heard of */
	char sid[SID_SIZE];           /* the provider's id, once known */
	char authorised[SID_SIZE];    /* "": the customer's phone cannot ring */
	char remembered[REMEMBERED_SIZE];  /* what the provider gave for later requests */
	bool is_revoked;              /* to be hung up as soon as it is heard of */
	bool is_confirmed;            /* the customer has pressed it */
	enum machine machine;         /* ANSWERED: it was no person who answered */
	char leg[SID_SIZE];           /* the provider's id of the second leg, if heard of */
	bool is_customer_over;        /* the customer's leg has ended, ours has not */
	int  absent_count;            /* look-ups that did not find it */
	int  remind_count;            /* by hand: reminders sent */
	enum call_outcome outcome;    /* of the customer's leg, else of ours */

	int64_t placed_at_ms, unsure_at_ms, absent_at_ms, authorised_at_ms;
	int64_t agent_up_at_ms, customer_ringing_at_ms, customer_up_at_ms, over_at_ms;
	int64_t talk_ms;
	int64_t paid;                 /* in PAID_PARTS, as the provider said; 0: it did not */
	char currency[CURRENCY_SIZE]; /* of that; "": not said */
};

bool call_is_live(const struct call *call);
bool call_is_by_hand(const struct call *call);
/* Has the customer themselves been reached, as far as they were to show it. */
bool call_has_person(const struct call *call);
/* Did the customer and the specialist talk. */
bool call_has_talked(const struct call *call);

#endif
