/* SPDX-License-Identifier: MIT */
/* flows: one flow for each verdict; some are the same document in other words. */
#include "daemon/flows.h"

#include <stdio.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/spoken.h"

/* The order's words, with the few that the verdict changes. */
struct speech {
	enum flow flow;
	const struct flow_order *order;
	const struct policy *policy;
	const struct situation *situation;
	const struct call *call;
	struct calls_values values;
	char text[SPOKEN_SIZE];
};

static const char *
language_of(const struct speech *speech)
{
	return provider_values_get(&speech->values.values,
	    speech->order->is_customer ? "customer_lang" : "lang");
}

/* Says the text to whoever asks, by the flow that greets and goes on. */
static void
say_and_go_on(struct speech *speech, const char *text)
{
	speech->flow = FLOW_GREET;
	provider_values_set(&speech->values.values, "customer_lang",
	    language_of(speech));
	provider_values_set(&speech->values.values, "greeting", text);
}

static void
say_goodbye(struct speech *speech, const char *text)
{
	speech->flow = FLOW_GOODBYE;
	provider_values_set(&speech->values.values, "lang",
	    language_of(speech));
	provider_values_set(&speech->values.values, "goodbye_text", text);
}

static void
take_leave(struct speech *speech)
{
	const struct call *call = speech->call;
	const char *language = language_of(speech);

	if (!speech->order->is_customer) {
		spoken_ended(call->is_customer_over ? call->outcome :
		    OUTCOME_NONE, language, speech->text,
		    sizeof(speech->text));
		say_goodbye(speech, speech->text);
	} else if (call->is_customer_first && call->is_customer_over &&
	    !call_has_talked(call)) {
		say_goodbye(speech, spoken_sorry(language));
	} else {
		say_goodbye(speech, spoken_goodbye(language));
	}
}

static void
leave_message(struct speech *speech)
{
	const char *text = provider_values_get(&speech->values.values,
	    "voicemail_text");

	if (text[0] != '\0')
		speech->flow = FLOW_VOICEMAIL;
	else
		take_leave(speech);
}

static void
tell(struct speech *speech, enum verdict verdict)
{
	const char *language = language_of(speech);

	switch (verdict) {
	case VERDICT_WHISPER:
		speech->flow = FLOW_WHISPER;
		spoken_whisper(speech->policy, &speech->situation->request,
		    speech->order->note, language, speech->text,
		    sizeof(speech->text));
		provider_values_set(&speech->values.values, "whisper_text",
		    speech->text);
		return;
	case VERDICT_BRIEF:
		spoken_brief(speech->policy, &speech->situation->request,
		    speech->order->note, language, speech->text,
		    sizeof(speech->text));
		if (provider_values_get(&speech->values.values, "record")[0] !=
		    '\0')
			spoken_add(speech->text, sizeof(speech->text),
			    spoken_recorded(language));
		say_and_go_on(speech, speech->text);
		return;
	case VERDICT_JOIN:
		speech->flow = FLOW_JOIN;
		return;
	case VERDICT_RESULT:
		speech->flow = FLOW_RESULT;
		return;
	case VERDICT_GREET:
		speech->flow = FLOW_GREET;
		return;
	case VERDICT_CONFIRM:
		speech->flow = FLOW_CONFIRM;
		return;
	case VERDICT_CONNECT:
		say_and_go_on(speech, spoken_connect(language));
		return;
	case VERDICT_VOICEMAIL:
		leave_message(speech);
		return;
	case VERDICT_JOIN_AGENT:
		/* Who has pressed 1 was greeted before. */
		speech->flow = FLOW_JOIN_AGENT;
		if (speech->call->is_confirmed)
			provider_values_set(&speech->values.values,
			    "greeting", spoken_connect(language));
		return;
	case VERDICT_THANKS:
		say_goodbye(speech, spoken_thanks(language));
		return;
	case VERDICT_NO_ROW:
	case VERDICT_DONE:
	case VERDICT_GOODBYE:
	case VERDICT_COUNT:
		break;
	}
	take_leave(speech);
}

/* A call that could not be looked up has only its name. */
static void
begin(struct calls *calls, const struct flow_order *order,
    struct call *stranger, struct speech *ret)
{
	static const struct situation nothing_known;

	memset(ret, 0, sizeof(*ret));
	ret->order = order;
	ret->policy = calls_policy(calls);
	ret->situation = order->situation != NULL ? order->situation :
	    &nothing_known;
	ret->call = situation_call_const(ret->situation, order->call.n);
	if (ret->call == NULL) {
		memset(stranger, 0, sizeof(*stranger));
		snprintf(stranger->request, sizeof(stranger->request), "%.*s",
		    REQUEST_ID_SIZE - 1, order->call.id);
		stranger->n = order->call.n;
		memcpy(stranger->provider, order->provider->id,
		    sizeof(stranger->provider));
		ret->call = stranger;
	}
	calls_fill_values(calls, ret->situation, ret->call, &ret->values);
}

static bool
make(const struct speech *speech, char **ret_body, const char **ret_type)
{
	if (provider_flow(speech->order->provider->provider, speech->flow,
	        &speech->values.values, ret_body, ret_type))
		return true;
	log_event(LOG_LEVEL_ERR, "flow_not_made", "provider=%s flow=%s",
	    speech->order->provider->id, flow_names[speech->flow]);
	return false;
}

bool
flows_need_note(enum verdict verdict)
{
	return verdict == VERDICT_WHISPER || verdict == VERDICT_BRIEF;
}

bool
flows_make(struct calls *calls, enum verdict verdict,
    const struct flow_order *order, char **ret_body, const char **ret_type)
{
	struct call stranger;
	struct speech speech;

	begin(calls, order, &stranger, &speech);
	tell(&speech, verdict);
	return make(&speech, ret_body, ret_type);
}

bool
flows_make_wait(struct calls *calls, const struct flow_order *order,
    char **ret_body, const char **ret_type)
{
	struct call stranger;
	struct speech speech;

	begin(calls, order, &stranger, &speech);
	speech.flow = order->is_customer ? FLOW_GREET : FLOW_WAIT;
	return make(&speech, ret_body, ret_type);
}
