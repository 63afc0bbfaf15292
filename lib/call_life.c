/* SPDX-License-Identifier: MIT */
/*
 * call_life: what may happen to a call. "Nobody is rung twice" rests on one
 * field, `authorised`: it is written by a row of this table (authorise) or with
 * the birth, always before the commit that lets the customer's phone ring, and
 * bound to one of the provider's calls.
 */
#include <stdio.h>
#include <string.h>

#include "lib/fault.h"
#include "lib/life.h"
#include "lib/provider_choice.h"

enum {
	GONE_CUSTOMER_MS = 90000,       /* our leg should end soon after theirs */
	UNHEARD_POLLS = 8,              /* past its longest time, where nobody can be asked */
	REMIND_MAX = 3,                 /* by hand, before it is given to a person */
};

static const struct provider_facts *
facts(const struct moment *m)
{
	return policy_provider(m->policy, m->call->provider);
}

static const struct specialist_policy *
person(const struct moment *m)
{
	return policy_specialist(m->policy, m->call->specialist);
}

/* ---- birth */

static const char *
choose_provider(const struct moment *m, const char *specialist,
    const char *after)
{
	if (m->root->kind == EVENT_BY_HAND)
		return CALL_BY_HAND;
	if (m->root->kind == EVENT_CALLED_BACK)
		return m->root->provider;
	return provider_choice(m->policy, m->request->queue,
	    policy_specialist(m->policy, specialist), m->root->providers_down,
	    after);
}

bool
call_is_possible(const struct moment *m, const char *specialist,
    const char *after, const char **ret_why)
{
	const char *provider = choose_provider(m, specialist, after);

	*ret_why = "provider_down";
	if (provider == NULL)
		return false;
	*ret_why = m->root->wait_for != NULL ? m->root->wait_for : "pace";
	return strcmp(provider, CALL_BY_HAND) == 0 ||
	    m->root->wait_until_ms == 0;
}

bool
call_can_offer_by_phone(const struct moment *m,
    const struct specialist_policy *specialist, const char *after)
{
	const char *provider = specialist == NULL ? NULL :
	    choose_provider(m, specialist->id, after);
	const struct provider_facts *found = provider == NULL ? NULL :
	    policy_provider(m->policy, provider);

	const struct specialist *s = specialist == NULL ? NULL :
	    situation_specialist(m->now, specialist->id);
	int64_t offer_ms;

	return found != NULL && policy_offer(m->policy, specialist,
	    s != NULL ? s->ignored_count : 0, &offer_ms) == OFFER_PHONE &&
	    found->authorises_on_answer && !found->has_second_leg &&
	    m->now->call_count < CALLS_MAX &&
	    policy_address(specialist, provider)[0] != '\0';
}

/* What the queue asks of the call, as far as its provider can. Who has no desk
 * is rung first in any case: their phone is the offer. */
static void
apply_queue(const struct queue_policy *queue,
    const struct provider_facts *provider,
    const struct specialist_policy *who, struct call *call)
{
	snprintf(call->caller_id, sizeof(call->caller_id), "%s",
	    policy_caller_id(queue, call->customer));
	call->is_customer_first = queue->is_customer_first &&
	    provider != NULL && provider->can_call_customer && who != NULL &&
	    !policy_offers_by(who, OFFER_PHONE);
	call->wants_confirm = queue->is_customer_confirmed &&
	    provider != NULL && provider->confirms_customer;
}

/* The customer is on the telephone already: nobody rings them. What is left is
 * what follows when a customer who was rung first has answered. */
static void
join_callers_call(struct moment *m, struct call *call)
{
	struct event *event;

	call->state = CALL_LIVE;
	call->is_customer_first = true;
	call->wants_confirm = false;
	call->rank = PROGRESS_CUSTOMER_RINGING;
	call->customer_ringing_at_ms = m->now_ms;
	memcpy(call->sid, m->root->sid, sizeof(call->sid));
	memcpy(call->authorised, m->root->sid, sizeof(call->authorised));
	call->authorised_at_ms = m->now_ms;
	event = moment_post(m, EVENT_RUNG, record_ref_request(call->request));
	event->call = call->n;
	moment_verdict(m, VERDICT_JOIN_AGENT);
}

struct call *
call_birth(struct moment *m, const char *specialist, const char *after)
{
	const struct policy *policy = m->policy;
	const char *provider = choose_provider(m, specialist, after);
	const struct provider_facts *found = provider == NULL ? NULL :
	    policy_provider(policy, provider);
	const struct specialist_policy *who =
	    policy_specialist(policy, specialist);
	const struct queue_policy *queue =
	    policy_queue(policy, m->request->queue);
	struct call *call = moment_birth(m);

	CHECK(provider != NULL);
	snprintf(call->provider, sizeof(call->provider), "%s", provider);
	snprintf(call->specialist, sizeof(call->specialist), "%s", specialist);
	memcpy(call->customer, m->request->phone, sizeof(call->customer));
	if (who != NULL)
		snprintf(call->to, sizeof(call->to), "%s",
		    policy_address(who, provider));
	if (queue != NULL)
		apply_queue(queue, found, who, call);
	call->placed_at_ms = m->now_ms;
	if (call_is_by_hand(call)) {
		call->state = CALL_LIVE;
	} else if (m->root->kind == EVENT_CALLED_BACK) {
		join_callers_call(m, call);
	} else {
		call->state = CALL_PLACING;
		moment_effect(m, EFFECT_PLACE, call, "");
	}
	/* Where the provider rings the customer by itself, or first, asking it
	 * to is the authorisation. */
	if (found == NULL || !found->authorises_on_answer ||
	    (call->is_customer_first && call->authorised[0] == '\0')) {
		snprintf(call->authorised, sizeof(call->authorised), "%s",
		    CALL_AUTHORISED_WITH_INTENT);
		call->authorised_at_ms = m->now_ms;
	}
	call->record.wake_at_ms = call_wake(policy, call, m->now_ms);
	return call;
}

/* ---- guards */

static bool
is_end(const struct moment *m)
{
	return m->event->progress == PROGRESS_OVER;
}

static bool
is_revoked(const struct moment *m)
{
	return m->call->is_revoked;
}

static bool
is_authorised(const struct moment *m)
{
	return m->call->authorised[0] != '\0';
}

/* Another of the provider's calls carries our token: a second one was made.
 * An ended call that never had one has none of its own any more. */
static bool
is_other_sid(const struct moment *m)
{
	const struct call *call = m->call;

	if (m->event->sid[0] == '\0')
		return false;
	if (call->sid[0] == '\0')
		return call->state == CALL_ENDED;
	return strcmp(call->sid, m->event->sid) != 0;
}

/* The provider's webhook was faster than its answer, which says more. */
static bool
is_late_answer(const struct moment *m)
{
	return !is_other_sid(m) && m->event->remembered[0] != '\0' &&
	    m->call->remembered[0] == '\0';
}

static bool
is_other_and_alive(const struct moment *m)
{
	return is_other_sid(m) && !is_end(m);
}

static bool
is_absent_for_good(const struct moment *m)
{
	return m->call->absent_count >= 1 && (!is_authorised(m) ||
	    m->call->unsure_at_ms + m->policy->quarantine_ms <= m->now_ms);
}

static bool
time_is_up_and_not_authorised(const struct moment *m)
{
	return !is_authorised(m) &&
	    m->call->unsure_at_ms + m->policy->look_up_ms <= m->now_ms;
}

static bool
may_look_again(const struct moment *m)
{
	/* Once more when quarantine is over: what is absent then is absent. */
	return facts(m) != NULL && facts(m)->can_find &&
	    m->call->unsure_at_ms + m->policy->quarantine_ms +
	    m->policy->look_up_ms > m->now_ms;
}

static bool
lease_is_over(const struct moment *m)
{
	return m->call->placed_at_ms + m->policy->place_lease_ms <= m->now_ms;
}

static bool
quarantine_is_over(const struct moment *m)
{
	return m->call->unsure_at_ms + m->policy->quarantine_ms <= m->now_ms;
}

/* Whether a customer's leg is reported that nobody allowed: an alarm. */
static bool
leg_is_not_ours(const struct moment *m)
{
	return !is_authorised(m) && !is_end(m) &&
	    m->event->progress >= PROGRESS_CUSTOMER_RINGING;
}

static bool
customers_leg_is_over(const struct moment *m)
{
	return m->event->is_customer_over && !is_end(m) &&
	    !m->call->is_customer_over && is_authorised(m);
}

/* Of a customer who is to press 1, being up is not yet being reached. */
static enum call_progress
progress_heard(const struct moment *m)
{
	return m->event->progress == PROGRESS_CUSTOMER_UP &&
	    !call_has_person(m->call) ? PROGRESS_CUSTOMER_RINGING :
	    m->event->progress;
}

static bool
is_news(const struct moment *m)
{
	if (is_other_sid(m))
		return false;
	return progress_heard(m) > m->call->rank ||
	    PLANTED("rank_regresses") ||
	    (m->call->sid[0] == '\0' && m->event->sid[0] != '\0') ||
	    (m->call->leg[0] == '\0' && m->event->leg[0] != '\0');
}

static bool
is_offers(const struct moment *m)
{
	return request_offer_by_call(m->request, m->call->n) != NULL &&
	    !m->call->is_revoked && !is_other_sid(m);
}

static bool
is_pressed(const struct moment *m, int digit)
{
	return m->event->question == QUESTION_KEY && m->event->digit == digit;
}

static bool
offer_is_accepted(const struct moment *m)
{
	const struct specialist_policy *who = person(m);
	const struct specialist *s =
	    situation_specialist(m->now, m->call->specialist);

	/* Read one after another, the two may disagree; an acceptance that
	 * changes nothing would be asked about for ever. */
	if (!is_offers(m) || s == NULL || s->state != SPECIALIST_OFFERED ||
	    strcmp(s->request, m->request->id) != 0 || s->offer !=
	    request_offer_by_call(m->request, m->call->n)->number)
		return false;
	return is_pressed(m, 1) || (who != NULL &&
	    who->confirm == CONFIRM_ANSWER && m->event->question == QUESTION_UP);
}

static bool
offer_is_declined(const struct moment *m)
{
	return is_offers(m) && is_pressed(m, 2);
}

static bool
offer_may_be_heard(const struct moment *m)
{
	return is_offers(m) && (m->event->question == QUESTION_UP ||
	    m->event->question == QUESTION_WAIT ||
	    (m->event->question == QUESTION_KEY && m->event->digit != 1));
}

static bool
is_customers_question(const struct moment *m)
{
	return m->event->question == QUESTION_GREET ||
	    m->event->question == QUESTION_CONFIRM;
}

/* The one place that decides whether the customer's phone may ring now. The
 * same provider's call may ask again until a customer's leg was heard of: our
 * answer may have been lost. */
static bool
may_join(const struct moment *m)
{
	const struct call *call = m->call;
	const char *sid = m->event->sid;

	return !is_customers_question(m) && m->request->call == call->n &&
	    m->request->state == REQUEST_CALLING && !call->is_revoked &&
	    sid[0] != '\0' && facts(m) != NULL &&
	    facts(m)->authorises_on_answer && !call->is_customer_first &&
	    call->rank < PROGRESS_CUSTOMER_RINGING &&
	    (PLANTED("authorise_any_sid") ||
	        ((call->sid[0] == '\0' || strcmp(call->sid, sid) == 0) &&
	            (call->authorised[0] == '\0' ||
	                strcmp(call->authorised, sid) == 0)));
}

/* The customer's leg is an order of our own, given once the specialist's phone is
 * answered, and again while nothing was heard of it: the provider knows the two
 * orders for one by their token. */
static bool
has_second_leg(const struct moment *m)
{
	return facts(m) != NULL && facts(m)->has_second_leg &&
	    !m->call->is_customer_first;
}

static bool
may_order_second_leg(const struct moment *m)
{
	return has_second_leg(m) && m->event->progress == PROGRESS_AGENT_UP &&
	    !is_authorised(m) && may_join(m);
}

/* No further order for it is given. */
static bool
second_leg_time_is_over(const struct moment *m)
{
	return m->call->authorised_at_ms + m->policy->quarantine_ms <=
	    m->now_ms;
}

static bool
second_leg_is_owed(const struct moment *m)
{
	const struct call *call = m->call;

	return has_second_leg(m) && m->call->record.wake_at_ms <= m->now_ms &&
	    is_authorised(m) && call->rank < PROGRESS_CUSTOMER_RINGING &&
	    !call->is_customer_over && !call->is_revoked &&
	    call->leg[0] == '\0' && !second_leg_time_is_over(m);
}

/* It stands by itself: nobody at the provider ends it with the specialist's. */
static bool
second_leg_goes_on(const struct moment *m)
{
	return has_second_leg(m) && is_authorised(m) &&
	    !m->call->is_customer_over;
}

/* The customer's phone would have rung out since the last order, and nothing was
 * heard: the specialist waits in silence. */
static bool
second_leg_is_unheard_of(const struct moment *m)
{
	return second_leg_goes_on(m) &&
	    m->call->rank < PROGRESS_CUSTOMER_RINGING &&
	    m->call->authorised_at_ms + m->policy->quarantine_ms +
	    m->policy->ring_ms <= m->now_ms;
}

/* The provider has taken the order: the leg can be asked for by its id. */
static bool
second_leg_can_be_asked(const struct moment *m)
{
	return m->call->record.wake_at_ms <= m->now_ms &&
	    second_leg_goes_on(m) && m->call->leg[0] != '\0' &&
	    facts(m)->can_poll;
}

/* The answer to the order itself: of a twin it would say nothing. */
static bool
second_leg_is_refused(const struct moment *m)
{
	return second_leg_goes_on(m) && m->event->sid[0] != '\0' &&
	    !is_other_sid(m) && m->call->leg[0] == '\0' &&
	    m->call->rank < PROGRESS_CUSTOMER_RINGING;
}

static bool
is_news_of_second_leg(const struct moment *m)
{
	return m->event->leg[0] != '\0' && !m->event->is_customer_over &&
	    !is_end(m) && !is_other_sid(m);
}

static bool
second_leg_is_heard_of(const struct moment *m)
{
	return second_leg_goes_on(m) && is_news_of_second_leg(m);
}

/* It was given up, and there it is: nobody waits for them any more. */
static bool
lost_leg_is_heard_of(const struct moment *m)
{
	const struct call *call = m->call;

	return has_second_leg(m) && is_authorised(m) &&
	    call->is_customer_over && call->outcome == OUTCOME_UNKNOWN &&
	    call->customer_ringing_at_ms == 0 && is_news_of_second_leg(m);
}

/* Who accepted on a screen still says on the phone that it is them, unless
 * answering is enough. */
static bool
is_confirmed_and_may_join(const struct moment *m)
{
	const struct specialist_policy *who = person(m);

	return may_join(m) && (is_authorised(m) || is_pressed(m, 1) ||
	    ((who == NULL || who->confirm == CONFIRM_ANSWER) &&
	        (m->event->question == QUESTION_UP ||
	            m->event->question == QUESTION_WAIT)));
}

static bool
may_join_after_a_key(const struct moment *m)
{
	return may_join(m) && !is_pressed(m, 2) &&
	    (m->event->question == QUESTION_UP ||
	        m->event->question == QUESTION_WAIT ||
	        m->event->question == QUESTION_KEY);
}

/* The customer has hung up; a specialist without a desk is asked by keys. */
static bool
result_is_wanted(const struct moment *m)
{
	const struct specialist_policy *who = person(m);

	return !is_other_sid(m) && who != NULL &&
	    policy_offers_by(who, OFFER_PHONE) &&
	    !m->call->is_customer_first && m->event->question != QUESTION_SILENT &&
	    call_has_talked(m->call) &&
	    m->request->call == m->call->n &&
	    m->request->disposition[0] == '\0' &&
	    (m->request->state == REQUEST_WRAPPING ||
	        m->request->state == REQUEST_TALKING);
}

static const struct disposition *
disposition_by_key(const struct moment *m)
{
	return policy_result_by_key(m->policy, m->request->queue,
	    m->event->digit);
}

static bool
result_is_pressed(const struct moment *m)
{
	return m->event->question == QUESTION_RESULT &&
	    disposition_by_key(m) != NULL && result_is_wanted(m);
}

static bool
is_too_long(const struct moment *m)
{
	const struct call *call = m->call;

	if (call_is_by_hand(call))
		return false;
	if (call->is_customer_over)
		return call->over_at_ms + GONE_CUSTOMER_MS <= m->now_ms;
	return call->placed_at_ms + m->policy->call_max_ms +
	    GONE_CUSTOMER_MS <= m->now_ms;
}

/* Its end was not told, and nobody can be asked: past the last moment at which it
 * could go on, and some vain hang-ups later, it is taken for over. */
static bool
is_unheard_of(const struct moment *m)
{
	const struct call *call = m->call;
	const struct policy *policy = m->policy;
	int64_t last_ms = call->is_customer_over ?
	    call->over_at_ms + GONE_CUSTOMER_MS : call->placed_at_ms +
	    policy->agent_ring_ms + policy->ring_ms + policy->call_max_ms;

	return !call_is_by_hand(call) && (facts(m) == NULL ||
	    !facts(m)->can_poll) &&
	    last_ms + UNHEARD_POLLS * policy->poll_ms <= m->now_ms;
}

/* And the customer may be on the other end of it. */
static bool
is_unheard_of_with_customer(const struct moment *m)
{
	return is_unheard_of(m) && is_authorised(m) &&
	    !m->call->is_customer_over;
}

static bool
by_hand(const struct moment *m)
{
	return call_is_by_hand(m->call);
}

static bool
by_hand_and_forgotten(const struct moment *m)
{
	return by_hand(m) && m->call->remind_count >= REMIND_MAX;
}

static bool
is_due(const struct moment *m)
{
	return m->call->record.wake_at_ms <= m->now_ms;
}

static bool
is_due_and_revoked(const struct moment *m)
{
	return is_due(m) && is_revoked(m);
}

/* Of another of the provider's calls nothing follows for ours. */
static bool
is_ours(const struct moment *m)
{
	return !is_other_sid(m);
}

/* Nor is the end of that one the end of ours. */
static bool
is_ours_and_end(const struct moment *m)
{
	return is_end(m) && !is_other_sid(m);
}

/* Where the provider rings both by itself, it says that it never came to the
 * customer. Who is rung first was. */
static bool
is_ours_and_end_before_them(const struct moment *m)
{
	return is_ours_and_end(m) && m->event->is_agent_over &&
	    m->call->rank < PROGRESS_CUSTOMER_RINGING &&
	    !m->call->is_customer_first &&
	    strcmp(m->call->authorised, CALL_AUTHORISED_WITH_INTENT) == 0;
}

/* The provider asks what comes after the customer's leg, and so says how that
 * ended: perhaps before its webhook does. */
static bool
is_dial_over(const struct moment *m)
{
	return m->event->question == QUESTION_DIAL_OVER &&
	    m->event->is_customer_over && !is_other_sid(m) &&
	    !m->call->is_customer_over && is_authorised(m);
}

/* ---- what the customer's phone asks */

static bool
customer_asks(const struct moment *m)
{
	return is_customers_question(m) && !is_other_sid(m) &&
	    is_authorised(m) && !m->call->is_revoked &&
	    !m->call->is_customer_over;
}

static bool
machine_asks(const struct moment *m)
{
	return customer_asks(m) && (m->event->machine == MACHINE_ANSWERED ||
	    m->call->machine == MACHINE_ANSWERED);
}

static bool
customer_confirms(const struct moment *m)
{
	return customer_asks(m) && m->event->question == QUESTION_CONFIRM &&
	    m->event->digit == 1;
}

static bool
customer_must_confirm(const struct moment *m)
{
	return customer_asks(m) && m->event->question == QUESTION_GREET &&
	    !call_has_person(m->call);
}

static bool
customer_is_up(const struct moment *m)
{
	return customer_asks(m) && m->event->question == QUESTION_GREET;
}

/* Customer first: the specialist's phone was answered. */
static bool
specialist_is_up(const struct moment *m)
{
	return m->call->is_customer_first && m->event->question ==
	    QUESTION_UP && !is_other_sid(m) && !m->call->is_revoked &&
	    call_has_person(m->call);
}

/* The provider found out later that a machine has answered. */
static bool
machine_has_answered(const struct moment *m)
{
	return m->event->machine == MACHINE_ANSWERED && !is_end(m) &&
	    !is_other_sid(m) && is_authorised(m) &&
	    !m->call->is_customer_over && !m->call->is_confirmed &&
	    m->call->machine != MACHINE_ANSWERED;
}

/* Who answered a leg says nothing of the call that it is in. */
static bool
is_of_a_leg_only(const struct moment *m)
{
	return m->event->sid[0] == '\0' &&
	    m->event->machine != MACHINE_NOT_SAID &&
	    m->event->progress == PROGRESS_NONE && !m->event->is_customer_over;
}

/* Nobody asks for them any more: only we can part the specialist and it. */
static bool
machine_is_joined(const struct moment *m)
{
	return m->call->machine == MACHINE_ANSWERED &&
	    !m->call->is_customer_over && !m->call->wants_confirm;
}

static bool
is_due_and_machine(const struct moment *m)
{
	return is_due(m) && machine_is_joined(m);
}

/* The provider certainly has not placed it, and not because of the customer's
 * number: the next in the order is asked, at once and for the same acceptance. */
static bool
another_may_place(const struct moment *m)
{
	const struct call *call = m->call;
	const struct request *r = m->request;
	const char *why;

	if (call->is_revoked || m->now->call_count >= CALLS_MAX ||
	    m->event->outcome == OUTCOME_INVALID_NUMBER ||
	    !call_is_possible(m, call->specialist, call->provider, &why))
		return false;
	if (r->call == call->n)
		return r->state == REQUEST_CALLING;
	/* Their phone is to ring for an offer: only where that authorises nobody. */
	return request_offer_by_call(m->request, call->n) != NULL &&
	    call_can_offer_by_phone(m, person(m), call->provider);
}

static bool
by_hand_and_due(const struct moment *m)
{
	return by_hand(m) && is_due(m);
}

/* ---- parts of actions */

static void
bind_sid(struct moment *m)
{
	if (m->call->sid[0] == '\0')
		memcpy(m->call->sid, m->event->sid, sizeof(m->call->sid));
	if (m->event->leg[0] != '\0')
		memcpy(m->call->leg, m->event->leg, sizeof(m->call->leg));
}

static struct event *
tell(struct moment *m, enum event_kind kind, struct record_ref to)
{
	struct event *event = moment_post(m, kind, to);

	event->call = m->call->n;
	event->outcome = m->call->outcome;
	event->has_rung = is_authorised(m);
	event->has_talked = call_has_talked(m->call);
	event->talk_ms = m->call->talk_ms;
	event->is_not_placed = m->event->kind == EVENT_REJECTED;
	return event;
}

static void
tell_request(struct moment *m, enum event_kind kind)
{
	tell(m, kind, record_ref_request(m->call->request));
}

/* The specialist first: a result that was kept frees them only afterwards. */
static void
tell_over(struct moment *m)
{
	tell(m, EVENT_CALL_OVER, record_ref_specialist(m->call->specialist));
	if (!m->call->is_customer_over)
		tell_request(m, EVENT_CALL_OVER);
}

/* Raises the rank, keeps when each step was first heard of, and tells the
 * request what the customer noticed. */
static void
rise(struct moment *m)
{
	struct call *call = m->call;
	enum call_progress before = call->rank, after = progress_heard(m);

	if (after <= before && !PLANTED("rank_regresses"))
		return;
	call->rank = after;
	if (after >= (call->is_customer_first ? PROGRESS_CUSTOMER_UP :
	        PROGRESS_AGENT_UP) && after != PROGRESS_OVER &&
	    call->agent_up_at_ms == 0)
		call->agent_up_at_ms = m->now_ms;
	if (after == PROGRESS_OVER)
		return;
	if (after >= PROGRESS_CUSTOMER_RINGING &&
	    call->customer_ringing_at_ms == 0) {
		call->customer_ringing_at_ms = m->now_ms;
		if (has_second_leg(m) || strcmp(call->authorised,
		    CALL_AUTHORISED_WITH_INTENT) == 0)
			tell_request(m, EVENT_RUNG);
	}
	if (after >= PROGRESS_CUSTOMER_UP && call->customer_up_at_ms == 0) {
		call->customer_up_at_ms = m->now_ms;
		tell_request(m, EVENT_TALK);
	}
}

/* What the network calls answered: by a machine, by somebody who did not take
 * the call, or who hung up before the specialist was there. */
static enum call_outcome
outcome_heard(const struct moment *m)
{
	const struct call *call = m->call;

	if (m->event->outcome != OUTCOME_ANSWERED)
		return m->event->outcome;
	if (!call_has_person(call))
		return OUTCOME_VOICEMAIL;
	return call->is_customer_first && call->customer_up_at_ms == 0 &&
	    !m->event->is_customer_over ? OUTCOME_CANCELLED : OUTCOME_ANSWERED;
}

/* Of the leg that has ended. The customer's lasts longer than the talk where it
 * is the first. */
static int64_t
talk_heard(const struct moment *m)
{
	const struct call *call = m->call;
	int64_t talk_ms = m->event->talk_ms;

	if (!call_has_person(call))
		return 0;
	if (call->is_customer_first && !m->event->is_customer_over &&
	    m->now_ms - call->customer_up_at_ms < talk_ms)
		return m->now_ms - call->customer_up_at_ms;
	return talk_ms;
}

static void
end(struct moment *m)
{
	struct call *call = m->call;

	if (call->over_at_ms == 0)
		call->over_at_ms = m->now_ms;
	if (m->event->outcome != OUTCOME_NONE &&
	    (call->outcome == OUTCOME_NONE || !call->is_customer_over))
		call->outcome = outcome_heard(m);
	if (talk_heard(m) > call->talk_ms && !call->is_customer_over &&
	    (call->customer_up_at_ms != 0 || (!call->is_customer_first &&
	        strcmp(call->authorised, CALL_AUTHORISED_WITH_INTENT) == 0)))
		call->talk_ms = talk_heard(m);
	if (m->event->detail[0] != '\0')
		moment_say(m, "%s", m->event->detail);
	call->rank = PROGRESS_OVER;
}

/* ---- actions */

static void
bind(struct moment *m)
{
	bind_sid(m);
	if (m->event->remembered[0] != '\0')
		memcpy(m->call->remembered, m->event->remembered,
		    sizeof(m->call->remembered));
}

static void
bind_and_join(struct moment *m)
{
	bind_sid(m);
	rise(m);
}

static void
join(struct moment *m)
{
	bind_sid(m);
	rise(m);
}

static void
bind_and_hang_up(struct moment *m)
{
	bind(m);
	moment_effect(m, EFFECT_HANG_UP, m->call, m->call->sid);
}

static void
poll(struct moment *m)
{
	moment_effect(m, EFFECT_POLL, m->call, m->call->sid);
}

static void
hang_up(struct moment *m)
{
	moment_effect(m, EFFECT_HANG_UP, m->call, m->call->sid);
}

/* Whether it worked, or was needed, only a look at the call can tell where no
 * webhook does. */
static void
hang_up_and_poll(struct moment *m)
{
	hang_up(m);
	poll(m);
}

static void
hang_up_other(struct moment *m)
{
	moment_effect(m, EFFECT_HANG_UP, m->call, m->event->sid);
	moment_say(m, "a second call with this token: %s", m->event->sid);
}

/* It asks what to do: nothing. */
static void
refuse_other(struct moment *m)
{
	hang_up_other(m);
	moment_verdict(m, VERDICT_GOODBYE);
}

/* The customer's phone rings without our leave. */
static void
alarm_and_hang_up(struct moment *m)
{
	bind_sid(m);
	moment_effect(m, EFFECT_HANG_UP, m->call, m->call->sid);
	moment_say(m, "the customer's phone rings without leave");
}

static void
hang_up_leg(struct moment *m)
{
	bind_sid(m);
	moment_effect(m, EFFECT_HANG_UP, m->call, m->call->leg);
}

static void
report(struct moment *m)
{
	bind_sid(m);
	if (second_leg_goes_on(m) && m->call->leg[0] != '\0')
		hang_up_leg(m);
	end(m);
	tell_over(m);
}

/* Certainly not placed: it does not count as an attempt. */
static void
report_not_placed(struct moment *m)
{
	m->call->authorised[0] = '\0';
	m->call->authorised_at_ms = 0;
	end(m);
	tell_over(m);
}

/* Nor does it when only the specialist was rung. */
static void
report_unrung(struct moment *m)
{
	bind_sid(m);
	report_not_placed(m);
}

static void
leave_to_another(struct moment *m)
{
	m->call->authorised[0] = '\0';
	m->call->authorised_at_ms = 0;
	end(m);
	tell_request(m, EVENT_NOT_PLACED);
}

/* It may have rung the customer, and nobody can say. */
static void
report_lost(struct moment *m)
{
	m->call->outcome = OUTCOME_UNKNOWN;
	m->call->over_at_ms = m->now_ms;
	tell(m, EVENT_CALL_OVER, record_ref_specialist(m->call->specialist));
	tell_request(m, EVENT_CALL_LOST);
}

static void
be_unsure(struct moment *m)
{
	m->call->unsure_at_ms = m->now_ms;
	if (facts(m) != NULL && facts(m)->can_find)
		moment_effect(m, EFFECT_LOOK_UP, m->call, "");
	if (m->event->detail[0] != '\0')
		moment_say(m, "%s", m->event->detail);
}

static void
revoke_unsure(struct moment *m)
{
	m->call->is_revoked = true;
	if (m->call->unsure_at_ms == 0)
		m->call->unsure_at_ms = m->now_ms;
}

static void
look_up(struct moment *m)
{
	moment_effect(m, EFFECT_LOOK_UP, m->call, "");
}

static void
count_absent(struct moment *m)
{
	m->call->absent_count++;
	m->call->absent_at_ms = m->now_ms;
}

static void
revoke(struct moment *m)
{
	m->call->is_revoked = true;
	if (!call_is_by_hand(m->call))
		moment_effect(m, EFFECT_HANG_UP, m->call, m->call->sid);
}

/* A person dials by hand: nobody can hang up for them. */
static void
revoke_by_hand(struct moment *m)
{
	m->call->is_revoked = true;
	m->call->outcome = OUTCOME_CANCELLED;
	m->call->over_at_ms = m->now_ms;
	tell_over(m);
}

static void
ask_up(struct moment *m)
{
	bind_sid(m);
	if (m->call->rank < PROGRESS_AGENT_UP)
		m->call->rank = PROGRESS_AGENT_UP;
	if (m->call->agent_up_at_ms == 0)
		m->call->agent_up_at_ms = m->now_ms;
}

/* Accept and authorise are one commit: the acceptance runs through the
 * specialist and the request, then the same question is asked again. */
static void
accept_then_ask_again(struct moment *m)
{
	struct event *event;

	ask_up(m);
	event = moment_post(m, EVENT_ACCEPT,
	    record_ref_specialist(m->call->specialist));
	memcpy(event->by, m->call->specialist, sizeof(event->by));
	event = moment_post(m, EVENT_ASKED,
	    record_ref_call(m->call->request, m->call->n));
	memcpy(event->sid, m->event->sid, sizeof(event->sid));
	event->question = QUESTION_KEY;
	event->digit = 1;
	moment_verdict(m, VERDICT_GOODBYE);
}

static void
decline(struct moment *m)
{
	struct event *event;

	ask_up(m);
	event = moment_post(m, EVENT_DECLINE,
	    record_ref_specialist(m->call->specialist));
	memcpy(event->by, m->call->specialist, sizeof(event->by));
	moment_verdict(m, VERDICT_GOODBYE);
}

static void
whisper(struct moment *m)
{
	ask_up(m);
	moment_verdict(m, VERDICT_WHISPER);
}

static void
authorise(struct moment *m)
{
	struct call *call = m->call;

	ask_up(m);
	moment_verdict(m, VERDICT_JOIN);
	if (call->authorised[0] != '\0')
		return;
	memcpy(call->authorised, m->event->sid, sizeof(call->authorised));
	call->authorised_at_ms = m->now_ms;
	tell_request(m, EVENT_RUNG);
}

static void
order_second_leg(struct moment *m)
{
	struct call *call = m->call;

	ask_up(m);
	memcpy(call->authorised, m->event->sid, sizeof(call->authorised));
	call->authorised_at_ms = m->now_ms;
	/* An order may be refused: the promise is kept by what is heard of it. */
	tell_request(m, EVENT_MAY_RING);
	moment_effect(m, EFFECT_SECOND_LEG, call, call->sid);
}

static void
order_second_leg_again(struct moment *m)
{
	moment_effect(m, EFFECT_SECOND_LEG, m->call, m->call->sid);
	m->outcome->effects[m->outcome->effect_count - 1].is_again = true;
	poll(m);
}

static void
poll_both_legs(struct moment *m)
{
	poll(m);
	moment_effect(m, EFFECT_POLL, m->call, m->call->leg);
}

/* The customer's leg will not come, or no more; nobody else ends the specialist's. */
static void
end_without_second_leg(struct moment *m, enum event_kind told)
{
	struct call *call = m->call;

	call->over_at_ms = m->now_ms;
	tell_request(m, told);
	call->is_customer_over = true;
	moment_effect(m, EFFECT_HANG_UP, call, call->sid);
}

/* Certainly not rung: it is no attempt. */
static void
end_refused_leg(struct moment *m)
{
	m->call->authorised[0] = '\0';
	m->call->authorised_at_ms = 0;
	m->call->outcome = m->event->outcome;
	if (m->event->detail[0] != '\0')
		moment_say(m, "%s", m->event->detail);
	end_without_second_leg(m, EVENT_CALL_OVER);
}

/* It may ring or have rung, and nobody can say. */
static void
lose_second_leg(struct moment *m)
{
	m->call->outcome = OUTCOME_UNKNOWN;
	end_without_second_leg(m, EVENT_CALL_LOST);
	if (m->call->leg[0] != '\0')
		moment_effect(m, EFFECT_HANG_UP, m->call, m->call->leg);
}

static void
goodbye(struct moment *m)
{
	moment_verdict(m, VERDICT_GOODBYE);
}

/* The customer's leg has ended; ours goes on until the specialist hangs up. */
static void
end_customers_leg(struct moment *m)
{
	struct call *call = m->call;

	bind_sid(m);
	call->outcome = outcome_heard(m);
	if (call_has_person(call) && (m->event->talk_ms > 0 ||
	    call->outcome == OUTCOME_ANSWERED)) {
		if (call->customer_up_at_ms == 0)
			call->customer_up_at_ms = m->now_ms -
			    m->event->talk_ms;
		call->talk_ms = m->event->talk_ms > 0 ? m->event->talk_ms :
		    moment_since(m, call->customer_up_at_ms);
	}
	call->over_at_ms = m->now_ms;
	tell_request(m, EVENT_CALL_OVER);
	call->is_customer_over = true;
	/* Nobody at the provider ends the specialist's leg then. */
	if (has_second_leg(m))
		moment_effect(m, EFFECT_HANG_UP, call, call->sid);
}

static void
end_customers_leg_then_ask(struct moment *m)
{
	struct event *event;

	end_customers_leg(m);
	event = moment_post(m, EVENT_ASKED,
	    record_ref_call(m->call->request, m->call->n));
	memcpy(event->sid, m->event->sid, sizeof(event->sid));
	event->question = m->event->question;
	moment_verdict(m, VERDICT_GOODBYE);
}

static void
ask_result(struct moment *m)
{
	moment_verdict(m, VERDICT_RESULT);
}

static void
take_result(struct moment *m)
{
	struct event *event = moment_post(m, EVENT_DISPOSED,
	    record_ref_request(m->call->request));

	memcpy(event->disposition, disposition_by_key(m)->id,
	    sizeof(event->disposition));
	memcpy(event->by, m->call->specialist, sizeof(event->by));
	moment_verdict(m, VERDICT_THANKS);
}

/* ---- to the customer */

/* Customer first, the specialist is not there yet. */
static void
greet(struct moment *m)
{
	bind_sid(m);
	rise(m);
	moment_verdict(m, m->call->is_customer_first ? VERDICT_JOIN_AGENT :
	    VERDICT_GREET);
}

static void
ask_customer(struct moment *m)
{
	bind_sid(m);
	rise(m);
	moment_verdict(m, VERDICT_CONFIRM);
}

/* Whatever was detected: no machine presses keys. */
static void
confirm(struct moment *m)
{
	bind_sid(m);
	m->call->is_confirmed = true;
	m->call->machine = MACHINE_HUMAN;
	rise(m);
	moment_verdict(m, m->call->is_customer_first ? VERDICT_JOIN_AGENT :
	    VERDICT_CONNECT);
}

static void
leave_message(struct moment *m)
{
	bind_sid(m);
	m->call->machine = MACHINE_ANSWERED;
	rise(m);
	moment_say(m, "a machine has answered");
	moment_verdict(m, VERDICT_VOICEMAIL);
}

/* Without the second leg's id only the whole call can be ended. */
static void
part_from_machine(struct moment *m)
{
	const struct call *call = m->call;

	moment_effect(m, EFFECT_HANG_UP, call, call->leg[0] != '\0' &&
	    !call->is_customer_first ? call->leg : call->sid);
}

static void
part_from_machine_and_poll(struct moment *m)
{
	part_from_machine(m);
	poll(m);
}

static void
hear_machine(struct moment *m)
{
	bind_sid(m);
	m->call->machine = MACHINE_ANSWERED;
	moment_say(m, "a machine has answered");
	if (machine_is_joined(m))
		part_from_machine(m);
}

static void
brief(struct moment *m)
{
	bind_sid(m);
	if (m->call->agent_up_at_ms == 0)
		m->call->agent_up_at_ms = m->now_ms;
	moment_verdict(m, VERDICT_BRIEF);
}

static void
keep_recording(struct moment *m)
{
	moment_note(m);
}

static bool
tells_price(const struct moment *m)
{
	return moment_tells_price(m, m->call->paid);
}

static void
keep_price(struct moment *m)
{
	moment_keep_price(m, &m->call->paid, m->call->currency);
}

static void
remind(struct moment *m)
{
	m->call->remind_count++;
	moment_say(m, "called by hand, no news");
}

#define PLACING IN(CALL_PLACING)
#define UNSURE IN(CALL_UNSURE)
#define LIVE IN(CALL_LIVE)
#define ENDED IN(CALL_ENDED)
#define BORN (PLACING | UNSURE)
#define ALIVE (PLACING | UNSURE | LIVE)
#define TO(state) CALL_##state

static const struct row rows[] = {
	ROW(BORN,         REJECTED, another_may_place,             TO(ENDED),  leave_to_another),
	ROW(PLACING,      REJECTED, ALWAYS,                        TO(ENDED),  report_not_placed),
	ROW(PLACING,      UNKNOWN,  ALWAYS,                        TO(UNSURE), be_unsure),
	ROW(PLACING,      DUE,      lease_is_over,                 TO(UNSURE), be_unsure),

	ROW(BORN,         CREATED,  is_revoked,                    TO(LIVE),   bind_and_hang_up),
	ROW(BORN,         CREATED,  ALWAYS,                        TO(LIVE),   bind),
	ROW(BORN,         FOUND,    is_end,                        TO(ENDED),  report),
	ROW(BORN,         FOUND,    is_revoked,                    TO(LIVE),   bind_and_hang_up),
	ROW(BORN,         FOUND,    leg_is_not_ours,               TO(LIVE),   alarm_and_hang_up),
	ROW(BORN,         FOUND,    ALWAYS,                        TO(LIVE),   bind_and_join),
	ROW(BORN,         PROGRESS, is_ours_and_end_before_them,   TO(ENDED),  report_unrung),
	ROW(BORN,         PROGRESS, is_end,                        TO(ENDED),  report),
	ROW(BORN,         PROGRESS, machine_has_answered,          SAME,       hear_machine),
	ROW(BORN,         PROGRESS, is_of_a_leg_only,              SAME,       nothing),
	ROW(BORN,         PROGRESS, is_revoked,                    TO(LIVE),   bind_and_hang_up),
	ROW(BORN,         PROGRESS, may_order_second_leg,          TO(LIVE),   order_second_leg),
	ROW(BORN,         PROGRESS, leg_is_not_ours,               TO(LIVE),   alarm_and_hang_up),
	ROW(BORN,         PROGRESS, customers_leg_is_over,         TO(LIVE),   end_customers_leg),
	ROW(BORN,         PROGRESS, ALWAYS,                        TO(LIVE),   bind_and_join),
	ROW(BORN,         REVOKED,  ALWAYS,                        TO(UNSURE), revoke_unsure),

	ROW(UNSURE,       REJECTED, ALWAYS,                        TO(ENDED),  report_not_placed),
	ROW(UNSURE,       ABSENT,   is_absent_for_good,            TO(ENDED),  report_not_placed),
	ROW(UNSURE,       ABSENT,   ALWAYS,                        SAME,       count_absent),
	ROW(UNSURE,       DUE,      time_is_up_and_not_authorised, TO(ENDED),  report),
	ROW(UNSURE,       DUE,      may_look_again,                SAME,       look_up),
	ROW(UNSURE,       DUE,      quarantine_is_over,            TO(ENDED),  report_lost),
	ROW(UNSURE,       DUE,      is_due,                        SAME,       nothing),

	ROW(ALIVE,        ASKED,    is_dial_over,                  TO(LIVE),   end_customers_leg_then_ask),
	ROW(ALIVE,        ASKED,    customer_confirms,             TO(LIVE),   confirm),
	ROW(ALIVE,        ASKED,    machine_asks,                  TO(LIVE),   leave_message),
	ROW(ALIVE,        ASKED,    customer_must_confirm,         TO(LIVE),   ask_customer),
	ROW(ALIVE,        ASKED,    customer_is_up,                TO(LIVE),   greet),
	ROW(ALIVE,        ASKED,    specialist_is_up,              TO(LIVE),   brief),
	ROW(ALIVE,        ASKED,    result_is_pressed,             TO(LIVE),   take_result),
	ROW(ALIVE,        ASKED,    result_is_wanted,              TO(LIVE),   ask_result),
	ROW(ALIVE,        ASKED,    offer_is_accepted,             TO(LIVE),   accept_then_ask_again),
	ROW(ALIVE,        ASKED,    offer_is_declined,             TO(LIVE),   decline),
	ROW(ALIVE,        ASKED,    offer_may_be_heard,            TO(LIVE),   whisper),
	ROW(ALIVE,        ASKED,    is_confirmed_and_may_join,     TO(LIVE),   authorise),
	ROW(ALIVE,        ASKED,    may_join_after_a_key,          TO(LIVE),   whisper),
	ROW(LIVE | ENDED, ASKED,    is_other_sid,                  SAME,       refuse_other),
	ROW(ALIVE | ENDED, ASKED,   ALWAYS,                        SAME,       goodbye),

	ROW(LIVE,         CREATED,  is_late_answer,                SAME,       bind),
	ROW(LIVE | ENDED, CREATED,  is_other_and_alive,            SAME,       hang_up_other),
	ROW(LIVE | ENDED, FOUND,    is_other_and_alive,            SAME,       hang_up_other),
	ROW(LIVE | ENDED, PROGRESS, is_other_and_alive,            SAME,       hang_up_other),
	ROW(ENDED,        PROGRESS, second_leg_is_heard_of,        SAME,       hang_up_leg),
	ROW(LIVE | ENDED, PROGRESS, lost_leg_is_heard_of,          SAME,       hang_up_leg),
	ROW(LIVE,         REJECTED, second_leg_is_refused,         SAME,       end_refused_leg),

	ROW(LIVE,         PROGRESS, is_ours_and_end_before_them,   TO(ENDED),  report_unrung),
	ROW(LIVE,         PROGRESS, is_ours_and_end,               TO(ENDED),  report),
	ROW(LIVE,         PROGRESS, may_order_second_leg,          SAME,       order_second_leg),
	ROW(LIVE,         PROGRESS, leg_is_not_ours,               SAME,       alarm_and_hang_up),
	ROW(LIVE,         PROGRESS, customers_leg_is_over,         SAME,       end_customers_leg),
	ROW(LIVE,         PROGRESS, machine_has_answered,          SAME,       hear_machine),
	ROW(LIVE,         PROGRESS, is_news,                       SAME,       join),
	ROW(UNSURE,       ADVISED,  may_look_again,                SAME,       look_up),
	ROW(LIVE,         ADVISED,  ALWAYS,                        SAME,       poll),
	ROW(LIVE,         GONE,     is_ours,                       TO(ENDED),  report),
	ROW(LIVE,         REVOKED,  by_hand,                       TO(ENDED),  revoke_by_hand),
	ROW(LIVE,         REVOKED,  ALWAYS,                        SAME,       revoke),
	ROW(LIVE,         DUE,      by_hand_and_forgotten,         TO(ENDED),  report_lost),
	ROW(LIVE,         DUE,      by_hand_and_due,               SAME,       remind),
	ROW(LIVE,         DUE,      is_unheard_of_with_customer,   TO(ENDED),  report_lost),
	ROW(LIVE,         DUE,      is_unheard_of,                 TO(ENDED),  report),
	ROW(LIVE,         DUE,      is_too_long,                   SAME,       hang_up_and_poll),
	ROW(LIVE,         DUE,      is_due_and_revoked,            SAME,       hang_up_and_poll),
	ROW(LIVE,         DUE,      is_due_and_machine,            SAME,       part_from_machine_and_poll),
	ROW(LIVE,         DUE,      second_leg_is_unheard_of,      SAME,       lose_second_leg),
	ROW(LIVE,         DUE,      second_leg_can_be_asked,       SAME,       poll_both_legs),
	ROW(LIVE,         DUE,      second_leg_is_owed,            SAME,       order_second_leg_again),
	ROW(LIVE,         DUE,      is_due,                        SAME,       poll),

	ROW(ALIVE | ENDED, RECORDED, ALWAYS,                       SAME,       keep_recording),
	ROW(ALIVE | ENDED, PRICED,  tells_price,                   SAME,       keep_price),
};

const struct life call_life = {
	rows, COUNT_OF(rows), call_state_names, CALL_STATE_COUNT
};
