/* SPDX-License-Identifier: MIT */
/*
 * The carrier against a server that does what a provider must not
 * (carrier_server.py): whatever that is, no request is executed twice, and only
 * what certainly was not executed is called so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <curl/curl.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/carrier.h"
#include "daemon/clock.h"

enum { WAIT_MS = 10000, MANY = 1000, ANSWER_MAX = 256 * 1024 };

static const char body[] = "To=%2B79160000001&Url=http%3A%2F%2F127.0.0.1%2Fhook";

static struct event_base *base;
static struct carrier *carrier;
static int port, closing_port, dead_port;
static pid_t server;
static int server_input;

/* ---- what happened */

static struct {
	size_t count;
	struct carrier_answer last;
	char body[64];
	size_t answered, lost, unreached;
	int64_t drain_max_ms;
} seen;

static void
on_answer(void *context, const struct carrier_answer *answer)
{
	(void)context;
	assert_non_null(answer->body);
	assert_int_equal(strlen(answer->body), answer->body_length);
	assert_int_equal(answer->end == TRANSPORT_ANSWERED,
	    answer->error == NULL);
	assert_int_equal(answer->end == TRANSPORT_ANSWERED, answer->status != 0);
	seen.count++;
	seen.last = *answer;
	snprintf(seen.body, sizeof(seen.body), "%s", answer->body);
	seen.answered += answer->end == TRANSPORT_ANSWERED;
	seen.lost += answer->end == TRANSPORT_LOST;
	seen.unreached += answer->end == TRANSPORT_UNREACHED;
}

static void
on_tick(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
}

static void
wait_for(size_t count)
{
	int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
	const struct timeval tick = { 0, 10000 };
	struct event *timer = event_new(base, -1, EV_PERSIST, on_tick, NULL);

	evtimer_add(timer, &tick);
	while (seen.count < count && clock_monotonic_ms() < end_ms) {
		int64_t began_ms = clock_monotonic_ms(), took_ms;

		carrier_drain(carrier);
		took_ms = clock_monotonic_ms() - began_ms;
		if (took_ms > seen.drain_max_ms)
			seen.drain_max_ms = took_ms;
		if (!carrier_has_work(carrier))
			event_base_loop(base, EVLOOP_ONCE);
	}
	event_free(timer);
	assert_int_equal(seen.count, count);
}

/* ---- asking */

static struct carrier_request
request_to(const char *method, const char *url)
{
	static const char *const headers[] = {
		"Content-Type: application/x-www-form-urlencoded",
		"Authorization: Basic bm9ib2R5OnNlY3JldA==" };
	struct carrier_request request = { .method = method, .url = url,
		.headers = headers, .header_count = COUNT_OF(headers),
		.timeout_ms = 1000, .connect_timeout_ms = 500,
		.allow_private = true };

	if (strcmp(method, "POST") == 0) {
		request.body = body;
		request.body_length = strlen(body);
	}
	return request;
}

static enum transport_end
ask_url(const char *method, const char *url)
{
	struct carrier_request request = request_to(method, url);

	memset(&seen, 0, sizeof(seen));
	assert_true(carrier_send(carrier, &request, 7));
	wait_for(1);
	assert_int_equal(seen.last.tag, 7);
	assert_int_equal(carrier_in_flight(carrier), 0);
	return seen.last.end;
}

static enum transport_end
ask(const char *method, const char *path)
{
	char url[256];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
	return ask_url(method, url);
}

static int
executed(const char *key)
{
	char path[128];

	snprintf(path, sizeof(path), "/executed/%s", key);
	assert_int_equal(ask("GET", path), TRANSPORT_ANSWERED);
	return atoi(seen.body);
}

/* ---- fixtures */

static int
unused_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static void
start_server(void)
{
	const char *folder = getenv("srcdir");
	char path[512], line[64] = "";
	int in[2], out[2];
	FILE *output;

	snprintf(path, sizeof(path), "%s/tests/unit/carrier_server.py",
	    folder != NULL ? folder : ".");
	assert_int_equal(pipe(in) | pipe(out), 0);
	server = fork();
	assert_true(server >= 0);
	if (server == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[0]);
		close(in[1]);
		close(out[0]);
		close(out[1]);
		execl("/usr/bin/python3", "python3", path, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	server_input = in[1];
	output = fdopen(out[0], "r");
	assert_non_null(fgets(line, sizeof(line), output));
	assert_int_equal(sscanf(line, "%d %d", &port, &closing_port), 2);
	fclose(output);
}

static void
make_carrier(size_t in_flight_max, size_t queue_max)
{
	struct carrier_limits limits = { .in_flight_max = in_flight_max,
		.queue_max = queue_max, .answer_max = ANSWER_MAX,
		.connections_max = in_flight_max };

	carrier = carrier_new(base, &limits, NULL, on_answer);
	assert_non_null(carrier);
	memset(&seen, 0, sizeof(seen));
}

static int
set_up_all(void **state)
{
	struct event_config *config = event_config_new();

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	base = event_base_new_with_config(config);
	event_config_free(config);
	start_server();
	dead_port = unused_port();
	return 0;
}

static int
tear_down_all(void **state)
{
	(void)state;
	close(server_input);
	waitpid(server, NULL, 0);
	event_base_free(base);
	curl_global_cleanup();
	return 0;
}

static int
set_up(void **state)
{
	(void)state;
	make_carrier(64, 64);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	carrier_free(carrier);
	carrier = NULL;
	return 0;
}

/* ---- tests */

static void
test_answers(void **state)
{
	(void)state;
	assert_int_equal(ask("POST", "/ok/a1"), TRANSPORT_ANSWERED);
	assert_int_equal(seen.last.status, 201);
	assert_string_equal(seen.body, "{}");
	assert_int_equal(ask("POST", "/refused/a1"), TRANSPORT_ANSWERED);
	assert_int_equal(seen.last.status, 400);
	assert_string_equal(seen.body, "bad!");
	assert_int_equal(executed("a1"), 2);
}

static void
test_a_redirect_is_an_answer(void **state)
{
	(void)state;
	assert_int_equal(ask("POST", "/redirect/b1"), TRANSPORT_ANSWERED);
	assert_int_equal(seen.last.status, 307);
	assert_int_equal(executed("r"), 0);
}

static void
test_certainly_not_sent(void **state)
{
	static const char *const urls[] = { "http://nobody.invalid/ok/c",
		"ftp://127.0.0.1/", "http://127.0.0.1:99999/", "nonsense://x",
		"", "http://" };
	char url[64];

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/ok/c", dead_port);
	assert_int_equal(ask_url("POST", url), TRANSPORT_UNREACHED);
	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		if (ask_url("POST", urls[i]) != TRANSPORT_UNREACHED)
			fail_msg("%s: %s", urls[i], seen.last.error);
		assert_true(seen.drain_max_ms < 100);
	}
	/* Not TLS at the other end. */
	snprintf(url, sizeof(url), "https://127.0.0.1:%d/ok/c", port);
	assert_int_equal(ask_url("POST", url), TRANSPORT_UNREACHED);
	assert_int_equal(executed("c"), 0);
}

static void
test_plain_http_must_be_allowed(void **state)
{
	struct carrier_request request;
	char url[64];

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/ok/d", port);
	request = request_to("POST", url);
	request.allow_private = false;
	assert_true(carrier_send(carrier, &request, 1));
	wait_for(1);
	assert_int_equal(seen.last.end, TRANSPORT_UNREACHED);
	assert_int_equal(executed("d"), 0);
}

static void
test_no_whole_answer_is_lost(void **state)
{
	static const char *const manners[] = { "drop", "reset", "garbage",
		"ancient", "status", "minus", "letters", "truncated", "half",
		"interim", "chunks", "huge", "headers", "drip", "late/1300",
		"flood" };
	char path[64], key[16];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(manners); i++) {
		snprintf(key, sizeof(key), "e%zu", i);
		snprintf(path, sizeof(path), "/%s/%s", manners[i], key);
		if (ask("POST", path) != TRANSPORT_LOST)
			fail_msg("%s: end %d, status %d", manners[i],
			    (int)seen.last.end, seen.last.status);
		assert_int_equal(seen.last.body_length, 0);
		assert_true(seen.last.elapsed_ms < 2000);
		assert_int_equal(executed(key), 1);
	}
}

static void
test_closed_after_accept_is_lost_or_unreached(void **state)
{
	char url[64];

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/ok/f", closing_port);
	assert_int_not_equal(ask_url("POST", url), TRANSPORT_ANSWERED);
}

static void
test_no_connection_in_time(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fillers[8];
	char url[64];

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 0), 0);
	getsockname(listener, (struct sockaddr *)&address, &size);
	/* Its queue is full: whoever comes now hears nothing. */
	for (size_t i = 0; i < COUNT_OF(fillers); i++) {
		fillers[i] = socket(AF_INET,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		connect(fillers[i], (struct sockaddr *)&address, size);
	}
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/ok/g",
	    ntohs(address.sin_port));
	assert_int_equal(ask_url("POST", url), TRANSPORT_UNREACHED);
	assert_true(seen.last.elapsed_ms < 900);
	for (size_t i = 0; i < COUNT_OF(fillers); i++)
		close(fillers[i]);
	close(listener);
}

/* The second request on a connection that ends after so many of its bytes. */
static bool
fall_into_gap(int bytes, const char *how, const char *method, bool has_body)
{
	struct carrier_request request;
	char url[128], path[64], key[32];
	int count;

	snprintf(key, sizeof(key), "h%d%s%d", bytes, how, has_body);
	snprintf(path, sizeof(path), "/gap/%d/%s/%s", bytes, how, key);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
	for (size_t i = 1; i <= 2; i++) {
		request = request_to(method, url);
		if (!has_body)
			request.body_length = 0;
		memset(&seen, 0, sizeof(seen));
		assert_true(carrier_send(carrier, &request, i));
		wait_for(1);
		if (i == 1)
			assert_int_equal(seen.last.end, TRANSPORT_ANSWERED);
	}
	{
		enum transport_end end = seen.last.end;

		count = executed(key);
		if (count > 2 ||
		    (end == TRANSPORT_UNREACHED && count != 1) ||
		    (end == TRANSPORT_ANSWERED && count != 2))
			fail_msg("%s after %d bytes: executed %d, end %d", how,
			    bytes, count, (int)end);
		return end == TRANSPORT_LOST && count == 2;
	}
}

static void
test_never_executed_twice_over_keep_alive(void **state)
{
	bool was_whole = false;

	(void)state;
	/* Every byte of the request, and a few more. */
	for (int bytes = 0; bytes < 400; bytes++) {
		was_whole |= fall_into_gap(bytes, "fin", "POST", true);
		was_whole |= fall_into_gap(bytes, "rst", "POST", true);
	}
	/* The worst case was among them. */
	assert_true(was_whole);
}

static void
test_never_executed_twice_without_a_body(void **state)
{
	(void)state;
	for (int bytes = 0; bytes < 300; bytes += 20) {
		fall_into_gap(bytes, "fin", "POST", false);
		fall_into_gap(bytes, "rst", "POST", false);
	}
}

static void
test_full_is_refused(void **state)
{
	struct carrier_request request;
	char url[64];
	size_t sent = 0;

	(void)state;
	carrier_free(carrier);
	make_carrier(2, 3);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/late/50/i", port);
	request = request_to("POST", url);
	while (sent < 10 && carrier_send(carrier, &request, sent))
		sent++;
	assert_int_equal(sent, 5);
	assert_int_equal(carrier_in_flight(carrier), 5);
	wait_for(5);
	assert_int_equal(seen.answered, 5);
	assert_int_equal(executed("i"), 5);
}

static void
test_many_at_once_stay_small(void **state)
{
	struct carrier_request request;
	struct rusage before, after;
	char url[64];

	(void)state;
	carrier_free(carrier);
	make_carrier(100, MANY);
	getrusage(RUSAGE_SELF, &before);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/large/j", port);
	request = request_to("POST", url);
	request.timeout_ms = 8000;
	for (size_t i = 0; i < MANY; i++)
		assert_true(carrier_send(carrier, &request, i));
	wait_for(MANY);
	assert_int_equal(seen.lost, MANY);
	getrusage(RUSAGE_SELF, &after);
	/* 100 answers of at most 256 KiB; a sanitizer keeps what was freed. */
	assert_true(after.ru_maxrss - before.ru_maxrss < 600 * 1024);
}

static void
test_freed_in_the_middle(void **state)
{
	struct carrier_request request;
	char url[64];

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/late/500/k", port);
	request = request_to("POST", url);
	for (size_t i = 0; i < 100; i++)
		assert_true(carrier_send(carrier, &request, i));
	carrier_drain(carrier);
	event_base_loop(base, EVLOOP_NONBLOCK);
	carrier_drain(carrier);
	assert_int_equal(seen.count, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_answers),
		TEST(test_a_redirect_is_an_answer),
		TEST(test_certainly_not_sent),
		TEST(test_plain_http_must_be_allowed),
		TEST(test_no_whole_answer_is_lost),
		TEST(test_closed_after_accept_is_lost_or_unreached),
		TEST(test_no_connection_in_time),
		TEST(test_never_executed_twice_over_keep_alive),
		TEST(test_never_executed_twice_without_a_body),
		TEST(test_full_is_refused),
		TEST(test_many_at_once_stay_small),
		TEST(test_freed_in_the_middle),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
