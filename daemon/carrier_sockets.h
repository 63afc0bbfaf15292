/* SPDX-License-Identifier: MIT */
/*
 * carrier_sockets: the sockets of a carrier: which are opened at all, what curl
 * waits for on each, what has happened on them. Calls nobody; handlers of libevent
 * only note. Sockets are found by number: curl may close a descriptor and open
 * another with its number inside any call.
 */
#ifndef CALLBACKD_DAEMON_CARRIER_SOCKETS_H
#define CALLBACKD_DAEMON_CARRIER_SOCKETS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "lib/check.h"

struct event_base;
struct carrier_sockets;

struct carrier_sockets *carrier_sockets_new(struct event_base *base) MUST_USE;
void carrier_sockets_free(struct carrier_sockets *sockets);

/* This machine's own address, or what only neighbours reach (RFC 6890). */
bool carrier_address_is_private(const struct sockaddr *address);

/* -1: it cannot be opened. Ours are those that were opened here. */
int carrier_socket_open(struct carrier_sockets *sockets, int family, int type, int protocol);
int carrier_socket_close(struct carrier_sockets *sockets, int fd);
bool carrier_socket_is_ours(const struct carrier_sockets *sockets, int fd);

/* EV_READ, EV_WRITE, both; 0: let go. One that is kept idle is watched all the
 * same: the first that is heard of it ends it. */
void carrier_socket_want(struct carrier_sockets *sockets, int fd, short what, bool is_kept);
/* What comes next on it is the end of the connection. */
void carrier_socket_end(struct carrier_sockets *sockets, int fd);

bool carrier_sockets_have_news(const struct carrier_sockets *sockets);
/* Takes the next socket on which something happened that is waited for; false:
 * there is none. */
bool carrier_sockets_next(struct carrier_sockets *sockets, int *ret_fd, short *ret_what);

#endif
