/* SPDX-License-Identifier: MIT */
/* clock: an offset, corrected by each sample. */
#define _GNU_SOURCE     /* CLOCK_BOOTTIME */
#include "daemon/clock.h"

#include <time.h>

#include "lib/check.h"

/* How much a single sample may take the estimate back: a reply that waited in a
 * queue looks like a slow clock. */
enum { BACK_PER_SAMPLE_MS = 1 };

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

void
clock_sample(struct clock_estimate *clock, int64_t redis_ms)
{
	int64_t offset_ms = redis_ms - clock_monotonic_ms();

	if (!clock->is_set || offset_ms > clock->offset_ms)
		clock->offset_ms = offset_ms;
	else if (offset_ms < clock->offset_ms - 1000)
		clock->offset_ms = offset_ms;   /* Redis's clock was set back */
	else if (offset_ms < clock->offset_ms)
		clock->offset_ms -= BACK_PER_SAMPLE_MS;
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
