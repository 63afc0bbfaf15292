/* SPDX-License-Identifier: MIT */
/*
 * ready_pool: small entries that a search runs over, and the whole records
 * beside them, which it touches only for whoever would win.
 */
#include "daemon/ready_pool.h"

#include <stdlib.h>
#include <string.h>

#include "lib/check.h"

enum {
	BUCKETS = 1024,
	NOBODY = -1,
	NO_QUEUE = -1,
};

struct entry {
	char id[ID_SIZE];
	int64_t version, since_ms;
	size_t queue_count;
	struct { unsigned queue; int level; } skills[SPECIALIST_QUEUES_MAX];
	int next;                       /* in its bucket, or among the free */
	int open_at;                    /* its place in open; NOBODY: taken */
};

/* A queue that somebody serves; never forgotten, there are few. */
struct served {
	char id[ID_SIZE];
	size_t count, taken_count;
};

struct ready_pool {
	struct entry entries[READY_POOL_MAX];
	struct specialist people[READY_POOL_MAX];       /* beside the entries */
	int buckets[BUCKETS], free;
	int open[READY_POOL_MAX];  size_t open_count;   /* not taken */
	size_t count;
	struct served *queues;  size_t queue_count;
};

struct ready_pool *
ready_pool_new(void)
{
	struct ready_pool *pool = calloc(1, sizeof(*pool));

	CHECK(pool != NULL);
	for (size_t i = 0; i < BUCKETS; i++)
		pool->buckets[i] = NOBODY;
	for (int i = 0; i < READY_POOL_MAX; i++)
		pool->entries[i].next = i + 1 < READY_POOL_MAX ? i + 1 : NOBODY;
	return pool;
}

void
ready_pool_free(struct ready_pool *pool)
{
	if (pool == NULL)
		return;
	free(pool->queues);
	free(pool);
}

static int
queue_at(const struct ready_pool *pool, const char *id)
{
	for (size_t i = 0; i < pool->queue_count; i++) {
		if (strcmp(pool->queues[i].id, id) == 0)
			return (int)i;
	}
	return NO_QUEUE;
}

static unsigned
know_queue(struct ready_pool *pool, const char *id)
{
	int at = queue_at(pool, id);
	struct served *served;

	if (at != NO_QUEUE)
		return (unsigned)at;
	pool->queues = realloc(pool->queues,
	    (pool->queue_count + 1) * sizeof(*pool->queues));
	CHECK(pool->queues != NULL);
	served = &pool->queues[pool->queue_count];
	memset(served, 0, sizeof(*served));
	memcpy(served->id, id, strlen(id));
	return (unsigned)pool->queue_count++;
}

/* ---- one entry */

static size_t
bucket_of(const char *id)
{
	unsigned hash = 2166136261u;

	for (; *id != '\0'; id++)
		hash = (hash ^ (unsigned char)*id) * 16777619u;
	return hash % BUCKETS;
}

static int
find(const struct ready_pool *pool, const char *id)
{
	int at = pool->buckets[bucket_of(id)];

	while (at != NOBODY && strcmp(pool->entries[at].id, id) != 0)
		at = pool->entries[at].next;
	return at;
}

static void
open_entry(struct ready_pool *pool, int at)
{
	pool->entries[at].open_at = (int)pool->open_count;
	pool->open[pool->open_count++] = at;
}

static void
close_entry(struct ready_pool *pool, int at)
{
	struct entry *entry = &pool->entries[at];
	int last = pool->open[--pool->open_count];

	pool->open[entry->open_at] = last;
	pool->entries[last].open_at = entry->open_at;
	entry->open_at = NOBODY;
}

void
ready_pool_forget(struct ready_pool *pool, const char *id)
{
	int at = find(pool, id), *link = &pool->buckets[bucket_of(id)];
	struct entry *entry;

	if (at == NOBODY)
		return;
	entry = &pool->entries[at];
	while (*link != at)
		link = &pool->entries[*link].next;
	*link = entry->next;
	for (size_t i = 0; i < entry->queue_count; i++) {
		struct served *served =
		    &pool->queues[entry->skills[i].queue];

		served->count--;
		served->taken_count -= entry->open_at == NOBODY;
	}
	if (entry->open_at != NOBODY)
		close_entry(pool, at);
	entry->next = pool->free;
	pool->free = at;
	pool->count--;
}

void
ready_pool_clear(struct ready_pool *pool)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		while (pool->buckets[i] != NOBODY)
			ready_pool_forget(pool,
			    pool->entries[pool->buckets[i]].id);
	}
}

static void
fill_entry(struct ready_pool *pool, struct entry *entry,
    const struct specialist *specialist)
{
	memcpy(entry->id, specialist->id, sizeof(entry->id));
	entry->version = specialist->record.version;
	entry->since_ms = specialist->since_ms;
	entry->queue_count = 0;
	for (size_t i = 0; i < SPECIALIST_QUEUES_MAX; i++) {
		const struct skill *skill = &specialist->skills[i];
		size_t place = entry->queue_count;

		if (skill->queue[0] == '\0')
			continue;
		entry->skills[place].queue = know_queue(pool, skill->queue);
		entry->skills[place].level = skill->level;
		pool->queues[entry->skills[place].queue].count++;
		entry->queue_count++;
	}
}

void
ready_pool_put(struct ready_pool *pool, const struct specialist *specialist)
{
	int at = find(pool, specialist->id), *bucket;

	if (at != NOBODY &&
	    pool->entries[at].version >= specialist->record.version)
		return;
	ready_pool_forget(pool, specialist->id);
	at = pool->free;
	if (at == NOBODY)
		return;
	pool->free = pool->entries[at].next;
	fill_entry(pool, &pool->entries[at], specialist);
	pool->people[at] = *specialist;
	bucket = &pool->buckets[bucket_of(specialist->id)];
	pool->entries[at].next = *bucket;
	*bucket = at;
	open_entry(pool, at);
	pool->count++;
}

bool
ready_pool_has(const struct ready_pool *pool, const char *id)
{
	return find(pool, id) != NOBODY;
}

/* ---- who comes first */

static int
level_in(const struct entry *entry, unsigned queue)
{
	for (size_t i = 0; i < entry->queue_count; i++) {
		if (entry->skills[i].queue == queue)
			return entry->skills[i].level;
	}
	return 0;
}

/* The queues that see a request, as the entries name them; those that nobody
 * serves are NO_QUEUE. */
struct seen {
	int own, others[ALSO_MAX];
};

static bool
find_queues(const struct ready_pool *pool, const struct request *request,
    struct seen *ret_seen)
{
	bool is_served;

	ret_seen->own = queue_at(pool, request->queue);
	is_served = ret_seen->own != NO_QUEUE;
	for (size_t i = 0; i < ALSO_MAX; i++) {
		ret_seen->others[i] = request->also[i][0] == '\0' ? NO_QUEUE :
		    queue_at(pool, request->also[i]);
		is_served |= ret_seen->others[i] != NO_QUEUE;
	}
	return is_served;
}

static int
rank_of(const struct entry *entry, const struct request *request,
    const struct seen *seen)
{
	int elsewhere = 0;

	for (size_t i = 0; i < ALSO_MAX; i++) {
		int level = seen->others[i] == NO_QUEUE ? 0 :
		    level_in(entry, (unsigned)seen->others[i]);

		if (level > elsewhere)
			elsewhere = level;
	}
	return match_rank(request, seen->own == NO_QUEUE ? 0 :
	    level_in(entry, (unsigned)seen->own), elsewhere);
}

static const struct specialist *
wished_for(struct ready_pool *pool, const struct request *request,
    int64_t now_ms)
{
	int at = request->wished[0] == '\0' ? NOBODY :
	    find(pool, request->wished);

	return at == NOBODY || pool->entries[at].open_at == NOBODY ||
	    !match_fits(request, &pool->people[at], now_ms) ? NULL :
	    &pool->people[at];
}

const struct specialist *
ready_pool_best(struct ready_pool *pool, const struct request *request,
    int64_t now_ms)
{
	const struct specialist *best = wished_for(pool, request, now_ms);
	struct match_key best_key = { 0 };
	struct seen seen;

	if (best != NULL || request_is_held(request, now_ms) ||
	    !find_queues(pool, request, &seen))
		return best;
	for (size_t i = 0; i < pool->open_count; i++) {
		const struct entry *entry = &pool->entries[pool->open[i]];
		const struct specialist *one = &pool->people[pool->open[i]];
		struct match_key key = { .since_ms = entry->since_ms,
			.rank = rank_of(entry, request, &seen),
			.queue_count = entry->queue_count, .id = entry->id };

		if (key.rank == 0 ||
		    (best != NULL && !match_key_is_better(&key, &best_key)) ||
		    !match_fits(request, one, now_ms))
			continue;
		best = one;
		best_key = key;
	}
	return best;
}

void
ready_pool_take(struct ready_pool *pool, const char *id)
{
	int at = find(pool, id);
	const struct entry *entry;

	if (at == NOBODY || pool->entries[at].open_at == NOBODY)
		return;
	entry = &pool->entries[at];
	close_entry(pool, at);
	for (size_t i = 0; i < entry->queue_count; i++)
		pool->queues[entry->skills[i].queue].taken_count++;
}

size_t
ready_pool_count(const struct ready_pool *pool, const char *queue)
{
	int at = queue_at(pool, queue);

	if (queue[0] == '\0')
		return pool->count;
	return at == NO_QUEUE ? 0 : pool->queues[at].count;
}

size_t
ready_pool_taken(const struct ready_pool *pool, const char *queue)
{
	int at = queue_at(pool, queue);

	return at == NO_QUEUE ? 0 : pool->queues[at].taken_count;
}
