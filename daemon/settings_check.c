/* SPDX-License-Identifier: MIT */
/*
 * settings_check: what must fit together: names that name something, one of
 * what there can be one of, and times that make sense beside each other. A row
 * that is wrong by itself was told of before, and must not be told of twice.
 */
#include "daemon/settings_internal.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/settings_when.h"

/* A call counts as unsure, and may be looked up, when its order is certainly
 * over: it may wait for its turn after its commit (PACE_WAIT_MS), then begin so
 * late (PLACE_YOUTH_MS), then take all of
 * the provider's timeout, connecting included; the rest is for a slow loop, the
 * commit, and a provider that lists a call late. */
enum { LEASE_MARGIN_MS = 11500, PRICE_UNSAID = 5 /* of whatever currency */, LOOKS_MIN = 2, SOCKET_PATH_MAX = 107 };

static void check_queues(struct settings_reading *reading);
static void check_specialists(struct settings_reading *reading);
static void check_providers(struct settings_reading *reading);
static void check_lines(struct settings_reading *reading);
static void check_times(struct settings_reading *reading);
static void check_targets(struct settings_reading *reading);

void
settings_check(struct settings_reading *reading)
{
	struct settings *settings = reading->settings;

	if (settings->clock_scale <= 0)
		settings_error(reading, "clock_scale", "must be above 0");
	if (settings->control != NULL &&
	    strlen(settings->control) > SOCKET_PATH_MAX)
		settings_error(reading, "control", "\"%.120s\" is longer than "
		    "%d bytes", settings->control, SOCKET_PATH_MAX);
	check_queues(reading);
	check_providers(reading);
	check_specialists(reading);
	settings_check_dispositions(reading);
	check_lines(reading);
	check_times(reading);
	check_targets(reading);
	settings_check_widenings(reading);
	settings_check_cases(reading);
	settings_check_hours(reading);
	settings_check_messages(reading);
	settings_check_abilities(reading);
}

/* Something is wrong with that setting already: it is not missing. */
static bool
is_told(const struct settings_reading *reading, const char *path)
{
	char phrase[SETTING_PATH_SIZE + 4];

	snprintf(phrase, sizeof(phrase), ": %s: ", path);
	for (size_t i = 0; i < reading->errors->count; i++)
		if (strstr(reading->errors->items[i].text, phrase) != NULL)
			return true;
	return false;
}

/* ---- queues */

static void
check_order(struct settings_reading *reading, const char *path, bool is_voice)
{
	const struct setting_value *value = settings_find(reading->settings,
	    path);
	const struct settings_names names = settings_provider_names(reading->settings);

	for (size_t i = 0; value != NULL && i < value->word_count; i++) {
		const char *word = value->words[i];

		if (!is_voice || strcmp(word, "manual") != 0)
			settings_check_name(reading, path, "provider", &names, word);
		else if (i + 1 < value->word_count)
			settings_error(reading, path, "\"manual\" must be the "
			    "last: by hand a call is always possible");
		for (size_t k = 0; k < i; k++)
			if (strcmp(value->words[k], word) == 0)
				settings_error(reading, path,
				    "\"%s\" stands there twice", word);
	}
}

static bool
calls_through_a_provider(const struct provider_order *order)
{
	for (size_t i = 0; i < order->count; i++)
		if (strcmp(order->ids[i], "manual") != 0)
			return true;
	return false;
}

static void
check_queues(struct settings_reading *reading)
{
	const struct policy *policy = &reading->settings->policy;
	const struct settings_names names = settings_queue_names(reading->settings);
	const struct queue_policy *first = NULL;
	char path[SETTING_PATH_SIZE];

	settings_check_unique(reading, "queues", &names);
	check_order(reading, "voice", true);
	check_order(reading, "text", false);
	for (size_t i = 0; i < policy->queue_count; i++) {
		const struct queue_policy *queue = &policy->queues[i];

		settings_path_of("queues", queue->id, "default", path);
		if (queue->is_default && first != NULL)
			settings_error(reading, path, "only one queue can be "
			    "the default, and \"%s\" is", first->id);
		if (queue->is_default && first == NULL)
			first = queue;
		settings_path_of("queues", queue->id, "voice", path);
		check_order(reading, path, true);
		settings_path_of("queues", queue->id, "text", path);
		check_order(reading, path, false);
		settings_path_of("queues", queue->id, "pass_to", path);
		for (size_t k = 0; k < queue->pass_to_count; k++) {
			settings_check_name(reading, path, "queue", &names,
			    queue->pass_to[k]);
			if (strcmp(queue->pass_to[k], queue->id) == 0)
				settings_error(reading, path, "a queue does "
				    "not pass to itself");
		}
		settings_path_of("queues", queue->id, "window", path);
		if (queue->target_ms > queue->limit_ms)
			settings_error(reading, path, "target must not be "
			    "above limit");
		settings_path_of("queues", queue->id, "caller_id", path);
		if (queue->caller_id_count == 0 && queue->id[0] != '\0' &&
		    calls_through_a_provider(policy_voice(policy, queue->id)) && !is_told(reading, path))
			settings_error(reading, path, "is missing: the number "
			    "that customers see");
	}
	if (first == NULL && policy->queue_count > 0)
		settings_error(reading, "queues", "one queue needs default = "
		    "true: it takes requests without a known topic");
}

/* ---- people */

static void
check_specialist_queues(struct settings_reading *reading,
    const struct specialist_policy *specialist, const struct settings_names *queues)
{
	char path[SETTING_PATH_SIZE];

	settings_path_of("specialists", specialist->id, "queues", path);
	for (size_t i = 0; i < specialist->queue_count; i++) {
		const char *id = specialist->queues[i].id;

		settings_check_name(reading, path, "queue", queues, id);
		for (size_t k = 0; k < i; k++)
			if (strcmp(specialist->queues[k].id, id) == 0)
				settings_error(reading, path,
				    "\"%s\" stands there twice", id);
	}
}

/* Somebody must be able to call them through, for each queue they serve. */
static void
check_reachable(struct settings_reading *reading,
    const struct specialist_policy *specialist)
{
	const struct policy *policy = &reading->settings->policy;
	char path[SETTING_PATH_SIZE];

	settings_path_of("specialists", specialist->id, "to", path);
	for (size_t i = 0; i == 0 || i < specialist->queue_count; i++) {
		const struct provider_order *order = policy_voice(policy,
		    specialist->queues[i].id);
		bool is_reachable = order->count == 0;

		for (size_t k = 0; k < order->count; k++)
			is_reachable |= strcmp(order->ids[k], "manual") == 0 ?
			    order->count == 1 : policy_address(specialist,
			        order->ids[k])[0] != '\0';
		if (is_reachable || specialist->id[0] == '\0' ||
		    is_told(reading, path))
			continue;
		settings_error(reading, path, "is missing: no address for the "
		    "provider \"%s\"", order->ids[0]);
	}
}

static void
check_specialist_addresses(struct settings_reading *reading,
    const struct specialist_policy *specialist)
{
	const struct settings_names providers = settings_provider_names(reading->settings);
	char path[SETTING_PATH_SIZE];

	settings_path_of("specialists", specialist->id, "addresses", path);
	for (size_t i = 0; i < specialist->address_count; i++) {
		const char *provider = specialist->addresses[i].provider;

		if (provider[0] == '\0')
			continue;
		settings_check_name(reading, path, "provider", &providers, provider);
		for (size_t k = 0; k < i; k++)
			if (strcmp(specialist->addresses[k].provider,
			    provider) == 0)
				settings_error(reading, path, "two addresses "
				    "for \"%s\"", provider);
	}
	check_reachable(reading, specialist);
}

static void
check_specialists(struct settings_reading *reading)
{
	const struct policy *policy = &reading->settings->policy;
	const struct settings_names names = settings_specialist_names(reading->settings);
	const struct settings_names queues = settings_queue_names(reading->settings);

	settings_check_unique(reading, "specialists", &names);
	for (size_t i = 0; i < policy->specialist_count; i++) {
		check_specialist_queues(reading, &policy->specialists[i],
		    &queues);
		check_specialist_addresses(reading, &policy->specialists[i]);
	}
}

/* ---- providers */

/* A cap keeps only from what is known to cost something. */
static void
assume_price(struct settings_reading *reading,
    const struct settings_provider *provider, const char *name, double *price)
{
	char path[SETTING_PATH_SIZE];

	if (*price > 0)
		return;
	*price = PRICE_UNSAID;
	settings_path_of("providers", provider->id, "spend", path);
	settings_warning(reading, path, "%s is not said: each is counted as "
	    "%d%s%s, rather too much than too little", name, PRICE_UNSAID,
	    provider->currency[0] != '\0' ? " " : "", provider->currency);
}

static void
check_spend(struct settings_reading *reading,
    struct settings_provider *provider)
{
	const struct policy *policy = &reading->settings->policy;
	bool calls = policy_place(&policy->voice, provider->id) > 0;
	bool texts = policy_place(&policy->text, provider->id) > 0;

	if (provider->hour_cap <= 0 && provider->day_cap <= 0)
		return;
	for (size_t i = 0; i < policy->queue_count; i++) {
		calls |= policy_place(&policy->queues[i].voice,
		    provider->id) > 0;
		texts |= policy_place(&policy->queues[i].text,
		    provider->id) > 0;
	}
	if (calls || !texts)
		assume_price(reading, provider, "call", &provider->call_price);
	if (texts)
		assume_price(reading, provider, "message",
		    &provider->message_price);
}

static void
check_providers(struct settings_reading *reading)
{
	struct settings *settings = reading->settings;
	const struct settings_names names = settings_provider_names(settings);
	char path[SETTING_PATH_SIZE], least[WHEN_DURATION_SIZE];
	char timeout[WHEN_DURATION_SIZE];

	settings_check_unique(reading, "providers", &names);
	for (size_t i = 0; i < settings->provider_count; i++) {
		struct settings_provider *provider = &settings->providers[i];
		int64_t least_ms = PACE_WAIT_MS + PLACE_YOUTH_MS + provider->timeout_ms +
		    LEASE_MARGIN_MS;

		settings_path_of("providers", provider->id, "id", path);
		if (strcmp(provider->id, "manual") == 0)
			settings_error(reading, path, "\"manual\" is built in");
		check_spend(reading, provider);
		if (settings->policy.place_lease_ms >= least_ms)
			continue;
		when_duration_print(least_ms, least);
		when_duration_print(provider->timeout_ms, timeout);
		settings_error(reading, "telephony.place_lease", "must be at "
		    "least %s: %dms for its turn and to begin, the timeout %s of provider "
		    "\"%s\", %dms to spare", least,
		    PACE_WAIT_MS + PLACE_YOUTH_MS, timeout, provider->id,
		    LEASE_MARGIN_MS);
	}
}

/* ---- lines */

static void
check_lines(struct settings_reading *reading)
{
	const struct policy *policy = &reading->settings->policy;
	const struct settings_names queues = settings_queue_names(reading->settings);
	char path[SETTING_PATH_SIZE], index[16];

	for (size_t i = 0; i < policy->line_count; i++) {
		const struct line_policy *line = &policy->lines[i];

		snprintf(index, sizeof(index), "%zu", i + 1);
		settings_path_of("lines", index, "queue", path);
		if (line->queue[0] != '\0')
			settings_check_name(reading, path, "queue", &queues,
			    line->queue);
		settings_path_of("lines", index, "number", path);
		for (size_t k = 0; k < i; k++)
			if (line->number[0] != '\0' && strcmp(
			    policy->lines[k].number, line->number) == 0)
				settings_error(reading, path,
				    "%s is there already", line->number);
	}
}

/* ---- times */

static void
check_times(struct settings_reading *reading)
{
	const struct policy *policy = &reading->settings->policy;
	const struct queue_policy *model = &reading->settings->queue_model;

	if (model->target_ms > model->limit_ms)
		settings_error(reading, "window", "target must not be above "
		    "limit");
	/* Absent is only what two look-ups did not find. */
	if (policy->look_up_ms > policy->quarantine_ms / LOOKS_MIN)
		settings_error(reading, "telephony.look_up", "must not be "
		    "above half of quarantine: a call is looked for twice");
}

/* ---- who else is told, and where a case climbs */

/* A name must be that of a queue or of a specialist. */
static void
check_target(struct settings_reading *reading, const char *path,
    const char *target)
{
	const struct settings_names queues = settings_queue_names(reading->settings);
	const struct settings_names people = settings_specialist_names(reading->settings);
	const char *near_queue, *near_person;

	if (target[0] == '+' || strchr(target, ':') != NULL ||
	    settings_is_one_of(&queues, target, &near_queue))
		return;
	if (settings_is_one_of(&people, target, &near_person))
		return;
	settings_error(reading, path, "there is no queue or specialist "
	    "\"%s\"", target);
}

/* These have no struct: they are found among the values, by their format. */
static void
check_targets(struct settings_reading *reading)
{
	const struct settings_values *values = reading->settings->values;
	const struct settings_names queues = settings_queue_names(reading->settings);

	for (size_t i = 0; i < values->count; i++) {
		const struct setting_value *value = &values->items[i];
		bool is_widening = strcmp(value->row->name, "queue") == 0;
		char word[ADDRESS_SIZE * 8];
		size_t length = strlen(value->shown);

		if (value->row->format == FORMAT_TARGET)
			for (size_t k = 0; k < value->word_count; k++)
				check_target(reading, value->path,
				    value->words[k]);
		if ((value->row->format != FORMAT_TARGET && !is_widening) ||
		    value->row->type != SETTING_TEXT || length < 2 ||
		    length >= sizeof(word))
			continue;
		/* Without its quotes; nothing in it was escaped. */
		memcpy(word, value->shown + 1, length - 2);
		word[length - 2] = '\0';
		if (is_widening)
			settings_check_name(reading, value->path, "queue", &queues,
			    word);
		else
			check_target(reading, value->path, word);
	}
}
