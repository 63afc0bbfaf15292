/* SPDX-License-Identifier: MIT */
/* engine_slot: where situations in hand live, and what waits for them. */
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine_internal.h"
#include "daemon/log.h"
#include "lib/fault.h"

static unsigned
hash_of(const char *key)
{
	unsigned hash = 2166136261u;

	for (; *key != '\0'; key++)
		hash = (hash ^ (unsigned char)*key) * 16777619u;
	return hash % HASH_SIZE;
}

static char *
copy_text(const char *text)
{
	char *copy = text == NULL ? NULL : strdup(text);

	CHECK(text == NULL || copy != NULL);
	return copy;
}

static void *
copy_bytes(const void *bytes, size_t size)
{
	void *copy = malloc(size + 1);

	CHECK(copy != NULL);
	memcpy(copy, bytes, size);
	((char *)copy)[size] = '\0';
	return copy;
}

void
pending_free(struct pending *pending)
{
	free(pending->fresh);
	free(pending->partner);
	free(pending->said);
	free(pending->warnings);
	free(pending->burial);
	free(pending->version);
	free(pending->note);
	free(pending->listing);
	free(pending->limits);
	free(pending->take_member);
	if (pending->rejected != NULL) {
		for (size_t i = 0; pending->rejected[i] != NULL; i++)
			free(pending->rejected[i]);
	}
	free(pending->rejected);
	free(pending->answer_id);
	free(pending->answer);
	free(pending);
}

struct outcome *
outcome_take(struct engine *engine)
{
	struct outcome *outcome = engine->spare_count > 0 ?
	    engine->spare[--engine->spare_count] : malloc(sizeof(*outcome));

	CHECK(outcome != NULL);
	return outcome;
}

void
outcome_give(struct engine *engine, struct outcome *outcome)
{
	if (outcome == NULL)
		return;
	if (engine->spare_count < COUNT_OF(engine->spare))
		engine->spare[engine->spare_count++] = outcome;
	else
		free(outcome);
}

/* ---- slots */

static struct slot *
find(struct engine *engine, const char *root)
{
	struct slot *slot;

	LIST_FOREACH(slot, &engine->buckets[hash_of(root)], hash) {
		if (strcmp(slot->root, root) == 0)
			return slot;
	}
	return NULL;
}

void
slot_free(struct engine *engine, struct slot *slot)
{
	CHECK(TAILQ_EMPTY(&slot->pendings));
	LIST_REMOVE(slot, hash);
	outcome_give(engine, slot->outcome);
	free(slot->warnings);
	free(slot);
	engine->slot_count--;
}

static void
drop_oldest_idle(struct engine *engine)
{
	struct slot *slot = TAILQ_FIRST(&engine->idle);

	if (slot == NULL)
		return;
	TAILQ_REMOVE(&engine->idle, slot, queue);
	engine->idle_count--;
	slot_free(engine, slot);
}

struct slot *
slot_get(struct engine *engine, const struct record_ref *root)
{
	char key[KEY_SIZE];
	struct slot *slot;

	record_key(root, key);
	slot = find(engine, key);
	if (slot != NULL)
		return slot;
	if (engine->slot_count >= engine->slots_max)
		drop_oldest_idle(engine);
	if (engine->slot_count >= engine->slots_max)
		return NULL;
	slot = calloc(1, sizeof(*slot));
	CHECK(slot != NULL);
	memcpy(slot->root, key, sizeof(slot->root));
	slot->root_ref = *root;
	TAILQ_INIT(&slot->pendings);
	LIST_INSERT_HEAD(&engine->buckets[hash_of(key)], slot, hash);
	engine->slot_count++;
	/* Idle until an order comes: then it leaves this list. */
	TAILQ_INSERT_TAIL(&engine->idle, slot, queue);
	engine->idle_count++;
	return slot;
}

void
slot_forget_situation(struct slot *slot)
{
	memset(&slot->before, 0, sizeof(slot->before));
	free(slot->warnings);
	slot->warnings = NULL;
	slot->has_warnings_loaded = false;
	slot->has_askers_loaded = false;
	slot->absent_count = 0;
	slot->is_cached = false;
}

void
slot_unmatch(struct engine *engine, struct slot *slot)
{
	if (slot->matched[0] != '\0')
		engine->hooks.on_stale(engine->hooks.context, slot->matched);
	slot->matched[0] = '\0';
}

static bool
is_idle(const struct slot *slot)
{
	return slot->state == SLOT_OPEN && TAILQ_EMPTY(&slot->pendings);
}

/* The slot's situation is in nobody's hands: on with the next order, else it
 * waits, cached, until its place is needed. */
void
slot_runnable(struct engine *engine, struct slot *slot)
{
	slot->state = SLOT_OPEN;
	if (!is_idle(slot)) {
		TAILQ_INSERT_TAIL(&engine->runnable, slot, queue);
		return;
	}
	TAILQ_INSERT_TAIL(&engine->idle, slot, queue);
	engine->idle_count++;
}

static void
end_pending(struct slot *slot, struct pending *pending,
    const struct engine_result *result)
{
	TAILQ_REMOVE(&slot->pendings, pending, link);
	slot->pending_count--;
	if (pending->on_result != NULL)
		pending->on_result(pending->context, pending->tag, result);
	pending_free(pending);
}

void
slot_answer(struct engine *engine, struct slot *slot,
    const struct engine_result *result)
{
	/* Not open yet: the handler may post to this very slot. */
	slot->state = SLOT_SENT;
	slot->is_cached = true;
	slot->tries = 0;
	slot->reroutes = 0;
	slot->no_match = false;
	slot->matched[0] = '\0';
	slot->absent_key[0] = '\0';
	slot->is_audit = false;
	slot->is_forget = false;
	slot->is_held = false;
	outcome_give(engine, slot->outcome);
	slot->outcome = NULL;
	end_pending(slot, TAILQ_FIRST(&slot->pendings), result);
	/* A root that nobody could read is no absent one to the next order. */
	if (slot->before.request.id[0] == '\0')
		slot_forget_situation(slot);
	slot_runnable(engine, slot);
}

void
slot_fail(struct engine *engine, struct slot *slot, enum engine_end end,
    const char *reason)
{
	struct engine_result result = { .end = end, .reason = reason };

	slot_unmatch(engine, slot);
	slot_forget_situation(slot);
	slot_answer(engine, slot, &result);
}

void
slot_fail_impatient(struct slot *slot)
{
	const struct engine_result result = { .end = ENGINE_UNAVAILABLE,
		.reason = "redis" };
	struct pending *pending, *next;

	for (pending = TAILQ_FIRST(&slot->pendings); pending != NULL;
	    pending = next) {
		next = TAILQ_NEXT(pending, link);
		if (!pending->must)
			end_pending(slot, pending, &result);
	}
}

/* ---- posting */

static struct pending *
make_pending(const struct engine_order *order)
{
	struct pending *pending = calloc(1, sizeof(*pending));

	CHECK(pending != NULL);
	pending->event = order->event;
	pending->note = copy_text(order->event.note);
	pending->event.note = pending->note;
	if (order->fresh != NULL)
		pending->fresh = copy_bytes(order->fresh,
		    sizeof(*order->fresh));
	if (order->partner != NULL)
		pending->partner = copy_bytes(order->partner,
		    sizeof(*order->partner));
	pending->said = copy_text(order->said);
	pending->warnings = copy_text(order->warnings);
	if (order->take_index != NULL) {
		snprintf(pending->take_index, sizeof(pending->take_index),
		    "%s", order->take_index);
		pending->take_member = copy_bytes(order->take_member,
		    order->take_length);
		pending->take_length = order->take_length;
	}
	if (order->limit_count > 0)
		pending->limits = copy_bytes(order->limits,
		    order->limit_count * sizeof(*order->limits));
	pending->limit_count = order->limit_count;
	if (order->listing != NULL)
		pending->listing = copy_bytes(order->listing,
		    sizeof(*order->listing));
	if (order->hold_key != NULL)
		snprintf(pending->hold_key, sizeof(pending->hold_key), "%s",
		    order->hold_key);
	pending->hold_ms = order->hold_ms;
	if (order->mark_key != NULL) {
		snprintf(pending->mark_key, sizeof(pending->mark_key), "%s",
		    order->mark_key);
		snprintf(pending->mark_value, sizeof(pending->mark_value),
		    "%s", order->mark_value);
		pending->mark_ms = order->mark_ms;
	}
	pending->must = order->must;
	pending->is_audit = order->is_audit;
	pending->at_version = order->at_version;
	if (order->audit_index != NULL)
		snprintf(pending->audit_index, sizeof(pending->audit_index),
		    "%s", order->audit_index);
	pending->on_result = order->on_result;
	pending->context = order->context;
	pending->tag = order->tag;
	return pending;
}

bool
slot_enqueue(struct engine *engine, const struct record_ref *root,
    struct pending *pending)
{
	struct slot *slot = slot_get(engine, root);

	if (slot == NULL)
		return false;
	if (is_idle(slot)) {
		TAILQ_REMOVE(&engine->idle, slot, queue);
		engine->idle_count--;
		TAILQ_INSERT_TAIL(&engine->runnable, slot, queue);
	}
	TAILQ_INSERT_TAIL(&slot->pendings, pending, link);
	slot->pending_count++;
	return true;
}

bool
engine_post(struct engine *engine, const struct engine_order *order)
{
	struct record_ref root = order->event.to;
	struct pending *pending;

	if (!order->must && !store_is_up(engine->store))
		return false;
	if (root.kind == RECORD_CALL)
		root = record_ref_request(root.id);
	CHECK(root.kind == RECORD_REQUEST ||
	    root.kind == RECORD_SPECIALIST || root.kind == RECORD_MESSAGE ||
	    (root.kind == RECORD_CASE && order->is_audit));
	pending = make_pending(order);
	if (pending->event.fresh_id[0] == '\0')
		engine_fresh_id(engine, pending->event.fresh_id);
	if (slot_enqueue(engine, &root, pending))
		return true;
	pending_free(pending);
	return false;
}

/* A slot of its own: it belongs to no record. Takes the pending; false: no room. */
static bool
enqueue_alone(struct engine *engine, struct pending *stolen_pending)
{
	struct record_ref root;
	char id[REQUEST_ID_SIZE];

	engine_fresh_id(engine, id);
	root = record_ref_request(id);
	stolen_pending->is_refusal = true;
	if (slot_enqueue(engine, &root, stolen_pending))
		return true;
	pending_free(stolen_pending);
	return false;
}

bool
engine_refuse(struct engine *engine, const char *take_index,
    const char *take_member, size_t take_length, const char *const *rejected,
    const char *answer_id, const char *answer, engine_on_result *on_result,
    void *context, uint64_t tag)
{
	struct engine_order order = { .take_index = take_index,
		.take_member = take_member, .take_length = take_length,
		.on_result = on_result, .context = context, .tag = tag };
	struct pending *pending;
	size_t count = 0;

	if (!store_is_up(engine->store))
		return false;
	pending = make_pending(&order);
	pending->answer_id = copy_text(answer_id);
	pending->answer = copy_text(answer);
	while (rejected != NULL && rejected[count] != NULL)
		count++;
	pending->rejected = calloc(count + 1, sizeof(char *));
	CHECK(pending->rejected != NULL);
	for (size_t i = 0; i < count; i++)
		pending->rejected[i] = copy_text(rejected[i]);
	return enqueue_alone(engine, pending);
}

bool
engine_list(struct engine *engine, const struct engine_listing *listing,
    engine_on_result *on_result, void *context, uint64_t tag)
{
	struct engine_order order = { .listing = listing,
		.on_result = on_result, .context = context, .tag = tag };

	return store_is_up(engine->store) &&
	    enqueue_alone(engine, make_pending(&order));
}

void
engine_set_aside(struct engine *engine, const char *index)
{
	struct engine_order order = { .event = { .digit = -1 } };
	struct pending *pending;

	if (!store_is_up(engine->store))
		return;
	pending = make_pending(&order);
	snprintf(pending->typed_key, sizeof(pending->typed_key), "%s", index);
	enqueue_alone(engine, pending); /* refused: who met it meets it again */
}

bool
engine_bury(struct engine *engine, const struct record_ref *ref,
    const char *version, const char *burial, engine_on_result *on_result,
    void *context, uint64_t tag)
{
	struct engine_order order = { .event = { .to = *ref },
		.on_result = on_result, .context = context, .tag = tag };
	struct pending *pending;
	struct record_ref root;
	char id[REQUEST_ID_SIZE];

	if (!store_is_up(engine->store))
		return false;
	/* A slot of its own: its record cannot be loaded. */
	engine_fresh_id(engine, id);
	root = record_ref_request(id);
	pending = make_pending(&order);
	pending->burial = copy_text(burial);
	pending->version = copy_text(version);
	if (slot_enqueue(engine, &root, pending))
		return true;
	pending_free(pending);
	return false;
}

/* ---- the engine itself */

static void
draw(struct engine *engine, unsigned char *bytes, size_t count)
{
	if (engine->random_used + count > sizeof(engine->random)) {
		CHECK(RAND_bytes(engine->random, sizeof(engine->random)) == 1);
		engine->random_used = 0;
	}
	memcpy(bytes, engine->random + engine->random_used, count);
	engine->random_used += count;
}

/* Without vowels and without what looks alike: nobody reads a word into it. */
static void
draw_letters(struct engine *engine, char *letters, size_t count)
{
	static const char alphabet[33] = "0123456789bcdfghjkmnpqrstvwxyz_-";
	unsigned char bytes[32];

	CHECK(count <= sizeof(bytes));
	draw(engine, bytes, count);
	for (size_t i = 0; i < count; i++)
		letters[i] = alphabet[bytes[i] & 31];
	letters[count] = '\0';
}

void
engine_fresh_id(struct engine *engine, char ret_id[REQUEST_ID_SIZE])
{
	draw_letters(engine, ret_id, 16);
	/* Never like an option of a command line. */
	ret_id[0] = "bcdfghjkmnpqrstv"[(unsigned char)ret_id[0] & 15];
	if (PLANTED("intake_id_short"))
		memset(ret_id + 1, '0', 15);
}

struct engine *
engine_new(struct store *store, const struct policy *policy, size_t slots_max,
    const struct engine_hooks *hooks)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	CHECK(engine != NULL);
	engine->store = store;
	engine->policy = policy;
	engine->hooks = *hooks;
	engine->slots_max = slots_max;
	TAILQ_INIT(&engine->runnable);
	TAILQ_INIT(&engine->prepared);
	TAILQ_INIT(&engine->idle);
	for (size_t i = 0; i < BATCHES_MAX; i++)
		TAILQ_INIT(&engine->batches[i].slots);
	engine->random_used = sizeof(engine->random);
	draw_letters(engine, engine->node, 8);
	/* In `op` of what this process commits. */
	log_event(LOG_LEVEL_INFO, "node", "id=%s", engine->node);
	return engine;
}

static void
free_slots(struct engine *engine)
{
	for (size_t i = 0; i < HASH_SIZE; i++) {
		struct slot *slot;

		while ((slot = LIST_FIRST(&engine->buckets[i])) != NULL) {
			struct pending *pending;

			while ((pending = TAILQ_FIRST(&slot->pendings)) !=
			    NULL) {
				TAILQ_REMOVE(&slot->pendings, pending, link);
				pending_free(pending);
			}
			slot_free(engine, slot);
		}
	}
}

void
engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	free_slots(engine);
	for (size_t i = 0; i < BATCHES_MAX; i++)
		words_fini(&engine->batches[i].words);
	while (engine->spare_count > 0)
		free(engine->spare[--engine->spare_count]);
	free(engine);
}

void
engine_set_policy(struct engine *engine, const struct policy *policy)
{
	engine->policy = policy;
}

size_t
engine_in_hand(const struct engine *engine)
{
	return engine->slot_count - engine->idle_count;
}

size_t
engine_free_slots(const struct engine *engine)
{
	size_t used = engine_in_hand(engine);
	size_t limit = engine->slots_max - engine->slots_max / 5;

	return used >= limit ? 0 : limit - used;
}

bool
engine_has_work(const struct engine *engine)
{
	return store_is_up(engine->store) &&
	    !TAILQ_EMPTY(&engine->runnable);
}

void
engine_run(struct engine *engine)
{
	struct slot_list now;
	struct slot *slot;

	batches_expire(engine);
	/* What becomes runnable meanwhile waits for the next round, which
	 * follows at once: a slot that goes round and round starves nobody. */
	TAILQ_INIT(&now);
	TAILQ_CONCAT(&now, &engine->runnable, queue);
	while ((slot = TAILQ_FIRST(&now)) != NULL) {
		TAILQ_REMOVE(&now, slot, queue);
		slot_advance(engine, slot);
	}
	batches_send(engine);
}

/* Redis may come back without the newest of what it has told us, and others give
 * the same versions to something else: nothing that was read before is built
 * upon. */
static void
forget_read(struct engine *engine)
{
	struct pending *pending;
	struct slot *slot;

	for (size_t i = 0; i < HASH_SIZE; i++) {
		LIST_FOREACH(slot, &engine->buckets[i], hash) {
			if (slot->state == SLOT_OPEN)
				slot_forget_situation(slot);
			if (slot->state == SLOT_SENT)
				continue;
			TAILQ_FOREACH(pending, &slot->pendings, link) {
				free(pending->partner);
				pending->partner = NULL;
			}
		}
	}
	while ((slot = TAILQ_FIRST(&engine->prepared)) != NULL) {
		TAILQ_REMOVE(&engine->prepared, slot, queue);
		slot_again(engine, slot);
	}
}

void
engine_on_link(struct engine *engine, bool is_up)
{
	if (!is_up)
		forget_read(engine);
	batches_on_link(engine, is_up);
}
