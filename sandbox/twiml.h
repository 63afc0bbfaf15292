/* SPDX-License-Identifier: MIT */
/*
 * Reads TwiML into a tree of verbs. Strict: a verb the sandbox does not speak,
 * a bad nesting, a DOCTYPE or anything too large is an error that says what
 * and where. Pure; it executes nothing.
 */
#ifndef CALLBACKD_SANDBOX_TWIML_H
#define CALLBACKD_SANDBOX_TWIML_H

#include <stddef.h>

#include "lib/check.h"

enum {
	TWIML_SIZE_MAX = 64 * 1024,	/* bytes of a document */
	TWIML_TEXT_MAX = 4096,		/* bytes of the text of one verb */
	TWIML_VERB_MAX = 256,
	TWIML_ATTRIBUTE_MAX = 16,	/* of one verb */
	TWIML_ERROR_SIZE = 160,
};

enum twiml_kind {
	TWIML_RESPONSE,
	TWIML_SAY,
	TWIML_PLAY,
	TWIML_PAUSE,
	TWIML_GATHER,		/* children: SAY, PLAY, PAUSE */
	TWIML_DIAL,		/* children: NUMBER; text alone is one, too */
	TWIML_NUMBER,		/* or Sip, or Client; `text`: the address */
	TWIML_REDIRECT,
	TWIML_HANGUP,
	TWIML_REJECT,
	TWIML_KIND_COUNT,
};

struct twiml_attribute {
	char *name;
	char *value;
};

struct twiml_verb {
	enum twiml_kind kind;
	char *text;		/* white space trimmed and folded; never NULL */
	struct twiml_attribute attributes[TWIML_ATTRIBUTE_MAX];
	size_t attribute_count;
	struct twiml_verb *parent, *first, *last, *next;
};

/*
 * The Response; its children are the verbs. An empty document is an empty
 * Response. On failure NULL and a sentence in `ret_error`.
 */
struct twiml_verb *
twiml_parse(const char *xml, size_t length, char ret_error[TWIML_ERROR_SIZE])
    MUST_USE;

/* Accepts NULL. */
void
twiml_free(struct twiml_verb *verb);

/* NULL: not given. */
const char *
twiml_attribute(const struct twiml_verb *verb, const char *name);

/* A number of seconds or digits; `otherwise` when not given or not a number. */
int
twiml_number(const struct twiml_verb *verb, const char *name, int otherwise);

#endif
