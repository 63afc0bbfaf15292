/* SPDX-License-Identifier: MIT */
/* standing: the indexes, one function per kind of record. */
#include "lib/standing.h"

#include <stdio.h>
#include <string.h>

/* The high digit of a score that has two keys: a lane or a level, then a
 * moment in milliseconds (which has 13 digits until the year 2286). */
#define DIGIT 100000000000000LL

const char *const standing_indexes[STANDING_INDEXES + 1] = { "active", "due",
	"promises", "late", "referred", "taken", NULL };

static void
stand(struct standing *standing, const char *index, const char *tail,
    int64_t score)
{
	size_t head = strlen(index), rest = strlen(tail);

	CHECK(standing->count < STANDING_MAX);
	CHECK(head + rest < sizeof(standing->in[0].index));
	memcpy(standing->in[standing->count].index, index, head);
	memcpy(standing->in[standing->count].index + head, tail, rest + 1);
	standing->in[standing->count].score = score;
	standing->count++;
}

static void
join(char *key, const char *a, const char *b, const char *c)
{
	int length = snprintf(key, KEY_SIZE, "%s%s%s%s", a, b,
	    c[0] != '\0' ? ":" : "", c);

	CHECK(length > 0 && length < KEY_SIZE);
}

void
standing_number_key(const char *phone, char ret_key[KEY_SIZE])
{
	join(ret_key, "phone:", phone, "");
}

void
standing_number_queue_key(const char *phone, const char *queue,
    char ret_key[KEY_SIZE])
{
	join(ret_key, "phone:", phone, queue);
}

void
standing_cases_key(const char *phone, char ret_key[KEY_SIZE])
{
	snprintf(ret_key, KEY_SIZE, "cases:%s", phone);
}

void
standing_rang_key(const char *phone, char ret_key[KEY_SIZE])
{
	join(ret_key, "rang:", phone, "");
}

void
standing_seen_key(const char *site_id, char ret_key[KEY_SIZE])
{
	join(ret_key, "seen:", site_id, "");
}

bool
standing_holds_number(const struct request *request)
{
	return request->state == REQUEST_CALLING ||
	    request->state == REQUEST_TALKING || request->is_leg_open ||
	    (request->state == REQUEST_REFERRED &&
	        strcmp(request->reason, "maybe_called") == 0);
}

static int64_t
waiting_score(const struct request *request)
{
	if (request->lane != 0)
		return DIGIT + request->promise_at_ms;
	return request->is_missed && request->second_at_ms != 0 ?
	    request->second_at_ms : request->promise_at_ms;
}

int64_t
standing_waiting_promise(int64_t score)
{
	return score % DIGIT;
}

int64_t
standing_late_score(void)
{
	return DIGIT;
}

void
standing_of_request(const struct request *request, struct standing *ret)
{
	int64_t promise = request_promise_moment(request);

	ret->count = 0;
	ret->unique_count = 0;
	if (standing_holds_number(request))
		standing_number_key(request->phone,
		    ret->unique[ret->unique_count++]);
	if (!request_is_live(request))
		return;
	if (request->state >= REQUEST_SCHEDULED &&
	    request->state <= REQUEST_TALKING)
		standing_number_queue_key(request->phone, request->queue,
		    ret->unique[ret->unique_count++]);
	stand(ret, "active", "", request->asked_at_ms);
	if (request->record.wake_at_ms != 0)
		stand(ret, "due", "", request->record.wake_at_ms);
	if (promise != 0)
		stand(ret, "promises", "", promise);
	if (request->state == REQUEST_REFERRED)
		stand(ret, "referred", "", request->asked_at_ms);
	if (request->state == REQUEST_SCHEDULED && request->slot_to_ms != 0)
		stand(ret, "slots:", request->queue, request->at_ms);
	if (request->state == REQUEST_TAKEN)
		stand(ret, "taken", "", request->promise_at_ms);
	if (request->is_missed && request->kept_at_ms == 0)
		stand(ret, "late", "", request->promise_at_ms);
	if (!request_is_open(request))
		return;
	stand(ret, "wait:", request->queue, waiting_score(request));
	for (size_t i = 0; i < ALSO_MAX; i++) {
		if (request->also[i][0] != '\0')
			stand(ret, "wait:", request->also[i],
			    waiting_score(request));
	}
}

void
standing_of_call(const struct call *call, struct standing *ret)
{
	ret->count = 0;
	ret->unique_count = 0;
	if (!call_is_live(call))
		return;
	stand(ret, "active", "", call->placed_at_ms);
	if (call->record.wake_at_ms != 0)
		stand(ret, "due", "", call->record.wake_at_ms);
	if (!call_is_by_hand(call))
		stand(ret, "calls:", call->provider, call->placed_at_ms);
}

void
standing_of_message(const struct message *message, struct standing *ret)
{
	ret->count = 0;
	ret->unique_count = 0;
	if (!message_is_live(message))
		return;
	stand(ret, "active", "", message->created_at_ms);
	if (message->record.wake_at_ms != 0)
		stand(ret, "due", "", message->record.wake_at_ms);
}

void
standing_of_specialist(const struct specialist *specialist,
    struct standing *ret)
{
	ret->count = 0;
	ret->unique_count = 0;
	if (specialist->state == SPECIALIST_NONE)
		return;
	stand(ret, "active", "", 0);
	if (specialist->record.wake_at_ms != 0)
		stand(ret, "due", "", specialist->record.wake_at_ms);
	if (specialist->state != SPECIALIST_IDLE)
		return;
	for (size_t i = 0; i < SPECIALIST_QUEUES_MAX; i++) {
		const struct skill *skill = &specialist->skills[i];

		if (skill->queue[0] != '\0')
			stand(ret, "ready:", skill->queue,
			    (LEVEL_MAX - skill->level) * DIGIT +
			    specialist->since_ms);
	}
}

void
standing_add_absent(enum record_kind kind, const void *record,
    struct standing *standing)
{
	const struct request *request = record;
	const struct specialist *specialist = record;
	const struct call *call = record;

	standing->count = 0;
	stand(standing, "active", "", 0);
	stand(standing, "due", "", 0);
	if (kind == RECORD_REQUEST) {
		stand(standing, "promises", "", 0);
		stand(standing, "referred", "", 0);
		stand(standing, "late", "", 0);
		stand(standing, "taken", "", 0);
		stand(standing, "slots:", request->queue, 0);
		stand(standing, "wait:", request->queue, 0);
		for (size_t i = 0; i < ALSO_MAX; i++) {
			if (request->also[i][0] != '\0')
				stand(standing, "wait:", request->also[i], 0);
		}
	}
	if (kind == RECORD_CALL)
		stand(standing, "calls:", call->provider, 0);
	if (kind == RECORD_SPECIALIST) {
		for (size_t i = 0; i < SPECIALIST_QUEUES_MAX; i++) {
			if (specialist->skills[i].queue[0] != '\0')
				stand(standing, "ready:",
				    specialist->skills[i].queue, 0);
		}
	}
}
