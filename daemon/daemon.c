/* SPDX-License-Identifier: MIT */
/* daemon: builds the rooms and carries words between them. */
#include "daemon/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/alarms.h"
#include "daemon/delays.h"
#include "daemon/api.h"
#include "daemon/audit.h"
#include "daemon/block.h"
#include "daemon/due_pull.h"
#include "daemon/embedded_redis.h"
#include "daemon/forecast.h"
#include "daemon/health.h"
#include "daemon/intake_pull.h"
#include "daemon/messages.h"
#include "daemon/notify.h"
#include "daemon/poison.h"
#include "daemon/loss_watch.h"
#include "daemon/promise_scan.h"
#include "daemon/roster.h"
#include "daemon/slots.h"
#include "lib/fault.h"
#include "lib/provider_choice.h"
#include "lib/zone.h"

enum { TOKEN_BYTES = 16, IN_FLIGHT_MAX = 256,
	QUEUE_MAX = 4096, ROUNDS_MAX = 16 };

struct daemon {
	struct settings *settings, *first;      /* first: providers borrow from it */
	char config_path[512];
	struct event_base *base;
	struct embedded_redis *embedded;
	struct redis_address address;
	char desk_token[TOKEN_BYTES * 2 + 1];

	struct store *store;
	struct engine *engine;
	struct calls *calls;
	struct messages *messages;
	struct alarms *alarms;
	struct health *health;
	struct delays *delays;
	struct matcher *matcher;
	struct submitter *submitter;
	struct callers *callers;
	struct line *line;
	struct webhooks *webhooks;
	struct provider_trials *trials;
	struct intake_pull *intake_pull;
	struct due_pull *due_pull;
	struct promise_scan *promise_scan;
	struct people *people;
	struct forecast *forecast;
	struct slots *slots;
	struct loss_watch *loss_watch;
	struct audit *audit;
	struct roster *roster;
	struct blocks *blocks;
	struct api *api;
	bool is_draining, was_up, has_been_up;
	int64_t down_since_ms;
};

/* ---- words between the rooms */

/* What must not have happened to a call: told whatever is logged besides. */
static void
log_alarm(const struct move *move)
{
	static const struct { const char *action, *event; } alarms[] = {
		{ "hang_up_other", "call_double" },
		{ "refuse_other", "call_double" },
		{ "alarm_and_hang_up", "call_without_leave" },
	};

	for (size_t i = 0; i < COUNT_OF(alarms); i++) {
		if (move->record.kind == RECORD_CALL &&
		    strcmp(move->action, alarms[i].action) == 0)
			log_event(LOG_LEVEL_WARNING, alarms[i].event,
			    "call=%s.%d detail=\"%s\"", move->record.id,
			    move->record.n, move->detail);
	}
}

static void
log_moves(const struct situation *situation, const struct outcome *outcome)
{
	const struct request *request = &outcome->after.request;

	if (request->missed_count > situation->request.missed_count)
		log_event(LOG_LEVEL_WARNING, "promise_missed",
		    "request=%s number=%s queue=%s promise=%d state=%s",
		    request->id, request->number, request->queue,
		    request->promise_number,
		    request_state_names[request->state]);
	for (size_t i = 0; i < outcome->move_count; i++)
		log_alarm(&outcome->moves[i]);
	if (log_get_level() < LOG_LEVEL_INFO)
		return;
	if (PLANTED("number_in_log"))
		log_event(LOG_LEVEL_INFO, "planted", "phone=%s",
		    request->phone);
	for (size_t i = 0; i < outcome->move_count; i++) {
		const struct move *move = &outcome->moves[i];

		if (move->record.kind == RECORD_REQUEST)
			log_event(LOG_LEVEL_INFO, "request",
			    "id=%s number=%s from=%s to=%s action=%s by=%s "
			    "detail=\"%s\"", request->id, request->number,
			    request_state_names[move->from],
			    request_state_names[move->to], move->action,
			    move->by[0] != '\0' ? move->by : "-",
			    move->detail);
		else if (move->record.kind == RECORD_SPECIALIST)
			log_event(LOG_LEVEL_DEBUG, "specialist",
			    "id=%s from=%s to=%s action=%s", move->record.id,
			    specialist_state_names[move->from],
			    specialist_state_names[move->to], move->action);
		else if (move->record.kind == RECORD_MESSAGE)
			log_event(LOG_LEVEL_INFO, "message",
			    "id=%s from=%s to=%s action=%s detail=\"%s\"",
			    move->record.id, message_state_names[move->from],
			    message_state_names[move->to], move->action,
			    move->detail);
		else
			log_event(LOG_LEVEL_DEBUG, "call",
			    "id=%s.%d from=%s to=%s event=%s action=%s "
			    "detail=\"%s\"", move->record.id, move->record.n,
			    call_state_names[move->from],
			    call_state_names[move->to],
			    event_kind_names[move->event], move->action,
			    move->detail);
	}
}

/* Nobody looks at what has ended: it is asked once more, for this alone. */
static void
ask_price(struct daemon *daemon, const struct situation *situation,
    const struct move *move)
{
	const struct call *call = move->record.kind != RECORD_CALL ? NULL :
	    situation_call_const(situation, move->record.n);
	const struct message *message = &situation->message;
	struct effect effect = { .kind = EFFECT_POLL, .call = move->record };
	const struct provider_facts *facts = policy_provider(
	    &daemon->settings->policy, call != NULL ? call->provider :
	    message->provider);

	if (facts == NULL || move->from == move->to)
		return;
	if (call != NULL && move->to == CALL_ENDED && call->paid == 0 &&
	    call->sid[0] != '\0' && facts->tells_price[CHANNEL_VOICE]) {
		memcpy(effect.sid, call->sid, sizeof(effect.sid));
		calls_do(daemon->calls, situation, &effect, 0, 0);
	} else if (move->record.kind == RECORD_MESSAGE &&
	    move->to == MESSAGE_ENDED && message->paid == 0 &&
	    message->sid[0] != '\0' && facts->tells_price[CHANNEL_SMS]) {
		effect.kind = EFFECT_LOOK_UP;
		messages_do(daemon->messages, message, &effect, 0, 0);
	}
}

static void
on_committed(void *context, const struct situation *before,
    const struct outcome *outcome)
{
	struct daemon *daemon = context;
	const struct situation *after = &outcome->after;

	log_moves(before, outcome);
	loss_watch_on_committed(daemon->loss_watch, before, after);
	matcher_on_committed(daemon->matcher, before, outcome);
	messages_on_committed(daemon->messages, before, outcome);
	alarms_on_committed(daemon->alarms, outcome);
	delays_on_committed(daemon->delays, outcome);
	people_on_committed(daemon->people, outcome);
	forecast_on_committed(daemon->forecast, outcome);
	slots_on_committed(daemon->slots, before, outcome);
	health_on_committed(daemon->health, outcome);
	for (size_t i = 0; i < outcome->move_count; i++)
		ask_price(daemon, after, &outcome->moves[i]);
	due_pull_expect(daemon->due_pull, after->message.record.wake_at_ms);
	due_pull_expect(daemon->due_pull, after->request.record.wake_at_ms);
	due_pull_expect(daemon->due_pull, outcome->birth.id[0] != '\0' ?
	    outcome->birth.record.wake_at_ms : 0);
	for (size_t i = 0; i < after->call_count; i++)
		due_pull_expect(daemon->due_pull,
		    after->calls[i].record.wake_at_ms);
	for (size_t i = 0; i < after->specialist_count; i++)
		due_pull_expect(daemon->due_pull,
		    after->specialists[i].record.wake_at_ms);
}

static void
on_effect(void *context, const struct situation *situation,
    const struct effect *effect, int64_t sent_boot_ms, int64_t wait_ms)
{
	struct daemon *daemon = context;
	const struct call *call = situation_call_const(situation,
	    effect->call.n);

	if (effect->call.kind == RECORD_MESSAGE) {
		if (effect->kind == EFFECT_SEND)
			health_on_placed(daemon->health,
			    situation->message.provider, CHANNEL_SMS, wait_ms);
		messages_do(daemon->messages, &situation->message, effect,
		    sent_boot_ms, wait_ms);
		return;
	}
	if (effect->kind == EFFECT_PLACE && call != NULL)
		health_on_placed(daemon->health, call->provider, CHANNEL_VOICE,
		    wait_ms);
	calls_do(daemon->calls, situation, effect, sent_boot_ms, wait_ms);
}

static int64_t
on_wait(void *context, const char *provider, enum channel channel,
    const char *guard, int64_t wait_ms)
{
	struct daemon *daemon = context;

	return health_on_wait(daemon->health, provider, channel, guard,
	    wait_ms);
}

static unsigned
providers_down(void *context, enum channel channel, unsigned *ret_spent)
{
	struct daemon *daemon = context;

	return health_down(daemon->health, channel, ret_spent);
}

static struct expectation
expected(void *context, const struct request *request, int64_t now_ms)
{
	struct daemon *daemon = context;

	return forecast_of(daemon->forecast, request, now_ms);
}

static struct doors_hint
doors(void *context, const struct request *request, bool is_asked,
    const struct expectation *seen, int64_t full_until_ms, int64_t now_ms)
{
	struct daemon *daemon = context;

	return slots_hint(daemon->slots, request, is_asked, seen,
	    full_until_ms, now_ms);
}

static const struct duty_now *
on_duty(void *context)
{
	struct daemon *daemon = context;

	return people_on_duty(daemon->people);
}

/* A turn and room come by themselves. */
static bool
works(void *context, const char *queue)
{
	struct daemon *daemon = context;
	enum health_lack lack = health_lack(daemon->health, queue);

	return lack != HEALTH_LACKS_PROVIDER && lack != HEALTH_LACKS_MONEY;
}

static unsigned
providers_probing(void *context, enum channel channel)
{
	struct daemon *daemon = context;

	return health_probing(daemon->health, channel);
}

static void
on_news(void *context, const char *provider, enum channel channel,
    enum health_news news, const char *detail, int64_t wait_ms)
{
	struct daemon *daemon = context;

	health_hear_of(daemon->health, provider, channel, news, detail,
	    wait_ms);
}

static void
on_check(void *context, const char *provider, enum provider_outcome outcome,
    const char *detail)
{
	struct daemon *daemon = context;

	health_on_check(daemon->health, provider, outcome, detail);
}

static void
on_alarm(void *context, const char *detail)
{
	struct daemon *daemon = context;

	alarms_count(daemon->alarms, ALARM_PROVIDER_REFUSES, detail);
}

static bool
on_tap(void *context, const char *provider, const struct record_ref *call,
    const struct webhook_event *event)
{
	struct daemon *daemon = context;

	return provider_trial_hear(daemon->trials, provider, call, event);
}

static size_t
room(void *context, const char *queue)
{
	struct daemon *daemon = context;

	return health_room(daemon->health, queue);
}

static void
on_offered(void *context, const char *queue)
{
	struct daemon *daemon = context;

	health_on_offered(daemon->health, queue);
}

static void
on_alone(void *context, const char *specialist)
{
	struct daemon *daemon = context;
	const struct specialist_policy *who =
	    policy_specialist(&daemon->settings->policy, specialist);

	alarms_count(daemon->alarms, ALARM_DECLINED,
	    who != NULL ? who->name : specialist);
}

static void
say_wait(void *context, const struct request *request, int64_t now_ms,
    char ret_text[DETAIL_SIZE])
{
	struct daemon *daemon = context;

	delays_say(daemon->delays, request, now_ms, ret_text);
}

static const struct specialist *
find(void *context, const struct request *request, int64_t now_ms)
{
	struct daemon *daemon = context;

	return matcher_find(daemon->matcher, request, now_ms);
}

static void
on_stale(void *context, const char *specialist)
{
	struct daemon *daemon = context;

	matcher_on_stale(daemon->matcher, specialist);
}

static int
others(void *context, const char *queue, const char *specialist)
{
	struct daemon *daemon = context;

	return matcher_others(daemon->matcher, queue, specialist);
}

static void
on_unreadable(void *context, const struct record_ref *ref, const char *why,
    const struct pair *pairs, size_t count)
{
	struct daemon *daemon = context;

	audit_bury(daemon->audit, ref, why, pairs, count);
}

static void
on_set_aside(void *context, const char *key)
{
	struct daemon *daemon = context;

	(void)key;
	audit_soon(daemon->audit);
}

/* ---- the site's secret: tokens of calls depend on it */

static void
on_secret(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct daemon *daemon = context;
	unsigned char secret[SECRET_SIZE];

	(void)tag;
	if (end != REDIS_REPLY)
		return;
	if (reply->type != REDIS_REPLY_STRING ||
	    reply->len != SECRET_SIZE * 2 ||
	    strspn(reply->str, "0123456789abcdef") != SECRET_SIZE * 2) {
		log_event(LOG_LEVEL_ERR, "secret_unreadable", "key=%ssecret "
		    "error=\"nothing is done without it\"",
		    store_prefix(daemon->store));
		return;
	}
	for (size_t i = 0; i < SECRET_SIZE; i++) {
		unsigned byte = 0;

		sscanf(reply->str + i * 2, "%2x", &byte);
		secret[i] = (unsigned char)byte;
	}
	CRASH_POINT("secret_read");
	calls_set_secret(daemon->calls, secret);
	calls_tick(daemon->calls);
}

static void
ignore_reply(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	(void)context;
	(void)tag;
	(void)end;
	(void)reply;
}

static void
ask_secret(struct daemon *daemon)
{
	unsigned char bytes[SECRET_SIZE];
	char hex[SECRET_SIZE * 2 + 1];

	CHECK(RAND_bytes(bytes, sizeof(bytes)) == 1);
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(hex + i * 2, 3, "%02x", bytes[i]);
	/* The first node that comes makes it; all others take that one. */
	if (!STORE_SEND(daemon->store, ignore_reply, daemon, 0, "SET",
	        "secret", hex, "NX") ||
	    !STORE_SEND(daemon->store, on_secret, daemon, 0, "GET", "secret"))
		log_event(LOG_LEVEL_WARNING, "secret_not_asked", "%s", "");
}

/* Calls that were ordered in what is lost may ring: each that seems new is looked for
 * until those have rung out. */
static void
on_loss(void *context, const char *why)
{
	struct daemon *daemon = context;
	int64_t doubted_ms = daemon->settings->policy.place_lease_ms;

	log_event(LOG_LEVEL_ERR, "redis_lost_commits",
	    "why=\"%s\" orders_doubted_ms=%" PRId64, why, doubted_ms);
	calls_doubt_orders(daemon->calls, clock_boottime_ms() + doubted_ms);
}

static void
on_store_state(void *context, bool is_up, const char *why)
{
	struct daemon *daemon = context;
	int64_t now_ms = clock_monotonic_ms();

	if (is_up) {
		loss_watch_on_up(daemon->loss_watch);
		if (daemon->has_been_up)
			log_event(LOG_LEVEL_NOTICE, "redis_back",
			    "after_s=%.1f",
			    (double)(now_ms - daemon->down_since_ms) / 1000);
		else
			log_event(LOG_LEVEL_NOTICE, "redis_up", "%s", "");
		/* What comes back may be empty: then everybody is made again. */
		if (daemon->has_been_up)
			roster_import(daemon->roster,
			    &daemon->settings->policy, NULL);
		daemon->has_been_up = true;
		ask_secret(daemon);
		promise_scan_tick(daemon->promise_scan);
		health_tick(daemon->health);
		matcher_start_over(daemon->matcher);
		notify_status("serving");
	} else if (daemon->was_up || daemon->down_since_ms == 0) {
		daemon->down_since_ms = now_ms;
		log_event(LOG_LEVEL_ERR, "redis_lost", "error=\"%s\"", why);
		notify_status("Redis is away: %s", why);
	} else {
		log_event(LOG_LEVEL_WARNING, "redis_still_lost",
		    "error=\"%s\"", why);
	}
	daemon->was_up = is_up;
	engine_on_link(daemon->engine, is_up);
}

/* ---- building */

static bool
make_state_dir(const char *path, char *ret_error, size_t size)
{
	if (mkdir(path, 0750) == 0 || errno == EEXIST)
		return true;
	snprintf(ret_error, size, "state_dir %s: %s", path, strerror(errno));
	return false;
}

static bool
read_token(struct daemon *daemon, const char *path)
{
	FILE *file = fopen(path, "re");
	bool is_read;

	if (file == NULL)
		return false;
	is_read = fscanf(file, "%32s", daemon->desk_token) == 1 &&
	    strlen(daemon->desk_token) == TOKEN_BYTES * 2;
	fclose(file);
	return is_read;
}

/* A desk token is made once and kept: links that were handed out stay good. */
static bool
make_token(struct daemon *daemon, const char *path, char *ret_error,
    size_t size)
{
	unsigned char bytes[TOKEN_BYTES];
	int fd;

	if (read_token(daemon, path))
		return true;
	CHECK(RAND_bytes(bytes, sizeof(bytes)) == 1);
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(daemon->desk_token + i * 2, 3, "%02x", bytes[i]);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, daemon->desk_token, TOKEN_BYTES * 2) !=
	    TOKEN_BYTES * 2) {
		snprintf(ret_error, size, "desk_token_file %s: %s", path,
		    strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	close(fd);
	return true;
}

static bool
start_redis(struct daemon *daemon, char *ret_error, size_t size)
{
	const struct settings *settings = daemon->settings;
	struct embedded_redis_options options = {
		.state_dir = settings->state_dir,
		.port = settings->embedded.port,
		.appendfsync = settings->embedded.appendfsync };
	const char *error = "";

	if (strcmp(settings->redis, "embedded") != 0) {
		if (redis_address_parse(settings->redis, &daemon->address,
		        &error))
			return true;
		snprintf(ret_error, size, "redis: %s", error);
		return false;
	}
	daemon->embedded = embedded_redis_start(&options, &daemon->address,
	    ret_error, size);
	return daemon->embedded != NULL;
}

/* Between two orders: a tenth more than the pace says, because each is on its way
 * for another time, and those of any second must not be one too many. */
static int64_t
emission_ms(double by_settings, double by_file)
{
	double pace = by_settings > 0 ? by_settings : by_file;

	return pace > 0 ? (int64_t)(1100 / pace) + 1 : 0;
}

static int64_t
price(double amount)
{
	return (int64_t)(amount * PRICE_PARTS + 0.5);
}

static void
fill_facts(struct settings *settings, const struct calls_provider *providers,
    size_t count)
{
	struct policy *policy = &settings->policy;

	policy->provider_count = count;
	for (size_t i = 0; i < count; i++) {
		struct provider_facts *facts = &policy->providers[i];
		const struct provider *provider = providers[i].provider;

		memcpy(facts->id, providers[i].id, ID_SIZE);
		facts->authorises_on_answer =
		    provider_fence(provider) == FENCE_ANSWER;
		facts->has_second_leg =
		    provider_can(provider, PROVIDER_SECOND_LEG);
		facts->can_find = provider_can(provider, PROVIDER_FIND);
		facts->can_poll = provider_can(provider, PROVIDER_GET);
		facts->can_hang_up = provider_can(provider, PROVIDER_HANGUP);
		facts->can_text = provider_can(provider, PROVIDER_SMS);
		facts->texts_chats = provider_has(provider, ABILITY_CHAT);
		facts->can_ask_text = provider_can(provider, PROVIDER_SMS_GET);
		facts->can_call_customer =
		    provider_can(provider, PROVIDER_CALL_CUSTOMER) &&
		    provider_has(provider, ABILITY_CUSTOMER_FIRST);
		facts->confirms_customer =
		    provider_serves(provider, FLOW_CONFIRM);
		facts->emission_ms[CHANNEL_VOICE] = emission_ms(
		    settings->providers[i].calls_per_second,
		    provider_limits(provider).calls_per_second);
		facts->emission_ms[CHANNEL_SMS] = emission_ms(
		    settings->providers[i].messages_per_second,
		    provider_limits(provider).messages_per_second);
		facts->tells_price[CHANNEL_VOICE] =
		    provider_tells_price(provider, PROVIDER_GET);
		facts->tells_price[CHANNEL_SMS] =
		    provider_tells_price(provider, PROVIDER_SMS_GET);
		facts->alive_max = settings->providers[i].in_flight;
		facts->price[CHANNEL_VOICE] =
		    price(settings->providers[i].call_price);
		facts->price[CHANNEL_SMS] =
		    price(settings->providers[i].message_price);
		facts->hour_cap = price(settings->providers[i].hour_cap);
		facts->day_cap = price(settings->providers[i].day_cap);
	}
}

static bool
read_provider(const struct settings *settings,
    const struct settings_provider *from, struct calls_provider *ret,
    char *ret_error, size_t size)
{
	struct provider_errors errors;

	ret->provider = provider_read(from->text, from->file, &errors);
	if (ret->provider == NULL) {
		snprintf(ret_error, size, "%s", errors.items[0].text);
		return false;
	}
	memcpy(ret->id, from->id, sizeof(ret->id));
	for (size_t i = 0; i < from->secret_count; i++)
		provider_values_add(&ret->values, from->secrets[i].name,
		    from->secrets[i].value);
	if (from->base[0] != '\0')
		provider_values_add(&ret->values, "base", from->base);
	ret->timeout_ms = from->timeout_ms;
	ret->allow_private = from->is_private ||
	    settings->allow_test_settings;
	return true;
}

static bool
make_calls(struct daemon *daemon, char *ret_error, size_t size)
{
	struct settings *settings = daemon->settings;
	struct calls_provider providers[PROVIDER_ORDER_MAX];
	struct carrier_limits limits = { .in_flight_max = IN_FLIGHT_MAX,
		.queue_max = QUEUE_MAX, .answer_max = 256 * 1024,
		.connections_max = IN_FLIGHT_MAX };
	size_t count = 0;

	memset(providers, 0, sizeof(providers));
	for (; count < settings->provider_count; count++) {
		if (!read_provider(settings, &settings->providers[count],
		        &providers[count], ret_error, size)) {
			while (count > 0)
				provider_free(providers[--count].provider);
			return false;
		}
	}
	fill_facts(settings, providers, count);
	daemon->calls = calls_new(daemon->base, &limits, &settings->policy,
	    settings->http.public_url, providers, count);
	return true;
}

static bool
listen_everywhere(struct daemon *daemon, char *ret_error, size_t size)
{
	const struct settings *settings = daemon->settings;
	const char *error = "";
	int port = settings->http.port;

	if (!http_server_listen_tcp(api_server(daemon->api),
	        settings->http.host, settings->http.port, &port, &error)) {
		snprintf(ret_error, size, "http.listen %s: %s",
		    settings->http.listen, error);
		return false;
	}
	if (!http_server_listen_unix(api_server(daemon->api),
	        settings->control, 0660, &error)) {
		snprintf(ret_error, size, "control %s: %s", settings->control,
		    error);
		return false;
	}
	log_event(LOG_LEVEL_NOTICE, "listening", "address=%s port=%d "
	    "control=%s", settings->http.host, port, settings->control);
	return true;
}

/* ---- what providers tell of messages */

static void
on_news_kept(void *context, uint64_t tag, const struct engine_result *result)
{
	(void)tag;
	webhook_ticket_end(context, result->end != ENGINE_UNAVAILABLE);
}

static void
on_message_news(void *context, const char *provider,
    const struct webhook_event *event, struct webhook_ticket *ticket)
{
	struct daemon *daemon = context;

	messages_on_progress(daemon->messages, provider, event, on_news_kept,
	    ticket);
}

static void
on_text_kept(void *context, bool is_kept)
{
	webhook_ticket_end(context, is_kept);
}

static void
on_inbound_message(void *context, const char *provider,
    const struct webhook_event *event, struct webhook_ticket *ticket)
{
	struct daemon *daemon = context;

	(void)provider;
	messages_on_inbound(daemon->messages, event->from, event->text,
	    on_text_kept, ticket);
}

static void
on_rejected(void *context)
{
	struct daemon *daemon = context;

	alarms_count(daemon->alarms, ALARM_REJECTED, "");
}

static void
build_rooms(struct daemon *daemon)
{
	const struct settings *settings = daemon->settings;
	const struct policy *policy = &settings->policy;
	struct engine_hooks hooks = { daemon, on_committed, on_effect, on_wait,
		providers_down, providers_probing, find, on_stale, expected, doors, on_duty, others,
		on_unreadable, on_set_aside };
	struct matcher_gate gate = { daemon, room, on_offered, say_wait };
	struct api_options options;

	daemon->store = store_new(daemon->base, &daemon->address, policy->site,
	    daemon, on_store_state);
	daemon->engine = engine_new(daemon->store, policy,
	    (size_t)settings->in_hand, &hooks);
	daemon->matcher = matcher_new(daemon->store, policy);
	daemon->health = health_new(daemon->store, policy, &settings->breaker);
	matcher_set_engine(daemon->matcher, daemon->engine);
	matcher_set_gate(daemon->matcher, &gate);
	daemon->delays = delays_new(daemon->store, daemon->matcher,
	    daemon->health, policy);
	delays_set_on_alone(daemon->delays, on_alone, daemon);
	daemon->people = people_new(daemon->store, policy);
	daemon->forecast = forecast_new(daemon->store, daemon->people, policy,
	    works, daemon);
	daemon->slots = slots_new(daemon->store, daemon->engine,
	    daemon->forecast, policy);
	calls_set_news(daemon->calls, on_news, daemon);
	calls_set_on_check(daemon->calls, on_check, daemon);
	calls_set_on_alarm(daemon->calls, on_alarm, daemon);
	for (size_t i = 0; i < calls_provider_count(daemon->calls); i++) {
		const struct calls_provider *entry =
		    calls_provider_at(daemon->calls, i);

		if (provider_can(entry->provider, PROVIDER_CHECK))
			health_hold(daemon->health, entry->id);
	}
	calls_set_engine(daemon->calls, daemon->engine, daemon->store);
	daemon->messages = messages_new(daemon->calls, daemon->engine,
	    daemon->store, policy, settings->allow_test_settings);
	daemon->submitter = submitter_new(daemon->store, daemon->engine,
	    policy);
	daemon->alarms = alarms_new(daemon->store, daemon->engine,
	    daemon->matcher, daemon->people, policy);
	submitter_set_on_rejected(daemon->submitter, on_rejected, daemon);
	daemon->callers = callers_new(daemon->store, daemon->engine, policy);
	daemon->webhooks = webhooks_new(daemon->calls, daemon->engine,
	    daemon->store);
	daemon->line = line_new(&(struct line_options){
		.store = daemon->store, .engine = daemon->engine,
		.calls = daemon->calls, .submitter = daemon->submitter,
		.callers = daemon->callers, .webhooks = daemon->webhooks,
		.policy = policy });
	daemon->trials = provider_trials_new(daemon->base, daemon->calls,
	    daemon->store, policy);
	webhooks_set_tap(daemon->webhooks, on_tap, daemon);
	daemon->due_pull = due_pull_new(daemon->store, daemon->engine);
	daemon->loss_watch = loss_watch_new(daemon->store, daemon, on_loss);
	daemon->promise_scan = promise_scan_new(daemon->store,
	    daemon->engine);
	daemon->audit = audit_new(daemon->store, daemon->engine, policy,
	    settings->audit_every_ms, settings->audit_scan_ms);
	daemon->intake_pull = intake_pull_new(daemon->base, &daemon->address,
	    daemon->store, daemon->engine, daemon->submitter);
	daemon->roster = roster_new(daemon->store, daemon->engine);
	roster_import(daemon->roster, policy, NULL);
	daemon->blocks = blocks_new(daemon->store, daemon->engine);
	options = (struct api_options){ .base = daemon->base,
		.store = daemon->store, .engine = daemon->engine,
		.matcher = daemon->matcher, .health = daemon->health,
		.delays = daemon->delays, .slots = daemon->slots, .people = daemon->people, .forecast = daemon->forecast,
		.submitter = daemon->submitter,
		.callers = daemon->callers, .line = daemon->line,
		.calls = daemon->calls, .webhooks = daemon->webhooks,
		.trials = daemon->trials,
		.audit = daemon->audit, .blocks = daemon->blocks,
		.policy = policy, .web_dir = settings->web_dir,
		.desk_token = daemon->desk_token,
		.sandbox_url = settings->sandbox_url };
	daemon->api = api_new(&options);
	webhooks_set_server(daemon->webhooks, api_server(daemon->api));
	webhooks_set_handler(daemon->webhooks, WEBHOOK_MESSAGE,
	    on_message_news, daemon);
	webhooks_set_handler(daemon->webhooks, WEBHOOK_INBOUND_MESSAGE,
	    on_inbound_message, daemon);
}

static void
open_poison(const char *state_dir)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/stepping", state_dir);
	if (!poison_open(path))
		log_event(LOG_LEVEL_WARNING, "stepping_unwritable",
		    "path=%s error=\"%s\"", path, strerror(errno));
}

static struct event_base *
make_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	CHECK(config != NULL);
	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	base = event_base_new_with_config(config);
	event_config_free(config);
	CHECK(base != NULL);
	return base;
}

static void
log_warnings(const struct settings *settings)
{
	const struct settings_errors *warnings = settings_warnings(settings);

	for (size_t i = 0; i < warnings->count; i++)
		log_event(LOG_LEVEL_WARNING, "settings_warning", "%s",
		    warnings->items[i].text);
}

struct daemon *
daemon_new(struct settings *stolen_settings, const char *config_path,
    char *ret_error, size_t error_size)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));

	CHECK(daemon != NULL);
	daemon->settings = stolen_settings;
	daemon->first = stolen_settings;
	log_warnings(stolen_settings);
	snprintf(daemon->config_path, sizeof(daemon->config_path), "%s",
	    config_path);
	if (!make_state_dir(stolen_settings->state_dir, ret_error,
	        error_size) ||
	    !make_token(daemon, stolen_settings->desk_token_file, ret_error,
	        error_size) ||
	    !start_redis(daemon, ret_error, error_size)) {
		daemon_free(daemon);
		return NULL;
	}
	open_poison(stolen_settings->state_dir);
	daemon->base = make_base();
	if (!make_calls(daemon, ret_error, error_size)) {
		daemon_free(daemon);
		return NULL;
	}
	build_rooms(daemon);
	if (!listen_everywhere(daemon, ret_error, error_size)) {
		daemon_free(daemon);
		return NULL;
	}
	return daemon;
}

void
daemon_free(struct daemon *daemon)
{
	const char *error = NULL;

	if (daemon == NULL)
		return;
	api_free(daemon->api);
	intake_pull_free(daemon->intake_pull);
	due_pull_free(daemon->due_pull);
	promise_scan_free(daemon->promise_scan);
	loss_watch_free(daemon->loss_watch);
	audit_free(daemon->audit);
	roster_free(daemon->roster);
	webhooks_free(daemon->webhooks);
	line_free(daemon->line);
	callers_free(daemon->callers);
	provider_trials_free(daemon->trials);
	blocks_free(daemon->blocks);
	submitter_free(daemon->submitter);
	matcher_free(daemon->matcher);
	alarms_free(daemon->alarms);
	delays_free(daemon->delays);
	slots_free(daemon->slots);
	forecast_free(daemon->forecast);
	people_free(daemon->people);
	messages_free(daemon->messages);
	health_free(daemon->health);
	calls_free(daemon->calls);
	engine_free(daemon->engine);
	store_free(daemon->store);
	if (daemon->embedded != NULL &&
	    !embedded_redis_stop(daemon->embedded, &error))
		log_event(LOG_LEVEL_ERR, "embedded_redis_stop",
		    "error=\"%s\"", error);
	poison_close();
	if (daemon->base != NULL)
		event_base_free(daemon->base);
	if (daemon->settings != daemon->first)
		settings_free(daemon->settings);
	settings_free(daemon->first);
	free(daemon);
}

struct event_base *
daemon_base(struct daemon *daemon)
{
	return daemon->base;
}

/* ---- the pass */

/* What a claim brings in is offered and ordered at once: not before there are
 * people read, and a line to the provider, for it. */
static bool
may_claim(const struct daemon *daemon)
{
	return matcher_is_supplied(daemon->matcher) &&
	    calls_in_flight(daemon->calls) < IN_FLIGHT_MAX * 2;
}

bool
daemon_run(struct daemon *daemon)
{
	bool has_more = true;

	for (int i = 0; i < ROUNDS_MAX && has_more; i++) {
		calls_run(daemon->calls);
		provider_trials_run(daemon->trials);
		if (calls_has_secret(daemon->calls)) {
			roster_run(daemon->roster);
			if (roster_is_done(daemon->roster))
				api_set_ready(daemon->api);
			intake_pull_run(daemon->intake_pull);
			audit_run(daemon->audit);
			matcher_run(daemon->matcher);
			if (may_claim(daemon))
				due_pull_run(daemon->due_pull);
		}
		engine_run(daemon->engine);
		has_more = engine_has_work(daemon->engine) ||
		    calls_has_work(daemon->calls) ||
		    provider_trials_have_work(daemon->trials);
	}
	return has_more;
}

static void
add_down(const struct policy *policy, size_t provider, const char *of_what,
    char names[ADDRESS_SIZE])
{
	const char *id = policy->providers[provider].id;
	size_t length = strlen(names);

	if (length + strlen(id) + strlen(of_what) + 3 < ADDRESS_SIZE)
		snprintf(names + length, ADDRESS_SIZE - length, "%s%s%s",
		    length > 0 ? ", " : "", id, of_what);
}

/* Each by its name, as far as there is room; calls and messages by themselves. */
static void
tell_providers_down(struct daemon *daemon)
{
	static const char *const of_what[CHANNEL_COUNT] = {
		[CHANNEL_VOICE] = "", [CHANNEL_SMS] = " SMS" };
	const struct policy *policy = &daemon->settings->policy;
	char names[ADDRESS_SIZE] = "";
	int count = 0;

	for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
		unsigned spent, down = health_down(daemon->health,
		    (enum channel)channel, &spent);

		for (size_t i = 0; i < policy->provider_count; i++) {
			if ((down & 1u << i) == 0)
				continue;
			count++;
			add_down(policy, i, of_what[channel], names);
		}
	}
	alarms_set(daemon->alarms, ALARM_PROVIDER_DOWN, count, names);
}

void
daemon_tick(struct daemon *daemon)
{
	promise_scan_tick(daemon->promise_scan);
	audit_tick(daemon->audit);
	health_tick(daemon->health);
	matcher_tick(daemon->matcher);
	delays_tick(daemon->delays);
	people_tick(daemon->people);
	forecast_tick(daemon->forecast);
	slots_tick(daemon->slots);
	if (!daemon->is_draining && store_knows_time(daemon->store)) {
		calls_tick(daemon->calls);
		blocks_tick(daemon->blocks);
		tell_providers_down(daemon);
		alarms_tick(daemon->alarms);
	}
	log_flush();
	if (daemon->embedded != NULL && !store_is_up(daemon->store) &&
	    !embedded_redis_check(daemon->embedded))
		log_event(LOG_LEVEL_ERR, "embedded_redis", "error=\"%s\"",
		    embedded_redis_error(daemon->embedded));
}

int64_t
daemon_sleep_ms(struct daemon *daemon)
{
	int64_t sleep_ms = 1000, wait_ms;

	if (!store_is_up(daemon->store) || daemon->is_draining)
		return 100;
	wait_ms = due_pull_next_ms(daemon->due_pull) -
	    store_now_ms(daemon->store);
	if (wait_ms < sleep_ms && engine_free_slots(daemon->engine) > 0)
		sleep_ms = wait_ms;
	wait_ms = intake_pull_next_ms(daemon->intake_pull) -
	    clock_monotonic_ms();
	if (wait_ms < sleep_ms && !intake_pull_is_busy(daemon->intake_pull))
		sleep_ms = wait_ms;
	wait_ms = audit_next_ms(daemon->audit) - clock_monotonic_ms();
	if (wait_ms < sleep_ms && calls_has_secret(daemon->calls))
		sleep_ms = wait_ms;
	return sleep_ms < 1 ? 1 : sleep_ms;
}

/* ---- reload and drain */

static void
on_difference(void *context, const struct settings_difference *difference)
{
	(void)context;
	log_event(LOG_LEVEL_NOTICE, difference->needs_restart ?
	    "setting_needs_restart" : "setting_changed",
	    "path=%s before=%s after=%s", difference->path,
	    difference->before != NULL ? difference->before : "-",
	    difference->after != NULL ? difference->after : "-");
}

static void
use_settings(struct daemon *daemon, struct settings *settings)
{
	struct settings *old = daemon->settings;
	struct policy *policy = &settings->policy;

	/* Providers are those of the start; a change of theirs was reported. */
	policy->provider_count = old->policy.provider_count;
	memcpy(policy->providers, old->policy.providers,
	    sizeof(policy->providers));
	policy->voice = old->policy.voice;
	policy->text = old->policy.text;
	/* What is in hand asks for those that were learnt. */
	zones_learn_all(policy->zones, old->policy.zones);
	daemon->settings = settings;
	engine_set_policy(daemon->engine, policy);
	matcher_set_policy(daemon->matcher, policy);
	health_set_policy(daemon->health, policy);
	delays_set_policy(daemon->delays, policy);
	people_set_policy(daemon->people, policy);
	forecast_set_policy(daemon->forecast, policy);
	slots_set_policy(daemon->slots, policy);
	audit_set_policy(daemon->audit, policy);
	submitter_set_policy(daemon->submitter, policy);
	callers_set_policy(daemon->callers, policy);
	line_set_policy(daemon->line, policy);
	calls_set_policy(daemon->calls, policy);
	messages_set_policy(daemon->messages, policy);
	alarms_set_policy(daemon->alarms, policy);
	provider_trials_set_policy(daemon->trials, policy);
	api_set_policy(daemon->api, policy);
	roster_import(daemon->roster, policy, &old->policy);
	log_set_level(settings->log_level);
	if (old != daemon->first)
		settings_free(old);
}

void
daemon_reload(struct daemon *daemon)
{
	struct settings *settings;
	struct settings_errors errors;

	notify_reloading();
	if (!settings_load(daemon->config_path, &settings, &errors)) {
		for (size_t i = 0; i < errors.count; i++)
			log_event(LOG_LEVEL_ERR, "reload_error", "%s",
			    errors.items[i].text);
		log_event(LOG_LEVEL_ERR, "reload_failed",
		    "errors=%zu kept=\"the configuration in use\"",
		    errors.count + errors.left_out);
	} else {
		settings_difference(daemon->settings, settings, on_difference,
		    NULL);
		log_warnings(settings);
		use_settings(daemon, settings);
		log_event(LOG_LEVEL_NOTICE, "reloaded", "%s", "");
	}
	notify_ready("serving");
}

void
daemon_drain(struct daemon *daemon)
{
	daemon->is_draining = true;
	log_event(LOG_LEVEL_NOTICE, "stopping", "in_hand=%zu in_flight=%zu",
	    engine_in_hand(daemon->engine), calls_in_flight(daemon->calls));
	due_pull_stop(daemon->due_pull);
	audit_stop(daemon->audit);
	intake_pull_stop(daemon->intake_pull);
	matcher_stop(daemon->matcher);
	api_set_stopping(daemon->api);
	CRASH_POINT("drain_begun");
}

bool
daemon_is_drained(const struct daemon *daemon)
{
	return engine_in_hand(daemon->engine) == 0 &&
	    calls_in_flight(daemon->calls) == 0 &&
	    store_pending(daemon->store) == 0 &&
	    submitter_busy_count(daemon->submitter) == 0;
}
