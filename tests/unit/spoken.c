/* SPDX-License-Identifier: MIT */
/* What is said: in whose language, how much of it, and that no character of what
 * somebody wrote is more than a word. And which number a customer sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/spoken.h"
#include "lib/check.h"
#include "lib/text.h"

static struct queue_policy queues[1];
static struct policy policy;
static struct request request;
static char text[SPOKEN_SIZE];

static int
set_up(void **state)
{
	(void)state;
	policy_defaults(&policy);
	queue_policy_defaults(&queues[0]);
	strcpy(queues[0].id, "info");
	strcpy(queues[0].title, "Вклады");
	strcpy(policy.company, "Ромашка");
	strcpy(policy.language, "ru");
	policy.queues = queues;
	policy.queue_count = 1;
	memset(&request, 0, sizeof(request));
	strcpy(request.queue, "info");
	strcpy(request.number, "4821");
	return 0;
}

static const char *
whisper(const char *name, const char *note, const char *language)
{
	snprintf(request.name, sizeof(request.name), "%s", name);
	spoken_whisper(&policy, &request, note, language, text, sizeof(text));
	return text;
}

static void
whisper_has_all(void **state)
{
	(void)state;
	assert_string_equal(whisper("Иван", "", "ru"), "Заявка на звонок 4821."
	    " Вклады. Иван. Нажмите 1, чтобы соединиться, 2, чтобы отказаться.");
	assert_string_equal(whisper("", "Balance?", "en"), "Callback request "
	    "4821. Вклады. No name given. They wrote: Balance?. Press 1 to be "
	    "connected, 2 to decline.");
	/* A language that we have no words of. */
	assert_memory_equal(whisper("Ann", "", "pt-BR"), "Callback", 8);
}

static void
what_was_written_is_words_only(void **state)
{
	static const char *const written[] = {
		"<Say>hi</Say>", "a & b &lt;break/&gt;", "[[inpt PHON]]",
		"{company} %s %n", "a\\b|c^d~e`f*g_h#i=j", "\"'\"",
		"\xf0\x9f\x8e\x89 \xd1\x8f", "\x01\x02\x7f\xc2\x85\xe2\x80\xae",
		"\n\n\r\n", "...", "one\ntwo",
	};
	static const char *const said[] = {
		"Say hi /Say", "a b lt;break/ gt;", "inpt PHON",
		"company %s %n", "a b c d e f g h i j", "\"'\"",
		"\xf0\x9f\x8e\x89 \xd1\x8f", "", "", "", "one. two",
	};
	char expected[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(written); i++) {
		bool is_some = said[i][0] != '\0';

		snprintf(expected, sizeof(expected), "Callback request 4821. "
		    "Вклады. %s.%s%s%s", is_some ? said[i] : "No name given",
		    is_some ? " They wrote: " : "", said[i],
		    is_some ? "." : "");
		snprintf(request.name, sizeof(request.name), "%s", written[i]);
		spoken_brief(&policy, &request, written[i], "en", text,
		    sizeof(text));
		assert_string_equal(text, expected);
	}
}

static void
a_note_is_cut_at_a_word(void **state)
{
	char note[4096] = "", *end;

	(void)state;
	while (strlen(note) < 3000)
		strcat(note, "слово ");
	whisper("Иван", note, "ru");
	end = strstr(text, " Нажмите 1");
	assert_non_null(end);
	*end = '\0';
	assert_true(text_is_utf8(text, strlen(text)));
	assert_string_equal(end - strlen("слово."), "слово.");
	assert_in_range(text_length(strstr(text, "пишет: ") +
	    strlen("пишет: ")), SPOKEN_NOTE_MAX - 8, SPOKEN_NOTE_MAX + 1);
	/* One word without an end. */
	memset(note, 'x', sizeof(note) - 1);
	note[sizeof(note) - 1] = '\0';
	whisper("Иван", note, "ru");
	assert_non_null(strstr(text, "xxx. Нажмите 1"));
	assert_true(strlen(text) < 600);
}

static void
greetings(void **state)
{
	(void)state;
	spoken_greeting(&policy, &queues[0], "ru", text, sizeof(text));
	assert_string_equal(text,
	    "Здравствуйте! Это Ромашка, вы просили перезвонить.");
	policy.company[0] = '\0';
	spoken_greeting(&policy, NULL, "en", text, sizeof(text));
	assert_string_equal(text, "Hello! This is the call you asked for.");
	strcpy(policy.company, "<A&B>");
	queues[0].greeting = "{company}, {company}!";
	queues[0].records = true;
	spoken_confirm(&policy, &queues[0], "en", text, sizeof(text));
	assert_string_equal(text, "<A&B>, <A&B>! This call is recorded. "
	    "Press 1 to be connected.");
	/* Not known which queue, so it may be one that records. */
	spoken_greeting(&policy, NULL, "en", text, sizeof(text));
	assert_non_null(strstr(text, "This call is recorded."));
	queues[0].voicemail = "We were {company}.";
	spoken_voicemail(&policy, &queues[0], text, sizeof(text));
	assert_string_equal(text, "We were <A&B>.");
	spoken_voicemail(&policy, NULL, text, sizeof(text));
	assert_string_equal(text, "");
}

/* Words of the company's own are read in its language. */
static void
languages_of_customers(void **state)
{
	(void)state;
	assert_string_equal(spoken_customers_language(&policy, &queues[0],
	    "en"), "en");
	assert_string_equal(spoken_customers_language(&policy, &queues[0],
	    ""), "ru");
	assert_string_equal(spoken_customers_language(&policy, NULL, "de"),
	    "ru");
	queues[0].greeting = "Ромашка.";
	assert_string_equal(spoken_customers_language(&policy, &queues[0],
	    "en"), "ru");
}

static void
every_end_has_words(void **state)
{
	(void)state;
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		spoken_ended((enum call_outcome)i, "ru", text, sizeof(text));
		assert_string_equal(text + strlen(text) -
		    strlen("До свидания."), "До свидания.");
	}
	spoken_ended(OUTCOME_VOICEMAIL, "en", text, sizeof(text));
	assert_string_equal(text, "No person answered, only a machine. Goodbye.");
}

/* ---- whose number is shown */

static void
one_number_for_each_customer(void **state)
{
	size_t counts[3] = { 0 }, moved = 0;

	(void)state;
	assert_string_equal(policy_caller_id(&queues[0], "+79160000001"), "");
	for (int i = 0; i < 3; i++)
		snprintf(queues[0].caller_ids[i], PHONE_SIZE, "+7495000010%d",
		    i);
	for (int i = 0; i < 3000; i++) {
		char phone[PHONE_SIZE], before[PHONE_SIZE];
		const char *seen;

		snprintf(phone, sizeof(phone), "+7916%07d", i);
		queues[0].caller_id_count = 2;
		strcpy(before, policy_caller_id(&queues[0], phone));
		queues[0].caller_id_count = 3;
		seen = policy_caller_id(&queues[0], phone);
		assert_ptr_equal(seen, policy_caller_id(&queues[0], phone));
		assert_memory_equal(seen, "+7495000010", 11);
		assert_in_range(seen[11], '0', '2');
		counts[seen[11] - '0']++;
		/* Whoever sees another number now sees the new one. */
		if (strcmp(before, seen) != 0) {
			moved++;
			assert_int_equal(seen[11], '2');
		}
	}
	for (int i = 0; i < 3; i++)
		assert_in_range(counts[i], 850, 1150);
	assert_int_equal(moved, counts[2]);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(whisper_has_all, set_up),
		cmocka_unit_test_setup(what_was_written_is_words_only, set_up),
		cmocka_unit_test_setup(a_note_is_cut_at_a_word, set_up),
		cmocka_unit_test_setup(greetings, set_up),
		cmocka_unit_test_setup(languages_of_customers, set_up),
		cmocka_unit_test_setup(every_end_has_words, set_up),
		cmocka_unit_test_setup(one_number_for_each_customer, set_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
