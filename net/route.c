/* SPDX-License-Identifier: MIT */
/*
 * Pattern against path, one segment at a time. The guard has refused empty and
 * dotted segments and encoded slashes, so comparing decoded text is safe.
 */
#include "net/route.h"

#include <stdlib.h>
#include <string.h>

struct segment {
	const char *at;
	size_t length;
	const char *next;	/* the "/" of the next one, or NULL */
};

static struct segment
segment_at(const char *slash);

static bool
is_hole(struct segment segment);

static bool
is_rest(struct segment segment);

bool
route_pattern_is_valid(const char *pattern)
{
	size_t holes = 0;

	if (pattern == NULL || pattern[0] != '/')
		return false;
	for (const char *at = pattern; at != NULL;) {
		struct segment segment = segment_at(at);

		at = segment.next;
		if (!is_hole(segment)) {
			if (memchr(segment.at, '{', segment.length) != NULL)
				return false;
			continue;
		}
		if (segment.length < 3 || segment.length > ROUTE_PARAM_NAME_MAX)
			return false;
		if (++holes > ROUTE_PARAM_MAX)
			return false;
		if (is_rest(segment) && (segment.next != NULL ||
		    segment.length < strlen("{x...}")))
			return false;
	}
	return true;
}

bool
route_matches(const char *pattern, const char *path)
{
	const char *in_pattern = pattern;
	const char *in_path = path;

	while (in_pattern != NULL && in_path != NULL) {
		struct segment want = segment_at(in_pattern);
		struct segment have = segment_at(in_path);

		if (is_rest(want))
			return true;
		if (is_hole(want)) {
			if (have.length == 0)
				return false;
		} else if (want.length != have.length ||
		    memcmp(want.at, have.at, want.length) != 0) {
			return false;
		}
		in_pattern = want.next;
		in_path = have.next;
	}
	return in_pattern == NULL && in_path == NULL;
}

bool
route_params_init(const char *pattern, const char *path,
    struct route_params *ret_params)
{
	struct route_params params = { 0 };
	const char *in_path;

	if (strchr(pattern, '{') == NULL) {
		*ret_params = params;
		return true;
	}
	params.text = strdup(path);
	if (params.text == NULL)
		return false;
	in_path = params.text;
	for (const char *at = pattern; at != NULL && in_path != NULL;) {
		struct segment want = segment_at(at);
		struct segment have = segment_at(in_path);

		if (is_hole(want)) {
			size_t tail = is_rest(want) ? strlen("...}") : 1;

			CHECK(params.count < ROUTE_PARAM_MAX);
			params.at[params.count].name = want.at + 1;
			params.at[params.count].name_length =
			    want.length - 1 - tail;
			params.at[params.count++].value = have.at;
			/* The copy is ours: the segment ends in place. */
			if (!is_rest(want))
				params.text[have.at - params.text +
				    (ptrdiff_t)have.length] = '\0';
		}
		at = want.next;
		in_path = have.next;
	}
	*ret_params = params;
	return true;
}

void
route_params_fini(struct route_params *params)
{
	free(params->text);
	params->text = NULL;
	params->count = 0;
}

const char *
route_param(const struct route_params *params, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < params->count; i++)
		if (params->at[i].name_length == length &&
		    memcmp(params->at[i].name, name, length) == 0)
			return params->at[i].value;
	return NULL;
}

static struct segment
segment_at(const char *slash)
{
	struct segment segment = { .at = slash + 1 };

	segment.next = strchr(segment.at, '/');
	segment.length = segment.next != NULL ?
	    (size_t)(segment.next - segment.at) : strlen(segment.at);
	return segment;
}

static bool
is_hole(struct segment segment)
{
	return segment.length >= 2 && segment.at[0] == '{' &&
	    segment.at[segment.length - 1] == '}';
}

static bool
is_rest(struct segment segment)
{
	return is_hole(segment) && segment.length >= strlen("{...}") &&
	    memcmp(segment.at + segment.length - strlen("...}"), "...}",
	    strlen("...}")) == 0;
}
