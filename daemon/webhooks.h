/* SPDX-License-Identifier: MIT */
/*
 * webhooks: what providers tell us and ask us. Checks the signature, finds what it
 * is about (by the token in the address, by the job that comes back, by the
 * customer's number), turns each piece of news into one event, and answers only
 * after its commit: 2xx, a flow, or 503 when it could not be kept.
 *
 * What is not genuine, was heard before or is about nobody of ours changes
 * nothing and is counted.
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

/*
 * Handler of /hooks/{provider}/{call}/{token}/{what}, whose address says which
 * call it is about, and of /hooks/{provider} with anything behind it, whose
 * content must.
 */
void webhooks_on_request(struct webhooks *webhooks, struct http_request *request);

/* ---- what is not about a call of ours */

/* One piece of news that waits until it is kept. */
struct webhook_ticket;

/* WEBHOOK_MESSAGE, WEBHOOK_INBOUND_MESSAGE or WEBHOOK_INBOUND_CALL; genuine. Must
 * end the ticket, now or later. A job is not checked yet. */
typedef void webhook_handler(void *context, const char *provider,
    const struct webhook_event *event, struct webhook_ticket *ticket);

/* While a kind has no handler its webhooks are answered 2xx and forgotten. */
void webhooks_set_handler(struct webhooks *webhooks, enum webhook_kind kind,
    webhook_handler *handler, void *context);

/* Exactly one of these, once. False: Redis is away, it must come again. */
void webhook_ticket_end(struct webhook_ticket *ticket, bool is_kept);
/* To who asked: the provider's flow with these values and its secrets. */
void webhook_ticket_answer(struct webhook_ticket *ticket, enum flow flow,
    const struct provider_values *values);

/* Hears of every call that an address or a job names, before its record does. True:
 * it is no call of a request; a question is answered with goodbye. */
typedef bool webhook_tap(void *context, const char *provider, const struct record_ref *call,
    const struct webhook_event *event);
void webhooks_set_tap(struct webhooks *webhooks, webhook_tap *tap, void *context);

/* ---- counts, since the start */

struct webhook_counts {
	uint64_t heard;                 /* genuine */
	uint64_t refused;               /* not genuine, or not to be read */
	uint64_t repeated;              /* heard and kept before */
	uint64_t foreign;               /* about nobody of ours */
	uint64_t limited;               /* too many from one number or peer */
	char last_refusal[96];          /* why; "" */
	int64_t last_refusal_ms;
};

/* By the provider's place in the configuration. */
const struct webhook_counts *webhooks_counts(const struct webhooks *webhooks, size_t provider);

#endif
