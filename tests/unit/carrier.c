/* SPDX-License-Identifier: MIT */
/*
 * The carrier against servers that do what a provider must not do. The promise
 * under test: whatever the server does, a request is executed at most once, and
 * not at all when the carrier says UNREACHED.
 */
#define _GNU_SOURCE     /* RTLD_NEXT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <event2/event.h>
#include <inttypes.h>
#include <malloc.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/carrier.h"
#include "daemon/clock.h"
#include "tests/platform/carrier_server.h"
#include "tests/unit/slowed.h"

enum { ENDS_MAX = 16 * 1024, PATIENCE_MS = 20000, LAG_MAX_MS = 100, URL_SIZE = 128 };

static struct event_base *base;
static struct event *tick;
static struct carrier_server *server, *tls_server;
static struct carrier *carrier;

/* ---- what stands between the carrier and the world */

/* Slow name servers and dead ones, without a network. */
int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
    struct addrinfo **ret_list)
{
	static int (*ask)(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **);

	if (name != NULL && strcmp(name, "slow.test") == 0) {
		sleep(2);
		return EAI_AGAIN;
	}
	if (name != NULL && strcmp(name, "nowhere.test") == 0)
		return EAI_NONAME;
	if (ask == NULL)
		*(void **)&ask = dlsym(RTLD_NEXT, "getaddrinfo");
	if (name != NULL && strcmp(name, "inside.test") == 0)
		name = "10.0.0.1";
	return ask(name, service, hints, ret_list);
}

/* So that the certificate of the test is believed. */
static bool trusts_server;
static struct carrier_server *trusted;  /* NULL: tls_server */

CURL *
curl_easy_init(void)
{
	static CURL *(*make)(void);
	CURL *easy;

	if (make == NULL)
		*(void **)&make = dlsym(RTLD_NEXT, "curl_easy_init");
	easy = make();
	if (easy != NULL && trusts_server)
		curl_easy_setopt(easy, CURLOPT_CAINFO,
		    carrier_server_certificate(trusted != NULL ? trusted :
		        tls_server));
	return easy;
}

/* ---- what happened */

static struct {
	size_t count;
	enum transport_end ends[ENDS_MAX];
	int status;                     /* of the last one, and so on */
	uint64_t tag;
	char body[4096];
	size_t body_length;
	char error[256];
	int64_t elapsed_ms;
	bool is_draining;
	size_t sends_left;              /* on_answer sends that many more */
	char header[64];                /* "": none */
	size_t passes;
	int64_t lag_ms;                 /* of the slowest drain */
} seen;

static const char *const headers[] = {
	"Content-Type: application/x-www-form-urlencoded", "X-Mark: one" };
static struct carrier_request request;
static char url[URL_SIZE];

static void
on_answer(void *context, const struct carrier_answer *answer)
{
	assert_ptr_equal(context, &seen);
	assert_true(seen.is_draining);
	assert_true(seen.count < ENDS_MAX);
	assert_non_null(answer->body);
	assert_int_equal(strlen(answer->body) == answer->body_length ||
	    answer->body[answer->body_length] == '\0', true);
	assert_int_equal(answer->end == TRANSPORT_ANSWERED,
	    answer->error == NULL);
	assert_int_equal(answer->end == TRANSPORT_ANSWERED,
	    answer->status >= 200);
	seen.ends[seen.count++] = answer->end;
	seen.status = answer->status;
	seen.tag = answer->tag;
	seen.body_length = answer->body_length;
	snprintf(seen.body, sizeof(seen.body), "%s", answer->body);
	snprintf(seen.error, sizeof(seen.error), "%s",
	    answer->error != NULL ? answer->error : "");
	snprintf(seen.header, sizeof(seen.header), "%s",
	    answer->header != NULL ? answer->header : "");
	seen.elapsed_ms = answer->elapsed_ms;
	if (seen.sends_left > 0) {
		seen.sends_left--;
		assert_true(carrier_send(carrier, &request, seen.tag + 1));
	}
}

static void
on_tick(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
}

/*
 * Now, less what this thread has waited for a processor: that is the fault of
 * the machine, which may be busy, and not of the carrier.
 */
static int64_t
own_time_ms(void)
{
	FILE *file = fopen("/proc/thread-self/schedstat", "r");
	int64_t ran_ns, waited_ns;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%" SCNd64 "%" SCNd64, &ran_ns,
	    &waited_ns), 2);
	fclose(file);
	return (clock_monotonic_ms() - waited_ns / 1000000);
}

/* Of one drain: more under a tool that slows everything, see check.sh. */
static int64_t
lag_max_ms(void)
{
	return LAG_MAX_MS * slowed();
}

static void
pass(bool may_sleep)
{
	int64_t from_ms, lag_ms;

	event_base_loop(base, may_sleep && !carrier_has_work(carrier) ?
	    EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
	from_ms = own_time_ms();
	seen.is_draining = true;
	carrier_drain(carrier);
	seen.is_draining = false;
	seen.passes++;
	lag_ms = own_time_ms() - from_ms;
	if (lag_ms > seen.lag_ms)
		seen.lag_ms = lag_ms;
}

static void
turn_for(int64_t ms)
{
	int64_t until_ms = clock_monotonic_ms() + ms;

	while (clock_monotonic_ms() < until_ms)
		pass(true);
}

static void
turn_until_ended(size_t count)
{
	int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;

	while (seen.count < count && clock_monotonic_ms() < until_ms)
		pass(true);
	assert_int_equal(seen.count, count);
}

static void
use_carrier(size_t in_flight_max, size_t queue_max, size_t answer_max)
{
	const struct carrier_limits limits = { in_flight_max, queue_max,
		answer_max, in_flight_max };

	carrier_free(carrier);
	carrier = carrier_new(base, &limits, &seen, on_answer);
	assert_non_null(carrier);
	memset(&seen, 0, sizeof(seen));
}

/* The request that the tests vary. */
static void
ask_for(const char *scheme, int port, const char *path)
{
	snprintf(url, sizeof(url), "%s://127.0.0.1:%d%s", scheme, port, path);
	request = (struct carrier_request){ .method = "POST", .url = url,
		.headers = headers, .header_count = 2,
		.body = "To=%2B79000000001&From=%2B79000000002",
		.body_length = 37, .timeout_ms = 5000,
		.connect_timeout_ms = 2000, .allow_private = true };
}

static enum transport_end
run(void)
{
	size_t count = seen.count;

	assert_true(carrier_send(carrier, &request, 7));
	turn_until_ended(count + 1);
	assert_int_equal(seen.tag, 7);
	assert_int_equal(carrier_in_flight(carrier), 0);
	return seen.ends[count];
}

static enum transport_end
run_path(const char *path)
{
	ask_for("http", carrier_server_port(server), path);
	return run();
}

/* What it has hung up on is known here then. */
static void
wait_until_hung_up(struct carrier_server *there)
{
	int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;

	while (carrier_server_count_open(there) > 0 &&
	    clock_monotonic_ms() < until_ms)
		usleep(100);
	assert_int_equal(carrier_server_count_open(there), 0);
	pass(false);
}

static void
forget_server(void)
{
	carrier_server_take_executed(server);
	carrier_server_take_accepted(server);
	carrier_server_take_executed(tls_server);
	carrier_server_take_accepted(tls_server);
}

/* ---- the plain way */

static void
carries_one_request(void **state)
{
	(void)state;
	assert_int_equal(run_path("/ok"), TRANSPORT_ANSWERED);
	assert_int_equal(seen.status, 201);
	assert_string_equal(seen.body, "{\"id\":\"c-1\"}");
	assert_int_equal(seen.body_length, 12);
	assert_in_range(seen.elapsed_ms, 0, PATIENCE_MS);
	assert_int_equal(run_path("/unknown"), TRANSPORT_ANSWERED);
	assert_int_equal(seen.status, 404);
	assert_string_equal(seen.body, "");
}

static void
keeps_the_wanted_header(void **state)
{
	(void)state;
	ask_for("http", carrier_server_port(server), "/redirect");
	request.wanted_header = "location";
	assert_int_equal(run(), TRANSPORT_ANSWERED);
	assert_string_equal(seen.header, "/ok");
	wait_until_hung_up(server);
	request.wanted_header = "Retry-After";
	assert_int_equal(run(), TRANSPORT_ANSWERED);
	assert_string_equal(seen.header, "");
	wait_until_hung_up(server);
	assert_int_equal(run_path("/redirect"), TRANSPORT_ANSWERED);
	assert_string_equal(seen.header, "");
}

static void
says_nothing_of_its_own(void **state)
{
	char expected[1024];

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	assert_int_equal(run_path("/echo"), TRANSPORT_ANSWERED);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	snprintf(expected, sizeof(expected), "POST /echo HTTP/1.1\r\n"
	    "Host: 127.0.0.1:%d\r\nAccept: */*\r\n%s\r\n%s\r\n"
	    "Content-Length: 37\r\n\r\n%s", carrier_server_port(server),
	    headers[0], headers[1], request.body);
	assert_string_equal(seen.body, expected);
}

/* Handles are used again: nothing of one request may show in the next. */
static void
forgets_the_request_before(void **state)
{
	static const char *const other[] = { "X-Other: two" };

	(void)state;
	run_path("/echo");
	request.headers = other;
	request.header_count = 1;
	request.body = "x";
	request.body_length = 1;
	assert_int_equal(run(), TRANSPORT_ANSWERED);
	assert_non_null(strstr(seen.body, "X-Other: two\r\n"));
	assert_null(strstr(seen.body, "X-Mark"));
	assert_non_null(strstr(seen.body, "Content-Length: 1\r\n"));
	assert_string_equal(seen.body + seen.body_length - 5, "\r\n\r\nx");
	request.method = "GET";
	request.body = NULL;
	request.body_length = 0;
	assert_int_equal(run(), TRANSPORT_ANSWERED);
	assert_memory_equal(seen.body, "GET /echo HTTP/1.1\r\n", 20);
	assert_null(strstr(seen.body, "Content-"));
	request.method = "DELETE";
	request.header_count = 0;
	assert_int_equal(run(), TRANSPORT_ANSWERED);
	assert_memory_equal(seen.body, "DELETE /echo HTTP/1.1\r\n", 23);
	assert_null(strstr(seen.body, "X-Other"));
	request.method = "POST";
	assert_int_equal(run(), TRANSPORT_ANSWERED);
	assert_non_null(strstr(seen.body, "Content-Length: 0\r\n"));
	ask_for("http", carrier_server_port(server), "/echo");
	assert_int_equal(run(), TRANSPORT_ANSWERED);
	assert_non_null(strstr(seen.body, "X-Mark: one\r\n"));
	assert_non_null(strstr(seen.body, request.body));
}

static void
keeps_connections(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		assert_int_equal(run_path("/ok"), TRANSPORT_ANSWERED);
	assert_int_equal(carrier_server_take_accepted(server), 1);
	trusts_server = true;
	use_carrier(8, 8, 4096);
	ask_for("https", carrier_server_port(tls_server), "/ok");
	for (int i = 0; i < 20; i++)
		assert_int_equal(run(), TRANSPORT_ANSWERED);
	assert_int_equal(carrier_server_take_accepted(tls_server), 1);
	assert_int_equal(carrier_server_take_executed(tls_server), 20);
}

static void
sends_from_its_handler(void **state)
{
	(void)state;
	ask_for("http", carrier_server_port(server), "/ok");
	seen.sends_left = 200;
	assert_true(carrier_send(carrier, &request, 1));
	turn_until_ended(201);
	assert_int_equal(seen.tag, 201);
	assert_int_equal(carrier_server_take_accepted(server), 1);
}

/* What was to be begun by a moment is not sent after it, wherever it waited. */
static void
is_not_sent_when_it_is_too_old(void **state)
{
	(void)state;
	ask_for("http", carrier_server_port(server), "/ok");
	request.start_by_ms = clock_boottime_ms() + 60000;
	assert_int_equal(run(), TRANSPORT_ANSWERED);
	assert_int_equal(carrier_server_take_executed(server), 1);
	request.start_by_ms = clock_boottime_ms() - 1;
	assert_int_equal(run(), TRANSPORT_UNREACHED);
	assert_string_equal(seen.error, "too long after its commit to be sent");
	/* Behind one that takes its time. */
	use_carrier(1, 8, 4096);
	ask_for("http", carrier_server_port(server), "/late/300");
	assert_true(carrier_send(carrier, &request, 1));
	ask_for("http", carrier_server_port(server), "/ok");
	request.start_by_ms = clock_boottime_ms() + 100;
	assert_true(carrier_send(carrier, &request, 2));
	turn_until_ended(2);
	assert_int_equal(seen.ends[1], TRANSPORT_UNREACHED);
	carrier_server_take_executed(server);
	/* Nothing of it clings to the next one. */
	request.start_by_ms = 0;
	assert_int_equal(run(), TRANSPORT_ANSWERED);
	assert_int_equal(carrier_server_take_executed(server), 1);
}

/* Whose turn comes later is sent then and not before, in the order of turns, and its
 * timeout and its age count from there. */
static void
is_sent_when_its_turn_comes(void **state)
{
	int64_t begun_ms = clock_boottime_ms();

	(void)state;
	ask_for("http", carrier_server_port(server), "/ok");
	request.timeout_ms = 1000;
	request.start_at_ms = begun_ms + 300;
	request.start_by_ms = begun_ms + 300 + 2000;
	assert_true(carrier_send(carrier, &request, 1));
	request.start_at_ms = begun_ms + 150;
	assert_true(carrier_send(carrier, &request, 2));
	request.start_at_ms = begun_ms;
	assert_true(carrier_send(carrier, &request, 3));
	assert_int_equal(carrier_in_flight(carrier), 3);
	turn_until_ended(1);
	assert_int_equal(seen.tag, 3);
	turn_until_ended(2);
	assert_int_equal(seen.tag, 2);
	assert_true(clock_boottime_ms() >= begun_ms + 150);
	turn_until_ended(3);
	assert_int_equal(seen.tag, 1);
	assert_true(clock_boottime_ms() >= begun_ms + 300);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(seen.ends[i], TRANSPORT_ANSWERED);
	assert_int_equal(carrier_in_flight(carrier), 0);
	/* And ends with the carrier. */
	request.start_at_ms = clock_boottime_ms() + 60000;
	assert_true(carrier_send(carrier, &request, 4));
	use_carrier(1, 8, 4096);
}

/* ---- hostile answers */

static const struct hostile {
	const char *path;
	enum transport_end end;
	int status;
} hostile[] = {
	{ "/no-length", TRANSPORT_ANSWERED, 200 },
	{ "/empty", TRANSPORT_ANSWERED, 204 },
	{ "/early", TRANSPORT_ANSWERED, 201 },
	{ "/redirect", TRANSPORT_ANSWERED, 307 },
	{ "/gzip", TRANSPORT_ANSWERED, 200 },
	{ "/garbage", TRANSPORT_LOST, 0 },
	{ "/http-0.9", TRANSPORT_LOST, 0 },
	{ "/switch", TRANSPORT_LOST, 0 },
	{ "/interim", TRANSPORT_LOST, 0 },
	{ "/headers", TRANSPORT_LOST, 0 },
	{ "/header-flood", TRANSPORT_LOST, 0 },
	{ "/bad-length", TRANSPORT_LOST, 0 },
	{ "/negative", TRANSPORT_LOST, 0 },
	{ "/truncated", TRANSPORT_LOST, 0 },
	{ "/bad-chunk", TRANSPORT_LOST, 0 },
	{ "/half-chunk", TRANSPORT_LOST, 0 },
	{ "/close", TRANSPORT_LOST, 0 },
	{ "/reset", TRANSPORT_LOST, 0 },
	{ "/slow", TRANSPORT_LOST, 0 },
	{ "/late/1000", TRANSPORT_LOST, 0 },
	{ "/huge", TRANSPORT_LOST, 0 },
	{ "/between", TRANSPORT_LOST, 0 },
	{ "/tickets", TRANSPORT_LOST, 0 },
	{ "/keys", TRANSPORT_LOST, 0 },
};

static void
survives(const struct hostile *row, const char *scheme, int port,
    const char *method, bool is_kept)
{
	/* The connection of the row before may be ending just now. */
	ask_for(scheme, port, "/ok");
	for (int i = 0; is_kept && run() != TRANSPORT_ANSWERED; i++)
		assert_in_range(i, 0, 5);
	forget_server();
	ask_for(scheme, port, row->path);
	request.method = method;
	if (strcmp(method, "GET") == 0)
		request.body_length = 0;
	request.timeout_ms = 400;
	if (run() != row->end || seen.status != row->status)
		fail_msg("%s %s %s: %d, %d, %s", scheme, method, row->path,
		    (int)seen.ends[seen.count - 1], seen.status, seen.error);
	assert_int_equal(carrier_server_take_executed(server) +
	    carrier_server_take_executed(tls_server), 1);
}

static void
survives_hostile_answers(void **state)
{
	(void)state;
	trusts_server = true;
	use_carrier(8, 8, 4096);
	for (size_t i = 0; i < COUNT_OF(hostile); i++) {
		int port = carrier_server_port(server);

		survives(&hostile[i], "http", port, "POST", false);
		survives(&hostile[i], "http", port, "POST", true);
		survives(&hostile[i], "http", port, "GET", true);
		survives(&hostile[i], "https",
		    carrier_server_port(tls_server), "POST", true);
	}
	/* Not for as long as one of them goes on. */
	assert_in_range(seen.lag_ms, 0, lag_max_ms());
}

/* Whether such a server is faster than we are is chance: once in two or three times
 * it was, and held a loop that reads on. */
static void
is_not_held_by_what_tls_says_beside(void **state)
{
	(void)state;
	trusts_server = true;
	use_carrier(8, 8, 4096);
	/* Where all is slow time tells nothing: once, for what is read and freed. */
	for (int i = 0; i < (lag_max_ms() == LAG_MAX_MS ? 10 : 1); i++) {
		ask_for("https", carrier_server_port(tls_server), "/keys");
		request.timeout_ms = 250;
		assert_int_equal(run(), TRANSPORT_LOST);
	}
	assert_in_range(seen.lag_ms, 0, lag_max_ms());
}

static void
takes_what_fits(void **state)
{
	(void)state;
	use_carrier(1, 1, 12);
	assert_int_equal(run_path("/ok"), TRANSPORT_ANSWERED);
	use_carrier(1, 1, 11);
	assert_int_equal(run_path("/ok"), TRANSPORT_LOST);
	assert_string_equal(seen.error, "the answer is too large");
	use_carrier(1, 1, 256 * 1024);
	assert_int_equal(run_path("/huge"), TRANSPORT_LOST);
	assert_int_equal(run_path("/ok"), TRANSPORT_ANSWERED);
}

/* What comes for one request must never be taken for another one's answer. */
static void
ignores_answers_nobody_asked_for(void **state)
{
	static const char *const paths[] = { "/stray/0", "/stray/1",
		"/stray/20" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		for (int times = 0; times < 3; times++) {
			assert_int_equal(run_path(paths[i]),
			    TRANSPORT_ANSWERED);
			assert_int_equal(seen.status, 201);
			turn_for(100);
			assert_int_equal(run_path("/ok"), TRANSPORT_ANSWERED);
			assert_int_equal(seen.status, 201);
		}
	}
	ask_for("http", carrier_server_port(server), "/late/150");
	request.timeout_ms = 100;
	assert_int_equal(run(), TRANSPORT_LOST);
	turn_for(100);
	assert_int_equal(run_path("/unknown"), TRANSPORT_ANSWERED);
	assert_int_equal(seen.status, 404);
}

/* ---- nothing was sent */

static void
tells_unreached(void **state)
{
	struct carrier_server *rude = carrier_server_new(SERVER_HANGS_UP);
	int closed = carrier_server_port(rude);
	int port = carrier_server_port(server);

	(void)state;
	ask_for("https", closed, "/ok");
	assert_int_equal(run(), TRANSPORT_UNREACHED);
	ask_for("http", closed, "/ok");
	assert_int_not_equal(run(), TRANSPORT_ANSWERED);
	carrier_server_free(rude);
	ask_for("http", closed, "/ok");
	assert_int_equal(run(), TRANSPORT_UNREACHED);
	ask_for("https", port, "/ok");
	request.connect_timeout_ms = 300;
	assert_int_equal(run(), TRANSPORT_UNREACHED);
	ask_for("https", carrier_server_port(tls_server), "/ok");
	assert_int_equal(run(), TRANSPORT_UNREACHED);
	ask_for("ftp", port, "/ok");
	assert_int_equal(run(), TRANSPORT_UNREACHED);
	request.url = "no url at all";
	assert_int_equal(run(), TRANSPORT_UNREACHED);
	request.url = "http://nowhere.test/";
	assert_int_equal(run(), TRANSPORT_UNREACHED);
	assert_int_equal(carrier_server_take_executed(server), 0);
	assert_int_equal(carrier_server_take_executed(tls_server), 0);
	assert_int_equal(run_path("/ok"), TRANSPORT_ANSWERED);
}

/* Whoever signed them is believed here. */
static void
reads_certificates(void **state)
{
	static const enum carrier_server_kind kinds[] = { SERVER_SPEAKS_TLS,
		SERVER_HAS_EXPIRED, SERVER_IS_ANOTHER };

	(void)state;
	trusts_server = true;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		trusted = carrier_server_new(kinds[i]);
		use_carrier(8, 8, 4096);
		ask_for("https", carrier_server_port(trusted), "/ok");
		assert_int_equal(run(), i == 0 ? TRANSPORT_ANSWERED :
		    TRANSPORT_UNREACHED);
		assert_int_equal(carrier_server_take_executed(trusted),
		    i == 0 ? 1 : 0);
		use_carrier(8, 8, 4096);
		carrier_server_free(trusted);
		trusted = NULL;
	}
}

static void
keeps_to_the_outside(void **state)
{
	static const char *const own[] = { "127.0.0.1", "127.9.9.9", "0.0.0.0",
		"[::1]", "[::ffff:127.0.0.1]", "2130706433", "localhost",
		"[::]", "[::7f00:1]", "10.0.0.1", "inside.test", "100.127.0.1",
		"169.254.169.254", "172.31.0.1", "192.168.0.1", "[fe80::1]",
		"[fd00::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]" };
	int port = carrier_server_port(tls_server);

	(void)state;
	trusts_server = true;
	use_carrier(8, 8, 4096);
	for (size_t i = 0; i < COUNT_OF(own); i++) {
		ask_for("https", port, "/ok");
		snprintf(url, sizeof(url), "https://%s:%d/ok", own[i], port);
		request.allow_private = false;
		assert_int_equal(run(), TRANSPORT_UNREACHED);
		assert_non_null(strstr(seen.error, "this machine"));
	}
	ask_for("http", carrier_server_port(server), "/ok");
	request.allow_private = false;
	assert_int_equal(run(), TRANSPORT_UNREACHED);
	assert_int_equal(carrier_server_take_accepted(server), 0);
	assert_int_equal(carrier_server_take_accepted(tls_server), 0);
}

/* A listener whose queue is full does not answer at all. */
static void
gives_up_connecting(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), callers[4];

	(void)state;
	assert_return_code(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_return_code(listen(listener, 0), 0);
	getsockname(listener, (struct sockaddr *)&address, &size);
	for (size_t i = 0; i < COUNT_OF(callers); i++) {
		callers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(callers[i], (struct sockaddr *)&address, size);
	}
	ask_for("http", ntohs(address.sin_port), "/ok");
	request.connect_timeout_ms = 150;
	assert_int_equal(run(), TRANSPORT_UNREACHED);
	assert_in_range(seen.elapsed_ms, 100, 2000);
	request.connect_timeout_ms = 2000;
	request.timeout_ms = 150;
	assert_int_equal(run(), TRANSPORT_UNREACHED);
	for (size_t i = 0; i < COUNT_OF(callers); i++)
		close(callers[i]);
	close(listener);
}

static void
does_not_wait_for_names(void **state)
{
	(void)state;
	ask_for("http", carrier_server_port(server), "/ok");
	request.url = "http://slow.test/";
	request.timeout_ms = 300;
	assert_true(carrier_send(carrier, &request, 1));
	ask_for("http", carrier_server_port(server), "/ok");
	seen.sends_left = 50;
	assert_true(carrier_send(carrier, &request, 2));
	turn_until_ended(52);
	assert_int_equal(seen.ends[51], TRANSPORT_UNREACHED);
	assert_in_range(seen.lag_ms, 0, lag_max_ms());
	/* The thread that asks ends by itself. */
	turn_for(2000);
	assert_in_range(seen.lag_ms, 0, lag_max_ms());
}

/* ---- at most once */

/* The server reads some bytes of the second request on a kept connection and
 * hangs up. Before every byte, and after the last. */
static void
is_executed_once(const char *scheme, struct carrier_server *there,
    const char *method, size_t body_length)
{
	static const char *const ways[] = { "fin", "rst" };
	size_t whole, executed = 0;
	enum transport_end end = TRANSPORT_ANSWERED;

	ask_for(scheme, carrier_server_port(there), "/echo");
	request.method = method;
	request.body_length = body_length;
	assert_int_equal(run(), TRANSPORT_ANSWERED);
	whole = seen.body_length;
	for (size_t i = 0; i < (whole + 1) * 2; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/gap/%zu/%s", i / 2, ways[i % 2]);
		ask_for(scheme, carrier_server_port(there), path);
		assert_int_equal(run(), TRANSPORT_ANSWERED);
		if (i < 2)
			wait_until_hung_up(there);
		forget_server();
		ask_for(scheme, carrier_server_port(there), "/echo");
		request.method = method;
		request.body_length = body_length;
		end = run();
		if (end != TRANSPORT_ANSWERED)
			wait_until_hung_up(there);
		executed = carrier_server_take_executed(there);
		if (executed > 1 ||
		    (end == TRANSPORT_UNREACHED && executed > 0) ||
		    (end == TRANSPORT_ANSWERED && i >= 2))
			fail_msg("%s %s %s: end %d, %zu executed, %s", scheme,
			    method, path, (int)end, executed, seen.error);
		/* Hung up before it was sent: no reason to lose it. */
		if (i < 2)
			assert_int_equal(end, TRANSPORT_ANSWERED);
	}
	/* The worst case was among them. */
	assert_int_equal(executed, 1);
	assert_int_equal(end, TRANSPORT_LOST);
}

static void
never_sends_twice(void **state)
{
	(void)state;
	is_executed_once("http", server, "POST", 37);
	is_executed_once("http", server, "POST", 0);
	is_executed_once("http", server, "GET", 0);
	is_executed_once("http", server, "DELETE", 0);
	trusts_server = true;
	use_carrier(8, 8, 4096);
	is_executed_once("https", tls_server, "POST", 37);
	is_executed_once("https", tls_server, "POST", 0);
}

/* Kept connections are closed by the other side sooner or later; with TLS it
 * says goodbye before, and curl takes that for a sign of life. */
static void
sees_that_it_was_hung_up_on(void **state)
{
	(void)state;
	trusts_server = true;
	use_carrier(8, 8, 4096);
	for (int i = 0; i < 6; i++) {
		struct carrier_server *there = i % 2 == 0 ? server : tls_server;
		const char *scheme = i % 2 == 0 ? "http" : "https";

		ask_for(scheme, carrier_server_port(there), "/idle/30");
		assert_int_equal(run(), TRANSPORT_ANSWERED);
		wait_until_hung_up(there);
		ask_for(scheme, carrier_server_port(there), "/ok");
		assert_int_equal(run(), TRANSPORT_ANSWERED);
		assert_int_equal(carrier_server_take_executed(there), 2);
	}
}

static void
leaves_connections_that_were_idle(void **state)
{
	(void)state;
	trusts_server = true;
	use_carrier(8, 8, 4096);
	for (int i = 0; i < 2; i++) {
		struct carrier_server *there = i == 0 ? server : tls_server;

		ask_for(i == 0 ? "http" : "https", carrier_server_port(there),
		    "/ok");
		assert_int_equal(run(), TRANSPORT_ANSWERED);
	}
	forget_server();
	turn_for(4100);
	for (int i = 0; i < 2; i++) {
		struct carrier_server *there = i == 0 ? server : tls_server;

		ask_for(i == 0 ? "http" : "https", carrier_server_port(there),
		    "/ok");
		assert_int_equal(run(), TRANSPORT_ANSWERED);
		assert_int_equal(carrier_server_take_accepted(there), 1);
	}
}

/* ---- many */

static void
keeps_to_its_limits(void **state)
{
	(void)state;
	use_carrier(2, 3, 4096);
	ask_for("http", carrier_server_port(server), "/late/100");
	for (uint64_t i = 0; i < 5; i++)
		assert_true(carrier_send(carrier, &request, i));
	assert_false(carrier_send(carrier, &request, 9));
	assert_int_equal(carrier_in_flight(carrier), 5);
	assert_true(carrier_has_work(carrier));
	turn_for(50);
	assert_int_equal(carrier_server_take_executed(server), 2);
	assert_false(carrier_has_work(carrier));
	assert_false(carrier_send(carrier, &request, 9));
	turn_until_ended(2);
	assert_true(carrier_send(carrier, &request, 9));
	turn_until_ended(6);
	assert_in_range(carrier_server_take_accepted(server), 1, 2);
}

static void
does_not_send_what_has_waited(void **state)
{
	(void)state;
	use_carrier(1, 8, 4096);
	ask_for("http", carrier_server_port(server), "/late/200");
	assert_true(carrier_send(carrier, &request, 1));
	request.timeout_ms = 100;
	assert_true(carrier_send(carrier, &request, 2));
	turn_until_ended(2);
	assert_int_equal(seen.ends[0], TRANSPORT_ANSWERED);
	assert_int_equal(seen.ends[1], TRANSPORT_UNREACHED);
	assert_int_equal(carrier_server_take_executed(server), 1);
}

static void
holds_a_thousand(void **state)
{
	struct carrier_server *mute = carrier_server_new(SERVER_NEVER_ACCEPTS);
	size_t before = mallinfo2().uordblks, used;

	(void)state;
	use_carrier(1000, 0, 256 * 1024);
	ask_for("http", carrier_server_port(mute), "/ok");
	request.timeout_ms = 3000;
	for (uint64_t i = 0; i < 1000; i++)
		assert_true(carrier_send(carrier, &request, i));
	assert_false(carrier_send(carrier, &request, 1000));
	turn_for(1000);
	assert_int_equal(carrier_in_flight(carrier), 1000);
	used = mallinfo2().uordblks - before;
	assert_in_range(used, 0, 1000 * 64 * 1024);
	turn_until_ended(1000);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(seen.ends[i], TRANSPORT_LOST);
	print_message("# %zu bytes for each of 1,000 in flight\n", used / 1000);
	carrier_server_free(mute);
}

/* Any order of anything: each ends once, and once on the wire. */
static void
survives_a_crowd(void **state)
{
	size_t sent = 0, answered = 0;

	(void)state;
	srand(11);
	use_carrier(32, 2048, 4096);
	while (sent < 1500) {
		const struct hostile *row =
		    &hostile[(size_t)rand() % COUNT_OF(hostile)];
		char path[64];

		snprintf(path, sizeof(path), "/gap/%d/%s", rand() % 200,
		    rand() % 2 == 0 ? "fin" : "rst");
		ask_for("http", carrier_server_port(server),
		    sent % 3 == 0 ? row->path : sent % 3 == 1 ? path : "/ok");
		request.timeout_ms = 20 + rand() % 200;
		if (carrier_in_flight(carrier) < 64) {
			assert_true(carrier_send(carrier, &request, sent));
			sent++;
		}
		pass(true);
	}
	turn_until_ended(sent);
	for (size_t i = 0; i < sent; i++)
		answered += seen.ends[i] == TRANSPORT_ANSWERED;
	assert_in_range(answered, sent / 4, sent);
	assert_in_range(carrier_server_take_executed(server), answered, sent);
	/* Some of the connections that are kept wait for the next request to
	 * hang up on it. */
	for (int i = 0; run_path("/ok") != TRANSPORT_ANSWERED; i++)
		assert_in_range(i, 0, 32);
}

static void
sleeps_when_there_is_nothing_to_do(void **state)
{
	(void)state;
	assert_int_equal(run_path("/ok"), TRANSPORT_ANSWERED);
	seen.passes = 0;
	turn_for(500);
	assert_in_range(seen.passes, 1, 60);
	ask_for("http", carrier_server_port(server), "/late/500");
	assert_true(carrier_send(carrier, &request, 1));
	turn_for(100);
	seen.passes = 0;
	turn_for(300);
	assert_in_range(seen.passes, 1, 40);
	turn_until_ended(2);
}

static void
can_be_freed_at_any_time(void **state)
{
	(void)state;
	carrier_free(NULL);
	for (int64_t ms = 0; ms < 12; ms++) {
		use_carrier(4, 16, 4096);
		ask_for("http", carrier_server_port(server), "/late/5");
		for (uint64_t i = 0; i < 8; i++)
			assert_true(carrier_send(carrier, &request, i));
		turn_for(ms);
	}
}

/* ---- the program */

static int
begin_test(void **state)
{
	(void)state;
	trusts_server = false;
	use_carrier(8, 8, 4096);
	forget_server();
	return 0;
}

static int
end_test(void **state)
{
	(void)state;
	carrier_free(carrier);
	carrier = NULL;
	return 0;
}

/* As the daemon's: changes of interest are gathered. */
static int
set_up(void **state)
{
	struct event_config *config = event_config_new();
	const struct timeval each = { 0, 10000 };
	struct rlimit files;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 4096) {
		files.rlim_cur = files.rlim_max < 4096 ? files.rlim_max : 4096;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK || config == NULL)
		return -1;
	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	base = event_base_new_with_config(config);
	event_config_free(config);
	tick = event_new(base, -1, EV_PERSIST, on_tick, NULL);
	event_add(tick, &each);
	server = carrier_server_new(SERVER_SPEAKS);
	tls_server = carrier_server_new(SERVER_SPEAKS_TLS);
	return server == NULL || tls_server == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	carrier_server_free(server);
	carrier_server_free(tls_server);
	event_free(tick);
	event_base_free(base);
	libevent_global_shutdown();
	curl_global_cleanup();
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(carries_one_request),
		TEST(keeps_the_wanted_header),
		TEST(says_nothing_of_its_own),
		TEST(forgets_the_request_before),
		TEST(keeps_connections),
		TEST(sends_from_its_handler),
		TEST(is_not_sent_when_it_is_too_old),
		TEST(is_sent_when_its_turn_comes),
		TEST(survives_hostile_answers),
		TEST(is_not_held_by_what_tls_says_beside),
		TEST(takes_what_fits),
		TEST(ignores_answers_nobody_asked_for),
		TEST(tells_unreached),
		TEST(reads_certificates),
		TEST(keeps_to_the_outside),
		TEST(gives_up_connecting),
		TEST(does_not_wait_for_names),
		TEST(never_sends_twice),
		TEST(sees_that_it_was_hung_up_on),
		TEST(leaves_connections_that_were_idle),
		TEST(keeps_to_its_limits),
		TEST(does_not_send_what_has_waited),
		TEST(holds_a_thousand),
		TEST(survives_a_crowd),
		TEST(sleeps_when_there_is_nothing_to_do),
		TEST(can_be_freed_at_any_time),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
