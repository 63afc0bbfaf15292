/* SPDX-License-Identifier: MIT */
/*
 * provider_file_webhook: the part of a provider file about what the provider
 * tells us: which event each webhook is, and what its words mean.
 */
#include "lib/provider_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_body(struct reading *, config_setting_t *, void *);
static void read_required(struct reading *, config_setting_t *, void *);
static void read_events(struct reading *, config_setting_t *, void *);
static void read_question(struct reading *, config_setting_t *, void *);
static void read_leg(struct reading *, config_setting_t *, void *);
static void read_map(struct reading *, config_setting_t *, void *);
static void read_causes(struct reading *, config_setting_t *, void *);
static void read_machines(struct reading *, config_setting_t *, void *);
static void check_event(struct reading *reading,
    const config_setting_t *setting, const struct event_rule *rule);
static bool read_meaning(const char *word, struct meaning *ret_meaning);
static bool read_outcome(const char *word, enum call_outcome *ret_outcome);

static const struct setting_row webhook_rows[] = {
	{ "body", read_body, offsetof(struct webhook, body), true },
	{ "signature", setting_signature, 0, true },
	{ "required", read_required, 0, false },
	{ "events", read_events, 0, true },
	{ "reply", setting_not_yet, 0, false },
	{ "challenge", setting_not_yet, 0, false },
	{ "dedup", setting_not_yet, 0, false },
	{ "records", setting_not_yet, 0, false },
	{ "advisory", setting_not_yet, 0, false },
	{ "path_suffixes", setting_not_yet, 0, false },
};

static const struct setting_row event_rows[] = {
	{ "when", setting_conditions, offsetof(struct event_rule, when), false },
	{ "question", read_question, offsetof(struct event_rule, question), false },
	{ "leg", read_leg, offsetof(struct event_rule, is_customer_leg), false },
	{ "id", setting_source, offsetof(struct event_rule, id), false },
	{ "leg_id", setting_source, offsetof(struct event_rule, leg_id), false },
	{ "state", setting_source, offsetof(struct event_rule, state), false },
	{ "map", read_map, 0, false },
	{ "cause", setting_source, offsetof(struct event_rule, cause), false },
	{ "cause_map", read_causes, 0, false },
	{ "order", setting_source, offsetof(struct event_rule, order), false },
	{ "seconds", setting_source, offsetof(struct event_rule, seconds), false },
	{ "digits", setting_source, offsetof(struct event_rule, digits), false },
	{ "amd", setting_source, offsetof(struct event_rule, amd), false },
	{ "amd_map", read_machines, 0, false },
	{ "recording", setting_source, offsetof(struct event_rule, recording), false },
	{ "also", setting_not_yet, 0, false },
	{ "session", setting_not_yet, 0, false },
	{ "job", setting_not_yet, 0, false },
	{ "time", setting_not_yet, 0, false },
	{ "set", setting_not_yet, 0, false },
	{ "error", setting_not_yet, 0, false },
	{ "reply", setting_not_yet, 0, false },
};

void
setting_webhook(struct reading *reading, config_setting_t *setting,
    void *target)
{
	struct webhook *webhook = target;

	webhook->is_there = reading_group(reading, setting, webhook_rows,
	    COUNT_OF(webhook_rows), webhook);
}

static void
read_body(struct reading *reading, config_setting_t *setting, void *target)
{
	static const char *const names[] = {
		[WEBHOOK_FORM] = "form", [WEBHOOK_JSON] = "json",
		[WEBHOOK_QUERY] = "query",
	};
	size_t choice;

	if (reading_choice(reading, setting, names, COUNT_OF(names), &choice))
		*(enum webhook_body *)target = (enum webhook_body)choice;
}

static void
read_required(struct reading *reading, config_setting_t *setting, void *target)
{
	struct webhook *webhook = target;
	size_t count = reading_list(reading, setting);

	webhook->required = provider_own(reading->provider,
	    count * sizeof(*webhook->required));
	for (size_t i = 0; i < count; i++)
		setting_source(reading, config_setting_get_elem(setting,
		    (unsigned)i), &webhook->required[i]);
	webhook->required_count = count;
}

/* ---- events */

static void
read_events(struct reading *reading, config_setting_t *setting, void *target)
{
	struct webhook *webhook = target;
	size_t count = reading_list(reading, setting);

	webhook->events = provider_own(reading->provider,
	    count * sizeof(*webhook->events));
	webhook->event_count = count;
	for (size_t i = 0; i < count; i++) {
		config_setting_t *item = config_setting_get_elem(setting,
		    (unsigned)i);

		if (reading_group(reading, item, event_rows,
		    COUNT_OF(event_rows), &webhook->events[i]))
			check_event(reading, item, &webhook->events[i]);
	}
	if (count == 0)
		reading_error(reading, setting, "are none");
}

static void
read_question(struct reading *reading, config_setting_t *setting, void *target)
{
	static const char *const names[] = {
		"up", "keys", "silent", "dial_over", "result", "wait", "greet",
		"confirm",
	};
	size_t choice;

	if (reading_choice(reading, setting, names, COUNT_OF(names), &choice))
		*(const char **)target = names[choice];
}

static void
read_leg(struct reading *reading, config_setting_t *setting, void *target)
{
	static const char *const names[] = { "agent", "customer" };
	size_t choice;

	if (reading_choice(reading, setting, names, COUNT_OF(names), &choice))
		*(bool *)target = choice == 1;
}

static void
read_map(struct reading *reading, config_setting_t *setting, void *target)
{
	struct event_rule *rule = target;

	setting_states(reading, setting, &rule->map);
	rule->has_map = true;
}

static void
read_causes(struct reading *reading, config_setting_t *setting, void *target)
{
	struct event_rule *rule = target;
	size_t count = reading_list(reading, setting);

	rule->causes = provider_own(reading->provider,
	    count * sizeof(*rule->causes));
	rule->cause_count = count;
	for (size_t i = 0; i < count; i++) {
		config_setting_t *pair = config_setting_get_elem(setting,
		    (unsigned)i);
		const char *words[3];

		rule->causes[i].word = "";
		if (!reading_words(reading, pair, 2, 2, words))
			continue;
		rule->causes[i].word = words[0];
		if (!read_outcome(words[1], &rule->causes[i].outcome))
			reading_error(reading, pair,
			    "\"%.32s\" is no outcome", words[1]);
	}
}

static void
read_machines(struct reading *reading, config_setting_t *setting, void *target)
{
	struct event_rule *rule = target;
	size_t count = reading_list(reading, setting);

	rule->machines = provider_own(reading->provider,
	    count * sizeof(*rule->machines));
	rule->machine_count = count;
	for (size_t i = 0; i < count; i++) {
		config_setting_t *pair = config_setting_get_elem(setting,
		    (unsigned)i);
		const char *words[3];
		size_t at = MACHINE_NOT_SAID + 1;

		rule->machines[i].word = "";
		if (!reading_words(reading, pair, 2, 2, words))
			continue;
		rule->machines[i].word = words[0];
		while (at < MACHINE_COUNT &&
		    strcmp(words[1], machine_names[at]) != 0)
			at++;
		if (at == MACHINE_COUNT)
			reading_error(reading, pair, "\"%.32s\" is none of: "
			    "human, machine, unknown", words[1]);
		else
			rule->machines[i].machine = (enum machine)at;
	}
}

static void
check_event(struct reading *reading, const config_setting_t *setting,
    const struct event_rule *rule)
{
	if (rule->question == NULL && rule->state.name == NULL &&
	    rule->amd.name == NULL && rule->recording.name == NULL)
		reading_error(reading, setting,
		    "has neither state nor question, amd or recording");
	if ((rule->amd.name == NULL) != (rule->machine_count == 0))
		reading_error(reading, setting,
		    "amd and amd_map need each other");
	if (rule->state.name != NULL && !rule->has_map &&
	    reading->provider->states.count == 0)
		reading_error(reading, setting, "has state, but there is "
		    "neither a map nor states");
	if (rule->state.name == NULL && (rule->has_map ||
	    rule->cause.name != NULL || rule->seconds.name != NULL))
		reading_error(reading, setting,
		    "map, cause and seconds need state");
	if ((rule->cause.name == NULL) != (rule->cause_count == 0))
		reading_error(reading, setting,
		    "cause and cause_map need each other");
}

/* ---- words */

void
setting_states(struct reading *reading, config_setting_t *setting,
    void *target)
{
	struct state_map *map = target;
	size_t count = reading_list(reading, setting);

	map->items = provider_own(reading->provider,
	    count * sizeof(*map->items));
	map->count = count;
	for (size_t i = 0; i < count; i++) {
		config_setting_t *pair = config_setting_get_elem(setting,
		    (unsigned)i);
		const char *words[3];

		map->items[i].word = "";
		if (!reading_words(reading, pair, 2, 2, words))
			continue;
		map->items[i].word = words[0];
		if (!read_meaning(words[1], &map->items[i].meaning))
			reading_error(reading, pair, "\"%.32s\" is none of: "
			    "ignore, agent_ringing, agent_up, customer_ringing,"
			    " customer_up, over:OUTCOME, customer_over:OUTCOME",
			    words[1]);
	}
}

static bool
read_meaning(const char *word, struct meaning *ret_meaning)
{
	struct meaning meaning = { .progress = PROGRESS_NONE };

	if (strcmp(word, "ignore") == 0) {
		meaning.is_ignored = true;
		*ret_meaning = meaning;
		return true;
	}
	for (size_t i = PROGRESS_AGENT_RINGING; i < PROGRESS_OVER; i++)
		if (strcmp(word, call_progress_names[i]) == 0) {
			meaning.progress = (enum call_progress)i;
			*ret_meaning = meaning;
			return true;
		}
	if (strncmp(word, "over:", 5) == 0) {
		meaning.progress = PROGRESS_OVER;
		word += 5;
	} else if (strncmp(word, "customer_over:", 14) == 0) {
		meaning.is_customer_over = true;
		word += 14;
	} else {
		return false;
	}
	if (!read_outcome(word, &meaning.outcome))
		return false;
	*ret_meaning = meaning;
	return true;
}

static bool
read_outcome(const char *word, enum call_outcome *ret_outcome)
{
	for (size_t i = OUTCOME_NONE + 1; i < OUTCOME_COUNT; i++)
		if (strcmp(word, call_outcome_names[i]) == 0) {
			*ret_outcome = (enum call_outcome)i;
			return true;
		}
	return false;
}
