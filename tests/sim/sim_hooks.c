/* SPDX-License-Identifier: MIT */
/*
 * sim_hooks: what the engine of a node tells and asks its other modules, as
 * daemon/daemon.c answers it; and how an order waits for its turn, as
 * daemon/carrier.c lets it.
 */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/due_pull.h"
#include "daemon/health.h"
#include "daemon/matcher.h"

/* What was told of a request and is no longer so, as daemon/messages.c withdraws
 * it. */
static void
withdraw(struct sim_node *node, const struct request *was,
    enum message_kind kind)
{
	struct engine_order order = { .event = { .kind = EVENT_WITHDRAWN,
		.digit = -1 } };
	char id[MESSAGE_ID_SIZE];

	if ((was->told & 1 << kind) == 0)
		return;
	message_id(was->id, kind, was->promise_number, id);
	order.event.to = record_ref_message(id);
	engine_post(node->engine, &order);
}

static void
withdraw_all(struct sim_node *node, const struct request *was,
    const struct request *is)
{
	if (was->told == 0 || (is->promise_number == was->promise_number &&
	        is->state != REQUEST_CLOSED &&
	        is->kept_at_ms == was->kept_at_ms))
		return;
	withdraw(node, was, TEXT_DEFERRED);
	withdraw(node, was, TEXT_SOON);
	withdraw(node, was, TEXT_LATE);
}

static void
on_committed(void *context, const struct situation *before,
    const struct outcome *outcome)
{
	struct sim_node *node = context;
	const struct situation *after = &outcome->after;

	matcher_on_committed(node->matcher, before, outcome);
	health_on_committed(node->health, outcome);
	withdraw_all(node, &before->request, &after->request);
	due_pull_expect(node->due_pull, after->request.record.wake_at_ms);
	due_pull_expect(node->due_pull, after->message.record.wake_at_ms);
	for (size_t i = 0; i < outcome->message_count; i++)
		due_pull_expect(node->due_pull,
		    outcome->messages[i].record.wake_at_ms);
	for (size_t i = 0; i < after->call_count; i++)
		due_pull_expect(node->due_pull,
		    after->calls[i].record.wake_at_ms);
	for (size_t i = 0; i < after->specialist_count; i++)
		due_pull_expect(node->due_pull,
		    after->specialists[i].record.wake_at_ms);
}

/* ---- orders */

struct order {
	struct sim_node *node;
	struct effect effect;
	struct call call;
	struct message message;
	int64_t start_by_ms;            /* by the node's boot clock */
};

/* Then it is certain that it was not. */
static void
not_sent(const struct order *order)
{
	struct engine_order told = { .event = { .kind = EVENT_REJECTED,
		.outcome = OUTCOME_FAILED, .may_be_taken_later = true,
		.to = order->effect.call, .digit = -1, .by = "provider" },
		.must = true };

	sim_say("node %d: an order comes too late", order->node->index);
	/* What is told may be lost, too. */
	if (!sim_fault_in(4))
		engine_post(order->node->engine, &told);
}

static void
on_turn(void *context, bool is_alive)
{
	struct order *order = context;

	if (is_alive && clock_boottime_ms() > order->start_by_ms)
		not_sent(order);
	else if (is_alive && order->effect.call.kind == RECORD_MESSAGE)
		texts_do(order->node, &order->message, &order->effect);
	else if (is_alive)
		lines_do(order->node, &order->call, &order->effect);
	free(order);
}

static void
on_effect(void *context, const struct situation *situation,
    const struct effect *effect, int64_t sent_boot_ms, int64_t wait_ms)
{
	struct sim_node *node = context;
	const struct call *call = situation_call_const(situation,
	    effect->call.n);
	bool is_text = effect->call.kind == RECORD_MESSAGE;
	struct order *order;
	int64_t turn_ms;

	if (effect->kind != EFFECT_PLACE && effect->kind != EFFECT_SEND) {
		if (is_text)
			texts_do(node, &situation->message, effect);
		else if (call != NULL)
			lines_do(node, call, effect);
		return;
	}
	if (!is_text && call == NULL)
		return;
	health_on_placed(node->health, is_text ? situation->message.provider :
	    call->provider, is_text ? CHANNEL_SMS : CHANNEL_VOICE, wait_ms);
	order = sim_new(sizeof(*order));
	order->node = node;
	order->effect = *effect;
	if (is_text)
		order->message = situation->message;
	else
		order->call = *call;
	turn_ms = sent_boot_ms + wait_ms;
	order->start_by_ms = turn_ms + PLACE_YOUTH_MS;
	sim_in(turn_ms > clock_boottime_ms() ?
	    turn_ms - clock_boottime_ms() : 0, node->index, on_turn, order);
}

/* ---- providers */

static int64_t
on_wait(void *context, const char *provider, enum channel channel,
    const char *guard, int64_t wait_ms)
{
	struct sim_node *node = context;

	return health_on_wait(node->health, provider, channel, guard, wait_ms);
}

/* A hint, and so now and then a lie. */
static unsigned
providers_down(void *context, enum channel channel, unsigned *ret_spent)
{
	struct sim_node *node = context;

	if (sim_fault_in(100)) {
		*ret_spent = 0;
		return sim_draw(1 << LINES);
	}
	return health_down(node->health, channel, ret_spent);
}

static unsigned
providers_probing(void *context, enum channel channel)
{
	struct sim_node *node = context;

	return health_probing(node->health, channel);
}

static size_t
room(void *context, const char *queue)
{
	struct sim_node *node = context;

	return health_room(node->health, queue);
}

static void
on_offered(void *context, const char *queue)
{
	struct sim_node *node = context;

	health_on_offered(node->health, queue);
}

/* ---- specialists */

static const struct specialist *
find(void *context, const struct request *request, int64_t now_ms)
{
	struct sim_node *node = context;

	return matcher_find(node->matcher, request, now_ms);
}

static void
on_stale(void *context, const char *specialist)
{
	struct sim_node *node = context;

	matcher_on_stale(node->matcher, specialist);
}

/* A hint, and a lie as often as not. */
static struct expectation
expected(void *context, const struct request *request, int64_t now_ms)
{
	int64_t from_ms = sim_draw(10) * 60000;

	(void)context;
	(void)request;
	(void)now_ms;
	return (struct expectation){ .on_time = sim_draw(1000) / 1000.0,
		.from_ms = from_ms, .to_ms = sim_draw(10) == 0 ? 0 : from_ms + 60000 };
}

static int
others(void *context, const char *queue, const char *specialist)
{
	struct sim_node *node = context;

	return matcher_others(node->matcher, queue, specialist);
}

/* Nobody but the scripts writes here. */
static void
on_unreadable(void *context, const struct record_ref *ref, const char *why,
    const struct pair *pairs, size_t count)
{
	char key[KEY_SIZE];

	(void)context;
	(void)pairs;
	(void)count;
	record_key(ref, key);
	sim_blame("%s cannot be read: %s", key, why);
}

/* Nobody plants keys here. */
static void
on_set_aside(void *context, const char *key)
{
	(void)context;
	sim_blame("%s was set aside", key);
}

void
hooks_set(struct sim_node *node, struct engine_hooks *ret_hooks)
{
	*ret_hooks = (struct engine_hooks){ node, on_committed, on_effect,
		on_wait, providers_down, providers_probing, find, on_stale,
		expected, NULL, NULL, others, on_unreadable, on_set_aside };
}

void
hooks_set_gate(struct sim_node *node)
{
	struct matcher_gate gate = { .context = node, .room = room,
		.on_offered = on_offered };

	matcher_set_gate(node->matcher, &gate);
}
