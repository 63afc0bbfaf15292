/* SPDX-License-Identifier: MIT */
/* field: shapes, and readers that cannot fail. */
#include "ctl/field.h"

#include <stdio.h>
#include <string.h>

#include "lib/check.h"

enum { PATH_SIZE = 160 };      /* shapes are not deep */
#define NUMBER_MAX 4e15                 /* thousandfold, two still add up */

static const char *const kind_names[] = {
	[FIELD_TEXT] = "a string",
	[FIELD_NUMBER] = "a number",
	[FIELD_TRUTH] = "true or false",
	[FIELD_OBJECT] = "an object",
	[FIELD_LIST] = "a list",
};

static bool object_check(const json_t *object, const struct field *shape,
    const char *path, char *ret_why, size_t size);
static bool list_check(const json_t *list, const struct field *shape,
    const char *path, char *ret_why, size_t size);
static bool is_kind(const json_t *value, enum field_kind kind);

bool
field_check(const json_t *value, const struct field *shape, char *ret_why,
    size_t size)
{
	if (!json_is_object(value)) {
		snprintf(ret_why, size, "it is not an object");
		return false;
	}
	return object_check(value, shape, "", ret_why, size);
}

static bool
object_check(const json_t *object, const struct field *shape, const char *path,
    char *ret_why, size_t size)
{
	for (; shape->name != NULL; shape++) {
		const json_t *value = json_object_get(object, shape->name);
		char here[PATH_SIZE];

		CHECK(snprintf(here, sizeof(here), "%s/%s", path,
		    shape->name) < PATH_SIZE);
		if (value == NULL || json_is_null(value)) {
			if (!shape->is_needed)
				continue;
			snprintf(ret_why, size, "%s is missing", here);
			return false;
		}
		if (!is_kind(value, shape->kind)) {
			snprintf(ret_why, size, "%s is not %s", here,
			    kind_names[shape->kind]);
			return false;
		}
		if (shape->inside == NULL)
			continue;
		if (shape->kind == FIELD_LIST ?
		    !list_check(value, shape->inside, here, ret_why, size) :
		    !object_check(value, shape->inside, here, ret_why, size))
			return false;
	}
	return true;
}

static bool
list_check(const json_t *list, const struct field *shape, const char *path,
    char *ret_why, size_t size)
{
	size_t i;
	const json_t *value;

	json_array_foreach(list, i, value) {
		char here[PATH_SIZE];

		CHECK(snprintf(here, sizeof(here), "%s/%zu", path, i) <
		    PATH_SIZE);
		if (!json_is_object(value)) {
			snprintf(ret_why, size, "%s is not an object", here);
			return false;
		}
		if (!object_check(value, shape, here, ret_why, size))
			return false;
	}
	return true;
}

static bool
is_kind(const json_t *value, enum field_kind kind)
{
	switch (kind) {
	case FIELD_TEXT:
		return json_is_string(value);
	case FIELD_NUMBER:
		return json_is_number(value);
	case FIELD_TRUTH:
		return json_is_boolean(value);
	case FIELD_OBJECT:
		return json_is_object(value);
	case FIELD_LIST:
		return json_is_array(value);
	}
	return false;
}

const char *
field_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

int64_t
field_number(const json_t *object, const char *name)
{
	return field_number_of(json_object_get(object, name));
}

int64_t
field_number_of(const json_t *value)
{
	double number = json_number_value(value);

	if (number > NUMBER_MAX)
		return (int64_t)NUMBER_MAX;
	if (number < -NUMBER_MAX)
		return -(int64_t)NUMBER_MAX;
	return (int64_t)number;
}

double
field_real(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

bool
field_truth(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

const json_t *
field_list(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_array(value) ? value : NULL;
}

const json_t *
field_object(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_object(value) ? value : NULL;
}
