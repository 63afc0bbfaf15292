/* SPDX-License-Identifier: MIT */
/* match: two orders. */
#include "lib/match.h"

#include <string.h>

#include "lib/promise.h"

enum { SAME_IDLENESS_MS = 1000 };

static int64_t
moment_of(const struct request *request)
{
	return request->lane == 0 && request->is_missed &&
	    request->second_at_ms != 0 ? request->second_at_ms :
	    request->promise_at_ms;
}

static int
compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int
match_order(const struct request *a, const struct request *b)
{
	int order = compare(a->lane, b->lane);

	if (order == 0)
		order = compare(moment_of(a), moment_of(b));
	if (order == 0)
		order = compare(a->asked_at_ms, b->asked_at_ms);
	return order != 0 ? order : strcmp(a->id, b->id);
}

int
match_rank(const struct request *request, int level, int level_elsewhere)
{
	return level > 0 && level >= request->level ? LEVEL_MAX + level :
	    level_elsewhere;
}

static int
rank_of(const struct request *request, const struct specialist *specialist)
{
	int elsewhere = 0;

	for (size_t i = 0; i < ALSO_MAX; i++) {
		int level = request->also[i][0] == '\0' ? 0 :
		    specialist_level(specialist, request->also[i]);

		if (level > elsewhere)
			elsewhere = level;
	}
	return match_rank(request,
	    specialist_level(specialist, request->queue), elsewhere);
}

bool
match_fits(const struct request *request, const struct specialist *specialist,
    int64_t now_ms)
{
	return specialist->state == SPECIALIST_IDLE &&
	    rank_of(request, specialist) > 0 && request_is_open(request) &&
	    request_may_ask(request, specialist->id, now_ms);
}

bool
match_is_worth_waiting(const struct request *request,
    const struct specialist *wished, int64_t now_ms, const char **ret_why)
{
	*ret_why = "";
	if (wished->status == STATUS_PAUSED)
		*ret_why = "paused";
	else if (wished->status != STATUS_AVAILABLE)
		*ret_why = "off";
	else if (wished->state == SPECIALIST_AWAY)
		*ret_why = "away";
	else if (wished->state == SPECIALIST_ELSEWHERE ||
	    wished->elsewhere_until_ms > now_ms)
		*ret_why = "elsewhere";
	else if (rank_of(request, wished) == 0 ||
	    !request_may_ask(request, wished->id, now_ms))
		*ret_why = "not asked";
	return (*ret_why)[0] == '\0';
}

bool
match_may_take(const struct policy *policy, const struct request *request,
    size_t idle_count, int64_t now_ms)
{
	const struct queue_policy *queue = policy_queue(policy,
	    request->queue);

	return queue == NULL || queue->keep_for_line == 0 ||
	    idle_count > (size_t)queue->keep_for_line ||
	    promise_is_in_hurry(policy, request, now_ms);
}

bool
match_key_is_better(const struct match_key *a, const struct match_key *b)
{
	int64_t apart = a->since_ms - b->since_ms;

	if (a->rank != b->rank)
		return a->rank > b->rank;
	if (apart >= SAME_IDLENESS_MS || apart <= -SAME_IDLENESS_MS)
		return apart < 0;
	if (a->queue_count != b->queue_count)
		return a->queue_count < b->queue_count;
	return strcmp(a->id, b->id) < 0;
}

static struct match_key
key_of(const struct request *request, const struct specialist *specialist)
{
	return (struct match_key){
		.rank = rank_of(request, specialist),
		.since_ms = specialist->since_ms,
		.queue_count = specialist_queue_count(specialist),
		.id = specialist->id,
	};
}

bool
match_is_better(const struct request *request, const struct specialist *a,
    const struct specialist *b)
{
	bool wished_a = strcmp(request->wished, a->id) == 0;
	bool wished_b = strcmp(request->wished, b->id) == 0;
	struct match_key key_a = key_of(request, a), key_b = key_of(request, b);

	if (wished_a != wished_b)
		return wished_a;
	return match_key_is_better(&key_a, &key_b);
}
