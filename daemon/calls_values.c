/* SPDX-License-Identifier: MIT */
/* calls_values: the tokens of calls, and all that a provider's templates ask about one. */
#include "daemon/calls_internal.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "lib/fault.h"

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
	spoken_result(policy, request->queue, language, ret->result,
	    sizeof(ret->result));
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

/* Of the same call, without its situation: what looking needs. */
void
calls_fill_again(struct calls *calls, const struct job *job,
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
