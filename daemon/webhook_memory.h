/* SPDX-License-Identifier: MIT */
/*
 * webhook_memory: what was heard already, and how often somebody comes. Small and
 * bounded: the oldest is forgotten first, and nothing survives the process.
 * What is remembered is a hash; two that share one are taken for the same,
 * which happens by chance once in 10^15 or so.
 */
#ifndef CALLBACKD_DAEMON_WEBHOOK_MEMORY_H
#define CALLBACKD_DAEMON_WEBHOOK_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/check.h"

enum {
	MEMORY_SEEN_MAX = 4096,         /* webhooks */
	MEMORY_RATES_MAX = 1024,        /* numbers and peers within a minute */
};

struct webhook_memory;

struct webhook_memory *webhook_memory_new(void);
void webhook_memory_free(struct webhook_memory *memory);

/* Was it kept, and is its time not over? `kind` keeps names of different
 * sorts apart. */
bool webhook_memory_has(const struct webhook_memory *memory, const char *kind,
    const char *owner, const char *name, int64_t now_ms);

void webhook_memory_keep(struct webhook_memory *memory, const char *kind,
    const char *owner, const char *name, int64_t until_ms);

/* Counts one more within this minute. False: that is more than `most`. */
bool webhook_memory_count(struct webhook_memory *memory, const char *kind,
    const char *name, int most, int64_t now_ms) MUST_USE;

#endif
