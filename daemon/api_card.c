/* SPDX-License-Identifier: MIT */
/* api_card: the queue's script, and the customer's page in the company's own system. */
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"
#include "lib/card.h"
#include "lib/say.h"

static const char *
name_of(const struct policy *policy, const char *id)
{
	const struct specialist_policy *who = policy_specialist(policy, id);

	return who != NULL ? who->name : "";
}

void
api_add_card(const struct policy *policy, const char *specialist, json_t *full)
{
	const struct queue_policy *queue = policy_queue(policy,
	    api_body_text(full, "queue"));
	json_int_t promise_s = json_integer_value(json_object_get(full,
	    "promise_at"));
	char promise[SAY_SIZE] = "";
	struct card card = { .values = {
		[CARD_COMPANY] = policy->company,
		[CARD_NAME] = api_body_text(full, "name"),
		[CARD_PHONE] = api_body_text(full, "phone"),
		[CARD_CASE] = api_body_text(full, "number"),
		[CARD_SPECIALIST] = specialist != NULL ? specialist :
		    name_of(policy, api_body_text(full, "specialist")),
		[CARD_PROMISE] = promise } };
	char *text;

	if (queue == NULL)
		return;
	card.values[CARD_QUEUE] = queue->title;
	if (promise_s > 0)
		say_time(policy->local, promise_s * 1000, promise);
	text = card_fill(queue->script, &card, false);
	api_json_text(full, "script", text);
	free(text);
	if (policy->card_url == NULL || policy->card_url[0] == '\0')
		return;
	text = card_fill(policy->card_url, &card, true);
	api_json_text(full, "card_url", text);
	free(text);
}
