/* SPDX-License-Identifier: MIT */
/*
 * The two halves of a link: redis_link.c owns the connection and its life,
 * redis_talk.c what is said on it. For these two only.
 */
#ifndef CALLBACKD_DAEMON_REDIS_LINK_INTERNAL_H
#define CALLBACKD_DAEMON_REDIS_LINK_INTERNAL_H

#include "daemon/redis_link.h"
#include "daemon/redis_queue.h"
#include "daemon/redis_socket.h"

struct bufferevent;
struct event;
struct resp_reader;

enum link_state { LINK_DOWN, LINK_CONNECTING, LINK_GREETING, LINK_UP };

enum { SHA_HEX_SIZE = 41 };

struct redis_script {
	const char *name;
	const char *body;		/* borrowed */
	char sha[SHA_HEX_SIZE];
	bool is_loading;		/* after NOSCRIPT, reply not here yet */
};

struct redis_channel {
	char name[256];
	redis_on_message *on_message;
};

struct redis_link {
	struct event_base *base;
	struct redis_address address;
	struct redis_link_limits limits;
	char client_name[64];
	void *context;
	redis_on_state *on_state;

	enum link_state state;
	struct bufferevent *socket;	/* NULL in DOWN */
	struct resp_reader *reader;	/* NULL in DOWN */
	struct ssl_ctx_st *tls;		/* NULL until the first attempt */
	struct redis_queue queue;
	size_t own_count;		/* the caller's part of the queue */
	size_t greeting_count;		/* replies until it is up */
	uint64_t put_bytes;		/* into this connection's output */

	/* All monotonic; redis_link_arm sets the timer to the first. */
	struct event *timer;
	int64_t timer_at_ms;
	bool had_grace;
	int64_t grace_until_ms;		/* 0: nothing is overdue */
	int64_t attempt_at_ms;		/* DOWN */
	int64_t give_up_at_ms;		/* CONNECTING, GREETING */
	int64_t deadline_at_ms;		/* UP: no deadline is earlier */
	int64_t ping_at_ms;		/* UP */
	int64_t heard_at_ms;
	int64_t up_at_ms;

	int attempt_count;		/* since it was last up for a while */
	char told_why[REDIS_SOCKET_WHY_SIZE];	/* "": told that it is up */

	/* A handler may free the link: it goes when the last one has left. */
	int handler_depth;
	bool is_freed;

	int script_count;
	struct redis_script scripts[REDIS_LINK_SCRIPT_MAX];
	int channel_count;		/* > 0: a subscriber */
	struct redis_channel channels[REDIS_LINK_CHANNEL_MAX];
};

/* ---- redis_link.c */

/* Sets the timer anew; call it when a moment has become earlier. */
void
redis_link_arm(struct redis_link *link);

/* Gives the connection up and ends all commands. From the loop only. */
void
redis_link_fail(struct redis_link *link, const char *why);

/* All greetings are answered. */
void
redis_link_came_up(struct redis_link *link);

/* ---- redis_talk.c */

/* Says who we are and what we need; the last reply brings the link up. */
void
redis_talk_greet(struct redis_link *link);

void
redis_talk_ping(struct redis_link *link);

void
redis_talk_take_reply(struct redis_link *link, const struct redisReply *reply);

/* Ends everything that waits; the first `sent_bytes` may have been read. */
void
redis_talk_end_all(struct redis_link *link, uint64_t sent_bytes);

#endif
