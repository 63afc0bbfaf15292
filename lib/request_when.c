/* SPDX-License-Identifier: MIT */
/* request_when: hours, slots, the customer's own clock, and what is said of them. */
#include "lib/request_when.h"

#include <string.h>

#include "lib/doors.h"
#include "lib/hours.h"
#include "lib/message.h"
#include "lib/promise.h"
#include "lib/zone.h"

/* Whoever is called on another day has so long to read of it. */
enum { NOTICE_MS = 15 * 60 * 1000 };

void
when_tell(struct moment *m, int64_t acted_at_ms)
{
	const struct request *r = m->request;

	if (r->at_ms - m->now_ms > window_of(m->policy, r).limit_ms)
		moment_tell(m, TEXT_DEFERRED, r, acted_at_ms);
}

/* "closed until 2026-12-01 09:00", by the clock of whoever it is about. */
static void
say_until(struct moment *m, const char *reason, int64_t until_ms)
{
	bool is_quiet = strcmp(reason, "quiet_hours") == 0;
	const struct zone *zone = is_quiet ? rules_zone(m->policy, m->request) :
	    m->policy->local;
	struct zone_time now, at;

	zone_local(zone, m->now_ms, &now);
	zone_local(zone, until_ms, &at);
	if (is_quiet)
		reason = "quiet hours at the customer's";
	if (at.date == now.date)
		moment_say(m, "%s until %02d:%02d", reason, at.hour, at.minute);
	else
		moment_say(m, "%s until %04d-%02d-%02d %02d:%02d", reason,
		    at.year, at.month, at.day, at.hour, at.minute);
}

/* Where there is none it is found out when it is due. */
static int64_t
next_allowed(const struct moment *m, const struct request *r, int64_t at_ms)
{
	int64_t next_ms = rules_next_ms(m->policy, r, at_ms);

	return next_ms == RULES_NEVER ? at_ms : next_ms;
}

void
when_allowed(const struct moment *m, struct request *r, int64_t at_ms)
{
	r->at_ms = next_allowed(m, r, at_ms);
	r->asks_now = false;
	promise_soon(m->policy, r, r->at_ms);
}

/* By the customer's clock. */
static bool
is_another_day(const struct moment *m, int64_t at_ms)
{
	const struct zone *zone = rules_zone(m->policy, m->request);
	struct zone_time now, at;

	zone_local(zone, m->now_ms, &now);
	zone_local(zone, at_ms, &at);
	return at.date != now.date;
}

static bool
is_announced(const struct moment *m, int64_t at_ms)
{
	return !m->policy->calls_next_day && is_another_day(m, at_ms);
}

/* The phone does not ring on another day before its owner could read that it will. */
static int64_t
after_notice(const struct moment *m, int64_t at_ms)
{
	const struct request *r = m->request;
	int64_t next_ms = next_allowed(m, r, at_ms), read_ms;

	if (!is_announced(m, next_ms) || !r->may_text ||
	    policy_message_text(m->policy, TEXT_DEFERRED, r->locale) == NULL)
		return next_ms;
	read_ms = message_quiet_until(m->policy, r->zone, m->now_ms);
	read_ms = (read_ms != 0 ? read_ms : m->now_ms) + NOTICE_MS;
	return read_ms > next_ms ? read_ms : next_ms;
}

void
when_tried_again(struct moment *m, int64_t at_ms)
{
	struct request *r = m->request;

	when_allowed(m, r, after_notice(m, at_ms));
	if (is_announced(m, r->at_ms))
		moment_tell(m, TEXT_DEFERRED, r, 0);
	else if (r->at_ms > at_ms)
		when_tell(m, 0);
	if (r->at_ms > at_ms)
		say_until(m, "put off", r->at_ms);
}

/* The commit counts who has a place in that slot (lib/commit_guards). */
static void
take_place(struct moment *m, const struct slot_span *slot, int most)
{
	m->outcome->place = *slot;
	m->outcome->place_most = most;
}

static void
open_later(struct moment *m, int64_t asked_at_ms)
{
	struct request *r = m->request;
	int64_t until_ms = m->root->doors.closed_until_ms;
	int64_t from_ms = until_ms > r->at_ms ? until_ms : r->at_ms;
	const struct hours *hours = policy_hours(m->policy, r->queue);
	int64_t opens_ms = hours_opens(hours, from_ms);

	/* Open now, but not for long enough: the next time. */
	if (opens_ms == from_ms && from_ms != until_ms) {
		from_ms = hours_change(hours, from_ms);
		opens_ms = from_ms == 0 ? 0 : hours_opens(hours, from_ms);
	}
	/* Never: then as if it were open. */
	if (opens_ms == 0)
		opens_ms = r->at_ms;
	r->at_ms = opens_ms;
	promise_soon(m->policy, r, opens_ms > asked_at_ms ? opens_ms : asked_at_ms);
}

/* What was asked for; where the doors are closed then, or it would not be in time, the
 * first slot that can be kept. */
void
when_asked(struct moment *m, int64_t at_ms, int64_t asked_at_ms)
{
	struct request *r = m->request, would = *r;
	const char *why;

	promise_asked(m->policy, &would, at_ms, asked_at_ms, m->now_ms);
	r->at_ms = would.at_ms;
	why = doors_bar(m->policy, &would, &m->root->doors,
	    &m->root->expect, m->now_ms);
	if (why == NULL || (m->root->doors.slot.to_ms == 0 &&
	        strcmp(why, "crowded") == 0)) {
		*r = would;
		/* Who only rang us has not asked for it. */
		r->asks_now = at_ms <= m->now_ms &&
		    strcmp(r->source, "missed") != 0;
		if (r->slot_to_ms != 0)
			take_place(m, &m->root->doors.asked,
			    m->root->doors.asked_most);
		return;
	}
	r->asks_now = false;
	if (m->root->doors.slot.to_ms != 0) {
		promise_slot(r, &m->root->doors.slot);
		take_place(m, &m->root->doors.slot, m->root->doors.slot_most);
	} else {
		/* No slot is known: at the opening, which is the best there is. */
		open_later(m, asked_at_ms);
	}
	request_set_reason(m->request, why);
	if (strncmp(why, "clos", 4) == 0 || strcmp(why, "quiet_hours") == 0)
		say_until(m, why, r->at_ms);
	else
		moment_say(m, "%s", why);
}

void
when_asked_again(struct moment *m)
{
	const struct request was = *m->request;

	request_set_reason(m->request, "");
	when_asked(m, m->event->at_ms, m->now_ms);
	if (m->request->at_ms < was.at_ms)
		return;
	*m->request = was;
	m->outcome->place_most = 0;
}

/* What counts only open hours goes on counting; what leaves time for a whole promise
 * from then on stands as it is, too. */
static bool
is_promised_behind(const struct moment *m, int64_t at_ms)
{
	const struct request *r = m->request;

	return r->promise_at_ms > at_ms &&
	    (promise_counts_open(m->policy, r) || r->promise_at_ms >=
	        at_ms + window_of(m->policy, r).limit_ms);
}

void
when_it_opens(struct moment *m)
{
	struct request *r = m->request;
	const struct doors_hint *doors = &m->root->doors;
	const char *reason = "closed";
	int64_t until_ms = m->now_ms;

	rules_allow_call(m->policy, r, m->now_ms, &reason, &until_ms);
	if (doors->closed_until_ms > m->now_ms) {
		reason = "closed_today";
		if (until_ms < doors->closed_until_ms)
			until_ms = next_allowed(m, r, doors->closed_until_ms);
	}
	request_set_reason(m->request, reason);
	r->at_ms = until_ms;
	r->hold_until_ms = 0;
	r->wished_until_ms = 0;
	moment_reason(m, reason);
	if (is_promised_behind(m, until_ms)) {
		say_until(m, reason, until_ms);
		return;
	}
	r->asks_now = false;
	if (doors->slot.from_ms >= until_ms && doors->slot.to_ms != 0) {
		promise_slot(r, &doors->slot);
		take_place(m, &doors->slot, doors->slot_most);
	} else {
		promise_soon(m->policy, r, until_ms);
	}
	say_until(m, reason, r->at_ms);
	when_tell(m, r->asked_at_ms);
}
