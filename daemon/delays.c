/* SPDX-License-Identifier: MIT */
/* delays: one word for each queue, and how long each was true. */
#include "daemon/delays.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/match.h"
#include "lib/promise.h"

enum {
	SPANS_MAX = 32,         /* of a queue; the oldest is forgotten */
	PEOPLE_MAX = 1024,      /* asked about at a time; who is not counts as at work */
	PARTS_MAX = 3,          /* said of one wait */
	NOES_MAX = 16,          /* looked into at a time; more are not told of */
	SECONDS_FROM_MS = 10000,
};

enum word {
	WORD_NONE,              /* somebody may be asked, or nobody waits */
	WORD_PROVIDER_DOWN, WORD_SPENT, WORD_IN_FLIGHT, WORD_PACE,
	WORD_NO_ONE_ON_SHIFT, WORD_ALL_PAUSED, WORD_ALL_BUSY,
	WORD_KEPT_FOR_LINE,
	WORD_COUNT
};

static const char *const word_names[WORD_COUNT] = {
	[WORD_NONE] = "",
	[WORD_PROVIDER_DOWN] = "provider_down",
	[WORD_SPENT] = "spent",
	[WORD_IN_FLIGHT] = "in_flight",
	[WORD_PACE] = "pace",
	[WORD_NO_ONE_ON_SHIFT] = "no_one_on_shift",
	[WORD_ALL_PAUSED] = "all_paused",
	[WORD_ALL_BUSY] = "all_busy",
	[WORD_KEPT_FOR_LINE] = "kept_for_line",
};

struct span {
	enum word word;
	int64_t from_ms, to_ms;
};

struct queue_spans {
	char id[ID_SIZE];
	struct span spans[SPANS_MAX];  size_t count;  /* the newest last */
};

enum seen { SEEN_NOT_YET, SEEN_AT_WORK, SEEN_PAUSED, SEEN_OFF };

/* Somebody said no: were there others? */
struct no {
	char specialist[ID_SIZE], queue[ID_SIZE];
	bool is_asked;                  /* who is at work, since */
};

struct delays {
	struct store *store;
	struct matcher *matcher;
	struct health *health;
	const struct policy *policy;
	struct queue_spans *queues;  size_t queue_count;
	unsigned char *seen;            /* enum seen of each of the policy's specialists */
	unsigned generation;            /* of the policy that they are of */
	size_t outstanding;
	struct no noes[NOES_MAX];  size_t no_count;
	delays_on_alone *on_alone;  void *context;
};

/* ---- who is at work */

struct look {
	struct delays *delays;
	unsigned generation;
};

static enum seen
seen_of(const struct redisReply *reply)
{
	const char *state = reply->element[0]->str;
	const char *status = reply->element[1]->str;

	if (state != NULL && strcmp(state,
	        specialist_state_names[SPECIALIST_AWAY]) != 0)
		return SEEN_AT_WORK;
	return status != NULL && strcmp(status, status_names[STATUS_PAUSED]) ==
	    0 ? SEEN_PAUSED : SEEN_OFF;
}

static void
on_person(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct look *look = context;
	struct delays *delays = look->delays;

	delays->outstanding--;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_ARRAY &&
	    reply->elements == 2 && look->generation == delays->generation)
		delays->seen[tag] = (unsigned char)seen_of(reply);
	free(look);
}

static bool
is_short(const struct delays *delays, const char *queue)
{
	return matcher_waiting_count(delays->matcher, queue) > 0 &&
	    matcher_idle_count(delays->matcher, queue) == 0;
}

static bool
was_refused(const struct delays *delays, const char *queue)
{
	for (size_t i = 0; i < delays->no_count; i++) {
		if (strcmp(delays->noes[i].queue, queue) == 0)
			return true;
	}
	return false;
}

static bool
is_worth_asking(const struct delays *delays,
    const struct specialist_policy *one)
{
	for (size_t i = 0; i < one->queue_count; i++) {
		if (is_short(delays, one->queues[i].id) ||
		    was_refused(delays, one->queues[i].id))
			return true;
	}
	return false;
}

static bool
is_alone(const struct delays *delays, const struct no *no)
{
	for (size_t i = 0; i < delays->policy->specialist_count; i++) {
		const struct specialist_policy *other =
		    &delays->policy->specialists[i];

		if (policy_level(other, no->queue) > 0 &&
		    strcmp(other->id, no->specialist) != 0 &&
		    delays->seen[i] <= SEEN_AT_WORK)
			return false;
	}
	return true;
}

/* Of those whose colleagues were asked about since; the others are next. */
static void
judge_noes(struct delays *delays)
{
	size_t kept = 0;

	for (size_t i = 0; i < delays->no_count; i++) {
		struct no *no = &delays->noes[i];

		if (!no->is_asked) {
			no->is_asked = true;
			delays->noes[kept++] = *no;
		} else if (delays->on_alone != NULL && is_alone(delays, no)) {
			delays->on_alone(delays->context, no->specialist);
		}
	}
	delays->no_count = kept;
}

void
delays_on_committed(struct delays *delays, const struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->move_count; i++) {
		const struct move *move = &outcome->moves[i];
		struct no *no;

		if (move->record.kind != RECORD_SPECIALIST ||
		    move->event != EVENT_DECLINE ||
		    delays->no_count == NOES_MAX ||
		    matcher_others(delays->matcher,
		        outcome->after.request.queue, move->record.id) > 0)
			continue;
		no = &delays->noes[delays->no_count++];
		memset(no, 0, sizeof(*no));
		snprintf(no->specialist, sizeof(no->specialist), "%s",
		    move->record.id);
		memcpy(no->queue, outcome->after.request.queue,
		    sizeof(no->queue));
	}
}

void
delays_set_on_alone(struct delays *delays, delays_on_alone *on_alone,
    void *context)
{
	delays->on_alone = on_alone;
	delays->context = context;
}

static void
look_around(struct delays *delays)
{
	const struct policy *policy = delays->policy;
	size_t asked = 0;

	if (delays->outstanding > 0)
		return;
	judge_noes(delays);
	for (size_t i = 0; i < policy->specialist_count &&
	    asked < PEOPLE_MAX; i++) {
		struct record_ref ref =
		    record_ref_specialist(policy->specialists[i].id);
		struct look *look;
		char key[KEY_SIZE];

		if (!is_worth_asking(delays, &policy->specialists[i])) {
			delays->seen[i] = SEEN_NOT_YET;
			continue;
		}
		look = calloc(1, sizeof(*look));
		CHECK(look != NULL);
		*look = (struct look){ delays, delays->generation };
		record_key(&ref, key);
		if (!STORE_SEND(delays->store, on_person, look, i, "HMGET",
		        key, "state", "status")) {
			free(look);
			return;
		}
		delays->outstanding++;
		asked++;
	}
}

/* WORD_NONE: not known yet. */
static enum word
word_of_people(const struct delays *delays, const char *queue)
{
	enum word word = WORD_NO_ONE_ON_SHIFT;
	bool is_known = true;

	for (size_t i = 0; i < delays->policy->specialist_count; i++) {
		if (policy_level(&delays->policy->specialists[i], queue) == 0)
			continue;
		if (delays->seen[i] == SEEN_AT_WORK)
			return WORD_ALL_BUSY;
		if (delays->seen[i] == SEEN_PAUSED)
			word = WORD_ALL_PAUSED;
		is_known &= delays->seen[i] != SEEN_NOT_YET;
	}
	return is_known ? word : WORD_NONE;
}

/* ---- of a queue */

static enum word
word_of_provider(struct delays *delays, const char *queue)
{
	switch (health_lack(delays->health, queue)) {
	case HEALTH_LACKS_PROVIDER:
		return WORD_PROVIDER_DOWN;
	case HEALTH_LACKS_MONEY:
		return WORD_SPENT;
	case HEALTH_LACKS_ROOM:
		return WORD_IN_FLIGHT;
	case HEALTH_LACKS_TURN:
		return WORD_PACE;
	case HEALTH_LACKS_NOTHING:
		break;
	}
	return WORD_NONE;
}

static enum word
word_of(struct delays *delays, const char *queue)
{
	enum word word = word_of_provider(delays, queue);
	const struct queue_policy *policy = policy_queue(delays->policy,
	    queue);
	size_t idle = matcher_idle_count(delays->matcher, queue);

	if (word != WORD_NONE)
		return word;
	if (idle == 0)
		return word_of_people(delays, queue);
	return policy != NULL && idle <= (size_t)policy->keep_for_line ?
	    WORD_KEPT_FOR_LINE : WORD_NONE;
}

static struct queue_spans *
spans_of(const struct delays *delays, const char *queue)
{
	for (size_t i = 0; i < delays->queue_count; i++) {
		if (strcmp(delays->queues[i].id, queue) == 0)
			return &delays->queues[i];
	}
	return NULL;
}

/* It is true now; until the next look it is taken to go on. */
static void
note(struct queue_spans *spans, enum word word, int64_t now_ms)
{
	struct span *last = spans->count == 0 ? NULL :
	    &spans->spans[spans->count - 1];

	if (last != NULL)
		last->to_ms = now_ms;
	if (last != NULL && last->word == word)
		return;
	if (spans->count == SPANS_MAX)
		memmove(spans->spans, spans->spans + 1,
		    --spans->count * sizeof(spans->spans[0]));
	spans->spans[spans->count++] = (struct span){ word, now_ms, now_ms };
}

void
delays_tick(struct delays *delays)
{
	int64_t now_ms;

	if (!store_is_up(delays->store) || !store_knows_time(delays->store))
		return;
	now_ms = store_now_ms(delays->store);
	look_around(delays);
	for (size_t i = 0; i < delays->queue_count; i++) {
		struct queue_spans *spans = &delays->queues[i];

		note(spans, matcher_waiting_count(delays->matcher,
		    spans->id) == 0 ? WORD_NONE : word_of(delays, spans->id),
		    now_ms);
	}
}

/* ---- of a request */

static bool
has_fresh_no(const struct request *request, int64_t now_ms)
{
	for (size_t i = 0; i < DECLINED_MAX; i++) {
		if (request->declined[i].specialist[0] != '\0' &&
		    request->declined[i].until_ms > now_ms)
			return true;
	}
	return false;
}

const char *
delays_why(struct delays *delays, const struct request *request,
    int64_t now_ms)
{
	enum word word;

	if (request->state != REQUEST_WAITING)
		return "";
	word = word_of_provider(delays, request->queue);
	if (word == WORD_PROVIDER_DOWN || word == WORD_SPENT)
		return word_names[word];
	if (request->hold_until_ms > now_ms)
		return request->reason[0] != '\0' ? request->reason : "held";
	if (request_is_held(request, now_ms))
		return "preferred";
	if (word == WORD_NONE)
		word = word_of(delays, request->queue);
	if (word == WORD_KEPT_FOR_LINE && promise_is_in_hurry(delays->policy,
	        request, now_ms))
		word = WORD_NONE;
	if (word != WORD_NONE)
		return word_names[word];
	if (matcher_idle_count(delays->matcher, request->queue) == 0)
		return word_names[WORD_ALL_BUSY];
	if (matcher_has_for(delays->matcher, request, now_ms))
		return "next";
	return has_fresh_no(request, now_ms) ? "declined" : "level";
}

/* How long each word was true since it began to wait; until the first was known, that one
 * was. Who is in a hurry is kept from nobody. */
static void
measure(const struct delays *delays, const struct request *request,
    int64_t now_ms, int64_t ret_ms[WORD_COUNT])
{
	const struct queue_spans *spans = spans_of(delays, request->queue);
	const struct queue_policy *queue = policy_queue(delays->policy,
	    request->queue);

	memset(ret_ms, 0, WORD_COUNT * sizeof(ret_ms[0]));
	for (size_t i = 0; spans != NULL && i < spans->count; i++) {
		const struct span *span = &spans->spans[i];
		bool is_first = i > 0 && spans->spans[i - 1].word == WORD_NONE;
		int64_t begin_ms = is_first ? spans->spans[i - 1].from_ms :
		    span->from_ms;
		int64_t from_ms = begin_ms > request->since_ms ? begin_ms :
		    request->since_ms;
		int64_t to_ms = i + 1 == spans->count ? now_ms : span->to_ms;

		if (span->word == WORD_KEPT_FOR_LINE && queue != NULL &&
		    to_ms > request->promise_at_ms - promise_hurry_ms(queue))
			to_ms = request->promise_at_ms -
			    promise_hurry_ms(queue);
		if (to_ms > from_ms)
			ret_ms[span->word] += to_ms - from_ms;
	}
	ret_ms[WORD_NONE] = 0;
}

void
delays_say(const struct delays *delays, const struct request *request,
    int64_t now_ms, char ret_text[DETAIL_SIZE])
{
	int64_t ms[WORD_COUNT];
	size_t used = 0;

	ret_text[0] = '\0';
	measure(delays, request, now_ms, ms);
	for (int part = 0; part < PARTS_MAX; part++) {
		int longest = WORD_NONE;
		bool in_seconds;

		for (int i = 0; i < WORD_COUNT; i++) {
			if (ms[i] > ms[longest])
				longest = i;
		}
		if (ms[longest] == 0)
			break;
		in_seconds = ms[longest] >= SECONDS_FROM_MS;
		used += (size_t)snprintf(ret_text + used, DETAIL_SIZE - used,
		    "%s%" PRId64 " %s %s", part == 0 ? "waited " : ", ",
		    in_seconds ? ms[longest] / 1000 : ms[longest],
		    in_seconds ? "s" : "ms", word_names[longest]);
		if (used >= DETAIL_SIZE)
			break;
		ms[longest] = 0;
	}
}

/* ---- the module */

/* What was seen of queues that stay is kept. */
void
delays_set_policy(struct delays *delays, const struct policy *policy)
{
	struct queue_spans *old = delays->queues;
	size_t old_count = delays->queue_count;

	delays->queues = calloc(policy->queue_count + 1,
	    sizeof(*delays->queues));
	free(delays->seen);
	delays->seen = calloc(policy->specialist_count + 1, 1);
	CHECK(delays->queues != NULL && delays->seen != NULL);
	delays->generation++;
	delays->policy = policy;
	delays->queue_count = policy->queue_count;
	for (size_t i = 0; i < policy->queue_count; i++) {
		struct queue_spans *spans = &delays->queues[i];

		memcpy(spans->id, policy->queues[i].id, sizeof(spans->id));
		for (size_t k = 0; k < old_count; k++) {
			if (strcmp(old[k].id, spans->id) == 0)
				*spans = old[k];
		}
	}
	free(old);
}

struct delays *
delays_new(struct store *store, struct matcher *matcher,
    struct health *health, const struct policy *policy)
{
	struct delays *delays = calloc(1, sizeof(*delays));

	CHECK(delays != NULL);
	delays->store = store;
	delays->matcher = matcher;
	delays->health = health;
	delays_set_policy(delays, policy);
	return delays;
}

void
delays_free(struct delays *delays)
{
	if (delays == NULL)
		return;
	free(delays->queues);
	free(delays->seen);
	free(delays);
}
