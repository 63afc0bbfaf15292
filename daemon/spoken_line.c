/* SPDX-License-Identifier: MIT */
/* spoken_line: two languages side by side; any other hears English. */
#include "daemon/spoken_line.h"

#include <stdio.h>
#include <string.h>

#include "lib/say.h"

struct words {
	const char *welcome, *keys, *type, *again;
	const char *by, *between, *now, *returned, *number, *sorry;
};

static const struct words words[] = {
	{
		"Hello, this is %s.",
		"We can call you back when somebody is free. Press 1 to be "
		    "called back at the number you call from, 2 to give "
		    "another number.",
		"Please type the number with its area code, then press the "
		    "hash key.",
		"We cannot call that number.",
		"We will call you back by %s.",
		"We will call you back: %s.",
		"We are calling you at this moment. Please hang up.",
		"We have called you, and call again at once, by %s. Please "
		    "hang up.",
		"The number of your request is %s.",
		"We cannot take your request at this moment. Please call "
		    "again a little later.",
	},
	{
		"Здравствуйте, это %s.",
		"Мы перезвоним вам, когда освободится специалист. Нажмите 1, "
		    "чтобы мы перезвонили на номер, с которого вы звоните, 2, "
		    "чтобы указать другой номер.",
		"Наберите номер вместе с кодом города и нажмите решётку.",
		"На этот номер мы позвонить не можем.",
		"Мы перезвоним вам до %s.",
		"Мы перезвоним вам: %s.",
		"Мы звоним вам прямо сейчас. Пожалуйста, положите трубку.",
		"Мы вам звонили и сейчас перезвоним, не позже %s. "
		    "Пожалуйста, положите трубку.",
		"Номер вашей заявки: %s.",
		"Сейчас мы не можем принять заявку. Пожалуйста, позвоните "
		    "чуть позже.",
	},
};

static const struct words *
words_of(const char *language)
{
	return &words[strncmp(language, "ru", 2) == 0];
}

/* The format is one of ours, with one %s. */
static void
add(char *text, const char *format, const char *value)
{
	size_t length = strlen(text);

	if (length > 0 && length < SPOKEN_LINE_SIZE - 1)
		text[length++] = ' ';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text + length, SPOKEN_LINE_SIZE - length, format, value);
#pragma GCC diagnostic pop
}

void
spoken_line_ask(const char *company, const char *language,
    char ret_text[SPOKEN_LINE_SIZE])
{
	const struct words *said = words_of(language);

	ret_text[0] = '\0';
	if (company[0] != '\0')
		add(ret_text, said->welcome, company);
	add(ret_text, "%s", said->keys);
}

void
spoken_line_number(const char *language, bool is_again,
    char ret_text[SPOKEN_LINE_SIZE])
{
	const struct words *said = words_of(language);

	ret_text[0] = '\0';
	if (is_again)
		add(ret_text, "%s", said->again);
	add(ret_text, "%s", said->type);
}

/* "4, 8, 2, 1": nobody wants to hear four thousand eight hundred. */
static void
spell(const char *number, char *ret_text, size_t size)
{
	size_t length = 0;

	ret_text[0] = '\0';
	for (; *number != '\0' && length + 4 < size; number++)
		length += (size_t)snprintf(ret_text + length, size - length,
		    "%s%c", length > 0 ? ", " : "", *number);
}

void
spoken_line_told(const struct spoken_promise *promise, const char *language,
    char ret_text[SPOKEN_LINE_SIZE])
{
	const struct words *said = words_of(language);
	char when[SAY_SIZE], digits[64];

	ret_text[0] = '\0';
	if (promise->from_ms != 0) {
		say_span(promise->zone, language, promise->now_ms,
		    promise->from_ms, promise->to_ms, when);
		add(ret_text, said->between, when);
	} else if (promise->by_ms != 0) {
		say_moment(promise->zone, language, promise->now_ms,
		    promise->by_ms, when);
		add(ret_text, promise->is_returned ? said->returned : said->by,
		    when);
	} else {
		add(ret_text, "%s", said->now);
	}
	if (promise->number[0] != '\0') {
		spell(promise->number, digits, sizeof(digits));
		add(ret_text, said->number, digits);
	}
}

const char *
spoken_line_sorry(const char *language)
{
	return words_of(language)->sorry;
}
