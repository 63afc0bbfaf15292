/* SPDX-License-Identifier: MIT */
/* widen: rungs, one after the other. */
#include "lib/widen.h"

const struct widening *
widen_next(const struct policy *policy, const struct request *request,
    int *ret_rung)
{
	const struct queue_policy *queue = policy_queue(policy,
	    request->queue);

	for (size_t i = (size_t)request->rung; queue != NULL &&
	    i < queue->widening_count; i++) {
		if (request->is_missed && queue->widenings[i].tell[0] == '\0')
			continue;
		*ret_rung = (int)i;
		return &queue->widenings[i];
	}
	return NULL;
}

int64_t
widen_moment(const struct policy *policy, const struct request *request)
{
	int64_t promise_ms = request_promise_moment(request);
	int rung;
	const struct widening *next = promise_ms == 0 ? NULL :
	    widen_next(policy, request, &rung);

	/* 0 would be never: no promise is that old. */
	return next == NULL ? 0 : promise_ms > next->before_ms ?
	    promise_ms - next->before_ms : 1;
}

void
widen_by(struct request *request, const struct widening *widening)
{
	if (widening->level != 0 && widening->level < request->level)
		request->level = widening->level;
	if (widening->queue[0] != '\0')
		request_show_in(request, widening->queue);
	if (widening->offers > request->room)
		request->room = widening->offers < OFFER_MAX ?
		    widening->offers : OFFER_MAX;
}

void
widen_fully(const struct policy *policy, struct request *request)
{
	const struct queue_policy *queue = policy_queue(policy,
	    request->queue);

	for (size_t i = 0; queue != NULL && i < queue->widening_count; i++)
		widen_by(request, &queue->widenings[i]);
	request->rung = 0;
}
