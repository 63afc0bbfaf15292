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

/* is_trial: URLs of alarms may be plain HTTP, and on this machine. */
struct messages *messages_new(struct calls *calls, struct engine *engine, struct store *store,
    const struct policy *policy, bool is_trial);
void messages_free(struct messages *messages);
void messages_set_policy(struct messages *messages, const struct policy *policy);

/* engine_hooks.on_effect, of effects that name a message. */
void messages_do(struct messages *messages, const struct message *message,
    const struct effect *effect, int64_t sent_boot_ms);

/* engine_hooks.on_committed: what was told of a request and is no longer so is
 * withdrawn, and who is offered one by SMS is written to. */
void messages_on_committed(struct messages *messages, const struct situation *before,
    const struct outcome *outcome);

/* Somebody wrote to us, through that provider. The handler hears when it is kept, or
 * that it cannot be (false). */
typedef void messages_on_kept(void *context, bool is_kept);
void messages_on_inbound(struct messages *messages, const char *from, const char *to,
    const char *text, messages_on_kept *on_kept, void *context);

/* To whom a message to that specialist goes: a number or a chat that one of the
 * providers of messages can reach; "": none. */
const char *messages_address(const struct policy *policy, const char *specialist);

#endif
