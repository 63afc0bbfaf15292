/* SPDX-License-Identifier: MIT */
/*
 * provider_file_webhook: the part of a provider file about what the provider
 * tells us: which event each webhook is, and what its words mean.
 */
#include "lib/provider_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEANINGS "\"%.32s\" is none of: ignore, agent_ringing, agent_up, " \
	"customer_ringing, customer_up, over:OUTCOME, agent_over:OUTCOME, " \
	"customer_over:OUTCOME"

static void read_body(struct reading *, config_setting_t *, void *);
static void read_records(struct reading *, config_setting_t *, void *);
static void read_reply(struct reading *, config_setting_t *, void *);
static void read_status(struct reading *, config_setting_t *, void *);
static void read_required(struct reading *, config_setting_t *, void *);
static void read_events(struct reading *, config_setting_t *, void *);
static void read_about(struct reading *, config_setting_t *, void *);
static void read_question(struct reading *, config_setting_t *, void *);
static void read_leg(struct reading *, config_setting_t *, void *);
static void read_map(struct reading *, config_setting_t *, void *);
static void read_set(struct reading *, config_setting_t *, void *);
static void read_causes(struct reading *, config_setting_t *, void *);
static void read_machines(struct reading *, config_setting_t *, void *);
static void check_event(struct reading *reading,
    const config_setting_t *setting, const struct event_rule *rule);
static bool names_number(const struct event_rule *rule);
static void check_meanings(struct reading *reading,
    const config_setting_t *setting, const struct event_rule *rule);
static bool read_outcome(const char *word, enum call_outcome *ret_outcome);

#define ROW(name) offsetof(struct webhook, name)

static const struct setting_row webhook_rows[] = {
	{ "body", read_body, 0, true },
	{ "signature", setting_signature, 0, true },
	{ "challenge", setting_text, ROW(challenge), false },
	{ "records", read_records, 0, false },
	{ "dedup", setting_pointer, ROW(dedup), false },
	{ "advisory", setting_flag, ROW(is_advisory), false },
	{ "reply", read_reply, ROW(reply), false },
	{ "required", read_required, 0, false },
	{ "events", read_events, 0, true },
};

#undef ROW
#define ROW(name) offsetof(struct event_rule, name)

static const struct setting_row event_rows[] = {
	{ "when", setting_conditions, ROW(when), false },
	{ "about", read_about, ROW(about), false },
	{ "question", read_question, ROW(question), false },
	{ "leg", read_leg, ROW(is_customer_leg), false },
	{ "id", setting_source, ROW(id), false },
	{ "also", setting_source, ROW(also), false },
	{ "leg_id", setting_source, ROW(leg_id), false },
	{ "job", setting_source, ROW(job), false },
	{ "customer", setting_source, ROW(customer), false },
	{ "state", setting_source, ROW(state), false },
	{ "map", read_map, 0, false },
	{ "set", read_set, 0, false },
	{ "cause", setting_source, ROW(cause), false },
	{ "cause_map", read_causes, 0, false },
	{ "order", setting_source, ROW(order), false },
	{ "time", setting_source, ROW(time), false },
	{ "seconds", setting_source, ROW(seconds), false },
	{ "milliseconds", setting_source, ROW(milliseconds), false },
	{ "digits", setting_source, ROW(digits), false },
	{ "amd", setting_source, ROW(amd), false },
	{ "amd_map", read_machines, 0, false },
	{ "recording", setting_source, ROW(recording), false },
	{ "from", setting_source, ROW(from), false },
	{ "to", setting_source, ROW(to), false },
	{ "text", setting_source, ROW(text), false },
	{ "error", setting_source, ROW(error), false },
	{ "reply", read_reply, ROW(reply), false },
};

#undef ROW

static const struct setting_row reply_rows[] = {
	{ "status", read_status,
	    offsetof(struct webhook_reply, status), true },
	{ "type", setting_text, offsetof(struct webhook_reply, type), false },
	{ "text", setting_text, offsetof(struct webhook_reply, text), false },
};

void
setting_webhook(struct reading *reading, config_setting_t *setting,
    void *target)
{
	struct webhook *webhook = target;

	reading->webhook = webhook;
	webhook->is_there = reading_group(reading, setting, webhook_rows,
	    COUNT_OF(webhook_rows), webhook);
	reading->webhook = NULL;
	/* Providers sign messages more carelessly than calls; what is said there
	 * must not be believed about a call. */
	for (size_t i = 0; i < webhook->event_count; i++)
		if (webhook == &reading->provider->message_webhook &&
		    webhook->events[i].about != ABOUT_MESSAGE &&
		    webhook->events[i].about != ABOUT_INBOUND_MESSAGE)
			reading_error(reading, setting, "is about messages "
			    "only: about = \"message\" or \"inbound_message\"");
	/* Who is not believed can only be a reason to look at a call. */
	for (size_t i = 0; i < webhook->event_count; i++)
		if (webhook->is_advisory && (webhook->events[i].question !=
		    NULL || webhook->events[i].about != ABOUT_CALL ||
		    webhook->events[i].recording.name != NULL))
			reading_error(reading, setting, "advisory, it has "
			    "events about the progress of calls only: no "
			    "question, recording or message");
	if (webhook->reply.status == 0)
		webhook->reply.status = 204;
	if (webhook->dedup != NULL && webhook->body != WEBHOOK_JSON &&
	    webhook->body != WEBHOOK_FORM_JSON)
		reading_error(reading, setting, "dedup needs a body of JSON");
}

static void
read_body(struct reading *reading, config_setting_t *setting, void *target)
{
	static const char *const names[] = {
		[WEBHOOK_FORM] = "form", [WEBHOOK_JSON] = "json",
		[WEBHOOK_QUERY] = "query",
	};
	struct webhook *webhook = target;
	const char *word = config_setting_get_string(setting);
	size_t choice;

	if (word != NULL && strncmp(word, "form-json:", 10) == 0 &&
	    word[10] != '\0') {
		webhook->body = WEBHOOK_FORM_JSON;
		webhook->json_field = reading_string(reading, setting) + 10;
	} else if (reading_choice(reading, setting, names, COUNT_OF(names),
	    &choice)) {
		webhook->body = (enum webhook_body)choice;
	}
}

/* "/results": an array in JSON. "data[N]": fields whose lines are the values. */
static void
read_records(struct reading *reading, config_setting_t *setting, void *target)
{
	struct webhook *webhook = target;
	const char *word = reading_string(reading, setting);
	bool is_json = webhook->body == WEBHOOK_JSON ||
	    webhook->body == WEBHOOK_FORM_JSON;
	size_t length = word == NULL ? 0 : strlen(word);
	char *name;

	if (word == NULL)
		return;
	webhook->records_name = word;
	if (is_json && (word[0] == '/' || word[0] == '\0')) {
		webhook->records = RECORDS_JSON;
	} else if (!is_json && length > 3 && length < 64 &&
	    strcmp(word + length - 3, "[N]") == 0) {
		name = provider_own(reading->provider, length);
		memcpy(name, word, length - 3);
		webhook->records_name = name;
		webhook->records = RECORDS_LINES;
	} else {
		reading_error(reading, setting, "must be a pointer to an array "
		    "in JSON, or fields such as \"data[N]\" in a form");
	}
}

static void
read_reply(struct reading *reading, config_setting_t *setting, void *target)
{
	struct webhook_reply *reply = target;

	if (reading_group(reading, setting, reply_rows, COUNT_OF(reply_rows),
	    reply) && (reply->type == NULL) != (reply->text == NULL))
		reading_error(reading, setting,
		    "type and text need each other");
}

static void
read_status(struct reading *reading, config_setting_t *setting, void *target)
{
	setting_number(reading, setting, target);
	if (*(int *)target < 200 || *(int *)target > 299)
		reading_error(reading, setting, "must be from 200 to 299: the "
		    "provider is told that its news were kept");
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
read_about(struct reading *reading, config_setting_t *setting, void *target)
{
	static const char *const names[ABOUT_COUNT] = {
		[ABOUT_CALL] = "call",
		[ABOUT_MESSAGE] = "message",
		[ABOUT_INBOUND_MESSAGE] = "inbound_message",
		[ABOUT_INBOUND_CALL] = "inbound_call",
	};
	size_t choice;

	if (reading_choice(reading, setting, names, ABOUT_COUNT, &choice))
		*(enum event_about *)target = (enum event_about)choice;
}

static void
read_question(struct reading *reading, config_setting_t *setting, void *target)
{
	static const char *const names[] = {
		"up", "keys", "silent", "dial_over", "result", "wait", "greet",
		"confirm", "number", "rang",
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
read_set(struct reading *reading, config_setting_t *setting, void *target)
{
	struct event_rule *rule = target;
	const char *word = reading_string(reading, setting);

	rule->has_set = true;
	if (word != NULL && !reading_meaning(word, &rule->set))
		reading_error(reading, setting, MEANINGS, word);
}

/* ("404", "invalid_number") looks at cause; ("sip", "SIP 404*", "invalid_number")
 * names what it looks at. The first that holds wins. */
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
		size_t at;

		rule->causes[i].word = "";
		if (!reading_words(reading, pair, 2, 3, words))
			continue;
		at = words[2] != NULL ? 1 : 0;
		rule->causes[i].source = rule->cause;
		if (at == 1)
			setting_source(reading, config_setting_get_elem(pair,
			    0), &rule->causes[i].source);
		else if (rule->cause.name == NULL)
			reading_error(reading, pair, "needs cause, or three "
			    "texts of which the first says where to look");
		rule->causes[i].word = words[at];
		if (!read_outcome(words[at + 1], &rule->causes[i].outcome))
			reading_error(reading, pair,
			    "\"%.32s\" is no outcome", words[at + 1]);
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
		enum machine machine = MACHINE_NOT_SAID + 1;

		rule->machines[i].word = "";
		if (!reading_words(reading, pair, 2, 2, words))
			continue;
		while (machine < MACHINE_COUNT &&
		    strcmp(words[1], machine_names[machine]) != 0)
			machine++;
		if (machine == MACHINE_COUNT)
			reading_error(reading, pair, "\"%.32s\" is none of: "
			    "human, machine, unknown", words[1]);
		rule->machines[i].word = words[0];
		rule->machines[i].machine = machine;
	}
}

static void
check_event(struct reading *reading, const config_setting_t *setting,
    const struct event_rule *rule)
{
	bool is_ours = rule->about == ABOUT_CALL ||
	    rule->about == ABOUT_MESSAGE;
	bool says = rule->state.name != NULL || rule->has_set;

	if (rule->about == ABOUT_CALL && rule->question == NULL && !says &&
	    rule->amd.name == NULL && rule->recording.name == NULL)
		reading_error(reading, setting,
		    "has neither state nor question");
	if (rule->about == ABOUT_MESSAGE && !says)
		reading_error(reading, setting, "has no state");
	if (!is_ours && rule->from.name == NULL)
		reading_error(reading, setting, "from is missing");
	if (rule->about == ABOUT_INBOUND_MESSAGE && rule->text.name == NULL)
		reading_error(reading, setting, "text is missing");
	if (rule->about == ABOUT_INBOUND_CALL && rule->question == NULL &&
	    !says)
		reading_error(reading, setting,
		    "has neither state nor question");
	if (rule->about == ABOUT_MESSAGE && rule->id.name == NULL &&
	    rule->job.name == NULL)
		reading_error(reading, setting, "id is missing");
	if (rule->state.name != NULL && rule->has_set)
		reading_error(reading, setting, "either state or set");
	if (rule->state.name != NULL && !rule->has_map &&
	    (reading->provider->states.count == 0 ||
	    (rule->about != ABOUT_CALL && rule->about != ABOUT_INBOUND_CALL)))
		reading_error(reading, setting, "has state, but there is "
		    "neither a map nor states");
	if (rule->state.name == NULL && rule->has_map)
		reading_error(reading, setting, "map needs state");
	if (!says && (rule->cause_count > 0 || rule->seconds.name != NULL ||
	    rule->milliseconds.name != NULL))
		reading_error(reading, setting,
		    "cause_map and seconds need state or set");
	if (rule->cause.name != NULL && rule->cause_count == 0)
		reading_error(reading, setting, "cause needs cause_map");
	if ((rule->amd.name == NULL) != (rule->machine_count == 0))
		reading_error(reading, setting,
		    "amd and amd_map need each other");
	check_meanings(reading, setting, rule);
}

/* Words of a message's progress for messages, of a call's for calls. */
static void
check_meanings(struct reading *reading, const config_setting_t *setting,
    const struct event_rule *rule)
{
	bool is_message = rule->about == ABOUT_MESSAGE;

	for (size_t i = 0; i < rule->map.count + 1; i++) {
		const struct meaning *meaning = i < rule->map.count ?
		    &rule->map.items[i].meaning : &rule->set;

		if ((i == rule->map.count && !rule->has_set) ||
		    meaning->is_ignored)
			continue;
		if (meaning->is_agent_over && names_number(rule))
			reading_error(reading, setting, "what became of the "
			    "specialist makes no customer's number invalid");
		if (is_message != (meaning->message != MESSAGE_NOT_SAID))
			reading_error(reading, setting, is_message ?
			    "of a message there is only: accepted, sent, "
			    "delivered, failed, ignore" :
			    "accepted, sent, delivered and failed are of "
			    "messages: about = \"message\"");
	}
}

static bool
names_number(const struct event_rule *rule)
{
	for (size_t i = 0; i < rule->cause_count; i++)
		if (rule->causes[i].outcome == OUTCOME_INVALID_NUMBER)
			return true;
	return false;
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
		if (!reading_meaning(words[1], &map->items[i].meaning))
			reading_error(reading, pair, MEANINGS, words[1]);
	}
}

bool
reading_meaning(const char *word, struct meaning *ret_meaning)
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
	for (size_t i = MESSAGE_ACCEPTED; i < MESSAGE_PROGRESS_COUNT; i++)
		if (strcmp(word, message_progress_names[i]) == 0) {
			meaning.message = (enum message_progress)i;
			*ret_meaning = meaning;
			return true;
		}
	if (strncmp(word, "over:", 5) == 0) {
		meaning.progress = PROGRESS_OVER;
		word += 5;
	} else if (strncmp(word, "agent_over:", 11) == 0) {
		meaning.progress = PROGRESS_OVER;
		meaning.is_agent_over = true;
		word += 11;
	} else if (strncmp(word, "customer_over:", 14) == 0) {
		meaning.is_customer_over = true;
		word += 14;
	} else {
		return false;
	}
	/* That would be said of the customer's number. */
	if (!read_outcome(word, &meaning.outcome) || (meaning.is_agent_over &&
	    meaning.outcome == OUTCOME_INVALID_NUMBER))
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
