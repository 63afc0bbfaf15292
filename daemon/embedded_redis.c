/* SPDX-License-Identifier: MIT */
/*
 * Find it or start it, wait for it, and end it. The folder and the process have
 * rooms of their own; what is asked of the server itself is asked here.
 */
#include "daemon/embedded_redis.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/redis_folder.h"
#include "daemon/redis_probe.h"
#include "daemon/redis_process.h"

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
	struct redis_process process;
	bool is_adopted;
	char error[512];
};

static bool
read_options(struct embedded_redis *embedded,
    const struct embedded_redis_options *options);

static bool
find_or_launch(struct embedded_redis *embedded);

static enum redis_launch
launch(struct embedded_redis *embedded);

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
	if (!read_options(embedded, options) ||
	    !redis_folder_open(options->state_dir, &embedded->folder,
	    embedded->error, sizeof(embedded->error)) ||
	    !redis_folder_write_settings(&embedded->folder, embedded->port,
	    embedded->appendfsync, embedded->error, sizeof(embedded->error)) ||
	    !find_or_launch(embedded) || !wait_until_serving(embedded) ||
	    (embedded->is_adopted && !adopt(embedded))) {
		snprintf(ret_error, error_size, "%s", embedded->error);
		forget(embedded, embedded->process.is_child);
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
	return embedded->process.pid;
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

	if (embedded->process.pid != 0) {
		if (!has_ended(embedded, 0, &status))
			return true;
		embedded->is_adopted = false;
		fail_with_log(embedded, "redis-server has ended");
	}
	return launch(embedded) == REDIS_LAUNCHED;
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
	is_over = embedded->process.pid == 0;
	if (is_over)
		error = "redis-server had ended before";
	else
		is_over = has_ended(embedded, 0, &status);
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
		enum redis_launch end;

		if (fd >= 0) {
			close(fd);
			embedded->process.pid = pid;
			embedded->is_adopted = true;
			return true;
		}
		end = launch(embedded);
		if (end != REDIS_LAUNCH_HELD)
			return end == REDIS_LAUNCHED;
		rest();
	}
	return fail_with_log(embedded, "a redis-server of ours neither listens "
	    "nor ends");
}

static enum redis_launch
launch(struct embedded_redis *embedded)
{
	return redis_process_launch(&embedded->folder, &embedded->process,
	    embedded->error, sizeof(embedded->error));
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
		bool is_heard, is_loading;
		int fd, status;
		pid_t pid;

		if (embedded->process.is_child &&
		    has_ended(embedded, 0, &status))
			return fail_with_log(embedded,
			    "redis-server has ended");
		fd = redis_probe_open(embedded->folder.socket, &pid);
		if (fd < 0 && embedded->is_adopted) {
			/* It was ending when we met it. */
			embedded->is_adopted = false;
			if (!find_or_launch(embedded))
				return false;
			continue;
		}
		if (fd >= 0) {
			reply = redis_probe_ask(fd, COUNT_OF(ping), ping,
			    ANSWER_MS);
			close(fd);
		}
		is_heard = reply != NULL;
		is_loading = is_heard && reply->type == REDIS_REPLY_ERROR &&
		    strncmp(reply->str, "LOADING", 7) == 0;
		freeReplyObject(reply);
		if (is_heard && !is_loading)
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
	int status;

	freeReplyObject(reply);
	/* One that a person has started does not hold its log. */
	if (is_good && !has_ended(embedded, 0, &status))
		return true;
	return fail(embedded, "%s: who listens there is not our redis-server",
	    embedded->folder.socket);
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
		redis_process_signal(&embedded->process, &embedded->folder,
		    SIGTERM);
		return;
	}
	freeReplyObject(redis_probe_ask(fd, COUNT_OF(words), words, ANSWER_MS));
	close(fd);
}

static bool
has_ended(struct embedded_redis *embedded, int timeout_ms, int *ret_status)
{
	return redis_process_has_ended(&embedded->process, &embedded->folder,
	    timeout_ms, ret_status);
}

/* Frees; what is not killed goes on without us. */
static void
forget(struct embedded_redis *embedded, bool is_killed)
{
	int status;

	if (embedded->process.pid != 0 && is_killed) {
		redis_process_signal(&embedded->process, &embedded->folder,
		    SIGKILL);
		if (!has_ended(embedded, ANSWER_MS, &status))
			embedded->process.pid = 0;
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
