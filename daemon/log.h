/* SPDX-License-Identifier: MIT */
/*
 * The daemon's log: one line per event on stderr, as key=value. It never waits
 * for the reader, never lets data break a line, and never shows a whole phone
 * number. The one module with state of its own: there is one stderr.
 */
#ifndef CALLBACKD_DAEMON_LOG_H
#define CALLBACKD_DAEMON_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/check.h"

enum log_level {
	LOG_LEVEL_ERR,		/* needs a human */
	LOG_LEVEL_WARNING,	/* retried, or degraded */
	LOG_LEVEL_NOTICE,	/* start, stop, reload, pause, failover */
	LOG_LEVEL_INFO,		/* each change of a request */
	LOG_LEVEL_DEBUG,	/* input and output */
	LOG_LEVEL_COUNT,
};

enum { LOG_PHONE_SIZE = 24 };

/* "warning" and so on; false leaves `ret_level` untouched. */
bool
log_level_parse(const char *name, enum log_level *ret_level) MUST_USE;

const char *
log_level_name(enum log_level level);

/* Lines above that level are not written; the default is info. */
void
log_set_level(enum log_level level);

enum log_level
log_get_level(void);

/*
 * Writes "event=NAME " and what `format` makes of the rest, which should be
 * key=value pairs and may be empty. Control characters come out as \xNN; a line
 * longer than about 2 KiB is cut. Equal lines, one after another within ten
 * seconds, are counted and told once, as repeated=N.
 */
void
log_event(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Writes the count of repeats whose time is over; call it now and then, so
 * that the last burst before silence is told too.
 */
void
log_flush(void);

/* How many lines were lost because nobody read stderr. */
uint64_t
log_dropped_count(void);

/* Masks a number into `buffer` and returns it: +7900***0001. */
const char *
log_phone(const char *e164, char *buffer, size_t size);

/* Sends libevent's own messages here; its fatal errors abort, as CHECK does. */
void
log_attach_libevent(void);

#endif
