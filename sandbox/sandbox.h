/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the sandbox share: one telephone network, its account, its
 * clock. Everything runs on the thread of the event loop.
 */
#ifndef CALLBACKD_SANDBOX_SANDBOX_H
#define CALLBACKD_SANDBOX_SANDBOX_H

#include <stdint.h>
#include <sys/time.h>

struct calls;
struct event_base;
struct faults;
struct fetcher;
struct http_server;
struct http_static;
struct late;
struct ledger;
struct lines;
struct phones;
struct setup;
struct texts;

struct sandbox {
	struct event_base *base;
	const char *account, *token;	/* borrowed: of the program */
	double clock_scale;		/* of every telephone time; 0: at once */
	struct ledger *ledger;
	struct fetcher *fetcher;
	struct phones *phones;
	struct lines *lines;
	struct calls *calls;
	struct texts *texts;
	struct faults *faults;
	struct http_server *server;
	struct http_static *pages;	/* NULL: no page is served */
	struct setup *setup;
	struct late *lates;	/* answers that a fault holds back */
};

/* The wall clock. */
int64_t
sandbox_now_ms(void);

/* How long something on the network takes, scaled. */
struct timeval
sandbox_time(const struct sandbox *sandbox, int64_t network_ms);

/*
 * How long somebody waits for something, scaled, but never so short that the
 * thing waited for could not come first.
 */
struct timeval
sandbox_patience(const struct sandbox *sandbox, int64_t network_ms);

/* Not scaled. */
struct timeval
sandbox_real_time(int64_t ms);

/* The whole seconds, rounded up, that a span of real time is on the network. */
int64_t
sandbox_network_seconds(const struct sandbox *sandbox, int64_t real_ms);

#endif
