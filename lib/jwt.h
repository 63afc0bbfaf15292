/* SPDX-License-Identifier: MIT */
/*
 * jwt: is a JSON Web Token (RFC 7519) signed with our key? Only the HMAC family:
 * what it says about its own algorithm is believed only as far as we allow it.
 */
#ifndef CALLBACKD_LIB_JWT_H
#define CALLBACKD_LIB_JWT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/check.h"
#include "lib/digest.h"

enum jwt_algorithm { JWT_HS256, JWT_HS384, JWT_HS512, JWT_ALGORITHM_COUNT };
extern const char *const jwt_algorithm_names[JWT_ALGORITHM_COUNT];

/*
 * The claims of a genuine token, of the caller's; NULL: *ret_reason is static
 * text. allowed: a bit for each enum jwt_algorithm. exp and nbf, where they are,
 * must hold, with a minute for clocks that differ.
 */
json_t *jwt_verify(const char *token, unsigned allowed,
    const struct digest_key *key, int64_t now_ms, const char **ret_reason)
    MUST_USE;

#endif
