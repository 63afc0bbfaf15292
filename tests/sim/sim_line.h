/* SPDX-License-Identifier: MIT */
/*
 * sim_line: what a provider's telephone lines (sim_line.c) and the requests made
 * to it (sim_post.c) share.
 */
#ifndef CALLBACKD_TESTS_SIM_LINE_H
#define CALLBACKD_TESTS_SIM_LINE_H

#include "tests/sim/sim.h"

enum leg { LEG_NONE, LEG_RINGING, LEG_UP, LEG_OVER };

struct line {
	char sid[SID_SIZE];
	struct record_ref call;
	char provider[ID_SIZE];
	enum sim_fence fence;
	char customer[PHONE_SIZE], specialist[ID_SIZE];
	int64_t made_ms, up_ms, over_ms;
	bool is_over, is_agent_up, is_by_hand;
	bool is_lost;                   /* the store lost what it knew of it */
	enum leg leg;
	enum call_progress progress;
	enum call_outcome outcome;
	int64_t talk_ms;
	uint64_t ask;                   /* the question it waits for */
	enum question question;  int digit, asks;
};

/* NULL: none has this id. */
struct line *line_of(const char *sid);
/* The lines of a call, one after the other, from *at = 0 on; NULL: no more. */
struct line *line_of_call(const struct record_ref *call, size_t *at);
/* As ordered; where the fence is a key, the one that there was. */
struct line *line_make(const struct call *call);
void line_hang_up(struct line *line, enum call_outcome outcome);

#endif
