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

/* A customer handed round more often is shown from where this many begin. */
enum { CASE_MAX = 32 };

#define ID_LETTERS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-"

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

/* The requests that led to it, the latest first; every one is the caller's. */
static size_t
case_collect(struct ctl *ctl, const json_t *latest, json_t *ret[CASE_MAX])
{
	size_t count = 0;

	ret[count++] = json_incref((json_t *)(uintptr_t)latest);
	while (count < CASE_MAX) {
		const char *from = field_text(ret[count - 1], "from");
		char path[128];

		if (from[0] == '\0' || from[strspn(from, ID_LETTERS)] != '\0' ||
		    strlen(from) > 64)
			break;
		snprintf(path, sizeof(path), "/v1/requests/%s", from);
		if (ask_more(ctl, path, story_shape, &ret[count]) != EXIT_DONE)
			break;
		count++;
	}
	return count;
}

/* "case 4821: info (passed) - delivery (climbed) - directors (waiting); 1 of 3
 * promises missed, in 4:10:00". */
static void
case_sentence(struct ctl *ctl, json_t *const requests[], size_t count)
{
	const json_t *first = requests[count - 1], *last = requests[0];
	int64_t closed_at = field_number(last, "closed_at");
	int64_t end_s = closed_at != 0 ? closed_at : (int64_t)time(NULL);
	char text[BLAME_SIZE * 2], word[FORMAT_SIZE], span[FORMAT_SIZE];
	size_t used = 0, missed = 0;

	for (size_t i = count; i-- > 0 && used < sizeof(text);) {
		const char *state = field_text(requests[i], "state");
		const char *reason = field_text(requests[i], "reason");

		missed += field_number(requests[i], "missed") > 0;
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s%s (%s)", i + 1 < count ? " - " : "",
		    field_text(requests[i], "queue"),
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
	json_t *people = people_ask(ctl), *requests[CASE_MAX];
	size_t count = case_collect(ctl, answer, requests);

	for (size_t i = count; i-- > 0;) {
		struct timeline timeline;

		story_print(ctl, requests[i], people, &timeline);
		timeline_fini(&timeline);
	}
	case_sentence(ctl, requests, count);
	for (size_t i = 0; i < count; i++)
		json_decref(requests[i]);
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

static void
head_print(struct ctl *ctl, const json_t *request)
{
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
