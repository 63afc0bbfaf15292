/* SPDX-License-Identifier: MIT */
/*
 * redis: who we are (bits: with a password, with a database, a script, a
 * subscriber), how it comes in pieces, how many commands are sent while the link is
 * up; then what a server says that need not be Redis. The link is the daemon's own,
 * over a real socket. Commands end once and in order (but a script that is sent
 * again), none is answered before the link is up, and none is left when it goes
 * down.
 */
#define _GNU_SOURCE     /* accept4 */
#include "daemon/redis_link.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

enum { WITH_PASSWORD = 1, WITH_DATABASE = 2, WITH_SCRIPT = 4, SUBSCRIBER = 8,
	COMMANDS_MAX = 32, CHANNELS = 2, ROUNDS_MAX = 50 };

static struct {
	struct redis_address address;
	char folder[64];
	int listener;
} world = { .listener = -1 };

/* One link and what it has told. */
struct told {
	struct redis_link *link;
	bool is_up;
	uint64_t sent, ended, ups;
	bool has_ended[COMMANDS_MAX];
	int script;
};

static void
end_world(void)
{
	close(world.listener);
	unlink(world.address.host);
	rmdir(world.folder);
}

static void
begin_world(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	signal(SIGPIPE, SIG_IGN);
	CHECK(mkdtemp(strcpy(world.folder, "/tmp/callbackd-fuzz-XXXXXX")) !=
	    NULL);
	snprintf(world.address.host, sizeof(world.address.host), "%s/s",
	    world.folder);
	world.address.is_unix = true;
	world.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	CHECK(world.listener >= 0);
	snprintf(name.sun_path, sizeof(name.sun_path), "%.100s",
	    world.address.host);
	CHECK(bind(world.listener, (struct sockaddr *)&name, sizeof(name)) == 0);
	CHECK(listen(world.listener, 8) == 0);
	atexit(end_world);
}

static void
on_state(void *context, bool is_up, const char *why)
{
	struct told *told = context;

	CHECK(is_up == (why == NULL));
	CHECK(!is_up || !told->is_up);
	CHECK(told->ended == told->sent);
	CHECK(why == NULL || fuzz_is_clean(why, false));
	told->is_up = is_up;
	told->ups += is_up;
}

static void
on_message(void *context, const char *channel, const char *payload)
{
	struct told *told = context;

	CHECK(strcmp(channel, "news") == 0 || strcmp(channel, "more") == 0);
	CHECK(payload != NULL && told->link != NULL);
}

/* Every second one is, where there is a script. */
static bool
is_script(const struct told *told, uint64_t tag)
{
	return told->script >= 0 && tag % 2 == 1;
}

static void
on_reply(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct told *told = context;

	CHECK((end == REDIS_REPLY) == (reply != NULL));
	CHECK(tag < told->sent && !told->has_ended[tag]);
	CHECK(end != REDIS_REPLY || told->ups > 0);
	for (uint64_t i = 0; i < tag; i++)
		CHECK(told->has_ended[i] || is_script(told, i));
	told->has_ended[tag] = true;
	told->ended++;
}

static void
send_some(struct told *told, size_t most)
{
	static const char *const get[] = { "GET", "a" };
	static const char *const eval[] = { "0" };
	bool is_sent;

	if (told->sent >= most || !redis_link_is_up(told->link))
		return;
	if (is_script(told, told->sent))
		is_sent = redis_link_eval(told->link, told->script, 1, eval,
		    NULL, 5000, on_reply, told, told->sent);
	else
		is_sent = redis_link_send(told->link, 2, get, NULL, 5000,
		    on_reply, told, told->sent);
	told->sent += is_sent;
}

/* What the link has written is of no concern here. */
static void
drain(int fd)
{
	char bytes[4096];

	while (recv(fd, bytes, sizeof(bytes), 0) > 0)
		continue;
}

static int
accept_link(struct event_base *base)
{
	for (int i = 0; i < ROUNDS_MAX; i++) {
		int fd;

		event_base_loop(base, EVLOOP_NONBLOCK);
		fd = accept4(world.listener, NULL, NULL, SOCK_NONBLOCK);
		if (fd >= 0)
			return fd;
	}
	CHECK(!"the link connects");
	return -1;
}

/* It comes back at once, the first time: to nobody. */
static void
refuse_others(void)
{
	for (int fd; (fd = accept(world.listener, NULL, NULL)) >= 0; )
		close(fd);
}

static struct redis_link *
open_link(struct event_base *base, size_t bits, struct told *told)
{
	struct redis_link_limits limits = redis_link_default_limits();
	struct redis_address address = world.address;

	limits.reply_max = 16384;
	if ((bits & WITH_PASSWORD) != 0)
		snprintf(address.password, sizeof(address.password), "secret");
	if ((bits & WITH_DATABASE) != 0)
		address.database = 3;
	told->link = redis_link_new(base, &address, "fuzz", &limits, told,
	    on_state);
	if ((bits & WITH_SCRIPT) != 0)
		told->script = redis_link_add_script(told->link, "commit",
		    "return 1");
	if ((bits & SUBSCRIBER) != 0)
		CHECK(redis_link_subscribe(told->link, "news", on_message) &&
		    redis_link_subscribe(told->link, "more", on_message));
	return told->link;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	size_t bits = fuzz_number(&input, 16);
	size_t piece = 1 + fuzz_number(&input, 256);
	size_t most = fuzz_number(&input, COMMANDS_MAX + 1), length;
	const char *bytes = fuzz_rest(&input, &length);
	struct event_base *base = event_base_new();
	struct told told = { .script = -1 };
	int fd;

	if (world.listener < 0)
		begin_world();
	open_link(base, bits, &told);
	fd = accept_link(base);
	for (size_t at = 0; at < length; at += piece) {
		size_t next = length - at < piece ? length - at : piece;

		if (send(fd, bytes + at, next, MSG_NOSIGNAL) < 0)
			break;
		event_base_loop(base, EVLOOP_NONBLOCK);
		CHECK(told.is_up == redis_link_is_up(told.link));
		CHECK(redis_link_pending(told.link) == told.sent - told.ended);
		send_some(&told, most);
		drain(fd);
	}
	close(fd);
	for (int i = 0; i < ROUNDS_MAX && redis_link_is_up(told.link); i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(!redis_link_is_up(told.link) && told.ended == told.sent);
	redis_link_free(told.link);
	event_base_free(base);
	refuse_others();
	fuzz_end(&input);
	return 0;
}
