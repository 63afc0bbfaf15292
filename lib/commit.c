/* SPDX-License-Identifier: MIT */
/* commit: writes what changed, in the order the script reads it. */
#include "lib/commit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/commit_internal.h"
#include "lib/fault.h"
#include "lib/life.h"
#include "lib/provider_choice.h"
#include "lib/standing.h"

/* One record before and after. */
struct pair_of_records {
	enum record_kind kind;
	const void *before;             /* NULL: born here */
	const void *after;
	struct record_ref ref;
};

enum { PAIRS_MAX = 1 + SPECIALISTS_MAX + CALLS_MAX + 3 + MESSAGE_BIRTH_MAX };

static bool
is_changed(const struct pair_of_records *pair)
{
	const struct field_table *table = record_fields(pair->kind);

	if (pair->before == NULL)
		return true;
	/* Most partners were only looked at. */
	if (memcmp(pair->before, pair->after, table->struct_size) == 0)
		return false;
	for (size_t i = 0; i < table->count; i++) {
		if (!record_field_equal(&table->fields[i], pair->before,
		        pair->after))
			return true;
	}
	return false;
}

static void
add_pair(struct pair_of_records *pairs, size_t *count, struct record_ref ref,
    const void *before, const void *after)
{
	const struct record *record = before;

	CHECK(*count < PAIRS_MAX);
	pairs[*count] = (struct pair_of_records){ .kind = ref.kind,
		.before = record != NULL && record->version > 0 ? before : NULL,
		.after = after, .ref = ref };
	(*count)++;
}

static size_t
keep_changed(struct pair_of_records *pairs, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_changed(&pairs[i]))
			pairs[kept++] = pairs[i];
	}
	return kept;
}

static size_t
pair_up(const struct situation *before, const struct outcome *outcome,
    struct pair_of_records *pairs)
{
	const struct situation *after = &outcome->after;
	size_t count = 0;

	if (after->request.id[0] != '\0')
		add_pair(pairs, &count, record_ref_request(after->request.id),
		    &before->request, &after->request);
	for (size_t i = 0; i < after->call_count; i++) {
		const struct call *call = &after->calls[i];

		add_pair(pairs, &count, record_ref_call(call->request, call->n),
		    situation_call_const(before, call->n), call);
	}
	for (size_t i = 0; i < after->specialist_count; i++) {
		const struct specialist *s = &after->specialists[i];

		add_pair(pairs, &count, record_ref_specialist(s->id),
		    situation_specialist_const(before, s->id), s);
	}
	if (after->case_file.number[0] != '\0')
		add_pair(pairs, &count,
		    record_ref_case(after->case_file.number),
		    &before->case_file, &after->case_file);
	if (outcome->birth.id[0] != '\0')
		add_pair(pairs, &count, record_ref_request(outcome->birth.id),
		    NULL, &outcome->birth);
	if (after->message.id[0] != '\0')
		add_pair(pairs, &count, record_ref_message(after->message.id),
		    &before->message, &after->message);
	for (size_t i = 0; i < outcome->message_count; i++)
		add_pair(pairs, &count,
		    record_ref_message(outcome->messages[i].id), NULL,
		    &outcome->messages[i]);
	return outcome->is_alone ? keep_changed(pairs, count) : count;
}

/* ---- one record */

/* Version and operation are written by the script: they follow from what it is
 * given anyway. */
static void
add_fields(const struct pair_of_records *pair, size_t head, struct words *words)
{
	static const union {
		struct request request;
		struct call call;
		struct specialist specialist;
		struct case_file case_file;
		struct message message;
	} nothing_yet;
	const struct field_table *table = record_fields(pair->kind);
	const void *base = pair->before != NULL ? pair->before : &nothing_yet;
	const struct field *gone[RECORD_FIELDS_MAX];
	size_t count = 0, gone_count = 0;
	char text[VALUE_SIZE];

	if (pair->before == NULL) {
		words_add(words, "fmt");
		words_add_number(words, RECORD_FORMAT);
		count++;
	}
	for (size_t i = 0; i < table->count; i++) {
		const struct field *field = &table->fields[i];

		if (record_field_equal(field, base, pair->after) &&
		    (i != 0 || pair->before != NULL))
			continue;
		record_field_text(field, pair->after, text);
		if ((text[0] == '\0' || (text[0] == '0' && text[1] == '\0')) &&
		    pair->before != NULL) {
			gone[gone_count++] = field;
			continue;
		}
		words_add(words, field->name);
		words_add(words, text);
		count++;
	}
	words_set_count(words, head, PART_FIELDS, count);
	words_set_count(words, head, PART_GONE, gone_count);
	for (size_t i = 0; i < gone_count; i++)
		words_add(words, gone[i]->name);
}

static void
standing_of(enum record_kind kind, const void *record, struct standing *ret)
{
	ret->count = 0;
	ret->unique_count = 0;
	if (record == NULL)
		return;
	switch (kind) {
	case RECORD_REQUEST:
		standing_of_request(record, ret);
		break;
	case RECORD_CALL:
		standing_of_call(record, ret);
		break;
	case RECORD_SPECIALIST:
		standing_of_specialist(record, ret);
		break;
	case RECORD_MESSAGE:
		standing_of_message(record, ret);
		break;
	case RECORD_CASE:
	case RECORD_NONE:
	case RECORD_COUNT:
		break;
	}
}

static const int64_t *
score_in(const struct standing *standing, const char *index)
{
	for (size_t i = 0; i < standing->count; i++) {
		if (strcmp(standing->in[i].index, index) == 0)
			return &standing->in[i].score;
	}
	return NULL;
}

/* `due` is written always: a claim may have put it off by a lease. */
static bool
is_written(const struct standing *was, const char *index, int64_t score)
{
	const int64_t *old = score_in(was, index);

	return old == NULL || *old != score || strcmp(index, "due") == 0;
}

static bool
opens_case(const struct pair_of_records *pair)
{
	return pair->kind == RECORD_CASE && pair->before == NULL;
}

/* A new case is one more of its number, until add_lives lets all of them end. */
static void
add_window(const struct case_file *opened, size_t head, struct words *words)
{
	char key[KEY_SIZE];

	standing_cases_key(opened->phone, key);
	words_add(words, key);
	words_add_number(words, opened->opened_at_ms);
	words_set_count(words, head, PART_INDEXES, 1);
}

/* `more`: one more to leave; NULL: none. */
static void
add_indexes(const struct standing *was, const struct standing *is,
    bool is_audit, const char *more, size_t head, struct words *words)
{
	size_t count = 0;

	for (size_t i = 0; i < is->count; i++) {
		if (!is_audit && !is_written(was, is->in[i].index,
		        is->in[i].score))
			continue;
		words_add(words, is->in[i].index);
		words_add_number(words, is->in[i].score);
		count++;
	}
	for (size_t i = 0; i < was->count; i++) {
		if (score_in(is, was->in[i].index) != NULL)
			continue;
		words_add(words, was->in[i].index);
		words_add(words, "");
		count++;
	}
	if (more != NULL && more[0] != '\0' && score_in(is, more) == NULL &&
	    score_in(was, more) == NULL) {
		words_add(words, more);
		words_add(words, "");
		count++;
	}
	words_set_count(words, head, PART_INDEXES, count);
}

static bool
holds(const struct standing *standing, const char *key)
{
	for (size_t i = 0; i < standing->unique_count; i++) {
		if (strcmp(standing->unique[i], key) == 0)
			return true;
	}
	return false;
}

/* A key is written when it is new, or again when the end changes how long it
 * lives; a closed request's open leg must not hold a number for ever. */
static size_t
add_uniques(const struct policy *policy, const struct pair_of_records *pair,
    const struct standing *was, const struct standing *is, bool is_audit,
    struct words *words)
{
	const struct request *before = pair->before, *after = pair->after;
	bool has_closed = pair->kind == RECORD_REQUEST &&
	    after->state == REQUEST_CLOSED &&
	    (before == NULL || before->state != REQUEST_CLOSED);
	size_t count = 0;

	for (size_t i = 0; i < is->unique_count; i++) {
		if (holds(was, is->unique[i]) && !is_audit && !has_closed)
			continue;
		words_add(words, is->unique[i]);
		words_add(words, pair->ref.id);
		words_add_number(words, after->state == REQUEST_CLOSED ?
		    policy->call_max_ms : 0);
		count++;
	}
	for (size_t i = 0; i < was->unique_count; i++) {
		if (holds(is, was->unique[i]))
			continue;
		words_add(words, was->unique[i]);
		words_add(words, "");
		words_add(words, "0");
		count++;
	}
	return count;
}

/* seen:ID follows the askers: taken when they come, and never given up: it
 * names the request they came with, also after that was passed on. One that
 * cancelled keeps its own. */
static size_t
add_seen(const struct policy *policy, const struct situation *before,
    const struct situation *after, struct words *words)
{
	const struct request *is = &after->request;
	char key[KEY_SIZE];
	size_t count = 0;

	for (size_t i = 0; i < after->askers.count; i++) {
		const char *id = after->askers.ids[i];

		if (askers_have(&before->askers, id))
			continue;
		standing_seen_key(id, key);
		words_add(words, key);
		words_add(words, is->id);
		words_add_number(words,
		    is->state == REQUEST_CLOSED ? policy->seen_keep_ms : 0);
		count++;
	}
	return count;
}

static int64_t
record_keep_ms(const struct policy *policy, const struct pair_of_records *pair)
{
	const struct request *request = pair->after;
	const struct call *call = pair->after;
	const struct message *message = pair->after;

	if (pair->kind == RECORD_REQUEST && request->state == REQUEST_CLOSED)
		return policy->record_keep_ms;
	if (pair->kind == RECORD_MESSAGE && message->state == MESSAGE_ENDED)
		return policy->record_keep_ms;
	if (pair->kind == RECORD_CALL && call->state == CALL_ENDED)
		return policy->call_keep_ms;
	return 0;
}

static size_t
add_record_head(const struct record_ref *ref, int64_t expect,
    struct words *words)
{
	char key[KEY_SIZE];

	record_key(ref, key);
	words_add(words, key);
	words_add_number(words, expect);
	return words_add_counts(words, COMMIT_RECORD_PARTS);
}

/* Planted defects: an index forgotten. */
static void
forget_index(const struct pair_of_records *pair, struct standing *was,
    struct standing *is)
{
	const struct request *request = pair->after;
	const struct call *call = pair->after;
	size_t kept = 0;

	if (PLANTED("ends_keep_index") && (pair->kind == RECORD_REQUEST ?
	        request->state == REQUEST_CLOSED : pair->kind == RECORD_CALL &&
	            call->state == CALL_ENDED))
		was->count = 0;
	if (!PLANTED("due_not_written") || pair->kind != RECORD_REQUEST ||
	    request->state != REQUEST_WAITING)
		return;
	for (size_t i = 0; i < is->count; i++) {
		if (strcmp(is->in[i].index, "due") != 0)
			is->in[kept++] = is->in[i];
	}
	is->count = kept;
}

static void
add_record(const struct policy *policy, const struct situation *before,
    const struct outcome *outcome, const struct pair_of_records *pair,
    const struct commit_extras *extras, struct words *words)
{
	const struct record *record = pair->before;
	struct standing was, is;
	size_t count, head = add_record_head(&pair->ref,
	    record != NULL ? record->version : 0, words);
	bool changed = is_changed(pair);
	int64_t keep_ms;

	if (changed)
		add_fields(pair, head, words);
	else if (!extras->is_audit)
		return;
	standing_of(pair->kind, pair->before, &was);
	standing_of(pair->kind, pair->after, &is);
	forget_index(pair, &was, &is);
	if (extras->is_audit)
		standing_add_absent(pair->kind, pair->after, &was);
	if (opens_case(pair))
		add_window(pair->after, head, words);
	else
		add_indexes(&was, &is, extras->is_audit,
		    extras->audit_ref != NULL &&
		    record_ref_equal(extras->audit_ref, &pair->ref) ?
		    extras->audit_index : NULL, head, words);
	count = extras->keeps_uniques ? 0 : add_uniques(policy, pair, &was,
	    &is, extras->is_audit, words);
	if (pair->after == &outcome->after.request)
		count += add_seen(policy, before, &outcome->after, words);
	words_set_count(words, head, PART_UNIQUES, count);
	keep_ms = record_keep_ms(policy, pair);
	if (keep_ms > 0) {
		words_set_count(words, head, PART_KEEP, 1);
		words_add_number(words, keep_ms);
	}
}

static void
day_of(int64_t now_ms, char ret_day[12])
{
	time_t now = (time_t)(now_ms / 1000);
	struct tm parts;

	gmtime_r(&now, &parts);
	strftime(ret_day, 12, "%Y-%m-%d", &parts);
}

/* What is sent to staff has a story for each day. */
static void
staff_story(int64_t now_ms, char ret_story[KEY_SIZE])
{
	memcpy(ret_story, "staff-", sizeof("staff-"));
	day_of(now_ms, ret_story + strlen(ret_story));
}

/* ---- what lives and dies with a request */

static size_t
add_life(const char *prefix, const char *id, int64_t keep_ms,
    const char *source_id, struct words *words)
{
	char key[KEY_SIZE];

	snprintf(key, sizeof(key), "%s%s", prefix, id);
	words_add(words, key);
	words_add_number(words, keep_ms);
	if (source_id == NULL) {
		words_add(words, "");
	} else {
		snprintf(key, sizeof(key), "%s%s", prefix, source_id);
		words_add(words, key);
	}
	return 1;
}

/* A case that was reopened twice ends with the last of its requests. */
static bool
is_latest_of_case(const struct situation *after)
{
	return after->case_file.number[0] == '\0' ||
	    strcmp(after->case_file.request, after->request.id) == 0;
}

static void
add_lives(const struct policy *policy, const struct situation *before,
    const struct outcome *outcome, int64_t now_ms,
    const struct commit_extras *extras, size_t head, struct words *words)
{
	const struct request *is = &outcome->after.request;
	const struct request *birth = &outcome->birth;
	size_t count = 0;
	char key[KEY_SIZE];

	if (extras->audit_ref != NULL &&
	    strcmp(extras->audit_index, "buried") == 0) {
		record_key(extras->audit_ref, key);
		count += add_life("buried:", key, 1, NULL, words);
		count += add_life("kept:", key, 1, NULL, words);
	}
	if (birth->id[0] != '\0') {
		count += add_life("said:", birth->id, 0, is->id, words);
		count += add_life("askers:", birth->id, 0, is->id, words);
		count += add_life("case:", is->number, 0, NULL, words);
	}
	if (before->case_file.record.version == 0 &&
	    outcome->after.case_file.number[0] != '\0')
		count += add_life("cases:", outcome->after.case_file.phone,
		    CASES_WINDOW_MS, NULL, words);
	/* Born into a case whose last request had ended. */
	if (before->request.state == REQUEST_NONE &&
	    before->case_file.record.version > 0)
		count += add_life("case:", is->number, 0, NULL, words);
	/* Who no longer asks is remembered for a while all the same. */
	for (size_t i = 0; i < before->askers.count; i++) {
		if (!askers_have(&outcome->after.askers, before->askers.ids[i]))
			count += add_life("seen:", before->askers.ids[i],
			    policy->seen_keep_ms, NULL, words);
	}
	/* Lines may still be added to an ended request's story. */
	if (is->state == REQUEST_CLOSED)
		count += add_life("story:", is->id, policy->record_keep_ms,
		    NULL, words);
	if (is->state == REQUEST_CLOSED &&
	    before->request.state != REQUEST_CLOSED) {
		int64_t keep_ms = policy->record_keep_ms;

		count += add_life("said:", is->id, keep_ms, NULL, words);
		count += add_life("askers:", is->id, keep_ms, NULL, words);
		if (birth->id[0] == '\0' && is->next[0] == '\0' &&
		    is_latest_of_case(&outcome->after))
			count += add_life("case:", is->number, keep_ms, NULL,
			    words);
		/* Kept for a while after the end, so that the same form sent
		 * again changes nothing. */
		for (size_t i = 0; i < outcome->after.askers.count; i++)
			count += add_life("seen:",
			    outcome->after.askers.ids[i], birth->id[0] != '\0' ?
			    0 : policy->seen_keep_ms, NULL, words);
	}
	if (message_is_to_staff(&outcome->after.message)) {
		staff_story(now_ms, key);
		count += add_life("story:", key, policy->record_keep_ms, NULL,
		    words);
	}
	words_set_count(words, head, PART_LIVES, count);
}

/* ---- answers to the website */

static size_t
add_answer(const struct policy *policy, const struct request *request,
    const char *site_id, const char *warnings_json, struct words *words)
{
	char key[KEY_SIZE];
	char *text = commit_answer(policy, request, site_id, warnings_json);

	CHECK(text != NULL);
	snprintf(key, sizeof(key), "answer:%s", site_id);
	words_add(words, key);
	words_add(words, text);
	words_add_number(words, request->state == REQUEST_CLOSED ?
	    policy->answer_keep_ms : 0);
	free(text);
	return 1;
}

/* One that cancelled while another still asks. */
static size_t
add_cancelled_answers(const struct policy *policy,
    const struct situation *before, const struct situation *after,
    struct words *words)
{
	struct request cancelled = after->request;
	size_t count = 0;

	cancelled.state = REQUEST_CLOSED;
	snprintf(cancelled.reason, sizeof(cancelled.reason), "cancelled");
	for (size_t i = 0; i < before->askers.count; i++) {
		if (!askers_have(&after->askers, before->askers.ids[i]))
			count += add_answer(policy, &cancelled,
			    before->askers.ids[i], NULL, words);
	}
	return count;
}

static bool
askers_equal(const struct askers *a, const struct askers *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->ids[i], b->ids[i]) != 0)
			return false;
	}
	return true;
}

static size_t
add_askers(const struct situation *after, struct words *words)
{
	char key[KEY_SIZE], list[ASKERS_MAX * SITE_ID_SIZE];
	size_t at = 0;

	for (size_t i = 0; i < after->askers.count; i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s",
		    i > 0 ? " " : "", after->askers.ids[i]);
	snprintf(key, sizeof(key), "askers:%s", after->request.id);
	words_add(words, key);
	words_add(words, list);
	words_add(words, "0");
	return 1;
}

/* Who may have been rung by this commit is known when they call us. */
static size_t
add_rang(const struct policy *policy, const struct situation *before,
    const struct situation *after, struct words *words)
{
	char key[KEY_SIZE], value[REQUEST_ID_SIZE + ID_SIZE];
	size_t count = 0;

	for (size_t i = 0; i < after->call_count; i++) {
		const struct call *call = &after->calls[i];
		const struct call *was = situation_call_const(before, call->n);

		if (call->authorised[0] == '\0' ||
		    call->customer[0] == '\0' || policy->recognise_ms == 0 ||
		    (was != NULL && was->authorised[0] != '\0'))
			continue;
		standing_rang_key(call->customer, key);
		snprintf(value, sizeof(value), "%s %s", call->request,
		    call->specialist);
		words_add(words, key);
		words_add(words, value);
		words_add_number(words, policy->recognise_ms);
		count++;
	}
	return count;
}

static void
add_texts(const struct policy *policy, const struct situation *before,
    const struct outcome *outcome, const struct commit_extras *extras,
    size_t head, struct words *words)
{
	const struct situation *after = &outcome->after;
	const struct request *subject = outcome->birth.id[0] != '\0' &&
	    after->request.state == REQUEST_CLOSED ? &outcome->birth :
	    &after->request;
	size_t count = 0;
	char key[KEY_SIZE];

	if (extras->said != NULL) {
		bool is_born = before->request.record.version == 0;

		/* What a second asker said lies beside what the first did. */
		if (is_born)
			snprintf(key, sizeof(key), "said:%s",
			    after->request.id);
		else
			snprintf(key, sizeof(key), "said:%s:%d",
			    after->request.id, after->request.also_said + 1);
		words_add(words, key);
		words_add(words, extras->said);
		words_add_number(words, is_born ? 0 : policy->record_keep_ms);
		count++;
	}
	if (after->askers.count > 0 &&
	    !askers_equal(&before->askers, &after->askers))
		count += add_askers(after, words);
	if (after->askers.count > 0 && (subject != &after->request ||
	        before->askers.count < after->askers.count ||
	        commit_answers_differ(&before->request, subject))) {
		for (size_t i = 0; i < after->askers.count; i++)
			count += add_answer(policy, subject,
			    after->askers.ids[i], extras->warnings_json, words);
	}
	count += add_cancelled_answers(policy, before, after, words);
	count += add_rang(policy, before, after, words);
	if (extras->answer != NULL && extras->answer_id != NULL) {
		snprintf(key, sizeof(key), "answer:%s", extras->answer_id);
		words_add(words, key);
		words_add(words, extras->answer);
		words_add_number(words, policy->answer_keep_ms);
		count++;
	}
	if (extras->mark_key != NULL) {
		words_add(words, extras->mark_key);
		words_add(words, extras->mark_value);
		words_add_number(words, extras->mark_ms);
		count++;
	}
	if (extras->hold_absent_ms > 0) {
		words_add(words, extras->absent_key);
		words_add(words, after->message.id);
		words_add_number(words, extras->hold_absent_ms);
		count++;
	}
	words_set_count(words, head, PART_TEXTS, count);
}

/* ---- refusals, counters, lines */

static void
add_rejected(const struct commit_extras *extras, size_t head,
    struct words *words)
{
	size_t count = 0;

	while (count < COUNT_OF(extras->rejected) &&
	    extras->rejected[count] != NULL)
		count++;
	words_set_count(words, head, PART_REJECTED, count / 2);
	for (size_t i = 0; i < count / 2 * 2; i++)
		words_add(words, extras->rejected[i]);
}

static void
add_counter(const char *day, const char *name, int64_t amount,
    struct words *words, size_t *count)
{
	char key[KEY_SIZE];

	if (amount <= 0)
		return;
	snprintf(key, sizeof(key), "%s %s", day, name);
	words_add(words, key);
	words_add_number(words, amount);
	(*count)++;
}

/* What a provider says that it costs, by currency; what it says anew of the same
 * call counts for what it is more. */
static void
add_paid(const char *day, const char *provider, const char *currency,
    int64_t amount, struct words *words, size_t *count)
{
	char name[ID_SIZE + CURRENCY_SIZE + 8];

	snprintf(name, sizeof(name), "paid:%s:%s", provider, currency);
	add_counter(day, name, amount, words, count);
}

/* Whether what was expected came, by tenths of its probability: expected:9 of those of
 * 90 % and more, of which kept:9 were rung in time. */
static void
add_expected(const char *day, const struct request *was,
    const struct request *is, struct words *words, size_t *count)
{
	int tenth = was->on_time >= 1000 ? 9 : was->on_time / 100;
	bool is_kept = was->kept_at_ms == 0 && is->kept_at_ms != 0;
	char name[24];

	if (was->expect_to_ms == 0 || was->is_missed || was->kept_at_ms != 0 ||
	    (!is_kept && !is->is_missed))
		return;
	snprintf(name, sizeof(name), "expected:%d", tenth);
	add_counter(day, name, 1, words, count);
	snprintf(name, sizeof(name), "kept:%d", tenth);
	add_counter(day, name, is_kept && !is->is_missed, words, count);
}

/* How long a request kept a specialist, from the acceptance until the next may be offered. */
static void
add_handled(const char *day, const struct situation *before,
    const struct specialist *is, int64_t now_ms, struct words *words,
    size_t *count)
{
	const struct specialist *was = situation_specialist_const(before, is->id);
	char name[ID_SIZE + 16];

	if (was == NULL || before->request.id[0] == '\0' ||
	    is->state == was->state || (was->state != SPECIALIST_BUSY &&
	        was->state != SPECIALIST_WRAPPING))
		return;
	snprintf(name, sizeof(name), "handled:%s", before->request.queue);
	add_counter(day, name, was->state == SPECIALIST_BUSY, words, count);
	snprintf(name, sizeof(name), "handled_ms:%s", before->request.queue);
	add_counter(day, name, now_ms - was->since_ms, words, count);
}

static void
add_counters(const struct situation *before, const struct outcome *outcome,
    int64_t now_ms, size_t head, struct words *words)
{
	const struct request *was = &before->request;
	const struct request *is = &outcome->after.request;
	size_t count = 0;
	char day[12];

	day_of(now_ms, day);
	add_counter(day, "asked", was->state == REQUEST_NONE &&
	    is->state != REQUEST_NONE, words, &count);
	add_counter(day, "missed", is->missed_count - was->missed_count, words,
	    &count);
	add_counter(day, "kept", was->kept_at_ms == 0 && is->kept_at_ms != 0 &&
	    !is->is_missed, words, &count);
	add_counter(day, "closed", is->state == REQUEST_CLOSED &&
	    was->state != REQUEST_CLOSED, words, &count);
	add_expected(day, was, is, words, &count);
	for (size_t i = 0; i < outcome->after.specialist_count; i++)
		add_handled(day, before, &outcome->after.specialists[i], now_ms,
		    words, &count);
	for (size_t i = 0; i < outcome->after.call_count; i++) {
		const struct call *call = &outcome->after.calls[i];
		const struct call *old = situation_call_const(before, call->n);

		add_paid(day, call->provider, call->currency, call->paid -
		    (old != NULL ? old->paid : 0), words, &count);
	}
	add_paid(day, outcome->after.message.provider,
	    outcome->after.message.currency, outcome->after.message.paid -
	    before->message.paid, words, &count);
	words_set_count(words, head, PART_COUNTERS, count);
}

/* A line is one line and a name one word, whatever people call themselves. */
static void
make_plain(char *text, bool is_word)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
		if (is_word && *text == ' ')
			*text = '_';
	}
}

/* A specialist's row that changes no state and says nothing is no news, nor is that
 * of a message which still waits; a price stands in the record. */
static bool
is_told(const struct outcome *outcome, size_t i)
{
	const struct move *move = &outcome->moves[i];

	if (move->event == EVENT_PRICED)
		return false;
	return (move->record.kind != RECORD_SPECIALIST &&
	        (move->record.kind != RECORD_MESSAGE ||
	            move->from != MESSAGE_QUEUED)) ||
	    move->from != move->to || move->detail[0] != '\0' ||
	    (outcome->note != NULL && outcome->note_move == i);
}

static void
add_story(const struct situation *after, int64_t now_ms, struct words *words)
{
	char story[KEY_SIZE];

	if (after->message.id[0] == '\0') {
		words_add(words, after->request.id);
	} else if (message_is_to_staff(&after->message)) {
		staff_story(now_ms, story);
		words_add(words, story);
	} else {
		words_add(words, after->message.request);
	}
}

static void
add_lines(const struct outcome *outcome, int64_t now_ms,
    const struct commit_extras *extras, size_t head, struct words *words)
{
	char line[KEY_SIZE + DETAIL_SIZE + 256 + NOTE_SIZE], key[KEY_SIZE];
	size_t count = extras->line != NULL;

	for (size_t i = 0; i < outcome->move_count; i++)
		count += is_told(outcome, i);
	if (count == 0)
		return;
	words_set_count(words, head, PART_LINES, count);
	add_story(&outcome->after, now_ms, words);
	if (extras->line != NULL) {
		snprintf(line, sizeof(line), "%lld %s", (long long)now_ms,
		    extras->line);
		make_plain(line, false);
		words_add(words, line);
	}
	for (size_t i = 0; i < outcome->move_count; i++) {
		const struct move *move = &outcome->moves[i];
		const struct life *life = life_of(move->record.kind);
		char by[ID_SIZE] = "-";
		bool has_note = outcome->note != NULL &&
		    outcome->note_move == i;

		if (!is_told(outcome, i))
			continue;
		if (move->by[0] != '\0')
			memcpy(by, move->by, sizeof(by));
		make_plain(by, true);
		record_key(&move->record, key);
		snprintf(line, sizeof(line), "%lld %s %s %s %s %s %s %s%s%.*s",
		    (long long)now_ms, key, life->state_names[move->from],
		    life->state_names[move->to], event_kind_names[move->event],
		    move->action, by, move->detail,
		    has_note && move->detail[0] != '\0' ? ", " : "",
		    has_note ? NOTE_SIZE - 1 : 0,
		    has_note ? outcome->note : "");
		make_plain(line, false);
		words_add(words, line);
	}
}

/* ---- the whole */

static size_t
add_head(const char *op, struct words *words)
{
	words_add(words, op);
	return words_add_counts(words, COMMIT_PARTS);
}

size_t
commit_between(const struct policy *policy, const struct situation *before,
    const struct outcome *outcome, int64_t now_ms,
    const struct commit_extras *extras, struct words *words)
{
	struct pair_of_records pairs[PAIRS_MAX];
	size_t count = pair_up(before, outcome, pairs);
	size_t head = add_head(extras->op, words);

	commit_add_guards(policy, before, outcome, now_ms, extras, head, words);
	words_set_count(words, head, PART_RECORDS, count);
	for (size_t i = 0; i < count; i++)
		add_record(policy, before, outcome, &pairs[i], extras, words);
	add_lives(policy, before, outcome, now_ms, extras, head, words);
	add_texts(policy, before, outcome, extras, head, words);
	add_rejected(extras, head, words);
	add_counters(before, outcome, now_ms, head, words);
	commit_add_listed(policy, outcome, now_ms, extras, head, words);
	add_lines(outcome, now_ms, extras, head, words);
	return count;
}

/* What one record is taken out of; told as several when it is much. */
struct removal {
	const struct record_ref *ref;
	const char *version;            /* "0": there is no record */
	struct words *words;
	size_t records, head, count;
};

/* score "": out of it. */
static void
add_removal(struct removal *removal, const char *index, const char *tail,
    const char *score)
{
	char key[KEY_SIZE];

	if (removal->records == 0 || removal->count == COUNT_OF_WORD_MAX) {
		record_key(removal->ref, key);
		words_add(removal->words, key);
		words_add(removal->words, removal->version);
		removal->head = words_add_counts(removal->words,
		    COMMIT_RECORD_PARTS);
		removal->records++;
		removal->count = 0;
	}
	snprintf(key, sizeof(key), "%s%s", index, tail);
	words_add(removal->words, key);
	words_add(removal->words, score);
	words_set_count(removal->words, removal->head, PART_INDEXES,
	    ++removal->count);
}

static void
add_removals(const struct policy *policy, struct removal *removal)
{
	for (size_t i = 0; i < STANDING_INDEXES; i++)
		add_removal(removal, standing_indexes[i], "", "");
	for (size_t i = 0; i < policy->queue_count; i++) {
		add_removal(removal, "wait:", policy->queues[i].id, "");
		add_removal(removal, "ready:", policy->queues[i].id, "");
	}
	for (size_t i = 0; i < policy->provider_count; i++)
		add_removal(removal, "calls:", policy->providers[i].id, "");
}

size_t
commit_forget(const struct policy *policy, const struct record_ref *ref,
    const char *op, struct words *words)
{
	size_t head = add_head(op, words);
	struct removal removal = { .ref = ref, .version = "0",
		.words = words };

	add_removals(policy, &removal);
	words_set_count(words, head, PART_RECORDS, removal.records);
	return removal.records;
}

size_t
commit_bury(const struct policy *policy, const struct record_ref *ref,
    const char *version, const char *burial, int64_t now_ms, const char *op,
    struct words *words)
{
	size_t head = add_head(op, words);
	struct removal removal = { .ref = ref, .version = version,
		.words = words };
	char score[24], id[KEY_SIZE], key[KEY_SIZE + 8];

	add_removals(policy, &removal);
	snprintf(score, sizeof(score), "%lld", (long long)now_ms);
	add_removal(&removal, "buried", "", score);
	words_set_count(words, head, PART_RECORDS, removal.records);
	record_key(ref, id);
	if (strcmp(version, COMMIT_NO_HASH) == 0) {
		snprintf(key, sizeof(key), "kept:%s", id);
		words_add(words, key);
		words_add(words, "0");
		words_add(words, id);
		words_set_count(words, head, PART_LIVES, 1);
	}
	snprintf(key, sizeof(key), "buried:%s", id);
	words_add(words, key);
	words_add(words, burial);
	words_add(words, "0");
	words_set_count(words, head, PART_TEXTS, 1);
	return removal.records;
}

void
commit_alone(const struct policy *policy, const struct commit_extras *extras,
    int64_t now_ms, struct words *words)
{
	static const struct situation nobody;
	static const struct outcome nothing_happened;

	commit_between(policy, &nobody, &nothing_happened, now_ms, extras,
	    words);
}

bool
commit_is_placed(const struct situation *before, const struct call *call)
{
	return call->state == CALL_PLACING &&
	    situation_call_const(before, call->n) == NULL;
}

bool
commit_is_sent(const struct situation *before, const struct message *message)
{
	return message->state == MESSAGE_SENDING &&
	    before->message.state != MESSAGE_SENDING;
}

bool
commit_is_empty(const struct situation *before, const struct outcome *outcome)
{
	struct pair_of_records pairs[PAIRS_MAX];
	size_t count = pair_up(before, outcome, pairs);

	for (size_t i = 0; i < count; i++) {
		if (is_changed(&pairs[i]))
			return false;
	}
	return outcome->message_count == 0 &&
	    askers_equal(&before->askers, &outcome->after.askers) &&
	    outcome->move_count == 0;
}

static void
advance(struct record *after, const struct pair_of_records *pair,
    const char *op)
{
	const struct record *record = pair->before;

	if (!is_changed(pair))
		return;
	after->version = (record != NULL ? record->version : 0) + 1;
	snprintf(after->op, sizeof(after->op), "%s", op);
}

void
commit_done(const struct situation *before, struct situation *after,
    const char *op)
{
	struct pair_of_records pair;
	size_t count;

	if (after->request.id[0] != '\0') {
		count = 0;
		add_pair(&pair, &count, record_ref_request(after->request.id),
		    &before->request, &after->request);
		advance(&after->request.record, &pair, op);
	}
	for (size_t i = 0; i < after->call_count; i++) {
		struct call *call = &after->calls[i];

		count = 0;
		add_pair(&pair, &count,
		    record_ref_call(call->request, call->n),
		    situation_call_const(before, call->n), call);
		advance(&call->record, &pair, op);
	}
	for (size_t i = 0; i < after->specialist_count; i++) {
		struct specialist *s = &after->specialists[i];

		count = 0;
		add_pair(&pair, &count, record_ref_specialist(s->id),
		    situation_specialist_const(before, s->id), s);
		advance(&s->record, &pair, op);
	}
	if (after->case_file.number[0] != '\0') {
		count = 0;
		add_pair(&pair, &count,
		    record_ref_case(after->case_file.number),
		    &before->case_file, &after->case_file);
		advance(&after->case_file.record, &pair, op);
	}
	if (after->message.id[0] != '\0') {
		count = 0;
		add_pair(&pair, &count, record_ref_message(after->message.id),
		    &before->message, &after->message);
		advance(&after->message.record, &pair, op);
	}
}
