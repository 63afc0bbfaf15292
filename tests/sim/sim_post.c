/* SPDX-License-Identifier: MIT */
/*
 * sim_post: what nodes ask of the providers of calls. These make a call late,
 * twice or not at all, answer late, wrongly or not at all; and for some time one
 * of them takes nothing.
 */
#include "tests/sim/sim_line.h"

#include <stdlib.h>
#include <string.h>

/* ---- how they are */

static struct {
	enum outage outage;
	int64_t until_ms;
} states[LINES];

enum outage
lines_outage(const char *provider)
{
	for (size_t i = 0; i < sim.line_count; i++) {
		if (strcmp(sim.lines[i].id, provider) == 0 && !sim.is_quiet &&
		    states[i].until_ms > sim.now_ms)
			return states[i].outage;
	}
	return WORKS;
}

static void
on_outage(void *context, bool is_alive)
{
	size_t i = sim_draw((unsigned)sim.line_count);

	(void)context;
	if (!is_alive || sim.is_quiet)
		return;
	states[i].outage = UNREACHED + sim_draw(3);
	states[i].until_ms = sim.now_ms +
	    sim_between(10 * SECOND_MS, 10 * MINUTE_MS);
	sim_say("provider %s is out of order", sim.lines[i].id);
	sim_in(sim_gap(sim.traffic->outage_gap_ms), NOBODY, on_outage, NULL);
}

void
outages_start(void)
{
	memset(states, 0, sizeof(states));
	if (sim.line_count > 0)
		sim_in(sim_gap(sim.traffic->outage_gap_ms), NOBODY, on_outage,
		    NULL);
}

/* ---- requests under way */

struct post {
	struct call call;
	struct effect effect;
	int node;
	unsigned generation;
	uint64_t store_life;
	bool is_silent;                 /* its answer is not told */
	enum event_kind answer;
};

static struct post *
new_post(const struct sim_node *node, const struct call *call,
    const struct effect *effect)
{
	struct post *post = sim_new(sizeof(*post));

	post->call = *call;
	post->effect = *effect;
	post->node = node->index;
	post->generation = node->generation;
	post->store_life = sim.store_life;
	post->answer = EVENT_CREATED;
	return post;
}

static void
tell(const struct post *post, const struct event *event,
    const enum health_news *health, int64_t delay_ms)
{
	struct sim_news news = { .event = *event, .node = post->node };

	news.event.to = post->effect.call;
	memcpy(news.event.provider, post->call.provider,
	    sizeof(news.event.provider));
	if (health != NULL) {
		news.provider = post->call.provider;
		for (size_t i = 0; i < sim.line_count; i++) {
			if (strcmp(sim.lines[i].id, news.provider) == 0)
				news.provider = sim.lines[i].id;
		}
		news.channel = CHANNEL_VOICE;
		news.health = *health;
	}
	if (sim.nodes[post->node].generation == post->generation &&
	    sim.nodes[post->node].is_up)
		lines_tell(&news, delay_ms);
}

/* What became of an order says something of its provider, too. */
static void
answer_order(const struct post *post, enum event_kind kind, const char *sid,
    int64_t delay_ms)
{
	struct event event = { .kind = kind };
	enum health_news health = kind == EVENT_CREATED ? HEALTH_GOOD :
	    HEALTH_FAILED;

	if (kind == EVENT_REJECTED) {
		event.outcome = OUTCOME_FAILED;
		if (lines_outage(post->call.provider) == BARRED)
			health = HEALTH_BARRED;
		else if (lines_outage(post->call.provider) == WORKS)
			health = HEALTH_NOT_ITS_FAULT;
	}
	memcpy(event.sid, sid, strlen(sid) + 1);
	tell(post, &event, &health, delay_ms);
}

/* ---- orders */

/* While it was on its way the store lost the call it is for; another may have
 * its number. */
static bool
is_of_lost_call(const struct post *post)
{
	const struct call *call = sim_see_call(post->call.request,
	    post->call.n);

	return post->store_life != sim.store_life && (call == NULL ||
	    call->placed_at_ms != post->call.placed_at_ms);
}

static void
on_post(void *context, bool is_alive)
{
	struct post *post = context;
	struct line *line;

	if (is_alive && post->answer == EVENT_REJECTED) {
		answer_order(post, EVENT_REJECTED, "", 50);
	} else if (is_alive) {
		line = line_make(&post->call);
		line->is_lost |= is_of_lost_call(post);
		if (!post->is_silent)
			answer_order(post, EVENT_CREATED, line->sid,
			    sim_between(5, 200));
	}
	free(post);
}

/* The POST that makes a call. */
static void
place(const struct sim_node *node, const struct call *call,
    const struct effect *effect)
{
	struct post *post = new_post(node, call, effect), *twin;
	enum sim_fence fence = sim_fence_of(call->provider);
	enum outage outage = lines_outage(call->provider);
	int64_t at_ms = sim_between(20, 700);

	switch (outage == SILENT ? sim_draw(3) : outage != WORKS ? 5 :
	    sim.is_quiet ? 99 : sim_draw(40)) {
	case 0:                         /* lost, or 500 without a call */
		answer_order(post, EVENT_UNKNOWN, "",
		    sim_draw(2) ? 10 * SECOND_MS : at_ms);
		free(post);
		return;
	case 1:                         /* 500, and the call is made */
		post->is_silent = true;
		answer_order(post, EVENT_UNKNOWN, "", at_ms + 10);
		break;
	case 2:                         /* made; the answer is lost */
		post->is_silent = true;
		answer_order(post, EVENT_UNKNOWN, "", 10 * SECOND_MS);
		break;
	case 3:                         /* made late */
		post->is_silent = true;
		answer_order(post, EVENT_UNKNOWN, "", 10 * SECOND_MS);
		at_ms = fence == BY_ANSWER ? sim_between(5000, 120000) :
		    sim_between(5000, 9500);
		break;
	case 4:                         /* slow, but told in time */
		at_ms = sim_between(2000, 9500);
		break;
	case 5:
		post->answer = EVENT_REJECTED;
		break;
	case 6:                         /* the network sends it twice */
	case 7:
		if (fence == BY_NONE)
			break;
		twin = new_post(node, call, effect);
		twin->is_silent = sim_draw(2);
		sim_in(sim_between(20, 4000), NOBODY, on_post, twin);
		break;
	default:
		break;
	}
	sim_in(at_ms, NOBODY, on_post, post);
}

/* ---- questions */

static void
look_up(const struct post *post)
{
	struct event event = { .kind = EVENT_ABSENT };
	const struct line *line;
	size_t at = 0;

	while ((line = line_of_call(&post->effect.call, &at)) != NULL) {
		event.kind = EVENT_FOUND;
		event.progress = line->progress;
		memcpy(event.sid, line->sid, sizeof(event.sid));
		tell(post, &event, NULL, sim_between(5, 100));
	}
	if (event.kind == EVENT_ABSENT)
		tell(post, &event, NULL, sim_between(5, 100));
}

static void
get(const struct post *post)
{
	const struct line *line = line_of(post->effect.sid);
	struct event event = { .kind = EVENT_GONE };

	if (line != NULL) {
		event.kind = EVENT_PROGRESS;
		event.progress = line->progress;
		event.outcome = line->is_over ? line->outcome : OUTCOME_NONE;
	}
	memcpy(event.sid, post->effect.sid, sizeof(event.sid));
	tell(post, &event, NULL, sim_between(5, 100));
}

static void
on_request(void *context, bool is_alive)
{
	struct post *post = context;
	struct line *line;

	if (is_alive && lines_outage(post->call.provider) == WORKS) {
		switch (post->effect.kind) {
		case EFFECT_HANG_UP:
			line = line_of(post->effect.sid);
			if (line != NULL)
				line_hang_up(line, OUTCOME_CANCELLED);
			break;
		case EFFECT_LOOK_UP:
			look_up(post);
			break;
		case EFFECT_POLL:
			get(post);
			break;
		case EFFECT_PLACE:
		case EFFECT_SEND:
		case EFFECT_SECOND_LEG:
		case EFFECT_COUNT:
			break;
		}
	}
	free(post);
}

void
lines_do(struct sim_node *node, const struct call *call,
    const struct effect *effect)
{
	sim_say("node %d: %s %s.%d by %s %s", node->index,
	    effect_kind_names[effect->kind], effect->call.id, effect->call.n,
	    call->provider, effect->sid);
	if (effect->kind == EFFECT_PLACE) {
		place(node, call, effect);
		return;
	}
	if ((effect->sid[0] == '\0' && effect->kind != EFFECT_LOOK_UP) ||
	    sim_fault_in(25))
		return;
	sim_in(sim_between(20, 500), NOBODY, on_request,
	    new_post(node, call, effect));
}
