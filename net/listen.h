/* SPDX-License-Identifier: MIT */
/*
 * Opens listening sockets. Owns nothing afterwards: the listener closes the
 * socket when it is freed.
 */
#ifndef CALLBACKD_NET_LISTEN_H
#define CALLBACKD_NET_LISTEN_H

#include "lib/check.h"

struct event_base;
struct evconnlistener;

/* A numeric address; port 0 takes any free one. NULL: see `ret_error`. */
struct evconnlistener *
listen_tcp(struct event_base *base, const char *address, int port,
    const char **ret_error) MUST_USE;

/* Replaces a dead socket file, never a live one or another kind of file. */
struct evconnlistener *
listen_unix(struct event_base *base, const char *path, unsigned mode,
    const char **ret_error) MUST_USE;

/* The port of a TCP listener. */
int
listen_port(struct evconnlistener *listener);

#endif
