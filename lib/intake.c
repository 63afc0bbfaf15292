/* SPDX-License-Identifier: MIT */
/* intake: the member as a whole, its head (v, op, id), and the moment. */
#include "lib/intake.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/check.h"
#include "lib/intake_internal.h"
#include "lib/note.h"
#include "lib/text.h"

enum {
	/* Up to here a member that is too large is still searched for its id,
	 * so that its sender gets an answer. */
	MEMBER_SEARCHED_MAX = 4 * INTAKE_MEMBER_MAX,
	ID_LENGTH_MIN = 8,
	ID_LENGTH_MAX = 64,
};

#define PAST_WARNED_MS (60 * INTAKE_SECOND_MS)
#define PAST_MAX_MS (24 * INTAKE_HOUR_MS)
#define AHEAD_MAX_MS (30 * 24 * INTAKE_HOUR_MS)

static json_t *member_parse(struct intake *intake, const char *member,
    size_t length);
static void say_invalid(struct intake *intake, const json_error_t *error);
static void read_language(struct reading *reading);
static void read_id(struct reading *reading);
static void read_version(struct reading *reading);
static void read_op(struct reading *reading);
static void read_score(struct reading *reading, const char *score);
static void said_finish(struct reading *reading);

void
intake_read(const struct policy *policy, const char *member, size_t length,
    const char *score, int64_t now_ms, struct intake *ret_intake)
{
	struct reading reading = {
		.policy = policy,
		.now_ms = now_ms,
		.intake = ret_intake,
	};

	*ret_intake = (struct intake){ .is_accepted = true };
	text_copy(ret_intake->locale, sizeof(ret_intake->locale),
	    policy->language);
	reading.member = member_parse(ret_intake, member, length);
	if (reading.member == NULL)
		return;
	reading.said = json_object();
	CHECK(reading.said != NULL);
	intake_keep(reading.said, "v", json_integer(1));
	read_language(&reading);
	read_version(&reading);
	read_op(&reading);
	read_id(&reading);
	if (ret_intake->op == INTAKE_ASK && ret_intake->is_accepted)
		intake_read_ask(&reading);
	if (ret_intake->op != INTAKE_CANCEL)
		read_score(&reading, score);
	if (ret_intake->is_accepted)
		said_finish(&reading);
	json_decref(reading.said);
	json_decref(reading.member);
}

void
intake_refuse(struct intake *intake, const char *code, const char *pointer)
{
	enum note note = note_by_code(code);

	CHECK(note < NOTE_COUNT);
	note_error(intake, note, pointer, NULL);
}

void
intake_fini(struct intake *intake)
{
	free(intake->said);
	intake->said = NULL;
}

bool
intake_is_language(const char *locale, const char *language)
{
	size_t length = strcspn(locale, "-_");

	return length == strlen(language) &&
	    strncasecmp(locale, language, length) == 0;
}

json_t *
intake_field(const json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	return json_is_null(value) ? NULL : value;
}

void
intake_keep(json_t *object, const char *name, json_t *take_value)
{
	int failed = json_object_set_new(object, name, take_value);

	CHECK(failed == 0);
}

/* The member as an object of the caller's. Also of refused members, if their
 * id can be read from it; NULL if not. */
static json_t *
member_parse(struct intake *intake, const char *member, size_t length)
{
	json_error_t error;
	json_t *root;

	if (length > INTAKE_MEMBER_MAX)
		note_error(intake, NOTE_JSON_TOO_LARGE, "", NULL);
	if (length > MEMBER_SEARCHED_MAX)
		return NULL;
	root = json_loadb(member, length, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL && intake->is_accepted)
		say_invalid(intake, &error);
	if (root == NULL && json_error_code(&error) == json_error_duplicate_key)
		root = json_loadb(member, length, 0, &error);
	if (root == NULL || json_is_object(root))
		return root;
	if (intake->is_accepted)
		note_error(intake, NOTE_JSON_NO_OBJECT, "", NULL);
	json_decref(root);
	return NULL;
}

static void
say_invalid(struct intake *intake, const json_error_t *error)
{
	enum note note = json_error_code(error) == json_error_duplicate_key ?
	    NOTE_JSON_TWICE : NOTE_JSON_INVALID;
	char line[16], column[16];

	snprintf(line, sizeof(line), "%d", error->line);
	snprintf(column, sizeof(column), "%d", error->column);
	note_error(intake, note, "", (const char *[]){ line, column, NULL });
}

/* The notes are written in the visitor's language, so it comes before them;
 * whether the field is in order is looked at later. */
static void
read_language(struct reading *reading)
{
	static const char *const languages[] = { "en", "ru" };
	const char *locale =
	    json_string_value(intake_field(reading->member, "locale"));

	for (size_t i = 0; locale != NULL && i < COUNT_OF(languages); i++)
		if (intake_is_language(locale, languages[i]))
			text_copy(reading->intake->locale,
			    sizeof(reading->intake->locale), languages[i]);
}

static void
read_version(struct reading *reading)
{
	json_t *value = intake_field(reading->member, "v");

	if (value != NULL && !json_is_integer(value))
		note_error(reading->intake, NOTE_NEED_WHOLE, "/v", NULL);
	else if (value != NULL && json_integer_value(value) != 1)
		note_error(reading->intake, NOTE_VERSION_UNKNOWN, "/v", NULL);
}

static void
read_op(struct reading *reading)
{
	json_t *value = intake_field(reading->member, "op");
	const char *op = json_string_value(value);

	if (value == NULL)
		return;
	if (op == NULL)
		note_error(reading->intake, NOTE_NEED_TEXT, "/op", NULL);
	else if (strcmp(op, "cancel") == 0)
		reading->intake->op = INTAKE_CANCEL;
	else if (strcmp(op, "move") == 0)
		reading->intake->op = INTAKE_MOVE;
	else if (strcmp(op, "ask") != 0)
		note_error(reading->intake, NOTE_NEED_OP, "/op", NULL);
	if (reading->intake->op != INTAKE_ASK)
		intake_keep(reading->said, "op", json_string(op));
}

static void
read_id(struct reading *reading)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
	struct intake *intake = reading->intake;
	json_t *value = intake_field(reading->member, "id");
	const char *id = json_string_value(value);
	size_t length;

	if (value != NULL && id == NULL) {
		note_error(intake, NOTE_NEED_TEXT, "/id", NULL);
		return;
	}
	length = id != NULL ? strlen(id) : 0;
	if (length == 0) {
		if (intake->op != INTAKE_ASK)
			note_error(intake, NOTE_ID_MISSING, "/id", NULL);
	} else if (text_length(id) > ID_LENGTH_MAX) {
		note_error(intake, NOTE_TOO_LONG, "/id",
		    (const char *[]){ "64", NULL, NULL });
	} else if (length < ID_LENGTH_MIN || strspn(id, letters) != length) {
		note_error(intake, NOTE_NEED_ID, "/id", NULL);
	} else {
		text_copy(intake->id, sizeof(intake->id), id);
		intake_keep(reading->said, "id", json_string(id));
	}
}

/* Redis stores anything as a score, the year 58862 and infinity included. */
static void
read_score(struct reading *reading, const char *score)
{
	struct intake *intake = reading->intake;
	double seconds;
	int64_t at_ms;
	char *end;

	if (score == NULL || *score == '\0')
		return;
	seconds = strtod(score, &end);
	if (*end != '\0' || !isfinite(seconds)) {
		note_error(intake, NOTE_TIME_INVALID, "", NULL);
		return;
	}
	if (seconds > INTAKE_SECONDS_MAX) {
		note_error(intake, NOTE_TIME_MILLISECONDS, "", NULL);
		return;
	}
	if (seconds == 0)
		return;
	if (seconds < 0)
		seconds = 0;
	at_ms = (int64_t)(seconds * 1000);
	if (at_ms < reading->now_ms - PAST_MAX_MS)
		note_error(intake, NOTE_TIME_PAST, "", NULL);
	else if (at_ms > reading->now_ms + AHEAD_MAX_MS)
		note_error(intake, NOTE_TIME_FAR, "", NULL);
	else if (at_ms < reading->now_ms - PAST_WARNED_MS)
		note_warning(intake, NOTE_TIME_NOW, "", NULL);
	else if (at_ms > reading->now_ms)
		intake->at_ms = at_ms;
}

/* The warnings come last, so that a reader sees the request first. */
static void
said_finish(struct reading *reading)
{
	struct intake *intake = reading->intake;
	json_t *warnings = json_array();

	for (size_t i = 0; i < intake->warning_count; i++) {
		const struct intake_note *note = &intake->warnings[i];
		int failed = json_array_append_new(warnings,
		    json_pack("{s:s, s:s, s:s}", "code", note->code, "pointer",
		    note->pointer, "text", note->text));

		CHECK(failed == 0);
	}
	intake_keep(reading->said, "warnings", warnings);
	intake->said = json_dumps(reading->said, JSON_COMPACT);
	CHECK(intake->said != NULL);
}
