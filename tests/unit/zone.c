/* SPDX-License-Identifier: MIT */
/* zone against the C library's clock, through three years of changes; and moments that
 * anybody can look up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

#include "lib/check.h"
#include "lib/zone.h"

enum { STEP_S = 60 * 60 };

static const int64_t begin_s = 1735689600;      /* 2025-01-01 */
static const int64_t end_s = 1830297600;        /* 2028-01-01 */

static void
every_hour(void **state)
{
	/* Both hemispheres; half an hour, none, and none any more. */
	static const char *const names[] = { "Europe/Berlin",
		"America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
		"Europe/Moscow", "America/Sao_Paulo" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct zone *zone = zone_new(names[i]);

		assert_non_null(zone);
		assert_int_equal(setenv("TZ", names[i], 1), 0);
		tzset();
		for (int64_t at_s = begin_s; at_s < end_s; at_s += STEP_S) {
			time_t at = (time_t)at_s;
			struct zone_time found;
			struct tm wanted;

			zone_local(zone, at_s * 1000 + 999, &found);
			localtime_r(&at, &wanted);
			if (found.hour == wanted.tm_hour &&
			    found.minute == wanted.tm_min &&
			    found.day == wanted.tm_mday &&
			    found.month == wanted.tm_mon + 1 &&
			    found.year == wanted.tm_year + 1900)
				continue;
			fail_msg("%s at %lld: %02d:%02d, not %02d:%02d", names[i],
			    (long long)at_s, found.hour, found.minute,
			    wanted.tm_hour, wanted.tm_min);
		}
		zone_free(zone);
	}
}

static void
the_changes_of_berlin(void **state)
{
	static const struct {
		int64_t at_s;
		int hour, minute;
	} moments[] = {
		{ 1774745999, 1, 59 },  /* 2026-03-29 00:59:59 UTC */
		{ 1774746000, 3, 0 },
		{ 1792889999, 2, 59 },  /* 2026-10-25 00:59:59 UTC */
		{ 1792890000, 2, 0 },
	};
	struct zone *zone = zone_new("Europe/Berlin");

	(void)state;
	assert_non_null(zone);
	for (size_t i = 0; i < COUNT_OF(moments); i++) {
		struct zone_time found;

		zone_local(zone, moments[i].at_s * 1000, &found);
		assert_int_equal(found.hour, moments[i].hour);
		assert_int_equal(found.minute, moments[i].minute);
	}
	zone_free(zone);
}

static void
no_such_zone_is_none(void **state)
{
	struct zone_time found;

	(void)state;
	assert_null(zone_new("Europe/Atlantis"));
	zone_local(NULL, 951782400000, &found);  /* UTC, on a leap day */
	assert_int_equal(found.year, 2000);
	assert_int_equal(found.month, 2);
	assert_int_equal(found.day, 29);
	assert_int_equal(found.hour, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_hour),
		cmocka_unit_test(the_changes_of_berlin),
		cmocka_unit_test(no_such_zone_is_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
