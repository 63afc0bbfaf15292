/* SPDX-License-Identifier: MIT */
/*
 * Tells the service manager how the daemon is. Owns the pace of the watchdog's
 * pings. Without NOTIFY_SOCKET every function does nothing.
 */
#ifndef CALLBACKD_DAEMON_NOTIFY_H
#define CALLBACKD_DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/check.h"

/* Reads NOTIFY_SOCKET and the watchdog's interval; once, at start. */
void
notify_init(void);

/* The daemon serves; also ends a reload. `status` may be NULL. */
void
notify_ready(const char *status);

/* One line for `systemctl status`. */
void
notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A reload begins; notify_ready ends it. */
void
notify_reloading(void);

void
notify_stopping(const char *status);

/*
 * Call it once per pass of the loop, and only when that pass did its work. Pings
 * at most once each half of the watchdog's interval.
 */
void
notify_alive(int64_t monotonic_ms);

#endif
