/* SPDX-License-Identifier: MIT */
/*
 * text: what must be known of UTF-8 to carry other people's words safely. A
 * character is one code point. Nothing here allocates or depends on a locale.
 */
#ifndef CALLBACKD_LIB_TEXT_H
#define CALLBACKD_LIB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TEXT_WORD_MAX = 64,     /* longest word, in bytes, that has an edit distance */
	TEXT_NUMBER_SIZE = 24,  /* any whole number, and its end */
};

/* Shortest forms only, no surrogates, nothing above U+10FFFF. */
bool text_is_utf8(const char *bytes, size_t length);

/* In decimal; its length. A commit writes a hundred of them. */
size_t text_number(int64_t number, char ret_text[TEXT_NUMBER_SIZE]);

/* Characters of a UTF-8 string. */
size_t text_length(const char *text);

/* Copies as many whole characters as fit into size bytes with the end. The text
 * must be UTF-8; true: all of it fitted. */
bool text_copy(char *ret_text, size_t size, const char *text);

/* Takes a character off the end that is not whole: what was cut by its bytes. */
void text_cut_whole(char *text);

/*
 * Takes control characters out of UTF-8, in place: C0, DEL, C1, line and paragraph
 * separators, and the marks that turn the writing direction around. A line
 * break or a tab becomes a space; with keep_lines "\n" stays (and "\r\n" is "\n").
 */
void text_clean(char *text, bool keep_lines);

/* Makes " a ' in place: in a log, text stands between the former. */
void text_unquote(char *text);

/* Insertions, deletions, changes and swaps of neighbours between two words,
 * upper and lower case of A-Z being equal. Words longer than TEXT_WORD_MAX are
 * infinitely far apart (SIZE_MAX). Counts bytes: meant for names in ASCII. */
size_t text_distance(const char *a, const char *b);

/* "Did you mean": true if candidate is near enough to be what the writer of
 * word meant, and nearer than *best, which is then lowered. Start with
 * SIZE_MAX. */
bool text_is_nearer(const char *word, const char *candidate, size_t *best);

#endif
