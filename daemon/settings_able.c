/* SPDX-License-Identifier: MIT */
/*
 * settings_able: what queues ask for, and what their providers can. A rule that
 * one of them cannot keep would be broken in silence on the day it is used.
 */
#include "daemon/settings_internal.h"

#include <string.h>

#include "lib/provider.h"

/* A rule of a queue, the setting that makes it, and what it takes. */
struct rule {
	const char *setting;
	bool is_asked;
	enum provider_ability ability;
};

static void check_rules(struct settings_reading *reading,
    const struct queue_policy *queue, const char *name,
    const struct provider *provider);
static void check_together(struct settings_reading *reading,
    const struct queue_policy *queue);
static void check_phones(struct settings_reading *reading, const char *name,
    const struct provider *provider);
static bool calls_for(const struct policy *policy, const char *queue,
    const char *provider);
static void path_of(const char *list, const char *id, const char *name,
    char ret_path[SETTING_PATH_SIZE]);

void
settings_check_abilities(struct settings_reading *reading)
{
	const struct settings *settings = reading->settings;
	const struct policy *policy = &settings->policy;

	for (size_t i = 0; i < policy->queue_count; i++)
		check_together(reading, &policy->queues[i]);
	for (size_t i = 0; i < settings->provider_count; i++) {
		const struct settings_provider *from = &settings->providers[i];
		struct provider_errors errors;
		struct provider *provider;

		if (from->text == NULL)
			continue;
		/* What is wrong with the file itself is told elsewhere. */
		provider = provider_read(from->text, from->path, &errors);
		if (provider == NULL)
			continue;
		for (size_t k = 0; k < policy->queue_count; k++)
			if (calls_for(policy, policy->queues[k].id, from->id))
				check_rules(reading, &policy->queues[k],
				    from->id, provider);
		check_phones(reading, from->id, provider);
		provider_free(provider);
	}
}

static void
check_rules(struct settings_reading *reading, const struct queue_policy *queue,
    const char *name, const struct provider *provider)
{
	const struct rule rules[] = {
		{ "first", queue->is_customer_first, ABILITY_CUSTOMER_FIRST },
		{ "customer_confirm", queue->is_customer_confirmed,
		    ABILITY_CUSTOMER_CONFIRM },
		{ "detect_machine", queue->detects_machine,
		    ABILITY_DETECT_MACHINE },
		{ "voicemail", queue->voicemail[0] != '\0',
		    ABILITY_VOICEMAIL },
		{ "record", queue->records, ABILITY_RECORD },
		{ "greeting", queue->greeting[0] != '\0', ABILITY_GREET },
		{ "caller_id", queue->caller_id_count > 1,
		    ABILITY_CALLER_ID },
	};
	char path[SETTING_PATH_SIZE];

	for (size_t i = 0; i < COUNT_OF(rules); i++) {
		if (!rules[i].is_asked ||
		    provider_has(provider, rules[i].ability))
			continue;
		path_of("queues", queue->id, rules[i].setting, path);
		settings_error(reading, path, "the provider \"%s\" cannot do "
		    "that: its file has no \"%s\" in can", name,
		    provider_ability_names[rules[i].ability]);
	}
}

/* A message is left before the two are joined, and only to what is known to be
 * a machine. */
static void
check_together(struct settings_reading *reading,
    const struct queue_policy *queue)
{
	char path[SETTING_PATH_SIZE];

	path_of("queues", queue->id, "voicemail", path);
	if (queue->voicemail[0] == '\0')
		return;
	if (!queue->detects_machine)
		settings_error(reading, path, "needs detect_machine = true");
	else if (!queue->is_customer_first && !queue->is_customer_confirmed)
		settings_error(reading, path, "needs first = \"customer\" or "
		    "customer_confirm = true: else the specialist is joined "
		    "before the machine is found out");
}

/* A phone that rings for an offer is rung before anybody has accepted, and is asked
 * whether they do. */
static void
check_phones(struct settings_reading *reading, const char *name,
    const struct provider *provider)
{
	const struct policy *policy = &reading->settings->policy;
	char path[SETTING_PATH_SIZE];
	bool has_second_leg = provider_can(provider, PROVIDER_SECOND_LEG);

	if (provider_fence(provider) == FENCE_ANSWER && !has_second_leg)
		return;
	for (size_t i = 0; i < policy->specialist_count; i++) {
		struct specialist_policy *who = &policy->specialists[i];
		bool is_used = false;

		for (size_t k = 0; k < who->queue_count; k++)
			is_used |= calls_for(policy, who->queues[k].id, name);
		if (!policy_offers_by(who, OFFER_PHONE) || !is_used)
			continue;
		path_of("specialists", who->id, "offers", path);
		/* Who is reached otherwise as well goes on being so. */
		if (who->offer != OFFER_PHONE) {
			who->has_second = false;
			settings_warning(reading, path, "\"phone\" is left out: "
			    "\"%s\" does not ask us before it rings the "
			    "customer", name);
			continue;
		}
		settings_error(reading, path, "\"phone\" needs a provider that "
		    "asks us before it rings the customer (fence = answer%s); "
		    "\"%s\" does not", has_second_leg ?
		    ", and no second_leg" : "", name);
	}
}

/* May that provider make this queue's calls? */
static bool
calls_for(const struct policy *policy, const char *queue, const char *provider)
{
	const struct provider_order *voice = policy_voice(policy, queue);

	for (size_t i = 0; i < voice->count; i++)
		if (strcmp(voice->ids[i], provider) == 0)
			return true;
	return false;
}

static void
path_of(const char *list, const char *id, const char *name,
    char ret_path[SETTING_PATH_SIZE])
{
	snprintf(ret_path, SETTING_PATH_SIZE, "%s.%s.%s", list, id, name);
}
