/* SPDX-License-Identifier: MIT */
/*
 * api_blocked: the list of numbers that we take no requests of, and who changes it.
 * The control socket may; over HTTP, and wherever `as` names a specialist, they must be
 * a supervisor of the configuration. The desk's token says that somebody is staff, and
 * `as` who of them: a name is what one supervisor owes another, no lock.
 */
#include <string.h>

#include "daemon/api_internal.h"
#include "daemon/settings_when.h"
#include "lib/text.h"

#define BLOCK_MIN_MS INT64_C(60000)
#define BLOCK_MAX_MS (3650 * INT64_C(86400000))

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

static json_t *
page_of(const struct redisReply *fields, int64_t now_ms)
{
	json_t *list = json_array();

	for (size_t i = 0; i + 1 < fields->elements; i += 2) {
		json_t *one = fields->element[i]->str == NULL ||
		    fields->element[i + 1]->str == NULL ? NULL :
		    one_of(fields->element[i]->str, fields->element[i + 1]->str,
		    now_ms);

		if (one != NULL)
			json_array_append_new(list, one);
	}
	return list;
}

/* GET /v1/blocked?cursor=C */
void
api_get_blocked(struct http_request *request, void *context)
{
	api_listed_show(context, request, BLOCKED_KEY, "blocked", page_of);
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
	void *change;
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
		change = api_listed_change(api, request);
		if (!block(api->options.blocks, &act, api_listed_on_changed,
		        change, 0))
			api_listed_not_changed(change, request);
	}
	json_decref(body);
}
