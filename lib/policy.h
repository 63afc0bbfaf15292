/* SPDX-License-Identifier: MIT */
/*
 * policy: the company's rules as plain values. settings (daemon) fills one from
 * the configuration file, a test fills one by hand; the core only reads it.
 * A policy is immutable once built: a reload builds another.
 */
#ifndef CALLBACKD_LIB_POLICY_H
#define CALLBACKD_LIB_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/network.h"

struct hours;
struct zone;
struct zones;

enum {
	ZONE_SIZE = 40,         /* IANA name of a time zone */
	ID_SIZE = 32,           /* queue, specialist, provider, disposition ids: <= 31 bytes */
	NAME_SIZE = 64,         /* names of people: cut to 63 bytes at a character */
	PHONE_SIZE = 17,        /* "+" and at most 15 digits */
	ADDRESS_SIZE = 64,      /* "+79160000003", "sip:101@pbx.example", "ext:101", "user:boris" */
	SPECIALIST_QUEUES_MAX = 8,
	RETRIES_MAX = 8,
	PASS_TO_MAX = 16,
	COUNTRIES_MAX = 32,
	OWN_NUMBERS_MAX = 16,
	REFUSED_PREFIXES_MAX = 256,
	PROXIES_MAX = 16,
	OWN_LINES_MAX = 16,
	CALLER_IDS_MAX = 8,
	PROVIDER_ORDER_MAX = 8, /* also bits of a set of providers */
	DISPOSITIONS_MAX = 32,
	LEVEL_MIN = 1,
	LEVEL_MAX = 9,          /* higher is better (DECISIONS 5) */
	WIDENINGS_MAX = 8,      /* rungs of a queue */
	ALSO_MAX = 4,           /* other queues that a request may be seen in */
	TEXT_LANGUAGES_MAX = 4, /* languages that messages are written in */
	ALARM_TARGETS_MAX = 16,
	QUIETS_MAX = 33,        /* quiet hours: the company's, and those of some numbers */
	PLACE_YOUTH_MS = 2000,  /* an order to call begins so long after its turn, or never */
	PACE_WAIT_MS = 1500,    /* the longest wait for that turn; a longer one is refused */
	PRICE_PARTS = 10000,    /* of one unit of a currency: what is counted against a cap */
	PAID_PARTS = 1000000,   /* what providers say that something has cost */
	CURRENCY_SIZE = 4,      /* "USD" */
};

/* What follows from a disposition (PRODUCT 5). Suppress and propose_block close
 * the request, and put its number into a list. */
enum disposition_then {
	THEN_CLOSE,
	THEN_SCHEDULE,          /* call again at the moment named, else after the next retry delay */
	THEN_PASS,              /* to the queue named, else its own, else the first of pass_to */
	THEN_RETRY,             /* voicemail and the like: counts as not reached */
	THEN_SUPPRESS,
	THEN_PROPOSE_BLOCK,
	THEN_WRONG_PERSON,      /* closes; the website is told that its visitor was not reached */
	THEN_COUNT
};
extern const char *const disposition_then_names[THEN_COUNT + 1];  /* and NULL */

struct disposition {
	int  key;               /* 1..9 on a keypad, one of a queue; 0: none */
	char id[ID_SIZE];
	char title[NAME_SIZE];
	enum disposition_then then;
	char queue[ID_SIZE];    /* where it passes to, unless one is named; "": not said */
	int64_t block_ms;       /* of a proposed block: how long, once it is confirmed */
};

/* How an attempt ended, as far as the next one depends on it. */
enum retry_kind {
	RETRY_NO_ANSWER, RETRY_BUSY,
	RETRY_REJECTED,         /* they did not take the call */
	RETRY_VOICEMAIL,
	RETRY_SHORT,            /* a talk too short to count */
	RETRY_FAILED,           /* the network's fault, or nobody knows */
	RETRY_KIND_COUNT
};
struct retry_list {
	bool is_own;            /* false: as after any other end */
	int64_t after_ms[RETRIES_MAX];  size_t count;  /* 0: no further attempt */
};

/* What the requests of strangers are limited by (lib/velocity.h). */
enum velocity {
	LIMIT_NUMBER_DAY,
	LIMIT_PREFIX_HOUR,      /* numbers but for their last four digits */
	LIMIT_ADDRESS_HOUR, LIMIT_ADDRESS_DAY,
	LIMIT_COUNTRY_ADDRESS_DAY,  /* numbers of one country, from one address */
	LIMIT_COUNTRY_HOUR,
	LIMIT_SITE_HOUR,
	LIMIT_COUNT
};

/* Providers in order of preference. */
struct provider_order {
	char ids[PROVIDER_ORDER_MAX][ID_SIZE];  size_t count;
};

/* What a message is about. The first are told to a customer, once per request and
 * promise; the next two answer a customer's word; the rest go to staff. */
enum message_kind {
	TEXT_DEFERRED,          /* to when the call was put off */
	TEXT_SOON,              /* a specialist has accepted: a strange number will ring */
	TEXT_LATE,              /* the promise was missed */
	TEXT_UNREACHABLE,
	TEXT_PASSED,            /* the case lies with another queue */
	TEXT_STOPPED,           /* their STOP was kept */
	TEXT_STARTED,
	TEXT_OFFER,
	TEXT_ALARM,
	TEXT_ALARM_OVER,
	TEXT_COUNT,
	TEXT_CUSTOMER_COUNT = TEXT_UNREACHABLE + 2,
};
extern const char *const message_kind_names[TEXT_COUNT];

/* What staff is alarmed about. */
enum alarm_cause {
	ALARM_NONE,
	ALARM_LATE,             /* promises were missed */
	ALARM_UNATTENDED,       /* nobody works on an open queue */
	ALARM_PROVIDER_DOWN,
	ALARM_REJECTED,         /* a website's request could not be accepted */
	ALARM_MAYBE_CALLED,     /* a person must find out */
	ALARM_PROVIDER_REFUSES, /* and will until somebody has seen to it: no money, credentials */
	ALARM_SET_ASIDE,        /* keys in Redis held what nobody here wrote */
	ALARM_LAST_ONE,         /* who is the last one at work ignores offers */
	ALARM_DECLINED,         /* or says no to one */
	ALARM_NEAR,             /* a promise is near, and nobody has called */
	ALARM_COUNT
};
extern const char *const alarm_cause_names[ALARM_COUNT];

/* The company's words to customers in one language; NULL: that kind is not sent. */
struct message_texts {
	char language[8];
	const char *texts[TEXT_CUSTOMER_COUNT];
};

struct alarm_policy {
	char to[ALARM_TARGETS_MAX][ADDRESS_SIZE];  size_t to_count;  /* specialists, numbers, chat: */
	char of[ALARM_TARGETS_MAX][ID_SIZE];  /* the queue that it stands for; "": itself */
	const char *urls[ALARM_TARGETS_MAX];    /* instead of the address there; NULL: none */
	bool is_named[ALARM_TARGETS_MAX];  /* told only of what names it (climb) */
	int64_t at_most_ms;     /* one message of a cause in this time */
	bool is_private;        /* URLs may be plain HTTP, and on this machine or its network */
	bool on[ALARM_COUNT];
};

/* One rung: so long before the promise more people see a request. One of the four
 * is set. */
struct widening {
	int64_t before_ms;
	int level;              /* admits this level and above; 0: not said */
	char queue[ID_SIZE];    /* admits all who serve that queue, too; "": not said */
	int offers;             /* so many may be asked at once; 0: not said */
	char tell[ADDRESS_SIZE];  /* queue, specialist, number or chat: that is told; "" */
};

struct queue_policy {
	char id[ID_SIZE];
	char title[NAME_SIZE];
	bool is_default;        /* where an unknown topic goes, with a warning */
	bool is_public;         /* may a website name it as topic */
	char caller_ids[CALLER_IDS_MAX][PHONE_SIZE];  size_t caller_id_count;  /* policy_caller_id */
	int  level;             /* lowest level admitted at first; 0: everybody, best first */
	struct widening widenings[WIDENINGS_MAX];  size_t widening_count;  /* the earliest first */
	int64_t target_ms;      /* what we aim at */
	int64_t limit_ms;       /* what the customer is told: the promise */
	int64_t scheduled_ms;   /* limit of an appointment */
	int64_t late_ms;        /* second promise: missed limit plus this; 0: none */
	int64_t handling_ms;    /* how long one request keeps a specialist, as long as that has not
	                         * been measured */
	int64_t prefer_ms;      /* who is preferred is waited for until so long before the
	                         * promise; 0: not at all */
	int  keep_for_line;     /* of those who serve it so many are left to callers on hold */
	char pass_to[PASS_TO_MAX][ID_SIZE];  size_t pass_to_count;  /* empty: any other queue */
	char dispositions[DISPOSITIONS_MAX][ID_SIZE];  size_t disposition_count;  /* empty: all that lead elsewhere */
	int64_t passed_ms;      /* promise of a case passed on to it; 0: limit_ms */
	bool is_passed_open;    /* of which only the time counts in which the queue is open */
	const char *climb;      /* where such a case goes when that is over: a queue, or who is
	                         * told (specialist, number, chat); "": it stays, and is late */
	bool is_when_ready;     /* such a case is taken first, and dialled when its taker starts */
	const char *script;     /* text shown to the specialist, owned by the policy; "" if none */
	const char *greeting;   /* said to the customer when they answer; "": the usual words */
	const char *voicemail;  /* left on a machine that answers; "": nothing */
	bool is_customer_first; /* their phone rings before the specialist's */
	bool is_customer_confirmed;  /* they take the call by pressing 1 */
	bool detects_machine;   /* the provider finds out whether a machine has answered */
	bool records;           /* the talk, which both are told */
	const struct hours *hours;  /* when it is open; NULL: as the company; borrowed */
	int64_t closed_until_ms;  /* closed now, opens then; 0: open (always, until hours come) */
	struct provider_order voice, text;  /* count 0: the company's */
};

/* What a provider is ordered: it bears so much of each, and either may work without the
 * other. */
enum channel { CHANNEL_VOICE, CHANNEL_SMS, CHANNEL_COUNT };
extern const char *const channel_names[CHANNEL_COUNT];

/* What the core must know of a telephone provider; the rest is lib/provider. */
struct provider_facts {
	char id[ID_SIZE];
	bool authorises_on_answer;  /* fence = answer: the customer's leg exists only in our answer */
	bool has_second_leg;    /* the customer's leg is an order of its own, when they have answered */
	bool can_find;          /* calls can be looked up by token */
	bool can_poll;          /* and a live one asked for, by its id */
	bool can_hang_up;
	bool can_text;          /* sends messages, */
	bool texts_chats;       /* and to chats, not to numbers */
	bool can_ask_text;      /* and says what became of one */
	bool can_call_customer; /* customer first, by flows of ours */
	bool confirms_customer; /* we serve the question whether the customer takes it */
	int64_t emission_ms[CHANNEL_COUNT];  /* between two orders, of all nodes; 0: any pace */
	int  alive_max;         /* calls alive at a time, of all nodes; 0: no limit */
	int64_t price[CHANNEL_COUNT];  /* in PRICE_PARTS: of a call, of a message's segment */
	bool tells_price[CHANNEL_COUNT];  /* when it is asked what became of one */
	int64_t hour_cap, day_cap;  /* of both together, in PRICE_PARTS; 0: none */
};

enum confirm { CONFIRM_PRESS1, CONFIRM_ANSWER };
enum accept { ACCEPT_BY_HAND, ACCEPT_AUTOMATIC };
enum offer_channel { OFFER_SCREEN, OFFER_PHONE, OFFER_SMS, OFFER_CHANNEL_COUNT };

struct address_policy {         /* where a specialist is reached through one provider */
	char provider[ID_SIZE]; /* "": every provider without an entry of its own */
	char to[ADDRESS_SIZE];
};

struct specialist_policy {
	char id[ID_SIZE];
	char name[NAME_SIZE];
	char language[8];       /* of what is whispered to them */
	struct address_policy addresses[4];  size_t address_count;
	struct { char id[ID_SIZE]; int level; } queues[SPECIALIST_QUEUES_MAX];  size_t queue_count;
	enum confirm confirm;   /* press 1, or answering their phone is enough */
	enum accept accept;     /* automatic: an offer is accepted by itself */
	enum offer_channel offer;  /* a screen (desk, callbackctl), their ringing phone, an SMS */
	int64_t offer_ms;       /* time for that channel */
	bool has_second;        /* once they have ignored one, the next comes by this: */
	enum offer_channel second;
	int64_t second_ms;
	int64_t ring_ms;        /* if they are rung for an offer, as the last one who ignores them */
	int64_t wrap_up_ms;
	bool is_supervisor;     /* confirms and lifts blocks */
	const struct hours *shift;  /* when they work; NULL: whenever they say; borrowed */
	bool is_duty;           /* but only while on duty, or on that shift */
};

/* When numbers that begin so are not called, by the clock of whoever has them. */
struct quiet_policy {
	char prefix[PHONE_SIZE];        /* "+49"; "": all */
	int from_s, to_s;               /* of the day; from above to: over midnight; equal: never */
};

enum line_offer { LINE_OFFERS_NOTHING, LINE_OFFERS_CALLBACK };

/* A number of ours at which a provider asks us what to do with who calls it. */
struct line_policy {
	char number[PHONE_SIZE];
	char queue[ID_SIZE];    /* where its requests go */
	enum line_offer offer;
	bool takes_missed;      /* who rang in vain is called back */
};

struct policy {
	char site[ID_SIZE];
	char company[NAME_SIZE];
	char zone[64];          /* IANA name */
	char language[8];
	char home[3];           /* region that national numbers belong to, "RU" */
	char allow[COUNTRIES_MAX][3];  size_t allow_count;  /* countries that may be called */
	char refuse[REFUSED_PREFIXES_MAX][PHONE_SIZE];  size_t refuse_count;  /* "+1809" */
	char own[OWN_NUMBERS_MAX][PHONE_SIZE];  size_t own_count;  /* never dialled */
	int limits[LIMIT_COUNT];  /* so many requests are taken (lib/velocity.h); 0: any number */
	char proxies[PROXIES_MAX][NETWORK_SIZE];  size_t proxy_count;  /* believed about visitors */
	bool consent_required;

	/* when customers may be called (lib/rules.h) */
	int64_t after_close_ms; /* who asked before closing is called so long after it, by the promise */
	struct quiet_policy quiets[QUIETS_MAX];  size_t quiet_count;
	bool quiet_waits;       /* also who asked to be called now waits for their morning */
	struct zones *zones;    /* of customers, learnt as they are met; NULL: none; borrowed */

	struct queue_policy *queues;  size_t queue_count;
	struct specialist_policy *specialists;  size_t specialist_count;
	uint32_t *specialist_slots;     /* of policy_index; NULL: searched one by one */
	struct disposition dispositions[DISPOSITIONS_MAX];  size_t disposition_count;

	struct provider_facts providers[PROVIDER_ORDER_MAX];  size_t provider_count;
	struct provider_order voice;    /* calls; "manual" is built in, and the last */
	struct provider_order text;     /* messages */

	/* messages */
	const struct hours *hours;      /* when the company is open; NULL: always; borrowed */
	int64_t slot_length_ms;         /* of appointments that are given (lib/doors) */
	double slot_share;              /* of the people on shift that they may fill, 0..1 */
	double slot_least;              /* who would be called in time less probably is given one */
	const struct zone *local;       /* the company's zone, for what is said; NULL: UTC; borrowed */
	struct message_texts texts[TEXT_LANGUAGES_MAX];  size_t text_language_count;
	const char *link;       /* the company's page for customers; "": none */
	int quiet_from_minute, quiet_to_minute;  /* of the day; equal: no quiet hours */
	struct alarm_policy alarms;

	const char *card_url;   /* of the company's own system, with holes (lib/card); owned; "": none */
	int64_t retry_after_ms[RETRIES_MAX];  size_t retry_count;  /* attempts = retry_count + 1 */
	struct retry_list retries[RETRY_KIND_COUNT];  /* by how an attempt ended (lib/retry.h) */
	bool calls_next_day;    /* an attempt on another day is not announced before */
	int64_t short_call_ms;  /* a talk under this counts as not reached */
	int64_t ring_ms;        /* how long the customer's phone rings */
	int64_t agent_ring_ms;  /* how long the specialist's phone rings after a desk acceptance */
	int64_t call_max_ms;    /* longest call */
	int64_t wrap_result_ms; /* how long WRAPPING waits for a disposition before "waiting for a result" */
	int64_t result_remind_ms;  /* reminder while REFERRED */
	int64_t cool_off_declined_ms, cool_off_ignored_ms;
	int     offer_rounds;   /* so often all who were asked say no before more see it; 0: ever */
	int     ignored_pause;  /* that many ignored offers in a row pause a specialist */
	int64_t ignored_return_ms;  /* how long that pause lasts */
	int64_t elsewhere_ms;   /* who is on a call that is none of ours is asked again after it */
	int64_t rest_ms;        /* RESTING after a call that did not reach anybody */
	int64_t presence_ms;    /* an idle specialist unseen this long is absent; 0: never */
	struct line_policy lines[OWN_LINES_MAX];  size_t line_count;
	int64_t missed_ms;      /* a call counts as missed when it rang this long */
	int64_t recognise_ms;   /* who calls us so long after our attempt returns our call */
	int     line_per_hour;  /* calls of one number to our lines that are served */
	int64_t hold_ms;        /* who phones us and holds is not dialled, at most this long */
	int64_t block_hold_ms;  /* a proposed block holds by itself this long */
	int64_t give_up_ms;     /* waiting past the (second) promise this long: a person must decide; 0: never */

	/* telephony and leases: real time, never scaled */
	int64_t place_lease_ms; /* PLACING to UNSURE when no answer to the POST came */
	int64_t look_up_ms;     /* between two look-ups */
	int64_t quarantine_ms;  /* UNKNOWN and authorised: this long before a person is asked */
	int64_t poll_ms;        /* LIVE and silent: ask the provider */
	int64_t answer_keep_ms, record_keep_ms, call_keep_ms, seen_keep_ms;  /* after the end */
};

/* Finds by id; NULL: none. The result lives as long as the policy. */
const struct queue_policy *policy_queue(const struct policy *policy, const char *id);
const struct line_policy *policy_line(const struct policy *policy, const char *number);
const struct queue_policy *policy_default_queue(const struct policy *policy);
const struct specialist_policy *policy_specialist(const struct policy *policy, const char *id);
const struct disposition *policy_disposition(const struct policy *policy, const char *id);
/* May it be said of a request of that queue. */
bool policy_queue_has(const struct policy *policy, const char *queue,
    const struct disposition *disposition);
/* What may be said of a request of that queue: by id, "" being the first that passes it on;
 * by its key. NULL: nothing there. */
const struct disposition *policy_result(const struct policy *policy, const char *queue,
    const char *id);
const struct disposition *policy_result_by_key(const struct policy *policy, const char *queue,
    int key);
const struct provider_facts *policy_provider(const struct policy *policy, const char *id);
/* Its place in that order, from 1; 0: it is not there. */
int policy_place(const struct provider_order *order, const char *provider);
/* The zone of that name, if it is known; else, and for "", the company's; NULL: UTC. */
const struct zone *policy_zone(const struct policy *policy, const char *name);
/* When that queue is open; NULL: always. */
const struct hours *policy_hours(const struct policy *policy, const char *queue);
/* Where that URL stands among the targets of alarms, from 1; 0: it does not. */
int policy_url_target(const struct policy *policy, const char *url);
/* The order that holds for that queue: its own, else the company's. */
const struct provider_order *policy_voice(const struct policy *policy, const char *queue);
const struct provider_order *policy_text(const struct policy *policy, const char *queue);

/* The company's words of that kind, in that language or else in its own; NULL: it
 * does not send them. */
const char *policy_message_text(const struct policy *policy, enum message_kind kind,
    const char *language);

/* Lets policy_specialist find without searching: fills slots, as many as
 * policy_index_size says, which must live as long as the policy. To be called
 * when the list of specialists is complete. */
size_t policy_index_size(const struct policy *policy);
void policy_index(struct policy *policy, uint32_t *slots);

/* The number which that customer sees: one of the queue's list, the same each time
 * while it stands there. "": the queue has none. */
const char *policy_caller_id(const struct queue_policy *queue, const char *customer);

/* The specialist's address for that provider, "" if none fits. */
const char *policy_address(const struct specialist_policy *specialist, const char *provider);

/* How well they know that queue; 0: they do not serve it. */
int policy_level(const struct specialist_policy *specialist, const char *queue);

/* How they are offered a request after so many in a row that they ignored, and how long
 * they have for it. Who ignored so many that they would be paused is the last one at work:
 * their phone rings. */
enum offer_channel policy_offer(const struct policy *policy,
    const struct specialist_policy *specialist, int ignored_count, int64_t *ret_ms);
/* Are they offered any in that way? */
bool policy_offers_by(const struct specialist_policy *specialist, enum offer_channel channel);

/* Fills in every default of docs (windows, retries, leases); no queues, no
 * people. The caller owns the arrays behind the pointers. */
void policy_defaults(struct policy *ret_policy);
void queue_policy_defaults(struct queue_policy *ret_queue);  /* window; texts "" */
void specialist_policy_defaults(struct specialist_policy *ret_specialist);

#endif
