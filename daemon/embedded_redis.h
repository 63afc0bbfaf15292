/* SPDX-License-Identifier: MIT */
/*
 * A private redis-server in the state directory. Owns its folder, settings,
 * process and life: it is started before the loop, outlives a daemon that was
 * killed and is adopted by the next, and ends with a daemon that stops cleanly.
 * Never reads or writes what is stored in it.
 *
 *	STATE_DIR/redis/	0700
 *	  lock			held by the daemon while it runs
 *	  redis.conf		written at every start, not for editing
 *	  redis.sock  redis.pid  redis.log  appendonlydir/
 *
 * The log is also a lock: the server's standard output carries it, so it is
 * held exactly as long as a server of ours lives, whoever started it.
 */
#ifndef CALLBACKD_DAEMON_EMBEDDED_REDIS_H
#define CALLBACKD_DAEMON_EMBEDDED_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "daemon/redis_address.h"
#include "lib/check.h"

struct embedded_redis;

struct embedded_redis_options {
	const char *state_dir;		/* exists; its path fits a socket's */
	int port;			/* on 127.0.0.1; 0: the socket only */
	const char *appendfsync;	/* always (also NULL), everysec, no, off */
};

/*
 * Adopts the server that runs in this directory, or starts one, and waits until
 * it serves. Blocks for less than a minute: a server that still loads its data
 * after half of one is left to the link, which is down until then. NULL:
 * `ret_error` holds one line that names the log file where there is one.
 */
struct embedded_redis *
embedded_redis_start(const struct embedded_redis_options *options,
    struct redis_address *ret_address, char *ret_error, size_t error_size)
    MUST_USE;

/* It was running already when we came. */
bool
embedded_redis_is_adopted(const struct embedded_redis *embedded);

/* 0: it does not run. */
pid_t
embedded_redis_pid(const struct embedded_redis *embedded);

/*
 * For once a second while the link is down: a server that has died is started
 * again, without waiting for it to serve. False: it is dead and could not be
 * started; embedded_redis_error says why.
 */
bool
embedded_redis_check(struct embedded_redis *embedded);

/* What went wrong last; "" when nothing did. */
const char *
embedded_redis_error(const struct embedded_redis *embedded);

/*
 * Tells the server to save and end, waits for it, and frees. False with a
 * static text: it had to be killed, or had died before. NULL is allowed.
 */
bool
embedded_redis_stop(struct embedded_redis *embedded, const char **ret_error);

#endif
