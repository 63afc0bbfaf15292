/* SPDX-License-Identifier: MIT */
/*
 * HTTP requests to whoever asked for calls: for TwiML, and webhooks. Owns the
 * connections. Never follows a redirect, never reads more than a TwiML
 * document may have, and tries once more when the connection failed.
 */
#ifndef CALLBACKD_SANDBOX_FETCH_H
#define CALLBACKD_SANDBOX_FETCH_H

#include <stddef.h>

#include "lib/check.h"

struct event_base;
struct fetcher;

enum { FETCH_TIMEOUT_MS = 15000 };	/* of a try; never scaled */

struct fetch_result {
	long status;		/* 0: no answer */
	const char *error;	/* static text; NULL: an answer came */
	const char *body;	/* a NUL follows its last byte */
	size_t length;
};

typedef void fetch_handler(void *context, const struct fetch_result *result);

/* NULL: the library could not be set up. */
struct fetcher *
fetcher_new(struct event_base *base) MUST_USE;

/*
 * Whoever still waits is told that no answer came, and must not fetch again.
 * Accepts NULL.
 */
void
fetcher_free(struct fetcher *fetcher);

/*
 * `form` NULL sends a GET. Everything is copied. `on_done` is called exactly
 * once, and never before this returns.
 */
void
fetch(struct fetcher *fetcher, const char *url, const char *form,
    const char *signature, fetch_handler *on_done, void *context);

#endif
