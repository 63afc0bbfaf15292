/* SPDX-License-Identifier: MIT */
/*
 * webhook_words: words of a provider file about webhooks that no shipped file
 * needs together: several records in one, lines, filters, tokens that name the
 * address, what must be refused in a file. What shipped files say is in
 * provider_webhooks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/digest.h"
#include "lib/instant.h"
#include "lib/provider.h"

#define HEAD "name = \"x\"; base = \"http://127.0.0.1:9\"; fence = \"none\";" \
	"tested = \"specification\"; secrets = [ \"key\" ]; auth = { kind = \"none\"; };" \
	"call = { method = \"GET\"; path = \"/\"; };\n"
#define SHARED "signature = { alg = \"shared\"; key = \"${key}\"; from = \"query:key\"; };"
#define URL "https://cb.example/hooks/x"

/* NULL: *ret_error holds the first error. */
static struct provider *
read_webhook(const char *webhook, struct provider_error *ret_error)
{
	struct provider_errors errors;
	struct provider *provider;
	char text[4096];

	snprintf(text, sizeof(text), HEAD "webhook = { %s };", webhook);
	provider = provider_read(text, "x.conf", &errors);
	if (provider == NULL)
		*ret_error = errors.items[0];
	return provider;
}

static struct webhook_news
hear(const char *webhook, const char *method, const char *url,
    const char *header, const char *value, const char *body)
{
	const struct webhook_header headers[] = { { header, value } };
	const struct webhook_input input = { method, url, headers,
		header != NULL ? 1 : 0, body, strlen(body) };
	struct provider_values values = { .count = 0 };
	struct provider_error error;
	struct provider *provider = read_webhook(webhook, &error);
	struct webhook_news news;

	if (provider == NULL)
		fail_msg("%s", error.text);
	provider_values_add(&values, "key", "secret");
	provider_webhook_read(provider, &input, &values, 1795448400000, &news);
	provider_free(provider);
	return news;
}

/* SMS.ru: each field is four lines; the answer must be "100". */
static void
reads_records_of_lines(void **state)
{
	const char *webhook = "body = \"form\"; records = \"data[N]\";"
	    "signature = { alg = \"sha256\"; key = \"${key}\"; encode = \"hex\";"
	    "sign = [ \"secret\", \"fields-indexed:data\" ]; from = \"field:hash\"; };"
	    "reply = { status = 200; type = \"text/plain\"; text = \"100\"; };"
	    "events = ( { when = ( (\"line:1\", \"sms_status\") ); about = \"message\"; id = \"line:2\";"
	    "state = \"line:3\"; time = \"line:4\";"
	    "map = ( (\"103\", \"delivered\"), (\"10?\", \"failed\") ); } );";
	char text[512], hash[DIGEST_SHA256_HEX_SIZE], body[1024];
	struct webhook_news news;

	(void)state;
	snprintf(text, sizeof(text), "secret%s%s%s",
	    "sms_status\n201\n103\n1795448000", "callcheck_status\n7",
	    "sms_status\n202\n108\n1795448001");
	digest_sha256_hex(text, strlen(text), hash);
	snprintf(body, sizeof(body), "data%%5B1%%5D=callcheck_status%%0A7&"
	    "data[0]=sms_status%%0A201%%0A103%%0A1795448000&hash=%s&"
	    "data[2]=sms_status%%0A202%%0A108%%0A1795448001", hash);
	news = hear(webhook, "POST", URL, NULL, NULL, body);
	assert_int_equal(news.count, 3);
	assert_int_equal(news.events[0].kind, WEBHOOK_MESSAGE);
	assert_string_equal(news.events[0].sid, "201");
	assert_int_equal(news.events[0].message, MESSAGE_DELIVERED);
	assert_true(news.events[0].at_ms == 1795448000000);
	assert_int_equal(news.events[1].kind, WEBHOOK_NOTHING);
	assert_int_equal(news.events[2].message, MESSAGE_FAILED);
	assert_int_equal(news.events[2].reply.status, 200);
	webhook_news_fini(&news);
}

/* One that cannot be read is no reason not to hear the others. */
static void
reads_records_of_json(void **state)
{
	const char *webhook = "body = \"json\"; records = \"/results\"; dedup = \"/id\";" SHARED
	    "events = ( { when = ( (\"header:X-Kind\", \"a*\") ); id = \"/id\"; state = \"/state\";"
	    "customer = \"/to|e164\"; job = \"/job|unbase64\"; recording = \"/url|unurlencode\";"
	    "map = ( (\"up\", \"agent_up\"), (\"*\", \"ignore\") ); } );";
	struct webhook_news news = hear(webhook, "POST", URL "?key=secret",
	    "x-kind", "abc", "{\"id\":\"w1\",\"results\":[{\"id\":\"1\",\"state\":\"up\","
	    "\"to\":\"79160000003\",\"job\":\"cjEuMi5h\",\"url\":\"https%3A%2F%2Fx\"},"
	    "{\"state\":\"up\"},{\"id\":\"3\",\"state\":\"sleeps\"},{\"id\":4}]}");

	(void)state;
	assert_string_equal(news.once, "w1");
	assert_int_equal(news.count, 4);
	assert_int_equal(news.events[0].kind, WEBHOOK_PROGRESS);
	assert_string_equal(news.events[0].customer, "+79160000003");
	assert_string_equal(news.events[0].job, "r1.2.a");
	assert_string_equal(news.events[0].recording, "https://x");
	assert_string_equal(news.events[1].reason, "/id is missing");
	assert_int_equal(news.events[1].kind, WEBHOOK_REFUSED);
	assert_int_equal(news.events[2].kind, WEBHOOK_NOTHING);
	assert_string_equal(news.events[3].reason, "/state is missing");
	webhook_news_fini(&news);
	news = hear(webhook, "POST", URL "?key=secret", "x-kind", "abc",
	    "{\"results\":[]}");
	assert_string_equal(news.events[0].reason, "/results holds nothing");
	webhook_news_fini(&news);
}

/* MessageBird: the token names hashes of address and body. */
static void
believes_a_token_about_its_own(void **state)
{
	static const struct { const char *url, *body, *reason; } cases[] = {
		{ URL "?a=1", "{\"s\":\"up\"}", "" },
		{ URL "?a=2", "{\"s\":\"up\"}", "the address is not the one that was signed" },
		{ URL "?a=1", "{\"s\":\"off\"}", "the body is not the one that was signed" },
	};
	const char *webhook = "body = \"json\"; signature = { alg = \"jwt\";"
	    "algs = [ \"HS512\" ]; key = \"${key}\"; from = \"header:Sig\";"
	    "claims = ( (\"payload_hash\", \"body-sha256-hex\"), (\"url_hash\", \"url-sha256-hex\"),"
	    "(\"iss\", \"=MessageBird\") ); };"
	    "events = ( { state = \"/s\"; map = ( (\"up\", \"agent_up\") ); } );";
	char url_hash[DIGEST_SHA256_HEX_SIZE], hash[DIGEST_SHA256_HEX_SIZE];
	char claims[512], token[1024];
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned length;
	size_t used;

	(void)state;
	digest_sha256_hex(cases[0].url, strlen(cases[0].url), url_hash);
	digest_sha256_hex(cases[0].body, strlen(cases[0].body), hash);
	snprintf(claims, sizeof(claims), "{\"iss\":\"MessageBird\",\"nbf\":1795448399,"
	    "\"exp\":1795448459,\"url_hash\":\"%s\",\"payload_hash\":\"%s\" }",
	    url_hash, hash);
	while (strlen(claims) % 3 != 0)         /* no padding then */
		strcat(claims, " ");
	strcpy(token, "eyJhbGciOiJIUzUxMiJ9.");
	used = strlen(token);
	EVP_EncodeBlock((unsigned char *)token + used, (unsigned char *)claims,
	    (int)strlen(claims));
	HMAC(EVP_sha512(), "secret", 6, (unsigned char *)token, strlen(token),
	    mac, &length);
	strcat(token, ".");
	used = strlen(token);
	EVP_EncodeBlock((unsigned char *)token + used, mac, (int)length);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct webhook_news news = hear(webhook, "POST", cases[i].url,
		    "Sig", token, cases[i].body);

		assert_string_equal(news.events[0].reason, cases[i].reason);
		webhook_news_fini(&news);
	}
}

static void
reads_instants(void **state)
{
	static const struct { const char *text; int64_t ms; } cases[] = {
		{ "0", 0 }, { "1795448400", 1795448400000 },
		{ "1795448400123", 1795448400123 },
		{ "2026-11-23T15:40:00Z", 1795448400000 },
		{ "2026-11-23 18:40:00.1239+03:00", 1795448400123 },
		{ "2024-02-29T00:00:00-0130", 1709170200000 },
		{ "1970-01-01T00:00:00", 0 },
		{ "", -1 }, { "x", -1 }, { "123456789012", -1 }, { "-5", -1 },
		{ "2026-13-01T00:00:00Z", -1 }, { "2026-11-23", -1 },
		{ "2026-11-23T15:40:00Zx", -1 }, { "2026-11-23T15:40:00+3", -1 },
		{ "2026-11-23T24:00:00Z", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t ms = -1;

		if (!instant_read(cases[i].text, &ms))
			ms = -1;
		if (ms != cases[i].ms)
			fail_msg("%s: %lld", cases[i].text, (long long)ms);
	}
}

static void
refuses_what_means_nothing(void **state)
{
#define FORM "body = \"form\";" SHARED
	static const struct { const char *webhook, *error; } cases[] = {
		{ FORM "events = ( { id = \"a\"; } );", "has neither state nor question" },
		{ FORM "events = ( { set = \"up\"; } );", "\"up\" is none of: ignore" },
		{ FORM "events = ( { set = \"delivered\"; } );", "are of messages" },
		{ FORM "events = ( { about = \"message\"; id = \"a\"; set = \"agent_up\"; } );", "of a message there is only" },
		{ FORM "events = ( { about = \"message\"; set = \"sent\"; } );", "id is missing" },
		{ FORM "events = ( { about = \"inbound_call\"; from = \"a\"; } );", "has neither state nor question" },
		{ FORM "events = ( { about = \"inbound_message\"; text = \"a\"; } );", "from is missing" },
		{ FORM "events = ( { set = \"ignore\"; id = \"/a\"; } );", "is not to be found in such a body" },
		{ FORM "events = ( { set = \"ignore\"; id = \"line:1\"; } );", "is not to be found in such a body" },
		{ FORM "events = ( { set = \"ignore\"; id = \"a|rot13\"; } );", "is none of: unbase64" },
		{ FORM "records = \"/a\"; events = ( { set = \"ignore\"; } );", "must be a pointer to an array" },
		{ FORM "dedup = \"/a\"; events = ( { set = \"ignore\"; } );", "dedup needs a body of JSON" },
		{ FORM "reply = { status = 404; }; events = ( { set = \"ignore\"; } );", "must be from 200 to 299" },
		{ FORM "events = ( { set = \"ignore\"; amd = \"a\"; } );", "amd and amd_map need each other" },
		{ "body = \"form\"; signature = { alg = \"jwt\"; key = \"${key}\"; from = \"header:a\"; };"
		  "events = ( { set = \"ignore\"; } );", "jwt and algs need each other" },
		{ "body = \"form\"; signature = { alg = \"hmac-sha1\"; key = \"${key}\"; sign = [ \"body\" ]; from = \"header:a\";"
		  "nonce = \"header:n\"; tolerance = 9; }; events = ( { set = \"ignore\"; } );", "nonce means nothing unless it is signed" },
		{ "body = \"form\"; signature = { alg = \"hmac-sha1\"; key = \"${key}\"; sign = [ \"header:n\" ]; from = \"header:a\";"
		  "nonce = \"header:n\"; }; events = ( { set = \"ignore\"; } );", "nonce needs tolerance" },
		{ "body = \"form\"; signature = { alg = \"sha1\"; key = \"${key}\"; by = \"field:e\"; from = \"header:a\";"
		  "cases = ( (\"a\", \"field:b\") ); }; events = ( { set = \"ignore\"; } );", "anybody can make a plain hash" },
		{ "body = \"form\"; signature = { alg = \"hmac-sha1\"; key = \"${key}\"; by = \"field:e\"; sign = [ \"body\" ];"
		  "from = \"header:a\"; }; events = ( { set = \"ignore\"; } );", "by and cases need each other" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct provider_error error;

		if (read_webhook(cases[i].webhook, &error) != NULL)
			fail_msg("%s was taken", cases[i].webhook);
		if (strstr(error.text, cases[i].error) == NULL)
			fail_msg("%s\n  not: %s", error.text, cases[i].error);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_records_of_lines),
		cmocka_unit_test(reads_records_of_json),
		cmocka_unit_test(believes_a_token_about_its_own),
		cmocka_unit_test(reads_instants),
		cmocka_unit_test(refuses_what_means_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
