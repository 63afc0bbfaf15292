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
	[PHONE_SERVICE] = { "phone_not_accepted",
	    "a personal, pager, company-wide or voicemail number" },
	[PHONE_NO_COUNTRY] = { "phone_not_accepted",
	    "a satellite, or a number of no country" },
	[PHONE_PREFIX] = { "phone_not_accepted",
	    "it begins as phones.refuse says" },
	[PHONE_SPECIAL] = { "phone_not_accepted", "an emergency or short number" },
};

/* ITU-T E.164 list of assigned country codes: maritime and other satellites, networks
 * and services of no country, among them the international premium rate; and premium
 * rate of the North American plan, as far as it can be told by the first digits. */
static const struct {
	const char *prefix;
	enum phone_reason reason;
} never[] = {
	{ "+870", PHONE_NO_COUNTRY }, { "+871", PHONE_NO_COUNTRY },
	{ "+872", PHONE_NO_COUNTRY }, { "+873", PHONE_NO_COUNTRY },
	{ "+874", PHONE_NO_COUNTRY }, { "+875", PHONE_NO_COUNTRY },
	{ "+876", PHONE_NO_COUNTRY }, { "+877", PHONE_NO_COUNTRY },
	{ "+878", PHONE_NO_COUNTRY }, { "+879", PHONE_NO_COUNTRY },
	{ "+881", PHONE_NO_COUNTRY }, { "+882", PHONE_NO_COUNTRY },
	{ "+883", PHONE_NO_COUNTRY }, { "+888", PHONE_NO_COUNTRY },
	{ "+808", PHONE_COSTLY }, { "+979", PHONE_COSTLY },
	{ "+1900", PHONE_COSTLY },
};

static bool
begins(const char *e164, const char *prefix)
{
	return strncmp(e164, prefix, strlen(prefix)) == 0;
}

enum phone_reason
phone_prefix_reason(const struct policy *policy, const char *e164)
{
	for (size_t i = 0; i < COUNT_OF(never); i++)
		if (begins(e164, never[i].prefix))
			return never[i].reason;
	for (size_t i = 0; i < policy->refuse_count; i++)
		if (begins(e164, policy->refuse[i]))
			return PHONE_PREFIX;
	return PHONE_FINE;
}

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
