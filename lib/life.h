/* SPDX-License-Identifier: MIT */
/*
 * life: what the four life-cycle tables share. A table is a list of rows
 * (from, event, guard, to, action); the first row whose guard holds wins; no
 * row means old news. Only situation.c writes a state or a wake moment; an
 * action writes fields of the addressed record and speaks to the others by
 * posting events.
 */
#ifndef CALLBACKD_LIB_LIFE_H
#define CALLBACKD_LIB_LIFE_H

#include "lib/rules.h"
#include "lib/situation.h"

/* One inner step under way. `event` is the one being run, `root` the one that
 * came from outside. */
struct moment {
	const struct policy *policy;
	const struct event  *root, *event;
	int64_t now_ms;
	struct outcome *outcome;
	struct situation *now;          /* == &outcome->after */
	struct request *request;        /* the situation's; id "" if there is none */
	struct specialist *specialist;  /* addressed; NULL unless one is */
	struct call *call;              /* addressed; NULL unless one is */
	struct message *message;        /* addressed; NULL unless one is */
	struct move *move;              /* the line being written */
	struct event posted[12];        /* by this action, in order */
	size_t posted_count;
};

typedef bool life_guard(const struct moment *m);
typedef void life_action(struct moment *m);

enum { SAME = -1 };                     /* `to`: the state stays */

struct row {
	unsigned from;                  /* set of states, bit 1 << state */
	enum event_kind on;
	life_guard *guard;              /* NULL: always */
	int to;
	life_action *action;
	const char *action_name;
	const char *guard_name;
};
#define IN(state) (1u << (state))
#define ALWAYS NULL
#define ROW(from, on, guard, to, action)                                       \
	{ from, EVENT_##on, guard, to, action, #action, #guard }

struct life {
	const struct row *rows;  size_t count;
	const char *const *state_names;  int state_count;
};
extern const struct life request_life, call_life, specialist_life, message_life;
const struct life *life_of(enum record_kind kind);

/* Posts an inner event. All that one action posts run in order, and before
 * anything posted earlier (depth first). */
struct event *moment_post(struct moment *m, enum event_kind kind, struct record_ref to);
void moment_effect(struct moment *m, enum effect_kind kind, const struct call *call,
    const char *sid);
/* How long ago that was; never less than nothing, also when Redis's clock was set
 * back, for a record holds no time below zero. */
int64_t moment_since(const struct moment *m, int64_t at_ms);
void moment_effect_message(struct moment *m, enum effect_kind kind,
    const struct message *message);
/* Gives birth to a message to the customer, once for the promise in force: if they
 * agreed, the company writes of that and somebody can carry it. `about` is the
 * request whose queue and promise it tells; acted_at_ms when the customer did what
 * it answers, 0: it answers nothing. In message_life. */
void moment_tell(struct moment *m, enum message_kind kind, const struct request *about,
    int64_t acted_at_ms);
/* The same to a specialist, who is offered this request by SMS. */
void moment_tell_offer(struct moment *m, const struct specialist_policy *specialist,
    const struct offer *offer);
/* The same to whom a rung of widening names: a queue's best, a specialist, a number
 * or a chat. How many are told. */
int moment_tell_near(struct moment *m, const char *target);
/* What people read beside this line of the story. */
void moment_say(struct moment *m, const char *format, ...) PRINTF_LIKE(2, 3);
/* The event's note goes behind this line, whole. */
void moment_note(struct moment *m);
void moment_verdict(struct moment *m, enum verdict verdict);
void moment_reason(struct moment *m, const char *reason);

/* A new call of this request; the caller fills it. */
struct call *moment_birth(struct moment *m);
/* Births the call that the specialist's acceptance (or a phone offer) makes,
 * with its first wake and its effect; by a provider behind `after` in the order,
 * "": by the first. call_is_possible must have said yes. In call_life. */
struct call *call_birth(struct moment *m, const char *specialist, const char *after);
/* Can a call of theirs be placed at this moment: a provider works, and its turn
 * comes soon. ret_why, when not: a stable word. */
bool call_is_possible(const struct moment *m, const char *specialist, const char *after,
    const char **ret_why);
/* Can this specialist be offered work by ringing their phone, before anybody
 * has accepted: only where the customer's leg waits for our answer. By a provider
 * behind `after`, as above. */
bool call_can_offer_by_phone(const struct moment *m, const struct specialist_policy *specialist,
    const char *after);

/* EVENT_PRICED: it says what the record, of which these are fields, does not. */
bool moment_tells_price(const struct moment *m, int64_t paid);
void moment_keep_price(struct moment *m, int64_t *paid, char currency[CURRENCY_SIZE]);

void nothing(struct moment *m);

/* When each kind must be looked at next: the one place that decides. */
int64_t request_wake(const struct policy *policy, const struct request *request, int64_t now_ms);
int64_t call_wake(const struct policy *policy, const struct call *call, int64_t now_ms);
int64_t specialist_wake(const struct policy *policy, const struct specialist *specialist,
    int64_t now_ms);

int64_t message_wake(const struct policy *policy, const struct message *message, int64_t now_ms);

#endif
