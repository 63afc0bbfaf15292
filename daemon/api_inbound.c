/* SPDX-License-Identifier: MIT */
/* api_inbound: what a telephone system says of a customer who phones us. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"
#include "lib/phone.h"

enum { RANG_MAX_S = 3600 };

struct inbound {
	struct api *api;
	struct http_handle handle;
};

static void
on_told(void *context, enum callers_end end, const struct request *requests,
    size_t count)
{
	struct inbound *inbound = context;
	struct http_request *request = http_held(inbound->api->server,
	    inbound->handle);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, api_brief(inbound->api,
		    &requests[i]));
	if (request == NULL)
		json_decref(list);
	else if (end == CALLERS_DONE || end == CALLERS_KNOWN)
		http_reply_json(request, 200, json_pack("{s:b,s:o}", "known",
		    end == CALLERS_KNOWN, "requests", list));
	else
		json_decref(list);
	if (request != NULL && end == CALLERS_LIMITED)
		http_problem(request, 429, "too_many_requests",
		    "too much news of this number");
	else if (request != NULL && end == CALLERS_LATER)
		api_unavailable(request);
	free(inbound);
}

static void
on_missed(void *context, uint64_t tag, const struct submit_result *result)
{
	struct inbound *inbound = context;
	struct http_request *request = http_held(inbound->api->server,
	    inbound->handle);
	json_t *json;

	(void)tag;
	if (request != NULL && result->answer == NULL) {
		api_unavailable(request);
	} else if (request != NULL) {
		json = json_pack("{s:b,s:[],s:o?}", "known",
		    result->end == SUBMIT_KNOWN, "requests", "answer",
		    json_loads(result->answer, 0, NULL));
		http_reply_json(request, 200, json);
	}
	free(inbound);
}

/* Nobody has answered; whether that is called back is the line's to say. */
static void
miss(struct api *api, struct http_request *request, const json_t *body,
    const struct caller_news *news)
{
	const json_t *rang = json_object_get(body, "rang");
	struct missed_call missed = { .number = api_body_text(body, "line"),
		.phone = news->phone, .at_ms = news->at_ms,
		.on_end = on_missed };
	struct inbound *inbound = calloc(1, sizeof(*inbound));

	CHECK(inbound != NULL);
	inbound->api = api;
	inbound->handle = http_hold(request);
	missed.context = inbound;
	if (json_is_integer(rang) && json_integer_value(rang) > 0 &&
	    json_integer_value(rang) < RANG_MAX_S)
		missed.rang_ms = json_integer_value(rang) * 1000;
	if (line_missed(api->options.line, &missed))
		return;
	on_told(inbound, CALLERS_DONE, NULL, 0);
}

/* False: it was answered. */
static bool
read_news(struct api *api, struct http_request *request, const json_t *body,
    struct caller_news *news)
{
	const char *state = api_body_text(body, "state");
	const char *id = api_body_text(body, "id");
	const json_t *at = json_object_get(body, "at");
	struct phone phone;

	phone_read(api_body_text(body, "number"), api->policy, &phone);
	if (phone.verdict == PHONE_REFUSED) {
		http_problem(request, 400, phone.code, phone.why);
		return false;
	}
	memcpy(news->phone, phone.e164, sizeof(news->phone));
	for (int i = CALLER_ON_HOLD; i < CALLER_COUNT; i++) {
		if (strcmp(state[0] != '\0' ? state :
		    caller_names[CALLER_SPOKE], caller_names[i]) == 0)
			news->caller = (enum caller)i;
	}
	if (news->caller == CALLER_NOT_SAID && strcmp(state, "missed") != 0) {
		http_problem(request, 400, "state_unknown",
		    "\"state\" is on_hold, spoke, hung_up or missed");
		return false;
	}
	if (strlen(id) >= sizeof(news->id)) {
		http_problem(request, 400, "id_too_long",
		    "\"id\" has at most 64 bytes");
		return false;
	}
	memcpy(news->id, id, strlen(id) + 1);
	news->at_ms = store_now_ms(api->options.store);
	/* To the end of that second: what was asked within it came before. */
	if (json_is_integer(at) && json_integer_value(at) >= 0 &&
	    json_integer_value(at) < news->at_ms / 1000)
		news->at_ms = json_integer_value(at) * 1000 + 999;
	snprintf(news->by, sizeof(news->by), "%s",
	    http_is_control(request) ? "callbackctl" : "telephone");
	return true;
}

void
api_post_inbound(struct http_request *request, void *context)
{
	struct api *api = context;
	struct caller_news news = { .caller = CALLER_NOT_SAID };
	struct inbound *inbound;
	json_t *body;

	if (!store_is_up(api->options.store)) {
		api_unavailable(request);
		return;
	}
	body = api_body(request);
	if (body == NULL)
		return;
	if (!read_news(api, request, body, &news)) {
		/* It was answered. */
	} else if (news.caller == CALLER_NOT_SAID) {
		miss(api, request, body, &news);
	} else {
		inbound = calloc(1, sizeof(*inbound));
		CHECK(inbound != NULL);
		inbound->api = api;
		inbound->handle = http_hold(request);
		callers_tell(api->options.callers, &news, on_told, inbound);
	}
	json_decref(body);
}
