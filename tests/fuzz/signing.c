/* SPDX-License-Identifier: MIT */
/* signing: at FUZZ_NOW_MS, with FUZZ_SECRET. */
#include "tests/fuzz/signing.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fields.h"
#include "tests/fuzz/fuzz.h"

enum { TEXT_SIZE = 2 * FUZZ_SIGNED_MAX };

static int
by_name_and_value(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;
	int order = strcmp(left[0], right[0]);

	return order != 0 ? order : strcmp(left[1], right[1]);
}

/* The address, then each different name and value in order. */
static bool
sign_form(const struct webhook_input *input, char *ret_signature)
{
	static char text[TEXT_SIZE];
	struct fields form = { .count = 0 };
	const char *pairs[FIELDS_MAX][2];
	unsigned char bytes[EVP_MAX_MD_SIZE];
	size_t used = strcspn(input->url, "#");
	unsigned length;
	bool is_read = fields_read(input->body, input->body_length, &form);

	memcpy(text, input->url, used);
	for (size_t i = 0; i < form.count; i++) {
		pairs[i][0] = form.items[i].name;
		pairs[i][1] = form.items[i].value;
	}
	qsort(pairs, form.count, sizeof(pairs[0]), by_name_and_value);
	for (size_t i = 0; i < form.count && strcmp(input->method, "GET") != 0;
	    i++) {
		if (i > 0 && by_name_and_value(pairs[i - 1], pairs[i]) == 0)
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s%s", pairs[i][0], pairs[i][1]);
		CHECK(used < sizeof(text));
	}
	HMAC(EVP_sha1(), FUZZ_SECRET, (int)strlen(FUZZ_SECRET),
	    (const unsigned char *)text, used, bytes, &length);
	EVP_EncodeBlock((unsigned char *)ret_signature, bytes, (int)length);
	fields_fini(&form);
	return is_read;
}

static void
sign_json(const struct webhook_input *input, char *ret_signature)
{
	static char text[TEXT_SIZE];
	unsigned char bytes[EVP_MAX_MD_SIZE];
	size_t used = (size_t)snprintf(text, sizeof(text), "%lld.",
	    (long long)(FUZZ_NOW_MS / 1000));
	unsigned length;

	CHECK(used + input->body_length < sizeof(text));
	memcpy(text + used, input->body, input->body_length);
	HMAC(EVP_sha256(), FUZZ_SECRET, (int)strlen(FUZZ_SECRET),
	    (const unsigned char *)text, used + input->body_length, bytes,
	    &length);
	ret_signature += sprintf(ret_signature, "t=%lld,v1=",
	    (long long)(FUZZ_NOW_MS / 1000));
	for (unsigned i = 0; i < length; i++)
		ret_signature += sprintf(ret_signature, "%02x", bytes[i]);
}

bool
fuzz_sign(size_t which, const struct webhook_input *input,
    char ret_signature[FUZZ_SIGNATURE_SIZE])
{
	if (which < FUZZ_BENCH)
		return sign_form(input, ret_signature);
	if (which == FUZZ_BENCH)
		sign_json(input, ret_signature);
	else
		snprintf(ret_signature, FUZZ_SIGNATURE_SIZE, "%s%s",
		    which == FUZZ_WIDE_FORM ? "Bearer " : "", FUZZ_SECRET);
	return true;
}

const char *
fuzz_signature_header(size_t which)
{
	return which >= FUZZ_BENCH ? "X-Sign" : "X-Twilio-Signature";
}
