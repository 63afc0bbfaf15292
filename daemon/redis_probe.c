/* SPDX-License-Identifier: MIT */
/*
 * The socket never blocks by itself; poll does, for as long as it may.
 */
#define _GNU_SOURCE	/* struct ucred */
#include "daemon/redis_probe.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/resp.h"

enum { REPLY_MAX = 1 << 20 };

static bool
is_ready(int fd, short events, int64_t until_ms);

static bool
send_all(int fd, const char *bytes, size_t length, int64_t until_ms);

static struct redisReply *
read_reply(int fd, int64_t until_ms);

int
redis_probe_open(const char *path, pid_t *ret_pid)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct ucred peer;
	socklen_t length = sizeof(peer);
	int fd;

	if (strlen(path) >= sizeof(name.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(name.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&name, sizeof(name)) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
		int kept = errno;

		close(fd);
		errno = kept;
		return -1;
	}
	*ret_pid = peer.pid;
	return fd;
}

struct redisReply *
redis_probe_ask(int fd, int argc, const char *const *argv, int timeout_ms)
{
	const struct resp_command command = { .argc = argc, .argv = argv };
	size_t size = resp_size(&command);
	int64_t until_ms = clock_monotonic_ms() + timeout_ms;
	char *bytes = malloc(size);
	bool is_sent;

	CHECK(bytes != NULL);
	resp_write(bytes, &command);
	is_sent = send_all(fd, bytes, size, until_ms);
	free(bytes);
	return is_sent ? read_reply(fd, until_ms) : NULL;
}

static bool
is_ready(int fd, short events, int64_t until_ms)
{
	struct pollfd wait = { .fd = fd, .events = events };
	int64_t left_ms;
	int count;

	do {
		left_ms = until_ms - clock_monotonic_ms();
		count = poll(&wait, 1, left_ms > 0 ? (int)left_ms : 0);
	} while (count < 0 && errno == EINTR);
	return count > 0;
}

static bool
send_all(int fd, const char *bytes, size_t length, int64_t until_ms)
{
	while (length > 0) {
		ssize_t count = send(fd, bytes, length, MSG_NOSIGNAL);

		if (count > 0) {
			bytes += count;
			length -= (size_t)count;
		} else if (errno != EINTR && (errno != EAGAIN ||
		    !is_ready(fd, POLLOUT, until_ms))) {
			return false;
		}
	}
	return true;
}

static struct redisReply *
read_reply(int fd, int64_t until_ms)
{
	struct resp_reader *reader = resp_reader_new(REPLY_MAX);
	struct redisReply *reply = NULL;
	char bytes[4096];

	while (reply == NULL && is_ready(fd, POLLIN, until_ms)) {
		ssize_t count = recv(fd, bytes, sizeof(bytes), 0);

		if (count < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (count <= 0 ||
		    !resp_reader_feed(reader, bytes, (size_t)count) ||
		    !resp_reader_next(reader, &reply))
			break;
	}
	resp_reader_free(reader);
	return reply;
}
