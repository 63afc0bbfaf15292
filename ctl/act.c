/* SPDX-License-Identifier: MIT */
/* act: the daemon's answers to a change, in one sentence each. */
#include "ctl/act.h"

#include <string.h>

#include "ctl/brief.h"
#include "ctl/format.h"

#define END { NULL, FIELD_TEXT, false, NULL }

const struct field act_request_shape[] = {
	{ "request", FIELD_OBJECT, false, brief_shape }, END
};

static const struct field trouble_inside[] = {
	{ "code", FIELD_TEXT, false, NULL },
	{ "pointer", FIELD_TEXT, false, NULL },
	{ "text", FIELD_TEXT, false, NULL },
	END
};

const struct field act_answer_shape[] = {
	{ "id", FIELD_TEXT, false, NULL },
	{ "state", FIELD_TEXT, true, NULL },
	{ "number", FIELD_TEXT, false, NULL },
	{ "queue", FIELD_TEXT, false, NULL },
	{ "expect", FIELD_LIST, false, NULL },
	{ "slot", FIELD_LIST, false, NULL },
	{ "promise", FIELD_NUMBER, false, NULL },
	{ "why", FIELD_TEXT, false, NULL },
	{ "errors", FIELD_LIST, false, trouble_inside },
	{ "warnings", FIELD_LIST, false, trouble_inside },
	END
};

const struct field act_check_shape[] = {
	{ "would", FIELD_TEXT, true, NULL },
	{ "phone", FIELD_TEXT, false, NULL },
	{ "queue", FIELD_TEXT, false, NULL },
	{ "answer", FIELD_OBJECT, false, act_answer_shape },
	END
};

const struct field act_called_in_shape[] = {
	{ "known", FIELD_TRUTH, false, NULL },
	{ "requests", FIELD_LIST, true, brief_shape },
	END
};

static void answer_print(struct ctl *ctl, const char *begin,
    const json_t *answer);
static void troubles_print(struct ctl *ctl, enum ink ink, const char *kind,
    const json_t *list);

enum exit_code
act_on_request(struct ctl *ctl, const json_t *answer)
{
	const json_t *request = field_object(answer, "request");

	/* The daemon need not have it at hand. */
	if (request != NULL)
		brief_print_sentence(ctl, request);
	else
		print_line(ctl->out, &ctl->paper, INK_NONE, "done");
	return EXIT_DONE;
}

enum exit_code
act_on_called_in(struct ctl *ctl, const json_t *answer)
{
	const json_t *requests = field_list(answer, "requests"), *request;
	size_t i;

	json_array_foreach(requests, i, request)
		brief_print_sentence(ctl, request);
	if (json_array_size(requests) == 0)
		print_line(ctl->out, &ctl->paper, INK_NONE,
		    "nothing of this number waits");
	return EXIT_DONE;
}

enum exit_code
act_on_closed(struct ctl *ctl, const json_t *answer)
{
	char until[FORMAT_SIZE];

	if (field_truth(answer, "closed"))
		print_line(ctl->out, &ctl->paper, INK_NONE, "closed until %s; "
		    "who waits is given another moment and told",
		    format_instant(field_number(answer, "until"), until));
	else
		print_line(ctl->out, &ctl->paper, INK_NONE, "open again");
	return EXIT_DONE;
}

enum exit_code
act_on_duty(struct ctl *ctl, const json_t *answer)
{
	const json_t *specialist = field_object(answer, "specialist");
	const json_t *duty = field_list(specialist, "duty"), *line;
	const char *name = field_text(specialist, "name");
	size_t i;

	if (json_array_size(duty) == 0)
		print_line(ctl->out, &ctl->paper, INK_NONE,
		    "%s is on duty for nothing", name);
	json_array_foreach(duty, i, line) {
		char from[FORMAT_SIZE], to[FORMAT_SIZE];

		print_line(ctl->out, &ctl->paper, INK_NONE,
		    "%s is on duty for %s from %s to %s", name,
		    field_text(line, "queue"),
		    format_instant(field_number(line, "from"), from),
		    format_instant(field_number(line, "to"), to));
	}
	return EXIT_DONE;
}

enum exit_code
act_on_specialist(struct ctl *ctl, const json_t *answer)
{
	const json_t *specialist = field_object(answer, "specialist");
	const char *name = field_text(specialist, "name");
	const char *state = field_text(specialist, "shown");
	const char *reason = field_text(specialist, "reason");
	char until[FORMAT_SIZE], back[FORMAT_SIZE];
	const json_t *queue;
	size_t i;

	format_instant(field_number(specialist, "return_at"), until);
	format_instant(field_number(specialist, "elsewhere_until"), back);
	print_line(ctl->out, &ctl->paper, INK_NONE,
	    "%s is %s%s%s%s%s; now %s%s%s%s",
	    name[0] != '\0' ? name : field_text(specialist, "id"),
	    field_text(specialist, "status"), reason[0] != '\0' ? ": " : "",
	    reason, until[0] != '\0' ? " until " : "", until,
	    state[0] != '\0' ? state : field_text(specialist, "state"),
	    back[0] != '\0' ? " (on another call until " : "", back,
	    back[0] != '\0' ? ")" : "");
	json_array_foreach(field_list(answer, "left_alone"), i, queue) {
		format_instant(field_number(queue, "promise"), until);
		print_line(ctl->out, &ctl->paper, INK_YELLOW, "they were the "
		    "last one in %s; %lld wait%s%s", field_text(queue, "queue"),
		    (long long)field_number(queue, "waiting"), until[0] != '\0' ?
		    "; a call was promised until " : "", until);
	}
	return EXIT_DONE;
}

enum exit_code
act_on_submitted(struct ctl *ctl, const json_t *answer)
{
	answer_print(ctl, "", answer);
	return EXIT_DONE;
}

enum exit_code
act_on_checked(struct ctl *ctl, const json_t *answer)
{
	const char *would = field_text(answer, "would");
	const char *queue = field_text(answer, "queue");
	char word[FORMAT_SIZE], phone[FORMAT_SIZE];
	bool is_rejected = act_is_refusal(answer);

	format_phone(field_text(answer, "phone"), ctl->is_full, phone);
	print_line(ctl->out, &ctl->paper, is_rejected ? INK_RED : INK_GREEN,
	    "would %s%s%s%s%s; nothing was stored", format_word(would, word),
	    phone[0] != '\0' ? " " : "", phone,
	    queue[0] != '\0' ? " into " : "", queue);
	if (field_object(answer, "answer") != NULL)
		answer_print(ctl, "the answer: ",
		    field_object(answer, "answer"));
	return EXIT_DONE;
}

bool
act_is_refusal(const json_t *answer)
{
	return strcmp(field_text(answer, "would"), "reject") == 0 ||
	    strcmp(field_text(answer, "state"), "rejected") == 0;
}

/* "request 4821 waiting in info, promised by 14:17:07, expected 14:03:00 to
 * 14:05:00". */
static void
answer_print(struct ctl *ctl, const char *begin, const json_t *answer)
{
	const json_t *expect = field_list(answer, "slot");
	const char *number = field_text(answer, "number");
	const char *queue = field_text(answer, "queue");
	const char *why = field_text(answer, "why");
	char promise[FORMAT_SIZE], from[FORMAT_SIZE], to[FORMAT_SIZE];
	char word[FORMAT_SIZE];

	if (expect == NULL)
		expect = field_list(answer, "expect");
	format_instant(field_number(answer, "promise"), promise);
	format_instant(field_number_of(json_array_get(expect, 0)), from);
	format_instant(field_number_of(json_array_get(expect, 1)), to);
	print_line(ctl->out, &ctl->paper, INK_NONE,
	    "%srequest%s%s %s%s%s%s%s%s%s%s%s%s%s", begin,
	    number[0] != '\0' ? " " : "", number, field_text(answer, "state"),
	    queue[0] != '\0' ? " in " : "", queue,
	    why[0] != '\0' ? ": " : "", brief_word(why, word),
	    promise[0] != '\0' ? ", promised by " : "", promise,
	    from[0] != '\0' ? ", expected " : "", from,
	    to[0] != '\0' ? " to " : "", to);
	troubles_print(ctl, INK_RED, "error", field_list(answer, "errors"));
	troubles_print(ctl, INK_YELLOW, "warning",
	    field_list(answer, "warnings"));
}

static void
troubles_print(struct ctl *ctl, enum ink ink, const char *kind,
    const json_t *list)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		const char *pointer = field_text(one, "pointer");

		print_line(ctl->out, &ctl->paper, ink, "%s: %s%s%s: %s", kind,
		    field_text(one, "code"), pointer[0] != '\0' ? " at " : "",
		    pointer, field_text(one, "text"));
	}
}
