/* SPDX-License-Identifier: MIT */
/*
 * What the files of the API share, and nobody else sees: one answer on its
 * way, which requests a list lets through, how things look in JSON.
 */
#ifndef CALLBACKD_SANDBOX_API_INTERNAL_H
#define CALLBACKD_SANDBOX_API_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "sandbox/faults.h"
#include "sandbox/phone.h"

struct call;
struct form;
struct http_request;
struct sandbox;
struct text;

/* A request in hand, and what is known of it; for the reply and the ledger. */
struct api_answer {
	struct sandbox *sandbox;
	struct http_request *request;
	const struct form *form;	/* NULL: it had none */
	struct call *call;		/* NULL: none was meant */
	struct text *text;		/* a message instead; NULL: none */
	struct fault fault;
};

enum api_day { API_DAY_ANY, API_DAY_ON, API_DAY_FROM, API_DAY_UNTIL };

struct api_filter {
	char to[PHONE_ADDRESS_SIZE], from[PHONE_ADDRESS_SIZE];	/* "": any */
	const char *status, *parent;	/* NULL: any */
	enum api_day day;
	int64_t day_begins_ms;
};

/* Writes the ledger, then answers; steals `stolen`. */
void
api_reply(const struct api_answer *answer, int status, json_t *stolen);

/* The provider's error: {code, message, more_info, status}. */
void
api_refuse(const struct api_answer *answer, int status, int code,
    const char *text);

/* Only the ledger; `what` says how it was answered, if it was. */
void
api_ledger(const struct api_answer *answer, int status, const char *what);

/*
 * Commits a fault that replaces the request, or the reply to one that was
 * obeyed. False: there is none, nothing was answered.
 */
bool
api_fault_before(const struct api_answer *answer);

bool
api_fault_after(const struct api_answer *answer);

/* Answers when it is not: the account's name and token. */
bool
api_is_authorised(struct sandbox *sandbox, struct http_request *request)
    MUST_USE;

/* New references; the first is of whatever was created. */
json_t *
api_render(const struct api_answer *answer) MUST_USE;

json_t *
api_render_call(const struct call *call) MUST_USE;

/* Steals the list; `before` 0: there is no next page. */
json_t *
api_render_page(struct http_request *request, json_t *list, long size,
    uint32_t before) MUST_USE;

/* NULL, or what is wrong. It borrows from the request. */
const char *
api_filter_read(struct http_request *request, struct api_filter *ret_filter)
    MUST_USE;

bool
api_filter_lets(const struct api_filter *filter, const struct call *call)
    MUST_USE;

#endif
