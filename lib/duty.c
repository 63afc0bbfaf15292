/* SPDX-License-Identifier: MIT */
/* duty: a few spans, each of a queue. */
#include "lib/duty.h"

#include <stdio.h>
#include <string.h>

static bool
is_there(const struct duty *duty)
{
	return duty->queue[0] != '\0';
}

static bool
is_on(const struct duty *duty, int64_t at_ms)
{
	return is_there(duty) && duty->from_ms <= at_ms && at_ms < duty->to_ms;
}

int64_t
duty_until_ms(const struct specialist *specialist, int64_t at_ms)
{
	int64_t until_ms = at_ms;

	/* Each look may find one that goes on where another ends. */
	for (size_t look = 0; look < DUTY_MAX; look++) {
		for (size_t i = 0; i < DUTY_MAX; i++) {
			if (is_on(&specialist->duty[i], until_ms))
				until_ms = specialist->duty[i].to_ms;
		}
	}
	return until_ms > at_ms ? until_ms : 0;
}

int64_t
duty_starts_ms(const struct specialist *specialist, int64_t at_ms)
{
	int64_t starts_ms = 0;

	for (size_t i = 0; i < DUTY_MAX; i++) {
		const struct duty *duty = &specialist->duty[i];

		if (is_there(duty) && duty->from_ms > at_ms &&
		    (starts_ms == 0 || duty->from_ms < starts_ms))
			starts_ms = duty->from_ms;
	}
	return starts_ms;
}

bool
duty_is_of(const struct specialist *specialist, const char *queue,
    int64_t at_ms)
{
	for (size_t i = 0; i < DUTY_MAX; i++) {
		if (is_on(&specialist->duty[i], at_ms) &&
		    strcmp(specialist->duty[i].queue, queue) == 0)
			return true;
	}
	return false;
}

static bool
touches(const struct duty *duty, const char *queue, int64_t from_ms,
    int64_t to_ms)
{
	return is_there(duty) && strcmp(duty->queue, queue) == 0 &&
	    duty->from_ms <= to_ms && from_ms <= duty->to_ms;
}

bool
duty_has_room(const struct specialist *specialist, const char *queue,
    int64_t from_ms, int64_t to_ms, int64_t now_ms)
{
	for (size_t i = 0; i < DUTY_MAX; i++) {
		const struct duty *duty = &specialist->duty[i];

		if (!is_there(duty) || duty->to_ms <= now_ms ||
		    touches(duty, queue, from_ms, to_ms))
			return true;
	}
	return false;
}

void
duty_add(struct specialist *specialist, const char *queue, int64_t from_ms,
    int64_t to_ms, int64_t now_ms)
{
	struct duty *place = NULL;

	for (size_t i = 0; i < DUTY_MAX; i++) {
		struct duty *duty = &specialist->duty[i];

		if (touches(duty, queue, from_ms, to_ms)) {
			if (duty->from_ms < from_ms)
				from_ms = duty->from_ms;
			if (duty->to_ms > to_ms)
				to_ms = duty->to_ms;
			memset(duty, 0, sizeof(*duty));
		} else if (duty->to_ms <= now_ms) {
			memset(duty, 0, sizeof(*duty));
		}
		if (place == NULL && !is_there(duty))
			place = duty;
	}
	if (place == NULL)
		return;
	snprintf(place->queue, sizeof(place->queue), "%s", queue);
	place->from_ms = from_ms;
	place->to_ms = to_ms;
}

bool
duty_remove(struct specialist *specialist, const char *queue)
{
	bool was_there = false;

	for (size_t i = 0; i < DUTY_MAX; i++) {
		struct duty *duty = &specialist->duty[i];

		if (!is_there(duty) || strcmp(duty->queue, queue) != 0)
			continue;
		memset(duty, 0, sizeof(*duty));
		was_there = true;
	}
	return was_there;
}

void
duty_note(struct duty_now *now, const struct specialist *specialist,
    int64_t at_ms)
{
	for (size_t i = 0; i < DUTY_MAX && now->count < DUTY_NOW_MAX; i++) {
		if (!is_on(&specialist->duty[i], at_ms) ||
		    duty_has(now, specialist->duty[i].queue, specialist->id))
			continue;
		memcpy(now->at[now->count].queue, specialist->duty[i].queue,
		    ID_SIZE);
		memcpy(now->at[now->count++].specialist, specialist->id,
		    ID_SIZE);
	}
}

bool
duty_has(const struct duty_now *now, const char *queue, const char *specialist)
{
	for (size_t i = 0; now != NULL && i < now->count; i++) {
		if (strcmp(now->at[i].queue, queue) == 0 &&
		    strcmp(now->at[i].specialist, specialist) == 0)
			return true;
	}
	return false;
}

bool
duty_has_any(const struct duty_now *now, const char *queue)
{
	for (size_t i = 0; now != NULL && i < now->count; i++) {
		if (strcmp(now->at[i].queue, queue) == 0)
			return true;
	}
	return false;
}
