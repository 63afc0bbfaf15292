/* SPDX-License-Identifier: MIT */
/* commit_guards: what a commit is refused by, or made to wait for. */
#include "lib/commit_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/blocked.h"
#include "lib/life.h"
#include "lib/message_text.h"
#include "lib/provider_choice.h"
#include "lib/segments.h"

#define HOUR_MS 3600000
#define DAY_MS 86400000

static const char *
owner_id(const struct situation *situation)
{
	return situation->message.id[0] != '\0' ? situation->message.id :
	    situation->request.id;
}

static void
add_guard(const char *kind, const char *a, const char *b, const char *c,
    struct words *words, size_t *count)
{
	words_add(words, kind);
	words_add(words, a);
	words_add(words, b);
	words_add(words, c);
	(*count)++;
}

static void
add_number_guard(const char *kind, const char *key, int64_t b, int64_t c,
    struct words *words, size_t *count)
{
	words_add(words, kind);
	words_add(words, key);
	words_add_number(words, b);
	words_add_number(words, c);
	(*count)++;
}

/* Who orders something of a provider, and what it costs by the configuration. */
struct order {
	const struct provider_facts *facts;
	enum channel channel;
	struct record_ref ref;
	int64_t cost;                   /* in PRICE_PARTS */
	bool is_probe;
};

static void
add_spend_guard(const struct order *order, const char *window, int64_t number,
    int64_t cap, struct words *words, size_t *count)
{
	char key[KEY_SIZE];

	if (cap == 0 || order->cost == 0)
		return;
	snprintf(key, sizeof(key), "spend:%s:%s%lld", order->facts->id, window,
	    (long long)number);
	add_number_guard("spend", key, order->cost, cap, words, count);
}

/* What an order may not go beyond. Money is one, whatever it is for. The turn
 * comes last: it is taken for this one alone. */
static void
add_order_guards(const struct order *order, int64_t now_ms,
    struct words *words, size_t *count)
{
	const struct provider_facts *facts = order->facts;
	int64_t emission_ms = facts->emission_ms[order->channel];
	char key[KEY_SIZE], owner[KEY_SIZE], most[16], keep[16];

	if (order->is_probe) {
		provider_key("probe", facts->id, order->channel, key);
		record_key(&order->ref, owner);
		snprintf(keep, sizeof(keep), "%d", PROBE_KEEP_MS);
		add_guard("probe", key, owner, keep, words, count);
	}
	if (order->channel == CHANNEL_VOICE && facts->alive_max > 0) {
		snprintf(key, sizeof(key), "calls:%s", facts->id);
		snprintf(most, sizeof(most), "%d", facts->alive_max);
		add_guard("room", key, most, "", words, count);
	}
	add_spend_guard(order, "h", now_ms / HOUR_MS, facts->hour_cap, words,
	    count);
	add_spend_guard(order, "d", now_ms / DAY_MS, facts->day_cap, words,
	    count);
	if (emission_ms > 0) {
		provider_key("pace", facts->id, order->channel, key);
		add_number_guard("pace", key, emission_ms, PACE_WAIT_MS, words,
		    count);
	}
}

static void
add_call_guards(const struct policy *policy, const struct call *call,
    unsigned probing, int64_t now_ms, struct words *words, size_t *count)
{
	const struct provider_facts *facts =
	    policy_provider(policy, call->provider);
	struct order order = { .facts = facts, .channel = CHANNEL_VOICE,
		.ref = record_ref_call(call->request, call->n) };

	if (facts == NULL)
		return;
	order.cost = facts->price[CHANNEL_VOICE];
	order.is_probe = (probing & provider_set(policy, facts->id)) != 0;
	add_order_guards(&order, now_ms, words, count);
}

/* Networks count an SMS by its segments; to a chat there is one. */
static int64_t
segments_in(const struct policy *policy, const struct message *message)
{
	char text[MESSAGE_TEXT_SIZE];

	if (message->to[0] != '+')
		return 1;
	message_text(policy, message, message->sending_at_ms, text);
	return (int64_t)segments_of(text).count;
}

static void
add_message_guards(const struct policy *policy, const struct message *message,
    unsigned probing, int64_t now_ms, struct words *words, size_t *count)
{
	const struct provider_facts *facts =
	    policy_provider(policy, message->provider);
	struct order order = { .facts = facts, .channel = CHANNEL_SMS,
		.ref = record_ref_message(message->id) };

	if (facts == NULL)
		return;
	if (facts->price[CHANNEL_SMS] > 0)
		order.cost = facts->price[CHANNEL_SMS] *
		    segments_in(policy, message);
	order.is_probe = (probing & provider_set(policy, facts->id)) != 0;
	add_order_guards(&order, now_ms, words, count);
}

/* One place of a slot, counted where all nodes write. Who moves inside of it has one. */
static void
add_place_guard(const struct situation *before, const struct outcome *outcome,
    struct words *words, size_t *count)
{
	const struct request *was = &before->request;
	const struct slot_span *place = &outcome->place;
	char key[KEY_SIZE], span[48], most[16];
	bool has_one = was->state == REQUEST_SCHEDULED &&
	    was->slot_to_ms != 0 && was->at_ms >= place->from_ms &&
	    was->at_ms < place->to_ms;

	if (outcome->place_most == 0)
		return;
	snprintf(key, sizeof(key), "slots:%s", outcome->after.request.queue);
	snprintf(span, sizeof(span), "%" PRId64 " %" PRId64, place->from_ms,
	    place->to_ms);
	snprintf(most, sizeof(most), "%d", outcome->place_most + has_one);
	add_guard("places", key, span, most, words, count);
}

void
commit_add_guards(const struct policy *policy, const struct situation *before,
    const struct outcome *outcome, int64_t now_ms,
    const struct commit_extras *extras, size_t head, struct words *words)
{
	const struct situation *after = &outcome->after;
	size_t count = 0;

	if (extras->take_index != NULL) {
		words_add(words, "take");
		words_add(words, extras->take_index);
		words_add_bytes(words, extras->take_member,
		    extras->take_length);
		words_add(words, "");
		count++;
	}
	if (extras->absent_key != NULL)
		add_guard("absent", extras->absent_key, owner_id(after), "",
		    words, &count);
	if (extras->unlisted != NULL)
		add_guard("unlisted", SUPPRESSED_KEY, extras->unlisted, "",
		    words, &count);
	if (extras->unblocked != NULL)
		add_guard("unlisted", BLOCKED_KEY, extras->unblocked, "",
		    words, &count);
	if (extras->listed_still != NULL)
		add_guard("listed", extras->list != NULL ? extras->list :
		    SUPPRESSED_KEY, extras->listed_still,
		    extras->still != NULL ? extras->still : "", words, &count);
	for (size_t i = 0; i < extras->limit_count; i++)
		add_number_guard("limit", extras->limits[i].key,
		    extras->limits[i].emission_ms,
		    extras->limits[i].patience_ms, words, &count);
	add_place_guard(before, outcome, words, &count);
	if (extras->typed_key != NULL)
		add_guard("type", extras->typed_key, extras->typed, "", words,
		    &count);
	for (size_t i = 0; i < after->call_count; i++) {
		if (commit_is_placed(before, &after->calls[i]))
			add_call_guards(policy, &after->calls[i],
			    extras->probing, now_ms, words, &count);
	}
	if (commit_is_sent(before, &after->message))
		add_message_guards(policy, &after->message, extras->probing,
		    now_ms, words, &count);
	words_set_count(words, head, PART_GUARDS, count);
}
