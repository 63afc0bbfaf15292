/* SPDX-License-Identifier: MIT */
/*
 * signature: lines: scheme, where a byte is changed and how, key, what follows
 * the host of the address, a header; then the body. What is signed by its scheme
 * is accepted; with one byte of it changed it is not, unless the text that is
 * signed is still the same.
 */
#include "lib/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/digest.h"
#include "lib/provider.h"
#include "tests/fuzz/fuzz.h"

enum { BODY_MAX = 4096, URL_SIZE = 1024, SIGNED_SIZE = 64 * 1024 };

#define NOW_TEXT "1795448400"

static const struct recipe {
	enum signature_algorithm algorithm;
	enum signature_encoding encoding;
	const char *parts[6];
	bool is_list, has_any_port;
} recipes[] = {
	{ SIGNATURE_HMAC_SHA1, SIGNATURE_BASE64,
	    { "url", "form-sorted-dedup" }, false, true },
	{ SIGNATURE_HMAC_SHA1, SIGNATURE_BASE64,
	    { "url", "form-sorted-stable" }, false, false },
	{ SIGNATURE_HMAC_SHA256, SIGNATURE_HEX, { "time", "=.", "body" }, true,
	    false },
	{ SIGNATURE_HMAC_SHA512, SIGNATURE_BASE64_OF_HEX,
	    { "method", "path", "header:X-Nonce", "body" }, false, false },
	{ SIGNATURE_SHA256, SIGNATURE_HEX,
	    { "secret", "=|", "body", "=|", "secret" }, false, false },
	{ SIGNATURE_MD5, SIGNATURE_HEX, { "url-base", "secret", "body" }, true,
	    false },
	{ SIGNATURE_ED25519, SIGNATURE_BASE64, { "time", "=|", "body" }, false,
	    false },
	{ SIGNATURE_HMAC_MD5, SIGNATURE_HEX, { "form-sorted-ampersand" }, false,
	    false },
	{ SIGNATURE_SHA1, SIGNATURE_HEX, { "fields-indexed:a", "secret" }, false,
	    false },
};

/* One webhook; `place` of the byte that is changed, and what with. */
struct attempt {
	const struct recipe *recipe;
	const char *key, *nonce, *body;
	char url[URL_SIZE];
	size_t length;
};

struct signed_text {
	char bytes[SIGNED_SIZE];
	size_t length;
	bool is_whole;
};

static void
add(struct signed_text *text, const char *bytes, size_t length)
{
	CHECK(text->length + length <= sizeof(text->bytes));
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
}

static bool
comes_before(const struct fields *form, size_t a, size_t b, bool is_dedup)
{
	int order = strcmp(form->items[a].name, form->items[b].name);

	if (order == 0 && is_dedup)
		order = strcmp(form->items[a].value, form->items[b].value);
	return order < 0 || (order == 0 && a < b);
}

/* By selection: another way than the one that is tested. */
static void
add_form(struct signed_text *text, const struct fields *form, bool is_dedup)
{
	bool is_used[FIELDS_MAX] = { false };
	const char *name = NULL, *value = NULL;

	for (size_t n = 0; n < form->count; n++) {
		size_t best = form->count;

		for (size_t i = 0; i < form->count; i++)
			if (!is_used[i] && (best == form->count ||
			    comes_before(form, i, best, is_dedup)))
				best = i;
		is_used[best] = true;
		if (!is_dedup || name == NULL ||
		    strcmp(name, form->items[best].name) != 0 ||
		    strcmp(value, form->items[best].value) != 0) {
			name = form->items[best].name;
			value = form->items[best].value;
			add(text, name, strlen(name));
			add(text, value, strlen(value));
		}
	}
}

/* One after the other, each looked for among all. */
static void
add_indexed(struct signed_text *text, const struct attempt *attempt)
{
	struct fields form = { .count = 0 };
	bool is_read = fields_read(attempt->body, attempt->length, &form);
	size_t found = 0;

	for (size_t n = 0; n < form.count && is_read; n++) {
		char name[16];
		size_t i = 0;

		snprintf(name, sizeof(name), "a[%zu]", n);
		while (i < form.count && strcmp(form.items[i].name, name) != 0)
			i++;
		if (i == form.count)
			break;
		add(text, form.items[i].value, strlen(form.items[i].value));
		found++;
	}
	/* A field that comes twice with two values is refused before. */
	text->is_whole = text->is_whole && is_read && found > 0 &&
	    !fields_have_twins(&form);
	fields_fini(&form);
}

static void
add_ampersands(struct signed_text *text, const struct attempt *attempt)
{
	struct fields form = { .count = 0 };
	bool is_used[FIELDS_MAX] = { false };

	text->is_whole = text->is_whole &&
	    fields_read(attempt->body, attempt->length, &form);
	for (size_t n = 0; n < form.count && text->is_whole; n++) {
		size_t best = form.count;

		for (size_t i = 0; i < form.count; i++)
			if (!is_used[i] && (best == form.count ||
			    comes_before(&form, i, best, false)))
				best = i;
		is_used[best] = true;
		add(text, "&", 1);
		add(text, form.items[best].name,
		    strlen(form.items[best].name));
		add(text, "=", 1);
		for (const char *at = form.items[best].value; *at != '\0'; at++)
			add(text, strchr("&=", *at) != NULL ? "_" : at, 1);
	}
	fields_fini(&form);
}

static void
put_together(const struct attempt *attempt, struct signed_text *text)
{
	struct fields form = { .count = 0 };
	const char *url = attempt->url, *host = strstr(url, "://") + 3;
	char raw_key[64];

	text->length = 0;
	text->is_whole = true;
	snprintf(raw_key, sizeof(raw_key), "%s", attempt->key);
	for (size_t i = 0; i < COUNT_OF(attempt->recipe->parts); i++) {
		const char *part = attempt->recipe->parts[i];

		if (part == NULL)
			break;
		if (strcmp(part, "url") == 0)
			add(text, url, strcspn(url, "#"));
		else if (strcmp(part, "url-base") == 0)
			add(text, url, strcspn(url, "?#"));
		else if (strcmp(part, "path") == 0)
			add(text, host + strcspn(host, "/?#"),
			    strcspn(host + strcspn(host, "/?#"), "#"));
		else if (strcmp(part, "method") == 0)
			add(text, "POST", 4);
		else if (strcmp(part, "body") == 0)
			add(text, attempt->body, attempt->length);
		else if (strcmp(part, "time") == 0)
			add(text, NOW_TEXT, strlen(NOW_TEXT));
		else if (strcmp(part, "secret") == 0)
			add(text, raw_key, strlen(raw_key));
		else if (strncmp(part, "header:", 7) == 0)
			add(text, attempt->nonce, strlen(attempt->nonce));
		else if (part[0] == '=')
			add(text, part + 1, strlen(part + 1));
		else if (strstr(part, "indexed") != NULL)
			add_indexed(text, attempt);
		else if (strstr(part, "ampersand") != NULL)
			add_ampersands(text, attempt);
		else if (fields_read(attempt->body, attempt->length, &form))
			add_form(text, &form, strstr(part, "dedup") != NULL);
		else
			text->is_whole = false;
		fields_fini(&form);
	}
}

/* ---- signing */

static EVP_PKEY *
ed25519_key(char ret_public[64])
{
	static const unsigned char seed[32] = "thirty-two bytes that nobody has";
	EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
	    seed, sizeof(seed));
	unsigned char bytes[32];
	size_t length = sizeof(bytes);

	CHECK(pair != NULL);
	CHECK(EVP_PKEY_get_raw_public_key(pair, bytes, &length) == 1);
	EVP_EncodeBlock((unsigned char *)ret_public, bytes, (int)length);
	return pair;
}

static size_t
sign_ed25519(const struct signed_text *text, unsigned char *ret_bytes)
{
	char public[64];
	EVP_PKEY *pair = ed25519_key(public);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t length = EVP_MAX_MD_SIZE;

	CHECK(EVP_DigestSignInit(context, NULL, NULL, NULL, pair) == 1);
	CHECK(EVP_DigestSign(context, ret_bytes, &length,
	    (const unsigned char *)text->bytes, text->length) == 1);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pair);
	return length;
}

static void
encode(enum signature_encoding encoding, const unsigned char *bytes,
    size_t length, char *ret_text)
{
	char hex[2 * EVP_MAX_MD_SIZE + 1];

	for (size_t i = 0; i < length; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	if (encoding == SIGNATURE_HEX)
		strcpy(ret_text, hex);
	else if (encoding == SIGNATURE_BASE64)
		EVP_EncodeBlock((unsigned char *)ret_text, bytes, (int)length);
	else
		EVP_EncodeBlock((unsigned char *)ret_text,
		    (unsigned char *)hex, (int)(2 * length));
}

static void
sign(const struct attempt *attempt, const struct signed_text *text,
    char *ret_signature)
{
	const EVP_MD *const digests[SIGNATURE_ALGORITHM_COUNT] = {
		[SIGNATURE_HMAC_MD5] = EVP_md5(),
		[SIGNATURE_SHA1] = EVP_sha1(),
		[SIGNATURE_HMAC_SHA1] = EVP_sha1(),
		[SIGNATURE_HMAC_SHA256] = EVP_sha256(),
		[SIGNATURE_HMAC_SHA512] = EVP_sha512(),
		[SIGNATURE_MD5] = EVP_md5(),
		[SIGNATURE_SHA256] = EVP_sha256(),
	};
	enum signature_algorithm algorithm = attempt->recipe->algorithm;
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (algorithm == SIGNATURE_ED25519)
		length = (unsigned)sign_ed25519(text, bytes);
	else if (algorithm <= SIGNATURE_HMAC_SHA512)
		HMAC(digests[algorithm], attempt->key,
		    (int)strlen(attempt->key),
		    (const unsigned char *)text->bytes, text->length, bytes,
		    &length);
	else
		CHECK(EVP_Digest(text->bytes, text->length, bytes, &length,
		    digests[algorithm], NULL) == 1);
	encode(attempt->recipe->encoding, bytes, length, ret_signature);
}

/* ---- verifying */

static bool
verify(const struct attempt *attempt, const char *signature)
{
	struct signature_scheme scheme = {
		.algorithm = attempt->recipe->algorithm,
		.encoding = attempt->recipe->encoding,
		.is_list = attempt->recipe->is_list,
		.has_any_port = attempt->recipe->has_any_port,
		.is_key_base64 =
		    attempt->recipe->algorithm == SIGNATURE_ED25519,
		.tolerance_s = 300,
	};
	const struct webhook_header headers[] = { { "X-Nonce", attempt->nonce },
		{ "X-Sign", signature }, { "X-Time", NOW_TEXT } };
	const struct webhook_input input = { "POST", attempt->url, headers,
		COUNT_OF(headers), attempt->body, attempt->length };
	struct fields form = { .count = 0 }, query = { .count = 0 };
	struct signature_result result;
	bool is_good;

	CHECK(signature_source_read("header:X-Sign", &scheme.from));
	CHECK(signature_source_read("header:X-Time", &scheme.time));
	while (scheme.message.count < COUNT_OF(attempt->recipe->parts) &&
	    attempt->recipe->parts[scheme.message.count] != NULL) {
		CHECK(signature_part_read(
		    attempt->recipe->parts[scheme.message.count],
		    &scheme.message.parts[scheme.message.count]));
		scheme.message.count++;
	}
	/* A form that cannot be read is refused before it comes here. */
	if (!fields_read(attempt->body, attempt->length, &form))
		fields_fini(&form);
	is_good = signature_verify(&scheme, &input, &form, &query,
	    attempt->key, NULL, FUZZ_NOW_MS, &result);
	CHECK(is_good == (result.reason == NULL));
	fields_fini(&form);
	return is_good;
}

static void
check_changed_body(const struct attempt *attempt, const char *signature,
    size_t place, char with)
{
	static struct signed_text text, changed_text;
	struct attempt changed = *attempt;
	char body[BODY_MAX];
	bool is_same;

	memcpy(body, attempt->body, attempt->length);
	body[place % attempt->length] ^= with;
	changed.body = body;
	put_together(attempt, &text);
	put_together(&changed, &changed_text);
	if (!changed_text.is_whole)
		return;
	is_same = text.length == changed_text.length &&
	    memcmp(text.bytes, changed_text.bytes, text.length) == 0;
	CHECK(verify(&changed, signature) == is_same);
}

static void
check_changed_signature(const struct attempt *attempt, const char *signature,
    size_t place, char with)
{
	char changed[512];

	snprintf(changed, sizeof(changed), "%s", signature);
	changed[place % strlen(changed)] ^= with;
	if (attempt->recipe->encoding == SIGNATURE_HEX &&
	    strcasecmp(changed, signature) == 0)
		return;
	CHECK(!verify(attempt, changed));
}

static void
check_attempt(const struct attempt *attempt, size_t place, char with)
{
	static struct signed_text text;
	char signature[512] = "";

	put_together(attempt, &text);
	if (!text.is_whole)
		return;
	sign(attempt, &text, signature);
	CHECK(verify(attempt, signature));
	if (with == '\0')
		return;
	if (attempt->length > 0)
		check_changed_body(attempt, signature, place, with);
	check_changed_signature(attempt, signature, place, with);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	struct attempt attempt = {
		.recipe = &recipes[fuzz_number(&input, COUNT_OF(recipes))] };
	size_t place = fuzz_number(&input, 100000);
	char with = (char)fuzz_number(&input, 256), public[64];

	attempt.key = fuzz_line(&input);
	snprintf(attempt.url, sizeof(attempt.url), "https://cb.example:443/%s",
	    fuzz_line(&input));
	attempt.nonce = fuzz_line(&input);
	attempt.body = fuzz_rest(&input, &attempt.length);
	if (attempt.recipe->algorithm == SIGNATURE_ED25519) {
		EVP_PKEY_free(ed25519_key(public));
		attempt.key = public;
	}
	if (attempt.key[0] != '\0' && strlen(attempt.key) < 64 &&
	    attempt.length <= BODY_MAX && strlen(attempt.nonce) < 64)
		check_attempt(&attempt, place, with);
	fuzz_end(&input);
	return 0;
}
