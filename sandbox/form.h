/* SPDX-License-Identifier: MIT */
/*
 * application/x-www-form-urlencoded, both ways: a list of fields in order,
 * names may repeat. Pure.
 */
#ifndef CALLBACKD_SANDBOX_FORM_H
#define CALLBACKD_SANDBOX_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/check.h"

enum { FORM_FIELD_MAX = 128 };	/* of a form that is read */

struct form_field {
	char *name;
	char *value;
};

/* Zero is the empty form. */
struct form {
	size_t count, size;
	struct form_field *fields;
};

/* Copies both; nothing is added for a `value` of NULL. */
void
form_add(struct form *form, const char *name, const char *value);

void
form_add_number(struct form *form, const char *name, long long value);

/* The value of the first field of that name; NULL: none. */
const char *
form_get(const struct form *form, const char *name);

/* As form_get, but NULL for an empty value too. */
const char *
form_get_filled(const struct form *form, const char *name);

/* False leaves `ret_form` untouched: bad escape, NUL, or too many fields. */
bool
form_parse(const char *text, size_t length, struct form *ret_form) MUST_USE;

/* The caller frees it. */
char *
form_encode(const struct form *form) MUST_USE;

void
form_copy(const struct form *form, struct form *ret_form);

void
form_fini(struct form *form);

#endif
