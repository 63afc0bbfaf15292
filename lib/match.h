/* SPDX-License-Identifier: MIT */
/*
 * match: who is called next, and by whom. Pure; the daemon and a simulator run
 * the same two comparisons. Every tie is broken explicitly, so that two nodes
 * that see the same heads propose the same pairs.
 */
#ifndef CALLBACKD_LIB_MATCH_H
#define CALLBACKD_LIB_MATCH_H

#include "lib/request.h"
#include "lib/specialist.h"

/*
 * Which request is served first: what is on time (or whose second promise is
 * near) before the late lane, then the earlier promise, then who asked first,
 * then the id. Negative: a before b. Never 0 for different requests.
 */
int match_order(const struct request *a, const struct request *b);

/*
 * How well somebody knows what a request is about: by their level in its queue,
 * if that is admitted, and behind all of those by the best in the queues it was
 * widened to, which admit every level. 0: they are not asked.
 */
int match_rank(const struct request *request, int level, int level_elsewhere);

/* May that specialist be offered that request now (ready, level, no fresh
 * "no", still room). */
bool match_fits(const struct request *request, const struct specialist *specialist,
    int64_t now_ms);

/*
 * Which of two that fit is asked first: who is wished for, the higher rank, the
 * longer idle; when idle within a second of each other, who serves fewer queues;
 * then the id.
 */
bool match_is_better(const struct request *request, const struct specialist *a,
    const struct specialist *b);

/*
 * Whether the specialist that a request waits for is worth it: at work, and free again
 * by themselves. Else a stable word why not: "off", "paused", "away", "elsewhere", "not
 * asked" (their level, or a fresh "no").
 */
bool match_is_worth_waiting(const struct request *request, const struct specialist *wished,
    int64_t now_ms, const char **ret_why);

/*
 * Whether one of so many idle people who serve its queue, not yet asked, may be taken
 * for that request: keep_for_line of them are left to callers on hold, until the
 * request is in a hurry (lib/promise).
 */
bool match_may_take(const struct policy *policy, const struct request *request, size_t idle_count,
    int64_t now_ms);

/* The same where nobody is wished for, by what it is decided by. */
struct match_key {
	int rank;                       /* match_rank */
	int64_t since_ms;               /* idle since */
	size_t queue_count;             /* that they serve */
	const char *id;
};
bool match_key_is_better(const struct match_key *a, const struct match_key *b);

#endif
