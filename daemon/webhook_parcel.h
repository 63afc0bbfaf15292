/* SPDX-License-Identifier: MIT */
/*
 * webhook_parcel: one held webhook that says several things. Each is a ticket; when
 * all have ended, the provider is told: its reply when all were kept, 503 when
 * one was not, so that it comes again. What was kept already is then old news.
 */
#ifndef CALLBACKD_DAEMON_WEBHOOK_PARCEL_H
#define CALLBACKD_DAEMON_WEBHOOK_PARCEL_H

#include "lib/provider.h"
#include "net/http.h"

struct webhook_parcel;

/* on_kept, which may be NULL, is called when all is kept, before the answer. */
struct webhook_parcel *webhook_parcel_new(struct http_server *server,
    struct http_request *request, const struct webhook_reply *reply,
    void (*on_kept)(void *context, void *data), void *context, void *data);

/* No more tickets will be taken. May answer now, and frees in the end. */
void webhook_parcel_close(struct webhook_parcel *parcel);

/* One thing more to wait for. */
void webhook_parcel_open(struct webhook_parcel *parcel);

/* It has ended; once for each open. */
void webhook_parcel_end(struct webhook_parcel *parcel, bool is_kept);

/* Answers it otherwise, and now; what is open goes on. The request ends with the
 * call; NULL: it was answered already. */
struct http_request *webhook_parcel_take(struct webhook_parcel *parcel);

#endif
