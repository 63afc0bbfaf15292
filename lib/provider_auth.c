/* SPDX-License-Identifier: MIT */
/*
 * provider_auth: the credentials of a request. Some are values, some are made
 * over the rest of the request, which must be complete by then.
 */
#include "lib/provider.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "lib/digest.h"
#include "lib/provider_building.h"

enum {
	CREDENTIALS_MAX = 1024,         /* bytes of "user:password", of a token */
	KEY_MAX = 16 * 1024,            /* of a private key */
	JWT_MAX = 4 * 1024,             /* of its parts */
	SIGNATURE_MAX = 1024,           /* of an RSA signature */
	SIGNED_MAX = 128 * 1024,
};

static bool sign(struct building *building, const struct auth *auth,
    char ret_signature[DIGEST_TEXT_SIZE]);
static bool add_part(struct building *building, const struct sign_part *part,
    struct output *message);
static bool add_sorted(struct building *building, bool is_hashed,
    struct output *message);
static bool read_fields(struct building *building, struct fields *query,
    struct fields *form);
static bool add_rfc1738(struct output *output, const char *text);
static bool add_signed_value(struct building *building,
    const struct auth *auth, struct output *value);
static bool add_jwt(struct building *building, const struct auth *auth);
static bool write_claims(struct building *building, const struct auth *auth,
    int64_t now_s, json_t *claims);
static bool put_pairs(struct building *building, const struct pairs *pairs,
    json_t *object);
static bool add_json_part(struct output *jwt, json_t *object);
static bool add_base64url(struct output *output, const void *bytes,
    size_t length);
static bool sign_jwt(struct building *building, const struct auth *auth,
    struct output *jwt);
static bool sign_rs256(const struct output *key, const struct output *jwt,
    unsigned char ret_signature[SIGNATURE_MAX], size_t *ret_length);
static bool now_seconds(struct building *building, int64_t *ret_now_s);

/* ---- in the address and the body */

bool
building_add_auth_fields(struct building *building, const struct auth *auth)
{
	struct output value = { .max = CREDENTIALS_MAX };
	bool is_form = auth->kind != AUTH_QUERY, is_added;
	struct output *output = is_form ? &building->body : &building->url;

	if (auth->kind != AUTH_QUERY && auth->kind != AUTH_FORM &&
	    !(auth->kind == AUTH_SIGNED && auth->field != NULL))
		return true;
	is_added = auth->kind == AUTH_SIGNED ?
	    add_signed_value(building, auth, &value) :
	    building_render(building, auth->value, &value);
	if (is_added)
		is_added = building_add_field(building, output, auth->field,
		    value.text, is_form ? (output->length > 0 ? "&" : "") :
		    strchr(output->text, '?') != NULL ? "&" : "?");
	output_fini(&value);
	return is_added;
}

/* ---- in a header */

bool
building_add_auth_header(struct building *building, const struct auth *auth)
{
	struct output text = { .max = CREDENTIALS_MAX };
	char encoded[4 * CREDENTIALS_MAX / 3 + 8];
	bool is_added = true;

	switch (auth->kind) {
	case AUTH_NONE:
	case AUTH_QUERY:
	case AUTH_FORM:
		break;
	case AUTH_BASIC:
		is_added = building_render(building, auth->user, &text) &&
		    output_add(&text, ":", 1) &&
		    building_render(building, auth->password, &text);
		if (!is_added)
			break;
		EVP_EncodeBlock((unsigned char *)encoded,
		    (unsigned char *)text.text, (int)text.length);
		is_added = building_add_header(building, "Authorization",
		    "Basic ", encoded);
		break;
	case AUTH_BEARER:
		is_added = building_render(building, auth->token, &text) &&
		    building_add_header(building, "Authorization", "Bearer ",
		    text.text);
		break;
	case AUTH_HEADER:
		is_added = building_render(building, auth->value, &text) &&
		    building_add_header(building, auth->header, "", text.text);
		break;
	case AUTH_JWT:
		is_added = add_jwt(building, auth);
		break;
	case AUTH_SIGNED:
		is_added = auth->header == NULL ||
		    (add_signed_value(building, auth, &text) &&
		    building_add_header(building, auth->header, "",
		    text.text));
		break;
	}
	output_fini(&text);
	return is_added ||
	    building_fail(building, "the credentials are too long");
}

/* ---- signed requests */

static bool
add_signed_value(struct building *building, const struct auth *auth,
    struct output *value)
{
	char signature[DIGEST_TEXT_SIZE];
	bool is_added;

	if (!sign(building, auth, signature))
		return false;
	if (auth->value == NULL)
		return output_add_text(value, signature);
	building->signature = signature;
	is_added = building_render(building, auth->value, value);
	building->signature = NULL;
	return is_added;
}

static bool
sign(struct building *building, const struct auth *auth,
    char ret_signature[DIGEST_TEXT_SIZE])
{
	struct output message = { .max = SIGNED_MAX };
	struct output secret = { .max = DIGEST_KEY_MAX };
	struct digest_key key = { .length = 0 };
	bool is_signed = true;

	for (size_t i = 0; is_signed && i < auth->part_count; i++)
		is_signed = add_part(building, &auth->parts[i], &message) ||
		    building_fail(building, "what is signed is too long");
	if (is_signed && auth->key != NULL)
		is_signed = building_render(building, auth->key, &secret) &&
		    (digest_key_read(secret.text, false, &key) ||
		    building_fail(building, "the secret is empty"));
	if (is_signed)
		digest_make(auth->algorithm, auth->encoding, &key, &message,
		    ret_signature);
	OPENSSL_cleanse(&key, sizeof(key));
	if (secret.text != NULL)
		OPENSSL_cleanse(secret.text, secret.length);
	output_fini(&secret);
	output_fini(&message);
	return is_signed;
}

static bool
add_part(struct building *building, const struct sign_part *part,
    struct output *message)
{
	const char *url = building->url.text;
	const char *path = strstr(url, "://");
	struct fields lists[2] = { { .count = 0 }, { .count = 0 } };
	const char *value = NULL;
	bool is_added = false, is_twice = false;
	char number[24];
	int64_t now_s;

	path = path == NULL ? url : path + 3 + strcspn(path + 3, "/?");
	switch (part->kind) {
	case SIGN_PATH:
		return output_add(message, path, strcspn(path, "?"));
	case SIGN_URL:
		return output_add_text(message, url);
	case SIGN_METHOD:
		return output_add_text(message, building->request->method);
	case SIGN_BODY:
		return output_add(message, building->body.text,
		    building->body.length);
	case SIGN_TIME:
		if (!now_seconds(building, &now_s))
			return false;
		snprintf(number, sizeof(number), "%" PRId64, now_s);
		return output_add_text(message, number);
	case SIGN_QUERY_SORTED:
	case SIGN_QUERY_SORTED_MD5:
		return add_sorted(building, part->kind ==
		    SIGN_QUERY_SORTED_MD5, message);
	case SIGN_LITERAL:
		return building_render(building, part->literal, message);
	case SIGN_FIELD:
		if (read_fields(building, &lists[0], &lists[1]))
			for (size_t i = 0; i < 2 && value == NULL; i++)
				value = fields_get(&lists[i], part->field,
				    &is_twice);
		is_added = value != NULL ? output_add_text(message, value) :
		    building_fail(building, "a field that is signed is not "
		    "in the request");
		fields_fini(&lists[0]);
		fields_fini(&lists[1]);
		return is_added;
	case SIGN_KIND_COUNT:
		break;
	}
	return false;
}

/* Of query and form together, by name: what PHP's http_build_query makes of
 * them, whose servers these are. */
static bool
add_sorted(struct building *building, bool is_hashed, struct output *message)
{
	struct fields lists[2] = { { .count = 0 }, { .count = 0 } };
	struct { const char *name, *value; } sorted[2 * FIELDS_MAX];
	struct output text = { .max = PROVIDER_BODY_MAX };
	struct digest_key none = { .length = 0 };
	char hash[DIGEST_TEXT_SIZE];
	size_t count = 0;
	bool is_added = read_fields(building, &lists[0], &lists[1]);

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; is_added && j < lists[i].count; j++) {
			const char *name = lists[i].items[j].name;
			size_t at = count++;

			for (; at > 0 && strcmp(sorted[at - 1].name, name) > 0;
			    at--)
				sorted[at] = sorted[at - 1];
			sorted[at].name = name;
			sorted[at].value = lists[i].items[j].value;
		}
	for (size_t i = 0; is_added && i < count; i++)
		is_added = output_add_text(&text, i > 0 ? "&" : "") &&
		    add_rfc1738(&text, sorted[i].name) &&
		    output_add(&text, "=", 1) &&
		    add_rfc1738(&text, sorted[i].value);
	if (is_added && is_hashed)
		digest_make(SIGNATURE_MD5, SIGNATURE_HEX, &none, &text, hash);
	is_added = is_added && output_add_text(&text, "") &&
	    output_add_text(message, is_hashed ? hash : text.text);
	output_fini(&text);
	fields_fini(&lists[0]);
	fields_fini(&lists[1]);
	return is_added;
}

/* As the provider will read them. The caller frees both in any case. */
static bool
read_fields(struct building *building, struct fields *query,
    struct fields *form)
{
	const char *mark = strchr(building->url.text, '?');

	return (mark == NULL || fields_read(mark + 1, strlen(mark + 1),
	    query)) && (building->operation->form.count == 0 ||
	    fields_read(building->body.text, building->body.length, form));
}

/* As output_add_encoded, but for a space and "~". */
static bool
add_rfc1738(struct output *output, const char *text)
{
	for (; *text != '\0'; text++) {
		char letter[2] = { *text, '\0' };
		bool is_added = *text == ' ' ? output_add(output, "+", 1) :
		    *text == '~' ? output_add(output, "%7E", 3) :
		    output_add_encoded(output, letter);

		if (!is_added)
			return false;
	}
	return true;
}

/* ---- JSON Web Tokens: RFC 7519 over RFC 7515 */

static bool
add_jwt(struct building *building, const struct auth *auth)
{
	struct output jwt = { .max = JWT_MAX };
	json_t *head = json_pack("{s:s, s:s}", "alg", auth->is_hs256 ?
	    "HS256" : "RS256", "typ", "JWT");
	json_t *claims = json_object();
	int64_t now_s;
	bool is_made;

	CHECK(head != NULL && claims != NULL);
	is_made = now_seconds(building, &now_s) &&
	    put_pairs(building, &auth->head, head) &&
	    write_claims(building, auth, now_s, claims) &&
	    add_json_part(&jwt, head) && output_add(&jwt, ".", 1) &&
	    add_json_part(&jwt, claims) &&
	    sign_jwt(building, auth, &jwt) &&
	    building_add_header(building, "Authorization", "Bearer ",
	    jwt.text);
	json_decref(head);
	json_decref(claims);
	output_fini(&jwt);
	return is_made;
}

/* iat, exp and jti are ours unless the file has its own. The name of the token is
 * made of what it is for: two that are equal are for the same request at the
 * same moment. */
static bool
write_claims(struct building *building, const struct auth *auth,
    int64_t now_s, json_t *claims)
{
	struct output made_of = { .max = SIGNED_MAX };
	const char *now_ms = building_lookup(building, "now_ms");
	char hash[DIGEST_SHA256_HEX_SIZE];
	bool is_written = put_pairs(building, &auth->claims, claims) &&
	    output_add_text(&made_of, now_ms) &&
	    output_add_text(&made_of, building->request->method) &&
	    output_add_text(&made_of, building->url.text) &&
	    output_add(&made_of, building->body.text, building->body.length);

	if (is_written) {
		digest_sha256_hex(made_of.text, made_of.length, hash);
		hash[32] = '\0';
		if (json_object_get(claims, "iat") == NULL)
			json_object_set_new(claims, "iat",
			    json_integer(now_s - auth->back_s));
		if (json_object_get(claims, "exp") == NULL)
			json_object_set_new(claims, "exp",
			    json_integer(now_s + auth->ttl_s));
		if (json_object_get(claims, "jti") == NULL)
			json_object_set_new(claims, "jti", json_string(hash));
	}
	output_fini(&made_of);
	return is_written;
}

static bool
put_pairs(struct building *building, const struct pairs *pairs, json_t *object)
{
	for (size_t i = 0; i < pairs->count; i++) {
		struct output value = { .max = CREDENTIALS_MAX };
		bool is_put = building_render(building, pairs->items[i].value,
		    &value) && json_object_set_new(object,
		    pairs->items[i].name, json_string(value.text)) == 0;

		output_fini(&value);
		if (!is_put)
			return false;
	}
	return true;
}

static bool
add_json_part(struct output *jwt, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);
	bool is_added;

	CHECK(text != NULL);
	is_added = add_base64url(jwt, text, strlen(text));
	free(text);
	return is_added;
}

static bool
add_base64url(struct output *output, const void *bytes, size_t length)
{
	unsigned char encoded[4 * JWT_MAX / 3 + 8];
	int count;

	if (length > JWT_MAX)
		return false;
	count = EVP_EncodeBlock(encoded, bytes, (int)length);
	while (count > 0 && encoded[count - 1] == '=')
		count--;
	for (int i = 0; i < count; i++)
		encoded[i] = encoded[i] == '+' ? '-' : encoded[i] == '/' ?
		    '_' : encoded[i];
	return output_add(output, (char *)encoded, (size_t)count);
}

static bool
sign_jwt(struct building *building, const struct auth *auth,
    struct output *jwt)
{
	struct output key = { .max = KEY_MAX };
	unsigned char signature[SIGNATURE_MAX];
	unsigned hmac_length = 0;
	size_t length = 0;
	bool is_signed = building_render(building, auth->key, &key);

	if (is_signed && auth->is_hs256) {
		is_signed = key.length > 0 && HMAC(EVP_sha256(), key.text,
		    (int)key.length, (unsigned char *)jwt->text, jwt->length,
		    signature, &hmac_length) != NULL;
		length = hmac_length;
	} else if (is_signed) {
		is_signed = sign_rs256(&key, jwt, signature, &length);
	}
	if (key.text != NULL)
		OPENSSL_cleanse(key.text, key.length);
	output_fini(&key);
	if (!is_signed)
		return building_fail(building,
		    "the key cannot sign: RS256 needs an RSA key in PEM");
	return output_add(jwt, ".", 1) &&
	    add_base64url(jwt, signature, length);
}

static bool
sign_rs256(const struct output *key, const struct output *jwt,
    unsigned char ret_signature[SIGNATURE_MAX], size_t *ret_length)
{
	BIO *file = BIO_new_mem_buf(key->text, (int)key->length);
	/* An empty password: nobody is at a terminal to be asked. */
	EVP_PKEY *private_key = file == NULL ? NULL :
	    PEM_read_bio_PrivateKey(file, NULL, NULL, (void *)"");
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t length = SIGNATURE_MAX;
	bool is_signed;

	CHECK(context != NULL);
	is_signed = private_key != NULL &&
	    EVP_PKEY_base_id(private_key) == EVP_PKEY_RSA &&
	    EVP_PKEY_size(private_key) <= SIGNATURE_MAX &&
	    EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL,
	    private_key) == 1 && EVP_DigestSign(context, ret_signature,
	    &length, (unsigned char *)jwt->text, jwt->length) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(private_key);
	BIO_free(file);
	*ret_length = length;
	return is_signed;
}

static bool
now_seconds(struct building *building, int64_t *ret_now_s)
{
	const char *text = building_lookup(building, "now_ms");

	if (text == NULL || strlen(text) > 15 || text[0] == '\0' ||
	    strspn(text, "0123456789") != strlen(text))
		return building_fail(building, "${now_ms}: no value was given");
	*ret_now_s = strtoll(text, NULL, 10) / 1000;
	return true;
}
