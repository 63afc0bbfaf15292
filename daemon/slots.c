/* SPDX-License-Identifier: MIT */
/* slots: the beginnings of appointments, in order, of each queue. */
#include "daemon/slots.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rules.h"
#include "lib/text.h"

#define CLOSED_KEY "closed"

enum {
	TAKEN_MAX = 2048,       /* appointments seen of a queue; later ones are not counted */
	WAITING_AT_ONCE = 64,   /* of a queue that was closed, looked at in a second */
};

struct appointment {
	char id[REQUEST_ID_SIZE];
	int64_t at_ms;
};

struct book {
	char queue[ID_SIZE];
	struct appointment *taken;  size_t taken_count;
	struct slots_closed closed;     /* until_ms 0: it is open */
};

struct slots {
	struct store *store;
	struct engine *engine;
	struct forecast *forecast;
	const struct policy *policy;
	struct book *books;  size_t book_count;
	unsigned generation;
	unsigned closings;              /* by this node: what was asked before one is old */
	size_t outstanding;
};

struct asking {
	struct slots *slots;
	unsigned generation, closings;
	size_t book;
};

static struct book *
book_of(const struct slots *slots, const char *queue)
{
	for (size_t i = 0; i < slots->book_count; i++) {
		if (strcmp(slots->books[i].queue, queue) == 0)
			return &slots->books[i];
	}
	return NULL;
}

/* ---- what is taken */

static void
enter(struct book *book, const char *id, int64_t at_ms)
{
	size_t i = book->taken_count;

	if (i == TAKEN_MAX)
		return;
	while (i > 0 && book->taken[i - 1].at_ms > at_ms) {
		book->taken[i] = book->taken[i - 1];
		i--;
	}
	snprintf(book->taken[i].id, sizeof(book->taken[i].id), "%s", id);
	book->taken[i].at_ms = at_ms;
	book->taken_count++;
}

static void
leave(struct book *book, const char *id)
{
	for (size_t i = 0; i < book->taken_count; i++) {
		if (strcmp(book->taken[i].id, id) != 0)
			continue;
		memmove(&book->taken[i], &book->taken[i + 1],
		    (--book->taken_count - i) * sizeof(book->taken[0]));
		return;
	}
}

static bool
has_place(const struct request *request)
{
	return request->state == REQUEST_SCHEDULED && request->slot_to_ms != 0;
}

void
slots_on_committed(struct slots *slots, const struct situation *before,
    const struct outcome *outcome)
{
	const struct request *was = &before->request;
	const struct request *is = &outcome->after.request;
	struct book *book;

	if (has_place(was) && (book = book_of(slots, was->queue)) != NULL)
		leave(book, was->id);
	if (has_place(is) && (book = book_of(slots, is->queue)) != NULL) {
		leave(book, is->id);
		enter(book, is->id, is->at_ms);
	}
}

static struct asking *
asking_new(struct slots *slots, size_t book)
{
	struct asking *asking = calloc(1, sizeof(*asking));

	CHECK(asking != NULL);
	*asking = (struct asking){ slots, slots->generation, slots->closings,
		book };
	return asking;
}

static void
on_taken(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct asking *asking = context;
	struct slots *slots = asking->slots;
	struct record_ref ref;

	(void)tag;
	slots->outstanding--;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_ARRAY &&
	    asking->generation == slots->generation) {
		struct book *book = &slots->books[asking->book];

		book->taken_count = 0;
		for (size_t i = 0; i + 1 < reply->elements; i += 2) {
			const struct redisReply *id = reply->element[i];
			const char *score = reply->element[i + 1]->str;

			if (id->str != NULL && score != NULL &&
			    record_ref_parse(id->str, id->len, &ref))
				enter(book, ref.id, strtoll(score, NULL, 10));
		}
	} else if (end == REDIS_REPLY && store_is_of_another_type(reply) &&
	    asking->generation == slots->generation) {
		char index[ID_SIZE + 8];

		snprintf(index, sizeof(index), "slots:%s",
		    slots->books[asking->book].queue);
		engine_set_aside(slots->engine, index);
	}
	free(asking);
}

/* ---- what is closed */

/* "UNTIL_MS WHO REASON"; what cannot be read is open. */
static void
read_closed(const char *text, struct slots_closed *ret)
{
	int used = 0;

	memset(ret, 0, sizeof(*ret));
	if (sscanf(text, "%15" SCNd64 " %31s %n", &ret->until_ms, ret->who,
	    &used) < 2 || ret->until_ms <= 0) {
		memset(ret, 0, sizeof(*ret));
		return;
	}
	text_copy(ret->why, sizeof(ret->why), text + used);
}

/* Whoever waits there is looked at: their own row says what follows. */
static void
on_waiting(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct asking *asking = context;
	struct slots *slots = asking->slots;

	(void)tag;
	slots->outstanding--;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_ARRAY &&
	    asking->generation == slots->generation) {
		for (size_t i = 0; i < reply->elements; i++) {
			const struct redisReply *id = reply->element[i];
			struct engine_order order = { .event = {
				.kind = EVENT_DUE, .digit = -1 } };

			/* Refused: the next second finds it again. */
			if (id->str == NULL || !record_ref_parse(id->str,
			        id->len, &order.event.to) ||
			    order.event.to.kind != RECORD_REQUEST ||
			    !engine_post(slots->engine, &order))
				continue;
		}
	}
	free(asking);
}

static void
on_closed(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct asking *asking = context;
	struct slots *slots = asking->slots;

	(void)tag;
	slots->outstanding--;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_ARRAY &&
	    asking->generation == slots->generation &&
	    asking->closings == slots->closings) {
		for (size_t i = 0; i < slots->book_count; i++)
			slots->books[i].closed.until_ms = 0;
		for (size_t i = 0; i + 1 < reply->elements; i += 2) {
			struct book *book = reply->element[i]->str == NULL ?
			    NULL : book_of(slots, reply->element[i]->str);

			if (book != NULL && reply->element[i + 1]->str != NULL)
				read_closed(reply->element[i + 1]->str,
				    &book->closed);
		}
	}
	free(asking);
}

static bool
ask(struct slots *slots, size_t book, redis_on_reply *on_reply,
    const char *const *argv)
{
	struct asking *asking = asking_new(slots, book);

	if (store_send(slots->store, on_reply, asking, 0, argv)) {
		slots->outstanding++;
		return true;
	}
	free(asking);
	return false;
}

void
slots_tick(struct slots *slots)
{
	char key[ID_SIZE + 8], last[16];
	int64_t now_ms;

	if (!store_is_up(slots->store) || !store_knows_time(slots->store) ||
	    slots->outstanding > 0)
		return;
	now_ms = store_now_ms(slots->store);
	ask(slots, 0, on_closed, (const char *const[]){ "HGETALL", CLOSED_KEY,
	    NULL });
	for (size_t i = 0; i < slots->book_count; i++) {
		struct book *book = &slots->books[i];

		snprintf(key, sizeof(key), "slots:%s", book->queue);
		snprintf(last, sizeof(last), "%d", TAKEN_MAX - 1);
		if (!ask(slots, i, on_taken, (const char *const[]){ "ZRANGE",
		        key, "0", last, "WITHSCORES", NULL }))
			return;
		if (book->closed.until_ms <= now_ms)
			continue;
		snprintf(key, sizeof(key), "wait:%s", book->queue);
		snprintf(last, sizeof(last), "%d", WAITING_AT_ONCE - 1);
		if (!ask(slots, i, on_waiting, (const char *const[]){ "ZRANGE",
		        key, "0", last, NULL }))
			return;
	}
}

size_t
slots_taken_count(const struct slots *slots, const char *queue)
{
	const struct book *book = book_of(slots, queue);

	return book == NULL ? 0 : book->taken_count;
}

bool
slots_is_closed(const struct slots *slots, const char *queue, int64_t now_ms,
    struct slots_closed *ret_closed)
{
	const struct book *book = book_of(slots, queue);

	if (book == NULL || book->closed.until_ms <= now_ms)
		return false;
	*ret_closed = book->closed;
	return true;
}

bool
slots_close(struct slots *slots, const char *queue,
    const struct slots_closed *closed, engine_on_result *on_result,
    void *context)
{
	struct engine_listing listing = { .list = CLOSED_KEY,
		.listed_count = 1 };
	struct book *book = book_of(slots, queue);

	snprintf(listing.listed[0].field, sizeof(listing.listed[0].field),
	    "%s", queue);
	if (closed->until_ms != 0)
		snprintf(listing.listed[0].value,
		    sizeof(listing.listed[0].value), "%" PRId64 " %s %s",
		    closed->until_ms, closed->who, closed->why);
	snprintf(listing.line, sizeof(listing.line),
	    "queue:%s %s %s listed %s %.31s %.80s", queue,
	    closed->until_ms != 0 ? "open" : "closed",
	    closed->until_ms != 0 ? "closed" : "open",
	    closed->until_ms != 0 ? "close" : "open", closed->who, closed->why);
	if (!engine_list(slots->engine, &listing, on_result, context, 0))
		return false;
	slots->closings++;
	if (book != NULL)
		book->closed = *closed;
	return true;
}

/* ---- the first slot that can be kept */

static void
find(struct slots *slots, const struct book *book,
    const struct request *whose, int64_t from_ms, struct slot_span *ret_slot)
{
	struct handling handling = forecast_handling(slots->forecast,
	    book->queue);
	int64_t *taken = calloc(book->taken_count + 1, sizeof(*taken));
	size_t count = 0;

	CHECK(taken != NULL);
	for (size_t i = 0; i < book->taken_count; i++) {
		if (strcmp(book->taken[i].id, whose->id) != 0)
			taken[count++] = book->taken[i].at_ms;
	}
	if (handling.mean_ms <= 0 || !doors_find(slots->policy, book->queue, whose,
	    handling.mean_ms, from_ms, taken, count, ret_slot))
		memset(ret_slot, 0, sizeof(*ret_slot));
	free(taken);
}

/* What a slot of theirs takes. */
static int
most_of(const struct slots *slots, const struct book *book,
    const struct slot_span *slot)
{
	struct handling handling = forecast_handling(slots->forecast,
	    book->queue);

	return handling.mean_ms <= 0 ? 0 : doors_capacity(slots->policy,
	    book->queue, handling.mean_ms, slot->from_ms);
}

/* The slot in which the moment lies that was chosen. */
static void
look_at(const struct slots *slots, const struct book *book, const char *id,
    int64_t at_ms, int64_t full_until_ms, struct doors_hint *hint)
{
	int64_t length_ms = slots->policy->slot_length_ms;
	int count = 0;

	if (slots->policy->hours == NULL || length_ms == 0)
		return;
	hint->asked.from_ms = at_ms - at_ms % length_ms;
	hint->asked.to_ms = hint->asked.from_ms + length_ms;
	hint->asked_most = most_of(slots, book, &hint->asked);
	for (size_t i = 0; i < book->taken_count; i++) {
		const struct appointment *one = &book->taken[i];

		count += one->at_ms >= hint->asked.from_ms &&
		    one->at_ms < hint->asked.to_ms && strcmp(one->id, id) != 0;
	}
	hint->is_full = hint->asked_most > 0 && (count >= hint->asked_most ||
	    hint->asked.to_ms <= full_until_ms);
}

struct doors_hint
slots_hint(struct slots *slots, const struct request *request, bool is_asked,
    const struct expectation *seen, int64_t full_until_ms, int64_t now_ms)
{
	const struct book *book = book_of(slots, request->queue);
	struct doors_hint hint = { .closed_until_ms = 0 };
	bool is_chosen = is_asked && request->at_ms > now_ms;
	int64_t from_ms = is_chosen ? request->at_ms : now_ms, until_ms;
	const char *reason;

	if (book == NULL)
		return hint;
	if (book->closed.until_ms > now_ms)
		hint.closed_until_ms = book->closed.until_ms;
	if (is_chosen)
		look_at(slots, book, request->id, from_ms, full_until_ms, &hint);
	if (is_asked && doors_bar(slots->policy, request, &hint, seen,
	        now_ms) == NULL)
		return hint;
	/* A promise that was made is kept, as long as calls may be made at all. */
	if (!is_asked && hint.closed_until_ms == 0 &&
	    (rules_allow_call(slots->policy, request, now_ms, &reason,
	        &until_ms) || strcmp(reason, "closed") != 0))
		return hint;
	if (hint.closed_until_ms > from_ms)
		from_ms = hint.closed_until_ms;
	if (full_until_ms > from_ms)
		from_ms = full_until_ms;
	find(slots, book, request, from_ms, &hint.slot);
	if (hint.slot.to_ms != 0)
		hint.slot_most = most_of(slots, book, &hint.slot);
	return hint;
}

/* ---- the module */

static void
books_free(struct slots *slots)
{
	for (size_t i = 0; i < slots->book_count; i++)
		free(slots->books[i].taken);
	free(slots->books);
}

void
slots_set_policy(struct slots *slots, const struct policy *policy)
{
	books_free(slots);
	slots->policy = policy;
	slots->generation++;
	slots->book_count = policy->queue_count;
	slots->books = calloc(policy->queue_count + 1, sizeof(*slots->books));
	CHECK(slots->books != NULL);
	for (size_t i = 0; i < policy->queue_count; i++) {
		memcpy(slots->books[i].queue, policy->queues[i].id, ID_SIZE);
		slots->books[i].taken = calloc(TAKEN_MAX,
		    sizeof(slots->books[i].taken[0]));
		CHECK(slots->books[i].taken != NULL);
	}
}

struct slots *
slots_new(struct store *store, struct engine *engine,
    struct forecast *forecast, const struct policy *policy)
{
	struct slots *slots = calloc(1, sizeof(*slots));

	CHECK(slots != NULL);
	slots->store = store;
	slots->engine = engine;
	slots->forecast = forecast;
	slots_set_policy(slots, policy);
	return slots;
}

void
slots_free(struct slots *slots)
{
	if (slots == NULL)
		return;
	books_free(slots);
	free(slots);
}
