/* SPDX-License-Identifier: MIT */
/*
 * provider_file_request: the part of a provider file about what we send: the
 * requests, what their answers mean, and the flows.
 */
#include "lib/provider_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_operation_auth(struct reading *, config_setting_t *, void *);
static void read_method(struct reading *, config_setting_t *, void *);
static void read_gone(struct reading *, config_setting_t *, void *);
static void read_hosts(struct reading *, config_setting_t *, void *);
static void read_merges(struct reading *, config_setting_t *, void *);
static void read_own_fence(struct reading *, config_setting_t *, void *);
static void read_seconds(struct reading *, config_setting_t *, void *);
static void read_answer(struct reading *, config_setting_t *, void *);
static void read_remember(struct reading *, config_setting_t *, void *);
static void read_numbers(struct reading *, config_setting_t *, void *);
static void read_on(struct reading *, config_setting_t *, void *);
static void read_wait(struct reading *, config_setting_t *, void *);
static void read_statuses(struct reading *, config_setting_t *, void *);
static void read_executed(struct reading *, config_setting_t *, void *);
static void read_invalid_codes(struct reading *, config_setting_t *, void *);
static void read_unsubscribed_codes(struct reading *, config_setting_t *, void *);
static void read_alarm(struct reading *, config_setting_t *, void *);
static void read_error_set(struct reading *, config_setting_t *, void *);
static void read_flow_kind(struct reading *, config_setting_t *, void *);
static void read_flow(struct reading *, config_setting_t *, void *);
static void read_flow_part(struct reading *, config_setting_t *,
    enum template_kind, struct flow_part *);
static bool read_status(const char *word, struct status_range *ret_range);
static void check_error(struct reading *reading,
    const config_setting_t *setting, const struct error_rule *rule);
static void check_operation(struct reading *reading,
    const config_setting_t *setting, enum provider_operation kind);
static void check_address(struct reading *reading,
    const config_setting_t *setting, const struct operation *operation);
static void check_find(struct reading *reading,
    const config_setting_t *setting, const struct operation *find);

static const struct setting_row operation_rows[] = {
	{ "method", read_method, offsetof(struct operation, method), true },
	{ "base", setting_template_text, offsetof(struct operation, base), false },
	{ "path", setting_template_path, offsetof(struct operation, path), false },
	{ "url", setting_template_text, offsetof(struct operation, url), false },
	{ "allow_hosts", read_hosts, 0, false },
	{ "query", setting_pairs_form, offsetof(struct operation, query), false },
	{ "headers", setting_pairs_text, offsetof(struct operation, headers), false },
	{ "form", setting_pairs_form, offsetof(struct operation, form), false },
	{ "json", setting_template_json, offsetof(struct operation, json), false },
	{ "json_if", read_merges, 0, false },
	{ "text", setting_template_text, offsetof(struct operation, text), false },
	{ "type", setting_text, offsetof(struct operation, type), false },
	{ "auth", read_operation_auth, 0, false },
	{ "fence", read_own_fence, 0, false },
	{ "on", read_on, 0, false },
	{ "timeout", read_seconds, offsetof(struct operation, timeout_ms), false },
	{ "answer", read_answer, offsetof(struct operation, answer), false },
	{ "id", setting_pointer, offsetof(struct operation, id), false },
	{ "state", setting_pointer, offsetof(struct operation, state), false },
	{ "price", setting_pointer, offsetof(struct operation, price), false },
	{ "currency", setting_pointer, offsetof(struct operation, currency), false },
	{ "ok_if", setting_conditions_json, offsetof(struct operation, ok_if), false },
	{ "gone", read_gone, 0, false },
	{ "gone_if", setting_conditions_json, offsetof(struct operation, gone_if), false },
	{ "items", setting_pointer, offsetof(struct operation, items), false },
	{ "token", setting_pointer, offsetof(struct operation, token), false },
	{ "next", setting_pointer, offsetof(struct operation, next), false },
	{ "remember", read_remember, 0, false },
	{ "news", setting_pointer, offsetof(struct operation, news), false },
	{ "numbers", read_numbers, 0, false },
	{ "time", setting_pointer, offsetof(struct operation, time), false },
	{ "ended_only", setting_flag, offsetof(struct operation, is_ended_only), false },
	{ "window", read_seconds, offsetof(struct operation, window_ms), false },
};

static const struct setting_row error_rows[] = {
	{ "status", read_statuses, 0, true },
	{ "match", setting_conditions_json, offsetof(struct error_rule, match), false },
	{ "executed", read_executed, offsetof(struct error_rule, executed), true },
	{ "code", setting_pointer, offsetof(struct error_rule, code), false },
	{ "text", setting_pointer, offsetof(struct error_rule, text), false },
	{ "wait", read_wait, 0, false },
	{ "invalid_number", read_invalid_codes, 0, false },
	{ "unsubscribed", read_unsubscribed_codes, 0, false },
	{ "alarm", read_alarm, 0, false },
	{ "set", read_error_set, 0, false },
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
read_hosts(struct reading *reading, config_setting_t *setting, void *target)
{
	struct operation *operation = target;
	size_t count = reading_list(reading, setting);

	operation->allow_hosts = provider_own(reading->provider,
	    count * sizeof(*operation->allow_hosts));
	for (size_t i = 0; i < count; i++) {
		config_setting_t *item = config_setting_get_elem(setting,
		    (unsigned)i);
		const char *host = reading_string(reading, item);
		const char *name = host != NULL && strncmp(host, "*.", 2) == 0 ?
		    host + 2 : host;

		if (host == NULL)
			continue;
		if (name[0] == '\0' || name[0] == '.' || strspn(name,
		    "abcdefghijklmnopqrstuvwxyz0123456789.-") !=
		    strlen(name))
			reading_error(reading, item, "must be a host such as "
			    "\"api.example.com\" or \"*.example.com\"");
		operation->allow_hosts[operation->allow_host_count++] = host;
	}
}

static void
read_merges(struct reading *reading, config_setting_t *setting, void *target)
{
	struct operation *operation = target;
	size_t count = reading_list(reading, setting);

	operation->merges = provider_own(reading->provider,
	    count * sizeof(*operation->merges));
	operation->merge_count = count;
	for (size_t i = 0; i < count; i++) {
		config_setting_t *pair = config_setting_get_elem(setting,
		    (unsigned)i);
		struct merge *merge = &operation->merges[i];
		const char *words[3];

		merge->only_with = "";
		if (!reading_words(reading, pair, 2, 2, words))
			continue;
		merge->only_with = words[0];
		if (!reading_knows(reading, words[0]))
			reading_error(reading, pair,
			    "there is no value \"%.32s\"", words[0]);
		merge->json = reading_template(reading,
		    config_setting_get_elem(pair, 1), TEMPLATE_JSON);
		if (merge->json != NULL)
			reading_check_json(reading, pair, merge->json);
	}
}

static void
read_own_fence(struct reading *reading, config_setting_t *setting,
    void *target)
{
	struct operation *operation = target;
	size_t choice;

	if (!reading_choice(reading, setting, fence_names, FENCE_COUNT,
	    &choice))
		return;
	operation->fence = (enum fence)choice;
	operation->has_fence = true;
}

/* The one event a second leg can follow; said, because a reader of the file
 * would ask. */
static void
read_on(struct reading *reading, config_setting_t *setting, void *target)
{
	static const char *const names[] = { "agent_up" };
	size_t choice;

	(void)target;
	reading_choice(reading, setting, names, COUNT_OF(names), &choice);
}

static void
read_seconds(struct reading *reading, config_setting_t *setting, void *target)
{
	int seconds = 0;

	setting_number(reading, setting, &seconds);
	*(int64_t *)target = (int64_t)seconds * 1000;
}

static void
read_answer(struct reading *reading, config_setting_t *setting, void *target)
{
	static const char *const names[] = {
		[ANSWER_JSON] = "json", [ANSWER_TEXT] = "text",
	};
	size_t choice;

	if (reading_choice(reading, setting, names, COUNT_OF(names), &choice))
		*(enum answer_kind *)target = (enum answer_kind)choice;
}

/* ("control", "/media_session_access_secure_url") */
static void
read_remember(struct reading *reading, config_setting_t *setting, void *target)
{
	struct operation *operation = target;
	struct provider *provider = reading->provider;
	const char *words[3];

	if (!reading_words(reading, setting, 2, 2, words))
		return;
	operation->remember = words[1];
	if (words[1][0] != '/')
		reading_error(reading, setting, "the second must be a JSON "
		    "pointer such as \"/data/url\"");
	if (provider->remembered != NULL &&
	    strcmp(provider->remembered, words[0]) != 0)
		reading_error(reading, setting, "a call remembers one value; "
		    "another operation calls it \"%.31s\"",
		    provider->remembered);
	else if (provider->remembered == NULL && (words[0][0] == '\0' ||
	    strlen(words[0]) >= TEMPLATE_NAME_SIZE || strspn(words[0],
	    "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(words[0]) ||
	    reading_knows(reading, words[0])))
		reading_error(reading, setting, "\"%.40s\" is no name for "
		    "a value: a-z, 0-9 and _, and none that there is",
		    words[0]);
	else
		provider->remembered = words[0];
}

static void
read_numbers(struct reading *reading, config_setting_t *setting, void *target)
{
	struct operation *operation = target;
	size_t count = reading_list(reading, setting);

	operation->numbers = provider_own(reading->provider,
	    count * sizeof(*operation->numbers));
	operation->number_count = count;
	for (size_t i = 0; i < count; i++) {
		config_setting_t *pair = config_setting_get_elem(setting,
		    (unsigned)i);
		const char *words[3];

		operation->numbers[i] = (struct number_match){ "", "" };
		if (!reading_words(reading, pair, 2, 2, words))
			continue;
		operation->numbers[i] = (struct number_match){ words[0],
		    words[1] };
		if (words[0][0] != '/' || !provider_knows_value(words[1]))
			reading_error(reading, pair, "must be a JSON pointer "
			    "and a value, such as (\"/to\", \"agent\")");
	}
}

static void
check_operation(struct reading *reading, const config_setting_t *setting,
    enum provider_operation kind)
{
	const struct operation *operation =
	    &reading->provider->operations[kind];
	int bodies = (operation->json != NULL) +
	    (operation->form.count > 0) + (operation->text != NULL);

	check_address(reading, setting, operation);
	if (bodies > 1)
		reading_error(reading, setting,
		    "has more than one of form, json and text");
	if (bodies > 0 && operation->method != NULL &&
	    strcmp(operation->method, "GET") == 0)
		reading_error(reading, setting, "a GET has no form, json or "
		    "text; write query");
	if ((operation->text == NULL) != (operation->type == NULL))
		reading_error(reading, setting, "text and type need each "
		    "other");
	if (operation->merge_count > 0 && operation->json == NULL)
		reading_error(reading, setting, "json_if needs json");
	if (operation->json != NULL)
		reading_check_json(reading, setting, operation->json);
	if (kind == PROVIDER_FIND)
		check_find(reading, setting, operation);
	else if (operation->items != NULL || operation->token != NULL ||
	    operation->next != NULL || operation->number_count > 0 ||
	    operation->time != NULL || operation->window_ms != 0 ||
	    operation->is_ended_only)
		reading_error(reading, setting, "items, token, next, numbers, "
		    "time, window and ended_only are words of find");
	if ((kind == PROVIDER_GET || kind == PROVIDER_SMS_GET) &&
	    operation->state == NULL)
		reading_error(reading, setting, "needs state");
	if (operation->price != NULL && kind != PROVIDER_CALL &&
	    kind != PROVIDER_CALL_CUSTOMER && kind != PROVIDER_GET &&
	    kind != PROVIDER_SMS && kind != PROVIDER_SMS_GET)
		reading_error(reading, setting, "price is a word of call, "
		    "call_customer, get, sms and sms_get");
	if (operation->currency != NULL && operation->price == NULL)
		reading_error(reading, setting, "currency needs price");
	if (kind == PROVIDER_EPOCH && operation->id == NULL)
		reading_error(reading, setting,
		    "needs id: the value that changes");
	if (kind == PROVIDER_CHECK && operation->ok_if.count == 0)
		reading_error(reading, setting, "needs ok_if: what must hold");
	if ((kind == PROVIDER_RESULT) != (operation->news != NULL))
		reading_error(reading, setting, kind == PROVIDER_RESULT ?
		    "needs news: where the answer holds what a webhook would "
		    "say" : "news is a word of result");
	if ((kind == PROVIDER_SECOND_LEG) !=
	    (config_setting_get_member(setting, "on") != NULL))
		reading_error(reading, setting, kind == PROVIDER_SECOND_LEG ?
		    "needs on = \"agent_up\"" : "on is a word of second_leg");
	if (operation->has_fence && kind != PROVIDER_CALL &&
	    kind != PROVIDER_CALL_CUSTOMER)
		reading_error(reading, setting,
		    "fence is a word of call and call_customer");
}

/* What a provider gave us may lead anywhere; our credentials go with it. */
static void
check_address(struct reading *reading, const config_setting_t *setting,
    const struct operation *operation)
{
	if ((operation->path != NULL) == (operation->url != NULL))
		reading_error(reading, setting, "needs one of path and url");
	if (operation->url != NULL && operation->base != NULL)
		reading_error(reading, setting, "url needs no base");
	if ((operation->url != NULL) != (operation->allow_host_count > 0))
		reading_error(reading, setting,
		    "url and allow_hosts need each other");
}

static void
check_find(struct reading *reading, const config_setting_t *setting,
    const struct operation *find)
{
	bool is_by_number = find->number_count > 0 || find->time != NULL ||
	    find->window_ms != 0;

	if (find->items == NULL || (find->id == NULL &&
	    reading->provider->call_id == NULL))
		reading_error(reading, setting, "needs items and id");
	if ((find->token != NULL) == is_by_number)
		reading_error(reading, setting, "needs token, to find a call "
		    "by its token, or else numbers, time and window");
	else if (is_by_number && (find->number_count == 0 ||
	    find->time == NULL || find->window_ms == 0))
		reading_error(reading, setting,
		    "numbers, time and window need each other");
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

/* A call that was lost on the way would be placed a second time: what may have been
 * executed is believed to be refused only with the provider's words. 503 named by
 * itself is a provider that says it takes nothing now. */
static void
check_error(struct reading *reading, const config_setting_t *setting,
    const struct error_rule *rule)
{
	bool is_refusal = rule->executed == EXECUTED_NO ||
	    rule->executed == EXECUTED_FINAL;

	for (size_t i = 0; i < rule->status_count; i++) {
		const struct status_range *range = &rule->statuses[i];

		if (range->from == 0 && rule->executed != EXECUTED_MAYBE)
			reading_error(reading, setting, "what was not answered"
			    " may have been executed: \"none\" is \"maybe\"");
		else if (is_refusal && range->from != 0 &&
		    rule->match.count == 0 &&
		    (range->from < 300 || (range->to >= 500 &&
		    range->from != 503)))
			reading_error(reading, setting, "needs match: a call "
			    "may have been placed that was answered with %d",
			    range->from);
	}
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

/* 7, "/retry_after" or "header:Retry-After" */
static void
read_wait(struct reading *reading, config_setting_t *setting, void *target)
{
	struct error_rule *rule = target;
	struct provider *provider = reading->provider;
	const char *word;

	if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
		setting_number(reading, setting, &rule->wait_s);
		return;
	}
	word = reading_string(reading, setting);
	if (word == NULL)
		return;
	if (word[0] == '/') {
		rule->wait = word;
	} else if (strncmp(word, "header:", 7) != 0 || word[7] == '\0') {
		reading_error(reading, setting, "must be seconds, a JSON "
		    "pointer or \"header:NAME\"");
	} else {
		rule->is_wait_in_header = true;
		if (provider->wait_header != NULL &&
		    strcmp(provider->wait_header, word + 7) != 0)
			reading_error(reading, setting, "another rule reads "
			    "header:%.40s; it must be one",
			    provider->wait_header);
		provider->wait_header = word + 7;
	}
}

static void
read_codes(struct reading *reading, config_setting_t *setting,
    const struct error_rule *rule, const char ***ret_codes, size_t *ret_count)
{
	size_t count = reading_list(reading, setting);

	*ret_codes = provider_own(reading->provider,
	    count * sizeof(**ret_codes));
	for (size_t i = 0; i < count; i++) {
		const char *code = reading_string(reading,
		    config_setting_get_elem(setting, (unsigned)i));

		if (code != NULL)
			(*ret_codes)[(*ret_count)++] = code;
	}
	if (rule->code == NULL)
		reading_error(reading, setting,
		    "needs code: where the answer says it");
}

static void
read_invalid_codes(struct reading *reading, config_setting_t *setting,
    void *target)
{
	struct error_rule *rule = target;

	read_codes(reading, setting, rule, &rule->invalid_codes,
	    &rule->invalid_code_count);
}

static void
read_unsubscribed_codes(struct reading *reading, config_setting_t *setting,
    void *target)
{
	struct error_rule *rule = target;

	read_codes(reading, setting, rule, &rule->unsubscribed_codes,
	    &rule->unsubscribed_code_count);
}

/* true, or the codes with which staff must see to it */
static void
read_alarm(struct reading *reading, config_setting_t *setting, void *target)
{
	struct error_rule *rule = target;

	if (config_setting_type(setting) == CONFIG_TYPE_BOOL)
		setting_flag(reading, setting, &rule->is_alarm);
	else
		read_codes(reading, setting, rule, &rule->alarm_codes,
		    &rule->alarm_code_count);
}

/* A request that blocks until the specialist has answered says that they have not:
 * the call was placed, and nobody else places it again. */
static void
read_error_set(struct reading *reading, config_setting_t *setting, void *target)
{
	struct error_rule *rule = target;
	const char *word = reading_string(reading, setting);

	rule->has_set = true;
	if (word == NULL)
		return;
	if (!reading_meaning(word, &rule->set) || !rule->set.is_agent_over)
		reading_error(reading, setting, "\"%.40s\" must be agent_over:"
		    "OUTCOME, such as \"agent_over:busy\"", word);
	else if (rule->executed != EXECUTED_YES)
		reading_error(reading, setting, "needs executed = \"yes\": the "
		    "specialist's phone was called");
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
		{ "line_ring", read_flow, 0, false },
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
	size_t errors = reading->errors->count;
	struct flow_text text = { provider_own(reading->provider,
	    count * sizeof(*text.parts)), count };

	for (size_t i = 0; i < count; i++)
		read_flow_part(reading, is_list ? config_setting_get_elem(
		    setting, (unsigned)i) : setting, flows->kind,
		    &text.parts[i]);
	if (reading->errors->count > errors)
		return;
	reading_check_flow(reading, setting, flows->kind, &text);
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
		    !reading_knows(reading, ret_part->only_with))
			reading_error(reading, setting, "there is no value "
			    "\"%.32s\"", ret_part->only_with);
		setting = config_setting_get_elem(setting, 1);
	}
	ret_part->text = reading_template(reading, setting, kind);
}
