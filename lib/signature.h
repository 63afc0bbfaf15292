/* SPDX-License-Identifier: MIT */
/*
 * signature: is a webhook from the provider, and as the provider sent it? A
 * scheme is data: which bytes are signed, how, and where the result is found.
 *
 * Works on the raw bytes that came. Never says what a webhook means, and never
 * repairs one.
 */
#ifndef CALLBACKD_LIB_SIGNATURE_H
#define CALLBACKD_LIB_SIGNATURE_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/check.h"
#include "lib/fields.h"

enum {
	SIGNATURE_PARTS_MAX = 12,
	SIGNATURE_NAME_SIZE = 64,
};

struct webhook_input;

enum signature_algorithm {
	SIGNATURE_HMAC_SHA1,
	SIGNATURE_HMAC_SHA256,
	SIGNATURE_HMAC_SHA512,
	SIGNATURE_MD5,          /* the plain hashes: one of the parts is a secret */
	SIGNATURE_SHA1,
	SIGNATURE_SHA256,
	SIGNATURE_SHA512,
	SIGNATURE_ED25519,      /* the key is public: 32 bytes */
	SIGNATURE_SHARED,       /* the key itself comes along */
	SIGNATURE_BASIC,        /* HTTP Basic; the key is "user:password" */
	SIGNATURE_ALGORITHM_COUNT
};
extern const char *const signature_algorithm_names[SIGNATURE_ALGORITHM_COUNT];

enum signature_encoding {
	SIGNATURE_HEX,          /* upper or lower case */
	SIGNATURE_BASE64,
	SIGNATURE_BASE64_OF_HEX,
	SIGNATURE_ENCODING_COUNT
};
extern const char *const signature_encoding_names[SIGNATURE_ENCODING_COUNT];

/* Where something is found: "header:NAME", "query:NAME", "field:NAME". */
enum signature_place { PLACE_NONE, PLACE_HEADER, PLACE_QUERY, PLACE_FIELD };

struct signature_source {
	enum signature_place place;
	char name[SIGNATURE_NAME_SIZE];
	regex_t *match;         /* owned; its first group is the value; NULL: all of it */
};

/* What is signed, piece by piece. */
enum signature_part_kind {
	PART_URL,               /* "url": as the provider was given it, without "#..." */
	PART_URL_BASE,          /* "url-base": without the query */
	PART_PATH,              /* "path": path and query */
	PART_METHOD,
	PART_BODY,              /* raw */
	PART_TIME,              /* "time": what the source of the time says */
	PART_SECRET,            /* "secret": the key */
	PART_FORM_SORTED_DEDUP, /* name and value by byte order, equal pairs once (Twilio) */
	PART_FORM_SORTED_STABLE,  /* by name; equal names in the order sent (SignalWire) */
	PART_KIND_COUNT,        /* those above are named by signature_part_names */
	PART_LITERAL,           /* "=text" */
	PART_HEADER,            /* "header:NAME" */
	PART_FIELD              /* "field:NAME" */
};
extern const char *const signature_part_names[PART_KIND_COUNT];

struct signature_part {
	enum signature_part_kind kind;
	char text[SIGNATURE_NAME_SIZE];  /* of the last three */
};

struct signature_scheme {
	enum signature_algorithm algorithm;
	enum signature_encoding encoding;
	struct signature_part parts[SIGNATURE_PARTS_MAX];
	size_t part_count;
	struct signature_source from;    /* the signature */
	struct signature_source time;    /* Unix seconds; PLACE_NONE: none */
	int64_t tolerance_s;             /* either way; 0: any time */
	bool is_list;                    /* several, with commas: one must fit */
	bool is_key_base64;
	bool has_any_port;               /* the port may be signed or not (Twilio) */
	char body_hash_query[SIGNATURE_NAME_SIZE];  /* "": none. Query field with the
	                                  * hex SHA-256 of the body, which then is no
	                                  * form (Twilio) */
};

/* Reads one word of the list; false: there is no such part. */
bool signature_part_read(const char *word, struct signature_part *ret_part)
    MUST_USE;

/* Reads "header:NAME" and the like; the match stays NULL. */
bool signature_source_read(const char *word,
    struct signature_source *ret_source) MUST_USE;

/* Does the scheme say what a name that comes twice means? */
bool signature_allows_twins(const struct signature_scheme *scheme);

/*
 * True: signed with this key. form and query are those of the input, decoded.
 * False: *ret_reason is static text.
 */
bool signature_verify(const struct signature_scheme *scheme,
    const struct webhook_input *input, const struct fields *form,
    const struct fields *query, const char *key, int64_t now_ms,
    const char **ret_reason) MUST_USE;

/* Frees what the scheme owns. */
void signature_scheme_fini(struct signature_scheme *scheme);

#endif
