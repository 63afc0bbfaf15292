/* SPDX-License-Identifier: MIT */
/*
 * sim_company: whom and what a seed's settings name: people, queues, providers,
 * results; and the settings that may come in their place while it works.
 */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <string.h>

#include "lib/fault.h"

static const struct {
	const char *id;
	enum disposition_then then;
} results[] = {
	{ "done", THEN_CLOSE }, { "pass", THEN_PASS },
	{ "later", THEN_SCHEDULE }, { "machine", THEN_RETRY },
	{ "never", THEN_SUPPRESS }, { "abuse", THEN_PROPOSE_BLOCK },
};

const char *
sim_result(bool is_done)
{
	return results[is_done ? 0 : sim_draw(16) == 0 ?
	    4 + sim_draw(2) : sim_draw(4)].id;
}

/* ---- providers: the same in all settings */

enum sim_fence
sim_fence_of(const char *provider)
{
	for (size_t i = 0; i < sim.line_count; i++) {
		if (strcmp(sim.lines[i].id, provider) == 0)
			return sim.fences[i];
	}
	return BY_HAND;
}

bool
sim_is_fenced(void)
{
	for (size_t i = 0; i < sim.line_count; i++) {
		if (sim.fences[i] != BY_ANSWER)
			return false;
	}
	return sim.line_count > 0;
}

/* Mostly the fence that promises most, and mostly two with the same. */
static void
found_lines(void)
{
	static const char *const ids[LINES] = { SIM_LINE_0, SIM_LINE_1 };
	enum sim_fence fence = sim_draw(4) == 0 ? BY_ANSWER :
	    (enum sim_fence)sim_draw(FENCES);

	sim.line_count = fence == BY_HAND ? 0 : sim_draw(2) ? LINES : 1;
	for (size_t i = 0; i < sim.line_count; i++) {
		struct provider_facts *facts = &sim.lines[i];

		sim.fences[i] = i == 0 || sim_draw(3) != 0 ? fence :
		    (enum sim_fence)sim_draw(BY_HAND);
		strcpy(facts->id, ids[i]);
		facts->authorises_on_answer = sim.fences[i] == BY_ANSWER;
		facts->can_find = true;
		facts->can_poll = true;
		facts->can_hang_up = true;
		facts->can_text = true;
		facts->can_ask_text = sim_draw(4) != 0;
		if (sim_draw(4) == 0) {
			facts->emission_ms[CHANNEL_VOICE] =
			    sim_between(200, 1500);
			facts->emission_ms[CHANNEL_SMS] =
			    sim_between(200, 3000);
		}
		if (sim_draw(6) == 0)
			facts->alive_max = (int)sim_between(1, 6);
	}
	sim.writes = sim.line_count > 0 && sim_draw(2);
}

/* One after the other, in this queue perhaps the other way round; at the end
 * perhaps whoever is free, by hand. */
static void
fill_order(struct provider_order *order, bool is_turned, bool ends_by_hand)
{
	order->count = sim.line_count;
	for (size_t i = 0; i < sim.line_count; i++)
		strcpy(order->ids[is_turned ? sim.line_count - 1 - i : i],
		    sim.lines[i].id);
	if (ends_by_hand && sim.line_count > 0)
		strcpy(order->ids[order->count++], CALL_BY_HAND);
}

static void
fill_lines(struct policy *policy)
{
	static const char *const words[TEXT_CUSTOMER_COUNT] = {
		"{company}: {promise}", "{company}", "{company}: {promise}",
		"{company}", "{company}: {number}" };

	policy->provider_count = sim.line_count;
	memcpy(policy->providers, sim.lines, sizeof(sim.lines));
	fill_order(&policy->voice, false, sim_draw(4) == 0);
	if (!sim.writes)
		return;
	fill_order(&policy->text, sim_draw(2), false);
	strcpy(policy->texts[0].language, policy->language);
	memcpy(policy->texts[0].texts, words, sizeof(words));
	policy->text_language_count = 1;
	policy->link = "";
	/* By UTC: a day begins at 22:13, its doors open an hour later. */
	if (sim_draw(2)) {
		policy->quiet_from_minute = sim.traffic->has_nights ?
		    12 * 60 : 23 * 60;
		policy->quiet_to_minute = sim.traffic->has_nights ?
		    22 * 60 : 90;
	}
}

/* ---- people */

static void
fill_person(struct specialist_policy *who, size_t i, unsigned style)
{
	specialist_policy_defaults(who);
	snprintf(who->id, sizeof(who->id), "s%zu", i);
	snprintf(who->name, sizeof(who->name), "S %zu", i);
	snprintf(who->addresses[0].to, sizeof(who->addresses[0].to),
	    "+79160000%03zu", i);
	/* Some have a telephone that only one provider can ring. */
	if (sim.line_count == LINES && sim_draw(6) == 0)
		strcpy(who->addresses[0].provider, sim.lines[0].id);
	who->address_count = 1;
	for (size_t k = 0; k < QUEUES; k++) {
		if (k > 0 && sim_draw(3) == 0)
			continue;
		memcpy(who->queues[who->queue_count].id,
		    sim.queues[0][(k + i) % QUEUES].id, ID_SIZE);
		who->queues[who->queue_count++].level =
		    (int)sim_between(1, 9);
	}
	who->offer = (style == 3 ? sim_draw(2) : style == 2) ? OFFER_PHONE :
	    OFFER_SCREEN;
	/* Some have no desk; some are rung once they have ignored what was on
	 * the screen. */
	if (sim.writes && i % 4 == 3 && who->addresses[0].provider[0] == '\0') {
		who->offer = OFFER_SMS;
		who->offer_ms = 3 * MINUTE_MS;
	}
	who->has_second = style == 3 && i % 3 == 0;
	who->second = OFFER_PHONE;
	who->second_ms = who->offer_ms;
	who->confirm = sim_draw(2) ? CONFIRM_PRESS1 : CONFIRM_ANSWER;
	who->accept = style == 1 && sim_draw(2) ? ACCEPT_AUTOMATIC :
	    ACCEPT_BY_HAND;
}

/* ---- queues */

/* Half of the companies widen, and then to several at once. */
static void
fill_rungs(struct queue_policy *queue, const char *other)
{
	struct widening *rungs = queue->widenings;

	if (sim_draw(2) == 0)
		return;
	queue->level = (int)sim_between(4, 9);
	rungs[0] = (struct widening){
		.before_ms = queue->limit_ms - MINUTE_MS, .level = 1 };
	rungs[1] = (struct widening){
		.before_ms = queue->limit_ms / 2, .offers = 3 };
	rungs[2] = (struct widening){ .before_ms = queue->limit_ms / 3 };
	snprintf(rungs[2].queue, ID_SIZE, "%s", other);
	rungs[3] = (struct widening){
		.before_ms = queue->limit_ms / 5, .offers = OFFER_MAX };
	rungs[4] = (struct widening){ .before_ms = queue->limit_ms / 6 };
	snprintf(rungs[4].tell, sizeof(rungs[4].tell), "%s", queue->id);
	queue->widening_count = sim.writes ? 5 : 4;
}

static void
fill_queues(struct queue_policy *queues)
{
	for (size_t i = 0; i < QUEUES; i++) {
		queue_policy_defaults(&queues[i]);
		strcpy(queues[i].id, i == 0 ? SIM_QUEUE_0 : SIM_QUEUE_1);
		queues[i].is_default = i == 0;
		queues[i].is_public = true;
		fill_rungs(&queues[i], i == 0 ? SIM_QUEUE_1 : SIM_QUEUE_0);
		if (sim_draw(4) == 0)
			fill_order(&queues[i].voice, true, false);
		/* Some keep people for who is on hold. */
		queues[i].keep_for_line = sim_draw(4) == 0 ?
		    1 + (int)sim_draw(2) : 0;
	}
}

/* ---- the settings */

static void
fill_policy(struct policy *policy)
{
	policy_defaults(policy);
	strcpy(policy->site, "sim");
	strcpy(policy->home, "RU");
	for (size_t i = 0; i < COUNT_OF(results); i++) {
		strcpy(policy->dispositions[i].id, results[i].id);
		policy->dispositions[i].key = (int)i + 1;
		policy->dispositions[i].then = results[i].then;
	}
	policy->disposition_count = COUNT_OF(results);
	policy->ignored_return_ms = 10 * MINUTE_MS;
	policy->elsewhere_ms = 10 * MINUTE_MS;
	policy->presence_ms = sim.presence_ms;
	policy->give_up_ms = 90 * MINUTE_MS;
	policy->call_max_ms = 12 * MINUTE_MS;
	/* A talk of minutes is not asked for four times a minute. */
	if (sim.traffic->has_nights)
		policy->poll_ms = MINUTE_MS;
	policy->record_keep_ms = 2 * HOUR_MS;
	policy->call_keep_ms = 2 * HOUR_MS;
	policy->seen_keep_ms = 2 * HOUR_MS;
	policy->answer_keep_ms = HOUR_MS;
	fill_lines(policy);
	/* Shorter than the POST may take: a call is believed absent that is on
	 * its way. */
	if (PLANTED("lease_shorter_than_timeout")) {
		policy->place_lease_ms = 3000;
		policy->quarantine_ms = 3000;
	}
}

/* ---- what a reload may change: people, skills, times, queues; never leases */

static void
change_times(struct policy *policy)
{
	for (size_t i = 0; i < QUEUES; i++) {
		policy->queues[i].limit_ms /= 2;
		policy->queues[i].target_ms /= 2;
		policy->queues[i].late_ms = 0;
	}
	for (size_t i = 0; i < policy->specialist_count; i++) {
		policy->specialists[i].offer_ms *= 2;
		policy->specialists[i].wrap_up_ms /= 2;
	}
	policy->specialist_count -= sim_draw(2);
	policy->retry_count = 1;
	policy->short_call_ms = 0;
	policy->cool_off_declined_ms *= 3;
	policy->rest_ms = 0;
	policy->wrap_result_ms /= 2;
	policy->ignored_pause = 1;
}

static void
change_attempts(struct policy *policy)
{
	for (size_t i = 0; i < QUEUES; i++) {
		policy->queues[i].limit_ms *= 2;
		policy->queues[i].scheduled_ms *= 3;
		policy->queues[i].late_ms = 20 * MINUTE_MS;
	}
	policy->retry_count = 3;
	policy->retry_after_ms[0] = 30 * SECOND_MS;
	policy->retry_after_ms[1] = 5 * MINUTE_MS;
	policy->retry_after_ms[2] = 20 * MINUTE_MS;
	policy->give_up_ms /= 3;
	policy->elsewhere_ms /= 2;
}

/* A queue is taken out: nobody serves it, and what waits in it stays. */
static void
lose_queue(struct policy *policy)
{
	policy->queue_count = 1;
	policy->queues[0].widening_count = 0;
	for (size_t i = 0; i < policy->specialist_count; i++) {
		struct specialist_policy *who = &policy->specialists[i];
		int level = policy_level(who, policy->queues[0].id);

		who->queue_count = 1;
		memcpy(who->queues[0].id, policy->queues[0].id, ID_SIZE);
		who->queues[0].level = level != 0 ? level : 1;
	}
}

static void
lose_person(struct policy *policy)
{
	size_t at = sim_draw((unsigned)policy->specialist_count);

	policy->specialists[at] =
	    policy->specialists[--policy->specialist_count];
}

static void
change_people(struct policy *policy)
{
	for (size_t i = policy->specialist_count / 2; i > 0; i--)
		lose_person(policy);
	for (size_t i = 0; i < policy->specialist_count; i++)
		policy->specialists[i].confirm = CONFIRM_ANSWER;
}

void
company_found(void)
{
	static void (*const changes[POLICIES])(struct policy *policy) = {
		NULL, change_times, change_attempts, lose_queue,
		change_people };
	bool is_company = sim.traffic->has_nights;
	size_t count = is_company ? sim.traffic->people :
	    (size_t)sim_between(2, PEOPLE_MAX);

	found_lines();
	sim.presence_ms = sim_draw(4) == 0 ? 20 * MINUTE_MS : 0;
	for (size_t i = 0; i < POLICIES; i++) {
		struct policy *policy = &sim.policies[i];
		unsigned style = sim_draw(4);

		fill_policy(policy);
		fill_queues(sim.queues[i]);
		policy->queues = sim.queues[i];
		policy->queue_count = QUEUES;
		for (size_t k = 0; k < count; k++)
			fill_person(&sim.people[i][k], k, style);
		policy->specialists = sim.people[i];
		policy->specialist_count = count;
		if (changes[i] != NULL)
			changes[i](policy);
	}
	sim.settings = &sim.policies[0];
	/* A request costs a specialist some two or three minutes; now and then
	 * more is asked than they can do. */
	sim.gap_ms = (sim_draw(8) == 0 ? sim_between(50, 120) :
	    sim_between(150, 2400)) * SECOND_MS / (int64_t)count;
	if (!is_company)
		return;
	sim.gap_ms = 10 * HOUR_MS / sim.traffic->by_day;
	sim.night_gap_ms = 14 * HOUR_MS / sim.traffic->by_night;
}
