/* SPDX-License-Identifier: MIT */
/*
 * Forms as a growing array of fields.
 */
#include "sandbox/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/memory.h"

static char *
decode(const char *text, size_t length);

static int
hex(char digit);

static char *
encode_into(char *at, const char *text);

void
form_add(struct form *form, const char *name, const char *value)
{
	if (value == NULL)
		return;
	if (form->count == form->size) {
		form->size = form->size * 2 + 16;
		form->fields = memory_grow(form->fields, form->size,
		    sizeof(form->fields[0]));
	}
	form->fields[form->count++] = (struct form_field){
		.name = memory_copy(name),
		.value = memory_copy(value),
	};
}

void
form_add_number(struct form *form, const char *name, long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", value);
	form_add(form, name, text);
}

const char *
form_get(const struct form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++)
		if (strcmp(form->fields[i].name, name) == 0)
			return form->fields[i].value;
	return NULL;
}

const char *
form_get_filled(const struct form *form, const char *name)
{
	const char *value = form_get(form, name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

bool
form_parse(const char *text, size_t length, struct form *ret_form)
{
	const char *end = text + length;
	struct form form = { 0 };

	while (text < end) {
		const char *stop = memchr(text, '&', (size_t)(end - text));
		const char *equals;
		char *name, *value;

		if (stop == NULL)
			stop = end;
		equals = memchr(text, '=', (size_t)(stop - text));
		if (equals == NULL)
			equals = stop;
		name = decode(text, (size_t)(equals - text));
		value = equals == stop ? memory_copy("") :
		    decode(equals + 1, (size_t)(stop - equals - 1));
		if (name == NULL || value == NULL ||
		    form.count == FORM_FIELD_MAX) {
			free(name);
			free(value);
			form_fini(&form);
			return false;
		}
		if (stop != text)
			form_add(&form, name, value);
		free(name);
		free(value);
		text = stop == end ? end : stop + 1;
	}
	*ret_form = form;
	return true;
}

char *
form_encode(const struct form *form)
{
	size_t size = 1;
	char *text, *at;

	for (size_t i = 0; i < form->count; i++)
		size += 3 * (strlen(form->fields[i].name) +
		    strlen(form->fields[i].value)) + 2;
	text = at = memory_new(size);
	for (size_t i = 0; i < form->count; i++) {
		if (i > 0)
			*at++ = '&';
		at = encode_into(at, form->fields[i].name);
		*at++ = '=';
		at = encode_into(at, form->fields[i].value);
	}
	return text;
}

void
form_copy(const struct form *form, struct form *ret_form)
{
	*ret_form = (struct form){ 0 };
	for (size_t i = 0; i < form->count; i++)
		form_add(ret_form, form->fields[i].name,
		    form->fields[i].value);
}

void
form_fini(struct form *form)
{
	for (size_t i = 0; i < form->count; i++) {
		free(form->fields[i].name);
		free(form->fields[i].value);
	}
	free(form->fields);
	*form = (struct form){ 0 };
}

/* NULL for a broken escape or a NUL, which no field of ours can hold. */
static char *
decode(const char *text, size_t length)
{
	char *decoded = memory_new(length + 1), *at = decoded;

	for (size_t i = 0; i < length; i++) {
		int byte = (unsigned char)text[i];

		if (byte == '+') {
			byte = ' ';
		} else if (byte == '%') {
			if (length - i < 3 || hex(text[i + 1]) < 0 ||
			    hex(text[i + 2]) < 0) {
				free(decoded);
				return NULL;
			}
			byte = hex(text[i + 1]) * 16 + hex(text[i + 2]);
			i += 2;
		}
		if (byte == 0) {
			free(decoded);
			return NULL;
		}
		*at++ = (char)byte;
	}
	return decoded;
}

static int
hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

static char *
encode_into(char *at, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			*at++ = *text;
		else
			at += sprintf(at, "%%%02X", (unsigned char)*text);
	}
	return at;
}
