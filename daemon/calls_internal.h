/* SPDX-License-Identifier: MIT */
/* calls_internal: the parts of daemon/calls.h among themselves. */
#ifndef CALLBACKD_DAEMON_CALLS_INTERNAL_H
#define CALLBACKD_DAEMON_CALLS_INTERNAL_H

#include "daemon/calls.h"

struct job {
	bool is_used;
	uint32_t generation;
	struct record_ref call;
	enum provider_operation operation;
	size_t provider;                /* its place in the list */
	bool is_customers_number;       /* a refused number is the customer's */
	bool is_customer_first;
	bool is_again;                  /* SECOND_LEG: not the first order */
	bool is_leg;                    /* GET, HANGUP: `sid` is of the customer's leg */
	int pages;                      /* FIND: read so far */
	char sid[SID_SIZE];
	/* For the request that may follow this one. */
	char agent[ADDRESS_SIZE], customer[PHONE_SIZE], caller_id[PHONE_SIZE];
	int64_t placed_at_ms;
};

/* What a provider says of itself, asked beside its calls. */
struct epoch {
	char value[PROVIDER_ID_SIZE];   /* "": not known yet */
	int64_t asked_boot_ms;
	bool is_wanted;                 /* a call is gone: with the next tick */
	int64_t changed_at_ms;          /* its calls of before are dead; 0: not seen */
	int64_t check_boot_ms;          /* the next `check` */
};

struct calls {
	struct epoch *epochs;           /* one for each provider */
	struct carrier *carrier;
	struct engine *engine;
	struct store *store;
	const struct policy *policy;
	char public_url[256];
	struct calls_provider *providers;  size_t provider_count;
	unsigned char secret[SECRET_SIZE];
	bool has_secret;
	int64_t doubted_until_ms;       /* boot time: see calls_doubt_orders */
	struct job *jobs;  size_t job_count, first_free;
	calls_on_text *on_text;  void *text_context;
	int64_t next_look_ms[PROVIDER_ORDER_MAX];  /* boot time */
	int64_t next_find_ms[PROVIDER_ORDER_MAX];
	calls_on_news *on_news;  void *news_context;
	calls_on_check *on_check;  void *check_context;
	calls_on_alarm *on_alarm;  void *alarm_context;
};

/* Posts what was learnt of a call or message; it is told again until it is kept. */
void calls_tell(struct calls *calls, const struct record_ref *call, const struct event *facts);
void calls_tell_with_detail(struct calls *calls, const struct record_ref *call,
    enum event_kind kind, enum call_outcome outcome, const char *detail);
/* The values of a job whose record is not at hand. */
void calls_fill_again(struct calls *calls, const struct job *job, struct calls_values *ret);
/* False: it was not sent. What follows only looks, and is asked again anyway. */
bool calls_follow(struct calls *calls, const struct job *before,
    enum provider_operation operation, const struct calls_values *values);
/* For the provider's epoch, at its pace; sooner when a call of it is gone. */
void calls_ask_epoch(struct calls *calls, size_t provider, bool is_gone);
/* Each call that is known to be alive there is looked at. */
void calls_look_at_all(struct calls *calls, const char *provider);

/* calls_answer.c: the carrier's handler. */
void calls_on_answer(void *context, const struct carrier_answer *answer);

#endif
