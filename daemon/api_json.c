/* SPDX-License-Identifier: MIT */
/* api_json: one function per kind of record. */
#include "daemon/api_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/promise.h"
#include "lib/hours.h"
#include "lib/shift.h"

void
api_json_text(json_t *object, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		json_object_set_new(object, name, json_string(value));
}

void
api_json_moment(json_t *object, const char *name, int64_t at_ms)
{
	if (at_ms != 0)
		json_object_set_new(object, name,
		    json_integer(at_ms / 1000));
}

static void
add_count(json_t *object, const char *name, int64_t count)
{
	if (count != 0)
		json_object_set_new(object, name, json_integer(count));
}

static json_t *
offers_of(const struct request *request)
{
	json_t *list = json_array();

	for (size_t i = 0; i < OFFER_MAX; i++) {
		const struct offer *offer = &request->offers[i];
		json_t *one;

		if (offer->specialist[0] == '\0')
			continue;
		one = json_pack("{s:s,s:i}", "specialist", offer->specialist,
		    "number", offer->number);
		api_json_moment(one, "until", offer->until_ms);
		add_count(one, "call", offer->call);
		json_array_append_new(list, one);
	}
	return list;
}

/* The other queues that see it. */
static json_t *
queues_of(const struct request *request)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ALSO_MAX; i++) {
		if (request->also[i][0] != '\0')
			json_array_append_new(list,
			    json_string(request->also[i]));
	}
	return list;
}

json_t *
api_json_request(const struct request *r, int64_t now_ms, const char *why)
{
	json_t *json = json_object();
	int64_t promise = request_promise_moment(r);

	api_json_text(json, "id", r->id);
	api_json_text(json, "number", r->number);
	api_json_text(json, "state", request_state_names[r->state]);
	api_json_text(json, "reason", r->reason);
	api_json_text(json, "queue", r->queue);
	api_json_text(json, "phone", r->phone);
	api_json_text(json, "extension", r->extension);
	api_json_text(json, "name", r->name);
	api_json_text(json, "locale", r->locale);
	api_json_text(json, "source", r->source);
	api_json_text(json, "site_id", r->site_id);
	api_json_moment(json, "asked_at", r->asked_at_ms);
	api_json_moment(json, "at", r->at_ms);
	api_json_moment(json, "target_at", r->target_at_ms);
	api_json_moment(json, "promise_at", r->promise_at_ms);
	add_count(json, "promise_number", r->promise_number);
	api_json_moment(json, "kept_at", r->kept_at_ms);
	api_json_moment(json, "second_at", r->second_at_ms);
	json_object_set_new(json, "late", json_boolean(r->is_missed));
	add_count(json, "missed", r->missed_count);
	if (promise != 0)
		json_object_set_new(json, "slack_s",
		    json_integer((promise - now_ms) / 1000));
	api_json_moment(json, "hold_until", r->hold_until_ms);
	api_json_moment(json, "state_until", r->state_until_ms);
	add_count(json, "level", r->level);
	if (r->room > 1)
		add_count(json, "offers_at_once", r->room);
	if (r->also[0][0] != '\0')
		json_object_set_new(json, "also", queues_of(r));
	api_json_text(json, "wished", r->wished);
	api_json_moment(json, "wished_until", r->wished_until_ms);
	api_json_text(json, "specialist", r->specialist);
	if (request_offers_open(r) > 0)
		json_object_set_new(json, "offers", offers_of(r));
	json_object_set_new(json, "attempts", json_integer(r->attempt_count));
	add_count(json, "call", r->call);
	add_count(json, "talk_s", r->talk_ms / 1000);
	api_json_text(json, "disposition", r->disposition);
	api_json_moment(json, "closed_at", r->closed_at_ms);
	api_json_text(json, "from", r->from);
	api_json_text(json, "next", r->next);
	api_json_text(json, "why", why);
	return json;
}

void
api_json_paid(json_t *json, int64_t paid, const char *currency)
{
	char amount[32];
	size_t length;

	if (paid == 0)
		return;
	length = (size_t)snprintf(amount, sizeof(amount), "%lld.%06lld",
	    (long long)(paid / PAID_PARTS), (long long)(paid % PAID_PARTS));
	/* Two places, and those that say something. */
	for (int i = 0; i < 4 && amount[length - 1] == '0'; i++)
		amount[--length] = '\0';
	api_json_text(json, "paid", amount);
	api_json_text(json, "currency", currency);
}

json_t *
api_json_call(const struct call *call)
{
	json_t *json = json_object();

	json_object_set_new(json, "n", json_integer(call->n));
	api_json_text(json, "state", call_state_names[call->state]);
	api_json_text(json, "provider", call->provider);
	api_json_text(json, "specialist", call->specialist);
	api_json_text(json, "to", call->to);
	api_json_text(json, "progress", call_progress_names[call->rank]);
	api_json_text(json, "outcome", call_outcome_names[call->outcome]);
	if (call->is_customer_first)
		json_object_set_new(json, "customer_first", json_true());
	if (call->wants_confirm)
		json_object_set_new(json, "confirmed",
		    json_boolean(call->is_confirmed));
	if (call->machine != MACHINE_NOT_SAID)
		api_json_text(json, "machine", machine_names[call->machine]);
	json_object_set_new(json, "authorised",
	    json_boolean(call->authorised[0] != '\0'));
	json_object_set_new(json, "revoked", json_boolean(call->is_revoked));
	api_json_moment(json, "placed_at", call->placed_at_ms);
	api_json_moment(json, "agent_up_at", call->agent_up_at_ms);
	api_json_moment(json, "customer_ringing_at",
	    call->customer_ringing_at_ms);
	api_json_moment(json, "customer_up_at", call->customer_up_at_ms);
	api_json_moment(json, "over_at", call->over_at_ms);
	add_count(json, "talk_s", call->talk_ms / 1000);
	api_json_paid(json, call->paid, call->currency);
	return json;
}

/* Busy is ringing or talking: the call knows. */
static const char *
shown(const struct specialist *specialist, const struct call *call)
{
	if (specialist->state != SPECIALIST_BUSY || call == NULL)
		return specialist_state_names[specialist->state];
	if (call->rank >= PROGRESS_CUSTOMER_UP)
		return "talking";
	return "ringing";
}

/* Without a shift there is nothing to say of it. */
static void
add_shift(json_t *json, const struct policy *policy, const struct specialist *s,
    int64_t now_ms)
{
	const struct specialist_policy *who = policy_specialist(policy, s->id);
	int64_t until_ms;
	bool is_on;

	if (who == NULL || (who->shift == NULL && !who->is_duty))
		return;
	is_on = shift_is_on(policy, s, now_ms, &until_ms);
	api_json_text(json, "shift", !is_on ? "off" :
	    duty_until_ms(s, now_ms) != 0 ? "duty" : who->shift != NULL &&
	    hours_is_open(who->shift, now_ms) ? "on" : "overtime");
	if (who->shift == NULL)
		json_object_set_new(json, "by_rota", json_true());
	if (is_on)
		api_json_moment(json, "shift_until", until_ms);
	else
		api_json_moment(json, "shift_starts",
		    shift_starts_ms(policy, s, now_ms));
}

/* What is over is left out. */
static void
add_duty(json_t *json, const struct specialist *s, int64_t now_ms)
{
	json_t *list = json_array();

	for (size_t i = 0; i < DUTY_MAX; i++) {
		const struct duty *duty = &s->duty[i];

		if (duty->queue[0] != '\0' && duty->to_ms > now_ms)
			json_array_append_new(list, json_pack("{s:s,s:I,s:I}",
			    "queue", duty->queue, "from",
			    (json_int_t)(duty->from_ms / 1000), "to",
			    (json_int_t)(duty->to_ms / 1000)));
	}
	if (json_array_size(list) > 0)
		json_object_set(json, "duty", list);
	json_decref(list);
}

json_t *
api_json_specialist(const struct policy *policy, const struct specialist *s,
    const struct call *call, const char *number, int64_t now_ms)
{
	json_t *json = json_object(), *queues = json_array();

	api_json_text(json, "id", s->id);
	api_json_text(json, "name", s->name);
	api_json_text(json, "state", specialist_state_names[s->state]);
	api_json_text(json, "shown", shown(s, call));
	api_json_text(json, "status", status_names[s->status]);
	api_json_text(json, "reason", s->reason);
	api_json_moment(json, "return_at", s->return_at_ms);
	api_json_moment(json, "elsewhere_until", s->elsewhere_until_ms);
	add_shift(json, policy, s, now_ms);
	add_duty(json, s, now_ms);
	api_json_moment(json, "since", s->since_ms);
	api_json_moment(json, "until", s->until_ms);
	for (size_t i = 0; i < SPECIALIST_QUEUES_MAX; i++) {
		if (s->skills[i].queue[0] != '\0')
			json_array_append_new(queues, json_pack("{s:s,s:i}",
			    "id", s->skills[i].queue, "level",
			    s->skills[i].level));
	}
	json_object_set_new(json, "queues", queues);
	api_json_text(json, "request", s->request);
	api_json_text(json, "number", number);
	add_count(json, "offer", s->offer);
	add_count(json, "call", s->call);
	json_object_set_new(json, "ignored", json_integer(s->ignored_count));
	return json;
}

json_t *
api_json_line(const char *line)
{
	static const char *const names[] = { "record", "from", "to", "event",
		"action", "by" };
	json_t *json = json_object();
	char *copy = strdup(line), *rest = copy, *word;

	word = copy == NULL ? NULL : strsep(&rest, " ");
	if (word == NULL || rest == NULL) {
		free(copy);
		json_decref(json);
		return NULL;
	}
	json_object_set_new(json, "at_ms",
	    json_integer(strtoll(word, NULL, 10)));
	for (size_t i = 0; i < COUNT_OF(names) && rest != NULL; i++) {
		word = strsep(&rest, " ");
		api_json_text(json, names[i], word);
	}
	api_json_text(json, "detail", rest);
	free(copy);
	return json;
}

json_t *
api_json_dispositions(const struct policy *policy, const char *queue)
{
	json_t *list = json_array();

	for (size_t i = 0; i < policy->disposition_count; i++) {
		const struct disposition *one = &policy->dispositions[i];
		json_t *said;

		if (!policy_queue_has(policy, queue, one))
			continue;
		said = json_pack("{s:i,s:s,s:s,s:s}", "key", one->key, "id",
		    one->id, "title", one->title, "then",
		    disposition_then_names[one->then]);
		api_json_text(said, "queue", one->queue);
		json_array_append_new(list, said);
	}
	return list;
}

static void
add_queue(json_t *list, const struct policy *policy, const char *id)
{
	const struct queue_policy *queue = policy_queue(policy, id);

	if (queue != NULL)
		json_array_append_new(list, json_pack("{s:s,s:s}", "id",
		    queue->id, "title", queue->title));
}

json_t *
api_json_pass_to(const struct policy *policy, const char *queue_id)
{
	const struct queue_policy *from = policy_queue(policy, queue_id);
	json_t *list = json_array();

	/* Those the configuration names come first; any other may be taken. */
	for (size_t i = 0; from != NULL && i < from->pass_to_count; i++)
		add_queue(list, policy, from->pass_to[i]);
	for (size_t i = 0; i < policy->queue_count; i++) {
		const char *id = policy->queues[i].id;
		bool is_named = strcmp(id, queue_id) == 0;

		for (size_t k = 0; from != NULL && k < from->pass_to_count; k++)
			is_named |= strcmp(from->pass_to[k], id) == 0;
		if (!is_named)
			add_queue(list, policy, id);
	}
	return list;
}
