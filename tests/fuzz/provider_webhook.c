/* SPDX-License-Identifier: MIT */
/*
 * provider_webhook: lines: provider, method, what follows the hook's address, a
 * signature; then the body. It is read twice: with that signature, which nobody
 * can have guessed, and properly signed, so that what is behind it is read too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/providers.h"
#include "tests/fuzz/signing.h"

enum { URL_SIZE = 8192 };

static void
check_event(const struct webhook_event *event)
{
	CHECK(event->kind <= WEBHOOK_REFUSED);
	CHECK(event->kind != WEBHOOK_REFUSED || event->reason[0] != '\0');
	CHECK(event->progress < PROGRESS_COUNT);
	CHECK(event->outcome < OUTCOME_COUNT);
	CHECK(fuzz_is_clean(event->sid, false));
	CHECK(fuzz_is_clean(event->job, false));
	CHECK(fuzz_is_clean(event->customer, false));
	CHECK(fuzz_is_clean(event->from, false));
	CHECK(fuzz_is_clean(event->to, false));
	CHECK(fuzz_is_clean(event->recording, false));
	CHECK(fuzz_is_clean(event->text, false));
	CHECK(fuzz_is_clean(event->error, false));
	CHECK(event->message < MESSAGE_PROGRESS_COUNT);
	CHECK(event->machine < MACHINE_COUNT);
	CHECK(event->reply.status >= 200 && event->reply.status < 300);
	CHECK(fuzz_is_clean(event->digits, false));
	CHECK(event->duration_ms >= 0 && event->at_ms >= 0 && event->sequence >= -1);
	if (event->kind == WEBHOOK_MESSAGE)
		CHECK(event->sid[0] != '\0' || event->job[0] != '\0');
	if (event->kind == WEBHOOK_INBOUND_MESSAGE ||
	    event->kind == WEBHOOK_INBOUND_CALL)
		CHECK(event->from[0] != '\0');
	if (event->kind == WEBHOOK_QUESTION)
		CHECK(event->question[0] != '\0');
	if (event->kind == WEBHOOK_PROGRESS)
		CHECK(event->has_progress ||
		    event->machine != MACHINE_NOT_SAID ||
		    event->recording[0] != '\0');
}

/* True: it was believed to come from the provider. */
static bool
hear(size_t which, struct webhook_input *input, const char *signature)
{
	const struct webhook_header headers[] = { { "Host", "cb.example" },
		{ fuzz_signature_header(which), signature } };
	const struct provider_values secrets = fuzz_values();
	struct webhook_news news;
	bool is_believed;

	input->headers = headers;
	input->header_count = COUNT_OF(headers);
	provider_webhook_read(fuzz_provider(which), input, &secrets,
	    FUZZ_NOW_MS, &news);
	CHECK(news.count > 0 && news.count <= PROVIDER_RECORDS_MAX);
	for (size_t i = 0; i < news.count; i++)
		check_event(&news.events[i]);
	is_believed = news.events[0].kind != WEBHOOK_REFUSED &&
	    news.challenge[0] == '\0';
	webhook_news_fini(&news);
	return is_believed;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input rest = fuzz_begin(data, size);
	size_t which = fuzz_number(&rest, FUZZ_PROVIDERS);
	const char *method = fuzz_line(&rest), *tail = fuzz_line(&rest);
	const char *signature = fuzz_line(&rest);
	struct webhook_input input = { .method = method };
	char url[URL_SIZE], right[FUZZ_SIGNATURE_SIZE] = "";
	bool is_read = true;

	snprintf(url, sizeof(url), "https://cb.example/hooks/x/r1.2/tok-en%s",
	    tail);
	input.url = url;
	input.body = fuzz_rest(&rest, &input.body_length);
	if (input.body_length < FUZZ_SIGNED_MAX) {
		is_read = fuzz_sign(which, &input, right);
		if (strstr(signature, FUZZ_SECRET) == NULL &&
		    strstr(signature, right) == NULL)
			CHECK(!hear(which, &input, signature));
		if (hear(which, &input, right))
			CHECK(is_read || strcmp(method, "GET") == 0);
	}
	fuzz_end(&rest);
	return 0;
}
