/* SPDX-License-Identifier: MIT */
/*
 * provider_answer: what came of a request. Only what the provider file names is
 * believed; whatever it does not name may have happened.
 */
#include "lib/provider.h"

#include <string.h>

#include "lib/provider_internal.h"

enum { CARRIES_MAX = 4 * 1024 };        /* bytes of a field that carries a token */

static bool rule_fits(const struct error_rule *rule, int status,
    const json_t *root);
static void apply_rule(const struct error_rule *rule, const json_t *root,
    struct provider_answer *answer);
static void read_success(const struct provider *provider,
    const struct operation *operation, const json_t *root,
    struct provider_answer *answer);
static bool is_refused(const struct conditions *ok_if, const json_t *root,
    bool *ret_is_clear);
static bool is_gone(const struct operation *operation, int status);
static bool carries(const json_t *item, const char *pointer,
    const char *token);
static json_t *read_json(const char *body, size_t length);
static bool read_id(const json_t *root, const char *pointer,
    char ret_id[PROVIDER_ID_SIZE]);
static bool add_found(const struct provider *provider, const json_t *item,
    struct provider_found *found);

void
provider_answer_read(const struct provider *provider,
    enum provider_operation operation, enum transport_end end, int status,
    const char *body, size_t length, struct provider_answer *ret_answer)
{
	const struct operation *asked = &provider->operations[operation];
	struct provider_answer answer = { .outcome = PROVIDER_UNKNOWN };
	json_t *root = end == TRANSPORT_ANSWERED ? read_json(body, length) :
	    NULL;
	size_t i = 0;

	*ret_answer = answer;
	if (end == TRANSPORT_UNREACHED) {
		ret_answer->outcome = PROVIDER_REJECTED;
		memcpy(ret_answer->code, "unreached", sizeof("unreached"));
		return;
	}
	if (end == TRANSPORT_LOST)
		status = 0;
	if (is_gone(asked, status)) {
		answer.outcome = PROVIDER_REJECTED;
		answer.is_gone = true;
		*ret_answer = answer;
		json_decref(root);
		return;
	}
	while (i < provider->error_count &&
	    !rule_fits(&provider->errors[i], status, root))
		i++;
	if (i < provider->error_count)
		apply_rule(&provider->errors[i], root, &answer);
	if (i < provider->error_count &&
	    provider->errors[i].executed == EXECUTED_YES)
		read_id(root, asked->id, answer.id);
	else if (i == provider->error_count && status >= 200 && status < 300)
		read_success(provider, asked, root, &answer);
	json_decref(root);
	*ret_answer = answer;
}

static bool
rule_fits(const struct error_rule *rule, int status, const json_t *root)
{
	bool is_status = false;

	for (size_t i = 0; i < rule->status_count; i++)
		is_status |= status >= rule->statuses[i].from &&
		    status <= rule->statuses[i].to;
	return is_status && provider_json_matches(&rule->match, root);
}

static void
apply_rule(const struct error_rule *rule, const json_t *root,
    struct provider_answer *answer)
{
	static const enum provider_outcome outcomes[] = {
		[EXECUTED_NO] = PROVIDER_REJECTED,
		[EXECUTED_FINAL] = PROVIDER_REJECTED,
		[EXECUTED_MAYBE] = PROVIDER_UNKNOWN,
		[EXECUTED_YES] = PROVIDER_CREATED,
	};

	answer->outcome = outcomes[rule->executed];
	answer->wait_ms = (int64_t)rule->wait_s * 1000;
	provider_json_text_cut(root, rule->code, answer->code,
	    sizeof(answer->code));
	provider_json_text_cut(root, rule->text, answer->text,
	    sizeof(answer->text));
	for (size_t i = 0; i < rule->invalid_code_count; i++)
		if (answer->outcome == PROVIDER_REJECTED &&
		    answer->code[0] != '\0' &&
		    strcmp(rule->invalid_codes[i], answer->code) == 0)
			answer->is_number_invalid = true;
}

/* Without a readable answer, or without the id it must have, nothing is known:
 * something between us and the provider may have answered. */
static void
read_success(const struct provider *provider,
    const struct operation *operation, const json_t *root,
    struct provider_answer *answer)
{
	bool is_clear = true;
	const struct meaning *meaning;
	char word[64];

	if (is_refused(&operation->ok_if, root, &is_clear)) {
		answer->outcome = is_clear ? PROVIDER_REJECTED :
		    PROVIDER_UNKNOWN;
		return;
	}
	if (operation->id != NULL && !read_id(root, operation->id, answer->id))
		return;
	if (operation->state != NULL) {
		meaning = provider_json_text(root, operation->state, word,
		    sizeof(word)) ? provider_meaning(&provider->states, word) :
		    NULL;
		if (meaning == NULL &&
		    operation == &provider->operations[PROVIDER_GET])
			return;
		if (meaning != NULL && !meaning->is_customer_over) {
			answer->progress = meaning->progress;
			answer->call_outcome = meaning->outcome;
		}
	}
	answer->outcome = PROVIDER_CREATED;
}

/* A field that is there and does not fit is a refusal; one that is not there
 * says nothing clear. */
static bool
is_refused(const struct conditions *ok_if, const json_t *root,
    bool *ret_is_clear)
{
	bool is_refused_at_all = false;

	for (size_t i = 0; i < ok_if->count; i++) {
		const struct condition *condition = &ok_if->items[i];
		char text[128];
		bool is_there = provider_json_text(root,
		    condition->source.name, text, sizeof(text));

		if (provider_glob(condition->pattern, text))
			continue;
		is_refused_at_all = true;
		*ret_is_clear &= is_there;
	}
	return is_refused_at_all;
}

static bool
is_gone(const struct operation *operation, int status)
{
	for (size_t i = 0; i < operation->gone_count; i++)
		if (operation->gone[i] == status)
			return true;
	return false;
}

void
provider_found_read(const struct provider *provider, int status,
    const char *body, size_t length, const char *token,
    struct provider_found *ret_found)
{
	const struct operation *find = &provider->operations[PROVIDER_FIND];
	struct provider_found found = { .is_readable = false };
	json_t *root = status >= 200 && status < 300 && find->is_there ?
	    read_json(body, length) : NULL;
	const json_t *items = root == NULL ? NULL :
	    provider_json_at(root, find->items);
	const json_t *next = root == NULL || find->next == NULL ? NULL :
	    provider_json_at(root, find->next);
	bool is_last = next == NULL || json_is_null(next) ||
	    (json_is_string(next) && json_string_length(next) == 0);

	CHECK(token[0] != '\0');
	found.is_readable = json_is_array(items);
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);

		if (carries(item, find->token, token))
			found.is_readable &= add_found(provider, item, &found);
	}
	if (!is_last && found.count == 0)
		found.is_readable = false;
	json_decref(root);
	*ret_found = found;
}

/* False: it is ours and has no id, so more is wrong than we can see. */
static bool
add_found(const struct provider *provider, const json_t *item,
    struct provider_found *found)
{
	const struct operation *find = &provider->operations[PROVIDER_FIND];
	const struct meaning *meaning = NULL;
	char word[64];

	if (found->count == PROVIDER_FOUND_MAX)
		return true;
	if (!read_id(item, find->id, found->calls[found->count].id))
		return false;
	if (provider_json_text(item, find->state, word, sizeof(word)))
		meaning = provider_meaning(&provider->states, word);
	if (meaning != NULL && !meaning->is_customer_over)
		found->calls[found->count].progress = meaning->progress;
	found->count++;
	return true;
}

static bool
read_id(const json_t *root, const char *pointer, char ret_id[PROVIDER_ID_SIZE])
{
	if (provider_json_text(root, pointer, ret_id, PROVIDER_ID_SIZE) &&
	    provider_is_id(ret_id))
		return true;
	ret_id[0] = '\0';
	return false;
}

/* The token as a whole word of the field, not as part of another's. */
static bool
carries(const json_t *item, const char *pointer, const char *token)
{
	static const char word[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	char text[CARRIES_MAX];
	const char *at = text;

	if (!provider_json_text(item, pointer, text, sizeof(text)))
		return false;
	while ((at = strstr(at, token)) != NULL) {
		const char *after = at + strlen(token);

		if ((at == text || strchr(word, at[-1]) == NULL) &&
		    (*after == '\0' || strchr(word, *after) == NULL))
			return true;
		at++;
	}
	return false;
}

/* NULL: no JSON, or more of it than is read. */
static json_t *
read_json(const char *body, size_t length)
{
	json_error_t error;

	return length == 0 || length > PROVIDER_ANSWER_MAX ? NULL :
	    json_loadb(body, length, JSON_REJECT_DUPLICATES, &error);
}
