/* SPDX-License-Identifier: MIT */
/*
 * message: one text to a customer or to staff: at most once per request, kind
 * and promise, because these make its id ("R.late.2"); to staff
 * "staff.CAUSE.START.N". No step of a request ever waits for one.
 *
 * The text itself is made when it is sent, from the values kept here and the
 * company's template (lib/message_text).
 */
#ifndef CALLBACKD_LIB_MESSAGE_H
#define CALLBACKD_LIB_MESSAGE_H

#include "lib/policy.h"
#include "lib/progress.h"
#include "lib/record.h"

#define MESSAGE_BY_URL "url"            /* the built-in provider: a POST of ours */

enum message_state {
	MESSAGE_NONE,
	MESSAGE_QUEUED,         /* waits for its moment, or for a provider */
	MESSAGE_SENDING,        /* committed; the POST is under way */
	MESSAGE_UNSURE,         /* nobody knows whether the provider has it */
	MESSAGE_GIVEN,          /* the provider has it */
	MESSAGE_ENDED,          /* `reason`: delivered, failed, ... */
	MESSAGE_STATE_COUNT
};
extern const char *const message_state_names[MESSAGE_STATE_COUNT];

struct message {
	struct record record;
	char id[MESSAGE_ID_SIZE];
	enum message_state state;
	enum message_kind kind;
	char reason[REASON_SIZE];     /* of the end: a stable word */
	char waits_for[REASON_SIZE];  /* what kept it from being sent so far, which is the reason
	                               * if it ends so: "pace", "spent", "provider_down", "failed"
	                               * (who has it refused to take it now); "": nothing */
	char error[ADDRESS_SIZE];     /* the provider's words, cut */

	char request[REQUEST_ID_SIZE];  /* "": none */
	char to[ADDRESS_SIZE];        /* a number, "chat:123"; "" with a target */
	int  target;                  /* place in policy->alarms.to, from 1: a URL; 0: none */
	char locale[8];
	char zone[ZONE_SIZE];         /* as the request's: what is said of moments, and when */
	char provider[ID_SIZE];       /* that has it or was asked last */
	int  tried;                   /* providers of `text` that are done with: bits, of those
	                               * that can carry it, in their order */
	int  absent_count;            /* look-ups that did not find it */
	char sid[SID_SIZE];           /* the provider's id, once known */
	enum message_progress progress;

	/* what it says */
	char number[NUMBER_SIZE];     /* of the case */
	char queue[ID_SIZE];
	char caller_id[PHONE_SIZE];
	int64_t promise_at_ms, from_ms, to_ms;
	char specialist[ID_SIZE];     /* to whom an offer goes */
	int  offer;                   /* its number in the request */
	enum alarm_cause cause;
	int  count;                   /* of an alarm: how many */
	int64_t since_ms;             /* of an alarm */
	char detail[ADDRESS_SIZE];    /* of an alarm: which queue, which provider */

	int64_t paid;                 /* in PAID_PARTS, as the provider said; 0: it did not */
	char currency[CURRENCY_SIZE]; /* of that; "": not said */

	int64_t created_at_ms, send_at_ms, sending_at_ms, given_at_ms, unsure_at_ms, ended_at_ms;
	int64_t stale_at_ms;          /* not sent after this; 0: never stale */
	int64_t prompt_until_ms;      /* until then it answers somebody's own act: no quiet hours */
};

bool message_is_live(const struct message *message);
bool message_is_to_staff(const struct message *message);
/* Whom it would disturb: quiet hours hold it. */
bool message_keeps_quiet(const struct message *message);
/* Is it refused to who wants no messages. Not the answer to STOP, nor that to START,
 * which may be on its way in the commit that takes them off the list. */
bool message_asks_leave(const struct message *message);

/* The provider that it goes through next: the first that works and is not done with; ""
 * and in ret_waits, whether one is left that does not work now. `down` as in
 * lib/provider_choice; `ret_place`, where not "": its bit in `tried`. */
const char *message_provider(const struct policy *policy, const struct message *message,
    unsigned down, bool *ret_waits, int *ret_place);

/* To whom a message to that specialist goes: the number or chat that the first of the
 * providers of messages can reach; "": none. */
const char *message_address(const struct policy *policy,
    const struct specialist_policy *specialist);

/* The end of the quiet hours that hold now for whoever lives in that zone ("": the
 * company's); 0: none do. */
int64_t message_quiet_until(const struct policy *policy, const char *zone, int64_t now_ms);

/* "R.kind.promise" */
void message_id(const char *request, enum message_kind kind, int promise,
    char ret_id[MESSAGE_ID_SIZE]);

/* In `suppressed`: who wants no messages, or no calls. */
#define SUPPRESSED_KEY "suppressed"
enum { SUPPRESS_CALLS = 1, SUPPRESS_MESSAGES = 2 };      /* bits */
enum { SUPPRESSED_FIELD_SIZE = PHONE_SIZE + 12, LISTED_SIZE = 512 };
void suppressed_calls_field(const char *phone, char ret_field[SUPPRESSED_FIELD_SIZE]);
void suppressed_messages_field(const char *phone, char ret_field[SUPPRESSED_FIELD_SIZE]);
/* The value: {"why":...,"who":...,"since":...}, since in seconds. */
void suppressed_entry(const char *why, const char *who, int64_t now_ms,
    char ret_entry[LISTED_SIZE]);

#endif
