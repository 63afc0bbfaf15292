/* SPDX-License-Identifier: MIT */
/*
 * load: fills a Redis as the daemon would have. Every record goes through the
 * core and the commit script.
 *
 *   load CONF REDIS-SOCKET specialists      those of the configuration
 *   load CONF REDIS-SOCKET COUNT AT_MS      accepted requests, due at that moment
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/parts/world.h"
#include "lib/check.h"
#include "scripts.h"

enum { RECORDS = 64, DEPTH = 4 };

struct loader {
	struct world world;
	redisContext *redis;
	char sha[48];
	struct words words;
	struct world_command command;
	size_t records, situations, under_way;
};

static void
fail(const char *what, const char *why)
{
	fprintf(stderr, "load: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

static void
read_reply(struct loader *loader)
{
	redisReply *reply = NULL;

	if (redisGetReply(loader->redis, (void **)&reply) != REDIS_OK)
		fail("redis", loader->redis->errstr);
	if (reply->type != REDIS_REPLY_ARRAY)
		fail("commit", reply->str != NULL ? reply->str : "refused");
	for (size_t i = 1; i < reply->elements; i++) {
		if (strcmp(reply->element[i]->str, "ok") != 0)
			fail("commit", reply->element[i]->str);
	}
	freeReplyObject(reply);
	loader->under_way--;
}

static void
flush(struct loader *loader)
{
	if (loader->situations == 0)
		return;
	world_commit(&loader->world, loader->sha, &loader->words,
	    loader->situations, world_now_ms(), &loader->command);
	redisAppendCommandArgv(loader->redis, (int)loader->command.count,
	    loader->command.argv, loader->command.lengths);
	words_clear(&loader->words);
	loader->situations = loader->records = 0;
	if (++loader->under_way >= DEPTH)
		read_reply(loader);
}

static void
add(struct loader *loader, size_t records)
{
	loader->situations++;
	loader->records += records;
	if (loader->records >= RECORDS)
		flush(loader);
}

static void
connect_redis(struct loader *loader, const char *path)
{
	redisReply *reply;

	loader->redis = redisConnectUnix(path);
	if (loader->redis == NULL || loader->redis->err != 0)
		fail(path, loader->redis != NULL ? loader->redis->errstr :
		    "no memory");
	reply = redisCommand(loader->redis, "SCRIPT LOAD %s", script_commit);
	if (reply == NULL || reply->type != REDIS_REPLY_STRING)
		fail("SCRIPT LOAD", "refused");
	snprintf(loader->sha, sizeof(loader->sha), "%s", reply->str);
	freeReplyObject(reply);
}

int
main(int argc, char **argv)
{
	static struct loader loader;
	size_t count;
	int64_t at_ms;

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: load CONF SOCKET specialists | "
		    "COUNT AT_MS\n");
		return EXIT_FAILURE;
	}
	world_open(argv[1], &loader.world);
	connect_redis(&loader, argv[2]);
	count = argc == 5 ? strtoul(argv[3], NULL, 10) :
	    loader.world.policy->specialist_count;
	at_ms = argc == 5 ? strtoll(argv[4], NULL, 10) : 0;
	for (size_t i = 0; i < count; i++) {
		int64_t now_ms = world_now_ms();

		add(&loader, argc == 5 ? world_bear_request(&loader.world, i,
		    at_ms, now_ms, &loader.words) :
		    world_bear_specialist(&loader.world,
		        loader.world.policy->specialists[i].id, now_ms,
		        &loader.words));
	}
	flush(&loader);
	while (loader.under_way > 0)
		read_reply(&loader);
	redisFree(loader.redis);
	return EXIT_SUCCESS;
}
