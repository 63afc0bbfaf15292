/* SPDX-License-Identifier: MIT */
/* check: reads the status, and names the worst of what is wrong. */
#include "ctl/check.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/ask.h"
#include "ctl/client.h"
#include "ctl/format.h"
#include "ctl/show.h"

/* A daemon that does not answer within this does not work. */
enum { LINE_SIZE = 128 + ASIDE_SIZE, PATIENCE_MS = 5000 };

/* What is due is done, and what was missed is told, within this. */
static const double late_s = 5;

static const struct {
	enum exit_code code;
	const char *word;
} words[] = {
	{ EXIT_DONE, "well" },
	{ EXIT_UNREACHED, "unreached" },
	{ EXIT_NOT_NOW, "away" },
	{ EXIT_LATE, "late" },
	{ EXIT_NOBODY, "nobody" },
};

static enum exit_code judge(const json_t *status, char ret_line[LINE_SIZE]);
static int64_t people_at_work(const json_t *status, int64_t *ret_all);
static void tell(struct ctl *ctl, enum exit_code code, const char *line,
    const json_t *status);

enum exit_code
check_run(struct ctl *ctl)
{
	static const char prefix[] = "callbackctl: ";
	FILE *errors = ctl->errors;
	char line[LINE_SIZE], *complaint;
	enum exit_code code;
	json_t *status = NULL;
	size_t length;

	client_set_timeout(ctl->client, PATIENCE_MS);
	/* Monitors show the first line of the output, also of a failure. */
	ctl->errors = open_memstream(&complaint, &length);
	CHECK(ctl->errors != NULL);
	code = ask_more(ctl, "/v1/status", show_status_shape, &status);
	fclose(ctl->errors);
	ctl->errors = errors;
	if (code == EXIT_DONE) {
		code = judge(status, line);
	} else {
		const char *text = complaint;

		if (strncmp(text, prefix, sizeof(prefix) - 1) == 0)
			text += sizeof(prefix) - 1;
		snprintf(line, sizeof(line), "%.*s",
		    (int)strcspn(text, "\n"), text);
		/* Whatever it was: it did not say how it is. */
		if (code != EXIT_NOT_NOW)
			code = EXIT_UNREACHED;
	}
	free(complaint);
	tell(ctl, code, line, status);
	json_decref(status);
	return code;
}

/* No provider works for a queue in which somebody waits. */
static bool
line_is_silent(const json_t *status, char ret_line[LINE_SIZE])
{
	const json_t *queue;
	char since[FORMAT_SIZE];
	size_t i;

	json_array_foreach(field_list(status, "queues"), i, queue) {
		int64_t waiting = field_number(queue, "waiting");

		if (field_number(queue, "silent_since") == 0 || waiting == 0)
			continue;
		snprintf(ret_line, LINE_SIZE, "the line of %s is silent since "
		    "%s, %lld wait: no provider works",
		    field_text(queue, "id"), format_instant(
		        field_number(queue, "silent_since"), since),
		    (long long)waiting);
		return true;
	}
	return false;
}

static enum exit_code
judge(const json_t *status, char ret_line[LINE_SIZE])
{
	const json_t *redis = field_object(status, "redis");
	const json_t *work = field_object(status, "work");
	const char *state = field_text(status, "state");
	double due_s = field_real(work, "oldest_due_s");
	double promise_s = field_real(work, "oldest_promise_s");
	int64_t everybody, at_work = people_at_work(status, &everybody);
	char aside[ASIDE_SIZE];

	if (!field_truth(redis, "up")) {
		snprintf(ret_line, LINE_SIZE, "Redis is away: %s",
		    field_text(redis, "why"));
		return EXIT_NOT_NOW;
	}
	if (strcmp(state, "running") != 0) {
		snprintf(ret_line, LINE_SIZE, "callbackd is %s", state);
		return EXIT_NOT_NOW;
	}
	if (line_is_silent(status, ret_line))
		return EXIT_LATE;
	if (promise_s > late_s) {
		snprintf(ret_line, LINE_SIZE, "a promise was missed %.0f s "
		    "ago and nobody was told (%lld in all)", promise_s,
		    (long long)field_number(work, "unreported"));
		return EXIT_LATE;
	}
	if (due_s > late_s) {
		snprintf(ret_line, LINE_SIZE, "work is late: the oldest has "
		    "been due for %.0f s", due_s);
		return EXIT_LATE;
	}
	if (at_work == 0) {
		snprintf(ret_line, LINE_SIZE, "nobody is at work; requests "
		    "under way: %lld",
		    (long long)field_number(status, "active") -
		    (long long)everybody);
		return EXIT_NOBODY;
	}
	show_aside(status, aside);
	snprintf(ret_line, LINE_SIZE, "well: %lld at work, %lld late, %lld to "
	    "be decided by a person%s%s", (long long)at_work,
	    (long long)field_number(status, "late"),
	    (long long)(field_number(status, "unknown") +
	        field_number(status, "results")),
	    aside[0] != '\0' ? "; " : "", aside);
	return EXIT_DONE;
}

static int64_t
people_at_work(const json_t *status, int64_t *ret_all)
{
	json_t *people = json_object_get(status, "specialists"), *value;
	int64_t at_work = 0;
	const char *state;

	*ret_all = 0;
	json_object_foreach(people, state, value) {
		*ret_all += field_number_of(value);
		if (strcmp(state, "away") != 0)
			at_work += field_number_of(value);
	}
	return at_work;
}

static void
tell(struct ctl *ctl, enum exit_code code, const char *line,
    const json_t *status)
{
	const json_t *work = field_object(status, "work");
	const char *word = "";
	json_t *all;

	if (!ctl->is_json) {
		print_line(ctl->out, &ctl->paper, code == EXIT_DONE ?
		    INK_GREEN : INK_RED, "%s", line);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (words[i].code == code)
			word = words[i].word;
	}
	all = json_pack("{s:s,s:i,s:s#,s:f,s:f,s:I}", "check", word, "exit",
	    (int)code, "text", line, (int)strlen(line), "oldest_due_s",
	    field_real(work, "oldest_due_s"), "oldest_promise_s",
	    field_real(work, "oldest_promise_s"), "unreported",
	    (json_int_t)field_number(work, "unreported"));
	if (all != NULL)
		json_dumpf(all, ctl->out, JSON_COMPACT | JSON_ENSURE_ASCII |
		    JSON_REAL_PRECISION(6));
	putc('\n', ctl->out);
	json_decref(all);
}
