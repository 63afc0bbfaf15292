/* SPDX-License-Identifier: MIT */
/* instant: by hand, since strptime depends on the system's idea of a zone. */
#include "lib/instant.h"

#include <stdlib.h>
#include <string.h>

#include "lib/zone.h"

static bool read_mail_date(const char *text, int64_t *ret_ms);
static bool read_number(const char **at, size_t digits, int from, int to,
    int *ret_number);
static bool read_zone(const char *at, int *ret_minutes);

bool
instant_read(const char *text, int64_t *ret_ms)
{
	size_t digits = strspn(text, "0123456789");
	int year, month, day, hour, minute, second, zone, ms = 0, unit = 100;
	const char *at = text;

	if (text[digits] == '\0' && ((digits > 0 && digits <= 11) ||
	    digits == 13)) {
		*ret_ms = strtoll(text, NULL, 10) * (digits == 13 ? 1 : 1000);
		return true;
	}
	if (read_mail_date(text, ret_ms))
		return true;
	if (!read_number(&at, 4, 1970, 9999, &year) || *at++ != '-' ||
	    !read_number(&at, 2, 1, 12, &month) || *at++ != '-' ||
	    !read_number(&at, 2, 1, 31, &day) || (*at != 'T' && *at != ' ') ||
	    (at++, !read_number(&at, 2, 0, 23, &hour)) || *at++ != ':' ||
	    !read_number(&at, 2, 0, 59, &minute) || *at++ != ':' ||
	    !read_number(&at, 2, 0, 60, &second))
		return false;
	if (*at == '.') {
		for (at++; *at >= '0' && *at <= '9'; at++) {
			ms += unit * (*at - '0');
			unit /= 10;
		}
	}
	if (!read_zone(at, &zone))
		return false;
	*ret_ms = ((zone_date(year, month, day) * 24 + hour) * 60 +
	    minute - zone) * 60000 + second * 1000 + ms;
	return true;
}

/* The name of the day says nothing new. */
static bool
read_mail_date(const char *text, int64_t *ret_ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *comma = strchr(text, ','), *month = NULL;
	const char *at = comma != NULL ? comma + 1 : text;
	int day, year, hour, minute, second, zone = 0;

	at += strspn(at, " ");
	if (!read_number(&at, at[0] != '\0' && at[1] == ' ' ? 1 : 2, 1, 31,
	    &day) || *at++ != ' ')
		return false;
	for (size_t i = 0; month == NULL && i < sizeof(months) - 1; i += 3)
		if (strncmp(at, months + i, 3) == 0)
			month = months + i;
	if (month == NULL || at[3] != ' ' || (at += 4,
	    !read_number(&at, 4, 1970, 9999, &year)) || *at++ != ' ' ||
	    !read_number(&at, 2, 0, 23, &hour) || *at++ != ':' ||
	    !read_number(&at, 2, 0, 59, &minute) || *at++ != ':' ||
	    !read_number(&at, 2, 0, 60, &second) || *at++ != ' ' ||
	    (strcmp(at, "GMT") != 0 && !read_zone(at, &zone)))
		return false;
	*ret_ms = ((zone_date(year, (int)(month - months) / 3 + 1, day) *
	    24 + hour) * 60 + minute - zone) * 60000 + second * 1000;
	return true;
}

static bool
read_number(const char **at, size_t digits, int from, int to, int *ret_number)
{
	int number = 0;

	for (size_t i = 0; i < digits; i++) {
		if ((*at)[i] < '0' || (*at)[i] > '9')
			return false;
		number = number * 10 + ((*at)[i] - '0');
	}
	*at += digits;
	*ret_number = number;
	return number >= from && number <= to;
}

static bool
read_zone(const char *at, int *ret_minutes)
{
	int hours, minutes, sign = *at == '-' ? -1 : 1;

	*ret_minutes = 0;
	if (*at == '\0' || strcmp(at, "Z") == 0)
		return true;
	if (*at != '+' && *at != '-')
		return false;
	at++;
	if (!read_number(&at, 2, 0, 14, &hours))
		return false;
	at += *at == ':';
	if (!read_number(&at, 2, 0, 59, &minutes) || *at != '\0')
		return false;
	*ret_minutes = sign * (hours * 60 + minutes);
	return true;
}
