/* SPDX-License-Identifier: MIT */
/* brief: which words and which colour a request's fields come to. */
#include "ctl/brief.h"

#include <string.h>
#include <time.h>

#include "ctl/format.h"

enum { NEAR_S = 180 };          /* a promise this near is shown in yellow */

static const struct field offer_shape[] = {
	{ "specialist", FIELD_TEXT, false, NULL },
	{ "until", FIELD_NUMBER, false, NULL },
	{ NULL, FIELD_TEXT, false, NULL },
};

const struct field brief_shape[] = {
	{ "id", FIELD_TEXT, true, NULL },
	{ "number", FIELD_TEXT, false, NULL },
	{ "state", FIELD_TEXT, true, NULL },
	{ "reason", FIELD_TEXT, false, NULL },
	{ "queue", FIELD_TEXT, false, NULL },
	{ "phone", FIELD_TEXT, false, NULL },
	{ "name", FIELD_TEXT, false, NULL },
	{ "source", FIELD_TEXT, false, NULL },
	{ "asked_at", FIELD_NUMBER, false, NULL },
	{ "at", FIELD_NUMBER, false, NULL },
	{ "promise_at", FIELD_NUMBER, false, NULL },
	{ "promise_number", FIELD_NUMBER, false, NULL },
	{ "kept_at", FIELD_NUMBER, false, NULL },
	{ "late", FIELD_TRUTH, false, NULL },
	{ "missed", FIELD_NUMBER, false, NULL },
	{ "specialist", FIELD_TEXT, false, NULL },
	{ "wished", FIELD_TEXT, false, NULL },
	{ "offers", FIELD_LIST, false, offer_shape },
	{ "disposition", FIELD_TEXT, false, NULL },
	{ "closed_at", FIELD_NUMBER, false, NULL },
	{ "from", FIELD_TEXT, false, NULL },
	{ "next", FIELD_TEXT, false, NULL },
	{ "why", FIELD_TEXT, false, NULL },
	{ NULL, FIELD_TEXT, false, NULL },
};

static const struct column columns[] = {
	{ "#", true, false },
	{ "CASE", false, false },
	{ "PHONE", false, false },
	{ "NAME", false, true },
	{ "QUEUE", false, true },
	{ "STATE", false, false },
	{ "PROMISE", false, false },
	{ "LEFT", true, false },
	{ "NOW", false, true },
};

static const struct {
	const char *word, *said;
} words[] = {
	{ "all_busy", "nobody free" },
	{ "next", "next to be offered" },
	{ "nobody_available", "nobody available" },
	{ "maybe_called", "may have been called" },
	{ "no_result", "waits for a result" },
	{ "gave_up", "given up: nobody came free" },
	{ "no_one_on_shift", "nobody on shift" },
	{ "all_paused", "everybody has paused" },
	{ "preferred", "waits for who knows it" },
	{ "kept_for_line", "kept for callers on hold" },
	{ "declined", "who is free has said no" },
	{ "level", "who is free does not know it well enough" },
	{ "spent", "the providers' money is spent" },
	{ "closed", "closed now" },
	{ "closing", "closes too soon" },
	{ "closed_today", "closed by hand" },
	{ "crowded", "too many wait" },
	{ "quiet_hours", "quiet hours at the customer's" },
	{ "no_common_hours", "we are never open while the customer may be called" },
	{ "climbed", "climbed: nobody had called in time" },
	{ "provider_down", "no provider works" },
	{ "pace", "the provider's pace" },
	{ "in_flight", "the provider's lines are full" },
	{ "not_placed", "no provider placed the call" },
	{ "number_busy", "customer in another call" },
	{ "on_hold", "customer on hold with us" },
	{ "called_back", "the customer called back" },
	{ "called_in", "spoke to us on the phone" },
	{ "redis", "Redis is away" },
	{ "continued_in", "goes on in another request" },
};

static void row_add(const struct ctl *ctl, struct table *table, size_t place,
    const json_t *request, bool has_queue);
static bool has_open_promise(const json_t *request);
static const char *left(const json_t *request, enum ink *ret_ink,
    char ret_text[FORMAT_SIZE]);
static bool is_state(const json_t *request, const char *state);

void
brief_print_list(struct ctl *ctl, const json_t *requests, bool has_queues)
{
	struct table *table = table_new(columns, COUNT_OF(columns));
	const json_t *request;
	size_t i;

	json_array_foreach(requests, i, request)
		row_add(ctl, table, i + 1, request, has_queues);
	table_print(table, ctl->out, &ctl->paper, true);
	table_free(table);
}

void
brief_print_sentence(struct ctl *ctl, const json_t *request)
{
	char now[BRIEF_NOW_SIZE], at[FORMAT_SIZE], promise[FORMAT_SIZE];
	char remains[FORMAT_SIZE];
	const char *what = brief_now(request, now);
	const char *queue = is_state(request, "closed") ? "" :
	    field_text(request, "queue");
	enum ink ink;
	bool is_late;

	format_instant(field_number(request, "promise_at"), promise);
	is_late = left(request, &ink, remains)[0] == '-';
	print_line(ctl->out, &ctl->paper, ink, "request %s is %s%s%s%s%s%s%s%s%s%s%s%s",
	    brief_name(request), field_text(request, "state"),
	    queue[0] != '\0' ? " in " : "", queue,
	    what[0] != '\0' ? ": " : "", what,
	    is_state(request, "scheduled") ? ", due " : "",
	    is_state(request, "scheduled") ?
	    format_instant(field_number(request, "at"), at) : "",
	    has_open_promise(request) ? "; promised by " : "",
	    has_open_promise(request) ? promise : "",
	    remains[0] == '\0' ? "" : is_late ? ", late by " : ", ",
	    remains + (is_late ? 1 : 0),
	    remains[0] == '\0' || is_late ? "" : " left");
}

const char *
brief_now(const json_t *request, char ret_text[BRIEF_NOW_SIZE])
{
	const json_t *offers = field_list(request, "offers"), *offer;
	const char *specialist = field_text(request, "specialist");
	const char *why = field_text(request, "why");
	char word[FORMAT_SIZE], until[FORMAT_SIZE];
	size_t i, used = 0;

	ret_text[0] = '\0';
	if (is_state(request, "offered") && json_array_size(offers) > 0) {
		json_array_foreach(offers, i, offer) {
			used += (size_t)snprintf(ret_text + used,
			    BRIEF_NOW_SIZE - used, "%s%s until %s",
			    i > 0 ? ", " : "to ",
			    field_text(offer, "specialist"),
			    format_instant(field_number(offer, "until"),
			        until));
			if (used >= BRIEF_NOW_SIZE)
				break;
		}
		return ret_text;
	}
	if (strcmp(why, "preferred") == 0)
		specialist = field_text(request, "wished");
	if (why[0] == '\0')
		why = field_text(request, "reason");
	if (is_state(request, "closed")) {
		const char *disposition = field_text(request, "disposition");

		snprintf(ret_text, BRIEF_NOW_SIZE, "%s", brief_word(
		    disposition[0] != '\0' ? disposition : why, word));
	} else if (why[0] != '\0') {
		snprintf(ret_text, BRIEF_NOW_SIZE, "%s%s%s",
		    brief_word(why, word), specialist[0] != '\0' ? ", " : "",
		    specialist);
	} else {
		snprintf(ret_text, BRIEF_NOW_SIZE, "%s", specialist);
	}
	return ret_text;
}

const char *
brief_name(const json_t *request)
{
	const char *number = field_text(request, "number");

	return number[0] != '\0' ? number : field_text(request, "id");
}

const char *
brief_word(const char *word, char ret_text[FORMAT_SIZE])
{
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcmp(words[i].word, word) == 0) {
			snprintf(ret_text, FORMAT_SIZE, "%s", words[i].said);
			return ret_text;
		}
	}
	return format_word(word, ret_text);
}

static void
row_add(const struct ctl *ctl, struct table *table, size_t place,
    const json_t *request, bool has_queue)
{
	char text[FORMAT_SIZE], remains[FORMAT_SIZE], now[BRIEF_NOW_SIZE];
	enum ink ink;

	left(request, &ink, remains);
	/* Only within one queue is there an order of serving. */
	if (has_queue)
		table_cell(table, INK_NONE, "");
	else
		table_cellf(table, INK_DIM, "%zu", place);
	table_cell(table, INK_BOLD, brief_name(request));
	table_cell(table, INK_NONE, format_phone(field_text(request, "phone"),
	    ctl->is_full, text));
	table_cell(table, INK_NONE, field_text(request, "name"));
	table_cell(table, INK_NONE,
	    has_queue ? field_text(request, "queue") : "");
	table_cell(table, INK_NONE, field_text(request, "state"));
	table_cell(table, INK_NONE, format_instant(
	    field_number(request, "promise_at"), text));
	table_cell(table, ink, remains);
	table_cell(table, INK_NONE, brief_now(request, now));
}

static bool
has_open_promise(const json_t *request)
{
	return field_number(request, "promise_at") != 0 &&
	    field_number(request, "kept_at") == 0 &&
	    !is_state(request, "closed");
}

/* Of the promise: "12:01", "-7:12"; "" once it is kept. */
static const char *
left(const json_t *request, enum ink *ret_ink, char ret_text[FORMAT_SIZE])
{
	int64_t left_s = field_number(request, "promise_at") - time(NULL);

	*ret_ink = INK_NONE;
	ret_text[0] = '\0';
	if (!has_open_promise(request))
		return ret_text;
	if (left_s < NEAR_S)
		*ret_ink = left_s < 0 ? INK_RED : INK_YELLOW;
	return format_clock(left_s, ret_text);
}

static bool
is_state(const json_t *request, const char *state)
{
	return strcmp(field_text(request, "state"), state) == 0;
}
