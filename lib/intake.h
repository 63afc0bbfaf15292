/* SPDX-License-Identifier: MIT */
/*
 * intake: what a website wrote becomes values, or a refusal it can act upon.
 * The contract is docs/redis.md; the member may be anything up to what Redis
 * stores. The same reading serves the body of POST /v1/requests.
 *
 * Never decides what happens to a request (merging, promises, hours): only what
 * was asked for, and whether it was asked properly.
 */
#ifndef CALLBACKD_LIB_INTAKE_H
#define CALLBACKD_LIB_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/phone.h"
#include "lib/policy.h"

enum {
	INTAKE_MEMBER_MAX = 16 * 1024,  /* bytes */
	INTAKE_NOTES_MAX = 8,           /* errors, and warnings; more are left out */
};

enum intake_op { INTAKE_ASK, INTAKE_CANCEL, INTAKE_MOVE };

/* One thing said to the website's developer: an error or a warning. */
struct intake_note {
	const char *code;       /* stable word; static */
	char pointer[64];       /* JSON pointer into the member; "" is the whole of it */
	char text[160];         /* for people, Russian or English */
};

struct intake {
	bool is_accepted;
	enum intake_op op;
	char id[65];            /* "": none; read from refused members where possible */
	struct phone phone;     /* asked only; cancel and move carry none */
	char name[64];          /* cut at a character; the full one is in said */
	char queue[32];         /* the topic's, or the default one */
	char locale[8];         /* language of what the customer is told */
	char zone[64];          /* IANA name, not looked up; "": not said */
	bool may_text;          /* the customer allows text messages */
	char address[46];       /* consent.ip: the visitor's, as the website saw it; "": not said */
	int64_t at_ms;          /* 0: as soon as possible */
	int64_t waiting_since_ms;  /* 0: not handed over from a telephone queue */
	char wished[32];        /* specialist asked for; "": none */
	char case_number[13];   /* digits; "": a new matter */
	struct intake_note errors[INTAKE_NOTES_MAX];    size_t error_count;
	struct intake_note warnings[INTAKE_NOTES_MAX];  size_t warning_count;
	char *said;             /* owned. What was accepted, as compact JSON with the
	                         * long texts, unknown fields under data, and the
	                         * warnings last; NULL when refused */
};

/*
 * Reads length untrusted bytes and the score as Redis prints it (Unix seconds;
 * NULL or "": as soon as possible; cancel does not look at it). The policy must
 * have a queue. ret_intake is always filled; it owns memory until intake_fini.
 */
void intake_read(const struct policy *policy, const char *member, size_t length,
    const char *score, int64_t now_ms, struct intake *ret_intake);

/* For refusals found later (id_conflict, not_found, too_many_requests,
 * phone_not_accepted): adds the error in the request's language, drops
 * the acceptance. The code must be one of docs/redis.md. */
void intake_refuse(struct intake *intake, const char *code, const char *pointer);

void intake_fini(struct intake *intake);

#endif
