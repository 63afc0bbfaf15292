/* SPDX-License-Identifier: MIT */
/*
 * promise_scan: once a second, before other work, and as soon as Redis is there,
 * asks for promises that are over and posts the same DUE that their own moment
 * would: no request is late in silence because something else failed.
 */
#ifndef CALLBACKD_DAEMON_PROMISE_SCAN_H
#define CALLBACKD_DAEMON_PROMISE_SCAN_H

#include "daemon/engine.h"

struct promise_scan;

struct promise_scan *promise_scan_new(struct store *store, struct engine *engine);
void promise_scan_free(struct promise_scan *scan);
void promise_scan_tick(struct promise_scan *scan);

#endif
