/* SPDX-License-Identifier: MIT */
/*
 * api: what is asked over the control socket, and what Redis says meanwhile:
 * lines: method and target, JSON body, how the engine ends; then Redis's replies
 * in order. Routes, bodies, look-ups and answers are the daemon's own; Redis's
 * link and the engine (stand_in), the matcher and the telephones are stood in for. Every
 * request is answered once, with JSON, and nothing is left behind.
 */
#define _GNU_SOURCE     /* memmem */
#include "daemon/api.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stand_in.h"

enum { ROUNDS_MAX = 200, ANSWER_MAX = 4 << 20,
	TARGET_MAX = 2000, BODY_MAX = 8000 };

static struct {
	struct event_base *base;
	struct store *store;
	struct submitter *submitter;
	struct callers *callers;
	struct api *api;
	char folder[64], path[108];
	struct situation after;
} world;

/* ---- whoever else is asked */

size_t
calls_in_flight(struct calls *calls)
{
	(void)calls;
	return 0;
}

const struct calls_provider *
calls_provider_at(const struct calls *calls, size_t i)
{
	(void)calls;
	(void)i;
	return NULL;
}

const struct audit_counts *
audit_counts(const struct audit *audit)
{
	static const struct audit_counts none;

	(void)audit;
	return &none;
}

bool
audit_unbury(struct audit *audit, const struct record_ref *ref,
    engine_on_result *on_result, void *context, uint64_t tag)
{
	char key[KEY_SIZE];

	(void)audit;
	record_key(ref, key);
	return stand_in_order(on_result, context, tag);
}

bool
health_is_silent(struct health *health, const char *queue,
    int64_t *ret_since_ms)
{
	(void)health;
	*ret_since_ms = FUZZ_NOW_MS;
	return strlen(queue) % 2 != 0;
}

bool
health_see(struct health *health, const char *provider, enum channel channel,
    struct health_view *ret_view)
{
	(void)channel;
	(void)health;
	(void)provider;
	(void)ret_view;
	return false;
}

const char *
provider_trial_begin(struct provider_trials *trials, const char *provider,
    const char *to, const char *text, char ret_id[REQUEST_ID_SIZE])
{
	(void)trials;
	(void)text;
	snprintf(ret_id, REQUEST_ID_SIZE, "trial0011223344556677");
	return strlen(provider) > strlen(to) ? "a country that is not called" :
	    NULL;
}

json_t *
provider_trial_json(const struct provider_trials *trials, const char *id)
{
	(void)trials;
	return strlen(id) % 2 != 0 ? NULL : json_pack("{s:[],s:b,s:b}", "steps",
	    "over", 1, "good", 0);
}

size_t
matcher_ready_count(const struct matcher *matcher, const char *queue)
{
	(void)matcher;
	return strlen(queue) % 2;
}

size_t
matcher_waiting_count(const struct matcher *matcher, const char *queue)
{
	(void)matcher;
	return strlen(queue) % 3;
}

const char *
delays_why(struct delays *delays, const struct request *request, int64_t now_ms)
{
	(void)delays;
	return request->state == REQUEST_WAITING && now_ms > 0 ? "all_busy" :
	    "";
}

const struct specialist *
people_at(const struct people *people, size_t i)
{
	(void)people;
	(void)i;
	return NULL;
}

size_t
slots_taken_count(const struct slots *slots, const char *queue)
{
	(void)slots;
	return strlen(queue);
}

bool
slots_is_closed(const struct slots *slots, const char *queue, int64_t now_ms,
    struct slots_closed *ret_closed)
{
	(void)slots;
	*ret_closed = (struct slots_closed){ now_ms + 1, "anna", "a reason" };
	return strlen(queue) % 2 == 0;
}

bool
slots_close(struct slots *slots, const char *queue, const struct slots_closed *closed,
    engine_on_result *on_result, void *context)
{
	struct engine_result done = { .end = ENGINE_DONE, .reason = "" };

	(void)slots;
	CHECK(queue[0] != '\0' && strlen(closed->why) <= CLOSED_WHY_MAX);
	on_result(context, 0, &done);
	return true;
}

struct expectation
forecast_of(struct forecast *forecast, const struct request *request, int64_t now_ms)
{
	(void)forecast;
	(void)now_ms;
	return (struct expectation){ .to_ms = request->queue[0] % 2 * 60000 };
}

struct expectation
forecast_now(struct forecast *forecast, const char *queue, int64_t now_ms)
{
	(void)forecast;
	(void)now_ms;
	return (struct expectation){ .on_time = .5, .to_ms = queue[0] % 2 * 60000 };
}

struct handling
forecast_handling(const struct forecast *forecast, const char *queue)
{
	(void)forecast;
	(void)queue;
	return (struct handling){ .mean_ms = 360000, .count = 1 };
}

void
line_say(struct line *line, const char *answer, const char *language,
    char ret_text[SPOKEN_LINE_SIZE])
{
	(void)line;
	snprintf(ret_text, SPOKEN_LINE_SIZE, "%s %zu", language,
	    strlen(answer));
}

bool
line_missed(struct line *line, const struct missed_call *missed)
{
	(void)line;
	(void)missed;
	return false;
}

void
webhooks_on_request(struct webhooks *webhooks, struct http_request *request)
{
	(void)webhooks;
	http_problem(request, 404, "not_found", NULL);
}

const struct webhook_counts *
webhooks_counts(const struct webhooks *webhooks, size_t provider)
{
	static const struct webhook_counts none;

	(void)webhooks;
	(void)provider;
	return &none;
}

/* ---- the world */

static void
end_world(void)
{
	callers_free(world.callers);
	submitter_free(world.submitter);
	api_free(world.api);
	stand_in_end();
	event_base_free(world.base);
	rmdir(world.folder);
}

static void
begin_world(void)
{
	struct api_options options = { .policy = fuzz_policy(),
		.web_dir = FUZZ_SOURCE "/web", .desk_token = "",
		.sandbox_url = "" };
	const char *error;

	log_set_level(LOG_LEVEL_ERR);
	CHECK(mkdtemp(strcpy(world.folder, "/tmp/callbackd-fuzz-XXXXXX")) !=
	    NULL);
	snprintf(world.path, sizeof(world.path), "%s/s", world.folder);
	world.base = options.base = event_base_new();
	world.store = options.store = stand_in_begin(world.base);
	world.submitter = options.submitter = submitter_new(world.store, NULL,
	    fuzz_policy());
	world.callers = options.callers = callers_new(world.store, NULL,
	    fuzz_policy());
	world.api = api_new(&options);
	api_set_ready(world.api);
	CHECK(http_server_listen_unix(api_server(world.api), world.path, 0600,
	    &error));
	snprintf(world.after.request.id, REQUEST_ID_SIZE, "r1");
	snprintf(world.after.request.queue, ID_SIZE, "info");
	world.after.request.state = REQUEST_WAITING;
	atexit(end_world);
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

/* An answer to a website is handed over as it lies in Redis. */
static void
check_answer(const char *answer, bool is_ours)
{
	const char *body = strstr(answer, "\r\n\r\n");
	bool is_json;

	CHECK(strncmp(answer, "HTTP/1.", 7) == 0 && body != NULL);
	CHECK(strncmp(answer + 8, " 500", 4) != 0);
	is_json = memmem(answer, (size_t)(body - answer), "json", 4) != NULL;
	if (is_ours && is_json && body[4] != '\0')
		CHECK(fuzz_is_json(body + 4));
}

static void
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
	if (strncmp(text, "HEAD", 4) != 0)
		check_answer(answer, strstr(text, "/v1/answers/") == NULL);
	close(fd);
	CHECK(http_server_held_count(api_server(world.api)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	static char text[TARGET_MAX + BODY_MAX + 200];
	const char *target = fuzz_line(&input), *body = fuzz_line(&input);
	const char *replies;
	size_t length;
	int written;

	if (world.base == NULL)
		begin_world();
	stand_in_set_end(fuzz_number(&input, 12), VERDICT_DONE, &world.after);
	replies = fuzz_rest(&input, &length);
	stand_in_feed(replies, length);
	if (strlen(target) < TARGET_MAX && strlen(body) < BODY_MAX) {
		written = snprintf(text, sizeof(text), "%s HTTP/1.1\r\n"
		    "Host: x\r\nConnection: close\r\n", target);
		if (strncmp(target, "P", 1) == 0)
			written += snprintf(text + written, sizeof(text) -
			    (size_t)written, "Content-Length: %zu\r\n\r\n%s",
			    strlen(body), body);
		else
			written += snprintf(text + written, sizeof(text) -
			    (size_t)written, "\r\n");
		ask(text, (size_t)written);
	}
	stand_in_renew();
	fuzz_end(&input);
	return 0;
}
