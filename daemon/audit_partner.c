/* SPDX-License-Identifier: MIT */
/*
 * audit_partner: a request, its calls and its specialists must name each other. What
 * does not is told, counted, and gets the event of its own life cycle that says so:
 * once it was seen in two rounds, and only while the record is as it was seen. A call
 * that is gone or that nobody can read is certain at once.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/audit_internal.h"
#include "daemon/log.h"

/* ---- reading them */

static void
add_partner(struct check *check, struct record_ref ref)
{
	if (ref.id[0] != '\0' && check->partner_count < PARTNERS_MAX)
		check->partners[check->partner_count++] = ref;
}

static void
find_partners_of_request(struct check *check)
{
	const struct request *request = &check->is.request;

	for (size_t i = 0; i < OFFER_MAX; i++)
		add_partner(check, record_ref_specialist(
		    request->offers[i].specialist));
	if (request->state != REQUEST_CALLING &&
	    request->state != REQUEST_TALKING)
		return;
	add_partner(check, record_ref_specialist(request->specialist));
	if (request->call != 0)
		add_partner(check, record_ref_call(request->id,
		    request->call));
}

void
audit_find_partners(struct check *check)
{
	const struct specialist *one = &check->is.specialist;
	const struct record_ref *ref = &check->member.ref;

	if (check->is_absent)
		return;
	if (ref->kind == RECORD_REQUEST) {
		find_partners_of_request(check);
	} else if (ref->kind == RECORD_CALL) {
		add_partner(check, record_ref_request(ref->id));
		add_partner(check, record_ref_specialist(
		    check->is.call.specialist));
	} else if (one->state == SPECIALIST_OFFERED ||
	    one->state == SPECIALIST_BUSY) {
		add_partner(check, record_ref_request(one->request));
		if (one->request[0] != '\0' && one->call != 0)
			add_partner(check, record_ref_call(one->request,
			    one->call));
	}
}

void
audit_read_partner(struct check *check, size_t i,
    const struct redisReply *reply)
{
	const struct record_ref *ref = &check->partners[i];
	void *record = ref->kind == RECORD_REQUEST ? (void *)&check->request :
	    ref->kind == RECORD_CALL ? (void *)&check->call :
	    (void *)&check->specialists[i];
	struct pair pairs[STORE_PAIRS_MAX];
	int pair_count = store_pairs(reply, pairs, STORE_PAIRS_MAX);
	size_t count = pair_count > 0 ? (size_t)pair_count : 0;
	const char *why = "";

	if (pair_count == 0)
		return;
	if ((pair_count < 0 && !store_is_of_another_type(reply)) ||
	    audit_is_newer(pairs, count)) {
		check->has_failed = true;
		return;
	}
	check->has_partner[i] = count > 0 &&
	    record_from_pairs(ref->kind, pairs, count, record, &why);
	/* What nobody can read is as good as gone. */
	if (!check->has_partner[i])
		audit_bury(check->audit, ref, why, pairs, count);
}

/* ---- the verdict */

/* Seen in an earlier round already? Remembers it for the next. */
static bool
is_confirmed(struct audit *audit, const char *record, const char *partner)
{
	struct doubt *oldest = &audit->doubts[0];

	for (size_t i = 0; i < DOUBTS_MAX; i++) {
		struct doubt *doubt = &audit->doubts[i];

		if (strcmp(doubt->record, record) == 0 &&
		    strcmp(doubt->partner, partner) == 0) {
			bool was_seen = doubt->round < audit->round;

			doubt->round = audit->round;
			return was_seen;
		}
		if (doubt->round < oldest->round)
			oldest = doubt;
	}
	memcpy(oldest->record, record, strlen(record) + 1);
	memcpy(oldest->partner, partner, strlen(partner) + 1);
	oldest->round = audit->round;
	return false;
}

static void
on_mended(void *context, uint64_t tag, const struct engine_result *result)
{
	struct audit *audit = context;

	(void)tag;
	if (result->end == ENGINE_DONE)
		audit->counts.repaired++;
	else
		log_event(LOG_LEVEL_INFO, "audit_not_mended", "why=\"%s\"",
		    result->reason);
}

/* Of the record that the event goes to: the one looked at, or one of its partners. */
static int64_t
version_of(const struct check *check, const struct record_ref *ref)
{
	if (record_ref_equal(ref, &check->member.ref))
		return check->is.head.version;
	CHECK(ref->kind == RECORD_CALL);
	return check->call.record.version;
}

static void
mend(struct check *check, const struct record_ref *partner,
    const struct event *event)
{
	struct engine_order order = { .event = *event,
		.on_result = on_mended, .context = check->audit };
	bool is_certain = event->kind == EVENT_CALL_LOST;
	char key[KEY_SIZE], other[KEY_SIZE];

	record_key(&check->member.ref, key);
	record_key(partner, other);
	if (!is_confirmed(check->audit, key, other) && !is_certain)
		return;
	check->audit->counts.backpointers++;
	log_event(LOG_LEVEL_WARNING, "audit_backpointer",
	    "record=%s partner=%s event=%s", key, other,
	    event_kind_names[event->kind]);
	if (event->kind == EVENT_NONE)
		return;
	order.at_version = version_of(check, &event->to);
	/* What finds no slot is found again. */
	if (!engine_post(check->audit->engine, &order))
		log_event(LOG_LEVEL_DEBUG, "audit_waits", "record=%s", key);
}

static const void *
partner_of(const struct check *check, enum record_kind kind)
{
	for (size_t i = 0; i < check->partner_count; i++) {
		if (check->partners[i].kind != kind || !check->has_partner[i])
			continue;
		return kind == RECORD_REQUEST ? (const void *)&check->request :
		    kind == RECORD_CALL ? (const void *)&check->call :
		    (const void *)&check->specialists[i];
	}
	return NULL;
}

/* Does the record looked at name a partner that does not name it. */
static bool
differs(const struct check *check, size_t i, struct event *ret_event)
{
	const struct record_ref *ref = &check->partners[i];
	const struct request *request = &check->is.request;
	const struct call *call = partner_of(check, RECORD_CALL);
	const struct specialist *one = check->has_partner[i] ?
	    &check->specialists[i] : NULL;

	switch (check->member.ref.kind) {
	case RECORD_SPECIALIST:
		return i == 0 && audit_specialist_differs(
		    &check->is.specialist, partner_of(check, RECORD_REQUEST),
		    call, ret_event);
	case RECORD_CALL:
		if (ref->kind == RECORD_REQUEST)
			return audit_call_differs(&check->is.call,
			    partner_of(check, RECORD_REQUEST), ret_event);
		return audit_caller_differs(&check->is.call, one, ret_event);
	case RECORD_REQUEST:
		if (ref->kind == RECORD_CALL)
			return audit_request_call_differs(request, call,
			    ret_event);
		return audit_request_specialist_differs(request, ref->id, one,
		    ret_event);
	case RECORD_NONE:
	case RECORD_CASE:
	case RECORD_MESSAGE:
	case RECORD_COUNT:
		break;
	}
	return false;
}

/* As their keys name them: a hash does not. */
static void
name_all(struct check *check)
{
	struct record_ref *own = &check->member.ref;

	if (own->kind == RECORD_CALL) {
		memcpy(check->is.call.request, own->id,
		    sizeof(check->is.call.request));
		check->is.call.n = own->n;
	}
	for (size_t i = 0; i < check->partner_count; i++) {
		const struct record_ref *ref = &check->partners[i];

		if (ref->kind == RECORD_REQUEST)
			memcpy(check->request.id, ref->id,
			    sizeof(check->request.id));
		else if (ref->kind == RECORD_SPECIALIST)
			memcpy(check->specialists[i].id, ref->id, ID_SIZE);
		else
			check->call.n = ref->n;
	}
}

void
audit_compare_partners(struct check *check)
{
	struct event event;

	name_all(check);
	for (size_t i = 0; i < check->partner_count; i++) {
		memset(&event, 0, sizeof(event));
		event.digit = -1;
		memcpy(event.by, "audit", sizeof("audit"));
		if (differs(check, i, &event))
			mend(check, &check->partners[i], &event);
	}
}
