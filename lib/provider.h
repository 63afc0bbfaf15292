/* SPDX-License-Identifier: MIT */
/*
 * provider: a telephone or SMS provider as a value. A provider file says how to
 * place, end, read and find a call, what the answers mean, how webhooks are
 * verified and what they tell, and which flow is served to the provider.
 *
 * It builds requests and reads answers; it never sends anything, and never
 * decides what follows. What a provider sent is hostile until verified.
 */
#ifndef CALLBACKD_LIB_PROVIDER_H
#define CALLBACKD_LIB_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/check.h"
#include "lib/policy.h"
#include "lib/progress.h"
#include "lib/transport.h"

enum {
	PROVIDER_FILE_MAX = 256 * 1024, /* bytes of a provider file */
	PROVIDER_ERRORS_MAX = 32,       /* more are counted, not kept */
	PROVIDER_VALUES_MAX = 64,
	PROVIDER_ID_SIZE = 128,         /* a provider's id of a call, with its end */
	PROVIDER_FOUND_MAX = 4,
	PROVIDER_JOB_SIZE = 96,         /* "R.n.TOKEN" */
	PROVIDER_REMEMBERED_SIZE = 256, /* what a call keeps for its provider */
	PROVIDER_NEXT_SIZE = 1024,      /* address of a list's next page */
	PROVIDER_NONCE_SIZE = 128,
	PROVIDER_RECORDS_MAX = 100,     /* in one webhook */
	PROVIDER_ANSWER_MAX = 1024 * 1024,  /* bytes of an answer that is read */
	PROVIDER_BODY_MAX = 64 * 1024,  /* bytes of a request, a flow, a webhook */
};

struct provider;                        /* immutable; may be shared by threads */

/* ---- the file */

struct provider_error {
	int  line;                      /* 0: the file as a whole */
	char text[240];                 /* "twilio.conf:12: call.form: ..." */
};

struct provider_errors {
	struct provider_error items[PROVIDER_ERRORS_MAX];
	size_t count;                   /* kept */
	size_t left_out;                /* not kept */
};

/*
 * Reads the text of a provider file; its words are explained in
 * docs/providers.md. file_name only stands in messages. NULL:
 * ret_errors holds everything that is wrong; on success its count is 0.
 * @include is refused.
 */
struct provider *
provider_read(const char *text, const char *file_name,
    struct provider_errors *ret_errors) MUST_USE;

/* Accepts NULL. */
void
provider_free(struct provider *provider);

const char *
provider_name(const struct provider *provider);

enum provider_operation {
	PROVIDER_CALL,          /* rings the specialist, then the customer */
	PROVIDER_CALL_CUSTOMER, /* the other way round */
	PROVIDER_SECOND_LEG,    /* into a call whose first party has answered */
	PROVIDER_HANGUP,
	PROVIDER_GET,
	PROVIDER_RESULT,        /* what became of a call that GET knows no more */
	PROVIDER_FIND,
	PROVIDER_EPOCH,         /* a value that changes when the provider has lost its calls */
	PROVIDER_CHECK,         /* is it set up as its file presupposes; rings nobody */
	PROVIDER_SMS,
	PROVIDER_SMS_GET,
	PROVIDER_OPERATION_COUNT
};
extern const char *const provider_operation_names[PROVIDER_OPERATION_COUNT];

bool
provider_can(const struct provider *provider, enum provider_operation operation);

/* What keeps a customer from being rung twice (DESIGN 7). */
enum fence {
	FENCE_ANSWER,           /* the customer's leg exists only in our flow */
	FENCE_KEY,              /* a second call with the same token is refused */
	FENCE_NONE,
	FENCE_COUNT
};
extern const char *const fence_names[FENCE_COUNT];

enum fence
provider_fence(const struct provider *provider);

/* Of one operation, which may have its own. */
enum fence
provider_operation_fence(const struct provider *provider,
    enum provider_operation operation);

/* Name of the value that a call keeps from the answer to its creation and gives
 * with what follows (an address to hang up at); NULL: none. */
const char *
provider_remembers(const struct provider *provider);

/* What a queue may ask of a provider; a file says which it has (`can`). */
enum provider_ability {
	ABILITY_CUSTOMER_FIRST,
	ABILITY_WHISPER,        /* who and what is told to the specialist */
	ABILITY_CONFIRM,        /* the specialist accepts by key */
	ABILITY_CUSTOMER_CONFIRM,
	ABILITY_GREET,          /* something is said to the customer before the join */
	ABILITY_DETECT_MACHINE,
	ABILITY_VOICEMAIL,      /* a message is left there */
	ABILITY_RECORD,
	ABILITY_RESULT,         /* the result by key */
	ABILITY_LONGEST,        /* it ends calls that are too long by itself */
	ABILITY_CHAT,           /* messages go to chats, not to numbers */
	ABILITY_CALLER_ID,      /* the customer sees a number of our choice */
	ABILITY_COUNT
};
extern const char *const provider_ability_names[ABILITY_COUNT];

bool
provider_has(const struct provider *provider, enum provider_ability ability);

/* How the file was tried. */
enum provider_tested { TESTED_LIVE, TESTED_SPECIFICATION, TESTED_DOCUMENTS, TESTED_COUNT };
extern const char *const provider_tested_names[TESTED_COUNT];

enum provider_tested
provider_tested(const struct provider *provider);

/* 0: the file does not say. */
struct provider_limits {
	double calls_per_second, messages_per_second;
	double requests_per_second;     /* of every kind */
	double requests_per_minute;
	double find_per_minute;
	int concurrent_requests;
	int64_t timeout_ms;             /* of one request */
};

struct provider_limits
provider_limits(const struct provider *provider);

/* Of one operation where the file gives it a time limit of its own; 0: none. */
int64_t
provider_operation_timeout_ms(const struct provider *provider,
    enum provider_operation operation);

/* Names of the values that only the company's configuration knows; each must
 * be given with every request and every webhook. */
size_t
provider_secret_count(const struct provider *provider);

const char *
provider_secret(const struct provider *provider, size_t index);

/* ---- values for templates */

/*
 * Names a template may use, all as text. What an operation has no value for is
 * left out: a template that needs it then fails to render.
 *
 *   to            whom this call or message goes to (first leg)
 *   from          our number; "number" is the case's
 *   agent         the specialist's address      customer  the customer, E.164
 *   confirm       "1" when the specialist takes the call by a key
 *   next          of FIND: the next page, as provider_found said
 *   ring          seconds the customer's phone rings
 *   agent_ring    seconds the specialist's phone rings
 *   call_max      seconds of the longest call
 *   token         unguessable name of the call
 *   job           names the call and carries its token; ours when it comes back
 *   hook          base URL of the webhooks of this call or message, no "/" at its end;
 *                 those of a message end in "/sms"
 *   id            the provider's id of the call
 *   since_ms      when the call was placed      now_ms    Unix milliseconds
 *   lang          language of what is said to the specialist ("ru"), see `languages`
 *                 of the file; of the goodbye: of whoever hears it
 *   customer_lang the same of what is said to the customer
 *   company name topic note number              words of the case
 *   text          of a message; in line flows, what is said
 *   whisper_text goodbye_text wait_text result_text   words to be said to the specialist
 *   greeting confirm_text voicemail_text              and to the customer
 *   record        "yes" where the talk is to be recorded, else ""; record_text tells
 *                 the specialist, the greeting tells the customer
 *   detect        "yes" where the provider is to find out whether a machine answers
 *   customer_first  "yes" in a call that rings the customer first, else ""
 *   base          where the API is, instead of what the file says
 *   private       not empty: addresses that a provider gave may be plain HTTP
 *   and the secrets that the file declares, and what the call remembers for it.
 *
 * The file adds its `templates`. JWTs and signatures need now_ms.
 *
 * A secret NAME may come with NAME_previous while it is being changed: webhooks
 * signed with either are genuine.
 */
struct provider_values {
	struct { const char *name, *value; } items[PROVIDER_VALUES_MAX];
	size_t count;
};

/* Adds one; the strings are borrowed. A NULL value is left out. */
void
provider_values_add(struct provider_values *values, const char *name,
    const char *value);

/* Adds one, or gives it another value. */
void
provider_values_set(struct provider_values *values, const char *name,
    const char *value);

/* "": there is none. */
const char *
provider_values_get(const struct provider_values *values, const char *name);

/* The id of a call where we choose it, so that it is known before the provider has
 * answered: needs the value token. False: the provider chooses. */
bool
provider_call_id(const struct provider *provider,
    const struct provider_values *values, char ret_id[PROVIDER_ID_SIZE]);

/* ---- requests */

struct provider_request {
	char   method[8];
	char  *url;
	char **headers;                 /* "Name: value", with the credentials */
	size_t header_count;
	char  *body;                    /* "" when there is none */
	size_t body_length;
	int64_t timeout_ms;             /* 0: the provider's */
	const char *wait_header;        /* header of the answer to be kept, or NULL; lives as
	                                 * long as the provider */
};

/* Does the answer to that operation say what the call or message has cost? */
bool
provider_tells_price(const struct provider *provider,
    enum provider_operation operation);

/* The provider must be able to do the operation. False: a value is missing or
 * cannot stand there; *ret_error says which, and lives as long as the provider. */
bool
provider_request_build(const struct provider *provider,
    enum provider_operation operation, const struct provider_values *values,
    struct provider_request *ret_request, const char **ret_error) MUST_USE;

void
provider_request_fini(struct provider_request *request);

/* ---- answers */

enum provider_outcome {
	PROVIDER_CREATED,               /* done: placed, ended, read */
	PROVIDER_REJECTED,              /* certainly not done */
	PROVIDER_UNKNOWN                /* may have been done; what is unclear is this */
};

struct provider_answer {
	enum provider_outcome outcome;
	char id[PROVIDER_ID_SIZE];      /* "": none was told */
	enum call_progress progress;    /* GET: PROGRESS_OVER when it has ended */
	enum call_outcome call_outcome; /* with PROGRESS_OVER */
	enum message_progress message;  /* SMS, SMS_GET; what the answer says of it */
	int64_t paid;                   /* what it has cost, in PAID_PARTS; 0: not said */
	char currency[CURRENCY_SIZE];   /* of that: "USD"; "": not said */
	char code[32], text[128];       /* of a refusal, for people; without '"' */
	bool is_temporary;              /* REJECTED: the same may be accepted later */
	int64_t wait_ms;                /* not before this long; 0: not said */
	bool is_wait_in_header;         /* provider_wait_ms() of wait_header tells it */
	char remembered[PROVIDER_REMEMBERED_SIZE];  /* "": none was told */
	bool is_number_invalid;         /* never to be tried again */
	bool is_unsubscribed;           /* SMS: they told the provider that they want none */
	bool is_gone;                   /* GET, HANGUP: the provider knows no such call */
	bool is_agent_over;             /* CALL, CREATED: it is over, and the specialist was not
	                                 * reached; call_outcome says why, there is no id */
	bool is_alarm;                  /* it will be so until staff has seen to it: no money, wrong
	                                 * credentials, a number of ours that is not allowed */
};

/* Always fills ret_answer. Body and status count only with TRANSPORT_ANSWERED;
 * the body need not be terminated. */
void
provider_answer_read(const struct provider *provider,
    enum provider_operation operation, enum transport_end end, int status,
    const char *body, size_t length, struct provider_answer *ret_answer);

/* Is it the code of who told the provider that they want no messages? */
bool
provider_is_unsubscribed(const struct provider *provider, const char *code);

/* What such a header says: seconds from now, a date, or a Unix time. At most an
 * hour; 0: nothing that can be read. */
int64_t
provider_wait_ms(const char *header, int64_t now_ms);

struct provider_found {
	bool is_readable;               /* false: nothing can be concluded */
	char next[PROVIDER_NEXT_SIZE];  /* not readable before this page is, too; "": no more */
	struct {
		char id[PROVIDER_ID_SIZE];
		enum call_progress progress;
	} calls[PROVIDER_FOUND_MAX];
	size_t count;                   /* 0 and readable: there is no such call */
};

/*
 * Reads the answer to PROVIDER_FIND for the calls that carry the token, or, where
 * the list does not tell it, that went to our numbers at that time. Numbers find
 * a call only where the customer's is among them; others, which somebody else's
 * call may have too, can only say that there is none. A list with more pages that
 * does not hold the call says nothing: not readable.
 *
 * Needs the values token, since_ms and those whose numbers are compared.
 */
void
provider_found_read(const struct provider *provider, int status,
    const char *body, size_t length, const struct provider_values *values,
    struct provider_found *ret_found);

/* ---- webhooks */

struct webhook_header {
	const char *name, *value;
};

struct webhook_input {
	const char *method;             /* "GET" or "POST" */
	const char *url;                /* as the provider was given it: the configured
	                                 * public address and the raw request target */
	const struct webhook_header *headers;
	size_t header_count;
	const char *body;               /* raw */
	size_t body_length;
};

enum webhook_kind {
	WEBHOOK_NOTHING,                /* genuine, and of no interest */
	WEBHOOK_PROGRESS,               /* of a call: progress, or who answered it */
	WEBHOOK_QUESTION,               /* the provider wants the next flow */
	WEBHOOK_MESSAGE,                /* news of a message of ours */
	WEBHOOK_INBOUND_MESSAGE,        /* somebody wrote to us: from, to, text */
	WEBHOOK_INBOUND_CALL,           /* somebody calls us: from, to, question, digits */
	WEBHOOK_REFUSED                 /* not genuine, or not as it must be: reason */
};

/* What the provider wants to hear when its news are kept. */
struct webhook_reply {
	int status;
	const char *type, *text;        /* NULL and "": no body; owned by the provider */
};

struct webhook_event {
	enum webhook_kind kind;
	char reason[96];                /* of a refusal; of NOTHING: a word that is not known */
	char sid[PROVIDER_ID_SIZE];     /* of our call or message, also when the leg is
	                                 * the customer's; "": not said */
	char leg_sid[PROVIDER_ID_SIZE]; /* of the leg itself, where it is not that; "": not said */
	bool is_customer_leg;           /* about (or asked by) the customer's leg */
	char question[16];              /* "up" "keys" "silent" "dial_over" "result" "wait" "greet" "confirm";
	                                 * of INBOUND_CALL also "number" "rang"; "": news only */
	char digits[24];                /* keys pressed; "": none */
	bool has_progress;              /* perhaps for PROGRESS and QUESTION */
	enum call_progress progress;    /* PROGRESS_NONE with is_customer_over */
	bool is_customer_over;          /* the customer's leg has ended; ours need not */
	bool is_agent_over;             /* with PROGRESS_OVER: ended before the customer was rung */
	enum call_outcome outcome;      /* of the leg that has ended */
	int64_t duration_ms;            /* of that leg; 0: not said */
	int64_t sequence;               /* order among the webhooks of one leg; -1: not said */
	int64_t at_ms;                  /* when it happened, by their clock; 0: not said */
	bool is_advisory;               /* what it says is not signed: look before it is believed */
	/* Which call or message of ours, where the address does not say it. */
	char job[PROVIDER_JOB_SIZE];    /* what we gave the provider to send back: ${job} */
	char customer[24];              /* their number, where nothing else tells the call */
	enum machine machine;           /* who answered, where the provider found out */
	enum message_progress message;  /* of MESSAGE */
	char error[64];                 /* why a message failed, in the provider's words */
	bool is_unsubscribed;           /* it failed because they want none */
	char from[24], to[24];          /* of what comes in, E.164 where it is a number */
	char text[480];                 /* of INBOUND_MESSAGE, cut at a character */
	char recording[256];            /* where a recording of the call is */
	struct webhook_reply reply;
};

/* All that one webhook says. */
struct webhook_news {
	struct webhook_event *events;   /* owned */
	size_t count;                   /* at least 1; a refusal of the whole is the only one */
	/* A genuine webhook with this nonce is a replay for so long. */
	char nonce[PROVIDER_NONCE_SIZE];  /* "": none */
	int64_t nonce_ms;
	char once[PROVIDER_ID_SIZE];    /* the provider's id of this webhook: heard before
	                                 * and kept, it is old news; "": none */
	char challenge[PROVIDER_ID_SIZE]; /* "": none; else it is to be answered with this
	                                 * text and holds no news */
};

/* Does the file say how to read webhooks? */
bool
provider_hears(const struct provider *provider);

/*
 * Verifies first, then reads. `secrets` holds the values the file declares.
 * Always fills ret_news; webhook_news_fini() frees. Of several records one that
 * cannot be read is a refusal of its own beside the others.
 */
void
provider_webhook_read(const struct provider *provider,
    const struct webhook_input *input, const struct provider_values *secrets,
    int64_t now_ms, struct webhook_news *ret_news);

void
webhook_news_fini(struct webhook_news *news);

/*
 * Reads the answer to PROVIDER_RESULT, which holds what the last webhook would
 * have said; it came over our own request and is not signed. Of kind NOTHING:
 * the provider knows nothing. Always fills ret_event.
 */
void
provider_result_read(const struct provider *provider, int status,
    const char *body, size_t length, struct webhook_event *ret_event);

/* ---- the flow served to the provider */

enum flow {
	FLOW_WHISPER,           /* who and what, then one digit of the specialist */
	FLOW_JOIN,              /* dial the customer */
	FLOW_GREET,             /* said to the customer before the join */
	FLOW_GOODBYE,
	FLOW_WAIT,              /* one moment, then ask again */
	FLOW_RESULT,            /* the customer has gone: the result by keys */
	FLOW_CONFIRM,           /* greets the customer, who takes the call with 1 */
	FLOW_VOICEMAIL,         /* a machine has answered: what is left on it */
	FLOW_JOIN_AGENT,        /* customer first: dial the specialist */
	FLOW_LINE_ASK,          /* to a caller of ours: 1 to be called back */
	FLOW_LINE_NUMBER,       /* they type another number */
	FLOW_LINE_TOLD,         /* what was promised, then goodbye */
	FLOW_LINE_RING,         /* not answered; asks again after ${ring} seconds */
	FLOW_COUNT
};
extern const char *const flow_names[FLOW_COUNT];

bool
provider_serves(const struct provider *provider, enum flow flow);

/* The body is the caller's to free; the type is the provider's. False: the file
 * has no such flow, or a value is missing. */
bool
provider_flow(const struct provider *provider, enum flow flow,
    const struct provider_values *values, char **ret_body,
    const char **ret_type) MUST_USE;

#endif
