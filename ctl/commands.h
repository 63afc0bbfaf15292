/* SPDX-License-Identifier: MIT */
/*
 * commands: the one table of what people can say and what the daemon is asked
 * for it. A new command is one more row there, and nothing elsewhere.
 */
#ifndef CALLBACKD_CTL_COMMANDS_H
#define CALLBACKD_CTL_COMMANDS_H

#include "ctl/ctl.h"
#include "ctl/field.h"

#define SOCKET_HERE "./run/control.sock"
#define SOCKET_SYSTEM "/run/callbackd/control.sock"

struct command {
	/* "close KEY as DISPOSITION [--at T]": see sentence.h */
	const char *sentence;
	const char *help;
	const char *method;
	/* Capitals stand for words of the sentence. NULL: `run` does it all. */
	const char *path;
	/* Members of the JSON object to send: "as=--as disposition=DISPOSITION".
	 * "FILE": the bytes of that file. NULL: none is sent. */
	const char *body;
	const struct field *shape;      /* of a good answer */
	enum exit_code (*on_answer)(struct ctl *ctl, const json_t *answer);
	enum exit_code (*run)(struct ctl *ctl);
};

/* The row that these words say, and in ctl->holes what fills it. NULL: none. */
const struct command *command_find(struct ctl *ctl, char **words,
    size_t count);

/* Tells which command may have been meant. */
void command_suggest(struct ctl *ctl, char **words, size_t count);

/* All that is options must go with the command, and none be missing; else it
 * tells so. --as goes with every command, so that it can stand in an alias. */
bool command_takes_options(struct ctl *ctl, const struct command *command);

/* The list of all commands. */
enum exit_code help_run(struct ctl *ctl);

#endif
