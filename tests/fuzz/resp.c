/* SPDX-License-Identifier: MIT */
/*
 * resp: how it comes in pieces, a line; then what Redis says. The pieces change
 * nothing; what is a record is read as each kind; and what we write is read back
 * as the words it was.
 */
#include "daemon/resp.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/store.h"
#include "lib/call.h"
#include "lib/case.h"
#include "lib/message.h"
#include "lib/request.h"
#include "lib/specialist.h"
#include "tests/fuzz/fuzz.h"

enum { REPLY_MAX = 64 * 1024, REPLIES_MAX = 64, WORDS = 16 };

struct heard {
	struct redisReply *replies[REPLIES_MAX];
	size_t count;
	bool has_failed;
};

static void
hear(const char *bytes, size_t length, size_t piece, struct heard *heard)
{
	struct resp_reader *reader = resp_reader_new(REPLY_MAX);
	struct redisReply *reply = NULL;

	*heard = (struct heard){ .count = 0 };
	for (size_t at = 0; at < length && !heard->has_failed; at += piece) {
		size_t next = length - at < piece ? length - at : piece;

		if (!resp_reader_feed(reader, bytes + at, next))
			heard->has_failed = true;
		while (!heard->has_failed) {
			if (!resp_reader_next(reader, &reply))
				heard->has_failed = true;
			else if (reply == NULL)
				break;
			else if (heard->count < REPLIES_MAX)
				heard->replies[heard->count++] = reply;
			else
				freeReplyObject(reply);
		}
	}
	if (heard->has_failed)
		CHECK(resp_reader_error(reader) != NULL &&
		    resp_reader_error(reader)[0] != '\0');
	resp_reader_free(reader);
}

static void
forget(struct heard *heard)
{
	for (size_t i = 0; i < heard->count; i++)
		freeReplyObject(heard->replies[i]);
}

static void
check_equal(const struct redisReply *a, const struct redisReply *b)
{
	CHECK(a->type == b->type && a->integer == b->integer);
	CHECK(a->elements == b->elements);
	CHECK((a->str == NULL) == (b->str == NULL));
	if (a->str != NULL)
		CHECK(a->len == b->len && memcmp(a->str, b->str, a->len) == 0);
	for (size_t i = 0; i < a->elements; i++)
		check_equal(a->element[i], b->element[i]);
}

static void
read_records(const struct redisReply *reply)
{
	union {
		struct request request;
		struct call call;
		struct specialist specialist;
		struct case_file case_file;
		struct message message;
	} record;
	struct pair pairs[STORE_PAIRS_MAX];
	int count = store_pairs(reply, pairs, STORE_PAIRS_MAX);

	CHECK(count >= -1 && count <= STORE_PAIRS_MAX);
	for (int kind = RECORD_REQUEST; kind < RECORD_COUNT; kind++)
		if (store_read_record(reply, (enum record_kind)kind, &record))
			CHECK(count > 0);
}

static void
check_written(const struct redisReply *reply)
{
	const char *argv[WORDS];
	size_t lengths[WORDS];
	struct resp_command command = { .argv = argv, .argv_length = lengths };
	struct heard heard;
	size_t size;
	char *text;

	for (size_t i = 0; i < reply->elements && i < WORDS; i++) {
		if (reply->element[i]->str == NULL)
			return;
		argv[i] = reply->element[i]->str;
		lengths[i] = reply->element[i]->len;
		command.argc++;
	}
	if (command.argc == 0)
		return;
	size = resp_size(&command);
	text = malloc(size);
	CHECK(text != NULL);
	resp_write(text, &command);
	hear(text, size, RESP_FEED_MAX, &heard);
	CHECK(!heard.has_failed && heard.count == 1);
	CHECK(heard.replies[0]->elements == (size_t)command.argc);
	for (int i = 0; i < command.argc; i++)
		CHECK(heard.replies[0]->element[i]->len == lengths[i] &&
		    memcmp(heard.replies[0]->element[i]->str, argv[i],
		        lengths[i]) == 0);
	forget(&heard);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	size_t piece = 1 + fuzz_number(&input, 64), length;
	const char *bytes = fuzz_rest(&input, &length);
	struct heard whole, pieces;

	hear(bytes, length, RESP_FEED_MAX, &whole);
	hear(bytes, length, piece, &pieces);
	CHECK(whole.has_failed == pieces.has_failed);
	CHECK(whole.count == pieces.count);
	for (size_t i = 0; i < whole.count; i++) {
		check_equal(whole.replies[i], pieces.replies[i]);
		read_records(whole.replies[i]);
		check_written(whole.replies[i]);
	}
	forget(&whole);
	forget(&pieces);
	fuzz_end(&input);
	return 0;
}
