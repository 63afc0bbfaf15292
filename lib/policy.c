/* SPDX-License-Identifier: MIT */
/* policy: look-ups in the company's rules, and the defaults of every rule. */
#include "lib/policy.h"

#include <string.h>

#include "lib/zone.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

const char *const channel_names[CHANNEL_COUNT] = {
	[CHANNEL_VOICE] = "voice",
	[CHANNEL_SMS] = "sms",
};

const char *const disposition_then_names[THEN_COUNT + 1] = {
	[THEN_CLOSE] = "close",
	[THEN_SCHEDULE] = "schedule",
	[THEN_PASS] = "pass",
	[THEN_RETRY] = "retry",
	[THEN_SUPPRESS] = "suppress",
	[THEN_PROPOSE_BLOCK] = "propose_block",
	[THEN_WRONG_PERSON] = "wrong_person",
};

const char *const message_kind_names[TEXT_COUNT] = {
	[TEXT_DEFERRED] = "deferred",
	[TEXT_SOON] = "soon",
	[TEXT_LATE] = "late",
	[TEXT_UNREACHABLE] = "unreachable",
	[TEXT_PASSED] = "passed",
	[TEXT_STOPPED] = "stopped",
	[TEXT_STARTED] = "started",
	[TEXT_OFFER] = "offer",
	[TEXT_ALARM] = "alarm",
	[TEXT_ALARM_OVER] = "alarm_over",
};

const char *const alarm_cause_names[ALARM_COUNT] = {
	[ALARM_NONE] = "none",
	[ALARM_LATE] = "late",
	[ALARM_UNATTENDED] = "unattended",
	[ALARM_PROVIDER_DOWN] = "provider_down",
	[ALARM_REJECTED] = "rejected",
	[ALARM_MAYBE_CALLED] = "maybe_called",
	[ALARM_PROVIDER_REFUSES] = "provider_refuses",
	[ALARM_SET_ASIDE] = "set_aside",
	[ALARM_LAST_ONE] = "last_one",
	[ALARM_DECLINED] = "declined",
	[ALARM_NEAR] = "near",
};

const struct queue_policy *
policy_queue(const struct policy *policy, const char *id)
{
	for (size_t i = 0; i < policy->queue_count; i++)
		if (strcmp(policy->queues[i].id, id) == 0)
			return &policy->queues[i];
	return NULL;
}

const struct queue_policy *
policy_default_queue(const struct policy *policy)
{
	for (size_t i = 0; i < policy->queue_count; i++)
		if (policy->queues[i].is_default)
			return &policy->queues[i];
	return policy->queue_count > 0 ? &policy->queues[0] : NULL;
}

/* A power of two at least twice the count, so that some slot is free. */
size_t
policy_index_size(const struct policy *policy)
{
	size_t size = 2;

	while (size < policy->specialist_count * 2)
		size *= 2;
	return size;
}

/* FNV-1a, from its beginning or going on. */
#define HASH_BEGIN 2166136261u

static uint32_t
hash_text(uint32_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619;
	return hash;
}

/* Where the search for an id begins. */
static size_t
slot_of(const struct policy *policy, const char *id)
{
	return hash_text(HASH_BEGIN, id) & (policy_index_size(policy) - 1);
}

void
policy_index(struct policy *policy, uint32_t *slots)
{
	size_t size = policy_index_size(policy);

	memset(slots, 0, size * sizeof(*slots));
	for (size_t i = 0; i < policy->specialist_count; i++) {
		size_t at = slot_of(policy, policy->specialists[i].id);

		while (slots[at] != 0)
			at = (at + 1) & (size - 1);
		slots[at] = (uint32_t)i + 1;
	}
	policy->specialist_slots = slots;
}

static const struct specialist_policy *
indexed_specialist(const struct policy *policy, const char *id)
{
	size_t size = policy_index_size(policy), at = slot_of(policy, id);

	for (; policy->specialist_slots[at] != 0; at = (at + 1) & (size - 1)) {
		const struct specialist_policy *one =
		    &policy->specialists[policy->specialist_slots[at] - 1];

		if (strcmp(one->id, id) == 0)
			return one;
	}
	return NULL;
}

const struct specialist_policy *
policy_specialist(const struct policy *policy, const char *id)
{
	if (policy->specialist_slots != NULL)
		return indexed_specialist(policy, id);
	for (size_t i = 0; i < policy->specialist_count; i++)
		if (strcmp(policy->specialists[i].id, id) == 0)
			return &policy->specialists[i];
	return NULL;
}

const struct disposition *
policy_disposition(const struct policy *policy, const char *id)
{
	for (size_t i = 0; i < policy->disposition_count; i++)
		if (strcmp(policy->dispositions[i].id, id) == 0)
			return &policy->dispositions[i];
	return NULL;
}

bool
policy_queue_has(const struct policy *policy, const char *queue_id,
    const struct disposition *disposition)
{
	const struct queue_policy *queue = policy_queue(policy, queue_id);

	if (queue == NULL)
		return true;
	/* Of all there are, but for what would pass it on to where it is. */
	if (queue->disposition_count == 0)
		return disposition->then != THEN_PASS ||
		    strcmp(disposition->queue, queue_id) != 0;
	for (size_t i = 0; i < queue->disposition_count; i++)
		if (strcmp(queue->dispositions[i], disposition->id) == 0)
			return true;
	return false;
}

const struct disposition *
policy_result(const struct policy *policy, const char *queue, const char *id)
{
	for (size_t i = 0; i < policy->disposition_count; i++) {
		const struct disposition *one = &policy->dispositions[i];

		if ((id[0] == '\0' ? one->then == THEN_PASS :
		        strcmp(one->id, id) == 0) &&
		    policy_queue_has(policy, queue, one))
			return one;
	}
	return NULL;
}

const struct disposition *
policy_result_by_key(const struct policy *policy, const char *queue, int key)
{
	for (size_t i = 0; i < policy->disposition_count; i++) {
		const struct disposition *one = &policy->dispositions[i];

		if (key != 0 && one->key == key &&
		    policy_queue_has(policy, queue, one))
			return one;
	}
	return NULL;
}

const struct line_policy *
policy_line(const struct policy *policy, const char *number)
{
	for (size_t i = 0; i < policy->line_count; i++)
		if (strcmp(policy->lines[i].number, number) == 0)
			return &policy->lines[i];
	return NULL;
}

const struct provider_facts *
policy_provider(const struct policy *policy, const char *id)
{
	for (size_t i = 0; i < policy->provider_count; i++)
		if (strcmp(policy->providers[i].id, id) == 0)
			return &policy->providers[i];
	return NULL;
}

/* Each number draws a lot for this customer: one that is added or taken away
 * changes nothing for whoever sees another. */
const char *
policy_caller_id(const struct queue_policy *queue, const char *customer)
{
	const char *best = "";
	uint32_t best_lot = 0;

	for (size_t i = 0; i < queue->caller_id_count; i++) {
		uint32_t lot = hash_text(hash_text(HASH_BEGIN,
		    queue->caller_ids[i]), customer);

		/* The last digits have hardly stirred the upper bits. */
		lot = (lot ^ lot >> 15) * 0x85ebca6bu;
		lot ^= lot >> 13;
		if (best[0] != '\0' && lot <= best_lot)
			continue;
		best = queue->caller_ids[i];
		best_lot = lot;
	}
	return best;
}

int
policy_place(const struct provider_order *order, const char *provider)
{
	for (size_t i = 0; i < order->count; i++) {
		if (strcmp(order->ids[i], provider) == 0)
			return (int)i + 1;
	}
	return 0;
}

int
policy_url_target(const struct policy *policy, const char *url)
{
	const struct alarm_policy *alarms = &policy->alarms;

	for (size_t i = 0; i < alarms->to_count; i++)
		if (alarms->urls[i] != NULL && strcmp(alarms->urls[i], url) == 0)
			return (int)i + 1;
	return 0;
}

const struct zone *
policy_zone(const struct policy *policy, const char *name)
{
	const struct zone *zone = name[0] == '\0' ? NULL :
	    zones_find(policy->zones, name);

	return zone != NULL ? zone : policy->local;
}

const struct hours *
policy_hours(const struct policy *policy, const char *queue)
{
	const struct queue_policy *found = policy_queue(policy, queue);

	return found != NULL && found->hours != NULL ? found->hours :
	    policy->hours;
}

const struct provider_order *
policy_voice(const struct policy *policy, const char *queue)
{
	const struct queue_policy *found = policy_queue(policy, queue);

	return found != NULL && found->voice.count > 0 ? &found->voice :
	    &policy->voice;
}

const struct provider_order *
policy_text(const struct policy *policy, const char *queue)
{
	const struct queue_policy *found = policy_queue(policy, queue);

	return found != NULL && found->text.count > 0 ? &found->text :
	    &policy->text;
}

static const char *
text_in(const struct policy *policy, enum message_kind kind,
    const char *language)
{
	for (size_t i = 0; i < policy->text_language_count; i++)
		if (strncmp(policy->texts[i].language, language, 2) == 0 &&
		    policy->texts[i].texts[kind] != NULL)
			return policy->texts[i].texts[kind];
	return NULL;
}

const char *
policy_message_text(const struct policy *policy, enum message_kind kind,
    const char *language)
{
	const char *text = kind < TEXT_CUSTOMER_COUNT ?
	    text_in(policy, kind, language) : NULL;

	return text != NULL || kind >= TEXT_CUSTOMER_COUNT ? text :
	    text_in(policy, kind, policy->language);
}

const char *
policy_address(const struct specialist_policy *specialist, const char *provider)
{
	const char *general = "";

	for (size_t i = 0; i < specialist->address_count; i++) {
		const struct address_policy *address = &specialist->addresses[i];

		if (strcmp(address->provider, provider) == 0)
			return address->to;
		if (address->provider[0] == '\0' && general[0] == '\0')
			general = address->to;
	}
	return general;
}

void
policy_defaults(struct policy *ret_policy)
{
	*ret_policy = (struct policy){
		.zone = "UTC",
		.language = "en",
		.link = "",
		.alarms = { .at_most_ms = 10 * MINUTE_MS },
		.retry_after_ms = { 2 * MINUTE_MS, 15 * MINUTE_MS },
		.retry_count = 2,
		.short_call_ms = 10 * SECOND_MS,
		.ring_ms = 25 * SECOND_MS,
		.agent_ring_ms = 35 * SECOND_MS,
		.call_max_ms = HOUR_MS,
		.wrap_result_ms = 5 * MINUTE_MS,
		.result_remind_ms = 15 * MINUTE_MS,
		.cool_off_declined_ms = 30 * SECOND_MS,
		.cool_off_ignored_ms = 60 * SECOND_MS,
		.offer_rounds = 2,
		.ignored_pause = 3,
		.elsewhere_ms = 60 * MINUTE_MS,
		.rest_ms = 10 * SECOND_MS,
		.presence_ms = 0,
		.missed_ms = 10 * SECOND_MS,
		.recognise_ms = 24 * HOUR_MS,
		.line_per_hour = 20,
		.hold_ms = 10 * MINUTE_MS,
		.block_hold_ms = 24 * HOUR_MS,
		.give_up_ms = 0,
		.place_lease_ms = 60 * SECOND_MS,
		.look_up_ms = 3 * SECOND_MS,
		.quarantine_ms = 45 * SECOND_MS,
		.poll_ms = 15 * SECOND_MS,
		.answer_keep_ms = 48 * HOUR_MS,
		.record_keep_ms = 7 * DAY_MS,
		.call_keep_ms = 24 * HOUR_MS,
		.seen_keep_ms = 7 * DAY_MS,
	};
}

void
queue_policy_defaults(struct queue_policy *ret_queue)
{
	*ret_queue = (struct queue_policy){
		.is_public = true,
		.target_ms = 10 * MINUTE_MS,
		.limit_ms = 15 * MINUTE_MS,
		.scheduled_ms = 5 * MINUTE_MS,
		.late_ms = 60 * MINUTE_MS,
		.prefer_ms = 15 * MINUTE_MS / 2,
		.climb = "", .script = "",
		.greeting = "",
		.voicemail = "",
	};
}

int
policy_level(const struct specialist_policy *specialist, const char *queue)
{
	for (size_t i = 0; i < specialist->queue_count; i++) {
		if (strcmp(specialist->queues[i].id, queue) == 0)
			return specialist->queues[i].level;
	}
	return 0;
}

enum offer_channel
policy_offer(const struct policy *policy,
    const struct specialist_policy *specialist, int ignored_count,
    int64_t *ret_ms)
{
	bool is_second = specialist->has_second && ignored_count > 0;

	if (policy->ignored_pause != 0 &&
	    ignored_count >= policy->ignored_pause &&
	    specialist->ring_ms != 0) {
		*ret_ms = specialist->ring_ms;
		return OFFER_PHONE;
	}
	*ret_ms = is_second ? specialist->second_ms : specialist->offer_ms;
	return is_second ? specialist->second : specialist->offer;
}

bool
policy_offers_by(const struct specialist_policy *specialist,
    enum offer_channel channel)
{
	return specialist->offer == channel ||
	    (specialist->has_second && specialist->second == channel);
}

void
specialist_policy_defaults(struct specialist_policy *ret_specialist)
{
	*ret_specialist = (struct specialist_policy){
		.confirm = CONFIRM_PRESS1,
		.accept = ACCEPT_BY_HAND,
		.offer = OFFER_SCREEN,
		.offer_ms = 20 * SECOND_MS,
		.ring_ms = 35 * SECOND_MS,
		.wrap_up_ms = 30 * SECOND_MS,
	};
}
