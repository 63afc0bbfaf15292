/* SPDX-License-Identifier: MIT */
/* world_pack: records without their instants, each kept once. */
#include "tests/model/world_internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- pools */

static uint64_t
hash_of(const void *bytes, size_t size)
{
	const char *at = bytes;
	uint64_t hash = 0x9E3779B97F4A7C15u, word;

	for (size_t i = 0; i + 8 <= size; i += 8) {
		memcpy(&word, at + i, 8);
		hash = (hash ^ word) * 0xFF51AFD7ED558CCDu;
		hash ^= hash >> 32;
	}
	return hash;
}

/* id: index + 1. */
static char *
pool_item(const struct pool *pool, uint32_t id)
{
	return pool->blocks[(id - 1) / BLOCK_ITEMS] +
	    (id - 1) % BLOCK_ITEMS * pool->item_size;
}

static void
pool_grow(struct pool *pool)
{
	uint32_t slot_count = pool->slot_count == 0 ? 1024 :
	    pool->slot_count * 2;

	free(pool->slots);
	pool->slots = calloc(slot_count, sizeof(*pool->slots));
	CHECK(pool->slots != NULL);
	pool->slot_count = slot_count;
	for (uint32_t id = 1; id <= pool->count; id++) {
		uint32_t at = (uint32_t)hash_of(pool_item(pool, id),
		    pool->item_size) & (slot_count - 1);

		while (pool->slots[at] != 0)
			at = (at + 1) & (slot_count - 1);
		pool->slots[at] = id;
	}
}

uint32_t
pool_intern(struct pool *pool, const void *item)
{
	uint32_t at;

	if (pool->count * 2 >= pool->slot_count)
		pool_grow(pool);
	at = (uint32_t)hash_of(item, pool->item_size) & (pool->slot_count - 1);
	while (pool->slots[at] != 0) {
		if (memcmp(pool_item(pool, pool->slots[at]), item,
		        pool->item_size) == 0)
			return pool->slots[at];
		at = (at + 1) & (pool->slot_count - 1);
	}
	if (pool->count % BLOCK_ITEMS == 0) {
		CHECK(pool->count / BLOCK_ITEMS < BLOCKS_MAX);
		pool->blocks[pool->count / BLOCK_ITEMS] =
		    malloc(BLOCK_ITEMS * pool->item_size);
		CHECK(pool->blocks[pool->count / BLOCK_ITEMS] != NULL);
	}
	memcpy(pool_item(pool, ++pool->count), item, pool->item_size);
	pool->slots[at] = pool->count;
	return pool->count;
}

const void *
pool_at(const struct pool *pool, uint32_t id)
{
	return id == 0 ? NULL : pool_item(pool, id);
}

void
pool_fini(struct pool *pool)
{
	for (size_t i = 0; i < BLOCKS_MAX; i++)
		free(pool->blocks[i]);
	free(pool->slots);
}

const struct request *
world_request(const struct model *model, const struct world *world)
{
	const struct asked *asked = pool_at(&model->requests, world->request);

	return &asked->request;
}

const struct specialist *
world_person(const struct model *model, const struct world *world, int i)
{
	return pool_at(&model->specialists, world->people[i]);
}

const struct call *
world_call(const struct model *model, const struct world *world, int n)
{
	return pool_at(&model->calls, world->calls[n - 1]);
}

/* ---- records without their instants */

/* What a shorter text has left behind it is no part of its value. */
static void
clean_texts(enum record_kind kind, void *record)
{
	const struct field_table *table = record_fields(kind);

	for (size_t i = 0; i < table->count; i++) {
		const struct field *field = &table->fields[i];
		char *at = (char *)record + field->offset;
		size_t length;

		if (field->type != FIELD_TEXT)
			continue;
		length = strlen(at);
		memset(at + length, 0, field->size - length);
	}
}

static int64_t
was(int64_t at_ms)
{
	return at_ms == 0 ? 0 : PAST;
}

static int64_t
will_be(int64_t at_ms)
{
	return at_ms == 0 ? 0 : FUTURE;
}

static void
forget_head(struct record *record)
{
	record->version = 1;
	memset(record->op, 0, sizeof(record->op));
	record->wake_at_ms = will_be(record->wake_at_ms);
}

static int
at_most(int count, int most)
{
	return count < most ? count : most;
}

/* Offers keep their place; numbers only say whose is whose. */
static void
renumber_offers(struct situation *after)
{
	struct request *request = &after->request;

	for (size_t i = 0; i < after->specialist_count; i++) {
		struct specialist *s = &after->specialists[i];
		const struct offer *offer = request_offer_to(request, s->id);

		if (s->offer == 0)
			continue;
		s->offer = offer != NULL && offer->number == s->offer ?
		    (int)(offer - request->offers) + 1 : 99;
	}
	for (int i = 0; i < OFFER_MAX; i++) {
		struct offer *offer = &request->offers[i], clean = { 0 };

		if (offer->specialist[0] != '\0') {
			strcpy(clean.specialist, offer->specialist);
			clean.number = i + 1;
			clean.until_ms = FUTURE;
			clean.call = offer->call;
		}
		*offer = clean;
	}
	request->offer_count = OFFER_MAX;
}

static void
forget_promise(struct request *r)
{
	bool is_closed = r->state == REQUEST_CLOSED;

	r->promise_number = 1;
	r->target_at_ms = FUTURE;
	r->promise_at_ms = FUTURE;
	r->kept_at_ms = is_closed ? 0 : was(r->kept_at_ms);
	r->second_at_ms = is_closed ? 0 : will_be(r->second_at_ms);
	r->missed_count = 0;
	if (is_closed) {
		r->is_missed = false;
		r->is_second_missed = false;
		r->lane = 0;
	}
}

/* Whether a guard asks for the reason. */
static bool
is_looked_at(const struct request *r)
{
	return strcmp(r->reason, r->state == REQUEST_CLOSED ? "unreachable" :
	    r->state == REQUEST_WAITING ? "on_hold" : "maybe_called") == 0 ||
	    (r->state == REQUEST_REFERRED &&
	        strcmp(r->reason, "no_result") == 0);
}

static void
forget_request(const struct model *model, struct request *r)
{
	bool is_closed = r->state == REQUEST_CLOSED;

	forget_head(&r->record);
	if (!is_looked_at(r))
		r->reason[0] = '\0';
	r->from[0] = '\0';
	r->next[0] = '\0';
	r->wished_until_ms = r->state == REQUEST_WAITING ||
	    r->state == REQUEST_OFFERED ? will_be(r->wished_until_ms) : 0;
	if (r->wished_until_ms == 0)
		r->wished[0] = '\0';
	r->since_ms = PAST;
	r->asked_at_ms = PAST;
	r->at_ms = r->state == REQUEST_SCHEDULED ? FUTURE : PAST;
	r->hold_until_ms = will_be(r->hold_until_ms);
	r->state_until_ms = will_be(r->state_until_ms);
	forget_promise(r);
	if (r->state != REQUEST_WAITING && r->state != REQUEST_OFFERED) {
		r->room = 1;
		r->rung = 0;
	}
	memset(r->declined, 0, sizeof(r->declined));
	r->refusal_count = 0;
	r->attempt_count = at_most(r->attempt_count,
	    (int)model->open.retry_count + 1);
	r->accepted_at_ms = 0;
	r->rung_at_ms = is_closed ? 0 : was(r->rung_at_ms);
	r->talk_at_ms = is_closed ? 0 : was(r->talk_at_ms);
	r->talk_ms = 0;
	r->closed_at_ms = 0;
	r->call_at_ms = will_be(r->call_at_ms);
	if (is_closed) {
		r->disposition[0] = '\0';
		r->pass_to[0] = '\0';
		r->call_at_ms = 0;
		r->attempt_count = 0;
	}
	clean_texts(RECORD_REQUEST, r);
}

static void
forget_specialist(struct specialist *s)
{
	forget_head(&s->record);
	if (strcmp(s->reason, "ignored") != 0)
		s->reason[0] = '\0';
	s->return_at_ms = will_be(s->return_at_ms);
	s->since_ms = PAST;
	s->until_ms = will_be(s->until_ms);
	s->seen_at_ms = NOW_MS - 1;
	s->ignored_count = at_most(s->ignored_count, 1);
	s->elsewhere_until_ms = will_be(s->elsewhere_until_ms);
	memset(s->closed, 0, sizeof(s->closed));
	clean_texts(RECORD_SPECIALIST, s);
}

static void
forget_call(struct call *c)
{
	bool is_ended = c->state == CALL_ENDED;

	forget_head(&c->record);
	c->placed_at_ms = NOW_MS - 1;
	c->unsure_at_ms = c->state == CALL_UNSURE ? NOW_MS - 1 : 0;
	c->absent_count = is_ended ? 0 : at_most(c->absent_count, 1);
	c->remind_count = is_ended ? 0 : c->remind_count;
	c->absent_at_ms = 0;
	c->authorised_at_ms = 0;
	c->agent_up_at_ms = 0;
	c->customer_ringing_at_ms = is_ended ? 0 :
	    was(c->customer_ringing_at_ms);
	c->customer_up_at_ms = is_ended ? 0 : was(c->customer_up_at_ms);
	c->over_at_ms = c->is_customer_over && !is_ended ? NOW_MS - 1 : 0;
	c->talk_ms = c->talk_ms > 0 && !is_ended;
	if (is_ended) {
		c->is_revoked = false;
		c->is_customer_over = false;
		c->rank = PROGRESS_OVER;
		c->outcome = OUTCOME_NONE;
	}
	clean_texts(RECORD_CALL, c);
}

void
world_pack(struct model *model, struct situation *after, struct world *world)
{
	struct asked asked;

	if (after->request.id[0] != '\0')
		renumber_offers(after);
	for (size_t i = 0; i < after->specialist_count; i++) {
		struct specialist *s = &after->specialists[i];

		forget_specialist(s);
		world->people[person_index(s->id)] =
		    pool_intern(&model->specialists, s);
	}
	for (size_t i = 0; i < after->call_count; i++) {
		struct call *c = &after->calls[i];

		CHECK(c->n >= 1 && c->n <= CALLS);
		forget_call(c);
		world->calls[c->n - 1] = pool_intern(&model->calls, c);
	}
	if (after->request.id[0] == '\0')
		return;
	memset(&asked, 0, sizeof(asked));
	forget_request(model, &after->request);
	asked.request = after->request;
	asked.askers.count = after->askers.count;
	for (size_t i = 0; i < after->askers.count; i++)
		strcpy(asked.askers.ids[i], after->askers.ids[i]);
	world->request = pool_intern(&model->requests, &asked);
}
