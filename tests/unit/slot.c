/* SPDX-License-Identifier: MIT */
/* slot: small cases by hand, and against looking at one slot after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/slot.h"

#define MINUTE_MS INT64_C(60000)
#define LENGTH_MS (30 * MINUTE_MS)
#define NOON_MS (INT64_C(1795435200) * 1000)
#define SLOTS 48

static const struct slot_rules rules = { LENGTH_MS, .5, .9 };

static struct expect_queue
all_busy(int specialists)
{
	return (struct expect_queue){ .specialists = specialists,
		.busy = specialists, .handling_ms = 6.0 * MINUTE_MS };
}

static void
slots_begin_at_multiples_of_their_length(void **state)
{
	struct slot_span slot = slot_at(&rules, NOON_MS, 0);

	(void)state;
	assert_int_equal(slot.from_ms, NOON_MS);
	assert_int_equal(slot.to_ms, NOON_MS + LENGTH_MS);
	slot = slot_at(&rules, NOON_MS + 1, 0);
	assert_int_equal(slot.from_ms, NOON_MS + LENGTH_MS);
	slot = slot_at(&rules, NOON_MS + LENGTH_MS, 2);
	assert_int_equal(slot.from_ms, NOON_MS + 3 * LENGTH_MS);
}

static void
a_slot_takes_the_share_of_the_peoples_time(void **state)
{
	const struct slot_rules most = { LENGTH_MS, .6, .9 };
	struct expect_queue queue = all_busy(3);

	(void)state;
	assert_int_equal(slot_capacity(&rules, &queue), 7);
	/* In doubles 8.999999999999998. */
	assert_int_equal(slot_capacity(&most, &queue), 9);
	queue.handling_ms = 1000.0 * MINUTE_MS;
	assert_int_equal(slot_capacity(&rules, &queue), 0);
	queue = all_busy(0);
	assert_int_equal(slot_capacity(&rules, &queue), 0);
}

static void
the_first_that_is_kept_and_has_room(void **state)
{
	/* One works, 6 minutes each, ten raised ones go first: eleven talks end within
	 * 90 minutes with .88, within 120 with .99. */
	int taken[SLOTS] = { 0 };
	struct expect_queue queue = all_busy(1);
	struct slot_span slot;

	(void)state;
	assert_true(slot_find(&rules, &queue, NOON_MS, taken, SLOTS, &slot));
	assert_int_equal(slot.from_ms, NOON_MS);
	queue.staying_count = 10;
	assert_true(expect_begun(&queue, 3 * LENGTH_MS) < .9);
	assert_true(expect_begun(&queue, 4 * LENGTH_MS) > .9);
	assert_true(slot_find(&rules, &queue, NOON_MS, taken, SLOTS, &slot));
	assert_int_equal(slot.from_ms, NOON_MS + 3 * LENGTH_MS);
	/* Capacity is 2. */
	taken[3] = 1;
	assert_true(slot_find(&rules, &queue, NOON_MS, taken, SLOTS, &slot));
	assert_int_equal(slot.from_ms, NOON_MS + 3 * LENGTH_MS);
	taken[3] = 2;
	taken[4] = 3;
	assert_true(slot_find(&rules, &queue, NOON_MS, taken, SLOTS, &slot));
	assert_int_equal(slot.from_ms, NOON_MS + 5 * LENGTH_MS);
	assert_false(slot_find(&rules, &queue, NOON_MS, taken, 5, &slot));
	assert_false(slot_find(&rules, &queue, NOON_MS, taken, 0, &slot));
}

static void
nobody_works_so_there_is_none(void **state)
{
	const struct slot_rules any = { LENGTH_MS, 1, 0 };
	const int taken[SLOTS] = { 0 };
	struct expect_queue queue = all_busy(0);
	struct slot_span slot;

	(void)state;
	assert_false(slot_find(&any, &queue, NOON_MS, taken, SLOTS, &slot));
}

/* All of them until one will do, for every length of the line. */
static void
halving_finds_what_looking_at_all_finds(void **state)
{
	int taken[SLOTS];
	int64_t left_ms[EXPECT_AHEAD_MAX];
	struct expect_queue queue = all_busy(2);
	int64_t now_ms = NOON_MS + 7 * MINUTE_MS;

	(void)state;
	for (size_t i = 0; i < SLOTS; i++)
		taken[i] = (int)(i % 3) * 3;
	for (size_t i = 0; i < EXPECT_AHEAD_MAX; i++)
		left_ms[i] = (int64_t)i * 2 * MINUTE_MS;
	queue.left_ms = left_ms;
	for (size_t ahead = 0; ahead <= EXPECT_AHEAD_MAX; ahead += 8) {
		struct slot_span slot = { 0 }, by_all = { 0 };
		bool is_found = false;

		queue.left_count = ahead / 2;
		queue.staying_count = ahead - ahead / 2;
		for (size_t i = 0; i < SLOTS && !is_found; i++) {
			by_all = slot_at(&rules, now_ms, i);
			is_found = taken[i] < slot_capacity(&rules, &queue) &&
			    expect_begun(&queue, by_all.to_ms - now_ms) >= .9;
		}
		assert_int_equal(slot_find(&rules, &queue, now_ms, taken,
		    SLOTS, &slot), is_found);
		assert_true(is_found);
		assert_int_equal(slot.from_ms, by_all.from_ms);
		assert_int_equal(slot.to_ms, by_all.to_ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_begin_at_multiples_of_their_length),
		cmocka_unit_test(a_slot_takes_the_share_of_the_peoples_time),
		cmocka_unit_test(the_first_that_is_kept_and_has_room),
		cmocka_unit_test(nobody_works_so_there_is_none),
		cmocka_unit_test(halving_finds_what_looking_at_all_finds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
