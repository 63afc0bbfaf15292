/* SPDX-License-Identifier: MIT */
/*
 * libconfig 1.5 loses memory with each text that it refuses, so targets that use
 * it look for no leaks: valgrind does that to their unit tests. It may also end
 * the program; that a target then stops is a finding, for whoever calls it must
 * not let such a text through.
 */
#include "tests/fuzz/fuzz.h"

const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}
