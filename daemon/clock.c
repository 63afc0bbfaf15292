/* SPDX-License-Identifier: MIT */
/* clock: an offset, within what each sample allows. */
#define _GNU_SOURCE     /* CLOCK_BOOTTIME */
#include "daemon/clock.h"

#include <time.h>

#include "lib/check.h"

/* The estimate stands still for a clock that was set back by less. Every commit is
 * refused whose moment is further off, so beyond that it must follow. */
enum { STANDS_STILL_MS = 2000 };

int64_t
clock_monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_monotonic_ms(void)
{
	return clock_monotonic_us() / 1000;
}

int64_t
clock_boottime_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* It was that time somewhere between the asking and now. An estimate that this
 * allows is left as it is: a reply that was long on its way, or waited for a
 * process that was stopped, allows much and so changes nothing. */
void
clock_sample(struct clock_estimate *clock, int64_t redis_ms,
    int64_t asked_at_ms)
{
	int64_t least_ms = redis_ms - clock_monotonic_ms();
	int64_t most_ms = redis_ms - asked_at_ms;

	if (!clock->is_set || clock->offset_ms < least_ms)
		clock->offset_ms = least_ms;
	else if (clock->offset_ms > most_ms)
		clock->offset_ms = most_ms;     /* it was set back */
	clock->is_set = true;
}

int64_t
clock_now_ms(struct clock_estimate *clock)
{
	int64_t now_ms;

	CHECK(clock->is_set);
	now_ms = clock_monotonic_ms() + clock->offset_ms;
	if (now_ms > clock->last_ms ||
	    now_ms < clock->last_ms - STANDS_STILL_MS)
		clock->last_ms = now_ms;
	return clock->last_ms;
}
