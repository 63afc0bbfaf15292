/* SPDX-License-Identifier: MIT */
/*
 * phone_plain: phone_read without libphonenumber. Takes E.164 only: "+", the
 * calling code, at most 15 digits, however they are grouped. National forms,
 * prices and emergency numbers are not known here; of the countries, only their
 * calling codes, so where several share one, all of them pass for each; those of the
 * Caribbean are told apart.
 */
#include "lib/phone.h"

#include <stdlib.h>
#include <string.h>

#include "lib/check.h"

enum { DIGITS_MIN = 7, DIGITS_MAX = 15 };

static const struct calling_code {
	int code;
	const char *regions;
} calling_codes[] = {
	{ 1, "US CA" },         /* the others by their area codes */
	{ 7, "RU KZ" }, { 20, "EG" }, { 27, "ZA" }, { 30, "GR" }, { 31, "NL" },
	{ 32, "BE" }, { 33, "FR" }, { 34, "ES" }, { 36, "HU" },
	{ 39, "IT VA" }, { 40, "RO" }, { 41, "CH" }, { 43, "AT" },
	{ 44, "GB GG IM JE" }, { 45, "DK" }, { 46, "SE" }, { 47, "NO SJ" },
	{ 48, "PL" }, { 49, "DE" }, { 51, "PE" }, { 52, "MX" }, { 53, "CU" },
	{ 54, "AR" }, { 55, "BR" }, { 56, "CL" }, { 57, "CO" }, { 58, "VE" },
	{ 60, "MY" }, { 61, "AU CC CX" }, { 62, "ID" }, { 63, "PH" },
	{ 64, "NZ" }, { 65, "SG" }, { 66, "TH" }, { 81, "JP" }, { 82, "KR" },
	{ 84, "VN" }, { 86, "CN" }, { 90, "TR" }, { 91, "IN" }, { 92, "PK" },
	{ 93, "AF" }, { 94, "LK" }, { 95, "MM" }, { 98, "IR" }, { 211, "SS" },
	{ 212, "MA EH" }, { 213, "DZ" }, { 216, "TN" }, { 218, "LY" },
	{ 220, "GM" }, { 221, "SN" }, { 222, "MR" }, { 223, "ML" },
	{ 224, "GN" }, { 225, "CI" }, { 226, "BF" }, { 227, "NE" },
	{ 228, "TG" }, { 229, "BJ" }, { 230, "MU" }, { 231, "LR" },
	{ 232, "SL" }, { 233, "GH" }, { 234, "NG" }, { 235, "TD" },
	{ 236, "CF" }, { 237, "CM" }, { 238, "CV" }, { 239, "ST" },
	{ 240, "GQ" }, { 241, "GA" }, { 242, "CG" }, { 243, "CD" },
	{ 244, "AO" }, { 245, "GW" }, { 246, "IO" }, { 247, "AC" },
	{ 248, "SC" }, { 249, "SD" }, { 250, "RW" }, { 251, "ET" },
	{ 252, "SO" }, { 253, "DJ" }, { 254, "KE" }, { 255, "TZ" },
	{ 256, "UG" }, { 257, "BI" }, { 258, "MZ" }, { 260, "ZM" },
	{ 261, "MG" }, { 262, "RE YT" }, { 263, "ZW" }, { 264, "NA" },
	{ 265, "MW" }, { 266, "LS" }, { 267, "BW" }, { 268, "SZ" },
	{ 269, "KM" }, { 290, "SH TA" }, { 291, "ER" }, { 297, "AW" },
	{ 298, "FO" }, { 299, "GL" }, { 350, "GI" }, { 351, "PT" },
	{ 352, "LU" }, { 353, "IE" }, { 354, "IS" }, { 355, "AL" },
	{ 356, "MT" }, { 357, "CY" }, { 358, "FI AX" }, { 359, "BG" },
	{ 370, "LT" }, { 371, "LV" }, { 372, "EE" }, { 373, "MD" },
	{ 374, "AM" }, { 375, "BY" }, { 376, "AD" }, { 377, "MC" },
	{ 378, "SM" }, { 380, "UA" }, { 381, "RS" }, { 382, "ME" },
	{ 383, "XK" }, { 385, "HR" }, { 386, "SI" }, { 387, "BA" },
	{ 389, "MK" }, { 420, "CZ" }, { 421, "SK" }, { 423, "LI" },
	{ 500, "FK" }, { 501, "BZ" }, { 502, "GT" }, { 503, "SV" },
	{ 504, "HN" }, { 505, "NI" }, { 506, "CR" }, { 507, "PA" },
	{ 508, "PM" }, { 509, "HT" }, { 590, "GP BL MF" }, { 591, "BO" },
	{ 592, "GY" }, { 593, "EC" }, { 594, "GF" }, { 595, "PY" },
	{ 596, "MQ" }, { 597, "SR" }, { 598, "UY" }, { 599, "CW BQ" },
	{ 670, "TL" }, { 672, "NF" }, { 673, "BN" }, { 674, "NR" },
	{ 675, "PG" }, { 676, "TO" }, { 677, "SB" }, { 678, "VU" },
	{ 679, "FJ" }, { 680, "PW" }, { 681, "WF" }, { 682, "CK" },
	{ 683, "NU" }, { 685, "WS" }, { 686, "KI" }, { 687, "NC" },
	{ 688, "TV" }, { 689, "PF" }, { 690, "TK" }, { 691, "FM" },
	{ 692, "MH" }, { 850, "KP" }, { 852, "HK" }, { 853, "MO" },
	{ 855, "KH" }, { 856, "LA" }, { 880, "BD" }, { 886, "TW" },
	{ 960, "MV" }, { 961, "LB" }, { 962, "JO" }, { 963, "SY" },
	{ 964, "IQ" }, { 965, "KW" }, { 966, "SA" }, { 967, "YE" },
	{ 968, "OM" }, { 970, "PS" }, { 971, "AE" }, { 972, "IL" },
	{ 973, "BH" }, { 974, "QA" }, { 975, "BT" }, { 976, "MN" },
	{ 977, "NP" }, { 992, "TJ" }, { 993, "TM" }, { 994, "AZ" },
	{ 995, "GE" }, { 996, "KG" }, { 998, "UZ" },
};

/* Area codes of "+1" that are not of the United States or Canada, as assigned by NANPA:
 * islands are what fraud by callback likes best, and dialled as if they were at home. */
static const struct { char area[4], region[3]; } islands[] = {
	{ "242", "BS" }, { "246", "BB" }, { "264", "AI" }, { "268", "AG" },
	{ "284", "VG" }, { "340", "VI" }, { "345", "KY" }, { "441", "BM" },
	{ "473", "GD" }, { "649", "TC" }, { "658", "JM" }, { "664", "MS" },
	{ "670", "MP" }, { "671", "GU" }, { "684", "AS" }, { "721", "SX" },
	{ "758", "LC" }, { "767", "DM" }, { "784", "VC" }, { "787", "PR" },
	{ "809", "DO" }, { "829", "DO" }, { "849", "DO" }, { "868", "TT" },
	{ "869", "KN" }, { "876", "JM" }, { "939", "PR" },
};

static enum phone_reason read_number(const char *text,
    const struct policy *policy, struct phone *phone);
static bool read_extension(const char *text, struct phone *phone);
static const char *regions_of(const char *digits);
static bool has_allowed(const struct policy *policy, const char *regions);

void
phone_read(const char *text, const struct policy *policy,
    struct phone *ret_phone)
{
	struct phone phone = { .verdict = PHONE_POSSIBLE, .why = "" };
	enum phone_reason reason = read_number(text, policy, &phone);

	if (reason != PHONE_FINE)
		phone_refuse(reason, &phone);
	*ret_phone = phone;
}

static enum phone_reason
read_number(const char *text, const struct policy *policy,
    struct phone *phone)
{
	size_t count = 0;
	enum phone_reason reason;
	const char *regions;

	text += strspn(text, " ");
	if (*text == '\0')
		return PHONE_MISSING;
	if (*text != '+')
		return PHONE_NO_NUMBER;
	phone->e164[0] = *text++;
	for (; *text != '\0' && strchr("0123456789 -.()", *text) != NULL; text++) {
		if (strchr(" -.()", *text) != NULL)
			continue;
		if (count == DIGITS_MAX)
			return PHONE_TOO_LONG;
		phone->e164[++count] = *text;
	}
	if (!read_extension(text, phone))
		return PHONE_NO_NUMBER;
	if (count < DIGITS_MIN)
		return PHONE_TOO_SHORT;
	reason = phone_prefix_reason(policy, phone->e164);
	if (reason != PHONE_FINE)
		return reason;
	regions = regions_of(&phone->e164[1]);
	if (regions == NULL)
		return PHONE_NO_NUMBER;
	if (phone_is_own(policy, phone->e164))
		return PHONE_OWN;
	if (!has_allowed(policy, regions))
		return PHONE_COUNTRY;
	if (strlen(regions) == 2)
		memcpy(phone->region, regions, 3);
	/* Of plans it only knows that +7 9 (and 7 in Kazakhstan) are mobiles. */
	phone->can_text = phone->e164[1] != '7' || phone->e164[2] == '9' ||
	    phone->e164[2] == '7';
	return PHONE_FINE;
}

/* What follows the number: nothing, or a word for "extension" and digits. */
static bool
read_extension(const char *text, struct phone *phone)
{
	static const char *const words[] = { ";ext=", "ext", "x", "доб" };
	size_t length;

	text += strspn(text, " ");
	if (*text == '\0')
		return true;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strncmp(text, words[i], strlen(words[i])) != 0)
			continue;
		text += strlen(words[i]);
		text += strspn(text, ". ");
		length = strspn(text, "0123456789");
		if (length == 0 || length >= sizeof(phone->extension) ||
		    text[length + strspn(&text[length], " ")] != '\0')
			return false;
		memcpy(phone->extension, text, length);
		return true;
	}
	return false;
}

/* No calling code begins another, so the first that fits is it. */
static const char *
regions_of(const char *digits)
{
	for (size_t i = 0; i < COUNT_OF(islands); i++)
		if (digits[0] == '1' &&
		    strncmp(&digits[1], islands[i].area, 3) == 0)
			return islands[i].region;
	for (int length = 1; length <= 3; length++) {
		char code[4] = "";

		memcpy(code, digits, (size_t)length);
		for (size_t i = 0; i < COUNT_OF(calling_codes); i++)
			if (calling_codes[i].code == atoi(code))
				return calling_codes[i].regions;
	}
	return NULL;
}

static bool
has_allowed(const struct policy *policy, const char *regions)
{
	char region[3] = "";

	for (; *regions != '\0'; regions += regions[2] == ' ' ? 3 : 2) {
		memcpy(region, regions, 2);
		if (phone_is_allowed(policy, region))
			return true;
	}
	return false;
}
