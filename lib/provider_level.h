/* SPDX-License-Identifier: MIT */
/*
 * provider_level: what a company may promise with a provider, derived from what
 * its file says it can do, and from nothing else (DESIGN 7).
 */
#ifndef CALLBACKD_LIB_PROVIDER_LEVEL_H
#define CALLBACKD_LIB_PROVIDER_LEVEL_H

#include "lib/provider.h"

/* What happens when nobody can say whether the provider took an order. */
enum provider_level {
	/* Nobody is rung twice: a second order is refused, or found first. */
	LEVEL_NEVER_TWICE,
	/* Nor is a customer; but a specialist's phone may ring once more, and is
	 * told goodbye. */
	LEVEL_SPECIALIST_MAY_RING_TWICE,
	/* The customer is not called again until a person has found out. */
	LEVEL_UNKNOWN_TO_A_PERSON,
	LEVEL_COUNT
};

/* Stable words for programs, and a sentence for people. */
extern const char *const provider_level_names[LEVEL_COUNT];
extern const char *const provider_level_texts[LEVEL_COUNT];

/* can_find: calls can be looked up by their token. */
enum provider_level provider_level_of(enum fence fence, bool can_find);

/* The same for a provider that was read. */
enum provider_level provider_level(const struct provider *provider);

#endif
