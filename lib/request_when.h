/* SPDX-License-Identifier: MIT */
/*
 * request_when: when a call may be promised at all, and what is promised instead: the part
 * of a request's life that knows opening hours, slots, quiet hours and announcements. Each
 * writes the moment and the promise of the request, its reason, and what the story and the
 * customer are told of it.
 */
#ifndef CALLBACKD_LIB_REQUEST_WHEN_H
#define CALLBACKD_LIB_REQUEST_WHEN_H

#include "lib/life.h"

/* Somebody asks for that moment, or, where it is past, for a call as soon as possible, which
 * they have wanted since asked_at_ms: as they ask, or the first slot that can be kept. */
void when_asked(struct moment *m, int64_t at_ms, int64_t asked_at_ms);

/* Of what waits for its moment, by the event (REPEATED): the earlier moment holds for everybody
 * who asked, where it may be promised: whoever asks again gets past no one who asks for the
 * first time. */
void when_asked_again(struct moment *m);

/* Nobody asks: as soon as possible from that moment on, but not before the hours allow it. `r`
 * is the request, or one that is being born of it. */
void when_allowed(const struct moment *m, struct request *r, int64_t at_ms);

/* The next attempt, which on another day is announced first. */
void when_tried_again(struct moment *m, int64_t at_ms);

/* It may not be called now: until it may, by its promise where that lies behind it. */
void when_it_opens(struct moment *m);

/* The customer is told to when the call was put off, unless it comes so soon that the
 * promise of anybody who asks now would be later. acted_at_ms as of moment_tell. */
void when_tell(struct moment *m, int64_t acted_at_ms);

#endif
