/* SPDX-License-Identifier: MIT */
/*
 * expat's events build the tree; the table says which verb may stand where.
 */
#include "sandbox/twiml.h"

#include <expat.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/memory.h"

static const struct {
	const char *name;
	enum twiml_kind kind;
	unsigned parents;	/* bits 1 << kind */
} elements[] = {
	{ "Say", TWIML_SAY, 1 << TWIML_RESPONSE | 1 << TWIML_GATHER },
	{ "Play", TWIML_PLAY, 1 << TWIML_RESPONSE | 1 << TWIML_GATHER },
	{ "Pause", TWIML_PAUSE, 1 << TWIML_RESPONSE | 1 << TWIML_GATHER },
	{ "Gather", TWIML_GATHER, 1 << TWIML_RESPONSE },
	{ "Dial", TWIML_DIAL, 1 << TWIML_RESPONSE },
	{ "Number", TWIML_NUMBER, 1 << TWIML_DIAL },
	{ "Sip", TWIML_NUMBER, 1 << TWIML_DIAL },
	{ "Client", TWIML_NUMBER, 1 << TWIML_DIAL },
	{ "Redirect", TWIML_REDIRECT, 1 << TWIML_RESPONSE },
	{ "Hangup", TWIML_HANGUP, 1 << TWIML_RESPONSE },
	{ "Reject", TWIML_REJECT, 1 << TWIML_RESPONSE },
};

struct reader {
	XML_Parser parser;
	struct twiml_verb *root, *open;	/* open: the innermost verb */
	size_t verb_count;
	int inside_say;			/* depth of SSML, which is only text */
	char *error;			/* of TWIML_ERROR_SIZE; "" is none */
};

static void XMLCALL
on_start(void *data, const XML_Char *name, const XML_Char **attributes);

static void XMLCALL
on_end(void *data, const XML_Char *name);

static void XMLCALL
on_text(void *data, const XML_Char *text, int length);

static void XMLCALL
on_doctype(void *data, const XML_Char *name, const XML_Char *system_id,
    const XML_Char *public_id, int has_internal_subset);

static void
fail(struct reader *reader, const char *what, const char *name);

static struct twiml_verb *
verb_new(struct reader *reader, enum twiml_kind kind,
    const XML_Char **attributes);

static void
text_fold(char *text);

struct twiml_verb *
twiml_parse(const char *xml, size_t length, char ret_error[TWIML_ERROR_SIZE])
{
	char error[TWIML_ERROR_SIZE] = "";
	struct reader reader = { .error = error };
	size_t blank = 0;

	if (length > TWIML_SIZE_MAX) {
		snprintf(ret_error, TWIML_ERROR_SIZE,
		    "the document is larger than %d bytes", TWIML_SIZE_MAX);
		return NULL;
	}
	/* Nothing need stand behind the document, so strspn may not look. */
	while (blank < length && memchr(" \t\r\n", xml[blank], 4) != NULL)
		blank++;
	if (blank == length)
		return verb_new(&reader, TWIML_RESPONSE, NULL);
	reader.parser = XML_ParserCreate(NULL);
	CHECK(reader.parser != NULL);
	XML_SetUserData(reader.parser, &reader);
	XML_SetElementHandler(reader.parser, on_start, on_end);
	XML_SetCharacterDataHandler(reader.parser, on_text);
	XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);
	if (XML_Parse(reader.parser, xml, (int)length, XML_TRUE) !=
	    XML_STATUS_OK && error[0] == '\0')
		fail(&reader, XML_ErrorString(
		    XML_GetErrorCode(reader.parser)), NULL);
	XML_ParserFree(reader.parser);
	if (error[0] != '\0') {
		twiml_free(reader.root);
		memcpy(ret_error, error, sizeof(error));
		return NULL;
	}
	return reader.root;
}

void
twiml_free(struct twiml_verb *verb)
{
	if (verb == NULL)
		return;
	for (struct twiml_verb *child = verb->first, *next; child != NULL;
	    child = next) {
		next = child->next;
		twiml_free(child);
	}
	for (size_t i = 0; i < verb->attribute_count; i++) {
		free(verb->attributes[i].name);
		free(verb->attributes[i].value);
	}
	free(verb->text);
	free(verb);
}

const char *
twiml_attribute(const struct twiml_verb *verb, const char *name)
{
	for (size_t i = 0; i < verb->attribute_count; i++)
		if (strcmp(verb->attributes[i].name, name) == 0)
			return verb->attributes[i].value;
	return NULL;
}

int
twiml_number(const struct twiml_verb *verb, const char *name, int otherwise)
{
	const char *value = twiml_attribute(verb, name);
	char *end;
	long number;

	if (value == NULL || value[0] == '\0')
		return otherwise;
	number = strtol(value, &end, 10);
	if (*end != '\0' || number < 0 || number > INT_MAX / 1000)
		return otherwise;
	return (int)number;
}

static void XMLCALL
on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *reader = data;
	struct twiml_verb *open = reader->open, *verb;
	size_t i;

	if (reader->error[0] != '\0')
		return;
	if (open == NULL) {
		if (strcmp(name, "Response") != 0 || reader->root != NULL) {
			fail(reader, "the root must be Response, not", name);
			return;
		}
		reader->root = reader->open =
		    verb_new(reader, TWIML_RESPONSE, attributes);
		return;
	}
	if (open->kind == TWIML_SAY) {
		reader->inside_say++;
		return;
	}
	for (i = 0; i < COUNT_OF(elements); i++)
		if (strcmp(elements[i].name, name) == 0)
			break;
	if (i == COUNT_OF(elements)) {
		fail(reader, "the sandbox does not know the verb", name);
		return;
	}
	if ((elements[i].parents & 1U << open->kind) == 0) {
		fail(reader, "it may not stand here:", name);
		return;
	}
	if (++reader->verb_count > TWIML_VERB_MAX) {
		fail(reader, "there are too many verbs", NULL);
		return;
	}
	verb = verb_new(reader, elements[i].kind, attributes);
	/* A Client is named without the scheme that tells it from a number. */
	if (strcmp(name, "Client") == 0) {
		free(verb->text);
		verb->text = memory_copy("client:");
	}
	verb->parent = open;
	if (open->last != NULL)
		open->last->next = verb;
	else
		open->first = verb;
	open->last = verb;
	reader->open = verb;
}

static void XMLCALL
on_end(void *data, const XML_Char *name)
{
	struct reader *reader = data;

	(void)name;
	if (reader->error[0] != '\0')
		return;
	if (reader->inside_say > 0) {
		reader->inside_say--;
		return;
	}
	text_fold(reader->open->text);
	reader->open = reader->open->parent;
}

static void XMLCALL
on_text(void *data, const XML_Char *text, int length)
{
	struct reader *reader = data;
	struct twiml_verb *open = reader->open;
	size_t before, added = (size_t)length;

	if (reader->error[0] != '\0' || open == NULL)
		return;
	before = strlen(open->text);
	if (before + added > TWIML_TEXT_MAX) {
		fail(reader, "the text is too long", NULL);
		return;
	}
	open->text = memory_grow(open->text, before + added + 1, 1);
	memcpy(open->text + before, text, added);
	open->text[before + added] = '\0';
}

/* Entities of its own are the one way to make a small document huge. */
static void XMLCALL
on_doctype(void *data, const XML_Char *name, const XML_Char *system_id,
    const XML_Char *public_id, int has_internal_subset)
{
	(void)system_id;
	(void)public_id;
	(void)has_internal_subset;
	fail(data, "a DOCTYPE is not allowed:", name);
}

static void
fail(struct reader *reader, const char *what, const char *name)
{
	if (reader->error[0] != '\0')
		return;
	snprintf(reader->error, TWIML_ERROR_SIZE, "line %lu: %s%s%.40s",
	    (unsigned long)XML_GetCurrentLineNumber(reader->parser), what,
	    name != NULL ? " " : "", name != NULL ? name : "");
	XML_StopParser(reader->parser, XML_FALSE);
}

static struct twiml_verb *
verb_new(struct reader *reader, enum twiml_kind kind,
    const XML_Char **attributes)
{
	struct twiml_verb *verb = memory_new(sizeof(*verb));

	verb->kind = kind;
	verb->text = memory_copy("");
	for (; attributes != NULL && attributes[0] != NULL; attributes += 2) {
		if (verb->attribute_count == TWIML_ATTRIBUTE_MAX) {
			fail(reader, "there are too many attributes", NULL);
			break;
		}
		verb->attributes[verb->attribute_count++] =
		    (struct twiml_attribute){
			.name = memory_copy(attributes[0]),
			.value = memory_copy(attributes[1]),
		};
	}
	return verb;
}

static void
text_fold(char *text)
{
	char *to = text;

	for (const char *at = text; *at != '\0'; at++) {
		if (strchr(" \t\r\n", *at) == NULL)
			*to++ = *at;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	if (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}
