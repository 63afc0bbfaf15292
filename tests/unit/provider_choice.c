/* SPDX-License-Identifier: MIT */
/* provider_choice: orders, what works, and where somebody has an address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka needs what stands above. */
#include <cmocka.h>

#include "lib/provider_choice.h"

enum { A = 1, B = 2, C = 4 };

static struct policy policy;
static struct queue_policy queues[2];
static struct specialist_policy everywhere, only_b, nowhere;

static void
set_order(struct provider_order *order, const char *ids)
{
	memset(order, 0, sizeof(*order));
	for (; *ids != '\0'; ids++) {
		if (*ids == 'm')
			strcpy(order->ids[order->count++], "manual");
		else
			order->ids[order->count++][0] = *ids;
	}
}

static int
begin(void **state)
{
	(void)state;
	policy_defaults(&policy);
	strcpy(queues[0].id, "info");
	strcpy(queues[1].id, "own");
	policy.queues = queues;
	policy.queue_count = 2;
	for (size_t i = 0; i < 3; i++)
		policy.providers[i].id[0] = (char)('a' + i);
	policy.provider_count = 3;
	strcpy(everywhere.addresses[0].to, "+79160000001");
	everywhere.address_count = 1;
	strcpy(only_b.addresses[0].provider, "b");
	strcpy(only_b.addresses[0].to, "ext:1");
	only_b.address_count = 1;
	return 0;
}

static void
the_first_that_can_is_chosen(void **state)
{
	static const struct {
		const char *order;
		const struct specialist_policy *who;
		unsigned down;
		const char *after, *chosen;  /* NULL: nobody */
	} rows[] = {
		{ "abc", &everywhere, 0, "", "a" },
		{ "cab", &everywhere, 0, "", "c" },
		{ "abc", &everywhere, A, "", "b" },
		{ "abc", &everywhere, A | B, "", "c" },
		{ "abc", &everywhere, A | B | C, "", NULL },
		{ "abcm", &everywhere, A | B | C, "", "manual" },
		{ "m", &everywhere, 0, "", "manual" },
		{ "", &everywhere, 0, "", "manual" },
		/* Only those behind who refused. */
		{ "abc", &everywhere, 0, "a", "b" },
		{ "abc", &everywhere, B, "a", "c" },
		{ "cab", &everywhere, 0, "a", "b" },
		{ "abc", &everywhere, 0, "c", NULL },
		{ "abcm", &everywhere, 0, "c", "manual" },
		{ "abc", &everywhere, 0, "gone", NULL },
		{ "", &everywhere, 0, "a", NULL },
		/* Where they can be rung. */
		{ "abc", &only_b, 0, "", "b" },
		{ "abc", &only_b, B, "", NULL },
		{ "abc", &only_b, 0, "b", NULL },
		{ "ab", &nowhere, 0, "", NULL },
		{ "ab", NULL, 0, "", "a" },
		/* A name that no provider has any more. */
		{ "xb", &everywhere, 0, "", "b" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *chosen;

		set_order(&policy.voice, rows[i].order);
		chosen = provider_choice(&policy, "info", rows[i].who,
		    rows[i].down, rows[i].after);
		if (rows[i].chosen == NULL ? chosen != NULL : chosen == NULL ||
		    strcmp(chosen, rows[i].chosen) != 0)
			fail_msg("row %zu: %s", i,
			    chosen != NULL ? chosen : "nobody");
	}
}

static void
a_queue_has_its_own_order(void **state)
{
	(void)state;
	set_order(&policy.voice, "abc");
	set_order(&queues[1].voice, "cm");
	assert_string_equal(provider_choice(&policy, "info", NULL, 0, ""), "a");
	assert_string_equal(provider_choice(&policy, "own", NULL, 0, ""), "c");
	assert_string_equal(provider_choice(&policy, "own", NULL, C, ""),
	    "manual");
	assert_string_equal(provider_choice(&policy, "gone", NULL, 0, ""), "a");
	set_order(&queues[1].voice, "");
	assert_int_equal(provider_set(&policy, "c"), C);
	assert_int_equal(provider_set(&policy, "manual"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_can_is_chosen),
		cmocka_unit_test(a_queue_has_its_own_order),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, begin, NULL);
}
