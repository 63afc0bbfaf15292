/* SPDX-License-Identifier: MIT */
/*
 * provider_answer: lines: provider, operation, end of the transport, status; then
 * the body. "Certainly not done" and "placed" are never said without reason.
 */
#include <stdio.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/providers.h"

static void
check_answer(const struct provider_answer *answer,
    enum provider_operation operation, enum transport_end end, int status)
{
	CHECK(answer->outcome <= PROVIDER_UNKNOWN);
	CHECK(answer->progress < PROGRESS_COUNT);
	CHECK(answer->call_outcome < OUTCOME_COUNT);
	CHECK(answer->wait_ms >= 0);
	CHECK(fuzz_is_clean(answer->id, false));
	CHECK(fuzz_is_clean(answer->code, false));
	CHECK(fuzz_is_clean(answer->text, false));
	CHECK(end != TRANSPORT_UNREACHED ||
	    answer->outcome == PROVIDER_REJECTED);
	CHECK(end != TRANSPORT_LOST || answer->outcome == PROVIDER_UNKNOWN);
	if (answer->outcome == PROVIDER_CREATED && status < 300 &&
	    operation == PROVIDER_CALL)
		CHECK((answer->id[0] != '\0') != answer->is_agent_over);
	if (answer->is_agent_over)
		CHECK(operation == PROVIDER_CALL &&
		    answer->outcome == PROVIDER_CREATED &&
		    answer->progress == PROGRESS_OVER);
	if (answer->is_number_invalid)
		CHECK(answer->outcome == PROVIDER_REJECTED);
}

static void
check_found(const struct provider_found *found)
{
	CHECK(found->count <= PROVIDER_FOUND_MAX);
	for (size_t i = 0; i < found->count; i++)
		CHECK(found->calls[i].id[0] != '\0' &&
		    fuzz_is_clean(found->calls[i].id, false) &&
		    found->calls[i].progress < PROGRESS_COUNT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	const struct provider *provider = fuzz_provider(
	    fuzz_number(&input, FUZZ_PROVIDERS));
	enum provider_operation operation = (enum provider_operation)
	    fuzz_number(&input, PROVIDER_OPERATION_COUNT);
	enum transport_end end = (enum transport_end)fuzz_number(&input, 3);
	int status = (int)fuzz_number(&input, 1000);
	struct provider_answer answer;
	struct provider_values values = fuzz_values();
	struct provider_found found;
	struct webhook_event event;
	char header[64];
	size_t length;
	const char *body = fuzz_rest(&input, &length);

	if (provider_can(provider, operation)) {
		provider_answer_read(provider, operation, end, status, body,
		    length, &answer);
		check_answer(&answer, operation, end, status);
	}
	provider_found_read(provider, status, body, length, &values, &found);
	check_found(&found);
	provider_result_read(provider, status, body, length, &event);
	CHECK(event.kind == WEBHOOK_NOTHING || event.kind == WEBHOOK_PROGRESS);
	snprintf(header, sizeof(header), "%.*s", (int)length, body);
	CHECK(provider_wait_ms(header, FUZZ_NOW_MS) >= 0);
	fuzz_end(&input);
	return 0;
}
