/* SPDX-License-Identifier: MIT */
/*
 * arguments: one situation of the commit script's arguments, read back as the
 * header comment of daemon/lua/commit.lua says. Texts are borrowed from the
 * words they were read from.
 */
#ifndef CALLBACKD_TESTS_ARGUMENTS_H
#define CALLBACKD_TESTS_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/commit.h"
#include "lib/words.h"

enum { PART_MAX = 96, RECORDS_MAX = 24 };

/* A list of tuples of up to four words. */
struct part {
	const char *word[PART_MAX][4];
	size_t count;
};

struct record_arguments {
	const char *id, *expect, *keep_ms;
	struct part fields, gone, indexes, uniques;
};

struct arguments {
	const char *op;
	struct part guards;
	struct record_arguments records[RECORDS_MAX];  size_t record_count;
	struct part lives, texts, rejected, counters, listed;
	const char *story;  struct part lines;  /* NULL: no lines */
};

/* Reads one situation from word `*at`, which is moved behind it. False: they
 * end too early, or a count is none. */
bool arguments_read(const struct words *words, size_t *at, struct arguments *ret);

const struct record_arguments *arguments_record(const struct arguments *arguments, const char *id);
/* The last word of the tuple that begins with `name`; NULL: none. */
const char *part_value(const struct part *part, const char *name);
/* The second of three. */
const char *part_second(const struct part *part, const char *name);

#endif
