/* SPDX-License-Identifier: MIT */
/*
 * specialist: who calls. status is what they chose, state what is observed.
 */
#ifndef CALLBACKD_LIB_SPECIALIST_H
#define CALLBACKD_LIB_SPECIALIST_H

#include "lib/policy.h"
#include "lib/record.h"

enum specialist_state {
	SPECIALIST_NONE,
	SPECIALIST_AWAY,        /* paused, off, absent, off shift */
	SPECIALIST_IDLE,        /* may be offered work: stands in ready:Q */
	SPECIALIST_OFFERED,
	SPECIALIST_BUSY,        /* their phone rings or they talk */
	SPECIALIST_WRAPPING,
	SPECIALIST_RESTING,     /* a short cool-off */
	SPECIALIST_ELSEWHERE,   /* on a call that is none of ours */
	SPECIALIST_STATE_COUNT
};
extern const char *const specialist_state_names[SPECIALIST_STATE_COUNT];

enum status { STATUS_OFF, STATUS_AVAILABLE, STATUS_PAUSED, STATUS_COUNT };
extern const char *const status_names[STATUS_COUNT];

struct skill {
	char queue[ID_SIZE];
	int  level;
};

enum { DUTY_MAX = 8, CLOSED_MAX = 3 };

/* On duty for a queue (lib/duty.h). */
struct duty {
	char queue[ID_SIZE];    /* "": a free slot */
	int64_t from_ms, to_ms;
};

struct specialist {
	struct record record;
	char id[ID_SIZE];
	enum specialist_state state;
	enum status status;
	char reason[REASON_SIZE];     /* of the pause */
	int64_t return_at_ms;         /* of the pause; 0: not said */
	char name[NAME_SIZE];
	struct skill skills[SPECIALIST_QUEUES_MAX];

	int64_t since_ms;             /* in this state since */
	int64_t until_ms;             /* OFFERED, WRAPPING, RESTING: until then */
	int64_t seen_at_ms;           /* last sign of presence */
	char request[REQUEST_ID_SIZE];  /* what they are offered, call or wrap up; "": none */
	int  offer;                   /* number of the offer they hold */
	int  call;                    /* the call that rings or holds their phone; 0: none */
	int  ignored_count;           /* offers ignored in a row */
	int64_t elsewhere_until_ms;   /* on a call that is none of ours, until then at the
	                               * latest; noted in any state; 0: they are not */
	int64_t overtime_until_ms;    /* said to be available outside their shift, until then;
	                               * 0: did not */
	bool has_extended;            /* wrap-up was extended once */
	struct duty duty[DUTY_MAX];
	char closed[CLOSED_MAX][REQUEST_ID_SIZE];  /* whose end they said last, the latest first;
	                               * "": a free slot */
};

/* The level in that queue; 0: does not serve it. */
int specialist_level(const struct specialist *specialist, const char *queue);
/* Not seen for so long that they count as gone. */
bool specialist_is_absent(const struct policy *policy, const struct specialist *specialist,
    int64_t now_ms);
size_t specialist_queue_count(const struct specialist *specialist);

#endif
