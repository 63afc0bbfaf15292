/* SPDX-License-Identifier: MIT */
/*
 * The network's time.
 */
#include "sandbox/sandbox.h"

#include <time.h>

enum { PATIENCE_MS_MIN = 100 };

int64_t
sandbox_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct timeval
sandbox_time(const struct sandbox *sandbox, int64_t network_ms)
{
	double ms = (double)network_ms * sandbox->clock_scale;

	return sandbox_real_time((int64_t)ms);
}

struct timeval
sandbox_patience(const struct sandbox *sandbox, int64_t network_ms)
{
	double ms = (double)network_ms * sandbox->clock_scale;

	return sandbox_real_time(ms < PATIENCE_MS_MIN ? PATIENCE_MS_MIN :
	    (int64_t)ms);
}

struct timeval
sandbox_real_time(int64_t ms)
{
	return (struct timeval){
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};
}

int64_t
sandbox_network_seconds(const struct sandbox *sandbox, int64_t real_ms)
{
	double scale = sandbox->clock_scale > 0 ? sandbox->clock_scale : 1;
	double seconds = (double)real_ms / scale / 1000;
	int64_t whole = (int64_t)seconds;

	return (double)whole < seconds ? whole + 1 : whole;
}
