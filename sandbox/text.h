/* SPDX-License-Identifier: MIT */
/*
 * Text messages, both ways: Messages.json in the shape of Twilio's, what becomes of
 * a message by its number's last two digits, and what a phone writes back.
 *
 *   ..06 does not exist   ..11 is not delivered   ..12 fails
 *   ..13 is sent, and nobody tells more   ..14 has blocked the sender
 *   any other number receives it
 */
#ifndef CALLBACKD_SANDBOX_TEXT_H
#define CALLBACKD_SANDBOX_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/check.h"

struct http_request;
struct sandbox;
struct text;
struct texts;

struct texts *
texts_new(void) MUST_USE;

/* Accepts NULL. Forgets what was not told yet. */
void
texts_free(struct texts *texts);

/* New reference: the message as the API shows it. */
json_t *
text_to_json(const struct text *text) MUST_USE;

/* New reference: the latest of them, newest first, for the page and for tests. */
json_t *
texts_to_json(const struct sandbox *sandbox) MUST_USE;

/* Handlers of routes; `context` is the struct sandbox. */
void
text_on_create(struct http_request *request, void *context);

void
text_on_list(struct http_request *request, void *context);

void
text_on_read(struct http_request *request, void *context);

/* GET /sandbox/messages */
void
text_on_control_list(struct http_request *request, void *context);

/* PUT /sandbox/inbound {"url"}: who hears what phones write. */
void
text_on_inbound(struct http_request *request, void *context);

/* POST /sandbox/phones/NUMBER/write {"to", "text"}; "to" absent: to whoever wrote
 * to that phone last. */
void
text_on_write(struct http_request *request, void *context);

#endif
