/* SPDX-License-Identifier: MIT */
/*
 * provider_file_signature: the part of a provider file that says how a webhook
 * is verified. A scheme that would let a stranger in is an error.
 */
#include "lib/provider_file.h"

#include <stdlib.h>
#include <string.h>

static void read_algorithm(struct reading *, config_setting_t *, void *);
static void read_encoding(struct reading *, config_setting_t *, void *);
static void read_parts(struct reading *, config_setting_t *, void *);
static void read_signature_source(struct reading *, config_setting_t *, void *);
static void read_match(struct reading *, config_setting_t *, void *);
static void read_tolerance(struct reading *, config_setting_t *, void *);
static void read_key_encoding(struct reading *, config_setting_t *, void *);
static void read_url_ports(struct reading *, config_setting_t *, void *);
static void read_hash_query(struct reading *, config_setting_t *, void *);
static void check_signature(struct reading *reading,
    const config_setting_t *setting, const struct webhook *webhook);

/* The target is the webhook: the key is not part of the scheme. */
static const struct setting_row signature_rows[] = {
	{ "alg", read_algorithm,
	    offsetof(struct webhook, signature.algorithm), true },
	{ "key", setting_template_text, offsetof(struct webhook, key), true },
	{ "key_encoding", read_key_encoding,
	    offsetof(struct webhook, signature.is_key_base64), false },
	{ "sign", read_parts, offsetof(struct webhook, signature), false },
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
	{ "nonce", setting_not_yet, 0, false },
	{ "by", setting_not_yet, 0, false },
	{ "cases", setting_not_yet, 0, false },
	{ "claims", setting_not_yet, 0, false },
	{ "algs", setting_not_yet, 0, false },
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
	struct signature_scheme *scheme = target;
	size_t count = reading_list(reading, setting);

	if (count > SIGNATURE_PARTS_MAX) {
		reading_error(reading, setting, "are more than %d parts",
		    SIGNATURE_PARTS_MAX);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		config_setting_t *item = config_setting_get_elem(setting,
		    (unsigned)i);
		const char *word = reading_string(reading, item);

		if (word != NULL &&
		    !signature_part_read(word, &scheme->parts[i]))
			reading_error(reading, item, "\"%.40s\" is no part of "
			    "what may be signed", word);
	}
	scheme->part_count = count;
}

static void
read_signature_source(struct reading *reading, config_setting_t *setting,
    void *target)
{
	const char *word = reading_string(reading, setting);

	if (word != NULL && !signature_source_read(word, target))
		reading_error(reading, setting, "must be \"header:NAME\", "
		    "\"query:NAME\" or \"field:NAME\"");
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
	    scheme->algorithm == SIGNATURE_BASIC;
	bool is_hash = scheme->algorithm == SIGNATURE_MD5 ||
	    scheme->algorithm == SIGNATURE_SHA1 ||
	    scheme->algorithm == SIGNATURE_SHA256 ||
	    scheme->algorithm == SIGNATURE_SHA512;
	bool has_secret = false, has_time = false;

	for (size_t i = 0; i < scheme->part_count; i++) {
		has_secret |= scheme->parts[i].kind == PART_SECRET;
		has_time |= scheme->parts[i].kind == PART_TIME;
	}
	if (is_compared && scheme->part_count > 0)
		reading_error(reading, setting, "%s signs nothing: no sign",
		    signature_algorithm_names[scheme->algorithm]);
	if (!is_compared && scheme->part_count == 0)
		reading_error(reading, setting, "sign is missing");
	if (is_hash && !has_secret)
		reading_error(reading, setting, "anybody can make a plain "
		    "hash: sign needs \"secret\"");
	if (has_time && scheme->time.place == PLACE_NONE)
		reading_error(reading, setting,
		    "sign has \"time\", but time does not say where it is");
	if (scheme->time.place != PLACE_NONE && !has_time)
		reading_error(reading, setting, "time means nothing unless "
		    "\"time\" is signed");
	if (scheme->tolerance_s > 0 && scheme->time.place == PLACE_NONE)
		reading_error(reading, setting, "tolerance needs time");
	if (scheme->algorithm == SIGNATURE_ED25519 &&
	    scheme->encoding != SIGNATURE_BASE64)
		reading_error(reading, setting,
		    "ed25519 comes with encode = \"base64\"");
	if (webhook->key != NULL && !template_has_holes(webhook->key))
		reading_error(reading, setting,
		    "key must be a secret: key = \"${token}\"");
}
