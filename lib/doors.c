/* SPDX-License-Identifier: MIT */
/* doors: opening hours, and the slots inside of them. */
#include "lib/doors.h"

#include <string.h>

#include "lib/hours.h"

/* When it closed last, if that is not longer ago than what is still called after it. */
static int64_t
closed_lately_ms(const struct policy *policy, int64_t now_ms)
{
	int64_t before_ms = now_ms - policy->after_close_ms;
	int64_t at_ms;

	if (policy->after_close_ms == 0)
		return 0;
	at_ms = hours_is_open(policy->hours, before_ms) ?
	    hours_change(policy->hours, before_ms) : 0;
	return at_ms != 0 && at_ms <= now_ms ? at_ms : 0;
}

int64_t
doors_closed_until_ms(const struct policy *policy, const struct request *request,
    int64_t now_ms)
{
	int64_t closed_ms;

	if (policy->hours == NULL || hours_is_open(policy->hours, now_ms))
		return 0;
	closed_ms = closed_lately_ms(policy, now_ms);
	if (closed_ms != 0 && request->asked_at_ms < closed_ms &&
	    now_ms < closed_ms + policy->after_close_ms)
		return 0;
	return hours_opens(policy->hours, now_ms);
}

int64_t
doors_close_ms(const struct policy *policy, const struct request *request,
    int64_t now_ms)
{
	int64_t close_ms;

	if (policy->hours == NULL)
		return 0;
	if (doors_closed_until_ms(policy, request, now_ms) != 0)
		return now_ms;
	close_ms = hours_is_open(policy->hours, now_ms) ?
	    hours_change(policy->hours, now_ms) :
	    closed_lately_ms(policy, now_ms);
	return close_ms == 0 ? 0 : close_ms + policy->after_close_ms;
}

const char *
doors_bar(const struct policy *policy, const struct request *request,
    const struct doors_hint *hint, const struct expectation *seen,
    int64_t now_ms)
{
	int64_t at_ms = request->at_ms > now_ms ? request->at_ms : now_ms;
	int64_t close_ms;

	if (hint != NULL && at_ms < hint->closed_until_ms)
		return "closed_today";
	if (policy->hours != NULL) {
		if (!hours_is_open(policy->hours, at_ms))
			return "closed";
		close_ms = hours_change(policy->hours, at_ms);
		if (close_ms != 0 && request->promise_at_ms >
		    close_ms + policy->after_close_ms)
			return "closing";
	}
	if (hint != NULL && request->at_ms > now_ms && hint->is_full)
		return "full";
	return request->at_ms <= now_ms && seen != NULL && seen->to_ms != 0 &&
	    seen->on_time < policy->slot_least ? "crowded" : NULL;
}

int
doors_capacity(const struct policy *policy, const char *queue,
    double handling_ms, int64_t from_ms)
{
	struct slot_rules rules = { .length_ms = policy->slot_length_ms,
		.share = policy->slot_share };
	struct expect_queue team = { .handling_ms = handling_ms };
	int capacity;

	for (size_t i = 0; i < policy->specialist_count; i++) {
		const struct specialist_policy *one = &policy->specialists[i];

		team.specialists += policy_level(one, queue) > 0 &&
		    !one->is_duty && hours_is_open(one->shift, from_ms);
	}
	/* Who comes by the rota is not known here. */
	if (team.specialists == 0) {
		for (size_t i = 0; i < policy->specialist_count; i++)
			team.specialists |= policy->specialists[i].is_duty &&
			    policy_level(&policy->specialists[i], queue) > 0;
	}
	if (team.specialists == 0)
		return 0;
	capacity = slot_capacity(&rules, &team);
	return capacity > 0 ? capacity : 1;
}

static size_t
count_between(const int64_t *taken, size_t count, const struct slot_span *slot)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += taken[i] >= slot->from_ms && taken[i] < slot->to_ms;
	return found;
}

static bool
is_open_throughout(const struct policy *policy, const struct slot_span *slot)
{
	int64_t close_ms;

	if (policy->hours == NULL)
		return true;
	close_ms = hours_change(policy->hours, slot->from_ms);
	return hours_is_open(policy->hours, slot->from_ms) &&
	    (close_ms == 0 || close_ms >= slot->to_ms);
}

bool
doors_find(const struct policy *policy, const char *queue, double handling_ms,
    int64_t from_ms, const int64_t *taken, size_t taken_count,
    struct slot_span *ret_slot)
{
	const struct slot_rules rules = { .length_ms = policy->slot_length_ms };
	const int64_t last_ms = from_ms + DOORS_DAYS * INT64_C(86400000);
	int64_t at_ms = from_ms;

	for (int i = 0; i < DOORS_SLOTS_MAX && at_ms < last_ms; i++) {
		struct slot_span slot = slot_at(&rules, at_ms, 0);

		if (policy->hours != NULL &&
		    !hours_is_open(policy->hours, slot.from_ms)) {
			int64_t opens_ms = hours_opens(policy->hours, slot.from_ms);

			if (opens_ms == 0)
				return false;
			at_ms = opens_ms;
			slot = slot_at(&rules, at_ms, 0);
		}
		at_ms = slot.to_ms;
		if (!is_open_throughout(policy, &slot) ||
		    count_between(taken, taken_count, &slot) >=
		        (size_t)doors_capacity(policy, queue, handling_ms,
		            slot.from_ms))
			continue;
		*ret_slot = slot;
		return true;
	}
	return false;
}
