/* SPDX-License-Identifier: MIT */
/* roster: a walk through a list of ids, a few at a time. */
#include "daemon/roster.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "lib/fault.h"

enum { AT_A_TIME = 128 };

struct entry {
	char id[ID_SIZE];
	bool is_leaving;
};

struct roster {
	struct store *store;
	struct engine *engine;
	struct entry *entries;
	size_t count, next, in_hand;
};

struct import {
	struct roster *roster;
	struct entry entry;
};

struct roster *
roster_new(struct store *store, struct engine *engine)
{
	struct roster *roster = calloc(1, sizeof(*roster));

	CHECK(roster != NULL);
	roster->store = store;
	roster->engine = engine;
	return roster;
}

void
roster_free(struct roster *roster)
{
	if (roster == NULL)
		return;
	free(roster->entries);
	free(roster);
}

void
roster_import(struct roster *roster, const struct policy *policy,
    const struct policy *before)
{
	size_t most = policy->specialist_count +
	    (before != NULL ? before->specialist_count : 0);

	free(roster->entries);
	roster->entries = calloc(most + 1, sizeof(*roster->entries));
	CHECK(roster->entries != NULL);
	roster->count = 0;
	roster->next = 0;
	for (size_t i = 0; i < policy->specialist_count; i++)
		memcpy(roster->entries[roster->count++].id,
		    policy->specialists[i].id, ID_SIZE);
	for (size_t i = 0; before != NULL && i < before->specialist_count;
	    i++) {
		const char *id = before->specialists[i].id;

		if (policy_specialist(policy, id) != NULL)
			continue;
		memcpy(roster->entries[roster->count].id, id, ID_SIZE);
		roster->entries[roster->count++].is_leaving = true;
	}
}

static bool post(struct roster *roster, const struct entry *entry,
    bool is_new);

static void
on_result(void *context, uint64_t tag, const struct engine_result *result)
{
	struct import *import = context;
	struct roster *roster = import->roster;
	bool was_new = tag == 1;

	roster->in_hand--;
	if (result->end == ENGINE_ABSENT && !import->entry.is_leaving &&
	    !was_new) {
		if (!post(roster, &import->entry, true))
			log_event(LOG_LEVEL_WARNING, "roster_incomplete",
			    "specialist=%s", import->entry.id);
	} else if (result->end == ENGINE_UNAVAILABLE &&
	    strcmp(result->reason, "unreadable") != 0 &&
	    strcmp(result->reason, "newer") != 0 &&
	    strcmp(result->reason, "buried") != 0) {
		/* From here again, when Redis is back. */
		for (size_t i = 0; i < roster->next; i++) {
			if (strcmp(roster->entries[i].id,
			        import->entry.id) == 0)
				roster->next = i;
		}
	}
	free(import);
}

static bool
post(struct roster *roster, const struct entry *entry, bool is_new)
{
	static struct situation fresh;
	struct import *import = calloc(1, sizeof(*import));
	struct engine_order order = { .on_result = on_result,
		.tag = is_new ? 1 : 0, .event = { .kind = EVENT_ROSTER,
		    .digit = -1, .by = "configuration" } };

	CHECK(import != NULL);
	import->roster = roster;
	import->entry = *entry;
	order.context = import;
	order.event.to = record_ref_specialist(entry->id);
	if (entry->is_leaving) {
		order.event.kind = EVENT_STATUS;
		order.event.status = STATUS_OFF;
		memcpy(order.event.reason, "left", sizeof("left"));
	}
	if (is_new) {
		memset(&fresh, 0, sizeof(fresh));
		memcpy(fresh.specialists[0].id, entry->id, ID_SIZE);
		fresh.specialist_count = 1;
		order.fresh = &fresh;
	}
	CRASH_POINT("roster_before_post");
	if (!engine_post(roster->engine, &order)) {
		free(import);
		return false;
	}
	roster->in_hand++;
	return true;
}

void
roster_run(struct roster *roster)
{
	if (!store_is_up(roster->store))
		return;
	while (roster->next < roster->count && roster->in_hand < AT_A_TIME &&
	    engine_free_slots(roster->engine) > 0) {
		if (!post(roster, &roster->entries[roster->next], false))
			return;
		roster->next++;
	}
}

bool
roster_is_done(const struct roster *roster)
{
	return roster->next == roster->count && roster->in_hand == 0;
}
