/* SPDX-License-Identifier: MIT */
/* commit: what a step changed becomes the script's arguments, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/commit.h"
#include "lib/promise.h"
#include "lib/standing.h"
#include "tests/store/arguments.h"

#define NOW_MS INT64_C(1700000000000)
#define MINUTE_MS INT64_C(60000)

static struct queue_policy queues[2];
static struct specialist_policy anna = { .id = "anna" };
static struct policy policy;
static struct situation before;
static struct outcome outcome;
static struct words words;
static struct arguments sent;
static struct commit_extras extras;

static int
set_up(void **state)
{
	(void)state;
	policy_defaults(&policy);
	for (int i = 0; i < 2; i++)
		queue_policy_defaults(&queues[i]);
	strcpy(queues[0].id, "cards");
	strcpy(queues[1].id, "loans");
	policy.queues = queues;
	policy.queue_count = 2;
	policy.specialists = &anna;
	policy.specialist_count = 1;
	strcpy(policy.dispositions[0].id, "done");
	strcpy(policy.dispositions[1].id, "pass");
	policy.dispositions[1].then = THEN_PASS;
	policy.disposition_count = 2;
	memset(&before, 0, sizeof(before));
	memset(&outcome, 0, sizeof(outcome));
	extras = (struct commit_extras){ .op = "n1.7" };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	words_fini(&words);
	return 0;
}

static void
waiting_request(void)
{
	struct request *r = &before.request;

	strcpy(r->id, "r1");
	r->record.version = 4;
	r->state = REQUEST_WAITING;
	strcpy(r->queue, "cards");
	strcpy(r->phone, "+79161234567");
	strcpy(r->number, "4821");
	strcpy(r->site_id, "site-0001");
	r->asker_count = 1;
	r->asked_at_ms = NOW_MS - MINUTE_MS;
	r->at_ms = NOW_MS - MINUTE_MS;
	r->room = 1;
	promise_soon(&policy, r, r->asked_at_ms);
	r->record.wake_at_ms = r->promise_at_ms;
	strcpy(before.askers.ids[0], "site-0001");
	before.askers.count = 1;
}

static void
free_specialist(void)
{
	struct specialist *s = &before.specialists[0];

	before.specialist_count = 1;
	strcpy(s->id, "anna");
	s->record.version = 9;
	s->state = SPECIALIST_IDLE;
	s->status = STATUS_AVAILABLE;
	s->since_ms = NOW_MS - MINUTE_MS;
	strcpy(s->skills[0].queue, "cards");
	s->skills[0].level = 5;
}

/* What the outcome as it is would send; read back to its last word. */
static size_t
send(void)
{
	size_t at = 0, count;

	words_clear(&words);
	count = commit_between(&policy, &before, &outcome, NOW_MS, &extras,
	    &words);
	assert_true(arguments_read(&words, &at, &sent));
	assert_int_equal(at, words.count);
	assert_int_equal(sent.record_count, count);
	assert_string_equal(sent.op, extras.op);
	return count;
}

static void
tell(struct event event)
{
	event.digit = -1;
	assert_true(situation_step(&policy, &before, &event, NOW_MS,
	    &outcome));
}

static const struct record_arguments *
record(const char *id)
{
	const struct record_arguments *found = arguments_record(&sent, id);

	if (found == NULL)
		fail_msg("no %s", id);
	return found;
}

static void
assert_value(const struct part *part, const char *name, const char *value)
{
	const char *found = part_value(part, name);

	if (value == NULL && found == NULL)
		return;
	if (found == NULL || value == NULL)
		fail_msg("%s=%s", name, found != NULL ? found : "none");
	assert_string_equal(found, value);
}

/* Every record that was read is checked, and nothing written. */
static void
nothing_changed_is_only_checked(void **state)
{
	(void)state;
	waiting_request();
	free_specialist();
	outcome.after = before;
	assert_true(commit_is_empty(&before, &outcome));
	assert_int_equal(send(), 2);
	for (size_t i = 0; i < sent.record_count; i++) {
		const struct record_arguments *one = &sent.records[i];

		assert_int_equal(one->fields.count, 0);
		assert_int_equal(one->gone.count, 0);
		assert_int_equal(one->indexes.count, 0);
		assert_int_equal(one->uniques.count, 0);
		assert_string_equal(one->keep_ms, "0");
	}
	assert_string_equal(record("request:r1")->expect, "4");
	assert_string_equal(record("specialist:anna")->expect, "9");
	assert_int_equal(sent.texts.count, 0);
	assert_int_equal(sent.counters.count, 0);
	assert_int_equal(sent.lines.count, 0);
}

static void
only_changed_fields_are_written(void **state)
{
	const struct record_arguments *r, *s;

	(void)state;
	waiting_request();
	free_specialist();
	tell((struct event){ .kind = EVENT_MATCHED,
	    .to = record_ref_request("r1"), .specialist = "anna" });
	assert_false(commit_is_empty(&before, &outcome));
	send();
	r = record("request:r1");
	assert_value(&r->fields, "v", NULL);    /* the script's to write */
	assert_value(&r->fields, "op", NULL);
	assert_value(&r->fields, "state", "offered");
	assert_value(&r->fields, "offers", "1");
	assert_value(&r->fields, "offer1", "anna 1 1700000000000 0");
	assert_value(&r->fields, "fmt", NULL);
	assert_value(&r->fields, "queue", NULL);
	assert_value(&r->indexes, "wait:cards", "");
	assert_value(&r->indexes, "due", "1700000000000");
	assert_int_equal(r->uniques.count, 0);
	s = record("specialist:anna");
	assert_value(&s->fields, "state", "offered");
	assert_value(&s->fields, "request", "r1");
	assert_value(&s->indexes, "ready:cards", "");
	assert_value(&s->indexes, "active", NULL);
	assert_int_equal(sent.lines.count, 2);
	assert_string_equal(sent.story, "r1");
	assert_string_equal(sent.lines.word[0][0], "1700000000000 request:r1 "
	    "waiting offered matched offer - to anna");
}

/* An index is written when its score changes; `due`, which a claim may have put
 * off, always; and all of them by an audit. */
static void
indexes_are_written_when_they_change(void **state)
{
	const struct record_arguments *r;
	struct standing standing;

	(void)state;
	waiting_request();
	outcome.after = before;
	outcome.after.request.level++;
	send();
	r = record("request:r1");
	assert_int_equal(r->indexes.count, 1);
	assert_non_null(part_value(&r->indexes, "due"));
	outcome.after.request.promise_at_ms += MINUTE_MS;
	send();
	r = record("request:r1");
	assert_non_null(part_value(&r->indexes, "promises"));
	assert_non_null(part_value(&r->indexes, "wait:cards"));
	assert_value(&r->indexes, "active", NULL);
	outcome.after = before;
	extras.is_audit = true;
	send();
	r = record("request:r1");
	standing_of_request(&before.request, &standing);
	for (size_t i = 0; i < standing.count; i++)
		assert_non_null(part_value(&r->indexes, standing.in[i].index));
}

/* Zeroes and empty texts are no fields: what becomes one is taken out. */
static void
emptied_fields_are_taken_out(void **state)
{
	const struct record_arguments *r;

	(void)state;
	waiting_request();
	strcpy(before.request.offers[0].specialist, "anna");
	before.request.offers[0].number = 1;
	before.request.offer_count = 1;
	before.request.state = REQUEST_OFFERED;
	before.request.hold_until_ms = 5;
	outcome.after = before;
	memset(&outcome.after.request.offers[0], 0, sizeof(struct offer));
	outcome.after.request.hold_until_ms = 0;
	outcome.after.request.state = REQUEST_WAITING;
	send();
	r = record("request:r1");
	assert_int_equal(r->gone.count, 2);
	assert_non_null(part_value(&r->gone, "offer1"));
	assert_non_null(part_value(&r->gone, "hold_until_ms"));
	assert_value(&r->fields, "state", "waiting");
	assert_int_equal(r->fields.count, 1);
}

static void
a_birth_takes_its_keys(void **state)
{
	const struct record_arguments *r;

	(void)state;
	waiting_request();
	before.request.state = REQUEST_NONE;
	before.request.record.version = 0;
	before.askers.count = 0;
	extras.take_index = "in";
	extras.take_member = "{\"a\":\0 1}";
	extras.take_length = 9;
	extras.said = "{}";
	tell((struct event){ .kind = EVENT_ARRIVED,
	    .to = record_ref_request("r1") });
	strcpy(outcome.after.askers.ids[0], "site-0001");
	outcome.after.askers.count = 1;
	send();
	assert_int_equal(sent.guards.count, 1);
	assert_string_equal(sent.guards.word[0][0], "take");
	assert_string_equal(sent.guards.word[0][1], "in");
	r = record("request:r1");
	assert_string_equal(r->expect, "0");
	assert_value(&r->fields, "fmt", "1");
	assert_value(&r->fields, "state", "scheduled");
	assert_int_equal(r->gone.count, 0);
	assert_string_equal(part_second(&r->uniques,
	    "phone:+79161234567:cards"), "r1");
	assert_string_equal(part_second(&r->uniques, "seen:site-0001"), "r1");
	assert_value(&r->uniques, "seen:site-0001", "0");
	assert_value(&sent.texts, "said:r1", "0");
	assert_string_equal(part_second(&sent.texts, "said:r1"), "{}");
	assert_string_equal(part_second(&sent.texts, "askers:r1"),
	    "site-0001");
	assert_non_null(strstr(part_second(&sent.texts, "answer:site-0001"),
	    "\"scheduled\""));
	assert_value(&sent.counters, "2023-11-14 asked", "1");
}

static void
the_end_leaves_everything_and_is_kept_for_a_while(void **state)
{
	const struct record_arguments *r;
	char keep[24];

	(void)state;
	waiting_request();
	tell((struct event){ .kind = EVENT_CANCELLED,
	    .to = record_ref_request("r1") });
	send();
	r = record("request:r1");
	for (size_t i = 0; i < r->indexes.count; i++)
		assert_string_equal(r->indexes.word[i][1], "");
	assert_non_null(part_value(&r->indexes, "wait:cards"));
	assert_non_null(part_value(&r->indexes, "due"));
	assert_non_null(part_value(&r->indexes, "active"));
	assert_non_null(part_value(&r->indexes, "promises"));
	assert_string_equal(part_second(&r->uniques,
	    "phone:+79161234567:cards"), "");
	snprintf(keep, sizeof(keep), "%lld", (long long)policy.seen_keep_ms);
	assert_string_equal(part_second(&sent.lives, "seen:site-0001"),
	    keep);
	snprintf(keep, sizeof(keep), "%lld", (long long)policy.record_keep_ms);
	assert_string_equal(r->keep_ms, keep);
	assert_string_equal(part_second(&sent.lives, "story:r1"), keep);
	assert_string_equal(part_second(&sent.lives, "said:r1"), keep);
	assert_string_equal(part_second(&sent.lives, "askers:r1"), keep);
	assert_string_equal(part_second(&sent.lives, "case:4821"), keep);
	assert_non_null(strstr(part_second(&sent.texts, "answer:site-0001"),
	    "\"cancelled\""));
	assert_value(&sent.counters, "2023-11-14 closed", "1");
}

static void
one_of_two_askers_may_cancel(void **state)
{
	const struct record_arguments *r;

	(void)state;
	waiting_request();
	before.request.asker_count = 2;
	before.askers.count = 2;
	strcpy(before.askers.ids[1], "site-0002");
	tell((struct event){ .kind = EVENT_CANCELLED,
	    .to = record_ref_request("r1"), .site_id = "site-0001" });
	send();
	r = record("request:r1");
	assert_value(&r->fields, "site_id", "site-0002");
	assert_value(&r->fields, "askers", "1");
	assert_string_equal(part_second(&sent.texts, "askers:r1"),
	    "site-0002");
	assert_non_null(strstr(part_second(&sent.texts, "answer:site-0001"),
	    "\"cancelled\""));
	assert_null(part_second(&sent.texts, "answer:site-0002"));
}

static void
a_second_asker_gets_its_answer_and_key(void **state)
{
	(void)state;
	waiting_request();
	extras.said = "{\"again\":1}";
	tell((struct event){ .kind = EVENT_REPEATED,
	    .to = record_ref_request("r1"), .site_id = "site-0002",
	    .at_ms = NOW_MS });
	send();
	assert_string_equal(part_second(&record("request:r1")->uniques,
	    "seen:site-0002"), "r1");
	assert_string_equal(part_second(&sent.texts, "askers:r1"),
	    "site-0001 site-0002");
	assert_non_null(part_second(&sent.texts, "answer:site-0002"));
	assert_non_null(part_second(&sent.texts, "said:r1:2"));
}

static void
a_passed_case_goes_on_in_a_newborn(void **state)
{
	const struct record_arguments *birth;

	(void)state;
	waiting_request();
	before.request.state = REQUEST_WRAPPING;
	tell((struct event){ .kind = EVENT_DISPOSED,
	    .to = record_ref_request("r1"), .disposition = "pass",
	    .fresh_id = "r2" });
	send();
	birth = record("request:r2");
	assert_string_equal(birth->expect, "0");
	assert_value(&birth->fields, "from", "r1");
	assert_value(&birth->fields, "queue", "loans");
	assert_value(&record("request:r1")->fields, "next", "r2");
	assert_string_equal(part_second(&birth->uniques,
	    "phone:+79161234567:loans"), "r2");
	assert_value(&sent.lives, "said:r2", "said:r1");
	assert_value(&sent.lives, "askers:r2", "askers:r1");
	assert_string_equal(part_second(&sent.lives, "case:4821"), "0");
	/* The website reads on in the successor. */
	assert_non_null(strstr(part_second(&sent.texts, "answer:site-0001"),
	    "\"scheduled\""));
}

static void
an_audit_writes_the_standing_of_what_is_unchanged(void **state)
{
	const struct record_arguments *r;

	(void)state;
	waiting_request();
	outcome.after = before;
	extras.is_audit = true;
	send();
	r = record("request:r1");
	assert_int_equal(r->fields.count, 0);
	assert_value(&r->indexes, "referred", "");
	assert_value(&r->indexes, "late", "");
	assert_non_null(part_value(&r->indexes, "wait:cards"));
	assert_string_not_equal(part_value(&r->indexes, "wait:cards"), "");
	assert_string_equal(part_second(&r->uniques,
	    "phone:+79161234567:cards"), "r1");
}

/* ---- what an order to send may not go beyond */

static void
queued_message(const char *text)
{
	struct message *message = &before.message;
	struct provider_facts *facts = &policy.providers[0];

	strcpy(facts->id, "tw");
	facts->can_text = true;
	facts->emission_ms[CHANNEL_VOICE] = 10;
	facts->emission_ms[CHANNEL_SMS] = 550;
	facts->price[CHANNEL_VOICE] = 50000;
	facts->price[CHANNEL_SMS] = 15000;
	facts->alive_max = 3;
	facts->hour_cap = 100000;
	policy.provider_count = 1;
	strcpy(policy.text.ids[0], "tw");
	policy.text.count = 1;
	strcpy(policy.texts[0].language, policy.language);
	policy.texts[0].texts[TEXT_LATE] = text;
	policy.text_language_count = 1;
	strcpy(message->id, "r1.late.1");
	strcpy(message->request, "r1");
	strcpy(message->to, "+79160000001");
	strcpy(message->locale, policy.language);
	message->kind = TEXT_LATE;
	message->state = MESSAGE_QUEUED;
	message->record.version = 1;
}

static void
assert_guard(size_t at, const char *kind, const char *key, const char *b,
    const char *c)
{
	assert_true(at < sent.guards.count);
	assert_string_equal(sent.guards.word[at][0], kind);
	assert_string_equal(sent.guards.word[at][1], key);
	assert_string_equal(sent.guards.word[at][2], b);
	assert_string_equal(sent.guards.word[at][3], c);
}

static void
a_message_that_is_sent_has_guards_of_its_own(void **state)
{
	/* More than 70 characters that are not GSM: two segments. */
	static const char long_text[] =
	    "яяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяяя";

	(void)state;
	queued_message("hello");
	tell((struct event){ .kind = EVENT_DUE,
	    .to = record_ref_message("r1.late.1") });
	send();
	assert_int_equal(sent.guards.count, 2);
	assert_guard(0, "spend", "spend:tw:h472222", "15000", "100000");
	assert_guard(1, "pace", "pace:tw:sms", "550", "1500");

	extras.probing = 1;
	queued_message(long_text);
	tell((struct event){ .kind = EVENT_DUE,
	    .to = record_ref_message("r1.late.1") });
	send();
	assert_int_equal(sent.guards.count, 3);
	assert_guard(0, "probe", "probe:tw:sms", "message:r1.late.1", "30000");
	assert_guard(1, "spend", "spend:tw:h472222", "30000", "100000");

	/* The purse counts what is ordered; what was paid is counted beside it. */
	before = outcome.after;
	tell((struct event){ .kind = EVENT_PRICED, .paid = 7900,
	    .currency = "USD", .to = record_ref_message("r1.late.1") });
	send();
	assert_int_equal(sent.guards.count, 0);
	assert_value(&sent.counters, "2023-11-14 paid:tw:USD", "7900");
	assert_null(sent.story);
	assert_value(&record("message:r1.late.1")->fields, "paid", "7900");
}

static void
guards_are_said_in_order(void **state)
{
	(void)state;
	waiting_request();
	outcome.after = before;
	extras.absent_key = "phone:+79161234567";
	send();
	assert_int_equal(sent.guards.count, 1);
	assert_string_equal(sent.guards.word[0][0], "absent");
	assert_string_equal(sent.guards.word[0][1], "phone:+79161234567");
	assert_string_equal(sent.guards.word[0][2], "r1");
}

static void
a_refusal_takes_out_and_tells(void **state)
{
	size_t at = 0;

	(void)state;
	extras.take_index = "in";
	extras.take_member = "rubbish";
	extras.take_length = 7;
	extras.rejected[0] = "reason";
	extras.rejected[1] = "not_json";
	extras.rejected[2] = "raw";
	extras.rejected[3] = "rubbish";
	extras.answer_id = "site-0009";
	extras.answer = "{\"state\":\"rejected\"}";
	commit_alone(&policy, &extras, 0, &words);
	assert_true(arguments_read(&words, &at, &sent));
	assert_int_equal(at, words.count);
	assert_int_equal(sent.record_count, 0);
	assert_int_equal(sent.rejected.count, 2);
	assert_value(&sent.rejected, "raw", "rubbish");
	assert_string_equal(part_second(&sent.texts, "answer:site-0009"),
	    extras.answer);
	assert_int_equal(sent.lines.count, 0);
}

static void
done_raises_only_what_changed(void **state)
{
	struct situation after;

	(void)state;
	waiting_request();
	free_specialist();
	after = before;
	after.request.lane = 1;
	commit_done(&before, &after, "n1.8");
	assert_int_equal(after.request.record.version, 5);
	assert_string_equal(after.request.record.op, "n1.8");
	assert_int_equal(after.specialists[0].record.version, 9);
	assert_string_equal(after.specialists[0].record.op, "");
}

static void
every_state_has_a_word_for_the_website(void **state)
{
	(void)state;
	for (int i = 0; i < REQUEST_STATE_COUNT; i++) {
		struct request r = { .state = (enum request_state)i };

		assert_non_null(commit_answer_state(&r));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(nothing_changed_is_only_checked),
		TEST(indexes_are_written_when_they_change),
		TEST(only_changed_fields_are_written),
		TEST(emptied_fields_are_taken_out),
		TEST(a_birth_takes_its_keys),
		TEST(the_end_leaves_everything_and_is_kept_for_a_while),
		TEST(one_of_two_askers_may_cancel),
		TEST(a_second_asker_gets_its_answer_and_key),
		TEST(a_passed_case_goes_on_in_a_newborn),
		TEST(an_audit_writes_the_standing_of_what_is_unchanged),
		TEST(a_message_that_is_sent_has_guards_of_its_own),
		TEST(guards_are_said_in_order),
		TEST(a_refusal_takes_out_and_tells),
		TEST(done_raises_only_what_changed),
		TEST(every_state_has_a_word_for_the_website),
#undef TEST
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
