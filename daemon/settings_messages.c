/* SPDX-License-Identifier: MIT */
/*
 * settings_messages: what the company tells by SMS, and whom it alarms: texts from
 * their files, and values that are words in the file and something else here.
 */
#include "daemon/settings_internal.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/settings_when.h"
#include "lib/message_text.h"
#include "lib/text.h"
#include "lib/zone.h"

enum { MESSAGES_FILE_MAX = 64 * 1024 };

/* ---- files of texts */

static const char **
text_of(struct message_texts *texts, const char *name, size_t length)
{
	for (size_t i = 0; i < TEXT_CUSTOMER_COUNT; i++) {
		if (strlen(message_kind_names[i]) == length &&
		    memcmp(message_kind_names[i], name, length) == 0)
			return &texts->texts[i];
	}
	return NULL;
}

static size_t
without_blanks(const char **text, size_t length)
{
	while (length > 0 && strchr(" \t", **text) != NULL) {
		(*text)++;
		length--;
	}
	while (length > 0 && strchr(" \t\r", (*text)[length - 1]) != NULL)
		length--;
	return length;
}

/* "late = {company}: ..."; what the configuration itself says goes before. */
static void
read_line(struct settings_reading *reading, const char *path, int number,
    const char *line, size_t length, struct message_texts *texts)
{
	const char *equals, *name = line, *value;
	char why[SETTING_WHY_SIZE], *copy;
	size_t value_length;
	const char **text;

	length = without_blanks(&name, length);
	if (length == 0 || name[0] == '#')
		return;
	equals = memchr(name, '=', length);
	if (equals == NULL) {
		settings_error(reading, path, "line %d of the file is no "
		    "NAME = TEXT", number);
		return;
	}
	value = equals + 1;
	value_length = without_blanks(&value, length - (size_t)(value - name));
	text = text_of(texts, name, without_blanks(&name,
	    (size_t)(equals - name)));
	copy = settings_own(reading->settings, value_length + 1);
	memcpy(copy, value, value_length);
	if (text == NULL)
		settings_error(reading, path, "line %d of the file: there is "
		    "no message of that name", number);
	else if (!settings_format_check(FORMAT_MESSAGE, copy, why))
		settings_error(reading, path, "line %d of the file: %s",
		    number, why);
	else if (*text == NULL && value_length > 0)
		*text = copy;
}

static void
read_texts(struct settings_reading *reading, const char *path,
    struct message_texts *texts)
{
	struct setting_value *file = settings_find(reading->settings, path);
	const char *text, *name;
	int number = 1;

	if (file == NULL)
		return;
	/* As it is shown, without its quotes: a path needs no escapes. */
	name = settings_own_text(reading->settings, file->shown + 1);
	((char *)(uintptr_t)name)[strlen(name) - 1] = '\0';
	text = settings_file(reading, path, name, "messages",
	    MESSAGES_FILE_MAX, NULL);
	if (text == NULL)
		return;
	settings_find(reading->settings, path)->compared = text;
	if (!text_is_utf8(text, strlen(text))) {
		settings_error(reading, path, "the file is not UTF-8");
		return;
	}
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		read_line(reading, path, number++, text, length, texts);
		text += length + (text[length] == '\n');
	}
}

/* ---- who is alarmed, and of what */

static void
add_target(struct settings_reading *reading, const char *address,
    const char *queue, const char *url)
{
	struct alarm_policy *alarms = &reading->settings->policy.alarms;

	if (alarms->to_count == ALARM_TARGETS_MAX) {
		settings_error(reading, "alarms.to", "are more than %d",
		    ALARM_TARGETS_MAX);
		return;
	}
	snprintf(alarms->to[alarms->to_count], ADDRESS_SIZE, "%s", address);
	snprintf(alarms->of[alarms->to_count], ID_SIZE, "%s", queue);
	alarms->urls[alarms->to_count++] = url;
}

static void
add_url(struct settings_reading *reading, const char *path, const char *url)
{
	if (strncmp(url, "http:", 5) == 0 &&
	    !reading->settings->policy.alarms.is_private &&
	    !reading->settings->allow_test_settings)
		settings_error(reading, path, "has \"%s\", which is plain HTTP: "
		    "an alarm goes there only with alarms.private = true", url);
	add_target(reading, "", "", url);
}

/* Where cases climb to a program, that is a target like those of alarms. */
static void
add_climbs(struct settings_reading *reading)
{
	struct policy *policy = &reading->settings->policy;
	struct alarm_policy *alarms = &policy->alarms;
	char path[SETTING_PATH_SIZE];

	for (size_t i = 0; i < policy->queue_count; i++) {
		const char *climb = policy->queues[i].climb;
		size_t count = alarms->to_count;

		if (strstr(climb, "://") == NULL ||
		    policy_url_target(policy, climb) != 0)
			continue;
		snprintf(path, sizeof(path), "queues.%s.passed.climb",
		    policy->queues[i].id);
		add_url(reading, path, climb);
		if (alarms->to_count > count)
			alarms->is_named[count] = true;
	}
}

/* A queue stands for its people. */
static void
read_target(struct settings_reading *reading, const char *word)
{
	const struct policy *policy = &reading->settings->policy;

	if (strncmp(word, "http", 4) == 0 && strchr(word, ':') != NULL) {
		add_url(reading, "alarms.to", word);
		return;
	}
	if (policy_queue(policy, word) == NULL) {
		add_target(reading, word, "", NULL);
		return;
	}
	for (size_t i = 0; i < policy->specialist_count; i++) {
		const struct specialist_policy *one = &policy->specialists[i];

		for (size_t k = 0; k < one->queue_count; k++) {
			if (strcmp(one->queues[k].id, word) == 0)
				add_target(reading, one->id, word, NULL);
		}
	}
}

static void
read_alarms(struct settings_reading *reading)
{
	struct settings *settings = reading->settings;
	const struct setting_value *to = settings_find(settings, "alarms.to");
	const struct setting_value *on = settings_find(settings, "alarms.on");

	for (size_t i = 0; to != NULL && i < to->word_count; i++)
		read_target(reading, to->words[i]);
	for (size_t i = 0; on != NULL && i < on->word_count; i++) {
		for (int cause = 1; cause < ALARM_COUNT; cause++) {
			if (strcmp(alarm_cause_names[cause], on->words[i]) == 0)
				settings->policy.alarms.on[cause] = true;
		}
	}
	add_climbs(reading);
	settings->policy.alarms.on[ALARM_LAST_ONE] = settings->last_one != 0;
	settings->policy.alarms.on[ALARM_DECLINED] = settings->last_one != 0;
}

/* ---- all of it */

/* Minutes of a time that was checked; its quotes are around it. */
static int
minutes_at(const struct settings *settings, const char *path)
{
	const struct setting_value *value = settings_find(settings, path);
	char text[8] = "";

	if (value != NULL && strlen(value->shown) == 7)
		memcpy(text, value->shown + 1, 5);
	return when_minutes(text);
}

void
settings_complete_messages(struct settings_reading *reading)
{
	struct settings *settings = reading->settings;
	struct policy *policy = &settings->policy;

	policy->text_language_count = 3;
	memcpy(policy->texts[0].language, policy->language,
	    sizeof(policy->texts[0].language));
	memcpy(policy->texts[1].language, "ru", sizeof("ru"));
	memcpy(policy->texts[2].language, "en", sizeof("en"));
	read_texts(reading, "messages.file", &policy->texts[0]);
	read_texts(reading, "messages.ru.file", &policy->texts[1]);
	read_texts(reading, "messages.en.file", &policy->texts[2]);
	policy->quiet_from_minute = minutes_at(settings, "messages.quiet.from");
	policy->quiet_to_minute = minutes_at(settings, "messages.quiet.to");
	settings->zone = zone_new(policy->zone);
	policy->local = settings->zone;
	read_alarms(reading);
}

static void
check_link(struct settings_reading *reading, const struct message_texts *texts)
{
	for (size_t i = 0; i < TEXT_CUSTOMER_COUNT; i++) {
		char path[SETTING_PATH_SIZE];

		if (texts->texts[i] == NULL ||
		    strstr(texts->texts[i], "{link}") == NULL)
			continue;
		snprintf(path, sizeof(path), "messages.%s",
		    message_kind_names[i]);
		settings_warning(reading, path, "{link} stands for nothing: "
		    "messages.link is not set");
	}
}

void
settings_check_messages(struct settings_reading *reading)
{
	const struct policy *policy = &reading->settings->policy;

	if (policy->link[0] == '\0') {
		for (size_t i = 0; i < policy->text_language_count; i++)
			check_link(reading, &policy->texts[i]);
	}
	for (size_t i = 0; i < policy->specialist_count; i++) {
		char path[SETTING_PATH_SIZE];
		const struct specialist_policy *one = &policy->specialists[i];

		if (!policy_offers_by(one, OFFER_SMS) ||
		    policy->text.count > 0)
			continue;
		snprintf(path, sizeof(path), "specialists.%s.offers", one->id);
		settings_error(reading, path, "\"sms\" needs providers in "
		    "text");
	}
}
