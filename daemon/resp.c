/* SPDX-License-Identifier: MIT */
/*
 * What hiredis 0.14 would do for a hostile server: take an array of two billion
 * elements at its word, search a line without an end again from its start with
 * each byte, and keep a reply of any size. Hence the three limits here.
 */
#define _GNU_SOURCE	/* memmem */
#include "daemon/resp.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	ELEMENT_COUNT_MAX = 1 << 20,	/* of all arrays in one reply */
	LINE_MAX_BYTES = 65536,		/* of a status, an error, a header */
};

#if defined(HIREDIS_MAJOR) && HIREDIS_MAJOR >= 1
#define ELEMENT_COUNT size_t
#else
#define ELEMENT_COUNT int
#endif

struct resp_reader {
	redisReader *reader;
	redisReplyObjectFunctions makers;	/* hiredis's, but for arrays */
	void *(*make_array)(const redisReadTask *task, ELEMENT_COUNT count);
	size_t reply_max;
	size_t reply_bytes;		/* read since the last whole reply */
	size_t element_count;		/* promised since the last whole reply */
	const char *fault;		/* static; NULL: none */
};

static size_t
length_at(const struct resp_command *command, int i);

static char *
write_count(char *at, char kind, size_t count);

static size_t
digit_count(size_t number);

static void *
make_array(const redisReadTask *task, ELEMENT_COUNT count);

static bool
line_is_endless(const redisReader *reader);

size_t
resp_size(const struct resp_command *command)
{
	int count = command->word_count + command->argc;
	size_t size = 1 + digit_count((size_t)count) + 2;

	for (int i = 0; i < count; i++) {
		size_t length = length_at(command, i);

		size += 1 + digit_count(length) + 2 + length + 2;
	}
	return size;
}

void
resp_write(char *ret, const struct resp_command *command)
{
	int count = command->word_count + command->argc;
	char *at = write_count(ret, '*', (size_t)count);

	for (int i = 0; i < count; i++) {
		const char *bytes = i < command->word_count ?
		    command->words[i] : command->argv[i - command->word_count];
		size_t length = length_at(command, i);

		at = write_count(at, '$', length);
		memcpy(at, bytes, length);
		at += length;
		*at++ = '\r';
		*at++ = '\n';
	}
}

struct resp_reader *
resp_reader_new(size_t reply_max)
{
	struct resp_reader *reader = calloc(1, sizeof(*reader));

	CHECK(reader != NULL);
	reader->reader = redisReaderCreate();
	CHECK(reader->reader != NULL);
	reader->makers = *reader->reader->fn;
	reader->make_array = reader->makers.createArray;
	reader->makers.createArray = make_array;
	reader->reader->fn = &reader->makers;
	reader->reader->privdata = reader;
	reader->reply_max = reply_max;
	return reader;
}

void
resp_reader_free(struct resp_reader *reader)
{
	if (reader == NULL)
		return;
	redisReaderFree(reader->reader);
	free(reader);
}

bool
resp_reader_feed(struct resp_reader *reader, const char *bytes, size_t length)
{
	CHECK(length <= RESP_FEED_MAX);
	reader->reply_bytes += length;
	return redisReaderFeed(reader->reader, bytes, length) == REDIS_OK;
}

bool
resp_reader_next(struct resp_reader *reader, struct redisReply **ret_reply)
{
	void *reply = NULL;

	if (redisReaderGetReply(reader->reader, &reply) != REDIS_OK)
		return false;
	if (reply != NULL) {
		reader->reply_bytes = reader->reader->len - reader->reader->pos;
		reader->element_count = 0;
	} else if (reader->reply_bytes > reader->reply_max) {
		reader->fault = "a reply is larger than allowed";
		return false;
	} else if (line_is_endless(reader->reader)) {
		reader->fault = "a line of a reply does not end";
		return false;
	}
	*ret_reply = reply;
	return true;
}

const char *
resp_reader_error(const struct resp_reader *reader)
{
	return reader->fault != NULL ? reader->fault : reader->reader->errstr;
}

static size_t
length_at(const struct resp_command *command, int i)
{
	if (i < command->word_count)
		return strlen(command->words[i]);
	i -= command->word_count;
	return command->argv_length == NULL ? strlen(command->argv[i]) :
	    command->argv_length[i];
}

static size_t
digit_count(size_t number)
{
	size_t count = 1;

	while (number >= 10) {
		number /= 10;
		count++;
	}
	return count;
}

static char *
write_count(char *at, char kind, size_t count)
{
	size_t digits = digit_count(count);

	*at++ = kind;
	for (size_t i = digits; i-- > 0; count /= 10)
		at[i] = (char)('0' + count % 10);
	at += digits;
	*at++ = '\r';
	*at++ = '\n';
	return at;
}

static void *
make_array(const redisReadTask *task, ELEMENT_COUNT count)
{
	struct resp_reader *reader = task->privdata;

	if ((uintmax_t)count > ELEMENT_COUNT_MAX - reader->element_count) {
		reader->fault = "a reply has more elements than allowed";
		return NULL;
	}
	reader->element_count += (size_t)count;
	return reader->make_array(task, count);
}

/* A byte string that is still coming has its header's end near the front. */
static bool
line_is_endless(const redisReader *reader)
{
	return reader->len - reader->pos > LINE_MAX_BYTES &&
	    memmem(reader->buf + reader->pos, LINE_MAX_BYTES, "\r\n", 2) ==
	    NULL;
}
