/* SPDX-License-Identifier: MIT */
/*
 * settings_hours: opening hours and shifts become tables of lib/hours. The words were
 * checked one by one; here is refused what does not fit together.
 */
#include "daemon/settings_internal.h"

#include <string.h>

#include "daemon/settings_when.h"

/* Of "closed", no time at all. */
static bool
read_times(const char *text, int *ret_from_s, int *ret_to_s)
{
	*ret_from_s = *ret_to_s = 0;
	return strcmp(text, "closed") == 0 ||
	    when_times(text, ret_from_s, ret_to_s);
}

static void
read_week(struct settings_reading *reading, const struct setting_value *value,
    struct hours *hours)
{
	struct hours_span *spans = settings_own(reading->settings,
	    (value->word_count / 2 + 1) * sizeof(*spans));
	unsigned closed = 0, open = 0;
	int day;

	for (size_t i = 0; i + 1 < value->word_count; i += 2) {
		struct hours_span *span = &spans[hours->week_count];

		if (!when_weekdays(value->words[i], &span->days) ||
		    !read_times(value->words[i + 1], &span->from_s,
		        &span->to_s))
			continue;
		*(span->to_s == 0 ? &closed : &open) |= span->days;
		hours->week_count++;
	}
	hours->week = spans;
	for (day = 0; day < 7; day++)
		if ((closed & open) >> day & 1)
			settings_error(reading, value->path, "%s is closed, and "
			    "has times", when_weekday_name(day));
	if (when_overlap(spans, hours->week_count, &day))
		settings_error(reading, value->path, "two spans hold at the "
		    "same time on %s", when_weekday_name(day));
}

/* Several of one date must be times, and not the same. */
static void
check_dates(struct settings_reading *reading, const struct setting_value *value,
    const struct hours *hours)
{
	for (size_t i = 0; i < hours->date_count; i++) {
		for (size_t k = 0; k < i; k++) {
			const struct hours_dates *a = &hours->dates[k];
			const struct hours_dates *b = &hours->dates[i];

			if (a->last < b->first || b->last < a->first ||
			    (a->to_s != 0 && b->to_s != 0 &&
			        (a->to_s <= b->from_s || b->to_s <= a->from_s)))
				continue;
			settings_error(reading, value->path, "\"%s\" and "
			    "\"%s\" say different things of one day",
			    value->words[2 * k], value->words[2 * i]);
		}
	}
}

static void
read_dates(struct settings_reading *reading, const struct setting_value *value,
    struct hours *hours)
{
	struct hours_dates *list = settings_own(reading->settings,
	    (value->word_count / 2 + 1) * sizeof(*list));

	for (size_t i = 0; i + 1 < value->word_count; i += 2) {
		struct hours_dates *dates = &list[hours->date_count];

		if (!when_dates(value->words[i], &dates->first, &dates->last) ||
		    !read_times(value->words[i + 1], &dates->from_s,
		        &dates->to_s))
			return;
		hours->date_count++;
	}
	hours->dates = list;
	check_dates(reading, value, hours);
}

/* A shift does not begin on a day on which the company is closed. */
static void
close_holidays(struct settings *settings, struct hours *shift)
{
	const struct hours *company = settings->policy.hours;
	struct hours_dates *closed;

	if (company == NULL || company->date_count == 0)
		return;
	closed = settings_own(settings, company->date_count * sizeof(*closed));
	for (size_t i = 0; i < company->date_count; i++)
		if (company->dates[i].to_s == 0)
			closed[shift->date_count++] = company->dates[i];
	shift->dates = closed;
}

/* Nobody is offered what would outlast their shift. */
static void
check_length(struct settings_reading *reading, const char *path,
    const struct specialist_policy *who, const struct hours_span *span)
{
	int64_t offer_ms = who->has_second && who->second_ms > who->offer_ms ?
	    who->second_ms : who->offer_ms;

	if (INT64_C(1000) * (span->to_s - span->from_s) <= offer_ms)
		settings_error(reading, path, "a span is not longer than the "
		    "time to accept one offer");
}

static void
read_shift(struct settings_reading *reading, struct specialist_policy *who)
{
	struct settings *settings = reading->settings;
	char path[SETTING_PATH_SIZE], text[256] = "";
	const struct setting_value *value;
	struct hours *shift;
	struct hours_span *spans;
	size_t length;
	int day;

	snprintf(path, sizeof(path), "specialists.%s.shift", who->id);
	value = settings_find(settings, path);
	length = value == NULL ? 0 : strlen(value->shown);
	if (length < 2 || length - 2 >= sizeof(text))
		return;
	/* Without its quotes; nothing in it was escaped. */
	memcpy(text, value->shown + 1, length - 2);
	shift = settings_own(settings, sizeof(*shift));
	spans = settings_own(settings, WHEN_SPANS_MAX * sizeof(*spans));
	if (!when_shift(text, spans, &shift->week_count))
		return;
	shift->zone = settings->zone;
	shift->week = spans;
	if (when_overlap(spans, shift->week_count, &day))
		settings_error(reading, path, "two spans hold at the same "
		    "time on %s", when_weekday_name(day));
	for (size_t i = 0; i < shift->week_count; i++)
		check_length(reading, path, who, &spans[i]);
	close_holidays(settings, shift);
	who->shift = shift;
}

void
settings_complete_hours(struct settings_reading *reading)
{
	struct settings *settings = reading->settings;
	const struct setting_value *week = settings_find(settings, "hours.week");
	const struct setting_value *days = settings_find(settings, "hours.days");
	struct hours *hours = settings_own(settings, sizeof(*hours));

	hours->zone = settings->zone;
	if (week != NULL)
		read_week(reading, week, hours);
	if (days != NULL)
		read_dates(reading, days, hours);
	if (hours->week_count > 0 || hours->date_count > 0)
		settings->policy.hours = hours;
	for (size_t i = 0; i < settings->policy.specialist_count; i++)
		read_shift(reading, &settings->policy.specialists[i]);
}
