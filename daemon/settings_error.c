/* SPDX-License-Identifier: MIT */
/* settings_error: keeps errors in the order of the lines they are about. */
#include "daemon/settings_internal.h"

#include <stdarg.h>
#include <string.h>

#include "lib/text.h"

enum { PROBLEM_SIZE = 256 };

/* What a message quotes may be cut in the middle of a character, or be none. */
static void
make_utf8(char *text)
{
	while (*text != '\0') {
		size_t length = 1;

		while (length < 4 && text[length] != '\0' &&
		    !text_is_utf8(text, length))
			length++;
		if (!text_is_utf8(text, length)) {
			*text = '?';
			length = 1;
		}
		text += length;
	}
}

static void
add(const struct settings_reading *reading, struct settings_errors *errors,
    int line, const char *path, const char *problem)
{
	struct settings_error error = { .line = line };
	char text[SETTINGS_ERROR_SIZE * 2], place[16] = "";
	size_t at = errors->count;

	if (errors->count == SETTINGS_ERRORS_MAX) {
		errors->left_out++;
		return;
	}
	if (line > 0)
		snprintf(place, sizeof(place), ":%d", line);
	snprintf(text, sizeof(text), "%.200s%s: %s%s%s", reading->file_name,
	    place, path != NULL ? path : "", path != NULL ? ": " : "", problem);
	make_utf8(text);
	text_copy(error.text, sizeof(error.text), text);
	for (; at > 0 && errors->items[at - 1].line > line; at--)
		errors->items[at] = errors->items[at - 1];
	errors->items[at] = error;
	errors->count++;
}

void
settings_error_at(struct settings_reading *reading, int line, const char *path,
    const char *format, ...)
{
	char problem[PROBLEM_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(problem, sizeof(problem), format, arguments);
	va_end(arguments);
	add(reading, reading->errors, line, path, problem);
}

/* The first line of anything that stands under this path, or under the one
 * above it; 0 when nothing does. */
static int
line_near(const struct settings *settings, const char *path)
{
	const struct settings_values *values = settings->values;
	char prefix[SETTING_PATH_SIZE];
	char *dot;

	snprintf(prefix, sizeof(prefix), "%s", path);
	do {
		size_t length = strlen(prefix);
		int least = 0;

		for (size_t i = 0; i < values->count; i++) {
			const struct setting_value *value = &values->items[i];
			char next = strncmp(value->path, prefix, length) == 0 ?
			    value->path[length] : 'x';

			if (value->line > 0 && (next == '\0' || next == '.') &&
			    (least == 0 || value->line < least))
				least = value->line;
		}
		if (least > 0)
			return least;
		dot = strrchr(prefix, '.');
		if (dot != NULL)
			*dot = '\0';
	} while (dot != NULL);
	return 0;
}

void
settings_error(struct settings_reading *reading, const char *path,
    const char *format, ...)
{
	char problem[PROBLEM_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(problem, sizeof(problem), format, arguments);
	va_end(arguments);
	/* Looking for the line of an error that is not kept would be slow. */
	add(reading, reading->errors,
	    reading->errors->count == SETTINGS_ERRORS_MAX ? 0 :
	    line_near(reading->settings, path), path, problem);
}

void
settings_warning(struct settings_reading *reading, const char *path,
    const char *format, ...)
{
	struct settings_errors *warnings = reading->settings->warnings;
	char problem[PROBLEM_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(problem, sizeof(problem), format, arguments);
	va_end(arguments);
	add(reading, warnings, warnings->count == SETTINGS_ERRORS_MAX ? 0 :
	    line_near(reading->settings, path), path, problem);
}
