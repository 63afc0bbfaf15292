/* SPDX-License-Identifier: MIT */
/* alarms: one group for each cause, looked at each second. */
#include "daemon/alarms.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "lib/hours.h"
#include "lib/text.h"

enum {
	LOOK_MS = 2000,         /* between two looks at who works on a queue */
	PEOPLE_MAX = 1024,      /* asked about at once; who is not counts as at work */
	FORGET_MS = 1,          /* a key that is to go */
	LASTS_MS = 10000,       /* a queue with nobody: an event, and told with nobody waiting */
};

/* So many keys are counted, and one more. */
#define ASIDE_LAST "99"

struct group {
	int count;              /* how it stands now, on the whole site */
	int unsent;             /* of what is counted: not yet in Redis */
	char detail[ADDRESS_SIZE];
	bool is_asking;         /* for what was told */
	int64_t next_ms;        /* not looked at again before then; monotonic */
	int told;               /* messages under way */
};

enum seen { SEEN_NOT_ASKED, SEEN_AT_WORK, SEEN_AWAY, SEEN_PAUSED, SEEN_OFF_SHIFT };

/* One queue, as this node sees it. */
struct watch {
	char queue[ID_SIZE];
	int64_t since_ms;       /* unattended; monotonic; 0: it is not */
	const char *why;        /* "": it is not */
	enum { WRITTEN_NOTHING, WRITTEN_ATTENDED, WRITTEN_UNATTENDED } written;
};

/* Whether anybody works on the queues where nobody is idle. */
struct look {
	struct alarms *alarms;
	size_t outstanding;
	unsigned char *seen;    /* enum seen of each of the policy's specialists */
	bool has_failed;        /* or is of a policy that is gone */
};

struct alarms {
	struct store *store;
	struct engine *engine;
	struct matcher *matcher;
	struct people *people;
	const struct policy *policy;
	struct group groups[ALARM_COUNT];
	struct look look;
	int64_t next_look_ms;
	struct watch *watches;  size_t watch_count;
};

/* An entry of events on its way. */
struct noting {
	struct alarms *alarms;
	char line[192];
};

static bool
alarms_are_told(const struct alarms *alarms)
{
	const struct alarm_policy *policy = &alarms->policy->alarms;

	for (size_t i = 0; i < policy->to_count; i++)
		if (!policy->is_named[i])
			return true;
	return false;
}

/* These happen, and are over when none has for a while; the others last. */
static bool
is_counted(enum alarm_cause cause)
{
	return cause == ALARM_REJECTED || cause == ALARM_MAYBE_CALLED ||
	    cause == ALARM_PROVIDER_REFUSES || cause == ALARM_LAST_ONE ||
	    cause == ALARM_DECLINED;
}

/* ---- messages */

struct telling {
	struct alarms *alarms;
	enum alarm_cause cause;
	bool is_over, is_first;         /* of the targets: one says for all that it was told */
	int count;
};

/* Lost with a connection, it may count or not: an alarm is no account. */
static void
on_added(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	(void)context;
	(void)tag;
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_INTEGER)
		log_event(LOG_LEVEL_WARNING, "alarm_not_counted", "%s", "");
}

/* What happened and was not told of, all nodes together: "alarm:CAUSE:count". */
static bool
add_to_count(struct alarms *alarms, enum alarm_cause cause, int count)
{
	char key[KEY_SIZE], number[16];

	snprintf(key, sizeof(key), "alarm:%s:count", alarm_cause_names[cause]);
	snprintf(number, sizeof(number), "%d", count);
	return STORE_SEND(alarms->store, on_added, NULL, 0, "INCRBY", key, number);
}

static void
on_posted(void *context, uint64_t tag, const struct engine_result *result)
{
	struct telling *telling = context;
	struct group *group = &telling->alarms->groups[telling->cause];

	(void)tag;
	group->told--;
	if (result->end == ENGINE_DONE)
		log_event(telling->is_over ? LOG_LEVEL_NOTICE :
		    LOG_LEVEL_WARNING, telling->is_over ? "alarm_over" :
		    "alarm", "cause=%s count=%d detail=\"%s\"",
		    alarm_cause_names[telling->cause], telling->count,
		    group->detail);
	/* Told of once, to however many; what came meanwhile is news. */
	if (result->end == ENGINE_DONE && is_counted(telling->cause) &&
	    telling->is_first && telling->count > 0 && !add_to_count(
	        telling->alarms, telling->cause, -telling->count))
		group->unsent -= telling->count;
	free(telling);
}

/* A name that is an address itself, or the specialist's. */
static const char *
address_of(const struct policy *policy, const char *target)
{
	const struct specialist_policy *specialist;

	if (target[0] == '+' || strncmp(target, "chat:", 5) == 0)
		return target;
	specialist = policy_specialist(policy, target);
	return specialist == NULL ? "" : message_address(policy, specialist);
}

static const char *
language_of(const struct policy *policy, const char *target)
{
	const struct specialist_policy *specialist =
	    policy_specialist(policy, target);

	return specialist != NULL ? specialist->language : policy->language;
}

/* What is told of: of queues with nobody, how many wait there, which may be none. */
static int
shown_count(const struct alarms *alarms, enum alarm_cause cause)
{
	int count = alarms->groups[cause].count;

	return cause == ALARM_UNATTENDED && count > 0 ? count - 1 : count;
}

static bool
fill(const struct alarms *alarms, enum alarm_cause cause, size_t target,
    bool is_over, int64_t since_ms, struct message *message)
{
	const struct policy *policy = alarms->policy;
	const struct group *group = &alarms->groups[cause];
	const char *name = policy->alarms.to[target];
	int64_t now_ms = store_now_ms(alarms->store);

	memset(message, 0, sizeof(*message));
	message->kind = is_over ? TEXT_ALARM_OVER : TEXT_ALARM;
	message->cause = cause;
	message->count = shown_count(alarms, cause);
	message->since_ms = since_ms;
	message->stale_at_ms = now_ms + policy->alarms.at_most_ms;
	snprintf(message->detail, sizeof(message->detail), "%s",
	    group->detail);
	snprintf(message->locale, sizeof(message->locale), "%s",
	    language_of(policy, name));
	/* There is one end of what began then, whoever sees it. */
	snprintf(message->id, sizeof(message->id), "staff.%s.%" PRId64
	    ".%zu%s", alarm_cause_names[cause], is_over ? since_ms : now_ms,
	    target + 1, is_over ? ".over" : "");
	if (policy->alarms.urls[target] != NULL)
		message->target = (int)target + 1;
	else
		snprintf(message->to, sizeof(message->to), "%s",
		    address_of(policy, name));
	return message->target != 0 || message->to[0] != '\0';
}

/* False: nobody is told. */
static bool
post(struct alarms *alarms, enum alarm_cause cause, size_t target,
    bool is_over, bool is_first, int64_t since_ms)
{
	struct situation *fresh = calloc(1, sizeof(*fresh));
	struct telling *telling = calloc(1, sizeof(*telling));
	struct engine_order order = { .event = { .kind = EVENT_ARRIVED,
		.digit = -1 }, .fresh = fresh, .on_result = on_posted,
		.context = telling };
	char pace[KEY_SIZE], last[KEY_SIZE], mark[KEY_SIZE], value[48];
	bool is_posted = false;

	CHECK(fresh != NULL && telling != NULL);
	telling->alarms = alarms;
	telling->cause = cause;
	telling->is_over = is_over;
	telling->is_first = is_first;
	telling->count = shown_count(alarms, cause);
	snprintf(mark, sizeof(mark), "alarm:%s", alarm_cause_names[cause]);
	snprintf(pace, sizeof(pace), "%s:%zu", mark, target + 1);
	snprintf(last, sizeof(last), "%s:%zu", mark,
	    alarms->policy->alarms.to_count);
	snprintf(value, sizeof(value), "%" PRId64 " %d", since_ms,
	    alarms->groups[cause].count);
	/* Only the first forgets what was told: whoever is refused is asked again then. */
	if (!is_over || is_first) {
		order.mark_key = mark;
		order.mark_value = is_over ? "" : value;
		order.mark_ms = is_over ? FORGET_MS : 0;
	}
	if (!is_over) {
		order.hold_key = pace;
		order.hold_ms = alarms->policy->alarms.at_most_ms;
	} else if (is_counted(cause)) {
		/* The end is told to all when it may be told to the last: their own
		 * moments are a hair apart. */
		order.hold_key = last;
	}
	if (fill(alarms, cause, target, is_over, since_ms, &fresh->message)) {
		order.event.to = record_ref_message(fresh->message.id);
		is_posted = engine_post(alarms->engine, &order);
	}
	if (!is_posted)
		free(telling);
	alarms->groups[cause].told += is_posted;
	free(fresh);
	return is_posted;
}

/* Somebody else is on duty for the queue that they stand for. */
static bool
stands_back(const struct alarms *alarms, size_t target)
{
	const struct alarm_policy *policy = &alarms->policy->alarms;
	const struct duty_now *duty = people_on_duty(alarms->people);

	return policy->of[target][0] != '\0' &&
	    duty_has_any(duty, policy->of[target]) &&
	    !duty_has(duty, policy->of[target], policy->to[target]);
}

static void
tell(struct alarms *alarms, enum alarm_cause cause, bool is_over,
    int64_t since_ms)
{
	bool is_first = true;

	for (size_t i = 0; i < alarms->policy->alarms.to_count; i++) {
		if (alarms->policy->alarms.is_named[i] || stands_back(alarms, i))
			continue;
		is_first &= !post(alarms, cause, i, is_over, is_first,
		    since_ms);
	}
}

/* ---- what was told, and how it stands */

/* "SINCE COUNT", or nothing. */
static void
compare(struct alarms *alarms, enum alarm_cause cause, const char *told)
{
	struct group *group = &alarms->groups[cause];
	/* What is told too early is refused by its commit. */
	int64_t since_ms = 0, again_ms = clock_monotonic_ms() +
	    alarms->policy->alarms.at_most_ms / 4;
	int count = 0;

	if (told != NULL && sscanf(told, "%" SCNd64 " %d", &since_ms,
	    &count) != 2)
		since_ms = 0;
	if (since_ms == 0 && group->count > 0) {
		tell(alarms, cause, false, store_now_ms(alarms->store));
	} else if (since_ms != 0 && group->count > (is_counted(cause) ? 0 :
	        count)) {
		tell(alarms, cause, false, since_ms);
		group->next_ms = again_ms;
	} else if (since_ms != 0 && group->count == 0) {
		tell(alarms, cause, true, since_ms);
		group->next_ms = is_counted(cause) ? again_ms : 0;
	}
}

struct asking {
	struct alarms *alarms;
	enum alarm_cause cause;
};

static void
on_told(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct asking *asking = context;
	struct group *group = &asking->alarms->groups[asking->cause];

	(void)tag;
	group->is_asking = false;
	if (end == REDIS_REPLY && (reply->type == REDIS_REPLY_STRING ||
	        reply->type == REDIS_REPLY_NIL))
		compare(asking->alarms, asking->cause, reply->str);
	free(asking);
}

static void
ask_told(struct alarms *alarms, enum alarm_cause cause)
{
	struct group *group = &alarms->groups[cause];
	struct asking *asking;
	char key[KEY_SIZE];

	if (group->is_asking || group->told > 0 ||
	    clock_monotonic_ms() < group->next_ms)
		return;
	asking = calloc(1, sizeof(*asking));
	CHECK(asking != NULL);
	*asking = (struct asking){ alarms, cause };
	snprintf(key, sizeof(key), "alarm:%s", alarm_cause_names[cause]);
	group->is_asking = STORE_SEND(alarms->store, on_told, asking, 0, "GET",
	    key);
	if (!group->is_asking)
		free(asking);
}

/* ---- what happened */

static void
on_happened(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct alarms *alarms = context;
	enum alarm_cause cause = (enum alarm_cause)tag;

	if (end != REDIS_REPLY || (reply->type != REDIS_REPLY_STRING &&
	        reply->type != REDIS_REPLY_NIL))
		return;
	/* Two nodes may have told of the same. */
	alarms->groups[cause].count = reply->str != NULL &&
	    atoi(reply->str) > 0 ? atoi(reply->str) : 0;
	ask_told(alarms, cause);
}

static void
look_at_count(struct alarms *alarms, enum alarm_cause cause)
{
	struct group *group = &alarms->groups[cause];
	char key[KEY_SIZE];

	if (group->unsent != 0 && add_to_count(alarms, cause, group->unsent))
		group->unsent = 0;
	snprintf(key, sizeof(key), "alarm:%s:count", alarm_cause_names[cause]);
	if (group->unsent != 0 || !STORE_SEND(alarms->store, on_happened,
	        alarms, (uint64_t)cause, "GET", key))
		log_event(LOG_LEVEL_DEBUG, "alarms_wait", "%s", "");
}

/* ---- who is late */

static void
on_late(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct alarms *alarms = context;

	(void)tag;
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_INTEGER)
		return;
	alarms_set(alarms, ALARM_LATE, (int)reply->integer, "");
	ask_told(alarms, ALARM_LATE);
}

/* ---- what was set aside */

static void
on_aside(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct alarms *alarms = context;
	char detail[ADDRESS_SIZE] = "";

	(void)tag;
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_ARRAY)
		return;
	for (size_t i = 0; i < reply->elements; i++) {
		const char *key = reply->element[i]->str;
		size_t length = strlen(detail);

		/* Whole names only. */
		if (key != NULL && length + strlen(key) + 3 < sizeof(detail))
			snprintf(detail + length, sizeof(detail) - length,
			    "%s%s", length > 0 ? ", " : "", key);
	}
	alarms_set(alarms, ALARM_SET_ASIDE, (int)reply->elements, detail);
	ask_told(alarms, ALARM_SET_ASIDE);
}

/* ---- where nobody works */

static bool
is_attended(const struct look *look, const struct queue_policy *queue)
{
	const struct alarms *alarms = look->alarms;
	const struct policy *policy = alarms->policy;

	if (matcher_ready_count(alarms->matcher, queue->id) > 0)
		return true;
	for (size_t i = 0; i < policy->specialist_count; i++) {
		if (look->seen[i] <= SEEN_AT_WORK &&
		    policy_level(&policy->specialists[i], queue->id) > 0)
			return true;
	}
	return false;
}

static void
on_written(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	(void)context;
	(void)tag;
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_STRING)
		log_event(LOG_LEVEL_WARNING, "event_lost", "%s", "");
}

static struct watch *
watch_of(struct alarms *alarms, const char *queue)
{
	struct watch *watch;

	for (size_t i = 0; i < alarms->watch_count; i++)
		if (strcmp(alarms->watches[i].queue, queue) == 0)
			return &alarms->watches[i];
	alarms->watches = realloc(alarms->watches, (alarms->watch_count + 1) *
	    sizeof(*alarms->watches));
	CHECK(alarms->watches != NULL);
	watch = &alarms->watches[alarms->watch_count++];
	memset(watch, 0, sizeof(*watch));
	memcpy(watch->queue, queue, ID_SIZE);
	return watch;
}

/* Who wins the field of "unattended" writes the entry: all nodes together, once. */
static void
on_noted(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct noting *noting = context;
	struct alarms *alarms = noting->alarms;

	(void)tag;
	if (end == REDIS_REPLY && reply->type == REDIS_REPLY_INTEGER &&
	    reply->integer == 1 && !STORE_SEND(alarms->store, on_written, NULL,
	        0, "XADD", "events", "*", "", noting->line))
		log_event(LOG_LEVEL_WARNING, "event_lost", "line=\"%s\"",
		    noting->line);
	free(noting);
}

/* An entry of "events", as of a record that has no story: a queue's states are
 * attended and unattended. False: not sent. */
static bool
write_event(struct alarms *alarms, const struct queue_policy *queue,
    bool is_unattended, size_t waiting, const char *why)
{
	struct noting *noting = calloc(1, sizeof(*noting));
	char since[24];
	bool is_sent;

	CHECK(noting != NULL);
	noting->alarms = alarms;
	snprintf(since, sizeof(since), "%" PRId64, store_now_ms(alarms->store));
	snprintf(noting->line, sizeof(noting->line), "%s queue:%s %s %s "
	    "%s - - waiting=%zu%s%s", since, queue->id,
	    is_unattended ? "attended" : "unattended",
	    is_unattended ? "unattended" : "attended",
	    is_unattended ? "queue_unattended" : "queue_attended", waiting,
	    why[0] != '\0' ? " why=" : "", why);
	is_sent = is_unattended ? STORE_SEND(alarms->store, on_noted, noting, 0,
	    "HSETNX", "unattended", queue->id, since) :
	    STORE_SEND(alarms->store, on_noted, noting, 0, "HDEL",
	        "unattended", queue->id);
	if (!is_sent)
		free(noting);
	return is_sent;
}

/* What keeps those away who serve it: a pause, as long as one of them is at work but
 * for it; else the shift; else that they chose to be off, or are not seen. */
static const char *
why_away(const struct look *look, const struct queue_policy *queue)
{
	const struct policy *policy = look->alarms->policy;
	bool is_paused = false, is_off_shift = false;

	for (size_t i = 0; i < policy->specialist_count; i++) {
		if (policy_level(&policy->specialists[i], queue->id) == 0)
			continue;
		is_paused |= look->seen[i] == SEEN_PAUSED;
		is_off_shift |= look->seen[i] == SEEN_OFF_SHIFT;
	}
	return is_paused ? "all_paused" : is_off_shift ? "no_one_on_shift" :
	    "all_away";
}

/* Said in the log at once, and once when it is over; as an event when it has lasted.
 * True: it has. */
static bool
note_queue(struct alarms *alarms, const struct queue_policy *queue,
    bool is_unattended, size_t waiting, const char *why)
{
	struct watch *watch = watch_of(alarms, queue->id);
	int64_t now_ms = clock_monotonic_ms();
	bool was_unattended = watch->since_ms != 0, has_lasted;

	watch->why = why;
	if (was_unattended != is_unattended) {
		watch->since_ms = is_unattended ? now_ms : 0;
		log_event(is_unattended ? LOG_LEVEL_WARNING :
		    LOG_LEVEL_NOTICE, is_unattended ? "queue_unattended" :
		    "queue_attended", "queue=%s waiting=%zu%s%s", queue->id,
		    waiting, why[0] != '\0' ? " why=" : "", why);
	}
	has_lasted = is_unattended && now_ms - watch->since_ms >= LASTS_MS;
	/* By a node that is gone, it may stand there yet. */
	if (has_lasted != is_unattended ||
	    watch->written == (has_lasted ? WRITTEN_UNATTENDED :
	        WRITTEN_ATTENDED))
		return has_lasted;
	if (write_event(alarms, queue, is_unattended, waiting, why))
		watch->written = has_lasted ? WRITTEN_UNATTENDED :
		    WRITTEN_ATTENDED;
	return has_lasted;
}

static void
judge_queues(struct look *look)
{
	struct alarms *alarms = look->alarms;
	const struct policy *policy = alarms->policy;
	int64_t now_ms = store_now_ms(alarms->store);
	char detail[ADDRESS_SIZE] = "";
	int count = 0;

	for (size_t q = 0; q < policy->queue_count; q++) {
		const struct queue_policy *queue = &policy->queues[q];
		bool is_unattended = queue->closed_until_ms <= now_ms &&
		    hours_is_open(policy_hours(policy, queue->id),
		        now_ms) &&
		    !is_attended(look, queue);
		size_t waiting = matcher_waiting_count(alarms->matcher,
		    queue->id), length = strlen(detail);

		bool has_lasted = note_queue(alarms, queue, is_unattended,
		    waiting, is_unattended ? why_away(look, queue) : "");

		if (!is_unattended || (waiting == 0 && !has_lasted))
			continue;
		/* Above 0 also with nobody waiting; see shown_count. */
		count += (int)waiting + (count == 0 ? 1 : 0);
		/* Whole titles only: half of one is no name. */
		if (length + strlen(queue->title) + 3 < sizeof(detail))
			snprintf(detail + length, sizeof(detail) - length,
			    "%s%s", length > 0 ? ", " : "", queue->title);
	}
	if (!alarms_are_told(alarms) ||
	    !policy->alarms.on[ALARM_UNATTENDED])
		return;
	alarms_set(alarms, ALARM_UNATTENDED, count, detail);
	ask_told(alarms, ALARM_UNATTENDED);
}

static void
end_look(struct look *look)
{
	if (!look->has_failed)
		judge_queues(look);
	free(look->seen);
	look->seen = NULL;
}

/* NULL: not imported yet. */
static unsigned char
seen_of(const struct look *look, const struct specialist_policy *who,
    const char *state, const char *status)
{
	int64_t now_ms = store_now_ms(look->alarms->store);

	if (state == NULL || status == NULL)
		return SEEN_AWAY;
	if (strcmp(state, specialist_state_names[SPECIALIST_AWAY]) != 0)
		return SEEN_AT_WORK;
	if (strcmp(status, status_names[STATUS_OFF]) == 0)
		return SEEN_AWAY;
	if (who->shift == NULL ? who->is_duty :
	    !hours_is_open(who->shift, now_ms))
		return SEEN_OFF_SHIFT;
	return strcmp(status, status_names[STATUS_PAUSED]) == 0 ? SEEN_PAUSED :
	    SEEN_AWAY;
}

static void
on_person(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct look *look = context;

	look->has_failed |= end != REDIS_REPLY;
	/* Of a policy that is gone, the tag means somebody else. */
	if (!look->has_failed && reply->type == REDIS_REPLY_ARRAY &&
	    reply->elements == 2)
		look->seen[tag] = seen_of(look, &look->alarms->policy->
		    specialists[tag], reply->element[0]->str,
		    reply->element[1]->str);
	else if (!look->has_failed)
		look->seen[tag] = SEEN_AWAY;
	if (--look->outstanding == 0)
		end_look(look);
}

/* Only who serves a queue in which nobody is idle. */
static bool
is_worth_asking(const struct alarms *alarms,
    const struct specialist_policy *one)
{
	for (size_t i = 0; i < one->queue_count; i++) {
		if (matcher_ready_count(alarms->matcher,
		        one->queues[i].id) == 0)
			return true;
	}
	return false;
}

static void
look_around(struct alarms *alarms)
{
	const struct policy *policy = alarms->policy;
	struct look *look = &alarms->look;
	int64_t now_ms = clock_monotonic_ms();
	size_t asked = 0;

	if (look->outstanding > 0 || now_ms < alarms->next_look_ms)
		return;
	alarms->next_look_ms = now_ms + LOOK_MS;
	look->alarms = alarms;
	look->has_failed = false;
	look->seen = calloc(policy->specialist_count + 1, 1);
	CHECK(look->seen != NULL);
	look->outstanding = 1;
	for (size_t i = 0; i < policy->specialist_count &&
	    asked < PEOPLE_MAX; i++) {
		const struct specialist_policy *one = &policy->specialists[i];
		struct record_ref ref = record_ref_specialist(one->id);
		char key[KEY_SIZE];

		if (!is_worth_asking(alarms, one))
			continue;
		record_key(&ref, key);
		asked++;
		if (STORE_SEND(alarms->store, on_person, look, i, "HMGET", key,
		        "state", "status"))
			look->outstanding++;
		else
			look->has_failed = true;
	}
	if (--look->outstanding == 0)
		end_look(look);
}

/* ---- the module */

void
alarms_count(struct alarms *alarms, enum alarm_cause cause, const char *detail)
{
	struct group *group = &alarms->groups[cause];
	size_t length = strlen(group->detail);

	/* What was told of is told; only its end still names it. */
	if (group->unsent++ == 0 && group->count == 0)
		text_copy(group->detail, sizeof(group->detail), detail);
	else if (strstr(group->detail, detail) == NULL &&
	    length + strlen(detail) + 3 < sizeof(group->detail))
		snprintf(group->detail + length, sizeof(group->detail) -
		    length, "%s%s", length > 0 ? ", " : "", detail);
}

void
alarms_set(struct alarms *alarms, enum alarm_cause cause, int count,
    const char *detail)
{
	struct group *group = &alarms->groups[cause];

	group->count = count;
	/* The end names what it is the end of. */
	if (count > 0)
		snprintf(group->detail, sizeof(group->detail), "%s", detail);
}

/* So many were ignored that anybody but the last one would be paused. */
static void
count_last_one(struct alarms *alarms, const struct outcome *outcome,
    const struct move *move)
{
	const struct specialist *s;

	if (move->record.kind != RECORD_SPECIALIST ||
	    move->to != SPECIALIST_RESTING ||
	    (move->event != EVENT_LAPSED && (move->event != EVENT_CALL_OVER ||
	        move->from != SPECIALIST_BUSY)))
		return;
	s = situation_specialist_const(&outcome->after, move->record.id);
	if (s == NULL || s->state != SPECIALIST_RESTING ||
	    alarms->policy->ignored_pause == 0 ||
	    s->ignored_count < alarms->policy->ignored_pause)
		return;
	alarms_count(alarms, ALARM_LAST_ONE,
	    s->name[0] != '\0' ? s->name : s->id);
}

void
alarms_on_committed(struct alarms *alarms, const struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->move_count; i++) {
		if (outcome->moves[i].record.kind == RECORD_REQUEST &&
		    outcome->moves[i].event == EVENT_CALL_LOST &&
		    outcome->moves[i].to == REQUEST_REFERRED)
			alarms_count(alarms, ALARM_MAYBE_CALLED, "");
		count_last_one(alarms, outcome, &outcome->moves[i]);
	}
}

void
alarms_tick(struct alarms *alarms)
{
	const struct alarm_policy *policy = &alarms->policy->alarms;

	if (!store_is_up(alarms->store) || !store_knows_time(alarms->store))
		return;
	look_around(alarms);
	if (!alarms_are_told(alarms))
		return;
	if (policy->on[ALARM_LATE] && !STORE_SEND(alarms->store, on_late,
	        alarms, 0, "ZCARD", "late"))
		log_event(LOG_LEVEL_DEBUG, "alarms_wait", "%s", "");
	if (policy->on[ALARM_SET_ASIDE] && !STORE_SEND(alarms->store, on_aside,
	        alarms, 0, "ZRANGE", "aside", "0", ASIDE_LAST, "REV"))
		log_event(LOG_LEVEL_DEBUG, "alarms_wait", "%s", "");
	for (int cause = ALARM_PROVIDER_DOWN; cause < ALARM_NEAR; cause++) {
		if (policy->on[cause] && is_counted((enum alarm_cause)cause))
			look_at_count(alarms, (enum alarm_cause)cause);
		else if (policy->on[cause] && cause != ALARM_SET_ASIDE)
			ask_told(alarms, (enum alarm_cause)cause);
	}
}

struct alarms *
alarms_new(struct store *store, struct engine *engine,
    struct matcher *matcher, struct people *people,
    const struct policy *policy)
{
	struct alarms *alarms = calloc(1, sizeof(*alarms));

	CHECK(alarms != NULL);
	alarms->store = store;
	alarms->engine = engine;
	alarms->matcher = matcher;
	alarms->people = people;
	alarms->policy = policy;
	return alarms;
}

void
alarms_free(struct alarms *alarms)
{
	free(alarms->look.seen);
	free(alarms->watches);
	free(alarms);
}

void
alarms_set_policy(struct alarms *alarms, const struct policy *policy)
{
	alarms->policy = policy;
	alarms->look.has_failed = true;         /* of one under way */
}
