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
	SIGNATURE_CASES_MAX = 12,
	SIGNATURE_CLAIMS_MAX = 6,
	SIGNATURE_NAME_SIZE = 64,
	SIGNATURE_NONCE_SIZE = 128,
};

struct webhook_input;

enum signature_algorithm {
	SIGNATURE_HMAC_MD5,
	SIGNATURE_HMAC_SHA1,
	SIGNATURE_HMAC_SHA256,
	SIGNATURE_HMAC_SHA512,
	SIGNATURE_MD5,          /* the plain hashes: one of the parts is a secret */
	SIGNATURE_SHA1,
	SIGNATURE_SHA256,
	SIGNATURE_SHA512,
	SIGNATURE_ED25519,      /* the key is public: 32 bytes */
	SIGNATURE_JWT,          /* a token that may name hashes of body and URL */
	SIGNATURE_SHARED,       /* the key itself comes along */
	SIGNATURE_BEARER,       /* the same, as "Bearer KEY" */
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

/* Where something is found: "header:NAME", "query:NAME", "field:NAME" (of the
 * form; with GET, of the query), "claim:NAME" (of the token). */
enum signature_place {
	PLACE_NONE, PLACE_HEADER, PLACE_QUERY, PLACE_FIELD, PLACE_CLAIM
};

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
	PART_BODY_MD5_BASE64,   /* its hash (Sinch) */
	PART_TIME,              /* "time": what the source of the time says */
	PART_SECRET,            /* "secret": the key */
	PART_KEY_ID,            /* "key-id": the name of the key, no secret (Mango) */
	PART_FORM_SORTED_DEDUP, /* name and value by byte order, equal pairs once (Twilio) */
	PART_FORM_SORTED_STABLE,  /* by name; equal names in the order sent (SignalWire) */
	PART_FORM_SORTED_AMPERSAND,  /* "&name=value" by name, without the signature;
	                         * "&" and "=" in values are "_" (Vonage's SMS) */
	PART_PLIVO3_PARAMS,     /* "?" and the sorted query, the sorted form; Plivo's joints */
	PART_KIND_COUNT,        /* those above are named by signature_part_names */
	PART_LITERAL,           /* "=text" */
	PART_HEADER,            /* "header:NAME" */
	PART_QUERY,             /* "query:NAME" */
	PART_FIELD,             /* "field:NAME" */
	PART_FIELDS_INDEXED     /* "fields-indexed:data": data[0], data[1], … (SMS.ru) */
};
extern const char *const signature_part_names[PART_KIND_COUNT];

struct signature_part {
	enum signature_part_kind kind;
	char text[SIGNATURE_NAME_SIZE];  /* of the last five */
};

struct signature_message {
	struct signature_part parts[SIGNATURE_PARTS_MAX];
	size_t count;
};

/* What a claim of a token must say. */
enum signature_claim_kind {
	CLAIM_BODY_SHA256_HEX,  /* may be missing where there is no body */
	CLAIM_URL_SHA256_HEX,
	CLAIM_KIND_COUNT,       /* those above are named by signature_claim_names */
	CLAIM_LITERAL           /* "=text" */
};
extern const char *const signature_claim_names[CLAIM_KIND_COUNT];

struct signature_claim {
	char name[SIGNATURE_NAME_SIZE];
	enum signature_claim_kind kind;
	char text[SIGNATURE_NAME_SIZE];
};

struct signature_scheme {
	enum signature_algorithm algorithm;
	enum signature_encoding encoding;
	struct signature_message message;
	struct signature_source by;      /* PLACE_NONE: always that message; else
	                                  * what it says chooses one (Zadarma) */
	struct {
		char word[SIGNATURE_NAME_SIZE];
		struct signature_message message;
	} cases[SIGNATURE_CASES_MAX];
	size_t case_count;
	struct signature_source from;    /* the signature */
	struct signature_source time;    /* see instant_read(); PLACE_NONE: none */
	struct signature_source nonce;   /* PLACE_NONE: none */
	int64_t tolerance_s;             /* either way; 0: any time */
	unsigned token_algorithms;       /* of JWT: a bit for each enum jwt_algorithm */
	struct signature_claim claims[SIGNATURE_CLAIMS_MAX];
	size_t claim_count;
	bool is_list;                    /* several, with commas: one must fit */
	bool is_key_base64;
	bool has_any_port;               /* the port may be signed or not (Twilio) */
	char body_hash_query[SIGNATURE_NAME_SIZE];  /* "": none. Query field with the
	                                  * hex SHA-256 of the body, which then is no
	                                  * form (Twilio) */
};

struct signature_result {
	const char *reason;              /* static text; NULL: genuine */
	char nonce[SIGNATURE_NONCE_SIZE];  /* "": none; else it must not come twice
	                                  * within tolerance_s, which only who
	                                  * remembers can tell */
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
 * key_id is NULL where the scheme has none. Always fills ret_result.
 */
bool signature_verify(const struct signature_scheme *scheme,
    const struct webhook_input *input, const struct fields *form,
    const struct fields *query, const char *key, const char *key_id,
    int64_t now_ms, struct signature_result *ret_result) MUST_USE;

/* Frees what the scheme owns. */
void signature_scheme_fini(struct signature_scheme *scheme);

#endif
