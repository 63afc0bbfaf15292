/* SPDX-License-Identifier: MIT */
/* promise and retry: what the customer is told, and when they are tried again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/check.h"
#include "lib/promise.h"
#include "lib/retry.h"

#define START_MS INT64_C(1700000000000)
#define MINUTE_MS INT64_C(60000)

static struct queue_policy queues[2];
static struct policy policy;
static struct request request;

static int
set_up(void **state)
{
	(void)state;
	policy_defaults(&policy);
	for (int i = 0; i < 2; i++)
		queue_policy_defaults(&queues[i]);
	strcpy(queues[0].id, "cards");
	strcpy(queues[1].id, "loans");
	queues[1].is_default = true;
	queues[1].limit_ms = 5 * MINUTE_MS;
	policy.queues = queues;
	policy.queue_count = 2;
	memset(&request, 0, sizeof(request));
	strcpy(request.queue, "cards");
	request.state = REQUEST_WAITING;
	return 0;
}

static void
soon_is_target_and_limit(void **state)
{
	(void)state;
	promise_soon(&policy, &request, START_MS);
	assert_int_equal(request.promise_number, 1);
	assert_int_equal(request.target_at_ms, START_MS + 10 * MINUTE_MS);
	assert_int_equal(request.promise_at_ms, START_MS + 15 * MINUTE_MS);
	assert_int_equal(request_promise_moment(&request),
	    request.promise_at_ms);
}

static void
a_chosen_moment_is_its_own_target(void **state)
{
	(void)state;
	promise_at(&policy, &request, START_MS);
	assert_int_equal(request.target_at_ms, START_MS);
	assert_int_equal(request.promise_at_ms, START_MS + 5 * MINUTE_MS);
}

static void
a_removed_queue_has_the_default_ones_window(void **state)
{
	(void)state;
	strcpy(request.queue, "gone");
	promise_soon(&policy, &request, START_MS);
	assert_int_equal(request.promise_at_ms, START_MS + 5 * MINUTE_MS);
}

static void
a_missed_promise_is_followed_by_one_more(void **state)
{
	int64_t lead_ms = policy.agent_ring_ms + policy.ring_ms;

	(void)state;
	promise_soon(&policy, &request, START_MS);
	assert_int_equal(promise_raise_moment(&policy, &request), 0);
	promise_miss(&policy, &request);
	assert_int_equal(request.lane, 1);
	assert_int_equal(request.missed_count, 1);
	assert_int_equal(request.second_at_ms, START_MS + 75 * MINUTE_MS);
	assert_int_equal(request_promise_moment(&request),
	    request.second_at_ms);
	assert_int_equal(promise_raise_moment(&policy, &request),
	    request.second_at_ms - lead_ms);
	request.lane = 0;
	assert_int_equal(promise_raise_moment(&policy, &request), 0);
	promise_miss_second(&request);
	assert_int_equal(request.missed_count, 2);
	assert_int_equal(request_promise_moment(&request), 0);
}

static void
without_a_second_promise_nothing_is_open(void **state)
{
	(void)state;
	queues[0].late_ms = 0;
	promise_soon(&policy, &request, START_MS);
	promise_miss(&policy, &request);
	assert_int_equal(request.second_at_ms, 0);
	assert_int_equal(request_promise_moment(&request), 0);
	assert_int_equal(promise_raise_moment(&policy, &request), 0);
	assert_int_equal(promise_slack_ms(&policy, &request, START_MS),
	    INT64_MAX);
}

static void
a_new_promise_forgets_the_old_one(void **state)
{
	(void)state;
	promise_soon(&policy, &request, START_MS);
	promise_miss(&policy, &request);
	promise_miss_second(&request);
	request.kept_at_ms = START_MS;
	promise_at(&policy, &request, START_MS + MINUTE_MS);
	assert_int_equal(request.promise_number, 2);
	assert_int_equal(request.kept_at_ms, 0);
	assert_false(request.is_missed);
	assert_false(request.is_second_missed);
	assert_int_equal(request.second_at_ms, 0);
	assert_int_equal(request.lane, 0);
	assert_int_equal(request.missed_count, 2);
}

static void
a_kept_promise_is_over(void **state)
{
	(void)state;
	promise_soon(&policy, &request, START_MS);
	assert_int_equal(promise_slack_ms(&policy, &request, START_MS),
	    15 * MINUTE_MS - policy.ring_ms);
	request.kept_at_ms = START_MS + 1;
	assert_int_equal(request_promise_moment(&request), 0);
	assert_int_equal(promise_slack_ms(&policy, &request, START_MS),
	    INT64_MAX);
	request.kept_at_ms = 0;
	request.state = REQUEST_CLOSED;
	assert_int_equal(request_promise_moment(&request), 0);
}

static void
retries_follow_the_outcome(void **state)
{
	static const struct {
		enum call_outcome outcome;
		int attempts;
		int64_t delay_ms;
	} cases[] = {
		{ OUTCOME_NO_ANSWER, 1, 2 * MINUTE_MS },
		{ OUTCOME_NO_ANSWER, 2, 15 * MINUTE_MS },
		{ OUTCOME_NO_ANSWER, 3, -1 },
		{ OUTCOME_NO_ANSWER, 0, 2 * MINUTE_MS },
		{ OUTCOME_BUSY, 2, 2 * MINUTE_MS },
		{ OUTCOME_BUSY, 3, -1 },
		{ OUTCOME_VOICEMAIL, 2, 15 * MINUTE_MS },
		{ OUTCOME_ANSWERED, 1, 2 * MINUTE_MS },
		{ OUTCOME_INVALID_NUMBER, 1, -1 },
		{ OUTCOME_UNKNOWN, 1000000000, -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(retry_delay_ms(&policy, cases[i].outcome,
		    cases[i].attempts), cases[i].delay_ms);
	/* Delays of its own, and none. */
	policy.retries[RETRY_BUSY] = (struct retry_list){ true,
		{ MINUTE_MS, 3 * MINUTE_MS, 10 * MINUTE_MS }, 3 };
	policy.retries[RETRY_VOICEMAIL].is_own = true;
	assert_int_equal(retry_delay_ms(&policy, OUTCOME_BUSY, 1), MINUTE_MS);
	assert_int_equal(retry_delay_ms(&policy, OUTCOME_BUSY, 3), 10 * MINUTE_MS);
	assert_int_equal(retry_delay_ms(&policy, OUTCOME_BUSY, 4), -1);
	assert_int_equal(retry_delay_ms(&policy, OUTCOME_VOICEMAIL, 1), -1);
	assert_int_equal(retry_delay_ms(&policy, OUTCOME_NO_ANSWER, 1), 2 * MINUTE_MS);
	memset(policy.retries, 0, sizeof(policy.retries));
	assert_int_equal(retry_again_ms(&policy, 1), 2 * MINUTE_MS);
	assert_int_equal(retry_again_ms(&policy, 7), 15 * MINUTE_MS);
	policy.retry_count = 0;
	assert_int_equal(retry_again_ms(&policy, 1), 0);
	for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++)
		assert_int_equal(retry_delay_ms(&policy,
		    (enum call_outcome)outcome, 1), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(soon_is_target_and_limit, set_up),
		cmocka_unit_test_setup(a_chosen_moment_is_its_own_target,
		    set_up),
		cmocka_unit_test_setup(
		    a_removed_queue_has_the_default_ones_window, set_up),
		cmocka_unit_test_setup(
		    a_missed_promise_is_followed_by_one_more, set_up),
		cmocka_unit_test_setup(
		    without_a_second_promise_nothing_is_open, set_up),
		cmocka_unit_test_setup(a_new_promise_forgets_the_old_one,
		    set_up),
		cmocka_unit_test_setup(a_kept_promise_is_over, set_up),
		cmocka_unit_test_setup(retries_follow_the_outcome, set_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
