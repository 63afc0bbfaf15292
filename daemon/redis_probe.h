/* SPDX-License-Identifier: MIT */
/*
 * A blocking question to a Redis behind a Unix socket, with a bound on the
 * wait: for before the loop runs and after it has ended.
 */
#ifndef CALLBACKD_DAEMON_REDIS_PROBE_H
#define CALLBACKD_DAEMON_REDIS_PROBE_H

#include <sys/types.h>

#include "lib/check.h"

struct redisReply;

/* A connected socket and who listens there; -1 and errno when nobody does. */
int
redis_probe_open(const char *path, pid_t *ret_pid) MUST_USE;

/*
 * One command and its reply, to be freed with freeReplyObject; NULL: none came
 * within `timeout_ms`, or the socket was closed.
 */
struct redisReply *
redis_probe_ask(int fd, int argc, const char *const *argv, int timeout_ms)
    MUST_USE;

#endif
