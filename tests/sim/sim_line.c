/* SPDX-License-Identifier: MIT */
/*
 * sim_line: the telephones of all providers. They lose, repeat and reorder
 * webhooks, ask their questions again, and keep the ledger of who was rung.
 */
#include "tests/sim/sim_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/health.h"

enum { LINES_MAX = 8192, ASKS_MAX = 5 };

static struct line *lines[LINES_MAX];
static size_t line_count;
static uint64_t sid_number, ask_number;

static void ask(struct line *line, enum question question, int digit);

struct line *
line_of(const char *sid)
{
	for (size_t i = line_count; i-- > 0;) {
		if (strcmp(lines[i]->sid, sid) == 0)
			return lines[i];
	}
	return NULL;
}

static bool
is_of(const struct line *line, const struct record_ref *call)
{
	return record_ref_equal(&line->call, call);
}

struct line *
line_of_call(const struct record_ref *call, size_t *at)
{
	while (*at < line_count) {
		if (is_of(lines[(*at)++], call))
			return lines[*at - 1];
	}
	return NULL;
}

/* ---- what happens to a line later; lines die only long after their end */

struct later {
	void (*what)(struct line *line);
	char sid[SID_SIZE];
};

static void
on_later(void *context, bool is_alive)
{
	struct later *later = context;
	struct line *line = is_alive ? line_of(later->sid) : NULL;

	if (line != NULL)
		later->what(line);
	free(later);
}

static void
later(struct line *line, int64_t delay_ms, void (*what)(struct line *line))
{
	struct later *next = sim_new(sizeof(*next));

	next->what = what;
	memcpy(next->sid, line->sid, sizeof(next->sid));
	sim_in(delay_ms, NOBODY, on_later, next);
}

/* ---- telling the nodes */

static void
on_asked(void *context, uint64_t tag, const struct engine_result *result);

static void
on_news(void *context, bool is_alive)
{
	struct sim_news *news = context;
	struct engine_order order = { .event = news->event };
	struct sim_node *node = &sim.nodes[news->node];

	if (is_alive && news->provider != NULL)
		health_hear_of(node->health, news->provider, news->channel,
		    news->health, "?", 0);
	if (is_alive && news->event.kind != EVENT_NONE) {
		order.must = news->event.kind != EVENT_PROGRESS &&
		    news->event.kind != EVENT_ASKED;
		snprintf(order.event.by, sizeof(order.event.by), "provider");
		if (news->ask != 0) {
			uint64_t *number = sim_new(sizeof(*number));

			*number = news->ask;
			order.on_result = on_asked;
			order.context = number;
			if (!engine_post(node->engine, &order))
				free(number);
		} else {
			engine_post(node->engine, &order);
		}
	}
	free(news);
}

void
lines_tell(const struct sim_news *news, int64_t delay_ms)
{
	struct sim_news *copy = sim_new(sizeof(*copy));

	*copy = *news;
	if (copy->event.kind != EVENT_ASKED)
		copy->event.digit = -1;
	sim_in(delay_ms, copy->node, on_news, copy);
}

static void
tell(int node, const struct event *event, int64_t delay_ms, uint64_t number)
{
	struct sim_news news = { .event = *event, .node = node, .ask = number };

	lines_tell(&news, delay_ms);
}

static void
webhook(const struct line *line, bool is_customer_over)
{
	struct event event = { .kind = EVENT_PROGRESS, .to = line->call,
		.progress = is_customer_over ? PROGRESS_NONE : line->progress,
		.is_customer_over = is_customer_over };
	int copies = sim_fault_in(sim.hook_loss) ? 0 : sim_fault_in(20) ? 2 :
	    1;

	memcpy(event.sid, line->sid, sizeof(event.sid));
	memcpy(event.provider, line->provider, sizeof(event.provider));
	if (is_customer_over || line->is_over) {
		event.outcome = line->outcome;
		event.talk_ms = line->talk_ms;
	}
	for (int i = 0; i < copies; i++) {
		struct sim_node *node = nodes_any();
		int64_t delay_ms = sim_fault_in(10) ?
		    sim_between(2000, 30000) : sim_between(10, 400);

		if (node != NULL)
			tell(node->index, &event, delay_ms, 0);
	}
}

/* ---- the customer's leg */

static bool
may_have_been_lost(const struct line *line)
{
	const struct call *call = sim_see_call(line->call.id, line->call.n);

	return call != NULL && call->state == CALL_ENDED &&
	    call->outcome == OUTCOME_UNKNOWN;
}

/* What was answered a moment ago may still ring. */
static void
check_is_wanted(const struct line *line)
{
	const struct request *request = sim_see_request(line->call.id);

	if (line->fence == BY_ANSWER && (request == NULL ||
	        (request->state == REQUEST_CLOSED &&
	            sim.now_ms - sim.store_set_ms > 10 * SECOND_MS &&
	            request->closed_at_ms + 5 * SECOND_MS < sim_store_ms())))
		sim_blame("%s rings the customer of %s, which is closed",
		    line->sid, line->call.id);
}

static void
check_ring(const struct line *line)
{
	const struct call *call = sim_see_call(line->call.id, line->call.n);
	char key[KEY_SIZE];

	record_key(&line->call, key);
	sim.rings++;
	if (line->is_lost)
		return;
	check_is_wanted(line);
	if (call == NULL)
		sim_blame("%s rings %s, and no call is recorded", line->sid,
		    line->customer);
	else if (call->authorised[0] == '\0' || (line->fence == BY_ANSWER &&
	        strcmp(call->authorised, line->sid) != 0))
		sim_blame("%s: %s rings the customer, authorised is \"%s\"",
		    key, line->sid, call->authorised);
	for (size_t i = 0; i < line_count; i++) {
		const struct line *other = lines[i];

		if (other == line || other->leg == LEG_NONE || other->is_lost)
			continue;
		if (is_of(other, &line->call))
			sim_blame("%s: the customer is rung twice, by %s and "
			    "by %s", key, other->sid, line->sid);
		else if (!other->is_over && other->leg != LEG_OVER &&
		    strcmp(other->customer, line->customer) == 0 &&
		    !may_have_been_lost(other))
			sim_blame("%s and %s ring %s at once", other->sid,
			    line->sid, line->customer);
	}
}

static void
end_customer(struct line *line)
{
	if (line->leg == LEG_UP)
		line->talk_ms = sim.now_ms - line->up_ms;
	line->leg = LEG_OVER;
	sim_say("%s: the customer's leg is over, %s", line->sid,
	    call_outcome_names[line->outcome]);
}

static void
agent_hangs_up(struct line *line)
{
	if (!line->is_over)
		line_hang_up(line, line->outcome != OUTCOME_NONE ? line->outcome :
		    OUTCOME_ANSWERED);
}

static void
customer_hangs_up(struct line *line)
{
	if (line->is_over || line->leg != LEG_UP)
		return;
	end_customer(line);
	webhook(line, true);
	if (line->is_by_hand)
		return;
	if (line->fence == BY_ANSWER && sim_draw(5) != 0)
		ask(line, QUESTION_DIAL_OVER, -1);
	else
		later(line, sim_between(200, 3000), agent_hangs_up);
}

static void
customer_answers(struct line *line)
{
	if (line->is_over || line->leg != LEG_RINGING)
		return;
	line->leg = LEG_UP;
	line->up_ms = sim.now_ms;
	line->progress = PROGRESS_CUSTOMER_UP;
	line->outcome = OUTCOME_ANSWERED;
	sim_say("%s: the customer answers", line->sid);
	webhook(line, false);
	later(line, sim_draw(4) == 0 ? sim_between(500, 9000) :
	    sim_between(10000, sim.traffic->talk_max_ms), customer_hangs_up);
}

static void
customer_does_not(struct line *line)
{
	if (line->is_over || line->leg != LEG_RINGING)
		return;
	line->outcome = sim_draw(2) ? OUTCOME_NO_ANSWER : OUTCOME_BUSY;
	end_customer(line);
	webhook(line, true);
	if (line->fence == BY_ANSWER)
		ask(line, QUESTION_DIAL_OVER, -1);
	else
		later(line, 300, agent_hangs_up);
}

static void
ring_customer(struct line *line)
{
	if (line->is_over || line->leg != LEG_NONE)
		return;
	check_ring(line);
	line->leg = LEG_RINGING;
	line->progress = PROGRESS_CUSTOMER_RINGING;
	sim_say("%s: %s rings for %s.%d", line->sid, line->customer,
	    line->call.id, line->call.n);
	webhook(line, false);
	if (sim_draw(10) < 7)
		later(line, sim_between(2000, 15000), customer_answers);
	else
		later(line, sim_between(2000, 25000), customer_does_not);
}

/* ---- questions */

static void
presses(struct line *line)
{
	unsigned key = sim_draw(20);

	if (line->is_over || line->leg != LEG_NONE)
		return;
	if (key < 15)
		ask(line, QUESTION_KEY, 1);
	else if (key < 18)
		ask(line, QUESTION_KEY, 2);
	else
		ask(line, QUESTION_SILENT, -1);
}

static void
presses_result(struct line *line)
{
	if (!line->is_over)
		ask(line, QUESTION_RESULT, (int)sim_between(1, 4));
}

static void
asks_again(struct line *line)
{
	if (!line->is_over)
		ask(line, line->question == QUESTION_UP ? QUESTION_WAIT :
		    line->question, line->digit);
}

struct reply {
	uint64_t ask;
	bool is_wait, is_timeout;
	enum verdict verdict;
};

static void
do_flow(struct line *line, const struct reply *flow)
{
	line->ask = 0;
	if (line->is_over)
		return;
	if (flow->is_timeout || flow->is_wait) {
		if (line->asks > ASKS_MAX)
			line_hang_up(line, OUTCOME_FAILED);
		else
			later(line, flow->is_wait ? 2000 : 10, asks_again);
		return;
	}
	line->asks = 0;
	switch (flow->verdict) {
	case VERDICT_WHISPER:
		later(line, sim_between(1000, 6000), presses);
		break;
	case VERDICT_JOIN:
		later(line, sim_between(50, 500), ring_customer);
		break;
	case VERDICT_RESULT:
		later(line, sim_between(1000, 9000), sim_draw(4) == 0 ?
		    agent_hangs_up : presses_result);
		break;
	case VERDICT_NO_ROW:
	case VERDICT_DONE:
	case VERDICT_GOODBYE:
	case VERDICT_THANKS:
	case VERDICT_GREET:
	case VERDICT_CONFIRM:
	case VERDICT_CONNECT:
	case VERDICT_VOICEMAIL:
	case VERDICT_JOIN_AGENT:
	case VERDICT_BRIEF:
	case VERDICT_COUNT:
		later(line, sim_between(300, 2000), agent_hangs_up);
		break;
	}
}

static void
on_flow(void *context, bool is_alive)
{
	struct reply *flow = context;

	for (size_t i = line_count; is_alive && i-- > 0;) {
		if (lines[i]->ask != flow->ask)
			continue;
		do_flow(lines[i], flow);
		break;
	}
	free(flow);
}

static void
send_flow(const struct reply *flow, int64_t delay_ms)
{
	struct reply *copy = sim_new(sizeof(*copy));

	*copy = *flow;
	sim_in(delay_ms, NOBODY, on_flow, copy);
}

static void
on_asked(void *context, uint64_t tag, const struct engine_result *result)
{
	uint64_t *number = context;
	struct reply flow = { .ask = *number, .verdict = VERDICT_GOODBYE };

	(void)tag;
	free(number);
	if (result->end == ENGINE_UNAVAILABLE)
		flow.is_wait = true;
	else if (result->end == ENGINE_DONE)
		flow.verdict = result->verdict;
	if (!sim_fault_in(25))
		send_flow(&flow, sim_between(10, 150));
}

static void
ask(struct line *line, enum question question, int digit)
{
	struct event event = { .kind = EVENT_ASKED, .to = line->call,
		.question = question, .digit = digit };
	struct reply timeout = { .is_timeout = true };
	int copies = sim_fault_in(30) ? 2 : 1;

	memcpy(event.sid, line->sid, sizeof(event.sid));
	memcpy(event.provider, line->provider, sizeof(event.provider));
	if (question == QUESTION_DIAL_OVER) {
		event.is_customer_over = true;
		event.outcome = line->outcome;
		event.talk_ms = line->talk_ms;
	}
	line->question = question;
	line->digit = digit;
	line->asks++;
	line->ask = ++ask_number;
	timeout.ask = line->ask;
	for (int i = 0; i < copies; i++) {
		struct sim_node *node = nodes_any();

		if (node != NULL)
			tell(node->index, &event, sim_between(10, 200),
			    line->ask);
	}
	send_flow(&timeout, 5 * SECOND_MS);
}

/* ---- the specialist's leg */

void
line_hang_up(struct line *line, enum call_outcome outcome)
{
	if (line->is_over)
		return;
	if (line->leg == LEG_UP)
		end_customer(line);
	else if (line->leg == LEG_RINGING)
		line->leg = LEG_OVER;
	line->is_over = true;
	line->over_ms = sim.now_ms;
	line->progress = PROGRESS_OVER;
	if (line->outcome == OUTCOME_NONE)
		line->outcome = outcome;
	sim_say("%s is over, %s", line->sid, call_outcome_names[line->outcome]);
	webhook(line, false);
}

static void
agent_answers(struct line *line)
{
	if (line->is_over)
		return;
	/* Who has a second telephone, or puts the first call on hold, takes
	 * both. */
	for (size_t i = 0; sim_draw(2) && i < line_count; i++) {
		if (lines[i] != line && !lines[i]->is_over &&
		    lines[i]->is_agent_up &&
		    strcmp(lines[i]->specialist, line->specialist) == 0) {
			line_hang_up(line, OUTCOME_BUSY);
			return;
		}
	}
	line->is_agent_up = true;
	line->progress = PROGRESS_AGENT_UP;
	webhook(line, false);
	if (line->fence == BY_ANSWER)
		ask(line, QUESTION_UP, -1);
	else
		later(line, 500, ring_customer);
}

static void
agent_does_not(struct line *line)
{
	if (!line->is_agent_up)
		line_hang_up(line, OUTCOME_NO_ANSWER);
}

static struct line *
add_line(const struct call *call)
{
	struct line *line = sim_new(sizeof(*line));

	CHECK(line_count < LINES_MAX);
	snprintf(line->sid, sizeof(line->sid), "CA%llu",
	    (unsigned long long)++sid_number);
	line->call = record_ref_call(call->request, call->n);
	memcpy(line->provider, call->provider, sizeof(line->provider));
	line->fence = sim_fence_of(call->provider);
	memcpy(line->customer, call->customer, sizeof(line->customer));
	memcpy(line->specialist, call->specialist, sizeof(line->specialist));
	line->made_ms = sim.now_ms;
	lines[line_count++] = line;
	return line;
}

static void
too_long(struct line *line)
{
	line_hang_up(line, OUTCOME_CANCELLED);
}

struct line *
line_make(const struct call *call)
{
	struct record_ref ref = record_ref_call(call->request, call->n);
	struct line *line;
	size_t at = 0;

	if (sim_fence_of(call->provider) == BY_KEY) {
		line = line_of_call(&ref, &at);
		if (line != NULL)
			return line;
	}
	line = add_line(call);
	line->progress = PROGRESS_AGENT_RINGING;
	sim_say("%s is made for %s.%d, %s's phone rings", line->sid,
	    call->request, call->n, call->specialist);
	webhook(line, false);
	if (sim_draw(6) != 0)
		later(line, sim_between(1500, 12000), agent_answers);
	later(line, 35 * SECOND_MS, agent_does_not);
	later(line, sim.policies[0].call_max_ms, too_long);
	return line;
}

/* ---- a person dials */

static void
over_by_hand(struct line *line)
{
	if (line->leg == LEG_UP)
		end_customer(line);
	line->leg = LEG_OVER;
	line->is_over = true;
	line->over_ms = sim.now_ms;
}

void
lines_ring_by_hand(const struct call *call)
{
	struct line *line = add_line(call);

	line->is_by_hand = true;
	check_ring(line);
	line->leg = LEG_RINGING;
	later(line, 10 * MINUTE_MS, over_by_hand);
}

void
lines_over_by_hand(const char *request, int n)
{
	struct record_ref ref = record_ref_call(request, n);

	for (size_t i = 0; i < line_count; i++) {
		if (is_of(lines[i], &ref) && !lines[i]->is_over)
			over_by_hand(lines[i]);
	}
}

/* ---- all of them */

void
lines_expire(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < line_count; i++) {
		if (lines[i]->is_over &&
		    lines[i]->over_ms + HOUR_MS < sim.now_ms)
			free(lines[i]);
		else
			lines[kept++] = lines[i];
	}
	line_count = kept;
}

int
lines_rung(const char *request)
{
	int count = 0;

	for (size_t i = 0; i < line_count; i++)
		count += lines[i]->leg != LEG_NONE && !lines[i]->is_lost &&
		    lines[i]->fence == BY_ANSWER &&
		    strcmp(lines[i]->call.id, request) == 0;
	return count;
}

static const char *
authorised(const struct keyspace *keyspace, const char *key)
{
	return entry_get(keyspace_find(keyspace, key), "authorised");
}

void
lines_lose(const struct keyspace *before)
{
	for (size_t i = 0; i < line_count; i++) {
		const char *was, *is;
		char key[KEY_SIZE];

		record_key(&lines[i]->call, key);
		is = authorised(&sim.keyspace, key);
		was = authorised(before, key);
		lines[i]->is_lost |= keyspace_find(before, key) == NULL ||
		    (is != NULL && (was == NULL || strcmp(was, is) != 0));
	}
}

size_t
lines_live(void)
{
	size_t count = 0;

	for (size_t i = 0; i < line_count; i++)
		count += !lines[i]->is_over;
	return count;
}

void
lines_start(void)
{
	line_count = 0;
	sid_number = 0;
	ask_number = 0;
}

void
lines_stop(void)
{
	for (size_t i = 0; i < line_count; i++)
		free(lines[i]);
	line_count = 0;
}
