/* SPDX-License-Identifier: MIT */
/* loss_watch: one record, and two lines of INFO. */
#include "daemon/loss_watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

enum {
	/* Only the newest is ever lost; what is older may have expired, or been erased. */
	FRESH_MS = 10 * 60 * 1000,
	SERVER_ID_SIZE = 41,
};

struct loss_watch {
	struct store *store;
	void *context;
	loss_watch_on_loss *on_loss;
	/* the last commit that was acknowledged; "": none yet */
	char request[REQUEST_ID_SIZE];
	char op[OP_SIZE];
	int64_t version;
	int64_t at_boot_ms;
	char server[SERVER_ID_SIZE];    /* run_id; "": not known yet */
};

struct loss_watch *
loss_watch_new(struct store *store, void *context, loss_watch_on_loss *on_loss)
{
	struct loss_watch *watch = calloc(1, sizeof(*watch));

	CHECK(watch != NULL);
	watch->store = store;
	watch->context = context;
	watch->on_loss = on_loss;
	return watch;
}

void
loss_watch_free(struct loss_watch *watch)
{
	free(watch);
}

void
loss_watch_on_committed(struct loss_watch *watch, const struct situation *before,
    const struct situation *after)
{
	const struct request *request = &after->request;

	if (request->id[0] == '\0' ||
	    request->record.version <= before->request.record.version)
		return;
	memcpy(watch->request, request->id, sizeof(watch->request));
	memcpy(watch->op, request->record.op, sizeof(watch->op));
	watch->version = request->record.version;
	watch->at_boot_ms = clock_boottime_ms();
}

/* Whether a record with that version, written by that operation, lacks the commit. */
static bool
lacks_it(const struct loss_watch *watch, const struct redisReply *version,
    const struct redisReply *op)
{
	int64_t found;

	if (version->type != REDIS_REPLY_STRING)
		return true;
	found = strtoll(version->str, NULL, 10);
	if (found != watch->version)
		return found < watch->version;
	/* Another node has made something else of what came before. */
	return op->type != REDIS_REPLY_STRING || strcmp(op->str, watch->op) != 0;
}

static void
on_record(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct loss_watch *watch = context;
	char why[128];

	(void)tag;
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements != 2 ||
	    !lacks_it(watch, reply->element[0], reply->element[1]))
		return;
	snprintf(why, sizeof(why), "request:%s has not its version %" PRId64,
	    watch->request, watch->version);
	watch->request[0] = '\0';
	watch->on_loss(watch->context, why);
}

/* The value of "name:" in INFO; false: there is none. */
static bool
info_value(const char *info, const char *name, char ret[SERVER_ID_SIZE])
{
	size_t length = strlen(name);
	const char *line = info;

	while (strncmp(line, name, length) != 0 || line[length] != ':') {
		line = strchr(line, '\n');
		if (line == NULL)
			return false;
		line++;
	}
	snprintf(ret, SERVER_ID_SIZE, "%.*s",
	    (int)strcspn(line + length + 1, "\r\n"), line + length + 1);
	return true;
}

static void
on_info(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct loss_watch *watch = context;
	char server[SERVER_ID_SIZE], served[SERVER_ID_SIZE];
	bool is_other;

	(void)tag;
	/* It may be forbidden: then only what is missing is noticed. */
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_STRING ||
	    !info_value(reply->str, "run_id", server))
		return;
	is_other = watch->server[0] != '\0' &&
	    strcmp(watch->server, server) != 0;
	memcpy(watch->server, server, sizeof(watch->server));
	/* Whom it was a replica of; all zero: of nobody. */
	if (is_other && info_value(reply->str, "master_replid2", served) &&
	    served[strspn(served, "0")] != '\0')
		watch->on_loss(watch->context,
		    "a replica has taken the place of Redis");
}

void
loss_watch_on_up(struct loss_watch *watch)
{
	char key[REQUEST_ID_SIZE + 16];

	if (watch->request[0] != '\0' &&
	    clock_boottime_ms() - watch->at_boot_ms < FRESH_MS) {
		snprintf(key, sizeof(key), "request:%s", watch->request);
		if (!STORE_SEND(watch->store, on_record, watch, 0, "HMGET", key,
		        "v", "op"))
			return;         /* it is away again */
	}
	if (!store_ask_info(watch->store, on_info, watch, 0))
		return;
}
