/* SPDX-License-Identifier: MIT */
/*
 * output: text that is written piece by piece, up to a limit, and how foreign
 * words are written into the languages that are spoken to providers.
 */
#ifndef CALLBACKD_LIB_OUTPUT_H
#define CALLBACKD_LIB_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/check.h"

/* Zero it but for `max`. The text is always terminated; NULL before the first
 * addition. */
struct output {
	char  *text;                    /* owned */
	size_t length, size;
	size_t max;                     /* bytes, without the end */
};

void output_fini(struct output *output);

/* Each adds its text. False: that would be too long; what was there before is
 * still there, and perhaps a piece of what was to be added. */
bool output_add(struct output *output, const char *bytes, size_t length)
    MUST_USE;
bool output_add_text(struct output *output, const char *text) MUST_USE;

/* Percent-encoded: only A-Z a-z 0-9 - . _ ~ stay as they are. */
bool output_add_encoded(struct output *output, const char *text) MUST_USE;

/* As contents of a JSON string; the text must be UTF-8. */
bool output_add_json(struct output *output, const char *text) MUST_USE;

/* As character data or attribute value of XML; the text must be UTF-8.
 * Characters that XML 1.0 does not have are left out. */
bool output_add_xml(struct output *output, const char *text) MUST_USE;

#endif
