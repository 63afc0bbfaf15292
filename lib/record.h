/* SPDX-License-Identifier: MIT */
/*
 * record: how the core's structs become Redis hashes and back. One table of
 * fields per kind of record; reading, writing and comparing all walk it.
 *
 * Every hash is meant to be read by a person with HGETALL. A value is at most
 * 64 bytes (one longer value doubles the memory of the whole hash); the only
 * exception is a provider's call id, whose length is the provider's choice.
 */
#ifndef CALLBACKD_LIB_RECORD_H
#define CALLBACKD_LIB_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/policy.h"

enum {
	REQUEST_ID_SIZE = 24,
	OP_SIZE = 24,
	NUMBER_SIZE = 8,        /* spoken number of a case: 4 to 6 digits */
	MESSAGE_ID_SIZE = 56,   /* "R.unreachable.12", "staff.provider_down.1795448760000.3" */
	SITE_ID_SIZE = 65,      /* a website's id: 8 to 64 characters */
	SID_SIZE = 128,         /* a provider's call id */
	REMEMBERED_SIZE = 256,  /* what a provider gave a call for later requests */
	REASON_SIZE = 32,
	KEY_SIZE = 112,         /* longest key below the site prefix */
	VALUE_SIZE = 256,       /* one field as text */
	RECORD_FIELDS_MAX = 80, /* fields of one record */
	RECORD_FORMAT = 1,      /* `fmt`: a newer one is left alone */
};

enum record_kind {
	RECORD_NONE,
	RECORD_REQUEST,
	RECORD_CALL,
	RECORD_SPECIALIST,
	RECORD_CASE,
	RECORD_MESSAGE,
	RECORD_COUNT
};

struct record_ref {
	enum record_kind kind;
	char id[MESSAGE_ID_SIZE];  /* of a call: its request */
	int  n;                 /* of a call: its number, from 1 */
};

/* What every record begins with. */
struct record {
	int64_t version;        /* `v`: 0: does not exist yet */
	int64_t wake_at_ms;     /* next instant something must happen; 0: never */
	char    op[OP_SIZE];    /* the operation that wrote this version */
};

enum field_type {
	FIELD_TEXT,             /* char[size] */
	FIELD_INT,              /* int */
	FIELD_MOMENT,           /* int64_t, Unix milliseconds or a duration */
	FIELD_BOOL,
	FIELD_ENUM,             /* an int-sized enum with names */
	FIELD_OFFER,            /* struct offer */
	FIELD_DECLINED,         /* struct declined */
	FIELD_SKILL,            /* struct skill */
	FIELD_DUTY,             /* struct duty */
};

struct field {
	const char *name;  size_t name_length;
	enum field_type type;
	size_t offset, size;    /* size: of a text, including its end */
	const char *const *names;  size_t name_count;  /* of an enum */
};

struct field_table {
	enum record_kind kind;
	const struct field *fields;  size_t count;
	size_t struct_size;
};

/* One Redis hash field as it came; not necessarily terminated. */
struct pair {
	const char *name;   size_t name_length;
	const char *value;  size_t value_length;
};

const struct field_table *record_fields(enum record_kind kind);

/* Fills the struct from hash pairs. Unknown names are left alone (a newer
 * version may have written them). False: a value cannot be read; ret_why names
 * it (static text) and the struct is undefined. */
bool record_from_pairs(enum record_kind kind, const struct pair *pairs, size_t count,
    void *ret_record, const char **ret_why);

/* The field as Redis text; at most VALUE_SIZE bytes with the end. */
void record_field_text(const struct field *field, const void *record, char *ret_text);
bool record_field_equal(const struct field *field, const void *a, const void *b);

/* The key below the site prefix: "request:R", "call:R.n", "specialist:S", "case:N",
 * "message:M". */
void record_key(const struct record_ref *ref, char ret_key[KEY_SIZE]);
/* The opposite; false: not a record's key. */
bool record_ref_parse(const char *key, size_t length, struct record_ref *ret_ref);
struct record_ref record_ref_request(const char *id);
struct record_ref record_ref_call(const char *request, int n);
struct record_ref record_ref_specialist(const char *id);
struct record_ref record_ref_case(const char *number);
struct record_ref record_ref_message(const char *id);
bool record_ref_equal(const struct record_ref *a, const struct record_ref *b);

#endif
