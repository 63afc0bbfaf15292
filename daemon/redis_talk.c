/* SPDX-License-Identifier: MIT */
/*
 * What is said on a connection: who we are, the caller's commands, and which
 * reply belongs to whom.
 */
#include "daemon/redis_link_internal.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/resp.h"

static bool
send_own(struct redis_link *link, struct redis_ask *ask,
    const struct resp_command *command, int64_t deadline_ms);

static void
put(struct redis_link *link, struct redis_ask *ask,
    const struct resp_command *command, size_t size);

static void
wait_for_reply(struct redis_link *link, struct redis_ask *ask, size_t size);

static void
say(struct redis_link *link, struct redis_ask ask, int word_count,
    const char *const *words);

static void
greet(struct redis_link *link, const char *label, int word_count,
    const char *const *words);

static void
load(struct redis_link *link, enum redis_ask_kind kind, int script);

static void
subscribe(struct redis_link *link, const struct redis_channel *channel);

static void
hear_greeting(struct redis_link *link, const char *label,
    const struct redisReply *reply);

static bool
hear_message(struct redis_link *link, const struct redisReply *reply);

static void
hear_own(struct redis_link *link, struct redis_ask *ask, enum redis_end end,
    const struct redisReply *reply);

static void
repeat(struct redis_link *link, struct redis_ask *ask);

static bool
is_error(const struct redisReply *reply, const char *beginning);

static void
fail_with(struct redis_link *link, const char *label,
    const struct redisReply *reply);

bool
redis_link_send(struct redis_link *link, int argc, const char *const *argv,
    const size_t *argv_length, int64_t deadline_ms, redis_on_reply *on_reply,
    void *context, uint64_t tag)
{
	const struct resp_command command = {
		.argc = argc,
		.argv = argv,
		.argv_length = argv_length,
	};
	struct redis_ask ask = {
		.kind = REDIS_ASK_COMMAND,
		.on_reply = on_reply,
		.context = context,
		.tag = tag,
	};

	CHECK(argc > 0);
	return send_own(link, &ask, &command, deadline_ms);
}

int
redis_link_add_script(struct redis_link *link, const char *name,
    const char *body)
{
	struct redis_script *script = &link->scripts[link->script_count];
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int length;

	CHECK(link->script_count < REDIS_LINK_SCRIPT_MAX);
	CHECK(EVP_Digest(body, strlen(body), hash, &length, EVP_sha1(), NULL) ==
	    1);
	CHECK(length * 2 + 1 == SHA_HEX_SIZE);
	for (unsigned int i = 0; i < length; i++)
		snprintf(script->sha + i * 2, 3, "%02x", hash[i]);
	script->name = name;
	script->body = body;
	return link->script_count++;
}

bool
redis_link_eval(struct redis_link *link, int script, int argc,
    const char *const *argv, const size_t *argv_length, int64_t deadline_ms,
    redis_on_reply *on_reply, void *context, uint64_t tag)
{
	const char *const words[] = { "EVALSHA", link->scripts[script].sha };
	const struct resp_command command = {
		.word_count = COUNT_OF(words),
		.words = words,
		.argc = argc,
		.argv = argv,
		.argv_length = argv_length,
	};
	struct redis_ask ask = {
		.kind = REDIS_ASK_EVAL,
		.script = script,
		.on_reply = on_reply,
		.context = context,
		.tag = tag,
	};

	CHECK(script >= 0 && script < link->script_count);
	return send_own(link, &ask, &command, deadline_ms);
}

bool
redis_link_subscribe(struct redis_link *link, const char *channel,
    redis_on_message *on_message)
{
	struct redis_channel *added = &link->channels[link->channel_count];

	CHECK(link->own_count == 0);
	if (link->channel_count == REDIS_LINK_CHANNEL_MAX ||
	    strlen(channel) >= sizeof(added->name))
		return false;
	strcpy(added->name, channel);
	added->on_message = on_message;
	link->channel_count++;
	/* While it greets, Redis is told at the end of the greeting or here. */
	if (link->state == LINK_UP || link->state == LINK_GREETING) {
		if (link->state == LINK_UP)
			link->give_up_at_ms = clock_monotonic_ms() +
			    link->limits.connect_ms;
		link->state = LINK_GREETING;
		subscribe(link, added);
		redis_link_arm(link);
	}
	return true;
}

void
redis_talk_greet(struct redis_link *link)
{
	const struct redis_address *address = &link->address;
	const char *const name[] = { "CLIENT", "SETNAME", link->client_name };
	const char *const ping[] = { "PING" };
	char number[16];
	const char *const select[] = { "SELECT", number };

	link->greeting_count = 0;
	if (address->password[0] != '\0') {
		const char *const login[] = { "AUTH", address->user[0] == '\0' ?
		    address->password : address->user, address->password };

		greet(link, "AUTH", address->user[0] == '\0' ? 2 : 3, login);
	}
	say(link, (struct redis_ask){
		.kind = REDIS_ASK_NAME,
		.deadline_at_ms = INT64_MAX,
	    }, COUNT_OF(name), name);
	if (address->database != 0) {
		snprintf(number, sizeof(number), "%d", address->database);
		greet(link, "SELECT", COUNT_OF(select), select);
	}
	/* It is refused while Redis loads its data or has lost its master. */
	greet(link, "PING", COUNT_OF(ping), ping);
	for (int i = 0; i < link->script_count; i++) {
		link->scripts[i].is_loading = false;
		load(link, REDIS_ASK_GREETING, i);
	}
	for (int i = 0; i < link->channel_count; i++)
		subscribe(link, &link->channels[i]);
}

void
redis_talk_ping(struct redis_link *link)
{
	const char *const ping[] = { "PING" };

	say(link, (struct redis_ask){
		.kind = REDIS_ASK_PING,
		.deadline_at_ms = clock_monotonic_ms() + link->limits.pong_ms,
	    }, COUNT_OF(ping), ping);
}

void
redis_talk_take_reply(struct redis_link *link, const struct redisReply *reply)
{
	struct redis_ask ask;

	if (link->channel_count > 0 && hear_message(link, reply))
		return;
	if (link->queue.count == 0) {
		if (reply->type == REDIS_REPLY_ERROR)
			redis_link_fail(link, reply->str);
		else
			redis_link_fail(link, "a reply that nobody asked for");
		return;
	}
	ask = redis_queue_take(&link->queue);
	switch (ask.kind) {
	case REDIS_ASK_EVAL:
		if (is_error(reply, "NOSCRIPT"))
			repeat(link, &ask);
		else
			hear_own(link, &ask, REDIS_REPLY, reply);
		break;
	case REDIS_ASK_COMMAND:
	case REDIS_ASK_AGAIN:
		hear_own(link, &ask, REDIS_REPLY, reply);
		break;
	case REDIS_ASK_NAME:
		/* A name is a comfort; some access lists forbid CLIENT. */
		if (is_error(reply, "") && !is_error(reply, "NOPERM") &&
		    !is_error(reply, "NOAUTH") &&
		    !is_error(reply, "ERR unknown"))
			fail_with(link, "CLIENT SETNAME", reply);
		break;
	case REDIS_ASK_GREETING:
		hear_greeting(link, ask.label, reply);
		break;
	case REDIS_ASK_PING:
		if (is_error(reply, ""))
			fail_with(link, "PING", reply);
		break;
	case REDIS_ASK_LOAD:
		link->scripts[ask.script].is_loading = false;
		break;
	case REDIS_ASK_COUNT:
		break;
	}
}

void
redis_talk_end_all(struct redis_link *link, uint64_t sent_bytes)
{
	while (!link->is_freed && link->queue.count > 0) {
		struct redis_ask ask = redis_queue_take(&link->queue);

		if (ask.on_reply != NULL)
			hear_own(link, &ask, ask.begins_at < sent_bytes ?
			    REDIS_LOST : REDIS_UNSENT, NULL);
	}
}

static bool
send_own(struct redis_link *link, struct redis_ask *ask,
    const struct resp_command *command, int64_t deadline_ms)
{
	size_t size;

	CHECK(ask->on_reply != NULL);
	if (link->state != LINK_UP || link->channel_count > 0 ||
	    link->own_count >= link->limits.queue_max)
		return false;
	size = resp_size(command);
	if (size + evbuffer_get_length(bufferevent_get_output(link->socket)) >
	    link->limits.output_max)
		return false;
	ask->deadline_at_ms = clock_monotonic_ms() + deadline_ms;
	put(link, ask, command, size);
	link->own_count++;
	return true;
}

/* The bufferevent writes in the next pass of the loop, never from here. */
static void
put(struct redis_link *link, struct redis_ask *ask,
    const struct resp_command *command, size_t size)
{
	struct evbuffer *output = bufferevent_get_output(link->socket);
	struct evbuffer_iovec room;

	CHECK(evbuffer_reserve_space(output, (ev_ssize_t)size, &room, 1) == 1);
	resp_write(room.iov_base, command);
	if (ask->kind == REDIS_ASK_EVAL) {
		ask->saved = malloc(size);
		CHECK(ask->saved != NULL);
		memcpy(ask->saved, room.iov_base, size);
		ask->saved_size = size;
	}
	room.iov_len = size;
	CHECK(evbuffer_commit_space(output, &room, 1) == 0);
	wait_for_reply(link, ask, size);
}

static void
wait_for_reply(struct redis_link *link, struct redis_ask *ask, size_t size)
{
	ask->begins_at = link->put_bytes;
	link->put_bytes += size;
	redis_queue_push(&link->queue, ask);
	if (link->state != LINK_UP ||
	    ask->deadline_at_ms >= link->deadline_at_ms)
		return;
	link->deadline_at_ms = ask->deadline_at_ms;
	if (link->deadline_at_ms < link->timer_at_ms)
		redis_link_arm(link);
}

static void
say(struct redis_link *link, struct redis_ask ask, int word_count,
    const char *const *words)
{
	const struct resp_command command = {
		.word_count = word_count,
		.words = words,
	};

	put(link, &ask, &command, resp_size(&command));
}

static void
greet(struct redis_link *link, const char *label, int word_count,
    const char *const *words)
{
	link->greeting_count++;
	say(link, (struct redis_ask){
		.kind = REDIS_ASK_GREETING,
		.label = label,
		.deadline_at_ms = INT64_MAX,
	    }, word_count, words);
}

static void
load(struct redis_link *link, enum redis_ask_kind kind, int script)
{
	const char *const words[] = { "SCRIPT", "LOAD",
		link->scripts[script].body };

	if (kind == REDIS_ASK_GREETING)
		greet(link, link->scripts[script].name, COUNT_OF(words), words);
	else
		say(link, (struct redis_ask){
			.kind = kind,
			.script = script,
			.deadline_at_ms = INT64_MAX,
		    }, COUNT_OF(words), words);
}

static void
subscribe(struct redis_link *link, const struct redis_channel *channel)
{
	const char *const words[] = { "SUBSCRIBE", channel->name };

	greet(link, "SUBSCRIBE", COUNT_OF(words), words);
}

static void
hear_greeting(struct redis_link *link, const char *label,
    const struct redisReply *reply)
{
	if (is_error(reply, "")) {
		fail_with(link, label, reply);
		return;
	}
	CHECK(link->greeting_count > 0);
	link->greeting_count--;
	if (link->greeting_count == 0)
		redis_link_came_up(link);
}

/* False: an answer to one of our own words. */
static bool
hear_message(struct redis_link *link, const struct redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 ||
	    reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_STRING ||
	    reply->element[2]->type != REDIS_REPLY_STRING ||
	    strcmp(reply->element[0]->str, "message") != 0)
		return false;
	for (int i = 0; i < link->channel_count; i++) {
		const struct redis_channel *channel = &link->channels[i];

		if (strcmp(channel->name, reply->element[1]->str) == 0) {
			channel->on_message(link->context, channel->name,
			    reply->element[2]->str);
			break;
		}
	}
	return true;
}

static void
hear_own(struct redis_link *link, struct redis_ask *ask, enum redis_end end,
    const struct redisReply *reply)
{
	link->own_count--;
	free(ask->saved);
	ask->on_reply(ask->context, ask->tag, end, reply);
}

/* Redis has not run it; one load serves all that come back together. */
static void
repeat(struct redis_link *link, struct redis_ask *ask)
{
	struct redis_script *script = &link->scripts[ask->script];

	if (!script->is_loading) {
		script->is_loading = true;
		load(link, REDIS_ASK_LOAD, ask->script);
	}
	ask->kind = REDIS_ASK_AGAIN;
	CHECK(evbuffer_add(bufferevent_get_output(link->socket), ask->saved,
	    ask->saved_size) == 0);
	free(ask->saved);
	ask->saved = NULL;
	wait_for_reply(link, ask, ask->saved_size);
}

static bool
is_error(const struct redisReply *reply, const char *beginning)
{
	return reply->type == REDIS_REPLY_ERROR &&
	    strncmp(reply->str, beginning, strlen(beginning)) == 0;
}

static void
fail_with(struct redis_link *link, const char *label,
    const struct redisReply *reply)
{
	char why[REDIS_SOCKET_WHY_SIZE];

	snprintf(why, sizeof(why), "%.60s: %.180s", label, reply->str);
	redis_link_fail(link, why);
}
