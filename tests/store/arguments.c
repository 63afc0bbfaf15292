/* SPDX-License-Identifier: MIT */
/* arguments: reads counts and tuples in the script's order. */
#include "tests/store/arguments.h"

#include <stdlib.h>
#include <string.h>

static bool
read_word(const struct words *words, size_t *at, const char **ret_word)
{
	if (*at >= words->count)
		return false;
	*ret_word = words_at(words, (*at)++, NULL);
	return true;
}

static bool
read_count(const struct words *words, size_t *at, size_t max,
    size_t *ret_count)
{
	const char *word;
	char *end;
	long value;

	if (!read_word(words, at, &word))
		return false;
	value = strtol(word, &end, 10);
	if (word[0] == '\0' || *end != '\0' || value < 0 ||
	    (size_t)value > max)
		return false;
	*ret_count = (size_t)value;
	return true;
}

static bool
read_part(const struct words *words, size_t *at, size_t width,
    struct part *ret_part)
{
	if (!read_count(words, at, PART_MAX, &ret_part->count))
		return false;
	for (size_t i = 0; i < ret_part->count; i++) {
		for (size_t j = 0; j < width; j++) {
			if (!read_word(words, at, &ret_part->word[i][j]))
				return false;
		}
		for (size_t j = width; j < 3; j++)
			ret_part->word[i][j] = NULL;
	}
	return true;
}

static bool
read_record(const struct words *words, size_t *at,
    struct record_arguments *record)
{
	return read_word(words, at, &record->id) &&
	    read_word(words, at, &record->expect) &&
	    read_part(words, at, 2, &record->fields) &&
	    read_part(words, at, 1, &record->gone) &&
	    read_part(words, at, 2, &record->indexes) &&
	    read_part(words, at, 3, &record->uniques) &&
	    read_word(words, at, &record->keep_ms);
}

bool
arguments_read(const struct words *words, size_t *at, struct arguments *ret)
{
	if (!read_word(words, at, &ret->op) ||
	    !read_part(words, at, 3, &ret->guards) ||
	    !read_count(words, at, RECORDS_MAX, &ret->record_count))
		return false;
	for (size_t i = 0; i < ret->record_count; i++) {
		if (!read_record(words, at, &ret->records[i]))
			return false;
	}
	return read_part(words, at, 3, &ret->expiries) &&
	    read_part(words, at, 3, &ret->texts) &&
	    read_part(words, at, 2, &ret->rejected) &&
	    read_part(words, at, 2, &ret->counters) &&
	    read_part(words, at, 2, &ret->lines);
}

const struct record_arguments *
arguments_record(const struct arguments *arguments, const char *id)
{
	for (size_t i = 0; i < arguments->record_count; i++) {
		if (strcmp(arguments->records[i].id, id) == 0)
			return &arguments->records[i];
	}
	return NULL;
}

const char *
part_value(const struct part *part, const char *name)
{
	for (size_t i = 0; i < part->count; i++) {
		size_t last = part->word[i][2] != NULL ? 2 : 1;

		if (strcmp(part->word[i][0], name) == 0)
			return part->word[i][last] != NULL ?
			    part->word[i][last] : "";
	}
	return NULL;
}

const char *
part_second(const struct part *part, const char *name)
{
	for (size_t i = 0; i < part->count; i++) {
		if (strcmp(part->word[i][0], name) == 0)
			return part->word[i][1];
	}
	return NULL;
}
