/* SPDX-License-Identifier: MIT */
/* sim_people: customers who ask, specialists who call, somebody who decides. */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/submit.h"

enum { TRIES_MAX = 20 };

/* When the doors are open, since eight in the morning. */
enum { OPENS_MS = 1 * 3600 * 1000, CLOSES_MS = 11 * 3600 * 1000 };

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

/* ---- specialists */

static void
set_status(const char *id, enum status status, int64_t delay_ms)
{
	struct event event = { .kind = EVENT_STATUS, .status = status,
		.to = record_ref_specialist(id) };

	snprintf(event.by, sizeof(event.by), "%s", id);
	if (status == STATUS_PAUSED && sim_draw(2))
		event.at_ms = sim.now_ms + delay_ms +
		    sim_between(MINUTE_MS, 20 * MINUTE_MS);
	do_act(&event, delay_ms, 0);
}

static void
answer_offer(const struct specialist *s)
{
	struct event event = { .kind = EVENT_ACCEPT, .offer = s->offer,
		.to = record_ref_specialist(s->id) };
	unsigned mood = sim_draw(100);

	memcpy(event.request, s->request, sizeof(event.request));
	memcpy(event.by, s->id, sizeof(event.by));
	if (sim.is_quiet || mood < 65) {
		do_act(&event, sim_between(500, 12000), 0);
	} else if (mood < 78) {
		event.kind = EVENT_DECLINE;
		do_act(&event, sim_between(500, 12000), 0);
	} else if (mood < 86) {         /* at the last moment, or too late */
		do_act(&event, sim_between(18000, 24000), 0);
	} else if (mood < 92) {
		set_status(s->id, STATUS_OFF, sim_between(500, 9000));
		set_status(s->id, STATUS_AVAILABLE,
		    sim_between(20000, 20 * MINUTE_MS));
	}
}

static void
say_result(const struct specialist *s)
{
	struct event event = { .kind = EVENT_DISPOSED,
		.to = record_ref_request(s->request) };
	struct event ready = { .kind = EVENT_READY,
		.to = record_ref_specialist(s->id) };
	unsigned mood = sim_draw(100);
	const struct disposition *found =
	    &sim.policies[0].dispositions[mood < 60 ? 0 : sim_draw(4)];

	memcpy(event.disposition, found->id, sizeof(event.disposition));
	memcpy(event.by, s->id, sizeof(event.by));
	memcpy(ready.by, s->id, sizeof(ready.by));
	if (found->then == THEN_SCHEDULE && sim_draw(2))
		event.at_ms = sim.now_ms + sim_between(MINUTE_MS, HOUR_MS);
	if (sim.is_quiet)
		memcpy(event.disposition, sim.policies[0].dispositions[0].id,
		    sizeof(event.disposition));
	if (sim.is_quiet || mood < 90)
		do_act(&event, sim_between(2000, mood < 80 ? 60000 :
		    8 * MINUTE_MS), 0);
	if (mood >= 95)
		do_act(&ready, sim_between(500, 20000), 0);
}

void
people_see_specialist(const struct specialist *s)
{
	if (s->state == SPECIALIST_OFFERED && s->call == 0)
		answer_offer(s);
	else if (s->state == SPECIALIST_WRAPPING && !s->has_extended)
		say_result(s);
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

/* ---- customers who phone meanwhile, and hang up or are talked to */

static void
phone_us(const struct request *r)
{
	struct event event = { .kind = EVENT_CALLED_IN, .by = "telephone",
		.to = record_ref_request(r->id) };
	int64_t delay_ms = sim_between(0, 30 * SECOND_MS);

	if (r->state == REQUEST_CLOSED && sim_draw(3) == 0) {
		event.kind = EVENT_CALLED_BACK;
		event.at_ms = sim.now_ms + delay_ms + 20 * SECOND_MS;
		do_act(&event, delay_ms, 0);
	}
	if (r->state < REQUEST_SCHEDULED || r->state > REQUEST_CALLING ||
	    sim_draw(25) != 0)
		return;
	event.caller = CALLER_ON_HOLD;
	event.at_ms = sim.now_ms;
	do_act(&event, delay_ms, 0);
	event.caller = sim_draw(3) == 0 ? CALLER_SPOKE : CALLER_HUNG_UP;
	if (sim_draw(4) != 0)           /* now and then nobody says so */
		do_act(&event, delay_ms + sim_between(0, 5 * MINUTE_MS), 0);
}

/* ---- whoever decides what nobody else can */

void
people_see_request(const struct request *r, int was_state)
{
	struct event event = { .kind = EVENT_DISPOSED, .by = "chief",
		.to = record_ref_request(r->id) };
	unsigned mood = sim_draw(10);

	if (!sim.is_quiet)
		phone_us(r);
	/* Who is reminded looks again: what was decided may have been lost. */
	if (r->state != REQUEST_REFERRED || (was_state == REQUEST_REFERRED &&
	        !sim.is_quiet && sim_draw(2)))
		return;
	memcpy(event.disposition, sim.policies[0].dispositions[0].id,
	    sizeof(event.disposition));
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
		EVENT_DISPOSED };
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
	memcpy(event.disposition, sim.policies[0].dispositions[sim_draw(4)].id,
	    sizeof(event.disposition));
	sim_say("the chief: %s %s", event_kind_names[event.kind], r->id);
	do_act(&event, 0, 0);
}

/* Their settings are written anew. */
static void
on_new_settings(void *context, bool is_alive)
{
	(void)context;
	if (!is_alive || sim.is_quiet)
		return;
	sim_in(sim_gap(sim.traffic->reload_gap_ms), NOBODY, on_new_settings,
	    NULL);
	sim.settings = &sim.policies[sim_draw(POLICIES)];
	nodes_reload();
}

/* ---- customers */

static unsigned site_number;

struct asking {
	char member[256];
	int64_t at_ms;                  /* 0: as soon as possible */
	int node;
};

static void
on_submitted(void *context, uint64_t tag, const struct submit_result *result)
{
	(void)context;
	(void)tag;
	if (result->end == SUBMIT_ACCEPTED)
		check_accepted(result->request);
}

static void
on_http(void *context, bool is_alive)
{
	struct asking *asking = context;
	char score[24];
	struct submission submission = { .member = asking->member,
		.length = strlen(asking->member), .source = "http",
		.on_end = on_submitted };

	snprintf(score, sizeof(score), "%lld",
	    (long long)asking->at_ms / 1000);
	if (asking->at_ms != 0)
		submission.score = score;
	if (is_alive)
		submit(sim.nodes[asking->node].submitter, &submission);
	free(asking);
}

static void
on_website(void *context, bool is_alive)
{
	struct asking *asking = context;
	struct sim_node *node = is_alive ? nodes_any() : NULL;

	if (is_alive && sim_draw(3) != 0) {
		sim.keyspace.now_ms = sim_store_ms();
		keyspace_zadd(&sim.keyspace, "in", asking->member,
		    asking->at_ms / 1000);
		nodes_wake();
	} else if (node != NULL) {
		asking->node = node->index;
		sim_in(sim_between(5, 100), node->index, on_http, asking);
		return;
	}
	free(asking);
}

static void
send_member(const char *member, int64_t at_ms, int64_t delay_ms)
{
	struct asking *asking = sim_new(sizeof(*asking));

	snprintf(asking->member, sizeof(asking->member), "%s", member);
	asking->at_ms = at_ms;
	sim_in(delay_ms, NOBODY, on_website, asking);
}

static int64_t
day_ms(void)
{
	return (sim.now_ms - sim.start_ms) % DAY_MS;
}

bool
people_are_at_work(void)
{
	return !sim.traffic->has_nights || sim.is_quiet ||
	    (day_ms() >= OPENS_MS && day_ms() < CLOSES_MS);
}

/* In the first two hours of the next day. */
static int64_t
tomorrow(void)
{
	return sim.now_ms - day_ms() + (day_ms() < OPENS_MS ? 0 : DAY_MS) +
	    OPENS_MS + sim_between(0, 2 * HOUR_MS);
}

static void
on_customer(void *context, bool is_alive)
{
	char member[256], id[32];
	int64_t at_ms = 0;
	unsigned who = sim_draw((unsigned)sim.customer_count);

	(void)context;
	if (!is_alive || sim.is_quiet)
		return;
	sim_in(sim_between(1, 2 * (people_are_at_work() ? sim.gap_ms :
	    sim.night_gap_ms)), NOBODY, on_customer, NULL);
	snprintf(id, sizeof(id), "site-%08u", ++site_number);
	snprintf(member, sizeof(member), "{\"id\":\"%s\",\"phone\":"
	    "\"+7916%07u\",\"topic\":\"%s\",\"name\":\"C%u\"}", id,
	    1230000 + who, sim.queues[0][sim_draw(QUEUES)].id, who);
	if (!people_are_at_work())
		at_ms = tomorrow();
	else if (sim_draw(6) == 0)
		at_ms = sim.now_ms + sim_between(MINUTE_MS, 2 * HOUR_MS);
	sim.asked++;
	send_member(member, at_ms, 0);
	if (sim_draw(15) == 0)          /* the same form once more */
		send_member(member, at_ms, sim_between(0, MINUTE_MS));
	if (sim_draw(10) == 0) {
		snprintf(member, sizeof(member),
		    "{\"op\":\"cancel\",\"id\":\"%s\"}", id);
		send_member(member, 0, sim_between(500, 15 * MINUTE_MS));
	} else if (sim_draw(15) == 0) {
		snprintf(member, sizeof(member),
		    "{\"op\":\"move\",\"id\":\"%s\"}", id);
		send_member(member, sim.now_ms + sim_between(0, HOUR_MS),
		    sim_between(500, 10 * MINUTE_MS));
	}
}

static void
pause_one(size_t who, int64_t delay_ms, int64_t longest_ms)
{
	const char *id = sim.people[0][who].id;

	set_status(id, sim_draw(2) ? STATUS_OFF : STATUS_PAUSED, delay_ms);
	set_status(id, STATUS_AVAILABLE, delay_ms +
	    sim_between(MINUTE_MS, longest_ms));
}

static void
on_mood(void *context, bool is_alive)
{
	(void)context;
	if (!is_alive || sim.is_quiet)
		return;
	sim_in(sim_between(MINUTE_MS, HOUR_MS), NOBODY, on_mood, NULL);
	if (people_are_at_work())
		pause_one(sim_draw((unsigned)
		    sim.policies[0].specialist_count), 0, 40 * MINUTE_MS);
}

static void
on_morning(void *context, bool is_alive)
{
	(void)context;
	for (size_t i = 0; is_alive && i < sim.policies[0].specialist_count; i++)
		set_status(sim.people[0][i].id, STATUS_AVAILABLE,
		    sim_between(0, 5000));
}

/* They come at nine, eat one after the other, and go at seven. */
static void
on_day(void *context, bool is_alive)
{
	(void)context;
	if (!is_alive || sim.is_quiet)
		return;
	sim_in(DAY_MS, NOBODY, on_day, NULL);
	sim_in(OPENS_MS, NOBODY, on_morning, NULL);
	for (size_t i = 0; i < sim.policies[0].specialist_count; i++) {
		pause_one(i, OPENS_MS + 3 * HOUR_MS + (int64_t)i * 40 *
		    MINUTE_MS, 40 * MINUTE_MS);
		set_status(sim.people[0][i].id, STATUS_OFF, CLOSES_MS +
		    sim_between(0, 20 * MINUTE_MS));
	}
}

void
people_start(void)
{
	site_number = 0;
	if (sim.traffic->has_nights) {
		sim_in(0, NOBODY, on_day, NULL);
	} else {
		sim_in(5 * SECOND_MS, NOBODY, on_morning, NULL);
		sim_in(HOUR_MS, NOBODY, on_mood, NULL);
	}
	sim_in(10 * SECOND_MS, NOBODY, on_customer, NULL);
	sim_in(sim_gap(sim.traffic->chief_gap_ms), NOBODY, on_chief, NULL);
	sim_in(sim_gap(sim.traffic->reload_gap_ms), NOBODY, on_new_settings,
	    NULL);
}

void
people_quiet(void)
{
	sim.settings = &sim.policies[0];
	nodes_reload();
	for (int i = 1; i <= 2; i++)
		sim_in(i == 1 ? 2 * MINUTE_MS : 50 * MINUTE_MS, NOBODY,
		    on_morning, NULL);
}
