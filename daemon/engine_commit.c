/* SPDX-License-Identifier: MIT */
/*
 * engine_commit: sends what was stepped, at most two batches at a time and 64
 * records in each, and ends every order with what Redis said. A batch whose
 * reply was lost is sent again as it was, within two seconds, or given up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine_internal.h"
#include "daemon/log.h"
#include "daemon/poison.h"
#include "lib/blocked.h"
#include "lib/commit.h"
#include "lib/fault.h"
#include "lib/standing.h"

/* ---- words of one situation */

static void
add_listing(const struct pending *pending, struct commit_extras *extras)
{
	const struct engine_listing *listing = pending->listing;

	if (listing == NULL)
		return;
	if (listing->unlisted[0] != '\0')
		extras->unlisted = listing->unlisted;
	extras->list = listing->list;
	if (listing->listed_still[0] != '\0')
		extras->listed_still = listing->listed_still;
	if (listing->still[0] != '\0')
		extras->still = listing->still;
	if (listing->line[0] != '\0')
		extras->line = listing->line;
	extras->listed_count = listing->listed_count;
	for (size_t i = 0; i < listing->listed_count; i++) {
		extras->listed[i].field = listing->listed[i].field;
		extras->listed[i].value = listing->listed[i].value;
	}
}

static size_t
add_refusal(struct engine *engine, const struct slot *slot, int64_t now_ms,
    struct words *words)
{
	const struct pending *pending = TAILQ_FIRST(&slot->pendings);
	struct commit_extras extras = { .op = slot->op,
		.answer_id = pending->answer_id, .answer = pending->answer };

	if (pending->take_member != NULL) {
		extras.take_index = pending->take_index;
		extras.take_member = pending->take_member;
		extras.take_length = pending->take_length;
	}
	for (size_t i = 0; pending->rejected != NULL &&
	    i < COUNT_OF(extras.rejected) && pending->rejected[i] != NULL; i++)
		extras.rejected[i] = pending->rejected[i];
	add_listing(pending, &extras);
	if (pending->typed_key[0] != '\0') {
		extras.typed_key = pending->typed_key;
		extras.typed = "zset";
	}
	commit_alone(engine->policy, &extras, now_ms, words);
	return 1;
}

/* Whom this commit would call or write to. */
static const char *
whom_it_disturbs(const struct slot *slot, const struct pending *pending,
    char field[SUPPRESSED_FIELD_SIZE])
{
	const struct situation *before = &slot->before;
	const struct situation *after = &slot->outcome->after;
	bool is_new = pending->fresh != NULL &&
	    pending->event.to.kind == RECORD_REQUEST;

	if (PLANTED("suppression_unasked"))
		return NULL;
	if (is_new || (after->request.state == REQUEST_CALLING &&
	        before->request.state != REQUEST_CALLING)) {
		suppressed_calls_field(after->request.phone, field);
		return field;
	}
	if (after->message.state == MESSAGE_SENDING &&
	    before->message.state != MESSAGE_SENDING &&
	    message_asks_leave(&after->message)) {
		suppressed_messages_field(after->message.to, field);
		return field;
	}
	return NULL;
}

/* Whom it takes a request of, or takes up again after an attempt that rang: who is
 * blocked meanwhile has had their call. Each of these steps knows what to do when it is
 * refused (is_forbidden_for_good); that they call us back does not, and is theirs. */
static bool
is_for_unblocked(const struct slot *slot, const struct pending *pending)
{
	const struct request *before = &slot->before.request;
	const struct request *after = &slot->outcome->after.request;

	if (pending->fresh != NULL && pending->event.to.kind == RECORD_REQUEST)
		return true;
	return after->attempt_count > 0 &&
	    ((after->state == REQUEST_CALLING &&
	        before->state != REQUEST_CALLING) ||
	        (before->state == REQUEST_SCHEDULED &&
	            pending->event.kind != EVENT_CALLED_BACK &&
	            (after->state == REQUEST_WAITING ||
	                after->state == REQUEST_OFFERED)));
}

static size_t
add_slot(struct engine *engine, struct slot *slot, int64_t now_ms,
    struct words *words)
{
	const struct pending *pending = TAILQ_FIRST(&slot->pendings);
	struct commit_extras extras = { .op = slot->op,
		.probing = engine->hooks.providers_probing(engine->hooks.context,
		    engine_channel(&slot->root_ref)),
		.said = pending->said, .is_audit = slot->is_audit,
		.warnings_json = pending->warnings != NULL ?
		    pending->warnings : slot->warnings };
	char field[SUPPRESSED_FIELD_SIZE];

	if (pending->burial != NULL)
		return commit_bury(engine->policy, &pending->event.to,
		    pending->version, pending->burial, now_ms, slot->op, words);
	if (slot->is_forget)
		return commit_forget(engine->policy, &pending->event.to,
		    slot->op, words);
	if (pending->is_refusal)
		return add_refusal(engine, slot, now_ms, words);
	if (pending->take_member != NULL) {
		extras.take_index = pending->take_index;
		extras.take_member = pending->take_member;
		extras.take_length = pending->take_length;
	}
	extras.limits = pending->limits;
	extras.limit_count = pending->limit_count;
	/* Who takes the number in this very commit is checked by that. */
	if (slot->absent_key[0] != '\0' &&
	    !standing_holds_number(&slot->outcome->after.request))
		extras.absent_key = slot->absent_key;
	if (pending->hold_key[0] != '\0') {
		extras.absent_key = pending->hold_key;
		extras.hold_absent_ms = pending->hold_ms;
	}
	if (pending->mark_key[0] != '\0') {
		extras.mark_key = pending->mark_key;
		extras.mark_value = pending->mark_value;
		extras.mark_ms = pending->mark_ms;
	}
	add_listing(pending, &extras);
	if (extras.unlisted == NULL && !slot->is_audit)
		extras.unlisted = whom_it_disturbs(slot, pending, field);
	if (!slot->is_audit && is_for_unblocked(slot, pending))
		extras.unblocked = slot->outcome->after.request.phone;
	if (slot->is_audit) {
		extras.audit_ref = &pending->event.to;
		extras.audit_index = pending->audit_index;
		extras.keeps_uniques = slot->is_held;
		slot->outcome->after = slot->before;
		slot->outcome->move_count = 0;
		slot->outcome->effect_count = 0;
		slot->outcome->is_alone = false;
		slot->outcome->birth.id[0] = '\0';
		slot->outcome->message_count = 0;
		slot->outcome->suppresses = 0;
		slot->outcome->blocks_ms = 0;
	}
	return commit_between(engine->policy, &slot->before, slot->outcome,
	    now_ms, &extras, words);
}

/* ---- what Redis said */

static void
do_effects(struct engine *engine, struct slot *slot,
    const struct outcome *outcome, int64_t wait_ms)
{
	if (outcome->effect_count == 0)
		return;
	CRASH_POINT("commit_before_effects");
	for (size_t i = 0; i < outcome->effect_count; i++)
		engine->hooks.on_effect(engine->hooks.context, &slot->before,
		    &outcome->effects[i], slot->sent_boot_ms, wait_ms);
	CRASH_POINT("commit_after_effects");
}

/* The defect that must be found: everything is done before Redis has agreed. */
static void
do_effects_early(struct engine *engine, const struct slot *slot)
{
	const struct outcome *outcome = slot->outcome;

	if (!PLANTED("act_before_commit") || outcome == NULL)
		return;
	for (size_t i = 0; i < outcome->effect_count; i++)
		engine->hooks.on_effect(engine->hooks.context,
		    &outcome->after, &outcome->effects[i],
		    clock_boottime_ms(), 0);
}

static void
start_birth(struct engine *engine, const struct outcome *outcome)
{
	struct engine_order order = { .event = { .kind = EVENT_DUE,
		.digit = -1 } };

	for (size_t i = 0; i < outcome->message_count; i++) {
		order.event.to = record_ref_message(outcome->messages[i].id);
		if (!engine_post(engine, &order))
			log_event(LOG_LEVEL_DEBUG, "birth_waits",
			    "message=%s", outcome->messages[i].id);
	}
	if (outcome->birth.id[0] == '\0')
		return;
	order.event.to = record_ref_request(outcome->birth.id);
	/* If it finds no slot, `due` brings it. */
	if (!engine_post(engine, &order))
		log_event(LOG_LEVEL_DEBUG, "birth_waits", "request=%s",
		    outcome->birth.id);
}

static void
is_committed(struct engine *engine, struct slot *slot, int64_t wait_ms)
{
	struct outcome *outcome = slot->outcome;
	struct engine_result result = { .end = ENGINE_DONE, .reason = "" };
	const struct pending *pending = TAILQ_FIRST(&slot->pendings);
	char reason[REASON_SIZE] = "";
	bool is_event = outcome != NULL && !slot->is_audit && !slot->is_forget;

	if (pending->is_audit)
		result.end = slot->is_forget ? ENGINE_ABSENT :
		    slot->is_held ? ENGINE_HELD : ENGINE_DONE;
	else if (slot->is_forget || slot->is_audit)
		result.end = ENGINE_NO_ROW;
	if (is_event) {
		commit_done(&slot->before, &outcome->after, slot->op);
		engine->hooks.on_committed(engine->hooks.context,
		    &slot->before, outcome);
		slot->before = outcome->after;
		result.verdict = outcome->verdict;
		memcpy(reason, outcome->reason, sizeof(reason));
		result.reason = reason;
		result.after = &slot->before;
		if (!PLANTED("act_before_commit"))
			do_effects(engine, slot, outcome, wait_ms);
		start_birth(engine, outcome);
	}
	CRASH_POINT("commit_before_answer");
	slot_answer(engine, slot, &result);
	if (slot->root_ref.kind == RECORD_SPECIALIST || !is_event)
		slot_forget_situation(slot);
	else
		slot_trim(slot);
}

/* The customer waits already where this request would go: that one learns of
 * it before this one closes (DECISIONS 10). */
static void
tell_owner(struct engine *engine, const struct slot *slot,
    const struct event *cause)
{
	const struct request *request = &slot->before.request;
	int64_t now_ms = store_now_ms(engine->store);
	struct engine_order order = { .event = { .kind = EVENT_REPEATED,
		.digit = -1 } };

	order.event.to = record_ref_request(cause->owner);
	order.event.at_ms = cause->at_ms > now_ms ? cause->at_ms : now_ms;
	memcpy(order.event.by, cause->by, sizeof(order.event.by));
	memcpy(order.event.detail, request->name, sizeof(request->name));
	order.event.may_text = request->may_text;
	if (!engine_post(engine, &order))
		log_event(LOG_LEVEL_WARNING, "owner_not_told",
		    "request=%s owner=%s", request->id, cause->owner);
}

/* "held KEY OWNER". */
static void
is_held(struct engine *engine, struct slot *slot, const char *words)
{
	struct pending *pending = TAILQ_FIRST(&slot->pendings);
	struct event *event = &pending->event;
	char key[KEY_SIZE], owner[REQUEST_ID_SIZE];
	struct engine_result result = { .end = ENGINE_HELD, .key = key,
		.owner = owner, .reason = "held" };
	const char *space = strrchr(words, ' ');
	bool is_number, was_matched = slot->matched[0] != '\0';

	CHECK(space != NULL);
	snprintf(owner, sizeof(owner), "%s", space + 1);
	snprintf(key, sizeof(key), "%.*s", (int)(space - words), words);
	is_number = strncmp(key, "phone:", 6) == 0 &&
	    strchr(key + 6, ':') == NULL;
	if (slot->is_audit) {
		/* The indexes at least; whose the key is, a person must say. */
		log_event(LOG_LEVEL_WARNING, "audit_held",
		    "root=%s key=%s owner=%s", slot->root, key, owner);
		slot->is_held = true;
		slot_again(engine, slot);
		return;
	}
	if (was_matched) {
		/* Offered by ourselves, but the customer is in another call. */
		slot->no_match = true;
		slot_again(engine, slot);
		return;
	}
	if (is_number && event->kind == EVENT_MATCHED) {
		event->kind = EVENT_NUMBER_BUSY;
		event->at_ms = store_now_ms(engine->store) +
		    engine->policy->poll_ms;
		free(pending->partner);
		pending->partner = NULL;
		slot_again(engine, slot);
		return;
	}
	if (is_number) {
		event->is_number_held = true;
		slot_again(engine, slot);
		return;
	}
	if (pending->fresh == NULL && strncmp(key, "phone:", 6) == 0 &&
	    strlen(owner) < sizeof(event->owner)) {
		snprintf(event->owner, sizeof(event->owner), "%.*s",
		    REQUEST_ID_SIZE - 1, owner);
		tell_owner(engine, slot, event);
		slot_again(engine, slot);
		return;
	}
	slot_answer(engine, slot, &result);
	slot_forget_situation(slot);
}

/* By which provider the new order of this step is; "": there is none. */
static const char *
ordered_from(const struct slot *slot)
{
	const struct situation *after = &slot->outcome->after;

	if (commit_is_sent(&slot->before, &after->message))
		return after->message.provider;
	for (size_t i = 0; i < after->call_count; i++) {
		if (commit_is_placed(&slot->before, &after->calls[i]))
			return after->calls[i].provider;
	}
	return "";
}

/* "MS GUARD KEY": the provider takes no order now. Where another one may be asked
 * instead, the next step finds it; a turn is waited for. */
static void
is_to_wait(struct engine *engine, struct slot *slot, const char *words)
{
	struct event *event = &TAILQ_FIRST(&slot->pendings)->event;
	char guard[16] = "";
	long long wait_ms = 0;

	sscanf(words, "%lld %15s", &wait_ms, guard);
	if (slot->outcome != NULL)
		wait_ms = engine->hooks.on_wait(engine->hooks.context,
		    ordered_from(slot), engine_channel(&slot->root_ref), guard,
		    wait_ms);
	if (slot->matched[0] != '\0') {
		/* Offered by ourselves: it waits where it stands. */
		slot->no_match = true;
	} else if (strcmp(guard, "pace") == 0 || strcmp(guard, "room") == 0) {
		event->wait_until_ms = store_now_ms(engine->store) + wait_ms;
		event->wait_for = strcmp(guard, "pace") == 0 ? "pace" :
		    "in_flight";
	}
	slot_again(engine, slot);
}

/* A newborn's id or its case's number exists already. */
static void
is_taken(struct engine *engine, struct slot *slot, const char *key)
{
	struct engine_result result = { .end = ENGINE_HELD, .key = key,
		.owner = "", .reason = "held" };

	slot_answer(engine, slot, &result);
	slot_forget_situation(slot);
}

/* They want no calls, or no messages, or are blocked: stepped again with that known. */
static void
is_listed(struct engine *engine, struct slot *slot, const char *list)
{
	struct pending *pending = TAILQ_FIRST(&slot->pendings);
	bool is_blocked = strncmp(list, BLOCKED_KEY " ",
	    sizeof(BLOCKED_KEY)) == 0;
	struct engine_result result = { .end = ENGINE_HELD,
		.key = is_blocked ? BLOCKED_KEY : SUPPRESSED_KEY, .owner = "",
		.reason = is_blocked ? "blocked" : "suppressed" };

	if (pending->listing != NULL) {
		slot_fail(engine, slot, ENGINE_GONE, "listed");
	} else if (pending->fresh != NULL) {
		slot_unmatch(engine, slot);
		slot_answer(engine, slot, &result);
		slot_forget_situation(slot);
	} else {
		pending->event.is_suppressed |= !is_blocked;
		pending->event.is_blocked |= is_blocked;
		slot_again(engine, slot);
	}
}

/* One more is too many, for so long. Only births are limited. */
static void
is_limited(struct engine *engine, struct slot *slot, const char *words)
{
	struct engine_result result = { .end = ENGINE_HELD, .owner = "",
		.reason = "limited", .wait_ms = atoll(words) };
	const char *key = strchr(words, ' ');

	CHECK(TAILQ_FIRST(&slot->pendings)->fresh != NULL);
	result.key = key != NULL ? key + 1 : "limit:";
	slot_unmatch(engine, slot);
	slot_answer(engine, slot, &result);
	slot_forget_situation(slot);
}

/* Another has the last place of that slot: stepped again with that known. */
static void
is_full(struct engine *engine, struct slot *slot)
{
	struct event *event = &TAILQ_FIRST(&slot->pendings)->event;

	if (slot->outcome != NULL)
		event->full_until_ms = slot->outcome->place.to_ms;
	slot_again(engine, slot);
}

/* A fact from outside is stepped again, everything else is told so. */
static void
give_up(struct engine *engine, struct slot *slot)
{
	if (TAILQ_FIRST(&slot->pendings)->must)
		slot_again(engine, slot);
	else
		slot_fail(engine, slot, ENGINE_UNAVAILABLE, "redis");
}

static void
on_word(struct engine *engine, struct slot *slot, const char *word)
{
	if (strncmp(word, "ok", 2) == 0) {
		is_committed(engine, slot, atoll(word + 2));
	} else if (strcmp(word, "again") == 0) {
		/* Its turn was told in the reply that was lost: the latest. */
		is_committed(engine, slot, PACE_WAIT_MS);
	} else if (strncmp(word, "wait ", 5) == 0) {
		is_to_wait(engine, slot, word + 5);
	} else if (strncmp(word, "conflict ", 9) == 0) {
		slot_unmatch(engine, slot);
		if (TAILQ_FIRST(&slot->pendings)->burial != NULL)
			slot_fail(engine, slot, ENGINE_GONE, "gone");
		else if (TAILQ_FIRST(&slot->pendings)->fresh != NULL)
			is_taken(engine, slot, word + 9);
		else if (TAILQ_FIRST(&slot->pendings)->partner != NULL)
			slot_fail(engine, slot, ENGINE_NO_ROW, "stale");
		else
			slot_again(engine, slot);
	} else if (strncmp(word, "held ", 5) == 0) {
		is_held(engine, slot, word + 5);
	} else if (strncmp(word, "listed ", 7) == 0) {
		is_listed(engine, slot, word + 7);
	} else if (strncmp(word, "limited ", 8) == 0) {
		is_limited(engine, slot, word + 8);
	} else if (strncmp(word, "full ", 5) == 0) {
		is_full(engine, slot);
	} else if (strcmp(word, "gone") == 0) {
		slot_fail(engine, slot, ENGINE_GONE, "gone");
	} else if (strncmp(word, "error", 5) == 0) {
		log_event(LOG_LEVEL_ERR, "commit_failed", "root=%s "
		    "error=\"%s\"", slot->root, word);
		give_up(engine, slot);
	} else {
		log_event(LOG_LEVEL_WARNING, "commit_refused",
		    "root=%s word=\"%s\"", slot->root, word);
		slot_again(engine, slot);
	}
}

static void
end_batch(struct batch *batch)
{
	batch->is_used = false;
	batch->is_in_doubt = false;
	batch->count = 0;
	words_clear(&batch->words);
}

/* Nobody knows, and it is too late to ask. */
static void
give_up_batch(struct engine *engine, struct batch *batch)
{
	struct slot_list slots;
	struct slot *slot;

	TAILQ_INIT(&slots);
	TAILQ_CONCAT(&slots, &batch->slots, queue);
	end_batch(batch);
	while ((slot = TAILQ_FIRST(&slots)) != NULL) {
		TAILQ_REMOVE(&slots, slot, queue);
		give_up(engine, slot);
	}
}

static void
tell_set_aside(struct engine *engine, const char *key)
{
	log_event(LOG_LEVEL_ERR, "key_set_aside", "key=%.200s kept=kept:%.200s "
	    "see=\"callbackctl check\"", key, key);
	engine->hooks.on_set_aside(engine->hooks.context, key);
}

static void
on_reply(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct engine *engine = context;
	struct batch *batch = &engine->batches[tag];
	struct slot_list slots;
	struct slot *slot;
	size_t i = 1;

	if (end != REDIS_REPLY) {
		batch->is_in_doubt = true;
		return;
	}
	if (!store_read_time(engine->store, reply, batch->sent_at_ms) ||
	    reply->elements < batch->count + 1) {
		log_event(LOG_LEVEL_ERR, "commit_failed", "error=\"%s\"",
		    reply->type == REDIS_REPLY_ERROR ? reply->str :
		    "an unexpected reply");
		give_up_batch(engine, batch);
		return;
	}
	CRASH_POINT("commit_replied");
	for (size_t j = batch->count + 1; j < reply->elements; j++) {
		if (reply->element[j]->str != NULL)
			tell_set_aside(engine, reply->element[j]->str);
	}
	TAILQ_INIT(&slots);
	TAILQ_CONCAT(&slots, &batch->slots, queue);
	end_batch(batch);
	while ((slot = TAILQ_FIRST(&slots)) != NULL) {
		const struct redisReply *word = reply->element[i++];

		TAILQ_REMOVE(&slots, slot, queue);
		on_word(engine, slot, word->str != NULL ? word->str : "");
	}
}

static bool
send(struct engine *engine, struct batch *batch)
{
	return store_commit(engine->store, store_now_ms(engine->store),
	    batch->count, &batch->words, on_reply, engine,
	    (uint64_t)(batch - engine->batches));
}

/* The script sees only the moment of sending: what was stepped while our clock
 * was wrong (the replies that waited for a stopped process show an old time)
 * must not pass by waiting until it is right. */
static bool
is_of_another_time(const struct slot *slot, int64_t now_ms)
{
	return now_ms - slot->stepped_at_ms > STORE_SKEW_MAX_MS ||
	    slot->stepped_at_ms - now_ms > STORE_SKEW_MAX_MS;
}

static void
fill_and_send(struct engine *engine, struct batch *batch)
{
	int64_t now_ms = store_now_ms(engine->store);
	size_t records = 0;
	struct slot *slot;

	batch->is_used = true;
	while ((slot = TAILQ_FIRST(&engine->prepared)) != NULL &&
	    records < BATCH_RECORDS_MAX &&
	    batch->words.used < BATCH_BYTES_MAX) {
		TAILQ_REMOVE(&engine->prepared, slot, queue);
		if (is_of_another_time(slot, now_ms)) {
			slot_again(engine, slot);
			continue;
		}
		poison_enter(slot->root);
		records += add_slot(engine, slot, now_ms, &batch->words);
		poison_leave();
		slot->state = SLOT_SENT;
		slot->sent_boot_ms = clock_boottime_ms();
		do_effects_early(engine, slot);
		TAILQ_INSERT_TAIL(&batch->slots, slot, queue);
		batch->count++;
	}
	if (batch->count == 0) {
		end_batch(batch);
		return;
	}
	batch->sent_at_ms = clock_monotonic_ms();
	batch->now_ms = now_ms;
	CRASH_POINT("commit_before_send");
	if (!send(engine, batch))
		give_up_batch(engine, batch);
	CRASH_POINT("commit_queued");
}

void
batches_send(struct engine *engine)
{
	for (size_t i = 0; i < BATCHES_MAX; i++) {
		struct batch *batch = &engine->batches[i];

		if (TAILQ_EMPTY(&engine->prepared) ||
		    !store_is_up(engine->store))
			return;
		if (!batch->is_used)
			fill_and_send(engine, batch);
	}
}

/* Later the same commit might meet what others did meanwhile, and who asked has
 * waited long enough. */
static bool
doubt_is_over(const struct batch *batch)
{
	return clock_monotonic_ms() - batch->sent_at_ms > IN_DOUBT_MS;
}

/* Our clock was put right since: what is in it was stepped on a wrong one, and
 * would now pass as of this moment. */
static bool
clock_has_moved(struct engine *engine, const struct batch *batch)
{
	int64_t moved_ms = store_now_ms(engine->store) - batch->now_ms -
	    (clock_monotonic_ms() - batch->sent_at_ms);

	return moved_ms > STORE_SKEW_MAX_MS || -moved_ms > STORE_SKEW_MAX_MS;
}

void
batches_on_link(struct engine *engine, bool is_up)
{
	if (!is_up)
		return;                 /* the doubt ends by its own time */
	for (size_t i = 0; i < BATCHES_MAX; i++) {
		struct batch *batch = &engine->batches[i];

		if (!batch->is_used || !batch->is_in_doubt)
			continue;
		batch->is_in_doubt = false;
		if (doubt_is_over(batch) || clock_has_moved(engine, batch) ||
		    !send(engine, batch))
			give_up_batch(engine, batch);
	}
}

void
batches_expire(struct engine *engine)
{
	for (size_t i = 0; i < BATCHES_MAX; i++) {
		struct batch *batch = &engine->batches[i];

		if (batch->is_used)
			CRASH_POINT("commit_on_its_way");
		if (batch->is_used && batch->is_in_doubt &&
		    doubt_is_over(batch))
			give_up_batch(engine, batch);
	}
}
