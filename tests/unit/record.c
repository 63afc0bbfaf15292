/* SPDX-License-Identifier: MIT */
/* record: records become hash pairs and come back; what cannot be read is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/call.h"
#include "lib/case.h"
#include "lib/check.h"
#include "lib/message.h"
#include "lib/request.h"
#include "lib/specialist.h"

static const enum record_kind kinds[] = { RECORD_REQUEST, RECORD_CALL,
	RECORD_SPECIALIST, RECORD_CASE, RECORD_MESSAGE };

static union {
	struct record head;
	struct request request;
	struct call call;
	struct specialist specialist;
	struct case_file case_file;
	struct message message;
} one, other;

static char texts[RECORD_FIELDS_MAX][VALUE_SIZE];
static struct pair pairs[RECORD_FIELDS_MAX + 3];

/* Fills every field with the longest value it may have. */
static void
fill(const struct field_table *table, void *record)
{
	memset(record, 0, table->struct_size);
	for (size_t i = 0; i < table->count; i++) {
		const struct field *field = &table->fields[i];
		void *at = (char *)record + field->offset;
		struct offer offer = { .number = 99999999,
			.until_ms = 9999999999999, .call = 99999999 };
		struct declined declined = { .until_ms = 9999999999999 };
		struct skill skill = { .level = 9 };
		struct duty duty = { .from_ms = 1, .to_ms = 9999999999999 };

		switch (field->type) {
		case FIELD_TEXT:
			memset(at, 'x', field->size - 1);
			break;
		case FIELD_INT:
			*(int *)at = 1000000000;
			break;
		case FIELD_MOMENT:
			*(int64_t *)at = 9999999999999 + (int64_t)i;
			break;
		case FIELD_BOOL:
			*(bool *)at = true;
			break;
		case FIELD_ENUM:
			*(int *)at = (int)field->name_count - 1;
			break;
		case FIELD_OFFER:
			memset(offer.specialist, 'y', ID_SIZE - 1);
			memcpy(at, &offer, sizeof(offer));
			break;
		case FIELD_DECLINED:
			memset(declined.specialist, 'z', ID_SIZE - 1);
			memcpy(at, &declined, sizeof(declined));
			break;
		case FIELD_SKILL:
			memset(skill.queue, 'q', ID_SIZE - 1);
			memcpy(at, &skill, sizeof(skill));
			break;
		case FIELD_DUTY:
			memset(duty.queue, 'q', ID_SIZE - 1);
			memcpy(at, &duty, sizeof(duty));
			break;
		}
	}
}

static size_t
to_pairs(const struct field_table *table, const void *record)
{
	size_t count = 0;

	pairs[count++] = (struct pair){ "v", 1, "7", 1 };
	pairs[count++] = (struct pair){ "op", 2, "n1.42", 5 };
	pairs[count++] = (struct pair){ "fmt", 3, "1", 1 };
	for (size_t i = 0; i < table->count; i++) {
		record_field_text(&table->fields[i], record, texts[i]);
		if (texts[i][0] == '\0')
			continue;
		pairs[count++] = (struct pair){ table->fields[i].name,
			strlen(table->fields[i].name), texts[i],
			strlen(texts[i]) };
	}
	return count;
}

static void
assert_same(const struct field_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		if (!record_field_equal(&table->fields[i], &one, &other))
			fail_msg("%s", table->fields[i].name);
	}
}

static void
every_field_comes_back(void **state)
{
	const char *why = "";

	(void)state;
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		const struct field_table *table = record_fields(kinds[k]);

		fill(table, &one);
		if (!record_from_pairs(kinds[k], pairs,
		        to_pairs(table, &one), &other, &why))
			fail_msg("%s", why);
		assert_same(table);
		assert_int_equal(other.head.version, 7);
		assert_string_equal(other.head.op, "n1.42");

		memset(&one, 0, sizeof(one));
		assert_true(record_from_pairs(kinds[k], pairs,
		    to_pairs(table, &one), &other, &why));
		assert_same(table);
	}
}

/* One longer value doubles the memory of the whole hash. */
static void
values_are_short(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		const struct field_table *table = record_fields(kinds[k]);

		fill(table, &one);
		to_pairs(table, &one);
		for (size_t i = 0; i < table->count; i++) {
			const char *name = table->fields[i].name;

			if (strcmp(name, "sid") == 0 ||
			    strcmp(name, "leg") == 0 ||
			    strcmp(name, "authorised") == 0 ||
			    strcmp(name, "remembered") == 0)
				continue;
			if (strlen(texts[i]) > 64)
				fail_msg("%s has %zu", name, strlen(texts[i]));
			assert_true(strlen(name) <= 64);
		}
	}
}

static void
names_are_unique(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		const struct field_table *table = record_fields(kinds[k]);

		for (size_t i = 0; i < table->count; i++) {
			assert_string_not_equal(table->fields[i].name, "v");
			assert_string_not_equal(table->fields[i].name, "op");
			assert_string_not_equal(table->fields[i].name, "fmt");
			for (size_t j = 0; j < i; j++)
				assert_string_not_equal(table->fields[i].name,
				    table->fields[j].name);
		}
	}
}

/* Every order of pairs, and names that a newer version has written. */
static void
order_does_not_matter_and_strangers_are_left_alone(void **state)
{
	const struct field_table *table = record_fields(RECORD_CALL);
	const char *why = "";
	size_t count;

	(void)state;
	fill(table, &one);
	count = to_pairs(table, &one);
	for (size_t i = 0; i < count / 2; i++) {
		struct pair pair = pairs[i];

		pairs[i] = pairs[count - 1 - i];
		pairs[count - 1 - i] = pair;
	}
	pairs[count++] = (struct pair){ "colour", 6, "blue", 4 };
	pairs[count++] = (struct pair){ "", 0, "", 0 };
	assert_true(record_from_pairs(RECORD_CALL, pairs, count, &other,
	    &why));
	assert_same(table);
}

static void
what_cannot_be_read_is_named(void **state)
{
	static const struct {
		enum record_kind kind;
		const char *name, *value;
	} cases[] = {
		{ RECORD_REQUEST, "state", "dancing" },
		{ RECORD_REQUEST, "state", "" },
		{ RECORD_REQUEST, "wake_at_ms", "-1" },
		{ RECORD_REQUEST, "wake_at_ms", "" },
		{ RECORD_REQUEST, "wake_at_ms", "-" },
		{ RECORD_REQUEST, "wake_at_ms", "1e3" },
		{ RECORD_REQUEST, "wake_at_ms", " 1" },
		{ RECORD_REQUEST, "wake_at_ms", "1234567890123456789" },
		{ RECORD_REQUEST, "calls", "-1" },
		{ RECORD_REQUEST, "calls", "1000000001" },
		{ RECORD_REQUEST, "calls", "0x10" },
		{ RECORD_REQUEST, "missed", "2" },
		{ RECORD_REQUEST, "missed", "yes" },
		{ RECORD_REQUEST, "number", "12345678" },
		{ RECORD_REQUEST, "phone", "+7916123456789012" },
		{ RECORD_REQUEST, "offer1", "anna" },
		{ RECORD_REQUEST, "offer1", "anna 1 2" },
		{ RECORD_REQUEST, "offer1", "anna 1 2 3 4" },
		{ RECORD_REQUEST, "offer1", "anna 1 2 3 " },
		{ RECORD_REQUEST, "offer1", " anna 1 2 3" },
		{ RECORD_REQUEST, "offer1", "anna  1 2 3" },
		{ RECORD_REQUEST, "offer1", "anna -1 2 3" },
		{ RECORD_REQUEST, "declined1", "anna" },
		{ RECORD_REQUEST, "declined1", "anna x" },
		{ RECORD_REQUEST, "declined1", "" },
		{ RECORD_SPECIALIST, "skill1", "cards" },
		{ RECORD_SPECIALIST, "skill1", "cards 10" },
		{ RECORD_SPECIALIST, "skill1", "cards 99999999999" },
		{ RECORD_SPECIALIST, "status", "asleep" },
		{ RECORD_CALL, "progress", "6" },
		{ RECORD_CASE, "requests", "" },
		{ RECORD_CASE, "v", "0" },
		{ RECORD_CASE, "v", "-3" },
		{ RECORD_CASE, "v", "one" },
		{ RECORD_CASE, "op", "123456789012345678901234" },
		{ RECORD_CASE, "fmt", "2" },
		{ RECORD_CASE, "fmt", "0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *why = NULL;
		struct pair two[2] = { { "v", 1, "1", 1 },
			{ cases[i].name, strlen(cases[i].name),
			    cases[i].value, strlen(cases[i].value) } };

		if (record_from_pairs(cases[i].kind, two, 2, &other, &why))
			fail_msg("%s=%s", cases[i].name, cases[i].value);
		assert_string_equal(why, cases[i].name);
	}
}

static void
a_nul_inside_is_refused_and_no_end_is_needed(void **state)
{
	const char *why = "";
	struct pair two[2] = { { "v", 1, "1", 1 },
		{ "nameX", 4, "Vera\0X", 6 } };

	(void)state;
	assert_false(record_from_pairs(RECORD_REQUEST, two, 2, &other, &why));
	two[1].value_length = 4;
	assert_true(record_from_pairs(RECORD_REQUEST, two, 2, &other, &why));
	assert_string_equal(other.request.name, "Vera");
	/* A record without a version does not exist. */
	assert_false(record_from_pairs(RECORD_REQUEST, two + 1, 1, &other,
	    &why));
	assert_string_equal(why, "v");
	assert_false(record_from_pairs(RECORD_REQUEST, NULL, 0, &other, &why));
}

/* Bytes of chance are read or refused, never anything else. */
static void
any_bytes_are_survived(void **state)
{
	unsigned chance = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		enum record_kind kind = kinds[(unsigned)round % 4];
		const struct field_table *table = record_fields(kind);
		const struct field *field;
		char *bytes = malloc(40);
		size_t length = chance % 40;
		const char *why = NULL;
		struct pair two[2] = { { "v", 1, "1", 1 }, { 0 } };

		assert_non_null(bytes);
		for (size_t i = 0; i < length; i++) {
			chance = chance * 1103515245 + 12345;
			bytes[i] = " -0123456789anx\0\xff"[chance >> 16 & 15];
		}
		chance = chance * 1103515245 + 12345;
		field = &table->fields[(chance >> 16) % table->count];
		two[1] = (struct pair){ field->name, strlen(field->name),
			bytes, length };
		if (!record_from_pairs(kind, two, 2, &other, &why))
			assert_string_equal(why, field->name);
		free(bytes);
	}
}

static void
keys_come_back(void **state)
{
	static const char *const right[] = { "request:r1", "call:r1.1",
		"call:r.1.12", "specialist:anna", "case:123456",
		"request:12345678901234567890123",
		"call:12345678901234567890123.1000000",
		"specialist:1234567890123456789012345678901" };
	static const char *const wrong[] = { "", "request", "request:",
		"call:r1", "call:r1.", "call:r1.0", "call:r1.-1", "call:.1",
		"call:r1.x", "call:r1.1 ", "messages:r1", "Request:r1",
		"request:123456789012345678901234", "case:12345678",
		"call:123456789012345678901234.1",
		"specialist:12345678901234567890123456789012" };
	struct record_ref ref;
	char key[KEY_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(right); i++) {
		if (!record_ref_parse(right[i], strlen(right[i]), &ref))
			fail_msg("%s", right[i]);
		record_key(&ref, key);
		assert_string_equal(key, right[i]);
	}
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		if (record_ref_parse(wrong[i], strlen(wrong[i]), &ref))
			fail_msg("%s", wrong[i]);
	}
	assert_false(record_ref_parse("request:a\0b", 11, &ref));
	ref = record_ref_call("r1", 2);
	assert_true(record_ref_parse("call:r1.2xxx", 9, &ref));
	assert_true(record_ref_equal(&ref, &(struct record_ref){
	    RECORD_CALL, "r1", 2 }));
	assert_false(record_ref_equal(&ref, &(struct record_ref){
	    RECORD_CALL, "r1", 1 }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_comes_back),
		cmocka_unit_test(values_are_short),
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(
		    order_does_not_matter_and_strangers_are_left_alone),
		cmocka_unit_test(what_cannot_be_read_is_named),
		cmocka_unit_test(
		    a_nul_inside_is_refused_and_no_end_is_needed),
		cmocka_unit_test(any_bytes_are_survived),
		cmocka_unit_test(keys_come_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
