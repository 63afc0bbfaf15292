/* SPDX-License-Identifier: MIT */
/* doors: opening hours, and the slots inside of them. */
#include "lib/doors.h"

#include <string.h>

#include "lib/hours.h"
#include "lib/rules.h"

const char *
doors_bar(const struct policy *policy, const struct request *request,
    const struct doors_hint *hint, const struct expectation *seen,
    int64_t now_ms)
{
	int64_t at_ms = request->at_ms > now_ms ? request->at_ms : now_ms;
	const struct hours *hours = policy_hours(policy, request->queue);
	int64_t close_ms;

	if (hint != NULL && at_ms < hint->closed_until_ms)
		return "closed_today";
	if (hours != NULL) {
		if (!hours_is_open(hours, at_ms))
			return "closed";
		close_ms = hours_change(hours, at_ms);
		if (close_ms != 0 && request->promise_at_ms >
		    close_ms + policy->after_close_ms)
			return "closing";
	}
	if (at_ms > now_ms && rules_next_ms(policy, request, at_ms) != at_ms)
		return "quiet_hours";
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
is_open_throughout(const struct hours *hours, const struct slot_span *slot)
{
	int64_t close_ms;

	if (hours == NULL)
		return true;
	close_ms = hours_change(hours, slot->from_ms);
	return hours_is_open(hours, slot->from_ms) &&
	    (close_ms == 0 || close_ms >= slot->to_ms);
}

bool
doors_find(const struct policy *policy, const char *queue,
    const struct request *whose, double handling_ms, int64_t from_ms,
    const int64_t *taken, size_t taken_count, struct slot_span *ret_slot)
{
	const struct hours *hours = policy_hours(policy, queue);
	const struct slot_rules rules = { .length_ms = policy->slot_length_ms };
	const int64_t last_ms = from_ms + DOORS_DAYS * INT64_C(86400000);
	int64_t at_ms = from_ms;

	for (int i = 0; i < DOORS_SLOTS_MAX && at_ms < last_ms; i++) {
		struct slot_span slot = slot_at(&rules, at_ms, 0);

		if (hours != NULL && !hours_is_open(hours, slot.from_ms)) {
			int64_t opens_ms = hours_opens(hours, slot.from_ms);

			if (opens_ms == 0)
				return false;
			at_ms = opens_ms;
			slot = slot_at(&rules, at_ms, 0);
		}
		at_ms = slot.to_ms;
		if (!is_open_throughout(hours, &slot) || (whose != NULL &&
		        rules_next_ms(policy, whose, slot.from_ms) !=
		            slot.from_ms) ||
		    count_between(taken, taken_count, &slot) >=
		        (size_t)doors_capacity(policy, queue, handling_ms,
		            slot.from_ms))
			continue;
		*ret_slot = slot;
		return true;
	}
	return false;
}
