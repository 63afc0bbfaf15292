/* SPDX-License-Identifier: MIT */
/*
 * loop: the one place where things happen: one pass of libevent, in which
 * handlers only take notes, then everything that follows from them, then one
 * timer. Owns signals and the way out.
 */
#ifndef CALLBACKD_DAEMON_LOOP_H
#define CALLBACKD_DAEMON_LOOP_H

#include "daemon/daemon.h"

/* Runs until SIGTERM or SIGINT has drained it, or a second one ends it at once.
 * Returns the exit status. */
int loop_run(struct daemon *daemon, int64_t drain_ms);

#endif
