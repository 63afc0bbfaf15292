/* SPDX-License-Identifier: MIT */
/* webhook_parcel: counts. */
#include "daemon/webhook_parcel.h"

#include <stdlib.h>
#include <string.h>

#include "lib/fault.h"

struct webhook_parcel {
	struct http_server *server;
	struct http_handle handle;
	struct webhook_reply reply;
	void (*on_kept)(void *context, void *data);
	void *context, *data;           /* data: owned */
	size_t open;                    /* the parcel's own opening included */
	bool is_lost;                   /* something could not be kept */
};

struct webhook_parcel *
webhook_parcel_new(struct http_server *server, struct http_request *request,
    const struct webhook_reply *reply,
    void (*on_kept)(void *context, void *data), void *context, void *data)
{
	struct webhook_parcel *parcel = calloc(1, sizeof(*parcel));

	CHECK(parcel != NULL);
	*parcel = (struct webhook_parcel){ .server = server,
		.handle = http_hold(request), .reply = *reply,
		.on_kept = on_kept, .context = context, .data = data,
		.open = 1 };
	return parcel;
}

void
webhook_parcel_close(struct webhook_parcel *parcel)
{
	webhook_parcel_end(parcel, true);
}

void
webhook_parcel_open(struct webhook_parcel *parcel)
{
	parcel->open++;
}

void
webhook_parcel_end(struct webhook_parcel *parcel, bool is_kept)
{
	const struct webhook_reply *reply = &parcel->reply;
	struct http_request *request;

	CHECK(parcel->open > 0);
	parcel->is_lost |= !is_kept;
	if (--parcel->open > 0)
		return;
	request = http_held(parcel->server, parcel->handle);
	CRASH_POINT("webhook_before_reply");
	if (!parcel->is_lost && parcel->on_kept != NULL)
		parcel->on_kept(parcel->context, parcel->data);
	if (request == NULL) {
		/* It was told 503 and comes again, or was answered otherwise. */
	} else if (parcel->is_lost) {
		http_problem(request, 503, "unavailable",
		    "not kept yet, send it again");
	} else {
		http_reply(request, reply->status, reply->type,
		    reply->text != NULL ? reply->text : "",
		    reply->text != NULL ? strlen(reply->text) : 0);
	}
	CRASH_POINT("webhook_replied");
	free(parcel->data);
	free(parcel);
}

struct http_request *
webhook_parcel_take(struct webhook_parcel *parcel)
{
	return http_held(parcel->server, parcel->handle);
}
