/* SPDX-License-Identifier: MIT */
/* providers: read once and never freed. */
#include "tests/fuzz/providers.h"

#include "tests/fuzz/fuzz.h"

const struct provider *
fuzz_provider(size_t which)
{
	static const char *const names[FUZZ_PROVIDERS] = {
		[FUZZ_TWILIO] = "config/providers/twilio.conf",
		[FUZZ_SANDBOX] = "config/providers/sandbox.conf",
		[FUZZ_BENCH] = "tests/fuzz/bench.conf",
		[FUZZ_WIDE_JSON] = "tests/fuzz/wide_json.conf",
		[FUZZ_WIDE_FORM] = "tests/fuzz/wide_form.conf",
	};
	static struct provider *providers[FUZZ_PROVIDERS];
	static struct provider_errors errors;

	CHECK(which < FUZZ_PROVIDERS);
	if (providers[which] == NULL)
		providers[which] = provider_read(fuzz_file(names[which]),
		    names[which], &errors);
	CHECK(providers[which] != NULL);
	return providers[which];
}

struct provider_values
fuzz_values(void)
{
	static const char *const pairs[][2] = {
		{ "account", "AC1" }, { "auth_token", FUZZ_SECRET },
		{ "to", "+79160000009" }, { "from", "+74950000000" },
		{ "number", "+74950000001" }, { "agent", "+79160000001" },
		{ "customer", "+79160000003" }, { "ring", "30" },
		{ "agent_ring", "25" }, { "call_max", "3600" },
		{ "token", "tok-en" },
		{ "hook", "https://cb.example/hooks/twilio/r1.2/tok-en" },
		{ "id", "CA/1" }, { "since_ms", "1735689599999" },
		{ "now_ms", "1735689600000" }, { "lang", "ru" },
		{ "company", "\xd0\xaf & \"Co\"" }, { "name", "<Anna>" },
		{ "topic", "a\r\nX: b" }, { "note", "\\ \"quoted\"\n" },
		{ "text", "a&b=\xd1\x8f" }, { "greeting", "\"Hi\" & <bye>" },
		{ "whisper_text", "Who?" }, { "goodbye_text", "Bye" },
		{ "wait_text", "Wait" }, { "result_text", "Press" },
	};
	struct provider_values values = { .count = 0 };

	for (size_t i = 0; i < COUNT_OF(pairs); i++)
		provider_values_add(&values, pairs[i][0], pairs[i][1]);
	return values;
}
