/* SPDX-License-Identifier: MIT */
/* api_card: the queue's script, and the customer's page in the company's own system. */
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"
#include "lib/card.h"
#include "lib/say.h"

static const char *
text_in(const json_t *json, const char *name)
{
	return json_string_value(json_object_get(json, name));
}

void
api_add_card(const struct policy *policy, const char *specialist, json_t *full)
{
	const char *queue_id = text_in(full, "queue");
	const struct queue_policy *queue = queue_id == NULL ? NULL :
	    policy_queue(policy, queue_id);
	json_int_t promise_s = json_integer_value(json_object_get(full,
	    "promise_at"));
	char promise[SAY_SIZE] = "";
	struct card card = { .values = {
		[CARD_COMPANY] = policy->company,
		[CARD_NAME] = text_in(full, "name"),
		[CARD_PHONE] = text_in(full, "phone"),
		[CARD_CASE] = text_in(full, "number"),
		[CARD_SPECIALIST] = specialist,
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
