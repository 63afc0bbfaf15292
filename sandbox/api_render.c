/* SPDX-License-Identifier: MIT */
/*
 * Answers of the API, their lines in the ledger, and the filters of a list.
 */
#define _GNU_SOURCE	/* strptime */

#include "sandbox/api_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/http.h"
#include "sandbox/call.h"
#include "sandbox/form.h"
#include "sandbox/ledger.h"
#include "sandbox/memory.h"
#include "sandbox/sandbox.h"
#include "sandbox/text.h"

enum {
	DAY_MS = 24 * 60 * 60 * 1000,
	TOKEN_SIZE = 128,
};

static const char *
method_name(const struct http_request *request);

static json_t *
date_json(int64_t at_ms);

static json_t *
token_json(const char *url);

static bool
day_read(const char *text, int64_t *ret_begins_ms);

void
api_reply(const struct api_answer *answer, int status, json_t *stolen)
{
	api_ledger(answer, status, NULL);
	http_reply_json(answer->request, status, stolen);
}

void
api_refuse(const struct api_answer *answer, int status, int code,
    const char *text)
{
	char link[64];

	snprintf(link, sizeof(link), "https://www.twilio.com/docs/errors/%d",
	    code);
	api_ledger(answer, status, text);
	http_reply_json(answer->request, status, json_pack(
	    "{s:i, s:s, s:s, s:i}", "code", code, "message", text,
	    "more_info", link, "status", status));
}

void
api_ledger(const struct api_answer *answer, int status, const char *what)
{
	const struct form *form = answer->form;
	const char *url = form != NULL ? form_get(form, "Url") : NULL;
	const char *status_url = form != NULL ?
	    form_get(form, "StatusCallback") : NULL;
	json_t *line = json_pack("{s:s, s:s, s:i}",
	    "method", method_name(answer->request),
	    "path", http_uri(answer->request), "status", status);

	if (what != NULL)
		json_object_set_new(line, "result", json_string(what));
	if (answer->call != NULL)
		json_object_set_new(line, "sid",
		    json_string(answer->call->sid));
	if (form != NULL && form_get(form, "Body") != NULL)
		json_object_set_new(line, "text",
		    json_string(form_get(form, "Body")));
	if (answer->fault.kind != FAULT_NONE)
		json_object_set_new(line, "fault",
		    json_string(fault_name(answer->fault.kind)));
	if (form != NULL && form_get(form, "To") != NULL)
		json_object_set_new(line, "to",
		    json_string(form_get(form, "To")));
	/* Where it asks for its flow; a message has no other than this. */
	if (url == NULL)
		url = status_url;
	if (url != NULL) {
		json_object_set_new(line, "token", token_json(url));
		json_object_set_new(line, "url", json_string(url));
	}
	ledger_write(answer->sandbox->ledger, "request", line);
}

json_t *
api_render(const struct api_answer *answer)
{
	return answer->text != NULL ? text_to_json(answer->text) :
	    api_render_call(answer->call);
}

/* Charged where somebody has talked. */
#define CALL_PRICE "-0.01400"

json_t *
api_render_call(const struct call *call)
{
	char *uri = memory_format("/2010-04-01/Accounts/%s/Calls/%s.json",
	    call->sandbox->account, call->sid);
	char duration[24];
	json_t *json;

	snprintf(duration, sizeof(duration), "%lld",
	    (long long)call_duration(call));
	json = json_pack("{s:s, s:o, s:o, s:s?, s:s, s:s, s:s, s:s, s:s, s:n,"
	    " s:s, s:o, s:o, s:s?, s:s?, s:s, s:s, s:s?, s:s, s:n, s:n, s:n,"
	    " s:s, s:n, s:s, s:{}, s:s?}",
	    "sid", call->sid,
	    "date_created", date_json(call->created_at_ms),
	    "date_updated", date_json(call->ended_at_ms != 0 ?
	    call->ended_at_ms : call->answered_at_ms != 0 ?
	    call->answered_at_ms : call->created_at_ms),
	    "parent_call_sid", call->parent_sid[0] != '\0' ?
	    call->parent_sid : NULL,
	    "account_sid", call->sandbox->account,
	    "to", call->to, "to_formatted", call->to,
	    "from", call->from, "from_formatted", call->from,
	    "phone_number_sid",
	    "status", call_status_name(call->status),
	    "start_time", date_json(call->rung_at_ms),
	    "end_time", date_json(call->ended_at_ms),
	    "duration", call->status == CALL_COMPLETED ? duration : NULL,
	    "price", call->status == CALL_COMPLETED ? CALL_PRICE : NULL,
	    "price_unit", "USD",
	    "direction", call_direction(call),
	    "answered_by", detect_word(call),
	    "api_version", "2010-04-01",
	    "forwarded_from", "group_sid", "caller_name",
	    "queue_time", "0", "trunk_sid",
	    "uri", uri, "subresource_uris",
	    "status_callback", call->status_url);
	free(uri);
	CHECK(json != NULL);
	return json;
}

json_t *
api_render_page(struct http_request *request, json_t *list, long size,
    uint32_t before)
{
	struct form query = { 0 };
	char *text, *next;
	json_t *json;

	for (size_t i = 0; i < http_query_count(request); i++) {
		const char *name, *value;

		http_query_at(request, i, &name, &value);
		if (strcmp(name, "PageToken") != 0 &&
		    strcmp(name, "PageSize") != 0 &&
		    strcmp(name, "Page") != 0)
			form_add(&query, name, value);
	}
	form_add_number(&query, "PageSize", size);
	form_add_number(&query, "PageToken", before);
	text = form_encode(&query);
	next = memory_format("%s?%s", http_path(request), text);
	json = json_pack("{s:o, s:s, s:s?, s:i, s:s}", "calls", list,
	    "uri", http_uri(request),
	    "next_page_uri", before != 0 ? next : NULL,
	    "page_size", (int)size, "first_page_uri", http_path(request));
	free(next);
	free(text);
	form_fini(&query);
	CHECK(json != NULL);
	return json;
}

const char *
api_filter_read(struct http_request *request, struct api_filter *ret_filter)
{
	/* "StartTime>=DAY" is a field named "StartTime>". */
	static const struct {
		const char *name;
		enum api_day day;
	} days[] = {
		{ "StartTime", API_DAY_ON },
		{ "StartTime>", API_DAY_FROM },
		{ "StartTime>=", API_DAY_FROM },
		{ "StartTime<", API_DAY_UNTIL },
		{ "StartTime<=", API_DAY_UNTIL },
	};
	const char *to = http_query(request, "To");
	const char *from = http_query(request, "From");
	struct api_filter filter = {
		.status = http_query(request, "Status"),
		.parent = http_query(request, "ParentCallSid"),
	};

	if (to != NULL && to[0] != '\0' && !phone_address_read(to, filter.to))
		return "To is not a phone number";
	if (from != NULL && from[0] != '\0' &&
	    !phone_address_read(from, filter.from))
		return "From is not a phone number";
	for (size_t i = 0; i < COUNT_OF(days); i++) {
		const char *text = http_query(request, days[i].name);

		if (text == NULL || text[0] == '\0')
			continue;
		if (!day_read(text, &filter.day_begins_ms))
			return "StartTime is YYYY-MM-DD";
		filter.day = days[i].day;
	}
	*ret_filter = filter;
	return NULL;
}

bool
api_filter_lets(const struct api_filter *filter, const struct call *call)
{
	/* A queued call has no start yet, and must be found all the same. */
	int64_t at_ms = call->rung_at_ms != 0 ? call->rung_at_ms :
	    call->created_at_ms;
	int64_t ends_ms = filter->day_begins_ms + DAY_MS;

	if (filter->to[0] != '\0' && strcmp(filter->to, call->to) != 0)
		return false;
	if (filter->from[0] != '\0' && strcmp(filter->from, call->from) != 0)
		return false;
	if (filter->status != NULL && strcmp(filter->status,
	    call_status_name(call->status)) != 0)
		return false;
	if (filter->parent != NULL &&
	    strcmp(filter->parent, call->parent_sid) != 0)
		return false;
	switch (filter->day) {
	case API_DAY_ON:
		return at_ms >= filter->day_begins_ms && at_ms < ends_ms;
	case API_DAY_FROM:
		return at_ms >= filter->day_begins_ms;
	case API_DAY_UNTIL:
		return at_ms < ends_ms;
	case API_DAY_ANY:
		break;
	}
	return true;
}

static const char *
method_name(const struct http_request *request)
{
	switch (http_request_method(request)) {
	case HTTP_GET:
		return "GET";
	case HTTP_POST:
		return "POST";
	case HTTP_PUT:
		return "PUT";
	case HTTP_DELETE:
		return "DELETE";
	}
	return "?";
}

/* RFC 2822, in UTC; 0 is null. */
static json_t *
date_json(int64_t at_ms)
{
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm utc;
	char text[48];

	if (at_ms == 0)
		return json_null();
	gmtime_r(&seconds, &utc);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &utc);
	return json_string(text);
}

/*
 * The caller's own name of the call: the query field "token", or else the last
 * segment of the path.
 */
static json_t *
token_json(const char *url)
{
	const char *query = strchr(url, '?');
	size_t length = strcspn(url, "?#");
	const char *at = url + length;

	for (; query != NULL && *query != '\0' && *query != '#';
	    query = strchr(query + 1, '&'))
		if (strncmp(query + 1, "token=", 6) == 0) {
			query += 7;
			return json_stringn(query, strcspn(query, "&#"));
		}
	while (at > url && at[-1] != '/')
		at--;
	return json_stringn(at, (size_t)(url + length - at));
}

static bool
day_read(const char *text, int64_t *ret_begins_ms)
{
	struct tm day = { 0 };
	const char *end = strptime(text, "%Y-%m-%d", &day);

	/* A time of day is taken and ignored, as the provider does. */
	if (end == NULL || (*end != '\0' && *end != 'T' && *end != ' '))
		return false;
	*ret_begins_ms = (int64_t)timegm(&day) * 1000;
	return true;
}
