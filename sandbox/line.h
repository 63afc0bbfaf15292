/* SPDX-License-Identifier: MIT */
/*
 * line: the application's own numbers, and what is asked for TwiML when a phone
 * calls one of them. A call to a line is answered by the first verb that needs
 * an answer: Pause, Redirect and Reject let it ring on.
 */
#ifndef CALLBACKD_SANDBOX_LINE_H
#define CALLBACKD_SANDBOX_LINE_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/check.h"

struct call;
struct http_request;
struct lines;
struct sandbox;

enum { LINE_ERROR_SIZE = 160 };

struct lines *
lines_new(void) MUST_USE;

/* Accepts NULL. */
void
lines_free(struct lines *lines);

/* { "number", "url", "status_url", "text_url" }: as the control API and the setup file say
 * it. False: ret_error says what is wrong. */
bool
lines_set(struct lines *lines, const json_t *line, char ret_error[LINE_ERROR_SIZE]);

/* Who hears what phones write to that number. NULL: nobody. */
const char *
lines_text_url(const struct lines *lines, const char *number);

/* Their numbers; the caller's reference. */
json_t *
lines_to_json(const struct lines *lines) MUST_USE;

/* PUT /sandbox/lines/NUMBER {"url": …, "status_url": …, "text_url": …} */
void
line_on_change(struct http_request *request, void *context);

/* POST /sandbox/phones/NUMBER/call {"to": LINE, "hidden": true, "wait": 30}:
 * that phone calls the line, without showing its number, and hangs up when
 * nobody has answered after so many seconds (0: it waits). */
void
line_on_call(struct http_request *request, void *context);

#endif
