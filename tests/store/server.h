/* SPDX-License-Identifier: MIT */
/*
 * server: a redis-server of the test's own, on a Unix socket in a temporary
 * folder, without persistence; and one synchronous connection to it. It dies
 * with the test.
 */
#ifndef CALLBACKD_TESTS_SERVER_H
#define CALLBACKD_TESTS_SERVER_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/words.h"

#define SITE "{test}:"

/* NULL: there is no redis-server here, or it would not start. */
redisContext *server_start(void);
void server_stop(void);

/* A command of words separated by spaces; the caller frees the reply. Aborts
 * the test when the connection is gone. */
redisReply *server_ask(const char *command, ...);

/* The script's id, loaded. */
void server_load(const char *script, char ret_sha[41]);
/* Runs it with KEYS[1] = SITE and these arguments. */
redisReply *server_run(const char sha[41], const struct words *words);

int64_t server_now_ms(void);

#endif
