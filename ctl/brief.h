/* SPDX-License-Identifier: MIT */
/*
 * brief: a request as one row of a table, or as one sentence.
 */
#ifndef CALLBACKD_CTL_BRIEF_H
#define CALLBACKD_CTL_BRIEF_H

#include "ctl/ctl.h"
#include "ctl/field.h"
#include "ctl/format.h"

extern const struct field brief_shape[];

/* One row for each request, in the order given. With has_queues each says in
 * which queue it is. */
void brief_print_list(struct ctl *ctl, const json_t *requests,
    bool has_queues);

/* "request 4821 is waiting in delivery: nobody free; promised by 14:17:07,
 * 12:01 left". */
void brief_print_sentence(struct ctl *ctl, const json_t *request);

/* What keeps a request where it is, or who has it: "nobody free", "to anna
 * until 14:02:27"; "" if there is nothing to say. */
enum { BRIEF_NOW_SIZE = 256 };
const char *brief_now(const json_t *request, char ret_text[BRIEF_NOW_SIZE]);

/* "4821", or the id of a request that has no number. */
const char *brief_name(const json_t *request);

/* A stable word (why, reason) as people say it. */
const char *brief_word(const char *word, char ret_text[FORMAT_SIZE]);

#endif
