/* SPDX-License-Identifier: MIT */
/* provider_health: two counts, and a moment. */
#include "lib/provider_health.h"

#include <string.h>

enum {
	SHARE_LEAST = 6,        /* orders in a window, fewer have no share */
	JITTER_PERCENT = 20,
	DOUBLINGS_MAX = 16,
};

const char *const health_state_names[HEALTH_STATE_COUNT] = {
	[HEALTH_WORKS] = "works",
	[HEALTH_DOWN] = "down",
	[HEALTH_PROBE] = "probe",
};

/* A window is two halves, of which the older is let go as a whole. */
static void
turn_window(struct provider_health *health, const struct health_rules *rules,
    int64_t now_ms)
{
	int64_t half_ms = rules->window_ms / 2, age_ms;

	age_ms = now_ms - health->window_at_ms;
	if (age_ms >= 0 && age_ms < half_ms)
		return;
	health->good[1] = age_ms < 2 * half_ms ? health->good[0] : 0;
	health->bad[1] = age_ms < 2 * half_ms ? health->bad[0] : 0;
	health->good[0] = 0;
	health->bad[0] = 0;
	health->window_at_ms = now_ms;
}

int
health_score(const struct provider_health *health,
    const struct health_rules *rules, int64_t now_ms)
{
	struct provider_health now = *health;
	int good, bad;

	turn_window(&now, rules, now_ms);
	good = now.good[0] + now.good[1];
	bad = now.bad[0] + now.bad[1];
	return good + bad == 0 ? 100 : good * 100 / (good + bad);
}

static bool
has_failed_too_often(const struct provider_health *health,
    const struct health_rules *rules)
{
	int good = health->good[0] + health->good[1];
	int bad = health->bad[0] + health->bad[1];

	return health->failures >= rules->failures ||
	    (good + bad >= SHARE_LEAST && bad >= rules->share * (good + bad));
}

static int64_t
probe_delay_ms(const struct provider_health *health,
    const struct health_rules *rules, uint32_t seed)
{
	int64_t delay_ms = rules->probe_ms;

	for (int i = 0; i < health->failed_probes && i < DOUBLINGS_MAX; i++)
		delay_ms *= 2;
	if (delay_ms > rules->probe_max_ms)
		delay_ms = rules->probe_max_ms;
	return delay_ms * (100 - JITTER_PERCENT +
	    (int)(seed % (2 * JITTER_PERCENT + 1))) / 100;
}

static bool
close_again(struct provider_health *health, int64_t now_ms)
{
	bool was_down = health->is_down;

	health->failures = 0;
	if (!was_down)
		return false;
	*health = (struct provider_health){ .changed_at_ms = now_ms,
		.window_at_ms = now_ms, .good = { 1, 0 } };
	return true;
}

bool
health_hear(struct provider_health *health, const struct health_rules *rules,
    enum health_news news, int64_t now_ms, uint32_t seed)
{
	turn_window(health, rules, now_ms);
	if (news != HEALTH_FAILED && news != HEALTH_BARRED) {
		health->good[0]++;
		return close_again(health, now_ms);
	}
	health->bad[0]++;
	health->failures++;
	if (health->is_down) {
		/* What was ordered before it went down says nothing new. */
		if (health->probe_at_ms > now_ms)
			return false;
		health->failed_probes++;
	} else if (news != HEALTH_BARRED &&
	    !has_failed_too_often(health, rules)) {
		return false;
	} else {
		health->is_down = true;
		health->down_since_ms = now_ms;
		health->failed_probes = 0;
	}
	health->changed_at_ms = now_ms;
	health->probe_at_ms = now_ms + probe_delay_ms(health, rules, seed);
	return true;
}

enum health_state
health_state(const struct provider_health *health, int64_t now_ms)
{
	if (!health->is_down)
		return HEALTH_WORKS;
	return health->probe_at_ms <= now_ms ? HEALTH_PROBE : HEALTH_DOWN;
}
