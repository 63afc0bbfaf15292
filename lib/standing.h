/* SPDX-License-Identifier: MIT */
/*
 * standing: in which sorted sets a record stands, with which score, and which
 * unique keys it holds. A function of the record and of nothing else: no
 * policy, no time, so that auditors and nodes with different files agree.
 */
#ifndef CALLBACKD_LIB_STANDING_H
#define CALLBACKD_LIB_STANDING_H

#include "lib/situation.h"

enum { STANDING_MAX = 14, UNIQUE_MAX = 2 };

struct standing {
	struct { char index[ID_SIZE + 8]; int64_t score; } in[STANDING_MAX];  size_t count;
	/* Strings below the site prefix that hold the record's id: only the
	 * request's; `seen` keys follow the askers. */
	char unique[UNIQUE_MAX][KEY_SIZE];  size_t unique_count;
};

/* The promise behind a score of wait:Q, in milliseconds. */
int64_t standing_waiting_promise(int64_t score);
/* Scores of wait:Q from this one on are of the late lane. */
int64_t standing_late_score(void);
void standing_of_request(const struct request *request, struct standing *ret);
void standing_of_message(const struct message *message, struct standing *ret);
void standing_of_call(const struct call *call, struct standing *ret);
void standing_of_specialist(const struct specialist *specialist, struct standing *ret);

/* Adds every index this record could stand in and does not: what an audit
 * removes. The score means nothing there. */
void standing_add_absent(enum record_kind kind, const void *record, struct standing *standing);

/* Every index there is but the queues' own (wait:Q, ready:Q) and the providers'
 * (calls:P, their calls alive); the one that has
 * everybody first. Ends at NULL. */
enum { STANDING_INDEXES = 6 };
extern const char *const standing_indexes[STANDING_INDEXES + 1];

/* The one attempt under way for that number: "phone:+79161234567". */
void standing_number_key(const char *phone, char ret_key[KEY_SIZE]);
/* The live request of that number in that queue. */
void standing_number_queue_key(const char *phone, const char *queue, char ret_key[KEY_SIZE]);
/* Whom we called last, and who did: for who calls us then. */
void standing_rang_key(const char *phone, char ret_key[KEY_SIZE]);
/* The request that a website's id became. */
void standing_seen_key(const char *site_id, char ret_key[KEY_SIZE]);

/* The cases that a number opened lately, by when: no index, for a case that has ended stays
 * until CASES_WINDOW_MS have passed; written once, with the case (lib/commit). */
void standing_cases_key(const char *phone, char ret_key[KEY_SIZE]);

/* Does the request hold the one attempt of its number (DECISIONS 10); it also
 * does while an authorised leg has not been heard to end. */
bool standing_holds_number(const struct request *request);

#endif
