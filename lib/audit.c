/* SPDX-License-Identifier: MIT */
/* audit: a standing, turned round: what must be, and what must not. */
#include "lib/audit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void
look_at(struct audit_view *view, const char *index, bool must, int64_t score)
{
	struct audit_place *place;

	for (size_t i = 0; i < view->count; i++) {
		if (strcmp(view->at[i].index, index) == 0)
			return;
	}
	CHECK(view->count < COUNT_OF(view->at));
	CHECK(strlen(index) < sizeof(place->index));
	place = &view->at[view->count++];
	memcpy(place->index, index, strlen(index) + 1);
	place->must = must;
	place->score = score;
}

void
audit_expect(enum record_kind kind, const void *record, const char *index,
    struct audit_view *ret)
{
	struct standing is = { .count = 0 }, absent = { .count = 0 };

	memset(ret, 0, sizeof(*ret));
	if (record != NULL && kind == RECORD_REQUEST)
		standing_of_request(record, &is);
	else if (record != NULL && kind == RECORD_CALL)
		standing_of_call(record, &is);
	else if (record != NULL && kind == RECORD_SPECIALIST)
		standing_of_specialist(record, &is);
	else if (record != NULL && kind == RECORD_MESSAGE)
		standing_of_message(record, &is);
	for (size_t i = 0; i < is.count; i++)
		look_at(ret, is.in[i].index, true, is.in[i].score);
	/* An ended one may hold a number for a while, or not any more. */
	ret->unique_count = is.count > 0 ? is.unique_count : 0;
	memcpy(ret->unique, is.unique, sizeof(ret->unique));
	if (record != NULL) {
		standing_add_absent(kind, record, &absent);
		for (size_t i = 0; i < absent.count; i++)
			look_at(ret, absent.in[i].index, false, 0);
	}
	if (index[0] != '\0')
		look_at(ret, index, false, 0);
}

bool
audit_is_fault(const struct audit_place *place, bool is_in, int64_t score,
    int64_t now_ms, int64_t lease_ms)
{
	if (is_in != place->must)
		return true;
	if (!is_in || score == place->score)
		return false;
	return strcmp(place->index, "due") != 0 || place->score > now_ms ||
	    score < place->score || score > now_ms + lease_ms;
}

bool
audit_is_newer(const struct pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char text[8] = "";

		if (pairs[i].name_length != 3 ||
		    memcmp(pairs[i].name, "fmt", 3) != 0)
			continue;
		if (pairs[i].value_length == 0 ||
		    pairs[i].value_length >= sizeof(text))
			return false;
		memcpy(text, pairs[i].value, pairs[i].value_length);
		return strspn(text, "0123456789") == pairs[i].value_length &&
		    strtol(text, NULL, 10) > RECORD_FORMAT;
	}
	return false;
}

/* ---- partners */

static bool
is_calling(const struct request *request)
{
	return request->state == REQUEST_CALLING ||
	    request->state == REQUEST_TALKING;
}

static bool
is_offered(const struct request *request, const char *specialist, int number)
{
	for (size_t i = 0; i < OFFER_MAX; i++) {
		const struct offer *offer = &request->offers[i];

		if (strcmp(offer->specialist, specialist) == 0 &&
		    offer->number == number)
			return true;
	}
	return false;
}

static bool
is_held(const struct request *request, int n)
{
	if (is_calling(request) && request->call == n)
		return true;
	for (size_t i = 0; i < OFFER_MAX; i++) {
		if (request->offers[i].specialist[0] != '\0' &&
		    request->offers[i].call == n)
			return true;
	}
	return false;
}

static bool
is_rung_by(const struct request *request, const char *specialist)
{
	return is_calling(request) &&
	    strcmp(request->specialist, specialist) == 0;
}

bool
audit_specialist_differs(const struct specialist *specialist,
    const struct request *request, const struct call *call,
    struct event *ret_event)
{
	ret_event->to = record_ref_specialist(specialist->id);
	ret_event->kind = EVENT_WITHDRAWN;
	if (request != NULL &&
	    is_offered(request, specialist->id, specialist->offer))
		return false;
	if (specialist->state != SPECIALIST_BUSY)
		return true;
	if (request != NULL && is_rung_by(request, specialist->id)) {
		ret_event->kind = EVENT_TAKEN;
		ret_event->call = request->call;
		return specialist->call != request->call;
	}
	/* Their phone may still ring: its end frees them. */
	return call == NULL || !call_is_live(call);
}

bool
audit_request_specialist_differs(const struct request *request,
    const char *id, const struct specialist *specialist,
    struct event *ret_event)
{
	if (specialist != NULL &&
	    strcmp(specialist->request, request->id) == 0)
		return false;
	ret_event->kind = EVENT_NONE;
	/* Whose offer nobody holds has said no. Who calls is the call's matter. */
	if (!is_rung_by(request, id)) {
		ret_event->to = record_ref_request(request->id);
		ret_event->kind = EVENT_DECLINED;
		memcpy(ret_event->specialist, id, strlen(id) + 1);
	}
	return true;
}

bool
audit_request_call_differs(const struct request *request,
    const struct call *call, struct event *ret_event)
{
	ret_event->to = record_ref_request(request->id);
	ret_event->call = request->call;
	ret_event->kind = EVENT_CALL_LOST;
	if (call == NULL)
		return true;
	if (call->outcome != OUTCOME_UNKNOWN)
		ret_event->kind = EVENT_CALL_OVER;
	ret_event->outcome = call->outcome;
	ret_event->has_rung = call->authorised[0] != '\0';
	ret_event->has_talked = call_has_talked(call);
	ret_event->talk_ms = call->talk_ms;
	return !call_is_live(call) || call->is_customer_over;
}

/* What rings nobody's phone but the specialist's is taken back. */
static void
take_back(const struct call *call, struct event *ret_event)
{
	ret_event->to = record_ref_call(call->request, call->n);
	ret_event->kind = call->is_revoked ? EVENT_NONE : EVENT_REVOKED;
}

bool
audit_call_differs(const struct call *call, const struct request *request,
    struct event *ret_event)
{
	if (call->is_revoked || call->is_customer_over ||
	    (request != NULL && is_held(request, call->n)))
		return false;
	take_back(call, ret_event);
	/* Nothing can happen to it any more: it is buried by its next step. */
	if (request == NULL)
		ret_event->kind = EVENT_NONE;
	return true;
}

bool
audit_caller_differs(const struct call *call,
    const struct specialist *specialist, struct event *ret_event)
{
	/* By which call they learn from their own record. */
	if (specialist != NULL &&
	    strcmp(specialist->request, call->request) == 0)
		return false;
	take_back(call, ret_event);
	/* The customer may be on the phone. */
	if (call->authorised[0] != '\0')
		ret_event->kind = EVENT_NONE;
	return true;
}

/* ---- burials */

static json_t *
base64(const char *bytes, size_t length)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = malloc(length / 3 * 4 + 5);
	size_t at = 0;
	json_t *json;

	CHECK(text != NULL);
	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		unsigned a = (unsigned char)bytes[i];
		unsigned b = left > 1 ? (unsigned char)bytes[i + 1] : 0;
		unsigned c = left > 2 ? (unsigned char)bytes[i + 2] : 0;

		text[at++] = digits[a >> 2];
		text[at++] = digits[(a & 3) << 4 | b >> 4];
		text[at++] = left > 1 ? digits[(b & 15) << 2 | c >> 6] : '=';
		text[at++] = left > 2 ? digits[c & 63] : '=';
	}
	json = json_pack("{s:s#}", "base64", text, (int)at);
	free(text);
	return json;
}

/* Text as it is; other bytes so that none is lost. */
static json_t *
raw(const char *bytes, size_t length)
{
	json_t *json = memchr(bytes, '\0', length) == NULL ?
	    json_stringn(bytes, length) : NULL;

	return json != NULL ? json : base64(bytes, length);
}

char *
audit_burial(const char *key, const char *why, int64_t now_ms,
    const char *node, const struct pair *pairs, size_t count)
{
	json_t *fields = json_array();
	json_t *json = json_object();
	char *text;

	/* A list, because a field's name may be any bytes too. */
	for (size_t i = 0; i < count; i++)
		json_array_append_new(fields, json_pack("[o,o]",
		    raw(pairs[i].name, pairs[i].name_length),
		    raw(pairs[i].value, pairs[i].value_length)));
	json_object_set_new(json, "id", raw(key, strlen(key)));
	json_object_set_new(json, "why", raw(why, strlen(why)));
	json_object_set_new(json, "at", json_integer(now_ms / 1000));
	json_object_set_new(json, "node", raw(node, strlen(node)));
	json_object_set_new(json, "fields", fields);
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	CHECK(text != NULL);
	return text;
}
