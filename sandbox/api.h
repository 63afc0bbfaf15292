/* SPDX-License-Identifier: MIT */
/*
 * The provider's API in the shape of Twilio's: create, list, read and end
 * calls, below /2010-04-01/. Checks the account and every field, commits the
 * faults ordered for creates, and writes each request into the ledger.
 */
#ifndef CALLBACKD_SANDBOX_API_H
#define CALLBACKD_SANDBOX_API_H

struct http_request;
struct sandbox;

/* Handlers of routes; `context` is the struct sandbox. */
void
api_on_create(struct http_request *request, void *context);

void
api_on_list(struct http_request *request, void *context);

void
api_on_read(struct http_request *request, void *context);

void
api_on_update(struct http_request *request, void *context);

/* Anything else below the version. */
void
api_on_unknown(struct http_request *request, void *context);

/* Drops the answers that a fault holds back. */
void
api_fault_forget(struct sandbox *sandbox);

#endif
