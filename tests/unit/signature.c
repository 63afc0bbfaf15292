/* SPDX-License-Identifier: MIT */
/*
 * signature: every part of a scheme against signatures made here. What providers
 * have signed is in signature_vectors; whole files are in provider_webhooks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/provider.h"
#include "lib/signature.h"
#include "lib/template.h"

/* A scheme as a provider file would write it. */
struct recipe {
	const char *name;               /* of the vectors; NULL: only here */
	enum signature_algorithm algorithm;
	enum signature_encoding encoding;
	const char *parts[8];
	const char *from, *match, *time, *time_match;
	int tolerance_s;
	bool is_list, is_key_base64, has_any_port;
	const char *body_hash_query;
};

static const struct recipe recipes[] = {
	{ .name = "twilio", .algorithm = SIGNATURE_HMAC_SHA1,
	  .encoding = SIGNATURE_BASE64,
	  .parts = { "url", "form-sorted-dedup" },
	  .from = "header:X-Twilio-Signature", .has_any_port = true,
	  .body_hash_query = "bodySHA256" },
	{ .name = "signalwire_form", .algorithm = SIGNATURE_HMAC_SHA1,
	  .encoding = SIGNATURE_BASE64,
	  .parts = { "url", "form-sorted-stable" },
	  .from = "header:X-SignalWire-Signature" },
	{ .name = "signalwire_json", .algorithm = SIGNATURE_HMAC_SHA1,
	  .encoding = SIGNATURE_HEX, .parts = { "url", "body" },
	  .from = "header:X-SignalWire-Signature" },
	{ .name = "telnyx", .algorithm = SIGNATURE_ED25519,
	  .encoding = SIGNATURE_BASE64, .parts = { "time", "=|", "body" },
	  .from = "header:Telnyx-Signature-Ed25519",
	  .time = "header:Telnyx-Timestamp", .tolerance_s = 300,
	  .is_key_base64 = true },
	{ .name = "jambonz", .algorithm = SIGNATURE_HMAC_SHA256,
	  .encoding = SIGNATURE_HEX, .parts = { "time", "=.", "body" },
	  .from = "header:Jambonz-Signature", .match = "v1=([0-9a-f]+)",
	  .time = "header:Jambonz-Signature", .time_match = "t=([0-9]+)",
	  .tolerance_s = 300 },
	{ .name = "plivo2", .algorithm = SIGNATURE_HMAC_SHA256,
	  .encoding = SIGNATURE_BASE64,
	  .parts = { "url-base", "header:X-Plivo-Signature-V2-Nonce" },
	  .from = "header:X-Plivo-Signature-V2" },
	{ .name = "sinch_webhook", .algorithm = SIGNATURE_HMAC_SHA256,
	  .encoding = SIGNATURE_BASE64,
	  .parts = { "body", "=.", "header:x-sinch-webhook-signature-nonce",
	      "=.", "time" },
	  .from = "header:x-sinch-webhook-signature",
	  .time = "header:x-sinch-webhook-signature-timestamp",
	  .tolerance_s = 300 },
	{ .name = "sinch_numbers", .algorithm = SIGNATURE_HMAC_SHA1,
	  .encoding = SIGNATURE_HEX, .parts = { "body" },
	  .from = "header:X-Sinch-Signature" },
	{ .name = "zadarma", .algorithm = SIGNATURE_HMAC_SHA1,
	  .encoding = SIGNATURE_BASE64_OF_HEX,
	  .parts = { "field:internal", "field:destination",
	      "field:call_start" },
	  .from = "header:Signature" },
	{ .name = "mango", .algorithm = SIGNATURE_SHA256,
	  .encoding = SIGNATURE_HEX,
	  .parts = { "field:vpbx_api_key", "field:json", "secret" },
	  .from = "field:sign" },
};

static void
source_make(const char *word, const char *match,
    struct signature_source *ret_source)
{
	if (word == NULL)
		return;
	assert_true(signature_source_read(word, ret_source));
	if (match == NULL)
		return;
	ret_source->match = calloc(1, sizeof(regex_t));
	assert_int_equal(regcomp(ret_source->match, match, REG_EXTENDED), 0);
}

static struct signature_scheme
scheme_make(const struct recipe *recipe)
{
	struct signature_scheme scheme = {
		.algorithm = recipe->algorithm,
		.encoding = recipe->encoding,
		.tolerance_s = recipe->tolerance_s,
		.is_list = recipe->is_list,
		.is_key_base64 = recipe->is_key_base64,
		.has_any_port = recipe->has_any_port,
	};

	while (scheme.message.count < COUNT_OF(recipe->parts) &&
	    recipe->parts[scheme.message.count] != NULL) {
		assert_true(signature_part_read(
		    recipe->parts[scheme.message.count],
		    &scheme.message.parts[scheme.message.count]));
		scheme.message.count++;
	}
	source_make(recipe->from, recipe->match, &scheme.from);
	source_make(recipe->time, recipe->time_match, &scheme.time);
	if (recipe->body_hash_query != NULL)
		snprintf(scheme.body_hash_query,
		    sizeof(scheme.body_hash_query), "%s",
		    recipe->body_hash_query);
	return scheme;
}

/* NULL: genuine. */
static const char *
verify(const struct recipe *recipe, const struct webhook_input *input,
    const char *key, int64_t now_ms)
{
	struct signature_scheme scheme = scheme_make(recipe);
	struct fields form = { .count = 0 }, query = { .count = 0 };
	const char *at = strchr(input->url, '?');
	struct signature_result result;

	assert_true(input->body_length == 0 || input->body[0] == '{' ||
	    fields_read(input->body, input->body_length, &form));
	if (at != NULL)
		assert_true(fields_read(at + 1, strcspn(at + 1, "#"), &query));
	if (signature_verify(&scheme, input, &form, &query, key, NULL, now_ms,
	    &result))
		assert_null(result.reason);
	else
		assert_non_null(result.reason);
	fields_fini(&form);
	fields_fini(&query);
	signature_scheme_fini(&scheme);
	return result.reason;
}

/* ---- what we sign ourselves */

static void
sign(const char *digest, const char *key, const char *text,
    char ret_base64[128], char ret_hex[256])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned length;

	assert_non_null(HMAC(EVP_get_digestbyname(digest), key,
	    (int)strlen(key), (const unsigned char *)text, strlen(text), bytes,
	    &length));
	EVP_EncodeBlock((unsigned char *)ret_base64, bytes, (int)length);
	for (unsigned i = 0; i < length; i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", bytes[i]);
}

static const char *
verify_one(const struct recipe *recipe, const char *url, const char *body,
    const char *header, const char *value, const char *key, int64_t now_ms)
{
	const struct webhook_header headers[] = { { header, value } };
	const struct webhook_input input = {
		"POST", url, headers, header != NULL ? 1 : 0, body,
		strlen(body),
	};

	return verify(recipe, &input, key, now_ms);
}

static void
twilio_signs_url_and_form(void **state)
{
	const char *url = "https://x.example/hooks/t?q=1&b=%20";
	const char *body = "B=2&A=%D1%8F&B=1&B=2&C=";
	char base64[128], hex[256];

	(void)state;
	sign("SHA1", "key", "https://x.example/hooks/t?q=1&b=%20"
	    "A\xd1\x8f" "B1B2C", base64, hex);
	assert_null(verify_one(&recipes[0], url, body, "x-twilio-SIGNATURE",
	    base64, "key", 0));
	assert_string_equal(verify_one(&recipes[0], url, body,
	    "X-Twilio-Signature", hex, "key", 0), "the signature is wrong");
	assert_non_null(verify_one(&recipes[0], url, body,
	    "X-Twilio-Signature", base64, "kex", 0));
	assert_non_null(verify_one(&recipes[0], url, "B=2&A=%D1%8F&B=1&B=3&C=",
	    "X-Twilio-Signature", base64, "key", 0));
	assert_non_null(verify_one(&recipes[0],
	    "https://x.example/hooks/t?q=2&b=%20", body, "X-Twilio-Signature",
	    base64, "key", 0));
	assert_string_equal(verify_one(&recipes[0], url, body, NULL, NULL,
	    "key", 0), "no signature");
	assert_string_equal(verify_one(&recipes[0], url, body,
	    "X-Twilio-Signature", "", "key", 0), "no signature");
	assert_non_null(verify_one(&recipes[0], url, body,
	    "X-Twilio-Signature", base64, "", 0));
}

/* The border between name and value is not signed: the same bytes may be cut
 * elsewhere, so a reader must miss no field. */
static void
borders_are_not_signed(void **state)
{
	char base64[128], hex[256];

	(void)state;
	sign("SHA1", "key", "https://x.example/CallStatusringing", base64,
	    hex);
	assert_null(verify_one(&recipes[0], "https://x.example/",
	    "CallStatus=ringing", "X-Twilio-Signature", base64, "key", 0));
	assert_null(verify_one(&recipes[0], "https://x.example/",
	    "CallStatusr=inging", "X-Twilio-Signature", base64, "key", 0));
}

static void
ports_are_of_no_account(void **state)
{
	static const struct { const char *given, *is_signed; bool is_good; } cases[] = {
		{ "https://x.example/a?b#c", "https://x.example/a?b", true },
		{ "https://x.example/a", "https://x.example:443/a", true },
		{ "http://x.example/a", "http://x.example:80/a", true },
		{ "https://x.example:8443/a", "https://x.example/a", true },
		{ "https://x.example:8443/a", "https://x.example:8443/a", true },
		{ "https://x.example:8443", "https://x.example", true },
		{ "https://[::1]:8443/a:5", "https://[::1]/a:5", true },
		{ "https://[::1]/a", "https://[::1]/a", true },
		{ "https://x.example/a:5", "https://x.example/a:5", true },
		{ "https://x.example:8443/a", "https://x.example:8444/a", false },
		{ "https://x.example/a", "http://x.example/a", false },
		{ "https://x.example/a", "https://y.example/a", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char base64[128], hex[256];
		const char *reason;

		sign("SHA1", "key", cases[i].is_signed, base64, hex);
		reason = verify_one(&recipes[0], cases[i].given, "",
		    "X-Twilio-Signature", base64, "key", 0);
		if ((reason == NULL) != cases[i].is_good)
			fail_msg("%s for %s", cases[i].given,
			    cases[i].is_signed);
	}
}

static void
times_are_bounded(void **state)
{
	static const struct { int64_t now_s; const char *value; bool is_good; } cases[] = {
		{ 1000, "t=1000,v1=", true }, { 1300, "t=1000,v1=", true },
		{ 1301, "t=1000,v1=", false }, { 700, "t=1000,v1=", true },
		{ 699, "t=1000,v1=", false }, { 1000, "v1=", false },
		{ 1000, "t=1000x,v1=", true }, { 1001, "t=1001,v1=", false },
		{ 1000, "t=99999999999999999999,v1=", false },
	};
	char base64[128], hex[256], value[512];

	(void)state;
	sign("SHA256", "key", "1000.{\"a\":1}", base64, hex);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *reason;

		snprintf(value, sizeof(value), "%s%s", cases[i].value, hex);
		reason = verify_one(&recipes[4], "https://x.example/",
		    "{\"a\":1}", "Jambonz-Signature", value, "key",
		    cases[i].now_s * 1000);
		if ((reason == NULL) != cases[i].is_good)
			fail_msg("%zu: %s", i, reason != NULL ? reason : "");
	}
}

static void
takes_one_of_a_list(void **state)
{
	const struct recipe recipe = {
		.algorithm = SIGNATURE_HMAC_SHA512, .encoding = SIGNATURE_HEX,
		.parts = { "method", "=\n", "path", "=\n", "body" },
		.from = "query:sig", .is_list = true,
	};
	char base64[128], hex[256], url[1024];

	(void)state;
	sign("SHA512", "key", "POST\n/a?sig=none\n{}", base64, hex);
	assert_non_null(verify_one(&recipe, "https://x.example/a?sig=none",
	    "{}", NULL, NULL, "key", 0));
	for (char *at = hex; *at != '\0'; at++)
		if (*at >= 'a')
			*at = (char)(*at - 'a' + 'A');
	snprintf(url, sizeof(url), "%s", "https://x.example/a?sig=none");
	const struct recipe by_header = {
		.algorithm = SIGNATURE_HMAC_SHA512, .encoding = SIGNATURE_HEX,
		.parts = { "method", "=\n", "path", "=\n", "body" },
		.from = "header:Sig", .is_list = true,
	};
	char list[600];

	snprintf(list, sizeof(list), "00,, %s", hex);
	assert_null(verify_one(&by_header, url, "{}", "Sig", list, "key", 0));
	assert_non_null(verify_one(&by_header, url, "{}", "Sig", "00,,", "key",
	    0));
}

static void
compares_shared_and_basic(void **state)
{
	const struct recipe shared = {
		.algorithm = SIGNATURE_SHARED, .from = "query:key",
	};
	const struct recipe basic = {
		.algorithm = SIGNATURE_BASIC, .from = "header:Authorization",
	};

	(void)state;
	assert_null(verify_one(&shared, "https://x.example/?key=s%20t", "",
	    NULL, NULL, "s t", 0));
	assert_non_null(verify_one(&shared, "https://x.example/?key=s", "",
	    NULL, NULL, "s t", 0));
	assert_string_equal(verify_one(&shared,
	    "https://x.example/?key=s&key=t", "", NULL, NULL, "s", 0),
	    "part of the signature comes twice");
	assert_null(verify_one(&basic, "https://x.example/", "",
	    "authorization", "Basic dTpw", "u:p", 0));
	assert_non_null(verify_one(&basic, "https://x.example/", "",
	    "authorization", "Basic dTpw=", "u:p", 0));
	assert_non_null(verify_one(&basic, "https://x.example/", "",
	    "authorization", "Basic dTpx", "u:p", 0));
	assert_non_null(verify_one(&basic, "https://x.example/", "",
	    "authorization", "Bearer dTpw", "u:p", 0));
}

static void
refuses_two_signatures(void **state)
{
	const struct webhook_header headers[] = {
		{ "X-Twilio-Signature", "a" }, { "x-twilio-signature", "b" },
	};
	const struct webhook_input input = {
		"POST", "https://x.example/", headers, 2, "", 0,
	};

	(void)state;
	assert_string_equal(verify(&recipes[0], &input, "key", 0),
	    "part of the signature comes twice");
}

static void
body_hash_covers_the_body(void **state)
{
	/* the hash of "{}" */
	const char *url = "https://x.example/?bodySHA256=44136fa355b3678a1146ad"
	    "16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
	char base64[128], hex[256];

	(void)state;
	sign("SHA1", "key", url, base64, hex);
	assert_null(verify_one(&recipes[0], url, "{}", "X-Twilio-Signature",
	    base64, "key", 0));
	assert_string_equal(verify_one(&recipes[0], url, "{ }",
	    "X-Twilio-Signature", base64, "key", 0),
	    "the body is not the one that was signed");
}

static void
bad_keys_fit_nothing(void **state)
{
	static const char *const keys[] = {
		"", "short", "AAAA", "DVPexvyW4Q5K+fO6oXD10j38KL2IpncEna2k/2jwOLE",
		"=AAA", "AA=A", "A===", "AB==",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		assert_non_null(verify_one(&recipes[3], "https://x.example/",
		    "{}", "Telnyx-Signature-Ed25519", "AAAA", keys[i], 0));
}

static void
reads_words(void **state)
{
	struct signature_part part;
	struct signature_source source;

	(void)state;
	assert_true(signature_part_read("=|", &part));
	assert_int_equal(part.kind, PART_LITERAL);
	assert_string_equal(part.text, "|");
	assert_true(signature_part_read("header:X-Nonce", &part));
	assert_string_equal(part.text, "X-Nonce");
	assert_false(signature_part_read("plivo3", &part));
	assert_false(signature_part_read("", &part));
	assert_true(signature_source_read("field:sig", &source));
	assert_int_equal(source.place, PLACE_FIELD);
	assert_false(signature_source_read("header:", &source));
	assert_false(signature_source_read("cookie:a", &source));
}

static void
reads_fields(void **state)
{
	static const char *const bad[] = { "a=%", "a=%1", "a=%zz", "a=%00" };
	struct fields fields = { .count = 0 };
	bool is_ambiguous = false;
	char many[1024] = "";

	(void)state;
	assert_true(fields_read("a=1&&b=%D1%8F+x&c&a=1&d=2&d=3&=e", 32,
	    &fields));
	assert_int_equal(fields.count, 7);
	assert_string_equal(fields_get(&fields, "a", &is_ambiguous), "1");
	assert_string_equal(fields_get(&fields, "b", &is_ambiguous),
	    "\xd1\x8f x");
	assert_string_equal(fields_get(&fields, "c", &is_ambiguous), "");
	assert_null(fields_get(&fields, "e", &is_ambiguous));
	assert_false(is_ambiguous);
	assert_string_equal(fields_get(&fields, "d", &is_ambiguous), "2");
	assert_true(is_ambiguous);
	assert_true(fields_have_twins(&fields));
	fields_fini(&fields);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		assert_false(fields_read(bad[i], strlen(bad[i]), &fields));
		fields_fini(&fields);
	}
	assert_false(fields_read("a=\0b", 4, &fields));
	fields_fini(&fields);
	for (int i = 0; i <= FIELDS_MAX; i++)
		strcat(many, "a=1&");
	assert_false(fields_read(many, strlen(many), &fields));
	fields_fini(&fields);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twilio_signs_url_and_form),
		cmocka_unit_test(borders_are_not_signed),
		cmocka_unit_test(ports_are_of_no_account),
		cmocka_unit_test(times_are_bounded),
		cmocka_unit_test(takes_one_of_a_list),
		cmocka_unit_test(compares_shared_and_basic),
		cmocka_unit_test(refuses_two_signatures),
		cmocka_unit_test(body_hash_covers_the_body),
		cmocka_unit_test(bad_keys_fit_nothing),
		cmocka_unit_test(reads_words),
		cmocka_unit_test(reads_fields),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
