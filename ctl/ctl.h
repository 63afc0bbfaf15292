/* SPDX-License-Identifier: MIT */
/*
 * ctl: what all parts of callbackctl share: the exit codes, the options that
 * were given, and where the output goes.
 */
#ifndef CALLBACKD_CTL_CTL_H
#define CALLBACKD_CTL_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/sentence.h"
#include "ctl/table.h"

/* Promised in the manual page: scripts depend on them. */
enum exit_code {
	EXIT_DONE,
	EXIT_REFUSED,           /* refused, or there is no such thing */
	EXIT_USAGE,             /* the command line is wrong */
	EXIT_UNREACHED,         /* no daemon, or no answer that can be read */
	EXIT_NOT_NOW,           /* the daemon cannot do it now */
	EXIT_LATE,              /* check: work is not done in time */
	EXIT_NOBODY,            /* check: nobody is at work */
};

/* Options that belong to some commands; their spelling is in commands.c. */
enum option_id {
	OPTION_AS,
	OPTION_AT,
	OPTION_FOR,
	OPTION_ID,
	OPTION_NAME,
	OPTION_NOTE,
	OPTION_OUTCOME,
	OPTION_REASON,
	OPTION_TEXT,
	OPTION_TO,
	OPTION_TOPIC,
	OPTION_UNTIL,
	OPTION_COUNT
};

struct option_name {
	const char *name;       /* as on the command line, without "--" */
	bool is_instant;        /* T: sent as Unix seconds */
};
extern const struct option_name option_names[OPTION_COUNT];

struct ctl {
	struct client *client;
	const char *socket_path;
	FILE *out, *errors;
	struct paper paper;             /* of `out` */
	bool is_json;
	bool is_full;                   /* telephone numbers in full */
	const char *options[OPTION_COUNT];  /* NULL: not given */
	struct holes holes;             /* what the sentence's capitals stand for */
};

#endif
