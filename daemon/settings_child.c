/* SPDX-License-Identifier: MIT */
/*
 * settings_child: parses a text in a process of its own first. libconfig's
 * scanner calls exit() on what it cannot handle, and a daemon that reloads must
 * survive its configuration. The child hands over its list of errors as it
 * lies in memory, which is smaller than what a pipe holds.
 */
#include "daemon/settings_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TRY_MS = 5000 };

_Static_assert(sizeof(struct settings_errors) <= 64 * 1024, "fits a pipe");

static void run_child(struct settings_reading *reading, const char *text,
    int fd) __attribute__((noreturn));
static bool read_errors(int fd, struct settings_errors *ret_errors);
static int64_t now_ms(void);

bool
settings_try(struct settings_reading *reading, const char *text)
{
	struct settings_errors *errors = reading->errors;
	int fds[2], status = 0;
	bool is_whole;
	pid_t pid, ended;

	if (pipe(fds) != 0) {
		settings_error_at(reading, 0, NULL, "no pipe: %s",
		    strerror(errno));
		return false;
	}
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		run_child(reading, text, fds[1]);
	}
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		settings_error_at(reading, 0, NULL, "no process: %s",
		    strerror(errno));
		return false;
	}
	is_whole = read_errors(fds[0], errors);
	close(fds[0]);
	if (!is_whole)
		kill(pid, SIGKILL);
	do {
		ended = waitpid(pid, &status, 0);
	} while (ended < 0 && errno == EINTR);
	if (!is_whole) {
		*errors = (struct settings_errors){ .count = 0 };
		settings_error_at(reading, 0, NULL, "cannot be parsed: it ends "
		    "or stops the parser");
	}
	return errors->count == 0;
}

static void
run_child(struct settings_reading *reading, const char *text, int fd)
{
	const char *from = (const char *)reading->errors;
	size_t left = sizeof(*reading->errors);

	/* The program's own handlers are not for this process. */
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_IGN);
	settings_read(reading, text);
	while (left > 0) {
		ssize_t written = write(fd, from, left);

		if (written < 0 && errno != EINTR)
			_exit(1);
		if (written > 0) {
			from += written;
			left -= (size_t)written;
		}
	}
	_exit(0);
}

/* False: not all of it came in time, or it cannot be right. */
static bool
read_errors(int fd, struct settings_errors *ret_errors)
{
	struct settings_errors errors;
	int64_t end_ms = now_ms() + TRY_MS;
	char *to = (char *)&errors;
	size_t left = sizeof(errors);

	while (left > 0) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		int64_t wait_ms = end_ms - now_ms();
		ssize_t count;

		if (wait_ms <= 0)
			return false;
		if (poll(&poll_fd, 1, (int)wait_ms) < 0 && errno != EINTR)
			return false;
		if (poll_fd.revents == 0)
			continue;
		count = read(fd, to, left);
		if (count == 0 || (count < 0 && errno != EINTR))
			return false;
		if (count > 0) {
			to += count;
			left -= (size_t)count;
		}
	}
	if (errors.count > SETTINGS_ERRORS_MAX)
		return false;
	for (size_t i = 0; i < errors.count; i++)
		errors.items[i].text[SETTINGS_ERROR_SIZE - 1] = '\0';
	*ret_errors = errors;
	return true;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
