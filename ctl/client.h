/* SPDX-License-Identifier: MIT */
/*
 * client: one HTTP/1.1 question at a time over the daemon's control socket.
 * It knows nothing of what is asked; an answer is bounded in size and time.
 */
#ifndef CALLBACKD_CTL_CLIENT_H
#define CALLBACKD_CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

enum { CLIENT_WHY_SIZE = 256 };

enum client_end {
	CLIENT_ANSWERED,
	CLIENT_UNREACHED,       /* certainly not asked */
	CLIENT_UNKNOWN,         /* asked, but no whole answer came */
};

struct reply {
	long status;            /* of HTTP */
	char *body;             /* ends with a NUL that length does not count */
	size_t length;
};

struct client;

/* NULL: no memory. The path is copied. */
struct client *client_new(const char *socket_path);
void client_free(struct client *client);
/* An answer must come within this; half a minute unless it was said. */
void client_set_timeout(struct client *client, long timeout_ms);

/* body NULL: none is sent. Unless CLIENT_ANSWERED, ret_why says what happened
 * and the reply is empty. The caller frees it with reply_fini. */
enum client_end client_ask(struct client *client, const char *method,
    const char *path, const char *body, size_t length, struct reply *ret_reply,
    char ret_why[CLIENT_WHY_SIZE]);
void reply_fini(struct reply *reply);

#endif
