/* SPDX-License-Identifier: MIT */
/* card: holes are looked for once to check, and once to fill. */
#include "lib/card.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 40 };

const char *const card_names[CARD_HOLES] = {
	[CARD_COMPANY] = "company",
	[CARD_NAME] = "name",
	[CARD_PHONE] = "phone",
	[CARD_CASE] = "case",
	[CARD_QUEUE] = "queue",
	[CARD_SPECIALIST] = "specialist",
	[CARD_PROMISE] = "promise",
};

/* CARD_HOLES: none of that name. */
static size_t
hole_of(const char *name, size_t length)
{
	size_t i = 0;

	while (i < CARD_HOLES && (strlen(card_names[i]) != length ||
	    memcmp(card_names[i], name, length) != 0))
		i++;
	return i;
}

bool
card_check(const char *text, int *ret_line, char *ret_why, size_t why_size)
{
	*ret_line = 1;
	for (; *text != '\0'; text++) {
		size_t length = strcspn(text, "}\n");

		*ret_line += *text == '\n';
		if (*text == '}') {
			snprintf(ret_why, why_size, "\"}\" without \"{\"");
			return false;
		}
		if (*text != '{')
			continue;
		if (text[length] != '}') {
			snprintf(ret_why, why_size, "\"{\" without \"}\"");
			return false;
		}
		if (hole_of(text + 1, length - 1) == CARD_HOLES) {
			snprintf(ret_why, why_size, "there is no {%.*s}",
			    (int)(length - 1 > SHOWN_MAX ? SHOWN_MAX :
			    length - 1), text + 1);
			return false;
		}
		text += length;
	}
	return true;
}

static bool
is_unreserved(unsigned char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	    (byte >= 'a' && byte <= 'z') ||
	    (byte != '\0' && strchr("-._~", byte) != NULL);
}

static void
put(FILE *out, const char *value, bool is_url)
{
	for (; *value != '\0'; value++) {
		unsigned char byte = (unsigned char)*value;

		if (is_url && !is_unreserved(byte))
			fprintf(out, "%%%02X", byte);
		else
			fputc(byte, out);
	}
}

char *
card_fill(const char *text, const struct card *card, bool is_url)
{
	char *filled = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&filled, &size);

	CHECK(out != NULL);
	for (; *text != '\0'; text++) {
		size_t length = *text == '{' ? strcspn(text, "}\n") : 0;
		size_t hole = length > 0 && text[length] == '}' ?
		    hole_of(text + 1, length - 1) : CARD_HOLES;

		if (hole == CARD_HOLES) {
			fputc(*text, out);
			continue;
		}
		put(out, card->values[hole] != NULL ? card->values[hole] : "",
		    is_url);
		text += length;
	}
	CHECK(fclose(out) == 0);
	return filled;
}
