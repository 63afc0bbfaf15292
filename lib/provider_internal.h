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

enum auth_kind { AUTH_NONE, AUTH_BASIC, AUTH_BEARER, AUTH_HEADER };

struct auth {
	enum auth_kind kind;
	struct template *user, *password;       /* basic */
	struct template *token;                 /* bearer */
	const char *header;                     /* header: its name */
	struct template *value;
};

/* A value somewhere matches a pattern with * and ?; "" matches what is missing. */
enum place {
	PLACE_IN_FORM,          /* "CallSid" */
	PLACE_IN_QUERY,         /* "query:q" */
	PLACE_IN_PATH,          /* "path": of the URL, without the query */
	PLACE_IN_JSON           /* "/data/id": a JSON pointer */
};

struct source {
	enum place place;
	const char *name;       /* NULL: there is no such source */
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
	enum call_outcome outcome;
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
	const char **invalid_codes;     /* of a number that is not to be tried again */
	size_t invalid_code_count;
};

struct operation {
	bool is_there;
	const char *method;
	struct template *base, *path;   /* base NULL: the provider's */
	struct pairs query, form, headers;
	struct template *json;
	struct auth auth;
	bool has_auth;                  /* false: the provider's */

	const char *id, *state;         /* JSON pointers into the answer, or NULL */
	struct conditions ok_if;
	int *gone;                      /* statuses */
	size_t gone_count;

	const char *items, *token, *next;  /* find */
};

struct event_rule {
	struct conditions when;
	const char *question;           /* NULL: news, not a question */
	bool is_customer_leg;
	struct source id, leg_id, state, order, seconds, cause, digits;
	struct source amd, recording;
	struct { const char *word; enum machine machine; } *machines;
	size_t machine_count;
	struct state_map map;           /* empty: the provider's states */
	bool has_map;
	struct { const char *word; enum call_outcome outcome; } *causes;
	size_t cause_count;             /* what the cause makes of an end without answer */
};

enum webhook_body { WEBHOOK_FORM, WEBHOOK_JSON, WEBHOOK_QUERY };

struct webhook {
	bool is_there;
	enum webhook_body body;
	struct signature_scheme signature;
	struct template *key;
	struct source *required;
	size_t required_count;
	struct event_rule *events;
	size_t event_count;
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
	struct language *languages;     /* lang is rendered as the provider writes it */
	size_t language_count;
	struct state_map states;
	struct operation operations[PROVIDER_OPERATION_COUNT];
	struct error_rule *errors;
	size_t error_count;
	struct webhook webhook;
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

/* "query:NAME", "path", "/json/pointer", or a field's name; the text is
 * borrowed. */
struct source provider_source(const char *text);

/* Pattern with "*" and "?". */
bool provider_glob(const char *pattern, const char *text);

/* The scalar a JSON pointer leads to, as text; false: none, null, or too long.
 * true and false are "true" and "false". */
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
