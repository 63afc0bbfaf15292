/* SPDX-License-Identifier: MIT */
/*
 * provider_request: what a provider file can say of requests and answers, one
 * thing at a time, each with a small file of its own.
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

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "lib/provider.h"
#include "lib/xml_check.h"

#define HEAD "name = \"x\"; base = \"https://api.example\"; tested = \"documents\";\n" \
    "fence = \"none\"; secrets = [ \"key\", \"salt\" ];\n"
#define NO_AUTH "auth = { kind = \"none\"; };\n"
#define EVIL "a+b & <c> \" ' \\ %25 \xd0\xaf \xf0\x9f\x98\x80"

static struct provider_values
usual_values(void)
{
	struct provider_values values = { .count = 0 };

	provider_values_add(&values, "key", "K+1");
	provider_values_add(&values, "salt", "S");
	provider_values_add(&values, "agent", "+79160000001");
	provider_values_add(&values, "customer", "+79160000003");
	provider_values_add(&values, "from", "74950000000");
	provider_values_add(&values, "to", "+79160000009");
	provider_values_add(&values, "ring", "30");
	provider_values_add(&values, "token", "tok-en");
	provider_values_add(&values, "job", "r1.2.tok-en");
	provider_values_add(&values, "text", EVIL);
	provider_values_add(&values, "id", "c1");
	provider_values_add(&values, "since_ms", "1735689600000");
	provider_values_add(&values, "now_ms", "1735689700000");
	return values;
}

static struct provider *
read_text(const char *text)
{
	struct provider_errors errors;
	struct provider *provider = provider_read(text, "x.conf", &errors);

	if (provider == NULL)
		fail_msg("%s", errors.items[0].text);
	return provider;
}

static struct provider_request
build_with(const char *file, enum provider_operation operation,
    const struct provider_values *values)
{
	struct provider *provider = read_text(file);
	struct provider_request request;
	const char *error;

	if (!provider_request_build(provider, operation, values, &request,
	    &error))
		fail_msg("%s", error);
	provider_free(provider);
	return request;
}

static struct provider_request
build(const char *file, enum provider_operation operation)
{
	struct provider_values values = usual_values();

	return build_with(file, operation, &values);
}

static void
expect_build_error(const char *file, enum provider_operation operation,
    const struct provider_values *values, const char *expected)
{
	struct provider *provider = read_text(file);
	struct provider_request request;
	const char *error = NULL;

	assert_false(provider_request_build(provider, operation, values,
	    &request, &error));
	assert_string_equal(error, expected);
	provider_free(provider);
}

static void
expect_file_error(const char *text, const char *expected)
{
	struct provider_errors errors;
	struct provider *provider = provider_read(text, "x.conf", &errors);

	provider_free(provider);
	for (size_t i = 0; i < errors.count; i++)
		if (strstr(errors.items[i].text, expected) != NULL)
			return;
	fail_msg("not found: %s\ninstead: %s", expected,
	    errors.count > 0 ? errors.items[0].text : "no error");
}

/* ---- bodies */

static void
named_texts(void **state)
{
	struct provider_request request = build(HEAD NO_AUTH
	    "templates = {\n"
	    "  inner = { kind = \"xml\"; text = \"<Say to=\\\"${to|digits}\\\">${text}</Say>\"; };\n"
	    "  outer = { kind = \"json\"; text = \"{\\\"a\\\":\\\"${inner}\\\"}\"; };\n"
	    "  pairs = { kind = \"form\"; text = \"a=${text}&b=${to}\"; }; };\n"
	    "sms = { method = \"POST\"; path = \"/\"; json = \"{\\\"x\\\":%{outer},\\\"s\\\":\\\"${outer}\\\",\\\"f\\\":\\\"${pairs}\\\"}\"; };\n",
	    PROVIDER_SMS);
	json_t *root = json_loads(request.body, 0, NULL);
	const char *xml = "<Say to=\"79160000009\">a+b &amp; &lt;c&gt; &quot; "
	    "&apos; \\ %25 \xd0\xaf \xf0\x9f\x98\x80</Say>";
	json_t *again;

	(void)state;
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(json_object_get(
	    root, "x"), "a")), xml);
	again = json_loads(json_string_value(json_object_get(root, "s")), 0,
	    NULL);
	assert_string_equal(json_string_value(json_object_get(again, "a")),
	    xml);
	assert_string_equal(json_string_value(json_object_get(root, "f")),
	    "a=a%2Bb%20%26%20%3Cc%3E%20%22%20%27%20%5C%20%2525%20%D0%AF%20"
	    "%F0%9F%98%80&b=%2B79160000009");
	json_decref(again);
	json_decref(root);
	provider_request_fini(&request);
}

static void
merges(void **state)
{
	static const char file[] = HEAD NO_AUTH
	    "call = { method = \"POST\"; path = \"/c\"; id = \"/id\";\n"
	    "  json = \"{\\\"to\\\":\\\"${to}\\\",\\\"o\\\":{\\\"a\\\":%{ring},\\\"b\\\":2}}\";\n"
	    "  json_if = ( (\"topic\", \"{\\\"o\\\":{\\\"a\\\":null,\\\"c\\\":\\\"${topic}\\\"},\\\"n\\\":{\\\"d\\\":1}}\") ); };\n";
	struct provider_values values = usual_values();
	struct provider_request request = build_with(file, PROVIDER_CALL,
	    &values);

	(void)state;
	assert_string_equal(request.body,
	    "{\"to\":\"+79160000009\",\"o\":{\"a\":30,\"b\":2}}");
	provider_request_fini(&request);
	provider_values_add(&values, "topic", "T\"");
	request = build_with(file, PROVIDER_CALL, &values);
	assert_string_equal(request.body, "{\"to\":\"+79160000009\",\"o\":"
	    "{\"b\":2,\"c\":\"T\\\"\"},\"n\":{\"d\":1}}");
	provider_request_fini(&request);
}

static void
other_texts(void **state)
{
	struct provider_request request = build(HEAD NO_AUTH
	    "templates = { doc = { kind = \"xml\"; text = \"<a>${to|plus} ${from|plus}</a>\"; }; };\n"
	    "call = { method = \"POST\"; path = \"/${token|uuid}\"; text = \"${doc}\"; type = \"text/xml\"; timeout = 90; };\n",
	    PROVIDER_CALL);

	(void)state;
	assert_string_equal(request.body,
	    "<a>+79160000009 +74950000000</a>");
	assert_string_equal(request.headers[0], "Content-Type: text/xml");
	/* uuid5 of "tok-en" in the nil namespace, by Python's uuid module */
	assert_string_equal(request.url,
	    "https://api.example/cd639728-ec99-57bf-aa42-f322e87b4973");
	assert_int_equal(request.timeout_ms, 90000);
	provider_request_fini(&request);
}

/* ---- credentials */

static void
fields_as_credentials(void **state)
{
	struct provider_request request = build(HEAD
	    "auth = { kind = \"query\"; field = \"api key\"; value = \"${key}\"; };\n"
	    "sms = { method = \"GET\"; path = \"/s\"; query = ( (\"a\", \"1\") ); };\n",
	    PROVIDER_SMS);

	(void)state;
	assert_string_equal(request.url,
	    "https://api.example/s?a=1&api%20key=K%2B1");
	assert_int_equal(request.header_count, 0);
	provider_request_fini(&request);
	request = build(HEAD
	    "auth = { kind = \"form\"; field = \"k\"; value = \"${key}\"; };\n"
	    "sms = { method = \"POST\"; path = \"/s\"; form = ( (\"a\", \"1\") ); };\n",
	    PROVIDER_SMS);
	assert_string_equal(request.body, "a=1&k=K%2B1");
	provider_request_fini(&request);
}

/* Zadarma: the vector is made with PHP's rules, spelled out here. */
static void
signs_sorted_queries(void **state)
{
	static const char file[] = HEAD
	    "auth = { kind = \"signed\"; alg = \"hmac-sha1\"; secret = \"${salt}\"; encode = \"base64-of-hex\";\n"
	    "  header = \"Authorization\"; value = \"${key}:${signature}\";\n"
	    "  sign = [ \"path\", \"params-sorted-query\", \"params-sorted-query-md5-hex\" ]; };\n"
	    "call = { method = \"GET\"; path = \"/v1/cb/\"; query = ( (\"to\", \"${to}\"), (\"from\", \"a ~b\") ); };\n";
	static const char query[] = "from=a+%7Eb&to=%2B79160000009";
	struct provider_request request = build(file, PROVIDER_CALL);
	unsigned char bytes[EVP_MAX_MD_SIZE];
	char message[256] = "/v1/cb/", hex[64], expected[160];
	unsigned length;

	(void)state;
	assert_string_equal(request.url, "https://api.example/v1/cb/"
	    "?to=%2B79160000009&from=a%20~b");
	strcat(message, query);
	assert_int_equal(EVP_Digest(query, strlen(query), bytes, &length,
	    EVP_md5(), NULL), 1);
	for (unsigned i = 0; i < length; i++)
		sprintf(message + strlen(message), "%02x", bytes[i]);
	HMAC(EVP_sha1(), "S", 1, (unsigned char *)message, strlen(message),
	    bytes, &length);
	for (unsigned i = 0; i < length; i++)
		sprintf(hex + 2 * i, "%02x", bytes[i]);
	strcpy(expected, "Authorization: K+1:");
	EVP_EncodeBlock((unsigned char *)expected + strlen(expected),
	    (unsigned char *)hex, (int)strlen(hex));
	assert_string_equal(request.headers[0], expected);
	provider_request_fini(&request);
}

/* Mango: sha256(key + json + salt) in a field of the form. */
static void
signs_fields(void **state)
{
	struct provider_request request = build(HEAD
	    "auth = { kind = \"signed\"; field = \"sign\"; alg = \"sha256\"; encode = \"hex\"; sign = [ \"=${key}\", \"field:json\", \"=${salt}\" ]; };\n"
	    "templates = { j = { kind = \"json\"; text = \"{\\\"t\\\":\\\"${text}\\\"}\"; }; };\n"
	    "sms = { method = \"POST\"; path = \"/s\"; form = ( (\"json\", \"${j}\") ); };\n",
	    PROVIDER_SMS);
	static const char signed_text[] = "K+1{\"t\":\"a+b & <c> \\\" ' \\\\ %25 "
	    "\xd0\xaf \xf0\x9f\x98\x80\"}S";
	unsigned char bytes[EVP_MAX_MD_SIZE];
	char expected[80] = "&sign=";
	unsigned length;

	(void)state;
	EVP_Digest(signed_text, strlen(signed_text), bytes, &length,
	    EVP_sha256(), NULL);
	for (unsigned i = 0; i < length; i++)
		sprintf(expected + strlen(expected), "%02x", bytes[i]);
	assert_string_equal(strstr(request.body, "&sign="), expected);
	provider_request_fini(&request);
}

static json_t *
token_part(const char *text, size_t length)
{
	char part[1024];
	unsigned char bytes[1024];
	int count;

	memcpy(part, text, length);
	for (size_t i = 0; i < length; i++)
		part[i] = part[i] == '-' ? '+' : part[i] == '_' ? '/' : part[i];
	while (length % 4 != 0)
		part[length++] = '=';
	count = EVP_DecodeBlock(bytes, (unsigned char *)part, (int)length);
	while (count > 0 && bytes[count - 1] == '\0')
		count--;
	return json_loadb((char *)bytes, (size_t)count, 0, NULL);
}

static int64_t
claim(const json_t *claims, const char *name)
{
	return (int64_t)json_integer_value(json_object_get(claims, name));
}

static void
tokens(void **state)
{
	static const char file[] = HEAD
	    "auth = { kind = \"jwt\"; alg = \"%s\"; key = \"${key}\"; ttl = 24; back = 5;\n"
	    "  header = ( (\"kid\", \"${salt}\") ); claims = ( (\"iss\", \"me\") ); };\n"
	    "sms = { method = \"POST\"; path = \"/s\"; form = ( (\"a\", \"1\") ); };\n";
	struct provider_values values = { .count = 0 };
	struct provider_request request, other;
	EVP_PKEY *key = EVP_RSA_gen(2048);
	BIO *memory = BIO_new(BIO_s_mem());
	char pem[4096] = "", text[1024];
	const char *token, *first, *second;
	json_t *head, *claims;

	(void)state;
	PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL);
	pem[BIO_read(memory, pem, sizeof(pem) - 1)] = '\0';
	provider_values_add(&values, "key", pem);
	provider_values_add(&values, "salt", "S");
	provider_values_add(&values, "now_ms", "1735689700000");
	snprintf(text, sizeof(text), file, "RS256");
	request = build_with(text, PROVIDER_SMS, &values);
	assert_memory_equal(request.headers[0], "Authorization: Bearer ", 22);
	token = request.headers[0] + 22;
	first = strchr(token, '.');
	second = strchr(first + 1, '.');
	head = token_part(token, (size_t)(first - token));
	claims = token_part(first + 1, (size_t)(second - first - 1));
	assert_string_equal(json_string_value(json_object_get(head, "alg")),
	    "RS256");
	assert_string_equal(json_string_value(json_object_get(head, "kid")),
	    "S");
	assert_int_equal(claim(claims, "iat"), 1735689695);
	assert_int_equal(claim(claims, "exp"), 1735689724);
	assert_int_equal(json_string_length(json_object_get(claims, "jti")),
	    32);
	/* 256 bytes of a signature, without padding */
	assert_int_equal(strlen(second + 1), 342);
	json_decref(head);
	json_decref(claims);

	values.items[2].value = "1735689700001";
	other = build_with(text, PROVIDER_SMS, &values);
	assert_string_not_equal(request.headers[0], other.headers[0]);
	provider_request_fini(&other);
	provider_request_fini(&request);

	values.items[0].value = "no key";
	expect_build_error(text, PROVIDER_SMS, &values,
	    "the key cannot sign: RS256 needs an RSA key in PEM");
	snprintf(text, sizeof(text), file, "HS256");
	request = build_with(text, PROVIDER_SMS, &values);
	assert_int_equal(strlen(strrchr(request.headers[0], '.') + 1), 43);
	provider_request_fini(&request);
	EVP_PKEY_free(key);
	BIO_free(memory);
}

/* ---- addresses that the provider gave */

static void
given_addresses(void **state)
{
	static const char file[] = HEAD NO_AUTH
	    "call = { method = \"POST\"; path = \"/c\"; remember = (\"control\", \"/url\"); };\n"
	    "hangup = { method = \"GET\"; url = \"${control}?hangup=1\"; allow_hosts = [ \"*.vox.example\", \"one.example\" ]; };\n";
	static const struct { const char *url; bool is_allowed; } cases[] = {
		{ "https://a.vox.example/x", true },
		{ "https://a.b.vox.example:8443/x", true },
		{ "https://one.example", true },
		{ "https://vox.example/x", false },
		{ "https://avox.example.evil.org/", false },
		{ "https://evil.org/a.vox.example", false },
		{ "https://evil.org@a.vox.example/", false },
		{ "https://a.vox.example:80@evil.org/", false },
		{ "https://evil.org\\\\.vox.example/", false },
		{ "https://evil.org#.vox.example/", false },
		{ "http://a.vox.example/x", false },
		{ "a.vox.example", false },
		{ "", false },
	};
	struct provider *provider = read_text(file);
	struct provider_answer answer;
	const char *body = "{\"url\":\"https://a.vox.example/1\"}";

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct provider_values values = usual_values();
		struct provider_request request;
		const char *error;
		bool is_built;

		provider_values_add(&values, "control", cases[i].url);
		is_built = provider_request_build(provider, PROVIDER_HANGUP,
		    &values, &request, &error);
		if (is_built != cases[i].is_allowed)
			fail_msg("%s", cases[i].url);
		if (is_built)
			provider_request_fini(&request);
	}
	assert_string_equal(provider_remembers(provider), "control");
	provider_answer_read(provider, PROVIDER_CALL, TRANSPORT_ANSWERED, 200,
	    body, strlen(body), &answer);
	assert_string_equal(answer.remembered, "https://a.vox.example/1");
	body = "{\"url\":\"https://a.vox.example/1\\n2\"}";
	provider_answer_read(provider, PROVIDER_CALL, TRANSPORT_ANSWERED, 200,
	    body, strlen(body), &answer);
	assert_string_equal(answer.remembered, "");
	provider_free(provider);
}

/* ---- answers */

static struct provider_answer
answer_to(const struct provider *provider, int status, const char *body)
{
	struct provider_answer answer;

	provider_answer_read(provider, PROVIDER_CALL, TRANSPORT_ANSWERED,
	    status, body, strlen(body), &answer);
	return answer;
}

/* FreeSWITCH: 200 whatever comes of it. */
static void
text_answers(void **state)
{
	struct provider *provider = read_text(HEAD NO_AUTH
	    "call = { method = \"GET\"; path = \"/c\"; answer = \"text\"; id = \"/words/1\"; ok_if = ( (\"/words/0\", \"+OK\") ); };\n"
	    "errors = ( { status = \"200\"; match = ( (\"/text\", \"-ERR *\") ); executed = \"final\"; code = \"/words/1\"; text = \"/text\";\n"
	    "  invalid_number = [ \"UNALLOCATED_NUMBER\" ]; unsubscribed = [ \"OPTED_OUT\" ]; } );\n");
	struct provider_answer answer = answer_to(provider, 200,
	    "+OK 7f1c-99\n");

	(void)state;
	assert_int_equal(answer.outcome, PROVIDER_CREATED);
	assert_string_equal(answer.id, "7f1c-99");
	answer = answer_to(provider, 200, "-ERR USER_BUSY\n");
	assert_int_equal(answer.outcome, PROVIDER_REJECTED);
	assert_string_equal(answer.code, "USER_BUSY");
	assert_string_equal(answer.text, "-ERR USER_BUSY");
	assert_false(answer.is_number_invalid);
	answer = answer_to(provider, 200, "-ERR \" event=x");
	assert_string_equal(answer.text, "-ERR ' event=x");
	assert_string_equal(answer.code, "'");
	answer = answer_to(provider, 302, "<html>");
	assert_int_equal(answer.outcome, PROVIDER_UNKNOWN);
	assert_string_equal(answer.text, "HTTP 302");
	answer = answer_to(provider, 200, "-ERR UNALLOCATED_NUMBER");
	assert_true(answer.is_number_invalid);
	assert_false(answer.is_unsubscribed);
	answer = answer_to(provider, 200, "-ERR OPTED_OUT");
	assert_true(answer.is_unsubscribed && !answer.is_number_invalid);
	answer = answer_to(provider, 200, "INVALID COMMAND!\n");
	assert_int_equal(answer.outcome, PROVIDER_REJECTED);
	answer = answer_to(provider, 200, "+OK");
	assert_int_equal(answer.outcome, PROVIDER_UNKNOWN);
	answer = answer_to(provider, 200, "");
	assert_int_equal(answer.outcome, PROVIDER_UNKNOWN);
	provider_answer_read(provider, PROVIDER_CALL, TRANSPORT_ANSWERED, 200,
	    "+OK \0\xff id", 9, &answer);
	assert_string_equal(answer.id, "?");
	provider_free(provider);
}

/* A request that blocks says what the specialist did: of a call it is an end, of all
 * else it is no answer at all. */
static void
agent_over_answers(void **state)
{
	struct provider *provider = read_text(HEAD NO_AUTH
	    "states = ( (\"x\", \"ignore\") );\n"
	    "call = { method = \"GET\"; path = \"/c\"; answer = \"text\"; id = \"/words/1\"; ok_if = ( (\"/words/0\", \"+OK\") ); };\n"
	    "hangup = { method = \"GET\"; path = \"/h\"; answer = \"text\"; };\n"
	    "errors = ( { status = \"200\"; match = ( (\"/text\", \"-ERR USER_BUSY*\") ); executed = \"yes\"; set = \"agent_over:busy\"; code = \"/words/1\"; },\n"
	    "  { status = \"200\"; match = ( (\"/text\", \"-ERR *\") ); executed = \"final\"; code = \"/words/1\"; } );\n");
	struct provider_answer answer = answer_to(provider, 200,
	    "-ERR USER_BUSY\n");

	(void)state;
	assert_int_equal(answer.outcome, PROVIDER_CREATED);
	assert_true(answer.is_agent_over);
	assert_int_equal(answer.progress, PROGRESS_OVER);
	assert_int_equal(answer.call_outcome, OUTCOME_BUSY);
	assert_string_equal(answer.id, "");
	assert_string_equal(answer.code, "USER_BUSY");
	answer = answer_to(provider, 200, "-ERR GATEWAY_DOWN\n");
	assert_int_equal(answer.outcome, PROVIDER_REJECTED);
	assert_false(answer.is_agent_over);
	answer = answer_to(provider, 200, "+OK 7f1c-99\n");
	assert_int_equal(answer.outcome, PROVIDER_CREATED);
	assert_false(answer.is_agent_over);
	provider_answer_read(provider, PROVIDER_HANGUP, TRANSPORT_ANSWERED,
	    200, "-ERR USER_BUSY\n", 15, &answer);
	assert_int_equal(answer.outcome, PROVIDER_REJECTED);
	assert_false(answer.is_agent_over);
	provider_free(provider);
}

/* Some refusals last until staff has seen to them: all that a rule fits, or its
 * codes. */
static void
alarming_answers(void **state)
{
	struct provider *provider = read_text(HEAD NO_AUTH
	    "call = { method = \"GET\"; path = \"/c\"; id = \"/id\"; };\n"
	    "errors = ( { status = \"401\"; executed = \"no\"; alarm = true; },\n"
	    "  { status = \"403\"; executed = \"no\"; alarm = false; },\n"
	    "  { status = \"4xx\"; executed = \"final\"; code = \"/code\"; alarm = [ \"3\", \"21210\" ]; } );\n");

	(void)state;
	assert_true(answer_to(provider, 401, "").is_alarm);
	assert_false(answer_to(provider, 403, "").is_alarm);
	assert_true(answer_to(provider, 400, "{\"code\":3}").is_alarm);
	assert_true(answer_to(provider, 400, "{\"code\":\"21210\"}").is_alarm);
	assert_false(answer_to(provider, 400, "{\"code\":21211}").is_alarm);
	assert_false(answer_to(provider, 400, "{}").is_alarm);
	assert_false(answer_to(provider, 200, "{\"id\":\"1\",\"code\":3}").is_alarm);
	provider_free(provider);
}

/* SMS.ru: the pointer to the id goes through the number. */
static void
only_member(void **state)
{
	struct provider *provider = read_text(HEAD NO_AUTH
	    "call = { method = \"GET\"; path = \"/c\"; id = \"/sms/*/id\"; };\n");

	(void)state;
	assert_string_equal(answer_to(provider, 200,
	    "{\"sms\":{\"79160000009\":{\"id\":\"5\"}}}").id, "5");
	assert_string_equal(answer_to(provider, 200,
	    "{\"sms\":[{\"id\":\"6\"}]}").id, "6");
	assert_int_equal(answer_to(provider, 200,
	    "{\"sms\":{\"1\":{\"id\":\"5\"},\"2\":{\"id\":\"6\"}}}").outcome,
	    PROVIDER_UNKNOWN);
	assert_int_equal(answer_to(provider, 200, "{\"sms\":{}}").outcome,
	    PROVIDER_UNKNOWN);
	provider_free(provider);
}

static void
waits(void **state)
{
	static const int64_t now_ms = 1735689600000;
	static const struct { const char *header; int64_t wait_ms; } cases[] = {
		{ "7", 7000 }, { " 7", 7000 }, { "0", 0 }, { "1.5", 1000 },
		{ "Wed, 01 Jan 2025 00:00:30 GMT", 30000 },
		{ "Tue, 31 Dec 2024 23:59:30 GMT", 0 },
		{ "1735689605", 5000 }, { "99999999", 3600000 },
		{ "99999999999999999999", 0 }, { "-1", 0 }, { "soon", 0 },
		{ "", 0 }, { "Wed, 01 Jan 2025 00:00:30 XYZ", 0 },
	};
	struct provider *provider = read_text(HEAD NO_AUTH
	    "call = { method = \"GET\"; path = \"/c\"; id = \"/id\"; };\n"
	    "errors = ( { status = \"429\"; executed = \"no\"; wait = \"header:Retry-After\"; },\n"
	    "  { status = \"503\"; executed = \"no\"; wait = \"/after\"; } );\n");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (provider_wait_ms(cases[i].header, now_ms) !=
		    cases[i].wait_ms)
			fail_msg("%s", cases[i].header);
	assert_true(answer_to(provider, 429, "").is_wait_in_header);
	assert_false(answer_to(provider, 503, "").is_wait_in_header);
	assert_int_equal(answer_to(provider, 503, "{\"after\":3}").wait_ms,
	    3000);
	assert_int_equal(answer_to(provider, 503, "{\"after\":\"x\"}").wait_ms,
	    0);
	provider_free(provider);
}

/* ---- lists by numbers and time */

static void
expect_found(const char *numbers, const char *body, bool is_readable, size_t count)
{
	struct provider_values values = usual_values();
	struct provider_found found;
	struct provider *provider;
	char text[1024];

	snprintf(text, sizeof(text), HEAD NO_AUTH
	    "call = { method = \"GET\"; path = \"/c\"; id = \"/id\"; };\n"
	    "find = { method = \"GET\"; path = \"/l\"; items = \"/l\"; id = \"/id\"; next = \"/n\";\n"
	    "  numbers = ( %s ); time = \"/t\"; window = 120; };\n",
	    numbers);
	provider = read_text(text);
	provider_found_read(provider, 200, body, strlen(body), &values,
	    &found);
	if (found.is_readable != is_readable || found.count != count)
		fail_msg("%s: %d %zu", body, found.is_readable, found.count);
	provider_free(provider);
}

static void
finds_by_numbers(void **state)
{
	static const char both[] = "(\"/c\", \"customer\"), (\"/a\", \"agent\")";
	static const char one[] = "(\"/a\", \"agent\")";
	static const char ours[] = "{\"l\":[{\"id\":\"1\",\"c\":\"+7 916 000-00-03\","
	    "\"a\":79160000001,\"t\":\"2025-01-01T03:00:10+03:00\"}]}";

	(void)state;
	expect_found(both, ours, true, 1);
	expect_found(both, "{\"l\":[{\"id\":\"1\",\"c\":\"79160000003\","
	    "\"a\":\"79160000001\",\"t\":\"2025-01-01T00:00:00Z\"},"
	    "{\"id\":\"2\",\"c\":\"79160000003\",\"a\":\"79160000001\","
	    "\"t\":\"2025-01-01T00:00:10Z\"}]}", false, 0);
	/* The agent is called by others too. */
	expect_found(one, ours, false, 0);
	expect_found(one, "{\"l\":[{\"id\":\"1\",\"a\":\"1\","
	    "\"t\":\"2025-01-01T00:00:10Z\"}]}", true, 0);
	expect_found(both, "{\"l\":[{\"id\":\"1\",\"c\":\"79160000003\","
	    "\"a\":\"79160000001\",\"t\":\"2025-01-01T00:02:01Z\"}]}", true, 0);
	expect_found(both, "{\"l\":[{\"id\":\"1\",\"c\":\"79160000003\","
	    "\"a\":\"79160000001\",\"t\":\"yesterday\"}]}", false, 0);
	expect_found(both, "{\"l\":[{\"id\":\"1\"}]}", false, 0);
	expect_found(both, "{\"l\":[],\"n\":\"/p2\"}", false, 0);
	expect_found(both, "{\"l\":[]}", true, 0);
	expect_found("(\"/c\", \"customer\") ); ended_only = true; ok_if = ( ",
	    "{\"l\":[]}", false, 0);
	expect_found(both, "{\"l\":[{\"id\":\"1\",\"c\":\"79160000003\","
	    "\"a\":\"79160000001\",\"t\":\"Wed, 01 Jan 2025 00:00:10 +0000\"}]}",
	    true, 1);
	expect_found(both, "{\"l\":[{\"id\":\"1\",\"c\":\"79160000003\","
	    "\"a\":\"79160000001\",\"t\":1735689610}]}", true, 1);
	expect_found(both, "{\"l\":[{\"id\":\"1\","
	    "\"c\":\"79160000003\",\"a\":\"79160000001\","
	    "\"t\":\"2025-01-01 00:00:10\"}]}", true, 1);
}

static void
next_pages(void **state)
{
	static const struct { const char *next, *url; } cases[] = {
		{ "/l?page=2", "https://api.example/l?page=2" },
		{ "https://api.example/l?page=2", "https://api.example/l?page=2" },
		{ "https://api.example.evil/l", NULL },
		{ "http://api.example/l", NULL },
		{ "//evil/l", NULL }, { "l?page=2", NULL }, { "", NULL },
	};
	struct provider *provider = read_text(HEAD
	    "auth = { kind = \"bearer\"; token = \"${key}\"; };\n"
	    "call = { method = \"GET\"; path = \"/c\"; id = \"/id\"; };\n"
	    "find = { method = \"GET\"; path = \"/l\"; query = ( (\"a\", \"1\") ); items = \"/l\"; id = \"/id\"; token = \"/t\"; next = \"/n\"; };\n");
	struct provider_values values = usual_values();
	const char *body = "{\"l\":[],\"n\":\"/l?page=2\"}";
	struct provider_found found;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct provider_values with = values;
		struct provider_request request;
		const char *error;
		bool is_built;

		provider_values_add(&with, "next", cases[i].next);
		is_built = provider_request_build(provider, PROVIDER_FIND,
		    &with, &request, &error);
		if (is_built != (cases[i].url != NULL))
			fail_msg("%s", cases[i].next);
		if (!is_built)
			continue;
		assert_string_equal(request.url, cases[i].url);
		provider_request_fini(&request);
	}
	provider_found_read(provider, 200, body, strlen(body), &values,
	    &found);
	assert_false(found.is_readable);
	assert_string_equal(found.next, "/l?page=2");
	provider_free(provider);
}

/* Asterisk: a variable named after the call holds the last that was heard. */
static void
finds_in_one_answer(void **state)
{
	struct provider *provider = read_text(HEAD NO_AUTH
	    "call_id = \"${token}\";\n"
	    "call = { method = \"GET\"; path = \"/c\"; };\n"
	    "find = { method = \"GET\"; path = \"/v/${token}\"; items = \"\"; token = \"/value\"; };\n");
	static const struct { const char *body; bool is_readable; size_t count; } cases[] = {
		{ "{\"value\":\"id=tok-en&event=placed\"}", true, 1 },
		{ "{\"value\":\"\"}", true, 0 },
		{ "{\"value\":\"id=tok-en2\"}", true, 0 },
		{ "[]", true, 0 },
		{ "5", false, 0 },
		{ "", false, 0 },
	};
	struct provider_values values = usual_values();
	struct provider_found found;
	char id[PROVIDER_ID_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		provider_found_read(provider, 200, cases[i].body,
		    strlen(cases[i].body), &values, &found);
		if (found.is_readable != cases[i].is_readable ||
		    found.count != cases[i].count)
			fail_msg("%s", cases[i].body);
		if (found.count > 0)
			assert_string_equal(found.calls[0].id, "tok-en");
	}
	assert_true(provider_call_id(provider, &values, id));
	assert_string_equal(id, "tok-en");
	provider_free(provider);
}

/* ---- the result, as Asterisk keeps it */

static void
results(void **state)
{
	static const struct {
		const char *body;
		enum webhook_kind kind;
		enum call_progress progress;
		enum call_outcome outcome;
	} cases[] = {
		{ "{\"value\":\"id=c1&event=ended&last=agent_failed\"}", WEBHOOK_PROGRESS, PROGRESS_OVER, OUTCOME_NO_ANSWER },
		{ "{\"value\":\"id=c1&event=up\"}", WEBHOOK_PROGRESS, PROGRESS_AGENT_UP, OUTCOME_NONE },
		{ "{\"value\":\"placed\"}", WEBHOOK_NOTHING, PROGRESS_NONE, OUTCOME_NONE },
		{ "{\"value\":\"\"}", WEBHOOK_NOTHING, PROGRESS_NONE, OUTCOME_NONE },
		{ "{\"value\":\"id=c1&event=up&event=ended\"}", WEBHOOK_NOTHING, PROGRESS_NONE, OUTCOME_NONE },
		{ "{\"value\":\"id=%zz\"}", WEBHOOK_NOTHING, PROGRESS_NONE, OUTCOME_NONE },
		{ "{\"value\":5}", WEBHOOK_NOTHING, PROGRESS_NONE, OUTCOME_NONE },
		{ "[", WEBHOOK_NOTHING, PROGRESS_NONE, OUTCOME_NONE },
	};
	struct provider *provider = read_text(HEAD NO_AUTH
	    "states = ( (\"Up\", \"agent_up\") );\n"
	    "call = { method = \"GET\"; path = \"/c\"; id = \"/id\"; };\n"
	    "get = { method = \"GET\"; path = \"/c\"; state = \"/state\"; gone = [ 404 ]; };\n"
	    "result = { method = \"GET\"; path = \"/r\"; news = \"/value\"; };\n"
	    "webhook = { body = \"form\"; signature = { alg = \"hmac-sha1\"; key = \"${key}\"; sign = [ \"body\" ]; encode = \"hex\"; from = \"header:X\"; };\n"
	    "  events = ( { id = \"id\"; when = ( (\"event\", \"ended\") ); state = \"last\"; map = ( (\"agent_failed\", \"over:no_answer\") ); },\n"
	    "    { id = \"id\"; state = \"event\"; map = ( (\"up\", \"agent_up\") ); } ); };\n");
	struct webhook_event event;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		provider_result_read(provider, 200, cases[i].body,
		    strlen(cases[i].body), &event);
		if (event.kind != cases[i].kind ||
		    event.progress != cases[i].progress ||
		    event.outcome != cases[i].outcome)
			fail_msg("%s", cases[i].body);
	}
	provider_result_read(provider, 500, cases[0].body,
	    strlen(cases[0].body), &event);
	assert_int_equal(event.kind, WEBHOOK_NOTHING);
	provider_free(provider);
}

/* ---- files */

#define ADVISORY(event) "webhook = { body = \"json\"; advisory = true;\n" \
    "signature = { alg = \"shared\"; key = \"${key}\"; from = \"query:k\"; };\n" \
    "events = ( { " event " } ); };\n"
#define ANSWERED "name = \"x\"; base = \"https://a\"; tested = \"live\"; fence = \"answer\";" NO_AUTH
#define SECOND_LEG(json) "second_leg = { on = \"agent_up\"; method = \"POST\"; path = \"/s\"; json = \"{" json "}\"; };\n"
#define CALL "call = { method = \"POST\"; path = \"/c\"; id = \"/id\"; };\n"

static void
refuses_files(void **state)
{
	static const struct { const char *text, *expected; } cases[] = {
		{ HEAD NO_AUTH, "has neither call, call_customer nor sms" },
		{ HEAD NO_AUTH "epoch = { method = \"GET\"; path = \"/e\"; id = \"/i\"; };" CALL, "epoch: needs get" },
		{ HEAD NO_AUTH CALL "check = { method = \"GET\"; path = \"/e\"; };", "check: needs ok_if: what must hold" },
		{ HEAD NO_AUTH CALL "sms_get = { method = \"GET\"; path = \"/e\"; state = \"/i\"; };", "sms_get: needs sms" },
		{ HEAD NO_AUTH CALL "second_leg = { method = \"GET\"; path = \"/e\"; };", "second_leg: needs on" },
		{ HEAD NO_AUTH CALL "can = [ \"customer_first\" ];", "customer_first and call_customer need each other" },
		{ HEAD NO_AUTH CALL "sms = { method = \"POST\"; path = \"/s\"; };"
		    "sms_get = { method = \"GET\"; path = \"/s\"; state = \"/s\"; };",
		    "sms_get: needs sms_states" },
		{ HEAD NO_AUTH CALL "can = [ \"whisper\" ];", "can: whisper needs ${whisper_text}" },
		{ HEAD NO_AUTH CALL "can = [ \"voicemail\" ];", "can: voicemail needs flows.voicemail" },
		{ HEAD NO_AUTH "call = { method = \"POST\"; url = \"${id}\"; };", "call: url and allow_hosts need each other" },
		{ HEAD NO_AUTH "call = { method = \"POST\"; path = \"/\"; text = \"a\"; };", "call: text and type need each other" },
		{ HEAD NO_AUTH "call = { method = \"POST\"; path = \"/\"; remember = (\"to\", \"/x\"); };", "\"to\" is no name for a value" },
		{ HEAD NO_AUTH CALL "find = { method = \"GET\"; path = \"/\"; items = \"\"; id = \"/i\"; };", "find: needs token" },
		{ HEAD NO_AUTH CALL "find = { method = \"GET\"; path = \"/\"; items = \"\"; id = \"/i\"; time = \"/t\"; };", "find: numbers, time and window need each other" },
		{ HEAD NO_AUTH "templates = { a = { kind = \"xml\"; text = \"<a>${to}\"; }; };" CALL, "templates.a.text: xml, with its values" },
		{ HEAD NO_AUTH "templates = { a = { kind = \"json\"; text = \"{\\\"a\\\":${to}}\"; }; };" CALL, "templates.a.text: json, with its values" },
		{ HEAD NO_AUTH "templates = { to = { kind = \"text\"; text = \"\"; }; };" CALL, "templates.to: is the name of another value" },
		{ HEAD NO_AUTH "templates = { a = { kind = \"text\"; text = \"${b}\"; }; b = { kind = \"text\"; text = \"\"; }; };" CALL, "\"b\": there is no such value" },
		{ HEAD "auth = { kind = \"jwt\"; alg = \"RS256\"; key = \"${key}\"; ttl = 0; };" CALL, "auth: ttl must be 1 to" },
		{ HEAD "auth = { kind = \"jwt\"; alg = \"none\"; key = \"${key}\"; ttl = 9; };" CALL, "\"none\" is none of: RS256, HS256" },
		{ HEAD "auth = { kind = \"signed\"; alg = \"ed25519\"; sign = [ \"path\" ]; encode = \"hex\"; header = \"X\"; };" CALL, "we cannot sign so" },
		{ HEAD "auth = { kind = \"signed\"; alg = \"hmac-sha1\"; sign = [ \"path\" ]; encode = \"hex\"; header = \"X\"; };" CALL, "needs secret" },
		{ HEAD "auth = { kind = \"signed\"; alg = \"md5\"; sign = [ \"pfad\" ]; encode = \"hex\"; header = \"X\"; };" CALL, "there is no part \"pfad\"" },
		{ HEAD "auth = { kind = \"form\"; field = \"k\"; value = \"${key}\"; };" "call = { method = \"POST\"; path = \"/\"; json = \"{}\"; };", "call: its credentials are a field of a form" },
		{ "name = \"x\"; base = \"https://a\"; fence = \"none\";" NO_AUTH CALL, "tested is missing" },
		{ "name = \"x\"; base = \"https://a\"; tested = \"live\";" NO_AUTH CALL, "call: fence is missing" },
		{ HEAD NO_AUTH "call_customer = { method = \"POST\"; path = \"/\"; fence = \"answer\"; };", "call_customer rings the customer at once" },
		{ HEAD NO_AUTH CALL "errors = ( { status = \"5xx\"; executed = \"no\"; } );", "needs match: a call may have been placed that was answered with 500" },
		{ HEAD NO_AUTH CALL "errors = ( { status = \"504\"; executed = \"final\"; } );", "answered with 504" },
		{ HEAD NO_AUTH CALL "errors = ( { status = \"200\"; executed = \"no\"; } );", "answered with 200" },
		{ HEAD NO_AUTH CALL ADVISORY("question = \"up\"; id = \"/id\"; set = \"agent_up\";"), "advisory, it has events about the progress of calls only" },
		{ HEAD NO_AUTH CALL ADVISORY("about = \"inbound_message\"; from = \"/from\"; text = \"/text\";"), "advisory, it has" },
		{ ANSWERED CALL SECOND_LEG("\\\"to\\\":\\\"${customer}\\\""), "answer needs ${token} or ${job} in second_leg" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		expect_file_error(cases[i].text, cases[i].expected);
}

static void
xml_documents(void **state)
{
	static const struct { const char *text; bool is_good; } cases[] = {
		{ "<a/>", true }, { "<a></a>", true },
		{ "<a b=\"1\" c='&lt;2'><b-x:y/>t &amp; &#65;&#x41;</a>", true },
		{ "", false }, { "a", false }, { "<a>", false },
		{ "<a></b>", false }, { "<a/><b/>", false }, { "<a/>x", false },
		{ "<a b=1/>", false }, { "<a b=\"1\" b=\"2\"/>", false },
		{ "<a b=\"1\"c=\"2\"/>", false }, { "<a>&</a>", false },
		{ "<a>&nbsp;</a>", false }, { "<a>&#;</a>", false },
		{ "<a b=\"<\"/>", false }, { "<a b=\"1/>", false },
		{ "<1a/>", false }, { "<!--a--><a/>", false }, { "<a", false },
		{ "<a>\x01</a>", false }, { "</a>", false }, { "< a/>", false },
	};
	size_t at;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if ((xml_check(cases[i].text, &at) == NULL) !=
		    cases[i].is_good)
			fail_msg("%s", cases[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named_texts),
		cmocka_unit_test(merges),
		cmocka_unit_test(other_texts),
		cmocka_unit_test(fields_as_credentials),
		cmocka_unit_test(signs_sorted_queries),
		cmocka_unit_test(signs_fields),
		cmocka_unit_test(tokens),
		cmocka_unit_test(given_addresses),
		cmocka_unit_test(text_answers),
		cmocka_unit_test(agent_over_answers),
		cmocka_unit_test(alarming_answers),
		cmocka_unit_test(only_member),
		cmocka_unit_test(waits),
		cmocka_unit_test(finds_by_numbers),
		cmocka_unit_test(next_pages),
		cmocka_unit_test(finds_in_one_answer),
		cmocka_unit_test(results),
		cmocka_unit_test(refuses_files),
		cmocka_unit_test(xml_documents),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
