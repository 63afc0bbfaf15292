/* SPDX-License-Identifier: MIT */
/* submit: one job for each thing asked, walked by the replies it waits for. */
#include "daemon/submit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/poison.h"
#include "lib/answer.h"
#include "lib/audit.h"
#include "lib/blocked.h"
#include "lib/commit.h"
#include "lib/fault.h"
#include "lib/intake.h"
#include "lib/region.h"
#include "lib/standing.h"
#include "lib/text.h"
#include "lib/velocity.h"
#include "lib/zone.h"

enum {
	FOLLOW_MAX = 8,         /* requests a case passed through */
	TRIES_MAX = 24,
	FULL_MS = 60000,        /* at least so long nobody need ask again */
	RAW_MAX = 2048,         /* of a refused member that is kept */
};

struct submitter {
	void (*on_rejected)(void *context);  void *rejected_context;
	struct store *store;
	struct engine *engine;
	const struct policy *policy;
	size_t busy_count;
};

struct job {
	struct submitter *submitter;
	struct submission asked;
	char *member;                   /* owned */
	char address[NETWORK_SIZE];     /* of the visitor, if asked.address was given */
	struct intake intake;
	struct request request;         /* what is born, or was found */
	struct case_file case_file;     /* what it continues */
	bool is_known_case;
	bool is_seen;                   /* its id belongs to a request already */
	bool is_unreadable;             /* of which the record cannot go on */
	char why[64];                   /* of a refusal, for staff */
	const char *code, *pointer;     /* of one that is not certain yet; static */
	int64_t wait_ms;                /* of a limit */
	int tries, follows;
	char owner[REQUEST_ID_SIZE];    /* of the number, in this queue */
};

static void begin(struct job *job);
static void ask(struct job *job);
static void repeat(struct job *job, const char *owner);

struct submitter *
submitter_new(struct store *store, struct engine *engine,
    const struct policy *policy)
{
	struct submitter *submitter = calloc(1, sizeof(*submitter));

	CHECK(submitter != NULL);
	submitter->store = store;
	submitter->engine = engine;
	submitter->policy = policy;
	return submitter;
}

void
submitter_free(struct submitter *submitter)
{
	free(submitter);
}

void
submitter_set_on_rejected(struct submitter *submitter,
    void (*on_rejected)(void *context), void *context)
{
	submitter->on_rejected = on_rejected;
	submitter->rejected_context = context;
}

void
submitter_set_policy(struct submitter *submitter, const struct policy *policy)
{
	submitter->policy = policy;
}

size_t
submitter_busy_count(const struct submitter *submitter)
{
	return submitter->busy_count;
}

/* ---- ends */

static void
finish(struct job *job, enum submit_end end, const char *answer,
    const char *request)
{
	struct submit_result result = { end, answer, request, job->wait_ms };

	job->submitter->busy_count--;
	job->asked.on_end(job->asked.context, job->asked.tag, &result);
	intake_fini(&job->intake);
	free(job->member);
	free(job);
}

static void
finish_with(struct job *job, enum submit_end end,
    const struct request *request)
{
	char *warnings = job->intake.said != NULL ?
	    answer_warnings(job->intake.said) : NULL;
	char *answer = commit_answer(job->submitter->policy, request,
	    job->intake.id, warnings);

	finish(job, end, answer, request->id);
	free(answer);
	free(warnings);
}

static void
add_guard(const struct job *job, struct engine_order *order)
{
	if (!job->asked.is_from_inbox)
		return;
	order->take_index = "in";
	order->take_member = job->member;
	order->take_length = job->asked.length;
}

static void
post(struct job *job, struct engine_order *order, engine_on_result *on_result)
{
	order->event.digit = -1;
	snprintf(order->event.by, sizeof(order->event.by), "%s",
	    job->asked.is_from_inbox ? "website" : job->asked.source);
	order->on_result = on_result;
	order->context = job;
	add_guard(job, order);
	if (!engine_post(job->submitter->engine, order))
		finish(job, SUBMIT_LATER, NULL, "");
}

/* ---- refusals */

static void
on_refused(void *context, uint64_t tag, const struct engine_result *result)
{
	struct job *job = context;
	char *answer;

	(void)tag;
	if (result->end == ENGINE_GONE) {
		finish(job, SUBMIT_GONE, NULL, "");
		return;
	}
	if (result->end != ENGINE_DONE) {
		finish(job, SUBMIT_LATER, NULL, "");
		return;
	}
	answer = answer_rejected(&job->intake);
	finish(job, job->is_unreadable ? SUBMIT_UNREADABLE : SUBMIT_REFUSED,
	    answer, "");
	free(answer);
}

/* Bytes of the character that begins there and may be shown; 0: none does. */
static size_t
shown_character(const char *bytes, size_t length)
{
	const unsigned char *byte = (const unsigned char *)bytes;
	size_t size = 1;

	while (size < 4 && size < length && !text_is_utf8(bytes, size))
		size++;
	if (!text_is_utf8(bytes, size) || byte[0] < ' ' || byte[0] == 127 ||
	    (byte[0] == 0xc2 && byte[1] < 0xa0))
		return 0;
	return size;
}

/* The member as text that any terminal may show. */
static char *
readable(const char *bytes, size_t length)
{
	char *text = malloc(RAW_MAX + 8), *at = text;

	CHECK(text != NULL);
	for (size_t i = 0; i < length && at - text < RAW_MAX;) {
		size_t size = shown_character(bytes + i, length - i);

		if (size == 0) {
			at += sprintf(at, "\\x%02x", (unsigned char)bytes[i++]);
			continue;
		}
		memcpy(at, bytes + i, size);
		at += size;
		i += size;
	}
	*at = '\0';
	return text;
}

static void
refuse(struct job *job)
{
	struct submitter *submitter = job->submitter;
	const struct intake_note *first = &job->intake.errors[0];
	/* The website is told less than staff. */
	const char *why = job->why[0] != '\0' ? job->why :
	    job->intake.phone.why != NULL ? job->intake.phone.why : "";
	char *raw = readable(job->member, job->asked.length);
	char *answer = answer_rejected(&job->intake);
	char at[24];
	const char *fields[] = { "at", at, "id", job->intake.id, "code",
		first->code, "pointer", first->pointer, "text", first->text,
		"why", why, "raw", raw, NULL };
	/* A live request's answer is not lost to a refusal of its id. */
	bool has_answer = job->intake.id[0] != '\0' && !job->is_seen;
	bool is_posted;

	CHECK(job->intake.error_count > 0);
	snprintf(at, sizeof(at), "%" PRId64,
	    store_now_ms(submitter->store) / 1000);
	log_event(LOG_LEVEL_NOTICE, "request_rejected",
	    "id=%s code=%s pointer=%s source=%s why=\"%s\"", job->intake.id,
	    first->code, first->pointer, job->asked.source, why);
	if (submitter->on_rejected != NULL)
		submitter->on_rejected(submitter->rejected_context);
	is_posted = engine_refuse(submitter->engine,
	    job->asked.is_from_inbox ? "in" : NULL, job->member,
	    job->asked.length, fields, has_answer ? job->intake.id : NULL,
	    has_answer ? answer : NULL, on_refused, job, 0);
	free(raw);
	free(answer);
	if (!is_posted)
		finish(job, SUBMIT_LATER, NULL, "");
}

/* Nothing changes but the inbox. */
static void
on_taken(void *context, uint64_t tag, const struct engine_result *result)
{
	struct job *job = context;

	(void)tag;
	if (result->end == ENGINE_DONE)
		finish_with(job, SUBMIT_KNOWN, &job->request);
	else
		finish(job, result->end == ENGINE_GONE ? SUBMIT_GONE :
		    SUBMIT_LATER, NULL, "");
}

static void
take_only(struct job *job)
{
	static const char *const nothing[] = { NULL };

	if (!job->asked.is_from_inbox) {
		finish_with(job, SUBMIT_KNOWN, &job->request);
		return;
	}
	if (!engine_refuse(job->submitter->engine, "in", job->member,
	        job->asked.length, nothing, NULL, NULL, on_taken, job, 0))
		finish(job, SUBMIT_LATER, NULL, "");
}

/* It is there, but what is in it cannot be told, or brings the process down. */
static void
refuse_unreadable(struct job *job)
{
	job->is_unreadable = true;
	intake_refuse(&job->intake, "unreadable", "/id");
	refuse(job);
}

/* ---- finding the request an id belongs to */

/* Redis has said what is there. A refusal is no answer, except about what it is:
 * that stays so. */
static bool
is_read(enum redis_end end, const struct redisReply *reply)
{
	return end == REDIS_REPLY && (reply->type != REDIS_REPLY_ERROR ||
	    strncmp(reply->str, "WRONGTYPE", 9) == 0);
}

static bool
send_or_later(struct job *job, bool is_sent)
{
	if (!is_sent)
		finish(job, SUBMIT_LATER, NULL, "");
	return is_sent;
}

/* cancel and move, once the request is found. */
static void
on_changed(void *context, uint64_t tag, const struct engine_result *result)
{
	struct job *job = context;

	(void)tag;
	if (result->end == ENGINE_DONE)
		finish_with(job, SUBMIT_CHANGED, &result->after->request);
	else if (result->end == ENGINE_NO_ROW || result->end == ENGINE_ABSENT)
		take_only(job);
	else if (result->end == ENGINE_UNAVAILABLE &&
	    strcmp(result->reason, "buried") == 0)
		refuse_unreadable(job);
	else
		finish(job, result->end == ENGINE_GONE ? SUBMIT_GONE :
		    SUBMIT_LATER, NULL, "");
}

static void
change(struct job *job)
{
	struct engine_order order = { .event = {
		.to = record_ref_request(job->request.id) } };

	order.event.kind = job->intake.op == INTAKE_CANCEL ? EVENT_CANCELLED :
	    EVENT_RESCHEDULED;
	order.event.at_ms = job->intake.at_ms;
	memcpy(order.event.site_id, job->intake.id,
	    sizeof(order.event.site_id));
	post(job, &order, on_changed);
}

static void follow(struct job *job, const char *id);

/* None, one that a newer version wrote (it will know), or one that nobody can read. */
static void
is_not_read(struct job *job, const struct redisReply *reply)
{
	struct pair pairs[STORE_PAIRS_MAX];
	int count = store_pairs(reply, pairs, STORE_PAIRS_MAX);

	if (count == 0) {
		intake_refuse(&job->intake, "not_found", "/id");
		refuse(job);
	} else if (count > 0 && audit_is_newer(pairs, (size_t)count)) {
		finish(job, SUBMIT_LATER, NULL, "");
	} else {
		refuse_unreadable(job);
	}
}

static void
on_request(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct job *job = context;
	struct request *request = &job->request;
	char id[REQUEST_ID_SIZE];

	(void)tag;
	if (!is_read(end, reply)) {
		finish(job, SUBMIT_LATER, NULL, "");
		return;
	}
	memcpy(id, request->id, sizeof(id));
	if (!store_read_record(reply, RECORD_REQUEST, request)) {
		is_not_read(job, reply);
		return;
	}
	memcpy(request->id, id, sizeof(id));
	if (job->intake.op == INTAKE_ASK) {
		if (strcmp(request->phone, job->intake.phone.e164) == 0) {
			take_only(job);
		} else {
			intake_refuse(&job->intake, "id_conflict", "/id");
			refuse(job);
		}
		return;
	}
	if (request->state == REQUEST_CLOSED && request->next[0] != '\0' &&
	    ++job->follows < FOLLOW_MAX)
		follow(job, request->next);
	else
		change(job);
}

static void
follow(struct job *job, const char *id)
{
	struct record_ref ref = record_ref_request(id);

	memcpy(job->request.id, ref.id, sizeof(job->request.id));
	send_or_later(job, store_load(job->submitter->store, &ref, on_request,
	    job, 0));
}

static bool
is_request_id(const struct redisReply *reply)
{
	return reply->type == REDIS_REPLY_STRING && reply->len > 0 &&
	    reply->len < REQUEST_ID_SIZE;
}

static void
on_seen(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct job *job = context;

	(void)tag;
	if (!is_read(end, reply)) {
		finish(job, SUBMIT_LATER, NULL, "");
		return;
	}
	job->is_seen = is_request_id(reply);
	if (!job->intake.is_accepted) {
		refuse(job);
	} else if (!job->is_seen) {
		intake_refuse(&job->intake, "not_found", "/id");
		refuse(job);
	} else {
		follow(job, reply->str);
	}
}

static void
look_up_id(struct job *job)
{
	char key[KEY_SIZE];

	standing_seen_key(job->intake.id, key);
	send_or_later(job, STORE_SEND(job->submitter->store, on_seen, job, 0,
	    "GET", key));
}

/* ---- asking */

/* They wait already, by as many ids as can be told of it. */
static bool
is_full(const struct job *job, const struct situation *found)
{
	return found != NULL && request_is_joinable(&found->request) &&
	    !askers_take(&found->askers, job->intake.id);
}

/* Once that call was made there is room again. */
static void
refuse_full(struct job *job, const struct request *request)
{
	int64_t left_ms = request->promise_at_ms -
	    store_now_ms(job->submitter->store);

	job->wait_ms = left_ms > FULL_MS ? left_ms : FULL_MS;
	snprintf(job->why, sizeof(job->why), "%d ids wait for request %s",
	    ASKERS_MAX, request->number);
	intake_refuse(&job->intake, "too_many_requests", "/id");
	refuse(job);
}

static void
on_repeated(void *context, uint64_t tag, const struct engine_result *result)
{
	struct job *job = context;

	(void)tag;
	if (result->end == ENGINE_DONE)
		finish_with(job, SUBMIT_JOINED, &result->after->request);
	else if (result->end == ENGINE_NO_ROW && is_full(job, result->after)) {
		refuse_full(job, &result->after->request);
	} else if (result->end == ENGINE_NO_ROW || result->end == ENGINE_ABSENT)
		ask(job);               /* it ended meanwhile */
	else if (result->end == ENGINE_HELD && result->key != NULL &&
	    strncmp(result->key, "seen:", 5) == 0) {
		job->is_seen = true;
		follow(job, result->owner);
	} else
		finish(job, result->end == ENGINE_GONE ? SUBMIT_GONE :
		    SUBMIT_LATER, NULL, "");
}

/* They agree, and what they agree to can reach them. */
static bool
may_text(const struct intake *intake)
{
	return intake->may_text && intake->phone.can_text &&
	    intake->phone.extension[0] == '\0';
}

static void
repeat(struct job *job, const char *owner)
{
	struct engine_order order = { .said = job->intake.said, .event = {
		.kind = EVENT_REPEATED, .at_ms = job->intake.at_ms,
		.may_text = may_text(&job->intake),
		.to = record_ref_request(owner) } };

	memcpy(order.event.site_id, job->intake.id,
	    sizeof(order.event.site_id));
	memcpy(order.event.detail, job->intake.name,
	    sizeof(job->intake.name));
	post(job, &order, on_repeated);
}

/* The number is held by the same form, sent again, or by another one. */
static void
on_owner_seen(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct job *job = context;

	(void)tag;
	if (!is_read(end, reply)) {
		finish(job, SUBMIT_LATER, NULL, "");
		return;
	}
	job->is_seen = is_request_id(reply);
	if (job->is_seen)
		follow(job, reply->str);
	else
		repeat(job, job->owner);
}

static void
join(struct job *job, const char *owner)
{
	char key[KEY_SIZE];

	snprintf(job->owner, sizeof(job->owner), "%.*s", REQUEST_ID_SIZE - 1,
	    owner);
	if (job->intake.id[0] == '\0') {
		repeat(job, job->owner);
		return;
	}
	standing_seen_key(job->intake.id, key);
	send_or_later(job, STORE_SEND(job->submitter->store, on_owner_seen,
	    job, 0, "GET", key));
}

/* What would be refused now may be what was taken before, sent once more. */
static void
on_refused_seen(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct job *job = context;

	(void)tag;
	if (!is_read(end, reply)) {
		finish(job, SUBMIT_LATER, NULL, "");
		return;
	}
	job->is_seen = is_request_id(reply);
	if (job->is_seen) {
		job->wait_ms = 0;
		follow(job, reply->str);
		return;
	}
	intake_refuse(&job->intake, job->code, job->pointer);
	refuse(job);
}

static void
refuse_unless_seen(struct job *job, const char *code, const char *pointer)
{
	char key[KEY_SIZE];

	job->code = code;
	job->pointer = pointer;
	if (job->intake.id[0] == '\0') {
		intake_refuse(&job->intake, code, pointer);
		refuse(job);
		return;
	}
	standing_seen_key(job->intake.id, key);
	send_or_later(job, STORE_SEND(job->submitter->store, on_refused_seen,
	    job, 0, "GET", key));
}

static void
on_arrived(void *context, uint64_t tag, const struct engine_result *result)
{
	struct job *job = context;

	(void)tag;
	if (result->end == ENGINE_DONE) {
		CRASH_POINT("intake_committed");
		finish_with(job, SUBMIT_ACCEPTED, &result->after->request);
		return;
	}
	if (result->end != ENGINE_HELD) {
		finish(job, result->end == ENGINE_GONE ? SUBMIT_GONE :
		    SUBMIT_LATER, NULL, "");
		return;
	}
	if (strcmp(result->key, SUPPRESSED_KEY) == 0 ||
	    strcmp(result->key, BLOCKED_KEY) == 0) {
		snprintf(job->why, sizeof(job->why), "%s", result->reason);
		refuse_unless_seen(job, "phone_not_accepted", "/phone");
	} else if (strncmp(result->key, "limit:", 6) == 0) {
		job->wait_ms = result->wait_ms;
		snprintf(job->why, sizeof(job->why), "limits.%s, again in %"
		    PRId64 " s", velocity_name(result->key),
		    (result->wait_ms + 999) / 1000);
		refuse_unless_seen(job, "too_many_requests", "");
	} else if (++job->tries > TRIES_MAX) {
		finish(job, SUBMIT_LATER, NULL, "");
	} else if (strncmp(result->key, "seen:", 5) == 0) {
		job->is_seen = true;
		follow(job, result->owner);
	} else if (strncmp(result->key, "phone:", 6) == 0) {
		join(job, result->owner);
	} else {
		begin(job);             /* that number is taken, or its case changed */
	}
}

static void
ignore_end(void *context, uint64_t tag, const struct submit_result *result)
{
	(void)context;
	(void)tag;
	(void)result;
}

/* The defect that must be found: who asks is told before Redis has agreed. */
static void
accept_early(struct job *job, const struct request *request)
{
	char *answer = commit_answer(job->submitter->policy, request,
	    job->intake.id, NULL);
	struct submit_result result = { SUBMIT_ACCEPTED, answer,
		request->id, 0 };

	job->asked.on_end(job->asked.context, job->asked.tag, &result);
	job->asked.on_end = ignore_end;
	free(answer);
}

/* Four digits are spoken easily; more when those are used up. */
static void
draw_number(struct job *job, char ret_number[NUMBER_SIZE])
{
	static const int digits[] = { 4, 4, 4, 5, 5, 6 };
	size_t try = (size_t)job->tries;
	int count = digits[try < COUNT_OF(digits) ? try : 5];
	char id[REQUEST_ID_SIZE];

	engine_fresh_id(job->submitter->engine, id);
	for (int i = 0; i < count; i++)
		ret_number[i] = (char)('0' + (unsigned char)id[i + 1] % 10);
	/* Nobody says a leading zero. */
	if (ret_number[0] == '0')
		ret_number[0] = '1' + (unsigned char)id[0] % 9;
	ret_number[count] = '\0';
}

/* Staff may ask as often as they like. */
static size_t
limits_of(const struct job *job, struct velocity_limit ret_limits[LIMIT_COUNT])
{
	const char *source = job->asked.source;
	struct velocity_asker asker = { .phone = job->intake.phone.e164,
		.region = job->intake.phone.region,
		.address = job->asked.address != NULL ? job->address :
		    job->intake.address,
		.is_their_phone = strcmp(source, "line") == 0 ||
		    strcmp(source, "missed") == 0 };

	return strcmp(source, "ctl") == 0 ? 0 :
	    velocity_limits(job->submitter->policy, &asker, ret_limits);
}

/* Their browser's, else their number's; "": the company's, which knows best where those
 * of its own country are. */
static const char *
zone_of(const struct policy *policy, const struct intake *intake)
{
	const char *region = intake->phone.region;
	const char *zone = intake->zone;

	if (strlen(zone) >= ZONE_SIZE ||
	    zones_learn(policy->zones, zone) == NULL)
		zone = strcmp(region, policy->home) == 0 ? "" :
		    region_zone(region);
	return strcmp(zone, policy->zone) == 0 ||
	    zones_learn(policy->zones, zone) == NULL ? "" : zone;
}

/* The request as it is asked for. */
static void
fill(const struct submitter *submitter, const struct intake *intake,
    const char *source, int64_t now_ms, struct request *request)
{
	engine_fresh_id(submitter->engine, request->id);
	memcpy(request->phone, intake->phone.e164, sizeof(request->phone));
	snprintf(request->extension, sizeof(request->extension), "%s",
	    intake->phone.extension);
	memcpy(request->queue, intake->queue, sizeof(request->queue));
	memcpy(request->name, intake->name, sizeof(request->name));
	memcpy(request->locale, intake->locale, sizeof(request->locale));
	snprintf(request->zone, sizeof(request->zone), "%s",
	    zone_of(submitter->policy, intake));
	request->may_text = may_text(intake);
	memcpy(request->wished, intake->wished, sizeof(request->wished));
	snprintf(request->source, sizeof(request->source), "%s", source);
	request->has_warnings = intake->warning_count > 0;
	request->asked_at_ms = intake->waiting_since_ms != 0 ?
	    intake->waiting_since_ms : now_ms;
	request->at_ms = intake->at_ms;
}

static void
ask(struct job *job)
{
	const struct intake *intake = &job->intake;
	struct situation *fresh = calloc(1, sizeof(*fresh));
	struct velocity_limit limits[LIMIT_COUNT];
	struct engine_order order = { .fresh = fresh, .said = intake->said,
		.event = { .kind = EVENT_ARRIVED } };
	int64_t now_ms = store_now_ms(job->submitter->store);
	struct request *request;
	char *warnings = answer_warnings(intake->said);

	CHECK(fresh != NULL);
	request = &fresh->request;
	fill(job->submitter, intake, job->asked.source, now_ms, request);
	request->hold_until_ms = job->asked.hold_ms == 0 ? 0 :
	    now_ms + job->asked.hold_ms;
	if (intake->id[0] != '\0') {
		memcpy(request->site_id, intake->id, sizeof(request->site_id));
		memcpy(fresh->askers.ids[0], intake->id, SITE_ID_SIZE);
		fresh->askers.count = 1;
		request->asker_count = 1;
	}
	if (job->is_known_case) {
		fresh->case_file = job->case_file;
		memcpy(request->number, job->case_file.number, NUMBER_SIZE);
	} else {
		draw_number(job, request->number);
		memcpy(fresh->case_file.number, request->number, NUMBER_SIZE);
		memcpy(fresh->case_file.phone, request->phone, PHONE_SIZE);
		memcpy(fresh->case_file.request, request->id,
		    sizeof(fresh->case_file.request));
		fresh->case_file.request_count = 1;
		fresh->case_file.opened_at_ms = now_ms;
	}
	order.event.to = record_ref_request(request->id);
	order.limits = limits;
	order.limit_count = limits_of(job, limits);
	order.warnings = warnings;
	CRASH_POINT("intake_before_commit");
	if (PLANTED("accepted_before_commit") && !job->asked.is_from_inbox)
		accept_early(job, request);
	post(job, &order, on_arrived);
	free(warnings);
	free(fresh);
}

/* Who had it last knows it, unless somebody else is wished for. */
static void
on_last(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct job *job = context;

	(void)tag;
	if (end != REDIS_REPLY) {
		finish(job, SUBMIT_LATER, NULL, "");
		return;
	}
	if (reply->type == REDIS_REPLY_STRING && reply->len < ID_SIZE)
		text_copy(job->intake.wished, sizeof(job->intake.wished),
		    reply->str);
	ask(job);
}

/* It says which matter it continues: only of the same customer. */
static void
on_case(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct job *job = context;
	struct case_file *case_file = &job->case_file;
	struct record_ref ref;
	char key[KEY_SIZE];

	(void)tag;
	if (!is_read(end, reply)) {
		finish(job, SUBMIT_LATER, NULL, "");
		return;
	}
	job->is_known_case = store_read_record(reply, RECORD_CASE, case_file) &&
	    strcmp(case_file->phone, job->intake.phone.e164) == 0;
	snprintf(case_file->number, sizeof(case_file->number), "%.*s",
	    NUMBER_SIZE - 1, job->intake.case_number);
	if (!job->is_known_case || case_file->request[0] == '\0' ||
	    job->intake.wished[0] != '\0') {
		ask(job);
		return;
	}
	ref = record_ref_request(case_file->request);
	record_key(&ref, key);
	send_or_later(job, STORE_SEND(job->submitter->store, on_last, job, 0,
	    "HGET", key, "specialist"));
}

static void
begin(struct job *job)
{
	const struct intake *intake = &job->intake;
	struct record_ref ref;

	if (!intake->is_accepted) {
		if (intake->id[0] != '\0')
			look_up_id(job);
		else
			refuse(job);
		return;
	}
	if (intake->op != INTAKE_ASK) {
		look_up_id(job);
		return;
	}
	if (intake->case_number[0] == '\0' ||
	    strlen(intake->case_number) >= NUMBER_SIZE) {
		ask(job);
		return;
	}
	ref = record_ref_case(intake->case_number);
	send_or_later(job, store_load(job->submitter->store, &ref, on_case,
	    job, 0));
}

void
submit_try(struct submitter *submitter, const struct intake *intake,
    const char *source, struct request *ret_request)
{
	struct situation *fresh = calloc(1, sizeof(*fresh));
	struct event event = { .kind = EVENT_ARRIVED };

	CHECK(fresh != NULL);
	fill(submitter, intake, source, store_now_ms(submitter->store),
	    &fresh->request);
	event.to = record_ref_request(fresh->request.id);
	engine_try(submitter->engine, fresh, &event, ret_request);
	free(fresh);
}

void
submit(struct submitter *submitter, const struct submission *submission)
{
	struct job *job = calloc(1, sizeof(*job));
	char key[KEY_SIZE];

	CHECK(job != NULL);
	job->submitter = submitter;
	job->asked = *submission;
	if (submission->address != NULL)
		snprintf(job->address, sizeof(job->address), "%s",
		    submission->address);
	job->member = malloc(submission->length + 1);
	CHECK(job->member != NULL);
	memcpy(job->member, submission->member, submission->length);
	job->member[submission->length] = '\0';
	submitter->busy_count++;
	/* Anybody may ask over HTTP: some room is kept for calls under way. The
	 * inbox looks for room itself. */
	if (!store_is_up(submitter->store) ||
	    (!submission->is_from_inbox &&
	        engine_free_slots(submitter->engine) == 0)) {
		finish(job, SUBMIT_LATER, NULL, "");
		return;
	}
	poison_member_key(job->member, submission->length, key);
	if (poison_is_barred(key)) {
		intake_refuse(&job->intake, "crashed", "");
		refuse(job);
		return;
	}
	poison_enter(key);
	intake_read(submitter->policy, job->member, submission->length,
	    submission->score, store_now_ms(submitter->store), &job->intake);
	poison_leave();
	if (submission->queue != NULL && job->intake.is_accepted)
		text_copy(job->intake.queue, sizeof(job->intake.queue),
		    submission->queue);
	begin(job);
}
