/* SPDX-License-Identifier: MIT */
/*
 * card: what a specialist reads beside a request, with its values filled in: the queue's
 * script, and the address of the company's own system (card_url). Holes are {name};
 * which there are stands in card_names. Pure.
 */
#ifndef CALLBACKD_LIB_CARD_H
#define CALLBACKD_LIB_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/check.h"

enum card_hole {
	CARD_COMPANY, CARD_NAME, CARD_PHONE, CARD_CASE, CARD_QUEUE, CARD_SPECIALIST, CARD_PROMISE,
	CARD_HOLES
};
extern const char *const card_names[CARD_HOLES];

struct card {
	const char *values[CARD_HOLES];  /* borrowed; NULL: as if "" */
};

/* False: ret_line (from 1) has something that is no hole, which ret_why tells. */
bool card_check(const char *text, int *ret_line, char *ret_why, size_t why_size);

/* Memory of the caller's. is_url: values are percent-encoded. What is no hole stays. */
char *card_fill(const char *text, const struct card *card, bool is_url) MUST_USE;

#endif
