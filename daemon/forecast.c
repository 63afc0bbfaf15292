/* SPDX-License-Identifier: MIT */
/* forecast: a picture for each queue, and the theory asked about it. */
#include "daemon/forecast.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/check.h"
#include "lib/promise.h"
#include "lib/shift.h"
#include "lib/standing.h"

enum {
	SEEN_MAX = EXPECT_AHEAD_MAX + 1,
	DAYS = 7,
	HANDLING_EVERY_MS = 60000,
	FEW_AHEAD = 16,	 /* cheap enough to reckon for each request */
	LASTS_MS = 1000, /* what was reckoned with more serves others so long */
	TEAM_LASTS_MS = 100, /* who is at work is counted so often */
	TOGETHER_MS =
	    60000, /* who returns within it of the first is counted with them */
};

struct waiter {
	char id[REQUEST_ID_SIZE];
	int64_t score;
};

struct team {
	double at_work, idle, back; /* people, in parts */
	int64_t back_at_ms;         /* the first of them; 0: nobody knows */
};

struct view {
	char queue[ID_SIZE];
	struct waiter waiters[SEEN_MAX];
	size_t waiter_count; /* the first, in order */
	size_t total;	     /* on time, or raised */
	struct handling handling;
	int64_t handled, handled_ms; /* measured; of the days read so far */
	struct expectation last;     /* with many ahead */
	int64_t last_at_ms;
	struct team team;               /* looked at each TEAM_LASTS_MS */
	int64_t team_at_ms;
};

struct forecast {
	struct store *store;
	const struct people *people;
	const struct policy *policy;
	forecast_works *works;
	void *context;
	struct view *views;
	size_t view_count;
	unsigned generation;
	size_t reading, measuring; /* replies that are to come */
	int64_t measure_at_ms;	   /* monotonic */
};

struct asking {
	struct forecast *forecast;
	unsigned generation;
	size_t view;
};

static struct view *
view_of(const struct forecast *forecast, const char *queue)
{
	for (size_t i = 0; i < forecast->view_count; i++) {
		if (strcmp(forecast->views[i].queue, queue) == 0)
			return &forecast->views[i];
	}
	return NULL;
}

static struct asking *
asking_new(struct forecast *forecast, size_t view)
{
	struct asking *asking = calloc(1, sizeof(*asking));

	CHECK(asking != NULL);
	*asking = (struct asking){ forecast, forecast->generation, view };
	return asking;
}

/* ---- who waits */

static void
leave(struct view *view, const char *id)
{
	for (size_t i = 0; i < view->waiter_count; i++) {
		if (strcmp(view->waiters[i].id, id) != 0)
			continue;
		memmove(&view->waiters[i], &view->waiters[i + 1],
		    (--view->waiter_count - i) * sizeof(view->waiters[0]));
		if (view->total > 0)
			view->total--;
		return;
	}
}

/* Who is last of those seen, and a new one behind them, is only counted. */
static void
enter(struct view *view, const char *id, int64_t score)
{
	size_t i = view->waiter_count;

	view->total++;
	while (i > 0 && view->waiters[i - 1].score > score)
		i--;
	if (i == SEEN_MAX)
		return;
	if (view->waiter_count == SEEN_MAX)
		view->waiter_count--;
	memmove(&view->waiters[i + 1], &view->waiters[i],
	    (view->waiter_count++ - i) * sizeof(view->waiters[0]));
	snprintf(view->waiters[i].id, sizeof(view->waiters[i].id), "%s", id);
	view->waiters[i].score = score;
}

void
forecast_on_committed(struct forecast *forecast, const struct outcome *outcome)
{
	const struct request *request = &outcome->after.request;
	struct view *view;

	if (request->id[0] == '\0')
		return;
	for (size_t i = 0; i < forecast->view_count; i++)
		leave(&forecast->views[i], request->id);
	view = view_of(forecast, request->queue);
	if (view != NULL && request_is_open(request) && request->lane == 0)
		enter(view, request->id, request_promise_moment(request));
}

static void
on_waiting(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct asking *asking = context;
	struct forecast *forecast = asking->forecast;
	struct view *view;
	struct record_ref ref;

	(void)tag;
	forecast->reading--;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_ARRAY &&
	    asking->generation == forecast->generation) {
		view = &forecast->views[asking->view];
		view->waiter_count = 0;
		view->total = 0;
		for (size_t i = 0; i + 1 < reply->elements; i += 2) {
			const struct redisReply *id = reply->element[i];
			const char *score = reply->element[i + 1]->str;
			int64_t at_ms =
			    score != NULL ? strtoll(score, NULL, 10) : 0;

			if (id->str != NULL && at_ms > 0 &&
			    at_ms == standing_waiting_promise(at_ms) &&
			    record_ref_parse(id->str, id->len, &ref))
				enter(view, ref.id, at_ms);
		}
	}
	free(asking);
}

/* More than are looked at one by one only count. */
static void
on_count(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct asking *asking = context;
	struct forecast *forecast = asking->forecast;

	(void)tag;
	forecast->reading--;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_INTEGER &&
	    asking->generation == forecast->generation)
		forecast->views[asking->view].total = (size_t)reply->integer;
	free(asking);
}

static bool
ask(struct forecast *forecast, size_t view, redis_on_reply *on_reply,
    const char *const *argv)
{
	struct asking *asking = asking_new(forecast, view);

	if (store_send(forecast->store, on_reply, asking, 0, argv)) {
		forecast->reading++;
		return true;
	}
	free(asking);
	return false;
}

static void
read_waiting(struct forecast *forecast)
{
	char key[ID_SIZE + 8], last[24], above[24];

	if (forecast->reading > 0)
		return;
	snprintf(last, sizeof(last), "%d", SEEN_MAX - 1);
	snprintf(
	    above, sizeof(above), "(%lld", (long long)standing_late_score());
	for (size_t i = 0; i < forecast->view_count; i++) {
		snprintf(key, sizeof(key), "wait:%s", forecast->views[i].queue);
		if (!ask(forecast, i, on_waiting,
			(const char *const[]){
			    "ZRANGE", key, "0", last, "WITHSCORES", NULL}) ||
		    (forecast->views[i].total >= SEEN_MAX &&
			!ask(forecast, i, on_count,
			    (const char *const[]){
				"ZCOUNT", key, "-inf", above, NULL})))
			return;
	}
}

/* ---- how long requests take */

static void
measured(struct forecast *forecast)
{
	for (size_t i = 0; i < forecast->view_count; i++) {
		struct view *view = &forecast->views[i];
		const struct queue_policy *queue =
		    policy_queue(forecast->policy, view->queue);

		view->handling = handling_from(queue->handling_ms);
		handling_add_sum(
		    &view->handling, view->handled, view->handled_ms);
	}
}

static void
on_handled(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct asking *asking = context;
	struct forecast *forecast = asking->forecast;

	(void)tag;
	forecast->measuring--;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_ARRAY &&
	    reply->elements == 2 &&
	    asking->generation == forecast->generation &&
	    reply->element[0]->str != NULL && reply->element[1]->str != NULL) {
		struct view *view = &forecast->views[asking->view];
		long long count = strtoll(reply->element[0]->str, NULL, 10);
		long long sum_ms = strtoll(reply->element[1]->str, NULL, 10);

		/* No hand in Redis makes it overflow. */
		if (count > 0 && count < 1000000000 && sum_ms >= 0 &&
		    sum_ms / count < 24 * 3600 * 1000) {
			view->handled += count;
			view->handled_ms += sum_ms;
		}
	}
	if (forecast->measuring == 0 &&
	    asking->generation == forecast->generation)
		measured(forecast);
	free(asking);
}

static bool
ask_handled(struct forecast *forecast, size_t view, time_t day)
{
	struct asking *asking = asking_new(forecast, view);
	const char *queue = forecast->views[view].queue;
	char key[32], count[ID_SIZE + 16], sum[ID_SIZE + 16];
	struct tm parts;

	gmtime_r(&day, &parts);
	strftime(key, sizeof(key), "stats:%Y-%m-%d", &parts);
	snprintf(count, sizeof(count), "handled:%s", queue);
	snprintf(sum, sizeof(sum), "handled_ms:%s", queue);
	if (!STORE_SEND(forecast->store, on_handled, asking, 0, "HMGET", key,
		count, sum)) {
		free(asking);
		return false;
	}
	forecast->measuring++;
	return true;
}

static void
measure(struct forecast *forecast)
{
	time_t now = (time_t)(store_now_ms(forecast->store) / 1000);

	if (forecast->measuring > 0 ||
	    clock_monotonic_ms() < forecast->measure_at_ms)
		return;
	forecast->measure_at_ms = clock_monotonic_ms() + HANDLING_EVERY_MS;
	for (size_t i = 0; i < forecast->view_count; i++) {
		forecast->views[i].handled = 0;
		forecast->views[i].handled_ms = 0;
		for (int day = 0; day < DAYS; day++) {
			if (!ask_handled(forecast, i, now - day * 86400))
				return;
		}
	}
}

void
forecast_tick(struct forecast *forecast)
{
	if (!store_is_up(forecast->store) || !store_knows_time(forecast->store))
		return;
	read_waiting(forecast);
	measure(forecast);
}

/* ---- what is expected */

/* The part of them that this queue has: others where somebody waits want
 * theirs. */
static double
part_of(const struct forecast *forecast, const struct specialist_policy *one,
    const char *queue)
{
	int wanted = 1;

	for (size_t i = 0; i < one->queue_count; i++) {
		const struct view *other = view_of(forecast, one->queues[i].id);

		wanted += other != NULL && other->total > 0 &&
			  strcmp(one->queues[i].id, queue) != 0;
	}
	return 1.0 / wanted;
}

/* Who returns first, and who with them. */
static void
add_absent(const struct forecast *forecast, const struct specialist *one,
    double part, int64_t now_ms, struct team *team)
{
	int64_t at_ms = specialist_returns_ms(forecast->policy, one, now_ms);

	if (at_ms == 0)
		return;
	if (team->back_at_ms == 0 || at_ms < team->back_at_ms - TOGETHER_MS) {
		team->back_at_ms = at_ms;
		team->back = part;
	} else if (at_ms <= team->back_at_ms + TOGETHER_MS) {
		if (at_ms < team->back_at_ms)
			team->back_at_ms = at_ms;
		team->back += part;
	}
}

static struct team
team_of(const struct forecast *forecast, const char *queue, int64_t now_ms)
{
	struct team team = { 0 };

	for (size_t i = 0; i < forecast->policy->specialist_count; i++) {
		const struct specialist_policy *one =
		    &forecast->policy->specialists[i];
		const struct specialist *seen = people_at(forecast->people, i);
		double part;

		if (policy_level(one, queue) == 0 || seen == NULL)
			continue;
		part = part_of(forecast, one, queue);
		if (seen->state == SPECIALIST_AWAY) {
			add_absent(forecast, seen, part, now_ms, &team);
			continue;
		}
		team.at_work += part;
		team.idle += seen->state == SPECIALIST_IDLE ||
				     seen->state == SPECIALIST_RESTING
				 ? part
				 : 0;
	}
	return team;
}

/* Whole people: at least one where there is any part of one. */
static int
whole(double people)
{
	return people <= 0 ? 0 : people < 1 ? 1 : (int)floor(people + .5);
}

static struct expectation
reckon(const struct forecast *forecast, const struct view *view,
    const struct team *team, size_t ahead, int64_t promise_at_ms,
    int64_t now_ms)
{
	const struct queue_policy *policy =
	    policy_queue(forecast->policy, view->queue);
	int64_t left_ms[SEEN_MAX];
	struct expect_queue queue = {
	    .handling_ms = view->handling.mean_ms, .left_ms = left_ms};
	struct expectation result = { 0 };
	int idle;

	if (team->at_work > 0) {
		queue.specialists = whole(team->at_work);
		idle = whole(team->idle) - policy->keep_for_line;
		queue.busy = queue.specialists - (idle < 0 ? 0
						     : idle > queue.specialists
							 ? queue.specialists
							 : idle);
	} else if (team->back_at_ms != 0) {
		queue.specialists = whole(team->back);
		queue.begins_ms =
		    team->back_at_ms > now_ms ? team->back_at_ms - now_ms : 0;
	}
	for (size_t i = 0; i < ahead && i < view->waiter_count; i++) {
		int64_t left = view->waiters[i].score - now_ms;

		if (left < 0)
			queue.staying_count++;
		else
			left_ms[queue.left_count++] = left;
	}
	if (ahead > view->waiter_count)
		queue.staying_count += ahead - view->waiter_count;
	if (!expect(&queue, promise_at_ms - now_ms, &result))
		return (struct expectation){ 0 };
	return result;
}

static struct expectation
forecast_for(struct forecast *forecast, const char *queue, const char *id,
    int64_t promise_at_ms, int64_t now_ms)
{
	struct view *view = view_of(forecast, queue);
	struct expectation result = { 0 };
	size_t ahead = 0;

	if (view == NULL || !forecast->works(forecast->context, queue))
		return result;
	for (size_t i = 0;
	     i < view->waiter_count && view->waiters[i].score <= promise_at_ms;
	     i++)
		ahead += strcmp(view->waiters[i].id, id) != 0;
	if (ahead == SEEN_MAX)
		ahead = view->total;
	if (ahead > FEW_AHEAD && now_ms - view->last_at_ms < LASTS_MS &&
	    now_ms >= view->last_at_ms)
		return view->last;
	if (view->team_at_ms == 0 || now_ms < view->team_at_ms ||
	    now_ms - view->team_at_ms >= TEAM_LASTS_MS) {
		view->team = team_of(forecast, queue, now_ms);
		view->team_at_ms = now_ms;
	}
	result = reckon(forecast, view, &view->team, ahead, promise_at_ms,
	    now_ms);
	if (ahead > FEW_AHEAD) {
		view->last = result;
		view->last_at_ms = now_ms;
	}
	return result;
}

struct expectation
forecast_of(
    struct forecast *forecast, const struct request *request, int64_t now_ms)
{
	return forecast_for(forecast, request->queue, request->id,
	    request->promise_at_ms, now_ms);
}

struct expectation
forecast_now(struct forecast *forecast, const char *queue, int64_t now_ms)
{
	const struct queue_policy *policy =
	    policy_queue(forecast->policy, queue);

	if (policy == NULL)
		return (struct expectation){ 0 };
	return forecast_for(forecast, queue, "", now_ms + policy->limit_ms,
	    now_ms);
}

struct handling
forecast_handling(const struct forecast *forecast, const char *queue)
{
	const struct view *view = view_of(forecast, queue);
	struct handling handling = { 0 };

	if (view == NULL)
		return handling;
	handling.mean_ms = view->handling.mean_ms;
	handling.count =
	    (int)(view->handled < INT32_MAX ? view->handled : INT32_MAX);
	return handling;
}

/* ---- the module */

void
forecast_set_policy(struct forecast *forecast, const struct policy *policy)
{
	struct view *old = forecast->views;
	size_t old_count = forecast->view_count;

	forecast->views =
	    calloc(policy->queue_count + 1, sizeof(*forecast->views));
	CHECK(forecast->views != NULL);
	forecast->generation++;
	forecast->policy = policy;
	forecast->view_count = policy->queue_count;
	forecast->measure_at_ms = 0;
	for (size_t i = 0; i < policy->queue_count; i++) {
		struct view *view = &forecast->views[i];

		memcpy(view->queue, policy->queues[i].id, sizeof(view->queue));
		for (size_t k = 0; k < old_count; k++) {
			if (strcmp(old[k].queue, view->queue) == 0)
				*view = old[k];
		}
	}
	free(old);
	measured(forecast);
}

struct forecast *
forecast_new(struct store *store, const struct people *people,
    const struct policy *policy, forecast_works *works, void *context)
{
	struct forecast *forecast = calloc(1, sizeof(*forecast));

	CHECK(forecast != NULL);
	forecast->store = store;
	forecast->people = people;
	forecast->works = works;
	forecast->context = context;
	forecast_set_policy(forecast, policy);
	return forecast;
}

void
forecast_free(struct forecast *forecast)
{
	if (forecast == NULL)
		return;
	free(forecast->views);
	free(forecast);
}
