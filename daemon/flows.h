/* SPDX-License-Identifier: MIT */
/*
 * flows: from what the core decided to the document that the provider carries
 * out: which flow it is, and in whose words. Reads nothing and sends nothing.
 */
#ifndef CALLBACKD_DAEMON_FLOWS_H
#define CALLBACKD_DAEMON_FLOWS_H

#include "daemon/calls.h"

/* One question of a provider and what is known of its call. */
struct flow_order {
	const struct calls_provider *provider;
	struct record_ref call;
	const struct situation *situation;      /* NULL: could not be looked up */
	bool is_customer;                       /* the customer's phone asks */
	const char *note;                       /* what they wrote, "" or "not now" */
};

/* Is their note read in the answer? */
bool flows_need_note(enum verdict verdict);

/* The body is the caller's to free, the type the provider's. False: the file has
 * no such flow, or a value is missing; it was logged. */
bool flows_make(struct calls *calls, enum verdict verdict, const struct flow_order *order,
    char **ret_body, const char **ret_type) MUST_USE;

/* Nothing could be looked up: "one moment, please", and the question comes again;
 * a customer is greeted in the usual words and joined. */
bool flows_make_wait(struct calls *calls, const struct flow_order *order, char **ret_body,
    const char **ret_type) MUST_USE;

#endif
