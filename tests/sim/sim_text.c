/* SPDX-License-Identifier: MIT */
/*
 * sim_text: the providers as senders of messages, and their ledger: what was
 * taken once must not come again.
 */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An order is out of the network after so long: until then, and for as long as it
 * is looked for, a clock that is set leaves nothing sure. */
enum { UNDER_WAY_MS = 10 * 1000, IN_DOUBT_MS = 2 * 60 * 1000 };

struct text {
	char sid[SID_SIZE];
	struct message message;         /* as it was ordered */
	int64_t made_ms;
	enum message_progress progress;
	bool is_lost;                   /* the store lost what it knew of it */
};

static struct text **texts;
static size_t text_count, text_room;
static uint64_t text_number;

/* The last one of that message; NULL: none was taken. */
static struct text *
text_of(const char *message)
{
	for (size_t i = text_count; i-- > 0;) {
		if (strcmp(texts[i]->message.id, message) == 0)
			return texts[i];
	}
	return NULL;
}

static struct text *
text_by(const char *sid)
{
	for (size_t i = text_count; i-- > 0;) {
		if (strcmp(texts[i]->sid, sid) == 0)
			return texts[i];
	}
	return NULL;
}

/* ---- orders under way */

struct post {
	struct message message;
	int node;
	unsigned generation;
	uint64_t store_life;
	bool is_silent;
};

static struct post *
new_post(const struct sim_node *node, const struct message *message)
{
	struct post *post = sim_new(sizeof(*post));

	post->message = *message;
	post->node = node->index;
	post->generation = node->generation;
	post->store_life = sim.store_life;
	return post;
}

static const char *
kept_id(const char *provider)
{
	for (size_t i = 0; i < sim.line_count; i++) {
		if (strcmp(sim.lines[i].id, provider) == 0)
			return sim.lines[i].id;
	}
	return NULL;
}

/* `health` NULL: it says nothing of the provider. */
static void
tell(const struct post *post, struct event event,
    const enum health_news *health, int64_t delay_ms)
{
	struct sim_news news = { .event = event, .node = post->node };

	news.event.to = record_ref_message(post->message.id);
	memcpy(news.event.provider, post->message.provider,
	    sizeof(news.event.provider));
	if (health != NULL) {
		news.provider = kept_id(post->message.provider);
		news.channel = CHANNEL_SMS;
		news.health = *health;
	}
	if (sim.nodes[post->node].generation == post->generation &&
	    sim.nodes[post->node].is_up)
		lines_tell(&news, delay_ms);
}

static void
answer(const struct post *post, enum event_kind kind, const char *sid,
    int64_t delay_ms)
{
	enum health_news health = kind == EVENT_CREATED ? HEALTH_GOOD :
	    kind == EVENT_REJECTED && lines_outage(post->message.provider) ==
	    WORKS ? HEALTH_NOT_ITS_FAULT : HEALTH_FAILED;
	struct event event = { .kind = kind };

	if (kind == EVENT_CREATED)
		event.message = MESSAGE_ACCEPTED;
	if (kind == EVENT_REJECTED) {
		event.outcome = sim_draw(8) == 0 ? OUTCOME_REJECTED :
		    OUTCOME_FAILED;
		event.may_be_taken_later = event.outcome == OUTCOME_FAILED &&
		    sim_draw(2);
	}
	memcpy(event.sid, sid, strlen(sid) + 1);
	tell(post, event, &health, delay_ms);
}

/* ---- what becomes of a message */

static void
webhook(const struct text *text)
{
	struct sim_node *node = nodes_any();
	struct sim_news news = { .event = { .kind = EVENT_PROGRESS,
		.message = text->progress,
		.to = record_ref_message(text->message.id) } };

	if (node == NULL || sim_fault_in(10))
		return;
	news.node = node->index;
	memcpy(news.event.sid, text->sid, sizeof(news.event.sid));
	memcpy(news.event.provider, text->message.provider,
	    sizeof(news.event.provider));
	lines_tell(&news, sim_between(10, 400));
}

struct arrival {
	char sid[SID_SIZE];
};

static void
on_arrived(void *context, bool is_alive)
{
	struct arrival *arrival = context;
	struct text *text = is_alive ? text_by(arrival->sid) : NULL;

	free(arrival);
	if (text == NULL)
		return;
	text->progress = sim_draw(20) == 0 ? MESSAGE_FAILED :
	    MESSAGE_DELIVERED;
	webhook(text);
	if (text->progress == MESSAGE_DELIVERED &&
	    text->message.kind == TEXT_OFFER)
		people_see_offer(text->message.specialist,
		    text->message.request, text->message.offer);
}

/* A message may go out again only where it is sure that it did not. */
static void
check_once(const struct message *message)
{
	const struct text *before = text_of(message->id);

	if (before != NULL && !before->is_lost &&
	    sim.now_ms - sim.store_set_ms > IN_DOUBT_MS)
		sim_blame("message:%s is sent twice, as %s and now again",
		    message->id, before->sid);
}

static struct text *
add_text(const struct post *post)
{
	struct text *text = sim_new(sizeof(*text));
	struct arrival *arrival = sim_new(sizeof(*arrival));

	check_once(&post->message);
	if (text_count == text_room) {
		text_room = text_room * 2 + 64;
		texts = realloc(texts, text_room * sizeof(*texts));
		CHECK(texts != NULL);
	}
	snprintf(text->sid, sizeof(text->sid), "SM%llu",
	    (unsigned long long)++text_number);
	text->message = post->message;
	text->made_ms = sim.now_ms;
	text->progress = MESSAGE_ACCEPTED;
	text->is_lost = post->store_life != sim.store_life;
	texts[text_count++] = text;
	sim_say("%s is sent as %s", text->message.id, text->sid);
	memcpy(arrival->sid, text->sid, sizeof(arrival->sid));
	sim_in(sim_between(500, 20 * SECOND_MS), NOBODY, on_arrived, arrival);
	return text;
}

static void
on_post(void *context, bool is_alive)
{
	struct post *post = context;
	const struct text *text = is_alive ? add_text(post) : NULL;

	if (text != NULL && !post->is_silent)
		answer(post, EVENT_CREATED, text->sid, sim_between(5, 200));
	free(post);
}

static void
send(const struct sim_node *node, const struct message *message)
{
	struct post *post = new_post(node, message);
	enum outage outage = lines_outage(message->provider);
	int64_t at_ms = sim_between(20, 700);

	switch (outage == SILENT ? sim_draw(3) : outage != WORKS ? 4 :
	    sim.is_quiet ? 99 : sim_draw(30)) {
	case 0:                         /* lost */
		answer(post, EVENT_UNKNOWN, "", UNDER_WAY_MS);
		free(post);
		return;
	case 1:                         /* taken; the answer is lost */
		post->is_silent = true;
		answer(post, EVENT_UNKNOWN, "", UNDER_WAY_MS);
		break;
	case 2:                         /* taken late */
		post->is_silent = true;
		answer(post, EVENT_UNKNOWN, "", UNDER_WAY_MS);
		at_ms = sim_between(5000, UNDER_WAY_MS - 500);
		break;
	case 3:                         /* the node dies with the answer */
		post->is_silent = true;
		break;
	case 4:
		answer(post, EVENT_REJECTED, "", at_ms);
		free(post);
		return;
	default:
		break;
	}
	sim_in(at_ms, NOBODY, on_post, post);
}

static void
on_look_up(void *context, bool is_alive)
{
	struct post *post = context;
	const struct text *text = is_alive ? text_of(post->message.id) : NULL;
	struct event event = { .kind = EVENT_ABSENT };

	if (text != NULL) {
		event.kind = EVENT_PROGRESS;
		event.message = text->progress;
		memcpy(event.sid, text->sid, sizeof(event.sid));
	}
	if (is_alive && lines_outage(post->message.provider) == WORKS)
		tell(post, event, NULL, sim_between(5, 100));
	free(post);
}

void
texts_do(struct sim_node *node, const struct message *message,
    const struct effect *effect)
{
	const struct provider_facts *facts = policy_provider(node->policy,
	    message->provider);

	sim_say("node %d: %s %s by %s", node->index,
	    effect_kind_names[effect->kind], message->id, message->provider);
	if (effect->kind == EFFECT_SEND)
		send(node, message);
	else if (facts != NULL && facts->can_ask_text && !sim_fault_in(20))
		sim_in(sim_between(20, 500), NOBODY, on_look_up,
		    new_post(node, message));
}

/* ---- all of them */

void
texts_lose(const struct keyspace *before)
{
	for (size_t i = 0; i < text_count; i++) {
		struct record_ref ref =
		    record_ref_message(texts[i]->message.id);
		const char *state;
		char key[KEY_SIZE];

		record_key(&ref, key);
		state = entry_get(keyspace_find(before, key), "state");
		texts[i]->is_lost |= state == NULL ||
		    strcmp(state, "queued") == 0;
	}
}

void
texts_expire(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < text_count; i++) {
		if (texts[i]->made_ms + 3 * HOUR_MS < sim.now_ms)
			free(texts[i]);
		else
			texts[kept++] = texts[i];
	}
	text_count = kept;
}

void
texts_stop(void)
{
	for (size_t i = 0; i < text_count; i++)
		free(texts[i]);
	free(texts);
	texts = NULL;
	text_count = text_room = 0;
	text_number = 0;
}
