/* SPDX-License-Identifier: MIT */
/*
 * How a create goes wrong. "Before": nothing was created. "After": the call
 * exists, rings, and its maker cannot know it from the answer.
 */
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "net/http.h"
#include "net/http_internal.h"
#include "sandbox/api.h"
#include "sandbox/api_internal.h"
#include "sandbox/memory.h"
#include "sandbox/sandbox.h"

enum {
	HUGE_BYTES = 10 * 1024 * 1024,
	DRIP_BYTES = 4,			/* of every tick */
	DRIP_TICK_MS = 500,
};

/* An answer that waits for its time. */
struct late {
	struct sandbox *sandbox;
	struct http_handle handle;
	json_t *json;
	struct event *timer;
	struct late *next;
};

static void
reply_late(const struct api_answer *answer);

static void
on_late(evutil_socket_t fd, short what, void *arg);

static void
late_free(struct late *late);

static void
reply_huge(const struct api_answer *answer);

static void
reply_drip(const struct api_answer *answer);

bool
api_fault_before(const struct api_answer *answer)
{
	struct http_request *request = answer->request;

	switch (answer->fault.kind) {
	case FAULT_500_BEFORE:
		api_refuse(answer, 500, 20500, "Internal Server Error");
		return true;
	case FAULT_503:
		api_refuse(answer, 503, 20503, "Service unavailable");
		return true;
	case FAULT_429:
		http_reply_header(request, "Retry-After", "1");
		api_refuse(answer, 429, 20429, "Too Many Requests");
		return true;
	case FAULT_400:
		api_refuse(answer, 400, 21211, "The 'To' number is not a "
		    "valid phone number");
		return true;
	case FAULT_CLOSE_BEFORE:
		api_ledger(answer, 0, "closed");
		http_abort(request);
		return true;
	case FAULT_REDIRECT:
		http_reply_header(request, "Location", http_uri(request));
		api_ledger(answer, 307, "redirected to itself");
		http_reply(request, 307, NULL, NULL, 0);
		return true;
	case FAULT_NONE:
	case FAULT_500_AFTER:
	case FAULT_CLOSE_AFTER:
	case FAULT_LATE:
	case FAULT_GARBAGE:
	case FAULT_HUGE:
	case FAULT_DRIP:
	case FAULT_DROP:
	case FAULT_DUPLICATE:
	case FAULT_DELAY:
	case FAULT_REORDER:
	case FAULT_FORGED:
	case FAULT_KIND_COUNT:
		break;
	}
	return false;
}

bool
api_fault_after(const struct api_answer *answer)
{
	static const char garbage[] = "{\"sid\": \"CA";

	switch (answer->fault.kind) {
	case FAULT_500_AFTER:
		api_refuse(answer, 500, 20500, "Internal Server Error");
		return true;
	case FAULT_CLOSE_AFTER:
		api_ledger(answer, 0, "closed");
		http_abort(answer->request);
		return true;
	case FAULT_LATE:
		reply_late(answer);
		return true;
	case FAULT_GARBAGE:
		api_ledger(answer, 201, "no JSON");
		http_reply(answer->request, 201, "application/json", garbage,
		    strlen(garbage));
		return true;
	case FAULT_HUGE:
		reply_huge(answer);
		return true;
	case FAULT_DRIP:
		reply_drip(answer);
		return true;
	case FAULT_NONE:
	case FAULT_500_BEFORE:
	case FAULT_503:
	case FAULT_429:
	case FAULT_400:
	case FAULT_CLOSE_BEFORE:
	case FAULT_REDIRECT:
	case FAULT_DROP:
	case FAULT_DUPLICATE:
	case FAULT_DELAY:
	case FAULT_REORDER:
	case FAULT_FORGED:
	case FAULT_KIND_COUNT:
		break;
	}
	return false;
}

void
api_fault_forget(struct sandbox *sandbox)
{
	struct late *late;

	while ((late = sandbox->lates) != NULL) {
		sandbox->lates = late->next;
		late_free(late);
	}
}

/* The JSON is of now: that is what a slow provider sends. */
static void
reply_late(const struct api_answer *answer)
{
	struct late *late = memory_new(sizeof(*late));
	struct timeval wait = sandbox_real_time(answer->fault.delay_ms);

	api_ledger(answer, 201, "answered late");
	late->sandbox = answer->sandbox;
	late->json = api_render(answer);
	late->handle = http_hold(answer->request);
	late->timer = evtimer_new(answer->sandbox->base, on_late, late);
	CHECK(late->timer != NULL && evtimer_add(late->timer, &wait) == 0);
	late->next = answer->sandbox->lates;
	answer->sandbox->lates = late;
}

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	struct late *late = arg;
	struct http_request *request = http_held(late->sandbox->server,
	    late->handle);

	(void)fd;
	(void)what;
	if (request != NULL)
		http_reply_json(request, 201, json_incref(late->json));
	for (struct late **at = &late->sandbox->lates; *at != NULL;
	    at = &(*at)->next)
		if (*at == late) {
			*at = late->next;
			break;
		}
	late_free(late);
}

static void
late_free(struct late *late)
{
	event_free(late->timer);
	json_decref(late->json);
	free(late);
}

/* Good JSON, the sid at its end. */
static void
reply_huge(const struct api_answer *answer)
{
	json_t *json = api_render(answer);
	char *tail = json_dumps(json, JSON_COMPACT);
	size_t length = strlen(tail);
	char *body = memory_new(HUGE_BYTES + length);

	memset(body, ' ', HUGE_BYTES);
	memcpy(body + HUGE_BYTES, tail, length);
	api_ledger(answer, 201, "10 MB");
	http_reply(answer->request, 201, "application/json", body,
	    HUGE_BYTES + length);
	free(body);
	free(tail);
	json_decref(json);
}

/*
 * The server cannot be asked for a slow reply, and needs no such thing but for
 * this: so here alone its connection is taken by the throat.
 */
static void
reply_drip(const struct api_answer *answer)
{
	static const struct timeval tick = { .tv_usec = DRIP_TICK_MS * 1000 };
	struct connection *connection = (struct connection *)answer->request;
	/* Read at every tick of every such connection: it stays for good. */
	static struct ev_token_bucket_cfg *rate;

	if (rate == NULL)
		rate = ev_token_bucket_cfg_new(EV_RATE_LIMIT_MAX,
		    EV_RATE_LIMIT_MAX, DRIP_BYTES, DRIP_BYTES, &tick);
	CHECK(rate != NULL);
	CHECK(bufferevent_set_rate_limit(connection->stream, rate) == 0);
	api_reply(answer, 201, api_render(answer));
}
