/* SPDX-License-Identifier: MIT */
/* commit_answer: what a website reads of its request, whatever else a commit carries. */
#include "lib/commit.h"

#include <string.h>

#include "lib/answer.h"
#include "lib/commit_internal.h"
#include "lib/promise.h"

const char *
commit_answer_state(const struct request *request)
{
	switch (request->state) {
	case REQUEST_SCHEDULED:
		return "scheduled";
	case REQUEST_WAITING:
	case REQUEST_OFFERED:
	case REQUEST_TAKEN:
		return "waiting";
	case REQUEST_CALLING:
		return "calling";
	case REQUEST_TALKING:
		return "talking";
	case REQUEST_WRAPPING:
		return "done";
	case REQUEST_REFERRED:
		return request->talk_ms > 0 ? "done" : "waiting";
	case REQUEST_CLOSED:
		if (strcmp(request->reason, "cancelled") == 0)
			return "cancelled";
		if (strcmp(request->reason, "unreachable") == 0 ||
		    strcmp(request->reason, "invalid_number") == 0 ||
		    strcmp(request->reason, "wrong_person") == 0)
			return "unreachable";
		return "done";
	case REQUEST_NONE:
	case REQUEST_STATE_COUNT:
		break;
	}
	return "waiting";
}

static bool
has_promise(const struct request *request)
{
	return request->state >= REQUEST_SCHEDULED &&
	    request->state <= REQUEST_TAKEN;
}

bool
commit_answers_differ(const struct request *a, const struct request *b)
{
	return strcmp(commit_answer_state(a), commit_answer_state(b)) != 0 ||
	    a->state == REQUEST_NONE || has_promise(a) != has_promise(b) ||
	    (has_promise(b) && (a->promise_at_ms != b->promise_at_ms ||
	        a->second_at_ms != b->second_at_ms)) ||
	    strcmp(a->queue, b->queue) != 0 || a->at_ms != b->at_ms ||
	    a->expect_to_ms != b->expect_to_ms ||
	    a->is_missed != b->is_missed ||
	    strcmp(a->reason, b->reason) != 0;
}

/* Of our own lists nobody learns by asking. */
static bool
is_told_as_it_is(const char *reason)
{
	return strcmp(reason, "blocked") != 0 && strcmp(reason, "prefix") != 0;
}

char *
commit_answer(const struct policy *policy, const struct request *request,
    const char *site_id, const char *warnings_json)
{
	const struct queue_policy *queue =
	    policy_queue(policy, request->queue);
	struct answer answer = { .id = site_id[0] != '\0' ? site_id : NULL,
		.state = commit_answer_state(request),
		.number = request->number, .queue = request->queue,
		.warnings_json = warnings_json };

	if (queue != NULL && queue->caller_id_count > 0)
		answer.caller_id = policy_caller_id(queue, request->phone);
	if (request->reason[0] != '\0' &&
	    request->state != REQUEST_WAITING &&
	    request->state != REQUEST_OFFERED)
		answer.why = is_told_as_it_is(request->reason) ?
		    request->reason : "not_accepted";
	if (has_promise(request))
		answer.promise_s = (request->is_missed &&
		    request->second_at_ms != 0 ? request->second_at_ms :
		    request->promise_at_ms) / 1000;
	answer.is_late = has_promise(request) && request->is_missed;
	if (request->state == REQUEST_SCHEDULED) {
		answer.slot_from_s = request->at_ms / 1000;
		answer.slot_to_s = request->promise_at_ms / 1000;
	} else if ((request->state == REQUEST_WAITING ||
	               request->state == REQUEST_OFFERED) &&
	    promise_is_expected(request)) {
		answer.expect_from_s = request->expect_from_ms / 1000;
		answer.expect_to_s = (request->expect_to_ms <
		    request->promise_at_ms ? request->expect_to_ms :
		    request->promise_at_ms) / 1000;
	}
	return answer_live(&answer);
}
