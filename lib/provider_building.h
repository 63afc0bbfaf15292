/* SPDX-License-Identifier: MIT */
/*
 * Between provider_request, which puts a request together, and provider_auth,
 * which adds the credentials. Credentials in the address or body are there
 * before those of a header, which may sign both.
 */
#ifndef CALLBACKD_LIB_PROVIDER_BUILDING_H
#define CALLBACKD_LIB_PROVIDER_BUILDING_H

#include "lib/provider_internal.h"

enum { HEADER_MAX = 8 * 1024 };

/* One request under way. */
struct building {
	const struct operation *operation;
	struct provider_scope scope;
	struct provider_request *request;
	struct output url, body;
	const char *signature;          /* a value while it is being written, or NULL */
	char **texts;                   /* the provider's named texts, once rendered; owned */
	const char *error;
};

/* A template_lookup; the context is a struct building. */
const char *building_lookup(const void *context, const char *name);

/* Adds the rendered text; a text is there then even when it is empty. */
bool building_render(struct building *building, const struct template *text,
    struct output *output);

bool building_add_header(struct building *building, const char *name,
    const char *prefix, const char *value);

/* Adds "name=value", both encoded, behind what is there. */
bool building_add_field(struct building *building, struct output *output,
    const char *name, const char *value, const char *separator);

/* Keeps the first error: it is the cause. Always false. */
bool building_fail(struct building *building, const char *error);

/* In provider_auth: fields of the address and body, then headers. */
bool building_add_auth_fields(struct building *building,
    const struct auth *auth);
bool building_add_auth_header(struct building *building,
    const struct auth *auth);

#endif
