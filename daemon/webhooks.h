/* SPDX-License-Identifier: MIT */
/*
 * webhooks: what providers tell us and ask us while a call runs. Checks the
 * token in the address and the signature, turns the rest into one event, and
 * answers only after its commit: 2xx, a flow, or 503 when it could not be kept.
 */
#ifndef CALLBACKD_DAEMON_WEBHOOKS_H
#define CALLBACKD_DAEMON_WEBHOOKS_H

#include "daemon/calls.h"
#include "net/http.h"

struct webhooks;

struct webhooks *webhooks_new(struct calls *calls, struct engine *engine, struct store *store);
void webhooks_free(struct webhooks *webhooks);
/* The server whose held requests it answers. */
void webhooks_set_server(struct webhooks *webhooks, struct http_server *server);

/* Handler of /hooks/{provider}/{call}/{token}/{what}. */
/* What the provider says, if it is genuine. False: it is too large to be read. */
bool webhooks_read(struct webhooks *webhooks, struct http_request *request,
    const struct calls_provider *provider, struct webhook_event *ret_event);

void webhooks_on_request(struct webhooks *webhooks, struct http_request *request);


#endif
