/* SPDX-License-Identifier: MIT */
/*
 * provider_setting: libconfig says what was written and where; this says what
 * is wrong with it. Types are compared before a value is read, because libconfig
 * gives zero for what it cannot convert.
 */
#include "lib/provider_setting.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

enum {
	PATH_SIZE = 96,                 /* "webhook.events[2].map[3]" */
	NUMBER_MAX = 1000000,
};

static void add_error(struct reading *reading, int line, const char *text);
static void path_of(const config_setting_t *setting, char ret_path[PATH_SIZE]);
static bool is_known_name(const struct setting_row *rows, size_t count,
    const char *name, const char **ret_near);
static void read_pairs(struct reading *reading, config_setting_t *setting,
    enum template_kind kind, struct pairs *ret_pairs);
static void read_conditions(struct reading *reading,
    config_setting_t *setting, bool is_json_only,
    struct conditions *ret_conditions);
static const char *cut_filter(struct reading *reading,
    const config_setting_t *setting, const char *text,
    enum source_filter *ret_filter);
static enum template_name knows_name(const void *context, const char *name);

/* ---- errors */

void
reading_error(struct reading *reading, const config_setting_t *setting,
    const char *format, ...)
{
	char path[PATH_SIZE], text[160];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	path_of(setting, path);
	reading_error_at(reading, setting != NULL ?
	    (int)config_setting_source_line(setting) : 0, "%s%s%s", path,
	    path[0] != '\0' ? ": " : "", text);
}

void
reading_error_at(struct reading *reading, int line, const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	add_error(reading, line, text);
}

/* By line, so that a person reads them as the file is written. */
static void
add_error(struct reading *reading, int line, const char *text)
{
	struct provider_errors *errors = reading->errors;
	struct provider_error error = { .line = line };
	size_t at = errors->count;

	if (errors->count == PROVIDER_ERRORS_MAX) {
		errors->left_out++;
		return;
	}
	if (line > 0)
		snprintf(error.text, sizeof(error.text), "%.40s:%d: %.180s",
		    reading->file_name, line, text);
	else
		snprintf(error.text, sizeof(error.text), "%.40s: %.180s",
		    reading->file_name, text);
	for (; at > 0 && errors->items[at - 1].line > line; at--)
		errors->items[at] = errors->items[at - 1];
	errors->items[at] = error;
	errors->count++;
}

static void
path_of(const config_setting_t *setting, char ret_path[PATH_SIZE])
{
	char rest[PATH_SIZE];

	ret_path[0] = '\0';
	for (; setting != NULL && !config_setting_is_root(setting);
	    setting = config_setting_parent(setting)) {
		const char *name = config_setting_name(setting);
		int place = config_setting_index(setting);
		const char *link;

		memcpy(rest, ret_path, sizeof(rest));
		link = rest[0] != '\0' && rest[0] != '[' ? "." : "";
		if (name != NULL)
			snprintf(ret_path, PATH_SIZE, "%.31s%s%.60s", name,
			    link, rest);
		else
			snprintf(ret_path, PATH_SIZE, "[%d]%s%.60s", place + 1,
			    link, rest);
	}
}

/* ---- groups and what is in them */

bool
reading_group(struct reading *reading, config_setting_t *group,
    const struct setting_row *rows, size_t count, void *target)
{
	if (!config_setting_is_group(group)) {
		reading_error(reading, group, "must be a group { ... }");
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		config_setting_t *member = config_setting_get_member(group,
		    rows[i].name);

		if (member != NULL)
			rows[i].on_setting(reading, member,
			    (char *)target + rows[i].offset);
		else if (rows[i].is_required)
			reading_error(reading, group, "%s is missing",
			    rows[i].name);
	}
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *member = config_setting_get_elem(group,
		    (unsigned)i);
		const char *near = NULL;

		if (is_known_name(rows, count, config_setting_name(member),
		    &near))
			continue;
		if (near != NULL)
			reading_error(reading, member, "there is no such "
			    "setting; did you mean \"%s\"?", near);
		else
			reading_error(reading, member,
			    "there is no such setting");
	}
	return true;
}

static bool
is_known_name(const struct setting_row *rows, size_t count, const char *name,
    const char **ret_near)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return true;
		if (text_is_nearer(name, rows[i].name, &best))
			*ret_near = rows[i].name;
	}
	return false;
}

bool
reading_choice(struct reading *reading, const config_setting_t *setting,
    const char *const *names, size_t count, size_t *ret_choice)
{
	const char *word = reading_string(reading, setting);
	char list[160] = "";

	if (word == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(list);

		if (strcmp(word, names[i]) == 0) {
			*ret_choice = i;
			return true;
		}
		snprintf(list + used, sizeof(list) - used, "%s%s",
		    i > 0 ? ", " : "", names[i]);
	}
	reading_error(reading, setting, "\"%.32s\" is none of: %s", word,
	    list);
	return false;
}

const char *
reading_string(struct reading *reading, const config_setting_t *setting)
{
	const char *text;
	char *copy;

	if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
		reading_error(reading, setting, "must be a text in quotes");
		return NULL;
	}
	text = config_setting_get_string(setting);
	copy = provider_own(reading->provider, strlen(text) + 1);
	memcpy(copy, text, strlen(text) + 1);
	return copy;
}

size_t
reading_list(struct reading *reading, const config_setting_t *setting)
{
	if (!config_setting_is_list(setting) &&
	    !config_setting_is_array(setting)) {
		reading_error(reading, setting, "must be a list");
		return 0;
	}
	return (size_t)config_setting_length(setting);
}

bool
reading_words(struct reading *reading, const config_setting_t *setting,
    size_t least, size_t most, const char *ret_words[3])
{
	size_t count = reading_list(reading, setting);

	CHECK(most <= 3);
	ret_words[0] = ret_words[1] = ret_words[2] = NULL;
	if (count < least || count > most) {
		reading_error(reading, setting, "must be a list of %zu%s texts",
		    least, most > least ? " or 3" : "");
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		ret_words[i] = reading_string(reading,
		    config_setting_get_elem(setting, (unsigned)i));
		if (ret_words[i] == NULL)
			return false;
	}
	return true;
}

struct template *
reading_template(struct reading *reading, const config_setting_t *setting,
    enum template_kind kind)
{
	const char *source = reading_string(reading, setting);

	return source == NULL ? NULL :
	    reading_template_of(reading, setting, source, kind);
}

struct template *
reading_template_of(struct reading *reading, const config_setting_t *setting,
    const char *source, enum template_kind kind)
{
	struct template_error error;
	struct template *made;

	made = template_compile(source, kind, knows_name, reading, &error);
	if (made == NULL) {
		reading_error(reading, setting, "at character %zu, \"%s\": %s",
		    error.at + 1, error.name, error.text);
		return NULL;
	}
	provider_own_template(reading->provider, made);
	return made;
}

bool
reading_knows(const struct reading *reading, const char *name)
{
	return knows_name(reading, name) != TEMPLATE_UNKNOWN;
}

static enum template_name
knows_name(const void *context, const char *name)
{
	const struct reading *reading = context;
	const struct provider *provider = reading->provider;
	const char *single[] = { provider->remembered, reading->also_known };

	for (size_t i = 0; i < provider->secret_count; i++)
		if (strcmp(provider->secrets[i], name) == 0)
			return TEMPLATE_KNOWN;
	for (size_t i = 0; i < provider->text_count; i++)
		if (strcmp(provider->texts[i].name, name) == 0)
			return provider->texts[i].is_json ?
			    TEMPLATE_KNOWN_JSON : TEMPLATE_KNOWN;
	for (size_t i = 0; i < COUNT_OF(single); i++)
		if (single[i] != NULL && strcmp(single[i], name) == 0)
			return TEMPLATE_KNOWN;
	return provider_knows_value(name) ? TEMPLATE_KNOWN : TEMPLATE_UNKNOWN;
}

/* ---- readers for tables */

void
setting_text(struct reading *reading, config_setting_t *setting, void *target)
{
	const char *text = reading_string(reading, setting);

	if (text != NULL && text[0] == '\0')
		reading_error(reading, setting, "must not be empty");
	*(const char **)target = text;
}

void
setting_flag(struct reading *reading, config_setting_t *setting, void *target)
{
	if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
		reading_error(reading, setting, "must be true or false");
	else
		*(bool *)target = config_setting_get_bool(setting) != 0;
}

void
setting_number(struct reading *reading, config_setting_t *setting,
    void *target)
{
	int number = 0;

	if (config_setting_type(setting) == CONFIG_TYPE_INT)
		number = config_setting_get_int(setting);
	if (config_setting_type(setting) != CONFIG_TYPE_INT || number < 0 ||
	    number > NUMBER_MAX)
		reading_error(reading, setting,
		    "must be a whole number from 0 to %d", NUMBER_MAX);
	else
		*(int *)target = number;
}

void
setting_decimal(struct reading *reading, config_setting_t *setting,
    void *target)
{
	double number = 0;

	if (config_setting_type(setting) == CONFIG_TYPE_FLOAT)
		number = config_setting_get_float(setting);
	else if (config_setting_type(setting) == CONFIG_TYPE_INT)
		number = config_setting_get_int(setting);
	if (!(number > 0 && number <= NUMBER_MAX))
		reading_error(reading, setting,
		    "must be a number above 0, such as 2.5");
	else
		*(double *)target = number;
}

void
setting_pointer(struct reading *reading, config_setting_t *setting,
    void *target)
{
	const char *text = reading_string(reading, setting);

	if (text != NULL && text[0] != '/' && text[0] != '\0')
		reading_error(reading, setting,
		    "must be a JSON pointer such as \"/data/id\"");
	*(const char **)target = text;
}

void
setting_template_text(struct reading *reading, config_setting_t *setting,
    void *target)
{
	*(struct template **)target = reading_template(reading, setting,
	    TEMPLATE_TEXT);
}

void
setting_template_path(struct reading *reading, config_setting_t *setting,
    void *target)
{
	*(struct template **)target = reading_template(reading, setting,
	    TEMPLATE_PATH);
}

void
setting_template_json(struct reading *reading, config_setting_t *setting,
    void *target)
{
	*(struct template **)target = reading_template(reading, setting,
	    TEMPLATE_JSON);
}

void
setting_pairs_form(struct reading *reading, config_setting_t *setting,
    void *target)
{
	read_pairs(reading, setting, TEMPLATE_FORM, target);
}

void
setting_pairs_text(struct reading *reading, config_setting_t *setting,
    void *target)
{
	read_pairs(reading, setting, TEMPLATE_TEXT, target);
}

static void
read_pairs(struct reading *reading, config_setting_t *setting,
    enum template_kind kind, struct pairs *ret_pairs)
{
	size_t count = reading_list(reading, setting);
	struct pair *items = provider_own(reading->provider,
	    count * sizeof(*items));

	for (size_t i = 0; i < count; i++) {
		config_setting_t *pair = config_setting_get_elem(setting,
		    (unsigned)i);
		const char *words[3];

		if (!reading_words(reading, pair, 2, 3, words))
			continue;
		items[i].name = words[0];
		items[i].value = reading_template(reading,
		    config_setting_get_elem(pair, 1), kind);
		items[i].only_with = words[2];
		if (words[2] != NULL && !reading_knows(reading, words[2]))
			reading_error(reading, pair,
			    "there is no value \"%.32s\"", words[2]);
	}
	*ret_pairs = (struct pairs){ items, count };
}

void
setting_conditions(struct reading *reading, config_setting_t *setting,
    void *target)
{
	read_conditions(reading, setting, false, target);
}

void
setting_conditions_json(struct reading *reading, config_setting_t *setting,
    void *target)
{
	read_conditions(reading, setting, true, target);
}

static void
read_conditions(struct reading *reading, config_setting_t *setting,
    bool is_json_only, struct conditions *ret_conditions)
{
	size_t count = reading_list(reading, setting);
	struct condition *items = provider_own(reading->provider,
	    count * sizeof(*items));

	for (size_t i = 0; i < count; i++) {
		config_setting_t *pair = config_setting_get_elem(setting,
		    (unsigned)i);
		const char *words[3];

		if (!reading_words(reading, pair, 2, 2, words))
			continue;
		items[i].source = provider_source(words[0]);
		items[i].pattern = words[1];
		if (!is_json_only)
			setting_source(reading, config_setting_get_elem(pair,
			    0), &items[i].source);
		else if (items[i].source.place != PLACE_IN_JSON)
			reading_error(reading, pair, "\"%.40s\" must be a "
			    "JSON pointer such as \"/code\"", words[0]);
	}
	*ret_conditions = (struct conditions){ items, count };
}

void
setting_source(struct reading *reading, config_setting_t *setting,
    void *target)
{
	const char *text = reading_string(reading, setting);
	const struct webhook *webhook = reading->webhook;
	enum source_filter filter = SOURCE_PLAIN;
	struct source source;
	bool is_findable = true;

	if (text == NULL)
		return;
	text = cut_filter(reading, setting, text, &filter);
	source = provider_source(text);
	source.filter = filter;
	*(struct source *)target = source;
	if (source.place == PLACE_IN_FORM)
		is_findable = webhook->body != WEBHOOK_JSON;
	else if (source.place == PLACE_IN_JSON)
		is_findable = webhook->body == WEBHOOK_JSON ||
		    webhook->body == WEBHOOK_FORM_JSON;
	else if (source.place == PLACE_IN_LINE)
		is_findable = webhook->records == RECORDS_LINES;
	if (!is_findable)
		reading_error(reading, setting,
		    "\"%.40s\" is not to be found in such a body", text);
}

/* What stands before "|unbase64". */
static const char *
cut_filter(struct reading *reading, const config_setting_t *setting,
    const char *text, enum source_filter *ret_filter)
{
	const char *bar = strchr(text, '|');
	char *name;

	if (bar == NULL)
		return text;
	for (size_t i = SOURCE_PLAIN + 1; i < SOURCE_FILTER_COUNT; i++) {
		if (strcmp(bar + 1, source_filter_names[i]) != 0)
			continue;
		*ret_filter = (enum source_filter)i;
		name = provider_own(reading->provider,
		    (size_t)(bar - text) + 1);
		memcpy(name, text, (size_t)(bar - text));
		return name;
	}
	reading_error(reading, setting, "\"%.32s\" is none of: unbase64, "
	    "unurlencode, e164", bar + 1);
	return text;
}

void
setting_not_yet(struct reading *reading, config_setting_t *setting,
    void *target)
{
	(void)target;
	reading_error(reading, setting,
	    "is known, but this version cannot do it");
}
