/* SPDX-License-Identifier: MIT */
/*
 * case: the customer's matter, with the number both sides say aloud. It has no
 * life cycle of its own: requests are born into it and close in it.
 */
#ifndef CALLBACKD_LIB_CASE_H
#define CALLBACKD_LIB_CASE_H

#include "lib/policy.h"
#include "lib/record.h"

/* How many cases a number opened in this time is shown with each request of it. */
#define CASES_WINDOW_MS (INT64_C(30) * 24 * 3600 * 1000)

struct case_file {
	struct record record;
	char number[NUMBER_SIZE];
	char phone[PHONE_SIZE];
	char request[REQUEST_ID_SIZE];  /* live, or the latest */
	int  request_count;
	int64_t opened_at_ms;
};

#endif
