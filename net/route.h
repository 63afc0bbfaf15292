/* SPDX-License-Identifier: MIT */
/*
 * Finds the route of a decoded path. Pure: it compares text and copies what
 * the holes of a pattern matched.
 */
#ifndef CALLBACKD_NET_ROUTE_H
#define CALLBACKD_NET_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/check.h"

enum {
	ROUTE_PARAM_MAX = 4,
	ROUTE_PARAM_NAME_MAX = 32,
};

/* What the holes matched: `name` inside the pattern, `value` in `text`. */
struct route_params {
	size_t count;
	char *text;		/* owned */
	struct {
		const char *name;
		size_t name_length;
		const char *value;
	} at[ROUTE_PARAM_MAX];
};

/* True when it begins with "/", and its holes are named, few and well placed. */
bool
route_pattern_is_valid(const char *pattern) MUST_USE;

/* False leaves `ret_params` untouched. */
bool
route_matches(const char *pattern, const char *path) MUST_USE;

/* Fills the values of a pattern that matches; false: memory is out. */
bool
route_params_init(const char *pattern, const char *path,
    struct route_params *ret_params) MUST_USE;

void
route_params_fini(struct route_params *params);

const char *
route_param(const struct route_params *params, const char *name);

#endif
