/* SPDX-License-Identifier: MIT */
/*
 * audit_internal: what the walk (audit.c), burying (audit_bury.c), the look at one
 * record (audit_check.c) and that at its partners (audit_partner.c) share.
 */
#ifndef CALLBACKD_DAEMON_AUDIT_INTERNAL_H
#define CALLBACKD_DAEMON_AUDIT_INTERNAL_H

#include <sys/queue.h>

#include "daemon/audit.h"
#include "lib/audit.h"

enum { INDEX_SIZE = ID_SIZE + 8, PARTNERS_MAX = OFFER_MAX + 2, DOUBTS_MAX = 64, TOLD_MAX = 64 };

struct audit_member {
	struct record_ref ref;
	char index[INDEX_SIZE];         /* where it was met; "": among the records */
	bool is_light;                  /* one that stands in `active` is looked at there */
};

struct audit {
	struct store *store;
	struct engine *engine;
	const struct policy *policy;
	int64_t every_ms, scan_ms, next_walk_ms, next_scan_ms;
	size_t slots_half;
	struct audit_counts counts;
	char node[64];
	bool is_stopped;

	bool is_walking, is_scanning, is_asking, is_round_over;
	bool is_wanted_again;           /* since what runs now began */
	size_t index;                   /* which index is walked */
	char cursor[24];
	struct audit_member *members;  size_t member_count, member_room;
	size_t checks;                  /* under way */
	int64_t paid_ms;                /* monotonic: looks are paid for until then */

	int64_t round;                  /* how many walks and scans began */
	/* Partners that did not name each other in that round. */
	struct doubt { char record[KEY_SIZE], partner[KEY_SIZE]; int64_t round; } doubts[DOUBTS_MAX];
	/* What was buried, and when that was told: monotonic. */
	struct told { char key[KEY_SIZE]; int64_t at_ms; } told[TOLD_MAX];
	LIST_HEAD(, grave) graves;      /* being dug */
};

/* One look: the record, and what was asked beside it. */
struct check {
	struct audit *audit;
	struct audit_member member;
	union {
		struct record head;
		struct request request;
		struct call call;
		struct specialist specialist;
		struct message message;
	} is;
	bool is_absent, is_buried, has_failed, is_fault;
	size_t outstanding;
	int64_t version;                /* once more, at the end */
	struct audit_view view;
	struct { bool is_in; int64_t score; } seen[STANDING_MAX * 2 + 1];
	bool has_unique[UNIQUE_MAX];

	/* Of a specialist: the request and the call they name; of a request: the
	 * specialists and the call it names; of a call: its request and specialist. */
	struct record_ref partners[PARTNERS_MAX];  size_t partner_count;
	bool has_partner[PARTNERS_MAX];
	struct request request;
	struct call call;
	struct specialist specialists[PARTNERS_MAX];
};

/* Looks at one record, and repairs it. False: not now. */
bool audit_check(struct audit *audit, const struct audit_member *member);

/* Which partners are to be read, what was read of one, and what follows once all are. */
void audit_find_partners(struct check *check);
void audit_read_partner(struct check *check, size_t i, const struct redisReply *reply);
void audit_compare_partners(struct check *check);

#endif
