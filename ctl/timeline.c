/* SPDX-License-Identifier: MIT */
/*
 * timeline: which of the life cycles' actions people are told of, and how. An
 * action that is not in the table is shown with the daemon's own words, so a
 * newer daemon's story is still complete.
 */
#include "ctl/timeline.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/field.h"
#include "ctl/format.h"
#include "lib/check.h"
#include "lib/text.h"

enum { TIDY_SIZE = 160 };       /* the daemon's details are shorter */

#define SECONDS_MAX 100000000LL /* three years: more is nonsense */

enum {                          /* flags */
	TELLS = 0,              /* what the story says beside it */
	TELLS_WHO = 1,          /* and who did it */
	QUOTES = 2,             /* a person's own words: nothing is touched */
	PROMISES = 4,           /* a new promise begins */
};

static const struct known {
	const char *record, *action, *word, *phrase;
	int how;
	enum cause cause;
} known[] = {
	{ "request", "arrive", "asked", "", TELLS_WHO | PROMISES, CAUSE_NONE },
	{ "request", "join_queue", "waiting", "in the queue", TELLS, CAUSE_NONE },
	{ "request", "next_opening", "postponed", "", TELLS | PROMISES, CAUSE_WAIT },
	{ "request", "withdraw_until_opening", "postponed", "", TELLS | PROMISES, CAUSE_NONE },
	{ "request", "refuse", "refused", "", TELLS, CAUSE_NONE },
	{ "request", "offer", "offered", "", TELLS, CAUSE_WAIT },
	{ "request", "take", "accepted", "", TELLS_WHO, CAUSE_NONE },
	{ "request", "keep_for_later", "taken", "will call by the promise", TELLS_WHO, CAUSE_NONE },
	{ "request", "start", "started", "", TELLS_WHO, CAUSE_NONE },
	{ "request", "refuse_start", "not now", "", TELLS, CAUSE_NONE },
	{ "request", "lose_taken", "LATE", "", TELLS, CAUSE_NONE },
	{ "request", "note_declined", "declined", "", TELLS, CAUSE_DECLINED },
	{ "request", "lapse", "ignored", "", TELLS, CAUSE_IGNORED },
	{ "request", "drop_offer", "not reached", "", TELLS, CAUSE_UNREACHED },
	{ "request", "let_go", "not reached", "", TELLS, CAUSE_UNREACHED },
	{ "request", "give_way", "held", "", TELLS, CAUSE_NONE },
	{ "request", "hold_back", "held", "the customer is in another call", TELLS, CAUSE_NONE },
	{ "request", "rejoin", "waiting", "in the queue again", TELLS, CAUSE_HELD },
	{ "request", "wait_for_provider", "held", "", TELLS, CAUSE_NONE },
	{ "request", "place_elsewhere", "next line", "", TELLS, CAUSE_NONE },
	{ "request", "ring_elsewhere", "next line", "", TELLS, CAUSE_NONE },
	{ "request", "offer_by_hand", "by hand", "", TELLS_WHO, CAUSE_WAIT },
	{ "request", "accept_by_hand", "by hand", "", TELLS_WHO, CAUSE_NONE },
	{ "request", "go_late", "LATE", "", TELLS, CAUSE_NONE },
	{ "request", "miss_second", "LATE", "", TELLS, CAUSE_NONE },
	{ "request", "raise_lane", "hurried", "", TELLS, CAUSE_NONE },
	{ "request", "release_wished", "released", "no longer waits for the preferred one", TELLS, CAUSE_PREFERRED },
	{ "request", "widen", "widened", "", TELLS, CAUSE_NONE },
	{ "request", "keep_promise", "ringing", "the customer's phone", TELLS, CAUSE_NONE },
	{ "request", "begin_talk", "talking", "the customer answered", TELLS, CAUSE_NONE },
	{ "request", "begin_wrapping", "wrapping", "the call is over", TELLS, CAUSE_NONE },
	{ "request", "retry_later", "retry", "", TELLS | PROMISES, CAUSE_NONE },
	{ "request", "could_not_reach", "closed", "could not be reached", TELLS, CAUSE_NONE },
	{ "request", "keep_disposition", "result", "", QUOTES | TELLS_WHO, CAUSE_NONE },
	{ "request", "keep_and_hang_up", "result", "", QUOTES | TELLS_WHO, CAUSE_NONE },
	{ "request", "close_with", "closed", "", QUOTES | TELLS_WHO, CAUSE_WAIT },
	{ "request", "give_up_on", "closed", "", QUOTES | TELLS_WHO, CAUSE_NONE },
	{ "request", "pass_on", "passed", "", QUOTES | TELLS_WHO, CAUSE_WAIT },
	{ "request", "climb", "CLIMBED", "", TELLS, CAUSE_WAIT },
	{ "request", "climb_into_other", "CLIMBED", "", TELLS, CAUSE_WAIT },
	{ "request", "refer_never_allowed", "referred", "", TELLS, CAUSE_WAIT },
	{ "request", "refer_climbed", "CLIMBED", "", TELLS, CAUSE_WAIT },
	{ "request", "continue_in", "closed", "", QUOTES | TELLS_WHO, CAUSE_WAIT },
	{ "request", "call_again", "call later", "", QUOTES | TELLS_WHO | PROMISES, CAUSE_NONE },
	{ "request", "try_again", "call again", "", QUOTES | TELLS_WHO | PROMISES, CAUSE_NONE },
	{ "request", "refer_no_result", "referred", "nobody said how the call ended", TELLS, CAUSE_NONE },
	{ "request", "refer_unknown", "referred", "", TELLS, CAUSE_NONE },
	{ "request", "refer_unserved", "referred", "given up: nobody came free", TELLS, CAUSE_WAIT },
	{ "request", "remind", "reminded", "a person must decide", TELLS, CAUSE_NONE },
	{ "request", "requeue", "requeued", "", TELLS_WHO | PROMISES, CAUSE_NONE },
	{ "request", "merge", "asked again", "", TELLS_WHO, CAUSE_NONE },
	{ "request", "withdraw_and_move", "moved", "to another moment", TELLS_WHO | PROMISES, CAUSE_NONE },
	{ "request", "hold_while_they_hold", "held", "", TELLS, CAUSE_NONE },
	{ "request", "let_go_while_they_hold", "held", "", TELLS, CAUSE_NONE },
	{ "request", "go_on", "waiting", "", TELLS, CAUSE_HELD },
	{ "request", "close_as_called_in", "closed", "they spoke to us on the phone", TELLS_WHO, CAUSE_WAIT },
	{ "request", "revoke_as_called_in", "closed", "they spoke to us on the phone", TELLS_WHO, CAUSE_NONE },
	{ "request", "join_caller", "called back", "", TELLS, CAUSE_NONE },
	{ "request", "retry_now", "called back", "", TELLS | PROMISES, CAUSE_NONE },
	{ "request", "wish_for_who_called", "called back", "", TELLS, CAUSE_NONE },
	{ "request", "drop_asker", "cancelled", "", TELLS, CAUSE_NONE },
	{ "request", "withdraw_and_close", "cancelled", "", TELLS_WHO, CAUSE_WAIT },
	{ "request", "revoke_and_close", "cancelled", "", TELLS_WHO, CAUSE_NONE },
	{ "request", "wish", "assigned", "", TELLS_WHO, CAUSE_NONE },
	{ "request", "note", "note", "", QUOTES | TELLS_WHO, CAUSE_NONE },
	{ "request", "reopen", "reopened", "", TELLS_WHO, CAUSE_NONE },
	{ "request", "leg_over", "hung up", "the customer's phone is free", TELLS, CAUSE_NONE },
	{ "call", "be_unsure", "unsure", "did the provider take the call?", TELLS, CAUSE_NONE },
	{ "call", "report_not_placed", "not placed", "the provider did not take it", TELLS, CAUSE_NONE },
	{ "call", "leave_to_another", "not placed", "the provider refused it", TELLS, CAUSE_NONE },
	{ "call", "report_lost", "lost", "nobody knows how the call ended", TELLS, CAUSE_NONE },
	{ "call", "lose_second_leg", "lost", "the order for the customer's phone was never answered", TELLS, CAUSE_NONE },
	{ "call", "end_refused_leg", "not placed", "the provider did not ring the customer", TELLS, CAUSE_NONE },
	{ "call", "hang_up_other", "ALARM", "", TELLS, CAUSE_NONE },
	{ "call", "refuse_other", "ALARM", "", TELLS, CAUSE_NONE },
	{ "call", "alarm_and_hang_up", "ALARM", "", TELLS, CAUSE_NONE },
	{ "call", "remind", "reminded", "", TELLS, CAUSE_NONE },
	{ "message", "send", "SMS", "", QUOTES, CAUSE_NONE },
	{ "message", "give", "SMS sent", "", TELLS, CAUSE_NONE },
	{ "message", "deliver", "SMS here", "", TELLS, CAUSE_NONE },
	{ "message", "fail", "SMS FAILED", "", TELLS, CAUSE_NONE },
	{ "message", "fail_delivery", "SMS FAILED", "", TELLS, CAUSE_NONE },
	{ "message", "end_unknown", "SMS unclear", "", TELLS, CAUSE_NONE },
	{ "message", "refuse_suppressed", "SMS not sent", "they want no messages", TELLS, CAUSE_NONE },
	{ "message", "drop_without_provider", "SMS not sent", "nobody can carry it", TELLS, CAUSE_NONE },
	{ "message", "drop_stale", "SMS not sent", "it was no news any more", TELLS, CAUSE_NONE },
	{ "message", "hold", "SMS waits", "", TELLS, CAUSE_NONE },
	{ "message", "wait_for_turn", "SMS waits", "", TELLS, CAUSE_NONE },
	{ "message", "wait_for_provider", "SMS waits", "", TELLS, CAUSE_NONE },
	{ "message", "put_back", "SMS waits", "", TELLS, CAUSE_NONE },
	{ "specialist", "lose_offer", "withdrawn", "", TELLS, CAUSE_NONE },
	{ "specialist", "lose_ringing", "withdrawn", "", TELLS, CAUSE_NONE },
	{ "specialist", "pause_ignored", "paused", "", TELLS, CAUSE_NONE },
};

static bool is_record(const char *record, const char *kind);
static const struct known *known_find(const char *record, const char *action);
static bool line_read(const json_t *entry, const json_t *story, size_t place,
    const json_t *specialists, struct line *ret_line);
static void who_find(const json_t *entry, const json_t *story, size_t place,
    const json_t *specialists, char *ret_who, size_t size);
static void detail_write(const struct known *row, const json_t *entry,
    const json_t *specialists, struct line *line);
static void detail_tidy(const char *detail, const json_t *specialists,
    char *ret_text, size_t size);
static void waits_read(const char *detail, struct line *line);
static const char *name_of(const json_t *specialists, const char *id,
    size_t length);
static void spans_measure(struct timeline *timeline);
static void promises_fill(struct timeline *timeline, const json_t *request);
static int64_t promise_guess(const struct line *line, const json_t *entry);

void
timeline_init(struct timeline *timeline, const json_t *request,
    const json_t *specialists)
{
	const json_t *story = field_list(request, "story"), *entry;
	size_t i;

	timeline->count = 0;
	timeline->lines = calloc(json_array_size(story) + 1,
	    sizeof(*timeline->lines));
	CHECK(timeline->lines != NULL);
	json_array_foreach(story, i, entry) {
		struct line line = { 0 };

		if (line_read(entry, story, i, specialists, &line))
			timeline->lines[timeline->count++] = line;
	}
	spans_measure(timeline);
	promises_fill(timeline, request);
}

void
timeline_fini(struct timeline *timeline)
{
	free(timeline->lines);
	*timeline = (struct timeline){ 0 };
}

/* False: it is of no interest. People and calls follow the request; only what
 * is unusual about them is told. */
static bool
line_read(const json_t *entry, const json_t *story, size_t place,
    const json_t *specialists, struct line *ret_line)
{
	const char *record = field_text(entry, "record");
	const char *action = field_text(entry, "action");
	const struct known *row = known_find(record, action);
	struct line *line = ret_line;

	if (row == NULL && !is_record(record, "request"))
		return false;
	line->at_ms = field_number(entry, "at_ms");
	line->from = line->to = "";
	if (is_record(record, "request")) {
		line->from = field_text(entry, "from");
		line->to = field_text(entry, "to");
	}
	if (row == NULL) {
		line->word = strcmp(line->from, line->to) != 0 ? line->to :
		    action;
		detail_tidy(field_text(entry, "detail"), specialists,
		    line->detail, sizeof(line->detail));
		return true;
	}
	line->word = row->word;
	line->cause = row->cause;
	if (line->cause == CAUSE_WAIT)
		waits_read(field_text(entry, "detail"), line);
	if (line->cause == CAUSE_HELD)
		text_copy(line->held_for, sizeof(line->held_for),
		    strcmp(action, "rejoin") == 0 ?
		    field_text(entry, "detail") : "on_hold");
	line->prefers = strstr(field_text(entry, "detail"), "waits for ") !=
	    NULL;
	line->rings = strcmp(action, "keep_promise") == 0;
	line->is_alarm = isupper((unsigned char)row->word[0]) != 0;
	line->makes_promise = (row->how & PROMISES) != 0 ||
	    (strcmp(action, "merge") == 0 &&
	    strcmp(line->from, "scheduled") == 0);
	who_find(entry, story, place, specialists, line->who,
	    sizeof(line->who));
	detail_write(row, entry, specialists, line);
	return true;
}

static bool
is_record(const char *record, const char *kind)
{
	size_t length = strlen(kind);

	return strncmp(record, kind, length) == 0 && record[length] == ':';
}

static const struct known *
known_find(const char *record, const char *action)
{
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		if (is_record(record, known[i].record) &&
		    strcmp(known[i].action, action) == 0)
			return &known[i];
	}
	return NULL;
}

/* Who did it, in the words of the line; for an acceptance the specialist whose
 * own line of the same moment says so, whoever pressed the button. */
static void
who_find(const json_t *entry, const json_t *story, size_t place,
    const json_t *specialists, char *ret_who, size_t size)
{
	const char *by = field_text(entry, "by");
	int64_t at_ms = field_number(entry, "at_ms");
	size_t first = place;

	while (first > 0 && field_number(json_array_get(story, first - 1),
	    "at_ms") == at_ms)
		first--;
	for (size_t i = first; strcmp(field_text(entry, "action"), "take") == 0
	    && i < json_array_size(story); i++) {
		const json_t *other = json_array_get(story, i);
		const char *record = field_text(other, "record");

		if (field_number(other, "at_ms") != at_ms)
			break;
		if (is_record(record, "specialist") &&
		    strcmp(field_text(other, "event"), "accept") == 0)
			by = record + strlen("specialist:");
	}
	if (strcmp(by, "-") == 0)
		by = "";
	text_copy(ret_who, size, name_of(specialists, by, strlen(by)));
}

static void
detail_write(const struct known *row, const json_t *entry,
    const json_t *specialists, struct line *line)
{
	const char *detail = field_text(entry, "detail");
	size_t length = strlen(row->word);
	char tidy[TIDY_SIZE], *text = line->detail;
	bool says_who = (row->how & TELLS_WHO) != 0 && line->who[0] != '\0';

	/* "ignored by boris" behind the word "ignored". */
	if (strncmp(detail, row->word, length) == 0 && detail[length] == ' ')
		detail += length + 1;
	/* What is left of the promise has a column of its own. */
	if (line->rings)
		detail = "";
	if ((row->how & QUOTES) != 0)
		text_copy(tidy, sizeof(tidy), detail);
	else
		detail_tidy(detail, specialists, tidy, sizeof(tidy));
	/* The queue is in the head of the story. */
	if (strcmp(row->action, "arrive") == 0) {
		const char *rest = strstr(tidy, ", ");

		memmove(tidy, rest != NULL ? rest + 2 : "", rest != NULL ?
		    strlen(rest + 2) + 1 : 1);
	}
	snprintf(text, LINE_DETAIL_SIZE, "%s%s%s", row->phrase,
	    row->phrase[0] != '\0' && tidy[0] != '\0' ? ", " : "", tidy);
	length = strlen(text);
	if (says_who)
		snprintf(text + length, LINE_DETAIL_SIZE - length, "%sby %s",
		    length > 0 ? ", " : "", line->who);
}

/* "to Anna, waited 360 s provider_down, 1200 ms all_busy". */
static void
waits_read(const char *detail, struct line *line)
{
	const char *at = strstr(detail, "waited ");
	int length;

	if (at == NULL)
		return;
	at += strlen("waited ");
	while (line->wait_count < WAITS_MAX) {
		char word[WORD_SIZE], unit[3];
		long long span;

		if (sscanf(at, "%9lld %2[ms] %23[a-z_]%n", &span, unit, word,
		        &length) != 3 || span < 0)
			break;
		line->waits[line->wait_count].ms = strcmp(unit, "s") == 0 ?
		    span * 1000 : span;
		memcpy(line->waits[line->wait_count++].word, word,
		    sizeof(word));
		at += length;
		if (strncmp(at, ", ", 2) != 0)
			break;
		at += 2;
	}
}

/* Ids of people become names, "no_answer" words, "206 s" a span. */
static void
detail_tidy(const char *detail, const json_t *specialists, char *ret_text,
    size_t size)
{
	size_t used = 0;

	ret_text[0] = '\0';
	while (*detail != '\0' && used < size) {
		size_t length = strcspn(detail, " ,:;");
		const char *rest = detail + length;
		char word[FORMAT_SIZE], said[FORMAT_SIZE], *end;
		long long seconds = strtoll(detail, &end, 10);

		if (length == 0) {
			length = 1;
			used += (size_t)snprintf(ret_text + used, size - used,
			    "%c", *detail);
		} else if (end == rest && strncmp(rest, " s", 2) == 0 &&
		    strchr(" ,", rest[2]) != NULL) {
			length += 2;
			used += (size_t)snprintf(ret_text + used, size - used,
			    "%s", format_span(seconds, said));
		} else if (length < sizeof(word)) {
			memcpy(word, detail, length);
			word[length] = '\0';
			used += (size_t)snprintf(ret_text + used, size - used,
			    "%s", strchr(word, '_') != NULL &&
			    name_of(specialists, word, length) == word ?
			    format_word(word, said) :
			    name_of(specialists, word, length));
		} else {
			used += (size_t)snprintf(ret_text + used, size - used,
			    "%.*s", (int)length, detail);
		}
		detail += length;
	}
}

/* The id itself if nobody is known by it. */
static const char *
name_of(const json_t *specialists, const char *id, size_t length)
{
	const json_t *specialist;
	size_t i;

	json_array_foreach(specialists, i, specialist) {
		const char *own = field_text(specialist, "id");
		const char *name = field_text(specialist, "name");

		if (strlen(own) == length && memcmp(own, id, length) == 0 &&
		    name[0] != '\0')
			return name;
	}
	return id;
}

static void
spans_measure(struct timeline *timeline)
{
	int64_t mark_ms = 0;

	for (size_t i = 0; i < timeline->count; i++) {
		struct line *line = &timeline->lines[i];
		bool moves = strcmp(line->from, line->to) != 0;

		if (mark_ms != 0 && (moves || line->rings) &&
		    line->at_ms > mark_ms)
			line->after_ms = line->at_ms - mark_ms;
		if (moves || line->rings)
			mark_ms = line->at_ms;
	}
}

/* The record knows the promise now in force; earlier ones can be told only
 * where a line said what was left. Both are filled backwards. */
static void
promises_fill(struct timeline *timeline, const json_t *request)
{
	int64_t promise_at_ms = field_number(request, "promise_at") * 1000;
	const json_t *story = field_list(request, "story"), *entry;
	size_t i, at = timeline->count;

	for (i = json_array_size(story); i > 0 && at > 0; i--) {
		struct line *line = &timeline->lines[at - 1];

		entry = json_array_get(story, i - 1);
		if (known_find(field_text(entry, "record"),
		    field_text(entry, "action")) == NULL &&
		    !is_record(field_text(entry, "record"), "request"))
			continue;
		at--;
		if (promise_at_ms == 0)
			promise_at_ms = promise_guess(line, entry);
		line->promise_at_ms = promise_at_ms;
		if (line->makes_promise)
			promise_at_ms = 0;
	}
}

static int64_t
promise_guess(const struct line *line, const json_t *entry)
{
	const char *detail = field_text(entry, "detail");
	long long s;

	if (strcmp(field_text(entry, "action"), "go_late") == 0)
		return line->at_ms;
	if (!line->rings)
		return 0;
	if (sscanf(detail, "on time, %lld s", &s) == 1 && s >= 0 &&
	    s < SECONDS_MAX)
		return line->at_ms + s * 1000;
	if (sscanf(detail, "late by %lld s", &s) == 1 && s >= 0 &&
	    s < SECONDS_MAX)
		return line->at_ms - s * 1000;
	return 0;
}
