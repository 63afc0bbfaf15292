/* SPDX-License-Identifier: MIT */
/* letters: what was written to customers and staff, and who wants to hear nothing. */
#ifndef CALLBACKD_CTL_LETTERS_H
#define CALLBACKD_CTL_LETTERS_H

#include "ctl/ctl.h"
#include "ctl/field.h"

extern const struct field letters_shape[], letters_suppressed_shape[],
    letters_changed_shape[];

enum exit_code letters_on_messages(struct ctl *ctl, const json_t *answer);
enum exit_code letters_on_suppressed(struct ctl *ctl, const json_t *answer);
enum exit_code letters_on_changed(struct ctl *ctl, const json_t *answer);

#endif
