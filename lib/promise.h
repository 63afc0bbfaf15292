/* SPDX-License-Identifier: MIT */
/*
 * promise: what the customer is told, as an instant, and what is left of it.
 * A promise is kept when the customer's phone has rung before it. A retry, a
 * chosen moment and a case passed on each make a new, numbered promise; a
 * missed one is followed by a second promise, and there is no third
 * (DECISIONS 4).
 */
#ifndef CALLBACKD_LIB_PROMISE_H
#define CALLBACKD_LIB_PROMISE_H

#include "lib/expect.h"
#include "lib/request.h"
#include "lib/slot.h"

/* The window of a request in its queue (a removed queue has the default queue's);
 * of one that was passed on the limit is that of such cases there. */
struct window {
	int64_t target_ms, limit_ms, scheduled_ms, late_ms;
};
struct window window_of(const struct policy *policy, const struct request *request);

/* Does only the time count for its limit in which its queue is open. */
bool promise_counts_open(const struct policy *policy, const struct request *request);

/* As soon as possible, asked (or due again) at that instant. */
void promise_soon(const struct policy *policy, struct request *request, int64_t start_ms);

/* For a moment that was chosen. */
void promise_at(const struct policy *policy, struct request *request, int64_t moment_ms);

/* For the moment that somebody asks for; as soon as possible, where that is past. at_ms is
 * that moment then. */
void promise_asked(const struct policy *policy, struct request *request, int64_t at_ms,
    int64_t asked_at_ms, int64_t now_ms);

/* For a slot that it was given: to be called between the two. */
void promise_slot(struct request *request, const struct slot_span *slot);

/* What was seen of its queue when it began to wait. The next promise forgets it. */
void promise_expect(struct request *request, const struct expectation *seen, int64_t now_ms);
/* Is there something to tell the customer of it: it is on time, and not rung yet. */
bool promise_is_expected(const struct request *request);

/* The limit has passed: the late lane and the second promise. */
void promise_miss(const struct policy *policy, struct request *request);

/* The second promise has passed: counted, nothing follows. */
void promise_miss_second(struct request *request);

/* The second promise is so near that it is served before everything that is on
 * time. 0: it is not in the late lane, or there is no second promise. */
int64_t promise_raise_moment(const struct policy *policy, const struct request *request);
/* That moment has come. */
void promise_raise(struct request *request);

/* So long before the promise the first rung shows it to others; 0: none does. */
int64_t promise_first_rung_ms(const struct queue_policy *queue);
/* So long before the promise a request of that queue is in a hurry: half of the limit, or
 * when the first rung of widening shows it to others, whatever is earlier. */
int64_t promise_hurry_ms(const struct queue_policy *queue);
/* Is it, at that moment? What is late or owes nothing more always is. */
bool promise_is_in_hurry(const struct policy *policy, const struct request *request,
    int64_t now_ms);

/* Until when the preferred specialist is waited for: as the queue says, and never longer
 * than until others are shown it. 0: they are not. */
int64_t promise_prefer_moment(const struct policy *policy, const struct request *request);

/* Time left until the customer must have been rung: (second) promise minus now
 * minus ring time. INT64_MAX: nothing is open. */
int64_t promise_slack_ms(const struct policy *policy, const struct request *request,
    int64_t now_ms);

#endif
