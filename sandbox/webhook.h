/* SPDX-License-Identifier: MIT */
/*
 * Everything the network sends to whoever ordered a call is signed here: the
 * questions of a flow, and status webhooks. Those of one call leave one after
 * another, unless a fault says otherwise.
 */
#ifndef CALLBACKD_SANDBOX_WEBHOOK_H
#define CALLBACKD_SANDBOX_WEBHOOK_H

#include "sandbox/call.h"
#include "sandbox/fetch.h"

struct form;

enum { WEBHOOK_SIGNATURE_SIZE = 32 };

/*
 * X-Twilio-Signature: base64(HMAC-SHA1(token, url + each field's name and
 * value, ordered by the bytes of the name)).
 */
void
webhook_sign(const char *token, const char *url, const struct form *form,
    char ret_signature[WEBHOOK_SIGNATURE_SIZE]);

/* What every message about a call says: who, from, to, how far. */
void
webhook_describe(const struct call *call, const char *status,
    struct form *form);

/* Signs and sends; `method` "GET" puts the form into the query. */
void
webhook_send(struct sandbox *sandbox, const char *url, const char *method,
    const struct form *form, fetch_handler *on_done, void *context);

/* The same, signed with another token: a stranger's. */
void
webhook_send_as(struct sandbox *sandbox, const char *token, const char *url,
    const char *method, const struct form *form, fetch_handler *on_done,
    void *context);

/* Tells the StatusCallback, if it wants to hear of this kind of event. */
void
webhook_post(struct call *call, enum call_event event);

/* Tells another address something of its own, out of turn. */
void
webhook_tell(const struct call *call, const char *url, const char *event,
    const struct form *form);

/* Drops what has not been sent: the call goes away. */
void
webhook_forget(struct call *call);

#endif
