/* SPDX-License-Identifier: MIT */
/* body: one JSON object, or the bytes of a file. */
#include "ctl/body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/ask.h"
#include "ctl/format.h"

enum { FILE_MAX = 1024 * 1024, NAME_SIZE = 32 };

static bool member_add(struct ctl *ctl, json_t *object, const char *member,
    size_t length);
static bool option_value(struct ctl *ctl, const char *name, size_t length,
    json_t **ret_value);
static bool file_read(struct ctl *ctl, const char *name, char **ret_bytes,
    size_t *ret_length);

bool
body_make(struct ctl *ctl, const char *members, char **ret_body,
    size_t *ret_length)
{
	const char *at = members;
	json_t *object;
	bool is_good = true;

	if (strcmp(at, "FILE") == 0)
		return file_read(ctl, holes_value(&ctl->holes, at, 4),
		    ret_body, ret_length);
	object = json_object();
	CHECK(object != NULL);
	while (*at != '\0' && is_good) {
		size_t length = strcspn(at, " ");

		is_good = member_add(ctl, object, at, length);
		at += length;
		at += strspn(at, " ");
	}
	if (is_good) {
		*ret_body = json_dumps(object, JSON_COMPACT);
		CHECK(*ret_body != NULL);
		*ret_length = strlen(*ret_body);
	}
	json_decref(object);
	return is_good;
}

static bool
instant_value(struct ctl *ctl, const char *name, const char *text,
    json_t **ret_value)
{
	int64_t at_s;

	if (text == NULL)
		return true;
	if (!format_read_instant(text, time(NULL), &at_s)) {
		complain(ctl, "%s %s is no time: use HH:MM, "
		    "\"YYYY-MM-DD HH:MM\" or Unix seconds", name, text);
		return false;
	}
	*ret_value = json_integer(at_s);
	return true;
}

/* "at=--at", "text=TEXT", "from=@FROM" (a moment); what was not given is left out. */
static bool
member_add(struct ctl *ctl, json_t *object, const char *member, size_t length)
{
	const char *equals = memchr(member, '=', length);
	json_t *value = NULL;
	char name[NAME_SIZE];
	size_t rest;

	CHECK(equals != NULL);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - member), member);
	rest = length - (size_t)(equals + 1 - member);
	if (equals[1] == '@') {
		if (!instant_value(ctl, name, holes_value(&ctl->holes, equals + 2,
		        rest - 1), &value))
			return false;
	} else if (strncmp(equals + 1, "--", 2) == 0) {
		if (!option_value(ctl, equals + 3, rest - 2, &value))
			return false;
	} else {
		const char *text = holes_value(&ctl->holes, equals + 1, rest);

		value = text != NULL ? json_string(text) : NULL;
		if (text != NULL && value == NULL) {
			complain(ctl, "%s is not UTF-8", name);
			return false;
		}
	}
	if (value != NULL)
		CHECK(json_object_set_new(object, name, value) == 0);
	return true;
}

/* NULL: it was not given. */
static bool
option_value(struct ctl *ctl, const char *name, size_t length,
    json_t **ret_value)
{
	char option[NAME_SIZE];
	int i = 0;

	while (strlen(option_names[i].name) != length ||
	    memcmp(option_names[i].name, name, length) != 0) {
		i++;
		CHECK(i < OPTION_COUNT);
	}
	*ret_value = NULL;
	if (ctl->options[i] == NULL)
		return true;
	if (option_names[i].is_instant) {
		snprintf(option, sizeof(option), "--%s", option_names[i].name);
		return instant_value(ctl, option, ctl->options[i], ret_value);
	}
	*ret_value = json_string(ctl->options[i]);
	if (*ret_value == NULL)
		complain(ctl, "--%s is not UTF-8", option_names[i].name);
	return *ret_value != NULL;
}

/* The bytes as they are: whether they are good JSON is the daemon's answer. */
static bool
file_read(struct ctl *ctl, const char *name, char **ret_bytes,
    size_t *ret_length)
{
	FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	char *bytes = malloc(FILE_MAX + 1);
	size_t length = 0;
	bool is_good = false;

	CHECK(bytes != NULL);
	if (file != NULL) {
		length = fread(bytes, 1, FILE_MAX + 1, file);
		is_good = !ferror(file);
	}
	if (!is_good)
		complain(ctl, "%s cannot be read: %s", name, strerror(errno));
	else if (length > FILE_MAX)
		complain(ctl, "%s is longer than 1 MB", name);
	if (file != NULL && file != stdin)
		fclose(file);
	if (!is_good || length > FILE_MAX) {
		free(bytes);
		return false;
	}
	*ret_bytes = bytes;
	*ret_length = length;
	return true;
}
