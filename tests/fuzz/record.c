/* SPDX-License-Identifier: MIT */
/*
 * record: its kind, a line; its key, a line; then a line per field, "name value".
 * What can be read is the same after it was written.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/call.h"
#include "lib/case.h"
#include "lib/message.h"
#include "lib/record.h"
#include "lib/request.h"
#include "lib/specialist.h"
#include "tests/fuzz/fuzz.h"

enum { LINES_MAX = 96 };

union any {
	struct request request;
	struct call call;
	struct specialist specialist;
	struct case_file case_file;
	struct message message;
};

static void
check_same(enum record_kind kind, const union any *record)
{
	const struct field_table *table = record_fields(kind);
	static char texts[RECORD_FIELDS_MAX][VALUE_SIZE];
	struct pair pairs[RECORD_FIELDS_MAX + 1] = { { "v", 1, "1", 1 } };
	static union any again;
	const char *why;
	size_t count = 1;

	CHECK(table->count <= RECORD_FIELDS_MAX);
	CHECK(table->struct_size <= sizeof(again));
	for (size_t i = 0; i < table->count; i++) {
		const struct field *field = &table->fields[i];

		record_field_text(field, record, texts[i]);
		/* What is empty is not kept. */
		if (texts[i][0] == '\0')
			continue;
		pairs[count++] = (struct pair){ field->name, strlen(field->name),
			texts[i], strlen(texts[i]) };
	}
	memset(&again, 0, sizeof(again));
	CHECK(record_from_pairs(kind, pairs, count, &again, &why));
	for (size_t i = 0; i < table->count; i++)
		CHECK(record_field_equal(&table->fields[i], record, &again));
}

static void
check_key(const char *key)
{
	struct record_ref ref, again;
	char text[KEY_SIZE];

	if (!record_ref_parse(key, strlen(key), &ref))
		return;
	record_key(&ref, text);
	CHECK(record_ref_parse(text, strlen(text), &again));
	CHECK(record_ref_equal(&ref, &again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	size_t kind = 1 + fuzz_number(&input, RECORD_COUNT - 1);
	struct pair pairs[LINES_MAX];
	static union any record;
	const char *why = NULL;
	size_t count = 0;

	check_key(fuzz_line(&input));
	while (input.at < input.end && count < LINES_MAX) {
		const char *line = fuzz_line(&input);
		size_t name = strcspn(line, " ");
		size_t skip = name + (line[name] == ' ');

		pairs[count++] = (struct pair){ line, name, line + skip,
			strlen(line + skip) };
	}
	memset(&record, 0, sizeof(record));
	if (record_from_pairs((enum record_kind)kind, pairs, count, &record,
	        &why))
		check_same((enum record_kind)kind, &record);
	else
		CHECK(why != NULL);
	fuzz_end(&input);
	return 0;
}
