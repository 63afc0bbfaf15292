/* SPDX-License-Identifier: MIT */
/*
 * fields: the pairs of a form or of a query, decoded, in the order they came.
 * Reads bytes from strangers: nothing is repaired.
 */
#ifndef CALLBACKD_LIB_FIELDS_H
#define CALLBACKD_LIB_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/check.h"

enum { FIELDS_MAX = 128 };

struct fields {
	struct { const char *name, *value; } items[FIELDS_MAX];
	size_t count;
	char *storage;                  /* owned; the pairs point into it */
};

/* Reads the pairs of "a=1&b=2" into ret_fields, which must be zeroed.
 * False: a bad escape, a NUL, too many pairs. In either case
 * fields_fini() frees. */
bool fields_read(const char *text, size_t length, struct fields *ret_fields)
    MUST_USE;

void fields_fini(struct fields *fields);

/* The value of a field, NULL: there is none. *ret_is_ambiguous is set, never
 * cleared, when the field comes with two different values. */
const char *fields_get(const struct fields *fields, const char *name,
    bool *ret_is_ambiguous);

/* Does any name come twice? */
bool fields_have_twins(const struct fields *fields);

#endif
