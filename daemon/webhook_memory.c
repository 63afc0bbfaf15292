/* SPDX-License-Identifier: MIT */
/*
 * webhook_memory: two arrays that are searched from end to end, which takes a few
 * microseconds and needs no thought about deletion.
 */
#include "daemon/webhook_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

enum { MINUTE_MS = 60000 };

struct webhook_memory {
	struct { uint64_t hash; int64_t until_ms; } seen[MEMORY_SEEN_MAX];
	size_t next;                    /* the oldest: the next to be forgotten */
	struct {
		uint64_t hash;
		int64_t minute;
		int count;
	} rates[MEMORY_RATES_MAX];
};

struct webhook_memory *
webhook_memory_new(void)
{
	struct webhook_memory *memory = calloc(1, sizeof(*memory));

	CHECK(memory != NULL);
	return memory;
}

void
webhook_memory_free(struct webhook_memory *memory)
{
	free(memory);
}

/* Never 0. Nobody may choose what collides with what is remembered. */
static uint64_t
hash_of(const char *kind, const char *owner, const char *name)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[512];
	int length = snprintf(text, sizeof(text), "%s %s %s", kind, owner,
	    name);
	uint64_t hash;

	CHECK(length > 0 && length < (int)sizeof(text));
	CHECK(EVP_Digest(text, (size_t)length, digest, NULL, EVP_sha256(),
	    NULL) == 1);
	memcpy(&hash, digest, sizeof(hash));
	return hash | 1;
}

bool
webhook_memory_has(const struct webhook_memory *memory, const char *kind,
    const char *owner, const char *name, int64_t now_ms)
{
	uint64_t hash = hash_of(kind, owner, name);

	for (size_t i = 0; i < MEMORY_SEEN_MAX; i++)
		if (memory->seen[i].hash == hash &&
		    memory->seen[i].until_ms > now_ms)
			return true;
	return false;
}

void
webhook_memory_keep(struct webhook_memory *memory, const char *kind,
    const char *owner, const char *name, int64_t until_ms)
{
	memory->seen[memory->next].hash = hash_of(kind, owner, name);
	memory->seen[memory->next].until_ms = until_ms;
	memory->next = (memory->next + 1) % MEMORY_SEEN_MAX;
}

bool
webhook_memory_count(struct webhook_memory *memory, const char *kind,
    const char *name, int most, int64_t now_ms)
{
	uint64_t hash = hash_of(kind, "", name);
	int64_t minute = now_ms / MINUTE_MS;
	size_t place = 0;

	for (size_t i = 0; i < MEMORY_RATES_MAX; i++) {
		if (memory->rates[i].hash == hash) {
			place = i;
			break;
		}
		if (memory->rates[i].minute < memory->rates[place].minute)
			place = i;
	}
	if (memory->rates[place].hash != hash ||
	    memory->rates[place].minute != minute) {
		memory->rates[place].hash = hash;
		memory->rates[place].minute = minute;
		memory->rates[place].count = 0;
	}
	if (memory->rates[place].count >= most)
		return false;
	memory->rates[place].count++;
	return true;
}
