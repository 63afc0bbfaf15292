/* SPDX-License-Identifier: MIT */
/* health: two lines for each provider, of calls and of messages. */
#include "daemon/health.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.h"
#include "lib/call.h"
#include "lib/commit.h"
#include "lib/provider_choice.h"
#include "lib/text.h"

enum {
	TRIAL_MS = 3000,        /* between two offers while a provider is tried */
	TOO_FAST_MS = 1000,     /* after "too many requests" */
	WORDS_SIZE = 96,
	DROPPED_MAX = 3,        /* calls in a row that never came to the customer */
};

/* Is it set up as its file presupposes, where that can be asked. */
enum fitness { FIT, NOT_ASKED, UNFIT };

struct line {
	struct provider_health health;
	int64_t blocked_until_ms;       /* somebody else's probe, or all is spent */
	bool is_spent;
	enum fitness fitness;
	int  dropped;                   /* calls in a row that never came to the customer */
	int64_t full_until_ms;          /* it takes no more calls until then */
	int64_t turn_at_ms;             /* of the next order, as far as is known */
	int64_t trial_at_ms;            /* the last offer while it is tried */
	int64_t good_at_ms, error_at_ms;
	int64_t told_good_at_ms;
	char error[WORDS_SIZE];
	size_t alive;
};

struct health {
	struct store *store;
	const struct policy *policy;
	struct health_rules rules;
	struct line lines[CHANNEL_COUNT][PROVIDER_ORDER_MAX];
};

/* One reading under way. */
struct reading {
	struct health *health;
	struct line *line;
};

struct health *
health_new(struct store *store, const struct policy *policy,
    const struct health_rules *rules)
{
	struct health *health = calloc(1, sizeof(*health));

	CHECK(health != NULL);
	health->store = store;
	health->policy = policy;
	health->rules = *rules;
	return health;
}

void
health_free(struct health *health)
{
	free(health);
}

void
health_set_policy(struct health *health, const struct policy *policy)
{
	health->policy = policy;
}

/* Providers are those of the start: a line's place is its provider's. */
static struct line *
line_of(struct health *health, const char *provider, enum channel channel)
{
	const struct provider_facts *facts = policy_provider(health->policy,
	    provider);

	return facts == NULL ? NULL :
	    &health->lines[channel][facts - health->policy->providers];
}

static enum channel
channel_of(const struct health *health, const struct line *line)
{
	return (enum channel)((line - health->lines[0]) / PROVIDER_ORDER_MAX);
}

static const struct provider_facts *
facts_of(const struct health *health, const struct line *line)
{
	return &health->policy->providers[(line - health->lines[0]) %
	    PROVIDER_ORDER_MAX];
}

static const char *
id_of(const struct health *health, const struct line *line)
{
	return facts_of(health, line)->id;
}

static void
key_of(const struct health *health, const struct line *line, const char *what,
    char ret_key[KEY_SIZE])
{
	provider_key(what, id_of(health, line), channel_of(health, line),
	    ret_key);
}

static bool
is_down(const struct line *line, int64_t now_ms)
{
	return line->fitness != FIT ||
	    health_state(&line->health, now_ms) == HEALTH_DOWN ||
	    line->blocked_until_ms > now_ms;
}

static int64_t
emission_of(const struct health *health, const struct line *line)
{
	return facts_of(health, line)->emission_ms[channel_of(health, line)];
}

/* ---- telling others */

static void
on_told(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	(void)context;
	(void)tag;
	(void)end;
	(void)reply;
}

static void
tell(struct health *health, const struct line *line)
{
	const struct provider_health *h = &line->health;
	char key[KEY_SIZE], since[24], changed[24], probe[24], failed[16],
	    good[24], error_at[24];

	key_of(health, line, "provider", key);
	snprintf(since, sizeof(since), "%" PRId64, h->down_since_ms);
	snprintf(changed, sizeof(changed), "%" PRId64, h->changed_at_ms);
	snprintf(probe, sizeof(probe), "%" PRId64, h->probe_at_ms);
	snprintf(failed, sizeof(failed), "%d", h->failed_probes);
	snprintf(good, sizeof(good), "%" PRId64, line->good_at_ms);
	snprintf(error_at, sizeof(error_at), "%" PRId64, line->error_at_ms);
	/* Not told: the next who finds it tells it. */
	if (!STORE_SEND(health->store, on_told, NULL, 0, "HSET", key,
	        "down_since_ms", since, "changed_at_ms", changed,
	        "probe_at_ms", probe, "failed_probes", failed, "good_at_ms",
	        good, "error_at_ms", error_at, "error", line->error))
		log_event(LOG_LEVEL_DEBUG, "provider_not_told", "id=%s",
		    id_of(health, line));
}

/* A probe that has failed keeps everybody from the next one until its moment, also
 * whoever has not read of it yet; one that did not lets everybody go on. */
static void
end_probe(struct health *health, const struct line *line, int64_t now_ms)
{
	char key[KEY_SIZE], keep[24];

	key_of(health, line, "probe", key);
	snprintf(keep, sizeof(keep), "%" PRId64,
	    line->health.probe_at_ms > now_ms ?
	    line->health.probe_at_ms - now_ms : 1);
	/* Not sent: the key ends by itself. */
	if (!STORE_SEND(health->store, on_told, NULL, 0, "SET", key, "over",
	        "PX", keep))
		log_event(LOG_LEVEL_DEBUG, "provider_not_told", "id=%s",
		    id_of(health, line));
}

static void
log_change(const struct health *health, const struct line *line,
    bool was_down, int64_t since_ms, int64_t now_ms)
{
	const char *id = id_of(health, line);
	const char *channel = channel_names[channel_of(health, line)];

	if (line->health.is_down && !was_down)
		log_event(LOG_LEVEL_WARNING, "provider_down",
		    "id=%s channel=%s error=\"%s\"", id, channel,
		    line->error);
	else if (was_down && !line->health.is_down)
		log_event(LOG_LEVEL_NOTICE, "provider_back",
		    "id=%s channel=%s after_s=%.1f", id, channel,
		    (double)(now_ms - since_ms) / 1000);
}

/* Differs between nodes, and from one time to the next. */
static uint32_t
seed_of(const struct line *line)
{
	return (uint32_t)getpid() * 2654435761u +
	    (uint32_t)line->health.failed_probes;
}

void
health_hear_of(struct health *health, const char *provider,
    enum channel channel, enum health_news news, const char *detail,
    int64_t wait_ms)
{
	struct line *line = line_of(health, provider, channel);
	int64_t now_ms = store_now_ms(health->store), since_ms;
	bool was_down;

	if (line == NULL)
		return;
	was_down = line->health.is_down;
	since_ms = line->health.down_since_ms;
	if (news == HEALTH_GOOD) {
		line->good_at_ms = now_ms;
	} else {
		line->error_at_ms = now_ms;
		text_copy(line->error, sizeof(line->error), detail);
	}
	if (news == HEALTH_TOO_FAST)
		line->full_until_ms = now_ms + (wait_ms > TOO_FAST_MS ?
		    wait_ms : TOO_FAST_MS);
	if (!health_hear(&line->health, &health->rules, news, now_ms,
	        seed_of(line))) {
		/* When it last worked, now and then. */
		if (news == HEALTH_GOOD &&
		    now_ms - line->told_good_at_ms >= TOO_FAST_MS) {
			line->told_good_at_ms = now_ms;
			tell(health, line);
		}
		return;
	}
	line->blocked_until_ms = 0;
	log_change(health, line, was_down, since_ms, now_ms);
	tell(health, line);
	if (was_down)
		end_probe(health, line, now_ms);
}

/* ---- is it set up */

void
health_hold(struct health *health, const char *provider)
{
	struct line *line = line_of(health, provider, CHANNEL_VOICE);

	if (line != NULL)
		line->fitness = NOT_ASKED;
}

void
health_on_check(struct health *health, const char *provider,
    enum provider_outcome outcome, const char *detail)
{
	struct line *line = line_of(health, provider, CHANNEL_VOICE);
	enum fitness before;

	if (line == NULL)
		return;
	before = line->fitness;
	/* Silence is found out by orders; what was wrong stays so until it is said. */
	if (outcome == PROVIDER_UNKNOWN && before == UNFIT)
		return;
	line->fitness = outcome == PROVIDER_REJECTED ? UNFIT : FIT;
	/* Told once: a node whose own secrets are wrong must not stop the others again
	 * and again. */
	if (line->fitness == UNFIT && before != UNFIT)
		health_hear_of(health, provider, CHANNEL_VOICE, HEALTH_BARRED,
		    detail, 0);
	else if (line->fitness != UNFIT && before == UNFIT)
		health_hear_of(health, provider, CHANNEL_VOICE, HEALTH_GOOD,
		    "", 0);
}

/* The specialist was there, and nobody rang the customer. Who is to press a key and
 * hangs up has declined. */
static bool
is_dropped(const struct policy *policy, const struct call *call)
{
	const struct specialist_policy *who =
	    policy_specialist(policy, call->specialist);

	if (call->is_revoked || call->customer_ringing_at_ms != 0 ||
	    call->is_customer_over)
		return false;
	if (call->outcome == OUTCOME_NONE)
		return call->agent_up_at_ms != 0;
	if (call->authorised[0] != '\0')
		return false;
	return call->outcome == OUTCOME_UNKNOWN ||
	    (call->agent_up_at_ms != 0 && (call->outcome == OUTCOME_FAILED ||
	        (call->outcome == OUTCOME_CANCELLED && who != NULL &&
	            who->confirm == CONFIRM_ANSWER)));
}

static void
on_call_over(struct health *health, const struct call *call)
{
	const struct provider_facts *facts = policy_provider(health->policy,
	    call->provider);
	struct line *line = line_of(health, call->provider, CHANNEL_VOICE);

	if (line == NULL || facts->authorises_on_answer ||
	    call->is_customer_first)
		return;
	if (is_dropped(health->policy, call))
		line->dropped++;
	else if (call->authorised[0] != '\0')
		line->dropped = 0;
	if (line->dropped >= DROPPED_MAX)
		health_hear_of(health, call->provider, CHANNEL_VOICE,
		    HEALTH_BARRED, "specialists answered, and their customers were not rung", 0);
}

void
health_on_committed(struct health *health, const struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->move_count; i++) {
		const struct move *move = &outcome->moves[i];
		const struct call *call = move->record.kind != RECORD_CALL ||
		    move->to != CALL_ENDED || move->from == CALL_ENDED ? NULL :
		    situation_call_const(&outcome->after, move->record.n);

		if (call != NULL)
			on_call_over(health, call);
	}
}

/* ---- what commits were told */

/* Those who were refused a turn come back one after the other, at the pace: all
 * at the next turn, they would be refused again but for one. */
static int64_t
stand_in_line(const struct health *health, struct line *line, int64_t now_ms,
    int64_t until_ms)
{
	int64_t turn_at_ms = line->turn_at_ms > until_ms ? line->turn_at_ms :
	    until_ms;

	line->turn_at_ms = turn_at_ms + emission_of(health, line);
	return turn_at_ms - now_ms;
}

int64_t
health_on_wait(struct health *health, const char *provider,
    enum channel channel, const char *guard, int64_t wait_ms)
{
	struct line *line = line_of(health, provider, channel);
	int64_t now_ms = store_now_ms(health->store);
	int64_t until_ms = now_ms + wait_ms;

	if (line == NULL)
		return wait_ms;
	if (strcmp(guard, "pace") == 0) {
		if (channel == CHANNEL_SMS)
			return stand_in_line(health, line, now_ms, until_ms);
		line->turn_at_ms = until_ms;
	} else if (strcmp(guard, "room") == 0) {
		line->full_until_ms = until_ms;
	} else {
		line->blocked_until_ms = until_ms;
		line->is_spent = strcmp(guard, "spend") == 0;
		if (line->is_spent)
			log_event(LOG_LEVEL_WARNING, "provider_spent",
			    "id=%s channel=%s", provider,
			    channel_names[channel]);
	}
	return wait_ms;
}

void
health_on_placed(struct health *health, const char *provider,
    enum channel channel, int64_t wait_ms)
{
	struct line *line = line_of(health, provider, channel);
	int64_t now_ms = store_now_ms(health->store), turn_ms;

	if (line == NULL)
		return;
	turn_ms = now_ms + wait_ms + emission_of(health, line);
	if (turn_ms > line->turn_at_ms)
		line->turn_at_ms = turn_ms;
	if (health_state(&line->health, now_ms) == HEALTH_PROBE) {
		line->blocked_until_ms = now_ms + PROBE_KEEP_MS;
		line->is_spent = false;
	}
}

unsigned
health_down(struct health *health, enum channel channel, unsigned *ret_spent)
{
	int64_t now_ms = store_now_ms(health->store);
	unsigned set = 0;

	*ret_spent = 0;
	for (size_t i = 0; i < health->policy->provider_count; i++) {
		const struct line *line = &health->lines[channel][i];

		if (!is_down(line, now_ms))
			continue;
		set |= 1u << i;
		if (line->is_spent && line->blocked_until_ms > now_ms)
			*ret_spent |= 1u << i;
	}
	return set;
}

unsigned
health_probing(struct health *health, enum channel channel)
{
	int64_t now_ms = store_now_ms(health->store);
	unsigned set = 0;

	for (size_t i = 0; i < health->policy->provider_count; i++) {
		if (health_state(&health->lines[channel][i].health, now_ms) ==
		    HEALTH_PROBE)
			set |= 1u << i;
	}
	return set;
}

/* ---- how much may be offered */

/* Whoever calls for that queue now; NULL: nobody who could be too busy. */
static struct line *
line_for(struct health *health, const char *queue, bool *ret_is_silent)
{
	unsigned spent;
	const char *provider = provider_choice(health->policy, queue, NULL,
	    health_down(health, CHANNEL_VOICE, &spent), "");

	*ret_is_silent = provider == NULL;
	return provider == NULL ? NULL :
	    line_of(health, provider, CHANNEL_VOICE);
}

size_t
health_room(struct health *health, const char *queue)
{
	int64_t now_ms = store_now_ms(health->store), emission_ms, early_ms;
	bool is_silent;
	const struct line *line = line_for(health, queue, &is_silent);

	if (is_silent)
		return 0;
	if (line == NULL)
		return SIZE_MAX;
	if (line->full_until_ms > now_ms)
		return 0;
	if (health_state(&line->health, now_ms) == HEALTH_PROBE)
		return line->trial_at_ms + TRIAL_MS <= now_ms ? 1 : 0;
	emission_ms = emission_of(health, line);
	early_ms = line->turn_at_ms - now_ms;
	if (emission_ms == 0)
		return SIZE_MAX;
	if (early_ms > PACE_WAIT_MS)
		return 0;
	return (size_t)((PACE_WAIT_MS - (early_ms > 0 ? early_ms : 0)) /
	    emission_ms) + 1;
}

/* All that do not work would, for more money. */
static bool
lacks_only_money(struct health *health, const char *queue)
{
	const struct provider_order *order = policy_voice(health->policy,
	    queue);
	unsigned spent;

	health_down(health, CHANNEL_VOICE, &spent);
	for (size_t i = 0; i < order->count; i++) {
		const struct provider_facts *facts = policy_provider(
		    health->policy, order->ids[i]);

		if (facts == NULL || (spent & 1u <<
		        (facts - health->policy->providers)) == 0)
			return false;
	}
	return order->count > 0;
}

enum health_lack
health_lack(struct health *health, const char *queue)
{
	int64_t now_ms, since_ms;
	bool is_silent;
	const struct line *line;

	if (!store_knows_time(health->store))
		return HEALTH_LACKS_NOTHING;
	now_ms = store_now_ms(health->store);
	line = line_for(health, queue, &is_silent);
	if (health_is_silent(health, queue, &since_ms))
		return lacks_only_money(health, queue) ?
		    HEALTH_LACKS_MONEY : HEALTH_LACKS_PROVIDER;
	if (line == NULL || health_room(health, queue) > 0)
		return is_silent ? HEALTH_LACKS_PROVIDER :
		    HEALTH_LACKS_NOTHING;
	return line->full_until_ms > now_ms ? HEALTH_LACKS_ROOM :
	    health_state(&line->health, now_ms) == HEALTH_PROBE ?
	    HEALTH_LACKS_PROVIDER : HEALTH_LACKS_TURN;
}

/* Whoever is offered something may accept at once, and then wants a turn. */
void
health_on_offered(struct health *health, const char *queue)
{
	int64_t now_ms = store_now_ms(health->store);
	bool is_silent;
	struct line *line = line_for(health, queue, &is_silent);

	if (line == NULL)
		return;
	line->trial_at_ms = now_ms;
	if (line->turn_at_ms < now_ms)
		line->turn_at_ms = now_ms;
	line->turn_at_ms += emission_of(health, line);
}

/* ---- what others found */

static int64_t
number_in(const struct redisReply *reply, const char *name)
{
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		const struct redisReply *field = reply->element[i];
		const struct redisReply *value = reply->element[i + 1];

		if (field->str != NULL && value->str != NULL &&
		    strcmp(field->str, name) == 0)
			return atoll(value->str);
	}
	return 0;
}

static void
read_words(struct line *line, const struct redisReply *reply)
{
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		if (strcmp(reply->element[i]->str, "error") == 0)
			snprintf(line->error, sizeof(line->error), "%s",
			    reply->element[i + 1]->str);
	}
}

static void
on_provider(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct reading *reading = context;
	struct health *health = reading->health;
	struct line *line = reading->line;
	int64_t now_ms, changed_ms, good_ms, error_ms, since_ms;
	bool was_down = line->health.is_down;

	(void)tag;
	free(reading);
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements == 0)
		return;
	now_ms = store_now_ms(health->store);
	changed_ms = number_in(reply, "changed_at_ms");
	good_ms = number_in(reply, "good_at_ms");
	error_ms = number_in(reply, "error_at_ms");
	if (good_ms > line->good_at_ms)
		line->good_at_ms = good_ms;
	if (error_ms > line->error_at_ms) {
		line->error_at_ms = error_ms;
		read_words(line, reply);
	}
	if (changed_ms <= line->health.changed_at_ms)
		return;
	since_ms = line->health.down_since_ms;
	memset(&line->health, 0, sizeof(line->health));
	line->health.changed_at_ms = changed_ms;
	line->health.down_since_ms = number_in(reply, "down_since_ms");
	line->health.is_down = line->health.down_since_ms != 0;
	line->health.probe_at_ms = number_in(reply, "probe_at_ms");
	line->health.failed_probes = (int)number_in(reply, "failed_probes");
	if (!line->is_spent)
		line->blocked_until_ms = 0;
	log_change(health, line, was_down, since_ms, now_ms);
}

static void
on_alive(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct reading *reading = context;

	(void)tag;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_INTEGER)
		reading->line->alive = (size_t)reply->integer;
	free(reading);
}

static struct reading *
begin_reading(struct health *health, struct line *line)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	CHECK(reading != NULL);
	*reading = (struct reading){ health, line };
	return reading;
}

static void
read_line(struct health *health, struct line *line)
{
	struct reading *reading = begin_reading(health, line);
	char key[KEY_SIZE];

	key_of(health, line, "provider", key);
	if (!STORE_SEND(health->store, on_provider, reading, 0, "HGETALL",
	        key))
		free(reading);
	if (channel_of(health, line) != CHANNEL_VOICE)
		return;
	reading = begin_reading(health, line);
	key_of(health, line, "calls", key);
	if (!STORE_SEND(health->store, on_alive, reading, 0, "ZCARD", key))
		free(reading);
}

void
health_tick(struct health *health)
{
	if (!store_is_up(health->store))
		return;
	for (size_t i = 0; i < health->policy->provider_count; i++) {
		read_line(health, &health->lines[CHANNEL_VOICE][i]);
		if (health->policy->providers[i].can_text)
			read_line(health, &health->lines[CHANNEL_SMS][i]);
	}
}

/* ---- what is shown */

bool
health_is_silent(struct health *health, const char *queue,
    int64_t *ret_since_ms)
{
	const struct provider_order *order = policy_voice(health->policy,
	    queue);
	int64_t now_ms;

	*ret_since_ms = 0;
	if (!store_knows_time(health->store))
		return false;
	now_ms = store_now_ms(health->store);
	for (size_t i = 0; i < order->count; i++) {
		const struct line *line = line_of(health, order->ids[i],
		    CHANNEL_VOICE);

		/* By hand; and what is only tried does not work yet. */
		if (line == NULL || (!line->health.is_down &&
		        line->fitness != UNFIT &&
		        line->blocked_until_ms <= now_ms))
			return false;
		if (line->health.down_since_ms > *ret_since_ms)
			*ret_since_ms = line->health.down_since_ms;
	}
	return order->count > 0;
}

bool
health_see(struct health *health, const char *provider, enum channel channel,
    struct health_view *ret_view)
{
	const struct line *line = line_of(health, provider, channel);
	int64_t now_ms;

	if (line == NULL || !store_knows_time(health->store))
		return false;
	now_ms = store_now_ms(health->store);
	*ret_view = (struct health_view){
		.state = line->fitness == UNFIT ? HEALTH_DOWN :
		    health_state(&line->health, now_ms),
		.is_spent = line->is_spent && line->blocked_until_ms > now_ms,
		.since_ms = line->health.down_since_ms,
		.probe_at_ms = line->health.probe_at_ms,
		.good_at_ms = line->good_at_ms,
		.error_at_ms = line->error_at_ms, .error = line->error,
		.score = health_score(&line->health, &health->rules, now_ms),
		.alive = line->alive };
	return true;
}
