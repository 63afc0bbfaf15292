/* SPDX-License-Identifier: MIT */
/*
 * signature: the signed bytes are put together once for each way the URL may
 * have been written, and the results are compared in constant time.
 */
#include "lib/signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "lib/digest.h"
#include "lib/instant.h"
#include "lib/jwt.h"
#include "lib/output.h"
#include "lib/provider.h"

enum {
	SIGNED_MAX = 256 * 1024,        /* bytes under a signature */
	VALUE_SIZE = 2048,              /* of a signature or time as it came, with its end */
	URL_WAYS = 3,
};

const char *const signature_algorithm_names[SIGNATURE_ALGORITHM_COUNT] = {
	[SIGNATURE_HMAC_MD5] = "hmac-md5",
	[SIGNATURE_HMAC_SHA1] = "hmac-sha1",
	[SIGNATURE_HMAC_SHA256] = "hmac-sha256",
	[SIGNATURE_HMAC_SHA512] = "hmac-sha512",
	[SIGNATURE_MD5] = "md5",
	[SIGNATURE_SHA1] = "sha1",
	[SIGNATURE_SHA256] = "sha256",
	[SIGNATURE_SHA512] = "sha512",
	[SIGNATURE_ED25519] = "ed25519",
	[SIGNATURE_JWT] = "jwt",
	[SIGNATURE_SHARED] = "shared",
	[SIGNATURE_BEARER] = "bearer",
	[SIGNATURE_BASIC] = "basic",
};

const char *const signature_encoding_names[SIGNATURE_ENCODING_COUNT] = {
	[SIGNATURE_HEX] = "hex",
	[SIGNATURE_BASE64] = "base64",
	[SIGNATURE_BASE64_OF_HEX] = "base64-of-hex",
};

const char *const signature_part_names[PART_KIND_COUNT] = {
	[PART_URL] = "url",
	[PART_URL_BASE] = "url-base",
	[PART_PATH] = "path",
	[PART_METHOD] = "method",
	[PART_BODY] = "body",
	[PART_BODY_MD5_BASE64] = "body-md5-base64",
	[PART_TIME] = "time",
	[PART_SECRET] = "secret",
	[PART_KEY_ID] = "key-id",
	[PART_FORM_SORTED_DEDUP] = "form-sorted-dedup",
	[PART_FORM_SORTED_STABLE] = "form-sorted-stable",
	[PART_FORM_SORTED_AMPERSAND] = "form-sorted-ampersand",
	[PART_PLIVO3_PARAMS] = "plivo3-params",
};

const char *const signature_claim_names[CLAIM_KIND_COUNT] = {
	[CLAIM_BODY_SHA256_HEX] = "body-sha256-hex",
	[CLAIM_URL_SHA256_HEX] = "url-sha256-hex",
};

/* One verification. */
struct check {
	const struct signature_scheme *scheme;
	const struct webhook_input *input;
	const struct fields *form, *query;  /* form: with GET, the query */
	const char *key_id;
	struct digest_key key;
	const struct signature_message *message;
	char given[VALUE_SIZE];         /* the signature that came */
	char time[VALUE_SIZE];
	json_t *claims;                 /* of a token; owned */
	char number[24];                /* one of them, as text */
	bool is_body_hashed;            /* the URL holds a hash of the body */
	const char *reason;
};

static bool source_get(struct check *check,
    const struct signature_source *source, char ret_value[VALUE_SIZE]);
static const char *claim_get(struct check *check, const char *name);
static const char *raw_get(struct check *check, enum signature_place place,
    const char *name);
static bool has_key_and_signature(struct check *check, const char *key);
static bool has_token(struct check *check, int64_t now_ms);
static bool choose_message(struct check *check);
static bool body_is_hashed_right(struct check *check);
static bool is_signed(struct check *check);
static bool token_is_signed(struct check *check);
static bool claim_holds(struct check *check,
    const struct signature_claim *claim);
static bool time_is_near(struct check *check, int64_t now_ms);
static bool take_nonce(struct check *check, char *ret_nonce);
static bool is_signed_as(struct check *check, const char *url);
static size_t url_ways(const struct check *check,
    char ret_urls[URL_WAYS][VALUE_SIZE]);
static bool put_parts(struct check *check, const char *url,
    struct output *message);
static bool put_part(struct check *check, const struct signature_part *part,
    const char *url, struct output *message);
static bool put_form(const struct check *check, bool is_dedup,
    struct output *message);
static bool put_ampersands(const struct check *check, struct output *message);
static bool put_plivo3(const struct check *check, struct output *message);
static bool put_indexed(struct check *check, const char *name,
    struct output *message);
static size_t sort_fields(const struct fields *fields, bool by_value,
    size_t ret_order[FIELDS_MAX]);
static void lower(char *text);

/* ---- words of a provider file */

bool
signature_part_read(const char *word, struct signature_part *ret_part)
{
	static const struct {
		const char *prefix;
		enum signature_part_kind kind;
	} prefixes[] = {
		{ "=", PART_LITERAL },
		{ "header:", PART_HEADER },
		{ "query:", PART_QUERY },
		{ "field:", PART_FIELD },
		{ "fields-indexed:", PART_FIELDS_INDEXED },
	};
	struct signature_part part = { .kind = PART_KIND_COUNT };
	const char *text = "";

	for (size_t i = 0; i < PART_KIND_COUNT; i++)
		if (strcmp(word, signature_part_names[i]) == 0)
			part.kind = (enum signature_part_kind)i;
	for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
		size_t length = strlen(prefixes[i].prefix);

		if (strncmp(word, prefixes[i].prefix, length) != 0)
			continue;
		part.kind = prefixes[i].kind;
		text = word + length;
	}
	if (part.kind == PART_KIND_COUNT || strlen(text) >= sizeof(part.text))
		return false;
	snprintf(part.text, sizeof(part.text), "%s", text);
	*ret_part = part;
	return true;
}

bool
signature_source_read(const char *word, struct signature_source *ret_source)
{
	static const struct {
		const char *prefix;
		enum signature_place place;
	} places[] = {
		{ "header:", PLACE_HEADER },
		{ "query:", PLACE_QUERY },
		{ "field:", PLACE_FIELD },
		{ "claim:", PLACE_CLAIM },
	};

	for (size_t i = 0; i < COUNT_OF(places); i++) {
		struct signature_source source = { .place = places[i].place };
		size_t length = strlen(places[i].prefix);

		if (strncmp(word, places[i].prefix, length) != 0)
			continue;
		if (word[length] == '\0' ||
		    strlen(word + length) >= sizeof(source.name))
			return false;
		snprintf(source.name, sizeof(source.name), "%s", word + length);
		*ret_source = source;
		return true;
	}
	return false;
}

static bool
message_allows_twins(const struct signature_message *message)
{
	for (size_t i = 0; i < message->count; i++)
		if (message->parts[i].kind == PART_FORM_SORTED_DEDUP ||
		    message->parts[i].kind == PART_FORM_SORTED_STABLE ||
		    message->parts[i].kind == PART_PLIVO3_PARAMS)
			return true;
	return false;
}

bool
signature_allows_twins(const struct signature_scheme *scheme)
{
	return message_allows_twins(&scheme->message);
}

void
signature_scheme_fini(struct signature_scheme *scheme)
{
	struct signature_source *sources[] = {
		&scheme->from, &scheme->time, &scheme->nonce, &scheme->by,
	};

	for (size_t i = 0; i < COUNT_OF(sources); i++) {
		if (sources[i]->match == NULL)
			continue;
		regfree(sources[i]->match);
		free(sources[i]->match);
		sources[i]->match = NULL;
	}
}

/* ---- verifying */

bool
signature_verify(const struct signature_scheme *scheme,
    const struct webhook_input *input, const struct fields *form,
    const struct fields *query, const char *key, const char *key_id,
    int64_t now_ms, struct signature_result *ret_result)
{
	bool is_get = strcmp(input->method, "GET") == 0;
	struct check check = {
		.scheme = scheme, .input = input,
		.form = is_get ? query : form, .query = query,
		.key_id = key_id,
	};
	bool is_good = false;

	*ret_result = (struct signature_result){ 0 };
	if (has_key_and_signature(&check, key) && has_token(&check, now_ms) &&
	    choose_message(&check) && time_is_near(&check, now_ms) &&
	    body_is_hashed_right(&check) && is_signed(&check) &&
	    take_nonce(&check, ret_result->nonce))
		is_good = true;
	else
		ret_result->reason = check.reason;
	json_decref(check.claims);
	OPENSSL_cleanse(&check.key, sizeof(check.key));
	return is_good;
}

static bool
has_key_and_signature(struct check *check, const char *key)
{
	if (!digest_key_read(key, check->scheme->is_key_base64, &check->key)) {
		check->reason = "the key in our configuration is not as the "
		    "provider file says";
		return false;
	}
	if (source_get(check, &check->scheme->from, check->given))
		return true;
	if (check->reason == NULL)
		check->reason = "no signature";
	return false;
}

static bool
has_token(struct check *check, int64_t now_ms)
{
	if (check->scheme->algorithm != SIGNATURE_JWT)
		return true;
	check->claims = jwt_verify(check->given,
	    check->scheme->token_algorithms, &check->key, now_ms,
	    &check->reason);
	return check->claims != NULL;
}

/* Which text is signed may depend on what it is about. */
static bool
choose_message(struct check *check)
{
	const struct signature_scheme *scheme = check->scheme;
	char word[VALUE_SIZE];

	check->message = &scheme->message;
	if (scheme->by.place == PLACE_NONE)
		return true;
	if (source_get(check, &scheme->by, word))
		for (size_t i = 0; i < scheme->case_count; i++)
			if (strcmp(scheme->cases[i].word, word) == 0) {
				check->message = &scheme->cases[i].message;
				return true;
			}
	check->reason = "how this kind is signed is not known";
	return false;
}

static bool
take_nonce(struct check *check, char *ret_nonce)
{
	char nonce[VALUE_SIZE];

	if (check->scheme->nonce.place == PLACE_NONE)
		return true;
	if (!source_get(check, &check->scheme->nonce, nonce) ||
	    strlen(nonce) >= SIGNATURE_NONCE_SIZE) {
		check->reason = "no nonce beside the signature";
		return false;
	}
	memcpy(ret_nonce, nonce, strlen(nonce) + 1);
	return true;
}

static bool
source_get(struct check *check, const struct signature_source *source,
    char ret_value[VALUE_SIZE])
{
	const char *raw = raw_get(check, source->place, source->name);
	regmatch_t groups[2];
	size_t length;

	if (raw == NULL)
		return false;
	length = strlen(raw);
	if (length >= VALUE_SIZE) {
		check->reason = "the signature is too long";
		return false;
	}
	if (source->match != NULL) {
		if (regexec(source->match, raw, 2, groups, 0) != 0 ||
		    groups[1].rm_so < 0)
			return false;
		raw += groups[1].rm_so;
		length = (size_t)(groups[1].rm_eo - groups[1].rm_so);
	}
	memcpy(ret_value, raw, length);
	ret_value[length] = '\0';
	return length > 0;
}

/* A number as text lives until the next one is asked for. */
static const char *
claim_get(struct check *check, const char *name)
{
	const json_t *claim = json_object_get(check->claims, name);

	if (json_is_string(claim))
		return json_string_value(claim);
	if (!json_is_integer(claim))
		return NULL;
	snprintf(check->number, sizeof(check->number),
	    "%" JSON_INTEGER_FORMAT, json_integer_value(claim));
	return check->number;
}

static const char *
raw_get(struct check *check, enum signature_place place, const char *name)
{
	const struct webhook_input *input = check->input;
	const char *found = NULL;
	bool is_twice = false;

	switch (place) {
	case PLACE_HEADER:
		for (size_t i = 0; i < input->header_count; i++) {
			if (strcasecmp(input->headers[i].name, name) != 0)
				continue;
			is_twice |= found != NULL;
			found = input->headers[i].value;
		}
		break;
	case PLACE_QUERY:
		found = fields_get(check->query, name, &is_twice);
		break;
	case PLACE_FIELD:
		found = fields_get(check->form, name, &is_twice);
		break;
	case PLACE_CLAIM:
		found = claim_get(check, name);
		break;
	case PLACE_NONE:
		break;
	}
	if (is_twice) {
		check->reason = "part of the signature comes twice";
		return NULL;
	}
	return found;
}

static bool
time_is_near(struct check *check, int64_t now_ms)
{
	const struct signature_scheme *scheme = check->scheme;
	int64_t at_ms, tolerance_ms = scheme->tolerance_s * 1000;

	if (scheme->time.place == PLACE_NONE)
		return true;
	if (!source_get(check, &scheme->time, check->time)) {
		check->reason = "no time beside the signature";
		return false;
	}
	if (!instant_read(check->time, &at_ms)) {
		check->reason = "the time beside the signature is none";
		return false;
	}
	if (tolerance_ms > 0 && (at_ms < now_ms - tolerance_ms ||
	    at_ms > now_ms + tolerance_ms)) {
		check->reason = "signed too long ago, or in the future";
		return false;
	}
	return true;
}

static bool
body_is_hashed_right(struct check *check)
{
	const char *name = check->scheme->body_hash_query;
	const char *claimed = name[0] == '\0' ? NULL :
	    raw_get(check, PLACE_QUERY, name);
	char expected[DIGEST_SHA256_HEX_SIZE], given[VALUE_SIZE];

	if (check->reason != NULL)
		return false;
	if (claimed == NULL)
		return true;
	check->is_body_hashed = true;
	digest_sha256_hex(check->input->body, check->input->body_length,
	    expected);
	snprintf(given, sizeof(given), "%s", claimed);
	lower(given);
	if (digest_is_equal(expected, given))
		return true;
	check->reason = "the body is not the one that was signed";
	return false;
}

static bool
is_signed(struct check *check)
{
	char urls[URL_WAYS][VALUE_SIZE];
	size_t count;

	check->reason = "the signature is wrong";
	switch (check->scheme->algorithm) {
	case SIGNATURE_SHARED:
	case SIGNATURE_BEARER:
	case SIGNATURE_BASIC:
		return digest_key_fits(check->scheme, &check->key,
		    check->given);
	case SIGNATURE_JWT:
		return token_is_signed(check);
	case SIGNATURE_HMAC_MD5:
	case SIGNATURE_HMAC_SHA1:
	case SIGNATURE_HMAC_SHA256:
	case SIGNATURE_HMAC_SHA512:
	case SIGNATURE_MD5:
	case SIGNATURE_SHA1:
	case SIGNATURE_SHA256:
	case SIGNATURE_SHA512:
	case SIGNATURE_ED25519:
	case SIGNATURE_ALGORITHM_COUNT:
		break;
	}
	if (check->scheme->encoding == SIGNATURE_HEX)
		lower(check->given);
	count = url_ways(check, urls);
	if (count == 0)
		check->reason = "the address is too long";
	for (size_t i = 0; i < count; i++)
		if (is_signed_as(check, urls[i]))
			return true;
	return false;
}

/* Its signature is known to be good: what it is about is looked at. */
static bool
token_is_signed(struct check *check)
{
	for (size_t i = 0; i < check->scheme->claim_count; i++)
		if (!claim_holds(check, &check->scheme->claims[i]))
			return false;
	return true;
}

static bool
claim_holds(struct check *check, const struct signature_claim *claim)
{
	const char *said = claim_get(check, claim->name), *url;
	char expected[DIGEST_SHA256_HEX_SIZE], given[VALUE_SIZE];

	switch (claim->kind) {
	case CLAIM_BODY_SHA256_HEX:
		if (said == NULL && check->input->body_length == 0)
			return true;
		digest_sha256_hex(check->input->body,
		    check->input->body_length, expected);
		check->reason = "the body is not the one that was signed";
		break;
	case CLAIM_URL_SHA256_HEX:
		url = check->input->url;
		digest_sha256_hex(url, strcspn(url, "#"), expected);
		check->reason = "the address is not the one that was signed";
		break;
	case CLAIM_LITERAL:
		check->reason = "a claim of the token is not as it must be";
		return said != NULL && strcmp(said, claim->text) == 0;
	case CLAIM_KIND_COUNT:
		return false;
	}
	if (said == NULL || strlen(said) >= sizeof(given))
		return false;
	snprintf(given, sizeof(given), "%s", said);
	lower(given);
	return digest_is_equal(expected, given);
}

static bool
is_signed_as(struct check *check, const char *url)
{
	struct output message = { .max = SIGNED_MAX };
	char list[VALUE_SIZE], *rest = list, *one;
	bool is_good = false;

	snprintf(list, sizeof(list), "%s", check->given);
	if (!put_parts(check, url, &message)) {
		check->reason = "part of what is signed is missing or too long";
	} else if (!check->scheme->is_list) {
		is_good = digest_fits(check->scheme, &check->key, &message,
		    list);
	} else {
		while (!is_good && (one = strsep(&rest, ",")) != NULL)
			is_good = digest_fits(check->scheme, &check->key,
			    &message, one + strspn(one, " "));
	}
	output_fini(&message);
	return is_good;
}

/* As it is; and, where the port is of no account, with another spelling of it.
 * 0: too long. */
static size_t
url_ways(const struct check *check, char ret_urls[URL_WAYS][VALUE_SIZE])
{
	const char *url = check->input->url;
	const char *host = strstr(url, "://");
	const char *rest, *colon = NULL;
	int length = (int)strcspn(url, "#"), head;

	if (length + 8 >= VALUE_SIZE)
		return 0;
	snprintf(ret_urls[0], VALUE_SIZE, "%.*s", length, url);
	if (!check->scheme->has_any_port || host == NULL)
		return 1;
	host += 3;
	rest = host + strcspn(host, "/?#");
	for (const char *at = rest; at > host && at[-1] != ']'; at--)
		if (at[-1] == ':')
			colon = at - 1;
	head = (int)((colon != NULL ? colon : rest) - url);
	length -= (int)(rest - url);
	snprintf(ret_urls[1], VALUE_SIZE, "%.*s%.*s", head, url, length, rest);
	snprintf(ret_urls[2], VALUE_SIZE, "%.*s:%s%.*s", head, url,
	    strncmp(url, "https", 5) == 0 ? "443" : "80", length, rest);
	return 3;
}

static bool
put_parts(struct check *check, const char *url, struct output *message)
{
	for (size_t i = 0; i < check->message->count; i++)
		if (!put_part(check, &check->message->parts[i], url, message))
			return false;
	return true;
}

static bool
put_part(struct check *check, const struct signature_part *part,
    const char *url, struct output *message)
{
	const struct webhook_input *input = check->input;
	const char *host = strstr(url, "://"), *value = NULL;
	char hash[25];

	host = host != NULL ? host + 3 : url;
	switch (part->kind) {
	case PART_URL:
		return output_add_text(message, url);
	case PART_URL_BASE:
		return output_add(message, url, strcspn(url, "?"));
	case PART_PATH:
		return output_add_text(message, host + strcspn(host, "/?"));
	case PART_METHOD:
		return output_add_text(message, input->method);
	case PART_BODY:
		return output_add(message, input->body, input->body_length);
	case PART_BODY_MD5_BASE64:
		digest_md5_base64(input->body, input->body_length, hash);
		return output_add_text(message, hash);
	case PART_TIME:
		return output_add_text(message, check->time);
	case PART_SECRET:
		return output_add(message, check->key.bytes,
		    check->key.length);
	case PART_KEY_ID:
		value = check->key_id;
		break;
	case PART_FORM_SORTED_DEDUP:
	case PART_FORM_SORTED_STABLE:
		return put_form(check, part->kind == PART_FORM_SORTED_DEDUP,
		    message);
	case PART_FORM_SORTED_AMPERSAND:
		return put_ampersands(check, message);
	case PART_PLIVO3_PARAMS:
		return put_plivo3(check, message);
	case PART_LITERAL:
		return output_add_text(message, part->text);
	case PART_HEADER:
		value = raw_get(check, PLACE_HEADER, part->text);
		break;
	case PART_QUERY:
		value = raw_get(check, PLACE_QUERY, part->text);
		break;
	case PART_FIELD:
		value = raw_get(check, PLACE_FIELD, part->text);
		break;
	case PART_FIELDS_INDEXED:
		return put_indexed(check, part->text, message);
	case PART_KIND_COUNT:
		break;
	}
	return value != NULL && output_add_text(message, value);
}

static bool
put_form(const struct check *check, bool is_dedup, struct output *message)
{
	const struct fields *form = check->form;
	size_t order[FIELDS_MAX], count;

	if (check->is_body_hashed || strcmp(check->input->method, "GET") == 0)
		return true;
	count = sort_fields(form, is_dedup, order);
	for (size_t i = 0; i < count; i++) {
		const char *name = form->items[order[i]].name;
		const char *value = form->items[order[i]].value;

		if (is_dedup && i > 0 &&
		    strcmp(name, form->items[order[i - 1]].name) == 0 &&
		    strcmp(value, form->items[order[i - 1]].value) == 0)
			continue;
		if (!output_add_text(message, name) ||
		    !output_add_text(message, value))
			return false;
	}
	return true;
}

/* The signature itself is a field too, and signs all others. */
static bool
put_ampersands(const struct check *check, struct output *message)
{
	const struct fields *form = check->form;
	size_t order[FIELDS_MAX], count = sort_fields(form, false, order);

	for (size_t i = 0; i < count; i++) {
		const char *name = form->items[order[i]].name;
		const char *value = form->items[order[i]].value;
		bool is_put = true;

		if (check->scheme->from.place == PLACE_FIELD &&
		    strcmp(name, check->scheme->from.name) == 0)
			continue;
		is_put = output_add_text(message, "&") &&
		    output_add_text(message, name) &&
		    output_add_text(message, "=");
		for (; *value != '\0' && is_put; value++)
			is_put = output_add(message, *value == '&' ||
			    *value == '=' ? "_" : value, 1);
		if (!is_put)
			return false;
	}
	return true;
}

static bool
put_plivo3(const struct check *check, struct output *message)
{
	const struct fields *query = check->query, *form = check->form;
	size_t order[FIELDS_MAX], count = sort_fields(query, true, order);
	bool has_form = strcmp(check->input->method, "GET") != 0 &&
	    form->count > 0;
	bool is_put = (count == 0 && !has_form) || output_add_text(message, "?");

	for (size_t i = 0; i < count && is_put; i++)
		is_put = output_add_text(message, i > 0 ? "&" : "") &&
		    output_add_text(message, query->items[order[i]].name) &&
		    output_add_text(message, "=") &&
		    output_add_text(message, query->items[order[i]].value);
	if (!has_form)
		return is_put;
	is_put = is_put && output_add_text(message, count > 0 ? "." : "");
	count = sort_fields(form, true, order);
	for (size_t i = 0; i < count && is_put; i++)
		is_put = output_add_text(message, form->items[order[i]].name) &&
		    output_add_text(message, form->items[order[i]].value);
	return is_put;
}

static bool
put_indexed(struct check *check, const char *name, struct output *message)
{
	for (size_t i = 0; i < FIELDS_MAX; i++) {
		char item[SIGNATURE_NAME_SIZE + 8];
		const char *value;

		snprintf(item, sizeof(item), "%s[%zu]", name, i);
		value = raw_get(check, PLACE_FIELD, item);
		if (value == NULL)
			return i > 0;
		if (!output_add_text(message, value))
			return false;
	}
	return true;
}

/* By name; then, unless by value, as they came. */
static size_t
sort_fields(const struct fields *fields, bool by_value,
    size_t ret_order[FIELDS_MAX])
{
	for (size_t i = 0; i < fields->count; i++) {
		size_t at = i;

		for (; at > 0; at--) {
			int way = strcmp(fields->items[ret_order[at - 1]].name,
			    fields->items[i].name);

			if (way == 0 && by_value)
				way = strcmp(
				    fields->items[ret_order[at - 1]].value,
				    fields->items[i].value);
			if (way <= 0)
				break;
			ret_order[at] = ret_order[at - 1];
		}
		ret_order[at] = i;
	}
	return fields->count;
}

static void
lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}
