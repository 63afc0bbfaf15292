/* SPDX-License-Identifier: MIT */
/* providers: those of the project's own files, and some that use all words. */
#ifndef CALLBACKD_TESTS_FUZZ_PROVIDERS_H
#define CALLBACKD_TESTS_FUZZ_PROVIDERS_H

#include "lib/provider.h"

enum {
	FUZZ_TWILIO, FUZZ_SANDBOX, FUZZ_BENCH, FUZZ_WIDE_JSON, FUZZ_WIDE_FORM,
	FUZZ_PROVIDERS
};

#define FUZZ_SECRET "12345"     /* the auth_token of all of them */

const struct provider *fuzz_provider(size_t which);

/* A value for every name that templates know. */
struct provider_values fuzz_values(void);

#endif
