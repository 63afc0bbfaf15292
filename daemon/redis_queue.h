/* SPDX-License-Identifier: MIT */
/*
 * What was asked of Redis and is not answered yet, oldest first, in a ring of
 * fixed size. Knows neither time nor sockets.
 */
#ifndef CALLBACKD_DAEMON_REDIS_QUEUE_H
#define CALLBACKD_DAEMON_REDIS_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/redis_link.h"

enum redis_ask_kind {
	REDIS_ASK_COMMAND,	/* the caller's */
	REDIS_ASK_EVAL,		/* the caller's; `saved` is kept to repeat it */
	REDIS_ASK_AGAIN,	/* the same, repeated */
	REDIS_ASK_NAME,		/* CLIENT SETNAME: not worth a connection */
	REDIS_ASK_GREETING,	/* an error ends the connection */
	REDIS_ASK_PING,
	REDIS_ASK_LOAD,		/* SCRIPT LOAD after NOSCRIPT */
	REDIS_ASK_COUNT
};

struct redis_ask {
	enum redis_ask_kind kind;
	int script;			/* EVAL, AGAIN, LOAD */
	uint64_t begins_at;		/* in all bytes put out on this connection */
	int64_t deadline_at_ms;		/* monotonic */
	redis_on_reply *on_reply;	/* the caller's; NULL in others */
	void *context;
	uint64_t tag;
	const char *label;		/* GREETING: for the reason */
	char *saved;			/* EVAL: as it was written; owned */
	size_t saved_size;
};

struct redis_queue {
	struct redis_ask *at;
	size_t capacity;		/* a power of two */
	size_t first;
	size_t count;
};

void
redis_queue_init(struct redis_queue *queue, size_t capacity_min);

void
redis_queue_fini(struct redis_queue *queue);

void
redis_queue_push(struct redis_queue *queue, const struct redis_ask *ask);

/* The oldest; the caller takes `saved`. */
struct redis_ask
redis_queue_take(struct redis_queue *queue);

/* INT64_MAX when nothing waits. Looks at every entry. */
int64_t
redis_queue_deadline_at_ms(const struct redis_queue *queue);

#endif
