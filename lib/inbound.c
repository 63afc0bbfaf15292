/* SPDX-License-Identifier: MIT */
/* inbound: words in capitals, compared whole. */
#include "lib/inbound.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "lib/check.h"

enum { WORD_SIZE = 64 };

static const struct {
	const char *word;
	enum inbound_wish wish;
} words[] = {
	{ "STOP", INBOUND_STOP }, { "STOPALL", INBOUND_STOP },
	{ "UNSUBSCRIBE", INBOUND_STOP }, { "CANCEL", INBOUND_STOP },
	{ "END", INBOUND_STOP }, { "QUIT", INBOUND_STOP },
	{ "OPTOUT", INBOUND_STOP }, { "REVOKE", INBOUND_STOP },
	{ "ARRET", INBOUND_STOP }, { "ARRÊT", INBOUND_STOP },
	{ "STOPP", INBOUND_STOP }, { "ALTO", INBOUND_STOP },
	{ "BAJA", INBOUND_STOP }, { "PARAR", INBOUND_STOP },
	{ "СТОП", INBOUND_STOP }, { "ОТПИСКА", INBOUND_STOP },
	{ "ОТПИСАТЬСЯ", INBOUND_STOP },
	{ "START", INBOUND_START }, { "UNSTOP", INBOUND_START },
	{ "YES", INBOUND_START }, { "СТАРТ", INBOUND_START },
	{ "ПОДПИСКА", INBOUND_START },
	{ "DO NOT CALL", INBOUND_NO_CALLS },
	{ "DONT CALL", INBOUND_NO_CALLS }, { "DON'T CALL", INBOUND_NO_CALLS },
	{ "НЕ ЗВОНИТЬ", INBOUND_NO_CALLS }, { "НЕ ЗВОНИТЕ", INBOUND_NO_CALLS },
	{ "NO", INBOUND_NO }, { "NO THANKS", INBOUND_NO },
	{ "НЕТ", INBOUND_NO }, { "НЕТ, СПАСИБО", INBOUND_NO },
	{ "НЕТ СПАСИБО", INBOUND_NO }, { "НЕ НАДО", INBOUND_NO },
	{ "НЕ НУЖНО", INBOUND_NO }, { "ОТМЕНА", INBOUND_NO },
	{ "ОТМЕНИТЬ", INBOUND_NO },
	{ "1", INBOUND_ONE }, { "2", INBOUND_TWO },
};

/* Of ASCII, of Cyrillic, and of the accents of Latin-1. */
static void
to_upper(unsigned char *text)
{
	for (; *text != '\0'; text++) {
		if (*text >= 'a' && *text <= 'z') {
			*text = (unsigned char)(*text - 32);
		} else if (text[0] == 0xD0 && text[1] >= 0xB0) {
			text[1] = (unsigned char)(text[1] - 0x20);
		} else if (text[0] == 0xD1 && text[1] >= 0x80 &&
		    text[1] <= 0x8F) {
			text[0] = 0xD0;
			text[1] = (unsigned char)(text[1] + 0x20);
		} else if (text[0] == 0xD1 && text[1] == 0x91) {
			memcpy(text, "Е", 2);   /* ё is as good as е */
		} else if (text[0] == 0xC3 && text[1] >= 0xA0 &&
		    text[1] != 0xB7) {
			text[1] = (unsigned char)(text[1] - 0x20);
		}
	}
}

/* Blanks become one, and what stands around the words goes. */
static bool
tidy(const char *text, char ret_word[WORD_SIZE])
{
	static const char marks[] = " \t\r\n.,!?\"'()*-";
	size_t used = 0, length = strlen(text);

	while (length > 0 && strchr(marks, text[length - 1]) != NULL)
		length--;
	while (length > 0 && strchr(marks, *text) != NULL) {
		text++;
		length--;
	}
	for (size_t i = 0; i < length; i++) {
		bool is_blank = strchr(" \t\r\n", text[i]) != NULL;

		if (is_blank && ret_word[used - 1] == ' ')
			continue;
		if (used + 1 == WORD_SIZE)
			return false;
		ret_word[used++] = is_blank ? ' ' : text[i];
	}
	ret_word[used] = '\0';
	return used > 0;
}

enum inbound_wish
inbound_read(const char *text)
{
	char word[WORD_SIZE];

	if (!tidy(text, word))
		return INBOUND_NOTHING;
	to_upper((unsigned char *)word);
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcmp(words[i].word, word) == 0)
			return words[i].wish;
	}
	return INBOUND_NOTHING;
}
