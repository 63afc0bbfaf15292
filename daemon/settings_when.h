/* SPDX-License-Identifier: MIT */
/*
 * settings_when: durations, weekdays, times and dates as people write them in
 * the configuration. Knows no time zone and no clock.
 */
#ifndef CALLBACKD_DAEMON_SETTINGS_WHEN_H
#define CALLBACKD_DAEMON_SETTINGS_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/check.h"

enum { WHEN_DURATION_SIZE = 48 };

/* "1h30m", "20s", "500ms", "0"; units d h m s ms, the large ones first. */
bool
when_duration_parse(const char *text, int64_t *ret_ms) MUST_USE;

/* The shortest such text. */
void
when_duration_print(int64_t ms, char ret_text[WHEN_DURATION_SIZE]);

/* "Mon-Fri", "Sat", "Mon, Wed"; a range does not go over Sunday. */
bool
when_is_weekdays(const char *text);

/* Of the day, of "21:00"; -1: it is no such time. */
int
when_minutes(const char *text);

bool
when_is_time(const char *text);

/* "09:00-18:00"; "24:00" is the end of the day. */
bool
when_is_times(const char *text);

/* "2026-12-31", "2026-12-31..2027-01-08" */
bool
when_is_dates(const char *text);

/* "Mon-Fri 09:00-18:00, Sat 10:00-16:00" */
bool
when_is_shift(const char *text);

#endif
