/* SPDX-License-Identifier: MIT */
/* phone: what people type, and what must never be dialled. Both builds are
 * tested: with libphonenumber, and without (E.164 only). */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/check.h"
#include "lib/phone.h"

struct wanted {
	const char *text;
	enum phone_verdict verdict;
	enum phone_reason reason;
	const char *e164, *extension;
};

static struct policy
policy_of_a_russian_shop(void)
{
	struct policy policy;

	policy_defaults(&policy);
	strcpy(policy.home, "RU");
	strcpy(policy.allow[0], "RU");
	strcpy(policy.allow[1], "KZ");
	strcpy(policy.allow[2], "BY");
	policy.allow_count = 3;
	strcpy(policy.own[0], "+74951234567");
	policy.own_count = 1;
	return policy;
}

static void
check_all(const struct wanted *cases, size_t count)
{
	struct policy policy = policy_of_a_russian_shop();

	for (size_t i = 0; i < count; i++) {
		struct phone phone;

		phone_read(cases[i].text, &policy, &phone);
		if (phone.verdict != cases[i].verdict ||
		    phone.reason != cases[i].reason ||
		    strcmp(phone.e164, cases[i].e164) != 0 ||
		    strcmp(phone.extension, cases[i].extension) != 0)
			fail_msg("\"%s\": verdict %d, %s, %s ext %s",
			    cases[i].text, (int)phone.verdict, phone.why,
			    phone.e164, phone.extension);
		assert_int_equal(phone.code != NULL,
		    phone.verdict == PHONE_REFUSED);
		assert_non_null(phone.why);
	}
}

static void
sandbox_numbers_are_taken(void **state)
{
	struct policy policy = policy_of_a_russian_shop();
	char number[] = "+79000000000";

	(void)state;
	for (char last = '1'; last <= '8'; last++) {
		struct phone phone;

		number[sizeof(number) - 2] = last;
		phone_read(number, &policy, &phone);
		assert_true(phone.verdict != PHONE_REFUSED);
		assert_string_equal(phone.e164, number);
		assert_true(phone.can_text);
	}
}

static void
both_builds_agree(void **state)
{
	static const struct wanted cases[] = {
		{ "+79161234567", PHONE_POSSIBLE, PHONE_FINE, "+79161234567", "" },
		{ " +7 (916) 123-45-67 ", PHONE_POSSIBLE, PHONE_FINE,
		    "+79161234567", "" },
		{ "+7 812 123 45 67 доб. 12", PHONE_POSSIBLE, PHONE_FINE,
		    "+78121234567", "12" },
		{ "+7 812 123 45 67 доб.12345678", PHONE_POSSIBLE, PHONE_FINE,
		    "+78121234567", "12345678" },
		{ "+78121234567 ext 12", PHONE_POSSIBLE, PHONE_FINE,
		    "+78121234567", "12" },
		{ "+78121234567x12", PHONE_POSSIBLE, PHONE_FINE,
		    "+78121234567", "12" },
		{ "+78121234567;ext=12", PHONE_POSSIBLE, PHONE_FINE,
		    "+78121234567", "12" },
		{ "+77011234567", PHONE_POSSIBLE, PHONE_FINE, "+77011234567", "" },
		{ "", PHONE_REFUSED, PHONE_MISSING, "", "" },
		{ "   ", PHONE_REFUSED, PHONE_MISSING, "", "" },
		{ "Иван", PHONE_REFUSED, PHONE_NO_NUMBER, "", "" },
		{ "+7 916", PHONE_REFUSED, PHONE_TOO_SHORT, "", "" },
		{ "+7916123456789012345", PHONE_REFUSED, PHONE_TOO_LONG, "", "" },
		{ "+7 495 123-45-67", PHONE_REFUSED, PHONE_OWN, "", "" },
		{ "+7 495 123-45-67 доб. 3", PHONE_REFUSED, PHONE_OWN, "", "" },
		{ "+12025550143", PHONE_REFUSED, PHONE_COUNTRY, "", "" },
		{ "+4915112345678", PHONE_REFUSED, PHONE_COUNTRY, "", "" },
		{ "+870 773 123 456", PHONE_REFUSED, PHONE_NO_COUNTRY, "", "" },
		{ "+881 612 345 678", PHONE_REFUSED, PHONE_NO_COUNTRY, "", "" },
		{ "+882 1234567890", PHONE_REFUSED, PHONE_NO_COUNTRY, "", "" },
		{ "+883 510 001 234 567", PHONE_REFUSED, PHONE_NO_COUNTRY, "", "" },
		{ "+979 123 456 789", PHONE_REFUSED, PHONE_COSTLY, "", "" },
		{ "+9991234567", PHONE_REFUSED, PHONE_NO_NUMBER, "", "" },
	};

	(void)state;
	check_all(cases, COUNT_OF(cases));
}

static void
an_empty_list_means_home_only(void **state)
{
	struct policy policy = policy_of_a_russian_shop();
	struct phone phone;

	(void)state;
	policy.allow_count = 0;
	phone_read("+79161234567", &policy, &phone);
	assert_int_equal(phone.verdict, PHONE_POSSIBLE);
	phone_read("+375291234567", &policy, &phone);
	assert_int_equal(phone.verdict, PHONE_REFUSED);
	assert_string_equal(phone.code, "phone_not_accepted");
	strcpy(policy.home, "");
	phone_read("+79161234567", &policy, &phone);
	assert_int_equal(phone.verdict, PHONE_REFUSED);
}

/* Islands that are dialled as if they were at home, also numbers that cannot exist
 * there: 123 begins no exchange. */
static void
the_caribbean_is_not_america(void **state)
{
	static const char *const islands[] = { "+18095551234", "+18091231234",
		"+18765551234", "+16581231234", "+12425551234", "+14735551234",
		"+12845551234", "+16495551234", "+18685551234", "+17675551234",
		"+12681231234", "+14411231234" };
	struct policy policy = policy_of_a_russian_shop();
	struct phone phone;

	(void)state;
	strcpy(policy.home, "US");
	strcpy(policy.allow[0], "US");
	strcpy(policy.allow[1], "CA");
	policy.allow_count = 2;
	for (size_t i = 0; i < COUNT_OF(islands); i++) {
		phone_read(islands[i], &policy, &phone);
		assert_int_equal(phone.verdict, PHONE_REFUSED);
		assert_int_equal(phone.reason, PHONE_COUNTRY);
	}
	phone_read("+12125551234", &policy, &phone);
	assert_string_equal(phone.e164, "+12125551234");
	phone_read("+14165551234", &policy, &phone);
	assert_string_equal(phone.e164, "+14165551234");
	phone_read("+19005551234", &policy, &phone);
	assert_int_equal(phone.reason, PHONE_COSTLY);
	/* Who wants them names them. */
	strcpy(policy.allow[2], "JM");
	policy.allow_count = 3;
	phone_read("+18765551234", &policy, &phone);
	assert_int_equal(phone.reason, PHONE_FINE);
}

static void
how_a_number_begins_may_be_refused(void **state)
{
	struct policy policy = policy_of_a_russian_shop();
	struct phone phone;

	(void)state;
	strcpy(policy.refuse[0], "+7916");
	strcpy(policy.refuse[1], "+78121");
	policy.refuse_count = 2;
	phone_read("+79161234567", &policy, &phone);
	assert_int_equal(phone.reason, PHONE_PREFIX);
	assert_string_equal(phone.code, "phone_not_accepted");
	phone_read("+78121234567", &policy, &phone);
	assert_int_equal(phone.reason, PHONE_PREFIX);
	phone_read("+79171234567", &policy, &phone);
	assert_int_equal(phone.reason, PHONE_FINE);
	assert_int_equal(phone_prefix_reason(&policy, "+79161"), PHONE_PREFIX);
	assert_int_equal(phone_prefix_reason(&policy, "+7915"), PHONE_FINE);
	assert_int_equal(phone_prefix_reason(&policy, ""), PHONE_FINE);
}

static void
every_refusal_has_a_code(void **state)
{
	(void)state;
	for (int reason = PHONE_FINE + 1; reason < PHONE_REASON_COUNT; reason++) {
		struct phone phone;

		phone_refuse((enum phone_reason)reason, &phone);
		assert_non_null(phone.code);
		assert_non_null(phone.why);
		assert_int_equal(phone.verdict, PHONE_REFUSED);
	}
}

static void
odd_bytes_are_survived(void **state)
{
	static const char *const texts[] = {
		"+", "++7", "+7+7", "tel:+79161234567", "+7\xff" "9161234567",
		"\xd0", "доб. 12", "x", ";ext=", "+79161234567;ext=",
		"+79161234567;phone-context=example", "8" "\xef\xbc\x98",
		"+79161234567 доб. 1234567890123", "+-.() ", "00000000000000000",
	};
	struct policy policy = policy_of_a_russian_shop();
	char longest[4096];
	struct phone phone;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		phone_read(texts[i], &policy, &phone);
	memset(longest, '9', sizeof(longest));
	longest[0] = '+';
	longest[sizeof(longest) - 1] = '\0';
	phone_read(longest, &policy, &phone);
	assert_int_equal(phone.verdict, PHONE_REFUSED);
}

#ifdef WITH_LIBPHONENUMBER
static void
national_plans_are_known(void **state)
{
	static const struct wanted cases[] = {
		{ "8 (916) 123-45-67", PHONE_POSSIBLE, PHONE_FINE,
		    "+79161234567", "" },
		{ "89161234567", PHONE_POSSIBLE, PHONE_FINE, "+79161234567", "" },
		{ "79161234567", PHONE_POSSIBLE, PHONE_FINE, "+79161234567", "" },
		{ "9161234567", PHONE_POSSIBLE, PHONE_FINE, "+79161234567", "" },
		{ "8 800 555-35-35", PHONE_POSSIBLE, PHONE_FINE,
		    "+78005553535", "" },
		{ "+375 29 123-45-67", PHONE_POSSIBLE, PHONE_FINE,
		    "+375291234567", "" },
		/* not assigned, as far as an old plan can tell */
		{ "+71234567890", PHONE_UNSURE, PHONE_FINE, "+71234567890", "" },
		/* a digit is missing, and the 8 is not one of them */
		{ "8 916 123-45-6", PHONE_REFUSED, PHONE_TOO_SHORT, "", "" },
		{ "123-45-67", PHONE_REFUSED, PHONE_TOO_SHORT, "", "" },
		{ "8 916 123-45-678", PHONE_REFUSED, PHONE_WRONG_LENGTH, "", "" },
		{ "8 (495) 123-45-67", PHONE_REFUSED, PHONE_OWN, "", "" },
		{ "8 809 505-12-34", PHONE_REFUSED, PHONE_COSTLY, "", "" },
		{ "112", PHONE_REFUSED, PHONE_SPECIAL, "", "" },
		{ "103", PHONE_REFUSED, PHONE_SPECIAL, "", "" },
		{ "+7 112", PHONE_REFUSED, PHONE_SPECIAL, "", "" },
		{ "8 808 123-45-67", PHONE_REFUSED, PHONE_SERVICE, "", "" },
		{ "+8 916 123 45 67", PHONE_REFUSED, PHONE_NO_NUMBER, "", "" },
	};

	(void)state;
	check_all(cases, COUNT_OF(cases));
}

static void
kinds_of_lines_are_known(void **state)
{
	struct policy policy = policy_of_a_russian_shop();
	struct phone phone;

	(void)state;
	phone_read("+79161234567", &policy, &phone);
	assert_true(phone.can_text);
	assert_string_equal(phone.region, "RU");
	phone_read("+78121234567", &policy, &phone);
	assert_false(phone.can_text);
	phone_read("+77011234567", &policy, &phone);
	assert_string_equal(phone.region, "KZ");
	phone_read("+71234567890", &policy, &phone);
	assert_string_equal(phone.region, "RU");
	strcpy(policy.home, "US");
	strcpy(policy.allow[0], "US");
	policy.allow_count = 1;
	phone_read("(202) 555-0143", &policy, &phone);
	assert_string_equal(phone.e164, "+12025550143");
	assert_true(phone.can_text);
	phone_read("1 900 555 1234", &policy, &phone);
	assert_int_equal(phone.reason, PHONE_COSTLY);
	phone_read("876 555 1234", &policy, &phone);
	assert_int_equal(phone.reason, PHONE_COUNTRY);
	phone_read("911", &policy, &phone);
	assert_int_equal(phone.reason, PHONE_SPECIAL);
}
#else
static void
national_forms_are_refused(void **state)
{
	static const struct wanted cases[] = {
		{ "89161234567", PHONE_REFUSED, PHONE_NO_NUMBER, "", "" },
		{ "112", PHONE_REFUSED, PHONE_NO_NUMBER, "", "" },
		{ "+7916123456x", PHONE_REFUSED, PHONE_NO_NUMBER, "", "" },
		{ "+79161234567 доб. 123456789", PHONE_REFUSED,
		    PHONE_NO_NUMBER, "", "" },
	};

	(void)state;
	check_all(cases, COUNT_OF(cases));
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sandbox_numbers_are_taken),
		cmocka_unit_test(both_builds_agree),
		cmocka_unit_test(an_empty_list_means_home_only),
		cmocka_unit_test(the_caribbean_is_not_america),
		cmocka_unit_test(how_a_number_begins_may_be_refused),
		cmocka_unit_test(every_refusal_has_a_code),
		cmocka_unit_test(odd_bytes_are_survived),
#ifdef WITH_LIBPHONENUMBER
		cmocka_unit_test(national_plans_are_known),
		cmocka_unit_test(kinds_of_lines_are_known),
#else
		cmocka_unit_test(national_forms_are_refused),
#endif
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
