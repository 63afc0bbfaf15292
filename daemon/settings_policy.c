/* SPDX-License-Identifier: MIT */
/*
 * settings_policy: the structs that lists are read into, and what becomes of
 * them when their settings are known: values that follow from others, and files.
 */
#include "daemon/settings_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/card.h"
#include "lib/provider.h"
#include "lib/text.h"

enum { SCRIPT_FILE_MAX = 64 * 1024 };

static void complete_queue(struct settings_reading *reading,
    struct queue_policy *queue, const char *path);
static void complete_specialist(struct settings_reading *reading,
    struct specialist_policy *specialist, const char *path);
static void complete_provider(struct settings_reading *reading,
    struct settings_provider *provider, const char *path);

/* ---- the structs of list items */

static struct queue_policy *
queue_item(struct settings *settings, size_t index, size_t count)
{
	struct policy *policy = &settings->policy;

	if (index == 0) {
		policy->queues = settings_own(settings,
		    count * sizeof(*policy->queues));
		policy->queue_count = count;
	}
	policy->queues[index] = settings->queue_model;
	return &policy->queues[index];
}

static struct specialist_policy *
specialist_item(struct settings *settings, size_t index, size_t count)
{
	struct policy *policy = &settings->policy;

	if (index == 0) {
		policy->specialists = settings_own(settings,
		    count * sizeof(*policy->specialists));
		policy->specialist_count = count;
	}
	policy->specialists[index] = settings->specialist_model;
	return &policy->specialists[index];
}

/* `to` is the first of the addresses already, when it is there. */
static struct address_policy *
address_item(struct specialist_policy *specialist, size_t index)
{
	size_t at = index + (specialist->addresses[0].to[0] != '\0' &&
	    specialist->addresses[0].provider[0] == '\0' ? 1 : 0);

	if (at >= COUNT_OF(specialist->addresses))
		return NULL;
	specialist->address_count = at + 1;
	return &specialist->addresses[at];
}

static struct widening *
widening_item(struct queue_policy *queue, size_t index, size_t count)
{
	queue->widening_count = count;
	return &queue->widenings[index];
}

void *
settings_item(struct settings *settings, enum setting_list list, void *parent,
    size_t index, size_t count)
{
	switch (list) {
	case SETTING_QUEUES:
		return queue_item(settings, index, count);
	case SETTING_SPECIALISTS:
		return specialist_item(settings, index, count);
	case SETTING_ADDRESSES:
		return address_item(parent, index);
	case SETTING_PROVIDERS:
		settings->provider_count = count;
		return &settings->providers[index];
	case SETTING_DISPOSITIONS:
		settings->policy.disposition_count = count;
		return &settings->policy.dispositions[index];
	case SETTING_LINES:
		settings->policy.line_count = count;
		return &settings->policy.lines[index];
	case SETTING_WIDENINGS:
		return widening_item(parent, index, count);
	}
	return NULL;
}

void
settings_item_done(struct settings_reading *reading, enum setting_list list,
    void *item, const char *path)
{
	switch (list) {
	case SETTING_QUEUES:
		complete_queue(reading, item, path);
		break;
	case SETTING_SPECIALISTS:
		complete_specialist(reading, item, path);
		break;
	case SETTING_PROVIDERS:
		complete_provider(reading, item, path);
		break;
	case SETTING_ADDRESSES:
		if (item == NULL)
			settings_error(reading, path, "is one address too many");
		break;
	case SETTING_DISPOSITIONS:
	case SETTING_LINES:
	case SETTING_WIDENINGS:
		break;
	}
}

/* ---- values that follow from others */

/* The setting NAME of an item; NULL: it is not there. */
static struct setting_value *
member(const struct settings_reading *reading, const char *path,
    const char *name, char ret_path[SETTING_PATH_SIZE])
{
	snprintf(ret_path, SETTING_PATH_SIZE, "%.90s.%.30s", path, name);
	return settings_find(reading->settings, ret_path);
}

/* What a file holds is part of the value of the setting that names it. */
static const char *
read_file(struct settings_reading *reading, struct setting_value *value,
    const char *name, const char *folder, size_t size_max,
    const char **ret_path)
{
	const char *path = value->path;
	const char *text = settings_file(reading, path, name, folder, size_max,
	    ret_path);

	if (text != NULL)
		value->compared = text;
	return text;
}

static void
complete_queue(struct settings_reading *reading, struct queue_policy *queue,
    const char *path)
{
	char full[SETTING_PATH_SIZE];
	struct setting_value *script = member(reading, path, "script", full);
	const char *text, *file = queue->script;
	char why[SETTING_WHY_SIZE];
	int line;

	if (script == NULL || queue->script[0] == '\0')
		return;
	text = read_file(reading, script, queue->script, "scripts",
	    SCRIPT_FILE_MAX, NULL);
	queue->script = "";
	if (text != NULL && !text_is_utf8(text, strlen(text)))
		settings_error(reading, full, "the file is not UTF-8");
	else if (text != NULL && !card_check(text, &line, why, sizeof(why)))
		settings_error(reading, full, "%.200s:%d: %s", file, line, why);
	else if (text != NULL)
		queue->script = text;
}

static enum offer_channel
channel_of(const char *word)
{
	return strcmp(word, "phone") == 0 ? OFFER_PHONE :
	    strcmp(word, "sms") == 0 ? OFFER_SMS : OFFER_SCREEN;
}

static void
complete_specialist(struct settings_reading *reading,
    struct specialist_policy *specialist, const char *path)
{
	struct settings *settings = reading->settings;
	char full[SETTING_PATH_SIZE];
	const struct setting_value *queues = member(reading, path, "queues",
	    full);
	const struct setting_value *offers;

	if (specialist->address_count == 0 &&
	    specialist->addresses[0].to[0] != '\0')
		specialist->address_count = 1;
	if (specialist->language[0] == '\0')
		memcpy(specialist->language, settings->policy.language,
		    sizeof(specialist->language));
	for (size_t i = 0; queues != NULL && i < queues->word_count; i += 2) {
		size_t at = specialist->queue_count++;

		text_copy(specialist->queues[at].id, ID_SIZE,
		    queues->words[i]);
		specialist->queues[at].level = atoi(queues->words[i + 1]);
	}

	offers = member(reading, path, "offers", full);
	specialist->offer = OFFER_SCREEN;
	if (offers != NULL && offers->word_count > 0)
		specialist->offer = channel_of(offers->words[0]);
	specialist->has_second = offers != NULL && offers->word_count > 1;
	if (specialist->has_second)
		specialist->second = channel_of(offers->words[1]);
	specialist->second_ms = specialist->offer_ms;
	specialist->ring_ms = specialist->offer_ms;
	if (member(reading, path, "offer", full) == NULL) {
		specialist->offer_ms = settings->offer_ms[specialist->offer];
		specialist->second_ms = settings->offer_ms[specialist->second];
		specialist->ring_ms = settings->offer_ms[OFFER_PHONE];
	}
}

static void
complete_provider(struct settings_reading *reading,
    struct settings_provider *provider, const char *path)
{
	char full[SETTING_PATH_SIZE];
	struct setting_value *file = member(reading, path, "file", full);

	if (file != NULL && provider->file != NULL)
		provider->text = read_file(reading, file, provider->file,
		    "providers", PROVIDER_FILE_MAX, &provider->path);
}

static const char *
without_slash(struct settings *settings, const char *url)
{
	size_t length = strlen(url);
	char *copy = settings_own(settings, length + 1);

	while (length > 0 && url[length - 1] == '/')
		length--;
	memcpy(copy, url, length);
	return copy;
}

/* An empty list is one, too: no further attempt. */
static void
complete_retries(struct settings *settings)
{
	static const char *const paths[RETRY_KIND_COUNT] = {
		[RETRY_NO_ANSWER] = "retry.no_answer",
		[RETRY_BUSY] = "retry.busy",
		[RETRY_REJECTED] = "retry.rejected",
		[RETRY_VOICEMAIL] = "retry.voicemail",
		[RETRY_SHORT] = "retry.short",
		[RETRY_FAILED] = "retry.failed",
	};

	for (int i = 0; i < RETRY_KIND_COUNT; i++)
		settings->policy.retries[i].is_own =
		    settings_find(settings, paths[i]) != NULL;
}

void
settings_complete(struct settings_reading *reading)
{
	struct settings *settings = reading->settings;
	char text[SETTING_PATH_SIZE + 512];

	if (settings->http.listen != NULL &&
	    !settings_listen_parse(settings->http.listen, settings->http.host,
	    &settings->http.port))
		settings->http.host[0] = '\0';
	if (settings->http.public_url == NULL) {
		snprintf(text, sizeof(text), "http://%.100s",
		    settings->http.listen != NULL ? settings->http.listen : "");
		settings->http.public_url = settings_own_text(settings, text);
	}
	settings->http.public_url = without_slash(settings,
	    settings->http.public_url);
	for (size_t i = 0; i < settings->provider_count; i++)
		if (settings->providers[i].base != NULL)
			settings->providers[i].base = without_slash(settings,
			    settings->providers[i].base);
	complete_retries(settings);
	settings_complete_widenings(settings);
	settings_complete_messages(reading);
	settings_complete_hours(reading);
	settings_resolve_paths(reading);
}
