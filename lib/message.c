/* SPDX-License-Identifier: MIT */
/* message: small questions about one. */
#include "lib/message.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "lib/provider_choice.h"
#include "lib/zone.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MINUTES 1440

const char *const message_state_names[MESSAGE_STATE_COUNT] = {
	[MESSAGE_NONE] = "none",
	[MESSAGE_QUEUED] = "queued",
	[MESSAGE_SENDING] = "sending",
	[MESSAGE_UNSURE] = "unsure",
	[MESSAGE_GIVEN] = "sent",
	[MESSAGE_ENDED] = "ended",
};

bool
message_is_live(const struct message *message)
{
	return message->state != MESSAGE_NONE &&
	    message->state != MESSAGE_ENDED;
}

bool
message_is_to_staff(const struct message *message)
{
	return message->kind == TEXT_OFFER || message->kind == TEXT_ALARM ||
	    message->kind == TEXT_ALARM_OVER;
}

bool
message_keeps_quiet(const struct message *message)
{
	return !message_is_to_staff(message);
}

bool
message_asks_leave(const struct message *message)
{
	return message->to[0] == '+' && !message_is_to_staff(message) &&
	    message->kind != TEXT_STOPPED && message->kind != TEXT_STARTED;
}

/* A chat is an address of those who send to chats, and of nobody else. */
static bool
carries(const struct policy *policy, const char *provider, const char *to)
{
	const struct provider_facts *facts = policy_provider(policy, provider);

	return facts != NULL && facts->can_text &&
	    facts->texts_chats == (strncmp(to, "chat:", 5) == 0);
}

const char *
message_provider(const struct policy *policy, const struct message *message,
    unsigned down, bool *ret_waits, int *ret_place)
{
	const struct provider_order *order;
	int place = 1;

	*ret_waits = false;
	*ret_place = place;
	if (message->target != 0)
		return message->tried == 0 ? MESSAGE_BY_URL : "";
	order = policy_text(policy, message->queue);
	for (size_t i = 0; i < order->count; i++) {
		const char *id = order->ids[i];

		if (!carries(policy, id, message->to))
			continue;
		*ret_place = place;
		place <<= 1;
		if ((message->tried & *ret_place) != 0)
			continue;
		if ((provider_set(policy, id) & down) == 0)
			return id;
		*ret_waits = true;
	}
	return "";
}

const char *
message_address(const struct policy *policy,
    const struct specialist_policy *specialist)
{
	for (size_t i = 0; i < policy->text.count; i++) {
		const char *provider = policy->text.ids[i];
		const char *to = policy_address(specialist, provider);

		if ((to[0] == '+' || strncmp(to, "chat:", 5) == 0) &&
		    carries(policy, provider, to))
			return to;
	}
	return "";
}

int64_t
message_quiet_until(
    const struct policy *policy, const char *zone_name, int64_t now_ms)
{
	int from = policy->quiet_from_minute, to = policy->quiet_to_minute;
	const struct zone *zone = policy_zone(policy, zone_name);
	struct zone_time now;
	int minute;
	bool is_quiet;

	if (from == to)
		return 0;
	zone_local(zone, now_ms, &now);
	minute = now.hour * 60 + now.minute;
	is_quiet = from < to ? minute >= from && minute < to :
	    minute >= from || minute < to;
	if (!is_quiet)
		return 0;
	return now_ms - now_ms % MINUTE_MS +
	    (to - minute + (to > minute ? 0 : DAY_MINUTES)) * MINUTE_MS;
}

void
message_id(const char *request, enum message_kind kind, int promise,
    char ret_id[MESSAGE_ID_SIZE])
{
	snprintf(ret_id, MESSAGE_ID_SIZE, "%.23s.%s.%d", request,
	    message_kind_names[kind], promise);
}

void
suppressed_calls_field(const char *phone,
    char ret_field[SUPPRESSED_FIELD_SIZE])
{
	snprintf(ret_field, SUPPRESSED_FIELD_SIZE, "calls:%s", phone);
}

void
suppressed_messages_field(const char *phone,
    char ret_field[SUPPRESSED_FIELD_SIZE])
{
	snprintf(ret_field, SUPPRESSED_FIELD_SIZE, "messages:%s", phone);
}

void
suppressed_entry(const char *why, const char *who, int64_t now_ms,
    char ret_entry[LISTED_SIZE])
{
	json_t *entry = json_pack("{s:s, s:s, s:I}", "why", why, "who", who,
	    "since", (json_int_t)(now_ms / 1000));
	size_t length = entry == NULL ? 0 : json_dumpb(entry, ret_entry,
	    LISTED_SIZE - 1, JSON_COMPACT);

	/* Why is not worth a refusal: that they want no calls is what counts. */
	if (length == 0 || length >= LISTED_SIZE)
		length = (size_t)snprintf(ret_entry, LISTED_SIZE, "{}");
	ret_entry[length] = '\0';
	json_decref(entry);
}
