/* SPDX-License-Identifier: MIT */
/*
 * audit_check: one record and what stands beside it. Redis is asked for the
 * record, for its places, and at last for its version: when that is still the
 * same, no commit came between, and what differs is a fault.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/audit_internal.h"
#include "daemon/due_pull.h"
#include "daemon/log.h"
#include "lib/audit.h"

static void
check_end(struct check *check)
{
	check->audit->checks--;
	free(check);
}

/* ---- the verdict */

static void
on_repaired(void *context, uint64_t tag, const struct engine_result *result)
{
	struct check *check = context;
	char key[KEY_SIZE];

	(void)tag;
	record_key(&check->member.ref, key);
	if (result->end == ENGINE_DONE || result->end == ENGINE_ABSENT ||
	    result->end == ENGINE_HELD)
		check->audit->counts.repaired++;
	else
		log_event(LOG_LEVEL_WARNING, "audit_not_repaired",
		    "record=%s why=%s", key, result->reason);
	check_end(check);
}

static void
repair(struct check *check)
{
	struct engine_order order = { .event = { .kind = EVENT_DUE,
		.to = check->member.ref, .digit = -1 }, .is_audit = true,
		.audit_index = check->member.index,
		.on_result = on_repaired, .context = check };

	/* What finds no slot is found again. */
	if (!engine_post(check->audit->engine, &order))
		check_end(check);
}

static void
found(struct check *check, const char *index)
{
	char key[KEY_SIZE];

	check->is_fault = true;
	record_key(&check->member.ref, key);
	log_event(LOG_LEVEL_WARNING, "audit_repaired", "record=%s index=%s",
	    key, index);
}

static void
compare(struct check *check)
{
	int64_t now_ms = store_now_ms(check->audit->store);

	for (size_t i = 0; i < check->view.count; i++) {
		if (audit_is_fault(&check->view.at[i], check->seen[i].is_in,
		        check->seen[i].score, now_ms, DUE_LEASE_MS))
			found(check, check->view.at[i].index);
	}
	for (size_t i = 0; i < check->view.unique_count; i++) {
		if (!check->has_unique[i])
			found(check, check->view.unique[i]);
	}
}

static void
finish(struct check *check)
{
	int64_t version = check->is_absent ? 0 : check->is.head.version;

	if (check->has_failed || check->version != version) {
		check_end(check);       /* it is being worked on */
		return;
	}
	compare(check);
	audit_compare_partners(check);
	if (check->is_fault)
		repair(check);
	else
		check_end(check);
}

/* ---- what is asked */

/* A tag is what the answer is, and of which. */
enum { TAG_PLACE, TAG_UNIQUE, TAG_PARTNER, TAG_VERSION };

static void
on_part(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct check *check = context;
	size_t i = (size_t)(tag >> 8);
	const char *text;

	check->outstanding--;
	if (end != REDIS_REPLY || (reply->type == REDIS_REPLY_ERROR &&
	        (tag & 0xff) != TAG_PARTNER)) {
		check->has_failed = true;
	} else {
		text = reply->str;
		switch (tag & 0xff) {
		case TAG_PLACE:
			check->seen[i].is_in = text != NULL;
			check->seen[i].score = text != NULL ?
			    (int64_t)strtod(text, NULL) : 0;
			break;
		case TAG_UNIQUE:
			check->has_unique[i] = text != NULL &&
			    strcmp(text, check->member.ref.id) == 0;
			break;
		case TAG_PARTNER:
			audit_read_partner(check, i, reply);
			break;
		default:
			check->version = text != NULL ?
			    strtoll(text, NULL, 10) : 0;
			break;
		}
	}
	if (check->outstanding == 0)
		finish(check);
}

static void
sent(struct check *check, bool is_sent)
{
	if (is_sent)
		check->outstanding++;
	else
		check->has_failed = true;
}

static void
ask_parts(struct check *check)
{
	struct store *store = check->audit->store;
	char key[KEY_SIZE];

	record_key(&check->member.ref, key);
	audit_expect(check->member.ref.kind, check->is_absent ? NULL :
	    &check->is, check->member.index, &check->view);
	audit_find_partners(check);
	/* One more than are sent: none of them can be the last by accident. */
	check->outstanding = 1;
	for (size_t i = 0; i < check->view.count; i++)
		sent(check, STORE_SEND(store, on_part, check,
		    TAG_PLACE | i << 8, "ZSCORE", check->view.at[i].index,
		    key));
	for (size_t i = 0; i < check->view.unique_count; i++)
		sent(check, STORE_SEND(store, on_part, check,
		    TAG_UNIQUE | i << 8, "GET", check->view.unique[i]));
	for (size_t i = 0; i < check->partner_count; i++)
		sent(check, store_load(store, &check->partners[i], on_part,
		    check, TAG_PARTNER | i << 8));
	sent(check, STORE_SEND(store, on_part, check, TAG_VERSION, "HGET",
	    key, "v"));
	if (--check->outstanding == 0)
		finish(check);
}

/* Nothing beside an ended record needs a look unless it was met in an index. */
static bool
is_over(const struct check *check)
{
	struct audit_view view;

	if (check->member.index[0] != '\0')
		return false;
	if (check->is_absent)
		return true;
	audit_expect(check->member.ref.kind, &check->is, "", &view);
	return view.count == 0 || !view.at[0].must;
}

static void
on_record(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct check *check = context;
	const struct record_ref *ref = &check->member.ref;
	struct pair pairs[STORE_PAIRS_MAX];
	const char *why = "";
	int count = end == REDIS_REPLY ?
	    store_pairs(reply, pairs, STORE_PAIRS_MAX) : -1;

	(void)tag;
	check->audit->counts.walked++;
	if (end == REDIS_REPLY && store_is_of_another_type(reply) &&
	    !check->is_buried)
		audit_bury(check->audit, ref, "", NULL, 0);
	if (count < 0 || check->is_buried ||
	    audit_is_newer(pairs, (size_t)count)) {
		check_end(check);
		return;
	}
	check->is_absent = count == 0;
	if (count > 0 && !record_from_pairs(ref->kind, pairs, (size_t)count,
	        &check->is, &why)) {
		audit_bury(check->audit, ref, why, pairs, (size_t)count);
		check_end(check);
		return;
	}
	if (ref->kind == RECORD_REQUEST)
		memcpy(check->is.request.id, ref->id,
		    sizeof(check->is.request.id));
	else if (ref->kind == RECORD_SPECIALIST)
		memcpy(check->is.specialist.id, ref->id,
		    sizeof(check->is.specialist.id));
	if (is_over(check))
		check_end(check);
	else
		ask_parts(check);
}

static void
on_buried(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct check *check = context;

	(void)tag;
	check->is_buried = end != REDIS_REPLY ||
	    reply->type != REDIS_REPLY_NIL;
	if (!store_load(check->audit->store, &check->member.ref, on_record,
	        check, 0))
		check_end(check);
}

static void
on_active(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct check *check = context;
	char key[KEY_SIZE];

	(void)tag;
	record_key(&check->member.ref, key);
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_NIL ||
	    !STORE_SEND(check->audit->store, on_buried, check, 0, "ZSCORE",
	        "buried", key))
		check_end(check);
}

bool
audit_check(struct audit *audit, const struct audit_member *member)
{
	struct check *check = calloc(1, sizeof(*check));
	char key[KEY_SIZE];
	bool is_sent;

	CHECK(check != NULL);
	check->audit = audit;
	check->member = *member;
	record_key(&member->ref, key);
	if (member->is_light || member->index[0] == '\0')
		is_sent = STORE_SEND(audit->store, on_active, check, 0,
		    "ZSCORE", "active", key);
	else
		is_sent = STORE_SEND(audit->store, on_buried, check, 0,
		    "ZSCORE", "buried", key);
	if (!is_sent) {
		free(check);
		return false;
	}
	audit->checks++;
	return true;
}
