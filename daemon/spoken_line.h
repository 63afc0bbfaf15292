/* SPDX-License-Identifier: MIT */
/*
 * spoken_line: what a customer hears who calls one of our numbers. When they are
 * called is said in the words of lib/say, as on the page and in a text message.
 */
#ifndef CALLBACKD_DAEMON_SPOKEN_LINE_H
#define CALLBACKD_DAEMON_SPOKEN_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/zone.h"

enum { SPOKEN_LINE_SIZE = 512 };

/* What was promised. */
struct spoken_promise {
	const struct zone *zone;
	int64_t now_ms;
	int64_t by_ms;                  /* 0: they are being called at this moment */
	int64_t from_ms, to_ms;         /* from_ms not 0: between the two, instead */
	const char *number;             /* of the case; "": none */
	bool is_returned;               /* they returned our call */
};

/* Which keys there are. */
void spoken_line_ask(const char *company, const char *language,
    char ret_text[SPOKEN_LINE_SIZE]);
/* They shall type a number; is_again: the one they typed will not do. */
void spoken_line_number(const char *language, bool is_again, char ret_text[SPOKEN_LINE_SIZE]);
void spoken_line_told(const struct spoken_promise *promise, const char *language,
    char ret_text[SPOKEN_LINE_SIZE]);
/* Nothing could be kept. */
const char *spoken_line_sorry(const char *language);

#endif
