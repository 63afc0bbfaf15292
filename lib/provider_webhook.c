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
#include <strings.h>

#include <openssl/crypto.h>

#include "lib/digest.h"
#include "lib/fault.h"
#include "lib/instant.h"
#include "lib/provider_internal.h"
#include "lib/text.h"

enum {
	FIELD_SIZE = 512,               /* of a value out of JSON, with its end */
	KEY_SIZE_MAX = 4096,
	REPLY_STATUS = 204,             /* unless the file says otherwise */
};

/* One webhook being read. */
struct hearing {
	const struct provider *provider;
	const struct webhook *webhook;
	const struct webhook_input *input;
	const struct provider_values *secrets;
	int64_t now_ms;
	struct fields form, query;
	const struct fields *fields;    /* which of them holds the fields */
	char *path;                     /* of the URL */
	json_t *root;
	const json_t *record;           /* "/…" begins here */
	const char *lines;              /* of a record that is text */
	bool is_ambiguous;              /* a field came with two values */
	struct webhook_event *event;    /* the one being told */
	struct webhook_news *news;
};

static bool open_result(struct hearing *hearing, const json_t *root);
static bool open_hearing(struct hearing *hearing);
static bool read_url(struct hearing *hearing);
static bool is_challenge(struct hearing *hearing);
static bool is_genuine(struct hearing *hearing);
static bool has_older(const struct provider_values *secrets);
static bool try_key(struct hearing *hearing, bool is_previous,
    const char **ret_reason);
static bool open_body(struct hearing *hearing);
static void tell_records(struct hearing *hearing);
static const char *record_lines(struct hearing *hearing, size_t index);
static void tell_record(struct hearing *hearing);
static bool has_required(struct hearing *hearing);
static const struct event_rule *find_rule(struct hearing *hearing);
static void tell(struct hearing *hearing, const struct event_rule *rule);
static bool tell_who(struct hearing *hearing, const struct event_rule *rule);
static bool tell_sid(struct hearing *hearing, const struct source *source);
static void tell_call(struct hearing *hearing, const struct event_rule *rule);
static void tell_inbound(struct hearing *hearing,
    const struct event_rule *rule);
static bool find_meaning(struct hearing *hearing,
    const struct event_rule *rule, struct meaning *ret_meaning);
static void tell_end(struct hearing *hearing, const struct event_rule *rule);
static void tell_machine(struct hearing *hearing,
    const struct event_rule *rule);
static void tell_question(struct hearing *hearing,
    const struct event_rule *rule);
static const char *get(struct hearing *hearing, const struct source *source,
    char buffer[FIELD_SIZE]);
static const char *get_raw(struct hearing *hearing,
    const struct source *source, char buffer[FIELD_SIZE]);
static const char *get_line(const struct hearing *hearing, int line,
    char buffer[FIELD_SIZE]);
static void get_short(struct hearing *hearing, const struct source *source,
    char *ret_text, size_t size);
static void get_words(struct hearing *hearing, const struct source *source,
    char *ret_text, size_t size);
static bool instant_of(struct hearing *hearing, const struct source *source,
    int64_t *ret_ms);
static int64_t get_number(struct hearing *hearing,
    const struct source *source, int64_t fallback);
static bool refuse(struct hearing *hearing, const char *what,
    const char *reason);

void
provider_webhook_read(const struct provider *provider,
    const struct webhook_input *input, const struct provider_values *secrets,
    int64_t now_ms, struct webhook_news *ret_news)
{
	struct hearing hearing = {
		.provider = provider, .webhook = &provider->webhook,
		.input = input, .secrets = secrets, .now_ms = now_ms,
		.news = ret_news,
	};

	*ret_news = (struct webhook_news){ .count = 1 };
	ret_news->events = calloc(1, sizeof(*ret_news->events));
	CHECK(ret_news->events != NULL);
	hearing.event = ret_news->events;
	hearing.event->sequence = -1;
	hearing.event->reply.status = REPLY_STATUS;
	if (open_hearing(&hearing) && !is_challenge(&hearing) &&
	    is_genuine(&hearing) && open_body(&hearing))
		tell_records(&hearing);
	fields_fini(&hearing.form);
	fields_fini(&hearing.query);
	json_decref(hearing.root);
	free(hearing.path);
}

void
provider_result_read(const struct provider *provider, int status,
    const char *body, size_t length, struct webhook_event *ret_event)
{
	const struct operation *result =
	    &provider->operations[PROVIDER_RESULT];
	const struct webhook_input input = { .method = "POST" };
	struct hearing hearing = {
		.provider = provider, .webhook = &provider->webhook,
		.input = &input, .event = ret_event,
	};
	json_t *root = status >= 200 && status < 300 && result->is_there ?
	    provider_answer_root(result, body, length) : NULL;

	*ret_event = (struct webhook_event){ .sequence = -1 };
	hearing.fields = &hearing.form;
	if (root != NULL && open_result(&hearing, root))
		tell_record(&hearing);
	/* Nothing came that could be refused: there is only nothing to learn. */
	if (ret_event->kind != WEBHOOK_PROGRESS)
		*ret_event = (struct webhook_event){ .sequence = -1 };
	fields_fini(&hearing.form);
	json_decref(hearing.root);
	json_decref(root);
}

/* A text of the webhook's own form. */
static bool
open_result(struct hearing *hearing, const json_t *root)
{
	const json_t *news = provider_json_at(root,
	    hearing->provider->operations[PROVIDER_RESULT].news);
	const char *text = json_string_value(news);

	if (text == NULL || json_string_length(news) > PROVIDER_BODY_MAX)
		return false;
	if (hearing->webhook->body != WEBHOOK_JSON)
		return fields_read(text, json_string_length(news),
		    &hearing->form);
	hearing->root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	hearing->record = hearing->root;
	return hearing->root != NULL;
}

void
webhook_news_fini(struct webhook_news *news)
{
	free(news->events);
	news->events = NULL;
	news->count = 0;
}

/* ---- is it from the provider */

static bool
open_hearing(struct hearing *hearing)
{
	const struct webhook_input *input = hearing->input;
	bool is_post = strcmp(input->method, "POST") == 0;

	if (!read_url(hearing))
		return refuse(hearing, "", "the query cannot be read");
	if (hearing->provider->message_webhook.is_there &&
	    (provider_glob("*/sms", hearing->path) ||
	    provider_glob("*/hooks/*/message", hearing->path) ||
	    provider_glob("*/hooks/*/message/*", hearing->path)))
		hearing->webhook = &hearing->provider->message_webhook;
	if (!hearing->webhook->is_there)
		return refuse(hearing, "", "this provider sends no webhooks");
	if (!is_post && strcmp(input->method, "GET") != 0)
		return refuse(hearing, "", "neither GET nor POST");
	if (input->body_length > PROVIDER_BODY_MAX)
		return refuse(hearing, "", "the body is too long");
	hearing->fields = hearing->webhook->body == WEBHOOK_QUERY ||
	    !is_post ? &hearing->query : &hearing->form;
	return hearing->fields == &hearing->query ||
	    hearing->webhook->body == WEBHOOK_JSON ||
	    input->body_length == 0 || fields_read(input->body,
	    input->body_length, &hearing->form) ||
	    refuse(hearing, "", "the form cannot be read");
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

/* A provider asks whether the address is ours before it trusts it with news. */
static bool
is_challenge(struct hearing *hearing)
{
	bool is_ambiguous = false;
	const char *value = hearing->webhook->challenge == NULL ||
	    strcmp(hearing->input->method, "GET") != 0 ? NULL :
	    fields_get(&hearing->query, hearing->webhook->challenge,
	    &is_ambiguous);

	if (value == NULL || is_ambiguous || !provider_is_id(value))
		return false;
	snprintf(hearing->news->challenge, sizeof(hearing->news->challenge),
	    "%s", value);
	return true;
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
	const struct webhook *webhook = hearing->webhook;
	struct signature_result result;
	size_t length;
	char *key = provider_render(webhook->key, &scope, KEY_SIZE_MAX,
	    &length, ret_reason);
	char *key_id = key == NULL || webhook->key_id == NULL ? NULL :
	    provider_render(webhook->key_id, &scope, KEY_SIZE_MAX, NULL,
	    ret_reason);
	bool is_good = false;

	if (key != NULL && (key_id != NULL || webhook->key_id == NULL)) {
		is_good = signature_verify(&webhook->signature,
		    hearing->input, &hearing->form, &hearing->query, key,
		    key_id, hearing->now_ms, &result);
		*ret_reason = result.reason;
	}
	if (is_good && result.nonce[0] != '\0') {
		memcpy(hearing->news->nonce, result.nonce,
		    sizeof(result.nonce));
		/* Its time may lie that far ahead too. */
		hearing->news->nonce_ms =
		    2 * 1000 * webhook->signature.tolerance_s;
	}
	if (key != NULL)
		OPENSSL_cleanse(key, length);
	free(key);
	free(key_id);
	return is_good;
}

/* ---- what it says */

static bool
open_body(struct hearing *hearing)
{
	const struct webhook_input *input = hearing->input;
	enum webhook_body body = hearing->webhook->body;
	const char *text = input->body;
	size_t length = input->body_length;

	if (!signature_allows_twins(&hearing->webhook->signature) &&
	    (fields_have_twins(&hearing->form) ||
	    fields_have_twins(&hearing->query)))
		return refuse(hearing, "", "a field comes twice");
	if (body != WEBHOOK_JSON && body != WEBHOOK_FORM_JSON)
		return true;
	if (body == WEBHOOK_FORM_JSON) {
		text = fields_get(hearing->fields,
		    hearing->webhook->json_field, &hearing->is_ambiguous);
		length = text == NULL ? 0 : strlen(text);
	}
	/* Who asks by GET has all in the address. */
	if (length == 0 && strcmp(input->method, "GET") == 0)
		return true;
	/* Whatever Content-Type says: some call their JSON a form. */
	if (length > 0)
		hearing->root = json_loadb(text, length,
		    JSON_REJECT_DUPLICATES, NULL);
	if (hearing->root == NULL)
		return refuse(hearing, "", "the body is no JSON");
	hearing->record = hearing->root;
	if (!provider_json_text(hearing->root, hearing->webhook->dedup,
	    hearing->news->once, sizeof(hearing->news->once)))
		hearing->news->once[0] = '\0';
	return true;
}

/* One event for each record; most webhooks are one. */
static void
tell_records(struct hearing *hearing)
{
	const struct webhook *webhook = hearing->webhook;
	const json_t *list = NULL;
	size_t count = 1;

	if (webhook->records == RECORDS_JSON) {
		list = provider_json_at(hearing->root, webhook->records_name);
		count = json_array_size(list);
	} else if (webhook->records == RECORDS_LINES) {
		for (count = 0; record_lines(hearing, count) != NULL; )
			count++;
	}
	if (count == 0 || count > PROVIDER_RECORDS_MAX) {
		refuse(hearing, webhook->records_name, count == 0 ?
		    " holds nothing" : " holds too many");
		return;
	}
	free(hearing->news->events);
	hearing->news->events = calloc(count, sizeof(*hearing->event));
	CHECK(hearing->news->events != NULL);
	hearing->news->count = count;
	for (size_t i = 0; i < count; i++) {
		hearing->event = &hearing->news->events[i];
		if (list != NULL)
			hearing->record = json_array_get(list, i);
		else if (webhook->records == RECORDS_LINES)
			hearing->lines = record_lines(hearing, i);
		tell_record(hearing);
	}
}

static const char *
record_lines(struct hearing *hearing, size_t index)
{
	char name[96];

	snprintf(name, sizeof(name), "%.80s[%zu]",
	    hearing->webhook->records_name, index);
	return fields_get(hearing->fields, name, &hearing->is_ambiguous);
}

static void
tell_record(struct hearing *hearing)
{
	const struct event_rule *rule;

	hearing->event->sequence = -1;
	hearing->event->reply = hearing->webhook->reply;
	if (has_required(hearing)) {
		rule = find_rule(hearing);
		if (rule != NULL)
			tell(hearing, rule);
	}
	if (hearing->is_ambiguous)
		refuse(hearing, "", "a field comes with two values");
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
	struct meaning meaning;

	if (rule->reply.status != 0)
		event->reply = rule->reply;
	if (!tell_who(hearing, rule))
		return;
	event->sequence = get_number(hearing, &rule->order, -1);
	if (!instant_of(hearing, &rule->time, &event->at_ms))
		event->at_ms = 0;
	switch (rule->about) {
	case ABOUT_CALL:
		tell_call(hearing, rule);
		return;
	case ABOUT_MESSAGE:
		if (!find_meaning(hearing, rule, &meaning))
			return;
		event->kind = WEBHOOK_MESSAGE;
		event->message = meaning.message;
		get_words(hearing, &rule->error, event->error,
		    sizeof(event->error));
		event->is_unsubscribed = meaning.message == MESSAGE_FAILED &&
		    provider_is_unsubscribed(hearing->provider, event->error);
		return;
	case ABOUT_INBOUND_MESSAGE:
	case ABOUT_INBOUND_CALL:
		tell_inbound(hearing, rule);
		return;
	case ABOUT_COUNT:
		break;
	}
}

/* False: it says of nobody whom it is about, though it should. */
static bool
tell_who(struct hearing *hearing, const struct event_rule *rule)
{
	struct webhook_event *event = hearing->event;

	event->is_customer_leg = rule->is_customer_leg;
	get_short(hearing, &rule->leg_id, event->leg_sid,
	    sizeof(event->leg_sid));
	if (!provider_is_id(event->leg_sid))
		event->leg_sid[0] = '\0';
	if (!tell_sid(hearing, &rule->id) ||
	    (event->sid[0] == '\0' && !tell_sid(hearing, &rule->also)))
		return false;
	get_short(hearing, &rule->job, event->job, sizeof(event->job));
	get_short(hearing, &rule->customer, event->customer,
	    sizeof(event->customer));
	if (rule->id.name != NULL && event->sid[0] == '\0' &&
	    event->job[0] == '\0')
		return refuse(hearing, rule->id.name, " is missing");
	return true;
}

/* False: what is there is no id. */
static bool
tell_sid(struct hearing *hearing, const struct source *source)
{
	char buffer[FIELD_SIZE];
	const char *sid = get(hearing, source, buffer);

	if (sid == NULL || sid[0] == '\0')
		return true;
	if (!provider_is_id(sid))
		return refuse(hearing, source->name, " is no id of a call");
	snprintf(hearing->event->sid, sizeof(hearing->event->sid), "%s", sid);
	return true;
}

static void
tell_call(struct hearing *hearing, const struct event_rule *rule)
{
	struct webhook_event *event = hearing->event;
	struct meaning meaning;

	if (rule->question != NULL)
		tell_question(hearing, rule);
	if (find_meaning(hearing, rule, &meaning)) {
		event->has_progress = true;
		event->progress = meaning.progress;
		event->is_customer_over = meaning.is_customer_over;
		event->is_agent_over = meaning.is_agent_over;
		event->outcome = meaning.outcome;
		event->is_advisory = hearing->webhook->is_advisory;
		if (meaning.is_customer_over ||
		    meaning.progress == PROGRESS_OVER)
			tell_end(hearing, rule);
	}
	if (event->kind == WEBHOOK_REFUSED)
		return;
	tell_machine(hearing, rule);
	get_short(hearing, &rule->recording, event->recording,
	    sizeof(event->recording));
	if (event->kind == WEBHOOK_NOTHING && (event->has_progress ||
	    event->machine != MACHINE_NOT_SAID || event->recording[0] != '\0'))
		event->kind = WEBHOOK_PROGRESS;
}

static void
tell_inbound(struct hearing *hearing, const struct event_rule *rule)
{
	struct webhook_event *event = hearing->event;
	struct meaning meaning;

	get_short(hearing, &rule->from, event->from, sizeof(event->from));
	get_short(hearing, &rule->to, event->to, sizeof(event->to));
	if (rule->about == ABOUT_INBOUND_MESSAGE) {
		if (event->from[0] == '\0') {
			refuse(hearing, rule->from.name, " is missing");
			return;
		}
		event->kind = WEBHOOK_INBOUND_MESSAGE;
		get_words(hearing, &rule->text, event->text,
		    sizeof(event->text));
		return;
	}
	if (rule->question != NULL)
		tell_question(hearing, rule);
	if (find_meaning(hearing, rule, &meaning)) {
		event->has_progress = true;
		event->progress = meaning.progress;
	}
	if (event->kind != WEBHOOK_REFUSED && (rule->question != NULL ||
	        event->has_progress))
		event->kind = WEBHOOK_INBOUND_CALL;
}

/* False: the word is of no interest, unknown, or, in a question, not there. */
static bool
find_meaning(struct hearing *hearing, const struct event_rule *rule,
    struct meaning *ret_meaning)
{
	char buffer[FIELD_SIZE];
	const struct meaning *meaning;
	const char *word;

	if (rule->has_set) {
		*ret_meaning = rule->set;
		return !rule->set.is_ignored;
	}
	if (rule->state.name == NULL)
		return false;
	word = get(hearing, &rule->state, buffer);
	if (word == NULL || word[0] == '\0')
		return rule->question == NULL &&
		    refuse(hearing, rule->state.name, " is missing");
	meaning = provider_meaning(rule->has_map ? &rule->map :
	    &hearing->provider->states, word);
	if (meaning == NULL)
		snprintf(hearing->event->reason,
		    sizeof(hearing->event->reason), "%.30s says %.40s, "
		    "which is not known", rule->state.name,
		    provider_is_id(word) ? word : "a word");
	if (meaning == NULL || meaning->is_ignored)
		return false;
	*ret_meaning = *meaning;
	return true;
}

static void
tell_end(struct hearing *hearing, const struct event_rule *rule)
{
	struct webhook_event *event = hearing->event;

	event->duration_ms = get_number(hearing, &rule->milliseconds,
	    1000 * get_number(hearing, &rule->seconds, 0));
	/* Who has answered was reached, whatever ended it. */
	if (event->outcome == OUTCOME_ANSWERED)
		return;
	for (size_t i = 0; i < rule->cause_count; i++) {
		char buffer[FIELD_SIZE];
		const char *cause = get(hearing, &rule->causes[i].source,
		    buffer);

		if (cause != NULL &&
		    provider_glob(rule->causes[i].word, cause)) {
			event->outcome = rule->causes[i].outcome;
			return;
		}
	}
}

static void
tell_machine(struct hearing *hearing, const struct event_rule *rule)
{
	char buffer[FIELD_SIZE];
	const char *word = get(hearing, &rule->amd, buffer);

	for (size_t i = 0; i < rule->machine_count && word != NULL; i++)
		if (provider_glob(rule->machines[i].word, word)) {
			hearing->event->machine = rule->machines[i].machine;
			return;
		}
}

/* What is no key of a telephone is no key pressed ("hangup"). */
static void
tell_question(struct hearing *hearing, const struct event_rule *rule)
{
	struct webhook_event *event = hearing->event;
	char buffer[FIELD_SIZE];
	const char *digits = get(hearing, &rule->digits, buffer);

	event->kind = WEBHOOK_QUESTION;
	snprintf(event->question, sizeof(event->question), "%s",
	    rule->question != NULL ? rule->question : "");
	if (digits != NULL && strlen(digits) < sizeof(event->digits) &&
	    strspn(digits, "0123456789*#") == strlen(digits))
		snprintf(event->digits, sizeof(event->digits), "%s", digits);
}

/* ---- reading fields */

/* NULL: there is none, or it is longer than any we read. */
static const char *
get(struct hearing *hearing, const struct source *source,
    char buffer[FIELD_SIZE])
{
	const char *text = get_raw(hearing, source, buffer);
	char copy[FIELD_SIZE];
	struct fields decoded = { .count = 0 };
	size_t length;

	if (text == NULL || source->filter == SOURCE_PLAIN)
		return text;
	if (strlen(text) >= sizeof(copy) - 1)
		return NULL;
	snprintf(copy, sizeof(copy), "%s", text);
	switch (source->filter) {
	case SOURCE_UNBASE64:
		if (!digest_base64url_read(copy, (unsigned char *)buffer,
		    FIELD_SIZE - 1, &length) ||
		    memchr(buffer, '\0', length) != NULL)
			return NULL;
		buffer[length] = '\0';
		break;
	case SOURCE_UNURLENCODE:
		if (strpbrk(copy, "&=") != NULL ||
		    !fields_read(copy, strlen(copy), &decoded)) {
			fields_fini(&decoded);
			return NULL;
		}
		snprintf(buffer, FIELD_SIZE, "%s",
		    decoded.count > 0 ? decoded.items[0].name : "");
		fields_fini(&decoded);
		break;
	case SOURCE_E164:
		snprintf(buffer, FIELD_SIZE, "%s%s", copy[0] >= '0' &&
		    copy[0] <= '9' ? "+" : "", copy);
		break;
	case SOURCE_PLAIN:
	case SOURCE_FILTER_COUNT:
		break;
	}
	return buffer;
}

static const char *
get_raw(struct hearing *hearing, const struct source *source,
    char buffer[FIELD_SIZE])
{
	const struct webhook_input *input = hearing->input;
	const char *found = NULL;

	if (source->name == NULL)
		return NULL;
	switch (source->place) {
	case PLACE_IN_FORM:
		return fields_get(hearing->fields, source->name,
		    &hearing->is_ambiguous);
	case PLACE_IN_QUERY:
		return fields_get(&hearing->query, source->name,
		    &hearing->is_ambiguous);
	case PLACE_IN_PATH:
		return hearing->path;
	case PLACE_IN_JSON:
		return provider_json_text(hearing->record, source->name,
		    buffer, FIELD_SIZE) ? buffer : NULL;
	case PLACE_IN_HEADER:
		for (size_t i = 0; i < input->header_count; i++) {
			if (strcasecmp(input->headers[i].name,
			    source->name) != 0)
				continue;
			hearing->is_ambiguous |= found != NULL;
			found = input->headers[i].value;
		}
		return found;
	case PLACE_IN_LINE:
		return get_line(hearing, source->line, buffer);
	}
	return NULL;
}

static const char *
get_line(const struct hearing *hearing, int line, char buffer[FIELD_SIZE])
{
	const char *at = hearing->lines;
	size_t length;

	for (; at != NULL && line > 1; line--) {
		at = strchr(at, '\n');
		at = at == NULL ? NULL : at + 1;
	}
	if (at == NULL)
		return NULL;
	length = strcspn(at, "\r\n");
	if (length >= FIELD_SIZE)
		return NULL;
	memcpy(buffer, at, length);
	buffer[length] = '\0';
	return buffer;
}

/* Printable ASCII without blanks, all of it or nothing. */
static void
get_short(struct hearing *hearing, const struct source *source,
    char *ret_text, size_t size)
{
	char buffer[FIELD_SIZE];
	const char *text = get(hearing, source, buffer);

	if (text == NULL || strlen(text) >= size)
		return;
	for (size_t i = 0; text[i] != '\0'; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return;
	memcpy(ret_text, text, strlen(text) + 1);
}

/* Words of a person, clean and cut. */
static void
get_words(struct hearing *hearing, const struct source *source,
    char *ret_text, size_t size)
{
	char buffer[FIELD_SIZE];
	const char *text;

	if (source->name == NULL)
		return;
	if (source->place == PLACE_IN_JSON) {
		provider_json_text_cut(hearing->record, source->name,
		    ret_text, size);
		return;
	}
	text = get(hearing, source, buffer);
	if (text == NULL || !text_is_utf8(text, strlen(text)))
		return;
	text_copy(ret_text, size, text);
	text_clean(ret_text, false);
}

static bool
instant_of(struct hearing *hearing, const struct source *source,
    int64_t *ret_ms)
{
	char buffer[FIELD_SIZE];
	const char *text = get(hearing, source, buffer);

	return text != NULL && instant_read(text, ret_ms);
}

static int64_t
get_number(struct hearing *hearing, const struct source *source,
    int64_t fallback)
{
	char buffer[FIELD_SIZE];
	const char *text = get(hearing, source, buffer);
	size_t length = text == NULL ? 0 : strlen(text);

	if (length == 0 || length > 12 || strspn(text, "0123456789") != length)
		return fallback;
	return strtoll(text, NULL, 10);
}

static bool
refuse(struct hearing *hearing, const char *what, const char *reason)
{
	struct webhook_event refused = {
		.kind = WEBHOOK_REFUSED, .sequence = -1,
		.reply.status = REPLY_STATUS,
	};

	snprintf(refused.reason, sizeof(refused.reason), "%.40s%.50s", what,
	    reason);
	*hearing->event = refused;
	return false;
}
