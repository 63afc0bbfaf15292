/* SPDX-License-Identifier: MIT */
/*
 * One strict reading of head and target; see RFC 9110 5.6.2 (tokens), RFC 9112
 * 2.2, 5.2, 6.3 (line ends, folding, where a body ends).
 */
#include "net/guard.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *
single_header_check(const struct guard_pair *header, unsigned *seen,
    bool may_have_body);

static const char *
content_length_check(const char *value, bool may_have_body);

static bool
is_token(const char *text);

static const char *
path_decode(const char *path, size_t length, char *out);

static const char *
path_segments_check(const char *path);

static const char *
query_parse(const char *query, char *out, struct guard_target *target);

static int
decoded(const char **at, const char *end, bool plus_is_space);

static int
hex_value(char digit);

/* evhttp reads "HTTP/01.001" and " HTTP/+1. 1" as numbers too. */
static void
version_feed(struct guard_head *head, unsigned char c)
{
	static const char version[] = "HTTP/1.";
	enum { LENGTH = sizeof(version) };      /* with one digit */

	if (c == '\r' || c == '\n') {
		if (head->spaces != 2 || head->version_length != LENGTH ||
		    head->is_version_bad)
			head->fault = "a request line that is not of HTTP/1.0 "
			    "or HTTP/1.1";
		head->is_line_over = true;
	} else if (c == ' ') {
		head->spaces++;
		head->version_length = 0;
		head->is_version_bad = false;
	} else if (head->version_length >= LENGTH) {
		head->is_version_bad = true;
	} else {
		head->is_version_bad |= head->version_length < LENGTH - 1 ?
		    c != version[head->version_length] : c != '0' && c != '1';
		head->version_length++;
	}
}

void
guard_head_feed(struct guard_head *head, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length && head->state != GUARD_DONE; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (!head->is_line_over)
			version_feed(head, c);
		if ((head->state == GUARD_CR || head->state == GUARD_LAST_CR) &&
		    c != '\n')
			head->fault = "a CR without LF";
		if (c == '\n') {
			if (head->state == GUARD_LAST_CR) {
				head->state = GUARD_DONE;
				continue;
			}
			if (head->state != GUARD_CR)
				head->fault = "a line that ends in a bare LF";
			/* evhttp takes LF LF as the end, and so do we. */
			head->state = head->state == GUARD_LINE_START ?
			    GUARD_DONE : GUARD_LINE_START;
		} else if (c == '\r') {
			head->state = head->state == GUARD_LINE_START ?
			    GUARD_LAST_CR : GUARD_CR;
		} else {
			if (head->state == GUARD_LINE_START &&
			    (c == ' ' || c == '\t'))
				head->fault = "a folded header";
			if ((c < 0x20 && c != '\t') || c == 0x7f)
				head->fault = "a control byte in the head";
			head->state = GUARD_LINE;
		}
	}
}

/* Those that must not come twice; the order is that of the bits in `seen`. */
static const char *const single_headers[] = {
	"Host", "Content-Length", "Transfer-Encoding", "Authorization",
	"Cookie", "Origin", "Content-Type",
};

enum { SEEN_HOST = 1 };

const char *
guard_headers_check(const struct guard_headers *headers, bool may_have_body)
{
	unsigned seen = 0;

	for (size_t i = 0; i < headers->count; i++) {
		const struct guard_pair *header = &headers->at[i];
		const char *fault;

		if (!is_token(header->name))
			return "a header name with bad characters";
		fault = single_header_check(header, &seen, may_have_body);
		if (fault != NULL)
			return fault;
	}
	if ((seen & SEEN_HOST) == 0)
		return "no Host header";
	return NULL;
}

static const char *
single_header_check(const struct guard_pair *header, unsigned *seen,
    bool may_have_body)
{
	for (size_t i = 0; i < COUNT_OF(single_headers); i++) {
		if (strcasecmp(header->name, single_headers[i]) != 0)
			continue;
		if ((*seen & (1u << i)) != 0)
			return "a header that must not come twice";
		*seen |= 1u << i;
		if (strcmp(single_headers[i], "Transfer-Encoding") == 0)
			return "a body without Content-Length (chunked)";
		if (strcmp(single_headers[i], "Content-Length") == 0)
			return content_length_check(header->value,
			    may_have_body);
		break;
	}
	return NULL;
}

static const char *
content_length_check(const char *value, bool may_have_body)
{
	size_t digits = strspn(value, "0123456789");

	if (digits == 0 || digits > 12 || value[digits] != '\0')
		return "a Content-Length that is not a number";
	/* evhttp leaves such a body on the wire, as the next request. */
	if (!may_have_body && strspn(value, "0") != digits)
		return "a body where the method has none";
	return NULL;
}

static bool
is_token(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		char c = *text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '_')
			continue;
		if (strchr("!#$%&'*+.^`|~", c) == NULL)
			return false;
	}
	return true;
}

const char *
guard_target_parse(const char *uri, struct guard_target *ret_target)
{
	struct guard_target target = { 0 };
	size_t length = strnlen(uri, GUARD_URI_MAX + 1);
	const char *query, *fault;
	size_t path_length;

	if (length > GUARD_URI_MAX)
		return "a request target that is too long";
	if (uri[0] != '/')
		return "a request target that is not a path";
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)uri[i] <= 0x20 || uri[i] == 0x7f ||
		    uri[i] == '#' || uri[i] == '\\')
			return "a request target with bad characters";
	query = strchr(uri, '?');
	path_length = query != NULL ? (size_t)(query - uri) : length;

	/* Decoding never grows; a NUL after the path, two for each field. */
	target.block = malloc(length + 2 + 2 * GUARD_QUERY_COUNT_MAX);
	if (target.block == NULL)
		return "no memory";
	target.path = target.block;
	fault = path_decode(uri, path_length, target.block);
	if (fault == NULL && query != NULL)
		fault = query_parse(query + 1,
		    target.block + path_length + 1, &target);
	if (fault != NULL) {
		guard_target_fini(&target);
		return fault;
	}
	*ret_target = target;
	return NULL;
}

void
guard_target_fini(struct guard_target *target)
{
	free(target->block);
	target->block = NULL;
	target->path = NULL;
	target->query_count = 0;
}

static const char *
path_decode(const char *path, size_t length, char *out)
{
	const char *at = path;
	char *start = out;

	while (at < path + length) {
		bool was_encoded = *at == '%';
		int c = decoded(&at, path + length, false);

		if (c < 0)
			return "a path with a broken escape";
		if (c < 0x20 || c == 0x7f)
			return "a path with an escaped control byte";
		if (was_encoded && (c == '/' || c == '\\'))
			return "a path with an escaped slash";
		*out++ = (char)c;
	}
	*out = '\0';
	return path_segments_check(start);
}

/* Empty only as the last: "/console/" is a name of its own. */
static const char *
path_segments_check(const char *path)
{
	for (const char *at = path; at != NULL;) {
		const char *segment = at + 1;
		size_t length = strcspn(segment, "/");

		at = segment[length] == '/' ? segment + length : NULL;
		if (length == 0 && at != NULL)
			return "a path with //";
		if ((length == 1 && segment[0] == '.') ||
		    (length == 2 && segment[0] == '.' && segment[1] == '.'))
			return "a path with a dot segment";
	}
	return NULL;
}

/*
 * Splits at the first "=" of a field only, and before decoding: in
 * "StartTime>=2026-11-25" the name is "StartTime>".
 */
static const char *
query_parse(const char *query, char *out, struct guard_target *target)
{
	const char *at = query;

	while (*at != '\0') {
		const char *end = at + strcspn(at, "&");
		struct guard_pair *field = &target->query[target->query_count];
		bool in_name = true;

		if (at == end) {
			at++;
			continue;
		}
		if (target->query_count == GUARD_QUERY_COUNT_MAX)
			return "a query with too many fields";
		field->name = out;
		field->value = NULL;
		while (at < end) {
			int c;

			if (in_name && *at == '=') {
				in_name = false;
				at++;
				*out++ = '\0';
				field->value = out;
				continue;
			}
			c = decoded(&at, end, true);
			if (c < 0)
				return "a query with a broken escape";
			if (c == 0)
				return "a query with an escaped NUL";
			*out++ = (char)c;
		}
		*out++ = '\0';
		if (in_name)
			field->value = out - 1;
		target->query_count++;
		at = *end == '&' ? end + 1 : end;
	}
	return NULL;
}

/* The next byte, 0..255, and moves on; -1: a broken escape. */
static int
decoded(const char **at, const char *end, bool plus_is_space)
{
	const char *from = *at;
	int high, low;

	if (*from == '+' && plus_is_space) {
		*at = from + 1;
		return ' ';
	}
	if (*from != '%') {
		*at = from + 1;
		return (unsigned char)*from;
	}
	if (end - from < 3)
		return -1;
	high = hex_value(from[1]);
	low = hex_value(from[2]);
	if (high < 0 || low < 0)
		return -1;
	*at = from + 3;
	return high * 16 + low;
}

static int
hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}
