/* SPDX-License-Identifier: MIT */
/*
 * A balanced tree of phones by address, and the table of what numbers do.
 */
#define _GNU_SOURCE	/* twalk_r, tdestroy */

#include "sandbox/phone.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/memory.h"

enum {
	PHONE_COUNT_MAX = 1 << 18,
	DIGITS_MIN = 3,
	DIGITS_MAX = 15,		/* E.164 */
	SECONDS_MAX = 24 * 60 * 60,
	SECOND_MS = 1000,
};

struct phones {
	void *tree;
	size_t count;
};

struct walk {
	void (*on_phone)(struct phone *phone, void *context);
	void *context;
};

static const char *const manner_names[] = {
	[PHONE_ANSWERS] = "answers",
	[PHONE_BUSY] = "busy",
	[PHONE_SILENT] = "no_answer",
	[PHONE_VOICEMAIL] = "voicemail",
	[PHONE_INVALID] = "invalid",
	[PHONE_REJECTS] = "rejects",
};
_Static_assert(COUNT_OF(manner_names) == PHONE_MANNER_COUNT, "manners");

/* Index: the last two digits; what is not named behaves as the first. */
static const struct phone_behaviour by_digits[] = {
	[1] = { .answer_after_ms = 2000, .talk_for_ms = 8000,
		.answers_from_try = 1 },
	[2] = { .manner = PHONE_BUSY },
	[3] = { .manner = PHONE_SILENT },
	[4] = { .manner = PHONE_VOICEMAIL, .answer_after_ms = 2000,
		.hang_up_after_ms = 15000, .answers_from_try = 1 },
	[5] = { .answer_after_ms = 2000, .hang_up_after_ms = 3000,
		.answers_from_try = 1 },
	[6] = { .manner = PHONE_INVALID },
	[7] = { .answer_after_ms = 2000, .talk_for_ms = 8000,
		.answers_from_try = 2 },
	[8] = { .manner = PHONE_REJECTS, .answer_after_ms = 2000 },
};

static int
address_order(const void *a, const void *b);

static void
on_node(const void *node, VISIT visit, void *arg);

static const char *
behaviour_change(struct phone_behaviour *behaviour, const char *key,
    const json_t *value);

static const char *
keys_read(const json_t *list, struct phone_behaviour *ret_behaviour);

static bool
seconds_read(const json_t *value, int64_t *ret_ms);

struct phones *
phones_new(void)
{
	return memory_new(sizeof(struct phones));
}

void
phones_free(struct phones *phones)
{
	if (phones == NULL)
		return;
	tdestroy(phones->tree, free);
	free(phones);
}

bool
phone_address_read(const char *text, char ret_address[PHONE_ADDRESS_SIZE])
{
	static const char *const schemes[] = { "sip:", "user:", "client:" };
	char digits[DIGITS_MAX + 2] = "+";
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(schemes); i++) {
		size_t length = strlen(schemes[i]);

		if (strncmp(text, schemes[i], length) != 0)
			continue;
		if (text[length] == '\0' ||
		    strlen(text) >= PHONE_ADDRESS_SIZE)
			return false;
		for (const char *at = text; *at != '\0'; at++)
			if (*at <= ' ' || *at > '~' ||
			    strchr("\"<>\\", *at) != NULL)
				return false;
		snprintf(ret_address, PHONE_ADDRESS_SIZE, "%s", text);
		return true;
	}
	if (*text == '+')
		text++;
	for (; *text != '\0'; text++) {
		if (strchr(" -()", *text) != NULL)
			continue;
		if (*text < '0' || *text > '9' || count == DIGITS_MAX)
			return false;
		digits[++count] = *text;
	}
	if (count < DIGITS_MIN)
		return false;
	snprintf(ret_address, PHONE_ADDRESS_SIZE, "%s", digits);
	return true;
}

struct phone *
phones_get(struct phones *phones, const char *address)
{
	struct phone *phone = phones_find(phones, address);

	if (phone != NULL)
		return phone;
	if (phones->count == PHONE_COUNT_MAX)
		return NULL;
	phone = memory_new(sizeof(*phone));
	snprintf(phone->address, sizeof(phone->address), "%s", address);
	phone->behaviour = phone_behaviour_of(address);
	CHECK(tsearch(phone, &phones->tree, address_order) != NULL);
	phones->count++;
	return phone;
}

struct phone *
phones_find(struct phones *phones, const char *address)
{
	struct phone wanted;
	struct phone **found;

	snprintf(wanted.address, sizeof(wanted.address), "%s", address);
	found = tfind(&wanted, &phones->tree, address_order);
	return found == NULL ? NULL : *found;
}

struct phone_behaviour
phone_behaviour_of(const char *address)
{
	size_t length = strlen(address);
	int digits = 1;

	if (address[0] == '+' && length > 2)
		digits = atoi(address + length - 2);
	if (digits < 1 || (size_t)digits >= COUNT_OF(by_digits))
		digits = 1;
	return by_digits[digits];
}

bool
phone_change(struct phone *phone, const json_t *change,
    char ret_error[PHONE_ERROR_SIZE])
{
	struct phone_behaviour behaviour = phone->behaviour;
	const json_t *like = json_object_get(change, "like");
	const char *name = phone->name, *key, *error;
	json_t *value;

	if (!json_is_object(change)) {
		snprintf(ret_error, PHONE_ERROR_SIZE, "an object is wanted");
		return false;
	}
	/* First, wherever it stands: the others change what it brings. */
	if (json_is_string(like) && strlen(json_string_value(like)) == 2) {
		char number[8];

		snprintf(number, sizeof(number), "+%s",
		    json_string_value(like));
		behaviour = phone_behaviour_of(number);
	} else if (like != NULL) {
		snprintf(ret_error, PHONE_ERROR_SIZE,
		    "like: the two last digits of a number, as text");
		return false;
	}
	json_object_foreach((json_t *)(uintptr_t)change, key, value) {
		if (strcmp(key, "like") == 0 || strcmp(key, "number") == 0)
			continue;
		if (strcmp(key, "name") == 0) {
			name = json_string_value(value);
			error = name == NULL ||
			    strlen(name) >= PHONE_NAME_SIZE ?
			    "text of less than 64 bytes" : NULL;
		} else {
			error = behaviour_change(&behaviour, key, value);
		}
		if (error != NULL) {
			snprintf(ret_error, PHONE_ERROR_SIZE, "%.40s: %s", key,
			    error);
			return false;
		}
	}
	memmove(phone->name, name, strlen(name) + 1);
	phone->behaviour = behaviour;
	phone->is_set_up = true;
	return true;
}

json_t *
phone_to_json(const struct phone *phone)
{
	const struct phone_behaviour *does = &phone->behaviour;
	json_t *keys = json_array(), *json;

	for (size_t i = 0; i < does->key_count; i++) {
		char digit[2] = { does->keys[i].digit, '\0' };

		json_array_append_new(keys, json_pack("[f, s]",
		    (double)does->keys[i].after_ms / SECOND_MS, digit));
	}
	json = json_pack("{s:s, s:s, s:s, s:b, s:f, s:f, s:f, s:i, s:o, s:i,"
	    " s:b}",
	    "number", phone->address, "name", phone->name,
	    "does", manner_names[does->manner], "hand", does->is_by_hand,
	    "answer_after", (double)does->answer_after_ms / SECOND_MS,
	    "talk_for", (double)does->talk_for_ms / SECOND_MS,
	    "hang_up_after", (double)does->hang_up_after_ms / SECOND_MS,
	    "answers_from_try", does->answers_from_try, "keys", keys,
	    "rings", phone->ring_count, "in_call", phone->call != NULL);
	CHECK(json != NULL);
	return json;
}

void
phones_walk(struct phones *phones,
    void (*on_phone)(struct phone *phone, void *context), void *context)
{
	struct walk walk = { on_phone, context };

	twalk_r(phones->tree, on_node, &walk);
}

static int
address_order(const void *a, const void *b)
{
	return strcmp(((const struct phone *)a)->address,
	    ((const struct phone *)b)->address);
}

static void
on_node(const void *node, VISIT visit, void *arg)
{
	struct walk *walk = arg;

	if (visit == postorder || visit == leaf)
		walk->on_phone(*(struct phone *const *)node, walk->context);
}

/* NULL, or what was wanted instead. */
static const char *
behaviour_change(struct phone_behaviour *behaviour, const char *key,
    const json_t *value)
{
	static const char seconds[] = "seconds, from 0 to 86400";
	json_int_t number = json_integer_value(value);

	if (strcmp(key, "hand") == 0) {
		behaviour->is_by_hand = json_is_true(value);
		return json_is_boolean(value) ? NULL : "true or false";
	}
	if (strcmp(key, "answer_after") == 0)
		return seconds_read(value, &behaviour->answer_after_ms) ?
		    NULL : seconds;
	if (strcmp(key, "talk_for") == 0)
		return seconds_read(value, &behaviour->talk_for_ms) ? NULL :
		    seconds;
	if (strcmp(key, "hang_up_after") == 0)
		return seconds_read(value, &behaviour->hang_up_after_ms) ?
		    NULL : seconds;
	if (strcmp(key, "answers_from_try") == 0) {
		behaviour->answers_from_try = (int)number;
		return number >= 1 && number <= 100 ? NULL :
		    "a whole number from 1 to 100";
	}
	if (strcmp(key, "keys") == 0)
		return keys_read(value, behaviour);
	if (strcmp(key, "does") == 0 && json_is_string(value))
		for (size_t i = 0; i < COUNT_OF(manner_names); i++)
			if (strcmp(json_string_value(value),
			    manner_names[i]) == 0) {
				behaviour->manner = (enum phone_manner)i;
				if (behaviour->answers_from_try == 0)
					behaviour->answers_from_try = 1;
				return NULL;
			}
	if (strcmp(key, "does") == 0)
		return "answers, busy, no_answer, voicemail, invalid or "
		    "rejects";
	return "no such setting of a phone";
}

static const char *
keys_read(const json_t *list, struct phone_behaviour *ret_behaviour)
{
	static const char wanted[] =
	    "a list of at most 32 pairs (seconds, \"digit\")";
	struct phone_behaviour behaviour = *ret_behaviour;

	if (!json_is_array(list) || json_array_size(list) > PHONE_KEYS_MAX)
		return wanted;
	behaviour.key_count = json_array_size(list);
	for (size_t i = 0; i < behaviour.key_count; i++) {
		const json_t *pair = json_array_get(list, i);
		const char *digit = json_string_value(json_array_get(pair, 1));

		if (json_array_size(pair) != 2 || digit == NULL ||
		    strlen(digit) != 1 ||
		    strchr("0123456789*#", digit[0]) == NULL ||
		    !seconds_read(json_array_get(pair, 0),
		    &behaviour.keys[i].after_ms))
			return wanted;
		behaviour.keys[i].digit = digit[0];
	}
	*ret_behaviour = behaviour;
	return NULL;
}

static bool
seconds_read(const json_t *value, int64_t *ret_ms)
{
	double seconds = json_number_value(value);

	if (!json_is_number(value) || !(seconds >= 0) ||
	    seconds > SECONDS_MAX)
		return false;
	*ret_ms = (int64_t)(seconds * SECOND_MS);
	return true;
}
