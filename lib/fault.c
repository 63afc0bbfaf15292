/* SPDX-License-Identifier: MIT */
/* fault: compares names; the environment is read once. */
#include "lib/fault.h"

#ifdef WITH_CRASHPOINTS

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"

/* Where a process may die: before and after each thing that another would see. */
const char *const fault_crash_points[] = {
	"intake_read",
	"intake_committed",
	"intake_before_commit",
	"claim_replied",
	"claim_posted",
	"claim_before",
	"promise_found",
	"promise_before_scan",
	"match_before_post",
	"commit_before_effects",
	"commit_after_effects",
	"commit_before_answer",
	"commit_replied",
	"commit_before_send",
	"commit_queued",
	"commit_on_its_way",
	"place_before_send",
	"place_queued",
	"text_before_send",
	"text_queued",
	"text_answer_read",
	"text_before_event",
	"request_left",
	"request_before_leaving",
	"request_body",
	"answer_before_read",
	"answer_begins",
	"created_before_event",
	"rejected_before_event",
	"unknown_before_event",
	"look_up_before_event",
	"state_before_event",
	"webhook_before_reply",
	"webhook_replied",
	"webhook_posted",
	"webhook_read",
	"flow_before_reply",
	"flow_replied",
	"ask_before_answer",
	"act_before_answer",
	"roster_before_post",
	"secret_read",
	"drain_begun",
	"in_step",              /* while one is stepped */
	NULL
};

/* Defects, each of which something must find; RELIABILITY 4 has the table. */
const char *const fault_plants[] = {
	"accepted_before_commit",
	"act_before_commit",
	"answer_5xx_not_created",
	"authorise_any_sid",
	"connection_reused",
	"double_claim",         /* claims without a lease */
	"due_not_written",
	"elsewhere_forgotten",  /* who is on another call is idle when free */
	"ends_keep_index",
	"events_trimmed",
	"intake_id_short",
	"lease_for_ever",
	"lease_shorter_than_timeout",
	"number_in_log",
	"op_replay_off",
	"orders_not_doubted",   /* after Redis has lost commits */
	"promise_scan_off",
	"rank_regresses",
	"redis_keeps_nothing",
	"skew_unchecked",       /* a commit of whatever time */
	"specialist_not_released_on_decline",
	"step_aborts",          /* a step of a request named Abort */
	"suppression_unasked",  /* commits do not ask who wants no calls */
	"token_unchecked",
	"unknown_is_rejected",
	"webhook_before_commit",
	"webhook_signature_off",
	"youth_off",
	"zone_hour_off",
	NULL
};

static const char *planted;
static bool is_read;

/* Places are passed often, and their names are literals: one that was found once is
 * known by its address. */
static bool
is_listed(const char *const *list, const char *name)
{
	static const char *known[1024];
	const char **place = &known[(uintptr_t)name % COUNT_OF(known)];

	if (*place == name)
		return true;
	for (; *list != NULL; list++) {
		if (strcmp(*list, name) == 0) {
			*place = name;
			return true;
		}
	}
	return false;
}

void
fault_crash_point(const char *name)
{
	static const char *wanted;
	static long left;
	static bool is_known;
	size_t length = strlen(name);

	CHECK(is_listed(fault_crash_points, name));
	if (!is_known) {
		is_known = true;
		wanted = getenv("CALLBACKD_CRASH_AT");
		if (wanted != NULL && strchr(wanted, ':') != NULL)
			left = strtol(strchr(wanted, ':') + 1, NULL, 10);
		else
			left = 1;
	}
	if (wanted == NULL || strncmp(wanted, name, length) != 0 ||
	    (wanted[length] != '\0' && wanted[length] != ':'))
		return;
	if (--left == 0)
		raise(SIGKILL);
}

void
fault_plant(const char *name)
{
	CHECK(name == NULL || is_listed(fault_plants, name));
	planted = name;
	is_read = true;
}

bool
fault_is_planted(const char *name)
{
	CHECK(is_listed(fault_plants, name));
	if (!is_read)
		fault_plant(getenv("CALLBACKD_PLANTED"));
	return planted != NULL && strcmp(planted, name) == 0;
}

#endif
