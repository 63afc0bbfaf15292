/* SPDX-License-Identifier: MIT */
/* stand_in: one list of what waits, commands and orders in one row. */
#include "tests/fuzz/stand_in.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

#include "daemon/resp.h"
#include "daemon/store.h"
#include "lib/text.h"
#include "tests/fuzz/fuzz.h"

enum { PENDING_MAX = 512 };

/* A command without a reply, or an order without a result. */
struct pending {
	redis_on_reply *on_reply;       /* NULL: an order */
	engine_on_result *on_result;
	void *context;
	uint64_t tag;
};

static struct {
	struct store *store;
	redis_on_state *on_state;
	void *state_context;
	struct pending pending[PENDING_MAX];
	size_t pending_count;
	struct resp_reader *replies;
	size_t engine_end;
	enum verdict verdict;
	const struct situation *after;
	size_t command_count, order_count;
	struct event last;
} world;

/* ---- Redis's link */

struct redis_link_limits
redis_link_default_limits(void)
{
	return (struct redis_link_limits){ .queue_max = PENDING_MAX };
}

struct redis_link *
redis_link_new(struct event_base *base, const struct redis_address *address,
    const char *client_name, const struct redis_link_limits *limits,
    void *context, redis_on_state *on_state)
{
	(void)base;
	(void)address;
	(void)client_name;
	(void)limits;
	world.on_state = on_state;
	world.state_context = context;
	return (struct redis_link *)&world;
}

void
redis_link_free(struct redis_link *link)
{
	(void)link;
}

bool
redis_link_is_up(const struct redis_link *link)
{
	(void)link;
	return true;
}

size_t
redis_link_pending(const struct redis_link *link)
{
	(void)link;
	return world.pending_count;
}

static bool
add_pending(struct pending pending)
{
	if (world.pending_count == PENDING_MAX)
		return false;
	world.pending[world.pending_count++] = pending;
	return true;
}

bool
redis_link_send(struct redis_link *link, int argc, const char *const *argv,
    const size_t *argv_length, int64_t deadline_ms, redis_on_reply *on_reply,
    void *context, uint64_t tag)
{
	struct resp_command command = { .argc = argc, .argv = argv,
		.argv_length = argv_length };

	(void)link;
	(void)deadline_ms;
	CHECK(argc > 0 && resp_size(&command) > 0);
	world.command_count++;
	return add_pending((struct pending){ on_reply, NULL, context, tag });
}

int
redis_link_add_script(struct redis_link *link, const char *name,
    const char *body)
{
	(void)link;
	(void)name;
	(void)body;
	return 0;
}

bool
redis_link_eval(struct redis_link *link, int script, int argc,
    const char *const *argv, const size_t *argv_length, int64_t deadline_ms,
    redis_on_reply *on_reply, void *context, uint64_t tag)
{
	(void)script;
	return redis_link_send(link, argc, argv, argv_length, deadline_ms,
	    on_reply, context, tag);
}

/* ---- the engine */

bool
engine_post(struct engine *engine, const struct engine_order *order)
{
	const struct event *event = &order->event;
	char key[KEY_SIZE];

	(void)engine;
	CHECK(event->kind > EVENT_NONE && event->kind < EVENT_COUNT);
	record_key(&event->to, key);
	CHECK(event->progress < PROGRESS_COUNT);
	CHECK(event->outcome < OUTCOME_COUNT && event->status < STATUS_COUNT);
	CHECK(memchr(event->by, '\0', sizeof(event->by)) != NULL);
	CHECK(memchr(event->reason, '\0', sizeof(event->reason)) != NULL);
	CHECK(event->at_ms >= 0);
	world.order_count++;
	world.last = *event;
	world.last.note = NULL;
	if (event->note != NULL)
		CHECK(strlen(event->note) < NOTE_SIZE &&
		    text_is_utf8(event->note, strlen(event->note)));
	if (order->on_result == NULL)
		return true;
	return add_pending((struct pending){ NULL, order->on_result,
		order->context, order->tag });
}

bool
engine_refuse(struct engine *engine, const char *take_index,
    const char *take_member, size_t take_length, const char *const *rejected,
    const char *answer_id, const char *answer, engine_on_result *on_result,
    void *context, uint64_t tag)
{
	(void)engine;
	(void)take_index;
	(void)take_member;
	(void)take_length;
	(void)answer_id;
	for (size_t i = 0; rejected[i] != NULL; i++)
		CHECK(text_is_utf8(rejected[i], strlen(rejected[i])));
	CHECK(answer == NULL || fuzz_is_json(answer));
	return on_result == NULL ||
	    add_pending((struct pending){ NULL, on_result, context, tag });
}

bool
engine_list(struct engine *engine, const struct engine_listing *listing,
    engine_on_result *on_result, void *context, uint64_t tag)
{
	(void)engine;
	CHECK(listing != NULL);
	return on_result == NULL ||
	    add_pending((struct pending){ NULL, on_result, context, tag });
}

void
engine_try(struct engine *engine, const struct situation *fresh,
    struct event *event, struct request *ret_request)
{
	(void)engine;
	CHECK(event->kind == EVENT_ARRIVED && fresh->request.id[0] != '\0');
	*ret_request = fresh->request;
	ret_request->state = REQUEST_WAITING;
}

void
engine_fresh_id(struct engine *engine, char ret_id[REQUEST_ID_SIZE])
{
	(void)engine;
	snprintf(ret_id, REQUEST_ID_SIZE, "abcdefgh12345678");
}

size_t
engine_free_slots(const struct engine *engine)
{
	(void)engine;
	return 5;
}

size_t
engine_in_hand(const struct engine *engine)
{
	(void)engine;
	return 0;
}

/* ---- what comes back */

static struct redisReply *
next_reply(void)
{
	struct redisReply *reply = NULL;

	if (!resp_reader_next(world.replies, &reply)) {
		/* What cannot be read ends all that would be read. */
		resp_reader_free(world.replies);
		world.replies = resp_reader_new(STAND_IN_REPLIES_MAX);
		reply = NULL;
	}
	return reply;
}

static void
end_order(const struct pending *pending)
{
	struct engine_result result = {
		.end = (enum engine_end)(world.engine_end % 6), .reason = "",
		.key = "", .owner = "" };

	result.verdict = world.verdict;

	if (world.engine_end >= 6 && result.end == ENGINE_DONE)
		result.reason = "outside_hours";
	if (result.end == ENGINE_DONE || result.end == ENGINE_NO_ROW)
		result.after = world.after;
	pending->on_result(pending->context, pending->tag, &result);
}

static void
end_one(void)
{
	struct pending pending = world.pending[0];
	struct redisReply *reply;

	world.pending_count--;
	memmove(&world.pending[0], &world.pending[1],
	    world.pending_count * sizeof(pending));
	if (pending.on_reply == NULL) {
		end_order(&pending);
		return;
	}
	reply = next_reply();
	pending.on_reply(pending.context, pending.tag,
	    reply != NULL ? REDIS_REPLY : REDIS_LOST, reply);
	if (reply != NULL)
		freeReplyObject(reply);
}

/* ---- from outside */

bool
stand_in_order(engine_on_result *on_result, void *context, uint64_t tag)
{
	return add_pending((struct pending){ NULL, on_result, context, tag });
}

static void
on_store_state(void *context, bool is_up, const char *why)
{
	(void)context;
	(void)is_up;
	(void)why;
}

void
stand_in_feed(const char *bytes, size_t length)
{
	for (size_t at = 0; at < length; at += RESP_FEED_MAX) {
		size_t next = length - at < RESP_FEED_MAX ? length - at :
		    RESP_FEED_MAX;

		if (!resp_reader_feed(world.replies, bytes + at, next))
			return;
	}
}

void
stand_in_end_all(void)
{
	while (world.pending_count > 0)
		end_one();
}

void
stand_in_set_end(size_t engine_end, enum verdict verdict,
    const struct situation *after)
{
	world.engine_end = engine_end;
	world.verdict = verdict;
	world.after = after;
}

void
stand_in_renew(void)
{
	resp_reader_free(world.replies);
	world.replies = resp_reader_new(STAND_IN_REPLIES_MAX);
	world.command_count = 0;
	world.order_count = 0;
	memset(&world.last, 0, sizeof(world.last));
}

size_t
stand_in_command_count(void)
{
	return world.command_count;
}

size_t
stand_in_order_count(void)
{
	return world.order_count;
}

const struct event *
stand_in_last_event(void)
{
	return &world.last;
}

struct store *
stand_in_begin(struct event_base *base)
{
	static const char now[] = "*2\r\n$10\r\n1795448400\r\n$1\r\n0\r\n";
	static const struct redis_address address;

	stand_in_renew();
	world.store = store_new(base, &address, "shop", NULL, on_store_state);
	world.on_state(world.state_context, true, NULL);
	stand_in_feed(now, sizeof(now) - 1);
	stand_in_end_all();
	CHECK(store_is_up(world.store));
	return world.store;
}

void
stand_in_end(void)
{
	store_free(world.store);
	resp_reader_free(world.replies);
}
