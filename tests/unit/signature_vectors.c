/* SPDX-License-Identifier: MIT */
/*
 * signature_vectors: what the providers themselves have signed, read by schemes
 * as a provider file writes them. The vectors are not part of the project: they
 * lie beside the source tree, or where CALLBACKD_VECTORS says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/output.h"
#include "lib/provider.h"

enum { HEADERS_MAX = 8 };

static const struct {
	const char *scheme;             /* of the vectors */
	const char *body, *signature;   /* as in a provider file */
} recipes[] = {
	{ "twilio", "form", "alg = \"hmac-sha1\"; encode = \"base64\";"
	    "sign = [ \"url\", \"form-sorted-dedup\" ]; url_ports = \"twilio\";"
	    "from = \"header:X-Twilio-Signature\"; body_hash_query = \"bodySHA256\";" },
	{ "signalwire_form", "form", "alg = \"hmac-sha1\"; encode = \"base64\";"
	    "sign = [ \"url\", \"form-sorted-stable\" ];"
	    "from = \"header:X-SignalWire-Signature\";" },
	{ "signalwire_json", "json", "alg = \"hmac-sha1\"; encode = \"hex\";"
	    "sign = [ \"url\", \"body\" ]; from = \"header:X-SignalWire-Signature\";" },
	{ "telnyx", "json", "alg = \"ed25519\"; encode = \"base64\"; key_encoding = \"base64\";"
	    "sign = [ \"time\", \"=|\", \"body\" ]; tolerance = 300;"
	    "from = \"header:Telnyx-Signature-Ed25519\"; time = \"header:Telnyx-Timestamp\";" },
	{ "jambonz", "json", "alg = \"hmac-sha256\"; encode = \"hex\";"
	    "sign = [ \"time\", \"=.\", \"body\" ]; tolerance = 300;"
	    "from = \"header:Jambonz-Signature\"; match = \"v1=([0-9a-f]+)\";"
	    "time = \"header:Jambonz-Signature\"; time_match = \"t=([0-9]+)\";" },
	{ "plivo3", "form", "alg = \"hmac-sha256\"; encode = \"base64\"; list = true;"
	    "sign = [ \"url-base\", \"plivo3-params\", \"=.\", \"header:X-Plivo-Signature-V3-Nonce\" ];"
	    "from = \"header:X-Plivo-Signature-V3\";"
	    "nonce = \"header:X-Plivo-Signature-V3-Nonce\"; tolerance = 300;" },
	{ "plivo2", "form", "alg = \"hmac-sha256\"; encode = \"base64\";"
	    "sign = [ \"url-base\", \"header:X-Plivo-Signature-V2-Nonce\" ];"
	    "from = \"header:X-Plivo-Signature-V2\";" },
	{ "sinch_application", "json", "alg = \"hmac-sha256\"; encode = \"base64\";"
	    "key_encoding = \"base64\"; sign = [ \"method\", \"=\\n\", \"body-md5-base64\","
	    "\"=\\n\", \"header:content-type\", \"=\\nx-timestamp:\", \"header:x-timestamp\", \"=\\n\", \"path\" ];"
	    "from = \"header:authorization\"; match = \"^Application [^:]+:(.+)$\";"
	    "time = \"header:x-timestamp\"; time_match = \"([0-9]{4}-[^ ]+)$\";" },
	{ "sinch_webhook", "json", "alg = \"hmac-sha256\"; encode = \"base64\";"
	    "sign = [ \"body\", \"=.\", \"header:x-sinch-webhook-signature-nonce\", \"=.\", \"time\" ];"
	    "from = \"header:x-sinch-webhook-signature\"; tolerance = 300;"
	    "time = \"header:x-sinch-webhook-signature-timestamp\";"
	    "nonce = \"header:x-sinch-webhook-signature-nonce\";" },
	{ "sinch_numbers", "json", "alg = \"hmac-sha1\"; encode = \"hex\";"
	    "sign = [ \"body\" ]; from = \"header:X-Sinch-Signature\";" },
	{ "vonage_sms_md5hash", "form", "alg = \"md5\"; encode = \"hex\";"
	    "sign = [ \"form-sorted-ampersand\", \"secret\" ]; from = \"field:sig\";"
	    "time = \"field:timestamp\"; tolerance = 300;" },
	{ "vonage_sms_md5hmac", "form", "alg = \"hmac-md5\"; encode = \"hex\";"
	    "sign = [ \"form-sorted-ampersand\" ]; from = \"field:sig\";"
	    "time = \"field:timestamp\"; tolerance = 300;" },
	{ "vonage_sms_sha1hmac", "form", "alg = \"hmac-sha1\"; encode = \"hex\";"
	    "sign = [ \"form-sorted-ampersand\" ]; from = \"field:sig\";"
	    "time = \"field:timestamp\"; tolerance = 300;" },
	{ "vonage_sms_sha256hmac", "form", "alg = \"hmac-sha256\"; encode = \"hex\";"
	    "sign = [ \"form-sorted-ampersand\" ]; from = \"field:sig\";"
	    "time = \"field:timestamp\"; tolerance = 300;" },
	{ "vonage_jwt", "json", "alg = \"jwt\"; algs = [ \"HS256\" ];"
	    "from = \"header:Authorization\"; match = \"^Bearer (.+)$\";"
	    "claims = ( (\"payload_hash\", \"body-sha256-hex\") );"
	    "time = \"claim:iat\"; nonce = \"claim:jti\"; tolerance = 300;" },
	{ "smsru", "form", "alg = \"sha256\"; encode = \"hex\";"
	    "sign = [ \"secret\", \"fields-indexed:data\" ]; from = \"field:hash\";" },
	{ "mango", "form-json:json", "alg = \"sha256\"; encode = \"hex\"; key_id = \"${key_id}\";"
	    "sign = [ \"key-id\", \"field:json\", \"secret\" ]; from = \"field:sign\";" },
	{ "zadarma", "form", "alg = \"hmac-sha1\"; encode = \"base64-of-hex\";"
	    "by = \"field:event\"; from = \"header:Signature\"; cases = ( (\"NOTIFY_OUT_END\","
	    "\"field:internal\", \"field:destination\", \"field:call_start\") );" },
};

static struct provider *
provider_of(const char *scheme)
{
	struct provider_errors errors;
	struct provider *provider;
	char text[2048];
	size_t i = 0;

	while (i < COUNT_OF(recipes) && strcmp(recipes[i].scheme, scheme) != 0)
		i++;
	if (i == COUNT_OF(recipes))
		fail_msg("%s: there is no recipe", scheme);
	snprintf(text, sizeof(text), "name = \"x\"; fence = \"none\"; tested = \"specification\";"
	    "base = \"http://127.0.0.1:9\"; secrets = [ \"key\", \"key_id\" ];"
	    "auth = { kind = \"none\"; }; call = { method = \"GET\"; path = \"/\"; };"
	    "webhook = { body = \"%s\"; events = ( { set = \"ignore\"; } );"
	    "signature = { key = \"${key}\"; %s }; };", recipes[i].body,
	    recipes[i].signature);
	provider = provider_read(text, "x.conf", &errors);
	if (provider == NULL)
		fail_msg("%s: %s", scheme, errors.items[0].text);
	return provider;
}

static const char *
text_of(const json_t *vector, const char *name)
{
	return json_string_value(json_object_get(vector, name));
}

/* With GET a provider has its parameters in the address. */
static void
put_params(const json_t *vector, bool is_get, struct output *url,
    struct output *body)
{
	struct output *to = is_get ? url : body;
	json_t *pair;
	size_t i;

	json_array_foreach(json_object_get(vector, "params"), i, pair) {
		const char *link = i > 0 ? "&" : !is_get ? "" :
		    strchr(url->text, '?') != NULL ? "&" : "?";

		assert_true(output_add_text(to, link));
		assert_true(output_add_encoded(to,
		    json_string_value(json_array_get(pair, 0))));
		assert_true(output_add_text(to, "="));
		assert_true(output_add_encoded(to,
		    json_string_value(json_array_get(pair, 1))));
	}
}

static bool
is_genuine(const json_t *vector)
{
	struct provider *provider = provider_of(text_of(vector, "scheme"));
	const char *key = text_of(vector, "secret"), *name;
	bool is_get = strcmp(text_of(vector, "method"), "GET") == 0;
	struct output url = { .max = 8192 }, body = { .max = 64 * 1024 };
	struct webhook_header headers[HEADERS_MAX];
	struct webhook_input input = { .headers = headers };
	struct provider_values values = { .count = 0 };
	struct webhook_news news;
	bool is_good;
	json_t *value;

	provider_values_add(&values, "key", key != NULL ? key :
	    text_of(vector, "public_key"));
	provider_values_add(&values, "key_id", text_of(vector, "key_id"));
	json_object_foreach(json_object_get(vector, "headers"), name, value) {
		assert_true(input.header_count < HEADERS_MAX);
		headers[input.header_count].name = name;
		headers[input.header_count++].value = json_string_value(value);
	}
	assert_true(output_add_text(&url, text_of(vector, "url")));
	assert_true(output_add_text(&body, text_of(vector, "raw") != NULL ?
	    text_of(vector, "raw") : ""));
	put_params(vector, is_get, &url, &body);
	input.method = text_of(vector, "method");
	input.url = url.text;
	input.body = body.text;
	input.body_length = body.length;
	provider_webhook_read(provider, &input, &values, 1000 *
	    json_integer_value(json_object_get(vector, "now")), &news);
	is_good = news.events[0].kind != WEBHOOK_REFUSED;
	if (is_good != json_is_true(json_object_get(vector, "valid")))
		print_message("# %s: %s\n", text_of(vector, "scheme"),
		    news.events[0].reason);
	webhook_news_fini(&news);
	output_fini(&url);
	output_fini(&body);
	provider_free(provider);
	return is_good;
}

static json_t *
vectors_load(void)
{
	const char *given = getenv("CALLBACKD_VECTORS");
	const char *folder = getenv("srcdir");
	char path[512];

	snprintf(path, sizeof(path), "%s%s/signatures.json",
	    given != NULL ? given : folder != NULL ? folder : ".",
	    given != NULL ? "" : "/../shared/vectors");
	return json_load_file(path, 0, NULL);
}

static void
agrees_with_providers(void **state)
{
	json_t *vectors = vectors_load(), *vector;
	size_t i, wrong = 0;

	(void)state;
	if (vectors == NULL) {
		print_message("# no vectors beside the source tree\n");
		skip();
	}
	json_array_foreach(vectors, i, vector) {
		if (is_genuine(vector) ==
		    json_is_true(json_object_get(vector, "valid")))
			continue;
		wrong++;
		print_message("# wrong: %s: %s\n", text_of(vector, "scheme"),
		    text_of(vector, "name"));
	}
	print_message("# %zu vectors\n", json_array_size(vectors));
	json_decref(vectors);
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_providers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
