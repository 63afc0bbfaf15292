/* SPDX-License-Identifier: MIT */
/*
 * posix_spawn and not fork: it copies no memory, and nothing of ours runs in
 * the child.
 */
#define _GNU_SOURCE	/* posix_spawn_file_actions_addclosefrom_np */
#include "daemon/redis_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/redis_probe.h"

enum { STEP_MS = 10 };

static int
spawn(const char *settings, int log_fd, pid_t *ret_pid);

static void
set_files(posix_spawn_file_actions_t *files, int log_fd);

static void
set_signals(posix_spawnattr_t *attributes);

static bool
is_gone(const struct redis_process *process, const struct redis_folder *folder,
    int *ret_status);

enum redis_launch
redis_process_launch(const struct redis_folder *folder,
    struct redis_process *ret, char *ret_error, size_t error_size)
{
	int log_fd = redis_folder_open_log(folder);
	pid_t pid;
	int code;

	if (log_fd < 0) {
		code = errno;
		snprintf(ret_error, error_size, "%s: %s", folder->log,
		    code == EWOULDBLOCK ? "a redis-server still uses it" :
		    strerror(code));
		return code == EWOULDBLOCK ? REDIS_LAUNCH_HELD :
		    REDIS_LAUNCH_FAILED;
	}
	code = spawn(folder->settings, log_fd, &pid);
	close(log_fd);
	if (code != 0) {
		snprintf(ret_error, error_size,
		    "redis-server cannot be run: %s", strerror(code));
		return REDIS_LAUNCH_FAILED;
	}
	*ret = (struct redis_process){ .pid = pid, .is_child = true };
	return REDIS_LAUNCHED;
}

bool
redis_process_has_ended(struct redis_process *process,
    const struct redis_folder *folder, int timeout_ms, int *ret_status)
{
	int64_t until_ms = clock_monotonic_ms() + timeout_ms;

	CHECK(process->pid > 0);
	while (!is_gone(process, folder, ret_status)) {
		if (clock_monotonic_ms() >= until_ms)
			return false;
		nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * 1000000 },
		    NULL);
	}
	*process = (struct redis_process){ .pid = 0 };
	return true;
}

void
redis_process_signal(const struct redis_process *process,
    const struct redis_folder *folder, int signal_number)
{
	pid_t pid = 0;
	int fd;

	if (process->is_child) {
		kill(process->pid, signal_number);
		return;
	}
	/* Even a stopped process has a socket that tells whose it is. */
	fd = redis_probe_open(folder->socket, &pid);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && pid == process->pid)
		kill(pid, signal_number);
}

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
	int code;

	snprintf(settings_path, sizeof(settings_path), "%s", settings);
	snprintf(search_path, sizeof(search_path), "PATH=%s", path == NULL ?
	    "/usr/local/bin:/usr/bin:/bin" : path);
	set_files(&files, log_fd);
	set_signals(&attributes);
	code = posix_spawnp(ret_pid, name, &files, &attributes, argv,
	    environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return code;
}

static void
set_files(posix_spawn_file_actions_t *files, int log_fd)
{
	CHECK(posix_spawn_file_actions_init(files) == 0);
	CHECK(posix_spawn_file_actions_adddup2(files, log_fd, 1) == 0);
	CHECK(posix_spawn_file_actions_adddup2(files, log_fd, 2) == 0);
	CHECK(posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY,
	    0) == 0);
	CHECK(posix_spawn_file_actions_addclosefrom_np(files, 3) == 0);
}

/* What we ignore or block is no business of Redis's. */
static void
set_signals(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	CHECK(posix_spawnattr_init(attributes) == 0);
	CHECK(posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID |
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0);
	CHECK(posix_spawnattr_setsigmask(attributes, &none) == 0);
	CHECK(posix_spawnattr_setsigdefault(attributes, &all) == 0);
}

static bool
is_gone(const struct redis_process *process, const struct redis_folder *folder,
    int *ret_status)
{
	int fd, status = 0;
	pid_t pid;

	if (process->is_child) {
		pid = waitpid(process->pid, &status, WNOHANG);
		if (pid == 0 || (pid < 0 && errno == EINTR))
			return false;
	} else {
		fd = redis_folder_open_log(folder);
		if (fd < 0)
			return false;
		close(fd);
	}
	*ret_status = status;
	return true;
}
