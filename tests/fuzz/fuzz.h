/* SPDX-License-Identifier: MIT */
/*
 * fuzz: what the targets of tests/fuzz share. A target is one file that defines
 * LLVMFuzzerTestOneInput; what must hold is said with CHECK, which aborts. Its
 * input is text: lines of parameters first, then whatever is read, so that seeds
 * are written by hand and a crash can be read.
 */
#ifndef CALLBACKD_TESTS_FUZZ_H
#define CALLBACKD_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/check.h"

enum {
	FUZZ_KEPT_MAX = 256,    /* pieces of one input; more are "" */
};

struct policy;

struct fuzz_input {
	const char *at, *end;
	char *kept[FUZZ_KEPT_MAX];      /* owned */
	size_t kept_count;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_input fuzz_begin(const uint8_t *data, size_t size);
void fuzz_end(struct fuzz_input *input);

/* The next line without its end, up to a NUL in it; "" when there is none. Every
 * piece lies in a block of exactly its size, so that reading on is noticed. */
const char *fuzz_line(struct fuzz_input *input);
/* The line's number, kept within 0 .. count - 1; count at most 1000000000. */
size_t fuzz_number(struct fuzz_input *input, size_t count);
/* All that is left: bytes with nothing behind them, or up to a NUL as a string. */
const char *fuzz_rest(struct fuzz_input *input, size_t *ret_length);
const char *fuzz_rest_text(struct fuzz_input *input);

/* An instant on 2026-11-23, in Unix milliseconds: "now" wherever it matters. */
#define FUZZ_NOW_MS INT64_C(1795448400000)

/* A file below the source tree, read once and never freed. */
const char *fuzz_file(const char *name);

/* The company of the tests: three queues, three specialists, two providers. */
const struct policy *fuzz_policy(void);

/* UTF-8 without control characters, lines being allowed or not. */
bool fuzz_is_clean(const char *text, bool has_lines);
bool fuzz_is_json(const char *text);

#endif
