/* SPDX-License-Identifier: MIT */
/*
 * One request on its way to its handler: the guard's reading, the table of
 * routes, and the check that the handler did not forget it.
 */
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <string.h>

#include "net/http_internal.h"

static const char *
request_read(struct connection *connection, struct evhttp_request *raw);

static void
request_route(struct connection *connection);

static void
request_refuse_method(struct http_request *request, unsigned allowed);

void
http_on_request(struct evhttp_request *raw, void *arg)
{
	struct front *front = arg;
	struct http_server *server = front->server;
	struct connection *connection = http_connection_of(front, raw);
	const char *fault;

	if (connection == NULL) {
		/* One too many, or memory was out, when it was accepted. */
		evhttp_send_error(raw, HTTP_SERVUNAVAIL, NULL);
		return;
	}
	CHECK(server->in_hand == NULL);
	CHECK(connection->state == IDLE || connection->state == ARRIVING);
	http_queue_leave(connection);
	connection->state = HANDLING;
	if (++server->last_generation == 0)
		server->last_generation = 1;
	connection->generation = server->last_generation;
	server->in_hand = connection;
	evhttp_request_set_on_complete_cb(raw, http_on_reply_done, connection);
	fault = request_read(connection, raw);
	if (fault != NULL) {
		http_reply_header(&connection->request, "Connection", "close");
		http_problem(&connection->request, 400, "malformed_request",
		    fault);
	} else {
		request_route(connection);
	}
	/* Answered, held or aborted; a handler that forgets is a bug. */
	CHECK(server->in_hand == NULL);
}

/* NULL, or what is wrong with it. */
static const char *
request_read(struct connection *connection, struct evhttp_request *raw)
{
	struct http_request *request = &connection->request;
	enum evhttp_cmd_type command = evhttp_request_get_command(raw);
	struct evkeyval *header;
	const char *fault;

	request->raw = raw;
	request->is_head = command == EVHTTP_REQ_HEAD;
	request->body_is_terminated = false;
	request->method =
	    command == EVHTTP_REQ_GET || request->is_head ? HTTP_GET :
	    command == EVHTTP_REQ_POST ? HTTP_POST :
	    command == EVHTTP_REQ_PUT ? HTTP_PUT :
	    command == EVHTTP_REQ_DELETE ? HTTP_DELETE : 0;
	request->headers.count = 0;
	if (raw->major != 1 || raw->minor > 1 || raw->minor < 0) {
		/* evhttp would claim to speak it in its answer. */
		raw->major = raw->minor = 1;
		return "a version that is not HTTP/1.0 or HTTP/1.1";
	}
	if (connection->head.fault != NULL)
		return connection->head.fault;
	TAILQ_FOREACH(header, evhttp_request_get_input_headers(raw), next) {
		if (request->headers.count == GUARD_HEADER_COUNT_MAX)
			return "too many headers";
		request->headers.at[request->headers.count++] =
		    (struct guard_pair){ header->key, header->value };
	}
	fault = guard_headers_check(&request->headers,
	    command == EVHTTP_REQ_POST || command == EVHTTP_REQ_PUT ||
	    command == EVHTTP_REQ_PATCH);
	if (fault != NULL)
		return fault;
	return guard_target_parse(evhttp_request_get_uri(raw),
	    &request->target);
}

static void
request_route(struct connection *connection)
{
	struct http_server *server = connection->front->server;
	struct http_request *request = &connection->request;
	const char *path = request->target.path;
	unsigned allowed = 0;

	for (size_t i = 0; i < server->route_count; i++) {
		const struct http_route *route = &server->routes[i];

		if (!route_matches(route->pattern, path))
			continue;
		allowed |= route->method;
		if (route->method != request->method)
			continue;
		if (evbuffer_get_length(evhttp_request_get_input_buffer(
		    request->raw)) > route->body_max) {
			http_problem(request, 413, "body_too_large",
			    "the body is larger than this path takes");
			return;
		}
		if (!route_params_init(route->pattern, path,
		    &request->params)) {
			http_problem(request, 503, "no_memory", NULL);
			return;
		}
		request->route = i;
		route->on_request(request, server->context);
		return;
	}
	if (allowed == 0)
		http_problem(request, 404, "not_found",
		    "there is nothing at this path");
	else
		request_refuse_method(request, allowed);
}

static void
request_refuse_method(struct http_request *request, unsigned allowed)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%s%s%s",
	    allowed & HTTP_GET ? ", GET, HEAD" : "",
	    allowed & HTTP_POST ? ", POST" : "",
	    allowed & HTTP_PUT ? ", PUT" : "",
	    allowed & HTTP_DELETE ? ", DELETE" : "");
	http_reply_header(request, "Allow", text + strlen(", "));
	http_problem(request, 405, "method_not_allowed",
	    "this path does not take this method");
}
