/* SPDX-License-Identifier: MIT */
/*
 * world: one request, its specialists and its calls beside a provider, packed
 * into a few bytes, so that every world that can come about may be visited.
 * A record is interned without its instants: whatever is still to come may
 * come at any time, in any order. What runs is the real tables.
 */
#ifndef CALLBACKD_TESTS_MODEL_WORLD_H
#define CALLBACKD_TESTS_MODEL_WORLD_H

#include "lib/life.h"

enum {
	PEOPLE = 2,
	CALLS = 3,
	LINES = 2,              /* calls that the provider may make of one of ours */
	ROWS_MAX = 128,
	BRANCHES_MAX = 4,
};

#define NOW_MS INT64_C(1700000000000)

enum fence {
	BY_ANSWER, BY_KEY, BY_HAND,
	BY_ORDER,                       /* the customer's leg is a second order of ours */
	BY_CUSTOMER                     /* customer first */
};

/* Which events, beside those that every world has. */
enum {
	WITH_STATUS = 1,        /* specialists come and go */
	WITH_WISHES = 2,        /* the customer repeats, moves, cancels in part */
	WITH_RESULTS = 4,       /* every disposition, else only "done" */
	WITH_RULES = 8,         /* closed doors, numbers held elsewhere */
	WITH_DESK = 16,         /* roster, notes, assignments, longer wrap-up */
	WITH_DELAY = 32,        /* promises are missed, people give up */
	WITH_ROOM = 64,         /* several offers at once */
	WITH_HOOKS = 128,       /* webhooks; else only questions and polls */
	WITH_LIES = 256,        /* the provider tells of legs that are not there */
	WITHOUT_FINDING = 512,  /* it cannot be asked for a call by its token */
	WITHOUT_LOSS = 1024,    /* a POST lands once and is answered at once */
	WITH_SPARE = 2048,      /* a second provider; both may work or not */
	WITH_GREETING = 4096,   /* the customer's phone asks, too */
	WITH_CONFIRM = 8192,    /* and the customer must press 1 */
	WITH_MACHINES = 16384,   /* what answers may be a machine */
	WITHOUT_POLLING = 32768, /* nor how a live call is */
	WITH_OTHER_CALLS = 65536, /* specialists are on calls of their own */
	WITH_TIER = 131072,     /* it was passed on to this queue, which climbs */
	WITH_TOP = 262144,      /* to a person: it is the last */
	WITH_ONE_TIER = 524288, /* and this one nowhere */
};

enum plant {
	PLANT_NONE,
	PLANT_AUTHORISED_CLEARED,       /* forgotten after the customer was joined */
	PLANT_BINDING_IGNORED,          /* every question seems to come from our sid */
	PLANT_WITHDRAWN_LOST,           /* the specialist never learns */
	PLANT_REVOKED_LOST,             /* the call never learns */
	PLANT_OVER_LOST,                /* the specialist does not learn of the end */
	PLANT_WAKE_LOST,                /* nobody looks at a call again */
	PLANT_COUNT
};

struct setting {
	const char *name;
	enum fence fence;
	enum offer_channel offer;
	enum confirm confirm;
	enum accept accept;
	int people, calls, lines;
	unsigned with;
};

/* What the provider has made of one of our calls. */
enum phase {
	PHASE_NONE, PHASE_RINGING, PHASE_UP, PHASE_KEYS, PHASE_CUSTOMER_RINGING,
	PHASE_CUSTOMER_UP, PHASE_CUSTOMER_OVER, PHASE_RESULT, PHASE_OVER,
	PHASE_CUSTOMER_ASKS, PHASE_CUSTOMER_KEYS, PHASE_SECOND_RINGING,
	PHASE_SECOND_UP
};
struct line {
	uint16_t phase : 4, was_up : 1, has_rung : 1, has_talked : 1,
		is_customer_over : 1, was_answered : 1, is_machine : 1,
		has_pressed : 1, unused : 5;
};

struct world {
	uint32_t request, people[PEOPLE], calls[CALLS];  /* interned; 0: none */
	struct line lines[CALLS][LINES];
	uint8_t posting;                /* bit per call: its POST is under way */
	uint8_t answers[CALLS];         /* line named by an answer still under way */
	uint8_t lost;                   /* bit per call: a person was told it may have rung */
	uint8_t unused[3];
};

struct model;

/* Which instant of the addressed record has passed, before the event. */
enum passed {
	PASSED_NOTHING, PASSED_MOMENT, PASSED_RUNG, PASSED_PROMISE, PASSED_NEAR, PASSED_SECOND,
	PASSED_PATIENCE, PASSED_HOLD, PASSED_STATE, PASSED_OFFER_1, PASSED_OFFER_2,
	PASSED_OFFERS, PASSED_WISH, PASSED_LEASE, PASSED_LOOK_UP, PASSED_QUARANTINE,
	PASSED_LENGTH, PASSED_COUNT
};

struct firing {
	struct event event;
	enum passed passed;
	const char *with;               /* a specialist to be loaded besides; NULL */
	bool is_closed;                 /* the queue is, at this moment */
};

/* What came of it. The last world: every effect was done; those before: some
 * were lost. */
struct fired {
	struct world worlds[BRANCHES_MAX];
	size_t count;                   /* 0: no row */
	enum verdict verdict;
};

struct model *model_new(const struct setting *setting, enum plant plant);
void model_free(struct model *model);
const struct setting *model_setting(const struct model *model);
/* The first fault found, "" none. */
const char *model_fault(const struct model *model);

void model_first(struct model *model, struct world *ret_world);
void model_fire(struct model *model, const struct world *world,
    const struct firing *firing, struct fired *ret_fired);
/* False: the fault is set. */
bool model_check(struct model *model, const struct world *world);
/* Everything over and everybody free; or, weaker, nothing under way. */
bool model_is_end(const struct model *model, const struct world *world);
bool model_is_quiet(const struct model *model, const struct world *world);

const struct request *world_request(const struct model *model, const struct world *world);
const struct specialist *world_person(const struct model *model, const struct world *world, int i);
const struct call *world_call(const struct model *model, const struct world *world, int n);

const char *person_id(int i);
/* The provider's id of line k of call n. */
void line_sid(int n, int k, char ret_sid[SID_SIZE]);
/* The one of the customer's leg inside it. */
void leg_sid(int n, int k, char ret_sid[SID_SIZE]);
/* Is the provider asked to ring the customer, first or by itself? */
bool setting_rings(const struct setting *setting);
enum call_progress line_progress(const struct line *line);

/* How often each row was used, by all models. */
/* How often each was used, by all processes that share it; counts of two at once may be
 * lost, but never the first of a row by both. */
typedef unsigned long row_counts[RECORD_COUNT][ROWS_MAX];
extern row_counts *rows_used;

/* Everything that may happen next. is_self: time, the provider and effects that
 * arrive are enough for it. */
typedef void world_handler(void *context, const struct world *world,
    const char *label, int a, int b, bool is_self);
void world_moves(struct model *model, const struct world *world,
    world_handler *on_world, void *context);

#endif
