/* SPDX-License-Identifier: MIT */
/* card: what is filled in, and what is refused before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "lib/card.h"

static const struct card ivan = { .values = {
	[CARD_COMPANY] = "Ромашка", [CARD_NAME] = "Иван & Ко",
	[CARD_PHONE] = "+79160000001", [CARD_CASE] = "4821" } };

static void
is_filled(const char *text, bool is_url, const char *wanted)
{
	char *filled = card_fill(text, &ivan, is_url);

	assert_string_equal(filled, wanted);
	free(filled);
}

static void
is_wrong(const char *text, int line, const char *why)
{
	char told[96];
	int at;

	assert_false(card_check(text, &at, told, sizeof(told)));
	assert_int_equal(at, line);
	assert_string_equal(told, why);
}

static void
holes_are_filled(void **state)
{
	(void)state;
	is_filled("{company}: {name}, {case}\n{specialist}.", false,
	    "Ромашка: Иван & Ко, 4821\n.");
	/* A value is no text with holes, and no other part of an address. */
	is_filled("https://crm.example/find?phone={phone}&name={name}", true,
	    "https://crm.example/find?phone=%2B79160000001&name="
	    "%D0%98%D0%B2%D0%B0%D0%BD%20%26%20%D0%9A%D0%BE");
	is_filled("", false, "");
	is_filled("{nobody} {", false, "{nobody} {");
}

static void
what_does_not_exist_is_told(void **state)
{
	char why[96];
	int line;

	(void)state;
	for (int i = 0; i < CARD_HOLES; i++) {
		char text[64] = "a\n{";

		strcat(strcat(text, card_names[i]), "} b");
		assert_true(card_check(text, &line, why, sizeof(why)));
	}
	is_wrong("a\nb {frase}", 2, "there is no {frase}");
	is_wrong("a}", 1, "\"}\" without \"{\"");
	is_wrong("\n\n{name\n}", 3, "\"{\" without \"}\"");
	is_wrong("{}", 1, "there is no {}");
	is_wrong("{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}", 1,
	    "there is no {aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holes_are_filled),
		cmocka_unit_test(what_does_not_exist_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
