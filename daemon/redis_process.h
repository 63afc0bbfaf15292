/* SPDX-License-Identifier: MIT */
/*
 * The process of the embedded Redis: a child, or one that an earlier daemon has
 * left. Whether one of the latter lives is told by the lock on its log: a
 * process number may be another's by now, and a zombie may wait for ever where
 * nobody collects orphans.
 */
#ifndef CALLBACKD_DAEMON_REDIS_PROCESS_H
#define CALLBACKD_DAEMON_REDIS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "daemon/redis_folder.h"

struct redis_process {
	pid_t pid;		/* 0: none */
	bool is_child;
};

enum redis_launch {
	REDIS_LAUNCHED,
	REDIS_LAUNCH_HELD,	/* a server of ours still holds its log */
	REDIS_LAUNCH_FAILED,
};

/*
 * Starts redis-server with the folder's settings, in a session of its own, with
 * no file of ours but the log and nothing of our environment but PATH. Unless
 * launched, `ret_error` holds one line.
 */
enum redis_launch
redis_process_launch(const struct redis_folder *folder,
    struct redis_process *ret, char *ret_error, size_t error_size) MUST_USE;

/*
 * Waits for its end. True: it is forgotten, and `ret_status` is as wait(2)
 * gives it, 0 for one that was not a child.
 */
bool
redis_process_has_ended(struct redis_process *process,
    const struct redis_folder *folder, int timeout_ms, int *ret_status)
    MUST_USE;

/* Only if it is certain that it is still the same process. */
void
redis_process_signal(const struct redis_process *process,
    const struct redis_folder *folder, int signal_number);

#endif
