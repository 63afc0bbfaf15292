/* SPDX-License-Identifier: MIT */
/*
 * zone: what the clocks on the wall show in a time zone. The only place that
 * knows daylight saving time; GLib reads the rules once, when a zone is opened.
 */
#ifndef CALLBACKD_LIB_ZONE_H
#define CALLBACKD_LIB_ZONE_H

#include <stdint.h>

#include "lib/check.h"

struct zone;

/* By its IANA name. NULL: there is none of that name here. */
struct zone *zone_new(const char *name) MUST_USE;
/* Accepts NULL. */
void zone_free(struct zone *zone);

/* Days since 1970-01-01 of a date. */
int64_t zone_date(int year, int month, int day);

struct zone_time {
	int year, month, day;   /* 1..12, 1..31 */
	int hour, minute;
	int64_t date;           /* days since 1970-01-01, of that date */
};

/* NULL: UTC, here and below. */
int64_t zone_offset_s(const struct zone *zone, int64_t at_s);  /* local time minus UTC */
void zone_local(const struct zone *zone, int64_t at_ms, struct zone_time *ret_time);

/* The zones of customers, by the names that their browsers gave: each is read once, and
 * kept. */
struct zones;
struct zones *zones_new(void) MUST_USE;
void zones_free(struct zones *zones);  /* accepts NULL */
/* Reads its rules, if they are not known yet. NULL: there is none of that name here, or
 * zones is. */
const struct zone *zones_learn(struct zones *zones, const char *name);
void zones_learn_all(struct zones *zones, const struct zones *others);
/* Of those that were learnt, without reading anything; NULL: it was not, or zones is. */
const struct zone *zones_find(const struct zones *zones, const char *name);

#endif
