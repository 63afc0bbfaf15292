/* SPDX-License-Identifier: MIT */
/*
 * The files of the embedded Redis: its folder, which nobody else may enter, the
 * lock against a second daemon, its settings, and its log, which is also the
 * lock of the server itself. Starts nothing.
 */
#ifndef CALLBACKD_DAEMON_REDIS_FOLDER_H
#define CALLBACKD_DAEMON_REDIS_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/check.h"

enum { REDIS_FOLDER_PATH_SIZE = 128 };	/* a socket's path is at most 107 */

struct redis_folder {
	char path[REDIS_FOLDER_PATH_SIZE];
	char socket[REDIS_FOLDER_PATH_SIZE];
	char log[REDIS_FOLDER_PATH_SIZE];
	char settings[REDIS_FOLDER_PATH_SIZE];
	int lock_fd;			/* -1: not open */
};

/*
 * Makes STATE_DIR/redis if need be and locks it for as long as this process
 * lives; waits up to a second for a daemon that is just ending. On false
 * `ret_error` holds one line.
 */
bool
redis_folder_open(const char *state_dir, struct redis_folder *ret,
    char *ret_error, size_t error_size) MUST_USE;

void
redis_folder_close(struct redis_folder *folder);

/* `appendfsync` is a word of Redis's own, or "off": no append-only file. */
bool
redis_folder_write_settings(const struct redis_folder *folder, int port,
    const char *appendfsync, char *ret_error, size_t error_size) MUST_USE;

/*
 * The log, open for a server's output and locked by whoever holds it open. -1
 * with errno; EWOULDBLOCK: a server of ours lives.
 */
int
redis_folder_open_log(const struct redis_folder *folder) MUST_USE;

/* The last line of the log, without control characters; "" when it has none. */
void
redis_folder_last_line(const struct redis_folder *folder, char *ret,
    size_t size);

#endif
