/* SPDX-License-Identifier: MIT */
/* api_customer: what else a number has asked for lately, beside one of its requests. */
#include <stdlib.h>
#include <string.h>

#include "daemon/api_internal.h"
#include "daemon/customer.h"
#include "lib/case.h"

struct asked {
	struct api *api;
	char number[NUMBER_SIZE];       /* the case that is looked at */
	customer_on_end *on_end;
	void *context;
};

static json_t *
other_json(struct api *api, const struct request *request)
{
	const struct queue_policy *queue = policy_queue(api->policy,
	    request->queue);
	json_t *json = api_brief(api, request);

	if (queue != NULL)
		api_json_text(json, "title", queue->title);
	return json;
}

static void
on_read(void *context, const struct customer *customer)
{
	struct asked *asked = context;
	json_t *others = json_array();

	for (size_t i = 0; i < customer->count; i++) {
		if (strcmp(customer->latest[i].number, asked->number) != 0)
			json_array_append_new(others, other_json(asked->api,
			    &customer->latest[i]));
	}
	asked->on_end(asked->context, json_pack("{s:I,s:i,s:o}", "cases",
	    (json_int_t)customer->case_count, "days",
	    (int)(CASES_WINDOW_MS / 86400000), "others", others));
	free(asked);
}

void
api_gather_customer(struct api *api, const struct request *request,
    customer_on_end *on_end, void *context)
{
	struct asked *asked = calloc(1, sizeof(*asked));

	CHECK(asked != NULL);
	asked->api = api;
	asked->on_end = on_end;
	asked->context = context;
	memcpy(asked->number, request->number, sizeof(asked->number));
	customer_read(api->options.store, request->phone, on_read, asked);
}
