/* SPDX-License-Identifier: MIT */
/*
 * audit_bury: what cannot go on leaves all indexes and is kept, whatever it is, and
 * comes back when somebody has mended it. It is told of when it is buried, and when it
 * is met again an hour later.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/audit_internal.h"
#include "daemon/log.h"
#include "daemon/poison.h"
#include "lib/commit.h"

enum { TELL_AGAIN_MS = 3600 * 1000 };

struct grave {
	LIST_ENTRY(grave) link;
	struct audit *audit;
	struct record_ref ref;
	char key[KEY_SIZE], version[VALUE_SIZE], why[64];
	char *burial;                   /* owned; NULL: of what is no hash, not yet known */
};

static void
grave_end(struct grave *grave)
{
	LIST_REMOVE(grave, link);
	free(grave->burial);
	free(grave);
}

/* ---- what was told */

static struct told *
told_of(struct audit *audit, const char *key)
{
	for (size_t i = 0; i < TOLD_MAX; i++) {
		if (strcmp(audit->told[i].key, key) == 0)
			return &audit->told[i];
	}
	return NULL;
}

static bool
is_told(struct audit *audit, const char *key)
{
	const struct told *told = told_of(audit, key);

	return told != NULL &&
	    clock_monotonic_ms() - told->at_ms < TELL_AGAIN_MS;
}

/* The oldest gives way. */
static void
remember_told(struct audit *audit, const char *key)
{
	struct told *told = told_of(audit, key);

	if (told == NULL)
		told = &audit->told[0];
	for (size_t i = 0; i < TOLD_MAX && strcmp(told->key, key) != 0; i++) {
		if (audit->told[i].at_ms < told->at_ms)
			told = &audit->told[i];
	}
	snprintf(told->key, sizeof(told->key), "%s", key);
	told->at_ms = clock_monotonic_ms();
}

static void
forget_told(struct audit *audit, const char *key)
{
	struct told *told = told_of(audit, key);

	if (told != NULL)
		memset(told, 0, sizeof(*told));
}

/* ---- digging */

/* Whose call nobody can read goes on without it. */
static void
look_at_request(struct audit *audit, const struct record_ref *call)
{
	struct audit_member member = { .ref = record_ref_request(call->id),
		.index = "active" };

	/* What finds no room is found by the walk. */
	if (!audit_check(audit, &member))
		log_event(LOG_LEVEL_DEBUG, "audit_waits", "request=%s",
		    call->id);
}

static void
on_buried(void *context, uint64_t tag, const struct engine_result *result)
{
	struct grave *grave = context;

	(void)tag;
	if (result->end == ENGINE_DONE) {
		grave->audit->counts.buried++;
		remember_told(grave->audit, grave->key);
		if (grave->ref.kind == RECORD_CALL)
			look_at_request(grave->audit, &grave->ref);
	} else {
		log_event(LOG_LEVEL_WARNING, "burial_failed",
		    "record=%s why=%s", grave->key, result->reason);
	}
	grave_end(grave);
}

static void
bury(struct grave *grave)
{
	log_event(LOG_LEVEL_ERR, "buried", "record=%s why=\"%s\" "
	    "see=\"callbackctl show buried\"", grave->key, grave->why);
	/* What finds no slot fails again, and comes again. */
	if (!engine_bury(grave->audit->engine, &grave->ref, grave->version,
	        grave->burial, on_buried, grave, 0)) {
		log_event(LOG_LEVEL_WARNING, "burial_waits", "record=%s",
		    grave->key);
		grave_end(grave);
	}
}

static void
write_burial(struct grave *grave, const struct pair *pairs, size_t count)
{
	grave->burial = audit_burial(grave->key, grave->why,
	    store_now_ms(grave->audit->store), grave->audit->node, pairs,
	    count);
}

static void
on_type(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct grave *grave = context;

	(void)tag;
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_STATUS) {
		grave_end(grave);
		return;
	}
	snprintf(grave->why, sizeof(grave->why), "it is a %.16s, no hash",
	    reply->str);
	write_burial(grave, NULL, 0);
	bury(grave);
}

/* Buried or not: known once its id stands there. */
static void
on_known(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct grave *grave = context;
	struct audit *audit = grave->audit;

	(void)tag;
	if (end != REDIS_REPLY || reply->type == REDIS_REPLY_ERROR ||
	    (reply->type != REDIS_REPLY_NIL && is_told(audit, grave->key)))
		grave_end(grave);
	else if (grave->burial != NULL)
		bury(grave);
	else if (!STORE_SEND(audit->store, on_type, grave, 0, "TYPE",
	        grave->key))
		grave_end(grave);
}

static bool
is_being_dug(const struct audit *audit, const char *key)
{
	const struct grave *grave;

	LIST_FOREACH(grave, &audit->graves, link) {
		if (strcmp(grave->key, key) == 0)
			return true;
	}
	return false;
}

static void
read_version(struct grave *grave, const struct pair *pairs, size_t count)
{
	snprintf(grave->version, sizeof(grave->version), "%s",
	    count > 0 ? "0" : COMMIT_NO_HASH);
	for (size_t i = 0; i < count; i++) {
		if (pairs[i].name_length == 1 && pairs[i].name[0] == 'v' &&
		    pairs[i].value_length < sizeof(grave->version)) {
			memcpy(grave->version, pairs[i].value,
			    pairs[i].value_length);
			grave->version[pairs[i].value_length] = '\0';
		}
	}
}

void
audit_bury(struct audit *audit, const struct record_ref *ref, const char *why,
    const struct pair *pairs, size_t count)
{
	struct grave *grave;
	char key[KEY_SIZE];

	record_key(ref, key);
	if (audit_is_newer(pairs, count)) {
		/* Somebody newer's: it comes again when its lease is over. */
		if (!is_told(audit, key))
			log_event(LOG_LEVEL_WARNING, "record_newer",
			    "record=%s field=\"%s\"", key, why);
		remember_told(audit, key);
		return;
	}
	if (is_being_dug(audit, key))
		return;
	grave = calloc(1, sizeof(*grave));
	CHECK(grave != NULL);
	LIST_INSERT_HEAD(&audit->graves, grave, link);
	grave->audit = audit;
	grave->ref = *ref;
	memcpy(grave->key, key, sizeof(grave->key));
	snprintf(grave->why, sizeof(grave->why), "%s", why);
	read_version(grave, pairs, count);
	if (count > 0)
		write_burial(grave, pairs, count);
	if (!STORE_SEND(audit->store, on_known, grave, 0, "ZSCORE", "buried",
	        key))
		grave_end(grave);
}

/* ---- the way back */

bool
audit_unbury(struct audit *audit, const struct record_ref *ref,
    engine_on_result *on_result, void *context, uint64_t tag)
{
	struct engine_order order = { .event = { .kind = EVENT_DUE, .to = *ref,
		.digit = -1 }, .is_audit = true, .audit_index = "buried",
		.on_result = on_result, .context = context, .tag = tag };
	char key[KEY_SIZE];

	record_key(ref, key);
	poison_forget(key);
	forget_told(audit, key);
	return engine_post(audit->engine, &order);
}
