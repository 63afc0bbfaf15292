/* SPDX-License-Identifier: MIT */
/*
 * Where a Redis is and who we are to it, read from one line of settings. A
 * host name is resolved here and only here, because it may take seconds: call
 * it before the loop runs.
 */
#ifndef CALLBACKD_DAEMON_REDIS_ADDRESS_H
#define CALLBACKD_DAEMON_REDIS_ADDRESS_H

#include <stdbool.h>

#include "lib/check.h"

struct redis_address {
	char host[256];		/* a socket's path, or a numeric address */
	char name[256];		/* the host as it was written: TLS checks it */
	int port;
	bool is_unix;
	bool is_tls;
	char user[64];		/* "": the default user */
	char password[256];	/* "": none is sent */
	char ca_file[256];	/* "": the system's; set by the caller */
	int database;
};

/*
 * Reads "unix:/path", "redis://[user:password@]host[:port][/database]" or the
 * same with rediss:// for TLS. User and password are percent-decoded; an IPv6
 * address stands in brackets. On false `ret_error` is a static text.
 */
bool
redis_address_parse(const char *text, struct redis_address *ret,
    const char **ret_error) MUST_USE;

#endif
