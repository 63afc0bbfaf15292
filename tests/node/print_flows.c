/* SPDX-License-Identifier: MIT */
/*
 * print_flows FILE: every flow of a provider file as JSON, { "join": "<…" }, for
 * those who can judge them: the packages of the providers.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/provider.h"

static struct provider *
load(const char *path)
{
	static char text[PROVIDER_FILE_MAX];
	struct provider_errors errors;
	struct provider *provider;
	FILE *file = fopen(path, "r");

	CHECK(file != NULL);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	provider = provider_read(text, path, &errors);
	for (size_t i = 0; i < errors.count; i++)
		fprintf(stderr, "%s\n", errors.items[i].text);
	return provider;
}

int
main(int count, char **arguments)
{
	static const char *const given[][2] = {
		{ "to", "+79160000009" }, { "from", "+74950000000" },
		{ "agent", "+79160000001" }, { "customer", "+79160000003" },
		{ "number", "4821" }, { "ring", "30" }, { "agent_ring", "25" },
		{ "call_max", "3600" }, { "confirm", "1" },
		{ "token", "0123456789abcdef" }, { "job", "r1.2.0123456789abcdef" },
		{ "hook", "https://cb.example/hooks/x/r1.2/0123456789abcdef" },
		{ "lang", "ru" }, { "customer_lang", "ru" }, { "company", "A & B" },
		{ "greeting", "\"Hi\" & <bye> \xd1\x8f" }, { "whisper_text", "Who?" },
		{ "goodbye_text", "Bye" }, { "wait_text", "One moment" },
		{ "result_text", "Press" }, { "confirm_text", "Press 1" },
		{ "voicemail_text", "We called" }, { "record_text", "Recorded" },
		{ "record", "yes" }, { "detect", "yes" }, { "customer_first", "" },
	};
	struct provider_values values = { .count = 0 };
	struct provider *provider = count == 2 ? load(arguments[1]) : NULL;
	json_t *flows = json_object();

	if (provider == NULL)
		return EXIT_FAILURE;
	for (size_t i = 0; i < COUNT_OF(given); i++)
		provider_values_add(&values, given[i][0], given[i][1]);
	for (size_t i = 0; i < provider_secret_count(provider); i++)
		provider_values_add(&values, provider_secret(provider, i),
		    "secret");
	for (int i = 0; i < FLOW_COUNT; i++) {
		const char *type;
		char *body;

		if (!provider_flow(provider, (enum flow)i, &values, &body,
		    &type))
			continue;
		json_object_set_new(flows, flow_names[i], json_string(body));
		free(body);
	}
	json_dumpf(flows, stdout, JSON_INDENT(1));
	json_decref(flows);
	provider_free(provider);
	return EXIT_SUCCESS;
}
