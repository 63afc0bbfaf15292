/* SPDX-License-Identifier: MIT */
/*
 * segments: in how many pieces a text travels as SMS, each of which is paid.
 * GSM-7 where its alphabet has every character, else UCS-2 (3GPP TS 23.038).
 */
#ifndef CALLBACKD_LIB_SEGMENTS_H
#define CALLBACKD_LIB_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>

struct segments {
	bool is_gsm7;
	size_t units;           /* septets, or 16-bit units */
	size_t count;           /* pieces; 0: the text is empty */
};

/* The text is UTF-8. */
struct segments segments_of(const char *text);

#endif
