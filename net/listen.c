/* SPDX-License-Identifier: MIT */
/*
 * Listening sockets as evhttp takes them: non-blocking, closed on exec.
 */
#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BACKLOG = 1024,
	OPTIONS = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
};

static bool
clear_the_way(const struct sockaddr_un *name, const char **ret_error);

static bool
is_answered(const struct sockaddr_un *name);

static bool
bind_with_mode(int fd, const struct sockaddr_un *name, unsigned mode);

struct evconnlistener *
listen_tcp(struct event_base *base, const char *address, int port,
    const char **ret_error)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	const struct sockaddr *name;
	struct evconnlistener *listener;
	int length;

	if (port < 0 || port > 65535) {
		*ret_error = "a port is 0 to 65535";
		return NULL;
	}
	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
		v4.sin_port = htons((uint16_t)port);
		name = (const struct sockaddr *)&v4;
		length = sizeof(v4);
	} else if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1) {
		v6.sin6_port = htons((uint16_t)port);
		name = (const struct sockaddr *)&v6;
		length = sizeof(v6);
	} else {
		*ret_error = "not a numeric IPv4 or IPv6 address";
		return NULL;
	}
	listener = evconnlistener_new_bind(base, NULL, NULL,
	    OPTIONS | LEV_OPT_REUSEABLE | (name->sa_family == AF_INET6 ?
	    LEV_OPT_BIND_IPV6ONLY : 0), BACKLOG, name, length);
	if (listener == NULL)
		*ret_error = strerror(errno);
	return listener;
}

int
listen_port(struct evconnlistener *listener)
{
	struct sockaddr_storage name;
	socklen_t length = sizeof(name);

	if (getsockname(evconnlistener_get_fd(listener),
	    (struct sockaddr *)&name, &length) != 0)
		return 0;
	if (name.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&name)->sin6_port);
	return ntohs(((struct sockaddr_in *)&name)->sin_port);
}

struct evconnlistener *
listen_unix(struct event_base *base, const char *path, unsigned mode,
    const char **ret_error)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct evconnlistener *listener;
	int fd;

	if (path[0] == '\0' || strlen(path) >= sizeof(name.sun_path)) {
		*ret_error = "a socket path is 1 to 107 bytes";
		return NULL;
	}
	strcpy(name.sun_path, path);
	if (!clear_the_way(&name, ret_error))
		return NULL;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || !bind_with_mode(fd, &name, mode)) {
		*ret_error = strerror(errno);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	listener = evconnlistener_new(base, NULL, NULL, OPTIONS, BACKLOG, fd);
	if (listener == NULL) {
		*ret_error = strerror(errno);
		close(fd);
		unlink(path);
	}
	return listener;
}

static bool
clear_the_way(const struct sockaddr_un *name, const char **ret_error)
{
	struct stat found;

	if (lstat(name->sun_path, &found) != 0) {
		if (errno == ENOENT)
			return true;
		*ret_error = strerror(errno);
		return false;
	}
	if (!S_ISSOCK(found.st_mode)) {
		*ret_error = "in the way is a file that is not a socket";
		return false;
	}
	if (is_answered(name)) {
		*ret_error = "another process listens there";
		return false;
	}
	if (unlink(name->sun_path) != 0) {
		*ret_error = strerror(errno);
		return false;
	}
	return true;
}

/* Only a refused connection proves that nobody listens. */
static bool
is_answered(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool refused;

	if (fd < 0)
		return true;
	refused = connect(fd, (const struct sockaddr *)name,
	    sizeof(*name)) != 0 && errno == ECONNREFUSED;
	close(fd);
	return !refused;
}

/* Never wider than `mode`, not even between bind and chmod. */
static bool
bind_with_mode(int fd, const struct sockaddr_un *name, unsigned mode)
{
	mode_t before = umask(0777);
	bool ok = bind(fd, (const struct sockaddr *)name, sizeof(*name)) == 0;
	int saved = errno;

	umask(before);
	if (ok && chmod(name->sun_path, (mode_t)(mode & 0777)) != 0) {
		saved = errno;
		unlink(name->sun_path);
		ok = false;
	}
	errno = saved;
	return ok;
}
