/* SPDX-License-Identifier: MIT */
/* sim_people: customers who ask, phone and change their minds; when the company
 * works, and when it gets other settings. */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/submit.h"
#include "daemon/suppress.h"

enum { MEMBER_SIZE = 320 };

/* When the doors are open, since eight in the morning. */
enum { OPENS_MS = 1 * 3600 * 1000, CLOSES_MS = 11 * 3600 * 1000 };

/* ---- customers who phone meanwhile, and hang up or are talked to */

void
customer_sees(const struct request *r)
{
	struct event event = { .kind = EVENT_CALLED_IN, .by = "telephone",
		.to = record_ref_request(r->id) };
	int64_t delay_ms = sim_between(0, 30 * SECOND_MS);

	if (r->state == REQUEST_CLOSED && sim_draw(3) == 0) {
		event.kind = EVENT_CALLED_BACK;
		event.at_ms = sim.now_ms + delay_ms + 20 * SECOND_MS;
		desk_do(&event, delay_ms);
	}
	if (r->state < REQUEST_SCHEDULED || r->state > REQUEST_CALLING ||
	    sim_draw(25) != 0)
		return;
	event.caller = CALLER_ON_HOLD;
	event.at_ms = sim.now_ms;
	desk_do(&event, delay_ms);
	event.caller = sim_draw(3) == 0 ? CALLER_SPOKE : CALLER_HUNG_UP;
	if (sim_draw(4) != 0)           /* now and then nobody says so */
		desk_do(&event, delay_ms + sim_between(0, 5 * MINUTE_MS));
}

/* ---- settings */

static void
change_settings(size_t policy)
{
	sim_say("the settings are %zu", policy);
	sim.settings = &sim.policies[policy];
	sim.settings_ms = sim.now_ms;
	nodes_reload();
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
	change_settings(sim_draw(POLICIES));
}

/* ---- customers */

static unsigned site_number;

struct asking {
	char member[MEMBER_SIZE];
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

/* ---- who wants no calls, or no messages, and then does */

static void
phone_of(unsigned who, char ret_phone[PHONE_SIZE])
{
	snprintf(ret_phone, PHONE_SIZE, "+7916%07u", 1230000 + who);
}

static bool
is_suppressed(unsigned who)
{
	char field[SUPPRESSED_FIELD_SIZE], phone[PHONE_SIZE];

	phone_of(who, phone);
	suppressed_calls_field(phone, field);
	return entry_get(keyspace_find(&sim.keyspace, SUPPRESSED_KEY),
	    field) != NULL;
}

struct wish {
	struct suppression suppression;
	int node;
};

static void
on_wish(void *context, bool is_alive)
{
	struct wish *wish = context;
	struct sim_node *node = &sim.nodes[wish->node];

	if (is_alive && store_knows_time(node->store))
		suppress(node->engine, node->store, node->policy,
		    &wish->suppression, NULL, NULL, 0);
	free(wish);
}

static void
wish(unsigned who, unsigned what, bool is_lifted)
{
	struct sim_node *node = nodes_any();
	struct wish *wish;

	if (node == NULL)
		return;
	wish = sim_new(sizeof(*wish));
	wish->node = node->index;
	wish->suppression = (struct suppression){ .what = what,
		.is_lifted = is_lifted, .why = is_lifted ? "START" : "STOP",
		.who = "customer" };
	phone_of(who, wish->suppression.phone);
	sim_in(sim_between(5, 60), node->index, on_wish, wish);
}

static void
write_form(char member[MEMBER_SIZE], const char *id, unsigned who)
{
	char more[80] = "";

	if (sim_draw(8) == 0)
		snprintf(more, sizeof(more), ",\"specialist\":\"s%u\"",
		    sim_draw(PEOPLE_MAX));
	else if (sim_draw(12) == 0)
		snprintf(more, sizeof(more), ",\"waiting_since\":%lld",
		    (long long)(sim_store_ms() / 1000 - sim_between(0, 600)));
	snprintf(member, MEMBER_SIZE, "{\"id\":\"%s\",\"phone\":"
	    "\"+7916%07u\",\"topic\":\"%s\",\"name\":\"C%u\",\"sms\":%s%s}", id,
	    1230000 + who, sim.queues[0][sim_draw(QUEUES)].id, who,
	    sim_draw(4) != 0 ? "true" : "false", more);
}

static void
on_customer(void *context, bool is_alive)
{
	char member[MEMBER_SIZE], id[32];
	int64_t at_ms = 0;
	unsigned who = sim_draw((unsigned)sim.customer_count);

	(void)context;
	if (!is_alive || sim.is_quiet)
		return;
	sim_in(sim_between(1, 2 * (people_are_at_work() ? sim.gap_ms :
	    sim.night_gap_ms)), NOBODY, on_customer, NULL);
	snprintf(id, sizeof(id), "site-%08u", ++site_number);
	write_form(member, id, who);
	if (is_suppressed(who) && sim_draw(4) != 0)
		wish(who, SUPPRESS_CALLS | SUPPRESS_MESSAGES, true);
	if (!people_are_at_work())
		at_ms = tomorrow();
	else if (sim_draw(6) == 0)
		at_ms = sim.now_ms + sim_between(MINUTE_MS, 2 * HOUR_MS);
	sim.asked++;
	send_member(member, at_ms, 0);
	if (sim_draw(100) == 0)
		wish(who, 1 + sim_draw(3), sim_draw(3) == 0);
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

	desk_set_status(id, sim_draw(2) ? STATUS_OFF : STATUS_PAUSED, delay_ms);
	desk_set_status(id, STATUS_AVAILABLE, delay_ms +
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
		desk_set_status(sim.people[0][i].id, STATUS_AVAILABLE,
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
		desk_set_status(sim.people[0][i].id, STATUS_OFF, CLOSES_MS +
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
	sim_in(sim_gap(sim.traffic->reload_gap_ms), NOBODY, on_new_settings,
	    NULL);
}

void
people_quiet(void)
{
	change_settings(0);
	for (int i = 1; i <= 2; i++)
		sim_in(i == 1 ? 2 * MINUTE_MS : 50 * MINUTE_MS, NOBODY,
		    on_morning, NULL);
}
