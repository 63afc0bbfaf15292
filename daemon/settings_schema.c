/* SPDX-License-Identifier: MIT */
/*
 * settings_schema: every setting there is. The order is that of reading: what
 * others start from stands before them, and the switch for trials first.
 */
#include "daemon/settings_schema.h"

#include "daemon/settings.h"
#include "lib/request.h"

#define AT(type, member) (int)offsetof(struct type, member)
#define SIZE(type, member) sizeof(((struct type *)0)->member)
#define TABLE(rows) { rows, COUNT_OF(rows) }

#define SECOND (INT64_C(1000))
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

enum {
	QUEUES_MAX = 100,
	SPECIALISTS_MAX = 100000,
	ADDRESSES_MAX = 4,
	KEEP_MAX = 100,         /* the matcher always sees more than these */
	TEXT_MAX = 1000,        /* bytes of what is said or sent */
	PATH_MAX_BYTES = 200,
	URL_MAX_BYTES = 500,
};

static const char *const consent_words[] = { "optional", "required", NULL };
static const char *const confirm_words[] = { "press1", "answer", NULL };
static const char *const accept_words[] = { "hand", "automatic", NULL };
static const char *const outside_words[] = { "slot", NULL };
static const char *const first_words[] = { "specialist", "customer", NULL };
static const char *const last_one_words[] = { "nothing", "alarm", NULL };
static const char *const next_day_words[] = { "ask", "call", NULL };
static const char *const clock_words[] = { "always", "open_hours", NULL };
static const char *const quiet_now_words[] = { "allow", "wait", NULL };
static const char *const dial_words[] = { "at_once", "when_ready", NULL };
static const char *const level_words[] = { "err", "warning", "notice", "info",
	"debug", NULL };
static const char *const fsync_words[] = { "always", "everysec", "no", NULL };
static const char *const line_offer_words[] = { "nothing", "callback", NULL };

_Static_assert(COUNT_OF(level_words) == LOG_LEVEL_COUNT + 1, "a word for each");

/* ---- groups that stand alone */

static const struct setting_row embedded_rows[] = {
	{ "port", SETTING_INTEGER, "0", 0, 65535, .flags = SETTING_RESTART,
	    .at = AT(settings, embedded.port),
	    .help = "TCP port of the embedded Redis on 127.0.0.1; 0: only its socket" },
	{ "appendfsync", SETTING_TEXT, "always", 1, 16, .flags = SETTING_RESTART,
	    .words = fsync_words, .at = AT(settings, embedded.appendfsync),
	    .help = "When the embedded Redis writes to the disk" },
};
static const struct setting_table embedded_table = TABLE(embedded_rows);

static const struct setting_row http_rows[] = {
	{ "listen", SETTING_TEXT, "127.0.0.1:8080", 1, 60, FORMAT_LISTEN,
	    .flags = SETTING_RESTART, .at = AT(settings, http.listen),
	    .help = "Where pages, API and webhooks are served" },
	{ "public_url", SETTING_TEXT, NULL, 1, URL_MAX_BYTES, FORMAT_URL,
	    .flags = SETTING_RESTART, .at = AT(settings, http.public_url),
	    .help = "The same as the provider reaches it; http://LISTEN if absent" },
	{ "proxies", SETTING_TEXTS, NULL, 0, PROXIES_MAX, FORMAT_NETWORK,
	    .at = AT(settings, policy.proxies), .size = SIZE(settings, policy.proxies[0]),
	    .count_at = AT(settings, policy.proxy_count),
	    .help = "Servers in front of us, whom we believe who the visitor is" },
};
static const struct setting_table http_table = TABLE(http_rows);

static const struct setting_row log_rows[] = {
	{ "level", SETTING_CHOICE, "info", .words = level_words,
	    .at = AT(settings, log_level), .help = "What is logged, and all above it" },
};
static const struct setting_table log_table = TABLE(log_rows);

static const struct setting_row phones_rows[] = {
	{ "home", SETTING_TEXT, NULL, 1, 2, FORMAT_COUNTRY, .flags = SETTING_REQUIRED,
	    .at = AT(settings, policy.home), .size = SIZE(settings, policy.home),
	    .help = "Country of numbers without a country code" },
	{ "allow", SETTING_TEXTS, NULL, 0, COUNTRIES_MAX, FORMAT_COUNTRY,
	    .at = AT(settings, policy.allow), .size = SIZE(settings, policy.allow[0]),
	    .count_at = AT(settings, policy.allow_count),
	    .help = "Countries that may be called; only home if absent" },
	{ "refuse", SETTING_TEXTS, NULL, 0, REFUSED_PREFIXES_MAX, FORMAT_PREFIX,
	    .at = AT(settings, policy.refuse), .size = SIZE(settings, policy.refuse[0]),
	    .count_at = AT(settings, policy.refuse_count),
	    .help = "What a number that is not called begins with: +1809" },
	{ "own", SETTING_TEXTS, NULL, 0, OWN_NUMBERS_MAX, FORMAT_PHONE,
	    .at = AT(settings, policy.own), .size = SIZE(settings, policy.own[0]),
	    .count_at = AT(settings, policy.own_count),
	    .help = "Numbers of the company, which are never dialled" },
};
static const struct setting_table phones_table = TABLE(phones_rows);

#define LIMIT_ROW(name, velocity, text)                                            \
	{ name, SETTING_INTEGER, NULL, 1, 100000,                                  \
	    .at = AT(settings, policy.limits[velocity]), .help = text }
static const struct setting_row limits_rows[] = {
	LIMIT_ROW("number_day", LIMIT_NUMBER_DAY, "Requests of one number in a day"),
	LIMIT_ROW("prefix_hour", LIMIT_PREFIX_HOUR,
	    "Of numbers that differ in their last four digits only, in an hour"),
	LIMIT_ROW("address_hour", LIMIT_ADDRESS_HOUR,
	    "Of one visitor's address, or IPv6 /64, in an hour"),
	LIMIT_ROW("address_day", LIMIT_ADDRESS_DAY, "The same in a day"),
	LIMIT_ROW("country_address_day", LIMIT_COUNTRY_ADDRESS_DAY,
	    "Of numbers of one country from one address, in a day"),
	LIMIT_ROW("country_hour", LIMIT_COUNTRY_HOUR, "Of numbers of one country in an hour"),
	LIMIT_ROW("site_hour", LIMIT_SITE_HOUR, "Of all numbers in an hour"),
};
static const struct setting_table limits_table = TABLE(limits_rows);

static const struct setting_row blocked_rows[] = {
	{ "hold", SETTING_DURATION, "24h", 1, 30 * DAY, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.block_hold_ms),
	    .help = "A proposed block holds so long, unless it is confirmed" },
};
static const struct setting_table blocked_table = TABLE(blocked_rows);

static const struct setting_row hours_rows[] = {
	{ "week", SETTING_PAIRS, NULL, 0, 14, FORMAT_WEEKDAYS, FORMAT_OPENING,
	    0, SETTING_NOWHERE, .help = "Opening hours by weekday" },
	{ "days", SETTING_PAIRS, NULL, 0, 100, FORMAT_DATES, FORMAT_OPENING,
	    0, SETTING_NOWHERE, .help = "Days with hours of their own" },
	{ "after_close", SETTING_DURATION, "0", 0, 12 * HOUR, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.after_close_ms),
	    .help = "How long after closing an earlier request is still called" },
	{ "outside", SETTING_CHOICE, "slot", .words = outside_words,
	    .at = SETTING_NOWHERE, .help = "What is offered while closed" },
};
static const struct setting_table hours_table = TABLE(hours_rows);

static const struct setting_row queue_hours_rows[] = {
	{ "week", SETTING_PAIRS, NULL, 0, 14, FORMAT_WEEKDAYS, FORMAT_OPENING,
	    0, SETTING_NOWHERE, .help = "As hours.week, for this queue" },
	{ "days", SETTING_PAIRS, NULL, 0, 100, FORMAT_DATES, FORMAT_OPENING,
	    0, SETTING_NOWHERE, .help = "As hours.days, for this queue" },
};
static const struct setting_table queue_hours_table = TABLE(queue_hours_rows);

static const struct setting_row call_quiet_rows[] = {
	{ "hours", SETTING_TEXT, NULL, 1, 17, FORMAT_TIMES, .at = SETTING_NOWHERE,
	    .help = "When customers are not called, by their own clock" },
	{ "numbers", SETTING_PAIRS, NULL, 0, QUIETS_MAX - 1, FORMAT_PREFIX, FORMAT_QUIET,
	    0, SETTING_NOWHERE, .help = "The same for numbers that begin so" },
	{ "now", SETTING_CHOICE, "allow", .words = quiet_now_words,
	    .at = AT(settings, policy.quiet_waits), .size = sizeof(bool),
	    .help = "Whether who asks to be called now is called in their quiet hours" },
};
static const struct setting_table call_quiet_table = TABLE(call_quiet_rows);

static const struct setting_row slots_rows[] = {
	{ "length", SETTING_DURATION, "30m", MINUTE, DAY, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.slot_length_ms), .help = "Length of an appointment's slot" },
	{ "share", SETTING_NUMBER, "0.5", 0, 1,
	    .at = AT(settings, policy.slot_share),
	    .help = "Share of the people on shift whom slots may fill" },
	{ "least", SETTING_NUMBER, "0", 0, 1,
	    .at = AT(settings, policy.slot_least),
	    .help = "Who would be called in time less probably is given a slot; 0: nobody" },
};
static const struct setting_table slots_table = TABLE(slots_rows);

static const struct setting_row offer_rows[] = {
	{ "screen", SETTING_DURATION, "20s", 1, HOUR, .flags = SETTING_SCALED,
	    .at = AT(settings, offer_ms[OFFER_SCREEN]),
	    .help = "Time to accept an offer on a screen" },
	{ "phone", SETTING_DURATION, "35s", 1, HOUR, .flags = SETTING_SCALED,
	    .at = AT(settings, offer_ms[OFFER_PHONE]),
	    .help = "Time to accept an offer on a ringing phone" },
	{ "sms", SETTING_DURATION, "3m", 1, HOUR, .flags = SETTING_SCALED,
	    .at = AT(settings, offer_ms[OFFER_SMS]),
	    .help = "Time to accept an offer by SMS" },
	{ "rounds", SETTING_INTEGER, "2", 1, 100,
	    .at = AT(settings, policy.offer_rounds),
	    .help = "So often all who are asked may say no before more people see it" },
	{ "ignored_pause", SETTING_INTEGER, "3", 1, 100,
	    .at = AT(settings, policy.ignored_pause),
	    .help = "So many ignored offers in a row pause a specialist" },
	{ "ignored_return", SETTING_DURATION, "10m", 1, DAY, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.ignored_return_ms),
	    .help = "How long that pause lasts" },
	{ "last_one", SETTING_CHOICE, "alarm", .words = last_one_words,
	    .at = AT(settings, last_one),
	    .help = "When the last one at work refuses offers, who is never paused for it" },
	{ "cool_off_declined", SETTING_DURATION, "30s", 0, DAY, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.cool_off_declined_ms),
	    .help = "Who declined is not offered the same request this long" },
	{ "cool_off_ignored", SETTING_DURATION, "60s", 0, DAY, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.cool_off_ignored_ms),
	    .help = "Who ignored it is not offered the same request this long" },
	{ "confirm", SETTING_CHOICE, "press1", .words = confirm_words,
	    .at = AT(settings, specialist_model.confirm),
	    .help = "On the phone: press 1 to accept, or answering is enough" },
	{ "wrap_up", SETTING_DURATION, "30s", 0, DAY, .flags = SETTING_SCALED,
	    .at = AT(settings, specialist_model.wrap_up_ms),
	    .help = "Time after a call before the next offer" },
	{ "elsewhere", SETTING_DURATION, "1h", 1, DAY, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.elsewhere_ms),
	    .help = "Who is on another call, and not said to be back, is taken for free then" },
	{ "rest", SETTING_DURATION, "10s", 0, DAY, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.rest_ms),
	    .help = "Time after a call that reached nobody" },
	{ "presence", SETTING_DURATION, "0", 0, DAY,
	    .at = AT(settings, policy.presence_ms),
	    .help = "An idle specialist unseen this long is absent; 0: never" },
};
static const struct setting_table offer_table = TABLE(offer_rows);

static const struct setting_row retry_rows[] = {
	{ "after", SETTING_DURATIONS, "2m, 15m", 0, RETRIES_MAX, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.retry_after_ms),
	    .count_at = AT(settings, policy.retry_count),
	    .help = "Delays before the second attempt, the third, ..." },
	{ "no_answer", SETTING_DURATIONS, NULL, 0, RETRIES_MAX, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.retries[RETRY_NO_ANSWER].after_ms),
	    .count_at = AT(settings, policy.retries[RETRY_NO_ANSWER].count),
	    .help = "The same where nobody answered; as after if absent, and so the others" },
	{ "busy", SETTING_DURATIONS, NULL, 0, RETRIES_MAX, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.retries[RETRY_BUSY].after_ms),
	    .count_at = AT(settings, policy.retries[RETRY_BUSY].count),
	    .help = "The same where the line was busy; the shortest of after if absent" },
	{ "rejected", SETTING_DURATIONS, NULL, 0, RETRIES_MAX, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.retries[RETRY_REJECTED].after_ms),
	    .count_at = AT(settings, policy.retries[RETRY_REJECTED].count),
	    .help = "The same where they did not take the call" },
	{ "voicemail", SETTING_DURATIONS, NULL, 0, RETRIES_MAX, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.retries[RETRY_VOICEMAIL].after_ms),
	    .count_at = AT(settings, policy.retries[RETRY_VOICEMAIL].count),
	    .help = "The same where a machine answered" },
	{ "short", SETTING_DURATIONS, NULL, 0, RETRIES_MAX, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.retries[RETRY_SHORT].after_ms),
	    .count_at = AT(settings, policy.retries[RETRY_SHORT].count),
	    .help = "The same after a talk too short to count" },
	{ "failed", SETTING_DURATIONS, NULL, 0, RETRIES_MAX, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.retries[RETRY_FAILED].after_ms),
	    .count_at = AT(settings, policy.retries[RETRY_FAILED].count),
	    .help = "The same where the network failed" },
	{ "next_day", SETTING_CHOICE, "ask", .words = next_day_words,
	    .at = AT(settings, policy.calls_next_day), .size = sizeof(bool),
	    .help = "Whether an attempt on another day is told of before the phone rings" },
};
static const struct setting_table retry_table = TABLE(retry_rows);

static const struct setting_row call_rows[] = {
	{ "ring", SETTING_DURATION, "25s", SECOND, 2 * MINUTE,
	    .at = AT(settings, policy.ring_ms), .help = "How long the customer is rung" },
	{ "agent_ring", SETTING_DURATION, "35s", SECOND, 2 * MINUTE,
	    .at = AT(settings, policy.agent_ring_ms),
	    .help = "How long the specialist's phone rings after an acceptance" },
	{ "longest", SETTING_DURATION, "1h", SECOND, DAY,
	    .at = AT(settings, policy.call_max_ms), .help = "The longest call" },
	{ "short", SETTING_DURATION, "10s", 0, HOUR, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.short_call_ms),
	    .help = "A shorter talk counts as not reached" },
};
static const struct setting_table call_table = TABLE(call_rows);

static const struct setting_row lines_rows[] = {
	{ "number", SETTING_TEXT, NULL, 1, PHONE_SIZE - 1, FORMAT_PHONE,
	    .flags = SETTING_REQUIRED, .at = AT(line_policy, number), .size = PHONE_SIZE,
	    .help = "The number that is called" },
	{ "queue", SETTING_TEXT, NULL, 1, ID_SIZE - 1, FORMAT_ID, .flags = SETTING_REQUIRED,
	    .at = AT(line_policy, queue), .size = ID_SIZE, .help = "Where its requests go" },
	{ "offer", SETTING_CHOICE, "callback", .words = line_offer_words,
	    .at = AT(line_policy, offer), .help = "What its callers are offered" },
	{ "missed", SETTING_FLAG, "false", .at = AT(line_policy, takes_missed),
	    .help = "Whether who rang in vain is called back, once a day" },
};
static const struct setting_table lines_table = TABLE(lines_rows);

static const struct setting_row line_rows[] = {
	{ "missed_after", SETTING_DURATION, "10s", SECOND, 10 * MINUTE,
	    .at = AT(settings, policy.missed_ms),
	    .help = "A call was missed when it rang so long" },
	{ "recognise", SETTING_DURATION, "1d", 0, 7 * DAY,
	    .at = AT(settings, policy.recognise_ms),
	    .help = "Who calls us so long after our attempt returns our call" },
	{ "per_hour", SETTING_INTEGER, "20", 1, 10000,
	    .at = AT(settings, policy.line_per_hour),
	    .help = "Calls of one number that our lines serve in an hour" },
	{ "hold", SETTING_DURATION, "10m", SECOND, 4 * HOUR, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.hold_ms),
	    .help = "Who phones us and holds is not called back for at most this long" },
};
static const struct setting_table line_table = TABLE(line_rows);

static const struct setting_row result_rows[] = {
	{ "wait", SETTING_DURATION, "5m", SECOND, DAY, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.wrap_result_ms),
	    .help = "Time to say how a call ended before the request waits for it" },
	{ "remind", SETTING_DURATION, "15m", SECOND, 7 * DAY, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.result_remind_ms),
	    .help = "Time between reminders of requests that wait for a person" },
};
static const struct setting_table result_table = TABLE(result_rows);

static const struct setting_row telephony_rows[] = {
	{ "place_lease", SETTING_DURATION, "60s", SECOND, HOUR,
	    .at = AT(settings, policy.place_lease_ms),
	    .help = "An order to call without an answer is unsure after this" },
	{ "look_up", SETTING_DURATION, "3s", 100, HOUR,
	    .at = AT(settings, policy.look_up_ms),
	    .help = "Time between two look-ups of an unsure call" },
	{ "quarantine", SETTING_DURATION, "45s", SECOND, HOUR,
	    .at = AT(settings, policy.quarantine_ms),
	    .help = "A call that may have rung the customer is looked for this long" },
	{ "poll", SETTING_DURATION, "15s", SECOND, HOUR,
	    .at = AT(settings, policy.poll_ms),
	    .help = "A silent call is asked for this often" },
};
static const struct setting_table telephony_table = TABLE(telephony_rows);

static const struct setting_row keep_rows[] = {
	{ "answer", SETTING_DURATION, "2d", MINUTE, 365 * DAY,
	    .at = AT(settings, policy.answer_keep_ms),
	    .help = "How long after the end a website may read its answer" },
	{ "record", SETTING_DURATION, "7d", MINUTE, 365 * DAY,
	    .at = AT(settings, policy.record_keep_ms),
	    .help = "How long an ended request can be shown" },
	{ "call", SETTING_DURATION, "1d", MINUTE, 365 * DAY,
	    .at = AT(settings, policy.call_keep_ms),
	    .help = "How long an ended call can be shown" },
	{ "seen", SETTING_DURATION, "7d", HOUR, 365 * DAY,
	    .at = AT(settings, policy.seen_keep_ms),
	    .help = "How long a website's id is known as used" },
};
static const struct setting_table keep_table = TABLE(keep_rows);

static const struct setting_row audit_rows[] = {
	{ "every", SETTING_DURATION, "1m", 100, HOUR, .flags = SETTING_RESTART,
	    .at = AT(settings, audit_every_ms),
	    .help = "How often all indexes are compared with the records" },
	{ "scan", SETTING_DURATION, "1h", 100, 7 * DAY, .flags = SETTING_RESTART,
	    .at = AT(settings, audit_scan_ms),
	    .help = "How often records are looked for that no index has" },
};
static const struct setting_table audit_table = TABLE(audit_rows);

static const struct setting_row alarms_rows[] = {
	{ "to", SETTING_TEXTS, NULL, 0, ALARM_TARGETS_MAX, FORMAT_TARGET,
	    .at = SETTING_NOWHERE,
	    .help = "Specialists, queues, numbers, chats and URLs that are told" },
	{ "at_most", SETTING_DURATION, "10m", SECOND, DAY, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.alarms.at_most_ms),
	    .help = "One message of a kind in this time, whatever happens" },
	{ "private", SETTING_FLAG, "false",
	    .at = AT(settings, policy.alarms.is_private),
	    .help = "URLs may be on this machine or a private network, by plain HTTP" },
	{ "on", SETTING_TEXTS, NULL, 0, ALARM_COUNT, FORMAT_ALARM,
	    .at = SETTING_NOWHERE, .help = "What is told about" },
};
static const struct setting_table alarms_table = TABLE(alarms_rows);

/* The same five in the company's language, and in each of two. */
#define MESSAGE_ROWS(type, member)                                                        \
	{ "file", SETTING_TEXT, NULL, 1, PATH_MAX_BYTES, .at = SETTING_NOWHERE,           \
	    .help = "File with texts; those beside it go before" },                       \
	{ "deferred", SETTING_TEXT, NULL, 1, TEXT_MAX, FORMAT_MESSAGE,                    \
	    .at = AT(type, member[TEXT_DEFERRED]), .help = "SMS: the call comes later" }, \
	{ "soon", SETTING_TEXT, NULL, 1, TEXT_MAX, FORMAT_MESSAGE,                        \
	    .at = AT(type, member[TEXT_SOON]), .help = "SMS: a specialist has accepted" },\
	{ "late", SETTING_TEXT, NULL, 1, TEXT_MAX, FORMAT_MESSAGE,                        \
	    .at = AT(type, member[TEXT_LATE]), .help = "SMS: the promise was missed" },   \
	{ "unreachable", SETTING_TEXT, NULL, 1, TEXT_MAX, FORMAT_MESSAGE,                 \
	    .at = AT(type, member[TEXT_UNREACHABLE]), .help = "SMS: nobody answered" },   \
	{ "passed", SETTING_TEXT, NULL, 1, TEXT_MAX, FORMAT_MESSAGE,                      \
	    .at = AT(type, member[TEXT_PASSED]), .help = "SMS: the case was passed on" }

static const struct setting_row language_rows[] = {
	MESSAGE_ROWS(message_texts, texts),
};
static const struct setting_table language_table = TABLE(language_rows);

static const struct setting_row quiet_rows[] = {
	{ "from", SETTING_TEXT, "21:00", 5, 5, FORMAT_TIME, .at = SETTING_NOWHERE,
	    .help = "No SMS to customers after this, unless it answers their own act" },
	{ "to", SETTING_TEXT, "08:00", 5, 5, FORMAT_TIME, .at = SETTING_NOWHERE,
	    .help = "And before this; the same as from: at any time" },
};
static const struct setting_table quiet_table = TABLE(quiet_rows);

static const struct setting_row messages_rows[] = {
	MESSAGE_ROWS(settings, policy.texts[0].texts),
	{ "ru", SETTING_GROUP, .at = AT(settings, policy.texts[1]),
	    .table = &language_table },
	{ "en", SETTING_GROUP, .at = AT(settings, policy.texts[2]),
	    .table = &language_table },
	{ "link", SETTING_TEXT, "", 0, 200, FORMAT_URL, .at = AT(settings, policy.link),
	    .help = "The company's page that {link} stands for" },
	{ "quiet", SETTING_GROUP, .table = &quiet_table },
};
static const struct setting_table messages_table = TABLE(messages_rows);

/* ---- queues, and the window they share */

static const struct setting_row window_rows[] = {
	{ "target", SETTING_DURATION, "10m", 1, 30 * DAY, .flags = SETTING_SCALED,
	    .at = AT(queue_policy, target_ms), .help = "What we aim at" },
	{ "limit", SETTING_DURATION, "15m", 1, 30 * DAY, .flags = SETTING_SCALED,
	    .at = AT(queue_policy, limit_ms), .help = "What customers are promised" },
	{ "scheduled", SETTING_DURATION, "5m", 1, 30 * DAY, .flags = SETTING_SCALED,
	    .at = AT(queue_policy, scheduled_ms),
	    .help = "An appointment is late after this" },
	{ "late", SETTING_DURATION, "60m", 0, 30 * DAY, .flags = SETTING_SCALED,
	    .at = AT(queue_policy, late_ms),
	    .help = "A late request's second promise, after the first; 0: none" },
	{ "handling", SETTING_DURATION, "6m", 1, DAY, .flags = SETTING_SCALED,
	    .at = AT(queue_policy, handling_ms),
	    .help = "How long one request keeps a specialist, until that has been measured" },
	{ "prefer", SETTING_DURATION, NULL, 0, 30 * DAY, .flags = SETTING_SCALED,
	    .at = AT(queue_policy, prefer_ms),
	    .help = "Who knows it is waited for until so long before the promise; 0: never" },
};
static const struct setting_table window_table = TABLE(window_rows);

static const struct setting_row widen_rows[] = {
	{ "before", SETTING_DURATION, NULL, 1, DAY,
	    .flags = SETTING_REQUIRED | SETTING_SCALED, .at = AT(widening, before_ms),
	    .help = "How long before the promise" },
	{ "level", SETTING_INTEGER, NULL, LEVEL_MIN, LEVEL_MAX,
	    .at = AT(widening, level), .help = "Admits this level and all above" },
	{ "queue", SETTING_TEXT, NULL, 1, ID_SIZE - 1, FORMAT_ID,
	    .at = AT(widening, queue), .size = ID_SIZE,
	    .help = "Admits the people of another queue" },
	{ "offers", SETTING_INTEGER, NULL, 2, OFFER_MAX, .at = AT(widening, offers),
	    .help = "So many are asked at once, and the first to accept has it" },
	{ "tell", SETTING_TEXT, NULL, 1, ADDRESS_SIZE - 1, FORMAT_TARGET,
	    .at = AT(widening, tell), .size = ADDRESS_SIZE,
	    .help = "Who is told: a queue's best, a specialist, a number, a chat" },
};
static const struct setting_table widen_table = TABLE(widen_rows);

static const struct setting_row passed_rows[] = {
	{ "limit", SETTING_DURATION, NULL, 1, 30 * DAY, .flags = SETTING_SCALED,
	    .at = AT(queue_policy, passed_ms), .help = "The promise of a case that is passed on" },
	{ "clock", SETTING_CHOICE, "always", .words = clock_words,
	    .at = AT(queue_policy, is_passed_open), .size = sizeof(bool),
	    .help = "Whether that time runs while closed" },
	{ "dial", SETTING_CHOICE, "at_once", .words = dial_words,
	    .at = AT(queue_policy, is_when_ready), .size = sizeof(bool), .help = "Whether the customer is called at once" },
	{ "climb", SETTING_TEXT, NULL, 1, 400, FORMAT_TARGET,
	    .at = AT(queue_policy, climb),
	    .help = "Where it goes when that promise is over: a queue; or who is told then" },
};
static const struct setting_table passed_table = TABLE(passed_rows);

static const struct setting_row queue_rows[] = {
	{ "id", SETTING_TEXT, NULL, 1, ID_SIZE - 1, FORMAT_ID, .flags = SETTING_REQUIRED,
	    .at = AT(queue_policy, id), .size = ID_SIZE,
	    .help = "Name of the queue, and topic of a request" },
	{ "title", SETTING_TEXT, NULL, 1, NAME_SIZE - 1, .flags = SETTING_REQUIRED,
	    .at = AT(queue_policy, title), .size = NAME_SIZE, .help = "What people read" },
	{ "default", SETTING_FLAG, "false", .at = AT(queue_policy, is_default),
	    .help = "Where a request without a known topic goes" },
	{ "public", SETTING_FLAG, "true", .at = AT(queue_policy, is_public),
	    .help = "Whether a website may name it" },
	{ "caller_id", SETTING_TEXTS, NULL, 1, CALLER_IDS_MAX, FORMAT_PHONE,
	    .flags = SETTING_OR_ONE, .at = AT(queue_policy, caller_ids),
	    .size = PHONE_SIZE, .count_at = AT(queue_policy, caller_id_count),
	    .help = "The number that customers see, or several: each sees one, always the same" },
	{ "level", SETTING_INTEGER, "0", 0, LEVEL_MAX, .at = AT(queue_policy, level),
	    .help = "Lowest level admitted at first; 0: everybody, the best first" },
	{ "window", SETTING_GROUP, .flags = SETTING_INHERITS, .table = &window_table },
	{ "voice", SETTING_TEXTS, NULL, 1, PROVIDER_ORDER_MAX, FORMAT_ID,
	    .at = AT(queue_policy, voice.ids), .size = ID_SIZE,
	    .count_at = AT(queue_policy, voice.count),
	    .help = "As voice, for this queue" },
	{ "text", SETTING_TEXTS, NULL, 1, PROVIDER_ORDER_MAX, FORMAT_ID,
	    .at = AT(queue_policy, text.ids), .size = ID_SIZE,
	    .count_at = AT(queue_policy, text.count),
	    .help = "As text, for this queue" },
	{ "pass_to", SETTING_TEXTS, NULL, 0, PASS_TO_MAX, FORMAT_ID,
	    .at = AT(queue_policy, pass_to), .size = ID_SIZE,
	    .count_at = AT(queue_policy, pass_to_count),
	    .help = "Queues it may be passed to; any if absent" },
	{ "dispositions", SETTING_TEXTS, NULL, 1, DISPOSITIONS_MAX, FORMAT_ID,
	    .at = AT(queue_policy, dispositions), .size = ID_SIZE,
	    .count_at = AT(queue_policy, disposition_count),
	    .help = "What may be said of its requests; all dispositions if absent" },
	{ "script", SETTING_TEXT, NULL, 1, PATH_MAX_BYTES,
	    .at = AT(queue_policy, script),
	    .help = "File with what the specialist reads during the call" },
	{ "greeting", SETTING_TEXT, NULL, 1, TEXT_MAX, FORMAT_GREETING,
	    .at = AT(queue_policy, greeting),
	    .help = "Said to the customer when they answer, with {company}; usual words if absent" },
	{ "first", SETTING_CHOICE, "specialist", .words = first_words,
	    .at = AT(queue_policy, is_customer_first), .size = sizeof(bool),
	    .help = "Whose phone rings first" },
	{ "customer_confirm", SETTING_FLAG, "false",
	    .at = AT(queue_policy, is_customer_confirmed),
	    .help = "Whether the customer takes the call by pressing 1" },
	{ "detect_machine", SETTING_FLAG, "false",
	    .at = AT(queue_policy, detects_machine),
	    .help = "Whether the provider listens for an answering machine" },
	{ "voicemail", SETTING_TEXT, NULL, 1, TEXT_MAX, FORMAT_GREETING,
	    .at = AT(queue_policy, voicemail),
	    .help = "Left on an answering machine, with {company}; nothing if absent" },
	{ "record", SETTING_FLAG, "false", .at = AT(queue_policy, records),
	    .help = "Whether the talk is recorded; both are told" },
	{ "keep_for_line", SETTING_INTEGER, NULL, 0, KEEP_MAX,
	    .at = AT(queue_policy, keep_for_line), .help = "As keep_for_line, for this queue" },
	{ "widen", SETTING_LIST, NULL, 0, WIDENINGS_MAX, .table = &widen_table,
	    .list = SETTING_WIDENINGS,
	    .help = "Who else sees a request as its promise comes near" },
	{ "passed", SETTING_GROUP, .table = &passed_table },
	{ "hours", SETTING_GROUP, .table = &queue_hours_table },
};
static const struct setting_table queue_table = TABLE(queue_rows);

/* ---- people */

static const struct setting_row address_rows[] = {
	{ "provider", SETTING_TEXT, NULL, 1, ID_SIZE - 1, FORMAT_ID,
	    .flags = SETTING_REQUIRED, .at = AT(address_policy, provider), .size = ID_SIZE,
	    .help = "The provider that uses this address" },
	{ "to", SETTING_TEXT, NULL, 1, ADDRESS_SIZE - 1, FORMAT_ADDRESS,
	    .flags = SETTING_REQUIRED, .at = AT(address_policy, to), .size = ADDRESS_SIZE,
	    .help = "The address" },
};
static const struct setting_table address_table = TABLE(address_rows);

static const struct setting_row specialist_rows[] = {
	{ "id", SETTING_TEXT, NULL, 1, ID_SIZE - 1, FORMAT_ID, .flags = SETTING_REQUIRED,
	    .at = AT(specialist_policy, id), .size = ID_SIZE,
	    .help = "Name of the specialist for programs" },
	{ "name", SETTING_TEXT, NULL, 1, NAME_SIZE - 1, .flags = SETTING_REQUIRED,
	    .at = AT(specialist_policy, name), .size = NAME_SIZE, .help = "And for people" },
	{ "language", SETTING_TEXT, NULL, 1, 7, FORMAT_LANGUAGE,
	    .at = AT(specialist_policy, language),
	    .size = SIZE(specialist_policy, language),
	    .help = "Language of what is said to them; that of the company if absent" },
	{ "to", SETTING_TEXT, NULL, 1, ADDRESS_SIZE - 1, FORMAT_ADDRESS,
	    .at = AT(specialist_policy, addresses[0].to), .size = ADDRESS_SIZE,
	    .help = "Where they are rung: a number, sip:, ext:, user:" },
	{ "addresses", SETTING_LIST, NULL, 0, ADDRESSES_MAX, .table = &address_table,
	    .list = SETTING_ADDRESSES, .help = "Where providers differ" },
	{ "queues", SETTING_PAIRS, NULL, 1, SPECIALIST_QUEUES_MAX, FORMAT_ID,
	    FORMAT_LEVEL, SETTING_REQUIRED, SETTING_NOWHERE,
	    .help = "Queues and how well they know each, 1 to 9" },
	{ "confirm", SETTING_CHOICE, NULL, .words = confirm_words,
	    .at = AT(specialist_policy, confirm), .help = "As offer.confirm" },
	{ "accept", SETTING_CHOICE, "hand", .words = accept_words,
	    .at = AT(specialist_policy, accept),
	    .help = "Whether offers are accepted by hand or by themselves" },
	{ "offers", SETTING_TEXTS, "screen", 1, 2, FORMAT_CHANNEL, .at = SETTING_NOWHERE,
	    .help = "How they are offered a request; the second once they ignored one" },
	{ "offer", SETTING_DURATION, NULL, 1, HOUR, .flags = SETTING_SCALED,
	    .at = AT(specialist_policy, offer_ms), .help = "Time to accept, for this one" },
	{ "wrap_up", SETTING_DURATION, NULL, 0, DAY, .flags = SETTING_SCALED,
	    .at = AT(specialist_policy, wrap_up_ms), .help = "As offer.wrap_up" },
	{ "shift", SETTING_TEXT, NULL, 1, 200, FORMAT_SHIFT, .at = SETTING_NOWHERE,
	    .help = "When they work; whenever they say if absent" },
	{ "supervisor", SETTING_FLAG, "false", .at = AT(specialist_policy, is_supervisor),
	    .help = "Whether they block numbers, confirm what is proposed, and lift it" },
	{ "duty", SETTING_FLAG, "false", .at = AT(specialist_policy, is_duty),
	    .help = "Works only while on duty (callbackctl duty), or on their shift" },
};
static const struct setting_table specialist_table = TABLE(specialist_rows);

/* ---- providers and dispositions */

static const struct setting_row spend_rows[] = {
	{ "currency", SETTING_TEXT, NULL, 3, 3, FORMAT_CURRENCY, .flags = SETTING_RESTART,
	    .at = AT(settings_provider, currency), .size = SIZE(settings_provider, currency),
	    .help = "Of these amounts" },
	{ "call", SETTING_NUMBER, "0", 0, 100000, .flags = SETTING_RESTART,
	    .at = AT(settings_provider, call_price), .help = "What one call costs" },
	{ "message", SETTING_NUMBER, "0", 0, 100000, .flags = SETTING_RESTART,
	    .at = AT(settings_provider, message_price),
	    .help = "What each segment of a message costs" },
	{ "hour", SETTING_NUMBER, "0", 0, 1000000000, .flags = SETTING_RESTART,
	    .at = AT(settings_provider, hour_cap),
	    .help = "No more calls and messages when an hour has cost this; 0: no limit" },
	{ "day", SETTING_NUMBER, "0", 0, 1000000000, .flags = SETTING_RESTART,
	    .at = AT(settings_provider, day_cap),
	    .help = "No more calls and messages when a day has cost this; 0: no limit" },
};
static const struct setting_table spend_table = TABLE(spend_rows);

static const struct setting_row provider_rows[] = {
	{ "id", SETTING_TEXT, NULL, 1, ID_SIZE - 1, FORMAT_ID,
	    .flags = SETTING_REQUIRED | SETTING_RESTART,
	    .at = AT(settings_provider, id), .size = ID_SIZE, .help = "Its name here" },
	{ "file", SETTING_TEXT, NULL, 1, PATH_MAX_BYTES,
	    .flags = SETTING_REQUIRED | SETTING_RESTART, .at = AT(settings_provider, file),
	    .help = "The file that describes it" },
	{ "secrets", SETTING_SECRETS, NULL, 1, PATH_MAX_BYTES, .flags = SETTING_RESTART,
	    .at = SETTING_NOWHERE,
	    .help = "File of name=value lines, or a systemd credential" },
	{ "base", SETTING_TEXT, "", 0, URL_MAX_BYTES, FORMAT_URL,
	    .flags = SETTING_RESTART, .at = AT(settings_provider, base),
	    .help = "Where its API is, instead of what the file says" },
	{ "private", SETTING_FLAG, "false", .flags = SETTING_RESTART,
	    .at = AT(settings_provider, is_private),
	    .help = "It may be on this machine or a private network, by plain HTTP" },
	{ "calls_per_second", SETTING_NUMBER, "0", 0, 1000, .flags = SETTING_RESTART,
	    .at = AT(settings_provider, calls_per_second),
	    .help = "Pace of all nodes together; 0: as the file says" },
	{ "messages_per_second", SETTING_NUMBER, "0", 0, 1000, .flags = SETTING_RESTART,
	    .at = AT(settings_provider, messages_per_second),
	    .help = "The same of messages, which have a pace of their own" },
	{ "in_flight", SETTING_INTEGER, "0", 0, 1000, .flags = SETTING_RESTART,
	    .at = AT(settings_provider, in_flight),
	    .help = "Calls alive at a time, of all nodes; 0: no limit" },
	{ "timeout", SETTING_DURATION, "10s", SECOND, 2 * MINUTE, .flags = SETTING_RESTART,
	    .at = AT(settings_provider, timeout_ms), .help = "Of one request" },
	{ "spend", SETTING_GROUP, .table = &spend_table },
};
static const struct setting_table provider_table = TABLE(provider_rows);

static const struct setting_row breaker_rows[] = {
	{ "failures", SETTING_INTEGER, "3", 1, 100, .flags = SETTING_RESTART,
	    .at = AT(settings, breaker.failures),
	    .help = "So many failures in a row, and a provider is not used" },
	{ "share", SETTING_NUMBER, "0.5", 0, 1, .flags = SETTING_RESTART,
	    .at = AT(settings, breaker.share),
	    .help = "Nor when this share of the orders within window failed" },
	{ "window", SETTING_DURATION, "20s", SECOND, HOUR, .flags = SETTING_RESTART,
	    .at = AT(settings, breaker.window_ms), .help = "The time that is looked at" },
	{ "probe", SETTING_DURATION, "5s", 100, HOUR, .flags = SETTING_RESTART,
	    .at = AT(settings, breaker.probe_ms),
	    .help = "Until one call is tried; twice as long after each that failed" },
	{ "probe_max", SETTING_DURATION, "1m", 100, HOUR, .flags = SETTING_RESTART,
	    .at = AT(settings, breaker.probe_max_ms), .help = "But never longer than this" },
};
static const struct setting_table breaker_table = TABLE(breaker_rows);

static const struct setting_row disposition_rows[] = {
	{ "key", SETTING_INTEGER, "0", 0, 9, .at = AT(disposition, key),
	    .help = "On the keypad, one of each queue's; 0: none" },
	{ "id", SETTING_TEXT, NULL, 1, ID_SIZE - 1, FORMAT_ID, .flags = SETTING_REQUIRED,
	    .at = AT(disposition, id), .size = ID_SIZE, .help = "Its name for programs" },
	{ "title", SETTING_TEXT, NULL, 1, NAME_SIZE - 1, .flags = SETTING_REQUIRED,
	    .at = AT(disposition, title), .size = NAME_SIZE, .help = "And for people" },
	{ "then", SETTING_CHOICE, NULL, .words = disposition_then_names, .flags = SETTING_REQUIRED,
	    .at = AT(disposition, then), .help = "What follows" },
	{ "queue", SETTING_TEXT, NULL, 1, ID_SIZE - 1, FORMAT_ID,
	    .at = AT(disposition, queue), .size = ID_SIZE,
	    .help = "Where it passes on to; the first of the queue's pass_to if absent" },
	{ "block", SETTING_DURATION, "30d", HOUR, 3650 * DAY,
	    .at = AT(disposition, block_ms),
	    .help = "How long a block that it proposes lasts, once it is confirmed" },
};
static const struct setting_table disposition_table = TABLE(disposition_rows);

/* ---- the file */

static const struct setting_row file_rows[] = {
	{ "allow_test_settings", SETTING_FLAG, "false", .flags = SETTING_RESTART,
	    .at = AT(settings, allow_test_settings),
	    .help = "Secrets in this file and a scaled clock: for trials only" },
	{ "clock_scale", SETTING_NUMBER, "1", 0, 1,
	    .flags = SETTING_RESTART | SETTING_TRIAL, .at = AT(settings, clock_scale),
	    .help = "Multiplies the company's times; 0.1 is ten times faster" },
	{ "site", SETTING_TEXT, NULL, 1, ID_SIZE - 1, FORMAT_ID,
	    .flags = SETTING_REQUIRED | SETTING_RESTART,
	    .at = AT(settings, policy.site), .size = ID_SIZE,
	    .help = "First part of all keys in Redis: {site}:in" },
	{ "company", SETTING_TEXT, "", 0, NAME_SIZE - 1,
	    .at = AT(settings, policy.company), .size = NAME_SIZE,
	    .help = "The name that customers know" },
	{ "zone", SETTING_TEXT, "UTC", 1, 63, FORMAT_ZONE,
	    .at = AT(settings, policy.zone), .size = SIZE(settings, policy.zone),
	    .help = "Time zone of hours and of what is said" },
	{ "language", SETTING_TEXT, "en", 1, 7, FORMAT_LANGUAGE,
	    .at = AT(settings, policy.language), .size = SIZE(settings, policy.language),
	    .help = "Of customers and specialists who have none of their own" },
	{ "redis", SETTING_TEXT, "unix:/run/callbackd-redis/redis.sock", 1,
	    URL_MAX_BYTES, FORMAT_REDIS, .flags = SETTING_RESTART,
	    .at = AT(settings, redis), .help = "Where Redis is; embedded: our own" },
	{ "embedded", SETTING_GROUP, .table = &embedded_table },
	{ "state_dir", SETTING_TEXT, "/var/lib/callbackd", 1, PATH_MAX_BYTES,
	    .flags = SETTING_RESTART, .at = AT(settings, state_dir),
	    .help = "Folder for what is kept between two starts" },
	{ "http", SETTING_GROUP, .table = &http_table },
	{ "control", SETTING_TEXT, "/run/callbackd/control.sock", 1, 100,
	    .flags = SETTING_RESTART, .at = AT(settings, control),
	    .help = "Socket of callbackctl" },
	{ "log", SETTING_GROUP, .table = &log_table },
	{ "drain_timeout", SETTING_DURATION, "30s", 0, 10 * MINUTE,
	    .at = AT(settings, drain_ms),
	    .help = "How long a stop waits for what is in hand" },
	{ "in_hand", SETTING_INTEGER, "1024", 16, 65536, .flags = SETTING_RESTART,
	    .at = AT(settings, in_hand), .help = "Situations at a time" },
	{ "desk_token_file", SETTING_TEXT, NULL, 1, PATH_MAX_BYTES,
	    .flags = SETTING_RESTART, .at = AT(settings, desk_token_file),
	    .help = "Token of the desk; STATE_DIR/desk_token if absent" },
	{ "web_dir", SETTING_TEXT, PKGDATADIR "/web", 1, PATH_MAX_BYTES,
	    .flags = SETTING_RESTART, .at = AT(settings, web_dir),
	    .help = "Folder of the pages" },
	{ "sandbox_url", SETTING_TEXT, "", 0, URL_MAX_BYTES, FORMAT_URL,
	    .flags = SETTING_RESTART, .at = AT(settings, sandbox_url),
	    .help = "Page of the sandbox's phones, shown as a link" },

	{ "phones", SETTING_GROUP, .table = &phones_table },
	{ "consent", SETTING_CHOICE, "optional", .words = consent_words,
	    .at = AT(settings, policy.consent_required), .size = sizeof(bool),
	    .help = "Whether a request must carry the customer's consent" },
	{ "window", SETTING_GROUP, .at = AT(settings, queue_model),
	    .table = &window_table },
	{ "give_up", SETTING_DURATION, "0", 0, 365 * DAY, .flags = SETTING_SCALED,
	    .at = AT(settings, policy.give_up_ms),
	    .help = "After the last promise, a person decides; 0: it waits on" },
	{ "limits", SETTING_GROUP, .table = &limits_table },
	{ "blocked", SETTING_GROUP, .table = &blocked_table },
	{ "hours", SETTING_GROUP, .table = &hours_table },
	{ "quiet", SETTING_GROUP, .table = &call_quiet_table },
	{ "slots", SETTING_GROUP, .table = &slots_table },
	{ "offer", SETTING_GROUP, .table = &offer_table },
	{ "retry", SETTING_GROUP, .table = &retry_table },
	{ "call", SETTING_GROUP, .table = &call_table },
	{ "lines", SETTING_LIST, NULL, 0, OWN_LINES_MAX, .table = &lines_table,
	    .list = SETTING_LINES, .help = "Numbers of ours that customers call" },
	{ "line", SETTING_GROUP, .table = &line_table },
	{ "result", SETTING_GROUP, .table = &result_table },
	{ "telephony", SETTING_GROUP, .table = &telephony_table },
	{ "keep", SETTING_GROUP, .table = &keep_table },
	{ "audit", SETTING_GROUP, .table = &audit_table },
	{ "keep_for_line", SETTING_INTEGER, "0", 0, KEEP_MAX,
	    .at = AT(settings, queue_model.keep_for_line),
	    .help = "Of each queue's people so many are left free for callers on hold" },
	{ "card_url", SETTING_TEXT, NULL, 1, URL_MAX_BYTES, FORMAT_CARD,
	    .at = AT(settings, policy.card_url),
	    .help = "The customer's page in a system of yours, a click away from the offer" },

	{ "queues", SETTING_LIST, NULL, 1, QUEUES_MAX, .table = &queue_table,
	    .list = SETTING_QUEUES, .flags = SETTING_REQUIRED, .help = "Kinds of work" },
	{ "specialists", SETTING_LIST, NULL, 0, SPECIALISTS_MAX,
	    .table = &specialist_table, .list = SETTING_SPECIALISTS, .help = "Who calls" },
	{ "alarms", SETTING_GROUP, .table = &alarms_table },
	{ "voice", SETTING_TEXTS, NULL, 1, PROVIDER_ORDER_MAX, FORMAT_ID,
	    .flags = SETTING_REQUIRED | SETTING_RESTART, .at = AT(settings, policy.voice.ids),
	    .size = ID_SIZE, .count_at = AT(settings, policy.voice.count),
	    .help = "Providers of calls in order of preference; manual: by hand" },
	{ "text", SETTING_TEXTS, NULL, 0, PROVIDER_ORDER_MAX, FORMAT_ID,
	    .flags = SETTING_RESTART, .at = AT(settings, policy.text.ids),
	    .size = ID_SIZE, .count_at = AT(settings, policy.text.count),
	    .help = "Providers of SMS in order of preference" },
	{ "breaker", SETTING_GROUP, .table = &breaker_table },
	{ "providers", SETTING_LIST, NULL, 0, PROVIDER_ORDER_MAX,
	    .table = &provider_table, .list = SETTING_PROVIDERS,
	    .help = "Telephone providers" },
	{ "dispositions", SETTING_LIST, NULL, 1, DISPOSITIONS_MAX,
	    .table = &disposition_table, .list = SETTING_DISPOSITIONS,
	    .flags = SETTING_REQUIRED, .help = "What a specialist may say of a call" },
	{ "messages", SETTING_GROUP, .table = &messages_table },
};
const struct setting_table settings_schema = TABLE(file_rows);
