/* SPDX-License-Identifier: MIT */
/*
 * calls: carries the core's effects to the provider and brings what it answered
 * back as events. Owns the token of every call (DECISIONS 15), and which answer
 * belongs to which call; decides nothing.
 */
#ifndef CALLBACKD_DAEMON_CALLS_H
#define CALLBACKD_DAEMON_CALLS_H

#include "daemon/carrier.h"
#include "daemon/engine.h"
#include "daemon/spoken.h"
#include "lib/provider.h"
#include "lib/provider_health.h"

enum { TOKEN_SIZE = 33, SECRET_SIZE = 32, HOOK_SIZE = 512 };

struct calls;

/* One provider as configured. Strings inside `values` are borrowed. */
struct calls_provider {
	char id[ID_SIZE];
	struct provider *provider;
	struct provider_values values;  /* secrets and settings of the file */
	int64_t timeout_ms;
	bool allow_private;             /* plain HTTP and this machine may be reached */
};

struct calls *calls_new(struct event_base *base, const struct carrier_limits *limits,
    const struct policy *policy, const char *public_url,
    const struct calls_provider *providers, size_t provider_count);
void calls_free(struct calls *calls);
void calls_set_engine(struct calls *calls, struct engine *engine, struct store *store);
/* What became of each order to call or to send, as far as its provider is concerned;
 * wait_ms: how long it wants to be left alone, 0: not said. */
typedef void calls_on_news(void *context, const char *provider, enum channel channel,
    enum health_news news, const char *detail, int64_t wait_ms);
void calls_set_news(struct calls *calls, calls_on_news *on_news, void *context);
/* What a provider's `check` says: CREATED, it is set up as it must be; REJECTED, it is
 * not; UNKNOWN, it did not say. */
typedef void calls_on_check(void *context, const char *provider,
    enum provider_outcome outcome, const char *detail);
void calls_set_on_check(struct calls *calls, calls_on_check *on_check, void *context);
/* A provider refuses until somebody of the company has seen to it; detail: which one, and
 * why in its words. */
typedef void calls_on_alarm(void *context, const char *detail);
void calls_set_on_alarm(struct calls *calls, calls_on_alarm *on_alarm, void *context);
/* Looks whether an answer is such a refusal, for whoever reads one. */
void calls_hear_alarm(struct calls *calls, const char *provider,
    const struct provider_answer *answer);
void calls_set_policy(struct calls *calls, const struct policy *policy);
/* The site's secret, from Redis: tokens depend on it. */
void calls_set_secret(struct calls *calls, const unsigned char secret[SECRET_SIZE]);
bool calls_has_secret(const struct calls *calls);

/* engine_hooks.on_effect. A call is placed wait_ms after its commit was sent, but not
 * when that is longer ago than PLACE_YOUTH_MS: somebody else may have looked for it by
 * then. It was then certainly not sent, and its record is told so; should that be lost,
 * its lease brings it. */
void calls_do(struct calls *calls, const struct situation *situation,
    const struct effect *effect, int64_t sent_boot_ms, int64_t wait_ms);

/* Redis has lost commits: until then (clock_boottime_ms) a call that is to be placed may
 * have been placed already, under the same name. Where its provider can be asked for it,
 * it is not ordered: its record is told that nobody knows, and look-ups decide. */
void calls_doubt_orders(struct calls *calls, int64_t until_ms);

/* Once a second, and once the site's secret is known: what providers are asked beside
 * their calls. */
void calls_tick(struct calls *calls);

/* Once per pass: sends and delivers. */
void calls_run(struct calls *calls);
bool calls_has_work(struct calls *calls);
size_t calls_in_flight(struct calls *calls);

/* ---- what webhooks needs as well */

const struct calls_provider *calls_provider(const struct calls *calls, const char *id);
/* By its place in the configuration; NULL: there are fewer. */
const struct calls_provider *calls_provider_at(const struct calls *calls, size_t index);
size_t calls_provider_count(const struct calls *calls);
const char *calls_public_url(const struct calls *calls);
const struct policy *calls_policy(const struct calls *calls);
/* Is that the token of this call; compares in constant time. */
bool calls_token_is_right(const struct calls *calls, const struct record_ref *call,
    const char *token);

/* "ID.TOKEN" of a call or a message: what a provider sends back. */
void calls_job(const struct calls *calls, const struct record_ref *ref,
    char ret_job[PROVIDER_JOB_SIZE]);
/* The opposite of a message's. False: it is none, or the token is wrong. */
bool calls_read_job(const struct calls *calls, const char *job, struct record_ref *ret_message);
/* The token alone. */
void calls_token(const struct calls *calls, const struct record_ref *ref,
    char ret_token[TOKEN_SIZE]);

/* ---- requests of messages, through the same line */

/* What became of one; `provider` NULL: of an address of ours. */
typedef void calls_on_text(void *context, const struct record_ref *message,
    const struct calls_provider *provider, enum provider_operation operation,
    const struct carrier_answer *answer);
void calls_set_on_text(struct calls *calls, calls_on_text *on_text, void *context);
/* An answer by the provider's file, with what the line says of it. */
void calls_read(const struct calls *calls, const struct calls_provider *provider,
    enum provider_operation operation, const struct carrier_answer *answer,
    struct provider_answer *ret);
/* What the answer to one that was to be sent says of its provider goes to calls_on_news. */
void calls_tell_news(struct calls *calls, const struct calls_provider *provider,
    enum channel channel, const struct carrier_answer *answer,
    const struct provider_answer *read);
/* What an answer says that the call or message has cost becomes an event. */
void calls_tell_price(struct calls *calls, const struct record_ref *ref,
    const struct provider_answer *read);
/* When its first byte may be sent, of clock_boottime_ms; 0: at once, however late. */
struct calls_window { int64_t start_at_ms, start_by_ms; };
#define CALLS_AT_ONCE ((struct calls_window){ 0, 0 })

/* How that provider is asked what was built, which must outlive it. */
struct carrier_request calls_request(const struct calls_provider *provider,
    const struct provider_request *built, struct calls_window window);
/* False: the line is full, nothing was sent. */
bool calls_send_text(struct calls *calls, const struct record_ref *message,
    const struct calls_provider *provider, enum provider_operation operation,
    const struct carrier_request *request) MUST_USE;

/* Everything a template may ask about this call, but the note of whoever asked to
 * be called; strings live in the buffer. */
struct calls_values {
	struct provider_values values;
	char token[TOKEN_SIZE], job[PROVIDER_JOB_SIZE], hook[HOOK_SIZE];
	char ring[16], agent_ring[16], call_max[16], now_ms[24], since_ms[24], case_number[16];
	char whisper[SPOKEN_SIZE], result[SPOKEN_SIZE], greeting[SPOKEN_SIZE];
	char confirm[SPOKEN_SIZE], voicemail[SPOKEN_SIZE];
};
void calls_fill_values(struct calls *calls, const struct situation *situation,
    const struct call *call, struct calls_values *ret_values);

#endif
