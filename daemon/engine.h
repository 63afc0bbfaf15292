/* SPDX-License-Identifier: MIT */
/*
 * engine: the one place where the core and the shell meet. Takes events, loads
 * the situation each belongs to, steps it, commits what changed, and only then
 * hands out effects. One situation in hand per root: further events for it wait
 * and are stepped on the committed result. Memory is bounded by the number of
 * slots; a post that finds none is refused, never dropped silently.
 */
#ifndef CALLBACKD_DAEMON_ENGINE_H
#define CALLBACKD_DAEMON_ENGINE_H

#include "daemon/store.h"
#include "lib/situation.h"
#include "lib/velocity.h"

struct engine;

enum engine_end {
	ENGINE_DONE,            /* committed (or nothing had to change) */
	ENGINE_NO_ROW,          /* the world moved on: nothing to do */
	ENGINE_ABSENT,          /* there is no such record */
	ENGINE_HELD,            /* a unique key is another's: `key`, `owner`; key SUPPRESSED_KEY,
	                         * BLOCKED_KEY: the number of a new request is in that list;
	                         * limit:…: one of its limits is used up, for `wait_ms` */
	ENGINE_GONE,            /* the guarded member was taken by somebody else, or a
	                         * listing has nothing to change */
	ENGINE_UNAVAILABLE,     /* Redis is away, or the record is contended: ask again */
};

struct engine_result {
	enum engine_end end;
	enum verdict verdict;
	const char *reason;             /* stable word; "" */
	const struct situation *after;  /* NULL unless DONE or NO_ROW */
	const char *key, *owner;        /* HELD */
	int64_t wait_ms;                /* HELD by a limit */
};

/* Called once per order, from engine_run. Pointers end with the call. */
typedef void engine_on_result(void *context, uint64_t tag, const struct engine_result *result);

/* What a commit does to `suppressed` or `blocked`, and asks of it. Texts "": not so. */
struct engine_listing {
	const char *list;                       /* static: the hash; NULL: `suppressed` */
	char unlisted[SUPPRESSED_FIELD_SIZE];   /* only if this is not in it; else GONE */
	char listed_still[SUPPRESSED_FIELD_SIZE];  /* only if this is in it; else GONE */
	char still[LISTED_SIZE];                /* and has this value; else GONE */
	struct {
		char field[ID_SIZE + 1], value[LISTED_SIZE];  /* value "": taken out */
	} listed[2];  size_t listed_count;
	char line[256];                         /* for the events, without its moment */
};

/* What is asked of the engine. Everything is copied. */
struct engine_order {
	struct event event;
	const struct situation *fresh;          /* ARRIVED: request, askers, case */
	const struct specialist *partner;       /* MATCHED: as just read; NULL: is loaded */
	const char *said;                       /* ARRIVED */
	const char *warnings;                   /* ARRIVED: of its answers, JSON */
	/* DUE: writes the whole standing, whatever the tables say; of the addressee also out
	 * of audit_index ("": none). DONE, HELD: as far as nobody else is in the way. */
	bool is_audit;
	const char *audit_index;
	/* Only while this is the addressee's version, by records read anew; 0: any. */
	int64_t at_version;
	const char *take_index, *take_member;  size_t take_length;  /* guard */
	const struct velocity_limit *limits;  size_t limit_count;  /* ARRIVED: guards */
	const struct engine_listing *listing;
	/* Guard: nobody holds that key; it is then the new message's for so long. Else HELD. */
	const char *hold_key;  int64_t hold_ms;
	const char *mark_key, *mark_value;  int64_t mark_ms;  /* a plain string, written with it */
	bool must;                              /* a fact from outside: waits for Redis */
	engine_on_result *on_result;  void *context;  uint64_t tag;  /* NULL: nobody asks */
};

/* What the engine tells and asks the other modules. */
struct engine_hooks {
	void *context;
	/* A situation was committed; `before` is what it was, the outcome's `after`
	 * has its new versions. */
	void (*on_committed)(void *context, const struct situation *before,
	    const struct outcome *outcome);
	/* To be done now, and never before its commit, which was sent at that
	 * moment of clock_boottime_ms; a call is placed, a message sent, wait_ms later, when its
	 * turn has come. */
	void (*on_effect)(void *context, const struct situation *situation,
	    const struct effect *effect, int64_t sent_boot_ms, int64_t wait_ms);
	/* A commit was refused: that provider takes no such order for wait_ms, because of
	 * the guard ("pace", "room", "spend", "probe"). Returns in how many ms whoever
	 * waits for their turn is to come back. */
	int64_t (*on_wait)(void *context, const char *provider, enum channel channel,
	    const char *guard, int64_t wait_ms);
	/* Sets of providers (lib/provider_choice): those that do not work, of these those
	 * that have only cost too much, and those of which one order at a time is tried.
	 * Hints. */
	unsigned (*providers_down)(void *context, enum channel channel,
	    unsigned *ret_spent);
	unsigned (*providers_probing)(void *context, enum channel channel);
	/* Somebody idle for this request that may be offered at once; NULL: nobody. */
	const struct specialist *(*find)(void *context, const struct request *request,
	    int64_t now_ms);
	/* That specialist turned out to be different from what find gave. */
	void (*on_stale)(void *context, const char *specialist);
	/* What is seen of the queue of a request that is about to wait, with the promise that
	 * it is to get; to_ms 0: nothing. A hint. NULL: nobody looks. */
	struct expectation (*expect)(void *context, const struct request *request,
	    int64_t now_ms);
	/* Where the doors of a request's queue are closed: until when, and its slot. is_asked:
	 * it has the promise that somebody asks for right now; seen: what is expected of it;
	 * slots to full_until_ms are full (0: none is known to be). A hint. NULL: nobody looks. */
	struct doors_hint (*doors)(void *context, const struct request *request,
	    bool is_asked, const struct expectation *seen, int64_t full_until_ms,
	    int64_t now_ms);
	/* Who is on duty now: a hint. NULL: nobody looks. */
	const struct duty_now *(*duty)(void *context);
	/* Others at work for this queue: a hint. */
	int (*others)(void *context, const char *queue, const char *specialist);
	/* A record cannot be read. What is meant for it fails; for its partners it is as
	 * if there were none. No pairs: it is no hash. */
	void (*on_unreadable)(void *context, const struct record_ref *ref, const char *why,
	    const struct pair *pairs, size_t count);
	/* A key was of a type that nobody here gives it; it is now kept:KEY, and what it
	 * should have held must be made anew of the records. */
	void (*on_set_aside)(void *context, const char *key);
};

struct engine *engine_new(struct store *store, const struct policy *policy, size_t slots_max,
    const struct engine_hooks *hooks);
void engine_free(struct engine *engine);
/* A reload; the old policy may go once this returns. */
void engine_set_policy(struct engine *engine, const struct policy *policy);

/* False: no slot is free, or Redis is away and the order need not wait. */
bool engine_post(struct engine *engine, const struct engine_order *order);

/* Takes a member out and says why, without any record. */
bool engine_refuse(struct engine *engine, const char *take_index, const char *take_member,
    size_t take_length, const char *const *rejected, const char *answer_id, const char *answer,
    engine_on_result *on_result, void *context, uint64_t tag);

/* Changes `suppressed` without any record. */
bool engine_list(struct engine *engine, const struct engine_listing *listing,
    engine_on_result *on_result, void *context, uint64_t tag);

/* Takes a record out of every index and keeps `burial` as buried:ID, if its field v
 * still is `version` ("0": it has none). The record itself is left as it is. */
bool engine_bury(struct engine *engine, const struct record_ref *ref, const char *version,
    const char *burial, engine_on_result *on_result, void *context, uint64_t tag);

/* An index that cannot be read is set aside, if it is no sorted set by then. Tells it by
 * on_set_aside. */
void engine_set_aside(struct engine *engine, const char *index);

/* What would come of a new request, by its event (ARRIVED) and by what is known now: it is
 * not committed, and nobody is offered it. */
void engine_try(struct engine *engine, const struct situation *fresh, struct event *event,
    struct request *ret_request);

/* One pass: steps what is loaded, sends commits, ends what has come back. */
void engine_run(struct engine *engine);
/* There is something engine_run would do now. */
bool engine_has_work(const struct engine *engine);

size_t engine_in_hand(const struct engine *engine);     /* situations with an order */
size_t engine_free_slots(const struct engine *engine);  /* for claims: a fifth is kept back */
/* The link came up or went down: then nothing that was read is built upon any more. */
void engine_on_link(struct engine *engine, bool is_up);

/* A new request id: 16 characters, unguessable. */
void engine_fresh_id(struct engine *engine, char ret_id[REQUEST_ID_SIZE]);

#endif
