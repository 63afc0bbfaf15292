/* SPDX-License-Identifier: MIT */
/*
 * intake_ask: the fields of a request, one function each, in the order in which
 * docs/redis.md lists them. A doubt costs a warning; only what nobody could act
 * upon costs the request.
 */
#include "lib/intake_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"
#include "lib/note.h"
#include "lib/text.h"

enum {
	DATA_SIZE_MAX = 4096,
	DATA_DEPTH_MAX = 3,
	POINTER_SIZE = 64,
};

#define WAITED_MAX_MS (4 * INTAKE_HOUR_MS)
#define CLOCK_SKEW_MS (60 * INTAKE_SECOND_MS)

static const char *const field_names[] = {
	"v", "op", "id", "phone", "name", "note", "topic", "locale", "tz",
	"sms", "consent", "page", "case", "specialist", "waiting_since", "data",
};

/* Where a field is read from and kept: the member or an object inside it. */
struct place {
	const char *pointer;    /* of the object: "" or "/consent" */
	json_t *from, *to;
};

static void read_phone(struct reading *reading, const struct place *place);
static void read_topic(struct reading *reading, const struct place *place);
static void read_locale(struct reading *reading, const struct place *place);
static void read_zone(struct reading *reading, const struct place *place);
static void read_sms(struct reading *reading, const struct place *place);
static void read_consent(struct reading *reading, const struct place *place);
static void read_case(struct reading *reading, const struct place *place);
static void read_specialist(struct reading *reading,
    const struct place *place);
static void read_waiting_since(struct reading *reading,
    const struct place *place);
static void read_data(struct reading *reading, const struct place *place);
static void read_unknown(struct reading *reading, const struct place *place);
static const char *read_text(struct reading *reading,
    const struct place *place, const char *name, size_t length_max);
static bool read_number(struct reading *reading, const struct place *place,
    const char *name, double *ret_seconds);
static const char *name_near_phone(const struct place *place);
static const char *nearest_field(const char *name);
static bool is_field(const char *name);
static bool is_shallow(const json_t *value, int levels);
static bool is_zone(const char *zone);
static void pointer_to(const char *parent, const char *name,
    char ret_pointer[POINTER_SIZE]);

void
intake_read_ask(struct reading *reading)
{
	struct place top = { "", reading->member, reading->said };

	read_phone(reading, &top);
	text_copy(reading->intake->name, sizeof(reading->intake->name),
	    read_text(reading, &top, "name", 80));
	read_text(reading, &top, "note", 1000);
	read_topic(reading, &top);
	read_locale(reading, &top);
	read_zone(reading, &top);
	read_sms(reading, &top);
	read_consent(reading, &top);
	read_text(reading, &top, "page", 500);
	read_case(reading, &top);
	read_specialist(reading, &top);
	read_waiting_since(reading, &top);
	read_data(reading, &top);
	read_unknown(reading, &top);
}

static void
read_phone(struct reading *reading, const struct place *place)
{
	static const enum note notes[PHONE_REASON_COUNT] = {
		[PHONE_MISSING] = NOTE_PHONE_MISSING,
		[PHONE_NO_NUMBER] = NOTE_PHONE_NO_NUMBER,
		[PHONE_TOO_SHORT] = NOTE_PHONE_SHORT,
		[PHONE_TOO_LONG] = NOTE_PHONE_LONG,
		[PHONE_WRONG_LENGTH] = NOTE_PHONE_LENGTH,
		[PHONE_OWN] = NOTE_PHONE_NOT_ACCEPTED,
		[PHONE_COUNTRY] = NOTE_PHONE_NOT_ACCEPTED,
		[PHONE_COSTLY] = NOTE_PHONE_NOT_ACCEPTED,
		[PHONE_SPECIAL] = NOTE_PHONE_NOT_ACCEPTED,
		[PHONE_SERVICE] = NOTE_PHONE_NOT_ACCEPTED,
		[PHONE_NO_COUNTRY] = NOTE_PHONE_NOT_ACCEPTED,
		[PHONE_PREFIX] = NOTE_PHONE_NOT_ACCEPTED,
	};
	struct intake *intake = reading->intake;
	size_t error_count = intake->error_count;
	const char *text = read_text(reading, place, "phone", 40);
	const char *instead = text[0] == '\0' ? name_near_phone(place) : NULL;

	if (intake->error_count > error_count)
		return;
	if (instead != NULL) {
		note_error(intake, NOTE_PHONE_MISSPELT, "/phone",
		    (const char *[]){ instead, NULL, NULL });
		return;
	}
	phone_read(text, reading->policy, &intake->phone);
	if (intake->phone.verdict == PHONE_REFUSED)
		note_error(intake, notes[intake->phone.reason], "/phone", NULL);
}

/* A typo never costs a customer: the default queue, and a warning. A queue that
 * websites may not name is not given away by being treated otherwise. */
static void
read_topic(struct reading *reading, const struct place *place)
{
	struct intake *intake = reading->intake;
	const char *topic = read_text(reading, place, "topic", 32);
	const struct policy *policy = reading->policy;
	const struct queue_policy *queue = policy_queue(policy, topic);
	const char *meant = NULL;
	size_t best = SIZE_MAX;

	if (queue == NULL || !queue->is_public) {
		queue = policy_default_queue(policy);
		CHECK(queue != NULL);
		for (size_t i = 0; i < policy->queue_count; i++)
			if (policy->queues[i].is_public && text_is_nearer(topic,
			    policy->queues[i].id, &best))
				meant = policy->queues[i].id;
		if (topic[0] != '\0' && meant != NULL)
			note_warning(intake, NOTE_TOPIC_MISSPELT, "/topic",
			    (const char *[]){ topic, meant, queue->id });
		else if (topic[0] != '\0')
			note_warning(intake, NOTE_TOPIC_UNKNOWN, "/topic",
			    (const char *[]){ topic, queue->id, NULL });
	}
	text_copy(intake->queue, sizeof(intake->queue), queue->id);
}

/* What language it is was read before (intake->locale). */
static void
read_locale(struct reading *reading, const struct place *place)
{
	struct intake *intake = reading->intake;
	const char *locale = read_text(reading, place, "locale", 35);

	if (locale[0] != '\0' && !intake_is_language(locale, intake->locale))
		note_warning(intake, NOTE_LOCALE_UNKNOWN, "/locale",
		    (const char *[]){ locale, intake->locale, NULL });
}

static void
read_zone(struct reading *reading, const struct place *place)
{
	struct intake *intake = reading->intake;
	const char *zone = read_text(reading, place, "tz", 63);

	if (is_zone(zone))
		text_copy(intake->zone, sizeof(intake->zone), zone);
	else if (zone[0] != '\0')
		note_warning(intake, NOTE_ZONE_UNKNOWN, "/tz",
		    (const char *[]){ zone, reading->policy->zone, NULL });
}

static void
read_sms(struct reading *reading, const struct place *place)
{
	json_t *value = intake_field(place->from, "sms");

	if (value == NULL)
		return;
	if (!json_is_boolean(value)) {
		note_error(reading->intake, NOTE_NEED_BOOLEAN, "/sms", NULL);
		return;
	}
	reading->intake->may_text = json_is_true(value);
	intake_keep(place->to, "sms", json_boolean(json_is_true(value)));
}

/* It is evidence, so names that we do not know are kept with it as they are. */
static void
read_consent(struct reading *reading, const struct place *place)
{
	struct intake *intake = reading->intake;
	json_t *value = intake_field(place->from, "consent"), *other;
	struct place consent = { "/consent", value, NULL };
	const char *version = "", *text = "", *name;
	size_t error_count = intake->error_count;
	double at_s;

	if (value != NULL && !json_is_object(value)) {
		note_error(intake, NOTE_NEED_OBJECT, "/consent", NULL);
		return;
	}
	if (value != NULL) {
		consent.to = json_object();
		intake_keep(place->to, "consent", consent.to);
		json_object_foreach(value, name, other)
			if (is_shallow(other, 1))
				json_object_set(consent.to, name, other);
		version = read_text(reading, &consent, "version", 40);
		text = read_text(reading, &consent, "text", 2000);
		read_number(reading, &consent, "at", &at_s);
		text_copy(intake->address, sizeof(intake->address),
		    read_text(reading, &consent, "ip", 45));
	}
	if (reading->policy->consent_required && version[0] == '\0' &&
	    text[0] == '\0' && intake->error_count == error_count)
		note_error(intake, NOTE_CONSENT_MISSING, "/consent", NULL);
}

/* The number becomes part of a key: digits, or nothing. */
static void
read_case(struct reading *reading, const struct place *place)
{
	struct intake *intake = reading->intake;
	const char *number = read_text(reading, place, "case", 12);

	if (number[strspn(number, "0123456789")] == '\0')
		text_copy(intake->case_number, sizeof(intake->case_number),
		    number);
	else
		note_warning(intake, NOTE_CASE_UNKNOWN, "/case", NULL);
}

/* A wish, never a condition. */
static void
read_specialist(struct reading *reading, const struct place *place)
{
	struct intake *intake = reading->intake;
	const char *id = read_text(reading, place, "specialist", 32);

	if (policy_specialist(reading->policy, id) != NULL)
		text_copy(intake->wished, sizeof(intake->wished), id);
	else if (id[0] != '\0')
		note_warning(intake, NOTE_SPECIALIST_UNKNOWN, "/specialist",
		    NULL);
}

static void
read_waiting_since(struct reading *reading, const struct place *place)
{
	struct intake *intake = reading->intake;
	int64_t now_ms = reading->now_ms, since_ms;
	double seconds;

	if (!read_number(reading, place, "waiting_since", &seconds))
		return;
	since_ms = (int64_t)(seconds * INTAKE_SECOND_MS);
	if (since_ms < now_ms - WAITED_MAX_MS)
		note_error(intake, NOTE_TIME_PAST, "/waiting_since", NULL);
	else if (since_ms > now_ms + CLOCK_SKEW_MS)
		note_error(intake, NOTE_TIME_FAR, "/waiting_since", NULL);
	else
		intake->waiting_since_ms = since_ms < now_ms ? since_ms : now_ms;
}

static void
read_data(struct reading *reading, const struct place *place)
{
	struct intake *intake = reading->intake;
	json_t *value = intake_field(place->from, "data");

	if (value == NULL)
		return;
	/* The depth first: writing out what is too deep is work for nothing. */
	if (!json_is_object(value))
		note_error(intake, NOTE_NEED_OBJECT, "/data", NULL);
	else if (!is_shallow(value, DATA_DEPTH_MAX))
		note_error(intake, NOTE_TOO_DEEP, "/data", NULL);
	else if (json_dumpb(value, NULL, 0, JSON_COMPACT) > DATA_SIZE_MAX)
		note_error(intake, NOTE_DATA_TOO_LONG, "/data", NULL);
	else
		intake_keep(place->to, "data", json_copy(value));
}

/* Whatever the website sent besides is the website's data; its own data goes
 * before a name that stands in both. */
static void
read_unknown(struct reading *reading, const struct place *place)
{
	json_t *data = json_object_get(place->to, "data"), *value;
	const char *name;

	json_object_foreach(place->from, name, value) {
		const char *meant;
		enum note note;
		char pointer[POINTER_SIZE];

		if (is_field(name))
			continue;
		meant = nearest_field(name);
		note = meant != NULL ? NOTE_FIELD_MISSPELT :
		    NOTE_FIELD_UNKNOWN;
		if (data == NULL) {
			data = json_object();
			intake_keep(place->to, "data", data);
		}
		if (is_shallow(value, DATA_DEPTH_MAX - 1) &&
		    json_object_get(data, name) == NULL)
			intake_keep(data, name, json_incref(value));
		else
			note = NOTE_FIELD_DROPPED;
		pointer_to(place->pointer, name, pointer);
		note_warning(reading->intake, note, pointer,
		    (const char *[]){ name, meant, NULL });
	}
}

/* A string field without its control characters, as kept in place->to; "" if
 * there is none, or it is in error. */
static const char *
read_text(struct reading *reading, const struct place *place,
    const char *name, size_t length_max)
{
	json_t *value = intake_field(place->from, name);
	const char *text = json_string_value(value);
	bool has_lines = strcmp(name, "note") == 0 || strcmp(name, "text") == 0;
	char pointer[POINTER_SIZE], digits[24], *cleaned;

	if (value == NULL)
		return "";
	pointer_to(place->pointer, name, pointer);
	if (text == NULL) {
		note_error(reading->intake, NOTE_NEED_TEXT, pointer, NULL);
		return "";
	}
	if (text_length(text) > length_max) {
		snprintf(digits, sizeof(digits), "%zu", length_max);
		note_error(reading->intake, NOTE_TOO_LONG, pointer,
		    (const char *[]){ digits, NULL, NULL });
		return "";
	}
	cleaned = strdup(text);
	CHECK(cleaned != NULL);
	text_clean(cleaned, has_lines);
	intake_keep(place->to, name, json_string(cleaned));
	free(cleaned);
	return json_string_value(json_object_get(place->to, name));
}

/* An instant in Unix seconds; languages differ in whether theirs has a
 * fraction, so it may have one. False: there is none, or it is in error. */
static bool
read_number(struct reading *reading, const struct place *place,
    const char *name, double *ret_seconds)
{
	json_t *value = intake_field(place->from, name);
	char pointer[POINTER_SIZE];
	double seconds;

	if (value == NULL)
		return false;
	pointer_to(place->pointer, name, pointer);
	seconds = json_number_value(value);
	if (!json_is_number(value) || seconds < 0) {
		note_error(reading->intake, NOTE_NEED_SECONDS, pointer, NULL);
		return false;
	}
	if (seconds > INTAKE_SECONDS_MAX) {
		note_error(reading->intake, NOTE_TIME_MILLISECONDS, pointer,
		    NULL);
		return false;
	}
	intake_keep(place->to, name, json_integer((json_int_t)seconds));
	*ret_seconds = seconds;
	return true;
}

static const char *
name_near_phone(const struct place *place)
{
	json_t *value;
	const char *name;

	json_object_foreach(place->from, name, value) {
		const char *meant = is_field(name) ? NULL :
		    nearest_field(name);

		if (meant != NULL && strcmp(meant, "phone") == 0)
			return name;
	}
	return NULL;
}

static const char *
nearest_field(const char *name)
{
	const char *nearest = NULL;
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < COUNT_OF(field_names); i++)
		if (text_is_nearer(name, field_names[i], &best))
			nearest = field_names[i];
	return nearest;
}

static bool
is_field(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(field_names); i++)
		if (strcmp(field_names[i], name) == 0)
			return true;
	return false;
}

/* Objects and arrays within each other, at most that many. */
static bool
is_shallow(const json_t *value, int levels)
{
	bool is_array = json_is_array(value);
	const char *name;
	json_t *inner;
	size_t i;

	if (!is_array && !json_is_object(value))
		return true;
	if (levels == 0)
		return false;
	if (is_array) {
		json_array_foreach(value, i, inner)
			if (!is_shallow(inner, levels - 1))
				return false;
		return true;
	}
	json_object_foreach((json_t *)value, name, inner)
		if (!is_shallow(inner, levels - 1))
			return false;
	return true;
}

/* The form of an IANA name; which zones exist is not known here. */
static bool
is_zone(const char *zone)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
	size_t length = strlen(zone);

	return length > 0 && strspn(zone, letters) == length &&
	    zone[0] >= 'A' && zone[0] <= 'Z' && zone[length - 1] != '/' &&
	    (strchr(zone, '/') != NULL || strcmp(zone, "UTC") == 0) &&
	    strstr(zone, "//") == NULL;
}

static void
pointer_to(const char *parent, const char *name,
    char ret_pointer[POINTER_SIZE])
{
	char pointer[3 * POINTER_SIZE];
	size_t length;

	length = (size_t)snprintf(pointer, sizeof(pointer), "%s/", parent);
	for (; *name != '\0' && length < sizeof(pointer) - 3; name++) {
		if (*name == '~' || *name == '/') {
			pointer[length++] = '~';
			pointer[length++] = *name == '~' ? '0' : '1';
		} else {
			pointer[length++] = *name;
		}
	}
	pointer[length] = '\0';
	text_copy(ret_pointer, POINTER_SIZE, pointer);
}
