/* SPDX-License-Identifier: MIT */
/*
 * api_messages: what was written to a customer or to staff, and who wants to hear
 * nothing. The ids come from the story that each message has a part in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/api_internal.h"
#include "daemon/suppress.h"
#include "lib/message_text.h"
#include "lib/phone.h"

enum { SHOWN_MAX = 100, STORY_DAYS = 2 };

/* ---- lists */

struct letters {
	struct api *api;
	struct http_handle handle;
	letters_on_end *on_end;  void *context;  /* else the request is answered */
	char ids[SHOWN_MAX][MESSAGE_ID_SIZE];   /* a ring; the latest overwrite */
	size_t count;
	json_t *items[SHOWN_MAX];
	size_t outstanding;
	bool has_failed;
};

json_t *
api_json_message(const struct policy *policy, const struct message *message,
    int64_t now_ms)
{
	json_t *json = json_object();
	char text[MESSAGE_TEXT_SIZE];

	(void)zones_learn(policy->zones, message->zone);
	message_text(policy, message, message->sending_at_ms != 0 ?
	    message->sending_at_ms : now_ms, text);
	api_json_text(json, "id", message->id);
	api_json_text(json, "kind", message_kind_names[message->kind]);
	api_json_text(json, "state", message_state_names[message->state]);
	api_json_text(json, "progress", message->progress != MESSAGE_NOT_SAID ?
	    message_progress_names[message->progress] : "");
	api_json_text(json, "reason", message->reason);
	api_json_text(json, "error", message->error);
	json_object_set_new(json, "failed", json_boolean(
	    strcmp(message->reason, "failed") == 0));
	api_json_text(json, "request", message->request);
	api_json_text(json, "number", message->number);
	api_json_text(json, "to", message->to);
	api_json_text(json, "provider", message->provider);
	api_json_text(json, "text", text);
	api_json_text(json, "waits_for", message->state == MESSAGE_QUEUED ?
	    message->waits_for : "");
	api_json_paid(json, message->paid, message->currency);
	api_json_moment(json, "created_at", message->created_at_ms);
	api_json_moment(json, "sent_at", message->sending_at_ms);
	api_json_moment(json, "ended_at", message->ended_at_ms);
	if (message->state == MESSAGE_QUEUED)
		api_json_moment(json, "send_at", message->send_at_ms);
	return json;
}

static void
finish(struct letters *letters)
{
	struct http_request *request = letters->on_end != NULL ? NULL :
	    http_held(letters->api->server, letters->handle);
	json_t *list = json_array();

	for (size_t i = 0; i < SHOWN_MAX; i++) {
		size_t at = (letters->count + i) % SHOWN_MAX;

		if (letters->items[at] != NULL)
			json_array_append_new(list, letters->items[at]);
	}
	if (letters->on_end != NULL)
		letters->on_end(letters->context, json_incref(list));
	else if (request != NULL && letters->has_failed)
		api_unavailable(request);
	else if (request != NULL)
		http_reply_json(request, 200, json_pack("{s:O}", "messages",
		    list));
	json_decref(list);
	free(letters);
}

static void
on_message(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct letters *letters = context;
	struct api *api = letters->api;
	struct message message;

	letters->has_failed |= end != REDIS_REPLY;
	if (end == REDIS_REPLY &&
	    store_read_record(reply, RECORD_MESSAGE, &message)) {
		memcpy(message.id, letters->ids[tag], sizeof(message.id));
		letters->items[tag] = api_json_message(api->policy, &message,
		    store_now_ms(api->options.store));
	}
	if (--letters->outstanding == 0)
		finish(letters);
}

static bool
is_listed(const struct letters *letters, const char *id)
{
	size_t count = letters->count < SHOWN_MAX ? letters->count : SHOWN_MAX;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(letters->ids[i], id) == 0)
			return true;
	}
	return false;
}

/* "NOW message:ID queued sending …" */
static void
add_line(struct letters *letters, const char *line)
{
	const char *at = strchr(line, ' ');
	char id[MESSAGE_ID_SIZE];
	size_t length;

	if (at == NULL || strncmp(at + 1, "message:", 8) != 0)
		return;
	at += 9;
	length = strcspn(at, " ");
	if (length == 0 || length >= sizeof(id))
		return;
	memcpy(id, at, length);
	id[length] = '\0';
	if (!is_listed(letters, id))
		memcpy(letters->ids[letters->count++ % SHOWN_MAX], id,
		    sizeof(id));
}

static void
load_all(struct letters *letters)
{
	size_t count = letters->count < SHOWN_MAX ? letters->count : SHOWN_MAX;

	letters->outstanding++;
	for (size_t i = 0; i < count; i++) {
		struct record_ref ref = record_ref_message(letters->ids[i]);

		if (store_load(letters->api->options.store, &ref, on_message,
		        letters, i))
			letters->outstanding++;
		else
			letters->has_failed = true;
	}
	if (--letters->outstanding == 0)
		finish(letters);
}

/* The older story comes first: replies keep the order of the questions. */
static void
on_story(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct letters *letters = context;

	(void)tag;
	letters->has_failed |= end != REDIS_REPLY;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_ARRAY) {
		for (size_t i = 0; i < reply->elements; i++) {
			if (reply->element[i]->str != NULL)
				add_line(letters, reply->element[i]->str);
		}
	}
	if (--letters->outstanding == 0)
		load_all(letters);
}

static struct letters *
letters_new(struct api *api)
{
	struct letters *letters = calloc(1, sizeof(*letters));

	CHECK(letters != NULL);
	letters->api = api;
	return letters;
}

static void
ask_story(struct letters *letters, const char *story)
{
	char key[KEY_SIZE];

	snprintf(key, sizeof(key), "story:%s", story);
	if (STORE_SEND(letters->api->options.store, on_story, letters, 0,
	        "LRANGE", key, "-1000", "-1"))
		letters->outstanding++;
	else
		letters->has_failed = true;
}

void
api_gather_messages(struct api *api, const char *request,
    letters_on_end *on_end, void *context)
{
	struct letters *letters = letters_new(api);

	letters->on_end = on_end;
	letters->context = context;
	ask_story(letters, request);
	if (letters->outstanding == 0)
		finish(letters);
}

static void
on_found(void *context, struct http_request *request, const char *id)
{
	struct letters *letters = context;

	if (request == NULL || id == NULL) {
		free(letters);
		return;
	}
	letters->handle = http_hold(request);
	ask_story(letters, id);
	if (letters->outstanding == 0)
		finish(letters);
}

void
api_get_messages(struct http_request *request, void *context)
{
	struct api *api = context;
	const char *key = http_query(request, "request");
	const char *to = http_query(request, "to");
	struct letters *letters;

	if ((key == NULL) == (to == NULL) ||
	    (to != NULL && strcmp(to, "staff") != 0)) {
		http_problem(request, 400, "query_invalid",
		    "request=KEY or to=staff is wanted");
		return;
	}
	letters = letters_new(api);
	if (key != NULL) {
		api_find(api, request, key, on_found, letters);
		return;
	}
	letters->handle = http_hold(request);
	for (int day = STORY_DAYS - 1; day >= 0; day--) {
		time_t at = (time_t)(store_now_ms(api->options.store) / 1000) -
		    day * 24 * 60 * 60;
		char story[24];
		struct tm parts;

		gmtime_r(&at, &parts);
		strftime(story, sizeof(story), "staff-%Y-%m-%d", &parts);
		ask_story(letters, story);
	}
	if (letters->outstanding == 0)
		finish(letters);
}

/* ---- who wants to hear nothing */

/* "calls:+7916…": of which number, and what. */
static void
add_entry(json_t *numbers, const char *field, const char *value)
{
	const char *number = strchr(field, ':');
	json_t *entry, *one;

	if (number == NULL)
		return;
	number++;
	entry = json_object_get(numbers, number);
	if (entry == NULL) {
		entry = json_pack("{s:s}", "phone", number);
		if (entry == NULL)
			return;
		json_object_set_new(numbers, number, entry);
	}
	one = json_loads(value, 0, NULL);
	json_object_set_new(entry, strncmp(field, "calls:", 6) == 0 ?
	    "calls" : "messages", one != NULL ? one : json_object());
}

static json_t *
page_of(const struct redisReply *fields, int64_t now_ms)
{
	json_t *numbers = json_object(), *list = json_array(), *one;
	const char *number;

	(void)now_ms;
	for (size_t i = 0; i + 1 < fields->elements; i += 2) {
		if (fields->element[i]->str != NULL &&
		    fields->element[i + 1]->str != NULL)
			add_entry(numbers, fields->element[i]->str,
			    fields->element[i + 1]->str);
	}
	json_object_foreach(numbers, number, one)
		json_array_append(list, one);
	json_decref(numbers);
	return list;
}

void
api_get_suppressed(struct http_request *request, void *context)
{
	api_listed_show(context, request, SUPPRESSED_KEY, "suppressed",
	    page_of);
}

bool
api_read_number(const struct api *api, const char *text, char ret[PHONE_SIZE])
{
	struct phone phone;
	size_t length = strlen(text);

	phone_read(text, api->policy, &phone);
	if (phone.verdict != PHONE_REFUSED) {
		memcpy(ret, phone.e164, PHONE_SIZE);
		return true;
	}
	/* Nobody calls it anyway; but who asks is not told so. */
	if (text[0] != '+' || length < 8 || length >= PHONE_SIZE ||
	    strspn(text + 1, "0123456789") != length - 1)
		return false;
	memcpy(ret, text, length + 1);
	return true;
}

static unsigned
what_of(const char *word)
{
	if (strcmp(word, "calls") == 0)
		return SUPPRESS_CALLS;
	if (strcmp(word, "messages") == 0)
		return SUPPRESS_MESSAGES;
	return word[0] == '\0' || strcmp(word, "both") == 0 ?
	    SUPPRESS_CALLS | SUPPRESS_MESSAGES : 0;
}

/* POST /v1/suppressed/{number}/{verb}: suppress, unsuppress. */
void
api_post_suppressed(struct http_request *request, void *context)
{
	struct api *api = context;
	const char *verb = http_param(request, "verb"), *who;
	struct suppression suppression = { .answer = NULL };
	json_t *body;
	void *change;

	suppression.is_lifted = strcmp(verb, "unsuppress") == 0;
	if (!suppression.is_lifted && strcmp(verb, "suppress") != 0) {
		http_problem(request, 404, "not_found",
		    "suppress or unsuppress");
		return;
	}
	body = api_body(request);
	if (body == NULL)
		return;
	suppression.why = api_body_text(body, "reason");
	suppression.what = what_of(api_body_text(body, "what"));
	who = api_body_text(body, "as");
	suppression.who = who[0] != '\0' ? who :
	    http_is_control(request) ? "callbackctl" : "desk";
	if (!api_read_number(api, http_param(request, "number"),
	        suppression.phone)) {
		http_problem(request, 400, "phone_impossible",
		    "that is no telephone number");
	} else if (suppression.what == 0 || suppression.why[0] == '\0' ||
	    strlen(suppression.why) > 90) {
		http_problem(request, 400, "body_invalid", "reason is wanted, "
		    "at most 90 bytes; what is calls, messages or both");
	} else {
		change = api_listed_change(api, request);
		if (!suppress(api->options.engine, api->options.store,
		        api->policy, &suppression, api_listed_on_changed,
		        change, 0))
			api_listed_not_changed(change, request);
	}
	json_decref(body);
}
