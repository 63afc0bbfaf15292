/* SPDX-License-Identifier: MIT */
/*
 * daemon: the house as a whole: which rooms there are, in which order they are
 * built and left, and how what one says reaches another. The loop runs it.
 */
#ifndef CALLBACKD_DAEMON_DAEMON_H
#define CALLBACKD_DAEMON_DAEMON_H

#include "daemon/settings.h"

struct daemon;
struct event_base;

/* Builds everything; NULL: ret_error says why (a static or kept text). Takes the
 * settings. */
struct daemon *daemon_new(struct settings *stolen_settings, const char *config_path,
    char *ret_error, size_t error_size);
void daemon_free(struct daemon *daemon);

struct event_base *daemon_base(struct daemon *daemon);

/* One pass: everything that can be done without waiting. True: there is more
 * to do at once. */
bool daemon_run(struct daemon *daemon);
/* Once a second, before other work. */
void daemon_tick(struct daemon *daemon);
/* How long the loop may sleep now. */
int64_t daemon_sleep_ms(struct daemon *daemon);

/* SIGHUP: reads the configuration again; on any error the old one stays. */
void daemon_reload(struct daemon *daemon);
/* SIGTERM: takes nothing new. */
void daemon_drain(struct daemon *daemon);
bool daemon_is_drained(const struct daemon *daemon);

#endif
