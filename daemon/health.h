/* SPDX-License-Identifier: MIT */
/*
 * health: which providers work, as all nodes know it, of each for calls and for messages
 * by themselves: one of them may be out of order. Each node judges by its own orders
 * (lib/provider_health) and writes what it finds into provider:ID and provider:ID:sms,
 * hashes that every node reads once a second; that one order at a time is tried while a provider is
 * down, and the pace of all nodes together, the guards of the commit see to. What is
 * told here are hints: a commit may be refused all the same.
 */
#ifndef CALLBACKD_DAEMON_HEALTH_H
#define CALLBACKD_DAEMON_HEALTH_H

#include "daemon/store.h"
#include "lib/policy.h"
#include "lib/provider.h"
#include "lib/provider_health.h"
#include "lib/situation.h"

struct health;

struct health *health_new(struct store *store, const struct policy *policy,
    const struct health_rules *rules);
void health_free(struct health *health);
void health_set_policy(struct health *health, const struct policy *policy);

/* What an order said of its provider, in whose words, and how long it wants to be left
 * alone (0: not said). */
void health_hear_of(struct health *health, const char *provider, enum channel channel,
    enum health_news news, const char *detail, int64_t wait_ms);
/* A provider with a check is not called by before that was answered, nor while it is unfit. */
void health_hold(struct health *health, const char *provider);
void health_on_check(struct health *health, const char *provider,
    enum provider_outcome outcome, const char *detail);
/* Calls that end without the customer, though the specialist was there, say that the
 * provider's own flow is wrong: it stops after a few. */
void health_on_committed(struct health *health, const struct outcome *outcome);
/* engine_hooks */
int64_t health_on_wait(struct health *health, const char *provider, enum channel channel,
    const char *guard, int64_t wait_ms);
unsigned health_down(struct health *health, enum channel channel, unsigned *ret_spent);
unsigned health_probing(struct health *health, enum channel channel);
/* An order whose turn comes in wait_ms was committed. */
void health_on_placed(struct health *health, const char *provider, enum channel channel,
    int64_t wait_ms);

/* What keeps a queue from being offered: no provider works, or all that would have cost too
 * much; it takes no more calls, or not so soon. */
enum health_lack {
	HEALTH_LACKS_NOTHING, HEALTH_LACKS_PROVIDER, HEALTH_LACKS_MONEY, HEALTH_LACKS_ROOM,
	HEALTH_LACKS_TURN,
};
enum health_lack health_lack(struct health *health, const char *queue);

/* How many more requests of that queue may be offered now, without keeping those who
 * accept waiting for their turn. */
size_t health_room(struct health *health, const char *queue);
void health_on_offered(struct health *health, const char *queue);

/* Once a second: reads what other nodes found. */
void health_tick(struct health *health);

/* Does no provider of that queue work, and since when. By hand always works. */
bool health_is_silent(struct health *health, const char *queue, int64_t *ret_since_ms);

/* What is shown. */
struct health_view {
	enum health_state state;
	bool is_spent;                  /* a cap of its costs is reached */
	int64_t since_ms;               /* down since; 0: it works */
	int64_t probe_at_ms;            /* while down */
	int64_t good_at_ms, error_at_ms;  /* 0: never since the daemon started */
	const char *error;              /* the last, in the provider's words */
	int  score;                     /* percent, of this node's orders */
	size_t alive;                   /* calls of all nodes, as last read */
};
/* False: there is no such provider. Text lives until the next call of health. */
bool health_see(struct health *health, const char *provider, enum channel channel,
    struct health_view *ret_view);

#endif
