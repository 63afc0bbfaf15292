/* SPDX-License-Identifier: MIT */
/*
 * stand_in: Redis and the engine, for targets that link the rest of the shell. What
 * is sent waits here; replies come from the input, in order, and every order ends as
 * the input says. The store is the daemon's own. Linked instead of redis_link,
 * redis_talk and engine.
 */
#ifndef CALLBACKD_TESTS_FUZZ_STAND_IN_H
#define CALLBACKD_TESTS_FUZZ_STAND_IN_H

#include <event2/event.h>

#include "daemon/engine.h"

enum { STAND_IN_REPLIES_MAX = 8000 };   /* bytes of one reply */

/* A store whose Redis is up and has said what time it is. Lives until the end. */
struct store *stand_in_begin(struct event_base *base);
void stand_in_end(void);

/* What Redis will say, and how orders end: 0 .. 5 as enum engine_end, from 6 on the
 * same with a reason. after: of DONE and NO_ROW, borrowed. */
void stand_in_feed(const char *replies, size_t length);
void stand_in_set_end(size_t engine_end, enum verdict verdict, const struct situation *after);
/* Forgets what was not read. */
void stand_in_renew(void);

/* An order of somebody else who is stood in for. False: too many wait. */
bool stand_in_order(engine_on_result *on_result, void *context, uint64_t tag);

/* Ends all that waits. */
void stand_in_end_all(void);

/* Since stand_in_renew: what was asked of Redis, and of the engine. */
size_t stand_in_command_count(void);
size_t stand_in_order_count(void);
/* Of the last order; its note is not kept. */
const struct event *stand_in_last_event(void);

#endif
