/* SPDX-License-Identifier: MIT */
/* audit: a walk through all indexes and, now and then, all records. */
#include "daemon/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/audit_internal.h"
#include "daemon/log.h"
#include "daemon/poison.h"

/* A look costs some 8 us here and twice that in Redis: 500 a second are half a
 * hundredth of a core, and some 10,000 live records a minute. A larger site's
 * walk takes longer. */
enum { CHECKS_MAX = 64, CHECKS_A_PASS = 16, LOOK_MS = 2, BURST_MS = 64 };

struct audit *
audit_new(struct store *store, struct engine *engine,
    const struct policy *policy, int64_t every_ms, int64_t scan_ms)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	CHECK(audit != NULL);
	audit->store = store;
	audit->engine = engine;
	audit->policy = policy;
	audit->every_ms = every_ms;
	audit->scan_ms = scan_ms;
	audit->next_walk_ms = clock_monotonic_ms() + every_ms;
	audit->next_scan_ms = clock_monotonic_ms() + scan_ms;
	audit->slots_half = engine_free_slots(engine) / 2;
	if (gethostname(audit->node, sizeof(audit->node) - 1) != 0)
		audit->node[0] = '\0';
	return audit;
}

void
audit_free(struct audit *audit)
{
	if (audit == NULL)
		return;
	free(audit->members);
	free(audit);
}

void
audit_set_policy(struct audit *audit, const struct policy *policy)
{
	audit->policy = policy;
}

void
audit_stop(struct audit *audit)
{
	audit->is_stopped = true;
}

void
audit_soon(struct audit *audit)
{
	/* A walk that has begun may be past what is now missing. */
	audit->next_walk_ms = audit->next_scan_ms = 0;
	audit->is_wanted_again = audit->is_walking || audit->is_scanning;
}

const struct audit_counts *
audit_counts(const struct audit *audit)
{
	return &audit->counts;
}

int64_t
audit_next_ms(const struct audit *audit)
{
	if (audit->is_stopped)
		return INT64_MAX;
	/* Replies wake the loop while it walks; but for the next looks, nobody. */
	if (audit->is_walking || audit->is_scanning)
		return audit->member_count > 0 ?
		    clock_monotonic_ms() + BURST_MS : INT64_MAX;
	return audit->next_walk_ms < audit->next_scan_ms ?
	    audit->next_walk_ms : audit->next_scan_ms;
}

/* ---- what crashed too often */

struct crashed {
	struct audit *audit;
	struct record_ref ref;
};

static void
on_crashed(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct crashed *crashed = context;
	struct pair pairs[STORE_PAIRS_MAX];
	int count = end == REDIS_REPLY ?
	    store_pairs(reply, pairs, STORE_PAIRS_MAX) : -1;

	(void)tag;
	if (count > 0)
		audit_bury(crashed->audit, &crashed->ref,
		    "three crashes while it was stepped", pairs,
		    (size_t)count);
	free(crashed);
}

/* Buried or not: known once its id stands there. */
static void
on_crashed_known(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct crashed *crashed = context;

	(void)tag;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_NIL &&
	    store_load(crashed->audit->store, &crashed->ref, on_crashed,
	        crashed, 0))
		return;
	free(crashed);
}

void
audit_tick(struct audit *audit)
{
	if (!store_is_up(audit->store) || audit->is_stopped)
		return;
	for (size_t i = 0; i < POISON_MAX; i++) {
		const char *key = poison_barred(i);
		struct crashed *crashed;

		if (key == NULL)
			continue;
		crashed = calloc(1, sizeof(*crashed));
		CHECK(crashed != NULL);
		crashed->audit = audit;
		if (!record_ref_parse(key, strlen(key), &crashed->ref) ||
		    !STORE_SEND(audit->store, on_crashed_known, crashed, 0,
		        "ZSCORE", "buried", key))
			free(crashed);
	}
}

/* ---- the walk */

/* Those of everybody, of each queue, of each provider. */
static size_t
index_count(const struct audit *audit)
{
	return STANDING_INDEXES + audit->policy->queue_count * 2 +
	    audit->policy->provider_count;
}

static void
index_name(const struct audit *audit, char ret_name[INDEX_SIZE])
{
	const struct policy *policy = audit->policy;
	size_t own = audit->index - STANDING_INDEXES;

	if (audit->index < STANDING_INDEXES)
		snprintf(ret_name, INDEX_SIZE, "%s", standing_indexes[audit->index]);
	else if (own < policy->queue_count * 2)
		snprintf(ret_name, INDEX_SIZE, "%s%s",
		    own % 2 == 0 ? "wait:" : "ready:",
		    policy->queues[own / 2].id);
	else
		snprintf(ret_name, INDEX_SIZE, "calls:%s",
		    policy->providers[own - policy->queue_count * 2].id);
}

/* No record's id: nothing could ever come of it. */
static void
take_out(struct audit *audit, const char *index,
    const struct redisReply *member)
{
	log_event(LOG_LEVEL_ERR, "audit_stray", "index=%s member=\"%.200s\"",
	    index, member->str);
	if (engine_refuse(audit->engine, index, member->str, member->len, NULL,
	        NULL, NULL, NULL, NULL, 0))
		audit->counts.repaired++;
}

static void
add_member(struct audit *audit, const struct record_ref *ref,
    const char *index)
{
	struct audit_member *member;

	if (audit->member_count == audit->member_room) {
		audit->member_room = audit->member_room * 2 + 256;
		audit->members = realloc(audit->members,
		    audit->member_room * sizeof(*audit->members));
		CHECK(audit->members != NULL);
	}
	member = &audit->members[audit->member_count++];
	memset(member, 0, sizeof(*member));
	member->ref = *ref;
	snprintf(member->index, sizeof(member->index), "%s", index);
	member->is_light = strcmp(index, "active") != 0 &&
	    strchr(index, ':') == NULL;
}

static void
on_members(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct audit *audit = context;
	const struct redisReply *list;
	char index[INDEX_SIZE] = "";
	size_t step = audit->is_walking ? 2 : 1;
	size_t prefix = strlen(store_prefix(audit->store));

	(void)tag;
	audit->is_asking = false;
	/* A reload may have taken queues away. */
	if (audit->is_walking && audit->index >= index_count(audit))
		end = REDIS_LOST;
	if (audit->is_walking && end == REDIS_REPLY &&
	    store_is_of_another_type(reply)) {
		index_name(audit, index);
		engine_set_aside(audit->engine, index);
	}
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements != 2 || reply->element[0]->str == NULL) {
		audit->is_round_over = true;
		return;
	}
	if (audit->is_walking)
		index_name(audit, index);
	snprintf(audit->cursor, sizeof(audit->cursor), "%s",
	    reply->element[0]->str);
	audit->is_round_over = strcmp(audit->cursor, "0") == 0;
	list = reply->element[1];
	for (size_t i = 0; i < list->elements; i += step) {
		const struct redisReply *id = list->element[i];
		size_t skip = audit->is_walking ? 0 : prefix;
		struct record_ref ref;
		bool is_ref;

		if (id->str == NULL || id->len < skip)
			continue;
		is_ref = record_ref_parse(id->str + skip, id->len - skip,
		    &ref) && ref.kind != RECORD_CASE;
		if (is_ref)
			add_member(audit, &ref, index);
		else if (audit->is_walking)
			take_out(audit, index, id);
	}
}

static void
end_of_round(struct audit *audit)
{
	int64_t now_ms = clock_monotonic_ms();

	audit->is_round_over = false;
	memcpy(audit->cursor, "0", 2);
	if (audit->is_scanning) {
		audit->is_scanning = false;
		if (!audit->is_wanted_again)
			audit->next_scan_ms = now_ms + audit->scan_ms;
		audit->is_wanted_again = false;
		return;
	}
	if (++audit->index < index_count(audit))
		return;
	audit->is_walking = false;
	if (!audit->is_wanted_again)
		audit->next_walk_ms = now_ms + audit->every_ms;
	audit->is_wanted_again = false;
	audit->counts.last_at_ms = store_now_ms(audit->store);
}

static void
begin_round(struct audit *audit)
{
	int64_t now_ms = clock_monotonic_ms();

	audit->is_walking = now_ms >= audit->next_walk_ms;
	audit->is_scanning = !audit->is_walking &&
	    now_ms >= audit->next_scan_ms;
	audit->round += audit->is_walking || audit->is_scanning;
	audit->index = 0;
	memcpy(audit->cursor, "0", 2);
}

static void
ask_members(struct audit *audit)
{
	char index[INDEX_SIZE];

	if (audit->is_scanning) {
		audit->is_asking = store_scan(audit->store, audit->cursor,
		    on_members, audit, 0);
		return;
	}
	index_name(audit, index);
	audit->is_asking = STORE_SEND(audit->store, on_members, audit, 0,
	    "ZSCAN", index, audit->cursor, "COUNT", "256");
}

/* What was not used is lost, but for a burst. */
static bool
may_look(struct audit *audit, int64_t now_ms)
{
	if (audit->paid_ms < now_ms - BURST_MS)
		audit->paid_ms = now_ms - BURST_MS;
	return audit->paid_ms < now_ms && audit->checks < CHECKS_MAX &&
	    engine_free_slots(audit->engine) > audit->slots_half;
}

void
audit_run(struct audit *audit)
{
	int64_t now_ms = clock_monotonic_ms();

	if (audit->is_stopped || !store_is_up(audit->store))
		return;
	if (!audit->is_walking && !audit->is_scanning)
		begin_round(audit);
	if (!audit->is_walking && !audit->is_scanning)
		return;
	for (int i = 0; i < CHECKS_A_PASS && audit->member_count > 0 &&
	    may_look(audit, now_ms); i++) {
		if (!audit_check(audit,
		        &audit->members[audit->member_count - 1]))
			return;
		audit->member_count--;
		audit->paid_ms += LOOK_MS;
	}
	if (audit->member_count > 0 || audit->is_asking)
		return;
	if (!audit->is_round_over)
		ask_members(audit);
	else if (audit->checks == 0)
		end_of_round(audit);
}
