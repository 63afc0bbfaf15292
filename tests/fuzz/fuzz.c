/* SPDX-License-Identifier: MIT */
/* fuzz: pieces of an input, and the company that targets share. */
#include "tests/fuzz/fuzz.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/policy.h"
#include "lib/text.h"

enum { FILES_MAX = 16, FILE_SIZE_MAX = 1 << 20 };

static char *keep(struct fuzz_input *input, const char *bytes, size_t length,
    size_t room);

struct fuzz_input
fuzz_begin(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;

	return (struct fuzz_input){ .at = bytes, .end = bytes + size };
}

void
fuzz_end(struct fuzz_input *input)
{
	for (size_t i = 0; i < input->kept_count; i++)
		free(input->kept[i]);
	input->kept_count = 0;
}

const char *
fuzz_line(struct fuzz_input *input)
{
	const char *begin = input->at, *next;
	size_t left = (size_t)(input->end - begin), length;

	next = left == 0 ? NULL : memchr(begin, '\n', left);
	length = next == NULL ? left : (size_t)(next - begin);
	input->at = next == NULL ? input->end : next + 1;
	return keep(input, begin, strnlen(begin, length), 1);
}

size_t
fuzz_number(struct fuzz_input *input, size_t count)
{
	return strtoul(fuzz_line(input), NULL, 10) % count;
}

const char *
fuzz_rest(struct fuzz_input *input, size_t *ret_length)
{
	const char *begin = input->at;

	*ret_length = (size_t)(input->end - begin);
	input->at = input->end;
	return keep(input, begin, *ret_length, 0);
}

const char *
fuzz_rest_text(struct fuzz_input *input)
{
	const char *begin = input->at;
	size_t left = (size_t)(input->end - begin);

	input->at = input->end;
	return keep(input, begin, strnlen(begin, left), 1);
}

static char *
keep(struct fuzz_input *input, const char *bytes, size_t length, size_t room)
{
	static char nothing[1];
	char *copy;

	if (input->kept_count == FUZZ_KEPT_MAX)
		return nothing;
	copy = malloc(length + room);
	CHECK(copy != NULL || length + room == 0);
	if (length > 0)
		memcpy(copy, bytes, length);
	if (room > 0)
		copy[length] = '\0';
	input->kept[input->kept_count++] = copy;
	return copy;
}

const char *
fuzz_file(const char *name)
{
	static struct { const char *name; char *text; } files[FILES_MAX];
	char path[512];
	size_t i = 0, length;
	FILE *file;

	while (i < FILES_MAX && files[i].name != NULL &&
	    strcmp(files[i].name, name) != 0)
		i++;
	CHECK(i < FILES_MAX);
	if (files[i].name != NULL)
		return files[i].text;
	snprintf(path, sizeof(path), "%s/%s", FUZZ_SOURCE, name);
	file = fopen(path, "r");
	CHECK(file != NULL);
	files[i].name = name;
	files[i].text = malloc(FILE_SIZE_MAX);
	CHECK(files[i].text != NULL);
	length = fread(files[i].text, 1, FILE_SIZE_MAX - 1, file);
	files[i].text[length] = '\0';
	fclose(file);
	return files[i].text;
}

/* ---- the company */

static void
fill_specialist(struct specialist_policy *specialist, const char *id,
    const char *queue, int level)
{
	specialist_policy_defaults(specialist);
	snprintf(specialist->id, sizeof(specialist->id), "%s", id);
	snprintf(specialist->name, sizeof(specialist->name), "%s", id);
	snprintf(specialist->addresses[0].to,
	    sizeof(specialist->addresses[0].to), "+79160000003");
	specialist->address_count = 1;
	snprintf(specialist->queues[0].id, sizeof(specialist->queues[0].id),
	    "%s", queue);
	specialist->queues[0].level = level;
	specialist->queue_count = 1;
}

static void
fill_rules(struct policy *policy)
{
	static const struct disposition dispositions[] = {
		{ 1, "solved", "Solved", THEN_CLOSE, "", 0 },
		{ 2, "later", "Call again", THEN_SCHEDULE, "", 0 },
		{ 3, "pass", "Pass on", THEN_PASS, "", 0 },
		{ 4, "machine", "Answering machine", THEN_RETRY, "", 0 },
		{ 8, "no_calls", "No calls", THEN_SUPPRESS, "", 0 },
		{ 9, "abuse", "Abuse", THEN_PROPOSE_BLOCK, "", 3600000 },
		{ 6, "wrong", "Wrong person", THEN_WRONG_PERSON, "", 0 },
	};

	memcpy(policy->dispositions, dispositions, sizeof(dispositions));
	policy->disposition_count = COUNT_OF(dispositions);
	policy->providers[0] = (struct provider_facts){ .id = "twilio",
		.authorises_on_answer = true, .can_hang_up = true };
	policy->providers[1] = (struct provider_facts){ .id = "bench",
		.can_find = true, .can_poll = true };
	policy->provider_count = 2;
	strcpy(policy->voice.ids[0], "twilio");
	strcpy(policy->voice.ids[1], "bench");
	strcpy(policy->voice.ids[2], "manual");
	policy->voice.count = 3;
	strcpy(policy->own[0], "+74950000100");
	policy->own_count = 1;
}

const struct policy *
fuzz_policy(void)
{
	static const char *const ids[] = { "info", "delivery", "directors" };
	static struct queue_policy queues[COUNT_OF(ids)];
	static struct specialist_policy specialists[3];
	static struct policy policy;

	if (policy.queues != NULL)
		return &policy;
	policy_defaults(&policy);
	strcpy(policy.site, "shop");
	strcpy(policy.home, "RU");
	strcpy(policy.allow[0], "RU");
	policy.allow_count = 1;
	strcpy(policy.zone, "Europe/Moscow");
	strcpy(policy.language, "en");
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		queue_policy_defaults(&queues[i]);
		strcpy(queues[i].id, ids[i]);
		strcpy(queues[i].caller_ids[0], "+74950000100");
		queues[i].caller_id_count = 1;
	}
	queues[0].is_default = true;
	queues[2].is_public = false;
	fill_specialist(&specialists[0], "anna", "info", 3);
	fill_specialist(&specialists[1], "boris", "delivery", 2);
	fill_specialist(&specialists[2], "gleb", "directors", 1);
	specialists[1].accept = ACCEPT_AUTOMATIC;
	specialists[2].offer = OFFER_PHONE;
	fill_rules(&policy);
	policy.specialists = specialists;
	policy.specialist_count = COUNT_OF(specialists);
	policy.queue_count = COUNT_OF(queues);
	policy.queues = queues;
	return &policy;
}

/* ---- what is asserted of texts */

bool
fuzz_is_clean(const char *text, bool has_lines)
{
	/* Ends of lines, and marks that turn the direction of writing. */
	static const char *const marks[] = { "\u2028", "\u2029", "\u200e",
		"\u200f", "\u202a", "\u202e", "\u2066", "\u2069", "\u061c",
		"\ufeff", "\xc2\x85", "\xc2\x9b" };

	if (!text_is_utf8(text, strlen(text)))
		return false;
	for (size_t i = 0; i < COUNT_OF(marks); i++)
		if (strstr(text, marks[i]) != NULL)
			return false;
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c < ' ' && !(has_lines && c == '\n')) || c == 0x7f)
			return false;
	}
	return true;
}

bool
fuzz_is_json(const char *text)
{
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	bool is_json = json != NULL;

	json_decref(json);
	return is_json;
}
