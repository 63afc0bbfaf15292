/* SPDX-License-Identifier: MIT */
/*
 * provider_answer: what came of a request. Only what the provider file names is
 * believed; whatever it does not name may have happened.
 */
#include "lib/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/instant.h"
#include "lib/provider_internal.h"
#include "lib/text.h"

enum {
	CARRIES_MAX = 4 * 1024,         /* bytes of a field that carries a token */
	TEXT_MAX = 1024,                /* of a text answer that is looked at */
	WORDS_MAX = 8,
	WAIT_MAX_MS = 3600 * 1000,
	SKEW_MS = 60 * 1000,            /* our clock and the provider's */
	FIELD_DIGITS_MAX = 64,
	PRICE_MAX = 1000000,            /* more is no price of one call */
};

static bool rule_fits(const struct error_rule *rule, bool is_call, int status,
    const json_t *root);
static void apply_rule(const struct error_rule *rule, const json_t *root,
    struct provider_answer *answer);
static bool has_code(const char *const *codes, size_t count, const char *code);
static bool says_unsubscribed(const struct error_rule *rule,
    const char *code);
static void read_success(const struct provider *provider,
    const struct operation *operation, const json_t *root,
    struct provider_answer *answer);
static bool is_refused(const struct conditions *ok_if, const json_t *root,
    bool *ret_is_clear);
static bool is_gone(const struct operation *operation, int status,
    const json_t *root);
static bool carries(const json_t *item, const char *pointer,
    const char *token);
static int64_t wait_of(const char *text);
static void remember(const struct operation *operation, const json_t *root,
    struct provider_answer *answer);
static void read_price(const struct operation *operation, const json_t *root,
    struct provider_answer *answer);
static int64_t price_of_text(const char *text);
static json_t *text_root(const char *body, size_t length);
enum fit { FITS_NOT, FITS, FITS_PERHAPS };
static enum fit fits(const struct operation *find, const json_t *item,
    const struct provider_values *values);
static enum fit fits_numbers(const struct operation *find, const json_t *item,
    const struct provider_scope *scope);
static bool is_same_number(const char *a, const char *b);
static void read_next(const struct operation *find, const json_t *root,
    struct provider_found *found);
static bool read_id(const json_t *root, const char *pointer,
    char ret_id[PROVIDER_ID_SIZE]);
static bool add_found(const struct provider *provider, const json_t *item,
    const struct provider_values *values, struct provider_found *found);

void
provider_answer_read(const struct provider *provider,
    enum provider_operation operation, enum transport_end end, int status,
    const char *body, size_t length, struct provider_answer *ret_answer)
{
	const struct operation *asked = &provider->operations[operation];
	struct provider_answer answer = { .outcome = PROVIDER_UNKNOWN };
	json_t *root = end == TRANSPORT_ANSWERED ?
	    provider_answer_root(asked, body, length) : NULL;
	size_t i = 0;

	*ret_answer = answer;
	if (end == TRANSPORT_UNREACHED) {
		ret_answer->outcome = PROVIDER_REJECTED;
		memcpy(ret_answer->code, "unreached", sizeof("unreached"));
		return;
	}
	if (end == TRANSPORT_LOST)
		status = 0;
	if (is_gone(asked, status, root)) {
		answer.outcome = PROVIDER_REJECTED;
		answer.is_gone = true;
		*ret_answer = answer;
		json_decref(root);
		return;
	}
	while (i < provider->error_count &&
	    !rule_fits(&provider->errors[i], operation == PROVIDER_CALL,
	    status, root))
		i++;
	if (i < provider->error_count)
		apply_rule(&provider->errors[i], root, &answer);
	if (answer.is_agent_over) {
		/* What stands where the id would is no id. */
	} else if (i < provider->error_count &&
	    provider->errors[i].executed == EXECUTED_YES) {
		read_id(root, asked->id, answer.id);
		remember(asked, root, &answer);
	} else if (i == provider->error_count && status >= 200 &&
	    status < 300) {
		read_success(provider, asked, root, &answer);
	}
	/* A redirect or a page of somebody else's: whoever finds out wants a hint. */
	if (answer.outcome == PROVIDER_UNKNOWN && answer.text[0] == '\0' &&
	    status > 0)
		snprintf(answer.text, sizeof(answer.text), "HTTP %d", status);
	json_decref(root);
	*ret_answer = answer;
}

static bool
rule_fits(const struct error_rule *rule, bool is_call, int status,
    const json_t *root)
{
	bool is_status = false;

	if (rule->has_set && !is_call)
		return false;

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
	answer->is_temporary = rule->executed == EXECUTED_NO;
	answer->wait_ms = (int64_t)rule->wait_s * 1000;
	answer->is_wait_in_header = rule->is_wait_in_header;
	if (rule->wait != NULL) {
		char text[24];

		answer->wait_ms = provider_json_text(root, rule->wait, text,
		    sizeof(text)) ? wait_of(text) : 0;
	}
	provider_json_text_cut(root, rule->code, answer->code,
	    sizeof(answer->code));
	provider_json_text_cut(root, rule->text, answer->text,
	    sizeof(answer->text));
	text_unquote(answer->code);
	text_unquote(answer->text);
	text_hide_numbers(answer->text);
	answer->is_number_invalid = answer->outcome == PROVIDER_REJECTED &&
	    has_code(rule->invalid_codes, rule->invalid_code_count,
	    answer->code);
	answer->is_unsubscribed = answer->outcome == PROVIDER_REJECTED &&
	    says_unsubscribed(rule, answer->code);
	answer->is_alarm = rule->is_alarm || has_code(rule->alarm_codes,
	    rule->alarm_code_count, answer->code);
	if (rule->has_set) {
		answer->is_agent_over = true;
		answer->progress = rule->set.progress;
		answer->call_outcome = rule->set.outcome;
	}
}

static bool
has_code(const char *const *codes, size_t count, const char *code)
{
	for (size_t i = 0; i < count; i++)
		if (code[0] != '\0' && strcmp(codes[i], code) == 0)
			return true;
	return false;
}

static bool
says_unsubscribed(const struct error_rule *rule, const char *code)
{
	return has_code(rule->unsubscribed_codes,
	    rule->unsubscribed_code_count, code);
}

bool
provider_is_unsubscribed(const struct provider *provider, const char *code)
{
	for (size_t i = 0; i < provider->error_count; i++)
		if (says_unsubscribed(&provider->errors[i], code))
			return true;
	return false;
}

/* Without a readable answer, or without the id it must have, nothing is known:
 * something between us and the provider may have answered. */
static void
read_success(const struct provider *provider,
    const struct operation *operation, const json_t *root,
    struct provider_answer *answer)
{
	const struct operation *operations = provider->operations;
	bool is_clear = true;
	bool is_text = operation == &operations[PROVIDER_SMS] ||
	    operation == &operations[PROVIDER_SMS_GET];
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
		    sizeof(word)) ? provider_meaning(is_text ?
		    &provider->sms_states : &provider->states, word) : NULL;
		if (meaning == NULL &&
		    (operation == &operations[PROVIDER_GET] ||
		        operation == &operations[PROVIDER_SMS_GET]))
			return;
		if (meaning != NULL && !meaning->is_customer_over) {
			answer->message = meaning->message;
			answer->progress = meaning->progress;
			answer->call_outcome = meaning->outcome;
		}
	}
	remember(operation, root, answer);
	read_price(operation, root, answer);
	answer->outcome = PROVIDER_CREATED;
}

/* Some write what they take as a negative amount. */
static void
read_price(const struct operation *operation, const json_t *root,
    struct provider_answer *answer)
{
	const json_t *found = operation->price == NULL ? NULL :
	    provider_json_at(root, operation->price);
	double amount;
	char text[24];

	if (json_is_number(found)) {
		amount = json_number_value(found);
		amount = amount < 0 ? -amount : amount;
		answer->paid = amount <= PRICE_MAX ?
		    (int64_t)(amount * PAID_PARTS + 0.5) : 0;
	} else if (json_is_string(found)) {
		answer->paid = price_of_text(json_string_value(found));
	}
	if (answer->paid > 0 && provider_json_text(root, operation->currency,
	    text, sizeof(text)) && strlen(text) == CURRENCY_SIZE - 1 &&
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == CURRENCY_SIZE - 1)
		memcpy(answer->currency, text, CURRENCY_SIZE);
}

/* "-0.00790", "1.4"; 0: it is no price. Not by strtod, which a locale changes. */
static int64_t
price_of_text(const char *text)
{
	int64_t value = 0, part = PAID_PARTS;

	text += text[0] == '-';
	if (text[0] < '0' || text[0] > '9')
		return 0;
	for (; text[0] >= '0' && text[0] <= '9'; text++) {
		value = value * 10 + (text[0] - '0');
		if (value > PRICE_MAX)
			return 0;
	}
	value *= PAID_PARTS;
	if (text[0] == '.')
		text++;
	for (; text[0] >= '0' && text[0] <= '9'; text++) {
		part /= 10;
		value += part * (text[0] - '0');
	}
	return text[0] == '\0' ? value : 0;
}

/* What it said is an address or a name for later requests: printable ASCII. */
static void
remember(const struct operation *operation, const json_t *root,
    struct provider_answer *answer)
{
	char *text = answer->remembered;

	if (operation->remember == NULL || !provider_json_text(root,
	    operation->remember, text, sizeof(answer->remembered)))
		return;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~') {
			answer->remembered[0] = '\0';
			return;
		}
}

/* Whole seconds, perhaps with a fraction. */
static int64_t
wait_of(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	int64_t wait_ms;

	if (digits == 0 || digits > 9 || (text[digits] != '\0' &&
	    text[digits] != '.'))
		return 0;
	wait_ms = strtoll(text, NULL, 10) * 1000;
	return wait_ms > WAIT_MAX_MS ? WAIT_MAX_MS : wait_ms;
}

int64_t
provider_wait_ms(const char *header, int64_t now_ms)
{
	static const int64_t long_ago_ms = 1000000000000;
	int64_t at_ms, wait_ms;

	header += strspn(header, " ");
	/* A small number is seconds from now, and no instant. */
	if (!instant_read(header, &at_ms) || at_ms < long_ago_ms)
		return wait_of(header);
	wait_ms = at_ms - now_ms;
	return wait_ms < 0 ? 0 : wait_ms > WAIT_MAX_MS ? WAIT_MAX_MS : wait_ms;
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
is_gone(const struct operation *operation, int status, const json_t *root)
{
	for (size_t i = 0; i < operation->gone_count; i++)
		if (operation->gone[i] == status)
			return true;
	return operation->gone_if.count > 0 && root != NULL &&
	    provider_json_matches(&operation->gone_if, root);
}

void
provider_found_read(const struct provider *provider, int status,
    const char *body, size_t length, const struct provider_values *values,
    struct provider_found *ret_found)
{
	const struct operation *find = &provider->operations[PROVIDER_FIND];
	struct provider_found found = { .is_readable = false };
	json_t *root = status >= 200 && status < 300 && find->is_there ?
	    provider_answer_root(find, body, length) : NULL;
	const json_t *items = root == NULL ? NULL :
	    provider_json_at(root, find->items);
	const json_t *next = root == NULL || find->next == NULL ? NULL :
	    provider_json_at(root, find->next);
	bool is_last = next == NULL || json_is_null(next) ||
	    (json_is_string(next) && json_string_length(next) == 0);
	/* The whole answer may be about one call. */
	bool is_one = json_is_object(items) && find->items[0] == '\0';
	size_t count = is_one ? 1 : json_array_size(items);

	found.is_readable = is_one || json_is_array(items);
	for (size_t i = 0; i < count; i++) {
		const json_t *item = is_one ? items : json_array_get(items, i);
		enum fit fit = fits(find, item, values);

		if (fit == FITS)
			found.is_readable &= add_found(provider, item, values,
			    &found);
		else if (fit == FITS_PERHAPS)
			found.is_readable = false;
	}
	/* Two calls to one number are alike: which is ours nobody can say, and the
	 * other must be neither believed nor hung up. */
	if (find->token == NULL && found.count > 1) {
		found.count = 0;
		found.is_readable = false;
	}
	if (!is_last && found.count == 0) {
		/* Only a page that was read to its end leads to the next. */
		if (found.is_readable)
			read_next(find, root, &found);
		found.is_readable = false;
	}
	/* It may be going on, and so be in no list yet. */
	if (find->is_ended_only && found.count == 0)
		found.is_readable = false;
	json_decref(root);
	*ret_found = found;
}

static void
read_next(const struct operation *find, const json_t *root,
    struct provider_found *found)
{
	char *text = found->next;

	if (!provider_json_text(root, find->next, text, sizeof(found->next)))
		return;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~') {
			found->next[0] = '\0';
			return;
		}
}

static enum fit
fits(const struct operation *find, const json_t *item,
    const struct provider_values *values)
{
	const struct provider_scope scope = { NULL, values, false };
	const char *token = provider_lookup(&scope, "token");
	const char *since = provider_lookup(&scope, "since_ms");
	char text[64];
	int64_t at_ms, since_ms;
	enum fit fit;

	if (find->token != NULL) {
		CHECK(token != NULL && token[0] != '\0');
		return carries(item, find->token, token) ? FITS : FITS_NOT;
	}
	CHECK(since != NULL);
	since_ms = strtoll(since, NULL, 10);
	fit = fits_numbers(find, item, &scope);
	if (fit == FITS_NOT)
		return FITS_NOT;
	if (!provider_json_text(item, find->time, text, sizeof(text)) ||
	    !instant_read(text, &at_ms))
		return FITS_PERHAPS;
	return at_ms >= since_ms - SKEW_MS &&
	    at_ms <= since_ms + find->window_ms ? fit : FITS_NOT;
}

static enum fit
fits_numbers(const struct operation *find, const json_t *item,
    const struct provider_scope *scope)
{
	enum fit fit = FITS_PERHAPS;

	for (size_t i = 0; i < find->number_count; i++) {
		const struct number_match *match = &find->numbers[i];
		const char *ours = provider_lookup(scope, match->value);
		char theirs[FIELD_DIGITS_MAX];

		if (ours == NULL || !provider_json_text(item, match->pointer,
		    theirs, sizeof(theirs)))
			return FITS_PERHAPS;
		if (!is_same_number(ours, theirs))
			return FITS_NOT;
		if (strcmp(match->value, "customer") == 0)
			fit = FITS;
	}
	return fit;
}

/* By their digits: "+7 916 ..." and "sip:7916...". */
static bool
is_same_number(const char *a, const char *b)
{
	static const char digits[] = "0123456789";

	for (;;) {
		a += strcspn(a, digits);
		b += strcspn(b, digits);
		if (*a != *b)
			return false;
		if (*a == '\0')
			return true;
		a++;
		b++;
	}
}

/* False: it is ours and has no id, so more is wrong than we can see. */
static bool
add_found(const struct provider *provider, const json_t *item,
    const struct provider_values *values, struct provider_found *found)
{
	const struct operation *find = &provider->operations[PROVIDER_FIND];
	const struct meaning *meaning = NULL;
	char word[64];

	if (found->count == PROVIDER_FOUND_MAX)
		return true;
	if (find->id == NULL ? !provider_call_id(provider, values,
	    found->calls[found->count].id) :
	    !read_id(item, find->id, found->calls[found->count].id))
		return false;
	if (provider_json_text(item, find->state, word, sizeof(word)))
		meaning = provider_meaning(&provider->states, word);
	if (meaning != NULL && !meaning->is_customer_over)
		found->calls[found->count].progress = meaning->progress;
	if (find->is_ended_only)
		found->calls[found->count].progress = PROGRESS_OVER;
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

json_t *
provider_answer_root(const struct operation *operation, const char *body,
    size_t length)
{
	json_error_t error;

	if (length == 0 || length > PROVIDER_ANSWER_MAX)
		return NULL;
	if (operation->answer == ANSWER_TEXT)
		return text_root(body, length);
	return json_loadb(body, length, JSON_REJECT_DUPLICATES, &error);
}

/* Its beginning, with control characters as spaces; no text: nothing. */
static json_t *
text_root(const char *body, size_t length)
{
	json_t *root = json_object(), *words = json_array();
	char text[TEXT_MAX + 1], *rest = text, *word;

	CHECK(root != NULL && words != NULL);
	if (length > TEXT_MAX)
		length = TEXT_MAX;
	memcpy(text, body, length);
	text[length] = '\0';
	while (length > 0 && (text[length - 1] == '\n' ||
	    text[length - 1] == '\r'))
		text[--length] = '\0';
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ' ||
		    (unsigned char)text[i] > '~')
			text[i] = text[i] == '\0' ? '?' : ' ';
	json_object_set_new(root, "text", json_string(text));
	while (json_array_size(words) < WORDS_MAX &&
	    (word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0')
			json_array_append_new(words, json_string(word));
	json_object_set_new(root, "words", words);
	return root;
}
