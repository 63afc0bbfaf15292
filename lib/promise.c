/* SPDX-License-Identifier: MIT */
/* promise: windows become instants here and nowhere else. */
#include "lib/promise.h"

#include <string.h>

#include "lib/check.h"
#include "lib/hours.h"

struct window
window_of(const struct policy *policy, const struct request *request)
{
	const struct queue_policy *found = policy_queue(policy, request->queue);
	struct window window;

	if (found == NULL)
		found = policy_default_queue(policy);
	CHECK(found != NULL);
	window = (struct window){ found->target_ms, found->limit_ms,
		found->scheduled_ms, found->late_ms };
	if (request_was_passed(request) && found->passed_ms != 0) {
		window.limit_ms = found->passed_ms;
		if (window.target_ms > window.limit_ms)
			window.target_ms = window.limit_ms;
	}
	return window;
}

static void
make(struct request *request, int64_t target_at_ms, int64_t promise_at_ms)
{
	request->promise_number++;
	request->told = 0;
	request->target_at_ms = target_at_ms;
	request->promise_at_ms = promise_at_ms;
	request->slot_to_ms = 0;
	request->expect_from_ms = 0;
	request->expect_to_ms = 0;
	request->on_time = 0;
	request->kept_at_ms = 0;
	request->is_missed = false;
	request->second_at_ms = 0;
	request->is_second_missed = false;
	request->lane = 0;
	/* Who sees it begins anew, too. */
	request->wished_until_ms = 0;
	request->refusal_count = 0;
	request->rung = 0;
	request->level = 0;
	request->room = 1;
	memset(request->also, 0, sizeof(request->also));
}

bool
promise_counts_open(const struct policy *policy, const struct request *request)
{
	const struct queue_policy *queue = policy_queue(policy,
	    request->queue);

	return queue != NULL && request_was_passed(request) &&
	    queue->passed_ms != 0 && queue->is_passed_open;
}

/* Of a case that was passed on only the time may count in which its queue is open. */
static int64_t
after(const struct policy *policy, const struct request *request,
    int64_t start_ms, int64_t ms)
{
	int64_t open_ms = promise_counts_open(policy, request) ?
	    hours_after(policy_hours(policy, request->queue), start_ms, ms) : 0;

	return open_ms != 0 ? open_ms : start_ms + ms;
}

void
promise_soon(const struct policy *policy, struct request *request,
    int64_t start_ms)
{
	struct window window = window_of(policy, request);

	make(request, after(policy, request, start_ms, window.target_ms),
	    after(policy, request, start_ms, window.limit_ms));
}

void
promise_at(const struct policy *policy, struct request *request,
    int64_t moment_ms)
{
	struct window window = window_of(policy, request);

	make(request, moment_ms, moment_ms + window.scheduled_ms);
	request->slot_to_ms = request->promise_at_ms;
}

void
promise_asked(const struct policy *policy, struct request *request,
    int64_t at_ms, int64_t asked_at_ms, int64_t now_ms)
{
	request->at_ms = at_ms > now_ms ? at_ms : now_ms;
	if (at_ms > now_ms)
		promise_at(policy, request, at_ms);
	else
		promise_soon(policy, request, asked_at_ms);
}

void
promise_slot(struct request *request, const struct slot_span *slot)
{
	make(request, slot->from_ms, slot->to_ms);
	request->at_ms = slot->from_ms;
	request->slot_to_ms = slot->to_ms;
}

void
promise_expect(struct request *request, const struct expectation *seen,
    int64_t now_ms)
{
	request->expect_from_ms = now_ms + seen->from_ms;
	request->expect_to_ms = now_ms + seen->to_ms;
	request->on_time = (int)(seen->on_time * 1000 + .5);
}

bool
promise_is_expected(const struct request *request)
{
	return request->expect_to_ms != 0 && !request->is_missed &&
	    request->kept_at_ms == 0 &&
	    request->expect_from_ms < request->promise_at_ms;
}

void
promise_miss(const struct policy *policy, struct request *request)
{
	struct window window = window_of(policy, request);

	request->is_missed = true;
	request->missed_count++;
	request->lane = 1;
	request->second_at_ms = window.late_ms == 0 ? 0 :
	    request->promise_at_ms + window.late_ms;
}

void
promise_miss_second(struct request *request)
{
	request->is_second_missed = true;
	request->missed_count++;
}

/* An offer and a ring must still fit before it. */
static int64_t
lead_ms(const struct policy *policy)
{
	return policy->agent_ring_ms + policy->ring_ms;
}

int64_t
promise_raise_moment(const struct policy *policy, const struct request *request)
{
	if (request->lane == 0 || request->second_at_ms == 0 ||
	    request->kept_at_ms != 0)
		return 0;
	return request->second_at_ms - lead_ms(policy);
}

void
promise_raise(struct request *request)
{
	request->lane = 0;
}

int64_t
promise_first_rung_ms(const struct queue_policy *queue)
{
	for (size_t i = 0; i < queue->widening_count; i++) {
		if (queue->widenings[i].tell[0] == '\0')
			return queue->widenings[i].before_ms;
	}
	return 0;
}

int64_t
promise_hurry_ms(const struct queue_policy *queue)
{
	int64_t rung_ms = promise_first_rung_ms(queue), half_ms = queue->limit_ms / 2;

	return rung_ms > half_ms ? rung_ms : half_ms;
}

bool
promise_is_in_hurry(const struct policy *policy, const struct request *request,
    int64_t now_ms)
{
	const struct queue_policy *queue = policy_queue(policy,
	    request->queue);

	return queue == NULL || request->is_missed ||
	    request->kept_at_ms != 0 ||
	    request->promise_at_ms - promise_hurry_ms(queue) <= now_ms;
}

int64_t
promise_prefer_moment(const struct policy *policy,
    const struct request *request)
{
	const struct queue_policy *queue = policy_queue(policy,
	    request->queue);
	int64_t rung_ms, left_ms;

	if (queue == NULL || queue->prefer_ms == 0 || request->is_missed ||
	    request->kept_at_ms != 0)
		return 0;
	rung_ms = promise_first_rung_ms(queue);
	left_ms = queue->prefer_ms > rung_ms ? queue->prefer_ms : rung_ms;
	return request->promise_at_ms > left_ms ?
	    request->promise_at_ms - left_ms : 0;
}

int64_t
promise_slack_ms(const struct policy *policy, const struct request *request,
    int64_t now_ms)
{
	int64_t moment = request_promise_moment(request);

	return moment == 0 ? INT64_MAX : moment - now_ms - policy->ring_ms;
}
