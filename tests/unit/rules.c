/* SPDX-License-Identifier: MIT */
/* rules: when a customer may be called, against a walk by the minute over the leap year
 * 2028 by glibc's localtime, which knows nothing of lib/zone and lib/hours: companies with
 * random hours and holidays, customers with random quiet hours in ten zones (seed
 * printed; CALLBACKD_SEED replays one); and by hand. */
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
#include "lib/promise.h"
#include "lib/rules.h"
#include "lib/zone.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define YEAR_MS INT64_C(1830297600000)  /* 2028-01-01 */

enum { MINUTES = 366 * 24 * 60, DAY_MINUTES = 24 * 60, ZONES = 10, SPANS = 5,
	DATES = 6 };

static const char *const names[ZONES] = { "Europe/Moscow", "Europe/Berlin",
	"America/New_York", "America/Los_Angeles", "Asia/Kolkata",
	"Australia/Lord_Howe",          /* by half an hour */
	"America/Santiago",             /* at midnight */
	"Pacific/Chatham",              /* 12:45, 13:45 */
	"Pacific/Kiritimati", "Africa/Casablanca" };

static uint64_t seed;

static unsigned
draw(unsigned below)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (unsigned)((z ^ (z >> 31)) % below);
}

/* ---- the reference: what the clock on the wall shows in each minute of the year */

struct wall {
	int16_t day;            /* since 1970-01-01, minus 21000 */
	int16_t minute;
	int8_t weekday;         /* 0 is Monday */
};

static struct wall walls[ZONES][MINUTES];
static bool open[MINUTES], loud[MINUTES];
static int next[MINUTES + 1], end[MINUTES + 1];

static void
read_walls(void)
{
	for (int z = 0; z < ZONES; z++) {
		setenv("TZ", names[z], 1);
		tzset();
		for (int i = 0; i < MINUTES; i++) {
			time_t at_s = (time_t)(YEAR_MS / 1000 + 60 * i);
			struct tm at, date = { 0 };

			localtime_r(&at_s, &at);
			date.tm_year = at.tm_year;
			date.tm_mon = at.tm_mon;
			date.tm_mday = at.tm_mday;
			walls[z][i] = (struct wall){
				(int16_t)(timegm(&date) / 86400 - 21000),
				(int16_t)(at.tm_hour * 60 + at.tm_min),
				(int8_t)((at.tm_wday + 6) % 7) };
		}
	}
	unsetenv("TZ");
	tzset();
}

/* Does a span that began that many days ago hold in this minute. */
static bool
holds(const struct hours *hours, const struct wall *wall, int ago)
{
	int64_t day = wall->day + 21000 - ago;
	int second = 60 * (wall->minute + ago * DAY_MINUTES);
	int weekday = (wall->weekday + 7 - ago) % 7;
	bool is_exception = false, is_open = false;

	for (size_t i = 0; i < hours->date_count; i++) {
		const struct hours_dates *d = &hours->dates[i];

		if (day < d->first || day > d->last)
			continue;
		is_exception = true;
		is_open |= d->from_s <= second && second < d->to_s;
	}
	for (size_t i = 0; !is_exception && i < hours->week_count; i++)
		is_open |= (hours->week[i].days >> weekday & 1) != 0 &&
		    hours->week[i].from_s <= second &&
		    second < hours->week[i].to_s;
	return is_open;
}

static bool
is_quiet(const struct quiet_policy *quiet, const struct wall *wall)
{
	int second = 60 * wall->minute, from_s = quiet->from_s,
	    to_s = quiet->to_s;

	if (from_s < to_s)
		return from_s <= second && second < to_s;
	return from_s != to_s && (second >= from_s || second < to_s);
}

/* ---- a company, and somebody far away */

struct world {
	struct policy policy;
	struct queue_policy queue;
	struct hours hours;
	struct hours_span week[SPANS];
	struct hours_dates dates[DATES];
	struct request request;
	struct zone *zone;
	int company, customer;
};

static void
begin(struct world *world, int company, int customer)
{
	*world = (struct world){ .company = company, .customer = customer };
	policy_defaults(&world->policy);
	queue_policy_defaults(&world->queue);
	memcpy(world->queue.id, "info", 5);
	world->policy.queues = &world->queue;
	world->policy.queue_count = 1;
	world->policy.zones = zones_new();
	world->zone = zone_new(names[company]);
	assert_non_null(world->zone);
	assert_non_null(zones_learn(world->policy.zones, names[customer]));
	world->policy.local = world->zone;
	world->hours.zone = world->zone;
	world->hours.week = world->week;
	world->hours.dates = world->dates;
	world->policy.hours = &world->hours;
	memcpy(world->request.queue, "info", 5);
	memcpy(world->request.phone, "+4930123456", 12);
	snprintf(world->request.zone, sizeof(world->request.zone), "%s",
	    names[customer]);
}

static void
end_world(struct world *world)
{
	zones_free(world->policy.zones);
	zone_free(world->zone);
}

static void
draw_hours(struct world *world)
{
	world->hours.week_count = 1 + draw(SPANS);
	for (size_t i = 0; i < world->hours.week_count; i++) {
		world->week[i].days = draw(2) ? 31 : 1 + draw(127);
		world->week[i].from_s = 900 * (int)draw(96);
		world->week[i].to_s = world->week[i].from_s +
		    60 * (int)(30 + draw(14 * 60));
	}
	world->hours.date_count = draw(DATES + 1);
	for (size_t i = 0; i < world->hours.date_count; i++) {
		struct hours_dates *dates = &world->dates[i];

		/* Often about the leap day, 2028-02-29. */
		dates->first = draw(3) == 0 ? 21243 + draw(3) :
		    YEAR_MS / DAY_MS + draw(366);
		dates->last = dates->first + draw(9);
		if (draw(3) == 0) {
			dates->from_s = 60 * (int)draw(20 * 60);
			dates->to_s = dates->from_s + 60 * (int)(1 + draw(400));
		}
	}
	world->policy.quiet_count = 1;
	world->policy.quiets[0] = draw(4) != 0 ?
	    (struct quiet_policy){ "", 21 * 3600, 9 * 3600 } :
	    (struct quiet_policy){ "", 60 * (int)draw(1440),
		60 * (int)draw(1440) };
}

static void
walk(struct world *world)
{
	next[MINUTES] = -1;
	end[MINUTES] = -1;
	for (int i = MINUTES; i-- > 0;) {
		const struct wall *company = &walls[world->company][i];
		bool may_call;

		open[i] = holds(&world->hours, company, 0) ||
		    holds(&world->hours, company, 1);
		loud[i] = !is_quiet(&world->policy.quiets[0],
		    &walls[world->customer][i]);
		may_call = open[i] && loud[i];
		next[i] = may_call ? i : next[i + 1];
		end[i] = may_call ? end[i + 1] : i;
	}
}

static void
check_minute(struct world *world, int i)
{
	struct request *r = &world->request;
	int64_t at_ms = YEAR_MS + i * MINUTE_MS + draw(60000), until_ms;
	const char *reason = "";
	bool is_allowed;

	/* They ask again and again, so that no closing is behind them. */
	r->asked_at_ms = r->promise_at_ms = INT64_MAX;
	is_allowed = rules_allow_call(&world->policy, r, at_ms, &reason,
	    &until_ms);
	if (is_allowed != (open[i] && loud[i]))
		fail_msg("%s, %s, at %lld: %s", names[world->company],
		    names[world->customer], (long long)at_ms, reason);
	if (!is_allowed)
		assert_string_equal(reason, open[i] ? "quiet_hours" : "closed");
	if (next[i] >= 0) {
		int64_t next_ms = next[i] == i ? at_ms :
		    YEAR_MS + next[i] * MINUTE_MS;

		if (rules_next_ms(&world->policy, r, at_ms) != next_ms)
			fail_msg("%s, %s, at %lld: next is %lld",
			    names[world->company], names[world->customer],
			    (long long)at_ms, (long long)next_ms);
		if (!is_allowed)
			assert_int_equal(until_ms, next_ms);
	}
	if (is_allowed && end[i] >= 0) {
		int64_t end_ms = YEAR_MS + end[i] * MINUTE_MS,
		    found_ms = rules_end_ms(&world->policy, r, at_ms);

		if (end_ms <= at_ms + 2 * DAY_MS)
			assert_int_equal(found_ms, end_ms);
		else
			assert_true(found_ms > at_ms && found_ms <= end_ms);
	}
}

/* Asked before a closing: called after it, not for long, and only by the promise. */
static void
check_grace(struct world *world, int asked)
{
	struct request *r = &world->request;
	int after = (int)draw(4 * 60), limit = 1 + (int)draw(120);
	int i = asked + (int)draw(6 * 60), closed = -1;
	bool is_allowed;
	const char *reason;
	int64_t until_ms;

	if (i >= MINUTES)
		return;
	world->policy.after_close_ms = after * MINUTE_MS;
	r->asked_at_ms = YEAR_MS + asked * MINUTE_MS;
	r->promise_at_ms = r->asked_at_ms + limit * MINUTE_MS;
	for (int k = i; k > 0 && k > i - after && closed < 0; k--)
		if (open[k - 1] && !open[k])
			closed = k;
	is_allowed = loud[i] && (open[i] || (closed > asked &&
	    i < closed + after && i < asked + limit));
	if (rules_allow_call(&world->policy, r, YEAR_MS + i * MINUTE_MS,
	        &reason, &until_ms) != is_allowed)
		fail_msg("%s: asked %d, at %d, closed %d, after %d, limit %d",
		    names[world->company], asked, i, closed, after, limit);
	world->policy.after_close_ms = 0;
}

/* The limit of a passed case, minute by open minute. */
static void
check_passed(struct world *world, int i)
{
	struct request *r = &world->request;
	int left = 1 + (int)draw(20 * 60);

	memcpy(r->source, "passed", 7);
	world->queue.is_passed_open = true;
	world->queue.passed_ms = left * MINUTE_MS;
	promise_soon(&world->policy, r, YEAR_MS + i * MINUTE_MS);
	for (; i < MINUTES && left > 0; i++)
		left -= open[i];
	if (left == 0)
		assert_int_equal(r->promise_at_ms, YEAR_MS + i * MINUTE_MS);
	r->source[0] = '\0';
}

static void
each_minute_of_a_leap_year(void **state)
{
	const char *wanted = getenv("CALLBACKD_SEED");
	static struct world world;

	(void)state;
	seed = wanted != NULL ? strtoull(wanted, NULL, 10) :
	    (uint64_t)time(NULL);
	print_message("seed %llu\n", (unsigned long long)seed);
	read_walls();
	for (int customer = 0; customer < ZONES; customer++) {
		begin(&world, (int)draw(ZONES), customer);
		draw_hours(&world);
		walk(&world);
		for (int i = 1; i < MINUTES; i++) {
			/* Around every change, and here and there. */
			if ((open[i] && loud[i]) == (open[i - 1] && loud[i - 1]) &&
			    draw(200) != 0)
				continue;
			check_minute(&world, i);
			check_minute(&world, i - 1);
			check_grace(&world, i);
			check_passed(&world, i);
		}
		end_world(&world);
	}
}

/* ---- by hand */

static struct world hand;

/* Moscow, Monday to Friday from 9 to 18; their customer in Berlin is quiet until 9. */
static int
set_up(void **state)
{
	(void)state;
	begin(&hand, 0, 1);
	hand.week[0] = (struct hours_span){ 31, 9 * 3600, 18 * 3600 };
	hand.hours.week_count = 1;
	hand.policy.quiets[0] = (struct quiet_policy){ "", 21 * 3600, 9 * 3600 };
	hand.policy.quiet_count = 1;
	hand.request.promise_number = 1;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	end_world(&hand);
	return 0;
}

static int64_t
at(int month, int day, int hour, int minute)
{
	struct tm tm = { .tm_year = 126, .tm_mon = month - 1, .tm_mday = day,
		.tm_hour = hour, .tm_min = minute };

	return (int64_t)timegm(&tm) * 1000;
}

static int64_t
next_of(int64_t at_ms)
{
	return rules_next_ms(&hand.policy, &hand.request, at_ms);
}

static void
the_clocks_of_one_of_them_are_changed(void **state)
{
	(void)state;
	/* 2026-03-27 is a Friday, in winter time: 9 in Berlin is 11 in Moscow. */
	assert_int_equal(next_of(at(3, 27, 6, 0)), at(3, 27, 8, 0));
	assert_int_equal(next_of(at(3, 27, 15, 0)), at(3, 30, 7, 0));
	/* 2026-10-23 is the last Friday of summer time. */
	assert_int_equal(next_of(at(10, 22, 15, 0)), at(10, 23, 7, 0));
	assert_int_equal(next_of(at(10, 23, 15, 0)), at(10, 26, 8, 0));
}

static void
who_asks_for_now_is_called_now(void **state)
{
	int64_t early_ms = at(6, 1, 6, 30), until_ms = 0;  /* 8:30 in Berlin */
	struct request *r = &hand.request;
	const char *reason = "";

	(void)state;
	r->asked_at_ms = early_ms - MINUTE_MS;
	r->promise_at_ms = early_ms + 15 * MINUTE_MS;
	assert_false(rules_allow_call(&hand.policy, r, early_ms, &reason,
	    &until_ms));
	assert_string_equal(reason, "quiet_hours");
	assert_int_equal(until_ms, at(6, 1, 7, 0));
	r->asks_now = true;
	assert_true(rules_allow_call(&hand.policy, r, early_ms, &reason,
	    &until_ms));
	assert_int_equal(rules_end_ms(&hand.policy, r, early_ms),
	    r->promise_at_ms);
	assert_false(rules_allow_call(&hand.policy, r, r->promise_at_ms,
	    &reason, &until_ms));
	hand.policy.quiet_waits = true;
	assert_false(rules_allow_call(&hand.policy, r, early_ms, &reason,
	    &until_ms));
	/* Closed is closed. */
	hand.policy.quiet_waits = false;
	assert_false(rules_allow_call(&hand.policy, r, at(6, 1, 5, 59),
	    &reason, &until_ms));
	assert_string_equal(reason, "closed");
}

static void
numbers_have_hours_of_their_own(void **state)
{
	int64_t early_ms = at(6, 1, 6, 30);

	(void)state;
	hand.policy.quiets[1] = (struct quiet_policy){ "+4930", 0, 0 };
	hand.policy.quiets[2] = (struct quiet_policy){ "+49", 20 * 3600,
		10 * 3600 };
	hand.policy.quiet_count = 3;
	assert_int_equal(next_of(early_ms), early_ms);
	memcpy(hand.request.phone, "+4989", 6);
	assert_int_equal(next_of(early_ms), at(6, 1, 8, 0));
	memcpy(hand.request.phone, "+4350", 6);
	assert_int_equal(next_of(early_ms), at(6, 1, 7, 0));
	/* Nobody knows where they are: by the company's clock. */
	memcpy(hand.request.zone, "Europe/Nowhere", 15);
	assert_int_equal(next_of(early_ms), early_ms);
}

static void
hours_that_never_meet(void **state)
{
	const char *reason = "";
	int64_t until_ms = 0;
	struct world *w = &hand;

	(void)state;
	assert_non_null(zones_learn(w->policy.zones, "America/Los_Angeles"));
	memcpy(w->request.zone, "America/Los_Angeles", 20);
	assert_int_equal(next_of(at(6, 1, 7, 0)), RULES_NEVER);
	assert_false(rules_allow_call(&w->policy, &w->request, at(6, 1, 7, 0),
	    &reason, &until_ms));
	assert_string_equal(reason, "quiet_hours");
	assert_int_equal(until_ms, RULES_NEVER);
	assert_int_equal(rules_end_ms(&w->policy, &w->request, at(6, 1, 7, 0)),
	    at(6, 1, 7, 0));
}

static void
a_queue_has_hours_of_its_own(void **state)
{
	static const struct hours_span all = { 127, 0, HOURS_DAY_S };
	struct hours hours = { hand.zone, &all, 1, NULL, 0 };

	(void)state;
	hand.policy.quiet_count = 0;
	assert_int_equal(next_of(at(6, 6, 12, 0)), at(6, 8, 6, 0));
	hand.queue.hours = &hours;
	assert_int_equal(next_of(at(6, 6, 12, 0)), at(6, 6, 12, 0));
	hand.queue.hours = NULL;
	hand.policy.hours = NULL;
	assert_int_equal(next_of(at(6, 6, 12, 0)), at(6, 6, 12, 0));
	assert_int_equal(rules_end_ms(&hand.policy, &hand.request,
	    at(6, 6, 12, 0)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_minute_of_a_leap_year),
		cmocka_unit_test_setup_teardown(
		    the_clocks_of_one_of_them_are_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_asks_for_now_is_called_now,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(numbers_have_hours_of_their_own,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(hours_that_never_meet, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(a_queue_has_hours_of_its_own,
		    set_up, tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
