/* SPDX-License-Identifier: MIT */
/* arguments: reads counts, and tuples in the script's order. */
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

/* Counts, a byte each. */
static bool
read_counts(const struct words *words, size_t *at, size_t parts,
    size_t *ret_counts)
{
	const char *word;

	if (!read_word(words, at, &word) || strlen(word) != parts)
		return false;
	for (size_t i = 0; i < parts; i++) {
		ret_counts[i] = (size_t)((unsigned char)word[i] - '0');
		if (ret_counts[i] > PART_MAX)
			return false;
	}
	return true;
}

static bool
read_part(const struct words *words, size_t *at, size_t count, size_t width,
    struct part *ret_part)
{
	ret_part->count = count;
	for (size_t i = 0; i < ret_part->count; i++) {
		for (size_t j = 0; j < width; j++) {
			if (!read_word(words, at, &ret_part->word[i][j]))
				return false;
		}
		for (size_t j = width; j < 4; j++)
			ret_part->word[i][j] = NULL;
	}
	return true;
}

static bool
read_record(const struct words *words, size_t *at,
    struct record_arguments *record)
{
	size_t counts[COMMIT_RECORD_PARTS];

	record->keep_ms = "0";
	return read_word(words, at, &record->id) &&
	    read_word(words, at, &record->expect) &&
	    read_counts(words, at, COMMIT_RECORD_PARTS, counts) &&
	    read_part(words, at, counts[PART_FIELDS], 2, &record->fields) &&
	    read_part(words, at, counts[PART_GONE], 1, &record->gone) &&
	    read_part(words, at, counts[PART_INDEXES], 2, &record->indexes) &&
	    read_part(words, at, counts[PART_UNIQUES], 3, &record->uniques) &&
	    (counts[PART_KEEP] == 0 ||
	        read_word(words, at, &record->keep_ms));
}

bool
arguments_read(const struct words *words, size_t *at, struct arguments *ret)
{
	size_t counts[COMMIT_PARTS];

	if (!read_word(words, at, &ret->op) ||
	    !read_counts(words, at, COMMIT_PARTS, counts) ||
	    !read_part(words, at, counts[PART_GUARDS], 4, &ret->guards) ||
	    counts[PART_RECORDS] > RECORDS_MAX)
		return false;
	ret->record_count = counts[PART_RECORDS];
	for (size_t i = 0; i < ret->record_count; i++) {
		if (!read_record(words, at, &ret->records[i]))
			return false;
	}
	ret->story = NULL;
	return read_part(words, at, counts[PART_LIVES], 3, &ret->lives) &&
	    read_part(words, at, counts[PART_TEXTS], 3, &ret->texts) &&
	    read_part(words, at, counts[PART_REJECTED], 2, &ret->rejected) &&
	    read_part(words, at, counts[PART_COUNTERS], 2, &ret->counters) &&
	    read_part(words, at, counts[PART_LISTED], 3, &ret->listed) &&
	    (counts[PART_LINES] == 0 || read_word(words, at, &ret->story)) &&
	    read_part(words, at, counts[PART_LINES], 1, &ret->lines);
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
