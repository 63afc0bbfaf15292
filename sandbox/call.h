/* SPDX-License-Identifier: MIT */
/*
 * A call: one leg, from the order to the end. Owns its life and the register
 * of all calls; says on the ledger, in webhooks, to the person and to the flow
 * what happens. An end absorbs: nothing moves an ended call.
 *
 *	QUEUED -> RINGING -> IN_PROGRESS -> COMPLETED
 *	      \-> BUSY, FAILED, NO_ANSWER, CANCELED
 */
#ifndef CALLBACKD_SANDBOX_CALL_H
#define CALLBACKD_SANDBOX_CALL_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "lib/check.h"
#include "sandbox/detect.h"

struct flow;
struct phone;
struct sandbox;
struct webhook;

enum {
	CALL_SID_SIZE = 35,
	CALL_HEARD_MAX = 8,
	CALL_CHILD_MAX = 10,
	CALL_KEPT_MAX = 1 << 16,	/* live and ended together */
};

enum call_status {
	CALL_QUEUED,
	CALL_RINGING,
	CALL_IN_PROGRESS,
	CALL_COMPLETED,
	CALL_BUSY,
	CALL_NO_ANSWER,
	CALL_FAILED,
	CALL_CANCELED,
	CALL_STATUS_COUNT,
};

/* Bits of what a StatusCallback is told. */
enum call_event {
	CALL_EVENT_INITIATED = 1,
	CALL_EVENT_RINGING = 2,
	CALL_EVENT_ANSWERED = 4,
	CALL_EVENT_COMPLETED = 8,	/* every end */
};

/* What is asked for; strings are copied, and may be NULL where it says so. */
struct call_order {
	const char *to, *from;		/* legal addresses */
	const char *url;		/* TwiML once answered; NULL */
	const char *method;		/* of `url`: "POST" or "GET" */
	const char *twiml;		/* used when `url` is NULL; NULL */
	const char *status_url;		/* NULL: no webhooks */
	const char *status_method;
	unsigned events;		/* 0: the end only */
	int64_t timeout_ms;		/* of ringing */
	enum detection detection;	/* of who answers */
	const char *detect_url;		/* is told; NULL: the flow waits for it */
	struct call *parent;		/* NULL: not dialled by a flow */
	bool is_inbound;		/* `from` is a phone that calls `to`, a line;
					 * timeout_ms 0: it waits for ever */
	bool is_hidden;			/* without showing its number */
};

struct call {
	struct sandbox *sandbox;
	uint32_t serial;
	char sid[CALL_SID_SIZE];
	char parent_sid[CALL_SID_SIZE];	/* "": none; outlives `parent` */
	enum call_status status;
	struct phone *phone;
	char *to, *from, *url, *method, *twiml, *status_url, *status_method;
	unsigned events;
	int64_t timeout_ms;
	enum detection detection;
	char *detect_url;
	bool is_detected;		/* who it was that answered */
	bool is_inbound;		/* its phone has called us */
	int64_t created_at_ms, rung_at_ms, answered_at_ms, ended_at_ms;
	int64_t joined_at_ms;		/* 0: not yet */
	int sip_code;			/* of the end; 0: none */
	int sequence;			/* of the next webhook */

	struct call *parent;		/* NULL once either has ended */
	struct call *children[CALL_CHILD_MAX];
	size_t child_count;
	struct call *joined;		/* who is heard; NULL: nobody */
	char *recording_url;		/* is told where the joined talk is; NULL */

	struct event step;		/* the network's next deed */
	struct event deed;		/* the person's: answer, hang up */
	struct event press;		/* the person's next key */
	struct event detecting;
	size_t key_index;
	struct flow *flow;		/* NULL: none runs */

	char *heard[CALL_HEARD_MAX];	/* oldest first */
	size_t heard_count;
	int64_t heard_at_ms;

	TAILQ_HEAD(webhook_list, webhook) webhooks;	/* to be sent */
	struct webhook_list delayed;	/* by a fault */
	bool webhook_is_flying;
	struct webhook *aside;		/* delayed until the next is sent */
};

struct calls *
calls_new(void) MUST_USE;

/* There must be no calls in it any more. Accepts NULL. */
void
calls_free(struct calls *calls);

/* Forgets all calls, live ones included; tells nobody. */
void
calls_reset(struct sandbox *sandbox);

/* NULL: not ours, or forgotten. */
struct call *
calls_find(struct sandbox *sandbox, const char *sid) MUST_USE;

/* The newest call older than `serial`; 0: the newest of all. NULL: no more. */
struct call *
calls_before(struct sandbox *sandbox, uint32_t serial) MUST_USE;

/* Live calls. */
size_t
calls_live_count(const struct sandbox *sandbox);

/*
 * Creates a queued call; dialling begins after this returned. NULL: too many
 * live calls or phones.
 */
struct call *
call_create(struct sandbox *sandbox, const struct call_order *order) MUST_USE;

/* The flow takes a call that came in. */
void
call_pick_up(struct call *call);

/* The person takes a ringing phone. */
void
call_answer(struct call *call);

/* What an answered call was ordered to do. */
void
call_flow_begin(struct call *call);

/* The person says no to a ringing phone. */
void
call_reject(struct call *call);

/* One side, or the network, ends it however far it is. */
void
call_hang_up(struct call *call);

/* The flow joins two answered calls. */
void
call_join(struct call *parent, struct call *child);

void
call_end(struct call *call, enum call_status status, int sip_code);

bool
call_is_over(const struct call *call);

/* "inbound", "outbound-api", "outbound-dial" */
const char *
call_direction(const struct call *call);

/* "no-answer" and so on. */
const char *
call_status_name(enum call_status status);

/* Bits of the names in the text, however parted; 0: none, or NULL. */
unsigned
call_events_read(const char *list) MUST_USE;

/* The phone hears that; `words` is copied. */
void
call_hears(struct call *call, const char *words);

/* Whole network seconds from answer to end, or to now; 0: never answered. */
int64_t
call_duration(const struct call *call);

#endif
