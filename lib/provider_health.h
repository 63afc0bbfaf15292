/* SPDX-License-Identifier: MIT */
/*
 * provider_health: does a provider work, judged by what came of the orders that
 * it was given. Pure. Closed, it is used; open, it is not until a moment; then one
 * order is tried (a probe), whose end closes it or opens it for twice as long.
 * That there is one probe at a time, on all nodes, the commit's guard sees to.
 */
#ifndef CALLBACKD_LIB_PROVIDER_HEALTH_H
#define CALLBACKD_LIB_PROVIDER_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

struct health_rules {
	int failures;           /* in a row, that open it */
	double share;           /* of the orders of a window, that opens it */
	int64_t window_ms;
	int64_t probe_ms;       /* from opening to the first probe */
	int64_t probe_max_ms;   /* the longest time between two */
};

/* What an order says of its provider. */
enum health_news {
	HEALTH_GOOD,
	HEALTH_NOT_ITS_FAULT,   /* refused because of what was asked: it answers */
	HEALTH_TOO_FAST,        /* 429: so does this */
	HEALTH_FAILED,          /* 5xx, silence, not reached */
	HEALTH_BARRED,          /* 401, 403: will not mend by itself, opens at once */
	HEALTH_NEWS_COUNT
};

enum health_state { HEALTH_WORKS, HEALTH_DOWN, HEALTH_PROBE, HEALTH_STATE_COUNT };
extern const char *const health_state_names[HEALTH_STATE_COUNT];

struct provider_health {
	bool is_down;
	int64_t changed_at_ms;  /* when it began to be so, as those who share it know */
	int64_t down_since_ms;  /* 0: it works */
	int64_t probe_at_ms;    /* while down: not used before */
	int failed_probes;      /* in a row */
	int failures;           /* in a row */
	int64_t window_at_ms;   /* where the present half of the window began */
	int good[2], bad[2];    /* the present half and the one before */
};

/* True: it went down, came back, or a probe failed: others are to be told. The seed
 * spreads the probes of many. */
bool health_hear(struct provider_health *health, const struct health_rules *rules,
    enum health_news news, int64_t now_ms, uint32_t seed);

/* DOWN: not to be used; PROBE: for one order. */
enum health_state health_state(const struct provider_health *health, int64_t now_ms);

/* Share of the orders within the window that did not fail, in percent; 100 when
 * there were none. */
int health_score(const struct provider_health *health, const struct health_rules *rules,
    int64_t now_ms);

#endif
