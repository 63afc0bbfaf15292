/* SPDX-License-Identifier: MIT */
/*
 * Between the files of provider: what a provider file has become. Everything is
 * owned by the provider and freed with it; nothing is changed after reading.
 */
#ifndef CALLBACKD_LIB_PROVIDER_INTERNAL_H
#define CALLBACKD_LIB_PROVIDER_INTERNAL_H

#include <jansson.h>

#include "lib/fields.h"
#include "lib/provider.h"
#include "lib/signature.h"
#include "lib/template.h"

enum { PROVIDER_SECRETS_MAX = 16 };

/* ("StartTime>", "${since_ms|time:%F}", "since_ms"): the third is a value that
 * must be given, or the pair is left out; NULL: always there. */
struct pair {
	const char *name;
	struct template *value;
	const char *only_with;
};

struct pairs {
	struct pair *items;
	size_t count;
};

enum auth_kind {
	AUTH_NONE, AUTH_BASIC, AUTH_BEARER, AUTH_HEADER, AUTH_QUERY, AUTH_FORM,
	AUTH_JWT, AUTH_SIGNED
};

/* What a signed request is signed over, piece by piece. */
enum sign_kind {
	SIGN_PATH,              /* "path": without the query */
	SIGN_URL,
	SIGN_METHOD,
	SIGN_BODY,
	SIGN_TIME,              /* "time": Unix seconds */
	SIGN_QUERY_SORTED,      /* "params-sorted-query": query and form by name, RFC 1738 */
	SIGN_QUERY_SORTED_MD5,  /* "params-sorted-query-md5-hex" */
	SIGN_KIND_COUNT,        /* those above are named by sign_kind_names */
	SIGN_LITERAL,           /* "=${key}" */
	SIGN_FIELD              /* "field:NAME": of the query or form, as rendered */
};
extern const char *const sign_kind_names[SIGN_KIND_COUNT];

struct sign_part {
	enum sign_kind kind;
	struct template *literal;
	const char *field;
};

struct auth {
	enum auth_kind kind;
	struct template *user, *password;       /* basic */
	struct template *token;                 /* bearer */
	const char *header;                     /* header, signed: its name */
	const char *field;                      /* query, form, signed: its name */
	struct template *value;                 /* of the header or field */
	struct template *key;                   /* jwt, signed */
	bool is_hs256;                          /* jwt; else RS256 */
	int ttl_s, back_s;
	struct pairs claims, head;
	enum signature_algorithm algorithm;     /* signed */
	enum signature_encoding encoding;
	struct sign_part *parts;
	size_t part_count;
};

/* A text of the file's own, with a name: an XML or JSON document that is a value
 * of something else. */
struct named_text {
	const char *name;
	bool is_json;
	struct template *text;
};

/* A value somewhere matches a pattern with * and ?; "" matches what is missing. */
enum place {
	PLACE_IN_FORM,          /* "CallSid" */
	PLACE_IN_QUERY,         /* "query:q" */
	PLACE_IN_PATH,          /* "path": of the URL, without the query */
	PLACE_IN_JSON,          /* "/data/id": a JSON pointer */
	PLACE_IN_HEADER,        /* "header:X-Event" */
	PLACE_IN_LINE           /* "line:1": of a record that is lines of text */
};

/* "/data/client_state|unbase64": what is done to a value before it is used. */
enum source_filter {
	SOURCE_PLAIN,
	SOURCE_UNBASE64,
	SOURCE_UNURLENCODE,     /* FreeSWITCH's percent signs inside JSON */
	SOURCE_E164,            /* digits get their "+" */
	SOURCE_FILTER_COUNT
};
extern const char *const source_filter_names[SOURCE_FILTER_COUNT];

struct source {
	enum place place;
	const char *name;       /* NULL: there is no such source */
	enum source_filter filter;
	int line;               /* of PLACE_IN_LINE, from 1 */
};

struct condition {
	struct source source;
	const char *pattern;
};

struct conditions {
	struct condition *items;
	size_t count;
};

/* What a provider's word means. */
struct meaning {
	bool is_ignored;
	enum call_progress progress;
	bool is_customer_over;
	bool is_agent_over;     /* over, and the customer was never rung */
	enum call_outcome outcome;
	enum message_progress message;  /* of a message; the others are then unset */
};

struct state_word {
	const char *word;       /* pattern */
	struct meaning meaning;
};

struct state_map {
	struct state_word *items;
	size_t count;
};

enum executed { EXECUTED_NO, EXECUTED_FINAL, EXECUTED_MAYBE, EXECUTED_YES };

struct status_range {
	int from, to;           /* 0 to 0: no answer at all ("none") */
};

struct error_rule {
	struct status_range statuses[8];
	size_t status_count;
	struct conditions match;
	enum executed executed;
	const char *code, *text;        /* JSON pointers, or NULL */
	int wait_s;
	const char *wait;               /* pointer to seconds, or NULL */
	bool is_wait_in_header;
	bool has_set;                   /* of CALL only: the call was placed, and its */
	struct meaning set;             /* specialist was not reached */
	bool is_alarm;                  /* staff must see to it, whatever the code */
	const char **alarm_codes;       /* or with one of these */
	size_t alarm_code_count;
	const char **invalid_codes;     /* of a number that is not to be tried again */
	size_t invalid_code_count;
	const char **unsubscribed_codes;  /* of who told the provider that they want no messages */
	size_t unsubscribed_code_count;
};

enum answer_kind { ANSWER_JSON, ANSWER_TEXT };

/* A field of a listed call must be this number. */
struct number_match {
	const char *pointer, *value;    /* "/to", "agent" */
};

struct merge {
	const char *only_with;
	struct template *json;
};

struct operation {
	bool is_there;
	const char *method;
	struct template *base, *path;   /* base NULL: the provider's */
	struct template *url;           /* instead of both: the provider gave it */
	const char **allow_hosts;       /* of url: "host" or "*.suffix" */
	size_t allow_host_count;
	struct pairs query, form, headers;
	struct template *json;
	struct merge *merges;           /* json_if */
	size_t merge_count;
	struct template *text;          /* a body of another type */
	const char *type;
	struct auth auth;
	bool has_auth;                  /* false: the provider's */
	enum fence fence;
	bool has_fence;                 /* false: the provider's */
	int64_t timeout_ms;             /* 0: the provider's */

	enum answer_kind answer;
	const char *id, *state;         /* JSON pointers into the answer, or NULL */
	const char *price, *currency;   /* and to what it has cost */
	struct conditions ok_if;
	int *gone;                      /* statuses */
	size_t gone_count;
	struct conditions gone_if;      /* of the answer, with any status */
	const char *remember;           /* pointer to what is provider->remembered */
	const char *news;               /* result: pointer to what a webhook would say */

	/* find */
	const char *items, *token, *next;
	struct number_match *numbers;
	size_t number_count;
	const char *time;
	bool is_ended_only;             /* a call that is going on is not in the list */
	int64_t window_ms;
};

/* The outcome of an end, from a second word about it. */
struct cause_word {
	struct source source;
	const char *word;       /* pattern */
	enum call_outcome outcome;
};

struct machine_word {
	const char *word;       /* pattern */
	enum machine machine;
};

enum event_about {
	ABOUT_CALL, ABOUT_MESSAGE, ABOUT_INBOUND_MESSAGE, ABOUT_INBOUND_CALL,
	ABOUT_COUNT
};

struct event_rule {
	struct conditions when;
	enum event_about about;
	const char *question;           /* NULL: news, not a question */
	bool is_customer_leg;
	struct source id, also, leg_id, job, customer, state, order, time, seconds,
	    milliseconds, cause, digits, amd, recording, from, to, text, error;
	struct state_map map;           /* empty: the provider's states */
	bool has_map;
	bool has_set;
	struct meaning set;             /* what it means, without a word for it */
	struct cause_word *causes;      /* by how far they are trusted */
	size_t cause_count;
	struct machine_word *machines;
	size_t machine_count;
	struct webhook_reply reply;     /* status 0: the webhook's */
};

enum webhook_body {
	WEBHOOK_FORM, WEBHOOK_JSON, WEBHOOK_QUERY,
	WEBHOOK_FORM_JSON               /* "form-json:FIELD" */
};

enum webhook_records {
	RECORDS_ONE,
	RECORDS_JSON,                   /* an array; each is then what "/…" begins at */
	RECORDS_LINES                   /* "data[N]": fields of lines */
};

struct webhook {
	bool is_there;
	enum webhook_body body;
	const char *json_field;         /* of WEBHOOK_FORM_JSON */
	struct signature_scheme signature;
	struct template *key, *key_id;
	const char *challenge;          /* a query field that is answered as it is, or NULL */
	enum webhook_records records;
	const char *records_name;       /* pointer, or the name before "[N]" */
	const char *dedup;              /* a JSON pointer, or NULL */
	bool is_advisory;
	struct source *required;
	size_t required_count;
	struct event_rule *events;
	size_t event_count;
	struct webhook_reply reply;
};

struct language {
	const char *ours, *theirs;      /* "ru", "ru-RU" */
};

/* A flow is one text, or several of which some are there only with a value. */
struct flow_part {
	struct template *text;
	const char *only_with;          /* NULL: always there */
};

struct flow_text {
	struct flow_part *parts;
	size_t count;                   /* 0: there is no such flow */
};

struct flows {
	const char *type;
	enum template_kind kind;
	struct flow_text texts[FLOW_COUNT];
};

struct provider {
	const char *name;
	struct template *base;
	enum fence fence;
	unsigned abilities;             /* a bit for each enum provider_ability */
	enum provider_tested tested;
	const char *secrets[PROVIDER_SECRETS_MAX];
	size_t secret_count;
	struct auth auth;
	struct provider_limits limits;
	struct named_text *texts;       /* each may use those before it */
	size_t text_count;
	struct template *call_id;       /* of a call, where we choose it; or NULL */
	const char *remembered;         /* name of the value a call keeps, or NULL */
	const char *wait_header;        /* where answers say how long to wait, or NULL */
	struct language *languages;     /* lang is rendered as the provider writes it */
	size_t language_count;
	struct state_map states, sms_states;  /* of calls; of messages */
	struct operation operations[PROVIDER_OPERATION_COUNT];
	struct error_rule *errors;
	size_t error_count;
	struct webhook webhook;
	struct webhook message_webhook; /* of addresses of messages */
	struct flows flows;

	/* everything above that was allocated */
	void **blocks;
	size_t block_count;
	struct template **templates;
	size_t template_count;
};

/* Zeroed memory that lives as long as the provider. */
void *provider_own(struct provider *provider, size_t size);
void provider_own_template(struct provider *provider, struct template *owned);

/* Values of a rendering: what the caller gave, with the provider's languages.
 * is_previous: the older of two secrets is taken where there are two. */
struct provider_scope {
	const struct provider *provider;
	const struct provider_values *values;
	bool is_previous;
};

/* A template_lookup; the context is a struct provider_scope. */
const char *provider_lookup(const void *context, const char *name);

/* Is it one of the names that provider.h lists? */
bool provider_knows_value(const char *name);

/* Renders with nothing before it; NULL: ret_error says why not. The caller
 * frees. */
char *provider_render(const struct template *text,
    const struct provider_scope *scope, size_t max, size_t *ret_length,
    const char **ret_error);

/* An answer as JSON: a text becomes { "text": its first 1024 bytes, "words": [ the
 * first eight ] }. NULL: not to be read. */
json_t *provider_answer_root(const struct operation *operation,
    const char *body, size_t length);

/* "query:NAME", "header:NAME", "line:N", "path", "/json/pointer", or a field's
 * name; the text is borrowed. */
struct source provider_source(const char *text);

/* Pattern with "*" and "?". */
bool provider_glob(const char *pattern, const char *text);

/* The scalar a JSON pointer leads to, as text; false: none, null, or too long.
 * true and false are "true" and "false". Beyond RFC 6901 "*" is the only member
 * of an object or array that has one. */
bool provider_json_text(const json_t *root, const char *pointer,
    char *ret_text, size_t size);
/* The same for people: what is too long is cut at a character. */
void provider_json_text_cut(const json_t *root, const char *pointer,
    char *ret_text, size_t size);
const json_t *provider_json_at(const json_t *root, const char *pointer);

/* Do all conditions hold in a JSON answer? */
bool provider_json_matches(const struct conditions *conditions,
    const json_t *root);

/* Fit to be kept and shown as the id of a call: printable ASCII, not too long. */
bool provider_is_id(const char *text);

/* NULL: the word is unknown. */
const struct meaning *provider_meaning(const struct state_map *map,
    const char *word);

#endif
