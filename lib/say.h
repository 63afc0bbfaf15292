/* SPDX-License-Identifier: MIT */
/*
 * say: how a moment is told to a customer. Page, SMS and voice say the same
 * words, because they all come from here. Russian, and English for all others.
 */
#ifndef CALLBACKD_LIB_SAY_H
#define CALLBACKD_LIB_SAY_H

#include <stdint.h>

#include "lib/zone.h"

enum { SAY_SIZE = 48 };

/* "today", "tomorrow", "27 Nov"; "сегодня", "завтра", "27.11". */
void say_day(const struct zone *zone, const char *language, int64_t now_ms, int64_t at_ms,
    char ret_text[SAY_SIZE]);
/* "9:30" */
void say_time(const struct zone *zone, int64_t at_ms, char ret_text[SAY_SIZE]);
/* "14:17"; on another day "tomorrow 9:30". */
void say_moment(const struct zone *zone, const char *language, int64_t now_ms, int64_t at_ms,
    char ret_text[SAY_SIZE]);
/* "14:00-14:30", "tomorrow 9:30-10:00"; one moment when both are the same minute. */
void say_span(const struct zone *zone, const char *language, int64_t now_ms, int64_t from_ms,
    int64_t to_ms, char ret_text[SAY_SIZE]);

#endif
