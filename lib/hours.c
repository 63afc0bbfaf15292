/* SPDX-License-Identifier: MIT */
/* hours: from one boundary of the day's table to the next, and looking whether the
 * clocks were changed on the way. */
#include "lib/hours.h"

#include "lib/zone.h"

#define DAY_MS (INT64_C(1000) * HOURS_DAY_S)

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

static int64_t
offset_ms(const struct hours *hours, int64_t at_ms)
{
	return zone_offset_s(hours->zone, floor_div(at_ms, 1000)) * 1000;
}

static bool
has_date(const struct hours_dates *dates, int64_t date)
{
	return dates->first <= date && date <= dates->last;
}

/* The spans of a date, one after the other: *at counts from 0. False: no more. */
static bool
next_span(const struct hours *hours, int64_t date, size_t *at, int *ret_from_s,
    int *ret_to_s)
{
	/* 1970-01-01 was a Thursday. */
	unsigned weekday = 1u << (((date + 3) % 7 + 7) % 7);
	bool is_exception = false;

	for (size_t i = 0; i < hours->date_count; i++)
		is_exception |= has_date(&hours->dates[i], date);
	for (; is_exception && *at < hours->date_count; (*at)++) {
		const struct hours_dates *dates = &hours->dates[*at];

		if (!has_date(dates, date) || dates->from_s == dates->to_s)
			continue;
		*ret_from_s = dates->from_s;
		*ret_to_s = dates->to_s;
		(*at)++;
		return true;
	}
	if (is_exception)
		return false;
	if (hours->week_count == 0) {
		*ret_from_s = 0;
		*ret_to_s = HOURS_DAY_S;
		return (*at)++ == 0;
	}
	for (; *at < hours->week_count; (*at)++) {
		const struct hours_span *span = &hours->week[*at];

		if ((span->days & weekday) == 0)
			continue;
		*ret_from_s = span->from_s;
		*ret_to_s = span->to_s;
		(*at)++;
		return true;
	}
	return false;
}

/* What the table says of a moment of that date; ret_next_ms: the next moment of the
 * day at which it may say something else, at the latest the day's end. */
static bool
look_up(const struct hours *hours, int64_t date, int64_t in_day_ms,
    int64_t *ret_next_ms)
{
	bool is_open = false;

	*ret_next_ms = DAY_MS;
	for (int yesterday = 0; yesterday <= 1; yesterday++) {
		int from_s, to_s;

		for (size_t at = 0; next_span(hours, date - yesterday, &at,
		        &from_s, &to_s);) {
			int64_t from_ms = INT64_C(1000) * from_s -
			    yesterday * DAY_MS;
			int64_t to_ms = INT64_C(1000) * to_s -
			    yesterday * DAY_MS;

			is_open |= from_ms <= in_day_ms && in_day_ms < to_ms;
			if (from_ms > in_day_ms && from_ms < *ret_next_ms)
				*ret_next_ms = from_ms;
			if (to_ms > in_day_ms && to_ms < *ret_next_ms)
				*ret_next_ms = to_ms;
		}
	}
	return is_open;
}

/* The same of an instant; ret_next_ms: the instant of that moment, if the clocks are
 * not changed before. */
static bool
look(const struct hours *hours, int64_t at_ms, int64_t *ret_next_ms)
{
	int64_t local_ms = at_ms + offset_ms(hours, at_ms);
	int64_t date = floor_div(local_ms, DAY_MS), next_ms;
	bool is_open = look_up(hours, date, local_ms - date * DAY_MS, &next_ms);

	*ret_next_ms = at_ms + date * DAY_MS + next_ms - local_ms;
	return is_open;
}

/* When the clocks are changed, which they are between the two, once. */
static int64_t
clock_change(const struct hours *hours, int64_t from_ms, int64_t to_ms)
{
	int64_t before_ms = offset_ms(hours, from_ms);
	int64_t low_s = floor_div(from_ms, 1000);
	int64_t high_s = floor_div(to_ms + 999, 1000);

	while (high_s - low_s > 1) {
		int64_t middle_s = low_s + (high_s - low_s) / 2;

		if (offset_ms(hours, middle_s * 1000) == before_ms)
			low_s = middle_s;
		else
			high_s = middle_s;
	}
	return high_s * 1000;
}

bool
hours_is_open(const struct hours *hours, int64_t at_ms)
{
	int64_t next_ms;

	return hours == NULL || look(hours, at_ms, &next_ms);
}

/* Looks until end_ms, and may find what lies a day behind it. */
static int64_t
change_by(const struct hours *hours, int64_t at_ms, int64_t end_ms)
{
	int64_t next_ms;
	bool was_open;

	if (hours == NULL)
		return 0;
	was_open = look(hours, at_ms, &next_ms);
	while (at_ms < end_ms) {
		if (offset_ms(hours, next_ms) != offset_ms(hours, at_ms))
			next_ms = clock_change(hours, at_ms, next_ms);
		at_ms = next_ms;
		if (look(hours, at_ms, &next_ms) != was_open)
			return at_ms;
	}
	return 0;
}

int64_t
hours_change(const struct hours *hours, int64_t at_ms)
{
	return change_by(hours, at_ms, at_ms + HOURS_HORIZON_DAYS * DAY_MS);
}

int64_t
hours_closes_by(const struct hours *hours, int64_t at_ms, int64_t by_ms)
{
	while (hours != NULL && at_ms < by_ms) {
		bool is_open = hours_is_open(hours, at_ms);

		at_ms = change_by(hours, at_ms, by_ms);
		if (at_ms == 0 || at_ms > by_ms)
			return 0;
		if (is_open)
			return at_ms;
	}
	return 0;
}

int64_t
hours_closed_at(const struct hours *hours, int64_t after_ms, int64_t by_ms)
{
	int64_t last_ms = 0, at_ms = after_ms;

	while ((at_ms = hours_closes_by(hours, at_ms, by_ms)) != 0)
		last_ms = at_ms;
	return last_ms;
}

int64_t
hours_opens(const struct hours *hours, int64_t at_ms)
{
	return hours_is_open(hours, at_ms) ? at_ms : hours_change(hours, at_ms);
}

int64_t
hours_closes(const struct hours *hours, int64_t at_ms)
{
	return hours_is_open(hours, at_ms) ? hours_change(hours, at_ms) : 0;
}

int64_t
hours_open_ms(const struct hours *hours, int64_t from_ms, int64_t to_ms)
{
	int64_t sum_ms = 0;

	while (from_ms < to_ms) {
		int64_t next_ms = hours_change(hours, from_ms);

		if (next_ms == 0 || next_ms > to_ms)
			next_ms = to_ms;
		if (hours_is_open(hours, from_ms))
			sum_ms += next_ms - from_ms;
		from_ms = next_ms;
	}
	return sum_ms;
}

int64_t
hours_after(const struct hours *hours, int64_t from_ms, int64_t open_ms)
{
	for (;;) {
		bool is_open = hours_is_open(hours, from_ms);
		int64_t next_ms = hours_change(hours, from_ms);

		if (is_open && (next_ms == 0 || next_ms - from_ms >= open_ms))
			return from_ms + open_ms;
		if (open_ms == 0)
			return from_ms;
		if (next_ms == 0)
			return 0;
		open_ms -= is_open ? next_ms - from_ms : 0;
		from_ms = next_ms;
	}
}
