/* SPDX-License-Identifier: MIT */
/* calls: one job for each HTTP request to a provider. */
#include "daemon/calls.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "lib/fault.h"
#include "lib/text.h"

struct job {
	bool is_used;
	uint32_t generation;
	struct record_ref call;
	enum provider_operation operation;
	size_t provider;                /* its place in the list */
	bool is_customers_number;       /* a refused number is the customer's */
	bool is_customer_first;
	bool is_again;                  /* SECOND_LEG: not the first order */
	bool is_leg;                    /* GET, HANGUP: `sid` is of the customer's leg */
	int pages;                      /* FIND: read so far */
	char sid[SID_SIZE];
	/* For the request that may follow this one. */
	char agent[ADDRESS_SIZE], customer[PHONE_SIZE], caller_id[PHONE_SIZE];
	int64_t placed_at_ms;
};

/* What a provider says of itself, asked beside its calls. */
struct epoch {
	char value[PROVIDER_ID_SIZE];   /* "": not known yet */
	int64_t asked_boot_ms;
	bool is_wanted;                 /* a call is gone: with the next tick */
	int64_t changed_at_ms;          /* its calls of before are dead; 0: not seen */
	int64_t check_boot_ms;          /* the next `check` */
};

struct calls {
	struct epoch *epochs;           /* one for each provider */
	struct carrier *carrier;
	struct engine *engine;
	struct store *store;
	const struct policy *policy;
	char public_url[256];
	struct calls_provider *providers;  size_t provider_count;
	unsigned char secret[SECRET_SIZE];
	bool has_secret;
	struct job *jobs;  size_t job_count, first_free;
	calls_on_text *on_text;  void *text_context;
	int64_t next_look_ms[PROVIDER_ORDER_MAX];  /* boot time */
	int64_t next_find_ms[PROVIDER_ORDER_MAX];
	calls_on_news *on_news;  void *news_context;
	calls_on_check *on_check;  void *check_context;
	calls_on_alarm *on_alarm;  void *alarm_context;
};

enum {
	LOOK_WAIT_MS = 2000,            /* the longest that a look-up waits for its turn */
	EPOCH_MS = 30000,               /* between two questions for a provider's epoch */
	EPOCH_GONE_MS = 1000,           /* the same, when a call is gone */
	CHECK_MS = 60000,               /* between two checks that went well */
	CHECK_AGAIN_MS = 1000,          /* after one that did not */
	PAGES_MAX = 3,                  /* of a list that is looked through */
};

/* ---- tokens */

static void
make_token(const struct calls *calls, const struct record_ref *call,
    char ret_token[TOKEN_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	char text[ID_SIZE + KEY_SIZE], key[KEY_SIZE];

	record_key(call, key);
	snprintf(text, sizeof(text), "%s %s", calls->policy->site, key);
	CHECK(calls->has_secret);
	CHECK(HMAC(EVP_sha256(), calls->secret, SECRET_SIZE,
	    (const unsigned char *)text, strlen(text), digest, &length) !=
	    NULL);
	for (size_t i = 0; i < (TOKEN_SIZE - 1) / 2; i++)
		snprintf(ret_token + i * 2, 3, "%02x", digest[i]);
}

bool
calls_token_is_right(const struct calls *calls, const struct record_ref *call,
    const char *token)
{
	char right[TOKEN_SIZE];

	if (PLANTED("token_unchecked"))
		return true;
	if (!calls->has_secret || strlen(token) != TOKEN_SIZE - 1)
		return false;
	make_token(calls, call, right);
	return CRYPTO_memcmp(right, token, TOKEN_SIZE - 1) == 0;
}

void
calls_token(const struct calls *calls, const struct record_ref *ref,
    char ret_token[TOKEN_SIZE])
{
	make_token(calls, ref, ret_token);
}

void
calls_job(const struct calls *calls, const struct record_ref *ref,
    char ret_job[PROVIDER_JOB_SIZE])
{
	char token[TOKEN_SIZE], key[KEY_SIZE];

	record_key(ref, key);
	make_token(calls, ref, token);
	snprintf(ret_job, PROVIDER_JOB_SIZE, "%.62s.%s", strchr(key, ':') + 1,
	    token);
}

bool
calls_read_job(const struct calls *calls, const char *job,
    struct record_ref *ret_message)
{
	const char *dot = strrchr(job, '.');
	char id[MESSAGE_ID_SIZE];

	if (dot == NULL || dot == job || dot - job >= MESSAGE_ID_SIZE)
		return false;
	memcpy(id, job, (size_t)(dot - job));
	id[dot - job] = '\0';
	*ret_message = record_ref_message(id);
	return calls_token_is_right(calls, ret_message, dot + 1);
}

void
calls_set_secret(struct calls *calls, const unsigned char secret[SECRET_SIZE])
{
	memcpy(calls->secret, secret, SECRET_SIZE);
	calls->has_secret = true;
}

bool
calls_has_secret(const struct calls *calls)
{
	return calls->has_secret;
}

/* ---- providers and values */

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

static void
seconds_text(int64_t duration_ms, char *ret_text, size_t size)
{
	snprintf(ret_text, size, "%" PRId64, (duration_ms + 999) / 1000);
}

/* What is said, and whether more than that is asked of the provider. */
static void
fill_words(const struct policy *policy, const struct request *request,
    const char *language, struct calls_values *ret)
{
	const struct queue_policy *queue =
	    policy_queue(policy, request->queue);
	const char *customers = spoken_customers_language(policy, queue,
	    request->locale);
	struct provider_values *values = &ret->values;

	spoken_whisper(policy, request, "", language, ret->whisper,
	    sizeof(ret->whisper));
	spoken_result(policy, language, ret->result, sizeof(ret->result));
	spoken_greeting(policy, queue, customers, ret->greeting,
	    sizeof(ret->greeting));
	spoken_confirm(policy, queue, customers, ret->confirm,
	    sizeof(ret->confirm));
	spoken_voicemail(policy, queue, ret->voicemail,
	    sizeof(ret->voicemail));
	provider_values_add(values, "lang", language);
	provider_values_add(values, "customer_lang", customers);
	provider_values_add(values, "whisper_text", ret->whisper);
	provider_values_add(values, "goodbye_text", spoken_goodbye(language));
	provider_values_add(values, "wait_text", spoken_wait(language));
	provider_values_add(values, "result_text", ret->result);
	provider_values_add(values, "record_text", spoken_recorded(language));
	provider_values_add(values, "greeting", ret->greeting);
	provider_values_add(values, "confirm_text", ret->confirm);
	provider_values_add(values, "voicemail_text", ret->voicemail);
	provider_values_add(values, "record",
	    queue != NULL && queue->records ? "yes" : "");
	provider_values_add(values, "detect",
	    queue != NULL && queue->detects_machine ? "yes" : "");
}

/* What a provider sends back to say which call it means. */
static void
job_text(const struct record_ref *call, const char *token,
    char ret_job[PROVIDER_JOB_SIZE])
{
	snprintf(ret_job, PROVIDER_JOB_SIZE, "%s.%d.%s", call->id, call->n,
	    token);
}

void
calls_fill_values(struct calls *calls, const struct situation *situation,
    const struct call *call, struct calls_values *ret)
{
	const struct policy *policy = calls->policy;
	const struct request *request = &situation->request;
	const struct calls_provider *entry =
	    calls_provider(calls, call->provider);
	const struct specialist_policy *who =
	    policy_specialist(policy, call->specialist);
	const struct queue_policy *queue =
	    policy_queue(policy, request->queue);
	const char *language = who != NULL && who->language[0] != '\0' ?
	    who->language : policy->language;
	struct record_ref ref = record_ref_call(call->request, call->n);
	struct provider_values *values = &ret->values;

	memset(values, 0, sizeof(*values));
	if (entry != NULL)
		*values = entry->values;
	make_token(calls, &ref, ret->token);
	snprintf(ret->hook, sizeof(ret->hook), "%s/hooks/%s/%s.%d/%s",
	    calls->public_url, call->provider, call->request, call->n,
	    ret->token);
	job_text(&ref, ret->token, ret->job);
	seconds_text(policy->ring_ms, ret->ring, sizeof(ret->ring));
	seconds_text(policy->agent_ring_ms, ret->agent_ring,
	    sizeof(ret->agent_ring));
	seconds_text(policy->call_max_ms, ret->call_max,
	    sizeof(ret->call_max));
	snprintf(ret->now_ms, sizeof(ret->now_ms), "%" PRId64,
	    store_now_ms(calls->store));
	snprintf(ret->since_ms, sizeof(ret->since_ms), "%" PRId64,
	    call->placed_at_ms);
	provider_values_add(values, "to", call->is_customer_first ?
	    call->customer : call->to);
	provider_values_add(values, "agent", call->to);
	provider_values_add(values, "customer", call->customer);
	provider_values_add(values, "from", call->caller_id);
	provider_values_add(values, "ring", ret->ring);
	provider_values_add(values, "agent_ring", ret->agent_ring);
	provider_values_add(values, "call_max", ret->call_max);
	provider_values_add(values, "confirm", who != NULL &&
	    who->confirm == CONFIRM_PRESS1 ? "1" : "");
	provider_values_add(values, "token", ret->token);
	provider_values_add(values, "job", ret->job);
	provider_values_add(values, "hook", ret->hook);
	if (entry != NULL && entry->allow_private)
		provider_values_add(values, "private", "1");
	if (entry != NULL && provider_remembers(entry->provider) != NULL &&
	    call->remembered[0] != '\0')
		provider_values_add(values,
		    provider_remembers(entry->provider), call->remembered);
	provider_values_add(values, "since_ms", ret->since_ms);
	provider_values_add(values, "now_ms", ret->now_ms);
	provider_values_add(values, "company", policy->company);
	provider_values_add(values, "name", request->name);
	provider_values_add(values, "topic",
	    queue != NULL ? queue->title : request->queue);
	provider_values_add(values, "number", request->number);
	provider_values_add(values, "id", call->sid);
	provider_values_add(values, "customer_first",
	    call->is_customer_first ? "yes" : "");
	fill_words(policy, request, language, ret);
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

static void
tell(struct calls *calls, const struct record_ref *call,
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

static void
tell_with_detail(struct calls *calls, const struct record_ref *call,
    enum event_kind kind, enum call_outcome outcome, const char *detail)
{
	struct event event = { .kind = kind, .outcome = outcome };

	text_copy(event.detail, sizeof(event.detail), detail);
	tell(calls, call, &event);
}

/* ---- a request that follows from the answer to another */

/* When it may begin, of clock_boottime_ms; 0: at any time. */
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

/* Of the same call, without its situation: what looking needs. */
static void
fill_again(struct calls *calls, const struct job *job,
    struct calls_values *ret)
{
	struct provider_values *values = &ret->values;

	*values = calls->providers[job->provider].values;
	make_token(calls, &job->call, ret->token);
	job_text(&job->call, ret->token, ret->job);
	snprintf(ret->now_ms, sizeof(ret->now_ms), "%" PRId64,
	    store_now_ms(calls->store));
	snprintf(ret->since_ms, sizeof(ret->since_ms), "%" PRId64,
	    job->placed_at_ms);
	provider_values_add(values, "to", job->is_customer_first ?
	    job->customer : job->agent);
	provider_values_add(values, "agent", job->agent);
	provider_values_add(values, "customer", job->customer);
	provider_values_add(values, "from", job->caller_id);
	provider_values_add(values, "token", ret->token);
	provider_values_add(values, "job", ret->job);
	provider_values_add(values, "since_ms", ret->since_ms);
	provider_values_add(values, "now_ms", ret->now_ms);
	if (job->sid[0] != '\0')
		provider_values_add(values, "id", job->sid);
}

/* False: it was not sent. What follows only looks, and is asked again anyway. */
static bool
follow(struct calls *calls, const struct job *before,
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
	follow(calls, &job, operation, &values);
}

static void
ask_epoch(struct calls *calls, size_t provider, bool is_gone)
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

		ask_epoch(calls, i, epoch->is_wanted);
		if (!provider_can(calls->providers[i].provider,
		        PROVIDER_CHECK) || epoch->check_boot_ms > now_ms)
			continue;
		epoch->check_boot_ms = now_ms + CHECK_AGAIN_MS;
		ask_provider(calls, i, PROVIDER_CHECK);
	}
}

static void
read_check(struct calls *calls, const struct job *job,
    const struct carrier_answer *answer, const struct provider_answer *read)
{
	enum provider_outcome outcome = answer->end == TRANSPORT_ANSWERED ?
	    read->outcome : PROVIDER_UNKNOWN;
	char detail[DETAIL_SIZE];

	if (outcome == PROVIDER_CREATED)
		calls->epochs[job->provider].check_boot_ms =
		    clock_boottime_ms() + CHECK_MS;
	snprintf(detail, sizeof(detail), "its check failed: %d %s",
	    answer->status, read->text);
	calls->on_check(calls->check_context,
	    calls->providers[job->provider].id, outcome, detail);
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
			tell(calls, &call, &event);
	}
}

static void
look_at_all(struct calls *calls, const char *provider)
{
	char key[ID_SIZE + 16];

	snprintf(key, sizeof(key), "calls:%s", provider);
	if (!STORE_SEND(calls->store, on_live_calls, calls, 0, "ZRANGE", key,
	        "0", "-1"))
		log_event(LOG_LEVEL_DEBUG, "calls_not_read", "provider=%s",
		    provider);
}

/* ---- answers */

static void
read_created(struct calls *calls, const struct job *job,
    const struct provider_answer *answer)
{
	struct event event = { .kind = EVENT_CREATED };
	char detail[DETAIL_SIZE];

	snprintf(detail, sizeof(detail), "%s%s%s", answer->code,
	    answer->code[0] != '\0' ? " " : "", answer->text);
	text_cut_whole(detail);
	switch (answer->outcome) {
	case PROVIDER_CREATED:
		CRASH_POINT("created_before_event");
		if (answer->is_agent_over) {
			event = (struct event){ .kind = EVENT_PROGRESS,
				.progress = answer->progress,
				.outcome = answer->call_outcome,
				.is_agent_over = true };
			tell(calls, &job->call, &event);
			break;
		}
		memcpy(event.sid, answer->id[0] != '\0' ? answer->id :
		    job->sid, sizeof(event.sid));
		memcpy(event.remembered, answer->remembered,
		    sizeof(event.remembered));
		tell(calls, &job->call, &event);
		break;
	case PROVIDER_REJECTED:
		CRASH_POINT("rejected_before_event");
		log_event(LOG_LEVEL_WARNING, "call_rejected",
		    "call=%s.%d error=\"%s\"", job->call.id, job->call.n,
		    detail);
		tell_with_detail(calls, &job->call, EVENT_REJECTED,
		    answer->is_number_invalid && job->is_customers_number ?
		    OUTCOME_INVALID_NUMBER : OUTCOME_FAILED, detail);
		break;
	case PROVIDER_UNKNOWN:
		CRASH_POINT("unknown_before_event");
		if (PLANTED("unknown_is_rejected")) {
			tell_with_detail(calls, &job->call, EVENT_REJECTED,
			    OUTCOME_FAILED, detail);
			break;
		}
		log_event(LOG_LEVEL_WARNING, "call_unknown",
		    "call=%s.%d error=\"%s\"", job->call.id, job->call.n,
		    detail);
		tell_with_detail(calls, &job->call, EVENT_UNKNOWN,
		    OUTCOME_NONE, detail);
		break;
	}
}

/* Of the customer's leg in a call that is the specialist's: to it they are the
 * first and only party. */
static void
read_leg(struct calls *calls, const struct job *job,
    const struct provider_answer *answer)
{
	struct event event = { .kind = EVENT_PROGRESS };

	memcpy(event.leg, job->sid, sizeof(event.leg));
	if (answer->is_gone || (answer->outcome == PROVIDER_CREATED &&
	        answer->progress == PROGRESS_OVER)) {
		event.is_customer_over = true;
		event.outcome = answer->call_outcome != OUTCOME_NONE ?
		    answer->call_outcome : OUTCOME_UNKNOWN;
	} else if (answer->outcome == PROVIDER_CREATED &&
	    answer->progress != PROGRESS_NONE) {
		event.progress = answer->progress >= PROGRESS_AGENT_UP ?
		    PROGRESS_CUSTOMER_UP : PROGRESS_CUSTOMER_RINGING;
	} else {
		return;
	}
	CRASH_POINT("state_before_event");
	tell(calls, &job->call, &event);
}

/* Of a call that is gone there may be a result. */
static void
read_state(struct calls *calls, const struct job *job,
    const struct provider_answer *answer)
{
	struct event event = { .kind = EVENT_PROGRESS };
	const struct calls_provider *entry = &calls->providers[job->provider];
	struct calls_values values;

	if (answer->is_gone && provider_can(entry->provider, PROVIDER_RESULT)) {
		fill_again(calls, job, &values);
		if (follow(calls, job, PROVIDER_RESULT, &values))
			return;
	}

	if (answer->is_gone) {
		event.kind = EVENT_GONE;
	} else if (answer->outcome != PROVIDER_CREATED ||
	    answer->progress == PROGRESS_NONE) {
		return;
	}
	CRASH_POINT("state_before_event");
	memcpy(event.sid, job->sid, sizeof(event.sid));
	event.progress = answer->progress;
	event.outcome = answer->call_outcome;
	tell(calls, &job->call, &event);
}

/* What the last webhook said, and then that the call is gone. */
static void
read_result(struct calls *calls, const struct job *job,
    const struct carrier_answer *answer)
{
	struct webhook_event read = { .kind = WEBHOOK_NOTHING };
	struct event gone = { .kind = EVENT_GONE };

	/* Asked again with the next look, when it cannot be read now. */
	if (answer->end != TRANSPORT_ANSWERED || answer->status >= 500)
		return;
	provider_result_read(calls->providers[job->provider].provider,
	    answer->status, answer->body, answer->body_length, &read);
	CRASH_POINT("state_before_event");
	if (read.kind == WEBHOOK_PROGRESS) {
		struct event event = { .kind = EVENT_PROGRESS };

		memcpy(event.sid, job->sid, sizeof(event.sid));
		event.progress = read.progress;
		event.outcome = read.outcome;
		if ((read.is_customer_leg || read.is_customer_over) &&
		    read.outcome == OUTCOME_ANSWERED)
			event.talk_ms = read.duration_ms;
		event.is_customer_over = read.is_customer_over;
		event.is_agent_over = read.is_agent_over;
		tell(calls, &job->call, &event);
	}
	memcpy(gone.sid, job->sid, sizeof(gone.sid));
	tell(calls, &job->call, &gone);
}

/* A refusal is the end of the customer's leg only where no other order for it can
 * have been heard: of a twin it says nothing, nor does an order that never left.
 * All else is known by what is heard of the leg, and the order is given again. */
static void
read_second_leg(struct calls *calls, const struct job *job,
    enum transport_end end, const struct provider_answer *answer)
{
	bool is_refused = answer->outcome == PROVIDER_REJECTED &&
	    end == TRANSPORT_ANSWERED && !answer->is_temporary &&
	    !job->is_again;
	struct event event = { .kind = EVENT_REJECTED,
		.outcome = answer->is_number_invalid ? OUTCOME_INVALID_NUMBER :
		    OUTCOME_FAILED };

	memcpy(event.sid, job->sid, sizeof(event.sid));
	if (answer->outcome == PROVIDER_CREATED) {
		/* By its id it is hung up, should the specialist leave first. */
		event.kind = EVENT_PROGRESS;
		event.outcome = OUTCOME_NONE;
		memcpy(event.leg, answer->id, sizeof(event.leg));
		if (event.leg[0] != '\0')
			tell(calls, &job->call, &event);
		return;
	}
	log_event(LOG_LEVEL_WARNING, "second_leg_failed",
	    "call=%s.%d unknown=%d error=\"%s %s\"", job->call.id,
	    job->call.n, !is_refused, answer->code, answer->text);
	if (!is_refused)
		return;
	CRASH_POINT("state_before_event");
	snprintf(event.detail, sizeof(event.detail), "%s %s", answer->code,
	    answer->text);
	text_cut_whole(event.detail);
	tell(calls, &job->call, &event);
}

static void
read_epoch(struct calls *calls, const struct job *job,
    const struct provider_answer *answer)
{
	struct epoch *epoch = &calls->epochs[job->provider];

	if (answer->outcome != PROVIDER_CREATED ||
	    strcmp(epoch->value, answer->id) == 0)
		return;
	if (epoch->value[0] != '\0') {
		epoch->changed_at_ms = store_now_ms(calls->store);
		log_event(LOG_LEVEL_WARNING, "provider_started_anew",
		    "provider=%s", calls->providers[job->provider].id);
		look_at_all(calls, calls->providers[job->provider].id);
	}
	memcpy(epoch->value, answer->id, sizeof(epoch->value));
}

static void
read_found(struct calls *calls, const struct job *job,
    const struct carrier_answer *answer)
{
	const struct calls_provider *entry = &calls->providers[job->provider];
	const struct epoch *epoch = &calls->epochs[job->provider];
	struct provider_found found;
	struct calls_values values;

	if (answer->end != TRANSPORT_ANSWERED)
		return;
	fill_again(calls, job, &values);
	provider_found_read(entry->provider, answer->status, answer->body,
	    answer->body_length, &values.values, &found);
	if (found.next[0] != '\0' && job->pages + 1 < PAGES_MAX) {
		provider_values_add(&values.values, "next", found.next);
		follow(calls, job, PROVIDER_FIND, &values);
		return;
	}
	/* A provider that has forgotten all its calls has forgotten this one. */
	if (found.count == 0 && epoch->changed_at_ms > job->placed_at_ms)
		found.is_readable = false;
	if (!found.is_readable) {
		log_event(LOG_LEVEL_WARNING, "look_up_unreadable",
		    "call=%s.%d status=%d", job->call.id, job->call.n,
		    answer->status);
		return;
	}
	CRASH_POINT("look_up_before_event");
	if (found.count == 0) {
		struct event event = { .kind = EVENT_ABSENT };

		/* Before the next look-up, which may be believed. */
		ask_epoch(calls, job->provider, true);

		tell(calls, &job->call, &event);
	}
	for (size_t i = 0; i < found.count; i++) {
		struct event event = { .kind = EVENT_FOUND,
			.progress = found.calls[i].progress };

		memcpy(event.sid, found.calls[i].id, sizeof(event.sid));
		tell(calls, &job->call, &event);
	}
}

void
calls_tell_price(struct calls *calls, const struct record_ref *ref,
    const struct provider_answer *read)
{
	struct event event = { .kind = EVENT_PRICED, .paid = read->paid };

	if (read->paid == 0)
		return;
	memcpy(event.currency, read->currency, sizeof(event.currency));
	tell(calls, ref, &event);
}

/* What an order says of its provider, whatever it says of the call. */
static enum health_news
news_of(const struct carrier_answer *answer, const struct provider_answer *read)
{
	if (read->outcome == PROVIDER_CREATED)
		return HEALTH_GOOD;
	if (answer->end != TRANSPORT_ANSWERED || answer->status >= 500)
		return HEALTH_FAILED;
	if (answer->status == 401 || answer->status == 403)
		return HEALTH_BARRED;
	if (answer->status == 429)
		return HEALTH_TOO_FAST;
	return read->outcome == PROVIDER_REJECTED ? HEALTH_NOT_ITS_FAULT :
	    HEALTH_FAILED;
}

void
calls_tell_news(struct calls *calls, const struct calls_provider *provider,
    enum channel channel, const struct carrier_answer *answer,
    const struct provider_answer *read)
{
	char detail[DETAIL_SIZE];

	if (calls->on_news == NULL || answer->is_late)
		return;
	snprintf(detail, sizeof(detail), "%d %s %s", answer->status, read->code,
	    read->text);
	text_cut_whole(detail);
	calls->on_news(calls->news_context, provider->id, channel,
	    news_of(answer, read), detail, read->wait_ms);
}

void
calls_hear_alarm(struct calls *calls, const char *provider,
    const struct provider_answer *answer)
{
	const char *words[] = { provider, answer->code, answer->text };
	char detail[DETAIL_SIZE] = "";

	if (!answer->is_alarm || calls->on_alarm == NULL)
		return;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		size_t length = strlen(detail);

		if (words[i][0] != '\0')
			snprintf(detail + length, sizeof(detail) - length,
			    "%s%s", length > 0 ? " " : "", words[i]);
	}
	text_cut_whole(detail);
	calls->on_alarm(calls->alarm_context, detail);
}

static void
on_answer(void *context, const struct carrier_answer *answer)
{
	struct calls *calls = context;
	size_t at = (size_t)(answer->tag & 0xffffffff);
	struct provider_answer read;
	struct job job;

	if (at >= calls->job_count || !calls->jobs[at].is_used ||
	    calls->jobs[at].generation != (uint32_t)(answer->tag >> 32))
		return;
	CRASH_POINT("answer_before_read");
	job = calls->jobs[at];
	calls->jobs[at].is_used = false;
	if (job.call.kind == RECORD_MESSAGE) {
		calls->on_text(calls->text_context, &job.call,
		    job.provider < calls->provider_count ?
		    &calls->providers[job.provider] : NULL, job.operation,
		    answer);
		return;
	}
	if (job.operation == PROVIDER_FIND) {
		read_found(calls, &job, answer);
		return;
	}
	if (job.operation == PROVIDER_RESULT) {
		read_result(calls, &job, answer);
		return;
	}
	provider_answer_read(calls->providers[job.provider].provider,
	    job.operation, answer->end, answer->status, answer->body,
	    answer->body_length, &read);
	if (read.is_wait_in_header && answer->header != NULL)
		read.wait_ms = provider_wait_ms(answer->header,
		    store_now_ms(calls->store));
	if (answer->error != NULL && read.text[0] == '\0')
		snprintf(read.text, sizeof(read.text), "%s", answer->error);
	log_event(LOG_LEVEL_DEBUG, "provider_answered",
	    "call=%s.%d operation=%s status=%d ms=%" PRId64, job.call.id,
	    job.call.n, provider_operation_names[job.operation],
	    answer->status, answer->elapsed_ms);
	calls_hear_alarm(calls, calls->providers[job.provider].id, &read);
	if (job.operation == PROVIDER_CALL ||
	    job.operation == PROVIDER_CALL_CUSTOMER ||
	    job.operation == PROVIDER_SECOND_LEG)
		calls_tell_news(calls, &calls->providers[job.provider],
		    CHANNEL_VOICE, answer, &read);
	if (job.operation == PROVIDER_CALL ||
	    job.operation == PROVIDER_CALL_CUSTOMER)
		read_created(calls, &job, &read);
	else if (job.operation == PROVIDER_SECOND_LEG)
		read_second_leg(calls, &job, answer->end, &read);
	else if (job.operation == PROVIDER_EPOCH)
		read_epoch(calls, &job, &read);
	else if (job.operation == PROVIDER_CHECK)
		read_check(calls, &job, answer, &read);
	else if (job.operation == PROVIDER_GET ||
	    (job.operation == PROVIDER_HANGUP && read.is_gone)) {
		if (job.is_leg)
			read_leg(calls, &job, &read);
		else
			read_state(calls, &job, &read);
	}
	/* What is said of a leg is not the whole call's. */
	if (!job.is_leg)
		calls_tell_price(calls, &job.call, &read);
	if (job.operation == PROVIDER_GET || read.is_gone)
		ask_epoch(calls, job.provider, read.is_gone);
}

/* Nothing was sent: only a call that was to be placed needs to hear of it. */
static void
not_sent(struct calls *calls, const struct effect *effect, const char *why)
{
	log_event(LOG_LEVEL_ERR, "provider_not_asked",
	    "call=%s.%d operation=%s error=\"%s\"", effect->call.id,
	    effect->call.n, effect_kind_names[effect->kind], why);
	if (effect->kind == EFFECT_PLACE)
		tell_with_detail(calls, &effect->call, EVENT_REJECTED,
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
	calls->carrier = carrier_new(base, limits, calls, on_answer);
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
