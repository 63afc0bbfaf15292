/* SPDX-License-Identifier: MIT */
/*
 * blame: shares out how late a promise was. What went wrong (an offer ignored,
 * a phone not reached) is answered for in full: without it the call would have
 * come that much earlier. The rest of the lateness is the plain waiting. So the
 * parts always make up the whole.
 */
#include "ctl/blame.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/brief.h"
#include "ctl/field.h"
#include "ctl/format.h"

enum {
	PARTS_MAX = 16,
	CAUSE_SIZE = 160,
	MINUTES_FROM_MS = 120000,       /* a shorter lateness is told in seconds */
	ROUND_FROM_MS = 30000,          /* a shorter part too, in any case */
};

struct part {
	char cause[CAUSE_SIZE];
	int64_t ms;
	bool is_wait;
};

struct parts {
	struct part at[PARTS_MAX];
	size_t count;
};

static void parts_collect(const json_t *request,
    const struct timeline *timeline, int64_t end_ms, struct parts *ret_parts);
static void part_add(struct parts *parts, const char *cause, bool is_wait,
    int64_t ms);
static const char *cause_text(const struct line *line,
    char ret_text[CAUSE_SIZE]);
static void waits_add(struct parts *parts, const struct line *line,
    int64_t ms, bool is_preferring);
static void parts_share_out(struct parts *parts, int64_t late_ms);
static int part_compare(const void *a, const void *b);
static void parts_write(const struct parts *parts, int64_t late_ms,
    char text[BLAME_SIZE]);
static int64_t rounded_s(int64_t ms, int64_t late_ms);
static void late_write(const json_t *request, const struct timeline *timeline,
    int64_t end_ms, const char *format, char text[BLAME_SIZE]);
static void unkept_write(const json_t *request,
    const struct timeline *timeline, int64_t now_ms, enum ink *ret_ink,
    char text[BLAME_SIZE]);
static void append(char text[BLAME_SIZE], const char *format, ...)
    PRINTF_LIKE(2, 3);

const char *
blame_sentence(const json_t *request, const struct timeline *timeline,
    int64_t now_ms, enum ink *ret_ink, char ret_text[BLAME_SIZE])
{
	int64_t promise_ms = field_number(request, "promise_at") * 1000;
	int64_t kept_ms = field_number(request, "kept_at") * 1000;
	int64_t missed = field_number(request, "missed");
	char text[FORMAT_SIZE];

	/* The story knows the moment to the millisecond. */
	for (size_t i = timeline->count; kept_ms != 0 && i > 0; i--) {
		const struct line *line = &timeline->lines[i - 1];

		if (line->makes_promise)
			break;
		if (line->rings && line->at_ms / 1000 == kept_ms / 1000)
			kept_ms = line->at_ms;
	}
	ret_text[0] = '\0';
	*ret_ink = INK_GREEN;
	if (promise_ms == 0) {
		*ret_ink = INK_NONE;
		append(ret_text, "nothing is promised");
	} else if (kept_ms == 0) {
		unkept_write(request, timeline, now_ms, ret_ink, ret_text);
	} else if (kept_ms / 1000 <= promise_ms / 1000) {
		append(ret_text, "on time, %s left",
		    format_clock((promise_ms - kept_ms) / 1000, text));
	} else {
		*ret_ink = INK_RED;
		missed--;
		late_write(request, timeline, kept_ms, "late by %s", ret_text);
	}
	if (kept_ms != 0 && missed > 0)
		append(ret_text, "; %lld earlier %s missed",
		    (long long)missed, missed == 1 ? "promise was" :
		    "promises were");
	return ret_text;
}

static void
unkept_write(const json_t *request, const struct timeline *timeline,
    int64_t now_ms, enum ink *ret_ink, char text[BLAME_SIZE])
{
	int64_t promise_ms = field_number(request, "promise_at") * 1000;
	int64_t closed_ms = field_number(request, "closed_at") * 1000;
	const char *state = field_text(request, "state");
	char now[BRIEF_NOW_SIZE], left[FORMAT_SIZE], at[FORMAT_SIZE];

	brief_now(request, now);
	if (closed_ms != 0) {
		*ret_ink = closed_ms > promise_ms ? INK_RED : INK_NONE;
		if (closed_ms <= promise_ms)
			append(text, "closed without a call (%s), %s before "
			    "the promise", now, format_clock(
			    (promise_ms - closed_ms) / 1000, left));
		else
			late_write(request, timeline, closed_ms,
			    "closed without a call, %s after the promise",
			    text);
		return;
	}
	if (strcmp(state, "referred") == 0) {
		*ret_ink = INK_RED;
		append(text, "a person must decide: %s; then callbackctl "
		    "close %s as DISPOSITION, or requeue %s", now,
		    brief_name(request), brief_name(request));
	} else if (now_ms > promise_ms) {
		*ret_ink = INK_RED;
		late_write(request, timeline, now_ms,
		    "not called yet, late by %s", text);
	} else if (strcmp(state, "scheduled") == 0) {
		*ret_ink = INK_NONE;
		append(text, "to be called from %s on, promised by ",
		    format_instant(field_number(request, "at"), at));
		append(text, "%s", format_instant(promise_ms / 1000, at));
	} else {
		*ret_ink = INK_NONE;
		append(text, "not called yet, %s left%s%s", format_clock(
		    (promise_ms - now_ms) / 1000, left),
		    now[0] != '\0' ? ": " : "", now);
	}
}

static void
late_write(const json_t *request, const struct timeline *timeline,
    int64_t end_ms, const char *format, char text[BLAME_SIZE])
{
	int64_t promise_ms = field_number(request, "promise_at") * 1000;
	int64_t late_ms = end_ms - promise_ms;
	const char *hole = strstr(format, "%s");
	struct parts parts;
	char span[FORMAT_SIZE];

	CHECK(hole != NULL);
	append(text, "%.*s%s%s", (int)(hole - format), format,
	    format_span(rounded_s(late_ms, late_ms), span), hole + 2);
	parts_collect(request, timeline, end_ms, &parts);
	parts_share_out(&parts, late_ms);
	parts_write(&parts, late_ms, text);
}

/* From the moment the promise in force was made until the end. */
static void
parts_collect(const json_t *request, const struct timeline *timeline,
    int64_t end_ms, struct parts *ret_parts)
{
	const char *why = field_text(request, "why"), *state = "";
	char text[CAUSE_SIZE], word[FORMAT_SIZE];
	int64_t since_ms = 0;
	bool is_preferring = false;

	ret_parts->count = 0;
	for (size_t i = 0; i < timeline->count; i++) {
		const struct line *line = &timeline->lines[i];

		if (line->makes_promise) {
			ret_parts->count = 0;
			since_ms = 0;
			state = line->to;
		}
		if (line->at_ms > end_ms)
			break;
		if (since_ms != 0 && line->cause == CAUSE_WAIT &&
		    strcmp(state, "scheduled") != 0)
			waits_add(ret_parts, line, line->at_ms - since_ms,
			    is_preferring);
		else if (since_ms != 0 && line->cause != CAUSE_NONE &&
		    strcmp(state, "scheduled") != 0)
			part_add(ret_parts, cause_text(line, text),
			    line->cause == CAUSE_PREFERRED,
			    line->at_ms - since_ms);
		if (strcmp(line->from, line->to) != 0 ||
		    line->cause == CAUSE_HELD ||
		    line->cause == CAUSE_PREFERRED || line->makes_promise) {
			since_ms = line->at_ms;
			state = line->to;
			is_preferring = line->prefers;
		}
	}
	if (strcmp(state, "waiting") == 0 && since_ms != 0)
		part_add(ret_parts, why[0] != '\0' ? brief_word(why, word) :
		    "nobody free", true, end_ms - since_ms);
}

/* What nobody knows the reason of was waiting for people. */
static void
waits_add(struct parts *parts, const struct line *line, int64_t ms,
    bool is_preferring)
{
	char word[FORMAT_SIZE];

	for (size_t i = 0; i < line->wait_count; i++) {
		int64_t part_ms = line->waits[i].ms < ms ? line->waits[i].ms :
		    ms;

		part_add(parts, brief_word(line->waits[i].word, word), true,
		    part_ms);
		ms -= part_ms;
	}
	part_add(parts, is_preferring ? "waiting for who knows it" :
	    "nobody free", true, ms);
}

/* When there are too many causes, the last one takes what is left over. */
static void
part_add(struct parts *parts, const char *cause, bool is_wait, int64_t ms)
{
	struct part *part = NULL;

	if (ms <= 0)
		return;
	for (size_t i = 0; i < parts->count; i++) {
		if (strcmp(parts->at[i].cause, cause) == 0)
			part = &parts->at[i];
	}
	if (part == NULL && parts->count == PARTS_MAX)
		part = &parts->at[PARTS_MAX - 1];
	if (part == NULL) {
		part = &parts->at[parts->count++];
		*part = (struct part){ .is_wait = is_wait };
		snprintf(part->cause, sizeof(part->cause), "%s", cause);
	}
	part->ms += ms;
}

static const char *
cause_text(const struct line *line, char ret_text[CAUSE_SIZE])
{
	char word[FORMAT_SIZE];

	switch (line->cause) {
	case CAUSE_IGNORED:
		snprintf(ret_text, CAUSE_SIZE, "offer ignored %.120s",
		    line->detail);
		break;
	case CAUSE_DECLINED:
		snprintf(ret_text, CAUSE_SIZE, "offer declined %.120s",
		    line->detail);
		break;
	case CAUSE_UNREACHED:
		snprintf(ret_text, CAUSE_SIZE, "%.150s", line->detail);
		break;
	case CAUSE_HELD:
		snprintf(ret_text, CAUSE_SIZE, "%s", line->held_for[0] == '\0' ?
		    "customer in another call" :
		    brief_word(line->held_for, word));
		break;
	case CAUSE_PREFERRED:
		snprintf(ret_text, CAUSE_SIZE, "waiting for who knows it");
		break;
	case CAUSE_NONE:
	case CAUSE_WAIT:
		snprintf(ret_text, CAUSE_SIZE, "nobody free");
		break;
	}
	return ret_text;
}

/* Faults first, the longest before the others; the waiting takes the rest. */
static void
parts_share_out(struct parts *parts, int64_t late_ms)
{
	qsort(parts->at, parts->count, sizeof(parts->at[0]), part_compare);
	for (int turn = 0; turn < 2; turn++) {
		for (size_t i = 0; i < parts->count; i++) {
			struct part *part = &parts->at[i];

			if (part->is_wait != (turn == 1))
				continue;
			if (part->ms > late_ms)
				part->ms = late_ms;
			late_ms -= part->ms;
		}
	}
	qsort(parts->at, parts->count, sizeof(parts->at[0]), part_compare);
}

static int
part_compare(const void *a, const void *b)
{
	const struct part *one = a, *other = b;

	if (one->ms != other->ms)
		return one->ms < other->ms ? 1 : -1;
	return strcmp(one->cause, other->cause);
}

/* The first, longest part is rounded so that all add up. */
static void
parts_write(const struct parts *parts, int64_t late_ms, char text[BLAME_SIZE])
{
	int64_t first_s = rounded_s(late_ms, late_ms), known_ms = 0;
	char span[FORMAT_SIZE];

	for (size_t i = 0; i < parts->count; i++) {
		known_ms += parts->at[i].ms;
		if (i > 0 && parts->at[i].ms >= ROUND_FROM_MS)
			first_s -= rounded_s(parts->at[i].ms, late_ms);
	}
	if (parts->count > 0 &&
	    (known_ms < late_ms || first_s < ROUND_FROM_MS / 1000))
		first_s = rounded_s(parts->at[0].ms, late_ms);
	for (size_t i = 0; i < parts->count; i++) {
		int64_t s = i == 0 ? first_s : rounded_s(parts->at[i].ms,
		    late_ms);

		if (s > 0)
			append(text, "%s%s %s", i == 0 ? ": " : ", ",
			    format_span(s, span), parts->at[i].cause);
	}
}

/* Whole minutes when it is about minutes. */
static int64_t
rounded_s(int64_t ms, int64_t late_ms)
{
	if (late_ms < MINUTES_FROM_MS || ms < ROUND_FROM_MS)
		return ms / 1000;
	return (ms + 30000) / 60000 * 60;
}

static void
append(char text[BLAME_SIZE], const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + used, BLAME_SIZE - used, format, arguments);
	va_end(arguments);
}
