/* SPDX-License-Identifier: MIT */
/*
 * settings_values: the list of all settings that have a value, in the order of
 * the table, with an index by path, and the memory that the settings stand on.
 */
#include "daemon/settings_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more. */
static void *
grown(void *items, size_t size, size_t count, size_t *room)
{
	if (count < *room)
		return items;
	*room = *room > 0 ? *room * 2 : 64;
	items = realloc(items, *room * size);
	CHECK(items != NULL);
	return items;
}

void *
settings_own(struct settings *settings, size_t size)
{
	struct settings_values *values = settings->values;
	void *memory = calloc(1, size > 0 ? size : 1);

	CHECK(memory != NULL);
	values->owned = grown(values->owned, sizeof(*values->owned),
	    values->owned_count, &values->owned_room);
	values->owned[values->owned_count++] = memory;
	return memory;
}

const char *
settings_own_text(struct settings *settings, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = settings_own(settings, size);

	memcpy(copy, text, size);
	return copy;
}

/* The place in the index where that path stands, or would stand. FNV-1a. */
static size_t
slot_of(const struct settings_values *values, const char *path)
{
	uint32_t hash = 2166136261;
	size_t slot;

	for (const char *c = path; *c != '\0'; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619;
	slot = hash & (values->slot_count - 1);
	while (values->slots[slot] != 0 &&
	    strcmp(values->items[values->slots[slot] - 1].path, path) != 0)
		slot = (slot + 1) & (values->slot_count - 1);
	return slot;
}

/* Of two values with one path the first is found. */
static void
index_value(struct settings_values *values, size_t at)
{
	size_t slot = slot_of(values, values->items[at].path);

	if (values->slots[slot] == 0)
		values->slots[slot] = at + 1;
}

struct setting_value *
settings_add(struct settings *settings, const struct setting_value *value)
{
	struct settings_values *values = settings->values;
	struct setting_value *added;

	values->items = grown(values->items, sizeof(*values->items),
	    values->count, &values->room);
	added = &values->items[values->count++];
	*added = *value;
	added->path = settings_own_text(settings, value->path);
	added->shown = settings_own_text(settings, value->shown);
	added->compared = value->compared == NULL ? added->shown :
	    settings_own_text(settings, value->compared);
	if (values->count * 2 <= values->slot_count) {
		index_value(values, values->count - 1);
		return added;
	}
	free(values->slots);
	values->slot_count = values->room * 4;
	values->slots = calloc(values->slot_count, sizeof(*values->slots));
	CHECK(values->slots != NULL);
	for (size_t i = 0; i < values->count; i++)
		index_value(values, i);
	return added;
}

struct setting_value *
settings_find(const struct settings *settings, const char *path)
{
	const struct settings_values *values = settings->values;
	size_t at = values->slot_count == 0 ? 0 :
	    values->slots[slot_of(values, path)];

	return at == 0 ? NULL : &values->items[at - 1];
}

void
settings_values_free(struct settings_values *values)
{
	if (values == NULL)
		return;
	for (size_t i = 0; i < values->owned_count; i++)
		free(values->owned[i]);
	free(values->owned);
	free(values->items);
	free(values->slots);
	free(values);
}

const char *
settings_quote(struct settings *settings, const char *text)
{
	char *quoted = settings_own(settings, 2 * strlen(text) + 3), *to = quoted;

	*to++ = '"';
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			*to++ = '\\';
		*to++ = *text;
	}
	*to++ = '"';
	*to = '\0';
	return quoted;
}

const char *
settings_mask(struct settings *settings, const char *text)
{
	const char *scheme = strstr(text, "://");
	const char *at = scheme == NULL ? NULL : strrchr(scheme, '@');
	const char *colon = at == NULL ? NULL : strchr(scheme + 3, ':');
	size_t kept;
	char *masked;

	if (at == NULL || colon == NULL || colon > at)
		return text;
	kept = (size_t)(colon - text) + 1;
	masked = settings_own(settings, kept + 3 + strlen(at) + 1);
	memcpy(masked, text, kept);
	memcpy(masked + kept, "***", 3);
	memcpy(masked + kept + 3, at, strlen(at));
	return masked;
}

const char *
settings_mask_url(struct settings *settings, const char *text)
{
	const char *scheme = strstr(text, "://"), *end, *host;
	char *masked;
	size_t size;

	if (scheme == NULL)
		return text;
	host = scheme + 3;
	end = host + strcspn(host, "/?#");
	for (const char *at = host; at < end; at++)
		if (*at == '@')
			host = at + 1;
	if (host == scheme + 3 && strlen(end) <= 1)
		return text;
	size = (size_t)(scheme + 3 - text) + (size_t)(end - host) + sizeof("/***");
	masked = settings_own(settings, size);
	snprintf(masked, size, "%.*s%.*s/***", (int)(scheme + 3 - text), text,
	    (int)(end - host), host);
	return masked;
}
