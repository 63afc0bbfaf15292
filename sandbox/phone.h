/* SPDX-License-Identifier: MIT */
/*
 * The telephones: which addresses are legal, how each behaves, who is in a
 * call. A number needs no entry: its last two digits say what it does. It
 * never acts: person.c does.
 */
#ifndef CALLBACKD_SANDBOX_PHONE_H
#define CALLBACKD_SANDBOX_PHONE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/check.h"

struct call;
struct phones;

enum {
	PHONE_ADDRESS_SIZE = 128,
	PHONE_NAME_SIZE = 64,
	PHONE_KEYS_MAX = 32,
	PHONE_ERROR_SIZE = 160,
};

enum phone_manner {
	PHONE_ANSWERS,
	PHONE_BUSY,
	PHONE_SILENT,		/* rings, nobody answers */
	PHONE_VOICEMAIL,
	PHONE_INVALID,		/* no such number */
	PHONE_REJECTS,
	PHONE_MANNER_COUNT,
};

/* One press; it waits until something listens. */
struct phone_key {
	int64_t after_ms;	/* since the listening, or the key before */
	char digit;
};

/* Times are the network's. */
struct phone_behaviour {
	enum phone_manner manner;
	bool is_by_hand;	/* a person answers on the page */
	int64_t answer_after_ms;	/* ringing; of rejecting, too */
	int64_t talk_for_ms;	/* since the join; 0: for ever */
	int64_t hang_up_after_ms;	/* since the answer; 0: never */
	int answers_from_try;	/* 1: always; 2: the first try only rings */
	struct phone_key keys[PHONE_KEYS_MAX];
	size_t key_count;
};

struct phone {
	char address[PHONE_ADDRESS_SIZE];
	char name[PHONE_NAME_SIZE];	/* "": none */
	struct phone_behaviour behaviour;
	bool is_set_up;		/* by the file or the control API */
	int ring_count;
	struct call *call;	/* NULL: free */
};

struct phones *
phones_new(void) MUST_USE;

/* Accepts NULL. */
void
phones_free(struct phones *phones);

/*
 * "+79161234567", "sip:101@pbx", "user:boris", "client:boris". White space and
 * "-()" in a number are dropped. False: not an address.
 */
bool
phone_address_read(const char *text, char ret_address[PHONE_ADDRESS_SIZE])
    MUST_USE;

/* The phone of that legal address, made when unknown; NULL: too many. */
struct phone *
phones_get(struct phones *phones, const char *address) MUST_USE;

/* NULL: nobody has called or set up that phone. */
struct phone *
phones_find(struct phones *phones, const char *address) MUST_USE;

/* What an address does by itself. */
struct phone_behaviour
phone_behaviour_of(const char *address) MUST_USE;

/*
 * Changes what the object names: name, like, does, hand, answer_after,
 * talk_for, hang_up_after, answers_from_try, keys. False: nothing was changed,
 * and a sentence in `ret_error`.
 */
bool
phone_change(struct phone *phone, const json_t *change,
    char ret_error[PHONE_ERROR_SIZE]) MUST_USE;

/* New reference: everything above, and whether it is in a call. */
json_t *
phone_to_json(const struct phone *phone) MUST_USE;

/* Calls `on_phone` for each, ordered by address. It must add none. */
void
phones_walk(struct phones *phones,
    void (*on_phone)(struct phone *phone, void *context), void *context);

#endif
