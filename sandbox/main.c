/* SPDX-License-Identifier: MIT */
/*
 * callback-sandbox: a telephone network to try callbackd on. This file reads
 * the command line, puts the parts together, and runs the loop until SIGTERM
 * or SIGINT.
 */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "net/http.h"
#include "net/static.h"
#include "sandbox/api.h"
#include "sandbox/call.h"
#include "sandbox/control.h"
#include "sandbox/faults.h"
#include "sandbox/fetch.h"
#include "sandbox/ledger.h"
#include "sandbox/line.h"
#include "sandbox/memory.h"
#include "sandbox/phone.h"
#include "sandbox/sandbox.h"
#include "sandbox/setup.h"
#include "sandbox/text.h"

enum {
	EXIT_USAGE = 64,
	EXIT_UNAVAILABLE = 69,
	EXIT_BAD_SETUP = 78,
	CONNECTIONS_MAX = 4096,
	BODY_MAX = 64 * 1024,
	CONTROL_BODY_MAX = 64 * 1024,
};

struct arguments {
	const char *account, *token, *phones, *web, *ledger;
	char address[64];
	int port;
	double clock_scale;
};

static const char usage[] =
    "usage: callback-sandbox [--listen ADDRESS:PORT] [--account SID]\n"
    "                        [--token TOKEN] [--phones FILE] [--web DIR]\n"
    "                        [--ledger FILE] [--clock-scale F | --fast]\n"
    "A telephone network to try callbackd on. Nothing leaves this machine\n"
    "but what an order's URLs ask for.\n"
    "  --listen ADDRESS:PORT  numeric; port 0 takes any (127.0.0.1:8090)\n"
    "  --account, --token     of the API and of signatures\n"
    "  --phones FILE          phones that behave otherwise than their "
    "numbers say\n"
    "  --web DIR              the files of the page /phones\n"
    "  --ledger FILE          appends what was received, done and sent\n"
    "  --clock-scale F        multiplies all telephone times; 0.1 is ten "
    "times faster\n"
    "  --fast                 as --clock-scale 0\n";

static const struct http_route routes[] = {
	{ HTTP_POST, "/2010-04-01/Accounts/{account}/Calls.json",
	    api_on_create, BODY_MAX },
	{ HTTP_GET, "/2010-04-01/Accounts/{account}/Calls.json",
	    api_on_list, 0 },
	{ HTTP_GET, "/2010-04-01/Accounts/{account}/Calls/{sid}",
	    api_on_read, 0 },
	{ HTTP_POST, "/2010-04-01/Accounts/{account}/Calls/{sid}",
	    api_on_update, BODY_MAX },
	{ HTTP_POST, "/2010-04-01/Accounts/{account}/Messages.json",
	    text_on_create, BODY_MAX },
	{ HTTP_GET, "/2010-04-01/Accounts/{account}/Messages.json",
	    text_on_list, 0 },
	{ HTTP_GET, "/2010-04-01/Accounts/{account}/Messages/{sid}",
	    text_on_read, 0 },
	{ HTTP_GET, "/2010-04-01/{rest...}", api_on_unknown, 0 },
	{ HTTP_POST, "/2010-04-01/{rest...}", api_on_unknown, BODY_MAX },
	{ HTTP_POST, "/sandbox/faults", control_on_faults_order,
	    CONTROL_BODY_MAX },
	{ HTTP_GET, "/sandbox/faults", control_on_faults_list, 0 },
	{ HTTP_DELETE, "/sandbox/faults", control_on_faults_clear, 0 },
	{ HTTP_POST, "/sandbox/reset", control_on_reset, CONTROL_BODY_MAX },
	{ HTTP_GET, "/sandbox/calls", control_on_calls, 0 },
	{ HTTP_GET, "/sandbox/phones", control_on_phones, 0 },
	{ HTTP_GET, "/sandbox/phones/{number}", control_on_phone, 0 },
	{ HTTP_PUT, "/sandbox/phones/{number}", control_on_phone_change,
	    CONTROL_BODY_MAX },
	{ HTTP_GET, "/sandbox/messages", text_on_control_list, 0 },
	{ HTTP_PUT, "/sandbox/inbound", text_on_inbound, CONTROL_BODY_MAX },
	{ HTTP_POST, "/sandbox/phones/{number}/write", text_on_write,
	    CONTROL_BODY_MAX },
	{ HTTP_POST, "/sandbox/phones/{number}/call", line_on_call,
	    CONTROL_BODY_MAX },
	{ HTTP_PUT, "/sandbox/lines/{number}", line_on_change,
	    CONTROL_BODY_MAX },
	{ HTTP_GET, "/", control_on_page, 0 },
	{ HTTP_GET, "/phones", control_on_page, 0 },
	{ HTTP_GET, "/phones/state", control_on_state, 0 },
	{ HTTP_POST, "/phones/{number}/{act}", control_on_act,
	    CONTROL_BODY_MAX },
	{ HTTP_GET, "/phones/{file...}", control_on_file, 0 },
};

static const struct http_limits limits = {
	.header_max = 16 * 1024,
	.body_max = BODY_MAX,
	.connections_max = CONNECTIONS_MAX,
	.request_deadline_ms = 10000,
	.held_deadline_ms = 24 * 60 * 60 * 1000,	/* a late answer's */
	.idle_ms = 75000,
};

static bool
arguments_read(int argc, char **argv, struct arguments *arguments);

static bool
listen_read(const char *text, struct arguments *arguments);

static int
sandbox_open(struct sandbox *sandbox, const struct arguments *arguments);

static void
sandbox_close(struct sandbox *sandbox);

static void
on_signal(evutil_socket_t fd, short what, void *arg);

static void
descriptors_raise(void);

int
main(int argc, char **argv)
{
	struct arguments arguments = {
		.account = "AC00000000000000000000000000000000",
		.token = "sandbox",
		.address = "127.0.0.1",
		.port = 8090,
		.clock_scale = 1,
	};
	struct event *signals[2];
	bool is_done = false;
	struct sandbox sandbox = { 0 };
	int status;

	if (!arguments_read(argc, argv, &arguments)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	descriptors_raise();
	status = sandbox_open(&sandbox, &arguments);
	if (status == 0) {
		signals[0] = evsignal_new(sandbox.base, SIGTERM, on_signal,
		    &is_done);
		signals[1] = evsignal_new(sandbox.base, SIGINT, on_signal,
		    &is_done);
		CHECK(signals[0] != NULL && event_add(signals[0], NULL) == 0);
		CHECK(signals[1] != NULL && event_add(signals[1], NULL) == 0);
		while (!is_done)
			event_base_loop(sandbox.base, EVLOOP_ONCE);
		http_server_stop_accepting(sandbox.server);
		event_free(signals[0]);
		event_free(signals[1]);
	}
	sandbox_close(&sandbox);
	return status;
}

static bool
arguments_read(int argc, char **argv, struct arguments *arguments)
{
	enum { LISTEN = 256, ACCOUNT, TOKEN, PHONES, WEB, LEDGER, SCALE, FAST,
		HELP };
	static const struct option options[] = {
		{ "listen", required_argument, NULL, LISTEN },
		{ "account", required_argument, NULL, ACCOUNT },
		{ "token", required_argument, NULL, TOKEN },
		{ "phones", required_argument, NULL, PHONES },
		{ "web", required_argument, NULL, WEB },
		{ "ledger", required_argument, NULL, LEDGER },
		{ "clock-scale", required_argument, NULL, SCALE },
		{ "fast", no_argument, NULL, FAST },
		{ "help", no_argument, NULL, HELP },
		{ NULL, 0, NULL, 0 },
	};
	char *end;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == LISTEN) {
			if (!listen_read(optarg, arguments))
				return false;
		} else if (option == ACCOUNT) {
			arguments->account = optarg;
		} else if (option == TOKEN) {
			arguments->token = optarg;
		} else if (option == PHONES) {
			arguments->phones = optarg;
		} else if (option == WEB) {
			arguments->web = optarg;
		} else if (option == LEDGER) {
			arguments->ledger = optarg;
		} else if (option == SCALE) {
			arguments->clock_scale = strtod(optarg, &end);
			if (*end != '\0' || end == optarg ||
			    !(arguments->clock_scale >= 0 &&
			    arguments->clock_scale <= 1000))
				return false;
		} else if (option == FAST) {
			arguments->clock_scale = 0;
		} else if (option == HELP) {
			fputs(usage, stdout);
			exit(0);
		} else {
			return false;
		}
	}
	return optind == argc;
}

static bool
listen_read(const char *text, struct arguments *arguments)
{
	const char *colon = strrchr(text, ':');
	const char *from = text, *to = colon;
	char *end;
	long port;

	if (colon == NULL || colon[1] < '0' || colon[1] > '9')
		return false;
	port = strtol(colon + 1, &end, 10);
	if (*end != '\0' || port > 65535)
		return false;
	if (*from == '[' && to > from && to[-1] == ']') {
		from++;
		to--;
	}
	if (to == from ||
	    (size_t)(to - from) >= sizeof(arguments->address))
		return false;
	memcpy(arguments->address, from, (size_t)(to - from));
	arguments->address[to - from] = '\0';
	arguments->port = (int)port;
	return true;
}

/* 0, or the exit status after one line that says why. */
static int
sandbox_open(struct sandbox *sandbox, const struct arguments *arguments)
{
	char setup_error[SETUP_ERROR_SIZE];
	const char *error = NULL;
	int port;

	sandbox->account = arguments->account;
	sandbox->token = arguments->token;
	sandbox->clock_scale = arguments->clock_scale;
	sandbox->setup = setup_load(arguments->phones, setup_error);
	if (sandbox->setup == NULL) {
		fprintf(stderr, "callback-sandbox: %s\n", setup_error);
		return EXIT_BAD_SETUP;
	}
	sandbox->ledger = ledger_open(arguments->ledger);
	if (sandbox->ledger == NULL) {
		fprintf(stderr, "callback-sandbox: %s: %s\n",
		    arguments->ledger, strerror(errno));
		return EXIT_UNAVAILABLE;
	}
	/* Where it was not installed, the page is missing and that is all. */
	sandbox->pages = http_static_load(arguments->web != NULL ?
	    arguments->web : PKGDATADIR "/phones", &error);
	if (sandbox->pages == NULL && arguments->web != NULL) {
		fprintf(stderr, "callback-sandbox: %s: %s\n", arguments->web,
		    error);
		return EXIT_UNAVAILABLE;
	}
	sandbox->phones = phones_new();
	sandbox->lines = lines_new();
	setup_apply(sandbox->setup, sandbox->phones, sandbox->lines);
	sandbox->faults = faults_new();
	sandbox->calls = calls_new();
	sandbox->texts = texts_new();
	sandbox->base = event_base_new();
	CHECK(sandbox->base != NULL);
	sandbox->fetcher = fetcher_new(sandbox->base);
	CHECK(sandbox->fetcher != NULL);
	sandbox->server = http_server_new(sandbox->base, routes,
	    COUNT_OF(routes), &limits, sandbox);
	CHECK(sandbox->server != NULL);
	if (!http_server_listen_tcp(sandbox->server, arguments->address,
	    arguments->port, &port, &error)) {
		fprintf(stderr, "callback-sandbox: %s:%d: %s\n",
		    arguments->address, arguments->port, error);
		return EXIT_UNAVAILABLE;
	}
	printf(strchr(arguments->address, ':') != NULL ?
	    "listening on http://[%s]:%d\n" : "listening on http://%s:%d\n",
	    arguments->address, port);
	fflush(stdout);
	return 0;
}

static void
sandbox_close(struct sandbox *sandbox)
{
	http_server_free(sandbox->server);
	api_fault_forget(sandbox);
	/* Without calls, what was under way can only be noted down. */
	if (sandbox->calls != NULL)
		calls_reset(sandbox);
	fetcher_free(sandbox->fetcher);
	calls_free(sandbox->calls);
	texts_free(sandbox->texts);
	if (sandbox->base != NULL)
		event_base_free(sandbox->base);
	faults_free(sandbox->faults);
	phones_free(sandbox->phones);
	lines_free(sandbox->lines);
	http_static_free(sandbox->pages);
	ledger_close(sandbox->ledger);
	setup_free(sandbox->setup);
}

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	bool *is_done = arg;

	(void)fd;
	(void)what;
	*is_done = true;
}

/* A call takes no descriptor, but clients and webhooks do. */
static void
descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}
