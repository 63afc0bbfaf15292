/* SPDX-License-Identifier: MIT */
/*
 * sim_store: what happens to Redis itself. Its clock is set forwards and back,
 * and where it flushes every second it comes back without the newest of what
 * it had acknowledged.
 */
#include "tests/sim/sim.h"

#include <string.h>

enum { LOST_MAX_MS = 2000 };

static struct keyspace kept;            /* as it will come back */

int64_t
sim_store_ms(void)
{
	return sim.now_ms + sim.store_shift_ms;
}

static void
set_clock(int64_t shift_ms)
{
	int64_t by_ms = shift_ms - sim.store_shift_ms;

	sim_say("the store's clock is set by %lld ms", (long long)by_ms);
	sim.store_shift_ms = shift_ms;
	sim.store_set_ms = sim.now_ms;
	sim.store_back_ms = by_ms < 0 ? -by_ms : 0;
	sim.outlook.changes = 0;
	nodes_ask_time();
}

static void
on_clock(void *context, bool is_alive)
{
	/* Where nothing but look-ups keeps a customer from being rung again, a
	 * lease must not pass at once. */
	int64_t most_ms = sim_is_fenced() ? 5 * MINUTE_MS :
	    8 * SECOND_MS;

	(void)context;
	if (!is_alive || sim.is_quiet)
		return;
	sim_in(sim_gap(sim.traffic->clock_gap_ms), NOBODY, on_clock, NULL);
	set_clock(sim_draw(3) == 0 ? 0 : sim_between(-most_ms, most_ms));
}

static void on_loss(void *context, bool is_alive);

/* What it has flushed by now is what it will find. */
static void
on_flushed(void *context, bool is_alive)
{
	(void)context;
	if (!is_alive || sim.is_quiet)
		return;
	keyspace_copy(&sim.keyspace, &kept);
	check_keep();
	sim_in(sim_between(50, LOST_MAX_MS), NOBODY, on_loss, NULL);
}

static void
on_loss(void *context, bool is_alive)
{
	uint64_t changes = sim.keyspace.changes;

	(void)context;
	if (!is_alive)
		return;
	sim_say("the store is killed and comes back as it was");
	sim.store_life++;
	lines_lose(&kept);
	texts_lose(&kept);
	keyspace_fini(&sim.keyspace);
	sim.keyspace = kept;
	sim.keyspace.changes += changes + 1;
	memset(&kept, 0, sizeof(kept));
	check_go_back();
	nodes_cut();
	sim_in(sim_gap(sim.traffic->loss_gap_ms), NOBODY, on_flushed, NULL);
}

void
store_starts(void)
{
	sim_in(sim_gap(sim.traffic->clock_gap_ms), NOBODY, on_clock, NULL);
	if (sim.loses_newest)
		sim_in(sim_gap(sim.traffic->loss_gap_ms), NOBODY, on_flushed,
		    NULL);
}

void
store_stops(void)
{
	keyspace_fini(&sim.keyspace);
	keyspace_fini(&kept);
}
