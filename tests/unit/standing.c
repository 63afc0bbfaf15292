/* SPDX-License-Identifier: MIT */
/* standing: an index is a function of the record, and of nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/standing.h"

#define NOW_MS INT64_C(1700000000000)
#define DIGIT INT64_C(100000000000000)

static struct standing standing;

/* "index=score index=score …|key key …" */
static const char *
said(void)
{
	static char text[2048];
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < standing.count; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
		    "%s%s=%lld", i > 0 ? " " : "", standing.in[i].index,
		    (long long)standing.in[i].score);
	at += (size_t)snprintf(text + at, sizeof(text) - at, "|");
	for (size_t i = 0; i < standing.unique_count; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s",
		    i > 0 ? " " : "", standing.unique[i]);
	return text;
}

static struct request
request_in(enum request_state state)
{
	struct request r = { .state = state, .asked_at_ms = 10, .room = 1,
		.promise_at_ms = 50 };

	r.record.wake_at_ms = 30;
	strcpy(r.id, "r");
	strcpy(r.queue, "cards");
	strcpy(r.phone, "+79161234567");
	return r;
}

static void
assert_request(const struct request *request, const char *expected)
{
	standing_of_request(request, &standing);
	assert_string_equal(said(), expected);
}

static void
requests_stand_by_their_state(void **state)
{
	static const char *const expected[REQUEST_STATE_COUNT] = {
		[REQUEST_NONE] = "|",
		[REQUEST_SCHEDULED] = "active=10 due=30 promises=50"
		    "|phone:+79161234567:cards",
		[REQUEST_WAITING] = "active=10 due=30 promises=50 wait:cards=50"
		    "|phone:+79161234567:cards",
		[REQUEST_OFFERED] = "active=10 due=30 promises=50 wait:cards=50"
		    "|phone:+79161234567:cards",
		[REQUEST_TAKEN] = "active=10 due=30 promises=50 taken=50"
		    "|phone:+79161234567:cards",
		[REQUEST_CALLING] = "active=10 due=30 promises=50"
		    "|phone:+79161234567 phone:+79161234567:cards",
		[REQUEST_TALKING] = "active=10 due=30 promises=50"
		    "|phone:+79161234567 phone:+79161234567:cards",
		[REQUEST_WRAPPING] = "active=10 due=30 promises=50|",
		[REQUEST_REFERRED] = "active=10 due=30 promises=50 referred=10|",
		[REQUEST_CLOSED] = "|",
	};

	(void)state;
	for (int i = 0; i < REQUEST_STATE_COUNT; i++) {
		struct request r = request_in((enum request_state)i);

		assert_request(&r, expected[i]);
	}
}

static void
a_number_is_held_while_it_may_ring(void **state)
{
	struct request r = request_in(REQUEST_REFERRED);

	(void)state;
	strcpy(r.reason, "maybe_called");
	r.kept_at_ms = 1;
	r.record.wake_at_ms = 0;
	assert_request(&r, "active=10 referred=10|phone:+79161234567");
	r = request_in(REQUEST_CLOSED);
	r.is_leg_open = true;
	assert_request(&r, "|phone:+79161234567");
	assert_true(standing_holds_number(&r));
}

static void
waiting_has_lanes(void **state)
{
	struct request r = request_in(REQUEST_WAITING);

	(void)state;
	r.is_missed = true;
	r.lane = 1;
	r.second_at_ms = 90;
	assert_request(&r, "active=10 due=30 promises=90 late=50"
	    " wait:cards=100000000000050|phone:+79161234567:cards");
	r.lane = 0;
	assert_request(&r, "active=10 due=30 promises=90 late=50 wait:cards=90"
	    "|phone:+79161234567:cards");
	r.is_second_missed = true;
	assert_request(&r, "active=10 due=30 late=50 wait:cards=90"
	    "|phone:+79161234567:cards");
	r.lane = 1000000000;
	standing_of_request(&r, &standing);
	assert_true(standing.in[standing.count - 1].score < 2 * DIGIT);
}

static void
what_is_held_or_full_does_not_wait(void **state)
{
	struct request r = request_in(REQUEST_OFFERED);

	(void)state;
	strcpy(r.offers[3].specialist, "anna");
	assert_request(&r, "active=10 due=30 promises=50"
	    "|phone:+79161234567:cards");
	r.room = 2;
	assert_request(&r, "active=10 due=30 promises=50 wait:cards=50"
	    "|phone:+79161234567:cards");
	r.hold_until_ms = 1;
	assert_request(&r, "active=10 due=30 promises=50"
	    "|phone:+79161234567:cards");
}

static void
what_is_widened_waits_in_each_queue(void **state)
{
	struct request r = request_in(REQUEST_WAITING);

	(void)state;
	strcpy(r.also[0], "loans");
	strcpy(r.also[3], "info");
	assert_request(&r, "active=10 due=30 promises=50 wait:cards=50 "
	    "wait:loans=50 wait:info=50|phone:+79161234567:cards");
	r.state = REQUEST_CALLING;
	standing_of_request(&r, &standing);
	assert_null(strstr(said(), "wait:"));
	standing_add_absent(RECORD_REQUEST, &r, &standing);
	assert_non_null(strstr(said(), "wait:cards=0"));
	assert_non_null(strstr(said(), "wait:loans=0 wait:info=0"));
}

static void
calls_stand_while_they_live(void **state)
{
	struct call call = { .placed_at_ms = 5, .provider = "line" };

	(void)state;
	for (int i = 0; i < CALL_STATE_COUNT; i++) {
		call.state = (enum call_state)i;
		call.record.wake_at_ms = 30;
		standing_of_call(&call, &standing);
		assert_string_equal(said(), call_is_live(&call) ?
		    "active=5 due=30 calls:line=5|" : "|");
	}
	call.state = CALL_LIVE;
	call.record.wake_at_ms = 0;
	standing_of_call(&call, &standing);
	assert_string_equal(said(), "active=5 calls:line=5|");
	/* A line is full of what it carries, not of what is dialled by hand. */
	strcpy(call.provider, CALL_BY_HAND);
	standing_of_call(&call, &standing);
	assert_string_equal(said(), "active=5|");
}

static void
only_the_idle_are_ready(void **state)
{
	struct specialist s = { .since_ms = NOW_MS };

	(void)state;
	strcpy(s.skills[0].queue, "cards");
	s.skills[0].level = 9;
	strcpy(s.skills[7].queue, "loans");
	s.skills[7].level = 1;
	for (int i = 0; i < SPECIALIST_STATE_COUNT; i++) {
		s.state = (enum specialist_state)i;
		standing_of_specialist(&s, &standing);
		assert_string_equal(said(), i == SPECIALIST_NONE ? "|" :
		    i != SPECIALIST_IDLE ? "active=0|" :
		    "active=0 ready:cards=1700000000000"
		    " ready:loans=801700000000000|");
	}
}

/* ZRANGE of ready:Q gives the best first: level, then the longest idle. */
static void
scores_keep_both_keys(void **state)
{
	struct specialist a = { .state = SPECIALIST_IDLE, .since_ms = NOW_MS };
	struct specialist b = a;
	int64_t score;

	(void)state;
	strcpy(a.skills[0].queue, "cards");
	strcpy(b.skills[0].queue, "cards");
	a.skills[0].level = 5;
	b.skills[0].level = 4;
	b.since_ms = 0;
	standing_of_specialist(&a, &standing);
	score = standing.in[1].score;
	standing_of_specialist(&b, &standing);
	assert_true(score < standing.in[1].score);
	/* Redis keeps scores as doubles: exact up to 2^53. */
	b.skills[0].level = 0;
	b.since_ms = DIGIT - 1;
	standing_of_specialist(&b, &standing);
	assert_true(standing.in[1].score < INT64_C(1) << 53);
}

static bool
names(const char *index)
{
	for (size_t i = 0; i < standing.count; i++) {
		if (strcmp(standing.in[i].index, index) == 0)
			return true;
	}
	return false;
}

/* What an audit removes is all that a record can ever stand in. */
static void
an_audit_knows_every_index(void **state)
{
	struct standing is;
	struct specialist s = { .state = SPECIALIST_IDLE };

	(void)state;
	for (int i = 0; i < REQUEST_STATE_COUNT; i++) {
		struct request r = request_in((enum request_state)i);

		r.is_missed = i % 2;
		r.lane = i % 2;
		standing_of_request(&r, &is);
		standing_add_absent(RECORD_REQUEST, &r, &standing);
		for (size_t j = 0; j < is.count; j++)
			assert_true(names(is.in[j].index));
	}
	for (int i = 0; i < SPECIALIST_QUEUES_MAX; i++)
		snprintf(s.skills[i].queue, ID_SIZE, "queue%d", i);
	s.record.wake_at_ms = 1;
	standing_of_specialist(&s, &is);
	assert_int_equal(is.count, 2 + SPECIALIST_QUEUES_MAX);
	standing_add_absent(RECORD_SPECIALIST, &s, &standing);
	for (size_t j = 0; j < is.count; j++)
		assert_true(names(is.in[j].index));
}

static void
the_longest_names_fit(void **state)
{
	struct request r = request_in(REQUEST_CALLING);
	char site_id[SITE_ID_SIZE], key[KEY_SIZE];

	(void)state;
	memset(r.queue, 'q', ID_SIZE - 1);
	memset(r.phone, '9', PHONE_SIZE - 1);
	standing_of_request(&r, &standing);
	assert_int_equal(strlen(standing.unique[1]), 6 + 16 + 1 + 31);
	r.state = REQUEST_WAITING;
	standing_of_request(&r, &standing);
	assert_int_equal(strlen(standing.in[3].index), 5 + 31);
	memset(site_id, 's', SITE_ID_SIZE - 1);
	site_id[SITE_ID_SIZE - 1] = '\0';
	standing_seen_key(site_id, key);
	assert_int_equal(strlen(key), 5 + 64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_stand_by_their_state),
		cmocka_unit_test(a_number_is_held_while_it_may_ring),
		cmocka_unit_test(waiting_has_lanes),
		cmocka_unit_test(what_is_held_or_full_does_not_wait),
		cmocka_unit_test(what_is_widened_waits_in_each_queue),
		cmocka_unit_test(calls_stand_while_they_live),
		cmocka_unit_test(only_the_idle_are_ready),
		cmocka_unit_test(scores_keep_both_keys),
		cmocka_unit_test(an_audit_knows_every_index),
		cmocka_unit_test(the_longest_names_fit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
