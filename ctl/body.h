/* SPDX-License-Identifier: MIT */
/*
 * body: what is sent with a command, from the words, options and files that
 * were named.
 */
#ifndef CALLBACKD_CTL_BODY_H
#define CALLBACKD_CTL_BODY_H

#include "ctl/ctl.h"

/* What the members say: see struct command. The bytes are the caller's. False:
 * the command line is wrong, or a file cannot be read; that has been told. */
bool body_make(struct ctl *ctl, const char *members, char **ret_body,
    size_t *ret_length);

#endif
