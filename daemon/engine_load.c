/* SPDX-License-Identifier: MIT */
/* engine_load: reads what a situation needs, record by record, and keeps it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine_internal.h"
#include "daemon/log.h"
#include "daemon/poison.h"
#include "lib/answer.h"
#include "lib/audit.h"
#include "lib/zone.h"

enum { REFS_MAX = 16, KIND_SHIFT = 56 };

/* What a reply is: a record (its reference is kept until then), the list of
 * askers, or the accepted JSON. */
enum load_kind { LOAD_RECORD, LOAD_ASKERS, LOAD_SAID };

struct load {
	struct engine *engine;
	struct slot *slot;
	enum load_kind kind;
	struct record_ref ref;
};

static bool
is_absent(const struct slot *slot, const struct record_ref *ref)
{
	for (size_t i = 0; i < slot->absent_count; i++) {
		if (record_ref_equal(&slot->absent[i], ref))
			return true;
	}
	return false;
}

static void
add_absent(struct slot *slot, const struct record_ref *ref)
{
	if (slot->absent_count < ABSENT_MAX)
		slot->absent[slot->absent_count++] = *ref;
	else
		slot->failure = "unreadable";
}

static bool
has_room(const struct slot *slot, enum record_kind kind)
{
	return (kind != RECORD_SPECIALIST ||
	        slot->before.specialist_count < SPECIALISTS_MAX) &&
	    (kind != RECORD_CALL || slot->before.call_count < CALLS_MAX);
}

/* Without whom the order cannot be stepped: its addressee, and the request, but for
 * a specialist, who must not be held by one that nobody can read. */
static bool
is_needed(const struct slot *slot, const struct record_ref *ref)
{
	const struct record_ref *to = &TAILQ_FIRST(&slot->pendings)->event.to;

	return record_ref_equal(ref, to) ||
	    (record_ref_equal(ref, &slot->root_ref) &&
	        to->kind != RECORD_SPECIALIST);
}

static void
read_record(struct load *load, const struct redisReply *reply)
{
	const struct engine_hooks *hooks = &load->engine->hooks;
	const struct record_ref *ref = &load->ref;
	struct pair pairs[STORE_PAIRS_MAX];
	struct slot *slot = load->slot;
	int pair_count = store_pairs(reply, pairs, STORE_PAIRS_MAX);
	size_t count = pair_count > 0 ? (size_t)pair_count : 0;
	const char *why = "";

	if (pair_count == 0) {
		add_absent(slot, ref);
		return;
	}
	if (!has_room(slot, ref->kind)) {
		log_event(LOG_LEVEL_ERR, "partners_too_many", "root=%s",
		    slot->root);
		slot->failure = "unreadable";
		return;
	}
	/* The root was read before. */
	if (ref->kind == RECORD_CALL && is_absent(slot, &slot->root_ref))
		why = "its request: there is none";
	else if (count > 0 &&
	    situation_put(&slot->before, ref, pairs, count, &why)) {
		/* Its customer's clock: steps read no files. */
		if (ref->kind == RECORD_REQUEST ||
		    ref->kind == RECORD_MESSAGE)
			(void)zones_learn(load->engine->policy->zones,
			    ref->kind == RECORD_REQUEST ?
			    slot->before.request.zone :
			    slot->before.message.zone);
		return;
	}
	if (audit_is_newer(pairs, count))
		slot->failure = "newer";
	else if (is_needed(slot, ref))
		slot->failure = "unreadable";
	else
		add_absent(slot, ref);
	hooks->on_unreadable(hooks->context, ref, why, pairs, count);
}

static void
read_askers(struct slot *slot, const struct redisReply *reply)
{
	struct askers *askers = &slot->before.askers;
	const char *at, *end;

	slot->has_askers_loaded = true;
	if (reply->type != REDIS_REPLY_STRING)
		return;
	askers->count = 0;
	at = reply->str;
	while (*at != '\0' && askers->count < ASKERS_MAX) {
		size_t length;

		end = strchr(at, ' ');
		length = end != NULL ? (size_t)(end - at) : strlen(at);
		if (length > 0 && length < SITE_ID_SIZE) {
			memcpy(askers->ids[askers->count], at, length);
			askers->ids[askers->count][length] = '\0';
			askers->count++;
		}
		at += length + (end != NULL);
	}
}

static void
on_loaded(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct load *load = context;
	struct slot *slot = load->slot;

	(void)tag;
	slot->loads--;
	if (end != REDIS_REPLY || (reply->type == REDIS_REPLY_ERROR &&
	        !store_is_of_another_type(reply))) {
		if (end == REDIS_REPLY)
			log_event(LOG_LEVEL_ERR, "load_refused",
			    "root=%s error=\"%s\"", slot->root, reply->str);
		slot->failure = "redis";
	} else if (load->kind == LOAD_RECORD) {
		poison_enter(slot->root);
		read_record(load, reply);
		poison_leave();
	} else if (load->kind == LOAD_ASKERS) {
		read_askers(slot, reply);
	} else {
		slot->has_warnings_loaded = true;
		if (reply->type == REDIS_REPLY_STRING)
			slot->warnings = answer_warnings(reply->str);
	}
	if (slot->loads == 0) {
		slot->state = SLOT_OPEN;
		TAILQ_INSERT_TAIL(&load->engine->runnable, slot, queue);
	}
	free(load);
}

static void
send_load(struct engine *engine, struct slot *slot, enum load_kind kind,
    const struct record_ref *ref)
{
	struct load *load = calloc(1, sizeof(*load));
	char key[KEY_SIZE];
	bool is_sent;

	CHECK(load != NULL);
	*load = (struct load){ engine, slot, kind, *ref };
	if (kind == LOAD_RECORD) {
		is_sent = store_load(engine->store, ref, on_loaded, load, 0);
	} else {
		snprintf(key, sizeof(key), "%s%s",
		    kind == LOAD_ASKERS ? "askers:" : "said:", ref->id);
		is_sent = STORE_SEND(engine->store, on_loaded, load, 0, "GET",
		    key);
	}
	if (is_sent) {
		slot->loads++;
		return;
	}
	slot->failure = "redis";
	free(load);
}

static void
add_ref(const struct slot *slot, struct record_ref ref, struct record_ref *refs,
    size_t *count)
{
	if (ref.id[0] == '\0' || *count >= REFS_MAX || is_absent(slot, &ref) ||
	    situation_record(&slot->before, &ref) != NULL)
		return;
	for (size_t i = 0; i < *count; i++) {
		if (record_ref_equal(&refs[i], &ref))
			return;
	}
	refs[(*count)++] = ref;
}

/* The matter's own record, where its end or its next request is written. */
static bool
wants_case(const struct slot *slot, const struct event *event)
{
	return event->kind == EVENT_DISPOSED || event->kind == EVENT_REOPENED ||
	    event->kind == EVENT_CALLED_BACK ||
	    event->kind == EVENT_ASKED ||
	    slot->before.request.disposition[0] != '\0';
}

static size_t
missing(const struct policy *policy, const struct slot *slot,
    const struct event *event, struct record_ref *refs)
{
	struct record_ref found[REFS_MAX];
	const struct situation *before = &slot->before;
	size_t count = 0, found_count;

	add_ref(slot, slot->root_ref, refs, &count);
	if (count > 0 && slot->root_ref.kind == RECORD_REQUEST &&
	    event->to.kind == RECORD_CALL)
		add_ref(slot, event->to, refs, &count);
	if (count > 0)
		return count;
	found_count = situation_missing(before, &event->to, found, REFS_MAX);
	for (size_t i = 0; i < found_count; i++)
		add_ref(slot, found[i], refs, &count);
	if (event->kind == EVENT_MATCHED || event->kind == EVENT_BY_HAND ||
	    event->kind == EVENT_START || event->kind == EVENT_CALLED_BACK)
		add_ref(slot, record_ref_specialist(event->specialist), refs,
		    &count);
	/* They remember what they closed, whatever else they do by now. */
	if (event->kind == EVENT_DISPOSED &&
	    policy_specialist(policy, event->by) != NULL)
		add_ref(slot, record_ref_specialist(event->by), refs, &count);
	if (before->request.number[0] != '\0' && wants_case(slot, event))
		add_ref(slot, record_ref_case(before->request.number), refs,
		    &count);
	return count;
}

/* Whose answers follow this request; one asker is the request's own. */
static bool
load_askers(struct engine *engine, struct slot *slot)
{
	struct situation *before = &slot->before;
	const struct request *request = &before->request;
	bool is_loading = false;

	if (request->id[0] == '\0' || request->asker_count == 0 ||
	    before->askers.count > 0 || slot->has_askers_loaded)
		return false;
	if (request->asker_count > 1) {
		send_load(engine, slot, LOAD_ASKERS, &slot->root_ref);
		is_loading = true;
	}
	/* Should the list be gone, its first still has an answer. */
	if (request->site_id[0] != '\0') {
		memcpy(before->askers.ids[0], request->site_id, SITE_ID_SIZE);
		before->askers.count = 1;
	}
	return is_loading;
}

bool
slot_load(struct engine *engine, struct slot *slot)
{
	const struct pending *pending = TAILQ_FIRST(&slot->pendings);
	struct record_ref refs[REFS_MAX];
	size_t count;
	bool is_loading = false;

	if (slot->failure != NULL) {
		const char *why = slot->failure;

		slot->failure = NULL;
		if (pending->must && strcmp(why, "redis") == 0)
			slot_again(engine, slot);
		else
			slot_fail(engine, slot, ENGINE_UNAVAILABLE, why);
		return false;
	}
	if (pending->fresh != NULL || pending->is_refusal ||
	    pending->burial != NULL)
		return true;
	count = missing(engine->policy, slot, &pending->event, refs);
	if (slot->before.specialist_count + count > SPECIALISTS_MAX ||
	    slot->before.call_count + count > CALLS_MAX)
		slot_trim(slot);
	for (size_t i = 0; i < count; i++)
		send_load(engine, slot, LOAD_RECORD, &refs[i]);
	is_loading = count > 0;
	if (!is_loading)
		is_loading = load_askers(engine, slot);
	if (!is_loading && slot->before.request.has_warnings &&
	    !slot->has_warnings_loaded &&
	    slot->before.askers.count > 0) {
		send_load(engine, slot, LOAD_SAID, &slot->root_ref);
		is_loading = true;
	}
	if (!is_loading)
		return true;
	if (slot->loads == 0) {         /* none could be sent */
		slot->failure = NULL;
		slot_fail(engine, slot, ENGINE_UNAVAILABLE, "redis");
		return false;
	}
	slot->state = SLOT_LOADING;
	return false;
}

void
slot_trim(struct slot *slot)
{
	situation_trim(&slot->before);
	slot->absent_count = 0;
}
