/* SPDX-License-Identifier: MIT */
/*
 * provider_webhook: nothing of a webhook is looked at before its signature is
 * known to be good, and a missing field is never taken for an empty one: signed
 * text without separators lets a stranger move the border between two fields.
 */
#include "lib/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "lib/fault.h"
#include "lib/provider_internal.h"

enum {
	FIELD_SIZE = 512,               /* of a value out of JSON, with its end */
	KEY_SIZE_MAX = 4096,
};

/* One webhook being read. */
struct hearing {
	const struct provider *provider;
	const struct webhook *webhook;
	const struct webhook_input *input;
	const struct provider_values *secrets;
	int64_t now_ms;
	struct fields form, query;
	char *path;                     /* of the URL */
	json_t *root;
	bool is_ambiguous;              /* a field came with two values */
	struct webhook_event *event;
};

static bool open_hearing(struct hearing *hearing);
static bool read_url(struct hearing *hearing);
static bool is_genuine(struct hearing *hearing);
static bool has_older(const struct provider_values *secrets);
static bool try_key(struct hearing *hearing, bool is_previous,
    const char **ret_reason);
static bool open_body(struct hearing *hearing);
static bool has_required(struct hearing *hearing);
static const struct event_rule *find_rule(struct hearing *hearing);
static void tell(struct hearing *hearing, const struct event_rule *rule);
static bool tell_sid(struct hearing *hearing, const struct event_rule *rule);
static bool tell_state(struct hearing *hearing, const struct event_rule *rule);
static void tell_end(struct hearing *hearing, const struct event_rule *rule);
static void tell_digits(struct hearing *hearing,
    const struct event_rule *rule);
static void tell_machine(struct hearing *hearing,
    const struct event_rule *rule);
static void tell_recording(struct hearing *hearing,
    const struct event_rule *rule);
static const char *get(struct hearing *hearing, const struct source *source,
    char buffer[FIELD_SIZE]);
static int64_t get_number(struct hearing *hearing,
    const struct source *source, int64_t fallback);
static bool refuse(struct hearing *hearing, const char *what,
    const char *reason);

void
provider_webhook_read(const struct provider *provider,
    const struct webhook_input *input, const struct provider_values *secrets,
    int64_t now_ms, struct webhook_event *ret_event)
{
	struct hearing hearing = {
		.provider = provider, .webhook = &provider->webhook,
		.input = input, .secrets = secrets, .now_ms = now_ms,
		.event = ret_event,
	};
	const struct event_rule *rule;

	*ret_event = (struct webhook_event){ .sequence = -1 };
	if (open_hearing(&hearing) && is_genuine(&hearing) &&
	    open_body(&hearing) && has_required(&hearing)) {
		rule = find_rule(&hearing);
		if (rule != NULL)
			tell(&hearing, rule);
	}
	if (hearing.is_ambiguous)
		refuse(&hearing, "", "a field comes with two values");
	fields_fini(&hearing.form);
	fields_fini(&hearing.query);
	json_decref(hearing.root);
	free(hearing.path);
}

/* ---- is it from the provider */

static bool
open_hearing(struct hearing *hearing)
{
	const struct webhook_input *input = hearing->input;
	bool is_post = strcmp(input->method, "POST") == 0;

	if (!hearing->webhook->is_there)
		return refuse(hearing, "", "this provider sends no webhooks");
	if (!is_post && strcmp(input->method, "GET") != 0)
		return refuse(hearing, "", "neither GET nor POST");
	if (input->body_length > PROVIDER_BODY_MAX)
		return refuse(hearing, "", "the body is too long");
	if (!read_url(hearing))
		return refuse(hearing, "", "the query cannot be read");
	if (is_post && hearing->webhook->body == WEBHOOK_FORM &&
	    input->body_length > 0 && !fields_read(input->body,
	    input->body_length, &hearing->form))
		return refuse(hearing, "", "the form cannot be read");
	return true;
}

static bool
read_url(struct hearing *hearing)
{
	const char *url = hearing->input->url;
	const char *host = strstr(url, "://");
	const char *path, *query;

	host = host != NULL ? host + 3 : url;
	path = host + strcspn(host, "/?#");
	query = path + strcspn(path, "?#");
	hearing->path = strndup(path, (size_t)(query - path));
	CHECK(hearing->path != NULL);
	return *query != '?' || fields_read(query + 1,
	    strcspn(query + 1, "#"), &hearing->query);
}

/* The newer secret, and where there is one the older. */
static bool
is_genuine(struct hearing *hearing)
{
	const char *reason = NULL, *older;

	if (PLANTED("webhook_signature_off"))
		return true;
	if (try_key(hearing, false, &reason) ||
	    (has_older(hearing->secrets) && try_key(hearing, true, &older)))
		return true;
	return refuse(hearing, "", reason);
}

static bool
has_older(const struct provider_values *secrets)
{
	for (size_t i = 0; i < secrets->count; i++) {
		const char *name = secrets->items[i].name;
		size_t length = strlen(name);

		if (length > 9 && strcmp(name + length - 9, "_previous") == 0)
			return true;
	}
	return false;
}

static bool
try_key(struct hearing *hearing, bool is_previous, const char **ret_reason)
{
	const struct provider_scope scope = {
		hearing->provider, hearing->secrets, is_previous,
	};
	size_t length;
	char *key = provider_render(hearing->webhook->key, &scope,
	    KEY_SIZE_MAX, &length, ret_reason);
	bool is_good;

	if (key == NULL)
		return false;
	is_good = signature_verify(&hearing->webhook->signature,
	    hearing->input, &hearing->form, &hearing->query, key,
	    hearing->now_ms, ret_reason);
	OPENSSL_cleanse(key, length);
	free(key);
	return is_good;
}

/* ---- what it says */

static bool
open_body(struct hearing *hearing)
{
	const struct webhook_input *input = hearing->input;
	json_error_t error;

	if (!signature_allows_twins(&hearing->webhook->signature) &&
	    (fields_have_twins(&hearing->form) ||
	    fields_have_twins(&hearing->query)))
		return refuse(hearing, "", "a field comes twice");
	if (hearing->webhook->body != WEBHOOK_JSON)
		return true;
	if (input->body_length > 0)
		hearing->root = json_loadb(input->body, input->body_length,
		    JSON_REJECT_DUPLICATES, &error);
	return hearing->root != NULL ||
	    refuse(hearing, "", "the body is no JSON");
}

static bool
has_required(struct hearing *hearing)
{
	for (size_t i = 0; i < hearing->webhook->required_count; i++) {
		const struct source *source = &hearing->webhook->required[i];
		char buffer[FIELD_SIZE];
		const char *value = get(hearing, source, buffer);

		if (value == NULL || value[0] == '\0')
			return refuse(hearing, source->name, " is missing");
	}
	return true;
}

static const struct event_rule *
find_rule(struct hearing *hearing)
{
	for (size_t i = 0; i < hearing->webhook->event_count; i++) {
		const struct event_rule *rule = &hearing->webhook->events[i];
		size_t j = 0;

		for (; j < rule->when.count; j++) {
			char buffer[FIELD_SIZE];
			const char *value = get(hearing,
			    &rule->when.items[j].source, buffer);

			if (!provider_glob(rule->when.items[j].pattern,
			    value != NULL ? value : ""))
				break;
		}
		if (j == rule->when.count)
			return rule;
	}
	return NULL;
}

static void
tell(struct hearing *hearing, const struct event_rule *rule)
{
	struct webhook_event *event = hearing->event;

	event->is_customer_leg = rule->is_customer_leg;
	if (!tell_sid(hearing, rule))
		return;
	if (rule->question != NULL) {
		event->kind = WEBHOOK_QUESTION;
		snprintf(event->question, sizeof(event->question), "%s",
		    rule->question);
		tell_digits(hearing, rule);
	}
	event->sequence = get_number(hearing, &rule->order, -1);
	if (rule->state.name != NULL)
		event->has_progress = tell_state(hearing, rule);
	tell_machine(hearing, rule);
	tell_recording(hearing, rule);
	if (event->kind == WEBHOOK_NOTHING && (event->has_progress ||
	    event->machine != MACHINE_NOT_SAID || event->recording[0] != '\0'))
		event->kind = WEBHOOK_PROGRESS;
}

static bool
tell_sid(struct hearing *hearing, const struct event_rule *rule)
{
	char buffer[FIELD_SIZE];
	const char *leg = get(hearing, &rule->leg_id, buffer);
	const char *sid;

	if (leg != NULL && provider_is_id(leg))
		snprintf(hearing->event->leg_sid,
		    sizeof(hearing->event->leg_sid), "%s", leg);
	if (rule->id.name == NULL)
		return true;
	sid = get(hearing, &rule->id, buffer);
	if (sid == NULL || sid[0] == '\0')
		return refuse(hearing, rule->id.name, " is missing");
	if (!provider_is_id(sid))
		return refuse(hearing, rule->id.name, " is no id of a call");
	snprintf(hearing->event->sid, sizeof(hearing->event->sid), "%s", sid);
	return true;
}

/* False: the word is of no interest, unknown, or, in a question, not there. */
static bool
tell_state(struct hearing *hearing, const struct event_rule *rule)
{
	struct webhook_event *event = hearing->event;
	char buffer[FIELD_SIZE];
	const char *word = get(hearing, &rule->state, buffer);
	const struct meaning *meaning;

	if (word == NULL || word[0] == '\0')
		return rule->question == NULL &&
		    refuse(hearing, rule->state.name, " is missing");
	meaning = provider_meaning(rule->has_map ? &rule->map :
	    &hearing->provider->states, word);
	if (meaning == NULL || meaning->is_ignored)
		return false;
	event->progress = meaning->progress;
	event->is_customer_over = meaning->is_customer_over;
	event->outcome = meaning->outcome;
	if (meaning->is_customer_over || meaning->progress == PROGRESS_OVER)
		tell_end(hearing, rule);
	return true;
}

static void
tell_end(struct hearing *hearing, const struct event_rule *rule)
{
	struct webhook_event *event = hearing->event;
	char buffer[FIELD_SIZE];
	const char *cause = get(hearing, &rule->cause, buffer);

	event->duration_s = get_number(hearing, &rule->seconds, 0);
	/* Who has answered was reached, whatever ended it. */
	if (cause == NULL || event->outcome == OUTCOME_ANSWERED)
		return;
	for (size_t i = 0; i < rule->cause_count; i++)
		if (provider_glob(rule->causes[i].word, cause)) {
			event->outcome = rule->causes[i].outcome;
			return;
		}
}

/* What is no key of a telephone is no key pressed ("hangup"). */
static void
tell_digits(struct hearing *hearing, const struct event_rule *rule)
{
	char buffer[FIELD_SIZE];
	const char *digits = get(hearing, &rule->digits, buffer);

	if (digits != NULL && strlen(digits) < sizeof(hearing->event->digits) &&
	    strspn(digits, "0123456789*#") == strlen(digits))
		snprintf(hearing->event->digits,
		    sizeof(hearing->event->digits), "%s", digits);
}

static void
tell_machine(struct hearing *hearing, const struct event_rule *rule)
{
	char buffer[FIELD_SIZE];
	const char *word = get(hearing, &rule->amd, buffer);

	for (size_t i = 0; word != NULL && i < rule->machine_count; i++)
		if (provider_glob(rule->machines[i].word, word)) {
			hearing->event->machine = rule->machines[i].machine;
			return;
		}
}

/* An address is printable ASCII; one that is too long is none. */
static void
tell_recording(struct hearing *hearing, const struct event_rule *rule)
{
	char buffer[FIELD_SIZE];
	const char *url = get(hearing, &rule->recording, buffer);
	size_t size = sizeof(hearing->event->recording);

	if (url == NULL || strlen(url) >= size)
		return;
	for (const char *at = url; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~')
			return;
	memcpy(hearing->event->recording, url, strlen(url) + 1);
}

/* ---- reading fields */

/* NULL: there is none, or it is longer than any we read. */
static const char *
get(struct hearing *hearing, const struct source *source,
    char buffer[FIELD_SIZE])
{
	bool is_query = hearing->webhook->body == WEBHOOK_QUERY ||
	    strcmp(hearing->input->method, "GET") == 0;

	if (source->name == NULL)
		return NULL;
	switch (source->place) {
	case PLACE_IN_FORM:
		return fields_get(is_query ? &hearing->query : &hearing->form,
		    source->name, &hearing->is_ambiguous);
	case PLACE_IN_QUERY:
		return fields_get(&hearing->query, source->name,
		    &hearing->is_ambiguous);
	case PLACE_IN_PATH:
		return hearing->path;
	case PLACE_IN_JSON:
		return provider_json_text(hearing->root, source->name, buffer,
		    FIELD_SIZE) ? buffer : NULL;
	}
	return NULL;
}

static int64_t
get_number(struct hearing *hearing, const struct source *source,
    int64_t fallback)
{
	char buffer[FIELD_SIZE];
	const char *text = get(hearing, source, buffer);
	size_t length = text == NULL ? 0 : strlen(text);

	if (length == 0 || length > 15 || strspn(text, "0123456789") != length)
		return fallback;
	return strtoll(text, NULL, 10);
}

static bool
refuse(struct hearing *hearing, const char *what, const char *reason)
{
	struct webhook_event refused = {
		.kind = WEBHOOK_REFUSED, .sequence = -1,
	};

	snprintf(refused.reason, sizeof(refused.reason), "%.40s%.50s", what,
	    reason);
	*hearing->event = refused;
	return false;
}
