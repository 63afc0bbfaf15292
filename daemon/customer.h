/* SPDX-License-Identifier: MIT */
/*
 * customer: what a number has asked for lately: how many cases it opened, and the latest
 * request of each. Read from the window that each new case is written into
 * (standing_cases_key); a case number may have been given to somebody else since, which
 * the case's own record tells.
 */
#ifndef CALLBACKD_DAEMON_CUSTOMER_H
#define CALLBACKD_DAEMON_CUSTOMER_H

#include "daemon/store.h"
#include "lib/request.h"

enum { CUSTOMER_LATEST = 9 };

struct customer {
	bool is_known;                  /* Redis has answered all of it */
	int64_t case_count;             /* of CASES_WINDOW_MS */
	struct request latest[CUSTOMER_LATEST];  size_t count;  /* the newest case first */
};

/* Called once; perhaps before customer_read returns. */
typedef void customer_on_read(void *context, const struct customer *customer);
void customer_read(struct store *store, const char *phone, customer_on_read *on_read,
    void *context);

#endif
