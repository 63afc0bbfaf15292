/* SPDX-License-Identifier: MIT */
/*
 * order: in which order requests should be served, by the comparison that the daemon and
 * the simulator share. Reads lines "ID PROMISE_MS ASKED_MS", writes the ids.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/check.h"
#include "lib/match.h"

static int
compare(const void *a, const void *b)
{
	return match_order(a, b);
}

int
main(void)
{
	struct request *requests = NULL;
	size_t count = 0, size = 0;
	char id[REQUEST_ID_SIZE];
	int64_t promise_ms, asked_ms;

	while (scanf("%23s %" SCNd64 " %" SCNd64, id, &promise_ms, &asked_ms) == 3) {
		if (count == size) {
			size = 2 * size + 1024;
			requests = realloc(requests, size * sizeof(*requests));
			CHECK(requests != NULL);
		}
		requests[count] = (struct request){ .promise_at_ms = promise_ms,
			.asked_at_ms = asked_ms };
		snprintf(requests[count++].id, sizeof(id), "%s", id);
	}
	qsort(requests, count, sizeof(*requests), compare);
	for (size_t i = 0; i < count; i++)
		printf("%s\n", requests[i].id);
	free(requests);
	return 0;
}
