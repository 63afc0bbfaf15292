/* SPDX-License-Identifier: MIT */
/*
 * provider: what a provider is asked, and what its files share: memory, values
 * for templates, patterns, JSON pointers.
 */
#include "lib/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/provider_internal.h"
#include "lib/text.h"

const char *const provider_operation_names[PROVIDER_OPERATION_COUNT] = {
	[PROVIDER_CALL] = "call",
	[PROVIDER_CALL_CUSTOMER] = "call_customer",
	[PROVIDER_SECOND_LEG] = "second_leg",
	[PROVIDER_HANGUP] = "hangup",
	[PROVIDER_GET] = "get",
	[PROVIDER_RESULT] = "result",
	[PROVIDER_FIND] = "find",
	[PROVIDER_EPOCH] = "epoch",
	[PROVIDER_CHECK] = "check",
	[PROVIDER_SMS] = "sms",
	[PROVIDER_SMS_GET] = "sms_get",
};

const char *const provider_ability_names[ABILITY_COUNT] = {
	[ABILITY_CUSTOMER_FIRST] = "customer_first",
	[ABILITY_WHISPER] = "whisper",
	[ABILITY_CONFIRM] = "confirm",
	[ABILITY_CUSTOMER_CONFIRM] = "customer_confirm",
	[ABILITY_GREET] = "greet",
	[ABILITY_DETECT_MACHINE] = "detect_machine",
	[ABILITY_VOICEMAIL] = "voicemail",
	[ABILITY_RECORD] = "record",
	[ABILITY_RESULT] = "result",
	[ABILITY_LONGEST] = "longest",
	[ABILITY_CHAT] = "chat",
	[ABILITY_CALLER_ID] = "caller_id",
};

const char *const provider_tested_names[TESTED_COUNT] = {
	[TESTED_LIVE] = "live",
	[TESTED_SPECIFICATION] = "specification",
	[TESTED_DOCUMENTS] = "documents",
};

const char *const fence_names[FENCE_COUNT] = {
	[FENCE_ANSWER] = "answer",
	[FENCE_KEY] = "key",
	[FENCE_NONE] = "none",
};

const char *const source_filter_names[SOURCE_FILTER_COUNT] = {
	[SOURCE_PLAIN] = "",
	[SOURCE_UNBASE64] = "unbase64",
	[SOURCE_UNURLENCODE] = "unurlencode",
	[SOURCE_E164] = "e164",
};

const char *const flow_names[FLOW_COUNT] = {
	[FLOW_WHISPER] = "whisper",
	[FLOW_JOIN] = "join",
	[FLOW_GREET] = "greet",
	[FLOW_GOODBYE] = "goodbye",
	[FLOW_WAIT] = "wait",
	[FLOW_RESULT] = "result",
	[FLOW_CONFIRM] = "confirm",
	[FLOW_VOICEMAIL] = "voicemail",
	[FLOW_JOIN_AGENT] = "join_agent",
	[FLOW_LINE_ASK] = "line_ask",
	[FLOW_LINE_NUMBER] = "line_number",
	[FLOW_LINE_TOLD] = "line_told",
	[FLOW_LINE_RING] = "line_ring",
};

const char *
provider_name(const struct provider *provider)
{
	return provider->name;
}

bool
provider_can(const struct provider *provider, enum provider_operation operation)
{
	return provider->operations[operation].is_there;
}

enum fence
provider_fence(const struct provider *provider)
{
	return provider->fence;
}

enum fence
provider_operation_fence(const struct provider *provider,
    enum provider_operation operation)
{
	const struct operation *found = &provider->operations[operation];

	return found->has_fence ? found->fence : provider->fence;
}

bool
provider_call_id(const struct provider *provider,
    const struct provider_values *values, char ret_id[PROVIDER_ID_SIZE])
{
	const struct provider_scope scope = { provider, values, false };
	const char *error;
	char *text = provider->call_id == NULL ? NULL :
	    provider_render(provider->call_id, &scope, PROVIDER_ID_SIZE - 1,
	    NULL, &error);
	bool is_id = text != NULL && provider_is_id(text);

	if (is_id)
		strcpy(ret_id, text);
	free(text);
	return is_id;
}

int64_t
provider_operation_timeout_ms(const struct provider *provider,
    enum provider_operation operation)
{
	return provider->operations[operation].timeout_ms;
}

const char *
provider_remembers(const struct provider *provider)
{
	return provider->remembered;
}

bool
provider_has(const struct provider *provider, enum provider_ability ability)
{
	return (provider->abilities & (1u << ability)) != 0;
}

enum provider_tested
provider_tested(const struct provider *provider)
{
	return provider->tested;
}

struct provider_limits
provider_limits(const struct provider *provider)
{
	return provider->limits;
}

bool
provider_hears(const struct provider *provider)
{
	return provider->webhook.is_there ||
	    provider->message_webhook.is_there;
}

size_t
provider_secret_count(const struct provider *provider)
{
	return provider->secret_count;
}

const char *
provider_secret(const struct provider *provider, size_t index)
{
	CHECK(index < provider->secret_count);
	return provider->secrets[index];
}

void
provider_free(struct provider *provider)
{
	if (provider == NULL)
		return;
	signature_scheme_fini(&provider->webhook.signature);
	signature_scheme_fini(&provider->message_webhook.signature);
	for (size_t i = 0; i < provider->template_count; i++)
		template_free(provider->templates[i]);
	for (size_t i = 0; i < provider->block_count; i++)
		free(provider->blocks[i]);
	free(provider->templates);
	free(provider->blocks);
	free(provider);
}

/* ---- memory */

void *
provider_own(struct provider *provider, size_t size)
{
	void *block = calloc(1, size > 0 ? size : 1);
	void **blocks = realloc(provider->blocks,
	    (provider->block_count + 1) * sizeof(*blocks));

	CHECK(block != NULL && blocks != NULL);
	provider->blocks = blocks;
	blocks[provider->block_count++] = block;
	return block;
}

void
provider_own_template(struct provider *provider, struct template *owned)
{
	struct template **templates = realloc(provider->templates,
	    (provider->template_count + 1) * sizeof(*templates));

	CHECK(templates != NULL);
	provider->templates = templates;
	templates[provider->template_count++] = owned;
}

/* ---- values */

bool
provider_knows_value(const char *name)
{
	static const char *const names[] = {
		"to", "from", "agent", "customer", "ring", "agent_ring",
		"call_max", "confirm", "token", "job", "hook", "id", "since_ms",
		"now_ms", "lang",
		"company", "name", "topic", "note", "number", "text", "greeting",
		"whisper_text", "goodbye_text", "wait_text", "result_text",
		"base", "private", "next", "customer_lang", "confirm_text",
		"voicemail_text", "record_text", "record", "detect",
		"customer_first",
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

void
provider_values_add(struct provider_values *values, const char *name,
    const char *value)
{
	if (value == NULL)
		return;
	CHECK(values->count < PROVIDER_VALUES_MAX);
	values->items[values->count].name = name;
	values->items[values->count].value = value;
	values->count++;
}

static const char *
value_get(const struct provider_values *values, const char *name,
    const char *suffix)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < values->count; i++)
		if (strncmp(values->items[i].name, name, length) == 0 &&
		    strcmp(values->items[i].name + length, suffix) == 0)
			return values->items[i].value;
	return NULL;
}

void
provider_values_set(struct provider_values *values, const char *name,
    const char *value)
{
	for (size_t i = 0; i < values->count; i++)
		if (strcmp(values->items[i].name, name) == 0) {
			values->items[i].value = value;
			return;
		}
	provider_values_add(values, name, value);
}

const char *
provider_values_get(const struct provider_values *values, const char *name)
{
	const char *value = value_get(values, name, "");

	return value != NULL ? value : "";
}

const char *
provider_lookup(const void *context, const char *name)
{
	const struct provider_scope *scope = context;
	const struct provider *provider = scope->provider;
	const char *value = scope->is_previous ?
	    value_get(scope->values, name, "_previous") : NULL;

	if (value == NULL)
		value = value_get(scope->values, name, "");
	if (value == NULL || (strcmp(name, "lang") != 0 &&
	    strcmp(name, "customer_lang") != 0))
		return value;
	for (size_t i = 0; i < provider->language_count; i++)
		if (strcmp(provider->languages[i].ours, value) == 0)
			return provider->languages[i].theirs;
	return value;
}

char *
provider_render(const struct template *text,
    const struct provider_scope *scope, size_t max, size_t *ret_length,
    const char **ret_error)
{
	struct output output = { .max = max };
	struct template_error error;

	if (!template_render(text, provider_lookup, scope, &output, &error)) {
		*ret_error = error.text;
		output_fini(&output);
		return NULL;
	}
	CHECK(output_add_text(&output, ""));
	if (ret_length != NULL)
		*ret_length = output.length;
	return output.text;
}

/* ---- what was received */

struct source
provider_source(const char *text)
{
	if (text[0] == '/')
		return (struct source){ .place = PLACE_IN_JSON, .name = text };
	if (strncmp(text, "query:", 6) == 0)
		return (struct source){ .place = PLACE_IN_QUERY, .name = text + 6 };
	if (strncmp(text, "header:", 7) == 0)
		return (struct source){ .place = PLACE_IN_HEADER, .name = text + 7 };
	if (strncmp(text, "line:", 5) == 0 && text[5] >= '1' &&
	    text[5] <= '9' && text[6] == '\0')
		return (struct source){ .place = PLACE_IN_LINE, .name = text,
			.line = text[5] - '0' };
	if (strcmp(text, "path") == 0)
		return (struct source){ .place = PLACE_IN_PATH, .name = text };
	return (struct source){ .place = PLACE_IN_FORM, .name = text };
}

/* Goes back to the last "*" only: linear in both for each of them. */
bool
provider_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *again = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			again = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star;
			text = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* NULL: there is none, or more than one. */
static const json_t *
only_member(const json_t *root)
{
	if (json_is_array(root))
		return json_array_size(root) == 1 ?
		    json_array_get(root, 0) : NULL;
	return json_object_size(root) == 1 ? json_object_iter_value(
	    json_object_iter((json_t *)root)) : NULL;
}

const json_t *
provider_json_at(const json_t *root, const char *pointer)
{
	while (root != NULL && *pointer == '/') {
		char name[64];
		size_t used = 0;

		for (pointer++; *pointer != '\0' && *pointer != '/';
		    pointer++) {
			char letter = *pointer;

			if (letter == '~' &&
			    (pointer[1] == '0' || pointer[1] == '1'))
				letter = *++pointer == '0' ? '~' : '/';
			if (used + 1 == sizeof(name))
				return NULL;
			name[used++] = letter;
		}
		name[used] = '\0';
		if (strcmp(name, "*") == 0)
			root = only_member(root);
		else if (json_is_array(root))
			root = used > 0 && used < 9 &&
			    strspn(name, "0123456789") == used ?
			    json_array_get(root, strtoul(name, NULL, 10)) :
			    NULL;
		else
			root = json_object_get(root, name);
	}
	return root;
}

bool
provider_tells_price(const struct provider *provider,
    enum provider_operation operation)
{
	return provider->operations[operation].price != NULL;
}

bool
provider_json_text(const json_t *root, const char *pointer, char *ret_text,
    size_t size)
{
	const json_t *found = pointer == NULL ? NULL :
	    provider_json_at(root, pointer);
	int length;

	if (json_is_string(found))
		length = json_string_length(found) !=
		    strlen(json_string_value(found)) ? -1 :
		    snprintf(ret_text, size, "%s", json_string_value(found));
	else if (json_is_integer(found))
		length = snprintf(ret_text, size, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(found));
	else if (json_is_boolean(found))
		length = snprintf(ret_text, size, "%s",
		    json_is_true(found) ? "true" : "false");
	else
		length = -1;
	if (length >= 0 && (size_t)length < size)
		return true;
	ret_text[0] = '\0';
	return false;
}

void
provider_json_text_cut(const json_t *root, const char *pointer, char *ret_text,
    size_t size)
{
	const json_t *found = pointer == NULL ? NULL :
	    provider_json_at(root, pointer);

	if (json_is_string(found)) {
		text_copy(ret_text, size, json_string_value(found));
		text_clean(ret_text, false);
	} else {
		provider_json_text(root, pointer, ret_text, size);
	}
}

bool
provider_json_matches(const struct conditions *conditions, const json_t *root)
{
	for (size_t i = 0; i < conditions->count; i++) {
		char text[128];

		provider_json_text(root, conditions->items[i].source.name,
		    text, sizeof(text));
		if (!provider_glob(conditions->items[i].pattern, text))
			return false;
	}
	return true;
}

bool
provider_is_id(const char *text)
{
	size_t length = 0;

	for (; text[length] != '\0'; length++)
		if (text[length] <= ' ' || text[length] > '~')
			return false;
	return length > 0 && length < PROVIDER_ID_SIZE;
}

const struct meaning *
provider_meaning(const struct state_map *map, const char *word)
{
	for (size_t i = 0; i < map->count; i++)
		if (provider_glob(map->items[i].word, word))
			return &map->items[i].meaning;
	return NULL;
}
