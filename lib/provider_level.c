/* SPDX-License-Identifier: MIT */
/* provider_level: one table. */
#include "lib/provider_level.h"

const char *const provider_level_names[LEVEL_COUNT] = {
	[LEVEL_NEVER_TWICE] = "never_twice",
	[LEVEL_SPECIALIST_MAY_RING_TWICE] = "specialist_may_ring_twice",
	[LEVEL_UNKNOWN_TO_A_PERSON] = "unknown_to_a_person",
};

const char *const provider_level_texts[LEVEL_COUNT] = {
	[LEVEL_NEVER_TWICE] = "nobody is rung twice: an order that comes "
	    "again is refused, an unclear one is looked up",
	[LEVEL_SPECIALIST_MAY_RING_TWICE] = "no customer is rung twice; after "
	    "an unclear order a specialist may ring twice",
	[LEVEL_UNKNOWN_TO_A_PERSON] = "an unclear order that stays so goes to "
	    "a person: the customer may have been called",
};

/* Without the fence of the answer an order may ring the customer by itself. A
 * look-up alone does not make it safe: a list may be late, and an order that
 * is repeated on the way there is a second call. */
enum provider_level
provider_level_of(enum fence fence, bool can_find)
{
	switch (fence) {
	case FENCE_ANSWER:
		return LEVEL_SPECIALIST_MAY_RING_TWICE;
	case FENCE_KEY:
		return can_find ? LEVEL_NEVER_TWICE :
		    LEVEL_UNKNOWN_TO_A_PERSON;
	case FENCE_NONE:
	case FENCE_COUNT:
		break;
	}
	return LEVEL_UNKNOWN_TO_A_PERSON;
}

enum provider_level
provider_level(const struct provider *provider)
{
	return provider_level_of(provider_fence(provider),
	    provider_can(provider, PROVIDER_FIND));
}
