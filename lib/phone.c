/* SPDX-License-Identifier: MIT */
/* phone: what does not depend on who knows the national plans. */
#include "lib/phone.h"

#include <string.h>

#include "lib/check.h"

/* One code for every "we do not call this number", on purpose: a visitor learns
 * nothing of our lists and rules. */
static const struct {
	const char *code, *why;
} refusals[PHONE_REASON_COUNT] = {
	[PHONE_MISSING] = { "phone_missing", "no number" },
	[PHONE_NO_NUMBER] = { "phone_impossible", "not a telephone number" },
	[PHONE_TOO_SHORT] = { "phone_impossible", "too few digits" },
	[PHONE_TOO_LONG] = { "phone_impossible", "too many digits" },
	[PHONE_WRONG_LENGTH] = { "phone_impossible", "no number has so many digits" },
	[PHONE_OWN] = { "phone_not_accepted", "one of our own numbers" },
	[PHONE_COUNTRY] = { "phone_not_accepted", "a country that is not called" },
	[PHONE_COSTLY] = { "phone_not_accepted", "premium rate or shared cost" },
	[PHONE_SPECIAL] = { "phone_not_accepted", "an emergency or short number" },
};

void
phone_refuse(enum phone_reason reason, struct phone *ret_phone)
{
	CHECK(reason > PHONE_FINE);
	CHECK(reason < PHONE_REASON_COUNT);
	*ret_phone = (struct phone){
		.verdict = PHONE_REFUSED,
		.reason = reason,
		.code = refusals[reason].code,
		.why = refusals[reason].why,
	};
}

bool
phone_is_own(const struct policy *policy, const char *e164)
{
	for (size_t i = 0; i < policy->own_count; i++)
		if (strcmp(policy->own[i], e164) == 0)
			return true;
	return false;
}

bool
phone_is_allowed(const struct policy *policy, const char *region)
{
	if (policy->allow_count == 0)
		return strcmp(policy->home, region) == 0;
	for (size_t i = 0; i < policy->allow_count; i++)
		if (strcmp(policy->allow[i], region) == 0)
			return true;
	return false;
}
