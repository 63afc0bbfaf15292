/* SPDX-License-Identifier: MIT */
/* settings_when: durations, weekdays, times and dates as people write them. */
#include "daemon/settings_when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/zone.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
	{ "d", INT64_C(86400000) }, { "h", 3600000 }, { "m", 60000 },
	{ "s", 1000 }, { "ms", 1 },
};

static const char *const weekdays[] = { "Mon", "Tue", "Wed", "Thu", "Fri",
	"Sat", "Sun" };

/* ---- durations */

bool
when_duration_parse(const char *text, int64_t *ret_ms)
{
	int64_t sum = 0;
	size_t next = 0;

	if (strcmp(text, "0") == 0) {
		*ret_ms = 0;
		return true;
	}
	do {
		size_t digits = strspn(text, DIGITS), letters, i;

		letters = strspn(text + digits, LOWER);
		if (digits == 0 || digits > 9)
			return false;
		for (i = next; i < COUNT_OF(units); i++)
			if (strlen(units[i].name) == letters &&
			    strncmp(units[i].name, text + digits, letters) == 0)
				break;
		if (i == COUNT_OF(units))
			return false;
		sum += strtoll(text, NULL, 10) * units[i].ms;
		next = i + 1;
		text += digits + letters;
	} while (*text != '\0');
	*ret_ms = sum;
	return true;
}

void
when_duration_print(int64_t ms, char ret_text[WHEN_DURATION_SIZE])
{
	size_t used = 0;

	CHECK(ms >= 0);
	if (ms == 0)
		snprintf(ret_text, WHEN_DURATION_SIZE, "0");
	for (size_t i = 0; i < COUNT_OF(units) && ms > 0; i++) {
		if (ms < units[i].ms)
			continue;
		used += (size_t)snprintf(ret_text + used,
		    WHEN_DURATION_SIZE - used, "%lld%s",
		    (long long)(ms / units[i].ms), units[i].name);
		ms %= units[i].ms;
	}
}

/* ---- days and times */

/* "Mon" at the head of the text; -1: none. */
static int
weekday_of(const char *text)
{
	for (size_t i = 0; i < COUNT_OF(weekdays); i++)
		if (strncmp(text, weekdays[i], 3) == 0)
			return (int)i;
	return -1;
}

bool
when_weekdays(const char *text, unsigned *ret_days)
{
	*ret_days = 0;
	for (;;) {
		int first = weekday_of(text), last = first;

		if (first < 0)
			return false;
		text += 3;
		if (*text == '-') {
			last = weekday_of(text + 1);
			if (last <= first)
				return false;
			text += 4;
		}
		for (int day = first; day <= last; day++)
			*ret_days |= 1u << day;
		if (*text == '\0')
			return true;
		if (*text++ != ',')
			return false;
		text += strspn(text, " ");
	}
}

/* Minutes of "09:00"; -1: it is none. "24:00" is the end of a day. */
static int
minutes_of(const char *text)
{
	int hours, minutes;

	if (strspn(text, DIGITS) != 2 || text[2] != ':' ||
	    strspn(text + 3, DIGITS) != 2)
		return -1;
	hours = (text[0] - '0') * 10 + text[1] - '0';
	minutes = (text[3] - '0') * 10 + text[4] - '0';
	if (minutes > 59 || hours * 60 + minutes > 24 * 60)
		return -1;
	return hours * 60 + minutes;
}

int
when_minutes(const char *text)
{
	return strlen(text) == 5 ? minutes_of(text) : -1;
}

bool
when_is_time(const char *text)
{
	return when_minutes(text) >= 0;
}

/* Seconds of "09:00" or "09:00:30", and what stands behind it; -1: it is none. */
static int
seconds_of(const char *text, const char **ret_end)
{
	int minutes = minutes_of(text), seconds = 0;

	if (minutes < 0)
		return -1;
	*ret_end = text + 5;
	if (text[5] == ':') {
		if (strspn(text + 6, DIGITS) != 2)
			return -1;
		seconds = atoi(text + 6);
		*ret_end = text + 8;
	}
	return seconds > 59 || minutes * 60 + seconds > HOURS_DAY_S ? -1 :
	    minutes * 60 + seconds;
}

bool
when_times(const char *text, int *ret_from_s, int *ret_to_s)
{
	*ret_from_s = seconds_of(text, &text);
	if (*ret_from_s < 0 || *ret_from_s == HOURS_DAY_S || *text++ != '-')
		return false;
	*ret_to_s = seconds_of(text, &text);
	if (*ret_to_s < 0 || *ret_to_s == *ret_from_s || *text != '\0')
		return false;
	if (*ret_to_s < *ret_from_s)
		*ret_to_s += HOURS_DAY_S;
	return true;
}

/* Days since 1970-01-01; INT64_MIN: there is no such day. */
static int64_t
date_of(const char *text)
{
	static const int lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	int year, month, day;

	if (strspn(text, DIGITS) != 4 || text[4] != '-' ||
	    strspn(text + 5, DIGITS) != 2 || text[7] != '-' ||
	    strspn(text + 8, DIGITS) != 2)
		return INT64_MIN;
	year = atoi(text);
	month = atoi(text + 5);
	day = atoi(text + 8);
	if (month < 1 || month > 12 || day < 1 || day > lengths[month - 1])
		return INT64_MIN;
	if (month == 2 && day == 29 &&
	    (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		return INT64_MIN;
	return zone_date(year, month, day);
}

bool
when_dates(const char *text, int64_t *ret_first, int64_t *ret_last)
{
	*ret_first = *ret_last = date_of(text);
	if (*ret_first == INT64_MIN)
		return false;
	if (text[10] == '\0')
		return true;
	if (strncmp(text + 10, "..", 2) != 0 || strlen(text) != 22)
		return false;
	*ret_last = date_of(text + 12);
	return *ret_last >= *ret_first;
}

bool
when_shift(const char *text, struct hours_span ret_spans[WHEN_SPANS_MAX],
    size_t *ret_count)
{
	for (*ret_count = 0; *ret_count < WHEN_SPANS_MAX;) {
		struct hours_span *span = &ret_spans[(*ret_count)++];
		char days[32], times[20];
		size_t before = strcspn(text, " "), length;

		if (before >= sizeof(days) || text[before] == '\0')
			return false;
		memcpy(days, text, before);
		days[before] = '\0';
		text += before + 1;
		length = strcspn(text, ",");
		if (length >= sizeof(times))
			return false;
		memcpy(times, text, length);
		times[length] = '\0';
		text += length;
		if (!when_weekdays(days, &span->days) ||
		    !when_times(times, &span->from_s, &span->to_s))
			return false;
		if (*text++ == '\0')
			return true;
		text += strspn(text, " ");
	}
	return false;
}

/* ---- two at a time */

/* From the beginning of that day, of a week that goes round. */
static bool
holds_at(const struct hours_span *span, int day, int second)
{
	for (int begun = 0; begun < 2; begun++) {
		int since = second + begun * HOURS_DAY_S;

		if ((span->days >> (day + 7 - begun) % 7 & 1) != 0 &&
		    span->from_s <= since && since < span->to_s)
			return true;
	}
	return false;
}

bool
when_overlap(const struct hours_span *spans, size_t count, int *ret_day)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < count; k++) {
			for (int day = 0; day < 7; day++) {
				*ret_day = day;
				if (i != k && (spans[i].days >> day & 1) != 0 &&
				    holds_at(&spans[k], day, spans[i].from_s))
					return true;
			}
		}
	}
	return false;
}

const char *
when_weekday_name(int day)
{
	return weekdays[day];
}
