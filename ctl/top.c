/* SPDX-License-Identifier: MIT */
/*
 * top: draws into memory, then writes the whole screen at once, so that nothing
 * flickers. A daemon that goes away is told on the screen and asked again.
 */
#define _GNU_SOURCE     /* strchrnul */
#include "ctl/top.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/format.h"
#include "ctl/show.h"

enum { PATH_SIZE = VALUE_SIZE * 3 + 32, PAUSE_S = 1 };

static const char screen_open[] = "\033[?1049h\033[?25l";
static const char screen_close[] = "\033[?25h\033[?1049l";

static volatile sig_atomic_t is_over;

static void on_signal(int number);
static void signals_set(void);
static enum exit_code frame_draw(struct ctl *ctl, char **ret_text);
static void frame_show(const struct ctl *ctl, const char *text);

enum exit_code
top_run(struct ctl *ctl)
{
	enum exit_code code = EXIT_DONE;
	bool is_first = true;

	ctl->paper.height = 0;
	if (!isatty(fileno(ctl->out)) || ctl->is_json) {
		complain(ctl, "top draws on a terminal; for anything else use: "
		    "callbackctl show queue --json");
		return EXIT_USAGE;
	}
	signals_set();
	while (!is_over) {
		bool has_colour = ctl->paper.has_colour;
		char *text;

		ctl->paper = paper_of(ctl->out);
		ctl->paper.has_colour = has_colour;
		code = frame_draw(ctl, &text);
		/* What never worked is an error, told on the usual stream. */
		if (is_first && code != EXIT_DONE) {
			fputs(text, ctl->errors);
			free(text);
			return code;
		}
		if (is_first)
			fputs(screen_open, ctl->out);
		frame_show(ctl, text);
		free(text);
		is_first = false;
		sleep(PAUSE_S);
	}
	fputs(screen_close, ctl->out);
	fflush(ctl->out);
	return EXIT_DONE;
}

static void
on_signal(int number)
{
	if (number != SIGWINCH)
		is_over = 1;
}

/* A changed size only ends the pause, and the next frame has it. */
static void
signals_set(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH };
	struct sigaction action = { .sa_handler = on_signal };

	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

static enum exit_code
frame_draw(struct ctl *ctl, char **ret_text)
{
	const char *queue = holes_value(&ctl->holes, "QUEUE",
	    strlen("QUEUE"));
	FILE *out = ctl->out, *errors = ctl->errors;
	char path[PATH_SIZE] = "/v1/queues", now[FORMAT_SIZE];
	enum exit_code code;
	json_t *answer;
	size_t length;

	if (queue != NULL)
		CHECK(sentence_path("/v1/queues/QUEUE", &ctl->holes, path,
		    sizeof(path)));
	ctl->out = ctl->errors = open_memstream(ret_text, &length);
	CHECK(ctl->out != NULL);
	code = ask_more(ctl, path, queue != NULL ? show_queue_shape :
	    show_queues_shape, &answer);
	if (code == EXIT_DONE) {
		print_line(ctl->out, &ctl->paper, INK_DIM,
		    "%s  Ctrl-C ends", format_instant(time(NULL), now));
		code = queue != NULL ? show_on_queue(ctl, answer) :
		    show_on_queues(ctl, answer);
		json_decref(answer);
	}
	fclose(ctl->out);
	ctl->out = out;
	ctl->errors = errors;
	return code;
}

/* As many lines as the screen has; each line's old rest is wiped. */
static void
frame_show(const struct ctl *ctl, const char *text)
{
	int height = ctl->paper.height > 0 ? ctl->paper.height : 24;

	fputs("\033[H", ctl->out);
	for (int i = 0; i < height && *text != '\0'; i++) {
		const char *end = strchrnul(text, '\n');

		if (i > 0)
			fputs("\r\n", ctl->out);
		fwrite(text, 1, (size_t)(end - text), ctl->out);
		fputs("\033[K", ctl->out);
		text = *end == '\n' ? end + 1 : end;
	}
	fputs("\033[J", ctl->out);
	fflush(ctl->out);
}
