/* SPDX-License-Identifier: MIT */
/*
 * sim: see sim.h.
 *
 *   sim                      fixed seeds, a company's day, then ten seconds of
 *                            fresh seeds
 *   sim --seed N             that seed alone
 *   sim --seconds S          fresh seeds for so long; each that fails is printed
 *     --first N              for --seconds: the first seed, else of the clock
 *     --traffic NAME         dense: everything at once, for six hours; company:
 *                            a week of a company like that of PRODUCT 1; shop:
 *                            a week of two people who have forty requests a day
 *     --hours H              instead of those
 *     --nodes N              (3)
 *     --plant NAME           a defect of lib/fault.c is there
 *     --trace                the story of it
 * Exits 1 when a seed failed.
 */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/fault.h"

/* A node that crashes frees nothing: what it had in hand is gone with it. */
int __lsan_is_turned_off(void);

int
__lsan_is_turned_off(void)
{
	return 1;
}

enum { SWEEP_EVERY = 4096, QUIET_HOURS = 50, CHECK_SECONDS = 10,
	COMPANY_CHECK_HOURS = 14 };

struct sim sim;

/* What a node had in memory when it was killed is lost, not leaked. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

static struct {
	uint64_t seed, first;
	bool has_seed, has_first;
	double seconds, hours;
	int nodes;
	const struct sim_traffic *traffic;
	const char *plant;
	bool is_tracing;
} options = { .nodes = 3 };

/*
 * company: four people of whom each call takes six minutes, busy four fifths of
 * the ten hours between nine and seven: 320 requests, and 20 more by night. As
 * many faults to a request as in the dense traffic.
 * shop: two people and an eighth of that.
 */
static const struct sim_traffic traffics[] = {
	{ "dense", 6, false, 0, 0, 0, 64, 8 * MINUTE_MS, 4 * MINUTE_MS,
	    6 * MINUTE_MS, HOUR_MS, 45 * MINUTE_MS, 2 * HOUR_MS,
	    2 * HOUR_MS, 90 * MINUTE_MS },
	{ "company", 7 * 24, true, 4, 320, 20, 4000, 7 * MINUTE_MS,
	    10 * MINUTE_MS, 15 * MINUTE_MS, 2 * HOUR_MS, 12 * HOUR_MS,
	    6 * HOUR_MS, 6 * HOUR_MS, 4 * HOUR_MS },
	{ "shop", 7 * 24, true, 2, 40, 3, 500, 7 * MINUTE_MS,
	    80 * MINUTE_MS, 2 * HOUR_MS, 2 * HOUR_MS, 96 * HOUR_MS,
	    48 * HOUR_MS, 48 * HOUR_MS, 32 * HOUR_MS },
};

/* ---- one seed */

static void
begin(uint64_t seed)
{
	memset(&sim, 0, sizeof(sim));
	sim.seed = seed;
	sim.chance = seed * 0x9E3779B97F4A7C15u + 0x2545F4914F6CDD1Du;
	sim.is_tracing = options.is_tracing;
	sim.start_ms = INT64_C(1700000000000);
	sim.now_ms = sim.start_ms;
	sim.traffic = options.traffic;
	sim.faults_end_ms = sim.start_ms + (int64_t)((options.hours > 0 ?
	    options.hours : sim.traffic->hours) * (double)HOUR_MS);
	sim.node_count = options.nodes;
	for (int i = 0; i < 8; i++)
		sim_draw(2);
	sim.hook_loss = sim_draw(4) != 0 ? 20 : (unsigned)sim_between(1, 3);
	sim.customer_count = sim.traffic->has_nights ?
	    (int)sim.traffic->customers_max :
	    (int)sim_between(2, sim.traffic->customers_max);
	sim.loses_newest = sim_draw(4) == 0;
	company_found();
	lines_start();
	nodes_start();
	people_start();
	desk_start();
	faults_start();
	outages_start();
	store_starts();
}

static void
end(void)
{
	nodes_stop();
	sim_drop_events();
	lines_stop();
	texts_stop();
	store_stops();
	check_stop();
}

static void
run(const struct sim_event *event)
{
	struct sim_node *node = event->node == NOBODY ? NULL :
	    &sim.nodes[event->node];

	if (node != NULL && (!node->is_up ||
	        event->generation != node->generation)) {
		event->handler(event->context, false);
		return;
	}
	if (node != NULL && node->is_paused) {
		sim_put(&node->backlog, event);
		return;
	}
	sim.running = node;
	if (node != NULL)
		node->is_idle = false;
	event->handler(event->context, true);
	if (node != NULL && !node->is_idle)
		node_run(node);
	sim.running = NULL;
}

/* Nothing is left to do but what repeats for ever. */
static bool
is_over(void)
{
	const struct entry *active = keyspace_find(&sim.keyspace, "active");

	if (keyspace_find(&sim.keyspace, "in") != NULL || lines_live() > 0)
		return false;
	for (size_t i = 0; active != NULL && i < active->count; i++) {
		const char *key = active->items[i].name;
		const struct specialist *s = sim_see(key);

		if (strncmp(key, "specialist:", 11) != 0 ||
		    (s != NULL && !check_is_free(s)))
			return false;
	}
	return true;
}

static void
go_quiet(void)
{
	sim_say("no more faults");
	sim.is_quiet = true;
	faults_stop();
	people_quiet();
}

static void
housekeeping(int64_t *next_ms)
{
	keyspace_expire(&sim.keyspace, sim_store_ms());
	lines_expire();
	texts_expire();
	*next_ms = sim.now_ms + 5 * MINUTE_MS;
}

static bool
play(uint64_t seed)
{
	struct sim_event event;
	int64_t clean_ms;

	begin(seed);
	clean_ms = sim.now_ms;
	while (sim.fault[0] == '\0' && sim_next(&event)) {
		sim.now_ms = event.at_ms;
		sim.event_count++;
		if (sim.now_ms >= clean_ms) {
			housekeeping(&clean_ms);
			if (sim.is_quiet && sim.now_ms > sim.faults_end_ms +
			    HOUR_MS && is_over()) {
				event.handler(event.context, false);
				break;
			}
		}
		if (!sim.is_quiet && sim.now_ms >= sim.faults_end_ms)
			go_quiet();
		run(&event);
		check_moment();
		if (sim.event_count % SWEEP_EVERY == 0)
			check_sweep();
		if (sim.now_ms > sim.faults_end_ms + QUIET_HOURS * HOUR_MS)
			break;
	}
	if (sim.fault[0] == '\0') {
		check_sweep();
		check_end();
	}
	end();
	return sim.fault[0] == '\0';
}

/* ---- many seeds */

static struct {
	uint64_t seeds, failed, events, commits, closed, rings, missed;
	double days;
} total;

static double
wall_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool
try_seed(uint64_t seed)
{
	bool is_ok = play(seed);

	total.seeds++;
	total.failed += !is_ok;
	total.events += sim.event_count;
	total.commits += sim.commits;
	total.closed += sim.closed;
	total.rings += sim.rings;
	total.missed += sim.missed;
	total.days += (double)(sim.now_ms - sim.start_ms) /
	    (24.0 * (double)HOUR_MS);
	if (!is_ok)
		printf("# seed %" PRIu64 " --traffic %s --nodes %d: event %"
		    PRIu64 ": %s\n", seed, sim.traffic->name,
		    sim.node_count, sim.event_count, sim.fault);
	fflush(stdout);
	return is_ok;
}

static void
say_total(double since_s)
{
	double seconds = wall_s() - since_s;
	double busy = (double)clock() / CLOCKS_PER_SEC;

	printf("# %" PRIu64 " seeds, %" PRIu64 " failed; %.1f days, %" PRIu64
	    " events, %" PRIu64 " commits, %" PRIu64 " requests closed, %"
	    PRIu64 " rings, %" PRIu64 " promises missed\n", total.seeds,
	    total.failed, total.days, total.events, total.commits,
	    total.closed, total.rings, total.missed);
	printf("# in %.1f s, %.1f of the processor; of that %.2f days/s, %.0f "
	    "events/s, %.0f requests/s\n", seconds, busy, total.days / busy,
	    (double)total.events / busy, (double)total.closed / busy);
}

/* With a defect planted the first seed that finds it is enough. */
static void
try_for(double seconds, uint64_t first)
{
	double since_s = wall_s();

	for (uint64_t i = 0; wall_s() - since_s < seconds; i++) {
		if (!try_seed(first + i) && options.plant != NULL)
			break;
	}
}

static uint64_t
seed_of_clock(void)
{
	return (uint64_t)time(NULL) * 1000;
}

/* NULL: none. */
static const struct sim_traffic *
traffic_named(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(traffics); i++) {
		if (strcmp(traffics[i].name, name) == 0)
			return &traffics[i];
	}
	return NULL;
}

static void
try_found(void)
{
	/* Each found something once, and may tell another story by now: a
	 * commit of what was stepped on a wrong clock, a list of askers that was
	 * gone, a version that Redis had lost, a clock set back during a talk,
	 * an offer let go of beside the wrong request. */
	static const struct { uint64_t seed; int nodes; } found[] = {
		{ 400118, 3 }, { 5042, 3 }, { 6227, 3 }, { 7, 1 }, { 1, 1 } };

	for (size_t i = 0; i < COUNT_OF(found); i++) {
		options.nodes = found[i].nodes;
		try_seed(found[i].seed);
	}
}

static int
run_checks(void)
{
	uint64_t first = options.has_first ? options.first : seed_of_clock();
	int nodes = options.nodes;
	uint64_t failed;

	printf("1..3\n");
	for (uint64_t seed = 1; seed <= 2; seed++)
		try_seed(seed);
	try_found();
	options.nodes = nodes;
	printf("%s 1 - seeds that are always tried\n",
	    total.failed == 0 ? "ok" : "not ok");
	failed = total.failed;
	options.traffic = traffic_named("company");
	options.hours = COMPANY_CHECK_HOURS;
	try_seed(1);
	printf("%s 2 - a company's day\n",
	    total.failed == failed ? "ok" : "not ok");
	failed = total.failed;
	options.traffic = traffic_named("dense");
	options.hours = 0;
	printf("# fresh seeds from %" PRIu64 "\n", first);
	try_for(CHECK_SECONDS, first);
	printf("%s 3 - seeds of this moment\n",
	    total.failed == failed ? "ok" : "not ok");
	return total.failed > 0;
}

/* ---- the command line */

static bool
read_options(int argc, char **argv)
{
	options.traffic = &traffics[0];
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i];
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(name, "--trace") == 0) {
			options.is_tracing = true;
			continue;
		}
		i++;
		if (strcmp(name, "--seed") == 0) {
			options.seed = strtoull(value, NULL, 10);
			options.has_seed = true;
		} else if (strcmp(name, "--first") == 0) {
			options.first = strtoull(value, NULL, 10);
			options.has_first = true;
		} else if (strcmp(name, "--seconds") == 0) {
			options.seconds = strtod(value, NULL);
		} else if (strcmp(name, "--hours") == 0) {
			options.hours = strtod(value, NULL);
		} else if (strcmp(name, "--nodes") == 0) {
			options.nodes = atoi(value);
		} else if (strcmp(name, "--traffic") == 0) {
			options.traffic = traffic_named(value);
		} else if (strcmp(name, "--plant") == 0) {
			options.plant = value;
		} else {
			return false;
		}
	}
	return options.nodes >= 1 && options.nodes <= NODES_MAX &&
	    options.hours >= 0 && options.traffic != NULL;
}

int
main(int argc, char **argv)
{
	double since_s = wall_s();
	int status = 0;

	/* Nodes come and go: their memory is not given back to the system. */
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
	if (!read_options(argc, argv)) {
		fprintf(stderr, "usage: sim [--seed N | --seconds S "
		    "[--first N]] [--traffic dense|company|shop] [--hours H] "
		    "[--nodes N] [--plant NAME] [--trace]\n");
		return 2;
	}
#ifdef WITH_CRASHPOINTS
	fault_plant(options.plant);
#else
	if (options.plant != NULL) {
		fprintf(stderr, "sim: built without planted defects\n");
		return 2;
	}
#endif
	if (options.has_seed) {
		status = !try_seed(options.seed);
	} else if (options.seconds > 0) {
		uint64_t first = options.has_first ? options.first :
		    seed_of_clock();

		printf("# seeds from %" PRIu64 "\n", first);
		try_for(options.seconds, first);
		status = total.failed > 0;
	} else {
		status = run_checks();
	}
	say_total(since_s);
	return status;
}
