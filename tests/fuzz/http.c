/* SPDX-License-Identifier: MIT */
/*
 * http: in pieces of how many bytes, a line; then what a client sends, through
 * a real socket to the real server. Whatever reaches a handler must stand in
 * those bytes as a strict reader of RFC 9112 finds it there: two readings of the
 * same bytes are how requests are smuggled.
 */
#define _GNU_SOURCE     /* memmem */
#include "net/http.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

enum { REQUESTS_MAX = 64, ROUNDS_MAX = 400, PIECES_MAX = 256, SENT_MAX = 20000,
	ANSWER_MAX = 1 << 20 };

/* One request as the strict reader sees it. */
struct seen {
	const char *method, *target, *body;
	size_t method_length, target_length, body_length;
};

static struct {
	struct event_base *base;
	struct http_server *server;
	char folder[64], path[108];
	struct http_handle held;
	struct seen seen[REQUESTS_MAX];
	size_t seen_count, next;
} world;

/* ---- the strict reader */

#define TOKEN "!#$%&'*+-.^_`|~ABCDEFGHIJKLMNOPQRSTUVWXYZ"                      \
	"abcdefghijklmnopqrstuvwxyz0123456789"

static size_t
span(const char *at, const char *end, const char *of)
{
	const char *begin = at;

	while (at < end && *at != '\0' && strchr(of, *at) != NULL)
		at++;
	return (size_t)(at - begin);
}

/* A line without its CRLF; NULL: it does not end, or has a control character. */
static const char *
read_line(const char **at, const char *end, size_t *ret_length)
{
	const char *line = *at;

	for (const char *c = line; c < end; c++) {
		if (*c == '\r' && c + 1 < end && c[1] == '\n') {
			*ret_length = (size_t)(c - line);
			*at = c + 2;
			return line;
		}
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == '\x7f')
			return NULL;
	}
	return NULL;
}

static bool
read_request_line(const char *line, size_t length, struct seen *seen)
{
	const char *end = line + length;

	seen->method = line;
	seen->method_length = span(line, end, TOKEN);
	line += seen->method_length;
	if (seen->method_length == 0 || line == end || *line++ != ' ')
		return false;
	seen->target = line;
	while (line < end && (unsigned char)*line > ' ')
		line++;
	seen->target_length = (size_t)(line - seen->target);
	return seen->target_length > 0 && end - line == 9 &&
	    (memcmp(line, " HTTP/1.1", 9) == 0 ||
	        memcmp(line, " HTTP/1.0", 9) == 0);
}

/* Adds what a header says of the body's length. */
static bool
read_header(const char *line, size_t length, struct seen *seen, int *lengths)
{
	const char *end = line + length;
	size_t name = span(line, end, TOKEN), digits;
	const char *value = line + name + 1;

	if (name == 0 || name == length || line[name] != ':')
		return false;
	if (name == 17 && strncasecmp(line, "transfer-encoding", 17) == 0)
		return false;
	if (name != 14 || strncasecmp(line, "content-length", 14) != 0)
		return true;
	value += span(value, end, " \t");
	digits = span(value, end, "0123456789");
	if (digits == 0 || digits > 9 || ++*lengths > 1)
		return false;
	seen->body_length = strtoul(value, NULL, 10);
	value += digits;
	return value + span(value, end, " \t") == end;
}

static bool
read_request(const char **at, const char *end, struct seen *seen)
{
	size_t length;
	int lengths = 0;
	const char *line = read_line(at, end, &length);

	*seen = (struct seen){ .method = NULL };
	if (line == NULL || !read_request_line(line, length, seen))
		return false;
	while ((line = read_line(at, end, &length)) != NULL && length > 0)
		if (!read_header(line, length, seen, &lengths))
			return false;
	if (line == NULL || (size_t)(end - *at) < seen->body_length)
		return false;
	seen->body = *at;
	*at += seen->body_length;
	return true;
}

static void
read_strictly(const char *bytes, size_t length)
{
	const char *at = bytes;

	world.seen_count = world.next = 0;
	while (world.seen_count < REQUESTS_MAX &&
	    read_request(&at, bytes + length, &world.seen[world.seen_count]))
		world.seen_count++;
}

/* ---- the server's side */

static bool
is_same(const struct seen *seen, struct http_request *request)
{
	size_t length;
	const char *body = http_body(request, &length);
	const char *target = http_uri(request);
	enum http_method method = http_request_method(request);
	const char *name = method == HTTP_POST ? "POST" : method == HTTP_PUT ?
	    "PUT" : method == HTTP_DELETE ? "DELETE" :
	    seen->method_length == 4 ? "HEAD" : "GET";

	CHECK(body[length] == '\0');
	return seen->method_length == strlen(name) &&
	    memcmp(seen->method, name, seen->method_length) == 0 &&
	    seen->target_length == strlen(target) &&
	    memcmp(seen->target, target, seen->target_length) == 0 &&
	    seen->body_length == length &&
	    memcmp(seen->body, body, length) == 0;
}

static void
check_request(struct http_request *request)
{
	const char *name, *value;

	if (world.seen_count == REQUESTS_MAX)
		return;
	/* Some are refused before they come here. */
	while (world.next < world.seen_count &&
	    !is_same(&world.seen[world.next], request))
		world.next++;
	CHECK(world.next < world.seen_count);
	world.next++;
	CHECK(http_path(request)[0] == '/');
	CHECK(http_header(request, "Host") != NULL);
	for (size_t i = 0; i < http_query_count(request); i++)
		http_query_at(request, i, &name, &value);
	for (size_t i = 0; i < http_header_count(request); i++)
		http_header_at(request, i, &name, &value);
}

static void
on_any(struct http_request *request, void *context)
{
	size_t length;
	const char *body = http_body(request, &length);

	(void)context;
	check_request(request);
	http_reply_header(request, "X-Path", http_path(request));
	http_reply(request, 200, "text/plain", body, length);
}

static void
on_hold(struct http_request *request, void *context)
{
	(void)context;
	check_request(request);
	world.held = http_hold(request);
}

static void
on_abort(struct http_request *request, void *context)
{
	(void)context;
	check_request(request);
	http_abort(request);
}

static const struct http_route routes[] = {
	{ HTTP_GET, "/hold", on_hold, 0 },
	{ HTTP_GET, "/abort", on_abort, 0 },
	{ HTTP_GET, "/{rest...}", on_any, 0 },
	{ HTTP_DELETE, "/{rest...}", on_any, 0 },
	{ HTTP_POST, "/small", on_any, 8 },
	{ HTTP_POST, "/{rest...}", on_any, 4096 },
	{ HTTP_PUT, "/{rest...}", on_any, 4096 },
};

static void
end_world(void)
{
	http_server_free(world.server);
	event_base_free(world.base);
	rmdir(world.folder);
}

static void
begin_world(void)
{
	static const struct http_limits limits = { .header_max = 8192,
		.body_max = 4096, .connections_max = 16,
		.request_deadline_ms = 10000, .held_deadline_ms = 10000,
		.idle_ms = 20000 };
	const char *error;

	CHECK(mkdtemp(strcpy(world.folder, "/tmp/callbackd-fuzz-XXXXXX")) !=
	    NULL);
	snprintf(world.path, sizeof(world.path), "%s/s", world.folder);
	world.base = event_base_new();
	CHECK(world.base != NULL);
	world.server = http_server_new(world.base, routes, COUNT_OF(routes),
	    &limits, NULL);
	CHECK(world.server != NULL);
	CHECK(http_server_listen_unix(world.server, world.path, 0600, &error));
	atexit(end_world);
}

static void
answer_held(void)
{
	struct http_request *request = http_held(world.server, world.held);

	if (request != NULL)
		http_problem(request, 409, "held", "for a while");
	world.held = (struct http_handle){ 0 };
}

/* ---- the client's side */

static int
client_open(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0);
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", world.path);
	CHECK(connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0);
	return fd;
}

static size_t
receive(int fd, char *answer, size_t used, bool *ret_is_over)
{
	ssize_t count;

	while ((count = recv(fd, answer + used, ANSWER_MAX - used - 1, 0)) > 0)
		used += (size_t)count;
	if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
		*ret_is_over = true;
	return used;
}

/* An answer of ours is in our version of HTTP; evhttp repeats what it was told
 * before it refuses by itself. */
static void
check_answer(const char *answer, size_t length)
{
	CHECK(length == 0 || memmem(answer, length, "\r\n\r\n", 4) != NULL);
	CHECK(length == 0 || strncmp(answer, "HTTP/", 5) == 0);
	if (strstr(answer, "application/problem+json") != NULL)
		CHECK(strncmp(answer, "HTTP/1.", 7) == 0);
}

static void
talk(const char *bytes, size_t length, size_t piece)
{
	static char answer[ANSWER_MAX];
	bool is_over = false;
	int fd = client_open();
	size_t used = 0;

	for (size_t at = 0; at < length && !is_over; at += piece) {
		size_t next = length - at < piece ? length - at : piece;

		if (send(fd, bytes + at, next, MSG_NOSIGNAL) < 0)
			break;
		event_base_loop(world.base, EVLOOP_NONBLOCK);
		used = receive(fd, answer, used, &is_over);
	}
	for (int i = 0; i < 4; i++)
		event_base_loop(world.base, EVLOOP_NONBLOCK);
	answer_held();
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < ROUNDS_MAX && !is_over; i++) {
		event_base_loop(world.base, EVLOOP_NONBLOCK);
		answer_held();
		used = receive(fd, answer, used, &is_over);
	}
	CHECK(is_over);
	answer[used] = '\0';
	check_answer(answer, used);
	close(fd);
	for (int i = 0; i < ROUNDS_MAX &&
	    http_server_connection_count(world.server) > 0; i++)
		event_base_loop(world.base, EVLOOP_NONBLOCK);
	CHECK(http_server_connection_count(world.server) == 0);
	CHECK(http_server_held_count(world.server) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	size_t piece = 1 + fuzz_number(&input, 4096), length;
	const char *bytes = fuzz_rest(&input, &length);

	if (world.base == NULL)
		begin_world();
	if (length / piece > PIECES_MAX)
		piece = 1 + length / PIECES_MAX;
	if (length <= SENT_MAX) {
		read_strictly(bytes, length);
		talk(bytes, length, piece);
	}
	fuzz_end(&input);
	return 0;
}
