/* SPDX-License-Identifier: MIT */
/*
 * api_find: "4821", "web-01J9Z4", "1567" or our own id: tried in an order in
 * which one cannot be mistaken for another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"
#include "lib/standing.h"

enum { KEY_MAX = 64, MATCHES_MAX = 16, SCAN_MS = 1500, FOLLOW_MAX = 16 };

enum step { BY_ID, BY_SITE_ID, BY_NUMBER, BY_PHONE, STEPS };

struct search {
	struct api *api;
	struct http_handle handle;
	char key[KEY_MAX + 1];
	enum step step;
	find_on_end *on_end;
	void *context;
	char matches[MATCHES_MAX][REQUEST_ID_SIZE];  size_t match_count;
	int64_t scan_until_ms;
	char candidate[REQUEST_ID_SIZE];
	int follows;
	json_t *shown[MATCHES_MAX];
	size_t outstanding;
};

static void next(struct search *search);
static void look(struct search *search);

static void
end(struct search *search, const char *id, const char *problem)
{
	struct http_request *request = http_held(search->api->server,
	    search->handle);

	if (request == NULL) {
		search->on_end(search->context, NULL, NULL);
	} else if (id != NULL) {
		search->on_end(search->context, request, id);
	} else {
		if (problem == NULL)
			api_unavailable(request);
		else
			http_problem(request, 404, "not_found", problem);
		search->on_end(search->context, request, NULL);
	}
	free(search);
}

static bool
all_digits(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* A website's id and a spoken number mean the matter, wherever it was passed to;
 * our own id means that very request. */
static void
on_candidate(void *context, uint64_t tag, enum redis_end redis_end,
    const struct redisReply *reply)
{
	struct search *search = context;
	const struct redisReply *next_id;

	(void)tag;
	if (redis_end != REDIS_REPLY || reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements != 2) {
		end(search, NULL, NULL);
		return;
	}
	next_id = reply->element[1];
	if (reply->element[0]->type != REDIS_REPLY_STRING) {
		next(search);
	} else if (search->step != BY_ID &&
	    next_id->type == REDIS_REPLY_STRING && next_id->len > 0 &&
	    next_id->len < REQUEST_ID_SIZE &&
	    search->follows++ < FOLLOW_MAX) {
		snprintf(search->candidate, sizeof(search->candidate), "%s",
		    next_id->str);
		look(search);
	} else {
		end(search, search->candidate, NULL);
	}
}

static void
look(struct search *search)
{
	struct record_ref ref = record_ref_request(search->candidate);
	char key[KEY_SIZE];

	record_key(&ref, key);
	if (!STORE_SEND(search->api->options.store, on_candidate, search, 0,
	        "HMGET", key, "state", "next"))
		end(search, NULL, NULL);
}

static void
on_pointer(void *context, uint64_t tag, enum redis_end redis_end,
    const struct redisReply *reply)
{
	struct search *search = context;

	(void)tag;
	if (redis_end != REDIS_REPLY) {
		end(search, NULL, NULL);
		return;
	}
	if (reply->type != REDIS_REPLY_STRING ||
	    reply->len >= REQUEST_ID_SIZE || reply->len == 0) {
		next(search);
		return;
	}
	snprintf(search->candidate, sizeof(search->candidate), "%s",
	    reply->str);
	look(search);
}

/* Several fit: all are shown, so that a person can choose. */
static void
finish_matches(struct search *search)
{
	struct http_request *request = http_held(search->api->server,
	    search->handle);
	json_t *json, *list = json_array();

	for (size_t i = 0; i < search->match_count; i++) {
		if (search->shown[i] != NULL)
			json_array_append_new(list, search->shown[i]);
	}
	if (request == NULL) {
		json_decref(list);
		end(search, NULL, NULL);
		return;
	}
	json = json_pack("{s:s,s:s,s:i,s:s,s:s,s:o}", "type", "about:blank",
	    "title", "Conflict", "status", 409, "code", "ambiguous", "detail",
	    "several requests fit; use one of these ids", "matches", list);
	search->on_end(search->context, request, NULL);
	http_reply_header(request, "Content-Type", "application/problem+json");
	http_reply_json(request, 409, json);
	free(search);
}

static void
on_match(void *context, uint64_t tag, enum redis_end redis_end,
    const struct redisReply *reply)
{
	struct search *search = context;
	struct request request;

	(void)redis_end;
	if (store_read_record(reply, RECORD_REQUEST, &request)) {
		memcpy(request.id, search->matches[tag], sizeof(request.id));
		search->shown[tag] = api_brief(search->api, &request);
	}
	if (--search->outstanding == 0)
		finish_matches(search);
}

static void
answer_matches(struct search *search)
{
	if (search->match_count == 1) {
		end(search, search->matches[0], NULL);
		return;
	}
	if (search->match_count == 0) {
		end(search, NULL, "no request has this id, number or last "
		    "digits of a telephone number");
		return;
	}
	search->outstanding = 1;
	for (size_t i = 0; i < search->match_count; i++) {
		struct record_ref ref = record_ref_request(search->matches[i]);

		search->outstanding += store_load(search->api->options.store,
		    &ref, on_match, search, i);
	}
	if (--search->outstanding == 0)
		finish_matches(search);
}

static void
add_match(struct search *search, const char *id)
{
	for (size_t i = 0; i < search->match_count; i++) {
		if (strcmp(search->matches[i], id) == 0)
			return;
	}
	if (search->match_count < MATCHES_MAX)
		snprintf(search->matches[search->match_count++],
		    REQUEST_ID_SIZE, "%s", id);
}

/* The live requests lie in `active`; each is asked for its number. */
struct tail {
	struct search *search;
	char ids[128][REQUEST_ID_SIZE];
	size_t count, done;
	char cursor[24];
};

static void scan(struct search *search, const char *cursor);

static void
on_phone(void *context, uint64_t tag, enum redis_end redis_end,
    const struct redisReply *reply)
{
	struct tail *tail = context;
	struct search *search = tail->search;
	size_t length = strlen(search->key);

	if (redis_end == REDIS_REPLY && reply->type == REDIS_REPLY_STRING &&
	    reply->len > length && strcmp(reply->str + reply->len - length,
	        search->key) == 0)
		add_match(search, tail->ids[tag]);
	if (++tail->done < tail->count)
		return;
	if (strcmp(tail->cursor, "0") == 0 ||
	    clock_monotonic_ms() > search->scan_until_ms)
		answer_matches(search);
	else
		scan(search, tail->cursor);
	free(tail);
}

static void
on_scanned(void *context, uint64_t tag, enum redis_end redis_end,
    const struct redisReply *reply)
{
	struct search *search = context;
	struct tail *tail;
	const struct redisReply *members;

	(void)tag;
	if (redis_end != REDIS_REPLY || reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements != 2 || reply->element[0]->str == NULL) {
		end(search, NULL, NULL);
		return;
	}
	tail = calloc(1, sizeof(*tail));
	CHECK(tail != NULL);
	tail->search = search;
	snprintf(tail->cursor, sizeof(tail->cursor), "%s",
	    reply->element[0]->str);
	members = reply->element[1];
	for (size_t i = 0; i < members->elements &&
	    tail->count < COUNT_OF(tail->ids); i += 2) {
		struct record_ref ref;

		if (members->element[i]->str == NULL ||
		    !record_ref_parse(members->element[i]->str,
		        members->element[i]->len, &ref) ||
		    ref.kind != RECORD_REQUEST)
			continue;
		snprintf(tail->ids[tail->count++], REQUEST_ID_SIZE, "%.*s",
		    REQUEST_ID_SIZE - 1, ref.id);
	}
	if (tail->count == 0) {
		tail->count = 1;
		tail->done = 0;
		on_phone(tail, 0, REDIS_UNSENT, NULL);
		return;
	}
	for (size_t i = 0; i < tail->count; i++) {
		struct record_ref ref = record_ref_request(tail->ids[i]);
		char key[KEY_SIZE];

		record_key(&ref, key);
		if (!STORE_SEND(search->api->options.store, on_phone, tail, i,
		        "HGET", key, "phone"))
			on_phone(tail, i, REDIS_UNSENT, NULL);
	}
}

static void
scan(struct search *search, const char *cursor)
{
	if (!STORE_SEND(search->api->options.store, on_scanned, search, 0,
	        "ZSCAN", "active", cursor, "COUNT", "100"))
		end(search, NULL, NULL);
}

static bool
ask(struct search *search)
{
	struct store *store = search->api->options.store;
	const char *key = search->key;
	char text[KEY_SIZE];

	switch (search->step) {
	case BY_ID:
		snprintf(search->candidate, sizeof(search->candidate), "%s",
		    key);
		look(search);
		return true;
	case BY_SITE_ID:
		standing_seen_key(key, text);
		return STORE_SEND(store, on_pointer, search, 0, "GET", text);
	case BY_NUMBER:
		snprintf(text, sizeof(text), "case:%s", key);
		return STORE_SEND(store, on_pointer, search, 0, "HGET", text,
		    "request");
	case BY_PHONE:
		search->scan_until_ms = clock_monotonic_ms() + SCAN_MS;
		scan(search, "0");
		return true;
	case STEPS:
		break;
	}
	return false;
}

static bool
fits(const struct search *search, enum step step)
{
	size_t length = strlen(search->key);

	switch (step) {
	case BY_ID:
		return length < REQUEST_ID_SIZE && !all_digits(search->key);
	case BY_SITE_ID:
		return length < SITE_ID_SIZE;
	case BY_NUMBER:
		return length < NUMBER_SIZE && all_digits(search->key);
	case BY_PHONE:
		return length >= 4 && length <= 15 && all_digits(search->key);
	case STEPS:
		break;
	}
	return false;
}

static void
next(struct search *search)
{
	while (++search->step < STEPS) {
		if (!fits(search, search->step))
			continue;
		if (!ask(search))
			end(search, NULL, NULL);
		return;
	}
	answer_matches(search);
}

void
api_find(struct api *api, struct http_request *request, const char *key,
    find_on_end *on_end, void *context)
{
	struct search *search = calloc(1, sizeof(*search));

	CHECK(search != NULL);
	search->api = api;
	search->on_end = on_end;
	search->context = context;
	search->handle = http_hold(request);
	snprintf(search->key, sizeof(search->key), "%s",
	    key[0] == '+' ? key + 1 : key);
	search->step = (enum step)-1;
	if (strlen(key) > KEY_MAX)
		search->key[0] = '\0';
	next(search);
}
