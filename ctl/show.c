/* SPDX-License-Identifier: MIT */
/* show: one function for each answer, and the shape it relies on. */
#include "ctl/show.h"

#include <string.h>
#include <time.h>

#include "ctl/ask.h"
#include "ctl/brief.h"
#include "ctl/format.h"

enum { PATH_SIZE = 512, NOTES_SIZE = ASIDE_SIZE };

#define END { NULL, FIELD_TEXT, false, NULL }

static const struct field queue_inside[] = {
	{ "id", FIELD_TEXT, true, NULL },
	{ "title", FIELD_TEXT, false, NULL },
	{ "waiting", FIELD_NUMBER, false, NULL },
	{ "late", FIELD_NUMBER, false, NULL },
	{ "ready", FIELD_NUMBER, false, NULL },
	{ "silent_since", FIELD_NUMBER, false, NULL },
	{ "handling_s", FIELD_NUMBER, false, NULL },
	{ "handled", FIELD_NUMBER, false, NULL },
	{ "expect", FIELD_LIST, false, NULL },
	{ "on_time", FIELD_NUMBER, false, NULL },
	{ "appointments", FIELD_NUMBER, false, NULL },
	{ "closed_until", FIELD_NUMBER, false, NULL },
	{ "closed_by", FIELD_TEXT, false, NULL },
	{ "closed_why", FIELD_TEXT, false, NULL },
	{ "attended", FIELD_TRUTH, false, NULL },
	{ "back_at", FIELD_NUMBER, false, NULL },
	{ "back", FIELD_TEXT, false, NULL },
	{ "back_from", FIELD_TEXT, false, NULL },
	END
};

const struct field show_queues_shape[] = {
	{ "queues", FIELD_LIST, true, queue_inside }, END
};

const struct field show_queue_shape[] = {
	{ "id", FIELD_TEXT, true, NULL },
	{ "title", FIELD_TEXT, false, NULL },
	{ "requests", FIELD_LIST, true, brief_shape },
	{ "total", FIELD_NUMBER, false, NULL },
	END
};

const struct field show_requests_shape[] = {
	{ "requests", FIELD_LIST, true, brief_shape }, END
};

static const struct field redis_inside[] = {
	{ "up", FIELD_TRUTH, true, NULL },
	{ "why", FIELD_TEXT, false, NULL },
	{ "since", FIELD_NUMBER, false, NULL },
	END
};

static const struct field carrier_inside[] = {
	{ "in_flight", FIELD_NUMBER, false, NULL }, END
};

static const struct field work_inside[] = {
	{ "oldest_due_s", FIELD_NUMBER, false, NULL },
	{ "oldest_promise_s", FIELD_NUMBER, false, NULL },
	{ "unreported", FIELD_NUMBER, false, NULL },
	END
};

static const struct field audit_inside[] = {
	{ "last_at", FIELD_NUMBER, false, NULL },
	{ "walked", FIELD_NUMBER, false, NULL },
	{ "repaired", FIELD_NUMBER, false, NULL },
	{ "buried", FIELD_NUMBER, false, NULL },
	{ "backpointers", FIELD_NUMBER, false, NULL },
	END
};

const struct field show_status_shape[] = {
	{ "version", FIELD_TEXT, false, NULL },
	{ "site", FIELD_TEXT, false, NULL },
	{ "company", FIELD_TEXT, false, NULL },
	{ "state", FIELD_TEXT, true, NULL },
	{ "redis", FIELD_OBJECT, true, redis_inside },
	{ "uptime_s", FIELD_NUMBER, false, NULL },
	{ "active", FIELD_NUMBER, false, NULL },
	{ "scheduled", FIELD_NUMBER, false, NULL },
	{ "late", FIELD_NUMBER, false, NULL },
	{ "rejected", FIELD_NUMBER, false, NULL },
	{ "unknown", FIELD_NUMBER, false, NULL },
	{ "results", FIELD_NUMBER, false, NULL },
	{ "buried", FIELD_NUMBER, false, NULL },
	{ "aside", FIELD_LIST, false, NULL },
	{ "audit", FIELD_OBJECT, false, audit_inside },
	{ "queues", FIELD_LIST, false, queue_inside },
	{ "specialists", FIELD_OBJECT, false, NULL },
	{ "carrier", FIELD_OBJECT, false, carrier_inside },
	{ "work", FIELD_OBJECT, false, work_inside },
	{ "clock_scale", FIELD_NUMBER, false, NULL },
	END
};

static const struct field skill_inside[] = {
	{ "id", FIELD_TEXT, false, NULL },
	{ "level", FIELD_NUMBER, false, NULL },
	END
};

static const struct field duty_inside[] = {
	{ "queue", FIELD_TEXT, true, NULL },
	{ "specialist", FIELD_TEXT, false, NULL },
	{ "name", FIELD_TEXT, false, NULL },
	{ "from", FIELD_NUMBER, true, NULL },
	{ "to", FIELD_NUMBER, true, NULL },
	{ "now", FIELD_TRUTH, false, NULL },
	END
};

const struct field show_closed_shape[] = {
	{ "closed", FIELD_TRUTH, true, NULL },
	{ "until", FIELD_NUMBER, false, NULL },
	END
};

const struct field show_duty_shape[] = {
	{ "duty", FIELD_LIST, true, duty_inside }, END
};

static const struct field specialist_inside[] = {
	{ "id", FIELD_TEXT, true, NULL },
	{ "name", FIELD_TEXT, false, NULL },
	{ "state", FIELD_TEXT, false, NULL },
	{ "shown", FIELD_TEXT, false, NULL },
	{ "status", FIELD_TEXT, false, NULL },
	{ "reason", FIELD_TEXT, false, NULL },
	{ "return_at", FIELD_NUMBER, false, NULL },
	{ "elsewhere_until", FIELD_NUMBER, false, NULL },
	{ "shift", FIELD_TEXT, false, NULL },
	{ "shift_until", FIELD_NUMBER, false, NULL },
	{ "shift_starts", FIELD_NUMBER, false, NULL },
	{ "by_rota", FIELD_TRUTH, false, NULL },
	{ "duty", FIELD_LIST, false, duty_inside },
	{ "since", FIELD_NUMBER, false, NULL },
	{ "queues", FIELD_LIST, false, skill_inside },
	{ "number", FIELD_TEXT, false, NULL },
	{ "offer_until", FIELD_NUMBER, false, NULL },
	{ "ignored", FIELD_NUMBER, false, NULL },
	END
};

const struct field show_specialists_shape[] = {
	{ "specialists", FIELD_LIST, true, specialist_inside }, END
};

static const struct field left_inside[] = {
	{ "queue", FIELD_TEXT, true, NULL },
	{ "title", FIELD_TEXT, false, NULL },
	{ "waiting", FIELD_NUMBER, true, NULL },
	{ "promise", FIELD_NUMBER, false, NULL },
	END
};

const struct field show_specialist_shape[] = {
	{ "specialist", FIELD_OBJECT, true, specialist_inside },
	{ "left_alone", FIELD_LIST, false, left_inside }, END
};

static const struct field provider_webhooks_inside[] = {
	{ "heard", FIELD_NUMBER, true, NULL },
	{ "refused", FIELD_NUMBER, true, NULL },
	{ "last_refusal", FIELD_TEXT, false, NULL },
	END
};

static const struct field provider_sms_inside[] = {
	{ "text", FIELD_NUMBER, true, NULL },
	{ "state", FIELD_TEXT, true, NULL },
	{ "down_since", FIELD_NUMBER, false, NULL },
	{ "probe_at", FIELD_NUMBER, false, NULL },
	{ "good_at", FIELD_NUMBER, false, NULL },
	{ "error_at", FIELD_NUMBER, false, NULL },
	{ "error", FIELD_TEXT, false, NULL },
	END
};

static const struct field provider_inside[] = {
	{ "id", FIELD_TEXT, true, NULL },
	{ "file", FIELD_TEXT, false, NULL },
	{ "fence", FIELD_TEXT, true, NULL },
	{ "level", FIELD_TEXT, true, NULL },
	{ "promise", FIELD_TEXT, false, NULL },
	{ "voice", FIELD_NUMBER, false, NULL },
	{ "timeout_s", FIELD_NUMBER, false, NULL },
	{ "can", FIELD_OBJECT, false, NULL },
	{ "webhooks", FIELD_OBJECT, false, provider_webhooks_inside },
	{ "tested", FIELD_TEXT, false, NULL },
	{ "state", FIELD_TEXT, false, NULL },
	{ "down_since", FIELD_NUMBER, false, NULL },
	{ "probe_at", FIELD_NUMBER, false, NULL },
	{ "good_at", FIELD_NUMBER, false, NULL },
	{ "error_at", FIELD_NUMBER, false, NULL },
	{ "error", FIELD_TEXT, false, NULL },
	{ "in_flight", FIELD_NUMBER, false, NULL },
	{ "in_flight_max", FIELD_NUMBER, false, NULL },
	{ "sms", FIELD_OBJECT, false, provider_sms_inside },
	END
};

const struct field show_providers_shape[] = {
	{ "providers", FIELD_LIST, true, provider_inside }, END
};

static const struct field rejected_inside[] = {
	{ "at", FIELD_NUMBER, false, NULL },
	{ "id", FIELD_TEXT, false, NULL },
	{ "code", FIELD_TEXT, false, NULL },
	{ "pointer", FIELD_TEXT, false, NULL },
	{ "text", FIELD_TEXT, false, NULL },
	{ "why", FIELD_TEXT, false, NULL },
	{ "raw", FIELD_TEXT, false, NULL },
	END
};

const struct field show_rejected_shape[] = {
	{ "rejected", FIELD_LIST, true, rejected_inside }, END
};

static const struct field buried_inside[] = {
	{ "id", FIELD_TEXT, true, NULL },
	{ "why", FIELD_TEXT, false, NULL },
	{ "at", FIELD_NUMBER, false, NULL },
	{ "node", FIELD_TEXT, false, NULL },
	{ "fields", FIELD_LIST, false, NULL },
	END
};

const struct field show_buried_shape[] = {
	{ "buried", FIELD_LIST, true, buried_inside }, END
};

const struct field show_unbury_shape[] = {
	{ "ok", FIELD_TRUTH, true, NULL }, END
};

static const struct column queue_columns[] = {
	{ "QUEUE", false, true },
	{ "TITLE", false, true },
	{ "WAITING", true, false },
	{ "LATE", true, false },
	{ "READY", true, false },
	{ "TAKES", true, false },
	{ "ASKED NOW", false, false },
};

static const struct column duty_columns[] = {
	{ "QUEUE", false, true },
	{ "WHO", false, true },
	{ "FROM", false, false },
	{ "TO", false, false },
	{ "", false, false },
};

static const struct column specialist_columns[] = {
	{ "ID", false, false },
	{ "NAME", false, true },
	{ "STATE", false, false },
	{ "SINCE", false, false },
	{ "STATUS", false, true },
	{ "REQUEST", false, false },
	{ "QUEUES", false, true },
};

static const struct column provider_columns[] = {
	{ "ID", false, false },
	{ "FILE", false, true },
	{ "CALLS", true, false },
	{ "STATE", false, false },
	{ "ALIVE", true, false },
	{ "SMS", true, false },
	{ "STATE", false, false },
	{ "TESTED", false, false },
	{ "FENCE", false, false },
	{ "LEVEL", false, false },
	{ "WHAT THAT MEANS", false, true },
};

static const struct column rejected_columns[] = {
	{ "AT", false, false },
	{ "ID", false, true },
	{ "CODE", false, false },
	{ "FIELD", false, false },
	{ "WHAT IS WRONG", false, true },
	{ "OUR REASON", false, true },
	{ "AS IT CAME", false, true },
};

static const struct column buried_columns[] = {
	{ "AT", false, false },
	{ "ID", false, false },
	{ "WHAT CANNOT BE READ", false, true },
	{ "NODE", false, true },
};

/* What a status mentions only when there is some of it. */
static const struct {
	const char *name, *text;
} troubles[] = {
	{ "late", "late (show late)" },
	{ "unknown", "may have been called (show unknown)" },
	{ "results", "waiting for a result (show results)" },
	{ "rejected", "not accepted (show rejected)" },
	{ "buried", "cannot go on (show buried)" },
};

static void status_print_head(struct ctl *ctl, const json_t *answer);
static void status_print_people(struct ctl *ctl, const json_t *answer);
static void status_print_troubles(struct ctl *ctl, const json_t *answer);
static void status_print_audit(struct ctl *ctl, const json_t *answer);
static void queues_print(struct ctl *ctl, const json_t *queues);
static void specialist_add(struct table *table, const json_t *specialist);

enum exit_code
show_on_status(struct ctl *ctl, const json_t *answer)
{
	const json_t *carrier = field_object(answer, "carrier");
	double scale = field_real(answer, "clock_scale");
	int64_t scheduled = field_number(answer, "scheduled");
	char later[FORMAT_SIZE] = "";

	status_print_head(ctl, answer);
	if (scheduled != 0)
		snprintf(later, sizeof(later), " (%lld for later)",
		    (long long)scheduled);
	print_line(ctl->out, &ctl->paper, INK_NONE,
	    "records: %lld live%s; orders to providers under way: %lld",
	    (long long)field_number(answer, "active"), later,
	    (long long)field_number(carrier, "in_flight"));
	status_print_people(ctl, answer);
	status_print_audit(ctl, answer);
	if (scale != 0 && scale != 1)
		print_line(ctl->out, &ctl->paper, INK_YELLOW,
		    "times are multiplied by %g: this is a trial", scale);
	status_print_troubles(ctl, answer);
	if (json_array_size(field_list(answer, "queues")) > 0) {
		putc('\n', ctl->out);
		queues_print(ctl, field_list(answer, "queues"));
	}
	return EXIT_DONE;
}

static void
status_print_head(struct ctl *ctl, const json_t *answer)
{
	const json_t *redis = field_object(answer, "redis");
	const char *company = field_text(answer, "company");
	const char *state = field_text(answer, "state");
	bool is_up = field_truth(redis, "up");
	const char *why = field_text(redis, "why");
	char text[FORMAT_SIZE], since[FORMAT_SIZE];

	print_line(ctl->out, &ctl->paper,
	    strcmp(state, "running") == 0 ? INK_BOLD : INK_RED,
	    "callbackd %s, site \"%s\"%s%s%s: %s, up %s",
	    field_text(answer, "version"), field_text(answer, "site"),
	    company[0] != '\0' ? " (" : "", company,
	    company[0] != '\0' ? ")" : "",
	    strcmp(state, "no_redis") == 0 ? "waiting for Redis" : state,
	    format_span(field_number(answer, "uptime_s"), text));
	format_instant(field_number(redis, "since"), since);
	print_line(ctl->out, &ctl->paper, is_up ? INK_NONE : INK_RED,
	    "Redis: %s%s%s%s%s", is_up ? "up" : "away",
	    since[0] != '\0' ? " since " : "", since,
	    why[0] != '\0' ? ": " : "", why);
}

static void
status_print_people(struct ctl *ctl, const json_t *answer)
{
	json_t *people = json_object_get(answer, "specialists"), *value;
	char list[NOTES_SIZE] = "";
	const char *state;
	size_t used = 0;

	json_object_foreach(people, state, value) {
		if (!json_is_integer(value) || json_integer_value(value) == 0)
			continue;
		used += (size_t)snprintf(list + used, sizeof(list) - used,
		    "%s%lld %s", used > 0 ? ", " : "",
		    (long long)json_integer_value(value), state);
		if (used >= sizeof(list))
			break;
	}
	print_line(ctl->out, &ctl->paper, INK_NONE, "specialists: %s",
	    list[0] != '\0' ? list : "none");
}

/* Nothing to say while nothing was wrong. */
static void
status_print_audit(struct ctl *ctl, const json_t *answer)
{
	const json_t *audit = field_object(answer, "audit");
	int64_t repaired = field_number(audit, "repaired");
	int64_t lonely = field_number(audit, "backpointers");
	char text[FORMAT_SIZE];

	if (repaired == 0 && lonely == 0)
		return;
	print_line(ctl->out, &ctl->paper, INK_YELLOW,
	    "audit: %lld repaired, %lld times partners that do not name each "
	    "other, last walk %s", (long long)repaired, (long long)lonely,
	    format_instant(field_number(audit, "last_at"), text));
}

static void
status_print_troubles(struct ctl *ctl, const json_t *answer)
{
	char list[NOTES_SIZE] = "";
	size_t used = 0;

	for (size_t i = 0; i < COUNT_OF(troubles); i++) {
		int64_t count = field_number(answer, troubles[i].name);

		if (count == 0)
			continue;
		used += (size_t)snprintf(list + used, sizeof(list) - used,
		    "%s%lld %s", used > 0 ? ", " : "", (long long)count,
		    troubles[i].text);
	}
	if (used > 0)
		print_line(ctl->out, &ctl->paper, INK_RED, "look at: %s",
		    list);
	show_aside(answer, list);
	if (list[0] != '\0')
		print_line(ctl->out, &ctl->paper, INK_RED, "%s", list);
}

void
show_aside(const json_t *status, char ret_text[ASIDE_SIZE])
{
	const json_t *keys = field_list(status, "aside");
	const char *site = field_text(status, "site");
	const char *key = json_string_value(json_array_get(keys, 0));
	size_t count = json_array_size(keys);

	ret_text[0] = '\0';
	if (key == NULL)
		return;
	snprintf(ret_text, ASIDE_SIZE, "of another type, and set aside: %.100s%s; "
	    "find out who wrote {%.40s}:kept:%.100s (it goes in 30 days), then DEL "
	    "{%.40s}:aside", key, count > 1 ? " and others" : "", site, key,
	    site);
}

/* How long one request keeps somebody, and when the next would be called. */
static void
expected_cells(struct table *table, const json_t *queue)
{
	const json_t *expect = field_list(queue, "expect");
	int64_t takes_s = field_number(queue, "handling_s");
	char from[FORMAT_SIZE], to[FORMAT_SIZE];
	double on_time = field_real(queue, "on_time");

	if (takes_s == 0)
		table_cell(table, INK_DIM, "");
	else
		table_cellf(table, field_number(queue, "handled") == 0 ?
		    INK_DIM : INK_NONE, "%lld:%02lld", (long long)takes_s / 60,
		    (long long)takes_s % 60);
	if (json_array_size(expect) != 2) {
		table_cell(table, INK_DIM, "");
		return;
	}
	table_cellf(table, on_time < .5 ? INK_RED : on_time < .9 ? INK_YELLOW :
	    INK_NONE, "%s-%s, %.0f %% on time", format_instant(
	        json_integer_value(json_array_get(expect, 0)), from),
	    format_instant(json_integer_value(json_array_get(expect, 1)), to),
	    on_time * 100);
}

static void
say_closed(struct ctl *ctl, const json_t *queue)
{
	const char *who = field_text(queue, "closed_by");
	const char *why = field_text(queue, "closed_why");
	int64_t booked = field_number(queue, "appointments");
	char until[FORMAT_SIZE];

	if (field_number(queue, "closed_until") == 0)
		return;
	print_line(ctl->out, &ctl->paper, who[0] != '\0' ? INK_YELLOW : INK_DIM,
	    "%s: closed%s%s until %s%s%s; %lld %s", field_text(queue, "id"),
	    who[0] != '\0' ? " by " : "", who,
	    format_instant(field_number(queue, "closed_until"), until),
	    why[0] != '\0' ? ": " : "", why, (long long)booked,
	    booked == 1 ? "appointment" : "appointments");
}

static void
say_unattended(struct ctl *ctl, const json_t *queue)
{
	const char *back = field_text(queue, "back");
	const char *from = field_text(queue, "back_from");
	bool waits = field_number(queue, "waiting") > 0;
	char at[FORMAT_SIZE];

	if (json_object_get(queue, "attended") == NULL)
		return;
	format_instant(field_number(queue, "back_at"), at);
	if (back[0] == '\0')
		print_line(ctl->out, &ctl->paper, waits ? INK_RED : INK_DIM,
		    "%s: nobody is at work, nor known to return",
		    field_text(queue, "id"));
	else
		print_line(ctl->out, &ctl->paper, waits ? INK_YELLOW : INK_DIM,
		    "%s: nobody is at work; %s is back at %s%s%s%s",
		    field_text(queue, "id"), back, at, from[0] != '\0' ? " (" :
		    "", from, from[0] != '\0' ? ")" : "");
}

static void
queues_print(struct ctl *ctl, const json_t *queues)
{
	struct table *table = table_new(queue_columns,
	    COUNT_OF(queue_columns));
	const json_t *queue;
	size_t i;

	json_array_foreach(queues, i, queue) {
		int64_t late = field_number(queue, "late");

		table_cell(table, INK_BOLD, field_text(queue, "id"));
		table_cell(table, INK_NONE, field_text(queue, "title"));
		table_cellf(table, INK_NONE, "%lld",
		    (long long)field_number(queue, "waiting"));
		table_cellf(table, late > 0 ? INK_RED : INK_NONE, "%lld",
		    (long long)late);
		table_cellf(table, INK_NONE, "%lld",
		    (long long)field_number(queue, "ready"));
		expected_cells(table, queue);
	}
	table_print(table, ctl->out, &ctl->paper, true);
	table_free(table);
	json_array_foreach(queues, i, queue) {
		char since[FORMAT_SIZE];

		say_closed(ctl, queue);
		say_unattended(ctl, queue);
		if (field_number(queue, "silent_since") == 0)
			continue;
		print_line(ctl->out, &ctl->paper, INK_RED,
		    "%s: the line is silent since %s, %lld wait; "
		    "no provider works", field_text(queue, "id"),
		    format_instant(field_number(queue, "silent_since"), since),
		    (long long)field_number(queue, "waiting"));
	}
}

enum exit_code
show_on_queue(struct ctl *ctl, const json_t *answer)
{
	const json_t *requests = field_list(answer, "requests");
	size_t shown = json_array_size(requests);
	int64_t total = field_number(answer, "total");
	const char *title = field_text(answer, "title");

	if (total < (int64_t)shown)
		total = (int64_t)shown;
	print_line(ctl->out, &ctl->paper, INK_BOLD, "%s%s%s: %lld %s",
	    field_text(answer, "id"), title[0] != '\0' ? ", " : "", title,
	    (long long)total, total == 1 ? "request" : "requests");
	brief_print_list(ctl, requests, false);
	if (total > (int64_t)shown)
		print_line(ctl->out, &ctl->paper, INK_DIM, "and %lld more",
		    (long long)(total - (int64_t)shown));
	return EXIT_DONE;
}

enum exit_code
show_on_queues(struct ctl *ctl, const json_t *answer)
{
	const json_t *queues = field_list(answer, "queues"), *queue;
	size_t i;

	queues_print(ctl, queues);
	json_array_foreach(queues, i, queue) {
		const char *id = field_text(queue, "id");
		struct holes holes = { .count = 1 };
		enum exit_code code;
		char path[PATH_SIZE];
		json_t *more;

		holes.at[0].name = "QUEUE";
		holes.at[0].name_length = strlen("QUEUE");
		snprintf(holes.at[0].value, VALUE_SIZE, "%s", id);
		if (!sentence_path("/v1/queues/QUEUE", &holes, path,
		    sizeof(path)))
			continue;
		code = ask_more(ctl, path, show_queue_shape, &more);
		if (code != EXIT_DONE)
			return code;
		if (json_array_size(field_list(more, "requests")) > 0) {
			putc('\n', ctl->out);
			show_on_queue(ctl, more);
		}
		json_decref(more);
	}
	return EXIT_DONE;
}

enum exit_code
show_on_requests(struct ctl *ctl, const json_t *answer)
{
	const json_t *requests = field_list(answer, "requests");

	if (json_array_size(requests) == 0)
		print_line(ctl->out, &ctl->paper, INK_GREEN, "none");
	brief_print_list(ctl, requests, true);
	return EXIT_DONE;
}

enum exit_code
show_on_specialists(struct ctl *ctl, const json_t *answer)
{
	struct table *table = table_new(specialist_columns,
	    COUNT_OF(specialist_columns));
	const json_t *specialists = field_list(answer, "specialists");
	const json_t *specialist;
	size_t i;

	if (json_array_size(specialists) == 0)
		print_line(ctl->out, &ctl->paper, INK_YELLOW, "none");
	json_array_foreach(specialists, i, specialist)
		specialist_add(table, specialist);
	table_print(table, ctl->out, &ctl->paper, true);
	table_free(table);
	return EXIT_DONE;
}

/* ", on shift until 18:00:00", ", shift starts 09:00:00"; "": they have none. */
static const char *
shift_text(const json_t *specialist, char ret_text[FORMAT_SIZE * 2])
{
	const char *shift = field_text(specialist, "shift");
	bool is_off = strcmp(shift, "off") == 0;
	char at[FORMAT_SIZE];

	format_instant(field_number(specialist, is_off ? "shift_starts" :
	    "shift_until"), at);
	snprintf(ret_text, FORMAT_SIZE * 2, "%s%s%s", shift[0] == '\0' ? "" :
	    is_off && field_truth(specialist, "by_rota") ? ", not on duty" :
	    is_off ? ", off shift" : strcmp(shift, "overtime") == 0 ?
	    ", overtime" : strcmp(shift, "duty") == 0 ? ", on duty" :
	    ", on shift", at[0] == '\0' ? "" : is_off ?
	    ", which starts " : " until ", at);
	return ret_text;
}

static void
specialist_add(struct table *table, const json_t *specialist)
{
	const json_t *queues = field_list(specialist, "queues"), *queue;
	const char *shown = field_text(specialist, "shown");
	const char *reason = field_text(specialist, "reason");
	const char *number = field_text(specialist, "number");
	int64_t offered = field_number(specialist, "offer_until");
	char text[FORMAT_SIZE], back[FORMAT_SIZE], list[NOTES_SIZE] = "";
	char shift[FORMAT_SIZE * 2];
	size_t i, used = 0;

	if (shown[0] == '\0')
		shown = field_text(specialist, "state");
	table_cell(table, INK_BOLD, field_text(specialist, "id"));
	table_cell(table, INK_NONE, field_text(specialist, "name"));
	table_cell(table, strcmp(shown, "idle") == 0 ? INK_GREEN :
	    strcmp(shown, "away") == 0 ? INK_DIM : INK_NONE, shown);
	table_cell(table, INK_NONE, format_instant(
	    field_number(specialist, "since"), text));
	format_instant(field_number(specialist, "return_at"), text);
	format_instant(field_number(specialist, "elsewhere_until"), back);
	table_cellf(table, INK_NONE, "%s%s%s%s%s%s%s%s",
	    field_text(specialist, "status"), reason[0] != '\0' ? ": " : "",
	    reason, text[0] != '\0' ? " until " : "", text,
	    back[0] != '\0' ? ", on another call until " : "", back,
	    shift_text(specialist, shift));
	format_instant(offered, text);
	table_cellf(table, INK_NONE, "%s%s%s", number,
	    offered != 0 ? " until " : "", text);
	json_array_foreach(queues, i, queue) {
		used += (size_t)snprintf(list + used, sizeof(list) - used,
		    "%s%s %lld", i > 0 ? ", " : "", field_text(queue, "id"),
		    (long long)field_number(queue, "level"));
		if (used >= sizeof(list))
			break;
	}
	table_cell(table, INK_NONE, list);
}

enum exit_code
show_on_duty(struct ctl *ctl, const json_t *answer)
{
	const json_t *lines = field_list(answer, "duty"), *line;
	struct table *table = table_new(duty_columns, COUNT_OF(duty_columns));
	size_t i;

	if (json_array_size(lines) == 0)
		print_line(ctl->out, &ctl->paper, INK_YELLOW,
		    "nobody; callbackctl duty QUEUE S from FROM to TO");
	json_array_foreach(lines, i, line) {
		char from[FORMAT_SIZE], to[FORMAT_SIZE];

		table_cell(table, INK_BOLD, field_text(line, "queue"));
		table_cellf(table, INK_NONE, "%s (%s)", field_text(line, "name"),
		    field_text(line, "specialist"));
		table_cell(table, INK_NONE, format_instant(
		    field_number(line, "from"), from));
		table_cell(table, INK_NONE, format_instant(
		    field_number(line, "to"), to));
		table_cell(table, INK_GREEN, field_truth(line, "now") ?
		    "now" : "");
	}
	if (json_array_size(lines) > 0)
		table_print(table, ctl->out, &ctl->paper, true);
	table_free(table);
	return EXIT_DONE;
}

/* Somebody tries, or a secret is wrong: worth a line. */
static void
print_refused_webhooks(struct ctl *ctl, const json_t *providers)
{
	const json_t *one;
	size_t i;

	json_array_foreach(providers, i, one) {
		const json_t *webhooks = json_object_get(one, "webhooks");

		if (field_number(webhooks, "refused") > 0)
			fprintf(ctl->out, "%s: %lld webhooks refused, the "
			    "last: %s\n", field_text(one, "id"),
			    (long long)field_number(webhooks, "refused"),
			    field_text(webhooks, "last_refusal"));
	}
}

/* "twilio: down since 14:02:10, tried again at 14:03:05; last good call 14:01:59;
 * last error 14:02:10: 503 ...". Of messages: "twilio SMS: down since …". */
static void
provider_print_health(struct ctl *ctl, const char *id, const char *of_what,
    const char *order, const json_t *one)
{
	char down[FORMAT_SIZE], probe[FORMAT_SIZE], good[FORMAT_SIZE];
	char error_at[FORMAT_SIZE];
	const char *error = field_text(one, "error");

	format_instant(field_number(one, "down_since"), down);
	format_instant(field_number(one, "probe_at"), probe);
	format_instant(field_number(one, "good_at"), good);
	format_instant(field_number(one, "error_at"), error_at);
	if (down[0] == '\0' && error[0] == '\0')
		return;
	print_line(ctl->out, &ctl->paper, down[0] != '\0' ? INK_RED : INK_NONE,
	    "%s%s: %s%s%s%s; last good %s %s; last error %s: %s", id, of_what,
	    down[0] != '\0' ? "down since " : "works", down,
	    probe[0] != '\0' ? ", tried again at " : "", probe, order,
	    good[0] != '\0' ? good : "never",
	    error_at[0] != '\0' ? error_at : "never", error);
}

static void
place_cell(struct table *table, int64_t place)
{
	if (place > 0)
		table_cellf(table, INK_NONE, "%lld", (long long)place);
	else
		table_cell(table, INK_NONE, "");
}

static void
state_cell(struct table *table, const char *state)
{
	table_cell(table, strcmp(state, "works") == 0 ? INK_GREEN : INK_RED,
	    state);
}

/* CALLS and SMS: in which place it is tried; nothing: not used for these. */
enum exit_code
show_on_providers(struct ctl *ctl, const json_t *answer)
{
	struct table *table = table_new(provider_columns,
	    COUNT_OF(provider_columns));
	const json_t *list = field_list(answer, "providers"), *one;
	size_t i;

	json_array_foreach(list, i, one) {
		const json_t *sms = field_object(one, "sms");
		const char *state = field_text(one, "state");

		table_cell(table, INK_BOLD, field_text(one, "id"));
		table_cell(table, INK_NONE, field_text(one, "file"));
		place_cell(table, field_number(one, "voice"));
		state_cell(table, state);
		if (state[0] != '\0')
			table_cellf(table, INK_NONE, "%lld",
			    (long long)field_number(one, "in_flight"));
		else
			table_cell(table, INK_NONE, "");
		place_cell(table, sms == NULL ? 0 : field_number(sms, "text"));
		state_cell(table, sms == NULL ? "" : field_text(sms, "state"));
		table_cell(table, INK_NONE, field_text(one, "tested"));
		table_cell(table, INK_NONE, field_text(one, "fence"));
		table_cell(table, INK_NONE, field_text(one, "level"));
		table_cell(table, INK_NONE, field_text(one, "promise"));
	}
	table_print(table, ctl->out, &ctl->paper, true);
	table_free(table);
	print_refused_webhooks(ctl, list);
	json_array_foreach(list, i, one) {
		const json_t *sms = field_object(one, "sms");
		const char *id = field_text(one, "id");

		provider_print_health(ctl, id, "", "call", one);
		if (sms != NULL)
			provider_print_health(ctl, id, " SMS", "message", sms);
	}
	return EXIT_DONE;
}

enum exit_code
show_on_rejected(struct ctl *ctl, const json_t *answer)
{
	struct table *table = table_new(rejected_columns,
	    COUNT_OF(rejected_columns));
	const json_t *list = field_list(answer, "rejected"), *one;
	char text[FORMAT_SIZE];
	size_t i;

	json_array_foreach(list, i, one) {
		table_cell(table, INK_NONE, format_instant(
		    field_number(one, "at"), text));
		table_cell(table, INK_NONE, field_text(one, "id"));
		table_cell(table, INK_RED, field_text(one, "code"));
		table_cell(table, INK_NONE, field_text(one, "pointer"));
		table_cell(table, INK_NONE, field_text(one, "text"));
		table_cell(table, INK_NONE, field_text(one, "why"));
		/* What came holds a telephone number in full. */
		table_cell(table, INK_NONE,
		    ctl->is_full ? field_text(one, "raw") : "");
	}
	table_print(table, ctl->out, &ctl->paper, true);
	table_free(table);
	if (json_array_size(list) == 0)
		print_line(ctl->out, &ctl->paper, INK_GREEN, "none");
	else if (!ctl->is_full)
		print_line(ctl->out, &ctl->paper, INK_DIM,
		    "somebody may wait for a call behind each; what came is "
		    "shown with --full");
	return EXIT_DONE;
}

enum exit_code
show_on_buried(struct ctl *ctl, const json_t *answer)
{
	struct table *table = table_new(buried_columns,
	    COUNT_OF(buried_columns));
	const json_t *list = field_list(answer, "buried"), *one;
	char text[FORMAT_SIZE];
	size_t i;

	json_array_foreach(list, i, one) {
		table_cell(table, INK_NONE, format_instant(
		    field_number(one, "at"), text));
		table_cell(table, INK_BOLD, field_text(one, "id"));
		table_cell(table, INK_RED, field_text(one, "why"));
		table_cell(table, INK_NONE, field_text(one, "node"));
	}
	table_print(table, ctl->out, &ctl->paper, true);
	table_free(table);
	if (json_array_size(list) == 0)
		print_line(ctl->out, &ctl->paper, INK_GREEN, "none");
	else
		print_line(ctl->out, &ctl->paper, INK_DIM,
		    "what was read of each is in --json; mend the record, "
		    "then: callbackctl unbury ID");
	return EXIT_DONE;
}

enum exit_code
show_on_unburied(struct ctl *ctl, const json_t *answer)
{
	(void)answer;
	print_line(ctl->out, &ctl->paper, INK_NONE, "it goes on");
	return EXIT_DONE;
}
