/* SPDX-License-Identifier: MIT */
/*
 * submit: takes one thing a website (or HTTP, or callbackctl) asked, from
 * untrusted bytes to its answer: accepted, joined to a request that waits
 * already, changed nothing because it was sent before, cancelled, moved, or
 * refused with reasons. What came from the inbox leaves it in the same commit.
 */
#ifndef CALLBACKD_DAEMON_SUBMIT_H
#define CALLBACKD_DAEMON_SUBMIT_H

#include "daemon/engine.h"
#include "lib/intake.h"

struct submitter;

enum submit_end {
	SUBMIT_ACCEPTED,        /* a new request */
	SUBMIT_JOINED,          /* the customer waits already; now also for this id */
	SUBMIT_KNOWN,           /* sent before: nothing changed */
	SUBMIT_CHANGED,         /* cancelled or moved */
	SUBMIT_REFUSED,
	SUBMIT_UNREADABLE,      /* refused: the record it is about cannot go on */
	SUBMIT_GONE,            /* somebody else took it from the inbox */
	SUBMIT_LATER,           /* Redis is away or we are full: ask again */
};

struct submit_result {
	enum submit_end end;
	const char *answer;             /* JSON; NULL: GONE and LATER */
	const char *request;            /* id; "": none */
	int64_t wait_ms;                /* REFUSED by a limit: for so long; 0: not by one */
};
typedef void submit_on_end(void *context, uint64_t tag, const struct submit_result *result);

struct submission {
	const char *member;  size_t length;     /* copied */
	const char *score;                      /* as Redis prints it; NULL: now */
	const char *source;                     /* redis, http, ctl */
	const char *address;                    /* the visitor's; "": not known; NULL: as the
	                                         * member's consent says */
	bool is_from_inbox;
	const char *queue;                      /* whatever the member says; NULL: as it says */
	int64_t hold_ms;                        /* not offered before: they are on the telephone */
	submit_on_end *on_end;  void *context;  uint64_t tag;
};

struct submitter *submitter_new(struct store *store, struct engine *engine,
    const struct policy *policy);
void submitter_free(struct submitter *submitter);
/* Told of each refusal. */
void submitter_set_on_rejected(struct submitter *submitter, void (*on_rejected)(void *context),
    void *context);
void submitter_set_policy(struct submitter *submitter, const struct policy *policy);

/* on_end is called exactly once; with LATER perhaps before this returns. */
void submit(struct submitter *submitter, const struct submission *submission);

/* The request that would come of it, were it asked in earnest; nothing is kept. */
void submit_try(struct submitter *submitter, const struct intake *intake, const char *source,
    struct request *ret_request);

size_t submitter_busy_count(const struct submitter *submitter);

#endif
