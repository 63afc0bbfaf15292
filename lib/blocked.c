/* SPDX-License-Identifier: MIT */
/* blocked: one line of JSON, `until` first. */
#include "lib/blocked.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "lib/check.h"
#include "lib/text.h"

void
blocked_entry(const struct blocked *blocked, char ret_entry[LISTED_SIZE])
{
	json_t *entry = json_pack("{s:I, s:s, s:I, s:I, s:s, s:s}",
	    "until", (json_int_t)blocked->until_ms,
	    "state", blocked->is_proposed ? "proposed" : "confirmed",
	    "since", (json_int_t)blocked->since_ms,
	    "for", (json_int_t)blocked->for_ms,
	    "why", blocked->why, "who", blocked->who);
	size_t length = entry == NULL ? 0 : json_dumpb(entry, ret_entry,
	    LISTED_SIZE - 1, JSON_COMPACT);

	/* Escapes may make six bytes of one; that it is blocked is what counts. */
	if (length == 0 || length >= LISTED_SIZE)
		length = (size_t)snprintf(ret_entry, LISTED_SIZE,
		    "{\"until\":%lld,\"state\":\"%s\",\"since\":%lld,"
		    "\"for\":%lld,\"why\":\"\",\"who\":\"\"}",
		    (long long)blocked->until_ms,
		    blocked->is_proposed ? "proposed" : "confirmed",
		    (long long)blocked->since_ms, (long long)blocked->for_ms);
	CHECK(length < LISTED_SIZE);
	ret_entry[length] = '\0';
	json_decref(entry);
}

bool
blocked_read(const char *entry, struct blocked *ret_blocked)
{
	json_t *json = json_loads(entry, 0, NULL);
	json_int_t until_ms, since_ms, for_ms;
	const char *state, *why, *who;
	bool is_read = json_unpack(json, "{s:I, s:s, s:I, s:I, s:s, s:s}",
	    "until", &until_ms, "state", &state, "since", &since_ms, "for",
	    &for_ms, "why", &why, "who", &who) == 0;

	*ret_blocked = (struct blocked){ .why = "" };
	if (is_read) {
		ret_blocked->until_ms = until_ms;
		ret_blocked->since_ms = since_ms;
		ret_blocked->for_ms = for_ms;
		ret_blocked->is_proposed = strcmp(state, "proposed") == 0;
		text_copy(ret_blocked->why, sizeof(ret_blocked->why), why);
		text_copy(ret_blocked->who, sizeof(ret_blocked->who), who);
	}
	json_decref(json);
	return is_read;
}

bool
blocked_is_over(const struct blocked *blocked, int64_t now_ms)
{
	return blocked->until_ms != 0 && blocked->until_ms <= now_ms;
}
