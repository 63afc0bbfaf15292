/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the HTTP server share, and nobody else sees: the server,
 * its connections and their queues.
 *
 *	http.c		the server, its listening sockets, start and end
 *	connection.c	connections from accept to close
 *	deadline.c	the queues of what waits, and the one timer
 *	dispatch.c	one request: guard, route, handler
 *	request.c	what handlers read and how they answer
 */
#ifndef CALLBACKD_NET_HTTP_INTERNAL_H
#define CALLBACKD_NET_HTTP_INTERNAL_H

#include <event2/util.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "net/guard.h"
#include "net/http.h"
#include "net/route.h"

struct bufferevent;
struct evbuffer;
struct event;
struct evhttp;
struct evhttp_bound_socket;
struct evhttp_connection;
struct evhttp_request;

enum { HTTP_LISTENER_MAX = 8 };

struct http_request {
	struct evhttp_request *raw;	/* NULL: none in hand */
	enum http_method method;
	bool is_head;
	bool is_control;
	bool body_is_terminated;
	const char *peer;
	struct guard_target target;
	size_t route;			/* place of the one that fits */
	struct route_params params;
	struct guard_headers headers;
};

/*
 * IDLE -> ARRIVING (first byte) -> HANDLING -> REPLYING -> IDLE
 *                                    \-> HELD -/
 */
enum http_state { IDLE, ARRIVING, HANDLING, HELD, REPLYING };

TAILQ_HEAD(queue_head, connection);

/* Connections in the order in which they entered; the head is the oldest. */
struct queue {
	struct queue_head head;
	int64_t limit_ms;
	size_t count;
};

struct connection {
	struct http_request request;	/* first: found from it by a cast */
	struct front *front;
	struct bufferevent *stream;
	struct evhttp_connection *raw;	/* NULL: closed, or not adopted yet */
	int fd;
	enum http_state state;
	uint32_t slot;
	uint32_t generation;
	int64_t since_ms;		/* when it entered its queue */
	struct queue *queue;		/* NULL: in none */
	TAILQ_ENTRY(connection) in_queue;
	TAILQ_ENTRY(connection) in_fresh;
	struct guard_head head;
	char peer[INET6_ADDRSTRLEN + 1];
};

/* One evhttp for TCP, one for the Unix socket: neither can starve the other. */
struct front {
	struct http_server *server;
	struct evhttp *evhttp;
	struct evhttp_bound_socket *listeners[HTTP_LISTENER_MAX];
	size_t listener_count;
	size_t open_count;
	bool is_control;
	bool is_full;
	struct queue_head fresh;	/* given to evhttp in this pass */
};

struct http_server {
	struct http_server *next;	/* in `servers` */
	struct event_base *base;
	const struct http_route *routes;
	size_t route_count;
	struct http_limits limits;
	void *context;
	struct front tcp, control;
	char *control_path;
	struct queue arriving, held, replying;
	struct event *adopt, *tick, *resume;
	int64_t tick_ms;
	bool tick_is_armed, is_paused;
	struct connection *in_hand;	/* its handler runs, no answer yet */
	struct connection **slots;
	uint32_t *free_slots;
	uint32_t slot_count, free_slot_count, last_generation;
	struct connection **by_fd;
	size_t by_fd_count;
};

/* "Not Found" for 404: the reason phrase. */
const char *
http_phrase(int status);

/*
 * Both end the request: its strings are gone and `raw` is evhttp's again.
 * `body` is drained and stays the caller's; NULL: none.
 */
void
http_connection_answered(struct http_request *request, int status,
    struct evbuffer *body);

void
http_connection_aborted(struct http_request *request);

struct http_handle
http_connection_held(struct http_request *request);

/* ---- connections */

/*
 * Makes ours of what evhttp accepted in this pass: it is done before any byte
 * of them can be read.
 */
void
http_front_adopt(struct front *front);

/* Listens exactly while there is room and no pause. */
void
http_front_update(struct front *front);

/* NULL: it was one too many, or memory was out, when it was accepted. */
struct connection *
http_connection_of(struct front *front, struct evhttp_request *raw) MUST_USE;

/* evhttp's handlers; `arg` is the front, and the connection. */
void
http_on_request(struct evhttp_request *raw, void *arg);

void
http_on_reply_done(struct evhttp_request *raw, void *arg);

/* ---- deadlines */

void
http_queue_init(struct queue *queue, int64_t limit_ms);

/* At the end, as of now; it must be in no queue. */
void
http_queue_enter(struct queue *queue, struct connection *connection);

/* Nothing happens when it is in none. */
void
http_queue_leave(struct connection *connection);

/* The server's timer; `arg` is the server. */
void
http_on_tick(evutil_socket_t fd, short what, void *arg);

#endif
