/* SPDX-License-Identifier: MIT */
/*
 * format: instants, spans and telephone numbers as people read and write
 * them. Instants are Unix seconds, shown in local time.
 */
#ifndef CALLBACKD_CTL_FORMAT_H
#define CALLBACKD_CTL_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FORMAT_SIZE = 48 };

/* "14:02:07"; "26 Nov 14:02:07" when it is not today; "" for 0. */
const char *format_instant(int64_t at_s, char ret_text[FORMAT_SIZE]);

/* What is left of something: "14:53", "1:02:03", "2d 3h", "-0:40". */
const char *format_clock(int64_t span_s, char ret_text[FORMAT_SIZE]);

/* How long something took: "45 s", "6 min 10 s", "25 min", "2 h 05 min",
 * "3 days". */
const char *format_span(int64_t span_s, char ret_text[FORMAT_SIZE]);

/* "+7900***0001": the country and the last digits; a number too short to be
 * masked so is shown as stars. In full if is_full. */
const char *format_phone(const char *phone, bool is_full,
    char ret_text[FORMAT_SIZE]);

/* "number_busy" is "number busy". */
const char *format_word(const char *word, char ret_text[FORMAT_SIZE]);

/*
 * Reads an instant: HH:MM (the next time that the clock shows it),
 * YYYY-MM-DD HH:MM (or with a T), or Unix seconds. False: it is none of these.
 */
bool format_read_instant(const char *text, int64_t now_s, int64_t *ret_at_s);

#endif
