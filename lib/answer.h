/* SPDX-License-Identifier: MIT */
/*
 * answer: what a website reads of its request, as one line of JSON: the value of
 * answer:ID and the body of GET /v1/requests/ID. Shape and order of the keys
 * are part of the contract (docs/redis.md). Instants are Unix seconds.
 */
#ifndef CALLBACKD_LIB_ANSWER_H
#define CALLBACKD_LIB_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/intake.h"

struct answer {
	const char *id;         /* the website's; NULL: left out */
	const char *state;      /* waiting, scheduled, calling, … */
	const char *number;     /* spoken number of the case; NULL: left out */
	const char *queue;      /* NULL: left out */
	int64_t expect_from_s, expect_to_s;  /* 0: left out */
	int64_t promise_s;                   /* 0: left out */
	bool is_late;           /* it was missed, and is the second one; left out when not */
	int64_t slot_from_s, slot_to_s;      /* 0: left out */
	const char *why;        /* a stable word; NULL: left out */
	const char *caller_id;  /* NULL: left out */
	const char *warnings_json;  /* a JSON array; NULL: [] */
};

/* Both return memory of the caller's; texts must be UTF-8. */
char *answer_live(const struct answer *answer);
char *answer_rejected(const struct intake *intake);

/* The warnings kept in said (intake.said, said:R) as a JSON array of the
 * caller's; NULL: none, or said cannot be read. */
char *answer_warnings(const char *said);

#endif
