/* SPDX-License-Identifier: MIT */
/* world: the core, stepped by hand. */
#include "bench/parts/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "lib/check.h"
#include "lib/commit.h"
#include "lib/standing.h"

void
world_open(const char *conf_path, struct world *ret_world)
{
	struct settings_errors errors;

	if (!settings_load(conf_path, &ret_world->settings, &errors)) {
		for (size_t i = 0; i < errors.count; i++)
			fprintf(stderr, "%s\n", errors.items[i].text);
		exit(EX_CONFIG);
	}
	ret_world->policy = &ret_world->settings->policy;
	/* What the daemon reads from bench/parts/stub.conf. */
	ret_world->policy->provider_count = 1;
	ret_world->policy->providers[0] = (struct provider_facts){
		.id = "stub" };
	snprintf(ret_world->prefix, sizeof(ret_world->prefix), "{%s}:",
	    ret_world->policy->site);
}

int64_t
world_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
world_request_id(size_t i, char ret_id[REQUEST_ID_SIZE])
{
	snprintf(ret_id, REQUEST_ID_SIZE, "b%015zu", i);
}

static void
take_op(char ret_op[OP_SIZE])
{
	static unsigned long long count;

	snprintf(ret_op, OP_SIZE, "benchben.%llu", ++count);
}

/* ---- births */

static void
fill_request(const struct world *world, size_t i, int64_t at_ms,
    int64_t now_ms, struct situation *fresh)
{
	struct request *request = &fresh->request;

	world_request_id(i, request->id);
	snprintf(request->phone, sizeof(request->phone), "+79%09zu", i);
	snprintf(request->queue, sizeof(request->queue), "%s",
	    world->policy->queues[0].id);
	snprintf(request->locale, sizeof(request->locale), "ru");
	snprintf(request->source, sizeof(request->source), "redis");
	/* Seven digits: six are too few for a million. */
	snprintf(request->number, sizeof(request->number), "%zu",
	    (1000000 + i) % 10000000);
	snprintf(request->site_id, sizeof(request->site_id), "web-%08zu", i);
	request->asked_at_ms = now_ms;
	request->at_ms = at_ms;
	request->asker_count = 1;
	memcpy(fresh->askers.ids[0], request->site_id, SITE_ID_SIZE);
	fresh->askers.count = 1;
	memcpy(fresh->case_file.number, request->number, NUMBER_SIZE);
	memcpy(fresh->case_file.phone, request->phone, PHONE_SIZE);
	memcpy(fresh->case_file.request, request->id, REQUEST_ID_SIZE);
	fresh->case_file.request_count = 1;
	fresh->case_file.opened_at_ms = now_ms;
}

static size_t
step_and_commit(const struct world *world, struct situation *before,
    const struct event *event, const char *said, const struct askers *askers,
    int64_t now_ms, struct words *words)
{
	static struct outcome outcome;
	char op[OP_SIZE];
	struct commit_extras extras = { .op = op, .said = said };

	take_op(op);
	CHECK(situation_step(world->policy, before, event, now_ms, &outcome));
	if (askers != NULL)
		outcome.after.askers = *askers;
	return commit_between(world->policy, before, &outcome, now_ms,
	    &extras, words);
}

size_t
world_bear_request(const struct world *world, size_t i, int64_t at_ms,
    int64_t now_ms, struct words *words)
{
	static struct situation fresh;
	struct askers askers;
	struct event event = { .kind = EVENT_ARRIVED };
	char said[128];

	memset(&fresh, 0, sizeof(fresh));
	fill_request(world, i, at_ms, now_ms, &fresh);
	askers = fresh.askers;
	fresh.askers.count = 0;
	event.to = record_ref_request(fresh.request.id);
	snprintf(said, sizeof(said), "{\"id\":\"%s\",\"phone\":\"%s\"}",
	    fresh.request.site_id, fresh.request.phone);
	return step_and_commit(world, &fresh, &event, said, &askers, now_ms,
	    words);
}

size_t
world_bear_specialist(const struct world *world, const char *id,
    int64_t now_ms, struct words *words)
{
	static struct situation fresh;
	struct event event = { .kind = EVENT_ROSTER, .digit = -1,
		.by = "configuration" };

	memset(&fresh, 0, sizeof(fresh));
	snprintf(fresh.specialists[0].id, ID_SIZE, "%s", id);
	fresh.specialist_count = 1;
	event.to = record_ref_specialist(id);
	return step_and_commit(world, &fresh, &event, NULL, NULL, now_ms,
	    words);
}

/* ---- a dispatch, folded as the engine folds it */

size_t
world_dispatch(const struct world *world, const struct request *request,
    const struct specialist *specialist, const char *sid, int64_t now_ms,
    struct words *ret_intent, struct words *ret_answer)
{
	static struct situation before;
	static struct outcome outcome;
	struct event event = { .kind = EVENT_DUE, .digit = -1,
		.to = record_ref_request(request->id) };
	char op[OP_SIZE], absent[KEY_SIZE];
	struct commit_extras extras = { .op = op, .absent_key = absent };
	size_t records;

	memset(&before, 0, sizeof(before));
	before.request = *request;
	before.specialists[0] = *specialist;
	before.specialist_count = 1;
	memcpy(before.askers.ids[0], request->site_id, SITE_ID_SIZE);
	before.askers.count = 1;
	CHECK(situation_step(world->policy, &before, &event, now_ms,
	    &outcome));
	event.kind = EVENT_MATCHED;
	memcpy(event.specialist, specialist->id, ID_SIZE);
	CHECK(situation_fold(world->policy, &event, now_ms, &outcome));
	CHECK(outcome.after.request.state == REQUEST_CALLING);
	standing_number_key(request->phone, absent);
	take_op(op);
	records = commit_between(world->policy, &before, &outcome, now_ms,
	    &extras, ret_intent);
	commit_done(&before, &outcome.after, op);
	before = outcome.after;
	event = (struct event){ .kind = EVENT_CREATED, .digit = -1,
		.to = record_ref_call(request->id, before.request.call),
		.by = "provider" };
	snprintf(event.sid, sizeof(event.sid), "%s", sid);
	CHECK(situation_step(world->policy, &before, &event, now_ms,
	    &outcome));
	extras.absent_key = NULL;
	take_op(op);
	commit_between(world->policy, &before, &outcome, now_ms, &extras,
	    ret_answer);
	return records;
}

/* ---- the script's arguments */

void
world_commit(const struct world *world, const char *sha,
    const struct words *words, size_t situations, int64_t now_ms,
    struct world_command *command)
{
	enum { HEAD = 8, SKEW_MAX_MS = 2000 };
	const char *head[HEAD] = { "EVALSHA", sha, "1", world->prefix,
		command->head[0], command->head[1], command->head[2],
		command->head[3] };

	snprintf(command->head[0], 24, "%" PRId64, now_ms);
	snprintf(command->head[1], 24, "%d", SKEW_MAX_MS);
	snprintf(command->head[2], 24, "%d", 48 * 3600 * 1000);
	snprintf(command->head[3], 24, "%zu", situations);
	command->count = HEAD + words->count;
	if (command->count > command->room) {
		command->room = command->count * 2;
		command->argv = realloc(command->argv,
		    command->room * sizeof(*command->argv));
		command->lengths = realloc(command->lengths,
		    command->room * sizeof(*command->lengths));
		CHECK(command->argv != NULL && command->lengths != NULL);
	}
	for (size_t i = 0; i < HEAD; i++) {
		command->argv[i] = head[i];
		command->lengths[i] = strlen(head[i]);
	}
	for (size_t i = 0; i < words->count; i++)
		command->argv[HEAD + i] = words_at(words, i,
		    &command->lengths[HEAD + i]);
}
