/* SPDX-License-Identifier: MIT */
/*
 * From left to right, each part copied with its limit; nothing is repaired.
 */
#define _GNU_SOURCE	/* memrchr */
#include "daemon/redis_address.h"

#include <netdb.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { DEFAULT_PORT = 6379, DATABASE_MAX = 9999 };

static bool
parse_path(const char *path, struct redis_address *ret,
    const char **ret_error);

static bool
parse_url(const char *text, struct redis_address *ret,
    const char **ret_error);

static bool
parse_login(const char *text, size_t length, struct redis_address *ret,
    const char **ret_error);

static bool
parse_host(const char *text, size_t length, struct redis_address *ret,
    const char **ret_error);

static bool
parse_number(const char *text, size_t length, int max, int *ret);

static bool
decode(const char *text, size_t length, char *ret, size_t size);

static bool
resolve(struct redis_address *ret, const char **ret_error);

bool
redis_address_parse(const char *text, struct redis_address *ret,
    const char **ret_error)
{
	struct redis_address address = { .port = 0 };
	bool is_good;

	if (strncmp(text, "unix:", 5) == 0) {
		is_good = parse_path(text + 5, &address, ret_error);
	} else if (strncmp(text, "redis://", 8) == 0) {
		is_good = parse_url(text + 8, &address, ret_error);
	} else if (strncmp(text, "rediss://", 9) == 0) {
		address.is_tls = true;
		is_good = parse_url(text + 9, &address, ret_error);
	} else {
		*ret_error = "starts with none of unix:, redis://, rediss://";
		is_good = false;
	}
	if (is_good)
		*ret = address;
	return is_good;
}

static bool
parse_path(const char *path, struct redis_address *ret,
    const char **ret_error)
{
	size_t size = sizeof(((struct sockaddr_un *)NULL)->sun_path);

	if (path[0] != '/' || strlen(path) >= size) {
		*ret_error = "a socket's path is absolute and at most 107 bytes";
		return false;
	}
	ret->is_unix = true;
	strcpy(ret->host, path);
	strcpy(ret->name, path);
	return true;
}

static bool
parse_url(const char *text, struct redis_address *ret, const char **ret_error)
{
	size_t length = strcspn(text, "/");
	const char *database = text + length;
	const char *at = memrchr(text, '@', length);

	if (*database == '/')
		database++;
	if (*database != '\0' && !parse_number(database, strlen(database),
	    DATABASE_MAX, &ret->database)) {
		*ret_error = "after the / stands the number of a database";
		return false;
	}
	if (at != NULL) {
		if (!parse_login(text, (size_t)(at - text), ret, ret_error))
			return false;
		length -= (size_t)(at + 1 - text);
		text = at + 1;
	}
	return parse_host(text, length, ret, ret_error) &&
	    resolve(ret, ret_error);
}

static bool
parse_login(const char *text, size_t length, struct redis_address *ret,
    const char **ret_error)
{
	const char *colon = memchr(text, ':', length);
	size_t user_length;

	if (colon == NULL) {
		*ret_error = "before the @ stands user:password or :password";
		return false;
	}
	user_length = (size_t)(colon - text);
	if (!decode(text, user_length, ret->user, sizeof(ret->user))) {
		*ret_error = "the user is longer than 63 bytes or a %XX is bad";
		return false;
	}
	if (!decode(colon + 1, length - user_length - 1, ret->password,
	    sizeof(ret->password))) {
		*ret_error =
		    "the password is longer than 255 bytes or a %XX is bad";
		return false;
	}
	if (ret->password[0] == '\0') {
		*ret_error = "the password is empty";
		return false;
	}
	return true;
}

static bool
parse_host(const char *text, size_t length, struct redis_address *ret,
    const char **ret_error)
{
	const char *host = text;
	size_t host_length;
	const char *rest;

	if (length > 0 && text[0] == '[') {
		const char *end = memchr(text, ']', length);

		host++;
		host_length = end == NULL ? 0 : (size_t)(end - host);
		rest = end == NULL ? host : end + 1;
	} else {
		const char *colon = memchr(text, ':', length);

		host_length = colon == NULL ? length : (size_t)(colon - text);
		rest = host + host_length;
	}
	if (host_length == 0 || host_length >= sizeof(ret->name)) {
		*ret_error = "the host is missing or longer than 255 bytes";
		return false;
	}
	memcpy(ret->name, host, host_length);
	ret->name[host_length] = '\0';
	length -= (size_t)(rest - text);
	ret->port = DEFAULT_PORT;
	if (length > 0 && (rest[0] != ':' ||
	    !parse_number(rest + 1, length - 1, 65535, &ret->port) ||
	    ret->port == 0)) {
		*ret_error = "after the host stands :port, 1 to 65535";
		return false;
	}
	return true;
}

static bool
parse_number(const char *text, size_t length, int max, int *ret)
{
	int number = 0;

	if (length == 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (text[i] - '0');
		if (number > max)
			return false;
	}
	*ret = number;
	return true;
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits) % 16;
}

/* Undoes %XX; %00 is refused, because what is stored are strings. */
static bool
decode(const char *text, size_t length, char *ret, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == '%') {
			int high = i + 2 < length ? hex_digit(text[i + 1]) : -1;
			int low = i + 2 < length ? hex_digit(text[i + 2]) : -1;

			if (high < 0 || low < 0 || (high == 0 && low == 0))
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (used + 1 >= size)
			return false;
		ret[used++] = c;
	}
	ret[used] = '\0';
	return true;
}

static bool
resolve(struct redis_address *ret, const char **ret_error)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	int code = getaddrinfo(ret->name, NULL, &hints, &found);

	/* It is this machine also where no file of hosts says so (RFC 6761). */
	if (code != 0 && strcmp(ret->name, "localhost") == 0) {
		strcpy(ret->host, "127.0.0.1");
		return true;
	}
	if (code == 0) {
		code = getnameinfo(found->ai_addr, found->ai_addrlen, ret->host,
		    sizeof(ret->host), NULL, 0, NI_NUMERICHOST);
		freeaddrinfo(found);
	}
	if (code != 0)
		*ret_error = gai_strerror(code);
	return code == 0;
}
