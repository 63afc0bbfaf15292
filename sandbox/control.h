/* SPDX-License-Identifier: MIT */
/*
 * What tests and people steer the network with: /sandbox/ (faults, phones,
 * calls, reset) and the page /phones/ with what it needs. No account is asked:
 * whoever reaches the port may steer, so the port is for this machine.
 */
#ifndef CALLBACKD_SANDBOX_CONTROL_H
#define CALLBACKD_SANDBOX_CONTROL_H

struct http_request;

/* Handlers of routes; `context` is the struct sandbox. */
void
control_on_faults_order(struct http_request *request, void *context);

void
control_on_faults_list(struct http_request *request, void *context);

void
control_on_faults_clear(struct http_request *request, void *context);

void
control_on_reset(struct http_request *request, void *context);

void
control_on_calls(struct http_request *request, void *context);

void
control_on_phones(struct http_request *request, void *context);

void
control_on_phone(struct http_request *request, void *context);

void
control_on_phone_change(struct http_request *request, void *context);

/* ---- the page */

void
control_on_page(struct http_request *request, void *context);

void
control_on_file(struct http_request *request, void *context);

void
control_on_state(struct http_request *request, void *context);

/* POST /phones/NUMBER/answer, reject, hangup, key?digit=1 */
void
control_on_act(struct http_request *request, void *context);

#endif
