/* SPDX-License-Identifier: MIT */
/*
 * hours: a weekly table with dated exceptions, in a time zone: opening hours and
 * shifts. What the clock on the wall shows decides: a time that the clocks jump
 * over never comes, one that they show twice comes twice. A span belongs to the day
 * on which it begins: "22:00-06:00" of a Friday ends on Saturday, also when that
 * Saturday is closed.
 */
#ifndef CALLBACKD_LIB_HOURS_H
#define CALLBACKD_LIB_HOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone;

enum { HOURS_DAY_S = 24 * 60 * 60, HOURS_HORIZON_DAYS = 400 };

/* Seconds of the day. to is above from, and above 24 h when it is of the next day. */
struct hours_span {
	unsigned days;          /* bits: 1 is Monday, 64 Sunday */
	int from_s, to_s;
};

/* These days have this span instead of the week's; several of a day hold together.
 * from_s == to_s: closed. */
struct hours_dates {
	int64_t first, last;    /* days since 1970-01-01 */
	int from_s, to_s;
};

struct hours {
	const struct zone *zone;        /* borrowed; NULL: UTC */
	const struct hours_span *week;  size_t week_count;  /* none: every day, all day; borrowed */
	const struct hours_dates *dates;  size_t date_count;  /* borrowed */
};

/* NULL is always open, here and below. */
bool hours_is_open(const struct hours *hours, int64_t at_ms);

/* The first moment after this one at which it opens or closes; 0: it does neither for
 * HOURS_HORIZON_DAYS. */
int64_t hours_change(const struct hours *hours, int64_t at_ms);

/* When it is open next: that moment itself when it is open then; 0: not within the
 * horizon. */
int64_t hours_opens(const struct hours *hours, int64_t at_ms);

/* When what is open then closes; 0: it is not open, or does not close within the
 * horizon. */
int64_t hours_closes(const struct hours *hours, int64_t at_ms);

/* The first moment after this one at which it closes, looked for until that one; 0: it does
 * not until then. What is closed now must open first. */
int64_t hours_closes_by(const struct hours *hours, int64_t at_ms, int64_t by_ms);

/* The last moment at which it closed, after that one and not after the second; 0: it did
 * not. */
int64_t hours_closed_at(const struct hours *hours, int64_t after_ms, int64_t by_ms);

/* How much of the time between the two it is open; to_ms is not before from_ms. */
int64_t hours_open_ms(const struct hours *hours, int64_t from_ms, int64_t to_ms);

/* The first moment by which it was open for so long since from_ms; 0: not within the
 * horizon of one of its changes. */
int64_t hours_after(const struct hours *hours, int64_t from_ms, int64_t open_ms);

#endif
