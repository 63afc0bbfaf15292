/* SPDX-License-Identifier: MIT */
/* provider_trial: a handful of them, each a list of sentences. */
#include "daemon/provider_trial.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/phone.h"
#include "lib/text.h"

enum {
	TRIALS_MAX = 4,         /* the oldest makes room */
	STEPS_MAX = 40,
	ANSWER_MAX = 64 * 1024,
	SILENCE_MS = 60000,     /* no more news is waited for */
	ID_BYTES = 8,
};

struct trial {
	char id[REQUEST_ID_SIZE];       /* "": none */
	uint64_t number;                /* how many were before; its place, and what its
	                                 * answer is known by */
	char provider[ID_SIZE];
	enum provider_operation operation;
	json_t *steps;
	bool is_over, is_good;
	int64_t heard_at_ms;            /* monotonic: when something happened last */
	int64_t answer_by_ms;           /* the order may be under way until then; 0: it was
	                                 * answered */
};

struct provider_trials {
	struct calls *calls;
	struct store *store;
	const struct policy *policy;
	struct carrier *carrier;
	struct trial items[TRIALS_MAX];
	uint64_t count;
	char why[160];
};

static void PRINTF_LIKE(2, 3)
say(struct trial *trial, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	text_cut_whole(text);
	trial->heard_at_ms = clock_monotonic_ms();
	if (json_array_size(trial->steps) < STEPS_MAX)
		json_array_append_new(trial->steps, json_string(text));
}

static struct trial *
find(struct provider_trials *trials, const char *id)
{
	for (size_t i = 0; i < TRIALS_MAX; i++) {
		if (id[0] != '\0' && strcmp(trials->items[i].id, id) == 0)
			return &trials->items[i];
	}
	return NULL;
}

static struct trial *
trial_at(struct provider_trials *trials, uint64_t number)
{
	return &trials->items[number % TRIALS_MAX];
}

/* ---- the answer */

static void
tell_outcome(struct trial *trial, const struct carrier_answer *answer,
    const struct provider_answer *read)
{
	const char *between = read->code[0] != '\0' ? " " : "";

	if (answer->end == TRANSPORT_ANSWERED)
		say(trial, "answer: HTTP %d after %lld ms", answer->status,
		    (long long)answer->elapsed_ms);
	else
		say(trial, "no answer after %lld ms: %s",
		    (long long)answer->elapsed_ms, answer->error);
	switch (read->outcome) {
	case PROVIDER_CREATED:
		if (read->is_agent_over) {
			trial->is_over = true;
			say(trial, "that means: the phone was called and not "
			    "reached: %s", call_outcome_names[
			    read->call_outcome]);
			break;
		}
		trial->is_good = true;
		say(trial, "that means: done%s%s; its webhooks are waited for",
		    read->id[0] != '\0' ? ", the id is " : "", read->id);
		break;
	case PROVIDER_REJECTED:
		trial->is_over = true;
		say(trial, "that means: certainly not done: %s%s%s%s",
		    read->code, between, read->text, read->is_number_invalid ?
		    "; the number will never be reached" : "");
		break;
	case PROVIDER_UNKNOWN:
		say(trial, "that means: it may have been done, nobody can "
		    "say: %s%s%s", read->code, between, read->text);
		break;
	}
}

static void
on_answer(void *context, const struct carrier_answer *answer)
{
	struct provider_trials *trials = context;
	struct trial *trial = trial_at(trials, answer->tag);
	const struct calls_provider *entry = calls_provider(trials->calls,
	    trial->provider);
	struct provider_answer read;

	if (entry == NULL || trial->number != answer->tag || trial->is_over)
		return;
	provider_answer_read(entry->provider, trial->operation, answer->end,
	    answer->status, answer->body, answer->body_length, &read);
	trial->answer_by_ms = 0;
	tell_outcome(trial, answer, &read);
}

/* ---- the order */

/* What would be sent if every secret were three stars; it differs in nothing else. */
static void
tell_request(struct trial *trial, const struct calls_provider *entry,
    const struct provider_values *values)
{
	struct provider_values blank = *values;
	struct provider_request shown;
	const char *why;

	for (size_t i = 0; i < blank.count; i++) {
		for (size_t k = 0; k < provider_secret_count(entry->provider);
		    k++) {
			const char *name = provider_secret(entry->provider, k);
			size_t length = strlen(name);

			if (strncmp(blank.items[i].name, name, length) == 0 &&
			    (blank.items[i].name[length] == '\0' || strcmp(
			        blank.items[i].name + length, "_previous") == 0))
				blank.items[i].value = "***";
		}
	}
	if (!provider_request_build(entry->provider, trial->operation, &blank,
	        &shown, &why)) {
		say(trial, "sent: cannot be shown without its secrets");
		return;
	}
	say(trial, "sent: %s %s", shown.method, shown.url);
	for (size_t i = 0; i < shown.header_count; i++) {
		const char *header = shown.headers[i];
		bool is_secret = strncasecmp(header, "authorization:", 14) == 0;

		say(trial, "header: %.*s%s", is_secret ? 14 :
		    (int)strlen(header), header, is_secret ? " ***" : "");
	}
	if (shown.body_length > 0)
		say(trial, "body: %s", shown.body);
	provider_request_fini(&shown);
}

/* False: *ret_why says why. */
static bool
send(struct provider_trials *trials, struct trial *trial,
    const struct calls_provider *entry, const struct provider_values *values,
    const char **ret_why)
{
	struct provider_request built;
	struct carrier_request request;
	bool is_sent;

	if (!provider_request_build(entry->provider, trial->operation, values,
	        &built, ret_why))
		return false;
	request = calls_request(entry, &built, CALLS_AT_ONCE);
	trial->answer_by_ms = clock_monotonic_ms() + request.timeout_ms;
	is_sent = carrier_send(trials->carrier, &request,
	    trial->number);
	provider_request_fini(&built);
	*ret_why = "other trials are under way";
	return is_sent;
}

static const char *
refuse(struct provider_trials *trials, const char *why)
{
	snprintf(trials->why, sizeof(trials->why), "%s", why);
	return trials->why;
}

static struct trial *
begin(struct provider_trials *trials, const char *provider,
    enum provider_operation operation)
{
	struct trial *trial = trial_at(trials, trials->count);
	unsigned char bytes[ID_BYTES];

	json_decref(trial->steps);
	memset(trial, 0, sizeof(*trial));
	trial->number = trials->count++;
	CHECK(RAND_bytes(bytes, sizeof(bytes)) == 1);
	memcpy(trial->id, "trial", 5);
	for (size_t i = 0; i < ID_BYTES; i++)
		snprintf(trial->id + 5 + i * 2, 3, "%02x", bytes[i]);
	snprintf(trial->provider, sizeof(trial->provider), "%s", provider);
	trial->operation = operation;
	trial->steps = json_array();
	trial->heard_at_ms = clock_monotonic_ms();
	return trial;
}

static void
fill_call(const struct policy *policy, const struct trial *trial,
    const struct phone *phone, struct situation *situation, struct call *call)
{
	const struct queue_policy *queue = policy_default_queue(policy);

	memset(situation, 0, sizeof(*situation));
	memset(call, 0, sizeof(*call));
	memcpy(call->request, trial->id, sizeof(call->request));
	call->n = 1;
	memcpy(call->provider, trial->provider, sizeof(call->provider));
	memcpy(call->to, phone->e164, sizeof(phone->e164));
	memcpy(call->customer, phone->e164, sizeof(phone->e164));
	memcpy(situation->request.number, "0000", 5);
	if (queue == NULL)
		return;
	snprintf(call->caller_id, sizeof(call->caller_id), "%s",
	    policy_caller_id(queue, phone->e164));
	memcpy(situation->request.queue, queue->id, ID_SIZE);
}

const char *
provider_trial_begin(struct provider_trials *trials, const char *provider,
    const char *to, const char *text, char ret_id[REQUEST_ID_SIZE])
{
	const struct calls_provider *entry = calls_provider(trials->calls,
	    provider);
	bool is_message = text != NULL && text[0] != '\0';
	enum provider_operation operation = is_message ? PROVIDER_SMS :
	    PROVIDER_CALL;
	static struct situation situation;
	struct calls_values values;
	struct phone phone;
	struct trial *trial;
	struct call call;
	const char *why;

	if (entry == NULL)
		return refuse(trials, "no such provider is configured");
	if (!provider_can(entry->provider, operation))
		return refuse(trials, is_message ? "it sends no messages" :
		    "it makes no calls; a message needs --text");
	if (!calls_has_secret(trials->calls) ||
	    !store_knows_time(trials->store))
		return refuse(trials, "Redis has not been read yet");
	phone_read(to, trials->policy, &phone);
	if (phone.verdict == PHONE_REFUSED)
		return refuse(trials, phone.why);
	trial = begin(trials, provider, operation);
	fill_call(trials->policy, trial, &phone, &situation, &call);
	calls_fill_values(trials->calls, &situation, &call, &values);
	provider_values_add(&values.values, "text", is_message ? text : NULL);
	if (!is_message && provider_fence(entry->provider) != FENCE_ANSWER)
		say(trial, "this provider rings both sides by itself: both are "
		    "%s", phone.e164);
	tell_request(trial, entry, &values.values);
	if (!send(trials, trial, entry, &values.values, &why)) {
		trial->is_over = true;
		say(trial, "nothing was sent: %s", why);
	}
	memcpy(ret_id, trial->id, REQUEST_ID_SIZE);
	return NULL;
}

/* ---- what it tells */

bool
provider_trial_hear(struct provider_trials *trials, const char *provider,
    const struct record_ref *call, const struct webhook_event *event)
{
	struct trial *trial = find(trials, call->id);

	if (trial == NULL || strcmp(trial->provider, provider) != 0)
		return false;
	if (event->kind == WEBHOOK_QUESTION) {
		say(trial, "webhook: it asks what to do (%s) and is told to say "
		    "goodbye", event->question);
	} else if (event->kind == WEBHOOK_MESSAGE) {
		say(trial, "webhook: the message is %s%s%s",
		    message_progress_names[event->message],
		    event->error[0] != '\0' ? ": " : "", event->error);
		trial->is_over = event->message >= MESSAGE_DELIVERED;
		trial->is_good = event->message != MESSAGE_FAILED;
	} else if (event->progress == PROGRESS_OVER) {
		say(trial, "webhook: the call is over: %s",
		    call_outcome_names[event->outcome]);
		trial->is_over = true;
		trial->is_good = event->outcome == OUTCOME_ANSWERED;
	} else {
		say(trial, "webhook: %s", call_progress_names[event->progress]);
	}
	return true;
}

json_t *
provider_trial_json(const struct provider_trials *trials, const char *id)
{
	struct trial *trial = find((struct provider_trials *)(uintptr_t)trials,
	    id);

	if (trial == NULL)
		return NULL;
	/* An order that blocks until somebody answers is not silence. */
	if (!trial->is_over && clock_monotonic_ms() > trial->answer_by_ms &&
	    clock_monotonic_ms() - trial->heard_at_ms > SILENCE_MS) {
		say(trial, "nothing more was heard for %d s; is public_url the "
		    "address at which it reaches us?", SILENCE_MS / 1000);
		trial->is_over = true;
		trial->is_good = false;
	}
	return json_pack("{s:O,s:b,s:b}", "steps", trial->steps, "over",
	    trial->is_over, "good", trial->is_over && trial->is_good);
}

/* ---- the module */

struct provider_trials *
provider_trials_new(struct event_base *base, struct calls *calls,
    struct store *store, const struct policy *policy)
{
	static const struct carrier_limits limits = {
		.in_flight_max = TRIALS_MAX, .queue_max = TRIALS_MAX,
		.answer_max = ANSWER_MAX, .connections_max = TRIALS_MAX };
	struct provider_trials *trials = calloc(1, sizeof(*trials));

	CHECK(trials != NULL);
	trials->calls = calls;
	trials->store = store;
	trials->policy = policy;
	trials->carrier = carrier_new(base, &limits, trials, on_answer);
	CHECK(trials->carrier != NULL);
	return trials;
}

void
provider_trials_free(struct provider_trials *trials)
{
	if (trials == NULL)
		return;
	carrier_free(trials->carrier);
	for (size_t i = 0; i < TRIALS_MAX; i++)
		json_decref(trials->items[i].steps);
	free(trials);
}

void
provider_trials_set_policy(struct provider_trials *trials,
    const struct policy *policy)
{
	trials->policy = policy;
}

void
provider_trials_run(struct provider_trials *trials)
{
	carrier_drain(trials->carrier);
}

bool
provider_trials_have_work(const struct provider_trials *trials)
{
	return carrier_has_work(trials->carrier);
}
