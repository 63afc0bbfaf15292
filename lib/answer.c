/* SPDX-License-Identifier: MIT */
/*
 * answer: written by hand rather than by a JSON library, because every commit
 * writes one: the keys are fixed, and only their values need escaping.
 */
#include "lib/answer.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"

struct line {
	char  *text;
	size_t length, size;
};

static void put_bytes(struct line *line, const char *bytes, size_t length);
static void put(struct line *line, const char *text);
static void put_string(struct line *line, const char *text);
static void put_field(struct line *line, const char *name, const char *value);
static void put_moment(struct line *line, const char *name, int64_t at_s);
static void put_span(struct line *line, const char *name, int64_t from_s,
    int64_t to_s);

char *
answer_live(const struct answer *answer)
{
	struct line line = { 0 };

	put(&line, "{\"v\":1");
	put_field(&line, "id", answer->id);
	put_field(&line, "state", answer->state);
	put_field(&line, "number", answer->number);
	put_field(&line, "queue", answer->queue);
	put_span(&line, "expect", answer->expect_from_s, answer->expect_to_s);
	put_span(&line, "slot", answer->slot_from_s, answer->slot_to_s);
	put_moment(&line, "promise", answer->promise_s);
	if (answer->is_late)
		put(&line, ",\"late\":true");
	put_field(&line, "why", answer->why);
	put_field(&line, "caller_id", answer->caller_id);
	put(&line, ",\"warnings\":");
	put(&line, answer->warnings_json != NULL ? answer->warnings_json : "[]");
	put(&line, "}");
	return line.text;
}

char *
answer_rejected(const struct intake *intake)
{
	struct line line = { 0 };

	put(&line, "{\"v\":1");
	put_field(&line, "id", intake->id[0] != '\0' ? intake->id : NULL);
	put(&line, ",\"state\":\"rejected\",\"errors\":[");
	for (size_t i = 0; i < intake->error_count; i++) {
		const struct intake_note *note = &intake->errors[i];

		put(&line, i > 0 ? ",{\"code\":" : "{\"code\":");
		put_string(&line, note->code);
		put_field(&line, "pointer", note->pointer);
		put_field(&line, "text", note->text);
		put(&line, "}");
	}
	put(&line, "]}");
	return line.text;
}

char *
answer_warnings(const char *said)
{
	json_t *root = json_loads(said, 0, NULL);
	json_t *warnings = json_object_get(root, "warnings");
	char *text = NULL;

	if (json_array_size(warnings) > 0)
		text = json_dumps(warnings, JSON_COMPACT);
	json_decref(root);
	return text;
}

static void
put_bytes(struct line *line, const char *bytes, size_t length)
{
	if (line->length + length >= line->size) {
		line->size = 2 * (line->length + length) + 256;
		line->text = realloc(line->text, line->size);
		CHECK(line->text != NULL);
	}
	memcpy(line->text + line->length, bytes, length);
	line->length += length;
	line->text[line->length] = '\0';
}

static void
put(struct line *line, const char *text)
{
	put_bytes(line, text, strlen(text));
}

static void
put_string(struct line *line, const char *text)
{
	char escaped[8];

	put(line, "\"");
	while (*text != '\0') {
		size_t plain = 0;

		while ((unsigned char)text[plain] >= 0x20 &&
		    text[plain] != '"' && text[plain] != '\\')
			plain++;
		put_bytes(line, text, plain);
		text += plain;
		if (*text == '\0')
			break;
		snprintf(escaped, sizeof(escaped), "\\u%04x",
		    (unsigned int)(unsigned char)*text);
		put(line, *text == '"' ? "\\\"" : *text == '\\' ? "\\\\" :
		    escaped);
		text++;
	}
	put(line, "\"");
}

static void
put_field(struct line *line, const char *name, const char *value)
{
	if (value == NULL)
		return;
	put(line, ",\"");
	put(line, name);
	put(line, "\":");
	put_string(line, value);
}

static void
put_moment(struct line *line, const char *name, int64_t at_s)
{
	char text[64];

	if (at_s == 0)
		return;
	snprintf(text, sizeof(text), ",\"%s\":%" PRId64, name, at_s);
	put(line, text);
}

static void
put_span(struct line *line, const char *name, int64_t from_s, int64_t to_s)
{
	char text[80];

	if (from_s == 0 || to_s == 0)
		return;
	snprintf(text, sizeof(text), ",\"%s\":[%" PRId64 ",%" PRId64 "]", name,
	    from_s, to_s);
	put(line, text);
}
