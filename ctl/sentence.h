/* SPDX-License-Identifier: MIT */
/*
 * sentence: the grammar of the command line. A sentence is words with holes:
 *
 *   close KEY as DISPOSITION [--at T]
 *
 * Small words stand for themselves, capitals are holes. [QUEUE] may be left
 * out, TEXT... takes all that follows, WHAT=a|b takes one of these words, and
 * PHONE only what looks like a number. Options come last and in any order;
 * those without brackets must be given.
 */
#ifndef CALLBACKD_CTL_SENTENCE_H
#define CALLBACKD_CTL_SENTENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { HOLES_MAX = 4, VALUE_SIZE = 4096 };

struct holes {
	struct {
		const char *name;       /* in the sentence */
		size_t name_length;
		char value[VALUE_SIZE];
	} at[HOLES_MAX];
	size_t count;
};

/* True: these words say this sentence; ret_holes has what fills it. */
bool sentence_fits(const char *sentence, char *const *words, size_t count,
    struct holes *ret_holes);

/* How many of the first words are the sentence's own first small words. */
size_t sentence_common(const char *sentence, char *const *words, size_t count);

/* Does the sentence take that option ("--at"); must it be given. */
bool sentence_takes(const char *sentence, const char *option);
bool sentence_needs(const char *sentence, const char *option);

/* The value of the hole of that name; NULL: it was left out. */
const char *holes_value(const struct holes *holes, const char *name,
    size_t length);

/* A path whose capitals are replaced by percent-encoded values. False: it does
 * not fit, or a value is missing. */
bool sentence_path(const char *pattern, const struct holes *holes,
    char *ret_path, size_t size);

/* As people are shown it. */
void sentence_print(FILE *out, const char *sentence);

#endif
