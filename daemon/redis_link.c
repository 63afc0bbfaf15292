/* SPDX-License-Identifier: MIT */
/*
 * The life of the connection: one timer, one way down, one way up. The timer
 * stands at the first moment at which anything can be due and looks again, so
 * that a send costs no timer of its own.
 */
#include "daemon/redis_link_internal.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>

#include "daemon/clock.h"
#include "daemon/resp.h"
#include "lib/text.h"

enum {
	BACKOFF_FIRST_MS = 8,
	STEADY_MS = 1000,	/* up for that long: the next loss is a new one */
	STALL_MS = 100,		/* the timer was later than that: so were we */
	STALL_GRACE_MS = 50,
	SLOW_GRACE_MS = 2000,
	OUR_OWN_MAX = 64,	/* greetings, pings, scripts: all at once */
};

_Static_assert(REDIS_LINK_SCRIPT_MAX + REDIS_LINK_CHANNEL_MAX + 4 <= OUR_OWN_MAX,
    "greetings fit in the room kept for them");

static void
on_timer(evutil_socket_t fd, short what, void *context);

static void
on_readable(struct bufferevent *socket, void *context);

static void
on_socket_event(struct bufferevent *socket, short what, void *context);

static void
set_timer(struct redis_link *link, int64_t at_ms);

static void
begin_attempt(struct redis_link *link);

static void
check_deadlines(struct redis_link *link, int64_t now_ms);

static void
give_up(struct redis_link *link, int64_t now_ms, const char *why);

static void
drop_connection(struct redis_link *link);

static uint64_t
sent_bytes(const struct redis_link *link);

static void
plan_attempt(struct redis_link *link);

static void
enter(struct redis_link *link);

static void
leave(struct redis_link *link);

struct redis_link_limits
redis_link_default_limits(void)
{
	return (struct redis_link_limits){
		.queue_max = 16384,
		.output_max = 16 << 20,
		.reply_max = 64 << 20,
		.connect_ms = 1000,
		.ping_ms = 800,
		.pong_ms = 1000,
		.backoff_ms = 300,
	};
}

struct redis_link *
redis_link_new(struct event_base *base, const struct redis_address *address,
    const char *client_name, const struct redis_link_limits *limits,
    void *context, redis_on_state *on_state)
{
	struct redis_link *link = calloc(1, sizeof(*link));

	CHECK(link != NULL);
	link->base = base;
	link->address = *address;
	link->limits = *limits;
	link->context = context;
	link->on_state = on_state;
	snprintf(link->client_name, sizeof(link->client_name), "%s",
	    client_name);
	redis_queue_init(&link->queue, limits->queue_max + OUR_OWN_MAX);
	link->timer = evtimer_new(base, on_timer, link);
	CHECK(link->timer != NULL);
	link->attempt_at_ms = clock_monotonic_ms();
	redis_link_arm(link);
	return link;
}

void
redis_link_free(struct redis_link *link)
{
	if (link == NULL)
		return;
	drop_connection(link);
	link->is_freed = true;
	if (link->handler_depth > 0)
		return;
	event_free(link->timer);
	redis_queue_fini(&link->queue);
	SSL_CTX_free(link->tls);
	free(link);
}

bool
redis_link_is_up(const struct redis_link *link)
{
	return link->state == LINK_UP;
}

size_t
redis_link_pending(const struct redis_link *link)
{
	return link->own_count;
}

void
redis_link_arm(struct redis_link *link)
{
	int64_t at_ms = 0;

	switch (link->state) {
	case LINK_DOWN:
		at_ms = link->attempt_at_ms;
		break;
	case LINK_CONNECTING:
	case LINK_GREETING:
		at_ms = link->give_up_at_ms;
		break;
	case LINK_UP:
		at_ms = link->ping_at_ms < link->deadline_at_ms ?
		    link->ping_at_ms : link->deadline_at_ms;
		break;
	}
	set_timer(link, at_ms);
}

static void
make_ascii(char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text > 0x7f)
			*text = '?';
	}
}

void
redis_link_fail(struct redis_link *link, const char *why)
{
	char reason[REDIS_SOCKET_WHY_SIZE];
	uint64_t sent = sent_bytes(link);

	/* It may lie in what is about to be freed; and it may be anybody's words. */
	snprintf(reason, sizeof(reason), "%s", why);
	text_cut_whole(reason);
	if (!text_is_utf8(reason, strlen(reason)))
		make_ascii(reason);
	text_clean(reason, false);
	if (reason[0] == '\0')
		strcpy(reason, "the connection failed");
	drop_connection(link);
	plan_attempt(link);
	redis_talk_end_all(link, sent);
	if (link->is_freed || strcmp(link->told_why, reason) == 0)
		return;
	strcpy(link->told_why, reason);
	link->on_state(link->context, false, reason);
}

void
redis_link_came_up(struct redis_link *link)
{
	link->state = LINK_UP;
	link->up_at_ms = clock_monotonic_ms();
	link->heard_at_ms = link->up_at_ms;
	link->ping_at_ms = link->up_at_ms + link->limits.ping_ms;
	link->deadline_at_ms = redis_queue_deadline_at_ms(&link->queue);
	link->grace_until_ms = 0;
	link->told_why[0] = '\0';
	redis_link_arm(link);
	link->on_state(link->context, true, NULL);
}

static void
on_timer(evutil_socket_t fd, short what, void *context)
{
	struct redis_link *link = context;
	int64_t now_ms = clock_monotonic_ms();
	bool is_late = now_ms > link->timer_at_ms + STALL_MS;

	(void)fd;
	(void)what;
	/*
	 * When this process itself stood still, Redis may have as well: once,
	 * let it answer before the clock is the judge.
	 */
	if (is_late && !link->had_grace) {
		link->had_grace = true;
		set_timer(link, now_ms + STALL_GRACE_MS);
		return;
	}
	link->had_grace = false;
	enter(link);
	switch (link->state) {
	case LINK_DOWN:
		if (now_ms >= link->attempt_at_ms)
			begin_attempt(link);
		break;
	case LINK_CONNECTING:
	case LINK_GREETING:
		if (now_ms >= link->give_up_at_ms)
			give_up(link, now_ms, link->state == LINK_CONNECTING ?
			    "no connection in time" : "no greeting in time");
		break;
	case LINK_UP:
		check_deadlines(link, now_ms);
		break;
	}
	if (!link->is_freed)
		redis_link_arm(link);
	leave(link);
}

static void
on_readable(struct bufferevent *socket, void *context)
{
	struct redis_link *link = context;
	struct evbuffer *input = bufferevent_get_input(socket);
	struct redisReply *reply;

	enter(link);
	link->heard_at_ms = clock_monotonic_ms();
	/* Each reply may be the one that ends this connection. */
	while (link->socket == socket && evbuffer_get_length(input) > 0) {
		struct evbuffer_iovec piece;

		evbuffer_peek(input, RESP_FEED_MAX, NULL, &piece, 1);
		if (piece.iov_len > RESP_FEED_MAX)
			piece.iov_len = RESP_FEED_MAX;
		if (!resp_reader_feed(link->reader, piece.iov_base,
		    piece.iov_len)) {
			redis_link_fail(link, resp_reader_error(link->reader));
			break;
		}
		evbuffer_drain(input, piece.iov_len);
		do {
			if (!resp_reader_next(link->reader, &reply)) {
				redis_link_fail(link,
				    resp_reader_error(link->reader));
				break;
			}
			if (reply == NULL)
				break;
			redis_talk_take_reply(link, reply);
			freeReplyObject(reply);
		} while (link->socket == socket);
	}
	leave(link);
}

static void
on_socket_event(struct bufferevent *socket, short what, void *context)
{
	struct redis_link *link = context;
	char why[REDIS_SOCKET_WHY_SIZE];

	enter(link);
	if ((what & BEV_EVENT_CONNECTED) != 0) {
		link->state = LINK_GREETING;
		redis_talk_greet(link);
	} else {
		redis_socket_why(socket, what, why);
		redis_link_fail(link, why);
	}
	leave(link);
}

static void
set_timer(struct redis_link *link, int64_t at_ms)
{
	int64_t wait_ms = at_ms - clock_monotonic_ms();
	struct timeval wait;

	if (wait_ms < 0)
		wait_ms = 0;
	wait.tv_sec = wait_ms / 1000;
	wait.tv_usec = wait_ms % 1000 * 1000;
	link->timer_at_ms = at_ms;
	CHECK(evtimer_add(link->timer, &wait) == 0);
}

static void
begin_attempt(struct redis_link *link)
{
	char why[REDIS_SOCKET_WHY_SIZE];
	struct bufferevent *socket = redis_socket_new(link->base,
	    &link->address, &link->tls, why);

	if (socket == NULL) {
		redis_link_fail(link, why);
		return;
	}
	link->state = LINK_CONNECTING;
	link->socket = socket;
	link->reader = resp_reader_new(link->limits.reply_max);
	link->put_bytes = 0;
	link->give_up_at_ms = clock_monotonic_ms() + link->limits.connect_ms;
	bufferevent_setcb(socket, on_readable, NULL, on_socket_event, link);
	bufferevent_enable(socket, EV_READ | EV_WRITE);
	/* Its handler may have run, and then the failure is told already. */
	if (!redis_socket_connect(socket, &link->address, why) &&
	    link->socket == socket)
		redis_link_fail(link, why);
}

static void
check_deadlines(struct redis_link *link, int64_t now_ms)
{
	if (now_ms >= link->deadline_at_ms) {
		link->deadline_at_ms = redis_queue_deadline_at_ms(&link->queue);
		if (now_ms >= link->deadline_at_ms) {
			give_up(link, now_ms, "no reply in time");
			return;
		}
		link->grace_until_ms = 0;
	}
	if (now_ms < link->ping_at_ms)
		return;
	link->ping_at_ms = now_ms + link->limits.ping_ms;
	if (link->queue.count > 0)
		return;
	if (now_ms - link->heard_at_ms >= link->limits.ping_ms)
		redis_talk_ping(link);
	else
		link->ping_at_ms = link->heard_at_ms + link->limits.ping_ms;
}

/*
 * While bytes wait to be read, it is we who are slow: for a while, read on. The
 * timer comes again after the next read.
 */
static void
give_up(struct redis_link *link, int64_t now_ms, const char *why)
{
	int fd = bufferevent_getfd(link->socket), unread = 0;

	if (link->grace_until_ms == 0)
		link->grace_until_ms = now_ms + SLOW_GRACE_MS;
	if (now_ms < link->grace_until_ms && fd >= 0 &&
	    ioctl(fd, FIONREAD, &unread) == 0 && unread > 0)
		return;
	redis_link_fail(link, why);
}

static void
drop_connection(struct redis_link *link)
{
	link->grace_until_ms = 0;
	link->state = LINK_DOWN;
	if (link->socket != NULL)
		bufferevent_free(link->socket);
	link->socket = NULL;
	resp_reader_free(link->reader);
	link->reader = NULL;
}

/*
 * How much of the output may have left. What is still in the buffer has not,
 * except that TLS may have sent records of the piece it is working on before
 * it counts any of it.
 */
static uint64_t
sent_bytes(const struct redis_link *link)
{
	struct evbuffer *output;

	if (link->socket == NULL)
		return 0;
	output = bufferevent_get_output(link->socket);
	return link->put_bytes - evbuffer_get_length(output) +
	    (link->address.is_tls ? evbuffer_get_contiguous_space(output) : 0);
}

/* Exponential, with full jitter: many daemons come back spread out. */
static void
plan_attempt(struct redis_link *link)
{
	int64_t now_ms = clock_monotonic_ms(), cap_ms;
	uint32_t noise = 0;

	if (link->up_at_ms != 0 && now_ms - link->up_at_ms >= STEADY_MS)
		link->attempt_count = 0;
	link->up_at_ms = 0;
	cap_ms = (int64_t)BACKOFF_FIRST_MS << link->attempt_count;
	if (cap_ms > link->limits.backoff_ms)
		cap_ms = link->limits.backoff_ms;
	else
		link->attempt_count++;
	/* Without noise they are merely not spread. */
	if (getrandom(&noise, sizeof(noise), GRND_NONBLOCK) < 0)
		noise = (uint32_t)now_ms;
	link->attempt_at_ms = now_ms + 1 + noise % cap_ms;
	redis_link_arm(link);
}

static void
enter(struct redis_link *link)
{
	link->handler_depth++;
}

static void
leave(struct redis_link *link)
{
	link->handler_depth--;
	if (link->is_freed && link->handler_depth == 0)
		redis_link_free(link);
}
