/* SPDX-License-Identifier: MIT */
/*
 * sd_notify messages. A failed send is not an error of ours: the manager then
 * acts on its own timeouts, which is what they are for.
 */
#include "daemon/notify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <time.h>

static struct {
	bool is_listened_to;
	int64_t watchdog_ms;
	int64_t next_ping_at_ms;	/* monotonic */
} notify;

static void
send_status(const char *state, const char *status);

void
notify_init(void)
{
	const char *socket_path = getenv("NOTIFY_SOCKET");
	uint64_t watchdog_us = 0;

	notify.is_listened_to = socket_path != NULL && socket_path[0] != '\0';
	notify.watchdog_ms = 0;
	notify.next_ping_at_ms = 0;
	if (notify.is_listened_to && sd_watchdog_enabled(0, &watchdog_us) > 0)
		notify.watchdog_ms = (int64_t)(watchdog_us / 1000);
}

void
notify_ready(const char *status)
{
	send_status("READY=1", status);
}

void
notify_status(const char *format, ...)
{
	char text[512];
	va_list arguments;

	if (!notify.is_listened_to)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	/* A line break would begin another assignment. */
	for (char *at = text; *at != '\0'; at++)
		if (*at == '\n' || *at == '\r')
			*at = ' ';
	sd_notifyf(0, "STATUS=%s", text);
}

void
notify_reloading(void)
{
	struct timespec now;

	if (!notify.is_listened_to)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void
notify_stopping(const char *status)
{
	send_status("STOPPING=1", status);
}

void
notify_alive(int64_t monotonic_ms)
{
	if (notify.watchdog_ms == 0 || monotonic_ms < notify.next_ping_at_ms)
		return;
	sd_notify(0, "WATCHDOG=1");
	notify.next_ping_at_ms = monotonic_ms + notify.watchdog_ms / 2;
}

static void
send_status(const char *state, const char *status)
{
	if (!notify.is_listened_to)
		return;
	if (status != NULL)
		notify_status("%s", status);
	sd_notify(0, state);
}
