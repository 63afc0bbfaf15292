/* SPDX-License-Identifier: MIT */
/* progress: the words that stand for ranks and outcomes in records and lines. */
#include "lib/progress.h"

const char *const call_progress_names[PROGRESS_COUNT] = {
	[PROGRESS_NONE] = "none",
	[PROGRESS_AGENT_RINGING] = "agent_ringing",
	[PROGRESS_AGENT_UP] = "agent_up",
	[PROGRESS_CUSTOMER_RINGING] = "customer_ringing",
	[PROGRESS_CUSTOMER_UP] = "customer_up",
	[PROGRESS_OVER] = "over",
};

const char *const call_outcome_names[OUTCOME_COUNT] = {
	[OUTCOME_NONE] = "none",
	[OUTCOME_ANSWERED] = "answered",
	[OUTCOME_NO_ANSWER] = "no_answer",
	[OUTCOME_BUSY] = "busy",
	[OUTCOME_REJECTED] = "rejected",
	[OUTCOME_FAILED] = "failed",
	[OUTCOME_INVALID_NUMBER] = "invalid_number",
	[OUTCOME_VOICEMAIL] = "voicemail",
	[OUTCOME_CANCELLED] = "cancelled",
	[OUTCOME_UNKNOWN] = "unknown",
};

const char *const machine_names[MACHINE_COUNT] = {
	[MACHINE_NOT_SAID] = "not_said",
	[MACHINE_HUMAN] = "human",
	[MACHINE_ANSWERED] = "machine",
	[MACHINE_UNKNOWN] = "unknown",
};

const char *const message_progress_names[MESSAGE_PROGRESS_COUNT] = {
	[MESSAGE_NOT_SAID] = "not_said",
	[MESSAGE_ACCEPTED] = "accepted",
	[MESSAGE_SENT] = "sent",
	[MESSAGE_DELIVERED] = "delivered",
	[MESSAGE_FAILED] = "failed",
};
