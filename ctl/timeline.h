/* SPDX-License-Identifier: MIT */
/*
 * timeline: the lines of a request's story that tell a stranger something, in
 * plain words, each with the promise that was in force.
 */
#ifndef CALLBACKD_CTL_TIMELINE_H
#define CALLBACKD_CTL_TIMELINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_DETAIL_SIZE = 320 };

/* Whom or what the time before a line is owed to, once the promise is late. */
enum cause {
	CAUSE_NONE,             /* what a call needs anyway */
	CAUSE_WAIT,             /* nobody took it */
	CAUSE_IGNORED,
	CAUSE_DECLINED,
	CAUSE_UNREACHED,        /* the specialist's phone */
	CAUSE_HELD,             /* it was held back */
	CAUSE_PREFERRED,        /* it waited for somebody who did not come */
};

enum { WAITS_MAX = 3, WORD_SIZE = 24 };

struct line {
	int64_t at_ms;
	int64_t after_ms;       /* since the state before began; 0: not said */
	int64_t promise_at_ms;  /* in force; 0: not known */
	const char *word;       /* "offered"; borrowed from the story or constant */
	const char *from, *to;  /* states of the request; equal: it stayed */
	char who[128];          /* whose doing: a name; "": nobody's */
	char detail[LINE_DETAIL_SIZE];
	enum cause cause;       /* of the time since the state before began */
	/* CAUSE_WAIT: what kept it from being offered, for parts of that time. */
	struct { char word[WORD_SIZE]; int64_t ms; } waits[WAITS_MAX];  size_t wait_count;
	char held_for[WORD_SIZE];  /* CAUSE_HELD: a stable word; "": not said */
	bool prefers;           /* from now on it waits for one specialist */
	bool makes_promise, rings, is_alarm;
};

struct timeline {
	struct line *lines;
	size_t count;
};

/* The request as GET /v1/requests/KEY gives it, which must outlive the
 * timeline; specialists: the list that names them, or NULL. */
void timeline_init(struct timeline *timeline, const json_t *request,
    const json_t *specialists);
void timeline_fini(struct timeline *timeline);

#endif
