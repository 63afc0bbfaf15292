/* SPDX-License-Identifier: MIT */
/* request: the words of its states and small questions about one. */
#include "lib/request.h"

#include <stdio.h>
#include <string.h>

const char *const request_state_names[REQUEST_STATE_COUNT] = {
	[REQUEST_NONE] = "none",
	[REQUEST_SCHEDULED] = "scheduled",
	[REQUEST_WAITING] = "waiting",
	[REQUEST_OFFERED] = "offered",
	[REQUEST_TAKEN] = "taken",
	[REQUEST_CALLING] = "calling",
	[REQUEST_TALKING] = "talking",
	[REQUEST_WRAPPING] = "wrapping",
	[REQUEST_REFERRED] = "referred",
	[REQUEST_CLOSED] = "closed",
};

bool
askers_have(const struct askers *askers, const char *id)
{
	for (size_t i = 0; i < askers->count; i++) {
		if (strcmp(askers->ids[i], id) == 0)
			return true;
	}
	return false;
}

bool
askers_take(const struct askers *askers, const char *id)
{
	return id[0] == '\0' || askers->count < ASKERS_MAX ||
	    askers_have(askers, id);
}

bool
request_is_joinable(const struct request *request)
{
	return request->state > REQUEST_NONE &&
	    request->state <= REQUEST_TALKING;
}

void
request_set_reason(struct request *request, const char *reason)
{
	snprintf(request->reason, sizeof(request->reason), "%s", reason);
}

bool
request_is_live(const struct request *request)
{
	return request->state != REQUEST_NONE &&
	    request->state != REQUEST_CLOSED;
}

struct offer *
request_offer_to(struct request *request, const char *specialist)
{
	for (size_t i = 0; i < OFFER_MAX; i++) {
		struct offer *offer = &request->offers[i];

		if (offer->specialist[0] != '\0' &&
		    strcmp(offer->specialist, specialist) == 0)
			return offer;
	}
	return NULL;
}

struct offer *
request_offer_by_call(struct request *request, int call)
{
	for (size_t i = 0; i < OFFER_MAX; i++) {
		struct offer *offer = &request->offers[i];

		if (offer->specialist[0] != '\0' && call != 0 &&
		    offer->call == call)
			return offer;
	}
	return NULL;
}

size_t
request_offers_open(const struct request *request)
{
	size_t count = 0;

	for (size_t i = 0; i < OFFER_MAX; i++)
		count += request->offers[i].specialist[0] != '\0';
	return count;
}

bool
request_is_open(const struct request *request)
{
	return (request->state == REQUEST_WAITING ||
	           request->state == REQUEST_OFFERED) &&
	    request->hold_until_ms == 0 &&
	    (int)request_offers_open(request) < request->room;
}

bool
request_is_held(const struct request *request, int64_t now_ms)
{
	return request->wished[0] != '\0' && request->wished_until_ms > now_ms;
}

bool
request_is_seen_in(const struct request *request, const char *queue)
{
	if (strcmp(request->queue, queue) == 0)
		return true;
	for (size_t i = 0; i < ALSO_MAX; i++) {
		if (request->also[i][0] != '\0' &&
		    strcmp(request->also[i], queue) == 0)
			return true;
	}
	return false;
}

bool
request_show_in(struct request *request, const char *queue)
{
	if (request_is_seen_in(request, queue))
		return false;
	for (size_t i = 0; i < ALSO_MAX; i++) {
		if (request->also[i][0] != '\0')
			continue;
		snprintf(request->also[i], sizeof(request->also[i]), "%s",
		    queue);
		return true;
	}
	return false;
}

int64_t
request_promise_moment(const struct request *request)
{
	if (!request_is_live(request) || request->kept_at_ms != 0)
		return 0;
	if (!request->is_missed)
		return request->promise_at_ms;
	return request->is_second_missed ? 0 : request->second_at_ms;
}

bool
request_was_passed(const struct request *request)
{
	return strcmp(request->source, "passed") == 0 ||
	    strcmp(request->source, "climbed") == 0;
}

bool
request_may_ask(const struct request *request, const char *specialist,
    int64_t now_ms)
{
	if (request_is_held(request, now_ms) &&
	    strcmp(request->wished, specialist) != 0)
		return false;
	for (size_t i = 0; i < DECLINED_MAX; i++) {
		const struct declined *declined = &request->declined[i];

		if (declined->specialist[0] != '\0' &&
		    declined->until_ms > now_ms &&
		    strcmp(declined->specialist, specialist) == 0)
			return false;
	}
	return true;
}
