/* SPDX-License-Identifier: MIT */
/* fields: one copy of the text, decoded in place. */
#include "lib/fields.h"

#include <stdlib.h>
#include <string.h>

static bool decode(char *text);
static int hex_value(char letter);

bool
fields_read(const char *text, size_t length, struct fields *ret_fields)
{
	char *at, *next;

	CHECK(ret_fields->storage == NULL);
	if (memchr(text, '\0', length) != NULL)
		return false;
	ret_fields->storage = strndup(text, length);
	CHECK(ret_fields->storage != NULL);
	for (at = ret_fields->storage; at != NULL; at = next) {
		char *value;

		next = strchr(at, '&');
		if (next != NULL)
			*next++ = '\0';
		if (*at == '\0')
			continue;
		if (ret_fields->count == FIELDS_MAX)
			return false;
		value = strchr(at, '=');
		if (value != NULL)
			*value++ = '\0';
		else
			value = at + strlen(at);
		if (!decode(at) || !decode(value))
			return false;
		ret_fields->items[ret_fields->count].name = at;
		ret_fields->items[ret_fields->count].value = value;
		ret_fields->count++;
	}
	return true;
}

void
fields_fini(struct fields *fields)
{
	free(fields->storage);
	fields->storage = NULL;
	fields->count = 0;
}

const char *
fields_get(const struct fields *fields, const char *name,
    bool *ret_is_ambiguous)
{
	const char *found = NULL;

	for (size_t i = 0; i < fields->count; i++) {
		if (strcmp(fields->items[i].name, name) != 0)
			continue;
		if (found == NULL)
			found = fields->items[i].value;
		else if (strcmp(found, fields->items[i].value) != 0)
			*ret_is_ambiguous = true;
	}
	return found;
}

bool
fields_have_twins(const struct fields *fields)
{
	for (size_t i = 0; i < fields->count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(fields->items[i].name,
			    fields->items[j].name) == 0)
				return true;
	return false;
}

static bool
decode(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++) {
		if (*text == '%') {
			int high = hex_value(text[1]);
			int low = high < 0 ? -1 : hex_value(text[2]);

			if (low < 0 || high * 16 + low == 0)
				return false;
			*to++ = (char)(high * 16 + low);
			text += 2;
		} else {
			*to++ = *text == '+' ? ' ' : *text;
		}
	}
	*to = '\0';
	return true;
}

static int
hex_value(char letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	if (letter >= 'a' && letter <= 'f')
		return letter - 'a' + 10;
	if (letter >= 'A' && letter <= 'F')
		return letter - 'A' + 10;
	return -1;
}
