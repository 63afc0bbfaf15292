/* SPDX-License-Identifier: MIT */
/*
 * provider_files: every provider file that is shipped loads, and what it sends
 * is what stands in tests/unit/golden/NAME.txt, byte for byte: with ordinary
 * values and with the worst there are. Of a token only its signature is left out.
 *
 * CALLBACKD_WRITE_GOLDEN=1 writes the files; then they are read by eye.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "lib/output.h"
#include "lib/provider.h"

#define EVIL "a+b & <c> > \" ' \\ %25 ${x} \xd0\xaf\xd0\xb1 \xf0\x9f\x98\x80"

enum { FILES_MAX = 32, TEXT_MAX = 256 * 1024 };

static char private_key[4096];

static const char *
folder(void)
{
	const char *given = getenv("srcdir");

	return given != NULL ? given : ".";
}

static char *
read_file(const char *path)
{
	char *text = malloc(TEXT_MAX);
	FILE *file = fopen(path, "r");
	size_t length;

	assert_non_null(text);
	if (file == NULL) {
		free(text);
		return NULL;
	}
	length = fread(text, 1, TEXT_MAX - 1, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

static struct provider *
load(const char *name)
{
	struct provider_errors errors;
	struct provider *provider;
	char path[512], *text;

	snprintf(path, sizeof(path), "%s/config/providers/%s.conf", folder(),
	    name);
	text = read_file(path);
	assert_non_null(text);
	provider = provider_read(text, name, &errors);
	if (provider == NULL)
		fail_msg("%s", errors.items[0].text);
	free(text);
	return provider;
}

/* The names of all, in order. */
static size_t
list(char ret_names[FILES_MAX][64])
{
	char path[512];
	DIR *directory;
	struct dirent *entry;
	size_t count = 0;

	snprintf(path, sizeof(path), "%s/config/providers", folder());
	directory = opendir(path);
	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		size_t length = strlen(entry->d_name);

		if (length < 6 || length > 60 || entry->d_name[0] == '.' ||
		    strcmp(entry->d_name + length - 5, ".conf") != 0)
			continue;
		assert_true(count < FILES_MAX);
		snprintf(ret_names[count++], 64, "%.*s", (int)length - 5,
		    entry->d_name);
	}
	closedir(directory);
	qsort(ret_names, count, 64, (int (*)(const void *, const void *))strcmp);
	return count;
}

static struct provider_values
values_for(const struct provider *provider, bool is_evil)
{
	static const char *const usual[][2] = {
		{ "to", "+79160000009" }, { "from", "+74950000000" },
		{ "number", "K-7-31" }, { "agent", "+79160000001" },
		{ "customer", "+79160000003" }, { "ring", "30" },
		{ "agent_ring", "25" }, { "call_max", "3600" },
		{ "confirm", "1" }, { "token", "0123456789abcdef0123456789abcdef" },
		{ "job", "r1.2.0123456789abcdef0123456789abcdef" },
		{ "hook", "https://cb.example/hooks/x/r1.2/0123456789abcdef" },
		{ "since_ms", "1767225600000" }, { "now_ms", "1767225660000" },
		{ "lang", "ru" },
	};
	static const char *const words[] = {
		"company", "name", "topic", "note", "text", "greeting",
		"whisper_text", "goodbye_text", "wait_text", "result_text",
	};
	struct provider_values values = { .count = 0 };

	for (size_t i = 0; i < COUNT_OF(usual); i++)
		provider_values_add(&values, usual[i][0], usual[i][1]);
	for (size_t i = 0; i < COUNT_OF(words); i++)
		provider_values_add(&values, words[i], is_evil ? EVIL :
		    "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82");
	provider_values_add(&values, "id", is_evil ? "a/b?c&d#e%f" : "CA0001");
	for (size_t i = 0; i < provider_secret_count(provider); i++) {
		const char *secret = provider_secret(provider, i);

		provider_values_add(&values, secret,
		    strcmp(secret, "private_key") == 0 ? private_key :
		    is_evil && strcmp(secret, "space") != 0 ?
		    "s+e/c=r&e t" : secret);
	}
	if (provider_remembers(provider) != NULL)
		provider_values_add(&values, provider_remembers(provider),
		    "https://www.voximplant.com/request/1");
	return values;
}

/* Of the first two parts of a token what they say. */
static void
write_token(const char *token, struct output *golden)
{
	for (int part = 0; part < 2; part++) {
		size_t length = strcspn(token, ".");
		unsigned char bytes[1024];
		char text[1024];
		int count;

		assert_true(length < sizeof(text) - 4);
		memcpy(text, token, length);
		token += length + 1;
		for (size_t i = 0; i < length; i++)
			text[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' :
			    text[i];
		while (length % 4 != 0)
			text[length++] = '=';
		count = EVP_DecodeBlock(bytes, (unsigned char *)text,
		    (int)length);
		while (count > 0 && bytes[count - 1] == '\0')
			count--;
		assert_true(output_add(golden, (char *)bytes, (size_t)count));
		assert_true(output_add_text(golden, "."));
	}
	assert_true(output_add_text(golden, "SIGNATURE\n"));
}

static void
write_request(const struct provider *provider,
    enum provider_operation operation, bool is_evil, struct output *golden)
{
	struct provider_values values = values_for(provider, is_evil);
	struct provider_request request;
	const char *error;
	char line[128];

	snprintf(line, sizeof(line), "## %s, %s\n",
	    provider_operation_names[operation], is_evil ? "hostile" : "usual");
	assert_true(output_add_text(golden, line));
	if (!provider_request_build(provider, operation, &values, &request,
	    &error)) {
		snprintf(line, sizeof(line), "%s refuses: %s", is_evil ?
		    "it" : "a usual request", error);
		if (!is_evil)
			fail_msg("%s: %s", provider_name(provider), line);
		assert_true(output_add_text(golden, line) &&
		    output_add_text(golden, "\n\n"));
		return;
	}
	assert_true(output_add_text(golden, request.method) &&
	    output_add_text(golden, " ") &&
	    output_add_text(golden, request.url) &&
	    output_add_text(golden, "\n"));
	for (size_t i = 0; i < request.header_count; i++) {
		static const char token[] = "Authorization: Bearer eyJ";

		if (strncmp(request.headers[i], token, strlen(token)) == 0) {
			assert_true(output_add(golden, request.headers[i],
			    strlen(token) - 3));
			write_token(request.headers[i] + strlen(token) - 3,
			    golden);
			continue;
		}
		assert_true(output_add_text(golden, request.headers[i]) &&
		    output_add_text(golden, "\n"));
	}
	assert_true(output_add_text(golden, "\n") &&
	    output_add(golden, request.body, request.body_length) &&
	    output_add_text(golden, request.body_length > 0 ? "\n\n" : ""));
	provider_request_fini(&request);
}

static void
compare(const char *name, const struct output *golden)
{
	char path[512], *text;
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/unit/golden/%s.txt", folder(),
	    name);
	if (getenv("CALLBACKD_WRITE_GOLDEN") != NULL) {
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(golden->text, file);
		assert_int_equal(fclose(file), 0);
		return;
	}
	text = read_file(path);
	if (text == NULL)
		fail_msg("there is no %s: CALLBACKD_WRITE_GOLDEN=1 writes it",
		    path);
	assert_string_equal(golden->text, text);
	free(text);
}

static void
golden_requests(void **state)
{
	static char names[FILES_MAX][64];
	size_t count = list(names);

	(void)state;
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		struct provider *provider = load(names[i]);
		struct output golden = { .max = TEXT_MAX };

		assert_string_equal(provider_name(provider), names[i]);
		for (int j = 0; j < PROVIDER_OPERATION_COUNT; j++)
			for (int evil = 0; evil < 2; evil++)
				if (provider_can(provider,
				    (enum provider_operation)j))
					write_request(provider,
					    (enum provider_operation)j,
					    evil != 0, &golden);
		compare(names[i], &golden);
		output_fini(&golden);
		provider_free(provider);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_requests),
	};
	EVP_PKEY *key = EVP_RSA_gen(2048);
	BIO *memory = BIO_new(BIO_s_mem());

	if (key == NULL || memory == NULL || PEM_write_bio_PrivateKey(memory,
	    key, NULL, NULL, 0, NULL, NULL) != 1)
		return 1;
	private_key[BIO_read(memory, private_key,
	    sizeof(private_key) - 1)] = '\0';
	BIO_free(memory);
	EVP_PKEY_free(key);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
