/* SPDX-License-Identifier: MIT */
/* record: the tables of fields, and the walks over them. */
#include "lib/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/call.h"
#include "lib/case.h"
#include "lib/check.h"
#include "lib/message.h"
#include "lib/progress.h"
#include "lib/request.h"
#include "lib/specialist.h"
#include "lib/text.h"

enum { COUNT_LIMIT = 1000000000 };

#define SIZE_OF(type, member) sizeof(((type *)0)->member)
#define NAME(text) text, sizeof(text) - 1
#define TEXT(type, member, text_name)                                          \
	{ NAME(text_name), FIELD_TEXT, offsetof(type, member),                 \
	  SIZE_OF(type, member), NULL, 0 }
#define INT(type, member, text_name)                                           \
	{ NAME(text_name), FIELD_INT, offsetof(type, member), sizeof(int),     \
	  NULL, 0 }
#define MOMENT(type, member, text_name)                                        \
	{ NAME(text_name), FIELD_MOMENT, offsetof(type, member),               \
	  sizeof(int64_t), NULL, 0 }
#define BOOL(type, member, text_name)                                          \
	{ NAME(text_name), FIELD_BOOL, offsetof(type, member), sizeof(bool),   \
	  NULL, 0 }
#define ENUM(type, member, text_name, words)                                   \
	{ NAME(text_name), FIELD_ENUM, offsetof(type, member), sizeof(int),    \
	  words, COUNT_OF(words) }
#define PART(type, member, kind, text_name)                                    \
	{ NAME(text_name), kind, offsetof(type, member),                       \
	  SIZE_OF(type, member), NULL, 0 }

/* The version, the operation and the format are written by commit. */
static const struct field request_fields[] = {
	ENUM(struct request, state, "state", request_state_names),
	TEXT(struct request, reason, "reason"),
	MOMENT(struct request, record.wake_at_ms, "wake_at_ms"),
	TEXT(struct request, number, "number"),
	TEXT(struct request, queue, "queue"),
	TEXT(struct request, phone, "phone"),
	TEXT(struct request, extension, "extension"),
	TEXT(struct request, name, "name"),
	TEXT(struct request, locale, "locale"),
	TEXT(struct request, zone, "zone"),
	BOOL(struct request, asks_now, "asks_now"),
	BOOL(struct request, may_text, "sms"),
	INT(struct request, told, "told"),
	TEXT(struct request, source, "source"),
	TEXT(struct request, site_id, "site_id"),
	INT(struct request, asker_count, "askers"),
	INT(struct request, also_said, "also_said"),
	BOOL(struct request, has_warnings, "warnings"),
	TEXT(struct request, from, "from"),
	TEXT(struct request, next, "next"),
	MOMENT(struct request, since_ms, "since_ms"),
	MOMENT(struct request, asked_at_ms, "asked_at_ms"),
	MOMENT(struct request, at_ms, "at_ms"),
	MOMENT(struct request, hold_until_ms, "hold_until_ms"),
	MOMENT(struct request, state_until_ms, "state_until_ms"),
	INT(struct request, promise_number, "promise_number"),
	MOMENT(struct request, target_at_ms, "target_at_ms"),
	MOMENT(struct request, promise_at_ms, "promise_at_ms"),
	MOMENT(struct request, slot_to_ms, "slot_to_ms"),
	MOMENT(struct request, expect_from_ms, "expect_from_ms"),
	MOMENT(struct request, expect_to_ms, "expect_to_ms"),
	INT(struct request, on_time, "on_time"),
	MOMENT(struct request, kept_at_ms, "kept_at_ms"),
	BOOL(struct request, is_missed, "missed"),
	MOMENT(struct request, second_at_ms, "second_at_ms"),
	BOOL(struct request, is_second_missed, "second_missed"),
	INT(struct request, lane, "lane"),
	INT(struct request, missed_count, "missed_count"),
	INT(struct request, rung, "rung"),
	INT(struct request, level, "level"),
	TEXT(struct request, also[0], "also1"),
	TEXT(struct request, also[1], "also2"),
	TEXT(struct request, also[2], "also3"),
	TEXT(struct request, also[3], "also4"),
	INT(struct request, room, "room"),
	INT(struct request, offer_count, "offers"),
	PART(struct request, offers[0], FIELD_OFFER, "offer1"),
	PART(struct request, offers[1], FIELD_OFFER, "offer2"),
	PART(struct request, offers[2], FIELD_OFFER, "offer3"),
	PART(struct request, offers[3], FIELD_OFFER, "offer4"),
	PART(struct request, declined[0], FIELD_DECLINED, "declined1"),
	PART(struct request, declined[1], FIELD_DECLINED, "declined2"),
	PART(struct request, declined[2], FIELD_DECLINED, "declined3"),
	PART(struct request, declined[3], FIELD_DECLINED, "declined4"),
	PART(struct request, declined[4], FIELD_DECLINED, "declined5"),
	PART(struct request, declined[5], FIELD_DECLINED, "declined6"),
	PART(struct request, declined[6], FIELD_DECLINED, "declined7"),
	PART(struct request, declined[7], FIELD_DECLINED, "declined8"),
	PART(struct request, declined[8], FIELD_DECLINED, "declined9"),
	PART(struct request, declined[9], FIELD_DECLINED, "declined10"),
	PART(struct request, declined[10], FIELD_DECLINED, "declined11"),
	PART(struct request, declined[11], FIELD_DECLINED, "declined12"),
	INT(struct request, refusal_count, "refusals"),
	TEXT(struct request, wished, "wished"),
	MOMENT(struct request, wished_until_ms, "wished_until_ms"),
	TEXT(struct request, specialist, "specialist"),
	INT(struct request, call, "call"),
	INT(struct request, call_count, "calls"),
	INT(struct request, attempt_count, "attempts"),
	BOOL(struct request, is_leg_open, "leg_open"),
	MOMENT(struct request, accepted_at_ms, "accepted_at_ms"),
	MOMENT(struct request, rung_at_ms, "rung_at_ms"),
	MOMENT(struct request, talk_at_ms, "talk_at_ms"),
	MOMENT(struct request, talk_ms, "talk_ms"),
	TEXT(struct request, disposition, "disposition"),
	TEXT(struct request, pass_to, "pass_to"),
	MOMENT(struct request, call_at_ms, "call_at_ms"),
	MOMENT(struct request, closed_at_ms, "closed_at_ms"),
};

static const struct field call_fields[] = {
	ENUM(struct call, state, "state", call_state_names),
	MOMENT(struct call, record.wake_at_ms, "wake_at_ms"),
	TEXT(struct call, provider, "provider"),
	TEXT(struct call, specialist, "specialist"),
	TEXT(struct call, to, "to"),
	TEXT(struct call, customer, "customer"),
	TEXT(struct call, caller_id, "caller_id"),
	BOOL(struct call, is_customer_first, "customer_first"),
	BOOL(struct call, wants_confirm, "wants_confirm"),
	ENUM(struct call, rank, "progress", call_progress_names),
	TEXT(struct call, sid, "sid"),
	TEXT(struct call, authorised, "authorised"),
	TEXT(struct call, remembered, "remembered"),
	BOOL(struct call, is_revoked, "revoked"),
	BOOL(struct call, is_confirmed, "confirmed"),
	ENUM(struct call, machine, "machine", machine_names),
	TEXT(struct call, leg, "leg"),
	BOOL(struct call, is_customer_over, "customer_over"),
	INT(struct call, absent_count, "absent"),
	INT(struct call, remind_count, "reminded"),
	ENUM(struct call, outcome, "outcome", call_outcome_names),
	MOMENT(struct call, placed_at_ms, "placed_at_ms"),
	MOMENT(struct call, unsure_at_ms, "unsure_at_ms"),
	MOMENT(struct call, absent_at_ms, "absent_at_ms"),
	MOMENT(struct call, authorised_at_ms, "authorised_at_ms"),
	MOMENT(struct call, agent_up_at_ms, "agent_up_at_ms"),
	MOMENT(struct call, customer_ringing_at_ms, "customer_ringing_at_ms"),
	MOMENT(struct call, customer_up_at_ms, "customer_up_at_ms"),
	MOMENT(struct call, over_at_ms, "over_at_ms"),
	MOMENT(struct call, talk_ms, "talk_ms"),
	MOMENT(struct call, paid, "paid"),
	TEXT(struct call, currency, "currency"),
};

static const struct field specialist_fields[] = {
	ENUM(struct specialist, state, "state", specialist_state_names),
	MOMENT(struct specialist, record.wake_at_ms, "wake_at_ms"),
	ENUM(struct specialist, status, "status", status_names),
	TEXT(struct specialist, reason, "reason"),
	MOMENT(struct specialist, return_at_ms, "return_at_ms"),
	TEXT(struct specialist, name, "name"),
	PART(struct specialist, skills[0], FIELD_SKILL, "skill1"),
	PART(struct specialist, skills[1], FIELD_SKILL, "skill2"),
	PART(struct specialist, skills[2], FIELD_SKILL, "skill3"),
	PART(struct specialist, skills[3], FIELD_SKILL, "skill4"),
	PART(struct specialist, skills[4], FIELD_SKILL, "skill5"),
	PART(struct specialist, skills[5], FIELD_SKILL, "skill6"),
	PART(struct specialist, skills[6], FIELD_SKILL, "skill7"),
	PART(struct specialist, skills[7], FIELD_SKILL, "skill8"),
	MOMENT(struct specialist, since_ms, "since_ms"),
	MOMENT(struct specialist, until_ms, "until_ms"),
	MOMENT(struct specialist, seen_at_ms, "seen_at_ms"),
	TEXT(struct specialist, request, "request"),
	INT(struct specialist, offer, "offer"),
	INT(struct specialist, call, "call"),
	INT(struct specialist, ignored_count, "ignored"),
	BOOL(struct specialist, has_extended, "extended"),
	MOMENT(struct specialist, elsewhere_until_ms, "elsewhere_until_ms"),
	MOMENT(struct specialist, overtime_until_ms, "overtime_until_ms"),
	PART(struct specialist, duty[0], FIELD_DUTY, "duty1"),
	PART(struct specialist, duty[1], FIELD_DUTY, "duty2"),
	PART(struct specialist, duty[2], FIELD_DUTY, "duty3"),
	PART(struct specialist, duty[3], FIELD_DUTY, "duty4"),
	PART(struct specialist, duty[4], FIELD_DUTY, "duty5"),
	PART(struct specialist, duty[5], FIELD_DUTY, "duty6"),
	PART(struct specialist, duty[6], FIELD_DUTY, "duty7"),
	PART(struct specialist, duty[7], FIELD_DUTY, "duty8"),
	TEXT(struct specialist, closed[0], "closed1"),
	TEXT(struct specialist, closed[1], "closed2"),
	TEXT(struct specialist, closed[2], "closed3"),
};

static const struct field case_fields[] = {
	TEXT(struct case_file, phone, "phone"),
	TEXT(struct case_file, request, "request"),
	INT(struct case_file, request_count, "requests"),
	MOMENT(struct case_file, opened_at_ms, "opened_at_ms"),
};

static const struct field message_fields[] = {
	ENUM(struct message, state, "state", message_state_names),
	MOMENT(struct message, record.wake_at_ms, "wake_at_ms"),
	ENUM(struct message, kind, "kind", message_kind_names),
	TEXT(struct message, reason, "reason"),
	TEXT(struct message, waits_for, "waits_for"),
	TEXT(struct message, error, "error"),
	TEXT(struct message, request, "request"),
	TEXT(struct message, to, "to"),
	INT(struct message, target, "target"),
	TEXT(struct message, locale, "locale"),
	TEXT(struct message, zone, "zone"),
	TEXT(struct message, provider, "provider"),
	INT(struct message, tried, "tried"),
	INT(struct message, absent_count, "absent"),
	TEXT(struct message, sid, "sid"),
	ENUM(struct message, progress, "progress", message_progress_names),
	TEXT(struct message, number, "number"),
	TEXT(struct message, queue, "queue"),
	TEXT(struct message, caller_id, "caller_id"),
	MOMENT(struct message, promise_at_ms, "promise_at_ms"),
	MOMENT(struct message, from_ms, "from_ms"),
	MOMENT(struct message, to_ms, "to_ms"),
	TEXT(struct message, specialist, "specialist"),
	INT(struct message, offer, "offer"),
	ENUM(struct message, cause, "cause", alarm_cause_names),
	INT(struct message, count, "count"),
	MOMENT(struct message, since_ms, "since_ms"),
	TEXT(struct message, detail, "detail"),
	MOMENT(struct message, paid, "paid"),
	TEXT(struct message, currency, "currency"),
	MOMENT(struct message, created_at_ms, "created_at_ms"),
	MOMENT(struct message, send_at_ms, "send_at_ms"),
	MOMENT(struct message, sending_at_ms, "sending_at_ms"),
	MOMENT(struct message, given_at_ms, "given_at_ms"),
	MOMENT(struct message, unsure_at_ms, "unsure_at_ms"),
	MOMENT(struct message, ended_at_ms, "ended_at_ms"),
	MOMENT(struct message, stale_at_ms, "stale_at_ms"),
	MOMENT(struct message, prompt_until_ms, "prompt_until_ms"),
};

static const struct field_table tables[RECORD_COUNT] = {
	[RECORD_REQUEST] = { RECORD_REQUEST, request_fields,
	    COUNT_OF(request_fields), sizeof(struct request) },
	[RECORD_CALL] = { RECORD_CALL, call_fields, COUNT_OF(call_fields),
	    sizeof(struct call) },
	[RECORD_SPECIALIST] = { RECORD_SPECIALIST, specialist_fields,
	    COUNT_OF(specialist_fields), sizeof(struct specialist) },
	[RECORD_CASE] = { RECORD_CASE, case_fields, COUNT_OF(case_fields),
	    sizeof(struct case_file) },
	[RECORD_MESSAGE] = { RECORD_MESSAGE, message_fields,
	    COUNT_OF(message_fields), sizeof(struct message) },
};

/* The walks treat an enum as an int. */
_Static_assert(sizeof(enum request_state) == sizeof(int), "enums are ints");
_Static_assert(COUNT_OF(request_fields) <= RECORD_FIELDS_MAX, "RECORD_FIELDS_MAX");
_Static_assert((int)REQUEST_ID_SIZE <= (int)ID_SIZE, "a reference holds any id");
_Static_assert(ALSO_MAX == 4, "also1..4");
_Static_assert(OFFER_MAX == 4 && DECLINED_MAX == 12, "offer1..4, declined1..12");
_Static_assert(SPECIALIST_QUEUES_MAX == 8, "skill1..8");
_Static_assert(offsetof(struct request, record) == 0 &&
    offsetof(struct call, record) == 0 &&
    offsetof(struct specialist, record) == 0 &&
    offsetof(struct case_file, record) == 0 &&
    offsetof(struct message, record) == 0, "a record begins with its head");

const struct field_table *
record_fields(enum record_kind kind)
{
	CHECK(kind > RECORD_NONE && kind < RECORD_COUNT);
	return &tables[kind];
}

/* ---- text to values */

static bool
read_integer(const char *text, size_t length, int64_t *ret_value)
{
	int64_t value = 0;
	bool is_negative = length > 0 && text[0] == '-';
	size_t i = is_negative ? 1 : 0;

	if (i >= length || length - i > 18)
		return false;
	for (; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*ret_value = is_negative ? -value : value;
	return true;
}

static bool
read_int(const char *text, size_t length, int *ret_value)
{
	int64_t value;

	/* No record counts below zero, or so far that one more is too many. */
	if (!read_integer(text, length, &value) || value < 0 ||
	    value > COUNT_LIMIT)
		return false;
	*ret_value = (int)value;
	return true;
}

static bool
copy_text(char *to, size_t size, const char *text, size_t length)
{
	if (length >= size || memchr(text, '\0', length) != NULL)
		return false;
	memcpy(to, text, length);
	to[length] = '\0';
	return true;
}

/* Splits "a b c" into exactly `count` words. */
static bool
split_words(const char *text, size_t length, struct pair *words, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		size_t end = at;

		while (end < length && text[end] != ' ')
			end++;
		if (end == at)
			return false;
		words[i].value = text + at;
		words[i].value_length = end - at;
		at = end + 1;
		if ((i + 1 < count) != (end < length))
			return false;
	}
	return true;
}

static bool
read_offer(const char *text, size_t length, struct offer *ret_offer)
{
	struct pair words[4];
	struct offer offer = { 0 };

	if (!split_words(text, length, words, 4) ||
	    !copy_text(offer.specialist, sizeof(offer.specialist),
	        words[0].value, words[0].value_length) ||
	    !read_int(words[1].value, words[1].value_length, &offer.number) ||
	    !read_integer(words[2].value, words[2].value_length,
	        &offer.until_ms) ||
	    !read_int(words[3].value, words[3].value_length, &offer.call))
		return false;
	*ret_offer = offer;
	return true;
}

static bool
read_declined(const char *text, size_t length, struct declined *ret_declined)
{
	struct pair words[2];
	struct declined declined = { 0 };

	if (!split_words(text, length, words, 2) ||
	    !copy_text(declined.specialist, sizeof(declined.specialist),
	        words[0].value, words[0].value_length) ||
	    !read_integer(words[1].value, words[1].value_length,
	        &declined.until_ms))
		return false;
	*ret_declined = declined;
	return true;
}

static bool
read_skill(const char *text, size_t length, struct skill *ret_skill)
{
	struct pair words[2];
	struct skill skill = { 0 };

	if (!split_words(text, length, words, 2) ||
	    !copy_text(skill.queue, sizeof(skill.queue), words[0].value,
	        words[0].value_length) ||
	    !read_int(words[1].value, words[1].value_length, &skill.level) ||
	    skill.level > LEVEL_MAX)
		return false;
	*ret_skill = skill;
	return true;
}

static bool
read_duty(const char *text, size_t length, struct duty *ret_duty)
{
	struct pair words[3];
	struct duty duty = { 0 };

	if (!split_words(text, length, words, 3) ||
	    !copy_text(duty.queue, sizeof(duty.queue), words[0].value,
	        words[0].value_length) ||
	    !read_integer(words[1].value, words[1].value_length,
	        &duty.from_ms) ||
	    !read_integer(words[2].value, words[2].value_length, &duty.to_ms) ||
	    duty.from_ms < 0 || duty.to_ms <= duty.from_ms)
		return false;
	*ret_duty = duty;
	return true;
}

static bool
read_enum(const struct field *field, const char *text, size_t length,
    int *ret_value)
{
	for (size_t i = 0; i < field->name_count; i++) {
		if (field->names[i] != NULL &&
		    strlen(field->names[i]) == length &&
		    memcmp(field->names[i], text, length) == 0) {
			*ret_value = (int)i;
			return true;
		}
	}
	return false;
}

static bool
read_field(const struct field *field, const char *text, size_t length,
    void *at)
{
	int64_t value;

	switch (field->type) {
	case FIELD_TEXT:
		return copy_text(at, field->size, text, length);
	case FIELD_INT:
		return read_int(text, length, at);
	case FIELD_MOMENT:
		return read_integer(text, length, at) && *(int64_t *)at >= 0;
	case FIELD_BOOL:
		if (!read_integer(text, length, &value) || value < 0 ||
		    value > 1)
			return false;
		*(bool *)at = value == 1;
		return true;
	case FIELD_ENUM:
		return read_enum(field, text, length, at);
	case FIELD_OFFER:
		return read_offer(text, length, at);
	case FIELD_DECLINED:
		return read_declined(text, length, at);
	case FIELD_SKILL:
		return read_skill(text, length, at);
	case FIELD_DUTY:
		return read_duty(text, length, at);
	}
	return false;
}

static bool
pair_is(const struct pair *pair, const char *name, size_t length)
{
	return pair->name_length == length &&
	    memcmp(pair->name, name, length) == 0;
}

/* Hashes keep the order of writing, so the next pair is nearly always the
 * field after the last one found: the search begins there. */
static const struct field *
find_field(const struct field_table *table, const struct pair *pair,
    size_t *from)
{
	for (size_t i = 0; i < table->count; i++) {
		size_t at = *from + i;

		if (at >= table->count)
			at -= table->count;
		if (pair_is(pair, table->fields[at].name,
		        table->fields[at].name_length)) {
			*from = at + 1 == table->count ? 0 : at + 1;
			return &table->fields[at];
		}
	}
	return NULL;
}

static bool
read_head(const struct pair *pair, struct record *record, const char **ret_why)
{
	int64_t format;

	if (pair_is(pair, NAME("v"))) {
		*ret_why = "v";
		return read_integer(pair->value, pair->value_length,
		    &record->version) && record->version > 0;
	}
	if (pair_is(pair, NAME("op"))) {
		*ret_why = "op";
		return copy_text(record->op, sizeof(record->op), pair->value,
		    pair->value_length);
	}
	if (pair_is(pair, NAME("fmt"))) {
		*ret_why = "fmt";
		return read_integer(pair->value, pair->value_length, &format) &&
		    format >= 1 && format <= RECORD_FORMAT;
	}
	return true;
}

bool
record_from_pairs(enum record_kind kind, const struct pair *pairs,
    size_t count, void *ret_record, const char **ret_why)
{
	const struct field_table *table = record_fields(kind);
	struct record *record = ret_record;
	size_t from = 0;

	memset(ret_record, 0, table->struct_size);
	for (size_t i = 0; i < count; i++) {
		const struct field *field = find_field(table, &pairs[i], &from);

		if (field == NULL) {
			if (!read_head(&pairs[i], record, ret_why))
				return false;
			continue;
		}
		if (!read_field(field, pairs[i].value, pairs[i].value_length,
		        (char *)ret_record + field->offset)) {
			*ret_why = field->name;
			return false;
		}
	}
	if (record->version == 0) {
		*ret_why = "v";
		return false;
	}
	return true;
}

/* ---- values to text */

void
record_field_text(const struct field *field, const void *record,
    char *ret_text)
{
	const void *at = (const char *)record + field->offset;
	const struct offer *offer = at;
	const struct declined *declined = at;
	const struct skill *skill = at;
	const struct duty *duty = at;

	ret_text[0] = '\0';
	switch (field->type) {
	case FIELD_TEXT:
		memcpy(ret_text, at, strlen(at) + 1);
		break;
	case FIELD_INT:
		text_number(*(const int *)at, ret_text);
		break;
	case FIELD_MOMENT:
		text_number(*(const int64_t *)at, ret_text);
		break;
	case FIELD_BOOL:
		memcpy(ret_text, *(const bool *)at ? "1" : "0", 2);
		break;
	case FIELD_ENUM: {
		size_t value = (size_t)*(const int *)at;

		CHECK(value < field->name_count && field->names[value]);
		memcpy(ret_text, field->names[value],
		    strlen(field->names[value]) + 1);
		break;
	}
	case FIELD_OFFER:
		if (offer->specialist[0] != '\0')
			snprintf(ret_text, VALUE_SIZE, "%s %d %" PRId64 " %d",
			    offer->specialist, offer->number, offer->until_ms,
			    offer->call);
		break;
	case FIELD_DECLINED:
		if (declined->specialist[0] != '\0')
			snprintf(ret_text, VALUE_SIZE, "%s %" PRId64,
			    declined->specialist, declined->until_ms);
		break;
	case FIELD_SKILL:
		if (skill->queue[0] != '\0')
			snprintf(ret_text, VALUE_SIZE, "%s %d", skill->queue,
			    skill->level);
		break;
	case FIELD_DUTY:
		if (duty->queue[0] != '\0')
			snprintf(ret_text, VALUE_SIZE, "%s %" PRId64 " %" PRId64,
			    duty->queue, duty->from_ms, duty->to_ms);
		break;
	}
}

bool
record_field_equal(const struct field *field, const void *a, const void *b)
{
	const char *left = (const char *)a + field->offset;
	const char *right = (const char *)b + field->offset;
	const struct offer *offer = (const void *)left, *other_offer = (const void *)right;
	const struct declined *declined = (const void *)left, *other_declined = (const void *)right;
	const struct skill *skill = (const void *)left, *other_skill = (const void *)right;
	const struct duty *duty = (const void *)left, *other_duty = (const void *)right;

	switch (field->type) {
	case FIELD_TEXT:
		return strcmp(left, right) == 0;
	case FIELD_INT:
	case FIELD_ENUM:
		return *(const int *)left == *(const int *)right;
	case FIELD_MOMENT:
		return *(const int64_t *)left == *(const int64_t *)right;
	case FIELD_BOOL:
		return *(const bool *)left == *(const bool *)right;
	case FIELD_OFFER:
		return strcmp(offer->specialist, other_offer->specialist) == 0 &&
		    (offer->specialist[0] == '\0' ||
		        (offer->number == other_offer->number &&
		            offer->until_ms == other_offer->until_ms &&
		            offer->call == other_offer->call));
	case FIELD_DECLINED:
		return strcmp(declined->specialist, other_declined->specialist) == 0 &&
		    (declined->specialist[0] == '\0' ||
		        declined->until_ms == other_declined->until_ms);
	case FIELD_SKILL:
		return strcmp(skill->queue, other_skill->queue) == 0 &&
		    (skill->queue[0] == '\0' ||
		        skill->level == other_skill->level);
	case FIELD_DUTY:
		return strcmp(duty->queue, other_duty->queue) == 0 &&
		    (duty->queue[0] == '\0' ||
		        (duty->from_ms == other_duty->from_ms &&
		            duty->to_ms == other_duty->to_ms));
	}
	return false;
}

/* ---- keys */

static const char *const prefixes[RECORD_COUNT] = {
	[RECORD_REQUEST] = "request:",
	[RECORD_CALL] = "call:",
	[RECORD_SPECIALIST] = "specialist:",
	[RECORD_CASE] = "case:",
	[RECORD_MESSAGE] = "message:",
};

/* What a record itself can hold of its id. */
static const size_t id_sizes[RECORD_COUNT] = {
	[RECORD_REQUEST] = REQUEST_ID_SIZE,
	[RECORD_CALL] = REQUEST_ID_SIZE,
	[RECORD_SPECIALIST] = ID_SIZE,
	[RECORD_CASE] = NUMBER_SIZE,
	[RECORD_MESSAGE] = MESSAGE_ID_SIZE,
};

void
record_key(const struct record_ref *ref, char ret_key[KEY_SIZE])
{
	size_t prefix, id = strlen(ref->id);

	CHECK(ref->kind > RECORD_NONE && ref->kind < RECORD_COUNT);
	prefix = strlen(prefixes[ref->kind]);
	memcpy(ret_key, prefixes[ref->kind], prefix);
	memcpy(ret_key + prefix, ref->id, id + 1);
	if (ref->kind == RECORD_CALL) {
		ret_key[prefix + id] = '.';
		text_number(ref->n, ret_key + prefix + id + 1);
	}
}

bool
record_ref_parse(const char *key, size_t length, struct record_ref *ret_ref)
{
	struct record_ref ref = { 0 };

	for (int kind = RECORD_REQUEST; kind < RECORD_COUNT; kind++) {
		size_t prefix = strlen(prefixes[kind]), end = length;

		if (length <= prefix || memcmp(key, prefixes[kind], prefix) != 0)
			continue;
		if (kind == RECORD_CALL) {
			while (end > prefix && key[end - 1] != '.')
				end--;
			if (end == prefix || !read_int(key + end, length - end,
			        &ref.n) || ref.n < 1)
				return false;
			end--;
		}
		if (end == prefix || !copy_text(ref.id, id_sizes[kind],
		        key + prefix, end - prefix))
			return false;
		ref.kind = (enum record_kind)kind;
		*ret_ref = ref;
		return true;
	}
	return false;
}

static struct record_ref
make_ref(enum record_kind kind, const char *id, int n)
{
	struct record_ref ref = { .kind = kind, .n = n };

	CHECK(strlen(id) < sizeof(ref.id));
	memcpy(ref.id, id, strlen(id) + 1);
	return ref;
}

struct record_ref
record_ref_request(const char *id)
{
	return make_ref(RECORD_REQUEST, id, 0);
}

struct record_ref
record_ref_call(const char *request, int n)
{
	return make_ref(RECORD_CALL, request, n);
}

struct record_ref
record_ref_specialist(const char *id)
{
	return make_ref(RECORD_SPECIALIST, id, 0);
}

struct record_ref
record_ref_case(const char *number)
{
	return make_ref(RECORD_CASE, number, 0);
}

struct record_ref
record_ref_message(const char *id)
{
	return make_ref(RECORD_MESSAGE, id, 0);
}

bool
record_ref_equal(const struct record_ref *a, const struct record_ref *b)
{
	return a->kind == b->kind && a->n == b->n && strcmp(a->id, b->id) == 0;
}
