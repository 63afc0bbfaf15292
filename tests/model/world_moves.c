/* SPDX-License-Identifier: MIT */
/*
 * world_moves: everything that may happen to a world next: time, people, the
 * website, and a provider that loses, doubles and reorders whatever it can.
 */
#include <stdio.h>
#include <string.h>

#include "tests/model/world_internal.h"

struct moves {
	struct model *model;
	const struct setting *setting;
	const struct world *world;
	world_handler *on_world;
	void *context;
};

static const struct event no_event = { .digit = -1 };

static void
emit(const struct moves *moves, const struct world *to, const char *label,
    int a, int b, bool is_self)
{
	if (memcmp(to, moves->world, sizeof(*to)) != 0)
		moves->on_world(moves->context, to, label, a, b, is_self);
}

/* All that an event may lead to. */
static void
fire_from(const struct moves *moves, const struct world *from,
    const struct firing *firing, const char *label, int a, int b, bool is_self)
{
	struct fired fired;

	model_fire(moves->model, from, firing, &fired);
	for (size_t i = 0; i < fired.count; i++)
		emit(moves, &fired.worlds[i], label, a, b,
		    is_self && i + 1 == fired.count);
}

static void
fire(const struct moves *moves, const struct firing *firing, const char *label,
    int a, int b)
{
	fire_from(moves, moves->world, firing, label, a, b,
	    firing->event.kind == EVENT_DUE);
}

static bool
has(const struct moves *moves, unsigned with)
{
	return (moves->setting->with & with) != 0;
}

/* ---- the request */

static struct firing
to_request(enum event_kind kind)
{
	struct firing firing = { .event = no_event };

	firing.event.kind = kind;
	firing.event.to = record_ref_request("r");
	return firing;
}

static void
request_due(const struct moves *moves)
{
	static const char *const labels[PASSED_COUNT] = {
		[PASSED_MOMENT] = "the moment has come",
		[PASSED_RUNG] = "a rung of widening is due",
		[PASSED_PROMISE] = "the promise is over",
		[PASSED_NEAR] = "the second promise is near",
		[PASSED_SECOND] = "the second promise is over",
		[PASSED_PATIENCE] = "patience is over",
		[PASSED_HOLD] = "the hold is over",
		[PASSED_STATE] = "the result is overdue",
		[PASSED_OFFER_1] = "offer 1 lapses",
		[PASSED_OFFER_2] = "offer 2 lapses",
		[PASSED_OFFERS] = "all offers lapse",
		[PASSED_WISH] = "the preferred did not come free" };
	const struct request *r = world_request(moves->model, moves->world);

	if (r->record.wake_at_ms == 0)
		return;
	for (int passed = PASSED_MOMENT; passed <= PASSED_WISH; passed++) {
		struct firing firing = to_request(EVENT_DUE);

		if (!has(moves, WITH_DELAY) && passed >= PASSED_PROMISE &&
		    passed <= PASSED_PATIENCE)
			continue;
		if (passed == PASSED_RUNG && !has(moves, WITH_ROOM))
			continue;
		if (passed == PASSED_WISH && r->wished_until_ms == 0)
			continue;
		firing.passed = (enum passed)passed;
		for (int others = 0; others < 2; others++) {
			firing.event.others_available = others;
			fire(moves, &firing, labels[passed], others, 0);
			if (passed < PASSED_OFFER_1)
				break;
		}
		if (!has(moves, WITH_RULES) || passed > PASSED_MOMENT)
			continue;
		firing.is_closed = true;
		fire(moves, &firing, "the moment has come, closed", 0, 0);
	}
	if (has(moves, WITH_RULES) && r->state == REQUEST_WAITING) {
		struct firing firing = to_request(EVENT_DUE);

		firing.is_closed = true;
		firing.passed = PASSED_HOLD;
		fire(moves, &firing, "closes while waiting", 0, 0);
	}
}

/* Every set of two providers. */
enum { BOTH_DOWN = 3 };

static void
by_hand(const struct moves *moves, int i)
{
	const struct request *r = world_request(moves->model, moves->world);
	struct firing firing = to_request(EVENT_BY_HAND);

	if (!has(moves, WITH_SPARE) || r->call_count >= moves->setting->calls)
		return;
	strcpy(firing.event.specialist, person_id(i));
	firing.with = person_id(i);
	firing.event.providers_down = BOTH_DOWN;
	fire(moves, &firing, "by hand", i, 0);
	if (!has(moves, WITH_RULES))
		return;
	firing.event.is_number_held = true;
	fire(moves, &firing, "by hand, number held", i, 0);
}

/* Whoever does it: who has taken it, or a colleague. */
static void
start(const struct moves *moves, int i)
{
	const struct request *r = world_request(moves->model, moves->world);
	struct firing firing = to_request(EVENT_START);

	if (r->state != REQUEST_TAKEN ||
	    r->call_count >= moves->setting->calls)
		return;
	strcpy(firing.event.specialist, person_id(i));
	firing.with = person_id(i);
	fire(moves, &firing, "started", i, 0);
	firing.event.is_number_held = true;
	fire(moves, &firing, "started, number held", i, 0);
}

/* Some providers do not work, or the turn is far away. */
static void
fire_with_providers(const struct moves *moves, struct firing *firing,
    const char *label, int i)
{
	if (!has(moves, WITH_SPARE))
		return;
	for (unsigned down = 1; down <= BOTH_DOWN; down++) {
		firing->event.providers_down = down;
		fire(moves, firing, label, i, (int)down);
	}
	firing->event.providers_down = 0;
	firing->event.wait_until_ms = NOW_MS + MINUTE_MS;
	firing->event.wait_for = "pace";
	fire(moves, firing, label, i, 0);
	firing->event.wait_until_ms = 0;
}

static void
request_matched(const struct moves *moves)
{
	const struct request *r = world_request(moves->model, moves->world);

	if ((r->state != REQUEST_WAITING && r->state != REQUEST_OFFERED) ||
	    r->call_count >= moves->setting->calls)
		return;
	for (int i = 0; i < moves->setting->people; i++) {
		struct firing firing = to_request(EVENT_MATCHED);

		strcpy(firing.event.specialist, person_id(i));
		firing.with = person_id(i);
		fire(moves, &firing, "matched", i, 0);
		fire_with_providers(moves, &firing, "matched, down", i);
		if (!has(moves, WITH_RULES) ||
		    moves->setting->accept != ACCEPT_AUTOMATIC)
			continue;
		firing.event.is_number_held = true;
		fire(moves, &firing, "matched, number held", i, 0);
		firing.event.is_number_held = false;
		firing.is_closed = true;
		fire(moves, &firing, "matched, closed", i, 0);
	}
}

static void
request_asked(const struct moves *moves)
{
	const struct request *r = world_request(moves->model, moves->world);
	struct firing firing = to_request(EVENT_CANCELLED);

	fire(moves, &firing, "cancelled", 0, 0);
	if (r->state == REQUEST_NONE) {
		firing = to_request(EVENT_ARRIVED);
		fire(moves, &firing, "asked", 0, 0);
		/* Cut off: the request stays the website's to send again. */
	}
	if (has(moves, WITH_RULES)) {
		firing = to_request(EVENT_NUMBER_BUSY);
		firing.event.at_ms = NOW_MS + 1;
		fire(moves, &firing, "number busy", 0, 0);
		firing = to_request(EVENT_SUPPRESSED);
		fire(moves, &firing, "wants no more calls", 0, 0);
	}
	if (!has(moves, WITH_WISHES))
		return;
	firing = to_request(EVENT_CANCELLED);
	strcpy(firing.event.site_id, r->site_id);
	fire(moves, &firing, "one asker cancels", 0, 0);
	firing = to_request(EVENT_REPEATED);
	strcpy(firing.event.site_id, "site-0002");
	firing.event.at_ms = NOW_MS - 1;
	fire(moves, &firing, "repeated", 0, 0);
	firing = to_request(EVENT_CALLED_IN);
	firing.event.at_ms = NOW_MS;
	for (int caller = CALLER_ON_HOLD; caller < CALLER_COUNT; caller++) {
		firing.event.caller = (enum caller)caller;
		fire(moves, &firing, "called in", caller, 0);
	}
	firing = to_request(EVENT_RESCHEDULED);
	fire(moves, &firing, "moved to now", 0, 0);
	firing.event.at_ms = NOW_MS + 3600000;
	fire(moves, &firing, "moved", 0, 0);
}

static void
request_disposed(const struct moves *moves)
{
	static const struct { const char *disposition; bool has_moment; }
	    results[] = { { "done", false }, { "pass", false },
		{ "later", false }, { "later", true }, { "machine", false } };
	struct firing firing = to_request(EVENT_DISPOSED);
	size_t count = has(moves, WITH_RESULTS) ? COUNT_OF(results) : 1;

	for (size_t i = 0; i < count; i++) {
		strcpy(firing.event.disposition, results[i].disposition);
		firing.event.at_ms = results[i].has_moment ?
		    NOW_MS + 3600000 : 0;
		fire(moves, &firing, "result", (int)i, 0);
		if (!has(moves, WITH_RESULTS))
			continue;
		strcpy(firing.event.owner, "other");
		fire(moves, &firing, "result, another holds it", (int)i, 0);
		firing.event.owner[0] = '\0';
	}
	firing = to_request(EVENT_REQUEUED);
	fire(moves, &firing, "requeued", 0, 0);
	strcpy(firing.event.owner, "other");
	fire(moves, &firing, "requeued, another holds it", 0, 0);
}

static void
request_desk(const struct moves *moves)
{
	struct firing firing = to_request(EVENT_REOPENED);

	if (!has(moves, WITH_DESK))
		return;
	fire(moves, &firing, "reopened", 0, 0);
	firing = to_request(EVENT_NOTED);
	fire(moves, &firing, "noted", 0, 0);
	firing = to_request(EVENT_ASSIGNED);
	strcpy(firing.event.specialist, person_id(0));
	fire(moves, &firing, "assigned", 0, 0);
	firing.event.kind = EVENT_RELEASED;
	fire(moves, &firing, "the preferred is not at work", 0, 0);
}

/* The customer returns our call. */
static void
request_called_back(const struct moves *moves)
{
	struct firing firing = to_request(EVENT_CALLED_BACK);

	if (!has(moves, WITH_WISHES | WITH_RESULTS))
		return;
	strcpy(firing.event.specialist, person_id(0));
	fire(moves, &firing, "called back", 0, 0);
	strcpy(firing.event.owner, "other");
	fire(moves, &firing, "called back, another holds it", 0, 0);
}

/* ---- specialists */

static struct firing
to_person(int i, enum event_kind kind)
{
	struct firing firing = { .event = no_event };

	firing.event.kind = kind;
	firing.event.to = record_ref_specialist(person_id(i));
	return firing;
}

static void
person_status(const struct moves *moves, int i)
{
	struct firing firing = to_person(i, EVENT_STATUS);

	if (!has(moves, WITH_STATUS))
		return;
	firing.event.status = STATUS_AVAILABLE;
	fire(moves, &firing, "available", i, 0);
	firing.event.status = STATUS_OFF;
	fire(moves, &firing, "off", i, 0);
	firing.event.status = STATUS_PAUSED;
	firing.event.at_ms = NOW_MS + 1;
	fire(moves, &firing, "paused", i, 0);
	firing = to_person(i, EVENT_PRESENT);
	fire(moves, &firing, "desk is open", i, 0);
	strcpy(firing.event.by, person_id(i));
	fire(moves, &firing, "present", i, 0);
}

static void
person_answers(const struct moves *moves, int i)
{
	const struct request *r = world_request(moves->model, moves->world);
	const struct specialist *s = world_person(moves->model, moves->world,
	    i);
	struct firing firing = to_person(i, EVENT_DECLINE);

	fire(moves, &firing, "declines", i, 0);
	if (s->state != SPECIALIST_OFFERED ||
	    (s->call == 0 && r->call_count >= moves->setting->calls))
		return;
	firing = to_person(i, EVENT_ACCEPT);
	fire(moves, &firing, "accepts", i, 0);
	fire_with_providers(moves, &firing, "accepts, down", i);
	if (!has(moves, WITH_RULES))
		return;
	firing.event.is_number_held = true;
	fire(moves, &firing, "accepts, number held", i, 0);
	firing.event.is_number_held = false;
	firing.is_closed = true;
	fire(moves, &firing, "accepts, closed", i, 0);
}

static void
person_moves(const struct moves *moves, int i)
{
	struct firing firing = to_person(i, EVENT_DUE);

	firing.passed = PASSED_STATE;
	if (has(moves, WITH_STATUS) || world_person(moves->model, moves->world,
	        i)->state != SPECIALIST_IDLE)
		fire(moves, &firing, "their moment has come", i, 0);
	person_answers(moves, i);
	by_hand(moves, i);
	start(moves, i);
	person_status(moves, i);
	firing = to_person(i, EVENT_READY);
	fire(moves, &firing, "ready", i, 0);
	if (has(moves, WITH_OTHER_CALLS)) {
		firing = to_person(i, EVENT_ELSEWHERE);
		fire(moves, &firing, "on another call", i, 0);
		firing = to_person(i, EVENT_BACK);
		fire(moves, &firing, "back", i, 0);
	}
	if (!has(moves, WITH_DESK))
		return;
	firing = to_person(i, EVENT_EXTEND);
	fire(moves, &firing, "wraps up longer", i, 0);
	firing = to_person(i, EVENT_ROSTER);
	fire(moves, &firing, "roster", i, 0);
}

/* ---- calls */

static struct firing
to_call(int n, enum event_kind kind)
{
	struct firing firing = { .event = no_event };

	firing.event.kind = kind;
	firing.event.to = record_ref_call("r", n);
	firing.event.others_available = 1;
	return firing;
}

static void
call_due(const struct moves *moves, int n)
{
	static const enum passed passed[] = { PASSED_LEASE, PASSED_LOOK_UP,
		PASSED_QUARANTINE, PASSED_LENGTH, PASSED_HOLD };
	const struct call *call = world_call(moves->model, moves->world, n);

	for (size_t i = 0; i < COUNT_OF(passed); i++) {
		struct firing firing = to_call(n, EVENT_DUE);

		/* Only an instant of its state may be the one that passed. */
		if ((call->state == CALL_PLACING) !=
		        (passed[i] == PASSED_LEASE) ||
		    (call->state != CALL_UNSURE &&
		        (passed[i] == PASSED_LOOK_UP ||
		            passed[i] == PASSED_QUARANTINE)) ||
		    (call->state != CALL_LIVE && passed[i] == PASSED_LENGTH))
			continue;
		firing.passed = passed[i];
		fire(moves, &firing, "the call is looked at", n, passed[i]);
	}
}

/* A look-up that is answered late, or by a list that lags behind. Where asking
 * is authorising, the quarantine is longer than any lag. */
static void
call_absent(const struct moves *moves, int n)
{
	const struct call *call = world_call(moves->model, moves->world, n);
	struct firing firing = to_call(n, EVENT_ABSENT);

	if (call->state != CALL_UNSURE)
		return;
	fire(moves, &firing, "absent", n, 0);
	if (setting_rings(moves->setting) &&
	    ((moves->world->posting & (1 << (n - 1))) != 0 ||
	        moves->world->lines[n - 1][0].phase != PHASE_NONE))
		return;
	firing.passed = PASSED_QUARANTINE;
	fire(moves, &firing, "absent, late", n, 0);
}

/* ---- the POST that makes a call */

/* The phone that the order names. */
static void
first_rings(const struct moves *moves, struct line *line)
{
	line->has_rung = moves->setting->fence == BY_CUSTOMER;
	line->phase = line->has_rung ? PHASE_CUSTOMER_RINGING : PHASE_RINGING;
}

static void
post_lands(const struct moves *moves, int n, const struct world *sent)
{
	const struct call *call = world_call(moves->model, moves->world, n);
	int lines = setting_rings(moves->setting) ? 1 :
	    moves->setting->lines;
	struct world landed = *sent, answered;
	struct firing firing = to_call(n, EVENT_UNKNOWN);

	/* Where asking is authorising, no POST outlives lease and quarantine. */
	if (setting_rings(moves->setting) && !call_is_live(call))
		return;
	for (int k = 0; k < lines; k++) {
		first_rings(moves, &landed.lines[n - 1][k]);
		emit(moves, &landed, "POST lands, answer lost", n, k, true);
		answered = landed;
		answered.answers[n - 1] = (uint8_t)(k + 1);
		emit(moves, &answered, "POST lands", n, k, true);
		fire_from(moves, &landed, &firing, "POST lands, unknown", n, k,
		    false);
	}
}

static void
post_moves(const struct moves *moves, int n)
{
	struct world sent = *moves->world;
	struct firing firing = to_call(n, EVENT_REJECTED);

	if ((sent.posting & (1 << (n - 1))) == 0)
		return;
	sent.posting &= (uint8_t)~(1 << (n - 1));
	if (has(moves, WITHOUT_LOSS)) {
		firing.event.kind = EVENT_CREATED;
		line_sid(n, 0, firing.event.sid);
		sent.lines[n - 1][0].phase = PHASE_RINGING;
		fire_from(moves, &sent, &firing, "POST", n, 0, true);
		return;
	}
	emit(moves, &sent, "POST never sent", n, 0, true);
	firing.event.outcome = OUTCOME_FAILED;
	if (world_request(moves->model, moves->world)->call_count <
	    moves->setting->calls)
		fire_from(moves, &sent, &firing, "POST rejected", n, 0, false);
	firing.event.providers_down = BOTH_DOWN;
	fire_from(moves, &sent, &firing, "POST rejected, none left", n, 0,
	    false);
	if (setting_rings(moves->setting)) {
		firing.event.outcome = OUTCOME_INVALID_NUMBER;
		fire_from(moves, &sent, &firing, "POST rejected, invalid", n,
		    0, false);
	}
	firing = to_call(n, EVENT_UNKNOWN);
	fire_from(moves, &sent, &firing, "POST lost, unknown", n, 0, false);
	post_lands(moves, n, &sent);
}

static void
answer_moves(const struct moves *moves, int n)
{
	struct world heard = *moves->world;
	struct firing firing = to_call(n, EVENT_CREATED);

	if (heard.answers[n - 1] == 0)
		return;
	line_sid(n, heard.answers[n - 1] - 1, firing.event.sid);
	heard.answers[n - 1] = 0;
	fire_from(moves, &heard, &firing, "created", n, 0, false);
	emit(moves, &heard, "answer lost", n, 0, true);
}

/* ---- webhooks: anything that has happened, again and in any order */

static void
hook(const struct moves *moves, int n, int k, const struct event *news,
    const char *label)
{
	const struct call *call = world_call(moves->model, moves->world, n);
	struct firing firing = to_call(n, EVENT_PROGRESS);

	firing.event.progress = news->progress;
	firing.event.outcome = news->outcome;
	firing.event.talk_ms = news->talk_ms;
	firing.event.is_customer_over = news->is_customer_over;
	line_sid(n, k, firing.event.sid);
	/* Old news of our own call has no row. */
	if (call->state == CALL_LIVE && !news->is_customer_over &&
	    news->progress <= call->rank &&
	    strcmp(call->sid, firing.event.sid) == 0)
		return;
	fire(moves, &firing, label, n, k);
}

static void
ends(const struct moves *moves, int n, int k, bool is_customer_over)
{
	const struct line *line = &moves->world->lines[n - 1][k];
	struct event news = {
		.progress = is_customer_over ? PROGRESS_NONE : PROGRESS_OVER,
		.is_customer_over = is_customer_over,
		.outcome = line->has_talked || line->was_answered ?
		    OUTCOME_ANSWERED :
		    line->has_rung ? OUTCOME_NO_ANSWER : OUTCOME_FAILED };
	const char *label = is_customer_over ? "webhook: customer over" :
	    "webhook: over";

	hook(moves, n, k, &news, label);
	if (!line->has_talked)
		return;
	news.talk_ms = 1;
	hook(moves, n, k, &news, "webhook: over, short");
	if (is_customer_over) {
		news.talk_ms = 600000;
		hook(moves, n, k, &news, "webhook: over, long");
	}
}

/* Found out after a while, or when it is over already. */
static void
hear_machine(const struct moves *moves, int n, int k)
{
	struct firing firing = to_call(n, EVENT_PROGRESS);

	const struct line *line = &moves->world->lines[n - 1][k];

	if (!line->was_answered || !has(moves, WITH_MACHINES))
		return;
	firing.event.machine = line->is_machine ? MACHINE_ANSWERED :
	    MACHINE_HUMAN;
	leg_sid(n, k, firing.event.leg);
	fire(moves, &firing, line->is_machine ? "webhook: a machine" :
	    "webhook: a person", n, k);
}

/* An order that was lost above may have been refused instead. */
static void
second_leg_is_refused(const struct moves *moves, int n, int k)
{
	const struct line *line = &moves->world->lines[n - 1][k];
	struct firing firing = to_call(n, EVENT_REJECTED);

	line_sid(n, k, firing.event.sid);
	firing.event.outcome = OUTCOME_FAILED;
	if (moves->setting->fence == BY_ORDER && line->phase == PHASE_UP &&
	    strcmp(world_call(moves->model, moves->world, n)->authorised,
	        firing.event.sid) == 0)
		fire(moves, &firing, "second leg refused", n, k);
}

static void
hook_moves(const struct moves *moves, int n, int k)
{
	static const char *const labels[] = { "", "webhook: agent ringing",
		"webhook: agent up", "webhook: customer ringing",
		"webhook: customer up" };
	const struct line *line = &moves->world->lines[n - 1][k];
	bool is_first = moves->setting->fence == BY_CUSTOMER;
	const bool heard[] = { false, !is_first, line->was_up && !is_first,
		line->has_rung || has(moves, WITH_LIES),
		is_first ? line->has_talked : line->was_answered };

	for (int rank = 1; rank <= PROGRESS_CUSTOMER_UP; rank++) {
		struct event news = { .progress = (enum call_progress)rank };

		if (heard[rank])
			hook(moves, n, k, &news, labels[rank]);
	}
	if (line->is_customer_over && !is_first)
		ends(moves, n, k, true);
	second_leg_is_refused(moves, n, k);
	hear_machine(moves, n, k);
	if (line->phase == PHASE_OVER) {
		struct firing firing = to_call(n, EVENT_GONE);

		line_sid(n, k, firing.event.sid);
		ends(moves, n, k, false);
		if (world_call(moves->model, moves->world, n)->state ==
		    CALL_LIVE)
			fire(moves, &firing, "gone", n, k);
	}
}

/* ---- questions */

static void
customer_leaves(struct line *line)
{
	line->phase = PHASE_CUSTOMER_OVER;
	line->is_customer_over = true;
}

static void
obey(struct line *line, enum verdict verdict, bool is_customer_first)
{
	bool is_customers = line->phase == PHASE_CUSTOMER_ASKS ||
	    line->phase == PHASE_CUSTOMER_KEYS;

	if (line->phase == PHASE_OVER)
		return;
	switch (verdict) {
	case VERDICT_GREET:
	case VERDICT_CONNECT:
	case VERDICT_BRIEF:
		line->phase = PHASE_CUSTOMER_UP;
		line->has_talked = true;
		return;
	case VERDICT_CONFIRM:
		line->phase = PHASE_CUSTOMER_KEYS;
		return;
	case VERDICT_JOIN_AGENT:
		line->phase = PHASE_SECOND_RINGING;
		return;
	case VERDICT_VOICEMAIL:
		break;
	case VERDICT_JOIN:
		line->phase = PHASE_CUSTOMER_RINGING;
		line->has_rung = true;
		return;
	case VERDICT_WHISPER:
		line->phase = PHASE_KEYS;
		return;
	case VERDICT_RESULT:
		line->phase = PHASE_RESULT;
		return;
	case VERDICT_NO_ROW:
	case VERDICT_DONE:
	case VERDICT_GOODBYE:
	case VERDICT_THANKS:
	case VERDICT_COUNT:
		break;
	}
	/* Said to the customer's leg, or to the second one, it ends that one. */
	if ((is_customers && !is_customer_first) ||
	    line->phase == PHASE_SECOND_UP)
		customer_leaves(line);
	else
		line->phase = PHASE_OVER;
}

/* The question, its answer obeyed or lost. An old one is only heard again. */
static void
ask(const struct moves *moves, int n, int k, struct firing *firing,
    const char *label, bool is_old)
{
	struct fired fired;

	line_sid(n, k, firing->event.sid);
	model_fire(moves->model, moves->world, firing, &fired);
	if (fired.verdict == VERDICT_JOIN &&
	    (firing->event.question == QUESTION_GREET ||
	        firing->event.question == QUESTION_CONFIRM))
		model_blame(moves->model, "the customer is to dial themselves");
	for (size_t i = 0; i < fired.count; i++) {
		struct world *to = &fired.worlds[i];
		struct line *line = &to->lines[n - 1][k];

		/* The key was pressed, whoever learnt of it. */
		if (!is_old && firing->event.digit == 1)
			line->has_pressed |= line->phase ==
			    PHASE_CUSTOMER_KEYS;
		emit(moves, to, "asked, answer lost", n, k, false);
		if (is_old)
			continue;
		line->has_pressed |= line->phase == PHASE_CUSTOMER_KEYS &&
		    firing->event.digit == 1;
		obey(line, fired.verdict, moves->setting->fence ==
		    BY_CUSTOMER);
		emit(moves, to, label, n, k, false);
	}
}

static void
ask_keys(const struct moves *moves, int n, int k, bool has_keys)
{
	const struct setting *setting = moves->setting;
	struct firing firing = to_call(n, EVENT_ASKED);

	if (!has_keys) {
		firing.event.question = QUESTION_UP;
		ask(moves, n, k, &firing, "up?", false);
		return;
	}
	firing.event.question = QUESTION_SILENT;
	ask(moves, n, k, &firing, "silent?", false);
	firing.event.question = QUESTION_WAIT;
	ask(moves, n, k, &firing, "wait?", false);
	firing.event.question = QUESTION_KEY;
	for (int digit = 1; digit <= 3; digit++) {
		firing.event.digit = digit;
		ask(moves, n, k, &firing, digit == 1 ? "pressed 1" :
		    digit == 2 ? "pressed 2" : "pressed 3", false);
	}
	if ((setting->with & WITH_RULES) == 0)
		return;
	firing.event.digit = 1;
	firing.event.is_number_held = true;
	ask(moves, n, k, &firing, "pressed 1, number held", false);
	firing.event.is_number_held = false;
	firing.is_closed = true;
	ask(moves, n, k, &firing, "pressed 1, closed", false);
}

static void
ask_after(const struct moves *moves, int n, int k, const struct line *line)
{
	struct firing firing = to_call(n, EVENT_ASKED);

	firing.event.question = QUESTION_DIAL_OVER;
	firing.event.is_customer_over = true;
	firing.event.outcome = line->has_talked ||
	    (line->was_answered && moves->setting->fence == BY_ANSWER) ?
	    OUTCOME_ANSWERED : moves->setting->fence == BY_CUSTOMER ?
	    OUTCOME_FAILED : OUTCOME_NO_ANSWER;
	firing.event.talk_ms = line->has_talked ? 600000 : 0;
	ask(moves, n, k, &firing, "dial over?", false);
	if (!line->has_talked)
		return;
	firing.event.talk_ms = 1;
	ask(moves, n, k, &firing, "dial over, short?", false);
}

static void
ask_result(const struct moves *moves, int n, int k)
{
	static const int digits[] = { 1, 9, 2, 3, 4 };
	struct firing firing = to_call(n, EVENT_ASKED);
	size_t count = moves->setting->with & WITH_RESULTS ?
	    COUNT_OF(digits) : 2;

	firing.event.question = QUESTION_SILENT;
	ask(moves, n, k, &firing, "no result?", false);
	firing.event.question = QUESTION_RESULT;
	for (size_t i = 0; i < count; i++) {
		firing.event.digit = digits[i];
		ask(moves, n, k, &firing, "result by key", false);
	}
}

static void
ask_customer(const struct moves *moves, int n, int k, bool has_keys)
{
	const struct line *line = &moves->world->lines[n - 1][k];
	struct firing firing = to_call(n, EVENT_ASKED);

	firing.event.question = has_keys ? QUESTION_CONFIRM : QUESTION_GREET;
	/* How far the leg is some providers say with the question, some do not. */
	if (!has(moves, WITH_CONFIRM))
		firing.event.progress = moves->setting->fence == BY_CUSTOMER ?
		    PROGRESS_CUSTOMER_RINGING : PROGRESS_CUSTOMER_UP;
	leg_sid(n, k, firing.event.leg);
	/* Found out before the first question, where that one waits for it. */
	if (line->is_machine && moves->setting->fence == BY_CUSTOMER)
		firing.event.machine = MACHINE_ANSWERED;
	ask(moves, n, k, &firing, has_keys ? "no key?" : "greet?", false);
	if (!has_keys || line->is_machine)
		return;
	firing.event.digit = 2;
	ask(moves, n, k, &firing, "the customer presses 2", false);
	firing.event.digit = 1;
	ask(moves, n, k, &firing, "the customer presses 1", false);
}

static void
question_moves(const struct moves *moves, int n, int k)
{
	const struct line *line = &moves->world->lines[n - 1][k];
	struct firing old = to_call(n, EVENT_ASKED);

	if (moves->setting->fence == BY_KEY)
		return;
	switch ((enum phase)line->phase) {
	case PHASE_CUSTOMER_ASKS:
		ask_customer(moves, n, k, false);
		return;
	case PHASE_CUSTOMER_KEYS:
		ask_customer(moves, n, k, true);
		break;
	case PHASE_SECOND_UP:
		ask_keys(moves, n, k, false);
		return;
	case PHASE_UP:
		ask_keys(moves, n, k, false);
		return;
	case PHASE_KEYS:
		ask_keys(moves, n, k, true);
		break;
	case PHASE_CUSTOMER_OVER:
		ask_after(moves, n, k, line);
		break;
	case PHASE_RESULT:
		ask_result(moves, n, k);
		break;
	case PHASE_NONE:
	case PHASE_RINGING:
	case PHASE_CUSTOMER_RINGING:
	case PHASE_CUSTOMER_UP:
	case PHASE_OVER:
	case PHASE_SECOND_RINGING:
		break;
	}
	if (!line->was_up)
		return;
	old.event.question = moves->setting->fence == BY_CUSTOMER ?
	    QUESTION_GREET : QUESTION_UP;
	ask(moves, n, k, &old, "", true);
}

/* ---- the provider's own ways */

static void
become(const struct moves *moves, int n, int k, enum phase phase,
    const char *label)
{
	struct world to = *moves->world;
	struct line *line = &to.lines[n - 1][k];

	line->phase = phase;
	line->was_up |= phase != PHASE_OVER;
	line->has_rung |= phase == PHASE_CUSTOMER_RINGING;
	line->has_talked |= phase == PHASE_CUSTOMER_UP;
	line->was_answered |= phase == PHASE_CUSTOMER_UP ||
	    phase == PHASE_CUSTOMER_ASKS;
	line->is_customer_over |= phase == PHASE_CUSTOMER_OVER;
	emit(moves, &to, label, n, k, true);
}

static void
customer_answers(const struct moves *moves, int n, int k)
{
	if (moves->setting->fence != BY_CUSTOMER &&
	    !has(moves, WITH_GREETING)) {
		become(moves, n, k, PHASE_CUSTOMER_UP, "the customer answers");
		return;
	}
	become(moves, n, k, PHASE_CUSTOMER_ASKS, "the customer answers");
	if (has(moves, WITH_MACHINES)) {
		struct world to = *moves->world;

		to.lines[n - 1][k].is_machine = true;
		to.lines[n - 1][k].was_answered = true;
		to.lines[n - 1][k].was_up = true;
		to.lines[n - 1][k].phase = PHASE_CUSTOMER_ASKS;
		emit(moves, &to, "a machine answers", n, k, true);
	}
}

static bool
second_leg_is_on(const struct moves *moves, const struct line *line)
{
	bool is_customers = line->phase == PHASE_CUSTOMER_RINGING ||
	    line->phase == PHASE_CUSTOMER_ASKS ||
	    line->phase == PHASE_CUSTOMER_KEYS;

	return line->phase == PHASE_CUSTOMER_UP ||
	    line->phase == PHASE_SECOND_RINGING ||
	    line->phase == PHASE_SECOND_UP ||
	    (is_customers && moves->setting->fence != BY_CUSTOMER);
}

static void
line_moves(const struct moves *moves, int n, int k)
{
	const struct line *line = &moves->world->lines[n - 1][k];

	if (line->phase == PHASE_NONE)
		return;
	if (has(moves, WITH_HOOKS))
		hook_moves(moves, n, k);
	question_moves(moves, n, k);
	if (line->phase != PHASE_OVER)
		become(moves, n, k, PHASE_OVER, "the line ends");
	if (line->phase == PHASE_RINGING)
		become(moves, n, k, PHASE_UP, "the specialist answers");
	if (line->phase == PHASE_UP && moves->setting->fence == BY_KEY)
		become(moves, n, k, PHASE_CUSTOMER_RINGING,
		    "the provider rings the customer");
	if (line->phase == PHASE_CUSTOMER_RINGING)
		customer_answers(moves, n, k);
	if (line->phase == PHASE_SECOND_RINGING)
		become(moves, n, k, PHASE_SECOND_UP, "the specialist answers");
	if (second_leg_is_on(moves, line))
		become(moves, n, k, PHASE_CUSTOMER_OVER,
		    "the second leg ends");
}

/* A person dials, and says what they hear, or forgets to. */
static void
hand_moves(const struct moves *moves, int n)
{
	static const enum call_progress told[] = { PROGRESS_CUSTOMER_RINGING,
		PROGRESS_CUSTOMER_UP, PROGRESS_OVER };
	struct firing firing = to_call(n, EVENT_PROGRESS);

	for (size_t i = 0; i < COUNT_OF(told); i++) {
		firing.event.progress = told[i];
		firing.event.outcome = told[i] == PROGRESS_OVER ?
		    OUTCOME_NO_ANSWER : OUTCOME_NONE;
		fire(moves, &firing, "told by hand", n, (int)told[i]);
	}
}

static void
call_moves(const struct moves *moves, int n)
{
	const struct call *call = world_call(moves->model, moves->world, n);

	if (call == NULL)
		return;
	if (call_is_live(call))
		call_due(moves, n);
	if (call_is_by_hand(call)) {
		hand_moves(moves, n);
		return;
	}
	call_absent(moves, n);
	post_moves(moves, n);
	answer_moves(moves, n);
	for (int k = 0; k < LINES; k++)
		line_moves(moves, n, k);
}

void
world_moves(struct model *model, const struct world *world,
    world_handler *on_world, void *context)
{
	struct moves moves = { .model = model, .setting = model_setting(model),
		.world = world, .on_world = on_world, .context = context };

	request_due(&moves);
	request_matched(&moves);
	request_asked(&moves);
	request_disposed(&moves);
	request_desk(&moves);
	request_called_back(&moves);
	for (int i = 0; i < moves.setting->people; i++)
		person_moves(&moves, i);
	for (int n = 1; n <= CALLS; n++)
		call_moves(&moves, n);
}
