/* SPDX-License-Identifier: MIT */
/*
 * engine_internal: what the files of the engine share: slots (one situation in
 * hand each), the orders that wait for them, and batches of commits.
 */
#ifndef CALLBACKD_DAEMON_ENGINE_INTERNAL_H
#define CALLBACKD_DAEMON_ENGINE_INTERNAL_H

#include <sys/queue.h>

#include "daemon/engine.h"

enum {
	BATCH_RECORDS_MAX = 64,
	BATCH_BYTES_MAX = 4 << 20,      /* well below what the link takes at once */
	BATCHES_MAX = 2,
	ABSENT_MAX = 8,
	TRIES_MAX = 12,
	FOLD_MAX = 8,
	IN_DOUBT_MS = 2000,
	HASH_SIZE = 2048,
};

/* An order that waits for its turn. */
struct pending {
	TAILQ_ENTRY(pending) link;
	struct event event;
	struct situation *fresh;        /* owned */
	struct specialist *partner;     /* owned */
	char *said, *warnings, *note;   /* owned */
	char take_index[24];
	char *take_member;  size_t take_length;
	char **rejected;  char *answer_id, *answer;   /* a refusal; owned */
	struct velocity_limit *limits;  size_t limit_count;   /* owned */
	bool is_refusal, must;
	bool is_audit;  char audit_index[ID_SIZE + 8];
	int64_t at_version;
	char *burial, *version;         /* of a burial; owned */
	struct engine_listing *listing; /* owned */
	char typed_key[KEY_SIZE];       /* "": none */
	char hold_key[KEY_SIZE];  int64_t hold_ms;
	char mark_key[KEY_SIZE], mark_value[48];  int64_t mark_ms;
	engine_on_result *on_result;  void *context;  uint64_t tag;
};

enum slot_state {
	SLOT_OPEN,              /* may go on: has what it needs, or will find out */
	SLOT_LOADING,
	SLOT_PREPARED,          /* stepped; waits for its commit to be sent */
	SLOT_SENT,
};

struct slot {
	LIST_ENTRY(slot) hash;
	TAILQ_ENTRY(slot) queue;        /* in runnable, prepared, a batch, or idle */
	char root[KEY_SIZE];
	struct record_ref root_ref;
	enum slot_state state;
	TAILQ_HEAD(, pending) pendings;
	size_t pending_count;

	struct situation before;        /* as read, or as committed last */
	bool is_cached;                 /* before was read for an earlier order */
	struct record_ref absent[ABSENT_MAX];  size_t absent_count;
	size_t loads;                   /* replies outstanding */
	const char *failure;            /* of one of them: redis, unreadable, newer; NULL: none */
	char *warnings;                 /* of its answers; owned */
	bool has_warnings_loaded, has_askers_loaded;

	struct outcome *outcome;        /* while PREPARED or SENT */
	int64_t stepped_at_ms;          /* by the clock of then */
	char op[OP_SIZE];
	int64_t sent_boot_ms;           /* its commit, by clock_boottime_ms */
	bool is_audit, is_forget;
	bool is_held;                   /* of this audit: the unique keys stay as they are */
	char absent_key[KEY_SIZE];      /* guard of this commit */
	char matched[ID_SIZE];          /* specialist the engine matched by itself */
	bool no_match;                  /* do not match again by itself */
	int tries, reroutes;
};

TAILQ_HEAD(slot_list, slot);

struct batch {
	bool is_used, is_in_doubt;
	struct words words;
	struct slot_list slots;
	size_t count;
	int64_t sent_at_ms;             /* monotonic */
	int64_t now_ms;                 /* the same moment by the clock of then */
};

struct engine {
	struct store *store;
	const struct policy *policy;
	struct engine_hooks hooks;
	size_t slots_max, slot_count, idle_count;
	LIST_HEAD(, slot) buckets[HASH_SIZE];
	struct slot_list runnable, prepared, idle;
	struct batch batches[BATCHES_MAX];
	struct outcome *spare[64];  size_t spare_count;
	char node[12];
	uint64_t op_count;
	unsigned char random[512];  size_t random_used;
};

/* engine_slot.c */
struct slot *slot_get(struct engine *engine, const struct record_ref *root);
/* Puts an order in its root's line. False: no slot is free; nothing happened. */
bool slot_enqueue(struct engine *engine, const struct record_ref *root,
    struct pending *pending);
void slot_runnable(struct engine *engine, struct slot *slot);
void slot_forget_situation(struct slot *slot);
/* The specialist whom the engine took for this step is free for another one. */
void slot_unmatch(struct engine *engine, struct slot *slot);
/* Ends the slot's first order and lets the slot go on. */
void slot_answer(struct engine *engine, struct slot *slot, const struct engine_result *result);
void slot_fail(struct engine *engine, struct slot *slot, enum engine_end end, const char *reason);
/* Ends those that need not wait for Redis, while its first one does. */
void slot_fail_impatient(struct slot *slot);
void slot_free(struct engine *engine, struct slot *slot);
void pending_free(struct pending *pending);
struct outcome *outcome_take(struct engine *engine);
void outcome_give(struct engine *engine, struct outcome *outcome);

/* engine_load.c: true: everything is there; false: loading, or ended. */
bool slot_load(struct engine *engine, struct slot *slot);
/* Drops what no longer belongs to the root's situation. */
void slot_trim(struct slot *slot);

/* What the situation of such a record orders from providers. */
static inline enum channel
engine_channel(const struct record_ref *root)
{
	return root->kind == RECORD_MESSAGE ? CHANNEL_SMS : CHANNEL_VOICE;
}

/* engine_step.c */
void slot_advance(struct engine *engine, struct slot *slot);
/* Once more from fresh records. */
void slot_again(struct engine *engine, struct slot *slot);

/* engine_commit.c */
void batches_send(struct engine *engine);
void batches_on_link(struct engine *engine, bool is_up);
/* Gives up what nobody could say for too long. */
void batches_expire(struct engine *engine);

#endif
