/* SPDX-License-Identifier: MIT */
/*
 * text: two words, a line each; then a text. Cleaning, cutting, comparing; and a
 * note that carries such words.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/note.h"
#include "lib/text.h"
#include "tests/fuzz/fuzz.h"

static void
check_words(const char *a, const char *b)
{
	size_t distance = text_distance(a, b), best = SIZE_MAX;

	CHECK(distance == text_distance(b, a));
	CHECK(distance != 0 || strcasecmp(a, b) == 0);
	if (strlen(a) <= TEXT_WORD_MAX)
		CHECK(text_distance(a, a) == 0);
	if (text_is_nearer(a, b, &best))
		CHECK(best == distance && best <= 2);
}

/* size: of what it is cut to */
static void
check_text(const char *text, size_t size)
{
	char *once = strdup(text), *twice, cut[64];

	CHECK(once != NULL);
	CHECK(text_length(text) <= strlen(text));
	if (text_copy(cut, size, text))
		CHECK(strcmp(cut, text) == 0);
	else
		CHECK(strncmp(cut, text, strlen(cut)) == 0 &&
		    strlen(cut) + 4 >= size);
	CHECK(text_is_utf8(cut, strlen(cut)));
	for (int keep_lines = 1; keep_lines >= 0; keep_lines--) {
		text_clean(once, keep_lines);
		CHECK(fuzz_is_clean(once, keep_lines));
		twice = strdup(once);
		CHECK(twice != NULL);
		text_clean(twice, keep_lines);
		CHECK(strcmp(once, twice) == 0);
		free(twice);
	}
	free(once);
}

static void
check_note(enum note note, const char *a, const char *b, const char *text)
{
	struct intake intake = { .is_accepted = true, .locale = "ru" };
	const char *words[NOTE_WORDS_MAX] = { a, b, text };

	note_error(&intake, note, a, words);
	note_warning(&intake, note, text, words);
	CHECK(!intake.is_accepted && intake.error_count == 1);
	CHECK(text_is_utf8(intake.errors[0].text,
	    strlen(intake.errors[0].text)));
	CHECK(text_is_utf8(intake.errors[0].pointer,
	    strlen(intake.errors[0].pointer)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	const char *a = fuzz_line(&input), *b = fuzz_line(&input);
	const char *text = fuzz_rest_text(&input);

	check_words(a, b);
	if (text_is_utf8(text, strlen(text))) {
		check_text(text, 4 + size % 61);
		if (text_is_utf8(a, strlen(a)) && text_is_utf8(b, strlen(b)))
			check_note((enum note)(size % NOTE_COUNT), a, b, text);
	}
	fuzz_end(&input);
	return 0;
}
