/* SPDX-License-Identifier: MIT */
/* text: UTF-8 at its edges, cutting, cleaning, distances. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/check.h"
#include "lib/text.h"

static void
utf8_takes_the_shortest_form_only(void **state)
{
	static const struct {
		const char *bytes;
		bool is_right;
	} cases[] = {
		{ "", true },
		{ "plain", true },
		{ "\x7f", true },
		{ "\xc2\x80", true },
		{ "\xdf\xbf", true },
		{ "\xe0\xa0\x80", true },
		{ "\xed\x9f\xbf", true },
		{ "\xef\xbf\xbf", true },
		{ "\xf0\x90\x80\x80", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\x80", false },
		{ "\xc0\xaf", false },
		{ "\xc1\xbf", false },
		{ "\xe0\x9f\xbf", false },
		{ "\xed\xa0\x80", false },
		{ "\xed\xbf\xbf", false },
		{ "\xf0\x8f\xbf\xbf", false },
		{ "\xf4\x90\x80\x80", false },
		{ "\xf8\x88\x80\x80\x80", false },
		{ "\xff", false },
		{ "\xd0", false },
		{ "\xe2\x82", false },
		{ "\xf0\x9f\x98", false },
		{ "a\xd0z", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (text_is_utf8(cases[i].bytes, strlen(cases[i].bytes)) !=
		    cases[i].is_right)
			fail_msg("case %zu", i);
	assert_true(text_is_utf8("a\0b", 3));
	assert_false(text_is_utf8("\xd0\x90", 1));
}

static void
length_counts_characters(void **state)
{
	(void)state;
	assert_int_equal(text_length(""), 0);
	assert_int_equal(text_length("abc"), 3);
	assert_int_equal(text_length("Анна"), 4);
	assert_int_equal(text_length("a\xf0\x9f\x98\x80z"), 3);
}

static void
copy_cuts_at_a_character(void **state)
{
	char text[8];

	(void)state;
	assert_true(text_copy(text, sizeof(text), "1234567"));
	assert_string_equal(text, "1234567");
	assert_false(text_copy(text, sizeof(text), "12345678"));
	assert_string_equal(text, "1234567");
	assert_false(text_copy(text, sizeof(text), "Анна"));
	assert_string_equal(text, "Анн");
	assert_false(text_copy(text, 6, "a\xf0\x9f\x98\x80z"));
	assert_string_equal(text, "a\xf0\x9f\x98\x80");
	assert_false(text_copy(text, 5, "a\xf0\x9f\x98\x80z"));
	assert_string_equal(text, "a");
	assert_false(text_copy(text, 1, "a"));
	assert_string_equal(text, "");
	assert_true(text_copy(text, 1, ""));
}

static void
what_was_cut_by_bytes_is_whole(void **state)
{
	static const struct { const char *cut, *whole; } cases[] = {
		{ "", "" }, { "a", "a" }, { "\u044f", "\u044f" }, { "a\xd1", "a" },
		{ "\u20ac", "\u20ac" }, { "a\xe2\x82", "a" }, { "a\xe2", "a" },
		{ "\U0001f600", "\U0001f600" }, { "a\xf0\x9f\x98", "a" },
		{ "\xf0", "" }, { "\x98", "\x98" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[8];

		strcpy(text, cases[i].cut);
		text_cut_whole(text);
		assert_string_equal(text, cases[i].whole);
	}
}

static void
clean_takes_controls_out(void **state)
{
	static const struct {
		const char *text;
		bool keep_lines;
		const char *wanted;
	} cases[] = {
		{ "Иван\tПетров", false, "Иван Петров" },
		{ "a\r\nb\nc", false, "a b c" },
		{ "a\r\nb\tc", true, "a\nb c" },
		{ "\x01\x02\x1b[31mred\x7f", false, "[31mred" },
		{ "a\xc2\x9b" "31m", false, "a31m" },           /* C1 */
		{ "a\xe2\x80\xae" "cba", true, "acba" },        /* U+202E */
		{ "a\xe2\x81\xa6" "b\xe2\x80\x8f", true, "ab" }, /* U+2066, U+200F */
		{ "\xef\xbb\xbf" "a\xe2\x80\xa8", true, "a" },   /* U+FEFF, U+2028 */
		{ "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa7", true,
		    "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa7" },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		strcpy(text, cases[i].text);
		text_clean(text, cases[i].keep_lines);
		assert_string_equal(text, cases[i].wanted);
	}
}

static void
distance_counts_slips(void **state)
{
	char longest[TEXT_WORD_MAX + 2];

	(void)state;
	assert_int_equal(text_distance("", ""), 0);
	assert_int_equal(text_distance("", "abc"), 3);
	assert_int_equal(text_distance("abc", ""), 3);
	assert_int_equal(text_distance("delivry", "delivery"), 1);
	assert_int_equal(text_distance("delviery", "delivery"), 1);
	assert_int_equal(text_distance("Delivery", "delivery"), 0);
	assert_int_equal(text_distance("kitten", "sitting"), 3);
	assert_int_equal(text_distance("ca", "abc"), 3);
	memset(longest, 'a', sizeof(longest));
	longest[TEXT_WORD_MAX] = '\0';
	assert_int_equal(text_distance(longest, "a"), TEXT_WORD_MAX - 1);
	assert_int_equal(text_distance(longest, longest), 0);
	longest[TEXT_WORD_MAX] = 'a';
	longest[TEXT_WORD_MAX + 1] = '\0';
	assert_true(text_distance(longest, "a") == SIZE_MAX);
	assert_true(text_distance("a", longest) == SIZE_MAX);
}

static void
nearer_wants_a_believable_slip(void **state)
{
	size_t best = SIZE_MAX;

	(void)state;
	assert_false(text_is_nearer("invoices", "info", &best));
	assert_false(text_is_nearer("a", "v", &best));
	assert_true(best == SIZE_MAX);
	assert_true(text_is_nearer("dilivry", "delivery", &best));
	assert_int_equal(best, 2);
	assert_true(text_is_nearer("dilivry", "dilivery", &best));
	assert_int_equal(best, 1);
	assert_false(text_is_nearer("dilivry", "delivry", &best));
	assert_true(text_is_nearer("ID", "id", &best));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_takes_the_shortest_form_only),
		cmocka_unit_test(length_counts_characters),
		cmocka_unit_test(copy_cuts_at_a_character),
		cmocka_unit_test(what_was_cut_by_bytes_is_whole),
		cmocka_unit_test(clean_takes_controls_out),
		cmocka_unit_test(distance_counts_slips),
		cmocka_unit_test(nearer_wants_a_believable_slip),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
