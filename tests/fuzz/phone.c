/* SPDX-License-Identifier: MIT */
/* phone: a number as somebody typed it. */
#include <string.h>

#include "lib/phone.h"
#include "tests/fuzz/fuzz.h"

static void
check_accepted(const struct phone *phone)
{
	size_t digits = strspn(phone->e164 + 1, "0123456789");
	struct phone again;

	CHECK(phone->e164[0] == '+' && digits >= 4 && digits <= 15);
	CHECK(phone->e164[1 + digits] == '\0');
	CHECK(phone->code == NULL && phone->reason == PHONE_FINE);
	CHECK(!phone_is_own(fuzz_policy(), phone->e164));
	CHECK(strspn(phone->extension, "0123456789") ==
	    strlen(phone->extension));
	phone_read(phone->e164, fuzz_policy(), &again);
	CHECK(again.verdict == phone->verdict);
	CHECK(strcmp(again.e164, phone->e164) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	struct phone phone;

	phone_read(fuzz_rest_text(&input), fuzz_policy(), &phone);
	CHECK(phone.why != NULL);
	if (phone.verdict != PHONE_REFUSED)
		check_accepted(&phone);
	else
		CHECK(phone.code != NULL && phone.e164[0] == '\0' &&
		    phone.reason != PHONE_FINE);
	fuzz_end(&input);
	return 0;
}
