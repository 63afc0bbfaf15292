/* SPDX-License-Identifier: MIT */
/*
 * Connections from accept to close. evhttp says nothing about a connection
 * before its first request, so each one is followed from the stream it is given
 * to the close it reports; bytes are seen here before evhttp reads them.
 * Nothing walks over all connections: they are found by descriptor or by slot.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/http_internal.h"

static bool
connection_place(struct connection *connection);

static void
connection_free(struct connection *connection);

static void
on_close(struct evhttp_connection *raw, void *arg);

static void
on_input(struct evbuffer *input, const struct evbuffer_cb_info *info,
    void *arg);

static void
request_begin(struct connection *connection, size_t offset);

static void
request_fini(struct http_request *request);

void
http_front_adopt(struct front *front)
{
	struct connection *connection;
	const int on = 1;

	while ((connection = TAILQ_FIRST(&front->fresh)) != NULL) {
		char *address = NULL;
		uint16_t port;
		void *raw = NULL;

		TAILQ_REMOVE(&front->fresh, connection, in_fresh);
		connection->fd = bufferevent_getfd(connection->stream);
		/* evhttp is the argument of the stream's handlers. */
		bufferevent_getcb(connection->stream, NULL, NULL, NULL, &raw);
		CHECK(raw != NULL && connection->fd >= 0);
		connection->raw = raw;
		evhttp_connection_set_closecb(raw, on_close, connection);
		/*
		 * Without a place http_connection_of() does not know it, so
		 * that not even a request that is already here is handled.
		 */
		connection->slot = UINT32_MAX;
		if (front->open_count > front->server->limits.connections_max ||
		    !connection_place(connection)) {
			/* evhttp reads the end of it and cleans up. */
			shutdown(connection->fd, SHUT_RDWR);
			continue;
		}
		evhttp_connection_get_peer(raw, &address, &port);
		snprintf(connection->peer, sizeof(connection->peer), "%s",
		    front->is_control || address == NULL ? "control" : address);
		if (!front->is_control)
			setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY,
			    &on, sizeof(on));
		connection->request.peer = connection->peer;
		connection->request.is_control = front->is_control;
		evbuffer_add_cb(bufferevent_get_input(connection->stream),
		    on_input, connection);
	}
}

struct connection *
http_connection_of(struct front *front, struct evhttp_request *raw)
{
	struct http_server *server = front->server;
	struct evhttp_connection *owner = evhttp_request_get_connection(raw);
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(owner));

	http_front_adopt(front);
	if (fd < 0 || (size_t)fd >= server->by_fd_count ||
	    server->by_fd[fd] == NULL || server->by_fd[fd]->raw != owner)
		return NULL;
	return server->by_fd[fd];
}

/* The reply is with the kernel; a next request may wait in the buffer. */
void
http_on_reply_done(struct evhttp_request *raw, void *arg)
{
	struct connection *connection = arg;

	(void)raw;
	CHECK(connection->state == REPLYING);
	http_queue_leave(connection);
	connection->state = IDLE;
	if (evbuffer_get_length(bufferevent_get_input(connection->stream)) > 0)
		request_begin(connection, 0);
}

void
http_connection_answered(struct http_request *request, int status,
    struct evbuffer *body)
{
	struct connection *connection = (struct connection *)request;
	struct http_server *server = connection->front->server;
	struct evhttp_request *raw = request->raw;

	CHECK(connection->state == HANDLING || connection->state == HELD);
	if (server->in_hand == connection)
		server->in_hand = NULL;
	http_queue_leave(connection);
	request_fini(request);
	if (connection->raw == NULL) {
		/* The client left; evhttp only frees the request now. */
		evhttp_send_reply(raw, status, NULL, body);
		connection_free(connection);
		return;
	}
	connection->state = REPLYING;
	http_queue_enter(&server->replying, connection);
	evhttp_send_reply(raw, status, http_phrase(status), body);
}

void
http_connection_aborted(struct http_request *request)
{
	struct connection *connection = (struct connection *)request;
	struct evhttp_request *raw = request->raw;

	CHECK(connection->state == HANDLING || connection->state == HELD);
	if (connection->front->server->in_hand == connection)
		connection->front->server->in_hand = NULL;
	http_queue_leave(connection);
	request_fini(request);
	connection->state = IDLE;
	if (connection->raw == NULL) {
		evhttp_send_reply(raw, 503, NULL, NULL);
		connection_free(connection);
		return;
	}
	evhttp_connection_free(connection->raw);	/* calls on_close */
}

struct http_handle
http_connection_held(struct http_request *request)
{
	struct connection *connection = (struct connection *)request;
	struct http_server *server = connection->front->server;

	if (connection->state == HELD)
		return (struct http_handle){ connection->slot,
			connection->generation };
	CHECK(connection->state == HANDLING);
	CHECK(server->in_hand == connection);
	server->in_hand = NULL;
	connection->state = HELD;
	http_queue_enter(&server->held, connection);
	return (struct http_handle){ connection->slot, connection->generation };
}

static void
request_fini(struct http_request *request)
{
	guard_target_fini(&request->target);
	route_params_fini(&request->params);
	request->headers.count = 0;
	request->raw = NULL;
}

/* Gives it a slot and its place by descriptor; false: memory is out. */
static bool
connection_place(struct connection *connection)
{
	struct http_server *server = connection->front->server;
	size_t fd = (size_t)connection->fd;

	if (fd >= server->by_fd_count) {
		size_t count = (fd + 64) * 2;
		struct connection **by_fd = reallocarray(server->by_fd, count,
		    sizeof(struct connection *));

		if (by_fd == NULL)
			return false;
		memset(by_fd + server->by_fd_count, 0,
		    (count - server->by_fd_count) * sizeof(*by_fd));
		server->by_fd = by_fd;
		server->by_fd_count = count;
	}
	if (server->free_slot_count == 0) {
		uint32_t count = server->slot_count + 64;
		struct connection **slots = reallocarray(server->slots, count,
		    sizeof(struct connection *));
		uint32_t *free_slots;

		if (slots == NULL)
			return false;
		server->slots = slots;
		free_slots = reallocarray(server->free_slots, count,
		    sizeof(uint32_t));
		if (free_slots == NULL)
			return false;
		server->free_slots = free_slots;
		while (server->slot_count < count) {
			slots[server->slot_count] = NULL;
			free_slots[server->free_slot_count++] =
			    server->slot_count++;
		}
	}
	server->by_fd[fd] = connection;
	connection->slot = server->free_slots[--server->free_slot_count];
	server->slots[connection->slot] = connection;
	return true;
}

/* evhttp is done with the connection: closed by the client, by it or by us. */
static void
on_close(struct evhttp_connection *raw, void *arg)
{
	struct connection *connection = arg;
	struct front *front = connection->front;
	struct http_server *server = front->server;

	CHECK(connection->raw == raw);
	connection->raw = NULL;
	if (connection->slot != UINT32_MAX) {
		server->by_fd[connection->fd] = NULL;
		evbuffer_remove_cb(bufferevent_get_input(connection->stream),
		    on_input, connection);
	}
	front->open_count--;
	if (front->is_full &&
	    front->open_count < server->limits.connections_max) {
		front->is_full = false;
		http_front_update(front);
	}
	/* What is still to be answered keeps its slot until then. */
	if (connection->state != HANDLING && connection->state != HELD)
		connection_free(connection);
}

static void
connection_free(struct connection *connection)
{
	struct http_server *server = connection->front->server;

	http_queue_leave(connection);
	if (connection->slot != UINT32_MAX) {
		server->slots[connection->slot] = NULL;
		server->free_slots[server->free_slot_count++] =
		    connection->slot;
	}
	free(connection);
}

/* Looks at bytes before evhttp does: starts the clock, reads the head. */
static void
on_input(struct evbuffer *input, const struct evbuffer_cb_info *info,
    void *arg)
{
	struct connection *connection = arg;

	(void)input;
	if (info->n_added == 0)
		return;
	if (connection->state == IDLE || connection->state == ARRIVING)
		request_begin(connection, info->orig_size);
}

static void
request_begin(struct connection *connection, size_t offset)
{
	struct evbuffer *input = bufferevent_get_input(connection->stream);
	struct evbuffer_ptr at;
	struct evbuffer_iovec parts[16];
	int count;

	if (connection->state == IDLE) {
		memset(&connection->head, 0, sizeof(connection->head));
		connection->state = ARRIVING;
		http_queue_enter(&connection->front->server->arriving,
		    connection);
	}
	if (connection->head.state == GUARD_DONE ||
	    evbuffer_ptr_set(input, &at, offset, EVBUFFER_PTR_SET) != 0)
		return;
	count = evbuffer_peek(input, -1, &at, parts, COUNT_OF(parts));
	for (int i = 0; i < count && i < (int)COUNT_OF(parts); i++)
		guard_head_feed(&connection->head, parts[i].iov_base,
		    parts[i].iov_len);
	if (count > (int)COUNT_OF(parts) &&
	    connection->head.state != GUARD_DONE)
		connection->head.fault = "a head in too many pieces";
}
