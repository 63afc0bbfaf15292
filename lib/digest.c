/* SPDX-License-Identifier: MIT */
/* digest: thin over libcrypto; what is secret is compared in constant time. */
#include "lib/digest.h"

#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { GIVEN_MAX = 2048 };              /* bytes of a signature in base64 */

static bool fits_ed25519(const struct digest_key *key,
    const struct output *message, const char *given);
static size_t digest_of(enum signature_algorithm algorithm,
    const struct digest_key *key, const struct output *message,
    unsigned char ret_digest[EVP_MAX_MD_SIZE]);
static void encode(enum signature_encoding encoding,
    const unsigned char *digest, size_t length, char *ret_text);
static void hex_of(const unsigned char *bytes, size_t length, char *ret_text);
static bool base64_decode(const char *text, unsigned char *ret_bytes,
    size_t size, size_t *ret_length);

bool
digest_key_read(const char *text, bool is_base64, struct digest_key *ret_key)
{
	struct digest_key key = { .length = strlen(text) };

	if (is_base64) {
		if (!digest_base64url_read(text, (unsigned char *)key.bytes,
		    DIGEST_KEY_MAX, &key.length))
			return false;
	} else if (key.length <= DIGEST_KEY_MAX) {
		memcpy(key.bytes, text, key.length);
	}
	if (key.length == 0 || key.length > DIGEST_KEY_MAX)
		return false;
	*ret_key = key;
	OPENSSL_cleanse(&key, sizeof(key));
	return true;
}

void
digest_sha256_hex(const char *bytes, size_t length,
    char ret_hex[DIGEST_SHA256_HEX_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_length;

	CHECK(EVP_Digest(bytes, length, digest, &digest_length, EVP_sha256(),
	    NULL) == 1);
	hex_of(digest, digest_length, ret_hex);
}

void
digest_md5_base64(const char *bytes, size_t length, char ret_base64[25])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_length;

	CHECK(EVP_Digest(bytes, length, digest, &digest_length, EVP_md5(),
	    NULL) == 1);
	EVP_EncodeBlock((unsigned char *)ret_base64, digest,
	    (int)digest_length);
}

bool
digest_fits(const struct signature_scheme *scheme, const struct digest_key *key,
    const struct output *message, const char *given)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char expected[4 * EVP_MAX_MD_SIZE];
	size_t length;

	if (scheme->algorithm == SIGNATURE_ED25519)
		return fits_ed25519(key, message, given);
	length = digest_of(scheme->algorithm, key, message, digest);
	encode(scheme->encoding, digest, length, expected);
	return digest_is_equal(expected, given);
}

bool
digest_key_fits(const struct signature_scheme *scheme,
    const struct digest_key *key, const char *given)
{
	unsigned char bytes[GIVEN_MAX];
	size_t length;

	if (scheme->algorithm == SIGNATURE_SHARED)
		return digest_is_equal(key->bytes, given);
	if (scheme->algorithm == SIGNATURE_BEARER)
		return strncasecmp(given, "Bearer ", 7) == 0 &&
		    digest_is_equal(key->bytes, given + 7);
	if (strncasecmp(given, "Basic ", 6) != 0 ||
	    !base64_decode(given + 6, bytes, sizeof(bytes) - 1, &length))
		return false;
	bytes[length] = '\0';
	return strlen((char *)bytes) == length &&
	    digest_is_equal(key->bytes, (char *)bytes);
}

static bool
fits_ed25519(const struct digest_key *key, const struct output *message,
    const char *given)
{
	unsigned char bytes[GIVEN_MAX];
	size_t length;
	EVP_PKEY *public_key;
	EVP_MD_CTX *context;
	bool is_good = false;

	if (key->length != 32 ||
	    !base64_decode(given, bytes, sizeof(bytes), &length) ||
	    length != 64)
		return false;
	public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
	    (const unsigned char *)key->bytes, key->length);
	context = EVP_MD_CTX_new();
	CHECK(context != NULL);
	if (public_key != NULL && EVP_DigestVerifyInit(context, NULL, NULL,
	    NULL, public_key) == 1)
		is_good = EVP_DigestVerify(context, bytes, length,
		    (const unsigned char *)(message->text != NULL ?
		    message->text : ""), message->length) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(public_key);
	return is_good;
}

static const struct {
	const char *digest;             /* NULL: no digest of the message */
	bool is_keyed;
} ways[SIGNATURE_ALGORITHM_COUNT] = {
	[SIGNATURE_HMAC_MD5] = { "MD5", true },
	[SIGNATURE_HMAC_SHA1] = { "SHA1", true },
	[SIGNATURE_HMAC_SHA256] = { "SHA256", true },
	[SIGNATURE_HMAC_SHA512] = { "SHA512", true },
	[SIGNATURE_MD5] = { "MD5", false },
	[SIGNATURE_SHA1] = { "SHA1", false },
	[SIGNATURE_SHA256] = { "SHA256", false },
	[SIGNATURE_SHA512] = { "SHA512", false },
};

bool
digest_can_make(enum signature_algorithm algorithm)
{
	return ways[algorithm].digest != NULL;
}

void
digest_make(enum signature_algorithm algorithm,
    enum signature_encoding encoding, const struct digest_key *key,
    const struct output *message, char ret_text[DIGEST_TEXT_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	encode(encoding, digest, digest_of(algorithm, key, message, digest),
	    ret_text);
}

static size_t
digest_of(enum signature_algorithm algorithm, const struct digest_key *key,
    const struct output *message, unsigned char ret_digest[EVP_MAX_MD_SIZE])
{
	const char *name = ways[algorithm].digest;
	const EVP_MD *digest = EVP_get_digestbyname(name);
	const char *text = message->text != NULL ? message->text : "";
	unsigned length = 0;

	CHECK(digest != NULL);
	if (ways[algorithm].is_keyed)
		CHECK(HMAC(digest, key->bytes, (int)key->length,
		    (const unsigned char *)text, message->length, ret_digest,
		    &length) != NULL);
	else
		CHECK(EVP_Digest(text, message->length, ret_digest, &length,
		    digest, NULL) == 1);
	return length;
}

/* ret_text has room for 4 * EVP_MAX_MD_SIZE. */
static void
encode(enum signature_encoding encoding, const unsigned char *digest,
    size_t length, char *ret_text)
{
	char hex[2 * EVP_MAX_MD_SIZE + 1];

	switch (encoding) {
	case SIGNATURE_HEX:
		hex_of(digest, length, ret_text);
		return;
	case SIGNATURE_BASE64:
		EVP_EncodeBlock((unsigned char *)ret_text, digest, (int)length);
		return;
	case SIGNATURE_BASE64_OF_HEX:
		hex_of(digest, length, hex);
		EVP_EncodeBlock((unsigned char *)ret_text,
		    (unsigned char *)hex, (int)(2 * length));
		return;
	case SIGNATURE_ENCODING_COUNT:
		break;
	}
	CHECK(encoding != SIGNATURE_ENCODING_COUNT);
}

static void
hex_of(const unsigned char *bytes, size_t length, char *ret_text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		*ret_text++ = digits[bytes[i] >> 4];
		*ret_text++ = digits[bytes[i] & 15];
	}
	*ret_text = '\0';
}

/* Strict: the one spelling of each value, with its padding. */
static bool
base64_decode(const char *text, unsigned char *ret_bytes, size_t size,
    size_t *ret_length)
{
	size_t length = strlen(text), pad = 0;
	unsigned char bytes[GIVEN_MAX];
	char again[GIVEN_MAX];
	int count;

	if (length == 0 || length % 4 != 0 || length >= sizeof(bytes))
		return false;
	while (pad < 2 && text[length - 1 - pad] == '=')
		pad++;
	count = EVP_DecodeBlock(bytes, (const unsigned char *)text,
	    (int)length);
	if (count < (int)pad || (size_t)count - pad > size)
		return false;
	EVP_EncodeBlock((unsigned char *)again, bytes, count - (int)pad);
	if (strcmp(again, text) != 0)
		return false;
	*ret_length = (size_t)count - pad;
	memcpy(ret_bytes, bytes, *ret_length);
	return true;
}

bool
digest_base64url_read(const char *text, unsigned char *ret_bytes, size_t size,
    size_t *ret_length)
{
	size_t length = strlen(text);
	unsigned char copy[GIVEN_MAX + 4], bytes[GIVEN_MAX + 4];

	while (length > 0 && text[length - 1] == '=')
		length--;
	if (length == 0 || length % 4 == 1 || length >= GIVEN_MAX ||
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789+/-_") != length)
		return false;
	*ret_length = length / 4 * 3 + (length % 4 > 0 ? length % 4 - 1 : 0);
	for (size_t i = 0; i < length; i++)
		copy[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' :
		    (unsigned char)text[i];
	while (length % 4 != 0)
		copy[length++] = '=';
	if (*ret_length > size ||
	    EVP_DecodeBlock(bytes, copy, (int)length) < 0)
		return false;
	memcpy(ret_bytes, bytes, *ret_length);
	return true;
}

bool
digest_is_equal(const char *a, const char *b)
{
	size_t length = strlen(a);

	return strlen(b) == length && CRYPTO_memcmp(a, b, length) == 0;
}
