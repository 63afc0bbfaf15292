/* SPDX-License-Identifier: MIT */
/*
 * form: the pairs of a form or a query. The daemon's reader and the sandbox's
 * were written apart, and must read the same; writing it brings it back.
 */
#include "sandbox/form.h"

#include <stdlib.h>
#include <string.h>

#include "lib/fields.h"
#include "tests/fuzz/fuzz.h"

static void
check_written(const struct form *form)
{
	char *text = form_encode(form);
	struct form again = { .count = 0 };

	CHECK(text != NULL);
	CHECK(form_parse(text, strlen(text), &again));
	CHECK(again.count == form->count);
	for (size_t i = 0; i < form->count; i++) {
		CHECK(strcmp(again.fields[i].name, form->fields[i].name) == 0);
		CHECK(strcmp(again.fields[i].value, form->fields[i].value) ==
		    0);
	}
	form_fini(&again);
	free(text);
}

static void
check_same(const struct fields *fields, const struct form *form)
{
	bool is_ambiguous = false;

	CHECK(fields->count == form->count);
	for (size_t i = 0; i < form->count; i++) {
		const char *name = form->fields[i].name;
		const char *found = fields_get(fields, name, &is_ambiguous);

		CHECK(strcmp(fields->items[i].name, name) == 0);
		CHECK(strcmp(fields->items[i].value, form->fields[i].value) ==
		    0);
		CHECK(found != NULL && strcmp(found, form_get(form, name)) == 0);
	}
	CHECK(!is_ambiguous || fields_have_twins(fields));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	struct fields fields = { .count = 0 };
	struct form form = { .count = 0 };
	size_t length;
	const char *text = fuzz_rest(&input, &length);
	bool is_read = fields_read(text, length, &fields);
	bool is_parsed = form_parse(text, length, &form);

	if (is_read) {
		CHECK(is_parsed);
		check_same(&fields, &form);
	} else if (is_parsed) {
		CHECK(form.count > FIELDS_MAX);
	}
	if (is_parsed)
		check_written(&form);
	fields_fini(&fields);
	form_fini(&form);
	fuzz_end(&input);
	return 0;
}
