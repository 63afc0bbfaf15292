/* SPDX-License-Identifier: MIT */
/* calls: one job for each HTTP request to a provider. */
#include "daemon/calls_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "lib/fault.h"
#include "lib/text.h"

enum {
	LOOK_WAIT_MS = 2000,            /* the longest that a look-up waits for its turn */
	EPOCH_MS = 30000,               /* between two questions for a provider's epoch */
	EPOCH_GONE_MS = 1000,           /* the same, when a call is gone */
	CHECK_AGAIN_MS = 1000,          /* after one that did not */
};

const struct calls_provider *
calls_provider(const struct calls *calls, const char *id)
{
	for (size_t i = 0; i < calls->provider_count; i++) {
		if (strcmp(calls->providers[i].id, id) == 0)
			return &calls->providers[i];
	}
	return NULL;
}

const struct calls_provider *
calls_provider_at(const struct calls *calls, size_t index)
{
	return index < calls->provider_count ? &calls->providers[index] : NULL;
}

size_t
calls_provider_count(const struct calls *calls)
{
	return calls->provider_count;
}

const char *
calls_public_url(const struct calls *calls)
{
	return calls->public_url;
}

const struct policy *
calls_policy(const struct calls *calls)
{
	return calls->policy;
}

/* ---- jobs */

static struct job *
take_job(struct calls *calls)
{
	for (size_t i = 0; i < calls->job_count; i++) {
		size_t at = (calls->first_free + i) % calls->job_count;

		if (!calls->jobs[at].is_used) {
			calls->first_free = at + 1;
			calls->jobs[at].is_used = true;
			calls->jobs[at].generation++;
			return &calls->jobs[at];
		}
	}
	return NULL;
}

void
calls_tell(struct calls *calls, const struct record_ref *call,
    const struct event *facts)
{
	struct engine_order order = { .event = *facts, .must = true };

	order.event.to = *call;
	if (order.event.digit == 0)
		order.event.digit = -1;
	snprintf(order.event.by, sizeof(order.event.by), "provider");
	if (!engine_post(calls->engine, &order))
		log_event(LOG_LEVEL_WARNING, "answer_dropped",
		    "call=%s.%d event=%s", call->id, call->n,
		    event_kind_names[facts->kind]);
}

void
calls_tell_with_detail(struct calls *calls, const struct record_ref *call,
    enum event_kind kind, enum call_outcome outcome, const char *detail)
{
	struct event event = { .kind = kind, .outcome = outcome };

	text_copy(event.detail, sizeof(event.detail), detail);
	calls_tell(calls, call, &event);
}

/* ---- a request that follows from the answer to another */

struct carrier_request
calls_request(const struct calls_provider *provider,
    const struct provider_request *built, struct calls_window window)
{
	return (struct carrier_request){ .method = built->method,
		.url = built->url,
		.headers = (const char *const *)built->headers,
		.header_count = built->header_count, .body = built->body,
		.body_length = built->body_length,
		.timeout_ms = (long)(built->timeout_ms > 0 ?
		    built->timeout_ms : provider->timeout_ms),
		.connect_timeout_ms = (long)(provider->timeout_ms / 2),
		.start_at_ms = window.start_at_ms,
		.start_by_ms = window.start_by_ms,
		.allow_private = provider->allow_private,
		.wanted_header = built->wait_header };
}

/* Frees what was built. False: the line to the provider is full. */
static bool
send_built(struct calls *calls, struct job *job,
    struct provider_request *built, struct calls_window window)
{
	const struct calls_provider *entry = &calls->providers[job->provider];
	const struct carrier_request request = calls_request(entry, built,
	    window);

	job->is_used = carrier_send(calls->carrier, &request,
	    (uint64_t)job->generation << 32 | (uint64_t)(job - calls->jobs));
	provider_request_fini(built);
	return job->is_used;
}

/* False: it was not sent. What follows only looks, and is asked again anyway. */
bool
calls_follow(struct calls *calls, const struct job *before,
    enum provider_operation operation, const struct calls_values *values)
{
	const struct calls_provider *entry =
	    &calls->providers[before->provider];
	struct job *job = take_job(calls);
	struct provider_request built;
	uint32_t generation;
	const char *why;

	if (job == NULL)
		return false;
	generation = job->generation;
	*job = *before;
	job->is_used = true;
	job->generation = generation;
	job->operation = operation;
	job->pages = before->pages + 1;
	if (!provider_request_build(entry->provider, operation,
	        &values->values, &built, &why)) {
		log_event(LOG_LEVEL_WARNING, "provider_not_asked",
		    "call=%s.%d operation=%s error=\"%s\"", job->call.id,
		    job->call.n, provider_operation_names[operation], why);
		job->is_used = false;
		return false;
	}
	return send_built(calls, job, &built, CALLS_AT_ONCE);
}

/* About itself, and about no call. */
static void
ask_provider(struct calls *calls, size_t provider,
    enum provider_operation operation)
{
	const struct job job = { .provider = provider };
	struct calls_values values;

	values.values = calls->providers[provider].values;
	snprintf(values.now_ms, sizeof(values.now_ms), "%" PRId64,
	    store_now_ms(calls->store));
	provider_values_add(&values.values, "now_ms", values.now_ms);
	calls_follow(calls, &job, operation, &values);
}

void
calls_ask_epoch(struct calls *calls, size_t provider, bool is_gone)
{
	struct epoch *epoch = &calls->epochs[provider];
	int64_t now_ms = clock_boottime_ms();

	if (!provider_can(calls->providers[provider].provider,
	        PROVIDER_EPOCH))
		return;
	if (epoch->asked_boot_ms != 0 && epoch->asked_boot_ms +
	    (is_gone ? EPOCH_GONE_MS : EPOCH_MS) > now_ms) {
		epoch->is_wanted |= is_gone;
		return;
	}
	epoch->asked_boot_ms = now_ms;
	epoch->is_wanted = false;
	ask_provider(calls, provider, PROVIDER_EPOCH);
}

/* ---- what is asked of a provider itself */

void
calls_tick(struct calls *calls)
{
	int64_t now_ms = clock_boottime_ms();

	if (!calls->has_secret || !store_knows_time(calls->store))
		return;
	for (size_t i = 0; i < calls->provider_count; i++) {
		struct epoch *epoch = &calls->epochs[i];

		calls_ask_epoch(calls, i, epoch->is_wanted);
		if (!provider_can(calls->providers[i].provider,
		        PROVIDER_CHECK) || epoch->check_boot_ms > now_ms)
			continue;
		epoch->check_boot_ms = now_ms + CHECK_AGAIN_MS;
		ask_provider(calls, i, PROVIDER_CHECK);
	}
}

/* Each call that is known to be alive there is looked at. What is not told is, by
 * its poll. */
static void
on_live_calls(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct calls *calls = context;

	(void)tag;
	if (end != REDIS_REPLY || reply->type != REDIS_REPLY_ARRAY)
		return;
	for (size_t i = 0; i < reply->elements; i++) {
		const struct event event = { .kind = EVENT_ADVISED };
		struct record_ref call;

		if (reply->element[i]->str != NULL && record_ref_parse(
		    reply->element[i]->str, reply->element[i]->len, &call) &&
		    call.kind == RECORD_CALL)
			calls_tell(calls, &call, &event);
	}
}

void
calls_look_at_all(struct calls *calls, const char *provider)
{
	char key[ID_SIZE + 16];

	snprintf(key, sizeof(key), "calls:%s", provider);
	if (!STORE_SEND(calls->store, on_live_calls, calls, 0, "ZRANGE", key,
	        "0", "-1"))
		log_event(LOG_LEVEL_DEBUG, "calls_not_read", "provider=%s",
		    provider);
}

/* Nothing was sent: only a call that was to be placed needs to hear of it. */
static void
not_sent(struct calls *calls, const struct effect *effect, const char *why)
{
	log_event(LOG_LEVEL_ERR, "provider_not_asked",
	    "call=%s.%d operation=%s error=\"%s\"", effect->call.id,
	    effect->call.n, effect_kind_names[effect->kind], why);
	if (effect->kind == EFFECT_PLACE)
		calls_tell_with_detail(calls, &effect->call, EVENT_REJECTED,
		    OUTCOME_FAILED, why);
}

static enum provider_operation
operation_of(enum effect_kind kind, const struct call *call)
{
	switch (kind) {
	case EFFECT_PLACE:
		return call->is_customer_first ? PROVIDER_CALL_CUSTOMER :
		    PROVIDER_CALL;
	case EFFECT_HANG_UP:
		return PROVIDER_HANGUP;
	case EFFECT_LOOK_UP:
		return PROVIDER_FIND;
	case EFFECT_POLL:
		return PROVIDER_GET;
	case EFFECT_SECOND_LEG:
		return PROVIDER_SECOND_LEG;
	case EFFECT_SEND:               /* daemon/messages.c */
	case EFFECT_COUNT:
		break;
	}
	CHECK(!"every effect is an operation");
	return PROVIDER_CALL;
}

static int
under_way(const struct calls *calls, size_t provider)
{
	int count = 0;

	for (size_t i = 0; i < calls->job_count; i++)
		count += calls->jobs[i].is_used &&
		    calls->jobs[i].provider == provider;
	return count;
}

/* Milliseconds between two; 0: as often as one likes. */
static int64_t
spacing(double per_second, double per_minute)
{
	double ms = per_second > 0 ? 1000 / per_second : 0;

	if (per_minute > 0 && 60000 / per_minute > ms)
		ms = 60000 / per_minute;
	return ms > 0 ? (int64_t)ms + 1 : 0;
}

/* What only looks keeps to the provider's pace of requests, each node by itself, and
 * makes room for what does not. What would come too late is left out: the record's
 * moment brings it again. */
static bool
take_turn(struct calls *calls, const struct calls_provider *entry,
    enum provider_operation operation, int64_t *ret_start_at_ms)
{
	struct provider_limits limits = provider_limits(entry->provider);
	size_t at = (size_t)(entry - calls->providers);
	int64_t look_ms = spacing(limits.requests_per_second,
	    limits.requests_per_minute);
	int64_t find_ms = operation == PROVIDER_FIND ?
	    spacing(0, limits.find_per_minute) : 0;
	int64_t now_ms = clock_boottime_ms(), start_ms = now_ms;

	if (limits.concurrent_requests > 0 &&
	    under_way(calls, at) >= limits.concurrent_requests)
		return false;
	if (look_ms > 0 && calls->next_look_ms[at] > start_ms)
		start_ms = calls->next_look_ms[at];
	if (find_ms > 0 && calls->next_find_ms[at] > start_ms)
		start_ms = calls->next_find_ms[at];
	if (start_ms - now_ms > LOOK_WAIT_MS)
		return false;
	*ret_start_at_ms = start_ms;
	calls->next_look_ms[at] = start_ms + look_ms;
	if (find_ms > 0)
		calls->next_find_ms[at] = start_ms + find_ms;
	return true;
}

void
calls_doubt_orders(struct calls *calls, int64_t until_ms)
{
	calls->doubted_until_ms = until_ms;
}

static bool
is_doubted(const struct calls *calls, const struct calls_provider *entry)
{
	return calls->doubted_until_ms > clock_boottime_ms() &&
	    provider_can(entry->provider, PROVIDER_FIND) &&
	    !PLANTED("orders_not_doubted");
}

void
calls_do(struct calls *calls, const struct situation *situation,
    const struct effect *effect, int64_t sent_boot_ms, int64_t wait_ms)
{
	const struct call *call = situation_call_const(situation,
	    effect->call.n);
	const struct calls_provider *entry;
	enum provider_operation operation;
	struct provider_request built;
	struct calls_window window = CALLS_AT_ONCE;
	struct calls_values values;
	const char *why = "";
	struct job *job;
	char sid[SID_SIZE];
	bool is_sent;

	if (call == NULL)
		return;
	operation = operation_of(effect->kind, call);
	if (!calls->has_secret) {
		not_sent(calls, effect, "the site's secret is not read yet");
		return;
	}
	entry = calls_provider(calls, call->provider);
	if (entry == NULL) {
		not_sent(calls, effect, "no such provider is configured");
		return;
	}
	if (!provider_can(entry->provider, operation))
		return;
	if (effect->kind == EFFECT_PLACE && is_doubted(calls, entry)) {
		log_event(LOG_LEVEL_WARNING, "call_doubted", "call=%s.%d",
		    effect->call.id, effect->call.n);
		calls_tell_with_detail(calls, &effect->call, EVENT_UNKNOWN,
		    OUTCOME_NONE, "Redis has lost commits: looked up first");
		return;
	}
	calls_fill_values(calls, situation, call, &values);
	memcpy(sid, effect->sid, sizeof(sid));
	if (sid[0] == '\0' && !provider_call_id(entry->provider,
	    &values.values, sid) && (operation == PROVIDER_HANGUP ||
	    operation == PROVIDER_GET))
		return;
	if ((operation == PROVIDER_GET || operation == PROVIDER_FIND) &&
	    !take_turn(calls, entry, operation, &window.start_at_ms))
		return;
	if (sid[0] != '\0')
		provider_values_set(&values.values, "id", sid);
	if (!provider_request_build(entry->provider, operation,
	        &values.values, &built, &why)) {
		not_sent(calls, effect, why);
		return;
	}
	job = take_job(calls);
	if (job == NULL) {
		provider_request_fini(&built);
		not_sent(calls, effect, "too many requests under way");
		return;
	}
	job->call = effect->call;
	job->operation = operation;
	job->provider = (size_t)(entry - calls->providers);
	job->is_customers_number = call->is_customer_first ||
	    provider_fence(entry->provider) != FENCE_ANSWER;
	memcpy(job->sid, sid, sizeof(job->sid));
	job->is_customer_first = call->is_customer_first;
	job->is_again = effect->is_again;
	job->is_leg = sid[0] != '\0' && strcmp(sid, call->sid) != 0 &&
	    strcmp(sid, call->leg) == 0;
	memcpy(job->agent, call->to, sizeof(job->agent));
	memcpy(job->customer, call->customer, sizeof(job->customer));
	memcpy(job->caller_id, call->caller_id, sizeof(job->caller_id));
	job->placed_at_ms = call->placed_at_ms;
	job->pages = 0;
	if (effect->kind == EFFECT_PLACE) {
		CRASH_POINT("place_before_send");
		window.start_at_ms = sent_boot_ms + wait_ms;
		window.start_by_ms = window.start_at_ms + PLACE_YOUTH_MS;
	}
	/* What rings the customer is not sent once others may have gone on. */
	if (effect->kind == EFFECT_SECOND_LEG)
		window.start_by_ms = sent_boot_ms + PLACE_YOUTH_MS;
	is_sent = send_built(calls, job, &built, window);
	if (effect->kind == EFFECT_PLACE)
		CRASH_POINT("place_queued");
	if (!is_sent)
		not_sent(calls, effect, "the line to the provider is full");
}

void
calls_set_on_text(struct calls *calls, calls_on_text *on_text, void *context)
{
	calls->on_text = on_text;
	calls->text_context = context;
}

bool
calls_send_text(struct calls *calls, const struct record_ref *message,
    const struct calls_provider *provider, enum provider_operation operation,
    const struct carrier_request *request)
{
	struct job *job = take_job(calls);

	if (job == NULL)
		return false;
	job->call = *message;
	job->operation = operation;
	job->provider = provider != NULL ?
	    (size_t)(provider - calls->providers) : calls->provider_count;
	job->sid[0] = '\0';
	CRASH_POINT("text_before_send");
	job->is_used = carrier_send(calls->carrier, request,
	    (uint64_t)job->generation << 32 | (uint64_t)(job - calls->jobs));
	CRASH_POINT("text_queued");
	return job->is_used;
}

/* ---- the module */

struct calls *
calls_new(struct event_base *base, const struct carrier_limits *limits,
    const struct policy *policy, const char *public_url,
    const struct calls_provider *providers, size_t provider_count)
{
	struct calls *calls = calloc(1, sizeof(*calls));

	CHECK(calls != NULL);
	calls->policy = policy;
	snprintf(calls->public_url, sizeof(calls->public_url), "%s",
	    public_url);
	calls->providers = calloc(provider_count + 1,
	    sizeof(*calls->providers));
	CHECK(calls->providers != NULL);
	if (provider_count > 0)
		memcpy(calls->providers, providers,
		    provider_count * sizeof(*providers));
	calls->provider_count = provider_count;
	calls->epochs = calloc(provider_count + 1, sizeof(*calls->epochs));
	CHECK(calls->epochs != NULL);
	calls->job_count = limits->in_flight_max + limits->queue_max;
	calls->jobs = calloc(calls->job_count, sizeof(*calls->jobs));
	CHECK(calls->jobs != NULL);
	calls->carrier = carrier_new(base, limits, calls, calls_on_answer);
	return calls;
}

void
calls_free(struct calls *calls)
{
	if (calls == NULL)
		return;
	carrier_free(calls->carrier);
	for (size_t i = 0; i < calls->provider_count; i++)
		provider_free(calls->providers[i].provider);
	free(calls->providers);
	free(calls->epochs);
	free(calls->jobs);
	free(calls);
}

void
calls_set_engine(struct calls *calls, struct engine *engine,
    struct store *store)
{
	calls->engine = engine;
	calls->store = store;
}

void
calls_set_news(struct calls *calls, calls_on_news *on_news, void *context)
{
	calls->on_news = on_news;
	calls->news_context = context;
}

void
calls_set_on_check(struct calls *calls, calls_on_check *on_check, void *context)
{
	calls->on_check = on_check;
	calls->check_context = context;
}

void
calls_set_on_alarm(struct calls *calls, calls_on_alarm *on_alarm, void *context)
{
	calls->on_alarm = on_alarm;
	calls->alarm_context = context;
}

void
calls_set_policy(struct calls *calls, const struct policy *policy)
{
	calls->policy = policy;
}

void
calls_run(struct calls *calls)
{
	carrier_drain(calls->carrier);
}

bool
calls_has_work(struct calls *calls)
{
	return carrier_has_work(calls->carrier);
}

size_t
calls_in_flight(struct calls *calls)
{
	return carrier_in_flight(calls->carrier);
}
