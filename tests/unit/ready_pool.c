/* SPDX-License-Identifier: MIT */
/* ready_pool: who is found first, and who is not found any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/ready_pool.h"
#include "lib/check.h"

#define NOW_MS INT64_C(1700000000000)

static struct specialist
idle(const char *id, const char *queue, int level, int64_t since_ms)
{
	struct specialist specialist = { .state = SPECIALIST_IDLE,
		.record = { .version = 1 }, .since_ms = since_ms };

	strcpy(specialist.id, id);
	strcpy(specialist.skills[0].queue, queue);
	specialist.skills[0].level = level;
	return specialist;
}

static struct request
waiting(const char *queue)
{
	struct request request = { .state = REQUEST_WAITING, .room = 1 };

	strcpy(request.id, "r1");
	strcpy(request.queue, queue);
	return request;
}

static void
put(struct ready_pool *pool, struct specialist specialist)
{
	ready_pool_put(pool, &specialist);
}

static void
assert_best(struct ready_pool *pool, const struct request *request,
    const char *id)
{
	const struct specialist *best = ready_pool_best(pool, request, NOW_MS);

	if (id == NULL) {
		assert_null(best);
		return;
	}
	assert_non_null(best);
	assert_string_equal(best->id, id);
}

static void
the_best_is_found_until_taken_or_forgotten(void **state)
{
	struct ready_pool *pool = ready_pool_new();
	struct request request = waiting("cards");

	(void)state;
	assert_best(pool, &request, NULL);
	put(pool, idle("low", "cards", 1, NOW_MS - 90000));
	put(pool, idle("late", "cards", 3, NOW_MS - 1000));
	put(pool, idle("long", "cards", 3, NOW_MS - 60000));
	put(pool, idle("other", "loans", 9, NOW_MS - 99000));
	assert_best(pool, &request, "long");
	ready_pool_take(pool, "long");
	ready_pool_take(pool, "long");
	assert_best(pool, &request, "late");
	ready_pool_forget(pool, "late");
	assert_best(pool, &request, "low");
	ready_pool_take(pool, "low");
	assert_best(pool, &request, NULL);
	assert_int_equal(ready_pool_count(pool, "cards"), 2);
	assert_int_equal(ready_pool_taken(pool, "cards"), 2);
	assert_int_equal(ready_pool_count(pool, ""), 3);
	assert_int_equal(ready_pool_count(pool, "nobody"), 0);
	ready_pool_free(pool);
}

static void
who_is_wished_for_comes_first_if_they_fit(void **state)
{
	struct ready_pool *pool = ready_pool_new();
	struct request request = waiting("cards");

	(void)state;
	put(pool, idle("best", "cards", 9, NOW_MS - 60000));
	put(pool, idle("wished", "cards", 1, NOW_MS));
	strcpy(request.wished, "wished");
	assert_best(pool, &request, "wished");
	request.level = 2;
	assert_best(pool, &request, "best");
	ready_pool_free(pool);
}

static void
who_declined_is_passed_over(void **state)
{
	struct ready_pool *pool = ready_pool_new();
	struct request request = waiting("cards");

	(void)state;
	put(pool, idle("best", "cards", 9, NOW_MS - 60000));
	put(pool, idle("next", "cards", 1, NOW_MS));
	strcpy(request.declined[0].specialist, "best");
	request.declined[0].until_ms = NOW_MS + 1;
	assert_best(pool, &request, "next");
	ready_pool_free(pool);
}

static void
only_a_newer_version_makes_free_again(void **state)
{
	struct ready_pool *pool = ready_pool_new();
	struct request request = waiting("cards");
	struct specialist anna = idle("anna", "cards", 3, NOW_MS);

	(void)state;
	put(pool, anna);
	ready_pool_take(pool, "anna");
	put(pool, anna);
	assert_best(pool, &request, NULL);
	anna.record.version = 2;
	put(pool, anna);
	assert_best(pool, &request, "anna");
	assert_int_equal(ready_pool_count(pool, "cards"), 1);
	assert_int_equal(ready_pool_taken(pool, "cards"), 0);
	ready_pool_free(pool);
}

static void
it_is_bounded_and_empties(void **state)
{
	struct ready_pool *pool = ready_pool_new();
	struct request request = waiting("cards");
	char id[ID_SIZE];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < READY_POOL_MAX + 5; i++) {
			snprintf(id, sizeof(id), "s%d", i);
			put(pool, idle(id, "cards", 3, NOW_MS + i * 2000));
		}
		assert_int_equal(ready_pool_count(pool, ""), READY_POOL_MAX);
		assert_false(ready_pool_has(pool, id));
		assert_best(pool, &request, "s0");
		for (int i = 0; i < READY_POOL_MAX; i += 2) {
			snprintf(id, sizeof(id), "s%d", i);
			ready_pool_take(pool, id);
		}
		assert_best(pool, &request, "s1");
		for (int i = 0; i < READY_POOL_MAX + 5 && round == 0; i++) {
			snprintf(id, sizeof(id), "s%d", i);
			ready_pool_forget(pool, id);
		}
		if (round == 1)
			ready_pool_clear(pool);
		assert_int_equal(ready_pool_count(pool, ""), 0);
		assert_int_equal(ready_pool_taken(pool, "cards"), 0);
		assert_best(pool, &request, NULL);
	}
	ready_pool_free(pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_is_found_until_taken_or_forgotten),
		cmocka_unit_test(who_is_wished_for_comes_first_if_they_fit),
		cmocka_unit_test(who_declined_is_passed_over),
		cmocka_unit_test(only_a_newer_version_makes_free_again),
		cmocka_unit_test(it_is_bounded_and_empties),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
