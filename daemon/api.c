/* SPDX-License-Identifier: MIT */
/* api: the table of routes, who may use them, and the pages. */
#include "daemon/api.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"
#include "daemon/log.h"

enum {
	BODY_MAX = 32 * 1024,
	HOOK_BODY_MAX = 2 * PROVIDER_BODY_MAX,  /* what is too long is counted */
	HEADER_MAX = 16 * 1024,
	CONNECTIONS_MAX = 1024,
	REQUEST_DEADLINE_MS = 10000,
	HELD_DEADLINE_MS = 2500,        /* webhooks: 2xx after the commit, else 503 */
	IDLE_MS = 30000,
};

/* Who may ask: anybody, or whoever has the desk's token (and the control
 * socket always), or the control socket alone. */
enum access { OPEN, STAFF, CONTROL };

static void on_front(struct http_request *request, void *context);
static void on_page(struct http_request *request, void *context);
static void on_hook(struct http_request *request, void *context);

static const struct {
	enum http_method method;
	const char *pattern;
	enum access access;
	api_handler *handler;
} table[] = {
	{ HTTP_GET, "/v1/health", OPEN, api_get_health },
	{ HTTP_GET, "/v1/site", OPEN, api_get_site },
	{ HTTP_POST, "/v1/requests", OPEN, api_post_request },
	{ HTTP_POST, "/v1/requests/check", OPEN, api_post_check },
	{ HTTP_GET, "/v1/answers/{id}", OPEN, api_get_answer },
	{ HTTP_GET, "/v1/status", STAFF, api_get_status },
	{ HTTP_GET, "/v1/queues", STAFF, api_get_queues },
	{ HTTP_GET, "/v1/queues/{queue}", STAFF, api_get_queue },
	{ HTTP_GET, "/v1/requests/{key}", STAFF, api_get_request },
	{ HTTP_POST, "/v1/requests/{key}/{verb}", STAFF, api_post_verb },
	{ HTTP_GET, "/v1/cases/{key}", STAFF, api_get_case },
	{ HTTP_POST, "/v1/inbound-calls", STAFF, api_post_inbound },
	{ HTTP_GET, "/v1/late", STAFF, api_get_late },
	{ HTTP_GET, "/v1/unknown", STAFF, api_get_unknown },
	{ HTTP_GET, "/v1/results", STAFF, api_get_results },
	{ HTTP_GET, "/v1/rejected", STAFF, api_get_rejected },
	{ HTTP_GET, "/v1/buried", STAFF, api_get_buried },
	{ HTTP_POST, "/v1/buried/{id}/unbury", STAFF, api_post_unbury },
	{ HTTP_GET, "/v1/specialists", STAFF, api_get_specialists },
	{ HTTP_PUT, "/v1/specialists/{id}", STAFF, api_put_specialist },
	{ HTTP_PUT, "/v1/specialists/{id}/elsewhere", STAFF,
	    api_put_elsewhere },
	{ HTTP_DELETE, "/v1/specialists/{id}/elsewhere", STAFF,
	    api_delete_elsewhere },
	{ HTTP_POST, "/v1/specialists/{id}/{verb}", STAFF,
	    api_post_specialist },
	{ HTTP_POST, "/v1/queues/{queue}/{verb}", STAFF, api_post_queue },
	{ HTTP_GET, "/v1/duty", STAFF, api_get_duty },
	{ HTTP_PUT, "/v1/duty/{queue}/{id}", STAFF, api_put_duty },
	{ HTTP_DELETE, "/v1/duty/{queue}/{id}", STAFF, api_delete_duty },
	{ HTTP_GET, "/v1/providers", STAFF, api_get_providers },
	{ HTTP_GET, "/v1/messages", STAFF, api_get_messages },
	{ HTTP_GET, "/v1/suppressed", STAFF, api_get_suppressed },
	{ HTTP_POST, "/v1/suppressed/{number}/{verb}", STAFF,
	    api_post_suppressed },
	{ HTTP_GET, "/v1/blocked", STAFF, api_get_blocked },
	{ HTTP_POST, "/v1/blocked/{number}/{verb}", STAFF, api_post_blocked },
	{ HTTP_POST, "/v1/providers/{id}/test", CONTROL, api_post_trial },
	{ HTTP_GET, "/v1/providers/{id}/test/{trial}", CONTROL, api_get_trial },
	{ HTTP_GET, "/v1/desk", STAFF, api_get_desk },
	{ HTTP_POST, "/hooks/{provider}/{call}/{token}/{what}", OPEN, on_hook },
	{ HTTP_GET, "/hooks/{provider}/{call}/{token}/{what}", OPEN, on_hook },
	{ HTTP_POST, "/hooks/{provider}", OPEN, on_hook },
	{ HTTP_GET, "/hooks/{provider}", OPEN, on_hook },
	{ HTTP_POST, "/hooks/{provider}/{what...}", OPEN, on_hook },
	{ HTTP_GET, "/hooks/{provider}/{what...}", OPEN, on_hook },
	{ HTTP_GET, "/", OPEN, on_front },
	{ HTTP_GET, "/{page}", OPEN, on_page },
	{ HTTP_GET, "/{page}/{file...}", OPEN, on_page },
};

static struct http_route routes[COUNT_OF(table)];

/* ---- access */

static bool
has_token(const struct api *api, const struct http_request *request)
{
	static const char scheme[] = "Bearer ";
	const char *header = http_header(request, "Authorization");
	const char *token = api->options.desk_token;
	size_t length = strlen(token);

	if (http_is_control(request))
		return true;
	if (header == NULL || length == 0 ||
	    strncmp(header, scheme, sizeof(scheme) - 1) != 0 ||
	    strlen(header) != sizeof(scheme) - 1 + length)
		return false;
	return CRYPTO_memcmp(header + sizeof(scheme) - 1, token, length) == 0;
}

/* Every route is entered here: its place in the table says who may. */
static void
on_any(struct http_request *request, void *context)
{
	struct api *api = context;
	size_t route = http_request_route(request);

	if (table[route].access == STAFF && !has_token(api, request)) {
		http_reply_header(request, "WWW-Authenticate", "Bearer");
		http_problem(request, 401, "login", "the link to the desk "
		    "carries a token");
		return;
	}
	if (table[route].access == CONTROL && !http_is_control(request)) {
		http_problem(request, 403, "control_only",
		    "only over the control socket");
		return;
	}
	table[route].handler(request, api);
}

/* ---- pages and hooks */

static void
on_hook(struct http_request *request, void *context)
{
	struct api *api = context;

	webhooks_on_request(api->options.webhooks, request);
}

static void
on_page(struct http_request *request, void *context)
{
	struct api *api = context;
	const char *page = http_param(request, "page");
	const char *file = http_param(request, "file");
	struct http_static *files = strcmp(page, "desk") == 0 ? api->desk :
	    strcmp(page, "shop") == 0 ? api->shop : NULL;

	if (files == NULL || !http_static_reply(files, request,
	        file != NULL ? file : ""))
		http_problem(request, 404, "not_found", NULL);
}

static void
on_front(struct http_request *request, void *context)
{
	(void)context;
	http_reply_header(request, "Location", "/shop/");
	http_reply(request, 302, NULL, "", 0);
}

static struct http_static *
load_pages(const char *web_dir, const char *name)
{
	char folder[512];
	const char *error;
	struct http_static *files;

	snprintf(folder, sizeof(folder), "%s/%s", web_dir, name);
	files = http_static_load(folder, &error);
	if (files == NULL)
		log_event(LOG_LEVEL_WARNING, "pages_missing",
		    "folder=%s error=\"%s\"", folder, error);
	return files;
}

/* ---- answers */

void
api_unavailable(struct http_request *request)
{
	http_reply_header(request, "Retry-After", "2");
	http_problem(request, 503, "unavailable",
	    "Redis is away; nothing was changed");
}

void
api_unreadable(struct http_request *request)
{
	http_problem(request, 409, "unreadable", "a record of it cannot go on; "
	    "see: callbackctl show buried");
}

json_t *
api_body(struct http_request *request)
{
	size_t length;
	const char *bytes = http_body(request, &length);
	json_error_t error;
	json_t *body = length == 0 ? json_object() :
	    json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);

	if (json_is_object(body))
		return body;
	json_decref(body);
	http_problem(request, 400, "json_invalid",
	    "the body must be one JSON object");
	return NULL;
}

const char *
api_body_text(const json_t *body, const char *name)
{
	const char *text = json_string_value(json_object_get(body, name));

	return text != NULL ? text : "";
}

/* ---- the module */

struct api *
api_new(const struct api_options *options)
{
	static const struct http_limits limits = { .header_max = HEADER_MAX,
		.body_max = HOOK_BODY_MAX, .connections_max = CONNECTIONS_MAX,
		.request_deadline_ms = REQUEST_DEADLINE_MS,
		.held_deadline_ms = HELD_DEADLINE_MS, .idle_ms = IDLE_MS };
	struct api *api = calloc(1, sizeof(*api));

	CHECK(api != NULL);
	api->options = *options;
	api->policy = options->policy;
	api->started_at_ms = clock_monotonic_ms();
	for (size_t i = 0; i < COUNT_OF(table); i++)
		routes[i] = (struct http_route){ table[i].method,
			table[i].pattern, on_any,
			table[i].handler == on_hook ? HOOK_BODY_MAX : BODY_MAX };
	api->server = http_server_new(options->base, routes, COUNT_OF(routes),
	    &limits, api);
	CHECK(api->server != NULL);
	api->shop = load_pages(options->web_dir, "shop");
	api->desk = load_pages(options->web_dir, "desk");
	return api;
}

void
api_free(struct api *api)
{
	if (api == NULL)
		return;
	http_server_free(api->server);
	http_static_free(api->shop);
	http_static_free(api->desk);
	free(api);
}

void
api_set_policy(struct api *api, const struct policy *policy)
{
	api->policy = policy;
	api->options.policy = policy;
}

struct http_server *
api_server(struct api *api)
{
	return api->server;
}

void
api_set_stopping(struct api *api)
{
	api->is_stopping = true;
}

void
api_set_ready(struct api *api)
{
	api->is_ready = true;
}
