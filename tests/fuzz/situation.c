/* SPDX-License-Identifier: MIT */
/*
 * situation: what Redis may hold, well-written field by field and otherwise at
 * will, meets an event. Lines: the event, as its kind's number, then "name value"
 * of it; an empty line; then records: "=KEY" and a line per field. Loaded,
 * stepped, folded and made a commit as the engine does it: nothing that lies in
 * Redis may end the daemon.
 */
#include "lib/situation.h"

#include <stdlib.h>
#include <string.h>

#include "lib/commit.h"
#include "lib/life.h"
#include "tests/fuzz/fuzz.h"

enum { RECORDS_MAX = 16, FIELDS_READ_MAX = 48, REFS_MAX = 16, FOLD_MAX = 8,
	ROUNDS_MAX = 6 };

struct stored {
	struct record_ref ref;
	struct pair pairs[FIELDS_READ_MAX];
	size_t count;
};

static struct {
	struct stored records[RECORDS_MAX];
	size_t count;
} redis;

/* ---- the input */

static void
set_text(char *to, size_t size, const char *from)
{
	if (strlen(from) < size)
		memcpy(to, from, strlen(from) + 1);
}

static void
set_event(struct event *event, const char *name, const char *value)
{
	long long number = strtoll(value, NULL, 10);
	size_t choice = (size_t)(number < 0 ? 0 : number);

	if (strcmp(name, "to") == 0)
		(void)record_ref_parse(value, strlen(value), &event->to);
	else if (strcmp(name, "specialist") == 0)
		set_text(event->specialist, sizeof(event->specialist), value);
	else if (strcmp(name, "queue") == 0)
		set_text(event->queue, sizeof(event->queue), value);
	else if (strcmp(name, "disposition") == 0)
		set_text(event->disposition, sizeof(event->disposition),
		    value);
	else if (strcmp(name, "reason") == 0)
		set_text(event->reason, sizeof(event->reason), value);
	else if (strcmp(name, "site_id") == 0)
		set_text(event->site_id, sizeof(event->site_id), value);
	else if (strcmp(name, "sid") == 0)
		set_text(event->sid, sizeof(event->sid), value);
	else if (strcmp(name, "request") == 0)
		set_text(event->request, sizeof(event->request), value);
	else if (strcmp(name, "by") == 0)
		set_text(event->by, sizeof(event->by), value);
	else if (strcmp(name, "detail") == 0)
		set_text(event->detail, sizeof(event->detail), value);
	else if (strcmp(name, "note") == 0)
		event->note = value;
	else if (strcmp(name, "at") == 0)
		event->at_ms = number < 0 || number > INT64_C(9999999999999) ?
		    0 : number;
	else if (strcmp(name, "offer") == 0)
		event->offer = (int)(choice % 1000);
	else if (strcmp(name, "call") == 0)
		event->call = (int)(choice % 1000);
	else if (strcmp(name, "status") == 0)
		event->status = (enum status)(choice % STATUS_COUNT);
	else if (strcmp(name, "progress") == 0)
		event->progress = (enum call_progress)(choice % PROGRESS_COUNT);
	else if (strcmp(name, "outcome") == 0)
		event->outcome = (enum call_outcome)(choice % OUTCOME_COUNT);
	else if (strcmp(name, "question") == 0)
		event->question = (enum question)(choice % QUESTION_COUNT);
	else if (strcmp(name, "machine") == 0)
		event->machine = (enum machine)(choice % MACHINE_COUNT);
	else if (strcmp(name, "leg") == 0)
		set_text(event->leg, sizeof(event->leg), value);
	else if (strcmp(name, "digit") == 0)
		event->digit = (int)(choice % 11) - 1;
	else if (strcmp(name, "flags") == 0) {
		event->is_customer_over = choice & 1;
		event->has_rung = choice & 2;
		event->has_talked = choice & 4;
		event->is_number_held = choice & 8;
		event->others_available = (int)(choice >> 4) % 3;
		event->providers_down = (unsigned)(choice >> 8) % 8;
		event->wait_until_ms = choice & 0x1000 ? FUZZ_NOW_MS + 500 : 0;
		event->may_be_taken_later = choice & 0x2000;
		event->providers_spent = (unsigned)(choice >> 14) % 8;
		event->paid = choice & 0x20000 ? 7900 : 0;
	}
}

static void
read_event(struct fuzz_input *input, struct event *event)
{
	const char *line;

	*event = (struct event){ .digit = -1, .fresh_id = "abcdefgh12345678" };
	event->kind = (enum event_kind)(1 +
	    fuzz_number(input, EVENT_COUNT - 1));
	while ((line = fuzz_line(input))[0] != '\0') {
		char name[16] = "";
		size_t length = strcspn(line, " ");

		if (length < sizeof(name) && line[length] == ' ') {
			memcpy(name, line, length);
			set_event(event, name, line + length + 1);
		}
	}
}

static void
read_records(struct fuzz_input *input)
{
	struct stored *stored = NULL;

	redis.count = 0;
	while (input->at < input->end && redis.count <= RECORDS_MAX) {
		const char *line = fuzz_line(input);
		size_t name = strcspn(line, " ");

		if (line[0] == '=') {
			stored = NULL;
			if (redis.count == RECORDS_MAX)
				return;
			redis.records[redis.count].count = 0;
			if (record_ref_parse(line + 1, strlen(line + 1),
			        &redis.records[redis.count].ref))
				stored = &redis.records[redis.count++];
		} else if (stored != NULL && line[name] == ' ' &&
		    stored->count < FIELDS_READ_MAX) {
			stored->pairs[stored->count++] = (struct pair){ line,
				name, line + name + 1,
				strlen(line + name + 1) };
		}
	}
}

/* ---- as the engine loads */

static bool
has_room(const struct situation *s, enum record_kind kind)
{
	return (kind != RECORD_SPECIALIST ||
	    s->specialist_count < SPECIALISTS_MAX) &&
	    (kind != RECORD_CALL || s->call_count < CALLS_MAX);
}

/* False: the engine would not go on. */
static bool
load(struct situation *situation, const struct record_ref *ref)
{
	const char *why = NULL;

	for (size_t i = 0; i < redis.count; i++) {
		const struct stored *stored = &redis.records[i];

		if (!record_ref_equal(&stored->ref, ref))
			continue;
		if (situation_record(situation, ref) != NULL)
			return true;
		return has_room(situation, ref->kind) &&
		    situation_put(situation, ref, stored->pairs, stored->count,
		        &why);
	}
	return true;
}

static struct record_ref
root_of(const struct event *event)
{
	struct record_ref root = event->to;

	if (event->to.kind == RECORD_CALL)
		return record_ref_request(event->to.id);
	for (size_t i = 0; i < redis.count &&
	    event->to.kind == RECORD_SPECIALIST; i++) {
		struct situation alone = { .specialist_count = 0 };

		if (record_ref_equal(&redis.records[i].ref, &event->to) &&
		    load(&alone, &event->to) && alone.specialist_count == 1 &&
		    alone.specialists[0].request[0] != '\0')
			root = record_ref_request(
			    alone.specialists[0].request);
	}
	return root;
}

static bool
load_all(struct situation *situation, const struct event *event)
{
	struct record_ref refs[REFS_MAX], root = root_of(event);

	if (root.kind != RECORD_REQUEST && root.kind != RECORD_SPECIALIST)
		return false;
	if (!load(situation, &root))
		return false;
	for (int round = 0; round < ROUNDS_MAX; round++) {
		size_t count = situation_missing(situation, &event->to, refs,
		    REFS_MAX);

		CHECK(count <= REFS_MAX);
		for (size_t i = 0; i < count; i++)
			if (!load(situation, &refs[i]))
				return false;
	}
	if (event->kind == EVENT_MATCHED && event->specialist[0] != '\0') {
		struct record_ref ref = record_ref_specialist(
		    event->specialist);

		if (!load(situation, &ref))
			return false;
	}
	if (situation->request.number[0] != '\0') {
		struct record_ref ref = record_ref_case(
		    situation->request.number);

		if (!load(situation, &ref))
			return false;
	}
	return situation_record(situation, &event->to) != NULL;
}

/* ---- as it steps */

static void
fold(struct outcome *outcome)
{
	struct event due = { .kind = EVENT_DUE, .digit = -1,
		.fresh_id = "bbcdefgh12345678" };

	for (int i = 0; i < FOLD_MAX; i++) {
		if (outcome->move_count + INNER_MAX / 2 > MOVE_MAX ||
		    outcome->effect_count > EFFECT_MAX / 2 ||
		    !situation_due(&outcome->after, FUZZ_NOW_MS, &due.to) ||
		    !situation_fold(fuzz_policy(), &due, FUZZ_NOW_MS, outcome))
			break;
	}
}

static void
check_outcome(const struct situation *before, const struct outcome *outcome)
{
	static struct words words;
	struct commit_extras extras = { .op = "fuzz.1" };

	CHECK(outcome->move_count <= MOVE_MAX);
	CHECK(outcome->effect_count <= EFFECT_MAX);
	CHECK(outcome->verdict < VERDICT_COUNT);
	words_clear(&words);
	if (!commit_is_empty(before, outcome))
		commit_between(fuzz_policy(), before, outcome, FUZZ_NOW_MS,
		    &extras, &words);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct situation before;
	static struct outcome outcome;
	struct fuzz_input input = fuzz_begin(data, size);
	struct event event;

	read_event(&input, &event);
	read_records(&input);
	memset(&before, 0, sizeof(before));
	/* A birth is posted with values of our own, and no number is for others. */
	if (event.kind != EVENT_ARRIVED && event.kind != EVENT_ROSTER &&
	    load_all(&before, &event) &&
	    situation_step(fuzz_policy(), &before, &event, FUZZ_NOW_MS,
	        &outcome)) {
		fold(&outcome);
		check_outcome(&before, &outcome);
	}
	fuzz_end(&input);
	return 0;
}
