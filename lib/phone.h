/* SPDX-License-Identifier: MIT */
/*
 * phone: a telephone number as a person typed it becomes one that may be
 * dialled, or a refusal. Two implementations, chosen when the program is built:
 * phone_libphonenumber knows national plans, phone_plain takes "+" and digits.
 *
 * Doubt is in the customer's favour: plans change faster than what a program
 * knows of them, so a possible number that looks unassigned is accepted.
 */
#ifndef CALLBACKD_LIB_PHONE_H
#define CALLBACKD_LIB_PHONE_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "lib/policy.h"

enum phone_verdict {
	PHONE_POSSIBLE,         /* to be dialled */
	PHONE_UNSURE,           /* to be dialled; the plan does not know it */
	PHONE_REFUSED,
};

/* Why a number was refused: what a person who reads logs is told. */
enum phone_reason {
	PHONE_FINE,
	PHONE_MISSING,
	PHONE_NO_NUMBER,        /* not a telephone number at all */
	PHONE_TOO_SHORT,
	PHONE_TOO_LONG,
	PHONE_WRONG_LENGTH,     /* between two lengths that exist */
	PHONE_OWN,              /* one of the company's own numbers */
	PHONE_COUNTRY,          /* a country that is not called */
	PHONE_COSTLY,           /* premium rate, shared cost */
	PHONE_SPECIAL,          /* emergency and other short numbers */
	PHONE_SERVICE,          /* personal, pager, company-wide and voicemail numbers */
	PHONE_NO_COUNTRY,       /* satellites, and numbers that belong to no country */
	PHONE_PREFIX,           /* the configuration refuses how it begins */
	PHONE_REASON_COUNT
};

struct phone {
	enum phone_verdict verdict;
	enum phone_reason reason;
	char e164[17];          /* "+" and at most 15 digits; "" when refused */
	char extension[9];      /* behind a switchboard, digits; "": none */
	char region[3];         /* "RU"; "" if not known */
	const char *code;       /* phone_missing, phone_impossible, phone_not_accepted; static; NULL: not refused */
	const char *why;        /* the reason in English; static, "" if not refused */
	bool can_text;          /* a mobile, as far as the plan can tell */
};

/*
 * Reads a number. National forms belong to policy->home; only countries in
 * policy->allow are called (with an empty list, only home). Never fails: what
 * cannot be read is PHONE_REFUSED. One thread at a time; the first call of
 * phone_libphonenumber takes some milliseconds.
 */
void phone_read(const char *text, const struct policy *policy, struct phone *ret_phone);

/* What both implementations share: the refusal for a reason, and two rules. */
void phone_refuse(enum phone_reason reason, struct phone *ret_phone);
bool phone_is_own(const struct policy *policy, const char *e164);
bool phone_is_allowed(const struct policy *policy, const char *region);

/* May a number that begins so be called, whatever else is known of it: PHONE_FINE, or why
 * not. Asked again when it is dialled: the configuration may have changed since. */
enum phone_reason phone_prefix_reason(const struct policy *policy, const char *e164);

#ifdef __cplusplus
}
#endif

#endif
