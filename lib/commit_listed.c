/* SPDX-License-Identifier: MIT */
/* commit_listed: what a commit puts into `suppressed` and `blocked`, or takes out. */
#include "lib/commit_internal.h"

#include <stdio.h>

#include "lib/blocked.h"

static void
add_one(const char *hash, const char *field, const char *value,
    struct words *words, size_t *count)
{
	words_add(words, hash);
	words_add(words, field);
	words_add(words, value);
	(*count)++;
}

/* Who wants no calls or no messages, by what a specialist said of the call, or a
 * provider of a message. */
static void
add_suppressed(const struct outcome *outcome, int64_t now_ms,
    struct words *words, size_t *count)
{
	const struct request *r = &outcome->after.request;
	const struct message *message = &outcome->after.message;
	const struct move *move = &outcome->moves[0];
	bool is_message = move->record.kind == RECORD_MESSAGE;
	const char *phone = is_message ? message->to : r->phone;
	char field[SUPPRESSED_FIELD_SIZE], entry[LISTED_SIZE];

	suppressed_entry(is_message ? message->error : r->disposition,
	    move->by, now_ms, entry);
	if ((outcome->suppresses & SUPPRESS_CALLS) != 0) {
		suppressed_calls_field(phone, field);
		add_one(SUPPRESSED_KEY, field, entry, words, count);
	}
	if ((outcome->suppresses & SUPPRESS_MESSAGES) != 0) {
		suppressed_messages_field(phone, field);
		add_one(SUPPRESSED_KEY, field, entry, words, count);
	}
}

/* A specialist's word holds by itself for a while; it shortens nobody's block ('?'). */
static void
add_proposed(const struct policy *policy, const struct outcome *outcome,
    int64_t now_ms, struct words *words, size_t *count)
{
	const struct request *r = &outcome->after.request;
	struct blocked blocked = { .until_ms = now_ms + policy->block_hold_ms,
		.since_ms = now_ms, .for_ms = outcome->blocks_ms,
		.is_proposed = true };
	char entry[LISTED_SIZE + 1] = "?";

	snprintf(blocked.why, sizeof(blocked.why), "%s", r->disposition);
	snprintf(blocked.who, sizeof(blocked.who), "%s", outcome->moves[0].by);
	blocked_entry(&blocked, entry + 1);
	add_one(BLOCKED_KEY, r->phone, entry, words, count);
}

void
commit_add_listed(const struct policy *policy, const struct outcome *outcome,
    int64_t now_ms, const struct commit_extras *extras, size_t head,
    struct words *words)
{
	size_t count = 0;

	if (outcome->suppresses != 0)
		add_suppressed(outcome, now_ms, words, &count);
	if (outcome->blocks_ms != 0)
		add_proposed(policy, outcome, now_ms, words, &count);
	for (size_t i = 0; i < extras->listed_count; i++)
		add_one(extras->list != NULL ? extras->list : SUPPRESSED_KEY,
		    extras->listed[i].field, extras->listed[i].value, words,
		    &count);
	words_set_count(words, head, PART_LISTED, count);
}
