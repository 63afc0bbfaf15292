/* SPDX-License-Identifier: MIT */
/*
 * The page with the telephones: its files, the state it polls, its buttons.
 */
#include <stdio.h>
#include <string.h>

#include "net/http.h"
#include "net/static.h"
#include "sandbox/call.h"
#include "sandbox/control.h"
#include "sandbox/control_internal.h"
#include "sandbox/flow.h"
#include "sandbox/line.h"
#include "sandbox/phone.h"
#include "sandbox/sandbox.h"
#include "sandbox/text.h"

enum {
	CARD_COUNT_MAX = 60,
	RECENT_COUNT_MAX = 40,
};

struct cards {
	struct sandbox *sandbox;
	json_t *list;
	bool by_hand;		/* which pass */
	size_t left_out;
};

static void
on_phone(struct phone *phone, void *context);

static json_t *
name_json(struct sandbox *sandbox, const char *address);

static json_t *
named_call_json(struct sandbox *sandbox, const struct call *call);

void
control_on_page(struct http_request *request, void *context)
{
	(void)context;
	http_reply_header(request, "Location", "/phones/");
	http_reply(request, 302, NULL, NULL, 0);
}

void
control_on_file(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;

	if (sandbox->pages == NULL)
		http_problem(request, 404, "no_page",
		    "started without --web");
	else if (!http_static_reply(sandbox->pages, request,
	    http_param(request, "file")))
		http_problem(request, 404, "not_found", NULL);
}

void
control_on_state(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	struct cards cards = { .sandbox = sandbox, .list = json_array() };
	json_t *recent = json_array();

	/* The phones one can pick up come first. */
	cards.by_hand = true;
	phones_walk(sandbox->phones, on_phone, &cards);
	cards.by_hand = false;
	phones_walk(sandbox->phones, on_phone, &cards);
	for (struct call *call = calls_before(sandbox, 0); call != NULL &&
	    json_array_size(recent) < RECENT_COUNT_MAX;
	    call = calls_before(sandbox, call->serial))
		json_array_append_new(recent, named_call_json(sandbox, call));
	http_reply_json(request, 200, json_pack(
	    "{s:I, s:f, s:o, s:I, s:I, s:o, s:o, s:o}",
	    "now_ms", (json_int_t)sandbox_now_ms(),
	    "clock_scale", sandbox->clock_scale,
	    "phones", cards.list, "left_out", (json_int_t)cards.left_out,
	    "live", (json_int_t)calls_live_count(sandbox), "calls", recent,
	    "lines", lines_to_json(sandbox->lines),
	    "messages", texts_to_json(sandbox)));
}

void
control_on_act(struct http_request *request, void *context)
{
	struct sandbox *sandbox = context;
	const char *act = http_param(request, "act");
	const char *digit = http_query(request, "digit");
	char address[PHONE_ADDRESS_SIZE];
	struct phone *phone = NULL;

	if (!control_may(request))
		return;
	if (phone_address_read(http_param(request, "number"), address))
		phone = phones_find(sandbox->phones, address);
	if (phone == NULL || phone->call == NULL) {
		http_problem(request, 409, "phone_is_free",
		    "that phone is in no call");
		return;
	}
	if (strcmp(act, "answer") == 0) {
		call_answer(phone->call);
	} else if (strcmp(act, "reject") == 0) {
		call_reject(phone->call);
	} else if (strcmp(act, "hangup") == 0) {
		call_hang_up(phone->call);
	} else if (strcmp(act, "key") == 0 && digit != NULL &&
	    strlen(digit) == 1 && strchr("0123456789*#", digit[0]) != NULL) {
		flow_pressed(phone->call, digit[0]);
	} else {
		http_problem(request, 404, "act_unknown",
		    "answer, reject, hangup or key?digit=1");
		return;
	}
	http_reply_json(request, 200, json_pack("{s:b}", "ok", 1));
}

static void
on_phone(struct phone *phone, void *context)
{
	struct cards *cards = context;
	json_t *json;

	if (phone->behaviour.is_by_hand != cards->by_hand ||
	    (!cards->by_hand && phone->call == NULL))
		return;
	if (json_array_size(cards->list) == CARD_COUNT_MAX) {
		cards->left_out++;
		return;
	}
	json = json_pack("{s:s, s:s, s:b, s:o}", "number", phone->address,
	    "name", phone->name, "hand", phone->behaviour.is_by_hand, "call",
	    phone->call != NULL ? named_call_json(cards->sandbox,
	    phone->call) : json_null());
	json_array_append_new(cards->list, json);
}

static json_t *
named_call_json(struct sandbox *sandbox, const struct call *call)
{
	json_t *json = control_call_json(call);

	json_object_set_new(json, "from_name", name_json(sandbox, call->from));
	json_object_set_new(json, "to_name", name_json(sandbox, call->to));
	if (call->joined != NULL)
		json_object_set_new(json, "with_name", name_json(sandbox,
		    call->joined->to));
	return json;
}

static json_t *
name_json(struct sandbox *sandbox, const char *address)
{
	const struct phone *phone = phones_find(sandbox->phones, address);

	return json_string(phone != NULL ? phone->name : "");
}
