/* SPDX-License-Identifier: MIT */
/*
 * provider_file_signature: the part of a provider file that says how a webhook
 * is verified. A scheme that would let a stranger in is an error.
 */
#include "lib/provider_file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/jwt.h"

static void read_algorithm(struct reading *, config_setting_t *, void *);
static void read_encoding(struct reading *, config_setting_t *, void *);
static void read_parts(struct reading *, config_setting_t *, void *);
static void read_message(struct reading *reading, config_setting_t *setting,
    size_t first, struct signature_message *ret_message);
static void read_cases(struct reading *, config_setting_t *, void *);
static void read_claims(struct reading *, config_setting_t *, void *);
static bool read_claim(const char *word, struct signature_claim *ret_claim);
static void read_token_algorithms(struct reading *, config_setting_t *, void *);
static void read_signature_source(struct reading *, config_setting_t *, void *);
static void read_match(struct reading *, config_setting_t *, void *);
static void read_tolerance(struct reading *, config_setting_t *, void *);
static void read_key_encoding(struct reading *, config_setting_t *, void *);
static void read_url_ports(struct reading *, config_setting_t *, void *);
static void read_hash_query(struct reading *, config_setting_t *, void *);
static void check_signature(struct reading *reading,
    const config_setting_t *setting, const struct webhook *webhook);
static void check_message(struct reading *reading,
    const config_setting_t *setting, const struct webhook *webhook,
    const struct signature_message *message);
static bool part_is(const struct signature_part *part,
    const struct signature_source *source);

/* The target is the webhook: the key is not part of the scheme. */
static const struct setting_row signature_rows[] = {
	{ "alg", read_algorithm,
	    offsetof(struct webhook, signature.algorithm), true },
	{ "key", setting_template_text, offsetof(struct webhook, key), true },
	{ "key_encoding", read_key_encoding,
	    offsetof(struct webhook, signature.is_key_base64), false },
	{ "key_id", setting_template_text, offsetof(struct webhook, key_id),
	    false },
	{ "sign", read_parts,
	    offsetof(struct webhook, signature.message), false },
	{ "by", read_signature_source,
	    offsetof(struct webhook, signature.by), false },
	{ "cases", read_cases, offsetof(struct webhook, signature), false },
	{ "encode", read_encoding,
	    offsetof(struct webhook, signature.encoding), false },
	{ "from", read_signature_source,
	    offsetof(struct webhook, signature.from), true },
	{ "match", read_match, offsetof(struct webhook, signature.from), false },
	{ "list", setting_flag,
	    offsetof(struct webhook, signature.is_list), false },
	{ "time", read_signature_source,
	    offsetof(struct webhook, signature.time), false },
	{ "time_match", read_match,
	    offsetof(struct webhook, signature.time), false },
	{ "tolerance", read_tolerance,
	    offsetof(struct webhook, signature.tolerance_s), false },
	{ "url_ports", read_url_ports,
	    offsetof(struct webhook, signature.has_any_port), false },
	{ "body_hash_query", read_hash_query,
	    offsetof(struct webhook, signature.body_hash_query), false },
	{ "nonce", read_signature_source,
	    offsetof(struct webhook, signature.nonce), false },
	{ "algs", read_token_algorithms,
	    offsetof(struct webhook, signature.token_algorithms), false },
	{ "claims", read_claims, offsetof(struct webhook, signature), false },
};

void
setting_signature(struct reading *reading, config_setting_t *setting,
    void *target)
{
	struct webhook *webhook = target;

	if (reading_group(reading, setting, signature_rows,
	    COUNT_OF(signature_rows), webhook))
		check_signature(reading, setting, webhook);
}

static void
read_algorithm(struct reading *reading, config_setting_t *setting,
    void *target)
{
	size_t choice;

	if (reading_choice(reading, setting, signature_algorithm_names,
	    SIGNATURE_ALGORITHM_COUNT, &choice))
		*(enum signature_algorithm *)target =
		    (enum signature_algorithm)choice;
}

static void
read_encoding(struct reading *reading, config_setting_t *setting, void *target)
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
	read_message(reading, setting, 0, target);
}

/* The parts of a list from its place `first` on. */
static void
read_message(struct reading *reading, config_setting_t *setting, size_t first,
    struct signature_message *ret_message)
{
	size_t count = reading_list(reading, setting);

	if (count > SIGNATURE_PARTS_MAX + first) {
		reading_error(reading, setting, "are more than %d parts",
		    SIGNATURE_PARTS_MAX);
		return;
	}
	for (size_t i = first; i < count; i++) {
		config_setting_t *item = config_setting_get_elem(setting,
		    (unsigned)i);
		const char *word = reading_string(reading, item);

		if (word != NULL && !signature_part_read(word,
		    &ret_message->parts[i - first]))
			reading_error(reading, item, "\"%.40s\" is no part of "
			    "what may be signed", word);
	}
	ret_message->count = count > first ? count - first : 0;
}

/* ("NOTIFY_END", "field:caller_id", …) each: the word, then what is signed. */
static void
read_cases(struct reading *reading, config_setting_t *setting, void *target)
{
	struct signature_scheme *scheme = target;
	size_t count = reading_list(reading, setting);

	if (count > SIGNATURE_CASES_MAX) {
		reading_error(reading, setting, "are more than %d",
		    SIGNATURE_CASES_MAX);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		config_setting_t *item = config_setting_get_elem(setting,
		    (unsigned)i);
		const char *word = NULL;

		if (reading_list(reading, item) < 2)
			reading_error(reading, item, "must be a word and what "
			    "is signed with it");
		else
			word = reading_string(reading,
			    config_setting_get_elem(item, 0));
		if (word == NULL)
			continue;
		if (strlen(word) >= sizeof(scheme->cases[i].word))
			reading_error(reading, item, "the word is too long");
		else
			memcpy(scheme->cases[i].word, word, strlen(word) + 1);
		read_message(reading, item, 1, &scheme->cases[i].message);
	}
	scheme->case_count = count;
}

static void
read_token_algorithms(struct reading *reading, config_setting_t *setting,
    void *target)
{
	size_t count = reading_list(reading, setting), choice;

	for (size_t i = 0; i < count; i++)
		if (reading_choice(reading, config_setting_get_elem(setting,
		    (unsigned)i), jwt_algorithm_names, JWT_ALGORITHM_COUNT,
		    &choice))
			*(unsigned *)target |= 1u << choice;
}

static void
read_claims(struct reading *reading, config_setting_t *setting, void *target)
{
	struct signature_scheme *scheme = target;
	size_t count = reading_list(reading, setting);

	if (count > SIGNATURE_CLAIMS_MAX) {
		reading_error(reading, setting, "are more than %d",
		    SIGNATURE_CLAIMS_MAX);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct signature_claim *claim = &scheme->claims[i];
		config_setting_t *pair = config_setting_get_elem(setting,
		    (unsigned)i);
		const char *words[3];

		if (!reading_words(reading, pair, 2, 2, words))
			continue;
		if (strlen(words[0]) >= sizeof(claim->name) ||
		    !read_claim(words[1], claim))
			reading_error(reading, pair, "must be a claim and "
			    "body-sha256-hex, url-sha256-hex or \"=TEXT\"");
		else
			memcpy(claim->name, words[0], strlen(words[0]) + 1);
	}
	scheme->claim_count = count;
}

static bool
read_claim(const char *word, struct signature_claim *ret_claim)
{
	for (size_t i = 0; i < CLAIM_KIND_COUNT; i++)
		if (strcmp(word, signature_claim_names[i]) == 0) {
			ret_claim->kind = (enum signature_claim_kind)i;
			return true;
		}
	if (*word != '=' || strlen(word + 1) >= sizeof(ret_claim->text))
		return false;
	ret_claim->kind = CLAIM_LITERAL;
	memcpy(ret_claim->text, word + 1, strlen(word + 1) + 1);
	return true;
}

static void
read_signature_source(struct reading *reading, config_setting_t *setting,
    void *target)
{
	const char *word = reading_string(reading, setting);

	if (word != NULL && !signature_source_read(word, target))
		reading_error(reading, setting, "must be \"header:NAME\", "
		    "\"query:NAME\", \"field:NAME\" or \"claim:NAME\"");
}

static void
read_match(struct reading *reading, config_setting_t *setting, void *target)
{
	struct signature_source *source = target;
	const char *pattern = reading_string(reading, setting);
	regex_t *compiled;

	if (pattern == NULL)
		return;
	compiled = calloc(1, sizeof(*compiled));
	CHECK(compiled != NULL);
	if (regcomp(compiled, pattern, REG_EXTENDED) != 0) {
		reading_error(reading, setting,
		    "is no extended regular expression");
		free(compiled);
		return;
	}
	source->match = compiled;
	if (compiled->re_nsub != 1)
		reading_error(reading, setting,
		    "needs one group ( ) around the value");
}

static void
read_tolerance(struct reading *reading, config_setting_t *setting,
    void *target)
{
	int seconds = 0;

	setting_number(reading, setting, &seconds);
	*(int64_t *)target = seconds;
}

static void
read_key_encoding(struct reading *reading, config_setting_t *setting,
    void *target)
{
	static const char *const names[] = { "raw", "base64" };
	size_t choice;

	if (reading_choice(reading, setting, names, COUNT_OF(names), &choice))
		*(bool *)target = choice == 1;
}

static void
read_url_ports(struct reading *reading, config_setting_t *setting,
    void *target)
{
	static const char *const names[] = { "as-is", "twilio" };
	size_t choice;

	if (reading_choice(reading, setting, names, COUNT_OF(names), &choice))
		*(bool *)target = choice == 1;
}

static void
read_hash_query(struct reading *reading, config_setting_t *setting,
    void *target)
{
	const char *name = reading_string(reading, setting);

	if (name != NULL && strlen(name) < SIGNATURE_NAME_SIZE)
		memcpy(target, name, strlen(name) + 1);
	else if (name != NULL)
		reading_error(reading, setting, "is too long");
}

static void
check_signature(struct reading *reading, const config_setting_t *setting,
    const struct webhook *webhook)
{
	const struct signature_scheme *scheme = &webhook->signature;
	bool is_compared = scheme->algorithm == SIGNATURE_SHARED ||
	    scheme->algorithm == SIGNATURE_BEARER ||
	    scheme->algorithm == SIGNATURE_BASIC;
	bool is_token = scheme->algorithm == SIGNATURE_JWT;
	size_t messages = scheme->case_count +
	    (scheme->by.place == PLACE_NONE ? 1 : 0);

	if ((is_compared || is_token) && (scheme->message.count > 0 ||
	    scheme->case_count > 0))
		reading_error(reading, setting, "%s signs no parts: no sign",
		    signature_algorithm_names[scheme->algorithm]);
	if (is_token != (scheme->token_algorithms != 0))
		reading_error(reading, setting, "jwt and algs need each other");
	if (!is_token && scheme->claim_count > 0)
		reading_error(reading, setting, "claims need alg = \"jwt\"");
	if ((scheme->by.place == PLACE_NONE) != (scheme->case_count == 0))
		reading_error(reading, setting, "by and cases need each other");
	else if (scheme->case_count > 0 && scheme->message.count > 0)
		reading_error(reading, setting, "either sign or cases");
	for (size_t i = 0; i < messages && !is_compared && !is_token; i++)
		check_message(reading, setting, webhook,
		    scheme->case_count > 0 ? &scheme->cases[i].message :
		    &scheme->message);
	if (scheme->tolerance_s > 0 && scheme->time.place == PLACE_NONE &&
	    scheme->nonce.place == PLACE_NONE)
		reading_error(reading, setting, "tolerance needs time or nonce");
	if (scheme->nonce.place != PLACE_NONE && scheme->tolerance_s == 0)
		reading_error(reading, setting, "nonce needs tolerance: for so "
		    "long it is remembered");
	if (scheme->algorithm == SIGNATURE_ED25519 &&
	    scheme->encoding != SIGNATURE_BASE64)
		reading_error(reading, setting,
		    "ed25519 comes with encode = \"base64\"");
	if (webhook->key != NULL && !template_has_holes(webhook->key))
		reading_error(reading, setting,
		    "key must be a secret: key = \"${token}\"");
}

/* What is not signed can be changed by anybody on the way. */
static void
check_message(struct reading *reading, const config_setting_t *setting,
    const struct webhook *webhook, const struct signature_message *message)
{
	const struct signature_scheme *scheme = &webhook->signature;
	bool is_hash = scheme->algorithm == SIGNATURE_MD5 ||
	    scheme->algorithm == SIGNATURE_SHA1 ||
	    scheme->algorithm == SIGNATURE_SHA256 ||
	    scheme->algorithm == SIGNATURE_SHA512;
	bool has_secret = false, has_key_id = false;
	bool has_time = scheme->time.place == PLACE_NONE;
	bool has_nonce = scheme->nonce.place == PLACE_NONE;

	for (size_t i = 0; i < message->count; i++) {
		const struct signature_part *part = &message->parts[i];

		if (part->kind == PART_TIME &&
		    scheme->time.place == PLACE_NONE)
			reading_error(reading, setting, "sign has \"time\", "
			    "but time does not say where it is");
		has_secret |= part->kind == PART_SECRET;
		has_key_id |= part->kind == PART_KEY_ID;
		has_time |= part->kind == PART_TIME ||
		    part_is(part, &scheme->time);
		has_nonce |= part_is(part, &scheme->nonce);
	}
	if (message->count == 0)
		reading_error(reading, setting, "sign is missing");
	if (is_hash && !has_secret)
		reading_error(reading, setting, "anybody can make a plain "
		    "hash: sign needs \"secret\"");
	if (has_key_id != (webhook->key_id != NULL))
		reading_error(reading, setting,
		    "key_id and \"key-id\" in sign need each other");
	if (!has_time)
		reading_error(reading, setting, "time means nothing unless "
		    "\"time\" is signed");
	if (!has_nonce)
		reading_error(reading, setting,
		    "nonce means nothing unless it is signed");
}

/* Is the source one of the parts? A form that is signed whole holds all its fields. */
static bool
part_is(const struct signature_part *part,
    const struct signature_source *source)
{
	switch (part->kind) {
	case PART_HEADER:
		return source->place == PLACE_HEADER &&
		    strcasecmp(part->text, source->name) == 0;
	case PART_QUERY:
		return source->place == PLACE_QUERY &&
		    strcmp(part->text, source->name) == 0;
	case PART_FIELD:
		return source->place == PLACE_FIELD &&
		    strcmp(part->text, source->name) == 0;
	case PART_BODY:
	case PART_FORM_SORTED_DEDUP:
	case PART_FORM_SORTED_STABLE:
	case PART_FORM_SORTED_AMPERSAND:
	case PART_PLIVO3_PARAMS:
		return source->place == PLACE_FIELD;
	case PART_URL:
	case PART_PATH:
		return source->place == PLACE_QUERY;
	case PART_URL_BASE:
	case PART_METHOD:
	case PART_BODY_MD5_BASE64:
	case PART_TIME:
	case PART_SECRET:
	case PART_KEY_ID:
	case PART_KIND_COUNT:
	case PART_LITERAL:
	case PART_FIELDS_INDEXED:
		break;
	}
	return false;
}
