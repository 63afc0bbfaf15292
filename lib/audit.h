/* SPDX-License-Identifier: MIT */
/*
 * audit: what should be in Redis beside a record, to compare with what is, and
 * the text that is kept of a record which cannot go on.
 */
#ifndef CALLBACKD_LIB_AUDIT_H
#define CALLBACKD_LIB_AUDIT_H

#include "lib/standing.h"

/* Every index that is looked at for one record. */
struct audit_view {
	struct audit_place {
		char index[ID_SIZE + 8];
		bool must;              /* stand there, with that score */
		int64_t score;
	} at[STANDING_MAX * 2 + 1];  size_t count;
	char unique[UNIQUE_MAX][KEY_SIZE];  size_t unique_count;  /* must hold its id */
};

/* `record` NULL: there is none, and it must stand nowhere. `index`: one more to
 * look at, where it was met; "": none. */
void audit_expect(enum record_kind kind, const void *record, const char *index,
    struct audit_view *ret);

/* Is it a fault that the record stands there (score) or does not. A moment that
 * has come may be put off by a lease: that is none. */
bool audit_is_fault(const struct audit_place *place, bool is_in, int64_t score,
    int64_t now_ms, int64_t lease_ms);

/* Written by a newer version (`fmt`): nobody's to judge here. */
bool audit_is_newer(const struct pair *pairs, size_t count);

/* buried:ID as JSON, of the caller's: id, why, at (Unix seconds), node, and the
 * fields as they are; what is not UTF-8 as {"base64": …}. */
char *audit_burial(const char *key, const char *why, int64_t now_ms, const char *node,
    const struct pair *pairs, size_t count) MUST_USE;

#endif
