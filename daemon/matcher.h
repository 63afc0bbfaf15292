/* SPDX-License-Identifier: MIT */
/*
 * matcher: brings requests that wait and specialists who are idle together. It
 * reads the heads of wait:Q and ready:Q after commits that changed them and once
 * a second, orders them with lib/match, and posts one MATCHED per pair. Owns
 * only a picture of the heads; what it proposes is checked by the commit.
 */
#ifndef CALLBACKD_DAEMON_MATCHER_H
#define CALLBACKD_DAEMON_MATCHER_H

#include "daemon/engine.h"

struct matcher;

struct matcher *matcher_new(struct store *store, const struct policy *policy);
void matcher_free(struct matcher *matcher);
void matcher_set_engine(struct matcher *matcher, struct engine *engine);
void matcher_set_policy(struct matcher *matcher, const struct policy *policy);
/* How many more of that queue may be offered now, that one was, and what it waited for until
 * then, for its story. Without: all, and nothing. */
struct matcher_gate {
	void *context;
	size_t (*room)(void *context, const char *queue);
	void (*on_offered)(void *context, const char *queue);
	void (*say)(void *context, const struct request *request, int64_t now_ms,
	    char ret_text[DETAIL_SIZE]);
};
void matcher_set_gate(struct matcher *matcher, const struct matcher_gate *gate);
/* No more offers from now on (the daemon ends). */
void matcher_stop(struct matcher *matcher);

/* engine_hooks */
void matcher_on_committed(struct matcher *matcher, const struct situation *before,
    const struct outcome *outcome);
const struct specialist *matcher_find(struct matcher *matcher, const struct request *request,
    int64_t now_ms);
void matcher_on_stale(struct matcher *matcher, const char *specialist);
int matcher_others(struct matcher *matcher, const char *queue, const char *specialist);

/* One pass: reads heads that may have changed, proposes pairs. */
void matcher_run(struct matcher *matcher);
/* Once a second: looks at every queue. */
void matcher_tick(struct matcher *matcher);
/* Redis is back, maybe without the newest of what was read: all of it again. */
void matcher_start_over(struct matcher *matcher);

/* False: people are being read, and there may be too few for what comes due
 * meanwhile. Never for longer than one reading. */
bool matcher_is_supplied(const struct matcher *matcher);

/* Who waits and who is ready, as last read. */
size_t matcher_ready_count(const struct matcher *matcher, const char *queue);
size_t matcher_waiting_count(const struct matcher *matcher, const char *queue);
/* Those of the ready who are not proposed to anybody at this moment. */
size_t matcher_idle_count(const struct matcher *matcher, const char *queue);
/* Is one of them somebody for that request. */
bool matcher_has_for(const struct matcher *matcher, const struct request *request,
    int64_t now_ms);

#endif
