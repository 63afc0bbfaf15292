/* SPDX-License-Identifier: MIT */
/*
 * wake: the one place that decides when a record must be looked at next. Pure functions of the record, the policy
 * and the moment of the step; the result is stored in the record.
 */
#include "lib/doors.h"
#include "lib/life.h"
#include "lib/promise.h"
#include "lib/rules.h"
#include "lib/shift.h"
#include "lib/widen.h"

/* The earlier of two moments; 0 means never. */
static int64_t
earlier(int64_t a_ms, int64_t b_ms)
{
	if (a_ms == 0)
		return b_ms;
	if (b_ms == 0)
		return a_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

static int64_t
waiting_wake(const struct policy *policy, const struct request *request)
{
	int64_t wake = request_promise_moment(request);

	wake = earlier(wake, request->hold_until_ms);
	wake = earlier(wake, promise_raise_moment(policy, request));
	wake = earlier(wake, widen_moment(policy, request));
	return wake;
}

/* An offer that is out is let end first. */
static int64_t
give_up_moment(const struct policy *policy, const struct request *request)
{
	if (policy->give_up_ms == 0 || !request->is_missed)
		return 0;
	return (request->second_at_ms != 0 ? request->second_at_ms :
	    request->promise_at_ms) + policy->give_up_ms;
}

int64_t
request_wake(const struct policy *policy, const struct request *request,
    int64_t now_ms)
{
	int64_t wake;

	switch (request->state) {
	case REQUEST_SCHEDULED:
		return request->at_ms;
	case REQUEST_WAITING:
		wake = earlier(waiting_wake(policy, request),
		    request->wished_until_ms);
		wake = earlier(wake, rules_end_ms(policy, request, now_ms));
		return earlier(wake, give_up_moment(policy, request));
	case REQUEST_OFFERED:
		wake = waiting_wake(policy, request);
		for (size_t i = 0; i < OFFER_MAX; i++) {
			if (request->offers[i].specialist[0] != '\0')
				wake = earlier(wake,
				    request->offers[i].until_ms);
		}
		return wake;
	case REQUEST_TAKEN:
	case REQUEST_CALLING:
		return request_promise_moment(request);
	case REQUEST_WRAPPING:
		return request->state_until_ms;
	case REQUEST_REFERRED:
		return earlier(request_promise_moment(request),
		    request->state_until_ms);
	case REQUEST_TALKING:
	case REQUEST_NONE:
	case REQUEST_CLOSED:
	case REQUEST_STATE_COUNT:
		break;
	}
	return 0;
}

/* A live call that nobody hears of is asked about; a revoked one is hung up
 * again; one whose customer has gone must end soon. */
static int64_t
live_wake(const struct policy *policy, const struct call *call, int64_t now_ms)
{
	if (call_is_by_hand(call))
		return now_ms + policy->result_remind_ms;
	return now_ms + (call->is_revoked ? policy->look_up_ms :
	    policy->poll_ms);
}

int64_t
call_wake(const struct policy *policy, const struct call *call, int64_t now_ms)
{
	switch (call->state) {
	case CALL_PLACING:
		return call->placed_at_ms + policy->place_lease_ms;
	case CALL_UNSURE:
		return now_ms + policy->look_up_ms;
	case CALL_LIVE:
		return live_wake(policy, call, now_ms);
	case CALL_NONE:
	case CALL_ENDED:
	case CALL_STATE_COUNT:
		break;
	}
	return 0;
}

/* A text that was sent is asked about less and less often. */
int64_t
message_wake(const struct policy *policy, const struct message *message,
    int64_t now_ms)
{
	int64_t age_ms;

	switch (message->state) {
	case MESSAGE_QUEUED:
		return message->send_at_ms;
	case MESSAGE_SENDING:
		return message->sending_at_ms + policy->place_lease_ms;
	case MESSAGE_UNSURE:
		return now_ms + policy->look_up_ms;
	case MESSAGE_GIVEN:
		if (message->progress == MESSAGE_DELIVERED)
			return now_ms;
		age_ms = now_ms - message->given_at_ms;
		return now_ms + (age_ms > policy->poll_ms ? age_ms :
		    policy->poll_ms);
	case MESSAGE_NONE:
	case MESSAGE_ENDED:
	case MESSAGE_STATE_COUNT:
		break;
	}
	return 0;
}

/* Paused: until their return. Who is available by what they chose, and is not there,
 * is off shift, or was not seen: then only they can end it. Who comes on shift comes
 * at once, also by a shift that was just changed. */
static int64_t
away_wake(const struct policy *policy, const struct specialist *s, int64_t now_ms)
{
	if (s->status == STATUS_OFF || (s->status == STATUS_PAUSED &&
	        (s->return_at_ms == 0 || s->return_at_ms > now_ms)))
		return s->status == STATUS_PAUSED ? s->return_at_ms : 0;
	if (!shift_is_on(policy, s, now_ms, NULL))
		return shift_starts_ms(policy, s, now_ms);
	return specialist_is_absent(policy, s, now_ms) ? 0 : now_ms;
}

int64_t
specialist_wake(const struct policy *policy,
    const struct specialist *specialist, int64_t now_ms)
{
	switch (specialist->state) {
	case SPECIALIST_AWAY:
		return away_wake(policy, specialist, now_ms);
	case SPECIALIST_IDLE:
		if (!shift_is_on(policy, specialist, now_ms, NULL))
			return now_ms;
		return earlier(policy->presence_ms == 0 ? 0 :
		    specialist->seen_at_ms + policy->presence_ms,
		    shift_last_offer_ms(policy, specialist, now_ms));
	case SPECIALIST_ELSEWHERE:
		return specialist->elsewhere_until_ms;
	case SPECIALIST_OFFERED:
	case SPECIALIST_BUSY:
	case SPECIALIST_WRAPPING:
	case SPECIALIST_RESTING:
		return specialist->until_ms;
	case SPECIALIST_NONE:
	case SPECIALIST_STATE_COUNT:
		break;
	}
	return 0;
}
