/* SPDX-License-Identifier: MIT */
/*
 * digest: does a signature fit bytes and a key? The arithmetic under signature,
 * which knows where the bytes come from.
 */
#ifndef CALLBACKD_LIB_DIGEST_H
#define CALLBACKD_LIB_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/check.h"
#include "lib/output.h"
#include "lib/signature.h"

enum {
	DIGEST_KEY_MAX = 512,           /* bytes */
	DIGEST_SHA256_HEX_SIZE = 65,
};

struct digest_key {
	char bytes[DIGEST_KEY_MAX + 1]; /* terminated too */
	size_t length;
};

/* False: not Base64 where it should be, too long, or empty: an empty key would
 * make anybody's signature good. */
bool digest_key_read(const char *text, bool is_base64,
    struct digest_key *ret_key) MUST_USE;

/* For the algorithms that sign bytes. Hex must be given in lower case. */
bool digest_fits(const struct signature_scheme *scheme,
    const struct digest_key *key, const struct output *message,
    const char *given) MUST_USE;

/* Can we sign so ourselves? */
bool digest_can_make(enum signature_algorithm algorithm);

enum { DIGEST_TEXT_SIZE = 256 };

/* The signature as it is sent; the key is of no account for a plain hash. */
void digest_make(enum signature_algorithm algorithm,
    enum signature_encoding encoding, const struct digest_key *key,
    const struct output *message, char ret_text[DIGEST_TEXT_SIZE]);

/* For shared, bearer and basic: the key itself was sent. */
bool digest_key_fits(const struct signature_scheme *scheme,
    const struct digest_key *key, const char *given) MUST_USE;

void digest_sha256_hex(const char *bytes, size_t length,
    char ret_hex[DIGEST_SHA256_HEX_SIZE]);

/* ret_base64 has room for 25 bytes. */
void digest_md5_base64(const char *bytes, size_t length, char ret_base64[25]);

/* Base64 of either alphabet, padded or not; false: it is none, empty, or longer
 * than size. */
bool digest_base64url_read(const char *text, unsigned char *ret_bytes,
    size_t size, size_t *ret_length) MUST_USE;

/* Takes as long whatever b is; only its length shows. */
bool digest_is_equal(const char *a, const char *b) MUST_USE;

#endif
