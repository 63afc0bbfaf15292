/* SPDX-License-Identifier: MIT */
/* blocked: numbers of which no requests are taken, as people read it. */
#ifndef CALLBACKD_CTL_BLOCKED_H
#define CALLBACKD_CTL_BLOCKED_H

#include "ctl/ctl.h"
#include "ctl/field.h"

extern const struct field blocked_shape[];

/* What waits for a supervisor first. */
enum exit_code blocked_on_list(struct ctl *ctl, const json_t *answer);

#endif
