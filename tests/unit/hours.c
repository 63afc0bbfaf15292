/* SPDX-License-Identifier: MIT */
/* hours: against glibc's localtime, minute by minute, over both changes of the clocks
 * in several zones, with random tables (seed printed; CALLBACKD_SEED replays one); and
 * by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/check.h"
#include "lib/hours.h"
#include "lib/zone.h"

#define MINUTE_MS (INT64_C(60000))
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

enum { WALK_MINUTES = 5 * 24 * 60, TABLES = 12, SPANS = 4, DATES = 3 };

static uint64_t seed;

static unsigned
draw(unsigned below)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (unsigned)((z ^ (z >> 31)) % below);
}

/* ---- the reference: what localtime says of that minute */

static int64_t
date_of(const struct tm *at)
{
	struct tm copy = { .tm_year = at->tm_year, .tm_mon = at->tm_mon,
		.tm_mday = at->tm_mday };

	return timegm(&copy) / HOURS_DAY_S;
}

/* Does a span that began on this date hold that long after its midnight? */
static bool
holds(const struct hours *hours, int64_t date, int weekday, int second)
{
	bool is_exception = false, is_open = false;

	for (size_t i = 0; i < hours->date_count; i++) {
		const struct hours_dates *d = &hours->dates[i];

		if (date < d->first || date > d->last)
			continue;
		is_exception = true;
		is_open |= d->from_s <= second && second < d->to_s;
	}
	for (size_t i = 0; !is_exception && i < hours->week_count; i++) {
		const struct hours_span *s = &hours->week[i];

		is_open |= (s->days >> weekday & 1) != 0 &&
		    s->from_s <= second && second < s->to_s;
	}
	return is_open;
}

static bool
should_be_open(const struct hours *hours, time_t at_s)
{
	struct tm at;
	int second, weekday;

	localtime_r(&at_s, &at);
	second = (at.tm_hour * 60 + at.tm_min) * 60 + at.tm_sec;
	weekday = (at.tm_wday + 6) % 7;
	return holds(hours, date_of(&at), weekday, second) ||
	    holds(hours, date_of(&at) - 1, (weekday + 6) % 7,
	        second + HOURS_DAY_S);
}

/* ---- random tables */

static void
draw_times(int *from_s, int *to_s)
{
	/* Often about the hours in which clocks are changed. */
	*from_s = 60 * (int)(draw(2) ? draw(24 * 60) : draw(13) * 15);
	*to_s = *from_s + 60 * (int)(1 + (draw(4) ? draw(10 * 60) :
	    draw(24 * 60)));
	if (draw(12) == 0) {
		*from_s = 0;
		*to_s = HOURS_DAY_S;
	}
}

static void
walk(const struct hours *hours, int64_t from_ms)
{
	static bool open[WALK_MINUTES + 1];
	int64_t sum_ms = 0, end_ms = from_ms + WALK_MINUTES * MINUTE_MS;
	int change = -1;

	for (int i = 0; i <= WALK_MINUTES; i++) {
		int64_t at_ms = from_ms + i * MINUTE_MS;

		open[i] = should_be_open(hours, (time_t)(at_ms / 1000));
		if (hours_is_open(hours, at_ms + (int64_t)draw(60000)) !=
		    open[i])
			fail_msg("at %lld: should be %s",
			    (long long)at_ms / 1000, open[i] ? "open" :
			    "closed");
	}
	/* From the back: the next change, and what is open until the end. */
	for (int i = WALK_MINUTES; i-- > 0;) {
		int64_t at_ms = from_ms + i * MINUTE_MS, found_ms;

		if (open[i] != open[i + 1])
			change = i + 1;
		if (open[i])
			sum_ms += MINUTE_MS;
		found_ms = hours_change(hours, at_ms);
		if (change >= 0)
			assert_int_equal(found_ms,
			    from_ms + change * MINUTE_MS);
		else
			assert_true(found_ms == 0 || found_ms >= end_ms);
		assert_int_equal(hours_opens(hours, at_ms), open[i] ? at_ms :
		    found_ms);
		assert_int_equal(hours_closes(hours, at_ms), open[i] ?
		    found_ms : 0);
		if (i % 97 != 0)
			continue;
		assert_int_equal(hours_open_ms(hours, at_ms, end_ms), sum_ms);
		/* The two are each other's opposite. */
		if (sum_ms > 0) {
			int64_t part_ms = 1 + (int64_t)draw((unsigned)sum_ms);
			int64_t by_ms = hours_after(hours, at_ms, part_ms);

			assert_true(by_ms > at_ms && by_ms <= end_ms);
			assert_int_equal(hours_open_ms(hours, at_ms, by_ms),
			    part_ms);
			assert_int_equal(hours_open_ms(hours, at_ms,
			    by_ms - 1), part_ms - 1);
		}
	}
}

static void
it_is_what_the_clock_on_the_wall_shows(void **state)
{
	/* Each in the middle of the days that are walked: clocks go forward, or back. */
	static const struct { const char *name; int64_t change_s; } zones[] = {
		{ "Europe/Berlin", 1774746000 }, { "Europe/Berlin", 1792890000 },
		{ "America/New_York", 1772953200 },
		{ "America/New_York", 1793512800 },
		{ "Australia/Lord_Howe", 1775314800 },  /* by half an hour */
		{ "Australia/Lord_Howe", 1791041400 },
		{ "America/Santiago", 1775358000 },     /* at midnight */
		{ "America/Santiago", 1788667200 },
		{ "Europe/Moscow", 1414274400 },        /* for good */
		{ "Asia/Kathmandu", 1790000100 }, { "Pacific/Apia", 1325239200 },
	};
	const char *wanted = getenv("CALLBACKD_SEED");

	(void)state;
	seed = wanted != NULL ? strtoull(wanted, NULL, 10) :
	    (uint64_t)time(NULL);
	print_message("seed %llu\n", (unsigned long long)seed);
	for (size_t z = 0; z < COUNT_OF(zones); z++) {
		struct zone *zone = zone_new(zones[z].name);
		int64_t from_ms = zones[z].change_s / 60 * MINUTE_MS -
		    WALK_MINUTES / 2 * MINUTE_MS;

		assert_non_null(zone);
		setenv("TZ", zones[z].name, 1);
		tzset();
		for (int t = 0; t < TABLES; t++) {
			struct hours_span week[SPANS];
			struct hours_dates dates[DATES];
			struct hours hours = { .zone = zone, .week = week,
				.week_count = 1 + draw(SPANS), .dates = dates,
				.date_count = draw(DATES + 1) };

			for (size_t i = 0; i < hours.week_count; i++) {
				week[i].days = 1 + draw(127);
				draw_times(&week[i].from_s, &week[i].to_s);
			}
			for (size_t i = 0; i < hours.date_count; i++) {
				dates[i].first = from_ms / DAY_MS + draw(6);
				dates[i].last = dates[i].first + draw(2);
				dates[i].from_s = dates[i].to_s = 0;
				if (draw(2))
					draw_times(&dates[i].from_s,
					    &dates[i].to_s);
			}
			walk(&hours, from_ms);
		}
		zone_free(zone);
	}
	unsetenv("TZ");
	tzset();
}

/* ---- by hand */

static void
a_day_without_an_hour_and_one_with_two(void **state)
{
	struct zone *berlin = zone_new("Europe/Berlin");
	const struct hours_span night = { 127, 22 * 3600, 30 * 3600 };
	const struct hours_span gap = { 127, 2 * 3600, 3 * 3600 };
	struct hours hours = { berlin, &night, 1, NULL, 0 };
	int64_t spring_ms = INT64_C(1774731600000);     /* 2026-03-28 22:00 */
	int64_t autumn_ms = INT64_C(1792872000000);     /* 2026-10-24 22:00 */

	(void)state;
	assert_int_equal(hours_closes(&hours, spring_ms),
	    spring_ms + 7 * HOUR_MS);
	assert_int_equal(hours_closes(&hours, autumn_ms),
	    autumn_ms + 9 * HOUR_MS);
	assert_false(hours_is_open(&hours, spring_ms - 1));
	/* What does not come is not made up for; what comes twice, comes twice. */
	hours.week = &gap;
	assert_int_equal(hours_open_ms(&hours, spring_ms, spring_ms + DAY_MS), 0);
	assert_int_equal(hours_open_ms(&hours, autumn_ms, autumn_ms + DAY_MS),
	    2 * HOUR_MS);
	zone_free(berlin);
}

static void
days_of_their_own(void **state)
{
	const struct hours_span week = { 31, 9 * 3600, 18 * 3600 };
	const struct hours_span night = { 127, 22 * 3600, 30 * 3600 };
	/* 2026-12-31 to 2027-01-08, and a Sunday with hours. */
	const struct hours_dates dates[] = { { 20818, 20826, 0, 0 },
		{ 20806, 20806, 10 * 3600, 12 * 3600 } };
	struct hours hours = { NULL, &week, 1, dates, 2 };
	int64_t eve_ms = 20817 * DAY_MS;

	(void)state;
	assert_int_equal(hours_closes(&hours, eve_ms + 17 * HOUR_MS),
	    eve_ms + 18 * HOUR_MS);
	/* 2027-01-08 is a Friday: open again on Monday. */
	assert_int_equal(hours_opens(&hours, eve_ms + 18 * HOUR_MS),
	    20829 * DAY_MS + 9 * HOUR_MS);
	assert_int_equal(hours_open_ms(&hours, 20806 * DAY_MS,
	    20807 * DAY_MS), 2 * HOUR_MS);
	/* The night that began before the holiday goes on into it. */
	hours.week = &night;
	assert_int_equal(hours_closes(&hours, eve_ms + 23 * HOUR_MS),
	    eve_ms + 30 * HOUR_MS);
	assert_int_equal(hours_opens(&hours, eve_ms + 30 * HOUR_MS),
	    20827 * DAY_MS + 22 * HOUR_MS);
	/* No week: every day but those. */
	hours.week_count = 0;
	assert_int_equal(hours_closes(&hours, eve_ms), 20818 * DAY_MS);
	assert_int_equal(hours_after(&hours, eve_ms + 23 * HOUR_MS, 2 * HOUR_MS),
	    20827 * DAY_MS + HOUR_MS);
}

static void
always_and_never(void **state)
{
	const struct hours_span all = { 127, 0, HOURS_DAY_S };
	const struct hours_dates closed = { 0, 100000, 0, 0 };
	struct hours hours = { NULL, &all, 1, NULL, 0 };

	(void)state;
	assert_true(hours_is_open(NULL, 5));
	assert_int_equal(hours_change(NULL, 5), 0);
	assert_int_equal(hours_opens(NULL, 5), 5);
	assert_int_equal(hours_closes(&hours, 5), 0);
	assert_int_equal(hours_open_ms(&hours, 5, 5 + 3 * DAY_MS), 3 * DAY_MS);
	assert_int_equal(hours_after(&hours, 5, 500 * DAY_MS), 5 + 500 * DAY_MS);
	hours.dates = &closed;
	hours.date_count = 1;
	assert_int_equal(hours_opens(&hours, 5), 0);
	assert_int_equal(hours_after(&hours, 5, 1), 0);
	assert_int_equal(hours_after(&hours, 5, 0), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_what_the_clock_on_the_wall_shows),
		cmocka_unit_test(a_day_without_an_hour_and_one_with_two),
		cmocka_unit_test(days_of_their_own),
		cmocka_unit_test(always_and_never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
