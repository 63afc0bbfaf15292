/* SPDX-License-Identifier: MIT */
/*
 * doors: when calls of a queue are made at all, and what is promised to who asks
 * while that is not so, or would not be in time: a slot. Pure. All nodes name the same
 * slots (lib/slot), which lie wholly inside of opening hours, and take no more requests than
 * `slots.share` of those who are on shift then can serve.
 */
#ifndef CALLBACKD_LIB_DOORS_H
#define CALLBACKD_LIB_DOORS_H

#include "lib/expect.h"
#include "lib/request.h"
#include "lib/slot.h"

/* Looked at for a slot; further ones are not promised. */
enum { DOORS_SLOTS_MAX = 700, DOORS_DAYS = 21 };

/* What the shell knows of a request's queue, for whoever must be given a slot. */
struct doors_hint {
	struct slot_span slot;          /* the first with room; to_ms 0: none */
	int slot_most;                  /* what it takes */
	struct slot_span asked;         /* that of the moment which was chosen, */
	int asked_most;                 /* 0: nobody counts, as where there are no hours */
	bool is_full;                   /* has no room */
	int64_t closed_until_ms;        /* by hand; 0: it is not */
};

/* Why a request that was asked for now, or for that moment, cannot be promised what it asks:
 * "closed", "closing" (the promise would lie too long after it), "closed_today" (by hand),
 * "full" (no room in the slot of a chosen moment), "quiet_hours" (of whom that moment is), "crowded"
 * (it would probably be late); NULL: it can. `request` has its promise. */
const char *doors_bar(const struct policy *policy, const struct request *request,
    const struct doors_hint *hint, const struct expectation *seen, int64_t now_ms);

/* How many requests a slot that begins then takes; handling_ms: mean time for one. */
int doors_capacity(const struct policy *policy, const char *queue, double handling_ms,
    int64_t from_ms);

/* The first slot from that moment on that is open and has room: taken (ascending) are the
 * beginnings of appointments of that queue; whose: outside of their quiet hours, if not NULL. False: none within DOORS_DAYS. */
bool doors_find(const struct policy *policy, const char *queue, const struct request *whose,
    double handling_ms, int64_t from_ms, const int64_t *taken, size_t taken_count,
    struct slot_span *ret_slot) MUST_USE;

#endif
