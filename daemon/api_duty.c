/* SPDX-License-Identifier: MIT */
/* api_duty: the rota, which lies in the specialists' records. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"
#include "lib/duty.h"

/* Longer is a mistake: a date of another year. */
#define LONGEST_MS (INT64_C(92) * 24 * 3600 * 1000)
#define AHEAD_MS (INT64_C(366) * 24 * 3600 * 1000)

struct change {
	struct api *api;
	struct http_handle handle;
	char specialist[ID_SIZE];
};

/* ---- what stands in it */

struct line {
	const struct specialist_policy *who;
	const struct duty *duty;
};

static int
by_begin(const void *a, const void *b)
{
	const struct line *left = a, *right = b;

	return left->duty->from_ms < right->duty->from_ms ? -1 :
	    left->duty->from_ms > right->duty->from_ms ? 1 :
	    strcmp(left->who->id, right->who->id);
}

static json_t *
line_json(const struct line *line, int64_t now_ms)
{
	return json_pack("{s:s,s:s,s:s,s:I,s:I,s:b}", "queue", line->duty->queue,
	    "specialist", line->who->id, "name", line->who->name, "from",
	    (json_int_t)(line->duty->from_ms / 1000), "to",
	    (json_int_t)(line->duty->to_ms / 1000), "now",
	    line->duty->from_ms <= now_ms);
}

/* What is over is left out. */
void
api_get_duty(struct http_request *request, void *context)
{
	struct api *api = context;
	const struct policy *policy = api->policy;
	struct line *lines;
	json_t *list;
	size_t count = 0;
	int64_t now_ms;

	if (!store_knows_time(api->options.store)) {
		api_unavailable(request);
		return;
	}
	now_ms = store_now_ms(api->options.store);
	lines = calloc(policy->specialist_count * DUTY_MAX + 1, sizeof(*lines));
	list = json_array();
	CHECK(lines != NULL);
	for (size_t i = 0; i < policy->specialist_count; i++) {
		const struct specialist *one = people_at(api->options.people, i);

		for (size_t k = 0; one != NULL && k < DUTY_MAX; k++) {
			if (one->duty[k].queue[0] != '\0' &&
			    one->duty[k].to_ms > now_ms)
				lines[count++] = (struct line){
					&policy->specialists[i], &one->duty[k] };
		}
	}
	qsort(lines, count, sizeof(*lines), by_begin);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, line_json(&lines[i], now_ms));
	free(lines);
	http_reply_json(request, 200, json_pack("{s:o}", "duty", list));
}

/* ---- changing it */

static void
on_changed(void *context, uint64_t tag, const struct engine_result *result)
{
	struct change *change = context;
	struct api *api = change->api;
	struct http_request *request = http_held(api->server, change->handle);
	const struct specialist *s = result->after == NULL ? NULL :
	    situation_specialist_const(result->after, change->specialist);

	free(change);
	if (request == NULL)
		return;
	if (result->end == ENGINE_DONE && s != NULL)
		http_reply_json(request, 200, json_pack("{s:o}", "specialist",
		    api_json_specialist(api->policy, s, NULL, "",
		        store_now_ms(api->options.store))));
	else if (result->end == ENGINE_NO_ROW && tag == EVENT_OFF_DUTY)
		http_problem(request, 404, "not_found",
		    "they are not on duty for that queue, nor will be");
	else if (result->end == ENGINE_NO_ROW)
		http_problem(request, 409, "duty_full",
		    "a specialist has room for eight duties to come");
	else if (result->end == ENGINE_ABSENT)
		http_problem(request, 404, "not_found", "no such specialist");
	else
		api_unavailable(request);
}

static void
post(struct api *api, struct http_request *request, struct event *event,
    const json_t *body)
{
	struct change *change = calloc(1, sizeof(*change));
	struct engine_order order = { .on_result = on_changed,
		.context = change, .tag = event->kind };
	const char *as = api_body_text(body, "as");

	CHECK(change != NULL);
	change->api = api;
	snprintf(change->specialist, sizeof(change->specialist), "%s",
	    http_param(request, "id"));
	snprintf(event->by, sizeof(event->by), "%.*s", ID_SIZE - 1,
	    as[0] != '\0' && strlen(as) < ID_SIZE ? as :
	    http_is_control(request) ? "callbackctl" : "http");
	event->digit = -1;
	event->to = record_ref_specialist(change->specialist);
	order.event = *event;
	change->handle = http_hold(request);
	if (!engine_post(api->options.engine, &order)) {
		struct engine_result away = { .end = ENGINE_UNAVAILABLE,
			.reason = "" };

		on_changed(change, order.tag, &away);
	}
}

/* False: an answer was sent. */
static bool
names_somebody(const struct api *api, struct http_request *request,
    struct event *event)
{
	const char *queue = http_param(request, "queue");
	const struct specialist_policy *who = policy_specialist(api->policy,
	    http_param(request, "id"));

	if (policy_queue(api->policy, queue) == NULL)
		http_problem(request, 404, "not_found", "no such queue");
	else if (who == NULL)
		http_problem(request, 404, "not_found", "no such specialist");
	else if (policy_level(who, queue) == 0)
		http_problem(request, 400, "queue_not_theirs",
		    "they do not serve that queue (specialists.queues)");
	else {
		snprintf(event->queue, sizeof(event->queue), "%s", queue);
		return true;
	}
	return false;
}

static bool
read_span(struct http_request *request, const json_t *body, int64_t now_ms,
    struct event *event)
{
	const json_t *from = json_object_get(body, "from");
	const json_t *to = json_object_get(body, "to");
	json_int_t from_s = json_integer_value(from), to_s = json_integer_value(to);

	if (!json_is_integer(from) || !json_is_integer(to) || from_s < 0 ||
	    from_s > 100000000000 || to_s < 0 || to_s > 100000000000)
		http_problem(request, 400, "time_invalid",
		    "\"from\" and \"to\" are Unix seconds");
	else if (to_s <= from_s)
		http_problem(request, 400, "time_invalid",
		    "\"to\" is not after \"from\"");
	else if (to_s * 1000 <= now_ms)
		http_problem(request, 400, "time_past", "it is over already");
	else if ((to_s - from_s) * 1000 > LONGEST_MS ||
	    from_s * 1000 > now_ms + AHEAD_MS)
		http_problem(request, 400, "time_too_far",
		    "92 days at most, and to begin within a year");
	else {
		event->at_ms = from_s * 1000;
		event->until_ms = to_s * 1000;
		return true;
	}
	return false;
}

void
api_put_duty(struct http_request *request, void *context)
{
	struct api *api = context;
	struct event event = { .kind = EVENT_DUTY };
	json_t *body;

	if (!names_somebody(api, request, &event) ||
	    (body = api_body(request)) == NULL)
		return;
	if (!store_is_up(api->options.store))
		api_unavailable(request);
	else if (read_span(request, body, store_now_ms(api->options.store),
	        &event))
		post(api, request, &event, body);
	json_decref(body);
}

void
api_delete_duty(struct http_request *request, void *context)
{
	struct api *api = context;
	struct event event = { .kind = EVENT_OFF_DUTY };

	if (names_somebody(api, request, &event))
		post(api, request, &event, NULL);
}
