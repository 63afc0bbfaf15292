/* SPDX-License-Identifier: MIT */
/*
 * message: the life of one text, walked to every state from which anything can
 * come; what a request gives birth to; how long a text is; and what its words mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/life.h"
#include "lib/say.h"
#include "lib/segments.h"
#include "lib/text.h"
#include "lib/zone.h"

#define NOW_MS INT64_C(1700000000000)  /* 22:13 in UTC, Tuesday 14 Nov 2023 */
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

static struct queue_policy queues[2];
static struct policy policy;
static struct situation before;
static struct outcome outcome;

static int
set_up(void **state)
{
	(void)state;
	policy_defaults(&policy);
	for (int i = 0; i < 2; i++)
		queue_policy_defaults(&queues[i]);
	strcpy(queues[0].id, "cards");
	strcpy(queues[0].caller_ids[0], "+74950000100");
	queues[0].caller_id_count = 1;
	strcpy(queues[1].id, "loans");
	policy.queues = queues;
	policy.queue_count = 2;
	strcpy(policy.dispositions[0].id, "pass");
	policy.dispositions[0].then = THEN_PASS;
	strcpy(policy.dispositions[1].id, "no_calls");
	policy.dispositions[1].then = THEN_SUPPRESS;
	policy.disposition_count = 2;
	for (int i = 0; i < 2; i++) {
		strcpy(policy.providers[i].id, i == 0 ? "one" : "two");
		policy.providers[i].can_text = true;
		strcpy(policy.text.ids[i], i == 0 ? "one" : "two");
	}
	strcpy(policy.providers[2].id, "chat");
	policy.providers[2].can_text = true;
	policy.providers[2].texts_chats = true;
	strcpy(policy.text.ids[2], "chat");
	policy.provider_count = 3;
	policy.text.count = 3;
	strcpy(policy.texts[0].language, "en");
	for (int i = 0; i < TEXT_CUSTOMER_COUNT; i++)
		policy.texts[0].texts[i] = "{company}";
	policy.text_language_count = 1;
	memset(&before, 0, sizeof(before));
	return 0;
}

static void
have_message(enum message_kind kind, enum message_state state)
{
	struct message *message = &before.message;

	memset(&before, 0, sizeof(before));
	strcpy(message->id, "r1.late.1");
	strcpy(message->request, "r1");
	strcpy(message->to, "+79160000001");
	message->kind = kind;
	message->state = state;
	message->record.version = 1;
	message->send_at_ms = NOW_MS;
	if (state >= MESSAGE_SENDING)
		strcpy(message->provider, "one");
}

static bool
step_at(enum event_kind kind, struct event event, int64_t now_ms)
{
	event.kind = kind;
	event.to = record_ref_message(before.message.id);
	event.digit = -1;
	if (!situation_step(&policy, &before, &event, now_ms, &outcome))
		return false;
	before = outcome.after;
	return true;
}

static bool
step(enum event_kind kind, struct event event)
{
	return step_at(kind, event, NOW_MS);
}

static void
assert_ended(const char *reason)
{
	assert_int_equal(before.message.state, MESSAGE_ENDED);
	assert_string_equal(before.message.reason, reason);
	assert_int_equal(before.message.record.wake_at_ms, 0);
}

/* ---- one life */

static void
it_is_sent_and_delivered(void **state)
{
	(void)state;
	have_message(TEXT_LATE, MESSAGE_QUEUED);
	assert_true(step(EVENT_DUE, (struct event){ 0 }));
	assert_int_equal(before.message.state, MESSAGE_SENDING);
	assert_string_equal(before.message.provider, "one");
	assert_int_equal(outcome.effect_count, 1);
	assert_int_equal(outcome.effects[0].kind, EFFECT_SEND);
	assert_true(step(EVENT_CREATED, (struct event){ .sid = "SM1" }));
	assert_int_equal(before.message.state, MESSAGE_GIVEN);
	assert_true(step(EVENT_PROGRESS, (struct event){ .sid = "SM1",
	    .message = MESSAGE_SENT }));
	assert_false(step(EVENT_PROGRESS, (struct event){ .sid = "SM1",
	    .message = MESSAGE_ACCEPTED }));
	assert_true(step(EVENT_PROGRESS, (struct event){ .sid = "SM1",
	    .message = MESSAGE_DELIVERED }));
	assert_ended("delivered");
	assert_false(step(EVENT_PROGRESS, (struct event){ .sid = "SM1",
	    .message = MESSAGE_FAILED }));
}

static void
only_a_certain_refusal_moves_it_on(void **state)
{
	struct event no = { .detail = "21610 blocked" };

	(void)state;
	have_message(TEXT_LATE, MESSAGE_SENDING);
	assert_true(step(EVENT_REJECTED, no));
	assert_int_equal(before.message.state, MESSAGE_QUEUED);
	assert_true(step(EVENT_DUE, (struct event){ 0 }));
	assert_string_equal(before.message.provider, "two");
	assert_true(step(EVENT_REJECTED, no));
	assert_ended("failed");
	assert_string_equal(before.message.error, "21610 blocked");

	/* Words longer than a record's field are cut between two characters. */
	have_message(TEXT_LATE, MESSAGE_SENDING);
	for (size_t i = 0; i < 47; i++)
		strcpy(no.detail + 2 * i, "\u044f");
	assert_true(step(EVENT_REJECTED, no));
	assert_true(before.message.error[0] != '\0');
	assert_true(text_is_utf8(before.message.error,
	    strlen(before.message.error)));

	have_message(TEXT_LATE, MESSAGE_SENDING);
	no.outcome = OUTCOME_INVALID_NUMBER;
	assert_true(step(EVENT_REJECTED, no));
	assert_ended("failed");

	have_message(TEXT_LATE, MESSAGE_SENDING);
	assert_true(step(EVENT_UNKNOWN, (struct event){ 0 }));
	assert_int_equal(before.message.state, MESSAGE_UNSURE);
	assert_string_equal(before.message.provider, "one");
}

/* ---- what keeps it waiting */

static void
a_turn_is_waited_for_while_it_is_news(void **state)
{
	struct event refused = { .wait_until_ms = NOW_MS + 4000,
		.wait_for = "pace" };

	(void)state;
	have_message(TEXT_LATE, MESSAGE_QUEUED);
	assert_true(step(EVENT_DUE, refused));
	assert_int_equal(before.message.state, MESSAGE_QUEUED);
	assert_int_equal(before.message.record.wake_at_ms, NOW_MS + 4000);
	assert_string_equal(before.message.waits_for, "pace");
	assert_int_equal(outcome.effect_count, 0);
	/* A claim that came late moves nothing. */
	assert_false(step(EVENT_DUE, (struct event){ 0 }));
	assert_true(step_at(EVENT_DUE, (struct event){ 0 }, NOW_MS + 4000));
	assert_int_equal(before.message.state, MESSAGE_SENDING);
	assert_string_equal(before.message.waits_for, "");

	have_message(TEXT_SOON, MESSAGE_QUEUED);
	before.message.stale_at_ms = NOW_MS + 3000;
	assert_true(step(EVENT_DUE, refused));
	assert_int_equal(before.message.record.wake_at_ms, NOW_MS + 3000);
	assert_true(step_at(EVENT_DUE, (struct event){ 0 }, NOW_MS + 3000));
	assert_ended("pace");
}

static void
the_order_is_walked_over_those_that_work(void **state)
{
	(void)state;
	have_message(TEXT_LATE, MESSAGE_QUEUED);
	assert_true(step(EVENT_DUE, (struct event){ .providers_down = 1 }));
	assert_string_equal(before.message.provider, "two");
	/* The first is not done with: it works again. */
	assert_true(step(EVENT_REJECTED, (struct event){ .detail = "no" }));
	assert_true(step(EVENT_DUE, (struct event){ 0 }));
	assert_string_equal(before.message.provider, "one");
	assert_true(step(EVENT_REJECTED, (struct event){ .detail = "no" }));
	assert_ended("failed");

	/* None does: it waits, longer and longer, and not for ever. */
	have_message(TEXT_LATE, MESSAGE_QUEUED);
	before.message.created_at_ms = NOW_MS;
	before.message.stale_at_ms = NOW_MS + HOUR_MS;
	assert_true(step(EVENT_DUE, (struct event){ .providers_down = 3 }));
	assert_int_equal(before.message.state, MESSAGE_QUEUED);
	assert_string_equal(before.message.waits_for, "provider_down");
	assert_int_equal(before.message.record.wake_at_ms, NOW_MS + 5000);
	assert_true(step_at(EVENT_DUE, (struct event){ .providers_down = 3,
	    .providers_spent = 2 }, NOW_MS + 30000));
	assert_string_equal(before.message.waits_for, "spent");
	assert_int_equal(before.message.record.wake_at_ms, NOW_MS + 60000);
	assert_true(step_at(EVENT_DUE, (struct event){ .providers_down = 3,
	    .providers_spent = 2 }, NOW_MS + HOUR_MS - 1));
	assert_int_equal(before.message.record.wake_at_ms, NOW_MS + HOUR_MS);
	assert_true(step_at(EVENT_DUE, (struct event){ .providers_down = 3 },
	    NOW_MS + HOUR_MS));
	assert_ended("spent");
}

static void
what_nobody_takes_now_comes_back(void **state)
{
	struct event later = { .detail = "503", .may_be_taken_later = true };

	(void)state;
	have_message(TEXT_LATE, MESSAGE_SENDING);
	before.message.created_at_ms = NOW_MS;
	before.message.stale_at_ms = NOW_MS + 20000;
	assert_true(step(EVENT_REJECTED, later));
	assert_true(step(EVENT_DUE, (struct event){ 0 }));
	assert_string_equal(before.message.provider, "two");
	assert_true(step(EVENT_REJECTED, later));
	assert_int_equal(before.message.state, MESSAGE_QUEUED);
	assert_int_equal(before.message.record.wake_at_ms, NOW_MS + 5000);
	assert_true(step_at(EVENT_DUE, (struct event){ 0 }, NOW_MS + 5000));
	assert_string_equal(before.message.provider, "one");
	assert_true(step_at(EVENT_REJECTED, later, NOW_MS + 6000));
	assert_true(step_at(EVENT_DUE, (struct event){ .providers_down = 1 },
	    NOW_MS + 6000));
	assert_string_equal(before.message.provider, "two");
	assert_true(step_at(EVENT_REJECTED, later, NOW_MS + 19000));
	assert_true(step_at(EVENT_DUE, (struct event){ 0 }, NOW_MS + 20000));
	assert_ended("failed");
	assert_string_equal(before.message.error, "503");
}

static void
what_it_has_cost_may_be_told_after_its_end(void **state)
{
	struct event priced = { .paid = 7900, .currency = "USD" };

	(void)state;
	have_message(TEXT_LATE, MESSAGE_GIVEN);
	assert_false(step(EVENT_PRICED, (struct event){ 0 }));
	assert_true(step(EVENT_PROGRESS, (struct event){
	    .message = MESSAGE_DELIVERED }));
	assert_ended("delivered");
	assert_true(step(EVENT_PRICED, priced));
	assert_ended("delivered");
	assert_int_equal(before.message.paid, 7900);
	assert_string_equal(before.message.currency, "USD");
	/* Old news, and never by who does not have it. */
	assert_false(step(EVENT_PRICED, priced));
	have_message(TEXT_LATE, MESSAGE_QUEUED);
	assert_false(step(EVENT_PRICED, priced));
}

static void
who_sends_to_chats_gets_no_numbers(void **state)
{
	(void)state;
	have_message(TEXT_ALARM, MESSAGE_QUEUED);
	strcpy(before.message.to, "chat:123");
	assert_true(step(EVENT_DUE, (struct event){ 0 }));
	assert_string_equal(before.message.provider, "chat");
	policy.text.count = 0;
	have_message(TEXT_LATE, MESSAGE_QUEUED);
	assert_true(step(EVENT_DUE, (struct event){ 0 }));
	assert_ended("no_provider");
}

static void
what_is_stale_or_unwanted_is_not_sent(void **state)
{
	(void)state;
	have_message(TEXT_SOON, MESSAGE_QUEUED);
	before.message.stale_at_ms = NOW_MS;
	assert_true(step(EVENT_DUE, (struct event){ 0 }));
	assert_ended("stale");
	have_message(TEXT_SOON, MESSAGE_QUEUED);
	assert_true(step(EVENT_WITHDRAWN, (struct event){ 0 }));
	assert_ended("withdrawn");
	have_message(TEXT_SOON, MESSAGE_QUEUED);
	assert_true(step(EVENT_DUE, (struct event){ .is_suppressed = true }));
	assert_ended("suppressed");
	have_message(TEXT_STOPPED, MESSAGE_QUEUED);
	assert_true(step(EVENT_DUE, (struct event){ .is_suppressed = true }));
	assert_int_equal(before.message.state, MESSAGE_SENDING);
}

static void
quiet_hours_hold_what_keeps(void **state)
{
	(void)state;
	policy.quiet_from_minute = 21 * 60;
	policy.quiet_to_minute = 8 * 60;
	have_message(TEXT_PASSED, MESSAGE_QUEUED);
	before.message.stale_at_ms = NOW_MS + 20 * HOUR_MS;
	assert_true(step(EVENT_DUE, (struct event){ 0 }));
	assert_int_equal(before.message.state, MESSAGE_QUEUED);
	/* 22:13:20 until 08:00 */
	assert_int_equal(before.message.record.wake_at_ms,
	    NOW_MS - 20000 + 9 * HOUR_MS + 47 * MINUTE_MS);
	assert_true(step_at(EVENT_DUE, (struct event){ 0 },
	    before.message.record.wake_at_ms));
	assert_int_equal(before.message.state, MESSAGE_SENDING);

	have_message(TEXT_LATE, MESSAGE_QUEUED);
	before.message.stale_at_ms = NOW_MS + HOUR_MS;
	assert_true(step(EVENT_DUE, (struct event){ 0 }));
	assert_ended("stale");

	/* It is night where the company is, and morning where they are; or the other way. */
	policy.zones = zones_new();
	assert_non_null(zones_learn(policy.zones, "Asia/Vladivostok"));
	have_message(TEXT_LATE, MESSAGE_QUEUED);
	strcpy(before.message.zone, "Asia/Vladivostok");
	assert_true(step(EVENT_DUE, (struct event){ 0 }));
	assert_int_equal(before.message.state, MESSAGE_SENDING);
	assert_int_equal(message_quiet_until(&policy, "Asia/Vladivostok",
	    NOW_MS + 13 * HOUR_MS), NOW_MS - 20000 + 23 * HOUR_MS + 47 * MINUTE_MS);
	assert_int_equal(message_quiet_until(&policy, "", NOW_MS + 13 * HOUR_MS), 0);
	zones_free(policy.zones);
	policy.zones = NULL;

	have_message(TEXT_DEFERRED, MESSAGE_QUEUED);
	before.message.prompt_until_ms = NOW_MS + 1;
	assert_true(step(EVENT_DUE, (struct event){ 0 }));
	assert_int_equal(before.message.state, MESSAGE_SENDING);

	have_message(TEXT_ALARM, MESSAGE_QUEUED);
	assert_true(step(EVENT_DUE, (struct event){ 0 }));
	assert_int_equal(before.message.state, MESSAGE_SENDING);
}

static void
doubt_ends(void **state)
{
	(void)state;
	have_message(TEXT_LATE, MESSAGE_SENDING);
	assert_true(step(EVENT_DUE, (struct event){ 0 }));
	assert_int_equal(before.message.state, MESSAGE_UNSURE);
	assert_int_equal(outcome.effects[0].kind, EFFECT_LOOK_UP);
	assert_true(step(EVENT_DUE, (struct event){ 0 }));
	assert_int_equal(before.message.state, MESSAGE_UNSURE);
	assert_true(step_at(EVENT_DUE, (struct event){ 0 },
	    NOW_MS + policy.quarantine_ms));
	assert_ended("unknown");

	have_message(TEXT_LATE, MESSAGE_UNSURE);
	assert_true(step(EVENT_ABSENT, (struct event){ 0 }));
	assert_true(step(EVENT_ABSENT, (struct event){ 0 }));
	assert_int_equal(before.message.state, MESSAGE_QUEUED);

	have_message(TEXT_LATE, MESSAGE_UNSURE);
	assert_true(step(EVENT_PROGRESS, (struct event){ .sid = "SM1",
	    .message = MESSAGE_SENT }));
	assert_int_equal(before.message.state, MESSAGE_GIVEN);
	assert_string_equal(before.message.sid, "SM1");
}

/* ---- every life: the provider, its answers and webhooks in any order */

enum { WORLDS_MAX = 4096 };

struct world {
	struct message message;
	int posts, accepted;            /* requests on the wire, texts it has sent */
	bool answer_lost, is_slow;
};
static struct world worlds[WORLDS_MAX];
static size_t world_count;

static bool
is_same(const struct world *a, const struct world *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void
add_world(const struct world *world)
{
	for (size_t i = 0; i < world_count; i++) {
		if (is_same(&worlds[i], world))
			return;
	}
	assert_true(world_count < WORLDS_MAX);
	worlds[world_count++] = *world;
}

static unsigned long used[64];

/* `now`: every moment has come, none is stale. */
static void
try(const struct world *from, enum event_kind kind, struct event event,
    struct world to)
{
	memset(&before, 0, sizeof(before));
	before.message = from->message;
	to.message = from->message;
	if (step(kind, event)) {
		to.message = before.message;
		/* Times do not make other worlds. */
		to.message.record.wake_at_ms = 0;
		for (size_t i = 0; i < outcome.move_count; i++)
			used[outcome.moves[i].row]++;
		for (size_t i = 0; i < outcome.effect_count; i++)
			to.posts += outcome.effects[i].kind == EFFECT_SEND;
	}
	assert_true(to.accepted + to.posts <= 1);
	add_world(&to);
}

static void
walk_from(const struct world *from)
{
	struct event sid = { .sid = "SM1" };
	struct world to = *from;

	try(from, EVENT_DUE, (struct event){ 0 }, *from);
	try(from, EVENT_WITHDRAWN, (struct event){ 0 }, *from);
	try(from, EVENT_DUE, (struct event){ .is_suppressed = true }, *from);
	if (from->posts > 0) {
		to.posts--;
		try(from, EVENT_REJECTED, (struct event){ 0 }, to);
		/* Never sent, and nobody knows. */
		try(from, EVENT_UNKNOWN, (struct event){ 0 }, to);
		to.accepted++;
		try(from, EVENT_CREATED, sid, to);
		to.answer_lost = true;
		try(from, EVENT_UNKNOWN, (struct event){ 0 }, to);
		add_world(&to);         /* not answered at all */
	}
	if (from->accepted > 0) {
		try(from, EVENT_CREATED, sid, *from);   /* late */
		try(from, EVENT_FOUND, sid, *from);
		for (int i = MESSAGE_ACCEPTED; i < MESSAGE_PROGRESS_COUNT; i++) {
			sid.message = (enum message_progress)i;
			try(from, EVENT_PROGRESS, sid, *from);
		}
	} else if (from->posts == 0) {
		try(from, EVENT_ABSENT, (struct event){ 0 }, *from);
	}
}

static void
no_walk_sends_twice_and_every_row_is_used(void **state)
{
	static const char *const elsewhere[] = { "drop_stale", "hold",
		"drop_without_provider", "end_unknown", "end_as_given",
		"queue", "wait_for_turn", "wait_for_provider", "put_back",
		"keep_price" };

	(void)state;
	memset(worlds, 0, sizeof(worlds));
	world_count = 0;
	have_message(TEXT_LATE, MESSAGE_QUEUED);
	worlds[world_count++].message = before.message;
	for (size_t i = 0; i < world_count; i++)
		walk_from(&worlds[i]);
	assert_true(world_count > 50);
	for (size_t i = 0; i < message_life.count; i++) {
		bool is_elsewhere = false;

		for (size_t k = 0; k < COUNT_OF(elsewhere); k++)
			is_elsewhere |= strcmp(elsewhere[k],
			    message_life.rows[i].action_name) == 0;
		if (used[i] == 0 && !is_elsewhere)
			fail_msg("row %zu, %s, is never used", i,
			    message_life.rows[i].action_name);
	}
}

/* ---- births */

static void
have_request(enum request_state state)
{
	struct request *r = &before.request;

	memset(&before, 0, sizeof(before));
	strcpy(r->id, "r1");
	strcpy(r->number, "4821");
	strcpy(r->queue, "cards");
	strcpy(r->phone, "+79160000001");
	strcpy(r->locale, "en");
	r->state = state;
	r->may_text = true;
	r->promise_number = 1;
	r->promise_at_ms = NOW_MS;
	r->asked_at_ms = NOW_MS - 15 * MINUTE_MS;
	r->record.version = state == REQUEST_NONE ? 0 : 1;
}

static bool
step_request(enum event_kind kind, struct event event)
{
	event.kind = kind;
	event.to = record_ref_request("r1");
	event.digit = -1;
	strcpy(event.fresh_id, "r2");
	return situation_step(&policy, &before, &event, NOW_MS, &outcome);
}

static void
assert_born(const char *id)
{
	assert_int_equal(outcome.message_count, 1);
	assert_string_equal(outcome.messages[0].id, id);
	assert_int_equal(outcome.messages[0].state, MESSAGE_QUEUED);
	assert_string_equal(outcome.messages[0].to, "+79160000001");
	assert_int_equal(outcome.messages[0].record.wake_at_ms, NOW_MS);
}

static void
a_late_one_is_told_once_for_its_promise(void **state)
{
	(void)state;
	have_request(REQUEST_WAITING);
	assert_true(step_request(EVENT_DUE, (struct event){ 0 }));
	assert_born("r1.late.1");
	assert_string_equal(outcome.messages[0].caller_id, "+74950000100");
	assert_int_equal(outcome.messages[0].promise_at_ms,
	    outcome.after.request.second_at_ms);
	assert_int_equal(outcome.messages[0].prompt_until_ms, 0);
	before.request.told = outcome.after.request.told;
	assert_true(step_request(EVENT_DUE, (struct event){ 0 }));
	assert_int_equal(outcome.message_count, 0);
	have_request(REQUEST_CALLING);
	assert_true(step_request(EVENT_DUE, (struct event){ 0 }));
	assert_int_equal(outcome.message_count, 0);
}

static void
nobody_is_told_who_did_not_agree(void **state)
{
	(void)state;
	have_request(REQUEST_WAITING);
	before.request.may_text = false;
	assert_true(step_request(EVENT_DUE, (struct event){ 0 }));
	assert_int_equal(outcome.message_count, 0);
	have_request(REQUEST_WAITING);
	policy.texts[0].texts[TEXT_LATE] = NULL;
	assert_true(step_request(EVENT_DUE, (struct event){ 0 }));
	assert_int_equal(outcome.message_count, 0);
	policy.texts[0].texts[TEXT_LATE] = "late";
	policy.text.count = 0;
	assert_true(step_request(EVENT_DUE, (struct event){ 0 }));
	assert_int_equal(outcome.message_count, 0);
}

static void
what_is_put_off_is_told_when_it_is_far(void **state)
{
	(void)state;
	have_request(REQUEST_NONE);
	before.request.promise_number = 0;
	before.request.at_ms = NOW_MS + 2 * HOUR_MS;
	assert_true(step_request(EVENT_ARRIVED, (struct event){ 0 }));
	assert_born("r1.deferred.1");
	assert_int_equal(outcome.messages[0].from_ms, NOW_MS + 2 * HOUR_MS);
	assert_int_equal(outcome.messages[0].prompt_until_ms,
	    NOW_MS + 2 * MINUTE_MS);
	before.request.at_ms = NOW_MS + 6 * MINUTE_MS;
	assert_true(step_request(EVENT_ARRIVED, (struct event){ 0 }));
	assert_int_equal(outcome.message_count, 0);
}

static void
what_is_passed_on_names_its_new_promise(void **state)
{
	struct event said = { .disposition = "pass", .queue = "loans" };

	(void)state;
	have_request(REQUEST_WRAPPING);
	assert_true(step_request(EVENT_DISPOSED, said));
	assert_born("r1.passed.1");
	assert_string_equal(outcome.messages[0].queue, "loans");
	assert_int_equal(outcome.messages[0].promise_at_ms,
	    outcome.birth.promise_at_ms);
	assert_true(outcome.birth.may_text);
}

static void
no_more_calls_ends_what_was_asked_for(void **state)
{
	struct event said = { .disposition = "no_calls" };

	(void)state;
	have_request(REQUEST_WRAPPING);
	assert_true(step_request(EVENT_DISPOSED, said));
	assert_true(outcome.suppresses);
	have_request(REQUEST_WAITING);
	assert_true(step_request(EVENT_SUPPRESSED, (struct event){ 0 }));
	assert_int_equal(outcome.after.request.state, REQUEST_CLOSED);
	assert_string_equal(outcome.after.request.reason, "suppressed");
	/* What another node had listed is found out at the latest by the commit. */
	have_request(REQUEST_SCHEDULED);
	assert_true(step_request(EVENT_DUE,
	    (struct event){ .is_suppressed = true }));
	assert_string_equal(outcome.after.request.reason, "suppressed");
}

/* ---- segments */

static void
a_text_is_counted_as_networks_count_it(void **state)
{
	static const struct { const char *text; bool gsm; size_t units, count; }
	    cases[] = {
		{ "", true, 0, 0 },
		{ "Hello @ you: it's 5$ (10%)", true, 26, 1 },
		{ "price 5€ {a}", true, 15, 1 },
		{ "Привет", false, 6, 1 },
		{ "ok ☎", false, 4, 1 },
		{ "😀", false, 2, 1 },
		{ "`", false, 1, 1 },
	};
	char text[1024] = "";

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct segments is = segments_of(cases[i].text);

		assert_int_equal(is.is_gsm7, cases[i].gsm);
		assert_int_equal(is.units, cases[i].units);
		assert_int_equal(is.count, cases[i].count);
	}
	memset(text, 'a', 160);
	assert_int_equal(segments_of(text).count, 1);
	memset(text, 'a', 161);
	assert_int_equal(segments_of(text).count, 2);
	memset(text, 'a', 306);
	assert_int_equal(segments_of(text).count, 2);
	memset(text, 'a', 307);
	assert_int_equal(segments_of(text).count, 3);
	text[0] = '\0';
	for (int i = 0; i < 70; i++)
		strcat(text, "я");
	assert_int_equal(segments_of(text).count, 1);
	strcat(text, "я");
	assert_int_equal(segments_of(text).count, 2);
}

/* ---- what time words mean */

static void
moments_are_said_in_the_zone(void **state)
{
	struct zone *moscow = zone_new("Europe/Moscow");
	struct zone *berlin = zone_new("Europe/Berlin");
	char text[SAY_SIZE];

	(void)state;
	assert_non_null(moscow);
	assert_non_null(berlin);
	assert_null(zone_new("Europe/Atlantis"));
	/* 01:13 there, already Wednesday */
	say_moment(moscow, "ru", NOW_MS, NOW_MS, text);
	assert_string_equal(text, "1:13");
	say_moment(NULL, "en", NOW_MS, NOW_MS + 12 * HOUR_MS, text);
	assert_string_equal(text, "tomorrow 10:13");
	say_span(moscow, "ru", NOW_MS, NOW_MS + 32 * HOUR_MS,
	    NOW_MS + 32 * HOUR_MS + 30 * MINUTE_MS, text);
	assert_string_equal(text, "завтра 9:13-9:43");
	say_span(moscow, "ru", NOW_MS, NOW_MS + 60 * HOUR_MS,
	    NOW_MS + 60 * HOUR_MS, text);
	assert_string_equal(text, "17.11 13:13");
	say_day(NULL, "en", NOW_MS, NOW_MS + 50 * HOUR_MS, text);
	assert_string_equal(text, "17 Nov");
	say_day(moscow, "ru", NOW_MS, NOW_MS, text);
	assert_string_equal(text, "сегодня");
	/* Clocks go forward in Berlin on 2024-03-31 at 01:00 UTC. */
	say_time(berlin, INT64_C(1711846740000), text);
	assert_string_equal(text, "1:59");
	say_time(berlin, INT64_C(1711846800000), text);
	assert_string_equal(text, "3:00");
	zone_free(moscow);
	zone_free(berlin);
}

static void
dates_are_those_of_the_calendar(void **state)
{
	struct zone_time at;

	(void)state;
	zone_local(NULL, INT64_C(1709164800000), &at);  /* 2024-02-29 */
	assert_int_equal(at.year, 2024);
	assert_int_equal(at.month, 2);
	assert_int_equal(at.day, 29);
	zone_local(NULL, 0, &at);
	assert_int_equal(at.year, 1970);
	assert_int_equal(at.month, 1);
	assert_int_equal(at.day, 1);
	zone_local(NULL, -1000, &at);
	assert_int_equal(at.year, 1969);
	assert_int_equal(at.hour, 23);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_is_sent_and_delivered, set_up),
		cmocka_unit_test_setup(only_a_certain_refusal_moves_it_on, set_up),
		cmocka_unit_test_setup(a_turn_is_waited_for_while_it_is_news, set_up),
		cmocka_unit_test_setup(the_order_is_walked_over_those_that_work, set_up),
		cmocka_unit_test_setup(what_nobody_takes_now_comes_back, set_up),
		cmocka_unit_test_setup(what_it_has_cost_may_be_told_after_its_end,
		    set_up),
		cmocka_unit_test_setup(who_sends_to_chats_gets_no_numbers, set_up),
		cmocka_unit_test_setup(what_is_stale_or_unwanted_is_not_sent, set_up),
		cmocka_unit_test_setup(quiet_hours_hold_what_keeps, set_up),
		cmocka_unit_test_setup(doubt_ends, set_up),
		cmocka_unit_test_setup(no_walk_sends_twice_and_every_row_is_used, set_up),
		cmocka_unit_test_setup(a_late_one_is_told_once_for_its_promise, set_up),
		cmocka_unit_test_setup(nobody_is_told_who_did_not_agree, set_up),
		cmocka_unit_test_setup(what_is_put_off_is_told_when_it_is_far, set_up),
		cmocka_unit_test_setup(what_is_passed_on_names_its_new_promise, set_up),
		cmocka_unit_test_setup(no_more_calls_ends_what_was_asked_for, set_up),
		cmocka_unit_test_setup(a_text_is_counted_as_networks_count_it, set_up),
		cmocka_unit_test_setup(moments_are_said_in_the_zone, set_up),
		cmocka_unit_test_setup(dates_are_those_of_the_calendar, set_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
