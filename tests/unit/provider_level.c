/* SPDX-License-Identifier: MIT */
/* provider_level: every fence with and without a look-up, and the shipped files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/provider_level.h"

static struct provider *
read_shipped(const char *name)
{
	static char text[PROVIDER_FILE_MAX + 1];
	const char *top = getenv("srcdir");
	struct provider_errors errors;
	struct provider *provider;
	char path[512];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "%s/config/providers/%s",
	    top != NULL ? top : ".", name);
	file = fopen(path, "re");
	assert_non_null(file);
	length = fread(text, 1, PROVIDER_FILE_MAX, file);
	text[length] = '\0';
	fclose(file);
	provider = provider_read(text, name, &errors);
	assert_non_null(provider);
	return provider;
}

static void
each_fence_has_its_level(void **state)
{
	static const struct {
		enum fence fence;
		bool can_find;
		enum provider_level level;
	} rows[] = {
		{ FENCE_ANSWER, false, LEVEL_SPECIALIST_MAY_RING_TWICE },
		{ FENCE_ANSWER, true, LEVEL_SPECIALIST_MAY_RING_TWICE },
		{ FENCE_KEY, true, LEVEL_NEVER_TWICE },
		{ FENCE_KEY, false, LEVEL_UNKNOWN_TO_A_PERSON },
		{ FENCE_NONE, false, LEVEL_UNKNOWN_TO_A_PERSON },
		{ FENCE_NONE, true, LEVEL_UNKNOWN_TO_A_PERSON },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(provider_level_of(rows[i].fence,
		    rows[i].can_find), rows[i].level);
}

static void
each_level_has_words(void **state)
{
	(void)state;
	for (int i = 0; i < LEVEL_COUNT; i++) {
		assert_true(strlen(provider_level_names[i]) > 0);
		assert_true(strlen(provider_level_texts[i]) > 0);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(provider_level_names[i],
			    provider_level_names[k]);
	}
}

static void
shipped_files_dial_the_customer_in_their_answer(void **state)
{
	static const char *const files[] = { "twilio.conf", "sandbox.conf" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		struct provider *provider = read_shipped(files[i]);

		assert_int_equal(provider_level(provider),
		    LEVEL_SPECIALIST_MAY_RING_TWICE);
		provider_free(provider);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fence_has_its_level),
		cmocka_unit_test(each_level_has_words),
		cmocka_unit_test(
		    shipped_files_dial_the_customer_in_their_answer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
