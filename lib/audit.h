/* SPDX-License-Identifier: MIT */
/*
 * audit: what should be in Redis beside a record, to compare with what is, and
 * the text that is kept of a record which cannot go on.
 */
#ifndef CALLBACKD_LIB_AUDIT_H
#define CALLBACKD_LIB_AUDIT_H

#include "lib/situation.h"
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

/*
 * Do two that should name each other. Partners that are NULL are gone, or nobody can read
 * them. True: they do not; the event of the life cycles that puts it right is written into
 * ret_event (kind, addressee, what else it needs), EVENT_NONE where the call under way
 * frees them in any case. Records must hold their ids.
 */
/* Who is offered or busy: the request they name, and its call. */
bool audit_specialist_differs(const struct specialist *specialist, const struct request *request,
    const struct call *call, struct event *ret_event);
/* Whom a request is offered to, or who calls for it. */
bool audit_request_specialist_differs(const struct request *request, const char *id,
    const struct specialist *specialist, struct event *ret_event);
/* A request that is being called, and its call. Gone: it may have rung. */
bool audit_request_call_differs(const struct request *request, const struct call *call,
    struct event *ret_event);
/* A live call and its request: nobody waits for one that is not held. */
bool audit_call_differs(const struct call *call, const struct request *request,
    struct event *ret_event);
/* A live call and who makes it. */
bool audit_caller_differs(const struct call *call, const struct specialist *specialist,
    struct event *ret_event);

/* buried:ID as JSON, of the caller's: id, why, at (Unix seconds), node, and the
 * fields as they are; what is not UTF-8 as {"base64": …}. */
char *audit_burial(const char *key, const char *why, int64_t now_ms, const char *node,
    const struct pair *pairs, size_t count) MUST_USE;

#endif
