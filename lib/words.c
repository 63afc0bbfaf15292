/* SPDX-License-Identifier: MIT */
/* words: bytes one after another, each word with its end. */
#include "lib/words.h"

#include <stdlib.h>
#include <string.h>

#include "lib/check.h"
#include "lib/text.h"

void
words_fini(struct words *words)
{
	free(words->bytes);
	free(words->ends);
	*words = (struct words){ 0 };
}

void
words_clear(struct words *words)
{
	words->used = 0;
	words->count = 0;
}

static void
make_room(struct words *words, size_t bytes, size_t count)
{
	if (words->used + bytes > words->size) {
		size_t size = words->size == 0 ? 1024 : words->size * 2;

		while (size < words->used + bytes)
			size *= 2;
		words->bytes = realloc(words->bytes, size);
		CHECK(words->bytes != NULL);
		words->size = size;
	}
	if (words->count + count > words->room) {
		size_t room = words->room == 0 ? 64 : words->room * 2;

		while (room < words->count + count)
			room *= 2;
		words->ends = realloc(words->ends, room * sizeof(*words->ends));
		CHECK(words->ends != NULL);
		words->room = room;
	}
}

void
words_add_bytes(struct words *words, const void *bytes, size_t length)
{
	make_room(words, length + 1, 1);
	if (length > 0)
		memcpy(words->bytes + words->used, bytes, length);
	words->bytes[words->used + length] = '\0';
	words->used += length + 1;
	words->ends[words->count++] = words->used;
}

void
words_add(struct words *words, const char *text)
{
	words_add_bytes(words, text, strlen(text));
}

void
words_add_number(struct words *words, int64_t number)
{
	char text[TEXT_NUMBER_SIZE];

	words_add_bytes(words, text, text_number(number, text));
}

size_t
words_add_counts(struct words *words, size_t count)
{
	static const char zeros[] = "0000000000000000";

	CHECK(count < sizeof(zeros));
	words_add_bytes(words, zeros, count);
	return words->count - 1;
}

void
words_set_count(struct words *words, size_t place, size_t which, size_t n)
{
	size_t begin = place == 0 ? 0 : words->ends[place - 1];

	CHECK(begin + which + 1 < words->ends[place]);
	CHECK(n <= COUNT_OF_WORD_MAX);
	words->bytes[begin + which] = (char)('0' + n);
}

void
words_append(struct words *words, const struct words *more)
{
	make_room(words, more->used, more->count);
	if (more->used > 0)
		memcpy(words->bytes + words->used, more->bytes, more->used);
	for (size_t i = 0; i < more->count; i++)
		words->ends[words->count + i] = words->used + more->ends[i];
	words->used += more->used;
	words->count += more->count;
}

const char *
words_at(const struct words *words, size_t i, size_t *ret_length)
{
	size_t begin = i == 0 ? 0 : words->ends[i - 1];

	CHECK(i < words->count);
	if (ret_length != NULL)
		*ret_length = words->ends[i] - begin - 1;
	return words->bytes + begin;
}
