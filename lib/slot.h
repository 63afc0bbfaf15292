/* SPDX-License-Identifier: MIT */
/*
 * slot: the appointment that is offered instead of a call as soon as possible, when
 * that would probably be late. Pure. Slots of a queue lie side by side, all of one
 * length, and begin at multiples of it since 1970 in UTC, so that every node
 * names the same ones; their only name is the instant they begin at.
 *
 * What is not here yet: hours and zones (a slot may lie outside of them), and filling a
 * morning evenly.
 */
#ifndef CALLBACKD_LIB_SLOT_H
#define CALLBACKD_LIB_SLOT_H

#include "lib/expect.h"

struct slot_rules {
	int64_t length_ms;      /* above 0 */
	double share;           /* of the people's time that appointments may take, 0..1 */
	double least;           /* probability with which it must be kept, 0..1 */
};

/* Instants. */
struct slot_span {
	int64_t from_ms, to_ms;
};

/* The first slot that begins at that instant or later, and the i-th behind it. */
struct slot_span slot_at(const struct slot_rules *rules, int64_t at_ms, size_t i);

/* How many appointments a slot takes: share x specialists x length / handling, rounded
 * down. 0: one would fill more than there is. */
int slot_capacity(const struct slot_rules *rules, const struct expect_queue *queue);

/* The first slot that has room and before whose end the call will have begun with the
 * least probability, behind all who wait now. taken: appointments of the `count` slots
 * from slot_at(now_ms, 0) on. False: none of them. */
bool slot_find(const struct slot_rules *rules, const struct expect_queue *queue, int64_t now_ms,
    const int *taken, size_t count, struct slot_span *ret_slot) MUST_USE;

#endif
