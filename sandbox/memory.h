/* SPDX-License-Identifier: MIT */
/*
 * Memory that is there or the program ends: the sandbox holds nothing that is
 * worth saving. Never used for a size that a request names.
 */
#ifndef CALLBACKD_SANDBOX_MEMORY_H
#define CALLBACKD_SANDBOX_MEMORY_H

#include <stddef.h>

#include "lib/check.h"

/* Zeroed; never NULL. */
void *
memory_new(size_t size) MUST_USE;

/* As realloc; never NULL. `count` and `size` must be above 0. */
void *
memory_grow(void *block, size_t count, size_t size) MUST_USE;

/* A copy; NULL for NULL. */
char *
memory_copy(const char *text) MUST_USE;

char *
memory_format(const char *format, ...) MUST_USE PRINTF_LIKE(1, 2);

#endif
