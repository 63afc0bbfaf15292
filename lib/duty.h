/* SPDX-License-Identifier: MIT */
/*
 * duty: who is on duty for a queue, from when to when: a rota by date, kept in the
 * specialists' records, so that beginning and end are moments of theirs as any other. Who
 * is on duty is at work, also outside their shift; who has `duty = true` and no shift
 * is so only then. Pure.
 */
#ifndef CALLBACKD_LIB_DUTY_H
#define CALLBACKD_LIB_DUTY_H

#include "lib/specialist.h"

enum { DUTY_NOW_MAX = 32 };

/* Everybody who is on duty at a moment, as far as is known. */
struct duty_now {
	struct { char queue[ID_SIZE], specialist[ID_SIZE]; } at[DUTY_NOW_MAX];
	size_t count;
};

/* Until when they are on duty without a gap, whatever the queue; 0: they are not. */
int64_t duty_until_ms(const struct specialist *specialist, int64_t at_ms);
/* When their next one begins, after that moment; 0: none. */
int64_t duty_starts_ms(const struct specialist *specialist, int64_t at_ms);
/* Are they, of that queue. */
bool duty_is_of(const struct specialist *specialist, const char *queue, int64_t at_ms);

/* Is there room for one more: what is over by now_ms is no hindrance. */
bool duty_has_room(const struct specialist *specialist, const char *queue, int64_t from_ms,
    int64_t to_ms, int64_t now_ms);
/* What touches another of the same queue becomes one with it; what is over is forgotten. Only
 * if there is room. */
void duty_add(struct specialist *specialist, const char *queue, int64_t from_ms, int64_t to_ms,
    int64_t now_ms);
/* All of that queue. False: there was none. */
bool duty_remove(struct specialist *specialist, const char *queue);

/* NULL is nobody. */
void duty_note(struct duty_now *now, const struct specialist *specialist, int64_t at_ms);
bool duty_has(const struct duty_now *now, const char *queue, const char *specialist);
/* Is anybody, for that queue. */
bool duty_has_any(const struct duty_now *now, const char *queue);

#endif
