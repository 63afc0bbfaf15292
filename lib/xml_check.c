/* SPDX-License-Identifier: MIT */
/* xml_check: one pass, with the open elements on a stack of places in the text. */
#include "lib/xml_check.h"

#include <stdbool.h>
#include <string.h>

enum { DEPTH_MAX = 16, ATTRIBUTES_MAX = 32 };

static const char name_letters[] = "abcdefghijklmnopqrstuvwxyz"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:";

struct scan {
	const char *at;
	const char *open[DEPTH_MAX];    /* names of the open elements */
	size_t depth;
};

static const char *scan_tag(struct scan *scan);
static const char *scan_end_tag(struct scan *scan);
static const char *scan_attribute(struct scan *scan, const char **names,
    size_t count);
static const char *scan_reference(struct scan *scan);
static size_t name_length(const char *text);
static bool is_same_name(const char *a, const char *b);

const char *
xml_check(const char *text, size_t *ret_at)
{
	struct scan scan = { .at = text };
	const char *error = *text == '<' ? NULL : "must begin with an element";

	while (error == NULL && *scan.at != '\0') {
		if (*scan.at == '<' && scan.at[1] == '/')
			error = scan_end_tag(&scan);
		else if (*scan.at == '<')
			error = scan_tag(&scan);
		else if (*scan.at == '&')
			error = scan_reference(&scan);
		else if ((unsigned char)*scan.at < ' ' &&
		    strchr("\t\n\r", *scan.at) == NULL)
			error = "has a control character";
		else
			scan.at++;
		if (error == NULL && scan.depth == 0 && *scan.at != '\0')
			error = "goes on after its only element";
	}
	if (error == NULL && scan.depth > 0)
		error = "an element is not closed";
	*ret_at = (size_t)(scan.at - text);
	return error;
}

static const char *
scan_tag(struct scan *scan)
{
	const char *name = scan->at + 1, *names[ATTRIBUTES_MAX], *error;
	size_t count = 0, blank;

	if (name_length(name) == 0)
		return "an element has no name";
	scan->at = name + name_length(name);
	for (;;) {
		blank = strspn(scan->at, " \t\r\n");
		scan->at += blank;
		if (*scan->at == '>' || (*scan->at == '/' &&
		    scan->at[1] == '>'))
			break;
		if (blank == 0 || count == ATTRIBUTES_MAX)
			return "a tag is not closed";
		names[count] = scan->at;
		error = scan_attribute(scan, names, count++);
		if (error != NULL)
			return error;
	}
	if (*scan->at == '/') {
		scan->at += 2;
		return NULL;
	}
	if (scan->depth == DEPTH_MAX)
		return "is too deep";
	scan->at++;
	scan->open[scan->depth++] = name;
	return NULL;
}

static const char *
scan_attribute(struct scan *scan, const char **names, size_t count)
{
	const char *name = names[count], *error;
	char quote;

	for (size_t i = 0; i < count; i++)
		if (is_same_name(names[i], name))
			return "an attribute comes twice";
	scan->at += name_length(name);
	if (scan->at == name || *scan->at != '=')
		return "an attribute has no name or value";
	quote = *++scan->at;
	if (quote != '"' && quote != '\'')
		return "a value is not in quotes";
	for (scan->at++; *scan->at != quote;) {
		if (*scan->at == '\0' || *scan->at == '<')
			return "a value has no end";
		if (*scan->at != '&') {
			scan->at++;
			continue;
		}
		error = scan_reference(scan);
		if (error != NULL)
			return error;
	}
	scan->at++;
	return NULL;
}

static const char *
scan_end_tag(struct scan *scan)
{
	const char *name = scan->at + 2;

	if (scan->depth == 0 ||
	    !is_same_name(scan->open[scan->depth - 1], name))
		return "an end does not fit its beginning";
	scan->depth--;
	scan->at = name + name_length(name);
	if (*scan->at != '>')
		return "an end is not closed";
	scan->at++;
	return NULL;
}

static const char *
scan_reference(struct scan *scan)
{
	static const char *const known[] = {
		"&amp;", "&lt;", "&gt;", "&quot;", "&apos;",
	};
	size_t length = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(scan->at, known[i], strlen(known[i])) == 0)
			length = strlen(known[i]);
	if (length == 0 && scan->at[1] == '#') {
		size_t digits = scan->at[2] == 'x' ?
		    strspn(scan->at + 3, "0123456789abcdefABCDEF") + 1 :
		    strspn(scan->at + 2, "0123456789");

		if (digits > (scan->at[2] == 'x') &&
		    scan->at[2 + digits] == ';')
			length = 2 + digits + 1;
	}
	if (length == 0)
		return "\"&\" must be written \"&amp;\"";
	scan->at += length;
	return NULL;
}

static size_t
name_length(const char *text)
{
	return strchr("0123456789-.", *text) != NULL ? 0 :
	    strspn(text, name_letters);
}

static bool
is_same_name(const char *a, const char *b)
{
	size_t length = name_length(a);

	return length > 0 && length == name_length(b) &&
	    memcmp(a, b, length) == 0;
}
