/* SPDX-License-Identifier: MIT */
/* people: read in turn, so that a large team costs no more than a small one. */
#include "daemon/people.h"

#include <stdlib.h>
#include <string.h>

#include "lib/check.h"

enum { READ_AT_ONCE = 128, DUTY_LASTS_MS = 1000 };

struct people {
	struct store *store;
	const struct policy *policy;
	struct specialist
	    *seen;   /* of each of the policy's; version 0: not yet */
	size_t next; /* to be read */
	size_t outstanding;
	unsigned generation;            /* of the policy */
	struct duty_now duty;
	int64_t duty_at_ms;             /* reckoned at; 0: to be, anew */
};

struct looking {
	struct people *people;
	unsigned generation;
};

/* Of two versions the newer stays. */
static void
keep(struct people *people, size_t i, const struct specialist *specialist)
{
	if (specialist->record.version < people->seen[i].record.version)
		return;
	if (memcmp(people->seen[i].duty, specialist->duty,
	        sizeof(specialist->duty)) != 0)
		people->duty_at_ms = 0;
	people->seen[i] = *specialist;
}

static void
on_read(void *context, uint64_t tag, enum redis_end end,
    const struct redisReply *reply)
{
	struct looking *looking = context;
	struct people *people = looking->people;
	struct specialist specialist;

	people->outstanding--;
	if (end == REDIS_REPLY && looking->generation == people->generation &&
	    store_read_record(reply, RECORD_SPECIALIST, &specialist)) {
		memcpy(specialist.id, people->policy->specialists[tag].id,
		    sizeof(specialist.id));
		keep(people, (size_t)tag, &specialist);
	}
	free(looking);
}

void
people_tick(struct people *people)
{
	size_t count = people->policy->specialist_count;

	if (!store_is_up(people->store) || people->outstanding > 0)
		return;
	for (size_t n = 0; n < count && n < READ_AT_ONCE; n++) {
		size_t i = people->next % count;
		struct record_ref ref =
		    record_ref_specialist(people->policy->specialists[i].id);
		struct looking *looking = calloc(1, sizeof(*looking));

		CHECK(looking != NULL);
		*looking = (struct looking){ people, people->generation };
		if (!store_load(people->store, &ref, on_read, looking, i)) {
			free(looking);
			return;
		}
		people->outstanding++;
		people->next = i + 1;
	}
}

void
people_on_committed(struct people *people, const struct outcome *outcome)
{
	const struct policy *policy = people->policy;

	for (size_t k = 0; k < outcome->after.specialist_count; k++) {
		const struct specialist *one = &outcome->after.specialists[k];
		const struct specialist_policy *known =
		    policy_specialist(policy, one->id);

		if (known != NULL)
			keep(
			    people, (size_t)(known - policy->specialists), one);
	}
}

const struct duty_now *
people_on_duty(struct people *people)
{
	int64_t now_ms = store_now_ms(people->store);

	if (people->duty_at_ms != 0 && now_ms >= people->duty_at_ms &&
	    now_ms - people->duty_at_ms < DUTY_LASTS_MS)
		return &people->duty;
	people->duty.count = 0;
	people->duty_at_ms = now_ms;
	for (size_t i = 0; i < people->policy->specialist_count; i++) {
		if (people->seen[i].record.version != 0)
			duty_note(&people->duty, &people->seen[i], now_ms);
	}
	return &people->duty;
}

const struct specialist *
people_at(const struct people *people, size_t i)
{
	return people->seen[i].record.version == 0 ? NULL : &people->seen[i];
}

void
people_set_policy(struct people *people, const struct policy *policy)
{
	struct specialist *old = people->seen;
	const struct policy *was = people->policy;

	people->seen =
	    calloc(policy->specialist_count + 1, sizeof(*people->seen));
	CHECK(people->seen != NULL);
	for (size_t i = 0; was != NULL && i < policy->specialist_count; i++) {
		const struct specialist_policy *same =
		    policy_specialist(was, policy->specialists[i].id);

		if (same != NULL)
			people->seen[i] = old[same - was->specialists];
	}
	people->policy = policy;
	people->generation++;
	people->next = 0;
	free(old);
}

struct people *
people_new(struct store *store, const struct policy *policy)
{
	struct people *people = calloc(1, sizeof(*people));

	CHECK(people != NULL);
	people->store = store;
	people_set_policy(people, policy);
	return people;
}

void
people_free(struct people *people)
{
	if (people == NULL)
		return;
	free(people->seen);
	free(people);
}
