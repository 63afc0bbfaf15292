/* SPDX-License-Identifier: MIT */
/*
 * sim_node: the daemon's modules put together as daemon/daemon.c does, run in
 * passes by simulated events; and what nodes suffer: they crash, stop for a
 * while, lose their connection, and their clocks jump.
 */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/due_pull.h"
#include "daemon/matcher.h"
#include "daemon/promise_scan.h"
#include "daemon/roster.h"
#include "daemon/submit.h"
#include "lib/fault.h"

/* A node that asks for the time does so for longer than a second. */
enum { ASKS_MS = 1100 };

enum { SLOTS = 96, ROUNDS_MAX = 16, INBOX_MEMBERS = 8, INBOX_AGAIN_MS = 200 };

/* ---- the engine's hooks */

static void
on_committed(void *context, const struct situation *before,
    const struct outcome *outcome)
{
	struct sim_node *node = context;
	const struct situation *after = &outcome->after;

	matcher_on_committed(node->matcher, before, outcome);
	due_pull_expect(node->due_pull, after->request.record.wake_at_ms);
	for (size_t i = 0; i < after->call_count; i++)
		due_pull_expect(node->due_pull,
		    after->calls[i].record.wake_at_ms);
	for (size_t i = 0; i < after->specialist_count; i++)
		due_pull_expect(node->due_pull,
		    after->specialists[i].record.wake_at_ms);
}

static void
on_effect(void *context, const struct situation *situation,
    const struct effect *effect, int64_t sent_boot_ms, int64_t wait_ms)
{
	const struct call *call = situation_call_const(situation,
	    effect->call.n);

	(void)wait_ms;                  /* the line has no pace */
	/* As carrier.c does: begun too late, it is not begun. */
	if (effect->kind == EFFECT_PLACE &&
	    clock_boottime_ms() > sent_boot_ms + PLACE_YOUTH_MS)
		return;
	if (call != NULL)
		lines_do(context, call, effect);
}

static int64_t
on_wait(void *context, const char *provider, enum channel channel,
    const char *guard, int64_t wait_ms)
{
	(void)context;
	(void)channel;
	sim_blame("%s: waits %lld ms for %s", provider, (long long)wait_ms,
	    guard);
	return wait_ms;
}

/* There is one line, and it works. */
static unsigned
none_down(void *context, enum channel channel, unsigned *ret_spent)
{
	(void)context;
	(void)channel;
	*ret_spent = 0;
	return 0;
}

static unsigned
none_probing(void *context, enum channel channel)
{
	(void)context;
	(void)channel;
	return 0;
}

static const struct specialist *
find(void *context, const struct request *request, int64_t now_ms)
{
	struct sim_node *node = context;

	return matcher_find(node->matcher, request, now_ms);
}

static void
on_stale(void *context, const char *specialist)
{
	struct sim_node *node = context;

	matcher_on_stale(node->matcher, specialist);
}

static int
others(void *context, const char *queue, const char *specialist)
{
	struct sim_node *node = context;

	return matcher_others(node->matcher, queue, specialist);
}

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
}

/* Nobody but the scripts writes here. */
static void
on_unreadable(void *context, const struct record_ref *ref, const char *why,
    const struct pair *pairs, size_t count)
{
	char key[KEY_SIZE];

	(void)context;
	(void)pairs;
	(void)count;
	record_key(ref, key);
	sim_blame("%s cannot be read: %s", key, why);
}

/* ---- starting and stopping */

static void
set_able(struct sim_node *node)
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
	set_able(node);
	if (is_up && node->has_been_up)
		roster_import(node->roster, node->policy, NULL);
	node->has_been_up |= is_up;
	if (is_up) {
		promise_scan_tick(node->scan);
		matcher_start_over(node->matcher);
	}
	engine_on_link(node->engine, is_up);
}

/* Nobody plants keys here. */
static void
on_set_aside(void *context, const char *key)
{
	(void)context;
	sim_blame("%s was set aside", key);
}

static void
start(struct sim_node *node)
{
	struct engine_hooks hooks = { node, on_committed, on_effect, on_wait,
		none_down, none_probing, find, on_stale, others,
		on_unreadable, on_set_aside };

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
static void
crash(struct sim_node *node)
{
	node->is_up = false;
	node->is_paused = false;
	node->generation++;
	set_able(node);
	forget_backlog(node);
	due_pull_free(node->due_pull);
	promise_scan_free(node->scan);
	roster_free(node->roster);
	submitter_free(node->submitter);
	matcher_free(node->matcher);
	engine_free(node->engine);
	store_free(node->store);
}

void
node_resume(struct sim_node *node)
{
	struct sim_events backlog = node->backlog;

	memset(&node->backlog, 0, sizeof(node->backlog));
	node->is_paused = false;
	set_able(node);
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

/* ---- faults */

/* What follows in any case: a pass. */
static void
on_look(void *context, bool is_alive)
{
	(void)context;
	(void)is_alive;
}

/* What is idle hears of it within the second. */
static void
ask_time(struct sim_node *node)
{
	node->asks_until_ms = sim.now_ms + ASKS_MS;
	sim_in(sim_between(0, SECOND_MS), node->index, on_look, NULL);
	sim_in(SECOND_MS + 1, node->index, on_look, NULL);
}

static void
on_start(void *context, bool is_alive)
{
	struct sim_node *node = context;

	if (is_alive && !node->is_up) {
		sim_say("node %d starts", node->index);
		start(node);
	}
}

struct pause {
	struct sim_node *node;
	unsigned generation;
};

static void
on_resume(void *context, bool is_alive)
{
	struct pause *pause = context;

	if (is_alive && pause->node->is_paused &&
	    pause->node->generation == pause->generation) {
		sim_say("node %d goes on", pause->node->index);
		node_resume(pause->node);
	}
	free(pause);
}

static void
cut(struct sim_node *node, int64_t back_in_ms)
{
	if (!node->is_up || node->is_paused)
		return;
	sim.running = node;
	link_cut(node->link, back_in_ms);
	node_run(node);
	sim.running = NULL;
}

static void
pause_node(struct sim_node *node)
{
	struct pause *pause = sim_new(sizeof(*pause));
	/* Where the customer's ring rests on look-ups alone, a stopped node
	 * must be ended by its watchdog before the quarantine is over. */
	int64_t longest_ms = sim.fence == BY_ANSWER ? 2 * MINUTE_MS :
	    8 * SECOND_MS;

	node->is_paused = true;
	set_able(node);
	*pause = (struct pause){ node, node->generation };
	sim_in(sim_between(100, longest_ms), NOBODY, on_resume, pause);
}

static void
kill_node(struct sim_node *node)
{
	sim_say("node %d is killed", node->index);
	crash(node);
	sim_in(sim_between(200, MINUTE_MS), NOBODY, on_start, node);
}

void
node_suffer(struct sim_node *node)
{
	if (!node->is_up || node->is_paused)
		return;
	switch (sim_draw(8)) {
	case 0:
		kill_node(node);
		break;
	case 1:
		sim_say("node %d is stopped", node->index);
		pause_node(node);
		break;
	default:
		sim_say("node %d loses a reply", node->index);
		cut(node, sim_between(100, 1500));
		break;
	}
}

static void
on_fault(void *context, bool is_alive)
{
	struct sim_node *node = &sim.nodes[sim_draw((unsigned)sim.node_count)];

	(void)context;
	if (!is_alive || sim.is_quiet)
		return;
	sim_in(sim_gap(sim.traffic->fault_gap_ms), NOBODY, on_fault, NULL);
	if (!node->is_up || node->is_paused)
		return;
	switch (sim_draw(5)) {
	case 0:
		kill_node(node);
		break;
	case 1:
		sim_say("node %d is stopped", node->index);
		pause_node(node);
		break;
	case 2:
		sim_say("node %d: its clock jumps", node->index);
		node->shift_ms += sim_between(-5 * SECOND_MS, 10 * SECOND_MS);
		ask_time(node);
		break;
	case 3:
		sim_say("the store is away for everybody");
		nodes_cut();
		break;
	default:
		sim_say("node %d loses its connection", node->index);
		cut(node, sim_between(100, 1500));
		break;
	}
}

void
nodes_cut(void)
{
	for (int i = 0; i < sim.node_count; i++) {
		struct sim_node *node = &sim.nodes[i];

		node->must_cut = node->is_paused;
		cut(node, sim_between(100, 5 * SECOND_MS));
	}
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
nodes_ask_time(void)
{
	for (int i = 0; i < sim.node_count; i++)
		ask_time(&sim.nodes[i]);
}

void
faults_start(void)
{
	sim_in(sim_between(SECOND_MS, MINUTE_MS), NOBODY, on_fault, NULL);
}

void
faults_stop(void)
{
	for (int i = 0; i < sim.node_count; i++) {
		if (!sim.nodes[i].is_up)
			start(&sim.nodes[i]);
		else if (sim.nodes[i].is_paused)
			node_resume(&sim.nodes[i]);
	}
}

void
nodes_start(void)
{
	for (int i = 0; i < sim.node_count; i++) {
		sim.nodes[i].index = i;
		start(&sim.nodes[i]);
	}
}

void
nodes_stop(void)
{
	for (int i = 0; i < sim.node_count; i++) {
		if (sim.nodes[i].is_up)
			crash(&sim.nodes[i]);
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
