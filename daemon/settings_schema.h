/* SPDX-License-Identifier: MIT */
/*
 * settings_schema: the one table of settings. A row says what a setting is
 * called, what may stand there, what it is when it does not stand there, where
 * its value goes, and what it is for. A group or a list has a table of its own.
 */
#ifndef CALLBACKD_DAEMON_SETTINGS_SCHEMA_H
#define CALLBACKD_DAEMON_SETTINGS_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/settings_format.h"

enum setting_type {
	SETTING_TEXT,           /* char[size], or const char * when size is 0 */
	SETTING_DURATION,       /* int64_t, milliseconds */
	SETTING_INTEGER,        /* int */
	SETTING_NUMBER,         /* double */
	SETTING_FLAG,           /* bool */
	SETTING_CHOICE,         /* an enum: which of the words */
	SETTING_TEXTS,          /* an array of char[size], and how many; or none */
	SETTING_DURATIONS,      /* an array of int64_t, and how many */
	SETTING_PAIRS,          /* ( ("a", "b"), ... ): kept as words only */
	SETTING_SECRETS,        /* a file's name, or a group of texts */
	SETTING_GROUP,          /* { ... } inside the same struct, at the offset */
	SETTING_LIST,           /* ( { ... }, ... ): one struct each */
};

enum setting_flag {
	SETTING_REQUIRED = 1,
	SETTING_RESTART = 2,    /* a reload cannot change it */
	SETTING_TRIAL = 4,      /* only with allow_test_settings */
	SETTING_SCALED = 8,     /* multiplied by clock_scale */
	SETTING_INHERITS = 16,  /* a group: what is absent stays as it was */
	SETTING_OR_ONE = 32,    /* texts: one without brackets is a list of one */
};

/* The lists, for whoever provides the struct of an item. */
enum setting_list {
	SETTING_QUEUES,
	SETTING_WIDENINGS,
	SETTING_SPECIALISTS,
	SETTING_ADDRESSES,
	SETTING_PROVIDERS,
	SETTING_DISPOSITIONS,
	SETTING_LINES,
};

enum { SETTING_NOWHERE = -1 };

struct setting_table {
	const struct setting_row *rows;
	size_t count;
};

struct setting_row {
	const char *name;
	enum setting_type type;
	const char *default_text;       /* as in the file, without quotes; NULL: none */
	int64_t min, max;               /* milliseconds, number, bytes of a text, items */
	enum setting_format format;     /* of a text, of each text, of a pair's first */
	enum setting_format second;     /* of a pair's second */
	unsigned flags;
	int at;                         /* offset, or SETTING_NOWHERE */
	int count_at;                   /* offset of the size_t that counts items */
	size_t size;                    /* of a text's array, of one element */
	const char *const *words;       /* SETTING_CHOICE; ends with NULL */
	const struct setting_table *table;
	enum setting_list list;
	const char *help;               /* one sentence */
};

extern const struct setting_table settings_schema;

#endif
