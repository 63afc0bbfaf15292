/* SPDX-License-Identifier: MIT */
/* callers: one job for each piece of news. */
#include "daemon/callers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/limit.h"
#include "lib/standing.h"

/* Calls are remembered by their id for a day: none lasts as long. */
#define CALL_KEPT_MS "86400000"

struct callers {
	struct store *store;
	struct engine *engine;
	const struct policy *policy;
};

struct job {
	struct callers *callers;
	struct caller_news news;
	callers_on_end *on_end;
	void *context;
	char found[CALLERS_MAX][REQUEST_ID_SIZE];  size_t found_count;
	struct request told[CALLERS_MAX];  size_t told_count;
	size_t outstanding;
	bool is_lost;                   /* something was not kept, or not read */
};

static void
finish(struct job *job, enum callers_end end)
{
	job->on_end(job->context, end, job->told, job->told_count);
	free(job);
}

static void
ignore_reply(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	(void)context;
	(void)tag;
	(void)end;
	(void)reply;
}

/* ---- telling */

/* Only now is the call remembered: news that was not kept is told again. */
static void
finish_told(struct job *job)
{
	char key[KEY_SIZE];

	if (job->is_lost) {
		finish(job, CALLERS_LATER);
		return;
	}
	if (job->news.id[0] != '\0') {
		snprintf(key, sizeof(key), "caller:%s", job->news.id);
		(void)STORE_SEND(job->callers->store, ignore_reply, NULL, 0,
		    "SET", key, caller_names[job->news.caller], "PX",
		    CALL_KEPT_MS);
	}
	finish(job, CALLERS_DONE);
}

static void
on_told(void *context, uint64_t tag, const struct engine_result *result)
{
	struct job *job = context;

	(void)tag;
	if (result->end == ENGINE_DONE && result->after != NULL)
		job->told[job->told_count++] = result->after->request;
	else if (result->end == ENGINE_UNAVAILABLE)
		job->is_lost = true;
	if (--job->outstanding == 0)
		finish_told(job);
}

static void
tell(struct job *job)
{
	struct engine_order order = { .on_result = on_told, .context = job,
		.event = { .kind = EVENT_CALLED_IN, .digit = -1,
		    .caller = job->news.caller, .at_ms = job->news.at_ms } };

	memcpy(order.event.by, job->news.by, sizeof(order.event.by));
	job->outstanding = 1;
	for (size_t i = 0; i < job->found_count; i++) {
		order.event.to = record_ref_request(job->found[i]);
		if (engine_post(job->callers->engine, &order))
			job->outstanding++;
		else
			job->is_lost = true;
	}
	if (--job->outstanding == 0)
		finish_told(job);
}

/* ---- finding */

static void
on_owner(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct job *job = context;
	bool is_new = end == REDIS_REPLY && reply->type == REDIS_REPLY_STRING &&
	    reply->len > 0 && reply->len < REQUEST_ID_SIZE;

	(void)tag;
	job->is_lost |= end != REDIS_REPLY;
	for (size_t i = 0; is_new && i < job->found_count; i++)
		is_new = strcmp(job->found[i], reply->str) != 0;
	if (is_new && job->found_count < CALLERS_MAX)
		snprintf(job->found[job->found_count++], REQUEST_ID_SIZE, "%s",
		    reply->str);
	if (--job->outstanding == 0)
		tell(job);
}

static void
find(struct job *job)
{
	const struct policy *policy = job->callers->policy;
	char key[KEY_SIZE];

	job->outstanding = 1;
	for (size_t i = 0; i <= policy->queue_count; i++) {
		if (i == policy->queue_count)
			standing_number_key(job->news.phone, key);
		else
			standing_number_queue_key(job->news.phone,
			    policy->queues[i].id, key);
		if (STORE_SEND(job->callers->store, on_owner, job, 0, "GET",
		        key))
			job->outstanding++;
		else
			job->is_lost = true;
	}
	if (--job->outstanding == 0)
		tell(job);
}

/* ---- what was told before */

static bool
is_end(enum caller caller)
{
	return caller == CALLER_SPOKE || caller == CALLER_HUNG_UP;
}

static void
on_known(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct job *job = context;
	const char *word = end == REDIS_REPLY &&
	    reply->type == REDIS_REPLY_STRING ? reply->str : "";

	(void)tag;
	if (strcmp(word, caller_names[job->news.caller]) == 0 ||
	    strcmp(word, caller_names[CALLER_SPOKE]) == 0 ||
	    (strcmp(word, caller_names[CALLER_HUNG_UP]) == 0 &&
	        !is_end(job->news.caller)))
		finish(job, CALLERS_KNOWN);
	else
		find(job);
}

static void
on_limit(void *context, bool is_within)
{
	struct job *job = context;
	char key[KEY_SIZE];

	if (!is_within) {
		finish(job, CALLERS_LIMITED);
		return;
	}
	if (job->news.id[0] == '\0') {
		find(job);
		return;
	}
	snprintf(key, sizeof(key), "caller:%s", job->news.id);
	if (!STORE_SEND(job->callers->store, on_known, job, 0, "GET", key))
		finish(job, CALLERS_LATER);
}

void
callers_tell(struct callers *callers, const struct caller_news *news,
    callers_on_end *on_end, void *context)
{
	/* A call has three pieces of news; nobody makes many in an hour. */
	static const struct limit limit = { "caller", 60, 3600000 };
	struct job *job = calloc(1, sizeof(*job));

	CHECK(job != NULL);
	job->callers = callers;
	job->news = *news;
	job->on_end = on_end;
	job->context = context;
	if (!store_is_up(callers->store))
		finish(job, CALLERS_LATER);
	else
		limit_take(callers->store, &limit, news->phone, on_limit, job);
}

struct callers *
callers_new(struct store *store, struct engine *engine,
    const struct policy *policy)
{
	struct callers *callers = calloc(1, sizeof(*callers));

	CHECK(callers != NULL);
	callers->store = store;
	callers->engine = engine;
	callers->policy = policy;
	return callers;
}

void
callers_free(struct callers *callers)
{
	free(callers);
}

void
callers_set_policy(struct callers *callers, const struct policy *policy)
{
	callers->policy = policy;
}
