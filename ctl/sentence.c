/* SPDX-License-Identifier: MIT */
/* sentence: walks over a sentence word by word. */
#include "ctl/sentence.h"

#include <string.h>

#include "lib/check.h"

struct word {
	const char *at;         /* without brackets, "NAME=" and "..." */
	size_t length;
	const char *name;       /* of a hole; NULL: a small word */
	size_t name_length;
	bool is_optional, takes_rest, is_choice, is_option;
};

static bool word_next(const char **sentence, struct word *ret_word);
static bool word_fits(const struct word *word, const char *given);
static bool looks_like_phone(const char *text);
static void hole_add(struct holes *holes, const struct word *word);
static bool hole_append(struct holes *holes, const char *given);
static bool option_find(const char *sentence, const char *option,
    bool *ret_is_needed);

bool
sentence_fits(const char *sentence, char *const *words, size_t count,
    struct holes *ret_holes)
{
	struct word word;
	size_t i = 0;

	ret_holes->count = 0;
	while (word_next(&sentence, &word) && !word.is_option) {
		if (i == count && word.is_optional)
			continue;
		if (i == count || !word_fits(&word, words[i]))
			return false;
		if (word.name == NULL) {
			i++;
			continue;
		}
		hole_add(ret_holes, &word);
		do {
			if (!hole_append(ret_holes, words[i++]))
				return false;
		} while (word.takes_rest && i < count);
	}
	return i == count;
}

size_t
sentence_common(const char *sentence, char *const *words, size_t count)
{
	struct word word;
	size_t i = 0;

	while (i < count && word_next(&sentence, &word) && word.name == NULL &&
	    !word.is_option && word_fits(&word, words[i]))
		i++;
	return i;
}

bool
sentence_takes(const char *sentence, const char *option)
{
	bool is_needed;

	return option_find(sentence, option, &is_needed);
}

bool
sentence_needs(const char *sentence, const char *option)
{
	bool is_needed;

	return option_find(sentence, option, &is_needed) && is_needed;
}

const char *
holes_value(const struct holes *holes, const char *name, size_t length)
{
	for (size_t i = 0; i < holes->count; i++) {
		if (holes->at[i].name_length == length &&
		    memcmp(holes->at[i].name, name, length) == 0)
			return holes->at[i].value;
	}
	return NULL;
}

bool
sentence_path(const char *pattern, const struct holes *holes, char *ret_path,
    size_t size)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_~.";
	static const char digits[] = "0123456789ABCDEF";
	size_t used = 0;

	while (*pattern != '\0') {
		size_t length = strspn(pattern, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
		const char *value;

		if (used + 4 > size)
			return false;
		if (length == 0) {
			ret_path[used++] = *pattern++;
			continue;
		}
		value = holes_value(holes, pattern, length);
		if (value == NULL)
			return false;
		pattern += length;
		for (; *value != '\0'; value++) {
			unsigned char byte = (unsigned char)*value;

			if (used + 4 > size)
				return false;
			if (strchr(plain, *value) != NULL) {
				ret_path[used++] = *value;
				continue;
			}
			ret_path[used++] = '%';
			ret_path[used++] = digits[byte >> 4];
			ret_path[used++] = digits[byte & 15];
		}
	}
	ret_path[used] = '\0';
	return true;
}

void
sentence_print(FILE *out, const char *sentence)
{
	struct word word;
	const char *begin;

	while (*sentence != '\0') {
		begin = sentence;
		CHECK(word_next(&sentence, &word));
		/* What stands before the word is a bracket or its name. */
		if (word.is_optional && *begin == '[')
			putc('[', out);
		fwrite(word.at, 1, (size_t)(sentence - word.at), out);
	}
}

/* The next word; the sentence is moved on, behind the blank that follows. */
static bool
word_next(const char **sentence, struct word *ret_word)
{
	const char *at = *sentence, *end, *equals;
	struct word word = { 0 };

	if (*at == '\0')
		return false;
	end = at + strcspn(at, " ");
	*sentence = *end == ' ' ? end + 1 : end;
	if (*at == '[') {
		word.is_optional = true;
		at++;
	}
	word.is_option = strncmp(at, "--", 2) == 0;
	if (end[-1] == ']')
		end--;
	if (end - at > 3 && memcmp(end - 3, "...", 3) == 0) {
		word.takes_rest = true;
		end -= 3;
	}
	equals = memchr(at, '=', (size_t)(end - at));
	word.is_choice = equals != NULL;
	if (*at >= 'A' && *at <= 'Z') {
		word.name = at;
		word.name_length = (size_t)((word.is_choice ? equals : end) -
		    at);
	}
	if (word.is_choice)
		at = equals + 1;
	word.at = at;
	word.length = (size_t)(end - at);
	*ret_word = word;
	return true;
}

static bool
word_fits(const struct word *word, const char *given)
{
	size_t length = strlen(given);
	const char *at = word->at, *end = word->at + word->length;

	if (length == 0)
		return false;
	if (word->name != NULL && !word->is_choice) {
		bool is_phone = word->name_length == 5 &&
		    memcmp(word->name, "PHONE", 5) == 0;

		return !is_phone || looks_like_phone(given);
	}
	while (at < end) {
		const char *bar = memchr(at, '|', (size_t)(end - at));
		const char *stop = word->is_choice && bar != NULL ? bar : end;

		if ((size_t)(stop - at) == length &&
		    memcmp(at, given, length) == 0)
			return true;
		at = stop + 1;
	}
	return false;
}

/* A file that is called like a number can be named ./112. */
static bool
looks_like_phone(const char *text)
{
	size_t digits = 0;

	if (text[strspn(text, "+0123456789 ().-")] != '\0')
		return false;
	for (; *text != '\0'; text++)
		digits += *text >= '0' && *text <= '9';
	return digits >= 3;
}

static void
hole_add(struct holes *holes, const struct word *word)
{
	CHECK(holes->count < HOLES_MAX);
	holes->at[holes->count].name = word->name;
	holes->at[holes->count].name_length = word->name_length;
	holes->at[holes->count].value[0] = '\0';
	holes->count++;
}

static bool
hole_append(struct holes *holes, const char *given)
{
	char *value = holes->at[holes->count - 1].value;
	size_t used = strlen(value), length = strlen(given);

	if (used + length + 2 > VALUE_SIZE)
		return false;
	if (used > 0)
		value[used++] = ' ';
	memcpy(value + used, given, length + 1);
	return true;
}

static bool
option_find(const char *sentence, const char *option, bool *ret_is_needed)
{
	struct word word;

	while (word_next(&sentence, &word)) {
		if (!word.is_option || strlen(option) != word.length ||
		    memcmp(word.at, option, word.length) != 0)
			continue;
		*ret_is_needed = !word.is_optional;
		return true;
	}
	return false;
}
