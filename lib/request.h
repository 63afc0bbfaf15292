/* SPDX-License-Identifier: MIT */
/*
 * request: one call owed to a customer. Plain values only; what may happen to
 * one is request_life, in which indexes one stands is standing.
 */
#ifndef CALLBACKD_LIB_REQUEST_H
#define CALLBACKD_LIB_REQUEST_H

#include "lib/policy.h"
#include "lib/record.h"

enum { OFFER_MAX = 4, DECLINED_MAX = 12, ASKERS_MAX = 16, ALSO_SAID_MAX = 15 };

enum request_state {
	REQUEST_NONE,           /* not born yet */
	REQUEST_SCHEDULED,      /* waits for its moment (at_ms) */
	REQUEST_WAITING,        /* in the queue */
	REQUEST_OFFERED,        /* proposed to one or more specialists */
	REQUEST_TAKEN,          /* `wished` has it, and will call by the promise */
	REQUEST_CALLING,        /* accepted: the call is being made */
	REQUEST_TALKING,        /* customer and specialist talk */
	REQUEST_WRAPPING,       /* the talk is over, its result not yet said */
	REQUEST_REFERRED,       /* a person must decide: `reason` says what */
	REQUEST_CLOSED,
	REQUEST_STATE_COUNT
};
extern const char *const request_state_names[REQUEST_STATE_COUNT];

/* One proposal to one specialist. */
struct offer {
	char    specialist[ID_SIZE];  /* "": a free slot */
	int     number;         /* serial within the request, from 1: makes late answers harmless */
	int64_t until_ms;
	int     call;           /* the call that rings their phone; 0: offered on a screen */
};

/* Who is not asked again before when. */
struct declined {
	char    specialist[ID_SIZE];
	int64_t until_ms;
};

struct request {
	struct record record;
	char id[REQUEST_ID_SIZE];
	enum request_state state;
	char reason[REASON_SIZE];     /* why it is where it is: a stable word */
	int64_t since_ms;             /* in this state since */

	char number[NUMBER_SIZE];     /* spoken number of its case */
	char queue[ID_SIZE];
	char phone[PHONE_SIZE];
	char extension[9];            /* behind an office switchboard */
	char name[NAME_SIZE];
	char locale[8];
	char zone[ZONE_SIZE];         /* IANA name of the customer's; "": the company's */
	bool asks_now;                /* they asked to be called at once, and the promise in force
	                               * answers that */
	bool may_text;                /* they agreed to SMS, and the number can receive them */
	int  told;                    /* bits 1 << message_kind: told of the promise in force */
	char source[12];              /* redis, http, ctl, passed, climbed, reopened */
	char site_id[SITE_ID_SIZE];   /* the website's own id; "": none */
	int  asker_count;             /* website ids joined to this request, its own included */
	int  also_said;               /* texts of who asked again, said:R:2 and on */
	bool has_warnings;            /* the answer repeats the warnings kept in said:R */
	char from[REQUEST_ID_SIZE];   /* the request this one continues */
	char next[REQUEST_ID_SIZE];   /* the request that continues this one */

	int64_t asked_at_ms;          /* when the customer asked */
	int64_t at_ms;                /* SCHEDULED until then */
	int64_t slot_to_ms;           /* end of the appointment that was given or chosen; 0: none */
	int64_t hold_until_ms;        /* WAITING, but not to be offered before then */
	int64_t state_until_ms;       /* WRAPPING: when a result is overdue */

	/* the promise now in force; a retry or a chosen moment makes the next one */
	int     promise_number;
	int64_t target_at_ms, promise_at_ms;
	int64_t expect_from_ms, expect_to_ms;  /* when it will probably ring; 0: not known */
	int     on_time;              /* probability of ringing before the promise as it was then,
	                               * in thousandths; where expect_to_ms is known */
	int64_t kept_at_ms;           /* the customer's phone rang; 0: not yet */
	bool    is_missed;
	int64_t second_at_ms;         /* second promise; 0: none */
	bool    is_second_missed;
	int     lane;                 /* 1: late lane */
	int     missed_count;         /* promises missed in its whole life */

	int     rung;                 /* rungs of widening behind it, of the promise in force */
	int     level;                /* lowest level of its queue admitted; 0: all */
	char    also[ALSO_MAX][ID_SIZE];  /* other queues that see it; "": a free slot */
	int     room;                 /* offers it may hold at once, 1..OFFER_MAX */
	int     offer_count;          /* offers made so far */
	struct offer    offers[OFFER_MAX];
	struct declined declined[DECLINED_MAX];
	int     refusal_count;        /* offers declined or ignored since it was shown to more */
	char    wished[ID_SIZE];      /* asked for, assigned, has taken or knows the case: first,
	                               * never only */
	int64_t wished_until_ms;      /* nobody else is asked before then; 0: they only come first */

	char    specialist[ID_SIZE];  /* who accepted */
	int     call;                 /* number of the call under way; 0: none */
	int     call_count;           /* call records made so far */
	int     attempt_count;        /* calls in which the customer's phone could ring */
	bool    is_leg_open;          /* an authorised call has not been heard to end */
	int64_t accepted_at_ms, rung_at_ms, talk_at_ms, talk_ms;

	char    disposition[ID_SIZE];
	char    pass_to[ID_SIZE];     /* said with the disposition during the talk */
	int64_t call_at_ms;           /* "call later at", said with the disposition */
	int64_t closed_at_ms;
};

/* Every website id that waits for this request's answer; the first is its own. */
struct askers {
	char   ids[ASKERS_MAX][SITE_ID_SIZE];
	size_t count;
};

bool request_is_live(const struct request *request);
/* A stable word; cut if it is too long. */
void request_set_reason(struct request *request, const char *reason);
/* Is that website id among them. */
bool askers_have(const struct askers *askers, const char *id);
/* May that id ("": none) ask for the same once more: it does already, or there is room. */
bool askers_take(const struct askers *askers, const char *id);
/* Does who asks for the same once more join it: nobody has talked about it yet. */
bool request_is_joinable(const struct request *request);
/* The request's offer to that specialist or by that call; NULL: none. */
struct offer *request_offer_to(struct request *request, const char *specialist);
struct offer *request_offer_by_call(struct request *request, int call);
size_t request_offers_open(const struct request *request);
/* May one more be asked: it stands in the lists of its queues. */
bool request_is_open(const struct request *request);
/* Is somebody waited for at that moment, whom it knows or was asked for. */
bool request_is_held(const struct request *request, int64_t now_ms);
/* Is it seen by those who serve that queue (its own, or one it was widened to). */
bool request_is_seen_in(const struct request *request, const char *queue);
/* Adds a queue that sees it; false: it does already, or there are too many. */
bool request_show_in(struct request *request, const char *queue);
/* The instant the next unkept promise is over; 0: none is open. */
int64_t request_promise_moment(const struct request *request);
/* Was it born of a request that was passed on, or climbed: the rules for such cases
 * of its queue hold. */
bool request_was_passed(const struct request *request);
/* May that specialist be offered this request at that moment: no fresh "no" of theirs, and
 * nobody else is waited for. */
bool request_may_ask(const struct request *request, const char *specialist, int64_t now_ms);

#endif
