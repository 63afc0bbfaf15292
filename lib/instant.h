/* SPDX-License-Identifier: MIT */
/*
 * instant: moments as providers write them, to Unix milliseconds.
 */
#ifndef CALLBACKD_LIB_INSTANT_H
#define CALLBACKD_LIB_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/check.h"

/*
 * Reads Unix seconds (up to 11 digits), Unix milliseconds (13 digits), or RFC
 * 3339: "2026-01-02T22:25:27.521Z", with a blank for the T, with an offset; or RFC
 * 5322 and HTTP: "Fri, 02 Jan 2026 22:25:27 +0000", also with GMT. Without a zone
 * it is UTC. What is below a millisecond is cut. False: none of them.
 */
bool instant_read(const char *text, int64_t *ret_ms) MUST_USE;

#endif
