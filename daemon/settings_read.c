/* SPDX-License-Identifier: MIT */
/*
 * settings_read: walks the table and libconfig's tree side by side. Every
 * setting becomes text first, whatever its type in the file, so that the file
 * and the table's defaults take one way (settings_store).
 */
#include "daemon/settings_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

enum { NUMBER_SIZE = 32 };

/* Where in the tree and in the structs we are. */
struct place {
	struct settings_reading *reading;
	const char *prefix;             /* path of the group; "" at the top */
	void *target;
	bool is_inherited;              /* what is absent stays as it was */
};

static void read_group(const struct place *place,
    const config_setting_t *group, const struct setting_table *table);
static void read_row(const struct place *place,
    const config_setting_t *group, const struct setting_row *row);
static void read_member(const struct place *place, const char *path,
    const config_setting_t *setting, const struct setting_row *row);
static void read_nested(const struct place *place, const char *path,
    const config_setting_t *setting, const struct setting_row *row);
static void read_list(const struct place *place, const char *path,
    const config_setting_t *list, const struct setting_row *row);
static bool read_elements(struct settings_reading *reading, const char *path,
    const config_setting_t *setting, const struct setting_row *row,
    struct setting_value *value);
static void read_secrets(const struct place *place, const char *path,
    const config_setting_t *setting, const struct setting_row *row);
static void refuse_unknown(const struct place *place,
    const config_setting_t *group, const struct setting_table *table);
static void join(const char *prefix, const char *name,
    char ret_path[SETTING_PATH_SIZE]);
static int line_of(const config_setting_t *setting);

void
settings_read(struct settings_reading *reading, const char *text)
{
	struct place place = { reading, "", reading->settings, false };
	config_t config;

	config_init(&config);
	if (config_read_string(&config, text) != CONFIG_TRUE) {
		const char *error = config_error_text(&config);

		settings_error_at(reading, config_error_line(&config), NULL,
		    "%s", error != NULL ? error : "cannot be parsed");
	} else {
		read_group(&place, config_root_setting(&config),
		    &settings_schema);
		settings_complete(reading);
		settings_check(reading);
	}
	config_destroy(&config);
}

/* ---- groups */

/* group NULL: it is absent, and all its settings with it. */
static void
read_group(const struct place *place, const config_setting_t *group,
    const struct setting_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		read_row(place, group, &table->rows[i]);
	if (group != NULL)
		refuse_unknown(place, group, table);
}

static void
read_row(const struct place *place, const config_setting_t *group,
    const struct setting_row *row)
{
	struct settings_reading *reading = place->reading;
	const config_setting_t *member = group == NULL ? NULL :
	    config_setting_get_member(group, row->name);
	char path[SETTING_PATH_SIZE];

	join(place->prefix, row->name, path);
	if (row->type == SETTING_GROUP)
		read_nested(place, path, member, row);
	else if (member != NULL)
		read_member(place, path, member, row);
	else if (row->flags & SETTING_REQUIRED)
		settings_error_at(reading, group == NULL ? 1 : line_of(group),
		    path, "is missing");
	else if (row->default_text != NULL && !place->is_inherited)
		settings_store(reading, row, path, 0, row->default_text,
		    place->target);
}

static void
read_nested(const struct place *place, const char *path,
    const config_setting_t *setting, const struct setting_row *row)
{
	struct place inner = { place->reading, path,
		(char *)place->target + row->at,
		(row->flags & SETTING_INHERITS) != 0 };

	if (setting != NULL && !config_setting_is_group(setting)) {
		settings_error_at(place->reading, line_of(setting), path,
		    "must be a group: { name = value; ... }");
		return;
	}
	read_group(&inner, setting, row->table);
}

static void
refuse_unknown(const struct place *place, const config_setting_t *group,
    const struct setting_table *table)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *member = config_setting_get_elem(group,
		    (unsigned)i);
		const char *name = config_setting_name(member), *near = NULL;
		char path[SETTING_PATH_SIZE];
		size_t best = SIZE_MAX, at;

		for (at = 0; at < table->count; at++) {
			if (strcmp(table->rows[at].name, name) == 0)
				break;
			if (text_is_nearer(name, table->rows[at].name, &best))
				near = table->rows[at].name;
		}
		if (at < table->count)
			continue;
		join(place->prefix, name, path);
		settings_error_at(place->reading, line_of(member), path,
		    "there is no such setting%s%s%s",
		    near != NULL ? "; did you mean \"" : "",
		    near != NULL ? near : "", near != NULL ? "\"?" : "");
	}
}

/* ---- one setting */

/* libconfig may keep an empty text as NULL. */
static const char *
string_of(const config_setting_t *setting)
{
	const char *text = config_setting_get_string(setting);

	return text != NULL ? text : "";
}

/* The text of a scalar; NULL: it is none of the types the row takes. */
static const char *
text_of(const config_setting_t *setting, enum setting_type type,
    char ret_number[NUMBER_SIZE])
{
	bool takes_text = type == SETTING_TEXT || type == SETTING_DURATION ||
	    type == SETTING_CHOICE;
	bool takes_number = type == SETTING_INTEGER || type == SETTING_NUMBER;
	int kind = config_setting_type(setting);

	switch (kind) {
	case CONFIG_TYPE_STRING:
		return takes_text ? string_of(setting) : NULL;
	case CONFIG_TYPE_BOOL:
		return type != SETTING_FLAG ? NULL :
		    config_setting_get_bool(setting) ? "true" : "false";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(ret_number, NUMBER_SIZE, "%lld",
		    kind == CONFIG_TYPE_INT ?
		    (long long)config_setting_get_int(setting) :
		    config_setting_get_int64(setting));
		/* Nothing is nothing in any unit. */
		return takes_number || (type == SETTING_DURATION &&
		    strcmp(ret_number, "0") == 0) ? ret_number : NULL;
	case CONFIG_TYPE_FLOAT:
		snprintf(ret_number, NUMBER_SIZE, "%.15g",
		    config_setting_get_float(setting));
		return type == SETTING_NUMBER ? ret_number : NULL;
	default:
		return NULL;
	}
}

static void
read_member(const struct place *place, const char *path,
    const config_setting_t *setting, const struct setting_row *row)
{
	static const char *const expected[] = {
		[SETTING_TEXT] = "must be a text in quotes",
		[SETTING_DURATION] = "must be a duration in quotes: \"1h30m\"",
		[SETTING_INTEGER] = "must be a whole number",
		[SETTING_NUMBER] = "must be a number",
		[SETTING_FLAG] = "must be true or false",
		[SETTING_CHOICE] = "must be a word in quotes",
	};
	struct settings_reading *reading = place->reading;
	struct setting_value value = { .row = row, .path = path };
	char number[NUMBER_SIZE];
	const char *text;

	value.line = line_of(setting);
	switch (row->type) {
	case SETTING_LIST:
		read_list(place, path, setting, row);
		return;
	case SETTING_SECRETS:
		read_secrets(place, path, setting, row);
		return;
	case SETTING_TEXTS:
	case SETTING_DURATIONS:
	case SETTING_PAIRS:
		if (read_elements(reading, path, setting, row, &value))
			settings_store_words(reading, &value, place->target);
		return;
	case SETTING_TEXT:
	case SETTING_DURATION:
	case SETTING_INTEGER:
	case SETTING_NUMBER:
	case SETTING_FLAG:
	case SETTING_CHOICE:
	case SETTING_GROUP:
		break;
	}
	text = text_of(setting, row->type, number);
	if (text == NULL)
		settings_error_at(reading, value.line, path, "%s",
		    expected[row->type]);
	else
		settings_store(reading, row, path, value.line, text,
		    place->target);
}

/* ---- lists */

/* How an item is called in paths: by its id, or else by its number. */
static void
item_path(const char *list_path, const config_setting_t *item, int index,
    char ret_path[SETTING_PATH_SIZE])
{
	const config_setting_t *id = config_setting_get_member(item, "id");
	const char *name = id == NULL ? NULL : config_setting_get_string(id);
	char why[SETTING_WHY_SIZE], number[NUMBER_SIZE];

	if (name == NULL || strlen(name) >= ID_SIZE ||
	    !settings_format_check(FORMAT_ID, name, why)) {
		snprintf(number, sizeof(number), "%d", index + 1);
		name = number;
	}
	join(list_path, name, ret_path);
}

static void
read_list(const struct place *place, const char *path,
    const config_setting_t *list, const struct setting_row *row)
{
	struct settings_reading *reading = place->reading;
	int count = config_setting_length(list);

	if (!config_setting_is_list(list)) {
		settings_error_at(reading, line_of(list), path,
		    "must be a list of groups: ( { ... }, { ... } )");
		return;
	}
	if (count < row->min || count > row->max) {
		settings_error_at(reading, line_of(list), path,
		    "must have %lld to %lld entries", (long long)row->min,
		    (long long)row->max);
		return;
	}
	for (int i = 0; i < count; i++) {
		const config_setting_t *item = config_setting_get_elem(list,
		    (unsigned)i);
		struct place inner = { .reading = reading };
		char inner_path[SETTING_PATH_SIZE];

		inner.target = settings_item(reading->settings, row->list,
		    place->target, (size_t)i, (size_t)count);
		if (!config_setting_is_group(item)) {
			settings_error_at(reading, line_of(item), path,
			    "entry %d must be a group { ... }", i + 1);
			continue;
		}
		item_path(path, item, i, inner_path);
		inner.prefix = inner_path;
		read_group(&inner, item, row->table);
		settings_item_done(reading, row->list, inner.target,
		    inner_path);
	}
}

/* Adds the words of one element; false: it is not what it must be. */
static bool
read_words(struct settings *settings, const config_setting_t *element,
    struct setting_value *value)
{
	bool is_pair = value->row->type == SETTING_PAIRS;
	unsigned count = is_pair ? 2 : 1;

	if (is_pair && ((!config_setting_is_list(element) &&
	    !config_setting_is_array(element)) ||
	    config_setting_length(element) != 2))
		return false;
	for (unsigned i = 0; i < count; i++) {
		bool is_level = i == 1 && value->row->second == FORMAT_LEVEL;
		char number[NUMBER_SIZE];
		const char *text = text_of(is_pair ?
		    config_setting_get_elem(element, i) : element,
		    is_level ? SETTING_INTEGER : SETTING_TEXT, number);

		if (text == NULL)
			return false;
		value->words[value->word_count++] = settings_own_text(settings,
		    text);
	}
	return true;
}

/* Texts and pairs, as words. */
static bool
read_elements(struct settings_reading *reading, const char *path,
    const config_setting_t *setting, const struct setting_row *row,
    struct setting_value *value)
{
	bool is_pair = row->type == SETTING_PAIRS;
	const char *example = !is_pair ? "a list: [ \"...\", \"...\" ]" :
	    row->second == FORMAT_LEVEL ? "a list of pairs: ( (\"info\", 3), ... )" :
	    "a list of pairs: ( (\"...\", \"...\"), ... )";
	int count = config_setting_length(setting);

	if ((row->flags & SETTING_OR_ONE) != 0 &&
	    config_setting_type(setting) == CONFIG_TYPE_STRING) {
		value->words = settings_own(reading->settings,
		    sizeof(*value->words));
		value->words[value->word_count++] = settings_own_text(
		    reading->settings, string_of(setting));
		return true;
	}
	if (!config_setting_is_list(setting) &&
	    !config_setting_is_array(setting)) {
		settings_error_at(reading, value->line, path, "must be %s",
		    example);
		return false;
	}
	if (count < row->min || count > row->max) {
		settings_error_at(reading, value->line, path,
		    "must have %lld to %lld entries", (long long)row->min,
		    (long long)row->max);
		return false;
	}
	value->words = settings_own(reading->settings,
	    2 * (size_t)count * sizeof(*value->words));
	for (int i = 0; i < count; i++) {
		if (read_words(reading->settings, config_setting_get_elem(
		    setting, (unsigned)i), value))
			continue;
		settings_error_at(reading, value->line, path,
		    "entry %d is wrong; it must be %s", i + 1, example);
		return false;
	}
	return true;
}

/* ---- secrets: a file's name, or in trials what would stand in it */

static void
read_secrets(const struct place *place, const char *path,
    const config_setting_t *setting, const struct setting_row *row)
{
	struct settings_reading *reading = place->reading;
	struct settings_provider *provider = place->target;
	int line = line_of(setting);
	const struct setting_value here = { .row = row, .path = path,
		.line = line, .shown = "{ ... }" };

	if (config_setting_type(setting) == CONFIG_TYPE_STRING) {
		const char *name = config_setting_get_string(setting);

		if (settings_store(reading, row, path, line, name, NULL))
			settings_secrets_file(reading, path, name, provider);
		return;
	}
	if (!config_setting_is_group(setting)) {
		settings_error_at(reading, line, path,
		    "must be the name of a file");
		return;
	}
	if (!reading->settings->allow_test_settings) {
		settings_error_at(reading, line, path, "secrets do not belong "
		    "into this file: name another, or set allow_test_settings");
		return;
	}
	settings_add(reading->settings, &here);
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *member = config_setting_get_elem(
		    setting, (unsigned)i);
		const char *text = config_setting_get_string(member);

		if (text == NULL)
			settings_error_at(reading, line_of(member), path,
			    "%.32s must be a text in quotes",
			    config_setting_name(member));
		else
			settings_secret_add(reading, path, line_of(member),
			    provider, config_setting_name(member), text);
	}
}

/* ---- */

static void
join(const char *prefix, const char *name, char ret_path[SETTING_PATH_SIZE])
{
	snprintf(ret_path, SETTING_PATH_SIZE, "%.80s%s%.40s", prefix,
	    prefix[0] != '\0' ? "." : "", name);
}

/* The file as a whole begins in its first line, whatever libconfig says. */
static int
line_of(const config_setting_t *setting)
{
	int line = (int)config_setting_source_line(setting);

	return line > 0 ? line : 1;
}
