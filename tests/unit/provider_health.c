/* SPDX-License-Identifier: MIT */
/* provider_health: a table of what is heard, and what is said then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs what stands above. */
#include <cmocka.h>

#include "lib/check.h"
#include "lib/provider_health.h"

#define START INT64_C(1700000000000)

static const struct health_rules rules = { .failures = 3, .share = 0.5,
	.window_ms = 20000, .probe_ms = 5000, .probe_max_ms = 60000 };

/* Without jitter. */
enum { SEED = 20 };

/* One letter an order: g good, n not its fault, t too fast, f failed, b barred; a
 * digit lets so many seconds pass. */
static void
hear(struct provider_health *health, const char *orders, int64_t *now_ms)
{
	for (; *orders != '\0'; orders++) {
		enum health_news news = *orders == 'g' ? HEALTH_GOOD :
		    *orders == 'n' ? HEALTH_NOT_ITS_FAULT :
		    *orders == 't' ? HEALTH_TOO_FAST :
		    *orders == 'b' ? HEALTH_BARRED : HEALTH_FAILED;

		if (*orders >= '0' && *orders <= '9')
			*now_ms += (*orders - '0') * 1000;
		else
			health_hear(health, &rules, news, *now_ms, SEED);
	}
}

static void
what_is_heard_and_said(void **state)
{
	static const struct {
		const char *orders;
		enum health_state state;
		int score;
	} rows[] = {
		{ "", HEALTH_WORKS, 100 },
		{ "ff", HEALTH_WORKS, 0 },
		{ "fff", HEALTH_DOWN, 0 },
		{ "ffgff", HEALTH_WORKS, 20 },
		/* In a row, however far apart. */
		{ "f9f9f", HEALTH_DOWN, 0 },
		{ "f99f99f", HEALTH_DOWN, 0 },
		/* A share of a window that has enough orders. */
		{ "gfgfgf", HEALTH_DOWN, 50 },
		{ "gfgfg", HEALTH_WORKS, 60 },
		{ "gggfgf", HEALTH_WORKS, 66 },
		/* Those of long ago do not count. */
		{ "gfgfg999gf", HEALTH_WORKS, 50 },
		/* A bad number says that it answers. */
		{ "ffnff", HEALTH_WORKS, 20 },
		{ "nnnnnnnn", HEALTH_WORKS, 100 },
		{ "tttt", HEALTH_WORKS, 100 },
		/* Credentials do not mend by themselves. */
		{ "b", HEALTH_DOWN, 0 },
		/* A probe at its time, once. */
		{ "fff4", HEALTH_DOWN, 0 },
		{ "fff5", HEALTH_PROBE, 0 },
		{ "fff5g", HEALTH_WORKS, 100 },
		{ "fff5n", HEALTH_WORKS, 100 },
		{ "fff5f5", HEALTH_DOWN, 0 },
		{ "fff5f91", HEALTH_PROBE, 0 },
		{ "fff5f91f91", HEALTH_DOWN, 0 },
		{ "fff5f91f992", HEALTH_PROBE, 100 },
		/* What was ordered before it went down puts nothing off. */
		{ "fff1fff4", HEALTH_PROBE, 0 },
		{ "fff5gf", HEALTH_WORKS, 50 },
		{ "fff5gfff", HEALTH_DOWN, 25 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct provider_health health = { .is_down = false };
		int64_t now_ms = START;

		hear(&health, rows[i].orders, &now_ms);
		if (health_state(&health, now_ms) != rows[i].state ||
		    health_score(&health, &rules, now_ms) != rows[i].score)
			fail_msg("\"%s\": %s, %d", rows[i].orders,
			    health_state_names[health_state(&health, now_ms)],
			    health_score(&health, &rules, now_ms));
		assert_int_equal(health.down_since_ms != 0, health.is_down);
	}
}

/* Ever longer, never for longer than that, and not all nodes at one moment. */
static void
probes_are_apart(void **state)
{
	static const int64_t apart_ms[] = { 5000, 10000, 20000, 40000, 60000,
		60000, 60000 };
	struct provider_health health = { .is_down = false };
	int64_t now_ms = START, least_ms = INT64_MAX, most_ms = 0;

	(void)state;
	hear(&health, "ff", &now_ms);
	for (size_t i = 0; i < COUNT_OF(apart_ms); i++) {
		assert_true(health_hear(&health, &rules, HEALTH_FAILED, now_ms,
		    SEED));
		assert_int_equal(health.probe_at_ms - now_ms, apart_ms[i]);
		assert_int_equal(health.down_since_ms, START);
		now_ms = health.probe_at_ms;
	}
	for (uint32_t seed = 0; seed < 100; seed++) {
		struct provider_health other = { .failures = 2 };

		health_hear(&other, &rules, HEALTH_FAILED, START, seed);
		if (other.probe_at_ms - START < least_ms)
			least_ms = other.probe_at_ms - START;
		if (other.probe_at_ms - START > most_ms)
			most_ms = other.probe_at_ms - START;
	}
	assert_int_equal(least_ms, 4000);
	assert_int_equal(most_ms, 6000);
}

/* Told of: down, each failed probe, back; and nothing else. */
static void
only_what_others_need_is_told(void **state)
{
	static const struct { enum health_news news; int64_t after_ms; bool is_told; }
	    rows[] = { { HEALTH_GOOD, 0, false }, { HEALTH_FAILED, 0, false },
		{ HEALTH_FAILED, 0, false }, { HEALTH_FAILED, 0, true },
		{ HEALTH_FAILED, 100, false }, { HEALTH_FAILED, 5000, true },
		{ HEALTH_GOOD, 100, true }, { HEALTH_GOOD, 0, false } };
	struct provider_health health = { .is_down = false };
	int64_t now_ms = START;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		now_ms += rows[i].after_ms;
		assert_int_equal(health_hear(&health, &rules, rows[i].news,
		    now_ms, SEED), rows[i].is_told);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_heard_and_said),
		cmocka_unit_test(probes_are_apart),
		cmocka_unit_test(only_what_others_need_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
