/* SPDX-License-Identifier: MIT */
/*
 * intake and answer: the website's contract, rule by rule, and a stream of
 * broken members. CALLBACKD_TEST_SEED repeats a stream, CALLBACKD_TEST_ROUNDS
 * makes it longer.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/answer.h"
#include "lib/check.h"
#include "lib/intake.h"
#include "lib/note.h"
#include "lib/text.h"

#define NOW_S INT64_C(1795448400)
#define NOW_MS (NOW_S * 1000)
#define PHONE "\"phone\":\"+79000000001\""

static struct queue_policy queues[3];
static struct specialist_policy specialists[1];
static struct policy policy;

static void
policy_set_up(void)
{
	static const char *const ids[] = { "info", "delivery", "directors" };

	policy_defaults(&policy);
	strcpy(policy.home, "RU");
	strcpy(policy.allow[0], "RU");
	policy.allow_count = 1;
	strcpy(policy.zone, "Europe/Moscow");
	strcpy(policy.language, "en");
	for (size_t i = 0; i < COUNT_OF(queues); i++) {
		queue_policy_defaults(&queues[i]);
		strcpy(queues[i].id, ids[i]);
	}
	queues[0].is_default = true;
	queues[2].is_public = false;
	policy.queues = queues;
	policy.queue_count = COUNT_OF(queues);
	specialist_policy_defaults(&specialists[0]);
	strcpy(specialists[0].id, "anna");
	policy.specialists = specialists;
	policy.specialist_count = COUNT_OF(specialists);
}

static void
read_at(const char *member, const char *score, struct intake *ret_intake)
{
	intake_read(&policy, member, strlen(member), score, NOW_MS, ret_intake);
}

/* Reads a member that must be refused for one reason. */
static void
refused(const char *member, const char *score, const char *code,
    const char *pointer)
{
	struct intake intake;

	read_at(member, score, &intake);
	if (intake.is_accepted || intake.error_count != 1 ||
	    strcmp(intake.errors[0].code, code) != 0 ||
	    strcmp(intake.errors[0].pointer, pointer) != 0)
		fail_msg("%s: %zu errors, first %s %s", member,
		    intake.error_count, intake.error_count > 0 ?
		    intake.errors[0].code : "", intake.errors[0].pointer);
	assert_null(intake.said);
	intake_fini(&intake);
}

/* Reads a member that must be accepted, with one warning or ("") none. */
static void
accepted(const char *member, const char *score, const char *code,
    struct intake *ret_intake)
{
	size_t wanted = code[0] != '\0';

	read_at(member, score, ret_intake);
	if (!ret_intake->is_accepted || ret_intake->warning_count != wanted ||
	    (wanted > 0 && strcmp(ret_intake->warnings[0].code, code) != 0))
		fail_msg("%s: %s, %zu warnings, first %s", member,
		    ret_intake->is_accepted ? "accepted" :
		    ret_intake->errors[0].code, ret_intake->warning_count,
		    wanted > 0 ? ret_intake->warnings[0].code : "");
	assert_non_null(ret_intake->said);
}

static void
fine(const char *member, const char *score, const char *code)
{
	struct intake intake;

	accepted(member, score, code, &intake);
	intake_fini(&intake);
}

static void
a_phone_is_enough(void **state)
{
	struct intake intake;

	(void)state;
	accepted("{" PHONE "}", "0", "", &intake);
	assert_int_equal(intake.op, INTAKE_ASK);
	assert_string_equal(intake.id, "");
	assert_string_equal(intake.phone.e164, "+79000000001");
	assert_string_equal(intake.queue, "info");
	assert_string_equal(intake.locale, "en");
	assert_string_equal(intake.zone, "");
	assert_false(intake.may_text);
	assert_true(intake.at_ms == 0);
	assert_true(intake.waiting_since_ms == 0);
	assert_string_equal(intake.said,
	    "{\"v\":1," PHONE ",\"warnings\":[]}");
	intake_fini(&intake);
	intake_fini(&intake);
}

static void
every_field_is_read(void **state)
{
	struct intake intake;

	(void)state;
	accepted("{\"v\":1,\"id\":\"web-01J9Z4\",\"op\":\"ask\",\"phone\":"
	    "\"+79000000001\",\"name\":\"Анна\\tБ\",\"note\":\"a\\r\\nb\","
	    "\"topic\":\"delivery\",\"locale\":\"ru-RU\",\"tz\":"
	    "\"Asia/Yekaterinburg\",\"sms\":true,\"consent\":{\"version\":\"7\","
	    "\"text\":\"yes\",\"at\":1795448390,\"ip\":\"192.0.2.1\","
	    "\"form\":\"f\"},\"page\":\"https://shop.example/\",\"case\":"
	    "\"4821\",\"specialist\":\"anna\",\"waiting_since\":1795448300,"
	    "\"data\":{\"order\":[1,2.5,null]}}", "1795448700", "", &intake);
	assert_string_equal(intake.id, "web-01J9Z4");
	assert_string_equal(intake.name, "Анна Б");
	assert_string_equal(intake.queue, "delivery");
	assert_string_equal(intake.locale, "ru");
	assert_string_equal(intake.zone, "Asia/Yekaterinburg");
	assert_true(intake.may_text);
	assert_string_equal(intake.case_number, "4821");
	assert_string_equal(intake.wished, "anna");
	assert_true(intake.waiting_since_ms == INT64_C(1795448300000));
	assert_true(intake.at_ms == INT64_C(1795448700000));
	assert_string_equal(intake.said,
	    "{\"v\":1,\"id\":\"web-01J9Z4\",\"phone\":\"+79000000001\","
	    "\"name\":\"Анна Б\",\"note\":\"a\\nb\",\"topic\":\"delivery\","
	    "\"locale\":\"ru-RU\",\"tz\":\"Asia/Yekaterinburg\",\"sms\":true,"
	    "\"consent\":{\"version\":\"7\",\"text\":\"yes\",\"at\":1795448390,"
	    "\"ip\":\"192.0.2.1\",\"form\":\"f\"},\"page\":"
	    "\"https://shop.example/\",\"case\":\"4821\",\"specialist\":"
	    "\"anna\",\"waiting_since\":1795448300,\"data\":{\"order\":"
	    "[1,2.5,null]},\"warnings\":[]}");
	assert_null(answer_warnings(intake.said));
	intake_fini(&intake);
}

static void
null_and_empty_are_absent(void **state)
{
	struct intake intake;

	(void)state;
	accepted("{" PHONE ",\"id\":\"\",\"name\":null,\"note\":\"\",\"topic\":"
	    "\"\",\"locale\":null,\"tz\":\"\",\"sms\":null,\"consent\":null,"
	    "\"page\":\"\",\"case\":\"\",\"specialist\":\"\",\"data\":null,"
	    "\"waiting_since\":null,\"v\":null,\"op\":null}", NULL, "", &intake);
	assert_string_equal(intake.id, "");
	assert_string_equal(intake.queue, "info");
	intake_fini(&intake);
}

static void
broken_json_is_refused(void **state)
{
	static const char *const members[] = {
		"", " ", "x", "null", "1", "\"a\"", "[]", "[" PHONE "]",
		"{" PHONE, "{" PHONE "}x", "{" PHONE ",}", "{'phone':1}",
		"{" PHONE "," PHONE "}", "{\"data\":{\"a\":1,\"a\":2}," PHONE "}",
		"{\"name\":\"\\u0000\"," PHONE "}", "{\"name\":\"\xff\"," PHONE "}",
		"{\"name\":\"\\ud800\"," PHONE "}", "{\"v\":1e999," PHONE "}",
		"{\"v\":99999999999999999999," PHONE "}", "{\"v\":NaN," PHONE "}",
	};
	char deep[8001], *end;
	struct intake intake;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(members); i++)
		refused(members[i], "0", "json_invalid", "");
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	refused(deep, "0", "json_invalid", "");
	end = "{" PHONE "}\0";
	intake_read(&policy, end, strlen(end) + 1, "0", NOW_MS, &intake);
	assert_false(intake.is_accepted);
	intake_fini(&intake);
	read_at("{\"locale\":\"ru\",\n\"id\":}", "0", &intake);
	assert_string_equal(intake.errors[0].text,
	    "not valid JSON: line 2, column 6");
	intake_fini(&intake);
}

static void
an_id_is_found_where_possible(void **state)
{
	static const char member[] = "{\"id\":\"web-01J9Z4\"," PHONE "}";
	char large[INTAKE_MEMBER_MAX + 100];
	struct intake intake;

	(void)state;
	memset(large, ' ', sizeof(large));
	memcpy(large, member, strlen(member));
	large[INTAKE_MEMBER_MAX] = '\0';
	fine(large, "0", "");
	large[INTAKE_MEMBER_MAX] = ' ';
	large[INTAKE_MEMBER_MAX + 1] = '\0';
	read_at(large, "0", &intake);
	assert_int_equal(intake.error_count, 1);
	assert_string_equal(intake.errors[0].code, "json_too_large");
	assert_string_equal(intake.id, "web-01J9Z4");
	intake_fini(&intake);
	read_at("{\"id\":\"web-01J9Z4\",\"a\":1,\"a\":2}", "0", &intake);
	assert_int_equal(intake.error_count, 1);
	assert_string_equal(intake.id, "web-01J9Z4");
	intake_fini(&intake);
	read_at("{\"id\":\"web-01J9Z4\",\"op\":1,\"v\":7}", "0", &intake);
	assert_int_equal(intake.error_count, 2);
	assert_string_equal(intake.id, "web-01J9Z4");
	intake_fini(&intake);
}

static void
ids_follow_their_pattern(void **state)
{
	char member[128] = "{" PHONE ",\"id\":\"";
	size_t start = strlen(member);

	(void)state;
	for (size_t length = 1; length <= 66; length++) {
		memset(member + start, 'a', length);
		strcpy(member + start + length, "\"}");
		if (length < 8)
			refused(member, "0", "field_type", "/id");
		else if (length <= 64)
			fine(member, "0", "");
		else
			refused(member, "0", "field_too_long", "/id");
	}
	fine("{" PHONE ",\"id\":\"AZaz09._:-\"}", "0", "");
	refused("{" PHONE ",\"id\":\"web 01J9Z4\"}", "0", "field_type", "/id");
	refused("{" PHONE ",\"id\":\"web/01J9Z4\"}", "0", "field_type", "/id");
	refused("{" PHONE ",\"id\":\"заявка-1\"}", "0", "field_type", "/id");
	refused("{" PHONE ",\"id\":12345678}", "0", "field_type", "/id");
}

static void
types_are_checked(void **state)
{
	static const char *const strings[] = { "phone", "name", "note", "topic",
	    "locale", "tz", "page", "case", "specialist", "op" };
	char member[128], pointer[32];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(strings); i++) {
		const char *phone = i > 0 ? PHONE "," : "";

		snprintf(pointer, sizeof(pointer), "/%s", strings[i]);
		snprintf(member, sizeof(member), "{%s\"%s\":5}", phone,
		    strings[i]);
		refused(member, "0", "field_type", pointer);
		snprintf(member, sizeof(member), "{%s\"%s\":[\"a\"]}", phone,
		    strings[i]);
		refused(member, "0", "field_type", pointer);
	}
	refused("{" PHONE ",\"sms\":1}", "0", "field_type", "/sms");
	refused("{" PHONE ",\"sms\":\"true\"}", "0", "field_type", "/sms");
	refused("{" PHONE ",\"v\":\"1\"}", "0", "field_type", "/v");
	refused("{" PHONE ",\"v\":1.0}", "0", "field_type", "/v");
	refused("{" PHONE ",\"v\":2}", "0", "version_unknown", "/v");
	refused("{" PHONE ",\"op\":\"ASK\"}", "0", "field_type", "/op");
	refused("{" PHONE ",\"consent\":true}", "0", "field_type", "/consent");
	refused("{" PHONE ",\"consent\":{\"at\":\"x\"}}", "0", "field_type",
	    "/consent/at");
	refused("{" PHONE ",\"consent\":{\"ip\":4}}", "0", "field_type",
	    "/consent/ip");
	refused("{" PHONE ",\"data\":[]}", "0", "field_type", "/data");
	refused("{" PHONE ",\"waiting_since\":\"now\"}", "0", "field_type",
	    "/waiting_since");
}

static void
limits_count_characters(void **state)
{
	static const struct {
		const char *before, *after, *pointer;
		size_t limit;
	} cases[] = {
		{ "\"name\":\"", "\"", "/name", 80 },
		{ "\"note\":\"", "\"", "/note", 1000 },
		{ "\"page\":\"", "\"", "/page", 500 },
		{ "\"consent\":{\"version\":\"", "\"}", "/consent/version", 40 },
		{ "\"consent\":{\"text\":\"", "\"}", "/consent/text", 2000 },
		{ "\"consent\":{\"ip\":\"", "\"}", "/consent/ip", 45 },
	};
	char member[8192];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		size_t length = (size_t)sprintf(member, "{" PHONE ",%s",
		    cases[i].before);

		for (size_t n = 0; n < cases[i].limit; n++)
			length += (size_t)sprintf(member + length, "Ж");
		sprintf(member + length, "%s}", cases[i].after);
		fine(member, "0", "");
		sprintf(member + length, "Ж%s}", cases[i].after);
		refused(member, "0", "field_too_long", cases[i].pointer);
	}
	refused("{\"phone\":\"+79000000001                             \"}",
	    "0", "field_too_long", "/phone");
	refused("{" PHONE ",\"topic\":\"123456789012345678901234567890123\"}",
	    "0", "field_too_long", "/topic");
	refused("{" PHONE ",\"case\":\"1234567890123\"}", "0",
	    "field_too_long", "/case");
	refused("{" PHONE ",\"specialist\":"
	    "\"123456789012345678901234567890123\"}", "0", "field_too_long",
	    "/specialist");
}

static void
a_name_is_cut_in_the_record_only(void **state)
{
	struct intake intake;

	(void)state;
	accepted("{" PHONE ",\"name\":\"Константин Константинопольский-"
	    "Задунайский Младший\"}", "0", "", &intake);
	assert_string_equal(intake.name, "Константин Константинопольский-З");
	assert_non_null(strstr(intake.said, "Задунайский Младший"));
	intake_fini(&intake);
}

static void
scores_are_seconds(void **state)
{
	static const struct {
		const char *score;
		int64_t at_ms;
	} fine_scores[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "", 0 },
		{ "1795448400", 0 },
		{ "1795448341", 0 },
		{ "1795448401", INT64_C(1795448401000) },
		{ "1795448401.5", INT64_C(1795448401500) },
		{ "1.7954484010000000e+9", INT64_C(1795448401000) },
		{ "1798040400", INT64_C(1798040400000) },
	};
	struct intake intake;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(fine_scores); i++) {
		accepted("{" PHONE "}", fine_scores[i].score, "", &intake);
		assert_true(intake.at_ms == fine_scores[i].at_ms);
		intake_fini(&intake);
	}
	accepted("{" PHONE "}", "1795448000", "time_past", &intake);
	assert_true(intake.at_ms == 0);
	intake_fini(&intake);
	fine("{" PHONE "}", "1795362000", "time_past");
	refused("{" PHONE "}", "1795361999", "time_past", "");
	refused("{" PHONE "}", "1", "time_past", "");
	refused("{" PHONE "}", "-1", "time_past", "");
	refused("{" PHONE "}", "-1e300", "time_past", "");
	refused("{" PHONE "}", "1798040401", "time_too_far", "");
	refused("{" PHONE "}", "100000000000", "time_too_far", "");
	refused("{" PHONE "}", "100000000001", "time_in_milliseconds", "");
	refused("{" PHONE "}", "1795448400000", "time_in_milliseconds", "");
	refused("{" PHONE "}", "1.7954484e+300", "time_in_milliseconds", "");
	refused("{" PHONE "}", "inf", "time_invalid", "");
	refused("{" PHONE "}", "-inf", "time_invalid", "");
	refused("{" PHONE "}", "nan", "time_invalid", "");
	refused("{" PHONE "}", "soon", "time_invalid", "");
	refused("{" PHONE "}", "17954484oo", "time_invalid", "");
}

static void
waiting_keeps_the_place(void **state)
{
	struct intake intake;

	(void)state;
	accepted("{" PHONE ",\"waiting_since\":1795434000}", "0", "", &intake);
	assert_true(intake.waiting_since_ms == INT64_C(1795434000000));
	intake_fini(&intake);
	accepted("{" PHONE ",\"waiting_since\":1795448430.5}", "0", "", &intake);
	assert_true(intake.waiting_since_ms == NOW_MS);
	intake_fini(&intake);
	refused("{" PHONE ",\"waiting_since\":1795433999}", "0", "time_past",
	    "/waiting_since");
	refused("{" PHONE ",\"waiting_since\":1795448461}", "0", "time_too_far",
	    "/waiting_since");
	refused("{" PHONE ",\"waiting_since\":1795448400000}", "0",
	    "time_in_milliseconds", "/waiting_since");
	refused("{" PHONE ",\"waiting_since\":-5}", "0", "field_type",
	    "/waiting_since");
	refused("{" PHONE ",\"consent\":{\"at\":1795448400000}}", "0",
	    "time_in_milliseconds", "/consent/at");
}

static void
a_typo_never_costs_a_customer(void **state)
{
	struct intake intake;
	char *warnings;

	(void)state;
	accepted("{" PHONE ",\"topic\":\"delivry\"}", "0", "topic_unknown",
	    &intake);
	assert_string_equal(intake.queue, "info");
	assert_string_equal(intake.warnings[0].pointer, "/topic");
	assert_string_equal(intake.warnings[0].text,
	    "no queue \"delivry\"; did you mean \"delivery\"? put into \"info\"");
	warnings = answer_warnings(intake.said);
	assert_string_equal(warnings,
	    "[{\"code\":\"topic_unknown\",\"pointer\":\"/topic\",\"text\":"
	    "\"no queue \\\"delivry\\\"; did you mean \\\"delivery\\\"? put "
	    "into \\\"info\\\"\"}]");
	free(warnings);
	intake_fini(&intake);

	accepted("{" PHONE ",\"topic\":\"directors\"}", "0", "topic_unknown",
	    &intake);
	assert_string_equal(intake.queue, "info");
	assert_string_equal(intake.warnings[0].text,
	    "no queue \"directors\"; put into \"info\"");
	intake_fini(&intake);
	fine("{" PHONE ",\"topic\":\"directrs\"}", "0", "topic_unknown");

	accepted("{" PHONE ",\"locale\":\"de\"}", "0", "locale_unknown", &intake);
	assert_string_equal(intake.locale, "en");
	intake_fini(&intake);
	fine("{" PHONE ",\"locale\":\"run\"}", "0", "locale_unknown");
	fine("{" PHONE ",\"locale\":\"RU_ru\"}", "0", "");

	accepted("{" PHONE ",\"tz\":\"Moscow\"}", "0", "tz_unknown", &intake);
	assert_string_equal(intake.zone, "");
	intake_fini(&intake);
	fine("{" PHONE ",\"tz\":\"../etc/passwd\"}", "0", "tz_unknown");
	fine("{" PHONE ",\"tz\":\"Europe//Moscow\"}", "0", "tz_unknown");
	fine("{" PHONE ",\"tz\":\"UTC\"}", "0", "");

	accepted("{" PHONE ",\"specialist\":\"bob\"}", "0",
	    "specialist_unknown", &intake);
	assert_string_equal(intake.wished, "");
	intake_fini(&intake);
	accepted("{" PHONE ",\"case\":\"48:21\"}", "0", "case_unknown", &intake);
	assert_string_equal(intake.case_number, "");
	intake_fini(&intake);
}

static void
unknown_fields_become_data(void **state)
{
	struct intake intake;

	(void)state;
	accepted("{" PHONE ",\"nmae\":\"Анна\"}", "0", "field_unknown", &intake);
	assert_string_equal(intake.warnings[0].pointer, "/nmae");
	assert_string_equal(intake.warnings[0].text,
	    "no field \"nmae\"; did you mean \"name\"? kept under data");
	assert_non_null(strstr(intake.said, "\"data\":{\"nmae\":\"Анна\"}"));
	intake_fini(&intake);

	accepted("{" PHONE ",\"a~/b\":1,\"data\":{\"x\":2}}", "0",
	    "field_unknown", &intake);
	assert_string_equal(intake.warnings[0].pointer, "/a~0~1b");
	intake_fini(&intake);

	/* What would be done by a terminal is not repeated to it. */
	accepted("{" PHONE ",\"a\\u001b[2Jb\":1,\"data\":{\"x\":2,\"a~/b\":1}}",
	    "0", "field_unknown", &intake);
	assert_string_equal(intake.warnings[0].pointer, "/a[2Jb");
	intake_fini(&intake);

	accepted("{" PHONE ",\"a~/b\":1,\"data\":{\"x\":2}}", "0",
	    "field_unknown", &intake);
	assert_non_null(strstr(intake.said, "\"data\":{\"x\":2,\"a~/b\":1}"));
	intake_fini(&intake);

	accepted("{" PHONE ",\"x\":1,\"data\":{\"x\":2}}", "0",
	    "field_unknown", &intake);
	assert_non_null(strstr(intake.said, "\"data\":{\"x\":2}"));
	intake_fini(&intake);

	accepted("{" PHONE ",\"x\":{\"a\":[[1]]}}", "0", "field_unknown",
	    &intake);
	assert_string_equal(intake.warnings[0].text,
	    "no field \"x\"; it is not kept");
	intake_fini(&intake);

	refused("{\"phon\":\"+79000000001\"}", "0", "phone_missing", "/phone");
	refused("{\"Phone\":\"+79000000001\"}", "0", "phone_missing", "/phone");
}

static void
warnings_are_bounded(void **state)
{
	char member[4096] = "{" PHONE;
	struct intake intake;
	char *answer;

	(void)state;
	for (int i = 0; i < 100; i++)
		sprintf(member + strlen(member), ",\"unknown%d\":1", i);
	strcat(member, "}");
	read_at(member, "0", &intake);
	assert_true(intake.is_accepted);
	assert_int_equal(intake.warning_count, INTAKE_NOTES_MAX);
	intake_fini(&intake);

	read_at("{\"phone\":1,\"name\":1,\"note\":1,\"topic\":1,\"locale\":1,"
	    "\"tz\":1,\"sms\":1,\"page\":1,\"case\":1,\"data\":1}", "inf",
	    &intake);
	assert_false(intake.is_accepted);
	assert_int_equal(intake.error_count, INTAKE_NOTES_MAX);
	answer = answer_rejected(&intake);
	free(answer);
	intake_fini(&intake);
}

static void
data_is_bounded(void **state)
{
	char member[8192];
	size_t length;

	(void)state;
	fine("{" PHONE ",\"data\":{\"a\":{\"b\":[1]}}}", "0", "");
	refused("{" PHONE ",\"data\":{\"a\":{\"b\":[[1]]}}}", "0",
	    "field_type", "/data");
	length = (size_t)sprintf(member, "{" PHONE ",\"data\":{\"a\":\"");
	memset(member + length, 'x', 4088);
	strcpy(member + length + 4088, "\"}}");
	fine(member, "0", "");
	strcpy(member + length + 4088, "y\"}}");
	refused(member, "0", "field_too_long", "/data");
}

static void
consent_may_be_required(void **state)
{
	(void)state;
	policy.consent_required = true;
	refused("{" PHONE "}", "0", "consent_missing", "/consent");
	refused("{" PHONE ",\"consent\":{}}", "0", "consent_missing", "/consent");
	refused("{" PHONE ",\"consent\":{\"at\":1795448400}}", "0",
	    "consent_missing", "/consent");
	refused("{" PHONE ",\"consent\":false}", "0", "field_type", "/consent");
	fine("{" PHONE ",\"consent\":{\"version\":\"1\"}}", "0", "");
	fine("{" PHONE ",\"consent\":{\"text\":\"I agree\"}}", "0", "");
	fine("{\"op\":\"cancel\",\"id\":\"web-01J9Z4\"}", "0", "");
	policy.consent_required = false;
	fine("{" PHONE ",\"consent\":{}}", "0", "");
}

static void
cancel_and_move_need_an_id_only(void **state)
{
	struct intake intake;

	(void)state;
	accepted("{\"op\":\"cancel\",\"id\":\"web-01J9Z4\"}", "inf", "", &intake);
	assert_int_equal(intake.op, INTAKE_CANCEL);
	assert_string_equal(intake.id, "web-01J9Z4");
	assert_string_equal(intake.said, "{\"v\":1,\"op\":\"cancel\",\"id\":"
	    "\"web-01J9Z4\",\"warnings\":[]}");
	intake_fini(&intake);
	accepted("{\"op\":\"move\",\"id\":\"web-01J9Z4\",\"phone\":5}",
	    "1795448700", "", &intake);
	assert_int_equal(intake.op, INTAKE_MOVE);
	assert_true(intake.at_ms == INT64_C(1795448700000));
	intake_fini(&intake);
	refused("{\"op\":\"move\",\"id\":\"web-01J9Z4\"}", "1795448700000",
	    "time_in_milliseconds", "");
	refused("{\"op\":\"cancel\"}", "0", "not_found", "/id");
	refused("{\"op\":\"move\"," PHONE "}", "0", "not_found", "/id");
	refused("{\"op\":\"move\",\"id\":\"short\"}", "0", "field_type", "/id");
}

static void
later_refusals_have_texts(void **state)
{
	static const char *const codes[] = { "id_conflict", "not_found",
	    "too_many_requests", "phone_not_accepted" };
	struct intake intake;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		accepted("{" PHONE ",\"locale\":\"ru\"}", "0", "", &intake);
		intake_refuse(&intake, codes[i], "/id");
		assert_false(intake.is_accepted);
		assert_string_equal(intake.errors[0].code, codes[i]);
		/* Cyrillic */
		assert_true((unsigned char)intake.errors[0].text[0] >= 0xd0);
		intake_fini(&intake);
	}
}

static void
no_text_is_cut(void **state)
{
	static const char *const words[NOTE_WORDS_MAX] = { "12345678901234567890",
	    "1234567890123456789", "1234567890123456789" };
	struct intake intake = { 0 };

	(void)state;
	for (int i = 0; i < NOTE_COUNT; i++) {
		strcpy(intake.locale, i % 2 == 0 ? "en" : "ru");
		intake.error_count = 0;
		note_error(&intake, (enum note)i, "/x", words);
		assert_true(strlen(intake.errors[0].text) <
		    sizeof(intake.errors[0].text) - 4);
		assert_true(note_by_code(intake.errors[0].code) < NOTE_COUNT);
	}
	assert_int_equal(note_by_code("no_such_code"), NOTE_COUNT);
}

static void
answers_have_the_shape_of_the_contract(void **state)
{
	const struct answer waiting = { .id = "web-01J9Z4", .state = "waiting",
	    .number = "4821", .queue = "info", .expect_from_s = 1795448760,
	    .expect_to_s = 1795448940, .promise_s = 1795449300,
	    .caller_id = "+74951234567" };
	const struct answer scheduled = { .id = "web-01J9Z5",
	    .state = "scheduled", .number = "4822", .slot_from_s = 1795501800,
	    .slot_to_s = 1795503600, .promise_s = 1795503600, .why = "closed",
	    .warnings_json = "[1]" };
	struct answer odd = { .state = "done", .why = "a\"\\\n\x7f" "Ж" };
	char *text;

	(void)state;
	text = answer_live(&waiting);
	assert_string_equal(text, "{\"v\":1,\"id\":\"web-01J9Z4\",\"state\":"
	    "\"waiting\",\"number\":\"4821\",\"queue\":\"info\",\"expect\":"
	    "[1795448760,1795448940],\"promise\":1795449300,\"caller_id\":"
	    "\"+74951234567\",\"warnings\":[]}");
	free(text);
	text = answer_live(&scheduled);
	assert_string_equal(text, "{\"v\":1,\"id\":\"web-01J9Z5\",\"state\":"
	    "\"scheduled\",\"number\":\"4822\",\"slot\":[1795501800,1795503600],"
	    "\"promise\":1795503600,\"why\":\"closed\",\"warnings\":[1]}");
	free(text);
	text = answer_live(&odd);
	assert_string_equal(text, "{\"v\":1,\"state\":\"done\",\"why\":"
	    "\"a\\\"\\\\\\u000a\x7f" "Ж\",\"warnings\":[]}");
	free(text);
	assert_null(answer_warnings("not JSON"));
	assert_null(answer_warnings("[]"));
}

#ifdef WITH_LIBPHONENUMBER
static void
refusals_have_the_shape_of_the_contract(void **state)
{
	struct intake intake;
	char *text;

	(void)state;
	read_at("{\"id\":\"web-01J9Z6\",\"phone\":\"8 (916) 123-45-6\","
	    "\"locale\":\"ru\"}", "0", &intake);
	text = answer_rejected(&intake);
	assert_string_equal(text, "{\"v\":1,\"id\":\"web-01J9Z6\",\"state\":"
	    "\"rejected\",\"errors\":[{\"code\":\"phone_impossible\","
	    "\"pointer\":\"/phone\",\"text\":\"В номере не хватает цифр\"}]}");
	free(text);
	intake_fini(&intake);
	refused("{\"phone\":\"112\"}", "0", "phone_not_accepted", "/phone");
}
#endif

/* splitmix64 */
static uint64_t
draw(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* A member out of pieces that fit together often enough to get far. */
static size_t
member_draw(uint64_t *seed, char *member, size_t size)
{
	static const char *const names[] = { "v", "op", "id", "phone", "name",
	    "note", "topic", "locale", "tz", "sms", "consent", "page", "case",
	    "specialist", "waiting_since", "data", "phon", "x~/y", "Имя",
	    "version", "text", "at", "ip" };
	static const char *const values[] = { "1", "2", "-1", "0.5", "1e308",
	    "1795448300", "1795448300000", "9223372036854775807", "true", "false",
	    "null", "\"\"", "\"ask\"", "\"move\"", "\"cancel\"", "\"web-01J9Z4\"",
	    "\"+79000000001\"", "\"+79000000002 доб. 12\"", "\"112\"", "\"info\"",
	    "\"delivry\"", "\"ru\"", "\"ru-RU\"", "\"Europe/Moscow\"", "\"4821\"",
	    "\"\\u202e\\u0007\\n\"", "\"\\ud83d\\ude00\\ud83d\\ude00\"",
	    "{\"version\":\"1\",\"at\":1}", "{\"a\":{\"b\":{\"c\":{}}}}", "[[[[]]]]",
	    "{\"\":\"\"}", "\"Константин Константинопольский-Задунайский\"" };
	size_t length = (size_t)snprintf(member, size, "{" PHONE);
	size_t count = draw(seed) % (draw(seed) % 2 ? 12 : 3);

	for (size_t i = 0; i < count; i++)
		length += (size_t)snprintf(member + length, size - length,
		    ",\"%s\":%s", names[draw(seed) % COUNT_OF(names)],
		    values[draw(seed) % COUNT_OF(values)]);
	length += (size_t)snprintf(member + length, size - length, "}");
	for (size_t n = draw(seed) % 4; n > 0 && length > 1; n--) {
		size_t at = draw(seed) % length;

		switch (draw(seed) % 4) {
		case 0:
			member[at] = (char)draw(seed);
			break;
		case 1:
			member[at] ^= (char)(1 << draw(seed) % 8);
			break;
		case 2:
			memmove(member + at, member + at + 1, --length - at);
			break;
		default:
			length = at + 1;
			break;
		}
	}
	return length;
}

static void
notes_are_sound(const struct intake_note *notes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_true(note_by_code(notes[i].code) < NOTE_COUNT);
		assert_true(text_is_utf8(notes[i].pointer,
		    strlen(notes[i].pointer)));
		assert_true(text_is_utf8(notes[i].text, strlen(notes[i].text)));
	}
}

static void
intake_is_sound(const struct intake *intake)
{
	char *answer = answer_rejected(intake), *warnings;
	json_t *root;

	notes_are_sound(intake->errors, intake->error_count);
	notes_are_sound(intake->warnings, intake->warning_count);
	assert_true(text_is_utf8(intake->name, strlen(intake->name)));
	root = json_loads(answer, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	json_decref(root);
	free(answer);
	assert_int_equal(intake->is_accepted, intake->error_count == 0);
	assert_int_equal(intake->is_accepted, intake->said != NULL);
	assert_true(intake->at_ms == 0 || intake->at_ms > NOW_MS);
	if (!intake->is_accepted)
		return;
	root = json_loads(intake->said, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "warnings")),
	    intake->warning_count);
	json_decref(root);
	warnings = answer_warnings(intake->said);
	assert_int_equal(warnings != NULL, intake->warning_count > 0);
	free(warnings);
	if (intake->op == INTAKE_ASK) {
		assert_int_equal(intake->phone.e164[0], '+');
		assert_non_null(policy_queue(&policy, intake->queue));
	} else {
		assert_true(strlen(intake->id) >= 8);
	}
}

static void
anything_can_be_survived(void **state)
{
	static const char *const scores[] = { "0", "1795448700", "inf", "nan",
	    "1795448400000", "-5", "", "x" };
	const char *given = getenv("CALLBACKD_TEST_SEED");
	const char *rounds = getenv("CALLBACKD_TEST_ROUNDS");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10) :
	    (uint64_t)time(NULL);
	long left = rounds != NULL ? atol(rounds) : 5000;
	long accepted_count = 0;

	(void)state;
	printf("# CALLBACKD_TEST_SEED=%llu\n", (unsigned long long)seed);
	for (; left > 0; left--) {
		char text[4096], *member;
		size_t length = member_draw(&seed, text, sizeof(text));
		struct intake intake;

		/* Of exact size, so that a byte too far is noticed. */
		member = malloc(length);
		assert_non_null(member);
		memcpy(member, text, length);
		policy.consent_required = draw(&seed) % 8 == 0;
		intake_read(&policy, member, length,
		    draw(&seed) % 2 ? "0" : scores[draw(&seed) %
		    COUNT_OF(scores)], NOW_MS, &intake);
		free(member);
		accepted_count += intake.is_accepted;
		intake_is_sound(&intake);
		intake_fini(&intake);
	}
	policy.consent_required = false;
	printf("# accepted %ld\n", accepted_count);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phone_is_enough),
		cmocka_unit_test(every_field_is_read),
		cmocka_unit_test(null_and_empty_are_absent),
		cmocka_unit_test(broken_json_is_refused),
		cmocka_unit_test(an_id_is_found_where_possible),
		cmocka_unit_test(ids_follow_their_pattern),
		cmocka_unit_test(types_are_checked),
		cmocka_unit_test(limits_count_characters),
		cmocka_unit_test(a_name_is_cut_in_the_record_only),
		cmocka_unit_test(scores_are_seconds),
		cmocka_unit_test(waiting_keeps_the_place),
		cmocka_unit_test(a_typo_never_costs_a_customer),
		cmocka_unit_test(unknown_fields_become_data),
		cmocka_unit_test(warnings_are_bounded),
		cmocka_unit_test(data_is_bounded),
		cmocka_unit_test(consent_may_be_required),
		cmocka_unit_test(cancel_and_move_need_an_id_only),
		cmocka_unit_test(later_refusals_have_texts),
		cmocka_unit_test(no_text_is_cut),
		cmocka_unit_test(answers_have_the_shape_of_the_contract),
#ifdef WITH_LIBPHONENUMBER
		cmocka_unit_test(refusals_have_the_shape_of_the_contract),
#endif
		cmocka_unit_test(anything_can_be_survived),
	};

	policy_set_up();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
