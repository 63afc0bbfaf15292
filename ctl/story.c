/* SPDX-License-Identifier: MIT */
/* story: a head, the timeline as a table, the sentence. */
#include "ctl/story.h"

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

enum exit_code
story_on_request(struct ctl *ctl, const json_t *answer)
{
	json_t *people = NULL;
	struct timeline timeline;
	FILE *errors = ctl->errors;
	char sentence[BLAME_SIZE];
	enum ink ink;

	/* Without their names the story is still worth telling. */
	ctl->errors = fopen("/dev/null", "w");
	if (ctl->errors != NULL) {
		ask_more(ctl, "/v1/specialists", show_specialists_shape,
		    &people);
		fclose(ctl->errors);
	}
	ctl->errors = errors;
	timeline_init(&timeline, answer, field_list(people, "specialists"));
	head_print(ctl, answer);
	lines_print(ctl, &timeline);
	paid_print(ctl, field_list(answer, "calls"), "call");
	paid_print(ctl, field_list(answer, "messages"), "SMS");
	blame_sentence(answer, &timeline, (int64_t)time(NULL) * 1000, &ink,
	    sentence);
	print_line(ctl->out, &ctl->paper, ink, "%s", sentence);
	timeline_fini(&timeline);
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
