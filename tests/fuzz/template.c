/* SPDX-License-Identifier: MIT */
/*
 * template: its kind, a line; the source, a line; then a value a line, for a,
 * b, c ... A value never leaves the place where it stands: what is well-formed
 * with harmless values is well-formed with any, and in the same shape.
 */
#include "lib/template.h"

#include <expat.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "tests/fuzz/fuzz.h"

enum { VALUES_MAX = 8, RENDERED_MAX = 64 * 1024 };

/* Can stand where a value may, and nowhere else: no name, number or comment. */
#define HARMLESS "q r--s"

struct values {
	size_t count;
	const char *texts[VALUES_MAX];
	bool is_harmless;
};

static enum template_name
knows(const void *context, const char *name)
{
	(void)context;
	return name[0] >= 'a' && name[0] < 'a' + VALUES_MAX &&
	    name[1] == '\0' ? TEMPLATE_KNOWN : TEMPLATE_UNKNOWN;
}

static const char *
look_up(const void *context, const char *name)
{
	const struct values *values = context;
	size_t place = (size_t)(name[0] - 'a');

	if (place >= values->count)
		return NULL;
	return values->is_harmless ? HARMLESS : values->texts[place];
}

/* ---- shapes: how many of each thing there are */

static size_t
json_shape(const json_t *json)
{
	size_t shape = json_is_object(json) ? 1000000 :
	    json_is_array(json) ? 1000 : 1;
	const char *name;
	json_t *value;
	size_t i;

	json_array_foreach(json, i, value)
		shape += json_shape(value);
	json_object_foreach((json_t *)json, name, value)
		shape += json_shape(value);
	return shape;
}

static void XMLCALL
on_element(void *context, const XML_Char *name, const XML_Char **attributes)
{
	size_t *shape = context;

	(void)name;
	*shape += 1000;
	for (; *attributes != NULL; attributes += 2)
		*shape += 1;
}

/* 0: not well-formed, or nothing that can be compared. */
static size_t
shape_of(enum template_kind kind, const char *text)
{
	size_t shape = 0;

	if (kind == TEMPLATE_JSON) {
		json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

		shape = json == NULL ? 0 : json_shape(json);
		json_decref(json);
	} else if (kind == TEMPLATE_XML) {
		XML_Parser parser = XML_ParserCreate("UTF-8");

		CHECK(parser != NULL);
		XML_SetUserData(parser, &shape);
		XML_SetStartElementHandler(parser, on_element);
		if (XML_Parse(parser, text, (int)strlen(text), 1) !=
		    XML_STATUS_OK)
			shape = 0;
		XML_ParserFree(parser);
	}
	return shape;
}

static size_t
count_of(const char *text, const char *characters)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += strchr(characters, *text) != NULL;
	return count;
}

static void
check_shape(enum template_kind kind, const char *source, const char *harmless,
    const char *text)
{
	size_t shape;

	if (kind == TEMPLATE_FORM)
		CHECK(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "abcdefghijklmnopqrstuvwxyz0123456789-._~%") ==
		    strlen(text));
	if (kind == TEMPLATE_PATH)
		CHECK(count_of(text, "/?#&=+ \r\n<>\"") ==
		    count_of(harmless, "/?#&=+ \r\n<>\""));
	/* A filter may make a name of what is harmless where it stands. */
	shape = strchr(source, '|') != NULL ? 0 : shape_of(kind, harmless);
	if (shape != 0)
		CHECK(shape_of(kind, text) == shape);
}

static bool
render(const struct template *template, const struct values *values,
    struct output *output)
{
	struct template_error error = { .text = NULL };
	bool is_good = template_render(template, look_up, values, output,
	    &error);

	CHECK(is_good || error.text != NULL);
	CHECK(output->length <= output->max);
	CHECK(output->text == NULL || strlen(output->text) == output->length);
	return is_good;
}

static void
check_rendering(const struct template *template, enum template_kind kind,
    const char *source, struct values *values)
{
	struct output text = { .max = RENDERED_MAX };
	struct output harmless = { .max = RENDERED_MAX };
	bool is_good = render(template, values, &text);

	values->is_harmless = true;
	if (render(template, values, &harmless) && is_good &&
	    text.text != NULL && harmless.text != NULL &&
	    text_is_utf8(source, strlen(source)))
		check_shape(kind, source, harmless.text, text.text);
	output_fini(&text);
	output_fini(&harmless);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	enum template_kind kind = (enum template_kind)fuzz_number(&input,
	    TEMPLATE_KIND_COUNT);
	const char *source = fuzz_line(&input);
	struct values values = { .count = 0 };
	struct template_error error = { .text = NULL };
	struct template *template;

	while (input.at < input.end && values.count < VALUES_MAX)
		values.texts[values.count++] = fuzz_line(&input);
	template = template_compile(source, kind, knows, NULL, &error);
	if (template == NULL) {
		CHECK(error.text != NULL && error.at <= strlen(source));
	} else {
		check_rendering(template, kind, source, &values);
		template_free(template);
	}
	fuzz_end(&input);
	return 0;
}
