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
#include "lib/hours.h"

enum { WHEN_DURATION_SIZE = 48, WHEN_SPANS_MAX = 14 };

/* "1h30m", "20s", "500ms", "0"; units d h m s ms, the large ones first. */
bool
when_duration_parse(const char *text, int64_t *ret_ms) MUST_USE;

/* The shortest such text. */
void
when_duration_print(int64_t ms, char ret_text[WHEN_DURATION_SIZE]);

/* "Mon-Fri", "Sat", "Mon, Wed"; a range does not go over Sunday. ret_days: as in
 * struct hours_span. */
bool
when_weekdays(const char *text, unsigned *ret_days) MUST_USE;

/* Of the day, of "21:00"; -1: it is no such time. */
int
when_minutes(const char *text);

bool
when_is_time(const char *text);

/* "09:00-18:00", also with seconds; "24:00" is the end of the day, and "22:00-06:00"
 * ends on the next one. Seconds, as in struct hours_span. */
bool
when_times(const char *text, int *ret_from_s, int *ret_to_s) MUST_USE;

/* "2026-12-31", "2026-12-31..2027-01-08"; days since 1970-01-01. */
bool
when_dates(const char *text, int64_t *ret_first, int64_t *ret_last) MUST_USE;

/* "Mon-Fri 09:00-18:00, Sat 10:00-16:00": at most WHEN_SPANS_MAX spans. */
bool
when_shift(const char *text, struct hours_span ret_spans[WHEN_SPANS_MAX],
    size_t *ret_count) MUST_USE;

/* Whether two spans of a week hold at the same time; ret_day: on which day, from 0. */
bool
when_overlap(const struct hours_span *spans, size_t count, int *ret_day) MUST_USE;
const char *
when_weekday_name(int day);

#endif
