/* SPDX-License-Identifier: MIT */
/* line: a short list, and the calls that phones make by themselves. */
#include "sandbox/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http.h"
#include "sandbox/call.h"
#include "sandbox/control_internal.h"
#include "sandbox/memory.h"
#include "sandbox/phone.h"
#include "sandbox/sandbox.h"

enum { LINES_MAX = 16, WAIT_SECONDS_MAX = 600, SECOND_MS = 1000 };

struct line {
	char number[PHONE_ADDRESS_SIZE];
	char *url, *status_url;		/* status_url NULL: not told */
	char *text_url;			/* of what is written to it; NULL: nobody hears */
};

struct lines {
	struct line items[LINES_MAX];
	size_t count;
};

static const struct line *
find(const struct lines *lines, const char *number)
{
	for (size_t i = 0; i < lines->count; i++)
		if (strcmp(lines->items[i].number, number) == 0)
			return &lines->items[i];
	return NULL;
}

struct lines *
lines_new(void)
{
	return memory_new(sizeof(struct lines));
}

void
lines_free(struct lines *lines)
{
	if (lines == NULL)
		return;
	for (size_t i = 0; i < lines->count; i++) {
		free(lines->items[i].url);
		free(lines->items[i].status_url);
		free(lines->items[i].text_url);
	}
	free(lines);
}

bool
lines_set(struct lines *lines, const json_t *json,
    char ret_error[LINE_ERROR_SIZE])
{
	const char *number = json_string_value(
	    json_object_get(json, "number"));
	const char *url = json_string_value(json_object_get(json, "url"));
	const char *status_url = json_string_value(
	    json_object_get(json, "status_url"));
	const char *text_url = json_string_value(
	    json_object_get(json, "text_url"));
	char address[PHONE_ADDRESS_SIZE];
	struct line *line;

	if (number == NULL || !phone_address_read(number, address) ||
	    url == NULL || strncmp(url, "http", 4) != 0) {
		snprintf(ret_error, LINE_ERROR_SIZE, "a line is { number = "
		    "\"...\"; url = \"http...\"; }");
		return false;
	}
	line = (struct line *)(uintptr_t)find(lines, address);
	if (line == NULL && lines->count == LINES_MAX) {
		snprintf(ret_error, LINE_ERROR_SIZE, "more than %d lines",
		    LINES_MAX);
		return false;
	}
	if (line == NULL)
		line = &lines->items[lines->count++];
	memcpy(line->number, address, sizeof(line->number));
	free(line->url);
	free(line->status_url);
	free(line->text_url);
	line->url = memory_copy(url);
	line->status_url = memory_copy(status_url);
	line->text_url = memory_copy(text_url);
	return true;
}

const char *
lines_text_url(const struct lines *lines, const char *number)
{
	const struct line *line = find(lines, number);

	return line != NULL ? line->text_url : NULL;
}

json_t *
lines_to_json(const struct lines *lines)
{
	json_t *list = json_array();

	for (size_t i = 0; i < lines->count; i++)
		json_array_append_new(list,
		    json_string(lines->items[i].number));
	return list;
}

void
line_on_change(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	char error[LINE_ERROR_SIZE];
	json_t *json;

	if (!control_may(request) ||
	    (json = control_body(request)) == NULL)
		return;
	json_object_set_new(json, "number",
	    json_string(http_param(request, "number")));
	if (lines_set(sandbox->lines, json, error))
		http_reply_json(request, 200, json_pack("{s:o}", "lines",
		    lines_to_json(sandbox->lines)));
	else
		http_problem(request, 400, "line_invalid", error);
	json_decref(json);
}

static void
make_call(struct http_request *request, struct sandbox *sandbox,
    const json_t *json, const char *phone, const struct line *line)
{
	const json_t *wait = json_object_get(json, "wait");
	struct call_order order = { .to = line->number, .from = phone,
		.url = line->url, .method = "POST",
		.status_url = line->status_url, .status_method = "POST",
		.is_inbound = true,
		.is_hidden = json_is_true(json_object_get(json, "hidden")) };
	struct call *call;

	if (json_is_integer(wait) && json_integer_value(wait) > 0 &&
	    json_integer_value(wait) <= WAIT_SECONDS_MAX)
		order.timeout_ms = json_integer_value(wait) * SECOND_MS;
	call = call_create(sandbox, &order);
	if (call == NULL)
		http_problem(request, 409, "phone_is_busy",
		    "that phone is in a call, or there are too many");
	else
		http_reply_json(request, 201, control_call_json(call));
}

void
line_on_call(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	char phone[PHONE_ADDRESS_SIZE], to[PHONE_ADDRESS_SIZE];
	const struct line *line = NULL;
	const char *text;
	json_t *json;

	if (!control_may(request) ||
	    (json = control_body(request)) == NULL)
		return;
	text = json_string_value(json_object_get(json, "to"));
	if (text != NULL && phone_address_read(text, to))
		line = find(sandbox->lines, to);
	if (!phone_address_read(http_param(request, "number"), phone))
		http_problem(request, 404, "phone_invalid",
		    "not a phone number or address");
	else if (line == NULL)
		http_problem(request, 404, "line_unknown",
		    "\"to\" is none of the lines");
	else
		make_call(request, sandbox, json, phone, line);
	json_decref(json);
}
