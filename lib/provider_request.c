/* SPDX-License-Identifier: MIT */
/*
 * provider_request: from values to the request that is sent, and to the flow
 * that is served. Both may hold secrets: they are for the wire, not for a log.
 */
#include "lib/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "lib/provider_internal.h"

enum {
	URL_MAX = 8 * 1024,
	HEADER_MAX = 4 * 1024,
	HEADERS_MAX = 24,
	CREDENTIALS_MAX = 512,          /* bytes of "user:password" */
};

/* One request under way. */
struct building {
	const struct operation *operation;
	struct provider_scope scope;
	struct provider_request *request;
	const char *error;
};

static bool build_url(struct building *building);
static bool build_headers(struct building *building);
static bool build_body(struct building *building);
static bool add_auth(struct building *building, const struct auth *auth);
static bool add_header(struct building *building, const char *name,
    const char *prefix, const char *value);
static bool add_pairs(struct building *building, const struct pairs *pairs,
    struct output *output);
static bool is_wanted(const struct building *building,
    const struct pair *pair);
static bool render(struct building *building, const struct template *text,
    struct output *output);
static bool fail(struct building *building, const char *error);

bool
provider_request_build(const struct provider *provider,
    enum provider_operation operation, const struct provider_values *values,
    struct provider_request *ret_request, const char **ret_error)
{
	struct provider_request request = { .url = NULL };
	struct building building = {
		.operation = &provider->operations[operation],
		.scope = { provider, values, false },
		.request = &request,
	};

	CHECK(building.operation->is_there);
	snprintf(request.method, sizeof(request.method), "%s",
	    building.operation->method);
	request.headers = calloc(HEADERS_MAX, sizeof(*request.headers));
	CHECK(request.headers != NULL);
	if (!build_url(&building) || !build_body(&building) ||
	    !build_headers(&building)) {
		*ret_error = building.error;
		provider_request_fini(&request);
		return false;
	}
	*ret_request = request;
	return true;
}

void
provider_request_fini(struct provider_request *request)
{
	for (size_t i = 0; i < request->header_count; i++)
		free(request->headers[i]);
	free(request->headers);
	free(request->url);
	free(request->body);
	*request = (struct provider_request){ .url = NULL };
}

static bool
build_url(struct building *building)
{
	const struct operation *operation = building->operation;
	const struct provider *provider = building->scope.provider;
	const char *base = provider_lookup(&building->scope, "base");
	struct output url = { .max = URL_MAX };
	bool is_built;

	if (operation->base != NULL)
		is_built = render(building, operation->base, &url);
	else if (base != NULL)
		is_built = output_add_text(&url, base) ||
		    fail(building, "the address is too long");
	else
		is_built = render(building, provider->base, &url);
	while (is_built && url.length > 0 && url.text[url.length - 1] == '/')
		url.length--;
	if (is_built)
		is_built = render(building, operation->path, &url);
	if (is_built && operation->query.count > 0)
		is_built = (output_add_text(&url, "?") &&
		    add_pairs(building, &operation->query, &url)) ||
		    fail(building, "the address is too long");
	if (is_built && strncmp(url.text, "https://", 8) != 0 &&
	    strncmp(url.text, "http://", 7) != 0)
		is_built = fail(building,
		    "the address begins with neither https:// nor http://");
	for (const char *at = url.text; is_built && *at != '\0'; at++)
		if ((unsigned char)*at <= ' ' || *at == '\x7f')
			is_built = fail(building,
			    "the address has a space or a control character");
	building->request->url = url.text;
	return is_built;
}

static bool
build_body(struct building *building)
{
	const struct operation *operation = building->operation;
	struct output body = { .max = PROVIDER_BODY_MAX };
	bool is_built = true;

	if (operation->json != NULL)
		is_built = render(building, operation->json, &body);
	else if (operation->form.count > 0)
		is_built = add_pairs(building, &operation->form, &body);
	else
		CHECK(output_add_text(&body, ""));
	building->request->body = body.text;
	building->request->body_length = body.length;
	return is_built;
}

static bool
build_headers(struct building *building)
{
	const struct operation *operation = building->operation;
	bool is_built = add_auth(building, operation->has_auth ?
	    &operation->auth : &building->scope.provider->auth);

	if (is_built && operation->json != NULL)
		is_built = add_header(building, "Content-Type", "",
		    "application/json");
	else if (is_built && operation->form.count > 0)
		is_built = add_header(building, "Content-Type", "",
		    "application/x-www-form-urlencoded");
	for (size_t i = 0; is_built && i < operation->headers.count; i++) {
		const struct pair *pair = &operation->headers.items[i];
		struct output value = { .max = HEADER_MAX };

		if (!is_wanted(building, pair))
			continue;
		is_built = render(building, pair->value, &value) &&
		    add_header(building, pair->name, "", value.text != NULL ?
		    value.text : "");
		output_fini(&value);
	}
	return is_built;
}

static bool
add_auth(struct building *building, const struct auth *auth)
{
	struct output text = { .max = CREDENTIALS_MAX };
	char encoded[4 * CREDENTIALS_MAX / 3 + 8];
	bool is_added = true;

	switch (auth->kind) {
	case AUTH_NONE:
		break;
	case AUTH_BASIC:
		is_added = render(building, auth->user, &text) &&
		    output_add(&text, ":", 1) &&
		    render(building, auth->password, &text);
		if (!is_added)
			break;
		EVP_EncodeBlock((unsigned char *)encoded,
		    (unsigned char *)text.text, (int)text.length);
		is_added = add_header(building, "Authorization", "Basic ",
		    encoded);
		break;
	case AUTH_BEARER:
		is_added = render(building, auth->token, &text) &&
		    add_header(building, "Authorization", "Bearer ",
		    text.text != NULL ? text.text : "");
		break;
	case AUTH_HEADER:
		is_added = render(building, auth->value, &text) &&
		    add_header(building, auth->header, "",
		    text.text != NULL ? text.text : "");
		break;
	}
	if (!is_added && building->error == NULL)
		building->error = "the credentials are too long";
	output_fini(&text);
	return is_added;
}

static bool
add_header(struct building *building, const char *name, const char *prefix,
    const char *value)
{
	struct provider_request *request = building->request;
	size_t size = strlen(name) + strlen(prefix) + strlen(value) + 3;
	char *line;

	/* A line break would end the header and begin another. */
	for (const char *at = value; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == '\x7f')
			return fail(building,
			    "a header's value has a control character");
	if (request->header_count == HEADERS_MAX)
		return fail(building, "too many headers");
	line = malloc(size);
	CHECK(line != NULL);
	snprintf(line, size, "%s: %s%s", name, prefix, value);
	request->headers[request->header_count++] = line;
	return true;
}

static bool
add_pairs(struct building *building, const struct pairs *pairs,
    struct output *output)
{
	bool is_first = true;

	for (size_t i = 0; i < pairs->count; i++) {
		const struct pair *pair = &pairs->items[i];

		if (!is_wanted(building, pair))
			continue;
		if ((!is_first && !output_add(output, "&", 1)) ||
		    !output_add_encoded(output, pair->name) ||
		    !output_add(output, "=", 1))
			return fail(building, "the request is too long");
		if (!render(building, pair->value, output))
			return false;
		is_first = false;
	}
	return output_add_text(output, "");
}

static bool
is_wanted(const struct building *building, const struct pair *pair)
{
	const char *value = pair->only_with == NULL ? "" :
	    provider_lookup(&building->scope, pair->only_with);

	return pair->only_with == NULL || (value != NULL && value[0] != '\0');
}

/* Also when it renders to nothing there is a text then. */
static bool
render(struct building *building, const struct template *text,
    struct output *output)
{
	struct template_error error;

	if (!template_render(text, provider_lookup, &building->scope, output,
	        &error))
		return fail(building, error.text);
	return output_add_text(output, "");
}

/* The first error is the cause. */
static bool
fail(struct building *building, const char *error)
{
	if (building->error == NULL)
		building->error = error;
	return false;
}

bool
provider_serves(const struct provider *provider, enum flow flow)
{
	return provider->flows.texts[flow].count > 0;
}

bool
provider_flow(const struct provider *provider, enum flow flow,
    const struct provider_values *values, char **ret_body,
    const char **ret_type)
{
	const struct flow_text *text = &provider->flows.texts[flow];
	const struct provider_scope scope = { provider, values, false };
	struct output body = { .max = PROVIDER_BODY_MAX };
	struct template_error error;
	bool is_made = text->count > 0;

	for (size_t i = 0; is_made && i < text->count; i++) {
		const struct flow_part *part = &text->parts[i];

		if (part->only_with == NULL ||
		    provider_values_get(values, part->only_with)[0] != '\0')
			is_made = template_render(part->text, provider_lookup,
			    &scope, &body, &error);
	}
	if (!is_made || !output_add_text(&body, "")) {
		output_fini(&body);
		return false;
	}
	*ret_body = body.text;
	*ret_type = provider->flows.type;
	return true;
}
