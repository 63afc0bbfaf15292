/* SPDX-License-Identifier: MIT */
/*
 * specialist_life: what may happen to a specialist. Status is chosen, state is
 * observed; in `ready:Q` exactly while IDLE.
 */
#include <stdio.h>
#include <string.h>

#include "lib/fault.h"
#include "lib/life.h"
#include "lib/shift.h"

/* OFFERED waits this much longer than the offer before it looks by itself: the
 * request's own moment ends offers, this one is a backstop. */
enum { OFFER_BACKSTOP_MS = 30000, BUSY_BACKSTOP_MS = 60000 };

static const struct specialist_policy *
person(const struct moment *m)
{
	return policy_specialist(m->policy, m->specialist->id);
}

/* ---- guards */

static bool
is_automatic(const struct moment *m)
{
	const struct specialist_policy *policy = person(m);

	return policy != NULL && policy->accept == ACCEPT_AUTOMATIC;
}

/* Who has a shift, or comes by the rota, comes by it from the first day. */
static bool
has_shift(const struct moment *m)
{
	return person(m) != NULL &&
	    (person(m)->shift != NULL || person(m)->is_duty);
}

static bool
becomes_available(const struct moment *m)
{
	return m->event->status == STATUS_AVAILABLE;
}

/* Their shift is over, or so nearly that an offer would outlast it. */
static bool
is_off_shift(const struct moment *m)
{
	return !shift_is_on(m->policy, m->specialist, m->now_ms, NULL);
}

static bool
leaves(const struct moment *m)
{
	return m->event->kind == EVENT_STATUS ?
	    m->event->status != STATUS_AVAILABLE :
	    m->specialist->status != STATUS_AVAILABLE || is_off_shift(m);
}

static bool
pause_is_over(const struct moment *m)
{
	const struct specialist *s = m->specialist;

	return s->status == STATUS_PAUSED && s->return_at_ms != 0 &&
	    s->return_at_ms <= m->now_ms;
}

static bool
is_back(const struct moment *m)
{
	return (m->specialist->status == STATUS_AVAILABLE ||
	    pause_is_over(m)) && !is_off_shift(m);
}

/* They did something themselves. A page that asks by itself what there is shows
 * only that it is open. */
static bool
is_touched(const struct moment *m)
{
	return m->event->by[0] != '\0';
}

/* A pause after ignored offers ends with any sign of life. */
static bool
is_back_or_awake(const struct moment *m)
{
	return is_back(m) || (is_touched(m) && m->specialist->status == STATUS_PAUSED &&
	    strcmp(m->specialist->reason, "ignored") == 0 && !is_off_shift(m));
}

static bool
is_absent(const struct moment *m)
{
	return specialist_is_absent(m->policy, m->specialist, m->now_ms);
}

/* The end of a pause is as good as having been seen; the beginning of a shift is not. */
static bool
is_back_by_time(const struct moment *m)
{
	return is_back(m) && (pause_is_over(m) || !is_absent(m));
}

static bool
is_this_offer(const struct moment *m)
{
	const struct specialist *s = m->specialist;
	const struct offer *offer;

	if (strcmp(m->request->id, s->request) != 0 ||
	    (m->event->request[0] != '\0' &&
	        strcmp(m->event->request, s->request) != 0))
		return false;
	offer = request_offer_to(m->request, s->id);
	return offer != NULL && offer->number == s->offer &&
	    (m->event->offer == 0 || m->event->offer == s->offer);
}

static bool
phone_rings(const struct moment *m)
{
	const struct call *call = situation_call(m->now, m->specialist->call);

	return m->specialist->call != 0 && call != NULL && call_is_live(call);
}

static bool
is_this_offer_and_rings(const struct moment *m)
{
	return is_this_offer(m) && phone_rings(m);
}

static bool
is_mine(const struct moment *m)
{
	return m->specialist->call != 0 &&
	    m->event->call == m->specialist->call;
}

static bool
mine_and_talked(const struct moment *m)
{
	return is_mine(m) && m->event->has_talked;
}

static bool
mine_and_leaves(const struct moment *m)
{
	return is_mine(m) && leaves(m);
}

static bool
phone_rings_and_leaves(const struct moment *m)
{
	return leaves(m) && phone_rings(m);
}

static bool
third_ignored(const struct moment *m)
{
	return m->policy->ignored_pause != 0 &&
	    m->specialist->ignored_count + 1 >= m->policy->ignored_pause &&
	    m->event->others_available > 0;
}

/* The offer was let lapse while the phone rang; the pause follows its end. */
static bool
mine_and_third_ignored(const struct moment *m)
{
	return is_mine(m) && m->policy->ignored_pause != 0 &&
	    m->specialist->ignored_count >= m->policy->ignored_pause &&
	    m->event->others_available > 0;
}

static bool
offer_is_gone(const struct moment *m)
{
	return m->specialist->until_ms <= m->now_ms && !is_this_offer(m);
}

static bool
offer_is_gone_and_leaves(const struct moment *m)
{
	return offer_is_gone(m) && leaves(m);
}

static bool
offer_stands(const struct moment *m)
{
	return m->specialist->until_ms <= m->now_ms && is_this_offer(m);
}

static bool
moment_has_come(const struct moment *m)
{
	return m->specialist->until_ms <= m->now_ms;
}

static bool
is_idle_backstop(const struct moment *m)
{
	return moment_has_come(m) && !phone_rings(m);
}

static bool
is_idle_backstop_and_leaves(const struct moment *m)
{
	return is_idle_backstop(m) && leaves(m);
}

static bool
time_is_up_and_leaves(const struct moment *m)
{
	return moment_has_come(m) && leaves(m);
}

/* Done with the request they wrap up, not with one of another day. */
static bool
is_done(const struct moment *m)
{
	return m->request->id[0] == '\0' ||
	    strcmp(m->request->id, m->specialist->request) == 0;
}

static bool
is_done_and_leaves(const struct moment *m)
{
	return is_done(m) && leaves(m);
}

static bool
other_call_is_over(const struct moment *m)
{
	return m->specialist->elsewhere_until_ms <= m->now_ms;
}

static bool
other_call_is_over_and_absent(const struct moment *m)
{
	return other_call_is_over(m) && is_absent(m);
}

static bool
has_duty_room(const struct moment *m)
{
	const struct event *event = m->event;

	return specialist_level(m->specialist, event->queue) > 0 &&
	    event->at_ms < event->until_ms &&
	    event->until_ms > m->now_ms && duty_has_room(m->specialist,
	        event->queue, event->at_ms, event->until_ms, m->now_ms);
}

static bool
has_duty(const struct moment *m)
{
	struct specialist without = *m->specialist;

	return duty_remove(&without, m->event->queue);
}

static bool
has_not_extended(const struct moment *m)
{
	return !m->specialist->has_extended;
}

/* ---- actions */

static void
let_go(struct moment *m)
{
	struct specialist *s = m->specialist;

	s->request[0] = '\0';
	s->offer = 0;
	s->call = 0;
	s->until_ms = 0;
	s->has_extended = false;
	s->since_ms = m->now_ms;
}

/* What was noted meanwhile is applied now: who is on a call of their own goes
 * on there, from whatever state they came. */
static void
be_free(struct moment *m)
{
	struct specialist *s = m->specialist;

	let_go(m);
	if (s->elsewhere_until_ms <= m->now_ms)
		s->elsewhere_until_ms = 0;
	else if (s->status == STATUS_AVAILABLE &&
	    !PLANTED("elsewhere_forgotten"))
		moment_post(m, EVENT_ELSEWHERE, record_ref_specialist(s->id))
		    ->at_ms = s->elsewhere_until_ms;
}

static void
rest(struct moment *m)
{
	be_free(m);
	m->specialist->until_ms = m->now_ms + m->policy->rest_ms;
}

static void
note_status(struct moment *m)
{
	struct specialist *s = m->specialist;

	s->status = m->event->status;
	memcpy(s->reason, m->event->reason, sizeof(s->reason));
	s->return_at_ms = m->event->status == STATUS_PAUSED ?
	    m->event->at_ms : 0;
	s->seen_at_ms = m->now_ms;
	s->overtime_until_ms = 0;
	if (s->status == STATUS_AVAILABLE) {
		s->ignored_count = 0;
		s->overtime_until_ms = shift_overtime_ms(m->policy, s, m->now_ms);
	}
	moment_say(m, "%s%s%s%s", status_names[s->status],
	    s->reason[0] != '\0' ? ": " : "", s->reason,
	    s->overtime_until_ms != 0 ? ", outside their shift" : "");
}

static void
change_status(struct moment *m)
{
	note_status(m);
	be_free(m);
}

static void
end_pause(struct moment *m)
{
	struct specialist *s = m->specialist;

	s->status = STATUS_AVAILABLE;
	s->reason[0] = '\0';
	s->return_at_ms = 0;
	s->ignored_count = 0;
}

/* The pause is over, by its own end or because they were seen; or a shift begins. */
static void
return_to_work(struct moment *m)
{
	struct specialist *s = m->specialist;

	end_pause(m);
	s->seen_at_ms = m->now_ms;
	be_free(m);
}

static void
be_seen(struct moment *m)
{
	m->specialist->seen_at_ms = m->now_ms;
	if (is_touched(m))
		m->specialist->ignored_count = 0;
}

/* The pause is over after the shift: they come with the next one. */
static void
end_pause_off_shift(struct moment *m)
{
	end_pause(m);
	moment_say(m, "off shift");
}

/* What they chose stays: they are back with the next shift. */
static void
end_shift(struct moment *m)
{
	be_free(m);
	m->specialist->overtime_until_ms = 0;
	moment_say(m, "off shift");
}

/* Their moment, if it begins or ends now, follows from it. */
static void
note_duty(struct moment *m)
{
	duty_add(m->specialist, m->event->queue, m->event->at_ms,
	    m->event->until_ms, m->now_ms);
	moment_say(m, "%s from %lld to %lld", m->event->queue,
	    (long long)(m->event->at_ms / 1000),
	    (long long)(m->event->until_ms / 1000));
}

static void
forget_duty(struct moment *m)
{
	duty_remove(m->specialist, m->event->queue);
	moment_say(m, "%s", m->event->queue);
}

static void
be_absent(struct moment *m)
{
	be_free(m);
	moment_say(m, "not seen for %lld s",
	    (long long)(m->policy->presence_ms / 1000));
}

static void
read_roster(struct moment *m)
{
	struct specialist *s = m->specialist;
	const struct specialist_policy *policy = person(m);

	if (policy == NULL)
		return;
	memcpy(s->name, policy->name, sizeof(s->name));
	memset(s->skills, 0, sizeof(s->skills));
	for (size_t i = 0; i < policy->queue_count; i++) {
		memcpy(s->skills[i].queue, policy->queues[i].id, ID_SIZE);
		s->skills[i].level = policy->queues[i].level;
	}
}

static void
join_roster(struct moment *m)
{
	read_roster(m);
	m->specialist->status = is_automatic(m) || has_shift(m) ?
	    STATUS_AVAILABLE : STATUS_OFF;
	m->specialist->since_ms = m->now_ms;
	m->specialist->seen_at_ms = has_shift(m) ? 0 : m->now_ms;
}

static void
hold(struct moment *m)
{
	struct specialist *s = m->specialist;

	memcpy(s->request, m->request->id, sizeof(s->request));
	s->offer = m->event->offer;
	s->call = m->event->call;
	s->since_ms = m->now_ms;
	s->until_ms = m->event->at_ms + OFFER_BACKSTOP_MS;
	if (s->call == 0 && is_automatic(m)) {
		struct event *accept = moment_post(m, EVENT_ACCEPT,
		    record_ref_specialist(s->id));

		accept->offer = s->offer;
		memcpy(accept->by, s->id, sizeof(accept->by));
	}
}

static void
be_busy(struct moment *m)
{
	m->specialist->since_ms = m->now_ms;
	m->specialist->until_ms = m->now_ms + m->policy->call_max_ms +
	    BUSY_BACKSTOP_MS;
}

/* It was taken back: somebody else was the first, or nobody is wanted any more. */
static void
say_who_was_first(struct moment *m)
{
	if (m->event->by[0] != '\0')
		moment_say(m, "%s was the first", m->event->by);
}

static void
lose_offer(struct moment *m)
{
	be_free(m);
	say_who_was_first(m);
}

/* Their phone is hung up; they are free when it is. */
static void
lose_ringing(struct moment *m)
{
	be_busy(m);
	say_who_was_first(m);
}

static void
tell_request(struct moment *m, enum event_kind kind)
{
	struct event *event = moment_post(m, kind,
	    record_ref_request(m->request->id));

	memcpy(event->specialist, m->specialist->id, ID_SIZE);
	event->offer = m->specialist->offer;
	event->is_number_held = m->root->is_number_held;
	event->note = m->event->note;
}

static void
tell_accepted(struct moment *m)
{
	tell_request(m, EVENT_ACCEPTED);
	m->specialist->ignored_count = 0;
	m->specialist->seen_at_ms = m->now_ms;
	be_busy(m);
}

/* Their phone rings for the declined offer: it is silenced, and they stay BUSY
 * until it has stopped. */
static void
decline_ringing(struct moment *m)
{
	tell_request(m, EVENT_DECLINED);
	m->specialist->ignored_count = 0;
	be_busy(m);
}

static void
decline(struct moment *m)
{
	tell_request(m, EVENT_DECLINED);
	m->specialist->ignored_count = 0;
	if (PLANTED("specialist_not_released_on_decline"))
		m->specialist->until_ms = 0;
	else
		rest(m);
}

static void
leave_ringing(struct moment *m)
{
	note_status(m);
	tell_request(m, EVENT_DECLINED);
	be_busy(m);
}

static void
leave_offer(struct moment *m)
{
	note_status(m);
	tell_request(m, EVENT_DECLINED);
	be_free(m);
}

/* At most so long as the policy lets it last: whoever said that it began may
 * never say that it is over. */
static void
note_elsewhere(struct moment *m)
{
	int64_t longest_ms = m->now_ms + m->policy->elsewhere_ms;
	int64_t said_ms = m->event->at_ms;

	m->specialist->elsewhere_until_ms =
	    said_ms > m->now_ms && said_ms < longest_ms ? said_ms : longest_ms;
}

static void
go_elsewhere(struct moment *m)
{
	note_elsewhere(m);
	let_go(m);
}

/* No answer to the offer, so nothing is counted or remembered. */
static void
leave_offer_for_call(struct moment *m)
{
	tell_request(m, EVENT_LEFT);
	go_elsewhere(m);
}

/* Their phone rings for the offer: BUSY until it has stopped. */
static void
leave_ringing_for_call(struct moment *m)
{
	tell_request(m, EVENT_LEFT);
	note_elsewhere(m);
	be_busy(m);
}

static void
forget_elsewhere(struct moment *m)
{
	m->specialist->elsewhere_until_ms = 0;
}

static void
come_back(struct moment *m)
{
	forget_elsewhere(m);
	be_free(m);
}

static void
ignore_ringing(struct moment *m)
{
	m->specialist->ignored_count++;
	be_busy(m);
}

static void
ignore(struct moment *m)
{
	m->specialist->ignored_count++;
	rest(m);
	moment_say(m, "ignored, %d in a row", m->specialist->ignored_count);
}

static void
pause_ignored(struct moment *m)
{
	struct specialist *s = m->specialist;

	s->status = STATUS_PAUSED;
	snprintf(s->reason, sizeof(s->reason), "ignored");
	s->return_at_ms = m->now_ms + m->policy->ignored_return_ms;
	s->ignored_count = 0;
	be_free(m);
	moment_say(m, "paused after ignored offers");
}

/* The request gave them this call. */
static void
take_call(struct moment *m)
{
	m->specialist->call = m->event->call;
}

static void
wrap_up(struct moment *m)
{
	const struct specialist_policy *policy = person(m);
	struct specialist *s = m->specialist;

	s->call = 0;
	s->offer = 0;
	s->since_ms = m->now_ms;
	s->has_extended = false;
	s->ignored_count = 0;
	s->until_ms = m->now_ms + (policy != NULL ? policy->wrap_up_ms : 0);
}

static void
extend(struct moment *m)
{
	const struct specialist_policy *policy = person(m);

	m->specialist->has_extended = true;
	m->specialist->until_ms += policy != NULL ? policy->wrap_up_ms : 0;
}

/* So that they can take it back: the oldest gives way. */
static void
remember_closed(struct moment *m)
{
	struct specialist *s = m->specialist;

	memmove(s->closed[1], s->closed[0], sizeof(s->closed) -
	    sizeof(s->closed[0]));
	memcpy(s->closed[0], m->event->request, sizeof(s->closed[0]));
}

static void
hold_on(struct moment *m)
{
	m->specialist->until_ms = m->now_ms + OFFER_BACKSTOP_MS;
}

#define NEW IN(SPECIALIST_NONE)
#define AWAY IN(SPECIALIST_AWAY)
#define IDLE IN(SPECIALIST_IDLE)
#define OFFERED IN(SPECIALIST_OFFERED)
#define BUSY IN(SPECIALIST_BUSY)
#define WRAPPING IN(SPECIALIST_WRAPPING)
#define RESTING IN(SPECIALIST_RESTING)
#define ELSEWHERE IN(SPECIALIST_ELSEWHERE)
#define KNOWN (AWAY | IDLE | OFFERED | BUSY | WRAPPING | RESTING | ELSEWHERE)
#define TO(state) SPECIALIST_##state

static const struct row rows[] = {
	ROW(NEW,      ROSTER,    is_automatic,                TO(IDLE),     join_roster),
	ROW(NEW,      ROSTER,    ALWAYS,                      TO(AWAY),     join_roster),
	ROW(KNOWN,    ROSTER,    ALWAYS,                      SAME,         read_roster),

	ROW(AWAY,     STATUS,    becomes_available,           TO(IDLE),     change_status),
	ROW(AWAY,     STATUS,    ALWAYS,                      TO(AWAY),     change_status),
	ROW(AWAY,     PRESENT,   is_back_or_awake,            TO(IDLE),     return_to_work),
	ROW(AWAY,     DUE,       is_back_by_time,             TO(IDLE),     return_to_work),
	ROW(AWAY,     DUE,       pause_is_over,               SAME,         end_pause_off_shift),
	ROW(AWAY,     DUE,       ALWAYS,                      SAME,         nothing),

	ROW(RESTING,  STATUS,    leaves,                      TO(AWAY),     change_status),
	ROW(RESTING,  DUE,       moment_has_come,             TO(IDLE),     be_free),

	ROW(IDLE | RESTING, ELSEWHERE, ALWAYS,                TO(ELSEWHERE), go_elsewhere),
	ROW(ELSEWHERE, STATUS,   leaves,                      TO(AWAY),     change_status),
	ROW(ELSEWHERE, BACK,     ALWAYS,                      TO(IDLE),     come_back),
	ROW(ELSEWHERE, DUE,      other_call_is_over_and_absent, TO(AWAY),   be_absent),
	ROW(ELSEWHERE, DUE,      other_call_is_over,          TO(IDLE),     come_back),

	ROW(IDLE,     OFFER,     ALWAYS,                      TO(OFFERED),  hold),
	ROW(IDLE,     STATUS,    leaves,                      TO(AWAY),     change_status),
	ROW(IDLE,     DUE,       is_off_shift,                TO(AWAY),     end_shift),
	ROW(IDLE,     DUE,       is_absent,                   TO(AWAY),     be_absent),

	ROW(OFFERED,  ACCEPT,    is_this_offer,               TO(BUSY),     tell_accepted),
	ROW(OFFERED,  DECLINE,   is_this_offer_and_rings,     TO(BUSY),     decline_ringing),
	ROW(OFFERED,  DECLINE,   is_this_offer,               TO(RESTING),  decline),
	ROW(OFFERED,  STATUS,    phone_rings_and_leaves,      TO(BUSY),     leave_ringing),
	ROW(OFFERED,  STATUS,    leaves,                      TO(AWAY),     leave_offer),
	ROW(OFFERED,  ELSEWHERE, phone_rings,                 TO(BUSY),     leave_ringing_for_call),
	ROW(OFFERED,  ELSEWHERE, ALWAYS,                      TO(ELSEWHERE), leave_offer_for_call),
	ROW(OFFERED,  LAPSED,    phone_rings,                 TO(BUSY),     ignore_ringing),
	ROW(OFFERED,  LAPSED,    third_ignored,               TO(AWAY),     pause_ignored),
	ROW(OFFERED,  LAPSED,    ALWAYS,                      TO(RESTING),  ignore),
	ROW(OFFERED,  WITHDRAWN, phone_rings,                 TO(BUSY),     lose_ringing),
	ROW(OFFERED,  WITHDRAWN, ALWAYS,                      TO(IDLE),     lose_offer),
	ROW(OFFERED,  CALL_OVER, is_mine,                     TO(RESTING),  rest),
	ROW(OFFERED,  DUE,       offer_is_gone_and_leaves,    TO(AWAY),     be_free),
	ROW(OFFERED,  DUE,       offer_is_gone,               TO(IDLE),     be_free),
	ROW(OFFERED,  DUE,       offer_stands,                SAME,         hold_on),

	ROW(BUSY,     CALL_OVER, mine_and_talked,             TO(WRAPPING), wrap_up),
	ROW(BUSY,     CALL_OVER, mine_and_leaves,             TO(AWAY),     be_free),
	ROW(BUSY,     CALL_OVER, mine_and_third_ignored,      TO(AWAY),     pause_ignored),
	ROW(BUSY,     CALL_OVER, is_mine,                     TO(RESTING),  rest),
	ROW(BUSY,     WITHDRAWN, phone_rings,                 SAME,         be_busy),
	ROW(BUSY,     WITHDRAWN, leaves,                      TO(AWAY),     be_free),
	ROW(BUSY,     WITHDRAWN, ALWAYS,                      TO(IDLE),     be_free),
	ROW(OFFERED,  TAKEN,     ALWAYS,                      SAME,         take_call),
	ROW(BUSY,     TAKEN,     ALWAYS,                      SAME,         take_call),
	ROW(BUSY,     DUE,       is_idle_backstop_and_leaves, TO(AWAY),     be_free),
	ROW(BUSY,     DUE,       is_idle_backstop,            TO(RESTING),  rest),
	ROW(BUSY,     DUE,       moment_has_come,             SAME,         be_busy),

	ROW(WRAPPING, DUE,       time_is_up_and_leaves,       TO(AWAY),     be_free),
	ROW(WRAPPING, DUE,       moment_has_come,             TO(IDLE),     be_free),
	ROW(WRAPPING, READY,     is_done_and_leaves,          TO(AWAY),     be_free),
	ROW(WRAPPING, READY,     is_done,                     TO(IDLE),     be_free),
	ROW(WRAPPING, EXTEND,    has_not_extended,            SAME,         extend),

	ROW(KNOWN,    STATUS,    ALWAYS,                      SAME,         note_status),
	ROW(KNOWN,    PRESENT,   ALWAYS,                      SAME,         be_seen),
	ROW(KNOWN,    ELSEWHERE, ALWAYS,                      SAME,         note_elsewhere),
	ROW(KNOWN,    BACK,      ALWAYS,                      SAME,         forget_elsewhere),
	ROW(KNOWN,    DUTY,      has_duty_room,               SAME,         note_duty),
	ROW(KNOWN,    OFF_DUTY,  has_duty,                    SAME,         forget_duty),
	ROW(KNOWN,    CLOSED,    ALWAYS,                      SAME,         remember_closed),
};

const struct life specialist_life = {
	rows, COUNT_OF(rows), specialist_state_names, SPECIALIST_STATE_COUNT
};
