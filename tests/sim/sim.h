/* SPDX-License-Identifier: MIT */
/*
 * sim: a company, its nodes, its Redis and its telephone providers in one
 * process and one seeded clock. What runs in each node is the daemon's own
 * engine, matcher, pulls, intake, breaker and suppression over the core; below
 * them is a simulated link to a store in memory (tests/store/keyspace, held
 * against the scripts). Not in it: the audit, alarms, calls to our own lines
 * (only what they tell of a customer), what is buried, and HTTP.
 * Everything that happens is a discrete event; the same seed is the same story.
 *
 * After every event the invariants are looked at (sim_check); the first that is
 * broken is told by sim_blame and ends the run.
 */
#ifndef CALLBACKD_TESTS_SIM_H
#define CALLBACKD_TESTS_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/engine.h"
#include "lib/provider_health.h"
#include "lib/life.h"
#include "tests/store/keyspace.h"

#define SIM_SITE "{sim}:"
#define SIM_QUEUE_0 "cards"
#define SIM_QUEUE_1 "loans"
#define SIM_LINE_0 "line"
#define SIM_LINE_1 "spare"
#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)

#define DAY_MS (24 * HOUR_MS)

enum { NODES_MAX = 8, PEOPLE_MAX = 12, QUEUES = 2, POLICIES = 5, LINES = 2,
	NOBODY = -1 };

/* How much happens. What goes wrong is in proportion to what there is to do. */
struct sim_traffic {
	const char *name;
	double hours;                   /* with faults, of a seed */
	bool has_nights;                /* doors open at nine and close at seven */
	size_t people;                  /* then; else some */
	int by_day, by_night;           /* requests, then */
	unsigned customers_max;
	int64_t talk_max_ms;
	/* From nothing to twice the mean between two: */
	int64_t fault_gap_ms;           /* of the nodes and their connections */
	int64_t chief_gap_ms;           /* what a supervisor does */
	int64_t elsewhere_gap_ms;       /* of each, calls that are none of ours */
	int64_t outage_gap_ms;          /* of a provider */
	int64_t reload_gap_ms, clock_gap_ms, loss_gap_ms;
};

/* What a customer's ring rests on. */
enum sim_fence { BY_ANSWER, BY_KEY, BY_NONE, BY_HAND, FENCES };

/* ---- time: sim_clock.c */

/* Owns its context. !is_alive: the node it was for is gone; only to be freed. */
typedef void sim_handler(void *context, bool is_alive);

struct sim_event {
	int64_t at_ms;
	uint64_t serial;
	sim_handler *handler;
	void *context;
	int node;                       /* whose loop runs it; NOBODY */
	unsigned generation;
};

struct sim_events {
	struct sim_event *items;  size_t count, room;
};

void sim_at(int64_t at_ms, int node, sim_handler *handler, void *context);
void sim_in(int64_t delay_ms, int node, sim_handler *handler, void *context);
/* The next event; false: there is none. */
bool sim_next(struct sim_event *ret_event);
void sim_put(struct sim_events *events, const struct sim_event *event);
void sim_drop_events(void);
unsigned sim_draw(unsigned below);
/* From low to high, both included. */
int64_t sim_between(int64_t low, int64_t high);
/* Faults happen until the quiet time; then never. */
bool sim_fault_in(unsigned one_in);
/* Around that, from nearly nothing to twice as much. */
int64_t sim_gap(int64_t mean_ms);
void *sim_new(size_t size);

/* ---- the company: sim_company.c */

/* Draws who there is, and all settings. */
void company_found(void);
/* The id of a disposition: what closes, or any, seldom one of a nuisance. */
const char *sim_result(bool is_done);
/* BY_HAND: no provider. */
enum sim_fence sim_fence_of(const char *provider);
/* Does every ring rest on our answer. */
bool sim_is_fenced(void);

/* ---- nodes: sim_node.c */

struct sim_node {
	int index;
	bool is_up, is_paused, is_linked, has_been_up;
	bool must_cut;                  /* its connection ended while it was paused */
	bool is_idle;                   /* this event was none: no pass */
	const struct policy *policy;
	unsigned generation;
	int64_t shift_ms;               /* its own clock before the true one */
	int64_t able_since_ms;          /* can do its work since; 0: cannot */
	int64_t timer_ms, phase_ms, tick_ms;
	int64_t asks_until_ms;          /* it claims, only to see the time */
	struct sim_events backlog;      /* while it is paused */
	struct redis_link *link;
	struct store *store;
	struct engine *engine;
	struct matcher *matcher;
	struct due_pull *due_pull;
	struct promise_scan *scan;
	struct roster *roster;
	struct submitter *submitter;
	struct health *health;
	uint64_t providers_seen;        /* of sim.provider_changes */
	bool is_reading_inbox;
	size_t inbox_in_hand;
	int64_t inbox_next_ms;
};

void nodes_start(void);
void nodes_stop(void);
/* One that can be reached now; NULL: none. */
struct sim_node *nodes_any(void);
/* A pass of its loop. */
void node_run(struct sim_node *node);
void node_start(struct sim_node *node);
void node_resume(struct sim_node *node);
/* kill -9. */
void node_crash(struct sim_node *node);
/* Since when it can do its work, from what it is. */
void node_set_able(struct sim_node *node);
/* Something changed in the store: whoever sleeps looks soon. */
void nodes_wake(void);
/* Each reads its settings again within a minute. */
void nodes_reload(void);
/* Since when at least one node could do its work; INT64_MAX: none can. */
int64_t nodes_able_since(void);

/* ---- what they tell their other modules: sim_hooks.c */

void hooks_set(struct sim_node *node, struct engine_hooks *ret_hooks);
void hooks_set_gate(struct sim_node *node);

/* ---- what they suffer: sim_faults.c */

void faults_start(void);
void faults_stop(void);
/* Its request was executed, its reply is not sent yet: now something happens. */
void node_suffer(struct sim_node *node);
/* The store's clock was set: within a second each idle node asks it something. */
void nodes_ask_time(void);
/* The store is gone: every connection ends, what was on its way is lost. */
void nodes_cut(void);

/* ---- the link to the store: sim_link.c */

enum { DELAY_MAX_MS = 150 };            /* one way */
/* The connection breaks now, and is back then. */
void link_cut(struct redis_link *link, int64_t back_in_ms);

/* ---- what the store suffers: sim_store.c */

/* Redis's own clock, which the promises are counted by. */
int64_t sim_store_ms(void);
void store_starts(void);
void store_stops(void);

/* ---- the providers: sim_line.c, sim_post.c */

void lines_start(void);
void lines_stop(void);
void lines_do(struct sim_node *node, const struct call *call, const struct effect *effect);
void lines_expire(void);
size_t lines_live(void);
/* Calls of that request in which the customer's phone rang, of the last hour. */
int lines_rung(const char *request);
/* A person dials by hand: the customer's phone rings. */
void lines_ring_by_hand(const struct call *call);
void lines_over_by_hand(const char *request, int n);
/* Calls that the store of before did not know of, or not that they might ring,
 * are known to nobody any more. */
void lines_lose(const struct keyspace *before);

/* Messages: sim_text.c. */
void texts_do(struct sim_node *node, const struct message *message,
    const struct effect *effect);
void texts_expire(void);
/* Those that the store of before did not know of may be sent once more. */
void texts_lose(const struct keyspace *before);
void texts_stop(void);

/* What became of an order, told to whoever gave it. */
struct sim_news {
	struct event event;
	const char *provider;           /* of whose health it says something; NULL */
	enum channel channel;
	enum health_news health;
	int node;
	uint64_t ask;                   /* of a question; 0: none */
};
void lines_tell(const struct sim_news *news, int64_t delay_ms);
/* How a provider is just now. */
enum outage { WORKS, UNREACHED, SILENT, BARRED };
enum outage lines_outage(const char *provider);
void outages_start(void);

/* ---- the company's people: sim_desk.c */

void desk_start(void);
/* Posted by some node, also when none can be reached just now. */
void desk_do(const struct event *event, int64_t delay_ms);
void desk_set_status(const char *id, enum status status, int64_t delay_ms);
/* A message about that offer has come. */
void people_see_offer(const char *specialist, const char *request, int offer);

/* ---- customers, days, settings: sim_people.c */

bool people_are_at_work(void);
void people_start(void);
void people_quiet(void);
void customer_sees(const struct request *request);
/* What people see of a record that was just written. */
void people_see_request(const struct request *request, int was_state);
void people_see_specialist(const struct specialist *specialist);
void people_see_call(const struct call *call, int was_state);

/* ---- what the store holds: sim_see.c */

/* NULL: no such record. Until it is written again. */
const void *sim_see(const char *key);
const struct request *sim_see_request(const char *id);
const struct specialist *sim_see_specialist(const char *id);
const struct call *sim_see_call(const char *request, int n);

/* When something can come of a pass: where nobody has anything to do, nobody's
 * clock ticks. INT64_MAX: never, as things are. */
struct sim_outlook {
	int64_t due_ms, promise_ms;     /* the first of each index, by our clock */
	int64_t match_ms;               /* somebody ready fits somebody who waits */
	bool has_inbox;
	uint64_t changes;               /* of which keyspace this is, plus one */
};
const struct sim_outlook *sim_look_out(void);

/* ---- what must hold: sim_check.c */

void check_commit(const struct arguments *arguments);
/* Is that how a commit is answered that was written now, whatever its turn is. */
bool check_is_done(const char *word);
/* An operation whose trace is still there is answered as done before. */
void check_replay(const struct arguments *arguments, const char *word);
/* By a node at that time of its own. */
void check_claimed(const char *key, int64_t asked_ms);
void check_moment(void);                /* after every event, cheap */
void check_sweep(void);                 /* every index against every record */
void check_end(void);                   /* after the quiet time */
/* Idle, or absent because nobody sits at their desk. */
bool check_is_free(const struct specialist *specialist);
void check_accepted(const char *request);
/* What is owed now is what will be owed when the store comes back as it is. */
void check_keep(void);
void check_go_back(void);
void check_stop(void);
void sim_blame(const char *format, ...) PRINTF_LIKE(1, 2);
void sim_say(const char *format, ...) PRINTF_LIKE(1, 2);

/* ---- all of it */

struct sim {
	uint64_t seed, chance, serial, event_count;
	int64_t now_ms, start_ms, faults_end_ms;
	bool is_tracing, is_quiet;
	char fault[400];
	struct sim_events events;
	struct keyspace keyspace;
	struct sim_outlook outlook;
	const struct sim_traffic *traffic;
	int64_t store_shift_ms;         /* the store's clock before ours */
	int64_t store_set_ms;           /* when it was set last */
	int64_t store_back_ms;          /* by how much back, then */
	uint64_t store_life;            /* it was started so many times */
	bool loses_newest;              /* when it is started again */
	struct policy policies[POLICIES];
	const struct policy *settings;  /* what the file says now: one of them */
	int64_t settings_ms;            /* since when */
	struct queue_policy queues[POLICIES][QUEUES];
	struct specialist_policy people[POLICIES][PEOPLE_MAX];
	size_t line_count;              /* 0: everybody dials by hand */
	struct provider_facts lines[LINES];
	enum sim_fence fences[LINES];
	bool writes;                    /* messages are sent */
	uint64_t provider_changes;      /* of what nodes told of providers */
	int64_t presence_ms;            /* who is not seen so long is absent; 0: never */
	struct sim_node nodes[NODES_MAX];  int node_count;
	struct sim_node *running;       /* whose loop runs; NULL */
	int customer_count;
	unsigned hook_loss;             /* one webhook in so many */
	int64_t gap_ms, night_gap_ms;   /* between two requests, in the middle */
	uint64_t commits, asked, closed, rings, missed;
};
extern struct sim sim;

#endif
