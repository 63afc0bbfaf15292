/* SPDX-License-Identifier: MIT */
/*
 * provider_time: instants as providers write them. What has no zone of its own
 * is UTC; years of two digits, names of zones and leap seconds are refused.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/provider_internal.h"

/* A date under way. */
struct instant {
	int year, month, day, hour, minute, second;
	int offset_minutes;
};

static const char *read_pattern(const char *pattern, const char *text,
    struct instant *instant);
static const char *read_piece(char letter, const char *text,
    struct instant *instant);
static const char *read_zone(const char *text, struct instant *instant);
static const char *read_number(const char *text, size_t least, size_t most,
    int *ret_number);
static const char *read_month(const char *text, int *ret_month);
static bool to_ms(const struct instant *instant, int64_t *ret_at_ms);
static int64_t days_before(int year, int month, int day);

bool
provider_time_read(enum time_format format, const char *pattern,
    const char *text, int64_t *ret_at_ms)
{
	struct instant instant = { .day = 1, .month = 1 };
	size_t digits = strspn(text, "0123456789");
	const char *comma;

	switch (format) {
	case TIME_UNIX:
	case TIME_UNIX_MS:
		if (digits == 0 || digits > 13 || (text[digits] != '\0' &&
		    text[digits] != '.'))
			return false;
		*ret_at_ms = strtoll(text, NULL, 10) *
		    (format == TIME_UNIX ? 1000 : 1);
		return true;
	case TIME_ISO8601:
		text = read_pattern("%Y-%m-%d", text, &instant);
		if (text == NULL || (*text != 'T' && *text != ' '))
			return false;
		text = read_pattern("%H:%M:%S", text + 1, &instant);
		if (text != NULL && *text == '.')
			text += 1 + strspn(text + 1, "0123456789");
		break;
	case TIME_RFC2822:
		/* The name of the day says nothing new. */
		comma = strchr(text, ',');
		text = comma != NULL ? comma + 1 : text;
		text = read_pattern("%d %b %Y %H:%M:%S",
		    text + strspn(text, " "), &instant);
		break;
	case TIME_PATTERN:
		text = read_pattern(pattern, text, &instant);
		break;
	}
	if (text != NULL)
		text = read_zone(text, &instant);
	return text != NULL && *text == '\0' && to_ms(&instant, ret_at_ms);
}

/* NULL: it does not fit. Else what is behind it. */
static const char *
read_pattern(const char *pattern, const char *text, struct instant *instant)
{
	for (; text != NULL && *pattern != '\0'; pattern++) {
		if (*pattern == '%' && pattern[1] != '\0')
			text = read_piece(*++pattern, text, instant);
		else if (*pattern == *text)
			text++;
		else
			return NULL;
	}
	return text;
}

static const char *
read_piece(char letter, const char *text, struct instant *instant)
{
	switch (letter) {
	case 'Y':
		return read_number(text, 4, 4, &instant->year);
	case 'm':
		return read_number(text, 1, 2, &instant->month);
	case 'b':
		return read_month(text, &instant->month);
	case 'd':
		return read_number(text, 1, 2, &instant->day);
	case 'H':
		return read_number(text, 2, 2, &instant->hour);
	case 'M':
		return read_number(text, 2, 2, &instant->minute);
	case 'S':
		return read_number(text, 2, 2, &instant->second);
	default:
		return NULL;
	}
}

static const char *
read_number(const char *text, size_t least, size_t most, int *ret_number)
{
	size_t digits = strspn(text, "0123456789");

	if (digits < least || digits > most)
		return NULL;
	*ret_number = atoi(text);
	return text + digits;
}

static const char *
read_month(const char *text, int *ret_month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (strncmp(text, names + 3 * i, 3) == 0) {
			*ret_month = i + 1;
			return text + 3;
		}
	return NULL;
}

/* "", "Z", " GMT", " UTC", "+0300", "+03:00" */
static const char *
read_zone(const char *text, struct instant *instant)
{
	int sign, hours = 0, minutes = 0;

	text += strspn(text, " ");
	if (*text == '\0' || strcmp(text, "Z") == 0 ||
	    strcmp(text, "GMT") == 0 || strcmp(text, "UTC") == 0)
		return text + strlen(text);
	if (*text != '+' && *text != '-')
		return NULL;
	sign = *text++ == '-' ? -1 : 1;
	if (strspn(text, "0123456789") == 4) {
		hours = (text[0] - '0') * 10 + text[1] - '0';
		text += 2;
	} else {
		text = read_number(text, 2, 2, &hours);
		if (text == NULL || *text++ != ':')
			return NULL;
	}
	text = read_number(text, 2, 2, &minutes);
	if (hours > 14 || minutes > 59)
		return NULL;
	instant->offset_minutes = sign * (hours * 60 + minutes);
	return text;
}

static bool
to_ms(const struct instant *instant, int64_t *ret_at_ms)
{
	int64_t seconds;

	if (instant->year < 1970 || instant->year > 9999 ||
	    instant->month < 1 || instant->month > 12 || instant->day < 1 ||
	    instant->day > 31 || instant->hour > 23 || instant->minute > 59 ||
	    instant->second > 59)
		return false;
	seconds = days_before(instant->year, instant->month, instant->day) *
	    86400 + instant->hour * 3600 + instant->minute * 60 +
	    instant->second - instant->offset_minutes * 60;
	*ret_at_ms = seconds * 1000;
	return true;
}

/* Days from 1970-01-01; years begin in March, so that the leap day is the last. */
static int64_t
days_before(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day -
	    1 - 719468;
}
