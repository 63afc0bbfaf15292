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
    "name = \"bench\"; base = \"http://127.0.0.1:9\"; fence = \"key\";\n"
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
	    "To=%2B79160000009&From=%2B74950000000&Body=a%26b%3D%D1%8F");
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
	    "Accounts/AC1/Calls.json?To=%2B79160000001&StartTime%3E=2024-12-31"
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
expect_flow(const struct provider *provider, enum flow flow,
    const char *expected)
{
	struct provider_values values = usual_values();
	const char *type;
	char *body;

	assert_true(provider_flow(provider, flow, &values, &body, &type));
	assert_string_equal(body, expected);
	assert_string_equal(type, "text/xml");
	free(body);
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
	expect_flow(provider, FLOW_GREET, "<Response><Say language=\"ru-RU\">"
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
	struct provider_found found;

	provider_found_read(provider, status, body, strlen(body), "tok-en",
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
	struct provider_found found;

	(void)state;
	provider_found_read(provider, 200, ours, strlen(ours), "tok-en",
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
