/* SPDX-License-Identifier: MIT */
/* jwt: the signature first, then what is in it. */
#include "lib/jwt.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum {
	PIECE_MAX = 2048,               /* bytes of a piece, decoded */
	LEEWAY_S = 60,
};

const char *const jwt_algorithm_names[JWT_ALGORITHM_COUNT] = {
	[JWT_HS256] = "HS256",
	[JWT_HS384] = "HS384",
	[JWT_HS512] = "HS512",
};

static json_t *piece_read(const char *text, size_t length);
static bool is_signed(const char *token, size_t signed_length,
    const char *signature, enum jwt_algorithm algorithm,
    const struct digest_key *key);
static bool is_in_time(const json_t *claims, int64_t now_s);

json_t *
jwt_verify(const char *token, unsigned allowed, const struct digest_key *key,
    int64_t now_ms, const char **ret_reason)
{
	const char *body = strchr(token, '.');
	const char *signature = body == NULL ? NULL : strchr(body + 1, '.');
	size_t i = 0;
	json_t *head, *claims;
	const char *name;

	*ret_reason = "the token is none";
	if (signature == NULL)
		return NULL;
	head = piece_read(token, (size_t)(body - token));
	name = json_string_value(json_object_get(head, "alg"));
	while (i < JWT_ALGORITHM_COUNT && (name == NULL ||
	    strcmp(name, jwt_algorithm_names[i]) != 0))
		i++;
	json_decref(head);
	if (i == JWT_ALGORITHM_COUNT || (allowed & 1u << i) == 0) {
		*ret_reason = "the token is signed in another way";
		return NULL;
	}
	*ret_reason = "the signature is wrong";
	if (!is_signed(token, (size_t)(signature - token), signature + 1,
	    (enum jwt_algorithm)i, key))
		return NULL;
	claims = piece_read(body + 1, (size_t)(signature - body - 1));
	if (claims == NULL) {
		*ret_reason = "the token says nothing";
		return NULL;
	}
	if (!is_in_time(claims, now_ms / 1000)) {
		json_decref(claims);
		*ret_reason = "signed too long ago, or in the future";
		return NULL;
	}
	*ret_reason = NULL;
	return claims;
}

/* An object, or NULL. */
static json_t *
piece_read(const char *text, size_t length)
{
	char copy[PIECE_MAX * 2], bytes[PIECE_MAX];
	size_t size;
	json_t *root;

	if (length >= sizeof(copy))
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (!digest_base64url_read(copy, (unsigned char *)bytes, sizeof(bytes),
	    &size))
		return NULL;
	root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(root))
		return root;
	json_decref(root);
	return NULL;
}

static bool
is_signed(const char *token, size_t signed_length, const char *signature,
    enum jwt_algorithm algorithm, const struct digest_key *key)
{
	static const char *const digests[JWT_ALGORITHM_COUNT] = {
		[JWT_HS256] = "SHA256",
		[JWT_HS384] = "SHA384",
		[JWT_HS512] = "SHA512",
	};
	unsigned char expected[EVP_MAX_MD_SIZE], given[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	size_t given_length;

	CHECK(HMAC(EVP_get_digestbyname(digests[algorithm]), key->bytes,
	    (int)key->length, (const unsigned char *)token, signed_length,
	    expected, &length) != NULL);
	return digest_base64url_read(signature, given, sizeof(given),
	    &given_length) && given_length == length &&
	    CRYPTO_memcmp(expected, given, length) == 0;
}

static bool
is_in_time(const json_t *claims, int64_t now_s)
{
	const json_t *until = json_object_get(claims, "exp");
	const json_t *from = json_object_get(claims, "nbf");

	return (until == NULL || (json_is_number(until) &&
	    json_number_value(until) > (double)(now_s - LEEWAY_S))) &&
	    (from == NULL || (json_is_number(from) &&
	    json_number_value(from) < (double)(now_s + LEEWAY_S)));
}
