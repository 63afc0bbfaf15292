/* SPDX-License-Identifier: MIT */
/* calls_answer: what a provider has answered becomes events. */
#include "daemon/calls_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/log.h"
#include "lib/fault.h"
#include "lib/text.h"

enum {
	CHECK_MS = 60000,               /* between two checks that went well */
	PAGES_MAX = 3,                  /* of a list that is looked through */
};

static void
read_check(struct calls *calls, const struct job *job,
    const struct carrier_answer *answer, const struct provider_answer *read)
{
	enum provider_outcome outcome = answer->end == TRANSPORT_ANSWERED ?
	    read->outcome : PROVIDER_UNKNOWN;
	char detail[DETAIL_SIZE];

	if (outcome == PROVIDER_CREATED)
		calls->epochs[job->provider].check_boot_ms =
		    clock_boottime_ms() + CHECK_MS;
	snprintf(detail, sizeof(detail), "its check failed: %d %s",
	    answer->status, read->text);
	calls->on_check(calls->check_context,
	    calls->providers[job->provider].id, outcome, detail);
}

static void
read_created(struct calls *calls, const struct job *job,
    const struct provider_answer *answer)
{
	struct event event = { .kind = EVENT_CREATED };
	char detail[DETAIL_SIZE];

	snprintf(detail, sizeof(detail), "%s%s%s", answer->code,
	    answer->code[0] != '\0' ? " " : "", answer->text);
	text_cut_whole(detail);
	switch (answer->outcome) {
	case PROVIDER_CREATED:
		CRASH_POINT("created_before_event");
		if (answer->is_agent_over) {
			event = (struct event){ .kind = EVENT_PROGRESS,
				.progress = answer->progress,
				.outcome = answer->call_outcome,
				.is_agent_over = true };
			calls_tell(calls, &job->call, &event);
			break;
		}
		memcpy(event.sid, answer->id[0] != '\0' ? answer->id :
		    job->sid, sizeof(event.sid));
		memcpy(event.remembered, answer->remembered,
		    sizeof(event.remembered));
		calls_tell(calls, &job->call, &event);
		break;
	case PROVIDER_REJECTED:
		CRASH_POINT("rejected_before_event");
		log_event(LOG_LEVEL_WARNING, "call_rejected",
		    "call=%s.%d error=\"%s\"", job->call.id, job->call.n,
		    detail);
		calls_tell_with_detail(calls, &job->call, EVENT_REJECTED,
		    answer->is_number_invalid && job->is_customers_number ?
		    OUTCOME_INVALID_NUMBER : OUTCOME_FAILED, detail);
		break;
	case PROVIDER_UNKNOWN:
		CRASH_POINT("unknown_before_event");
		if (PLANTED("unknown_is_rejected")) {
			calls_tell_with_detail(calls, &job->call, EVENT_REJECTED,
			    OUTCOME_FAILED, detail);
			break;
		}
		log_event(LOG_LEVEL_WARNING, "call_unknown",
		    "call=%s.%d error=\"%s\"", job->call.id, job->call.n,
		    detail);
		calls_tell_with_detail(calls, &job->call, EVENT_UNKNOWN,
		    OUTCOME_NONE, detail);
		break;
	}
}

/* Of the customer's leg in a call that is the specialist's: to it they are the
 * first and only party. */
static void
read_leg(struct calls *calls, const struct job *job,
    const struct provider_answer *answer)
{
	struct event event = { .kind = EVENT_PROGRESS };

	memcpy(event.leg, job->sid, sizeof(event.leg));
	if (answer->is_gone || (answer->outcome == PROVIDER_CREATED &&
	        answer->progress == PROGRESS_OVER)) {
		event.is_customer_over = true;
		event.outcome = answer->call_outcome != OUTCOME_NONE ?
		    answer->call_outcome : OUTCOME_UNKNOWN;
	} else if (answer->outcome == PROVIDER_CREATED &&
	    answer->progress != PROGRESS_NONE) {
		event.progress = answer->progress >= PROGRESS_AGENT_UP ?
		    PROGRESS_CUSTOMER_UP : PROGRESS_CUSTOMER_RINGING;
	} else {
		return;
	}
	CRASH_POINT("state_before_event");
	calls_tell(calls, &job->call, &event);
}

/* Of a call that is gone there may be a result. */
static void
read_state(struct calls *calls, const struct job *job,
    const struct provider_answer *answer)
{
	struct event event = { .kind = EVENT_PROGRESS };
	const struct calls_provider *entry = &calls->providers[job->provider];
	struct calls_values values;

	if (answer->is_gone && provider_can(entry->provider, PROVIDER_RESULT)) {
		calls_fill_again(calls, job, &values);
		if (calls_follow(calls, job, PROVIDER_RESULT, &values))
			return;
	}

	if (answer->is_gone) {
		event.kind = EVENT_GONE;
	} else if (answer->outcome != PROVIDER_CREATED ||
	    answer->progress == PROGRESS_NONE) {
		return;
	}
	CRASH_POINT("state_before_event");
	memcpy(event.sid, job->sid, sizeof(event.sid));
	event.progress = answer->progress;
	event.outcome = answer->call_outcome;
	calls_tell(calls, &job->call, &event);
}

/* What the last webhook said, and then that the call is gone. */
static void
read_result(struct calls *calls, const struct job *job,
    const struct carrier_answer *answer)
{
	struct webhook_event read = { .kind = WEBHOOK_NOTHING };
	struct event gone = { .kind = EVENT_GONE };

	/* Asked again with the next look, when it cannot be read now. */
	if (answer->end != TRANSPORT_ANSWERED || answer->status >= 500)
		return;
	provider_result_read(calls->providers[job->provider].provider,
	    answer->status, answer->body, answer->body_length, &read);
	CRASH_POINT("state_before_event");
	if (read.kind == WEBHOOK_PROGRESS) {
		struct event event = { .kind = EVENT_PROGRESS };

		memcpy(event.sid, job->sid, sizeof(event.sid));
		event.progress = read.progress;
		event.outcome = read.outcome;
		if ((read.is_customer_leg || read.is_customer_over) &&
		    read.outcome == OUTCOME_ANSWERED)
			event.talk_ms = read.duration_ms;
		event.is_customer_over = read.is_customer_over;
		event.is_agent_over = read.is_agent_over;
		calls_tell(calls, &job->call, &event);
	}
	memcpy(gone.sid, job->sid, sizeof(gone.sid));
	calls_tell(calls, &job->call, &gone);
}

/* A refusal is the end of the customer's leg only where no other order for it can
 * have been heard: of a twin it says nothing, nor does an order that never left.
 * All else is known by what is heard of the leg, and the order is given again. */
static void
read_second_leg(struct calls *calls, const struct job *job,
    enum transport_end end, const struct provider_answer *answer)
{
	bool is_refused = answer->outcome == PROVIDER_REJECTED &&
	    end == TRANSPORT_ANSWERED && !answer->is_temporary &&
	    !job->is_again;
	struct event event = { .kind = EVENT_REJECTED,
		.outcome = answer->is_number_invalid ? OUTCOME_INVALID_NUMBER :
		    OUTCOME_FAILED };

	memcpy(event.sid, job->sid, sizeof(event.sid));
	if (answer->outcome == PROVIDER_CREATED) {
		/* By its id it is hung up, should the specialist leave first. */
		event.kind = EVENT_PROGRESS;
		event.outcome = OUTCOME_NONE;
		memcpy(event.leg, answer->id, sizeof(event.leg));
		if (event.leg[0] != '\0')
			calls_tell(calls, &job->call, &event);
		return;
	}
	log_event(LOG_LEVEL_WARNING, "second_leg_failed",
	    "call=%s.%d unknown=%d error=\"%s %s\"", job->call.id,
	    job->call.n, !is_refused, answer->code, answer->text);
	if (!is_refused)
		return;
	CRASH_POINT("state_before_event");
	snprintf(event.detail, sizeof(event.detail), "%s %s", answer->code,
	    answer->text);
	text_cut_whole(event.detail);
	calls_tell(calls, &job->call, &event);
}

static void
read_epoch(struct calls *calls, const struct job *job,
    const struct provider_answer *answer)
{
	struct epoch *epoch = &calls->epochs[job->provider];

	if (answer->outcome != PROVIDER_CREATED ||
	    strcmp(epoch->value, answer->id) == 0)
		return;
	if (epoch->value[0] != '\0') {
		epoch->changed_at_ms = store_now_ms(calls->store);
		log_event(LOG_LEVEL_WARNING, "provider_started_anew",
		    "provider=%s", calls->providers[job->provider].id);
		calls_look_at_all(calls, calls->providers[job->provider].id);
	}
	memcpy(epoch->value, answer->id, sizeof(epoch->value));
}

static void
read_found(struct calls *calls, const struct job *job,
    const struct carrier_answer *answer)
{
	const struct calls_provider *entry = &calls->providers[job->provider];
	const struct epoch *epoch = &calls->epochs[job->provider];
	struct provider_found found;
	struct calls_values values;

	if (answer->end != TRANSPORT_ANSWERED)
		return;
	calls_fill_again(calls, job, &values);
	provider_found_read(entry->provider, answer->status, answer->body,
	    answer->body_length, &values.values, &found);
	if (found.next[0] != '\0' && job->pages + 1 < PAGES_MAX) {
		provider_values_add(&values.values, "next", found.next);
		calls_follow(calls, job, PROVIDER_FIND, &values);
		return;
	}
	/* A provider that has forgotten all its calls has forgotten this one. */
	if (found.count == 0 && epoch->changed_at_ms > job->placed_at_ms)
		found.is_readable = false;
	if (!found.is_readable) {
		log_event(LOG_LEVEL_WARNING, "look_up_unreadable",
		    "call=%s.%d status=%d", job->call.id, job->call.n,
		    answer->status);
		return;
	}
	CRASH_POINT("look_up_before_event");
	if (found.count == 0) {
		struct event event = { .kind = EVENT_ABSENT };

		/* Before the next look-up, which may be believed. */
		calls_ask_epoch(calls, job->provider, true);

		calls_tell(calls, &job->call, &event);
	}
	for (size_t i = 0; i < found.count; i++) {
		struct event event = { .kind = EVENT_FOUND,
			.progress = found.calls[i].progress };

		memcpy(event.sid, found.calls[i].id, sizeof(event.sid));
		calls_tell(calls, &job->call, &event);
	}
}

void
calls_tell_price(struct calls *calls, const struct record_ref *ref,
    const struct provider_answer *read)
{
	struct event event = { .kind = EVENT_PRICED, .paid = read->paid };

	if (read->paid == 0)
		return;
	memcpy(event.currency, read->currency, sizeof(event.currency));
	calls_tell(calls, ref, &event);
}

/* What an order says of its provider, whatever it says of the call. */
static enum health_news
news_of(const struct carrier_answer *answer, const struct provider_answer *read)
{
	if (read->outcome == PROVIDER_CREATED)
		return HEALTH_GOOD;
	if (answer->end != TRANSPORT_ANSWERED || answer->status >= 500)
		return HEALTH_FAILED;
	if (answer->status == 401 || answer->status == 403)
		return HEALTH_BARRED;
	if (answer->status == 429)
		return HEALTH_TOO_FAST;
	return read->outcome == PROVIDER_REJECTED ? HEALTH_NOT_ITS_FAULT :
	    HEALTH_FAILED;
}

void
calls_tell_news(struct calls *calls, const struct calls_provider *provider,
    enum channel channel, const struct carrier_answer *answer,
    const struct provider_answer *read)
{
	char detail[DETAIL_SIZE];

	if (calls->on_news == NULL || answer->is_late)
		return;
	snprintf(detail, sizeof(detail), "%d %s %s", answer->status, read->code,
	    read->text);
	text_cut_whole(detail);
	calls->on_news(calls->news_context, provider->id, channel,
	    news_of(answer, read), detail, read->wait_ms);
}

void
calls_hear_alarm(struct calls *calls, const char *provider,
    const struct provider_answer *answer)
{
	const char *words[] = { provider, answer->code, answer->text };
	char detail[DETAIL_SIZE] = "";

	if (!answer->is_alarm || calls->on_alarm == NULL)
		return;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		size_t length = strlen(detail);

		if (words[i][0] != '\0')
			snprintf(detail + length, sizeof(detail) - length,
			    "%s%s", length > 0 ? " " : "", words[i]);
	}
	text_cut_whole(detail);
	calls->on_alarm(calls->alarm_context, detail);
}

void
calls_read(const struct calls *calls, const struct calls_provider *provider,
    enum provider_operation operation, const struct carrier_answer *answer,
    struct provider_answer *ret)
{
	provider_answer_read(provider->provider, operation, answer->end,
	    answer->status, answer->body, answer->body_length, ret);
	if (ret->is_wait_in_header && answer->header != NULL)
		ret->wait_ms = provider_wait_ms(answer->header,
		    store_now_ms(calls->store));
	if (answer->error != NULL && ret->text[0] == '\0')
		snprintf(ret->text, sizeof(ret->text), "%s", answer->error);
}

void
calls_on_answer(void *context, const struct carrier_answer *answer)
{
	struct calls *calls = context;
	size_t at = (size_t)(answer->tag & 0xffffffff);
	struct provider_answer read;
	struct job job;

	if (at >= calls->job_count || !calls->jobs[at].is_used ||
	    calls->jobs[at].generation != (uint32_t)(answer->tag >> 32))
		return;
	CRASH_POINT("answer_before_read");
	job = calls->jobs[at];
	calls->jobs[at].is_used = false;
	if (job.call.kind == RECORD_MESSAGE) {
		calls->on_text(calls->text_context, &job.call,
		    job.provider < calls->provider_count ?
		    &calls->providers[job.provider] : NULL, job.operation,
		    answer);
		return;
	}
	if (job.operation == PROVIDER_FIND) {
		read_found(calls, &job, answer);
		return;
	}
	if (job.operation == PROVIDER_RESULT) {
		read_result(calls, &job, answer);
		return;
	}
	calls_read(calls, &calls->providers[job.provider], job.operation,
	    answer, &read);
	log_event(LOG_LEVEL_DEBUG, "provider_answered",
	    "call=%s.%d operation=%s status=%d ms=%" PRId64, job.call.id,
	    job.call.n, provider_operation_names[job.operation],
	    answer->status, answer->elapsed_ms);
	calls_hear_alarm(calls, calls->providers[job.provider].id, &read);
	if (job.operation == PROVIDER_CALL ||
	    job.operation == PROVIDER_CALL_CUSTOMER ||
	    job.operation == PROVIDER_SECOND_LEG)
		calls_tell_news(calls, &calls->providers[job.provider],
		    CHANNEL_VOICE, answer, &read);
	if (job.operation == PROVIDER_CALL ||
	    job.operation == PROVIDER_CALL_CUSTOMER)
		read_created(calls, &job, &read);
	else if (job.operation == PROVIDER_SECOND_LEG)
		read_second_leg(calls, &job, answer->end, &read);
	else if (job.operation == PROVIDER_EPOCH)
		read_epoch(calls, &job, &read);
	else if (job.operation == PROVIDER_CHECK)
		read_check(calls, &job, answer, &read);
	else if (job.operation == PROVIDER_GET ||
	    (job.operation == PROVIDER_HANGUP && read.is_gone)) {
		if (job.is_leg)
			read_leg(calls, &job, &read);
		else
			read_state(calls, &job, &read);
	}
	/* What is said of a leg is not the whole call's. */
	if (!job.is_leg)
		calls_tell_price(calls, &job.call, &read);
	if (job.operation == PROVIDER_GET || read.is_gone)
		calls_ask_epoch(calls, job.provider, read.is_gone);
}
