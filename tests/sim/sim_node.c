/* SPDX-License-Identifier: MIT */
/*
 * sim_node: the daemon's modules put together as daemon/daemon.c does, run in
 * passes by simulated events.
 */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/due_pull.h"
#include "daemon/health.h"
#include "daemon/matcher.h"
#include "daemon/promise_scan.h"
#include "daemon/roster.h"
#include "daemon/submit.h"
#include "lib/fault.h"

enum { SLOTS = 96, ROUNDS_MAX = 16, INBOX_MEMBERS = 8, INBOX_AGAIN_MS = 200 };

/* ---- the inbox */

static void
on_submitted(void *context, uint64_t tag, const struct submit_result *result)
{
	struct sim_node *node = context;

	(void)tag;
	node->inbox_in_hand--;
	if (result->end == SUBMIT_LATER)
		node->inbox_next_ms = sim.now_ms + INBOX_AGAIN_MS;
	if (result->end == SUBMIT_ACCEPTED)
		check_accepted(result->request);
}

static void
on_members(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct sim_node *node = context;

	(void)tag;
	node->is_reading_inbox = false;
	if (end != REDIS_REPLY)
		return;
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		struct submission submission = {
			.member = reply->element[i]->str,
			.length = reply->element[i]->len,
			.score = reply->element[i + 1]->str,
			.source = "redis", .is_from_inbox = true,
			.on_end = on_submitted, .context = node };

		node->inbox_in_hand++;
		submit(node->submitter, &submission);
	}
}

static void
pull_inbox(struct sim_node *node)
{
	char last[16];

	if (node->is_reading_inbox || node->inbox_in_hand > 0 ||
	    sim.now_ms < node->inbox_next_ms ||
	    engine_free_slots(node->engine) == 0 ||
	    !store_is_up(node->store) ||
	    keyspace_find(&sim.keyspace, "in") == NULL)
		return;
	node->inbox_next_ms = sim.now_ms + 10;
	snprintf(last, sizeof(last), "%d", INBOX_MEMBERS - 1);
	node->is_reading_inbox = STORE_SEND(node->store, on_members, node, 0,
	    "ZRANGE", "in", "0", last, "WITHSCORES");
}

/* ---- when it runs next */

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
tick_after(const struct sim_node *node, int64_t at_ms)
{
	int64_t tick_ms = at_ms - at_ms % SECOND_MS + node->phase_ms;

	return tick_ms < at_ms ? tick_ms + SECOND_MS : tick_ms;
}

/* An idle node claims once a second, and then knows what is due within the next.
 * One of them by turns comes at that moment; the others do in one case of four,
 * and else when they would claim anyway. */
static int64_t
claim_of(const struct sim_node *node, int64_t due_ms)
{
	int64_t lot = due_ms / 16;

	return due_ms <= sim.now_ms || due_ms == INT64_MAX || lot % 4 == 0 ||
	    lot / 4 % sim.node_count == node->index ? due_ms :
	    tick_after(node, due_ms);
}

static void on_timer(void *context, bool is_alive);

/* Instead of the one that was set before. */
static void
set_timer(struct sim_node *node, int64_t at_ms)
{
	node->timer_ms = at_ms;
	sim_at(at_ms, node->index, on_timer, node);
}

static void
arm(struct sim_node *node)
{
	int64_t now_ms = sim.now_ms, at_ms = now_ms + HOUR_MS, claim_ms;
	const struct sim_outlook *outlook;

	if (!node->is_up || node->is_paused)
		return;
	outlook = sim_look_out();
	if (!store_is_up(node->store)) {
		at_ms = now_ms + SECOND_MS;
	} else {
		struct sim_node *running = sim.running;

		sim.running = node;
		claim_ms = due_pull_next_ms(node->due_pull) -
		    store_now_ms(node->store) + now_ms;
		sim.running = running;
		if (outlook->due_ms > claim_ms)
			claim_ms = claim_of(node, outlook->due_ms);
		at_ms = earlier(at_ms, claim_ms);
		if (outlook->promise_ms < at_ms)
			at_ms = earlier(at_ms, tick_after(node,
			    (outlook->promise_ms > now_ms ?
			        outlook->promise_ms : now_ms) + SECOND_MS));
		if (outlook->match_ms < at_ms)
			at_ms = earlier(at_ms, tick_after(node,
			    outlook->match_ms > now_ms ? outlook->match_ms :
			    now_ms + 1));
		if (node->providers_seen != sim.provider_changes)
			at_ms = earlier(at_ms, tick_after(node, now_ms + 1));
		if (outlook->has_inbox)
			at_ms = earlier(at_ms, node->inbox_next_ms);
		if (engine_in_hand(node->engine) > 0)
			at_ms = earlier(at_ms, now_ms + 500);
	}
	if (at_ms <= now_ms)
		at_ms = now_ms + 1;
	if (node->timer_ms <= now_ms || node->timer_ms > at_ms)
		set_timer(node, at_ms);
}

void
nodes_wake(void)
{
	for (int i = 0; i < sim.node_count; i++)
		arm(&sim.nodes[i]);
}

/* An idle node claims once a second and finds nothing, but what time it is. That
 * is left out where nothing will be due before such a claim arrives, by the
 * node's own clock, and nobody has set a clock. */
static bool
may_claim(struct sim_node *node)
{
	int64_t first_ms = sim_look_out()->due_ms;

	return store_is_up(node->store) && (sim.now_ms < node->asks_until_ms ||
	    (first_ms != INT64_MAX && first_ms + sim.store_shift_ms <=
	        store_now_ms(node->store) + DELAY_MAX_MS));
}

void
node_run(struct sim_node *node)
{
	bool has_more = true;

	for (int i = 0; i < ROUNDS_MAX && has_more; i++) {
		roster_run(node->roster);
		pull_inbox(node);
		matcher_run(node->matcher);
		if (matcher_is_supplied(node->matcher) && may_claim(node))
			due_pull_run(node->due_pull);
		engine_run(node->engine);
		has_more = engine_has_work(node->engine);
	}
	arm(node);
	/* The loop goes round at once. */
	if (has_more)
		set_timer(node, sim.now_ms);
}

static void
on_timer(void *context, bool is_alive)
{
	struct sim_node *node = context;
	const struct sim_outlook *outlook;

	if (!is_alive)
		return;
	/* An earlier one has taken its place. */
	node->is_idle = node->timer_ms == 0 || node->timer_ms > sim.now_ms;
	if (node->is_idle)
		return;
	node->timer_ms = 0;
	if (sim.now_ms < node->tick_ms)
		return;
	/* Where nothing can come of it, it is left out. */
	outlook = sim_look_out();
	node->tick_ms = tick_after(node, sim.now_ms + 1);
	if (outlook->promise_ms <= sim.now_ms)
		promise_scan_tick(node->scan);
	if (outlook->match_ms <= sim.now_ms)
		matcher_tick(node->matcher);
	if (node->providers_seen != sim.provider_changes) {
		node->providers_seen = sim.provider_changes;
		health_tick(node->health);
	}
}

/* ---- starting and stopping */

void
node_set_able(struct sim_node *node)
{
	bool is_able = node->is_up && node->is_linked && !node->is_paused;

	if (!is_able)
		node->able_since_ms = 0;
	else if (node->able_since_ms == 0)
		node->able_since_ms = sim.now_ms;
}

static void
on_state(void *context, bool is_up, const char *why)
{
	struct sim_node *node = context;

	(void)why;
	node->is_linked = is_up;
	node_set_able(node);
	if (is_up && node->has_been_up)
		roster_import(node->roster, node->policy, NULL);
	node->has_been_up |= is_up;
	if (is_up) {
		promise_scan_tick(node->scan);
		health_tick(node->health);
		matcher_start_over(node->matcher);
	}
	engine_on_link(node->engine, is_up);
}

void
node_start(struct sim_node *node)
{
	static const struct health_rules rules = { .failures = 3, .share = 0.5,
		.window_ms = MINUTE_MS, .probe_ms = 15 * SECOND_MS,
		.probe_max_ms = 2 * MINUTE_MS };
	struct engine_hooks hooks;

	hooks_set(node, &hooks);
	sim.running = node;
	node->is_up = true;
	node->is_linked = false;
	node->has_been_up = false;
	node->must_cut = false;
	node->policy = sim.settings;
	sim.outlook.changes = 0;
	node->phase_ms = sim_between(0, SECOND_MS - 1);
	node->tick_ms = 0;
	node->is_reading_inbox = false;
	node->inbox_in_hand = 0;
	node->inbox_next_ms = 0;
	node->store = store_new(NULL, NULL, "sim", node, on_state);
	node->engine = engine_new(node->store, node->policy, SLOTS, &hooks);
	node->matcher = matcher_new(node->store, node->policy);
	matcher_set_engine(node->matcher, node->engine);
	node->health = health_new(node->store, node->policy, &rules);
	hooks_set_gate(node);
	node->due_pull = due_pull_new(node->store, node->engine);
	node->scan = promise_scan_new(node->store, node->engine);
	node->roster = roster_new(node->store, node->engine);
	roster_import(node->roster, node->policy, NULL);
	node->submitter = submitter_new(node->store, node->engine,
	    node->policy);
	sim.running = NULL;
	set_timer(node, sim.now_ms + 2);
}

static void
forget_backlog(struct sim_node *node)
{
	for (size_t i = 0; i < node->backlog.count; i++)
		node->backlog.items[i].handler(node->backlog.items[i].context,
		    false);
	free(node->backlog.items);
	memset(&node->backlog, 0, sizeof(node->backlog));
}

/* kill -9: what it had in memory is lost, what it had sent is on its way. */
void
node_crash(struct sim_node *node)
{
	node->is_up = false;
	node->is_paused = false;
	node->generation++;
	node_set_able(node);
	forget_backlog(node);
	due_pull_free(node->due_pull);
	promise_scan_free(node->scan);
	roster_free(node->roster);
	submitter_free(node->submitter);
	matcher_free(node->matcher);
	health_free(node->health);
	engine_free(node->engine);
	store_free(node->store);
}

void
node_resume(struct sim_node *node)
{
	struct sim_events backlog = node->backlog;

	memset(&node->backlog, 0, sizeof(node->backlog));
	node->is_paused = false;
	node_set_able(node);
	/* The deadlines of what was sent may be looked at before the replies. */
	if (node->must_cut || sim_draw(2) == 0) {
		sim.running = node;
		link_cut(node->link, sim_between(100, 1500));
		sim.running = NULL;
	}
	node->must_cut = false;
	for (size_t i = 0; i < backlog.count; i++)
		sim_in(0, node->index, backlog.items[i].handler,
		    backlog.items[i].context);
	free(backlog.items);
	set_timer(node, sim.now_ms);
}

/* ---- what everybody does */

static void
on_settings(void *context, bool is_alive)
{
	struct sim_node *node = context;
	const struct policy *old = node->policy;

	if (!is_alive || old == sim.settings)
		return;
	sim_say("node %d reads its settings", node->index);
	node->policy = sim.settings;
	sim.outlook.changes = 0;
	engine_set_policy(node->engine, node->policy);
	matcher_set_policy(node->matcher, node->policy);
	health_set_policy(node->health, node->policy);
	submitter_set_policy(node->submitter, node->policy);
	roster_import(node->roster, node->policy, old);
}

void
nodes_reload(void)
{
	for (int i = 0; i < sim.node_count; i++)
		sim_in(sim_between(0, MINUTE_MS), i, on_settings,
		    &sim.nodes[i]);
}

void
nodes_start(void)
{
	for (int i = 0; i < sim.node_count; i++) {
		sim.nodes[i].index = i;
		node_start(&sim.nodes[i]);
	}
}

void
nodes_stop(void)
{
	for (int i = 0; i < sim.node_count; i++) {
		if (sim.nodes[i].is_up)
			node_crash(&sim.nodes[i]);
	}
}

struct sim_node *
nodes_any(void)
{
	unsigned first = sim_draw((unsigned)sim.node_count);

	for (int i = 0; i < sim.node_count; i++) {
		struct sim_node *node = &sim.nodes[((int)first + i) %
		    sim.node_count];

		if (node->is_up)
			return node;
	}
	return NULL;
}

int64_t
nodes_able_since(void)
{
	int64_t since_ms = INT64_MAX;

	for (int i = 0; i < sim.node_count; i++) {
		if (sim.nodes[i].able_since_ms != 0)
			since_ms = earlier(since_ms,
			    sim.nodes[i].able_since_ms);
	}
	return since_ms;
}
