/* SPDX-License-Identifier: MIT */
/*
 * provider: the provider files that are shipped, and one of another shape:
 * requests, answers, lists, webhooks, flows, and everything that can be wrong
 * with a file.
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

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/fields.h"
#include "lib/output.h"
#include "lib/provider.h"

#define HOOK "https://cb.example.org/hooks/twilio/r1.2/tok-en"

/* The provider dials both and knows the call by its key. */
static const char key_file[] =
    "name = \"bench\"; base = \"http://127.0.0.1:9\"; fence = \"key\"; tested = \"documents\";\n"
    "secrets = [ \"hook_secret\" ];\n"
    "auth = { kind = \"bearer\"; token = \"${hook_secret}\"; };\n"
    "states = ( (\"dialing\", \"ignore\"), (\"agent\", \"agent_up\"),\n"
    "  (\"ringing\", \"customer_ringing\"), (\"talk\", \"customer_up\"),\n"
    "  (\"gone\", \"customer_over:answered\"), (\"end*\", \"over:answered\") );\n"
    "call = { method = \"POST\"; path = \"/calls\";\n"
    "  headers = ( (\"Idempotency-Key\", \"${token}\"), (\"X-Topic\", \"${topic}\", \"topic\") );\n"
    "  json = \"{\\\"agent\\\":\\\"${agent}\\\",\\\"customer\\\":\\\"${customer}\\\",\\\"ring\\\":%{ring},\\\"hook\\\":\\\"${hook}\\\"}\";\n"
    "  id = \"/call/id\"; state = \"/call/state\"; ok_if = ( (\"/ok\", \"1\") ); };\n"
    "errors = ( { status = \"409\"; executed = \"yes\"; },\n"
    "  { status = \"429,503\"; executed = \"no\"; wait = 7; } );\n"
    "webhook = { body = \"json\"; signature = { alg = \"hmac-sha256\";\n"
    "  key = \"${hook_secret}\"; sign = [ \"time\", \"=.\", \"body\" ]; encode = \"hex\";\n"
    "  from = \"header:X-Sign\"; match = \"v1=([0-9a-f]+)\";\n"
    "  time = \"header:X-Sign\"; time_match = \"t=([0-9]+)\"; tolerance = 60; };\n"
    "  events = ( { id = \"/id\"; state = \"/state\"; order = \"/n\"; seconds = \"/s\"; } ); };\n";

static char *
file_text(const char *name)
{
	const char *folder = getenv("srcdir");
	char path[512], *text = malloc(PROVIDER_FILE_MAX);
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "%s/config/providers/%s",
	    folder != NULL ? folder : ".", name);
	file = fopen(path, "r");
	if (file == NULL)
		fail_msg("%s cannot be opened", path);
	length = fread(text, 1, PROVIDER_FILE_MAX - 1, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

static struct provider *
read_text(const char *text)
{
	struct provider_errors errors;
	struct provider *provider = provider_read(text, "x.conf", &errors);

	if (provider == NULL)
		fail_msg("%s", errors.items[0].text);
	assert_int_equal(errors.count, 0);
	return provider;
}

static struct provider *
read_file(const char *name)
{
	char *text = file_text(name);
	struct provider *provider = read_text(text);

	free(text);
	return provider;
}

static struct provider_values
usual_values(void)
{
	struct provider_values values = { .count = 0 };

	provider_values_add(&values, "account", "AC1");
	provider_values_add(&values, "auth_token", "12345");
	provider_values_add(&values, "hook_secret", "12345");
	provider_values_add(&values, "agent", "+79160000001");
	provider_values_add(&values, "customer", "+79160000003");
	provider_values_add(&values, "from", "+74950000000");
	provider_values_add(&values, "ring", "30");
	provider_values_add(&values, "agent_ring", "25");
	provider_values_add(&values, "call_max", "3600");
	provider_values_add(&values, "token", "tok-en");
	provider_values_add(&values, "hook", HOOK);
	provider_values_add(&values, "id", "CA/1");
	provider_values_add(&values, "since_ms", "1735689599999");
	provider_values_add(&values, "lang", "ru");
	provider_values_add(&values, "text", "a&b=\xd1\x8f");
	provider_values_add(&values, "to", "+79160000009");
	provider_values_add(&values, "greeting", "\"Hi\" & <bye>");
	provider_values_add(&values, "whisper_text", "Who?");
	provider_values_add(&values, "goodbye_text", "Bye");
	provider_values_add(&values, "wait_text", "Wait");
	provider_values_add(&values, "result_text", "Press");
	provider_values_add(&values, "customer_lang", "en");
	provider_values_add(&values, "confirm_text", "Hi, 1");
	provider_values_add(&values, "voicemail_text", "<Beep>");
	provider_values_add(&values, "record_text", "On tape");
	provider_values_add(&values, "record", "");
	provider_values_add(&values, "topic", NULL);
	return values;
}

static struct provider_request
build(const struct provider *provider, enum provider_operation operation)
{
	struct provider_values values = usual_values();
	struct provider_request request;
	const char *error;

	if (!provider_request_build(provider, operation, &values, &request,
	    &error))
		fail_msg("%s: %s", provider_operation_names[operation], error);
	assert_int_equal(strlen(request.body), request.body_length);
	return request;
}

/* ---- requests */

static void
twilio_requests(void **state)
{
	struct provider *provider = read_file("twilio.conf");
	struct provider_request request = build(provider, PROVIDER_CALL);

	(void)state;
	assert_string_equal(provider_name(provider), "twilio");
	assert_int_equal(provider_fence(provider), FENCE_ANSWER);
	assert_int_equal(provider_secret_count(provider), 2);
	assert_string_equal(provider_secret(provider, 1), "auth_token");
	assert_true(provider_limits(provider).calls_per_second == 1.0);
	assert_int_equal(provider_limits(provider).timeout_ms, 15000);
	assert_false(provider_can(provider, PROVIDER_FIND));

	assert_string_equal(request.method, "POST");
	assert_string_equal(request.url, "https://api.twilio.com/2010-04-01/"
	    "Accounts/AC1/Calls.json");
	assert_int_equal(request.header_count, 2);
	assert_string_equal(request.headers[0],
	    "Authorization: Basic QUMxOjEyMzQ1");
	assert_string_equal(request.headers[1],
	    "Content-Type: application/x-www-form-urlencoded");
	assert_string_equal(request.body, "To=%2B79160000001&"
	    "From=%2B74950000000&Url=https%3A%2F%2Fcb.example.org%2Fhooks%2F"
	    "twilio%2Fr1.2%2Ftok-en%2Fflow&Timeout=25&StatusCallback=https%3A"
	    "%2F%2Fcb.example.org%2Fhooks%2Ftwilio%2Fr1.2%2Ftok-en%2Fstatus&"
	    "StatusCallbackEvent=initiated&StatusCallbackEvent=ringing&"
	    "StatusCallbackEvent=answered&StatusCallbackEvent=completed");
	provider_request_fini(&request);

	request = build(provider, PROVIDER_HANGUP);
	assert_string_equal(request.url, "https://api.twilio.com/2010-04-01/"
	    "Accounts/AC1/Calls/CA%2F1.json");
	assert_string_equal(request.body, "Status=completed");
	provider_request_fini(&request);

	request = build(provider, PROVIDER_GET);
	assert_string_equal(request.method, "GET");
	assert_string_equal(request.body, "");
	assert_int_equal(request.header_count, 1);
	provider_request_fini(&request);

	request = build(provider, PROVIDER_SMS);
	assert_string_equal(request.body,
	    "To=%2B79160000009&From=%2B74950000000&Body=a%26b%3D%D1%8F"
	    "&StatusCallback=https%3A%2F%2Fcb.example.org%2Fhooks%2F"
	    "twilio%2Fr1.2%2Ftok-en%2Fsms");
	provider_request_fini(&request);
	provider_free(provider);
}

static void
sandbox_requests(void **state)
{
	struct provider *provider = read_file("sandbox.conf");
	struct provider_request request = build(provider, PROVIDER_FIND);
	struct provider_values values = usual_values();
	const char *error;

	(void)state;
	assert_string_equal(request.url, "http://127.0.0.1:8081/2010-04-01/"
	    "Accounts/AC1/Calls.json?To=%2B79160000009&StartTime%3E=2024-12-31"
	    "&PageSize=1000");
	provider_request_fini(&request);
	provider_values_add(&values, "base", "http://127.0.0.1:7000/");
	assert_true(provider_request_build(provider, PROVIDER_CALL, &values,
	    &request, &error));
	assert_string_equal(request.url,
	    "http://127.0.0.1:7000/2010-04-01/Accounts/AC1/Calls.json");
	provider_request_fini(&request);
	provider_free(provider);
}

static void
key_requests(void **state)
{
	struct provider *provider = read_text(key_file);
	struct provider_request request = build(provider, PROVIDER_CALL);
	struct provider_values values = usual_values();
	const char *error;

	(void)state;
	assert_int_equal(provider_fence(provider), FENCE_KEY);
	assert_int_equal(request.header_count, 3);
	assert_string_equal(request.headers[0], "Authorization: Bearer 12345");
	assert_string_equal(request.headers[1],
	    "Content-Type: application/json");
	assert_string_equal(request.headers[2], "Idempotency-Key: tok-en");
	assert_string_equal(request.body, "{\"agent\":\"+79160000001\","
	    "\"customer\":\"+79160000003\",\"ring\":30,\"hook\":\"" HOOK "\"}");
	provider_request_fini(&request);

	provider_values_add(&values, "topic", "a\r\nEvil: 1");
	assert_false(provider_request_build(provider, PROVIDER_CALL, &values,
	    &request, &error));
	assert_string_equal(error, "a header's value has a control character");
	values.count = 5;
	assert_false(provider_request_build(provider, PROVIDER_CALL, &values,
	    &request, &error));
	assert_string_equal(error, "${ring}: no value was given");
	values = usual_values();
	provider_values_add(&values, "base", "file:///etc");
	assert_false(provider_request_build(provider, PROVIDER_CALL, &values,
	    &request, &error));
	provider_free(provider);
}

/* ---- flows */

static void
expect_flow_with(const struct provider *provider, enum flow flow,
    const char *with, const char *expected)
{
	struct provider_values values = usual_values();
	const char *type;
	char *body;

	if (with != NULL)
		provider_values_set(&values, with, "yes");
	assert_true(provider_flow(provider, flow, &values, &body, &type));
	assert_string_equal(body, expected);
	assert_string_equal(type, "text/xml");
	free(body);
}

static void
expect_flow(const struct provider *provider, enum flow flow,
    const char *expected)
{
	expect_flow_with(provider, flow, NULL, expected);
}

/* An address may come out empty; that is told when it is needed. */
static void
empty_address(void **state)
{
	struct provider *provider = read_text(
	    "name = \"x\"; base = \"https://x\"; fence = \"none\"; tested = \"documents\";\n"
	    "auth = { kind = \"none\"; };\n"
	    "call = { method = \"POST\"; path = \"\"; base = \"\"; id = \"/s\"; };\n");
	struct provider_values values = usual_values();
	struct provider_request request;
	const char *error = NULL;

	(void)state;
	assert_false(provider_request_build(provider, PROVIDER_CALL, &values,
	    &request, &error));
	assert_string_equal(error,
	    "the address begins with neither https:// nor http://");
	provider_free(provider);
}

static void
twilio_flows(void **state)
{
	struct provider *provider = read_file("twilio.conf");
	struct provider_values none = { .count = 0 };
	const char *type;
	char *body;

	(void)state;
	expect_flow(provider, FLOW_WHISPER, "<Response><Gather numDigits=\"1\""
	    " timeout=\"10\" action=\"" HOOK "/flow?q=keys\">"
	    "<Say language=\"ru-RU\">Who?</Say></Gather>"
	    "<Redirect>" HOOK "/flow?q=silent</Redirect></Response>");
	expect_flow(provider, FLOW_JOIN, "<Response><Dial"
	    " callerId=\"+74950000000\" timeout=\"30\" timeLimit=\"3600\""
	    " action=\"" HOOK "/flow?q=dial_over\" answerOnBridge=\"true\">"
	    "<Number statusCallback=\"" HOOK "/status?leg=customer\""
	    " statusCallbackEvent=\"initiated ringing answered completed\""
	    " url=\"" HOOK "/flow?q=greet&amp;leg=customer\">+79160000003"
	    "</Number></Dial></Response>");
	expect_flow(provider, FLOW_GREET, "<Response><Say language=\"en-US\">"
	    "&quot;Hi&quot; &amp; &lt;bye&gt;</Say></Response>");
	expect_flow(provider, FLOW_GOODBYE, "<Response><Say language=\"ru-RU\">"
	    "Bye</Say><Hangup/></Response>");
	expect_flow(provider, FLOW_WAIT, "<Response><Say language=\"ru-RU\">"
	    "Wait</Say><Pause length=\"2\"/><Redirect>" HOOK
	    "/flow?q=wait</Redirect></Response>");
	expect_flow(provider, FLOW_RESULT, "<Response><Gather numDigits=\"1\""
	    " timeout=\"15\" action=\"" HOOK "/flow?q=result\">"
	    "<Say language=\"ru-RU\">Press</Say></Gather>"
	    "<Redirect>" HOOK "/flow?q=silent</Redirect></Response>");
	assert_false(provider_flow(provider, FLOW_JOIN, &none, &body, &type));
	provider_free(provider);
}

/* What is asked for besides, and the customer's own flows. */
static void
twilio_customers_flows(void **state)
{
	struct provider *provider = read_file("twilio.conf");
	struct provider_values none = { .count = 0 };
	const char *type;
	char *body;

	(void)state;
	expect_flow_with(provider, FLOW_JOIN, "record", "<Response>"
	    "<Say language=\"ru-RU\">On tape</Say><Dial"
	    " callerId=\"+74950000000\" timeout=\"30\" timeLimit=\"3600\""
	    " record=\"record-from-answer-dual\""
	    " recordingStatusCallback=\"" HOOK "/status?of=recording\""
	    " action=\"" HOOK "/flow?q=dial_over\" answerOnBridge=\"true\">"
	    "<Number statusCallback=\"" HOOK "/status?leg=customer\""
	    " statusCallbackEvent=\"initiated ringing answered completed\""
	    " url=\"" HOOK "/flow?q=greet&amp;leg=customer\">+79160000003"
	    "</Number></Dial></Response>");
	expect_flow_with(provider, FLOW_JOIN, "detect", "<Response><Dial"
	    " callerId=\"+74950000000\" timeout=\"30\" timeLimit=\"3600\""
	    " action=\"" HOOK "/flow?q=dial_over\" answerOnBridge=\"true\">"
	    "<Number statusCallback=\"" HOOK "/status?leg=customer\""
	    " statusCallbackEvent=\"initiated ringing answered completed\""
	    " machineDetection=\"Enable\""
	    " amdStatusCallback=\"" HOOK "/status?of=machine\""
	    " url=\"" HOOK "/flow?q=greet&amp;leg=customer\">+79160000003"
	    "</Number></Dial></Response>");
	expect_flow(provider, FLOW_CONFIRM, "<Response><Gather numDigits=\"1\""
	    " timeout=\"7\" action=\"" HOOK "/flow?q=confirm\">"
	    "<Say language=\"en-US\">Hi, 1</Say></Gather>"
	    "<Redirect>" HOOK "/flow?q=confirm</Redirect></Response>");
	expect_flow_with(provider, FLOW_CONFIRM, "customer_first", "<Response>"
	    "<Gather numDigits=\"1\" timeout=\"7\""
	    " action=\"" HOOK "/flow?q=confirm&amp;first=customer\">"
	    "<Say language=\"en-US\">Hi, 1</Say></Gather><Redirect>"
	    HOOK "/flow?q=confirm&amp;first=customer</Redirect></Response>");
	expect_flow(provider, FLOW_VOICEMAIL, "<Response><Pause length=\"1\"/>"
	    "<Say language=\"en-US\">&lt;Beep&gt;</Say><Hangup/></Response>");
	expect_flow(provider, FLOW_JOIN_AGENT, "<Response>"
	    "<Say language=\"en-US\">&quot;Hi&quot; &amp; &lt;bye&gt;</Say>"
	    "<Dial callerId=\"+74950000000\" timeout=\"25\" timeLimit=\"3600\""
	    " action=\"" HOOK "/flow?q=dial_over&amp;first=customer\">"
	    "<Number statusCallback=\"" HOOK
	    "/status?first=customer&amp;leg=agent\""
	    " statusCallbackEvent=\"answered\""
	    " url=\"" HOOK "/flow?first=customer&amp;leg=agent\">+79160000001"
	    "</Number></Dial></Response>");
	provider_free(provider);
	provider = read_text(key_file);
	assert_false(provider_flow(provider, FLOW_JOIN, &none, &body, &type));
	provider_free(provider);
}

/* ---- answers */

static struct provider_answer
answer(const struct provider *provider, enum provider_operation operation,
    int status, const char *body)
{
	struct provider_answer read;

	provider_answer_read(provider, operation, TRANSPORT_ANSWERED, status,
	    body, strlen(body), &read);
	return read;
}

static void
twilio_answers_to_call(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum provider_outcome outcome;
		const char *id, *code;
		bool is_number_invalid;
	} cases[] = {
		{ 201, "{\"sid\":\"CA1\",\"status\":\"queued\"}", PROVIDER_CREATED, "CA1", "", false },
		{ 201, "{\"sid\":\"CA1\",\"status\":\"new word\"}", PROVIDER_CREATED, "CA1", "", false },
		{ 201, "{\"sid\":\"\"}", PROVIDER_UNKNOWN, "", "", false },
		{ 201, "{\"sid\":null}", PROVIDER_UNKNOWN, "", "", false },
		{ 201, "{\"sid\":\"CA 1\\n\"}", PROVIDER_UNKNOWN, "", "", false },
		{ 201, "{\"sid\":[1]}", PROVIDER_UNKNOWN, "", "", false },
		{ 201, "garbage", PROVIDER_UNKNOWN, "", "", false },
		{ 201, "{\"sid\":\"CA1\"", PROVIDER_UNKNOWN, "", "", false },
		{ 201, "{\"sid\":\"CA1\",\"sid\":\"CA2\"}", PROVIDER_UNKNOWN, "", "", false },
		{ 201, "", PROVIDER_UNKNOWN, "", "", false },
		{ 200, "{\"sid\":12345678901234567}", PROVIDER_CREATED, "12345678901234567", "", false },
		{ 400, "{\"code\":21211,\"message\":\"bad\"}", PROVIDER_REJECTED, "", "21211", true },
		{ 400, "{\"code\":21215,\"message\":\"geo\"}", PROVIDER_REJECTED, "", "21215", false },
		{ 400, "", PROVIDER_REJECTED, "", "", false },
		{ 401, "{\"code\":20003}", PROVIDER_REJECTED, "", "20003", false },
		{ 429, "{\"code\":20429}", PROVIDER_REJECTED, "", "20429", false },
		{ 408, "", PROVIDER_UNKNOWN, "", "", false },
		{ 500, "{\"code\":20500}", PROVIDER_UNKNOWN, "", "20500", false },
		{ 503, "{\"sid\":\"CA1\",\"code\":21211}", PROVIDER_UNKNOWN, "", "21211", false },
		{ 307, "", PROVIDER_UNKNOWN, "", "", false },
		{ 100, "{\"sid\":\"CA1\"}", PROVIDER_UNKNOWN, "", "", false },
	};
	struct provider *provider = read_file("twilio.conf");
	struct provider_answer read;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		read = answer(provider, PROVIDER_CALL, cases[i].status,
		    cases[i].body);
		if (read.outcome != cases[i].outcome)
			fail_msg("%d %s", cases[i].status, cases[i].body);
		assert_string_equal(read.id, cases[i].id);
		assert_string_equal(read.code, cases[i].code);
		assert_int_equal(read.is_number_invalid,
		    cases[i].is_number_invalid);
		assert_false(read.is_gone);
	}
	provider_answer_read(provider, PROVIDER_CALL, TRANSPORT_UNREACHED, 0,
	    NULL, 0, &read);
	assert_int_equal(read.outcome, PROVIDER_REJECTED);
	provider_answer_read(provider, PROVIDER_CALL, TRANSPORT_LOST, 201,
	    "{\"sid\":\"CA1\"}", 13, &read);
	assert_int_equal(read.outcome, PROVIDER_UNKNOWN);
	assert_string_equal(read.id, "");
	provider_free(provider);
}

static void
twilio_answers_to_get(void **state)
{
	static const char *const no_prices[] = { "\"\"", "\"-\"", "\"free\"",
		"\"1,5\"", "\"1e3\"", "\"99999999999999999999\"", "1e30",
		"true", "{}", "\"--1\"", "\"1.2.3\"" };
	struct provider *provider = read_file("twilio.conf");
	struct provider_answer read = answer(provider, PROVIDER_GET, 200,
	    "{\"sid\":\"CA1\",\"status\":\"in-progress\"}");

	(void)state;
	assert_int_equal(read.outcome, PROVIDER_CREATED);
	assert_int_equal(read.progress, PROGRESS_AGENT_UP);
	read = answer(provider, PROVIDER_GET, 200,
	    "{\"sid\":\"CA1\",\"status\":\"no-answer\"}");
	assert_int_equal(read.progress, PROGRESS_OVER);
	assert_int_equal(read.call_outcome, OUTCOME_NO_ANSWER);
	read = answer(provider, PROVIDER_GET, 200,
	    "{\"sid\":\"CA1\",\"status\":\"queued\"}");
	assert_int_equal(read.outcome, PROVIDER_CREATED);
	assert_int_equal(read.progress, PROGRESS_NONE);
	assert_int_equal(read.paid, 0);
	read = answer(provider, PROVIDER_GET, 200, "{\"sid\":\"CA1\","
	    "\"status\":\"completed\",\"price\":null,\"price_unit\":\"USD\"}");
	assert_int_equal(read.paid, 0);
	assert_string_equal(read.currency, "");
	read = answer(provider, PROVIDER_GET, 200, "{\"sid\":\"CA1\","
	    "\"status\":\"completed\",\"price\":\"-0.03001\",\"price_unit\":\"USD\"}");
	assert_int_equal(read.paid, 30010);
	assert_string_equal(read.currency, "USD");
	read = answer(provider, PROVIDER_GET, 200, "{\"sid\":\"CA1\","
	    "\"status\":\"completed\",\"price\":1.4,\"price_unit\":\"us\"}");
	assert_int_equal(read.paid, 1400000);
	assert_string_equal(read.currency, "");
	for (size_t i = 0; i < COUNT_OF(no_prices); i++) {
		char body[160];

		snprintf(body, sizeof(body), "{\"sid\":\"CA1\","
		    "\"status\":\"completed\",\"price\":%s}", no_prices[i]);
		read = answer(provider, PROVIDER_GET, 200, body);
		assert_int_equal(read.outcome, PROVIDER_CREATED);
		assert_int_equal(read.paid, 0);
	}
	read = answer(provider, PROVIDER_GET, 200,
	    "{\"sid\":\"CA1\",\"status\":\"new word\"}");
	assert_int_equal(read.outcome, PROVIDER_UNKNOWN);
	read = answer(provider, PROVIDER_GET, 404, "{\"code\":20404}");
	assert_true(read.is_gone);
	assert_int_equal(read.outcome, PROVIDER_REJECTED);
	read = answer(provider, PROVIDER_HANGUP, 404, "");
	assert_true(read.is_gone);
	read = answer(provider, PROVIDER_CALL, 404, "");
	assert_false(read.is_gone);
	provider_free(provider);
}

static void
key_answers(void **state)
{
	struct provider *provider = read_text(key_file);
	struct provider_answer read = answer(provider, PROVIDER_CALL, 200,
	    "{\"ok\":1,\"call\":{\"id\":\"c1\",\"state\":\"ringing\"}}");

	(void)state;
	assert_int_equal(read.outcome, PROVIDER_CREATED);
	assert_string_equal(read.id, "c1");
	assert_int_equal(read.progress, PROGRESS_CUSTOMER_RINGING);
	read = answer(provider, PROVIDER_CALL, 200,
	    "{\"ok\":0,\"call\":{\"id\":\"c1\"}}");
	assert_int_equal(read.outcome, PROVIDER_REJECTED);
	read = answer(provider, PROVIDER_CALL, 200,
	    "{\"call\":{\"id\":\"c1\"}}");
	assert_int_equal(read.outcome, PROVIDER_UNKNOWN);
	read = answer(provider, PROVIDER_CALL, 409,
	    "{\"call\":{\"id\":\"c1\"}}");
	assert_int_equal(read.outcome, PROVIDER_CREATED);
	assert_string_equal(read.id, "c1");
	read = answer(provider, PROVIDER_CALL, 503, "");
	assert_int_equal(read.outcome, PROVIDER_REJECTED);
	assert_int_equal(read.wait_ms, 7000);
	read = answer(provider, PROVIDER_CALL, 400, "");
	assert_int_equal(read.outcome, PROVIDER_UNKNOWN);
	provider_free(provider);
}

static void
expect_found(const struct provider *provider, int status, const char *body,
    bool is_readable, size_t count)
{
	struct provider_values values = usual_values();
	struct provider_found found;

	provider_found_read(provider, status, body, strlen(body), &values,
	    &found);
	if (found.is_readable != is_readable || found.count != count)
		fail_msg("%s", body);
}

static void
finds_by_token(void **state)
{
	static const char ours[] = "{\"calls\":["
	    "{\"sid\":\"CA0\",\"status_callback\":\"http://x/hooks/s/r1.1/tok-en2/status\"},"
	    "{\"sid\":\"CA1\",\"status\":\"ringing\",\"status_callback\":\"http://x/hooks/s/r1.1/tok-en/status\"},"
	    "{\"sid\":\"CA2\",\"status\":\"completed\",\"status_callback\":\"http://x/?t=tok-en\"},"
	    "{\"sid\":\"CA3\",\"status_callback\":null},5,\"tok-en\"]}";
	struct provider *provider = read_file("sandbox.conf");
	struct provider_values values = usual_values();
	struct provider_found found;

	(void)state;
	provider_found_read(provider, 200, ours, strlen(ours), &values,
	    &found);
	assert_true(found.is_readable);
	assert_int_equal(found.count, 2);
	assert_string_equal(found.calls[0].id, "CA1");
	assert_int_equal(found.calls[0].progress, PROGRESS_AGENT_RINGING);
	assert_string_equal(found.calls[1].id, "CA2");
	assert_int_equal(found.calls[1].progress, PROGRESS_OVER);
	expect_found(provider, 500, ours, false, 0);
	expect_found(provider, 200, "{\"calls\":[],\"next_page_uri\":null}",
	    true, 0);
	expect_found(provider, 200, "{\"calls\":[],\"next_page_uri\":\"\"}",
	    true, 0);
	expect_found(provider, 200, "{\"calls\":[],\"next_page_uri\":\"/2\"}",
	    false, 0);
	expect_found(provider, 200, "{\"calls\":[{\"sid\":\"CA1\","
	    "\"status_callback\":\"a/tok-en\"}],\"next_page_uri\":\"/2\"}",
	    true, 1);
	expect_found(provider, 200, "{\"calls\":[{\"status_callback\":"
	    "\"a/tok-en\"}]}", false, 0);
	expect_found(provider, 200, "{\"calls\":{}}", false, 0);
	expect_found(provider, 200, "{}", false, 0);
	expect_found(provider, 200, "[", false, 0);
	provider_free(provider);
}

/* ---- webhooks */

static int
by_name_and_value(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;
	int order = strcmp(left[0], right[0]);

	return order != 0 ? order : strcmp(left[1], right[1]);
}

/* As Twilio signs: the address, then each name and value in order. */
static void
twilio_sign(const char *url, const char *body, const char *key,
    char ret_signature[64])
{
	struct fields form = { .count = 0 };
	struct output text = { .max = 64 * 1024 };
	const char *pairs[FIELDS_MAX][2];
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned length;

	assert_true(fields_read(body, strlen(body), &form));
	assert_true(output_add_text(&text, url));
	for (size_t i = 0; i < form.count; i++) {
		pairs[i][0] = form.items[i].name;
		pairs[i][1] = form.items[i].value;
	}
	qsort(pairs, form.count, sizeof(pairs[0]), by_name_and_value);
	for (size_t i = 0; i < form.count; i++) {
		assert_true(output_add_text(&text, pairs[i][0]));
		assert_true(output_add_text(&text, pairs[i][1]));
	}
	HMAC(EVP_sha1(), key, (int)strlen(key),
	    (const unsigned char *)text.text, text.length, bytes, &length);
	EVP_EncodeBlock((unsigned char *)ret_signature, bytes, (int)length);
	fields_fini(&form);
	output_fini(&text);
}

/* The one thing that a webhook says. */
static struct webhook_event
hear(const struct provider *provider, const struct webhook_input *input,
    const struct provider_values *values, int64_t now_ms)
{
	struct webhook_news news;
	struct webhook_event event;

	provider_webhook_read(provider, input, values, now_ms, &news);
	assert_int_equal(news.count, 1);
	event = news.events[0];
	webhook_news_fini(&news);
	return event;
}

static struct webhook_event
twilio_hear(const struct provider *provider, const char *tail,
    const char *body, const char *key)
{
	struct provider_values values = usual_values();
	char url[512], signature[64];
	const struct webhook_header headers[] = {
		{ "Host", "cb.example.org" },
		{ "X-Twilio-Signature", signature },
	};
	const struct webhook_input input = {
		"POST", url, headers, 2, body, strlen(body),
	};

	snprintf(url, sizeof(url), "%s%s", HOOK, tail);
	twilio_sign(url, body, key, signature);
	provider_values_add(&values, "auth_token_previous", "old");
	return hear(provider, &input, &values, 0);
}

struct hearing_case {
	const char *tail, *body;
	enum webhook_kind kind;
	bool is_customer_leg;
	const char *question, *digits;
	bool has_progress;
	enum call_progress progress;
	bool is_customer_over;
	enum call_outcome outcome;
	int64_t duration_ms, sequence;
};

static void
expect_heard(const struct provider *provider, const struct hearing_case *want)
{
	struct webhook_event event = twilio_hear(provider, want->tail,
	    want->body, "12345");

	if (event.kind != want->kind)
		fail_msg("%s %s: kind %d, %s", want->tail, want->body,
		    (int)event.kind, event.reason);
	if (event.kind != WEBHOOK_NOTHING)
		assert_string_equal(event.sid, "CA1");
	assert_int_equal(event.is_customer_leg, want->is_customer_leg);
	assert_string_equal(event.question,
	    want->question != NULL ? want->question : "");
	assert_string_equal(event.digits,
	    want->digits != NULL ? want->digits : "");
	if (event.has_progress != want->has_progress ||
	    event.progress != want->progress ||
	    event.is_customer_over != want->is_customer_over ||
	    event.outcome != want->outcome)
		fail_msg("%s %s: progress %s, outcome %s", want->tail,
		    want->body, call_progress_names[event.progress],
		    call_outcome_names[event.outcome]);
	assert_int_equal(event.duration_ms, want->duration_ms);
	assert_int_equal(event.sequence, want->sequence);
}

static void
hears_the_agents_leg(void **state)
{
	static const struct hearing_case cases[] = {
		{ "/status", "CallSid=CA1&CallStatus=initiated&SequenceNumber=0", WEBHOOK_PROGRESS, false, NULL, NULL, true, PROGRESS_AGENT_RINGING, false, OUTCOME_NONE, 0, 0 },
		{ "/status", "CallSid=CA1&CallStatus=ringing&SequenceNumber=1", WEBHOOK_PROGRESS, false, NULL, NULL, true, PROGRESS_AGENT_RINGING, false, OUTCOME_NONE, 0, 1 },
		{ "/status", "CallSid=CA1&CallStatus=in-progress&SequenceNumber=2", WEBHOOK_PROGRESS, false, NULL, NULL, true, PROGRESS_AGENT_UP, false, OUTCOME_NONE, 0, 2 },
		{ "/status", "CallSid=CA1&CallStatus=completed&SequenceNumber=3&CallDuration=61", WEBHOOK_PROGRESS, false, NULL, NULL, true, PROGRESS_OVER, false, OUTCOME_ANSWERED, 61000, 3 },
		{ "/status", "CallSid=CA1&CallStatus=busy", WEBHOOK_PROGRESS, false, NULL, NULL, true, PROGRESS_OVER, false, OUTCOME_BUSY, 0, -1 },
		{ "/status", "CallSid=CA1&CallStatus=no-answer", WEBHOOK_PROGRESS, false, NULL, NULL, true, PROGRESS_OVER, false, OUTCOME_NO_ANSWER, 0, -1 },
		{ "/status", "CallSid=CA1&CallStatus=failed&SipResponseCode=404", WEBHOOK_PROGRESS, false, NULL, NULL, true, PROGRESS_OVER, false, OUTCOME_FAILED, 0, -1 },
		{ "/status", "CallSid=CA1&CallStatus=canceled&CallDuration=x", WEBHOOK_PROGRESS, false, NULL, NULL, true, PROGRESS_OVER, false, OUTCOME_CANCELLED, 0, -1 },
		{ "/status", "CallSid=CA1&CallStatus=queued", WEBHOOK_NOTHING, false, NULL, NULL, false, PROGRESS_NONE, false, OUTCOME_NONE, 0, -1 },
		{ "/status", "CallSid=CA1&CallStatus=meditating", WEBHOOK_NOTHING, false, NULL, NULL, false, PROGRESS_NONE, false, OUTCOME_NONE, 0, -1 },
		{ "/elsewhere", "CallSid=CA1&CallStatus=ringing", WEBHOOK_NOTHING, false, NULL, NULL, false, PROGRESS_NONE, false, OUTCOME_NONE, 0, -1 },
		{ "/status?leg=third", "CallSid=CA1&CallStatus=ringing", WEBHOOK_NOTHING, false, NULL, NULL, false, PROGRESS_NONE, false, OUTCOME_NONE, 0, -1 },
	};
	struct provider *provider = read_file("twilio.conf");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		expect_heard(provider, &cases[i]);
	provider_free(provider);
}

static void
hears_the_customers_leg(void **state)
{
#define CHILD "CallSid=CA2&ParentCallSid=CA1&CallStatus="
	static const struct hearing_case cases[] = {
		{ "/status?leg=customer", CHILD "initiated", WEBHOOK_NOTHING, true, NULL, NULL, false, PROGRESS_NONE, false, OUTCOME_NONE, 0, -1 },
		{ "/status?leg=customer", CHILD "ringing&SequenceNumber=1", WEBHOOK_PROGRESS, true, NULL, NULL, true, PROGRESS_CUSTOMER_RINGING, false, OUTCOME_NONE, 0, 1 },
		{ "/status?leg=customer", CHILD "in-progress&SequenceNumber=2", WEBHOOK_PROGRESS, true, NULL, NULL, true, PROGRESS_CUSTOMER_UP, false, OUTCOME_NONE, 0, 2 },
		{ "/status?leg=customer", CHILD "completed&CallDuration=8&SipResponseCode=404", WEBHOOK_PROGRESS, true, NULL, NULL, true, PROGRESS_NONE, true, OUTCOME_ANSWERED, 8000, -1 },
		{ "/status?leg=customer", CHILD "busy&SipResponseCode=486", WEBHOOK_PROGRESS, true, NULL, NULL, true, PROGRESS_NONE, true, OUTCOME_BUSY, 0, -1 },
		{ "/status?leg=customer", CHILD "busy&SipResponseCode=603", WEBHOOK_PROGRESS, true, NULL, NULL, true, PROGRESS_NONE, true, OUTCOME_REJECTED, 0, -1 },
		{ "/status?leg=customer", CHILD "no-answer", WEBHOOK_PROGRESS, true, NULL, NULL, true, PROGRESS_NONE, true, OUTCOME_NO_ANSWER, 0, -1 },
		{ "/status?leg=customer", CHILD "failed&SipResponseCode=404", WEBHOOK_PROGRESS, true, NULL, NULL, true, PROGRESS_NONE, true, OUTCOME_INVALID_NUMBER, 0, -1 },
		{ "/status?leg=customer", CHILD "failed&SipResponseCode=503", WEBHOOK_PROGRESS, true, NULL, NULL, true, PROGRESS_NONE, true, OUTCOME_FAILED, 0, -1 },
		{ "/status?leg=customer", CHILD "canceled", WEBHOOK_PROGRESS, true, NULL, NULL, true, PROGRESS_NONE, true, OUTCOME_CANCELLED, 0, -1 },
		{ "/flow?q=greet&leg=customer", CHILD "in-progress", WEBHOOK_QUESTION, true, "greet", NULL, true, PROGRESS_CUSTOMER_UP, false, OUTCOME_NONE, 0, -1 },
	};
	struct provider *provider = read_file("twilio.conf");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		expect_heard(provider, &cases[i]);
	provider_free(provider);
}

static void
hears_questions(void **state)
{
#define PARENT "CallSid=CA1&CallStatus=in-progress"
	static const struct hearing_case cases[] = {
		{ "/flow", PARENT, WEBHOOK_QUESTION, false, "up", NULL, true, PROGRESS_AGENT_UP, false, OUTCOME_NONE, 0, -1 },
		{ "/flow?q=keys", PARENT "&Digits=1", WEBHOOK_QUESTION, false, "keys", "1", true, PROGRESS_AGENT_UP, false, OUTCOME_NONE, 0, -1 },
		{ "/flow?q=keys", PARENT "&Digits=hangup", WEBHOOK_QUESTION, false, "keys", NULL, true, PROGRESS_AGENT_UP, false, OUTCOME_NONE, 0, -1 },
		{ "/flow?q=keys", "CallSid=CA1&CallStatus=completed&Digits=*", WEBHOOK_QUESTION, false, "keys", "*", true, PROGRESS_OVER, false, OUTCOME_ANSWERED, 0, -1 },
		{ "/flow?q=silent", PARENT, WEBHOOK_QUESTION, false, "silent", NULL, true, PROGRESS_AGENT_UP, false, OUTCOME_NONE, 0, -1 },
		{ "/flow?q=wait", PARENT, WEBHOOK_QUESTION, false, "wait", NULL, true, PROGRESS_AGENT_UP, false, OUTCOME_NONE, 0, -1 },
		{ "/flow?q=result", PARENT "&Digits=123456789012345678901234", WEBHOOK_QUESTION, false, "result", NULL, true, PROGRESS_AGENT_UP, false, OUTCOME_NONE, 0, -1 },
		{ "/flow?q=dial_over", PARENT "&DialCallStatus=completed&DialCallDuration=7", WEBHOOK_QUESTION, false, "dial_over", NULL, true, PROGRESS_NONE, true, OUTCOME_ANSWERED, 7000, -1 },
		{ "/flow?q=dial_over", PARENT "&DialCallStatus=no-answer", WEBHOOK_QUESTION, false, "dial_over", NULL, true, PROGRESS_NONE, true, OUTCOME_NO_ANSWER, 0, -1 },
		{ "/flow?q=dial_over", PARENT, WEBHOOK_QUESTION, false, "dial_over", NULL, false, PROGRESS_NONE, false, OUTCOME_NONE, 0, -1 },
		{ "/flow?q=confirm&leg=customer", "CallSid=CA2&ParentCallSid=CA1&CallStatus=in-progress" "&Digits=1", WEBHOOK_QUESTION, true, "confirm", "1", true, PROGRESS_CUSTOMER_UP, false, OUTCOME_NONE, 0, -1 },
		{ "/flow?first=customer", PARENT, WEBHOOK_QUESTION, true, "greet", NULL, true, PROGRESS_CUSTOMER_RINGING, false, OUTCOME_NONE, 0, -1 },
		{ "/flow?q=confirm&first=customer", PARENT "&Digits=2", WEBHOOK_QUESTION, true, "confirm", "2", false, PROGRESS_NONE, false, OUTCOME_NONE, 0, -1 },
		{ "/flow?first=customer&leg=agent", "CallSid=CA2&ParentCallSid=CA1&CallStatus=in-progress", WEBHOOK_QUESTION, false, "up", NULL, true, PROGRESS_CUSTOMER_UP, false, OUTCOME_NONE, 0, -1 },
		{ "/flow?q=dial_over&first=customer", PARENT "&DialCallStatus=completed&DialCallDuration=7", WEBHOOK_QUESTION, true, "dial_over", NULL, true, PROGRESS_NONE, true, OUTCOME_ANSWERED, 7000, -1 },
		{ "/flow?q=dial_over&first=customer", PARENT "&DialCallStatus=busy", WEBHOOK_QUESTION, true, "dial_over", NULL, true, PROGRESS_NONE, true, OUTCOME_FAILED, 0, -1 },
		{ "/flow?q=up", PARENT, WEBHOOK_NOTHING, false, NULL, NULL, false, PROGRESS_NONE, false, OUTCOME_NONE, 0, -1 },
	};
	struct provider *provider = read_file("twilio.conf");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		expect_heard(provider, &cases[i]);
	provider_free(provider);
}

/* Who calls one of our numbers. */
static void
hears_callers(void **state)
{
#define CALLER "CallSid=CA1&CallStatus=ringing&From=%2B79000000051&To=%2B74951234567"
	static const struct { const char *tail, *body; enum webhook_kind kind;
		const char *question, *digits, *from, *job;
		enum call_progress progress; } cases[] = {
		{ "", CALLER, WEBHOOK_INBOUND_CALL, "up", "", "+79000000051", "", PROGRESS_NONE },
		{ "?q=keys&job=17", CALLER "&Digits=1", WEBHOOK_INBOUND_CALL, "keys", "1", "+79000000051", "17", PROGRESS_NONE },
		{ "?q=number", CALLER "&Digits=89000000041", WEBHOOK_INBOUND_CALL, "number", "89000000041", "+79000000051", "", PROGRESS_NONE },
		{ "?q=rang", CALLER, WEBHOOK_INBOUND_CALL, "rang", "", "+79000000051", "", PROGRESS_NONE },
		{ "?q=silent", "CallSid=CA1&CallStatus=ringing&From=anonymous", WEBHOOK_INBOUND_CALL, "silent", "", "anonymous", "", PROGRESS_NONE },
		{ "?q=over", "CallSid=CA1&CallStatus=completed&From=%2B79000000051", WEBHOOK_INBOUND_CALL, "", "", "+79000000051", "", PROGRESS_OVER },
		{ "?q=up", CALLER, WEBHOOK_NOTHING, "", "", "", "", PROGRESS_NONE },
	};
	static const char body_of_others[] = "CallSid=CA1&CallStatus=ringing";
	struct provider *provider = read_file("twilio.conf");
	char tail[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct webhook_event event;

		snprintf(tail, sizeof(tail), "/line%s", cases[i].tail);
		event = twilio_hear(provider, tail, cases[i].body, "12345");
		if (event.kind != cases[i].kind)
			fail_msg("%s: kind %d", tail, (int)event.kind);
		assert_string_equal(event.question, cases[i].question);
		assert_string_equal(event.digits, cases[i].digits);
		assert_string_equal(event.from, cases[i].from);
		assert_string_equal(event.job, cases[i].job);
		assert_int_equal(event.progress, cases[i].progress);
	}
	/* Who shows nothing at all is served too. */
	assert_int_equal(twilio_hear(provider, "/line", body_of_others,
	    "12345").kind, WEBHOOK_INBOUND_CALL);
	assert_int_equal(twilio_hear(provider, "/line", body_of_others,
	    "wrong").kind, WEBHOOK_REFUSED);
	provider_free(provider);
}

static struct webhook_event
twilio_hears(const struct provider *provider, const char *tail,
    const char *body)
{
	return twilio_hear(provider, tail, body, "12345");
}

/* Who answered, where the recording is, and which leg that was. */
static void
hears_machines_and_recordings(void **state)
{
	struct provider *provider = read_file("twilio.conf");
	struct webhook_event event = twilio_hears(provider,
	    "/status?of=machine",
	    "CallSid=CA2&AnsweredBy=machine_end_beep");
	char long_url[600] = "CallSid=CA1&RecordingUrl=https%3A%2F%2Fx%2F";

	(void)state;
	assert_int_equal(event.kind, WEBHOOK_PROGRESS);
	assert_false(event.has_progress);
	assert_int_equal(event.machine, MACHINE_ANSWERED);
	assert_string_equal(event.sid, "");
	assert_string_equal(event.leg_sid, "CA2");
	event = twilio_hears(provider, "/status?of=machine",
	    "CallSid=CA2&AnsweredBy=human");
	assert_int_equal(event.machine, MACHINE_HUMAN);
	event = twilio_hears(provider, "/status?of=machine",
	    "CallSid=CA2&AnsweredBy=nonsense");
	assert_int_equal(event.machine, MACHINE_UNKNOWN);
	event = twilio_hears(provider, "/flow?first=customer",
	    "CallSid=CA1&CallStatus=in-progress&AnsweredBy=machine_start");
	assert_int_equal(event.machine, MACHINE_ANSWERED);
	event = twilio_hears(provider, "/status?of=recording",
	    "CallSid=CA1&RecordingUrl=https%3A%2F%2Fx%2F1");
	assert_int_equal(event.kind, WEBHOOK_PROGRESS);
	assert_string_equal(event.recording, "https://x/1");
	event = twilio_hears(provider, "/status?of=recording",
	    "CallSid=CA1&RecordingUrl=a%0Ab");
	assert_int_equal(event.kind, WEBHOOK_NOTHING);
	memset(long_url + strlen(long_url), 'a', 300);
	event = twilio_hears(provider, "/status?of=recording", long_url);
	assert_int_equal(event.kind, WEBHOOK_NOTHING);
	provider_free(provider);
}

static void
refuses_webhooks(void **state)
{
	static const struct { const char *tail, *body, *key, *reason; } cases[] = {
		{ "/status", "CallSid=CA1&CallStatus=ringing", "wrong", "the signature is wrong" },
		{ "/status", "CallSid=CA1&CallStatusr=inging", "12345", "CallStatus is missing" },
		{ "/status", "CallSid=CA1&CallStatus=", "12345", "CallStatus is missing" },
		{ "/status", "CallStatus=ringing", "12345", "CallSid is missing" },
		{ "/status", "", "12345", "CallSid is missing" },
		{ "/status", "CallSid=CA%201&CallStatus=ringing", "12345", "CallSid is no id of a call" },
		{ "/status?leg=customer", "CallSid=CA2&CallStatus=ringing", "12345", "ParentCallSid is missing" },
		{ "/status", "CallSid=CA1&CallStatus=ringing&CallStatus=completed", "12345", "a field comes with two values" },
		{ "/flow?q=keys&q=wait", "CallSid=CA1&CallStatus=in-progress", "12345", "a field comes with two values" },
	};
	struct provider *provider = read_file("twilio.conf");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct webhook_event event = twilio_hear(provider,
		    cases[i].tail, cases[i].body, cases[i].key);

		if (event.kind != WEBHOOK_REFUSED)
			fail_msg("%s %s", cases[i].tail, cases[i].body);
		assert_string_equal(event.reason, cases[i].reason);
		assert_string_equal(event.sid, "");
		assert_false(event.has_progress);
	}
	provider_free(provider);
}

static void
takes_the_older_secret_too(void **state)
{
	struct provider *provider = read_file("twilio.conf");
	struct webhook_event event = twilio_hear(provider, "/status",
	    "CallSid=CA1&CallStatus=ringing", "old");
	const struct webhook_input input = { "POST", HOOK, NULL, 0, "", 0 };
	const struct provider_values none = { .count = 0 };

	(void)state;
	assert_int_equal(event.kind, WEBHOOK_PROGRESS);
	event = hear(provider, &input, &none, 0);
	assert_int_equal(event.kind, WEBHOOK_REFUSED);
	assert_string_equal(event.reason, "${auth_token}: no value was given");
	provider_free(provider);
}

static struct webhook_event
key_hear(const struct provider *provider, const char *method,
    const char *body, size_t length, int64_t now_ms)
{
	struct provider_values values = usual_values();
	unsigned char bytes[EVP_MAX_MD_SIZE];
	char signature[256] = "t=1000,v1=", text[1024] = "1000.";
	const struct webhook_header headers[] = { { "x-sign", signature } };
	const struct webhook_input input = {
		method, HOOK, headers, 1, body, length,
	};
	unsigned size;

	if (length < sizeof(text) - 5)
		memcpy(text + 5, body, length);
	HMAC(EVP_sha256(), "12345", 5, (unsigned char *)text,
	    length < sizeof(text) - 5 ? length + 5 : 5, bytes, &size);
	for (unsigned i = 0; i < size; i++)
		snprintf(signature + 10 + 2 * i, 3, "%02x", bytes[i]);
	return hear(provider, &input, &values, now_ms);
}

static void
hears_json(void **state)
{
	static const struct { const char *body; enum webhook_kind kind; const char *reason; } cases[] = {
		{ "{\"id\":\"c1\",\"state\":\"ringing\",\"n\":4}", WEBHOOK_PROGRESS, "" },
		{ "{\"id\":7,\"state\":\"ended\",\"s\":\"12\"}", WEBHOOK_PROGRESS, "" },
		{ "{\"id\":\"c1\",\"state\":\"other\"}", WEBHOOK_NOTHING, "/state says other, which is not known" },
		{ "{\"id\":\"c1\"}", WEBHOOK_REFUSED, "/state is missing" },
		{ "{\"state\":\"ringing\"}", WEBHOOK_REFUSED, "/id is missing" },
		{ "{\"id\":\"c1\",\"state\":\"ringing\",\"id\":\"c2\"}", WEBHOOK_REFUSED, "the body is no JSON" },
		{ "[", WEBHOOK_REFUSED, "the body is no JSON" },
		{ "", WEBHOOK_REFUSED, "the body is no JSON" },
	};
	struct provider *provider = read_text(key_file);
	struct webhook_event event;
	char *long_body = calloc(1, PROVIDER_BODY_MAX + 1);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		event = key_hear(provider, "POST", cases[i].body,
		    strlen(cases[i].body), 1030000);
		if (event.kind != cases[i].kind)
			fail_msg("%s: %s", cases[i].body, event.reason);
		assert_string_equal(event.reason, cases[i].reason);
	}
	event = key_hear(provider, "POST", cases[0].body,
	    strlen(cases[0].body), 1030000);
	assert_int_equal(event.progress, PROGRESS_CUSTOMER_RINGING);
	assert_int_equal(event.sequence, 4);
	event = key_hear(provider, "POST", cases[1].body,
	    strlen(cases[1].body), 1030000);
	assert_string_equal(event.sid, "7");
	assert_int_equal(event.progress, PROGRESS_OVER);
	assert_int_equal(event.duration_ms, 12000);
	event = key_hear(provider, "POST", cases[0].body,
	    strlen(cases[0].body), 1061000);
	assert_string_equal(event.reason,
	    "signed too long ago, or in the future");
	event = key_hear(provider, "PUT", "{}", 2, 1030000);
	assert_string_equal(event.reason, "neither GET nor POST");
	event = key_hear(provider, "POST", long_body, PROVIDER_BODY_MAX + 1,
	    1030000);
	assert_string_equal(event.reason, "the body is too long");
	free(long_body);
	provider_free(provider);
}

/* ---- files */

/* libconfig 1.5 loses a string whenever it meets a syntax error; the sanitizer
 * need not tell us. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

/* The error expected, or NULL for none at all. */
static void
expect_file_error(const char *text, const char *expected)
{
	struct provider_errors errors;
	struct provider *provider = provider_read(text, "x.conf", &errors);

	if ((provider == NULL) != (errors.count > 0))
		fail_msg("%s", expected);
	provider_free(provider);
	for (size_t i = 0; i < errors.count; i++)
		if (strstr(errors.items[i].text, expected) != NULL)
			return;
	fail_msg("not found: %s\ninstead: %s", expected,
	    errors.count > 0 ? errors.items[0].text : "no error");
}

/* One text of the file is replaced by another. */
static void
expect_change_error(const char *file, const char *from, const char *to,
    const char *expected)
{
	const char *at = strstr(file, from);
	size_t size = strlen(file) + strlen(to) + 1;
	char *text = malloc(size);

	if (at == NULL)
		fail_msg("%s is not in the file", from);
	snprintf(text, size, "%.*s%s%s", (int)(at - file), file, to,
	    at + strlen(from));
	expect_file_error(text, expected);
	free(text);
}

static char *
replace_all(const char *text, const char *from, const char *to)
{
	struct output changed = { .max = PROVIDER_FILE_MAX };
	const char *at;

	assert_non_null(strstr(text, from));
	for (; (at = strstr(text, from)) != NULL; text = at + strlen(from)) {
		assert_true(output_add(&changed, text, (size_t)(at - text)));
		assert_true(output_add_text(&changed, to));
	}
	assert_true(output_add_text(&changed, text));
	return changed.text;
}

static void
refuses_files(void **state)
{
	static const struct { const char *from, *to, *expected; } changes[] = {
		{ "name = \"bench\"", "name = \"Bench 1\"", "x.conf:1: name: must be 1 to 31" },
		{ "name = \"bench\"", "name = 5", "x.conf:1: name: must be a text in quotes" },
		{ "fence = \"key\"", "fense = \"key\"", "x.conf:1: fense: there is no such setting; did you mean \"fence\"?" },
		{ "fence = \"key\"", "fense = \"key\"", "x.conf:7: call: fence is missing" },
		{ "fence = \"key\"", "fence = \"keys\"", "fence: \"keys\" is none of: answer, key, none" },
		{ "fence = \"key\"", "fence = \"answer\"", "fence: answer needs flows.join" },
		{ "fence = \"key\"", "fence = \"answer\"", "fence: answer means that call does not know the customer" },
		{ "\"${token}\"", "\"x\"", "fence: key needs ${token} in call" },
		{ "http://127", "ftp://127", "base: must begin with https://" },
		{ "\"hook_secret\" ]", "\"agent\" ]", "\"agent\" is no name for a secret" },
		{ "kind = \"bearer\"", "kind = \"oauth\"", "auth.kind: \"oauth\" is none of" },
		{ "token = \"${hook_secret}\"; };", "user = \"x\"; };", "auth.user: there is no such setting" },
		{ "\"agent_up\"", "\"up\"", "states[2]: \"up\" is none of: ignore" },
		{ "\"over:answered\"", "\"over:fine\"", "\"over:fine\" is none of" },
		{ "\"over:answered\"", "\"agent_over:invalid_number\"", "\"agent_over:invalid_number\" is none of" },
		{ "state = \"/state\"; order", "set = \"agent_over:failed\"; cause = \"/why\"; "
		    "cause_map = ( (\"1\", \"invalid_number\") ); order",
		    "what became of the specialist makes no customer's number invalid" },
		{ "executed = \"yes\"", "executed = \"no\"; set = \"agent_over:busy\"",
		    "errors[1].set: needs executed = \"yes\"" },
		{ "executed = \"yes\"", "executed = \"yes\"; set = \"over:busy\"",
		    "errors[1].set: \"over:busy\" must be agent_over:OUTCOME" },
		{ "executed = \"yes\"", "executed = \"yes\"; alarm = [ \"3\" ]",
		    "errors[1].alarm: needs code: where the answer says it" },
		{ "executed = \"yes\"", "executed = \"yes\"; alarm = 1", "errors[1].alarm: must be a list" },
		{ "method = \"POST\"", "method = \"GET\"", "call: a GET has no form, json or text" },
		{ "method = \"POST\"", "method = \"post\"", "call.method: \"post\" is none of" },
		{ "path = \"/calls\";", "", "call: needs one of path and url" },
		{ "%{ring}", "${ring}", "call: json, with its values filled in, is none" },
		{ "\\\"${agent}\\\"", "${agent}", "call: json, with its values filled in, is none" },
		{ "${agent}", "${agnet}", "\"agnet\": there is no such value" },
		{ "\"topic\") );", "\"topik\") );", "there is no value \"topik\"" },
		{ "id = \"/call/id\"", "id = \"call/id\"", "call.id: must be a JSON pointer" },
		{ "(\"/ok\", \"1\")", "(\"ok\", \"1\")", "must be a JSON pointer" },
		{ "(\"/ok\", \"1\")", "(\"/ok\")", "call.ok_if[1]: must be a list of 2 texts" },
		{ "ok_if", "json_if", "call.json_if[1]: there is no value \"/ok\"" },
		{ "status = \"409\"", "status = \"4x9\"", "errors[1].status: must be statuses" },
		{ "status = \"409\"", "status = \"none\"", "what was not answered may have been executed" },
		{ "executed = \"no\"; wait = 7", "wait = 7", "errors[2]: executed is missing" },
		{ "wait = 7", "wait = 3000000000", "is too big a number" },
		{ "wait = 7", "wait = -1", "errors[2].wait: must be a whole number" },
		{ "wait = 7", "wait = 5L", "errors[2].wait: must be a whole number" },
		{ "wait = 7", "wait = 3000000000L", "is too big a number" },
		{ "wait = 7", "wait = \"x\"", "errors[2].wait: must be seconds, a JSON pointer" },
		{ "alg = \"hmac-sha256\"", "alg = \"sha256\"", "anybody can make a plain hash" },
		{ "alg = \"hmac-sha256\"", "alg = \"shared\"", "shared signs no parts" },
		{ "alg = \"hmac-sha256\"", "alg = \"none\"", "\"none\" is none of" },
		{ "key = \"${hook_secret}\"", "key = \"hook\"", "key must be a secret" },
		{ "\"=.\", \"body\"", "\"=.\", \"bodi\"", "\"bodi\" is no part of what may be signed" },
		{ "\"time\", \"=.\", \"body\"", "\"body\"", "time means nothing unless" },
		{ "v1=([0-9a-f]+)", "v1=[0-9a-f]+", "needs one group" },
		{ "v1=([0-9a-f]+)", "v1=([0-9a-f+", "is no extended regular expression" },
		{ "header:X-Sign\"; match", "X-Sign\"; match", "must be \"header:NAME\"" },
		{ "id = \"/id\"", "id = \"CallSid\"", "\"CallSid\" is not to be found in such a body" },
		{ "state = \"/state\"; order", "order", "has neither state nor question" },
		{ "seconds = \"/s\"", "amd = \"/s\"", "amd and amd_map need each other" },
		{ "body = \"json\"", "body = \"xml\"", "webhook.body: \"xml\" is none of: form, json, query" },
		{ "name =", "@include \"/etc/x\"\nname =", "x.conf:1: @include is not allowed" },
		{ "name =", "  @include \"/etc/x\"\nname =", "x.conf:1: @include is not allowed" },
		{ "call = {", "name = \"y\"; call = {", "duplicate setting name" },
		{ "call = {", "call = { {", "x.conf:7: syntax error" },
	};
	struct provider_errors errors;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(changes); i++)
		expect_change_error(key_file, changes[i].from, changes[i].to,
		    changes[i].expected);
	expect_change_error(key_file, "name = \"bench\"",
	    "name = \"bench\"; # \xff", "x.conf: is not UTF-8 text");
	assert_null(provider_read("", "x.conf", &errors));
	assert_true(errors.count >= 4);
	assert_null(provider_read("a = [ 1, \"x\" ];", "x.conf", &errors));
}

/* What a queue asks for and no word of the file brings about. */
static void
refuses_abilities(void **state)
{
	static const struct { const char *from, *to, *expected; } changes[] = {
		{ "\"detect\"", "\"from\"", "can: detect_machine needs ${detect} in a request or flow" },
		{ "\"machine\")", "\"human\")", "can: detect_machine needs webhook.events with an amd_map "
		    "that knows a machine" },
		{ "(\"record\"", "(\"from\"", "can: record needs ${record} in a request or flow" },
		{ "${record_text}", "On tape", "can: record needs ${record_text} in a request or flow" },
		{ "recording = \"RecordingUrl\"", "set = \"ignore\"", "can: record needs webhook.events with "
		    "recording" },
	};
	char *text = file_text("twilio.conf");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		char *changed = replace_all(text, changes[i].from,
		    changes[i].to);

		expect_file_error(changed, changes[i].expected);
		free(changed);
	}
	free(text);
}

/* All at once, in the order of the file; and no more than are kept. */
static void
tells_all_errors(void **state)
{
	struct provider_errors errors;
	char many[8192] = "name = \"x\";\n";

	(void)state;
	for (int i = 0; i < 60; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many),
		    "zz%d = 1;\n", i);
	assert_null(provider_read(many, "x.conf", &errors));
	assert_int_equal(errors.count, PROVIDER_ERRORS_MAX);
	assert_true(errors.left_out > 20);
	for (size_t i = 1; i < errors.count; i++)
		assert_true(errors.items[i - 1].line <= errors.items[i].line);
}

/* Any change of a byte is a provider or an error, never worse. */
static void
survives_changed_files(void **state)
{
	const char *given = getenv("CALLBACKD_TEST_SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) :
	    7;
	char *text = file_text("sandbox.conf");
	size_t length = strlen(text);
	const char bytes[] = "\"\\;{}()[]=,#/*$%|: 0a@\n\xff";

	(void)state;
	print_message("# seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 1500; i++) {
		struct provider_errors errors;
		struct provider *provider;
		char saved[3];
		size_t at[3];

		for (int j = 0; j < 3; j++) {
			at[j] = (size_t)rand() % length;
			saved[j] = text[at[j]];
			text[at[j]] = bytes[(size_t)rand() %
			    (sizeof(bytes) - 1)];
		}
		provider = provider_read(text, "x.conf", &errors);
		assert_int_equal(provider == NULL, errors.count > 0);
		provider_free(provider);
		for (int j = 2; j >= 0; j--)
			text[at[j]] = saved[j];
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twilio_requests),
		cmocka_unit_test(sandbox_requests),
		cmocka_unit_test(key_requests),
		cmocka_unit_test(empty_address),
		cmocka_unit_test(twilio_flows),
		cmocka_unit_test(twilio_customers_flows),
		cmocka_unit_test(twilio_answers_to_call),
		cmocka_unit_test(twilio_answers_to_get),
		cmocka_unit_test(key_answers),
		cmocka_unit_test(finds_by_token),
		cmocka_unit_test(hears_the_agents_leg),
		cmocka_unit_test(hears_the_customers_leg),
		cmocka_unit_test(hears_questions),
		cmocka_unit_test(hears_callers),
		cmocka_unit_test(hears_machines_and_recordings),
		cmocka_unit_test(refuses_webhooks),
		cmocka_unit_test(takes_the_older_secret_too),
		cmocka_unit_test(hears_json),
		cmocka_unit_test(refuses_files),
		cmocka_unit_test(refuses_abilities),
		cmocka_unit_test(tells_all_errors),
		cmocka_unit_test(survives_changed_files),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
