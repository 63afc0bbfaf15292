/* SPDX-License-Identifier: MIT */
/*
 * note: everything that intake says about a request, in one table: stable code,
 * English, Russian. Short and polite: a visitor may be shown these.
 */
#ifndef CALLBACKD_LIB_NOTE_H
#define CALLBACKD_LIB_NOTE_H

#include "lib/intake.h"

enum note {
	NOTE_JSON_INVALID,      /* {}: line, column */
	NOTE_JSON_TWICE,        /* {}: line, column */
	NOTE_JSON_NO_OBJECT,
	NOTE_JSON_TOO_LARGE,
	NOTE_NEED_TEXT,
	NOTE_NEED_BOOLEAN,
	NOTE_NEED_OBJECT,
	NOTE_NEED_SECONDS,
	NOTE_NEED_WHOLE,
	NOTE_NEED_ID,
	NOTE_NEED_OP,
	NOTE_TOO_DEEP,
	NOTE_TOO_LONG,          /* {}: most characters */
	NOTE_DATA_TOO_LONG,
	NOTE_VERSION_UNKNOWN,
	NOTE_PHONE_MISSING,
	NOTE_PHONE_MISSPELT,    /* {}: the name that stands there instead */
	NOTE_PHONE_NO_NUMBER,
	NOTE_PHONE_SHORT,
	NOTE_PHONE_LONG,
	NOTE_PHONE_LENGTH,
	NOTE_PHONE_NOT_ACCEPTED,
	NOTE_TIME_INVALID,
	NOTE_TIME_MILLISECONDS,
	NOTE_TIME_PAST,
	NOTE_TIME_FAR,
	NOTE_CONSENT_MISSING,
	NOTE_TOO_MANY,
	NOTE_CRASHED,
	NOTE_ID_CONFLICT,
	NOTE_NOT_FOUND,
	NOTE_UNREADABLE,
	NOTE_ID_MISSING,
	/* warnings */
	NOTE_TIME_NOW,
	NOTE_TOPIC_UNKNOWN,     /* {}: topic, queue taken */
	NOTE_TOPIC_MISSPELT,    /* {}: topic, meant, queue taken */
	NOTE_LOCALE_UNKNOWN,    /* {}: locale, taken */
	NOTE_ZONE_UNKNOWN,      /* {}: zone, taken */
	NOTE_SPECIALIST_UNKNOWN,
	NOTE_CASE_UNKNOWN,
	NOTE_FIELD_UNKNOWN,     /* {}: name */
	NOTE_FIELD_MISSPELT,    /* {}: name, meant */
	NOTE_FIELD_DROPPED,     /* {}: name */
	NOTE_COUNT
};

enum { NOTE_WORDS_MAX = 3 };

/* Adds an error or a warning in the language of intake->locale. words replace
 * the {} of the text in order (NULL: there are none). When the list is full
 * the note is left out. */
void note_error(struct intake *intake, enum note note, const char *pointer,
    const char *const words[NOTE_WORDS_MAX]);
void note_warning(struct intake *intake, enum note note, const char *pointer,
    const char *const words[NOTE_WORDS_MAX]);

/* The first note with that code; NOTE_COUNT: no such code. */
enum note note_by_code(const char *code);

#endif
