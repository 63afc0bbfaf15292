/* SPDX-License-Identifier: MIT */
/*
 * clock: time is Redis's. Keeps an estimate of it between the samples that every
 * script reply brings; the estimate does not go backwards, unless Redis's clock
 * was set back so far that it would be refused. Nothing is stepped before the
 * first sample.
 */
#ifndef CALLBACKD_DAEMON_CLOCK_H
#define CALLBACKD_DAEMON_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock_estimate {
	bool is_set;
	int64_t offset_ms;      /* Redis time minus monotonic time */
	int64_t last_ms;        /* the latest answer given */
};

int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);
/* Goes on while the machine is suspended: for what must not be done too late. */
int64_t clock_boottime_ms(void);

/* Redis's answer, which has just come, to what was asked at that moment of
 * clock_monotonic_ms. */
void clock_sample(struct clock_estimate *clock, int64_t redis_ms, int64_t asked_at_ms);

/* Unix milliseconds; CHECKs that there was a sample. */
int64_t clock_now_ms(struct clock_estimate *clock);

#endif
