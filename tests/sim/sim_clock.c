/* SPDX-License-Identifier: MIT */
/*
 * sim_clock: the events in order, chance, and what the daemon's modules take
 * from the machine (its clock, its random bytes, its log), from here instead.
 */
#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "daemon/log.h"

void *
sim_new(size_t size)
{
	void *memory = calloc(1, size);

	CHECK(memory != NULL);
	return memory;
}

/* ---- chance */

unsigned
sim_draw(unsigned below)
{
	sim.chance = sim.chance * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((sim.chance >> 33) * (uint64_t)below >> 31);
}

int64_t
sim_between(int64_t low, int64_t high)
{
	return low + (int64_t)sim_draw((unsigned)(high - low + 1));
}

bool
sim_fault_in(unsigned one_in)
{
	return !sim.is_quiet && sim_draw(one_in) == 0;
}

int64_t
sim_gap(int64_t mean_ms)
{
	return sim_between(SECOND_MS, 2 * mean_ms);
}

int
RAND_bytes(unsigned char *bytes, int count)
{
	for (int i = 0; i < count; i++)
		bytes[i] = (unsigned char)sim_draw(256);
	return 1;
}

/* How far probes of several nodes are apart rests on it. */
pid_t
getpid(void)
{
	return 1000 + (sim.running != NULL ? sim.running->index : 0);
}

/* ---- the clock of whoever runs */

static int
sim_gettime(struct timespec *ret_time)
{
	int64_t ms = sim.now_ms - sim.start_ms + HOUR_MS +
	    (sim.running != NULL ? sim.running->shift_ms : 0);

	ret_time->tv_sec = (time_t)(ms / 1000);
	ret_time->tv_nsec = (long)(ms % 1000 * 1000000);
	return 0;
}

/* The daemon's own estimate of Redis's time, over that clock. */
#define clock_gettime(clock, time) sim_gettime(time)
#include "daemon/clock.c"
#undef clock_gettime

void
log_event(enum log_level level, const char *event, const char *format, ...)
{
	char text[400];
	va_list arguments;

	if (!sim.is_tracing || level > LOG_LEVEL_INFO)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	sim_say("node %d: %s %s", sim.running != NULL ? sim.running->index :
	    NOBODY, event, text);
}

const char *
log_phone(const char *e164, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s", e164);
	return buffer;
}

/* ---- events: a heap */

static bool
is_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_ms < b->at_ms ||
	    (a->at_ms == b->at_ms && a->serial < b->serial);
}

void
sim_put(struct sim_events *events, const struct sim_event *event)
{
	if (events->count == events->room) {
		events->room = events->room * 2 + 64;
		events->items = realloc(events->items,
		    events->room * sizeof(*events->items));
		CHECK(events->items != NULL);
	}
	events->items[events->count++] = *event;
}

void
sim_at(int64_t at_ms, int node, sim_handler *handler, void *context)
{
	struct sim_event event = { at_ms > sim.now_ms ? at_ms : sim.now_ms,
		++sim.serial, handler, context, node,
		node == NOBODY ? 0 : sim.nodes[node].generation };
	struct sim_events *heap = &sim.events;
	size_t at = heap->count;

	sim_put(heap, &event);
	while (at > 0 && is_before(&event, &heap->items[(at - 1) / 2])) {
		heap->items[at] = heap->items[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap->items[at] = event;
}

void
sim_in(int64_t delay_ms, int node, sim_handler *handler, void *context)
{
	sim_at(sim.now_ms + delay_ms, node, handler, context);
}

bool
sim_next(struct sim_event *ret_event)
{
	struct sim_events *heap = &sim.events;
	struct sim_event last;
	size_t at = 0;

	if (heap->count == 0)
		return false;
	*ret_event = heap->items[0];
	last = heap->items[--heap->count];
	for (;;) {
		size_t child = at * 2 + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count &&
		    is_before(&heap->items[child + 1], &heap->items[child]))
			child++;
		if (!is_before(&heap->items[child], &last))
			break;
		heap->items[at] = heap->items[child];
		at = child;
	}
	if (heap->count > 0)
		heap->items[at] = last;
	return true;
}

void
sim_drop_events(void)
{
	for (size_t i = 0; i < sim.events.count; i++)
		sim.events.items[i].handler(sim.events.items[i].context,
		    false);
	free(sim.events.items);
	memset(&sim.events, 0, sizeof(sim.events));
}
