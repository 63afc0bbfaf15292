/* SPDX-License-Identifier: MIT */
/*
 * provider_request: from values to the request that is sent, and to the flow
 * that is served. Both may hold secrets: they are for the wire, not for a log.
 */
#include "lib/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/provider_building.h"

enum {
	URL_MAX = 8 * 1024,
	HEADERS_MAX = 24,
};

static bool build_url(struct building *building);
static bool build_own_url(struct building *building);
static bool build_given_url(struct building *building);
static bool host_is_allowed(const struct operation *operation,
    const char *url);
static bool build_next_url(struct building *building, const char *next);
static bool url_is_clean(struct building *building);
static bool build_body(struct building *building);
static bool merge_body(struct building *building);
static void merge(json_t *target, const json_t *patch);
static bool build_headers(struct building *building);
static bool add_pairs(struct building *building, const struct pairs *pairs,
    struct output *output, const char *separator);
static bool is_given(const struct building *building, const char *name);
static void building_fini(struct building *building);

bool
provider_request_build(const struct provider *provider,
    enum provider_operation operation, const struct provider_values *values,
    struct provider_request *ret_request, const char **ret_error)
{
	const struct operation *asked = &provider->operations[operation];
	const struct auth *auth = asked->has_auth ? &asked->auth :
	    &provider->auth;
	struct provider_request request = { .timeout_ms = asked->timeout_ms,
		.wait_header = provider->wait_header };
	struct building building = {
		.operation = asked,
		.scope = { provider, values, false },
		.request = &request,
		.url = { .max = URL_MAX },
		.body = { .max = PROVIDER_BODY_MAX },
	};
	bool is_built;

	CHECK(asked->is_there);
	snprintf(request.method, sizeof(request.method), "%s", asked->method);
	request.headers = calloc(HEADERS_MAX, sizeof(*request.headers));
	building.texts = calloc(provider->text_count + 1,
	    sizeof(*building.texts));
	CHECK(request.headers != NULL && building.texts != NULL);
	is_built = build_url(&building) && build_body(&building) &&
	    building_add_auth_fields(&building, auth) &&
	    url_is_clean(&building) &&
	    building_add_auth_header(&building, auth) &&
	    build_headers(&building);
	request.url = building.url.text;
	request.body = building.body.text;
	request.body_length = building.body.length;
	building_fini(&building);
	if (!is_built) {
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

/* ---- the address */

static bool
build_url(struct building *building)
{
	const char *next = provider_lookup(&building->scope, "next");

	if (building->operation->url != NULL)
		return build_given_url(building);
	if (next != NULL && building->operation->next != NULL)
		return build_next_url(building, next);
	return build_own_url(building);
}

static bool
build_base(struct building *building)
{
	const struct operation *operation = building->operation;
	const char *base = provider_lookup(&building->scope, "base");
	struct output *url = &building->url;
	bool is_built;

	if (operation->base != NULL)
		is_built = building_render(building, operation->base, url);
	else if (base != NULL)
		is_built = output_add_text(url, base) ||
		    building_fail(building, "the address is too long");
	else
		is_built = building_render(building,
		    building->scope.provider->base, url);
	while (is_built && url->length > 0 &&
	    url->text[url->length - 1] == '/')
		url->text[--url->length] = '\0';
	return is_built;
}

static bool
build_own_url(struct building *building)
{
	return build_base(building) && building_render(building,
	    building->operation->path, &building->url) &&
	    add_pairs(building, &building->operation->query, &building->url,
	    "?");
}

/* Our credentials go there, so it must be one of the file's hosts. */
static bool
build_given_url(struct building *building)
{
	const struct operation *operation = building->operation;
	const char *private = provider_lookup(&building->scope, "private");
	struct output *url = &building->url;

	if (!building_render(building, operation->url, url))
		return false;
	if (strncmp(url->text, "https://", 8) != 0 &&
	    (private == NULL || private[0] == '\0'))
		return building_fail(building,
		    "the address that the provider gave is not https");
	if (!host_is_allowed(operation, url->text))
		return building_fail(building, "the address that the provider "
		    "gave is at none of allow_hosts");
	return add_pairs(building, &operation->query, url,
	    strchr(url->text, '?') != NULL ? "&" : "?");
}

/* Only "scheme://host[:port]/..." with a host of letters: everything that a
 * reader of addresses could take for a host otherwise is refused. */
static bool
host_is_allowed(const struct operation *operation, const char *url)
{
	const char *host = strstr(url, "://");
	size_t length;

	if (host == NULL)
		return false;
	host += 3;
	length = strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-");
	if (host[length] != '\0' && strchr("/?:", host[length]) == NULL)
		return false;
	if (host[length] == ':') {
		size_t digits = strspn(host + length + 1, "0123456789");
		char after = host[length + 1 + digits];

		if (after != '\0' && after != '/' && after != '?')
			return false;
	}
	for (size_t i = 0; i < operation->allow_host_count; i++) {
		const char *allowed = operation->allow_hosts[i];
		bool is_suffix = strncmp(allowed, "*.", 2) == 0;
		size_t size = strlen(allowed += is_suffix);

		if (is_suffix ? length > size && memcmp(host + length - size,
		    allowed, size) == 0 : length == size &&
		    memcmp(host, allowed, size) == 0)
			return true;
	}
	return false;
}

/* A path, or an address at the same place as ours. */
static bool
build_next_url(struct building *building, const char *next)
{
	struct output *url = &building->url;
	size_t origin;

	if (!build_base(building))
		return false;
	origin = strcspn(url->text, ":");
	if (strncmp(url->text + origin, "://", 3) == 0)
		origin += 3 + strcspn(url->text + origin + 3, "/?#");
	if (next[0] == '/' && next[1] != '/')
		url->length = origin;
	else if (strncmp(next, url->text, origin) == 0 && origin > 0 &&
	    strchr("/?", next[origin]) != NULL)
		url->length = 0;
	else
		return building_fail(building,
		    "the next page is somewhere else");
	return output_add_text(url, next) ||
	    building_fail(building, "the address is too long");
}

static bool
url_is_clean(struct building *building)
{
	const char *url = building->url.text;

	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return building_fail(building,
		    "the address begins with neither https:// nor http://");
	for (const char *at = url; *at != '\0'; at++)
		if ((unsigned char)*at <= ' ' || *at == '\x7f')
			return building_fail(building,
			    "the address has a space or a control character");
	return true;
}

/* ---- the body */

static bool
build_body(struct building *building)
{
	const struct operation *operation = building->operation;
	struct output *body = &building->body;

	if (operation->json != NULL)
		return building_render(building, operation->json, body) &&
		    merge_body(building);
	if (operation->text != NULL)
		return building_render(building, operation->text, body);
	return add_pairs(building, &operation->form, body, "");
}

/* RFC 7396, each where its value is given. */
static bool
merge_body(struct building *building)
{
	const struct operation *operation = building->operation;
	json_t *root = NULL;
	bool is_merged = true;
	char *text;

	for (size_t i = 0; is_merged && i < operation->merge_count; i++) {
		struct output patch = { .max = PROVIDER_BODY_MAX };
		json_t *read;

		if (!is_given(building, operation->merges[i].only_with))
			continue;
		is_merged = building_render(building,
		    operation->merges[i].json, &patch);
		if (is_merged && root == NULL)
			root = json_loads(building->body.text, 0, NULL);
		read = is_merged ? json_loads(patch.text, 0, NULL) : NULL;
		output_fini(&patch);
		if (json_is_object(root) && json_is_object(read))
			merge(root, read);
		else
			is_merged = building_fail(building,
			    "json and json_if are no objects");
		json_decref(read);
	}
	if (is_merged && root != NULL) {
		text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
		CHECK(text != NULL);
		building->body.length = 0;
		is_merged = output_add_text(&building->body, text) ||
		    building_fail(building, "the request is too long");
		free(text);
	}
	json_decref(root);
	return is_merged;
}

static void
merge(json_t *target, const json_t *patch)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)patch, name, value) {
		json_t *old = json_object_get(target, name);

		if (json_is_null(value)) {
			json_object_del(target, name);
		} else if (json_is_object(value)) {
			if (!json_is_object(old)) {
				CHECK(json_object_set_new(target, name,
				    json_object()) == 0);
				old = json_object_get(target, name);
			}
			merge(old, value);
		} else {
			CHECK(json_object_set(target, name, value) == 0);
		}
	}
}

/* ---- headers */

static bool
build_headers(struct building *building)
{
	const struct operation *operation = building->operation;
	const char *type = operation->json != NULL ? "application/json" :
	    operation->text != NULL ? operation->type :
	    building->body.length > 0 ? "application/x-www-form-urlencoded" :
	    NULL;
	bool is_built = type == NULL ||
	    building_add_header(building, "Content-Type", "", type);

	for (size_t i = 0; is_built && i < operation->headers.count; i++) {
		const struct pair *pair = &operation->headers.items[i];
		struct output value = { .max = HEADER_MAX };

		if (pair->only_with != NULL &&
		    !is_given(building, pair->only_with))
			continue;
		is_built = building_render(building, pair->value, &value) &&
		    building_add_header(building, pair->name, "", value.text);
		output_fini(&value);
	}
	return is_built;
}

bool
building_add_header(struct building *building, const char *name,
    const char *prefix, const char *value)
{
	struct provider_request *request = building->request;
	size_t size = strlen(name) + strlen(prefix) + strlen(value) + 3;
	char *line;

	/* A line break would end the header and begin another. */
	for (const char *at = value; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == '\x7f')
			return building_fail(building,
			    "a header's value has a control character");
	if (request->header_count == HEADERS_MAX)
		return building_fail(building, "too many headers");
	line = malloc(size);
	CHECK(line != NULL);
	snprintf(line, size, "%s: %s%s", name, prefix, value);
	request->headers[request->header_count++] = line;
	return true;
}

/* ---- parts */

static bool
add_pairs(struct building *building, const struct pairs *pairs,
    struct output *output, const char *separator)
{
	bool is_added = output_add_text(output, "");

	for (size_t i = 0; is_added && i < pairs->count; i++) {
		const struct pair *pair = &pairs->items[i];

		if (pair->only_with != NULL &&
		    !is_given(building, pair->only_with))
			continue;
		is_added = building_add_field(building, output, pair->name,
		    NULL, separator) && building_render(building, pair->value,
		    output);
		separator = "&";
	}
	return is_added;
}

bool
building_add_field(struct building *building, struct output *output,
    const char *name, const char *value, const char *separator)
{
	return (output_add_text(output, separator) &&
	    output_add_encoded(output, name) && output_add(output, "=", 1) &&
	    (value == NULL || output_add_encoded(output, value))) ||
	    building_fail(building, "the request is too long");
}

static bool
is_given(const struct building *building, const char *name)
{
	const char *value = provider_lookup(&building->scope, name);

	return value != NULL && value[0] != '\0';
}

bool
building_render(struct building *building, const struct template *text,
    struct output *output)
{
	struct template_error error;

	if (!template_render(text, building_lookup, building, output, &error))
		return building_fail(building, error.text);
	return output_add_text(output, "");
}

/* A named text is rendered when it is first needed. Its own error is the cause
 * of what follows, and is kept before. */
const char *
building_lookup(const void *context, const char *name)
{
	struct building *building = (struct building *)context;
	const struct provider *provider = building->scope.provider;

	if (building->signature != NULL && strcmp(name, "signature") == 0)
		return building->signature;
	for (size_t i = 0; i < provider->text_count; i++) {
		struct output output = { .max = PROVIDER_BODY_MAX };

		if (strcmp(provider->texts[i].name, name) != 0)
			continue;
		if (building->texts[i] == NULL) {
			if (building_render(building, provider->texts[i].text,
			    &output))
				building->texts[i] = output.text;
			else
				output_fini(&output);
		}
		return building->texts[i];
	}
	return provider_lookup(&building->scope, name);
}

static void
building_fini(struct building *building)
{
	for (size_t i = 0; i < building->scope.provider->text_count; i++)
		free(building->texts[i]);
	free(building->texts);
}

bool
building_fail(struct building *building, const char *error)
{
	if (building->error == NULL)
		building->error = error;
	return false;
}

/* ---- flows */

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
	struct building building = { .scope = { provider, values, false } };
	struct output body = { .max = PROVIDER_BODY_MAX };
	bool is_rendered = text->count > 0;

	building.texts = calloc(provider->text_count + 1,
	    sizeof(*building.texts));
	CHECK(building.texts != NULL);
	for (size_t i = 0; is_rendered && i < text->count; i++)
		if (text->parts[i].only_with == NULL ||
		    is_given(&building, text->parts[i].only_with))
			is_rendered = building_render(&building,
			    text->parts[i].text, &body);
	building_fini(&building);
	if (!is_rendered) {
		output_fini(&body);
		return false;
	}
	*ret_body = body.text;
	*ret_type = provider->flows.type;
	return true;
}
