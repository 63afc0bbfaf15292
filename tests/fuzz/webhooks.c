/* SPDX-License-Identifier: MIT */
/*
 * webhooks: lines: provider, method, what of a good address is kept (0: all of it,
 * 1: its token is another's, 2: no call is named, 3: what the next line says), what
 * stands in the address, whether it is signed well, how orders end, verdict, body
 * (with_jobs); then Redis's replies. Addresses, signatures, memory, parcels, flows and words are
 * the daemon's own. Every webhook is answered once; what is not proved genuine
 * changes nothing; what is about a call that the address names is about no other.
 */
#include "daemon/webhooks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/signing.h"
#include "tests/fuzz/stand_in.h"

#define PUBLIC_URL "https://cb.example"

enum { ROUNDS_MAX = 200, BODY_MAX = FUZZ_SIGNED_MAX, ANSWER_MAX = 1 << 20, URL_SIZE = 4096,
	TEXT_SIZE = FUZZ_SIGNED_MAX + URL_SIZE + 1000 };

static const char *const names[FUZZ_PROVIDERS] = { "twilio", "sandbox",
	"bench", "wide_json", "wide_form" };

static struct {
	struct event_base *base;
	struct store *store;
	struct calls *calls;
	struct webhooks *webhooks;
	struct http_server *server;
	char folder[64], path[108];
	struct situation after;
	struct record_ref call;
	char token[TOKEN_SIZE];
	size_t news_count;      /* handed over to messages and lines */
} world;

/* ---- the carrier: nothing is ordered here */

struct carrier *
carrier_new(struct event_base *base, const struct carrier_limits *limits,
    void *context, carrier_on_answer *on_answer)
{
	(void)base;
	(void)limits;
	(void)context;
	(void)on_answer;
	return (struct carrier *)&world;
}

void
carrier_free(struct carrier *carrier)
{
	(void)carrier;
}

bool
carrier_send(struct carrier *carrier, const struct carrier_request *request,
    uint64_t tag)
{
	(void)carrier;
	(void)request;
	(void)tag;
	CHECK(!"a webhook orders nothing by itself");
	return false;
}

void
carrier_drain(struct carrier *carrier)
{
	(void)carrier;
}

bool
carrier_has_work(const struct carrier *carrier)
{
	(void)carrier;
	return false;
}

size_t
carrier_in_flight(const struct carrier *carrier)
{
	(void)carrier;
	return 0;
}

/* ---- who hears what is about no call */

static void
on_news(void *context, const char *provider,
    const struct webhook_event *event, struct webhook_ticket *ticket)
{
	(void)context;
	CHECK(calls_provider(world.calls, provider) != NULL);
	CHECK(event->kind == WEBHOOK_MESSAGE || event->from[0] != '\0');
	world.news_count++;
	webhook_ticket_end(ticket, event->sid[0] % 2 == 0);
}

/* ---- the world */

static void
on_request(struct http_request *request, void *context)
{
	(void)context;
	webhooks_on_request(world.webhooks, request);
}

static const struct http_route routes[] = {
	{ HTTP_POST, "/hooks/{provider}/{call}/{token}/{what}", on_request, BODY_MAX },
	{ HTTP_GET, "/hooks/{provider}/{call}/{token}/{what}", on_request, BODY_MAX },
	{ HTTP_POST, "/hooks/{provider}", on_request, BODY_MAX },
	{ HTTP_GET, "/hooks/{provider}", on_request, BODY_MAX },
	{ HTTP_POST, "/hooks/{provider}/{what...}", on_request, BODY_MAX },
	{ HTTP_GET, "/hooks/{provider}/{what...}", on_request, BODY_MAX },
};

static void
end_world(void)
{
	webhooks_free(world.webhooks);
	calls_free(world.calls);
	http_server_free(world.server);
	stand_in_end();
	event_base_free(world.base);
	rmdir(world.folder);
}

static void
fill_situation(struct situation *situation)
{
	struct request *request = &situation->request;
	struct call *call = &situation->calls[0];

	snprintf(request->id, sizeof(request->id), "%s", world.call.id);
	snprintf(request->queue, sizeof(request->queue), "info");
	snprintf(request->phone, sizeof(request->phone), "+79160000003");
	snprintf(request->name, sizeof(request->name), "<Anna>");
	snprintf(request->number, sizeof(request->number), "4821");
	request->state = REQUEST_CALLING;
	snprintf(call->request, sizeof(call->request), "%s", world.call.id);
	snprintf(call->specialist, sizeof(call->specialist), "anna");
	snprintf(call->customer, sizeof(call->customer), "+79160000003");
	snprintf(call->provider, sizeof(call->provider), "twilio");
	call->n = 1;
	situation->call_count = 1;
}

static void
begin_world(void)
{
	static struct calls_provider providers[FUZZ_PROVIDERS];
	static const unsigned char secret[SECRET_SIZE] = "secret";
	static const struct carrier_limits limits;
	static const struct http_limits http = { .header_max = 16384,
		.body_max = BODY_MAX, .connections_max = 8,
		.request_deadline_ms = 5000, .held_deadline_ms = 5000,
		.idle_ms = 5000 };
	const char *error;

	log_set_level(LOG_LEVEL_ERR);
	CHECK(mkdtemp(strcpy(world.folder, "/tmp/callbackd-fuzz-XXXXXX")) !=
	    NULL);
	snprintf(world.path, sizeof(world.path), "%s/s", world.folder);
	for (size_t i = 0; i < FUZZ_PROVIDERS; i++) {
		snprintf(providers[i].id, sizeof(providers[i].id), "%s",
		    names[i]);
		/* calls frees what it was given; these are kept for the next. */
		providers[i].provider = (struct provider *)fuzz_provider(i);
		provider_values_add(&providers[i].values, "account", "AC1");
		provider_values_add(&providers[i].values, "auth_token",
		    FUZZ_SECRET);
	}
	world.base = event_base_new();
	world.store = stand_in_begin(world.base);
	world.calls = calls_new(world.base, &limits, fuzz_policy(), PUBLIC_URL,
	    providers, FUZZ_PROVIDERS);
	calls_set_engine(world.calls, NULL, world.store);
	calls_set_secret(world.calls, secret);
	world.call = record_ref_call("abcdefgh12345678", 1);
	calls_token(world.calls, &world.call, world.token);
	fill_situation(&world.after);
	world.webhooks = webhooks_new(world.calls, NULL, world.store);
	for (int kind = 0; kind <= WEBHOOK_REFUSED; kind++) {
		if (kind == WEBHOOK_MESSAGE ||
		    kind == WEBHOOK_INBOUND_MESSAGE ||
		    kind == WEBHOOK_INBOUND_CALL)
			webhooks_set_handler(world.webhooks,
			    (enum webhook_kind)kind, on_news, NULL);
	}
	world.server = http_server_new(world.base, routes, COUNT_OF(routes),
	    &http, NULL);
	CHECK(world.server != NULL);
	webhooks_set_server(world.webhooks, world.server);
	CHECK(http_server_listen_unix(world.server, world.path, 0600, &error));
	atexit(end_world);
}

/* ---- the provider's side */

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

/* Returns the status. */
static int
ask(const char *text, size_t length)
{
	static char answer[ANSWER_MAX];
	int fd = client_open();
	size_t used = 0;
	ssize_t count = -1;

	CHECK(send(fd, text, length, MSG_NOSIGNAL) == (ssize_t)length);
	for (int i = 0; i < ROUNDS_MAX && count != 0; i++) {
		event_base_loop(world.base, EVLOOP_NONBLOCK);
		stand_in_end_all();
		while ((count = recv(fd, answer + used, ANSWER_MAX - used - 1,
		    0)) > 0)
			used += (size_t)count;
	}
	CHECK(count == 0);
	answer[used] = '\0';
	CHECK(strncmp(answer, "HTTP/1.", 7) == 0);
	CHECK(strstr(answer, "\r\n\r\n") != NULL);
	close(fd);
	CHECK(http_server_held_count(world.server) == 0);
	return atoi(answer + 9);
}

struct hook {
	size_t which, address, engine_end;
	bool is_get, is_signed;
	const char *tail, *body;
};

static void
write_url(const struct hook *hook, char url[URL_SIZE])
{
	char token[TOKEN_SIZE];

	memcpy(token, world.token, sizeof(token));
	if (hook->address == 1)
		token[0] = token[0] == 'a' ? 'b' : 'a';
	if (hook->address < 2)
		snprintf(url, URL_SIZE, "/hooks/%s/%s.1/%s/%s",
		    names[hook->which], world.call.id, token, hook->tail);
	else
		snprintf(url, URL_SIZE, "/hooks/%s%s%s", names[hook->which],
		    hook->address == 2 ? "" : "/", hook->address == 2 ? "" :
		    hook->tail);
}

static int
deliver(const struct hook *hook)
{
	static char text[TEXT_SIZE];
	char url[URL_SIZE], full[URL_SIZE + 20];
	char signature[FUZZ_SIGNATURE_SIZE] = "x";
	struct webhook_input input = { .body = hook->body,
		.body_length = strlen(hook->body), .url = full,
		.method = hook->is_get ? "GET" : "POST" };
	int length;

	write_url(hook, url);
	snprintf(full, sizeof(full), "%s%s", PUBLIC_URL, url);
	if (hook->is_get)
		input.body_length = 0;
	if (hook->is_signed)
		fuzz_sign(hook->which, &input, signature);
	length = snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: x\r\n"
	    "Connection: close\r\n%s: %s\r\n", input.method, url,
	    fuzz_signature_header(hook->which), signature);
	if (hook->is_get)
		length += snprintf(text + length, sizeof(text) -
		    (size_t)length, "\r\n");
	else
		length += snprintf(text + length, sizeof(text) -
		    (size_t)length, "Content-Type: application/"
		    "x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
		    input.body_length, hook->body);
	CHECK(length < (int)sizeof(text));
	return ask(text, (size_t)length);
}

/* Its address says which call it is about: what follows the token is one word. */
static bool
names_call(const struct hook *hook)
{
	size_t word = strcspn(hook->tail, "/?#");

	return hook->address < 2 && word > 0 && hook->tail[word] != '/';
}

static void
check(const struct hook *hook, int status)
{
	const struct event *last = stand_in_last_event();
	bool is_named = names_call(hook);

	CHECK(status >= 200 && status <= 503);
	/* What a file has no flow for is the file's fault, and told as such. */
	CHECK(status != 500 || hook->which >= FUZZ_BENCH);
	if ((is_named && hook->address == 1) || !hook->is_signed) {
		CHECK(stand_in_order_count() == 0);
		CHECK(stand_in_command_count() == 0);
		CHECK(world.news_count == 0);
		CHECK(status >= 400);
	}
	if (stand_in_order_count() == 0)
		return;
	CHECK(last->to.kind == RECORD_CALL);
	if (is_named)
		CHECK(record_ref_equal(&last->to, &world.call));
	/* News is taken when it is kept; who asks is told to wait. */
	if (hook->engine_end % 6 == ENGINE_UNAVAILABLE &&
	    last->kind != EVENT_ASKED)
		CHECK(status == 503);
}

/* "@job" and "@own": what only we could have given the provider to send back, of
 * another call and of this one. The caller frees. */
static char *
with_jobs(const char *text)
{
	const struct record_ref other = record_ref_call("zyxwvuts87654321", 2);
	char job[PROVIDER_JOB_SIZE], *full = calloc(1, strlen(text) + 1 +
	    strlen(text) / 4 * PROVIDER_JOB_SIZE);
	size_t used = 0;

	CHECK(full != NULL);
	while (*text != '\0') {
		bool is_other = strncmp(text, "@job", 4) == 0;

		if (is_other || strncmp(text, "@own", 4) == 0) {
			calls_job(world.calls, is_other ? &other : &world.call,
			    job);
			used += (size_t)sprintf(full + used, "%s", job);
			text += 4;
		} else {
			full[used++] = *text++;
		}
	}
	return full;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	struct hook hook = { .which = fuzz_number(&input, FUZZ_PROVIDERS) };
	enum verdict verdict;
	const char *replies;
	char *body;
	size_t length;

	if (world.base == NULL)
		begin_world();
	hook.is_get = fuzz_number(&input, 2) == 1;
	hook.address = fuzz_number(&input, 4);
	hook.tail = fuzz_line(&input);
	hook.is_signed = fuzz_number(&input, 2) == 1;
	hook.engine_end = fuzz_number(&input, 12);
	verdict = (enum verdict)fuzz_number(&input, VERDICT_COUNT);
	hook.body = body = with_jobs(fuzz_line(&input));
	replies = fuzz_rest(&input, &length);
	stand_in_renew();
	world.news_count = 0;
	stand_in_set_end(hook.engine_end, verdict, &world.after);
	stand_in_feed(replies, length);
	if (strlen(hook.body) < FUZZ_SIGNED_MAX &&
	    strlen(hook.tail) < URL_SIZE - 200)
		check(&hook, deliver(&hook));
	free(body);
	fuzz_end(&input);
	return 0;
}
