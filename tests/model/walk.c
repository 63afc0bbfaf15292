/* SPDX-License-Identifier: MIT */
/*
 * walk: visits every world that the real tables can come to, in several
 * settings, and says in TAP whether what must always hold does; whether from
 * everywhere an end with everybody free can be reached, and, by time and the
 * provider alone, a rest; whether every row is used; and whether faults that
 * are planted are found.
 *
 *   walk [--large] [--only SETTING] [--plant N] [--rows]
 */
#define _GNU_SOURCE     /* MAP_ANONYMOUS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/model/world.h"

enum { TRACE_MAX = 40, PROCESSES_MAX = 4 };

struct origin {
	uint32_t from;
	const char *label;
	short a, b;
};

struct edge {
	uint32_t from, to;
};

struct search {
	struct model *model;
	struct world *worlds;  struct origin *origins;  uint32_t count, room;
	uint32_t *slots;  uint32_t slot_count;
	struct edge *edges;  size_t edge_count, edge_room;
	struct edge *self_edges;  size_t self_count, self_room;
	uint32_t at;                    /* being left */
	uint32_t worlds_max;
	uint32_t bad;                   /* index + 1 of a world that must not be */
};

/* ---- the search */

static uint64_t
hash_of(const struct world *world)
{
	const unsigned char *at = (const unsigned char *)world;
	uint64_t hash = 0x9E3779B97F4A7C15u;
	uint32_t word;

	_Static_assert(sizeof(*world) % 4 == 0, "whole words");
	for (size_t i = 0; i < sizeof(*world); i += 4) {
		memcpy(&word, at + i, 4);
		hash = (hash ^ word) * 0xFF51AFD7ED558CCDu;
		hash ^= hash >> 32;
	}
	return hash;
}

static void
grow_slots(struct search *search)
{
	uint32_t slot_count = search->slot_count == 0 ? 4096 :
	    search->slot_count * 2;

	free(search->slots);
	search->slots = calloc(slot_count, sizeof(*search->slots));
	CHECK(search->slots != NULL);
	search->slot_count = slot_count;
	for (uint32_t i = 0; i < search->count; i++) {
		uint32_t at = (uint32_t)hash_of(&search->worlds[i]) &
		    (slot_count - 1);

		while (search->slots[at] != 0)
			at = (at + 1) & (slot_count - 1);
		search->slots[at] = i + 1;
	}
}

static uint32_t
find_or_add(struct search *search, const struct world *world, bool *ret_is_new)
{
	uint32_t at;

	if (search->count * 2 >= search->slot_count)
		grow_slots(search);
	at = (uint32_t)hash_of(world) & (search->slot_count - 1);
	*ret_is_new = false;
	while (search->slots[at] != 0) {
		uint32_t found = search->slots[at] - 1;

		if (memcmp(&search->worlds[found], world,
		        sizeof(*world)) == 0)
			return found;
		at = (at + 1) & (search->slot_count - 1);
	}
	if (search->count == search->room) {
		search->room = search->room == 0 ? 4096 : search->room * 2;
		search->worlds = realloc(search->worlds,
		    search->room * sizeof(*search->worlds));
		search->origins = realloc(search->origins,
		    search->room * sizeof(*search->origins));
		CHECK(search->worlds != NULL && search->origins != NULL);
	}
	search->worlds[search->count] = *world;
	search->slots[at] = ++search->count;
	*ret_is_new = true;
	return search->count - 1;
}

static void
add_edge(struct edge **edges, size_t *count, size_t *room, uint32_t from,
    uint32_t to)
{
	if (*count == *room) {
		*room = *room == 0 ? 65536 : *room * 2;
		*edges = realloc(*edges, *room * sizeof(**edges));
		CHECK(*edges != NULL);
	}
	(*edges)[(*count)++] = (struct edge){ from, to };
}

static void
on_world(void *context, const struct world *world, const char *label, int a,
    int b, bool is_self)
{
	struct search *search = context;
	bool is_new;
	uint32_t to;

	if (search->bad != 0)
		return;
	if (model_fault(search->model)[0] != '\0') {
		search->bad = search->at + 1;
		printf("# after this path, at or before: %s\n", label);
		return;
	}
	to = find_or_add(search, world, &is_new);
	add_edge(&search->edges, &search->edge_count, &search->edge_room,
	    search->at, to);
	if (is_self)
		add_edge(&search->self_edges, &search->self_count,
		    &search->self_room, search->at, to);
	if (!is_new)
		return;
	search->origins[to] = (struct origin){ search->at, label, (short)a,
		(short)b };
	if (!model_check(search->model, world))
		search->bad = to + 1;
}

/* False: the limit came first. */
static bool
visit_all(struct search *search)
{
	struct world first;
	bool is_new;

	model_first(search->model, &first);
	find_or_add(search, &first, &is_new);
	search->origins[0] = (struct origin){ 0, "", 0, 0 };
	while (search->at < search->count && search->bad == 0) {
		struct world world = search->worlds[search->at];

		if (search->count > search->worlds_max)
			return false;
		world_moves(search->model, &world, on_world, search);
		if (model_fault(search->model)[0] != '\0' && search->bad == 0)
			search->bad = search->at + 1;
		search->at++;
	}
	return true;
}

static void
search_free(struct search *search)
{
	free(search->worlds);
	free(search->origins);
	free(search->slots);
	free(search->edges);
	free(search->self_edges);
	model_free(search->model);
}

/* ---- backwards from the ends */

typedef bool world_predicate(const struct model *model,
    const struct world *world);

/* Which worlds reach one that is_goal holds for; the caller frees. */
static bool *
reaching(const struct search *search, const struct edge *edges, size_t count,
    world_predicate *is_goal)
{
	uint32_t *first = calloc((size_t)search->count + 2, sizeof(*first));
	uint32_t *froms = malloc((count + 1) * sizeof(*froms));
	uint32_t *stack = malloc((size_t)search->count * sizeof(*stack));
	bool *reaches = calloc(search->count, sizeof(*reaches));
	size_t depth = 0;

	CHECK(first != NULL && froms != NULL && stack != NULL &&
	    reaches != NULL);
	for (size_t i = 0; i < count; i++)
		first[edges[i].to + 2]++;
	for (uint32_t i = 2; i < search->count + 2; i++)
		first[i] += first[i - 1];
	for (size_t i = 0; i < count; i++)
		froms[first[edges[i].to + 1]++] = edges[i].from;
	for (uint32_t i = 0; i < search->count; i++) {
		reaches[i] = is_goal(search->model, &search->worlds[i]);
		if (reaches[i])
			stack[depth++] = i;
	}
	while (depth > 0) {
		uint32_t at = stack[--depth];

		for (uint32_t i = first[at]; i < first[at + 1]; i++) {
			if (reaches[froms[i]])
				continue;
			reaches[froms[i]] = true;
			stack[depth++] = froms[i];
		}
	}
	free(first);
	free(froms);
	free(stack);
	return reaches;
}

/* The first world (nearest to the beginning) that does not reach it; count:
 * all do. */
static uint32_t
first_stuck(const struct search *search, const struct edge *edges,
    size_t count, world_predicate *is_goal, uint32_t *ret_stuck)
{
	bool *reaches = reaching(search, edges, count, is_goal);
	uint32_t found = search->count;

	*ret_stuck = 0;
	for (uint32_t i = search->count; i-- > 0; ) {
		if (reaches[i])
			continue;
		found = i;
		(*ret_stuck)++;
	}
	free(reaches);
	return found;
}

/* ---- words */

static void
say_world(const struct search *search, uint32_t index)
{
	const struct model *model = search->model;
	const struct world *world = &search->worlds[index];
	const struct request *r = world_request(model, world);

	printf("#   request %s%s offers=%zu call=%d specialist=%s attempts=%d"
	    " wake=%d leg=%d\n", request_state_names[r->state],
	    r->reason[0] != '\0' ? "/maybe_called" : "",
	    request_offers_open(r), r->call, r->specialist, r->attempt_count,
	    r->record.wake_at_ms != 0, r->is_leg_open);
	for (int i = 0; i < model_setting(model)->people; i++) {
		const struct specialist *s = world_person(model, world, i);

		printf("#   %s %s %s request=%s offer=%d call=%d wake=%d\n",
		    s->id, specialist_state_names[s->state],
		    status_names[s->status], s->request, s->offer, s->call,
		    s->record.wake_at_ms != 0);
	}
	for (int n = 1; n <= CALLS; n++) {
		const struct call *c = world_call(model, world, n);

		if (c == NULL)
			continue;
		printf("#   call %d %s of %s rank=%s sid=%s authorised=%s"
		    " revoked=%d customer_over=%d wake=%d posting=%d", n,
		    call_state_names[c->state], c->specialist,
		    call_progress_names[c->rank], c->sid, c->authorised,
		    c->is_revoked, c->is_customer_over,
		    c->record.wake_at_ms != 0,
		    (world->posting >> (n - 1)) & 1);
		for (int k = 0; k < LINES; k++)
			printf(" line=%d%s%s", world->lines[n - 1][k].phase,
			    world->lines[n - 1][k].has_rung ? "/rung" : "",
			    world->lines[n - 1][k].has_talked ? "/talked" : "");
		printf("\n");
	}
}

static void
say_path(const struct search *search, uint32_t index)
{
	uint32_t path[TRACE_MAX];
	int length = 0;

	for (uint32_t at = index; at != 0 && length < TRACE_MAX;
	    at = search->origins[at].from)
		path[length++] = at;
	while (length-- > 0) {
		const struct origin *origin = &search->origins[path[length]];

		printf("#   - %s (%d %d)\n", origin->label, origin->a,
		    origin->b);
	}
	say_world(search, index);
}

/* ---- tests */

static int test_count, failed_count;

static void
result(bool is_ok, const char *text, const char *name)
{
	printf("%s %d - %s%s\n", is_ok ? "ok" : "not ok", ++test_count, text,
	    name);
	failed_count += !is_ok;
	fflush(stdout);
}

static const struct setting settings[] = {
	{ "screen", BY_ANSWER, OFFER_SCREEN, CONFIRM_PRESS1, ACCEPT_BY_HAND,
	  1, 1, 2, WITH_HOOKS | WITH_RESULTS | WITH_DESK | WITH_LIES },
	{ "screen, rules", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER,
	  ACCEPT_BY_HAND, 1, 1, 1, WITH_RULES | WITH_DELAY | WITH_STATUS },
	{ "screen, wishes", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER,
	  ACCEPT_BY_HAND, 1, 1, 1, WITH_RULES | WITH_DELAY | WITH_WISHES },
	{ "phone, press 1", BY_ANSWER, OFFER_PHONE, CONFIRM_PRESS1,
	  ACCEPT_BY_HAND, 1, 1, 2, WITH_HOOKS | WITH_RESULTS | WITH_RULES },
	{ "phone, answer", BY_ANSWER, OFFER_PHONE, CONFIRM_ANSWER,
	  ACCEPT_BY_HAND, 1, 2, 1, WITH_STATUS | WITH_HOOKS },
	{ "other calls", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER,
	  ACCEPT_BY_HAND, 1, 1, 1, WITH_OTHER_CALLS | WITH_STATUS },
	{ "other calls, phone", BY_ANSWER, OFFER_PHONE, CONFIRM_ANSWER,
	  ACCEPT_BY_HAND, 1, 1, 1, WITH_OTHER_CALLS },
	{ "other calls, two screens", BY_ANSWER, OFFER_SCREEN,
	  CONFIRM_ANSWER, ACCEPT_BY_HAND, 2, 1, 1,
	  WITH_OTHER_CALLS | WITH_ROOM },
	{ "two phones", BY_ANSWER, OFFER_PHONE, CONFIRM_ANSWER, ACCEPT_BY_HAND,
	  2, 2, 1, WITH_ROOM | WITHOUT_LOSS },
	{ "two screens", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER,
	  ACCEPT_BY_HAND, 2, 1, 1, WITH_HOOKS | WITH_ROOM | WITH_RULES },
	{ "automatic", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER,
	  ACCEPT_AUTOMATIC, 1, 2, 1, WITH_RULES },
	{ "automatic, wishes", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER,
	  ACCEPT_AUTOMATIC, 1, 1, 1, WITH_RULES | WITH_WISHES },
	{ "key", BY_KEY, OFFER_SCREEN, CONFIRM_PRESS1, ACCEPT_BY_HAND,
	  1, 2, 1, WITH_HOOKS },
	{ "key, results", BY_KEY, OFFER_SCREEN, CONFIRM_PRESS1, ACCEPT_BY_HAND,
	  1, 1, 1, WITH_HOOKS | WITH_RESULTS | WITH_RULES | WITH_WISHES },
	{ "key, not to be found", BY_KEY, OFFER_SCREEN, CONFIRM_PRESS1,
	  ACCEPT_BY_HAND, 1, 1, 1, WITH_HOOKS | WITHOUT_FINDING },
	{ "key, not to be asked", BY_KEY, OFFER_SCREEN, CONFIRM_PRESS1,
	  ACCEPT_BY_HAND, 1, 1, 1, WITH_HOOKS | WITHOUT_FINDING |
	      WITHOUT_POLLING },
	{ "answer, not to be asked", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER,
	  ACCEPT_BY_HAND, 1, 1, 1, WITH_HOOKS | WITHOUT_FINDING |
	      WITHOUT_POLLING },
	{ "confirmed", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER, ACCEPT_BY_HAND,
	  1, 1, 1, WITH_HOOKS | WITH_GREETING | WITH_CONFIRM | WITH_MACHINES },
	{ "machines", BY_ANSWER, OFFER_PHONE, CONFIRM_ANSWER, ACCEPT_BY_HAND,
	  1, 1, 1, WITH_HOOKS | WITH_GREETING | WITH_MACHINES },
	{ "customer first", BY_CUSTOMER, OFFER_SCREEN, CONFIRM_PRESS1,
	  ACCEPT_BY_HAND, 1, 2, 1, WITH_HOOKS },
	{ "customer first, confirmed", BY_CUSTOMER, OFFER_SCREEN,
	  CONFIRM_PRESS1, ACCEPT_BY_HAND, 1, 1, 1,
	  WITH_HOOKS | WITH_CONFIRM | WITH_MACHINES | WITH_RESULTS },
	{ "two providers", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER,
	  ACCEPT_BY_HAND, 1, 2, 1, WITH_SPARE | WITH_RULES },
	{ "two providers, phone", BY_ANSWER, OFFER_PHONE, CONFIRM_ANSWER,
	  ACCEPT_BY_HAND, 1, 2, 1, WITH_SPARE },
	{ "two providers, key", BY_KEY, OFFER_SCREEN, CONFIRM_PRESS1,
	  ACCEPT_AUTOMATIC, 1, 2, 1, WITH_SPARE },
	{ "second leg", BY_ORDER, OFFER_SCREEN, CONFIRM_ANSWER, ACCEPT_BY_HAND,
	  1, 1, 2, WITH_HOOKS | WITH_RULES },
	{ "tier", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER, ACCEPT_BY_HAND,
	  1, 1, 1, WITH_TIER | WITH_DELAY | WITH_STATUS },
	{ "last tier", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER, ACCEPT_BY_HAND,
	  1, 1, 1, WITH_TOP | WITH_DELAY | WITH_WISHES },
	{ "one tier", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER, ACCEPT_BY_HAND,
	  2, 1, 1, WITH_ONE_TIER | WITH_DELAY },
	{ "by hand", BY_HAND, OFFER_SCREEN, CONFIRM_PRESS1, ACCEPT_BY_HAND,
	  1, 2, 1, WITH_RESULTS | WITH_RULES | WITH_STATUS | WITH_DELAY },
};

static const struct setting large_settings[] = {
	{ "screen, rules, large", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER,
	  ACCEPT_BY_HAND, 1, 1, 1, WITH_RULES | WITH_DELAY | WITH_STATUS |
	      WITH_WISHES },
	{ "automatic, large", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER,
	  ACCEPT_AUTOMATIC, 1, 2, 1, WITH_RULES | WITH_WISHES },
	{ "screen, large", BY_ANSWER, OFFER_SCREEN, CONFIRM_PRESS1,
	  ACCEPT_BY_HAND, 1, 2, 2, WITH_HOOKS | WITH_RESULTS | WITH_RULES },
	{ "phone, large", BY_ANSWER, OFFER_PHONE, CONFIRM_PRESS1,
	  ACCEPT_BY_HAND, 1, 2, 2, WITH_HOOKS | WITH_RULES },
	{ "two phones, large", BY_ANSWER, OFFER_PHONE, CONFIRM_PRESS1,
	  ACCEPT_BY_HAND, 2, 2, 1, WITH_HOOKS | WITH_ROOM | WITH_RULES },
	{ "two screens, large", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER,
	  ACCEPT_BY_HAND, 2, 2, 1, WITH_HOOKS | WITH_ROOM | WITH_RULES |
	      WITH_STATUS },
	{ "key, large", BY_KEY, OFFER_SCREEN, CONFIRM_PRESS1, ACCEPT_BY_HAND,
	  2, 3, 1, WITH_HOOKS | WITH_RESULTS | WITH_RULES | WITH_WISHES |
	      WITH_DELAY },
	{ "by hand, large", BY_HAND, OFFER_SCREEN, CONFIRM_PRESS1,
	  ACCEPT_BY_HAND, 2, 3, 1, WITH_RESULTS | WITH_RULES | WITH_STATUS |
	      WITH_DELAY | WITH_ROOM },
};

static void
check_ends(const struct search *search, const char *name)
{
	uint32_t stuck, world = first_stuck(search, search->edges,
	    search->edge_count, model_is_end, &stuck);

	result(stuck == 0, "from everywhere an end can be reached: ", name);
	if (stuck > 0) {
		printf("# %u worlds do not; the nearest:\n", stuck);
		say_path(search, world);
	}
	world = first_stuck(search, search->self_edges, search->self_count,
	    model_is_quiet, &stuck);
	result(stuck == 0, "everything comes to rest by itself: ", name);
	if (stuck > 0) {
		printf("# %u worlds do not; the nearest:\n", stuck);
		say_path(search, world);
	}
}

static void
walk(const struct setting *setting, uint32_t worlds_max)
{
	struct search search = { .model = model_new(setting, PLANT_NONE),
		.worlds_max = worlds_max };
	bool is_complete = visit_all(&search);

	printf("# %s: %u worlds, %zu moves%s\n", setting->name, search.count,
	    search.edge_count, is_complete ? "" : " (cut off)");
	result(search.bad == 0, "what must hold does: ", setting->name);
	if (search.bad != 0) {
		printf("# %s\n", model_fault(search.model));
		say_path(&search, search.bad - 1);
	} else if (is_complete) {
		check_ends(&search, setting->name);
	}
	search_free(&search);
}

/* ---- all settings, a process for each core */

static struct shared {
	row_counts rows;
	size_t next;            /* setting that nobody walks yet */
} *shared;

struct job {
	const struct setting *settings;  size_t count;
	uint32_t worlds_max;
	const char *only;
};

static void
walk_those_left(const struct job *job)
{
	for (;;) {
		size_t i = __atomic_fetch_add(&shared->next, 1,
		    __ATOMIC_RELAXED);

		if (i >= job->count)
			return;
		if (job->only == NULL ||
		    strcmp(job->only, job->settings[i].name) == 0)
			walk(&job->settings[i], job->worlds_max);
	}
}

/* Its lines, with our numbers. */
static void
repeat(FILE *said)
{
	char line[1024], text[1024];
	int number;

	rewind(said);
	while (fgets(line, sizeof(line), said) != NULL) {
		bool is_bad = strncmp(line, "not ok ", 7) == 0;

		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line + (is_bad ? 4 : 0), "ok %d - %1000[^\n]",
		        &number, text) == 2)
			result(!is_bad, text, "");
		else
			printf("%s\n", line);
	}
	fclose(said);
}

static void
walk_all(const struct job *job)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int count = cores > PROCESSES_MAX ? PROCESSES_MAX : cores < 1 ? 1 :
	    (int)cores;
	FILE *said[PROCESSES_MAX];
	pid_t processes[PROCESSES_MAX];

	shared->next = 0;
	fflush(stdout);
	for (int i = 0; i < count; i++) {
		said[i] = tmpfile();
		CHECK(said[i] != NULL);
		processes[i] = fork();
		CHECK(processes[i] >= 0);
		if (processes[i] == 0) {
			dup2(fileno(said[i]), STDOUT_FILENO);
			walk_those_left(job);
			exit(EXIT_SUCCESS);
		}
	}
	for (int i = 0; i < count; i++) {
		int status;

		waitpid(processes[i], &status, 0);
		repeat(said[i]);
		if (status != 0)
			result(false, "a walk came to its end", "");
	}
}

static void
share_rows(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	rows_used = &shared->rows;
}

/* ---- planted faults */

static const struct {
	const char *name;
	enum plant plant;
	struct setting setting;
} plants[] = {
	{ "authorised is forgotten", PLANT_AUTHORISED_CLEARED,
	  { "", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER, ACCEPT_BY_HAND,
	    1, 1, 1, WITH_HOOKS } },
	{ "authorised is not bound to one call", PLANT_BINDING_IGNORED,
	  { "", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER, ACCEPT_BY_HAND,
	    1, 1, 2, WITH_HOOKS } },
	{ "WITHDRAWN is not delivered", PLANT_WITHDRAWN_LOST,
	  { "", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER, ACCEPT_BY_HAND,
	    1, 1, 1, WITH_HOOKS } },
	{ "REVOKED is not delivered", PLANT_REVOKED_LOST,
	  { "", BY_ANSWER, OFFER_PHONE, CONFIRM_PRESS1, ACCEPT_BY_HAND,
	    1, 1, 1, WITH_HOOKS } },
	{ "CALL_OVER is not delivered", PLANT_OVER_LOST,
	  { "", BY_KEY, OFFER_SCREEN, CONFIRM_PRESS1, ACCEPT_BY_HAND,
	    1, 1, 1, WITH_HOOKS } },
	{ "nobody looks at a call again", PLANT_WAKE_LOST,
	  { "", BY_ANSWER, OFFER_SCREEN, CONFIRM_ANSWER, ACCEPT_BY_HAND,
	    1, 1, 1, WITH_HOOKS } },
};

static void
find_planted(size_t i)
{
	struct search search = { .model = model_new(&plants[i].setting,
	    plants[i].plant), .worlds_max = 200000 };
	uint32_t stuck = 0;

	visit_all(&search);
	if (search.bad == 0)
		first_stuck(&search, search.self_edges, search.self_count,
		    model_is_quiet, &stuck);
	printf("# %s\n", search.bad != 0 ? model_fault(search.model) :
	    stuck > 0 ? "some worlds never come to rest" : "not found");
	result(search.bad != 0 || stuck > 0, "a planted fault is found: ",
	    plants[i].name);
	search_free(&search);
}

/* ---- rows */

/* Rows that this walk does not use, and why that is right. */
static const struct {
	enum record_kind kind;
	enum event_kind on;
	const char *guard;
	const char *reason;
} excused[] = {
	{ RECORD_REQUEST, EVENT_DUE, "was_woken_by_other_rules",
	  "settings do not change in a walk: tests/unit/life, tests/sim" },
	{ RECORD_CALL, EVENT_RECORDED, "ALWAYS",
	  "a note of the story, nothing else: tests/e2e/test_flows.py" },
	{ RECORD_CALL, EVENT_PRICED, "tells_price",
	  "a field of the record, nothing else: tests/e2e/test_sms.py" },
	{ RECORD_REQUEST, EVENT_DUE, "due_but_forbidden_for_good",
	  "no rule forbids for good yet" },
	{ RECORD_REQUEST, EVENT_ACCEPTED, "offered_but_forbidden_for_good",
	  "no rule forbids for good yet" },
	{ RECORD_REQUEST, EVENT_DUE, "is_forbidden_for_good",
	  "no rule forbids for good yet" },
	{ RECORD_SPECIALIST, EVENT_DUTY, "has_duty_room",
	  "moments far ahead are not walked: tests/unit/shift" },
	{ RECORD_SPECIALIST, EVENT_OFF_DUTY, "has_duty",
	  "moments far ahead are not walked: tests/unit/shift" },
	{ RECORD_REQUEST, EVENT_DUE, "due_but_never_allowed",
	  "the walk's customers have the company's clock: tests/unit/cases" },
	{ RECORD_REQUEST, EVENT_ACCEPTED, "offered_but_never_allowed",
	  "the walk's customers have the company's clock: tests/unit/cases" },
	{ RECORD_REQUEST, EVENT_DUE, "is_never_allowed",
	  "the walk's customers have the company's clock: tests/unit/cases" },
	{ RECORD_SPECIALIST, EVENT_DUE, "offer_is_gone_and_leaves",
	  "backstop for what must not be: tests/unit/life" },
	{ RECORD_SPECIALIST, EVENT_DUE, "offer_is_gone",
	  "backstop for what must not be: tests/unit/life" },
	{ RECORD_REQUEST, EVENT_CALLED_BACK, "may_be_joined",
	  "a call that the customer makes is not walked: tests/unit/life" },
	{ RECORD_REQUEST, EVENT_DUE, "climbs_but_another_waits_there",
	  "two requests of one number are not walked: tests/unit/cases" },
	{ RECORD_REQUEST, EVENT_REOPENED, "another_holds_it",
	  "two requests of one number are not walked: tests/unit/life" },
	{ RECORD_SPECIALIST, EVENT_DUE, "is_idle_backstop_and_leaves",
	  "backstop for what must not be: tests/unit/life" },
	{ RECORD_SPECIALIST, EVENT_DUE, "is_idle_backstop",
	  "backstop for what must not be: tests/unit/life" },
	{ RECORD_CALL, EVENT_PROGRESS, "is_ours_and_end_before_them",
	  "the walk's provider does not say it: tests/unit/life" },
	{ RECORD_CALL, EVENT_DUE, "second_leg_is_owed",
	  "the walk forgets when it was authorised: tests/unit/life" },
	{ RECORD_CALL, EVENT_DUE, "second_leg_can_be_asked",
	  "and never learns the second leg's id: tests/unit/life" },
	{ RECORD_CALL, EVENT_PROGRESS, "lost_leg_is_heard_of",
	  "nor hears of it by that: tests/unit/life" },
	{ RECORD_REQUEST, EVENT_CALLED_BACK, "is_joined_already",
	  "nobody calls us in the walk: tests/unit/life" },
	{ RECORD_CALL, EVENT_PROGRESS, "second_leg_is_heard_of",
	  "the walk's two legs end together: tests/unit/life" },
	{ RECORD_CALL, EVENT_CREATED, "is_late_answer",
	  "the walk's provider gives nothing to keep: tests/unit/life" },
	{ RECORD_CALL, EVENT_ADVISED, "may_look_again",
	  "changes nothing: tests/unit/life" },
	{ RECORD_CALL, EVENT_ADVISED, "ALWAYS",
	  "changes nothing: tests/unit/life" },
	{ RECORD_SPECIALIST, EVENT_WITHDRAWN, "leaves",
	  "who holds an offer is available: tests/unit/life" },
	{ RECORD_SPECIALIST, EVENT_DUE, "pause_is_over",
	  "nobody has a shift in a walk: tests/unit/shift" },
	{ RECORD_SPECIALIST, EVENT_DUE, "ALWAYS",
	  "nobody has a shift in a walk: tests/unit/shift" },
	{ RECORD_SPECIALIST, EVENT_DUE, "is_off_shift",
	  "nobody has a shift in a walk: tests/unit/shift" },
	{ RECORD_SPECIALIST, EVENT_DUE, "other_call_is_over_and_absent",
	  "only who is idle goes unseen for long here: tests/unit/life" },
};

static const char *
excuse(enum record_kind kind, const struct row *row)
{
	for (size_t i = 0; i < COUNT_OF(excused); i++) {
		if (excused[i].kind == kind && excused[i].on == row->on &&
		    strcmp(excused[i].guard, row->guard_name) == 0)
			return excused[i].reason;
	}
	return NULL;
}

static bool
check_rows(enum record_kind kind, const char *name, bool is_listing)
{
	const struct life *life = life_of(kind);
	bool is_ok = true;

	for (size_t i = 0; i < life->count; i++) {
		const struct row *row = &life->rows[i];
		const char *why = excuse(kind, row);
		unsigned long used = (*rows_used)[kind][i];

		if (is_listing)
			printf("# %s %3zu %12lu %s %s %s\n", name, i, used,
			    event_kind_names[row->on], row->guard_name,
			    row->action_name);
		if ((used == 0) == (why != NULL))
			continue;
		is_ok = false;
		printf("# %s row %zu: %s, %s, %s is %s\n", name, i,
		    event_kind_names[row->on], row->guard_name,
		    row->action_name, used == 0 ? "never used" :
		    "used, against its excuse");
	}
	return is_ok;
}

static void
check_all_rows(bool is_listing)
{
	result(check_rows(RECORD_REQUEST, "request", is_listing),
	    "every row is used: ", "request");
	result(check_rows(RECORD_CALL, "call", is_listing),
	    "every row is used: ", "call");
	result(check_rows(RECORD_SPECIALIST, "specialist", is_listing),
	    "every row is used: ", "specialist");
}

int
main(int argc, char **argv)
{
	const char *only = NULL;
	bool is_large = false, is_listing = false;
	int plant = -1;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--large") == 0) {
			is_large = true;
		} else if (strcmp(argv[i], "--rows") == 0) {
			is_listing = true;
		} else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
			only = argv[++i];
		} else if (strcmp(argv[i], "--plant") == 0 && i + 1 < argc) {
			plant = atoi(argv[++i]);
		} else {
			fprintf(stderr, "usage: walk [--large] [--rows]"
			    " [--only SETTING] [--plant N]\n");
			return 2;
		}
	}
	share_rows();
	if (plant >= 0 && (size_t)plant < COUNT_OF(plants)) {
		find_planted((size_t)plant);
		printf("1..%d\n", test_count);
		return failed_count > 0;
	}
	walk_all(&(struct job){ settings, COUNT_OF(settings), 4000000, only });
	if (is_large)
		walk_all(&(struct job){ large_settings,
		    COUNT_OF(large_settings), 8000000, only });
	if (only == NULL) {
		check_all_rows(is_listing);
		for (size_t i = 0; i < COUNT_OF(plants); i++)
			find_planted(i);
	}
	printf("1..%d\n", test_count);
	return failed_count > 0;
}
