/* SPDX-License-Identifier: MIT */
/*
 * template: text with holes, compiled once and rendered often. The kind of the
 * text says how a value is escaped where it stands; a template cannot be
 * written so that a value escapes from its hole.
 *
 *   ${name}          the value, escaped for the kind
 *   ${name|filter}   changed first: digits, plus, uuid, base64, urlencode,
 *                    time:FORMAT
 *   %{name}          json only: a whole JSON value (a number and what is JSON
 *                    already stay what they are, anything else becomes a string)
 *
 * plus puts a "+" before a number that has none; uuid makes a UUID of any text,
 * the same one each time (RFC 9562, version 5, in the nil namespace).
 *
 * "$" and "%" stand for themselves unless "{" follows. Nothing here knows which
 * names exist: the caller says.
 */
#ifndef CALLBACKD_LIB_TEMPLATE_H
#define CALLBACKD_LIB_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/check.h"
#include "lib/output.h"

enum {
	TEMPLATE_NAME_SIZE = 32,        /* of a name, with its end */
	TEMPLATE_VALUE_MAX = 16 * 1024, /* bytes of one value */
};

enum template_kind {
	TEMPLATE_TEXT,          /* as it is */
	TEMPLATE_FORM,          /* a field of a form or a query: all of it is percent-encoded */
	TEMPLATE_JSON,          /* values are contents of strings */
	TEMPLATE_XML,           /* values are character data or attribute values */
	TEMPLATE_PATH,          /* values are percent-encoded, "/" too; the rest is not */
	TEMPLATE_KIND_COUNT
};
extern const char *const template_kind_names[TEMPLATE_KIND_COUNT];

struct template;                        /* immutable */

struct template_error {
	size_t at;                      /* byte in the source */
	char   name[TEMPLATE_NAME_SIZE];  /* the name or filter concerned, or "" */
	const char *text;               /* static; of template_render: lives as long as
	                                 * the template, and says the name */
};

/* May `name` be used, and is its value JSON already? */
enum template_name { TEMPLATE_UNKNOWN, TEMPLATE_KNOWN, TEMPLATE_KNOWN_JSON };
typedef enum template_name template_knows(const void *context,
    const char *name);

/* The value of `name`, borrowed until rendering is over; NULL: none. */
typedef const char *template_lookup(const void *context, const char *name);

/* NULL: ret_error tells the first thing that is wrong. */
struct template *
template_compile(const char *source, enum template_kind kind,
    template_knows *on_name, const void *context,
    struct template_error *ret_error) MUST_USE;

/* Accepts NULL. */
void
template_free(struct template *template);

/* Does the template use that name? */
bool
template_uses(const struct template *template, const char *name);

/* False: it is the same text for every value. */
bool
template_has_holes(const struct template *template);

/*
 * Adds the rendered text. False: a value is missing, is not UTF-8, does not suit
 * its filter, or the output is full; ret_error tells (at: of the hole). What was
 * added before stays.
 */
bool
template_render(const struct template *template, template_lookup *on_name,
    const void *context, struct output *output,
    struct template_error *ret_error) MUST_USE;

#endif
