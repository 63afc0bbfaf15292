/* SPDX-License-Identifier: MIT */
/* Between intake.c (the member, its head, the moment) and intake_ask.c (the
 * fields of a request): the reading under way. */
#ifndef CALLBACKD_LIB_INTAKE_INTERNAL_H
#define CALLBACKD_LIB_INTAKE_INTERNAL_H

#include <jansson.h>

#include "lib/intake.h"

struct reading {
	const struct policy *policy;
	int64_t now_ms;
	json_t *member;         /* an object, as it came */
	json_t *said;           /* what of it was accepted */
	struct intake *intake;
};

#define INTAKE_SECOND_MS INT64_C(1000)
#define INTAKE_HOUR_MS (3600 * INTAKE_SECOND_MS)
#define INTAKE_SECONDS_MAX 1e11 /* more than this can only be milliseconds */

/* Reads every field of an "ask" but id, v and op into intake and said. */
void intake_read_ask(struct reading *reading);

/* A member of the object; NULL also for null, which forms send for "empty". */
json_t *intake_field(const json_t *object, const char *name);
/* Puts a new value in, taking it over. */
void intake_keep(json_t *object, const char *name, json_t *take_value);

/* Is a locale ("ru", "ru-RU", "ru_RU") of that language. */
bool intake_is_language(const char *locale, const char *language);

#endif
