/* SPDX-License-Identifier: MIT */
/*
 * A bufferevent on its way to an address: Unix socket, TCP, or TLS with the
 * server's certificate checked against the name as it was written. Sends and
 * reads nothing by itself.
 */
#ifndef CALLBACKD_DAEMON_REDIS_SOCKET_H
#define CALLBACKD_DAEMON_REDIS_SOCKET_H

#include <stdbool.h>

#include "daemon/redis_address.h"
#include "lib/check.h"

struct bufferevent;
struct event_base;
struct ssl_ctx_st;

enum { REDIS_SOCKET_WHY_SIZE = 256 };

/*
 * `tls` holds the certificates read at the first attempt, NULL before; the
 * caller keeps it and frees it with SSL_CTX_free. NULL: `ret_why`, of
 * REDIS_SOCKET_WHY_SIZE bytes, says why.
 */
struct bufferevent *
redis_socket_new(struct event_base *base, const struct redis_address *address,
    struct ssl_ctx_st **tls, char *ret_why) MUST_USE;

/*
 * Begins to connect; set the handlers before, they may run at once. False:
 * free it, `ret_why` says why.
 */
bool
redis_socket_connect(struct bufferevent *socket,
    const struct redis_address *address, char *ret_why) MUST_USE;

/* What BEV_EVENT_ERROR or BEV_EVENT_EOF meant; call it in that handler. */
void
redis_socket_why(struct bufferevent *socket, short what, char *ret_why);

#endif
