/* SPDX-License-Identifier: MIT */
/*
 * The faults a provider can have, ordered for the next requests that create a
 * call and for the next webhooks. It only keeps and counts them: api.c and
 * webhook.c commit them.
 */
#ifndef CALLBACKD_SANDBOX_FAULTS_H
#define CALLBACKD_SANDBOX_FAULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/check.h"

enum {
	FAULT_QUEUE_MAX = 64,
	FAULT_ERROR_SIZE = 160,
};

enum fault_kind {
	FAULT_NONE,
	/* of a create; "after": the call exists all the same */
	FAULT_500_BEFORE,
	FAULT_500_AFTER,
	FAULT_503,
	FAULT_429,
	FAULT_400,
	FAULT_CLOSE_BEFORE,
	FAULT_CLOSE_AFTER,
	FAULT_LATE,		/* created at once, answered later */
	FAULT_GARBAGE,		/* created; 201, but no JSON */
	FAULT_HUGE,		/* created; 201 with 10 MB */
	FAULT_DRIP,		/* created; 201, a few bytes a second */
	FAULT_REDIRECT,		/* 307 to where it came from */
	/* of a webhook */
	FAULT_DROP,
	FAULT_DUPLICATE,	/* sent `times` more, at once */
	FAULT_DELAY,
	FAULT_REORDER,		/* after the next one of its call */
	FAULT_FORGED,		/* one more before it: an end, badly signed */
	FAULT_KIND_COUNT,
};

struct fault {
	enum fault_kind kind;
	int count;		/* how many requests are still to suffer */
	int64_t delay_ms;	/* real time */
	int times;
};

struct faults *
faults_new(void) MUST_USE;

/* Accepts NULL. */
void
faults_free(struct faults *faults);

/*
 * Queues what {"create": [{"kind", "count", "delay", "times"}], "sms": [...],
 * "webhook": [...]} orders; one object may stand for a list of one. False: nothing was
 * queued, and a sentence in `ret_error`.
 */
bool
faults_order(struct faults *faults, const json_t *order,
    char ret_error[FAULT_ERROR_SIZE]) MUST_USE;

/* Takes the next one; its kind is FAULT_NONE when nothing is ordered. */
struct fault
faults_take_create(struct faults *faults);

/* Of a create of a message. */
struct fault
faults_take_sms(struct faults *faults);

struct fault
faults_take_webhook(struct faults *faults);

void
faults_clear(struct faults *faults);

/* New reference: what is still ordered, in the form of faults_order. */
json_t *
faults_to_json(const struct faults *faults) MUST_USE;

/* "500_before" and so on. */
const char *
fault_name(enum fault_kind kind);

#endif
