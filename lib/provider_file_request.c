/* SPDX-License-Identifier: MIT */
/*
 * provider_file_request: the part of a provider file about what we send: the
 * requests, the credentials in them, what their answers mean, and the flows.
 */
#include "lib/provider_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_elsewhere(struct reading *, config_setting_t *, void *);
static void read_operation_auth(struct reading *, config_setting_t *, void *);
static void read_method(struct reading *, config_setting_t *, void *);
static void read_gone(struct reading *, config_setting_t *, void *);
static void read_statuses(struct reading *, config_setting_t *, void *);
static void read_executed(struct reading *, config_setting_t *, void *);
static void read_invalid_codes(struct reading *, config_setting_t *, void *);
static void read_flow_kind(struct reading *, config_setting_t *, void *);
static void read_flow(struct reading *, config_setting_t *, void *);
static void read_flow_part(struct reading *, config_setting_t *,
    enum template_kind, struct flow_part *);
static const char *probe(const void *context, const char *name);
static bool read_status(const char *word, struct status_range *ret_range);
static void check_error(struct reading *reading,
    const config_setting_t *setting, const struct error_rule *rule);
static void check_operation(struct reading *reading,
    const config_setting_t *setting, enum provider_operation kind);
static void check_json(struct reading *reading,
    const config_setting_t *setting, const struct template *json);

static const struct setting_row operation_rows[] = {
	{ "method", read_method, offsetof(struct operation, method), true },
	{ "base", setting_template_text, offsetof(struct operation, base), false },
	{ "path", setting_template_path, offsetof(struct operation, path), true },
	{ "query", setting_pairs_form, offsetof(struct operation, query), false },
	{ "headers", setting_pairs_text, offsetof(struct operation, headers), false },
	{ "form", setting_pairs_form, offsetof(struct operation, form), false },
	{ "json", setting_template_json, offsetof(struct operation, json), false },
	{ "auth", read_operation_auth, 0, false },
	{ "id", setting_pointer, offsetof(struct operation, id), false },
	{ "state", setting_pointer, offsetof(struct operation, state), false },
	{ "ok_if", setting_conditions_json, offsetof(struct operation, ok_if), false },
	{ "gone", read_gone, 0, false },
	{ "items", setting_pointer, offsetof(struct operation, items), false },
	{ "token", setting_pointer, offsetof(struct operation, token), false },
	{ "next", setting_pointer, offsetof(struct operation, next), false },
	{ "json_if", setting_not_yet, 0, false },
	{ "url", setting_not_yet, 0, false },
	{ "allow_hosts", setting_not_yet, 0, false },
	{ "remember", setting_not_yet, 0, false },
	{ "correlate", setting_not_yet, 0, false },
	{ "to", setting_not_yet, 0, false },
	{ "from", setting_not_yet, 0, false },
	{ "time", setting_not_yet, 0, false },
	{ "time_format", setting_not_yet, 0, false },
	{ "timezone", setting_not_yet, 0, false },
};

static const struct setting_row error_rows[] = {
	{ "status", read_statuses, 0, true },
	{ "match", setting_conditions_json, offsetof(struct error_rule, match), false },
	{ "executed", read_executed, offsetof(struct error_rule, executed), true },
	{ "code", setting_pointer, offsetof(struct error_rule, code), false },
	{ "text", setting_pointer, offsetof(struct error_rule, text), false },
	{ "wait", setting_number, offsetof(struct error_rule, wait_s), false },
	{ "invalid_number", read_invalid_codes, 0, false },
	{ "alarm", setting_not_yet, 0, false },
};

/* ---- operations */

void
setting_operation(struct reading *reading, config_setting_t *setting,
    void *target)
{
	struct operation *operation = target;

	operation->is_there = reading_group(reading, setting, operation_rows,
	    COUNT_OF(operation_rows), operation);
	for (size_t i = 0; i < PROVIDER_OPERATION_COUNT; i++)
		if (operation == &reading->provider->operations[i])
			check_operation(reading, setting,
			    (enum provider_operation)i);
}

static void
read_operation_auth(struct reading *reading, config_setting_t *setting,
    void *target)
{
	struct operation *operation = target;

	operation->has_auth = true;
	setting_auth(reading, setting, &operation->auth);
}

static void
read_method(struct reading *reading, config_setting_t *setting, void *target)
{
	static const char *const methods[] = {
		"GET", "POST", "PUT", "PATCH", "DELETE",
	};
	size_t choice;

	if (reading_choice(reading, setting, methods, COUNT_OF(methods),
	    &choice))
		*(const char **)target = methods[choice];
}

static void
read_gone(struct reading *reading, config_setting_t *setting, void *target)
{
	struct operation *operation = target;
	size_t count = reading_list(reading, setting);

	operation->gone = provider_own(reading->provider,
	    count * sizeof(*operation->gone));
	operation->gone_count = count;
	for (size_t i = 0; i < count; i++)
		setting_number(reading, config_setting_get_elem(setting,
		    (unsigned)i), &operation->gone[i]);
}

static void
check_operation(struct reading *reading, const config_setting_t *setting,
    enum provider_operation kind)
{
	const struct operation *operation =
	    &reading->provider->operations[kind];
	bool has_body = operation->json != NULL || operation->form.count > 0;

	if (operation->json != NULL && operation->form.count > 0)
		reading_error(reading, setting, "has both form and json");
	if (has_body && operation->method != NULL &&
	    strcmp(operation->method, "GET") == 0)
		reading_error(reading, setting, "a GET has no form or json; "
		    "write query");
	if (operation->json != NULL)
		check_json(reading, setting, operation->json);
	if (kind == PROVIDER_FIND && (operation->items == NULL ||
	    operation->id == NULL || operation->token == NULL))
		reading_error(reading, setting,
		    "needs items, id and token to find a call by its token");
	if (kind != PROVIDER_FIND && (operation->items != NULL ||
	    operation->token != NULL || operation->next != NULL))
		reading_error(reading, setting,
		    "items, token and next are words of find");
	if (kind == PROVIDER_GET && operation->state == NULL)
		reading_error(reading, setting, "needs state");
}

/* With the worst values there are: what breaks the JSON at night breaks it
 * now. */
static void
check_json(struct reading *reading, const config_setting_t *setting,
    const struct template *json)
{
	static const char *const probes[] = {
		"\"},{\"a\\\":'\n\t<&>%{}${}", "25", "", "\xd1\x8f",
	};

	for (size_t i = 0; i < COUNT_OF(probes); i++) {
		struct output output = { .max = PROVIDER_BODY_MAX };
		struct template_error error;
		json_error_t where;
		json_t *root;

		/* A filter may refuse a probe; then there is nothing to see. */
		if (!template_render(json, probe, probes[i], &output, &error)) {
			output_fini(&output);
			continue;
		}
		root = json_loads(output.text != NULL ? output.text : "",
		    JSON_REJECT_DUPLICATES, &where);
		output_fini(&output);
		if (root == NULL) {
			reading_error(reading, setting, "json, with its values"
			    " filled in, is none: %.80s", where.text);
			return;
		}
		json_decref(root);
	}
}

static const char *
probe(const void *context, const char *name)
{
	(void)name;
	return context;
}

/* ---- what errors mean */

void
setting_errors(struct reading *reading, config_setting_t *setting, void *target)
{
	struct provider *provider = target;
	size_t count = reading_list(reading, setting);

	provider->errors = provider_own(provider,
	    count * sizeof(*provider->errors));
	provider->error_count = count;
	for (size_t i = 0; i < count; i++) {
		config_setting_t *item = config_setting_get_elem(setting,
		    (unsigned)i);

		if (reading_group(reading, item, error_rows,
		    COUNT_OF(error_rows), &provider->errors[i]))
			check_error(reading, item, &provider->errors[i]);
	}
}

/* A call that was lost on the way would be placed a second time. */
static void
check_error(struct reading *reading, const config_setting_t *setting,
    const struct error_rule *rule)
{
	for (size_t i = 0; i < rule->status_count; i++)
		if (rule->statuses[i].from == 0 &&
		    rule->executed != EXECUTED_MAYBE)
			reading_error(reading, setting, "what was not answered"
			    " may have been executed: \"none\" is \"maybe\"");
}

static void
read_statuses(struct reading *reading, config_setting_t *setting,
    void *target)
{
	struct error_rule *rule = target;
	const char *text = reading_string(reading, setting);

	while (text != NULL && *text != '\0') {
		size_t length = strcspn(text, ",");
		char word[8] = "";

		if (length < sizeof(word))
			memcpy(word, text, length);
		if (rule->status_count == COUNT_OF(rule->statuses) ||
		    !read_status(word, &rule->statuses[rule->status_count])) {
			reading_error(reading, setting, "must be statuses like"
			    " \"429\", \"401,403\", \"4xx\", \"5xx,none\"");
			return;
		}
		rule->status_count++;
		text += length + (text[length] == ',');
	}
}

static bool
read_status(const char *word, struct status_range *ret_range)
{
	int first = word[0] - '0';

	if (strcmp(word, "none") == 0) {
		*ret_range = (struct status_range){ 0, 0 };
		return true;
	}
	if (strlen(word) != 3 || first < 1 || first > 5)
		return false;
	if (strcmp(word + 1, "xx") == 0) {
		*ret_range = (struct status_range){ first * 100,
		    first * 100 + 99 };
		return true;
	}
	if (strspn(word, "0123456789") != 3)
		return false;
	*ret_range = (struct status_range){ atoi(word), atoi(word) };
	return true;
}

static void
read_executed(struct reading *reading, config_setting_t *setting,
    void *target)
{
	static const char *const names[] = {
		[EXECUTED_NO] = "no", [EXECUTED_FINAL] = "final",
		[EXECUTED_MAYBE] = "maybe", [EXECUTED_YES] = "yes",
	};
	size_t choice;

	if (reading_choice(reading, setting, names, COUNT_OF(names), &choice))
		*(enum executed *)target = (enum executed)choice;
}

static void
read_invalid_codes(struct reading *reading, config_setting_t *setting,
    void *target)
{
	struct error_rule *rule = target;
	size_t count = reading_list(reading, setting);

	rule->invalid_codes = provider_own(reading->provider,
	    count * sizeof(*rule->invalid_codes));
	for (size_t i = 0; i < count; i++) {
		const char *code = reading_string(reading,
		    config_setting_get_elem(setting, (unsigned)i));

		if (code != NULL)
			rule->invalid_codes[rule->invalid_code_count++] = code;
	}
	if (rule->code == NULL)
		reading_error(reading, setting,
		    "needs code: where the answer says it");
}

/* ---- flows */

void
setting_flows(struct reading *reading, config_setting_t *setting, void *target)
{
	static const struct setting_row rows[] = {
		{ "kind", read_flow_kind, offsetof(struct flows, kind), true },
		{ "type", setting_text, offsetof(struct flows, type), true },
		{ "whisper", read_flow, 0, false },
		{ "join", read_flow, 0, false },
		{ "greet", read_flow, 0, false },
		{ "goodbye", read_flow, 0, false },
		{ "wait", read_flow, 0, false },
		{ "result", read_flow, 0, false },
		{ "confirm", read_flow, 0, false },
		{ "voicemail", read_flow, 0, false },
		{ "join_agent", read_flow, 0, false },
		{ "line_ask", read_flow, 0, false },
		{ "line_number", read_flow, 0, false },
		{ "line_told", read_flow, 0, false },
	};

	reading_group(reading, setting, rows, COUNT_OF(rows), target);
}

static void
read_flow_kind(struct reading *reading, config_setting_t *setting,
    void *target)
{
	static const char *const names[] = { "xml", "json" };
	size_t choice;

	if (reading_choice(reading, setting, names, COUNT_OF(names), &choice))
		*(enum template_kind *)target = choice == 0 ? TEMPLATE_XML :
		    TEMPLATE_JSON;
}

/* A text, or ( "...", ("value", "..."), "..." ): the middle one stands there only
 * with that value. */
static void
read_flow(struct reading *reading, config_setting_t *setting, void *target)
{
	struct flows *flows = target;
	bool is_list = config_setting_is_list(setting);
	size_t count = is_list ? (size_t)config_setting_length(setting) : 1;
	struct flow_text text = { provider_own(reading->provider,
	    count * sizeof(*text.parts)), count };

	for (size_t i = 0; i < count; i++)
		read_flow_part(reading, is_list ? config_setting_get_elem(
		    setting, (unsigned)i) : setting, flows->kind,
		    &text.parts[i]);
	if (!is_list && flows->kind == TEMPLATE_JSON &&
	    text.parts[0].text != NULL)
		check_json(reading, setting, text.parts[0].text);
	for (size_t i = 0; i < FLOW_COUNT; i++)
		if (strcmp(flow_names[i], config_setting_name(setting)) == 0)
			flows->texts[i] = text;
}

static void
read_flow_part(struct reading *reading, config_setting_t *setting,
    enum template_kind kind, struct flow_part *ret_part)
{
	if (config_setting_is_list(setting)) {
		if (config_setting_length(setting) != 2) {
			reading_error(reading, setting,
			    "must be a value's name and a text");
			return;
		}
		ret_part->only_with = reading_string(reading,
		    config_setting_get_elem(setting, 0));
		if (ret_part->only_with != NULL &&
		    !provider_knows_value(ret_part->only_with))
			reading_error(reading, setting, "there is no value "
			    "\"%.32s\"", ret_part->only_with);
		setting = config_setting_get_elem(setting, 1);
	}
	ret_part->text = reading_template(reading, setting, kind);
}

/* ---- credentials */

void
setting_auth(struct reading *reading, config_setting_t *setting, void *target)
{
	static const char *const kinds[] = {
		[AUTH_NONE] = "none", [AUTH_BASIC] = "basic",
		[AUTH_BEARER] = "bearer", [AUTH_HEADER] = "header",
	};
	static const struct setting_row none[] = {
		{ "kind", read_elsewhere, 0, true },
	};
	static const struct setting_row basic[] = {
		{ "kind", read_elsewhere, 0, true },
		{ "user", setting_template_text, offsetof(struct auth, user), true },
		{ "password", setting_template_text,
		    offsetof(struct auth, password), true },
	};
	static const struct setting_row bearer[] = {
		{ "kind", read_elsewhere, 0, true },
		{ "token", setting_template_text, offsetof(struct auth, token), true },
	};
	static const struct setting_row header[] = {
		{ "kind", read_elsewhere, 0, true },
		{ "header", setting_text, offsetof(struct auth, header), true },
		{ "value", setting_template_text, offsetof(struct auth, value), true },
	};
	struct auth auth = { 0 };
	config_setting_t *kind = config_setting_is_group(setting) ?
	    config_setting_get_member(setting, "kind") : NULL;
	size_t choice;

	if (kind == NULL) {
		reading_error(reading, setting, "must be a group with a kind");
		return;
	}
	if (!reading_choice(reading, kind, kinds, COUNT_OF(kinds), &choice))
		return;
	auth.kind = (enum auth_kind)choice;
	switch (auth.kind) {
	case AUTH_NONE:
		reading_group(reading, setting, none, COUNT_OF(none), &auth);
		break;
	case AUTH_BASIC:
		reading_group(reading, setting, basic, COUNT_OF(basic), &auth);
		break;
	case AUTH_BEARER:
		reading_group(reading, setting, bearer, COUNT_OF(bearer), &auth);
		break;
	case AUTH_HEADER:
		reading_group(reading, setting, header, COUNT_OF(header), &auth);
		break;
	}
	*(struct auth *)target = auth;
}

/* By whoever chose the table: the kind. */
static void
read_elsewhere(struct reading *reading, config_setting_t *setting,
    void *target)
{
	(void)reading;
	(void)setting;
	(void)target;
}
