/* SPDX-License-Identifier: MIT */
/* matcher_internal: the picture that matcher_read fills and matcher proposes from. */
#ifndef CALLBACKD_DAEMON_MATCHER_INTERNAL_H
#define CALLBACKD_DAEMON_MATCHER_INTERNAL_H

#include "daemon/matcher.h"
#include "daemon/ready_pool.h"

enum {
	HEADS = 64,             /* of those who wait, as read at a time */
	PAGES = 16,             /* read one after the other while people are left over */
	READY_HEADS = 640,      /* of those who are ready */
};

struct head {
	struct request request;
	bool is_proposed;
};

/* One queue's picture. */
struct queue_heads {
	char id[ID_SIZE];
	bool is_dirty;
	bool is_ready_dirty;
	bool is_reading;
	size_t replies;                 /* outstanding */
	struct head heads[HEADS];  size_t head_count;
	size_t from;                    /* place of the first of them */
	bool has_more;                  /* behind them */
	size_t waiting_count;           /* as last read */
	bool has_more_ready;            /* than were read */
};

struct matcher {
	struct store *store;
	struct engine *engine;
	const struct policy *policy;
	struct queue_heads *queues;  size_t queue_count;
	struct ready_pool *ready;
	struct matcher_gate gate;       /* room NULL: open */
	bool is_stopped;
	size_t proposals;               /* under way */
};

/* Reads a page of who waits, and who is ready. Replies fill the picture; is_reading until
 * the last of them. */
void matcher_read_heads(struct matcher *matcher, size_t queue);
/* Idle, and known to the settings: whom these no longer name, or do not name yet, has no
 * telephone here. */
bool matcher_may_ask(const struct matcher *matcher, const struct specialist *specialist);

#endif
