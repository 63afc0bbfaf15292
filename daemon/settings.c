/* SPDX-License-Identifier: MIT */
/*
 * settings: loading from end to end, and what can be told of settings that are
 * loaded: all of them, what is done only in part, and how two differ.
 */
#include "daemon/settings.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/settings_internal.h"
#include "lib/text.h"
#include "lib/zone.h"

enum {
	HELP_COLUMN = 52,
};

static struct settings *settings_new(void);
static void folder_of(const char *path, char *ret_folder, size_t size);

bool
settings_load(const char *path, struct settings **ret_settings,
    struct settings_errors *ret_errors)
{
	struct settings_reading reading = { .settings = settings_new(),
		.errors = ret_errors, .file_name = path };
	size_t length = 0;
	char *text;
	bool is_good;

	*ret_errors = (struct settings_errors){ .count = 0 };
	folder_of(path, reading.folder, sizeof(reading.folder));
	text = settings_file_main(&reading, path, &length);
	is_good = text != NULL && settings_scan(&reading, text, length) &&
	    settings_try(&reading, text);
	if (is_good) {
		settings_read(&reading, text);
		/* A file that it names may have changed since the child. */
		is_good = ret_errors->count == 0;
	}
	if (!is_good) {
		settings_free(reading.settings);
		return false;
	}
	policy_index(&reading.settings->policy,
	    settings_own(reading.settings, sizeof(uint32_t) *
	        policy_index_size(&reading.settings->policy)));
	*ret_settings = reading.settings;
	return true;
}

static struct settings *
settings_new(void)
{
	struct settings *settings = calloc(1, sizeof(*settings));

	CHECK(settings != NULL);
	settings->values = calloc(1, sizeof(*settings->values));
	settings->warnings = calloc(1, sizeof(*settings->warnings));
	CHECK(settings->values != NULL && settings->warnings != NULL);
	policy_defaults(&settings->policy);
	settings->policy.zones = zones_new();
	queue_policy_defaults(&settings->queue_model);
	specialist_policy_defaults(&settings->specialist_model);
	return settings;
}

void
settings_free(struct settings *settings)
{
	if (settings == NULL)
		return;
	settings_values_free(settings->values);
	free(settings->warnings);
	zone_free(settings->zone);
	zones_free(settings->policy.zones);
	free(settings);
}

/* A path too long to keep has no folder that files are found in. */
static void
folder_of(const char *path, char *ret_folder, size_t size)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash == NULL ? 0 : (size_t)(slash - path);

	if (slash == NULL || length >= size)
		snprintf(ret_folder, size, ".");
	else if (length == 0)
		snprintf(ret_folder, size, "/");
	else
		snprintf(ret_folder, size, "%.*s", (int)length, path);
}

/* ---- what is told of them */

void
settings_print(FILE *file, const struct settings *settings)
{
	const struct settings_values *values = settings->values;

	for (size_t i = 0; i < values->count; i++) {
		const struct setting_value *value = &values->items[i];
		int width = (int)(text_length(value->path) +
		    text_length(value->shown)) + 4;

		fprintf(file, "%s = %s;%*s# %s%s\n", value->path,
		    value->shown, width < HELP_COLUMN ?
		    HELP_COLUMN - width : 1, "",
		    value->line == 0 ? "(default) " : "", value->row->help);
	}
}

const struct settings_errors *
settings_warnings(const struct settings *settings)
{
	return settings->warnings;
}

size_t
settings_difference(const struct settings *before,
    const struct settings *after, settings_on_difference *on_difference,
    void *context)
{
	const struct settings_values *old = before->values;
	const struct settings_values *new = after->values;
	struct settings_difference difference;
	size_t count = 0;

	for (size_t i = 0; i < new->count; i++) {
		const struct setting_value *value = &new->items[i];
		const struct setting_value *was = settings_find(before,
		    value->path);

		if (was != NULL && strcmp(was->compared, value->compared) == 0)
			continue;
		difference = (struct settings_difference){ value->path,
			was != NULL ? was->shown : NULL, value->shown,
			(value->row->flags & SETTING_RESTART) != 0 };
		on_difference(context, &difference);
		count++;
	}
	for (size_t i = 0; i < old->count; i++) {
		const struct setting_value *value = &old->items[i];

		if (settings_find(after, value->path) != NULL)
			continue;
		difference = (struct settings_difference){ value->path,
			value->shown, NULL,
			(value->row->flags & SETTING_RESTART) != 0 };
		on_difference(context, &difference);
		count++;
	}
	return count;
}
