/* SPDX-License-Identifier: MIT */
/*
 * sim_check: RELIABILITY 3, as far as the store and the provider's ledger show
 * it: versions without a gap, ends that absorb, every index what the record
 * says, pointers that point back, promises whose breach is told in time, and
 * an end for everything that was accepted.
 */
#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/commit.h"
#include "lib/standing.h"

/* A claim is fenced by no clock: the lease is that much longer when the node's
 * had jumped ahead. */
enum { TOLD_WITHIN_MS = 5000, LEASE_MS = 10000, SKEW_MS = 12000 };

/* Each within a minute, and who is stopped when they go on. */
enum { RELOADED_WITHIN_MS = 4 * 60 * 1000 };

/* As many happen when everybody is at work and the store comes back. */
/* In a minute. Three nodes that read the heads of three queues again for each change
 * come to some 15,000; whatever goes round at the pace of replies, to over 60,000. */
enum { EVENTS_MAX = 40000 };

/* Ids that were accepted and have not ended. */
struct ids {
	char (*items)[REQUEST_ID_SIZE];
	size_t count, room;
};
static struct ids accepted, kept;

void
sim_say(const char *format, ...)
{
	va_list arguments;
	int64_t ms = sim.now_ms - sim.start_ms;

	if (!sim.is_tracing)
		return;
	printf("# %llu %lld:%02lld:%02lld.%03lld ",
	    (unsigned long long)sim.event_count, (long long)(ms / HOUR_MS),
	    (long long)(ms / MINUTE_MS % 60), (long long)(ms / 1000 % 60),
	    (long long)(ms % 1000));
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
}

void
sim_blame(const char *format, ...)
{
	va_list arguments;

	if (sim.fault[0] != '\0')
		return;
	va_start(arguments, format);
	vsnprintf(sim.fault, sizeof(sim.fault), format, arguments);
	va_end(arguments);
}

/* ---- indexes */

static const char *const index_names[] = { "active", "due", "promises",
	"referred", "late", "wait:" SIM_QUEUE_0, "wait:" SIM_QUEUE_1,
	"ready:" SIM_QUEUE_0, "ready:" SIM_QUEUE_1, "calls:" SIM_LINE_0,
	"calls:" SIM_LINE_1 };

static void
check_standing(const char *key, const struct standing *standing)
{
	for (size_t i = 0; i < COUNT_OF(index_names); i++) {
		const char *name = index_names[i];
		const struct entry *index = keyspace_find(&sim.keyspace, name);
		int64_t is = 0, should = 0;
		bool stands = index != NULL && entry_score(index, key, &is);
		bool ought = false;

		for (size_t k = 0; k < standing->count; k++) {
			if (strcmp(standing->in[k].index, name) != 0)
				continue;
			ought = true;
			should = standing->in[k].score;
		}
		if (stands != ought || is != should)
			sim_blame("%s in %s: %s %lld, its record says %s %lld",
			    key, name, stands ? "with" : "absent,",
			    (long long)is, ought ? "with" : "absent,",
			    (long long)should);
	}
}

static void
check_uniques(const struct request *r, const struct standing *standing)
{
	char keys[2][KEY_SIZE];

	standing_number_key(r->phone, keys[0]);
	standing_number_queue_key(r->phone, r->queue, keys[1]);
	for (size_t i = 0; i < 2; i++) {
		const char *owner = entry_get(keyspace_find(&sim.keyspace,
		    keys[i]), "");
		bool is_held = owner != NULL && strcmp(owner, r->id) == 0;
		bool ought = false;

		for (size_t k = 0; k < standing->unique_count; k++)
			ought |= strcmp(standing->unique[k], keys[i]) == 0;
		if (is_held != ought)
			sim_blame("request:%s %s %s, held by %s", r->id,
			    ought ? "should hold" : "should not hold", keys[i],
			    owner != NULL ? owner : "nobody");
	}
}

/* ---- one record that was written */

static const char *
state_of(const struct specialist *s)
{
	return s != NULL ? specialist_state_names[s->state] : "not there";
}

static void
check_lasts(const struct entry *entry, bool is_over)
{
	if (entry->expires != is_over)
		sim_blame("%s is %s and %s", entry->key, is_over ? "over" :
		    "live", entry->expires ? "expires" : "stays for ever");
}

/* Every record that is not at rest must be looked at some time. */
static void
check_wakes(const char *key, const struct record *record, bool must)
{
	if (must && record->wake_at_ms == 0)
		sim_blame("%s: nobody will ever look at it again", key);
}

static void
forget_accepted(const char *request)
{
	for (size_t i = 0; i < accepted.count; i++) {
		if (strcmp(accepted.items[i], request) != 0)
			continue;
		memmove(accepted.items[i], accepted.items[--accepted.count],
		    REQUEST_ID_SIZE);
		return;
	}
}

static void
check_offers(const struct request *r)
{
	for (size_t i = 0; i < OFFER_MAX; i++) {
		const struct offer *offer = &r->offers[i];
		const struct specialist *s;

		if (offer->specialist[0] == '\0')
			continue;
		s = sim_see_specialist(offer->specialist);
		if (s == NULL || s->state != SPECIALIST_OFFERED ||
		    strcmp(s->request, r->id) != 0 ||
		    s->offer != offer->number)
			sim_blame("request:%s is offered to %s, who is %s",
			    r->id, offer->specialist, state_of(s));
	}
}

/* Who is called, and the call, know it. */
static void
check_partners(const struct request *r)
{
	const struct specialist *s = sim_see_specialist(r->specialist);
	const struct call *call = sim_see_call(r->id, r->call);

	if (s == NULL || s->state != SPECIALIST_BUSY || s->call != r->call ||
	    strcmp(s->request, r->id) != 0)
		sim_blame("request:%s is %s with %s, who is %s", r->id,
		    request_state_names[r->state], r->specialist, state_of(s));
	if (call == NULL || !call_is_live(call) ||
	    strcmp(call->specialist, r->specialist) != 0)
		sim_blame("request:%s is %s without a live call", r->id,
		    request_state_names[r->state]);
}

/* ---- what a record may not become */

/* The commit that rings or writes to somebody asks whether they want it. */
static void
check_wanted(const char *key, const char *field)
{
	if (entry_get(keyspace_find(&sim.keyspace, SUPPRESSED_KEY), field) !=
	    NULL)
		sim_blame("%s disturbs %s, who wants no such thing", key,
		    field);
}

/* A certain refusal goes to the next provider, not to the same. */
static void
check_ordered(const struct call *call)
{
	const struct call *before = sim_see_call(call->request, call->n - 1);

	if (before != NULL && call_is_live(before) && !before->is_revoked &&
	    strcmp(before->specialist, call->specialist) == 0)
		sim_blame("%s is called by %s for %s, whom %s rings", call->specialist,
		    call->provider, call->request, before->provider);
	if (before != NULL && before->state == CALL_ENDED &&
	    before->over_at_ms == call->placed_at_ms &&
	    strcmp(before->specialist, call->specialist) == 0 &&
	    strcmp(before->provider, call->provider) == 0)
		sim_blame("%s refused %s.%d and is ordered it again",
		    call->provider, call->request, before->n);
}

static void
check_free(const struct specialist *s)
{
	if (s->state != SPECIALIST_IDLE)
		return;
	if (s->status != STATUS_AVAILABLE)
		sim_blame("%s is idle and said \"%s\"", s->id,
		    status_names[s->status]);
	if (s->elsewhere_until_ms > sim_store_ms() + TOLD_WITHIN_MS &&
	    sim.now_ms - sim.store_set_ms > 10 * MINUTE_MS)
		sim_blame("%s is idle and on another call", s->id);
}

static void
check_wrapping(const struct specialist *s)
{
	int64_t longest_ms = 0;

	for (size_t i = 0; i < POLICIES; i++) {
		const struct specialist_policy *who =
		    policy_specialist(&sim.policies[i], s->id);

		if (who != NULL && who->wrap_up_ms > longest_ms)
			longest_ms = who->wrap_up_ms;
	}
	if (s->until_ms > s->since_ms + 2 * longest_ms)
		sim_blame("%s wraps up for %lld ms", s->id,
		    (long long)(s->until_ms - s->since_ms));
}

/* Whom no settings name has no telephone. */
static void
check_employed(const struct specialist *s)
{
	if (sim.now_ms - sim.settings_ms > RELOADED_WITHIN_MS &&
	    policy_specialist(sim.settings, s->id) == NULL)
		sim_blame("%s is asked, whom the settings do not name", s->id);
}

static void
check_request(struct entry *entry)
{
	const struct request *r = sim_see(entry->key);
	struct standing standing;
	char field[SUPPRESSED_FIELD_SIZE];
	int was_state = entry->seen_state % 16;
	bool was_kept = entry->seen_state >= 16;

	if (r == NULL)
		return;
	/* What is said of a promise was so. */
	if (!was_kept && r->kept_at_ms != 0 &&
	    (r->kept_at_ms > sim_store_ms() + TOLD_WITHIN_MS ||
	        r->kept_at_ms < sim_store_ms() - TOLD_WITHIN_MS))
		sim_blame("%s: kept %lld ms ago, it says now", entry->key,
		    (long long)(sim_store_ms() - r->kept_at_ms));
	if (was_state == REQUEST_CLOSED && r->state != REQUEST_CLOSED)
		sim_blame("%s was closed and is %s", entry->key,
		    request_state_names[r->state]);
	standing_of_request(r, &standing);
	check_standing(entry->key, &standing);
	check_uniques(r, &standing);
	check_lasts(entry, r->state == REQUEST_CLOSED);
	check_wakes(entry->key, &r->record, request_is_live(r) &&
	    r->state != REQUEST_TALKING && r->state != REQUEST_CALLING);
	if ((r->state == REQUEST_OFFERED) != (request_offers_open(r) > 0))
		sim_blame("%s is %s with %zu offers", entry->key,
		    request_state_names[r->state], request_offers_open(r));
	check_offers(r);
	if (r->state == REQUEST_CALLING && was_state != REQUEST_CALLING) {
		suppressed_calls_field(r->phone, field);
		check_wanted(entry->key, field);
	}
	if (r->state == REQUEST_CALLING || r->state == REQUEST_TALKING)
		check_partners(r);
	entry->seen_state = (int)r->state + (r->kept_at_ms != 0 ? 16 : 0);
	/* Elsewhere it may be closed before it is heard that it rang. */
	if (r->state == REQUEST_CLOSED && lines_rung(r->id) > r->attempt_count)
		sim_blame("%s rang %d times and counts %d attempts",
		    entry->key, lines_rung(r->id), r->attempt_count);
	if (r->state == REQUEST_CLOSED && was_state != REQUEST_CLOSED) {
		sim.closed++;
		sim.missed += (uint64_t)r->missed_count;
		forget_accepted(r->id);
	}
	people_see_request(r, was_state);
}

static void
check_specialist(struct entry *entry)
{
	const struct specialist *s = sim_see(entry->key);
	const struct request *r;
	const struct call *call;
	struct standing standing;
	const struct offer *offer;

	if (s == NULL)
		return;
	standing_of_specialist(s, &standing);
	check_standing(entry->key, &standing);
	check_lasts(entry, false);
	check_wakes(entry->key, &s->record, s->state != SPECIALIST_IDLE &&
	    s->state != SPECIALIST_AWAY);
	check_free(s);
	switch (s->state) {
	case SPECIALIST_OFFERED:
		if (entry->seen_state != SPECIALIST_OFFERED)
			check_employed(s);
		r = sim_see_request(s->request);
		offer = r == NULL ? NULL :
		    request_offer_to((struct request *)(uintptr_t)r, s->id);
		if (offer == NULL || offer->number != s->offer)
			sim_blame("%s is offered %s, which does not offer",
			    s->id, s->request);
		break;
	case SPECIALIST_BUSY:
		call = sim_see_call(s->request, s->call);
		if (call == NULL || !call_is_live(call) ||
		    strcmp(call->specialist, s->id) != 0)
			sim_blame("%s is busy without a live call", s->id);
		break;
	case SPECIALIST_IDLE:
	case SPECIALIST_RESTING:
	case SPECIALIST_ELSEWHERE:
	case SPECIALIST_AWAY:
		if (s->request[0] != '\0' || s->call != 0)
			sim_blame("%s is %s and holds request %s", s->id,
			    specialist_state_names[s->state], s->request);
		break;
	case SPECIALIST_WRAPPING:
		check_wrapping(s);
		break;
	case SPECIALIST_NONE:
	case SPECIALIST_STATE_COUNT:
		break;
	}
	entry->seen_state = s->state;
	people_see_specialist(s);
}

static void
check_call(struct entry *entry)
{
	const struct call *call = sim_see(entry->key);
	const struct specialist *s;
	struct standing standing;
	int was_state = entry->seen_state % 16, was_rank =
	    entry->seen_state / 16;

	if (call == NULL)
		return;
	if (was_state == CALL_ENDED && call->state != CALL_ENDED)
		sim_blame("%s had ended and is %s", entry->key,
		    call_state_names[call->state]);
	if ((int)call->rank < was_rank)
		sim_blame("%s went back from %s to %s", entry->key,
		    call_progress_names[was_rank],
		    call_progress_names[call->rank]);
	if (was_state == CALL_NONE)
		check_ordered(call);
	standing_of_call(call, &standing);
	check_standing(entry->key, &standing);
	check_lasts(entry, call->state == CALL_ENDED);
	check_wakes(entry->key, &call->record, call_is_live(call));
	s = call_is_live(call) ? sim_see_specialist(call->specialist) : NULL;
	if (call_is_live(call) && (s == NULL || s->call != call->n ||
	        strcmp(s->request, call->request) != 0))
		sim_blame("%s rings %s, who is %s", entry->key,
		    call->specialist, state_of(s));
	entry->seen_state = (int)call->state + (int)call->rank * 16;
	people_see_call(call, was_state);
}

static void
check_message(struct entry *entry)
{
	const struct message *message = sim_see(entry->key);
	char field[SUPPRESSED_FIELD_SIZE];
	struct standing standing;

	if (message == NULL)
		return;
	if (entry->seen_state == MESSAGE_ENDED &&
	    message->state != MESSAGE_ENDED)
		sim_blame("%s had ended and is %s", entry->key,
		    message_state_names[message->state]);
	standing_of_message(message, &standing);
	check_standing(entry->key, &standing);
	check_lasts(entry, message->state == MESSAGE_ENDED);
	check_wakes(entry->key, &message->record, message_is_live(message));
	if (message->state == MESSAGE_SENDING &&
	    entry->seen_state != MESSAGE_SENDING &&
	    message_asks_leave(message)) {
		suppressed_messages_field(message->to, field);
		check_wanted(entry->key, field);
	}
	entry->seen_state = message->state;
}

void
check_commit(const struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->lines.count; i++)
		sim_say("%s", arguments->lines.word[i][0]);
	for (size_t i = 0; i < arguments->record_count; i++) {
		const struct record_arguments *record = &arguments->records[i];
		struct entry *entry;
		int64_t version;

		if (record->fields.count + record->gone.count == 0)
			continue;
		entry = keyspace_find(&sim.keyspace, record->id);
		CHECK(entry != NULL);
		version = strtoll(entry_get(entry, "v"), NULL, 10);
		if (version != entry->seen_version + 1)
			sim_blame("%s: version %lld after %lld", entry->key,
			    (long long)version,
			    (long long)entry->seen_version);
		entry->seen_version = version;
		if (strncmp(entry->key, "request:", 8) == 0)
			check_request(entry);
		else if (strncmp(entry->key, "specialist:", 11) == 0)
			check_specialist(entry);
		else if (strncmp(entry->key, "call:", 5) == 0)
			check_call(entry);
		else if (strncmp(entry->key, "message:", 8) == 0)
			check_message(entry);
	}
}

bool
check_is_done(const char *word)
{
	return strcmp(word, "ok") == 0 || strncmp(word, "ok ", 3) == 0;
}

void
check_replay(const struct arguments *arguments, const char *word)
{
	/* Just done, or never. */
	if (check_is_done(word) || strcmp(word, "again") == 0)
		return;
	for (size_t i = 0; i < arguments->record_count; i++) {
		const char *id = arguments->records[i].id;
		const char *op = entry_get(keyspace_find(&sim.keyspace, id),
		    "op");

		if (op != NULL && strcmp(op, arguments->op) == 0)
			sim_blame("%s was written by %s, which is answered "
			    "\"%s\"", id, op, word);
	}
}

/* What somebody has taken is theirs for a while. */
void
check_claimed(const char *key, int64_t asked_ms)
{
	int64_t until_ms = 0;

	entry_score(keyspace_find(&sim.keyspace, "due"), key, &until_ms);
	if (until_ms < asked_ms + LEASE_MS)
		sim_blame("%s is claimed, and anybody may claim it again", key);
}

/* ---- all of it */

static void
check_first(const char *key, int64_t first_ms, const char *what)
{
	int64_t since_ms;

	if (first_ms > sim.now_ms - TOLD_WITHIN_MS)
		return;
	since_ms = nodes_able_since();
	if (first_ms > since_ms)
		since_ms = first_ms;
	if (sim.store_set_ms > since_ms)
		since_ms = sim.store_set_ms;
	if (since_ms < sim.now_ms - TOLD_WITHIN_MS)
		sim_blame("%s: %s, for %lld ms", keyspace_find(&sim.keyspace,
		    key)->items[0].name, what,
		    (long long)(sim.now_ms - since_ms));
}

/* Nothing goes round and round. */
static void
check_pace(void)
{
	static int64_t minute;
	static uint64_t began;

	if (sim.now_ms / MINUTE_MS != minute) {
		minute = sim.now_ms / MINUTE_MS;
		began = sim.event_count;
	}
	if (sim.event_count - began > EVENTS_MAX)
		sim_blame("more than %d events within a minute", EVENTS_MAX);
}

void
check_moment(void)
{
	const struct sim_outlook *outlook = sim_look_out();

	check_pace();

	check_first("promises", outlook->promise_ms,
	    "its promise is over and nobody said so");
	check_first("due", outlook->due_ms, "it is due and nobody looks at it");
}

void
check_sweep(void)
{
	const struct entry *due = keyspace_find(&sim.keyspace, "due");
	int64_t longest_ms = sim_store_ms() + LEASE_MS + SKEW_MS;

	/* A lease of before the clock was set back is that much longer. */
	if (sim.now_ms - sim.store_set_ms < sim.store_back_ms + LEASE_MS + SKEW_MS)
		longest_ms += sim.store_back_ms;
	for (size_t i = 0; i < COUNT_OF(index_names); i++) {
		const char *name = index_names[i];
		const struct entry *index = keyspace_find(&sim.keyspace, name);

		for (size_t k = 0; index != NULL && k < index->count; k++) {
			const char *key = index->items[k].name;
			const struct record *head = sim_see(key);

			if (head == NULL) {
				sim_blame("%s names %s, which is not there",
				    name, key);
			} else if (index == due &&
			    (index->items[k].score < head->wake_at_ms ||
			        (index->items[k].score > head->wake_at_ms &&
			            index->items[k].score > longest_ms))) {
				sim_blame("%s is due at %lld, and its wake is "
				    "%lld", key,
				    (long long)index->items[k].score,
				    (long long)head->wake_at_ms);
			}
		}
	}
}

static void
add_id(struct ids *ids, const char *id)
{
	if (ids->count == ids->room) {
		ids->room = ids->room * 2 + 64;
		ids->items = realloc(ids->items,
		    ids->room * sizeof(*ids->items));
		CHECK(ids->items != NULL);
	}
	memcpy(ids->items[ids->count++], id, REQUEST_ID_SIZE);
}

void
check_accepted(const char *request)
{
	const struct request *r = sim_see_request(request);

	if (r == NULL) {
		sim_blame("request %s was accepted and is not there", request);
		return;
	}
	if (r->state == REQUEST_CLOSED)
		return;
	forget_accepted(r->id);         /* owed once */
	add_id(&accepted, r->id);
}

void
check_keep(void)
{
	kept.count = 0;
	for (size_t i = 0; i < accepted.count; i++)
		add_id(&kept, accepted.items[i]);
}

void
check_go_back(void)
{
	struct ids gone = accepted;

	accepted = kept;
	kept = gone;
}

bool
check_is_free(const struct specialist *s)
{
	return s->state == SPECIALIST_IDLE || (sim.presence_ms > 0 &&
	    s->state == SPECIALIST_AWAY && s->status == STATUS_AVAILABLE);
}

void
check_end(void)
{
	const struct entry *active = keyspace_find(&sim.keyspace, "active");

	if (accepted.count > 0)
		sim_blame("request %s was accepted and has not ended",
		    accepted.items[0]);
	for (size_t i = 0; active != NULL && i < active->count; i++) {
		const char *key = active->items[i].name;
		const struct specialist *s = sim_see(key);

		if (strncmp(key, "specialist:", 11) != 0)
			sim_blame("%s has not ended", key);
		else if (s != NULL && !check_is_free(s))
			sim_blame("%s is %s when all is over", key,
			    specialist_state_names[s->state]);
	}
	if (keyspace_find(&sim.keyspace, "in") != NULL)
		sim_blame("somebody in the inbox was not seen");
	if (lines_live() > 0)
		sim_blame("a call goes on when all is over");
}

void
check_stop(void)
{
	free(accepted.items);
	free(kept.items);
	memset(&accepted, 0, sizeof(accepted));
	memset(&kept, 0, sizeof(kept));
}
