/* SPDX-License-Identifier: MIT */
/*
 * Create, list, read, update. What a call looks like in JSON is in
 * api_render.c, the faults' replies are in api_fault.c.
 */
#include "sandbox/api.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/http.h"
#include "sandbox/api_internal.h"
#include "sandbox/call.h"
#include "sandbox/faults.h"
#include "sandbox/form.h"
#include "sandbox/memory.h"
#include "sandbox/phone.h"
#include "sandbox/sandbox.h"

enum {
	SECOND_MS = 1000,
	TIMEOUT_SECONDS = 60,
	TIMEOUT_SECONDS_MAX = 600,
	URL_SIZE_MAX = 4000,
	TWIML_PARAMETER_MAX = 4000,
	PAGE_SIZE = 50,
	PAGE_SIZE_MAX = 1000,
	/* Twilio's numbers of errors. */
	ERROR_AUTHENTICATE = 20003,
	ERROR_NOT_FOUND = 20404,
	ERROR_INVALID = 20001,
	ERROR_TOO_MANY = 20429,
	ERROR_NO_TO = 21201,
	ERROR_NO_URL = 21205,
	ERROR_BAD_TO = 21211,
	ERROR_BAD_FROM = 21212,
	ERROR_NO_FROM = 21213,
	ERROR_NOT_LIVE = 21220,
};

struct refusal {
	int code;
	const char *text;
};

static struct refusal
order_read(const struct form *form, char to[PHONE_ADDRESS_SIZE],
    char from[PHONE_ADDRESS_SIZE], struct call_order *ret_order);

static struct refusal
order_read_options(const struct form *form, struct call_order *order);

static struct refusal
method_read(const struct form *form, const char *name,
    const char **ret_method);

static bool
is_url(const char *text);

static struct call *
call_of(struct sandbox *sandbox, struct http_request *request);

void
api_on_create(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	struct api_answer answer = { .sandbox = sandbox, .request = request };
	char to[PHONE_ADDRESS_SIZE], from[PHONE_ADDRESS_SIZE];
	struct form form = { 0 };
	struct call_order order;
	struct refusal refusal;
	size_t length;
	const char *body = http_body(request, &length);
	struct call *call;

	if (!api_is_authorised(sandbox, request))
		return;
	if (!form_parse(body, length, &form)) {
		api_refuse(&answer, 400, ERROR_INVALID, "not a form");
		return;
	}
	answer.form = &form;
	answer.fault = faults_take_create(sandbox->faults);
	if (api_fault_before(&answer)) {
		form_fini(&form);
		return;
	}
	refusal = order_read(&form, to, from, &order);
	if (refusal.code != 0) {
		api_refuse(&answer, 400, refusal.code, refusal.text);
	} else if ((call = call_create(sandbox, &order)) == NULL) {
		api_refuse(&answer, 429, ERROR_TOO_MANY,
		    "too many calls are live");
	} else {
		answer.call = call;
		if (!api_fault_after(&answer))
			api_reply(&answer, 201, api_render_call(call));
	}
	form_fini(&form);
}

void
api_on_list(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	struct api_answer answer = { .sandbox = sandbox, .request = request };
	const char *size_text = http_query(request, "PageSize");
	const char *token = http_query(request, "PageToken");
	long size = size_text != NULL ? strtol(size_text, NULL, 10) :
	    PAGE_SIZE;
	uint32_t before = token != NULL ?
	    (uint32_t)strtoul(token, NULL, 10) : 0;
	struct api_filter filter;
	const char *error;
	struct call *call;
	json_t *list;

	if (!api_is_authorised(sandbox, request))
		return;
	error = api_filter_read(request, &filter);
	if (error != NULL || size < 1 || size > PAGE_SIZE_MAX) {
		api_refuse(&answer, 400, ERROR_INVALID, error != NULL ?
		    error : "PageSize is from 1 to 1000");
		return;
	}
	list = json_array();
	for (call = calls_before(sandbox, before); call != NULL;
	    call = calls_before(sandbox, call->serial)) {
		if (!api_filter_lets(&filter, call))
			continue;
		if (json_array_size(list) == (size_t)size)
			break;
		json_array_append_new(list, api_render_call(call));
		before = call->serial;
	}
	api_reply(&answer, 200, api_render_page(request, list, size,
	    call != NULL ? before : 0));
}

void
api_on_read(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	struct api_answer answer = { .sandbox = sandbox, .request = request };

	if (!api_is_authorised(sandbox, request))
		return;
	answer.call = call_of(sandbox, request);
	if (answer.call == NULL)
		api_refuse(&answer, 404, ERROR_NOT_FOUND, "no such call");
	else
		api_reply(&answer, 200, api_render_call(answer.call));
}

void
api_on_update(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	struct api_answer answer = { .sandbox = sandbox, .request = request };
	size_t length;
	const char *body = http_body(request, &length), *status;
	struct form form = { 0 };

	if (!api_is_authorised(sandbox, request))
		return;
	answer.call = call_of(sandbox, request);
	if (answer.call == NULL) {
		api_refuse(&answer, 404, ERROR_NOT_FOUND, "no such call");
		return;
	}
	if (!form_parse(body, length, &form)) {
		api_refuse(&answer, 400, ERROR_INVALID, "not a form");
		return;
	}
	answer.form = &form;
	status = form_get(&form, "Status");
	if (status == NULL || (strcmp(status, "completed") != 0 &&
	    strcmp(status, "canceled") != 0)) {
		api_refuse(&answer, 400, ERROR_INVALID,
		    "Status is completed or canceled");
	} else if (call_is_over(answer.call)) {
		api_refuse(&answer, 400, ERROR_NOT_LIVE,
		    "Call is not in-progress");
	} else {
		/* "canceled" leaves alone who is talking already. */
		if (strcmp(status, "completed") == 0 ||
		    answer.call->status != CALL_IN_PROGRESS)
			call_hang_up(answer.call);
		api_reply(&answer, 200, api_render_call(answer.call));
	}
	form_fini(&form);
}

void
api_on_unknown(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	struct api_answer answer = { .sandbox = sandbox, .request = request };

	if (api_is_authorised(sandbox, request))
		api_refuse(&answer, 404, ERROR_NOT_FOUND,
		    "the sandbox has only Calls and Messages");
}

bool
api_is_authorised(struct sandbox *sandbox, struct http_request *request)
{
	struct api_answer answer = { .sandbox = sandbox, .request = request };
	const char *given = http_header(request, "Authorization");
	const char *account = http_param(request, "account");
	char *pair = memory_format("%s:%s", sandbox->account, sandbox->token);
	size_t length = strlen(pair);
	char *wanted = memory_new(length / 3 * 4 + 8);
	bool ok;

	EVP_EncodeBlock((unsigned char *)wanted, (unsigned char *)pair,
	    (int)length);
	ok = given != NULL && strncasecmp(given, "Basic ", 6) == 0 &&
	    strcmp(given + 6 + strspn(given + 6, " "), wanted) == 0;
	free(wanted);
	free(pair);
	if (!ok) {
		http_reply_header(request, "WWW-Authenticate",
		    "Basic realm=\"Twilio API\"");
		api_refuse(&answer, 401, ERROR_AUTHENTICATE, "Authenticate");
		return false;
	}
	if (account != NULL && strcmp(account, sandbox->account) != 0) {
		api_refuse(&answer, 404, ERROR_NOT_FOUND, "no such account");
		return false;
	}
	return true;
}

/* The order borrows from the form, `to` and `from`. Code 0: it is good. */
static struct refusal
order_read(const struct form *form, char to[PHONE_ADDRESS_SIZE],
    char from[PHONE_ADDRESS_SIZE], struct call_order *ret_order)
{
	const char *to_text = form_get_filled(form, "To");
	const char *from_text = form_get_filled(form, "From");
	struct call_order order = {
		.to = to,
		.from = from,
		.url = form_get_filled(form, "Url"),
		.twiml = form_get_filled(form, "Twiml"),
		.status_url = form_get_filled(form, "StatusCallback"),
		.timeout_ms = TIMEOUT_SECONDS * SECOND_MS,
		.detection = detection_read(form_get_filled(form,
		    "MachineDetection")),
	};
	struct refusal refusal;

	if (to_text == NULL)
		return (struct refusal){ ERROR_NO_TO, "No 'To' number is "
		    "specified" };
	if (from_text == NULL)
		return (struct refusal){ ERROR_NO_FROM, "No 'From' number is "
		    "specified" };
	if (!phone_address_read(to_text, to) ||
	    phone_behaviour_of(to).manner == PHONE_INVALID)
		return (struct refusal){ ERROR_BAD_TO, "The 'To' number is "
		    "not a valid phone number" };
	if (!phone_address_read(from_text, from))
		return (struct refusal){ ERROR_BAD_FROM, "The 'From' number "
		    "is not a valid phone number" };
	if (order.url == NULL && order.twiml == NULL)
		return (struct refusal){ ERROR_NO_URL, "Url parameter is "
		    "required" };
	if (order.url != NULL && !is_url(order.url))
		return (struct refusal){ ERROR_NO_URL, "Url is not a valid "
		    "URL" };
	if (order.twiml != NULL && strlen(order.twiml) > TWIML_PARAMETER_MAX)
		return (struct refusal){ ERROR_INVALID, "Twiml is longer than "
		    "4000 characters" };
	refusal = order_read_options(form, &order);
	if (refusal.code == 0)
		*ret_order = order;
	return refusal;
}

static struct refusal
order_read_options(const struct form *form, struct call_order *order)
{
	const char *timeout = form_get_filled(form, "Timeout");
	struct refusal refusal;

	if (order->status_url != NULL && !is_url(order->status_url))
		return (struct refusal){ ERROR_INVALID, "StatusCallback is "
		    "not a valid URL" };
	for (size_t i = 0; i < form->count; i++)
		if (strcmp(form->fields[i].name, "StatusCallbackEvent") == 0)
			order->events |=
			    call_events_read(form->fields[i].value);
	if (timeout != NULL) {
		char *end;
		long seconds = strtol(timeout, &end, 10);

		if (*end != '\0' || seconds < 1)
			return (struct refusal){ ERROR_INVALID, "Timeout is "
			    "a number of seconds" };
		if (seconds > TIMEOUT_SECONDS_MAX)
			seconds = TIMEOUT_SECONDS_MAX;
		order->timeout_ms = seconds * SECOND_MS;
	}
	refusal = method_read(form, "Method", &order->method);
	if (refusal.code == 0)
		refusal = method_read(form, "StatusCallbackMethod",
		    &order->status_method);
	return refusal;
}

static struct refusal
method_read(const struct form *form, const char *name,
    const char **ret_method)
{
	const char *method = form_get_filled(form, name);

	if (method != NULL && strcasecmp(method, "GET") != 0 &&
	    strcasecmp(method, "POST") != 0)
		return (struct refusal){ ERROR_INVALID, "a method is GET or "
		    "POST" };
	*ret_method = method != NULL && strcasecmp(method, "GET") == 0 ?
	    "GET" : "POST";
	return (struct refusal){ 0, NULL };
}

static bool
is_url(const char *text)
{
	return strlen(text) <= URL_SIZE_MAX && strpbrk(text, " \r\n") == NULL &&
	    ((strncmp(text, "http://", 7) == 0 && text[7] != '\0') ||
	    (strncmp(text, "https://", 8) == 0 && text[8] != '\0'));
}

static struct call *
call_of(struct sandbox *sandbox, struct http_request *request)
{
	const char *name = http_param(request, "sid");
	size_t length = strlen(name);
	char sid[CALL_SID_SIZE] = "";

	/* The route takes the whole segment: "CA....json". */
	if (length != CALL_SID_SIZE - 1 + strlen(".json") ||
	    strcmp(name + CALL_SID_SIZE - 1, ".json") != 0)
		return NULL;
	memcpy(sid, name, CALL_SID_SIZE - 1);
	return calls_find(sandbox, sid);
}
