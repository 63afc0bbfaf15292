/* SPDX-License-Identifier: MIT */
/*
 * steps: the real tables under events of chance; what each step changed is
 * written by the commit script, read back, and compared with what is in memory;
 * and every index with the standing of its records.
 *
 *   steps [SEED [STEPS]]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/commit.h"
#include "lib/life.h"
#include "lib/standing.h"
#include "scripts.h"
#include "tests/store/server.h"

#define MINUTE_MS INT64_C(60000)

enum { SKEW_MAX_MS = 2000, KEEP_EVENTS_MS = 3600000, WORD_SIZE = 160 };

static unsigned seed = 1;
static unsigned step_count = 3000;
static uint64_t chance;
static char commit_sha[41];
static struct words words;

static unsigned
draw(unsigned below)
{
	chance = chance * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(chance >> 33) % below;
}

/* ---- steps of the real tables */

static struct queue_policy queues[2];
static struct specialist_policy people[2];
static struct policy policy;
static struct situation before;
static struct outcome outcome;
static int64_t clock_ms;
static unsigned request_number, op_number;

static void
fill_policy(void)
{
	policy_defaults(&policy);
	for (int i = 0; i < 2; i++) {
		queue_policy_defaults(&queues[i]);
		specialist_policy_defaults(&people[i]);
		strcpy(queues[i].id, i == 0 ? "cards" : "loans");
		strcpy(people[i].id, i == 0 ? "anna" : "boris");
		strcpy(people[i].name, i == 0 ? "Анна" : "Boris B.");
		strcpy(people[i].addresses[0].to, "ext:101");
		people[i].address_count = 1;
		for (int j = 0; j < 2; j++) {
			strcpy(people[i].queues[j].id, queues[j].id[0] != '\0' ?
			    queues[j].id : "loans");
			people[i].queues[j].level = 5 - j;
		}
		people[i].queue_count = 2;
	}
	people[1].offer = OFFER_PHONE;
	people[1].confirm = CONFIRM_ANSWER;
	policy.queues = queues;
	policy.queue_count = 2;
	policy.specialists = people;
	policy.specialist_count = 2;
	policy.give_up_ms = 90 * MINUTE_MS;
	for (int i = 0; i < 4; i++) {
		static const char *const ids[] = { "done", "pass", "later",
			"machine" };

		strcpy(policy.dispositions[i].id, ids[i]);
		policy.dispositions[i].key = i + 1;
		policy.dispositions[i].then = (enum disposition_then[]){
			THEN_CLOSE, THEN_PASS, THEN_SCHEDULE, THEN_RETRY }[i];
	}
	policy.disposition_count = 4;
	strcpy(policy.providers[0].id, "line");
	policy.providers[0].authorises_on_answer = true;
	policy.providers[0].can_find = true;
	policy.providers[0].can_poll = true;
	policy.provider_count = 1;
	strcpy(policy.voice.ids[0], "line");
	policy.voice.count = 1;
}

/* A request of another customer, its specialists as they were. */
static void
new_request(void)
{
	struct request *r = &before.request;

	memset(r, 0, sizeof(*r));
	memset(&before.case_file, 0, sizeof(before.case_file));
	before.call_count = 0;
	request_number++;
	snprintf(r->id, sizeof(r->id), "r%u", request_number);
	snprintf(r->phone, sizeof(r->phone), "+7916%07u",
	    request_number % 10000000);
	snprintf(r->site_id, sizeof(r->site_id), "site-%04u", request_number);
	snprintf(r->number, sizeof(r->number), "%u",
	    1000 + request_number % 9000);
	strcpy(r->queue, "cards");
	strcpy(r->name, "Вера \"V\" %s");
	r->asked_at_ms = clock_ms;
	r->asker_count = 1;
	before.askers.count = 0;
}

/* The engine forgets what has nothing to do with a request any more. */
static void
trim(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < before.call_count; i++) {
		if (call_is_live(&before.calls[i]) ||
		    before.calls[i].n == before.request.call)
			before.calls[kept++] = before.calls[i];
	}
	before.call_count = kept;
}

static struct event
draw_request_event(void)
{
	static const enum event_kind kinds[] = { EVENT_DUE, EVENT_MATCHED,
		EVENT_MATCHED, EVENT_CANCELLED, EVENT_REPEATED,
		EVENT_RESCHEDULED, EVENT_DISPOSED, EVENT_DISPOSED,
		EVENT_REQUEUED, EVENT_ASSIGNED, EVENT_NUMBER_BUSY,
		EVENT_NOTED };
	struct event event = { .kind = kinds[draw(COUNT_OF(kinds))] };

	event.to = record_ref_request(before.request.id);
	if (event.kind == EVENT_CANCELLED && draw(4) != 0)
		event.kind = EVENT_DUE;
	strcpy(event.specialist, draw(2) ? "anna" : "boris");
	strcpy(event.disposition,
	    policy.dispositions[draw(4)].id);
	event.at_ms = clock_ms + (int64_t)draw(3) * MINUTE_MS;
	if (event.kind == EVENT_REPEATED || event.kind == EVENT_CANCELLED)
		snprintf(event.site_id, sizeof(event.site_id), "%.40s%s",
		    before.request.site_id, draw(2) ? "b" : "");
	snprintf(event.detail, sizeof(event.detail), "a note: ☎");
	return event;
}

static struct event
draw_specialist_event(void)
{
	static const enum event_kind kinds[] = { EVENT_DUE, EVENT_STATUS,
		EVENT_PRESENT, EVENT_ACCEPT, EVENT_ACCEPT, EVENT_DECLINE,
		EVENT_READY, EVENT_EXTEND, EVENT_ELSEWHERE, EVENT_BACK,
		EVENT_ROSTER };
	struct event event = { .kind = kinds[draw(COUNT_OF(kinds))] };

	event.to = record_ref_specialist(draw(2) ? "anna" : "boris");
	event.status = draw(3) ? STATUS_AVAILABLE : STATUS_PAUSED;
	event.at_ms = clock_ms + MINUTE_MS;
	return event;
}

static struct event
draw_call_event(void)
{
	static const enum event_kind kinds[] = { EVENT_DUE, EVENT_CREATED,
		EVENT_REJECTED, EVENT_UNKNOWN, EVENT_FOUND, EVENT_ABSENT,
		EVENT_PROGRESS, EVENT_PROGRESS, EVENT_ASKED, EVENT_ASKED,
		EVENT_GONE };
	const struct call *call =
	    &before.calls[draw((unsigned)before.call_count)];
	struct event event = { .kind = kinds[draw(COUNT_OF(kinds))] };

	event.to = record_ref_call(call->request, call->n);
	snprintf(event.sid, sizeof(event.sid), "CA%s.%d%s", call->request,
	    call->n, draw(10) == 0 ? "b" : "");
	event.progress = (enum call_progress)draw(PROGRESS_COUNT);
	event.outcome = (enum call_outcome)draw(OUTCOME_COUNT);
	event.question = (enum question)draw(QUESTION_COUNT);
	event.machine = (enum machine)draw(MACHINE_COUNT);
	event.digit = (int)draw(6) - 1;
	event.is_customer_over = event.question == QUESTION_DIAL_OVER ||
	    draw(8) == 0;
	event.talk_ms = draw(2) ? 90000 : 0;
	return event;
}

static struct event
draw_event(void)
{
	struct event event;

	if (before.request.state == REQUEST_NONE)
		event = (struct event){ .kind = EVENT_ARRIVED,
			.to = record_ref_request(before.request.id) };
	else if (before.call_count > 0 && draw(2))
		event = draw_call_event();
	else
		event = draw(2) ? draw_request_event() :
		    draw_specialist_event();
	if (event.kind != EVENT_ASKED)
		event.digit = -1;
	snprintf(event.fresh_id, sizeof(event.fresh_id), "r%u",
	    request_number + 1);
	return event;
}

/* ---- and what Redis has of them */

static void
compare_record(const struct record_ref *ref, const void *expected)
{
	static union {
		struct record head;
		struct request request;
		struct call call;
		struct specialist specialist;
	} read;
	static struct pair pairs[RECORD_FIELDS_MAX * 2];
	const struct field_table *table = record_fields(ref->kind);
	const struct record *head = expected;
	char key[KEY_SIZE];
	const char *why = "";
	redisReply *reply;

	record_key(ref, key);
	reply = server_ask("HGETALL %s%s", SITE, key);
	for (size_t i = 0; i < reply->elements / 2; i++)
		pairs[i] = (struct pair){ reply->element[i * 2]->str,
			reply->element[i * 2]->len,
			reply->element[i * 2 + 1]->str,
			reply->element[i * 2 + 1]->len };
	if (!record_from_pairs(ref->kind, pairs, reply->elements / 2, &read,
	        &why))
		fail_msg("%s: %s cannot be read", key, why);
	if (read.head.version != head->version)
		fail_msg("%s: version %lld, not %lld", key,
		    (long long)read.head.version, (long long)head->version);
	assert_string_equal(read.head.op, head->op);
	for (size_t i = 0; i < table->count; i++) {
		if (!record_field_equal(&table->fields[i], &read, expected))
			fail_msg("%s: %s", key, table->fields[i].name);
	}
	freeReplyObject(reply);
}

static void
compare_standing(const char *key, const struct standing *standing)
{
	static const char *const indexes[] = { "active", "due", "promises",
		"referred", "late", "taken", "wait:cards", "wait:loans", "ready:cards",
		"ready:loans" };

	for (size_t i = 0; i < COUNT_OF(indexes); i++) {
		redisReply *reply = server_ask("ZSCORE %s%s %s", SITE,
		    indexes[i], key);
		const char *score = NULL;
		char text[32];

		for (size_t j = 0; j < standing->count; j++) {
			if (strcmp(standing->in[j].index, indexes[i]) != 0)
				continue;
			snprintf(text, sizeof(text), "%lld",
			    (long long)standing->in[j].score);
			score = text;
		}
		if ((score == NULL) != (reply->type == REDIS_REPLY_NIL) ||
		    (score != NULL && strcmp(score, reply->str) != 0))
			fail_msg("%s in %s: %s, not %s", key, indexes[i],
			    reply->str != NULL ? reply->str : "absent",
			    score != NULL ? score : "absent");
		freeReplyObject(reply);
	}
}

static void
compare_uniques(const struct request *r, const struct standing *standing)
{
	char keys[2][KEY_SIZE];

	standing_number_key(r->phone, keys[0]);
	standing_number_queue_key(r->phone, r->queue, keys[1]);
	for (size_t i = 0; i < 2; i++) {
		redisReply *reply = server_ask("GET %s%s", SITE, keys[i]);
		bool is_held = reply->str != NULL &&
		    strcmp(reply->str, r->id) == 0;
		bool should = false;

		for (size_t j = 0; j < standing->unique_count; j++)
			should |= strcmp(standing->unique[j], keys[i]) == 0;
		if (is_held != should)
			fail_msg("%s of %s", keys[i], r->id);
		freeReplyObject(reply);
	}
}

static void
compare_situation(const struct situation *s)
{
	struct standing standing;
	struct record_ref ref = record_ref_request(s->request.id);
	char key[KEY_SIZE];

	record_key(&ref, key);
	compare_record(&ref, &s->request);
	standing_of_request(&s->request, &standing);
	compare_standing(key, &standing);
	compare_uniques(&s->request, &standing);
	for (size_t i = 0; i < s->call_count; i++) {
		ref = record_ref_call(s->calls[i].request, s->calls[i].n);
		record_key(&ref, key);
		compare_record(&ref, &s->calls[i]);
		standing_of_call(&s->calls[i], &standing);
		compare_standing(key, &standing);
	}
	for (size_t i = 0; i < s->specialist_count; i++) {
		ref = record_ref_specialist(s->specialists[i].id);
		record_key(&ref, key);
		compare_record(&ref, &s->specialists[i]);
		standing_of_specialist(&s->specialists[i], &standing);
		compare_standing(key, &standing);
	}
}

/* Runs the commit of the outcome; the word it is answered with. */
static void
run_commit(const char *op, char word[WORD_SIZE])
{
	struct commit_extras extras = { .op = op };
	redisReply *reply;

	words_clear(&words);
	words_add_number(&words, server_now_ms());
	words_add_number(&words, SKEW_MAX_MS);
	words_add_number(&words, KEEP_EVENTS_MS);
	words_add_number(&words, 1);
	commit_between(&policy, &before, &outcome, clock_ms, &extras, &words);
	reply = server_run(commit_sha, &words);
	if (reply->type == REDIS_REPLY_ERROR)
		fail_msg("%s", reply->str);
	assert_int_equal(reply->elements, 2);
	snprintf(word, WORD_SIZE, "%s", reply->element[1]->str);
	freeReplyObject(reply);
}

/* The same again, and somebody else's of the same versions. */
static void
run_again(const char *op)
{
	char word[WORD_SIZE];

	run_commit(op, word);
	assert_string_equal(word, "again");
	run_commit("other.1", word);
	assert_memory_equal(word, "conflict ", 9);
}

static void
commit_step(void)
{
	struct situation after;
	char op[OP_SIZE], word[WORD_SIZE];
	bool is_changed = !commit_is_empty(&before, &outcome);

	snprintf(op, sizeof(op), "n1.%u", ++op_number);
	after = outcome.after;
	commit_done(&before, &after, op);
	run_commit(op, word);
	assert_string_equal(word, "ok");
	compare_situation(&after);
	if (is_changed && after.request.record.version !=
	    before.request.record.version && draw(10) == 0) {
		run_again(op);
		compare_situation(&after);
	}
	if (outcome.birth.id[0] != '\0') {
		struct record_ref birth = record_ref_request(outcome.birth.id);

		outcome.birth.record.version = 1;
		strcpy(outcome.birth.record.op, op);
		compare_record(&birth, &outcome.birth);
		request_number++;
	}
	before = after;
	trim();
}

/* Before the next customer comes, nobody is held by this one. */
static bool
is_over(void)
{
	for (size_t i = 0; i < before.specialist_count; i++) {
		if (before.specialists[i].request[0] != '\0')
			return false;
	}
	return before.request.state == REQUEST_CLOSED &&
	    before.call_count <= 1 && !before.request.is_leg_open &&
	    (before.call_count == 0 || !call_is_live(&before.calls[0]));
}

static void
take_step(void)
{
	struct event event = draw_event();
	bool is_born = event.kind == EVENT_ARRIVED;

	clock_ms += (int64_t)draw(4) * draw(20000);
	if (!situation_step(&policy, &before, &event, clock_ms, &outcome))
		return;
	if (is_born) {
		memcpy(outcome.after.askers.ids[0],
		    outcome.after.request.site_id, SITE_ID_SIZE);
		outcome.after.askers.count = 1;
	}
	for (int i = 0; i < 4; i++) {
		struct event due = { .kind = EVENT_DUE, .digit = -1 };

		if (outcome.move_count > MOVE_MAX / 2 ||
		    outcome.effect_count > EFFECT_MAX / 2 ||
		    outcome.birth.id[0] != '\0' ||
		    !situation_due(&outcome.after, clock_ms, &due.to))
			break;
		snprintf(due.fresh_id, sizeof(due.fresh_id), "r%u",
		    request_number + 1);
		if (!situation_fold(&policy, &due, clock_ms, &outcome))
			break;
	}
	commit_step();
}

static void
begin_people(void)
{
	before.specialist_count = 2;
	for (int i = 0; i < 2; i++) {
		struct event event = { .kind = EVENT_ROSTER, .digit = -1 };

		strcpy(before.specialists[i].id, people[i].id);
		event.to = record_ref_specialist(people[i].id);
		assert_true(situation_step(&policy, &before, &event, clock_ms,
		    &outcome));
		before = outcome.after;
		before.specialists[i].record.version = 0;
	}
}

static void
what_is_committed_is_what_is_read(void **state)
{
	unsigned requests = 0;

	(void)state;
	chance = seed;
	fill_policy();
	memset(&before, 0, sizeof(before));
	clock_ms = server_now_ms();
	begin_people();
	new_request();
	for (unsigned i = 0; i < step_count; i++) {
		take_step();
		if (!is_over())
			continue;
		new_request();
		requests++;
	}
	print_message("# %u requests closed\n", requests);
	assert_true(requests > step_count / 500);
}

/* ---- running */

static int
start(void **state)
{
	(void)state;
	if (server_start() == NULL)
		return -1;
	server_load(script_commit, commit_sha);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	words_fini(&words);
	server_stop();
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_committed_is_what_is_read),
	};

	(void)script_claim;
	if (argc > 1)
		seed = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		step_count = (unsigned)strtoul(argv[2], NULL, 10);
	printf("# seed %u, %u steps\n", seed, step_count);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, stop);
}
