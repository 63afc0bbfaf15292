/* SPDX-License-Identifier: MIT */
/*
 * A sorted array of files. The ETag is made of the content alone, so that it
 * stays the same over restarts and differs with every change.
 */
#include "net/static.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/http.h"

enum {
	FILE_COUNT_MAX = 256,
	FILE_SIZE_MAX = 4 * 1024 * 1024,
	ETAG_SIZE = 40,
};

struct file {
	char *name;
	const char *type;
	char *bytes;
	size_t length;
	char etag[ETAG_SIZE];
};

struct http_static {
	size_t count;
	struct file files[FILE_COUNT_MAX];
};

static const char content_security_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'";

static const char *
type_of(const char *name);

static bool
file_load(int dir_fd, const char *name, const char *type,
    struct file *ret_file, const char **ret_error);

static bool
bytes_load(int fd, char **ret_bytes, size_t *ret_length,
    const char **ret_error);

static void
etag_make(struct file *file);

static bool
etag_is_listed(const char *list, const char *etag);

static int
file_order(const void *a, const void *b);

static const struct file *
file_find(const struct http_static *files, const char *name);

struct http_static *
http_static_load(const char *dir, const char **ret_error)
{
	struct http_static *files = calloc(1, sizeof(*files));
	const char *error = NULL;
	struct dirent *entry;
	DIR *stream = opendir(dir);

	if (files == NULL || stream == NULL) {
		error = stream == NULL ? strerror(errno) : "no memory";
		goto fail;
	}
	while (errno = 0, (entry = readdir(stream)) != NULL) {
		const char *type = type_of(entry->d_name);

		if (entry->d_name[0] == '.' || type == NULL)
			continue;
		if (files->count == FILE_COUNT_MAX) {
			error = "too many files in the directory";
			goto fail;
		}
		if (file_load(dirfd(stream), entry->d_name, type,
		    &files->files[files->count], &error))
			files->count++;
		else if (error != NULL)
			goto fail;
	}
	if (errno != 0) {
		error = strerror(errno);
		goto fail;
	}
	closedir(stream);
	qsort(files->files, files->count, sizeof(files->files[0]), file_order);
	return files;

fail:
	if (stream != NULL)
		closedir(stream);
	http_static_free(files);
	*ret_error = error;
	return NULL;
}

void
http_static_free(struct http_static *files)
{
	if (files == NULL)
		return;
	for (size_t i = 0; i < files->count; i++) {
		free(files->files[i].name);
		free(files->files[i].bytes);
	}
	free(files);
}

bool
http_static_reply(struct http_static *files, struct http_request *request,
    const char *relative_path)
{
	const struct file *file;
	const char *known = http_header(request, "If-None-Match");

	file = file_find(files, relative_path[0] != '\0' ? relative_path :
	    "index.html");
	if (file == NULL)
		return false;
	http_reply_header(request, "ETag", file->etag);
	http_reply_header(request, "Cache-Control", "no-cache");
	http_reply_header(request, "Content-Security-Policy",
	    content_security_policy);
	http_reply_header(request, "Referrer-Policy", "no-referrer");
	if (known != NULL && etag_is_listed(known, file->etag))
		http_reply(request, 304, NULL, NULL, 0);
	else
		http_reply(request, 200, file->type, file->bytes,
		    file->length);
	return true;
}

static const char *
type_of(const char *name)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".svg", "image/svg+xml" },
		{ ".png", "image/png" },
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot != NULL && i < COUNT_OF(types); i++)
		if (strcmp(dot, types[i].suffix) == 0)
			return types[i].type;
	return NULL;
}

/* False without an error: not a regular file, so not ours to serve. */
static bool
file_load(int dir_fd, const char *name, const char *type,
    struct file *ret_file, const char **ret_error)
{
	struct file file = { .type = type };
	struct stat status;
	bool ok = false;
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &status) != 0) {
		*ret_error = strerror(errno);
	} else if (!S_ISREG(status.st_mode)) {
		*ret_error = NULL;
	} else if ((file.name = strdup(name)) == NULL) {
		*ret_error = "no memory";
	} else {
		ok = bytes_load(fd, &file.bytes, &file.length, ret_error);
	}
	if (fd >= 0)
		close(fd);
	if (!ok) {
		free(file.name);
		return false;
	}
	etag_make(&file);
	*ret_file = file;
	return true;
}

static bool
bytes_load(int fd, char **ret_bytes, size_t *ret_length,
    const char **ret_error)
{
	struct stat status;
	char *bytes;
	size_t length = 0, size;

	if (fstat(fd, &status) != 0) {
		*ret_error = strerror(errno);
		return false;
	}
	if (status.st_size > FILE_SIZE_MAX) {
		*ret_error = "a file in the directory is too large";
		return false;
	}
	size = (size_t)status.st_size;
	bytes = malloc(size + 1);
	if (bytes == NULL) {
		*ret_error = "no memory";
		return false;
	}
	while (length < size) {
		ssize_t n = read(fd, bytes + length, size - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			*ret_error = n < 0 ? strerror(errno) :
			    "a file changed while it was read";
			free(bytes);
			return false;
		}
		length += (size_t)n;
	}
	*ret_bytes = bytes;
	*ret_length = length;
	return true;
}

/* FNV-1a: it tells versions apart; nobody gains by making two of them equal. */
static void
etag_make(struct file *file)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < file->length; i++) {
		hash ^= (unsigned char)file->bytes[i];
		hash *= UINT64_C(1099511628211);
	}
	snprintf(file->etag, sizeof(file->etag), "\"%zx-%016" PRIx64 "\"",
	    file->length, hash);
}

/* "*" or a list; a weak mark is ignored, as If-None-Match compares weakly. */
static bool
etag_is_listed(const char *list, const char *etag)
{
	return strcmp(list, "*") == 0 || strstr(list, etag) != NULL;
}

static int
file_order(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->name,
	    ((const struct file *)b)->name);
}

static const struct file *
file_find(const struct http_static *files, const char *name)
{
	struct file wanted = { .name = (char *)(uintptr_t)name };

	return bsearch(&wanted, files->files, files->count,
	    sizeof(files->files[0]), file_order);
}
