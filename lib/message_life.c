/* SPDX-License-Identifier: MIT */
/*
 * message_life: what may happen to a message, from its cause to its delivery, and
 * how a request gives birth to one. LIFECYCLES 3: authorised at intent, so a
 * message that may have been sent is looked up and never sent a second time.
 */
#include <stdio.h>
#include <string.h>

#include "lib/life.h"
#include "lib/provider_choice.h"
#include "lib/text.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (24 * 60 * MINUTE_MS)

enum {
	PROMPT_MS = 2 * 60 * 1000,      /* so long an own act is answered at any hour */
	SOON_MS = 60 * 1000,            /* after this they have been rung */
	ABSENT_MAX = 2,                 /* look-ups that must have missed it */
	AGAIN_MIN_MS = 5 * 1000,        /* until it is tried again where nobody took it: */
	AGAIN_MAX_MS = 60 * 1000,       /* as long as it has waited, within these */
};

/* ---- guards */

static bool
is_stale(const struct moment *m)
{
	return m->message->stale_at_ms != 0 &&
	    m->message->stale_at_ms <= m->now_ms;
}

static int64_t
held_until(const struct moment *m)
{
	if (!message_keeps_quiet(m->message) ||
	    m->now_ms < m->message->prompt_until_ms)
		return 0;
	return message_quiet_until(m->policy, m->message->zone, m->now_ms);
}

static bool
is_quiet(const struct moment *m)
{
	return held_until(m) != 0;
}

/* A claim that came late says nothing. */
static bool
is_overdue(const struct moment *m)
{
	return m->message->record.wake_at_ms <= m->now_ms;
}

/* What would not be news by the end of the quiet hours is not kept for it. */
static bool
is_stale_by_morning(const struct moment *m)
{
	return is_quiet(m) && m->message->stale_at_ms != 0 &&
	    m->message->stale_at_ms <= held_until(m);
}

static bool
is_suppressed(const struct moment *m)
{
	return m->root->is_suppressed && message_asks_leave(m->message);
}

/* As far as it is known who works. */
static const char *
provider_now(const struct moment *m, bool *ret_waits, int *ret_place)
{
	return message_provider(m->policy, m->message, m->root->providers_down,
	    ret_waits, ret_place);
}

static bool
has_no_provider(const struct moment *m)
{
	bool waits;
	int place;

	return provider_now(m, &waits, &place)[0] == '\0' && !waits;
}

static bool
finds_none_that_works(const struct moment *m)
{
	bool waits;
	int place;

	return is_overdue(m) && provider_now(m, &waits, &place)[0] == '\0';
}

/* But for what it would cost it could be sent. */
static bool
is_spent(const struct moment *m)
{
	bool waits;
	int place;

	return message_provider(m->policy, m->message,
	    m->root->providers_down & ~m->root->providers_spent, &waits,
	    &place)[0] != '\0';
}

static bool
is_out_of_turn(const struct moment *m)
{
	return is_overdue(m) && m->root->wait_until_ms > m->now_ms;
}

/* They told the provider that they want no messages. */
static bool
is_unsubscribed(const struct moment *m)
{
	return m->event->outcome == OUTCOME_REJECTED &&
	    message_asks_leave(m->message);
}

/* Of who has it, in `tried`; 0 where the order was changed meanwhile and does not
 * name it any more. */
static int
place_of(const struct moment *m)
{
	unsigned others = ~provider_set(m->policy, m->message->provider);
	struct message fresh = *m->message;
	bool waits;
	int place;

	fresh.tried = 0;
	return message_provider(m->policy, &fresh, others, &waits, &place)[0] !=
	    '\0' ? place : 0;
}

static bool
has_other_provider(const struct moment *m)
{
	struct message next = *m->message;
	bool waits;
	int place;

	if (m->event->outcome == OUTCOME_INVALID_NUMBER || is_unsubscribed(m))
		return false;
	next.tried |= place_of(m);
	return message_provider(m->policy, &next, 0, &waits, &place)[0] != '\0';
}

static bool
may_be_taken_later(const struct moment *m)
{
	return m->event->may_be_taken_later;
}

static bool
has_arrived(const struct moment *m)
{
	return m->event->message == MESSAGE_DELIVERED;
}

static bool
has_failed(const struct moment *m)
{
	return m->event->message == MESSAGE_FAILED;
}

static bool
is_news(const struct moment *m)
{
	return m->event->message > m->message->progress;
}

static bool
asked_twice(const struct moment *m)
{
	return m->message->absent_count + 1 >= ABSENT_MAX;
}

static bool
can_still_ask(const struct moment *m)
{
	return m->message->unsure_at_ms + m->policy->quarantine_ms > m->now_ms;
}

static bool
may_still_arrive(const struct moment *m)
{
	return m->message->given_at_ms + DAY_MS > m->now_ms;
}

/* ---- actions */

static void
end_with(struct moment *m, const char *reason)
{
	struct message *message = m->message;

	snprintf(message->reason, sizeof(message->reason), "%s", reason);
	message->ended_at_ms = m->now_ms;
	moment_say(m, "%s", reason);
	moment_reason(m, reason);
}

static void
keep_error(struct moment *m)
{
	if (m->event->detail[0] != '\0')
		text_copy(m->message->error, sizeof(m->message->error),
		    m->event->detail);
}

static void
queue(struct moment *m)
{
	struct message *message = m->message;

	message->created_at_ms = m->now_ms;
	message->send_at_ms = m->now_ms;
}

/* What kept it until nobody needs it says more than that. */
static void
drop_stale(struct moment *m)
{
	const struct message *message = m->message;
	char reason[REASON_SIZE] = "stale";

	if (message->waits_for[0] != '\0')
		memcpy(reason, message->waits_for, sizeof(reason));
	end_with(m, reason);
}

/* Not later than the moment at which it is no news any more: it then ends. */
static void
wait_until(struct moment *m, const char *why, int64_t until_ms)
{
	struct message *message = m->message;

	if (strcmp(message->waits_for, why) != 0) {
		snprintf(message->waits_for, sizeof(message->waits_for), "%s",
		    why);
		moment_say(m, "%s", why);
	}
	message->send_at_ms = message->stale_at_ms != 0 &&
	    message->stale_at_ms < until_ms ? message->stale_at_ms : until_ms;
}

static void
wait_for_turn(struct moment *m)
{
	wait_until(m, "pace", m->root->wait_until_ms);
}

/* Nobody says when somebody takes it: who has waited long waits longer, so that
 * many of them are not tried too often. */
static int64_t
again_at(const struct moment *m)
{
	int64_t age_ms = moment_since(m, m->message->created_at_ms);

	if (age_ms < AGAIN_MIN_MS)
		age_ms = AGAIN_MIN_MS;
	return m->now_ms + (age_ms > AGAIN_MAX_MS ? AGAIN_MAX_MS : age_ms);
}

static void
wait_for_provider(struct moment *m)
{
	wait_until(m, is_spent(m) ? "spent" : "provider_down", again_at(m));
}

static void
refuse_suppressed(struct moment *m)
{
	end_with(m, "suppressed");
}

static void
drop_without_provider(struct moment *m)
{
	end_with(m, "no_provider");
}

static void
withdraw(struct moment *m)
{
	end_with(m, "withdrawn");
}

static void
hold(struct moment *m)
{
	m->message->send_at_ms = held_until(m);
	moment_say(m, "quiet hours");
}

/* The story keeps them: a text that is changed later does not change what was told. */
static void
keep_words(struct moment *m)
{
	struct outcome *outcome = m->outcome;

	message_text(m->policy, m->message, m->now_ms, outcome->words);
	outcome->note = outcome->words;
	outcome->note_move = (size_t)(m->move - outcome->moves);
}

static void
send(struct moment *m)
{
	struct message *message = m->message;
	bool waits;
	int place;

	snprintf(message->provider, sizeof(message->provider), "%s",
	    provider_now(m, &waits, &place));
	message->waits_for[0] = '\0';
	message->sending_at_ms = m->now_ms;
	if (message->target == 0)
		keep_words(m);
	moment_effect_message(m, EFFECT_SEND, message);
}

static void
give(struct moment *m)
{
	struct message *message = m->message;

	if (m->event->sid[0] != '\0')
		memcpy(message->sid, m->event->sid, sizeof(message->sid));
	message->progress = m->event->message > MESSAGE_ACCEPTED ?
	    m->event->message : MESSAGE_ACCEPTED;
	message->given_at_ms = m->now_ms;
	moment_say(m, "by %s", message->provider);
	/* Nobody tells more of these. */
	if (strcmp(message->provider, MESSAGE_BY_URL) == 0)
		message->progress = MESSAGE_DELIVERED;
}

static void
try_next(struct moment *m)
{
	struct message *message = m->message;

	keep_error(m);
	moment_say(m, "%s refused it: %s", message->provider, message->error);
	message->tried |= place_of(m);
	message->send_at_ms = m->now_ms;
}

/* Each has refused it, the last one only for now: they are asked once more. */
static void
put_back(struct moment *m)
{
	keep_error(m);
	moment_say(m, "%s refused it: %s", m->message->provider,
	    m->message->error);
	m->message->tried = 0;
	wait_until(m, "failed", again_at(m));
}

static void
fail(struct moment *m)
{
	keep_error(m);
	end_with(m, "failed");
	moment_say(m, "%s: %s", m->message->provider, m->message->error);
	if (is_unsubscribed(m))
		m->outcome->suppresses |= SUPPRESS_MESSAGES;
}

static void
doubt(struct moment *m)
{
	m->message->unsure_at_ms = m->now_ms;
	keep_error(m);
	moment_say(m, "%s may have it", m->message->provider);
	moment_effect_message(m, EFFECT_LOOK_UP, m->message);
}

static void
look_up(struct moment *m)
{
	moment_effect_message(m, EFFECT_LOOK_UP, m->message);
}

static void
count_absent(struct moment *m)
{
	m->message->absent_count++;
}

/* The provider says twice that it never had it. */
static void
send_again(struct moment *m)
{
	m->message->absent_count = 0;
	m->message->unsure_at_ms = 0;
	m->message->send_at_ms = m->now_ms;
}

static void
end_unknown(struct moment *m)
{
	end_with(m, "unknown");
	moment_say(m, "%s may have sent it", m->message->provider);
}

static void
note_progress(struct moment *m)
{
	m->message->progress = m->event->message;
	if (m->message->sid[0] == '\0')
		memcpy(m->message->sid, m->event->sid,
		    sizeof(m->message->sid));
}

static void
deliver(struct moment *m)
{
	note_progress(m);
	end_with(m, "delivered");
}

static void
fail_delivery(struct moment *m)
{
	note_progress(m);
	fail(m);
}

static void
end_as_given(struct moment *m)
{
	end_with(m, message_progress_names[m->message->progress]);
}

static bool
tells_price(const struct moment *m)
{
	return moment_tells_price(m, m->message->paid);
}

static void
keep_price(struct moment *m)
{
	moment_keep_price(m, &m->message->paid, m->message->currency);
}

static bool
is_all_that_is_told(const struct moment *m)
{
	return m->message->progress == MESSAGE_DELIVERED;
}

#define QUEUED IN(MESSAGE_QUEUED)
#define SENDING IN(MESSAGE_SENDING)
#define UNSURE IN(MESSAGE_UNSURE)
#define GIVEN IN(MESSAGE_GIVEN)
#define ENDED IN(MESSAGE_ENDED)
#define TO(state) MESSAGE_##state

static const struct row rows[] = {
	ROW(IN(MESSAGE_NONE), ARRIVED, ALWAYS, TO(QUEUED), queue),

	ROW(QUEUED, WITHDRAWN, ALWAYS, TO(ENDED), withdraw),
	ROW(QUEUED, DUE, is_stale, TO(ENDED), drop_stale),
	ROW(QUEUED, DUE, is_suppressed, TO(ENDED), refuse_suppressed),
	ROW(QUEUED, DUE, has_no_provider, TO(ENDED), drop_without_provider),
	ROW(QUEUED, DUE, is_stale_by_morning, TO(ENDED), drop_stale),
	ROW(QUEUED, DUE, is_quiet, SAME, hold),
	ROW(QUEUED, DUE, finds_none_that_works, SAME, wait_for_provider),
	ROW(QUEUED, DUE, is_out_of_turn, SAME, wait_for_turn),
	ROW(QUEUED, DUE, is_overdue, TO(SENDING), send),

	ROW(SENDING | UNSURE, CREATED, ALWAYS, TO(GIVEN), give),
	ROW(SENDING, REJECTED, has_other_provider, TO(QUEUED), try_next),
	ROW(SENDING, REJECTED, may_be_taken_later, TO(QUEUED), put_back),
	ROW(SENDING, REJECTED, ALWAYS, TO(ENDED), fail),
	ROW(SENDING, UNKNOWN, ALWAYS, TO(UNSURE), doubt),
	ROW(SENDING, DUE, is_overdue, TO(UNSURE), doubt),

	ROW(SENDING | UNSURE | GIVEN, PROGRESS, has_arrived, TO(ENDED), deliver),
	ROW(SENDING | UNSURE | GIVEN, PROGRESS, has_failed, TO(ENDED), fail_delivery),
	ROW(SENDING | UNSURE, PROGRESS, ALWAYS, TO(GIVEN), give),
	ROW(UNSURE, FOUND, ALWAYS, TO(GIVEN), give),
	ROW(UNSURE, ABSENT, asked_twice, TO(QUEUED), send_again),
	ROW(UNSURE, ABSENT, ALWAYS, SAME, count_absent),
	ROW(UNSURE, DUE, can_still_ask, SAME, look_up),
	ROW(UNSURE, DUE, ALWAYS, TO(ENDED), end_unknown),

	ROW(GIVEN, PROGRESS, is_news, SAME, note_progress),
	ROW(GIVEN, DUE, is_all_that_is_told, TO(ENDED), end_as_given),
	ROW(GIVEN, DUE, may_still_arrive, SAME, look_up),
	ROW(GIVEN, DUE, ALWAYS, TO(ENDED), end_as_given),

	ROW(SENDING | UNSURE | GIVEN | ENDED, PRICED, tells_price, SAME, keep_price),
};

const struct life message_life = {
	rows, COUNT_OF(rows), message_state_names, MESSAGE_STATE_COUNT
};

/* ---- births */

/* Until when it is news. */
static int64_t
stale_moment(const struct moment *m, const struct message *message)
{
	switch (message->kind) {
	case TEXT_SOON:
		return m->now_ms + SOON_MS;
	case TEXT_DEFERRED:
		return message->from_ms;
	case TEXT_LATE:
	case TEXT_PASSED:
		return message->promise_at_ms;
	case TEXT_UNREACHABLE:
	case TEXT_STOPPED:
	case TEXT_STARTED:
	case TEXT_OFFER:
	case TEXT_ALARM:
	case TEXT_ALARM_OVER:
	case TEXT_COUNT:
		break;
	}
	return m->now_ms + DAY_MS;
}

void
moment_tell(struct moment *m, enum message_kind kind,
    const struct request *about, int64_t acted_at_ms)
{
	struct request *r = m->request;
	struct outcome *outcome = m->outcome;
	const struct queue_policy *queue =
	    policy_queue(m->policy, about->queue);
	struct message *message;

	if (!r->may_text || (r->told & 1 << kind) != 0 ||
	    policy_text(m->policy, about->queue)->count == 0 ||
	    policy_message_text(m->policy, kind, r->locale) == NULL ||
	    outcome->message_count >= MESSAGE_BIRTH_MAX)
		return;
	message = &outcome->messages[outcome->message_count++];
	memset(message, 0, sizeof(*message));
	message_id(r->id, kind, r->promise_number, message->id);
	message->state = MESSAGE_QUEUED;
	message->kind = kind;
	memcpy(message->request, r->id, sizeof(message->request));
	memcpy(message->to, r->phone, sizeof(r->phone));
	memcpy(message->locale, r->locale, sizeof(message->locale));
	memcpy(message->zone, r->zone, sizeof(message->zone));
	memcpy(message->number, r->number, sizeof(message->number));
	memcpy(message->queue, about->queue, sizeof(message->queue));
	if (queue != NULL)
		snprintf(message->caller_id, sizeof(message->caller_id), "%s",
		    policy_caller_id(queue, r->phone));
	message->promise_at_ms = about->second_at_ms != 0 ?
	    about->second_at_ms : about->promise_at_ms;
	message->from_ms = about->at_ms;
	message->to_ms = about->promise_at_ms;
	message->created_at_ms = m->now_ms;
	message->send_at_ms = m->now_ms;
	message->stale_at_ms = stale_moment(m, message);
	message->prompt_until_ms = acted_at_ms != 0 ?
	    acted_at_ms + PROMPT_MS : 0;
	message->record.wake_at_ms =
	    message_wake(m->policy, message, m->now_ms);
	r->told |= 1 << kind;
	moment_say(m, "SMS");
}

void
moment_tell_offer(struct moment *m, const struct specialist_policy *specialist,
    const struct offer *offer)
{
	const struct request *r = m->request;
	struct outcome *outcome = m->outcome;
	struct message *message;

	if (outcome->message_count >= MESSAGE_BIRTH_MAX)
		return;
	message = &outcome->messages[outcome->message_count++];
	memset(message, 0, sizeof(*message));
	message_id(r->id, TEXT_OFFER, offer->number, message->id);
	message->state = MESSAGE_QUEUED;
	message->kind = TEXT_OFFER;
	memcpy(message->request, r->id, sizeof(message->request));
	snprintf(message->to, sizeof(message->to), "%s",
	    message_address(m->policy, specialist));
	memcpy(message->locale, specialist->language, sizeof(message->locale));
	memcpy(message->number, r->number, sizeof(message->number));
	memcpy(message->queue, r->queue, sizeof(message->queue));
	memcpy(message->specialist, specialist->id,
	    sizeof(message->specialist));
	message->offer = offer->number;
	message->promise_at_ms = offer->until_ms;
	message->created_at_ms = m->now_ms;
	message->send_at_ms = m->now_ms;
	message->stale_at_ms = offer->until_ms;
	message->record.wake_at_ms =
	    message_wake(m->policy, message, m->now_ms);
	moment_say(m, "SMS");
}

/* Who is on duty for a queue is told of it, else whoever knows it best; MESSAGE_BIRTH_MAX of
 * them. */
static size_t
best_of(const struct moment *m, const char *queue,
    const struct specialist_policy *ret_best[MESSAGE_BIRTH_MAX])
{
	const struct policy *policy = m->policy;
	bool on_duty = duty_has_any(m->root->duty, queue);
	size_t count = 0;

	for (int level = LEVEL_MAX; level >= LEVEL_MIN; level--) {
		for (size_t i = 0; i < policy->specialist_count; i++) {
			const struct specialist_policy *who =
			    &policy->specialists[i];

			if (count < MESSAGE_BIRTH_MAX &&
			    policy_level(who, queue) == level &&
			    (!on_duty || duty_has(m->root->duty, queue, who->id)))
				ret_best[count++] = who;
		}
	}
	return count;
}

/* `serial` tells apart what is told of one request. */
static bool
tell_near(struct moment *m, const char *to, const char *locale, int serial)
{
	const struct request *r = m->request;
	struct outcome *outcome = m->outcome;
	int target = policy_url_target(m->policy, to);
	struct message *message;

	if (to[0] == '\0' || outcome->message_count >= MESSAGE_BIRTH_MAX ||
	    (target == 0 && policy_text(m->policy, r->queue)->count == 0))
		return false;
	message = &outcome->messages[outcome->message_count++];
	memset(message, 0, sizeof(*message));
	message_id(r->id, TEXT_ALARM, serial, message->id);
	message->state = MESSAGE_QUEUED;
	message->kind = TEXT_ALARM;
	message->cause = ALARM_NEAR;
	message->count = 1;
	memcpy(message->request, r->id, sizeof(message->request));
	message->target = target;
	if (target == 0)
		snprintf(message->to, sizeof(message->to), "%s", to);
	snprintf(message->locale, sizeof(message->locale), "%s", locale);
	memcpy(message->number, r->number, sizeof(message->number));
	memcpy(message->queue, r->queue, sizeof(message->queue));
	message->promise_at_ms = request_promise_moment(r);
	message->since_ms = r->asked_at_ms;
	message->created_at_ms = m->now_ms;
	message->send_at_ms = m->now_ms;
	message->stale_at_ms = message->promise_at_ms;
	message->record.wake_at_ms =
	    message_wake(m->policy, message, m->now_ms);
	return true;
}

int
moment_tell_near(struct moment *m, const char *target)
{
	const struct policy *policy = m->policy;
	const struct request *r = m->request;
	const struct specialist_policy *people[MESSAGE_BIRTH_MAX];
	size_t count = best_of(m, target, people);
	/* Ten for each rung, twice as many rungs for each promise. */
	int serial = ((r->promise_number * 2 + r->is_missed) * WIDENINGS_MAX +
	    r->rung) * 10, told = 0;

	if (count == 0 && (people[0] = policy_specialist(policy, target)) !=
	    NULL)
		count = 1;
	if (count == 0)
		return tell_near(m, target, policy->language, serial);
	for (size_t i = 0; i < count; i++)
		told += tell_near(m, message_address(policy, people[i]),
		    people[i]->language, serial + (int)i);
	return told;
}
