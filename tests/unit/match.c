/* SPDX-License-Identifier: MIT */
/* match: who is called next, and by whom; two orders without ties. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/check.h"
#include "lib/match.h"

#define NOW_MS INT64_C(1700000000000)

static struct request
waiting(const char *id, int64_t promise_at_ms)
{
	struct request request = { .state = REQUEST_WAITING, .room = 1,
		.promise_at_ms = promise_at_ms, .asked_at_ms = NOW_MS };

	strcpy(request.id, id);
	strcpy(request.queue, "cards");
	return request;
}

static struct specialist
idle(const char *id, int level, int64_t since_ms)
{
	struct specialist specialist = { .state = SPECIALIST_IDLE,
		.since_ms = since_ms };

	strcpy(specialist.id, id);
	strcpy(specialist.skills[0].queue, "cards");
	specialist.skills[0].level = level;
	return specialist;
}

static void
assert_before(const struct request *a, const struct request *b)
{
	assert_true(match_order(a, b) < 0);
	assert_true(match_order(b, a) > 0);
}

static void
the_earlier_promise_comes_first(void **state)
{
	struct request a = waiting("a", NOW_MS + 1);
	struct request b = waiting("b", NOW_MS + 2);

	(void)state;
	assert_before(&a, &b);
	b.promise_at_ms = NOW_MS + 1;
	b.asked_at_ms = NOW_MS - 1;
	assert_before(&b, &a);
	b.asked_at_ms = NOW_MS;
	assert_before(&a, &b);
	assert_int_equal(match_order(&a, &a), 0);
}

static void
the_late_lane_comes_last_until_its_second_promise_is_near(void **state)
{
	struct request late = waiting("a", NOW_MS - 100);
	struct request fresh = waiting("b", NOW_MS + 600000);

	(void)state;
	late.is_missed = true;
	late.lane = 1;
	late.second_at_ms = NOW_MS + 60000;
	assert_before(&fresh, &late);
	late.lane = 0;
	assert_before(&late, &fresh);
	fresh.promise_at_ms = NOW_MS + 1;
	assert_before(&fresh, &late);
}

/* Sorting needs a strict order. */
static void
the_order_is_strict(void **state)
{
	struct request all[48];
	size_t count = 0;

	(void)state;
	for (int i = 0; i < 48; i++) {
		char id[12];

		snprintf(id, sizeof(id), "%d", i);
		all[count] = waiting(id, NOW_MS + i % 3);
		all[count].asked_at_ms = NOW_MS + i / 3 % 2;
		all[count].lane = i / 6 % 2;
		all[count].is_missed = i / 12 % 2;
		all[count].second_at_ms = i / 24 % 2 ? NOW_MS + 1 : 0;
		count++;
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			int order = match_order(&all[i], &all[j]);

			assert_int_equal(order == 0, i == j);
			assert_int_equal(order < 0,
			    match_order(&all[j], &all[i]) > 0);
			for (size_t k = 0; k < count && order < 0; k++) {
				if (match_order(&all[j], &all[k]) < 0)
					assert_true(match_order(&all[i],
					    &all[k]) < 0);
			}
		}
	}
}

static void
only_who_may_is_asked(void **state)
{
	struct request r = waiting("r", NOW_MS);
	struct specialist s = idle("anna", 5, 0);

	(void)state;
	assert_true(match_fits(&r, &s, NOW_MS));
	s.state = SPECIALIST_RESTING;
	assert_false(match_fits(&r, &s, NOW_MS));
	s.state = SPECIALIST_IDLE;
	r.level = 6;
	assert_false(match_fits(&r, &s, NOW_MS));
	r.level = 5;
	assert_true(match_fits(&r, &s, NOW_MS));
	strcpy(r.queue, "loans");
	assert_false(match_fits(&r, &s, NOW_MS));
	strcpy(r.queue, "cards");
	r.hold_until_ms = NOW_MS + 1;
	assert_false(match_fits(&r, &s, NOW_MS));
	r.hold_until_ms = 0;
	r.state = REQUEST_CALLING;
	assert_false(match_fits(&r, &s, NOW_MS));
	r.state = REQUEST_OFFERED;
	strcpy(r.offers[2].specialist, "boris");
	assert_false(match_fits(&r, &s, NOW_MS));
	r.room = 2;
	assert_true(match_fits(&r, &s, NOW_MS));
	strcpy(r.declined[3].specialist, "anna");
	r.declined[3].until_ms = NOW_MS + 1;
	assert_false(match_fits(&r, &s, NOW_MS));
	assert_true(match_fits(&r, &s, NOW_MS + 1));
}

static void
who_else_sees_it_comes_behind_its_own(void **state)
{
	struct request r = waiting("a", NOW_MS + 1);
	struct specialist own = idle("anna", 2, NOW_MS);
	struct specialist other = idle("boris", 9, NOW_MS - 60000);

	(void)state;
	strcpy(other.skills[0].queue, "loans");
	r.level = 2;
	assert_false(match_fits(&r, &other, NOW_MS));
	strcpy(r.also[2], "loans");
	assert_true(match_fits(&r, &other, NOW_MS));
	assert_true(match_is_better(&r, &own, &other));
	assert_false(match_is_better(&r, &other, &own));
	/* Below the level of its own queue, and admitted by the other one. */
	r.level = 3;
	assert_false(match_fits(&r, &own, NOW_MS));
	strcpy(own.skills[1].queue, "loans");
	own.skills[1].level = 1;
	assert_true(match_fits(&r, &own, NOW_MS));
	assert_true(match_is_better(&r, &other, &own));
}

static void
assert_better(const struct request *r, const struct specialist *a,
    const struct specialist *b)
{
	assert_true(match_is_better(r, a, b));
	assert_false(match_is_better(r, b, a));
}

static void
level_then_idleness_then_fewest_queues_then_the_id(void **state)
{
	struct request r = waiting("r", NOW_MS);
	struct specialist a = idle("anna", 5, NOW_MS);
	struct specialist b = idle("boris", 5, NOW_MS);

	(void)state;
	assert_better(&r, &a, &b);
	b.since_ms = NOW_MS - 999;
	assert_better(&r, &a, &b);
	strcpy(a.skills[5].queue, "loans");
	assert_better(&r, &b, &a);
	b.since_ms = NOW_MS + 1000;
	assert_better(&r, &a, &b);
	b.skills[0].level = 6;
	assert_better(&r, &b, &a);
	strcpy(r.wished, "anna");
	assert_better(&r, &a, &b);
	strcpy(r.wished, "carol");
	assert_better(&r, &b, &a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_earlier_promise_comes_first),
		cmocka_unit_test(
		    the_late_lane_comes_last_until_its_second_promise_is_near),
		cmocka_unit_test(the_order_is_strict),
		cmocka_unit_test(only_who_may_is_asked),
		cmocka_unit_test(who_else_sees_it_comes_behind_its_own),
		cmocka_unit_test(
		    level_then_idleness_then_fewest_queues_then_the_id),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
