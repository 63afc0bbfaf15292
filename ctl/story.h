/* SPDX-License-Identifier: MIT */
/*
 * story: one request from the asking to the end, as a stranger reads it: every
 * state, why, who, how long, what was left of the promise, and one sentence.
 */
#ifndef CALLBACKD_CTL_STORY_H
#define CALLBACKD_CTL_STORY_H

#include "ctl/ctl.h"
#include "ctl/field.h"

extern const struct field story_shape[];
/* Of a whole case. */
extern const struct field story_case_shape[];

/* Asks for the people's names, too; without them their ids must do. */
enum exit_code story_on_request(struct ctl *ctl, const json_t *answer);

/* Every request of a case in order, with one sentence over all. */
enum exit_code story_on_case(struct ctl *ctl, const json_t *answer);

#endif
