/* SPDX-License-Identifier: MIT */
/*
 * guard: a request target, a line; a path, a line; then the head of a request.
 * What is accepted is decoded as it was written; the head's pieces change nothing.
 */
#define _GNU_SOURCE      /* memmem */
#include "net/guard.h"

#include <stdlib.h>
#include <string.h>

#include "net/route.h"
#include "tests/fuzz/fuzz.h"

static const char *const patterns[] = { "/", "/v1/requests/{id}",
	"/v1/requests/{id}/{verb}", "/hooks/{provider}/{call}/{token}/{rest...}",
	"/desk/{file...}" };

static void
check_routes(const char *path)
{
	for (size_t i = 0; i < COUNT_OF(patterns); i++) {
		struct route_params params;
		const char *id;

		CHECK(route_pattern_is_valid(patterns[i]));
		/* Whoever asks has a path of guard_target_parse. */
		if (path[0] != '/' || !route_matches(patterns[i], path))
			continue;
		CHECK(route_params_init(patterns[i], path, &params));
		id = route_param(&params, "id");
		CHECK(id == NULL || (id[0] != '\0' && strchr(id, '/') == NULL &&
		    strstr(path, id) != NULL));
		route_params_fini(&params);
	}
}

static bool
has_dots(const char *path)
{
	size_t length;

	for (const char *at = path; *at != '\0'; at += length) {
		at += *at == '/';
		length = strcspn(at, "/");
		if ((length == 1 && at[0] == '.') ||
		    (length == 2 && at[0] == '.' && at[1] == '.'))
			return true;
	}
	return false;
}

static void
check_target(const char *uri)
{
	struct guard_target target = { .block = NULL };
	const char *fault = guard_target_parse(uri, &target);

	if (fault != NULL)
		return;
	CHECK(strlen(uri) <= GUARD_URI_MAX);
	CHECK(target.path[0] == '/' && !has_dots(target.path));
	CHECK(strstr(target.path, "//") == NULL);
	CHECK(target.query_count <= GUARD_QUERY_COUNT_MAX);
	for (size_t i = 0; i < target.query_count; i++)
		CHECK(strlen(target.query[i].name) +
		    strlen(target.query[i].value) < strlen(uri));
	check_routes(target.path);
	guard_target_fini(&target);
}

static void
check_head(const char *bytes, size_t length)
{
	struct guard_head whole = { .fault = NULL }, pieces = whole;

	guard_head_feed(&whole, bytes, length);
	for (size_t i = 0; i < length; i++)
		guard_head_feed(&pieces, bytes + i, 1);
	CHECK((whole.fault == NULL) == (pieces.fault == NULL));
	CHECK(whole.fault != NULL || whole.state == pieces.state);
	if (whole.fault == NULL && whole.state == GUARD_DONE)
		CHECK(memmem(bytes, length, "\r\n\r\n", 4) != NULL);
}

static void
check_headers(struct fuzz_input *input)
{
	struct guard_headers headers = { .count = 0 };

	while (input->at < input->end &&
	    headers.count < GUARD_HEADER_COUNT_MAX) {
		char *line = (char *)fuzz_line(input);
		size_t name = strcspn(line, ":");
		const char *value = line + name + (line[name] == ':');

		line[name] = '\0';
		headers.at[headers.count++] =
		    (struct guard_pair){ line, value };
	}
	for (int may_have_body = 0; may_have_body <= 1; may_have_body++) {
		const char *fault = guard_headers_check(&headers,
		    may_have_body);
		size_t hosts = 0;

		for (size_t i = 0; i < headers.count; i++)
			hosts += strcasecmp(headers.at[i].name, "host") == 0;
		CHECK(fault != NULL || hosts == 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size), head;
	size_t length;

	check_target(fuzz_line(&input));
	check_routes(fuzz_line(&input));
	head = input;
	check_headers(&input);
	head.kept_count = 0;
	check_head(fuzz_rest(&head, &length), length);
	fuzz_end(&head);
	fuzz_end(&input);
	return 0;
}
