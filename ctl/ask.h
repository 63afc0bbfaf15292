/* SPDX-License-Identifier: MIT */
/*
 * ask: from a question to an answer that can be trusted in shape, or to one
 * line on the error stream and the exit code that fits.
 */
#ifndef CALLBACKD_CTL_ASK_H
#define CALLBACKD_CTL_ASK_H

#include "ctl/ctl.h"
#include "ctl/field.h"

/*
 * EXIT_DONE: *ret_answer is the caller's, and has the shape. Otherwise the
 * error has been told. With --json, whatever JSON came is printed as it is; a
 * caller with nothing to add passes that on by returning. body NULL: none.
 */
enum exit_code ask(struct ctl *ctl, const char *method, const char *path,
    const char *body, size_t length, const struct field *shape,
    json_t **ret_answer);

/* A further question behind the first: nothing is printed as JSON. */
enum exit_code ask_more(struct ctl *ctl, const char *path,
    const struct field *shape, json_t **ret_answer);

/* The error line of every part: "callbackctl: …". */
void complain(struct ctl *ctl, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
