/* SPDX-License-Identifier: MIT */
/*
 * sim_desk: the people of the company, and each thing that a desk, callbackctl
 * or a telephone system may post for them: specialists who are asked, call, say
 * how it ended, are on another call; somebody who decides and supervises.
 */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRIES_MAX = 20 };

/* ---- what somebody does at a desk */

struct act {
	struct event event;
	int node, tries;
};

static void do_act(const struct event *event, int64_t delay_ms, int tries);

static void
on_acted(void *context, uint64_t tag, const struct engine_result *result)
{
	struct act *act = context;

	(void)tag;
	if (result->end == ENGINE_DONE && act->event.kind == EVENT_REOPENED)
		check_accepted(result->after->request.next);
	if (result->end == ENGINE_UNAVAILABLE && act->tries < TRIES_MAX)
		do_act(&act->event, SECOND_MS, act->tries + 1);
	free(act);
}

static void
on_act(void *context, bool is_alive)
{
	struct act *act = context;
	struct engine_order order = { .event = act->event,
		.on_result = on_acted, .context = act };

	if (!is_alive) {
		free(act);
		return;
	}
	if (engine_post(sim.nodes[act->node].engine, &order))
		return;
	if (act->tries < TRIES_MAX)
		do_act(&act->event, SECOND_MS, act->tries + 1);
	free(act);
}

struct wish {
	struct event event;
	int tries;
};

static void
on_wish(void *context, bool is_alive)
{
	struct wish *wish = context;
	struct sim_node *node = is_alive ? nodes_any() : NULL;
	struct act *act;

	if (node != NULL) {
		act = sim_new(sizeof(*act));
		act->event = wish->event;
		act->tries = wish->tries;
		act->node = node->index;
		sim_in(sim_between(5, 60), node->index, on_act, act);
	} else if (is_alive) {
		do_act(&wish->event, SECOND_MS, wish->tries);
	}
	free(wish);
}

static void
do_act(const struct event *event, int64_t delay_ms, int tries)
{
	struct wish *wish = sim_new(sizeof(*wish));

	wish->event = *event;
	wish->event.digit = -1;
	wish->tries = tries;
	sim_in(delay_ms, NOBODY, on_wish, wish);
}

void
desk_do(const struct event *event, int64_t delay_ms)
{
	do_act(event, delay_ms, 0);
}

/* ---- specialists */

static struct event
from(const char *id, enum event_kind kind)
{
	struct event event = { .kind = kind, .to = record_ref_specialist(id) };

	snprintf(event.by, sizeof(event.by), "%s", id);
	return event;
}

void
desk_set_status(const char *id, enum status status, int64_t delay_ms)
{
	struct event event = from(id, EVENT_STATUS);

	event.status = status;
	if (status == STATUS_PAUSED && sim_draw(2))
		event.at_ms = sim.now_ms + delay_ms +
		    sim_between(MINUTE_MS, 20 * MINUTE_MS);
	do_act(&event, delay_ms, 0);
}

static void
take_by_hand(const struct specialist *s)
{
	struct event event = { .kind = EVENT_BY_HAND,
		.to = record_ref_request(s->request) };

	memcpy(event.specialist, s->id, sizeof(event.specialist));
	memcpy(event.by, s->id, sizeof(event.by));
	do_act(&event, sim_between(500, 12000), 0);
}

static void
answer_offer(const struct specialist *s)
{
	struct event event = from(s->id, EVENT_ACCEPT);
	unsigned mood = sim_draw(100);

	event.offer = s->offer;
	memcpy(event.request, s->request, sizeof(event.request));
	if (sim.is_quiet || mood < 65) {
		do_act(&event, sim_between(500, 12000), 0);
	} else if (mood < 78) {
		event.kind = EVENT_DECLINE;
		do_act(&event, sim_between(500, 12000), 0);
	} else if (mood < 86) {         /* at the last moment, or too late */
		do_act(&event, sim_between(18000, 24000), 0);
	} else if (mood < 92) {
		desk_set_status(s->id, STATUS_OFF, sim_between(500, 9000));
		desk_set_status(s->id, STATUS_AVAILABLE,
		    sim_between(20000, 20 * MINUTE_MS));
	} else if (mood < 94) {
		take_by_hand(s);
	}
}

void
people_see_offer(const char *specialist, const char *request, int offer)
{
	const struct specialist *s = sim_see_specialist(specialist);

	if (s != NULL && s->state == SPECIALIST_OFFERED &&
	    s->offer == offer && strcmp(s->request, request) == 0)
		answer_offer(s);
}

/* Who has no desk sees an offer when its message comes. */
static bool
has_desk(const char *id)
{
	const struct specialist_policy *who =
	    policy_specialist(&sim.policies[0], id);

	return who == NULL || who->offer != OFFER_SMS;
}

static void
say_result(const struct specialist *s)
{
	struct event event = { .kind = EVENT_DISPOSED,
		.to = record_ref_request(s->request) };
	struct event ready = from(s->id, EVENT_READY);
	struct event extend = from(s->id, EVENT_EXTEND);
	unsigned mood = sim_draw(100);

	strcpy(event.disposition, sim_result(sim.is_quiet || mood < 60));
	memcpy(event.by, s->id, sizeof(event.by));
	if (strcmp(event.disposition, "later") == 0 && sim_draw(2))
		event.at_ms = sim.now_ms + sim_between(MINUTE_MS, HOUR_MS);
	if (strcmp(event.disposition, "pass") == 0 && sim_draw(2))
		memcpy(event.queue, sim.queues[0][sim_draw(QUEUES)].id,
		    ID_SIZE);
	if (sim.is_quiet || mood < 90)
		do_act(&event, sim_between(2000, mood < 80 ? 60000 :
		    8 * MINUTE_MS), 0);
	for (int i = sim.is_quiet || sim_draw(8) != 0 ? 0 : 2; i > 0; i--)
		do_act(&extend, sim_between(500, 20000), 0);
	if (mood >= 95)
		do_act(&ready, sim_between(500, 20000), 0);
}

void
people_see_specialist(const struct specialist *s)
{
	if (s->state == SPECIALIST_OFFERED && s->call == 0 && has_desk(s->id))
		answer_offer(s);
	else if (s->state == SPECIALIST_WRAPPING && !s->has_extended)
		say_result(s);
}

/* Somebody telephones who is nothing to do with this; now and then nobody says
 * that it is over. */
static void
on_other_call(void *context, bool is_alive)
{
	int64_t people = (int64_t)sim.policies[0].specialist_count;
	const char *id = sim.people[0][sim_draw((unsigned)people)].id;
	struct event event = from(id, EVENT_ELSEWHERE);
	struct event back = from(id, EVENT_BACK);

	(void)context;
	if (!is_alive || sim.is_quiet)
		return;
	sim_in(sim_gap(sim.traffic->elsewhere_gap_ms / people), NOBODY,
	    on_other_call, NULL);
	if (sim_draw(2))
		event.at_ms = sim_store_ms() +
		    sim_between(10 * SECOND_MS, 20 * MINUTE_MS);
	do_act(&event, 0, 0);
	if (sim_draw(6) != 0)
		do_act(&back, sim_between(5 * SECOND_MS, 15 * MINUTE_MS), 0);
}

/* An open desk says so, and who does something there says who it is. */
static void
on_desk(void *context, bool is_alive)
{
	struct event event;

	(void)context;
	if (!is_alive)
		return;
	for (size_t i = 0; i < sim.policies[0].specialist_count; i++) {
		event = from(sim.people[0][i].id, EVENT_PRESENT);
		if (sim_draw(4) != 0)
			event.by[0] = '\0';
		if (sim.is_quiet || sim_draw(8) != 0)
			do_act(&event, sim_between(0, MINUTE_MS), 0);
	}
	sim_in(8 * MINUTE_MS, NOBODY, on_desk, NULL);
}

/* ---- by hand */

struct dial {
	struct call call;
	int step;
};

static void on_dial(void *context, bool is_alive);

static void
dial_later(const struct call *call, int step, int64_t delay_ms)
{
	struct dial *dial = sim_new(sizeof(*dial));

	dial->call = *call;
	dial->step = step;
	sim_in(delay_ms, NOBODY, on_dial, dial);
}

static void
report(const struct call *call, enum call_progress progress,
    enum call_outcome outcome)
{
	struct event event = { .kind = EVENT_PROGRESS, .progress = progress,
		.outcome = outcome,
		.to = record_ref_call(call->request, call->n) };

	memcpy(event.by, call->specialist, sizeof(event.by));
	do_act(&event, sim_between(100, 2000), 0);
}

static void
on_dial(void *context, bool is_alive)
{
	struct dial *dial = context;
	const struct call *call = is_alive ? sim_see_call(dial->call.request,
	    dial->call.n) : NULL;

	if (call == NULL || call->state != CALL_LIVE ||
	    call->placed_at_ms != dial->call.placed_at_ms) {
		free(dial);
		return;
	}
	switch (dial->step) {
	case 0:
		lines_ring_by_hand(&dial->call);
		report(&dial->call, PROGRESS_CUSTOMER_RINGING, OUTCOME_NONE);
		dial_later(&dial->call, sim_draw(4) == 0 ? 3 : 1,
		    sim_between(3000, 20000));
		break;
	case 1:
		report(&dial->call, PROGRESS_CUSTOMER_UP, OUTCOME_NONE);
		dial_later(&dial->call, 2, sim_between(4000, 5 * MINUTE_MS));
		break;
	default:
		lines_over_by_hand(dial->call.request, dial->call.n);
		/* Now and then nobody says that it is over. */
		if (!sim_fault_in(20))
			report(&dial->call, PROGRESS_OVER, dial->step == 2 ?
			    OUTCOME_ANSWERED : OUTCOME_NO_ANSWER);
		break;
	}
	free(dial);
}

void
people_see_call(const struct call *call, int was_state)
{
	if (!call_is_by_hand(call))
		return;
	if (call->state == CALL_ENDED)
		lines_over_by_hand(call->request, call->n);
	else if (was_state == CALL_NONE && !sim_fault_in(30))
		dial_later(call, 0, sim_between(2000, 15000));
	else if (call->remind_count > 0)
		dial_later(call, 2, sim_between(2000, MINUTE_MS));
}

/* ---- whoever decides what nobody else can */

void
people_see_request(const struct request *r, int was_state)
{
	struct event event = { .kind = EVENT_DISPOSED, .by = "chief",
		.to = record_ref_request(r->id) };
	unsigned mood = sim_draw(10);

	if (!sim.is_quiet)
		customer_sees(r);
	/* Who is reminded looks again: what was decided may have been lost. */
	if (r->state != REQUEST_REFERRED || (was_state == REQUEST_REFERRED &&
	        !sim.is_quiet && sim_draw(2)))
		return;
	strcpy(event.disposition, sim_result(true));
	if (!sim.is_quiet && mood < 3)
		event.kind = EVENT_REQUEUED;
	else if (mood < 5)
		event.kind = EVENT_CANCELLED;
	do_act(&event, sim_between(30 * SECOND_MS, 25 * MINUTE_MS), 0);
}

static const struct request *
some_request(void)
{
	const struct keyspace *all = &sim.keyspace;
	size_t first = all->count == 0 ? 0 : sim_draw((unsigned)all->count);

	for (size_t i = 0; i < all->count; i++) {
		const char *key = all->entries[(first + i) % all->count]->key;

		if (strncmp(key, "request:", 8) == 0)
			return sim_see(key);
	}
	return NULL;
}

/* What a supervisor does, to whatever request. */
static void
on_chief(void *context, bool is_alive)
{
	static const enum event_kind moves[] = { EVENT_REOPENED,
		EVENT_ASSIGNED, EVENT_NOTED, EVENT_CANCELLED, EVENT_REQUEUED,
		EVENT_DISPOSED, EVENT_BY_HAND };
	struct event event = { .kind = moves[sim_draw(COUNT_OF(moves))],
		.by = "chief" };
	const struct request *r;

	(void)context;
	if (!is_alive || sim.is_quiet)
		return;
	sim_in(sim_gap(sim.traffic->chief_gap_ms), NOBODY, on_chief, NULL);
	r = people_are_at_work() ? some_request() : NULL;
	/* Mostly what they do it for: what is over is reopened. */
	if (r == NULL || (sim_draw(4) != 0 && (r->state == REQUEST_CLOSED) !=
	    (event.kind == EVENT_REOPENED)))
		return;
	event.to = record_ref_request(r->id);
	event.note = event.kind == EVENT_NOTED ? "Asked\nfor Anna." : NULL;
	memcpy(event.specialist, sim.people[0][sim_draw((unsigned)
	    sim.policies[0].specialist_count)].id, ID_SIZE);
	if (sim_draw(2))
		memcpy(event.queue, sim.queues[0][sim_draw(QUEUES)].id,
		    ID_SIZE);
	strcpy(event.disposition, sim_result(false));
	sim_say("the chief: %s %s", event_kind_names[event.kind], r->id);
	do_act(&event, 0, 0);
}

void
desk_start(void)
{
	sim_in(sim_gap(sim.traffic->chief_gap_ms), NOBODY, on_chief, NULL);
	sim_in(sim_gap(sim.traffic->elsewhere_gap_ms), NOBODY, on_other_call,
	    NULL);
	if (sim.presence_ms > 0)
		sim_in(MINUTE_MS, NOBODY, on_desk, NULL);
}
