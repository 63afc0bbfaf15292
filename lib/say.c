/* SPDX-License-Identifier: MIT */
/* say: two languages side by side. */
#include "lib/say.h"

#include <stdio.h>
#include <stdbool.h>
#include <string.h>

static bool
is_russian(const char *language)
{
	return strncmp(language, "ru", 2) == 0;
}

void
say_day(const struct zone *zone, const char *language, int64_t now_ms,
    int64_t at_ms, char ret_text[SAY_SIZE])
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct zone_time now, at;

	zone_local(zone, now_ms, &now);
	zone_local(zone, at_ms, &at);
	if (at.date == now.date)
		snprintf(ret_text, SAY_SIZE, "%s", is_russian(language) ?
		    "сегодня" : "today");
	else if (at.date == now.date + 1)
		snprintf(ret_text, SAY_SIZE, "%s", is_russian(language) ?
		    "завтра" : "tomorrow");
	else if (is_russian(language))
		snprintf(ret_text, SAY_SIZE, "%d.%02d", at.day, at.month);
	else
		snprintf(ret_text, SAY_SIZE, "%d %s", at.day,
		    months[at.month - 1]);
}

void
say_time(const struct zone *zone, int64_t at_ms, char ret_text[SAY_SIZE])
{
	struct zone_time at;

	zone_local(zone, at_ms, &at);
	snprintf(ret_text, SAY_SIZE, "%d:%02d", at.hour, at.minute);
}

void
say_moment(const struct zone *zone, const char *language, int64_t now_ms,
    int64_t at_ms, char ret_text[SAY_SIZE])
{
	say_span(zone, language, now_ms, at_ms, at_ms, ret_text);
}

void
say_span(const struct zone *zone, const char *language, int64_t now_ms,
    int64_t from_ms, int64_t to_ms, char ret_text[SAY_SIZE])
{
	char day[SAY_SIZE], from[SAY_SIZE], to[SAY_SIZE];
	struct zone_time now, first;
	bool is_today, is_moment;

	zone_local(zone, now_ms, &now);
	zone_local(zone, from_ms, &first);
	is_today = now.date == first.date;
	say_day(zone, language, now_ms, from_ms, day);
	say_time(zone, from_ms, from);
	say_time(zone, to_ms, to);
	is_moment = strcmp(from, to) == 0;
	snprintf(ret_text, SAY_SIZE, "%.20s%s%.8s%s%.8s", is_today ? "" : day,
	    is_today ? "" : " ", from, is_moment ? "" : "-",
	    is_moment ? "" : to);
}
