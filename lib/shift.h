/* SPDX-License-Identifier: MIT */
/*
 * shift: when a specialist works, by the configuration's shift and by what they said
 * outside of it. Pure questions about policy, record and moment; nothing is remembered
 * but overtime, which is said.
 */
#ifndef CALLBACKD_LIB_SHIFT_H
#define CALLBACKD_LIB_SHIFT_H

#include "lib/specialist.h"

/* May they be offered work at that moment: their shift, or overtime, goes on for longer
 * than an offer to them lasts. Always, without a shift. ret_until_ms, if not NULL: when
 * that work ends (offers end earlier); 0: it does not, or they do not work. */
bool shift_is_on(const struct policy *policy, const struct specialist *specialist,
    int64_t at_ms, int64_t *ret_until_ms);

/* Until when offers are made to who is on shift then; 0: for ever, or they are not. */
int64_t shift_last_offer_ms(const struct policy *policy,
    const struct specialist *specialist, int64_t at_ms);

/* When it begins next, after that moment; 0: it is on, or does not within a year. */
int64_t shift_starts_ms(const struct policy *policy, const struct specialist *specialist,
    int64_t at_ms);

/* Until when they work who say at that moment that they do: the end of the next shift;
 * 0: their shift is on, or they have none, so that nothing need be noted. */
int64_t shift_overtime_ms(const struct policy *policy, const struct specialist *specialist,
    int64_t at_ms);

/* When they may be expected at work: now_ms for who is at work, however busy; the end of
 * the pause, the beginning of the shift, or the later of the two; 0: nobody knows (off,
 * absent, a pause without end). */
int64_t specialist_returns_ms(const struct policy *policy, const struct specialist *specialist,
    int64_t now_ms);

#endif
