/* SPDX-License-Identifier: MIT */
/*
 * intake: a score, a line; then the member. What is accepted is in order by the
 * rules of docs/redis.md, and says the same when it is read again.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/answer.h"
#include "lib/intake.h"
#include "lib/text.h"
#include "tests/fuzz/fuzz.h"

static void
check_notes(const struct intake_note *notes, size_t count)
{
	CHECK(count <= INTAKE_NOTES_MAX);
	for (size_t i = 0; i < count; i++) {
		CHECK(notes[i].code != NULL && notes[i].code[0] != '\0');
		CHECK(fuzz_is_clean(notes[i].pointer, false));
		CHECK(fuzz_is_clean(notes[i].text, false));
	}
}

static void
check_refused(const struct intake *intake)
{
	char *answer;

	CHECK(intake->error_count > 0);
	CHECK(intake->said == NULL);
	answer = answer_rejected(intake);
	CHECK(answer != NULL && fuzz_is_json(answer));
	free(answer);
}

static void
check_accepted(const struct intake *intake)
{
	const struct policy *policy = fuzz_policy();
	char *warnings;

	CHECK(intake->error_count == 0);
	CHECK(intake->said != NULL && fuzz_is_json(intake->said));
	CHECK(fuzz_is_clean(intake->name, false));
	CHECK(intake->at_ms == 0 || intake->at_ms > FUZZ_NOW_MS);
	CHECK(intake->waiting_since_ms <= FUZZ_NOW_MS);
	if (intake->op == INTAKE_ASK) {
		CHECK(intake->phone.verdict != PHONE_REFUSED);
		CHECK(intake->phone.e164[0] == '+');
		CHECK(policy_queue(policy, intake->queue) != NULL);
		CHECK(policy_queue(policy, intake->queue)->is_public);
		CHECK(intake->wished[0] == '\0' ||
		    policy_specialist(policy, intake->wished) != NULL);
	}
	warnings = answer_warnings(intake->said);
	CHECK((warnings != NULL) == (intake->warning_count > 0));
	CHECK(warnings == NULL || fuzz_is_json(warnings));
	free(warnings);
}

/* What is kept of a request is itself a request. */
static void
check_again(const struct intake *intake, const char *score)
{
	struct intake again;

	intake_read(fuzz_policy(), intake->said, strlen(intake->said), score,
	    FUZZ_NOW_MS, &again);
	if (strlen(intake->said) <= INTAKE_MEMBER_MAX) {
		CHECK(again.is_accepted);
		CHECK(again.op == intake->op);
		CHECK(strcmp(again.id, intake->id) == 0);
		CHECK(strcmp(again.phone.e164, intake->phone.e164) == 0);
		CHECK(strcmp(again.name, intake->name) == 0);
		CHECK(strcmp(again.queue, intake->queue) == 0);
		CHECK(again.at_ms == intake->at_ms);
	}
	intake_fini(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	const char *score = fuzz_line(&input), *member;
	struct intake intake;
	size_t length;

	member = fuzz_rest(&input, &length);
	intake_read(fuzz_policy(), member, length, score, FUZZ_NOW_MS, &intake);
	check_notes(intake.errors, intake.error_count);
	check_notes(intake.warnings, intake.warning_count);
	if (intake.is_accepted) {
		check_accepted(&intake);
		check_again(&intake, score);
	} else {
		check_refused(&intake);
	}
	intake_fini(&intake);
	fuzz_end(&input);
	return 0;
}
