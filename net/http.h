/* SPDX-License-Identifier: MIT */
/*
 * An HTTP/1.1 server on libevent's evhttp behind a guard. It owns sockets,
 * connections, deadlines and the table of routes; it knows no route by itself
 * and never logs. Whatever evhttp reads too kindly is refused here before a
 * handler sees it. Every request is answered exactly once: by its handler, by
 * whoever looks up its handle later, or with 503 by the server.
 *
 * Everything here runs on the thread of the event loop. A struct http_request
 * is valid inside on_request, and afterwards only as long as http_held() still
 * returns it; any of http_reply*, http_problem and http_abort ends it.
 */
#ifndef CALLBACKD_NET_HTTP_H
#define CALLBACKD_NET_HTTP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/check.h"

struct event_base;
struct http_request;
struct http_server;

enum http_method {
	HTTP_GET = 1,		/* HEAD arrives as GET; its body is not sent */
	HTTP_POST = 2,
	HTTP_PUT = 4,
	HTTP_DELETE = 8,
};

/*
 * The first route of the table that fits wins. A segment of the pattern is
 * literal text, "{name}" (one segment, not empty) or, only as the last one,
 * "{name...}" (all the rest, perhaps empty). The strings of the table are
 * borrowed for the life of the server.
 */
struct http_route {
	enum http_method method;
	const char *pattern;
	void (*on_request)(struct http_request *request, void *context);
	size_t body_max;	/* bytes; more is answered 413 */
};

struct http_limits {
	size_t header_max;		/* bytes of request line and headers */
	size_t body_max;		/* bytes; above any route's body_max */
	size_t connections_max;		/* of TCP; and again of the Unix socket */
	int64_t request_deadline_ms;	/* a whole request must arrive within */
	int64_t held_deadline_ms;	/* a held one is then answered 503 */
	int64_t idle_ms;		/* no byte moves: closed */
};

/* A held request from outside the handler; safe to keep for ever. */
struct http_handle {
	uint32_t slot;
	uint32_t generation;	/* 0 never names a request */
};

/*
 * CHECKs the patterns. `context` is passed to every handler. Returns NULL only
 * when memory is out.
 */
struct http_server *
http_server_new(struct event_base *base, const struct http_route *routes,
    size_t count, const struct http_limits *limits, void *context) MUST_USE;

/*
 * Listens on a numeric IPv4 or IPv6 address; port 0 takes any free one.
 * `ret_port` may be NULL. On failure returns false with a static reason or
 * the system's.
 */
bool
http_server_listen_tcp(struct http_server *server, const char *address,
    int port, int *ret_port, const char **ret_error) MUST_USE;

/*
 * Listens on a Unix socket: the control socket. A dead socket file in the way
 * is replaced; one that answers, or another kind of file, is an error. The
 * file gets `mode` and is removed when the server stops accepting.
 */
bool
http_server_listen_unix(struct http_server *server, const char *path,
    unsigned mode, const char **ret_error) MUST_USE;

/* Closes the listening sockets; open connections go on being served. */
void
http_server_stop_accepting(struct http_server *server);

/* Answers what is held with 503, then closes everything. Accepts NULL. */
void
http_server_free(struct http_server *server);

/* How many connections are open; for metrics and for draining. */
size_t
http_server_connection_count(const struct http_server *server);

/* How many requests are held; 0 means nothing waits for an answer. */
size_t
http_server_held_count(const struct http_server *server);

/* ---- reading a request; strings live as long as the request */

enum http_method
http_request_method(const struct http_request *request);

/* The place of its route in the table: lets one handler serve many. */
size_t
http_request_route(const struct http_request *request);

/* The decoded path: no "..", no empty segment in the middle, no NUL. */
const char *
http_path(const struct http_request *request);

/* The request target as sent, query included: what signatures cover. */
const char *
http_uri(const struct http_request *request);

/* What "{name}" of the pattern matched, decoded; NULL: no such name. */
const char *
http_param(const struct http_request *request, const char *name);

/* The first query field of that decoded name, decoded; NULL: none. */
const char *
http_query(const struct http_request *request, const char *name);

/* The query fields in order, decoded. */
size_t
http_query_count(const struct http_request *request);

void
http_query_at(const struct http_request *request, size_t index,
    const char **ret_name, const char **ret_value);

/* The first header of that name, any case; NULL: none. */
const char *
http_header(const struct http_request *request, const char *name);

size_t
http_header_count(const struct http_request *request);

void
http_header_at(const struct http_request *request, size_t index,
    const char **ret_name, const char **ret_value);

/* The body; a NUL follows its last byte. `ret_length` may be NULL. */
const char *
http_body(struct http_request *request, size_t *ret_length);

/* The client's numeric address; "control" on the Unix socket. */
const char *
http_peer(const struct http_request *request);

/* True when it came over the Unix socket. */
bool
http_is_control(const struct http_request *request);

/* ---- answering it, exactly once */

/*
 * Adds a header to the coming reply. One whose value carries a line break is
 * left out. X-Content-Type-Options and Cache-Control get safe defaults unless
 * set here.
 */
void
http_reply_header(struct http_request *request, const char *name,
    const char *value);

/* `type` NULL sends no Content-Type; `body` is copied. */
void
http_reply(struct http_request *request, int status, const char *type,
    const void *body, size_t length);

/* Steals `stolen`; NULL (memory was out) answers 500. */
void
http_reply_json(struct http_request *request, int status, json_t *stolen);

/* RFC 9457: {type, title, status, code, detail}; `detail` may be NULL. */
void
http_problem(struct http_request *request, int status, const char *code,
    const char *detail);

/* Closes the connection without an answer. */
void
http_abort(struct http_request *request);

/*
 * Says that the answer comes later; a request that is held already stays held,
 * with the deadline it has. The client's leaving is not noticed
 * meanwhile: the answer then goes nowhere.
 */
struct http_handle
http_hold(struct http_request *request);

/* NULL when it was answered already, by whomever. */
struct http_request *
http_held(struct http_server *server, struct http_handle handle);

#endif
