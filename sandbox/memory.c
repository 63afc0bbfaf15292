/* SPDX-License-Identifier: MIT */
/*
 * Allocation that cannot fail. It prints and aborts where memory is out.
 */
#define _GNU_SOURCE	/* vasprintf */

#include "sandbox/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
not_null(void *block);

void *
memory_new(size_t size)
{
	return not_null(calloc(1, size));
}

void *
memory_grow(void *block, size_t count, size_t size)
{
	return not_null(reallocarray(block, count, size));
}

char *
memory_copy(const char *text)
{
	return text == NULL ? NULL : not_null(strdup(text));
}

char *
memory_format(const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	return not_null(text);
}

static void *
not_null(void *block)
{
	if (block == NULL) {
		fputs("callback-sandbox: no memory\n", stderr);
		abort();
	}
	return block;
}
