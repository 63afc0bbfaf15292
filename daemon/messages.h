/* SPDX-License-Identifier: MIT */
/*
 * messages: carries texts to the providers of messages and brings back, as events,
 * what these answered; what somebody wrote to us becomes what it means. Decides
 * nothing about a message: that is lib/message_life.
 */
#ifndef CALLBACKD_DAEMON_MESSAGES_H
#define CALLBACKD_DAEMON_MESSAGES_H

#include "daemon/calls.h"

struct messages;

/* is_trial: URLs of alarms may be plain HTTP, and on this machine, also without
 * alarms.private. */
struct messages *messages_new(struct calls *calls, struct engine *engine, struct store *store,
    const struct policy *policy, bool is_trial);
void messages_free(struct messages *messages);
void messages_set_policy(struct messages *messages, const struct policy *policy);

/* engine_hooks.on_effect, of effects that name a message, which is sent wait_ms after
 * its commit was, or not at all, as a call is (calls_do). */
void messages_do(struct messages *messages, const struct message *message,
    const struct effect *effect, int64_t sent_boot_ms, int64_t wait_ms);

/* engine_hooks.on_committed: what was told of a request and is no longer so is
 * withdrawn where it still waits. */
void messages_on_committed(struct messages *messages, const struct situation *before,
    const struct outcome *outcome);

/* News of a message of ours from that provider; the handler hears ABSENT when it is of
 * none. */
void messages_on_progress(struct messages *messages, const char *provider,
    const struct webhook_event *heard, engine_on_result *on_result, void *context);

/* Somebody wrote to us. The handler hears when it is kept, or that it cannot be now
 * (false). */
typedef void messages_on_kept(void *context, bool is_kept);
void messages_on_inbound(struct messages *messages, const char *from, const char *text,
    messages_on_kept *on_kept, void *context);

#endif
