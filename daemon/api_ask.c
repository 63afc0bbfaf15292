/* SPDX-License-Identifier: MIT */
/* api_ask: asking for a call, and what would happen if one asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/api_internal.h"
#include "lib/answer.h"
#include "lib/commit.h"
#include "lib/fault.h"
#include "lib/intake.h"
#include "lib/standing.h"

/* ---- asking for a call */

struct asked {
	struct api *api;
	struct http_handle handle;
	char say[8];                    /* the language of a sentence for the telephone; "": none */
};

/* The answer with what a telephone system shall say; the caller frees it. */
static char *
with_sentence(const struct asked *asked, const char *answer)
{
	json_t *json = json_loads(answer, 0, NULL);
	char text[SPOKEN_LINE_SIZE], *whole;

	line_say(asked->api->options.line, answer, asked->say, text);
	api_json_text(json, "say", text);
	whole = json_dumps(json, JSON_COMPACT);
	CHECK(whole != NULL);
	json_decref(json);
	return whole;
}

static void
on_submitted(void *context, uint64_t tag, const struct submit_result *result)
{
	struct asked *asked = context;
	struct http_request *request = http_held(asked->api->server,
	    asked->handle);

	bool is_said = asked->say[0] != '\0' && result->answer != NULL &&
	    result->end != SUBMIT_REFUSED && result->end != SUBMIT_UNREADABLE;
	char *said = request != NULL && is_said ?
	    with_sentence(asked, result->answer) : NULL;
	const char *answer = said != NULL ? said : result->answer;
	char seconds[24];

	(void)tag;
	if (request == NULL) {
		free(asked);
		return;
	}
	CRASH_POINT("ask_before_answer");
	if (result->wait_ms > 0) {
		snprintf(seconds, sizeof(seconds), "%lld",
		    (long long)(result->wait_ms + 999) / 1000);
		http_reply_header(request, "Retry-After", seconds);
	}
	if (answer == NULL)
		api_unavailable(request);
	else
		http_reply(request, result->wait_ms > 0 ? 429 :
		    result->end == SUBMIT_REFUSED ? 422 :
		    result->end == SUBMIT_UNREADABLE ? 409 :
		    result->end == SUBMIT_ACCEPTED ? 202 : 200,
		    "application/json", answer, strlen(answer));
	free(said);
	free(asked);
}

/* "at" is the score; it does not belong to the member. */
static bool
take_score(const char *body, size_t length, char *ret_score, size_t size,
    char **ret_member)
{
	json_t *json = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
	json_t *at = json_object_get(json, "at");
	bool has_score = json_is_number(at);

	if (has_score) {
		snprintf(ret_score, size, "%.17g", json_number_value(at));
		json_object_del(json, "at");
		*ret_member = json_dumps(json, JSON_COMPACT);
	}
	json_decref(json);
	return has_score;
}

static bool
is_proxy(const struct policy *policy, const char *address)
{
	for (size_t i = 0; i < policy->proxy_count; i++) {
		if (network_has(policy->proxies[i], address))
			return true;
	}
	return false;
}

/* The last in X-Forwarded-For who is no proxy of ours: each adds whom it saw, and what
 * stands before may be the visitor's own invention. "" : it is not said, or not to be
 * understood. */
static void
last_stranger(const struct policy *policy, const struct http_request *request,
    char ret_address[NETWORK_SIZE])
{
	for (size_t i = http_header_count(request); i-- > 0;) {
		const char *name, *value, *end;

		http_header_at(request, i, &name, &value);
		if (strcasecmp(name, "X-Forwarded-For") != 0)
			continue;
		for (end = value + strlen(value);; end--) {
			const char *hop = end;

			while (hop > value && hop[-1] != ',')
				hop--;
			if (!network_hop(hop, (size_t)(end - hop), ret_address)) {
				ret_address[0] = '\0';
				return;
			}
			if (!is_proxy(policy, ret_address))
				return;
			if (hop == value)
				break;
			end = hop;
		}
	}
	ret_address[0] = '\0';
}

/* NULL: as the member says, because whom we believe has sent it without a word of their
 * own, as a website's server does. */
static const char *
visitor_of(const struct policy *policy, const struct http_request *request,
    char ret_address[NETWORK_SIZE])
{
	const char *peer = http_peer(request);

	if (http_is_control(request))
		return "";
	if (!is_proxy(policy, peer)) {
		snprintf(ret_address, NETWORK_SIZE, "%s", peer);
		return ret_address;
	}
	if (http_header(request, "X-Forwarded-For") == NULL)
		return NULL;
	last_stranger(policy, request, ret_address);
	return ret_address;
}

void
api_post_request(struct http_request *request, void *context)
{
	struct api *api = context;
	size_t length;
	const char *body = http_body(request, &length);
	char score[40] = "", *member = NULL;
	struct submission submission = { .member = body, .length = length,
		.source = http_is_control(request) ? "ctl" : "http",
		.on_end = on_submitted };
	struct asked *asked = calloc(1, sizeof(*asked));
	const char *say = http_query(request, "say");
	char address[NETWORK_SIZE];

	submission.address = visitor_of(api->policy, request, address);
	CHECK(asked != NULL);
	if (take_score(body, length, score, sizeof(score), &member)) {
		submission.member = member;
		submission.length = strlen(member);
		submission.score = score;
	}
	asked->api = api;
	if (say != NULL)
		snprintf(asked->say, sizeof(asked->say), "%s", say);
	asked->handle = http_hold(request);
	submission.context = asked;
	submit(api->options.submitter, &submission);
	free(member);
}

/* ---- what would happen */

struct checking {
	struct api *api;
	struct http_handle handle;
	struct intake intake;
	bool is_seen, is_waiting;
	size_t outstanding;
};

/* The answer it would get, were it asked now. */
static json_t *
expected_answer(const struct checking *checking)
{
	const struct intake *intake = &checking->intake;
	const struct policy *policy = checking->api->policy;
	struct request request;
	char *warnings = answer_warnings(intake->said), *text;
	json_t *answer;

	submit_try(checking->api->options.submitter, intake, "http", &request);
	text = commit_answer(policy, &request, intake->id, warnings);
	answer = json_loads(text, 0, NULL);
	/* Its number is drawn only when it is asked in earnest. */
	json_object_del(answer, "number");
	free(text);
	free(warnings);
	return answer;
}

static void
finish_check(struct checking *checking)
{
	struct api *api = checking->api;
	struct http_request *request = http_held(api->server,
	    checking->handle);
	const struct intake *intake = &checking->intake;
	const char *would = checking->is_seen ? "known" :
	    checking->is_waiting ? "join" : "accept";

	if (intake->op != INTAKE_ASK)
		would = !checking->is_seen ? "reject" :
		    intake->op == INTAKE_CANCEL ? "cancel" : "move";
	if (request != NULL && intake->op != INTAKE_ASK)
		http_reply_json(request, 200, json_pack("{s:s}", "would",
		    would));
	else if (request != NULL)
		http_reply_json(request, 200, json_pack("{s:s,s:s,s:s,s:o}",
		    "would", would, "phone", intake->phone.e164, "queue",
		    intake->queue, "answer", expected_answer(checking)));
	intake_fini(&checking->intake);
	free(checking);
}

static void
on_check(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct checking *checking = context;
	bool is_there = end == REDIS_REPLY &&
	    reply->type == REDIS_REPLY_STRING;

	if (tag == 0)
		checking->is_seen = is_there;
	else
		checking->is_waiting = is_there;
	if (--checking->outstanding == 0)
		finish_check(checking);
}

static void
check_accepted(struct checking *checking)
{
	struct store *store = checking->api->options.store;
	const struct intake *intake = &checking->intake;
	char key[KEY_SIZE];

	checking->outstanding = 1;
	if (intake->id[0] != '\0') {
		standing_seen_key(intake->id, key);
		checking->outstanding += STORE_SEND(store, on_check, checking,
		    0, "GET", key);
	}
	if (intake->op == INTAKE_ASK) {
		standing_number_queue_key(intake->phone.e164, intake->queue,
		    key);
		checking->outstanding += STORE_SEND(store, on_check, checking,
		    1, "GET", key);
	}
	if (--checking->outstanding == 0)
		finish_check(checking);
}

void
api_post_check(struct http_request *request, void *context)
{
	struct api *api = context;
	size_t length;
	const char *body = http_body(request, &length);
	char score[40] = "", *member = NULL, *text;
	struct checking *checking;
	json_t *answer;

	if (!store_is_up(api->options.store)) {
		api_unavailable(request);
		return;
	}
	checking = calloc(1, sizeof(*checking));
	CHECK(checking != NULL);
	checking->api = api;
	if (take_score(body, length, score, sizeof(score), &member)) {
		body = member;
		length = strlen(member);
	}
	intake_read(api->policy, body, length, score,
	    store_now_ms(api->options.store), &checking->intake);
	free(member);
	if (checking->intake.is_accepted) {
		checking->handle = http_hold(request);
		check_accepted(checking);
		return;
	}
	text = answer_rejected(&checking->intake);
	answer = json_loads(text, 0, NULL);
	free(text);
	http_reply_json(request, 200, json_pack("{s:s,s:o}", "would",
	    "reject", "answer", answer != NULL ? answer : json_object()));
	intake_fini(&checking->intake);
	free(checking);
}
