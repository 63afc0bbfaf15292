/* SPDX-License-Identifier: MIT */
/* carrier_sockets: see carrier.c on why idle connections are watched. */
#define _GNU_SOURCE     /* dup3 */
#include "daemon/carrier_sockets.h"

#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { USER_TIMEOUT_MS = 10000 };       /* unacknowledged bytes: the peer is gone */

/* What curl wants to know of one descriptor. */
struct watch {
	struct event *event;            /* made once for each number */
	uint64_t cookie;                /* of the socket that we opened; 0: none */
	short armed;                    /* what the event waits for */
	short wanted;                   /* by curl; 0: it has let it go */
	short ready;
	bool is_listed;                 /* in carrier_sockets.ready */
};

struct carrier_sockets {
	struct event_base *base;
	int ended;                      /* a socket at its end */
	struct watch *watches;  size_t watch_count;
	int *ready;  size_t ready_first, ready_count, ready_room;
};

/* ---- what is waited for */

static void
on_socket_event(evutil_socket_t fd, short what, void *context)
{
	struct carrier_sockets *sockets = context;
	struct watch *watch = &sockets->watches[fd];

	watch->ready |= what;
	if (watch->is_listed)
		return;
	if (sockets->ready_count == sockets->ready_room &&
	    sockets->ready_first > 0) {
		sockets->ready_count -= sockets->ready_first;
		memmove(sockets->ready, sockets->ready + sockets->ready_first,
		    sockets->ready_count * sizeof(*sockets->ready));
		sockets->ready_first = 0;
	}
	if (sockets->ready_count == sockets->ready_room) {
		sockets->ready_room = sockets->ready_room * 2 + 64;
		sockets->ready = realloc(sockets->ready,
		    sockets->ready_room * sizeof(*sockets->ready));
		CHECK(sockets->ready != NULL);
	}
	sockets->ready[sockets->ready_count++] = fd;
	watch->is_listed = true;
}

static struct watch *
watch_of(struct carrier_sockets *sockets, int fd)
{
	size_t count = sockets->watch_count;

	if ((size_t)fd < count)
		return &sockets->watches[fd];
	while (count <= (size_t)fd)
		count = count * 2 + 64;
	sockets->watches = realloc(sockets->watches,
	    count * sizeof(*sockets->watches));
	CHECK(sockets->watches != NULL);
	memset(sockets->watches + sockets->watch_count, 0,
	    (count - sockets->watch_count) * sizeof(*sockets->watches));
	sockets->watch_count = count;
	return &sockets->watches[fd];
}

static void
arm(struct carrier_sockets *sockets, int fd, short events)
{
	struct watch *watch = &sockets->watches[fd];

	if (watch->armed == events)
		return;
	if (watch->armed != 0)
		event_del(watch->event);
	watch->armed = events;
	if (events == 0)
		return;
	if (watch->event == NULL)
		watch->event = event_new(sockets->base, fd,
		    events | EV_PERSIST, on_socket_event, sockets);
	else
		event_assign(watch->event, sockets->base, fd,
		    events | EV_PERSIST, on_socket_event, sockets);
	CHECK(watch->event != NULL && event_add(watch->event, NULL) == 0);
}

void
carrier_socket_want(struct carrier_sockets *sockets, int fd, short what,
    bool is_kept)
{
	struct watch *watch = watch_of(sockets, fd);

	watch->wanted = what;
	watch->ready = 0;
	arm(sockets, fd, what != 0 ? what :
	    is_kept && watch->cookie != 0 ? EV_READ : 0);
}

void
carrier_socket_end(struct carrier_sockets *sockets, int fd)
{
	arm(sockets, fd, 0);
	dup3(sockets->ended, fd, O_CLOEXEC);
}

/* ---- which are opened */

static bool
is_private_four(const unsigned char *four)
{
	static const struct { unsigned char begin[2], mask[2]; } own[] = {
		{ { 0, 0 }, { 255, 0 } }, { { 10, 0 }, { 255, 0 } },
		{ { 100, 64 }, { 255, 192 } }, { { 127, 0 }, { 255, 0 } },
		{ { 169, 254 }, { 255, 255 } }, { { 172, 16 }, { 255, 240 } },
		{ { 192, 168 }, { 255, 255 } } };

	for (size_t i = 0; i < COUNT_OF(own); i++)
		if ((four[0] & own[i].mask[0]) == own[i].begin[0] &&
		    (four[1] & own[i].mask[1]) == own[i].begin[1])
			return true;
	return false;
}

bool
carrier_address_is_private(const struct sockaddr *address)
{
	/* Of networks without IPv4 (RFC 6052). */
	static const unsigned char translated[12] = { 0, 0x64, 0xff, 0x9b };
	const struct in6_addr *six;

	if (address->sa_family == AF_INET)
		return is_private_four((const unsigned char *)
		    &((const struct sockaddr_in *)address)->sin_addr);
	if (address->sa_family != AF_INET6)
		return true;
	six = &((const struct sockaddr_in6 *)address)->sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(six) || IN6_IS_ADDR_V4COMPAT(six) ||
	    memcmp(six->s6_addr, translated, sizeof(translated)) == 0)
		return is_private_four(six->s6_addr + 12);
	return IN6_IS_ADDR_LOOPBACK(six) || IN6_IS_ADDR_UNSPECIFIED(six) ||
	    IN6_IS_ADDR_LINKLOCAL(six) || IN6_IS_ADDR_SITELOCAL(six) ||
	    (six->s6_addr[0] & 0xfe) == 0xfc;
}

/* What no other socket has, also not the next with this number; 0: no socket. */
static uint64_t
socket_cookie(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) < 0)
		return 0;
	return cookie;
}

int
carrier_socket_open(struct carrier_sockets *sockets, int family, int type,
    int protocol)
{
	unsigned timeout_ms = USER_TIMEOUT_MS;
	/* Closed in children: the daemon starts a redis-server. */
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
	    sizeof(timeout_ms));
	watch_of(sockets, fd)->cookie = socket_cookie(fd);
	return fd;
}

int
carrier_socket_close(struct carrier_sockets *sockets, int fd)
{
	struct watch *watch = watch_of(sockets, fd);

	arm(sockets, fd, 0);
	watch->cookie = 0;
	watch->wanted = 0;
	watch->ready = 0;
	return close(fd);
}

bool
carrier_socket_is_ours(const struct carrier_sockets *sockets, int fd)
{
	return (size_t)fd < sockets->watch_count &&
	    sockets->watches[fd].cookie != 0;
}

/* ---- what has happened */

bool
carrier_sockets_have_news(const struct carrier_sockets *sockets)
{
	return sockets->ready_first < sockets->ready_count;
}

bool
carrier_sockets_next(struct carrier_sockets *sockets, int *ret_fd,
    short *ret_what)
{
	while (carrier_sockets_have_news(sockets)) {
		int fd = sockets->ready[sockets->ready_first++];
		struct watch *watch = &sockets->watches[fd];
		short what = watch->ready;

		watch->is_listed = false;
		watch->ready = 0;
		if (what == 0)
			continue;       /* curl changed its mind meanwhile */
		if (watch->wanted == 0) {
			arm(sockets, fd, 0);
			if (socket_cookie(fd) == watch->cookie)
				carrier_socket_end(sockets, fd);
			continue;
		}
		*ret_fd = fd;
		*ret_what = what;
		return true;
	}
	sockets->ready_first = 0;
	sockets->ready_count = 0;
	return false;
}

/* ---- the module */

static int
make_ended(void)
{
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    pair) == 0);
	close(pair[1]);
	return pair[0];
}

struct carrier_sockets *
carrier_sockets_new(struct event_base *base)
{
	struct carrier_sockets *sockets = calloc(1, sizeof(*sockets));

	CHECK(sockets != NULL);
	sockets->base = base;
	sockets->ended = make_ended();
	return sockets;
}

void
carrier_sockets_free(struct carrier_sockets *sockets)
{
	for (size_t i = 0; i < sockets->watch_count; i++) {
		if (sockets->watches[i].event != NULL)
			event_free(sockets->watches[i].event);
	}
	close(sockets->ended);
	free(sockets->watches);
	free(sockets->ready);
	free(sockets);
}
