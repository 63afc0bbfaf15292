/* SPDX-License-Identifier: MIT */
/*
 * api: what is asked over the control socket, and what Redis says meanwhile:
 * lines: method and target, JSON body, how the engine ends; then Redis's replies
 * in order. Routes, bodies, look-ups and answers are the daemon's own; Redis's
 * link, the engine, the matcher and the telephones are stood in for here. Every
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
#include "daemon/resp.h"
#include "lib/text.h"
#include "tests/fuzz/fuzz.h"

enum { PENDING_MAX = 512, ROUNDS_MAX = 200, ANSWER_MAX = 4 << 20,
	TARGET_MAX = 2000, BODY_MAX = 8000 };

/* A command without a reply, or an order without a result. */
struct pending {
	redis_on_reply *on_reply;       /* NULL: an order */
	engine_on_result *on_result;
	void *context;
	uint64_t tag;
};

static struct {
	struct event_base *base;
	struct store *store;
	struct submitter *submitter;
	struct callers *callers;
	struct api *api;
	char folder[64], path[108];
	redis_on_state *on_state;
	void *state_context;
	struct pending pending[PENDING_MAX];
	size_t pending_count;
	struct resp_reader *replies;
	size_t engine_end;
	struct situation after;
} world;

/* ---- Redis's link */

struct redis_link_limits
redis_link_default_limits(void)
{
	return (struct redis_link_limits){ .queue_max = PENDING_MAX };
}

struct redis_link *
redis_link_new(struct event_base *base, const struct redis_address *address,
    const char *client_name, const struct redis_link_limits *limits,
    void *context, redis_on_state *on_state)
{
	(void)base;
	(void)address;
	(void)client_name;
	(void)limits;
	world.on_state = on_state;
	world.state_context = context;
	return (struct redis_link *)&world;
}

void
redis_link_free(struct redis_link *link)
{
	(void)link;
}

bool
redis_link_is_up(const struct redis_link *link)
{
	(void)link;
	return true;
}

size_t
redis_link_pending(const struct redis_link *link)
{
	(void)link;
	return world.pending_count;
}

static bool
add_pending(struct pending pending)
{
	if (world.pending_count == PENDING_MAX)
		return false;
	world.pending[world.pending_count++] = pending;
	return true;
}

bool
redis_link_send(struct redis_link *link, int argc, const char *const *argv,
    const size_t *argv_length, int64_t deadline_ms, redis_on_reply *on_reply,
    void *context, uint64_t tag)
{
	struct resp_command command = { .argc = argc, .argv = argv,
		.argv_length = argv_length };

	(void)link;
	(void)deadline_ms;
	CHECK(argc > 0 && resp_size(&command) > 0);
	return add_pending((struct pending){ on_reply, NULL, context, tag });
}

int
redis_link_add_script(struct redis_link *link, const char *name,
    const char *body)
{
	(void)link;
	(void)name;
	(void)body;
	return 0;
}

bool
redis_link_eval(struct redis_link *link, int script, int argc,
    const char *const *argv, const size_t *argv_length, int64_t deadline_ms,
    redis_on_reply *on_reply, void *context, uint64_t tag)
{
	(void)script;
	return redis_link_send(link, argc, argv, argv_length, deadline_ms,
	    on_reply, context, tag);
}

/* ---- the engine, and whoever else is asked */

bool
engine_post(struct engine *engine, const struct engine_order *order)
{
	const struct event *event = &order->event;
	char key[KEY_SIZE];

	(void)engine;
	CHECK(event->kind > EVENT_NONE && event->kind < EVENT_COUNT);
	record_key(&event->to, key);
	CHECK(event->progress < PROGRESS_COUNT);
	CHECK(event->outcome < OUTCOME_COUNT && event->status < STATUS_COUNT);
	CHECK(memchr(event->by, '\0', sizeof(event->by)) != NULL);
	CHECK(memchr(event->reason, '\0', sizeof(event->reason)) != NULL);
	CHECK(event->at_ms >= 0);
	if (event->note != NULL)
		CHECK(strlen(event->note) < NOTE_SIZE &&
		    text_is_utf8(event->note, strlen(event->note)));
	if (order->on_result == NULL)
		return true;
	return add_pending((struct pending){ NULL, order->on_result,
		order->context, order->tag });
}

bool
engine_refuse(struct engine *engine, const char *take_index,
    const char *take_member, size_t take_length, const char *const *rejected,
    const char *answer_id, const char *answer, engine_on_result *on_result,
    void *context, uint64_t tag)
{
	(void)engine;
	(void)take_index;
	(void)take_member;
	(void)take_length;
	(void)answer_id;
	for (size_t i = 0; rejected[i] != NULL; i++)
		CHECK(text_is_utf8(rejected[i], strlen(rejected[i])));
	CHECK(answer == NULL || fuzz_is_json(answer));
	return on_result == NULL ||
	    add_pending((struct pending){ NULL, on_result, context, tag });
}

bool
engine_list(struct engine *engine, const struct engine_listing *listing,
    engine_on_result *on_result, void *context, uint64_t tag)
{
	(void)engine;
	CHECK(listing != NULL);
	return on_result == NULL ||
	    add_pending((struct pending){ NULL, on_result, context, tag });
}

void
engine_fresh_id(struct engine *engine, char ret_id[REQUEST_ID_SIZE])
{
	(void)engine;
	snprintf(ret_id, REQUEST_ID_SIZE, "abcdefgh12345678");
}

size_t
engine_free_slots(const struct engine *engine)
{
	(void)engine;
	return 5;
}

size_t
engine_in_hand(const struct engine *engine)
{
	(void)engine;
	return 0;
}

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
	return add_pending((struct pending){ NULL, on_result, context, tag });
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

/* ---- what comes back */

static struct redisReply *
next_reply(void)
{
	struct redisReply *reply = NULL;

	if (!resp_reader_next(world.replies, &reply)) {
		/* What cannot be read ends all that would be read. */
		resp_reader_free(world.replies);
		world.replies = resp_reader_new(BODY_MAX);
		reply = NULL;
	}
	return reply;
}

static void
end_order(const struct pending *pending)
{
	struct engine_result result = {
		.end = (enum engine_end)(world.engine_end % 6), .reason = "",
		.key = "", .owner = "" };

	if (world.engine_end >= 6 && result.end == ENGINE_DONE)
		result.reason = "outside_hours";
	if (result.end == ENGINE_DONE || result.end == ENGINE_NO_ROW)
		result.after = &world.after;
	pending->on_result(pending->context, pending->tag, &result);
}

static void
end_one(void)
{
	struct pending pending = world.pending[0];
	struct redisReply *reply;

	world.pending_count--;
	memmove(&world.pending[0], &world.pending[1],
	    world.pending_count * sizeof(pending));
	if (pending.on_reply == NULL) {
		end_order(&pending);
		return;
	}
	reply = next_reply();
	pending.on_reply(pending.context, pending.tag,
	    reply != NULL ? REDIS_REPLY : REDIS_LOST, reply);
	if (reply != NULL)
		freeReplyObject(reply);
}

/* ---- the world */

static void
end_world(void)
{
	callers_free(world.callers);
	submitter_free(world.submitter);
	api_free(world.api);
	store_free(world.store);
	resp_reader_free(world.replies);
	event_base_free(world.base);
	rmdir(world.folder);
}

static void
on_store_state(void *context, bool is_up, const char *why)
{
	(void)context;
	(void)is_up;
	(void)why;
}

static void
feed(const char *bytes, size_t length)
{
	for (size_t at = 0; at < length; at += RESP_FEED_MAX) {
		size_t next = length - at < RESP_FEED_MAX ? length - at :
		    RESP_FEED_MAX;

		if (!resp_reader_feed(world.replies, bytes + at, next))
			return;
	}
}

static void
begin_world(void)
{
	static const char now[] = "*2\r\n$10\r\n1795448400\r\n$1\r\n0\r\n";
	static const struct redis_address address;
	struct api_options options = { .policy = fuzz_policy(),
		.web_dir = FUZZ_SOURCE "/web", .desk_token = "",
		.sandbox_url = "" };
	const char *error;

	log_set_level(LOG_LEVEL_ERR);
	CHECK(mkdtemp(strcpy(world.folder, "/tmp/callbackd-fuzz-XXXXXX")) !=
	    NULL);
	snprintf(world.path, sizeof(world.path), "%s/s", world.folder);
	world.base = options.base = event_base_new();
	world.replies = resp_reader_new(BODY_MAX);
	world.store = options.store = store_new(world.base, &address, "shop",
	    NULL, on_store_state);
	world.on_state(world.state_context, true, NULL);
	feed(now, sizeof(now) - 1);
	while (world.pending_count > 0)
		end_one();
	CHECK(store_is_up(world.store));
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
		while (world.pending_count > 0)
			end_one();
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
	world.engine_end = fuzz_number(&input, 12);
	replies = fuzz_rest(&input, &length);
	feed(replies, length);
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
	resp_reader_free(world.replies);
	world.replies = resp_reader_new(BODY_MAX);
	fuzz_end(&input);
	return 0;
}
