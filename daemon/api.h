/* SPDX-License-Identifier: MIT */
/*
 * api: everything that is asked of the daemon over HTTP and over the control
 * socket: one table of routes for both. Reads Redis for what is shown, posts
 * events for what is changed, and answers after their commit.
 */
#ifndef CALLBACKD_DAEMON_API_H
#define CALLBACKD_DAEMON_API_H

#include "daemon/delays.h"
#include "daemon/forecast.h"
#include "daemon/slots.h"
#include "daemon/audit.h"
#include "daemon/line.h"
#include "daemon/calls.h"
#include "daemon/health.h"
#include "daemon/matcher.h"
#include "daemon/provider_trial.h"
#include "daemon/submit.h"
#include "daemon/webhooks.h"
#include "net/http.h"

struct api;

struct api_options {
	struct event_base *base;
	struct store *store;
	struct engine *engine;
	struct matcher *matcher;
	struct health *health;
	struct delays *delays;
	struct slots *slots;
	struct people *people;
	struct forecast *forecast;
	struct submitter *submitter;
	struct callers *callers;
	struct line *line;
	struct calls *calls;
	struct webhooks *webhooks;
	struct provider_trials *trials;
	struct audit *audit;
	struct blocks *blocks;
	const struct policy *policy;
	const char *web_dir;            /* where shop and desk lie; borrowed */
	const char *desk_token;         /* borrowed; "" refuses everybody but the control socket */
	const char *sandbox_url;        /* shown by the pages; "" none */
};

struct api *api_new(const struct api_options *options);
void api_free(struct api *api);
void api_set_policy(struct api *api, const struct policy *policy);
struct http_server *api_server(struct api *api);
/* Everybody of the configuration is known: from now on it is healthy. */
void api_set_ready(struct api *api);
/* Draining: says so in status and health. */
void api_set_stopping(struct api *api);

#endif
