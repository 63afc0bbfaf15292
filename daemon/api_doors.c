/* SPDX-License-Identifier: MIT */
/* api_doors: a queue is closed by hand, and opened again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"
#include "daemon/slots.h"
#include "lib/hours.h"
#include "lib/text.h"
#include "lib/zone.h"

#define LONGEST_MS (INT64_C(31) * 24 * 3600 * 1000)

struct change {
	struct api *api;
	struct http_handle handle;
	int64_t until_ms;
};

static void
on_changed(void *context, uint64_t tag, const struct engine_result *result)
{
	struct change *change = context;
	struct http_request *request = http_held(change->api->server,
	    change->handle);

	(void)tag;
	if (request != NULL && result->end == ENGINE_DONE)
		http_reply_json(request, 200, change->until_ms == 0 ?
		    json_pack("{s:b}", "closed", false) : json_pack("{s:b,s:I}",
		        "closed", true, "until",
		        (json_int_t)(change->until_ms / 1000)));
	else if (request != NULL)
		api_unavailable(request);
	free(change);
}

/* The next midnight, as the company's clocks show it. */
static int64_t
midnight_ms(const struct policy *policy, int64_t now_ms)
{
	static const struct hours_span mornings[] = {
		{ 127, 0, HOURS_DAY_S / 2 } };
	struct zone *zone = zone_new(policy->zone);
	struct hours hours = { zone, mornings, 1, NULL, 0 };
	int64_t at_ms = hours_is_open(&hours, now_ms) ?
	    hours_change(&hours, now_ms) : now_ms;

	at_ms = hours_opens(&hours, at_ms);
	zone_free(zone);
	return at_ms != 0 ? at_ms : now_ms + HOURS_DAY_S * INT64_C(1000);
}

/* False: an answer was sent. */
static bool
read_until(const struct api *api, struct http_request *request,
    const json_t *body, int64_t *ret_until_ms)
{
	int64_t now_ms = store_now_ms(api->options.store);
	const json_t *until = json_object_get(body, "until");
	json_int_t until_s = json_integer_value(until);

	if (until == NULL || (json_is_string(until) &&
	        strcmp(json_string_value(until), "today") == 0)) {
		*ret_until_ms = midnight_ms(api->policy, now_ms);
		return true;
	}
	if (!json_is_integer(until) || until_s < 0 || until_s > 100000000000)
		http_problem(request, 400, "time_invalid",
		    "\"until\" is \"today\" or Unix seconds");
	else if (until_s * 1000 <= now_ms)
		http_problem(request, 400, "time_past", "it is over already");
	else if (until_s * 1000 > now_ms + LONGEST_MS)
		http_problem(request, 400, "time_too_far", "31 days at most");
	else {
		*ret_until_ms = until_s * 1000;
		return true;
	}
	return false;
}

static void
change(struct api *api, struct http_request *request, const json_t *body,
    struct slots_closed *closed)
{
	struct change *change = calloc(1, sizeof(*change));
	const char *as = api_body_text(body, "as");

	CHECK(change != NULL);
	change->api = api;
	change->until_ms = closed->until_ms;
	snprintf(closed->who, sizeof(closed->who), "%.*s", ID_SIZE - 1,
	    policy_specialist(api->policy, as) != NULL ? as :
	    http_is_control(request) ? "callbackctl" : "http");
	change->handle = http_hold(request);
	if (!slots_close(api->options.slots, http_param(request, "queue"),
	    closed, on_changed, change)) {
		struct engine_result away = { .end = ENGINE_UNAVAILABLE,
			.reason = "" };

		on_changed(change, 0, &away);
	}
}

void
api_post_queue(struct http_request *request, void *context)
{
	struct api *api = context;
	struct slots_closed closed = { .until_ms = 0 };
	const char *verb = http_param(request, "verb");
	json_t *body;

	if (policy_queue(api->policy, http_param(request, "queue")) == NULL)
		http_problem(request, 404, "not_found", "no such queue");
	else if (strcmp(verb, "close") != 0 && strcmp(verb, "open") != 0)
		http_problem(request, 404, "verb_unknown", "no such verb");
	else if (!store_is_up(api->options.store))
		api_unavailable(request);
	else if ((body = api_body(request)) != NULL) {
		const char *why = api_body_text(body, "reason");

		if (strcmp(verb, "open") == 0)
			change(api, request, body, &closed);
		else if (why[0] == '\0')
			http_problem(request, 400, "reason_missing",
			    "say why: \"reason\"");
		else if (read_until(api, request, body, &closed.until_ms)) {
			text_copy(closed.why, sizeof(closed.why), why);
			change(api, request, body, &closed);
		}
		json_decref(body);
	}
}
