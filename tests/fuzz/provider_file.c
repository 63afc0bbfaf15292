/* SPDX-License-Identifier: MIT */
/*
 * provider_file: a provider file. One that is in order builds requests that are
 * a single HTTP request each, and reads an answer and a webhook.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/providers.h"

static void
check_request(const struct provider_request *request)
{
	CHECK(strlen(request->method) > 0);
	CHECK(request->url != NULL);
	for (const char *at = request->url; *at != '\0'; at++)
		CHECK((unsigned char)*at > ' ' && *at != '\x7f');
	for (size_t i = 0; i < request->header_count; i++)
		CHECK(strpbrk(request->headers[i], "\r\n") == NULL &&
		    strchr(request->headers[i], ':') != NULL);
	CHECK(request->body != NULL &&
	    request->body_length <= PROVIDER_BODY_MAX);
	CHECK(strlen(request->body) == request->body_length);
}

static void
build(const struct provider *provider, struct provider_values *values)
{
	struct provider_request request;
	const char *error = NULL, *type;
	char *body;

	for (int i = 0; i < PROVIDER_OPERATION_COUNT; i++) {
		enum provider_operation operation = (enum provider_operation)i;

		if (!provider_can(provider, operation))
			continue;
		if (provider_request_build(provider, operation, values,
		        &request, &error)) {
			check_request(&request);
			provider_request_fini(&request);
		} else {
			CHECK(error != NULL && error[0] != '\0');
		}
	}
	for (int i = 0; i < FLOW_COUNT; i++) {
		if (!provider_flow(provider, (enum flow)i, values, &body,
		        &type))
			continue;
		CHECK(body != NULL && type != NULL);
		CHECK(strlen(body) <= PROVIDER_BODY_MAX);
		free(body);
	}
}

static void
hear(const struct provider *provider, struct provider_values *values)
{
	static const char json[] = "{\"sid\":\"CA1\",\"status\":\"busy\","
	    "\"call\":{\"id\":\"1\"},\"calls\":[{\"sid\":\"CA1\"}]}";
	static const char form[] = "CallSid=CA1&CallStatus=ringing";
	const struct webhook_input input = { "POST",
		"https://cb.example/hooks/twilio/r1.2/tok-en/status?q=up", NULL,
		0, form, sizeof(form) - 1 };
	struct provider_answer answer;
	struct provider_found found;
	struct webhook_event event;
	struct webhook_news news;

	for (int i = 0; i < PROVIDER_OPERATION_COUNT; i++)
		provider_answer_read(provider, (enum provider_operation)i,
		    TRANSPORT_ANSWERED, 200 + 101 * i, json, sizeof(json) - 1,
		    &answer);
	provider_found_read(provider, 200, json, sizeof(json) - 1, values,
	    &found);
	provider_webhook_read(provider, &input, values, FUZZ_NOW_MS, &news);
	webhook_news_fini(&news);
	provider_result_read(provider, 200, json, sizeof(json) - 1, &event);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct provider_errors errors;
	struct fuzz_input input = fuzz_begin(data, size);
	struct provider_values values = fuzz_values();
	struct provider *provider = provider_read(fuzz_rest_text(&input),
	    "fuzz.conf", &errors);

	if (provider == NULL) {
		CHECK(errors.count > 0);
		for (size_t i = 0; i < errors.count; i++)
			CHECK(errors.items[i].text[0] != '\0' &&
			    errors.items[i].line >= 0);
	} else {
		CHECK(errors.count == 0 && errors.left_out == 0);
		build(provider, &values);
		hear(provider, &values);
		provider_free(provider);
	}
	fuzz_end(&input);
	return 0;
}
