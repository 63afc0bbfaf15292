/* SPDX-License-Identifier: MIT */
/*
 * settings_scan: reads the raw text before libconfig does, for what libconfig
 * gets wrong: integers that do not fit are cut without a word, @include of a
 * folder ends the program, and what follows a NUL is not read.
 */
#include "daemon/settings_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

struct scan {
	struct settings_reading *reading;
	const char *at, *end;
	int line;
	bool may_be_parsed;
};

static bool check_bytes(struct settings_reading *reading, const char *text,
    size_t length);
static void skip_comment(struct scan *scan);
static void skip_string(struct scan *scan);
static void read_word(struct scan *scan);
static void check_number(struct scan *scan, const char *word);

bool
settings_scan(struct settings_reading *reading, const char *text,
    size_t length)
{
	struct scan scan = { reading, text, text + length, 1, true };

	if (!check_bytes(reading, text, length))
		return false;
	while (scan.at < scan.end) {
		char c = *scan.at;

		if (c == '#' || (c == '/' && scan.at + 1 < scan.end &&
		    (scan.at[1] == '/' || scan.at[1] == '*'))) {
			skip_comment(&scan);
		} else if (c == '"') {
			skip_string(&scan);
		} else if (strchr(" \t\r\n\f=:;,(){}[]", c) == NULL) {
			read_word(&scan);
		} else {
			scan.line += c == '\n';
			scan.at++;
		}
	}
	return scan.may_be_parsed;
}

/* The first line that is not text. */
static bool
check_bytes(struct settings_reading *reading, const char *text, size_t length)
{
	const char *end = text + length;

	for (int line = 1; text < end; line++) {
		const char *next = memchr(text, '\n', (size_t)(end - text));
		size_t size = (size_t)((next != NULL ? next : end) - text);

		if (memchr(text, '\0', size) != NULL || !text_is_utf8(text,
		    size)) {
			settings_error_at(reading, line, NULL, "is not UTF-8 "
			    "text");
			return false;
		}
		text += size + 1;
	}
	return true;
}

static void
skip_comment(struct scan *scan)
{
	bool is_block = scan->at[0] == '/' && scan->at[1] == '*';

	if (!is_block) {
		while (scan->at < scan->end && *scan->at != '\n')
			scan->at++;
		return;
	}
	for (scan->at += 2; scan->at < scan->end; scan->at++) {
		scan->line += *scan->at == '\n';
		if (scan->at[0] == '*' && scan->at + 1 < scan->end &&
		    scan->at[1] == '/') {
			scan->at += 2;
			return;
		}
	}
}

static void
skip_string(struct scan *scan)
{
	for (scan->at++; scan->at < scan->end && *scan->at != '"'; scan->at++) {
		if (*scan->at == '\\' && scan->at + 1 < scan->end)
			scan->at++;
		scan->line += *scan->at == '\n';
	}
	if (scan->at < scan->end)
		scan->at++;
}

/* A name, a number, or nonsense; libconfig tells which. */
static void
read_word(struct scan *scan)
{
	const char *begin = scan->at;
	char word[64];
	size_t length;

	while (scan->at < scan->end &&
	    strchr(" \t\r\n\f=:;,(){}[]#\"", *scan->at) == NULL)
		scan->at++;
	length = (size_t)(scan->at - begin);
	if (*begin == '@') {
		scan->may_be_parsed = false;
		settings_error_at(scan->reading, scan->line, NULL,
		    "@include is not supported");
	}
	if (strchr("+-0123456789", *begin) == NULL)
		return;
	if (length >= sizeof(word)) {
		settings_error_at(scan->reading, scan->line, NULL,
		    "%.24s...: too long for a number", begin);
		return;
	}
	memcpy(word, begin, length);
	word[length] = '\0';
	check_number(scan, word);
}

static void
check_number(struct scan *scan, const char *word)
{
	const char *digits = word + strspn(word, "+-");
	bool is_hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	size_t length = is_hex ?
	    2 + strspn(digits + 2, "0123456789abcdefABCDEF") :
	    strspn(digits, "0123456789");
	long long number;

	/* A fraction, an exponent or a mistake: not an integer. */
	if (length == 0 || digits[length + strspn(digits + length, "L")] != '\0')
		return;
	errno = 0;
	number = strtoll(word, NULL, is_hex ? 16 : 10);
	if (errno == 0 && number >= INT32_MIN && number <= INT32_MAX)
		return;
	settings_error_at(scan->reading, scan->line, NULL, "%s: "
	    SETTING_NUMBER_CUT "; a duration is written \"10m\", a phone number "
	    "\"+7...\"", word);
}
