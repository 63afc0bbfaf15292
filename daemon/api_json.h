/* SPDX-License-Identifier: MIT */
/*
 * api_json: records as the JSON of /v1 (docs/http.md): instants are Unix
 * seconds, empty values are left out. Pure but for jansson's memory.
 */
#ifndef CALLBACKD_DAEMON_API_JSON_H
#define CALLBACKD_DAEMON_API_JSON_H

#include <jansson.h>

#include "lib/situation.h"

/* `why`: one word why it still waits; NULL or "": left out. */
json_t *api_json_request(const struct request *request, int64_t now_ms, const char *why);
json_t *api_json_call(const struct call *call);
/* Adds what the provider said it has cost, as a text with all its places; nothing where
 * it did not. */
void api_json_paid(json_t *json, int64_t paid, const char *currency);
/* `call`: the one that rings or holds them, for "ringing" and "talking"; NULL. */
json_t *api_json_specialist(const struct policy *policy, const struct specialist *specialist,
    const struct call *call, const char *number, int64_t now_ms);
/* A line of the story; NULL: not one. */
json_t *api_json_line(const char *line);
/* What may be said of a request of that queue. */
json_t *api_json_dispositions(const struct policy *policy, const char *queue);
/* Queues a request may be passed to. */
json_t *api_json_pass_to(const struct policy *policy, const char *queue);

/* Adds text unless it is empty. */
void api_json_text(json_t *object, const char *name, const char *value);
void api_json_moment(json_t *object, const char *name, int64_t at_ms);

#endif
