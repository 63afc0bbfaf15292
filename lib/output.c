/* SPDX-License-Identifier: MIT */
/* output: one growing block; each way of writing is a run of plain bytes and
 * the escape behind it. */
#include "lib/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
output_fini(struct output *output)
{
	free(output->text);
	*output = (struct output){ .max = output->max };
}

bool
output_add(struct output *output, const char *bytes, size_t length)
{
	if (length > output->max - output->length)
		return false;
	if (output->length + length >= output->size) {
		size_t size = 2 * (output->length + length) + 64;

		output->text = realloc(output->text, size);
		CHECK(output->text != NULL);
		output->size = size;
	}
	if (length > 0)
		memcpy(output->text + output->length, bytes, length);
	output->length += length;
	output->text[output->length] = '\0';
	return true;
}

bool
output_add_text(struct output *output, const char *text)
{
	return output_add(output, text, strlen(text));
}

bool
output_add_encoded(struct output *output, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";

	for (;;) {
		size_t plain = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "abcdefghijklmnopqrstuvwxyz0123456789-._~");
		unsigned char byte = (unsigned char)text[plain];
		const char escape[3] = { '%', hex[byte >> 4], hex[byte & 15] };

		if (!output_add(output, text, plain))
			return false;
		if (byte == '\0')
			return true;
		if (!output_add(output, escape, sizeof(escape)))
			return false;
		text += plain + 1;
	}
}

bool
output_add_json(struct output *output, const char *value)
{
	for (;;) {
		char escape[8];
		size_t plain = 0;

		while ((unsigned char)value[plain] >= 0x20 &&
		    value[plain] != '"' && value[plain] != '\\')
			plain++;
		if (!output_add(output, value, plain))
			return false;
		value += plain;
		if (*value == '\0')
			return true;
		if (*value == '"' || *value == '\\')
			snprintf(escape, sizeof(escape), "\\%c", *value);
		else
			snprintf(escape, sizeof(escape), "\\u%04x",
			    (unsigned)(unsigned char)*value);
		if (!output_add_text(output, escape))
			return false;
		value++;
	}
}

/* Characters that XML 1.0 does not have are left out. Line breaks and tabs are
 * escaped too, or an attribute would turn them into spaces. */
bool
output_add_xml(struct output *output, const char *value)
{
	for (;;) {
		const char *escape = "";
		size_t plain = 0, skip = 1;

		while ((unsigned char)value[plain] >= 0x20 &&
		    strchr("&<>\"'\xef", value[plain]) == NULL)
			plain++;
		if (!output_add(output, value, plain))
			return false;
		value += plain;
		switch (*value) {
		case '\0':
			return true;
		case '&':
			escape = "&amp;";
			break;
		case '<':
			escape = "&lt;";
			break;
		case '>':
			escape = "&gt;";
			break;
		case '"':
			escape = "&quot;";
			break;
		case '\'':
			escape = "&apos;";
			break;
		case '\t':
			escape = "&#9;";
			break;
		case '\n':
			escape = "&#10;";
			break;
		case '\r':
			escape = "&#13;";
			break;
		case '\xef':
			/* U+FFFE and U+FFFF; the value is known to be UTF-8 */
			if (strncmp(value, "\xef\xbf\xbe", 3) == 0 ||
			    strncmp(value, "\xef\xbf\xbf", 3) == 0)
				skip = 3;
			else
				escape = "\xef";
			break;
		default:
			break;
		}
		if (!output_add_text(output, escape))
			return false;
		value += skip;
	}
}
