/* SPDX-License-Identifier: MIT */
/* text: walks over UTF-8, and the distance between two words. */
#include "lib/text.h"

#include <stdint.h>
#include <string.h>

#include "lib/check.h"

static size_t character_read(const unsigned char *bytes, size_t length,
    uint32_t *ret_character);
static size_t character_size(unsigned char first);
static bool is_control(uint32_t character);
static unsigned char lower(char letter);

bool
text_is_utf8(const char *bytes, size_t length)
{
	const unsigned char *at = (const unsigned char *)bytes;
	uint32_t character;

	while (length > 0) {
		size_t size = character_read(at, length, &character);

		if (size == 0)
			return false;
		at += size;
		length -= size;
	}
	return true;
}

size_t
text_number(int64_t number, char ret_text[TEXT_NUMBER_SIZE])
{
	char digits[TEXT_NUMBER_SIZE];
	size_t count = 0, at = 0;
	uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	do {
		digits[count++] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (number < 0)
		ret_text[at++] = '-';
	while (count > 0)
		ret_text[at++] = digits[--count];
	ret_text[at] = '\0';
	return at;
}

size_t
text_length(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

bool
text_copy(char *ret_text, size_t size, const char *text)
{
	size_t length = strlen(text);

	CHECK(size > 0);
	if (length < size) {
		memcpy(ret_text, text, length + 1);
		return true;
	}
	length = size - 1;
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	memcpy(ret_text, text, length);
	ret_text[length] = '\0';
	return false;
}

void
text_cut_whole(char *text)
{
	size_t length = strlen(text), begin = length, wanted;
	unsigned char lead;

	while (begin > 0 && ((unsigned char)text[begin - 1] & 0xc0) == 0x80)
		begin--;
	if (begin == 0)
		return;
	lead = (unsigned char)text[--begin];
	wanted = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (length - begin < wanted)
		text[begin] = '\0';
}

void
text_clean(char *text, bool keep_lines)
{
	const unsigned char *from = (const unsigned char *)text;
	size_t left = strlen(text);
	char *to = text;

	while (left > 0) {
		uint32_t character;
		size_t size = character_read(from, left, &character);

		CHECK(size > 0);
		if (character == '\t' || character == '\n') {
			*to++ = character == '\n' && keep_lines ? '\n' : ' ';
		} else if (!is_control(character)) {
			memmove(to, from, size);
			to += size;
		}
		from += size;
		left -= size;
	}
	*to = '\0';
}

size_t
text_distance(const char *a, const char *b)
{
	size_t a_length = strlen(a), b_length = strlen(b);
	unsigned char rows[3][TEXT_WORD_MAX + 1];
	unsigned char *before = rows[0], *last = rows[1], *row = rows[2];

	if (a_length > TEXT_WORD_MAX || b_length > TEXT_WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_length; j++)
		last[j] = (unsigned char)j;
	memcpy(before, last, b_length + 1);
	for (size_t i = 1; i <= a_length; i++) {
		unsigned char *spare = before;

		row[0] = (unsigned char)i;
		for (size_t j = 1; j <= b_length; j++) {
			bool is_same = lower(a[i - 1]) == lower(b[j - 1]);
			unsigned char best = last[j - 1] + !is_same;

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && before[j - 2] + 1 < best &&
			    lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				best = before[j - 2] + 1;
			row[j] = best;
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[b_length];
}

bool
text_is_nearer(const char *word, const char *candidate, size_t *best)
{
	size_t distance = text_distance(word, candidate);
	size_t length = strlen(candidate);
	/* Slips are believable in a word of some length only. */
	size_t distance_max = length <= 2 ? 0 : length <= 4 ? 1 : 2;

	if (distance > distance_max || distance >= *best)
		return false;
	*best = distance;
	return true;
}

/* One character in its shortest form; returns its bytes, 0: not UTF-8. */
static size_t
character_read(const unsigned char *bytes, size_t length,
    uint32_t *ret_character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t size = character_size(bytes[0]);
	uint32_t character;

	if (size == 0 || size > length)
		return 0;
	character = size == 1 ? bytes[0] : bytes[0] & (0x7fU >> size);
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (bytes[i] & 0x3f);
	}
	if (character < least[size] || character > 0x10ffff ||
	    (character >= 0xd800 && character <= 0xdfff))
		return 0;
	*ret_character = character;
	return size;
}

static size_t
character_size(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if ((first & 0xe0) == 0xc0)
		return 2;
	if ((first & 0xf0) == 0xe0)
		return 3;
	return (first & 0xf8) == 0xf0 ? 4 : 0;
}

static bool
is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) ||
	    (character >= 0x200e && character <= 0x200f) ||
	    (character >= 0x2028 && character <= 0x202e) ||
	    (character >= 0x2066 && character <= 0x2069) ||
	    character == 0x061c || character == 0xfeff;
}

static unsigned char
lower(char letter)
{
	return letter >= 'A' && letter <= 'Z' ?
	    (unsigned char)(letter - 'A' + 'a') : (unsigned char)letter;
}

void
text_unquote(char *text)
{
	while ((text = strchr(text, '"')) != NULL)
		*text = '\'';
}
