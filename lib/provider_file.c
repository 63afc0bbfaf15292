/* SPDX-License-Identifier: MIT */
/*
 * provider_file: from the text of a provider file to a provider. What each
 * setting is called and how it is read is in tables; what several settings must
 * be together is checked afterwards (provider_file_check), so that all errors
 * come at once.
 */
#include "lib/provider_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

static void read_name(struct reading *, config_setting_t *, void *);
static void read_secrets(struct reading *, config_setting_t *, void *);
static void read_fence(struct reading *, config_setting_t *, void *);
static void read_tested(struct reading *, config_setting_t *, void *);
static void read_abilities(struct reading *, config_setting_t *, void *);
static void read_limits(struct reading *, config_setting_t *, void *);
static void read_timeout(struct reading *, config_setting_t *, void *);
static void read_languages(struct reading *, config_setting_t *, void *);
static bool file_is_safe(struct reading *reading, const char *text);
static bool number_is_whole(const char *text, size_t length);

/* In the order they are read: templates must know the secrets. */
static const struct setting_row provider_rows[] = {
	{ "name", read_name, offsetof(struct provider, name), true },
	{ "secrets", read_secrets, 0, false },
	{ "base", setting_template_text, offsetof(struct provider, base), true },
	{ "tested", read_tested, offsetof(struct provider, tested), true },
	{ "fence", read_fence, offsetof(struct provider, fence), false },
	{ "can", read_abilities, offsetof(struct provider, abilities), false },
	{ "templates", setting_texts, 0, false },
	{ "call_id", setting_template_text, offsetof(struct provider, call_id), false },
	{ "auth", setting_auth, offsetof(struct provider, auth), true },
	{ "limits", read_limits, offsetof(struct provider, limits), false },
	{ "languages", read_languages, 0, false },
	{ "states", setting_states, offsetof(struct provider, states), false },
	{ "sms_states", setting_states, offsetof(struct provider,
	    sms_states), false },
	{ "call", setting_operation, offsetof(struct provider,
	    operations[PROVIDER_CALL]), false },
	{ "call_customer", setting_operation, offsetof(struct provider,
	    operations[PROVIDER_CALL_CUSTOMER]), false },
	{ "second_leg", setting_operation, offsetof(struct provider,
	    operations[PROVIDER_SECOND_LEG]), false },
	{ "hangup", setting_operation, offsetof(struct provider,
	    operations[PROVIDER_HANGUP]), false },
	{ "get", setting_operation, offsetof(struct provider,
	    operations[PROVIDER_GET]), false },
	{ "result", setting_operation, offsetof(struct provider,
	    operations[PROVIDER_RESULT]), false },
	{ "find", setting_operation, offsetof(struct provider,
	    operations[PROVIDER_FIND]), false },
	{ "epoch", setting_operation, offsetof(struct provider,
	    operations[PROVIDER_EPOCH]), false },
	{ "check", setting_operation, offsetof(struct provider,
	    operations[PROVIDER_CHECK]), false },
	{ "sms", setting_operation, offsetof(struct provider,
	    operations[PROVIDER_SMS]), false },
	{ "sms_get", setting_operation, offsetof(struct provider,
	    operations[PROVIDER_SMS_GET]), false },
	{ "errors", setting_errors, 0, false },
	{ "webhook", setting_webhook, offsetof(struct provider, webhook), false },
	{ "message_webhook", setting_webhook,
	    offsetof(struct provider, message_webhook), false },
	{ "flows", setting_flows, offsetof(struct provider, flows), false },
};

static const struct setting_row limit_rows[] = {
	{ "calls_per_second", setting_decimal,
	    offsetof(struct provider_limits, calls_per_second), false },
	{ "messages_per_second", setting_decimal,
	    offsetof(struct provider_limits, messages_per_second), false },
	{ "requests_per_second", setting_decimal,
	    offsetof(struct provider_limits, requests_per_second), false },
	{ "requests_per_minute", setting_decimal,
	    offsetof(struct provider_limits, requests_per_minute), false },
	{ "find_per_minute", setting_decimal,
	    offsetof(struct provider_limits, find_per_minute), false },
	{ "concurrent_requests", setting_number,
	    offsetof(struct provider_limits, concurrent_requests), false },
	{ "timeout", read_timeout,
	    offsetof(struct provider_limits, timeout_ms), false },
};

struct provider *
provider_read(const char *text, const char *file_name,
    struct provider_errors *ret_errors)
{
	struct provider *provider = calloc(1, sizeof(*provider));
	struct reading reading = { provider, file_name, ret_errors, NULL, NULL };
	config_setting_t *root;
	config_t config;

	CHECK(provider != NULL);
	*ret_errors = (struct provider_errors){ 0 };
	if (!file_is_safe(&reading, text)) {
		provider_free(provider);
		return NULL;
	}
	config_init(&config);
	if (config_read_string(&config, text)) {
		root = config_root_setting(&config);
		reading_group(&reading, root, provider_rows,
		    COUNT_OF(provider_rows), provider);
		reading_check_provider(&reading, root);
	} else {
		reading_error_at(&reading, config_error_line(&config), "%s",
		    config_error_text(&config));
	}
	config_destroy(&config);
	if (ret_errors->count > 0) {
		provider_free(provider);
		return NULL;
	}
	return provider;
}

/* ---- the head of the file */

static void
read_name(struct reading *reading, config_setting_t *setting, void *target)
{
	const char *name = reading_string(reading, setting);

	if (name != NULL && (name[0] == '\0' || strlen(name) > 31 ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") !=
	    strlen(name)))
		reading_error(reading, setting,
		    "must be 1 to 31 of a-z, 0-9, - and _");
	*(const char **)target = name;
}

static void
read_secrets(struct reading *reading, config_setting_t *setting, void *target)
{
	struct provider *provider = reading->provider;
	size_t count = reading_list(reading, setting);

	(void)target;
	if (count > PROVIDER_SECRETS_MAX) {
		reading_error(reading, setting, "are more than %d",
		    PROVIDER_SECRETS_MAX);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		config_setting_t *item = config_setting_get_elem(setting,
		    (unsigned)i);
		const char *name = reading_string(reading, item);

		if (name == NULL)
			continue;
		if (name[0] == '\0' || strlen(name) >= TEMPLATE_NAME_SIZE ||
		    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") !=
		    strlen(name) || provider_knows_value(name))
			reading_error(reading, item, "\"%.40s\" is no name for"
			    " a secret: a-z, 0-9 and _, and none of ours",
			    name);
		else
			provider->secrets[provider->secret_count++] = name;
	}
}

static void
read_fence(struct reading *reading, config_setting_t *setting, void *target)
{
	size_t choice;

	if (reading_choice(reading, setting, fence_names, FENCE_COUNT, &choice))
		*(enum fence *)target = (enum fence)choice;
}

static void
read_tested(struct reading *reading, config_setting_t *setting, void *target)
{
	size_t choice;

	if (reading_choice(reading, setting, provider_tested_names,
	    TESTED_COUNT, &choice))
		*(enum provider_tested *)target = (enum provider_tested)choice;
}

static void
read_abilities(struct reading *reading, config_setting_t *setting, void *target)
{
	size_t count = reading_list(reading, setting), choice;

	for (size_t i = 0; i < count; i++)
		if (reading_choice(reading, config_setting_get_elem(setting,
		    (unsigned)i), provider_ability_names, ABILITY_COUNT,
		    &choice))
			*(unsigned *)target |= 1u << choice;
}

static void
read_limits(struct reading *reading, config_setting_t *setting, void *target)
{
	reading_group(reading, setting, limit_rows, COUNT_OF(limit_rows),
	    target);
}

static void
read_timeout(struct reading *reading, config_setting_t *setting, void *target)
{
	int seconds = 0;

	setting_number(reading, setting, &seconds);
	*(int64_t *)target = (int64_t)seconds * 1000;
}

static void
read_languages(struct reading *reading, config_setting_t *setting,
    void *target)
{
	struct provider *provider = reading->provider;
	size_t count = reading_list(reading, setting);
	struct language *languages = provider_own(provider,
	    count * sizeof(*languages));

	(void)target;
	for (size_t i = 0; i < count; i++) {
		const char *words[3];

		if (!reading_words(reading, config_setting_get_elem(setting,
		    (unsigned)i), 2, 2, words))
			return;
		languages[i] = (struct language){ words[0], words[1] };
	}
	provider->languages = languages;
	provider->language_count = count;
}

/* ---- before libconfig sees it */

/*
 * libconfig ends the program over an @include it cannot follow, and cuts whole
 * numbers above 2^31 without a word.
 */
static bool
file_is_safe(struct reading *reading, const char *text)
{
	size_t before = reading->errors->count;
	int line = 1;

	if (strlen(text) > PROVIDER_FILE_MAX) {
		reading_error_at(reading, 0, "is longer than %d bytes",
		    PROVIDER_FILE_MAX);
		return false;
	}
	if (!text_is_utf8(text, strlen(text))) {
		reading_error_at(reading, 0, "is not UTF-8 text");
		return false;
	}
	for (const char *at = text; *at != '\0'; at += *at != '\0') {
		size_t blank = at == text || at[-1] == '\n' ?
		    strspn(at, " \t\r\f\v") : 0;
		size_t length;

		if ((at == text || at[-1] == '\n') &&
		    strncmp(at + blank, "@include", 8) == 0)
			reading_error_at(reading, line,
			    "@include is not allowed here");
		if (*at == '"') {
			for (at++; *at != '\0' && *at != '"'; at++) {
				line += *at == '\n';
				at += *at == '\\' && at[1] != '\0';
			}
		} else if (*at == '#' || (*at == '/' && at[1] == '/')) {
			at += strcspn(at, "\n");
		} else if (*at == '/' && at[1] == '*') {
			const char *end = strstr(at + 2, "*/");

			for (; *at != '\0' && at != end; at++)
				line += *at == '\n';
			at += *at != '\0';
		} else if ((length = strspn(at, "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")) > 0) {
			if (!number_is_whole(at, length))
				reading_error_at(reading, line, "%.*s is too "
				    "big a number", (int)(length < 40 ?
				    length : 40), at);
			at += length - 1;
		}
		line += *at == '\n';
	}
	return reading->errors->count == before;
}

/* Not a decimal number, or one that an int holds. */
static bool
number_is_whole(const char *text, size_t length)
{
	int64_t number = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return true;
		number = number * 10 + (text[i] - '0');
		if (number > INT32_MAX)
			return false;
	}
	return true;
}
