/* SPDX-License-Identifier: MIT */
/*
 * audit: compares what stands in the indexes with what the records say, every
 * minute by the indexes, every hour by the records themselves, and has the
 * whole standing of what differs written again. Only while more than half of
 * the engine's slots are free, a few records each pass and 500 a second: a site
 * with more than some 10,000 live records is walked less often. Has partners that do not
 * name each other step by the event that says so. Buries what cannot go on, and digs it
 * up again.
 */
#ifndef CALLBACKD_DAEMON_AUDIT_H
#define CALLBACKD_DAEMON_AUDIT_H

#include "daemon/engine.h"

struct audit;

struct audit_counts {
	int64_t last_at_ms;             /* when the last walk ended; 0: none did yet */
	int64_t walked;                 /* records looked at since the start */
	int64_t repaired, buried;
	int64_t backpointers;           /* partners that did not name each other, as often as seen */
};

struct audit *audit_new(struct store *store, struct engine *engine, const struct policy *policy,
    int64_t every_ms, int64_t scan_ms);
void audit_free(struct audit *audit);
void audit_set_policy(struct audit *audit, const struct policy *policy);
/* Begins nothing any more. */
void audit_stop(struct audit *audit);

/* An index has lost what it held: all indexes and all records are walked next. */
void audit_soon(struct audit *audit);

/* One pass: a few records. */
void audit_run(struct audit *audit);
/* Buries what crashed too often. */
void audit_tick(struct audit *audit);
/* Monotonic: when the next walk begins. */
int64_t audit_next_ms(const struct audit *audit);

const struct audit_counts *audit_counts(const struct audit *audit);

/* Out of all indexes, kept as buried:ID; logged as an alarm, once, and at most every hour
 * when it is met again. The pairs are what was read; none: it is no hash. A request whose
 * call it is goes on as after a call that was lost. */
void audit_bury(struct audit *audit, const struct record_ref *ref, const char *why,
    const struct pair *pairs, size_t count);
/* Back into the indexes, if it can be read by now: UNAVAILABLE "unreadable" if
 * it cannot, ABSENT if it is gone. False: not now. */
bool audit_unbury(struct audit *audit, const struct record_ref *ref, engine_on_result *on_result,
    void *context, uint64_t tag);

#endif
