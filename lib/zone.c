/* SPDX-License-Identifier: MIT */
/* zone: GLib's rules, and a calendar from the offset. */
#include "lib/zone.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fault.h"

/* There are some 600 names. */
enum { DAY_S = 24 * 60 * 60, ZONES_MAX = 1024, ZONE_NAME_SIZE = 64 };

struct zones {
	struct {
		char name[ZONE_NAME_SIZE];
		struct zone *zone;
	} *items;  size_t count, room;
};

struct zone *
zone_new(const char *name)
{
	return (struct zone *)g_time_zone_new_identifier(name);
}

void
zone_free(struct zone *zone)
{
	if (zone != NULL)
		g_time_zone_unref((GTimeZone *)zone);
}

int64_t
zone_offset_s(const struct zone *zone, int64_t at_s)
{
	GTimeZone *rules = (GTimeZone *)(uintptr_t)zone;
	int interval;

	if (zone == NULL)
		return 0;
	interval = g_time_zone_find_interval(rules, G_TIME_TYPE_UNIVERSAL, at_s);
	if (PLANTED("zone_hour_off") && g_time_zone_is_dst(rules, interval))
		return g_time_zone_get_offset(rules, interval) - 3600;
	return g_time_zone_get_offset(rules, interval);
}

/* A year begins in March, as below. */
int64_t
zone_date(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t m = month <= 2 ? month + 9 : month - 3;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 +
	    day - 1 - 719468;
}

/* Days since 1970-01-01 as a date, in the way of Howard Hinnant's
 * civil_from_days: years begin in March, so that the leap day is the last. */
static void
date_of(int64_t days, struct zone_time *ret)
{
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int64_t in_era = shifted - era * 146097;
	int64_t year = (in_era - in_era / 1460 + in_era / 36524 -
	    in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * in_year + 2) / 153;

	ret->day = (int)(in_year - (153 * month + 2) / 5 + 1);
	ret->month = (int)(month < 10 ? month + 3 : month - 9);
	ret->year = (int)(year + era * 400 + (ret->month <= 2 ? 1 : 0));
}

void
zone_local(const struct zone *zone, int64_t at_ms, struct zone_time *ret)
{
	int64_t at_s = at_ms / 1000, local_s = at_s + zone_offset_s(zone, at_s);
	int64_t in_day = ((local_s % DAY_S) + DAY_S) % DAY_S;

	ret->date = (local_s - in_day) / DAY_S;
	date_of(ret->date, ret);
	ret->hour = (int)(in_day / 3600);
	ret->minute = (int)(in_day / 60 % 60);
}

/* ---- many of them */

struct zones *
zones_new(void)
{
	struct zones *zones = calloc(1, sizeof(*zones));

	CHECK(zones != NULL);
	return zones;
}

void
zones_free(struct zones *zones)
{
	if (zones == NULL)
		return;
	for (size_t i = 0; i < zones->count; i++)
		zone_free(zones->items[i].zone);
	free(zones->items);
	free(zones);
}

const struct zone *
zones_find(const struct zones *zones, const char *name)
{
	for (size_t i = 0; zones != NULL && i < zones->count; i++)
		if (strcmp(zones->items[i].name, name) == 0)
			return zones->items[i].zone;
	return NULL;
}

const struct zone *
zones_learn(struct zones *zones, const char *name)
{
	const struct zone *known = zones_find(zones, name);
	size_t length = strlen(name);
	struct zone *zone;

	if (known != NULL || zones == NULL || length == 0 || length >= ZONE_NAME_SIZE ||
	    zones->count == ZONES_MAX)
		return known;
	zone = zone_new(name);
	if (zone == NULL)
		return NULL;
	if (zones->count == zones->room) {
		zones->room = zones->room * 2 + 8;
		zones->items = realloc(zones->items,
		    zones->room * sizeof(*zones->items));
		CHECK(zones->items != NULL);
	}
	memcpy(zones->items[zones->count].name, name, length + 1);
	zones->items[zones->count++].zone = zone;
	return zone;
}

void
zones_learn_all(struct zones *zones, const struct zones *others)
{
	for (size_t i = 0; i < others->count; i++)
		(void)zones_learn(zones, others->items[i].name);
}
