/* SPDX-License-Identifier: MIT */
/* format: small conversions, nothing else. */
#define _GNU_SOURCE     /* strptime */
#include "ctl/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/text.h"

enum {
	DIGITS_SECONDS_MIN = 9,         /* fewer digits are no Unix time of today */
	DIGITS_SECONDS_MAX = 11,
	PHONE_MASKED_MIN = 10,          /* characters */
};

static bool read_pattern(const char *text, const char *pattern,
    struct tm *parts);

const char *
format_instant(int64_t at_s, char ret_text[FORMAT_SIZE])
{
	time_t at = (time_t)at_s, now = time(NULL);
	struct tm parts, today;

	ret_text[0] = '\0';
	if (at_s == 0)
		return ret_text;
	if (localtime_r(&at, &parts) == NULL || parts.tm_year > 9999 - 1900) {
		snprintf(ret_text, FORMAT_SIZE, "@%lld", (long long)at_s);
		return ret_text;
	}
	localtime_r(&now, &today);
	if (parts.tm_year != today.tm_year)
		strftime(ret_text, FORMAT_SIZE, "%d %b %Y %H:%M:%S", &parts);
	else if (parts.tm_yday != today.tm_yday)
		strftime(ret_text, FORMAT_SIZE, "%d %b %H:%M:%S", &parts);
	else
		strftime(ret_text, FORMAT_SIZE, "%H:%M:%S", &parts);
	return ret_text;
}

const char *
format_clock(int64_t span_s, char ret_text[FORMAT_SIZE])
{
	const char *sign = span_s < 0 ? "-" : "";
	long long s = llabs(span_s);

	if (s < 3600)
		snprintf(ret_text, FORMAT_SIZE, "%s%lld:%02lld", sign, s / 60,
		    s % 60);
	else if (s < 24 * 3600)
		snprintf(ret_text, FORMAT_SIZE, "%s%lld:%02lld:%02lld", sign,
		    s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(ret_text, FORMAT_SIZE, "%s%lldd %lldh", sign,
		    s / 86400, s / 3600 % 24);
	return ret_text;
}

const char *
format_span(int64_t span_s, char ret_text[FORMAT_SIZE])
{
	long long s = span_s > 0 ? span_s : 0, min = (s + 30) / 60;

	if (s < 60)
		snprintf(ret_text, FORMAT_SIZE, "%lld s", s);
	else if (s < 600 && s % 60 != 0)
		snprintf(ret_text, FORMAT_SIZE, "%lld min %lld s", s / 60,
		    s % 60);
	else if (min < 120)
		snprintf(ret_text, FORMAT_SIZE, "%lld min", min);
	else if (min < 48 * 60)
		snprintf(ret_text, FORMAT_SIZE, "%lld h %02lld min", min / 60,
		    min % 60);
	else
		snprintf(ret_text, FORMAT_SIZE, "%lld days", min / 60 / 24);
	return ret_text;
}

const char *
format_phone(const char *phone, bool is_full, char ret_text[FORMAT_SIZE])
{
	size_t length = strlen(phone);

	if (is_full)
		snprintf(ret_text, FORMAT_SIZE, "%s", phone);
	else if (length >= PHONE_MASKED_MIN)
		snprintf(ret_text, FORMAT_SIZE, "%.5s***%s", phone,
		    phone + length - 4);
	else
		snprintf(ret_text, FORMAT_SIZE, "%s", length > 0 ? "***" : "");
	return ret_text;
}

const char *
format_word(const char *word, char ret_text[FORMAT_SIZE])
{
	text_copy(ret_text, FORMAT_SIZE, word);
	for (char *at = ret_text; *at != '\0'; at++) {
		if (*at == '_')
			*at = ' ';
	}
	return ret_text;
}

bool
format_read_instant(const char *text, int64_t now_s, int64_t *ret_at_s)
{
	time_t now = (time_t)now_s, at;
	size_t digits = strspn(text, "0123456789");
	struct tm parts;

	if (text[digits] == '\0' && digits >= DIGITS_SECONDS_MIN &&
	    digits <= DIGITS_SECONDS_MAX) {
		*ret_at_s = strtoll(text, NULL, 10);
		return true;
	}
	localtime_r(&now, &parts);
	parts.tm_sec = 0;
	if (read_pattern(text, "%H:%M", &parts)) {
		parts.tm_isdst = -1;
		at = mktime(&parts);
		if (at != -1 && at <= now) {
			parts.tm_mday++;
			parts.tm_isdst = -1;
			at = mktime(&parts);
		}
	} else if (read_pattern(text, "%Y-%m-%d %H:%M", &parts) ||
	    read_pattern(text, "%Y-%m-%dT%H:%M", &parts)) {
		parts.tm_isdst = -1;
		at = mktime(&parts);
	} else {
		return false;
	}
	if (at == -1)
		return false;
	*ret_at_s = at;
	return true;
}

static bool
read_pattern(const char *text, const char *pattern, struct tm *parts)
{
	struct tm read = *parts;
	const char *end = strptime(text, pattern, &read);

	if (end == NULL || *end != '\0')
		return false;
	*parts = read;
	return true;
}
