/* SPDX-License-Identifier: MIT */
/*
 * What a request must look like before it is routed. evhttp is a kind reader
 * (bare LF, folded headers, values cut at NUL, several Content-Length); a proxy
 * in front may read the same bytes otherwise, and between two readings a
 * request is smuggled. So: one strict reading, or 400 and the connection is
 * closed. Knows no sockets and no routes.
 */
#ifndef CALLBACKD_NET_GUARD_H
#define CALLBACKD_NET_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/check.h"

enum {
	GUARD_URI_MAX = 4096,		/* bytes of the request target */
	GUARD_HEADER_COUNT_MAX = 100,
	GUARD_QUERY_COUNT_MAX = 64,
};

/* A reader of the raw head, fed as bytes arrive. Zero is its start. */
struct guard_head {
	enum { GUARD_START, GUARD_LINE, GUARD_CR, GUARD_LINE_START,
		GUARD_LAST_CR, GUARD_DONE } state;
	const char *fault;		/* static text; NULL: none so far */
	bool is_line_over;		/* the request line */
	bool is_version_bad;
	unsigned spaces, version_length;  /* of it; the version is behind the last one */
};

/* The head's bytes: no control byte, every line ends in CRLF, none folded; the
 * request line is three words, of which the last is HTTP/1.0 or HTTP/1.1. */
void
guard_head_feed(struct guard_head *head, const char *bytes, size_t length);

struct guard_pair {
	const char *name;
	const char *value;
};

struct guard_headers {
	size_t count;
	struct guard_pair at[GUARD_HEADER_COUNT_MAX];	/* borrowed strings */
};

/*
 * Names are tokens; exactly one Host; none of those that decide where a body
 * ends or who is asking twice; no chunked body; a body only where
 * `may_have_body`. Returns NULL, or a static text that says what is wrong.
 */
const char *
guard_headers_check(const struct guard_headers *headers, bool may_have_body)
    MUST_USE;

/* A request target taken apart and decoded; owns one block of memory. */
struct guard_target {
	char *block;
	const char *path;
	size_t query_count;
	struct guard_pair query[GUARD_QUERY_COUNT_MAX];
};

/*
 * Accepts origin form only ("/path?query"). Returns NULL, or a static text
 * that says what is wrong; then nothing is owned.
 */
const char *
guard_target_parse(const char *uri, struct guard_target *ret_target) MUST_USE;

void
guard_target_fini(struct guard_target *target);

#endif
