/* SPDX-License-Identifier: MIT */
/*
 * The process is held by a pidfd, so that neither a wait nor a signal can meet
 * another one that got its number. The child gets /dev/null and its log, and
 * nothing of ours, so that it can outlive us and block nothing.
 */
#define _GNU_SOURCE	/* posix_spawn_file_actions_addclosefrom_np */
#include "daemon/embedded_redis.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/redis_folder.h"
#include "daemon/redis_probe.h"

enum {
	STEP_MS = 20,
	ENDING_MS = 10000,	/* for a server that is saving its data */
	SILENT_MS = 8000,	/* a server that answers nothing is hung */
	LOADING_MS = 30000,	/* from here on the link tells that it loads */
	ANSWER_MS = 1000,
};

struct embedded_redis {
	struct redis_folder folder;
	const char *appendfsync;	/* one of our own constants */
	int port;
	pid_t pid;			/* 0: does not run */
	int pid_fd;			/* -1: does not run */
	bool is_child;
	bool is_adopted;
	char error[512];
};

enum launch { LAUNCH_DONE, LAUNCH_HELD, LAUNCH_FAILED };

static bool
read_options(struct embedded_redis *embedded,
    const struct embedded_redis_options *options);

static bool
find_or_launch(struct embedded_redis *embedded);

static enum launch
launch(struct embedded_redis *embedded);

static int
spawn(const char *settings, int log_fd, pid_t *ret_pid);

static bool
hold(struct embedded_redis *embedded, pid_t pid);

static bool
wait_until_serving(struct embedded_redis *embedded);

static bool
adopt(struct embedded_redis *embedded);

static bool
is_ours(struct embedded_redis *embedded, int fd);

static bool
renew_settings(struct embedded_redis *embedded, int fd);

static void
ask_to_end(struct embedded_redis *embedded);

static bool
has_ended(struct embedded_redis *embedded, int timeout_ms, int *ret_status);

static void
forget(struct embedded_redis *embedded, bool is_killed);

static void
rest(void);

static bool
fail(struct embedded_redis *embedded, const char *format, ...)
    PRINTF_LIKE(2, 3);

static bool
fail_with_log(struct embedded_redis *embedded, const char *what);

struct embedded_redis *
embedded_redis_start(const struct embedded_redis_options *options,
    struct redis_address *ret_address, char *ret_error, size_t error_size)
{
	struct embedded_redis *embedded = calloc(1, sizeof(*embedded));

	CHECK(embedded != NULL);
	embedded->folder.lock_fd = -1;
	embedded->pid_fd = -1;
	if (!read_options(embedded, options) ||
	    !redis_folder_open(options->state_dir, &embedded->folder,
	    embedded->error, sizeof(embedded->error)) ||
	    !redis_folder_write_settings(&embedded->folder, embedded->port,
	    embedded->appendfsync, embedded->error, sizeof(embedded->error)) ||
	    !find_or_launch(embedded) || !wait_until_serving(embedded) ||
	    (embedded->is_adopted && !adopt(embedded))) {
		snprintf(ret_error, error_size, "%s", embedded->error);
		forget(embedded, embedded->is_child);
		return NULL;
	}
	*ret_address = (struct redis_address){ .is_unix = true };
	strcpy(ret_address->host, embedded->folder.socket);
	strcpy(ret_address->name, embedded->folder.socket);
	return embedded;
}

bool
embedded_redis_is_adopted(const struct embedded_redis *embedded)
{
	return embedded->is_adopted;
}

pid_t
embedded_redis_pid(const struct embedded_redis *embedded)
{
	return embedded->pid;
}

const char *
embedded_redis_error(const struct embedded_redis *embedded)
{
	return embedded->error;
}

bool
embedded_redis_check(struct embedded_redis *embedded)
{
	int status;

	if (embedded->pid_fd >= 0) {
		if (!has_ended(embedded, 0, &status))
			return true;
		embedded->is_adopted = false;
		fail_with_log(embedded, "redis-server has ended");
	}
	return launch(embedded) == LAUNCH_DONE;
}

bool
embedded_redis_stop(struct embedded_redis *embedded, const char **ret_error)
{
	const char *error = NULL;
	int64_t until_ms = clock_monotonic_ms() + ENDING_MS;
	bool is_over;
	int status = 0;

	if (embedded == NULL)
		return true;
	is_over = embedded->pid_fd < 0 || has_ended(embedded, 0, &status);
	if (is_over)
		error = "redis-server had ended by itself";
	/* It may refuse while it rewrites its file, hence again and again. */
	while (!is_over && clock_monotonic_ms() < until_ms) {
		ask_to_end(embedded);
		is_over = has_ended(embedded, ANSWER_MS, &status);
	}
	if (!is_over)
		error = "redis-server did not end in time and was killed";
	else if (error == NULL && status != 0)
		error = "redis-server ended with an error, see its log";
	/* What it has answered is written: the kernel keeps that. */
	forget(embedded, !is_over);
	if (error != NULL)
		*ret_error = error;
	return error == NULL;
}

static bool
read_options(struct embedded_redis *embedded,
    const struct embedded_redis_options *options)
{
	static const char *const known[] = { "always", "everysec", "no",
		"off" };
	const char *wanted = options->appendfsync == NULL ? known[0] :
	    options->appendfsync;

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(wanted, known[i]) == 0)
			embedded->appendfsync = known[i];
	if (embedded->appendfsync == NULL)
		return fail(embedded, "appendfsync is always, everysec, no or "
		    "off, not %.40s", wanted);
	if (options->port < 0 || options->port > 65535)
		return fail(embedded, "a port is 0 to 65535");
	embedded->port = options->port;
	return true;
}

/*
 * A server that still starts, or is ending, holds its log but does not listen:
 * wait for one or the other.
 */
static bool
find_or_launch(struct embedded_redis *embedded)
{
	int64_t until_ms = clock_monotonic_ms() + ENDING_MS;

	while (clock_monotonic_ms() < until_ms) {
		pid_t pid;
		int fd = redis_probe_open(embedded->folder.socket, &pid);

		if (fd >= 0) {
			close(fd);
			embedded->is_adopted = hold(embedded, pid);
			return embedded->is_adopted;
		}
		switch (launch(embedded)) {
		case LAUNCH_DONE:
			return true;
		case LAUNCH_FAILED:
			return false;
		case LAUNCH_HELD:
			break;
		}
		rest();
	}
	return fail_with_log(embedded, "a redis-server of ours neither listens "
	    "nor ends");
}

static enum launch
launch(struct embedded_redis *embedded)
{
	int log_fd = redis_folder_open_log(&embedded->folder);
	pid_t pid;
	int code;

	if (log_fd < 0) {
		code = errno;
		fail(embedded, "%s: %s", embedded->folder.log, code ==
		    EWOULDBLOCK ? "a redis-server still uses it" :
		    strerror(code));
		return code == EWOULDBLOCK ? LAUNCH_HELD : LAUNCH_FAILED;
	}
	code = spawn(embedded->folder.settings, log_fd, &pid);
	close(log_fd);
	if (code != 0) {
		fail(embedded, "redis-server cannot be run: %s",
		    strerror(code));
		return LAUNCH_FAILED;
	}
	if (hold(embedded, pid)) {
		embedded->is_child = true;
		return LAUNCH_DONE;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return LAUNCH_FAILED;
}

/* Of the environment only PATH: the rest speaks to us, not to Redis. */
static int
spawn(const char *settings, int log_fd, pid_t *ret_pid)
{
	const char *path = getenv("PATH");
	char search_path[1024], settings_path[REDIS_FOLDER_PATH_SIZE];
	char name[] = "redis-server";
	char *const argv[] = { name, settings_path, NULL };
	char *const environment[] = { search_path, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int code;

	snprintf(settings_path, sizeof(settings_path), "%s", settings);
	snprintf(search_path, sizeof(search_path), "PATH=%s", path == NULL ?
	    "/usr/local/bin:/usr/bin:/bin" : path);
	sigemptyset(&none);
	sigfillset(&all);
	CHECK(posix_spawn_file_actions_init(&files) == 0);
	CHECK(posix_spawn_file_actions_adddup2(&files, log_fd, 1) == 0);
	CHECK(posix_spawn_file_actions_adddup2(&files, log_fd, 2) == 0);
	CHECK(posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY,
	    0) == 0);
	CHECK(posix_spawn_file_actions_addclosefrom_np(&files, 3) == 0);
	CHECK(posix_spawnattr_init(&attributes) == 0);
	CHECK(posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID |
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0);
	CHECK(posix_spawnattr_setsigmask(&attributes, &none) == 0);
	CHECK(posix_spawnattr_setsigdefault(&attributes, &all) == 0);
	code = posix_spawnp(ret_pid, name, &files, &attributes, argv,
	    environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return code;
}

static bool
hold(struct embedded_redis *embedded, pid_t pid)
{
	int fd = pidfd_open(pid, 0);

	if (fd < 0)
		return fail(embedded, "redis-server, process %d: %s", (int)pid,
		    strerror(errno));
	embedded->pid = pid;
	embedded->pid_fd = fd;
	return true;
}

/* True also for one that is still loading its data after LOADING_MS. */
static bool
wait_until_serving(struct embedded_redis *embedded)
{
	const char *const ping[] = { "PING" };
	int64_t now_ms = clock_monotonic_ms(), heard_at_ms = now_ms;
	int64_t until_ms = now_ms + LOADING_MS;

	for (; now_ms < until_ms; now_ms = clock_monotonic_ms()) {
		struct redisReply *reply = NULL;
		bool is_loading;
		int fd, status;
		pid_t pid;

		if (has_ended(embedded, 0, &status))
			return fail_with_log(embedded,
			    "redis-server has ended");
		fd = redis_probe_open(embedded->folder.socket, &pid);
		if (fd >= 0) {
			reply = redis_probe_ask(fd, COUNT_OF(ping), ping,
			    ANSWER_MS);
			close(fd);
		}
		is_loading = reply != NULL &&
		    reply->type == REDIS_REPLY_ERROR &&
		    strncmp(reply->str, "LOADING", 7) == 0;
		freeReplyObject(reply);
		if (reply != NULL && !is_loading)
			return true;
		if (is_loading)
			heard_at_ms = now_ms;
		else if (now_ms - heard_at_ms > SILENT_MS)
			return fail_with_log(embedded,
			    "redis-server does not answer");
		rest();
	}
	return true;
}

static bool
adopt(struct embedded_redis *embedded)
{
	pid_t pid;
	int fd = redis_probe_open(embedded->folder.socket, &pid);
	bool is_good;

	if (fd < 0)
		return fail(embedded, "%s: %s", embedded->folder.socket,
		    strerror(errno));
	is_good = is_ours(embedded, fd) && renew_settings(embedded, fd);
	close(fd);
	return is_good;
}

static bool
is_ours(struct embedded_redis *embedded, int fd)
{
	const char *const question[] = { "CONFIG", "GET", "dir" };
	struct redisReply *reply = redis_probe_ask(fd, COUNT_OF(question),
	    question, ANSWER_MS);
	bool is_good = reply != NULL && reply->type == REDIS_REPLY_ARRAY &&
	    reply->elements == 2 &&
	    reply->element[1]->type == REDIS_REPLY_STRING &&
	    strcmp(reply->element[1]->str, embedded->folder.path) == 0;

	freeReplyObject(reply);
	return is_good || fail(embedded, "%s: who listens there is not our "
	    "redis-server", embedded->folder.socket);
}

/* Ours may have changed since it was started. */
static bool
renew_settings(struct embedded_redis *embedded, int fd)
{
	bool has_file = strcmp(embedded->appendfsync, "off") != 0;
	char port[12];
	const char *const settings[][4] = {
		{ "CONFIG", "SET", "appendfsync",
		    has_file ? embedded->appendfsync : "no" },
		{ "CONFIG", "SET", "appendonly", has_file ? "yes" : "no" },
		{ "CONFIG", "SET", "port", port },
	};
	bool is_good = true;

	snprintf(port, sizeof(port), "%d", embedded->port);
	for (size_t i = 0; is_good && i < COUNT_OF(settings); i++) {
		struct redisReply *reply = redis_probe_ask(fd,
		    COUNT_OF(settings[i]), settings[i], ANSWER_MS);

		is_good = reply != NULL && reply->type != REDIS_REPLY_ERROR;
		if (!is_good)
			fail(embedded, "the running redis-server refuses %s %s "
			    "(%.120s); its log is %s", settings[i][2],
			    settings[i][3], reply == NULL ? "no answer" :
			    reply->str, embedded->folder.log);
		freeReplyObject(reply);
	}
	return is_good;
}

static void
ask_to_end(struct embedded_redis *embedded)
{
	const char *const words[] = { "SHUTDOWN" };
	pid_t pid;
	int fd = redis_probe_open(embedded->folder.socket, &pid);

	if (fd < 0) {
		pidfd_send_signal(embedded->pid_fd, SIGTERM, NULL, 0);
		return;
	}
	freeReplyObject(redis_probe_ask(fd, COUNT_OF(words), words, ANSWER_MS));
	close(fd);
}

/* Lets go of a process that has ended; only a child tells how. */
static bool
has_ended(struct embedded_redis *embedded, int timeout_ms, int *ret_status)
{
	struct pollfd wait = { .fd = embedded->pid_fd, .events = POLLIN };

	if (poll(&wait, 1, timeout_ms) <= 0)
		return false;
	*ret_status = 0;
	if (embedded->is_child)
		waitpid(embedded->pid, ret_status, 0);
	close(embedded->pid_fd);
	embedded->pid_fd = -1;
	embedded->pid = 0;
	embedded->is_child = false;
	return true;
}

static void
forget(struct embedded_redis *embedded, bool is_killed)
{
	int status;

	if (embedded->pid_fd >= 0) {
		if (is_killed) {
			pidfd_send_signal(embedded->pid_fd, SIGKILL, NULL, 0);
			has_ended(embedded, ENDING_MS, &status);
		}
		if (embedded->pid_fd >= 0)
			close(embedded->pid_fd);
	}
	redis_folder_close(&embedded->folder);
	free(embedded);
}

static void
rest(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * 1000000 }, NULL);
}

static bool
fail(struct embedded_redis *embedded, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(embedded->error, sizeof(embedded->error), format, arguments);
	va_end(arguments);
	return false;
}

/* The log's last line mostly says it all. */
static bool
fail_with_log(struct embedded_redis *embedded, const char *what)
{
	char line[256];

	redis_folder_last_line(&embedded->folder, line, sizeof(line));
	return fail(embedded, "%s; its log is %s: %s", what,
	    embedded->folder.log, line);
}
