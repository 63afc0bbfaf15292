/* SPDX-License-Identifier: MIT */
/* rules: two tables of hours, in two zones, and what is excepted from each. */
#include "lib/rules.h"

#include <string.h>

#include "lib/hours.h"
#include "lib/phone.h"
#include "lib/zone.h"

#define DAY_MS (INT64_C(1000) * HOURS_DAY_S)

/* A closing further away is looked for when that time has come. */
enum { AHEAD_DAYS = 2, TURNS_MAX = 10000 };

/* When a customer's phone may ring, by their clock. */
struct loud {
	struct hours hours;
	struct hours_span span;
};

const struct zone *
rules_zone(const struct policy *policy, const struct request *request)
{
	return policy_zone(policy, request->zone);
}

/* The quiet hours of those who have the most in common with the number. */
static const struct quiet_policy *
quiet_of(const struct policy *policy, const char *phone)
{
	const struct quiet_policy *best = NULL;
	size_t best_length = 0;

	for (size_t i = 0; i < policy->quiet_count; i++) {
		const struct quiet_policy *quiet = &policy->quiets[i];
		size_t length = strlen(quiet->prefix);

		if (strncmp(quiet->prefix, phone, length) == 0 &&
		    (best == NULL || length >= best_length)) {
			best = quiet;
			best_length = length;
		}
	}
	return best;
}

/* NULL: at any time. */
static const struct hours *
loud_hours(const struct policy *policy, const struct request *request,
    struct loud *loud)
{
	const struct quiet_policy *quiet = quiet_of(policy, request->phone);

	if (quiet == NULL || quiet->from_s == quiet->to_s)
		return NULL;
	loud->span = (struct hours_span){ 127, quiet->to_s, quiet->from_s +
		(quiet->from_s < quiet->to_s ? HOURS_DAY_S : 0) };
	loud->hours = (struct hours){ .zone = rules_zone(policy, request),
		.week = &loud->span, .week_count = 1 };
	return &loud->hours;
}

/* They asked for it themselves, and were promised it. */
static bool
may_disturb(const struct policy *policy, const struct request *request,
    int64_t at_ms)
{
	return request->asks_now && !policy->quiet_waits &&
	    at_ms < request->promise_at_ms;
}

/* Until when who asked before that closing is called after it; 0: they did not. */
static int64_t
grace_end(const struct policy *policy, const struct request *request,
    int64_t closed_ms)
{
	return closed_ms != 0 && request->asked_at_ms < closed_ms ?
	    closed_ms + policy->after_close_ms : 0;
}

/* The same at a moment at which it is closed. */
static int64_t
grace_at(const struct policy *policy, const struct request *request,
    const struct hours *hours, int64_t at_ms)
{
	if (policy->after_close_ms == 0)
		return 0;
	return grace_end(policy, request, hours_closed_at(hours,
	    at_ms - policy->after_close_ms, at_ms));
}

/* Open, or so short after closing that who asked before is still called. */
static bool
is_open(const struct policy *policy, const struct request *request,
    const struct hours *hours, int64_t at_ms)
{
	return hours_is_open(hours, at_ms) ||
	    at_ms < grace_at(policy, request, hours, at_ms);
}

int64_t
rules_next_ms(const struct policy *policy, const struct request *request,
    int64_t at_ms)
{
	const struct hours *hours = policy_hours(policy, request->queue);
	int64_t end_ms = at_ms + HOURS_HORIZON_DAYS * DAY_MS;
	struct loud loud;
	const struct hours *calls = loud_hours(policy, request, &loud);

	/* Each turn goes on to an opening of one of the two; a year has few enough. */
	for (int i = 0; i < TURNS_MAX && at_ms != 0 && at_ms < end_ms; i++) {
		if (!is_open(policy, request, hours, at_ms))
			at_ms = hours_opens(hours, at_ms);
		else if (!hours_is_open(calls, at_ms))
			at_ms = hours_opens(calls, at_ms);
		else
			return at_ms;
	}
	return RULES_NEVER;
}

bool
rules_allow_call(const struct policy *policy, const struct request *request,
    int64_t now_ms, const char **ret_reason, int64_t *ret_until_ms)
{
	const struct queue_policy *queue =
	    policy_queue(policy, request->queue);
	const struct hours *hours = policy_hours(policy, request->queue);
	struct loud loud;

	if (phone_prefix_reason(policy, request->phone) != PHONE_FINE) {
		*ret_reason = "prefix";
		*ret_until_ms = 0;
		return false;
	}
	if (queue != NULL && queue->closed_until_ms > now_ms) {
		*ret_reason = "closed";
		*ret_until_ms = rules_next_ms(policy, request,
		    queue->closed_until_ms);
		return false;
	}
	if (!hours_is_open(hours, now_ms) &&
	    (now_ms >= request->promise_at_ms ||
	        now_ms >= grace_at(policy, request, hours, now_ms))) {
		*ret_reason = "closed";
		/* What is left of the grace is for promises. */
		*ret_until_ms = hours_opens(hours, now_ms);
		*ret_until_ms = *ret_until_ms == 0 ? RULES_NEVER :
		    rules_next_ms(policy, request, *ret_until_ms);
		return false;
	}
	if (!may_disturb(policy, request, now_ms) &&
	    !hours_is_open(loud_hours(policy, request, &loud), now_ms)) {
		*ret_reason = "quiet_hours";
		*ret_until_ms = rules_next_ms(policy, request, now_ms);
		return false;
	}
	return true;
}

static int64_t
sooner(int64_t a_ms, int64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

/* When the opening hours end it, which allow it now. */
static int64_t
closes_at(const struct policy *policy, const struct request *request,
    const struct hours *hours, int64_t now_ms)
{
	int64_t by_ms = now_ms + AHEAD_DAYS * DAY_MS, closed_ms, end_ms;

	if (!hours_is_open(hours, now_ms))
		return sooner(request->promise_at_ms,
		    grace_at(policy, request, hours, now_ms));
	closed_ms = hours_closes_by(hours, now_ms, by_ms);
	if (closed_ms == 0)
		return by_ms;
	end_ms = sooner(request->promise_at_ms,
	    grace_end(policy, request, closed_ms));
	return end_ms > closed_ms ? end_ms : closed_ms;
}

int64_t
rules_end_ms(const struct policy *policy, const struct request *request,
    int64_t now_ms)
{
	const struct hours *hours = policy_hours(policy, request->queue);
	struct loud loud;
	const struct hours *calls = loud_hours(policy, request, &loud);
	const char *reason;
	int64_t until_ms, end_ms = 0;

	if (hours == NULL && calls == NULL)
		return 0;
	if (!rules_allow_call(policy, request, now_ms, &reason, &until_ms))
		return until_ms == 0 ? 0 : now_ms;
	if (hours != NULL)
		end_ms = closes_at(policy, request, hours, now_ms);
	if (calls != NULL) {
		int64_t quiet_ms = may_disturb(policy, request, now_ms) ?
		    request->promise_at_ms : hours_closes(calls, now_ms);

		end_ms = end_ms == 0 ? quiet_ms : sooner(end_ms, quiet_ms);
	}
	return end_ms;
}
