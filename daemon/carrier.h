/* SPDX-License-Identifier: MIT */
/*
 * carrier: provider HTTP on curl's multi interface over the loop. Puts a request
 * on the wire at most once, follows nothing, and tells one of three ends: the
 * whole answer came, certainly nothing was executed, or nobody knows. Knows
 * nothing of calls or providers.
 *
 * curl's socket and timer handlers only note what happened; curl is called from
 * carrier_drain alone (curl refuses to be called from its own handlers).
 */
#ifndef CALLBACKD_DAEMON_CARRIER_H
#define CALLBACKD_DAEMON_CARRIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/check.h"
#include "lib/transport.h"

struct event_base;
struct carrier;

struct carrier_limits {
	size_t in_flight_max;           /* requests on the wire */
	size_t queue_max;               /* requests that wait for their turn */
	size_t answer_max;              /* bytes of an answer; more is LOST */
	size_t connections_max;
};

/* Everything is copied by carrier_send. */
struct carrier_request {
	const char *method, *url;
	const char *const *headers;  size_t header_count;   /* "Name: value" */
	const char *body;  size_t body_length;
	long timeout_ms;                /* from here to the end, > 0 */
	long connect_timeout_ms;        /* > 0 */
	int64_t start_at_ms;            /* of clock_boottime_ms: not begun before; its
	                                 * timeout counts from then; 0: at once */
	int64_t start_by_ms;            /* of clock_boottime_ms: begun later, it is
	                                 * not sent, but UNREACHED; 0: at any time */
	bool allow_private;             /* plain http, this machine, its network */
	const char *wanted_header;      /* of the answer, or NULL */
};

/* Borrowed until the handler returns. */
struct carrier_answer {
	uint64_t tag;
	enum transport_end end;
	int status;                     /* 0 unless ANSWERED */
	const char *body;  size_t body_length;  /* never NULL, ends in NUL */
	const char *error;              /* curl's words; NULL when ANSWERED */
	const char *header;             /* value of the wanted one; NULL: it has none */
	bool is_late;                   /* UNREACHED by ourselves: start_by had passed */
	int64_t elapsed_ms;
};
typedef void carrier_on_answer(void *context, const struct carrier_answer *answer);

/* Call curl_global_init and ignore SIGPIPE before. NULL: no memory. */
struct carrier *carrier_new(struct event_base *base, const struct carrier_limits *limits,
    void *context, carrier_on_answer *on_answer) MUST_USE;
/* Requests under way end without their handler. NULL is allowed. */
void carrier_free(struct carrier *carrier);

/* False: full; nothing was sent and the handler will not be called. What waits for
 * its turn longer than its timeout is not sent, but UNREACHED. */
bool carrier_send(struct carrier *carrier, const struct carrier_request *request,
    uint64_t tag) MUST_USE;

/* Once per pass of the loop: starts what waits, delivers what has ended. The
 * handler may send. */
void carrier_drain(struct carrier *carrier);
/* carrier_drain would do something now. */
bool carrier_has_work(const struct carrier *carrier);
/* Sent or waiting, and not ended. */
size_t carrier_in_flight(const struct carrier *carrier);

#endif
