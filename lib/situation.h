/* SPDX-License-Identifier: MIT */
/*
 * situation: the unit of change. One request with the specialists and calls
 * linked to it, or a lone specialist or message. situation_step runs the addressed
 * record's table; an action may post inner events to its partners, which run
 * depth first before anything is saved. The shell then commits all of it or
 * nothing, and only then acts on the effects.
 *
 * The tables are request_life, call_life, specialist_life and message_life, one
 * file each.
 */
#ifndef CALLBACKD_LIB_SITUATION_H
#define CALLBACKD_LIB_SITUATION_H

#include "lib/call.h"
#include "lib/case.h"
#include "lib/check.h"
#include "lib/doors.h"
#include "lib/duty.h"
#include "lib/expect.h"
#include "lib/message.h"
#include "lib/message_text.h"
#include "lib/policy.h"
#include "lib/request.h"
#include "lib/specialist.h"

enum {
	SPECIALISTS_MAX = OFFER_MAX + 2,  /* partners, and the one addressed */
	CALLS_MAX = OFFER_MAX + 4,        /* live ones, and the one addressed */
	MOVE_MAX = 24,
	EFFECT_MAX = 16,
	MESSAGE_BIRTH_MAX = 4,
	INNER_MAX = 24,                   /* inner events of one step */
	DETAIL_SIZE = 96,
	NOTE_SIZE = 2048,                 /* of what a person wrote; longer is cut */
};

struct situation {
	struct request    request;      /* id "": none */
	struct specialist specialists[SPECIALISTS_MAX];  size_t specialist_count;
	struct call       calls[CALLS_MAX];              size_t call_count;
	struct case_file  case_file;    /* number "": not loaded */
	struct askers     askers;       /* whose answers follow the request */
	struct message    message;      /* alone; requests only give birth to messages. id "": none */
};

enum event_kind {
	EVENT_NONE,
	EVENT_DUE,              /* any: its moment has come */
	/* to a request */
	EVENT_ARRIVED,          /* a new one; the situation holds its first values; also to a message */
	EVENT_MATCHED,          /* specialist */
	EVENT_ACCEPTED,         /* specialist, offer; posted by the specialist's table */
	EVENT_DECLINED,         /* specialist */
	EVENT_CALL_OVER,        /* call, outcome, has_rung, has_talked, talk_ms; also to a specialist */
	EVENT_CALL_LOST,        /* call: may have rung, nobody can say */
	EVENT_RUNG,             /* call: the customer's phone rings, or will by our answer */
	EVENT_MAY_RING,         /* call: it was ordered to */
	EVENT_TALK,             /* call: customer and specialist talk */
	EVENT_REPEATED,         /* asked again: site_id, at_ms, name */
	EVENT_RESCHEDULED,      /* at_ms */
	EVENT_CANCELLED,        /* site_id "" : the whole request */
	EVENT_DISPOSED,         /* disposition ("": whatever passes it on), queue, at_ms */
	EVENT_REQUEUED,
	EVENT_REOPENED,         /* fresh: values of the new request */
	EVENT_ASSIGNED,         /* specialist */
	EVENT_RELEASED,         /* specialist: is not there to be waited for; reason: why */
	EVENT_CALLED_IN,        /* caller, at_ms: their customer phones us, at that moment */
	EVENT_CALLED_BACK,      /* specialist: their customer returns our call to them, and is
	                         * on the telephone until about at_ms; provider, sid: which call of
	                         * the provider that is, where it can be joined */
	EVENT_NUMBER_BUSY,      /* at_ms: its customer's number is in another attempt until about then */
	EVENT_SUPPRESSED,       /* its customer wants no more calls */
	EVENT_NOT_PLACED,       /* call: certainly refused, and another provider may be asked */
	EVENT_BY_HAND,          /* specialist: takes it, and dials by hand */
	EVENT_START,            /* specialist: calls what was taken, now */
	EVENT_LEFT,             /* specialist, offer: cannot take it now, and has not said no */
	EVENT_NOTED,            /* note: a line in the story, nothing else */
	/* to a specialist */
	EVENT_ROSTER,           /* the configuration names them */
	EVENT_STATUS,           /* status, reason, at_ms = return */
	EVENT_PRESENT,          /* by: they did something; by "": their desk is open */
	EVENT_OFFER,            /* offer, call, at_ms = until */
	EVENT_TAKEN,            /* call: their acceptance was taken, this is the call */
	EVENT_ACCEPT,           /* offer: 0 = the one held */
	EVENT_DECLINE,
	EVENT_LAPSED,           /* nobody answered the offer in time */
	EVENT_WITHDRAWN,
	EVENT_READY,            /* wrap-up done */
	EVENT_EXTEND,           /* wrap-up: once more */
	EVENT_ELSEWHERE,        /* on a call that is none of ours; at_ms = until, 0: not said */
	EVENT_BACK,             /* that call is over */
	EVENT_DUTY,             /* queue, at_ms, until_ms: on duty from then to then */
	EVENT_OFF_DUTY,         /* queue: no more, now nor later */
	EVENT_CLOSED,           /* request: the result that they said has ended it */
	/* to a call, and to a message */
	EVENT_CREATED,          /* sid */
	EVENT_REJECTED,         /* outcome, detail: certainly not placed */
	EVENT_UNKNOWN,          /* detail */
	EVENT_FOUND,            /* sid, progress */
	EVENT_ABSENT,           /* a look-up did not find it */
	EVENT_PROGRESS,         /* sid, leg, progress, outcome, talk_ms, is_customer_over, machine */
	EVENT_ADVISED,          /* something happened to it, says who may be lying: look */
	EVENT_ASKED,            /* sid, question, digit: the provider wants the next flow */
	EVENT_REVOKED,
	EVENT_GONE,             /* the provider no longer knows it */
	EVENT_RECORDED,         /* note: where the recording is, in the provider's words */
	EVENT_PRICED,           /* paid, currency: what it has cost, says the provider; may come
	                         * after its end */
	EVENT_COUNT
};
extern const char *const event_kind_names[EVENT_COUNT];

/* What a customer who phones us is at. */
enum caller {
	CALLER_NOT_SAID,
	CALLER_ON_HOLD,         /* waits in a telephone queue */
	CALLER_SPOKE,           /* somebody has talked to them */
	CALLER_HUNG_UP,         /* without having talked to anybody */
	CALLER_COUNT
};
extern const char *const caller_names[CALLER_COUNT];

enum question {
	QUESTION_UP,            /* the specialist's phone was answered */
	QUESTION_KEY,           /* a key was pressed: digit */
	QUESTION_SILENT,        /* no key was pressed */
	QUESTION_DIAL_OVER,     /* the customer's leg has ended */
	QUESTION_RESULT,        /* the result by key: digit */
	QUESTION_WAIT,          /* asks again after "one moment" */
	QUESTION_GREET,         /* the customer's phone was answered: machine */
	QUESTION_CONFIRM,       /* the customer was asked to press 1: digit, machine */
	QUESTION_COUNT
};

struct event {
	enum event_kind kind;
	struct record_ref to;
	char specialist[ID_SIZE];
	char queue[ID_SIZE];
	char disposition[ID_SIZE];
	char reason[REASON_SIZE];
	char site_id[SITE_ID_SIZE];
	char sid[SID_SIZE];
	char leg[SID_SIZE];             /* the provider's id of the leg inside that call */
	char provider[ID_SIZE];         /* of CALLED_BACK; to a call or a message: who says
	                                 * it, heard only of its own; "": ourselves */
	char request[REQUEST_ID_SIZE];  /* ACCEPT, DECLINE: only an offer of this one; "": any */
	char by[ID_SIZE];               /* who did it: "website", "anna", "callbackctl", "" the system */
	char detail[DETAIL_SIZE];       /* the provider's words, for people */
	char remembered[REMEMBERED_SIZE];  /* CREATED: what the call keeps for its provider */
	const char *note;               /* what a person wrote, borrowed; NULL: nothing */
	char fresh_id[REQUEST_ID_SIZE]; /* an unused request id, for a birth */
	int64_t at_ms, until_ms, talk_ms;
	int64_t paid;                   /* in PAID_PARTS */
	char currency[CURRENCY_SIZE];   /* "": not said */
	int offer, call;
	enum status status;
	enum call_progress progress;
	enum call_outcome outcome;      /* of a message REJECTED: they want none */
	enum message_progress message;  /* PROGRESS, FOUND of a message */
	enum machine machine;
	enum question question;
	enum caller caller;
	int  digit;                     /* 0..9; -1: none */
	bool is_customer_over, has_rung, has_talked;
	bool may_text;                  /* REPEATED: they agree to messages */
	bool is_agent_over;             /* PROGRESS_OVER: before the customer's phone rang */
	bool is_number_held;            /* the commit before was refused: phone:N is taken */
	bool is_suppressed;             /* the commit before was refused: they want no calls, or
	                                 * no messages */
	bool is_blocked;                /* the commit before was refused: we take no requests of
	                                 * that number, and it has had its call */
	char owner[REQUEST_ID_SIZE];    /* the commit before was refused: this request holds
	                                 * phone:N:Q of the queue it would enter */
	int  others_available;          /* other specialists at work on these queues; a hint */
	struct doors_hint doors;        /* of the addressee's queue; a hint */
	int64_t full_until_ms;          /* the commit before was refused: slots to there are full */
	const struct duty_now *duty;    /* who is on duty; borrowed; NULL: nobody; a hint */
	struct expectation expect;      /* of a request that begins to wait; a hint */
	unsigned providers_down;        /* set (lib/provider_choice): for what the addressee would
	                                 * order, they do not work; a hint */
	unsigned providers_spent;       /* those of them which only have cost too much */
	int64_t wait_until_ms;          /* the commit before was refused: no call may be placed,
	                                 * or message sent, until about then; 0: it may */
	const char *wait_for;           /* and why: "pace", "in_flight"; borrowed */
	bool is_not_placed;             /* CALL_OVER: the provider refused the order */
	bool may_be_taken_later;        /* REJECTED of a message: nothing is wrong with it */
};

enum effect_kind {
	EFFECT_PLACE, EFFECT_HANG_UP, EFFECT_LOOK_UP, EFFECT_POLL,
	EFFECT_SEND,            /* a message */
	EFFECT_SECOND_LEG,      /* the customer's, into a call whose specialist has answered */
	EFFECT_COUNT
};
extern const char *const effect_kind_names[EFFECT_COUNT];

struct effect {
	enum effect_kind kind;
	struct record_ref call;         /* or message: SEND, LOOK_UP */
	char sid[SID_SIZE];             /* HANG_UP, POLL, SECOND_LEG: which of the provider's calls */
	bool is_again;                  /* SECOND_LEG: it was ordered before, perhaps in vain */
};

/* What the asker of the event is told. */
enum verdict {
	VERDICT_NO_ROW,                 /* nothing to do: the world moved on */
	VERDICT_DONE,
	VERDICT_GOODBYE,                /* the flows that answer EVENT_ASKED */
	VERDICT_WHISPER,
	VERDICT_JOIN,
	VERDICT_RESULT,
	VERDICT_THANKS,                 /* the result was understood */
	VERDICT_GREET,                  /* to the customer: who calls, then the join */
	VERDICT_CONFIRM,                /* to the customer: who calls, and which key takes it */
	VERDICT_CONNECT,                /* to the customer: they have pressed it */
	VERDICT_VOICEMAIL,              /* to a machine */
	VERDICT_JOIN_AGENT,             /* customer first: dial the specialist */
	VERDICT_BRIEF,                  /* customer first: what it is about, to the specialist */
	VERDICT_COUNT
};

struct move {
	struct record_ref record;
	enum event_kind event;
	int from, to;                   /* states of that record's kind */
	const char *action;             /* name of the row's action */
	int  row;                       /* index in that record's table, -1: none */
	char detail[DETAIL_SIZE];       /* who, why, how long: for people */
	char by[ID_SIZE];
};

struct outcome {
	struct situation after;
	struct move   moves[MOVE_MAX];      size_t move_count;
	struct effect effects[EFFECT_MAX];  size_t effect_count;
	bool is_alone;                  /* the step looked at its addressee only: nothing else
	                                 * that was read need be checked */
	struct message messages[MESSAGE_BIRTH_MAX];  size_t message_count;  /* born of the request */
	unsigned suppresses;            /* bits: the customer wants no calls, no messages */
	int64_t blocks_ms;              /* it is proposed to block the customer so long; 0: not */
	struct request birth;           /* id "": none: the request that continues this one */
	const char *note;               /* of the event, borrowed, or `words`; stands behind a move */
	char words[MESSAGE_TEXT_SIZE];  /* of the message that is sent: what was said stays, whatever
	                                 * becomes of the texts */
	size_t note_move;
	struct slot_span place;         /* of an appointment that was made: its slot */
	int place_most;                 /* how many that takes; 0: nobody counts */
	enum verdict  verdict;
	char reason[REASON_SIZE];       /* of a refusal, or what happened: a stable word */
};

/* Runs one event. False: no row (stale news); ret_outcome->after equals before.
 * The event's addressee must be in the situation. Several steps may be folded
 * by feeding `after` back; moves and effects then pile up in the outcome when
 * it is passed on unchanged (see situation_fold). */
bool situation_step(const struct policy *policy, const struct situation *before,
    const struct event *event, int64_t now_ms, struct outcome *ret_outcome);

/* A further step on the outcome's own `after`: moves and effects are appended. */
bool situation_fold(const struct policy *policy, const struct event *event, int64_t now_ms,
    struct outcome *outcome);

/* The record whose wake moment is not after now, if any. */
bool situation_due(const struct situation *situation, int64_t now_ms, struct record_ref *ret_ref);

/* The record, if the situation holds it; NULL: it does not. */
const void *situation_record(const struct situation *situation, const struct record_ref *ref);

/* Puts a loaded record in; there must be room. False: a value cannot be read
 * (ret_why names it); the situation then holds no such record. */
bool situation_put(struct situation *situation, const struct record_ref *ref,
    const struct pair *pairs, size_t count, const char **ret_why);

struct specialist *situation_specialist(struct situation *situation, const char *id);
struct call *situation_call(struct situation *situation, int n);
const struct specialist *situation_specialist_const(const struct situation *s, const char *id);
const struct call *situation_call_const(const struct situation *s, int n);

/* Lets go of whom the request's own fields do not name: of several who were asked,
 * those whose phones are being hung up. They are partners again when addressed. */
void situation_trim(struct situation *situation);

/* Partners this situation needs and does not hold yet. Fills at most `max`
 * references, returns how many. Empty: complete. `addressee` may be NULL. */
size_t situation_missing(const struct situation *situation, const struct record_ref *addressee,
    struct record_ref *ret_refs, size_t max);

#endif
