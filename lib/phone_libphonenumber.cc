/* SPDX-License-Identifier: MIT */
/*
 * phone_libphonenumber: phone_read by way of libphonenumber. The only C++ of
 * the program: no exception leaves this file, and nothing of the library's is
 * seen outside it. Its plans are as old as its package (years, on Debian), so
 * they may refuse a length, a price or a country, never a single number range.
 */
#include "lib/phone.h"

#include <cctype>
#include <cstring>
#include <string>

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>
#include <phonenumbers/shortnumberinfo.h>

using i18n::phonenumbers::NullLogger;
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;
using i18n::phonenumbers::ShortNumberInfo;

static enum phone_reason read_number(const char *text,
    const struct policy *policy, struct phone *phone);

extern "C" void
phone_read(const char *text, const struct policy *policy,
    struct phone *ret_phone)
{
	struct phone phone = {};
	enum phone_reason reason;

	try {
		reason = read_number(text, policy, &phone);
	} catch (...) {
		reason = PHONE_NO_NUMBER;
	}
	if (reason != PHONE_FINE)
		phone_refuse(reason, &phone);
	*ret_phone = phone;
}

/* The library's own logger writes to standard output: it is replaced before
 * the first use. The instance takes the logger over. */
static const PhoneNumberUtil *
plans()
{
	static PhoneNumberUtil *const util = [] {
		PhoneNumberUtil *instance = PhoneNumberUtil::GetInstance();

		instance->SetLogger(new NullLogger);
		return instance;
	}();

	return util;
}

static const ShortNumberInfo *
short_numbers()
{
	/* Never destroyed, like the plans that it points into. */
	static const ShortNumberInfo *const info = [] {
		plans();
		return new ShortNumberInfo;
	}();

	return info;
}

static bool
is_blank(const char *text)
{
	for (; *text != '\0'; text++)
		if (!isspace(static_cast<unsigned char>(*text)))
			return false;
	return true;
}

static bool
is_emergency(const char *text, const struct policy *policy)
{
	if (short_numbers()->IsEmergencyNumber(text, policy->home))
		return true;
	for (size_t i = 0; i < policy->allow_count; i++)
		if (short_numbers()->IsEmergencyNumber(text, policy->allow[i]))
			return true;
	return false;
}

static enum phone_reason
reason_of_length(PhoneNumberUtil::ValidationResult length)
{
	switch (length) {
	case PhoneNumberUtil::IS_POSSIBLE:
		return PHONE_FINE;
	case PhoneNumberUtil::TOO_SHORT:
	case PhoneNumberUtil::IS_POSSIBLE_LOCAL_ONLY:
		return PHONE_TOO_SHORT;
	case PhoneNumberUtil::TOO_LONG:
		return PHONE_TOO_LONG;
	case PhoneNumberUtil::INVALID_LENGTH:
		return PHONE_WRONG_LENGTH;
	case PhoneNumberUtil::INVALID_COUNTRY_CODE:
		break;
	}
	return PHONE_NO_NUMBER;
}

static enum phone_reason
reason_of_error(PhoneNumberUtil::ErrorType error)
{
	switch (error) {
	case PhoneNumberUtil::NO_PARSING_ERROR:
		return PHONE_FINE;
	case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
	case PhoneNumberUtil::TOO_SHORT_NSN:
		return PHONE_TOO_SHORT;
	case PhoneNumberUtil::TOO_LONG_NSN:
		return PHONE_TOO_LONG;
	case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
	case PhoneNumberUtil::NOT_A_NUMBER:
		break;
	}
	return PHONE_NO_NUMBER;
}

/* The country of a number that no plan knows is that of its calling code; where
 * countries share one, ours goes before the main one. */
static std::string
region_of(const PhoneNumber &number, const struct policy *policy)
{
	std::string region;

	plans()->GetRegionCodeForNumber(number, &region);
	if (region != "ZZ" && !region.empty())
		return region;
	if (plans()->GetCountryCodeForRegion(policy->home) ==
	    number.country_code())
		return policy->home;
	plans()->GetRegionCodeForCountryCode(number.country_code(), &region);
	return region;
}

static bool
is_costly(PhoneNumberUtil::PhoneNumberType type)
{
	return type == PhoneNumberUtil::PREMIUM_RATE ||
	    type == PhoneNumberUtil::SHARED_COST;
}

/* Whoever holds one says where it rings, and often earns by it. */
static bool
is_service(PhoneNumberUtil::PhoneNumberType type)
{
	return type == PhoneNumberUtil::PERSONAL_NUMBER ||
	    type == PhoneNumberUtil::PAGER || type == PhoneNumberUtil::UAN ||
	    type == PhoneNumberUtil::VOICEMAIL;
}

/*
 * "8 916 123-45-6" has as many digits as a Russian number without its trunk
 * prefix, so the library takes the 8 for a part of it. A number that no plan
 * knows and that begins with the trunk prefix lacks a digit.
 */
static bool
is_prefix_counted(const char *text, const struct policy *policy,
    const PhoneNumber &number)
{
	std::string prefix, digits;

	if (strchr(text, '+') != nullptr)
		return false;
	plans()->GetNddPrefixForRegion(policy->home, true, &prefix);
	plans()->GetNationalSignificantNumber(number, &digits);
	return !prefix.empty() && digits.compare(0, prefix.size(), prefix) == 0;
}

/* A line that cannot have text messages for certain. */
static bool
is_wired(PhoneNumberUtil::PhoneNumberType type)
{
	return type != PhoneNumberUtil::MOBILE &&
	    type != PhoneNumberUtil::FIXED_LINE_OR_MOBILE &&
	    type != PhoneNumberUtil::UNKNOWN;
}

static bool
copy(char *ret_text, size_t size, const std::string &text)
{
	if (text.size() >= size)
		return false;
	memcpy(ret_text, text.c_str(), text.size() + 1);
	return true;
}

static enum phone_reason
read_number(const char *text, const struct policy *policy,
    struct phone *phone)
{
	PhoneNumber number;
	PhoneNumberUtil::PhoneNumberType type;
	enum phone_reason reason;
	std::string e164, region;

	if (is_blank(text))
		return PHONE_MISSING;
	if (is_emergency(text, policy))
		return PHONE_SPECIAL;
	reason = reason_of_error(plans()->Parse(text, policy->home, &number));
	if (reason != PHONE_FINE)
		return reason;
	reason = reason_of_length(plans()->IsPossibleNumberWithReason(number));
	if (reason != PHONE_FINE)
		return short_numbers()->IsValidShortNumber(number) ?
		    PHONE_SPECIAL : reason;

	plans()->Format(number, PhoneNumberUtil::E164, &e164);
	if (!copy(phone->e164, sizeof(phone->e164), e164) ||
	    !copy(phone->extension, sizeof(phone->extension),
	    number.extension()))
		return PHONE_TOO_LONG;
	if (phone_is_own(policy, phone->e164))
		return PHONE_OWN;
	reason = phone_prefix_reason(policy, phone->e164);
	if (reason != PHONE_FINE)
		return reason;
	type = plans()->GetNumberType(number);
	if (is_costly(type))
		return PHONE_COSTLY;
	if (is_service(type))
		return PHONE_SERVICE;
	region = region_of(number, policy);
	if (!copy(phone->region, sizeof(phone->region), region) ||
	    !phone_is_allowed(policy, phone->region))
		return PHONE_COUNTRY;
	phone->verdict = plans()->IsValidNumber(number) ? PHONE_POSSIBLE :
	    PHONE_UNSURE;
	if (phone->verdict == PHONE_UNSURE &&
	    is_prefix_counted(text, policy, number))
		return PHONE_TOO_SHORT;
	phone->can_text = !is_wired(type);
	phone->why = "";
	return PHONE_FINE;
}
