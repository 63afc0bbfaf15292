/* SPDX-License-Identifier: MIT */
/* settings_when: durations, weekdays, times and dates as people write them. */
#include "daemon/settings_when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* "Mon-Fri", "Sat", "Mon,Wed"; a range may not wrap around Sunday. */
bool
when_is_weekdays(const char *text)
{
	for (;;) {
		int first = weekday_of(text), last;

		if (first < 0)
			return false;
		text += 3;
		if (*text == '-') {
			last = weekday_of(text + 1);
			if (last <= first)
				return false;
			text += 4;
		}
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

bool
when_is_times(const char *text)
{
	int from, to;

	if (strlen(text) != 11 || text[5] != '-')
		return false;
	from = minutes_of(text);
	to = minutes_of(text + 6);
	return from >= 0 && to > from;
}

/* Year, month and day as one number; -1: there is no such day. */
static int
date_of(const char *text)
{
	static const int lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	int year, month, day;

	if (strspn(text, DIGITS) != 4 || text[4] != '-' ||
	    strspn(text + 5, DIGITS) != 2 || text[7] != '-' ||
	    strspn(text + 8, DIGITS) != 2)
		return -1;
	year = atoi(text);
	month = atoi(text + 5);
	day = atoi(text + 8);
	if (month < 1 || month > 12 || day < 1 || day > lengths[month - 1])
		return -1;
	if (month == 2 && day == 29 &&
	    (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		return -1;
	return year * 10000 + month * 100 + day;
}

bool
when_is_dates(const char *text)
{
	int first = date_of(text), last;

	if (first < 0)
		return false;
	if (text[10] == '\0')
		return true;
	if (strncmp(text + 10, "..", 2) != 0 || strlen(text) != 22)
		return false;
	last = date_of(text + 12);
	return last >= first;
}

/* "Mon-Fri 09:00-18:00, Sat 10:00-16:00" */
bool
when_is_shift(const char *text)
{
	for (;;) {
		char days[16], times[12];
		size_t length = strcspn(text, " ");

		if (length >= sizeof(days) || strlen(text) < length + 12)
			return false;
		memcpy(days, text, length);
		days[length] = '\0';
		memcpy(times, text + length + 1, 11);
		times[11] = '\0';
		if (!when_is_weekdays(days) || !when_is_times(times))
			return false;
		text += length + 12;
		if (*text == '\0')
			return true;
		if (*text++ != ',')
			return false;
		text += strspn(text, " ");
	}
}

