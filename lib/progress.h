/* SPDX-License-Identifier: MIT */
/*
 * progress: how far a call has come, in an order that only rises, and how a
 * leg ended. Providers' words are mapped to these in the provider files.
 */
#ifndef CALLBACKD_LIB_PROGRESS_H
#define CALLBACKD_LIB_PROGRESS_H

/* Rank of a call; news of a lower rank is old news (LIFECYCLES 3). */
enum call_progress {
	PROGRESS_NONE,
	PROGRESS_AGENT_RINGING,
	PROGRESS_AGENT_UP,
	PROGRESS_CUSTOMER_RINGING,
	PROGRESS_CUSTOMER_UP,
	PROGRESS_OVER,
	PROGRESS_COUNT
};
extern const char *const call_progress_names[PROGRESS_COUNT];

enum call_outcome {
	OUTCOME_NONE,           /* not over, or not said */
	OUTCOME_ANSWERED,
	OUTCOME_NO_ANSWER,
	OUTCOME_BUSY,
	OUTCOME_REJECTED,
	OUTCOME_FAILED,
	OUTCOME_INVALID_NUMBER, /* never to be tried again */
	OUTCOME_VOICEMAIL,
	OUTCOME_CANCELLED,
	OUTCOME_UNKNOWN,
	OUTCOME_COUNT
};
extern const char *const call_outcome_names[OUTCOME_COUNT];

/* Who answered the customer's phone, as the provider's detection says. */
enum machine { MACHINE_NOT_SAID, MACHINE_HUMAN, MACHINE_ANSWERED, MACHINE_UNKNOWN, MACHINE_COUNT };
extern const char *const machine_names[MACHINE_COUNT];

/* Of a text message, in an order that only rises; the last two are ends. */
enum message_progress {
	MESSAGE_NOT_SAID,
	MESSAGE_ACCEPTED,       /* the provider has it */
	MESSAGE_SENT,           /* it has left the provider */
	MESSAGE_DELIVERED,
	MESSAGE_FAILED,
	MESSAGE_PROGRESS_COUNT
};
extern const char *const message_progress_names[MESSAGE_PROGRESS_COUNT];

#endif
