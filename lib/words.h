/* SPDX-License-Identifier: MIT */
/*
 * words: a growing list of byte strings, kept in one block: the arguments of a
 * script. Cheap to fill and to throw away; never shrinks.
 */
#ifndef CALLBACKD_LIB_WORDS_H
#define CALLBACKD_LIB_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COUNT_OF_WORD_MAX = 255 - '0' };

struct words {
	char   *bytes;  size_t used, size;
	size_t *ends;   size_t count, room;     /* of each word, in bytes */
};

/* A zeroed struct is an empty list. */
void words_fini(struct words *words);
void words_clear(struct words *words);

/* They abort when memory is out, as CHECK does. */
void words_add(struct words *words, const char *text);
void words_add_bytes(struct words *words, const void *bytes, size_t length);
void words_add_number(struct words *words, int64_t number);
/* A word of `count` counts, a byte each: '0' + n; all of them 0 until they are
 * set (n is known only later). Returns its index. */
size_t words_add_counts(struct words *words, size_t count);
/* Aborts when n is over COUNT_OF_WORD_MAX. */
void words_set_count(struct words *words, size_t place, size_t which, size_t n);
void words_append(struct words *words, const struct words *more);

/* Word i; valid until the next word is added. Every word is followed by a NUL. */
const char *words_at(const struct words *words, size_t i, size_t *ret_length);

#endif
