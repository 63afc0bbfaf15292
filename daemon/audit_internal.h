/* SPDX-License-Identifier: MIT */
/* audit_internal: what the walk (audit.c) and the look at one record share. */
#ifndef CALLBACKD_DAEMON_AUDIT_INTERNAL_H
#define CALLBACKD_DAEMON_AUDIT_INTERNAL_H

#include "daemon/audit.h"

enum { INDEX_SIZE = ID_SIZE + 8 };

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
	size_t index;                   /* which index is walked */
	char cursor[24];
	struct audit_member *members;  size_t member_count, member_room;
	size_t checks;                  /* under way */
	int64_t paid_ms;                /* monotonic: looks are paid for until then */
};

/* Looks at one record, and repairs it. False: not now. */
bool audit_check(struct audit *audit, const struct audit_member *member);

#endif
