/* SPDX-License-Identifier: MIT */
/*
 * slowed: how many times slower than by itself a test runs, as whoever starts it says:
 * under valgrind, beside compilers. Bounds after which a test gives up waiting are
 * stretched by it; what is measured is not.
 */
#ifndef CALLBACKD_TESTS_UNIT_SLOWED_H
#define CALLBACKD_TESTS_UNIT_SLOWED_H

#include <stdlib.h>

static inline int
slowed(void)
{
	const char *times = getenv("CALLBACKD_SLOWED");
	int found = times == NULL ? 1 : atoi(times);

	return found > 1 ? found : 1;
}

#endif
