/* SPDX-License-Identifier: MIT */
/* audit: what must be beside a record, and what is kept of one. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/audit.h"

static const struct audit_place *
place_of(const struct audit_view *view, const char *index)
{
	const struct audit_place *found = NULL;

	for (size_t i = 0; i < view->count; i++) {
		if (strcmp(view->at[i].index, index) != 0)
			continue;
		assert_null(found); /* each index once */
		found = &view->at[i];
	}
	return found;
}

static void
test_view_of_a_waiting_request(void **state)
{
	struct request request = {.state = REQUEST_WAITING,
	    .room = 1,
	    .id = "r",
	    .queue = "info",
	    .phone = "+7900",
	    .asked_at_ms = 5,
	    .promise_at_ms = 70,
	    .record.wake_at_ms = 60};
	struct audit_view view;

	(void)state;
	audit_expect(RECORD_REQUEST, &request, "wait:other", &view);
	assert_true(place_of(&view, "active")->must);
	assert_int_equal(place_of(&view, "due")->score, 60);
	assert_int_equal(place_of(&view, "wait:info")->score, 70);
	assert_false(place_of(&view, "wait:other")->must);
	assert_false(place_of(&view, "referred")->must);
	assert_false(place_of(&view, "late")->must);
	assert_int_equal(view.unique_count, 1);
	assert_string_equal(view.unique[0], "phone:+7900:info");
	/* Met where it belongs: still looked at once. */
	audit_expect(RECORD_REQUEST, &request, "wait:info", &view);
	assert_true(place_of(&view, "wait:info")->must);
}

static void
test_view_of_an_ended_request_and_of_none(void **state)
{
	struct request request = {.state = REQUEST_CLOSED,
	    .id = "r",
	    .queue = "info",
	    .phone = "+7900",
	    .is_leg_open = true};
	struct audit_view view;

	(void)state;
	audit_expect(RECORD_REQUEST, &request, "", &view);
	for (size_t i = 0; i < view.count; i++)
		assert_false(view.at[i].must);
	/* It may hold the number until that runs out. */
	assert_int_equal(view.unique_count, 0);
	audit_expect(RECORD_REQUEST, NULL, "late", &view);
	assert_int_equal(view.count, 1);
	assert_false(place_of(&view, "late")->must);
}

static void
test_view_of_a_specialist_with_all_queues(void **state)
{
	struct specialist one = {.state = SPECIALIST_IDLE,
	    .id = "anna",
	    .since_ms = 9,
	    .record.wake_at_ms = 10};
	struct audit_view view;

	(void)state;
	for (size_t i = 0; i < SPECIALIST_QUEUES_MAX; i++) {
		one.skills[i].queue[0] = (char)('a' + i);
		one.skills[i].level = 1;
	}
	audit_expect(RECORD_SPECIALIST, &one, "ready:z", &view);
	assert_true(place_of(&view, "ready:h")->must);
	assert_false(place_of(&view, "ready:z")->must);
}

static void
test_lease_is_no_fault(void **state)
{
	struct audit_place due = {"due", true, 1000};
	struct audit_place wait = {"wait:info", true, 1000};
	struct audit_place not_there = {"late", false, 0};

	(void)state;
	assert_false(audit_is_fault(&due, true, 1000, 500, 100));
	assert_false(audit_is_fault(&due, true, 2050, 2000, 100));
	assert_true(audit_is_fault(&due, true, 2101, 2000, 100));
	/* Its moment has not come: nobody can have claimed it. */
	assert_true(audit_is_fault(&due, true, 1050, 999, 100));
	assert_true(audit_is_fault(&due, true, 999, 2000, 100));
	assert_true(audit_is_fault(&due, false, 0, 2000, 100));
	assert_true(audit_is_fault(&wait, true, 1050, 1000, 100));
	assert_false(audit_is_fault(&not_there, false, 0, 1000, 100));
	assert_true(audit_is_fault(&not_there, true, 0, 1000, 100));
}

static bool
is_newer(const char *fmt)
{
	struct pair pairs[] = {{"v", 1, "99", 2}, {"fmt", 3, fmt, strlen(fmt)}};

	return audit_is_newer(pairs, COUNT_OF(pairs));
}

static void
test_newer_format(void **state)
{
	(void)state;
	assert_false(is_newer("1"));
	assert_true(is_newer("2"));
	assert_true(is_newer("99"));
	assert_false(is_newer(""));
	assert_false(is_newer("2x"));
	assert_false(is_newer("-2"));
	assert_false(is_newer("99999999999999999999"));
	assert_false(audit_is_newer(NULL, 0));
}

static void
test_burial_keeps_every_byte(void **state)
{
	struct pair pairs[] = {{"name", 4, "\xd0\x90\"", 3},
	    {"\xff", 1, "a\0b", 3}, {"empty", 5, "", 0}, {"one", 3, "\xfe", 1},
	    {"two", 3, "\xfe\xff", 2}};
	char *text = audit_burial(
	    "request:r", "name", 1500, "host", pairs, COUNT_OF(pairs));
	json_t *json = json_loads(text, 0, NULL), *fields;

	(void)state;
	assert_non_null(json);
	assert_string_equal(
	    json_string_value(json_object_get(json, "id")), "request:r");
	assert_int_equal(json_integer_value(json_object_get(json, "at")), 1);
	fields = json_object_get(json, "fields");
	assert_int_equal(json_array_size(fields), 5);
	assert_string_equal(
	    json_string_value(json_array_get(json_array_get(fields, 0), 1)),
	    "\xd0\x90\"");
	assert_string_equal(
	    json_string_value(json_object_get(
		json_array_get(json_array_get(fields, 1), 0), "base64")),
	    "/w==");
	assert_string_equal(
	    json_string_value(json_object_get(
		json_array_get(json_array_get(fields, 1), 1), "base64")),
	    "YQBi");
	assert_string_equal(
	    json_string_value(json_array_get(json_array_get(fields, 2), 1)),
	    "");
	assert_string_equal(
	    json_string_value(json_object_get(
		json_array_get(json_array_get(fields, 4), 1), "base64")),
	    "/v8=");
	json_decref(json);
	free(text);
}

/* ---- partners */

struct trio {
	struct request request;
	struct specialist specialist;
	struct call call;
};

/* anna has accepted, and her phone rings. */
static struct trio
calling(void)
{
	struct trio trio = {
	    .request = {.state = REQUEST_CALLING,
	        .id = "r",
	        .specialist = "anna",
	        .call = 2},
	    .specialist = {.state = SPECIALIST_BUSY,
	        .id = "anna",
	        .request = "r",
	        .offer = 1,
	        .call = 2},
	    .call = {.state = CALL_LIVE,
	        .request = "r",
	        .n = 2,
	        .specialist = "anna"},
	};

	return trio;
}

static void
test_partners_agree(void **state)
{
	struct trio is = calling();
	struct event event = {.kind = EVENT_NONE};

	(void)state;
	assert_false(audit_specialist_differs(
	    &is.specialist, &is.request, &is.call, &event));
	assert_false(audit_request_specialist_differs(
	    &is.request, "anna", &is.specialist, &event));
	assert_false(audit_request_call_differs(&is.request, &is.call, &event));
	assert_false(audit_call_differs(&is.call, &is.request, &event));
	assert_false(audit_caller_differs(&is.call, &is.specialist, &event));
	/* The customer has hung up, the specialist not yet. */
	is.request.state = REQUEST_WRAPPING;
	is.call.is_customer_over = true;
	assert_false(audit_specialist_differs(
	    &is.specialist, &is.request, &is.call, &event));
	assert_false(audit_call_differs(&is.call, &is.request, &event));
}

static void
test_specialist_of_nobody(void **state)
{
	struct trio is = calling();
	struct event event = {.kind = EVENT_NONE};

	(void)state;
	assert_false(
	    audit_specialist_differs(&is.specialist, NULL, &is.call, &event));
	is.call.state = CALL_ENDED;
	assert_true(
	    audit_specialist_differs(&is.specialist, NULL, &is.call, &event));
	assert_int_equal(event.kind, EVENT_WITHDRAWN);
	assert_true(audit_specialist_differs(
	    &is.specialist, NULL, NULL, &event));
	is.specialist.call = 1;
	assert_true(audit_specialist_differs(
	    &is.specialist, &is.request, &is.call, &event));
	assert_int_equal(event.kind, EVENT_TAKEN);
	assert_int_equal(event.call, 2);
	/* An offer is theirs by its number. */
	is = calling();
	is.specialist.state = SPECIALIST_OFFERED;
	is.request.state = REQUEST_OFFERED;
	memcpy(is.request.offers[1].specialist, "anna", 5);
	is.request.offers[1].number = 1;
	assert_false(audit_specialist_differs(
	    &is.specialist, &is.request, NULL, &event));
	is.request.offers[1].number = 2;
	assert_true(audit_specialist_differs(
	    &is.specialist, &is.request, NULL, &event));
	assert_int_equal(event.kind, EVENT_WITHDRAWN);
}

static void
test_request_of_nobody(void **state)
{
	struct trio is = calling();
	struct event event = {.kind = EVENT_NONE};

	(void)state;
	/* Who calls: the call's matter. Who is offered it: has said no. */
	assert_true(audit_request_specialist_differs(
	    &is.request, "anna", NULL, &event));
	assert_int_equal(event.kind, EVENT_NONE);
	assert_true(audit_request_specialist_differs(
	    &is.request, "boris", NULL, &event));
	assert_int_equal(event.kind, EVENT_DECLINED);
	assert_string_equal(event.specialist, "boris");

	assert_true(audit_request_call_differs(&is.request, NULL, &event));
	assert_int_equal(event.kind, EVENT_CALL_LOST);
	is.call.state = CALL_ENDED;
	memcpy(is.call.authorised, "sid", 4);
	assert_true(audit_request_call_differs(&is.request, &is.call, &event));
	assert_int_equal(event.kind, EVENT_CALL_OVER);
	assert_true(event.has_rung);
	is.call.outcome = OUTCOME_UNKNOWN;
	assert_true(audit_request_call_differs(&is.request, &is.call, &event));
	assert_int_equal(event.kind, EVENT_CALL_LOST);
}

static void
test_call_of_nobody(void **state)
{
	struct trio is = calling();
	struct event event = {.kind = EVENT_NONE};

	(void)state;
	is.request.call = 3;
	assert_true(audit_call_differs(&is.call, &is.request, &event));
	assert_int_equal(event.kind, EVENT_REVOKED);
	assert_true(audit_call_differs(&is.call, NULL, &event));
	assert_int_equal(event.kind, EVENT_NONE);
	is.specialist.request[0] = '\0';
	assert_true(audit_caller_differs(&is.call, &is.specialist, &event));
	assert_int_equal(event.kind, EVENT_REVOKED);
	/* The customer may be on the phone. */
	memcpy(is.call.authorised, "sid", 4);
	assert_true(audit_caller_differs(&is.call, NULL, &event));
	assert_int_equal(event.kind, EVENT_NONE);
	is.call.is_revoked = true;
	assert_false(audit_call_differs(&is.call, NULL, &event));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_view_of_a_waiting_request),
	    cmocka_unit_test(test_view_of_an_ended_request_and_of_none),
	    cmocka_unit_test(test_view_of_a_specialist_with_all_queues),
	    cmocka_unit_test(test_lease_is_no_fault),
	    cmocka_unit_test(test_newer_format),
	    cmocka_unit_test(test_burial_keeps_every_byte),
	    cmocka_unit_test(test_partners_agree),
	    cmocka_unit_test(test_specialist_of_nobody),
	    cmocka_unit_test(test_request_of_nobody),
	    cmocka_unit_test(test_call_of_nobody),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
