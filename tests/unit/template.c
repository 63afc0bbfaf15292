/* SPDX-License-Identifier: MIT */
/*
 * template: what is compiled, what is refused and where, and that no value
 * whatever leaves its hole. The random part prints its seed;
 * CALLBACKD_TEST_SEED repeats one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/template.h"
#include "lib/text.h"

enum { ROUNDS = 20000 };

static enum template_name
knows(const void *context, const char *name)
{
	(void)context;
	return strcmp(name, "no") == 0 ? TEMPLATE_UNKNOWN :
	    strcmp(name, "json") == 0 ? TEMPLATE_KNOWN_JSON : TEMPLATE_KNOWN;
}

/* The context is the value of every name; "none" has none. */
static const char *
give(const void *context, const char *name)
{
	return strcmp(name, "none") == 0 ? NULL : context;
}

static struct template *
compile(const char *source, enum template_kind kind)
{
	struct template_error error;
	struct template *made = template_compile(source, kind, knows, NULL,
	    &error);

	if (made == NULL)
		fail_msg("\"%s\" at %zu: %s %s", source, error.at, error.name,
		    error.text);
	return made;
}

static void
expect(const char *source, enum template_kind kind, const char *value,
    const char *expected)
{
	struct template *made = compile(source, kind);
	struct output output = { .max = 4096 };
	struct template_error error;

	if (!template_render(made, give, value, &output, &error))
		fail_msg("\"%s\": %s", source, error.text);
	assert_string_equal(output.text != NULL ? output.text : "", expected);
	assert_int_equal(output.length, strlen(expected));
	output_fini(&output);
	template_free(made);
}

static void
expect_error(const char *source, enum template_kind kind, size_t at,
    const char *name)
{
	struct template_error error;

	assert_null(template_compile(source, kind, knows, NULL, &error));
	assert_int_equal(error.at, at);
	assert_string_equal(error.name, name);
	assert_true(strlen(error.text) > 0);
}

static void
renders_by_kind(void **state)
{
	const char *nasty = "a b&c=d/\"<>'\\%";

	(void)state;
	expect("", TEMPLATE_TEXT, "x", "");
	expect("plain", TEMPLATE_TEXT, "x", "plain");
	expect("$5, 5% and $ {a} }", TEMPLATE_TEXT, "x", "$5, 5% and $ {a} }");
	expect("${a}${b}-${a}", TEMPLATE_TEXT, "x", "xx-x");
	expect("<${a}>", TEMPLATE_TEXT, nasty, "<a b&c=d/\"<>'\\%>");
	expect("x y&${a}", TEMPLATE_FORM, nasty,
	    "x%20y%26a%20b%26c%3Dd%2F%22%3C%3E%27%5C%25");
	expect("/a&b/${a}/c", TEMPLATE_PATH, "../e?f#g", "/a&b/..%2Fe%3Ff%23g/c");
	expect("{\"k\":\"${a}\"}", TEMPLATE_JSON, "\"\\\n",
	    "{\"k\":\"\\\"\\\\\\u000a\"}");
	expect("<a b=\"${a}\"/>", TEMPLATE_XML, "<&>\"'\t\n\x01z",
	    "<a b=\"&lt;&amp;&gt;&quot;&apos;&#9;&#10;z\"/>");
	expect("${a}", TEMPLATE_XML, "\xef\xbf\xbe\xef\xbc\x81\xef\xbf\xbf",
	    "\xef\xbc\x81");
}

static void
renders_json_values(void **state)
{
	(void)state;
	expect("%{a}", TEMPLATE_JSON, "25", "25");
	expect("%{a}", TEMPLATE_JSON, "-2.50", "-2.50");
	expect("%{a}", TEMPLATE_JSON, "0", "0");
	expect("%{a}", TEMPLATE_JSON, "007", "\"007\"");
	expect("%{a}", TEMPLATE_JSON, "1e5", "\"1e5\"");
	expect("%{a}", TEMPLATE_JSON, "1.", "\"1.\"");
	expect("%{a}", TEMPLATE_JSON, "", "\"\"");
	expect("%{a}", TEMPLATE_JSON, "true", "\"true\"");
	expect("%{a}", TEMPLATE_JSON, "99999999999999999999",
	    "\"99999999999999999999\"");
	expect("%{a}", TEMPLATE_JSON, "1,\"b\":2", "\"1,\\\"b\\\":2\"");
}

static void
applies_filters(void **state)
{
	(void)state;
	expect("${a|digits}", TEMPLATE_TEXT, "+7 (916) 000-00-03", "79160000003");
	expect("${a|base64}", TEMPLATE_TEXT, "job=42", "am9iPTQy");
	expect("${a|base64}", TEMPLATE_FORM, "~~~?", "fn5%2BPw%3D%3D");
	expect("${a|urlencode}", TEMPLATE_XML, "a&b", "a%26b");
	expect("${a|urlencode|base64|urlencode}", TEMPLATE_TEXT, "a&b",
	    "YSUyNmI%3D");
	expect("${a|time:%F}", TEMPLATE_TEXT, "1735689599999", "2024-12-31");
	expect("${a|time:%Y-%m-%dT%H:%M:%SZ}", TEMPLATE_TEXT, "1735689599999",
	    "2024-12-31T23:59:59Z");
	expect("${a|time:%T %s%%}", TEMPLATE_TEXT, "1735689600000",
	    "00:00:00 1735689600%");
}

static void
refuses_sources(void **state)
{
	(void)state;
	expect_error("ab${no}", TEMPLATE_TEXT, 2, "no");
	expect_error("${a}${}", TEMPLATE_TEXT, 4, "");
	expect_error("${a", TEMPLATE_TEXT, 0, "a");
	expect_error("${a b}", TEMPLATE_TEXT, 0, "a");
	expect_error("${a|upper}", TEMPLATE_TEXT, 4, "upper");
	expect_error("${a|}", TEMPLATE_TEXT, 4, "");
	expect_error("${a|time}", TEMPLATE_TEXT, 4, "time");
	expect_error("${a|digits:3}", TEMPLATE_TEXT, 4, "digits");
	expect_error("${a|time:%c}", TEMPLATE_TEXT, 4, "time");
	expect_error("${a|time:%}", TEMPLATE_TEXT, 4, "time");
	expect_error("${a|digits|digits|digits|digits}", TEMPLATE_TEXT, 25,
	    "digits");
	expect_error("%{a}", TEMPLATE_XML, 0, "a");
	expect_error("${abcdefghijabcdefghijabcdefghijab}", TEMPLATE_TEXT, 0,
	    "abcdefghijabcdefghijabcdefghija");
}

static void
refuses_values(void **state)
{
	static const struct {
		const char *source, *value, *error;
		size_t max;
	} cases[] = {
		{ "a${none}", "x", "${none}: no value was given", 99 },
		{ "${a}", "\xff", "${a}: the value is not UTF-8", 99 },
		{ "${a|time:%F}", "soon",
		    "${a}: the value does not suit its filter", 99 },
		{ "${a|time:%F}", "99999999999999999999",
		    "${a}: the value does not suit its filter", 99 },
		{ "${a|time:%F}", "-1",
		    "${a}: the value does not suit its filter", 99 },
		{ "${a}", "12345", "the text became too long", 4 },
		{ "12345${a}", "", "the text became too long", 4 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct template *made = compile(cases[i].source, TEMPLATE_TEXT);
		struct output output = { .max = cases[i].max };
		struct template_error error;

		assert_false(template_render(made, give, cases[i].value,
		    &output, &error));
		assert_string_equal(error.text, cases[i].error);
		assert_true(output.length <= cases[i].max);
		output_fini(&output);
		template_free(made);
	}
}

static void
knows_its_names(void **state)
{
	struct template *made = compile("x${a|digits}${b}", TEMPLATE_TEXT);

	(void)state;
	assert_true(template_uses(made, "a"));
	assert_true(template_uses(made, "b"));
	assert_false(template_uses(made, "c"));
	assert_true(template_has_holes(made));
	template_free(made);
	made = compile("x", TEMPLATE_TEXT);
	assert_false(template_has_holes(made));
	template_free(made);
}

/* ---- random values */

static void
put_character(char *text, size_t *used, uint32_t character)
{
	unsigned char *at = (unsigned char *)text + *used;

	if (character < 0x80) {
		at[0] = (unsigned char)character;
		*used += 1;
	} else if (character < 0x800) {
		at[0] = (unsigned char)(0xc0 | character >> 6);
		at[1] = (unsigned char)(0x80 | (character & 0x3f));
		*used += 2;
	} else if (character < 0x10000) {
		at[0] = (unsigned char)(0xe0 | character >> 12);
		at[1] = (unsigned char)(0x80 | (character >> 6 & 0x3f));
		at[2] = (unsigned char)(0x80 | (character & 0x3f));
		*used += 3;
	} else {
		at[0] = (unsigned char)(0xf0 | character >> 18);
		at[1] = (unsigned char)(0x80 | (character >> 12 & 0x3f));
		at[2] = (unsigned char)(0x80 | (character >> 6 & 0x3f));
		at[3] = (unsigned char)(0x80 | (character & 0x3f));
		*used += 4;
	}
}

/* What could break out of something, and now and then anything at all. */
static void
hostile(char *ret_text, size_t size)
{
	static const char *const pieces[] = {
		"\"", "\\", "'", "<", ">", "&", "]]>", "${a}", "%{a}", "%00",
		"&amp;", "<!--", "\r\n", "\n", "\t", "\x01", "\x1f", "\x7f",
		"</a>", "\"}", "\\u0022", "&#0;", "=", "/", "..", "?", "#",
		"+", " ", "%", "\xef\xbf\xbe", "\xef\xbf\xbf", "\xc2\x85",
	};
	size_t used = 0;

	while (used + 8 < size && rand() % 12 != 0) {
		const char *piece = pieces[(size_t)rand() % COUNT_OF(pieces)];
		uint32_t character = 1 + (uint32_t)rand() % 0x10ffff;

		if (rand() % 3 != 0) {
			memcpy(ret_text + used, piece, strlen(piece));
			used += strlen(piece);
		} else if (character < 0xd800 || character > 0xdfff) {
			put_character(ret_text, &used, character);
		}
	}
	ret_text[used] = '\0';
	assert_true(text_is_utf8(ret_text, used));
}

static void
json_gives_values_back(void **state)
{
	struct template *made = compile(
	    "{\"a\":\"${a}\",\"b\":[%{a}],\"c\":\"-${a}-${a}\"}", TEMPLATE_JSON);

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct output output = { .max = 64 * 1024 };
		struct template_error error;
		json_error_t where;
		char value[256], twice[600], number[24];
		const json_t *bare;
		json_t *root;

		hostile(value, sizeof(value));
		snprintf(twice, sizeof(twice), "-%s-%s", value, value);
		assert_true(template_render(made, give, value, &output,
		    &error));
		root = json_loads(output.text, JSON_REJECT_DUPLICATES, &where);
		if (root == NULL)
			fail_msg("%s: %s", where.text, output.text);
		assert_int_equal(json_object_size(root), 3);
		assert_string_equal(json_string_value(json_object_get(root,
		    "a")), value);
		bare = json_array_get(json_object_get(root, "b"), 0);
		/* Chance may draw a whole number, which stands there as one. */
		if (json_is_integer(bare))
			snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
			    json_integer_value(bare));
		assert_string_equal(json_is_integer(bare) ? number :
		    json_string_value(bare), value);
		assert_string_equal(json_string_value(json_object_get(root,
		    "c")), twice);
		json_decref(root);
		output_fini(&output);
	}
	template_free(made);
}

static bool
take(const char **at, const char *text)
{
	if (strncmp(*at, text, strlen(text)) != 0)
		return false;
	*at += strlen(text);
	return true;
}

/* Character data or an attribute's value up to the mark, as a strict reader of
 * XML sees it: nothing raw that is not allowed raw. */
static void
read_xml(const char **at, const char *mark, char *ret_text)
{
	static const struct {
		const char *entity;
		char byte;
	} entities[] = {
		{ "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' },
		{ "&quot;", '"' }, { "&apos;", '\'' }, { "&#9;", '\t' },
		{ "&#10;", '\n' }, { "&#13;", '\r' },
	};

	while (**at != '\0' && strncmp(*at, mark, strlen(mark)) != 0) {
		size_t i = 0;

		while (i < COUNT_OF(entities) &&
		    !take(at, entities[i].entity))
			i++;
		if (i < COUNT_OF(entities)) {
			*ret_text++ = entities[i].byte;
			continue;
		}
		assert_true((unsigned char)**at >= 0x20);
		assert_null(strchr("<>&\"'", **at));
		assert_int_not_equal(strncmp(*at, "\xef\xbf\xbe", 3), 0);
		assert_int_not_equal(strncmp(*at, "\xef\xbf\xbf", 3), 0);
		*ret_text++ = *(*at)++;
	}
	*ret_text = '\0';
	assert_true(take(at, mark));
}

/* What XML 1.0 can say of a text. */
static void
sayable(const char *text, char *ret_text)
{
	while (*text != '\0') {
		if (strncmp(text, "\xef\xbf\xbe", 3) == 0 ||
		    strncmp(text, "\xef\xbf\xbf", 3) == 0)
			text += 3;
		else if ((unsigned char)*text < 0x20 &&
		    strchr("\t\r\n", *text) == NULL)
			text++;
		else
			*ret_text++ = *text++;
	}
	*ret_text = '\0';
}

static void
xml_gives_values_back(void **state)
{
	struct template *made = compile("<a b=\"${a}\" c='${a}'>${a}</a>",
	    TEMPLATE_XML);

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		static const char *const marks[] = { "\" c='", "'>", "</a>" };
		struct output output = { .max = 64 * 1024 };
		struct template_error error;
		char value[256], expected[256], found[256];
		const char *at;

		hostile(value, sizeof(value));
		sayable(value, expected);
		assert_true(template_render(made, give, value, &output,
		    &error));
		at = output.text;
		assert_true(take(&at, "<a b=\""));
		for (size_t j = 0; j < COUNT_OF(marks); j++) {
			read_xml(&at, marks[j], found);
			assert_string_equal(found, expected);
		}
		assert_int_equal(*at, '\0');
		output_fini(&output);
	}
	template_free(made);
}

static void
form_gives_values_back(void **state)
{
	struct template *made = compile("${a}", TEMPLATE_FORM);

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct output output = { .max = 64 * 1024 };
		struct template_error error;
		char value[256], found[256];
		size_t used = 0;

		hostile(value, sizeof(value));
		assert_true(template_render(made, give, value, &output,
		    &error));
		for (const char *at = output.text; at != NULL && *at != '\0';
		    at++) {
			unsigned byte = (unsigned char)*at;

			assert_null(strchr("&=+ \"<>#?/", *at));
			if (*at == '%') {
				assert_int_equal(sscanf(at + 1, "%2X", &byte),
				    1);
				at += 2;
			}
			found[used++] = (char)byte;
		}
		found[used] = '\0';
		assert_string_equal(found, value);
		output_fini(&output);
	}
	template_free(made);
}

/* Whatever is written as a template, compiling it does no harm. */
static void
survives_any_source(void **state)
{
	static const char *const pieces[] = {
		"${", "%{", "}", "|", "a", "digits", "time:", "%F", ":", "$",
		"\\", "\"", "b", "|base64", "|time:%Y}", "{",
	};

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		enum template_kind kind = (enum template_kind)
		    (rand() % TEMPLATE_KIND_COUNT);
		struct output output = { .max = 4096 };
		struct template_error error;
		struct template *made;
		char source[256] = "";

		for (int j = rand() % 10; j >= 0; j--)
			strcat(source, pieces[(size_t)rand() %
			    COUNT_OF(pieces)]);
		made = template_compile(source, kind, knows, NULL, &error);
		if (made == NULL) {
			assert_true(error.at <= strlen(source));
			continue;
		}
		if (!template_render(made, give, "12", &output, &error))
			assert_true(error.at <= strlen(source));
		output_fini(&output);
		template_free(made);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renders_by_kind),
		cmocka_unit_test(renders_json_values),
		cmocka_unit_test(applies_filters),
		cmocka_unit_test(refuses_sources),
		cmocka_unit_test(refuses_values),
		cmocka_unit_test(knows_its_names),
		cmocka_unit_test(json_gives_values_back),
		cmocka_unit_test(xml_gives_values_back),
		cmocka_unit_test(form_gives_values_back),
		cmocka_unit_test(survives_any_source),
	};

	const char *given = getenv("CALLBACKD_TEST_SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) :
	    (unsigned)time(NULL);

	printf("# seed %u\n", seed);
	srand(seed);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
