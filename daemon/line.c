/* SPDX-License-Identifier: MIT */
/* line: one question of the provider at a time, each answered by a flow. */
#include "daemon/line.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/limit.h"
#include "daemon/log.h"
#include "daemon/spoken.h"
#include "daemon/spoken_line.h"
#include "daemon/suppress.h"
#include "daemon/webhooks.h"
#include "lib/digest.h"
#include "lib/phone.h"
#include "lib/standing.h"

/* A caller who understands nothing is not kept for ever. */
#define TALK_MAX_MS 180000
/* What was accepted on the telephone waits until they have hung up, or so long. */
#define LEAVE_MS 20000
#define HOUR_MS 3600000

enum { FOLLOW_MAX = 4 };

struct line {
	struct line_options options;
	const struct policy *policy;
};

/* One question that waits for its answer. */
struct asking {
	struct line *line;
	struct webhook_ticket *ticket;
	char provider[ID_SIZE];
	struct webhook_event heard;
	char phone[PHONE_SIZE];                 /* the caller's, "": not shown */
	char typed[PHONE_SIZE];                 /* the number they typed */
	int64_t since_ms;                       /* when the call came */
	char returns[REQUEST_ID_SIZE];          /* the request our call was for */
	char specialist[ID_SIZE];               /* who called them */
	int  follows;
	bool is_calling;                        /* somebody calls them already */
};

/* NULL: no line of ours. Looked up each time: the policy may have changed. */
static const struct line_policy *
called(const struct asking *asking)
{
	return policy_line(asking->line->policy, asking->heard.to);
}

/* ---- answers */

static void
reply(struct asking *asking, enum flow flow, const char *text)
{
	struct line *line = asking->line;
	struct provider_values values = { .count = 0 };
	char hook[HOOK_SIZE], since[24], ring[24];
	const char *language = line->policy->language;

	snprintf(hook, sizeof(hook), "%s/hooks/%s/line",
	    calls_public_url(line->options.calls), asking->provider);
	snprintf(since, sizeof(since), "%" PRId64, asking->since_ms);
	snprintf(ring, sizeof(ring), "%" PRId64,
	    (line->policy->missed_ms + 999) / 1000);
	provider_values_add(&values, "hook", hook);
	provider_values_add(&values, "job", since);
	provider_values_add(&values, "ring", ring);
	provider_values_add(&values, "lang", language);
	provider_values_add(&values, "company", line->policy->company);
	provider_values_add(&values, "text", text);
	provider_values_add(&values, "goodbye_text", spoken_goodbye(language));
	webhook_ticket_answer(asking->ticket, flow, &values);
	free(asking);
}

static void
say_goodbye(struct asking *asking)
{
	reply(asking, FLOW_GOODBYE, "");
}

static void
say_sorry(struct asking *asking)
{
	reply(asking, FLOW_LINE_TOLD,
	    spoken_line_sorry(asking->line->policy->language));
}

static bool
talks_too_long(const struct asking *asking)
{
	return store_now_ms(asking->line->options.store) -
	    asking->since_ms > TALK_MAX_MS;
}

static void
offer_callback(struct asking *asking)
{
	const struct policy *policy = asking->line->policy;
	char text[SPOKEN_LINE_SIZE];

	if (talks_too_long(asking)) {
		say_goodbye(asking);
		return;
	}
	spoken_line_ask(policy->company, policy->language, text);
	reply(asking, FLOW_LINE_ASK, text);
}

static void
ask_number(struct asking *asking, bool is_again)
{
	char text[SPOKEN_LINE_SIZE];

	if (talks_too_long(asking)) {
		say_goodbye(asking);
		return;
	}
	spoken_line_number(asking->line->policy->language, is_again, text);
	reply(asking, FLOW_LINE_NUMBER, text);
}

static void
say_promise(struct line *line, struct spoken_promise *promise,
    const char *language, char ret_text[SPOKEN_LINE_SIZE])
{
	promise->zone = line->policy->local;
	promise->now_ms = store_now_ms(line->options.store);
	spoken_line_told(promise, language, ret_text);
}

/* The story keeps what was said of it. Refused or lost, only that line is missing. */
static void
keep_words(struct line *line, const char *request, const char *text)
{
	struct engine_order order = { .event = { .kind = EVENT_NOTED,
		.digit = -1, .note = text, .by = "telephone" } };

	if (request == NULL || request[0] == '\0')
		return;
	order.event.to = record_ref_request(request);
	if (!engine_post(line->options.engine, &order))
		log_event(LOG_LEVEL_DEBUG, "words_not_kept", "request=%s",
		    request);
}

static void
tell_promise(struct asking *asking, struct spoken_promise *promise)
{
	struct line *line = asking->line;
	char text[SPOKEN_LINE_SIZE];

	say_promise(line, promise, line->policy->language, text);
	reply(asking, FLOW_LINE_TOLD, text);
}

static int64_t
moment_of(const json_t *seconds)
{
	return json_integer_value(seconds) * 1000;
}

void
line_say(struct line *line, const char *answer, const char *language,
    char ret_text[SPOKEN_LINE_SIZE])
{
	json_t *json = json_loads(answer, 0, NULL);
	const json_t *slot = json_object_get(json, "slot");
	const char *number = json_string_value(
	    json_object_get(json, "number"));
	struct spoken_promise promise = { .number = number != NULL ? number :
		"", .by_ms = moment_of(json_object_get(json, "promise")),
		.from_ms = moment_of(json_array_get(slot, 0)),
		.to_ms = moment_of(json_array_get(slot, 1)) };

	say_promise(line, &promise, language, ret_text);
	json_decref(json);
}

/* ---- asking for a callback */

/* The same call asks once, however often its webhook comes. */
static void
make_id(const char *what, const char *a, const char *b, char ret_id[32])
{
	char text[PROVIDER_ID_SIZE + 64], hex[DIGEST_SHA256_HEX_SIZE];
	int length = snprintf(text, sizeof(text), "%s %s %s", what, a, b);

	digest_sha256_hex(text, (size_t)length, hex);
	snprintf(ret_id, 32, "%.8s:%.20s", what, hex);
}

struct wish {
	const char *id, *phone, *queue, *source, *consent;
	int64_t since_ms, hold_ms;
	submit_on_end *on_end;  void *context;
};

static void
ask(struct line *line, const struct wish *wish)
{
	struct submission submission = { .source = wish->source,
		.queue = wish->queue, .hold_ms = wish->hold_ms,
		.on_end = wish->on_end, .context = wish->context };
	json_t *json = json_pack("{s:s,s:s,s:s,s:I,s:{s:s,s:s,s:I}}",
	    "id", wish->id, "phone", wish->phone, "locale",
	    line->policy->language, "waiting_since",
	    (json_int_t)(wish->since_ms / 1000), "consent", "version",
	    wish->source, "text", wish->consent, "at",
	    (json_int_t)(store_now_ms(line->options.store) / 1000));
	char *member = json_dumps(json, JSON_COMPACT);

	CHECK(member != NULL);
	submission.member = member;
	submission.length = strlen(member);
	submit(line->options.submitter, &submission);
	free(member);
	json_decref(json);
}

/* What is said was committed. */
static void
on_asked(void *context, uint64_t tag, const struct submit_result *result)
{
	struct asking *asking = context;
	char text[SPOKEN_LINE_SIZE];

	(void)tag;
	/* Another number would not help. */
	if (result->end == SUBMIT_REFUSED && result->wait_ms == 0) {
		ask_number(asking, true);
		return;
	}
	if (result->answer == NULL || result->end == SUBMIT_UNREADABLE ||
	    result->wait_ms > 0) {
		say_sorry(asking);
		return;
	}
	line_say(asking->line, result->answer, asking->line->policy->language,
	    text);
	keep_words(asking->line, result->request, text);
	reply(asking, FLOW_LINE_TOLD, text);
}

static void
ask_for(struct asking *asking, const char *phone)
{
	struct line *line = asking->line;
	char id[32];
	struct wish wish = { .id = id, .phone = phone,
		.queue = called(asking)->queue, .source = "line",
		.consent = "a key was pressed on the telephone",
		.since_ms = asking->since_ms, .hold_ms = LEAVE_MS,
		.on_end = on_asked, .context = asking };

	make_id("line", asking->heard.sid, phone, id);
	/* Who asks for a call from their own phone wants to be called. */
	if (strcmp(phone, asking->heard.from) == 0)
		suppress_lift_calls(line->options.engine, line->options.store,
		    line->policy, phone, "they called us and pressed 1");
	ask(line, &wish);
}

static bool
day_of(struct line *line, int64_t at_ms, char *ret_text, size_t size)
{
	struct zone_time at;

	zone_local(line->policy->local, at_ms, &at);
	return snprintf(ret_text, size, "%" PRId64, at.date) > 0;
}

bool
line_missed(struct line *line, const struct missed_call *missed)
{
	const struct line_policy *ours = policy_line(line->policy,
	    missed->number);
	char id[32], day[24];
	struct wish wish = { .id = id, .phone = missed->phone,
		.source = "missed", .consent = "called us, and was not answered",
		.since_ms = missed->at_ms, .on_end = missed->on_end,
		.context = missed->context };

	if (ours == NULL || !ours->takes_missed ||
	    missed->rang_ms < line->policy->missed_ms ||
	    !day_of(line, missed->at_ms, day, sizeof(day)))
		return false;
	wish.queue = ours->queue;
	/* The day is part of the id: seen:ID takes it once. */
	make_id("missed", missed->phone, day, id);
	ask(line, &wish);
	return true;
}

/* ---- who returns our call */

static void serve(struct asking *asking);

/* Their specialist's phone rings; from now on it is a call like any other. */
static void
join(struct asking *asking, const struct situation *situation)
{
	struct calls *calls = asking->line->options.calls;
	const struct request *request = &situation->request;
	const struct flow_order order = {
		.provider = calls_provider(calls, asking->provider),
		.call = record_ref_call(request->id, request->call),
		.situation = situation, .is_customer = true, .note = "",
	};

	webhook_ticket_reply(asking->ticket, VERDICT_JOIN_AGENT, &order);
	free(asking);
}

static void
on_called_back(void *context, uint64_t tag, const struct engine_result *result)
{
	struct asking *asking = context;
	const struct policy *policy = asking->line->policy;
	struct spoken_promise promise = { .number = "", .is_returned = true };
	struct spoken_promise now = { .number = "" };
	const struct request *request;
	const struct queue_policy *queue;

	(void)tag;
	if (result->end == ENGINE_UNAVAILABLE) {
		say_sorry(asking);
		return;
	}
	if (result->end != ENGINE_DONE || result->after == NULL) {
		if (asking->is_calling)
			tell_promise(asking, &now);
		else
			serve(asking);
		return;
	}
	if (result->verdict == VERDICT_JOIN_AGENT) {
		join(asking, result->after);
		return;
	}
	request = &result->after->request;
	queue = policy_queue(policy, request->queue);
	promise.by_ms = request->state != REQUEST_CLOSED ?
	    request_promise_moment(request) :
	    store_now_ms(asking->line->options.store) +
	    (queue != NULL ? queue->limit_ms : 0);
	promise.number = request->number;
	tell_promise(asking, &promise);
}

/* Nobody rings whom they are to join: not before they have hung up. */
static void
tell_called_back(struct asking *asking)
{
	struct line *line = asking->line;
	struct engine_order order = { .on_result = on_called_back,
		.context = asking, .event = { .kind = EVENT_CALLED_BACK,
		    .digit = -1, .by = "customer" } };

	order.event.to = record_ref_request(asking->returns);
	order.event.at_ms = store_now_ms(line->options.store) + LEAVE_MS;
	memcpy(order.event.provider, asking->provider,
	    sizeof(order.event.provider));
	snprintf(order.event.sid, sizeof(order.event.sid), "%.*s",
	    SID_SIZE - 1, asking->heard.sid);
	memcpy(order.event.specialist, asking->specialist,
	    sizeof(order.event.specialist));
	if (!engine_post(line->options.engine, &order))
		say_sorry(asking);
}

static void
on_returned(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply_of)
{
	struct asking *asking = context;
	struct request request;

	(void)tag;
	if (end != REDIS_REPLY) {
		say_sorry(asking);
		return;
	}
	if (!store_read_record(reply_of, RECORD_REQUEST, &request)) {
		serve(asking);
	} else if (request.state == REQUEST_CLOSED && request.next[0] != '\0' &&
	    ++asking->follows < FOLLOW_MAX) {
		struct record_ref ref = record_ref_request(request.next);

		memcpy(asking->returns, ref.id, sizeof(asking->returns));
		if (!store_load(asking->line->options.store, &ref,
		        on_returned, asking, 0))
			say_sorry(asking);
	} else {
		/* Then it is news only when it is their own call. */
		asking->is_calling = request.state == REQUEST_CALLING;
		tell_called_back(asking);
	}
}

/* "REQUEST SPECIALIST", as the commit wrote it that let their phone ring. */
static void
on_rang(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply_of)
{
	struct asking *asking = context;
	const char *space = end == REDIS_REPLY &&
	    reply_of->type == REDIS_REPLY_STRING ?
	    strchr(reply_of->str, ' ') : NULL;
	struct record_ref ref;

	(void)tag;
	if (space == NULL || (size_t)(space - reply_of->str) >=
	    REQUEST_ID_SIZE || strlen(space + 1) >= ID_SIZE) {
		serve(asking);
		return;
	}
	snprintf(asking->returns, sizeof(asking->returns), "%.*s",
	    (int)(space - reply_of->str), reply_of->str);
	snprintf(asking->specialist, sizeof(asking->specialist), "%s",
	    space + 1);
	suppress_lift_calls(asking->line->options.engine,
	    asking->line->options.store, asking->line->policy, asking->phone,
	    "they called us back");
	ref = record_ref_request(asking->returns);
	if (!store_load(asking->line->options.store, &ref, on_returned,
	        asking, 0))
		say_sorry(asking);
}

static void
recognise(struct asking *asking)
{
	char key[KEY_SIZE];

	if (asking->phone[0] == '\0') {
		serve(asking);
		return;
	}
	standing_rang_key(asking->phone, key);
	if (!STORE_SEND(asking->line->options.store, on_rang, asking, 0,
	        "GET", key))
		say_sorry(asking);
}

/* ---- what is asked */

/* The limit counts calls, not questions; a number that is typed counts as if it
 * had called. */
static void
limit_number(struct asking *asking, const char *phone,
    limit_on_end *on_end)
{
	struct line *line = asking->line;
	struct limit limit = { "line", line->policy->line_per_hour, HOUR_MS };

	limit_take(line->options.store, &limit, phone, on_end, asking);
}

/* Nobody whom we called: what the line offers. */
static void
serve(struct asking *asking)
{
	const struct line_policy *ours = called(asking);

	if (ours == NULL || (ours->offer == LINE_OFFERS_NOTHING &&
	        !ours->takes_missed))
		say_goodbye(asking);
	else if (ours->offer == LINE_OFFERS_NOTHING)
		reply(asking, FLOW_LINE_RING, "");
	else if (asking->phone[0] == '\0')
		ask_number(asking, false);
	else
		offer_callback(asking);
}

static void
on_keys(struct asking *asking)
{
	char digit = asking->heard.digits[0];

	if (digit == '1' && asking->phone[0] != '\0')
		ask_for(asking, asking->phone);
	else if (digit == '1' || digit == '2')
		ask_number(asking, false);
	else
		offer_callback(asking);
}

static void
on_typed_limit(void *context, bool is_within)
{
	struct asking *asking = context;

	if (is_within && called(asking) != NULL)
		ask_for(asking, asking->typed);
	else
		say_goodbye(asking);
}

/* As it is written at home, or with the country before it. */
static void
on_number(struct asking *asking)
{
	const struct policy *policy = asking->line->policy;
	struct phone phone;
	char text[sizeof(asking->heard.digits) + 1];

	phone_read(asking->heard.digits, policy, &phone);
	if (phone.verdict == PHONE_REFUSED) {
		snprintf(text, sizeof(text), "+%s", asking->heard.digits);
		phone_read(text, policy, &phone);
	}
	if (phone.verdict == PHONE_REFUSED) {
		ask_number(asking, true);
		return;
	}
	snprintf(asking->typed, sizeof(asking->typed), "%s", phone.e164);
	limit_number(asking, asking->typed, on_typed_limit);
}

static void
on_long_ringing(struct asking *asking)
{
	struct line *line = asking->line;
	int64_t now_ms = store_now_ms(line->options.store);
	struct missed_call missed = { .number = asking->heard.to,
		.phone = asking->phone, .at_ms = asking->since_ms,
		.rang_ms = now_ms - asking->since_ms, .on_end = on_asked,
		.context = asking };

	/* The provider has waited for us; its clock is not ours. */
	if (missed.rang_ms < line->policy->missed_ms)
		missed.rang_ms = line->policy->missed_ms;
	if (asking->phone[0] == '\0' || !line_missed(line, &missed))
		say_goodbye(asking);
}

static void
on_limit(void *context, bool is_within)
{
	struct asking *asking = context;

	if (is_within)
		recognise(asking);
	else
		say_goodbye(asking);
}

static void
on_call(struct asking *asking)
{
	if (asking->phone[0] == '\0')
		serve(asking);
	else
		limit_number(asking, asking->phone, on_limit);
}

static void
answer(struct asking *asking)
{
	const char *asked = asking->heard.question;

	if (strcmp(asked, "up") == 0)
		on_call(asking);
	else if (called(asking) == NULL)
		say_goodbye(asking);
	else if (strcmp(asked, "keys") == 0)
		on_keys(asking);
	else if (strcmp(asked, "number") == 0)
		on_number(asking);
	else if (strcmp(asked, "rang") == 0)
		on_long_ringing(asking);
	else if (strcmp(asked, "silent") == 0 && asking->phone[0] == '\0')
		ask_number(asking, false);
	else
		offer_callback(asking);
}

/* ---- news: how far a call to us has come */

static void
on_told(void *context, enum callers_end end, const struct request *requests,
    size_t count)
{
	(void)requests;
	(void)count;
	webhook_ticket_end(context, end != CALLERS_LATER);
}

static enum caller
caller_of(const struct webhook_event *heard)
{
	if (!heard->has_progress)
		return CALLER_NOT_SAID;
	switch (heard->progress) {
	case PROGRESS_AGENT_UP:
	case PROGRESS_CUSTOMER_UP:
		return CALLER_SPOKE;
	case PROGRESS_OVER:
		return CALLER_HUNG_UP;
	case PROGRESS_AGENT_RINGING:
	case PROGRESS_CUSTOMER_RINGING:
		return CALLER_ON_HOLD;
	case PROGRESS_NONE:
	case PROGRESS_COUNT:
		break;
	}
	return CALLER_NOT_SAID;
}

/* A caller who was joined has hung up. Which call of ours theirs was stands in it;
 * should this be lost, the call is asked after as any other. */
struct ending {
	struct line *line;
	char sid[SID_SIZE];
	struct record_ref call;
	int step;
};

static void
tell_ended(const struct ending *ending)
{
	struct engine_order order = { .must = true, .event = {
		.kind = EVENT_PROGRESS, .digit = -1, .by = "provider",
		.progress = PROGRESS_OVER, .outcome = OUTCOME_ANSWERED,
		.to = ending->call } };

	memcpy(order.event.sid, ending->sid, sizeof(order.event.sid));
	if (!engine_post(ending->line->options.engine, &order))
		log_event(LOG_LEVEL_DEBUG, "end_not_told", "call=%s.%d",
		    ending->call.id, ending->call.n);
}

static void find_ended(struct ending *ending);

static void
on_ended(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply_of)
{
	struct ending *ending = context;
	const char *text = end == REDIS_REPLY &&
	    reply_of->type == REDIS_REPLY_STRING ? reply_of->str : "";
	size_t length = strcspn(text, " ");

	(void)tag;
	if (ending->step == 1 && length > 0 && length < REQUEST_ID_SIZE) {
		snprintf(ending->call.id, sizeof(ending->call.id), "%.*s",
		    (int)length, text);
		find_ended(ending);
	} else if (ending->step == 2 && atoi(text) > 0) {
		ending->call = record_ref_call(ending->call.id, atoi(text));
		find_ended(ending);
	} else {
		if (ending->step == 3 && strcmp(text, ending->sid) == 0)
			tell_ended(ending);
		free(ending);
	}
}

static void
find_ended(struct ending *ending)
{
	struct record_ref ref = ending->call;
	char key[KEY_SIZE];

	if (ending->step++ == 1)
		ref = record_ref_request(ending->call.id);
	record_key(&ref, key);
	if (!STORE_SEND(ending->line->options.store, on_ended, ending, 0,
	        "HGET", key, ending->step == 2 ? "call" : "sid"))
		free(ending);
}

static void
end_joined(struct line *line, const char *sid, const char *phone)
{
	struct ending *ending = calloc(1, sizeof(*ending));
	char key[KEY_SIZE];

	CHECK(ending != NULL);
	ending->line = line;
	ending->step = 1;
	snprintf(ending->sid, sizeof(ending->sid), "%.*s", SID_SIZE - 1, sid);
	standing_rang_key(phone, key);
	if (!STORE_SEND(line->options.store, on_ended, ending, 0, "GET", key))
		free(ending);
}

static void
hear_news(struct line *line, const struct webhook_event *heard,
    const char *phone, struct webhook_ticket *ticket)
{
	struct caller_news news = { .caller = caller_of(heard),
		.by = "telephone" };
	char hex[DIGEST_SHA256_HEX_SIZE];

	if (news.caller == CALLER_NOT_SAID || phone[0] == '\0') {
		webhook_ticket_end(ticket, true);
		return;
	}
	snprintf(news.phone, sizeof(news.phone), "%s", phone);
	digest_sha256_hex(heard->sid, strlen(heard->sid), hex);
	snprintf(news.id, sizeof(news.id), "%.32s", hex);
	news.at_ms = store_now_ms(line->options.store);
	if (news.caller == CALLER_HUNG_UP)
		end_joined(line, heard->sid, phone);
	callers_tell(line->options.callers, &news, on_told, ticket);
}

/* ---- the webhook */

/* When the call came, as the addresses of its flows say since. */
static int64_t
read_since(const struct line *line, const struct webhook_event *heard)
{
	int64_t now_ms = store_now_ms(line->options.store);
	int64_t since_ms = strtoll(heard->job, NULL, 10);

	return since_ms > now_ms - HOUR_MS && since_ms < now_ms ? since_ms :
	    now_ms;
}

static void
on_inbound_call(void *context, const char *provider,
    const struct webhook_event *heard, struct webhook_ticket *ticket)
{
	struct line *line = context;
	struct asking *asking;
	struct phone phone;

	if (!store_is_up(line->options.store)) {
		webhook_ticket_end(ticket, false);
		return;
	}
	/* What cannot be called back counts as not shown. */
	phone_read(heard->from, line->policy, &phone);
	if (heard->question[0] == '\0') {
		hear_news(line, heard, phone.e164, ticket);
		return;
	}
	asking = calloc(1, sizeof(*asking));
	CHECK(asking != NULL);
	asking->line = line;
	asking->ticket = ticket;
	snprintf(asking->provider, sizeof(asking->provider), "%s", provider);
	asking->heard = *heard;
	snprintf(asking->phone, sizeof(asking->phone), "%s", phone.e164);
	asking->since_ms = read_since(line, heard);
	answer(asking);
}

/* ---- the module */

struct line *
line_new(const struct line_options *options)
{
	struct line *line = calloc(1, sizeof(*line));

	CHECK(line != NULL);
	line->options = *options;
	line_set_policy(line, options->policy);
	webhooks_set_handler(options->webhooks, WEBHOOK_INBOUND_CALL,
	    on_inbound_call, line);
	return line;
}

void
line_free(struct line *line)
{
	free(line);
}

void
line_set_policy(struct line *line, const struct policy *policy)
{
	line->policy = policy;
}
