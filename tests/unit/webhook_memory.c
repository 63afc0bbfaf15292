/* SPDX-License-Identifier: MIT */
/* webhook_memory: what is kept, for how long, and how much of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "daemon/webhook_memory.h"

static void
keeps_until_its_time(void **state)
{
	struct webhook_memory *memory = webhook_memory_new();

	(void)state;
	webhook_memory_keep(memory, "nonce", "plivo", "1", 1000);
	assert_true(webhook_memory_has(memory, "nonce", "plivo", "1", 999));
	assert_false(webhook_memory_has(memory, "nonce", "plivo", "1", 1000));
	assert_false(webhook_memory_has(memory, "nonce", "plivo", "2", 0));
	assert_false(webhook_memory_has(memory, "nonce", "vonage", "1", 0));
	assert_false(webhook_memory_has(memory, "once", "plivo", "1", 0));
	webhook_memory_free(memory);
}

static void
forgets_the_oldest(void **state)
{
	struct webhook_memory *memory = webhook_memory_new();
	char name[32];

	(void)state;
	for (int i = 0; i <= MEMORY_SEEN_MAX; i++) {
		snprintf(name, sizeof(name), "%d", i);
		webhook_memory_keep(memory, "nonce", "p", name, 1000);
	}
	assert_false(webhook_memory_has(memory, "nonce", "p", "0", 0));
	assert_true(webhook_memory_has(memory, "nonce", "p", "1", 0));
	assert_true(webhook_memory_has(memory, "nonce", "p", name, 0));
	webhook_memory_free(memory);
}

static void
counts_within_a_minute(void **state)
{
	struct webhook_memory *memory = webhook_memory_new();
	char name[32];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(webhook_memory_count(memory, "number", "+7", 3,
		    60000 + i));
	assert_false(webhook_memory_count(memory, "number", "+7", 3, 119999));
	assert_true(webhook_memory_count(memory, "number", "+8", 3, 119999));
	assert_true(webhook_memory_count(memory, "peer", "+7", 3, 119999));
	assert_true(webhook_memory_count(memory, "number", "+7", 3, 120000));
	/* Others do not make it forget within the minute, up to its size. */
	for (int i = 0; i < 2; i++)
		assert_true(webhook_memory_count(memory, "number", "+7", 3,
		    120000));
	for (int i = 0; i < MEMORY_RATES_MAX - 3; i++) {
		snprintf(name, sizeof(name), "x%d", i);
		assert_true(webhook_memory_count(memory, "number", name, 3,
		    120000));
	}
	assert_false(webhook_memory_count(memory, "number", "+7", 3, 120000));
	webhook_memory_free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_until_its_time),
		cmocka_unit_test(forgets_the_oldest),
		cmocka_unit_test(counts_within_a_minute),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
