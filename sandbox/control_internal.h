/* SPDX-License-Identifier: MIT */
/*
 * What control.c and page.c share, and nobody else sees.
 */
#ifndef CALLBACKD_SANDBOX_CONTROL_INTERNAL_H
#define CALLBACKD_SANDBOX_CONTROL_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/check.h"

struct call;
struct http_request;

/* False: it came from a page of another site, and was answered 403. */
bool
control_may(struct http_request *request) MUST_USE;

/* The body as JSON, a new reference; NULL: it was answered 400. */
json_t *
control_body(struct http_request *request) MUST_USE;

/* New reference: a call as a person wants to see it. */
json_t *
control_call_json(const struct call *call) MUST_USE;

#endif
