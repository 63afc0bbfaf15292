/* SPDX-License-Identifier: MIT */
/*
 * slots: which appointments are taken and which queues are closed by hand, as this node
 * last read them (once a second; own commits at once), so that whoever asks while no
 * call can be made in time is given the first slot that can be kept (lib/doors). That is a
 * hint: the commit counts the places of the slot for all nodes, and who comes too late for
 * the last one is given the next. Where the company has opening hours, a moment that is
 * chosen takes a place, too, and gives way to the next slot where there is none.
 *
 * A queue is closed by its field of the hash `closed`: "UNTIL_MS WHO REASON". Whoever waits
 * there is looked at by every node that sees it, and gets a slot behind it by their own
 * row (lib/request_life).
 */
#ifndef CALLBACKD_DAEMON_SLOTS_H
#define CALLBACKD_DAEMON_SLOTS_H

#include "daemon/engine.h"
#include "daemon/forecast.h"

enum { CLOSED_WHY_MAX = 80 };

struct slots;

/* One that is closed by hand. */
struct slots_closed {
	int64_t until_ms;
	char who[ID_SIZE], why[CLOSED_WHY_MAX + 1];
};

struct slots *slots_new(struct store *store, struct engine *engine, struct forecast *forecast,
    const struct policy *policy);
/* NULL is allowed. Replies under way must not come any more. */
void slots_free(struct slots *slots);
void slots_set_policy(struct slots *slots, const struct policy *policy);

/* engine_hooks.on_committed */
void slots_on_committed(struct slots *slots, const struct situation *before,
    const struct outcome *outcome);
/* Once a second. */
void slots_tick(struct slots *slots);

/* engine_hooks.doors. The slot is looked for only where it is needed, behind full_until_ms. */
struct doors_hint slots_hint(struct slots *slots, const struct request *request, bool is_asked,
    const struct expectation *seen, int64_t full_until_ms, int64_t now_ms);

/* How many appointments of that queue are to come. */
size_t slots_taken_count(const struct slots *slots, const char *queue);

/* False: it is not. */
bool slots_is_closed(const struct slots *slots, const char *queue, int64_t now_ms,
    struct slots_closed *ret_closed);
/* Until then; until_ms 0: it opens again. on_result as of engine_list. False: Redis is away. */
bool slots_close(struct slots *slots, const char *queue, const struct slots_closed *closed,
    engine_on_result *on_result, void *context);

#endif
