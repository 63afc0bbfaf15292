/* SPDX-License-Identifier: MIT */
/* signing: as the providers of the targets sign their webhooks. */
#ifndef CALLBACKD_TESTS_FUZZ_SIGNING_H
#define CALLBACKD_TESTS_FUZZ_SIGNING_H

#include "tests/fuzz/providers.h"

enum { FUZZ_SIGNED_MAX = 32 * 1024, FUZZ_SIGNATURE_SIZE = 512 };

/* Of method, url and body (at most FUZZ_SIGNED_MAX). False: it signs a form that
 * cannot be read. */
bool fuzz_sign(size_t which, const struct webhook_input *input,
    char ret_signature[FUZZ_SIGNATURE_SIZE]);
const char *fuzz_signature_header(size_t which);

#endif
