/* SPDX-License-Identifier: MIT */
/*
 * settings_file: the files that the configuration names. They are read whole
 * and bounded while it is checked, so that a later start or reload cannot fail
 * for want of one.
 */
#include "daemon/settings_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/text.h"

enum { FILE_PATH_SIZE = 1024, SECRETS_FILE_MAX = 16 * 1024 };

/* The bytes of a regular file with an end behind them; NULL: errno says why,
 * EFBIG for more than size_max. */
static char *
read_whole(struct settings *settings, const char *path, size_t size_max,
    size_t *ret_length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	size_t length = 0;
	char *text = NULL;
	int error = 0;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) != 0)
		error = errno;
	else if (!S_ISREG(status.st_mode))
		error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
	else if ((uint64_t)status.st_size > size_max)
		error = EFBIG;
	/* It may grow or shrink while it is read. */
	if (error == 0)
		text = settings_own(settings, (size_t)status.st_size + 1);
	while (error == 0 && length < (size_t)status.st_size) {
		ssize_t count = read(fd, text + length,
		    (size_t)status.st_size - length);

		if (count < 0 && errno != EINTR)
			error = errno;
		if (count == 0)
			break;
		if (count > 0)
			length += (size_t)count;
	}
	close(fd);
	errno = error;
	if (error != 0)
		return NULL;
	text[length] = '\0';
	*ret_length = length;
	return text;
}

/* The places a file is looked for, in order; false: there are no more. */
static bool
place_of(const struct settings_reading *reading, const char *name,
    const char *folder, unsigned index, char ret_path[FILE_PATH_SIZE])
{
	const char *here = reading->folder;
	const char *data = getenv("CALLBACKD_DATADIR");

	ret_path[0] = '\0';
	if (name[0] == '/') {
		if (index == 0)
			snprintf(ret_path, FILE_PATH_SIZE, "%s", name);
		return index == 0;
	}
	switch (index) {
	case 0:
		snprintf(ret_path, FILE_PATH_SIZE, "%s/%s", here, name);
		return true;
	case 1:
		snprintf(ret_path, FILE_PATH_SIZE, "%s/%s/%s", here, folder,
		    name);
		return true;
	case 2:
		snprintf(ret_path, FILE_PATH_SIZE, "%s/../%s/%s", here, folder,
		    name);
		return true;
	case 3:
		if (data != NULL && data[0] != '\0')
			snprintf(ret_path, FILE_PATH_SIZE, "%s/%s/%s", data,
			    folder, name);
		return true;
	case 4:
		snprintf(ret_path, FILE_PATH_SIZE, "%s/%s/%s", PKGDATADIR,
		    folder, name);
		return true;
	default:
		return false;
	}
}

const char *
settings_file(struct settings_reading *reading, const char *path,
    const char *name, const char *folder, size_t size_max,
    const char **ret_path)
{
	char place[FILE_PATH_SIZE];
	size_t length;

	for (unsigned i = 0; place_of(reading, name, folder, i, place); i++) {
		char *text;

		if (place[0] == '\0')
			continue;
		text = read_whole(reading->settings, place, size_max, &length);
		if (text == NULL && errno == ENOENT)
			continue;
		if (text == NULL) {
			settings_error(reading, path, "%.120s: %s", place,
			    errno == EFBIG ? "is too large" : strerror(errno));
			return NULL;
		}
		if (strlen(text) != length) {
			settings_error(reading, path, "%.120s: holds a NUL "
			    "byte", place);
			return NULL;
		}
		if (ret_path != NULL)
			*ret_path = settings_own_text(reading->settings, place);
		return text;
	}
	settings_error(reading, path, "there is no file \"%.80s\" here, in a "
	    "folder \"%s\" or in %s/%s", name, folder, PKGDATADIR, folder);
	return NULL;
}

char *
settings_file_main(struct settings_reading *reading, const char *path,
    size_t *ret_length)
{
	char *text = read_whole(reading->settings, path, SETTINGS_FILE_MAX,
	    ret_length);

	if (text == NULL)
		settings_error_at(reading, 0, NULL, "%s", errno == EFBIG ?
		    "is larger than 1 MB" : strerror(errno));
	return text;
}

/* ---- secrets */

bool
settings_secret_add(struct settings_reading *reading, const char *path,
    int line, struct settings_provider *provider, const char *name,
    const char *value)
{
	struct settings *settings = reading->settings;
	char full[SETTING_PATH_SIZE];
	struct setting_value shown = { .path = full, .line = line,
		.shown = "\"***\"", .compared = value };
	const char *why = NULL;

	snprintf(full, sizeof(full), "%.90s.%.32s", path, name);
	if (name[0] == '\0' || name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "0123456789_")] != '\0' || strlen(name) >= ID_SIZE)
		why = "a secret's name is made of a-z, 0-9 and _";
	else if (!text_is_utf8(value, strlen(value)))
		why = "is not UTF-8";
	else if (value[0] == '\0')
		why = "must not be empty";
	else if (provider->secret_count == SETTINGS_SECRETS_MAX)
		why = "is one secret too many";
	for (size_t i = 0; i < provider->secret_count && why == NULL; i++)
		if (strcmp(provider->secrets[i].name, name) == 0)
			why = "is given twice";
	if (why != NULL) {
		settings_error_at(reading, line, full, "%s", why);
		return false;
	}
	provider->secrets[provider->secret_count].name =
	    settings_own_text(settings, name);
	provider->secrets[provider->secret_count].value =
	    settings_own_text(settings, value);
	provider->secret_count++;
	shown.row = settings_find(settings, path)->row;
	settings_add(settings, &shown);
	return true;
}

static char *
trim(char *text)
{
	char *end;

	text += strspn(text, " \t\r");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r", end[-1]) != NULL)
		*--end = '\0';
	return text;
}

static bool take_pem(char *value, char **next, int *file_line);

/* Errors name the line of the secrets' file, and never what stands there. */
static void
read_secrets(struct settings_reading *reading, const char *path, char *text,
    const char *file, struct settings_provider *provider)
{
	const struct setting_value *setting = settings_find(reading->settings,
	    path);
	int file_line = 0, line = setting->line;

	for (char *next = text; next != NULL;) {
		char *from = strsep(&next, "\n"), *equals, *value;

		file_line++;
		from += strspn(from, " \t\r");
		if (from[0] == '\0' || from[0] == '#')
			continue;
		equals = strchr(from, '=');
		if (equals == NULL) {
			settings_error_at(reading, line, path,
			    "%.100s:%d: must be name=value", file, file_line);
			continue;
		}
		*equals = '\0';
		value = equals + 1 + strspn(equals + 1, " \t");
		if (!take_pem(value, &next, &file_line)) {
			settings_error_at(reading, line, path, "%.100s:%d: has "
			    "no -----END line", file, file_line);
			return;
		}
		settings_secret_add(reading, path, line, provider, trim(from),
		    trim(value));
	}
}

/* A value that begins as a key does (PEM) goes on to its last line: the lines that were
 * cut apart are joined again. False: there is no such line. */
static bool
take_pem(char *value, char **next, int *file_line)
{
	static const char begin[] = "-----BEGIN ", end[] = "\n-----END ";

	if (strncmp(value, begin, strlen(begin)) != 0)
		return true;
	while (strstr(value, end) == NULL) {
		if (*next == NULL)
			return false;
		(*next)[-1] = '\n';
		strsep(next, "\n");
		(*file_line)++;
	}
	return true;
}

void
settings_secrets_file(struct settings_reading *reading, const char *path,
    const char *name, struct settings_provider *provider)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	char place[FILE_PATH_SIZE];
	char *text = NULL;
	size_t length;

	if (credentials != NULL && strchr(name, '/') == NULL) {
		snprintf(place, sizeof(place), "%s/%s", credentials, name);
		text = read_whole(reading->settings, place, SECRETS_FILE_MAX,
		    &length);
	}
	if (text == NULL) {
		snprintf(place, sizeof(place), "%s%s%s", name[0] == '/' ? "" :
		    reading->folder, name[0] == '/' ? "" : "/", name);
		text = read_whole(reading->settings, place, SECRETS_FILE_MAX,
		    &length);
	}
	if (text == NULL)
		settings_error(reading, path, "%.120s: %s", place,
		    errno == EFBIG ? "is too large" : strerror(errno));
	else if (strlen(text) != length)
		settings_error(reading, path, "%.120s: holds a NUL byte",
		    place);
	else
		read_secrets(reading, path, text, place, provider);
}

/* ---- folders and sockets, which need not be there yet */

static const char *
beside(const struct settings_reading *reading, const char *name)
{
	char place[FILE_PATH_SIZE];

	if (name[0] == '/' || strcmp(reading->folder, ".") == 0)
		return name;
	snprintf(place, sizeof(place), "%s/%s", reading->folder, name);
	return settings_own_text(reading->settings, place);
}

void
settings_resolve_paths(struct settings_reading *reading)
{
	struct settings *settings = reading->settings;
	char token[FILE_PATH_SIZE];

	if (settings->state_dir == NULL || settings->control == NULL ||
	    settings->web_dir == NULL)
		return;         /* an error has been told */
	settings->state_dir = beside(reading, settings->state_dir);
	settings->control = beside(reading, settings->control);
	settings->web_dir = beside(reading, settings->web_dir);
	if (settings->desk_token_file == NULL) {
		snprintf(token, sizeof(token), "%s/desk_token",
		    settings->state_dir);
		settings->desk_token_file = settings_own_text(settings, token);
	} else {
		settings->desk_token_file = beside(reading,
		    settings->desk_token_file);
	}
}
