/* SPDX-License-Identifier: MIT */
/*
 * request_life: what may happen to a request, from the asking to the end.
 * LIFECYCLES 3 as amended by DECISIONS 4 to 10.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/life.h"
#include "lib/message.h"
#include "lib/promise.h"
#include "lib/request_when.h"
#include "lib/retry.h"
#include "lib/shift.h"
#include "lib/widen.h"

/* What a person said the end is: in the event, or kept during the talk. */
struct said {
	const struct disposition *disposition;
	const char *queue;      /* to pass to; "" not said */
	int64_t at_ms;          /* to call at; 0: not said */
};

static struct said
said(const struct moment *m)
{
	const struct request *r = m->request;
	const struct event *event = m->event;

	if (event->kind == EVENT_DISPOSED)
		return (struct said){ policy_result(m->policy, r->queue,
		    event->disposition), event->queue, event->at_ms };
	return (struct said){ policy_disposition(m->policy, r->disposition),
		r->pass_to, r->call_at_ms };
}

/* Where a case passed on goes: the queue named, else that of what was said, else the
 * first of pass_to, else the first other queue. "": nowhere. */
static const char *
pass_target(const struct moment *m)
{
	const struct policy *policy = m->policy;
	const struct queue_policy *from =
	    policy_queue(policy, m->request->queue);
	const struct said result = said(m);
	const char *named = result.queue;

	if (named[0] == '\0' && result.disposition != NULL)
		named = result.disposition->queue;
	if (named[0] != '\0')
		return policy_queue(policy, named) != NULL ? named : "";
	if (from != NULL && from->pass_to_count > 0)
		return from->pass_to[0];
	for (size_t i = 0; i < policy->queue_count; i++) {
		if (&policy->queues[i] != from)
			return policy->queues[i].id;
	}
	return "";
}

/* ---- guards */

/* Their list or ours: they want no calls, or are blocked and have had theirs. */
static bool
is_listed(const struct moment *m)
{
	return m->root->is_suppressed || m->root->is_blocked;
}

/* Who is on the telephone with us is neither disturbed nor too late. */
static bool
rules_forbid(const struct moment *m, int64_t *ret_until_ms)
{
	const char *reason;

	return !rules_allow_call(m->policy, m->request, m->now_ms, &reason,
	    ret_until_ms) &&
	    (m->root->kind != EVENT_CALLED_BACK || *ret_until_ms == 0);
}

static bool
is_forbidden_now(const struct moment *m)
{
	int64_t until_ms;

	return is_listed(m) || m->root->doors.closed_until_ms > m->now_ms ||
	    rules_forbid(m, &until_ms);
}

static bool
is_forbidden_for_good(const struct moment *m)
{
	int64_t until_ms;

	return is_listed(m) || (rules_forbid(m, &until_ms) && until_ms == 0);
}

/* The company is never open while its customer may be called. */
static bool
is_never_allowed(const struct moment *m)
{
	int64_t until_ms;

	return rules_forbid(m, &until_ms) && until_ms == RULES_NEVER;
}

static bool
moment_has_come(const struct moment *m)
{
	return m->request->at_ms <= m->now_ms;
}

static bool
due_but_forbidden_for_good(const struct moment *m)
{
	return moment_has_come(m) && is_forbidden_for_good(m);
}

static bool
due_but_forbidden(const struct moment *m)
{
	return moment_has_come(m) && is_forbidden_now(m);
}

static bool
due_but_never_allowed(const struct moment *m)
{
	return moment_has_come(m) && is_never_allowed(m);
}

static bool
promise_is_over(const struct moment *m)
{
	return !m->request->is_missed && request_promise_moment(m->request) &&
	    request_promise_moment(m->request) <= m->now_ms;
}

/* The rules for cases that were passed on to its queue; NULL: it is none. */
static const struct queue_policy *
tier_of(const struct moment *m)
{
	return request_was_passed(m->request) ?
	    policy_queue(m->policy, m->request->queue) : NULL;
}

/* Its tier let the limit pass: the next one's turn. */
static bool
climbs(const struct moment *m)
{
	const struct queue_policy *tier = tier_of(m);

	return promise_is_over(m) && tier != NULL &&
	    policy_queue(m->policy, tier->climb) != NULL;
}

static bool
climbs_but_another_waits_there(const struct moment *m)
{
	return climbs(m) && m->root->owner[0] != '\0';
}

/* No queue stands above it: a person is told, and must decide. */
static bool
climbs_to_a_person(const struct moment *m)
{
	const struct queue_policy *tier = tier_of(m);

	return promise_is_over(m) && tier != NULL && tier->climb[0] != '\0';
}

static bool
second_is_over(const struct moment *m)
{
	return m->request->is_missed && request_promise_moment(m->request) &&
	    request_promise_moment(m->request) <= m->now_ms;
}

static bool
second_is_near(const struct moment *m)
{
	int64_t moment = promise_raise_moment(m->policy, m->request);

	return moment != 0 && moment <= m->now_ms;
}

static bool
rung_is_due(const struct moment *m)
{
	int64_t moment = widen_moment(m->policy, m->request);

	return moment != 0 && moment <= m->now_ms;
}

/* Behind all other rows: its moment is from before a reload, or from a node that
 * has not read the new settings. By ours there is nothing to do. */
static bool
was_woken_by_other_rules(const struct moment *m)
{
	return m->request->record.wake_at_ms != 0 &&
	    m->request->record.wake_at_ms <= m->now_ms;
}

static bool
gave_up(const struct moment *m)
{
	const struct request *r = m->request;

	return m->policy->give_up_ms != 0 && r->is_missed &&
	    (r->second_at_ms != 0 ? r->second_at_ms : r->promise_at_ms) +
	    m->policy->give_up_ms <= m->now_ms;
}

static bool
hold_is_over(const struct moment *m)
{
	return m->request->hold_until_ms != 0 &&
	    m->request->hold_until_ms <= m->now_ms;
}

static bool
may_be_offered(const struct moment *m)
{
	const struct specialist *s =
	    situation_specialist(m->now, m->event->specialist);

	return s != NULL && s->state == SPECIALIST_IDLE &&
	    policy_specialist(m->policy, s->id) != NULL &&
	    shift_is_on(m->policy, s, m->now_ms, NULL) &&
	    m->request->hold_until_ms == 0 &&
	    (int)request_offers_open(m->request) < m->request->room &&
	    request_offers_open(m->request) < OFFER_MAX &&
	    m->now->call_count < CALLS_MAX &&
	    request_may_ask(m->request, s->id, m->now_ms);
}

/* Whoever does this calls at once. */
static bool
calls_now(const struct moment *m)
{
	return m->root->kind == EVENT_BY_HAND ||
	    m->root->kind == EVENT_START ||
	    m->root->kind == EVENT_CALLED_BACK;
}

/* Taking is not dialling: the case is looked into first. Who is late already is
 * called at once. */
static bool
is_taken_first(const struct moment *m)
{
	const struct queue_policy *tier = tier_of(m);

	return tier != NULL && tier->is_when_ready && !m->request->is_missed &&
	    !calls_now(m);
}

/* On a screen; whose phone rings for it has the customer next. */
static bool
offered_and_taken_first(const struct moment *m)
{
	const struct offer *offer = request_offer_to(m->request,
	    m->event->specialist);

	return offer != NULL && offer->call == 0 && is_taken_first(m);
}

static bool
cannot_start(const struct moment *m)
{
	const struct specialist *s =
	    situation_specialist(m->now, m->event->specialist);
	const char *why;

	return s != NULL && (is_forbidden_now(m) || m->event->is_number_held ||
	    s->state != SPECIALIST_IDLE ||
	    !call_is_possible(m, s->id, "", &why));
}

/* Matching them makes a call at once: their phone rings, or they accept by
 * themselves. */
static bool
calls_at_once(const struct moment *m, const char *specialist)
{
	const struct specialist_policy *who =
	    policy_specialist(m->policy, specialist);

	return call_can_offer_by_phone(m, who, "") ||
	    (who != NULL && who->accept == ACCEPT_AUTOMATIC);
}

/* Nothing is offered in vain: a call must be possible, where taking it makes one. */
static bool
may_be_offered_and_called(const struct moment *m)
{
	const char *why, *specialist = m->event->specialist;

	return may_be_offered(m) &&
	    (is_taken_first(m) || call_is_possible(m, specialist, "", &why) ||
	        (strcmp(why, "provider_down") != 0 &&
	            !calls_at_once(m, specialist)));
}

/* By hand, also what was declined or waits for a number may be taken by whoever
 * says so. */
static bool
may_be_taken_by_hand(const struct moment *m)
{
	const struct specialist *s =
	    situation_specialist(m->now, m->event->specialist);

	return s != NULL && s->state == SPECIALIST_IDLE &&
	    request_offers_open(m->request) < OFFER_MAX &&
	    m->now->call_count < CALLS_MAX;
}

static bool
is_offered(const struct moment *m)
{
	return request_offer_to(m->request, m->event->specialist) != NULL;
}

static bool
may_be_taken(const struct moment *m)
{
	return is_offered(m) && m->now->call_count < CALLS_MAX;
}

static bool
offered_but_forbidden_for_good(const struct moment *m)
{
	return is_offered(m) && is_forbidden_for_good(m);
}

static bool
offered_but_forbidden(const struct moment *m)
{
	return is_offered(m) && is_forbidden_now(m);
}

static bool
offered_but_never_allowed(const struct moment *m)
{
	return is_offered(m) && is_never_allowed(m);
}

/* No call exists yet, and none can be placed now. */
static bool
offered_but_not_possible(const struct moment *m)
{
	const struct offer *offer = request_offer_to(m->request,
	    m->event->specialist);
	const char *why;

	return offer != NULL && offer->call == 0 &&
	    !call_is_possible(m, offer->specialist, "", &why);
}

/* Nobody's phone rings for it yet. */
static bool
is_offered_on_a_screen(const struct moment *m)
{
	const struct offer *offer = request_offer_to(m->request,
	    m->event->specialist);

	return offer != NULL && offer->call == 0 &&
	    m->now->call_count < CALLS_MAX;
}

static bool
offered_but_number_held(const struct moment *m)
{
	return is_offered(m) && m->event->is_number_held;
}

static bool
others_are_open(const struct moment *m)
{
	return is_offered(m) && request_offers_open(m->request) > 1;
}

static bool
is_offers_call(const struct moment *m)
{
	return request_offer_by_call(m->request, m->event->call) != NULL;
}

static bool
offers_call_and_others_are_open(const struct moment *m)
{
	return is_offers_call(m) && request_offers_open(m->request) > 1;
}

static size_t
lapsed_count(const struct moment *m)
{
	size_t count = 0;

	for (size_t i = 0; i < OFFER_MAX; i++) {
		const struct offer *offer = &m->request->offers[i];

		count += offer->specialist[0] != '\0' &&
		    offer->until_ms <= m->now_ms;
	}
	return count;
}

static bool
some_lapsed(const struct moment *m)
{
	size_t count = lapsed_count(m);

	return count > 0 && count < request_offers_open(m->request);
}

static bool
all_lapsed(const struct moment *m)
{
	return lapsed_count(m) > 0;
}

/* Another website id still waits for this call. */
static bool
others_still_ask(const struct moment *m)
{
	return m->event->site_id[0] != '\0' && m->now->askers.count > 1;
}

static bool
is_this_call(const struct moment *m)
{
	return m->request->call != 0 && m->event->call == m->request->call;
}

/* Another provider may make the call that the event names. */
static bool
has_next_provider(const struct moment *m)
{
	const struct call *refused = situation_call(m->now, m->event->call);
	const char *why;

	return refused != NULL && m->now->call_count < CALLS_MAX &&
	    call_is_possible(m, refused->specialist, refused->provider, &why);
}

static bool
is_offers_call_and_has_next(const struct moment *m)
{
	return is_offers_call(m) && has_next_provider(m);
}

static bool
is_this_call_and_has_next(const struct moment *m)
{
	return is_this_call(m) && has_next_provider(m);
}

static int64_t
next_attempt_ms(const struct moment *m, enum call_outcome outcome)
{
	const struct request *r = m->request;
	/* Known as rung only by its end: this attempt is not counted yet. */
	int attempts = r->attempt_count + (r->rung_at_ms == 0 ? 1 : 0);

	return retry_delay_ms(m->policy, outcome, attempts);
}

static bool
is_kept_result(const struct moment *m)
{
	return is_this_call(m) && said(m).disposition != NULL;
}

static bool
has_result(const struct moment *m)
{
	return m->event->kind == EVENT_CALL_OVER ? is_kept_result(m) :
	    said(m).disposition != NULL;
}

static bool
passes_on(const struct moment *m)
{
	return has_result(m) && said(m).disposition->then == THEN_PASS &&
	    pass_target(m)[0] != '\0' &&
	    strcmp(pass_target(m), m->request->queue) != 0;
}

static bool
passes_on_to_another(const struct moment *m)
{
	return passes_on(m) && m->root->owner[0] != '\0';
}

static bool
calls_again(const struct moment *m)
{
	return has_result(m) && said(m).disposition->then == THEN_SCHEDULE;
}

static bool
calls_again_but_another_does(const struct moment *m)
{
	return calls_again(m) && m->root->owner[0] != '\0';
}

static bool
tries_again(const struct moment *m)
{
	return has_result(m) && said(m).disposition->then == THEN_RETRY &&
	    retry_delay_ms(m->policy, OUTCOME_VOICEMAIL,
	        m->request->attempt_count) >= 0;
}

static bool
tries_again_but_another_does(const struct moment *m)
{
	return tries_again(m) && m->root->owner[0] != '\0';
}

static bool
has_no_attempt_left(const struct moment *m)
{
	return has_result(m) && said(m).disposition->then == THEN_RETRY;
}

static bool
closes(const struct moment *m)
{
	return has_result(m) && said(m).disposition->then != THEN_PASS;
}

static bool
was_rung(const struct moment *m)
{
	return is_this_call(m) && m->event->has_rung && !m->event->has_talked;
}

static bool
was_rung_and_has_attempts(const struct moment *m)
{
	return was_rung(m) && next_attempt_ms(m, m->event->outcome) >= 0;
}

/* The provider refused the customer's number: nobody will reach it. */
static bool
number_is_invalid(const struct moment *m)
{
	return is_this_call(m) && m->event->outcome == OUTCOME_INVALID_NUMBER;
}

/* The talk was never heard of while it lasted. */
static bool
has_talked(const struct moment *m)
{
	return is_this_call(m) && m->event->has_talked;
}

static bool
is_short_and_has_attempts(const struct moment *m)
{
	const struct request *r = m->request;
	int64_t talk_ms = m->event->talk_ms;

	if (!is_this_call(m) || next_attempt_ms(m, m->event->outcome) < 0)
		return false;
	if (talk_ms == 0 && r->talk_at_ms != 0)
		talk_ms = moment_since(m, r->talk_at_ms);
	return talk_ms < m->policy->short_call_ms;
}

static bool
is_short_talk(const struct moment *m)
{
	return m->event->has_talked && is_short_and_has_attempts(m);
}

static bool
is_by_hand(const struct moment *m)
{
	const struct call *call = situation_call(m->now, m->request->call);

	return said(m).disposition != NULL && call != NULL &&
	    call_is_by_hand(call);
}

static bool
is_known_result(const struct moment *m)
{
	return said(m).disposition != NULL;
}

static bool
result_is_overdue(const struct moment *m)
{
	return m->request->state_until_ms != 0 &&
	    m->request->state_until_ms <= m->now_ms;
}

static bool
another_holds_it(const struct moment *m)
{
	return m->root->owner[0] != '\0';
}

/* The end of another call, of an offer that was taken back, is not theirs. */
static bool
leg_is_open(const struct moment *m)
{
	return m->request->is_leg_open && is_this_call(m);
}

/* A call from before they asked says nothing about what they asked for. */
static bool
calls_us(const struct moment *m, enum caller caller)
{
	return m->event->caller == caller &&
	    m->event->at_ms >= m->request->asked_at_ms;
}

static bool
has_spoken(const struct moment *m)
{
	return calls_us(m, CALLER_SPOKE);
}

/* Of a talk there was, a result is still wanted. */
static bool
has_spoken_and_was_not_called(const struct moment *m)
{
	return has_spoken(m) && strcmp(m->request->reason, "no_result") != 0;
}

/* Their own phone cannot ring yet. */
static bool
call_is_before_customer(const struct moment *m)
{
	const struct call *call = situation_call(m->now, m->request->call);

	return call != NULL && call->authorised[0] == '\0';
}

static bool
has_spoken_before_ringing(const struct moment *m)
{
	return has_spoken(m) && call_is_before_customer(m);
}

static bool
is_on_hold(const struct moment *m)
{
	return calls_us(m, CALLER_ON_HOLD);
}

static bool
is_on_hold_before_ringing(const struct moment *m)
{
	return is_on_hold(m) && call_is_before_customer(m);
}

static bool
no_longer_holds(const struct moment *m)
{
	const struct request *r = m->request;

	return calls_us(m, CALLER_HUNG_UP) && r->hold_until_ms != 0 &&
	    (r->state == REQUEST_SCHEDULED ||
	        strcmp(r->reason, "on_hold") == 0);
}

/* Its customer was not reached, and nobody has taken the matter up since. */
static bool
was_unreachable(const struct moment *m)
{
	return strcmp(m->request->reason, "unreachable") == 0 &&
	    m->request->next[0] == '\0';
}

static bool
was_unreachable_but_another_waits(const struct moment *m)
{
	return was_unreachable(m) && another_holds_it(m);
}

static bool
wish_is_over(const struct moment *m)
{
	return m->request->wished_until_ms != 0 &&
	    m->request->wished_until_ms <= m->now_ms;
}

static bool
waits_for_them(const struct moment *m)
{
	return m->request->wished_until_ms != 0 &&
	    strcmp(m->request->wished, m->event->specialist) == 0;
}

/* ---- parts of actions */

static void
set_reason(struct moment *m, const char *reason)
{
	request_set_reason(m->request, reason);
}

static void
drop(struct offer *offer)
{
	memset(offer, 0, sizeof(*offer));
}

/* Remembers not to ask them again before then; the oldest memory gives way. Who was
 * waited for is so no longer. */
static void
remember_declined(struct moment *m, const char *specialist, int64_t until_ms)
{
	struct declined *slot = &m->request->declined[0];

	for (size_t i = 0; i < DECLINED_MAX; i++) {
		struct declined *declined = &m->request->declined[i];

		if (strcmp(declined->specialist, specialist) == 0) {
			slot = declined;
			break;
		}
		if (declined->until_ms < slot->until_ms)
			slot = declined;
	}
	snprintf(slot->specialist, sizeof(slot->specialist), "%s", specialist);
	slot->until_ms = until_ms;
	if (strcmp(m->request->wished, specialist) == 0)
		m->request->wished_until_ms = 0;
}

/* Takes every offer back but one specialist's. */
static void
withdraw_all_but(struct moment *m, const char *keep)
{
	for (size_t i = 0; i < OFFER_MAX; i++) {
		struct offer *offer = &m->request->offers[i];
		struct event *event;

		if (offer->specialist[0] == '\0')
			continue;
		if (strcmp(offer->specialist, keep) != 0) {
			event = moment_post(m, EVENT_WITHDRAWN,
			    record_ref_specialist(offer->specialist));
			/* The reason, for those who were not the first. */
			memcpy(event->by, keep, strlen(keep) + 1);
			if (offer->call != 0)
				moment_post(m, EVENT_REVOKED, record_ref_call(
				    m->request->id, offer->call));
		}
		drop(offer);
	}
}

static void
end_attempt(struct moment *m)
{
	struct request *r = m->request;

	r->call = 0;
	r->specialist[0] = '\0';
	r->accepted_at_ms = 0;
	r->rung_at_ms = 0;
	r->talk_at_ms = 0;
}

static bool
was_dialled_by_hand(const struct moment *m)
{
	const struct call *call = situation_call(m->now, m->event->call);

	return call != NULL && call_is_by_hand(call) &&
	    (m->event->outcome == OUTCOME_NO_ANSWER ||
	        m->event->outcome == OUTCOME_BUSY ||
	        m->event->outcome == OUTCOME_REJECTED ||
	        m->event->outcome == OUTCOME_VOICEMAIL);
}

/* What the end of a call says about the attempt, before anything follows. */
static void
count_attempt(struct moment *m)
{
	struct request *r = m->request;

	r->is_leg_open = false;
	if (m->event->has_rung && r->rung_at_ms == 0) {
		r->attempt_count++;
		r->rung_at_ms = m->now_ms;
		/* Kept only by what was heard (DECISIONS 3): a talk, or the word
		 * of whoever dialled by hand. "No answer" may be said of the
		 * specialist's phone. */
		if (r->kept_at_ms == 0 && (m->event->has_talked ||
		        was_dialled_by_hand(m)))
			r->kept_at_ms = m->now_ms;
	}
	if (m->event->talk_ms > 0)
		r->talk_ms = m->event->talk_ms;
	else if (r->talk_at_ms != 0)
		r->talk_ms = moment_since(m, r->talk_at_ms);
}

/* Whom it knows or was asked for is waited for while there is time, if the queue's
 * rules admit them and they have not just said no. Whether they are at work is not
 * known here: the matcher lets go of who is not (RELEASED). */
static void
hold_for_wished(struct moment *m)
{
	struct request *r = m->request;
	const struct specialist_policy *who =
	    policy_specialist(m->policy, r->wished);
	int level = who == NULL ? 0 : policy_level(who, r->queue);
	int64_t until_ms = promise_prefer_moment(m->policy, r);

	r->wished_until_ms = 0;
	if (r->rung == 0 && level > 0 && level >= r->level &&
	    until_ms > m->now_ms && request_may_ask(r, r->wished, m->now_ms))
		r->wished_until_ms = until_ms;
}

/* Who has talked to the customer knows the matter best; who only tried, unless
 * somebody was asked for. */
static void
remember_who_knows(struct moment *m)
{
	struct request *r = m->request;

	if (r->specialist[0] != '\0' &&
	    (r->wished[0] == '\0' || r->talk_at_ms != 0))
		memcpy(r->wished, r->specialist, sizeof(r->wished));
}

static void
enter_queue(struct moment *m)
{
	struct request *r = m->request;

	r->hold_until_ms = 0;
	r->state_until_ms = 0;
	if (r->level == 0) {
		const struct queue_policy *queue =
		    policy_queue(m->policy, r->queue);

		r->level = queue != NULL ? queue->level : 0;
	}
	hold_for_wished(m);
	if (r->wished_until_ms != 0)
		moment_say(m, "waits for %s", r->wished);
}

/* "7 min before the promise"; a fast clock's are shorter. */
static void
say_before(struct moment *m, int64_t before_ms)
{
	bool is_second = m->request->is_missed;
	const char *unit = before_ms % 60000 == 0 ? "min" :
	    before_ms % 1000 == 0 ? "s" : "ms";
	int64_t count = before_ms % 60000 == 0 ? before_ms / 60000 :
	    before_ms % 1000 == 0 ? before_ms / 1000 : before_ms;

	moment_say(m, "%" PRId64 " %s before the %spromise", count, unit,
	    is_second ? "second " : "");
}

/* One rung up. Who is told is told, and everybody else who sees it from now on is
 * asked: nobody is waited for any more. */
static const struct widening *
next_rung(struct moment *m)
{
	struct request *r = m->request;
	int rung;
	const struct widening *by = widen_next(m->policy, r, &rung);

	if (by == NULL)
		return NULL;
	r->rung = rung + 1;
	r->refusal_count = 0;
	widen_by(r, by);
	if (by->tell[0] == '\0')
		r->wished_until_ms = 0;
	if (by->level != 0)
		moment_say(m, "to level %d", by->level);
	else if (by->queue[0] != '\0')
		moment_say(m, "to the queue %s", by->queue);
	else if (by->offers != 0)
		moment_say(m, "to %d at once", by->offers);
	else if (moment_tell_near(m, by->tell) > 0)
		moment_say(m, "%s is told", by->tell);
	else
		moment_say(m, "%s could not be told", by->tell);
	return by;
}

static size_t
refuser_count(const struct request *r)
{
	size_t count = 0;

	for (size_t i = 0; i < DECLINED_MAX; i++)
		count += r->declined[i].specialist[0] != '\0';
	return count;
}

/* They said no, or nothing. */
static void
note_refusal(struct moment *m, const char *specialist, int64_t cool_off_ms)
{
	remember_declined(m, specialist, m->now_ms + cool_off_ms);
	m->request->refusal_count++;
}

/* When all who were asked have refused it often enough it is shown to more, whatever
 * time is left. */
static void
widen_if_refused(struct moment *m)
{
	const struct request *r = m->request;
	int rounds = m->policy->offer_rounds;

	if (rounds != 0 &&
	    r->refusal_count >= rounds * (int)refuser_count(r) &&
	    next_rung(m) != NULL)
		moment_say(m, "all have refused it %d %s", rounds,
		    rounds == 1 ? "time" : "times");
}

/* Out of WRAPPING or REFERRED back into the queue's hands. */
static void
schedule(struct moment *m, int64_t at_ms, bool is_chosen)
{
	struct request *r = m->request;

	r->state_until_ms = 0;
	r->hold_until_ms = 0;
	r->disposition[0] = '\0';
	r->pass_to[0] = '\0';
	r->call_at_ms = 0;
	remember_who_knows(m);
	end_attempt(m);
	if (is_chosen) {
		r->at_ms = at_ms;
		r->asks_now = false;
		promise_at(m->policy, r, at_ms);
		return;
	}
	when_tried_again(m, at_ms);
}

static void
finish(struct moment *m, const char *reason)
{
	struct request *r = m->request;

	set_reason(m, reason);
	r->closed_at_ms = m->now_ms;
	r->state_until_ms = 0;
	r->hold_until_ms = 0;
	r->wished_until_ms = 0;
}

static void
keep_said(struct moment *m)
{
	struct request *r = m->request;

	if (m->event->kind != EVENT_DISPOSED)
		return;
	memcpy(r->disposition, said(m).disposition->id, sizeof(r->disposition));
	memcpy(r->pass_to, m->event->queue, sizeof(r->pass_to));
	r->call_at_ms = m->event->at_ms;
	moment_say(m, "%s", said(m).disposition->title);
	moment_note(m);
}

/* What every result begins with, whenever it comes: before the call, during
 * its wrap-up, or kept until the call was over. */
static void
take_result(struct moment *m)
{
	if (m->event->kind == EVENT_CALL_OVER)
		count_attempt(m);
	keep_said(m);
	withdraw_all_but(m, "");
	if (m->event->kind == EVENT_DISPOSED &&
	    m->request->specialist[0] != '\0')
		moment_post(m, EVENT_READY,
		    record_ref_specialist(m->request->specialist));
}

/* The request that continues this one in another queue. */
static void
give_birth(struct moment *m, const char *queue, const char *source)
{
	const struct request *r = m->request;
	struct request *birth = &m->outcome->birth;

	memset(birth, 0, sizeof(*birth));
	snprintf(birth->id, sizeof(birth->id), "%s", m->event->fresh_id);
	CHECK(birth->id[0] != '\0');
	birth->state = REQUEST_SCHEDULED;
	snprintf(birth->queue, sizeof(birth->queue), "%s", queue);
	snprintf(birth->source, sizeof(birth->source), "%s", source);
	memcpy(birth->reason, birth->source, sizeof(birth->source));
	memcpy(birth->number, r->number, sizeof(birth->number));
	memcpy(birth->phone, r->phone, sizeof(birth->phone));
	memcpy(birth->extension, r->extension, sizeof(birth->extension));
	memcpy(birth->name, r->name, sizeof(birth->name));
	memcpy(birth->locale, r->locale, sizeof(birth->locale));
	birth->may_text = r->may_text;
	memcpy(birth->site_id, r->site_id, sizeof(birth->site_id));
	memcpy(birth->from, r->id, sizeof(birth->from));
	birth->asker_count = r->asker_count;
	birth->has_warnings = r->has_warnings;
	birth->asked_at_ms = m->now_ms;
	memcpy(birth->zone, r->zone, sizeof(birth->zone));
	when_allowed(m, birth, m->now_ms);
	birth->record.wake_at_ms = request_wake(m->policy, birth, m->now_ms);
}

/* ---- actions */

static void
arrive(struct moment *m)
{
	struct request *r = m->request;

	moment_say(m, "%s", r->queue);
	when_asked(m, r->at_ms, r->asked_at_ms);
	when_tell(m, m->now_ms);
}

/* What a person may be told, and what is said of it afterwards: how likely it was. */
static void
expect_it(struct moment *m)
{
	struct request *r = m->request;
	const struct expectation *seen = &m->event->expect;

	if (seen->to_ms == 0)
		return;
	promise_expect(r, seen, m->now_ms);
	moment_say(m, "expected in %lld-%lld min, on time %d %%",
	    (long long)(seen->from_ms / 60000), (long long)(seen->to_ms / 60000),
	    r->on_time / 10);
}

static void
join_queue(struct moment *m)
{
	int64_t hold_until_ms = m->request->hold_until_ms;

	enter_queue(m);
	set_reason(m, "");
	expect_it(m);
	/* They phone us at this very moment. */
	if (hold_until_ms > m->now_ms) {
		m->request->hold_until_ms = hold_until_ms;
		set_reason(m, "on_hold");
	}
}

static void
requeue(struct moment *m)
{
	schedule(m, m->now_ms, false);
	enter_queue(m);
	set_reason(m, "requeued");
}

static void
next_opening(struct moment *m)
{
	when_it_opens(m);
}

/* The hours of the two never meet. */
static void
refer_never_allowed(struct moment *m)
{
	withdraw_all_but(m, "");
	set_reason(m, "no_common_hours");
	m->request->hold_until_ms = 0;
	m->request->wished_until_ms = 0;
	m->request->state_until_ms = m->now_ms + m->policy->result_remind_ms;
	moment_say(m, "never open while the customer may be called");
	moment_reason(m, "no_common_hours");
}

static void
refuse(struct moment *m)
{
	const char *reason = "refused";
	int64_t until_ms;

	if (m->root->is_suppressed)
		reason = "suppressed";
	else if (m->root->is_blocked)
		reason = "blocked";
	else
		rules_allow_call(m->policy, m->request, m->now_ms, &reason,
		    &until_ms);
	withdraw_all_but(m, "");
	finish(m, reason);
	moment_reason(m, reason);
}

/* They want no more calls: what they asked for before ends with it. */
static void
end_suppressed(struct moment *m)
{
	withdraw_all_but(m, "");
	if (m->request->call != 0)
		moment_post(m, EVENT_REVOKED,
		    record_ref_call(m->request->id, m->request->call));
	finish(m, "suppressed");
}

static void
withdraw_until_opening(struct moment *m)
{
	withdraw_all_but(m, "");
	next_opening(m);
}

static void
offer(struct moment *m)
{
	struct request *r = m->request;
	const struct specialist *s =
	    situation_specialist(m->now, m->event->specialist);
	const struct specialist_policy *policy =
	    policy_specialist(m->policy, s->id);
	struct offer *slot = NULL;
	struct event *event;
	enum offer_channel by = OFFER_SCREEN;
	int64_t offer_ms = 0;

	if (policy != NULL)
		by = policy_offer(m->policy, policy, s->ignored_count,
		    &offer_ms);
	for (size_t i = 0; i < OFFER_MAX && slot == NULL; i++) {
		if (r->offers[i].specialist[0] == '\0')
			slot = &r->offers[i];
	}
	CHECK(slot != NULL);
	set_reason(m, "");
	memcpy(slot->specialist, s->id, sizeof(slot->specialist));
	slot->number = ++r->offer_count;
	slot->until_ms = m->now_ms + offer_ms;
	slot->call = !calls_now(m) && !is_taken_first(m) &&
	    call_can_offer_by_phone(m, policy, "") ?
	    call_birth(m, s->id, "")->n : 0;
	event = moment_post(m, EVENT_OFFER, record_ref_specialist(s->id));
	event->offer = slot->number;
	event->call = slot->call;
	event->at_ms = slot->until_ms;
	moment_say(m, "to %s%s", s->name[0] != '\0' ? s->name : s->id,
	    slot->call != 0 ? ", their phone rings" : "");
	if (m->event->detail[0] != '\0')
		moment_say(m, "%s", m->event->detail);
	if (by == OFFER_SMS && !calls_now(m))
		moment_tell_offer(m, policy, slot);
}

static void
take(struct moment *m)
{
	struct request *r = m->request;
	struct offer held = *request_offer_to(r, m->event->specialist);
	struct event *event;
	const struct call *call = situation_call(m->now, held.call);

	withdraw_all_but(m, held.specialist);
	memcpy(r->specialist, held.specialist, sizeof(r->specialist));
	r->wished_until_ms = 0;
	r->accepted_at_ms = m->now_ms;
	r->rung_at_ms = 0;
	r->talk_at_ms = 0;
	set_reason(m, "");
	if (held.call == 0 || call == NULL) {
		call = call_birth(m, held.specialist, "");
		event = moment_post(m, EVENT_TAKEN,
		    record_ref_specialist(held.specialist));
		event->call = call->n;
	}
	r->call = call->n;
	/* Authorised with the intent: the customer's phone may ring before we
	 * hear of it. */
	r->is_leg_open = call->authorised[0] != '\0';
	if (call_is_by_hand(call))
		moment_say(m, "calls by hand");
	else
		moment_tell(m, TEXT_SOON, r, r->asked_at_ms);
}

static void
give_way(struct moment *m)
{
	withdraw_all_but(m, "");
	set_reason(m, "number_busy");
	m->request->hold_until_ms = m->now_ms + m->policy->poll_ms;
	moment_say(m, "the customer is in another attempt");
	moment_reason(m, "number_busy");
}

/* Until a provider works again nothing is offered anyway; a turn has a moment. */
static void
wait_for_provider(struct moment *m)
{
	const char *why;

	if (call_is_possible(m, m->event->specialist, "", &why))
		return;
	withdraw_all_but(m, "");
	set_reason(m, why);
	m->request->hold_until_ms = m->root->wait_until_ms;
	moment_say(m, "%s", why);
	moment_reason(m, why);
}

static struct event *
tell_accept(struct moment *m)
{
	const struct offer *offer = request_offer_to(m->request,
	    m->event->specialist);
	struct event *event = moment_post(m, EVENT_ACCEPT,
	    record_ref_specialist(offer->specialist));

	event->offer = offer->number;
	return event;
}

static void
accept_by_hand(struct moment *m)
{
	tell_accept(m);
}

/* Who called them is free, and the provider can put the two together. */
static bool
may_be_joined(const struct moment *m)
{
	const struct event *event = m->event;
	const struct specialist *s =
	    situation_specialist(m->now, event->specialist);
	const struct specialist_policy *who =
	    policy_specialist(m->policy, event->specialist);
	const struct provider_facts *provider =
	    policy_provider(m->policy, event->provider);

	return event->sid[0] != '\0' && !event->is_number_held &&
	    s != NULL && s->state == SPECIALIST_IDLE && who != NULL &&
	    provider != NULL && provider->can_call_customer &&
	    policy_address(who, provider->id)[0] != '\0' &&
	    request_offers_open(m->request) == 0 &&
	    m->now->call_count < CALLS_MAX && !is_forbidden_now(m);
}

/* The same call asks once more, as our answer was lost: the specialist was not
 * heard of yet. */
static bool
is_joined_already(const struct moment *m)
{
	const struct call *call = situation_call(m->now, m->request->call);

	return call != NULL && call->state == CALL_LIVE &&
	    call->is_customer_first && !call->is_revoked &&
	    !call->is_customer_over && call->rank < PROGRESS_CUSTOMER_UP &&
	    m->event->sid[0] != '\0' &&
	    strcmp(call->sid, m->event->sid) == 0 &&
	    strcmp(call->authorised, m->event->sid) == 0 &&
	    strcmp(call->provider, m->event->provider) == 0;
}

static void
offer_by_hand(struct moment *m)
{
	m->request->hold_until_ms = 0;
	offer(m);
	tell_accept(m);
}

/* ---- taken first, dialled when its taker is ready (DECISIONS 12) */

/* Free again: the case is theirs, and a colleague may start it, too. */
static void
keep_for_later(struct moment *m)
{
	struct request *r = m->request;

	memcpy(r->wished, m->event->specialist, sizeof(r->wished));
	withdraw_all_but(m, "");
	set_reason(m, "");
	moment_say(m, "by %s", r->wished);
}

static void
start(struct moment *m)
{
	memcpy(m->request->wished, m->event->specialist,
	    sizeof(m->request->wished));
	enter_queue(m);
	offer(m);
	tell_accept(m);
}

/* Still theirs; why not now is said, and nothing else changes. */
static void
refuse_start(struct moment *m)
{
	const struct specialist *s =
	    situation_specialist(m->now, m->event->specialist);
	const char *why = "number_busy";
	int64_t until_ms;

	if (s->state != SPECIALIST_IDLE)
		why = "not_free";
	else if (m->root->is_suppressed)
		why = "suppressed";
	else if (rules_allow_call(m->policy, m->request, m->now_ms, &why,
	        &until_ms) && !m->event->is_number_held)
		(void)call_is_possible(m, s->id, "", &why);
	moment_say(m, "%s", why);
	moment_reason(m, why);
}

/* Who took it has not called in time, and no tier stands above: everybody sees
 * it again. */
static void
lose_taken(struct moment *m)
{
	enter_queue(m);
	promise_miss(m->policy, m->request);
	widen_fully(m->policy, m->request);
	moment_say(m, "promise %d missed", m->request->promise_number);
	moment_say(m, "taken by %s", m->request->wished);
	moment_tell(m, TEXT_LATE, m->request, 0);
}

/* The call under way was refused by its provider: the next one's is born. */
static struct call *
bear_next(struct moment *m)
{
	const struct call *refused = situation_call(m->now, m->event->call);
	struct call *call = call_birth(m, refused->specialist,
	    refused->provider);
	struct event *event = moment_post(m, EVENT_TAKEN,
	    record_ref_specialist(refused->specialist));

	event->call = call->n;
	moment_say(m, "refused by %s, now by %s", refused->provider,
	    call->provider);
	return call;
}

static void
place_elsewhere(struct moment *m)
{
	struct request *r = m->request;
	const struct call *call = bear_next(m);

	r->call = call->n;
	r->is_leg_open = call->authorised[0] != '\0';
}

static void
ring_elsewhere(struct moment *m)
{
	struct offer *offer = request_offer_by_call(m->request,
	    m->event->call);

	offer->call = bear_next(m)->n;
}

static void
hold_back(struct moment *m)
{
	set_reason(m, "number_busy");
	m->request->hold_until_ms = m->event->at_ms;
}

static void
rejoin(struct moment *m)
{
	if (m->request->reason[0] != '\0')
		moment_say(m, "%s", m->request->reason);
	m->request->hold_until_ms = 0;
	set_reason(m, "");
}

/* From now on everybody is asked, the preferred one still first. */
static void
release_wished(struct moment *m)
{
	m->request->wished_until_ms = 0;
	if (m->event->kind == EVENT_RELEASED)
		moment_say(m, "%s is %s", m->request->wished,
		    m->event->reason);
	else
		moment_say(m, "%s did not come free", m->request->wished);
}

/* They cannot take it now; later they may be asked again. */
static void
take_offer_back(struct moment *m)
{
	struct offer *offer = request_offer_to(m->request,
	    m->event->specialist);

	if (offer->call != 0)
		moment_post(m, EVENT_REVOKED,
		    record_ref_call(m->request->id, offer->call));
	drop(offer);
	moment_say(m, "by %s", m->event->specialist);
}

static void
note_declined(struct moment *m)
{
	take_offer_back(m);
	note_refusal(m, m->event->specialist, m->policy->cool_off_declined_ms);
	widen_if_refused(m);
	moment_note(m);
}

/* Their phone was busy, switched off or answered by a machine. */
static void
drop_offer(struct moment *m)
{
	struct offer *offer = request_offer_by_call(m->request,
	    m->event->call);

	moment_say(m, "%s was not reached: %s", offer->specialist,
	    call_outcome_names[m->event->outcome]);
	note_refusal(m, offer->specialist, m->policy->cool_off_ignored_ms);
	drop(offer);
	widen_if_refused(m);
}

static void
lapse(struct moment *m)
{
	for (size_t i = 0; i < OFFER_MAX; i++) {
		struct offer *offer = &m->request->offers[i];

		if (offer->specialist[0] == '\0' ||
		    offer->until_ms > m->now_ms)
			continue;
		moment_post(m, EVENT_LAPSED,
		    record_ref_specialist(offer->specialist));
		if (offer->call != 0)
			moment_post(m, EVENT_REVOKED, record_ref_call(
			    m->request->id, offer->call));
		moment_say(m, "ignored by %s", offer->specialist);
		note_refusal(m, offer->specialist,
		    m->policy->cool_off_ignored_ms);
		drop(offer);
	}
	widen_if_refused(m);
}

static void
go_late(struct moment *m)
{
	promise_miss(m->policy, m->request);
	widen_fully(m->policy, m->request);
	m->request->wished_until_ms = 0;
	moment_say(m, "promise %d missed", m->request->promise_number);
	/* Not while a call runs or a person must find out whether one did; nor when it is
	 * put off in the same moment, which is told. */
	if ((m->move->from == REQUEST_WAITING ||
	        m->move->from == REQUEST_OFFERED) && !is_forbidden_now(m))
		moment_tell(m, TEXT_LATE, m->request, 0);
}

static void
miss_second(struct moment *m)
{
	promise_miss_second(m->request);
	moment_say(m, "second promise missed");
}

static void
raise_lane(struct moment *m)
{
	promise_raise(m->request);
	moment_say(m, "second promise is near");
}

static void
widen(struct moment *m)
{
	const struct widening *by = next_rung(m);

	CHECK(by != NULL);
	say_before(m, by->before_ms);
}

/* The next moment by our own rules; every row writes it. */
static void
look_later(struct moment *m)
{
	nothing(m);
}

static void
refer_unserved(struct moment *m)
{
	withdraw_all_but(m, "");
	set_reason(m, "gave_up");
	m->request->state_until_ms = m->now_ms + m->policy->result_remind_ms;
}

static bool
takes_asker(const struct moment *m)
{
	return askers_take(&m->now->askers, m->event->site_id);
}

static void
merge(struct moment *m)
{
	struct request *r = m->request;
	struct askers *askers = &m->now->askers;

	if (m->event->site_id[0] != '\0' &&
	    !askers_have(askers, m->event->site_id)) {
		memcpy(askers->ids[askers->count++], m->event->site_id,
		    SITE_ID_SIZE);
		r->asker_count = (int)askers->count;
	}
	/* Of more texts than are kept the last takes the place of the one before. */
	if (r->also_said < ALSO_SAID_MAX)
		r->also_said++;
	if (r->name[0] == '\0')
		memcpy(r->name, m->event->detail, sizeof(r->name) - 1);
	moment_say(m, "asked again");
	if (r->state == REQUEST_SCHEDULED && m->event->at_ms < r->at_ms)
		when_asked_again(m);
	/* It is one number: who agrees to messages there agrees for all. */
	if (m->event->may_text && !r->may_text && r->extension[0] == '\0') {
		r->may_text = true;
		when_tell(m, m->now_ms);
	}
}

static void
withdraw_and_move(struct moment *m)
{
	struct request *r = m->request;

	withdraw_all_but(m, "");
	set_reason(m, "moved");
	r->hold_until_ms = 0;
	when_asked(m, m->event->at_ms, m->now_ms);
	when_tell(m, m->now_ms);
}

static void
drop_asker(struct moment *m)
{
	struct askers *askers = &m->now->askers;
	size_t kept = 0;

	for (size_t i = 0; i < askers->count; i++) {
		if (strcmp(askers->ids[i], m->event->site_id) == 0)
			continue;
		if (kept != i)
			memcpy(askers->ids[kept], askers->ids[i],
			    SITE_ID_SIZE);
		kept++;
	}
	askers->count = kept;
	m->request->asker_count = (int)kept;
	if (kept > 0 && strcmp(m->request->site_id, m->event->site_id) == 0)
		memcpy(m->request->site_id, askers->ids[0], SITE_ID_SIZE);
	moment_say(m, "%s no longer asks; %zu still do", m->event->site_id,
	    kept);
}

static void
withdraw_and_close(struct moment *m)
{
	withdraw_all_but(m, "");
	finish(m, "cancelled");
}

static void
revoke_and_close(struct moment *m)
{
	moment_post(m, EVENT_REVOKED,
	    record_ref_call(m->request->id, m->request->call));
	finish(m, "cancelled");
}

static void
close_as_called_in(struct moment *m)
{
	withdraw_all_but(m, "");
	finish(m, "called_in");
}

static void
revoke_as_called_in(struct moment *m)
{
	moment_post(m, EVENT_REVOKED,
	    record_ref_call(m->request->id, m->request->call));
	finish(m, "called_in");
}

/* Their line is busy: nobody is to be offered a call that finds it so. Should
 * nobody say how it ended, the wait goes on by itself. */
static void
hold_while_they_hold(struct moment *m)
{
	withdraw_all_but(m, "");
	m->request->hold_until_ms = m->now_ms + m->policy->hold_ms;
	if (m->request->state != REQUEST_SCHEDULED)
		set_reason(m, "on_hold");
	moment_say(m, "the customer is on hold with us");
}

static void
let_go_while_they_hold(struct moment *m)
{
	moment_post(m, EVENT_REVOKED,
	    record_ref_call(m->request->id, m->request->call));
	end_attempt(m);
	enter_queue(m);
	hold_while_they_hold(m);
	set_reason(m, "on_hold");
}

static void
go_on(struct moment *m)
{
	m->request->hold_until_ms = 0;
	if (m->request->state == REQUEST_WAITING)
		set_reason(m, "");
	moment_say(m, "the customer has hung up");
}

/* No other call is made to it before the end of this leg. */
static void
hold_number(struct moment *m)
{
	m->request->is_leg_open = true;
}

static void
keep_promise(struct moment *m)
{
	struct request *r = m->request;

	if (r->rung_at_ms == 0) {
		r->attempt_count++;
		r->rung_at_ms = m->now_ms;
	}
	if (r->kept_at_ms == 0)
		r->kept_at_ms = m->now_ms;
	r->is_leg_open = true;
	if (r->is_missed)
		moment_say(m, "late by %lld s",
		    (long long)((m->now_ms - r->promise_at_ms) / 1000));
	else
		moment_say(m, "on time, %lld s left",
		    (long long)((r->promise_at_ms - m->now_ms) / 1000));
}

static void
begin_talk(struct moment *m)
{
	m->request->talk_at_ms = m->now_ms;
}

static void
say_outcome(struct moment *m)
{
	moment_say(m, "%s", call_outcome_names[m->event->outcome]);
	if (m->request->talk_ms > 0 && m->event->has_talked)
		moment_say(m, "talked %lld s",
		    (long long)(m->request->talk_ms / 1000));
}

static void
retry_later(struct moment *m)
{
	int64_t delay_ms;

	count_attempt(m);
	say_outcome(m);
	delay_ms = retry_delay_ms(m->policy, m->event->outcome,
	    m->request->attempt_count);
	CHECK(delay_ms >= 0);
	set_reason(m, m->event->has_talked ? "short_call" :
	    call_outcome_names[m->event->outcome]);
	schedule(m, m->now_ms + delay_ms, false);
	moment_say(m, "again in %lld s", (long long)(delay_ms / 1000));
}

static void
could_not_reach(struct moment *m)
{
	count_attempt(m);
	say_outcome(m);
	finish(m, m->event->outcome == OUTCOME_INVALID_NUMBER ?
	    "invalid_number" : "unreachable");
	if (m->event->outcome != OUTCOME_INVALID_NUMBER)
		moment_tell(m, TEXT_UNREACHABLE, m->request, 0);
}

/* The customer's phone never rang: the specialist or the provider was not
 * reached. Somebody else is asked at once. */
static void
let_go(struct moment *m)
{
	count_attempt(m);
	remember_declined(m, m->request->specialist,
	    m->now_ms + m->policy->rest_ms);
	if (m->event->is_not_placed)
		moment_say(m, "no provider placed the call");
	else
		moment_say(m, "%s was not reached: %s", m->request->specialist,
		    call_outcome_names[m->event->outcome]);
	end_attempt(m);
	enter_queue(m);
	set_reason(m, m->event->is_not_placed ? "not_placed" :
	    "specialist_not_reached");
}

static void
refer_unknown(struct moment *m)
{
	set_reason(m, "maybe_called");
	/* The reason holds the number now, until a person has decided. */
	m->request->is_leg_open = false;
	m->request->state_until_ms = m->now_ms + m->policy->result_remind_ms;
	moment_say(m, "may have been called: a person must decide");
}

static void
begin_wrapping(struct moment *m)
{
	if (m->event->kind == EVENT_CALL_OVER) {
		count_attempt(m);
		say_outcome(m);
	} else {
		m->request->is_leg_open = false;
	}
	m->request->state_until_ms = m->now_ms + m->policy->wrap_result_ms;
}

static void
keep_disposition(struct moment *m)
{
	keep_said(m);
}

/* A result before "over": by hand, nobody else will say that it is. */
static void
keep_and_hang_up(struct moment *m)
{
	struct event *event;

	keep_said(m);
	event = moment_post(m, EVENT_PROGRESS,
	    record_ref_call(m->request->id, m->request->call));
	event->progress = PROGRESS_OVER;
	event->outcome = OUTCOME_ANSWERED;
}

static void
pass_on(struct moment *m)
{
	const char *queue;

	take_result(m);
	queue = pass_target(m);
	give_birth(m, queue, "passed");
	memcpy(m->request->next, m->outcome->birth.id,
	    sizeof(m->request->next));
	finish(m, "passed");
	moment_say(m, "to %s", queue);
	moment_tell(m, TEXT_PASSED, &m->outcome->birth, 0);
}

/* Nobody of its tier has called in time. */
static void
climb(struct moment *m)
{
	const char *queue = tier_of(m)->climb;

	promise_miss(m->policy, m->request);
	withdraw_all_but(m, "");
	give_birth(m, queue, "climbed");
	memcpy(m->request->next, m->outcome->birth.id,
	    sizeof(m->request->next));
	finish(m, "climbed");
	moment_say(m, "promise %d missed", m->request->promise_number);
	moment_say(m, "to %s", queue);
	moment_tell(m, TEXT_PASSED, &m->outcome->birth, 0);
}

static void
climb_into_other(struct moment *m)
{
	promise_miss(m->policy, m->request);
	withdraw_all_but(m, "");
	memcpy(m->request->next, m->root->owner, sizeof(m->request->next));
	finish(m, "continued_in");
	moment_say(m, "promise %d missed", m->request->promise_number);
	moment_say(m, "goes on in request %s", m->root->owner);
}

static void
refer_climbed(struct moment *m)
{
	const char *target = tier_of(m)->climb, *scheme;
	size_t shown;

	promise_miss(m->policy, m->request);
	withdraw_all_but(m, "");
	set_reason(m, "climbed");
	m->request->state_until_ms = m->now_ms + m->policy->result_remind_ms;
	moment_say(m, "promise %d missed", m->request->promise_number);
	/* The path of an address may be all that keeps strangers from it. */
	scheme = strstr(target, "://");
	shown = scheme == NULL ? strlen(target) : (size_t)(scheme - target) + 3 +
	    strcspn(scheme + 3, "/?#");
	if (moment_tell_near(m, target) > 0)
		moment_say(m, "%.*s is told", (int)shown, target);
	else
		moment_say(m, "%.*s could not be told", (int)shown, target);
	moment_tell(m, TEXT_LATE, m->request, 0);
}

/* Another request of this customer already waits where this one would go. */
static void
continue_in(struct moment *m)
{
	take_result(m);
	memcpy(m->request->next, m->root->owner, sizeof(m->request->next));
	finish(m, "continued_in");
	moment_say(m, "goes on in request %s", m->root->owner);
}

static void
call_again(struct moment *m)
{
	int64_t at_ms = said(m).at_ms;

	take_result(m);
	set_reason(m, "call_again");
	if (at_ms > m->now_ms) {
		schedule(m, at_ms, true);
		when_tell(m, 0);
		return;
	}
	schedule(m, m->now_ms + retry_again_ms(m->policy,
	    m->request->attempt_count), false);
}

static void
try_again(struct moment *m)
{
	int64_t delay_ms;

	take_result(m);
	delay_ms = retry_delay_ms(m->policy, OUTCOME_VOICEMAIL,
	    m->request->attempt_count);
	set_reason(m, said(m).disposition->id);
	schedule(m, m->now_ms + (delay_ms > 0 ? delay_ms : 0), false);
}

/* Whoever said how it ended may have meant something else. A result that was kept during
 * the talk is of who talked. */
static void
tell_who_closed(struct moment *m)
{
	struct event *event = moment_post(m, EVENT_CLOSED,
	    record_ref_specialist(m->event->kind == EVENT_DISPOSED ?
	        m->event->by : m->request->specialist));

	memcpy(event->request, m->request->id, sizeof(event->request));
}

static void
give_up_on(struct moment *m)
{
	take_result(m);
	tell_who_closed(m);
	finish(m, "unreachable");
	moment_tell(m, TEXT_UNREACHABLE, m->request, 0);
}

static void
close_with(struct moment *m)
{
	const struct disposition *end;

	take_result(m);
	tell_who_closed(m);
	end = policy_disposition(m->policy, m->request->disposition);
	if (end != NULL && end->then == THEN_SUPPRESS)
		m->outcome->suppresses = SUPPRESS_CALLS | SUPPRESS_MESSAGES;
	if (end != NULL && end->then == THEN_PROPOSE_BLOCK) {
		m->outcome->blocks_ms = end->block_ms;
		moment_say(m, "a block is proposed");
	}
	finish(m, end != NULL && end->then == THEN_WRONG_PERSON ?
	    "wrong_person" : m->request->disposition);
}

static void
refer_no_result(struct moment *m)
{
	set_reason(m, "no_result");
	m->request->state_until_ms = m->now_ms + m->policy->result_remind_ms;
}

static void
remind(struct moment *m)
{
	m->request->state_until_ms = m->now_ms + m->policy->result_remind_ms;
}

static void
reopen(struct moment *m)
{
	give_birth(m, m->event->queue[0] != '\0' ? m->event->queue :
	    m->request->queue, "reopened");
	m->outcome->birth.hold_until_ms = m->event->at_ms;
	/* Who called them; else who knows the matter, where it goes on there. */
	memcpy(m->outcome->birth.wished, m->event->specialist,
	    sizeof(m->outcome->birth.wished));
	if (m->event->specialist[0] == '\0' &&
	    strcmp(m->outcome->birth.queue, m->request->queue) == 0)
		memcpy(m->outcome->birth.wished, m->request->specialist,
		    sizeof(m->outcome->birth.wished));
	memcpy(m->request->next, m->outcome->birth.id,
	    sizeof(m->request->next));
	moment_say(m, "as request %s", m->outcome->birth.id);
}

/* The customer asked again meanwhile: the case goes on there. */
static void
reopen_in_other(struct moment *m)
{
	memcpy(m->request->next, m->root->owner, sizeof(m->request->next));
	moment_say(m, "goes on in request %s", m->root->owner);
}

static void
leg_over(struct moment *m)
{
	m->request->is_leg_open = false;
}

/* Who waits already does so for them; an offer that is out is let end first. */
static void
prefer(struct moment *m, const char *specialist)
{
	memcpy(m->request->wished, specialist, sizeof(m->request->wished));
	m->request->wished_until_ms = 0;
	if (m->request->state != REQUEST_SCHEDULED)
		hold_for_wished(m);
}

static void
wish(struct moment *m)
{
	prefer(m, m->event->specialist);
	moment_say(m, "to %s", m->event->specialist);
}

/* The customer returns our call: who called them first, never only. */
static void
wish_for_who_called(struct moment *m)
{
	if (m->event->specialist[0] != '\0')
		prefer(m, m->event->specialist);
	moment_say(m, "the customer calls back");
}

/* Offered and accepted at once: both are on the telephone. */
static void
join_caller(struct moment *m)
{
	if (m->request->state == REQUEST_SCHEDULED)
		promise_soon(m->policy, m->request, m->now_ms);
	enter_queue(m);
	wish_for_who_called(m);
	offer(m);
	tell_accept(m);
}

static void
join_again(struct moment *m)
{
	moment_verdict(m, VERDICT_JOIN_AGENT);
}

static void
retry_now(struct moment *m)
{
	wish_for_who_called(m);
	m->request->at_ms = m->now_ms;
	m->request->hold_until_ms = m->event->at_ms;
	promise_soon(m->policy, m->request, m->now_ms);
	set_reason(m, "called_back");
}

static void
note(struct moment *m)
{
	moment_note(m);
}

#define SCHEDULED IN(REQUEST_SCHEDULED)
#define WAITING IN(REQUEST_WAITING)
#define OFFERED IN(REQUEST_OFFERED)
#define TAKEN IN(REQUEST_TAKEN)
#define CALLING IN(REQUEST_CALLING)
#define TALKING IN(REQUEST_TALKING)
#define WRAPPING IN(REQUEST_WRAPPING)
#define REFERRED IN(REQUEST_REFERRED)
#define CLOSED IN(REQUEST_CLOSED)
#define BEFORE (SCHEDULED | WAITING | OFFERED | TAKEN)
#define AFTER (WRAPPING | REFERRED)
#define TO(state) REQUEST_##state

/* A result, whenever it comes, has the same rows. */
#define RESULT_ROWS(from, on)                                                  \
	ROW(from, on, passes_on_to_another, TO(CLOSED), continue_in),          \
	ROW(from, on, passes_on, TO(CLOSED), pass_on),                         \
	ROW(from, on, calls_again_but_another_does, TO(CLOSED), continue_in),  \
	ROW(from, on, calls_again, TO(SCHEDULED), call_again),                 \
	ROW(from, on, tries_again_but_another_does, TO(CLOSED), continue_in),  \
	ROW(from, on, tries_again, TO(SCHEDULED), try_again),                  \
	ROW(from, on, has_no_attempt_left, TO(CLOSED), give_up_on),            \
	ROW(from, on, closes, TO(CLOSED), close_with)

static const struct row rows[] = {
	ROW(IN(REQUEST_NONE), ARRIVED, ALWAYS, TO(SCHEDULED), arrive),

	ROW(SCHEDULED, DUE, due_but_forbidden_for_good, TO(CLOSED), refuse),
	ROW(SCHEDULED, DUE, due_but_never_allowed, TO(REFERRED), refer_never_allowed),
	ROW(SCHEDULED, DUE, due_but_forbidden, SAME, next_opening),
	ROW(SCHEDULED, DUE, moment_has_come, TO(WAITING), join_queue),

	ROW(WAITING | OFFERED, MATCHED, may_be_offered_and_called, TO(OFFERED), offer),
	ROW(OFFERED, BY_HAND, is_offered_on_a_screen, SAME, accept_by_hand),
	ROW(WAITING | OFFERED | TAKEN, BY_HAND, may_be_taken_by_hand, TO(OFFERED), offer_by_hand),
	ROW(WAITING, NUMBER_BUSY, ALWAYS, SAME, hold_back),

	ROW(OFFERED, ACCEPTED, offered_but_forbidden_for_good, TO(CLOSED), refuse),
	ROW(OFFERED, ACCEPTED, offered_and_taken_first, TO(TAKEN), keep_for_later),
	ROW(OFFERED, ACCEPTED, offered_but_never_allowed, TO(REFERRED), refer_never_allowed),
	ROW(OFFERED, ACCEPTED, offered_but_forbidden, TO(SCHEDULED), withdraw_until_opening),
	ROW(OFFERED, ACCEPTED, offered_but_number_held, TO(WAITING), give_way),
	ROW(OFFERED, ACCEPTED, offered_but_not_possible, TO(WAITING), wait_for_provider),
	ROW(OFFERED, ACCEPTED, may_be_taken, TO(CALLING), take),
	ROW(OFFERED, DECLINED, others_are_open, SAME, note_declined),
	ROW(OFFERED, DECLINED, is_offered, TO(WAITING), note_declined),
	ROW(OFFERED, LEFT, others_are_open, SAME, take_offer_back),
	ROW(OFFERED, LEFT, is_offered, TO(WAITING), take_offer_back),
	ROW(OFFERED, CALL_OVER, offers_call_and_others_are_open, SAME, drop_offer),
	ROW(OFFERED, CALL_OVER, is_offers_call, TO(WAITING), drop_offer),

	ROW(TAKEN, START, cannot_start, SAME, refuse_start),
	ROW(TAKEN, START, may_be_taken_by_hand, TO(OFFERED), start),
	ROW(WAITING | OFFERED | TAKEN, DUE, climbs_but_another_waits_there, TO(CLOSED), climb_into_other),
	ROW(WAITING | OFFERED | TAKEN, DUE, climbs, TO(CLOSED), climb),
	ROW(WAITING | OFFERED | TAKEN, DUE, climbs_to_a_person, TO(REFERRED), refer_climbed),
	ROW(TAKEN, DUE, promise_is_over, TO(WAITING), lose_taken),
	ROW(TAKEN, DUE, was_woken_by_other_rules, SAME, look_later),
	ROW(WAITING | OFFERED | CALLING | REFERRED, DUE, promise_is_over, SAME, go_late),
	ROW(WAITING | OFFERED | CALLING | REFERRED, DUE, second_is_over, SAME, miss_second),
	ROW(WAITING | OFFERED, DUE, second_is_near, SAME, raise_lane),
	ROW(WAITING | OFFERED, DUE, rung_is_due, SAME, widen),
	ROW(OFFERED, DUE, some_lapsed, SAME, lapse),
	ROW(OFFERED, DUE, all_lapsed, TO(WAITING), lapse),
	ROW(WAITING, DUE, gave_up, TO(REFERRED), refer_unserved),
	ROW(WAITING, DUE, is_forbidden_for_good, TO(CLOSED), refuse),
	ROW(WAITING, DUE, is_never_allowed, TO(REFERRED), refer_never_allowed),
	ROW(WAITING, DUE, is_forbidden_now, TO(SCHEDULED), next_opening),
	ROW(WAITING, DUE, hold_is_over, SAME, rejoin),
	ROW(WAITING, DUE, wish_is_over, SAME, release_wished),
	ROW(WAITING | OFFERED, DUE, was_woken_by_other_rules, SAME, look_later),

	ROW(BEFORE, RESCHEDULED, ALWAYS, TO(SCHEDULED), withdraw_and_move),
	ROW(BEFORE, CANCELLED, others_still_ask, SAME, drop_asker),
	ROW(BEFORE, CANCELLED, ALWAYS, TO(CLOSED), withdraw_and_close),
	ROW(BEFORE, ASSIGNED, ALWAYS, SAME, wish),
	ROW(WAITING, RELEASED, waits_for_them, SAME, release_wished),
	ROW(BEFORE | CALLING | REFERRED, SUPPRESSED, ALWAYS, TO(CLOSED), end_suppressed),
	ROW(BEFORE, CALLED_IN, has_spoken, TO(CLOSED), close_as_called_in),
	ROW(SCHEDULED, CALLED_IN, is_on_hold, SAME, hold_while_they_hold),
	ROW(WAITING | OFFERED, CALLED_IN, is_on_hold, TO(WAITING), hold_while_they_hold),
	ROW(SCHEDULED | WAITING, CALLED_IN, no_longer_holds, SAME, go_on),
	ROW(SCHEDULED | WAITING | TAKEN, CALLED_BACK, may_be_joined, TO(OFFERED), join_caller),
	ROW(SCHEDULED, CALLED_BACK, ALWAYS, SAME, retry_now),
	ROW(WAITING | OFFERED | TAKEN, CALLED_BACK, ALWAYS, SAME, wish_for_who_called),
	RESULT_ROWS(BEFORE, DISPOSED),
	ROW(BEFORE | CALLING | TALKING, REPEATED, takes_asker, SAME, merge),

	ROW(OFFERED, NOT_PLACED, is_offers_call_and_has_next, SAME, ring_elsewhere),
	ROW(CALLING, NOT_PLACED, is_this_call_and_has_next, SAME, place_elsewhere),
	ROW(CALLING, RUNG, is_this_call, SAME, keep_promise),
	ROW(CALLING, MAY_RING, is_this_call, SAME, hold_number),
	ROW(CALLING, TALK, is_this_call, TO(TALKING), begin_talk),
	RESULT_ROWS(CALLING | TALKING, CALL_OVER),
	ROW(CALLING, CALL_OVER, is_short_talk, TO(SCHEDULED), retry_later),
	ROW(CALLING, CALL_OVER, has_talked, TO(WRAPPING), begin_wrapping),
	ROW(CALLING | TALKING, CALL_OVER, was_rung_and_has_attempts, TO(SCHEDULED), retry_later),
	ROW(CALLING | TALKING, CALL_OVER, was_rung, TO(CLOSED), could_not_reach),
	ROW(CALLING, CALL_OVER, number_is_invalid, TO(CLOSED), could_not_reach),
	ROW(CALLING, CALL_OVER, is_this_call, TO(WAITING), let_go),
	ROW(CALLING, CALL_LOST, is_this_call, TO(REFERRED), refer_unknown),
	ROW(CALLING, CALLED_BACK, is_joined_already, SAME, join_again),
	ROW(CALLING, CANCELLED, others_still_ask, SAME, drop_asker),
	ROW(CALLING, CANCELLED, ALWAYS, TO(CLOSED), revoke_and_close),
	ROW(CALLING, CALLED_IN, has_spoken_before_ringing, TO(CLOSED), revoke_as_called_in),
	ROW(CALLING, CALLED_IN, is_on_hold_before_ringing, TO(WAITING), let_go_while_they_hold),
	ROW(CALLING | TALKING, DISPOSED, is_by_hand, SAME, keep_and_hang_up),
	ROW(CALLING | TALKING, DISPOSED, is_known_result, SAME, keep_disposition),

	ROW(TALKING, CALL_OVER, is_short_and_has_attempts, TO(SCHEDULED), retry_later),
	ROW(TALKING, CALL_OVER, is_this_call, TO(WRAPPING), begin_wrapping),
	ROW(TALKING, CALL_LOST, is_this_call, TO(WRAPPING), begin_wrapping),

	RESULT_ROWS(AFTER, DISPOSED),
	ROW(WRAPPING, DUE, result_is_overdue, TO(REFERRED), refer_no_result),
	ROW(REFERRED, DUE, result_is_overdue, SAME, remind),
	ROW(REFERRED, REQUEUED, another_holds_it, TO(CLOSED), continue_in),
	ROW(REFERRED, REQUEUED, ALWAYS, TO(WAITING), requeue),
	ROW(REFERRED, CANCELLED, ALWAYS, TO(CLOSED), withdraw_and_close),
	ROW(REFERRED, CALLED_IN, has_spoken_and_was_not_called, TO(CLOSED), close_as_called_in),

	ROW(CLOSED, REOPENED, another_holds_it, SAME, reopen_in_other),
	ROW(CLOSED, REOPENED, ALWAYS, SAME, reopen),
	ROW(CLOSED, CALLED_BACK, was_unreachable_but_another_waits, SAME, reopen_in_other),
	ROW(CLOSED, CALLED_BACK, was_unreachable, SAME, reopen),
	ROW(CLOSED, CALL_OVER, leg_is_open, SAME, leg_over),
	ROW(CLOSED, CALL_LOST, leg_is_open, SAME, leg_over),

	ROW(BEFORE | CALLING | TALKING | AFTER | CLOSED, NOTED, ALWAYS, SAME, note),
};

const struct life request_life = {
	rows, COUNT_OF(rows), request_state_names, REQUEST_STATE_COUNT
};
