/* SPDX-License-Identifier: MIT */
/* sim_faults: what nodes suffer: they crash, stop for a while, lose their
 * connection, and their clocks jump. */
#include "tests/sim/sim.h"

#include <stdlib.h>

/* A node that asks for the time does so for longer than a second. */
enum { ASKS_MS = 1100 };

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
		node_start(node);
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
	int64_t longest_ms = sim_is_fenced() ? 2 * MINUTE_MS :
	    8 * SECOND_MS;

	node->is_paused = true;
	node_set_able(node);
	*pause = (struct pause){ node, node->generation };
	sim_in(sim_between(100, longest_ms), NOBODY, on_resume, pause);
}

static void
kill_node(struct sim_node *node)
{
	sim_say("node %d is killed", node->index);
	node_crash(node);
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
			node_start(&sim.nodes[i]);
		else if (sim.nodes[i].is_paused)
			node_resume(&sim.nodes[i]);
	}
}

void
nodes_ask_time(void)
{
	for (int i = 0; i < sim.node_count; i++)
		ask_time(&sim.nodes[i]);
}
