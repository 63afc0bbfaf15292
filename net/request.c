/* SPDX-License-Identifier: MIT */
/*
 * What handlers read from a request and how they answer it. The connection and
 * its clocks are http.c's.
 */
#include <event2/buffer.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#include "net/http.h"
#include "net/http_internal.h"

static void
header_default(struct http_request *request, const char *name,
    const char *value);

enum http_method
http_request_method(const struct http_request *request)
{
	return request->method;
}

size_t
http_request_route(const struct http_request *request)
{
	return request->route;
}

const char *
http_path(const struct http_request *request)
{
	return request->target.path;
}

const char *
http_uri(const struct http_request *request)
{
	return evhttp_request_get_uri(request->raw);
}

const char *
http_param(const struct http_request *request, const char *name)
{
	return route_param(&request->params, name);
}

const char *
http_query(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->target.query_count; i++)
		if (strcmp(request->target.query[i].name, name) == 0)
			return request->target.query[i].value;
	return NULL;
}

size_t
http_query_count(const struct http_request *request)
{
	return request->target.query_count;
}

void
http_query_at(const struct http_request *request, size_t index,
    const char **ret_name, const char **ret_value)
{
	CHECK(index < request->target.query_count);
	*ret_name = request->target.query[index].name;
	*ret_value = request->target.query[index].value;
}

const char *
http_header(const struct http_request *request, const char *name)
{
	return evhttp_find_header(
	    evhttp_request_get_input_headers(request->raw), name);
}

size_t
http_header_count(const struct http_request *request)
{
	return request->headers.count;
}

void
http_header_at(const struct http_request *request, size_t index,
    const char **ret_name, const char **ret_value)
{
	CHECK(index < request->headers.count);
	*ret_name = request->headers.at[index].name;
	*ret_value = request->headers.at[index].value;
}

const char *
http_body(struct http_request *request, size_t *ret_length)
{
	struct evbuffer *input = evhttp_request_get_input_buffer(request->raw);
	const char *body;

	if (!request->body_is_terminated) {
		CHECK(evbuffer_add(input, "", 1) == 0);
		request->body_is_terminated = true;
	}
	body = (const char *)evbuffer_pullup(input, -1);
	CHECK(body != NULL);
	if (ret_length != NULL)
		*ret_length = evbuffer_get_length(input) - 1;
	return body;
}

const char *
http_peer(const struct http_request *request)
{
	return request->peer;
}

bool
http_is_control(const struct http_request *request)
{
	return request->is_control;
}

void
http_reply_header(struct http_request *request, const char *name,
    const char *value)
{
	/* Refuses a line break by itself, which is all the contract promises. */
	(void)evhttp_add_header(
	    evhttp_request_get_output_headers(request->raw), name, value);
}

void
http_reply(struct http_request *request, int status, const char *type,
    const void *body, size_t length)
{
	struct evbuffer *output = NULL;
	char text[24];

	CHECK(status >= 200 && status <= 599);
	CHECK(request->raw != NULL);
	if (type != NULL)
		header_default(request, "Content-Type", type);
	header_default(request, "X-Content-Type-Options", "nosniff");
	header_default(request, "Cache-Control", "no-store");
	if (request->is_head) {
		snprintf(text, sizeof(text), "%zu", length);
		header_default(request, "Content-Length", text);
	} else if (length > 0) {
		output = evbuffer_new();
		CHECK(output != NULL);
		CHECK(evbuffer_add(output, body, length) == 0);
	}
	http_connection_answered(request, status, output);
	if (output != NULL)
		evbuffer_free(output);
}

void
http_reply_json(struct http_request *request, int status, json_t *stolen)
{
	char *text = stolen != NULL ? json_dumps(stolen, JSON_COMPACT) : NULL;

	json_decref(stolen);
	if (text == NULL) {
		http_problem(request, 500, "internal",
		    "the answer could not be written");
		return;
	}
	http_reply(request, status, "application/json", text, strlen(text));
	free(text);
}

void
http_problem(struct http_request *request, int status, const char *code,
    const char *detail)
{
	json_t *problem = json_pack("{s:s, s:s, s:i, s:s, s:s*}",
	    "type", "about:blank", "title", http_phrase(status),
	    "status", status, "code", code, "detail", detail);
	char *text = problem != NULL ? json_dumps(problem, JSON_COMPACT) : NULL;

	json_decref(problem);
	/* `detail` may quote input that is not UTF-8: then it is left out. */
	if (text == NULL && detail != NULL) {
		http_problem(request, status, code, NULL);
		return;
	}
	CHECK(text != NULL);
	http_reply(request, status, "application/problem+json", text,
	    strlen(text));
	free(text);
}

void
http_abort(struct http_request *request)
{
	http_connection_aborted(request);
}

struct http_handle
http_hold(struct http_request *request)
{
	return http_connection_held(request);
}

static void
header_default(struct http_request *request, const char *name,
    const char *value)
{
	struct evkeyvalq *headers =
	    evhttp_request_get_output_headers(request->raw);

	if (evhttp_find_header(headers, name) == NULL)
		evhttp_add_header(headers, name, value);
}

const char *
http_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" },
		{ 204, "No Content" }, { 301, "Moved Permanently" },
		{ 302, "Found" }, { 303, "See Other" },
		{ 304, "Not Modified" }, { 400, "Bad Request" },
		{ 401, "Unauthorized" }, { 402, "Payment Required" },
		{ 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 406, "Not Acceptable" },
		{ 408, "Request Timeout" }, { 409, "Conflict" },
		{ 410, "Gone" }, { 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" },
		{ 425, "Too Early" }, { 428, "Precondition Required" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
		{ 502, "Bad Gateway" }, { 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < COUNT_OF(phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return status < 300 ? "Success" : status < 400 ? "Redirection" :
	    status < 500 ? "Client Error" : "Server Error";
}
