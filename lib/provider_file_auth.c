/* SPDX-License-Identifier: MIT */
/*
 * provider_file_auth: the part of a provider file about how we say who we are:
 * one table for each kind of credentials.
 */
#include "lib/provider_file.h"

#include <string.h>

#include "lib/digest.h"

enum { TTL_MAX_S = 86400 };

static void read_elsewhere(struct reading *, config_setting_t *, void *);
static void read_value(struct reading *, config_setting_t *, void *);
static void read_jwt_algorithm(struct reading *, config_setting_t *, void *);
static void read_algorithm(struct reading *, config_setting_t *, void *);
static void read_encoding(struct reading *, config_setting_t *, void *);
static void read_parts(struct reading *, config_setting_t *, void *);
static void read_part(struct reading *reading, config_setting_t *setting,
    struct sign_part *ret_part);
static void check_auth(struct reading *reading,
    const config_setting_t *setting, const struct auth *auth);
static bool is_keyed(enum signature_algorithm algorithm);

const char *const sign_kind_names[SIGN_KIND_COUNT] = {
	[SIGN_PATH] = "path",
	[SIGN_URL] = "url",
	[SIGN_METHOD] = "method",
	[SIGN_BODY] = "body",
	[SIGN_TIME] = "time",
	[SIGN_QUERY_SORTED] = "params-sorted-query",
	[SIGN_QUERY_SORTED_MD5] = "params-sorted-query-md5-hex",
};

#define AT(field) offsetof(struct auth, field)
static const struct setting_row rows_none[] = {
	{ "kind", read_elsewhere, 0, true },
};
static const struct setting_row rows_basic[] = {
	{ "kind", read_elsewhere, 0, true },
	{ "user", setting_template_text, AT(user), true },
	{ "password", setting_template_text, AT(password), true },
};
static const struct setting_row rows_bearer[] = {
	{ "kind", read_elsewhere, 0, true },
	{ "token", setting_template_text, AT(token), true },
};
static const struct setting_row rows_header[] = {
	{ "kind", read_elsewhere, 0, true },
	{ "header", setting_text, AT(header), true },
	{ "value", setting_template_text, AT(value), true },
};
static const struct setting_row rows_field[] = {
	{ "kind", read_elsewhere, 0, true },
	{ "field", setting_text, AT(field), true },
	{ "value", setting_template_text, AT(value), true },
};
static const struct setting_row rows_jwt[] = {
	{ "kind", read_elsewhere, 0, true },
	{ "alg", read_jwt_algorithm, AT(is_hs256), true },
	{ "key", setting_template_text, AT(key), true },
	{ "header", setting_pairs_text, AT(head), false },
	{ "claims", setting_pairs_text, AT(claims), false },
	{ "ttl", setting_number, AT(ttl_s), true },
	{ "back", setting_number, AT(back_s), false },
};
static const struct setting_row rows_signed[] = {
	{ "kind", read_elsewhere, 0, true },
	{ "alg", read_algorithm, AT(algorithm), true },
	{ "secret", setting_template_text, AT(key), false },
	{ "sign", read_parts, 0, true },
	{ "encode", read_encoding, AT(encoding), true },
	{ "header", setting_text, AT(header), false },
	{ "field", setting_text, AT(field), false },
	{ "value", read_value, AT(value), false },
};
static const struct {
	const char *name;
	const struct setting_row *rows;
	size_t count;
} kinds[] = {
	[AUTH_NONE] = { "none", rows_none, COUNT_OF(rows_none) },
	[AUTH_BASIC] = { "basic", rows_basic, COUNT_OF(rows_basic) },
	[AUTH_BEARER] = { "bearer", rows_bearer, COUNT_OF(rows_bearer) },
	[AUTH_HEADER] = { "header", rows_header, COUNT_OF(rows_header) },
	[AUTH_QUERY] = { "query", rows_field, COUNT_OF(rows_field) },
	[AUTH_FORM] = { "form", rows_field, COUNT_OF(rows_field) },
	[AUTH_JWT] = { "jwt", rows_jwt, COUNT_OF(rows_jwt) },
	[AUTH_SIGNED] = { "signed", rows_signed, COUNT_OF(rows_signed) },
};

void
setting_auth(struct reading *reading, config_setting_t *setting, void *target)
{
	const char *names[COUNT_OF(kinds)];
	struct auth auth = { 0 };
	config_setting_t *kind = config_setting_is_group(setting) ?
	    config_setting_get_member(setting, "kind") : NULL;
	size_t choice;

	if (kind == NULL) {
		reading_error(reading, setting, "must be a group with a kind");
		return;
	}
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		names[i] = kinds[i].name;
	if (!reading_choice(reading, kind, names, COUNT_OF(kinds), &choice))
		return;
	auth.kind = (enum auth_kind)choice;
	reading_group(reading, setting, kinds[choice].rows,
	    kinds[choice].count, &auth);
	check_auth(reading, setting, &auth);
	*(struct auth *)target = auth;
}

/* By whoever chose the table: the kind. */
static void
read_elsewhere(struct reading *reading, config_setting_t *setting,
    void *target)
{
	(void)reading;
	(void)setting;
	(void)target;
}

/* Of what is signed: it may name the signature. */
static void
read_value(struct reading *reading, config_setting_t *setting, void *target)
{
	reading->also_known = "signature";
	setting_template_text(reading, setting, target);
	reading->also_known = NULL;
}

static void
read_jwt_algorithm(struct reading *reading, config_setting_t *setting,
    void *target)
{
	static const char *const names[] = { "RS256", "HS256" };
	size_t choice;

	if (reading_choice(reading, setting, names, COUNT_OF(names), &choice))
		*(bool *)target = choice == 1;
}

static void
read_algorithm(struct reading *reading, config_setting_t *setting,
    void *target)
{
	size_t choice;

	if (!reading_choice(reading, setting, signature_algorithm_names,
	    SIGNATURE_ALGORITHM_COUNT, &choice))
		return;
	*(enum signature_algorithm *)target = (enum signature_algorithm)choice;
	if (!digest_can_make((enum signature_algorithm)choice))
		reading_error(reading, setting,
		    "is for webhooks; we cannot sign so");
}

static void
read_encoding(struct reading *reading, config_setting_t *setting,
    void *target)
{
	size_t choice;

	if (reading_choice(reading, setting, signature_encoding_names,
	    SIGNATURE_ENCODING_COUNT, &choice))
		*(enum signature_encoding *)target =
		    (enum signature_encoding)choice;
}

static void
read_parts(struct reading *reading, config_setting_t *setting, void *target)
{
	struct auth *auth = target;
	size_t count = reading_list(reading, setting);

	auth->parts = provider_own(reading->provider,
	    count * sizeof(*auth->parts));
	auth->part_count = count;
	for (size_t i = 0; i < count; i++)
		read_part(reading, config_setting_get_elem(setting,
		    (unsigned)i), &auth->parts[i]);
	if (count == 0)
		reading_error(reading, setting, "is empty");
}

static void
read_part(struct reading *reading, config_setting_t *setting,
    struct sign_part *ret_part)
{
	const char *word = reading_string(reading, setting);
	struct sign_part part = { .kind = SIGN_KIND_COUNT };

	if (word == NULL)
		return;
	for (size_t i = 0; i < SIGN_KIND_COUNT; i++)
		if (strcmp(word, sign_kind_names[i]) == 0)
			part.kind = (enum sign_kind)i;
	if (word[0] == '=') {
		part.kind = SIGN_LITERAL;
		part.literal = reading_template_of(reading, setting, word + 1,
		    TEMPLATE_TEXT);
	} else if (strncmp(word, "field:", 6) == 0 && word[6] != '\0') {
		part.kind = SIGN_FIELD;
		part.field = word + 6;
	}
	if (part.kind == SIGN_KIND_COUNT)
		reading_error(reading, setting, "there is no part \"%.32s\"; "
		    "there are path, url, method, body, time, "
		    "params-sorted-query[-md5-hex], =TEXT, field:NAME", word);
	*ret_part = part;
}

static void
check_auth(struct reading *reading, const config_setting_t *setting,
    const struct auth *auth)
{
	if (auth->kind == AUTH_JWT && (auth->ttl_s == 0 ||
	    auth->ttl_s > TTL_MAX_S || auth->back_s > TTL_MAX_S))
		reading_error(reading, setting, "ttl must be 1 to %d seconds, "
		    "and back no more", TTL_MAX_S);
	if (auth->kind != AUTH_SIGNED)
		return;
	if ((auth->header != NULL) == (auth->field != NULL))
		reading_error(reading, setting,
		    "needs one of header and field, for the signature");
	if (is_keyed(auth->algorithm) != (auth->key != NULL))
		reading_error(reading, setting, auth->key == NULL ?
		    "needs secret, the key of the HMAC" :
		    "a plain hash has no secret; write \"=${secret}\" in "
		    "sign");
}

static bool
is_keyed(enum signature_algorithm algorithm)
{
	return algorithm == SIGNATURE_HMAC_SHA1 ||
	    algorithm == SIGNATURE_HMAC_SHA256 ||
	    algorithm == SIGNATURE_HMAC_SHA512;
}
