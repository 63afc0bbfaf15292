/* SPDX-License-Identifier: MIT */
/*
 * spoken: what people hear on the telephone: the specialist in their own
 * language, the customer in that of their request. What somebody wrote is read
 * as words only: no character of it can be taken for markup or for a command of
 * a speech engine.
 */
#ifndef CALLBACKD_DAEMON_SPOKEN_H
#define CALLBACKD_DAEMON_SPOKEN_H

#include <stddef.h>

#include "lib/call.h"
#include "lib/request.h"

enum {
	SPOKEN_SIZE = 1536,             /* room for any of these texts */
	SPOKEN_NOTE_MAX = 160,          /* characters of a note that are read */
};

/* The language of what is said to that customer: their own where the words are ours,
 * the company's where it has words of its own in this queue, which need to be read
 * as they are written. The queue may be NULL. */
const char *spoken_customers_language(const struct policy *policy,
    const struct queue_policy *queue, const char *locale);

/* ---- to the specialist */

/* Who and what about, and what they wrote ("": nothing). */
void spoken_brief(const struct policy *policy, const struct request *request, const char *note,
    const char *language, char *ret_text, size_t size);

/* The same, and which keys there are. */
void spoken_whisper(const struct policy *policy, const struct request *request,
    const char *note, const char *language, char *ret_text, size_t size);

/* The customer has hung up: the results of that queue by key. */
void spoken_result(const struct policy *policy, const char *queue, const char *language,
    char *ret_text, size_t size);

/* How the customer's leg ended, and goodbye. */
void spoken_ended(enum call_outcome outcome, const char *language, char *ret_text,
    size_t size);

/* One more sentence, if it fits. */
void spoken_add(char *text, size_t size, const char *sentence);

const char *spoken_goodbye(const char *language);
const char *spoken_thanks(const char *language);
const char *spoken_wait(const char *language);
const char *spoken_recorded(const char *language);

/* ---- to the customer. The queue may be NULL: it is not known. */

/* Who calls, and that the talk is recorded, where it is. */
void spoken_greeting(const struct policy *policy, const struct queue_policy *queue,
    const char *language, char *ret_text, size_t size);

/* The same, and the key that takes the call. */
void spoken_confirm(const struct policy *policy, const struct queue_policy *queue,
    const char *language, char *ret_text, size_t size);

/* Left on a machine; "" where the queue leaves nothing. */
void spoken_voicemail(const struct policy *policy, const struct queue_policy *queue,
    char *ret_text, size_t size);

const char *spoken_connect(const char *language);
/* Customer first: the specialist did not come. */
const char *spoken_sorry(const char *language);

#endif
