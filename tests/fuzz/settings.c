/* SPDX-License-Identifier: MIT */
/*
 * settings: the configuration file, as if it lay in config/. In the daemon a
 * child process reads it first; here what the child does is done at once, so
 * that nothing is forgiven. Read twice, it is the same.
 */
#include "daemon/settings.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/settings_internal.h"
#include "tests/fuzz/fuzz.h"

static struct settings *
settings_begin(struct settings_reading *reading)
{
	struct settings *settings = calloc(1, sizeof(*settings));

	CHECK(settings != NULL);
	settings->values = calloc(1, sizeof(*settings->values));
	settings->warnings = calloc(1, sizeof(*settings->warnings));
	CHECK(settings->values != NULL && settings->warnings != NULL);
	policy_defaults(&settings->policy);
	queue_policy_defaults(&settings->queue_model);
	specialist_policy_defaults(&settings->specialist_model);
	reading->settings = settings;
	reading->errors->count = reading->errors->left_out = 0;
	return settings;
}

static void
check_errors(const struct settings_errors *errors)
{
	CHECK(errors->count <= SETTINGS_ERRORS_MAX);
	for (size_t i = 0; i < errors->count; i++) {
		CHECK(errors->items[i].line >= 0);
		CHECK(errors->items[i].text[0] != '\0');
		if (i > 0)
			CHECK(errors->items[i - 1].line <=
			    errors->items[i].line);
	}
}

static void
check_told(const struct settings *settings, FILE *nowhere)
{
	settings_print(nowhere, settings);
	CHECK(settings_warnings(settings)->count <= SETTINGS_ERRORS_MAX);
}

static void
check_policy(struct settings *settings)
{
	struct policy *policy = &settings->policy;
	size_t size = policy_index_size(policy);
	uint32_t *slots = calloc(size, sizeof(*slots));

	CHECK(slots != NULL || size == 0);
	policy_index(policy, slots);
	CHECK(policy_default_queue(policy) != NULL);
	CHECK(policy->retry_count <= RETRIES_MAX);
	CHECK(policy->disposition_count <= DISPOSITIONS_MAX);
	CHECK(settings->provider_count <= PROVIDER_ORDER_MAX);
	for (size_t i = 0; i < policy->specialist_count; i++)
		CHECK(policy_specialist(policy, policy->specialists[i].id) ==
		    &policy->specialists[i]);
	policy->specialist_slots = NULL;
	free(slots);
}

static void
check_again(struct settings_reading *reading, const struct settings *first,
    const char *text)
{
	struct settings *second = settings_begin(reading);

	settings_read(reading, text);
	CHECK(reading->errors->count == 0);
	CHECK(settings_difference(first, second, NULL, NULL) == 0);
	settings_free(second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings_errors errors;
	static FILE *nowhere;
	struct fuzz_input input = fuzz_begin(data, size);
	struct settings_reading reading = { .errors = &errors,
		.file_name = "fuzz.conf", .folder = FUZZ_SOURCE "/config" };
	struct settings *settings = settings_begin(&reading);
	const char *text = fuzz_rest_text(&input);

	if (nowhere == NULL)
		nowhere = fopen("/dev/null", "w");
	CHECK(nowhere != NULL);
	if (settings_scan(&reading, text, strlen(text))) {
		bool was_good = errors.count == 0;

		settings_read(&reading, text);
		check_errors(&errors);
		check_told(settings, nowhere);
		if (was_good && errors.count == 0) {
			check_policy(settings);
			check_again(&reading, settings, text);
		}
	} else {
		CHECK(errors.count > 0);
	}
	settings_free(settings);
	fuzz_end(&input);
	return 0;
}
