/* SPDX-License-Identifier: MIT */
/*
 * Settings are written beside and renamed, so that a server never starts with
 * half of them.
 */
#include "daemon/redis_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/fault.h"

enum { LOCK_MS = 1000, STEP_MS = 20, TAIL_SIZE = 1024 };

static bool
name_files(const char *state_dir, struct redis_folder *folder,
    char *ret_error, size_t error_size);

static bool
make_folder(const struct redis_folder *folder, char *ret_error,
    size_t error_size);

static bool
take_lock(struct redis_folder *folder, char *ret_error, size_t error_size);

static void
put_path(FILE *file, const char *name, const char *folder, const char *leaf);

bool
redis_folder_open(const char *state_dir, struct redis_folder *ret,
    char *ret_error, size_t error_size)
{
	struct redis_folder folder = { .lock_fd = -1 };

	if (!name_files(state_dir, &folder, ret_error, error_size) ||
	    !make_folder(&folder, ret_error, error_size) ||
	    !take_lock(&folder, ret_error, error_size)) {
		redis_folder_close(&folder);
		return false;
	}
	*ret = folder;
	return true;
}

void
redis_folder_close(struct redis_folder *folder)
{
	if (folder->lock_fd >= 0)
		close(folder->lock_fd);
	folder->lock_fd = -1;
}

bool
redis_folder_write_settings(const struct redis_folder *folder, int port,
    const char *appendfsync, char *ret_error, size_t error_size)
{
	bool has_file = strcmp(appendfsync, "off") != 0 &&
	    !PLANTED("redis_keeps_nothing");
	char path[REDIS_FOLDER_PATH_SIZE + 8];
	FILE *file;
	bool is_good;

	snprintf(path, sizeof(path), "%s.new", folder->settings);
	file = fopen(path, "we");
	if (file == NULL) {
		snprintf(ret_error, error_size, "%s: %s", path,
		    strerror(errno));
		return false;
	}
	fprintf(file, "# Written by callbackd at every start.\n"
	    "daemonize no\nbind 127.0.0.1\nport %d\nunixsocketperm 700\n",
	    port);
	put_path(file, "dir", folder->path, "");
	put_path(file, "unixsocket", folder->path, "/redis.sock");
	put_path(file, "pidfile", folder->path, "/redis.pid");
	put_path(file, "logfile", folder->path, "/redis.log");
	/* Records are never evicted: when memory is full, writes must fail. */
	fprintf(file, "appendonly %s\nappendfsync %s\nsave \"\"\n"
	    "maxmemory-policy noeviction\nproto-max-bulk-len 1mb\n"
	    "notify-keyspace-events Kz\n", has_file ? "yes" : "no",
	    has_file ? appendfsync : "no");
	is_good = fflush(file) == 0;
	is_good = fclose(file) == 0 && is_good;
	if (is_good && rename(path, folder->settings) == 0)
		return true;
	snprintf(ret_error, error_size, "%s: %s", path, strerror(errno));
	return false;
}

int
redis_folder_open_log(const struct redis_folder *folder)
{
	int fd = open(folder->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW, 0600);
	int kept;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	kept = errno;
	close(fd);
	errno = kept;
	return -1;
}

void
redis_folder_last_line(const struct redis_folder *folder, char *ret,
    size_t size)
{
	char tail[TAIL_SIZE + 1], *line = tail;
	FILE *log = fopen(folder->log, "re");
	size_t length = 0;

	if (log != NULL) {
		if (fseek(log, -TAIL_SIZE, SEEK_END) != 0)
			rewind(log);
		length = fread(tail, 1, TAIL_SIZE, log);
		fclose(log);
	}
	while (length > 0 && (unsigned char)tail[length - 1] <= ' ')
		length--;
	tail[length] = '\0';
	for (char *at = tail; *at != '\0'; at++) {
		if (*at == '\n')
			line = at + 1;
		else if ((unsigned char)*at < ' ')
			*at = ' ';
	}
	snprintf(ret, size, "%s", line);
}

static bool
name_files(const char *state_dir, struct redis_folder *folder,
    char *ret_error, size_t error_size)
{
	const size_t length_max = sizeof(((struct sockaddr_un *)NULL)->sun_path)
	    - sizeof("/redis/redis.sock");
	char *real = realpath(state_dir, NULL);
	bool is_good = true;

	if (real == NULL) {
		snprintf(ret_error, error_size, "%s: %s", state_dir,
		    strerror(errno));
		return false;
	}
	for (const char *at = real; *at != '\0'; at++)
		if ((unsigned char)*at < ' ')
			is_good = false;
	if (!is_good || strlen(real) > length_max) {
		snprintf(ret_error, error_size, "%s: a path with control "
		    "characters, or longer than the %zu bytes that leave room "
		    "for a socket", state_dir, length_max);
		free(real);
		return false;
	}
	snprintf(folder->path, sizeof(folder->path), "%.100s/redis", real);
	snprintf(folder->socket, sizeof(folder->socket),
	    "%.100s/redis/redis.sock", real);
	snprintf(folder->log, sizeof(folder->log), "%.100s/redis/redis.log",
	    real);
	snprintf(folder->settings, sizeof(folder->settings),
	    "%.100s/redis/redis.conf", real);
	free(real);
	return true;
}

/* Whoever may enter this folder may break every promise. */
static bool
make_folder(const struct redis_folder *folder, char *ret_error,
    size_t error_size)
{
	struct stat found;

	if (mkdir(folder->path, 0700) != 0 && errno != EEXIST) {
		snprintf(ret_error, error_size, "%s: %s", folder->path,
		    strerror(errno));
		return false;
	}
	if (lstat(folder->path, &found) == 0 && S_ISDIR(found.st_mode) &&
	    found.st_uid == geteuid() && chmod(folder->path, 0700) == 0)
		return true;
	snprintf(ret_error, error_size, "%s: not a folder of our own",
	    folder->path);
	return false;
}

static bool
take_lock(struct redis_folder *folder, char *ret_error, size_t error_size)
{
	char path[REDIS_FOLDER_PATH_SIZE + 8];

	snprintf(path, sizeof(path), "%s/lock", folder->path);
	folder->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (folder->lock_fd < 0) {
		snprintf(ret_error, error_size, "%s: %s", path,
		    strerror(errno));
		return false;
	}
	for (int waited_ms = 0; waited_ms < LOCK_MS; waited_ms += STEP_MS) {
		if (flock(folder->lock_fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * 1000000 },
		    NULL);
	}
	snprintf(ret_error, error_size,
	    "%s: another daemon runs in this directory", path);
	return false;
}

static void
put_path(FILE *file, const char *name, const char *folder, const char *leaf)
{
	fprintf(file, "%s \"", name);
	for (const char *at = folder; *at != '\0'; at++) {
		if (*at == '"' || *at == '\\')
			fputc('\\', file);
		fputc(*at, file);
	}
	fprintf(file, "%s\"\n", leaf);
}
