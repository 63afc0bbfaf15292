/* SPDX-License-Identifier: MIT */
/* provider_choice: one walk through the order. */
#include "lib/provider_choice.h"

#include <stdio.h>
#include <string.h>

#include "lib/call.h"

_Static_assert(PROVIDER_ORDER_MAX < sizeof(unsigned) * 8, "a bit for each");

unsigned
provider_set(const struct policy *policy, const char *id)
{
	const struct provider_facts *facts = policy_provider(policy, id);

	return facts == NULL ? 0 : 1u << (facts - policy->providers);
}

void
provider_key(const char *what, const char *id, enum channel channel,
    char ret_key[KEY_SIZE])
{
	int length = snprintf(ret_key, KEY_SIZE, "%s:%s%s%s", what, id,
	    channel == CHANNEL_VOICE ? "" : ":",
	    channel == CHANNEL_VOICE ? "" : channel_names[channel]);

	CHECK(length > 0 && length < KEY_SIZE);
}

static bool
is_possible(const struct policy *policy, const char *id,
    const struct specialist_policy *who, unsigned down)
{
	unsigned set = provider_set(policy, id);

	return set != 0 && (set & down) == 0 &&
	    (who == NULL || policy_address(who, id)[0] != '\0');
}

const char *
provider_choice(const struct policy *policy, const char *queue,
    const struct specialist_policy *who, unsigned down, const char *after)
{
	const struct provider_order *order = policy_voice(policy, queue);
	bool has_come = after[0] == '\0';

	for (size_t i = 0; i < order->count; i++) {
		const char *id = order->ids[i];

		if (has_come && (strcmp(id, CALL_BY_HAND) == 0 ||
		    is_possible(policy, id, who, down)))
			return id;
		has_come |= strcmp(id, after) == 0;
	}
	return order->count == 0 && has_come ? CALL_BY_HAND : NULL;
}
