/* SPDX-License-Identifier: MIT */
/*
 * One connection to Redis on the loop. Owns the socket, the order of commands
 * and replies, the deadline of each command, the scripts that must be loaded,
 * and the way back after a loss. Never repeats a command that may have reached
 * Redis, never blocks, never calls a handler except from the loop. The program
 * ignores SIGPIPE.
 *
 *	DOWN --timer--> CONNECTING --CONNECTED--> GREETING --all answered--> UP
 *	  ^__________________ any failure, any deadline ___________________|
 */
#ifndef CALLBACKD_DAEMON_REDIS_LINK_H
#define CALLBACKD_DAEMON_REDIS_LINK_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/redis_address.h"
#include "lib/check.h"

struct event_base;
struct redis_link;

enum {
	REDIS_LINK_SCRIPT_MAX = 16,
	REDIS_LINK_CHANNEL_MAX = 16,
};

enum redis_end {
	REDIS_REPLY,
	REDIS_UNSENT,	/* certainly never written to the socket */
	REDIS_LOST,	/* written, or begun to be: may have happened */
};

/*
 * How a command ended. `reply` is borrowed until the handler returns, may be
 * an error reply, and is NULL unless `end` is REDIS_REPLY. The handler may send
 * and may free the link.
 */
typedef void
redis_on_reply(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply);

/*
 * The link came up (`why` is NULL), or is down for that reason. Down is told
 * once when it goes down and again when a failed attempt gives another reason.
 * When it is told, no command is pending any more.
 */
typedef void
redis_on_state(void *context, bool is_up, const char *why);

/* A published message; a payload with a NUL in it is cut there. */
typedef void
redis_on_message(void *context, const char *channel, const char *payload);

struct redis_link_limits {
	size_t queue_max;	/* commands without a reply */
	size_t output_max;	/* bytes not yet written */
	size_t reply_max;	/* bytes of one reply; more: the link goes down */
	int64_t connect_ms;	/* to be up, from the first packet on */
	int64_t ping_ms;	/* an idle link is asked after that much silence, */
	int64_t pong_ms;	/* and has that long to answer */
	int64_t backoff_ms;	/* the longest wait between two attempts */
};

/*
 * 16384 commands, 16 MiB out, 64 MiB in; hung Redis noticed within 2 s. Redis
 * 7.0 over TLS gives up a connection (its log says "bad length") when megabytes
 * of replies wait for their reader: there, ask for less at a time.
 */
struct redis_link_limits
redis_link_default_limits(void);

/*
 * A link that begins to connect in the next pass of the loop. Address, name and
 * limits are copied; `client_name` has no spaces. Never returns NULL.
 */
struct redis_link *
redis_link_new(struct event_base *base, const struct redis_address *address,
    const char *client_name, const struct redis_link_limits *limits,
    void *context, redis_on_state *on_state);

/* Pending commands end without their handlers being called. NULL is allowed. */
void
redis_link_free(struct redis_link *link);

bool
redis_link_is_up(const struct redis_link *link);

/* Commands of the caller that have not ended. */
size_t
redis_link_pending(const struct redis_link *link);

/*
 * Sends one command, together with all others of this pass of the loop. The
 * arguments are copied; `argv_length` NULL means they end in NUL. No reply
 * `deadline_ms` from now: the whole connection is given up. False: the link is
 * down, a subscriber, or full; nothing was sent and no handler will be called.
 */
bool
redis_link_send(struct redis_link *link, int argc, const char *const *argv,
    const size_t *argv_length, int64_t deadline_ms, redis_on_reply *on_reply,
    void *context, uint64_t tag) MUST_USE;

/*
 * Adds a script, loaded before anything else on every connection from now on;
 * `body` is borrowed for the life of the link. Returns the number for
 * redis_link_eval. At most REDIS_LINK_SCRIPT_MAX.
 */
int
redis_link_add_script(struct redis_link *link, const char *name,
    const char *body);

/*
 * As redis_link_send, with EVALSHA; argv is what follows the hash: the count of
 * keys, keys, arguments. When Redis has lost the script it is loaded and the
 * command repeated once, behind what was sent since then.
 */
bool
redis_link_eval(struct redis_link *link, int script, int argc,
    const char *const *argv, const size_t *argv_length, int64_t deadline_ms,
    redis_on_reply *on_reply, void *context, uint64_t tag) MUST_USE;

/*
 * Makes this link a subscriber, which sends nothing else from then on; it must
 * have no pending commands. It is up only while it is subscribed to all its
 * channels, so: look at the world again when it comes up. `on_message` gets the
 * link's context. False: too many channels, or the name is longer than 255.
 */
bool
redis_link_subscribe(struct redis_link *link, const char *channel,
    redis_on_message *on_message) MUST_USE;

#endif
