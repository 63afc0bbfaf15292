/* SPDX-License-Identifier: MIT */
/*
 * What waits stands in queues ordered by age, all of one limit, so that only
 * heads are looked at; one timer runs while any queue has something in it.
 */
#include <event2/event.h>
#include <sys/socket.h>
#include <time.h>

#include "net/http_internal.h"

static void
queue_arm(struct http_server *server);

static int64_t
clock_ms(void);

void
http_queue_init(struct queue *queue, int64_t limit_ms)
{
	TAILQ_INIT(&queue->head);
	queue->limit_ms = limit_ms;
}

void
http_queue_enter(struct queue *queue, struct connection *connection)
{
	CHECK(connection->queue == NULL);
	connection->queue = queue;
	connection->since_ms = clock_ms();
	TAILQ_INSERT_TAIL(&queue->head, connection, in_queue);
	queue->count++;
	if (!connection->front->server->tick_is_armed)
		queue_arm(connection->front->server);
}

void
http_queue_leave(struct connection *connection)
{
	if (connection->queue == NULL)
		return;
	TAILQ_REMOVE(&connection->queue->head, connection, in_queue);
	connection->queue->count--;
	connection->queue = NULL;
}

void
http_on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;
	struct queue *closed[] = { &server->arriving, &server->replying };
	struct connection *connection;
	int64_t now_ms = clock_ms();

	(void)fd;
	(void)what;
	server->tick_is_armed = false;
	for (size_t i = 0; i < COUNT_OF(closed); i++)
		while ((connection = TAILQ_FIRST(&closed[i]->head)) != NULL &&
		    now_ms - connection->since_ms >= closed[i]->limit_ms) {
			http_queue_leave(connection);
			/* evhttp reads the end of it and cleans up. */
			shutdown(connection->fd, SHUT_RDWR);
		}
	while ((connection = TAILQ_FIRST(&server->held.head)) != NULL &&
	    now_ms - connection->since_ms >= server->held.limit_ms)
		http_problem(&connection->request, 503, "timed_out",
		    "the answer did not come in time");
	if (!server->tick_is_armed && server->arriving.count +
	    server->held.count + server->replying.count > 0)
		queue_arm(server);
}

/* One timer, armed while anything waits: no timer is set per request. */
static void
queue_arm(struct http_server *server)
{
	struct timeval delay = { server->tick_ms / 1000,
		server->tick_ms % 1000 * 1000 };

	CHECK(event_add(server->tick, &delay) == 0);
	server->tick_is_armed = true;
}

/* A few ms coarse, which is enough for deadlines, and costs no system call. */
static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
