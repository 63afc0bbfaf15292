/* SPDX-License-Identifier: MIT */
/*
 * carrier_server: an HTTP server that does what a provider must not do, on
 * 127.0.0.1, a thread for each connection. What it does is chosen by the path of
 * the request. It counts the requests that came whole: those would have been
 * executed.
 *
 *   /ok                 201 with a body; the connection is kept
 *   /echo               200 with the whole request as the body
 *   /late/MS            201 after that time
 *   /close  /reset      reads the request and hangs up
 *   /slow               one byte of an endless answer every 20 ms
 *   /huge               as many bytes as are taken
 *   /between            the same where the length of a chunk should end
 *   /gap/BYTES/fin|rst  201; of the next request on the same connection it reads
 *                       that many bytes (or "all") and hangs up
 *   /idle/MS            201; hangs up after that time
 *   /tickets  /keys     by TLS: session tickets, new keys, for as long as they are
 *                       taken, and no answer
 *   /stray/MS           201; after that time another one that nobody asked for
 *   others              carrier_server_answers[].path
 */
#ifndef CALLBACKD_TESTS_PLATFORM_CARRIER_SERVER_H
#define CALLBACKD_TESTS_PLATFORM_CARRIER_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct carrier_server;

/* A fixed answer, after which it hangs up. */
struct carrier_server_answer {
	const char *path, *text;
	bool is_repeated;               /* until the other side hangs up */
};
extern const struct carrier_server_answer carrier_server_answers[];

enum carrier_server_kind {
	SERVER_SPEAKS,
	SERVER_SPEAKS_TLS,              /* with a certificate of its own */
	SERVER_HAS_EXPIRED,             /* the same, of yesterday */
	SERVER_IS_ANOTHER,              /* the same, of another address */
	SERVER_HANGS_UP,                /* as soon as it has accepted */
	SERVER_NEVER_ACCEPTS
};

/* NULL: no socket, no memory. */
struct carrier_server *carrier_server_new(enum carrier_server_kind kind);
void carrier_server_free(struct carrier_server *server);

int carrier_server_port(const struct carrier_server *server);
/* Of those with one: a file with the certificate. */
const char *carrier_server_certificate(const struct carrier_server *server);

/* Whole requests and connections since the last time. */
size_t carrier_server_take_executed(struct carrier_server *server);
size_t carrier_server_take_accepted(struct carrier_server *server);
/* Connections that are open now. */
size_t carrier_server_count_open(struct carrier_server *server);

#endif
