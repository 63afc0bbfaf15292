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

#include <openssl/crypto.h>

#include "lib/digest.h"
#include "lib/output.h"
#include "lib/provider.h"

enum {
	SIGNED_MAX = 256 * 1024,        /* bytes under a signature */
	VALUE_SIZE = 2048,              /* of a signature or time as it came, with its end */
	URL_WAYS = 3,
};

const char *const signature_algorithm_names[SIGNATURE_ALGORITHM_COUNT] = {
	[SIGNATURE_HMAC_SHA1] = "hmac-sha1",
	[SIGNATURE_HMAC_SHA256] = "hmac-sha256",
	[SIGNATURE_HMAC_SHA512] = "hmac-sha512",
	[SIGNATURE_MD5] = "md5",
	[SIGNATURE_SHA1] = "sha1",
	[SIGNATURE_SHA256] = "sha256",
	[SIGNATURE_SHA512] = "sha512",
	[SIGNATURE_ED25519] = "ed25519",
	[SIGNATURE_SHARED] = "shared",
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
	[PART_TIME] = "time",
	[PART_SECRET] = "secret",
	[PART_FORM_SORTED_DEDUP] = "form-sorted-dedup",
	[PART_FORM_SORTED_STABLE] = "form-sorted-stable",
};

/* One verification. */
struct check {
	const struct signature_scheme *scheme;
	const struct webhook_input *input;
	const struct fields *form, *query;
	struct digest_key key;
	char given[VALUE_SIZE];         /* the signature that came */
	char time[VALUE_SIZE];
	bool is_body_hashed;            /* the URL holds a hash of the body */
	const char *reason;
};

static bool source_get(struct check *check,
    const struct signature_source *source, char ret_value[VALUE_SIZE]);
static const char *raw_get(struct check *check, enum signature_place place,
    const char *name);
static bool time_is_near(struct check *check, int64_t now_ms);
static bool body_is_hashed_right(struct check *check);
static bool is_signed(struct check *check);
static bool is_signed_as(struct check *check, const char *url);
static size_t url_ways(const struct check *check,
    char ret_urls[URL_WAYS][VALUE_SIZE]);
static bool put_parts(struct check *check, const char *url,
    struct output *message);
static bool put_form(const struct check *check, bool is_dedup,
    struct output *message);
static void lower(char *text);

/* ---- words of a provider file */

bool
signature_part_read(const char *word, struct signature_part *ret_part)
{
	struct signature_part part = { .kind = PART_KIND_COUNT };
	const char *text = "";

	for (size_t i = 0; i < PART_KIND_COUNT; i++)
		if (strcmp(word, signature_part_names[i]) == 0)
			part.kind = (enum signature_part_kind)i;
	if (*word == '=') {
		part.kind = PART_LITERAL;
		text = word + 1;
	} else if (strncmp(word, "header:", 7) == 0) {
		part.kind = PART_HEADER;
		text = word + 7;
	} else if (strncmp(word, "field:", 6) == 0) {
		part.kind = PART_FIELD;
		text = word + 6;
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

bool
signature_allows_twins(const struct signature_scheme *scheme)
{
	for (size_t i = 0; i < scheme->part_count; i++)
		if (scheme->parts[i].kind == PART_FORM_SORTED_DEDUP ||
		    scheme->parts[i].kind == PART_FORM_SORTED_STABLE)
			return true;
	return false;
}

void
signature_scheme_fini(struct signature_scheme *scheme)
{
	struct signature_source *sources[] = { &scheme->from, &scheme->time };

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
    const struct fields *query, const char *key, int64_t now_ms,
    const char **ret_reason)
{
	struct check check = {
		.scheme = scheme, .input = input, .form = form, .query = query,
	};
	bool is_good = false;

	if (!digest_key_read(key, scheme->is_key_base64, &check.key))
		check.reason = "the key in our configuration is not as the "
		    "provider file says";
	else if (!source_get(&check, &scheme->from, check.given))
		check.reason = check.reason != NULL ? check.reason :
		    "no signature";
	else if (time_is_near(&check, now_ms) && body_is_hashed_right(&check))
		is_good = is_signed(&check);
	if (!is_good)
		*ret_reason = check.reason;
	OPENSSL_cleanse(&check.key, sizeof(check.key));
	return is_good;
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
	int64_t at_s, now_s = now_ms / 1000;
	char *end;

	if (scheme->time.place == PLACE_NONE)
		return true;
	if (!source_get(check, &scheme->time, check->time) ||
	    strlen(check->time) > 15) {
		check->reason = "no time beside the signature";
		return false;
	}
	at_s = strtoll(check->time, &end, 10);
	if (*end != '\0') {
		check->reason = "the time beside the signature is no number";
		return false;
	}
	if (scheme->tolerance_s > 0 && (at_s < now_s - scheme->tolerance_s ||
	    at_s > now_s + scheme->tolerance_s)) {
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
	case SIGNATURE_BASIC:
		return digest_key_fits(check->scheme, &check->key,
		    check->given);
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
	const struct signature_scheme *scheme = check->scheme;
	const struct webhook_input *input = check->input;
	const char *host = strstr(url, "://"), *value;
	bool is_put = true;

	host = host != NULL ? host + 3 : url;
	for (size_t i = 0; i < scheme->part_count && is_put; i++) {
		const struct signature_part *part = &scheme->parts[i];

		switch (part->kind) {
		case PART_URL:
			is_put = output_add_text(message, url);
			break;
		case PART_URL_BASE:
			is_put = output_add(message, url, strcspn(url, "?"));
			break;
		case PART_PATH:
			is_put = output_add_text(message,
			    host + strcspn(host, "/?"));
			break;
		case PART_METHOD:
			is_put = output_add_text(message, input->method);
			break;
		case PART_BODY:
			is_put = output_add(message, input->body,
			    input->body_length);
			break;
		case PART_TIME:
			is_put = output_add_text(message, check->time);
			break;
		case PART_SECRET:
			is_put = output_add(message, check->key.bytes,
			    check->key.length);
			break;
		case PART_FORM_SORTED_DEDUP:
		case PART_FORM_SORTED_STABLE:
			is_put = put_form(check,
			    part->kind == PART_FORM_SORTED_DEDUP, message);
			break;
		case PART_LITERAL:
			is_put = output_add_text(message, part->text);
			break;
		case PART_HEADER:
		case PART_FIELD:
			value = raw_get(check, part->kind == PART_HEADER ?
			    PLACE_HEADER : PLACE_FIELD, part->text);
			is_put = value != NULL &&
			    output_add_text(message, value);
			break;
		case PART_KIND_COUNT:
			break;
		}
	}
	return is_put;
}

static bool
put_form(const struct check *check, bool is_dedup, struct output *message)
{
	const struct fields *form = check->form;
	size_t order[FIELDS_MAX], count = 0;

	if (check->is_body_hashed || strcmp(check->input->method, "GET") == 0)
		return true;
	/* Insertion keeps equal names in the order they came. */
	for (size_t i = 0; i < form->count; i++) {
		size_t at = count;

		for (; at > 0; at--) {
			int way = strcmp(form->items[order[at - 1]].name,
			    form->items[i].name);

			if (way == 0 && is_dedup)
				way = strcmp(form->items[order[at - 1]].value,
				    form->items[i].value);
			if (way <= 0)
				break;
			order[at] = order[at - 1];
		}
		order[at] = i;
		count++;
	}
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

static void
lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}
