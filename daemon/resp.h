/* SPDX-License-Identifier: MIT */
/*
 * The Redis protocol, both ways and bounded: commands are written as arrays of
 * byte strings, never through a format; replies are read by hiredis, with
 * limits it does not have of its own. Knows no sockets and no time.
 */
#ifndef CALLBACKD_DAEMON_RESP_H
#define CALLBACKD_DAEMON_RESP_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/check.h"

/* One command, all borrowed: words that end in NUL, then arguments. */
struct resp_command {
	int word_count;
	const char *const *words;
	int argc;
	const char *const *argv;
	const size_t *argv_length;	/* NULL: these end in NUL too */
};

/* Bytes it takes. The lengths of live objects cannot overflow the sum. */
size_t
resp_size(const struct resp_command *command);

/* Writes exactly resp_size bytes. */
void
resp_write(char *ret, const struct resp_command *command);

struct resp_reader;

/* `reply_max`: bytes of one reply. Never returns NULL. */
struct resp_reader *
resp_reader_new(size_t reply_max);

void
resp_reader_free(struct resp_reader *reader);

/*
 * Takes bytes in pieces of at most RESP_FEED_MAX; after each, call
 * resp_reader_next until it gives NULL. False: it cannot be read any further;
 * resp_reader_error says why.
 */
enum { RESP_FEED_MAX = 16384 };

bool
resp_reader_feed(struct resp_reader *reader, const char *bytes, size_t length)
    MUST_USE;

/* The next whole reply, to be freed with freeReplyObject, or NULL: no more. */
bool
resp_reader_next(struct resp_reader *reader, struct redisReply **ret_reply)
    MUST_USE;

const char *
resp_reader_error(const struct resp_reader *reader);

#endif
