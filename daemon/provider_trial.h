/* SPDX-License-Identifier: MIT */
/*
 * provider_trial: one real call or message to a number of the administrator's, outside
 * of all requests, and every step of it in words: what was sent, what the answer means,
 * what the provider then told. It rings one phone and says goodbye. Nothing of it is
 * kept in Redis.
 */
#ifndef CALLBACKD_DAEMON_PROVIDER_TRIAL_H
#define CALLBACKD_DAEMON_PROVIDER_TRIAL_H

#include <jansson.h>

#include "daemon/calls.h"

struct provider_trials;

struct provider_trials *provider_trials_new(struct event_base *base, struct calls *calls,
    struct store *store, const struct policy *policy);
void provider_trials_free(struct provider_trials *trials);
void provider_trials_set_policy(struct provider_trials *trials, const struct policy *policy);

/* NULL: begun, its id is in ret_id. Else why it is refused, in English; what that
 * points to lives until the next call. text NULL or "": a call; else a message. */
const char *provider_trial_begin(struct provider_trials *trials, const char *provider,
    const char *to, const char *text, char ret_id[REQUEST_ID_SIZE]);

/* What has happened so far: {"steps": [...], "over": bool, "good": bool}. NULL: there is
 * none, or no longer. */
json_t *provider_trial_json(const struct provider_trials *trials, const char *id);

/* News or a question of a call. False: it is of no trial. */
bool provider_trial_hear(struct provider_trials *trials, const char *provider,
    const struct record_ref *call, const struct webhook_event *event);

/* Once per pass, as calls_run. */
void provider_trials_run(struct provider_trials *trials);
bool provider_trials_have_work(const struct provider_trials *trials);

#endif
