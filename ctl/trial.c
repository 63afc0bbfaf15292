/* SPDX-License-Identifier: MIT */
/* trial: begins it, then asks for the steps until it is over. */
#define _GNU_SOURCE     /* nanosleep */
#include "ctl/trial.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/ask.h"
#include "ctl/body.h"

enum { PATH_SIZE = VALUE_SIZE * 3 + 64, PAUSE_MS = 200 };

static const struct field begun_shape[] = {
	{ "trial", FIELD_TEXT, true, NULL }, { NULL, FIELD_TEXT, false, NULL }
};
static const struct field steps_shape[] = {
	{ "steps", FIELD_LIST, true, NULL },
	{ "over", FIELD_TRUTH, true, NULL },
	{ "good", FIELD_TRUTH, true, NULL },
	{ NULL, FIELD_TEXT, false, NULL }
};

/* Prints what is new; returns how many there are. */
static size_t
print_steps(struct ctl *ctl, const json_t *answer, size_t shown)
{
	const json_t *steps = field_list(answer, "steps"), *step;
	size_t i;

	json_array_foreach(steps, i, step) {
		if (i >= shown && json_is_string(step))
			print_line(ctl->out, &ctl->paper, INK_NONE, "%s",
			    json_string_value(step));
	}
	fflush(ctl->out);
	return json_array_size(steps);
}

static enum exit_code
follow(struct ctl *ctl, const char *path)
{
	const struct timespec pause = { 0, PAUSE_MS * 1000000L };
	bool is_over = false, is_good = false;
	size_t shown = 0;

	while (!is_over) {
		json_t *answer;
		enum exit_code code = ask_more(ctl, path, steps_shape, &answer);

		if (code != EXIT_DONE)
			return code;
		shown = print_steps(ctl, answer, shown);
		is_over = field_truth(answer, "over");
		is_good = field_truth(answer, "good");
		json_decref(answer);
		if (!is_over)
			nanosleep(&pause, NULL);
	}
	print_line(ctl->out, &ctl->paper, is_good ? INK_GREEN : INK_RED, "%s",
	    is_good ? "it works" : "it does not work");
	return is_good ? EXIT_DONE : EXIT_REFUSED;
}

enum exit_code
trial_run(struct ctl *ctl)
{
	char path[PATH_SIZE], further[PATH_SIZE + 64], *body;
	enum exit_code code;
	json_t *answer;
	size_t length;

	if (!sentence_path("/v1/providers/NAME/test", &ctl->holes, path,
	        sizeof(path)) ||
	    !body_make(ctl, "to=--to text=--text", &body, &length))
		return EXIT_USAGE;
	code = ask(ctl, "POST", path, body, length, begun_shape, &answer);
	free(body);
	if (code != EXIT_DONE)
		return code;
	snprintf(further, sizeof(further), "%s/%s", path,
	    field_text(answer, "trial"));
	json_decref(answer);
	return ctl->is_json ? EXIT_DONE : follow(ctl, further);
}
