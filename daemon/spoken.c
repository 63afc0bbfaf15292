/* SPDX-License-Identifier: MIT */
/* spoken: sentences of two languages, with holes for names. */
#include "daemon/spoken.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/check.h"
#include "lib/text.h"

enum language { ENGLISH, RUSSIAN };

static enum language
language_of(const char *code)
{
	return strncmp(code, "ru", 2) == 0 ? RUSSIAN : ENGLISH;
}

/* Of others we have no words: English is read in their stead. */
static bool
is_spoken(const char *code)
{
	return strncmp(code, "ru", 2) == 0 || strncmp(code, "en", 2) == 0;
}

const char *
spoken_customers_language(const struct policy *policy,
    const struct queue_policy *queue, const char *locale)
{
	bool has_own = queue != NULL && (queue->greeting[0] != '\0' ||
	    queue->voicemail[0] != '\0');

	return has_own || !is_spoken(locale) ? policy->language : locale;
}

static const struct words {
	const char *request, *nameless, *note, *keys, *gone, *goodbye, *thanks;
	const char *wait, *recorded;
	const char *greeting, *greeting_nameless, *confirm, *connect, *sorry;
	const char *ended[OUTCOME_COUNT];
} words[] = {
	[ENGLISH] = {
		.request = "Callback request %s. %s. %s.",
		.nameless = "No name given",
		.note = " They wrote: %s.",
		.keys = " Press 1 to be connected, 2 to decline.",
		.gone = "The customer has hung up. What is the result?",
		.goodbye = "Goodbye.",
		.thanks = "Thank you, noted.",
		.wait = "One moment, please.",
		.recorded = "This call is recorded.",
		.greeting = "Hello! This is %s, calling you back as you asked.",
		.greeting_nameless = "Hello! This is the call you asked for.",
		.confirm = " Press 1 to be connected.",
		.connect = "Connecting you.",
		.sorry = "We are sorry, nobody is free to talk just now."
		    " We will call you again. Goodbye.",
		.ended = {
			[OUTCOME_NO_ANSWER] = "The customer did not answer.",
			[OUTCOME_BUSY] = "The customer's line is busy.",
			[OUTCOME_REJECTED] = "The customer declined the call.",
			[OUTCOME_FAILED] = "The customer could not be reached.",
			[OUTCOME_INVALID_NUMBER] = "There is no such number.",
			[OUTCOME_VOICEMAIL] =
			    "No person answered, only a machine.",
		},
	},
	[RUSSIAN] = {
		.request = "Заявка на звонок %s. %s. %s.",
		.nameless = "Имя не указано",
		.note = " Клиент пишет: %s.",
		.keys = " Нажмите 1, чтобы соединиться, 2, чтобы отказаться.",
		.gone = "Клиент положил трубку. Чем закончился разговор?",
		.goodbye = "До свидания.",
		.thanks = "Спасибо, записано.",
		.wait = "Одну минуту, пожалуйста.",
		.recorded = "Разговор записывается.",
		.greeting = "Здравствуйте! Это %s, вы просили перезвонить.",
		.greeting_nameless = "Здравствуйте! Вы просили перезвонить.",
		.confirm = " Чтобы соединиться, нажмите 1.",
		.connect = "Соединяю.",
		.sorry = "Извините, сейчас никто не может ответить."
		    " Мы перезвоним. До свидания.",
		.ended = {
			[OUTCOME_NO_ANSWER] = "Клиент не ответил.",
			[OUTCOME_BUSY] = "У клиента занято.",
			[OUTCOME_REJECTED] = "Клиент отклонил звонок.",
			[OUTCOME_FAILED] = "До клиента не удалось дозвониться.",
			[OUTCOME_INVALID_NUMBER] = "Такого номера нет.",
			[OUTCOME_VOICEMAIL] =
			    "Ответил не человек, а автоответчик.",
		},
	},
};

/* ---- building a text: what does not fit is left out whole, but for the end of
 * the first piece */

static void
add(char *text, size_t size, const char *piece)
{
	size_t length = strlen(text);

	if (length == 0 || length + strlen(piece) < size)
		text_copy(text + length, size - length, piece);
}

static void __attribute__((format(printf, 3, 4)))
add_format(char *text, size_t size, const char *format, ...)
{
	char piece[SPOKEN_SIZE];
	va_list list;

	va_start(list, format);
	vsnprintf(piece, sizeof(piece), format, list);
	va_end(list);
	add(text, size, piece);
}

/* The sentences above hold as many %s as their users give. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void
add_sentence(char *text, size_t size, const char *sentence, const char *word)
{
	add_format(text, size, sentence, word);
}

static void
add_request(char *text, size_t size, const char *sentence, const char *number,
    const char *topic, const char *name)
{
	add_format(text, size, sentence, number, topic, name);
}
#pragma GCC diagnostic pop

/*
 * What somebody wrote, as words: marks that XML, SSML or a speech engine may
 * take for more become spaces, line breaks ends of sentences. Cut at a word
 * after `length_max` characters; no "." stands at the end.
 */
static void
plain_words(const char *written, size_t length_max, char *ret_text,
    size_t size)
{
	static const char marks[] = "<>&[]{}|\\^~`*_#=";
	char clean[SPOKEN_SIZE];
	size_t used = 0, length = 0, last_word = 0;

	text_copy(clean, sizeof(clean), written);
	text_clean(clean, true);
	for (const char *at = clean; *at != '\0'; at++) {
		char letter = *at == '\n' || strchr(marks, *at) != NULL ?
		    ' ' : *at;

		if (*at == '\n' && used > 0 && used + 2 < size &&
		    strchr(".!?,;: ", ret_text[used - 1]) == NULL)
			ret_text[used++] = '.';
		if (letter == ' ') {
			if (used == 0 || ret_text[used - 1] == ' ')
				continue;
			last_word = used;
		}
		/* Bytes that go on with a character are none of their own. */
		if (((unsigned char)letter & 0xc0) != 0x80 &&
		    (++length > length_max || used + 5 > size)) {
			used = letter != ' ' && last_word > 0 ? last_word :
			    used;
			break;
		}
		ret_text[used++] = letter;
	}
	while (used > 0 && strchr(" .", ret_text[used - 1]) != NULL)
		used--;
	ret_text[used] = '\0';
}

/* ---- to the specialist */

void
spoken_brief(const struct policy *policy, const struct request *request,
    const char *note, const char *language, char *ret_text, size_t size)
{
	const struct words *said = &words[language_of(language)];
	const struct queue_policy *queue =
	    policy_queue(policy, request->queue);
	char name[NAME_SIZE], short_note[SPOKEN_NOTE_MAX * 4 + 8];

	plain_words(request->name, NAME_SIZE, name, sizeof(name));
	plain_words(note, SPOKEN_NOTE_MAX, short_note, sizeof(short_note));
	ret_text[0] = '\0';
	add_request(ret_text, size, said->request, request->number,
	    queue != NULL && queue->title[0] != '\0' ? queue->title :
	    request->queue, name[0] != '\0' ? name : said->nameless);
	if (short_note[0] != '\0')
		add_sentence(ret_text, size, said->note, short_note);
}

void
spoken_whisper(const struct policy *policy, const struct request *request,
    const char *note, const char *language, char *ret_text, size_t size)
{
	spoken_brief(policy, request, note, language, ret_text, size);
	add(ret_text, size, words[language_of(language)].keys);
}

void
spoken_result(const struct policy *policy, const char *queue,
    const char *language, char *ret_text, size_t size)
{
	ret_text[0] = '\0';
	add(ret_text, size, words[language_of(language)].gone);
	for (size_t i = 0; i < policy->disposition_count; i++) {
		const struct disposition *one = &policy->dispositions[i];

		if (one->key != 0 && policy_queue_has(policy, queue, one))
			add_format(ret_text, size, " %d: %s.", one->key,
			    one->title);
	}
}

void
spoken_ended(enum call_outcome outcome, const char *language, char *ret_text,
    size_t size)
{
	const struct words *said = &words[language_of(language)];

	CHECK(outcome < OUTCOME_COUNT);
	ret_text[0] = '\0';
	if (said->ended[outcome] != NULL)
		add_format(ret_text, size, "%s ", said->ended[outcome]);
	add(ret_text, size, said->goodbye);
}

void
spoken_add(char *text, size_t size, const char *sentence)
{
	add_format(text, size, " %s", sentence);
}

const char *
spoken_goodbye(const char *language)
{
	return words[language_of(language)].goodbye;
}

const char *
spoken_thanks(const char *language)
{
	return words[language_of(language)].thanks;
}

const char *
spoken_wait(const char *language)
{
	return words[language_of(language)].wait;
}

const char *
spoken_recorded(const char *language)
{
	return words[language_of(language)].recorded;
}

/* ---- to the customer */

/* The company's own words, with its name in them. */
static void
add_own_words(const struct policy *policy, const char *text, char *ret_text,
    size_t size)
{
	static const char hole[] = "{company}";
	const char *at;

	while ((at = strstr(text, hole)) != NULL) {
		add_format(ret_text, size, "%.*s%s", (int)(at - text), text,
		    policy->company);
		text = at + strlen(hole);
	}
	add(ret_text, size, text);
}

/* Of a queue that is not known any talk may be recorded. */
static bool
may_be_recorded(const struct policy *policy, const struct queue_policy *queue)
{
	bool is_any = false;

	for (size_t i = 0; i < policy->queue_count; i++)
		is_any |= policy->queues[i].records;
	return queue != NULL ? queue->records : is_any;
}

void
spoken_greeting(const struct policy *policy, const struct queue_policy *queue,
    const char *language, char *ret_text, size_t size)
{
	const struct words *said = &words[language_of(language)];

	ret_text[0] = '\0';
	if (queue != NULL && queue->greeting[0] != '\0')
		add_own_words(policy, queue->greeting, ret_text, size);
	else if (policy->company[0] != '\0')
		add_sentence(ret_text, size, said->greeting, policy->company);
	else
		add(ret_text, size, said->greeting_nameless);
	if (may_be_recorded(policy, queue))
		add_format(ret_text, size, " %s", said->recorded);
}

void
spoken_confirm(const struct policy *policy, const struct queue_policy *queue,
    const char *language, char *ret_text, size_t size)
{
	spoken_greeting(policy, queue, language, ret_text, size);
	add(ret_text, size, words[language_of(language)].confirm);
}

void
spoken_voicemail(const struct policy *policy, const struct queue_policy *queue,
    char *ret_text, size_t size)
{
	ret_text[0] = '\0';
	if (queue != NULL)
		add_own_words(policy, queue->voicemail, ret_text, size);
}

const char *
spoken_connect(const char *language)
{
	return words[language_of(language)].connect;
}

const char *
spoken_sorry(const char *language)
{
	return words[language_of(language)].sorry;
}
