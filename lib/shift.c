/* SPDX-License-Identifier: MIT */
/* shift: two ends, the later of which counts. */
#include "lib/shift.h"

#include "lib/duty.h"
#include "lib/hours.h"

/* Nobody is offered what they could not answer before they go. */
static int64_t
offer_ms(const struct policy *policy, const struct specialist *s)
{
	const struct specialist_policy *who = policy_specialist(policy, s->id);
	int64_t ms = 0;

	if (who != NULL && who->accept != ACCEPT_AUTOMATIC)
		policy_offer(policy, who, s->ignored_count, &ms);
	return ms;
}

/* NULL: they work whenever they say. */
static const struct hours *
shift_of(const struct policy *policy, const struct specialist *s)
{
	const struct specialist_policy *who = policy_specialist(policy, s->id);

	return who != NULL ? who->shift : NULL;
}

static bool
comes_by_rota(const struct policy *policy, const struct specialist *s)
{
	const struct specialist_policy *who = policy_specialist(policy, s->id);

	return who != NULL && who->is_duty;
}

/* When what they work at that moment is over: a shift, overtime, a duty, whatever goes on
 * where another of them ends. The moment itself: they do not work; 0: it never is. */
static int64_t
end_of_work(const struct policy *policy, const struct specialist *s,
    int64_t at_ms)
{
	const struct hours *shift = shift_of(policy, s);
	int64_t end_ms = at_ms;

	for (size_t parts = 0; parts < 2 + DUTY_MAX; parts++) {
		int64_t next_ms = end_ms, duty_ms = duty_until_ms(s, end_ms);

		if (shift != NULL && hours_is_open(shift, end_ms)) {
			next_ms = hours_change(shift, end_ms);
			if (next_ms == 0)
				return 0;
		}
		if (s->overtime_until_ms > next_ms)
			next_ms = s->overtime_until_ms;
		if (duty_ms > next_ms)
			next_ms = duty_ms;
		if (next_ms == end_ms)
			break;
		end_ms = next_ms;
	}
	return end_ms;
}

bool
shift_is_on(const struct policy *policy, const struct specialist *s,
    int64_t at_ms, int64_t *ret_until_ms)
{
	int64_t end_ms;

	if (ret_until_ms != NULL)
		*ret_until_ms = 0;
	if (shift_of(policy, s) == NULL && !comes_by_rota(policy, s))
		return true;
	end_ms = end_of_work(policy, s, at_ms);
	if (end_ms == 0)
		return true;
	if (ret_until_ms != NULL && end_ms > at_ms)
		*ret_until_ms = end_ms;
	return end_ms > at_ms && end_ms - offer_ms(policy, s) > at_ms;
}

int64_t
shift_last_offer_ms(const struct policy *policy,
    const struct specialist *s, int64_t at_ms)
{
	int64_t until_ms;

	return shift_is_on(policy, s, at_ms, &until_ms) && until_ms != 0 ?
	    until_ms - offer_ms(policy, s) : 0;
}

int64_t
shift_starts_ms(const struct policy *policy,
    const struct specialist *s, int64_t at_ms)
{
	const struct hours *shift = shift_of(policy, s);
	int64_t duty_ms = duty_starts_ms(s, at_ms), shift_ms = 0;

	if (shift_is_on(policy, s, at_ms, NULL))
		return 0;
	if (shift != NULL) {
		/* About to end: the one after it. */
		if (hours_is_open(shift, at_ms))
			at_ms = hours_change(shift, at_ms);
		shift_ms = hours_change(shift, at_ms);
	}
	return shift_ms == 0 || (duty_ms != 0 && duty_ms < shift_ms) ?
	    duty_ms : shift_ms;
}

int64_t
shift_overtime_ms(const struct policy *policy,
    const struct specialist *s, int64_t at_ms)
{
	struct specialist without = *s;
	int64_t starts_ms;

	without.overtime_until_ms = 0;
	if (shift_is_on(policy, &without, at_ms, NULL))
		return 0;
	starts_ms = shift_starts_ms(policy, &without, at_ms);
	if (starts_ms == 0)
		return at_ms + HOURS_DAY_S * INT64_C(1000);
	shift_is_on(policy, &without, starts_ms, &starts_ms);
	return starts_ms;
}

int64_t
specialist_returns_ms(const struct policy *policy, const struct specialist *s,
    int64_t now_ms)
{
	const struct specialist_policy *who = policy_specialist(policy, s->id);
	int64_t at_ms = now_ms;

	if (s->status == STATUS_OFF || who == NULL)
		return 0;
	if (s->status == STATUS_PAUSED) {
		if (s->return_at_ms == 0)
			return 0;
		if (s->return_at_ms > now_ms)
			at_ms = s->return_at_ms;
	}
	if (!shift_is_on(policy, s, at_ms, NULL))
		return shift_starts_ms(policy, s, at_ms);
	/* At work by what they chose, and yet away: they were not seen. */
	if (s->status == STATUS_AVAILABLE && s->state == SPECIALIST_AWAY)
		return 0;
	return at_ms;
}
