/* SPDX-License-Identifier: MIT */
/* One timer of each call, and a form when it is over. */
#include "sandbox/detect.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/call.h"
#include "sandbox/form.h"
#include "sandbox/memory.h"
#include "sandbox/phone.h"
#include "sandbox/sandbox.h"
#include "sandbox/webhook.h"

enum {
	PERSON_MS = 1500,	/* says "hello?" and waits */
	MACHINE_MS = 2500,	/* talks on and on */
	BEEP_MS = 5000,
};

static bool
is_machine(const struct call *call)
{
	return call->phone->behaviour.manner == PHONE_VOICEMAIL;
}

static void
on_detected(evutil_socket_t fd, short what, void *arg)
{
	struct call *call = arg;
	struct form form = { 0 };

	(void)fd;
	(void)what;
	call->is_detected = true;
	if (call->detect_url == NULL) {
		call_flow_begin(call);
		return;
	}
	form_add(&form, "AccountSid", call->sandbox->account);
	form_add(&form, "CallSid", call->sid);
	form_add(&form, "AnsweredBy", detect_word(call));
	webhook_tell(call, call->detect_url, "detected", &form);
	form_fini(&form);
}

enum detection
detection_read(const char *word)
{
	if (word == NULL)
		return DETECT_NOTHING;
	return strcmp(word, "DetectMessageEnd") == 0 ? DETECT_MESSAGE_END :
	    strcmp(word, "Enable") == 0 ? DETECT_ENABLE : DETECT_NOTHING;
}

void
detect_init(struct call *call)
{
	evtimer_assign(&call->detecting, call->sandbox->base, on_detected,
	    call);
}

bool
detect_begin(struct call *call)
{
	struct timeval wait;

	if (call->detection == DETECT_NOTHING)
		return false;
	wait = sandbox_time(call->sandbox, !is_machine(call) ? PERSON_MS :
	    call->detection == DETECT_ENABLE ? MACHINE_MS : BEEP_MS);
	CHECK(evtimer_add(&call->detecting, &wait) == 0);
	return call->detect_url == NULL;
}

const char *
detect_word(const struct call *call)
{
	if (!call->is_detected)
		return NULL;
	return !is_machine(call) ? "human" :
	    call->detection == DETECT_ENABLE ? "machine_start" :
	    "machine_end_beep";
}

void
detect_end(struct call *call)
{
	evtimer_del(&call->detecting);
}

void
recording_end(struct call *call)
{
	char *url = memory_format("https://recordings.example/%s/RE%s",
	    call->sandbox->account, call->sid + 2);
	struct form form = { 0 };

	form_add(&form, "AccountSid", call->sandbox->account);
	form_add(&form, "CallSid", call->sid);
	form_add(&form, "RecordingSid", strrchr(url, '/') + 1);
	form_add(&form, "RecordingUrl", url);
	form_add(&form, "RecordingStatus", "completed");
	webhook_tell(call, call->recording_url, "recorded", &form);
	form_fini(&form);
	free(url);
}
