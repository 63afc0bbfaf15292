/* SPDX-License-Identifier: MIT */
/*
 * CHECK: an assertion that is always compiled in. It states what the program
 * itself guarantees, never what a file, Redis or the network sent. A failed one
 * aborts: every fact is safe in Redis, and the service manager starts us again.
 */
#ifndef CALLBACKD_LIB_CHECK_H
#define CALLBACKD_LIB_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition)) {                                            \
			fprintf(stderr, "%s:%d: %s: CHECK(%s) failed\n",       \
			    __FILE__, __LINE__, __func__, #condition);         \
			abort();                                               \
		}                                                              \
	} while (0)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(at, first) __attribute__((format(printf, at, first)))

#endif
