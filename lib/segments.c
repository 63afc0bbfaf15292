/* SPDX-License-Identifier: MIT */
/* segments: one walk over the characters. */
#include "lib/segments.h"

#include <stdint.h>
#include <string.h>

/* A piece of a longer text gives some of its room to a header. */
enum { GSM_ALONE = 160, GSM_PART = 153, UCS_ALONE = 70, UCS_PART = 67 };

/* Beside ASCII's letters, digits and marks. */
static const char gsm_more[] = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./"
	"0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
	"abcdefghijklmnopqrstuvwxyzäöñüà";
/* These take an escape before them. */
static const char gsm_extension[] = "\f^{}\\[~]|€";

static size_t
character(const char *text)
{
	unsigned char first = (unsigned char)text[0];
	size_t length = first < 0xC0 ? 1 : first < 0xE0 ? 2 :
	    first < 0xF0 ? 3 : 4;

	for (size_t i = 1; i < length; i++) {
		if (((unsigned char)text[i] & 0xC0) != 0x80)
			return i;
	}
	return length;
}

static bool
has(const char *alphabet, const char *text, size_t length)
{
	for (; *alphabet != '\0'; alphabet += character(alphabet)) {
		if (character(alphabet) == length &&
		    memcmp(alphabet, text, length) == 0)
			return true;
	}
	return false;
}

static size_t
pieces(size_t units, size_t alone, size_t part)
{
	return units == 0 ? 0 : units <= alone ? 1 :
	    (units + part - 1) / part;
}

struct segments
segments_of(const char *text)
{
	struct segments result = { .is_gsm7 = true };
	size_t septets = 0, words = 0;

	for (; *text != '\0'; text += character(text)) {
		size_t length = character(text);

		words += length == 4 ? 2 : 1;
		if (has(gsm_more, text, length))
			septets++;
		else if (has(gsm_extension, text, length))
			septets += 2;
		else
			result.is_gsm7 = false;
	}
	result.units = result.is_gsm7 ? septets : words;
	result.count = result.is_gsm7 ? pieces(septets, GSM_ALONE, GSM_PART) :
	    pieces(words, UCS_ALONE, UCS_PART);
	return result;
}
