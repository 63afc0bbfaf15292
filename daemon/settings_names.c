/* SPDX-License-Identifier: MIT */
/* settings_names: names that must name something, and be there once. */
#include "daemon/settings_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

void
settings_path_of(const char *list, const char *id, const char *name,
    char ret_path[SETTING_PATH_SIZE])
{
	snprintf(ret_path, SETTING_PATH_SIZE, "%s.%s%s%s", list, id,
	    name[0] != '\0' ? "." : "", name);
}

static const char *
name_at(const struct settings_names *names, size_t index)
{
	return names->first + index * names->stride;
}

bool
settings_is_one_of(const struct settings_names *names, const char *name, const char **ret_near)
{
	size_t best = SIZE_MAX;

	*ret_near = NULL;
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(name_at(names, i), name) == 0)
			return true;
		if (text_is_nearer(name, name_at(names, i), &best))
			*ret_near = name_at(names, i);
	}
	return false;
}

void
settings_check_name(struct settings_reading *reading, const char *path,
    const char *kind, const struct settings_names *names, const char *name)
{
	const char *near;

	if (settings_is_one_of(names, name, &near))
		return;
	settings_error(reading, path, "there is no %s \"%s\"%s%s%s", kind,
	    name, near != NULL ? "; did you mean \"" : "",
	    near != NULL ? near : "", near != NULL ? "\"?" : "");
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
settings_check_unique(struct settings_reading *reading, const char *list,
    const struct settings_names *names)
{
	const char **sorted = calloc(names->count + 1, sizeof(*sorted));
	char path[SETTING_PATH_SIZE];

	CHECK(sorted != NULL);
	for (size_t i = 0; i < names->count; i++)
		sorted[i] = name_at(names, i);
	qsort(sorted, names->count, sizeof(*sorted), compare_names);
	for (size_t i = 1; i < names->count; i++) {
		if (sorted[i][0] == '\0' ||
		    strcmp(sorted[i], sorted[i - 1]) != 0)
			continue;
		settings_path_of(list, sorted[i], "", path);
		settings_error(reading, path, "there are two of it");
	}
	free(sorted);
}

struct settings_names
settings_queue_names(const struct settings *settings)
{
	const struct policy *policy = &settings->policy;

	return (struct settings_names){ policy->queues != NULL ?
	    policy->queues[0].id : "", sizeof(policy->queues[0]),
	    policy->queue_count };
}

struct settings_names
settings_specialist_names(const struct settings *settings)
{
	const struct policy *policy = &settings->policy;

	return (struct settings_names){ policy->specialists != NULL ?
	    policy->specialists[0].id : "", sizeof(policy->specialists[0]),
	    policy->specialist_count };
}

struct settings_names
settings_provider_names(const struct settings *settings)
{
	return (struct settings_names){ settings->providers[0].id,
		sizeof(settings->providers[0]), settings->provider_count };
}

struct settings_names
settings_disposition_names(const struct settings *settings)
{
	const struct policy *policy = &settings->policy;

	return (struct settings_names){ policy->dispositions[0].id,
		sizeof(policy->dispositions[0]), policy->disposition_count };
}
