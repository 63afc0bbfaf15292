/* SPDX-License-Identifier: MIT */
/*
 * blame: the one sentence a story ends in: was the promise kept, and if not,
 * what took the time.
 */
#ifndef CALLBACKD_CTL_BLAME_H
#define CALLBACKD_CTL_BLAME_H

#include "ctl/table.h"
#include "ctl/timeline.h"

enum { BLAME_SIZE = 512 };

/* now_ms: until when an unkept promise is counted. */
const char *blame_sentence(const json_t *request,
    const struct timeline *timeline, int64_t now_ms, enum ink *ret_ink,
    char ret_text[BLAME_SIZE]);

#endif
