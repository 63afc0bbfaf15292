/* SPDX-License-Identifier: MIT */
/*
 * provider_webhooks: what each shipped provider file makes of webhooks as the
 * provider sends them: tests/unit/webhooks/NAME.json, which make.py beside them
 * writes and signs. What is understood is compared as a line, so that nothing
 * may be understood besides it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/provider.h"

enum { HEADERS_MAX = 8, LINE_SIZE = 1024 };

static const char *
source_folder(void)
{
	const char *folder = getenv("srcdir");

	return folder != NULL ? folder : ".";
}

static struct provider *
load(const char *name)
{
	static char text[PROVIDER_FILE_MAX];
	struct provider_errors errors;
	struct provider *provider;
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/config/providers/%s.conf",
	    source_folder(), name);
	file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	provider = provider_read(text, name, &errors);
	if (provider == NULL)
		fail_msg("%s", errors.items[0].text);
	return provider;
}

/* ---- an event as a line */

static void add(char line[LINE_SIZE], const char *format, ...)
    PRINTF_LIKE(2, 3);

static void
add(char line[LINE_SIZE], const char *format, ...)
{
	size_t used = strlen(line);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line + used, LINE_SIZE - used, format, arguments);
	va_end(arguments);
}

static void
add_text(char line[LINE_SIZE], const char *name, const char *value)
{
	if (value[0] != '\0')
		add(line, " %s=%s", name, value);
}

static void
add_progress(char line[LINE_SIZE], const struct webhook_event *event)
{
	if (event->is_customer_over)
		add(line, " customer_over:");
	else if (event->is_agent_over)
		add(line, " agent_over:");
	else if (event->progress == PROGRESS_OVER)
		add(line, " over:");
	else if (event->has_progress)
		add(line, " %s", call_progress_names[event->progress]);
	if (event->is_customer_over || event->progress == PROGRESS_OVER)
		add(line, "%s", call_outcome_names[event->outcome]);
	if (event->machine != MACHINE_NOT_SAID)
		add(line, " %s", machine_names[event->machine]);
}

static void
line_of(const struct webhook_news *news, size_t index,
    char ret_line[LINE_SIZE])
{
	static const char *const kinds[] = {
		[WEBHOOK_NOTHING] = "nothing", [WEBHOOK_PROGRESS] = "progress",
		[WEBHOOK_QUESTION] = "question", [WEBHOOK_MESSAGE] = "message",
		[WEBHOOK_INBOUND_MESSAGE] = "inbound_message",
		[WEBHOOK_INBOUND_CALL] = "inbound_call",
		[WEBHOOK_REFUSED] = "refused",
	};
	const struct webhook_event *event = &news->events[index];
	bool is_heard = event->kind != WEBHOOK_NOTHING;

	snprintf(ret_line, LINE_SIZE, "%s", kinds[event->kind]);
	if (event->reason[0] != '\0')
		add(ret_line, " %s", event->reason);
	if (event->question[0] != '\0')
		add(ret_line, " %s", event->question);
	add_text(ret_line, "digits", event->digits);
	if (event->kind == WEBHOOK_MESSAGE)
		add(ret_line, " %s", message_progress_names[event->message]);
	add_progress(ret_line, event);
	if (is_heard) {
		if (event->is_customer_leg)
			add(ret_line, " leg=customer");
		add_text(ret_line, "sid", event->sid);
		add_text(ret_line, "job", event->job);
		if (event->duration_ms > 0)
			add(ret_line, " ms=%" PRId64, event->duration_ms);
		if (event->sequence >= 0)
			add(ret_line, " sequence=%" PRId64, event->sequence);
		if (event->at_ms > 0)
			add(ret_line, " at=%" PRId64, event->at_ms);
	}
	add_text(ret_line, "customer", is_heard ? event->customer : "");
	add_text(ret_line, "error", event->error);
	add_text(ret_line, "from", event->from);
	add_text(ret_line, "to", event->to);
	add_text(ret_line, "text", event->text);
	add_text(ret_line, "nonce", news->nonce);
	add_text(ret_line, "once", news->once);
	add_text(ret_line, "challenge", news->challenge);
}

/* ---- cases */

static const char *
text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void
check_case(const char *name, const struct provider *provider,
    const struct provider_values *values, const json_t *one)
{
	struct webhook_header headers[HEADERS_MAX];
	struct webhook_input input = { .headers = headers,
		.method = text_of(one, "method"), .url = text_of(one, "url"),
		.body = text_of(one, "body") };
	const char *refused = text_of(one, "refused"), *header;
	json_t *said = json_object_get(one, "said"), *value;
	struct webhook_news news;
	char line[LINE_SIZE];

	input.body_length = strlen(input.body);
	json_object_foreach(json_object_get(one, "headers"), header, value) {
		assert_true(input.header_count < HEADERS_MAX);
		headers[input.header_count].name = header;
		headers[input.header_count++].value = json_string_value(value);
	}
	provider_webhook_read(provider, &input, values, 1000 *
	    json_integer_value(json_object_get(one, "now")), &news);
	if (refused != NULL) {
		if (news.events[0].kind != WEBHOOK_REFUSED ||
		    strcmp(news.events[0].reason, refused) != 0)
			fail_msg("%s, %s: %s, not %s", name,
			    text_of(one, "name"), news.events[0].reason,
			    refused);
	} else {
		assert_int_equal(news.count, json_array_size(said));
	}
	for (size_t i = 0; i < json_array_size(said); i++) {
		line_of(&news, i, line);
		if (strcmp(line, json_string_value(json_array_get(said, i))) !=
		    0)
			fail_msg("%s: %s\n      not: %s", name, line,
			    json_string_value(json_array_get(said, i)));
	}
	webhook_news_fini(&news);
}

static void
check_provider(const char *name)
{
	struct provider *provider = load(name);
	struct provider_values values = { .count = 0 };
	char path[512];
	json_t *root, *one, *value;
	const char *secret;
	size_t i;

	snprintf(path, sizeof(path), "%s/tests/unit/webhooks/%s.json",
	    source_folder(), name);
	root = json_load_file(path, 0, NULL);
	if (root == NULL)
		fail_msg("%s cannot be read", path);
	json_object_foreach(json_object_get(root, "secrets"), secret, value)
		provider_values_add(&values, secret, json_string_value(value));
	json_array_foreach(json_object_get(root, "cases"), i, one)
		check_case(name, provider, &values, one);
	assert_true(i >= 5);
	json_decref(root);
	provider_free(provider);
}

/* The sandbox speaks as Twilio does. */
static void
every_file_understands_its_provider(void **state)
{
	char path[512], name[64];
	struct dirent *entry;
	size_t count = 0;
	DIR *folder;

	(void)state;
	snprintf(path, sizeof(path), "%s/config/providers", source_folder());
	folder = opendir(path);
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		struct provider *provider;
		char *dot = strrchr(entry->d_name, '.');

		if (dot == NULL || strcmp(dot, ".conf") != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s",
		    (int)(dot - entry->d_name), entry->d_name);
		provider = load(name);
		if (provider_hears(provider) && strcmp(name, "sandbox") != 0) {
			check_provider(name);
			count++;
		}
		provider_free(provider);
	}
	closedir(folder);
	assert_true(count >= 12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_understands_its_provider),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
