/* SPDX-License-Identifier: MIT */
/*
 * api_blocked: the list of numbers that we take no requests of, and who changes it.
 * The control socket may; over HTTP, and wherever `as` names a specialist, they must be
 * a supervisor of the configuration. The desk's token says that somebody is staff, and
 * `as` who of them: a name is what one supervisor owes another, no lock.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"
#include "daemon/settings_when.h"
#include "lib/text.h"

#define BLOCK_MIN_MS INT64_C(60000)
#define BLOCK_MAX_MS (3650 * INT64_C(86400000))

struct wish {
	struct api *api;
	struct http_handle handle;
};

static struct wish *
wish_new(struct api *api, struct http_request *request)
{
	struct wish *wish = calloc(1, sizeof(*wish));

	CHECK(wish != NULL);
	wish->api = api;
	wish->handle = http_hold(request);
	return wish;
}

static json_t *
one_of(const char *phone, const char *entry, int64_t now_ms)
{
	struct blocked blocked;
	json_t *one = json_object();

	/* A hand's entry is none of ours, and holds. */
	if (!blocked_read(entry, &blocked))
		text_copy(blocked.why, sizeof(blocked.why), "(unreadable)");
	if (blocked_is_over(&blocked, now_ms)) {
		json_decref(one);
		return NULL;
	}
	api_json_text(one, "phone", phone);
	api_json_text(one, "state", blocked.is_proposed ? "proposed" :
	    "confirmed");
	api_json_text(one, "why", blocked.why);
	api_json_text(one, "who", blocked.who);
	json_object_set_new(one, "since", json_integer(blocked.since_ms /
	    1000));
	if (blocked.until_ms != 0)
		json_object_set_new(one, "until", json_integer(
		    blocked.until_ms / 1000));
	if (blocked.is_proposed)
		json_object_set_new(one, "for", json_integer(blocked.for_ms /
		    1000));
	return one;
}

static void
on_listed(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct wish *wish = context;
	struct http_request *request = http_held(wish->api->server,
	    wish->handle);
	int64_t now_ms = store_now_ms(wish->api->options.store);
	const struct redisReply *fields;
	json_t *list;

	(void)tag;
	free(wish);
	if (request == NULL)
		return;
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements != 2 ||
	    reply->element[1]->type != REDIS_REPLY_ARRAY) {
		api_unavailable(request);
		return;
	}
	list = json_array();
	fields = reply->element[1];
	for (size_t i = 0; i + 1 < fields->elements; i += 2) {
		json_t *one = fields->element[i]->str == NULL ||
		    fields->element[i + 1]->str == NULL ? NULL :
		    one_of(fields->element[i]->str, fields->element[i + 1]->str,
		    now_ms);

		if (one != NULL)
			json_array_append_new(list, one);
	}
	http_reply_json(request, 200, json_pack("{s:o, s:s}", "blocked", list,
	    "next", reply->element[0]->str != NULL ?
	    reply->element[0]->str : "0"));
}

/* GET /v1/blocked?cursor=C */
void
api_get_blocked(struct http_request *request, void *context)
{
	struct api *api = context;
	const char *cursor = http_query(request, "cursor");
	struct wish *wish;

	if (cursor == NULL || strspn(cursor, "0123456789") != strlen(cursor))
		cursor = "0";
	wish = wish_new(api, request);
	if (STORE_SEND(api->options.store, on_listed, wish, 0, "HSCAN",
	        BLOCKED_KEY, cursor, "COUNT", "1000"))
		return;
	free(wish);
	api_unavailable(request);
}

static void
on_changed(void *context, uint64_t tag, const struct engine_result *result)
{
	struct wish *wish = context;
	struct http_request *request = http_held(wish->api->server,
	    wish->handle);

	(void)tag;
	free(wish);
	if (request == NULL)
		return;
	if (result->end == ENGINE_DONE || result->end == ENGINE_GONE)
		http_reply_json(request, 200, json_pack("{s:b, s:b}", "ok", 1,
		    "changed", result->end == ENGINE_DONE));
	else
		api_unavailable(request);
}

static bool
may_block(const struct api *api, const struct http_request *request,
    const char *as)
{
	const struct specialist_policy *who =
	    policy_specialist(api->policy, as);

	return who != NULL ? who->is_supervisor : http_is_control(request);
}

static bool
verb_of(const char *word, enum block_verb *ret_verb)
{
	for (int i = 0; i < BLOCK_VERB_COUNT; i++) {
		if (strcmp(block_verb_names[i], word) == 0) {
			*ret_verb = (enum block_verb)i;
			return true;
		}
	}
	return false;
}

/* NULL: it is in order. */
static const char *
what_is_wrong(const char *duration, struct block_act *act)
{
	bool has_for = duration[0] != '\0';

	if (has_for && (!when_duration_parse(duration, &act->for_ms) ||
	    act->for_ms < BLOCK_MIN_MS || act->for_ms > BLOCK_MAX_MS))
		return "for is a time as in the configuration, 1m to 3650d";
	if (act->verb == BLOCK_PUT && !has_for)
		return "for how long is wanted: \"30d\"";
	if (act->verb != BLOCK_CONFIRM && act->why[0] == '\0')
		return "reason is wanted";
	if (strlen(act->why) > BLOCKED_WHY_MAX)
		return "reason has at most 90 bytes";
	return NULL;
}

/* POST /v1/blocked/{number}/{verb}: block, confirm, unblock. */
void
api_post_blocked(struct http_request *request, void *context)
{
	struct api *api = context;
	struct block_act act = { .for_ms = 0 };
	const char *who, *wrong;
	struct wish *wish;
	json_t *body;

	if (!verb_of(http_param(request, "verb"), &act.verb)) {
		http_problem(request, 404, "not_found",
		    "block, confirm or unblock");
		return;
	}
	body = api_body(request);
	if (body == NULL)
		return;
	who = api_body_text(body, "as");
	act.why = api_body_text(body, "reason");
	act.who = who[0] != '\0' ? who : "callbackctl";
	wrong = what_is_wrong(api_body_text(body, "for"), &act);
	if (!may_block(api, request, who)) {
		http_problem(request, 403, "not_supervisor",
		    "a supervisor decides that: as names one");
	} else if (!api_read_number(api, http_param(request, "number"),
	        act.phone)) {
		http_problem(request, 400, "phone_impossible",
		    "that is no telephone number");
	} else if (wrong != NULL) {
		http_problem(request, 400, "body_invalid", wrong);
	} else {
		wish = wish_new(api, request);
		if (!block(api->options.blocks, &act, on_changed, wish, 0)) {
			free(wish);
			api_unavailable(request);
		}
	}
	json_decref(body);
}
