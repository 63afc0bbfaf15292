/* SPDX-License-Identifier: MIT */
/*
 * field: reads the daemon's JSON without trusting it. An answer is first held
 * against a shape, which names the first wrong value; after that the readers
 * below never fail: what is absent is "" or 0.
 */
#ifndef CALLBACKD_CTL_FIELD_H
#define CALLBACKD_CTL_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_kind { FIELD_TEXT, FIELD_NUMBER, FIELD_TRUTH, FIELD_OBJECT, FIELD_LIST };

/* A list of these, ended by a name of NULL, is the shape of an object. Members
 * that are not named are not looked at; null counts as absent. */
struct field {
	const char *name;
	enum field_kind kind;
	bool is_needed;
	const struct field *inside;     /* of the object, of the list's objects */
};

/* False: ret_why says what is wrong and where, e.g. "/requests/3/slack_s is
 * not a number". */
bool field_check(const json_t *value, const struct field *shape, char *ret_why,
    size_t size);

/* They accept NULL and anything that is not an object. Numbers are clamped to
 * +-4e15, so that two of them as milliseconds can be added. */
const char *field_text(const json_t *object, const char *name);
int64_t field_number(const json_t *object, const char *name);
double field_real(const json_t *object, const char *name);
bool field_truth(const json_t *object, const char *name);
/* NULL: absent, or not a list (an object). */
const json_t *field_list(const json_t *object, const char *name);
const json_t *field_object(const json_t *object, const char *name);

/* A list's number, 0 if it is none. */
int64_t field_number_of(const json_t *value);

#endif
