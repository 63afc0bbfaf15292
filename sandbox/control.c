/* SPDX-License-Identifier: MIT */
/*
 * The handlers behind /sandbox/. A page of another site must not steer: a
 * request that names an origin must name ours.
 */
#include "sandbox/control.h"

#include <stdio.h>
#include <string.h>

#include "net/http.h"
#include "sandbox/call.h"
#include "sandbox/control_internal.h"
#include "sandbox/faults.h"
#include "sandbox/flow.h"
#include "sandbox/ledger.h"
#include "sandbox/phone.h"
#include "sandbox/sandbox.h"
#include "sandbox/setup.h"
#include "sandbox/text.h"

enum { CALL_COUNT_MAX = 1000 };

static void
on_listed(struct phone *phone, void *context);

void
control_on_faults_order(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	char error[FAULT_ERROR_SIZE];
	json_t *order;

	if (!control_may(request) ||
	    (order = control_body(request)) == NULL)
		return;
	if (faults_order(sandbox->faults, order, error)) {
		ledger_write(sandbox->ledger, "faults",
		    json_pack("{s:O}", "order", order));
		http_reply_json(request, 200,
		    faults_to_json(sandbox->faults));
	} else {
		http_problem(request, 400, "fault_invalid", error);
	}
	json_decref(order);
}

void
control_on_faults_list(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;

	http_reply_json(request, 200, faults_to_json(sandbox->faults));
}

void
control_on_faults_clear(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;

	if (!control_may(request))
		return;
	faults_clear(sandbox->faults);
	http_reply_json(request, 200, faults_to_json(sandbox->faults));
}

void
control_on_reset(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;

	if (!control_may(request))
		return;
	calls_reset(sandbox);
	texts_free(sandbox->texts);
	sandbox->texts = texts_new();
	faults_clear(sandbox->faults);
	phones_free(sandbox->phones);
	sandbox->phones = phones_new();
	setup_apply(sandbox->setup, sandbox->phones, sandbox->lines);
	ledger_write(sandbox->ledger, "reset", json_object());
	http_reply_json(request, 200, json_pack("{s:b}", "ok", 1));
}

void
control_on_calls(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	json_t *list = json_array();

	for (struct call *call = calls_before(sandbox, 0); call != NULL &&
	    json_array_size(list) < CALL_COUNT_MAX;
	    call = calls_before(sandbox, call->serial))
		json_array_append_new(list, control_call_json(call));
	http_reply_json(request, 200, json_pack("{s:I, s:o}", "live",
	    (json_int_t)calls_live_count(sandbox), "calls", list));
}

void
control_on_phones(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	json_t *list = json_array();

	phones_walk(sandbox->phones, on_listed, list);
	http_reply_json(request, 200, json_pack("{s:o}", "phones", list));
}

void
control_on_phone(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	char address[PHONE_ADDRESS_SIZE];
	struct phone unknown = { .name = "" };
	const struct phone *phone;

	if (!phone_address_read(http_param(request, "number"), address)) {
		http_problem(request, 404, "phone_invalid",
		    "not a phone number or address");
		return;
	}
	phone = phones_find(sandbox->phones, address);
	if (phone == NULL) {
		memcpy(unknown.address, address, sizeof(address));
		unknown.behaviour = phone_behaviour_of(address);
		phone = &unknown;
	}
	http_reply_json(request, 200, phone_to_json(phone));
}

void
control_on_phone_change(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	char address[PHONE_ADDRESS_SIZE], error[PHONE_ERROR_SIZE];
	struct phone *phone;
	json_t *change;

	if (!control_may(request))
		return;
	if (!phone_address_read(http_param(request, "number"), address)) {
		http_problem(request, 404, "phone_invalid",
		    "not a phone number or address");
		return;
	}
	change = control_body(request);
	if (change == NULL)
		return;
	phone = phones_get(sandbox->phones, address);
	if (phone == NULL)
		http_problem(request, 503, "phones_full", "too many phones");
	else if (!phone_change(phone, change, error))
		http_problem(request, 400, "phone_invalid", error);
	else
		http_reply_json(request, 200, phone_to_json(phone));
	json_decref(change);
}

bool
control_may(struct http_request *request)
{
	const char *origin = http_header(request, "Origin");
	const char *host = http_header(request, "Host");
	const char *after = origin == NULL ? NULL : strstr(origin, "://");

	if (origin == NULL)
		return true;
	if (after != NULL && host != NULL && strcmp(after + 3, host) == 0)
		return true;
	http_problem(request, 403, "origin_foreign",
	    "another site's page may not steer the sandbox");
	return false;
}

json_t *
control_call_json(const struct call *call)
{
	json_t *heard = json_array(), *json;

	for (size_t i = 0; i < call->heard_count; i++)
		json_array_append_new(heard, json_string(call->heard[i]));
	json = json_pack("{s:s, s:s?, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I,"
	    " s:I, s:o, s:I, s:s?, s:b, s:b}",
	    "sid", call->sid,
	    "parent", call->parent_sid[0] != '\0' ? call->parent_sid : NULL,
	    "from", call->from, "to", call->to,
	    "status", call_status_name(call->status),
	    "created_at_ms", (json_int_t)call->created_at_ms,
	    "rung_at_ms", (json_int_t)call->rung_at_ms,
	    "answered_at_ms", (json_int_t)call->answered_at_ms,
	    "joined_at_ms", (json_int_t)call->joined_at_ms,
	    "ended_at_ms", (json_int_t)call->ended_at_ms,
	    "duration", (json_int_t)call_duration(call),
	    "heard", heard, "heard_at_ms", (json_int_t)call->heard_at_ms,
	    "with", call->joined != NULL ? call->joined->to : NULL,
	    "listens", flow_is_listening(call), "inbound", call->is_inbound);
	CHECK(json != NULL);
	return json;
}

json_t *
control_body(struct http_request *request)
{
	size_t length;
	const char *body = http_body(request, &length);
	json_error_t error;
	json_t *json = json_loadb(body, length, JSON_REJECT_DUPLICATES,
	    &error);

	if (json == NULL)
		http_problem(request, 400, "json_invalid", error.text);
	return json;
}

static void
on_listed(struct phone *phone, void *context)
{
	json_array_append_new(context, phone_to_json(phone));
}
