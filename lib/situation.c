/* SPDX-License-Identifier: MIT */
/*
 * situation: runs an event and everything it causes, depth first. A row is
 * found by state and event, the first guard that holds wins; this file is the
 * only one that writes a state or a wake moment.
 */
#include "lib/situation.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/fault.h"
#include "lib/life.h"
#include "lib/text.h"

const char *const event_kind_names[EVENT_COUNT] = {
	[EVENT_NONE] = "none",
	[EVENT_DUE] = "due",
	[EVENT_ARRIVED] = "arrived",
	[EVENT_MATCHED] = "matched",
	[EVENT_ACCEPTED] = "accepted",
	[EVENT_DECLINED] = "declined",
	[EVENT_CALL_OVER] = "call_over",
	[EVENT_CALL_LOST] = "call_lost",
	[EVENT_RUNG] = "rung",
	[EVENT_MAY_RING] = "may_ring",
	[EVENT_TALK] = "talk",
	[EVENT_REPEATED] = "repeated",
	[EVENT_RESCHEDULED] = "rescheduled",
	[EVENT_CANCELLED] = "cancelled",
	[EVENT_DISPOSED] = "disposed",
	[EVENT_REQUEUED] = "requeued",
	[EVENT_REOPENED] = "reopened",
	[EVENT_ASSIGNED] = "assigned",
	[EVENT_RELEASED] = "released",
	[EVENT_CALLED_IN] = "called_in",
	[EVENT_CALLED_BACK] = "called_back",
	[EVENT_NUMBER_BUSY] = "number_busy",
	[EVENT_SUPPRESSED] = "suppressed",
	[EVENT_NOT_PLACED] = "not_placed",
	[EVENT_BY_HAND] = "by_hand",
	[EVENT_START] = "start",
	[EVENT_LEFT] = "left",
	[EVENT_NOTED] = "noted",
	[EVENT_ROSTER] = "roster",
	[EVENT_STATUS] = "status",
	[EVENT_PRESENT] = "present",
	[EVENT_OFFER] = "offer",
	[EVENT_TAKEN] = "taken",
	[EVENT_ACCEPT] = "accept",
	[EVENT_DECLINE] = "decline",
	[EVENT_LAPSED] = "lapsed",
	[EVENT_WITHDRAWN] = "withdrawn",
	[EVENT_READY] = "ready",
	[EVENT_EXTEND] = "extend",
	[EVENT_ELSEWHERE] = "elsewhere",
	[EVENT_BACK] = "back",
	[EVENT_DUTY] = "duty",
	[EVENT_OFF_DUTY] = "off_duty",
	[EVENT_CLOSED] = "closed",
	[EVENT_CREATED] = "created",
	[EVENT_REJECTED] = "rejected",
	[EVENT_UNKNOWN] = "unknown",
	[EVENT_FOUND] = "found",
	[EVENT_ABSENT] = "absent",
	[EVENT_PROGRESS] = "progress",
	[EVENT_ADVISED] = "advised",
	[EVENT_ASKED] = "asked",
	[EVENT_REVOKED] = "revoked",
	[EVENT_GONE] = "gone",
	[EVENT_RECORDED] = "recorded",
	[EVENT_PRICED] = "priced",
};

const char *const caller_names[CALLER_COUNT] = {
	[CALLER_NOT_SAID] = "",
	[CALLER_ON_HOLD] = "on_hold",
	[CALLER_SPOKE] = "spoke",
	[CALLER_HUNG_UP] = "hung_up",
};

const char *const effect_kind_names[EFFECT_COUNT] = {
	[EFFECT_PLACE] = "place",
	[EFFECT_HANG_UP] = "hang_up",
	[EFFECT_LOOK_UP] = "look_up",
	[EFFECT_POLL] = "poll",
	[EFFECT_SEND] = "send",
	[EFFECT_SECOND_LEG] = "second_leg",
};

/* ---- finding records */

struct specialist *
situation_specialist(struct situation *situation, const char *id)
{
	for (size_t i = 0; i < situation->specialist_count; i++) {
		if (strcmp(situation->specialists[i].id, id) == 0)
			return &situation->specialists[i];
	}
	return NULL;
}

struct call *
situation_call(struct situation *situation, int n)
{
	for (size_t i = 0; i < situation->call_count; i++) {
		if (situation->calls[i].n == n)
			return &situation->calls[i];
	}
	return NULL;
}

const struct specialist *
situation_specialist_const(const struct situation *s, const char *id)
{
	return situation_specialist((struct situation *)(uintptr_t)s, id);
}

const struct call *
situation_call_const(const struct situation *s, int n)
{
	return situation_call((struct situation *)(uintptr_t)s, n);
}

const void *
situation_record(const struct situation *situation,
    const struct record_ref *ref)
{
	switch (ref->kind) {
	case RECORD_REQUEST:
		return strcmp(situation->request.id, ref->id) == 0 ?
		    &situation->request : NULL;
	case RECORD_SPECIALIST:
		return situation_specialist_const(situation, ref->id);
	case RECORD_CALL:
		return strcmp(situation->request.id, ref->id) == 0 ?
		    situation_call_const(situation, ref->n) : NULL;
	case RECORD_CASE:
		return strcmp(situation->case_file.number, ref->id) == 0 ?
		    &situation->case_file : NULL;
	case RECORD_MESSAGE:
		return strcmp(situation->message.id, ref->id) == 0 ?
		    &situation->message : NULL;
	case RECORD_NONE:
	case RECORD_COUNT:
		break;
	}
	return NULL;
}

bool
situation_put(struct situation *situation, const struct record_ref *ref,
    const struct pair *pairs, size_t count, const char **ret_why)
{
	switch (ref->kind) {
	case RECORD_REQUEST:
		if (!record_from_pairs(RECORD_REQUEST, pairs, count,
		        &situation->request, ret_why)) {
			memset(&situation->request, 0,
			    sizeof(situation->request));
			return false;
		}
		snprintf(situation->request.id, sizeof(situation->request.id),
		    "%.*s", REQUEST_ID_SIZE - 1, ref->id);
		return true;
	case RECORD_SPECIALIST: {
		struct specialist *specialist;

		CHECK(situation->specialist_count < SPECIALISTS_MAX);
		specialist =
		    &situation->specialists[situation->specialist_count];
		if (!record_from_pairs(RECORD_SPECIALIST, pairs, count,
		        specialist, ret_why))
			return false;
		snprintf(specialist->id, sizeof(specialist->id), "%.*s",
		    ID_SIZE - 1, ref->id);
		situation->specialist_count++;
		return true;
	}
	case RECORD_CALL: {
		struct call *call;

		CHECK(situation->call_count < CALLS_MAX);
		call = &situation->calls[situation->call_count];
		if (!record_from_pairs(RECORD_CALL, pairs, count, call,
		        ret_why))
			return false;
		snprintf(call->request, sizeof(call->request), "%.*s",
		    REQUEST_ID_SIZE - 1, ref->id);
		call->n = ref->n;
		situation->call_count++;
		return true;
	}
	case RECORD_CASE:
		if (!record_from_pairs(RECORD_CASE, pairs, count,
		        &situation->case_file, ret_why)) {
			memset(&situation->case_file, 0,
			    sizeof(situation->case_file));
			return false;
		}
		snprintf(situation->case_file.number,
		    sizeof(situation->case_file.number), "%.*s",
		    NUMBER_SIZE - 1, ref->id);
		return true;
	case RECORD_MESSAGE:
		if (!record_from_pairs(RECORD_MESSAGE, pairs, count,
		        &situation->message, ret_why))
			return false;
		memcpy(situation->message.id, ref->id,
		    sizeof(situation->message.id));
		return true;
	case RECORD_NONE:
	case RECORD_COUNT:
		break;
	}
	CHECK(!"a record has a kind");
	return false;
}

static void
want(const struct situation *situation, struct record_ref ref,
    struct record_ref *refs, size_t max, size_t *count)
{
	if (ref.id[0] == '\0' || situation_record(situation, &ref) != NULL)
		return;
	for (size_t i = 0; i < *count; i++) {
		if (record_ref_equal(&refs[i], &ref))
			return;
	}
	if (*count < max)
		refs[(*count)++] = ref;
}

/* What the request's own fields name. */
static void
want_partners(const struct situation *situation, struct record_ref *refs,
    size_t max, size_t *count)
{
	const struct request *request = &situation->request;

	for (size_t i = 0; i < OFFER_MAX; i++) {
		const struct offer *offer = &request->offers[i];

		if (offer->specialist[0] == '\0')
			continue;
		want(situation, record_ref_specialist(offer->specialist), refs,
		    max, count);
		if (offer->call != 0)
			want(situation, record_ref_call(request->id,
			    offer->call), refs, max, count);
	}
	if (!request_is_live(request))
		return;
	/* Who only waits to say the result may be at other work by now. */
	if (request->specialist[0] != '\0' &&
	    request->state != REQUEST_REFERRED)
		want(situation, record_ref_specialist(request->specialist),
		    refs, max, count);
	if (request->call != 0)
		want(situation, record_ref_call(request->id, request->call),
		    refs, max, count);
}

size_t
situation_missing(const struct situation *situation,
    const struct record_ref *addressee, struct record_ref *ret_refs,
    size_t max)
{
	size_t count = 0;

	if (addressee != NULL && addressee->kind != RECORD_NONE)
		want(situation, *addressee, ret_refs, max, &count);
	if (situation->request.id[0] != '\0')
		want_partners(situation, ret_refs, max, &count);
	/* Whether their phone still rings is the call's to say, also after the
	 * request has gone its own way. */
	for (size_t i = 0; i < situation->specialist_count; i++) {
		const struct specialist *s = &situation->specialists[i];

		if (s->call != 0 && situation->request.id[0] != '\0' &&
		    strcmp(s->request, situation->request.id) == 0)
			want(situation, record_ref_call(s->request, s->call),
			    ret_refs, max, &count);
	}
	/* And so learns a call's specialist of its end. */
	for (size_t i = 0; i < situation->call_count; i++) {
		const struct call *call = &situation->calls[i];

		if (call_is_live(call) && call->specialist[0] != '\0')
			want(situation, record_ref_specialist(call->specialist),
			    ret_refs, max, &count);
	}
	return count;
}

static bool
is_named(struct request *request, const struct specialist *specialist)
{
	return strcmp(specialist->request, request->id) == 0 &&
	    (strcmp(request->specialist, specialist->id) == 0 ||
	        request_offer_to(request, specialist->id) != NULL);
}

void
situation_trim(struct situation *situation)
{
	struct request *request = &situation->request;
	size_t kept = 0;

	/* Somebody alone is their own situation. */
	if (request->id[0] == '\0')
		return;
	for (size_t i = 0; i < situation->specialist_count; i++) {
		if (is_named(request, &situation->specialists[i]))
			situation->specialists[kept++] =
			    situation->specialists[i];
	}
	situation->specialist_count = kept;
	kept = 0;
	for (size_t i = 0; i < situation->call_count; i++) {
		int n = situation->calls[i].n;

		if (n == request->call ||
		    request_offer_by_call(request, n) != NULL)
			situation->calls[kept++] = situation->calls[i];
	}
	situation->call_count = kept;
}

bool
situation_due(const struct situation *situation, int64_t now_ms,
    struct record_ref *ret_ref)
{
	const struct request *request = &situation->request;
	const struct message *message = &situation->message;

	if (message->id[0] != '\0' && message->record.wake_at_ms != 0 &&
	    message->record.wake_at_ms <= now_ms) {
		*ret_ref = record_ref_message(message->id);
		return true;
	}
	if (request->id[0] != '\0' && request->record.wake_at_ms != 0 &&
	    request->record.wake_at_ms <= now_ms) {
		*ret_ref = record_ref_request(request->id);
		return true;
	}
	for (size_t i = 0; i < situation->call_count; i++) {
		const struct call *call = &situation->calls[i];

		if (call->record.wake_at_ms != 0 &&
		    call->record.wake_at_ms <= now_ms) {
			*ret_ref = record_ref_call(call->request, call->n);
			return true;
		}
	}
	for (size_t i = 0; i < situation->specialist_count; i++) {
		const struct specialist *specialist =
		    &situation->specialists[i];

		/* Who has gone on to another request is due with that one. */
		if (specialist->request[0] != '\0' &&
		    strcmp(specialist->request, request->id) != 0)
			continue;
		if (specialist->record.wake_at_ms != 0 &&
		    specialist->record.wake_at_ms <= now_ms) {
			*ret_ref = record_ref_specialist(specialist->id);
			return true;
		}
	}
	return false;
}

/* ---- what actions use */

struct event *
moment_post(struct moment *m, enum event_kind kind, struct record_ref to)
{
	struct event *event;

	CHECK(m->posted_count < COUNT_OF(m->posted));
	event = &m->posted[m->posted_count++];
	memset(event, 0, sizeof(*event));
	event->kind = kind;
	event->to = to;
	event->digit = -1;
	event->others_available = m->root->others_available;
	memcpy(event->by, m->event->by, sizeof(event->by));
	memcpy(event->fresh_id, m->root->fresh_id, sizeof(event->fresh_id));
	return event;
}

int64_t
moment_since(const struct moment *m, int64_t at_ms)
{
	return m->now_ms > at_ms ? m->now_ms - at_ms : 0;
}

void
moment_effect(struct moment *m, enum effect_kind kind, const struct call *call,
    const char *sid)
{
	struct effect *effect;

	CHECK(m->outcome->effect_count < EFFECT_MAX);
	effect = &m->outcome->effects[m->outcome->effect_count++];
	memset(effect, 0, sizeof(*effect));
	effect->kind = kind;
	effect->call = record_ref_call(call->request, call->n);
	memcpy(effect->sid, sid, strlen(sid) + 1);
}

void
moment_effect_message(struct moment *m, enum effect_kind kind,
    const struct message *message)
{
	struct effect *effect;

	CHECK(m->outcome->effect_count < EFFECT_MAX);
	effect = &m->outcome->effects[m->outcome->effect_count++];
	memset(effect, 0, sizeof(*effect));
	effect->kind = kind;
	effect->call = record_ref_message(message->id);
	memcpy(effect->sid, message->sid, sizeof(effect->sid));
}

bool
moment_tells_price(const struct moment *m, int64_t paid)
{
	return m->event->paid > 0 && m->event->paid != paid;
}

void
moment_keep_price(struct moment *m, int64_t *paid, char currency[CURRENCY_SIZE])
{
	*paid = m->event->paid;
	memcpy(currency, m->event->currency, CURRENCY_SIZE);
}

void
moment_say(struct moment *m, const char *format, ...)
{
	char *detail = m->move->detail;
	size_t length = strlen(detail);
	va_list arguments;

	if (length > 0 && length + 2 < DETAIL_SIZE) {
		memcpy(detail + length, ", ", 3);
		length += 2;
	}
	va_start(arguments, format);
	vsnprintf(detail + length, DETAIL_SIZE - length, format, arguments);
	va_end(arguments);
	text_cut_whole(detail);
}

void
moment_note(struct moment *m)
{
	if (m->event->note == NULL || m->event->note[0] == '\0')
		return;
	m->outcome->note = m->event->note;
	m->outcome->note_move = (size_t)(m->move - m->outcome->moves);
}

void
moment_verdict(struct moment *m, enum verdict verdict)
{
	m->outcome->verdict = verdict;
}

void
moment_reason(struct moment *m, const char *reason)
{
	snprintf(m->outcome->reason, sizeof(m->outcome->reason), "%s", reason);
}

struct call *
moment_birth(struct moment *m)
{
	struct situation *now = m->now;
	struct call *call = NULL;

	/* An ended call that nobody wrote in this step may make room. */
	CHECK(now->call_count < CALLS_MAX);
	call = &now->calls[now->call_count++];
	memset(call, 0, sizeof(*call));
	memcpy(call->request, now->request.id, sizeof(call->request));
	call->n = ++now->request.call_count;
	return call;
}

void
nothing(struct moment *m)
{
	(void)m;
}

/* ---- running */

static const struct life *const lives[RECORD_COUNT] = {
	[RECORD_REQUEST] = &request_life,
	[RECORD_CALL] = &call_life,
	[RECORD_SPECIALIST] = &specialist_life,
	[RECORD_MESSAGE] = &message_life,
};

const struct life *
life_of(enum record_kind kind)
{
	return lives[kind];
}

/* Points the moment at the addressed record and its request. */
static bool
aim(struct moment *m, const struct event *event)
{
	m->event = event;
	m->request = &m->now->request;
	m->specialist = NULL;
	m->call = NULL;
	m->message = NULL;
	switch (event->to.kind) {
	case RECORD_REQUEST:
		return strcmp(m->request->id, event->to.id) == 0;
	case RECORD_SPECIALIST:
		m->specialist = situation_specialist(m->now, event->to.id);
		return m->specialist != NULL;
	case RECORD_CALL:
		m->call = situation_call(m->now, event->to.n);
		return m->call != NULL;
	case RECORD_MESSAGE:
		m->message = &m->now->message;
		return strcmp(m->message->id, event->to.id) == 0;
	case RECORD_NONE:
	case RECORD_CASE:
	case RECORD_COUNT:
		break;
	}
	return false;
}

static int *
state_of(struct moment *m)
{
	if (m->message != NULL)
		return (int *)&m->message->state;
	if (m->call != NULL)
		return (int *)&m->call->state;
	if (m->specialist != NULL)
		return (int *)&m->specialist->state;
	return (int *)&m->request->state;
}

static void
set_wake(struct moment *m)
{
	const struct policy *policy = m->policy;

	if (m->message != NULL)
		m->message->record.wake_at_ms =
		    message_wake(policy, m->message, m->now_ms);
	else if (m->call != NULL)
		m->call->record.wake_at_ms =
		    call_wake(policy, m->call, m->now_ms);
	else if (m->specialist != NULL)
		m->specialist->record.wake_at_ms =
		    specialist_wake(policy, m->specialist, m->now_ms);
	else
		m->request->record.wake_at_ms =
		    request_wake(policy, m->request, m->now_ms);
}

static void
begin_move(struct moment *m, const struct life *life, const struct row *row,
    int from)
{
	struct outcome *outcome = m->outcome;

	CHECK(outcome->move_count < MOVE_MAX);
	m->move = &outcome->moves[outcome->move_count++];
	memset(m->move, 0, sizeof(*m->move));
	m->move->record = m->event->to;
	m->move->event = m->event->kind;
	m->move->from = from;
	m->move->to = row->to == SAME ? from : row->to;
	m->move->action = row->action_name;
	m->move->row = (int)(row - life->rows);
	memcpy(m->move->by, m->event->by, sizeof(m->move->by));
}

/* One provider speaks of what another one does, with a token that is right. */
static bool
is_foreign(const struct moment *m)
{
	const char *ours = m->call != NULL ? m->call->provider :
	    m->message != NULL ? m->message->provider : "";
	const char *speaker = m->event->provider;

	return ours[0] != '\0' && speaker[0] != '\0' &&
	    strcmp(ours, speaker) != 0;
}

static void
enter_state(struct moment *m, int *state, int to)
{
	*state = to;
	if (m->event->to.kind == RECORD_REQUEST)
		m->request->since_ms = m->now_ms;
}

/* Runs one event through its record's table. Posts stay in m->posted. */
static bool
run_row(struct moment *m, const struct event *event)
{
	const struct life *life = lives[event->to.kind];
	int *state;

	if (life == NULL || !aim(m, event) || is_foreign(m))
		return false;
	state = state_of(m);
	CHECK(*state >= 0 && *state < life->state_count);
	for (size_t i = 0; i < life->count; i++) {
		const struct row *row = &life->rows[i];

		if ((row->from & IN(*state)) == 0 || row->on != event->kind ||
		    (row->guard != NULL && !row->guard(m)))
			continue;
		begin_move(m, life, row, *state);
		if (row->to != SAME && row->to != *state)
			enter_state(m, state, row->to);
		row->action(m);
		aim(m, event);
		set_wake(m);
		return true;
	}
	return false;
}

/* Copies what an action posted on top of the stack, first posted on top. */
static void
push_posted(struct moment *m, struct event *stack, size_t *depth)
{
	CHECK(*depth + m->posted_count <= INNER_MAX);
	while (m->posted_count > 0)
		stack[(*depth)++] = m->posted[--m->posted_count];
}

/* Whose rows and actions look at nothing but the addressed record (tests/unit/life
 * holds them to it). */
static bool
looks_alone(enum event_kind kind)
{
	return kind == EVENT_CREATED;
}

bool
situation_fold(const struct policy *policy, const struct event *event,
    int64_t now_ms, struct outcome *outcome)
{
	struct event stack[INNER_MAX], inner, lie;
	struct moment m = { .policy = policy, .root = event, .now_ms = now_ms,
		.outcome = outcome, .now = &outcome->after };
	size_t depth = 0, runs = 0;

	outcome->verdict = VERDICT_DONE;
	outcome->reason[0] = '\0';
	outcome->is_alone = outcome->is_alone && looks_alone(event->kind);
	if (PLANTED("answer_5xx_not_created") && event->kind == EVENT_UNKNOWN) {
		lie = *event;
		lie.kind = EVENT_REJECTED;
		event = &lie;
	}
	if (!run_row(&m, event)) {
		outcome->verdict = VERDICT_NO_ROW;
		return false;
	}
	push_posted(&m, stack, &depth);
	while (depth > 0) {
		CHECK(++runs <= INNER_MAX);
		inner = stack[--depth];
		run_row(&m, &inner);
		push_posted(&m, stack, &depth);
	}
	return true;
}

bool
situation_step(const struct policy *policy, const struct situation *before,
    const struct event *event, int64_t now_ms, struct outcome *ret_outcome)
{
	ret_outcome->after = *before;
	ret_outcome->move_count = 0;
	ret_outcome->effect_count = 0;
	ret_outcome->birth.id[0] = '\0';
	ret_outcome->place = (struct slot_span){ 0, 0 };
	ret_outcome->place_most = 0;
	ret_outcome->message_count = 0;
	ret_outcome->suppresses = 0;
	ret_outcome->blocks_ms = 0;
	ret_outcome->note = NULL;
	ret_outcome->is_alone = true;
	return situation_fold(policy, event, now_ms, ret_outcome);
}
