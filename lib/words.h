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
/* Replaces the word at that place by a number (a count known only later);
 * the place must have been made by words_reserve. Returns its index. */
size_t words_reserve(struct words *words);
void words_set_count(struct words *words, size_t place, size_t count);
void words_append(struct words *words, const struct words *more);

/* Word i; valid until the next word is added. Every word is followed by a NUL. */
const char *words_at(const struct words *words, size_t i, size_t *ret_length);

#endif
