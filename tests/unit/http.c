/* SPDX-License-Identifier: MIT */
/*
 * The HTTP server as its clients see it: a real one on 127.0.0.1, spoken to
 * over raw sockets. Client and server share one thread: while the client waits,
 * the loop runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "net/http.h"
#include "net/static.h"

enum { HELD_MAX = 64, ANSWER_MAX = 1 << 17, PATIENCE_MS = 5000 };

static struct {
	struct event_base *base;
	struct http_server *server;
	struct http_static *files;
	int port;
	struct http_handle held[HELD_MAX];
	size_t held_count;
	size_t seen_count;
	size_t query_seen;
	char control_path[108];
} fixture;

static char answer[ANSWER_MAX];

/* ---- handlers */

static void
on_hello(struct http_request *request, void *context)
{
	assert_ptr_equal(context, &fixture);
	fixture.seen_count++;
	http_reply(request, 200, "text/plain", "hello", 5);
}

static void
on_echo(struct http_request *request, void *context)
{
	size_t length;
	const char *body = http_body(request, &length);

	(void)context;
	assert_int_equal(body[length], '\0');
	assert_ptr_equal(body, http_body(request, NULL));
	fixture.seen_count++;
	http_reply(request, 201, "text/plain", body, length);
}

static const char *
or_none(const char *text)
{
	return text != NULL ? text : "-";
}

static void
on_show(struct http_request *request, void *context)
{
	const char *name, *value;
	bool found = false;

	(void)context;
	for (size_t i = 0; i < http_header_count(request); i++) {
		http_header_at(request, i, &name, &value);
		if (strcmp(name, "X-Mark") == 0)
			found = strcmp(value, or_none(http_header(request,
			    "x-mark"))) == 0;
	}
	http_reply_json(request, 200, json_pack(
	    "{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:i}",
	    "id", or_none(http_param(request, "id")),
	    "rest", or_none(http_param(request, "rest")),
	    "as", or_none(http_query(request, "as")),
	    "from", or_none(http_query(request, "StartTime>")),
	    "uri", http_uri(request), "peer", http_peer(request),
	    "control", http_is_control(request), "mark", found,
	    "fields", (int)http_query_count(request)));
}

static void
on_hold(struct http_request *request, void *context)
{
	(void)context;
	CHECK(fixture.held_count < HELD_MAX);
	fixture.held[fixture.held_count++] = http_hold(request);
}

static void
on_abort(struct http_request *request, void *context)
{
	(void)context;
	http_abort(request);
}

static void
on_headers(struct http_request *request, void *context)
{
	(void)context;
	http_reply_header(request, "Cache-Control", "max-age=60");
	http_reply_header(request, "X-Evil", "a\r\nSet-Cookie: b");
	http_problem(request, 409, "number_busy", NULL);
}

static void
on_big(struct http_request *request, void *context)
{
	char *bytes = calloc(1, 100000);

	(void)context;
	memset(bytes, 'x', 100000);
	http_reply(request, 200, "text/plain", bytes, 100000);
	free(bytes);
}

static void
on_static(struct http_request *request, void *context)
{
	(void)context;
	if (!http_static_reply(fixture.files, request,
	    http_param(request, "file")))
		http_problem(request, 404, "not_found", NULL);
}

static const struct http_route routes[] = {
	{ HTTP_GET, "/hello", on_hello, 0 },
	{ HTTP_POST, "/echo", on_echo, 1000 },
	{ HTTP_PUT, "/echo", on_echo, 1000 },
	{ HTTP_GET, "/v1/requests/{id}", on_show, 0 },
	{ HTTP_GET, "/v1/requests/{id}/accept/{rest...}", on_show, 0 },
	{ HTTP_DELETE, "/v1/requests/{id}", on_show, 0 },
	{ HTTP_GET, "/hold", on_hold, 0 },
	{ HTTP_POST, "/hold", on_hold, 1000 },
	{ HTTP_GET, "/abort", on_abort, 0 },
	{ HTTP_GET, "/headers", on_headers, 0 },
	{ HTTP_GET, "/big", on_big, 0 },
	{ HTTP_GET, "/console/{file...}", on_static, 0 },
};

/* ---- the client's side */

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
spin(int duration_ms)
{
	int64_t until_ms = now_ms() + duration_ms;

	do {
		event_base_loop(fixture.base, EVLOOP_NONBLOCK);
		usleep(1000);
	} while (now_ms() < until_ms);
}

static int
client_open(void)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)fixture.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static void
client_send_bytes(int fd, const char *bytes, size_t length)
{
	int64_t until_ms = now_ms() + PATIENCE_MS;

	while (length > 0 && now_ms() < until_ms) {
		ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);

		if (n > 0) {
			bytes += n;
			length -= (size_t)n;
		} else if (n < 0 && errno != EAGAIN) {
			return;
		}
		event_base_loop(fixture.base, EVLOOP_NONBLOCK);
	}
}

static void
client_send(int fd, const char *text)
{
	client_send_bytes(fd, text, strlen(text));
}

/* Reads until `wanted` stands in the answer, or to the end when NULL. */
static bool
client_read(int fd, const char *wanted)
{
	int64_t until_ms = now_ms() + PATIENCE_MS;
	size_t length = 0;

	answer[0] = '\0';
	while (now_ms() < until_ms) {
		ssize_t n = recv(fd, answer + length,
		    sizeof(answer) - 1 - length, 0);

		if (n > 0) {
			length += (size_t)n;
			answer[length] = '\0';
		}
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return wanted == NULL;
		if (wanted != NULL && strstr(answer, wanted) != NULL)
			return true;
		event_base_loop(fixture.base, EVLOOP_NONBLOCK);
		if (n < 0)
			usleep(500);
	}
	return false;
}

/* One request, to the end of the connection. Returns the status, 0: none. */
static int
ask_bytes(const char *bytes, size_t length)
{
	int status = 0;
	int fd = client_open();

	client_send_bytes(fd, bytes, length);
	assert_true(client_read(fd, NULL));
	close(fd);
	if (sscanf(answer, "HTTP/1.%*d %d", &status) != 1)
		return 0;
	return status;
}

static int
ask(const char *text)
{
	return ask_bytes(text, strlen(text));
}

#define END "Host: a\r\nConnection: close\r\n\r\n"

static void
server_start(const struct http_limits *limits)
{
	const char *error = NULL;

	fixture.held_count = 0;
	fixture.seen_count = 0;
	fixture.base = event_base_new();
	fixture.server = http_server_new(fixture.base, routes,
	    COUNT_OF(routes), limits, &fixture);
	assert_non_null(fixture.server);
	assert_true(http_server_listen_tcp(fixture.server, "127.0.0.1", 0,
	    &fixture.port, &error));
	snprintf(fixture.control_path, sizeof(fixture.control_path),
	    "/tmp/callbackd-http-%ld.sock", (long)getpid());
	assert_true(http_server_listen_unix(fixture.server,
	    fixture.control_path, 0600, &error));
}

static int
setup(void **state)
{
	static const struct http_limits limits = {
		.header_max = 16384, .body_max = 4096, .connections_max = 20,
		.request_deadline_ms = 2000, .held_deadline_ms = 2000,
		.idle_ms = 5000,
	};

	(void)state;
	server_start(&limits);
	return 0;
}

static int
setup_hasty(void **state)
{
	static const struct http_limits limits = {
		.header_max = 16384, .body_max = 4096, .connections_max = 4,
		.request_deadline_ms = 200, .held_deadline_ms = 200,
		.idle_ms = 300,
	};

	(void)state;
	server_start(&limits);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	http_server_free(fixture.server);
	http_static_free(fixture.files);
	fixture.files = NULL;
	event_base_free(fixture.base);
	return access(fixture.control_path, F_OK) == 0;
}

/* ---- tests */

static void
answers_with_safe_headers(void **state)
{
	(void)state;
	assert_int_equal(ask("GET /hello HTTP/1.1\r\n" END), 200);
	assert_non_null(strstr(answer, "\r\n\r\nhello"));
	assert_non_null(strstr(answer, "X-Content-Type-Options: nosniff\r\n"));
	assert_non_null(strstr(answer, "Cache-Control: no-store\r\n"));
	assert_non_null(strstr(answer, "Content-Type: text/plain\r\n"));
	assert_int_equal(ask("GET /headers HTTP/1.1\r\n" END), 409);
	assert_non_null(strstr(answer, "Cache-Control: max-age=60\r\n"));
	assert_null(strstr(answer, "no-store"));
	assert_null(strstr(answer, "Set-Cookie"));
	assert_non_null(strstr(answer, "application/problem+json"));
	assert_non_null(strstr(answer, "\"status\":409,\"code\":\"number_busy\""));
	assert_null(strstr(answer, "detail"));
}

static void
head_has_no_body(void **state)
{
	(void)state;
	assert_int_equal(ask("HEAD /hello HTTP/1.1\r\n" END), 200);
	assert_non_null(strstr(answer, "Content-Length: 5\r\n"));
	assert_null(strstr(answer, "\r\n\r\nh"));
}

static void
routes_by_path_and_method(void **state)
{
	(void)state;
	assert_int_equal(ask("GET /v1/requests/a%20b?as=x%2by+z&StartTime>="
	    "2026-11-25&StartTime%3E=no&&flag HTTP/1.1\r\nX-Mark: 1\r\n" END),
	    200);
	assert_non_null(strstr(answer, "\"id\":\"a b\""));
	assert_non_null(strstr(answer, "\"as\":\"x+y z\""));
	assert_non_null(strstr(answer, "\"from\":\"2026-11-25\""));
	assert_non_null(strstr(answer, "\"fields\":4"));
	assert_non_null(strstr(answer, "\"mark\":true"));
	assert_non_null(strstr(answer, "\"peer\":\"127.0.0.1\""));
	assert_non_null(strstr(answer, "\"control\":false"));
	assert_non_null(strstr(answer,
	    "\"uri\":\"/v1/requests/a%20b?as=x%2by+z&StartTime>="));
	assert_int_equal(ask("GET /v1/requests/7/accept/x/y HTTP/1.1\r\n" END),
	    200);
	assert_non_null(strstr(answer, "\"id\":\"7\",\"rest\":\"x/y\""));
	assert_int_equal(ask("GET /v1/requests/7/accept/ HTTP/1.1\r\n" END), 200);
	assert_non_null(strstr(answer, "\"rest\":\"\""));
	assert_int_equal(ask("DELETE /v1/requests/7 HTTP/1.1\r\n" END), 200);
	assert_int_equal(ask("GET /v1/requests/ HTTP/1.1\r\n" END), 404);
	assert_int_equal(ask("GET /v1/requests HTTP/1.1\r\n" END), 404);
	assert_int_equal(ask("GET /hello/ HTTP/1.1\r\n" END), 404);
	assert_non_null(strstr(answer, "\"code\":\"not_found\""));
	assert_int_equal(ask("PUT /v1/requests/7 HTTP/1.1\r\n" END), 405);
	assert_non_null(strstr(answer, "Allow: GET, HEAD, DELETE\r\n"));
	assert_non_null(strstr(answer, "application/problem+json"));
	assert_int_equal(ask("OPTIONS /echo HTTP/1.1\r\n" END), 405);
	assert_non_null(strstr(answer, "Allow: POST, PUT\r\n"));
	assert_int_equal(ask("PATCH /echo HTTP/1.1\r\n" END), 405);
}

static void
bodies_are_bounded(void **state)
{
	static char text[20000];
	int length;

	(void)state;
	assert_int_equal(ask("POST /echo HTTP/1.1\r\nContent-Length: 4\r\n" END
	    "body"), 201);
	assert_non_null(strstr(answer, "\r\n\r\nbody"));
	assert_int_equal(ask("POST /echo HTTP/1.1\r\n" END), 201);
	assert_int_equal(ask("POST /echo HTTP/1.1\r\nContent-Length: 0\r\n" END),
	    201);
	assert_int_equal(ask_bytes("PUT /echo HTTP/1.1\r\nContent-Length: 3\r\n"
	    END "a\0b", strlen("PUT /echo HTTP/1.1\r\nContent-Length: 3\r\n"
	    END) + 3), 201);
	length = snprintf(text, sizeof(text), "POST /echo HTTP/1.1\r\n"
	    "Content-Length: 1001\r\n" END "%01001d", 0);
	assert_int_equal(ask_bytes(text, (size_t)length), 413);
	assert_non_null(strstr(answer, "body_too_large"));
	length = snprintf(text, sizeof(text), "POST /echo HTTP/1.1\r\n"
	    "Content-Length: 9000\r\n" END "%09000d", 0);
	assert_int_equal(ask_bytes(text, (size_t)length), 413);
	assert_int_equal(fixture.seen_count, 4);
}

static void
guard_refuses(void **state)
{
	static const char *const bad[] = {
		"GET /hello HTTP/1.1\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
		"GET /hello HTTP/1.1\r\nCookie: a\r\ncookie: b\r\n" END,
		"GET /hello HTTP/1.1\r\nAuthorization: a\r\n"
		    "Authorization: b\r\n" END,
		"GET /hello HTTP/1.1\r\nOrigin: a\r\nOrigin: b\r\n" END,
		"POST /echo HTTP/1.1\r\nContent-Type: a\r\nContent-Type: b\r\n"
		    END,
		"POST /echo HTTP/1.1\r\nContent-Length: 4\r\n"
		    "Content-Length: 5\r\n" END "body1",
		"POST /echo HTTP/1.1\r\nContent-Length: 4\r\n"
		    "Content-Length: 4\r\n" END "body",
		"POST /echo HTTP/1.1\r\nContent-Length: +4\r\n" END "body",
		"POST /echo HTTP/1.1\r\nContent-Length: 4x\r\n" END "body",
		"POST /echo HTTP/1.1\r\nContent-Length: -4\r\n" END "body",
		"POST /echo HTTP/1.1\r\nContent-Length: \r\n" END,
		"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END
		    "4\r\nbody\r\n0\r\n\r\n",
		"POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip\r\n" END,
		"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
		    "Content-Length: 4\r\n" END "4\r\nbody\r\n0\r\n\r\n",
		"GET /hello HTTP/1.1\r\nContent-Length: 4\r\n" END "body",
		"DELETE /v1/requests/1 HTTP/1.1\r\nContent-Length: 4\r\n" END
		    "body",
		"GET /hello HTTP/1.1\r\nHost : a\r\n\r\n",
		"GET /hello HTTP/1.1\r\nX(Y): a\r\n" END,
		"GET /hello HTTP/1.1\r\n: a\r\n" END,
		"GET /hello HTTP/1.1\r\nX: a\r\n b\r\n" END,
		"GET /hello HTTP/1.1\nHost: a\n\n",
		"GET /hello HTTP/1.1\r\nX: a\001b\r\n" END,
		"GET /hello HTTP/1.1\r\nX: a\rb\r\n" END,
		"GET /hello\001 HTTP/1.1\r\n" END,
		"GET /hel\x7flo HTTP/1.1\r\n" END,
		"GET /a/../hello HTTP/1.1\r\n" END,
		"GET /.. HTTP/1.1\r\n" END,
		"GET /./hello HTTP/1.1\r\n" END,
		"GET /%2e%2E/hello HTTP/1.1\r\n" END,
		"GET //hello HTTP/1.1\r\n" END,
		"GET /v1//requests HTTP/1.1\r\n" END,
		"GET /v1/requests/a%2fb HTTP/1.1\r\n" END,
		"GET /v1/requests/a%5cb HTTP/1.1\r\n" END,
		"GET /v1/requests/a\\b HTTP/1.1\r\n" END,
		"GET /v1/requests/a%00b HTTP/1.1\r\n" END,
		"GET /v1/requests/a%0ab HTTP/1.1\r\n" END,
		"GET /v1/requests/a%zz HTTP/1.1\r\n" END,
		"GET /v1/requests/a% HTTP/1.1\r\n" END,
		"GET /hello?a=%4 HTTP/1.1\r\n" END,
		"GET /hello?a=%00 HTTP/1.1\r\n" END,
		"GET /hello#x HTTP/1.1\r\n" END,
		"GET http://a/hello HTTP/1.1\r\n" END,
		"OPTIONS * HTTP/1.1\r\n" END,
		"GET hello HTTP/1.1\r\n" END,
		"GET /hello HTTP/1.99\r\n" END,
		"GET /hello HTTP/2.0\r\n" END,
		"GET /hello HTTP/1.00\r\n" END,
		"GET /hello HTTP/01.1\r\n" END,
		"GET /hello HTTP/+1.1\r\n" END,
		"GET /hello HTTP/1.1 \r\n" END,
		"GET /hello HTTP/0.9\r\n" END,
		"GET  /hello HTTP/1.1\r\n" END,
		"GET /hello HTTP/1.0\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		int status = ask(bad[i]);

		if (status != 400)
			print_message("# case %zu: %d for %s\n", i, status,
			    bad[i]);
		assert_int_equal(status, 400);
	}
	assert_int_equal(ask_bytes("GET /hello HTTP/1.1\r\nX: a\0b\r\n" END,
	    strlen("GET /hello HTTP/1.1\r\nX: a b\r\n" END)), 400);
	assert_int_equal(fixture.seen_count, 0);
}

static void
guard_refuses_what_is_too_long(void **state)
{
	static char text[40000];
	size_t used;

	(void)state;
	snprintf(text, sizeof(text), "GET /%05000d HTTP/1.1\r\n" END, 0);
	assert_int_equal(ask(text), 400);
	snprintf(text, sizeof(text), "GET /%04000d HTTP/1.1\r\n" END, 0);
	assert_int_equal(ask(text), 404);
	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nX: %020000d\r\n" END, 0);
	assert_int_equal(ask(text), 400);
	used = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n");
	for (int i = 0; i < 150; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "X-%d: 1\r\n", i);
	snprintf(text + used, sizeof(text) - used, END);
	assert_int_equal(ask(text), 400);
	used = (size_t)snprintf(text, sizeof(text), "GET /hello?");
	for (int i = 0; i < 100; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "a=%d&", i);
	snprintf(text + used, sizeof(text) - used, " HTTP/1.1\r\n" END);
	assert_int_equal(ask(text), 400);
}

/* The start of what is sent between requests is judged like any other. */
static void
keeps_alive_and_takes_pipelines(void **state)
{
	int fd = client_open();
	size_t found = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		client_send(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
		assert_true(client_read(fd, "\r\n\r\nhello"));
	}
	client_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 5\r\n\r\nfirst"
	    "GET /v1/requests/second HTTP/1.1\r\nHost: a\r\n\r\n"
	    "GET /hello HTTP/1.1\r\n" END);
	assert_true(client_read(fd, NULL));
	for (const char *at = answer; (at = strstr(at, "HTTP/1.1 20")) != NULL;
	    at++)
		found++;
	assert_int_equal(found, 3);
	assert_true(strstr(answer, "first") < strstr(answer, "second"));
	assert_true(strstr(answer, "second") < strstr(answer, "hello"));
	close(fd);
	fd = client_open();
	client_send(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
	    "GET /hello HTTP/1.1\nHost: a\n\n"
	    "GET /hello HTTP/1.1\r\n" END);
	assert_true(client_read(fd, NULL));
	assert_non_null(strstr(answer, "bare LF"));
	assert_non_null(strstr(answer, "Connection: close"));
	close(fd);
	assert_int_equal(fixture.seen_count, 3 + 2 + 1);
}

static void
reads_byte_by_byte(void **state)
{
	const char *text = "POST /echo HTTP/1.1\r\nContent-Length: 4\r\n" END
	    "body";
	int fd = client_open();

	(void)state;
	for (; *text != '\0'; text++)
		client_send_bytes(fd, text, 1);
	assert_true(client_read(fd, NULL));
	assert_non_null(strstr(answer, "HTTP/1.1 201 Created\r\n"));
	close(fd);
}

static void
waits_for_continue(void **state)
{
	int fd = client_open();

	(void)state;
	client_send(fd, "POST /echo HTTP/1.1\r\nExpect: 100-continue\r\n"
	    "Content-Length: 4\r\n" END);
	assert_true(client_read(fd, "100 Continue"));
	client_send(fd, "body");
	assert_true(client_read(fd, NULL));
	assert_non_null(strstr(answer, "201 Created"));
	close(fd);
}

static void
holds_and_answers_later(void **state)
{
	int fd = client_open();
	struct http_request *request;
	size_t length;

	(void)state;
	client_send(fd, "POST /hold?as=a HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 4\r\n\r\nbody"
	    "GET /hello HTTP/1.1\r\n" END);
	spin(20);
	assert_int_equal(fixture.held_count, 1);
	assert_int_equal(http_server_held_count(fixture.server), 1);
	/* The next one waits its turn. */
	assert_int_equal(fixture.seen_count, 0);
	request = http_held(fixture.server, fixture.held[0]);
	assert_non_null(request);
	assert_string_equal(http_query(request, "as"), "a");
	assert_string_equal(http_body(request, &length), "body");
	assert_int_equal(length, 4);
	http_reply(request, 202, "text/plain", "later", 5);
	assert_null(http_held(fixture.server, fixture.held[0]));
	assert_true(client_read(fd, NULL));
	assert_true(strstr(answer, "later") < strstr(answer, "hello"));
	close(fd);
	assert_null(http_held(fixture.server, (struct http_handle){ 0, 0 }));
	assert_null(http_held(fixture.server, (struct http_handle){ 9999, 1 }));
}

/* The handle stays good; the answer goes nowhere and harms nothing. */
static void
clients_vanish_while_held(void **state)
{
	static const struct linger at_once = { 1, 0 };

	(void)state;
	for (int i = 0; i < 6; i++) {
		int fd = client_open();

		client_send(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
		spin(10);
		if (i % 2 == 1)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once,
			    sizeof(at_once));
		close(fd);
	}
	spin(20);
	assert_int_equal(fixture.held_count, 6);
	for (size_t i = 0; i < 5; i++) {
		struct http_request *request =
		    http_held(fixture.server, fixture.held[i]);

		assert_non_null(request);
		if (i == 2)
			http_abort(request);
		else
			http_reply(request, 200, NULL, "x", 1);
		assert_null(http_held(fixture.server, fixture.held[i]));
	}
	spin(50);
	assert_int_equal(http_server_connection_count(fixture.server), 1);
	assert_int_equal(ask("GET /hello HTTP/1.1\r\n" END), 200);
	/* The sixth is answered by http_server_free. */
}

/* A slot used again has another generation. */
static void
old_handles_name_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		int fd = client_open();

		client_send(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
		spin(10);
		for (size_t old = 0; old < i; old++)
			assert_null(http_held(fixture.server,
			    fixture.held[old]));
		http_reply(http_held(fixture.server, fixture.held[i]), 204,
		    NULL, NULL, 0);
		assert_true(client_read(fd, "204 No Content"));
		close(fd);
		spin(10);
	}
}

static void
stopping_answers_what_is_held(void **state)
{
	int fd = client_open();

	(void)state;
	client_send(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	spin(20);
	http_server_free(fixture.server);
	fixture.server = NULL;
	assert_true(client_read(fd, NULL));
	assert_non_null(strstr(answer, "HTTP/1.1 503 "));
	assert_non_null(strstr(answer, "\"code\":\"stopping\""));
	close(fd);
}

static void
stopping_accepting_serves_the_open(void **state)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)fixture.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = client_open(), late;

	(void)state;
	spin(10);
	http_server_stop_accepting(fixture.server);
	late = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(late, (struct sockaddr *)&name, sizeof(name)),
	    -1);
	close(late);
	client_send(fd, "GET /hello HTTP/1.1\r\n" END);
	assert_true(client_read(fd, NULL));
	assert_non_null(strstr(answer, "hello"));
	close(fd);
}

static void
aborts_without_a_word(void **state)
{
	(void)state;
	assert_int_equal(ask("GET /abort HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
	assert_string_equal(answer, "");
	spin(10);
	assert_int_equal(http_server_connection_count(fixture.server), 0);
}

static void
slow_requests_are_cut(void **state)
{
	int64_t begun_ms = now_ms();
	int in_head = client_open(), in_body = client_open();

	(void)state;
	client_send(in_head, "GET /hello HTTP/1.1\r\n");
	client_send(in_body, "POST /echo HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 400\r\n\r\n");
	for (int i = 0; i < 12; i++) {
		client_send(in_head, "X");
		client_send(in_body, "X");
		spin(40);
	}
	assert_true(client_read(in_head, NULL));
	assert_string_equal(answer, "");
	assert_true(client_read(in_body, NULL));
	assert_true(now_ms() - begun_ms < 1500);
	assert_int_equal(http_server_connection_count(fixture.server), 0);
	close(in_head);
	close(in_body);
}

static void
idle_connections_are_closed(void **state)
{
	int silent = client_open(), kept = client_open();

	(void)state;
	client_send(kept, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(client_read(kept, "hello"));
	assert_true(client_read(silent, NULL));
	assert_true(client_read(kept, NULL));
	close(silent);
	close(kept);
	spin(10);
	assert_int_equal(http_server_connection_count(fixture.server), 0);
}

static void
held_requests_time_out(void **state)
{
	int fd = client_open();

	(void)state;
	client_send(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(client_read(fd, "timed_out"));
	assert_non_null(strstr(answer, "HTTP/1.1 503 Service Unavailable"));
	assert_null(http_held(fixture.server, fixture.held[0]));
	close(fd);
}

/* connections_max is 4 here; the control socket has room of its own. */
static void
connections_are_capped(void **state)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fds[12], control;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		fds[i] = client_open();
	spin(50);
	assert_true(http_server_connection_count(fixture.server) <= 4);
	control = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(name.sun_path, fixture.control_path);
	assert_int_equal(connect(control, (struct sockaddr *)&name,
	    sizeof(name)), 0);
	assert_int_equal(fcntl(control, F_SETFL, O_NONBLOCK), 0);
	client_send(control, "GET /v1/requests/1 HTTP/1.1\r\n" END);
	assert_true(client_read(control, NULL));
	assert_non_null(strstr(answer, "\"control\":true"));
	assert_non_null(strstr(answer, "\"peer\":\"control\""));
	close(control);
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
	spin(50);
	assert_int_equal(http_server_connection_count(fixture.server), 0);
	assert_int_equal(ask("GET /hello HTTP/1.1\r\n" END), 200);
}

static void
descriptors_running_out_pause_it(void **state)
{
	struct rlimit old, small;
	struct rusage before, after;
	int fds[3];
	int64_t spent_ms;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		fds[i] = client_open();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	small = old;
	small.rlim_cur = (rlim_t)fds[COUNT_OF(fds) - 1] + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
	getrusage(RUSAGE_SELF, &before);
	spin(500);
	getrusage(RUSAGE_SELF, &after);
	assert_int_equal(http_server_connection_count(fixture.server), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	spent_ms = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000 +
	    (after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1000;
	assert_true(spent_ms < 400);
	spin(300);
	assert_int_equal(ask("GET /hello HTTP/1.1\r\n" END), 200);
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
}

static void
big_answers_arrive_whole(void **state)
{
	(void)state;
	assert_int_equal(ask("GET /big HTTP/1.1\r\n" END), 200);
	assert_int_equal(strlen(strstr(answer, "\r\n\r\n") + 4), 100000);
}

/* A peer whose own socket has a long name must not end the server. */
static void
control_takes_named_peers(void **state)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	snprintf(name.sun_path, sizeof(name.sun_path),
	    "/tmp/callbackd-http-a-peer-with-quite-a-long-name-%ld.sock",
	    (long)getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	unlink(name.sun_path);
	strcpy(name.sun_path, fixture.control_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	client_send(fd, "GET /hello HTTP/1.1\r\n" END);
	assert_true(client_read(fd, NULL));
	assert_non_null(strstr(answer, "hello"));
	close(fd);
}

static void
listening_fails_with_a_reason(void **state)
{
	const char *error = NULL;
	struct http_server *other;
	static const struct http_limits limits = {
		.header_max = 1000, .body_max = 4096, .connections_max = 1,
		.request_deadline_ms = 1, .held_deadline_ms = 1, .idle_ms = 1,
	};
	struct stat status;

	(void)state;
	other = http_server_new(fixture.base, routes, COUNT_OF(routes), &limits,
	    &fixture);
	assert_false(http_server_listen_tcp(other, "localhost", 0, NULL,
	    &error));
	assert_non_null(strstr(error, "numeric"));
	assert_false(http_server_listen_tcp(other, "127.0.0.1", fixture.port,
	    NULL, &error));
	assert_non_null(strstr(error, "in use"));
	assert_false(http_server_listen_unix(other, fixture.control_path, 0600,
	    &error));
	assert_non_null(strstr(error, "another process"));
	assert_int_equal(stat(fixture.control_path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_false(http_server_listen_unix(other, "/dev/null", 0600, &error));
	assert_non_null(strstr(error, "not a socket"));
	http_server_free(other);
	http_server_free(NULL);
}

static void
dead_socket_files_are_replaced(void **state)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	const char *error = NULL;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	http_server_stop_accepting(fixture.server);
	strcpy(name.sun_path, fixture.control_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	close(fd);
	assert_true(http_server_listen_unix(fixture.server,
	    fixture.control_path, 0660, &error));
}

static void
write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void
remove_file(const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

static void
serves_files_of_one_directory(void **state)
{
	char dir[] = "/tmp/callbackd-static-XXXXXX";
	char text[512], etag[64];
	const char *error = NULL, *at;

	(void)state;
	assert_non_null(mkdtemp(dir));
	write_file(dir, "index.html", "<p>front</p>");
	write_file(dir, "app.js", "run()");
	write_file(dir, ".hidden.js", "secret");
	write_file(dir, "notes.txt", "secret");
	fixture.files = http_static_load(dir, &error);
	assert_non_null(fixture.files);
	assert_int_equal(ask("GET /console/ HTTP/1.1\r\n" END), 200);
	assert_non_null(strstr(answer, "<p>front</p>"));
	assert_non_null(strstr(answer, "text/html; charset=utf-8"));
	assert_non_null(strstr(answer, "Content-Security-Policy: default-src "
	    "'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
	    "img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; "
	    "base-uri 'none'\r\n"));
	assert_int_equal(ask("GET /console/app.js HTTP/1.1\r\n" END), 200);
	at = strstr(answer, "ETag: ");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "ETag: %60[^\r]", etag), 1);
	snprintf(text, sizeof(text), "GET /console/app.js HTTP/1.1\r\n"
	    "If-None-Match: %s\r\n" END, etag);
	assert_int_equal(ask(text), 304);
	assert_null(strstr(answer, "run()"));
	assert_int_equal(ask("GET /console/.hidden.js HTTP/1.1\r\n" END), 404);
	assert_int_equal(ask("GET /console/notes.txt HTTP/1.1\r\n" END), 404);
	assert_int_equal(ask("GET /console/../x HTTP/1.1\r\n" END), 400);
	assert_null(http_static_load("/nonexistent", &error));
	assert_non_null(strstr(error, "No such"));
	remove_file(dir, "index.html");
	remove_file(dir, "app.js");
	remove_file(dir, ".hidden.js");
	remove_file(dir, "notes.txt");
	rmdir(dir);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define HASTY(test) cmocka_unit_test_setup_teardown(test, setup_hasty, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(answers_with_safe_headers),
		WITH(head_has_no_body),
		WITH(routes_by_path_and_method),
		WITH(bodies_are_bounded),
		WITH(guard_refuses),
		WITH(guard_refuses_what_is_too_long),
		WITH(keeps_alive_and_takes_pipelines),
		WITH(reads_byte_by_byte),
		WITH(waits_for_continue),
		WITH(holds_and_answers_later),
		WITH(clients_vanish_while_held),
		WITH(old_handles_name_nothing),
		WITH(stopping_answers_what_is_held),
		WITH(stopping_accepting_serves_the_open),
		WITH(aborts_without_a_word),
		HASTY(slow_requests_are_cut),
		HASTY(idle_connections_are_closed),
		HASTY(held_requests_time_out),
		HASTY(connections_are_capped),
		WITH(descriptors_running_out_pause_it),
		WITH(big_answers_arrive_whole),
		WITH(control_takes_named_peers),
		WITH(listening_fails_with_a_reason),
		WITH(dead_socket_files_are_replaced),
		WITH(serves_files_of_one_directory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
