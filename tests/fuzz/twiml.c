/* SPDX-License-Identifier: MIT */
/* twiml: a flow as the sandbox reads it. */
#include "sandbox/twiml.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

static size_t
check_verb(const struct twiml_verb *verb, const struct twiml_verb *parent)
{
	size_t count = 1;

	CHECK(verb->kind < TWIML_KIND_COUNT && verb->parent == parent);
	CHECK(verb->text != NULL && strlen(verb->text) <= TWIML_TEXT_MAX);
	CHECK(verb->attribute_count <= TWIML_ATTRIBUTE_MAX);
	for (size_t i = 0; i < verb->attribute_count; i++)
		CHECK(twiml_attribute(verb, verb->attributes[i].name) != NULL);
	twiml_number(verb, "timeout", 5);
	for (const struct twiml_verb *child = verb->first; child != NULL;
	    child = child->next) {
		CHECK(child->next != NULL || child == verb->last);
		count += check_verb(child, verb);
	}
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	char error[TWIML_ERROR_SIZE] = "";
	struct twiml_verb *verb;
	size_t length;
	const char *text = fuzz_rest(&input, &length);

	verb = twiml_parse(text, length, error);
	if (verb != NULL)
		CHECK(check_verb(verb, NULL) <= TWIML_VERB_MAX + 1);
	else
		CHECK(error[0] != '\0');
	twiml_free(verb);
	fuzz_end(&input);
	return 0;
}
