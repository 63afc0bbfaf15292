/* SPDX-License-Identifier: MIT */
/* api_providers: how calls are made, and what may be promised with each way. */
#include <string.h>

#include "daemon/api_internal.h"
#include "lib/provider_level.h"

/* How it has worked lately, of calls or of messages. */
static void
add_health(json_t *json, const struct provider_facts *facts,
    enum channel channel, const struct health_view *view)
{
	static const char *const pace_names[CHANNEL_COUNT] = {
		[CHANNEL_VOICE] = "calls_per_second",
		[CHANNEL_SMS] = "messages_per_second" };

	json_object_set_new(json, "state", json_string(view->is_spent ?
	    "spent" : health_state_names[view->state]));
	api_json_moment(json, "down_since", view->since_ms);
	if (view->state == HEALTH_DOWN)
		api_json_moment(json, "probe_at", view->probe_at_ms);
	api_json_moment(json, "good_at", view->good_at_ms);
	api_json_moment(json, "error_at", view->error_at_ms);
	api_json_text(json, "error", view->error);
	json_object_set_new(json, "score", json_integer(view->score));
	if (facts->emission_ms[channel] > 0)
		json_object_set_new(json, pace_names[channel], json_real(
		    1000.0 / (double)facts->emission_ms[channel]));
}

static void
add_calls_health(json_t *json, const struct api *api, const char *id)
{
	const struct provider_facts *facts = policy_provider(api->policy, id);
	struct health_view view;

	if (!health_see(api->options.health, id, CHANNEL_VOICE, &view))
		return;
	add_health(json, facts, CHANNEL_VOICE, &view);
	json_object_set_new(json, "in_flight",
	    json_integer((json_int_t)view.alive));
	if (facts->alive_max > 0)
		json_object_set_new(json, "in_flight_max",
		    json_integer(facts->alive_max));
}

static void
add_sms_health(json_t *json, const struct api *api, const char *id)
{
	const struct provider_facts *facts = policy_provider(api->policy, id);
	struct health_view view;
	json_t *sms;

	if (facts == NULL || !facts->can_text ||
	    !health_see(api->options.health, id, CHANNEL_SMS, &view))
		return;
	sms = json_pack("{s:I}", "text", (json_int_t)policy_place(
	    &api->policy->text, id));
	add_health(sms, facts, CHANNEL_SMS, &view);
	json_object_set_new(json, channel_names[CHANNEL_SMS], sms);
}

static json_t *
provider_json(const struct api *api, const struct calls_provider *one)
{
	const struct provider *provider = one->provider;
	enum provider_level level = provider_level(provider);
	json_t *can = json_object(), *json;

	for (int i = 0; i < PROVIDER_OPERATION_COUNT; i++) {
		enum provider_operation operation = (enum provider_operation)i;

		json_object_set_new(can, provider_operation_names[i],
		    json_boolean(provider_can(provider, operation)));
	}
	json = json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:f,s:s,s:o}", "id", one->id,
	    "file", provider_name(provider), "fence",
	    fence_names[provider_fence(provider)], "level",
	    provider_level_names[level], "promise",
	    provider_level_texts[level], "voice",
	    (json_int_t)policy_place(&api->policy->voice, one->id), "timeout_s",
	    (double)one->timeout_ms / 1000, "tested",
	    provider_tested_names[provider_tested(provider)], "can", can);
	add_calls_health(json, api, one->id);
	add_sms_health(json, api, one->id);
	return json;
}

/* What came from it since the start. */
static json_t *
webhooks_json(const struct webhook_counts *counts)
{
	json_t *json = json_pack("{s:I,s:I,s:I,s:I,s:I}",
	    "heard", (json_int_t)counts->heard,
	    "refused", (json_int_t)counts->refused,
	    "repeated", (json_int_t)counts->repeated,
	    "foreign", (json_int_t)counts->foreign,
	    "limited", (json_int_t)counts->limited);

	if (counts->last_refusal[0] != '\0') {
		json_object_set_new(json, "last_refusal",
		    json_string(counts->last_refusal));
		json_object_set_new(json, "last_refusal_at",
		    json_integer(counts->last_refusal_ms / 1000));
	}
	return json;
}

/* A person dials: nothing can be looked up, and they say what came of it. */
static json_t *
by_hand_json(const struct policy *policy)
{
	enum provider_level level = LEVEL_UNKNOWN_TO_A_PERSON;
	int64_t place = policy_place(&policy->voice, CALL_BY_HAND);

	return json_pack("{s:s,s:s,s:s,s:s,s:I}", "id", CALL_BY_HAND,
	    "fence", fence_names[FENCE_NONE], "level",
	    provider_level_names[level], "promise",
	    provider_level_texts[level], "voice",
	    (json_int_t)(place != 0 ? place : 1));
}

void
api_get_providers(struct http_request *request, void *context)
{
	const struct api *api = context;
	const struct calls *calls = api->options.calls;
	const struct calls_provider *one;
	json_t *list = json_array();

	for (size_t i = 0; (one = calls_provider_at(calls, i)) != NULL; i++) {
		json_t *json = provider_json(api, one);

		json_object_set_new(json, "webhooks", webhooks_json(
		    webhooks_counts(api->options.webhooks, i)));
		json_array_append_new(list, json);
	}
	if (api->policy->voice.count == 0 ||
	    policy_place(&api->policy->voice, CALL_BY_HAND) != 0)
		json_array_append_new(list, by_hand_json(api->policy));
	http_reply_json(request, 200, json_pack("{s:o}", "providers", list));
}

void
api_post_trial(struct http_request *request, void *context)
{
	struct api *api = context;
	json_t *body = api_body(request);
	char id[REQUEST_ID_SIZE];
	const char *why;

	if (body == NULL)
		return;
	why = provider_trial_begin(api->options.trials,
	    http_param(request, "id"), api_body_text(body, "to"),
	    api_body_text(body, "text"), id);
	json_decref(body);
	if (why != NULL)
		http_problem(request, 409, "test_refused", why);
	else
		http_reply_json(request, 200, json_pack("{s:s}", "trial", id));
}

void
api_get_trial(struct http_request *request, void *context)
{
	struct api *api = context;
	json_t *trial = provider_trial_json(api->options.trials,
	    http_param(request, "trial"));

	if (trial != NULL)
		http_reply_json(request, 200, trial);
	else
		http_problem(request, 404, "not_found", "no such test");
}
