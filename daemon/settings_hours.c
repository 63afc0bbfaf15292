/* SPDX-License-Identifier: MIT */
/*
 * settings_hours: opening hours and shifts become tables of lib/hours. The words were
 * checked one by one; here is refused what does not fit together.
 */
#include "daemon/settings_internal.h"

#include <string.h>
#include <time.h>

#include "daemon/settings_when.h"
#include "lib/rules.h"

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

/* NULL: that table is not there. */
static const struct hours *
read_table(struct settings_reading *reading, const char *week_path,
    const char *days_path)
{
	struct settings *settings = reading->settings;
	const struct setting_value *week = settings_find(settings, week_path);
	const struct setting_value *days = settings_find(settings, days_path);
	struct hours *hours = settings_own(settings, sizeof(*hours));

	hours->zone = settings->zone;
	if (week != NULL)
		read_week(reading, week, hours);
	if (days != NULL)
		read_dates(reading, days, hours);
	return hours->week_count > 0 || hours->date_count > 0 ? hours : NULL;
}

static void
path_of(const struct queue_policy *queue, const char *name,
    char ret_path[SETTING_PATH_SIZE])
{
	snprintf(ret_path, SETTING_PATH_SIZE, "queues.%s.%s", queue->id, name);
}

static void
read_queue(struct settings_reading *reading, struct queue_policy *queue)
{
	char week[SETTING_PATH_SIZE], days[SETTING_PATH_SIZE];

	path_of(queue, "hours.week", week);
	path_of(queue, "hours.days", days);
	queue->hours = read_table(reading, week, days);
}

static void
add_quiet(struct settings *settings, const char *prefix, const char *times)
{
	struct policy *policy = &settings->policy;
	struct quiet_policy *quiet = &policy->quiets[policy->quiet_count];
	int from_s, to_s;

	if (policy->quiet_count == QUIETS_MAX || strlen(prefix) >= PHONE_SIZE)
		return;
	if (strcmp(times, "none") == 0)
		from_s = to_s = 0;
	else if (!when_times(times, &from_s, &to_s))
		return;
	snprintf(quiet->prefix, sizeof(quiet->prefix), "%s", prefix);
	quiet->from_s = from_s;
	quiet->to_s = to_s > HOURS_DAY_S ? to_s - HOURS_DAY_S : to_s;
	policy->quiet_count++;
}

static void
read_quiet(struct settings_reading *reading)
{
	struct settings *settings = reading->settings;
	const struct setting_value *hours = settings_find(settings,
	    "quiet.hours");
	const struct setting_value *numbers = settings_find(settings,
	    "quiet.numbers");
	char text[32] = "";

	/* Without its quotes; nothing in it was escaped. */
	if (hours != NULL && strlen(hours->shown) - 2 < sizeof(text))
		memcpy(text, hours->shown + 1, strlen(hours->shown) - 2);
	if (text[0] != '\0')
		add_quiet(settings, "", text);
	for (size_t i = 0; numbers != NULL && i + 1 < numbers->word_count; i += 2)
		add_quiet(settings, numbers->words[i], numbers->words[i + 1]);
}

void
settings_complete_hours(struct settings_reading *reading)
{
	struct settings *settings = reading->settings;
	struct policy *policy = &settings->policy;

	policy->hours = read_table(reading, "hours.week", "hours.days");
	for (size_t i = 0; i < policy->queue_count; i++)
		read_queue(reading, &policy->queues[i]);
	for (size_t i = 0; i < policy->specialist_count; i++)
		read_shift(reading, &policy->specialists[i]);
	read_quiet(reading);
}

/* ---- what can never be kept */

static void
check_quiet(struct settings_reading *reading)
{
	const struct policy *policy = &reading->settings->policy;

	for (size_t i = 0; i < policy->quiet_count; i++) {
		const struct quiet_policy *quiet = &policy->quiets[i];
		const char *path = quiet->prefix[0] == '\0' ? "quiet.hours" :
		    "quiet.numbers";

		if (quiet->from_s == 0 && quiet->to_s == HOURS_DAY_S)
			settings_error(reading, path, "%s%sall day: nobody "
			    "could be called", quiet->prefix,
			    quiet->prefix[0] == '\0' ? "is " : " is ");
		for (size_t k = 0; k < i; k++)
			if (strcmp(policy->quiets[k].prefix,
			    quiet->prefix) == 0)
				settings_error(reading, path, "%s is there "
				    "already", quiet->prefix);
	}
}

/* Where its hours are written: its own, else the company's. */
static void
place_of(const struct settings_reading *reading,
    const struct queue_policy *queue, char ret_path[SETTING_PATH_SIZE])
{
	bool is_own = queue->hours != NULL;

	if (is_own)
		path_of(queue, "hours.week", ret_path);
	else
		snprintf(ret_path, SETTING_PATH_SIZE, "hours.week");
	if (settings_find(reading->settings, ret_path) != NULL)
		return;
	if (is_own)
		path_of(queue, "hours.days", ret_path);
	else
		snprintf(ret_path, SETTING_PATH_SIZE, "hours.days");
}

/* False: that was told of. */
static bool
check_opens(struct settings_reading *reading, const struct queue_policy *queue,
    int64_t now_ms)
{
	const struct policy *policy = &reading->settings->policy;
	const struct hours *hours = policy_hours(policy, queue->id);
	struct request asked = { .state = REQUEST_NONE };
	char path[SETTING_PATH_SIZE];

	place_of(reading, queue, path);
	snprintf(asked.queue, sizeof(asked.queue), "%s", queue->id);
	if (hours_opens(hours, now_ms) == 0)
		settings_error(reading, path, "it never opens, for at least "
		    "%d days", HOURS_HORIZON_DAYS);
	else if (rules_next_ms(policy, &asked, now_ms) == RULES_NEVER)
		settings_error(reading, path, "it is only open in the quiet "
		    "hours of its own zone");
	else
		return true;
	return false;
}

static void
check_passed(struct settings_reading *reading, const struct queue_policy *queue,
    int64_t now_ms)
{
	const struct hours *hours = policy_hours(&reading->settings->policy,
	    queue->id);
	char path[SETTING_PATH_SIZE];

	if (!queue->is_passed_open || queue->passed_ms == 0 ||
	    hours_open_ms(hours, now_ms, now_ms + INT64_C(1000) *
	        HOURS_DAY_S * HOURS_HORIZON_DAYS) >= queue->passed_ms)
		return;
	path_of(queue, "passed.limit", path);
	settings_error(reading, path, "the queue is not open for so long in "
	    "the next %d days", HOURS_HORIZON_DAYS);
}

void
settings_check_hours(struct settings_reading *reading)
{
	const struct policy *policy = &reading->settings->policy;
	int64_t now_ms = INT64_C(1000) * time(NULL);
	bool is_company_told = false;

	check_quiet(reading);
	for (size_t i = 0; i < policy->queue_count; i++) {
		const struct queue_policy *queue = &policy->queues[i];

		if (queue->hours == NULL && is_company_told)
			continue;
		if (check_opens(reading, queue, now_ms))
			check_passed(reading, queue, now_ms);
		else if (queue->hours == NULL)
			is_company_told = true;
	}
}
