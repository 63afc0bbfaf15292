/* SPDX-License-Identifier: MIT */
/* spoken: two languages side by side; any other hears English. */
#include "daemon/spoken.h"

#include <stdio.h>
#include <string.h>

enum language { ENGLISH, RUSSIAN };

static enum language
language_of(const char *code)
{
	return strncmp(code, "ru", 2) == 0 ? RUSSIAN : ENGLISH;
}

static const struct words {
	const char *request, *nameless, *keys, *gone, *goodbye, *thanks, *wait;
} words[] = {
	[ENGLISH] = {
		"Callback request %s. %s. %s.",
		"No name given",
		" Press 1 to be connected, 2 to decline.",
		"The customer has hung up. What is the result?",
		"Goodbye.",
		"Thank you, noted.",
		"One moment, please.",
	},
	[RUSSIAN] = {
		"Заявка на звонок %s. %s. %s.",
		"Имя не указано",
		" Нажмите 1, чтобы соединиться, 2, чтобы отказаться.",
		"Клиент положил трубку. Чем закончился разговор?",
		"До свидания.",
		"Спасибо, записано.",
		"Одну минуту, пожалуйста.",
	},
};

void
spoken_whisper(const struct policy *policy, const struct request *request,
    const char *language, char *ret_text, size_t size)
{
	const struct words *said = &words[language_of(language)];
	const struct queue_policy *queue =
	    policy_queue(policy, request->queue);
	int length;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	length = snprintf(ret_text, size, said->request, request->number,
	    queue != NULL && queue->title[0] != '\0' ? queue->title :
	    request->queue,
	    request->name[0] != '\0' ? request->name : said->nameless);
#pragma GCC diagnostic pop
	if (length > 0 && (size_t)length < size)
		snprintf(ret_text + length, size - (size_t)length, "%s",
		    said->keys);
}

void
spoken_result(const struct policy *policy, const char *language,
    char *ret_text, size_t size)
{
	size_t length = (size_t)snprintf(ret_text, size, "%s",
	    words[language_of(language)].gone);

	for (size_t i = 0; i < policy->disposition_count; i++) {
		const struct disposition *one = &policy->dispositions[i];

		if (one->key == 0 || length + sizeof(one->title) + 8 > size)
			continue;
		length += (size_t)snprintf(ret_text + length, size - length,
		    " %d: %s.", one->key, one->title);
	}
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
