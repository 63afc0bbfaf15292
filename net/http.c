/* SPDX-License-Identifier: MIT */
/*
 * The server's start and end, and its listening sockets: one evhttp for TCP and
 * one for the Unix socket. evhttp 2.1 knows no cap on connections and spins when
 * descriptors run out; both are handled here, by not listening for a while.
 */
#include "net/http.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_internal.h"
#include "net/listen.h"

enum {
	ACCEPT_PAUSE_MS = 200,
	REPLY_DEADLINE_MS = 60000,	/* for a client that reads slowly */
	TICK_MS_MIN = 5,
	TICK_MS_MAX = 200,
	METHODS = EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
	    EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
	    EVHTTP_REQ_PATCH,
};

/* evhttp owns the argument of a listener's handlers; see on_accept_error. */
static struct http_server *servers;

static bool
front_init(struct front *front, struct http_server *server, bool is_control);

static bool
front_listen(struct front *front, struct evconnlistener *listener,
    const char **ret_error);

static void
front_stop(struct front *front);

static struct bufferevent *
on_accept(struct event_base *base, void *arg);

static void
on_accept_error(struct evconnlistener *listener, void *arg);

static void
on_adopt(evutil_socket_t fd, short what, void *arg);

static void
on_resume(evutil_socket_t fd, short what, void *arg);

struct http_server *
http_server_new(struct event_base *base, const struct http_route *routes,
    size_t count, const struct http_limits *limits, void *context)
{
	struct http_server *server = calloc(1, sizeof(*server));
	int64_t shortest;

	if (server == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		CHECK(route_pattern_is_valid(routes[i].pattern));
		CHECK(routes[i].on_request != NULL);
		CHECK(routes[i].body_max <= limits->body_max);
	}
	CHECK(limits->connections_max > 0 && limits->idle_ms > 0);
	CHECK(limits->request_deadline_ms > 0 && limits->held_deadline_ms > 0);
	server->next = servers;
	servers = server;
	server->base = base;
	server->routes = routes;
	server->route_count = count;
	server->limits = *limits;
	server->context = context;
	http_queue_init(&server->arriving, limits->request_deadline_ms);
	http_queue_init(&server->held, limits->held_deadline_ms);
	http_queue_init(&server->replying, REPLY_DEADLINE_MS);
	shortest = limits->request_deadline_ms < limits->held_deadline_ms ?
	    limits->request_deadline_ms : limits->held_deadline_ms;
	server->tick_ms = shortest / 8;
	if (server->tick_ms < TICK_MS_MIN)
		server->tick_ms = TICK_MS_MIN;
	if (server->tick_ms > TICK_MS_MAX)
		server->tick_ms = TICK_MS_MAX;
	server->adopt = event_new(base, -1, 0, on_adopt, server);
	server->tick = evtimer_new(base, http_on_tick, server);
	server->resume = evtimer_new(base, on_resume, server);
	if (!front_init(&server->tcp, server, false) ||
	    !front_init(&server->control, server, true) ||
	    server->adopt == NULL || server->tick == NULL ||
	    server->resume == NULL) {
		http_server_free(server);
		return NULL;
	}
	/* A client that leaves while it is answered must not end the process. */
	signal(SIGPIPE, SIG_IGN);
	return server;
}

bool
http_server_listen_tcp(struct http_server *server, const char *address,
    int port, int *ret_port, const char **ret_error)
{
	struct evconnlistener *listener;

	listener = listen_tcp(server->base, address, port, ret_error);
	if (listener == NULL)
		return false;
	if (ret_port != NULL)
		*ret_port = listen_port(listener);
	return front_listen(&server->tcp, listener, ret_error);
}

bool
http_server_listen_unix(struct http_server *server, const char *path,
    unsigned mode, const char **ret_error)
{
	struct evconnlistener *listener;

	CHECK(server->control_path == NULL);
	listener = listen_unix(server->base, path, mode, ret_error);
	if (listener == NULL)
		return false;
	server->control_path = strdup(path);
	return front_listen(&server->control, listener, ret_error);
}

void
http_server_stop_accepting(struct http_server *server)
{
	front_stop(&server->tcp);
	front_stop(&server->control);
	if (server->control_path != NULL) {
		unlink(server->control_path);
		free(server->control_path);
		server->control_path = NULL;
	}
}

void
http_server_free(struct http_server *server)
{
	struct connection *connection;

	if (server == NULL)
		return;
	CHECK(server->in_hand == NULL);
	for (struct http_server **at = &servers; *at != NULL; at = &(*at)->next)
		if (*at == server) {
			*at = server->next;
			break;
		}
	http_server_stop_accepting(server);
	while ((connection = TAILQ_FIRST(&server->held.head)) != NULL)
		http_problem(&connection->request, 503, "stopping",
		    "the server is stopping");
	/* evhttp_free() drops what is unsent: offer it to the kernel first. */
	TAILQ_FOREACH(connection, &server->replying.head, in_queue) {
		struct evbuffer *output =
		    bufferevent_get_output(connection->stream);

		evbuffer_unfreeze(output, 1);
		evbuffer_write(output, connection->fd);
		evbuffer_freeze(output, 1);
	}
	if (server->tcp.evhttp != NULL) {
		http_front_adopt(&server->tcp);
		evhttp_free(server->tcp.evhttp);
	}
	if (server->control.evhttp != NULL) {
		http_front_adopt(&server->control);
		evhttp_free(server->control.evhttp);
	}
	CHECK(http_server_connection_count(server) == 0);
	if (server->adopt != NULL)
		event_free(server->adopt);
	if (server->tick != NULL)
		event_free(server->tick);
	if (server->resume != NULL)
		event_free(server->resume);
	free(server->slots);
	free(server->free_slots);
	free(server->by_fd);
	free(server);
}

size_t
http_server_connection_count(const struct http_server *server)
{
	return server->tcp.open_count + server->control.open_count;
}

size_t
http_server_held_count(const struct http_server *server)
{
	return server->held.count;
}

struct http_request *
http_held(struct http_server *server, struct http_handle handle)
{
	struct connection *connection;

	if (handle.generation == 0 || handle.slot >= server->slot_count)
		return NULL;
	connection = server->slots[handle.slot];
	if (connection == NULL || connection->state != HELD ||
	    connection->generation != handle.generation)
		return NULL;
	return &connection->request;
}

static bool
front_init(struct front *front, struct http_server *server, bool is_control)
{
	const struct http_limits *limits = &server->limits;
	struct timeval idle = { limits->idle_ms / 1000,
		limits->idle_ms % 1000 * 1000 };

	front->server = server;
	front->is_control = is_control;
	TAILQ_INIT(&front->fresh);
	front->evhttp = evhttp_new(server->base);
	if (front->evhttp == NULL)
		return false;
	evhttp_set_max_headers_size(front->evhttp,
	    (ev_ssize_t)limits->header_max);
	evhttp_set_max_body_size(front->evhttp, (ev_ssize_t)limits->body_max);
	evhttp_set_timeout_tv(front->evhttp, &idle);
	evhttp_set_allowed_methods(front->evhttp, METHODS);
	evhttp_set_default_content_type(front->evhttp, NULL);
	/* Else a client still sending a big body reads a reset, not our 413. */
	evhttp_set_flags(front->evhttp, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_bevcb(front->evhttp, on_accept, front);
	evhttp_set_gencb(front->evhttp, http_on_request, front);
	return true;
}

static bool
front_listen(struct front *front, struct evconnlistener *listener,
    const char **ret_error)
{
	struct evhttp_bound_socket *bound = NULL;

	if (front->listener_count < HTTP_LISTENER_MAX)
		bound = evhttp_bind_listener(front->evhttp, listener);
	if (bound == NULL) {
		evconnlistener_free(listener);
		*ret_error = "too many listening sockets";
		return false;
	}
	evconnlistener_set_error_cb(listener, on_accept_error);
	front->listeners[front->listener_count++] = bound;
	return true;
}

static void
front_stop(struct front *front)
{
	for (size_t i = 0; i < front->listener_count; i++)
		evhttp_del_accept_socket(front->evhttp, front->listeners[i]);
	front->listener_count = 0;
}

/* Listens exactly while there is room and no pause. */
void
http_front_update(struct front *front)
{
	bool is_open = !front->is_full && !front->server->is_paused;

	for (size_t i = 0; i < front->listener_count; i++) {
		struct evconnlistener *listener =
		    evhttp_bound_socket_get_listener(front->listeners[i]);

		if (is_open)
			evconnlistener_enable(listener);
		else
			evconnlistener_disable(listener);
	}
}

/*
 * evhttp asks for a stream just before it makes the connection of it: the
 * descriptor and evhttp's own object are known only when this returns, so the
 * rest is done by http_front_adopt, before any byte can be read.
 */
static struct bufferevent *
on_accept(struct event_base *base, void *arg)
{
	struct front *front = arg;
	struct connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL)
		return NULL;
	connection->stream = bufferevent_socket_new(base, -1, 0);
	if (connection->stream == NULL) {
		free(connection);
		return NULL;
	}
	connection->front = front;
	connection->fd = -1;
	TAILQ_INSERT_TAIL(&front->fresh, connection, in_fresh);
	front->open_count++;
	event_active(front->server->adopt, 0, 0);
	if (!front->is_full &&
	    front->open_count >= front->server->limits.connections_max) {
		front->is_full = true;
		http_front_update(front);
	}
	return connection->stream;
}

/*
 * Out of descriptors: a listener left enabled would spin on the same error. All
 * that libevent hands over is the evhttp, hence the list of servers.
 */
static void
on_accept_error(struct evconnlistener *listener, void *arg)
{
	static const struct timeval pause = { 0, ACCEPT_PAUSE_MS * 1000 };
	struct http_server *server = servers;

	(void)listener;
	while (server != NULL && server->tcp.evhttp != arg &&
	    server->control.evhttp != arg)
		server = server->next;
	if (server == NULL || server->is_paused)
		return;
	server->is_paused = true;
	http_front_update(&server->tcp);
	http_front_update(&server->control);
	CHECK(event_add(server->resume, &pause) == 0);
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;

	(void)fd;
	(void)what;
	server->is_paused = false;
	http_front_update(&server->tcp);
	http_front_update(&server->control);
}

static void
on_adopt(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;

	(void)fd;
	(void)what;
	http_front_adopt(&server->tcp);
	http_front_adopt(&server->control);
}
