/* SPDX-License-Identifier: MIT */
/*
 * What daemon/carrier.c takes for granted of the libcurl it is built with, and
 * what it works around, so that an upgrade that changes either is noticed. A
 * blocking transfer is enough: the facts lie below the multi interface.
 *
 * Facts that must hold fail the test. Faults that are worked around are printed:
 * once they are gone, so may be the workaround.
 */
#define _GNU_SOURCE     /* usleep */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/platform/carrier_server.h"

static const char body[] = "To=%2B79000000001&From=%2B79000000002";

static struct carrier_server *server;

enum way { BY_FIELDS, BY_READING, WITHOUT_BODY };

static struct {
	size_t body_sent;
	int speak_count;                /* times curl was about to send */
	int speak_max;
} seen;

static size_t
on_read(char *buffer, size_t size, size_t count, void *context)
{
	size_t left = sizeof(body) - 1 - seen.body_sent;
	size_t length = left < size * count ? left : size * count;

	(void)context;
	memcpy(buffer, body + seen.body_sent, length);
	seen.body_sent += length;
	return length;
}

static size_t
on_write(char *bytes, size_t size, size_t count, void *context)
{
	(void)bytes;
	(void)context;
	return size * count;
}

static int
on_speak(void *context, char *remote, char *local, int remote_port,
    int local_port)
{
	(void)context;
	(void)remote;
	(void)local;
	(void)remote_port;
	(void)local_port;
	return ++seen.speak_count > seen.speak_max ? CURL_PREREQFUNC_ABORT :
	    CURL_PREREQFUNC_OK;
}

static CURL *
make_easy(enum way way)
{
	CURL *easy = curl_easy_init();

	assert_non_null(easy);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 5000L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_speak);
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE,
	    way == WITHOUT_BODY ? 0L : (long)sizeof(body) - 1);
	if (way == BY_READING)
		curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
	else
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
	return easy;
}

static CURLcode
run(CURL *easy, const char *path)
{
	char url[128];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s",
	    carrier_server_port(server), path);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	seen.body_sent = 0;
	seen.speak_count = 0;
	return curl_easy_perform(easy);
}

/* A server that reads a whole request on a kept connection, hangs up without an
 * answer, and would answer the second. Returns how often it was executed. */
static size_t
executed_when_it_hangs_up(enum way way, int speak_max, CURLcode *ret_code)
{
	CURL *easy = make_easy(way);

	seen.speak_max = 1;
	assert_int_equal(run(easy, "/gap/all/fin"), CURLE_OK);
	carrier_server_take_executed(server);
	seen.speak_max = speak_max;
	*ret_code = run(easy, "/ok");
	curl_easy_cleanup(easy);
	return carrier_server_take_executed(server);
}

static void
curl_sends_fields_twice_and_says_nothing(void **state)
{
	CURLcode code;
	size_t executed = executed_when_it_hangs_up(BY_FIELDS, 9, &code);

	(void)state;
	print_message("# POSTFIELDS: executed %zu times, code %d%s\n", executed,
	    (int)code, executed > 1 ? "" : ": no longer sent again");
	executed = executed_when_it_hangs_up(WITHOUT_BODY, 9, &code);
	print_message("# POST without a body: executed %zu times, code %d\n",
	    executed, (int)code);
}

static void
what_was_read_is_not_sent_again(void **state)
{
	CURLcode code;

	(void)state;
	assert_int_equal(executed_when_it_hangs_up(BY_READING, 9, &code), 1);
	assert_int_equal(code, CURLE_SEND_FAIL_REWIND);
}

static void
curl_asks_before_it_sends_again(void **state)
{
	CURLcode code;

	(void)state;
	assert_int_equal(executed_when_it_hangs_up(BY_FIELDS, 1, &code), 1);
	assert_int_equal(code, CURLE_ABORTED_BY_CALLBACK);
	assert_int_equal(executed_when_it_hangs_up(WITHOUT_BODY, 1, &code), 1);
	assert_int_equal(code, CURLE_ABORTED_BY_CALLBACK);
	assert_int_equal(executed_when_it_hangs_up(BY_READING, 1, &code), 1);
	assert_int_not_equal(code, CURLE_OK);
}

/* Once for each request, on new and on kept connections, and not at all where
 * none could be made. */
static void
curl_asks_once_for_each_request(void **state)
{
	CURL *easy = make_easy(BY_READING);

	(void)state;
	seen.speak_max = 9;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(run(easy, "/ok"), CURLE_OK);
		assert_int_equal(seen.speak_count, 1);
	}
	seen.speak_count = 0;
	curl_easy_setopt(easy, CURLOPT_URL, "http://127.0.0.1:1/");
	assert_int_equal(curl_easy_perform(easy), CURLE_COULDNT_CONNECT);
	assert_int_equal(seen.speak_count, 0);
	curl_easy_cleanup(easy);
}

/* An answer that nobody asked for waits on a kept connection. */
static void
curl_takes_a_stray_answer(void **state)
{
	CURL *easy = make_easy(BY_READING);
	long status = 0;

	(void)state;
	seen.speak_max = 9;
	assert_int_equal(run(easy, "/stray/20"), CURLE_OK);
	usleep(100 * 1000);
	run(easy, "/ok");
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	print_message("# a stray answer is %s\n", status == 202 ?
	    "taken for the answer to the next request" : "no longer taken");
	curl_easy_cleanup(easy);
}

static int
set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	print_message("# %s\n", curl_version());
	server = carrier_server_new(SERVER_SPEAKS);
	return server == NULL ||
	    curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	carrier_server_free(server);
	curl_global_cleanup();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(curl_sends_fields_twice_and_says_nothing),
		cmocka_unit_test(what_was_read_is_not_sent_again),
		cmocka_unit_test(curl_asks_before_it_sends_again),
		cmocka_unit_test(curl_asks_once_for_each_request),
		cmocka_unit_test(curl_takes_a_stray_answer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
