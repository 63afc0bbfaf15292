/* SPDX-License-Identifier: MIT */
/*
 * api_internal: what the files of the api share: finding the request a person
 * means, gathering it whole, and the handlers of the table in api.c.
 */
#ifndef CALLBACKD_DAEMON_API_INTERNAL_H
#define CALLBACKD_DAEMON_API_INTERNAL_H

#include "daemon/api.h"
#include "daemon/api_json.h"
#include "daemon/block.h"
#include "net/static.h"

struct api {
	struct api_options options;
	const struct policy *policy;
	struct http_server *server;
	struct http_static *shop, *desk;
	bool is_ready, is_stopping;
	int64_t started_at_ms;          /* monotonic */
};

typedef void api_handler(struct http_request *request, void *context);

/* ---- api_find.c: from what a person says to a request */

/* Exactly one of: found (id), or an answer was sent already (id NULL). */
typedef void find_on_end(void *context, struct http_request *request, const char *id);
/* `key`: our id, a website's id, the spoken number, the last digits of the
 * telephone number. Holds the request meanwhile; on_end is called exactly once,
 * with neither request nor id when the client is gone by then. */
void api_find(struct api *api, struct http_request *request, const char *key,
    find_on_end *on_end, void *context);

/* ---- api_full.c: one request with everything about it */

/* NULL: there is no such request, Redis is away, or nobody can read it. */
typedef void full_on_end(void *context, json_t *stolen_full, bool is_unreadable);
void api_gather(struct api *api, const char *id, full_on_end *on_end, void *context);

/* ---- api_card.c */

/* Adds the script and card_url of its queue, as that specialist (a name) is to read them;
 * NULL: as whoever has it. */
void api_add_card(const struct policy *policy, const char *specialist, json_t *full);

/* ---- api_customer.c: what else a number has asked for */

/* {cases: how many this number opened in so many days, days, others: briefs of the latest
 * of them but the request's own, the newest first}. */
typedef void customer_on_end(void *context, json_t *stolen_customer);
void api_gather_customer(struct api *api, const struct request *request,
    customer_on_end *on_end, void *context);

/* ---- api_messages.c: what was written about a request */

typedef void letters_on_end(void *context, json_t *stolen_list);
void api_gather_messages(struct api *api, const char *request, letters_on_end *on_end,
    void *context);
json_t *api_json_message(const struct policy *policy, const struct message *message,
    int64_t now_ms);

/* ---- api_last.c: who waits where somebody was the last at work */

/* A list of {queue, title, waiting, promise}: the queues of theirs where requests
 * wait and nobody else is at work; promise is that of the first to be served. */
typedef void left_on_end(void *context, json_t *stolen_list);
void api_gather_left(struct api *api, const struct specialist *leaver, left_on_end *on_end,
    void *context);

/* ---- api_closed.c: what somebody closed last */

/* A list of requests, each with its result; where one goes on in another, that is
 * `went_on`; `barred`: why it would be opened again in vain. */
typedef void closed_on_end(void *context, json_t *stolen_list);
void api_gather_closed(struct api *api, const struct specialist *specialist,
    closed_on_end *on_end, void *context);

/* ---- api_listed.c: the lists of numbers, each a hash in Redis */

/* What a page of HSCAN says, as the array of the answer. */
typedef json_t *listed_page(const struct redisReply *fields, int64_t now_ms);
/* Answers with one page, from the query's cursor on, under that name. */
void api_listed_show(struct api *api, struct http_request *request, const char *hash,
    const char *name, listed_page *page);
/* Holds the request for the result of a change: context of api_listed_on_changed, or, when
 * nothing could be ordered, of api_listed_not_changed. */
void *api_listed_change(struct api *api, struct http_request *request);
engine_on_result api_listed_on_changed;
void api_listed_not_changed(void *context, struct http_request *request);

/* ---- answers */
void api_unavailable(struct http_request *request);
/* What is asked for is there, and cannot go on: it is buried, or will be. */
void api_unreadable(struct http_request *request);
const char *api_why(struct api *api, const struct request *request, int64_t now_ms);
json_t *api_brief(struct api *api, const struct request *request);
/* Reads a JSON object body; NULL: an answer was sent. */
json_t *api_body(struct http_request *request);
const char *api_body_text(const json_t *body, const char *name);
/* A number that a person of ours names, whether we would call it or not. */
bool api_read_number(const struct api *api, const char *text, char ret[PHONE_SIZE]);

/* ---- handlers */
api_handler api_get_status, api_get_queues, api_get_queue, api_get_request, api_get_case,
    api_get_specialists, api_get_late, api_get_unknown, api_get_results,
    api_get_rejected, api_get_buried, api_get_providers, api_get_trial, api_get_answer, api_get_desk,
    api_get_site, api_get_health, api_get_messages, api_get_suppressed,
    api_get_blocked, api_get_duty;
api_handler api_post_request, api_post_check, api_post_verb, api_put_specialist,
    api_put_elsewhere, api_delete_elsewhere, api_post_specialist, api_post_unbury, api_post_suppressed,
    api_post_blocked, api_post_inbound, api_post_trial, api_put_duty, api_delete_duty,
    api_post_queue;

#endif
