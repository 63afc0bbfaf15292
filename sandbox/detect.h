/* SPDX-License-Identifier: MIT */
/*
 * What the network finds out about a call besides its progress: whether a person
 * or a machine has answered, and where the recording of a talk is. Both are told
 * to the addresses that were given for them.
 */
#ifndef CALLBACKD_SANDBOX_DETECT_H
#define CALLBACKD_SANDBOX_DETECT_H

#include <stdbool.h>

struct call;
struct twiml_verb;

enum detection {
	DETECT_NOTHING,
	DETECT_ENABLE,		/* told as soon as it is known */
	DETECT_MESSAGE_END,	/* of a machine: after its beep */
};

/* "Enable", "DetectMessageEnd"; anything else, or NULL, is nothing. */
enum detection
detection_read(const char *word);

void
detect_init(struct call *call);

/* The call was answered: listens, if that was ordered. True: its flow begins only
 * when that is over, by call_flow_begin. */
bool
detect_begin(struct call *call);

/* AnsweredBy; NULL: not ordered, or not known yet. */
const char *
detect_word(const struct call *call);

/* The call is over: nothing more will be found out. */
void
detect_end(struct call *call);

/* The two that a Dial joined are parted: tells its recordingStatusCallback. */
void
recording_end(struct call *call);

#endif
