/* SPDX-License-Identifier: MIT */
/*
 * commit: the difference between two situations as arguments of the commit
 * script (daemon/lua/commit.lua has their order). Pure: no I/O. Every record
 * that was read is checked; only changed fields and indexes are written, and `due`,
 * which a claim may have put off, whenever its record is.
 */
#ifndef CALLBACKD_LIB_COMMIT_H
#define CALLBACKD_LIB_COMMIT_H

#include "lib/situation.h"
#include "lib/velocity.h"
#include "lib/words.h"

/* What a commit carries besides the situation. All borrowed; NULL: none. */
struct commit_extras {
	const char *op;                 /* names this operation; unique */
	const char *take_index, *take_member;  size_t take_length;  /* guard: must be there; removed */
	const char *absent_key;         /* guard: nobody else may hold it */
	int64_t hold_absent_ms;         /* and then this record's own for so long; 0: it is not taken */
	const char *mark_key, *mark_value;  int64_t mark_ms;  /* a plain string; 0: for ever */
	const char *unlisted;           /* guard: this field is not in `suppressed` */
	const char *unblocked;          /* guard: this number is not in `blocked`, or no longer */
	const char *list;               /* the hash of what follows; NULL: `suppressed` */
	const struct velocity_limit *limits;  size_t limit_count;  /* guards of a newborn */
	const char *listed_still;       /* guard: this field is in it */
	const char *still;              /* and is still this; NULL: whatever */
	const char *typed_key, *typed;  /* a key that is set aside if it is not of this TYPE */
	const char *line;               /* told with it, of no story */
	struct { const char *field, *value; } listed[2];  size_t listed_count;  /* into it;
	                                 * "": out of it */
	const char *said;               /* of a newborn request */
	const char *warnings_json;      /* of this request's answers; NULL: [] */
	const char *rejected[16];       /* field, value, … of one refusal; ends at NULL */
	const char *answer_id, *answer; /* of a refusal: answer:ID */
	unsigned probing;               /* set of providers of which one order at a time is tried */
	bool is_audit;                  /* write the standing although nothing changed */
	bool keeps_uniques;             /* of an audit: the unique keys stay as they are */
	/* Of an audit: an index which that record may stand in wrongly; "buried" ends its
	 * burial. */
	const struct record_ref *audit_ref;  const char *audit_index;
};

/* How long a probe keeps others from theirs, should nobody hear what came of it. */
enum { PROBE_KEEP_MS = 30000 };

/* The counts that begin a situation, and those of each of its records, in the
 * script's order. */
enum commit_part { PART_GUARDS, PART_RECORDS, PART_LIVES, PART_TEXTS, PART_REJECTED,
	PART_COUNTERS, PART_LISTED, PART_LINES, COMMIT_PARTS };
enum commit_record_part { PART_FIELDS, PART_GONE, PART_INDEXES, PART_UNIQUES, PART_KEEP,
	COMMIT_RECORD_PARTS };

/* Appends one situation's arguments. `before` is what was read (all zero for
 * what did not exist). Returns how many records it holds. */
size_t commit_between(const struct policy *policy, const struct situation *before,
    const struct outcome *outcome, int64_t now_ms, const struct commit_extras *extras,
    struct words *words);

/* A situation of no record: a refusal that only takes a member out and says why, or
 * somebody who is suppressed. */
void commit_alone(const struct policy *policy, const struct commit_extras *extras,
    int64_t now_ms, struct words *words);

/* A situation that takes an id of which there is no record out of every index.
 * Refused when there is one. Returns how many records it holds. */
size_t commit_forget(const struct policy *policy, const struct record_ref *ref, const char *op,
    struct words *words);

/* A situation that takes a record which cannot go on out of every index, puts its id
 * into `buried` and the text under buried:ID. `version`: its field v as it is, "0" when
 * there is none, COMMIT_NO_HASH when the key is of another type: then the whole of it is
 * copied to kept:ID. The record is not touched. Returns how many records it holds. */
#define COMMIT_NO_HASH "-"
size_t commit_bury(const struct policy *policy, const struct record_ref *ref,
    const char *version, const char *burial, int64_t now_ms, const char *op,
    struct words *words);

/* Is that call, of a situation after a step, a new order to a provider: a commit that
 * carries one has the guards of its provider. */
bool commit_is_placed(const struct situation *before, const struct call *call);

/* Is the message of a situation after a step a new order to send it: the same holds. */
bool commit_is_sent(const struct situation *before, const struct message *message);

/* Do the two differ in any field of any record. */
bool commit_is_empty(const struct situation *before, const struct outcome *outcome);

/* Sets what the commit, once it is done, has made of the situation: versions
 * are one higher where something changed. */
void commit_done(const struct situation *before, struct situation *after, const char *op);

/* The website's words for a request's state (DECISIONS 11). */
const char *commit_answer_state(const struct request *request);
/* The answer for one website id, as JSON of the caller's. */
char *commit_answer(const struct policy *policy, const struct request *request,
    const char *site_id, const char *warnings_json);

#endif
