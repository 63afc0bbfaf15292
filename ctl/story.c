/* SPDX-License-Identifier: MIT */
/* story: a head, the timeline as a table, the sentence. */
#include "ctl/story.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "ctl/ask.h"
#include "ctl/blame.h"
#include "ctl/brief.h"
#include "ctl/format.h"
#include "ctl/show.h"
#include "ctl/timeline.h"

#define END { NULL, FIELD_TEXT, false, NULL }

static const struct field said_inside[] = {
	{ "note", FIELD_TEXT, false, NULL },
	{ "page", FIELD_TEXT, false, NULL },
	END
};

static const struct field story_inside[] = {
	{ "at_ms", FIELD_NUMBER, true, NULL },
	{ "record", FIELD_TEXT, true, NULL },
	{ "from", FIELD_TEXT, false, NULL },
	{ "to", FIELD_TEXT, false, NULL },
	{ "event", FIELD_TEXT, false, NULL },
	{ "action", FIELD_TEXT, false, NULL },
	{ "by", FIELD_TEXT, false, NULL },
	{ "detail", FIELD_TEXT, false, NULL },
	END
};

static const struct field paid_inside[] = {
	{ "provider", FIELD_TEXT, false, NULL },
	{ "paid", FIELD_TEXT, false, NULL },
	{ "currency", FIELD_TEXT, false, NULL },
	END
};

static const struct field other_inside[] = {
	{ "number", FIELD_TEXT, false, NULL },
	{ "state", FIELD_TEXT, true, NULL },
	{ "reason", FIELD_TEXT, false, NULL },
	{ "queue", FIELD_TEXT, false, NULL },
	END
};

static const struct field customer_inside[] = {
	{ "cases", FIELD_NUMBER, true, NULL },
	{ "days", FIELD_NUMBER, true, NULL },
	{ "others", FIELD_LIST, true, other_inside },
	END
};

const struct field story_shape[] = {
	{ "id", FIELD_TEXT, true, NULL },
	{ "number", FIELD_TEXT, false, NULL },
	{ "state", FIELD_TEXT, true, NULL },
	{ "phone", FIELD_TEXT, false, NULL },
	{ "asked_at", FIELD_NUMBER, false, NULL },
	{ "promise_at", FIELD_NUMBER, false, NULL },
	{ "kept_at", FIELD_NUMBER, false, NULL },
	{ "closed_at", FIELD_NUMBER, false, NULL },
	{ "missed", FIELD_NUMBER, false, NULL },
	{ "offers", FIELD_LIST, false, NULL },
	{ "said", FIELD_OBJECT, false, said_inside },
	{ "story", FIELD_LIST, true, story_inside },
	{ "calls", FIELD_LIST, false, paid_inside },
	{ "messages", FIELD_LIST, false, paid_inside },
	{ "customer", FIELD_OBJECT, false, customer_inside },
	{ "card_url", FIELD_TEXT, false, NULL },
	END
};

const struct field story_case_shape[] = {
	{ "number", FIELD_TEXT, true, NULL },
	{ "requests", FIELD_LIST, true, story_shape },
	END
};

static const struct column columns[] = {
	{ "TIME", false, false },
	{ "WHAT", false, false },
	{ "WHY AND WHO", false, true },
	{ "AFTER", true, false },
	{ "LEFT", true, false },
};

static void head_print(struct ctl *ctl, const json_t *request);
static void paid_print(struct ctl *ctl, const json_t *list, const char *what);
static void lines_print(struct ctl *ctl, const struct timeline *timeline);
static enum ink line_ink(const struct line *line);
static void promise_cell(struct table *table, const struct line *line,
    bool is_over);

/* Without their names the story is still worth telling: NULL then. */
static json_t *
people_ask(struct ctl *ctl)
{
	json_t *people = NULL;
	FILE *errors = ctl->errors;

	ctl->errors = fopen("/dev/null", "w");
	if (ctl->errors != NULL) {
		ask_more(ctl, "/v1/specialists", show_specialists_shape,
		    &people);
		fclose(ctl->errors);
	}
	ctl->errors = errors;
	return people;
}

/* All but the sentence; the timeline is the caller's to end. */
static void
story_print(struct ctl *ctl, const json_t *request, const json_t *people,
    struct timeline *ret_timeline)
{
	timeline_init(ret_timeline, request, field_list(people, "specialists"));
	head_print(ctl, request);
	lines_print(ctl, ret_timeline);
	paid_print(ctl, field_list(request, "calls"), "call");
	paid_print(ctl, field_list(request, "messages"), "SMS");
}

enum exit_code
story_on_request(struct ctl *ctl, const json_t *answer)
{
	json_t *people = people_ask(ctl);
	struct timeline timeline;
	char sentence[BLAME_SIZE];
	enum ink ink;

	story_print(ctl, answer, people, &timeline);
	blame_sentence(answer, &timeline, (int64_t)time(NULL) * 1000, &ink,
	    sentence);
	print_line(ctl->out, &ctl->paper, ink, "%s", sentence);
	timeline_fini(&timeline);
	json_decref(people);
	return EXIT_DONE;
}

/* ---- a case: its requests, one after the other */

/* "case 4821: info (passed) - delivery (climbed) - directors (waiting); 1 of 3
 * promises missed, in 4:10:00". */
static void
case_sentence(struct ctl *ctl, const json_t *requests)
{
	size_t count = json_array_size(requests);
	const json_t *first = json_array_get(requests, 0);
	const json_t *last = json_array_get(requests, count - 1);
	int64_t closed_at = field_number(last, "closed_at");
	int64_t end_s = closed_at != 0 ? closed_at : (int64_t)time(NULL);
	char text[BLAME_SIZE * 2], word[FORMAT_SIZE], span[FORMAT_SIZE];
	size_t used = 0, missed = 0;

	for (size_t i = 0; i < count && used < sizeof(text); i++) {
		const json_t *one = json_array_get(requests, i);
		const char *state = field_text(one, "state");
		const char *reason = field_text(one, "reason");

		missed += field_number(one, "missed") > 0;
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s%s (%s)", i > 0 ? " - " : "", field_text(one, "queue"),
		    strcmp(state, "closed") == 0 && reason[0] != '\0' ?
		    brief_word(reason, word) : state);
	}
	print_line(ctl->out, &ctl->paper, missed > 0 ? INK_RED : INK_GREEN,
	    "case %s: %s; %zu of %zu requests late, %s in all",
	    brief_name(last), text, missed, count,
	    format_clock(end_s > field_number(first, "asked_at") ?
	    end_s - field_number(first, "asked_at") : 0, span));
}

enum exit_code
story_on_case(struct ctl *ctl, const json_t *answer)
{
	const json_t *requests = field_list(answer, "requests"), *one;
	json_t *people = people_ask(ctl);
	size_t i;

	json_array_foreach(requests, i, one) {
		struct timeline timeline;

		story_print(ctl, one, people, &timeline);
		timeline_fini(&timeline);
	}
	if (json_array_size(requests) > 0)
		case_sentence(ctl, requests);
	json_decref(people);
	return EXIT_DONE;
}

/* "cost: call by twilio 0.014 USD". */
static void
paid_print(struct ctl *ctl, const json_t *list, const char *what)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		if (field_text(one, "paid")[0] != '\0')
			print_line(ctl->out, &ctl->paper, INK_NONE,
			    "cost: %s by %s %s %s", what,
			    field_text(one, "provider"),
			    field_text(one, "paid"),
			    field_text(one, "currency"));
	}
}

/* "customer: 3 cases in 30 days: also 4822 delivery (waiting), 4790 info (solved)";
 * nothing of whom there is nothing else. */
static void
customer_print(struct ctl *ctl, const json_t *customer)
{
	const json_t *others = field_list(customer, "others"), *one;
	char text[BLAME_SIZE * 2] = "", word[FORMAT_SIZE];
	size_t used = 0, i;

	json_array_foreach(others, i, one) {
		const char *state = field_text(one, "state");
		const char *reason = field_text(one, "reason");

		if (used >= sizeof(text))
			break;
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s%s %s (%s)", i > 0 ? ", " : ": also ",
		    field_text(one, "number"), field_text(one, "queue"),
		    strcmp(state, "closed") == 0 && reason[0] != '\0' ?
		    brief_word(reason, word) : state);
	}
	if (field_number(customer, "cases") > 1)
		print_line(ctl->out, &ctl->paper, INK_NONE,
		    "customer: %lld cases in %lld days%s",
		    (long long)field_number(customer, "cases"),
		    (long long)field_number(customer, "days"), text);
}

static void
head_print(struct ctl *ctl, const json_t *request)
{
	const char *card_url = field_text(request, "card_url");
	const json_t *said = field_object(request, "said");
	const char *name = field_text(request, "name");
	const char *from = field_text(request, "from");
	const char *next = field_text(request, "next");
	const char *note = field_text(said, "note");
	const char *page = field_text(said, "page");
	char phone[FORMAT_SIZE];

	print_line(ctl->out, &ctl->paper, INK_BOLD,
	    "request %s: %s%s%s, %s, queue %s", brief_name(request),
	    format_phone(field_text(request, "phone"), ctl->is_full, phone),
	    name[0] != '\0' ? " " : "", name, field_text(request, "state"),
	    field_text(request, "queue"));
	if (note[0] != '\0')
		print_line(ctl->out, &ctl->paper, INK_NONE, "note: %s", note);
	if (page[0] != '\0')
		print_line(ctl->out, &ctl->paper, INK_NONE, "page: %s", page);
	customer_print(ctl, field_object(request, "customer"));
	/* Their whole number stands in it. */
	if (card_url[0] != '\0' && ctl->is_full)
		print_line(ctl->out, &ctl->paper, INK_NONE, "card: %s",
		    card_url);
	if (from[0] != '\0')
		print_line(ctl->out, &ctl->paper, INK_NONE,
		    "continues request %s", from);
	if (next[0] != '\0')
		print_line(ctl->out, &ctl->paper, INK_NONE,
		    "goes on in request %s", next);
	putc('\n', ctl->out);
}

static void
lines_print(struct ctl *ctl, const struct timeline *timeline)
{
	struct table *table = table_new(columns, COUNT_OF(columns));
	char text[FORMAT_SIZE];
	bool is_over = false;

	for (size_t i = 0; i < timeline->count; i++) {
		const struct line *line = &timeline->lines[i];

		if (line->makes_promise)
			is_over = false;
		table_cell(table, INK_NONE,
		    format_instant(line->at_ms / 1000, text));
		table_cell(table, line_ink(line), line->word);
		format_instant(line->promise_at_ms / 1000, text);
		if (line->makes_promise && text[0] != '\0')
			table_cellf(table, INK_NONE, "%s%spromised by %s",
			    line->detail, line->detail[0] != '\0' ? ", " : "",
			    text);
		else
			table_cell(table, INK_NONE, line->detail);
		table_cell(table, INK_NONE, line->after_ms >= 1000 ?
		    format_clock(line->after_ms / 1000, text) : "");
		promise_cell(table, line, is_over);
		if (line->rings)
			is_over = true;
	}
	table_print(table, ctl->out, &ctl->paper, true);
	table_free(table);
	if (timeline->count > 0)
		putc('\n', ctl->out);
}

static enum ink
line_ink(const struct line *line)
{
	if (line->is_alarm)
		return INK_RED;
	return line->rings ? INK_GREEN : INK_BOLD;
}

/* Once the customer's phone has rung, the promise is no longer at stake. */
static void
promise_cell(struct table *table, const struct line *line, bool is_over)
{
	int64_t left_s = (line->promise_at_ms - line->at_ms) / 1000;
	char text[FORMAT_SIZE];

	if (line->promise_at_ms == 0 || is_over)
		table_cell(table, INK_NONE, "");
	else
		table_cell(table, left_s < 0 ? INK_RED : INK_NONE,
		    format_clock(left_s, text));
}
