/* SPDX-License-Identifier: MIT */
/*
 * poison: which record a step brings the process down with. The id in hand
 * stands in a mapped page of the state directory; a handler for the signals of
 * a defect marks it there, and the next start counts. Three marks: the record
 * is barred from this node until somebody digs it up. A kill from outside marks
 * nothing. A website's member is known by a digest of its bytes, and refused with
 * that reason once barred. One per process; without poison_open everything here does nothing.
 */
#ifndef CALLBACKD_DAEMON_POISON_H
#define CALLBACKD_DAEMON_POISON_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/record.h"

enum { POISON_MARKS = 3, POISON_MAX = 32 };

/* Maps the page, counts what the last run marked and sets the handlers. False:
 * errno says why; the daemon works without. */
bool poison_open(const char *path);
void poison_close(void);

/* The name under which a website's member is known here: it has no id yet. */
void poison_member_key(const char *bytes, size_t length, char ret_key[KEY_SIZE]);

/* Around everything that depends on what one record holds: its key. They nest
 * not at all: the last one entered counts. */
void poison_enter(const char *key);
void poison_leave(void);

/* Was it marked too often. Costs nothing while nobody was. */
bool poison_is_barred(const char *key);
/* The barred one at that place, or NULL; places are 0..POISON_MAX-1. */
const char *poison_barred(size_t place);
/* Its marks are taken back. */
void poison_forget(const char *key);

#endif
