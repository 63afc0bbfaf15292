/* SPDX-License-Identifier: MIT */
/*
 * provider_file_check: what only the whole of a provider file shows. Documents
 * are rendered with the worst values there are and must come out well-formed; a
 * fence, and each ability, needs what the rest of the file must have for it.
 */
#include "lib/provider_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "lib/xml_check.h"

/* Values of one rendering. */
struct probe {
	const struct provider *provider;
	const char *value;
};

/* What an ability needs in the rest of the file. */
struct need {
	enum provider_ability ability;
	const char *value;      /* must be used somewhere; NULL: none */
	enum flow flow;         /* or this flow be there; FLOW_COUNT: none */
};

static bool check_document(struct reading *reading,
    const config_setting_t *setting, enum template_kind kind,
    const struct flow_text *parts, bool is_whole);
static bool is_json(struct reading *reading, const config_setting_t *setting,
    const char *text);
static bool is_xml(struct reading *reading, const config_setting_t *setting,
    const char *text);
static char *render_probe(struct reading *reading,
    const struct flow_text *text, bool is_whole, const char *value);
static const char *probe_value(const void *context, const char *name);
static void check_operations(struct reading *reading, config_setting_t *root);
static void check_abilities(struct reading *reading, config_setting_t *root);
static void check_need(struct reading *reading, const config_setting_t *can,
    const struct need *need);
static bool hears_of(const struct webhook *webhook,
    bool (*tells)(const struct event_rule *rule));
static bool tells_machine(const struct event_rule *rule);
static bool tells_recording(const struct event_rule *rule);
static bool is_used(const struct provider *provider, const char *name);
static bool operation_asks(const struct operation *operation,
    const char *name);
static bool is_named(const char *only_with, const char *name);
static void check_fence(struct reading *reading, config_setting_t *setting,
    enum provider_operation kind);
static void check_fence_answer(struct reading *reading,
    config_setting_t *fence, const struct operation *call);
static bool operation_uses(const struct provider *provider,
    const struct operation *operation, const char *name);
static bool template_reaches(const struct provider *provider,
    const struct template *text, const char *name);

static const char *const probes[] = {
	"\"},{\"a\\\":'\n\t<&>%{}${}]]>", "25", "", "\xd1\x8f",
};

/* ---- documents */

void
setting_texts(struct reading *reading, config_setting_t *setting, void *target)
{
	static const char *const kinds[] = { "text", "form", "json", "xml" };
	static const enum template_kind meant[] = {
		/* The whole of a form: what stands between the values stays. */
		TEMPLATE_TEXT, TEMPLATE_PATH, TEMPLATE_JSON, TEMPLATE_XML,
	};
	struct provider *provider = reading->provider;
	size_t count;

	(void)target;
	if (!config_setting_is_group(setting)) {
		reading_error(reading, setting, "must be a group { ... }");
		return;
	}
	count = (size_t)config_setting_length(setting);
	provider->texts = provider_own(provider,
	    count * sizeof(*provider->texts));
	for (size_t i = 0; i < count; i++) {
		config_setting_t *item = config_setting_get_elem(setting,
		    (unsigned)i);
		config_setting_t *kind = config_setting_is_group(item) ?
		    config_setting_get_member(item, "kind") : NULL;
		config_setting_t *text = config_setting_is_group(item) ?
		    config_setting_get_member(item, "text") : NULL;
		struct named_text named = { .name = "" };
		char *name;
		size_t choice;

		if (kind == NULL || text == NULL ||
		    config_setting_length(item) != 2) {
			reading_error(reading, item,
			    "must be { kind = ...; text = ...; }");
			continue;
		}
		if (!reading_choice(reading, kind, kinds, COUNT_OF(kinds),
		    &choice))
			continue;
		if (reading_knows(reading, config_setting_name(item)) ||
		    strlen(config_setting_name(item)) >= TEMPLATE_NAME_SIZE)
			reading_error(reading, item, "is the name of another "
			    "value, or too long");
		named.text = reading_template(reading, text, meant[choice]);
		if (named.text == NULL)
			continue;
		named.is_json = meant[choice] == TEMPLATE_JSON;
		if (named.is_json)
			reading_check_json(reading, text, named.text);
		if (meant[choice] == TEMPLATE_XML)
			reading_check_xml(reading, text, named.text);
		name = provider_own(provider,
		    strlen(config_setting_name(item)) + 1);
		strcpy(name, config_setting_name(item));
		named.name = name;
		provider->texts[provider->text_count++] = named;
	}
}

/* What breaks the document at night breaks it now. */
void
reading_check_json(struct reading *reading, const config_setting_t *setting,
    const struct template *json)
{
	const struct flow_part part = { (struct template *)json, NULL };

	check_document(reading, setting, TEMPLATE_JSON,
	    &(struct flow_text){ (struct flow_part *)&part, 1 }, true);
}

void
reading_check_xml(struct reading *reading, const config_setting_t *setting,
    const struct template *xml)
{
	const struct flow_part part = { (struct template *)xml, NULL };

	check_document(reading, setting, TEMPLATE_XML,
	    &(struct flow_text){ (struct flow_part *)&part, 1 }, true);
}

void
reading_check_flow(struct reading *reading, const config_setting_t *setting,
    enum template_kind kind, const struct flow_text *text)
{
	if (check_document(reading, setting, kind, text, true))
		check_document(reading, setting, kind, text, false);
}

/* False: it was told. */
static bool
check_document(struct reading *reading, const config_setting_t *setting,
    enum template_kind kind, const struct flow_text *parts, bool is_whole)
{
	bool is_good = true;

	for (size_t i = 0; is_good && i < COUNT_OF(probes); i++) {
		char *text = render_probe(reading, parts, is_whole, probes[i]);

		if (text == NULL)
			continue;
		is_good = kind == TEMPLATE_JSON ?
		    is_json(reading, setting, text) :
		    is_xml(reading, setting, text);
		free(text);
	}
	return is_good;
}

static bool
is_json(struct reading *reading, const config_setting_t *setting,
    const char *text)
{
	json_error_t where;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &where);

	if (root == NULL)
		reading_error(reading, setting, "json, with its values "
		    "filled in, is none: %.80s", where.text);
	json_decref(root);
	return root != NULL;
}

static bool
is_xml(struct reading *reading, const config_setting_t *setting,
    const char *text)
{
	size_t at;
	const char *error = xml_check(text, &at);

	if (error != NULL)
		reading_error(reading, setting, "xml, with its values "
		    "filled in, is not well-formed at \"%.24s\": %s",
		    at < strlen(text) ? text + at : "the end", error);
	return error == NULL;
}

/* NULL: a filter refuses the probe; then there is nothing to see. */
static char *
render_probe(struct reading *reading, const struct flow_text *text,
    bool is_whole, const char *value)
{
	struct probe probe = { reading->provider, value };
	struct output output = { .max = PROVIDER_BODY_MAX };
	struct template_error error;

	for (size_t i = 0; i < text->count; i++) {
		if (!is_whole && text->parts[i].only_with != NULL)
			continue;
		if (template_render(text->parts[i].text, probe_value, &probe,
		    &output, &error))
			continue;
		output_fini(&output);
		return NULL;
	}
	CHECK(output_add_text(&output, ""));
	return output.text;
}

/* A named text of JSON is checked by itself: any JSON will do for it. */
static const char *
probe_value(const void *context, const char *name)
{
	const struct probe *probe = context;

	for (size_t i = 0; i < probe->provider->text_count; i++)
		if (probe->provider->texts[i].is_json &&
		    strcmp(probe->provider->texts[i].name, name) == 0)
			return "{\"a\":[\"\\\"\"]}";
	return probe->value;
}

/* ---- the whole */

void
reading_check_provider(struct reading *reading, config_setting_t *root)
{
	const struct provider *provider = reading->provider;
	config_setting_t *base = config_setting_get_member(root, "base");
	config_setting_t *get = config_setting_get_member(root, "get");
	config_setting_t *sms_get = config_setting_get_member(root, "sms_get");

	if (base != NULL && config_setting_type(base) == CONFIG_TYPE_STRING &&
	    strncmp(config_setting_get_string(base), "https://", 8) != 0 &&
	    strncmp(config_setting_get_string(base), "http://", 7) != 0)
		reading_error(reading, base,
		    "must begin with https:// or http://");
	if (provider->call_id != NULL &&
	    !template_uses(provider->call_id, "token"))
		reading_error(reading, config_setting_get_member(root,
		    "call_id"), "needs ${token}: no two calls have the same");
	if (get != NULL && provider->states.count == 0)
		reading_error(reading, get,
		    "needs states: what the words of its state mean");
	if (sms_get != NULL && provider->sms_states.count == 0)
		reading_error(reading, sms_get,
		    "needs sms_states: what the words of its state mean");
	check_operations(reading, root);
	check_abilities(reading, root);
}

static void
check_operations(struct reading *reading, config_setting_t *root)
{
	static const struct {
		enum provider_operation operation, needs;
	} pairs[] = {
		{ PROVIDER_SECOND_LEG, PROVIDER_CALL },
		{ PROVIDER_RESULT, PROVIDER_GET },
		{ PROVIDER_EPOCH, PROVIDER_GET },
		{ PROVIDER_SMS_GET, PROVIDER_SMS },
	};
	const struct provider *provider = reading->provider;
	const struct operation *operations = provider->operations;

	if (!operations[PROVIDER_CALL].is_there &&
	    !operations[PROVIDER_CALL_CUSTOMER].is_there &&
	    !operations[PROVIDER_SMS].is_there)
		reading_error(reading, NULL, "has neither call, call_customer "
		    "nor sms: there is nothing it can do");
	for (size_t i = 0; i < COUNT_OF(pairs); i++)
		if (operations[pairs[i].operation].is_there &&
		    !operations[pairs[i].needs].is_there)
			reading_error(reading, config_setting_get_member(root,
			    provider_operation_names[pairs[i].operation]),
			    "needs %s",
			    provider_operation_names[pairs[i].needs]);
	for (size_t i = 0; i < PROVIDER_OPERATION_COUNT; i++) {
		const struct auth *auth = operations[i].has_auth ?
		    &operations[i].auth : &provider->auth;

		if ((auth->kind == AUTH_FORM || (auth->kind == AUTH_SIGNED &&
		    auth->field != NULL)) && (operations[i].json != NULL ||
		    operations[i].text != NULL))
			reading_error(reading, config_setting_get_member(root,
			    provider_operation_names[i]), "its credentials are "
			    "a field of a form, and it has none");
	}
	if (operations[PROVIDER_RESULT].is_there && !provider->webhook.is_there)
		reading_error(reading, config_setting_get_member(root,
		    "result"), "needs webhook, whose events say what it means");
	for (int i = PROVIDER_CALL; i <= PROVIDER_CALL_CUSTOMER; i++) {
		config_setting_t *setting = config_setting_get_member(root,
		    provider_operation_names[i]);
		config_setting_t *own = setting == NULL ? NULL :
		    config_setting_get_member(setting, "fence");

		if (own == NULL)
			own = config_setting_get_member(root, "fence");
		if (!operations[i].is_there)
			continue;
		if (own == NULL)
			reading_error(reading, setting, "fence is missing");
		else
			check_fence(reading, own, (enum provider_operation)i);
	}
}

/* An ability that nothing in the file makes true would be found out by people. */
static void
check_abilities(struct reading *reading, config_setting_t *root)
{
	static const struct need needs[] = {
		{ ABILITY_WHISPER, "whisper_text", FLOW_COUNT },
		{ ABILITY_CONFIRM, "confirm", FLOW_WHISPER },
		{ ABILITY_CUSTOMER_CONFIRM, NULL, FLOW_CONFIRM },
		{ ABILITY_GREET, "greeting", FLOW_COUNT },
		{ ABILITY_DETECT_MACHINE, "detect", FLOW_COUNT },
		{ ABILITY_VOICEMAIL, NULL, FLOW_VOICEMAIL },
		{ ABILITY_RECORD, "record", FLOW_COUNT },
		{ ABILITY_RECORD, "record_text", FLOW_COUNT },
		{ ABILITY_RESULT, NULL, FLOW_RESULT },
		{ ABILITY_LONGEST, "call_max", FLOW_COUNT },
		{ ABILITY_CALLER_ID, "from", FLOW_COUNT },
	};
	const struct provider *provider = reading->provider;
	config_setting_t *can = config_setting_get_member(root, "can");

	if (can == NULL)
		return;
	if (provider_has(provider, ABILITY_CUSTOMER_FIRST) !=
	    provider->operations[PROVIDER_CALL_CUSTOMER].is_there)
		reading_error(reading, can,
		    "customer_first and call_customer need each other");
	for (size_t i = 0; i < COUNT_OF(needs); i++)
		check_need(reading, can, &needs[i]);
	if (provider_has(provider, ABILITY_DETECT_MACHINE) &&
	    !hears_of(&provider->webhook, tells_machine))
		reading_error(reading, can, "detect_machine needs "
		    "webhook.events with an amd_map that knows a machine");
	if (provider_has(provider, ABILITY_RECORD) &&
	    !hears_of(&provider->webhook, tells_recording))
		reading_error(reading, can,
		    "record needs webhook.events with recording");
}

static void
check_need(struct reading *reading, const config_setting_t *can,
    const struct need *need)
{
	const struct provider *provider = reading->provider;
	const char *name = provider_ability_names[need->ability];

	if (!provider_has(provider, need->ability) ||
	    (need->value != NULL && is_used(provider, need->value)) ||
	    (need->flow != FLOW_COUNT && provider_serves(provider,
	    need->flow)))
		return;
	if (need->value != NULL)
		reading_error(reading, can, "%s needs ${%s} in a request or "
		    "flow", name, need->value);
	else
		reading_error(reading, can, "%s needs flows.%s", name,
		    flow_names[need->flow]);
}

static bool
hears_of(const struct webhook *webhook,
    bool (*tells)(const struct event_rule *rule))
{
	for (size_t i = 0; i < webhook->event_count; i++)
		if (tells(&webhook->events[i]))
			return true;
	return false;
}

static bool
tells_machine(const struct event_rule *rule)
{
	for (size_t i = 0; i < rule->machine_count; i++)
		if (rule->amd.name != NULL &&
		    rule->machines[i].machine == MACHINE_ANSWERED)
			return true;
	return false;
}

static bool
tells_recording(const struct event_rule *rule)
{
	return rule->recording.name != NULL;
}

/* In any request or flow, or as that without which a part of it is left out. */
static bool
is_used(const struct provider *provider, const char *name)
{
	for (size_t i = 0; i < PROVIDER_OPERATION_COUNT; i++)
		if (provider->operations[i].is_there &&
		    (operation_uses(provider, &provider->operations[i],
		    name) || operation_asks(&provider->operations[i], name)))
			return true;
	for (size_t i = 0; i < FLOW_COUNT; i++) {
		const struct flow_text *text = &provider->flows.texts[i];

		for (size_t k = 0; k < text->count; k++)
			if (is_named(text->parts[k].only_with, name) ||
			    template_reaches(provider, text->parts[k].text,
			    name))
				return true;
	}
	return false;
}

static bool
operation_asks(const struct operation *operation, const char *name)
{
	const struct pairs *lists[] = {
		&operation->query, &operation->headers, &operation->form,
	};

	for (size_t i = 0; i < COUNT_OF(lists); i++)
		for (size_t j = 0; j < lists[i]->count; j++)
			if (is_named(lists[i]->items[j].only_with, name))
				return true;
	for (size_t i = 0; i < operation->merge_count; i++)
		if (is_named(operation->merges[i].only_with, name))
			return true;
	return false;
}

static bool
is_named(const char *only_with, const char *name)
{
	return only_with != NULL && strcmp(only_with, name) == 0;
}

/* A fence that the rest of the file does not keep would ring people twice. */
static void
check_fence(struct reading *reading, config_setting_t *setting,
    enum provider_operation kind)
{
	const struct provider *provider = reading->provider;
	const struct operation *call = &provider->operations[kind];

	switch (provider_operation_fence(provider, kind)) {
	case FENCE_ANSWER:
		if (kind == PROVIDER_CALL)
			check_fence_answer(reading, setting, call);
		else
			reading_error(reading, setting, "call_customer rings "
			    "the customer at once; it needs a fence of its "
			    "own, key or none");
		break;
	case FENCE_KEY:
		if (!operation_uses(provider, call, "token") &&
		    !operation_uses(provider, call, "job"))
			reading_error(reading, setting, "key needs ${token} in "
			    "%s, by which the provider knows it again",
			    provider_operation_names[kind]);
		break;
	case FENCE_NONE:
	case FENCE_COUNT:
		break;
	}
}

static void
check_fence_answer(struct reading *reading, config_setting_t *fence,
    const struct operation *call)
{
	static const enum flow needed[] = {
		FLOW_WHISPER, FLOW_JOIN, FLOW_GOODBYE, FLOW_WAIT,
	};
	const struct provider *provider = reading->provider;
	const struct operation *second =
	    &provider->operations[PROVIDER_SECOND_LEG];
	bool is_asked = false;

	if (operation_uses(provider, call, "customer"))
		reading_error(reading, fence,
		    "answer means that call does not know the customer");
	if (second->is_there) {
		if (!operation_uses(provider, second, "customer"))
			reading_error(reading, fence, "answer needs "
			    "${customer} in second_leg");
		/* It is ordered again while nothing is heard of it. */
		if (!operation_uses(provider, second, "token") &&
		    !operation_uses(provider, second, "job"))
			reading_error(reading, fence, "answer needs ${token} "
			    "or ${job} in second_leg, by which the provider "
			    "knows a second order for one");
		return;
	}
	for (size_t i = 0; i < COUNT_OF(needed); i++)
		if (!provider_serves(provider, needed[i]))
			reading_error(reading, fence, "answer needs flows.%s",
			    flow_names[needed[i]]);
	for (size_t i = 0; i < provider->webhook.event_count; i++)
		is_asked |= provider->webhook.events[i].question != NULL;
	if (!is_asked)
		reading_error(reading, fence,
		    "answer needs webhook.events with a question");
	if (!operation_uses(provider, call, "hook"))
		reading_error(reading, fence, "answer needs ${hook} in call, "
		    "where the flow is fetched");
}

static bool
operation_uses(const struct provider *provider,
    const struct operation *operation, const char *name)
{
	const struct pairs *lists[] = {
		&operation->query, &operation->headers, &operation->form,
	};
	const struct template *texts[] = {
		operation->json, operation->text, operation->path,
		operation->url,
	};

	for (size_t i = 0; i < COUNT_OF(lists); i++)
		for (size_t j = 0; j < lists[i]->count; j++)
			if (template_reaches(provider,
			    lists[i]->items[j].value, name))
				return true;
	for (size_t i = 0; i < operation->merge_count; i++)
		if (template_reaches(provider, operation->merges[i].json,
		    name))
			return true;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (template_reaches(provider, texts[i], name))
			return true;
	return false;
}

/* By itself, or by a named text that it uses. Each of those uses only earlier
 * ones, so this ends. */
static bool
template_reaches(const struct provider *provider, const struct template *text,
    const char *name)
{
	if (text == NULL)
		return false;
	if (template_uses(text, name))
		return true;
	for (size_t i = 0; i < provider->text_count; i++)
		if (template_uses(text, provider->texts[i].name) &&
		    template_reaches(provider, provider->texts[i].text, name))
			return true;
	return false;
}
