/* SPDX-License-Identifier: MIT */
/*
 * settings_store: from the text of a setting to its value: checks it against its
 * row, puts it where the row says, and keeps it as it will be printed.
 */
#include "daemon/settings_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/settings_when.h"
#include "lib/text.h"

enum { LIST_SIZE = 160, RANGE_SIZE = 2 * WHEN_DURATION_SIZE };

/* The setting that is stored, and what is shown of it. */
struct storing {
	struct settings_reading *reading;
	const struct setting_row *row;
	const char *path;
	int line;
	void *target;                   /* where the row's offset counts from */
	const char *shown;
};

static bool store_scalar(struct storing *storing, const char *text);
static bool store_text(struct storing *storing, const char *text);
static bool store_duration(struct storing *storing, const char *text,
    size_t index);
static bool store_number(struct storing *storing, const char *text);
static bool store_flag(struct storing *storing, const char *text);
static bool store_choice(struct storing *storing, const char *text);
static bool store_default_words(struct storing *storing, const char *text);
static bool check_text(struct storing *storing, enum setting_format format,
    const char *text);
static void show_words(struct storing *storing,
    const struct setting_value *value, bool is_masked);
static bool fail(const struct storing *storing, const char *format, ...)
    PRINTF_LIKE(2, 3);

static void *
place_of(const struct storing *storing)
{
	if (storing->target == NULL || storing->row->at == SETTING_NOWHERE)
		return NULL;
	return (char *)storing->target + storing->row->at;
}

/* Always false. */
static bool
fail(const struct storing *storing, const char *format, ...)
{
	char problem[SETTING_WHY_SIZE + 64];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(problem, sizeof(problem), format, arguments);
	va_end(arguments);
	settings_error_at(storing->reading, storing->line, storing->path, "%s",
	    problem);
	return false;
}

bool
settings_store(struct settings_reading *reading, const struct setting_row *row,
    const char *path, int line, const char *text, void *target)
{
	struct storing storing = { reading, row, path, line, target, NULL };
	struct setting_value value = { .row = row, .path = path, .line = line };

	if (row->type == SETTING_TEXTS || row->type == SETTING_DURATIONS)
		return store_default_words(&storing, text);
	if (!store_scalar(&storing, text))
		return false;
	value.shown = storing.shown;
	if ((row->flags & SETTING_TRIAL) && line > 0 &&
	    !reading->settings->allow_test_settings)
		return fail(&storing, "only with allow_test_settings = true");
	/* A password is compared, and never shown. */
	if (row->format == FORMAT_REDIS) {
		value.compared = storing.shown;
		value.shown = settings_mask(reading->settings, storing.shown);
	}
	/* Of an address that somebody is told at, the path is often the secret. */
	if (row->format == FORMAT_TARGET) {
		value.compared = storing.shown;
		value.shown = settings_quote(reading->settings,
		    settings_mask_url(reading->settings, text));
	}
	settings_add(reading->settings, &value);
	return true;
}

static bool
store_scalar(struct storing *storing, const char *text)
{
	switch (storing->row->type) {
	case SETTING_TEXT:
	case SETTING_SECRETS:
		return store_text(storing, text);
	case SETTING_DURATION:
		return store_duration(storing, text, 0);
	case SETTING_INTEGER:
	case SETTING_NUMBER:
		return store_number(storing, text);
	case SETTING_FLAG:
		return store_flag(storing, text);
	case SETTING_CHOICE:
		return store_choice(storing, text);
	case SETTING_TEXTS:
	case SETTING_DURATIONS:
	case SETTING_PAIRS:
	case SETTING_GROUP:
	case SETTING_LIST:
		break;
	}
	CHECK(false);
	return false;
}

/* ---- texts */

static bool
check_text(struct storing *storing, enum setting_format format,
    const char *text)
{
	char why[SETTING_WHY_SIZE];

	if (!text_is_utf8(text, strlen(text)))
		return fail(storing, "is not UTF-8");
	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return fail(storing, "holds a control character");
	if (settings_format_check(format, text, why))
		return true;
	/* A password may stand in it. */
	if (format == FORMAT_REDIS)
		return fail(storing, "%s", why);
	return fail(storing, "\"%.40s\" %s", text, why);
}

static bool
store_text(struct storing *storing, const char *text)
{
	const struct setting_row *row = storing->row;
	struct settings *settings = storing->reading->settings;
	size_t length = strlen(text);
	void *place = place_of(storing);

	if (length == 0 && row->min > 0)
		return fail(storing, "must not be empty");
	if (row->words != NULL && !store_choice(storing, text))
		return false;
	if (!check_text(storing, row->format, text))
		return false;
	if (length > (size_t)row->max)
		return fail(storing, "is longer than %lld bytes",
		    (long long)row->max);
	storing->shown = settings_quote(settings, text);
	if (place != NULL && row->size > 0)
		memcpy(place, text, length + 1);
	else if (place != NULL)
		*(const char **)place = settings_own_text(settings, text);
	return true;
}

/* ---- durations */

static bool
store_duration(struct storing *storing, const char *text, size_t index)
{
	const struct setting_row *row = storing->row;
	struct settings *settings = storing->reading->settings;
	char shown[WHEN_DURATION_SIZE], range[2][WHEN_DURATION_SIZE];
	int64_t ms, *place = place_of(storing);

	if (!when_duration_parse(text, &ms))
		return fail(storing, "\"%.32s\" is no duration such as "
		    "\"10m\", \"20s\" or \"1h30m\" (d h m s ms)", text);
	if (ms < row->min || (row->max > 0 && ms > row->max &&
	    row->type == SETTING_DURATION)) {
		when_duration_print(row->min, range[0]);
		when_duration_print(row->max, range[1]);
		return fail(storing, "\"%.32s\" must be from %s to %s", text,
		    range[0], range[1]);
	}
	when_duration_print(ms, shown);
	storing->shown = settings_quote(settings, shown);
	if (place == NULL)
		return true;
	/* What is not nothing stays more than nothing. */
	if ((row->flags & SETTING_SCALED) && ms > 0) {
		ms = (int64_t)((double)ms * settings->clock_scale + 0.5);
		ms = ms > 0 ? ms : 1;
	}
	place[index] = ms;
	return true;
}

/* ---- numbers, flags, choices */

/* An integer that libconfig cut was told of by the scan. */
static bool
is_told(const struct settings_errors *errors, int line)
{
	for (size_t i = 0; i < errors->count; i++)
		if (line > 0 && errors->items[i].line == line &&
		    strstr(errors->items[i].text, SETTING_NUMBER_CUT) != NULL)
			return true;
	return false;
}

static bool
store_number(struct storing *storing, const char *text)
{
	const struct setting_row *row = storing->row;
	double number = strtod(text, NULL);
	char shown[32];
	void *place = place_of(storing);

	if (!(number >= (double)row->min && number <= (double)row->max))
		return is_told(storing->reading->errors, storing->line) ?
		    false : fail(storing, "%s must be from %lld to %lld", text,
		    (long long)row->min, (long long)row->max);
	snprintf(shown, sizeof(shown), "%.15g", number);
	storing->shown = settings_own_text(storing->reading->settings, shown);
	if (place == NULL)
		return true;
	if (row->type == SETTING_NUMBER)
		*(double *)place = number;
	else
		*(int *)place = (int)number;
	return true;
}

static bool
store_flag(struct storing *storing, const char *text)
{
	bool *place = place_of(storing);

	storing->shown = text;
	if (place != NULL)
		*place = strcmp(text, "true") == 0;
	return true;
}

/* Which of the words; a text that is one of them is stored by its own way. */
static bool
store_choice(struct storing *storing, const char *text)
{
	const struct setting_row *row = storing->row;
	char list[LIST_SIZE] = "";
	void *place = place_of(storing);

	for (int i = 0; row->words[i] != NULL; i++) {
		size_t used = strlen(list);

		snprintf(list + used, sizeof(list) - used, "%s%s",
		    i > 0 ? ", " : "", row->words[i]);
		if (strcmp(row->words[i], text) != 0)
			continue;
		storing->shown = settings_quote(storing->reading->settings,
		    text);
		if (place == NULL || row->type != SETTING_CHOICE)
			return true;
		if (row->size == sizeof(bool))
			*(bool *)place = i != 0;
		else
			*(int *)place = i;
		return true;
	}
	return fail(storing, "\"%.32s\" is none of: %s", text, list);
}

/* ---- lists of texts */

/* "2m, 15m" in the table is [ "2m", "15m" ] in the file. */
static bool
store_default_words(struct storing *storing, const char *text)
{
	struct settings *settings = storing->reading->settings;
	struct setting_value value = { .row = storing->row,
		.path = storing->path, .line = storing->line };

	value.words = settings_own(settings, strlen(text) *
	    sizeof(*value.words));
	while (*text != '\0') {
		size_t length = strcspn(text, ",");
		char *word = settings_own(settings, length + 1);

		memcpy(word, text, length);
		value.words[value.word_count++] = word;
		text += length;
		text += strspn(text, ", ");
	}
	return settings_store_words(storing->reading, &value,
	    storing->target);
}

static bool
store_word(struct storing *storing, const char *word, size_t index)
{
	const struct setting_row *row = storing->row;
	char *place = place_of(storing);

	if (row->type == SETTING_DURATIONS)
		return store_duration(storing, word, index);
	if (!check_text(storing, row->type == SETTING_PAIRS && index % 2 == 1 ?
	    row->second : row->format, word))
		return false;
	if (row->type == SETTING_PAIRS || place == NULL)
		return true;
	if (strlen(word) >= row->size)
		return fail(storing, "\"%.32s\" is longer than %zu bytes",
		    word, row->size - 1);
	memcpy(place + index * row->size, word, strlen(word) + 1);
	return true;
}

bool
settings_store_words(struct settings_reading *reading,
    struct setting_value *value, void *target)
{
	const struct setting_row *row = value->row;
	struct storing storing = { reading, row, value->path, value->line,
		target, NULL };
	bool is_good = true;

	for (size_t i = 0; i < value->word_count; i++)
		is_good = store_word(&storing, value->words[i], i) && is_good;
	if (!is_good)
		return false;
	if (place_of(&storing) != NULL && row->type != SETTING_PAIRS)
		*(size_t *)((char *)target + row->count_at) =
		    value->word_count;
	show_words(&storing, value, false);
	value->shown = storing.shown;
	/* What lets anybody write to a chat is often a path that nobody else knows. */
	if (row->format == FORMAT_TARGET) {
		value->compared = storing.shown;
		show_words(&storing, value, true);
		value->shown = storing.shown;
	}
	settings_add(reading->settings, value);
	return true;
}

static void
show_words(struct storing *storing, const struct setting_value *value,
    bool is_masked)
{
	struct settings *settings = storing->reading->settings;
	bool is_pair = storing->row->type == SETTING_PAIRS;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CHECK(out != NULL);
	fputs(is_pair ? "(" : "[", out);
	for (size_t i = 0; i < value->word_count; i++) {
		bool is_second = is_pair && i % 2 == 1;
		bool is_bare = is_second && storing->row->second == FORMAT_LEVEL;
		const char *word = is_masked ? settings_mask_url(settings,
		    value->words[i]) : value->words[i];

		fprintf(out, "%s %s%s%s", i > 0 ? "," : "",
		    is_pair && !is_second ? "(" : "", is_bare ? word :
		    settings_quote(settings, word), is_second ? ")" : "");
	}
	fputs(is_pair ? " )" : " ]", out);
	CHECK(fclose(out) == 0);
	storing->shown = settings_own_text(settings, text);
	free(text);
}
