/* SPDX-License-Identifier: MIT */
/*
 * sim_see: the store's records as values, and what they say of the moments to
 * come. Each is read once after it was written; whoever looks again gets the
 * same.
 */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/match.h"
#include "lib/promise.h"

static void
name_record(const struct record_ref *ref, void *record)
{
	struct request *request = record;
	struct specialist *specialist = record;
	struct call *call = record;
	struct message *message = record;

	if (ref->kind == RECORD_REQUEST) {
		memcpy(request->id, ref->id, sizeof(request->id));
	} else if (ref->kind == RECORD_SPECIALIST) {
		memcpy(specialist->id, ref->id, sizeof(specialist->id));
	} else if (ref->kind == RECORD_CALL) {
		memcpy(call->request, ref->id, sizeof(call->request));
		call->n = ref->n;
	} else if (ref->kind == RECORD_MESSAGE) {
		memcpy(message->id, ref->id, sizeof(message->id));
	}
}

static bool
read_entry(struct entry *entry)
{
	struct pair pairs[RECORD_FIELDS_MAX * 2];
	struct record_ref ref;
	const char *why;

	if (!record_ref_parse(entry->key, strlen(entry->key), &ref))
		return false;
	CHECK(entry->count <= COUNT_OF(pairs));
	for (size_t i = 0; i < entry->count; i++)
		pairs[i] = (struct pair){ entry->items[i].name,
			entry->items[i].name_length, entry->items[i].value,
			entry->items[i].value_length };
	if (entry->read == NULL)
		entry->read = sim_new(record_fields(ref.kind)->struct_size);
	if (!record_from_pairs(ref.kind, pairs, entry->count, entry->read,
	        &why)) {
		sim_blame("%s cannot be read: %s", entry->key, why);
		return false;
	}
	name_record(&ref, entry->read);
	entry->is_read = true;
	return true;
}

const void *
sim_see(const char *key)
{
	struct entry *entry = keyspace_find(&sim.keyspace, key);

	return entry != NULL && (entry->is_read || read_entry(entry)) ?
	    entry->read : NULL;
}

static const void *
see(struct record_ref ref)
{
	char key[KEY_SIZE];

	record_key(&ref, key);
	return sim_see(key);
}

const struct request *
sim_see_request(const char *id)
{
	return see(record_ref_request(id));
}

const struct specialist *
sim_see_specialist(const char *id)
{
	return see(record_ref_specialist(id));
}

const struct call *
sim_see_call(const char *request, int n)
{
	return see(record_ref_call(request, n));
}

/* ---- what is to come */

static int64_t
first_score(const char *index)
{
	const struct entry *entry = keyspace_find(&sim.keyspace, index);

	return entry == NULL ? INT64_MAX :
	    entry->items[0].score - sim.store_shift_ms;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* By the settings of any node that runs. */
static bool
is_served(const char *queue)
{
	for (int i = 0; i < sim.node_count; i++) {
		if (sim.nodes[i].is_up &&
		    policy_queue(sim.nodes[i].policy, queue) != NULL)
			return true;
	}
	return false;
}

static bool
is_employed(const struct specialist *specialist)
{
	for (int i = 0; i < sim.node_count; i++) {
		const struct sim_node *node = &sim.nodes[i];

		if (node->is_up && policy_specialist(node->policy,
		        specialist->id) != NULL)
			return true;
	}
	return false;
}

/* Since or from when that specialist may be offered that request, if nobody
 * writes either. What is wrong in a list is looked at at once. */
static int64_t
match_of(const struct request *request, const struct specialist *specialist)
{
	int64_t fits_ms = INT64_MAX;

	if (request == NULL || specialist == NULL)
		return sim.now_ms;
	if (!is_employed(specialist))
		return INT64_MAX;
	if (match_fits(request, specialist, sim_store_ms()))
		return sim.now_ms;
	for (size_t i = 0; i < DECLINED_MAX; i++) {
		const struct declined *no = &request->declined[i];

		if (strcmp(no->specialist, specialist->id) == 0 &&
		    match_fits(request, specialist, no->until_ms))
			fits_ms = no->until_ms;
	}
	/* Or when nobody else is waited for any more. */
	if (request_is_held(request, sim_store_ms()) &&
	    match_fits(request, specialist, request->wished_until_ms))
		fits_ms = earlier(fits_ms, request->wished_until_ms);
	/* A node's own time may be ahead by as much as is not refused. */
	return fits_ms == INT64_MAX ? fits_ms :
	    fits_ms - sim.store_shift_ms - STORE_SKEW_MAX_MS;
}

/* Until when people are kept for the line from it, by every node that runs; in the past:
 * they are not. */
static int64_t
kept_until(const struct request *request, size_t idle_count)
{
	int64_t until_ms = INT64_MAX;

	for (int i = 0; request != NULL && i < sim.node_count; i++) {
		const struct policy *policy = sim.nodes[i].policy;
		int64_t hurry_ms;

		if (!sim.nodes[i].is_up)
			continue;
		if (match_may_take(policy, request, idle_count,
		        sim_store_ms() + STORE_SKEW_MAX_MS))
			return 0;
		hurry_ms = promise_hurry_ms(policy_queue(policy,
		    request->queue));
		until_ms = earlier(until_ms, request->promise_at_ms -
		    hurry_ms - sim.store_shift_ms - STORE_SKEW_MAX_MS);
	}
	return request == NULL || until_ms == INT64_MAX ? 0 : until_ms;
}

static int64_t
match_in(const char *queue, const char *wait, const char *ready)
{
	const struct entry *waiting = keyspace_find(&sim.keyspace, wait);
	const struct entry *people = keyspace_find(&sim.keyspace, ready);
	int64_t match_ms = INT64_MAX;

	if (!is_served(queue))
		return match_ms;
	for (size_t i = 0; waiting != NULL && people != NULL &&
	    i < waiting->count; i++) {
		const struct request *request = sim_see(
		    waiting->items[i].name);
		int64_t kept_ms = kept_until(request, people->count);

		for (size_t k = 0; k < people->count &&
		    match_ms > sim.now_ms; k++) {
			int64_t fits_ms = match_of(request,
			    sim_see(people->items[k].name));

			match_ms = earlier(match_ms, fits_ms > kept_ms ?
			    fits_ms : kept_ms);
		}
	}
	return match_ms;
}

const struct sim_outlook *
sim_look_out(void)
{
	struct sim_outlook *outlook = &sim.outlook;

	if (outlook->changes == sim.keyspace.changes + 1)
		return outlook;
	outlook->changes = sim.keyspace.changes + 1;
	outlook->due_ms = first_score("due");
	outlook->promise_ms = first_score("promises");
	outlook->has_inbox = keyspace_find(&sim.keyspace, "in") != NULL;
	outlook->match_ms = earlier(
	    match_in(SIM_QUEUE_0, "wait:" SIM_QUEUE_0, "ready:" SIM_QUEUE_0),
	    match_in(SIM_QUEUE_1, "wait:" SIM_QUEUE_1, "ready:" SIM_QUEUE_1));
	return outlook;
}
