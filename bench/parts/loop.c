/* SPDX-License-Identifier: MIT */
/*
 * loop: what callbackd is measured against: one loop on the same libraries,
 * with the same connections to the provider and no logic. Dispatches what `load`
 * has written, and ends when the last one is recorded.
 *
 *   ceiling   claim in batches, read the request, POST, write the call's id
 *   intent    claim, read request and specialist, the commit that says the call
 *             is to be placed, POST, the commit of the answer: the script's
 *             arguments are those that the core made before the clock started
 *
 *   loop ceiling|intent CONF REDIS-SOCKET STUB-URL REQUESTS
 */
#include <curl/curl.h>
#include <event2/event.h>
#include <hiredis/adapters/libevent.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "bench/parts/world.h"
#include "daemon/carrier.h"
#include "lib/check.h"
#include "scripts.h"

enum {                                  /* as the daemon has them */
	CLAIM = 256, IN_HAND = 819, LEASE_MS = 10000,
	RECORDS = 64, BATCHES = 2,
	IN_FLIGHT = 256, QUEUE = 4096,
	TEXT_SIZE = 512,
};

struct job {
	STAILQ_ENTRY(job) link;
	char id[REQUEST_ID_SIZE], phone[PHONE_SIZE];
	char specialist[ID_SIZE];
	int loads;
	bool is_placed;
	struct words intent, answer;
};
STAILQ_HEAD(job_list, job);

struct batch {
	struct loop *loop;
	struct job_list jobs;
	bool is_used;
};

struct loop {
	struct world world;
	bool has_intent;
	struct event_base *base;
	redisAsyncContext *redis;
	struct carrier *carrier;
	char url[256], claim_sha[48], commit_sha[48], due[64];
	struct job *jobs;
	size_t count, in_hand, done;
	bool is_claiming;
	size_t records;                 /* of one dispatch */
	struct job_list prepared;
	struct batch batches[BATCHES];
	struct words words;
	struct world_command command;
};

static void
fail(const char *what, const char *why)
{
	fprintf(stderr, "loop: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

static const char *
word_of(const redisReply *reply, const char *name)
{
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		if (strcmp(reply->element[i]->str, name) == 0)
			return reply->element[i + 1]->str;
	}
	fail("a record lacks", name);
	return "";
}

/* ---- the provider */

static void
place(struct loop *loop, struct job *job)
{
	static const char *const headers[] = {
		"Content-Type: application/x-www-form-urlencoded" };
	char body[TEXT_SIZE];
	struct carrier_request request = { .method = "POST", .url = loop->url,
		.headers = headers, .header_count = 1, .body = body,
		.timeout_ms = 10000, .connect_timeout_ms = 5000,
		.allow_private = true };

	request.body_length = (size_t)snprintf(body, sizeof(body),
	    "key=%s&agent=%%2B79160000001&customer=%%2B%s&from=%%2B74951234567"
	    "&hook=http%%3A%%2F%%2F127.0.0.1%%3A8080%%2Fhooks%%2Fstub%%2F%s.1"
	    "%%2F00000000000000000000000000000000", job->id, job->phone + 1,
	    job->id);
	CHECK(carrier_send(loop->carrier, &request,
	    (uint64_t)(job - loop->jobs)));
}

static void
is_done(struct loop *loop)
{
	loop->done++;
	loop->in_hand--;
}

static void
on_recorded(redisAsyncContext *redis, void *reply_data, void *context)
{
	const redisReply *reply = reply_data;

	(void)redis;
	if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
		fail("record", reply != NULL ? reply->str : "lost");
	if (context != NULL)
		is_done(context);
}

static void
on_answer(void *context, const struct carrier_answer *answer)
{
	struct loop *loop = context;
	struct job *job = &loop->jobs[answer->tag];
	char id[64];

	if (answer->status != 201 || sscanf(answer->body,
	        "{\"id\":\"%63[^\"]", id) != 1)
		fail("POST", answer->error != NULL ? answer->error : "refused");
	job->is_placed = true;
	if (loop->has_intent) {
		STAILQ_INSERT_TAIL(&loop->prepared, job, link);
		return;
	}
	redisAsyncCommand(loop->redis, on_recorded, NULL,
	    "HSET %srequest:%s state live sid %s", loop->world.prefix, job->id,
	    id);
	redisAsyncCommand(loop->redis, on_recorded, loop,
	    "ZREM %s request:%s", loop->due, job->id);
}

/* ---- commits */

static void
on_committed(redisAsyncContext *redis, void *reply_data, void *context)
{
	const redisReply *reply = reply_data;
	struct batch *batch = context;
	struct loop *loop = batch->loop;
	struct job *job;
	size_t i = 1;

	(void)redis;
	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY)
		fail("commit", reply != NULL ? reply->str : "lost");
	while ((job = STAILQ_FIRST(&batch->jobs)) != NULL) {
		STAILQ_REMOVE_HEAD(&batch->jobs, link);
		if (strcmp(reply->element[i]->str, "ok") != 0)
			fail("commit", reply->element[i]->str);
		i++;
		if (job->is_placed)
			is_done(loop);
		else
			place(loop, job);
	}
	batch->is_used = false;
}

static void
send_batch(struct loop *loop, struct batch *batch)
{
	size_t situations = 0, records = 0;
	struct job *job;

	batch->is_used = true;
	words_clear(&loop->words);
	while ((job = STAILQ_FIRST(&loop->prepared)) != NULL &&
	    records < RECORDS) {
		STAILQ_REMOVE_HEAD(&loop->prepared, link);
		words_append(&loop->words, job->is_placed ? &job->answer :
		    &job->intent);
		STAILQ_INSERT_TAIL(&batch->jobs, job, link);
		situations++;
		records += loop->records;
	}
	world_commit(&loop->world, loop->commit_sha, &loop->words, situations,
	    world_now_ms(), &loop->command);
	redisAsyncCommandArgv(loop->redis, on_committed, batch,
	    (int)loop->command.count, loop->command.argv,
	    loop->command.lengths);
}

static void
send_batches(struct loop *loop)
{
	for (size_t i = 0; i < BATCHES; i++) {
		if (!loop->batches[i].is_used && !STAILQ_EMPTY(&loop->prepared))
			send_batch(loop, &loop->batches[i]);
	}
}

/* ---- claims */

static void
on_read(redisAsyncContext *redis, void *reply_data, void *context)
{
	const redisReply *reply = reply_data;
	struct job *job = context;
	struct loop *loop = redis->data;

	if (reply == NULL || reply->elements == 0)
		fail("HGETALL", "no record");
	if (loop->has_intent) {
		if (--job->loads == 0)
			STAILQ_INSERT_TAIL(&loop->prepared, job, link);
		return;
	}
	snprintf(job->phone, sizeof(job->phone), "%s",
	    word_of(reply, "phone"));
	place(loop, job);
}

static void
on_claimed(redisAsyncContext *redis, void *reply_data, void *context)
{
	const redisReply *reply = reply_data;
	struct loop *loop = context;

	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY)
		fail("claim", reply != NULL ? reply->str : "lost");
	loop->is_claiming = false;
	for (size_t i = 2; i < reply->elements; i++) {
		const char *id = reply->element[i]->str;
		struct job *job;

		if (strncmp(id, "request:b", 9) != 0)
			continue;       /* a call's or a specialist's wake */
		job = &loop->jobs[strtoul(id + 9, NULL, 10)];
		loop->in_hand++;
		redisAsyncCommand(redis, on_read, job, "HGETALL %s%s",
		    loop->world.prefix, id);
		if (!loop->has_intent)
			continue;
		job->loads = 2;
		redisAsyncCommand(redis, on_read, job,
		    "HGETALL %sspecialist:%s", loop->world.prefix,
		    job->specialist);
	}
}

static void
claim(struct loop *loop)
{
	size_t room = IN_HAND - loop->in_hand;
	int64_t now_ms = world_now_ms();

	if (loop->is_claiming || loop->in_hand >= IN_HAND ||
	    loop->done + loop->in_hand >= loop->count)
		return;
	loop->is_claiming = true;
	redisAsyncCommand(loop->redis, on_claimed, loop,
	    "EVALSHA %s 1 %s %lld %d %lld", loop->claim_sha,
	    loop->world.prefix, (long long)now_ms,
	    (int)(room < CLAIM ? room : CLAIM),
	    (long long)now_ms + LEASE_MS);
}

/* ---- before the clock starts */

static void *
ask(redisContext *redis, const char *format, ...)
{
	va_list arguments;
	redisReply *reply;

	va_start(arguments, format);
	reply = redisvCommand(redis, format, arguments);
	va_end(arguments);
	if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
		fail(format, reply != NULL ? reply->str : "lost");
	return reply;
}

static void
load_script(redisContext *redis, const char *text, char ret_sha[48])
{
	redisReply *reply = ask(redis, "SCRIPT LOAD %s", text);

	snprintf(ret_sha, 48, "%s", reply->str);
	freeReplyObject(reply);
}

static void
read_record(redisContext *redis, const struct loop *loop,
    enum record_kind kind, const char *key, void *ret_record)
{
	redisReply *reply = ask(redis, "HGETALL %s%s", loop->world.prefix,
	    key);
	struct pair pairs[96];
	size_t count = 0;
	const char *why;

	for (size_t i = 0; i + 1 < reply->elements && count < COUNT_OF(pairs);
	    i += 2) {
		const redisReply *name = reply->element[i];
		const redisReply *value = reply->element[i + 1];

		pairs[count++] = (struct pair){ name->str, name->len,
			value->str, value->len };
	}
	if (!record_from_pairs(kind, pairs, count, ret_record, &why))
		fail(key, why);
	freeReplyObject(reply);
}

static void
shrink(struct words *words)
{
	words->bytes = realloc(words->bytes, words->used);
	words->size = words->used;
	words->ends = realloc(words->ends,
	    words->count * sizeof(*words->ends));
	words->room = words->count;
	CHECK(words->bytes != NULL && words->ends != NULL);
}

static void
make_job(struct loop *loop, redisContext *redis, size_t i)
{
	const struct policy *policy = loop->world.policy;
	struct job *job = &loop->jobs[i];
	struct specialist specialist;
	struct request request;
	char key[KEY_SIZE], sid[REQUEST_ID_SIZE + 1];

	world_request_id(i, job->id);
	if (!loop->has_intent)
		return;
	memcpy(job->specialist, policy->specialists[i].id, ID_SIZE);
	snprintf(key, sizeof(key), "request:%s", job->id);
	read_record(redis, loop, RECORD_REQUEST, key, &request);
	memcpy(request.id, job->id, sizeof(request.id));
	memcpy(job->phone, request.phone, sizeof(job->phone));
	snprintf(key, sizeof(key), "specialist:%s", job->specialist);
	read_record(redis, loop, RECORD_SPECIALIST, key, &specialist);
	memcpy(specialist.id, job->specialist, sizeof(specialist.id));
	snprintf(sid, sizeof(sid), "c%.16s", job->id);
	loop->records = world_dispatch(&loop->world, &request, &specialist,
	    sid, request.at_ms + 1, &job->intent, &job->answer);
	shrink(&job->intent);
	shrink(&job->answer);
}

static void
make_jobs(struct loop *loop, const char *socket_path)
{
	redisContext *redis = redisConnectUnix(socket_path);

	if (redis == NULL || redis->err != 0)
		fail(socket_path, redis != NULL ? redis->errstr : "no memory");
	if (loop->has_intent &&
	    loop->world.policy->specialist_count < loop->count)
		fail("intent", "there are too few specialists");
	loop->jobs = calloc(loop->count, sizeof(*loop->jobs));
	CHECK(loop->jobs != NULL);
	for (size_t i = 0; i < loop->count; i++)
		make_job(loop, redis, i);
	load_script(redis, script_claim, loop->claim_sha);
	load_script(redis, script_commit, loop->commit_sha);
	redisFree(redis);
}

static void
make_base(struct loop *loop, const char *socket_path)
{
	struct event_config *config = event_config_new();
	struct carrier_limits limits = { .in_flight_max = IN_FLIGHT,
		.queue_max = QUEUE, .answer_max = 256 * 1024,
		.connections_max = IN_FLIGHT };

	CHECK(config != NULL);
	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	loop->base = event_base_new_with_config(config);
	event_config_free(config);
	loop->carrier = carrier_new(loop->base, &limits, loop, on_answer);
	loop->redis = redisAsyncConnectUnix(socket_path);
	CHECK(loop->base != NULL && loop->carrier != NULL &&
	    loop->redis != NULL && loop->redis->err == 0);
	loop->redis->data = loop;
	CHECK(redisLibeventAttach(loop->redis, loop->base) == REDIS_OK);
}

int
main(int argc, char **argv)
{
	static struct loop loop;
	struct timeval no_time = { 0 };

	if (argc != 6 || (strcmp(argv[1], "ceiling") != 0 &&
	        strcmp(argv[1], "intent") != 0)) {
		fprintf(stderr, "usage: loop ceiling|intent CONF SOCKET "
		    "STUB-URL REQUESTS\n");
		return EXIT_FAILURE;
	}
	loop.has_intent = strcmp(argv[1], "intent") == 0;
	world_open(argv[2], &loop.world);
	snprintf(loop.url, sizeof(loop.url), "%s/calls", argv[4]);
	snprintf(loop.due, sizeof(loop.due), "%sdue", loop.world.prefix);
	loop.count = strtoul(argv[5], NULL, 10);
	STAILQ_INIT(&loop.prepared);
	for (size_t i = 0; i < BATCHES; i++) {
		loop.batches[i].loop = &loop;
		STAILQ_INIT(&loop.batches[i].jobs);
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	make_jobs(&loop, argv[3]);
	make_base(&loop, argv[3]);
	printf("ready\n");
	fflush(stdout);
	/* Whoever measures says when. */
	if (getchar() == EOF)
		return EXIT_FAILURE;
	while (loop.done < loop.count) {
		claim(&loop);
		send_batches(&loop);
		carrier_drain(loop.carrier);
		if (carrier_has_work(loop.carrier))
			event_base_loopexit(loop.base, &no_time);
		event_base_loop(loop.base, EVLOOP_ONCE);
	}
	return EXIT_SUCCESS;
}
